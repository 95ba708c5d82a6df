/* src/process/registry.c - the images of a process and the units they hold */
#include "registry.h"

#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "limits.h"

void tn_registry_free(struct tn_registry *registry)
{
    for (size_t i = 0; i < registry->count; i++)
        tn_holding_free(registry->holdings[i]);
    free(registry->holdings);
    tn_index_free(&registry->index);
    tn_sightings_free(&registry->sightings);
    *registry = (struct tn_registry){ 0 };
}

static bool add_entry(struct tn_index *index, struct tn_holding *holding, const tenon_unit *unit,
                      tenon_error *err)
{
    struct tn_entry entry = {
        .unit = unit, .holding = holding, .reason = holding->reason, .state = TENON_INITIALISED
    };
    return tn_index_add(index, &entry, false) || tn_no_memory(err);
}

/* The image itself, then what its record names. The record may name the image, too. */
static bool add_units(struct tn_index *index, struct tn_holding *holding, tenon_error *err)
{
    const tenon_unit *unit;
    size_t count = 1;
    for (size_t k = 0; k < holding->record_count; k++)
        count += tenon_units_count(holding->records[k]);
    if (!tn_index_reserve(index, count))
        return tn_no_memory(err);
    if (tn_holding_is_library(holding) && !add_entry(index, holding, &holding->library, err))
        return false;
    for (size_t i = 0; (unit = tn_holding_unit(holding, i)); i++)
        if (unit->kind != TENON_UNIT_LIBRARY && !add_entry(index, holding, unit, err))
            return false;
    return true;
}

bool tn_registry_add(struct tn_registry *registry, struct tn_holding *holding, tenon_error *err)
{
    bool good = registry->count < TN_LIMIT_OBJECTS ||
                tn_fail(err, TENON_E_LIMIT, "more than %u objects in a process", TN_LIMIT_OBJECTS);
    if (good && !tn_grow(&registry->holdings, &registry->room, registry->count, sizeof holding))
        good = tn_no_memory(err);
    if (!good) {
        tn_holding_free(holding);
        return false;
    }
    registry->holdings[registry->count++] = holding;
    registry->version++;
    return true;
}

bool tn_registry_read(struct tn_registry *registry, tenon_error *err)
{
    while (registry->indexed < registry->count) {
        struct tn_holding *holding = registry->holdings[registry->indexed];
        size_t before = registry->index.count;
        if (!tn_holding_read_notes(holding, err))
            return false;
        if (!add_units(&registry->index, holding, err)) {
            tn_index_cut(&registry->index, before);
            return false;
        }
        registry->indexed++;
    }
    return tn_index_list(&registry->index) || tn_no_memory(err);
}

bool tn_registry_keep(struct tn_registry *registry, const bool *marked)
{
    struct tn_index kept = { 0 };
    size_t count = 0, indexed = 0;
    bool good = true;
    for (size_t i = 0; i < registry->count; i++) {
        registry->holdings[i]->is_gone = !marked[i];
        indexed += marked[i] && i < registry->indexed;
    }
    tn_index_seed(&kept, &registry->index); /* keys stay good: also those that plans have */
    for (size_t i = 0; good && i < registry->index.count; i++)
        if (!registry->index.entries[i].holding->is_gone)
            good = tn_index_add(&kept, &registry->index.entries[i], true);
    if (!good) {
        tn_index_free(&kept);
        return false;
    }
    tn_index_free(&registry->index);
    tn_sightings_free(&registry->sightings); /* to be made anew, when next wanted */
    registry->sighted = 0;
    registry->index = kept;
    registry->indexed = indexed;
    for (size_t i = 0; i < registry->count; i++)
        if (marked[i])
            registry->holdings[count++] = registry->holdings[i];
        else
            tn_holding_free(registry->holdings[i]);
    registry->count = count;
    registry->version++;
    return true;
}

bool tn_registry_sight(struct tn_registry *registry, tenon_world *world,
                       const struct tn_holding **unread)
{
    *unread = NULL;
    for (; registry->sighted < registry->count; registry->sighted++) {
        struct tn_holding *holding = registry->holdings[registry->sighted];
        holding->starved = false;
        if (!tn_sightings_add(&registry->sightings, holding, world))
            return false;
        if (holding->record != TENON_RECORD_COMPLETE && !holding->file &&
            (holding->replaced || holding->fault)) {
            *unread = holding;
            return true;
        }
    }
    return true;
}

struct tn_holding *tn_registry_at_path(const struct tn_registry *registry, const char *path)
{
    for (size_t i = 0; i < registry->count; i++)
        if (strcmp(registry->holdings[i]->path, path) == 0)
            return registry->holdings[i];
    return NULL;
}

void tn_registry_set_reason(struct tn_registry *registry, size_t i, enum tenon_reason_kind reason)
{
    registry->holdings[i]->reason = reason;
    for (size_t k = 0; k < registry->index.count; k++)
        if (registry->index.entries[k].holding == registry->holdings[i])
            registry->index.entries[k].reason = reason;
}

