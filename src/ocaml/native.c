/*
 * src/ocaml/native.c - .cmx and .cmxa, and what native plugins and programs hold
 *
 * rule  file_formats/cmx_format.mli, cmxs_format.mli; middle_end/compilenv.ml,
 *       asmcomp/asmlibrarian.ml, asmcomp/asmlink.ml
 */
#include <inttypes.h>

#include "fail.h"
#include "reading.h"
#include "text.h"

/* rule  cmx_format.mli; 5, 6, 7 are functions needed and 8 is export info: nobody's business */
enum {
    UI_NAME,
    UI_SYMBOL,
    UI_DEFINES,
    UI_IMPORTS_CMI,
    UI_IMPORTS_CMX,
    UI_FORCE = 9,
    UI_FOR_PACK = 10,
};
#define UI_FIELDS 10u
enum { LIB_UNITS, LIB_CCOBJS, LIB_CCOPTS };
#define LIB_FIELDS 3u
enum { DYNU_NAME, DYNU_CRC, DYNU_IMPORTS_CMI, DYNU_IMPORTS_CMX, DYNU_DEFINES };
#define DYNU_FIELDS 5u
enum { MAP_NAME, MAP_INTERFACE, MAP_IMPLEMENTATION, MAP_DEFINES };
#define MAP_FIELDS 4u

/* Room for all elements of a list of units. */
static bool start_units(struct tn_ocaml_reading *r, tn_ml_value list)
{
    tenon_ocaml *o = r->out;
    if (!tn_shape_count(r, list, "units", &o->unit_count))
        return false;
    o->units = tn_arena_rows(&o->arena, o->unit_count, sizeof *o->units);
    return o->units || tn_no_memory(r->err);
}

static bool read_imports(struct tn_ocaml_reading *r, tn_ml_value interfaces,
                         tn_ml_value implementations, tenon_ocaml_unit *unit)
{
    if (!tn_shape_imports(r, interfaces, "interfaces imported", &unit->interfaces) ||
        !tn_shape_imports(r, implementations, "implementations imported", &unit->implementations))
        return false;
    unit->interface = tn_imports_find(unit->interfaces, unit->name);
    unit->requires = unit->implementations;
    return true;
}

/* ---- .cmx, .cmxa ------------------------------------------------------------------------------
 */

static bool read_pack(struct tn_ocaml_reading *r, tn_ml_value value, tenon_ocaml_unit *unit)
{
    static const char what[] = "name of the pack";
    if (tn_ml_is_int(value) && tn_ml_int(value) == 0)
        return true;
    const tn_ml_value *some = tn_shape_block(r, value, 0, 1, what);
    return some && (unit->for_pack = tn_shape_name(r, some[0], what));
}

static bool read_info_fields(struct tn_ocaml_reading *r, const tn_ml_value *fields,
                             tenon_ocaml_unit *unit)
{
    return (unit->symbol = tn_shape_name(r, fields[UI_SYMBOL], "symbol prefix")) &&
           tn_shape_names(r, fields[UI_DEFINES], "globals defined", false, &unit->defines) &&
           read_imports(r, fields[UI_IMPORTS_CMI], fields[UI_IMPORTS_CMX], unit) &&
           tn_shape_bool(r, fields[UI_FORCE], "force link", &unit->force_link) &&
           (!r->out->release->for_pack || read_pack(r, fields[UI_FOR_PACK], unit));
}

static bool read_info(struct tn_ocaml_reading *r, tn_ml_value value, tenon_ocaml_unit *unit)
{
    char quoted[TN_QUOTE_ROOM];
    size_t size = UI_FIELDS + r->out->release->for_pack;
    const tn_ml_value *fields = tn_shape_block(r, value, 0, size, "unit");
    if (!fields || !(unit->name = tn_shape_name(r, fields[UI_NAME], "name of the unit")))
        return false;
    return read_info_fields(r, fields, unit) ||
           tn_context(r->err, "unit %s", tn_quote(quoted, unit->name));
}

static bool read_library(struct tn_ocaml_reading *r)
{
    tenon_ocaml *o = r->out;
    tn_ml_value element;
    const tn_ml_value *fields = tn_shape_block(r, r->m.root, 0, LIB_FIELDS, "library");
    if (!fields || !start_units(r, fields[LIB_UNITS]))
        return false;
    tn_ml_value list = fields[LIB_UNITS];
    for (size_t i = 0; tn_shape_next(r, &list, &element); i++) {
        const tn_ml_value *pair = tn_shape_block(r, element, 0, 2, "unit");
        if (!pair || !read_info(r, pair[0], &o->units[i]) ||
            !tn_shape_digest(r, pair[1], "CRC of a unit", &o->units[i].implementation))
            return false;
    }
    return tn_shape_names(r, fields[LIB_CCOBJS], "C objects", true, &o->c_objects) &&
           tn_shape_names(r, fields[LIB_CCOPTS], "C options", true, &o->c_options);
}

