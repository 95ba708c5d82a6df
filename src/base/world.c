/* src/base/world.c - a stack of layers, and the overlay of files in memory on top of it */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "text.h"
#include "world_private.h"

/* To be called whenever files or layers change: what was learnt may be wrong now. */
static void changed(tenon_world *world)
{
    assert(world->walking == 0); /* "each" of tenon_world_list must leave the world as it is */
    tn_cache_drop(&world->cache);
    world->plain_host = world->is_host && world->layer_count == 1 && world->mem.count == 0;
    world->folds = world->mem.rule == TENON_CASE_INSENSITIVE;
    for (size_t k = 0; k < world->layer_count; k++)
        world->folds = world->folds || world->layers[k].rule == TENON_CASE_INSENSITIVE;
}

/* --- making and ending ----------------------------------------------------------------------- */

tenon_world *tenon_world_empty(tenon_error *err)
{
    tenon_world *world = calloc(1, sizeof *world);

    if (!world)
        tn_no_memory(err);
    return world;
}

void tenon_world_free(tenon_world *world)
{
    if (!world)
        return;
    for (size_t k = 0; k < world->layer_count; k++) {
        struct tn_layer *layer = &world->layers[k];
        if (layer->ops.free)
            layer->ops.free(layer->state);
        free(layer->mount);
    }
    free(world->layers);
    tn_mem_free(&world->mem);
    tn_cache_drop(&world->cache);
    tn_map_free(&world->devices);
    tn_settings_free(world);
    tn_arena_free(&(struct tn_arena){ .blocks = world->spare });
    free(world);
}

/* A mount point without doubled slashes and a slash at its end; NULL: no memory. */
static char *clean_mount(const char *mount)
{
    char *clean = malloc(strlen(mount) + 1);
    size_t size = 0;

    if (!clean)
        return NULL;
    for (const char *name = mount; *(name += strspn(name, "/"));) {
        size_t length = strcspn(name, "/");
        clean[size++] = '/';
        memcpy(clean + size, name, length);
        size += length;
        name += length;
    }
    clean[size] = '\0';
    return clean;
}

static bool is_mount(const char *mount)
{
    if (mount[0] != '/' || strlen(mount) >= TN_LIMIT_PATH)
        return false;
    for (const char *name = mount; *(name += strspn(name, "/")); name += strcspn(name, "/")) {
        size_t size = strcspn(name, "/");
        if (strspn(name, ".") == size && size <= 2)
            return false;
    }
    return true;
}

static bool push_layer(tenon_world *world, const char *mount, struct tn_layer layer,
                       tenon_error *err)
{
    char quoted[TN_QUOTE_ROOM];

    if (!is_mount(mount))
        return tn_fail(err, TENON_E_ARGUMENT, "mount point %s is no absolute path",
                       tn_quote(quoted, mount));
    layer.mount = clean_mount(mount);
    if (!layer.mount)
        return tn_no_memory(err);
    layer.mount_size = strlen(layer.mount);
    int error =
        tn_grow(&world->layers, &world->layer_capacity, world->layer_count, sizeof *world->layers)
            ? 0
            : ENOMEM;
    if (!error && layer.mount_size > 0) /* it and its parents exist, whatever the layer says */
        error = tn_mem_put(&world->mem, layer.mount, TN_NODE_PARENT, NULL, 0, 0);
    if (error) {
        free(layer.mount);
        changed(world);
        return error == ENOMEM ? tn_no_memory(err)
                               : tn_fail(err, TENON_E_ARGUMENT, "mount point %s: %s",
                                         tn_quote(quoted, mount), tn_errno_text(error));
    }
    world->layers[world->layer_count++] = layer;
    changed(world);
    return true;
}

bool tenon_world_add_layer(tenon_world *world, const char *mount, const tenon_layer_ops *ops,
                           void *layer, enum tenon_case names, tenon_error *err)
{
    const struct tn_layer added = { .ops = *ops, .state = layer, .rule = names, .foreign = true };

    if (push_layer(world, mount, added, err))
        return true;
    if (ops->free)
        ops->free(layer);
    return false;
}

