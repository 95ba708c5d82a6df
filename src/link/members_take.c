/* src/link/members_take.c - from the rows of a linker's report to members */
#include "members_private.h"
#include "object.h"
#include "runtime.h"

#include "fail.h"

static bool is_named(const struct tn_members *members, const char *path)
{
    if (members->prepared.has_all)
        return tn_names_find(&members->prepared.paths, path, strlen(path)) != TN_NO_NAME;
    return tn_is_among(path, members->command->named.at, members->command->named.count);
}

/* How many rows of the report name this member of this archive by this name. */
static size_t count_rows(const struct tn_report *report, const struct tn_report_row *row)
{
    size_t count = 0;

    for (size_t i = 0; i < report->count; i++)
        count += report->rows[i].kind == TN_REPORT_MEMBER && report->rows[i].member &&
                 strcmp(report->rows[i].file, row->file) == 0 &&
                 strcmp(report->rows[i].member, row->member) == 0;
    return count;
}

/* The n-th member (from 0) that a name may mean. */
static size_t nth_member(struct tn_members *members, const struct tn_archive *archive,
                         const char *name, enum tn_name_match how, size_t n)
{
    size_t i = 0;

    for (; i < archive->count; i++)
        if (tn_archive_fits(&members->archives, archive, i, name, how) && n-- == 0)
            break;
    return i;
}

/* The n-th row (from 0) of a report that names a member so. */
static const struct tn_report_row *nth_row(const struct tn_report *report,
                                           const struct tn_report_row *row, size_t n)
{
    for (size_t i = 0; report && i < report->count; i++)
        if (report->rows[i].kind == TN_REPORT_MEMBER && report->rows[i].member &&
            strcmp(report->rows[i].file, row->file) == 0 &&
            strcmp(report->rows[i].member, row->member) == 0 && n-- == 0)
            return &report->rows[i];
    return NULL;
}

/* Some of several members of one name: the symbol for which each was taken tells which. */
static bool take_ambiguous(struct tn_members *members, struct tn_archive *archive, size_t first,
                           const struct tn_report_row *row, const char *label, tenon_error *err)
{
    const struct tn_report_row *why = nth_row(members->reasons, row, archive->claimed[first]++);
    size_t i = why && why->symbol ? tn_archive_definer(&members->archives, archive, why->symbol)
                                  : archive->count;

    if (i < archive->count)
        return tn_members_add_member(members, archive, i, err);
    members->ambiguous++;
    return tn_members_add_unsure(members, label, "several members have this name") ||
           tn_no_memory(err);
}

static bool take_member(struct tn_members *members, const struct tn_report *report,
                        const struct tn_report_row *row, tenon_error *err)
{
    tenon_error local = TENON_ERROR_INIT;
    struct tn_archive *archive = tn_archives_get(&members->archives, row->file, &local);
    enum tn_name_match how = TN_MATCH_NONE;
    size_t first = 0, fits = 0;
    const char *label = tn_arena_format(members->arena, "%s(%s)", tn_base_name(row->file),
                                        tn_base_name(row->member));

    if (!label)
        return tn_no_memory(err);
    if (archive)
        fits = tn_archive_find(&members->archives, archive, row->member, &how, &first);
    if (fits == 0)
        return (local.code != TENON_E_MEMORY &&
                tn_members_add_unsure(members, label,
                                      archive ? "no such member" : tenon_error_message(&local))) ||
               tn_no_memory(err);
    if (fits == 1)
        return archive->claimed[first]++ > 0 || tn_members_add_member(members, archive, first, err);
    if (report->from_mold || count_rows(report, row) != fits)
        return take_ambiguous(members, archive, first, row, label, err);
    size_t i = nth_member(members, archive, row->member, how, archive->claimed[first]++);
    return i == archive->count || tn_members_add_member(members, archive, i, err);
}

/* True when the archive at `from` is thin, and the file at `path` is a member of it. */
static bool is_thin_of(struct tn_members *members, const char *from, const char *path,
                       struct tn_archive **archive, size_t *index)
{
    enum tn_name_match how;
    struct tn_archive *one = tn_archives_get(&members->archives, from, NULL);

