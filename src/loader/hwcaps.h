/* src/loader/hwcaps.h - glibc's hardware capability subdirectories */
#ifndef TN_HWCAPS_H
#define TN_HWCAPS_H

#include "ldcache.h"
#include "rules.h"

#define TN_HWCAPS_LEVELS 5

/*
 * The glibc-hwcaps names that a processor of `level` ("" is the baseline) supports, best first,
 * NULL after the last.
 */
void tn_hwcaps_levels(uint32_t machine, enum tn_endian endian, const char *level,
                      const char *levels[TN_HWCAPS_LEVELS]);

/* x86-64: 1 for the baseline, 2 for x86-64-v2, ...; other machines: 0. */
unsigned tn_hwcaps_isa_level(uint32_t machine, const char *level);

/*
 * All subdirectories to try in a directory, without the plain one, NULL-ended; in the arena,
 * NULL: no memory. `legacy`: the names glibc tried up to 2.36 too.
 */
const char *const *tn_hwcaps_subdirs(struct tn_arena *arena, uint32_t machine,
                                     enum tn_endian endian, const char *level, const char *platform,
                                     bool legacy);

/*
 * The bit of a legacy directory's name of `size` bytes, as ldconfig gives it to what is found
 * there up to 2.36; 0: it is no such name.
 */
uint64_t tn_hwcaps_legacy_bit(uint32_t machine, const char *name, size_t size);

/* Which entries with legacy capability bits a cache may have for such a processor. */
struct tn_ldcache_legacy tn_hwcaps_legacy(uint32_t machine, const char *level,
                                          const char *platform);

#endif
