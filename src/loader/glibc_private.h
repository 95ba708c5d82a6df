/* src/loader/glibc_private.h - glibc: what its parts share */
#ifndef TN_GLIBC_PRIVATE_H
#define TN_GLIBC_PRIVATE_H

#include "glibc_build.h"
#include "hwcaps.h"
#include "ldcache.h"
#include "rules.h"

/* Rows of tn_glibc_rules. */
enum {
    GLIBC_LOADED,
    GLIBC_DIRECT,
    GLIBC_RPATH,
    GLIBC_ENV,
    GLIBC_RUNPATH,
    GLIBC_CACHE,
    GLIBC_CONF,
    GLIBC_DEFAULT,
    GLIBC_SELF,
    GLIBC_RULES
};
extern const tenon_rule tn_glibc_rules[GLIBC_RULES];

#define GLIBC_NODEFLIB 1u /* of tn_asker.flags */

/* CONF: to be made as ldconfig would, MADE: it was. */
enum tn_glibc_cache { CACHE_UNREAD, CACHE_GOOD, CACHE_NONE, CACHE_CONF, CACHE_MADE };

struct tn_glibc_config {
    bool build_read;
    struct tn_glibc_build build;
    enum tn_glibc_cache cache_state;
    struct tn_ldcache cache;
    struct tn_ldcache_query query;
    const char *cache_path, *cache_problem, *conf_path;
    const struct tn_dirs *conf_dirs;
    const char *const *subdirs;
    const char *levels[TN_HWCAPS_LEVELS];
};

/* What the loader's own file says of its build; NULL: no memory. */
const struct tn_glibc_build *tn_glibc_build_of(const struct tn_target *target);

/* Did that version know directories of capabilities other than glibc-hwcaps? */
bool tn_glibc_has_legacy(const struct tn_glibc_build *build);

/* Which entries with capability bits count; false: no memory. */
bool tn_glibc_legacy(struct tn_target *target, struct tn_ldcache_legacy *out);

/* The path of the cache; NULL: no memory. */
const char *tn_glibc_cache_file(struct tn_target *target);

/* ---- glibc_cache.c: hooks of the row ---- */

bool tn_glibc_cached(struct tn_target *target, const struct tn_fact_source *source,
                     const char *name, const struct tn_asker *asker, struct tn_cached *out);
bool tn_glibc_prepare_likely(struct tn_target *target);
const char *tn_glibc_likely(const struct tn_target *target, const char *name);

#endif
