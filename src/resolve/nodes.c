/* src/resolve/nodes.c - what one image asks, kept for as long as the resolver lives */
#include <stdlib.h>
#include <string.h>

#include "nodes.h"

/* A need of which more than a name and a flavour was recorded; NULL: no memory. */
static const tenon_need *keep_need(tenon_resolver *r, const tenon_need *need)
{
    tenon_need *kept = tn_arena_take(&r->arena, sizeof *kept);
    if (!kept)
        return NULL;
    *kept = *need;
    kept->name = tn_resolver_keep(r, need->name);
    kept->path = tn_resolver_keep(r, need->path);
    kept->base = tn_resolver_keep(r, need->base);
    kept->member = tn_resolver_keep(r, need->member);
    kept->priority = kept->feature = kept->description = NULL;
    return kept;
}

static bool keep_needs(tenon_resolver *r, struct tn_node *node, const struct tn_facts *facts)
{
    node->needs = tn_arena_rows(&r->arena, facts->need_count, sizeof *node->needs);
    if (facts->need_count && !node->needs)
        return false;
    for (size_t i = 0; i < facts->need_count; i++) {
        const tenon_need *need = &facts->needs[i];
        node->needs[i].name = tn_resolver_need(r, need->name);
        node->needs[i].flavour = need->flavour;
        if ((need->path || need->base || need->member || need->current_version ||
             need->compat_version) &&
            !(node->needs[i].more = keep_need(r, need)))
            return false;
    }
    node->need_count = (uint32_t)facts->need_count;
    return !r->no_memory;
}

static int by_number(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

/* Mostly there are few, and those in order. */
static void sort_numbers(uint32_t *numbers, size_t count)
{
    if (count > 64) {
        qsort(numbers, count, sizeof *numbers, by_number);
        return;
    }
    for (size_t i = 1; i < count; i++) {
        uint32_t number = numbers[i];
        size_t at = i;
        for (; at > 0 && numbers[at - 1] > number; at--)
            numbers[at] = numbers[at - 1];
        numbers[at] = number;
    }
}

bool tn_node_defines(const struct tn_node *node, uint32_t version)
{
    return node->definition_count &&
           bsearch(&version, node->definitions, node->definition_count, sizeof version, by_number);
}

static size_t count_asked(const struct tn_facts *facts)
{
    size_t n = 0;
    for (size_t i = 0; i < facts->version_need_count; i++) /* they are grouped by file */
        n += i == 0 || facts->version_needs[i].library != facts->version_needs[i - 1].library;
    return n;
}

static bool keep_version_needs(tenon_resolver *r, struct tn_node *node,
                               const struct tn_facts *facts)
{
    size_t count = facts->version_need_count;
    struct tn_node_asked *asked = NULL;
    node->asked = tn_arena_room(&r->arena, count_asked(facts), sizeof *node->asked);
    node->versions = tn_arena_room(&r->arena, count, sizeof *node->versions);
    if (!node->asked || !node->versions)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        const tenon_version *need = &facts->version_needs[i];
        bool again = i > 0 && need->library == need[-1].library;
        uint32_t file = again ? asked->file : tn_resolver_need(r, need->library);
        if (!asked || asked->file != file) {
            asked = &node->asked[node->asked_count++];
            *asked = (struct tn_node_asked){ file, TN_NO_NODE, i, i };
        }
        node->versions[i].version = tn_resolver_name(r, need->name);
        node->versions[i].weak = need->weak;
        asked->end = i + 1;
    }
    return !r->no_memory;
}

static bool keep_versions(tenon_resolver *r, struct tn_node *node, const struct tn_facts *facts)
{
    size_t defs = facts->version_def_count;
    node->definitions = tn_arena_room(&r->arena, defs, sizeof *node->definitions);
    if (!node->definitions || !keep_version_needs(r, node, facts))
        return false;
    for (size_t i = 0; i < defs; i++)
        node->definitions[i] = tn_resolver_name(r, facts->version_defs[i].name);
    sort_numbers(node->definitions, defs);
    node->definition_count = (uint32_t)defs;
    return !r->no_memory;
}

/* ... of what ELF has not. false: no memory. */
static bool keep_others(tenon_resolver *r, struct tn_facts *kept)
{
    const struct tn_format *format;
    kept->uuid = tn_resolver_keep(r, kept->uuid);
    kept->pdb = tn_resolver_keep(r, kept->pdb);
    return tn_facts_move_lists(kept, &r->arena) &&
           (!kept->more || !(format = tn_format_with(kept->format)) || !format->move_more ||
            format->move_more(kept, &r->arena));
}

