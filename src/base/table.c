/* src/base/table.c - interned byte strings and a map, under a seeded hash */
#include "table.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

/* rule: SipHash-2-4 with a secret key: whoever makes up names cannot make them collide */
_Static_assert(crypto_shorthash_KEYBYTES == sizeof(((struct tn_names *)0)->seed), "key of SipHash");
_Static_assert(crypto_shorthash_BYTES == sizeof(uint64_t), "result of SipHash");

#define FIRST_SLOTS 64 /* a power of two, as every number of slots */
#define MANY_SLOTS 512 /* from here on a second way to a name is worth its memory */

static uint32_t hash_bytes(const unsigned char seed[16], const void *bytes, size_t size)
{
    unsigned char out[crypto_shorthash_BYTES];
    uint32_t hash;

    crypto_shorthash(out, bytes, size, seed);
    memcpy(&hash, out, sizeof hash);
    return hash;
}

bool tn_names_init(struct tn_names *names)
{
    *names = (struct tn_names){ 0 };
    names->slots = calloc(FIRST_SLOTS, sizeof *names->slots);
    if (!names->slots)
        return false;
    names->slot_count = FIRST_SLOTS;
    randombytes_buf(names->seed, sizeof names->seed);
    return true;
}

void tn_names_free(struct tn_names *names)
{
    tn_arena_free(&names->arena);
    free(names->rows);
    free(names->slots);
    free(names->recent);
    *names = (struct tn_names){ 0 };
}

static bool is_name(const struct tn_name *name, const char *text, size_t size)
{
    return name->size == size && memcmp(name->text, text, size) == 0;
}

/* The slot that holds the string, or the empty one where it belongs. */
static size_t name_slot(const struct tn_names *names, const char *text, size_t size, uint32_t hash)
{
    size_t mask = names->slot_count - 1;
    size_t slot = hash & mask;

    while (names->slots[slot] != 0) {
        const struct tn_name *name = &names->rows[names->slots[slot] - 1];
        if (name->hash == hash && is_name(name, text, size))
            break;
        slot = (slot + 1) & mask;
    }
    return slot;
}

static bool rehash(struct tn_names *names, size_t slot_count)
{
    uint32_t *slots = calloc(slot_count, sizeof *slots);
    if (!slots)
        return false;
    if (!names->recent && slot_count >= MANY_SLOTS) {
        names->recent = calloc(TN_NAMES_RECENT, sizeof *names->recent);
        if (!names->recent) {
            free(slots);
            return false;
        }
    }
    for (size_t i = 0; i < names->count; i++) {
        size_t slot = names->rows[i].hash & (slot_count - 1);
        while (slots[slot] != 0)
            slot = (slot + 1) & (slot_count - 1);
        slots[slot] = (uint32_t)i + 1;
    }
    free(names->slots);
    names->slots = slots;
    names->slot_count = slot_count;
    return true;
}

/* Keeps at most every second slot in use. */
static bool names_room(struct tn_names *names)
{
    if ((names->count + 1) * 2 <= names->slot_count)
        return true;
    return names->slot_count <= SIZE_MAX / 2 / sizeof *names->slots &&
           rehash(names, names->slot_count * 2);
}

void tn_names_reserve(struct tn_names *names, size_t count)
{
    size_t slots = names->slot_count, rows;
    while (slots < count * 2 && slots <= SIZE_MAX / 4 / sizeof *names->slots)
        slots *= 2;
    if (slots != names->slot_count)
        (void)rehash(names, slots);
    if (count <= names->capacity || __builtin_mul_overflow(count, sizeof *names->rows, &rows))
        return;
    struct tn_name *more = realloc(names->rows, rows);
    if (more) {
        names->rows = more;
        names->capacity = count;
    }
}

/*
 * Most names are asked for again and again. Where a name was seen before is guessed from its ends;
 * names made to collide here are merely looked up by the keyed hash, as all would be without this.
 */
static size_t recent_slot(const char *text, size_t size)
{
    uint32_t first = 0, last = 0;

    if (size >= 4) {
        memcpy(&first, text, 4);
        memcpy(&last, text + size - 4, 4);
    }
    return ((first * 31 ^ last * 0x9E3779B1u) + (uint32_t)size * 2654435761u) >> 16 &
           (TN_NAMES_RECENT - 1);
}

