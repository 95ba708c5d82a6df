/* src/find/join.h - the results for several libraries as the flags of one build */
#ifndef TN_JOIN_H
#define TN_JOIN_H

#include <tenon/find.h>

#include "arena.h"
#include "view.h"
#include "words.h"

/* The platform is set before the first library is added, and the user's own ldflags. */
struct tn_joined {
    const tenon_platform *platform;
    const char *rpath_flag; /* NULL: run paths are not used */
    struct tn_words cppflags, ldflags, libs;
};

/*
 * Adds the library `name` from the text of its conf-NAME.mk: -I and -L in order, each once; run
 * paths, each once, and to a list of the user's that replaces what -L would record.
 *
 * errors   TENON_E_MALFORMED when it does not say where the library is, or asks for a run path
 *          where there is none; TENON_E_ARGUMENT for a relative directory that would be recorded;
 *          those of tn_conf_read
 */
bool tn_join_add(struct tn_joined *joined, struct tn_arena *arena, const char *name,
                 struct tn_view text, tenon_error *err);
void tn_joined_free(struct tn_joined *joined);

#endif
