/*
 * src/unit/add_note.c - a section `.note.tenon` for an object that a compiler has made already
 *
 * rule  gABI chapter 4 "ELF Header" (extended numbering), "Sections". The new section is the last
 *       one, so that no number in symbols, groups and links changes
 */
#include "add_note.h"

#include <inttypes.h>

#include "bytes.h"
#include "elf_object.h"
#include "fail.h"
#include "native.h"
#include "record.h"

/* Where the fields of a section header are, by class. */
struct layout {
    size_t size, sh_flags, sh_offset, sh_size, sh_addralign;
    size_t e_shoff, e_shnum;
};
static const struct layout layout_32 = { 40, 8, 16, 20, 32, 32, 48 };
static const struct layout layout_64 = { 64, 8, 24, 32, 48, 40, 60 };
enum { SH_NAME = 0, SH_TYPE = 4 };

struct rewrite {
    const struct tn_elf_object *object;
    struct tn_view bytes, notes;
    const struct layout *layout;
    size_t names; /* section of the section names */
    size_t note;  /* section of the notes, maybe one past the last */
    uint32_t name_at;
};

/* ---- what stays ------------------------------------------------------------------------------ */

static size_t find_section(const struct tn_elf_object *o, const char *name)
{
    size_t i = 1;
    while (i < o->section_count && strcmp(o->sections[i].name, name) != 0)
        i++;
    return i;
}

/* rule  e_shstrndx, or sh_link of section 0 when it does not fit */
static size_t find_names(const struct tn_elf_object *o)
{
    uint16_t index = o->elf.header.e_shstrndx;
    return index == TN_SHN_XINDEX ? o->sections[0].header.sh_link : index;
}

/* How much of the file the sections need that are not written anew. */
static bool measure_rest(const struct rewrite *r, size_t *size, tenon_error *err)
{
    const struct tn_elf_object *o = r->object;
    uint64_t end = o->elf.header.word == 8 ? 64 : 52;
    for (size_t i = 1; i < o->section_count; i++) {
        const struct tn_elf_section *h = &o->sections[i].header;
        uint64_t last;
        if (i == r->names || i == r->note || h->sh_type == TN_SHT_NOBITS || !h->sh_size)
            continue;
        if (!tn_add(h->sh_offset, h->sh_size, &last) || last > r->bytes.size)
            return tn_fail(err, TENON_E_TRUNCATED,
                           "section %zu: %" PRIu64 " bytes needed at 0x%" PRIx64, i, h->sh_size,
                           h->sh_offset);
        end = last > end ? last : end;
    }
    *size = end < r->bytes.size ? (size_t)end : r->bytes.size;
    return true;
}

/* ---- what is written anew ---------------------------------------------------------------------
 */

static void patch_place(const struct rewrite *r, struct tn_bytes *out, size_t row, size_t offset,
                        size_t size)
{
    unsigned word = r->object->elf.header.word;
    tn_patch_word(out, row + r->layout->sh_offset, word, offset);
    tn_patch_word(out, row + r->layout->sh_size, word, size);
}

static void patch_note_row(const struct rewrite *r, struct tn_bytes *out, size_t row, size_t offset)
{
    unsigned word = r->object->elf.header.word;
    tn_patch32(out, row + SH_NAME, r->name_at);
    tn_patch32(out, row + SH_TYPE, TN_SHT_NOTE);
    tn_patch_word(out, row + r->layout->sh_flags, word, TN_SHF_ALLOC);
    tn_patch_word(out, row + r->layout->sh_addralign, word, 4);
    patch_place(r, out, row, offset, r->notes.size);
}

/* rule  a count from SHN_LORESERVE on stands in sh_size of section 0 */
static void patch_count(const struct rewrite *r, struct tn_bytes *out, size_t table, size_t count)
{
    bool fits = count < TN_SHN_LORESERVE;
    tn_patch16(out, r->layout->e_shnum, fits ? (uint16_t)count : 0);
    if (!fits)
        tn_patch_word(out, table + r->layout->sh_size, r->object->elf.header.word, count);
}