static uint32_t add_hashed(struct tn_names *names, const char *text, size_t size)
{
    uint32_t hash = hash_bytes(names->seed, text, size);
    size_t slot = name_slot(names, text, size, hash);

    if (names->slots[slot] != 0)
        return names->slots[slot] - 1;
    if (size > UINT32_MAX || names->count >= TN_NO_NAME - 1)
        return TN_NO_NAME;
    size_t slots_before = names->slot_count;
    if (!names_room(names) ||
        !tn_grow(&names->rows, &names->capacity, names->count, sizeof *names->rows))
        return TN_NO_NAME;
    char *copy = tn_arena_copy(&names->arena, text, size);
    if (!copy)
        return TN_NO_NAME;
    if (names->slot_count != slots_before)
        slot = name_slot(names, text, size, hash);
    uint32_t number = (uint32_t)names->count++;
    names->rows[number] = (struct tn_name){ .text = copy, .size = (uint32_t)size, .hash = hash };
    names->slots[slot] = number + 1;
    return number;
}

uint32_t tn_names_add(struct tn_names *names, const char *text, size_t size)
{
    size_t slot = recent_slot(text, size);
    uint32_t recent = names->recent ? names->recent[slot] : 0;

    if (recent && is_name(&names->rows[recent - 1], text, size))
        return recent - 1;
    uint32_t number = add_hashed(names, text, size);
    if (number != TN_NO_NAME && names->recent)
        names->recent[slot] = number + 1;
    return number;
}

uint32_t tn_names_find(const struct tn_names *names, const char *text, size_t size)
{
    if (names->count == 0)
        return TN_NO_NAME;
    uint32_t recent = names->recent ? names->recent[recent_slot(text, size)] : 0;
    if (recent && is_name(&names->rows[recent - 1], text, size))
        return recent - 1;
    size_t slot = name_slot(names, text, size, hash_bytes(names->seed, text, size));
    return names->slots[slot] - 1; /* 0, empty, gives TN_NO_NAME */
}

static struct tn_map_row *new_rows(size_t count)
{
    size_t bytes;

    if (__builtin_mul_overflow(count, sizeof(struct tn_map_row), &bytes))
        return NULL;
    struct tn_map_row *rows = malloc(bytes);
    if (rows)
        memset(rows, 0xFF, bytes); /* every value TN_NO_NAME */
    return rows;
}

bool tn_map_init(struct tn_map *map)
{
    *map = (struct tn_map){ .rows = new_rows(FIRST_SLOTS) };
    if (!map->rows)
        return false;
    map->slots = FIRST_SLOTS;
    randombytes_buf(map->seed, sizeof map->seed);
    return true;
}

void tn_map_free(struct tn_map *map)
{
    free(map->rows);
    *map = (struct tn_map){ 0 };
}

void tn_map_empty(struct tn_map *map)
{
    const size_t cheap = 64 * FIRST_SLOTS;

    if (map->count == 0)
        return;
    if (map->slots > cheap) {
        free(map->rows);
        map->rows = NULL;
        map->slots = 0;
    } else {
        memset(map->rows, 0xFF, map->slots * sizeof *map->rows);
    }
    map->count = 0;
}

/*
 * rule: Dietzfelbinger, "Universal hashing and k-wise independent random variables via integer
 * arithmetic without primes" (1996): the upper half of the sum is strongly universal
 */
static size_t hash_key(const uint64_t seed[5], const uint32_t key[4])
{
    return (seed[0] + seed[1] * key[0] + seed[2] * key[1] + seed[3] * key[2] + seed[4] * key[3]) >>
           32;
}

static struct tn_map_row *map_row(struct tn_map_row *rows, size_t slots, const uint64_t seed[5],
                                  const uint32_t key[4])
{
    size_t slot = hash_key(seed, key) & (slots - 1);

    while (rows[slot].value != TN_NO_NAME && memcmp(rows[slot].key, key, sizeof rows->key) != 0)
        slot = (slot + 1) & (slots - 1);
    return &rows[slot];
}

uint32_t tn_map_find(const struct tn_map *map, const uint32_t key[4])
{
    if (map->count == 0)
        return TN_NO_NAME;
    return map_row(map->rows, map->slots, map->seed, key)->value;
}

static bool map_room(struct tn_map *map)
{
    if ((map->count + 1) * 2 <= map->slots)
        return true;
    size_t slots = map->slots ? map->slots * 2 : FIRST_SLOTS;
    struct tn_map_row *rows = new_rows(slots);
    if (!rows)
        return false;
    for (size_t i = 0; i < map->slots; i++)
        if (map->rows[i].value != TN_NO_NAME)
            *map_row(rows, slots, map->seed, map->rows[i].key) = map->rows[i];
    free(map->rows);
    map->rows = rows;
    map->slots = slots;
    return true;
}

bool tn_map_set(struct tn_map *map, const uint32_t key[4], uint32_t value)
{
    if (!map_room(map)) /* one more than needed where the key is there already */
        return false;
    struct tn_map_row *row = map_row(map->rows, map->slots, map->seed, key);
    if (row->value == TN_NO_NAME) {
        memcpy(row->key, key, sizeof row->key);
        map->count++;
    }
    row->value = value;
    return true;
}