/* Copies what must outlive the bytes of the file; NULL: no memory. */
static const struct tn_facts *copy_facts(tenon_resolver *r, const struct tn_facts *facts)
{
    struct tn_facts *kept = tn_arena_take(&r->arena, sizeof *kept);
    if (!kept)
        return NULL;
    *kept = *facts;
    kept->own_name = tn_resolver_keep(r, facts->own_name);
    kept->interpreter = tn_resolver_keep(r, facts->interpreter);
    kept->rpath = tn_resolver_keep(r, facts->rpath);
    kept->runpath = tn_resolver_keep(r, facts->runpath);
    kept->elf.audit = tn_resolver_keep(r, facts->elf.audit);
    kept->elf.depaudit = tn_resolver_keep(r, facts->elf.depaudit);
    kept->build_id = facts->build_id ? tn_arena_string(&r->arena, facts->build_id) : NULL;
    r->no_memory |= facts->build_id && !kept->build_id;
    kept->needs = NULL;
    kept->version_needs = kept->version_defs = NULL;
    kept->elf.version_files = NULL;
    return keep_others(r, kept) ? kept : NULL;
}

static bool keep_facts(tenon_resolver *r, struct tn_node *node, const struct tn_facts *facts)
{
    node->facts = copy_facts(r, facts);
    if (!node->facts)
        return false;
    node->own_name = facts->own_name ? tn_resolver_name(r, facts->own_name) : TN_NO_NAME;
    node->has_run_paths = facts->rpath || facts->runpath;
    return keep_needs(r, node, facts) && keep_versions(r, node, facts);
}

/* Makes a reading into a node. false: no memory. */
static bool keep_reading(tenon_resolver *r, struct tn_node *node, const struct tn_reading *reading)
{
    node->head_size = reading->head_size;
    memcpy(node->head, reading->head, sizeof node->head);
    if (reading->good) {
        node->loader = reading->loader;
        return keep_facts(r, node, &reading->facts);
    }
    if (reading->err->code == TENON_E_MEMORY)
        return false;
    node->error = reading->err->code;
    node->system_errno = reading->err->system_errno;
    node->own_name = TN_NO_NAME;
    return (node->error_text = tn_arena_string(&r->arena, reading->err->text)) != NULL;
}

uint32_t tn_node_known(const tenon_resolver *r, const tenon_file_info *info, uint32_t key[4])
{
    key[0] = TN_TAG_NODE | (uint32_t)(info->device >> 32) << 3;
    key[1] = (uint32_t)info->device;
    key[2] = (uint32_t)(info->inode >> 32);
    key[3] = (uint32_t)info->inode;
    return tn_map_find(&r->map, key);
}

/* Puts a new node into its place; its number, TN_NO_NODE: no memory. */
static uint32_t place(tenon_resolver *r, struct tn_node *node, const uint32_t key[4])
{
    if (!tn_grow(&r->nodes, &r->node_room, r->node_count, sizeof *r->nodes) ||
        !tn_map_set(&r->map, key, (uint32_t)r->node_count))
        return TN_NO_NODE;
    r->nodes[r->node_count] = node;
    return (uint32_t)r->node_count++;
}

uint32_t tn_node_add(tenon_resolver *r, const tenon_file_info *info,
                     const struct tn_reading *reading, uint32_t path, const uint32_t key[4])
{
    struct tn_node *node = tn_arena_take(&r->arena, sizeof *node);
    if (!node)
        return TN_NO_NODE;
    node->info = *info;
    node->path = path;
    return keep_reading(r, node, reading) ? place(r, node, key) : TN_NO_NODE;
}

/* ---- nodes of others ----------------------------------------------------------------------- */

static size_t version_count(const struct tn_node *node)
{
    return node->asked_count ? node->asked[node->asked_count - 1].end : 0;
}

