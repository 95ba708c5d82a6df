/* src/base/world_files.c - opening, reading and asking about files of a world */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>

#include "file.h"
#include "world_private.h"

int tn_path_for_system(const tenon_world *world, const char *path, char *buffer, const char **out)
{
    *out = path;
    if (path[0] == '/' || path[0] == '\0' || !world->cwd_changed)
        return 0;
    *out = buffer;
    return tn_path_join(buffer, world->cwd, strlen(world->cwd), path, strlen(path)) ? 0
                                                                                    : ENAMETOOLONG;
}

int tn_world_readable(const tenon_file_info *info)
{
    switch (info->type) {
    case TENON_FILE_REGULAR: return 0;
    case TENON_FILE_DIRECTORY: return EISDIR;
    case TENON_FILE_SYMLINK:
    case TENON_FILE_OTHER: break;
    }
    return EINVAL; /* a device or pipe may never end */
}

/* A file in memory has no owner: it can be read when anybody may read it. */
static int open_node(tenon_world *world, const struct tn_place *place, const tenon_layer_ops **ops,
                     void **layer, void **handle)
{
    if ((place->info.mode & 0444) == 0)
        return EACCES;
    *ops = &tn_mem_ops;
    *layer = &world->mem;
    *handle = world->mem.nodes[place->node].bytes;
    return 0;
}

/* Only regular files are opened: opening a device may do something. */
static int open_walking(tenon_world *world, const char *path, tenon_file_info *info,
                        const tenon_layer_ops **ops, void **layer, void **handle)
{
    struct tn_place place;
    int error = tn_walk(world, path, TN_WALK_FOLLOW, &place);

    *ops = NULL;
    if (error)
        return error;
    *info = place.info;
    if (place.is_dir || place.info.type != TENON_FILE_REGULAR)
        return 0;
    if (place.node != TN_NO_NODE)
        return open_node(world, &place, ops, layer, handle);
    const struct tn_layer *found = &world->layers[place.layer];
    const char *native = place.native[0] ? place.native : "/";
    error = found->ops.open(found->state, native, info, handle);
    if (error)
        return error;
    *ops = &found->ops;
    *layer = found->state;
    error = tn_world_number_device(world, place.layer, info);
    if (error)
        found->ops.close(found->state, *handle);
    return error;
}

bool tn_world_has_threads(const tenon_world *world)
{
    return world->plain_host;
}

int tn_world_open(tenon_world *world, const char *path, tenon_file_info *info,
                  const tenon_layer_ops **ops, void **layer, void **handle)
{
    char buffer[TN_LIMIT_PATH];

    if (!world->plain_host)
        return open_walking(world, path, info, ops, layer, handle);
    int error = tn_path_for_system(world, path, buffer, &path);
    if (error)
        return error;
    *ops = &tn_dir_ops;
    *layer = NULL; /* not looked at to read and close */
    return tn_system_open(path, info, handle);
}

int tn_read_fully(const tenon_layer_ops *ops, void *layer, void *handle, uint64_t offset,
                  void *bytes, size_t size, size_t *got)
{
    *got = 0;
    while (*got < size) {
        size_t count = 0;
        int error =
            ops->read(layer, handle, offset + *got, (char *)bytes + *got, size - *got, &count);
        if (error)
            return error;
        if (count == 0)
            break;
        if (count > size - *got) /* a layer that lies */
            return EIO;
        *got += count;
    }
    return 0;
}

static int look_at(tenon_world *world, const char *path, bool follow, tenon_file_info *info)
{
    if (world->plain_host) {
        char buffer[TN_LIMIT_PATH];
        int error = tn_path_for_system(world, path, buffer, &path);
        if (error)
            return error;
        return follow ? tn_system_stat(path, info) : tn_system_lstat(path, info);
    }
    struct tn_place place;
    int error = tn_walk(world, path, follow ? TN_WALK_FOLLOW : 0, &place);
    if (!error)
        *info = place.info;
    return error;
}

int tenon_world_stat(tenon_world *world, const char *path, tenon_file_info *info)
{
    return look_at(world, path, true, info);
}

int tenon_world_lstat(tenon_world *world, const char *path, tenon_file_info *info)
{
    return look_at(world, path, false, info);
}

bool tn_world_has_capabilities(tenon_world *world, const char *path)
{
    char buffer[TN_LIMIT_PATH];
    if (!world->plain_host || tn_path_for_system(world, path, buffer, &path) != 0)
        return false;
    return getxattr(path, "security.capability", NULL, 0) > 0;
}

int tenon_world_read(tenon_world *world, const char *path, uint64_t offset, void *bytes,
                     size_t size, size_t *got)
{
    const tenon_layer_ops *ops;
    void *layer, *handle;
    tenon_file_info info;

    *got = 0;
    int error = tn_world_open(world, path, &info, &ops, &layer, &handle);
    if (error)
        return error;
    error = tn_world_readable(&info);
    if (!error && offset <= UINT64_MAX - size)
        error = tn_read_fully(ops, layer, handle, offset, bytes, size, got);
    if (ops)
        ops->close(layer, handle);
    return error;
}

char *tenon_world_realpath(tenon_world *world, const char *path, int *err_number)
{
    struct tn_place place;
    char *result = NULL;

    if (world->plain_host) {
        *err_number = tn_path_for_system(world, path, place.path, &path);
        if (*err_number == 0 && !(result = realpath(path, NULL)))
            *err_number = errno;
        return result;
    }
    *err_number = tn_walk(world, path, TN_WALK_FOLLOW, &place);
    if (*err_number == 0 && !(result = strdup(place.path[0] ? place.path : "/")))
        *err_number = ENOMEM;
    return result;
}
