/* src/resolve/graph.c - the answer about one process, and how it is read */
#include "fail.h"
#include "process.h"
#include "resolver.h"

#include <assert.h>
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

/* The edges of an object and those that arose late, in a place of their own. */
static const int32_t *join_needs(const tenon_graph *graph, const tenon_resolver *r,
                                 const struct tn_object *o, int32_t **room)
{
    int32_t *out = *room;
    size_t n = o->edge_count;
    for (size_t k = 0; k < n; k++)
        out[k] = row_of(graph, r->edges[o->first_edge + k]);
    for (size_t k = 0; k < r->late_count; k++)
        if (&r->objects[r->late_edges[k].from] == o)
            out[n++] = row_of(graph, r->late_edges[k].to);
    *room += n;
    return out;
}

/* What objects need, as rows: all edges first, as they stand, then room for join_needs(). */
struct needs {
    int32_t *all, *room;
};

static bool map_needs(struct needs *needs, tenon_graph *graph, const tenon_resolver *r)
{
    size_t joined = r->late_count ? r->edge_count + r->late_count : 0;
    needs->all = tn_arena_room(&graph->arena, r->edge_count + joined + 1, sizeof *needs->all);
    if (!needs->all)
        return false;
    for (size_t k = 0; k < r->edge_count; k++)
        needs->all[k] = row_of(graph, r->edges[k]);
    needs->room = needs->all + r->edge_count;
    return true;
}

static const int32_t *needs_from(struct needs *needs, const tenon_graph *graph,
                                 const tenon_resolver *r, const struct tn_object *o)
{
    return o->late_count ? join_needs(graph, r, o, &needs->room) : needs->all + o->first_edge;
}

static void fill_row(tenon_graph *graph, const tenon_resolver *r, int32_t object,
                     struct needs *needs)
{
    const struct tn_object *o = &r->objects[object];
    int32_t row = graph->row_of[object];
    struct tn_node *node = o->node == TN_NO_NODE ? NULL : r->nodes[o->node];
    graph->rows[row] =
        (struct tn_row){ .search = o->search, .node = node, .number = o->node, .object = object };
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
        .needs = needs_from(needs, graph, r, o),
        .need_count = o->edge_count + o->late_count,
        .reason = o->reason,
        .optional = o->optional,
        .is_interpreter = o->is_interpreter,
        .opens_stack = o->opens_stack,
    };
}

/* What the object at a row needs, as rows; the file itself too. */
const int32_t *tn_graph_needs(const tenon_graph *graph, int32_t row, size_t *count)
{
    *count = row == TENON_THE_FILE ? graph->need_count : graph->libraries[row].need_count;
    return row == TENON_THE_FILE ? graph->needs : graph->libraries[row].needs;
}

/* One need, turned round. */
struct asked {
    int32_t row, asker;
};

/* Rooms for turning edges round, by row. */
struct turning {
    int32_t *last;  /* who asked last */
    size_t *counts; /* how many asked; then where the next goes */
    struct asked *asked;
};

/* Every need of a library, in load order of the askers and each asker once. */
static size_t list_asked(const tenon_graph *graph, const tenon_resolver *r,
                         const struct turning *turning)
{
    size_t n = 0, count;
    for (size_t i = 0; i < r->order_count; i++) {
        int32_t asker = graph->row_of[r->order[i]];
        const int32_t *needs = tn_graph_needs(graph, asker, &count);
        for (size_t k = 0; k < count; k++) {
            int32_t row = needs[k];
            if (row < 0 || turning->last[row] == asker)
                continue;
            turning->last[row] = asker;
            turning->counts[row]++;
            turning->asked[n++] = (struct asked){ row, asker };
        }
    }
    return n;
}

