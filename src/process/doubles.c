/* src/process/doubles.c - says in words what is in a process twice: the judge of native code */
#include "doubles_private.h"

#include <string.h>

#include "units.h"

const char *tn_doubles_place_of(struct tn_doubles *d, const struct tn_holding *holding,
                                const char *origin)
{
    const char *place = holding->plugin || holding->is_program
                            ? holding->place
                            : tn_report_show(d->report, holding->place);
    if (!origin)
        return place;
    const char *text =
        tn_arena_format(&d->report->arena, "%s (%s)", place, tn_report_show(d->report, origin));
    d->report->no_memory |= !text;
    return text ? text : "";
}

const char *tn_doubles_bringer(struct tn_doubles *d, const struct tn_candidate *c,
                               const struct tn_holding *holding)
{
    if (strcmp(holding->place, holding->path) != 0)
        return tn_report_show(d->report, holding->place);
    const char *text = tn_arena_format(&d->report->arena, "%s, which plugin \"%s\" needs,",
                                       tn_report_show(d->report, holding->path), c->name);
    d->report->no_memory |= !text;
    return text ? text : "";
}

struct tn_about tn_doubles_about(const struct tn_judgement *judged, const struct tn_candidate *c,
                                 const char *unit, const char *there, const char *comes)
{
    return (struct tn_about){ .kind = judged->kind,
                              .refuses = judged->refuses,
                              .plugin = c->name,
                              .unit = unit,
                              .holders = { there, comes } };
}

/* What a copy declared private is refused for. */
static const char *private_note(struct tn_doubles *d, const struct tn_judgement *judged)
{
    if (!judged->symbol || !judged->refuses)
        return "";
    const char *text = tn_arena_format(&d->report->arena,
                                       "; it is declared private, but %s of it "
                                       "is visible",
                                       tn_report_show(d->report, judged->symbol));
    d->report->no_memory |= !text;
    return text ? text : "";
}

/* The name alone says that they are one, and nothing that they define does. */
static bool are_strangers(const tenon_unit *a, const tenon_unit *b)
{
    return a->kind == TENON_UNIT_C && strcmp(a->name, b->name) == 0 && tn_telling_count(a) &&
           tn_telling_count(b) && !tn_met_first(a, b) &&
           tenon_digest_equal(&a->implementation, &b->implementation) != TENON_YES;
}

static void say_double(struct tn_doubles *d, const struct tn_candidate *c,
                       const struct tn_entry *there, const struct tn_entry *comes,
                       const struct tn_judgement *judged)
{
    const char *unit = tn_report_show(d->report, there->unit->name);
    const char *a = tn_doubles_place_of(d, there->holding, there->unit->origin);
    const char *b = tn_doubles_place_of(d, comes->holding, comes->unit->origin);
    const char *who = tn_doubles_bringer(d, c, comes->holding);
    tn_report_find(
        d->report, tn_doubles_about(judged, c, there->unit->name, a, b),
        "unit %s is already in %s; %s contains its own copy%s%s%s%s", unit, a, who,
        !judged->because ? ""
        : strncmp(judged->because, "with ", 5) == 0 || strncmp(judged->because, "and ", 4) == 0
            ? " "
            : ", ",
        judged->because ? judged->because : "", comes->is_private ? private_note(d, judged) : "",
        judged->refuses && are_strangers(there->unit, comes->unit)
            ? "; they define nothing in common: if they are two things of one name, build one of "
              "them with another --unit-prefix (or TENON_PROJECT)"
            : "");
}

/* ---- two shared libraries ------------------------------------------------------------------- */

/* Where a library lies; of one in a bundle it is said whose it is. */
static const char *whereabouts(struct tn_doubles *d, const struct tn_holding *h)
{
    if (h->reason != TENON_BY_PLUGIN || !h->plugin)
        return tn_report_show(d->report, h->path);
    const char *text = tn_arena_format(&d->report->arena, "that of plugin \"%s\"", h->plugin);
    d->report->no_memory |= !text;
    return text ? text : "";
}

