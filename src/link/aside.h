/* src/link/aside.h - a linked file while the same command is run once more */
#ifndef TN_ASIDE_H
#define TN_ASIDE_H

#include "arena.h"
#include <tenon/error.h>

/*
 * What a link made is worth more than what is learnt from another one: it is renamed, in its own
 * directory, and comes back unless the other one is to take its place.
 */
struct tn_aside {
    char *real, *path; /* where it was, where it is; NULL: nothing is set aside */
};

/*
 * Sets a file aside; what is no regular file stays.
 *
 * owner    tn_aside_keep() or tn_aside_drop(), once
 * errors   TENON_E_SYSTEM, _MEMORY; then the file is where it was
 */
bool tn_aside_set(struct tn_aside *aside, const char *output, tenon_error *err);

/* Puts it back, in the place of what may be there now. */
bool tn_aside_keep(struct tn_aside *aside, tenon_error *err);

/* Takes it away: what is there now is better. */
void tn_aside_drop(struct tn_aside *aside);

bool tn_is_regular(const char *path);

#endif
