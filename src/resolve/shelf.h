/* src/resolve/shelf.h - files of this system, read once for resolvers in several threads */
#ifndef TN_SHELF_H
#define TN_SHELF_H

#include <tenon/world.h>

#include "table.h"

struct tn_node;
struct tn_shelf;

/* The place of one resolver at a shelf, used by one thread at a time. */
struct tn_reader;

/* Whether somebody has filled a row or an entry. */
typedef _Atomic(int) tn_shelf_state;

/* A file, by its device and inode. It never changes once it is filled. */
struct tn_shelf_entry {
    tn_shelf_state state;
    const struct tn_node *node; /* of the resolver that has read it; see tn_node_adopt() */
    const char *const *texts;   /* ... what its numbers mean */
};

/* A path. It never changes once it is filled. */
struct tn_shelf_row {
    tn_shelf_state state;
    const char *text;
    uint32_t size, hash;
    int error; /* errno of opening */
    const struct tn_shelf_entry *entry;
};

/* A place at a new shelf; NULL: no memory. */
struct tn_reader *tn_shelf_begin(void);

/* A place beside another; NULL: no memory. */
struct tn_reader *tn_shelf_join(struct tn_reader *other);

/*
 * Gives a place back, with the memory of what was put on the shelf from there: it goes with the
 * shelf, when the last has left. NULL is fine, and leaves the memory alone.
 */
void tn_shelf_leave(struct tn_reader *reader, struct tn_arena *nodes, struct tn_arena *texts);

/*
 * The row of a path, or the entry of a file, made if new: filled, maybe after waiting for another
 * thread; or, when *ours, to be filled by the caller soon, with tn_shelf_fill_row() or
 * tn_shelf_fill(). NULL: no memory. The hash of a path must be the same for all who ask.
 */
struct tn_shelf_row *tn_shelf_row(struct tn_reader *reader, const struct tn_name *path, bool *ours);
struct tn_shelf_entry *tn_shelf_entry(struct tn_reader *reader, const tenon_file_info *info,
                                      bool *ours);

/* The entry of a file that somebody has read; NULL: nobody has. */
const struct tn_shelf_entry *tn_shelf_find(struct tn_reader *reader, const tenon_file_info *info);

/* Nothing is remembered of ENOMEM, nor of an entry without a node: others may try. */
void tn_shelf_fill_row(struct tn_reader *reader, struct tn_shelf_row *row, int error,
                       const struct tn_shelf_entry *entry);
void tn_shelf_fill(struct tn_reader *reader, struct tn_shelf_entry *entry,
                   const struct tn_node *node, const char *const *texts);

#endif
