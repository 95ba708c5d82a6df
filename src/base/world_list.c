/* src/base/world_list.c - directories: read once, merged over the layers, sorted */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "world_private.h"

/* One name of a directory while it is gathered. */
struct row {
    const char *name;
    uint32_t size;
    uint32_t rank; /* 0: the overlay, then the layers from the last added to the first */
    bool folds;    /* its layer does not tell case apart */
    bool gone;     /* hides the name in all layers of a higher rank */
};

struct gather {
    struct tn_arena *arena;
    struct row *rows;
    size_t count, capacity;
    struct row next; /* what the next name gets */
};

static unsigned char fold_ascii(unsigned char c)
{
    return c >= 'A' && c <= 'Z' ? (unsigned char)(c + 32) : c;
}

/* The byte at `i` of a folded name. U+00C0 to U+00DE are C3 80 to C3 9E, their small forms +20. */
static unsigned char folded_byte(const char *text, size_t i)
{
    unsigned char c = (unsigned char)text[i];

    if (c >= 0x80 && c <= 0x9E && c != 0x97 && i > 0 && (unsigned char)text[i - 1] == 0xC3)
        return (unsigned char)(c + 32);
    return fold_ascii(c);
}

int tn_fold_compare(const char *a, size_t a_size, const char *b, size_t b_size)
{
    for (size_t i = 0; i < a_size && i < b_size; i++) {
        int difference = folded_byte(a, i) - folded_byte(b, i);
        if (difference)
            return difference;
    }
    return a_size < b_size ? -1 : a_size > b_size;
}

void tn_fold(char *text, size_t size)
{
    for (size_t i = size; i-- > 0;) /* from the end: a byte looks at the one before it */
        text[i] = (char)folded_byte(text, i);
}

static int compare_bytes(const void *left, const void *right)
{
    const struct row *a = left, *b = right;
    int order = strcmp(a->name, b->name);

    return order ? order : a->rank < b->rank ? -1 : a->rank > b->rank;
}

static int compare_folded(const void *left, const void *right)
{
    const struct row *a = left, *b = right;
    int order = tn_fold_compare(a->name, a->size, b->name, b->size);

    return order ? order : compare_bytes(left, right);
}

static int gather_name(void *arg, const char *name)
{
    struct gather *g = arg;
    size_t size = strlen(name);

    /* A layer made by the caller, or a broken file system, may name what cannot be a name. */
    if (size == 0 || size >= TN_LIMIT_PATH || strchr(name, '/') || strcmp(name, ".") == 0 ||
        strcmp(name, "..") == 0)
        return 0;
    if (!tn_grow(&g->rows, &g->capacity, g->count, sizeof *g->rows))
        return ENOMEM;
    struct row *row = &g->rows[g->count];
    *row = g->next;
    row->name = tn_arena_copy(g->arena, name, size);
    row->size = (uint32_t)size;
    if (!row->name)
        return ENOMEM;
    g->count++;
    return 0;
}

/* Gives the gathered names a place to stay. */
static int keep(struct gather *g, const struct tn_listing **out)
{
    size_t names;
    struct tn_listing *listing = NULL;

    if (!__builtin_mul_overflow(g->count, sizeof listing->names[0], &names))
        listing = tn_arena_take(g->arena, sizeof *listing + names);
    if (!listing)
        return ENOMEM;
    listing->count = g->count;
    for (size_t i = 0; i < g->count; i++)
        listing->names[i] = g->rows[i].name;
    *out = listing;
    return 0;
}

/*
 * Among names that fold alike (sorted rows[start, end)) drops those that the walk cannot reach:
 * all below the first layer that does not tell case apart, and equal ones below another.
 */
static size_t reachable(struct row *rows, size_t start, size_t end, size_t kept)
{
    uint32_t lowest = UINT32_MAX;
    const char *before = NULL;

    for (size_t i = start; i < end; i++)
        if (rows[i].folds && rows[i].rank < lowest)
            lowest = rows[i].rank;
    for (size_t i = start; i < end; i++) {
        struct row row = rows[i];
        if (row.rank > lowest || (before && strcmp(before, row.name) == 0))
            continue;
        before = row.name;
        if (!row.gone)
            rows[kept++] = row;
    }
    return kept;
}

