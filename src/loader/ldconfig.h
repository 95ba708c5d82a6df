/* src/loader/ldconfig.h - what glibc's ldconfig would put into a cache that is not there */
#ifndef TN_LDCONFIG_H
#define TN_LDCONFIG_H

#include "rules.h"

/* One run of ldconfig. */
struct tn_ldconfig {
    tenon_world *world;
    const struct tn_fact_source *facts; /* of libraries, by their paths */
    const struct tn_dirs *const *lists; /* directories, in the order in which they are entered */
    size_t list_count;
    uint32_t machine; /* whose libraries, and those that its ldconfig enters beside them */
    bool legacy;      /* legacy capability directories are entered, as glibc did up to 2.36 */
};

/*
 * Makes the bytes of the cache, in the new format, little-endian; tn_ldcache_open() reads them.
 * Directories and files that cannot be read are left out, as ldconfig leaves them out. Links that
 * ldconfig would have made are not there, though entries name them.
 * returns  false: no memory
 */
bool tn_ldconfig_make(const struct tn_ldconfig *how, struct tn_arena *arena, struct tn_view *out);

#endif
