/* src/link/members.c - reads what a link took */
#include "members.h"

#include <stdlib.h>

#include "fail.h"
#include "native.h"
#include "object.h"
#include "runtime.h"
#include "text.h"

bool tn_members_init(struct tn_members *members, tenon_world *world, struct tn_arena *arena,
                     const struct tn_command *command, const char *prefix)
{
    *members =
        (struct tn_members){ .world = world, .arena = arena, .command = command, .prefix = prefix };
    return tn_archives_init(&members->archives, world, arena, prefix) &&
           tn_native_namer_init(&members->objects, arena, prefix, NULL);
}

void tn_members_free(struct tn_members *members)
{
    tn_archives_free(&members->archives);
    tn_native_namer_free(&members->objects);
    tn_words_free(&members->recorded);
    free(members->rows);
    *members = (struct tn_members){ 0 };
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

static struct tn_member *add(struct tn_members *members, enum tn_member_state state,
                             const char *label)
{
    if (!label || !tn_grow(&members->rows, &members->room, members->count, sizeof *members->rows))
        return NULL;
    members->rows[members->count] = (struct tn_member){ .state = state, .label = label };
    return &members->rows[members->count++];
}

static bool add_unsure(struct tn_members *members, const char *label, const char *why)
{
    struct tn_member *row = add(members, TN_MEMBER_UNSURE, label);

    if (row)
        row->why = tn_arena_string(members->arena, why);
    return row && row->why;
}

/* One object that is looked at: its file, and what its unit is called if it names none itself. */
struct subject {
    struct tn_file file; /* in a scratch arena of its own */
    const char *label, *origin;
    const char *name; /* of an object alone; NULL: ask the archive */
    struct tn_archive *archive;
    size_t index; /* of the member */
};

static bool add_recorded(struct tn_members *members, const struct subject *subject,
                         const struct tn_record *record)
{
    if (!add(members, TN_MEMBER_RECORDED, subject->label))
        return false;
    for (size_t i = 0; i < record->count; i++) {
        const char *name = tn_arena_string(members->arena, record->units[i].name);
        if (!name || !tn_words_add(&members->recorded, name))
            return false;
    }
    return true;
}

static const char *name_of(struct tn_members *members, const struct subject *subject)
{
    if (subject->archive)
        return tn_archive_unit_name(&members->archives, subject->archive, subject->index);
    return tn_native_namer_next(&members->objects, subject->name);
}

static bool add_completed(struct tn_members *members, const struct subject *subject,
                          tenon_unit *unit, enum tn_endian endian, tenon_error *err)
{
    struct tn_member *row = add(members, TN_MEMBER_COMPLETED, subject->label);

    unit->name = name_of(members, subject);
    unit->origin = subject->origin;
    unit->recorded = unit->completed = true;
    if (!row || !unit->name)
        return tn_no_memory(err);
    return tn_record_write_unit(members->arena, unit, endian, &row->note, err);
}

/*
 * Intermediate code that was certainly taken: if it turns out to have no note, one that knows its
 * name and, of fat objects, its definitions is better than none.
 */
static bool add_later(struct tn_members *members, const struct subject *subject,
                      const struct tn_object *object, tenon_error *err)
{
    struct tn_member *row = add(members, TN_MEMBER_LATER, subject->label);
    tenon_unit unit = { .stateful = TENON_UNKNOWN };

    if (!object->is_bitcode)
        unit = object->unit;
    unit.kind = TENON_UNIT_C;
    unit.name = row ? name_of(members, subject) : NULL;
    unit.origin = subject->origin;
    unit.recorded = unit.completed = true;
    if (!unit.name)
        return tn_no_memory(err);
    members->has_later = true;
    row->base = base_name(unit.name);
    if (subject->archive && members->guesses)
        return true;
    return tn_record_write_unit(members->arena, &unit, members->like.endian, &row->note, err);
}

static bool add_object(struct tn_members *members, struct subject *subject,
                       struct tn_object *object, tenon_error *err)
{
    if (!members->has_like && !object->is_bitcode) {
        members->like = object->header;
        members->has_like = true;
    }
    if (object->is_lto)
        return add_later(members, subject, object, err);
    if (object->record.count > 0)
        return add_recorded(members, subject, &object->record) || tn_no_memory(err);
    return add_completed(members, subject, &object->unit, object->header.endian, err);
}

/* What cannot be read cannot be determined: it is counted, and no reason to fail. */
static bool examine(struct tn_members *members, struct subject *subject, tenon_error *err)
{
    tenon_error local = TENON_ERROR_INIT;
    struct tn_object object;
    size_t before = members->count;

    if (tn_object_read(&subject->file, &object, &local) &&
        add_object(members, subject, &object, &local))
        return true;
    if (local.code == TENON_E_MEMORY)
        return tn_no_memory(err);
    members->count = before;
    return add_unsure(members, subject->label, tenon_error_message(&local)) || tn_no_memory(err);
}

static bool add_member(struct tn_members *members, struct tn_archive *archive, size_t i,
                       tenon_error *err)
{
    struct tn_arena scratch = { 0 };
    tenon_error local = TENON_ERROR_INIT;
    struct subject subject = { .archive = archive, .index = i };
    const char *library = base_name(archive->path), *name = base_name(archive->members[i].name);
    bool good;

    subject.label = tn_arena_format(members->arena, "%s(%s)", library, name);
    subject.origin = tn_arena_format(members->arena, "%s member %s", library, name);
    if (!subject.label || !subject.origin)
        return tn_no_memory(err);
    if (tn_archive_open(&members->archives, archive, i, &scratch, &subject.file, &local)) {
        good = examine(members, &subject, err);
        tn_file_close(&subject.file);
    } else {
        good = add_unsure(members, subject.label, tenon_error_message(&local)) || tn_no_memory(err);
    }
    tn_arena_free(&scratch);
    return good;
}

/* Paths without the directories of one machine: what is absolute loses them. */
static const char *shown_path(const char *path)
{
    return path[0] == '/' ? base_name(path) : path;
}

/* False without memory. A shared library or script is no member of this link. */
static bool add_file(struct tn_members *members, const char *path, const char *shown,
                     tenon_error *err)
{
    struct tn_arena scratch = { 0 };
    struct subject subject = { .label = base_name(shown),
                               .origin = shown_path(shown),
                               .name = shown };
    bool good = true;
    int failed = tn_file_open(members->world, path, &scratch, &subject.file);

    if (failed)
        return add_unsure(members, subject.label, tn_errno_text(failed)) || tn_no_memory(err);
    if (tn_object_is_one(&subject.file))
        good = examine(members, &subject, err);
    tn_file_close(&subject.file);
    tn_arena_free(&scratch);
    return good;
}

/* ---- rows of a report ------------------------------------------------------------------------ */

static bool is_named(const struct tn_members *members, const char *path)
{
    for (size_t i = 0; i < members->command->named.count; i++)
        if (strcmp(members->command->named.at[i], path) == 0)
            return true;
    return false;
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
    size_t i = why && why->symbol ? tn_archive_definer(archive, why->symbol) : archive->count;

    if (i < archive->count)
        return add_member(members, archive, i, err);
    members->ambiguous++;
    return add_unsure(members, label, "several members have this name") || tn_no_memory(err);
}

static bool take_member(struct tn_members *members, const struct tn_report *report,
                        const struct tn_report_row *row, tenon_error *err)
{
    tenon_error local = TENON_ERROR_INIT;
    struct tn_archive *archive = tn_archives_get(&members->archives, row->file, &local);
    enum tn_name_match how = TN_MATCH_NONE;
    size_t first = 0, fits = 0;
    const char *label =
        tn_arena_format(members->arena, "%s(%s)", base_name(row->file), base_name(row->member));

    if (!label)
        return tn_no_memory(err);
    if (archive)
        fits = tn_archive_find(&members->archives, archive, row->member, &how, &first);
    if (fits == 0)
        return add_unsure(members, label,
                          archive ? "no such member" : tenon_error_message(&local)) ||
               tn_no_memory(err);
    if (fits == 1)
        return archive->claimed[first]++ > 0 || add_member(members, archive, first, err);
    if (report->from_mold || count_rows(report, row) != fits)
        return take_ambiguous(members, archive, first, row, label, err);
    size_t i = nth_member(members, archive, row->member, how, archive->claimed[first]++);
    return i == archive->count || add_member(members, archive, i, err);
}

/* GNU ld names a member of a thin archive by its file alone. */
static bool thin_member(struct tn_members *members, const struct tn_report *report,
                        const char *path, struct tn_archive **archive, size_t *index)
{
    for (size_t i = 0; i < report->count; i++) {
        enum tn_name_match how;
        if (report->rows[i].kind != TN_REPORT_ARCHIVE)
            continue;
        struct tn_archive *one = tn_archives_get(&members->archives, report->rows[i].file, NULL);
        if (one && one->thin && tn_archive_find(&members->archives, one, path, &how, index) > 0 &&
            how != TN_MATCH_BASE) {
            *archive = one;
            return true;
        }
    }
    return false;
}

static bool take_file(struct tn_members *members, const struct tn_report *report,
                      const struct tn_report_row *row, tenon_error *err)
{
    struct tn_archive *archive;
    size_t i;

    if (is_named(members, row->file))
        return add_file(members, row->file, row->file, err);
    if (tn_runtime_is_start_file(row->file))
        return true;
    if (thin_member(members, report, row->file, &archive, &i))
        return archive->claimed[i]++ > 0 || add_member(members, archive, i, err);
    return add_file(members, row->file, row->file, err);
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

static bool is_intermediate(struct tn_members *members, const struct tn_report_row *row)
{
    struct tn_arena scratch = { 0 };
    struct tn_file file;
    enum tn_name_match how;
    size_t first;
    bool is_lto = false, opened = false;

    if (row->kind == TN_REPORT_FILE) {
        opened = tn_file_open(members->world, row->file, &scratch, &file) == 0;
    } else if (row->kind == TN_REPORT_MEMBER) {
        struct tn_archive *archive = tn_archives_get(&members->archives, row->file, NULL);
        opened = archive &&
                 tn_archive_find(&members->archives, archive, row->member, &how, &first) > 0 &&
                 tn_archive_open(&members->archives, archive, first, &scratch, &file, NULL);
    }
    if (opened) {
        is_lto = tn_object_is_lto(&file);
        tn_file_close(&file);
    }
    tn_arena_free(&scratch);
    return is_lto;
}

/*
 * For GCC's plugin mold starts anew after the intermediate code was compiled, and then opens only
 * what it kept of that: the last start counts. It shows by the first file coming again.
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
    members->guesses = start == 0;
    for (size_t i = start; good && i < trace->count; i++)
        if (is_kept(&kept, &trace->rows[i]) || is_intermediate(members, &trace->rows[i]))
            good = tn_report_add(out, trace->rows[i]);
    tn_names_free(&kept);
    return good;
}

static bool take_rows(struct tn_members *members, const struct tn_report *report, tenon_error *err)
{
    struct tn_runtime runtime;

    if (!tn_runtime_find(&runtime, members->world, members->arena, members->command, report))
        return tn_no_memory(err);
    for (size_t i = 0; i < report->count; i++) {
        const struct tn_report_row *row = &report->rows[i];
        if (row->kind == TN_REPORT_MEMBER &&
            tn_runtime_has(&runtime, members->world, members->arena, row->file))
            continue;
        if (!take_row(members, report, row, err))
            return false;
    }
    return true;
}

/* ---- intermediate code under gold: its trace does not name it ------------------------------- */

static bool is_reported(const struct tn_report *report, const char *path)
{
    for (size_t i = 0; i < report->count; i++)
        if (report->rows[i].kind == TN_REPORT_FILE && strcmp(report->rows[i].file, path) == 0)
            return true;
    return false;
}

/* Objects of the command itself. */
static bool take_named(struct tn_members *members, const struct tn_report *trace, tenon_error *err)
{
    for (size_t i = 0; i < members->command->named.count; i++) {
        const char *path = members->command->named.at[i];
        struct tn_report_row row = { .kind = TN_REPORT_FILE, .file = path, .text = path };
        if (!is_reported(trace, path) && is_intermediate(members, &row) &&
            !add_file(members, path, path, err))
            return false;
    }
    return true;
}

static const char *definer_name(struct tn_members *members, const struct tn_report_row *row)
{
    struct tn_archive *archive = tn_archives_get(&members->archives, row->file, NULL);
    size_t i = archive ? tn_archive_definer(archive, row->symbol) : 0;

    return archive && i < archive->count ? archive->members[i].name : NULL;
}

/* Members of archives, from the map. Some rows have a symbol in place of the member's name. */
static bool take_mapped(struct tn_members *members, const struct tn_report *map, tenon_error *err)
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
    }
    return true;
}

