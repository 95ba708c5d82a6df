/* src/bundle/zip_file.h - the zip file that a bundle is: read strictly, written by libzip */
#ifndef TN_ZIP_FILE_H
#define TN_ZIP_FILE_H

#include <stddef.h>
#include <stdint.h>
#include <tenon/error.h>

#include "arena.h"
#include "file_identity.h"
#include "view.h"

enum tn_zip_method { TN_ZIP_STORED = 0, TN_ZIP_DEFLATED = 8 };

struct tn_zip_entry {
    const char *name; /* checked by tn_entry_name_fault; NUL-ended */
    enum tn_zip_method method;
    uint64_t start; /* of its bytes in the file */
    uint64_t packed, size;
    uint32_t crc;
};

/*
 * The directory of a zip file. Only one shape is taken: entries one behind the other from the first
 * byte of the file, in the order of the directory, each with a local header that says the same;
 * the directory follows at once, and the file ends with its end record. So nothing is hidden,
 * nothing overlaps, and all readers of zip files see the same.
 */
struct tn_zip {
    struct tn_arena arena;
    struct tn_zip_entry *entries; /* in file order */
    size_t count;
    const struct tn_zip_entry **by_name;
    int fd;                      /* borrowed */
    struct tn_identity identity; /* of the file, before anything of it was read */
    uint64_t file_size;
    struct tn_view whole; /* small files: all bytes */
};

/*
 * Reads the directory of an open file and checks everything but contents.
 *
 * owner    tn_zip_close(), when true; fd is borrowed
 * errors   TENON_E_FORMAT (no zip), _TRUNCATED, _MALFORMED, _UNSUPPORTED (encrypted, zip64, ...),
 *          _LIMIT, _SYSTEM, _MEMORY; the message names the entry
 */
bool tn_zip_open(struct tn_zip *zip, int fd, tenon_error *err);
void tn_zip_close(struct tn_zip *zip);

/* NULL: there is none of that name. */
const struct tn_zip_entry *tn_zip_find(const struct tn_zip *zip, const char *name);

/*
 * The content of an entry into out[entry->size].
 *
 * errors   TENON_E_TRUNCATED, _MALFORMED (deflate, CRC), _SYSTEM, _MEMORY
 */
bool tn_zip_read(const struct tn_zip *zip, const struct tn_zip_entry *entry, uint8_t *out,
                 tenon_error *err);

/* Bytes [offset, offset + size) of an open file. errors  TENON_E_TRUNCATED, _SYSTEM */
bool tn_read_range(int fd, uint64_t offset, void *bytes, size_t size, tenon_error *err);

/* One entry to write. */
struct tn_zip_input {
    const char *name;
    const void *bytes;
    size_t size;
    enum tn_zip_method method;
};

/*
 * A whole zip file in memory: entries as given, all of 1980-01-01 and mode 0644.
 *
 * owner    *bytes is the caller's to free()
 * errors   TENON_E_UNSUPPORTED when libzip is not installed, _MALFORMED (libzip's words), _MEMORY
 */
bool tn_zip_make(const struct tn_zip_input *inputs, size_t count, uint8_t **bytes, size_t *size,
                 tenon_error *err);

#endif
