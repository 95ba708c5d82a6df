/* src/process/sightings.c - which images define a symbol without having recorded its unit */
#include "sightings.h"

#include <stdlib.h>
#include <string.h>

void tn_sightings_free(struct tn_sightings *sightings)
{
    tn_slots_free(&sightings->slots);
    free(sightings->images);
    free(sightings->mapped);
    free(sightings->filter);
    *sightings = (struct tn_sightings){ 0 };
}

/* What a hash is of. */
enum key { KEY_SYMBOL, KEY_BUILD };

static uint32_t key_of(const struct tn_sightings *s, const char *symbol)
{
    return tn_hash(s->seed, KEY_SYMBOL, symbol, strlen(symbol));
}

/* What all copies of an image have in common: its build id, else all that it defines. */
static uint32_t build_key(const struct tn_sightings *s, struct tn_holding *holding,
                          tenon_world *world)
{
    const tenon_digest *id = &holding->library.implementation;
    uint32_t sum = 0;
    if (id->kind != TENON_DIGEST_UNKNOWN)
        return tn_hash(s->seed, KEY_BUILD, id->bytes, id->size);
    size_t count = tn_holding_strong_count(holding, world);
    for (size_t i = 0; i < count; i++) {
        const char *name = tn_holding_strong(holding, i);
        sum += name ? key_of(s, name) : 0;
    }
    return sum;
}

static bool make_filter(struct tn_sightings *s)
{
    if (!s->filter)
        s->filter = calloc(TN_SIGHTINGS_BITS / 64, sizeof *s->filter);
    return s->filter;
}

static void mark(struct tn_sightings *s, const char *name)
{
    uint32_t bit = tn_mapped_bit(tn_mapped_hash(name), TN_SIGHTINGS_BITS);
    s->filter[bit / 64] |= UINT64_C(1) << bit % 64;
}

/* One that is asked itself. */
static bool add_mapped(struct tn_sightings *s, struct tn_holding *holding)
{
    if (!tn_grow(&s->mapped, &s->mapped_room, s->mapped_count, sizeof *s->mapped) ||
        !make_filter(s))
        return false;
    if (holding->is_bare)
        tn_mapped_mark(holding->mapped, s->filter, TN_SIGHTINGS_BITS);
    for (size_t i = 0; !holding->is_bare && i < holding->strong_count; i++)
        mark(s, holding->strong[i]);
    s->mapped[s->mapped_count++] = holding;
    return true;
}

bool tn_sightings_add(struct tn_sightings *s, struct tn_holding *holding, tenon_world *world)
{
    if (holding->record == TENON_RECORD_COMPLETE)
        return true;
    if (holding->stays && holding->mapped && tn_holding_check_file(holding, world) &&
        (holding->is_bare || holding->strong_known))
        return add_mapped(s, holding);
    size_t count = tn_holding_strong_count(holding, world);
    if (!count && (holding->starved || !holding->build_id))
        return !holding->starved;
    if (!s->seeded)
        tn_hash_seed(s->seed);
    s->seeded = true;
    if (!tn_grow(&s->images, &s->room, s->count, sizeof *s->images) ||
        !tn_slots_reserve(&s->slots, count + 1) || !make_filter(s) ||
        !tn_slots_add(&s->slots, build_key(s, holding, world), (uint32_t)s->count))
        return false;
    s->images[s->count] = holding;
    for (size_t i = 0; i < count; i++) {
        const char *name = tn_holding_strong(holding, i);
        if (!name)
            continue;
        mark(s, name);
        if (!tn_slots_add(&s->slots, key_of(s, name), (uint32_t)s->count))
            return false;
    }
    s->count++;
    return true;
}

struct tn_sought tn_sightings_seek(const struct tn_sightings *s, const char *symbol, uint32_t hash)
{
    struct tn_sought sought = { .symbol = symbol, .hash = hash };
    if (s->count) {
        sought.key = key_of(s, symbol);
        sought.at = tn_slots_at(&s->slots, sought.key);
    }
    return sought;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(a, *(const char *const *)b);
}

static bool defines(const struct tn_holding *h, const struct tn_sought *sought)
{
    if (h->is_bare)
        return tn_mapped_is_strong(h->mapped, sought->symbol, sought->hash);
    return h->strong_count &&
           bsearch(sought->symbol, h->strong, h->strong_count, sizeof *h->strong, by_text);
}

struct tn_holding *tn_sightings_next(const struct tn_sightings *s, struct tn_sought *sought)
{
    while (sought->mapped < s->mapped_count) {
        struct tn_holding *h = s->mapped[sought->mapped++];
        if (defines(h, sought))
            return h;
    }
    uint32_t number = s->count ? tn_slots_next(&s->slots, sought->key, &sought->at) : UINT32_MAX;
    return number == UINT32_MAX ? NULL : s->images[number];
}

struct tn_sought tn_sightings_seek_build(const struct tn_sightings *s, struct tn_holding *holding,
                                         tenon_world *world)
{
    struct tn_sought sought = { .holding = holding };
    if (s->count) {
        sought.key = build_key(s, holding, world);
        sought.at = tn_slots_at(&s->slots, sought.key);
    }
    return sought;
}

struct tn_holding *tn_sightings_next_build(const struct tn_sightings *s, struct tn_sought *sought,
                                           tenon_world *world)
{
    const tenon_digest *id = &sought->holding->library.implementation;
    uint32_t number;
    while (sought->mapped < s->mapped_count) {
        struct tn_holding *h = s->mapped[sought->mapped++];
        if (tenon_digest_equal(&h->library.implementation, id) == TENON_YES)
            return h;
    }
    while (s->count && (number = tn_slots_next(&s->slots, sought->key, &sought->at)) != UINT32_MAX)
        if (tn_holding_same_build(s->images[number], sought->holding, world) == TENON_YES)
            return s->images[number];
    return NULL;
}
