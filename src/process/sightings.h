/* src/process/sightings.h - which images define a symbol without having recorded its unit */
#ifndef TN_SIGHTINGS_H
#define TN_SIGHTINGS_H

#include "holding.h"
#include "mapped_symbols.h"
#include "slots.h"

#define TN_SIGHTINGS_BITS (1u << 17) /* of the filter */

/*
 * Strong definitions of images whose records do not say that they are complete, by name: so that a
 * unit is only compared with images that define the first symbol of its set. Hashes can lie: what
 * is found must still be compared.
 *
 * Of what the program was started with, the loader's own tables are asked instead, unless the file
 * has definitions that are not among them; then the list of these that the index has, which is in
 * order.
 */
struct tn_sightings {
    struct tn_slots slots; /* to a number of `images` */
    struct tn_holding **images;
    size_t count, room;
    struct tn_holding **mapped; /* these, and such whose own list of names is at hand */
    size_t mapped_count, mapped_room;
    uint64_t *filter; /* hashes of all their symbols: most names that are asked for are in none */
    bool seeded;
    uint64_t seed[2];
};

/* Adds an image, unless its record is complete or its file is not known. False: no memory. */
bool tn_sightings_add(struct tn_sightings *sightings, struct tn_holding *holding,
                      tenon_world *world);

/* Could a symbol of that hash (tn_mapped_hash) be in any of them? */
static inline bool tn_sightings_may(const struct tn_sightings *sightings, uint32_t hash)
{
    uint32_t bit = tn_mapped_bit(hash, TN_SIGHTINGS_BITS);
    return sightings->filter && sightings->filter[bit / 64] >> bit % 64 & 1;
}

/* One question, about a symbol that may be there, or about an image. */
struct tn_sought {
    const char *symbol;
    struct tn_holding *holding;
    uint32_t key, hash;
    size_t at, mapped;
};
struct tn_sought tn_sightings_seek(const struct tn_sightings *sightings, const char *symbol,
                                   uint32_t hash);

/* The next image that seems to define the symbol. NULL: no more. */
struct tn_holding *tn_sightings_next(const struct tn_sightings *sightings,
                                     struct tn_sought *sought);

/* Likewise the images that are the same build as one: by build id, or by all their bytes. */
struct tn_sought tn_sightings_seek_build(const struct tn_sightings *sightings,
                                         struct tn_holding *holding, tenon_world *world);
struct tn_holding *tn_sightings_next_build(const struct tn_sightings *sightings,
                                           struct tn_sought *sought, tenon_world *world);

void tn_sightings_free(struct tn_sightings *sightings);

#endif
