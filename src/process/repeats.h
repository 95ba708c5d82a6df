/* src/process/repeats.h - of many hashes, those that come more than once */
#ifndef TN_REPEATS_H
#define TN_REPEATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Of the units of a plan nearly none shares anything with another one. To find that out takes one
 * look at a small table for each of their keys; who then asks about a key that came once needs no
 * table of units.
 */
struct tn_repeats {
    uint32_t *rows; /* open addressing, at most every second one in use; 0: empty */
    size_t mask;
    uint32_t *found; /* each that came again; after tn_repeats_end() in order */
    size_t count, room;
};

/* For at most that many. False: no memory. */
bool tn_repeats_begin(struct tn_repeats *repeats, size_t hashes);
void tn_repeats_free(struct tn_repeats *repeats);

/* Notes one that was there before. False: no memory. */
bool tn_repeats_note(struct tn_repeats *repeats, uint32_t hash);

/* Adds one; 0 is none. False: no memory. */
static inline bool tn_repeats_add(struct tn_repeats *repeats, uint32_t hash)
{
    size_t at = hash & repeats->mask;
    if (!hash)
        return true;
    while (repeats->rows[at] && repeats->rows[at] != hash)
        at = (at + 1) & repeats->mask;
    if (repeats->rows[at])
        return tn_repeats_note(repeats, hash);
    repeats->rows[at] = hash;
    return true;
}

/* All were added: what follows is only asked. */
void tn_repeats_end(struct tn_repeats *repeats);

/* Did it come more than once? */
bool tn_repeats_find(const struct tn_repeats *repeats, uint32_t hash);

static inline bool tn_repeats_has(const struct tn_repeats *repeats, uint32_t hash)
{
    return repeats->count && hash && tn_repeats_find(repeats, hash);
}

#endif
