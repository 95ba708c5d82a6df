/* src/base/table.h - interned byte strings under a seeded hash */
#ifndef TN_TABLE_H
#define TN_TABLE_H

#include "arena.h"

#define TN_NO_NAME UINT32_MAX
#define TN_NAMES_RECENT 2048 /* a power of two */

/*
 * Gives each distinct byte string a number 0, 1, 2, ... and a copy that lives as long as the
 * table. Hashing is keyed by a random seed (SipHash, libsodium), so that hostile names cannot
 * make it slow.
 */
struct tn_names {
    struct tn_arena arena;
    struct tn_name *rows; /* by number */
    uint32_t *slots;      /* open addressing; number + 1, 0 empty */
    size_t count, capacity, slot_count;
    unsigned char seed[16];
    uint32_t *recent; /* number + 1 by a cheap mix: a miss only costs the hash; NULL: few names */
};

struct tn_name {
    const char *text; /* NUL behind it; may hold other bytes than UTF-8 */
    uint32_t size;
    uint32_t hash;
};

bool tn_names_init(struct tn_names *names);
void tn_names_free(struct tn_names *names);

/* Makes room for so many strings at once, instead of again and again; without memory later. */
void tn_names_reserve(struct tn_names *names, size_t count);

/* The number of a string, made if new; TN_NO_NAME when there is no memory. */
uint32_t tn_names_add(struct tn_names *names, const char *text, size_t size);

/* The number of a string, TN_NO_NAME when it was never added. */
uint32_t tn_names_find(const struct tn_names *names, const char *text, size_t size);

static inline const char *tn_names_text(const struct tn_names *names, uint32_t number)
{
    return names->rows[number].text;
}

/*
 * A map from a key of up to 4 u32 words to a u32 value. Its keys are numbers, for which a sum of
 * products with secret factors is as safe as the hash of the names, and much faster.
 */
struct tn_map {
    struct tn_map_row *rows; /* open addressing */
    size_t count, slots;
    uint64_t seed[5];
};

struct tn_map_row {
    uint32_t key[4];
    uint32_t value; /* TN_NO_NAME: empty */
};

bool tn_map_init(struct tn_map *map);
void tn_map_free(struct tn_map *map);

/* Forgets all keys; keeps the seed, and the room unless it is much. */
void tn_map_empty(struct tn_map *map);

/* The value of a key, TN_NO_NAME when it has none. */
uint32_t tn_map_find(const struct tn_map *map, const uint32_t key[4]);

/* Sets the value of a key (value != TN_NO_NAME); false: no memory. */
bool tn_map_set(struct tn_map *map, const uint32_t key[4], uint32_t value);

#endif
