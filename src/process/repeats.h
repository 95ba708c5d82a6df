/* src/process/repeats.h - of many hashes, those that come more than once */
#ifndef TN_REPEATS_H
#define TN_REPEATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A hash that may come again, and how often it came. */
struct tn_repeat {
    uint32_t hash; /* 0: none */
    uint32_t times;
};

/*
 * Of the units of a plan nearly none shares anything with another one. To find that out takes two
 * rounds. In the first each hash has one bit among many, so that few meet a bit that was set; in
 * the second these few are counted, and what is not among them has come once. A table of all would
 * be several times as large, and most looks at it would wait for memory.
 */
struct tn_repeats {
    uint64_t *seen; /* first round: a bit for each */
    size_t seen_mask;
    uint32_t *suspects; /* first round: met a bit that was set */
    size_t suspect_count;
    struct tn_repeat *rows; /* second round: the suspects; open addressing; NULL: there are none */
    size_t mask;
    uint64_t *filter; /* second round: a bit for each suspect */
    size_t filter_mask;
    size_t count; /* those that came again */
};

/* For at most that many hashes. False: no memory. */
bool tn_repeats_begin(struct tn_repeats *repeats, size_t hashes);
void tn_repeats_free(struct tn_repeats *repeats);

enum { TN_REPEATS_WORD = 64 };

/* First round: a hash comes; 0 is none. */
static inline void tn_repeats_see(struct tn_repeats *repeats, uint32_t hash)
{
    size_t at = hash & repeats->seen_mask;
    uint64_t *word = &repeats->seen[at / TN_REPEATS_WORD];
    uint64_t bit = UINT64_C(1) << at % TN_REPEATS_WORD;
    if (!hash)
        return;
    repeats->suspects[repeats->suspect_count] = hash; /* no branch that is hard to foresee */
    repeats->suspect_count += (*word & bit) != 0;
    *word |= bit;
}

/* All were seen; now each is counted, unless there is no suspect. False: no memory. */
bool tn_repeats_turn(struct tn_repeats *repeats);

/* The parts of what follows, for the few that the filter lets through. */
void tn_repeats_count_suspect(struct tn_repeats *repeats, uint32_t hash);
bool tn_repeats_find(const struct tn_repeats *repeats, uint32_t hash);

static inline bool tn_repeats_suspects(const struct tn_repeats *repeats, uint32_t hash)
{
    size_t at = hash & repeats->filter_mask;
    return repeats->rows && hash &&
           repeats->filter[at / TN_REPEATS_WORD] >> at % TN_REPEATS_WORD & 1;
}

/* Second round: the same hashes once more. */
static inline void tn_repeats_count(struct tn_repeats *repeats, uint32_t hash)
{
    if (tn_repeats_suspects(repeats, hash))
        tn_repeats_count_suspect(repeats, hash);
}

/* After both rounds: did it come more than once? */
static inline bool tn_repeats_has(const struct tn_repeats *repeats, uint32_t hash)
{
    return repeats->count && tn_repeats_suspects(repeats, hash) && tn_repeats_find(repeats, hash);
}

#endif
