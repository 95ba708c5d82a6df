/* src/bundle/zip_header.h - what a zip file says of one entry, and whether it is taken */
#ifndef TN_ZIP_HEADER_H
#define TN_ZIP_HEADER_H

#include "cursor.h"

/* What local header and directory both say. */
struct tn_zip_header {
    uint16_t flags, method, time, date, name_size, extra_size;
    uint32_t crc, packed, size;
};

/* A bit of `flags`: CRC and sizes stand behind the bytes, not before. */
#define TN_ZIP_DESCRIPTOR 8u

/* The fields from the general purpose bits to the length of the extra fields. */
struct tn_zip_header tn_zip_header(struct tn_cursor *c);

/*
 * Extra fields must be whole, and none may change what the rest means.
 *
 * errors   TENON_E_TRUNCATED, _UNSUPPORTED
 */
bool tn_zip_check_extra(struct tn_view extra, tenon_error *err);

/*
 * Methods and bits that are known, sizes within limits, a regular file.
 *
 * errors   TENON_E_UNSUPPORTED, _LIMIT, _MALFORMED
 */
bool tn_zip_check(const struct tn_zip_header *header, uint32_t attributes, tenon_error *err);

#endif
