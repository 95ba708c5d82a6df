/* src/resolve/ahead.h - reads files in a thread before they are asked for */
#ifndef TN_AHEAD_H
#define TN_AHEAD_H

#include "reading.h"
#include "rules.h"

struct tn_ahead;

/* What the thread found at one path. */
struct tn_ahead_result {
    struct tn_arena arena;
    struct tn_ahead_result *next; /* among those that are not in use */
    int error;                    /* errno of opening */
    tenon_file_info info;
    bool known; /* its device and inode were somebody's already: nothing was read */
    struct tn_reading reading;
};

/*
 * Gets ready to read the files at `paths` (borrowed, as the world is, until tn_ahead_end), and
 * those that they will need. The thread starts when there is enough to read. NULL: not possible in
 * this world, or no memory: all the same to the caller.
 */
struct tn_ahead *tn_ahead_begin(tenon_world *world, const char *const *paths, size_t count);
void tn_ahead_end(struct tn_ahead *ahead);

/*
 * From now on the likely paths of needs are this target's; it is borrowed until tn_ahead_end.
 * false: no memory.
 */
bool tn_ahead_aim(struct tn_ahead *ahead, struct tn_target *target);

/* A name that a file of the target needs, which the caller has read itself. */
void tn_ahead_need(struct tn_ahead *ahead, const char *name);

/*
 * The result for paths[i], or for another path, waited for if the thread is at it; NULL: it is the
 * caller's to read. Each is given once, and goes back with tn_ahead_done.
 */
struct tn_ahead_result *tn_ahead_take_listed(struct tn_ahead *ahead, size_t i);
struct tn_ahead_result *tn_ahead_take(struct tn_ahead *ahead, const char *path);

/*
 * The caller has opened a file itself and asks whose it is to read: the thread's, whose result is
 * then given, or the caller's (NULL), who says when that is done with tn_ahead_read.
 */
struct tn_ahead_result *tn_ahead_claim(struct tn_ahead *ahead, const tenon_file_info *info);

/* The claimed file was read. `for_good`: nobody need do it again. Else nothing is remembered. */
void tn_ahead_read(struct tn_ahead *ahead, const tenon_file_info *info, bool for_good);

/* Takes a result back; NULL is fine. */
void tn_ahead_done(struct tn_ahead *ahead, struct tn_ahead_result *result);

#endif
