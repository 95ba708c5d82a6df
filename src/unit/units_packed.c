/*
 * src/unit/units_packed.c - what a linked file's record says, in few bytes that are quick to read
 *
 * As packer.h says: u8 what the record is, u32 members, a list of members that it is not sure of,
 * u32 definitions in all, a list of units. Of each: u8 flags, two digests (u8 kind; 32 bytes unless
 * it is unknown), name, origin ("" for none), a list of definitions (u8 kind, name). These texts
 * have their length before them, a u16, and end with a NUL: nothing has to be looked for.
 */
#include <string.h>

#include "packer.h"
#include "units.h"

enum { STATEFUL = 3, COMPLETED = 4, FLAGS_END = 8 }; /* STATEFUL: an enum tenon_answer */
enum { LEAST_UNIT = 15, LEAST_DEFINITION = 4 };      /* bytes */

/* ---- writing -------------------------------------------------------------------------------- */

static void put_text(struct tn_packer *p, const char *text)
{
    size_t size = strlen(text);
    p->failed |= size > UINT16_MAX;
    tn_packer_number(p, size, 2);
    tn_packer_put(p, text, size + 1);
}

static void put_digest(struct tn_packer *p, const tenon_digest *digest)
{
    tn_packer_byte(p, digest->kind);
    if (digest->kind != TENON_DIGEST_UNKNOWN)
        tn_packer_put(p, digest->bytes, sizeof digest->bytes);
}

static void put_unit(struct tn_packer *p, const tenon_unit *unit)
{
    tn_packer_byte(p, unit->stateful | (unit->completed ? COMPLETED : 0U));
    put_digest(p, &unit->interface);
    put_digest(p, &unit->implementation);
    put_text(p, unit->name);
    put_text(p, unit->origin ? unit->origin : "");
    tn_packer_number(p, unit->definition_count, 4);
    for (size_t i = 0; i < unit->definition_count; i++) {
        tn_packer_byte(p, unit->definitions[i].kind);
        put_text(p, unit->definitions[i].name);
    }
}

/* A digest that is read back is as long as it was. */
static bool holds_digest(const tenon_digest *digest)
{
    return digest->size == (digest->kind == TENON_DIGEST_UNKNOWN ? 0 : TENON_DIGEST_ROOM);
}

/* Can it be put down? The library itself is known from elsewhere. */
static bool can_hold(const tenon_unit *unit)
{
    return unit->kind == TENON_UNIT_LIBRARY ||
           (unit->kind == TENON_UNIT_C && unit->recorded && holds_digest(&unit->interface) &&
            holds_digest(&unit->implementation));
}

bool tn_units_pack(const tenon_units *units, struct tn_packer *p)
{
    size_t count = 0, definitions = 0;
    for (size_t i = 0; i < units->count; i++) {
        const tenon_unit *unit = &units->units[i];
        if (!can_hold(unit))
            return false;
        count += unit->kind != TENON_UNIT_LIBRARY;
        definitions += unit->kind == TENON_UNIT_LIBRARY ? 0 : unit->definition_count;
    }
    if (units->record == TENON_RECORD_UNREADABLE || definitions > UINT32_MAX)
        return false;
    tn_packer_byte(p, units->record);
    tn_packer_number(p, units->members, 4);
    tn_packer_texts(p, units->unsure, units->unsure_count);
    tn_packer_number(p, definitions, 4);
    tn_packer_number(p, count, 4);
    for (size_t i = 0; i < units->count; i++)
        if (units->units[i].kind != TENON_UNIT_LIBRARY)
            put_unit(p, &units->units[i]);
    return !p->failed;
}

/* ---- reading -------------------------------------------------------------------------------- */

/* Definitions of all units stand in one array. */
struct reading {
    struct tn_unpacker *u;
    tenon_definition *definitions;
    size_t left;
};

/* Never NULL: "" when it makes no sense. */
static const char *take_text(struct tn_unpacker *u)
{
    size_t size = tn_u16(&u->c, "length of a text");
    const char *text = (const char *)tn_take(&u->c, size + 1, "a text");
    bool good = text && !text[size];
    u->bad |= !good;
    return good ? text : "";
}

