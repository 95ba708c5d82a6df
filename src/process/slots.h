/* src/process/slots.h - a map of hashes to numbers, in which a hash may stand many times */
#ifndef TN_SLOTS_H
#define TN_SLOTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tn_slot {
    uint32_t hash;
    uint32_t number; /* + 1; 0: empty */
};

/* Open addressing, at most every second slot in use. Starts as { 0 }. */
struct tn_slots {
    struct tn_slot *rows;
    size_t count; /* a power of two; 0: none */
    size_t used;
};

/* Room for that many more. False: no memory. */
bool tn_slots_reserve(struct tn_slots *slots, size_t more);
bool tn_slots_add(struct tn_slots *slots, uint32_t hash, uint32_t number);
void tn_slots_free(struct tn_slots *slots);

/* The parts of tn_slots_add(), for those who add many: is there no room, and one where there is. */
static inline bool tn_slots_are_full(const struct tn_slots *slots)
{
    return slots->used >= slots->count / 2;
}

static inline void tn_slots_put(struct tn_slot *rows, size_t count, struct tn_slot row)
{
    size_t slot = row.hash & (count - 1);
    while (rows[slot].number)
        slot = (slot + 1) & (count - 1);
    rows[slot] = row;
}

static inline void tn_slots_place(struct tn_slots *slots, uint32_t hash, uint32_t number)
{
    tn_slots_put(slots->rows, slots->count, (struct tn_slot){ hash, number + 1 });
    slots->used++;
}

/* Walks the numbers under a hash: start with tn_slots_at; UINT32_MAX: no more. */
static inline size_t tn_slots_at(const struct tn_slots *slots, uint32_t hash)
{
    return slots->count ? hash & (slots->count - 1) : 0;
}

static inline uint32_t tn_slots_next(const struct tn_slots *slots, uint32_t hash, size_t *at)
{
    while (slots->count && slots->rows[*at].number) {
        const struct tn_slot *row = &slots->rows[*at];
        *at = (*at + 1) & (slots->count - 1);
        if (row->hash == hash)
            return row->number - 1;
    }
    return UINT32_MAX;
}

/*
 * A hash under a secret seed, so that whoever makes up names cannot make them collide. Each kind of
 * key has hashes of its own. Equal hashes of different bytes are possible: compare what is found.
 */
uint32_t tn_hash(const uint64_t seed[2], unsigned kind, const void *bytes, size_t size);

/* A new seed. */
void tn_hash_seed(uint64_t seed[2]);

#endif
