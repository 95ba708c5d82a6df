/* src/cli/build.h - makes the shared library of a plugin from sources, objects and archives */
#ifndef CLI_BUILD_H
#define CLI_BUILD_H

#include "pack.h"

/* Options of build alone, as popt stores them. */
struct build_options {
    char *cc, *prefix;
    char **cflags, **ldflags;
};

/*
 * Compiles what is source, links everything, in pack->scratch; pack->made says what was made.
 *
 * returns  the library's path, in the arena; NULL: return *status, everything was said
 */
const char *build_library(struct pack *pack, const struct build_options *options,
                          const char *const *files, int *status);

/* Has the host every unit of an object or archive, the same, and does it export all of it? */
bool build_host_has(tenon_world *world, const tenon_units *host, const char *file);

/*
 * The object or member that a linker could not put into a shared library, from its own words: a
 * path, or "libx.a(y.o)".
 *
 * returns  in the arena; NULL: it says nothing of that, or no memory
 */
const char *build_member_not_pic(struct tn_arena *arena, const char *said);

/* What to say of it. */
#define BUILD_NOT_PIC                                                                              \
    "is not position independent, and cannot become part of a plugin: it must be compiled anew "   \
    "with -fPIC"

#endif