static void take_digest(struct tn_unpacker *u, tenon_digest *out)
{
    out->kind = (enum tenon_digest_kind)tn_unpack_kind(u, TENON_DIGEST_OCAML + 1);
    if (out->kind == TENON_DIGEST_UNKNOWN)
        return;
    const uint8_t *bytes = tn_take(&u->c, sizeof out->bytes, "a digest");
    if (bytes)
        memcpy(out->bytes, bytes, sizeof out->bytes);
    out->size = sizeof out->bytes;
}

/* Others rely on the order: strong ones by name, then COMDAT ones by name. */
static bool is_after(const tenon_definition *d, const tenon_definition *before)
{
    bool comdat = d->kind == TENON_DEFINES_COMDAT;
    if ((before->kind == TENON_DEFINES_COMDAT) != comdat)
        return comdat;
    return strcmp(before->name, d->name) < 0;
}

static void take_definitions(struct reading *r, tenon_unit *unit)
{
    struct tn_unpacker *u = r->u;
    size_t count = tn_u32(&u->c, "definitions");
    tenon_definition *rows = r->definitions;
    if (count > r->left) {
        u->bad = true;
        return;
    }
    r->definitions += count;
    r->left -= count;
    for (size_t i = 0; i < count && !u->bad; i++) {
        rows[i].kind = (enum tenon_definition_kind)tn_unpack_kind(u, TENON_DEFINES_WEAK + 1);
        rows[i].name = take_text(u);
        u->bad |= !rows[i].name[0] || (i && !is_after(&rows[i], &rows[i - 1]));
    }
    unit->definitions = rows;
    unit->definition_count = count;
}

static void take_unit(struct reading *r, tenon_unit *unit)
{
    struct tn_unpacker *u = r->u;
    unsigned flags = tn_unpack_kind(u, FLAGS_END);
    unit->kind = TENON_UNIT_C;
    unit->recorded = true;
    unit->completed = flags & COMPLETED;
    unit->stateful = (enum tenon_answer)(flags & STATEFUL);
    take_digest(u, &unit->interface);
    take_digest(u, &unit->implementation);
    unit->name = take_text(u);
    unit->origin = take_text(u);
    unit->origin = unit->origin[0] ? unit->origin : NULL;
    u->bad |= !unit->name[0] || (flags & STATEFUL) > TENON_UNKNOWN;
    take_definitions(r, unit);
}

/* Room for all definitions: a count is only believed when they can be there. */
static void make_room(struct reading *r)
{
    struct tn_unpacker *u = r->u;
    size_t count = tn_u32(&u->c, "definitions in all");
    if (u->c.lost || count > (u->c.in.size - u->c.pos) / LEAST_DEFINITION) {
        u->bad = true;
        return;
    }
    r->definitions = tn_arena_room(u->arena, count, sizeof *r->definitions);
    r->left = count;
    u->no_memory |= !r->definitions;
}

tenon_units *tn_units_unpack(struct tn_unpacker *u, const char *name)
{
    struct reading r = { .u = u };
    tenon_units *units = tn_arena_take(u->arena, sizeof *units);
    if (!units) {
        u->no_memory = true;
        return NULL;
    }
    units->name = name;
    units->record = (enum tenon_record)tn_unpack_kind(u, TENON_RECORD_UNREADABLE);
    units->members = tn_u32(&u->c, "members");
    units->unsure = tn_unpack_texts(u, &units->unsure_count);
    make_room(&r);
    units->units = tn_unpack_rows(u, LEAST_UNIT, sizeof *units->units, &units->count);
    for (size_t i = 0; i < units->count && !u->bad && !u->c.lost; i++)
        take_unit(&r, &units->units[i]);
    u->bad |= r.left || (units->record == TENON_RECORD_NONE && units->count) ||
              (units->record == TENON_RECORD_COMPLETE && units->unsure_count);
    return u->bad || u->c.lost || u->no_memory ? NULL : units;
}
