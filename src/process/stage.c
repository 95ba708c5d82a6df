/*
 * src/process/stage.c - plugins that come and go, as seen by those who ask meanwhile
 *
 * A plugin's start and stop, and the host's handler of events, run in the middle of a request and
 * may make requests of their own. So whatever is on its way is known as such before foreign code
 * runs: it is not loaded or unloaded once more, and nobody is given it as a thing to stand on
 * when it goes.
 */
#include "load.h"

#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "kept.h"

const char *tn_stage_words(enum tn_stage stage)
{
    static const char *const words[] = {
        [TN_STAGE_UP] = "is loaded",
        [TN_STAGE_OPENING] = "is being loaded",
        [TN_STAGE_LOADING] = "is being loaded",
        [TN_STAGE_UNLOADING] = "is being unloaded",
        [TN_STAGE_LEFT] = "was left half-way by an exception, and stays as it is",
    };
    return words[stage];
}

struct tn_loaded *tn_process_plugin_named(const tenon_process *process, const char *name)
{
    for (struct tn_loaded *loaded = process->loading; loaded; loaded = loaded->outer)
        if (strcmp(loaded->plugin.name, name) == 0)
            return loaded;
    for (size_t i = 0; i < process->plugin_count; i++)
        if (strcmp(process->plugins[i]->plugin.name, name) == 0)
            return process->plugins[i];
    return NULL;
}

const struct tn_loaded *tn_process_opening(const tenon_process *process)
{
    for (const struct tn_loaded *loaded = process->loading; loaded; loaded = loaded->outer)
        if (loaded->stage == TN_STAGE_OPENING)
            return loaded;
    return NULL;
}

static bool stands_on(const struct tn_loaded *who, const struct tn_loaded *whom)
{
    for (size_t k = 0; k < who->need_count; k++)
        if (who->needs[k] == whom)
            return true;
    return false;
}

struct tn_loaded *tn_process_user_of(const tenon_process *process, const struct tn_loaded *loaded)
{
    for (struct tn_loaded *user = process->loading; user; user = user->outer)
        if (stands_on(user, loaded))
            return user;
    for (size_t i = process->plugin_count; i-- > 0;)
        if (stands_on(process->plugins[i], loaded))
            return process->plugins[i];
    return NULL;
}

/* ---- going ---------------------------------------------------------------------------------- */

static void forget(tenon_process *process, const struct tn_loaded *loaded)
{
    size_t kept = 0;
    for (size_t i = 0; i < process->plugin_count; i++)
        if (process->plugins[i] != loaded)
            process->plugins[kept++] = process->plugins[i];
    process->plugin_count = kept;
}

static bool is_of(const struct tn_holding *holding, const struct tn_loaded *loaded)
{
    if (holding->reason == TENON_BY_PLUGIN && holding->plugin &&
        strcmp(holding->plugin, loaded->plugin.name) == 0)
        return true;
    for (size_t k = 0; k < loaded->image_count; k++) /* it may not have been registered */
        if (strcmp(holding->path, loaded->images[k].path) == 0)
            return true;
    return false;
}

/* Whoever has a plan made before makes it anew. */
void tn_process_leave_behind(tenon_process *process, const struct tn_loaded *loaded)
{
    struct tn_registry *registry = &process->registry;
    tn_kept_drop(process);
    for (size_t i = 0; i < registry->count; i++)
        if (!registry->holdings[i]->is_left && is_of(registry->holdings[i], loaded)) {
            registry->holdings[i]->is_left = true;
            registry->version++;
        }
}

void tn_process_take_out(tenon_process *process, struct tn_loaded *loaded, const void *request,
                         tenon_report *report)
{
    struct tn_execution x = tn_loaded_execution(loaded);
    loaded->stage = TN_STAGE_UNLOADING;
    loaded->request = request;
    tn_execute_undo(&x);
    forget(process, loaded);
    tn_process_leave_behind(process, loaded);
    tn_load_say_stays(report, loaded);
    tn_loaded_free(loaded);
}

