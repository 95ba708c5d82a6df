/*
 * src/bundle/zip_read.c - reads the directory of a zip file, strictly
 *
 * rule  PKWARE APPNOTE.TXT 6.3, 4.3 (records), 4.4 (fields), 4.5 (extra fields)
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cursor.h"
#include "entry_name.h"
#include "fail.h"
#include "inflate.h"
#include "limits.h"
#include "text.h"
#include "zip_file.h"
#include "zip_header.h"

enum {
    LOCAL_SIGNATURE = 0x04034b50,
    DIRECTORY_SIGNATURE = 0x02014b50,
    END_SIGNATURE = 0x06054b50,
    DESCRIPTOR_SIGNATURE = 0x08074b50,
    DESCRIPTOR_SIZE = 16,
    LOCAL_SIZE = 30,
    DIRECTORY_ROW = 46,
    END_SIZE = 22,
};
#define WHOLE_SIZE (256u << 10) /* a file up to this size is read at once */

bool tn_read_range(int fd, uint64_t offset, void *bytes, size_t size, tenon_error *err)
{
    size_t done = 0;

    while (done < size) {
        ssize_t got = pread(fd, (uint8_t *)bytes + done, size - done, (off_t)(offset + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return tn_fail_system(err, errno, "reading at 0x%" PRIx64, offset + done);
        if (got == 0)
            return tn_fail(err, TENON_E_TRUNCATED, "%zu bytes needed at 0x%" PRIx64 ", %zu left",
                           size, offset, done);
        done += (size_t)got;
    }
    return true;
}

/* A range of the file: of the whole, when that was read, else into the arena. */
static bool view(struct tn_zip *zip, uint64_t offset, size_t size, struct tn_view *out,
                 tenon_error *err)
{
    uint8_t *bytes;

    if (offset > zip->file_size || size > zip->file_size - offset)
        return tn_fail(err, TENON_E_TRUNCATED,
                       "%zu bytes needed at 0x%" PRIx64 ", %" PRIu64 " left", size, offset,
                       offset > zip->file_size ? 0 : zip->file_size - offset);
    if (zip->whole.at)
        return tn_view_sub(zip->whole, offset, size, out);
    bytes = tn_arena_bytes(&zip->arena, size);
    if (!bytes)
        return tn_no_memory(err);
    *out = (struct tn_view){ bytes, size, offset };
    return tn_read_range(zip->fd, offset, bytes, size, err);
}

static bool read_whole(struct tn_zip *zip, tenon_error *err)
{
    size_t size = (size_t)zip->file_size;
    uint8_t *bytes = tn_arena_bytes(&zip->arena, size);

    if (!bytes)
        return tn_no_memory(err);
    if (!tn_read_range(zip->fd, 0, bytes, size, err))
        return false;
    zip->whole = tn_view(bytes, size);
    return true;
}

static bool look_at_file(struct tn_zip *zip, tenon_error *err)
{
    struct stat info;

    if (fstat(zip->fd, &info) < 0)
        return tn_fail_system(err, errno, "looking at it");
    if (!S_ISREG(info.st_mode))
        return tn_fail(err, TENON_E_FORMAT, "no regular file");
    zip->identity = tn_identity(&info);
    zip->file_size = (uint64_t)info.st_size;
    if (zip->file_size > TN_LIMIT_BUNDLE)
        return tn_fail(err, TENON_E_LIMIT, "%" PRIu64 " bytes, at most %" PRIu64, zip->file_size,
                       TN_LIMIT_BUNDLE);
    return zip->file_size > WHOLE_SIZE || zip->file_size == 0 || read_whole(zip, err);
}

/* ---- the end record ------------------------------------------------------------------------- */

struct end {
    uint16_t count;
    uint32_t size, start; /* of the directory */
};

static bool begins_as_zip(struct tn_zip *zip)
{
    struct tn_view head = { 0 };
    struct tn_cursor c;
    uint32_t signature;

    if (!view(zip, 0, 4, &head, NULL))
        return false;
    c = tn_cursor(head, TN_LITTLE);
    signature = tn_u32(&c, "signature");
    return signature == LOCAL_SIGNATURE || signature == END_SIGNATURE;
}

static bool read_end(struct tn_zip *zip, struct end *end, tenon_error *err)
{
    struct tn_view last;
    struct tn_cursor c;

    if (!begins_as_zip(zip))
        return tn_fail(err, TENON_E_FORMAT, "no zip file: it does not begin as one");
    if (zip->file_size < END_SIZE)
        return tn_fail(err, TENON_E_TRUNCATED, "shorter than any zip file");
    if (!view(zip, zip->file_size - END_SIZE, END_SIZE, &last, err))
        return false;
    c = tn_cursor(last, TN_LITTLE);
    if (tn_u32(&c, "signature") != END_SIGNATURE)
        return tn_fail(err, TENON_E_TRUNCATED,
                       "the directory's end is not at the end of the file: it was cut short, or "
                       "something was added");
    uint32_t disks = tn_u32(&c, "numbers of disks");
    uint16_t here = tn_u16(&c, "entries on this disk");
    end->count = tn_u16(&c, "entries");
    end->size = tn_u32(&c, "size of the directory");
    end->start = tn_u32(&c, "start of the directory");
    uint16_t comment = tn_u16(&c, "comment length");
    if (!tn_end(&c, err))
        return false;
    if (end->count == UINT16_MAX || end->size == UINT32_MAX || end->start == UINT32_MAX)
        return tn_fail(err, TENON_E_UNSUPPORTED, "zip64 is not read");
    if (disks != 0 || here != end->count)
        return tn_fail(err, TENON_E_UNSUPPORTED, "a zip file in several parts");
    if (comment != 0)
        return tn_fail(err, TENON_E_TRUNCATED, "a comment of %u bytes is not there", comment);
    if (end->count > TN_LIMIT_BUNDLE_ENTRIES)
        return tn_fail(err, TENON_E_LIMIT, "%u entries, at most %u", end->count,
                       TN_LIMIT_BUNDLE_ENTRIES);
    if ((uint64_t)end->start + end->size != zip->file_size - END_SIZE)
        return tn_fail(err, TENON_E_MALFORMED,
                       "the directory is not where its end record says: something was added or "
                       "taken away");
    return true;
}

/* ---- one entry ------------------------------------------------------------------------------- */

static bool same_sizes(const struct tn_zip_header *a, const struct tn_zip_header *b)
{
    return a->crc == b->crc && a->packed == b->packed && a->size == b->size;
}

/* rule  APPNOTE 4.4.4, bit 3: what stands behind the bytes is zero before them */
static bool same_header(const struct tn_zip_header *row, const struct tn_zip_header *local)
{
    const struct tn_zip_header none = { .crc = 0 };

    return row->flags == local->flags && row->method == local->method && row->time == local->time &&
           row->date == local->date && row->name_size == local->name_size &&
           same_sizes(row->flags & TN_ZIP_DESCRIPTOR ? &none : row, local);
}

/* CRC and sizes behind the bytes, when they stand there: the same as in the directory. */
static bool check_descriptor(struct tn_zip *zip, uint64_t at, const struct tn_zip_header *row,
                             tenon_error *err)
{
    struct tn_zip_header behind;
    struct tn_view bytes;

    if (!view(zip, at, DESCRIPTOR_SIZE, &bytes, err))
        return tn_context(err, "data descriptor");
    struct tn_cursor c = tn_cursor(bytes, TN_LITTLE);
    uint32_t signature = tn_u32(&c, "signature");
    behind.crc = tn_u32(&c, "crc-32");
    behind.packed = tn_u32(&c, "compressed size");
    behind.size = tn_u32(&c, "uncompressed size");
    if (!tn_end(&c, err))
        return false;
    if (signature != DESCRIPTOR_SIGNATURE)
        return tn_fail(err, TENON_E_MALFORMED, "no data descriptor at 0x%" PRIx64, at);
    return same_sizes(&behind, row) ||
           tn_fail(err, TENON_E_MALFORMED,
                   "its data descriptor at 0x%" PRIx64 " and the directory differ", at);
}

/* The local header must say what the directory says; its end is where the bytes start. */
static bool check_local(struct tn_zip *zip, uint64_t at, const struct tn_zip_header *common,
                        struct tn_zip_entry *entry, tenon_error *err)
{
    struct tn_view head, extra;
    size_t size = LOCAL_SIZE + (size_t)common->name_size;

    if (!view(zip, at, size, &head, err))
        return false;
    struct tn_cursor c = tn_cursor(head, TN_LITTLE);
    uint32_t signature = tn_u32(&c, "signature");
    tn_skip(&c, 2, "version needed");
    struct tn_zip_header local = tn_zip_header(&c);
    struct tn_view name = tn_sub(&c, common->name_size, "name");
    if (!tn_end(&c, err))
        return false;
    if (signature != LOCAL_SIGNATURE)
        return tn_fail(err, TENON_E_MALFORMED, "no local header at 0x%" PRIx64, at);
    if (!same_header(common, &local) || memcmp(name.at, entry->name, name.size) != 0)
        return tn_fail(err, TENON_E_MALFORMED,
                       "its local header at 0x%" PRIx64 " and the directory differ", at);
    if (!view(zip, at + size, local.extra_size, &extra, err) || !tn_zip_check_extra(extra, err))
        return false;
    entry->start = at + size + local.extra_size;
    return true;
}

static bool fill_entry(struct tn_zip *zip, const struct tn_zip_header *common, uint32_t attributes,
                       uint64_t at, struct tn_zip_entry *entry, tenon_error *err)
{
    const char *fault = tn_entry_name_fault(entry->name, common->name_size);

    if (fault)
        return tn_fail(err, TENON_E_MALFORMED, "its name is refused: %s", fault);
    if (!tn_zip_check(common, attributes, err) || !check_local(zip, at, common, entry, err))
        return false;
    entry->method = common->method == TN_ZIP_STORED ? TN_ZIP_STORED : TN_ZIP_DEFLATED;
    entry->packed = common->packed;
    entry->size = common->size;
    entry->crc = common->crc;
    return true;
}

/* Reads a row of the directory; the entry has to begin at *at, and *at becomes its end. */
static bool read_row(struct tn_zip *zip, struct tn_cursor *c, uint64_t *at,
                     struct tn_zip_entry *entry, tenon_error *err)
{
    uint32_t signature = tn_u32(c, "signature of a row");
    tn_skip(c, 4, "versions");
    struct tn_zip_header common = tn_zip_header(c);
    uint16_t comment = tn_u16(c, "comment length");
    uint16_t disk = tn_u16(c, "disk");
    tn_skip(c, 2, "internal attributes");
    uint32_t attributes = tn_u32(c, "external attributes");
    uint32_t start = tn_u32(c, "start of the local header");
    struct tn_view name = tn_sub(c, common.name_size, "name");
    struct tn_view extra = tn_sub(c, common.extra_size, "extra fields");
    char shown[TN_QUOTE_ROOM];

    if (!tn_end(c, err))
        return false;
    if (signature != DIRECTORY_SIGNATURE || disk != 0 || comment != 0)
        return tn_fail(err, TENON_E_MALFORMED, "a row that is none, or with a disk or comment");
    entry->name = tn_arena_copy(&zip->arena, name.at, name.size);
    if (!entry->name)
        return tn_no_memory(err);
    if (start != *at)
        return tn_fail(err, TENON_E_MALFORMED,
                       "entry %s begins at 0x%" PRIx32 ", the one before ends at 0x%" PRIx64,
                       tn_quote(shown, entry->name), start, *at);
    if (!tn_zip_check_extra(extra, err) || !fill_entry(zip, &common, attributes, *at, entry, err))
        return tn_context(err, "entry %s", tn_quote(shown, entry->name));
    *at = entry->start + entry->packed;
    if (common.flags & TN_ZIP_DESCRIPTOR) {
        if (!check_descriptor(zip, *at, &common, err))
            return tn_context(err, "entry %s", tn_quote(shown, entry->name));
        *at += DESCRIPTOR_SIZE;
    }
    return true;
}

/* ---- all of them ------------------------------------------------------------------------------
 */

static int compare_names(const void *a, const void *b)
{
    return strcmp((*(const struct tn_zip_entry *const *)a)->name,
                  (*(const struct tn_zip_entry *const *)b)->name);
}

static int compare_paths(const void *a, const void *b)
{
    return tn_entry_compare((*(const struct tn_zip_entry *const *)a)->name,
                            (*(const struct tn_zip_entry *const *)b)->name);
}

/* A zip may hold both "a" and "a/b", but no directory can. */
static bool check_folders(struct tn_zip *zip, tenon_error *err)
{
    const struct tn_zip_entry **sorted =
        tn_arena_rows(&zip->arena, zip->count, sizeof *zip->by_name);
    char shown[TN_QUOTE_ROOM];

    if (!sorted)
        return tn_no_memory(err);
    memcpy(sorted, zip->by_name, zip->count * sizeof *sorted);
    qsort(sorted, zip->count, sizeof *sorted, compare_paths);
    for (size_t i = 1; i < zip->count; i++)
        if (tn_entry_is_below(sorted[i]->name, sorted[i - 1]->name))
            return tn_fail(err, TENON_E_MALFORMED,
                           "entry %s is a file and the folder of another entry",
                           tn_quote(shown, sorted[i - 1]->name));
    return true;
}

static bool sort_names(struct tn_zip *zip, tenon_error *err)
{
    char shown[TN_QUOTE_ROOM];

    zip->by_name = tn_arena_rows(&zip->arena, zip->count, sizeof *zip->by_name);
    if (!zip->by_name)
        return tn_no_memory(err);
    for (size_t i = 0; i < zip->count; i++)
        zip->by_name[i] = &zip->entries[i];
    qsort(zip->by_name, zip->count, sizeof *zip->by_name, compare_names);
    for (size_t i = 1; i < zip->count; i++)
        if (compare_names(&zip->by_name[i - 1], &zip->by_name[i]) == 0)
            return tn_fail(err, TENON_E_MALFORMED, "entry %s is there twice",
                           tn_quote(shown, zip->by_name[i]->name));
    return check_folders(zip, err);
}

static bool read_directory(struct tn_zip *zip, const struct end *end, tenon_error *err)
{
    uint64_t at = 0, contents = 0;
    struct tn_view directory;
    struct tn_cursor c;

    if (!view(zip, end->start, end->size, &directory, err))
        return false;
    c = tn_cursor(directory, TN_LITTLE);
    if (end->size / DIRECTORY_ROW < end->count)
        return tn_fail(err, TENON_E_TRUNCATED,
                       "%u entries do not fit a directory of %" PRIu32 " bytes", end->count,
                       end->size);
    zip->entries = tn_arena_rows(&zip->arena, end->count, sizeof *zip->entries);
    if (!zip->entries)
        return tn_no_memory(err);
    for (zip->count = 0; zip->count < end->count; zip->count++) {
        if (!read_row(zip, &c, &at, &zip->entries[zip->count], err))
            return tn_context(err, "zip directory");
        contents += zip->entries[zip->count].size;
    }
    if (c.pos != directory.size || at != end->start)
        return tn_fail(err, TENON_E_MALFORMED, "bytes that belong to no entry");
    if (contents > TN_LIMIT_BUNDLE_CONTENTS)
        return tn_fail(err, TENON_E_LIMIT, "entries of %" PRIu64 " bytes in all, at most %" PRIu64,
                       contents, TN_LIMIT_BUNDLE_CONTENTS);
    return sort_names(zip, err);
}

bool tn_zip_open(struct tn_zip *zip, int fd, tenon_error *err)
{
    struct end end = { 0 };

    *zip = (struct tn_zip){ .fd = fd };
    if (look_at_file(zip, err) && read_end(zip, &end, err) && read_directory(zip, &end, err))
        return true;
    tn_zip_close(zip);
    return false;
}

void tn_zip_close(struct tn_zip *zip)
{
    tn_arena_free(&zip->arena);
    *zip = (struct tn_zip){ .fd = -1 };
}

static int compare_name(const void *name, const void *row)
{
    return strcmp(name, (*(const struct tn_zip_entry *const *)row)->name);
}

const struct tn_zip_entry *tn_zip_find(const struct tn_zip *zip, const char *name)
{
    const struct tn_zip_entry *const *row =
        zip->count ? bsearch(name, zip->by_name, zip->count, sizeof *zip->by_name, compare_name)
                   : NULL;

    return row ? *row : NULL;
}

/* ---- contents -----------------------------------------------------------------------------------
 */

/* Its bytes, when the file was read as a whole. */
static bool is_at_hand(const struct tn_zip *zip, const struct tn_zip_entry *entry,
                       struct tn_view *out)
{
    return zip->whole.at && tn_view_sub(zip->whole, entry->start, (size_t)entry->packed, out);
}

static bool read_stored(const struct tn_zip *zip, const struct tn_zip_entry *entry, uint8_t *out,
                        tenon_error *err)
{
    struct tn_view in;

    if (!is_at_hand(zip, entry, &in))
        return tn_read_range(zip->fd, entry->start, out, (size_t)entry->size, err);
    if (in.size)
        memcpy(out, in.at, in.size);
    return true;
}

static bool read_deflated(const struct tn_zip *zip, const struct tn_zip_entry *entry, uint8_t *out,
                          tenon_error *err)
{
    size_t packed = (size_t)entry->packed;
    struct tn_view in;
    uint8_t *bytes = NULL;
    bool ok = true;

    if (!is_at_hand(zip, entry, &in)) {
        bytes = malloc(packed + 1);
        if (!bytes)
            return tn_no_memory(err);
        ok = tn_read_range(zip->fd, entry->start, bytes, packed, err);
        in = (struct tn_view){ bytes, packed, entry->start };
    }
    ok = ok && tn_inflate(in, out, (size_t)entry->size, err);
    free(bytes);
    return ok;
}

bool tn_zip_read(const struct tn_zip *zip, const struct tn_zip_entry *entry, uint8_t *out,
                 tenon_error *err)
{
    char shown[TN_QUOTE_ROOM];
    bool ok;

    ok = (entry->method == TN_ZIP_STORED ? read_stored : read_deflated)(zip, entry, out, err);
    if (ok && tn_crc32(tn_view(out, (size_t)entry->size)) != entry->crc)
        ok = tn_fail(err, TENON_E_MALFORMED, "its CRC is not the recorded one");
    return ok || tn_context(err, "entry %s", tn_quote(shown, entry->name));
}
