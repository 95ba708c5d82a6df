/*
 * src/image/elf_sections.c - ELF: the section header table, for what has no other witness
 *
 * rule  gABI chapter 4 "Sections". No loader reads sections, so nothing here can make a file
 *       that loads a bad one
 */
#include <inttypes.h>

#include "elf_private.h"
#include "fail.h"
#include "limits.h"

#define SHDR_SIZE(word) ((word) == 8 ? 64u : 40u)
#define SHN_XINDEX 0xffffu

/* Note sections of one file that are looked at, and the bytes of each. */
#define NOTE_SECTIONS 64u
#define NOTE_BYTES (64u << 10)

/* Sections of a file of debugging information named so have lost their bytes. */
static const char *const loaded_names[] = { ".text", ".dynamic" };

/* ---- the table ----------------------------------------------------------------------------- */

static struct tn_elf_section read_row(const struct tn_elf *elf, struct tn_view row)
{
    unsigned word = elf->header.word;
    struct tn_cursor c = tn_cursor(row, elf->header.endian);
    struct tn_elf_section s = { 0 };
    s.sh_name = tn_u32(&c, "sh_name");
    s.sh_type = tn_u32(&c, "sh_type");
    s.sh_flags = tn_word(&c, word, "sh_flags");
    s.sh_addr = tn_word(&c, word, "sh_addr");
    s.sh_offset = tn_word(&c, word, "sh_offset");
    s.sh_size = tn_word(&c, word, "sh_size");
    s.sh_link = tn_u32(&c, "sh_link");
    s.sh_info = tn_u32(&c, "sh_info");
    s.sh_addralign = tn_word(&c, word, "sh_addralign");
    s.sh_entsize = tn_word(&c, word, "sh_entsize");
    return s;
}

struct tn_elf_section tn_elf_section(const struct tn_elf_sections *sections, size_t i)
{
    struct tn_view row = { 0 };
    (void)tn_view_sub(sections->rows, (uint64_t)i * sections->stride, sections->stride, &row);
    return read_row(sections->elf, row);
}

/* Counts that do not fit their header field stand in section 0. */
static bool find_counts(struct tn_elf *elf, uint64_t *count, uint32_t *names, tenon_error *err)
{
    const struct tn_elf_header *h = &elf->header;
    struct tn_view row;
    *count = h->e_shnum;
    *names = h->e_shstrndx;
    if (*count && *names != SHN_XINDEX)
        return true;
    if (!tn_file_view(elf->file, h->e_shoff, SHDR_SIZE(h->word), "section header 0", &row, err))
        return false;
    struct tn_elf_section first = read_row(elf, row);
    *count = *count ? *count : first.sh_size;
    *names = *names == SHN_XINDEX ? first.sh_link : *names;
    if (*count > TN_LIMIT_SECTIONS)
        return tn_fail(err, TENON_E_LIMIT, "section headers: %" PRIu64 " of them", *count);
    return true;
}

/* The bytes of a section in the file, as a window; empty for SHT_NOBITS. */
static struct tn_elf_window window_of(const struct tn_elf *elf, const struct tn_elf_section *s,
                                      const char *what)
{
    uint64_t size = s->sh_type == TN_SHT_NOBITS ? 0 : tn_elf_clamp(elf, s->sh_offset, s->sh_size);
    return (struct tn_elf_window){
        .file = elf->file, .what = what, .start = s->sh_offset, .end = s->sh_offset + size
    };
}

bool tn_elf_read_sections(struct tn_elf *elf, struct tn_elf_sections *out, tenon_error *err)
{
    const struct tn_elf_header *h = &elf->header;
    uint64_t count;
    uint32_t names;
    *out = (struct tn_elf_sections){ .elf = elf, .stride = h->e_shentsize };
    if (!h->e_shoff)
        return true;
    if (h->e_shentsize < SHDR_SIZE(h->word))
        return tn_fail(err, TENON_E_MALFORMED, "section headers: e_shentsize is %u, not %u",
                       h->e_shentsize, SHDR_SIZE(h->word));
    if (!find_counts(elf, &count, &names, err) ||
        !tn_file_view(elf->file, h->e_shoff, count * h->e_shentsize, "section headers", &out->rows,
                      err))
        return false;
    out->count = (size_t)count;
    if (names < count) {
        struct tn_elf_section section = tn_elf_section(out, names);
        out->names = window_of(elf, &section, "section names");
    }
    return true;
}

bool tn_elf_section_is(struct tn_elf_sections *sections, const struct tn_elf_section *section,
                       const char *name)
{
    struct tn_elf_window *names = &sections->names;
    size_t size = strlen(name) + 1;
    uint64_t at = names->start + section->sh_name;
    return at >= names->start && tn_elf_cover(names, at, size, NULL) &&
           memcmp(tn_elf_at(names, at), name, size) == 0;
}

static bool name_begins(struct tn_elf_sections *sections, const struct tn_elf_section *section,
                        const char *prefix)
{
    struct tn_elf_window *names = &sections->names;
    size_t size = strlen(prefix);
    uint64_t at = names->start + section->sh_name;
    return at >= names->start && tn_elf_cover(names, at, size, NULL) &&
           memcmp(tn_elf_at(names, at), prefix, size) == 0;
}

/* ---- kind ---------------------------------------------------------------------------------- */

