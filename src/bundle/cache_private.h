/* src/bundle/cache_private.h - what the files of the cache know of each other */
#ifndef TN_CACHE_PRIVATE_H
#define TN_CACHE_PRIVATE_H

#include "cache.h"

struct tn_cache {
    char *path; /* absolute, no symbolic links */
    int dir;
    int lock;
};

#define TN_CACHE_LOCK "lock"
#define TN_CACHE_TEMPORARY ".new-" /* directories that are being filled */
#define TN_CACHE_INDEX ".tenon"    /* in each directory: what was noted */
#define TN_CACHE_KNOWN "bundles"   /* beside them: what is known of bundles, see known.h */

/* ---- cache_place.c ------------------------------------------------------------------------------
 */

/* Makes the directory and those above it. Absolute, to be freed; NULL with *err. */
char *tn_cache_make_place(const char *directory, tenon_error *err);

/* Opens it, when nobody but this user (and root) can change what is in it. -1 with *err. */
int tn_cache_open_place(const char *path, tenon_error *err);

/* ---- cache_index.c ------------------------------------------------------------------------------
 */

/* What was noted of one file. */
struct tn_noted {
    const char *name;
    struct tn_identity identity;
};

/* The notes of a directory. */
struct tn_notes {
    const char *plugin, *version;
    struct tn_noted *rows;
    size_t count;
};

bool tn_notes_write(int dir, const struct tn_notes *notes, tenon_error *err);

/* False without an error: there are none, or they make no sense; then everything is hashed. */
bool tn_notes_read(int dir, struct tn_arena *arena, struct tn_notes *notes);

/* The same of a text, which is cut into pieces; false: *notes is only good to be dropped. */
bool tn_notes_parse(char *text, struct tn_arena *arena, struct tn_notes *notes);

const struct tn_noted *tn_notes_find(const struct tn_notes *notes, const char *name);

/* ---- cache_list.c -------------------------------------------------------------------------------
 */

/* Removes a directory with all that is in it, or a file; what is not there is no failure. 0 or an
 * errno value. */
int tn_cache_remove(int parent, const char *name);

#endif
