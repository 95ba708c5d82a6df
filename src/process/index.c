/* src/process/index.c - units by each of their keys, to find those that may be the same */
#include "index.h"

#include <stdlib.h>
#include <string.h>

#include "judge.h"
#include "mapped_symbols.h"
#include "pages.h"
#include "units.h"

/* What a hash is of. */
enum key { KEY_IMPLEMENTATION, KEY_SET, KEY_COMDAT, KEY_DEFINED, KEY_NAME };

#define KEYS_OF_UNIT 3

void tn_index_free(struct tn_index *index)
{
    free(index->entries);
    free(index->found);
    free(index->filter);
    free(index->awaited);
    tn_slots_free(&index->slots);
    *index = (struct tn_index){ 0 };
}

static void seed(struct tn_index *index)
{
    if (!index->seeded)
        tn_hash_seed(index->seed);
    index->seeded = true;
}

void tn_index_seed(struct tn_index *index, struct tn_index *other)
{
    seed(other);
    memcpy(index->seed, other->seed, sizeof index->seed);
    index->seeded = true;
}

/* ---- the filter ----------------------------------------------------------------------------- */

enum { SLOTS_OF_WORD = 8 };

static void mark(struct tn_index *index, uint32_t hash)
{
    *tn_index_word(index, hash) |= tn_index_bits(hash);
}

static size_t words_for(const struct tn_slots *slots)
{
    return slots->count / SLOTS_OF_WORD;
}

/* Makes it as large as the slots call for, with all that is in them. False: no memory. */
static bool fit_filter(struct tn_index *index)
{
    size_t wanted = words_for(&index->slots);
    if (wanted <= index->filter_words)
        return true;
    uint64_t *filter = calloc(wanted, sizeof *filter);
    if (!filter)
        return false;
    free(index->filter);
    index->filter = filter;
    index->filter_words = wanted;
    for (size_t i = 0; index->slots.used && i < index->slots.count; i++)
        if (index->slots.rows[i].number)
            mark(index, index->slots.rows[i].hash);
    return true;
}

static bool add_slot(struct tn_index *index, uint32_t hash, size_t number)
{
    if (tn_slots_are_full(&index->slots) && !tn_slots_reserve(&index->slots, 1))
        return false;
    if (index->filter_words < words_for(&index->slots) && !fit_filter(index))
        return false;
    tn_slots_place(&index->slots, hash, (uint32_t)number);
    mark(index, hash);
    return true;
}

/* ---- room ----------------------------------------------------------------------------------- */

bool tn_index_reserve(struct tn_index *index, size_t units)
{
    size_t wanted = index->count + units, twice = 2 * index->room;
    if (wanted > index->room) {
        wanted = wanted > twice ? wanted : twice; /* it may be asked for again and again */
        struct tn_entry *entries = realloc(index->entries, wanted * sizeof *entries);
        if (!entries)
            return false;
        tn_pages_ahead(entries + index->count, (wanted - index->count) * sizeof *entries);
        index->entries = entries;
        index->room = wanted;
    }
    return tn_slots_reserve(&index->slots, KEYS_OF_UNIT * units) && fit_filter(index);
}

/* ---- keys ----------------------------------------------------------------------------------- */

/* Never 0, which means that there is no such key. */
static uint32_t hash_bytes(const struct tn_index *index, unsigned key, const void *bytes,
                           size_t size)
{
    uint32_t hash = tn_hash(index->seed, key, bytes, size);
    return hash ? hash : 1;
}

static uint32_t hash_text(const struct tn_index *index, unsigned key, const char *text)
{
    return hash_bytes(index, key, text, strlen(text));
}

/* The kind is part of the name: "a" of C and "a" of OCaml are two things. */
static uint32_t hash_name(const struct tn_index *index, enum tenon_unit_kind kind, const char *name)
{
    return hash_text(index, KEY_NAME + (unsigned)kind, name);
}

