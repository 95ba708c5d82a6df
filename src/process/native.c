/*
 * src/process/native.c - what the system's loader would make of the plan
 *
 * The resolver is asked with the process as its state and the plugins' code as files of its world:
 * the same search that `tenon why` explains. Each plugin is one request, in load order.
 */
#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "job.h"
#include "native_words.h"

#define NOBODY UINT32_MAX

/* ---- whose code names another plugin's ------------------------------------------------------ */

/* The prospect that brings a library of that own name; NOBODY: none. */
static uint32_t bringer_of(const struct tn_job *job, const char *name)
{
    for (uint32_t i = 0; i < job->count; i++)
        for (size_t k = 0; k < job->prospects[i].code_count; k++) {
            const char *own = job->prospects[i].codes[k].holding->own_name;
            if (own && strcmp(own, name) == 0)
                return i;
        }
    return NOBODY;
}

static bool brings(const struct tn_prospect *p, const char *name)
{
    for (size_t k = 0; k < p->code_count; k++)
        if (p->codes[k].holding->own_name && strcmp(p->codes[k].holding->own_name, name) == 0)
            return true;
    return false;
}

bool tn_native_needs(struct tn_job *job, tenon_error *err)
{
    for (size_t i = 0; i < job->count; i++) {
        const struct tn_prospect *p = &job->prospects[i];
        for (size_t k = 0; k < p->code_count; k++) {
            const struct tn_holding *h = p->codes[k].holding;
            for (size_t n = 0; n < h->need_count; n++) {
                uint32_t whom = brings(p, h->needs[n]) ? NOBODY : bringer_of(job, h->needs[n]);
                if (whom != NOBODY && !tn_plan_need(&job->plan, i, whom))
                    return tn_no_memory(err);
            }
        }
    }
    return true;
}

/* ---- the question --------------------------------------------------------------------------- */

/* One question and its answer. */
struct answer {
    struct tn_job *job;
    const tenon_graph *graph;
    struct tn_holding **there; /* what the resolver was told of, the program first */
    size_t there_count;
    size_t count;                /* rows */
    uint32_t *owner;             /* by row: the candidate it was loaded for; NOBODY: it is there */
    struct tn_holding **holding; /* by row: of the process or of a plugin; NULL: of the system */
    uint32_t *stamp;             /* by row: the last closure it was met in */
    uint32_t *queue;
    size_t queue_count;
};

/* Units of it are required by a plugin of the plan. */
static bool is_required(const struct tn_job *job, const struct tn_holding *h)
{
    const tenon_unit *unit;
    for (size_t i = 0; (unit = tn_holding_unit(h, i)); i++)
        for (size_t c = 0; c < job->plan.order_count; c++) {
            const struct tn_candidate *k = &job->plan.candidates[job->plan.order[c]];
            for (size_t r = 0; r < k->require_count; r++)
                if (k->requires[r].kind == unit->kind &&
                    strcmp(k->requires[r].name, unit->name) == 0)
                    return true;
        }
    return false;
}

/*
 * Code of a plugin that is loaded apart, has no name to be needed by, and holds nothing that is
 * required, can answer nobody: a process may have thousands of those.
 */
static bool matters(const struct tn_job *job, const struct tn_holding *h)
{
    return h->reason != TENON_BY_PLUGIN || h->serves_all || h->own_name || is_required(job, h);
}

/* What the resolver is told of the process, in the loader's order. */
static bool choose(struct answer *a, tenon_error *err)
{
    const struct tn_registry *registry = &a->job->process->registry;
    a->there = calloc(registry->count + 1, sizeof *a->there);
    if (!a->there)
        return tn_no_memory(err);
    for (size_t i = 0; i < registry->count; i++)
        if (matters(a->job, registry->holdings[i])) {
            registry->holdings[i]->row = (uint32_t)a->there_count;
            a->there[a->there_count++] = registry->holdings[i];
        }
    return true;
}

/* The object whose code calls dlopen(): its run path counts for what has none of its own. */
static int32_t caller_of(const struct answer *a)
{
    for (size_t i = 0; i < a->there_count; i++)
        if (a->there[i]->is_caller)
            return (int32_t)i;
    return 0;
}

