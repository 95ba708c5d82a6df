/*
 * src/unit/record.c - the notes in which a file names its units, read
 *
 * rule  record.h has the layout; gABI chapter 5 "Note Section" that of notes
 */
#include "record.h"

#include <inttypes.h>

#include "elf_private.h"
#include "fail.h"
#include "limits.h"
#include "native.h"
#include "text.h"

/* The string that the cursor stands on. */
static const char *take_string(struct tn_cursor *c, const char *what)
{
    const uint8_t *at = c->in.at + c->pos;
    const uint8_t *end = c->lost ? NULL : memchr(at, 0, c->in.size - c->pos);
    return (const char *)tn_take(c, end ? (uint64_t)(end - at) + 1 : UINT64_MAX, what);
}

static bool read_layout(struct tn_cursor *c, tenon_error *err)
{
    uint8_t layout = tn_u8(c, "layout");
    if (!c->lost && layout != TN_RECORD_LAYOUT)
        return tn_fail(err, TENON_E_UNSUPPORTED, "layout %u, which this version does not know",
                       layout);
    return true;
}

static bool read_kind(struct tn_cursor *c, tenon_digest *digest, tenon_error *err)
{
    uint8_t kind = tn_u8(c, "digest kind");
    if (kind > TENON_DIGEST_OCAML)
        return tn_fail(err, TENON_E_MALFORMED, "a digest of kind %u", kind);
    *digest = (tenon_digest){ .kind = (enum tenon_digest_kind)kind };
    return true;
}

/* 32 bytes; a kind whose digests are shorter ends them with zeros (build ids of 20). */
static void read_digest(struct tn_cursor *c, tenon_digest *digest)
{
    if (digest->kind == TENON_DIGEST_UNKNOWN)
        return;
    const uint8_t *bytes = tn_take(c, TENON_DIGEST_ROOM, "digest");
    if (bytes)
        memcpy(digest->bytes, bytes, TENON_DIGEST_ROOM);
    digest->size = TENON_DIGEST_ROOM;
}

static bool read_letter(char letter, enum tenon_definition_kind *kind)
{
    switch (letter) {
    case 'T': *kind = TENON_DEFINES_CODE; return true;
    case 'D': *kind = TENON_DEFINES_DATA; return true;
    case 'L': *kind = TENON_DEFINES_TLS; return true;
    case 'C': *kind = TENON_DEFINES_COMDAT; return true;
    case 'W': *kind = TENON_DEFINES_WEAK; return true;
    default: return false;
    }
}

/* Others rely on the order: what breaks it is no record. */
static bool is_in_order(const tenon_definition *before, const tenon_definition *d)
{
    bool comdat = d->kind == TENON_DEFINES_COMDAT;
    if ((before->kind == TENON_DEFINES_COMDAT) != comdat)
        return comdat;
    return strcmp(before->name, d->name) < 0;
}

static bool read_definition(struct tn_cursor *c, size_t i, tenon_definition *rows, tenon_error *err)
{
    char quoted[TN_QUOTE_ROOM];
    const char *text = take_string(c, "definition");
    if (!text || !read_letter(text[0], &rows[i].kind) || !text[1])
        return tn_fail(err, TENON_E_MALFORMED, "definition %zu is none", i);
    rows[i].name = text + 1;
    if (i && !is_in_order(&rows[i - 1], &rows[i]))
        return tn_fail(err, TENON_E_MALFORMED, "definition %s is out of order",
                       tn_quote(quoted, rows[i].name));
    return true;
}

/* Where the definitions of a unit are gathered, with room for one more. NULL: no memory. */
static tenon_definition *gathering(struct tn_arena *arena, struct tn_record *record, size_t count)
{
    if (count < TN_COUNT(record->few))
        return record->few;
    if (count == TN_COUNT(record->few)) {
        if (!tn_arena_grow(arena, &record->scratch, &record->scratch_room, 0, sizeof *record->few))
            return NULL;
        memcpy(record->scratch, record->few, sizeof record->few);
    }
    return tn_arena_grow(arena, &record->scratch, &record->scratch_room, count, sizeof *record->few)
               ? record->scratch
               : NULL;
}

