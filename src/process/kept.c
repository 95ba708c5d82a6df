/* src/process/kept.c - the last plan that was made, for whoever asks for the same again */
#include "kept.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "bundle.h"

/* A file that must be the same still. */
struct kept_code {
    const char *below; /* the cache */
    struct tn_identity identity;
};

struct kept_row {
    const char *request, *name;
    struct tn_identity bundle;
    struct kept_code *codes;
    size_t count;
    bool is_recorded; /* or else that is said */
};

struct tn_kept {
    struct tn_arena arena;
    const char *cache_path;
    unsigned long long adds, subs; /* the loader's counters */
    struct kept_row *rows;         /* as they were asked for */
    size_t count;
    const char **steps;
    size_t step_count;
};

void tn_kept_drop(tenon_process *process)
{
    struct tn_kept *kept = process->kept;
    if (!kept)
        return;
    struct tn_arena arena = kept->arena;
    tn_arena_free(&arena);
    process->kept = NULL;
}

/* Could a plan of this process be kept? */
static bool may_keep(const tenon_process *process, unsigned flags)
{
    return !flags && !process->program && !process->secure && !process->keys && !process->handler;
}

/* ---- the answer ----------------------------------------------------------------------------- */

static bool is_asked(const struct tn_kept *kept, const tenon_request *requests, size_t count)
{
    bool same = kept->count == count;
    for (size_t i = 0; same && i < count; i++)
        same = strcmp(kept->rows[i].request, requests[i].plugin) == 0;
    return same;
}

static bool is_row_same(struct tn_job *job, const struct kept_row *row)
{
    const char *name;
    int folder = tn_job_folder(job, row->request, &name);
    struct stat info;
    if (fstatat(folder, name, &info, AT_SYMLINK_NOFOLLOW) != 0)
        return false;
    struct tn_identity now = tn_identity(&info);
    bool same = tn_identity_same(&now, &row->bundle);
    for (size_t k = 0; same && k < row->count; k++)
        same = tn_cache_look(job->cache, row->codes[k].below, &now) &&
               tn_identity_same(&now, &row->codes[k].identity);
    return same;
}

/* Is everything what it was? */
static bool is_good(struct tn_job *job, const struct tn_kept *kept)
{
    const struct tn_registry *registry = &job->process->registry;
    if (registry->adds != kept->adds || registry->subs != kept->subs ||
        tn_registry_is_stale(registry) || !tn_job_open_world(job, NULL) ||
        strcmp(job->cache_path, kept->cache_path) != 0 || !tn_native_is_whole(job) ||
        !tn_job_open_cache(job, NULL))
        return false;
    for (size_t i = 0; i < kept->count; i++)
        if (!is_row_same(job, &kept->rows[i]))
            return false;
    return true;
}

static const char *copy(tenon_report *report, const char *text)
{
    const char *copied = tn_arena_string(&report->arena, text);
    report->no_memory |= !copied;
    return copied;
}

static tenon_report *report_of(const struct tn_kept *kept)
{
    tenon_report *report = tn_report_new(NULL);
    if (report)
        report->plugins = calloc(kept->count + 1, sizeof *report->plugins);
    if (!report || !report->plugins) {
        tenon_report_free(report);
        return NULL;
    }
    report->plugin_count = kept->count;
    for (size_t i = 0; i < kept->count; i++)
        report->plugins[i] = (tenon_plugin_result){ .name = copy(report, kept->rows[i].name),
                                                    .file = copy(report, kept->rows[i].request),
                                                    .status = TENON_PLUGIN_PLANNED };
    for (size_t i = 0; i < kept->count; i++)
        if (!kept->rows[i].is_recorded)
            tn_report_unrecorded(report, kept->rows[i].name, kept->rows[i].request);
    for (size_t i = 0; i < kept->step_count; i++)
        tn_report_step(report, copy(report, kept->steps[i]));
    return tn_report_end(report, NULL);
}

