/* src/resolve/resolver.c - a resolver: settings, and numbers for names */
#include "resolver.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "limits.h"

tenon_resolver *tenon_resolver_new(tenon_world *world, tenon_error *err)
{
    tenon_resolver *r = calloc(1, sizeof *r);
    if (!r || !tn_names_init(&r->names) || !tn_map_init(&r->map)) {
        tenon_resolver_free(r);
        tn_no_memory(err);
        return NULL;
    }
    r->world = world;
    return r;
}

bool tn_store_set(struct tn_store *store, const uint32_t key[4], uint32_t value)
{
    return (store->has_map || (store->has_map = tn_map_init(&store->map))) &&
           tn_map_set(&store->map, key, value);
}

void tn_store_empty(struct tn_store *store)
{
    tn_arena_reset(&store->arena);
    tn_map_empty(&store->map);
    store->plan_count = store->search_count = store->path_count = 0;
}

static void store_free(struct tn_store *store)
{
    tn_arena_free(&store->arena);
    tn_map_free(&store->map);
    free(store->plans);
    free(store->searches);
    free(store->paths);
}

void tenon_resolver_free(tenon_resolver *r)
{
    if (!r)
        return;
    tn_ahead_end(r->ahead);
    tn_shelf_leave(r->reader, &r->arena, &r->names.arena); /* others may point to it */
    tn_names_free(&r->names);
    tn_names_free(&r->kind_keys);
    free(r->kinds);
    tn_map_free(&r->map);
    tn_arena_free(&r->arena);
    tn_arena_free(&r->scratch);
    tn_arena_free(&r->spare);
    tn_arena_free(&r->spare_passing);
    free(r->uses);
    free(r->nodes);
    free(r->openings);
    free(r->dirs);
    store_free(&r->kept);
    store_free(&r->passing);
    free(r->tries);
    free(r->objects);
    free(r->order);
    free(r->edges);
    free(r->late_edges);
    free(r);
}

static bool check_unasked(const tenon_resolver *r, tenon_error *err)
{
    return !r->asked ||
           tn_fail(err, TENON_E_ARGUMENT, "a resolver is set up before its first question");
}

bool tenon_resolver_set_loader(tenon_resolver *r, const char *name, tenon_error *err)
{
    const tenon_loader *loader = name ? tenon_loader_named(name) : NULL;
    if (!check_unasked(r, err))
        return false;
    if (name && !loader)
        return tn_fail(err, TENON_E_ARGUMENT, "no loader is called '%s'", name);
    r->loader = loader;
    return true;
}

static bool set_string(tenon_resolver *r, const char **slot, const char *value, tenon_error *err)
{
    if (!check_unasked(r, err))
        return false;
    const char *copy = value ? tn_arena_string(&r->arena, value) : NULL;
    if (value && !copy)
        return tn_no_memory(err);
    *slot = copy;
    return true;
}

bool tenon_resolver_set_exe(tenon_resolver *r, const char *path, tenon_error *err)
{
    return set_string(r, &r->exe, path, err);
}

bool tenon_resolver_set_interpreter(tenon_resolver *r, const char *path, tenon_error *err)
{
    return set_string(r, &r->interpreter, path, err);
}

void tenon_resolver_set_flags(tenon_resolver *r, unsigned flags)
{
    r->flags = flags;
}

bool tn_resolver_fail(const tenon_resolver *r, uint32_t file, tenon_error *err)
{
    if (r->failed)
        return tn_fail_system(err, r->failed, "%s", tn_text_of(r, file));
    if (!r->too_much)
        return tn_no_memory(err);
    return tn_fail(err, TENON_E_LIMIT, "%s: more than %u objects, or %u candidates to try",
                   tn_text_of(r, file), TN_LIMIT_OBJECTS, TN_LIMIT_ATTEMPTS);
}

