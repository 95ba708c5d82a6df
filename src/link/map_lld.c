/*
 * src/link/map_lld.c - why lld took each member
 *
 *     reference<tab>extracted<tab>symbol
 *     main.o<tab>libx.a(a.o)<tab>a
 *
 * rule: lld ELF/MapFile.cpp, writeWhyExtract()
 */
#include "fail.h"
#include "report.h"

static bool split_line(struct tn_view line, struct tn_view *member, struct tn_view *symbol)
{
    const uint8_t *first = memchr(line.at, '\t', line.size);
    const uint8_t *last = memrchr(line.at, '\t', line.size);

    if (!first || first == last || memchr(line.at, 0, line.size))
        return false;
    size_t from = (size_t)(first - line.at) + 1, to = (size_t)(last - line.at);
    return tn_view_sub(line, from, to - from, member) &&
           tn_view_sub(line, to + 1, line.size - to - 1, symbol);
}

bool tn_map_lld_read(struct tn_arena *arena, struct tn_view text,
                     const struct tn_report_paths *paths, struct tn_report *out, tenon_error *err)
{
    struct tn_report report = { 0 };
    struct tn_view line, member, symbol;
    size_t pos = 0;
    bool lost = false;

    while (!lost && tn_report_line(text, &pos, &line)) {
        struct tn_report_row row;
        if (!split_line(line, &member, &symbol) ||
            !tn_report_split(arena, member, paths, &row, &lost))
            continue;
        row.symbol = tn_arena_copy(arena, symbol.at, symbol.size);
        lost = !row.symbol || !tn_report_add(&report, row);
    }
    if (lost) {
        tn_report_free(&report);
        return tn_no_memory(err);
    }
    *out = report;
    return true;
}