/* Of a set only its size and its last count: enough to find it, and sets may be long. */
static uint32_t hash_set(const struct tn_index *index, const tenon_unit *unit, size_t count)
{
    const char *last = unit->definitions[count - 1].name;
    uint32_t hash = hash_text(index, KEY_SET, last) ^ (uint32_t)(count * UINT32_C(0x9E3779B1));
    return hash ? hash : 1;
}

void tn_index_keys(struct tn_index *index, const tenon_unit *unit, struct tn_keys *keys)
{
    size_t set = tn_unit_set_size(unit);
    seed(index);
    *keys = (struct tn_keys){ .name = hash_name(index, unit->kind, unit->name) };
    if (unit->implementation.kind != TENON_DIGEST_UNKNOWN)
        keys->implementation = hash_bytes(index, KEY_IMPLEMENTATION, unit->implementation.bytes,
                                          unit->implementation.size);
    if (set)
        keys->set = hash_set(index, unit, set);
    keys->has_comdat = set < unit->definition_count;
    keys->is_weak = tn_unit_is_weak(unit);
}

bool tn_index_all_keys(struct tn_index *index, struct tn_arena *arena, const tenon_unit *unit,
                       struct tn_keys *keys)
{
    tn_index_keys(index, unit, keys);
    size_t count = keys->set && unit->kind == TENON_UNIT_C ? tn_unit_set_size(unit) : 0;
    struct tn_defined *rows = count ? tn_arena_room(arena, count, sizeof *rows) : NULL;
    for (size_t i = 0; rows && i < count; i++) {
        const char *name = unit->definitions[i].name;
        rows[i] = (struct tn_defined){ hash_text(index, KEY_DEFINED, name), tn_mapped_hash(name) };
    }
    keys->defined = rows;
    keys->defined_count = rows ? count : 0;
    return rows || !count;
}

/* ---- adding --------------------------------------------------------------------------------- */

static inline bool add_key(struct tn_index *index, uint32_t hash)
{
    return !hash || add_slot(index, hash, index->count - 1);
}

static bool add_comdats(struct tn_index *index, const tenon_unit *unit)
{
    for (size_t i = unit->definition_count;
         i-- > 0 && unit->definitions[i].kind == TENON_DEFINES_COMDAT;)
        if (!add_key(index, hash_text(index, KEY_COMDAT, unit->definitions[i].name)))
            return false;
    return true;
}

static bool add(struct tn_index *index, const struct tn_entry *entry, bool keyed)
{
    if (!tn_grow(&index->entries, &index->room, index->count, sizeof *entry))
        return false;
    struct tn_entry *added = &index->entries[index->count];
    *added = *entry;
    added->stamp = 0;
    added->keys.defined = NULL; /* they belong to who asks */
    added->keys.defined_count = 0;
    if (!keyed)
        tn_index_keys(index, entry->unit, &added->keys);
    index->count++;
    index->has_comdats |= added->keys.has_comdat;
    index->has_weak |= added->keys.is_weak;
    return add_key(index, added->keys.name) && add_key(index, added->keys.implementation) &&
           add_key(index, added->keys.set) &&
           (!added->keys.has_comdat || add_comdats(index, entry->unit));
}

bool tn_index_await(struct tn_index *index, const struct tn_entry *entries, size_t count)
{
    if (!count)
        return true;
    if (!tn_grow(&index->awaited, &index->awaited_room, index->awaited_count,
                 sizeof *index->awaited))
        return false;
    index->awaited[index->awaited_count++] = (struct tn_awaited){ entries, count };
    index->awaited_entries += count;
    for (size_t i = 0; i < count; i++) {
        index->has_comdats |= entries[i].keys.has_comdat;
        index->has_weak |= entries[i].keys.is_weak;
    }
    return true;
}

