/*
 * src/image/elf_notes.c - ELF: notes about identity, system and processor
 *
 * rule  gABI chapter 5 "Note Section"; Linux ABI supplement "GNU" 1, 3 and 5; the BSDs' and
 *       Android's type 1. Everything is aligned to 4, whatever p_align says (mold puts
 *       4-aligned notes behind an 8-aligned property note in one segment)
 */
#include "elf_private.h"
#include "limits.h"

enum { NT_GNU_ABI_TAG = 1, NT_GNU_BUILD_ID = 3, NT_GNU_PROPERTY = 5 };
#define PROPERTY_X86_ISA_1_NEEDED 0xc0008002u

/* Note segments that are looked at, and the longest build id taken. */
#define SEGMENTS 16u
#define BUILD_ID 256u

/* ---- walking ------------------------------------------------------------------------------- */

static uint64_t padded(uint32_t size)
{
    return ((uint64_t)size + 3) & ~UINT64_C(3);
}

bool tn_elf_note_next(struct tn_cursor *c, struct tn_elf_note *note)
{
    uint32_t desc_size;
    do
        note->owner_size = tn_u32(c, "namesz");
    while (!c->lost && note->owner_size == 0); /* padding between notes */
    desc_size = tn_u32(c, "descsz");
    note->type = tn_u32(c, "type");
    note->owner = (const char *)tn_take(c, padded(note->owner_size), "name");
    note->desc = tn_sub(c, desc_size, "desc");
    if (c->lost)
        return false;
    uint64_t rest = padded(desc_size) - desc_size;
    tn_skip(c, rest < c->in.size - c->pos ? rest : c->in.size - c->pos, "padding");
    return true;
}

bool tn_elf_note_is(const struct tn_elf_note *note, const char *owner, uint32_t type)
{
    return note->type == type && note->owner_size == strlen(owner) + 1 &&
           memcmp(note->owner, owner, note->owner_size) == 0;
}

/* ---- what they say ------------------------------------------------------------------------- */

static void read_property(struct tn_view desc, const struct tn_elf_header *header,
                          struct tn_elf_notes *notes)
{
    struct tn_cursor c = tn_cursor(desc, header->endian);
    while (c.in.size - c.pos >= 8) {
        uint32_t type = tn_u32(&c, "pr_type"), size = tn_u32(&c, "pr_datasz");
        struct tn_view data = tn_sub(&c, size, "pr_data");
        if (c.lost)
            return;
        if (type == PROPERTY_X86_ISA_1_NEEDED && size == 4)
            notes->isa_needed = tn_load32(data.at, header->endian);
        uint64_t rest = (header->word - size % header->word) % header->word;
        tn_skip(&c, rest, "padding");
        if (c.lost)
            return;
    }
}

static void read_abi_tag(struct tn_view desc, const struct tn_elf_header *header,
                         struct tn_elf_notes *notes)
{
    if (desc.size < 16 || notes->has_abi)
        return;
    for (size_t i = 0; i < 4; i++)
        notes->abi[i] = tn_load32(desc.at + 4 * i, header->endian);
    notes->has_abi = true;
    if (!notes->os)
        notes->os = tn_elf_abi_os_name(notes->abi[0]);
}

/* Systems that mark their files with a note of type 1. */
static const struct {
    const char *owner, *os;
} marks[] = {
    { "FreeBSD", "freebsd" }, { "NetBSD", "netbsd" },       { "OpenBSD", "openbsd" },
    { "Android", "android" }, { "DragonFly", "dragonfly" },
};

static void read_note(const struct tn_elf_note *note, const struct tn_elf_header *header,
                      struct tn_elf_notes *notes)
{
    if (tn_elf_note_is(note, "GNU", NT_GNU_BUILD_ID)) {
        if (!notes->build_id.size && note->desc.size <= BUILD_ID)
            notes->build_id = note->desc;
    } else if (tn_elf_note_is(note, "GNU", NT_GNU_ABI_TAG)) {
        read_abi_tag(note->desc, header, notes);
    } else if (tn_elf_note_is(note, "GNU", NT_GNU_PROPERTY)) {
        read_property(note->desc, header, notes);
    }
    for (size_t i = 0; i < TN_COUNT(marks) && !notes->os; i++)
        if (tn_elf_note_is(note, marks[i].owner, 1))
            notes->os = marks[i].os;
}

void tn_elf_gather_notes(struct tn_elf *elf, struct tn_view view)
{
    struct tn_cursor c = tn_cursor(view, elf->header.endian);
    struct tn_elf_note note;
    while (elf->notes.count < TN_LIMIT_NOTES && tn_elf_note_next(&c, &note)) {
        elf->notes.count++;
        read_note(&note, &elf->header, &elf->notes);
    }
}

void tn_elf_read_notes(struct tn_elf *elf)
{
    unsigned seen = 0;
    for (size_t i = 0; i < elf->segment_count && seen < SEGMENTS; i++) {
        const struct tn_elf_segment *s = &elf->segments[i];
        struct tn_view view;
        if (s->p_type != TN_PT_NOTE && s->p_type != TN_PT_GNU_PROPERTY)
            continue;
        seen++;
        uint64_t size = s->p_filesz < TN_ELF_PAGE ? s->p_filesz : TN_ELF_PAGE;
        if (tn_file_upto(elf->file, s->p_offset, size, "notes", &view, NULL))
            tn_elf_gather_notes(elf, view);
    }
}