/* Who stands on a plugin came after it, so that this comes to an end. */
bool tn_process_clear_users(tenon_process *process, const struct tn_loaded *loaded,
                            const void *request, tenon_report *report)
{
    struct tn_loaded *user;
    while ((user = tn_process_user_of(process, loaded))) {
        if (user->stage != TN_STAGE_UP || !tn_process_clear_users(process, user, request, report))
            return false;
        if (user->request != request)
            tn_report_find(report,
                           (struct tn_about){ .kind = TENON_FINDING_NEEDS_REFUSED,
                                              .plugin = user->plugin.name,
                                              .holders = { loaded->plugin.name } },
                           "plugin \"%s\" was unloaded again, too: it needs plugin \"%s\"",
                           user->plugin.name, loaded->plugin.name);
        tn_process_take_out(process, user, request, report);
    }
    return true;
}

static void leave(struct tn_loaded *loaded, const void *request)
{
    if (loaded->request != request)
        return;
    loaded->request = NULL;
    if (loaded->stage != TN_STAGE_UP)
        loaded->stage = TN_STAGE_LEFT;
}

void tn_process_leave(tenon_process *process, const void *request)
{
    for (struct tn_loaded *loaded = process->loading; loaded; loaded = loaded->outer)
        leave(loaded, request);
    for (size_t i = 0; i < process->plugin_count; i++)
        leave(process->plugins[i], request);
}

/* ---- what others may stand on --------------------------------------------------------------- */

static void find_mapped(struct tn_job *job, struct tn_holding *holding)
{
    for (size_t i = 0; i < job->count; i++)
        for (size_t k = 0; k < job->prospects[i].code_count; k++)
            if (strcmp(job->prospects[i].codes[k].path, holding->path) == 0)
                job->prospects[i].codes[k].mapped = holding;
}

/* Code of plugins that are up is nobody else's; all other code of plugins is in the cache. */
void tn_job_find_mapped(struct tn_job *job)
{
    const struct tn_registry *registry = &job->process->registry;
    for (size_t i = 0; i < registry->count; i++) {
        struct tn_holding *h = registry->holdings[i];
        bool is_up = h->reason == TENON_BY_PLUGIN && !h->is_left;
        if (!is_up && strncmp(h->path, job->cache_path, job->cache_path_size) == 0)
            find_mapped(job, h);
    }
}

/* ---- code that is mapped, and no plugin of ours that is up ----------------------------------- */

static bool is_any_left(const struct tn_registry *registry)
{
    for (size_t i = 0; i < registry->count; i++)
        if (registry->holdings[i]->is_left)
            return true;
    return false;
}

/* What alone has the unit, when that is left of a plugin; *left is NULL else. False: no memory. */
static bool find_left(struct tn_job *job, const tenon_claim *claim, struct tn_holding **left)
{
    struct tn_index *index = &job->process->registry.index;
    *left = NULL;
    if (!tn_index_named(index, claim->kind, claim->name))
        return false;
    for (size_t i = 0; i < index->found_count; i++) {
        const struct tn_entry *e = &index->entries[index->found[i]];
        if (e->unit->kind != claim->kind || strcmp(e->unit->name, claim->name) != 0)
            continue;
        *left = e->holding->is_left ? e->holding : NULL;
        if (!*left)
            return true;
    }
    return true;
}

/* Does the plugin bring that very image, or a library of the same build? */
static bool brings_again(const struct tn_prospect *p, const struct tn_holding *left)
{
    for (size_t k = 0; k < p->code_count; k++) {
        const struct tn_code *code = &p->codes[k];
        if (code->mapped == left ||
            (code->shared && tn_holding_answers(left, code->holding->library.name)))
            return true;
    }
    return false;
}

/* It comes after the plugin that brings it again; without one it is refused. */
static bool stand_on_left(struct tn_job *job, size_t number, const struct tn_holding *left,
                          bool is_library, const char *what)
{
    const char *name = job->prospects[number].name;
    for (size_t i = 0; i < job->count; i++)
        if (brings_again(&job->prospects[i], left))
            return tn_plan_need(&job->plan, number, i);
    job->plan.candidates[number].refused = true;
    tn_report_find(job->report,
                   (struct tn_about){ .kind = is_library ? TENON_FINDING_MISSING_LIBRARY
                                                         : TENON_FINDING_MISSING_UNIT,
                                      .refuses = true,
                                      .plugin = name,
                                      .unit = what,
                                      .holders = { left->path } },
                   "plugin \"%s\" %s %s, which only %s has: that is not loaded, what the system "
                   "keeps of it was stopped",
                   name, is_library ? "needs" : "requires unit", tn_report_show(job->report, what),
                   left->plugin ? left->place : tn_report_show(job->report, left->path));
    return true;
}