/* Lists those that await it. False: no memory. */
static bool settle(struct tn_index *index)
{
    if (!index->awaited_entries)
        return true;
    if (!tn_index_reserve(index, index->awaited_entries))
        return false;
    for (size_t i = 0; i < index->awaited_count; i++)
        for (struct tn_awaited *a = &index->awaited[i]; a->count; a->entries++) {
            a->count--;
            index->awaited_entries--;
            if (!add(index, a->entries, true))
                return false;
        }
    index->awaited_count = 0;
    return true;
}

bool tn_index_add(struct tn_index *index, const struct tn_entry *entry, bool keyed)
{
    return settle(index) && add(index, entry, keyed);
}

/* Leaves so many of those that are not listed. */
static void cut_awaited(struct tn_index *index, size_t left)
{
    size_t kept = 0;
    for (size_t i = 0; i < index->awaited_count; i++) {
        struct tn_awaited *a = &index->awaited[i];
        a->count = a->count < left - kept ? a->count : left - kept;
        kept += a->count;
    }
    index->awaited_entries = kept;
}

bool tn_index_cut(struct tn_index *index, size_t count)
{
    struct tn_slots kept = { 0 };
    bool good = true;
    cut_awaited(index, count > index->count ? count - index->count : 0);
    if (count >= index->count)
        return true;
    for (size_t i = 0; good && i < index->slots.count; i++) {
        const struct tn_slot *row = &index->slots.rows[i];
        if (row->number && row->number <= count)
            good = tn_slots_add(&kept, row->hash, row->number - 1);
    }
    if (!good) {
        tn_slots_free(&kept);
        return false;
    }
    tn_slots_free(&index->slots);
    index->slots = kept;
    index->count = count;
    index->defined = index->defined < count ? index->defined : count;
    return true;
}

/* ---- finding -------------------------------------------------------------------------------- */

static void begin(struct tn_index *index)
{
    index->found_count = 0;
    index->stamp++;
}

/* Adds the entries under one hash, each once. */
static bool collect(struct tn_index *index, uint32_t hash)
{
    if (!tn_index_may(index, hash))
        return true;
    size_t at = tn_slots_at(&index->slots, hash);
    uint32_t number;
    while ((number = tn_slots_next(&index->slots, hash, &at)) != UINT32_MAX) {
        if (index->entries[number].stamp == index->stamp)
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

bool tn_index_same(struct tn_index *index, const struct tn_keys *keys)
{
    begin(index);
    return settle(index) &&
           end(index, collect(index, keys->name) && collect(index, keys->implementation) &&
                          collect(index, keys->set));
}

bool tn_index_named(struct tn_index *index, enum tenon_unit_kind kind, const char *name)
{
    begin(index);
    return settle(index) &&
           (!index->count || end(index, collect(index, hash_name(index, kind, name))));
}

bool tn_index_comdat(struct tn_index *index, const char *symbol)
{
    begin(index);
    return settle(index) &&
           (!index->count || end(index, collect(index, hash_text(index, KEY_COMDAT, symbol))));
}

/* Whether they tell something is asked about the few that are looked for. */
static bool list_definitions(struct tn_index *index, size_t number)
{
    const tenon_unit *unit = index->entries[number].unit;
    size_t count = unit->kind == TENON_UNIT_C ? tn_unit_set_size(unit) : 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t hash = hash_text(index, KEY_DEFINED, unit->definitions[i].name);
        if (!add_slot(index, hash, number))
            return false;
    }
    return true;
}

/* ... of what was added since the last time. */
static bool list_defined(struct tn_index *index)
{
    for (; index->defined < index->count; index->defined++)
        if (!list_definitions(index, index->defined))
            return false;
    return true;
}

bool tn_index_list(struct tn_index *index)
{
    return settle(index) && list_defined(index);
}

bool tn_index_defining_key(struct tn_index *index, uint32_t key)
{
    begin(index);
    return tn_index_list(index) && (!index->count || end(index, collect(index, key)));
}

bool tn_index_defining(struct tn_index *index, const char *symbol)
{
    seed(index);
    return tn_index_defining_key(index, hash_text(index, KEY_DEFINED, symbol));
}
