/* src/resolve/graph.c - the answer about one process, and how it is read */
#include "fail.h"
#include "resolver.h"

#include <stdlib.h>

const char *tn_graph_path(const tenon_graph *graph, int32_t row)
{
    return row == TENON_THE_FILE ? graph->program_path : graph->libraries[row].path;
}

static int32_t row_of(const tenon_graph *graph, int32_t object)
{
    return object < 0 ? TENON_THE_FILE : graph->row_of[object];
}

/* Numbers the objects by their place in the order. */
static bool number_rows(tenon_graph *graph, const tenon_resolver *r)
{
    graph->row_of = tn_arena_room(&graph->arena, r->object_count, sizeof *graph->row_of);
    if (!graph->row_of)
        return false;
    for (size_t i = 0; i < r->object_count; i++)
        graph->row_of[i] = TENON_NOBODY;
    graph->row_of[TN_PROGRAM] = TENON_THE_FILE;
    for (size_t i = 0; i < r->order_count; i++)
        if (r->order[i] != TN_PROGRAM)
            graph->row_of[r->order[i]] = (int32_t)graph->count++;
    return true;
}

static const int32_t *copy_needs(tenon_graph *graph, const tenon_resolver *r,
                                 const struct tn_object *o, int32_t **room)
{
    int32_t *out = *room;
    for (size_t k = 0; k < o->edge_count; k++)
        out[k] = row_of(graph, r->edges[o->first_edge + k]);
    size_t n = o->edge_count;
    for (size_t k = 0; o->late_count && k < r->late_count; k++)
        if (&r->objects[r->late_edges[k].from] == o)
            out[n++] = row_of(graph, r->late_edges[k].to);
    *room += n;
    return out;
}

static void fill_row(tenon_graph *graph, const tenon_resolver *r, int32_t object, int32_t **room)
{
    const struct tn_object *o = &r->objects[object];
    int32_t row = graph->row_of[object];
    struct tn_node *node = o->node == TN_NO_NODE ? NULL : r->nodes[o->node];
    const int32_t *needs = copy_needs(graph, r, o, room);
    graph->rows[row] = (struct tn_row){ .search = o->search, .node = node, .object = object };
    graph->libraries[row] = (tenon_library){
        .name = tn_text_of(r, o->name),
        .path = tn_text_of(r, o->path),
        .slice = node ? node->slice : NULL,
        .member = node ? node->member : NULL,
        .status = o->status,
        .rule = o->rule,
        .where = o->where,
        .flavour = o->flavour,
        .parent = o->parent < 0 ? TENON_THE_FILE : graph->row_of[o->parent],
        .needs = needs,
        .need_count = o->edge_count + o->late_count,
        .reason = o->reason,
        .optional = o->optional,
        .is_interpreter = o->is_interpreter,
    };
}

/* What the object at a row needs, as rows; the file itself too. */
static const int32_t *needs_of(const tenon_graph *graph, int32_t row, size_t *count)
{
    *count = row == TENON_THE_FILE ? graph->need_count : graph->libraries[row].need_count;
    return row == TENON_THE_FILE ? graph->needs : graph->libraries[row].needs;
}

/* One need, turned round. */
struct asked {
    int32_t row, asker;
};

/* Every need of a library, in load order of the askers and each asker once; counts them by row. */
static size_t list_asked(tenon_graph *graph, const tenon_resolver *r, int32_t *last,
                         struct asked *out)
{
    size_t n = 0, count;
    for (size_t i = 0; i < r->order_count; i++) {
        int32_t asker = graph->row_of[r->order[i]];
        const int32_t *needs = needs_of(graph, asker, &count);
        for (size_t k = 0; k < count; k++) {
            int32_t row = needs[k];
            if (row < 0 || last[row] == asker)
                continue;
            last[row] = asker;
            graph->libraries[row].needed_by_count++;
            out[n++] = (struct asked){ row, asker };
        }
    }
    return n;
}

/* Who asked for each row: the edges turned round. */
static bool turn_edges(tenon_graph *graph, const tenon_resolver *r)
{
    int32_t *last = tn_arena_room(&graph->arena, graph->count, sizeof *last);
    int32_t **next = tn_arena_room(&graph->arena, graph->count, sizeof *next);
    size_t edges = r->edge_count + r->late_count + 1;
    int32_t *askers = tn_arena_room(&graph->arena, edges, sizeof *askers);
    struct asked *asked = tn_arena_room(&graph->arena, edges, sizeof *asked);
    if ((graph->count && (!last || !next)) || !askers || !asked)
        return false;
    for (size_t i = 0; i < graph->count; i++)
        last[i] = TENON_NOBODY;
    size_t n = list_asked(graph, r, last, asked);
    for (size_t i = 0; i < graph->count; i++) {
        graph->libraries[i].needed_by = next[i] = askers;
        askers += graph->libraries[i].needed_by_count;
    }
    for (size_t i = 0; i < n; i++)
        *next[asked[i].row]++ = asked[i].asker;
    return true;
}

