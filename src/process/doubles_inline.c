/*
 * src/process/doubles_inline.c - variables that the linker keeps one of: one in the process, or two
 *
 * rule  ELF gABI, COMDAT groups; tn_judge_comdat()
 */
#include <inttypes.h>
#include <string.h>

#include "doubles_private.h"
#include "mangled.h"
#include "units.h"

static const tenon_visible hidden = { .exported = false };

static const tenon_visible *seen_in(struct tn_doubles *d, struct tn_holding *holding,
                                    const char *name)
{
    const struct tn_sight sight = tn_holding_sight(holding, d->world);
    const tenon_visible *seen = sight.find ? sight.find(sight.of, name) : NULL;
    return seen ? seen : &hidden;
}

static bool defines_comdat(const tenon_unit *unit, const char *symbol)
{
    for (size_t i = tn_unit_set_size(unit); i < unit->definition_count; i++)
        if (strcmp(unit->definitions[i].name, symbol) == 0)
            return true;
    return false;
}

/* Does a unit of the image's own record name it? Then it was compared by that. */
static bool holds_comdat(const struct tn_holding *image, const char *symbol)
{
    const tenon_unit *unit;
    for (size_t i = 0; (unit = tn_holding_unit(image, i)); i++)
        if (defines_comdat(unit, symbol))
            return true;
    return false;
}

/*
 * Did --gc-sections leave it out? A unit's record is of the time when it was compiled. Intermediate
 * code says nothing: what optimises it gives objects other names.
 */
static bool is_gone(struct tn_doubles *d, const struct tn_entry *e, const char *symbol)
{
    const tenon_units *file = e->unit->implementation.kind == TENON_DIGEST_CODE
                                  ? tn_holding_file(e->holding, d->world)
                                  : NULL;
    return file && tn_units_lack(file, symbol);
}

/* One such object, as two images show it: `comes` would be loaded. */
struct split {
    const char *symbol;
    struct tn_holding *there, *comes;
    const tenon_unit *unit_there, *unit_here; /* NULL: not known */
    const tenon_visible *seen_there, *seen_here;
    bool is_private;
};

/* Names of C are anybody's: some say nothing. */
static bool is_compared(const char *symbol)
{
    return !tn_mangled_is_guard(symbol) && !tn_is_generic(symbol);
}

static const char *place(struct tn_doubles *d, const struct tn_holding *holding,
                         const tenon_unit *unit)
{
    return tn_doubles_place_of(d, holding, unit ? unit->origin : NULL);
}

/* What would join the two; "". A program hides what nothing that it is linked with asks for. */
static const char *advice(const struct split *s)
{
    return s->there->is_program && !s->seen_there->exported && s->seen_here->exported
               ? "; linked with -rdynamic, the host would show its own"
               : "";
}

/* Why two copies are harmless; NULL: they are not. A private one is, unless others can see it. */
static const char *excuse_of(const struct split *s)
{
    if (s->is_private && !s->seen_here->exported)
        return "is declared private, and hidden";
    return tn_mangled_is_library_static(s->symbol) ? "is the C++ library's own business" : NULL;
}

/*
 * A plugin's own code is opened first, and its libraries with it: each looks there first, and then
 * in them, so that whatever can be preempted is one.
 */
static bool are_joined(const struct split *s)
{
    const bool there_yields = s->there->is_own_code || s->seen_there->preemptible;
    const bool here_yields = s->comes->is_own_code || s->seen_here->preemptible;
    return s->there->with_own && s->comes->with_own &&
           strcmp(s->there->plugin, s->comes->plugin) == 0 && s->seen_there->exported &&
           s->seen_here->exported && there_yields && here_yields;
}

/* Does something that the program was started with show it to everybody? */
static bool is_shown_at_start(struct tn_doubles *d, const char *symbol)
{
    for (size_t i = 0; i < d->registry->count; i++) {
        struct tn_holding *h = d->registry->holdings[i];
        if (h->serves_all && h->reason == TENON_IN_HOST &&
            (!h->mapped || tn_mapped_offers(h->mapped, symbol, tn_mapped_hash(symbol), NULL)) &&
            seen_in(d, h, symbol)->exported)
            return true;
    }
    return false;
}

/*
 * Two that can be preempted are both that of the start, which whoever came later found first. One
 * that came to serve everybody only later would not do: what was bound before it stays so.
 *
 * rule  dlopen(3): the global scope is searched before that of the object
 */
static bool are_of_the_start(struct tn_doubles *d, const struct split *s)
{
    return s->seen_there->preemptible && s->seen_here->preemptible &&
           is_shown_at_start(d, s->symbol);
}

static bool are_one(struct tn_doubles *d, const struct split *s)
{
    return are_joined(s) ||
           !tn_judge_comdat(s->seen_there, s->there->serves_all, s->seen_here, d->joins_unique) ||
           are_of_the_start(d, s);
}