/* Who caused it, as the resolver counts. */
static int32_t cause_of(const struct answer *a, const struct tn_holding *h)
{
    const struct tn_registry *registry = &a->job->process->registry;
    return h->loaded_by < 0 ? 0 : (int32_t)registry->holdings[h->loaded_by]->row;
}

/* Under musl a name without a path finds only what a search has found: the program's own needs. */
static const char *asked_name(const struct tn_holding *holding)
{
    const char *slash = strrchr(holding->path, '/');
    if (holding->name)
        return holding->name;
    return holding->serves_all ? slash ? slash + 1 : holding->path : NULL;
}

static bool describe(const struct answer *a, tenon_state *state, tenon_error *err)
{
    for (size_t i = 0; i < a->there_count; i++) {
        const struct tn_holding *h = a->there[i];
        const tenon_loaded object = { .source.path = h->path,
                                      .name = i ? asked_name(h) : NULL,
                                      .reason = "in the process",
                                      .build_id = h->base ? h->build_id : NULL,
                                      .loaded_by = i ? cause_of(a, h) : TENON_THE_FILE };
        if (!tenon_state_add(state, &object, err))
            return false;
    }
    return true;
}

static bool request(const struct answer *a, tenon_state *state, tenon_error *err)
{
    const struct tn_job *job = a->job;
    int32_t caller = caller_of(a);
    for (size_t i = 0; i < job->plan.order_count; i++) {
        const struct tn_prospect *p = &job->prospects[job->plan.order[i]];
        for (size_t k = 0; k < p->code_count; k++)
            if (!p->codes[k].shared &&
                !tenon_state_request(state, p->codes[k].path, caller, 0, err))
                return false;
    }
    return true;
}

/* ---- the answer, row by row ----------------------------------------------------------------- */

static const struct tn_prospect *owner_of(const struct answer *a, int32_t row)
{
    return row < 0 || a->owner[row] == NOBODY ? NULL : &a->job->prospects[a->owner[row]];
}

static bool is_found(const tenon_library *library)
{
    return library->status == TENON_STATUS_FOUND;
}

/* The code of a prospect at that path. */
static struct tn_code *code_at(struct tn_prospect *p, const char *path)
{
    for (size_t k = 0; path && k < p->code_count; k++)
        if (strcmp(p->codes[k].path, path) == 0)
            return &p->codes[k];
    return NULL;
}

/*
 * Requests are answered in order, so that what a plugin brings stands behind its own first request
 * and before that of the next one.
 */
static void assign(struct answer *a)
{
    const struct tn_registry *registry = &a->job->process->registry;
    size_t at = 0;
    uint32_t current = NOBODY;
    for (size_t row = 0; row < a->count; row++) {
        const tenon_library *library = tenon_graph_library(a->graph, row);
        if (library->flavour == TENON_NEED_DLOPEN) {
            for (size_t i = at; i < a->job->plan.order_count; i++) {
                struct tn_prospect *p = &a->job->prospects[a->job->plan.order[i]];
                if (code_at(p, library->name)) {
                    current = a->job->plan.order[i];
                    at = i;
                    break;
                }
            }
        }
        a->owner[row] = current;
        if (current == NOBODY) {
            a->holding[row] = row + 1 < a->there_count ? a->there[row + 1] : NULL;
            if (!a->holding[row] || !library->path ||
                strcmp(a->holding[row]->path, library->path) != 0)
                a->holding[row] =
                    library->path ? tn_registry_at_path(registry, library->path) : NULL;
        } else {
            struct tn_code *code = code_at(&a->job->prospects[current], library->path);
            a->holding[row] = code ? code->holding : NULL;
        }
    }
}

