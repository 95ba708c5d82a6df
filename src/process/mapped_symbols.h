/* src/process/mapped_symbols.h - the symbols of an object of this process, looked up where they lie
 */
#ifndef TN_MAPPED_SYMBOLS_H
#define TN_MAPPED_SYMBOLS_H

#include <elf.h>
#include <link.h>
#include <stdbool.h>
#include <stddef.h>

#include "view.h"

/*
 * The tables that the loader itself uses, in memory: nothing is copied or opened. Each is bounded
 * by the segment that it begins in. Only good while the object stays mapped.
 *
 * rule  gABI chapter 5 "Dynamic Section"; GNU hash and symbol versions as glibc has them
 */
struct tn_mapped {
    bool has_symbols; /* false: no tables that we can look up in */
    struct tn_view dynamic, strings;
    struct tn_view symbols, buckets, chains, bloom; /* chains: of the symbols from `first` on */
    uint32_t first, shift;
    struct tn_view versions, definitions; /* by symbol; versions that the object defines */
};

void tn_mapped_take(struct tn_mapped *mapped, const struct dl_phdr_info *info);

/* The string that the dynamic section names by a tag (DT_SONAME); NULL. */
const char *tn_mapped_string(const struct tn_mapped *mapped, intptr_t tag);

/* Those of a tag that may stand many times, one by one (DT_NEEDED): *at begins with 0. NULL: no
 * more. */
const char *tn_mapped_next_string(const struct tn_mapped *mapped, intptr_t tag, size_t *at);

/* A number of the dynamic section, 0 when it is not there. */
uint64_t tn_mapped_number(const struct tn_mapped *mapped, intptr_t tag);

/* A hash to look up with; the same for all objects. */
uint32_t tn_mapped_hash(const char *name);

/*
 * Does the object offer that symbol to others, at that version (NULL: any default)?
 *
 * rule  glibc elf/dl-lookup.c, check_match(); STV_HIDDEN and undefined ones never answer
 */
bool tn_mapped_offers(const struct tn_mapped *mapped, const char *name, uint32_t hash,
                      const char *version);

/* ... and whether it is thread-local data. */
bool tn_mapped_finds(const struct tn_mapped *mapped, const char *name, uint32_t hash,
                     const char *version, bool *is_tls);

/* Does it define that symbol strongly, for others to see? */
bool tn_mapped_is_strong(const struct tn_mapped *mapped, const char *name, uint32_t hash);

/*
 * What that symbol names in memory, to the end of its segment; empty: the object does not offer it.
 * `info` is the object's.
 */
struct tn_view tn_mapped_data(const struct tn_mapped *mapped, const struct dl_phdr_info *info,
                              const char *name);

/*
 * Marks the hashes of all symbols that it may offer in a filter of so many bits, a power of two:
 * at tn_mapped_bit().
 */
void tn_mapped_mark(const struct tn_mapped *mapped, uint64_t *filter, uint32_t bits);

/* The last bit of a hash is not kept in the tables. */
static inline uint32_t tn_mapped_bit(uint32_t hash, uint32_t bits)
{
    return hash >> 1 & (bits - 1);
}

/* Does it define that version? */
bool tn_mapped_defines_version(const struct tn_mapped *mapped, const char *version);

#endif
