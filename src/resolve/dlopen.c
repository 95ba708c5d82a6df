/*
 * src/resolve/dlopen.c - libraries that may be opened at run time: declared in .note.dlopen, or
 * likely, because a string literal names one. They never change the status of an answer
 */

#include "fail.h"
#include "resolver.h"

static void answer(tenon_graph *graph, int32_t object, tenon_dlopen_finding *finding)
{
    tenon_resolver *r = graph->resolver;
    int32_t loaded;
    struct tn_search *s = tn_process_ask(r, finding->name, object, &loaded);
    finding->status = TENON_STATUS_MISSING;
    if (loaded >= 0) {
        finding->status = TENON_STATUS_FOUND;
        finding->path = tn_text_of(r, r->objects[loaded].path);
        finding->rule = &graph->loader->rules[graph->loader->rule_loaded];
    } else if (s) {
        finding->status = s->status;
        finding->path = tn_text_of(r, s->path);
        finding->rule = s->rule;
        finding->tried = s->attempts;
        finding->tried_count = s->attempt_count;
    }
}

static bool add_finding(tenon_graph *graph, const tenon_need *need, int32_t object,
                        tenon_error *err)
{
    tenon_dlopen_finding finding = {
        .name = tn_resolver_keep(graph->resolver, need->name),
        .named_by = graph->row_of[object],
        .flavour = need->flavour,
        .priority = tn_resolver_keep(graph->resolver, need->priority),
        .feature = tn_resolver_keep(graph->resolver, need->feature),
        .description = tn_resolver_keep(graph->resolver, need->description),
        .entry = need->entry,
    };
    if (!finding.name ||
        !tn_grow(&graph->dlopens, &graph->dlopen_room, graph->dlopen_count, sizeof finding))
        return tn_no_memory(err);
    answer(graph, object, &finding);
    graph->dlopens[graph->dlopen_count++] = finding;
    return !graph->resolver->no_memory ||
           tn_resolver_fail(graph->resolver, graph->resolver->objects[object].path, err);
}

/* The first name of an entry that is found; they begin at `first`. NULL: none is. */
static const char *found_of(const tenon_graph *graph, size_t first, uint32_t entry)
{
    for (size_t i = first; i < graph->dlopen_count && graph->dlopens[i].entry == entry; i++)
        if (graph->dlopens[i].status == TENON_STATUS_FOUND)
            return graph->dlopens[i].name;
    return NULL;
}

/*
 * The names of an entry are alternatives: one of them is enough. Those of a file begin at `first`,
 * entry by entry, so that each entry is looked through once.
 *
 * rule  UAPI group "ELF dlopen() metadata": "soname"
 */
static void know_alternatives(tenon_graph *graph, size_t first)
{
    const char *found = NULL;
    uint32_t entry = 0;
    for (size_t i = first; i < graph->dlopen_count; i++) {
        tenon_dlopen_finding *finding = &graph->dlopens[i];
        if (finding->entry && finding->entry != entry) {
            entry = finding->entry;
            found = found_of(graph, i, entry);
        }
        if (finding->entry && finding->status != TENON_STATUS_FOUND)
            finding->alternative = found;
    }
}

static bool find_in(tenon_graph *graph, int32_t object, const struct tn_node *node,
                    tenon_error *err)
{
    tenon_error why = TENON_ERROR_INIT;
    size_t first = graph->dlopen_count;
    tenon_image_source source = tn_node_source(graph->resolver, node);
    source.path = tn_text_of(graph->resolver, graph->resolver->objects[object].path);
    tenon_image *image =
        tenon_image_open_source(graph->resolver->world, &source, TENON_PART_DLOPEN, &why);
    bool good = true;
    if (!image)
        return !tn_is_failure(&why) || tn_fail_again(err, &why, NULL);
    for (size_t i = 0; good && tenon_image_dlopen(image, i); i++)
        good = add_finding(graph, tenon_image_dlopen(image, i), object, err);
    tenon_image_free(image);
    know_alternatives(graph, first);
    return good;
}

bool tn_graph_find_dlopens(tenon_graph *graph, tenon_error *err)
{
    tenon_resolver *r = graph->resolver;
    for (size_t i = 0; i < r->order_count; i++) {
        const struct tn_object *o = &r->objects[r->order[i]];
        if (o->node != TN_NO_NODE && !o->is_interpreter &&
            !find_in(graph, r->order[i], r->nodes[o->node], err))
            return false;
    }
    return true;
}