    if (!one || !one->thin || tn_archive_find(&members->archives, one, path, &how, index) == 0 ||
        how == TN_MATCH_BASE)
        return false;
    *archive = one;
    return true;
}

/* GNU ld names a member of a thin archive by its file alone. */
static bool thin_member(struct tn_members *members, const struct tn_report *report,
                        const char *path, struct tn_archive **archive, size_t *index)
{
    for (size_t i = 0; i < report->count; i++)
        if (report->rows[i].kind == TN_REPORT_ARCHIVE &&
            is_thin_of(members, report->rows[i].file, path, archive, index))
            return true;
    return false;
}

/* gold does not name archives at all. */
static bool thin_named_member(struct tn_members *members, const char *path,
                              struct tn_archive **archive, size_t *index)
{
    const struct tn_words *named = &members->command->named;

    for (size_t i = 0; i < named->count; i++)
        if (tn_archives_kind(&members->archives, named->at[i]) == TN_PATH_ARCHIVE &&
            is_thin_of(members, named->at[i], path, archive, index))
            return true;
    return false;
}

static bool is_symbols_only(const struct tn_members *members, const char *path)
{
    const struct tn_words *files = &members->command->symbols_only;

    for (size_t i = 0; i < files->count; i++)
        if (strcmp(files->at[i], path) == 0)
            return true;
    return false;
}

static bool take_file(struct tn_members *members, const struct tn_report *report,
                      const struct tn_report_row *row, tenon_error *err)
{
    struct tn_archive *archive;
    size_t i;

    if (tn_runtime_is_start_file(members->command, row->file))
        return true;
    if (is_named(members, row->file))
        return tn_members_add_file(members, row->file, row->file, err);
    if (is_symbols_only(members, row->file))
        return true;
    if (thin_member(members, report, row->file, &archive, &i))
        return archive->claimed[i]++ > 0 || tn_members_add_member(members, archive, i, err);
    return tn_members_add_file(members, row->file, row->file, err);
}

static bool take_row(struct tn_members *members, const struct tn_report *report,
                     const struct tn_report_row *row, tenon_error *err)
{
    if (row->kind == TN_REPORT_FILE)
        return take_file(members, report, row, err);
    if (row->kind == TN_REPORT_MEMBER && row->member)
        return take_member(members, report, row, err);
    members->gone += row->kind == TN_REPORT_GONE;
    return true;
}

/* ---- what mold and gold leave to their maps -------------------------------------------------- */

/* True for a row of which mold kept something, and for what is decided elsewhere. */
static bool is_kept(const struct tn_names *kept, const struct tn_report_row *row)
{
    return (row->kind != TN_REPORT_MEMBER && row->kind != TN_REPORT_FILE) ||
           tn_names_find(kept, row->text, strlen(row->text)) != TN_NO_NAME;
}

/* The file of a row, in an arena of its own; false: there is none. */
static bool open_row(struct tn_members *members, const struct tn_report_row *row,
                     struct tn_arena *arena, struct tn_file *file, tenon_error *err)
{
    enum tn_name_match how;
    size_t first;

    if (row->kind == TN_REPORT_FILE) {
        int failed = tn_file_open(members->world, row->file, arena, file);
        return !failed || tn_fail_system(err, failed, "cannot be opened");
    }
    if (row->kind != TN_REPORT_MEMBER)
        return false;
    struct tn_archive *archive = tn_archives_get(&members->archives, row->file, err);
    return archive && tn_archive_find(&members->archives, archive, row->member, &how, &first) > 0 &&
           tn_archive_open(&members->archives, archive, first, arena, file, err);
}

static bool is_intermediate(struct tn_members *members, const struct tn_report_row *row)
{
    struct tn_arena scratch = { 0 };
    tenon_error err = TENON_ERROR_INIT;
    struct tn_file file;
    bool is_lto = false;

    if (open_row(members, row, &scratch, &file, &err)) {
        is_lto = tn_object_is_lto(&file, &err);
        tn_file_close(&file);
    }
    members->archives.lost |= err.code == TENON_E_MEMORY;
    tn_arena_free(&scratch);
    return is_lto;
}

