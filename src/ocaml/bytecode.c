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

struct relocs {
    const struct tn_ocaml_text *own; /* name of the unit */
    const enum reloc *kinds;         /* by tag */
    unsigned kind_count;
};

/* rule  a name with a dot is inside of a pack; a unit does not require itself */
static bool refer(struct tn_ocaml_reading *r, const struct tn_ocaml_text *own,
                  struct tn_ocaml_text name, bool predef)
{
    return predef || memchr(name.at, '.', name.size) || tn_text_equal(*own, name) ||
           tn_gather(r, &r->required, name);
}

static bool read_name(struct tn_ocaml_reading *r, const struct tn_ocaml_text *own, enum reloc kind)
{
    static const char what[] = "relocations";
    struct tn_ocaml_text name;
    bool predef = false;
    if (!(kind == RELOC_PRIMITIVE ? tn_shape_text(r, what, &name)
                                  : tn_shape_unit(r, what, &name, &predef)))
        return false;
    if (r->detail == TN_OCAML_UNITS)
        return true;
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

/* An object as the target of relocations with that tag; 0 is none. */
static inline uint32_t target_key(uint32_t object, unsigned tag)
{
    return object * 8 + tag + 1;
}

/* Most relocations lead to the same few objects: those met before need not be read again. */
static bool read_target(struct tn_ocaml_reading *r, const struct relocs *relocs, unsigned tag)
{
    const enum reloc kind = relocs->kinds[tag];
    unsigned bytes;
    uint32_t object = tn_ml_next_object(&r->m, &bytes), key = target_key(object, tag);
    if (is_passed(kind))
        return tn_ml_skip(&r->m, 1);
    if (object != UINT32_MAX && r->met[key % TN_OCAML_MET] == key && bytes) {
        r->m.at += bytes;
        return true;
    }
    if (object != UINT32_MAX)
        r->met[key % TN_OCAML_MET] = key;
    return read_name(r, relocs->own, kind);
}

static bool read_reloc(struct tn_ocaml_reading *r, const struct relocs *relocs)
{
    static const char what[] = "relocations";
    struct tn_ml_back pair;
    struct tn_ml_head info;
    if (!tn_shape_enter(r, 0, 2, what, &pair) || !tn_ml_read(&r->m, &info))
        return false;
    if (info.kind != TN_ML_BLOCK || info.size != 1 || info.tag >= relocs->kind_count)
        return tn_ml_unexpected(&r->m, &info, what, "what is to be relocated");
    return read_target(r, relocs, info.tag) && tn_shape_leave(r, &info.back) &&
           tn_ml_skip(&r->m, 1) && tn_shape_leave(r, &pair);
}

/* Bytes of an integer with its code, when that is 0x40 to 0x7f, 0x00, 0x01 or 0x02; 0: another. */
static inline unsigned int_bytes(uint8_t code)
{
    return code == 0x01 ? 3 : (code & 0xc0) == 0x40 ? 1 : code <= 2 ? 1u + (1u << code) : 0;
}

/*
 * Bytes of a reference to what was met as a target, and of the integer behind it; 0: something else
 * is there. `count`: objects before.
 */
static inline unsigned met_bytes(const uint32_t met[TN_OCAML_MET], const uint8_t *code,
                                 uint32_t count, unsigned tag)
{
    const unsigned is_wide = code[0] & 1, is_near = is_wide ^ 1;
    const uint32_t distance = ((uint32_t)code[1] << 8 | code[2]) >> (8 * is_near);
    const uint32_t key = target_key(count - distance, tag);
    const unsigned number = int_bytes(code[2 + is_wide]);
    if ((code[0] & 0xfe) != 0x04 || distance - 1 >= count || met[key % TN_OCAML_MET] != key)
        return 0;
    return number ? 2 + is_wide + number : 0;
}

/*
 * Passes relocations as nearly all are written: codes 0xa0 (cell), 0xa0 (pair), 0x90 with the tag,
 * then what nobody needs to know or 0x04 or 0x05 (a reference to what was met), and an integer.
 * Ends before one that is written otherwise. False: one makes no sense.
 */
static bool pass_relocs(struct tn_ocaml_reading *r, const struct relocs *relocs)
{
    enum { OBJECTS = 3, BYTES = 3 + 3 + 5 };
    struct tn_marshal *const m = &r->m;
    const struct tn_view bytes = m->bytes;
    uint32_t *const places = m->places, most = m->object_count, count = m->count;
    size_t at = m->at;
    uint64_t rows = m->rows_left;
    for (; bytes.size - at >= BYTES && most - count >= OBJECTS && rows; rows--) {
        const uint8_t *const cell = bytes.at + at;
        const unsigned tag = cell[2] - 0x90u;
        if (cell[0] != 0xa0 || cell[1] != 0xa0 || tag >= relocs->kind_count)
            break;
        const bool is_literal = is_passed(relocs->kinds[tag]);
        const unsigned met = is_literal ? 0 : met_bytes(r->met, cell + 3, count + OBJECTS, tag);
        if (!is_literal && !met)
            break;
        for (uint32_t i = 0; i < OBJECTS; i++)
            places[count + i] = (uint32_t)at + i;
        count += OBJECTS;
        at += OBJECTS + met;
        if (is_literal) {
            m->at = at;
            m->count = count;
            if (!tn_ml_skip(m, 2))
                return false;
            at = m->at;
            count = m->count;
        }
    }
    m->at = at;
    m->count = count;
    m->rows_left = rows;
    return true;
}

static bool read_relocs(struct tn_ocaml_reading *r, const struct tn_ocaml_text *own)
{
    const struct relocs relocs = {
        .own = own,
        .kinds = r->string_units ? relocs_5_2 : relocs_5_1,
        .kind_count = r->string_units ? TN_COUNT(relocs_5_2) : TN_COUNT(relocs_5_1),
    };
    struct tn_ml_list list = { .what = "relocations" };
    for (;;) {
        if (!pass_relocs(r, &relocs))
            return false;
        int more = tn_ml_next(&r->m, &list);
        if (more <= 0)
            return more == 0;
        if (!read_reloc(r, &relocs))
            return false;
    }
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
        if (!tn_shape_unit(r, what, &name, &predef) ||
            (r->detail != TN_OCAML_UNITS && !refer(r, own, name, predef)) ||
            (r->detail == TN_OCAML_ALL && !tn_shape_add_name(r, count, name)))
            return false;
    }
    return more == 0 && (r->detail != TN_OCAML_ALL || tn_names_keep(r, count, out));
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
    if (r->detail == TN_OCAML_UNITS)
        return true;
    return tn_gathered_keep_imports(r, &r->required, &unit->required) &&
           tn_gathered_keep(r, &r->primitives, &unit->primitives) &&
           (r->detail != TN_OCAML_ALL || tn_gathered_keep(r, &r->defines, &unit->defines));
}