/* The holding that answers to a recorded name. */
struct tn_holding *tn_registry_named(const struct tn_registry *registry, const char *name)
{
    for (size_t i = 0; i < registry->count; i++) {
        struct tn_holding *h = registry->holdings[i];
        const char *slash = strrchr(h->path, '/');
        if ((h->own_name && strcmp(h->own_name, name) == 0) || strcmp(h->path, name) == 0 ||
            (slash && strcmp(slash + 1, name) == 0))
            return h;
    }
    return NULL;
}

/* By which name a need is met: of a path with a token the last part stays as it is. */
static struct tn_holding *needed(const struct tn_registry *registry, const char *name)
{
    const char *slash = strchr(name, '$') ? strrchr(name, '/') : NULL;
    return tn_registry_named(registry, slash ? slash + 1 : name);
}

/* What no search has found answers to its path and to its own name: to no other. */
static void came_by_path(struct tn_holding *holding)
{
    if (!holding->name)
        holding->name = holding->path;
}

/* Without a name of its own it answers to the one by which it was searched for. False: no memory.
 */
static bool take_name(struct tn_holding *holding, const char *need)
{
    if (strchr(need, '/'))
        came_by_path(holding);
    else if (!holding->own_name && !holding->name)
        holding->name = tn_arena_string(&holding->arena, need);
    return holding->own_name || holding->name;
}

bool tn_registry_serve(struct tn_registry *registry, struct tn_holding *first, tenon_error *err)
{
    size_t head = 0, tail = 0;
    bool good = true;
    if (first->serves_all)
        return true;
    struct tn_holding **queue = calloc(registry->count + 1, sizeof *queue);
    if (!queue)
        return tn_no_memory(err);
    first->serves_all = true;
    queue[tail++] = first;
    while (good && head < tail) {
        const struct tn_holding *from = queue[head++];
        for (size_t i = 0; good && i < from->need_count; i++) {
            struct tn_holding *to = needed(registry, from->needs[i]);
            if (!to || to->serves_all)
                continue;
            to->serves_all = true;
            good = take_name(to, from->needs[i]);
            queue[tail++] = to;
        }
    }
    free(queue);
    return good || tn_no_memory(err);
}

/*
 * Its units' reasons are the caller's. What was left and is up again came, though the loader has
 * nothing new: whoever has a plan made before makes it anew.
 */
static bool give_to(struct tn_registry *registry, struct tn_holding *holding, const char *plugin)
{
    registry->version += holding->is_left;
    holding->plugin = tn_arena_string(&holding->arena, plugin);
    holding->place = tn_arena_format(&holding->arena, "plugin \"%s\"", plugin);
    holding->reason = TENON_BY_PLUGIN;
    holding->is_left = false;
    return holding->plugin && holding->place;
}

/* Behind the last one that is in the global scope. */
static size_t scope_end(const struct tn_registry *registry)
{
    size_t end = registry->count;
    while (end && !registry->holdings[end - 1]->serves_all)
        end--;
    return end;
}

bool tn_registry_mark_scope(struct tn_registry *registry, tenon_error *err)
{
    bool good = !registry->count || tn_registry_serve(registry, registry->holdings[0], err);
    for (size_t i = 1; good && i < scope_end(registry); i++) {
        if (!registry->holdings[i]->serves_all)
            came_by_path(registry->holdings[i]);
        good = tn_registry_serve(registry, registry->holdings[i], err);
    }
    return good;
}

static bool is_planned_private(const struct tn_entry *planned, size_t count, const tenon_unit *unit)
{
    for (size_t i = 0; i < count; i++)
        if (planned[i].is_private && strcmp(planned[i].unit->name, unit->name) == 0)
            return true;
    return false;
}

void tn_registry_own_code(struct tn_registry *registry, const char *path)
{
    struct tn_holding *h = tn_registry_at_path(registry, path);
    if (h)
        tn_holding_set_own_code(h, true);
}

bool tn_registry_claim(struct tn_registry *registry, const char *path, const char *plugin,
                       const struct tn_entry *planned, size_t count)
{
    struct tn_holding *h = tn_registry_at_path(registry, path);
    if (!tn_registry_read(registry, NULL))
        return false;
    if (!h)
        return true; /* another user's copy of the same file answers */
    bool good = give_to(registry, h, plugin);
    for (size_t k = 0; k < registry->index.count; k++) {
        struct tn_entry *e = &registry->index.entries[k];
        if (e->holding != h)
            continue;
        e->reason = TENON_BY_PLUGIN;
        e->is_private = is_planned_private(planned, count, e->unit);
    }
    return good;
}

bool tn_registry_adopt(struct tn_registry *registry, const char *name, const char *plugin)
{
    struct tn_holding *h = tn_registry_named(registry, name);
    if (!h || !h->is_left)
        return true;
    for (size_t k = 0; k < registry->index.count; k++)
        if (registry->index.entries[k].holding == h)
            registry->index.entries[k].reason = TENON_BY_PLUGIN;
    return give_to(registry, h, plugin);
}

