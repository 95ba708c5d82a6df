/* src/bundle/known_file.h - the file of the index of bundles: rows found in place, blocks read when
 * they are wanted */
#ifndef TN_KNOWN_FILE_H
#define TN_KNOWN_FILE_H

#include "arena.h"
#include "bytes.h"
#include "file_identity.h"

/* One row, as known.h lays it out. */
struct tn_known_entry {
    struct tn_identity identity;
    const uint8_t *digest;
    uint64_t offset;
    uint32_t packed, proofs; /* sizes */
    uint64_t sum;
};

/* The file, or bytes in memory. Start with { .fd = -1 }. */
struct tn_known_file {
    int fd; /* -1: not open */
    uint64_t size;
    struct tn_view rows;   /* entries borrow their digests, until the file is opened again */
    uint8_t *row_bytes;    /* NULL: they are in `memory` */
    struct tn_view memory; /* all of it; at NULL: it is a file */
    const uint8_t **pages; /* read so far */
    struct tn_identity of; /* the file that `rows` are of */
    struct tn_arena arena; /* pages of this and of earlier files: blocks are borrowed from here */
};

/* Takes bytes in memory. False: they make no sense. */
bool tn_known_file_take(struct tn_known_file *file, struct tn_view bytes);

/*
 * Opens CACHE/bundles below an open directory. Rows that were read of the same file before stay.
 * False: there is none, or it makes no sense.
 */
bool tn_known_file_open(struct tn_known_file *file, int dir);
void tn_known_file_close(struct tn_known_file *file);
void tn_known_file_free(struct tn_known_file *file);

size_t tn_known_file_count(const struct tn_known_file *file);
struct tn_known_entry tn_known_file_entry(const struct tn_known_file *file, size_t i);

/* The row of a file; false: none. */
bool tn_known_file_find(const struct tn_known_file *file, const struct tn_identity *identity,
                        struct tn_known_entry *out);

/* A row's manifest and proofs; false: they cannot be had, or are not what was written. */
bool tn_known_file_block(struct tn_known_file *file, const struct tn_known_entry *entry,
                         struct tn_view *packed, struct tn_view *proofs);

/* A row on its way into a file. */
struct tn_known_new {
    struct tn_identity identity;
    const uint8_t *digest;
    struct tn_view packed, proofs;
    uint64_t offset; /* of its block; worked out */
};

/*
 * Lays out a file of as many of the rows as there is room for, the first ones first. Sorts `rows`.
 * False: no memory.
 */
bool tn_known_file_lay(struct tn_known_new *rows, size_t count, struct tn_arena *arena,
                       struct tn_view *out);

#endif
