/* src/loader/glibc_build.h - what one build of glibc was configured with */
#ifndef TN_GLIBC_BUILD_H
#define TN_GLIBC_BUILD_H

#include "dirs.h"

/*
 * Distributions compile different directories into ld.so, so the truth is in its file: the list
 * of system directories, the place of its cache, its version. What the file does not tell comes
 * from a table of what upstream and Debian do.
 */
struct tn_glibc_build {
    const struct tn_dirs *system_dirs;
    const char *cache, *preload; /* paths of ld.so.cache and ld.so.preload */
    const char *lib;             /* $LIB */
    unsigned minor;              /* of version 2.minor; 0: unknown */
};

/*
 * Reads the build of the loader at `interpreter`. Only the file is looked at, nothing is run.
 * false: no memory.
 */
bool tn_glibc_build_read(tenon_world *world, struct tn_arena *arena, const char *interpreter,
                         uint32_t machine, unsigned word, uint32_t e_flags,
                         struct tn_glibc_build *out);

#endif
