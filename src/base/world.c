/* src/base/world.c - a stack of layers, an environment, a processor */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "file.h"
#include "text.h"
#include "world_private.h"

static char *copy_string(const char *string)
{
    size_t size = strlen(string) + 1;
    char *copy = malloc(size);

    return copy ? memcpy(copy, string, size) : NULL;
}

static bool replace_string(char **where, const char *string, tenon_error *err)
{
    char *copy = copy_string(string);

    if (!copy)
        return tn_no_memory(err);
    free(*where);
    *where = copy;
    return true;
}

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

static void clear_variables(struct tn_variables *variables)
{
    for (size_t i = 0; i < variables->count; i++)
        free(variables->at[i]);
    free(variables->at);
    *variables = (struct tn_variables){ NULL, 0, 0 };
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
    clear_variables(&world->env);
    clear_variables(&world->settings);
    free(world->cwd);
    free(world->cpu);
    free(world->platform);
    free(world->vendor);
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

/* --- environment, directory, processor -------------------------------------------------------- */

/* The value in "NAME=VALUE" when NAME is name[size]. */
static const char *value_of(const char *entry, const char *name, size_t size)
{
    return strncmp(entry, name, size) == 0 && entry[size] == '=' ? entry + size + 1 : NULL;
}

static const char *find_variable(const struct tn_variables *variables, const char *name)
{
    size_t size = strlen(name);

    for (size_t i = 0; i < variables->count; i++) {
        const char *value = value_of(variables->at[i], name, size);
        if (value)
            return value;
    }
    return NULL;
}

static bool set_variable(struct tn_variables *variables, const char *name, const char *value,
                         tenon_error *err)
{
    char quoted[TN_QUOTE_ROOM];
    char *entry = NULL;
    size_t size = strlen(name);

    if (size == 0 || strchr(name, '='))
        return tn_fail(err, TENON_E_ARGUMENT, "%s cannot be the name of a variable",
                       tn_quote(quoted, name));
    if (value) {
        size_t value_size = strlen(value) + 1;
        if (tn_grow(&variables->at, &variables->capacity, variables->count, sizeof *variables->at))
            entry = malloc(size + 1 + value_size);
        if (!entry)
            return tn_no_memory(err);
        memcpy(entry, name, size);
        entry[size] = '=';
        memcpy(entry + size + 1, value, value_size);
    }
    size_t kept = 0;
    for (size_t i = 0; i < variables->count; i++) { /* an environment may name a thing twice */
        if (value_of(variables->at[i], name, size))
            free(variables->at[i]);
        else
            variables->at[kept++] = variables->at[i];
    }
    if (entry)
        variables->at[kept++] = entry;
    variables->count = kept;
    return true;
}

const char *tenon_world_env(const tenon_world *world, const char *name)
{
    return find_variable(&world->env, name);
}

bool tenon_world_set_env(tenon_world *world, const char *name, const char *value, tenon_error *err)
{
    return set_variable(&world->env, name, value, err);
}

void tenon_world_clear_env(tenon_world *world)
{
    clear_variables(&world->env);
}

const char *tenon_world_setting(const tenon_world *world, const char *name)
{
    return find_variable(&world->settings, name);
}

bool tenon_world_set_setting(tenon_world *world, const char *name, const char *value,
                             tenon_error *err)
{
    return set_variable(&world->settings, name, value, err);
}

bool tenon_world_set_cwd(tenon_world *world, const char *path, tenon_error *err)
{
    char quoted[TN_QUOTE_ROOM];

    if (path[0] != '/')
        return tn_fail(err, TENON_E_ARGUMENT, "current directory %s is no absolute path",
                       tn_quote(quoted, path));
    if (!replace_string(&world->cwd, path, err))
        return false;
    world->cwd_changed = true;
    return true;
}

const char *tenon_world_cwd(const tenon_world *world)
{
    return world->cwd ? world->cwd : "/";
}

void tenon_world_set_secure(tenon_world *world, bool secure)
{
    world->secure = secure;
}

bool tenon_world_secure(const tenon_world *world)
{
    return world->secure;
}

bool tenon_world_set_cpu(tenon_world *world, const char *level, tenon_error *err)
{
    return replace_string(&world->cpu, level, err);
}

const char *tenon_world_cpu(const tenon_world *world)
{
    return world->cpu ? world->cpu : "";
}

bool tenon_world_set_platform(tenon_world *world, const char *platform, tenon_error *err)
{
    return replace_string(&world->platform, platform, err);
}

const char *tenon_world_platform(const tenon_world *world)
{
    return world->platform ? world->platform : "";
}

bool tenon_world_set_vendor(tenon_world *world, const char *vendor, tenon_error *err)
{
    return replace_string(&world->vendor, vendor, err);
}

const char *tenon_world_vendor(const tenon_world *world)
{
    if (world->vendor)
        return world->vendor;
    return world->is_host ? tn_system_vendor() : "";
}

/* --- files ----------------------------------------------------------------------------------- */

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
    if (*err_number == 0 && !(result = copy_string(place.path[0] ? place.path : "/")))
        *err_number = ENOMEM;
    return result;
}
