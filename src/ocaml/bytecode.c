/*
 * src/ocaml/bytecode.c - .cmo and .cma
 *
 * rule  file_formats/cmo_format.mli, bytecomp/emitcode.ml, bytecomp/bytelibrarian.ml: magic number,
 *       offset of the descriptor (32 bits, big-endian), code, descriptor to the end of the file
 */
#include <inttypes.h>

#include "fail.h"
#include "reading.h"

/* rule  cmo_format.mli: a unit and a library */
#define CU_FIELDS 10u
#define LIB_FIELDS 5u

enum reloc { RELOC_LITERAL, RELOC_REFERS, RELOC_PREDEF, RELOC_DEFINES, RELOC_PRIMITIVE };

/* rule  reloc_info; up to 5.1 predefined exceptions are identifiers like others */
static const enum reloc relocs_5_1[] = { RELOC_LITERAL, RELOC_REFERS, RELOC_DEFINES,
                                         RELOC_PRIMITIVE };
static const enum reloc relocs_5_2[] = { RELOC_LITERAL, RELOC_REFERS, RELOC_PREDEF, RELOC_DEFINES,
                                         RELOC_PRIMITIVE };

/* ---- relocations ------------------------------------------------------------------------------
 */

/* rule  a name with a dot is inside of a pack; a unit does not require itself */
static bool refer(struct tn_ocaml_reading *r, const struct tn_ocaml_text *own,
                  struct tn_ocaml_text name, bool predef)
{
    return predef || memchr(name.at, '.', name.size) || tn_text_equal(*own, name) ||
           tn_gather(r, &r->requires, name);
}

static bool read_name(struct tn_ocaml_reading *r, const struct tn_ocaml_text *own, enum reloc kind)
{
    static const char what[] = "relocations";
    struct tn_ocaml_text name;
    bool predef = false;
    if (!(kind == RELOC_PRIMITIVE ? tn_shape_text(r, what, &name)
                                  : tn_shape_unit(r, what, &name, &predef)))
        return false;
    switch (kind) {
    case RELOC_REFERS: return refer(r, own, name, predef);
    case RELOC_DEFINES: return tn_gather(r, &r->defines, name);
    default: return tn_gather(r, &r->primitives, name);
    }
}

/* Nobody needs to know what it leads to. */
static inline bool is_passed(enum reloc kind)
{
    return kind == RELOC_LITERAL || kind == RELOC_PREDEF;
}

/* Most relocations lead to the same few objects: those met before need not be read again. */
static bool read_target(struct tn_ocaml_reading *r, const struct tn_ocaml_text *own,
                        enum reloc kind)
{
    if (is_passed(kind))
        return tn_ml_skip(&r->m, 1);
    unsigned bytes;
    uint32_t object = tn_ml_next_object(&r->m, &bytes), key = object * 4 + kind % 4 + 1;
    uint32_t *met = &r->met[(object * 4 + kind % 4) % TN_OCAML_MET];
    if (object != UINT32_MAX && *met == key && bytes) {
        r->m.at += bytes;
        return true;
    }
    if (object != UINT32_MAX)
        *met = key;
    return read_name(r, own, kind);
}

/*
 * Passes the codes of a relocation and of what is to be relocated, as nearly all are written: its
 * tag. -1: nothing has happened.
 */
static inline int short_reloc(struct tn_marshal *m, size_t kind_count)
{
    const uint8_t *at = m->bytes.at + m->at;
    if (m->bytes.size - m->at < 2 || m->object_count - m->count < 2 || at[0] != 0xa0 ||
        (unsigned)(at[1] - 0x90) >= kind_count)
        return -1;
    m->places[m->count] = (uint32_t)m->at;
    m->places[m->count + 1] = (uint32_t)m->at + 1;
    m->count += 2;
    m->at += 2;
    return at[1] - 0x90;
}

static bool read_reloc(struct tn_ocaml_reading *r, const struct tn_ocaml_text *own)
{
    static const char what[] = "relocations";
    const enum reloc *kinds = r->string_units ? relocs_5_2 : relocs_5_1;
    size_t kind_count = r->string_units ? TN_COUNT(relocs_5_2) : TN_COUNT(relocs_5_1);
    int tag = short_reloc(&r->m, kind_count);
    struct tn_ml_back pair;
    struct tn_ml_head info;
    if (tag >= 0 && is_passed(kinds[tag]))
        return tn_ml_skip(&r->m, 2);
    if (tag >= 0)
        return read_target(r, own, kinds[tag]) && (tn_ml_short_int(&r->m) || tn_ml_skip(&r->m, 1));
    if (!tn_shape_enter(r, 0, 2, what, &pair) || !tn_ml_read(&r->m, &info))
        return false;
    if (info.kind != TN_ML_BLOCK || info.size != 1 || info.tag >= kind_count)
        return tn_ml_unexpected(&r->m, &info, what, "what is to be relocated");
    return read_target(r, own, kinds[info.tag]) && tn_shape_leave(r, &info.back) &&
           tn_ml_skip(&r->m, 1) && tn_shape_leave(r, &pair);
}

