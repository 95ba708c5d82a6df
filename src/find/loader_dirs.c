/*
 * src/find/loader_dirs.c - where a program's loader looks without being told
 *
 * Which directories these are is settled when a loader is built, and differs between distributions
 * of one system (/lib64 here, /lib/TRIPLE there): the rules of the program's own loader say where
 * it would look for a library that is nowhere.
 */
#include "loader_dirs.h"

#include <string.h>
#include <tenon/resolve.h>

#include "fail.h"
#include "finder.h"
#include "view.h"

/* Is it that of the platform? On Linux more than one may be met. */
static bool is_loader_of(const tenon_platform *platform, const tenon_loader *loader)
{
    static const struct {
        const char *platform, *loader;
    } rows[] = {
        { "linux", "glibc" },
        { "linux-musl", "musl" },
        { "android", "bionic" },
    };

    for (size_t i = 0; loader && platform && i < TN_COUNT(rows); i++)
        if (strcmp(platform->name, rows[i].platform) == 0)
            return strcmp(tenon_loader_name(loader), rows[i].loader) == 0;
    return loader;
}

/*
 * Finds what lies there, whatever a cache says. rule  tenon-loaders(7), glibc: "ld.so.conf" stands
 * in for a cache that is not there, and ld.so itself does not read it
 */
static bool is_search(const tenon_rule *rule)
{
    return rule && rule->system && strcmp(rule->name, "ld.so.conf") != 0;
}

/* The directory of a candidate, unless a file (the cache) named it. False: no memory. */
static bool add_dir(struct tn_arena *arena, const tenon_attempt *attempt, const char *name,
                    struct tn_words *dirs)
{
    size_t size = strlen(attempt->path), n = strlen(name);
    const char *dir = NULL;

    if (!is_search(attempt->rule))
        return true;
    if (size > n && attempt->path[size - n - 1] == '/' &&
        strcmp(attempt->path + size - n, name) == 0)
        dir = tn_dir_name(arena, attempt->path);
    else if (attempt->outcome == TENON_OUTCOME_DIR_MISSING)
        dir = attempt->path;
    else
        return true;
    dir = dir ? tn_tidy_path(arena, dir) : NULL;
    return dir && tn_words_add_once(dirs, dir);
}

static bool add_dirs(struct tn_arena *arena, const tenon_graph *graph, const char *name,
                     struct tn_words *dirs)
{
    bool good = true;

    for (size_t i = 0; i < tenon_graph_count(graph); i++)
        for (size_t k = 0; good && k < tenon_graph_tried_count(graph, i); k++)
            good = add_dir(arena, tenon_graph_tried(graph, i, k), name, dirs);
    return good;
}

bool tn_loader_dirs(tenon_world *world, struct tn_arena *arena, const tenon_platform *platform,
                    const char *path, struct tn_words *dirs, bool *known, tenon_error *err)
{
    static const char nowhere[] = "libtenon-is-nowhere.so.0";
    const tenon_loaded program = { .source = { .path = path }, .loaded_by = TENON_THE_FILE };
    tenon_error why = TENON_ERROR_INIT;
    tenon_state *state = tenon_state_new(&why);
    tenon_resolver *resolver = state ? tenon_resolver_new(world, &why) : NULL;
    tenon_graph *graph = NULL;
    bool good = true;

    if (resolver && tenon_state_add(state, &program, &why) &&
        tenon_state_request(state, nowhere, 0, 0, &why))
        graph = tenon_resolve_state(resolver, state, &why);
    *known = graph && is_loader_of(platform, tenon_graph_loader(graph));
    if (*known)
        good = add_dirs(arena, graph, nowhere, dirs) || tn_no_memory(err);
    *known = *known && dirs->count > 0;
    tenon_graph_free(graph);
    tenon_resolver_free(resolver);
    tenon_state_free(state);
    return good && (why.code != TENON_E_MEMORY || tn_no_memory(err));
}

bool tn_is_loader_dir(tenon_world *world, struct tn_arena *arena, const struct tn_words *dirs,
                      const char *dir)
{
    const char *tidy = tn_tidy_path(arena, dir);
    tenon_file_info own, one;
    bool there = tenon_world_stat(world, dir, &own) == 0;

    if (tidy && tn_is_among(tidy, dirs->at, dirs->count))
        return true;
    for (size_t i = 0; there && i < dirs->count; i++)
        if (tenon_world_stat(world, dirs->at[i], &one) == 0 && one.device == own.device &&
            one.inode == own.inode)
            return true;
    return false;
}