/* What does not load. */
static void check_libraries(struct answer *a)
{
    for (size_t row = 0; row < a->count; row++) {
        const tenon_library *library = tenon_graph_library(a->graph, row);
        if (is_found(library) || library->optional || a->owner[row] == NOBODY)
            continue;
        uint32_t last = NOBODY;
        if (library->flavour == TENON_NEED_DLOPEN) {
            tn_say_library(a->job, a->owner[row], a->graph, row, TENON_THE_FILE);
            continue;
        }
        for (size_t k = 0; k < library->needed_by_count; k++) {
            int32_t by = library->needed_by[k];
            uint32_t owner = by < 0 ? NOBODY : a->owner[by];
            if (owner != NOBODY && owner != last)
                tn_say_library(a->job, owner, a->graph, row, by);
            last = owner;
        }
    }
}

static void check_versions(struct answer *a)
{
    for (size_t i = 0; i < tenon_graph_missing_version_count(a->graph); i++) {
        const tenon_missing_version *missing = tenon_graph_missing_version(a->graph, i);
        const struct tn_prospect *p = owner_of(a, missing->needed_by);
        if (p && missing->fatal)
            tn_say_version(a->job, a->owner[missing->needed_by], a->graph, missing);
    }
}

/* ---- who sees whose symbols ----------------------------------------------------------------- */

/* The row of what answers to a name among objects of the process; -1: none. */
static int32_t row_named(const struct answer *a, const char *name)
{
    for (size_t row = 0; row < a->count; row++) {
        const struct tn_holding *h = a->holding[row];
        if (h && h->own_name && strcmp(h->own_name, name) == 0)
            return (int32_t)row;
    }
    return -1;
}

static void visit(struct answer *a, int32_t row, uint32_t stamp)
{
    if (row < 0 || a->stamp[row] == stamp)
        return;
    a->stamp[row] = stamp;
    a->queue[a->queue_count++] = (uint32_t)row;
}

/*
 * Marks what a plugin's code sees besides the global scope: its own images and all that they need.
 * rule  glibc elf/dl-open.c, the local scope of a dlopen()ed object; musl treats it alike
 */
static void mark_closure(struct answer *a, uint32_t number)
{
    const struct tn_prospect *p = &a->job->prospects[number];
    uint32_t stamp = number + 1;
    a->queue_count = 0;
    for (size_t row = 0; row < a->count; row++)
        if (a->owner[row] == number && a->holding[row])
            visit(a, (int32_t)row, stamp);
    for (size_t k = 0; k < p->code_count; k++)
        if (p->codes[k].shared && p->codes[k].holding->own_name)
            visit(a, row_named(a, p->codes[k].holding->own_name), stamp);
    for (size_t i = 0; i < a->queue_count; i++) {
        uint32_t row = a->queue[i];
        const tenon_library *library = tenon_graph_library(a->graph, row);
        for (size_t k = 0; k < library->need_count; k++)
            visit(a, library->needs[k], stamp);
        for (size_t k = 0;
             a->owner[row] == NOBODY && a->holding[row] && k < a->holding[row]->need_count; k++)
            visit(a, row_named(a, a->holding[row]->needs[k]), stamp);
    }
}

static bool sees(const struct answer *a, int32_t row, uint32_t number)
{
    if (row == TENON_THE_FILE || a->stamp[row] == number + 1)
        return true;
    return a->owner[row] == NOBODY && a->holding[row] && a->holding[row]->serves_all;
}

/* Does the file define the symbol for others, at that version? */
static bool image_exports(const tenon_image *image, const tenon_symbol_binding *binding)
{
    const tenon_symbol *symbol;
    for (size_t i = 0; (symbol = tenon_image_export(image, i)); i++)
        if (strcmp(symbol->name, binding->symbol) == 0 &&
            (!binding->version || !symbol->version ||
             strcmp(symbol->version, binding->version) == 0))
            return true;
    return false;
}

/* Another object that the plugin sees defines it as well. */
static bool has_other_provider(struct answer *a, uint32_t number,
                               const tenon_symbol_binding *binding)
{
    bool found = false;
    for (size_t row = 0; !found && row < a->count; row++) {
        const tenon_library *library = tenon_graph_library(a->graph, row);
        if (!is_found(library) || !sees(a, (int32_t)row, number))
            continue;
        tenon_error why = TENON_ERROR_INIT;
        tenon_image *image =
            tenon_image_open(a->job->world, library->path, TENON_PART_SYMBOLS, &why);
        a->job->report->no_memory |= why.code == TENON_E_MEMORY;
        found = image && image_exports(image, binding);
        tenon_image_free(image);
    }
    return found;
}

