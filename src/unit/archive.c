/*
 * src/unit/archive.c - an archive written anew, member by member
 *
 * rule  ar(5); the index of GNU and System V: big-endian count, offsets, names; of the BSDs: bytes
 *       of a table of {string, offset}, bytes of strings, in the byte order of the objects
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "add_note.h"
#include "bytes.h"
#include "fail.h"
#include "limits.h"
#include "text.h"

#define SIZE_FIELD 48u
#define SIZE_DIGITS 10u

struct member {
    struct tn_ar_member was;
    struct tn_view data; /* as it will be, without a name that stands before */
    uint64_t header;     /* where it will be */
};

struct archive {
    struct tn_file *file;
    struct tn_arena *arena;
    struct member *members;
    size_t count, room;
};

/* ---- reading --------------------------------------------------------------------------------- */

static bool add_notes(struct archive *a, struct member *m, tn_archive_notes *notes_of, void *arg,
                      tenon_error *err)
{
    struct tn_view notes = { 0 };
    if (!notes_of(arg, &m->was, m->data, &notes, err))
        return false;
    return !notes.size || tn_add_note(a->arena, m->data, notes, &m->data, err);
}

static bool take_member(struct archive *a, const struct tn_ar_member *was,
                        tn_archive_notes *notes_of, void *arg, tenon_error *err)
{
    char quoted[TN_QUOTE_ROOM];
    struct member m = { .was = *was };
    if (!tn_grow(&a->members, &a->room, a->count, sizeof *a->members))
        return tn_no_memory(err);
    if (!tn_file_view(a->file, was->offset, was->size, "member", &m.data, err))
        return false;
    if (was->role == TN_AR_FILE && !add_notes(a, &m, notes_of, arg, err))
        return tn_context(err, "member %s", tn_quote(quoted, was->name));
    a->members[a->count++] = m;
    return true;
}

static bool read_archive(struct archive *a, tn_archive_notes *notes_of, void *arg, tenon_error *err)
{
    struct tn_ar ar;
    struct tn_ar_member m;
    tenon_error local = TENON_ERROR_INIT;
    if (!tn_ar_open(a->file, &ar, err))
        return false;
    if (ar.is_aix)
        return tn_fail(err, TENON_E_UNSUPPORTED, "an archive of AIX, whose objects take no notes");
    if (ar.thin)
        return tn_fail(err, TENON_E_UNSUPPORTED,
                       "a thin archive, whose members are files of their own: give those");
    while (tn_ar_next(&ar, &m, &local))
        if (!take_member(a, &m, notes_of, arg, err))
            return false;
    if (!ar.end && err)
        *err = local;
    return ar.end;
}

/* ---- the index ------------------------------------------------------------------------------- */

static int compare_header(const void *key, const void *row)
{
    uint64_t a = *(const uint64_t *)key, b = ((const struct member *)row)->was.header;
    return (a > b) - (a < b);
}

/* One offset of the index; members stand in file order. */
static bool move_offset(const struct archive *a, uint8_t *at, unsigned word, enum tn_endian endian,
                        tenon_error *err)
{
    uint64_t was = word == 8 ? tn_load64(at, endian) : tn_load32(at, endian);
    const struct member *m =
        bsearch(&was, a->members, a->count, sizeof *a->members, compare_header);
    if (!m)
        return tn_fail(err, TENON_E_MALFORMED, "symbol index: no member at 0x%" PRIx64, was);
    if (word == 8)
        tn_store64(at, m->header, endian);
    else if (m->header <= UINT32_MAX)
        tn_store32(at, (uint32_t)m->header, endian);
    else
        return tn_fail(err, TENON_E_LIMIT,
                       "symbol index: the archive grows beyond what 32 bits can say");
    return true;
}

/* Offsets at `start`, `step` bytes apart. */
static bool move_offsets(const struct archive *a, struct tn_view index, uint8_t *copy,
                         uint64_t start, uint64_t count, unsigned step, unsigned word,
                         enum tn_endian endian, tenon_error *err)
{
    for (uint64_t i = 0; i < count; i++) {
        struct tn_view at;
        if (!tn_view_sub(index, start + i * step, word, &at))
            return tn_fail(err, TENON_E_TRUNCATED, "symbol index: its offsets have no end");
        if (!move_offset(a, copy + (size_t)(start + i * step), word, endian, err))
            return false;
    }
    return true;
}

static bool move_gnu_index(const struct archive *a, struct tn_view index, uint8_t *copy,
                           unsigned word, tenon_error *err)
{
    struct tn_cursor c = tn_cursor(index, TN_BIG);
    uint64_t count = tn_word(&c, word, "symbol index: count");
    (void)tn_rows(&c, count, word, "symbol index: offsets");
    return tn_end(&c, err) && move_offsets(a, index, copy, word, count, word, word, TN_BIG, err);
}

