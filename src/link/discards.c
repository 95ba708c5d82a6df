/*
 * src/link/discards.c - input sections that a linker says it left out
 *
 *     Discarded input sections
 *
 *      .text          0x0000000000000000        0x0 main.o
 *      .text.counter_next
 *                     0x0000000000000000       0x10 libcounter.a(counter.o)
 *
 *     Memory Configuration
 *
 * rule: GNU ld ldlang.c, print_input_section(); gold mapfile.cc, print_discarded_sections(); lld
 * ELF/MarkLive.cpp, markLive(): "removing unused section FILE:(SECTION)"
 */
#include "discards.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "record.h"

bool tn_discards_init(struct tn_discards *discards)
{
    *discards = (struct tn_discards){ 0 };
    bool files = tn_names_init(&discards->files);
    return tn_names_init(&discards->sections) && files;
}

void tn_discards_free(struct tn_discards *discards)
{
    tn_names_free(&discards->files);
    tn_names_free(&discards->sections);
    free(discards->counts);
    *discards = (struct tn_discards){ 0 };
}

static bool count(struct tn_discards *discards, const char *key, size_t size)
{
    size_t before = discards->sections.count;
    uint32_t number = tn_names_add(&discards->sections, key, size);

    if (number == TN_NO_NAME || (number >= before && !tn_grow(&discards->counts, &discards->room,
                                                              number, sizeof *discards->counts)))
        return false;
    discards->counts[number] = number >= before ? 1 : discards->counts[number] + 1;
    return true;
}

static bool add(struct tn_discards *discards, struct tn_view file, struct tn_view section)
{
    struct tn_arena scratch = { 0 };
    if (memchr(file.at, 0, file.size) || memchr(section.at, 0, section.size))
        return true; /* no name has one */
    const char *key =
        tn_arena_format(&scratch, "%.*s:(%.*s)", (int)file.size, (const char *)file.at,
                        (int)section.size, (const char *)section.at);
    bool good = key && count(discards, key, strlen(key)) &&
                tn_names_add(&discards->files, (const char *)file.at, file.size) != TN_NO_NAME;

    tn_arena_free(&scratch);
    return good;
}

/* ---- maps by GNU ld and gold ------------------------------------------------------------------
 */

static bool is_number(struct tn_view line, size_t from, size_t to)
{
    return to - from > 2 && line.at[from] == '0' && line.at[from + 1] == 'x';
}

/* "ADDRESS SIZE FILE" from `i` on. */
static bool file_of(struct tn_view line, size_t i, struct tn_view *file)
{
    for (int column = 0; column < 2; column++) {
        size_t from = tn_line_skip_spaces(line, i);
        i = tn_line_skip_word(line, from);
        if (!is_number(line, from, i))
            return false;
    }
    return i + 1 < line.size && tn_view_sub(line, i + 1, line.size - i - 1, file);
}

static bool is_line(struct tn_view line, const char *text)
{
    return line.size == strlen(text) && memcmp(line.at, text, line.size) == 0;
}

static bool read_rows(struct tn_discards *discards, struct tn_view map, size_t pos)
{
    struct tn_view line, file, section = { 0 };

    while (tn_report_line(map, &pos, &line)) {
        size_t end = 0;
        if (line.size > 0 && line.at[0] != ' ') /* the next part begins */
            return true;
        if (line.size > 1 && line.at[1] != ' ') {
            end = tn_line_skip_word(line, 1);
            (void)tn_view_sub(line, 1, end - 1, &section);
        }
        if (section.size == 0 || !file_of(line, end, &file))
            continue; /* a long name has the rest on the next line */
        if (!add(discards, file, section))
            return false;
        section.size = 0;
    }
    return true;
}

bool tn_discards_read_map(struct tn_discards *discards, struct tn_view map)
{
    struct tn_view line;
    size_t pos = 0;

    while (tn_report_line(map, &pos, &line))
        if (is_line(line, "Discarded input sections"))
            return read_rows(discards, map, pos);
    return true;
}

/* ---- lld --------------------------------------------------------------------------------------
 */

bool tn_discards_read_line(struct tn_discards *discards, struct tn_view line, bool *is_one)
{
    static const char mark[] = "removing unused section ";
    const size_t start = sizeof mark - 1;
    struct tn_view file, section;
    size_t at = line.size;

    *is_one = line.size > start && memcmp(line.at, mark, start) == 0;
    if (!*is_one || line.at[line.size - 1] != ')')
        return true;
    while (at > start && !(line.at[at - 1] == ':' && at < line.size && line.at[at] == '('))
        at--;
    if (at <= start + 1 || !tn_view_sub(line, start, at - 1 - start, &file) ||
        !tn_view_sub(line, at + 1, line.size - at - 2, &section))
        return true;
    return add(discards, file, section);
}

/* ---- what is left of an object ----------------------------------------------------------------
 */

/* rule: psABI of x86-64, SHT_X86_64_UNWIND; elsewhere it is known by its name alone */
static bool fills_memory(const struct tn_elf_object_section *section)
{
    return section->header.sh_flags & SHF_ALLOC && section->header.sh_size > 0 &&
           section->header.sh_type != SHT_NOTE && strcmp(section->name, ".eh_frame") != 0;
}

static size_t count_of_name(const struct tn_elf_object *object, const char *name)
{
    size_t found = 0;

    for (size_t i = 1; i < object->section_count; i++)
        found += fills_memory(&object->sections[i]) && strcmp(object->sections[i].name, name) == 0;
    return found;
}

static bool is_left_out(const struct tn_discards *discards, const char *file,
                        const struct tn_elf_object *object, const char *name, bool *lost)
{
    struct tn_arena scratch = { 0 };
    const char *key = tn_arena_format(&scratch, "%s:(%s)", file, name);
    uint32_t number = key ? tn_names_find(&discards->sections, key, strlen(key)) : TN_NO_NAME;
    /* a section of that name without contents may be among those that were left out */
    bool all = number != TN_NO_NAME;

    *lost |= !key;
    if (all) {
        size_t empty = 0;
        for (size_t i = 1; i < object->section_count; i++)
            empty +=
                !fills_memory(&object->sections[i]) && strcmp(object->sections[i].name, name) == 0;
        all = discards->counts[number] >= count_of_name(object, name) + empty;
    }
    tn_arena_free(&scratch);
    return all;
}

static bool stays_anyway(const struct tn_elf_object *object)
{
    for (size_t i = 1; i < object->symbol_count; i++)
        if (object->symbols[i].shndx == SHN_COMMON)
            return true;
    for (size_t i = 1; i < object->section_count; i++)
        if (strcmp(object->sections[i].name, TN_RECORD_SECTION) == 0)
            return true;
    return object->has_bad_names;
}

bool tn_discards_has_all(const struct tn_discards *discards, const char *file,
                         const struct tn_elf_object *object, bool *lost)
{
    size_t filling = 0;

    if (stays_anyway(object))
        return false;
    for (size_t i = 1; i < object->section_count; i++) {
        if (!fills_memory(&object->sections[i]))
            continue;
        filling++;
        if (!is_left_out(discards, file, object, object->sections[i].name, lost))
            return false;
    }
    return filling > 0;
}
