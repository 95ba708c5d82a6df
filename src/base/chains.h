/* src/base/chains.h - rows that share a name, found without comparing all of them */
#ifndef TN_CHAINS_H
#define TN_CHAINS_H

#include "table.h"

/* Rows 0, 1, ... by name, those of one name in their order. Start with tn_chains_make(). */
struct tn_chains {
    struct tn_names names;
    uint32_t *first; /* by number in `names` */
    uint32_t *next;  /* by row */
    size_t count;
};

/*
 * Lists `count` rows by the name that `name_of` gives each; NULL: in none. The names are copied.
 *
 * owner    tn_chains_free(), also after a failure
 * returns  false: no memory, or more rows than numbers
 */
bool tn_chains_make(struct tn_chains *chains, size_t count,
                    const char *(*name_of)(const void *rows, size_t i), const void *rows);
void tn_chains_free(struct tn_chains *chains);

/* The first row of a name; TN_NO_NAME: there is none. */
uint32_t tn_chains_first(const struct tn_chains *chains, const char *name);

/* The next row of the same name; TN_NO_NAME: that was the last one. */
static inline uint32_t tn_chains_next(const struct tn_chains *chains, uint32_t row)
{
    return chains->next[row];
}

#endif
