/* src/ocaml/marshal.h - OCaml's marshal format: one value, walked in the order of its bytes */
#ifndef TN_MARSHAL_H
#define TN_MARSHAL_H

#include "arena.h"
#include "cursor.h"

/* Tags of what is no block. rule: runtime/caml/mlvalues.h */
enum { TN_ML_TAG_LIMIT = 252 };

/* What a header says; nothing behind it is read. */
struct tn_marshal_header {
    unsigned size;   /* of the header */
    bool compressed; /* by zstd */
    uint64_t data;   /* bytes that follow */
    uint64_t objects;
};

/* The most that a header has. */
#define TN_MARSHAL_HEADER 64u

/*
 * Reads the header at the start of `from`.
 *
 * errors   TENON_E_TRUNCATED, TENON_E_MALFORMED
 */
bool tn_marshal_header(struct tn_view from, struct tn_marshal_header *out, tenon_error *err);

/*
 * A walk through one value. Nothing is built: whoever walks says what he expects, or skips. Places
 * of objects are kept by number, so that a shared reference leads back to where its object is; it
 * is then read once more.
 */
struct tn_marshal {
    struct tn_view bytes; /* the whole value, header too */
    size_t at;            /* of the next code */
    uint32_t count;       /* objects met before it */
    uint32_t object_count;
    uint32_t *places;   /* by number: of its code */
    uint64_t rows_left; /* elements that may still be walked: sharing must not multiply them */
    tenon_error *err;
};

/* Where a walk was before it followed a shared reference. */
struct tn_ml_back {
    bool jumped;
    size_t at;
    uint32_t count;
};

enum tn_ml_kind {
    TN_ML_INT,
    TN_ML_BLOCK, /* size 0: an atom */
    TN_ML_STRING,
    TN_ML_OTHER, /* double, array of doubles, custom block: has been passed */
};

/* One code with what belongs to it. The fields of a block come next. */
struct tn_ml_head {
    enum tn_ml_kind kind;
    uint8_t tag;
    uint32_t size;   /* of a block: fields; of a string: bytes */
    size_t where;    /* of the code */
    size_t text;     /* string: where its bytes are */
    int64_t number;  /* integer */
    uint32_t object; /* its number among objects; an integer or atom has none */
    struct tn_ml_back back;
};

/*
 * Begins a walk of the value at the start of `from`, which may be longer. Its tables live in
 * `arena`.
 *
 * shape    any content; memory is bounded by its size
 * errors   TENON_E_TRUNCATED, _MALFORMED, _LIMIT, _MEMORY, _UNSUPPORTED: compressed
 */
bool tn_marshal_start(struct tn_arena *arena, struct tn_view from, struct tn_marshal *out,
                      tenon_error *err);

/*
 * Reads one code; a shared reference is followed. Of a block the fields must be read or skipped,
 * and then the walk brought back by tn_ml_leave().
 */
bool tn_ml_read(struct tn_marshal *m, struct tn_ml_head *head);

static inline void tn_ml_leave(struct tn_marshal *m, const struct tn_ml_back *back)
{
    if (back->jumped) {
        m->at = back->at;
        m->count = back->count;
    }
}

/*
 * Passes the code of a block of that tag and size, when it is next and written in one byte, as
 * nearly all are. False: nothing has happened. rule  codes 0x80 to 0xff: size in bits 4 to 6, tag
 * in bits 0 to 3
 */
static inline bool tn_ml_short_block(struct tn_marshal *m, unsigned tag, unsigned size)
{
    if (m->at == m->bytes.size || m->bytes.at[m->at] != (0x80 | size << 4 | tag) ||
        m->count == m->object_count)
        return false;
    m->places[m->count++] = (uint32_t)m->at++;
    return true;
}

/*
 * The number of the object that the next value is, or leads to; UINT32_MAX: none, or not known.
 * *bytes: of a reference to it; 0: it follows here.
 */
static inline uint32_t tn_ml_next_object(const struct tn_marshal *m, unsigned *bytes)
{
    size_t left = m->bytes.size - m->at;
    const uint8_t *at = m->bytes.at + m->at;
    uint32_t distance;
    *bytes = 0;
    if (left < 3)
        return UINT32_MAX;
    if (at[0] == 0x04) { /* rule  intext.h: distances of 1 and 2 bytes */
        distance = at[1];
        *bytes = 2;
    } else if (at[0] == 0x05) {
        distance = (uint32_t)at[1] << 8 | at[2];
        *bytes = 3;
    } else {
        return m->count;
    }
    return distance && distance <= m->count ? m->count - distance : UINT32_MAX;
}

/*
 * Passes a string of less than 32 bytes, or a reference to one that is near: *text is where its
 * bytes are. False: nothing has happened.
 * rule  codes 0x20 to 0x3f; what has a number has been seen to lie inside
 */
static inline bool tn_ml_short_text(struct tn_marshal *m, size_t *text, uint32_t *size)
{
    const uint8_t *bytes = m->bytes.at;
    size_t left = m->bytes.size - m->at;
    uint8_t code = left ? bytes[m->at] : 0;
    if ((code & 0xe0) == 0x20) {
        *size = code & 0x1f;
        if (*size >= left || m->count == m->object_count)
            return false;
        *text = m->at + 1;
        m->places[m->count++] = (uint32_t)m->at;
        m->at += 1 + *size;
        return true;
    }
    unsigned width = 0;
    uint32_t object = code == 0x04 || code == 0x05 ? tn_ml_next_object(m, &width) : UINT32_MAX;
    size_t place = object == UINT32_MAX ? 0 : m->places[object];
    if (object == UINT32_MAX || (bytes[place] & 0xe0) != 0x20)
        return false;
    *size = bytes[place] & 0x1f;
    *text = place + 1;
    m->at += width;
    return true;
}

/* Skips `values` values with all that is in them; without recursion. */
bool tn_ml_skip(struct tn_marshal *m, uint64_t values);

/* True when the value ends where its header says, with as many objects. */
bool tn_marshal_end(struct tn_marshal *m);

/*
 * The next element of a list follows. 1: there is one, 0: the list has ended, -1: it is none.
 * rule  []: integer 0; x :: rest: block with tag 0 and two fields
 */
struct tn_ml_list {
    const char *what; /* for messages */
    struct tn_ml_back back;
};
int tn_ml_next_slowly(struct tn_marshal *m, struct tn_ml_list *list);

static inline int tn_ml_next(struct tn_marshal *m, struct tn_ml_list *list)
{
    if (!m->rows_left || !tn_ml_short_block(m, 0, 2))
        return tn_ml_next_slowly(m, list);
    m->rows_left--;
    return 1;
}

/* Fails: "WHAT: a block with tag 3 and 2 fields at 0x1f4 where EXPECTED was expected". */
bool tn_ml_unexpected(struct tn_marshal *m, const struct tn_ml_head *head, const char *what,
                      const char *expected);

#endif
