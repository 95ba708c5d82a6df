/* src/ocaml/shape.c - what a marshalled value is expected to look like */
#include <inttypes.h>
#include <stdio.h>

#include "fail.h"
#include "reading.h"

/* What sharing may make of a value: rows for each of its bytes, and some. */
#define ROWS_PER_BYTE 8u
#define ROWS_AT_LEAST 1024u

#define DIGEST_SIZE 16u

bool tn_shape_start(struct tn_ocaml_reading *r, struct tn_view from)
{
    if (!tn_marshal_read(r->file->arena, from, &r->m, r->err))
        return false;
    r->rows_left = ROWS_PER_BYTE * r->m.bytes.size + ROWS_AT_LEAST;
    r->near = from.start;
    return true;
}

/* ---- what is wrong ----------------------------------------------------------------------------
 */

static const char *tag_word(unsigned tag)
{
    switch (tag) {
    case TN_ML_STRING: return "a string";
    case TN_ML_DOUBLE: return "a double";
    case TN_ML_DOUBLES: return "an array of doubles";
    case TN_ML_CUSTOM: return "a custom block";
    default: return "a block";
    }
}

bool tn_shape_fail(struct tn_ocaml_reading *r, tn_ml_value value, const char *what,
                   const char *expected)
{
    const struct tn_ml_object *o = tn_ml_object(&r->m, value);
    if (!o)
        return tn_fail(r->err, TENON_E_MALFORMED,
                       "%s: an integer or empty block in the block at 0x%" PRIx64
                       " where %s was expected",
                       what, r->near, expected);
    uint64_t where = r->m.bytes.start + o->where;
    if (o->tag < TN_ML_TAG_LIMIT)
        return tn_fail(r->err, TENON_E_MALFORMED,
                       "%s: a block with tag %u and %" PRIu32 " field%s at 0x%" PRIx64
                       " where %s was expected",
                       what, o->tag, o->size, o->size == 1 ? "" : "s", where, expected);
    return tn_fail(r->err, TENON_E_MALFORMED, "%s: %s at 0x%" PRIx64 " where %s was expected", what,
                   tag_word(o->tag), where, expected);
}

/* ---- values -----------------------------------------------------------------------------------
 */

const tn_ml_value *tn_shape_block(struct tn_ocaml_reading *r, tn_ml_value value, unsigned tag,
                                  size_t size, const char *what)
{
    const struct tn_ml_object *o = tn_ml_object(&r->m, value);
    if (!o || o->tag != tag || o->size != size) {
        char expected[80];
        snprintf(expected, sizeof expected, "a block with tag %u and %zu field%s", tag, size,
                 size == 1 ? "" : "s");
        tn_shape_fail(r, value, what, expected);
        return NULL;
    }
    r->near = r->m.bytes.start + o->where;
    return r->m.fields + o->at;
}

bool tn_shape_bytes(struct tn_ocaml_reading *r, tn_ml_value value, const char *what,
                    struct tn_view *out)
{
    const struct tn_ml_object *o = tn_ml_object(&r->m, value);
    if (!o || o->tag != TN_ML_STRING)
        return tn_shape_fail(r, value, what, "a string");
    *out = (struct tn_view){ r->m.bytes.at + o->at, o->size, r->m.bytes.start + o->at };
    return true;
}

const char *tn_shape_name(struct tn_ocaml_reading *r, tn_ml_value value, const char *what)
{
    struct tn_view bytes = { 0 };
    return tn_shape_bytes(r, value, what, &bytes) ? tn_keep_name(r, bytes, what) : NULL;
}

bool tn_shape_bool(struct tn_ocaml_reading *r, tn_ml_value value, const char *what, bool *out)
{
    if (!tn_ml_is_int(value) || tn_ml_int(value) < 0 || tn_ml_int(value) > 1)
        return tn_shape_fail(r, value, what, "0 or 1");
    *out = tn_ml_int(value);
    return true;
}

bool tn_shape_int(struct tn_ocaml_reading *r, tn_ml_value value, const char *what, int64_t *out)
{
    if (!tn_ml_is_int(value))
        return tn_shape_fail(r, value, what, "an integer");
    *out = tn_ml_int(value);
    return true;
}

bool tn_shape_digest(struct tn_ocaml_reading *r, tn_ml_value value, const char *what,
                     tenon_digest *out)
{
    struct tn_view bytes = { 0 };
    if (!tn_shape_bytes(r, value, what, &bytes))
        return false;
    if (bytes.size != DIGEST_SIZE)
        return tn_fail(r->err, TENON_E_MALFORMED,
                       "%s: the digest at 0x%" PRIx64 " has %zu bytes, %u were expected", what,
                       bytes.start, bytes.size, DIGEST_SIZE);
    *out = (tenon_digest){ .kind = TENON_DIGEST_OCAML, .size = DIGEST_SIZE };
    memcpy(out->bytes, bytes.at, DIGEST_SIZE);
    return true;
}

bool tn_shape_digest_option(struct tn_ocaml_reading *r, tn_ml_value value, const char *what,
                            tenon_digest *out)
{
    if (tn_ml_is_int(value) && tn_ml_int(value) == 0) {
        *out = (tenon_digest){ .kind = TENON_DIGEST_UNKNOWN };
        return true;
    }
    const tn_ml_value *some = tn_shape_block(r, value, 0, 1, what);
    return some && tn_shape_digest(r, some[0], what, out);
}

/* ---- lists ------------------------------------------------------------------------------------
 */

/* rule  []: integer 0; x :: rest: block with tag 0 and two fields */
bool tn_shape_count(struct tn_ocaml_reading *r, tn_ml_value list, const char *what, size_t *count)
{
    size_t found = 0;
    for (; !tn_ml_is_int(list); found++) {
        const tn_ml_value *cell = tn_shape_block(r, list, 0, 2, what);
        if (!cell)
            return false;
        if (!r->rows_left--)
            return tn_fail(r->err, TENON_E_LIMIT,
                           "%s: a list that comes back to itself or repeats others too often at "
                           "0x%" PRIx64,
                           what, r->near);
        list = cell[1];
    }
    if (tn_ml_int(list) != 0)
        return tn_shape_fail(r, list, what, "the end of a list");
    *count = found;
    return true;
}

bool tn_shape_next(const struct tn_ocaml_reading *r, tn_ml_value *list, tn_ml_value *element)
{
    const struct tn_ml_object *cell = tn_ml_object(&r->m, *list);
    if (!cell)
        return false;
    *element = r->m.fields[cell->at];
    *list = r->m.fields[cell->at + 1];
    return true;
}
