/* src/link/depends.h - the Makefile rule that a linker writes with --dependency-file */
#ifndef TN_DEPENDS_H
#define TN_DEPENDS_H

#include "arena.h"
#include "view.h"
#include <tenon/error.h>

/*
 * The text without one prerequisite and its own empty rule.
 *
 * shape    as GNU ld, gold, lld and mold write it: one path a line, " \\" before the line's end
 * when another follows; then "PATH:" for each owner    in the arena errors   TENON_E_MEMORY
 */
bool tn_depends_without(struct tn_arena *arena, struct tn_view text, const char *path,
                        struct tn_view *out, tenon_error *err);

#endif
