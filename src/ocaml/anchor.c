/*
 * src/ocaml/anchor.c - marshalled values inside ELF files, by the symbols that name them
 *
 * rule  asmcomp/asmlink.ml, runtime/dynlink_nat.c: plain bytes in .data without relocations. Their
 *       symbols have no size and no type, so that only the value's own header and the end of the
 *       segment's file part bound them
 */
#include <inttypes.h>

#include "elf_object.h"
#include "fail.h"
#include "reading.h"

/* How one of OCaml's anchors in a file is found. */
struct place {
    const struct tn_ocaml_anchor *anchor; /* NULL: there is none */
    uint64_t address;
};

static bool find_in_dynamic(struct tn_elf *elf, struct place *out, tenon_error *err)
{
    bool found = false;
    for (const struct tn_ocaml_anchor *a = tn_ocaml_anchors; a->symbol && !found; a++) {
        if (a->dynamic && !tn_elf_find_definition(elf, a->symbol, &out->address, &found, err))
            return false;
        out->anchor = found ? a : NULL;
    }
    return true;
}

static const struct tn_ocaml_anchor *full_anchor(const char *name)
{
    if (strncmp(name, "caml_", 5) != 0)
        return NULL;
    for (const struct tn_ocaml_anchor *a = tn_ocaml_anchors; a->symbol; a++)
        if (a->full && strcmp(a->symbol, name) == 0)
            return a;
    return NULL;
}

/* The full table, which `strip` removes; one that makes no sense has none. */
static bool find_in_full(struct tn_file *file, struct place *out, tenon_error *err)
{
    struct tn_elf_object object;
    tenon_error local = TENON_ERROR_INIT;
    if (!tn_elf_read_object_tables(file, &object, &local))
        return local.code != TENON_E_MEMORY || tn_no_memory(err);
    for (size_t i = 1; i < object.symbol_count && !out->anchor; i++) {
        const struct tn_elf_object_symbol *s = &object.symbols[i];
        if (s->shndx == TN_SHN_UNDEF)
            continue;
        out->address = s->value;
        out->anchor = full_anchor(s->name);
    }
    return true;
}

/* ---- what strip took the name from ------------------------------------------------------------
 */

/* rule  runtime/startup_byt.c: a program that has its sections inside starts with this function */
static const char starter[] = "caml_startup_code";

#define PIECE (256u << 10)          /* bytes looked at at once */
#define BEGINS (20u + 2u + 1u + 4u) /* header, list or array, pair, name */

/* rule  intext.h, bytelink.ml: how sections begin, as nothing else does (tn_ocaml_read_embedded) */
static bool begins_sections(const uint8_t *at)
{
    static const uint8_t magic[] = { 0x84, 0x95, 0xa6, 0xbe };
    const uint8_t *value = at + 20;
    bool good = memcmp(at, magic, sizeof magic) == 0 && (value[0] & 0x8f) == 0x80 &&
                value[1] == 0xa0 && value[2] == 0x24;
    for (unsigned i = 3; good && i < 7; i++)
        good = value[i] >= 'A' && value[i] <= 'Z';
    return good;
}

/* The first place in a piece of data; NULL. */
static const uint8_t *sections_in(struct tn_view piece)
{
    const uint8_t *at = piece.at, *end = at + piece.size;
    while ((size_t)(end - at) >= BEGINS &&
           (at = memchr(at, 0x84, (size_t)(end - at) - BEGINS + 1))) {
        if (begins_sections(at))
            return at;
        at++;
    }
    return NULL;
}

static bool find_in_segment(struct tn_file *file, const struct tn_elf_segment *segment,
                            struct place *out, tenon_error *err)
{
    struct tn_view piece;
    for (uint64_t at = 0; at < segment->p_filesz; at += PIECE) {
        uint64_t left = segment->p_filesz - at;
        if (!tn_file_upto(file, segment->p_offset + at, left < PIECE ? left : PIECE + BEGINS,
                          "data", &piece, err))
            return false;
        const uint8_t *found = sections_in(piece);
        if (found) {
            out->address = segment->p_vaddr + at + (uint64_t)(found - piece.at);
            out->anchor = full_anchor("caml_sections");
            return true;
        }
        if (piece.size < PIECE)
            break;
    }
    return true;
}

/* The sections of a program that starts as those do which have them. */
static bool find_in_data(struct tn_file *file, struct tn_elf *elf, struct place *out,
                         tenon_error *err)
{
    uint64_t address;
    bool found;
    if (!tn_elf_find_definition(elf, starter, &address, &found, err))
        return false;
    for (size_t i = 0; found && i < elf->segment_count && !out->anchor; i++) {
        const struct tn_elf_segment *s = &elf->segments[i];
        if (s->p_type == TN_PT_LOAD && !(s->p_flags & TN_PF_X) &&
            !find_in_segment(file, s, out, err))
            return false;
    }
    return true;
}

/* A program: the others have their anchor in the dynamic table or none. */
static bool is_program(const struct tn_elf *elf)
{
    if (elf->header.e_type == TN_ET_EXEC)
        return true;
    for (size_t i = 0; i < elf->segment_count; i++)
        if (elf->segments[i].p_type == TN_PT_INTERP)
            return true;
    return elf->dynamic.value[TN_TAG_FLAGS_1] & TN_DF_1_PIE;
}

/* What follows the value, of which its header says how long it is, is not read. */
static bool take_value(struct tn_ocaml_reading *r, const struct tn_elf *elf,
                       const struct place *place, struct tn_view *out)
{
    struct tn_file *file = r->file;
    tenon_error *err = r->err;
    uint64_t offset, room;
    struct tn_view head;
    struct tn_marshal_header h;
    if (!tn_elf_map(elf, place->address, &offset, &room))
        return tn_fail(err, TENON_E_MALFORMED, "address 0x%" PRIx64 " is in no segment of the file",
                       place->address);
    uint64_t size = room < TN_MARSHAL_HEADER ? room : TN_MARSHAL_HEADER;
    if (!tn_file_view(file, offset, size, "marshal header", &head, err) ||
        !tn_marshal_header(head, &h, err))
        return false;
    if (h.data > room - h.size)
        return tn_fail(err, TENON_E_TRUNCATED,
                       "marshalled value at 0x%" PRIx64 ": %" PRIu64 " bytes needed, %" PRIu64
                       " left in its segment",
                       offset, h.data, room - h.size);
    return tn_shape_view(r, offset, h.size + h.data, "marshalled value", out);
}

bool tn_ocaml_read_elf(struct tn_ocaml_reading *r)
{
    struct tn_elf elf;
    struct place place = { 0 };
    struct tn_view value;
    if (!tn_elf_start(&elf, r->file, NULL, r->err) || !find_in_dynamic(&elf, &place, r->err))
        return false;
    if (!place.anchor && is_program(&elf)) {
        if (tn_ocaml_is_program(r->file))
            return tn_ocaml_read_program(r);
        if (!find_in_full(r->file, &place, r->err))
            return false;
        if (!place.anchor && !find_in_data(r->file, &elf, &place, r->err))
            return false;
    }
    if (!place.anchor)
        return tn_fail(r->err, TENON_E_NOT_FOUND, "nothing of OCaml's is recorded in it");
    return (take_value(r, &elf, &place, &value) && place.anchor->read(r, value)) ||
           tn_context(r->err, "%s", place.anchor->symbol);
}
