/*
 * src/resolve/versions.c - does each library define the versions that are asked of it?
 *
 * rule  glibc elf/dl-version.c, _dl_check_map_versions() and match_symbol(): an absent version is
 *       fatal unless the reference is weak; a provider without any definitions only earns a warning
 */
#include <string.h>

#include "fail.h"
#include "resolver.h"

static bool add_missing(tenon_graph *graph, tenon_missing_version missing, tenon_error *err)
{
    if (!missing.reason || !tn_grow(&graph->missing_versions, &graph->missing_version_room,
                                    graph->missing_version_count, sizeof missing))
        return tn_no_memory(err);
    graph->missing_versions[graph->missing_version_count++] = missing;
    return true;
}

/* One version that the provider lacks. */
static bool report(tenon_graph *graph, const struct tn_node_version *need,
                   const struct tn_node *provider, int32_t provider_row, int32_t asker_row,
                   tenon_error *err)
{
    const char *version = tn_text_of(graph->resolver, need->version);
    const char *means = graph->loader->version_means ? graph->loader->version_means(version) : NULL;
    tenon_missing_version missing = {
        .library = provider_row,
        .needed_by = asker_row,
        .version = version,
        .fatal =
            !need->weak && (provider->facts->elf.has_verdef || graph->loader->unversioned_fatal),
    };
    missing.reason =
        provider->facts->elf.has_verdef
            ? tn_arena_format(&graph->arena, "%s: %sversion `%s' not found (required by %s)%s%s",
                              tn_graph_path(graph, provider_row), need->weak ? "weak " : "",
                              version, tn_graph_path(graph, asker_row),
                              means ? ": it stands for " : "", means ? means : "")
            : tn_arena_format(&graph->arena,
                              "%s: no version information available (required by %s)",
                              tn_graph_path(graph, provider_row), tn_graph_path(graph, asker_row));
    return add_missing(graph, missing, err);
}

/*
 * Does a version of this file mean the object that answers to the name? One that was only ever
 * asked for by others has its SONAME when somebody asks for that. What was there from the start
 * has names that nobody asked for.
 *
 * rule  glibc elf/dl-version.c, find_needed(); elf/dl-load.c, _dl_map_object(): a SONAME becomes a
 *       name of the object, add_name_to_object(), when it answers
 */
static bool goes_by(const tenon_graph *graph, uint32_t file)
{
    const tenon_resolver *r = graph->resolver;
    const struct tn_use *use = &r->uses[file];
    const struct tn_object *o = &r->objects[use->object];
    return !graph->loader->absent_fatal || use->asked == r->stamp || o->path == file || !o->search;
}

/*
 * The node that the library of this name in the order is; TN_NO_NODE: the library itself is
 * missing, or it is the loader, and nobody has asked for that.
 *
 * rule  glibc elf/rtld.c, dl_main(): the loader is in the list of objects where versions are looked
 *       for only if a DT_NEEDED led to it
 */
static uint32_t provider_of(const tenon_graph *graph, uint32_t file)
{
    const tenon_resolver *r = graph->resolver;
    const struct tn_use *use = &r->uses[file];
    return use->stamp == r->stamp && graph->row_of[use->object] != TENON_NOBODY &&
                   goes_by(graph, file)
               ? r->objects[use->object].node
               : TN_NO_NODE;
}

/*
 * A library that somebody needs, and that was not found: that is said already. Of one that may be
 * missing nothing was said.
 */
static bool is_missing(const tenon_graph *graph, const char *name)
{
    for (size_t i = 0; i < graph->count; i++)
        if (graph->libraries[i].status != TENON_STATUS_FOUND && !graph->libraries[i].optional &&
            strcmp(graph->libraries[i].name, name) == 0)
            return true;
    return false;
}

/*
 * The file is not in the process at all.
 *
 * rule  _dl_check_map_versions(): "assert (needed != NULL)" for the file of each version that is
 *       needed, by the names that it was asked for
 */
