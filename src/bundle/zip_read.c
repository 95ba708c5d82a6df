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

enum {
    LOCAL_SIGNATURE = 0x04034b50,
    DIRECTORY_SIGNATURE = 0x02014b50,
    END_SIGNATURE = 0x06054b50,
    LOCAL_SIZE = 30,
    DIRECTORY_ROW = 46,
    END_SIZE = 22,
};
#define WHOLE_SIZE (256u << 10) /* a file up to this size is read at once */

/* general purpose bits */
enum { ENCRYPTED = 1, DEFLATE_LEVEL = 2 | 4, DESCRIPTOR = 8, UTF8 = 1 << 11 };

/* extra fields that change what the rest means */
enum { EXTRA_ZIP64 = 0x0001, EXTRA_UNICODE_NAME = 0x7075, EXTRA_AES = 0x9901 };

/* What local header and directory both say. */
struct common {
    uint16_t flags, method, time, date, name_size, extra_size;
    uint32_t crc, packed, size;
};

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
    struct tn_view head;
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

static struct common read_common(struct tn_cursor *c)
{
    struct common common;

    common.flags = tn_u16(c, "general purpose bits");
    common.method = tn_u16(c, "compression method");
    common.time = tn_u16(c, "time");
    common.date = tn_u16(c, "date");
    common.crc = tn_u32(c, "crc-32");
    common.packed = tn_u32(c, "compressed size");
    common.size = tn_u32(c, "uncompressed size");
    common.name_size = tn_u16(c, "name length");
    common.extra_size = tn_u16(c, "extra field length");
    return common;
}

static bool check_extra(struct tn_view extra, tenon_error *err)
{
    struct tn_cursor c = tn_cursor(extra, TN_LITTLE);

    while (c.pos < extra.size && !c.lost) {
        uint16_t id = tn_u16(&c, "extra field");
        tn_skip(&c, tn_u16(&c, "length of an extra field"), "extra field");
        if (id == EXTRA_ZIP64 || id == EXTRA_UNICODE_NAME || id == EXTRA_AES)
            return tn_fail(err, TENON_E_UNSUPPORTED, "extra field 0x%04x is not understood", id);
    }
    return tn_end(&c, err);
}

static bool check_flags(const struct common *common, tenon_error *err)
{
    if (common->flags & ENCRYPTED)
        return tn_fail(err, TENON_E_UNSUPPORTED, "it is encrypted");
    if (common->flags & DESCRIPTOR)
        return tn_fail(err, TENON_E_UNSUPPORTED,
                       "its lengths stand behind it (a data descriptor), not before");
    if (common->flags & ~(DEFLATE_LEVEL | UTF8))
        return tn_fail(err, TENON_E_UNSUPPORTED, "general purpose bits 0x%04x", common->flags);
    if (common->method != TN_ZIP_STORED && common->method != TN_ZIP_DEFLATED)
        return tn_fail(err, TENON_E_UNSUPPORTED, "compression method %u", common->method);
    return true;
}

static bool check_sizes(const struct common *common, tenon_error *err)
{
    if (common->size > TN_LIMIT_ENTRY)
        return tn_fail(err, TENON_E_LIMIT, "%" PRIu32 " bytes, at most %" PRIu64, common->size,
                       TN_LIMIT_ENTRY);
    if (common->method == TN_ZIP_STORED && common->packed != common->size)
        return tn_fail(err, TENON_E_MALFORMED, "stored, and its two sizes differ");
    if (common->size >= TN_LIMIT_RATIO_FROM && common->size / TN_LIMIT_RATIO > common->packed)
        return tn_fail(err, TENON_E_LIMIT,
                       "%" PRIu32 " bytes would become %" PRIu32 ", more than %u times as many",
                       common->packed, common->size, TN_LIMIT_RATIO);
    return true;
}

/* rule  the upper half of the external attributes is st_mode, whoever says to have made it */
static bool check_kind(uint32_t attributes, tenon_error *err)
{
    enum { DOS_DIRECTORY = 0x10 };
    unsigned kind = attributes >> 16 & S_IFMT;

    if (kind == S_IFLNK)
        return tn_fail(err, TENON_E_MALFORMED, "it is a symbolic link");
    if (kind == S_IFDIR || attributes & DOS_DIRECTORY)
        return tn_fail(err, TENON_E_MALFORMED, "it is a directory");
    if (kind != 0 && kind != S_IFREG)
        return tn_fail(err, TENON_E_MALFORMED, "it is a device, pipe or socket");
    return true;
}

static bool same_header(const struct common *a, const struct common *b)
{
    return a->flags == b->flags && a->method == b->method && a->time == b->time &&
           a->date == b->date && a->crc == b->crc && a->packed == b->packed && a->size == b->size &&
           a->name_size == b->name_size;
}

/* The local header must say what the directory says; its end is where the bytes start. */
static bool check_local(struct tn_zip *zip, uint64_t at, const struct common *common,
                        struct tn_zip_entry *entry, tenon_error *err)
{
    struct tn_view head, extra;
    size_t size = LOCAL_SIZE + (size_t)common->name_size;

