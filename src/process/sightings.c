/* src/process/sightings.c - which images define a symbol without having recorded its unit */
#include "sightings.h"

#include <stdlib.h>
#include <string.h>

void tn_sightings_free(struct tn_sightings *sightings)
{
    tn_slots_free(&sightings->slots);
    free(sightings->images);
    *sightings = (struct tn_sightings){ 0 };
}

uint32_t tn_sightings_key(const struct tn_sightings *s, const char *symbol)
{
    return tn_hash(s->seed, 0, symbol, strlen(symbol));
}

bool tn_sightings_add(struct tn_sightings *s, struct tn_holding *holding, tenon_world *world)
{
    const tenon_units *file =
        holding->record == TENON_RECORD_COMPLETE ? NULL : tn_holding_file(holding, world);
    size_t count = file ? tenon_units_visible_count(file) : 0;
    if (!count)
        return true;
    if (!s->seeded)
        tn_hash_seed(s->seed);
    s->seeded = true;
    if (!tn_grow(&s->images, &s->room, s->count, sizeof *s->images) ||
        !tn_slots_reserve(&s->slots, count))
        return false;
    s->images[s->count] = holding;
    for (size_t i = 0; i < count; i++) {
        const tenon_visible *seen = tenon_units_visible(file, i);
        if (seen->strong &&
            !tn_slots_add(&s->slots, tn_sightings_key(s, seen->name), (uint32_t)s->count))
            return false;
    }
    s->count++;
    return true;
}

struct tn_holding *tn_sightings_next(const struct tn_sightings *s, uint32_t key, size_t *at)
{
    uint32_t number = tn_slots_next(&s->slots, key, at);
    return number == UINT32_MAX ? NULL : s->images[number];
}
