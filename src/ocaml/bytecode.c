/*
 * src/ocaml/bytecode.c - .cmo and .cma
 *
 * rule  file_formats/cmo_format.mli, bytecomp/emitcode.ml, bytecomp/bytelibrarian.ml: magic number,
 *       offset of the descriptor (32 bits, big-endian), code, descriptor to the end of the file
 */
#include <inttypes.h>

#include "fail.h"
#include "limits.h"
#include "reading.h"
#include "text.h"

/* rule  cmo_format.mli */
enum { CU_NAME, CU_POS, CU_CODESIZE, CU_RELOC, CU_IMPORTS, CU_REQUIRED, CU_PRIMITIVES, CU_FORCE };
#define CU_FIELDS 10u
enum { LIB_UNITS, LIB_CUSTOM, LIB_CCOBJS, LIB_CCOPTS, LIB_DLLIBS };
#define LIB_FIELDS 5u

enum reloc { RELOC_LITERAL, RELOC_REFERS, RELOC_PREDEF, RELOC_DEFINES, RELOC_PRIMITIVE };

/* rule  reloc_info; up to 5.1 predefined exceptions are identifiers like others */
static const enum reloc relocs_5_1[] = { RELOC_LITERAL, RELOC_REFERS, RELOC_DEFINES,
                                         RELOC_PRIMITIVE };
static const enum reloc relocs_5_2[] = { RELOC_LITERAL, RELOC_REFERS, RELOC_PREDEF, RELOC_DEFINES,
                                         RELOC_PRIMITIVE };

/* Names of one list while it grows; none twice. */
struct gathered {
    const char **at;
    size_t count, room;
    uint32_t stamp;
};

/* One unit while it is read. */
struct unit_reading {
    struct tn_ocaml_reading *r;
    tenon_ocaml_unit *unit;
    struct gathered requires, defines, primitives;
};

static bool gather(struct tn_ocaml_reading *r, struct gathered *list, const char *name)
{
    bool is_new;
    if (!tn_name_is_new(r, name, list->stamp, &is_new))
        return false;
    if (!is_new)
        return true;
    if (list->count == list->room) {
        size_t room = list->room ? 2 * list->room : 8;
        const char **more = tn_arena_room(r->file->arena, room, sizeof *more);
        if (!more)
            return tn_no_memory(r->err);
        if (list->count)
            memcpy(more, list->at, list->count * sizeof *more);
        list->at = more;
        list->room = room;
    }
    list->at[list->count++] = name;
    return true;
}

static bool keep(struct tn_ocaml_reading *r, const struct gathered *list, tenon_ocaml_names *out)
{
    const char **rows = tn_arena_room(&r->out->arena, list->count, sizeof *rows);
    if (!rows)
        return tn_no_memory(r->err);
    if (list->count)
        memcpy(rows, list->at, list->count * sizeof *rows);
    *out = (tenon_ocaml_names){ rows, list->count };
    return true;
}

/* ---- relocations ------------------------------------------------------------------------------
 */

/* rule  a name with a dot is inside of a pack */
static bool refer(struct unit_reading *u, const char *name, bool predef)
{
    return predef || strchr(name, '.') || strcmp(name, u->unit->name) == 0 ||
           gather(u->r, &u->requires, name);
}

static bool read_reloc_info(struct unit_reading *u, tn_ml_value value)
{
    static const char what[] = "relocations";
    struct tn_ocaml_reading *r = u->r;
    bool new_layout = r->string_units, predef;
    const enum reloc *kinds = new_layout ? relocs_5_2 : relocs_5_1;
    size_t kind_count = new_layout ? TN_COUNT(relocs_5_2) : TN_COUNT(relocs_5_1);
    const struct tn_ml_object *o = tn_ml_object(&r->m, value);
    const char *name;
    if (!o || o->size != 1 || o->tag >= kind_count)
        return tn_shape_fail(r, value, what, "what is to be relocated");
    tn_ml_value field = r->m.fields[o->at];
    r->near = r->m.bytes.start + o->where;
    switch (kinds[o->tag]) {
    case RELOC_REFERS:
        return (name = tn_shape_unit(r, field, what, &predef)) && refer(u, name, predef);
    case RELOC_DEFINES:
        return (name = tn_shape_unit(r, field, what, &predef)) && gather(r, &u->defines, name);
    case RELOC_PRIMITIVE:
        return (name = tn_shape_name(r, field, what)) && gather(r, &u->primitives, name);
    case RELOC_LITERAL:
    case RELOC_PREDEF: break;
    }
    return true;
}

static bool read_relocs(struct unit_reading *u, tn_ml_value list)
{
    static const char what[] = "relocations";
    struct tn_ocaml_reading *r = u->r;
    tn_ml_value element;
    size_t count;
    if (!tn_shape_count(r, list, what, &count))
        return false;
    while (tn_shape_next(r, &list, &element)) {
        const tn_ml_value *pair = tn_shape_block(r, element, 0, 2, what);
        if (!pair || !read_reloc_info(u, pair[0]))
            return false;
    }
    return true;
}

/* ---- units ------------------------------------------------------------------------------------
 */

static bool read_required(struct unit_reading *u, tn_ml_value list)
{
    static const char what[] = "required globals";
    struct tn_ocaml_reading *r = u->r;
    tn_ml_value element;
    size_t count;
    bool predef;
    if (!tn_shape_count(r, list, what, &count))
        return false;
    const char **rows = tn_arena_room(&r->out->arena, count, sizeof *rows);
    if (!rows)
        return tn_no_memory(r->err);
    for (size_t i = 0; tn_shape_next(r, &list, &element); i++)
        if (!(rows[i] = tn_shape_unit(r, element, what, &predef)) || !refer(u, rows[i], predef))
            return false;
    u->unit->globals = (tenon_ocaml_names){ rows, count };
    return true;
}