/* Does code of the plugin, or what it brings along, ask the loader for that name? */
static bool is_asked_for(const struct tn_doubles *d, const struct tn_candidate *c, const char *name)
{
    const struct tn_images *own = &d->images[c - d->candidates];
    for (size_t i = 0; i < own->count; i++)
        for (size_t k = 0; k < own->at[i]->need_count; k++)
            if (strcmp(own->at[i]->needs[k], name) == 0)
                return true;
    return false;
}

/*
 * Files that are called alike, and by nobody: two programs' modules may both be codec.so. What is
 * asked for by that name is whichever of them was there first.
 */
static bool are_two_files(const struct tn_doubles *d, const struct tn_candidate *c,
                          const struct tn_entry *there, const struct tn_entry *comes)
{
    return !there->holding->own_name && !comes->holding->own_name &&
           !is_asked_for(d, c, comes->unit->name);
}

static bool compare_libraries(struct tn_doubles *d, const struct tn_candidate *c,
                              const struct tn_entry *there, const struct tn_entry *comes)
{
    bool same_name = strcmp(there->unit->name, comes->unit->name) == 0;
    enum tenon_answer equal =
        same_name ? tn_holding_same_build(there->holding, comes->holding, d->world)
                  : tenon_digest_equal(&there->unit->implementation, &comes->unit->implementation);
    const struct tn_holding *a = there->holding, *b = comes->holding;
    struct tn_judgement judged = { .kind = equal == TENON_YES ? TENON_FINDING_OTHER_COPY
                                                              : TENON_FINDING_OTHER_BUILD,
                                   .refuses = true };
    if ((!same_name && equal != TENON_YES) || strcmp(a->path, b->path) == 0 ||
        (equal == TENON_NO && are_two_files(d, c, there, comes)))
        return false;
    const char *what = equal == TENON_YES  ? "another copy of it"
                       : equal == TENON_NO ? "another build of it"
                                           : "another file of that name";
    const char *there_text =
        tn_doubles_place_of(d, a, a->plugin && a->reason != TENON_BY_PLUGIN ? a->path : NULL);
    const char *comes_text =
        tn_doubles_place_of(d, b, b->plugin && b->reason != TENON_BY_PLUGIN ? b->path : NULL);
    tn_report_find(d->report,
                   tn_doubles_about(&judged, c, there->unit->name, there_text, comes_text),
                   "library %s is already in the process as %s; plugin \"%s\" would bring %s, %s",
                   tn_report_show(d->report, there->unit->name), whereabouts(d, a), c->name, what,
                   b->reason == TENON_BY_PLUGIN ? "in its bundle" : whereabouts(d, b));
    return true;
}

/* ---- a plugin's own code, as a whole --------------------------------------------------------- */

/* Own code that has no name is no library, and answers nobody; yet it is the same code again. */
static bool is_code_again(const struct tn_holding *there, const struct tn_holding *comes)
{
    return !(tn_holding_is_library(there) && tn_holding_is_library(comes)) &&
           strcmp(there->path, comes->path) != 0;
}

static void say_code_again(struct tn_doubles *d, const struct tn_candidate *c,
                           const struct tn_holding *there, const struct tn_holding *comes)
{
    const struct tn_judgement judged = { .kind = TENON_FINDING_OTHER_COPY, .refuses = true };
    const char *a = tn_doubles_place_of(d, there, NULL);
    const char *b = tn_doubles_place_of(d, comes, NULL);
    tn_report_find(d->report, tn_doubles_about(&judged, c, comes->library.name, a, b),
                   "the code of %s is already in the process as %s: it is the same build, and no "
                   "record says all that is in it",
                   tn_doubles_bringer(d, c, comes), a);
}

/*
 * The build of an image that comes, among those that are there: what its record names is compared
 * one by one; without one, or where that leaves something out, all of it is there twice.
 */
