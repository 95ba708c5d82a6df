/* src/loader/ldconf.h - ld.so.conf, the way ldconfig reads it */
#ifndef TN_LDCONF_H
#define TN_LDCONF_H

#include "dirs.h"

/*
 * The directories that the file at `path` and the files it includes name, in order, each once.
 * A file that is absent or unreadable counts as empty, as for ldconfig. NULL: no memory.
 */
const struct tn_dirs *tn_ldconf_read(tenon_world *world, struct tn_arena *arena, const char *path);

#endif
