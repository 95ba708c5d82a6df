/* src/process/sightings.h - which images define a symbol without having recorded its unit */
#ifndef TN_SIGHTINGS_H
#define TN_SIGHTINGS_H

#include "holding.h"
#include "table.h"

/*
 * Strong definitions of images whose records do not say that they are complete, by name: so that a
 * unit is only compared with images that define the first symbol of its set.
 */
struct tn_sightings {
    struct tn_names names;
    uint32_t *first; /* by name: sighting + 1; 0: none */
    size_t first_room;
    struct tn_sighting {
        struct tn_holding *holding;
        uint32_t next;
    } * rows;
    size_t count, room;
    bool ready;
};

/* Adds an image, unless its record is complete or its file is not known. False: no memory. */
bool tn_sightings_add(struct tn_sightings *sightings, struct tn_holding *holding,
                      tenon_world *world);

/* The next image that defines the symbol: start with *at 0. NULL: no more. */
struct tn_holding *tn_sightings_next(const struct tn_sightings *sightings, const char *symbol,
                                     uint32_t *at);

void tn_sightings_free(struct tn_sightings *sightings);

#endif