static bool find_code_again(struct tn_doubles *d, const struct tn_candidate *c,
                            const struct tn_sightings *there, struct tn_holding *comes)
{
    struct tn_holding *h;
    if (comes->record != TENON_RECORD_NONE && comes->record != TENON_RECORD_PARTIAL)
        return false;
    struct tn_sought sought = tn_sightings_seek_build(there, comes, d->world);
    while ((h = tn_sightings_next_build(there, &sought, d->world)))
        if (is_code_again(h, comes)) {
            say_code_again(d, c, h, comes);
            return true;
        }
    return false;
}

/* ---- two units ------------------------------------------------------------------------------ */

/*
 * A plugin's code, and nobody needs its symbols without naming it. A library that it would bring
 * along stands behind others in a scope, and is not said to be.
 */
static bool is_apart(const struct tn_holding *h)
{
    static const char own[] = "plugin \"";
    return h->reason == TENON_BY_PLUGIN && !h->serves_all && !h->must_serve && !h->goes_along &&
           strncmp(h->place, own, sizeof own - 1) == 0;
}

/* What an image is to the loader; its unit is not set. */
static struct tn_copy image_copy(struct tn_doubles *d, struct tn_holding *holding)
{
    return (struct tn_copy){ .sight = tn_holding_sight(holding, d->world),
                             .serves_all =
                                 holding->serves_all || holding->must_serve || holding->goes_along,
                             .is_apart = is_apart(holding) };
}

static struct tn_copy copy_of(struct tn_doubles *d, const struct tn_entry *entry)
{
    struct tn_copy copy = image_copy(d, entry->holding);
    copy.unit = entry->unit;
    copy.is_private = entry->is_private;
    return copy;
}

bool tn_doubles_compare(void *arg, const struct tn_candidate *c, const struct tn_entry *there,
                        const struct tn_entry *comes)
{
    struct tn_doubles *d = arg;
    struct tn_judgement judged;
    if (strcmp(there->holding->path, comes->holding->path) == 0 && there->holding != comes->holding)
        return false; /* the very file, which the loader kept when it was unloaded */
    if (there->unit->kind == TENON_UNIT_LIBRARY && comes->unit->kind == TENON_UNIT_LIBRARY)
        return compare_libraries(d, c, there, comes);
    if (there->unit->kind != comes->unit->kind || !tenon_unit_same(there->unit, comes->unit))
        return false;
    const struct tn_copy a = copy_of(d, there), b = copy_of(d, comes);
    if (tn_judge_is_entry(&a, &b) || !tn_judge_units(&a, &b, &judged))
        return false;
    say_double(d, c, there, comes, &judged);
    return judged.refuses;
}

/* ---- versions and parts of units ------------------------------------------------------------ */

/*
 * Two units that have little in common, but a symbol that both show: calls of the plugin to its own
 * go to the one that is found first. That is so however it is loaded; it is only told.
 */
static void note_interposed(struct tn_doubles *d, const struct tn_candidate *c,
                            const struct tn_entry *there, const struct tn_entry *comes)
{
    const struct tn_copy a = copy_of(d, there), b = copy_of(d, comes);
    const struct tn_judgement judged = { .kind = TENON_FINDING_CLASH };
    const char *symbol = tn_judge_interposed(&a, &b);
    if (!symbol)
        return;
    const char *where = tn_doubles_place_of(d, there->holding, there->unit->origin);
    const char *here = tn_doubles_place_of(d, comes->holding, comes->unit->origin);
    tn_report_find(d->report, tn_doubles_about(&judged, c, symbol, where, here),
                   "%s of unit %s in %s is found before that of unit %s in %s, which is another: "
                   "who calls it there gets the first",
                   tn_report_show(d->report, symbol), tn_report_show(d->report, there->unit->name),
                   where, tn_report_show(d->report, comes->unit->name),
                   tn_doubles_bringer(d, c, comes->holding));
}

/*
 * Two units that are not the same by any key, and define much of the same: two versions of one, or
 * one that another was made of.
 */
