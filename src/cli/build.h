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

#endif
