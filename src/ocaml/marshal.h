/* src/ocaml/marshal.h - OCaml's marshal format: one value, read whole and without recursion */
#ifndef TN_MARSHAL_H
#define TN_MARSHAL_H

#include "arena.h"
#include "cursor.h"

/*
 * A value: an integer (odd), an atom (a block without fields) or the number of an object. What
 * objects hold is in tables of their own, so that shared and cyclic values need no care here.
 */
typedef uint64_t tn_ml_value;

/* Tags of objects that are no blocks. rule: runtime/caml/mlvalues.h */
enum {
    TN_ML_TAG_LIMIT = 252, /* blocks are below */
    TN_ML_STRING = 252,
    TN_ML_DOUBLE = 253,
    TN_ML_DOUBLES = 254,
    TN_ML_CUSTOM = 255,
};

struct tn_ml_object {
    uint32_t where; /* of its code, in `bytes` */
    uint32_t at;    /* string: of its bytes there; block: of its first field in `fields` */
    uint32_t size;  /* string: bytes; block: fields */
    uint8_t tag;
};

struct tn_marshal {
    struct tn_view bytes; /* the whole value, header too; strings borrow from it */
    struct tn_ml_object *objects;
    size_t object_count;
    tn_ml_value *fields;
    tn_ml_value root;
};

/* What a header says; nothing behind it is read. */
struct tn_marshal_header {
    unsigned size;   /* of the header */
    bool compressed; /* by zstd */
    uint64_t data;   /* bytes that follow */
    uint64_t objects, words;
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
 * Reads the value at the start of `from`, which may be longer. Its tables live in `arena`.
 *
 * shape    any content; memory is bounded by its size (24 bytes for each)
 * errors   TENON_E_TRUNCATED, _MALFORMED, _LIMIT, _MEMORY, _UNSUPPORTED: compressed
 */
bool tn_marshal_read(struct tn_arena *arena, struct tn_view from, struct tn_marshal *out,
                     tenon_error *err);

/* ---- looking at values ------------------------------------------------------------------------
 */

static inline bool tn_ml_is_int(tn_ml_value value)
{
    return value & 1;
}

/* Of 63 bits, as all of OCaml's. */
static inline int64_t tn_ml_int(tn_ml_value value)
{
    return (int64_t)value >> 1;
}

/* The object of a value; NULL for integers and atoms. */
static inline const struct tn_ml_object *tn_ml_object(const struct tn_marshal *m, tn_ml_value value)
{
    return value & 3 ? NULL : &m->objects[value >> 2];
}

/* The tag of an atom; -1 when it is something else. */
static inline int tn_ml_atom(tn_ml_value value)
{
    return (value & 3) == 2 ? (int)(value >> 2) : -1;
}

#endif
