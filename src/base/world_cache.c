/* src/base/world_cache.c - what was learnt about the paths and directories of a world */
#include <errno.h>
#include <stdlib.h>

#include "world_private.h"

void tn_cache_drop(struct tn_cache *cache)
{
    tn_arena_free(&cache->arena);
    tn_names_free(&cache->paths);
    tn_map_free(&cache->listings);
    free(cache->known);
    free(cache->list_rows);
    *cache = (struct tn_cache){ 0 };
}

struct tn_known *tn_cache_find(const struct tn_cache *cache, const char *path, size_t size)
{
    uint32_t number = tn_names_find(&cache->paths, path, size);

    return number == TN_NO_NAME ? NULL : &cache->known[number];
}

struct tn_known *tn_cache_add(struct tn_cache *cache, const char *path, size_t size)
{
    if (!tn_grow(&cache->known, &cache->known_capacity, cache->paths.count, sizeof *cache->known))
        return NULL;
    uint32_t number = tn_names_add(&cache->paths, path, size);
    return number == TN_NO_NAME ? NULL : &cache->known[number];
}

int tn_cache_remember(struct tn_cache *cache, const char *path, size_t size, struct tn_known what)
{
    struct tn_known *known = tn_cache_add(cache, path, size);

    if (!known)
        return ENOMEM;
    *known = what;
    return 0;
}

struct tn_dir *tn_cache_new_dir(tenon_world *world, struct tn_dir *parent, const char *path,
                                size_t size)
{
    struct tn_arena *arena = &world->cache.arena;
    struct tn_dir *dir =
        tn_arena_take(arena, sizeof *dir + world->layer_count * sizeof dir->parts[0]);

    if (!dir)
        return NULL;
    dir->path = tn_arena_copy(arena, path, size);
    if (!dir->path)
        return NULL;
    dir->path_size = size;
    dir->parent = parent;
    dir->node = TN_NO_NODE;
    return dir;
}

/* The root exists even when no layer has one; its identity is the topmost layer's. */
static bool make_root(tenon_world *world)
{
    struct tn_dir *root = tn_cache_new_dir(world, NULL, "", 0);

    if (!root)
        return false;
    root->parent = root;
    root->info = (tenon_file_info){
        .device = TN_DEVICE_MADE, .inode = 1, .mode = 0755, .type = TENON_FILE_DIRECTORY
    };
    if (world->mem.count > 0)
        root->node = 0;
    for (size_t k = 0; k < world->layer_count; k++) {
        const struct tn_layer *layer = &world->layers[k];
        tenon_file_info info;
        if (layer->mount_size > 0)
            continue;
        root->parts[k].native = "";
        if (layer->ops.lstat(layer->state, "/", &info) == 0 && info.type == TENON_FILE_DIRECTORY &&
            tn_world_number_device(world, k, &info) == 0)
            root->info = info;
    }
    world->cache.root = root;
    return true;
}

bool tn_cache_start(tenon_world *world)
{
    struct tn_cache *cache = &world->cache;

    if (cache->ready && cache->paths.count > TN_LIMIT_WORLD_CACHE && world->walking == 0)
        tn_cache_drop(cache);
    if (cache->ready)
        return true;
    if (tn_names_init(&cache->paths) && tn_map_init(&cache->listings) &&
        (world->plain_host || make_root(world))) {
        cache->ready = true;
        return true;
    }
    tn_cache_drop(cache);
    return false;
}

int tn_world_number_device(tenon_world *world, size_t layer, tenon_file_info *info)
{
    if (!world->layers[layer].foreign)
        return 0;
    if (!world->devices.rows && !tn_map_init(&world->devices))
        return ENOMEM;
    const uint32_t key[4] = { (uint32_t)layer, (uint32_t)(info->device >> 32),
                              (uint32_t)info->device, 0 };
    uint32_t number = tn_map_find(&world->devices, key);
    if (number == TN_NO_NAME) {
        number = (uint32_t)world->devices.count + 1; /* 0 is the overlay's */
        if (!tn_map_set(&world->devices, key, number))
            return ENOMEM;
    }
    info->device = TN_DEVICE_MADE | number;
    return 0;
}