/* True when the sizes of table and strings fit in this byte order. */
static bool is_bsd_order(struct tn_view index, unsigned word, enum tn_endian endian,
                         uint64_t *bytes)
{
    struct tn_cursor c = tn_cursor(index, endian);
    *bytes = tn_word(&c, word, "ranlib");
    tn_skip(&c, *bytes, "ranlib");
    uint64_t strings = tn_word(&c, word, "strings");
    tn_skip(&c, strings, "strings");
    return !c.lost && *bytes % (2 * word) == 0;
}

static bool move_bsd_index(const struct archive *a, struct tn_view index, uint8_t *copy,
                           unsigned word, tenon_error *err)
{
    uint64_t bytes;
    enum tn_endian endian = TN_LITTLE;
    if (!is_bsd_order(index, word, TN_LITTLE, &bytes)) {
        endian = TN_BIG;
        if (!is_bsd_order(index, word, TN_BIG, &bytes))
            return tn_fail(err, TENON_E_MALFORMED, "symbol index: its sizes make no sense");
    }
    return move_offsets(a, index, copy, 2 * (uint64_t)word, bytes / (2 * word), 2 * word, word,
                        endian, err);
}

static bool move_index(struct archive *a, struct member *m, tenon_error *err)
{
    unsigned word = m->was.role == TN_AR_INDEX_64 ? 8 : 4;
    if (m->was.role != TN_AR_INDEX && m->was.role != TN_AR_INDEX_64)
        return true;
    uint8_t *copy = (uint8_t *)tn_arena_copy(a->arena, m->data.at, m->data.size);
    if (!copy)
        return tn_no_memory(err);
    bool ok = m->was.name[0] == '/' ? move_gnu_index(a, m->data, copy, word, err)
                                    : move_bsd_index(a, m->data, copy, word, err);
    m->data.at = copy;
    return ok;
}

/* ---- writing --------------------------------------------------------------------------------- */

static uint64_t stored_size(const struct member *m)
{
    return m->was.skipped + m->data.size;
}

/* Decides where each member will be. */
static bool place_members(struct archive *a, size_t *size, tenon_error *err)
{
    uint64_t at = TN_AR_MAGIC_SIZE;
    for (size_t i = 0; i < a->count; i++) {
        struct member *m = &a->members[i];
        m->header = at;
        at += TN_AR_HEADER_SIZE + stored_size(m);
        at += at & 1;
        if (stored_size(m) > UINT64_C(9999999999) || at > SIZE_MAX / 2)
            return tn_fail(err, TENON_E_LIMIT, "the archive becomes too large");
        if (m->was.role == TN_AR_OTHER && m->was.name[0] == '/')
            return tn_fail(err, TENON_E_UNSUPPORTED,
                           "an index of Microsoft's kind, which this version cannot write");
    }
    *size = (size_t)at;
    return true;
}

static bool put_member(struct archive *a, const struct member *m, struct tn_bytes *out,
                       tenon_error *err)
{
    struct tn_view header;
    char digits[SIZE_DIGITS + 1];
    uint64_t size = TN_AR_HEADER_SIZE + m->was.skipped;
    if (!tn_file_view(a->file, m->was.header, size, "member header", &header, err))
        return false;
    size_t start = out->used;
    tn_put_view(out, header);
    tn_put_view(out, m->data);
    if (out->used & 1)
        tn_put(out, "\n", 1);
    snprintf(digits, sizeof digits, "%-10" PRIu64, stored_size(m));
    if (!out->lost)
        memcpy(out->at + start + SIZE_FIELD, digits, SIZE_DIGITS);
    return true;
}

static bool write_archive(struct archive *a, struct tn_view *out, tenon_error *err)
{
    struct tn_bytes bytes;
    size_t size = 0;
    if (!place_members(a, &size, err))
        return false;
    for (size_t i = 0; i < a->count; i++)
        if (!move_index(a, &a->members[i], err))
            return false;
    if (!tn_bytes(a->arena, size, TN_LITTLE, &bytes))
        return tn_no_memory(err);
    tn_put(&bytes, TN_AR_MAGIC, TN_AR_MAGIC_SIZE);
    for (size_t i = 0; i < a->count; i++)
        if (!put_member(a, &a->members[i], &bytes, err))
            return false;
    *out = tn_bytes_view(&bytes);
    return true;
}

bool tn_archive_rewrite(struct tn_arena *arena, struct tn_file *archive, tn_archive_notes *notes_of,
                        void *arg, struct tn_view *out, tenon_error *err)
{
    struct archive a = { .file = archive, .arena = arena };
    bool ok = read_archive(&a, notes_of, arg, err) && write_archive(&a, out, err);
    free(a.members);
    return ok;
}
