/*
 * src/ocaml/native.c - .cmx and .cmxa, and what native plugins and programs hold
 *
 * rule  file_formats/cmx_format.mli, cmxs_format.mli; middle_end/compilenv.ml,
 *       asmcomp/asmlibrarian.ml, asmcomp/asmlink.ml
 */
#include <inttypes.h>

#include "fail.h"
#include "reading.h"

/* rule  cmx_format.mli, cmxs_format.mli, asmlink.ml */
#define UI_FIELDS 10u /* from 5.1 on one more */
#define LIB_FIELDS 3u
#define DYNU_FIELDS 5u
#define MAP_FIELDS 4u

typedef bool read_element(struct tn_ocaml_reading *r);

static bool read_units(struct tn_ocaml_reading *r, read_element *read)
{
    struct tn_ml_list list = { .what = "units" };
    int more;
    while ((more = tn_ml_next(&r->m, &list)) > 0)
        if (!read(r))
            return false;
    return more == 0;
}

static bool read_imports(struct tn_ocaml_reading *r, const struct tn_ocaml_text *own,
                         tenon_ocaml_unit *unit)
{
    const bool all = r->detail == TN_OCAML_ALL, needs = all || r->detail == TN_OCAML_NEEDS;
    if (!tn_shape_imports(r, "interfaces imported", own, all ? &unit->interfaces : NULL,
                          &unit->interface) ||
        !tn_shape_imports(r, "implementations imported", NULL, needs ? &unit->required : NULL,
                          NULL))
        return false;
    if (all)
        unit->implementations = unit->required;
    return true;
}

static bool read_defines(struct tn_ocaml_reading *r, tenon_ocaml_unit *unit)
{
    return tn_shape_names(r, "globals defined", false,
                          r->detail == TN_OCAML_ALL ? &unit->defines : NULL);
}

/* ---- .cmx, .cmxa ------------------------------------------------------------------------------
 */

/* The four fields that are skipped: functions needed, and what only the compiler understands. */
static bool read_info_fields(struct tn_ocaml_reading *r, const struct tn_ocaml_text *own,
                             tenon_ocaml_unit *unit)
{
    return tn_shape_name(r, "symbol prefix", &unit->symbol) && read_defines(r, unit) &&
           read_imports(r, own, unit) && tn_ml_skip(&r->m, 4) &&
           tn_shape_bool(r, "force link", &unit->force_link) &&
           (!r->out->release->for_pack ||
            tn_shape_name_option(r, "name of the pack", &unit->for_pack));
}

static bool read_info(struct tn_ocaml_reading *r)
{
    struct tn_ml_back back;
    struct tn_ocaml_text name;
    tenon_ocaml_unit *unit = tn_units_next(r);
    if (!unit || !tn_shape_enter(r, 0, UI_FIELDS + r->out->release->for_pack, "unit", &back) ||
        !tn_shape_text(r, "name of the unit", &name) || !(unit->name = tn_shape_keep(r, name)))
        return false;
    return (read_info_fields(r, &name, unit) && tn_shape_leave(r, &back)) || tn_in_unit(r, name);
}

static bool read_info_with_crc(struct tn_ocaml_reading *r)
{
    struct tn_ml_back back;
    return tn_shape_enter(r, 0, 2, "unit", &back) && read_info(r) &&
           tn_shape_digest(r, "CRC of a unit", &r->units[r->unit_count - 1].implementation) &&
           tn_shape_leave(r, &back);
}

/* rule  lib_units lib_ccobjs lib_ccopts; the last two are reversed */
static bool read_library(struct tn_ocaml_reading *r)
{
    struct tn_ml_back back;
    return tn_shape_enter(r, 0, LIB_FIELDS, "library", &back) &&
           read_units(r, read_info_with_crc) &&
           tn_shape_names(r, "C objects", true, &r->out->c_objects) &&
           tn_shape_names(r, "C options", true, &r->out->c_options);
}

