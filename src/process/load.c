/* src/process/load.c - plans, and loads what was planned: all or nothing, or each on its own */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "exceptions.h"
#include "fail.h"
#include "kept.h"
#include "load.h"

/* Others may load things between a plan and its loading, but not for ever. */
#define PLANS_MOST 64 /* in a row, of which nothing could be loaded */
#define PLANS_AT_ONCE 8
#define PAUSE 1000000 /* nanoseconds, before each further one */

/* What came of the plan before is part of the answer. */
static void say_again(tenon_report *report, const tenon_report *before, size_t first)
{
    for (size_t i = first; i < before->count; i++) {
        const tenon_finding *f = &before->findings[i];
        struct tn_about about = {
            .kind = f->kind, .refuses = f->refuses, .plugin = f->plugin, .unit = f->unit
        };
        for (size_t k = 0; k < f->holder_count && k < TN_COUNT(about.holders); k++)
            about.holders[k] = f->holders[k];
        tn_report_find(report, about, "%s", f->message);
    }
}

/* False: the report is that of the plan before; NULL when there was none. */
static bool plan_job(struct tn_load *load, const tenon_request *requests, size_t count,
                     unsigned flags, tenon_error *err)
{
    tenon_report *before = load->job.report, *report = tn_report_new(err);
    tn_job_free(&load->job);
    load->job = (struct tn_job){ .process = load->process,
                                 .report = report,
                                 .requests = requests,
                                 .request_count = count,
                                 .flags = flags,
                                 .before = before,
                                 .before_said = load->said };
    load->plans++;
    if (!report || !tn_job_plan(&load->job, err)) {
        tenon_report_free(report);
        load->job.report = before;
        return false;
    }
    size_t said = report->count;
    if (before)
        say_again(report, before, load->said);
    tenon_report_free(before);
    load->job.before = NULL;
    load->said = said;
    load->version = load->job.version;
    return true;
}

static void free_ready(struct tn_load *load)
{
    for (size_t i = 0; i < load->ready_count; i++)
        tn_ready_free(&load->ready[i]);
    free(load->ready);
    load->ready = NULL;
    load->ready_count = 0;
}

/* However the request ends. A report that is still here was not given out. */
static void end(struct tn_load *load)
{
    tenon_process *process = load->process;
    tenon_report *report = load->job.report;
    free_ready(load);
    tn_job_free(&load->job);
    tenon_report_free(report);
    tn_process_leave(process, load);
    tn_process_unlock(process);
}

static tenon_report *give_out(struct tn_load *load)
{
    tenon_report *report = load->job.report;
    load->job.report = NULL;
    return report;
}

static bool are_requests(const tenon_request *requests, size_t count, tenon_error *err)
{
    for (size_t i = 0; i < count; i++) {
        const tenon_request *r = &requests[i];
        if (!r->plugin)
            return tn_fail(err, TENON_E_ARGUMENT, "request %zu names no plugin", i);
        if (r->argc < 0 || (r->argc && !r->argv))
            return tn_fail(err, TENON_E_ARGUMENT, "request %zu has %d arguments, and no list", i,
                           r->argc);
    }
    return true;
}

static tenon_report *plan_locked(tenon_process *process, const tenon_request *requests,
                                 size_t count, unsigned flags, tenon_error *err)
{
    struct tn_load load TN_WHATEVER_HAPPENS(end) = { .process = process };
    tenon_report *report = tn_kept_answer(process, requests, count, flags);
    if (!report && plan_job(&load, requests, count, flags, err)) {
        tn_kept_note(&load.job);
        report = give_out(&load);
    }
    return report;
}

tenon_report *tenon_plan(tenon_process *process, const tenon_request *requests, size_t count,
                         unsigned flags, tenon_error *err)
{
    if (!are_requests(requests, count, err))
        return NULL;
    tn_process_lock(process);
    tenon_report *report = plan_locked(process, requests, count, flags, err);
    return report ? tn_report_end(report, err) : NULL;
}

/* ---- all of them ---------------------------------------------------------------------------- */

static void say_taken_back(tenon_report *report, const char *name)
{
    for (size_t i = 0; i < report->plugin_count; i++)
        if (strcmp(report->plugins[i].name, name) == 0 &&
            report->plugins[i].status != TENON_PLUGIN_FAILED)
            report->plugins[i].status = TENON_PLUGIN_PLANNED;
}

/*
 * Takes back everything that this request has loaded, newest first, and what others have put on
 * it meanwhile. Their stop functions may unload others: the rest moves down then.
 */
