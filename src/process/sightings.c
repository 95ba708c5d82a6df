/* src/process/sightings.c - which images define a symbol without having recorded its unit */
#include "sightings.h"

#include <stdlib.h>
#include <string.h>

#define NO_MORE UINT32_MAX

void tn_sightings_free(struct tn_sightings *sightings)
{
    if (sightings->ready)
        tn_names_free(&sightings->names);
    free(sightings->first);
    free(sightings->rows);
    *sightings = (struct tn_sightings){ 0 };
}

/* Room for the heads of all names; new ones are empty. */
static bool make_room(struct tn_sightings *s, uint32_t name)
{
    size_t wanted = s->first_room ? s->first_room : 1024;
    if (name < s->first_room)
        return true;
    while (wanted <= name)
        wanted *= 2;
    uint32_t *first = realloc(s->first, wanted * sizeof *first);
    if (!first)
        return false;
    memset(first + s->first_room, 0, (wanted - s->first_room) * sizeof *first);
    s->first = first;
    s->first_room = wanted;
    return true;
}

static bool add_one(struct tn_sightings *s, const char *symbol, struct tn_holding *holding)
{
    uint32_t name = tn_names_add(&s->names, symbol, strlen(symbol));
    if (name == TN_NO_NAME || !make_room(s, name) ||
        !tn_grow(&s->rows, &s->room, s->count, sizeof *s->rows))
        return false;
    s->rows[s->count] = (struct tn_sighting){ holding, s->first[name] };
    s->first[name] = (uint32_t)++s->count;
    return true;
}

bool tn_sightings_add(struct tn_sightings *s, struct tn_holding *holding, tenon_world *world)
{
    const tenon_units *file =
        holding->record == TENON_RECORD_COMPLETE ? NULL : tn_holding_file(holding, world);
    size_t count = file ? tenon_units_visible_count(file) : 0;
    if (!s->ready && !tn_names_init(&s->names))
        return false;
    s->ready = true;
    for (size_t i = 0; i < count; i++) {
        const tenon_visible *seen = tenon_units_visible(file, i);
        if (seen->strong && !add_one(s, seen->name, holding))
            return false;
    }
    return true;
}

struct tn_holding *tn_sightings_next(const struct tn_sightings *s, const char *symbol, uint32_t *at)
{
    uint32_t row = 0;
    if (*at == NO_MORE || !s->ready)
        return NULL;
    if (*at == 0) {
        uint32_t name = tn_names_find(&s->names, symbol, strlen(symbol));
        row = name == TN_NO_NAME ? 0 : s->first[name];
    } else {
        row = *at;
    }
    if (!row)
        return NULL;
    *at = s->rows[row - 1].next ? s->rows[row - 1].next : NO_MORE;
    return s->rows[row - 1].holding;
}
