/* src/resolve/ahead.h - reads the files of a long list in a thread before they are asked for */
#ifndef TN_AHEAD_H
#define TN_AHEAD_H

#include "reading.h"

struct tn_ahead;

/* What the thread found at one path. */
struct tn_ahead_result {
    struct tn_arena arena;
    int error; /* errno of opening */
    tenon_file_info info;
    bool known; /* its device and inode were somebody's already: nothing was read */
    struct tn_reading reading;
};

/*
 * Starts reading the files at `paths` (borrowed, as the world is, until tn_ahead_end). NULL: not
 * worth it, not possible in this world, or no memory or thread for it: all the same to the caller.
 */
struct tn_ahead *tn_ahead_begin(tenon_world *world, const char *const *paths, size_t count);
void tn_ahead_end(struct tn_ahead *ahead);

/*
 * The result for paths[i], waited for if the thread is at it; NULL: it is the caller's to read.
 * Each is given once and belongs to the caller, to be freed with tn_ahead_free.
 */
struct tn_ahead_result *tn_ahead_take(struct tn_ahead *ahead, size_t i);

/*
 * The caller has opened a file itself and asks whose it is to read: the caller's (NULL), or the
 * thread's, whose result is then given.
 */
struct tn_ahead_result *tn_ahead_claim(struct tn_ahead *ahead, const tenon_file_info *info);

void tn_ahead_free(struct tn_ahead_result *result);

#endif
