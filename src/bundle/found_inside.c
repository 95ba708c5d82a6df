/* src/bundle/found_inside.c - whether the code of a bundle finds the libraries of the bundle */
#include "found_inside.h"

#include <string.h>
#include <tenon/resolve.h>

#include "entry_name.h"
#include "fail.h"
#include "text.h"
#include "triple.h"

/* A directory that no system has; the files are there in memory alone. */
#define PLACE "/.tenon-bundle"

static const struct tn_item *item_of_name(const tenon_builder *builder, const char *triple,
                                          const char *name)
{
    for (size_t i = 0; i < builder->item_count; i++) {
        const struct tn_item *item = &builder->items[i];
        if (item->is_code && tn_triple_fits(item->code.triple, triple) &&
            strcmp(tn_base_name(item->path), name) == 0)
            return item;
    }
    return NULL;
}

static bool put_files(const tenon_builder *builder, const char *triple, tenon_world *world,
                      struct tn_arena *arena, tenon_error *err)
{
    for (size_t i = 0; i < builder->item_count; i++) {
        const struct tn_item *item = &builder->items[i];
        const char *path;
        if (!item->is_code || !tn_triple_fits(item->code.triple, triple))
            continue;
        path = tn_arena_format(arena, PLACE "/%s", tn_base_name(item->path));
        if (!path)
            return tn_no_memory(err);
        if (!tenon_world_put_file(world, path, item->bytes, item->size, 0500, err))
            return false;
    }
    return true;
}

/* What the search would have to be told; a name with a slash is never searched for: ld.so(8). */
static const char *remedy(const tenon_library *library)
{
    if (strchr(library->name, '/'))
        return ": it is needed by a path; give the library a soname, or link it with -L and -l";
    return library->path ? ": $ORIGIN must come first in the run path" : "";
}

static bool judge(const tenon_builder *builder, const struct tn_item *plugin,
                  const tenon_graph *graph, struct tn_arena *arena, const char **stray,
                  tenon_error *err)
{
    for (size_t i = 0; i < tenon_graph_count(graph); i++) {
        const tenon_library *library = tenon_graph_library(graph, i);
        char name[TN_QUOTE_ROOM], place[TN_QUOTE_ROOM];
        if (!item_of_name(builder, plugin->code.triple, tn_base_name(library->name)) ||
            (library->path && strncmp(library->path, PLACE "/", strlen(PLACE "/")) == 0))
            continue;
        *stray = tn_arena_format(arena, "%s of the bundle would not be found in it, but %s%s%s%s",
                                 tn_quote(name, library->name),
                                 library->path ? tn_quote(place, library->path) : "not at all",
                                 library->where ? " by the " : "",
                                 library->where ? library->where : "", remedy(library));
        return *stray || tn_no_memory(err);
    }
    return true;
}

static bool check_plugin(const tenon_builder *builder, const struct tn_item *plugin,
                         struct tn_arena *arena, const char **stray, tenon_error *err)
{
    const char *path = tn_arena_format(arena, PLACE "/%s", tn_base_name(plugin->path));
    tenon_world *world = path ? tenon_world_host(err) : NULL;
    tenon_resolver *resolver = NULL;
    tenon_graph *graph = NULL;
    bool ok = false;

    if (!path)
        return tn_no_memory(err);
    if (world) {
        tenon_world_clear_env(world);
        if (put_files(builder, plugin->code.triple, world, arena, err))
            resolver = tenon_resolver_new(world, err);
    }
    if (resolver) {
        tenon_resolver_set_flags(resolver, TENON_RESOLVE_NO_PRELOAD);
        graph = tenon_resolve_file(resolver, path, err);
    }
    if (graph)
        ok = judge(builder, plugin, graph, arena, stray, err);
    tenon_graph_free(graph);
    tenon_resolver_free(resolver);
    tenon_world_free(world);
    return ok;
}

static bool brings_libraries(const tenon_builder *builder)
{
    for (size_t i = 0; i < builder->item_count; i++)
        if (builder->items[i].is_code && builder->items[i].code.kind == TENON_CODE_LIBRARY)
            return true;
    return false;
}

bool tn_found_inside(const tenon_builder *builder, struct tn_arena *arena, const char **stray,
                     tenon_error *err)
{
    *stray = NULL;
    for (size_t i = 0; brings_libraries(builder) && i < builder->item_count && !*stray; i++) {
        const struct tn_item *item = &builder->items[i];
        if (item->is_code && item->code.kind == TENON_CODE_NATIVE &&
            !check_plugin(builder, item, arena, stray, err))
            return false;
    }
    return true;
}