/* Who asked for each row: the edges turned round. */
static bool turn_edges(tenon_graph *graph, const tenon_resolver *r)
{
    size_t edges = r->edge_count + r->late_count, rows = graph->count + 1, next = 0;
    struct turning turning = {
        .last = tn_arena_room(&graph->arena, rows, sizeof *turning.last),
        .counts = tn_arena_room(&graph->arena, rows, sizeof *turning.counts),
        .asked = tn_arena_room(&graph->arena, edges + 1, sizeof *turning.asked),
    };
    int32_t *askers = tn_arena_room(&graph->arena, edges + 1, sizeof *askers);
    if (!turning.last || !turning.counts || !turning.asked || !askers)
        return false;
    for (size_t i = 0; i < graph->count; i++) {
        turning.last[i] = TENON_NOBODY;
        turning.counts[i] = 0;
    }
    size_t n = list_asked(graph, r, &turning);
    for (size_t i = 0; i < graph->count; i++) {
        size_t count = turning.counts[i];
        graph->libraries[i].needed_by = askers + next;
        graph->libraries[i].needed_by_count = count;
        turning.counts[i] = next;
        next += count;
    }
    for (size_t i = 0; i < n; i++)
        askers[turning.counts[turning.asked[i].row]++] = turning.asked[i].asker;
    return true;
}

static bool fill(tenon_graph *graph, tenon_resolver *r)
{
    const struct tn_object *program = &r->objects[TN_PROGRAM];
    struct needs needs;
    if (!number_rows(graph, r) || !map_needs(&needs, graph, r))
        return false;
    graph->libraries = tn_arena_room(&graph->arena, graph->count + 1, sizeof *graph->libraries);
    graph->rows = tn_arena_room(&graph->arena, graph->count + 1, sizeof *graph->rows);
    if (!graph->libraries || !graph->rows)
        return false;
    graph->needs = needs_from(&needs, graph, r, program);
    graph->need_count = program->edge_count + program->late_count;
    for (size_t i = 0; i < r->order_count; i++)
        if (r->order[i] != TN_PROGRAM)
            fill_row(graph, r, r->order[i], &needs);
    return turn_edges(graph, r);
}

/*
 * True when an attempt of this process was by the rule that the target's remark is about. A rule
 * that was passed over had no part: what it goes by may have been read for another process only.
 */