const char *const *tn_node_texts(tenon_resolver *r, const struct tn_node *node)
{
    size_t versions = version_count(node), n = 0;
    size_t count = node->need_count + node->asked_count + versions + node->definition_count;
    const char **texts = tn_arena_room(&r->arena, count + 1, sizeof *texts);
    if (!texts)
        return NULL;
    for (size_t i = 0; i < node->need_count; i++)
        texts[n++] = tn_text_of(r, node->needs[i].name);
    for (size_t i = 0; i < node->asked_count; i++)
        texts[n++] = tn_text_of(r, node->asked[i].file);
    for (size_t i = 0; i < versions; i++)
        texts[n++] = tn_text_of(r, node->versions[i].version);
    for (size_t i = 0; i < node->definition_count; i++)
        texts[n++] = tn_text_of(r, node->definitions[i]);
    return texts;
}

/* Lists that are alike, but for the numbers of names. false: no memory. */
static bool adopt_lists(tenon_resolver *r, struct tn_node *node, const struct tn_node *from,
                        const char *const *texts)
{
    size_t versions = version_count(from);
    node->needs = tn_arena_room(&r->arena, from->need_count, sizeof *node->needs);
    node->asked = tn_arena_room(&r->arena, from->asked_count, sizeof *node->asked);
    node->versions = tn_arena_room(&r->arena, versions, sizeof *node->versions);
    node->definitions = tn_arena_room(&r->arena, from->definition_count, sizeof *node->definitions);
    if (!node->needs || !node->asked || !node->versions || !node->definitions)
        return false;
    for (size_t i = 0; i < from->need_count; i++)
        node->needs[i] = (struct tn_node_need){ .name = tn_resolver_need(r, *texts++),
                                                .flavour = from->needs[i].flavour,
                                                .more = from->needs[i].more };
    for (size_t i = 0; i < from->asked_count; i++)
        node->asked[i] = (struct tn_node_asked){ tn_resolver_need(r, *texts++), TN_NO_NODE,
                                                 from->asked[i].first, from->asked[i].end };
    for (size_t i = 0; i < versions; i++)
        node->versions[i] =
            (struct tn_node_version){ tn_resolver_name(r, *texts++), from->versions[i].weak };
    for (size_t i = 0; i < from->definition_count; i++)
        node->definitions[i] = tn_resolver_name(r, *texts++);
    node->need_count = from->need_count;
    node->asked_count = from->asked_count;
    node->definition_count = from->definition_count;
    sort_numbers(node->definitions, node->definition_count);
    return !r->no_memory;
}

uint32_t tn_node_adopt(tenon_resolver *r, const struct tn_shelf_entry *entry, uint32_t path)
{
    const struct tn_node *from = entry->node;
    uint32_t key[4], known = tn_node_known(r, &from->info, key);
    if (known != TN_NO_NODE)
        return known;
    struct tn_node *node = tn_arena_take(&r->arena, sizeof *node);
    if (!node || !adopt_lists(r, node, from, entry->texts))
        return TN_NO_NODE;
    node->has_run_paths = from->has_run_paths;
    node->path = path;
    node->facts = from->facts;
    node->own_name = from->facts && from->facts->own_name
                         ? tn_resolver_name(r, from->facts->own_name)
                         : TN_NO_NAME;
    node->error = from->error;
    node->system_errno = from->system_errno;
    node->error_text = from->error_text;
    node->info = from->info;
    memcpy(node->head, from->head, sizeof node->head);
    node->head_size = from->head_size;
    node->loader = from->loader;
    return r->no_memory ? TN_NO_NODE : place(r, node, key);
}

uint32_t tn_resolver_variant(tenon_resolver *r, uint32_t node, const struct tn_facts *facts)
{
    uint32_t key[4] = { TN_TAG_VARIANT, node, r->target->target.id, 0 };
    uint32_t known = tn_map_find(&r->map, key);
    if (known != TN_NO_NAME)
        return known;
    struct tn_node *variant = tn_arena_take(&r->arena, sizeof *variant);
    if (!variant || !tn_grow(&r->nodes, &r->node_room, r->node_count, sizeof *r->nodes)) {
        r->no_memory = true;
        return TN_NO_NODE;
    }
    variant->info = r->nodes[node]->info;
    variant->path = r->nodes[node]->path;
    variant->head_size = r->nodes[node]->head_size;
    memcpy(variant->head, r->nodes[node]->head, sizeof variant->head);
    if (!keep_facts(r, variant, facts) || !tn_map_set(&r->map, key, (uint32_t)r->node_count)) {
        r->no_memory = true;
        return TN_NO_NODE;
    }
    r->nodes[r->node_count] = variant;
    return (uint32_t)r->node_count++;
}
