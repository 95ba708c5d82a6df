/* src/find/join.h - the results for several libraries as the flags of one build */
#ifndef TN_JOIN_H
#define TN_JOIN_H

#include <tenon/find.h>
#include <tenon/world.h>

#include "arena.h"
#include "view.h"
#include "words.h"

/* What one library brings. */
struct tn_part {
    const char *name, *libdir; /* the directory of the library when none of dirs is; NULL */
    bool run_path;
    struct tn_words cppflags, dirs;
    size_t first, end; /* its words among libs */
};

/* The platform is set before the first library is added, and the user's own ldflags. */
struct tn_joined {
    const tenon_platform *platform;
    const char *rpath_flag; /* NULL: run paths are not used */
    struct tn_words cppflags, ldflags, libs;
    struct tn_part *parts;
    size_t count, room;
};

/*
 * Adds the library `name` from the text of its conf-NAME.mk.
 *
 * errors   TENON_E_MALFORMED when it does not say where the library is, or asks for a run path
 *          where there is none; TENON_E_ARGUMENT for a relative directory that would be recorded,
 *          TENON_E_UNSUPPORTED for one that no run path can hold; those of tn_conf_read
 */
bool tn_join_add(struct tn_joined *joined, struct tn_arena *arena, const char *name,
                 struct tn_view text, tenon_error *err);

/*
 * Fills cppflags and ldflags when all are added: -I and -L, each once; run paths, each once, and to
 * a list of the user's that replaces what -L would record. The directories are in the order of the
 * libraries, or else in one with which each library is the one that was found.
 *
 * errors   TENON_E_UNSUPPORTED: there is no such order
 */
bool tn_join_end(struct tn_joined *joined, struct tn_arena *arena, tenon_world *world,
                 tenon_error *err);
void tn_joined_free(struct tn_joined *joined);

/* The order of the parts for tn_join_end: order[k] is the k-th. Errors as there. */
bool tn_join_order(const struct tn_joined *joined, struct tn_arena *arena, tenon_world *world,
                   size_t *order, tenon_error *err);

#endif