static bool has_remark(const tenon_graph *graph, const struct tn_target *target)
{
    for (size_t i = 0; target->remark && i < graph->count; i++) {
        const struct tn_search *search = graph->rows[i].search;
        for (size_t k = 0; search && k < search->attempt_count; k++)
            if (search->attempts[k].rule == target->remark_rule &&
                search->attempts[k].outcome != TENON_OUTCOME_NOT_CONSULTED)
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

/* Has a secure process of this program others of its ways to look than this one? */
static bool secure_matters(const tenon_graph *graph, const tenon_resolver *r)
{
    const struct tn_facts *facts = graph->program->facts;
    if (!graph->loader->secure_variables || !r->program_started || r->target->target.secure)
        return false;
    return r->target->has_variable || has_audit(graph, r) ||
           (facts->rpath && strchr(facts->rpath, '$')) ||
           (facts->runpath && strchr(facts->runpath, '$'));
}

/*
 * Whoever starts a program that gives him rights gets a secure process, in which the loader passes
 * over some of what counts here. Who that will be is not known.
 * rule  ld.so(8), "Secure-execution mode"; Linux fs/exec.c, bprm_fill_uid(); capabilities(7), "File
 *       capabilities"
 */
static const char *gains_rights(const tenon_graph *graph, const tenon_resolver *r)
{
    if (!secure_matters(graph, r))
        return NULL;
    if (tn_is_set_id(graph->program->info.mode))
        return "it is set-user-ID or set-group-ID: started by another than its owner, "
               "the process is secure; --setuid tells what is loaded then";
    return tn_world_has_capabilities(r->world, graph->program_path)
               ? "it has file capabilities: started by another than root, the process is secure; "
                 "--setuid tells what is loaded then"
               : NULL;
}

void tn_graph_remark(tenon_graph *graph, const char *text)
{
    size_t n = 0;
    while (graph->remarks[n])
        n++;
    assert(n + 1 < TN_COUNT(graph->remarks));
    graph->remarks[n] = text;
}

static void add_remarks(tenon_graph *graph, const tenon_resolver *r)
{
    if (has_remark(graph, &r->target->target))
        tn_graph_remark(graph, r->target->target.remark);
    if (has_audit(graph, r))
        tn_graph_remark(graph, "audit modules are loaded apart from the program and are not shown");
    const char *rights = gains_rights(graph, r);
    if (rights)
        tn_graph_remark(graph, rights);
    if ((r->flags & TENON_RESOLVE_SYMBOLS) && !graph->loader->binds_symbols &&
        !graph->loader->binds_imports)
        tn_graph_remark(graph, "who provides each symbol is not known for this loader");
}

/* What the loader has against the program itself. */
static bool judge_program(tenon_graph *graph, const tenon_resolver *r, tenon_error *err)
{
    const struct tn_judgement judged = tn_program_judge(r, graph->program);
    if (judged.action == TN_ACCEPT)
        return true;
    graph->reason = tn_arena_format(&graph->arena, "%s: %s", graph->program_path, judged.detail);
    return graph->reason || tn_no_memory(err);
}

/* Refused is worse than missing: that file is there. */
static enum tenon_status worst(const tenon_graph *graph)
{
    enum tenon_status status = graph->reason ? TENON_STATUS_REFUSED : TENON_STATUS_OK;
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
    if (r->target->target.loader->compare_versions && !tn_graph_compare_libraries(graph, err))
        return false;
    if ((r->flags & TENON_RESOLVE_SYMBOLS) && graph->loader->binds_symbols &&
        !tn_graph_bind_symbols(graph, err))
        return false;
    if ((r->flags & TENON_RESOLVE_SYMBOLS) && graph->loader->binds_imports &&
        !tn_graph_bind_imports(graph, err))
        return false;
    return !(r->flags & TENON_RESOLVE_DLOPEN) || tn_graph_find_dlopens(graph, err);
}

/* `starts`: the program does; it was judged when one that runs did. */
static tenon_graph *make(tenon_resolver *r, uint32_t file, bool starts, tenon_error *err)
{
    tenon_graph *graph = calloc(1, sizeof *graph);
    if (!graph) {
        tn_no_memory(err);
        return NULL;
    }
    const struct tn_object *program = &r->objects[TN_PROGRAM];
    graph->arena = r->spare;
    r->spare = (struct tn_arena){ 0 };
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
        if ((starts && !judge_program(graph, r, err)) || !find_out(graph, r, err)) {
            tenon_graph_free(graph);
            return NULL;
        }
    } else if (r->flags & TENON_RESOLVE_DLOPEN) {
        graph->remarks[0] = "a static program opens libraries, if any, with a loader of its own: "
                            "they are not looked for; tenon show --dlopen lists the names in it";
    }
    graph->status = worst(graph);
    graph->passing = r->passing.arena;
    r->passing.arena = r->spare_passing;
    r->spare_passing = (struct tn_arena){ 0 };
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
    return tn_process_file(r, file, err) ? make(r, file, true, err) : NULL;
}

tenon_graph *tenon_resolve_state(tenon_resolver *r, const tenon_state *state, tenon_error *err)
{
    r->asked = true;
    return tn_process_state(r, state, err) ? make(r, r->objects[TN_PROGRAM].path, false, err)
                                           : NULL;
}

/* The next graph can have the room of one that is gone. */
static void give_back(struct tn_arena *arena, struct tn_arena *spare)
{
    if (spare->blocks) {
        tn_arena_free(arena);
        return;
    }
    tn_arena_reset(arena);
    *spare = *arena;
}

void tenon_graph_free(tenon_graph *graph)
{
    if (!graph)
        return;
    give_back(&graph->arena, &graph->resolver->spare);
    give_back(&graph->passing, &graph->resolver->spare_passing);
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
    if (count)
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

const char *tenon_graph_reason(const tenon_graph *graph)
{
    return graph->reason;
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