bool tn_members_read(struct tn_members *members, const struct tn_report *trace,
                     const struct tn_report *map, tenon_error *err)
{
    struct tn_report kept = { .from_mold = trace->from_mold };
    bool good;

    if (!map)
        return take_rows(members, trace, err);
    if (!trace->from_mold)
        return take_rows(members, trace, err) && take_named(members, trace, err) &&
               take_mapped(members, map, err);
    good = filter_mold(members, trace, map, &kept) ? take_rows(members, &kept, err)
                                                   : tn_no_memory(err);
    tn_report_free(&kept);
    return good;
}

bool tn_members_reset(struct tn_members *members)
{
    tn_native_namer_free(&members->objects);
    tn_archives_unclaim(&members->archives);
    members->count = members->recorded.count = 0;
    members->gone = members->ambiguous = 0;
    members->has_later = false;
    return tn_native_namer_init(&members->objects, members->arena, members->prefix, NULL);
}

bool tn_members_add_source(struct tn_members *members, const char *path, const char *source,
                           tenon_error *err)
{
    if (!path)
        return add_unsure(members, base_name(source), "it could not be compiled again") ||
               tn_no_memory(err);
    return add_file(members, path, source, err);
}

/* ---- what comes out of it -------------------------------------------------------------------- */

/* Takes one name out of a list; false when it is not there. */
static bool take_name(const char **names, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (names[i] && strcmp(names[i], name) == 0) {
            names[i] = NULL;
            return true;
        }
    }
    return false;
}

