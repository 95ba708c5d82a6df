/* src/ocaml/lists.c - names of units, lists of names and of imports; each name is kept once */
#include <inttypes.h>
#include <stdlib.h>

#include "fail.h"
#include "limits.h"
#include "reading.h"

/* rule  typing/ident.ml: Local and Scoped cannot be met outside of their unit */
enum { IDENT_GLOBAL = 2, IDENT_PREDEF = 3 };

const char *tn_shape_unit(struct tn_ocaml_reading *r, tn_ml_value value, const char *what,
                          bool *predef)
{
    const struct tn_ml_object *o = tn_ml_object(&r->m, value);
    *predef = false;
    if (r->string_units)
        return tn_shape_name(r, value, what);
    if (o && o->tag == IDENT_GLOBAL && o->size == 1)
        return tn_shape_name(r, r->m.fields[o->at], what);
    if (o && o->tag == IDENT_PREDEF && o->size == 2) {
        *predef = true;
        return tn_shape_name(r, r->m.fields[o->at], what);
    }
    tn_shape_fail(r, value, what, "the identifier of a unit");
    return NULL;
}

bool tn_shape_names(struct tn_ocaml_reading *r, tn_ml_value list, const char *what, bool reversed,
                    tenon_ocaml_names *out)
{
    size_t count;
    tn_ml_value element;
    if (!tn_shape_count(r, list, what, &count))
        return false;
    const char **rows = tn_arena_room(&r->out->arena, count, sizeof *rows);
    if (!rows)
        return tn_no_memory(r->err);
    for (size_t i = 0; tn_shape_next(r, &list, &element); i++) {
        const char *name = tn_shape_name(r, element, what);
        if (!name)
            return false;
        rows[reversed ? count - 1 - i : i] = name;
    }
    *out = (tenon_ocaml_names){ rows, count };
    return true;
}

bool tn_shape_imports(struct tn_ocaml_reading *r, tn_ml_value list, const char *what,
                      tenon_ocaml_imports *out)
{
    size_t count;
    tn_ml_value element;
    if (!tn_shape_count(r, list, what, &count))
        return false;
    tenon_ocaml_import *rows = tn_arena_room(&r->out->arena, count, sizeof *rows);
    if (!rows)
        return tn_no_memory(r->err);
    for (size_t i = 0; tn_shape_next(r, &list, &element); i++) {
        const tn_ml_value *pair = tn_shape_block(r, element, 0, 2, what);
        if (!pair || !(rows[i].name = tn_shape_name(r, pair[0], what)) ||
            !tn_shape_digest_option(r, pair[1], what, &rows[i].crc))
            return false;
    }
    *out = (tenon_ocaml_imports){ rows, count };
    return true;
}

tenon_digest tn_imports_find(tenon_ocaml_imports imports, const char *name)
{
    for (size_t i = 0; i < imports.count; i++)
        if (imports.at[i].name == name || strcmp(imports.at[i].name, name) == 0)
            return imports.at[i].crc;
    return (tenon_digest){ .kind = TENON_DIGEST_UNKNOWN };
}

static size_t count_ends(struct tn_view bytes)
{
    size_t count = 0;
    for (size_t i = 0; i < bytes.size; i++)
        count += bytes.at[i] == 0;
    return count;
}

bool tn_section_names(struct tn_ocaml_reading *r, struct tn_view bytes, const char *what,
                      tenon_ocaml_names *out)
{
    size_t count = count_ends(bytes), at = 0;
    if (bytes.size && bytes.at[bytes.size - 1])
        return tn_fail(r->err, TENON_E_MALFORMED, "%s: the last name has no end at 0x%" PRIx64,
                       what, bytes.start + bytes.size);
    const char **rows = tn_arena_room(&r->out->arena, count, sizeof *rows);
    if (!rows)
        return tn_no_memory(r->err);
    for (size_t i = 0; i < count; i++) {
        const uint8_t *end = memchr(bytes.at + at, 0, bytes.size - at);
        struct tn_view name = { bytes.at + at, (size_t)(end - (bytes.at + at)), bytes.start + at };
        if (!(rows[i] = tn_keep_name(r, name, what)))
            return false;
        at += name.size + 1;
    }
    *out = (tenon_ocaml_names){ rows, count };
    return true;
}

const char *tn_keep_name(struct tn_ocaml_reading *r, struct tn_view bytes, const char *what)
{
    if (bytes.size > TN_LIMIT_STRING) {
        tn_fail(r->err, TENON_E_LIMIT, "%s: a string of %zu bytes at 0x%" PRIx64, what, bytes.size,
                bytes.start);
        return NULL;
    }
    if (memchr(bytes.at, 0, bytes.size)) {
        tn_fail(r->err, TENON_E_MALFORMED, "%s: the string at 0x%" PRIx64 " has a NUL in it", what,
                bytes.start);
        return NULL;
    }
    uint32_t number = TN_NO_NAME;
    if (r->names.slots || tn_names_init(&r->names))
        number = tn_names_add(&r->names, (const char *)bytes.at, bytes.size);
    if (number == TN_NO_NAME) {
        tn_no_memory(r->err);
        return NULL;
    }
    return tn_names_text(&r->names, number);
}

/* Room for the numbers of all names so far. */
static bool grow_stamps(struct tn_ocaml_reading *r)
{
    size_t count = r->names.capacity > r->names.count ? r->names.capacity : r->names.count;
    uint32_t *more = reallocarray(r->stamps, count, sizeof *more);
    if (!more)
        return tn_no_memory(r->err);
    memset(more + r->stamp_count, 0, (count - r->stamp_count) * sizeof *more);
    r->stamps = more;
    r->stamp_count = count;
    return true;
}

bool tn_name_is_new(struct tn_ocaml_reading *r, const char *name, uint32_t stamp, bool *is_new)
{
    uint32_t number = tn_names_find(&r->names, name, strlen(name));
    if (number >= r->stamp_count && !grow_stamps(r))
        return false;
    *is_new = r->stamps[number] != stamp;
    r->stamps[number] = stamp;
    return true;
}