/*
 * For GCC's plugin mold 1 starts anew after the intermediate code was compiled, and then opens only
 * what it kept of that: the last start counts. It shows by the first file coming again. mold 2 does
 * not start anew.
 */
static size_t last_start(const struct tn_report *trace)
{
    size_t start = 0;

    for (size_t i = 1; i < trace->count; i++)
        if (trace->rows[i].kind == TN_REPORT_FILE &&
            strcmp(trace->rows[i].text, trace->rows[0].text) == 0)
            start = i;
    return start;
}

/* mold's trace without what its map does not have. Intermediate code stays: no map has that. */
static bool filter_mold(struct tn_members *members, const struct tn_report *trace,
                        const struct tn_report *map, struct tn_report *out)
{
    struct tn_names kept;
    bool good = tn_names_init(&kept);

    for (size_t i = 0; good && i < map->count; i++)
        good = tn_names_add(&kept, map->rows[i].text, strlen(map->rows[i].text)) != TN_NO_NAME;
    size_t start = last_start(trace);
    members->guesses = members->guesses_lazy = start == 0;
    for (size_t i = start; good && i < trace->count; i++)
        if (is_kept(&kept, &trace->rows[i]) || is_intermediate(members, &trace->rows[i]))
            good = tn_report_add(out, trace->rows[i]);
    tn_names_free(&kept);
    return good;
}

/* Of an object or member that two rows name alike nobody knows which of them a linker means. */
static size_t count_text(const struct tn_report *report, const char *text)
{
    size_t found = 0;

    for (size_t i = 0; i < report->count; i++)
        found += report->rows[i].text && strcmp(report->rows[i].text, text) == 0;
    return found;
}

/* True when --gc-sections left nothing of it. */
static bool is_left_out(struct tn_members *members, const struct tn_report *report,
                        const struct tn_report_row *row)
{
    struct tn_arena scratch = { 0 };
    tenon_error err = TENON_ERROR_INIT;
    struct tn_elf_object object;
    struct tn_file file;
    bool all = false;

    if (!members->discards || (row->kind != TN_REPORT_FILE && row->kind != TN_REPORT_MEMBER) ||
        !row->text || (row->kind == TN_REPORT_MEMBER && !row->member) ||
        tn_names_find(&members->discards->files, row->text, strlen(row->text)) == TN_NO_NAME ||
        count_text(report, row->text) != 1 || !open_row(members, row, &scratch, &file, &err))
        return false;
    if (tn_object_is_one(&file, &err) && !tn_object_is_lto(&file, &err) &&
        tn_elf_read_object(&file, &object, &err))
        all = tn_discards_has_all(members->discards, row->text, &object, &members->archives.lost);
    tn_file_close(&file);
    members->archives.lost |= err.code == TENON_E_MEMORY;
    tn_arena_free(&scratch);
    return all;
}

static bool take_rows(struct tn_members *members, const struct tn_report *report, tenon_error *err)
{
    struct tn_runtime runtime;

    if (!tn_runtime_find(&runtime, members->world, members->arena, members->command, report))
        return tn_no_memory(err);
    for (size_t i = 0; i < report->count; i++) {
        const struct tn_report_row *row = &report->rows[i];
        bool lost = false;
        if (row->kind == TN_REPORT_MEMBER &&
            tn_runtime_has(&runtime, members->world, members->arena, members->command, row->file,
                           &lost))
            continue;
        if (lost)
            return tn_no_memory(err);
        if (!is_left_out(members, report, row) && !take_row(members, report, row, err))
            return false;
    }
    return true;
}

/* ---- intermediate code under gold: its trace does not name it ------------------------------- */

