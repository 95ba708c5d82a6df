/* src/base/world_look.c - one name in one directory, through all layers of a world */
#include <errno.h>
#include <string.h>

#include "world_private.h"

size_t tn_path_join(char *out, const char *directory, size_t directory_size, const char *name,
                    size_t size)
{
    if (directory_size >= TN_LIMIT_PATH - 1 || size >= TN_LIMIT_PATH - 1 - directory_size)
        return 0;
    memcpy(out, directory, directory_size);
    out[directory_size] = '/';
    memcpy(out + directory_size + 1, name, size);
    out[directory_size + 1 + size] = '\0';
    return directory_size + 1 + size;
}

static bool is_same(const struct tn_layer *layer, const char *a, const char *b, size_t size)
{
    return layer->rule == TENON_CASE_INSENSITIVE ? tn_fold_compare(a, size, b, size) == 0
                                                 : memcmp(a, b, size) == 0;
}

/* How the mount point of a layer goes on below `dir` with this name; NULL: otherwise. */
static const char *mount_step(const struct tn_layer *layer, const struct tn_dir *dir,
                              const char *name, size_t size)
{
    const char *mount = layer->mount;
    size_t end = dir->path_size + 1 + size;

    if (layer->mount_size < end || (mount[end] != '/' && mount[end] != '\0') ||
        mount[dir->path_size] != '/' || !is_same(layer, mount, dir->path, dir->path_size) ||
        !is_same(layer, mount + dir->path_size + 1, name, size))
        return NULL;
    return mount + dir->path_size + 1;
}

/* Finds a name in one layer: its path there in native[TN_LIMIT_PATH], and its identity. */
static int find_in_layer(tenon_world *world, struct tn_dir *dir, size_t k, const char *name,
                         size_t size, char *native, tenon_file_info *info)
{
    const struct tn_layer *layer = &world->layers[k];
    const struct tn_part *part = &dir->parts[k];

    if (part->native) {
        if (layer->rule == TENON_CASE_INSENSITIVE) {
            int error = tn_stored_name(world, dir, k, name, size, &name);
            if (error)
                return error;
        }
        if (!tn_path_join(native, part->native, strlen(part->native), name, size))
            return ENAMETOOLONG;
    } else {
        const char *step = mount_step(layer, dir, name, size);
        if (!step || step[size] != '\0')
            return ENOENT;
        native[0] = '\0';
    }
    int error = layer->ops.lstat(layer->state, *native ? native : "/", info);
    return error ? error : tn_world_number_device(world, k, info);
}

/* An error that leaves the question to the layers below. */
static bool is_absent(int error)
{
    return error == ENOENT || error == ENOTDIR;
}

int tn_canonical_name(tenon_world *world, struct tn_dir *dir, const char *name, size_t size,
                      const char **out)
{
    char native[TN_LIMIT_PATH];
    tenon_file_info info;

    *out = name;
    if (dir->node != TN_NO_NODE) {
        uint32_t child = tn_mem_child(&world->mem, dir->node, name, size);
        if (child != TN_NO_NODE) {
            *out = tn_mem_name(&world->mem, child)->text;
            return 0;
        }
    }
    for (size_t k = world->layer_count; k-- > 0;) {
        int error = ENOENT;
        if (!dir->parts[k].native) {
            const char *step = mount_step(&world->layers[k], dir, name, size);
            if (step) {
                *out = step;
                return 0;
            }
        } else if (world->layers[k].rule == TENON_CASE_INSENSITIVE) {
            error = tn_stored_name(world, dir, k, name, size, out);
        } else {
            error = find_in_layer(world, dir, k, name, size, native, &info);
        }
        if (!is_absent(error))
            return error;
    }
    return 0;
}

/* The path of a directory in a layer: most often the tail of its path in the world. */
static const char *keep_native(tenon_world *world, const struct tn_dir *dir, size_t k,
                               const char *native)
{
    size_t mount = world->layers[k].mount_size;

    if (mount <= dir->path_size && strcmp(dir->path + mount, native) == 0)
        return dir->path + mount;
    return tn_arena_string(&world->cache.arena, native);
}

/* The overlay's word on a name: 0 when it settles it (file or *made), ENOENT gone, -1 go on. */
static int ask_overlay(tenon_world *world, struct tn_dir *dir, const char *name, size_t size,
                       struct tn_place *out, struct tn_dir **made)
{
    uint32_t node =
        dir->node == TN_NO_NODE ? TN_NO_NODE : tn_mem_child(&world->mem, dir->node, name, size);

    out->node = node;
    if (node == TN_NO_NODE)
        return -1;
    const struct tn_mem_node *n = &world->mem.nodes[node];
    switch (n->kind) {
    case TN_NODE_GONE: return ENOENT;
    case TN_NODE_FILE:
    case TN_NODE_LINK: tn_mem_info(&world->mem, node, &out->info); return 0;
    case TN_NODE_PASSAGE: return -1;
    case TN_NODE_PARENT:
    case TN_NODE_DIR: break;
    }
    *made = tn_cache_new_dir(world, dir, out->path, strlen(out->path));
    if (!*made)
        return ENOMEM;
    tn_mem_info(&world->mem, node, &(*made)->info);
    (*made)->opaque = n->opaque;
    return -1;
}

int tn_look(tenon_world *world, struct tn_dir *dir, const char *name, size_t size,
            struct tn_place *out, struct tn_dir **made)
{
    *made = NULL;
    int error = ask_overlay(world, dir, name, size, out, made);
    if (error >= 0)
        return error;
    const uint32_t node = out->node;
    const bool opaque = dir->opaque || (*made && (*made)->opaque);
    bool settled = *made && world->mem.nodes[node].kind == TN_NODE_DIR;
    for (size_t k = world->layer_count; k-- > 0 && !opaque;) {
        tenon_file_info info;
        error = find_in_layer(world, dir, k, name, size, out->native, &info);
        if (is_absent(error))
            continue;
        if (*made && error != ENOMEM && (error || info.type != TENON_FILE_DIRECTORY))
            break;
        if (error)
            return error;
        if (info.type != TENON_FILE_DIRECTORY) {
            out->node = TN_NO_NODE;
            out->layer = k;
            out->info = info;
            return 0;
        }
        if (!*made && !(*made = tn_cache_new_dir(world, dir, out->path, strlen(out->path))))
            return ENOMEM;
        if (!settled)
            (*made)->info = info;
        settled = true;
        (*made)->parts[k].native = keep_native(world, *made, k, out->native);
        if (!(*made)->parts[k].native)
            return ENOMEM;
    }
    if (!*made)
        return ENOENT;
    (*made)->node = node;
    (*made)->opaque = opaque;
    return 0;
}