static bool report_absent(tenon_graph *graph, const struct tn_node *asker,
                          const struct tn_node_asked *asked, int32_t asker_row, tenon_error *err)
{
    tenon_resolver *r = graph->resolver;
    const char *file = tn_text_of(r, asked->file);
    if (!graph->loader->absent_fatal || is_missing(graph, file))
        return true;
    const char *version = tn_text_of(r, asker->versions[asked->first].version);
    const char *reason = tn_arena_format(&graph->arena,
                                         "%s, whose version it is, is not in the process: nobody "
                                         "needs it by that name (required by %s)",
                                         file, tn_graph_path(graph, asker_row));
    const tenon_missing_version missing = { TENON_NOBODY, asker_row, version, true, reason };
    return add_missing(graph, missing, err);
}

/* What is asked of one file. */
static bool check_file(tenon_graph *graph, const struct tn_node *asker, struct tn_node_asked *asked,
                       int32_t asker_row, tenon_error *err)
{
    tenon_resolver *r = graph->resolver;
    uint32_t number = provider_of(graph, asked->file);
    if (number == TN_NO_NODE)
        return asked->first == asked->end || report_absent(graph, asker, asked, asker_row, err);
    const struct tn_node *provider = r->nodes[number];
    int32_t row = graph->row_of[r->uses[asked->file].object];
    bool good = true;
    if (!provider->facts)
        return true;
    for (uint32_t i = asked->first; i < asked->end; i++) {
        if (tn_node_defines(provider, asker->versions[i].version))
            continue;
        good = false;
        if (!report(graph, &asker->versions[i], provider, row, asker_row, err))
            return false;
        if (!provider->facts->elf.has_verdef) /* one warning says it all */
            break;
    }
    if (good)
        asked->good_with = number;
    return true;
}

static bool check_node(tenon_graph *graph, const struct tn_node *node, int32_t row,
                       tenon_error *err)
{
    for (uint32_t i = 0; i < node->asked_count; i++) {
        struct tn_node_asked *asked = &node->asked[i];
        uint32_t provider = provider_of(graph, asked->file);
        if (provider == asked->good_with &&
            (provider != TN_NO_NODE || !graph->loader->absent_fatal))
            continue; /* nearly always, so that no call is worth it; or both are none */
        if (!check_file(graph, node, asked, row, err))
            return false;
    }
    return true;
}

bool tn_graph_check_versions(tenon_graph *graph, tenon_error *err)
{
    if (!check_node(graph, graph->program, TENON_THE_FILE, err))
        return false;
    for (size_t i = 0; i < graph->count; i++)
        if (graph->rows[i].node && !check_node(graph, graph->rows[i].node, (int32_t)i, err))
            return false;
    return true;
}

/* ---- versions of whole libraries ------------------------------------------------------------ */

/* One need with versions, and the library at a row. */
static bool compare(tenon_graph *graph, const tenon_need *need, int32_t asker_row, int32_t row,
                    tenon_error *err)
{
    const struct tn_node *provider = graph->rows[row].node;
    struct tn_unsuited unsuited;
    if (!provider || !provider->facts)
        return true;
    const struct tn_answered answered = { need, tn_graph_path(graph, asker_row),
                                          tn_graph_path(graph, row), provider->facts };
    if (!graph->loader->compare_versions(&graph->resolver->target->target, &graph->arena, &answered,
                                         &unsuited))
        return tn_no_memory(err);
    if (!unsuited.reason)
        return true;
    const tenon_missing_version missing = { row, asker_row, unsuited.version, true,
                                            unsuited.reason };
    return add_missing(graph, missing, err);
}

static bool compare_needs(tenon_graph *graph, const struct tn_node *node, const int32_t *rows,
                          size_t count, int32_t asker_row, tenon_error *err)
{
    for (size_t i = 0; i < node->need_count && i < count; i++)
        if (node->needs[i].more && rows[i] >= 0 &&
            !compare(graph, node->needs[i].more, asker_row, rows[i], err))
            return false;
    return true;
}

bool tn_graph_compare_libraries(tenon_graph *graph, tenon_error *err)
{
    if (!compare_needs(graph, graph->program, graph->needs, graph->need_count, TENON_THE_FILE, err))
        return false;
    for (size_t i = 0; i < graph->count; i++) {
        const tenon_library *library = &graph->libraries[i];
        if (graph->rows[i].node && !compare_needs(graph, graph->rows[i].node, library->needs,
                                                  library->need_count, (int32_t)i, err))
            return false;
    }
    return true;
}