    if (!view(zip, at, size, &head, err))
        return false;
    struct tn_cursor c = tn_cursor(head, TN_LITTLE);
    uint32_t signature = tn_u32(&c, "signature");
    tn_skip(&c, 2, "version needed");
    struct common local = read_common(&c);
    struct tn_view name = tn_sub(&c, common->name_size, "name");
    if (!tn_end(&c, err))
        return false;
    if (signature != LOCAL_SIGNATURE)
        return tn_fail(err, TENON_E_MALFORMED, "no local header at 0x%" PRIx64, at);
    if (!same_header(common, &local) || memcmp(name.at, entry->name, name.size) != 0)
        return tn_fail(err, TENON_E_MALFORMED,
                       "its local header at 0x%" PRIx64 " and the directory differ", at);
    if (!view(zip, at + size, local.extra_size, &extra, err) || !check_extra(extra, err))
        return false;
    entry->start = at + size + local.extra_size;
    return true;
}

static bool fill_entry(struct tn_zip *zip, const struct common *common, uint32_t attributes,
                       uint64_t at, struct tn_zip_entry *entry, tenon_error *err)
{
    const char *fault = tn_entry_name_fault(entry->name, common->name_size);

    if (fault)
        return tn_fail(err, TENON_E_MALFORMED, "its name is refused: %s", fault);
    if (!check_flags(common, err) || !check_sizes(common, err) || !check_kind(attributes, err) ||
        !check_local(zip, at, common, entry, err))
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
    struct common common = read_common(c);
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
    if (!check_extra(extra, err) || !fill_entry(zip, &common, attributes, *at, entry, err))
        return tn_context(err, "entry %s", tn_quote(shown, entry->name));
    *at = entry->start + entry->packed;
    return true;
}

/* ---- all of them ------------------------------------------------------------------------------
 */