tenon_report *tn_kept_answer(tenon_process *process, const tenon_request *requests, size_t count,
                             unsigned flags)
{
    struct tn_job job = { .process = process };
    const struct tn_kept *kept = process->kept;
    tenon_report *report = NULL;
    if (!kept || !may_keep(process, flags) || !is_asked(kept, requests, count))
        return NULL;
    if (is_good(&job, kept))
        report = report_of(kept);
    tn_job_free(&job);
    return report;
}

/* ---- keeping -------------------------------------------------------------------------------- */

/* Asked for by its path, and all of it known. */
static bool is_simple(const struct tn_job *job, size_t i)
{
    const struct tn_prospect *p = &job->prospects[i];
    const char *path = job->requests[i].plugin;
    return p->request == &job->requests[i] && p->proofs && p->bundle->is_no_link &&
           strchr(path, '/') && strcmp(p->file, path) == 0;
}

static bool is_worth(const struct tn_job *job)
{
    const tenon_report *report = job->report;
    size_t unrecorded = 0;
    bool simple = job->is_plain && !report->no_memory && job->count == job->request_count &&
                  job->plan.order_count == job->count;
    for (size_t i = 0; simple && i < job->count; i++) {
        simple = is_simple(job, i);
        unrecorded += !tn_prospect_is_recorded(&job->prospects[i]);
    }
    return simple && report->count == unrecorded; /* that is all there is to say */
}

static bool keep_row(struct tn_kept *kept, const struct tn_job *job, size_t i)
{
    const struct tn_prospect *p = &job->prospects[i];
    struct kept_row *row = &kept->rows[i];
    bool good;
    row->request = tn_arena_string(&kept->arena, job->requests[i].plugin);
    row->name = tn_arena_string(&kept->arena, p->name);
    row->bundle = p->bundle->identity;
    row->codes = tn_arena_rows(&kept->arena, p->code_count, sizeof *row->codes);
    row->count = p->code_count;
    row->is_recorded = tn_prospect_is_recorded(p);
    good = row->request && row->name && row->codes;
    for (size_t k = 0; good && k < p->code_count; k++) {
        const char *below = p->codes[k].path + job->cache_path_size + 1;
        row->codes[k].below = tn_arena_string(&kept->arena, below);
        row->codes[k].identity = p->codes[k].proof->identity;
        good = row->codes[k].below;
    }
    return good;
}

static bool keep_all(struct tn_kept *kept, const struct tn_job *job)
{
    const tenon_report *report = job->report;
    kept->cache_path = tn_arena_string(&kept->arena, job->cache_path);
    kept->adds = job->adds;
    kept->subs = job->subs;
    kept->rows = tn_arena_rows(&kept->arena, job->count + 1, sizeof *kept->rows);
    kept->count = job->count;
    kept->steps = tn_arena_rows(&kept->arena, report->step_count + 1, sizeof *kept->steps);
    kept->step_count = report->step_count;
    bool good = kept->cache_path && kept->rows && kept->steps;
    for (size_t i = 0; good && i < job->count; i++)
        good = keep_row(kept, job, i);
    for (size_t i = 0; good && i < report->step_count; i++) {
        kept->steps[i] = tn_arena_string(&kept->arena, report->steps[i]);
        good = kept->steps[i];
    }
    return good;
}

/* Without memory for it, nothing is kept. */
void tn_kept_note(struct tn_job *job)
{
    struct tn_arena arena = { 0 };
    tn_kept_drop(job->process);
    if (!may_keep(job->process, job->flags) || !is_worth(job))
        return;
    struct tn_kept *kept = tn_arena_take(&arena, sizeof *kept);
    if (!kept)
        return;
    kept->arena = arena; /* it is itself in there */
    job->process->kept = kept;
    if (!keep_all(kept, job))
        tn_kept_drop(job->process);
}