/* The guard variable of the object, which the code that comes would look at; NULL: it has none. */
static const char *guard_of(struct tn_doubles *d, const struct split *s)
{
    const tenon_unit *unit = s->unit_here;
    for (size_t i = unit ? tn_unit_set_size(unit) : 0; unit && i < unit->definition_count; i++)
        if (tn_mangled_is_guard_of(unit->definitions[i].name, s->symbol))
            return unit->definitions[i].name;
    if (unit || strncmp(s->symbol, "_Z", 2) != 0)
        return NULL;
    const char *guard = tn_arena_join(&d->report->arena, "_ZGV", s->symbol + 2, NULL);
    d->report->no_memory |= !guard;
    return guard && seen_in(d, s->comes, guard) != &hidden ? guard : NULL;
}

/* The code that comes would initialise the one that is in use already: it cannot see that it is. */
static bool is_initialised_again(struct tn_doubles *d, const struct split *s)
{
    struct split guards = *s;
    guards.symbol = guard_of(d, s);
    if (!guards.symbol)
        return false;
    guards.seen_there = seen_in(d, s->there, guards.symbol);
    guards.seen_here = seen_in(d, s->comes, guards.symbol);
    return !are_one(d, &guards);
}

/* What the loader makes one has to be the same thing for both. */
static bool judge_joined(struct tn_doubles *d, const struct tn_candidate *c, const struct split *s)
{
    const uint64_t size_there = s->seen_there->size, size_here = s->seen_here->size;
    const bool differs = size_there && size_here && size_there != size_here;
    const struct tn_judgement judged = { .kind = differs ? TENON_FINDING_CONFLICT
                                                         : TENON_FINDING_DOUBLE,
                                         .refuses = true };
    if (!differs && !is_initialised_again(d, s))
        return false;
    const char *there = place(d, s->there, s->unit_there);
    const char *here = place(d, s->comes, s->unit_here);
    const struct tn_about about = tn_doubles_about(&judged, c, s->symbol, there, here);
    const char *shown = tn_report_show(d->report, s->symbol);
    if (differs)
        tn_report_find(d->report, about,
                       "variable %s has %" PRIu64 " bytes in %s and %" PRIu64
                       " in %s, and the loader would make them one",
                       shown, size_there, there, size_here, tn_doubles_bringer(d, c, s->comes));
    else
        tn_report_find(d->report, about,
                       "variable %s is already in %s; the loader would join it with that of "
                       "%s, but not the guard variable that says that it is initialised: it would "
                       "be initialised again",
                       shown, there, tn_doubles_bringer(d, c, s->comes));
    return true;
}

static bool judge_split(struct tn_doubles *d, const struct tn_candidate *c, const struct split *s)
{
    const char *excuse = excuse_of(s);
    const enum tenon_finding_kind kind = excuse ? TENON_FINDING_HARMLESS : TENON_FINDING_DOUBLE;
    const struct tn_judgement judged = { .kind = kind, .refuses = !excuse };
    if (are_one(d, s))
        return judge_joined(d, c, s);
    const char *there = place(d, s->there, s->unit_there);
    const char *here = place(d, s->comes, s->unit_here);
    tn_report_find(d->report, tn_doubles_about(&judged, c, s->symbol, there, here),
                   "variable %s is already in %s; %s contains its own copy, which %s%s",
                   tn_report_show(d->report, s->symbol), there, tn_doubles_bringer(d, c, s->comes),
                   excuse ? excuse : "the loader would not join with it", excuse ? "" : advice(s));
    return !excuse;
}

/* One such object beside those of an index; what refuses ends it: once is enough. */
static bool split_in(struct tn_doubles *d, const struct tn_candidate *c, struct tn_index *index,
                     const struct tn_entry *comes, const char *symbol)
{
    if (!tn_index_comdat(index, symbol)) {
        d->report->no_memory = true;
        return true;
    }
    for (size_t i = 0; i < index->found_count; i++) {
        const struct tn_entry *e = &index->entries[index->found[i]];
        if (e->holding == comes->holding || !defines_comdat(e->unit, symbol) ||
            is_gone(d, e, symbol))
            continue;
        const struct split split = { .symbol = symbol,
                                     .there = e->holding,
                                     .comes = comes->holding,
                                     .unit_there = e->unit,
                                     .unit_here = comes->unit,
                                     .seen_there = seen_in(d, e->holding, symbol),
                                     .seen_here = seen_in(d, comes->holding, symbol),
                                     .is_private = comes->is_private };
        if (judge_split(d, c, &split))
            return true;
    }
    return false;
}

/*
 * May a local symbol of that name be such an object, which the link hid? A name of C++ says whose
 * it is. Libraries that nobody recorded have their own business.
 */
