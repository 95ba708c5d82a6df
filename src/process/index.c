/* src/process/index.c - units by each of their keys, to find those that may be the same */
#include "index.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "judge.h"

#define FIRST_SLOTS 256 /* a power of two, as every number of slots */

struct tn_index_slot {
    uint64_t hash;
    uint32_t entry; /* number + 1; 0: empty */
};

/* What a hash is of. */
enum key { KEY_NAME, KEY_IMPLEMENTATION, KEY_SET, KEY_COMDAT, KEY_FIRST };

void tn_index_free(struct tn_index *index)
{
    free(index->entries);
    free(index->slots);
    free(index->found);
    *index = (struct tn_index){ 0 };
}

/* The key's kind goes into the hash, so that keys of two kinds never meet in practice. */
static uint64_t hash_of(const struct tn_index *index, unsigned key, const void *bytes, size_t size)
{
    unsigned char out[crypto_shorthash_BYTES];
    uint64_t hash;

    crypto_shorthash(out, bytes, size, index->seed);
    memcpy(&hash, out, sizeof hash);
    return hash ^ (UINT64_C(0x9E3779B97F4A7C15) * (key + 1));
}

static uint64_t hash_text(const struct tn_index *index, unsigned key, const char *text)
{
    return hash_of(index, key, text, strlen(text));
}

/* Of a set only its size and both ends count: enough to find it, and sets may be long. */
static uint64_t hash_set(const struct tn_index *index, const tenon_unit *unit, size_t count)
{
    uint64_t first = hash_text(index, KEY_SET, unit->definitions[0].name);
    uint64_t last = hash_text(index, KEY_SET, unit->definitions[count - 1].name);
    return first ^ (last << 1 | last >> 63) ^ (count * UINT64_C(0xBF58476D1CE4E5B9));
}

static void put(struct tn_index_slot *slots, size_t slot_count, uint64_t hash, uint32_t entry)
{
    size_t slot = hash & (slot_count - 1);
    while (slots[slot].entry)
        slot = (slot + 1) & (slot_count - 1);
    slots[slot] = (struct tn_index_slot){ hash, entry };
}

/* Keeps at most every second slot in use. */
static bool make_room(struct tn_index *index)
{
    size_t wanted = index->slot_count ? index->slot_count : FIRST_SLOTS;
    if (index->used + 1 <= index->slot_count / 2)
        return true;
    if (index->slot_count)
        wanted *= 2;
    struct tn_index_slot *slots = calloc(wanted, sizeof *slots);
    if (!slots)
        return false;
    for (size_t i = 0; i < index->slot_count; i++)
        if (index->slots[i].entry)
            put(slots, wanted, index->slots[i].hash, index->slots[i].entry);
    free(index->slots);
    index->slots = slots;
    index->slot_count = wanted;
    return true;
}

static bool add_key(struct tn_index *index, uint64_t hash)
{
    if (!make_room(index))
        return false;
    put(index->slots, index->slot_count, hash, (uint32_t)index->count);
    index->used++;
    return true;
}

/* The kind is part of the name: "a" of C and "a" of OCaml are two things. */
static uint64_t hash_name(const struct tn_index *index, enum tenon_unit_kind kind, const char *name)
{
    return hash_text(index, KEY_NAME + 16 * (unsigned)kind, name);
}

static bool add_keys(struct tn_index *index, const tenon_unit *unit)
{
    size_t set = tn_unit_set_size(unit);
    if (!add_key(index, hash_name(index, unit->kind, unit->name)))
        return false;
    if (unit->implementation.kind != TENON_DIGEST_UNKNOWN &&
        !add_key(index, hash_of(index, KEY_IMPLEMENTATION, unit->implementation.bytes,
                                unit->implementation.size)))
        return false;
    if (set && (!add_key(index, hash_set(index, unit, set)) ||
                !add_key(index, hash_text(index, KEY_FIRST, unit->definitions[0].name))))
        return false;
    for (size_t i = set; i < unit->definition_count; i++)
        if (!add_key(index, hash_text(index, KEY_COMDAT, unit->definitions[i].name)))
            return false;
    return true;
}

bool tn_index_add(struct tn_index *index, const struct tn_entry *entry)
{
    if (!index->seeded) {
        randombytes_buf(index->seed, sizeof index->seed);
        index->seeded = true;
    }
    if (!tn_grow(&index->entries, &index->room, index->count, sizeof *entry))
        return false;
    index->entries[index->count] = *entry;
    index->entries[index->count++].stamp = 0;
    return add_keys(index, entry->unit);
}

bool tn_index_cut(struct tn_index *index, size_t count)
{
    struct tn_index_slot *slots = calloc(index->slot_count, sizeof *slots);
    if (!slots && index->slot_count)
        return false;
    index->used = 0;
    for (size_t i = 0; i < index->slot_count; i++)
        if (index->slots[i].entry && index->slots[i].entry <= count) {
            put(slots, index->slot_count, index->slots[i].hash, index->slots[i].entry);
            index->used++;
        }
    free(index->slots);
    index->slots = slots;
    index->count = count;
    return true;
}

static void begin(struct tn_index *index)
{
    index->found_count = 0;
    index->stamp++;
}

/* Adds the entries under one hash, each once. */
static bool collect(struct tn_index *index, uint64_t hash)
{
    if (!index->slot_count)
        return true;
    for (size_t slot = hash & (index->slot_count - 1); index->slots[slot].entry;
         slot = (slot + 1) & (index->slot_count - 1)) {
        uint32_t number = index->slots[slot].entry - 1;
        if (index->slots[slot].hash != hash || index->entries[number].stamp == index->stamp)
            continue;
        if (!tn_grow(&index->found, &index->found_room, index->found_count, sizeof *index->found))
            return false;
        index->entries[number].stamp = index->stamp;
        index->found[index->found_count++] = number;
    }
    return true;
}

static int by_number(const void *a, const void *b)
{
    const uint32_t *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

static bool end(struct tn_index *index, bool good)
{
    if (index->found_count > 1)
        qsort(index->found, index->found_count, sizeof *index->found, by_number);
    return good;
}

bool tn_index_same(struct tn_index *index, const tenon_unit *unit)
{
    size_t set = tn_unit_set_size(unit);
    bool good = true;
    begin(index);
    if (!index->count)
        return true;
    good = collect(index, hash_name(index, unit->kind, unit->name));
    if (good && unit->implementation.kind != TENON_DIGEST_UNKNOWN)
        good = collect(index, hash_of(index, KEY_IMPLEMENTATION, unit->implementation.bytes,
                                      unit->implementation.size));
    if (good && set)
        good = collect(index, hash_set(index, unit, set));
    return end(index, good);
}

bool tn_index_named(struct tn_index *index, enum tenon_unit_kind kind, const char *name)
{
    begin(index);
    return !index->count || end(index, collect(index, hash_name(index, kind, name)));
}

bool tn_index_comdat(struct tn_index *index, const char *symbol)
{
    begin(index);
    return !index->count || end(index, collect(index, hash_text(index, KEY_COMDAT, symbol)));
}

bool tn_index_first(struct tn_index *index, const char *symbol)
{
    begin(index);
    return !index->count || end(index, collect(index, hash_text(index, KEY_FIRST, symbol)));
}
