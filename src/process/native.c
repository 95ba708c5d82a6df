/*
 * src/process/native.c - what the system's loader would make of the plan
 *
 * The resolver is asked with the process as its state and the plugins' code as files of its world:
 * the same search that `tenon why` explains. Each plugin is one request, in load order.
 */
#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "native_private.h"

/* ---- whose code names another plugin's ------------------------------------------------------ */

/* Who brings a library, by its own name. */
struct bringers {
    struct tn_slots slots; /* to numbers of prospects */
    const struct tn_job *job;
};

static uint32_t hash_of(const struct bringers *b, const char *name)
{
    return tn_hash(b->job->seed, 0, name, strlen(name));
}

static bool brings(const struct tn_prospect *p, const char *name)
{
    for (size_t k = 0; k < p->code_count; k++)
        if (p->codes[k].holding->own_name && strcmp(p->codes[k].holding->own_name, name) == 0)
            return true;
    return false;
}

/* The best of those that bring a library of that own name; TN_NOBODY_HERE: none does. */
static uint32_t bringer_of(const struct bringers *b, const char *name)
{
    uint32_t best = TN_NOBODY_HERE, number;
    uint32_t hash = b->slots.used ? hash_of(b, name) : 0;
    size_t at = tn_slots_at(&b->slots, hash);
    while ((number = tn_slots_next(&b->slots, hash, &at)) != UINT32_MAX)
        if (brings(&b->job->prospects[number], name) &&
            (best == TN_NOBODY_HERE || tn_plan_prefers(&b->job->plan, number, best)))
            best = number;
    return best;
}

static bool list_bringers(struct bringers *b)
{
    for (uint32_t i = 0; i < b->job->count; i++)
        for (size_t k = 0; k < b->job->prospects[i].code_count; k++) {
            const char *own = b->job->prospects[i].codes[k].holding->own_name;
            if (own && !tn_slots_add(&b->slots, hash_of(b, own), i))
                return false;
        }
    return true;
}

/* The process has it, under the name by which it is asked for. */
static bool is_there(const struct tn_job *job, const char *name)
{
    const struct tn_registry *registry = &job->process->registry;
    for (size_t i = 0; i < registry->count; i++)
        if (tn_holding_answers(registry->holdings[i], name))
            return true;
    return false;
}

static bool find_bringers(struct tn_job *job, const struct bringers *b, uint32_t number)
{
    const struct tn_prospect *p = &job->prospects[number];
    for (size_t k = 0; k < p->code_count; k++) {
        const struct tn_holding *h = p->codes[k].holding;
        for (size_t n = 0; n < h->need_count; n++) {
            uint32_t whom = brings(p, h->needs[n]) ? TN_NOBODY_HERE : bringer_of(b, h->needs[n]);
            if (whom != TN_NOBODY_HERE && !is_there(job, h->needs[n]) &&
                !tn_plan_need(&job->plan, number, whom))
                return false;
        }
    }
    return true;
}

bool tn_native_needs(struct tn_job *job, tenon_error *err)
{
    struct bringers bringers = { .job = job };
    bool good = list_bringers(&bringers);
    for (uint32_t i = 0; good && bringers.slots.used && i < job->count; i++)
        good = find_bringers(job, &bringers, i);
    tn_slots_free(&bringers.slots);
    return good || tn_no_memory(err);
}

/* ---- the question --------------------------------------------------------------------------- */

