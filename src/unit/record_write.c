/*
 * src/unit/record_write.c - the notes in which a file names its units, written
 *
 * rule  record.h has the layout; gABI chapter 5 "Note Section" that of notes
 */
#include "record.h"

#include "bytes.h"
#include "fail.h"

#define NOTE_HEADER 12u

/* One note: above any unit, below what 32 bits can hold with padding. */
#define LIMIT_NOTE (256u << 20)

static const char letters[] = {
    [TENON_DEFINES_CODE] = 'T',   [TENON_DEFINES_DATA] = 'D', [TENON_DEFINES_TLS] = 'L',
    [TENON_DEFINES_COMDAT] = 'C', [TENON_DEFINES_WEAK] = 'W',
};

/* A note with a description of `size` bytes, its header written. */
static bool begin_note(struct tn_arena *arena, uint32_t type, size_t size, enum tn_endian endian,
                       struct tn_bytes *out, tenon_error *err)
{
    size_t owner = sizeof TN_RECORD_OWNER;
    if (size > LIMIT_NOTE)
        return tn_fail(err, TENON_E_LIMIT, "record: a note of %zu bytes", size);
    if (!tn_bytes(arena, NOTE_HEADER + tn_record_padded(owner) + tn_record_padded(size), endian,
                  out))
        return tn_no_memory(err);
    tn_put_u32(out, (uint32_t)owner, endian);
    tn_put_u32(out, (uint32_t)size, endian);
    tn_put_u32(out, type, endian);
    tn_put(out, TN_RECORD_OWNER, owner);
    tn_put_align(out, 4);
    return true;
}

static struct tn_view end_note(struct tn_bytes *out)
{
    tn_put_align(out, 4);
    return tn_bytes_view(out);
}

static bool is_written(const tenon_digest *digest)
{
    return digest->kind != TENON_DIGEST_UNKNOWN && digest->size > 0;
}

static void put_digest(struct tn_bytes *out, const tenon_digest *digest)
{
    if (is_written(digest))
        tn_put(out, digest->bytes, TENON_DIGEST_ROOM);
}

static size_t unit_size(const tenon_unit *unit)
{
    size_t size = 4 + strlen(unit->name) + 1 + (unit->origin ? strlen(unit->origin) : 0) + 1 + 1;
    size += is_written(&unit->interface) ? TENON_DIGEST_ROOM : 0;
    size += is_written(&unit->implementation) ? TENON_DIGEST_ROOM : 0;
    for (size_t i = 0; i < unit->definition_count; i++)
        size += 1 + strlen(unit->definitions[i].name) + 1;
    return size;
}

bool tn_record_write_unit(struct tn_arena *arena, const tenon_unit *unit, enum tn_endian endian,
                          struct tn_view *note, tenon_error *err)
{
    struct tn_bytes out;
    if (!begin_note(arena, TN_RECORD_UNIT, unit_size(unit), endian, &out, err))
        return false;
    unsigned flags = unit->stateful != TENON_UNKNOWN ? TN_RECORD_STATEFUL_KNOWN : 0;
    flags |= unit->stateful == TENON_YES ? TN_RECORD_STATEFUL : 0;
    flags |= unit->completed ? TN_RECORD_COMPLETED : 0;
    tn_put_u8(&out, TN_RECORD_LAYOUT);
    tn_put_u8(&out, flags);
    tn_put_u8(&out, is_written(&unit->interface) ? unit->interface.kind : TENON_DIGEST_UNKNOWN);
    tn_put_u8(&out,
              is_written(&unit->implementation) ? unit->implementation.kind : TENON_DIGEST_UNKNOWN);
    put_digest(&out, &unit->interface);
    put_digest(&out, &unit->implementation);
    tn_put_string(&out, unit->name);
    tn_put_string(&out, unit->origin ? unit->origin : "");
    for (size_t i = 0; i < unit->definition_count; i++) {
        tn_put_u8(&out, (uint8_t)letters[unit->definitions[i].kind]);
        tn_put_string(&out, unit->definitions[i].name);
    }
    tn_put_u8(&out, 0);
    *note = end_note(&out);
    return true;
}

bool tn_record_write_summary(struct tn_arena *arena, const struct tn_record_summary *summary,
                             enum tn_endian endian, struct tn_view *note, tenon_error *err)
{
    struct tn_bytes out;
    size_t size = 10;
    for (uint32_t i = 0; i < summary->unsure_count; i++)
        size += strlen(summary->unsure[i]) + 1;
    if (!begin_note(arena, TN_RECORD_SUMMARY, size, endian, &out, err))
        return false;
    tn_put_u8(&out, TN_RECORD_LAYOUT);
    tn_put_u8(&out, summary->complete ? TN_RECORD_COMPLETE : 0);
    tn_put_u32(&out, summary->members, TN_LITTLE);
    tn_put_u32(&out, summary->unsure_count, TN_LITTLE);
    for (uint32_t i = 0; i < summary->unsure_count; i++)
        tn_put_string(&out, summary->unsure[i]);
    *note = end_note(&out);
    return true;
}