static bool take_base(const char **names, size_t count, const char *base)
{
    for (size_t i = 0; i < count; i++) {
        if (names[i] && strcmp(base_name(names[i]), base) == 0) {
            names[i] = NULL;
            return true;
        }
    }
    return false;
}

/* How many names are left. */
static size_t count_names(const char **names, size_t count)
{
    size_t left = 0;

    for (size_t i = 0; i < count; i++)
        left += names[i] != NULL;
    return left;
}

/* Units that the linked file names and no object of machine code brought. */
static const char **names_left(const struct tn_members *members, const tenon_units *linked,
                               size_t count)
{
    const char **names = tn_arena_rows(members->arena, count + 1, sizeof *names);

    for (size_t i = 0; names && i < count; i++) {
        const tenon_unit *unit = tenon_units_at(linked, i);
        names[i] = unit->recorded && !unit->completed ? unit->name : NULL;
    }
    for (size_t i = 0; names && i < members->recorded.count; i++)
        (void)take_name(names, count, members->recorded.at[i]);
    return names;
}

/* One object of intermediate code brings one note at most: as many notes as objects are theirs.
 * Else a name tells whose it is. */
bool tn_members_settle(struct tn_members *members, const tenon_units *linked, tenon_error *err)
{
    size_t count = linked ? tenon_units_count(linked) : 0;
    const char **names = names_left(members, linked, count);

    if (!names)
        return tn_no_memory(err);
    bool all = count_names(names, count) == tn_members_count(members, TN_MEMBER_LATER);
    for (size_t i = 0; i < members->count; i++) {
        struct tn_member *row = &members->rows[i];
        if (row->state != TN_MEMBER_LATER)
            continue;
        bool recorded = all || take_base(names, count, row->base);
        row->state = recorded ? TN_MEMBER_RECORDED : TN_MEMBER_UNSURE;
        if (recorded)
            row->note = (struct tn_view){ 0 };
        row->why = "intermediate code that was compiled without \"tenon cc\"";
    }
    return true;
}

