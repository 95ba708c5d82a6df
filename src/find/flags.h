/* src/find/flags.h - switches of the linker, platform by platform */
#ifndef TN_FLAGS_H
#define TN_FLAGS_H

#include <tenon/find.h>

#include "arena.h"
#include "words.h"

/*
 * The run path switch for one directory by RPATH_FLAG: "-Wl,-rpath,DIR"; with a comma in DIR, at
 * which the driver would cut, by -Xlinker. False: no memory.
 */
bool tn_add_run_path(struct tn_words *words, struct tn_arena *arena, const char *flag,
                     const char *dir);

/* "-LDIR" and "-lNAME" */
bool tn_add_joined(struct tn_words *words, struct tn_arena *arena, const char *prefix,
                   const char *rest);

#endif
