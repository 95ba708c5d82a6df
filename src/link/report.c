/* src/link/report.c - rows and lines, for all readers of reports */
#include "report.h"

#include <stdlib.h>

void tn_report_free(struct tn_report *report)
{
    free(report->rows);
    free(report->other);
    *report = (struct tn_report){ 0 };
}

bool tn_report_line(struct tn_view text, size_t *pos, struct tn_view *line)
{
    if (*pos >= text.size)
        return false;
    size_t left = text.size - *pos;
    const uint8_t *start = text.at + *pos, *end = memchr(start, '\n', left);
    size_t size = end ? (size_t)(end - start) : left;

    *line = (struct tn_view){ start, size, text.start + *pos };
    *pos += size + (end ? 1 : 0);
    return true;
}

bool tn_report_add(struct tn_report *report, struct tn_report_row row)
{
    if (!tn_grow(&report->rows, &report->room, report->count, sizeof *report->rows))
        return false;
    report->rows[report->count++] = row;
    return true;
}

/* The archive of a line up to `open`; NULL: it is none, or no memory (*lost). */
static const char *archive_at(struct tn_arena *arena, struct tn_view line, size_t open,
                              const struct tn_report_paths *paths, bool *lost)
{
    const char *path = tn_arena_copy(arena, line.at, open);

    if (!path)
        *lost = true;
    return path && paths->kind_of(paths->arg, path) == TN_PATH_ARCHIVE ? path : NULL;
}

/* The last parenthesis first: a member's name seldom has one. A line has few of them to try. */
bool tn_report_split(struct tn_arena *arena, struct tn_view line,
                     const struct tn_report_paths *paths, struct tn_report_row *row, bool *lost)
{
    enum { TRIES = 8 };
    size_t tries = 0;

    if (line.size < 4 || line.at[line.size - 1] != ')')
        return false;
    for (size_t i = line.size - 2; i > 0 && tries < TRIES && !*lost; i--) {
        if (line.at[i] != '(')
            continue;
        const char *archive = archive_at(arena, line, i, paths, lost);
        tries++;
        if (!archive)
            continue;
        *row = (struct tn_report_row){
            .kind = TN_REPORT_MEMBER,
            .file = archive,
            .member = tn_arena_copy(arena, line.at + i + 1, line.size - i - 2),
            .text = tn_arena_copy(arena, line.at, line.size),
        };
        *lost = !row->member || !row->text;
        return !*lost;
    }
    return false;
}