static bool overlap(struct tn_doubles *d, const struct tn_candidate *c,
                    const struct tn_entry *there, const struct tn_entry *comes)
{
    struct tn_judgement judged;
    if (there->holding == comes->holding ||
        strcmp(there->holding->path, comes->holding->path) == 0 ||
        tenon_unit_same(there->unit, comes->unit))
        return false;
    if (!tn_units_overlap(there->unit, comes->unit)) {
        note_interposed(d, c, there, comes);
        return false;
    }
    const struct tn_copy a = copy_of(d, there), b = copy_of(d, comes);
    if (tn_judge_is_entry(&a, &b))
        return false;
    tn_judge_overlap(&a, &b, &judged);
    const char *where = tn_doubles_place_of(d, there->holding, there->unit->origin);
    const char *here = tn_doubles_place_of(d, comes->holding, comes->unit->origin);
    size_t shared = tn_shared_count(there->unit, comes->unit);
    tn_report_find(
        d->report, tn_doubles_about(&judged, c, there->unit->name, where, here),
        "unit %s is already in %s; %s contains a version or a part of it, unit %s, which "
        "defines %s%s%s%s%s",
        tn_report_show(d->report, there->unit->name), where,
        tn_doubles_bringer(d, c, comes->holding), tn_report_show(d->report, comes->unit->name),
        tn_report_show(d->report, tn_shared_first(there->unit, comes->unit)),
        shared > 1 ? " and others" : "", judged.because ? ", " : " too",
        judged.because ? judged.because : "", comes->is_private ? private_note(d, &judged) : "");
    return judged.refuses;
}

/* Those of an index that define one symbol, and none of the unit's before it. */
static bool find_overlaps_by(struct tn_doubles *d, const struct tn_candidate *c,
                             struct tn_index *index, const struct tn_entry *comes, size_t number)
{
    const char *symbol = comes->unit->definitions[number].name;
    bool refuses = false;
    if (!tn_index_defining_key(index, comes->keys.defined[number].key)) {
        d->report->no_memory = true;
        return true;
    }
    for (size_t i = 0; i < index->found_count; i++) {
        const struct tn_entry *there = &index->entries[index->found[i]];
        const char *first =
            there->holding == comes->holding ? NULL : tn_met_first(comes->unit, there->unit);
        if (first && strcmp(first, symbol) == 0)
            refuses |= overlap(d, c, there, comes);
    }
    return refuses;
}

/* ---- units that the other side did not record ----------------------------------------------- */

bool tn_doubles_has_unrecorded(const struct tn_holding *holding)
{
    return holding->record != TENON_RECORD_COMPLETE;
}

/* Does the image's own record know a unit of that name or set? Then it was compared already. */
static bool is_recorded(const struct tn_holding *holding, const tenon_unit *unit)
{
    const tenon_unit *own;
    for (size_t i = 0; (own = tn_holding_unit(holding, i)); i++)
        if (tenon_unit_same(own, unit) || tn_units_overlap(own, unit))
            return true;
    return false;
}

/*
 * The system's C library. Whoever wraps some of its functions, or has his own of that name, has no
 * version of it: only a unit that is wholly in it is one of its.
 */
bool tn_doubles_is_c_library(const struct tn_holding *image)
{
    static const char *const names[] = { "libc.so.",  "libm.so.",   "libpthread.so.", "libdl.so.",
                                         "librt.so.", "libc.musl-", "ld-linux",       "ld-musl-" };
    for (size_t i = 0; image->own_name && i < TN_COUNT(names); i++)
        if (strncmp(image->own_name, names[i], strlen(names[i])) == 0)
            return true;
    return false;
}

/* A weak function of the C library's name is there for systems whose library lacks it. */
static bool is_in_c_library(const tenon_units *file, const tenon_unit *unit)
{
    return !tn_unit_is_weak(unit) && tn_units_define_all(file, unit);
}

static bool covers(struct tn_doubles *d, struct tn_holding *image, const tenon_unit *unit)
{
    const tenon_units *file = tn_holding_file(image, d->world);
    return file && unit->kind == TENON_UNIT_C && tn_unit_set_size(unit) &&
           (tn_doubles_is_c_library(image) ? is_in_c_library(file, unit)
                                           : tenon_units_cover(file, unit)) &&
           !is_recorded(image, unit);
}