static void merge(struct gather *g, bool folds)
{
    size_t kept = 0;

    if (g->count < 2 && !(g->count == 1 && g->rows[0].gone))
        return;
    qsort(g->rows, g->count, sizeof *g->rows, folds ? compare_folded : compare_bytes);
    for (size_t start = 0, end; start < g->count; start = end) {
        const struct row first = g->rows[start];
        for (end = start + 1; end < g->count; end++) {
            const struct row *row = &g->rows[end];
            if (folds ? tn_fold_compare(first.name, first.size, row->name, row->size) != 0
                      : strcmp(first.name, row->name) != 0)
                break;
        }
        kept = reachable(g->rows, start, end, kept);
    }
    g->count = kept;
    if (folds)
        qsort(g->rows, g->count, sizeof *g->rows, compare_bytes);
}

static int gather_overlay(struct gather *g, const struct tn_mem *mem, uint32_t node)
{
    for (uint32_t child = mem->nodes[node].first; child != TN_NO_NODE;
         child = mem->nodes[child].next) {
        if (mem->nodes[child].kind == TN_NODE_PASSAGE)
            continue;
        g->next = (struct row){ .folds = mem->rule == TENON_CASE_INSENSITIVE,
                                .gone = mem->nodes[child].kind == TN_NODE_GONE };
        int error = gather_name(g, tn_mem_name(mem, child)->text);
        if (error)
            return error;
    }
    return 0;
}

static int gather_layer(struct gather *g, const struct tn_layer *layer, const char *native)
{
    return layer->ops.list(layer->state, *native ? native : "/", gather_name, g);
}

/* A layer that cannot be listed is an error only when nobody else can. */
static int gather_all(struct gather *g, tenon_world *world, const struct tn_dir *dir)
{
    bool any = false;
    int error = 0;

    if (dir->node != TN_NO_NODE) {
        any = world->mem.nodes[dir->node].kind != TN_NODE_PASSAGE;
        error = gather_overlay(g, &world->mem, dir->node);
    }
    for (size_t k = world->layer_count; k-- > 0 && error != ENOMEM;) {
        const struct tn_layer *layer = &world->layers[k];
        if (!dir->parts[k].native)
            continue;
        g->next = (struct row){ .rank = (uint32_t)(world->layer_count - k),
                                .folds = layer->rule == TENON_CASE_INSENSITIVE };
        int failed = gather_layer(g, layer, dir->parts[k].native);
        if (!failed)
            any = true;
        else if (!error || failed == ENOMEM)
            error = failed;
    }
    return any && error != ENOMEM ? 0 : error;
}

static int list_merged(tenon_world *world, const char *path, const struct tn_listing **out)
{
    struct tn_place place;
    int error = tn_walk(world, path, TN_WALK_FOLLOW, &place);

    if (!error && !place.is_dir)
        error = ENOTDIR;
    if (!error && !place.dir->listing) {
        struct gather g = { .arena = &world->cache.arena };
        error = gather_all(&g, world, place.dir);
        if (!error) {
            merge(&g, world->folds);
            error = keep(&g, &place.dir->listing);
        }
        free(g.rows);
    }
    if (!error)
        *out = place.dir->listing;
    return error;
}

/* The listing of an open directory of this system, by its identity; closes `fd`. */
static int list_identity(struct tn_cache *cache, const tenon_file_info *info, int fd,
                         const struct tn_listing **out)
{
    const uint32_t key[4] = { (uint32_t)(info->device >> 32), (uint32_t)info->device,
                              (uint32_t)(info->inode >> 32), (uint32_t)info->inode };
    uint32_t number = tn_map_find(&cache->listings, key);

    if (number != TN_NO_NAME) {
        close(fd);
        *out = cache->list_rows[number];
        return 0;
    }
    struct gather g = { .arena = &cache->arena };
    int error = tn_system_list(fd, gather_name, &g);
    if (!error) {
        merge(&g, false);
        error = keep(&g, out);
    }
    free(g.rows);
    if (error)
        return error;
    if (!tn_grow(&cache->list_rows, &cache->list_capacity, cache->list_count,
                 sizeof(struct tn_listing *)) ||
        !tn_map_set(&cache->listings, key, (uint32_t)cache->list_count))
        return ENOMEM;
    cache->list_rows[cache->list_count++] = *out;
    return 0;
}