static void put_table(const struct rewrite *r, struct tn_bytes *out, size_t note_at,
                      size_t names_at, size_t names_size)
{
    const struct tn_elf_object *o = r->object;
    size_t table = out->used, stride = o->table.stride;
    bool added = r->note == o->section_count;
    tn_put_view(out, o->table.rows);
    if (added) {
        size_t row = out->used;
        tn_put_view(out, (struct tn_view){ o->table.rows.at, stride, 0 });
        if (!out->lost)
            memset(out->at + row, 0, stride);
    }
    patch_place(r, out, table + r->names * stride, names_at, names_size);
    patch_note_row(r, out, table + r->note * stride, note_at);
    tn_patch_word(out, r->layout->e_shoff, o->elf.header.word, table);
    patch_count(r, out, table, o->section_count + added);
}

static bool rewrite(struct rewrite *r, struct tn_arena *arena, struct tn_view *out,
                    tenon_error *err)
{
    const struct tn_elf_object *o = r->object;
    struct tn_view names, rest;
    struct tn_bytes bytes;
    size_t kept = 0, word = o->elf.header.word;
    if (!measure_rest(r, &kept, err) || !tn_elf_object_bytes(o, r->names, &names, err))
        return false;
    if (names.size > UINT32_MAX || !tn_view_sub(r->bytes, 0, kept, &rest))
        return tn_fail(err, TENON_E_LIMIT, "section names: %zu bytes", names.size);
    bool has_name = r->note < o->section_count;
    r->name_at = has_name ? o->sections[r->note].header.sh_name : (uint32_t)names.size;
    size_t name_size = has_name ? 0 : sizeof TN_RECORD_SECTION;
    size_t room = kept + 4 + r->notes.size + names.size + name_size + word + o->table.rows.size +
                  o->table.stride;
    if (!tn_bytes(arena, room, o->elf.header.endian, &bytes))
        return tn_no_memory(err);
    tn_put_view(&bytes, rest);
    tn_put_align(&bytes, 4);
    size_t note_at = bytes.used;
    tn_put_view(&bytes, r->notes);
    size_t names_at = bytes.used;
    tn_put_view(&bytes, names);
    tn_put(&bytes, TN_RECORD_SECTION, name_size);
    size_t names_size = bytes.used - names_at;
    tn_put_align(&bytes, word);
    put_table(r, &bytes, note_at, names_at, names_size);
    if (bytes.lost)
        return tn_fail(err, TENON_E_MALFORMED, "section headers make no sense");
    *out = tn_bytes_view(&bytes);
    return true;
}

/* ---- what is refused --------------------------------------------------------------------------
 */

static bool refuse_lto(tenon_error *err)
{
    return tn_fail(err, TENON_E_UNSUPPORTED,
                   "intermediate code (LTO), from which linkers drop what is added afterwards: "
                   "compile it with \"tenon cc\", or without -flto");
}

bool tn_add_note(struct tn_arena *arena, struct tn_view object, struct tn_view notes,
                 struct tn_view *out, tenon_error *err)
{
    struct tn_file file;
    struct tn_elf_object o;
    if (tn_native_is_bitcode(object))
        return refuse_lto(err);
    tn_file_from_bytes(&file, "object", object.at, object.size);
    file.arena = arena;
    if (!tn_elf_read_object(&file, &o, err))
        return false;
    if (tn_native_has_intermediate_code(&o))
        return refuse_lto(err);
    struct rewrite r = { .object = &o,
                         .bytes = object,
                         .notes = notes,
                         .layout = o.elf.header.word == 8 ? &layout_64 : &layout_32,
                         .names = o.section_count ? find_names(&o) : 0,
                         .note = find_section(&o, TN_RECORD_SECTION) };
    if (!r.names || r.names >= o.section_count ||
        o.sections[r.names].header.sh_type != TN_SHT_STRTAB)
        return tn_fail(err, TENON_E_MALFORMED, "no section has the section names");
    if (o.has_bad_names) /* what is appended to the table would give them names */
        return tn_fail(err, TENON_E_MALFORMED,
                       "names of sections or symbols are outside their tables");
    return rewrite(&r, arena, out, err);
}