static bool fill(tenon_graph *graph, tenon_resolver *r)
{
    const struct tn_object *program = &r->objects[TN_PROGRAM];
    if (!number_rows(graph, r))
        return false;
    int32_t *room = tn_arena_room(&graph->arena, r->edge_count + r->late_count + 1, sizeof *room);
    graph->libraries = tn_arena_room(&graph->arena, graph->count + 1, sizeof *graph->libraries);
    graph->rows = tn_arena_room(&graph->arena, graph->count + 1, sizeof *graph->rows);
    if (!room || !graph->libraries || !graph->rows)
        return false;
    graph->needs = (int32_t *)copy_needs(graph, r, program, &room);
    graph->need_count = program->edge_count + program->late_count;
    for (size_t i = 0; i < r->order_count; i++)
        if (r->order[i] != TN_PROGRAM)
            fill_row(graph, r, r->order[i], &room);
    return turn_edges(graph, r);
}

/* True when an attempt of this process was by the rule that the target's remark is about. */
static bool has_remark(const tenon_graph *graph, const struct tn_target *target)
{
    for (size_t i = 0; target->remark && i < graph->count; i++) {
        const struct tn_search *search = graph->rows[i].search;
        for (size_t k = 0; search && k < search->attempt_count; k++)
            if (search->attempts[k].rule == target->remark_rule)
                return true;
    }
    return false;
}

/* rule  ld.so(8): audit modules live in namespaces of their own */
static bool has_audit(const tenon_graph *graph, const tenon_resolver *r)
{
    const struct tn_facts *facts = graph->program->facts;
    return r->target->target.loader->audit_variable &&
           (r->target->has_audit || facts->elf.audit || facts->elf.depaudit);
}

static void add_remarks(tenon_graph *graph, const tenon_resolver *r)
{
    size_t n = 0;
    if (has_remark(graph, &r->target->target))
        graph->remarks[n++] = r->target->target.remark;
    if (has_audit(graph, r))
        graph->remarks[n++] = "audit modules are loaded apart from the program and are not shown";
    if ((r->flags & TENON_RESOLVE_SYMBOLS) && !graph->loader->binds_symbols)
        graph->remarks[n++] = "who provides each symbol is not known for this loader";
}

/* Refused is worse than missing: that file is there. */
static enum tenon_status worst(const tenon_graph *graph)
{
    enum tenon_status status = TENON_STATUS_OK;
    for (size_t i = 0; i < graph->count; i++) {
        const tenon_library *library = &graph->libraries[i];
        if (library->optional || library->status < TENON_STATUS_MISSING)
            continue;
        if (status == TENON_STATUS_OK || library->status > status)
            status = library->status;
    }
    for (size_t i = 0; i < graph->missing_version_count && status == TENON_STATUS_OK; i++)
        if (graph->missing_versions[i].fatal)
            status = TENON_STATUS_MISSING;
    for (size_t i = 0; i < graph->binding_count && status == TENON_STATUS_OK; i++)
        if (!graph->bindings[i].found && !graph->bindings[i].weak)
            status = TENON_STATUS_MISSING;
    return status;
}

static bool find_out(tenon_graph *graph, tenon_resolver *r, tenon_error *err)
{
    if (!fill(graph, r))
        return tn_no_memory(err);
    add_remarks(graph, r);
    if (r->target->target.loader->checks_versions && !tn_graph_check_versions(graph, err))
        return false;
    if ((r->flags & TENON_RESOLVE_SYMBOLS) && graph->loader->binds_symbols &&
        !tn_graph_bind_symbols(graph, err))
        return false;
    return !(r->flags & TENON_RESOLVE_DLOPEN) || tn_graph_find_dlopens(graph, err);
}

tenon_graph *tn_graph_make(tenon_resolver *r, uint32_t file, tenon_error *err)
{
    tenon_graph *graph = calloc(1, sizeof *graph);
    if (!graph) {
        tn_no_memory(err);
        return NULL;
    }
    const struct tn_object *program = &r->objects[TN_PROGRAM];
    graph->resolver = r;
    graph->file = tn_text_of(r, file);
    graph->program = r->nodes[program->node];
    graph->program_path = tn_text_of(r, program->path);
    graph->machine = graph->program->facts->machine;
    graph->is_static = r->target == NULL;
    if (r->target) {
        graph->loader = r->target->target.loader;
        const char *interpreter = r->target->target.interpreter;
        graph->interpreter = *interpreter ? interpreter : NULL;
        graph->word = r->target->target.word;
        graph->endian = r->target->target.endian;
        if (!find_out(graph, r, err)) {
            tenon_graph_free(graph);
            return NULL;
        }
    }
    graph->status = worst(graph);
    graph->passing = r->passing.arena;
    r->passing.arena = (struct tn_arena){ 0 };
    tn_store_empty(&r->passing);
    return graph;
}