/* Errors that asking again would give again. */
static bool is_lasting(int error)
{
    return error == ENOENT || error == ENOTDIR || error == EACCES || error == ELOOP;
}

/* On this system alone: what was asked by the same absolute path costs no system call. */
static int list_plain(tenon_world *world, const char *path, const struct tn_listing **out)
{
    struct tn_cache *cache = &world->cache;
    char buffer[TN_LIMIT_PATH];
    tenon_file_info info;
    int fd;

    if (!tn_cache_start(world))
        return ENOMEM;
    int error = tn_path_for_system(world, path, buffer, &path);
    if (error)
        return error;
    const bool is_absolute = path[0] == '/';
    const size_t size = is_absolute ? strlen(path) : 0;
    const struct tn_known *found = is_absolute ? tn_cache_find(cache, path, size) : NULL;
    if (found && found->what == TN_KNOWN_ERROR)
        return found->error;
    if (found) {
        *out = found->is.listing;
        return 0;
    }
    error = tn_system_open_dir(path, &info, &fd);
    if (!error)
        error = list_identity(cache, &info, fd, out);
    if (is_absolute && (!error || is_lasting(error))) {
        struct tn_known *known = tn_cache_add(cache, path, size);
        if (!known)
            return ENOMEM;
        *known = error ? (struct tn_known){ .what = TN_KNOWN_ERROR, .error = error }
                       : (struct tn_known){ .what = TN_KNOWN_LISTING, .is.listing = *out };
    }
    return error;
}

int tenon_world_list(tenon_world *world, const char *path, int (*each)(void *arg, const char *name),
                     void *arg)
{
    const struct tn_listing *listing = NULL;
    int result =
        world->plain_host ? list_plain(world, path, &listing) : list_merged(world, path, &listing);

    world->walking++;
    for (size_t i = 0; result == 0 && i < listing->count; i++)
        result = each(arg, listing->names[i]);
    world->walking--;
    return result;
}

static int folded_names(tenon_world *world, struct tn_dir *dir, size_t layer,
                        const struct tn_listing **out)
{
    struct tn_part *part = &dir->parts[layer];
    int error = 0;

    if (!part->folded) {
        struct gather g = { .arena = &world->cache.arena };
        error = gather_layer(&g, &world->layers[layer], part->native);
        if (!error) {
            if (g.count > 0)
                qsort(g.rows, g.count, sizeof *g.rows, compare_folded);
            error = keep(&g, &part->folded);
        }
        free(g.rows);
    }
    *out = part->folded;
    return error;
}

/* The first name that is not before name[size], by fold alone or by fold and bytes. */
static size_t lower_bound(const struct tn_listing *names, const char *name, size_t size,
                          bool by_bytes)
{
    size_t low = 0, high = names->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const char *other = names->names[middle];
        int order = tn_fold_compare(other, strlen(other), name, size);
        if (order == 0 && by_bytes)
            order = memcmp(other, name, size); /* folding keeps lengths */
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

int tn_stored_name(tenon_world *world, struct tn_dir *dir, size_t layer, const char *name,
                   size_t size, const char **stored)
{
    const struct tn_listing *names;
    int error = folded_names(world, dir, layer, &names);

    if (error == EACCES) { /* may be passed but not listed: only the very name can be asked for */
        *stored = name;
        return 0;
    }
    if (error)
        return error;
    size_t i = lower_bound(names, name, size, true);
    if (i == names->count || strncmp(names->names[i], name, size) != 0 || names->names[i][size])
        i = lower_bound(names, name, size, false);
    if (i == names->count || tn_fold_compare(names->names[i], strlen(names->names[i]), name, size))
        return ENOENT;
    *stored = names->names[i];
    return 0;
}
