/* src/find/member.h - whether a file is the library that its name says */
#ifndef TN_MEMBER_H
#define TN_MEMBER_H

#include <tenon/world.h>

#include "arena.h"
#include "conventions.h"

struct tn_member {
    bool is;              /* it is one */
    bool dangling;        /* a link whose target is not there */
    const char *own_name; /* a shared library's; NULL: none, or not known */
    const char *why;      /* not one: why, for people */
    bool unread;          /* ... because it cannot be read: it may be one */
    bool blank;           /* ... and nothing in it names one */
};

/*
 * Reads the file at `path` and says whether it can have the role. False: no memory.
 *
 * shape    any file at all
 */
bool tn_member_read(tenon_world *world, struct tn_arena *arena, const char *path, enum tn_role role,
                    struct tn_member *out);

#endif
