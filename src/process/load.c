/* src/process/load.c - plans, and loads what was planned: all or nothing, or each on its own */
#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "load.h"

#define PLANS_MOST 8 /* others may load things between a plan and its loading, but not for ever */

static bool plan_job(struct tn_load *load, const tenon_request *requests, size_t count,
                     unsigned flags, tenon_error *err)
{
    tenon_report *report = tn_report_new(err);
    tn_job_free(&load->job);
    load->job = (struct tn_job){ .process = load->process,
                                 .report = report,
                                 .requests = requests,
                                 .request_count = count,
                                 .flags = flags };
    load->plans++;
    if (report && tn_job_plan(&load->job, err))
        return true;
    tenon_report_free(report);
    load->job.report = NULL;
    return false;
}

tenon_report *tenon_plan(tenon_process *process, const tenon_request *requests, size_t count,
                         unsigned flags, tenon_error *err)
{
    struct tn_load load = { .process = process };
    tn_process_lock(process);
    bool good = plan_job(&load, requests, count, flags, err);
    tenon_report *report = load.job.report;
    tn_job_free(&load.job);
    tn_process_unlock(process);
    return good ? tn_report_end(report, err) : NULL;
}

/* ---- all of them ---------------------------------------------------------------------------- */

/* Takes back everything that this request has loaded, newest first. */
static void take_back(struct tn_load *load)
{
    tenon_process *process = load->process;
    while (process->plugin_count > load->first) {
        struct tn_loaded *loaded = process->plugins[--process->plugin_count];
        struct tn_execution x = tn_loaded_execution(loaded);
        tn_execute_undo(&x);
        tn_load_say_stays(load->job.report, loaded);
        for (size_t i = 0; i < load->job.report->plugin_count; i++) {
            tenon_plugin_result *result = &load->job.report->plugins[i];
            if (strcmp(result->name, loaded->plugin.name) == 0 &&
                result->status != TENON_PLUGIN_FAILED)
                result->status = TENON_PLUGIN_PLANNED;
        }
        tn_loaded_free(loaded);
    }
    tn_process_look(process, NULL);
}

/* What an earlier plan of this request loaded is no surprise to the later one. */
static void mark_loaded(struct tn_load *load)
{
    for (size_t k = load->first; k < load->process->plugin_count; k++)
        for (size_t i = 0; i < load->job.report->plugin_count; i++)
            if (strcmp(load->job.report->plugins[i].name, load->process->plugins[k]->plugin.name) ==
                0)
                load->job.report->plugins[i].status = TENON_PLUGIN_LOADED;
}

static bool needs_refused(struct tn_load *load, size_t number)
{
    const struct tn_candidate *c = &load->job.plan.candidates[number];
    for (size_t k = 0; k < c->need_count; k++)
        if (load->job.plan.candidates[c->needs[k]].refused) {
            tn_plan_leave_out(&load->job.plan);
            return true;
        }
    return false;
}

/* Makes all ready before the first one is opened. */
static void make_ready(struct tn_load *load, struct tn_ready *ready, size_t count)
{
    bool each = load->job.flags & TENON_LOAD_EACH;
    for (size_t i = 0; i < count && !load->stopped; i++)
        if (!tn_load_ready(load, load->job.plan.order[i], &ready[i]))
            load->stopped = !each;
}

/* Carries out one plan. False: the process changed meanwhile, and another plan is needed. */
static bool carry_out(struct tn_load *load)
{
    struct tn_job *job = &load->job;
    bool each = job->flags & TENON_LOAD_EACH;
    size_t count = job->plan.order_count; /* the order itself changes when one is left out */
    struct tn_ready *ready = calloc(count + 1, sizeof *ready);
    if (!ready) {
        job->report->no_memory = true;
        return true;
    }
    make_ready(load, ready, count);
    bool current = true;
    for (size_t i = 0; current && i < count && !load->stopped; i++) {
        /* right after one was registered, the list was as it should be */
        bool fresh = load->counted && !load->process->handler;
        load->counted = false;
        if (!fresh && tn_registry_is_stale(&load->process->registry))
            current = false;
        else if (ready[i].loaded && !(each && needs_refused(load, ready[i].number)) &&
                 !tn_load_one(load, &ready[i]))
            load->stopped = !each;
    }
    for (size_t i = 0; i < count; i++)
        tn_ready_free(&ready[i]);
    free(ready);
    tn_job_refuse_rows(job);
    return current;
}

static void say_changed(struct tn_load *load)
{
    load->stopped = true;
    tn_report_find(load->job.report,
                   (struct tn_about){ .kind = TENON_FINDING_CHANGED, .refuses = true },
                   "the process changed while plugins were loaded, %u times in a row", PLANS_MOST);
}

static bool may_load(const struct tn_load *load)
{
    const tenon_report *report = load->job.report;
    if (load->process->program)
        return false;
    if (!(load->job.flags & TENON_LOAD_EACH))
        return tenon_report_ok(report);
    for (size_t i = 0; i < report->count; i++)
        if (report->findings[i].refuses && !report->findings[i].plugin)
            return false; /* it is the host that is refused */
    return true;
}

static bool load_all(struct tn_load *load, const tenon_request *requests, size_t count,
                     unsigned flags, tenon_error *err)
{
    for (bool done = false; !done;) {
        if (!plan_job(load, requests, count, flags, err))
            return false;
        mark_loaded(load);
        if (!may_load(load)) {
            load->stopped = !(flags & TENON_LOAD_EACH);
            break;
        }
        done = carry_out(load);
        if (!done && load->plans == PLANS_MOST) {
            say_changed(load);
            done = true;
        }
    }
    if (load->stopped)
        take_back(load);
    tn_known_save(load->process->known, false);
    return true;
}

tenon_report *tenon_load(tenon_process *process, const tenon_request *requests, size_t count,
                         unsigned flags, tenon_error *err)
{
    struct tn_load load = { .process = process };
    if (process->program) {
        tn_fail(err, TENON_E_ARGUMENT, "%s does not run: nothing can be loaded into it",
                process->program);
        return NULL;
    }
    tn_process_lock(process);
    load.first = process->plugin_count;
    bool good = load_all(&load, requests, count, flags, err);
    tenon_report *report = load.job.report;
    tn_job_free(&load.job);
    tn_process_unlock(process);
    return good ? tn_report_end(report, err) : NULL;
}