tenon_graph *tenon_resolve_file(tenon_resolver *r, const char *path, tenon_error *err)
{
    return tenon_resolve_source(r, &(tenon_image_source){ .path = path }, err);
}

tenon_graph *tenon_resolve_source(tenon_resolver *r, const tenon_image_source *source,
                                  tenon_error *err)
{
    r->asked = true;
    uint32_t file = tn_resolver_argument(r, source, err);
    if (file == TN_NO_NAME)
        return NULL;
    return tn_process_file(r, file, err) ? tn_graph_make(r, file, err) : NULL;
}

tenon_graph *tenon_resolve_state(tenon_resolver *r, const tenon_state *state, tenon_error *err)
{
    r->asked = true;
    return tn_process_state(r, state, err) ? tn_graph_make(r, r->objects[TN_PROGRAM].path, err)
                                           : NULL;
}

void tenon_graph_free(tenon_graph *graph)
{
    if (!graph)
        return;
    tn_arena_free(&graph->arena);
    tn_arena_free(&graph->passing);
    free(graph->missing_versions);
    free(graph->bindings);
    free(graph->dlopens);
    free(graph);
}

const char *tenon_graph_file(const tenon_graph *graph)
{
    return graph->file;
}

const tenon_loader *tenon_graph_loader(const tenon_graph *graph)
{
    return graph->loader;
}

const char *tenon_graph_interpreter(const tenon_graph *graph)
{
    return graph->interpreter;
}

const char *tenon_graph_machine(const tenon_graph *graph)
{
    return graph->machine;
}

bool tenon_graph_is_static(const tenon_graph *graph)
{
    return graph->is_static;
}

enum tenon_status tenon_graph_status(const tenon_graph *graph)
{
    return graph->status;
}

size_t tenon_graph_count(const tenon_graph *graph)
{
    return graph->count;
}

const tenon_library *tenon_graph_library(const tenon_graph *graph, size_t i)
{
    return i < graph->count ? &graph->libraries[i] : NULL;
}

const int32_t *tenon_graph_needs(const tenon_graph *graph, size_t *count)
{
    *count = graph->need_count;
    return graph->needs;
}

size_t tenon_graph_tried_count(const tenon_graph *graph, size_t i)
{
    return i < graph->count && graph->rows[i].search ? graph->rows[i].search->attempt_count : 0;
}

const tenon_attempt *tenon_graph_tried(const tenon_graph *graph, size_t i, size_t k)
{
    return k < tenon_graph_tried_count(graph, i) ? &graph->rows[i].search->attempts[k] : NULL;
}

size_t tenon_graph_missing_version_count(const tenon_graph *graph)
{
    return graph->missing_version_count;
}

const tenon_missing_version *tenon_graph_missing_version(const tenon_graph *graph, size_t i)
{
    return i < graph->missing_version_count ? &graph->missing_versions[i] : NULL;
}

size_t tenon_graph_binding_count(const tenon_graph *graph)
{
    return graph->binding_count;
}

const tenon_symbol_binding *tenon_graph_binding(const tenon_graph *graph, size_t i)
{
    return i < graph->binding_count ? &graph->bindings[i] : NULL;
}

size_t tenon_graph_dlopen_count(const tenon_graph *graph)
{
    return graph->dlopen_count;
}

const tenon_dlopen_finding *tenon_graph_dlopen(const tenon_graph *graph, size_t i)
{
    return i < graph->dlopen_count ? &graph->dlopens[i] : NULL;
}

const char *tenon_graph_remark(const tenon_graph *graph, size_t i)
{
    return i < TN_COUNT(graph->remarks) ? graph->remarks[i] : NULL;
}

const char *tenon_status_name(enum tenon_status status)
{
    static const char *const names[] = {
        [TENON_STATUS_OK] = "ok",           [TENON_STATUS_FOUND] = "found",
        [TENON_STATUS_SYSTEM] = "system",   [TENON_STATUS_MISSING] = "missing",
        [TENON_STATUS_REFUSED] = "refused", [TENON_STATUS_ERROR] = "error",
    };
    return (size_t)status < TN_COUNT(names) ? names[status] : "unknown";
}