/* Does the plugin stand on the one that provides a symbol, by what it requires? */
static bool requires_owner(const struct answer *a, uint32_t number, int32_t provider)
{
    const struct tn_candidate *c = &a->job->plan.candidates[number];
    const struct tn_holding *h = a->holding[provider];
    const tenon_unit *unit;
    for (size_t k = 0; a->owner[provider] != NOBODY && k < c->need_count; k++)
        if (c->needs[k] == a->owner[provider])
            return true;
    for (size_t k = 0; h && k < c->require_count; k++)
        for (size_t i = 0; (unit = tn_holding_unit(h, i)); i++)
            if (unit->kind == c->requires[k].kind && strcmp(unit->name, c->requires[k].name) == 0)
                return true;
    return false;
}

/* What provides it must serve everybody, as the plugin requires it without naming its file. */
static void promote(struct answer *a, int32_t provider)
{
    if (a->owner[provider] != NOBODY)
        a->job->prospects[a->owner[provider]].serves_all = true;
    else if (a->holding[provider])
        a->holding[provider]->must_serve = true;
}

static void check_binding(struct answer *a, uint32_t number, const tenon_symbol_binding *binding)
{
    if (!binding->found) {
        if (!binding->weak)
            tn_say_symbol(a->job, number, a->graph, binding, NULL);
        return;
    }
    if (sees(a, binding->provider, number) || binding->weak ||
        has_other_provider(a, number, binding))
        return;
    if (requires_owner(a, number, binding->provider))
        promote(a, binding->provider);
    else
        tn_say_symbol(a->job, number, a->graph, binding,
                      tenon_graph_library(a->graph, (size_t)binding->provider)->path);
}

static void check_bindings(struct answer *a)
{
    uint32_t current = NOBODY;
    for (size_t i = 0; i < tenon_graph_binding_count(a->graph); i++) {
        const tenon_symbol_binding *binding = tenon_graph_binding(a->graph, i);
        uint32_t owner = binding->needed_by < 0 ? NOBODY : a->owner[binding->needed_by];
        if (owner == NOBODY)
            continue;
        if (owner != current)
            mark_closure(a, owner);
        current = owner;
        check_binding(a, owner, binding);
    }
}

/* ---- static TLS ----------------------------------------------------------------------------- */

/*
 * Room that glibc keeps in the static block for what is loaded later. How much is used up cannot be
 * asked; what was loaded later with such a demand is added up. musl keeps none.
 *
 * rule  glibc elf/dl-tls.c, _dl_tls_static_surplus_init(): 3 * 192 + 4 * 144 + 512 with the
 *       default tunables; musl ldso/dynlink.c, "initial-exec TLS resolves to dynamic definition"
 */
#define GLIBC_SURPLUS 1664u

static void check_tls(struct answer *a)
{
    bool musl = a->job->process->triple.libc && strcmp(a->job->process->triple.libc, "musl") == 0;
    uint64_t room = musl ? 0 : GLIBC_SURPLUS, used = 0;
    for (size_t row = 0; row < a->count; row++) {
        struct tn_holding *h = a->holding[row];
        if (!h || !h->has_static_tls || h->serves_all)
            continue;
        if (!h->tls_size)
            h->tls_size = tn_tls_size(a->job->world, h->path);
        used += h->tls_size;
        if (a->owner[row] != NOBODY && h->tls_size && used > room)
            tn_say_tls(a->job, a->owner[row], h, used, room);
    }
}

/* ---- what the system adds ------------------------------------------------------------------- */

static struct tn_holding *system_library(struct answer *a, size_t row, tenon_error *err)
{
    const tenon_library *library = tenon_graph_library(a->graph, row);
    struct tn_holding *h = tn_holding_new(library->path, err);
    if (!h)
        return NULL;
    h->reason = TENON_FOR_PLUGIN;
    h->plugin = tn_arena_string(&h->arena, a->job->prospects[a->owner[row]].name);
    if (!h->plugin || !tn_holding_read_image(h, a->job->world, NULL)) {
        tn_holding_free(h);
        tn_no_memory(err);
        return NULL;
    }
    tn_holding_file(h, a->job->world);
    return h;
}