bool tn_doubles_covered_there(struct tn_doubles *d, const struct tn_candidate *c,
                              struct tn_holding *there, const struct tn_entry *comes)
{
    struct tn_judgement judged;
    const struct tn_copy copy = copy_of(d, comes);
    const struct tn_copy image = image_copy(d, there);
    if (!covers(d, there, comes->unit) || !tn_judge_covered(&copy, &image, &judged))
        return false;
    const char *a = tn_doubles_place_of(d, there, NULL);
    const char *b = tn_doubles_place_of(d, comes->holding, comes->unit->origin);
    tn_report_find(
        d->report, tn_doubles_about(&judged, c, comes->unit->name, a, b),
        "unit %s is already in %s, whose symbols cover it; %s contains its own copy%s%s%s",
        tn_report_show(d->report, comes->unit->name), a, tn_doubles_bringer(d, c, comes->holding),
        judged.because ? ", " : "", judged.because ? judged.because : "",
        comes->is_private ? private_note(d, &judged) : "");
    return judged.refuses;
}

bool tn_doubles_covered_here(struct tn_doubles *d, const struct tn_candidate *c,
                             const struct tn_entry *there, struct tn_holding *comes)
{
    struct tn_judgement judged;
    const struct tn_copy copy = copy_of(d, there);
    const struct tn_copy image = image_copy(d, comes);
    if (there->holding == comes || !covers(d, comes, there->unit) ||
        !tn_judge_covered(&copy, &image, &judged))
        return false;
    const char *a = tn_doubles_place_of(d, there->holding, there->unit->origin);
    const char *b = tn_doubles_place_of(d, comes, NULL);
    tn_report_find(d->report, tn_doubles_about(&judged, c, there->unit->name, a, b),
                   "unit %s is already in %s; %s contains its own copy, as its symbols show%s%s",
                   tn_report_show(d->report, there->unit->name), a, tn_doubles_bringer(d, c, comes),
                   judged.because ? ", " : "", judged.because ? judged.because : "");
    return judged.refuses;
}

/* Does the image define none of a unit's symbols before that one? */
static bool is_first_of(struct tn_doubles *d, struct tn_holding *image, const tenon_unit *unit,
                        const char *symbol)
{
    const tenon_units *file = tn_holding_file(image, d->world);
    for (size_t i = 0; file && i < unit->definition_count; i++) {
        const char *name = unit->definitions[i].name;
        if (strcmp(name, symbol) == 0)
            return true;
        const tenon_visible *seen = tenon_units_find_visible(file, name);
        if (seen && seen->strong)
            return false;
    }
    return false;
}

/* The unit beside the images that define one symbol of it, and none before. */
static bool find_covered_by(struct tn_doubles *d, const struct tn_candidate *c,
                            const struct tn_sightings *there, const struct tn_entry *e,
                            const char *symbol, uint32_t hash)
{
    bool refuses = false;
    struct tn_holding *h;
    struct tn_sought sought = tn_sightings_seek(there, symbol, hash);
    while ((h = tn_sightings_next(there, &sought)))
        if (h != e->holding && is_first_of(d, h, e->unit, symbol))
            refuses |= tn_doubles_covered_there(d, c, h, e);
    return refuses;
}

/* A definition number k of a unit, beside the images that may have it. */
static inline bool find_covered_in(struct tn_doubles *d, const struct tn_candidate *c,
                                   const struct tn_sightings *there, const struct tn_entry *e,
                                   size_t k)
{
    uint32_t hash = e->keys.defined[k].mapped;
    return tn_sightings_may(there, hash) &&
           find_covered_by(d, c, there, e, e->unit->definitions[k].name, hash);
}

/*
 * What units that come define, beside units and images that are there or come before. All in one
 * pass: nearly none of it is met anywhere, and looking at it is what takes time.
 */