static int compare_names(const void *a, const void *b)
{
    return strcmp((*(const struct tn_zip_entry *const *)a)->name,
                  (*(const struct tn_zip_entry *const *)b)->name);
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
    return true;
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
    struct end end;

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

static bool read_deflated(const struct tn_zip *zip, const struct tn_zip_entry *entry, uint8_t *out,
                          tenon_error *err)
{
    size_t packed = (size_t)entry->packed;
    struct tn_view in;
    uint8_t *bytes = NULL;
    bool ok = true;

    if (!zip->whole.at || !tn_view_sub(zip->whole, entry->start, packed, &in)) {
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

/* rule  APPNOTE 4.4.7: the reflected polynomial 0xedb88320; row n is what the byte n leaves */
static uint32_t crc32_of(const uint8_t *bytes, size_t size)
{
    static const uint32_t table[256] = {
        0x00000000, 0x77073096, 0xee0e612c, 0x990951ba, 0x076dc419, 0x706af48f, 0xe963a535,
        0x9e6495a3, 0x0edb8832, 0x79dcb8a4, 0xe0d5e91e, 0x97d2d988, 0x09b64c2b, 0x7eb17cbd,
        0xe7b82d07, 0x90bf1d91, 0x1db71064, 0x6ab020f2, 0xf3b97148, 0x84be41de, 0x1adad47d,
        0x6ddde4eb, 0xf4d4b551, 0x83d385c7, 0x136c9856, 0x646ba8c0, 0xfd62f97a, 0x8a65c9ec,
        0x14015c4f, 0x63066cd9, 0xfa0f3d63, 0x8d080df5, 0x3b6e20c8, 0x4c69105e, 0xd56041e4,
        0xa2677172, 0x3c03e4d1, 0x4b04d447, 0xd20d85fd, 0xa50ab56b, 0x35b5a8fa, 0x42b2986c,
        0xdbbbc9d6, 0xacbcf940, 0x32d86ce3, 0x45df5c75, 0xdcd60dcf, 0xabd13d59, 0x26d930ac,
        0x51de003a, 0xc8d75180, 0xbfd06116, 0x21b4f4b5, 0x56b3c423, 0xcfba9599, 0xb8bda50f,
        0x2802b89e, 0x5f058808, 0xc60cd9b2, 0xb10be924, 0x2f6f7c87, 0x58684c11, 0xc1611dab,
        0xb6662d3d, 0x76dc4190, 0x01db7106, 0x98d220bc, 0xefd5102a, 0x71b18589, 0x06b6b51f,
        0x9fbfe4a5, 0xe8b8d433, 0x7807c9a2, 0x0f00f934, 0x9609a88e, 0xe10e9818, 0x7f6a0dbb,
        0x086d3d2d, 0x91646c97, 0xe6635c01, 0x6b6b51f4, 0x1c6c6162, 0x856530d8, 0xf262004e,
        0x6c0695ed, 0x1b01a57b, 0x8208f4c1, 0xf50fc457, 0x65b0d9c6, 0x12b7e950, 0x8bbeb8ea,
        0xfcb9887c, 0x62dd1ddf, 0x15da2d49, 0x8cd37cf3, 0xfbd44c65, 0x4db26158, 0x3ab551ce,
        0xa3bc0074, 0xd4bb30e2, 0x4adfa541, 0x3dd895d7, 0xa4d1c46d, 0xd3d6f4fb, 0x4369e96a,
        0x346ed9fc, 0xad678846, 0xda60b8d0, 0x44042d73, 0x33031de5, 0xaa0a4c5f, 0xdd0d7cc9,
        0x5005713c, 0x270241aa, 0xbe0b1010, 0xc90c2086, 0x5768b525, 0x206f85b3, 0xb966d409,
        0xce61e49f, 0x5edef90e, 0x29d9c998, 0xb0d09822, 0xc7d7a8b4, 0x59b33d17, 0x2eb40d81,
        0xb7bd5c3b, 0xc0ba6cad, 0xedb88320, 0x9abfb3b6, 0x03b6e20c, 0x74b1d29a, 0xead54739,
        0x9dd277af, 0x04db2615, 0x73dc1683, 0xe3630b12, 0x94643b84, 0x0d6d6a3e, 0x7a6a5aa8,
        0xe40ecf0b, 0x9309ff9d, 0x0a00ae27, 0x7d079eb1, 0xf00f9344, 0x8708a3d2, 0x1e01f268,
        0x6906c2fe, 0xf762575d, 0x806567cb, 0x196c3671, 0x6e6b06e7, 0xfed41b76, 0x89d32be0,
        0x10da7a5a, 0x67dd4acc, 0xf9b9df6f, 0x8ebeeff9, 0x17b7be43, 0x60b08ed5, 0xd6d6a3e8,
        0xa1d1937e, 0x38d8c2c4, 0x4fdff252, 0xd1bb67f1, 0xa6bc5767, 0x3fb506dd, 0x48b2364b,
        0xd80d2bda, 0xaf0a1b4c, 0x36034af6, 0x41047a60, 0xdf60efc3, 0xa867df55, 0x316e8eef,
        0x4669be79, 0xcb61b38c, 0xbc66831a, 0x256fd2a0, 0x5268e236, 0xcc0c7795, 0xbb0b4703,
        0x220216b9, 0x5505262f, 0xc5ba3bbe, 0xb2bd0b28, 0x2bb45a92, 0x5cb36a04, 0xc2d7ffa7,
        0xb5d0cf31, 0x2cd99e8b, 0x5bdeae1d, 0x9b64c2b0, 0xec63f226, 0x756aa39c, 0x026d930a,
        0x9c0906a9, 0xeb0e363f, 0x72076785, 0x05005713, 0x95bf4a82, 0xe2b87a14, 0x7bb12bae,
        0x0cb61b38, 0x92d28e9b, 0xe5d5be0d, 0x7cdcefb7, 0x0bdbdf21, 0x86d3d2d4, 0xf1d4e242,
        0x68ddb3f8, 0x1fda836e, 0x81be16cd, 0xf6b9265b, 0x6fb077e1, 0x18b74777, 0x88085ae6,
        0xff0f6a70, 0x66063bca, 0x11010b5c, 0x8f659eff, 0xf862ae69, 0x616bffd3, 0x166ccf45,
        0xa00ae278, 0xd70dd2ee, 0x4e048354, 0x3903b3c2, 0xa7672661, 0xd06016f7, 0x4969474d,
        0x3e6e77db, 0xaed16a4a, 0xd9d65adc, 0x40df0b66, 0x37d83bf0, 0xa9bcae53, 0xdebb9ec5,
        0x47b2cf7f, 0x30b5ffe9, 0xbdbdf21c, 0xcabac28a, 0x53b39330, 0x24b4a3a6, 0xbad03605,
        0xcdd70693, 0x54de5729, 0x23d967bf, 0xb3667a2e, 0xc4614ab8, 0x5d681b02, 0x2a6f2b94,
        0xb40bbe37, 0xc30c8ea1, 0x5a05df1b, 0x2d02ef8d
    };
    uint32_t crc = 0xffffffff;

    for (size_t i = 0; i < size; i++)
        crc = table[(crc ^ bytes[i]) & 255] ^ crc >> 8;
    return ~crc;
}

bool tn_zip_read(const struct tn_zip *zip, const struct tn_zip_entry *entry, uint8_t *out,
                 tenon_error *err)
{
    char shown[TN_QUOTE_ROOM];
    bool ok;

    if (entry->method == TN_ZIP_STORED)
        ok = tn_read_range(zip->fd, entry->start, out, (size_t)entry->size, err);
    else
        ok = read_deflated(zip, entry, out, err);
    if (ok && crc32_of(out, (size_t)entry->size) != entry->crc)
        ok = tn_fail(err, TENON_E_MALFORMED, "its CRC is not the recorded one");
    return ok || tn_context(err, "entry %s", tn_quote(shown, entry->name));
}
