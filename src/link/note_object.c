/*
 * src/link/note_object.c - writes that object
 *
 * rule: gABI "Object Files"; Linux Extensions to gABI, ".note.gnu.property"; x86-64 psABI and
 * AArch64 ELF ABI for the bits of FEATURE_1_AND
 */
#include "note_object.h"

#include <elf.h>

#include "fail.h"
#include "record.h"

enum { SECTION_NULL, SECTION_NOTES, SECTION_STACK, SECTION_PROPERTY, SECTION_NAMES, SECTIONS };

static const char names[] = "\0" TN_RECORD_SECTION "\0.note.GNU-stack\0.note.gnu.property\0"
                            ".shstrtab";

/* Offsets into names[]. */
enum {
    NAME_NOTES = 1,
    NAME_STACK = NAME_NOTES + sizeof TN_RECORD_SECTION,
    NAME_PROPERTY = NAME_STACK + sizeof ".note.GNU-stack",
    NAME_NAMES = NAME_PROPERTY + sizeof ".note.gnu.property",
};

struct section {
    uint32_t name, type;
    uint64_t flags, offset, size, align;
};

struct out {
    uint8_t *at;
    size_t used;
    enum tn_endian endian;
    unsigned word;
};

static void put(struct out *out, const void *bytes, size_t size)
{
    memcpy(out->at + out->used, bytes, size);
    out->used += size;
}

/* The low `size` bytes of a number, in the object's byte order. */
static void put_number(struct out *out, uint64_t value, unsigned size)
{
    for (unsigned i = 0; i < size; i++) {
        unsigned shift = 8 * (out->endian == TN_LITTLE ? i : size - 1 - i);
        out->at[out->used++] = (uint8_t)(value >> shift);
    }
}

static size_t aligned(size_t size, size_t align)
{
    return (size + align - 1) & ~(align - 1);
}

/* The bits that all objects must have; 0: this machine has none. */
static uint32_t property_type(uint16_t machine)
{
    if (machine == EM_X86_64 || machine == EM_386)
        return 0xc0000002u; /* GNU_PROPERTY_X86_FEATURE_1_AND: IBT 1, SHSTK 2 */
    if (machine == EM_AARCH64)
        return 0xc0000000u; /* GNU_PROPERTY_AARCH64_FEATURE_1_AND: BTI 1, PAC 2 */
    return 0;
}

static size_t property_size(const struct tn_elf_header *like)
{
    return property_type(like->e_machine) ? 16 + aligned(12, like->word) : 0;
}

static void put_property(struct out *out, uint16_t machine)
{
    size_t size = aligned(12, out->word);

    put_number(out, 4, 4);
    put_number(out, size, 4);
    put_number(out, 5, 4); /* NT_GNU_PROPERTY_TYPE_0 */
    put(out, "GNU", 4);
    put_number(out, property_type(machine), 4);
    put_number(out, 4, 4);
    put_number(out, 3, 4);
    put_number(out, 0, (unsigned)(size - 12));
}

static void put_header(struct out *out, const struct tn_elf_header *like, size_t sections)
{
    const uint8_t ident[EI_NIDENT] = { 0x7f,
                                       'E',
                                       'L',
                                       'F',
                                       like->word == 8 ? ELFCLASS64 : ELFCLASS32,
                                       like->endian == TN_LITTLE ? ELFDATA2LSB : ELFDATA2MSB,
                                       EV_CURRENT,
                                       like->e_ident[EI_OSABI] == ELFOSABI_GNU
                                           ? ELFOSABI_NONE
                                           : like->e_ident[EI_OSABI],
                                       0 };

    put(out, ident, sizeof ident);
    put_number(out, ET_REL, 2);
    put_number(out, like->e_machine, 2);
    put_number(out, EV_CURRENT, 4);
    put_number(out, 0, out->word); /* e_entry */
    put_number(out, 0, out->word); /* e_phoff */
    put_number(out, sections, out->word);
    put_number(out, like->e_flags, 4);
    put_number(out, out->word == 8 ? sizeof(Elf64_Ehdr) : sizeof(Elf32_Ehdr), 2);
    put_number(out, 0, 4); /* e_phentsize, e_phnum */
    put_number(out, out->word == 8 ? sizeof(Elf64_Shdr) : sizeof(Elf32_Shdr), 2);
    put_number(out, SECTIONS, 2);
    put_number(out, SECTION_NAMES, 2);
}

static void put_section(struct out *out, const struct section *section)
{
    put_number(out, section->name, 4);
    put_number(out, section->type, 4);
    put_number(out, section->flags, out->word);
    put_number(out, 0, out->word); /* sh_addr */
    put_number(out, section->offset, out->word);
    put_number(out, section->size, out->word);
    put_number(out, 0, 8); /* sh_link, sh_info */
    put_number(out, section->align, out->word);
    put_number(out, 0, out->word); /* sh_entsize */
}

/* A machine without such properties has an empty section more of notes: linkers drop it. */
static void lay_out(const struct tn_elf_header *like, size_t note_size,
                    struct section sections[SECTIONS])
{
    size_t at = like->word == 8 ? sizeof(Elf64_Ehdr) : sizeof(Elf32_Ehdr);

    at = aligned(at, 8);
    sections[SECTION_NULL] = (struct section){ 0 };
    sections[SECTION_NOTES] = (struct section){ NAME_NOTES, SHT_NOTE, SHF_ALLOC, at, note_size, 4 };
    at = aligned(at + note_size, 8);
    sections[SECTION_STACK] = (struct section){ NAME_STACK, SHT_PROGBITS, 0, at, 0, 1 };
    sections[SECTION_PROPERTY] =
        (struct section){ NAME_PROPERTY, SHT_NOTE, SHF_ALLOC, at, property_size(like), like->word };
    if (!property_type(like->e_machine))
        sections[SECTION_PROPERTY] = sections[SECTION_STACK];
    at += property_size(like);
    sections[SECTION_NAMES] = (struct section){ NAME_NAMES, SHT_STRTAB, 0, at, sizeof names, 1 };
}

bool tn_note_object(struct tn_arena *arena, const struct tn_elf_header *like, struct tn_view notes,
                    struct tn_view *result, tenon_error *err)
{
    struct out out = { .endian = like->endian, .word = like->word };
    struct section sections[SECTIONS];
    size_t header = like->word == 8 ? sizeof(Elf64_Shdr) : sizeof(Elf32_Shdr);

    lay_out(like, notes.size, sections);
    size_t table = aligned((size_t)sections[SECTION_NAMES].offset + sizeof names, 8);
    out.at = tn_arena_take(arena, table + SECTIONS * header);
    if (!out.at)
        return tn_no_memory(err);
    put_header(&out, like, table);
    out.used = (size_t)sections[SECTION_NOTES].offset;
    put(&out, notes.at, notes.size);
    out.used = (size_t)sections[SECTION_PROPERTY].offset;
    if (property_type(like->e_machine))
        put_property(&out, like->e_machine);
    put(&out, names, sizeof names);
    out.used = table;
    for (size_t i = 0; i < SECTIONS; i++)
        put_section(&out, &sections[i]);
    *result = tn_view(out.at, out.used);
    return true;
}