static void take_back(struct tn_load *load)
{
    tenon_process *process = load->process;
    for (size_t i = process->plugin_count; i-- > 0;) {
        struct tn_loaded *loaded = i < process->plugin_count ? process->plugins[i] : NULL;
        if (!loaded || loaded->request != load ||
            !tn_process_clear_users(process, loaded, load, load->job.report))
            continue;
        say_taken_back(load->job.report, loaded->plugin.name);
        tn_process_take_out(process, loaded, load, load->job.report);
    }
    tn_process_look(process, NULL);
}

/* What an earlier plan of this request loaded is no surprise to the later one. */
static void mark_loaded(struct tn_load *load)
{
    for (size_t k = 0; k < load->process->plugin_count; k++) {
        const struct tn_loaded *loaded = load->process->plugins[k];
        for (size_t i = 0; loaded->request == load && i < load->job.report->plugin_count; i++)
            if (strcmp(load->job.report->plugins[i].name, loaded->plugin.name) == 0)
                load->job.report->plugins[i].status = TENON_PLUGIN_LOADED;
    }
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
static void make_ready(struct tn_load *load)
{
    bool each = load->job.flags & TENON_LOAD_EACH;
    for (size_t i = 0; i < load->ready_count && !load->stopped; i++)
        if (!tn_load_ready(load, load->job.plan.order[i], &load->ready[i]))
            load->stopped = !each;
}

/*
 * Does the process hold what it did when the plan was made, and what the plan brought? What
 * plugins' own code loads and unloads counts, too; what came and went again does not.
 */
static bool is_current(const struct tn_load *load)
{
    const struct tn_registry *registry = &load->process->registry;
    /* right after one was registered, the list was as it should be */
    bool fresh = load->counted && !load->process->handler;
    return (fresh || tn_process_look(load->process, NULL)) && registry->version == load->version;
}

/* Carries out one plan. False: the process changed meanwhile, and another plan is needed. */
static bool carry_out(struct tn_load *load)
{
    struct tn_job *job = &load->job;
    bool each = job->flags & TENON_LOAD_EACH;
    size_t count = job->plan.order_count; /* the order itself changes when one is left out */
    load->ready = calloc(count + 1, sizeof *load->ready);
    if (!load->ready) {
        job->report->no_memory = true;
        return true;
    }
    load->ready_count = count;
    make_ready(load);
    bool current = true;
    for (size_t i = 0; current && i < count && !load->stopped; i++) {
        struct tn_ready *ready = &load->ready[i];
        if (!is_current(load))
            current = false;
        else if (ready->loaded && !(each && needs_refused(load, ready->number)) &&
                 !tn_load_one(load, ready))
            load->stopped = !each;
    }
    free_ready(load);
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
    return !tn_report_refuses_all(report);
}

/* Others come and go just now: later there may be a moment without. */
static void pause_between(unsigned plans)
{
    const struct timespec time = { 0, PAUSE };
    if (plans >= PLANS_AT_ONCE)
        nanosleep(&time, NULL);
}

static bool load_all(struct tn_load *load, const tenon_request *requests, size_t count,
                     unsigned flags, tenon_error *err)
{
    bool good = true;
    for (bool done = false; good && !done;) {
        good = plan_job(load, requests, count, flags, err);
        if (good)
            mark_loaded(load);
        if (!good || !may_load(load)) {
            load->stopped = !(flags & TENON_LOAD_EACH);
            break;
        }
        done = carry_out(load);
        if (!done && load->plans >= PLANS_MOST) {
            say_changed(load);
            done = true;
        }
        if (!done)
            pause_between(load->plans);
    }
    if (load->stopped && load->job.report)
        take_back(load);
    if (good)
        tn_job_refuse_rows(&load->job);
    tn_known_save(load->process->known, false);
    return good;
}

static tenon_report *load_locked(tenon_process *process, const tenon_request *requests,
                                 size_t count, unsigned flags, tenon_error *err)
{
    struct tn_load load TN_WHATEVER_HAPPENS(end) = { .process = process };
    tn_kept_drop(process);
    return load_all(&load, requests, count, flags, err) ? give_out(&load) : NULL;
}

tenon_report *tenon_load(tenon_process *process, const tenon_request *requests, size_t count,
                         unsigned flags, tenon_error *err)
{
    if (process->program) {
        tn_fail(err, TENON_E_ARGUMENT, "%s does not run: nothing can be loaded into it",
                process->program);
        return NULL;
    }
    if (!are_requests(requests, count, err))
        return NULL;
    tn_process_lock(process);
    tenon_report *report = load_locked(process, requests, count, flags, err);
    return report ? tn_report_end(report, err) : NULL;
}