static bool has_module_section(struct tn_elf_sections *sections)
{
    for (size_t i = 1; i < sections->count; i++) {
        struct tn_elf_section s = tn_elf_section(sections, i);
        if (tn_elf_section_is(sections, &s, ".modinfo") ||
            tn_elf_section_is(sections, &s, ".gnu.linkonce.this_module"))
            return true;
    }
    return false;
}

static bool is_loaded_name(struct tn_elf_sections *sections, const struct tn_elf_section *s)
{
    for (size_t i = 0; i < TN_COUNT(loaded_names); i++)
        if (tn_elf_section_is(sections, s, loaded_names[i]))
            return true;
    return false;
}

/* Code or dynamic section without bytes, or most loaded sections so, and debugging data with. */
static bool is_debug_only(struct tn_elf_sections *sections)
{
    size_t loaded = 0, empty = 0;
    bool debug = false, lost = false;
    for (size_t i = 1; i < sections->count; i++) {
        struct tn_elf_section s = tn_elf_section(sections, i);
        bool bytes = s.sh_type != TN_SHT_NOBITS && s.sh_size;
        if ((s.sh_flags & TN_SHF_ALLOC) && s.sh_type != TN_SHT_NOTE) {
            loaded++;
            empty += s.sh_type == TN_SHT_NOBITS;
            lost = lost || (s.sh_type == TN_SHT_NOBITS && is_loaded_name(sections, &s));
        } else if (bytes && (s.sh_type == TN_SHT_SYMTAB || name_begins(sections, &s, ".debug_") ||
                             name_begins(sections, &s, ".zdebug_"))) {
            debug = true;
        }
    }
    return debug && (lost || empty * 2 > loaded);
}

enum tenon_kind tn_elf_section_kind(struct tn_elf_sections *sections)
{
    if (sections->elf->header.e_type == TN_ET_REL)
        return has_module_section(sections) ? TENON_KIND_KERNEL_MODULE : TENON_KIND_UNKNOWN;
    return is_debug_only(sections) ? TENON_KIND_DEBUG : TENON_KIND_UNKNOWN;
}

/* ---- notes and links ----------------------------------------------------------------------- */

void tn_elf_read_section_notes(struct tn_elf_sections *sections)
{
    unsigned seen = 0;
    for (size_t i = 1; i < sections->count && seen < NOTE_SECTIONS; i++) {
        struct tn_elf_section s = tn_elf_section(sections, i);
        struct tn_view view;
        if (s.sh_type != TN_SHT_NOTE)
            continue;
        seen++;
        uint64_t size = s.sh_size < NOTE_BYTES ? s.sh_size : NOTE_BYTES;
        if (tn_file_upto(sections->elf->file, s.sh_offset, size, "notes", &view, NULL))
            tn_elf_gather_notes(sections->elf, view);
    }
}

/* .gnu_debuglink and .gnu_debugaltlink begin with a file name. */
static bool read_link(struct tn_elf_sections *sections, const struct tn_elf_section *s,
                      const char *section, const char *fact, tenon_error *err)
{
    struct tn_elf *elf = sections->elf;
    size_t length;
    if (!tn_elf_section_is(sections, s, section))
        return true;
    struct tn_elf_window window = window_of(elf, s, section);
    const char *name = tn_elf_window_string(&window, 0, TN_LIMIT_PATH, &length, err);
    return name && tn_image_add_fact(elf->image, fact, name, err);
}

static bool read_links(struct tn_elf_sections *sections, tenon_error *err)
{
    for (size_t i = 1; i < sections->count; i++) {
        struct tn_elf_section s = tn_elf_section(sections, i);
        if (s.sh_type == TN_SHT_PROGBITS &&
            (!read_link(sections, &s, ".gnu_debuglink", "debuglink", err) ||
             !read_link(sections, &s, ".gnu_debugaltlink", "debugaltlink", err)))
            return false;
    }
    return true;
}

/*
 * Objects have no program headers: what is found in notes of others is in their sections. Of a
 * linked file only the build id is taken so, where linkers left it out of PT_NOTE (Go's does).
 */
static bool read_notes_again(struct tn_elf_sections *sections, tenon_error *err)
{
    struct tn_elf *elf = sections->elf;
    struct tn_facts *facts = &elf->image->facts;
    if (facts->build_id)
        return true;
    tn_elf_read_section_notes(sections);
    if (elf->header.e_type == TN_ET_REL) {
        facts->elf.isa_needed = elf->notes.isa_needed;
        facts->os = facts->os ? facts->os : elf->notes.os;
    }
    if (!elf->notes.build_id.size)
        return true;
    facts->build_id = tn_image_hex(elf->file->arena, elf->notes.build_id);
    return facts->build_id || tn_no_memory(err);
}

bool tn_elf_read_section_part(struct tn_elf *elf, tenon_error *err)
{
    struct tn_elf_sections sections;
    struct tn_arena *arena = elf->file->arena;
    if (!tn_elf_read_sections(elf, &sections, err))
        return false;
    const char *count = tn_arena_format(arena, "%zu", sections.count);
    if (!count)
        return tn_no_memory(err);
    return tn_image_add_fact(elf->image, "section_count", count, err) &&
           read_notes_again(&sections, err) && read_links(&sections, err);
}
