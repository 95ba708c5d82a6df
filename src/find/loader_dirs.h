/* src/find/loader_dirs.h - where a program's loader looks without being told */
#ifndef TN_LOADER_DIRS_H
#define TN_LOADER_DIRS_H

#include <tenon/find.h>
#include <tenon/world.h>

#include "arena.h"
#include "words.h"

/*
 * The directories that the loader of the program at `path` looks through for every library. *known
 * is false when its rules are not known, or it is not the loader of `platform` (NULL: any will do).
 *
 * owner    the words are in the arena, `dirs` is for the caller to free
 * errors   TENON_E_MEMORY
 */
bool tn_loader_dirs(tenon_world *world, struct tn_arena *arena, const tenon_platform *platform,
                    const char *path, struct tn_words *dirs, bool *known, tenon_error *err);

/* One of these directories is `dir`, by its name or after symbolic links. */
bool tn_is_loader_dir(tenon_world *world, struct tn_arena *arena, const struct tn_words *dirs,
                      const char *dir);

#endif