/* `dir` NULL: this system's "/" */
static bool push_dir(tenon_world *world, const char *mount, const char *dir, enum tenon_case names,
                     tenon_error *err)
{
    struct tn_layer added = { .ops = tn_dir_ops, .rule = names };
    char quoted[TN_QUOTE_ROOM];
    int error = tn_dir_layer(dir, &added.state);

    if (error == ENOMEM)
        return tn_no_memory(err);
    if (error)
        return tn_fail_system(err, error, "directory %s", tn_quote(quoted, dir));
    if (push_layer(world, mount, added, err))
        return true;
    added.ops.free(added.state);
    return false;
}

bool tenon_world_add_dir(tenon_world *world, const char *mount, const char *dir,
                         enum tenon_case names, tenon_error *err)
{
    return push_dir(world, mount, dir, names, err);
}

tenon_world *tenon_world_sysroot(const char *dir, tenon_error *err)
{
    tenon_world *world = tenon_world_empty(err);

    if (world && push_dir(world, "/", dir, TENON_CASE_SENSITIVE, err))
        return world;
    tenon_world_free(world);
    return NULL;
}

tenon_world *tenon_world_host(tenon_error *err)
{
    tenon_world *world = tenon_world_empty(err);

    if (!world)
        return NULL;
    world->is_host = true;
    if (push_dir(world, "/", NULL, TENON_CASE_SENSITIVE, err) && tn_host_facts(world, err))
        return world;
    tenon_world_free(world);
    return NULL;
}

bool tenon_world_is_host(const tenon_world *world)
{
    return world->is_host;
}

/* --- the overlay ----------------------------------------------------------------------------- */

/*
 * Puts something at the place that `path` means: links on the way are followed, one at its end is
 * itself replaced, as with rename(2) and unlink(2).
 */
static bool put(tenon_world *world, const char *path, enum tn_node_kind kind, const void *bytes,
                size_t size, uint32_t mode, tenon_error *err)
{
    struct tn_place place;
    char quoted[TN_QUOTE_ROOM];

    if (world->plain_host) { /* no longer: from here on we resolve paths, and remember our way */
        tn_cache_drop(&world->cache);
        world->plain_host = false;
    }
    int error = tn_walk(world, path, TN_WALK_MISSING, &place);
    if (error == 0 && place.path[0] != '\0')
        error = tn_mem_put(&world->mem, place.path, kind, bytes, size, mode);
    else if (error == 0 && kind != TN_NODE_DIR) /* there always is a root, as a directory */
        error = EBUSY;
    changed(world);
    if (error == ENOMEM)
        return tn_no_memory(err);
    return error == 0 ||
           tn_fail(err, TENON_E_ARGUMENT, "%s: %s", tn_quote(quoted, path), tn_errno_text(error));
}

static bool put_absolute(tenon_world *world, const char *path, enum tn_node_kind kind,
                         const void *bytes, size_t size, uint32_t mode, tenon_error *err)
{
    char quoted[TN_QUOTE_ROOM];

    if (path[0] != '/')
        return tn_fail(err, TENON_E_ARGUMENT, "%s is no absolute path", tn_quote(quoted, path));
    return put(world, path, kind, bytes, size, mode, err);
}

bool tenon_world_put_file(tenon_world *world, const char *path, const void *bytes, size_t size,
                          uint32_t mode, tenon_error *err)
{
    return put_absolute(world, path, TN_NODE_FILE, bytes, size, mode & 07777, err);
}

bool tenon_world_put_link(tenon_world *world, const char *path, const char *target,
                          tenon_error *err)
{
    return put_absolute(world, path, TN_NODE_LINK, target, strlen(target), 0777, err);
}

bool tenon_world_put_dir(tenon_world *world, const char *path, tenon_error *err)
{
    return put_absolute(world, path, TN_NODE_DIR, NULL, 0, 0755, err);
}

bool tenon_world_hide(tenon_world *world, const char *path, tenon_error *err)
{
    return put(world, path, TN_NODE_GONE, NULL, 0, 0, err);
}

void tenon_world_set_case(tenon_world *world, enum tenon_case names)
{
    world->mem.rule = names;
    changed(world);
}
