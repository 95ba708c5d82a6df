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

#include "pages.h"

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

static uint64_t load8(const unsigned char *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof word);
    return word;
}

static uint64_t load4(const unsigned char *at)
{
    uint32_t word;
    memcpy(&word, at, sizeof word);
    return word;
}

/* All of up to 16 bytes in two words; reads overlap rather than depend on the size. */
static void load_short(const unsigned char *at, size_t size, uint64_t *a, uint64_t *b)
{
    size_t middle = size >> 3 << 2;
    *a = *b = 0;
    if (size >= 4) {
        *a = load4(at) << 32 | load4(at + middle);
        *b = load4(at + size - 4) << 32 | load4(at + size - 4 - middle);
    } else if (size) {
        *a = (uint64_t)at[0] << 16 | (uint64_t)at[size >> 1] << 8 | at[size - 1];
    }
}

uint32_t tn_hash(const uint64_t seed[2], unsigned kind, const void *bytes, size_t size)
{
    const unsigned char *at = bytes;
    uint64_t a, b, hash = fold(seed[0] ^ kind, seed[1]);
    size_t left = size;
    if (size <= 16) {
        load_short(at, size, &a, &b);
    } else {
        for (; left > 16; left -= 16, at += 16)
            hash = fold(load8(at) ^ seed[1], load8(at + 8) ^ hash);
        a = load8(at + left - 16);
        b = load8(at + left - 8);
    }
    return (uint32_t)fold(seed[1] ^ size, fold(a ^ seed[1], b ^ hash) ^ seed[0]);
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
    tn_pages_ahead(rows, wanted * sizeof *rows);
    for (size_t i = 0; i < slots->count; i++)
        if (slots->rows[i].number)
            tn_slots_put(rows, wanted, slots->rows[i]);
    free(slots->rows);
    slots->rows = rows;
    slots->count = wanted;
    return true;
}

bool tn_slots_add(struct tn_slots *slots, uint32_t hash, uint32_t number)
{
    if (tn_slots_are_full(slots) && !tn_slots_reserve(slots, 1))
        return false;
    tn_slots_place(slots, hash, number);
    return true;
}

void tn_slots_free(struct tn_slots *slots)
{
    free(slots->rows);
    *slots = (struct tn_slots){ 0 };
}
