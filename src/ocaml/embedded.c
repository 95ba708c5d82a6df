/*
 * src/ocaml/embedded.c - programs of bytecode made with -output-complete-exe
 *
 * rule  bytecomp/bytelink.ml: their sections are a marshalled value in the data of a C program
 */
#include "reading.h"

/* rule  bytelink.ml: what the program's own runtime has, and all that code loaded later may call */
static bool read_primitives(struct tn_ocaml_reading *r)
{
    struct tn_ml_head head;
    struct tn_view names;
    if (!tn_ml_read(&r->m, &head))
        return false;
    if (head.kind != TN_ML_STRING)
        return tn_ml_unexpected(&r->m, &head, "names of primitives", "a string");
    return tn_view_sub(r->m.bytes, head.text, head.size, &names) &&
           tn_section_names(r, names, "names of primitives", &r->out->primitives);
}

static bool read_pair(struct tn_ocaml_reading *r)
{
    struct tn_ml_head name;
    struct tn_ml_back back;
    if (!tn_shape_enter(r, 0, 2, "section", &back) || !tn_ml_read(&r->m, &name))
        return false;
    if (name.kind != TN_ML_STRING || name.size != 4)
        return tn_ml_unexpected(&r->m, &name, "name of a section", "a string of 4 bytes");
    const uint8_t *text = r->m.bytes.at + name.text;
    bool ok = memcmp(text, "SYMB", 4) == 0   ? tn_ocaml_read_globals(r)
              : memcmp(text, "CRCS", 4) == 0 ? tn_ocaml_read_interfaces(r)
              : memcmp(text, "PRIM", 4) == 0 ? read_primitives(r)
                                             : tn_ml_skip(&r->m, 1);
    return ok && tn_shape_leave(r, &back);
}

static bool read_list(struct tn_ocaml_reading *r)
{
    struct tn_ml_list list = { .what = "sections" };
    int more;
    while ((more = tn_ml_next(&r->m, &list)) > 0)
        if (!read_pair(r))
            return false;
    return more == 0;
}

static bool read_array(struct tn_ocaml_reading *r)
{
    struct tn_ml_head array;
    if (!tn_ml_read(&r->m, &array))
        return false;
    if (array.kind != TN_ML_BLOCK || array.tag)
        return tn_ml_unexpected(&r->m, &array, "sections", "an array");
    for (uint32_t i = 0; i < array.size; i++)
        if (!read_pair(r))
            return false;
    return true;
}

/*
 * An array has pairs in all of its fields, the first cell of a list a pair and then a list: a look
 * at the second field tells.
 */
static bool is_array(struct tn_ocaml_reading *r, bool *answer)
{
    struct tn_marshal start = r->m;
    struct tn_ml_head head;
    *answer = true;
    if (!tn_ml_read(&r->m, &head))
        return false;
    if (head.kind == TN_ML_BLOCK && head.size == 2) {
        if (!tn_ml_skip(&r->m, 1) || !tn_ml_read(&r->m, &head))
            return false;
        *answer = false;
        if (head.kind == TN_ML_BLOCK && head.size) {
            if (!tn_ml_read(&r->m, &head))
                return false;
            *answer = head.kind == TN_ML_STRING;
        }
    }
    r->m = start;
    return true;
}

/* rule  to 5.1 a list of (name, value), from 5.2 an array */
bool tn_ocaml_read_embedded(struct tn_ocaml_reading *r, struct tn_view value)
{
    r->out->kind = TENON_OCAML_BYTECODE;
    r->out->custom = true;
    return tn_shape_start(r, value) && is_array(r, &r->string_units) &&
           (r->string_units ? read_array(r) : read_list(r)) && tn_shape_finish(r) &&
           tn_ocaml_join_interfaces(r) && tn_units_keep(r);
}
