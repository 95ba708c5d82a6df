/* src/base/world_walk.c - from a path to a file, through all layers of a world */
/*
 * rule: path_resolution(7). A walk goes component by component and follows symbolic links itself,
 * so that no layer is left. What directories, links and absences it passed on the way is kept by
 * the text "directory/name": a path in a known directory costs the look at its last component.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "world_private.h"

struct walker {
    tenon_world *world;
    struct tn_dir *at;
    unsigned flags;
    unsigned links;
    size_t pos; /* rest[pos ...] is still to be walked; a NUL ends it */
    char rest[2 * TN_LIMIT_PATH];
};

/* One component of the path; what follows it is in the walker. */
struct component {
    const char *name;
    size_t size;
    bool must_be_dir; /* a slash follows */
    bool is_last;     /* nothing but slashes follows; if not, it must be a directory */
};

/* --- cache ----------------------------------------------------------------------------------- */

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

static int remember(struct tn_cache *cache, const char *path, size_t size, struct tn_known what)
{
    struct tn_known *known = tn_cache_add(cache, path, size);

    if (!known)
        return ENOMEM;
    *known = what;
    return 0;
}

static struct tn_dir *new_dir(tenon_world *world, struct tn_dir *parent, const char *path,
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
    struct tn_dir *root = new_dir(world, NULL, "", 0);

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

/* --- one name in one directory --------------------------------------------------------------- */

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

/*
 * The spelling of a name in the topmost layer that has it. Layers may disagree on case; with this
 * spelling all of them are asked, so that every way to write a path gives one answer.
 */
static int canonical_name(tenon_world *world, struct tn_dir *dir, const char *name, size_t size,
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
    *made = new_dir(world, dir, out->path, strlen(out->path));
    if (!*made)
        return ENOMEM;
    tn_mem_info(&world->mem, node, &(*made)->info);
    (*made)->opaque = n->opaque;
    return -1;
}

/*
 * Looks up the canonical name whose path is out->path. Fills `out` for a file or link; for a
 * directory gives *made, with the parts of all layers down to the first that has a file there.
 */
static int look(tenon_world *world, struct tn_dir *dir, const char *name, size_t size,
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
        if (!*made && !(*made = new_dir(world, dir, out->path, strlen(out->path))))
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

/* --- the walk -------------------------------------------------------------------------------- */

static bool put_before(struct walker *w, const char *text, size_t size)
{
    size_t left = sizeof w->rest - 1 - w->pos;

    if (size >= TN_LIMIT_PATH || left >= TN_LIMIT_PATH - size)
        return false;
    w->pos -= size;
    memcpy(w->rest + w->pos, text, size);
    return true;
}

static bool next_component(struct walker *w, struct component *c)
{
    w->pos += strspn(w->rest + w->pos, "/");
    c->name = w->rest + w->pos;
    c->size = strcspn(c->name, "/");
    w->pos += c->size;
    size_t slashes = strspn(c->name + c->size, "/");
    c->must_be_dir = slashes > 0;
    c->is_last = c->name[c->size + slashes] == '\0';
    return c->size > 0;
}

static bool is_name(const struct component *c, const char *name)
{
    return c->size == strlen(name) && memcmp(c->name, name, c->size) == 0;
}

static int follow(struct walker *w, const char *target)
{
    if (++w->links > TN_LIMIT_SYMLINKS)
        return ELOOP;
    if (!*target)
        return ENOENT;
    if (!put_before(w, target, strlen(target)))
        return ENAMETOOLONG;
    if (*target == '/')
        w->at = w->world->cache.root;
    return 0;
}

static int read_link(tenon_world *world, const struct tn_place *place, char *target)
{
    size_t length = 0;

    if (place->node != TN_NO_NODE) {
        const struct tn_mem_bytes *bytes = world->mem.nodes[place->node].bytes;
        length = bytes->size;
        if (length < TN_LIMIT_PATH)
            memcpy(target, bytes->at, length);
    } else {
        const struct tn_layer *layer = &world->layers[place->layer];
        int error =
            layer->ops.readlink(layer->state, place->native, target, TN_LIMIT_PATH, &length);
        if (error)
            return error;
    }
    if (length >= TN_LIMIT_PATH)
        return ENAMETOOLONG;
    target[length] = '\0';
    return 0;
}

/* Nothing is there: the rest of the path is taken by its words alone. */
static int end_missing(struct walker *w, struct component c, struct tn_place *out)
{
    size_t size = w->at->path_size;

    memcpy(out->path, w->at->path, size + 1);
    do {
        if (is_name(&c, ".")) {
            continue;
        } else if (is_name(&c, "..")) {
            while (size > 0 && out->path[--size] != '/')
                ;
            out->path[size] = '\0';
        } else {
            size = tn_path_join(out->path, out->path, size, c.name, c.size);
            if (!size)
                return ENAMETOOLONG;
        }
    } while (next_component(w, &c));
    out->absent = true;
    return 0;
}

/* Acts on what is known of a component already; -1 when it has to be looked at. */
static int step_known(struct walker *w, const struct component *c, const struct tn_known *known)
{
    switch (known->what) {
    case TN_KNOWN_DIR: w->at = known->is.dir; return 0;
    case TN_KNOWN_LINK:
        return c->must_be_dir || w->flags & TN_WALK_FOLLOW ? follow(w, known->is.link) : -1;
    case TN_KNOWN_ERROR: return c->is_last ? -1 : known->error;
    case TN_KNOWN_LISTING: /* only on a host alone, where there are no walks */ break;
    }
    return -1;
}

static int enter_dir(struct walker *w, const struct component *c, const char *path,
                     struct tn_dir *dir)
{
    struct tn_cache *cache = &w->world->cache;
    const struct tn_known known = { .what = TN_KNOWN_DIR, .is.dir = dir };
    char asked[TN_LIMIT_PATH];
    size_t size = tn_path_join(asked, w->at->path, w->at->path_size, c->name, c->size);

    w->at = dir;
    if (remember(cache, path, strlen(path), known) != 0)
        return ENOMEM;
    return strcmp(asked, path) == 0 ? 0 : remember(cache, asked, size, known);
}

static int enter_link(struct walker *w, const struct component *c, struct tn_place *out)
{
    char target[TN_LIMIT_PATH];
    struct tn_cache *cache = &w->world->cache;
    int error = read_link(w->world, out, target);

    if (error)
        return error;
    if (!c->is_last) { /* links to directories are few and met often, links to files are neither */
        struct tn_known known = { .what = TN_KNOWN_LINK };
        known.is.link = tn_arena_string(&cache->arena, target);
        if (!known.is.link || remember(cache, out->path, strlen(out->path), known) != 0)
            return ENOMEM;
    }
    return follow(w, target);
}

/* A component on the way that cannot be passed: so it will be the next time. */
static int refuse(struct walker *w, const struct component *c, const struct tn_place *out,
                  int error)
{
    const struct tn_known refused = { .what = TN_KNOWN_ERROR, .error = error };

    if (c->is_last || (error != ENOENT && error != ENOTDIR && error != EACCES))
        return error;
    return remember(&w->world->cache, out->path, strlen(out->path), refused) ? ENOMEM : error;
}

/* Looks at a component that is not known; *done when the walk ends here with a file. */
static int step_look(struct walker *w, const struct component *c, struct tn_place *out, bool *done)
{
    struct tn_dir *dir;
    int error = look(w->world, w->at, out->path + w->at->path_size + 1, c->size, out, &dir);

    if (error)
        return refuse(w, c, out, error);
    if (dir)
        return enter_dir(w, c, out->path, dir);
    if (out->info.type == TENON_FILE_SYMLINK && (c->must_be_dir || w->flags & TN_WALK_FOLLOW))
        return enter_link(w, c, out);
    if (c->must_be_dir)
        return refuse(w, c, out, ENOTDIR);
    out->dir = w->at;
    *done = true;
    return 0;
}

/* Puts the path of a component into out->path, in the layers' spelling. */
static int spell(struct walker *w, const struct component *c, struct tn_place *out)
{
    const char *name = c->name;

    if (w->world->folds) {
        int error = canonical_name(w->world, w->at, c->name, c->size, &name);
        if (error)
            return error;
    }
    return tn_path_join(out->path, w->at->path, w->at->path_size, name, c->size) ? 0 : ENAMETOOLONG;
}

static int step(struct walker *w, const struct component *c, struct tn_place *out, bool *done)
{
    struct tn_cache *cache = &w->world->cache;
    size_t size = tn_path_join(out->path, w->at->path, w->at->path_size, c->name, c->size);
    if (!size)
        return ENAMETOOLONG;
    const struct tn_known *known = tn_cache_find(cache, out->path, size);
    int error = known ? step_known(w, c, known) : -1;
    if (error != -1)
        return error;
    error = spell(w, c, out);
    if (error)
        return error;
    known = w->world->folds ? tn_cache_find(cache, out->path, size) : NULL;
    if (known && known->what == TN_KNOWN_DIR)
        return enter_dir(w, c, out->path, known->is.dir);
    return step_look(w, c, out, done);
}

static int start(struct walker *w, const char *path)
{
    size_t size = strnlen(path, TN_LIMIT_PATH);

    if (size == 0)
        return ENOENT;
    if (!put_before(w, path, size))
        return ENAMETOOLONG;
    if (path[0] == '/')
        return 0;
    const char *cwd = tenon_world_cwd(w->world);
    return put_before(w, "/", 1) && put_before(w, cwd, strlen(cwd)) ? 0 : ENAMETOOLONG;
}

int tn_walk(tenon_world *world, const char *path, unsigned flags, struct tn_place *out)
{
    struct walker w; /* not cleared: most of it is room for paths */
    struct component c;
    bool done = false;

    if (!tn_cache_start(world))
        return ENOMEM;
    w.world = world;
    w.flags = flags;
    w.links = 0;
    w.pos = sizeof w.rest - 1;
    w.rest[w.pos] = '\0';
    int error = start(&w, path);
    if (error)
        return error;
    w.at = world->cache.root;
    out->is_dir = out->absent = false;
    while (!done && next_component(&w, &c)) {
        if (is_name(&c, "."))
            continue;
        if (is_name(&c, "..")) {
            w.at = w.at->parent;
            continue;
        }
        error = step(&w, &c, out, &done);
        if (error == ENOENT && flags & TN_WALK_MISSING)
            return end_missing(&w, c, out);
        if (error)
            return error;
    }
    if (done)
        return 0;
    out->dir = w.at;
    out->is_dir = true;
    out->info = w.at->info;
    memcpy(out->path, w.at->path, w.at->path_size + 1);
    return 0;
}