static bool is_made_local(const struct tn_holding *image, const char *symbol)
{
    return strncmp(symbol, "_Z", 2) == 0 &&
           (image->is_program || image->is_own_code || image->record != TENON_RECORD_NONE);
}

/* What an image without a whole record shows under that name, when it may be such an object. */
static const tenon_visible *shown_by(struct tn_doubles *d, struct tn_holding *image,
                                     const char *symbol)
{
    if (!tn_doubles_has_unrecorded(image) ||
        (image->mapped && image->is_bare &&
         !tn_mapped_offers(image->mapped, symbol, tn_mapped_hash(symbol), NULL)))
        return NULL;
    const tenon_visible *seen = seen_in(d, image, symbol);
    if (seen->kind == TENON_DEFINES_CODE || seen == &hidden)
        return NULL;
    return (seen->exported ? seen->unique || !seen->strong : is_made_local(image, symbol)) ? seen
                                                                                           : NULL;
}

/* One such object beside an image that has no record of it. */
static bool split_with(struct tn_doubles *d, const struct tn_candidate *c, struct tn_holding *image,
                       const struct tn_entry *comes, const char *symbol)
{
    const tenon_visible *seen = image == comes->holding ? NULL : shown_by(d, image, symbol);
    if (!seen)
        return false;
    const struct split split = { .symbol = symbol,
                                 .there = image,
                                 .comes = comes->holding,
                                 .unit_here = comes->unit,
                                 .seen_there = seen,
                                 .seen_here = seen_in(d, comes->holding, symbol),
                                 .is_private = comes->is_private };
    return judge_split(d, c, &split);
}

static bool split_with_images(struct tn_doubles *d, const struct tn_candidate *c,
                              const struct tn_entry *comes, const char *symbol)
{
    for (size_t i = 0; i < d->registry->count; i++)
        if (split_with(d, c, d->registry->holdings[i], comes, symbol))
            return true;
    for (size_t i = 0; i < d->coming.count; i++)
        if (split_with(d, c, d->coming.images[i], comes, symbol))
            return true;
    return false;
}

/* What one symbol of an image that comes is, beside what units of an index have. */
static bool split_from(struct tn_doubles *d, const struct tn_candidate *c, struct tn_index *index,
                       struct tn_holding *comes, const tenon_visible *seen)
{
    if (!tn_index_comdat(index, seen->name)) {
        d->report->no_memory = true;
        return true;
    }
    for (size_t i = 0; i < index->found_count; i++) {
        const struct tn_entry *e = &index->entries[index->found[i]];
        if (e->holding == comes || !defines_comdat(e->unit, seen->name) ||
            holds_comdat(comes, seen->name) || is_gone(d, e, seen->name))
            continue;
        const struct split split = { .symbol = seen->name,
                                     .there = e->holding,
                                     .comes = comes,
                                     .unit_there = e->unit,
                                     .seen_there = seen_in(d, e->holding, seen->name),
                                     .seen_here = seen };
        if (judge_split(d, c, &split))
            return true;
    }
    return false;
}

/* The other way round: an image that comes without a whole record shows what units have. */
bool tn_doubles_find_inline_here(struct tn_doubles *d, const struct tn_candidate *c,
                                 struct tn_index *index, struct tn_holding *comes)
{
    const tenon_units *file = index->has_comdats && tn_doubles_has_unrecorded(comes)
                                  ? tn_holding_file(comes, d->world)
                                  : NULL;
    const tenon_visible *seen;
    bool refuses = false;
    for (size_t i = 0; file && (seen = tenon_units_visible(file, i)); i++)
        if (is_compared(seen->name) && shown_by(d, comes, seen->name))
            refuses |= split_from(d, c, index, comes, seen);
    return refuses;
}

/* Two units of one image may both name it: the linker kept one. */
static bool is_named_before(const struct tn_candidate *c, size_t number, const char *symbol)
{
    for (size_t i = 0; i < number; i++)
        if (c->entries[i].holding == c->entries[number].holding &&
            defines_comdat(c->entries[i].unit, symbol))
            return true;
    return false;
}

bool tn_doubles_find_inline(struct tn_doubles *d, const struct tn_candidate *c,
                            struct tn_index *coming)
{
    bool refuses = false;
    for (size_t i = 0; i < c->count; i++) {
        const tenon_unit *unit = c->entries[i].unit;
        if (!c->entries[i].keys.has_comdat)
            continue;
        for (size_t k = tn_unit_set_size(unit); k < unit->definition_count; k++) {
            const char *symbol = unit->definitions[k].name;
            if (is_compared(symbol) && !is_named_before(c, i, symbol) &&
                !is_gone(d, &c->entries[i], symbol))
                refuses |= split_in(d, c, &d->registry->index, &c->entries[i], symbol) ||
                           split_in(d, c, coming, &c->entries[i], symbol) ||
                           split_with_images(d, c, &c->entries[i], symbol);
        }
    }
    return refuses;
}
