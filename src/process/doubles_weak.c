/*
 * src/process/doubles_weak.c - units that are known by weak definitions, beside images that
 * recorded nothing
 *
 * rule  what other units define strongly is looked up by the first symbol (sightings.h). Images
 * have weak symbols by the thousand, nearly all of inline code; units of weak definitions are few:
 *       so each of these is held against each image
 */
#include "doubles_private.h"
#include "units.h"

/* Could it have any of these? Most libraries do not, and need no look at their files. */
static bool may_define(const struct tn_holding *image, const tenon_unit *unit)
{
    size_t count = tn_unit_set_size(unit);
    if (!image->mapped || !image->is_bare)
        return true;
    for (size_t i = 0; i < count; i++) {
        const char *name = unit->definitions[i].name;
        if (tn_mapped_offers(image->mapped, name, tn_mapped_hash(name), NULL))
            return true;
    }
    return false;
}

static bool find_in(struct tn_doubles *d, const struct tn_candidate *c, struct tn_holding *image,
                    const struct tn_entry *comes)
{
    return image != comes->holding && tn_doubles_has_unrecorded(image) &&
           may_define(image, comes->unit) && tn_doubles_covered_there(d, c, image, comes);
}

bool tn_doubles_find_weak(struct tn_doubles *d, const struct tn_candidate *c,
                          const struct tn_entry *comes)
{
    bool refuses = false;
    for (size_t i = 0; i < d->registry->count; i++)
        refuses |= find_in(d, c, d->registry->holdings[i], comes);
    for (size_t i = 0; i < d->coming.count; i++)
        refuses |= find_in(d, c, d->coming.images[i], comes);
    return refuses;
}

bool tn_doubles_find_weak_here(struct tn_doubles *d, const struct tn_candidate *c,
                               struct tn_index *index, struct tn_holding *comes)
{
    bool refuses = false;
    if (!index->has_weak || !tn_doubles_has_unrecorded(comes))
        return false;
    if (!tn_index_list(index)) {
        d->report->no_memory = true;
        return true;
    }
    for (size_t i = 0; i < index->count; i++)
        if (index->entries[i].keys.is_weak)
            refuses |= tn_doubles_covered_here(d, c, &index->entries[i], comes);
    return refuses;
}
