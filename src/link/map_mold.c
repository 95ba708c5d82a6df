/*
 * src/link/map_mold.c - the files in mold's map
 *
 *                    VMA       Size Align Out     In      Symbol
 *                 0x1699        316    16 .text
 *                 0x16b6         27     1         libx.a(a.o):(.text.a)
 *                 0x16b6          0     0                 a
 *
 * rule: mold mapfile.cc, print_map()
 */
#include <string.h>

#include "fail.h"
#include "report.h"

/* Spaces between the third column and an input section. */
#define INPUT_COLUMN 9u

/* What is in no memory: mold keeps it also of files of which it leaves out all else. */
static bool is_allocated(struct tn_view section)
{
    static const char *const others[] = { ".debug_", ".zdebug_", ".stab", ".comment" };

    for (size_t i = 0; i < TN_COUNT(others); i++)
        if (section.size >= strlen(others[i]) &&
            memcmp(section.at, others[i], strlen(others[i])) == 0)
            return false;
    return true;
}

/* The file in "FILE:(SECTION)" of a line about an input section that fills memory */
static bool input_of(struct tn_view line, struct tn_view *file)
{
    struct tn_view section;

    size_t i = 0;

    for (int column = 0; column < 3; column++)
        i = tn_line_skip_word(line, tn_line_skip_spaces(line, i));
    size_t start = tn_line_skip_spaces(line, i);
    if (start - i != INPUT_COLUMN || line.at[line.size - 1] != ')')
        return false;
    for (size_t at = line.size - 1; at > start + 1; at--)
        if (line.at[at] == '(' && line.at[at - 1] == ':')
            return tn_view_sub(line, at + 1, line.size - at - 2, &section) &&
                   is_allocated(section) && tn_view_sub(line, start, at - 1 - start, file);
    return false;
}

static bool is_same(struct tn_view a, struct tn_view b)
{
    return a.size == b.size && memcmp(a.at, b.at, a.size) == 0;
}

bool tn_map_mold_read(struct tn_arena *arena, struct tn_view text, struct tn_report *out,
                      tenon_error *err)
{
    struct tn_report report = { .from_mold = true };
    struct tn_view line, file, last = { text.at, 0, 0 };
    size_t pos = 0;

    while (tn_report_line(text, &pos, &line)) {
        if (!input_of(line, &file) || is_same(file, last) || memchr(file.at, 0, file.size))
            continue;
        last = file;
        const char *name = tn_arena_copy(arena, file.at, file.size);
        if (!name || !tn_report_add(&report, (struct tn_report_row){ .text = name })) {
            tn_report_free(&report);
            return tn_no_memory(err);
        }
    }
    *out = report;
    return true;
}
