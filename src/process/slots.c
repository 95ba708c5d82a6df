/*
 * src/process/slots.c - a map of hashes to numbers, in which a hash may stand many times
 *
 * rule  the hash folds 128-bit products, as wyhash does; its seed is random and never leaves the
 *       process. Names are short and there are tens of thousands of them: SipHash costs several
 *       times as much as everything else that is done with one
 */
#include "slots.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_SLOTS 256 /* a power of two */

void tn_hash_seed(uint64_t seed[2])
{
    randombytes_buf(seed, 2 * sizeof *seed);
}

/* Both halves of the product, folded into one. */
static uint64_t fold(uint64_t a, uint64_t b)
{
#if defined __SIZEOF_INT128__
    unsigned __int128 product = (unsigned __int128)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
#else
    uint64_t low = (a & UINT32_MAX) * (b & UINT32_MAX), high = (a >> 32) * (b >> 32);
    uint64_t one = (a >> 32) * (b & UINT32_MAX), two = (a & UINT32_MAX) * (b >> 32);
    uint64_t middle = (low >> 32) + (one & UINT32_MAX) + (two & UINT32_MAX);
    high += (one >> 32) + (two >> 32) + (middle >> 32);
    return (middle << 32 | (low & UINT32_MAX)) ^ high;
#endif
}

static uint64_t load(const unsigned char *bytes, size_t size)
{
    uint64_t word = 0;
    memcpy(&word, bytes, size < sizeof word ? size : sizeof word);
    return word;
}

uint64_t tn_hash(const uint64_t seed[2], unsigned kind, const void *bytes, size_t size)
{
    const unsigned char *at = bytes;
    uint64_t hash = fold(seed[0] ^ size, seed[1] + kind * UINT64_C(0x9E3779B97F4A7C15));
    for (size_t done = 0; done < size; done += 16) {
        size_t rest = size - done;
        uint64_t high = rest > 8 ? load(at + done + 8, rest - 8) : 0;
        hash = fold(load(at + done, rest) ^ seed[0] ^ hash, high ^ seed[1]);
    }
    return fold(hash ^ seed[1], seed[0] | 1);
}

static void put(struct tn_slot *rows, size_t count, uint64_t hash, uint32_t number)
{
    size_t slot = (size_t)hash & (count - 1);
    while (rows[slot].number)
        slot = (slot + 1) & (count - 1);
    rows[slot] = (struct tn_slot){ hash, number };
}

bool tn_slots_reserve(struct tn_slots *slots, size_t more)
{
    size_t wanted = slots->count ? slots->count : FIRST_SLOTS;
    while (slots->used + more > wanted / 2)
        wanted *= 2;
    if (wanted == slots->count)
        return true;
    struct tn_slot *rows = calloc(wanted, sizeof *rows);
    if (!rows)
        return false;
    for (size_t i = 0; i < slots->count; i++)
        if (slots->rows[i].number)
            put(rows, wanted, slots->rows[i].hash, slots->rows[i].number);
    free(slots->rows);
    slots->rows = rows;
    slots->count = wanted;
    return true;
}

bool tn_slots_add(struct tn_slots *slots, uint64_t hash, uint32_t number)
{
    if (!tn_slots_reserve(slots, 1))
        return false;
    put(slots->rows, slots->count, hash, number + 1);
    slots->used++;
    return true;
}

void tn_slots_free(struct tn_slots *slots)
{
    free(slots->rows);
    *slots = (struct tn_slots){ 0 };
}