/* rule  the 16 bytes behind the value are the MD5 of all bytes before: the implementation's CRC */
static bool read_single(struct tn_ocaml_reading *r, struct tn_view rest)
{
    tenon_ocaml *o = r->out;
    struct tn_view crc;
    o->units = tn_arena_rows(&o->arena, 1, sizeof *o->units);
    if (!o->units)
        return tn_no_memory(r->err);
    o->unit_count = 1;
    if (!read_info(r, r->m.root, &o->units[0]))
        return false;
    tenon_digest *digest = &o->units[0].implementation;
    digest->kind = TENON_DIGEST_OCAML;
    digest->size = 16;
    if (!tn_view_sub(rest, r->m.bytes.size, digest->size, &crc))
        return tn_fail(r->err, TENON_E_TRUNCATED,
                       "CRC of the unit: %u bytes needed at 0x%" PRIx64 ", %zu left", digest->size,
                       rest.start + r->m.bytes.size, rest.size - r->m.bytes.size);
    memcpy(digest->bytes, crc.at, crc.size);
    return true;
}

bool tn_ocaml_read_cmx(struct tn_ocaml_reading *r, char letter)
{
    uint64_t offset = TN_OCAML_MAGIC;
    struct tn_view rest;
    r->out->flambda = letter == 'y' || letter == 'z';
    if (!tn_file_upto(r->file, offset, r->file->info.size - offset, "descriptor", &rest, r->err) ||
        !tn_shape_start(r, rest))
        return tn_context(r->err, "descriptor");
    return letter == 'Z' || letter == 'z' ? read_library(r) : read_single(r, rest);
}

/* ---- caml_plugin_header -----------------------------------------------------------------------
 */

static bool read_dynamic(struct tn_ocaml_reading *r, tn_ml_value value, tenon_ocaml_unit *unit)
{
    char quoted[TN_QUOTE_ROOM];
    const tn_ml_value *fields = tn_shape_block(r, value, 0, DYNU_FIELDS, "unit");
    if (!fields || !(unit->name = tn_shape_name(r, fields[DYNU_NAME], "name of the unit")))
        return false;
    return (tn_shape_digest(r, fields[DYNU_CRC], "CRC of the implementation",
                            &unit->implementation) &&
            read_imports(r, fields[DYNU_IMPORTS_CMI], fields[DYNU_IMPORTS_CMX], unit) &&
            tn_shape_names(r, fields[DYNU_DEFINES], "globals defined", false, &unit->defines)) ||
           tn_context(r->err, "unit %s", tn_quote(quoted, unit->name));
}

static bool read_header(struct tn_ocaml_reading *r)
{
    tenon_ocaml *o = r->out;
    struct tn_view magic;
    tn_ml_value element;
    const tn_ml_value *fields = tn_shape_block(r, r->m.root, 0, 2, "header");
    if (!fields || !tn_shape_bytes(r, fields[0], "magic number", &magic))
        return false;
    if (magic.size != TN_OCAML_MAGIC)
        return tn_fail(r->err, TENON_E_MALFORMED, "magic number at 0x%" PRIx64 " has %zu bytes",
                       magic.start, magic.size);
    o->release = tn_ocaml_release_of(magic, 'D', r->err);
    if (!o->release || !start_units(r, fields[1]))
        return false;
    tn_ml_value list = fields[1];
    for (size_t i = 0; tn_shape_next(r, &list, &element); i++)
        if (!read_dynamic(r, element, &o->units[i]))
            return false;
    return true;
}

bool tn_ocaml_read_plugin(struct tn_ocaml_reading *r, struct tn_view header)
{
    r->out->kind = TENON_OCAML_CMXS;
    return tn_shape_start(r, header) && read_header(r);
}

/* ---- caml_globals_map -------------------------------------------------------------------------
 */

/* rule  an entry without a CRC of an implementation is an interface that was only imported */
static bool read_entry(struct tn_ocaml_reading *r, tn_ml_value value, tenon_ocaml_unit *unit)
{
    const tn_ml_value *fields = tn_shape_block(r, value, 0, MAP_FIELDS, "unit");
    return fields && (unit->name = tn_shape_name(r, fields[MAP_NAME], "name of the unit")) &&
           tn_shape_digest_option(r, fields[MAP_INTERFACE], "CRC of an interface",
                                  &unit->interface) &&
           tn_shape_digest_option(r, fields[MAP_IMPLEMENTATION], "CRC of an implementation",
                                  &unit->implementation) &&
           tn_shape_names(r, fields[MAP_DEFINES], "globals defined", false, &unit->defines);
}

static bool read_entries(struct tn_ocaml_reading *r)
{
    tenon_ocaml *o = r->out;
    tn_ml_value list = r->m.root, element;
    size_t kept = 0, seen = 0;
    if (!start_units(r, list))
        return false;
    tenon_ocaml_import *interfaces = tn_arena_rows(&o->arena, o->unit_count, sizeof *interfaces);
    if (!interfaces)
        return tn_no_memory(r->err);
    while (tn_shape_next(r, &list, &element)) {
        tenon_ocaml_unit *unit = &o->units[kept];
        if (!read_entry(r, element, unit))
            return false;
        interfaces[seen++] = (tenon_ocaml_import){ unit->name, unit->interface };
        kept += unit->implementation.kind == TENON_DIGEST_OCAML;
    }
    o->unit_count = kept;
    o->interfaces = (tenon_ocaml_imports){ interfaces, seen };
    return true;
}

bool tn_ocaml_read_map(struct tn_ocaml_reading *r, struct tn_view map)
{
    r->out->kind = TENON_OCAML_EXECUTABLE;
    return tn_shape_start(r, map) && read_entries(r);
}
