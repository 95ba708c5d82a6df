/*
 * src/link/map_gnu.c - the head of a map by GNU ld or gold: why each member is there
 *
 *     Archive member included to satisfy reference by file (symbol)
 *
 *     libx.a(a.o)                   main.o (a)
 *     a/very/long/name/libx.a(b.o)
 *                                   main.o (b)
 *     libx.a(c.o)                   (--whole-archive)
 *
 * gold names only the archive, without a member, when that holds LLVM's intermediate code; the
 * symbol tells then which it was. rule: GNU ld ldmain.c, add_archive_element(); gold mapfile.cc,
 * report_include_archive_member().
 */
#include "fail.h"
#include "report.h"

static const char heading[] = "Archive member included ";

static bool is_indented(struct tn_view line)
{
    return line.size > 0 && line.at[0] == ' ';
}

static bool is_heading(struct tn_view line)
{
    return line.size >= sizeof heading - 1 && memcmp(line.at, heading, sizeof heading - 1) == 0;
}

/* "file (symbol)" at the end of a line; the symbol, or NULL. A C++ name has no parenthesis here:
 * maps hold mangled names unless --demangle was asked for. */
static const char *symbol_of(struct tn_arena *arena, struct tn_view reason, bool *lost)
{
    size_t open = reason.size;

    if (reason.size < 3 || reason.at[reason.size - 1] != ')')
        return NULL;
    while (open > 0 && reason.at[open - 1] != '(')
        open--;
    if (open < 2 || reason.at[open - 2] != ' ' || reason.at[open] == '-')
        return NULL;
    const char *symbol = tn_arena_copy(arena, reason.at + open, reason.size - open - 1);
    *lost = !symbol;
    return symbol;
}

/* Where the padding after the member begins: two spaces, or the line's end. */
static size_t first_column(struct tn_view line)
{
    size_t i = 0;

    while (i + 1 < line.size && !(line.at[i] == ' ' && line.at[i + 1] == ' '))
        i++;
    if (i + 1 < line.size)
        return i;
    /* a name as wide as the column has one space behind it */
    for (i = 29; i < line.size; i++)
        if (line.at[i] == ' ' && line.at[i - 1] == ')')
            return i;
    return line.size;
}

static struct tn_view part(struct tn_view line, size_t from, size_t to)
{
    struct tn_view out = { line.at, 0, line.start };

    while (from < to && line.at[from] == ' ')
        from++;
    (void)tn_view_sub(line, from, to - from, &out);
    return out;
}

/* One entry; the reason may stand on the next line. */
static bool read_entry(struct tn_arena *arena, struct tn_view line, struct tn_view reason,
                       const struct tn_report_paths *paths, struct tn_report *out, bool *lost)
{
    struct tn_report_row row = { .kind = TN_REPORT_MEMBER };

    if (memchr(line.at, 0, line.size))
        return true;
    if (!tn_report_split(arena, line, paths, &row, lost)) {
        row.file = row.text = *lost ? NULL : tn_arena_copy(arena, line.at, line.size);
        if (!row.file)
            *lost = true;
        else if (paths->kind_of(paths->arg, row.file) == TN_PATH_FILE)
            row.kind = TN_REPORT_FILE; /* of a thin archive */
        else if (paths->kind_of(paths->arg, row.file) != TN_PATH_ARCHIVE)
            return true;
    }
    if (!*lost)
        row.symbol = symbol_of(arena, reason, lost);
    if (!*lost && !tn_report_add(out, row))
        *lost = true;
    return !*lost;
}

static bool read_entries(struct tn_arena *arena, struct tn_view text, size_t pos,
                         const struct tn_report_paths *paths, struct tn_report *out)
{
    struct tn_view line, next;
    bool lost = false, started = false;

    while (!lost && tn_report_line(text, &pos, &line)) {
        if (line.size == 0 && started)
            break;
        if (line.size == 0 || is_indented(line))
            continue;
        started = true;
        size_t column = first_column(line), after = pos;
        struct tn_view reason = part(line, column, line.size);
        if (reason.size == 0 && tn_report_line(text, &after, &next) && is_indented(next)) {
            reason = part(next, 0, next.size);
            pos = after;
        }
        (void)read_entry(arena, part(line, 0, column), reason, paths, out, &lost);
    }
    return !lost;
}

bool tn_map_gnu_read(struct tn_arena *arena, struct tn_view text,
                     const struct tn_report_paths *paths, struct tn_report *out, tenon_error *err)
{
    struct tn_report report = { 0 };
    struct tn_view line;
    size_t pos = 0;
    bool found = false;

    while (!found && tn_report_line(text, &pos, &line))
        found = is_heading(line);
    if (found && !read_entries(arena, text, pos, paths, &report)) {
        tn_report_free(&report);
        return tn_no_memory(err);
    }
    *out = report;
    return true;
}
