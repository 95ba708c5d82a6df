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

/* False: beside a file that is set aside is no room for one that is `more` bytes larger. */
bool tn_aside_has_room(const struct tn_aside *aside, size_t more);

/*
 * Takes away what a link made when something of ours failed after it, so that nobody takes it for
 * what was asked for; *err says so. Returns false.
 */
bool tn_remove_output(const char *output, tenon_error *err);

/*
 * Was an error ours: the system refused us something, or memory? Else it is the link that does not
 * tell what it took, or does not take its record: a file that it names and that is not there, too.
 */
bool tn_is_own_failure(const tenon_error *err);

bool tn_is_regular(const char *path);

#endif
