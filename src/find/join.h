/* src/find/join.h - the results for several libraries as the flags of one build */
#ifndef TN_JOIN_H
#define TN_JOIN_H

#include <tenon/find.h>

#include "arena.h"
#include "view.h"
#include "words.h"

struct tn_joined {
    struct tn_words cppflags, ldflags, libs;
};

/*
 * Adds the library `name` from the text of its conf-NAME.mk: -I and -L in order, each once; run
 * paths, each once, by `rpath_flag` (NULL: the platform has none).
 *
 * errors   TENON_E_MALFORMED when it does not say where the library is, or asks for a run path
 *          where there is none; those of tn_conf_read
 */
bool tn_join_add(struct tn_joined *joined, struct tn_arena *arena, const char *name,
                 struct tn_view text, const char *rpath_flag, tenon_error *err);
void tn_joined_free(struct tn_joined *joined);

#endif