static bool list_reported(const struct tn_report *report, struct tn_names *reported)
{
    bool good = tn_names_init(reported);

    for (size_t i = 0; good && i < report->count; i++) {
        const char *file = report->rows[i].file;
        good = report->rows[i].kind != TN_REPORT_FILE ||
               tn_names_add(reported, file, strlen(file)) != TN_NO_NAME;
    }
    return good;
}

static bool is_reported(const struct tn_names *reported, const char *path)
{
    return tn_names_find(reported, path, strlen(path)) != TN_NO_NAME;
}

/* Objects of the command itself. */
static bool take_named(struct tn_members *members, const struct tn_names *reported,
                       tenon_error *err)
{
    for (size_t i = 0; i < members->command->named.count; i++) {
        const char *path = members->command->named.at[i];
        struct tn_report_row row = { .kind = TN_REPORT_FILE, .file = path, .text = path };
        if (!is_reported(reported, path) && is_intermediate(members, &row) &&
            !tn_members_add_file(members, path, path, err))
            return false;
    }
    return true;
}

static const char *definer_name(struct tn_members *members, const struct tn_report_row *row)
{
    struct tn_archive *archive = tn_archives_get(&members->archives, row->file, NULL);
    size_t i = archive ? tn_archive_definer(&members->archives, archive, row->symbol) : 0;

    return archive && i < archive->count ? archive->members[i].name : NULL;
}

/*
 * A file in gold's map is a member of a thin archive of LLVM's intermediate code. Of an archive
 * that was found by -l only the member's name is known.
 */
static bool take_thin(struct tn_members *members, const struct tn_names *reported,
                      const struct tn_report_row *row, tenon_error *err)
{
    struct tn_archive *archive;
    size_t i;

    if (is_named(members, row->file) || is_reported(reported, row->file) ||
        !is_intermediate(members, row))
        return true;
    if (thin_named_member(members, row->file, &archive, &i))
        return archive->claimed[i]++ > 0 || tn_members_add_member(members, archive, i, err);
    return tn_members_add_file(members, row->file, row->file, err);
}

/* Members of archives, from the map. Some rows have a symbol in place of the member's name. */
static bool take_mapped(struct tn_members *members, const struct tn_names *reported,
                        const struct tn_report *map, tenon_error *err)
{
    for (size_t i = 0; i < map->count; i++) {
        struct tn_report_row row = map->rows[i];
        if (row.kind == TN_REPORT_MEMBER && !row.member && row.symbol)
            row.member = definer_name(members, &row);
        if (row.kind == TN_REPORT_MEMBER && !row.member)
            row.member = "?"; /* of which there is none: counted as not determined */
        if (row.kind == TN_REPORT_MEMBER &&
            (strcmp(row.member, "?") == 0 || is_intermediate(members, &row)) &&
            !take_member(members, map, &row, err))
            return false;
        if (row.kind == TN_REPORT_FILE && !take_thin(members, reported, &row, err))
            return false;
    }
    return true;
}

static bool take_intermediate(struct tn_members *members, const struct tn_report *trace,
                              const struct tn_report *map, tenon_error *err)
{
    struct tn_names reported;
    bool good = list_reported(trace, &reported) ? take_named(members, &reported, err) &&
                                                      take_mapped(members, &reported, map, err)
                                                : tn_no_memory(err);

    tn_names_free(&reported);
    return good;
}

static bool read_report(struct tn_members *members, const struct tn_report *trace,
                        const struct tn_report *map, tenon_error *err)
{
    struct tn_report kept = { .from_mold = trace->from_mold };
    bool good;

    if (!map)
        return take_rows(members, trace, err);
    members->guesses_lazy = true; /* gold names nobody: the command does */
    if (!trace->from_mold)
        return take_rows(members, trace, err) && take_intermediate(members, trace, map, err);
    good = filter_mold(members, trace, map, &kept) ? take_rows(members, &kept, err)
                                                   : tn_no_memory(err);
    tn_report_free(&kept);
    return good;
}

bool tn_members_read(struct tn_members *members, const struct tn_report *trace,
                     const struct tn_report *map, tenon_error *err)
{
    return read_report(members, trace, map, err) && (!members->archives.lost || tn_no_memory(err));
}
