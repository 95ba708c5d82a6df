/*
 * src/resolve/alike.c - programs for which a loader does the same
 *
 * Hundreds of programs of a system need the same few libraries. What is loaded for them differs in
 * nothing when
 *
 *   - they ask for the same names in the same order, have no run paths, and ask with the same
 *     flags: then each search is by the same plan (loader.asks_as_needed says that nothing else of
 *     a program counts);
 *   - nobody asks for the program itself: not for its name or path (no file that was read has a
 *     need of that name), nor for its file under another name (no search ended there). Whatever is
 *     loaded was read and searched for when the first one was asked about;
 *   - the loader has nothing against the program itself;
 *   - what loads it finds every version that it asks for, in the same libraries;
 *   - nothing is missing, as then it may be said for whom.
 */
#include "alike.h"

#include <string.h>

#include "process.h"

#define NEEDS 64 /* more are hardly met twice */

/* What is known of a kind: its number less one is its place. */
struct tn_kind {
    bool learnt;
    uint32_t *providers; /* of each need: a node */
};

/* Does anybody ask for the file of this node, at this path? */
static bool is_asked_for(const tenon_resolver *r, const struct tn_node *node, uint32_t path)
{
    return node->accepted || r->uses[path].is_need ||
           (node->own_name != TN_NO_NAME && r->uses[node->own_name].is_need);
}

/* Does all that matters of the process stand in its needs? */
static bool is_plain(const tenon_resolver *r, const struct tn_node *node, uint32_t path)
{
    const struct tn_target_row *target = r->target;
    const unsigned special = TENON_RESOLVE_SYMBOLS | TENON_RESOLVE_DLOPEN;
    if (!target->target.loader->asks_as_needed || (r->flags & special) || target->wants_origin ||
        target->has_audit || !target->preloads_read || target->preload_count ||
        node->has_run_paths || node->facts->elf.audit || node->facts->elf.depaudit ||
        tn_program_judge(r, node).action != TN_ACCEPT || node->need_count > NEEDS ||
        tn_is_set_id(node->info.mode) || is_asked_for(r, node, path) ||
        (target->has_variable && tn_world_has_capabilities(r->world, tn_text_of(r, path))))
        return false;
    for (uint32_t i = 0; i < node->need_count; i++)
        if (node->needs[i].more || strchr(tn_text_of(r, node->needs[i].name), '$'))
            return false;
    return true;
}

/* The number of the kind of process at hand; 0: no memory. */
static uint32_t number_of(tenon_resolver *r, const struct tn_node *node)
{
    const tenon_loader *loader = r->target->target.loader;
    uint32_t key[4 + 2 * NEEDS];
    size_t n = 0;
    key[n++] = r->target->target.id;
    key[n++] = r->flags;
    key[n++] = r->program_started;
    key[n++] = loader->asker_flags ? loader->asker_flags(node->facts) : 0;
    for (uint32_t i = 0; i < node->need_count; i++) {
        key[n++] = node->needs[i].name;
        key[n++] = (uint32_t)node->needs[i].flavour;
    }
    if (!r->kind_keys.slots && !tn_names_init(&r->kind_keys))
        return 0;
    uint32_t number = tn_names_add(&r->kind_keys, (const char *)key, n * sizeof *key);
    if (number == TN_NO_NAME)
        return 0;
    while (r->kind_count <= number)
        if (!tn_grow(&r->kinds, &r->kind_room, r->kind_count, sizeof *r->kinds))
            return 0;
        else
            r->kinds[r->kind_count++] = (struct tn_kind){ 0 };
    return number + 1;
}

/* Which of the kind's libraries is asked for versions; TN_NO_NODE: it is none that is needed. */
static uint32_t provider_of(const struct tn_kind *kind, const struct tn_node *node, uint32_t file)
{
    for (uint32_t i = 0; i < node->need_count; i++)
        if (node->needs[i].name == file)
            return kind->providers[i];
    return TN_NO_NODE;
}

static bool has_versions(const tenon_resolver *r, const struct tn_kind *kind, struct tn_node *node)
{
    for (uint32_t i = 0; i < node->asked_count; i++) {
        struct tn_node_asked *asked = &node->asked[i];
        uint32_t provider = provider_of(kind, node, asked->file);
        if (provider == TN_NO_NODE)
            return false;
        for (uint32_t k = asked->first; k < asked->end && provider != asked->good_with; k++)
            if (!tn_node_defines(r->nodes[provider], node->versions[k].version))
                return false;
        asked->good_with = provider;
    }
    return true;
}

uint32_t tn_alike_kind(tenon_resolver *r, const char *path)
{
    const tenon_image_source source = { .path = path };
    r->asked = true;
    uint32_t file = r->exe ? TN_NO_NAME : tn_resolver_argument(r, &source, NULL);
    if (file == TN_NO_NAME)
        return 0;
    tn_process_begin(r);
    if (!tn_program_open(r, file, NULL) || !r->target)
        return 0;
    struct tn_node *node = r->nodes[tn_object_at(r, TN_PROGRAM)->node];
    uint32_t number = is_plain(r, node, file) ? number_of(r, node) : 0;
    return number && r->kinds[number - 1].learnt && !has_versions(r, &r->kinds[number - 1], node)
               ? 0
               : number;
}

bool tn_alike_learn(tenon_resolver *r, uint32_t number, const tenon_graph *graph)
{
    struct tn_kind *kind = &r->kinds[number - 1];
    const struct tn_node *node = graph->program;
    uint32_t path = tn_names_find(&r->names, graph->program_path, strlen(graph->program_path));
    if (graph->status != TENON_STATUS_OK || graph->missing_version_count ||
        graph->need_count != node->need_count || path == TN_NO_NAME || is_asked_for(r, node, path))
        return false;
    if (!kind->providers)
        kind->providers = tn_arena_room(&r->arena, graph->need_count, sizeof *kind->providers);
    if (!kind->providers)
        return false;
    for (size_t i = 0; i < graph->need_count; i++) {
        int32_t row = graph->needs[i];
        if (row < 0 || !graph->rows[row].node || !graph->rows[row].node->facts)
            return false;
        kind->providers[i] = graph->rows[row].number;
    }
    for (size_t i = 0; i < graph->count; i++)
        if (!graph->rows[i].node)
            return false;
    return kind->learnt = true;
}
