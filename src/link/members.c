/* src/link/members.c - reads the objects and members that a link took, one by one */
#include "members_private.h"

#include <errno.h>
#include <stdlib.h>

#include "fail.h"
#include "native.h"
#include "object.h"
#include "text.h"

bool tn_members_init(struct tn_members *members, tenon_world *world, struct tn_arena *arena,
                     const struct tn_command *command, const char *prefix)
{
    *members =
        (struct tn_members){ .world = world, .arena = arena, .command = command, .prefix = prefix };
    return tn_archives_init(&members->archives, world, arena, prefix) &&
           tn_native_namer_init(&members->objects, arena, prefix, NULL) &&
           tn_names_init(&members->completed) && tn_prepared_init(&members->prepared);
}

void tn_members_free(struct tn_members *members)
{
    tn_archives_free(&members->archives);
    tn_native_namer_free(&members->objects);
    tn_names_free(&members->completed);
    tn_prepared_free(&members->prepared);
    tn_words_free(&members->recorded);
    free(members->rows);
    *members = (struct tn_members){ 0 };
}

static struct tn_member *add(struct tn_members *members, enum tn_member_state state,
                             const char *label)
{
    if (!label || !tn_grow(&members->rows, &members->room, members->count, sizeof *members->rows))
        return NULL;
    members->rows[members->count] = (struct tn_member){ .state = state, .label = label };
    return &members->rows[members->count++];
}

bool tn_members_add_unsure(struct tn_members *members, const char *label, const char *why)
{
    struct tn_member *row = add(members, TN_MEMBER_UNSURE, label);

    if (row)
        row->why = tn_arena_string(members->arena, why);
    return row && row->why;
}

/* One object that is looked at: its file, and what its unit is called if it names none itself. */
struct subject {
    struct tn_file file; /* in a scratch arena of its own */
    const char *path;    /* of an object alone, as it was named */
    const char *label, *origin;
    const char *name; /* of an object alone; NULL: ask the archive */
    struct tn_archive *archive;
    size_t index; /* of the member */
};

/* Their notes will be in the linked file, whether they tell all or not. */
static bool add_names(struct tn_members *members, const struct tn_record *record)
{
    for (size_t i = 0; i < record->count; i++) {
        const char *name = tn_arena_string(members->arena, record->units[i].name);
        if (!name || !tn_words_add(&members->recorded, name))
            return false;
    }
    return true;
}

static bool add_recorded(struct tn_members *members, const struct subject *subject,
                         const struct tn_record *record)
{
    return add(members, TN_MEMBER_RECORDED, subject->label) && add_names(members, record);
}

static bool add_doubtful(struct tn_members *members, const struct subject *subject,
                         const struct tn_record *record, const char *why)
{
    return tn_members_add_unsure(members, subject->label, why) && add_names(members, record);
}

static const char *name_of(struct tn_members *members, const struct subject *subject)
{
    if (subject->archive)
        return tn_archive_unit_name(&members->archives, subject->archive, subject->index);
    return tn_native_namer_next(&members->objects, subject->name);
}

/* "p/util#2" gives "p/util", and *ordinal 2. */
static size_t without_ordinal(const char *name, unsigned *ordinal)
{
    const char *mark = strrchr(name, '#');
    size_t digits = mark ? strspn(mark + 1, "0123456789") : 0;

    *ordinal = 1;
    if (digits == 0 || digits > 6 || mark[1 + digits])
        return strlen(name);
    *ordinal = (unsigned)strtoul(mark + 1, NULL, 10);
    return (size_t)(mark - name);
}

/*
 * Members are numbered in their archive, whether they are taken or not, so that a unit has one name
 * in all programs. Where another archive's, or an object's, has that name here, the next number
 * that is free is taken. NULL: no memory.
 */
static const char *only_name(struct tn_members *members, const char *name)
{
    unsigned ordinal;
    size_t before = members->completed.count, size = name ? without_ordinal(name, &ordinal) : 0;

    for (const char *one = name; one;
         one = tn_arena_format(members->arena, "%.*s#%u", (int)size, name, ++ordinal)) {
        if (tn_names_add(&members->completed, one, strlen(one)) == TN_NO_NAME)
            return NULL;
        if (members->completed.count > before)
            return one;
    }
    return NULL;
}

/* `named`: by its own note; NULL. */
static bool add_completed(struct tn_members *members, const struct subject *subject,
                          const tenon_unit *worked_out, const char *named, enum tn_endian endian,
                          tenon_error *err)
{
    struct tn_member *row = add(members, TN_MEMBER_COMPLETED, subject->label);
    tenon_unit unit = *worked_out;

    unit.name = named ? named : only_name(members, name_of(members, subject));
    unit.origin = subject->origin;
    unit.recorded = unit.completed = true;
    if (!row || !unit.name)
        return tn_no_memory(err);
    return tn_record_write_unit(members->arena, &unit, endian, &row->note, err);
}

/* What a note may call its unit: a second one of that name in the link gets "#2" here only. */
static const char *base_of(struct tn_members *members, const struct subject *subject)
{
    const char *name =
        subject->archive ? subject->archive->members[subject->index].name : subject->name;

    return tn_native_name(members->arena, "", NULL, name, 1);
}

