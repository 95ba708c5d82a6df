/* src/resolve/shelf.h - files of this system, read once for resolvers in several threads */
#ifndef TN_SHELF_H
#define TN_SHELF_H

#include "reading.h"
#include "table.h"

struct tn_shelf;

/* The place of one resolver at a shelf, used by one thread at a time. */
struct tn_reader;

/* What a path leads to. It stays as it is, and where it is, as long as the shelf. */
struct tn_shelf_entry {
    tenon_file_info info;
    struct tn_reading reading;
};

/* A place at a new shelf; NULL: no memory. */
struct tn_reader *tn_shelf_begin(void);

/* A place beside another; NULL: no memory. */
struct tn_reader *tn_shelf_join(struct tn_reader *other);

/* Gives the place back. The last to leave ends the shelf; NULL is fine. */
void tn_shelf_leave(struct tn_reader *reader);

/*
 * The file at a path: opened and read by whoever asks first, while others wait for it. The hash of
 * the path must be the same for all who ask.
 *
 * returns  0 or an errno value; *entry is set for 0. ENOMEM is not remembered
 */
int tn_shelf_open(struct tn_reader *reader, tenon_world *world, const struct tn_name *path,
                  const struct tn_shelf_entry **entry);

/* What was read of a file before, under whatever path; NULL: nothing. */
const struct tn_shelf_entry *tn_shelf_find(struct tn_reader *reader, const tenon_file_info *info);

/* Keeps what its reader has read of such a file; NULL: somebody else has, or there is no memory. */
const struct tn_shelf_entry *tn_shelf_keep(struct tn_reader *reader, const tenon_file_info *info,
                                           const struct tn_reading *reading);

#endif
