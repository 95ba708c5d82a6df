/*
 * src/bundle/zip_header.c - what a zip file says of one entry, and whether it is taken
 *
 * rule  PKWARE APPNOTE.TXT 6.3, 4.4 (fields), 4.5 (extra fields)
 */
#include "zip_header.h"

#include <inttypes.h>
#include <sys/stat.h>

#include "fail.h"
#include "limits.h"
#include "zip_file.h"

/* general purpose bits */
enum { ENCRYPTED = 1, DEFLATE_LEVEL = 2 | 4, UTF8 = 1 << 11 };

/* extra fields that change what the rest means */
enum { EXTRA_ZIP64 = 0x0001, EXTRA_UNICODE_NAME = 0x7075, EXTRA_AES = 0x9901 };

struct tn_zip_header tn_zip_header(struct tn_cursor *c)
{
    struct tn_zip_header common;

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

bool tn_zip_check_extra(struct tn_view extra, tenon_error *err)
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

static bool check_flags(const struct tn_zip_header *common, tenon_error *err)
{
    if (common->flags & ENCRYPTED)
        return tn_fail(err, TENON_E_UNSUPPORTED, "it is encrypted");
    if (common->flags & ~(DEFLATE_LEVEL | TN_ZIP_DESCRIPTOR | UTF8))
        return tn_fail(err, TENON_E_UNSUPPORTED, "general purpose bits 0x%04x", common->flags);
    if (common->method != TN_ZIP_STORED && common->method != TN_ZIP_DEFLATED)
        return tn_fail(err, TENON_E_UNSUPPORTED, "compression method %u", common->method);
    return true;
}

static bool check_sizes(const struct tn_zip_header *common, tenon_error *err)
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

bool tn_zip_check(const struct tn_zip_header *header, uint32_t attributes, tenon_error *err)
{
    return check_flags(header, err) && check_sizes(header, err) && check_kind(attributes, err);
}