/* Room for what is remembered of every name there is. */
static bool grow_uses(tenon_resolver *r)
{
    size_t room = r->use_room ? 2 * r->use_room : 512;
    while (room < r->names.capacity) /* it has as many rows */
        room *= 2;
    struct tn_use *uses = realloc(r->uses, room * sizeof *uses);
    if (!uses)
        return false;
    memset(uses + r->use_room, 0, (room - r->use_room) * sizeof *uses);
    r->uses = uses;
    r->use_room = room;
    return true;
}

static uint32_t add_name(tenon_resolver *r, const char *text, size_t size)
{
    uint32_t name = tn_names_add(&r->names, text, size);
    if (name == TN_NO_NAME || (name >= r->use_room && !grow_uses(r))) {
        r->no_memory = true;
        return TN_NO_NAME;
    }
    return name;
}

uint32_t tn_resolver_name(tenon_resolver *r, const char *text)
{
    return add_name(r, text, strlen(text));
}

uint32_t tn_resolver_bytes(tenon_resolver *r, const char *text, size_t size)
{
    return add_name(r, text, size);
}

uint32_t tn_resolver_need(tenon_resolver *r, const char *text)
{
    uint32_t name = tn_resolver_name(r, text);
    if (name != TN_NO_NAME)
        r->uses[name].is_need = true;
    return name;
}

const char *tn_resolver_keep(tenon_resolver *r, const char *text)
{
    return text ? tn_text_of(r, tn_resolver_name(r, text)) : NULL;
}

/* What is usual, so that tables need not grow. */
#define NAMES_PER_FILE 2
#define NAMES_AT_LEAST 1000

/* The thread's own copies of the paths; NULL: no memory. */
static const char *const *copy_paths(tenon_resolver *r, const char *const *paths, size_t count)
{
    const char **copies = tn_arena_rows(&r->arena, count, sizeof *copies);
    for (size_t i = 0; copies && i < count; i++)
        if (!(copies[i] = tn_arena_string(&r->arena, paths[i])))
            return NULL;
    return copies;
}

/* Marks paths as those of a list, which need no second look at what they lead to. */
static bool mark_expected(tenon_resolver *r, const char *const *paths, size_t count,
                          tenon_error *err)
{
    for (size_t i = 0; i < count; i++) {
        uint32_t name = tn_resolver_name(r, paths[i]);
        if (name == TN_NO_NAME)
            return tn_no_memory(err);
        r->uses[name].expected = (uint32_t)i + 1;
    }
    return true;
}

bool tenon_resolver_expect(tenon_resolver *r, const char *const *paths, size_t count,
                           tenon_error *err)
{
    if (r->reader)
        return mark_expected(r, paths, count, err);
    if (r->ahead)
        return tn_fail(err, TENON_E_ARGUMENT, "files are expected already");
    const char *const *copies = copy_paths(r, paths, count);
    if (count && !copies)
        return tn_no_memory(err);
    r->ahead = tn_ahead_begin(r->world, copies, count);
    if (!r->ahead)
        return true;
    tn_names_reserve(&r->names, r->names.count + count * NAMES_PER_FILE + NAMES_AT_LEAST);
    return mark_expected(r, paths, count, err); /* while the thread reads already */
}

bool tenon_resolver_share(tenon_resolver *r, const tenon_resolver *with, tenon_error *err)
{
    if (r->asked || r->ahead || r->reader || r->names.count)
        return tn_fail(err, TENON_E_ARGUMENT, "a resolver shares from its first question on");
    if ((with && !with->reader) || !tn_world_has_threads(r->world))
        return true;
    r->reader = with ? tn_shelf_join(with->reader) : tn_shelf_begin();
    if (!r->reader)
        return tn_no_memory(err);
    if (with) /* one hash for one path */
        memcpy(r->names.seed, with->names.seed, sizeof r->names.seed);
    tn_names_reserve(&r->names, 2 * NAMES_AT_LEAST);
    return true;
}