/* Every row that is found, new and of no bundle gets a holding of the job. */
static bool take_system(struct answer *a, tenon_error *err)
{
    struct tn_job *job = a->job;
    for (size_t row = 0; row < a->count; row++) {
        const tenon_library *library = tenon_graph_library(a->graph, row);
        if (a->owner[row] == NOBODY || a->holding[row] || !is_found(library) ||
            library->is_interpreter)
            continue;
        if (!tn_grow(&job->brought, &job->brought_room, job->brought_count, sizeof *job->brought))
            return tn_no_memory(err);
        a->holding[row] = system_library(a, row, err);
        if (!a->holding[row])
            return false;
        a->holding[row]->row = (uint32_t)row;
        job->brought[job->brought_count++] = a->holding[row];
    }
    return true;
}

/* Which of them each plugin needs, by its closure. */
static bool list_brought(struct answer *a, tenon_error *err)
{
    struct tn_job *job = a->job;
    for (size_t i = 0; i < job->plan.order_count; i++) {
        uint32_t number = job->plan.order[i];
        struct tn_candidate *c = &job->plan.candidates[number];
        uint32_t *list =
            tn_arena_rows(&job->prospects[number].arena, job->brought_count + 1, sizeof *list);
        if (!list)
            return tn_no_memory(err);
        mark_closure(a, number);
        for (uint32_t k = 0; k < job->brought_count; k++)
            if (a->stamp[job->brought[k]->row] == number + 1)
                list[c->brought_count++] = k;
        c->brought = list;
    }
    return true;
}

/* ---- all of it ------------------------------------------------------------------------------ */

static bool read_answer(struct answer *a, tenon_error *err)
{
    a->count = tenon_graph_count(a->graph);
    a->owner = calloc(a->count + 1, sizeof *a->owner);
    a->stamp = calloc(a->count + 1, sizeof *a->stamp);
    a->queue = calloc(a->count + 1, sizeof *a->queue);
    a->holding = calloc(a->count + 1, sizeof *a->holding);
    if (!a->owner || !a->stamp || !a->queue || !a->holding)
        return tn_no_memory(err);
    assign(a);
    check_libraries(a);
    check_versions(a);
    check_bindings(a);
    memset(a->stamp, 0, a->count * sizeof *a->stamp);
    return (!a->job->brought_count || tn_fail(err, TENON_E_ARGUMENT, "checked twice")) &&
           take_system(a, err) && list_brought(a, err) && (check_tls(a), true);
}

static void free_answer(struct answer *a)
{
    free(a->there);
    free(a->owner);
    free(a->stamp);
    free(a->queue);
    free(a->holding);
}

/* An object of the process whose file cannot be read: nothing can then be said of symbols. */
static bool cannot_tell(struct tn_job *job, const tenon_error *why, tenon_error *err)
{
    if (why->code == TENON_E_MEMORY)
        return tn_no_memory(err);
    tn_report_find(job->report,
                   (struct tn_about){ .kind = TENON_FINDING_REFUSED_LIBRARY, .refuses = true },
                   "the process cannot be judged: %s", tenon_error_message(why));
    return true;
}

bool tn_native_check(struct tn_job *job, tenon_error *err)
{
    tenon_error why = TENON_ERROR_INIT;
    tenon_resolver *resolver = tenon_resolver_new(job->world, err);
    tenon_state *state = resolver ? tenon_state_new(err) : NULL;
    struct answer a = { .job = job };
    bool good = state && choose(&a, err) && describe(&a, state, err) && request(&a, state, err);
    if (good) {
        tenon_resolver_set_flags(resolver, TENON_RESOLVE_SYMBOLS);
        a.graph = tenon_resolve_state(resolver, state, &why);
        good = a.graph ? read_answer(&a, err) : cannot_tell(job, &why, err);
    }
    free_answer(&a);
    tenon_graph_free((tenon_graph *)a.graph);
    tenon_state_free(state);
    tenon_resolver_free(resolver);
    return good;
}