size_t tn_members_count(const struct tn_members *members, enum tn_member_state state)
{
    size_t count = 0;

    for (size_t i = 0; i < members->count; i++)
        count += members->rows[i].state == state;
    return count;
}

static bool write_summary(const struct tn_members *members, struct tn_arena *arena,
                          struct tn_view *note, tenon_error *err)
{
    size_t unsure = tn_members_count(members, TN_MEMBER_UNSURE);
    const char **labels = tn_arena_rows(arena, unsure + 1, sizeof *labels);
    struct tn_record_summary summary = { .complete = unsure == 0,
                                         .members = (uint32_t)members->count };

    if (!labels)
        return tn_no_memory(err);
    for (size_t i = 0; i < members->count; i++)
        if (members->rows[i].state == TN_MEMBER_UNSURE)
            labels[summary.unsure_count++] = members->rows[i].label;
    summary.unsure = labels;
    return tn_record_write_summary(arena, &summary, members->like.endian, note, err);
}

bool tn_members_notes(const struct tn_members *members, struct tn_arena *arena, struct tn_view *out,
                      tenon_error *err)
{
    struct tn_view summary;
    size_t size = 0, used = 0;

    if (!write_summary(members, arena, &summary, err))
        return false;
    for (size_t i = 0; i < members->count; i++)
        size += members->rows[i].note.size;
    uint8_t *bytes = tn_arena_bytes(arena, size + summary.size);
    if (!bytes)
        return tn_no_memory(err);
    for (size_t i = 0; i < members->count; i++) {
        const struct tn_view *note = &members->rows[i].note;
        if (note->size)
            memcpy(bytes + used, note->at, note->size);
        used += note->size;
    }
    memcpy(bytes + used, summary.at, summary.size);
    *out = tn_view(bytes, size + summary.size);
    return true;
}