/* rule  code and its size lie in the file, before the descriptor or at its end */
static bool check_code(struct tn_ocaml_reading *r, const tn_ml_value *fields)
{
    int64_t pos, size;
    if (!tn_shape_int(r, fields[CU_POS], "position of code", &pos) ||
        !tn_shape_int(r, fields[CU_CODESIZE], "size of code", &size))
        return false;
    uint64_t all = r->file->info.size;
    if (pos < 0 || size < 0 || (uint64_t)pos > all || (uint64_t)size > all - (uint64_t)pos)
        return tn_fail(r->err, TENON_E_MALFORMED,
                       "code in the block at 0x%" PRIx64 ": %" PRId64 " bytes at %" PRId64
                       ", the file has %" PRIu64,
                       r->near, size, pos, all);
    return true;
}

static bool keep_lists(struct unit_reading *u)
{
    struct tn_ocaml_reading *r = u->r;
    tenon_ocaml_unit *unit = u->unit;
    tenon_ocaml_import *rows = tn_arena_take(&r->out->arena, u->requires.count * sizeof *rows);
    if (!rows)
        return tn_no_memory(r->err);
    for (size_t i = 0; i < u->requires.count; i++)
    rows[i].name = u->requires.at[i];
    unit->requires = (tenon_ocaml_imports){ rows, u->requires.count };
    return keep(r, &u->defines, &unit->defines) && keep(r, &u->primitives, &unit->primitives);
}

static bool read_fields(struct unit_reading *u, const tn_ml_value *fields)
{
    struct tn_ocaml_reading *r = u->r;
    tenon_ocaml_unit *unit = u->unit;
    if (!check_code(r, fields) ||
        !tn_shape_imports(r, fields[CU_IMPORTS], "interfaces imported", &unit->interfaces) ||
        !read_required(u, fields[CU_REQUIRED]) || !read_relocs(u, fields[CU_RELOC]) ||
        !tn_shape_names(r, fields[CU_PRIMITIVES], "primitives declared", false, &unit->externals) ||
        !tn_shape_bool(r, fields[CU_FORCE], "force link", &unit->force_link))
        return false;
    unit->interface = tn_imports_find(unit->interfaces, unit->name);
    return keep_lists(u);
}

static bool read_unit(struct tn_ocaml_reading *r, tn_ml_value value, size_t index,
                      tenon_ocaml_unit *unit)
{
    char quoted[TN_QUOTE_ROOM];
    uint32_t stamp = (uint32_t)index * 3;
    struct unit_reading u = { .r = r,
                              .unit = unit,
                              .requires = { .stamp = stamp + 1 },
                              .defines = { .stamp = stamp + 2 },
                              .primitives = { .stamp = stamp + 3 } };
    const tn_ml_value *fields = tn_shape_block(r, value, 0, CU_FIELDS, "compilation unit");
    if (!fields || !(unit->name = tn_shape_name(r, fields[CU_NAME], "name of the unit")))
        return false;
    return read_fields(&u, fields) || tn_context(r->err, "unit %s", tn_quote(quoted, unit->name));
}

static bool read_library(struct tn_ocaml_reading *r)
{
    tenon_ocaml *o = r->out;
    tn_ml_value element;
    const tn_ml_value *fields = tn_shape_block(r, r->m.root, 0, LIB_FIELDS, "library");
    if (!fields)
        return false;
    tn_ml_value list = fields[LIB_UNITS];
    if (!tn_shape_count(r, list, "units", &o->unit_count))
        return false;
    o->units = tn_arena_rows(&o->arena, o->unit_count, sizeof *o->units);
    if (!o->units)
        return tn_no_memory(r->err);
    for (size_t i = 0; tn_shape_next(r, &list, &element); i++)
        if (!read_unit(r, element, i, &o->units[i]))
            return false;
    return tn_shape_bool(r, fields[LIB_CUSTOM], "custom runtime", &o->custom) &&
           tn_shape_names(r, fields[LIB_CCOBJS], "C objects", true, &o->c_objects) &&
           tn_shape_names(r, fields[LIB_CCOPTS], "C options", true, &o->c_options) &&
           tn_shape_names(r, fields[LIB_DLLIBS], "libraries to load", true, &o->dlls);
}

static bool read_single(struct tn_ocaml_reading *r)
{
    tenon_ocaml *o = r->out;
    o->units = tn_arena_rows(&o->arena, 1, sizeof *o->units);
    if (!o->units)
        return tn_no_memory(r->err);
    o->unit_count = 1;
    return read_unit(r, r->m.root, 0, &o->units[0]);
}

bool tn_ocaml_read_cmo(struct tn_ocaml_reading *r, char letter)
{
    struct tn_view head, descriptor;
    if (!tn_file_view(r->file, 0, TN_OCAML_MAGIC + 4, "header", &head, r->err))
        return false;
    uint32_t offset = tn_load32(head.at + TN_OCAML_MAGIC, TN_BIG);
    uint64_t size = r->file->info.size;
    if (offset < head.size || offset > size)
        return tn_fail(r->err, TENON_E_MALFORMED,
                       "offset of the descriptor at 0xc is %" PRIu32 ", the file has %" PRIu64
                       " bytes",
                       offset, size);
    if (!tn_file_view(r->file, offset, size - offset, "descriptor", &descriptor, r->err) ||
        !tn_shape_start(r, descriptor))
        return tn_context(r->err, "descriptor");
    return letter == 'A' ? read_library(r) : read_single(r);
}
