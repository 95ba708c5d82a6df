/* src/base/world_walk.c - from a path to a file, through all layers of a world */
/*
 * rule: path_resolution(7). A walk goes component by component and follows symbolic links itself,
 * so that no layer is left. What directories, links and absences it passed on the way is kept by
 * the text "directory/name": a path in a known directory costs the look at its last component.
 */
#include <errno.h>
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
    if (tn_cache_remember(cache, path, strlen(path), known) != 0)
        return ENOMEM;
    return strcmp(asked, path) == 0 ? 0 : tn_cache_remember(cache, asked, size, known);
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
        if (!known.is.link || tn_cache_remember(cache, out->path, strlen(out->path), known) != 0)
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
    return tn_cache_remember(&w->world->cache, out->path, strlen(out->path), refused) ? ENOMEM
                                                                                      : error;
}

/* Looks at a component that is not known; *done when the walk ends here with a file. */
static int step_look(struct walker *w, const struct component *c, struct tn_place *out, bool *done)
{
    struct tn_dir *dir;
    int error = tn_look(w->world, w->at, out->path + w->at->path_size + 1, c->size, out, &dir);

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
        int error = tn_canonical_name(w->world, w->at, c->name, c->size, &name);
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
