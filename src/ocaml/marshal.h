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
int tn_ml_next(struct tn_marshal *m, struct tn_ml_list *list);

/* Fails: "WHAT: a block with tag 3 and 2 fields at 0x1f4 where EXPECTED was expected". */
bool tn_ml_unexpected(struct tn_marshal *m, const struct tn_ml_head *head, const char *what,
                      const char *expected);

#endif