/*
 * Gathered in an array that serves all units, then kept in one of the right size: counting first
 * would look at each byte of a record twice, at every start of its program.
 */
static bool read_definitions(struct tn_arena *arena, struct tn_cursor *c, tenon_unit *unit,
                             struct tn_record *record, tenon_error *err)
{
    tenon_definition *gathered = record->few;
    size_t count = 0;
    while (c->pos < c->in.size && c->in.at[c->pos]) {
        gathered = gathering(arena, record, count);
        if (!gathered)
            return tn_no_memory(err);
        if (!read_definition(c, count, gathered, err))
            return false;
        count++;
    }
    if (c->pos == c->in.size)
        return tn_fail(err, TENON_E_TRUNCATED, "its definitions have no end");
    tenon_definition *rows = tn_arena_room(arena, count, sizeof *rows);
    if (!rows)
        return tn_no_memory(err);
    if (count)
        memcpy(rows, gathered, count * sizeof *rows);
    unit->definitions = rows;
    unit->definition_count = count;
    return true;
}

/* "PREFIX:PATH" as <tenon/record.h> writes it, or a base name alone. NULL: no memory. */
static const char *name_of_source(struct tn_arena *arena, const char *name)
{
    const char *colon = strchr(name, ':');
    if (!colon || !colon[1])
        return tn_native_stem(arena, name);
    const char *prefix = tn_arena_copy(arena, name, (size_t)(colon - name));
    return prefix ? tn_native_name(arena, prefix, NULL, colon + 1, 1) : NULL;
}

static bool read_unit(struct tn_arena *arena, struct tn_view desc, struct tn_record *record,
                      tenon_unit *unit, tenon_error *err)
{
    struct tn_cursor c = tn_cursor(desc, TN_LITTLE);
    *unit = (tenon_unit){ .kind = TENON_UNIT_C, .recorded = true, .stateful = TENON_UNKNOWN };
    if (!read_layout(&c, err))
        return false;
    uint8_t flags = tn_u8(&c, "flags");
    if (!read_kind(&c, &unit->interface, err) || !read_kind(&c, &unit->implementation, err))
        return false;
    read_digest(&c, &unit->interface);
    read_digest(&c, &unit->implementation);
    unit->name = take_string(&c, "name");
    unit->origin = take_string(&c, "origin");
    if (!tn_end(&c, err))
        return false;
    if (!unit->name[0])
        return tn_fail(err, TENON_E_MALFORMED, "no name");
    if (flags & TN_RECORD_STATEFUL_KNOWN)
        unit->stateful = flags & TN_RECORD_STATEFUL ? TENON_YES : TENON_NO;
    unit->completed = flags & TN_RECORD_COMPLETED;
    unit->origin = unit->origin[0] ? unit->origin : NULL;
    if (flags & TN_RECORD_SOURCE_NAME)
        unit->name = name_of_source(arena, unit->name);
    return (unit->name || tn_no_memory(err)) && read_definitions(arena, &c, unit, record, err);
}

static bool add_unit(struct tn_arena *arena, struct tn_view desc, struct tn_record *record,
                     tenon_error *err)
{
    if (record->count == record->room) /* tn_record_read made room for as many as may be */
        return tn_fail(err, TENON_E_LIMIT, "more than %u units", TN_LIMIT_UNITS);
    if (!read_unit(arena, desc, record, &record->units[record->count], err))
        return tn_context(err, "unit %zu", record->count);
    record->count++;
    return true;
}

