/*
 * src/link/trace.c - what "--trace --trace" prints
 *
 * rule: GNU ld ldmain.c/ldfile.c (%I: "(ARCHIVE)MEMBER", older ones "-lNAME (ARCHIVE)"; a member
 * of a thin archive is its own file); gold and lld "ARCHIVE(MEMBER)"; mold the same after "trace:
 * ", of every member it opened. Shown by binutils 2.40, lld 14 and mold 1.10.
 */
#include "fail.h"
#include "report.h"

static const char mold_mark[] = "trace: ";

static bool has_prefix(struct tn_view line, const char *prefix)
{
    size_t size = strlen(prefix);

    return line.size >= size && memcmp(line.at, prefix, size) == 0;
}

static bool has_suffix(struct tn_view line, const char *suffix)
{
    size_t size = strlen(suffix);

    return line.size >= size && memcmp(line.at + (line.size - size), suffix, size) == 0;
}

/* "(ARCHIVE)MEMBER": the first closing parenthesis before which an archive stands */
static bool split_gnu(struct tn_arena *arena, struct tn_view line,
                      const struct tn_report_paths *paths, struct tn_report_row *row, bool *lost)
{
    enum { TRIES = 8 };
    size_t tries = 0;

    if (line.size < 4 || line.at[0] != '(')
        return false;
    for (size_t i = 2; i + 1 < line.size && tries < TRIES; i++) {
        if (line.at[i] != ')')
            continue;
        const char *archive = tn_arena_copy(arena, line.at + 1, i - 1);
        const char *member = tn_arena_copy(arena, line.at + i + 1, line.size - i - 1);
        tries++;
        *lost = !archive || !member;
        if (*lost)
            return false;
        if (paths->kind_of(paths->arg, archive) != TN_PATH_ARCHIVE)
            continue;
        *row =
            (struct tn_report_row){ .kind = TN_REPORT_MEMBER, .file = archive, .member = member };
        row->text = tn_arena_format(arena, "%s(%s)", archive, member);
        *lost = !row->text;
        return !*lost;
    }
    return false;
}

/* "-lNAME (PATH)" gives PATH */
static struct tn_view without_library_name(struct tn_view line)
{
    struct tn_view path = line;
    const uint8_t *open;

    if (has_prefix(line, "-l") && has_suffix(line, ")") &&
        (open = memchr(line.at, '(', line.size)) != NULL) {
        size_t start = (size_t)(open - line.at) + 1;
        (void)tn_view_sub(line, start, line.size - start - 1, &path);
    }
    return path;
}

/* What is no file (any more) may have been an object. A line that begins with a space is of a
 * linker script or table: GNU ld's own script, which --verbose shows, has one that ends in ".o". */
static bool is_object_path(struct tn_view line)
{
    return line.size && line.at[0] != ' ' && (has_suffix(line, ".o") || has_suffix(line, ".obj"));
}

static bool read_path(struct tn_arena *arena, struct tn_view line,
                      const struct tn_report_paths *paths, struct tn_report_row *row, bool *lost)
{
    line = without_library_name(line);
    if (line.size == 0)
        return false;
    const char *path = tn_arena_copy(arena, line.at, line.size);
    if (!path) {
        *lost = true;
        return false;
    }
    enum tn_path_kind kind = paths->kind_of(paths->arg, path);
    *row = (struct tn_report_row){ .kind = TN_REPORT_FILE, .file = path, .text = path };
    if (kind == TN_PATH_ARCHIVE)
        row->kind = TN_REPORT_ARCHIVE;
    else if (kind == TN_PATH_NOTHING)
        row->kind = TN_REPORT_GONE;
    return kind != TN_PATH_NOTHING || is_object_path(line);
}

static bool read_line(struct tn_arena *arena, struct tn_view line,
                      const struct tn_report_paths *paths, struct tn_report *out, tenon_error *err)
{
    struct tn_report_row row = { 0 };
    struct tn_view rest = line;
    bool lost = false, from_mold = has_prefix(line, mold_mark);

    if (from_mold)
        (void)tn_view_sub(line, sizeof mold_mark - 1, line.size - (sizeof mold_mark - 1), &rest);
    /* nothing in a report has a NUL: a path would end there */
    bool found = !memchr(rest.at, 0, rest.size) &&
                 (split_gnu(arena, rest, paths, &row, &lost) ||
                  (!lost && tn_report_split(arena, rest, paths, &row, &lost)) ||
                  (!lost && read_path(arena, rest, paths, &row, &lost)));
    if (lost)
        return tn_no_memory(err);
    if (found) {
        out->from_mold |= from_mold;
        return tn_report_add(out, row) || tn_no_memory(err);
    }
    if (!tn_grow(&out->other, &out->other_room, out->other_count, sizeof *out->other))
        return tn_no_memory(err);
    out->other[out->other_count++] = line;
    return true;
}

bool tn_trace_read(struct tn_arena *arena, struct tn_view text, const struct tn_report_paths *paths,
                   struct tn_report *out, tenon_error *err)
{
    struct tn_report report = { 0 };
    struct tn_view line;
    size_t pos = 0;

    while (tn_report_line(text, &pos, &line)) {
        /* mold's last line, when it broke off in it */
        if (has_prefix(line, mold_mark) && pos == text.size && text.at[pos - 1] != '\n')
            break;
        if (!read_line(arena, line, paths, &report, err)) {
            tn_report_free(&report);
            return false;
        }
    }
    *out = report;
    return true;
}