static bool find_met(struct tn_doubles *d, const struct tn_candidate *c, struct tn_index *coming,
                     const struct tn_entry *entries, size_t count)
{
    bool refuses = false;
    for (size_t i = 0; i < count; i++) {
        const struct tn_entry *e = &entries[i];
        for (size_t k = 0; k < e->keys.defined_count; k++) {
            uint32_t key = e->keys.defined[k].key;
            if (tn_index_may(&d->registry->index, key))
                refuses |= find_overlaps_by(d, c, &d->registry->index, e, k);
            if (tn_repeats_has(d->repeats, key))
                refuses |= find_overlaps_by(d, c, coming, e, k);
            if (e->keys.is_weak)
                continue;
            refuses |= find_covered_in(d, c, &d->registry->sightings, e, k);
            refuses |= find_covered_in(d, c, &d->coming, e, k);
        }
        refuses |= e->keys.is_weak && tn_doubles_find_weak(d, c, e);
    }
    return refuses;
}

/* Units of an index that an image covers: only those that define something of the image's are
 * looked at. */
static bool find_covered_here(struct tn_doubles *d, const struct tn_candidate *c,
                              struct tn_index *index, struct tn_holding *comes)
{
    bool refuses = false;
    if (!tn_index_total(index) || !tn_doubles_has_unrecorded(comes))
        return false;
    size_t count = tn_holding_strong_count(comes, d->world);
    for (size_t i = 0; i < count; i++) {
        const char *name = tn_holding_strong(comes, i);
        if (!name)
            continue;
        if (!tn_index_defining(index, name)) {
            d->report->no_memory = true;
            return true;
        }
        for (size_t k = 0; k < index->found_count; k++) {
            const struct tn_entry *e = &index->entries[index->found[k]];
            if (!e->keys.is_weak && is_first_of(d, comes, e->unit, name))
                refuses |= tn_doubles_covered_here(d, c, e, comes);
        }
    }
    return refuses;
}

/* ---- one plugin as a whole ------------------------------------------------------------------ */

bool tn_doubles_examine(void *arg, const struct tn_candidate *c, struct tn_index *coming)
{
    struct tn_doubles *d = arg;
    const struct tn_images *own = &d->images[c - d->candidates];
    bool refuses = find_met(d, c, coming, c->entries, c->count);
    for (size_t i = 0; i < c->brought_count; i++) {
        const struct tn_brought *brought = &d->brought[c->brought[i]];
        refuses |= find_met(d, c, coming, brought->entries, brought->count);
    }
    for (size_t i = 0; i < own->count; i++) {
        if (own->at[i]->is_placed)
            continue; /* a library that a plugin before brings as well */
        refuses |= find_code_again(d, c, &d->registry->sightings, own->at[i]) ||
                   find_code_again(d, c, &d->coming, own->at[i]);
        tn_doubles_note_probable(d, c, &d->registry->sightings, &d->registry->index, own->at[i]);
        tn_doubles_note_probable(d, c, &d->coming, coming, own->at[i]);
        refuses |= find_covered_here(d, c, &d->registry->index, own->at[i]);
        refuses |= find_covered_here(d, c, coming, own->at[i]);
        refuses |= tn_doubles_find_weak_here(d, c, &d->registry->index, own->at[i]);
        refuses |= tn_doubles_find_weak_here(d, c, coming, own->at[i]);
        refuses |= tn_doubles_find_inline_here(d, c, &d->registry->index, own->at[i]);
        refuses |= tn_doubles_find_inline_here(d, c, coming, own->at[i]);
    }
    return tn_doubles_find_inline(d, c, coming) || refuses;
}

bool tn_doubles_place(void *arg, const struct tn_candidate *c)
{
    struct tn_doubles *d = arg;
    const struct tn_images *own = &d->images[c - d->candidates];
    for (size_t i = 0; i < own->count; i++) {
        if (!own->at[i]->is_placed && !tn_sightings_add(&d->coming, own->at[i], d->world))
            return false;
        own->at[i]->is_placed = true;
    }
    return true;
}