static bool place_behind_left(struct tn_job *job, size_t number)
{
    const struct tn_candidate *c = &job->plan.candidates[number];
    const struct tn_prospect *p = &job->prospects[number];
    struct tn_holding *left;
    for (size_t k = 0; k < c->required_count; k++) {
        if (!find_left(job, &c->required[k], &left))
            return false;
        if (left && !stand_on_left(job, number, left, c->required[k].kind == TENON_UNIT_LIBRARY,
                                   c->required[k].name))
            return false;
    }
    for (size_t k = 0; k < p->code_count; k++)
        for (size_t n = 0; n < p->codes[k].holding->need_count; n++) {
            const char *need = p->codes[k].holding->needs[n];
            left = tn_registry_named(&job->process->registry, need);
            if (left && left->is_left && !stand_on_left(job, number, left, true, need))
                return false;
        }
    return true;
}

/* Code that somebody else has opened may be up: its start would run twice on one copy. */
static void refuse_foreign(struct tn_job *job, size_t number)
{
    const struct tn_prospect *p = &job->prospects[number];
    const struct tn_holding *own = p->codes[p->code_count - 1].mapped;
    if (!own || own->is_left)
        return;
    job->plan.candidates[number].refused = true;
    tn_report_find(
        job->report,
        (struct tn_about){ .kind = TENON_FINDING_DOUBLE,
                           .refuses = true,
                           .plugin = p->name,
                           .holders = { own->path } },
        "the code of plugin \"%s\" is already in the process, as %s, and this registry of "
        "the process has not loaded it: it would be started twice",
        p->name, tn_report_show(job->report, own->path));
}

bool tn_job_check_mapped(struct tn_job *job)
{
    bool good = true;
    if (job->process->program)
        return true;
    for (size_t i = 0; i < job->count; i++)
        refuse_foreign(job, i);
    if (!is_any_left(&job->process->registry))
        return true;
    for (size_t i = 0; good && i < job->count; i++)
        good = place_behind_left(job, i);
    return good;
}

/* ---- what goes ------------------------------------------------------------------------------ */

static bool is_any_going(const tenon_process *process)
{
    for (const struct tn_loaded *l = process->loading; l; l = l->outer)
        if (l->stage != TN_STAGE_LOADING)
            return true;
    for (size_t i = 0; i < process->plugin_count; i++)
        if (process->plugins[i]->stage != TN_STAGE_UP)
            return true;
    return false;
}

static void refuse_if_going(struct tn_job *job, size_t number, const struct tn_loaded *need)
{
    const char *name = job->prospects[number].name;
    if (need->stage != TN_STAGE_UNLOADING && need->stage != TN_STAGE_LEFT)
        return;
    job->plan.candidates[number].refused = true;
    tn_report_find(job->report,
                   (struct tn_about){ .kind = TENON_FINDING_BUSY,
                                      .refuses = true,
                                      .plugin = name,
                                      .holders = { need->plugin.name } },
                   "plugin \"%s\" needs plugin \"%s\", which %s", name, need->plugin.name,
                   tn_stage_words(need->stage));
}

/*
 * What is being opened was judged, and is not registered yet: whatever comes now would be judged
 * without it, and could stand on what its constructors have not made ready.
 */
static void refuse_while_opening(struct tn_job *job, const struct tn_loaded *opening)
{
    for (size_t i = 0; i < job->count; i++) {
        job->plan.candidates[i].refused = true;
        tn_report_find(job->report,
                       (struct tn_about){ .kind = TENON_FINDING_BUSY,
                                          .refuses = true,
                                          .plugin = job->prospects[i].name,
                                          .holders = { opening->plugin.name } },
                       "plugin \"%s\" cannot be loaded while plugin \"%s\" is being opened: a "
                       "constructor cannot load, tenon_plugin_start() can",
                       job->prospects[i].name, opening->plugin.name);
    }
}

bool tn_job_refuse_going(struct tn_job *job)
{
    const struct tn_loaded *opening = tn_process_opening(job->process);
    bool good = true;
    if (opening) {
        refuse_while_opening(job, opening);
        return true;
    }
    if (job->process->program || !is_any_going(job->process))
        return true;
    for (size_t i = 0; good && i < job->count; i++) {
        struct tn_loaded asked = { .process = job->process };
        good = tn_load_stand_on_present(job, &asked, i);
        for (size_t k = 0; good && k < asked.need_count; k++)
            refuse_if_going(job, i, asked.needs[k]);
        free(asked.needs);
    }
    return good;
}
