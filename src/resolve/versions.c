/*
 * src/resolve/versions.c - does each library define the versions that are asked of it?
 *
 * rule  glibc elf/dl-version.c, _dl_check_map_versions() and match_symbol(): an absent version is
 *       fatal unless the reference is weak; a provider without any definitions only earns a warning
 */
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
    tenon_missing_version missing = {
        .library = provider_row,
        .needed_by = asker_row,
        .version = version,
        .fatal =
            !need->weak && (provider->facts->elf.has_verdef || graph->loader->unversioned_fatal),
    };
    missing.reason =
        provider->facts->elf.has_verdef
            ? tn_arena_format(&graph->arena, "%s: %sversion `%s' not found (required by %s)",
                              tn_graph_path(graph, provider_row), need->weak ? "weak " : "",
                              version, tn_graph_path(graph, asker_row))
            : tn_arena_format(&graph->arena,
                              "%s: no version information available (required by %s)",
                              tn_graph_path(graph, provider_row), tn_graph_path(graph, asker_row));
    return add_missing(graph, missing, err);
}

/* The requirements [first, end) are all of one file. */
static bool check_file(tenon_graph *graph, struct tn_node *asker, uint32_t first, uint32_t end,
                       int32_t asker_row, tenon_error *err)
{
    tenon_resolver *r = graph->resolver;
    struct tn_node_version *needs = &asker->versions[first];
    const struct tn_use *use = &r->uses[needs->file];
    if (use->stamp != r->stamp || r->objects[use->object].node == TN_NO_NODE)
        return true; /* the library itself is missing */
    const struct tn_node *provider = r->nodes[r->objects[use->object].node];
    int32_t row = graph->row_of[use->object];
    bool good = true;
    if (needs->good_with == provider || !provider->facts || row == TENON_NOBODY)
        return true;
    for (uint32_t i = first; i < end; i++) {
        if (tn_node_defines(provider, asker->versions[i].version))
            continue;
        good = false;
        if (!report(graph, &asker->versions[i], provider, row, asker_row, err))
            return false;
        if (!provider->facts->elf.has_verdef) /* one warning says it all */
            break;
    }
    if (good)
        needs->good_with = provider;
    return true;
}

static bool check_node(tenon_graph *graph, struct tn_node *node, int32_t row, tenon_error *err)
{
    for (uint32_t first = 0, end; first < node->version_count; first = end) {
        end = first + node->versions[first].count;
        if (!check_file(graph, node, first, end, row, err))
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