/* rule  the 16 bytes behind the value are the MD5 of all bytes before: the implementation's CRC */
static bool read_single(struct tn_ocaml_reading *r, struct tn_view rest)
{
    struct tn_view crc;
    if (!read_info(r))
        return false;
    tenon_digest *digest = &r->units[0].implementation;
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
    bool is_library = letter == 'Z' || letter == 'z';
    r->out->flambda = letter == 'y' || letter == 'z';
    if (!tn_shape_view(r, offset, r->file->info.size - offset, "descriptor", &rest) ||
        !tn_shape_start(r, rest))
        return tn_context(r->err, "descriptor");
    return (is_library ? read_library(r) : read_single(r, rest)) && tn_shape_finish(r) &&
           tn_units_keep(r);
}

/* ---- caml_plugin_header -----------------------------------------------------------------------
 */

static bool read_dynamic(struct tn_ocaml_reading *r)
{
    struct tn_ml_back back;
    struct tn_ocaml_text name;
    tenon_ocaml_unit *unit = tn_units_next(r);
    if (!unit || !tn_shape_enter(r, 0, DYNU_FIELDS, "unit", &back) ||
        !tn_shape_text(r, "name of the unit", &name) || !(unit->name = tn_shape_keep(r, name)))
        return false;
    return (tn_shape_digest(r, "CRC of the implementation", &unit->implementation) &&
            read_imports(r, &name, unit) && read_defines(r, unit) && tn_shape_leave(r, &back)) ||
           tn_in_unit(r, name);
}

static bool read_magic(struct tn_ocaml_reading *r)
{
    struct tn_ml_head head;
    if (!tn_ml_read(&r->m, &head))
        return false;
    if (head.kind != TN_ML_STRING || head.size != TN_OCAML_MAGIC)
        return tn_ml_unexpected(&r->m, &head, "magic number", "a string of 12 bytes");
    struct tn_view magic = { r->m.bytes.at + head.text, head.size, r->m.bytes.start + head.text };
    r->out->release = tn_ocaml_release_of(magic, 'D', r->err);
    return r->out->release;
}

bool tn_ocaml_read_plugin(struct tn_ocaml_reading *r, struct tn_view header)
{
    struct tn_ml_back back;
    r->out->kind = TENON_OCAML_CMXS;
    return tn_shape_start(r, header) && tn_shape_enter(r, 0, 2, "header", &back) && read_magic(r) &&
           read_units(r, read_dynamic) && tn_shape_leave(r, &back) && tn_shape_finish(r) &&
           tn_units_keep(r);
}

/* ---- caml_globals_map -------------------------------------------------------------------------
 */

static bool read_entry(struct tn_ocaml_reading *r)
{
    struct tn_ml_back back;
    tenon_ocaml_unit *unit = tn_units_next(r);
    return unit && tn_shape_enter(r, 0, MAP_FIELDS, "unit", &back) &&
           tn_shape_name(r, "name of the unit", &unit->name) &&
           tn_shape_digest_option(r, "CRC of an interface", &unit->interface) &&
           tn_shape_digest_option(r, "CRC of an implementation", &unit->implementation) &&
           read_defines(r, unit) && tn_shape_leave(r, &back);
}

/* rule  an entry without a CRC of an implementation is an interface that was only imported */
static bool sort_out(struct tn_ocaml_reading *r)
{
    tenon_ocaml_import *seen = tn_arena_rows(&r->out->arena, r->unit_count, sizeof *seen);
    size_t kept = 0;
    if (!seen)
        return tn_no_memory(r->err);
    for (size_t i = 0; i < r->unit_count; i++) {
        seen[i] = (tenon_ocaml_import){ r->units[i].name, r->units[i].interface };
        if (r->units[i].implementation.kind == TENON_DIGEST_OCAML)
            r->units[kept++] = r->units[i];
    }
    r->out->interfaces = (tenon_ocaml_imports){ seen, r->unit_count };
    r->unit_count = kept;
    return true;
}

bool tn_ocaml_read_map(struct tn_ocaml_reading *r, struct tn_view map)
{
    r->out->kind = TENON_OCAML_EXECUTABLE;
    return tn_shape_start(r, map) && read_units(r, read_entry) && tn_shape_finish(r) &&
           sort_out(r) && tn_units_keep(r);
}