static bool read_relocs(struct tn_ocaml_reading *r, const struct tn_ocaml_text *own)
{
    struct tn_ml_list list = { .what = "relocations" };
    int more;
    while ((more = tn_ml_next(&r->m, &list)) > 0)
        if (!read_reloc(r, own))
            return false;
    return more == 0;
}

/* ---- units ------------------------------------------------------------------------------------
 */

static bool read_required(struct tn_ocaml_reading *r, const struct tn_ocaml_text *own,
                          tenon_ocaml_names *out)
{
    static const char what[] = "required globals";
    struct tn_ml_list list = { .what = what };
    size_t count = 0;
    int more;
    for (; (more = tn_ml_next(&r->m, &list)) > 0; count++) {
        struct tn_ocaml_text name;
        bool predef;
        if (!tn_grow(&r->names, &r->name_room, count, sizeof *r->names))
            return tn_no_memory(r->err);
        if (!tn_shape_unit(r, what, &name, &predef) || !refer(r, own, name, predef))
            return false;
        r->names[count] = name.at;
    }
    return more == 0 && tn_names_keep(r, count, out);
}

/* rule  code and its size lie in the file, before the descriptor or at its end */
static bool read_code(struct tn_ocaml_reading *r)
{
    int64_t pos, size;
    uint64_t all = r->file->info.size, at = r->m.bytes.start + r->m.at;
    if (!tn_shape_int(r, "position of code", &pos) || !tn_shape_int(r, "size of code", &size))
        return false;
    if (pos < 0 || size < 0 || (uint64_t)pos > all || (uint64_t)size > all - (uint64_t)pos)
        return tn_fail(r->err, TENON_E_MALFORMED,
                       "position of code at 0x%" PRIx64 ": %" PRId64 " bytes at %" PRId64
                       ", the file has %" PRIu64,
                       at, size, pos, all);
    return true;
}

static bool keep_lists(struct tn_ocaml_reading *r, tenon_ocaml_unit *unit)
{
    return tn_gathered_keep_imports(r, &r->requires, &unit->requires) &&
           tn_gathered_keep(r, &r->defines, &unit->defines) &&
           tn_gathered_keep(r, &r->primitives, &unit->primitives);
}

/* All fields behind the name; position and size of debugging information are nobody's business. */
static bool read_fields(struct tn_ocaml_reading *r, const struct tn_ocaml_text *own,
                        tenon_ocaml_unit *unit)
{
    tn_gathered_empty(&r->requires);
    tn_gathered_empty(&r->defines);
    tn_gathered_empty(&r->primitives);
    memset(r->met, 0, sizeof r->met);
    return read_code(r) && read_relocs(r, own) &&
           tn_shape_imports(r, "interfaces imported", own, &unit->interfaces, &unit->interface) &&
           read_required(r, own, &unit->globals) &&
           tn_shape_names(r, "primitives declared", false, &unit->externals) &&
           tn_shape_bool(r, "force link", &unit->force_link) && tn_ml_skip(&r->m, 2) &&
           keep_lists(r, unit);
}

static bool read_unit(struct tn_ocaml_reading *r)
{
    struct tn_ml_back back;
    struct tn_ocaml_text name;
    tenon_ocaml_unit *unit = tn_units_next(r);
    if (!unit || !tn_shape_enter(r, 0, CU_FIELDS, "compilation unit", &back) ||
        !tn_shape_text(r, "name of the unit", &name))
        return false;
    unit->name = name.at;
    return (read_fields(r, &name, unit) && tn_shape_leave(r, &back)) || tn_in_unit(r, name);
}

static bool read_units(struct tn_ocaml_reading *r)
{
    struct tn_ml_list list = { .what = "units" };
    int more;
    while ((more = tn_ml_next(&r->m, &list)) > 0)
        if (!read_unit(r))
            return false;
    return more == 0;
}

/* rule  lib_units lib_custom lib_ccobjs lib_ccopts lib_dllibs; the last three are reversed */
static bool read_library(struct tn_ocaml_reading *r)
{
    tenon_ocaml *o = r->out;
    struct tn_ml_back back;
    return tn_shape_enter(r, 0, LIB_FIELDS, "library", &back) && read_units(r) &&
           tn_shape_bool(r, "custom runtime", &o->custom) &&
           tn_shape_names(r, "C objects", true, &o->c_objects) &&
           tn_shape_names(r, "C options", true, &o->c_options) &&
           tn_shape_names(r, "libraries to load", true, &o->dlls);
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
    if (!tn_shape_take(r, offset, size - offset, "descriptor", &descriptor) ||
        !tn_shape_start(r, descriptor))
        return tn_context(r->err, "descriptor");
    return (letter == 'A' ? read_library(r) : read_unit(r)) && tn_shape_finish(r) &&
           tn_units_keep(r);
}