/* Intermediate code that the linker may have left out. */
static bool is_guessed(const struct tn_members *members, const struct subject *subject)
{
    const struct tn_words *lazy = &members->command->lazy;

    if (subject->archive)
        return members->guesses;
    for (size_t i = 0; members->guesses_lazy && i < lazy->count; i++)
        if (subject->path && strcmp(lazy->at[i], subject->path) == 0)
            return true;
    return false;
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
    if (!unit.name || !(row->base = base_of(members, subject)))
        return tn_no_memory(err);
    row->is_doubtful = object->is_doubtful;
    if ((object->is_recorded || object->is_doubtful) &&
        !(row->own = tn_arena_string(members->arena, object->record.units[0].name)))
        return tn_no_memory(err);
    members->has_later = true;
    row->is_fat = unit.stateful != TENON_UNKNOWN;
    if (is_guessed(members, subject))
        return true;
    return tn_record_write_unit(members->arena, &unit, members->like.endian, &row->note, err);
}

static bool add_object(struct tn_members *members, const struct subject *subject,
                       const struct tn_object *object, tenon_error *err)
{
    if (!members->has_like && !object->is_bitcode) {
        members->like = object->header;
        members->has_like = true;
    }
    if (object->is_lto)
        return add_later(members, subject, object, err);
    const struct tn_record *record = &object->record;
    if (object->is_recorded)
        return add_recorded(members, subject, record) || tn_no_memory(err);
    if (object->is_doubtful)
        return add_doubtful(members, subject, record, "its code is not what its record says") ||
               tn_no_memory(err);
    if (record->count > 1)
        return add_doubtful(members, subject, record,
                            "it names several units, and not what is of which") ||
               tn_no_memory(err);
    return add_completed(members, subject, &object->unit,
                         record->count ? record->units[0].name : NULL, object->header.endian, err);
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
    return tn_members_add_unsure(members, subject->label, tenon_error_message(&local)) ||
           tn_no_memory(err);
}

bool tn_members_add_member(struct tn_members *members, struct tn_archive *archive, size_t i,
                           tenon_error *err)
{
    struct tn_arena scratch = { 0 };
    tenon_error local = TENON_ERROR_INIT;
    struct subject subject = { .archive = archive, .index = i };
    const char *library = tn_base_name(archive->path),
               *name = tn_base_name(archive->members[i].name);
    bool good;

    subject.label = tn_arena_format(members->arena, "%s(%s)", library, name);
    subject.origin = tn_arena_format(members->arena, "%s member %s", library, name);
    if (!subject.label || !subject.origin)
        return tn_no_memory(err);
    if (tn_archive_open(&members->archives, archive, i, &scratch, &subject.file, &local)) {
        good = examine(members, &subject, err);
        tn_file_close(&subject.file);
    } else {
        good = (local.code != TENON_E_MEMORY &&
                tn_members_add_unsure(members, subject.label, tenon_error_message(&local))) ||
               tn_no_memory(err);
    }
    tn_arena_free(&scratch);
    return good;
}

/* Paths without the directories of one machine: what is absolute loses them. */
static const char *shown_path(const char *path)
{
    return path[0] == '/' ? tn_base_name(path) : path;
}

/* False without memory. A shared library or script is no member of this link. */
static bool add_file(struct tn_members *members, const char *path, const char *shown,
                     const char *name, tenon_error *err)
{
    struct tn_arena scratch = { 0 };
    struct subject subject = {
        .path = path, .label = tn_base_name(shown), .origin = shown_path(shown), .name = name
    };
    const struct tn_object *prepared = tn_prepared_find(&members->prepared, path);
    bool good = true;

    if (prepared)
        return add_object(members, &subject, prepared, err);
    int failed = tn_file_open(members->world, path, &scratch, &subject.file);

    if (failed)
        return (failed != ENOMEM &&
                tn_members_add_unsure(members, subject.label, tn_errno_text(failed))) ||
               tn_no_memory(err);
    tenon_error local = TENON_ERROR_INIT;
    if (tn_object_is_one(&subject.file, &local))
        good = examine(members, &subject, err);
    else if (local.code == TENON_E_MEMORY)
        good = tn_no_memory(err);
    else if (tn_is_failure(&local)) /* nobody can say that it is none */
        good = tn_members_add_unsure(members, subject.label, tn_errno_text(local.system_errno)) ||
               tn_no_memory(err);
    tn_file_close(&subject.file);
    tn_arena_free(&scratch);
    return good;
}

bool tn_members_add_file(struct tn_members *members, const char *path, const char *shown,
                         tenon_error *err)
{
    return add_file(members, path, shown, shown, err);
}

bool tn_members_reset(struct tn_members *members)
{
    tn_native_namer_free(&members->objects);
    tn_names_free(&members->completed);
    tn_archives_unclaim(&members->archives);
    members->count = members->recorded.count = 0;
    members->gone = members->ambiguous = 0;
    members->has_later = false;
    return tn_names_init(&members->completed) &&
           tn_native_namer_init(&members->objects, members->arena, members->prefix, NULL);
}

bool tn_members_add_source(struct tn_members *members, const char *path, const char *source,
                           const char *name, tenon_error *err)
{
    if (!path)
        return tn_members_add_unsure(members, tn_base_name(source),
                                     "it could not be compiled again") ||
               tn_no_memory(err);
    size_t before = members->count;
    if (!add_file(members, path, source, name, err))
        return false;
    for (size_t i = before; i < members->count; i++)
        members->rows[i].from_source = members->rows[i].state == TN_MEMBER_LATER;
    return true;
}