/* All fields behind the name; position and size of debugging information are nobody's business. */
static bool read_fields(struct tn_ocaml_reading *r, const struct tn_ocaml_text *own,
                        tenon_ocaml_unit *unit)
{
    const bool all = r->detail == TN_OCAML_ALL;
    tn_gathered_empty(&r->required);
    tn_gathered_empty(&r->defines);
    tn_gathered_empty(&r->primitives);
    memset(r->met, 0, sizeof r->met);
    return read_code(r) && read_relocs(r, own) &&
           tn_shape_imports(r, "interfaces imported", own, all ? &unit->interfaces : NULL,
                            &unit->interface) &&
           read_required(r, own, &unit->globals) &&
           tn_shape_names(r, "primitives declared", false, all ? &unit->externals : NULL) &&
           tn_shape_bool(r, "force link", &unit->force_link) && tn_ml_skip(&r->m, 2) &&
           keep_lists(r, unit);
}

static bool read_unit(struct tn_ocaml_reading *r)
{
    struct tn_ml_back back;
    struct tn_ocaml_text name;
    tenon_ocaml_unit *unit = tn_units_next(r);
    if (!unit || !tn_shape_enter(r, 0, CU_FIELDS, "compilation unit", &back) ||
        !tn_shape_text(r, "name of the unit", &name) || !(unit->name = tn_shape_keep(r, name)))
        return false;
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
    if (!tn_shape_view(r, offset, size - offset, "descriptor", &descriptor) ||
        !tn_shape_start(r, descriptor))
        return tn_context(r->err, "descriptor");
    return (letter == 'A' ? read_library(r) : read_unit(r)) && tn_shape_finish(r) &&
           tn_units_keep(r);
}
