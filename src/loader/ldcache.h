/* src/loader/ldcache.h - glibc's ld.so.cache, old, new and glibc-hwcaps formats */
#ifndef TN_LDCACHE_H
#define TN_LDCACHE_H

#include "cursor.h"

struct tn_ldcache {
    bool is_old;     /* the format of glibc before 2.2, without capabilities */
    bool has_legacy; /* some entry has capability bits of the kind that glibc knew up to 2.36 */
    enum tn_endian endian;
    struct tn_view base; /* offsets of keys and values count from its start */
    uint64_t text_end;   /* of `base`: whatever begins before it has a NUL behind it */
    struct tn_view entries;
    uint32_t count;
    struct tn_view hwcaps; /* u32 offsets of subdirectory names; empty when there are none */
    struct tn_view file;   /* ... which count from its start */
};

/*
 * What entries with capability bits count for a processor: they may have any of `capabilities`,
 * and of `platforms` none or just `platform`. All 0: none counts.
 */
struct tn_ldcache_legacy {
    uint64_t capabilities, platforms, platform;
};

/*
 * What a lookup may take: entries of this machine, `id`, and of those without a mark, if any
 * (`unmarked` is not 0). `levels` are the supported glibc-hwcaps names, best first, NULL-ended.
 */
struct tn_ldcache_query {
    uint32_t id;
    uint32_t unmarked;
    const char *const *levels;
    unsigned isa_level; /* of x86-64; 0: entries are not checked */
    struct tn_ldcache_legacy legacy;
};

/*
 * Checks a cache for a loader of the byte order `endian`. Borrows the bytes.
 * errors   TENON_E_TRUNCATED, TENON_E_MALFORMED: the loader goes on as if there were none
 */
bool tn_ldcache_open(struct tn_view file, enum tn_endian endian, struct tn_ldcache *out,
                     tenon_error *err);

/* The path for a name; NULL when it has none. Borrowed from the bytes. */
const char *tn_ldcache_lookup(const struct tn_ldcache *cache, const char *name,
                              const struct tn_ldcache_query *query);

/* How names are ordered: runs of digits as numbers. <0, 0, >0. */
int tn_ldcache_compare(const char *a, const char *b);

/*
 * The id of a machine's entries, 0 when the machine is not known; and of unmarked ones that its
 * loader takes, 0 when it takes none.
 */
uint32_t tn_ldcache_id(uint32_t machine, unsigned word, uint32_t e_flags, uint32_t *unmarked);

#endif
