/* src/link/members_notes.c - the notes that a link is missing */
#include "fail.h"
#include "members.h"

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

/* True when automake named an object of that source so: "prog-util" of "util". */
static bool is_behind(const char *base, const char *name)
{
    size_t size = strlen(base), length = strlen(name);

    return size > length && base[size - length - 1] == '-' &&
           strcmp(base + size - length, name) == 0;
}

static bool take_base(const char **names, size_t count, const char *base, bool behind)
{
    for (size_t i = 0; i < count; i++) {
        const char *name = names[i] ? tn_base_name(names[i]) : NULL;
        if (name && (behind ? is_behind(base, name) : strcmp(base, name) == 0)) {
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

/* Notes of names alone (<tenon/record.h>), or without what the unit defines, tell too little. */
static bool is_whole(const tenon_unit *unit)
{
    return unit->implementation.kind != TENON_DIGEST_UNKNOWN && unit->stateful != TENON_UNKNOWN;
}

/* Units that the linked file names, with whole notes or without, and no object of machine code
 * brought. */
static const char **names_left(const struct tn_members *members, const tenon_units *linked,
                               size_t count, bool whole)
{
    const char **names = tn_arena_rows(members->arena, count + 1, sizeof *names);

    for (size_t i = 0; names && i < count; i++) {
        const tenon_unit *unit = tenon_units_at(linked, i);
        if (unit->recorded && !unit->completed && is_whole(unit) == whole)
            names[i] = unit->name;
    }
    for (size_t i = 0; names && i < members->recorded.count; i++)
        (void)take_name(names, count, members->recorded.at[i]);
    return names;
}

static void set_recorded(struct tn_member *row)
{
    row->state = TN_MEMBER_RECORDED;
    row->note = (struct tn_view){ 0 };
}

/* Its note is in the linked file, and does not tell all of it. */
static void set_doubtful(struct tn_member *row)
{
    row->state = TN_MEMBER_UNSURE;
    row->why = "its code is not what its record says";
    row->note = (struct tn_view){ 0 };
}

/* Those whose note can be read. */
static void settle_fat(const struct tn_members *members, const char **names, size_t count)
{
    for (size_t i = 0; i < members->count; i++) {
        struct tn_member *row = &members->rows[i];
        if (row->state != TN_MEMBER_LATER || !row->own || !take_name(names, count, row->own))
            continue;
        if (row->is_doubtful)
            set_doubtful(row);
        else
            set_recorded(row);
    }
}

static bool is_open(const struct tn_member *row)
{
    return row->state == TN_MEMBER_LATER && !row->is_fat;
}

static void settle_named(const struct tn_members *members, const char **names, size_t count,
                         bool behind)
{
    for (size_t i = 0; i < members->count; i++) {
        struct tn_member *row = &members->rows[i];
        if (is_open(row) && take_base(names, count, row->base, behind))
            set_recorded(row);
    }
}

static size_t count_open(const struct tn_members *members)
{
    size_t count = 0;

    for (size_t i = 0; i < members->count; i++)
        count += is_open(&members->rows[i]);
    return count;
}

/* One without a whole note. `strays`: there are notes of which nobody knows whose they are, so that
 * one more for this member may be a second of the same unit. */
static void settle_unsure(struct tn_member *row, const char **partial, size_t count, bool strays)
{
    bool named =
        take_base(partial, count, row->base, false) || take_base(partial, count, row->base, true);

    row->state = TN_MEMBER_UNSURE;
    row->why = named ? "intermediate code whose note does not say what it defines"
                     : "intermediate code that was compiled without \"tenon cc\"";
    if (named || (strays && !row->is_fat))
        row->note = (struct tn_view){ 0 };
}

/* One object of intermediate code brings one note at most: when names have told whose some are, as
 * many notes as objects are theirs. */
bool tn_members_settle(struct tn_members *members, const tenon_units *linked, tenon_error *err)
{
    size_t count = linked ? tenon_units_count(linked) : 0;
    const char **names = names_left(members, linked, count, true);
    const char **partial = names_left(members, linked, count, false);

    if (!names || !partial)
        return tn_no_memory(err);
    settle_fat(members, names, count);
    settle_named(members, names, count, false);
    settle_named(members, names, count, true);
    size_t left = count_names(names, count);
    bool all = left == count_open(members);
    for (size_t i = 0; i < members->count; i++) {
        struct tn_member *row = &members->rows[i];
        if (is_open(row) && all)
            set_recorded(row);
        else if (row->state == TN_MEMBER_LATER)
            settle_unsure(row, partial, count, left > 0);
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
