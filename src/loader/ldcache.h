/* src/loader/ldcache.h - glibc's ld.so.cache, old, new and glibc-hwcaps formats */
#ifndef TN_LDCACHE_H
#define TN_LDCACHE_H

#include "cursor.h"

struct tn_ldcache {
    bool is_old; /* the format of glibc before 2.2, without capabilities */
    enum tn_endian endian;
    struct tn_view base; /* offsets of keys and values count from its start */
    uint64_t text_end;   /* of `base`: whatever begins before it has a NUL behind it */
    struct tn_view entries;
    uint32_t count;
    struct tn_view hwcaps; /* u32 offsets of subdirectory names; empty when there are none */
    struct tn_view file;   /* ... which count from its start */
};

/*
 * What a lookup may take: `id` as an entry of this machine has it; entries of plain ELF (1) too
 * when accept_plain. `levels` are the supported glibc-hwcaps names, best first, NULL-ended.
 */
struct tn_ldcache_query {
    uint32_t id;
    bool accept_plain;
    const char *const *levels;
    unsigned isa_level; /* of x86-64; 0: entries are not checked */
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

/* The native id of a machine's entries; 0 when the machine is not known. */
uint32_t tn_ldcache_id(uint32_t machine, unsigned word, uint32_t e_flags, bool *accept_plain);

#endif
