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
    }
    if (!place.anchor)
        return tn_fail(r->err, TENON_E_NOT_FOUND, "nothing of OCaml's is recorded in it");
    return (take_value(r, &elf, &place, &value) && place.anchor->read(r, value)) ||
           tn_context(r->err, "%s", place.anchor->symbol);
}
