/* src/loader/ldcache_make.h - writes a cache as ldconfig does */
#ifndef TN_LDCACHE_MAKE_H
#define TN_LDCACHE_MAKE_H

#include "arena.h"
#include "view.h"

/* One entry. */
struct tn_ldcache_row {
    const char *key, *value;
    uint32_t flags;        /* tn_ldcache_id() */
    const char *subdir;    /* of glibc-hwcaps; NULL: none */
    unsigned isa;          /* ... what x86 processor the file needs, the baseline being 0 */
    uint64_t capabilities; /* legacy bits of one without a subdirectory */
    size_t number;         /* set by tn_ldcache_make() */
};

/*
 * Sorts the rows and makes the bytes of a cache in the new format, little-endian, in the arena.
 * Rows that are alike stay in the order given.
 * returns  false: no memory, or more than such a file can hold
 */
bool tn_ldcache_make(struct tn_ldcache_row *rows, size_t count, struct tn_arena *arena,
                     struct tn_view *out);

#endif
