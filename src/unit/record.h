/* src/unit/record.h - the note in which an object, and so a linked file, names its units */
#ifndef TN_RECORD_H
#define TN_RECORD_H

#include <tenon/unit.h>

#include "arena.h"
#include "cursor.h"

/*
 * The section `.note.tenon` (SHT_NOTE, allocated, 4-aligned; owner "tenon"). Linkers concatenate
 * those of the objects that they pull in, so a linked file has any number of notes, maybe with
 * zeros for alignment between them. Words of the note header are in the file's byte order, the
 * description is bytes:
 *
 * type 1, a unit
 *     u8      1, the version of this layout
 *     u8      flags: 1 stateful is known, 2 stateful, 4 added by the linker launcher,
 *             8 the name is PREFIX:PATH of a source (written by tenon/record.h): directories and
 *             suffixes go
 *     u8 u8   kinds of the interface and of the implementation digest (enum tenon_digest_kind)
 *     u8[32]  the interface digest, when its kind is not unknown
 *     u8[32]  the implementation digest, likewise
 *     name    NUL-ended, not empty
 *     origin  NUL-ended; empty: not known
 *     definitions, each a letter (T code, D data, L thread-local, W weak, C writable COMDAT)
 *             and a NUL-ended name; first all but C in bytewise order of their names, then C
 * likewise; then a NUL
 *
 * type 2, a summary by the linker launcher; at most one counts, the last
 *     u8      1
 *     u8      flags: 1 complete
 *     u32     little-endian: members and objects that the link took
 *     u32     little-endian: how many of them could not be determined
 *     their names, each NUL-ended
 */
#define TN_RECORD_SECTION ".note.tenon"
#define TN_RECORD_OWNER "tenon"
enum { TN_RECORD_UNIT = 1, TN_RECORD_SUMMARY = 2 };
enum { TN_RECORD_LAYOUT = 1 };
enum {
    TN_RECORD_STATEFUL_KNOWN = 1,
    TN_RECORD_STATEFUL = 2,
    TN_RECORD_COMPLETED = 4,
    TN_RECORD_SOURCE_NAME = 8,
};
enum { TN_RECORD_COMPLETE = 1 };

/* Notes are 4-aligned, and so are their parts. */
static inline size_t tn_record_padded(size_t size)
{
    return (size + 3) & ~(size_t)3;
}

struct tn_record_summary {
    bool complete;
    uint32_t members;
    const char *const *unsure;
    uint32_t unsure_count;
};

/* One whole note, header and padding included, in the arena. False: TENON_E_MEMORY, _LIMIT. */
bool tn_record_write_unit(struct tn_arena *arena, const tenon_unit *unit, enum tn_endian endian,
                          struct tn_view *note, tenon_error *err);
bool tn_record_write_summary(struct tn_arena *arena, const struct tn_record_summary *summary,
                             enum tn_endian endian, struct tn_view *note, tenon_error *err);

/* What notes say; all in the arena, or borrowed from the notes. */
struct tn_record {
    tenon_unit *units;
    size_t count, room;
    bool has_summary;
    struct tn_record_summary summary;
    tenon_definition *scratch; /* of the unit that is being read, when `few` does not do */
    size_t scratch_room;
    tenon_definition few[8];
};

/*
 * Appends what the notes of one segment or section say to *record; other owners' notes are passed
 * by. `align` is the segment's (4 or 8; linkers mix both, so that zeros between notes are skipped).
 *
 * errors   TENON_E_TRUNCATED, _MALFORMED, _LIMIT, _UNSUPPORTED (a newer layout), _MEMORY; what was
 *          read before the bad note stays
 */
bool tn_record_read(struct tn_arena *arena, struct tn_view notes, unsigned align,
                    enum tn_endian endian, struct tn_record *record, tenon_error *err);

#endif
