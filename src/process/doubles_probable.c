/*
 * src/process/doubles_probable.c - a bundled library without a record that seems to be there
 * already
 *
 * Two libraries that recorded nothing, of other names and builds, may have been made of one source.
 * Nothing proves it, and two libraries may well define the same (an implementation and its
 * replacement): it is told, as `tenon units --doubles` tells it, and refuses nothing.
 */
#include <stdlib.h>
#include <string.h>

#include "doubles_private.h"
#include "units.h"

/* One name may be there by chance. */
#define NAMES_LEAST 2u

/* An image that defines something of a library's. */
struct met {
    struct tn_holding *image;
    size_t count;
};

struct meeting {
    struct met *at;
    size_t count, room;
};

/*
 * What compilers and sanitizers bring: these define much in common, and of what stands before
 * others of it the loader makes one.
 */
static bool is_runtime(const struct tn_holding *image)
{
    static const char *const names[] = {
        "libgcc_s.",  "libstdc++.", "libc++.",      "libc++abi.", "libsupc++.",
        "libunwind.", "libatomic.", "libasan.",     "libubsan.",  "liblsan.",
        "libtsan.",   "libhwasan.", "libclang_rt.",
    };
    for (size_t i = 0; image->own_name && i < TN_COUNT(names); i++)
        if (strncmp(image->own_name, names[i], strlen(names[i])) == 0)
            return true;
    return tn_doubles_is_c_library(image);
}

/* Others are compared by their records, or told to have none. */
static bool is_unknown_library(const struct tn_holding *h)
{
    return h->reason == TENON_BY_PLUGIN && !h->is_own_code && h->record == TENON_RECORD_NONE &&
           !is_runtime(h);
}

static bool is_another(const struct tn_holding *there, const struct tn_holding *comes)
{
    const bool both = tn_holding_is_library(there) && tn_holding_is_library(comes);
    return strcmp(there->path, comes->path) != 0 && !is_runtime(there) &&
           !(both && tenon_unit_same(&there->library, &comes->library));
}

/* False: no memory. */
static bool meet(struct meeting *m, struct tn_holding *image)
{
    for (size_t i = 0; i < m->count; i++)
        if (m->at[i].image == image) {
            m->at[i].count++;
            return true;
        }
    if (!tn_grow(&m->at, &m->room, m->count, sizeof *m->at))
        return false;
    m->at[m->count++] = (struct met){ image, 1 };
    return true;
}

/* Who defines what the library defines. False: no memory. */
static bool find_met(struct tn_doubles *d, const struct tn_sightings *there,
                     struct tn_holding *comes, struct meeting *m)
{
    bool good = true;
    size_t count = tn_holding_strong_count(comes, d->world);
    for (size_t i = 0; good && i < count; i++) {
        const char *name = tn_holding_strong(comes, i);
        uint32_t hash = name ? tn_mapped_hash(name) : 0;
        if (!name || !tn_sightings_may(there, hash) || tn_is_generic(name))
            continue;
        struct tn_holding *h;
        struct tn_sought sought = tn_sightings_seek(there, name, hash);
        while (good && (h = tn_sightings_next(there, &sought)))
            good = !is_another(h, comes) || meet(m, h);
    }
    return good;
}

/* A unit that the image recorded is compared by itself. */
static bool is_recorded(struct tn_doubles *d, struct tn_index *index,
                        const struct tn_holding *image, const char *name)
{
    if (image->record == TENON_RECORD_NONE)
        return false;
    d->report->no_memory |= !tn_index_defining(index, name);
    for (size_t i = 0; i < index->found_count; i++)
        if (index->entries[index->found[i]].holding == image)
            return true;
    return false;
}

static void say(struct tn_doubles *d, const struct tn_candidate *c, const struct tn_holding *there,
                const struct tn_holding *comes, const char *first, size_t shared)
{
    const struct tn_judgement judged = { .kind = TENON_FINDING_DOUBLE };
    const char *a = tn_doubles_place_of(d, there, NULL);
    const char *b = tn_doubles_place_of(d, comes, NULL);
    tn_report_find(d->report, tn_doubles_about(&judged, c, comes->library.name, a, b),
                   "%s defines %s and %zu more that %s defines, too: the same code may be there "
                   "twice, which no record tells",
                   tn_doubles_bringer(d, c, comes), tn_report_show(d->report, first), shared - 1,
                   a);
}

static size_t smaller_of(const tenon_units *a, const tenon_units *b)
{
    size_t x = tn_units_common(a, a, NULL), y = tn_units_common(b, b, NULL);
    return x < y ? x : y;
}

/* The two files, name by name. */
static void compare(struct tn_doubles *d, const struct tn_candidate *c, struct tn_index *index,
                    struct tn_holding *there, struct tn_holding *comes)
{
    const tenon_units *a = tn_holding_file(there, d->world), *b = tn_holding_file(comes, d->world);
    if (!a || !b)
        return;
    const char **names = calloc(tenon_units_visible_count(b) + 1, sizeof *names);
    if (!names) {
        d->report->no_memory = true;
        return;
    }
    size_t count = tn_units_common(b, a, names), shared = 0;
    for (size_t i = 0; i < count; i++)
        if (!is_recorded(d, index, there, names[i]))
            names[shared++] = names[i];
    if (shared >= NAMES_LEAST && tn_is_overlap(shared, smaller_of(a, b)))
        say(d, c, there, comes, names[0], shared);
    free(names);
}

void tn_doubles_note_probable(struct tn_doubles *d, const struct tn_candidate *c,
                              const struct tn_sightings *there, struct tn_index *index,
                              struct tn_holding *comes)
{
    struct meeting m = { 0 };
    if (!is_unknown_library(comes))
        return;
    d->report->no_memory |= !find_met(d, there, comes, &m);
    for (size_t i = 0; i < m.count; i++)
        if (m.at[i].count >= NAMES_LEAST)
            compare(d, c, index, m.at[i].image, comes);
    free(m.at);
}