static bool read_summary(struct tn_arena *arena, struct tn_view desc, struct tn_record_summary *out,
                         tenon_error *err)
{
    struct tn_cursor c = tn_cursor(desc, TN_LITTLE);
    struct tn_record_summary summary = { 0 };
    if (!read_layout(&c, err))
        return false;
    summary.complete = tn_u8(&c, "flags") & TN_RECORD_COMPLETE;
    summary.members = tn_u32(&c, "members");
    summary.unsure_count = tn_u32(&c, "members not determined");
    if (!tn_end(&c, err))
        return false;
    if (summary.unsure_count > c.in.size - c.pos)
        return tn_fail(err, TENON_E_TRUNCATED, "%" PRIu32 " names in %zu bytes",
                       summary.unsure_count, c.in.size - c.pos);
    const char **names = tn_arena_rows(arena, summary.unsure_count, sizeof *names);
    if (!names)
        return tn_no_memory(err);
    for (uint32_t i = 0; i < summary.unsure_count; i++)
        names[i] = take_string(&c, "member's name");
    if (!tn_end(&c, err))
        return false;
    summary.unsure = names;
    *out = summary;
    return true;
}

static bool take_note(struct tn_arena *arena, uint32_t type, struct tn_view desc,
                      struct tn_record *record, tenon_error *err)
{
    if (type == TN_RECORD_UNIT)
        return add_unit(arena, desc, record, err);
    if (type != TN_RECORD_SUMMARY)
        return true; /* of a later version, beside what we know */
    record->has_summary = true;
    return read_summary(arena, desc, &record->summary, err) || tn_context(err, "summary");
}

/*
 * Zeros between notes: linkers align the next section, and ours are 4-aligned behind 8-aligned
 * ones. What GNU properties pad to 8 has zeros there too, so that walking by 4 is right for both.
 */
static void skip_zeros(struct tn_cursor *c)
{
    while (c->in.size - c->pos >= 4 && tn_load32(c->in.at + c->pos, TN_LITTLE) == 0)
        tn_skip(c, 4, "padding");
}

struct note {
    uint64_t start;
    uint32_t type;
    bool ours;
    struct tn_view desc;
};

/* The next note; false at the end, or when c->lost says what does not fit. */
static bool next_note(struct tn_cursor *c, struct note *note)
{
    skip_zeros(c);
    if (c->in.size - c->pos < 4)
        return false;
    note->start = c->in.start + c->pos;
    uint32_t owner_size = tn_u32(c, "namesz"), size = tn_u32(c, "descsz");
    note->type = tn_u32(c, "type");
    const uint8_t *owner = tn_take(c, ((uint64_t)owner_size + 3) & ~UINT64_C(3), "owner");
    note->desc = tn_sub(c, size, "description");
    if (c->lost)
        return false;
    size_t rest = tn_record_padded(size) - size;
    tn_skip(c, rest < c->in.size - c->pos ? rest : c->in.size - c->pos, "padding");
    note->ours = owner_size == sizeof TN_RECORD_OWNER &&
                 memcmp(owner, TN_RECORD_OWNER, sizeof TN_RECORD_OWNER) == 0;
    return true;
}

/* Room for all units at once: growing would copy them again and again. */
static bool make_room(struct tn_arena *arena, struct tn_cursor c, struct tn_record *record,
                      tenon_error *err)
{
    struct note note;
    size_t count = record->count;
    while (count < TN_LIMIT_UNITS && next_note(&c, &note))
        count += note.ours && note.type == TN_RECORD_UNIT;
    if (count <= record->room)
        return true;
    tenon_unit *rows = tn_arena_rows(arena, count, sizeof *rows);
    if (!rows)
        return tn_no_memory(err);
    if (record->count)
        memcpy(rows, record->units, record->count * sizeof *rows);
    record->units = rows;
    record->room = count;
    return true;
}

bool tn_record_read(struct tn_arena *arena, struct tn_view notes, unsigned align,
                    enum tn_endian endian, struct tn_record *record, tenon_error *err)
{
    struct tn_cursor c = tn_cursor(notes, endian);
    struct note note;
    (void)align;
    if (!make_room(arena, c, record, err))
        return false;
    while (next_note(&c, &note))
        if (note.ours && !take_note(arena, note.type, note.desc, record, err))
            return tn_context(err, "record at 0x%" PRIx64, note.start);
    return tn_end(&c, err) || tn_context(err, "note at 0x%" PRIx64, note.start);
}