void tn_registry_disown(struct tn_registry *registry, const char *plugin)
{
    for (size_t i = 0; i < registry->count; i++) {
        struct tn_holding *h = registry->holdings[i];
        if (!h->plugin || strcmp(h->plugin, plugin) != 0)
            continue;
        h->plugin = NULL;
        h->place = h->path;
        tn_registry_set_reason(registry, i, TENON_BY_OTHERS);
    }
}

static bool has_private(const struct tn_entry *planned, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (planned[i].is_private)
            return true;
    return false;
}

/* Which units are declared private is known only now: so they are listed at once. */
static bool mark_private(struct tn_registry *registry, size_t first, const struct tn_entry *planned,
                         size_t count, tenon_error *err)
{
    size_t before = registry->index.count;
    if (!tn_registry_read(registry, err))
        return false;
    for (size_t i = before; i < registry->index.count; i++) {
        struct tn_entry *e = &registry->index.entries[i];
        for (size_t k = first; k < registry->count; k++)
            if (e->holding == registry->holdings[k])
                e->is_private = is_planned_private(planned, count, e->unit);
    }
    return true;
}

bool tn_registry_take(struct tn_registry *registry, struct tn_holding **came, size_t count,
                      const struct tn_entry *planned, size_t planned_count, tenon_error *err)
{
    size_t first = registry->count;
    for (size_t i = 0; i < count; i++) {
        if (!tn_grow(&registry->holdings, &registry->room, registry->count, sizeof *came)) {
            registry->adds = 0; /* so that the next look is a whole one */
            return tn_no_memory(err);
        }
        registry->holdings[registry->count++] = came[i];
        registry->version++;
        came[i] = NULL;
    }
    if (!has_private(planned, planned_count) ||
        mark_private(registry, first, planned, planned_count, err))
        return true;
    registry->adds = 0;
    return false;
}

/* One found object of a graph. */
static bool take_object(struct tn_registry *registry, tenon_world *world, const char *path,
                        const tenon_library *library, tenon_error *err)
{
    struct tn_holding *holding = tn_holding_new(path, err);
    if (!holding)
        return false;
    holding->reason = TENON_IN_HOST;
    holding->is_program = !library && !registry->count;
    holding->serves_all = true;
    if (holding->is_program)
        holding->place = "the host program";
    bool good = tn_holding_read_image(holding, world, err);
    if (good && library) {
        holding->name = tn_arena_string(&holding->arena, library->name);
        good = holding->name || tn_no_memory(err);
    }
    if (!good) {
        tn_holding_free(holding);
        return false;
    }
    if (!tn_holding_file(holding, world)) { /* what it holds is not known: nothing fits for sure */
        good = holding->starved ? tn_no_memory(err)
               : holding->fault ? tn_fail(err, holding->fault_code, "%s", holding->fault)
                                : tn_fail(err, TENON_E_SYSTEM, "%s", holding->replaced);
        tn_holding_free(holding);
        return false;
    }
    return tn_registry_add(registry, holding, err);
}

bool tn_registry_take_graph(struct tn_registry *registry, tenon_world *world,
                            const tenon_graph *graph, tenon_error *err)
{
    size_t count = tenon_graph_count(graph);
    int32_t *numbers = malloc((count + 1) * sizeof *numbers);
    if (!numbers)
        return tn_no_memory(err);
    bool good = take_object(registry, world, tenon_graph_file(graph), NULL, err);
    for (size_t i = 0; good && i < count; i++) {
        const tenon_library *library = tenon_graph_library(graph, i);
        numbers[i] = -1;
        if (library->status != TENON_STATUS_FOUND)
            continue;
        numbers[i] = (int32_t)registry->count;
        good = take_object(registry, world, library->path, library, err);
        if (good) /* a parent stands before what it caused */
            registry->holdings[registry->count - 1]->loaded_by = library->parent < 0 ? 0
                                                                 : (size_t)library->parent < i
                                                                     ? numbers[library->parent]
                                                                     : 0;
    }
    free(numbers);
    return good && tn_registry_read(registry, err);
}

bool tn_registry_take_more(struct tn_registry *registry, tenon_world *world,
                           const tenon_graph *graph, tenon_error *err)
{
    const char *file = tenon_graph_file(graph);
    bool good =
        tn_registry_at_path(registry, file) || take_object(registry, world, file, NULL, err);
    for (size_t i = 0; good && i < tenon_graph_count(graph); i++) {
        const tenon_library *library = tenon_graph_library(graph, i);
        if (library->status == TENON_STATUS_FOUND && !tn_registry_named(registry, library->name) &&
            !tn_registry_at_path(registry, library->path))
            good = take_object(registry, world, library->path, library, err);
    }
    return good && tn_registry_read(registry, err);
}