/* Units of it are required by a plugin of the plan. */
static bool is_required(const struct tn_job *job, const struct tn_holding *h)
{
    const tenon_unit *unit;
    for (size_t i = 0; (unit = tn_holding_unit(h, i)); i++)
        for (size_t c = 0; c < job->plan.order_count; c++) {
            const struct tn_candidate *k = &job->plan.candidates[job->plan.order[c]];
            for (size_t r = 0; r < k->required_count; r++)
                if (k->required[r].kind == unit->kind &&
                    strcmp(k->required[r].name, unit->name) == 0)
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
static bool choose(struct tn_answer *a, tenon_error *err)
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
static int32_t caller_of(const struct tn_answer *a)
{
    for (size_t i = 0; i < a->there_count; i++)
        if (a->there[i]->is_caller)
            return (int32_t)i;
    return 0;
}

/* Who caused it, as the resolver counts. */
static int32_t cause_of(const struct tn_answer *a, const struct tn_holding *h)
{
    const struct tn_registry *registry = &a->job->process->registry;
    return h->loaded_by < 0 ? 0 : (int32_t)registry->holdings[h->loaded_by]->row;
}

/* Under musl a name without a path finds only what a search has found: the program's own needs.
 * What serves everybody since later was opened by its path. */
static const char *asked_name(const struct tn_holding *holding)
{
    const char *slash = strrchr(holding->path, '/');
    if (holding->name)
        return holding->name;
    return holding->reason == TENON_IN_HOST ? slash ? slash + 1 : holding->path : NULL;
}

static bool describe(const struct tn_answer *a, tenon_state *state, tenon_error *err)
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

static bool request(const struct tn_answer *a, tenon_state *state, tenon_error *err)
{
    const struct tn_job *job = a->job;
    int32_t caller = caller_of(a);
    for (size_t i = 0; i < job->plan.order_count; i++) {
        const struct tn_prospect *p = &job->prospects[job->plan.order[i]];
        const struct tn_code *own = &p->codes[p->code_count - 1];
        if (p->own_first && !tenon_state_request(state, own->path, caller, 0, err))
            return false;
        for (size_t k = 0; k < p->code_count - p->own_first; k++)
            if (!p->codes[k].shared &&
                !tenon_state_request(state, p->codes[k].path, caller, 0, err))
                return false;
    }
    return true;
}

/* ---- all of it ------------------------------------------------------------------------------ */

/* Where a plugin that must come after another one does. False: no memory. */
static bool order_anew(struct tn_job *job)
{
    struct tn_plan *plan = &job->plan;
    free(plan->order);
    plan->order = NULL;
    plan->order_count = 0;
    if (!tn_plan_order(plan) || !tn_plan_leave_out(plan))
        return false;
    tn_job_share_anew(job);
    return true;
}

/* Of those that are refused all together nobody waits for another one. */
static bool find_needs(struct tn_answer *a)
{
    const struct tn_job *job = a->job;
    return (job->plan.each || tenon_report_ok(job->report)) && tn_answer_find_needs(a);
}

static bool begin_answer(struct tn_answer *a, tenon_error *err)
{
    a->count = tenon_graph_count(a->graph);
    a->owner = calloc(a->count + 1, sizeof *a->owner);
    a->stamp = calloc(a->count + 1, sizeof *a->stamp);
    a->queue = calloc(a->count + 1, sizeof *a->queue);
    a->holding = calloc(a->count + 1, sizeof *a->holding);
    if (!a->owner || !a->stamp || !a->queue || !a->holding)
        return tn_no_memory(err);
    tn_answer_assign(a);
    return true;
}

/* What of an answer becomes findings. *again: it is to be asked in another order. */
typedef bool reader(struct tn_answer *a, bool *again, tenon_error *err);

static bool read_answer(struct tn_answer *a, bool *again, tenon_error *err)
{
    *again = tn_answer_reorder(a);
    if (*again)
        return true;
    *again = find_needs(a);
    if (*again)
        return order_anew(a->job) || tn_no_memory(err);
    tn_answer_check_rows(a);
    tn_answer_check_bindings(a);
    if (!tn_answer_take_system(a, err))
        return false;
    tn_answer_take_along(a);
    tn_answer_check_mixed(a);
    tn_answer_check_tls(a);
    return true;
}

/* Whose symbols are whose is another loader's matter: all but that. */
static bool read_libraries(struct tn_answer *a, bool *again, tenon_error *err)
{
    *again = false;
    tn_answer_check_rows(a);
    if (!tn_answer_take_system(a, err))
        return false;
    tn_answer_take_along(a);
    tn_answer_check_tls(a);
    return true;
}

static void free_answer(struct tn_answer *a)
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

/* By a build id the resolver sees that a file is another one than what is in the process. */
static bool all_are_there(const struct tn_answer *a, tenon_error *why)
{
    for (size_t i = 0; i < a->there_count; i++) {
        struct tn_holding *h = a->there[i];
        if (h->base && !h->build_id && !tn_holding_check_file(h, a->job->world))
            return h->starved ? tn_no_memory(why)
                              : tn_fail(why, TENON_E_MALFORMED, "%s: %s", h->path, h->replaced);
    }
    return true;
}

/* Asks for all of it. *again: in another order it has to be asked once more. */
static bool ask(struct tn_job *job, unsigned flags, reader *read, bool *again, tenon_error *err)
{
    tenon_error why = TENON_ERROR_INIT;
    tenon_resolver *resolver = tenon_resolver_new(job->world, err);
    tenon_state *state = resolver ? tenon_state_new(err) : NULL;
    struct tn_answer a = { .job = job };
    tn_job_forget_brought(job);
    bool good = state && choose(&a, err) && describe(&a, state, err) && request(&a, state, err);
    if (good) {
        tenon_resolver_set_flags(resolver, flags);
        a.graph = all_are_there(&a, &why) ? tenon_resolve_state(resolver, state, &why) : NULL;
        good =
            a.graph ? begin_answer(&a, err) && read(&a, again, err) : cannot_tell(job, &why, err);
    }
    free_answer(&a);
    tenon_graph_free((tenon_graph *)a.graph);
    tenon_state_free(state);
    tenon_resolver_free(resolver);
    return good;
}

/* ---- each on its own ------------------------------------------------------------------------- */

/* The first in load order that is refused; NULL: none is. */
static struct tn_candidate *first_refused(const struct tn_plan *plan)
{
    for (size_t i = 0; i < plan->order_count; i++)
        if (plan->candidates[plan->order[i]].refused)
            return &plan->candidates[plan->order[i]];
    return NULL;
}

/* Takes back what was found about the others since the question. */
static void refuse_only(struct tn_plan *plan, const struct tn_candidate *first, size_t findings)
{
    for (size_t i = 0; i < plan->order_count; i++) {
        struct tn_candidate *c = &plan->candidates[plan->order[i]];
        c->refused = c == first;
    }
    tn_report_keep_only(plan->report, findings, first->name);
}

/*
 * With TENON_LOAD_EACH the first that is refused is left out, and the rest is asked about without
 * it: what it defines binds nobody, and what it lacks is no fault of others. With many of them all
 * that one answer refuses go together, which may be too strict and ends sooner.
 */
static bool leave_out_refused(struct tn_job *job, size_t findings, unsigned *round, bool *again)
{
    enum { ONE_BY_ONE = 16 };
    struct tn_plan *plan = &job->plan;
    struct tn_candidate *first = plan->each ? first_refused(plan) : NULL;
    *again = first && plan->order_count > 1;
    if (!*again)
        return true;
    if (++*round <= ONE_BY_ONE)
        refuse_only(plan, first, findings);
    if (!tn_plan_leave_out(plan))
        return false;
    tn_job_share_anew(job);
    return true;
}

/*
 * It is asked again when plugins, or their files, are to be opened in another order, and when one
 * is left out.
 */
bool tn_native_check(struct tn_job *job, tenon_error *err)
{
    unsigned round = 0;
    bool good, again;
    tn_native_order(job);
    do {
        size_t findings = job->report->count;
        again = false;
        good = ask(job, TENON_RESOLVE_SYMBOLS, read_answer, &again, err);
        if (good && !again && !leave_out_refused(job, findings, &round, &again))
            return tn_no_memory(err);
    } while (good && again);
    return good;
}

bool tn_native_libraries(struct tn_job *job, tenon_error *err)
{
    bool again = false;
    return ask(job, 0, read_libraries, &again, err);
}
