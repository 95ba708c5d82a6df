/* src/process/job.c - from what was asked for to a plan, stage by stage */
#include "job.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fail.h"
#include "recognise.h"

void tn_job_close_folder(struct tn_job *job)
{
    if (job->folder_size)
        close(job->folder_fd);
    job->folder_size = 0;
}

void tn_job_forget_brought(struct tn_job *job)
{
    for (size_t i = 0; i < job->brought_count; i++)
        tn_holding_free(job->brought[i]);
    job->brought_count = 0;
    for (size_t i = 0; i < job->count; i++)
        job->plan.candidates[i].brought_count = 0;
}

void tn_job_free(struct tn_job *job)
{
    tn_job_close_folder(job);
    tn_plan_free(&job->plan);
    tn_sightings_free(&job->doubles.coming);
    for (size_t i = 0; i < job->count; i++)
        tn_prospect_free(&job->prospects[i]);
    tn_job_forget_brought(job);
    for (size_t i = 0; job->images && i < job->count; i++)
        free(job->images[i].at);
    free(job->images);
    free(job->brought);
    free(job->prospects);
    free(job->plan.candidates);
    tn_cache_close(job->cache);
    free(job->cache_path);
    tenon_world_free(job->world);
    tn_slots_free(&job->names);
    tn_arena_free(&job->arena);
    *job = (struct tn_job){ 0 };
}

/* ---- the host ------------------------------------------------------------------------------- */

static void refuse_host(struct tn_job *job, enum tenon_finding_kind kind, const char *format)
{
    const char *path = job->process->registry.holdings[0]->path;
    tn_report_find(job->report,
                   (struct tn_about){ .kind = kind, .refuses = true, .holders = { path } },
                   "the host program %s %s", tn_report_show(job->report, path), format);
}

/* A record of a library that makes no sense is no less of a riddle than the host's. */
static void check_records(struct tn_job *job)
{
    const struct tn_registry *registry = &job->process->registry;
    for (size_t i = 1; i < registry->count; i++)
        if (registry->holdings[i]->record == TENON_RECORD_UNREADABLE)
            tn_report_find(job->report,
                           (struct tn_about){ .kind = TENON_FINDING_BAD_RECORD,
                                              .refuses = true,
                                              .holders = { registry->holdings[i]->path } },
                           "the record of %s cannot be read",
                           tn_report_show(job->report, registry->holdings[i]->path));
}

static void check_host(struct tn_job *job)
{
    if (job->process->host_fault)
        refuse_host(job, TENON_FINDING_MISSING_LIBRARY, job->process->host_fault);
    enum tenon_record record = job->process->registry.holdings[0]->record;
    if (job->process->is_static)
        refuse_host(job, TENON_FINDING_STATIC_HOST,
                    "is linked statically: what it loads would bring a second C library");
    else if (record == TENON_RECORD_UNREADABLE)
        refuse_host(job, TENON_FINDING_BAD_RECORD, "has a record that cannot be read");
    else if (record == TENON_RECORD_NONE && !job->process->weak)
        refuse_host(job, TENON_FINDING_NO_RECORD,
                    "has no record of its units: link it with \"tenon link -- cc ...\", compile it "
                    "with \"tenon cc -- cc ...\", or ask for the weaker answer that its symbols "
                    "give (--weak)");
    check_records(job);
}

static struct tn_holding *own_holding(const struct tn_prospect *prospect)
{
    return prospect->codes[prospect->code_count - 1].holding;
}

bool tn_prospect_is_recorded(const struct tn_prospect *prospect)
{
    return own_holding(prospect)->record != TENON_RECORD_NONE;
}

void tn_report_unrecorded(tenon_report *report, const char *name, const char *file)
{
    tn_report_find(
        report,
        (struct tn_about){ .kind = TENON_FINDING_NO_RECORD, .plugin = name, .holders = { file } },
        "plugin \"%s\" has no record of its units: copies that it hides may not be seen; "
        "link it with \"tenon link -- cc ...\"",
        name);
}

/* Both leave something out, one for certain: nothing tells whether that is the same. */
static bool are_both_open(const struct tn_holding *a, const struct tn_holding *b)
{
    return a->record != TENON_RECORD_COMPLETE && b->record != TENON_RECORD_COMPLETE &&
           (a->record == TENON_RECORD_PARTIAL || b->record == TENON_RECORD_PARTIAL);
}

/* The first of what is there, or is asked for before, that leaves something out as well. */
static const struct tn_holding *open_beside(const struct tn_job *job, size_t number)
{
    const struct tn_registry *registry = &job->process->registry;
    const struct tn_holding *own = own_holding(&job->prospects[number]);
    if (own->record == TENON_RECORD_COMPLETE)
        return NULL;
    for (size_t i = 0; i < registry->count; i++) {
        const struct tn_holding *h = registry->holdings[i];
        if ((i == 0 || h->reason == TENON_BY_PLUGIN) && strcmp(h->path, own->path) != 0 &&
            are_both_open(h, own))
            return h;
    }
    for (size_t i = 0; i < number; i++)
        if (tn_prospect_is_recorded(&job->prospects[i]) &&
            are_both_open(own_holding(&job->prospects[i]), own))
            return own_holding(&job->prospects[i]);
    return NULL;
}

static void check_open(struct tn_job *job, size_t number)
{
    const struct tn_prospect *prospect = &job->prospects[number];
    const struct tn_holding *beside = open_beside(job, number);
    if (beside)
        tn_report_find(job->report,
                       (struct tn_about){ .kind = TENON_FINDING_NO_RECORD,
                                          .plugin = prospect->name,
                                          .holders = { beside->place, prospect->file } },
                       "what the records of plugin \"%s\" and of %s leave out is not compared: "
                       "copies among it may not be seen; \"tenon units\" names it",
                       prospect->name, tn_report_show(job->report, beside->place));
}

/* What a record leaves out is looked up among the symbols of its file, if they are still there. */
static void check_hidden(struct tn_job *job, const struct tn_prospect *prospect,
                         struct tn_holding *holding)
{
    if (!tn_holding_hides(holding, job->world))
        return;
    tn_report_find(job->report,
                   (struct tn_about){ .kind = TENON_FINDING_NO_RECORD,
                                      .plugin = prospect ? prospect->name : NULL,
                                      .holders = { prospect ? prospect->file : holding->path } },
                   "the record of %s %s something out, and its symbols were stripped: copies among "
                   "that may not be seen; link it with \"tenon link -- cc ...\"",
                   tn_report_show(job->report, holding->place),
                   holding->record == TENON_RECORD_PARTIAL ? "leaves" : "may leave");
}

static void check_recorded(struct tn_job *job)
{
    if (job->count)
        check_hidden(job, NULL, job->process->registry.holdings[0]);
    for (size_t i = 0; i < job->count; i++) {
        const struct tn_prospect *p = &job->prospects[i];
        if (!tn_prospect_is_recorded(p)) {
            tn_report_unrecorded(job->report, p->name, p->file);
            continue;
        }
        check_open(job, i);
        check_hidden(job, p, own_holding(p));
    }
}

/* ---- from prospects to candidates ----------------------------------------------------------- */

static bool is_private(const tenon_manifest *m, const tenon_unit *unit)
{
    for (size_t i = 0; i < m->private_count; i++) {
        size_t size = strlen(m->private_units[i]);
        if (strncmp(m->private_units[i], unit->name, size) == 0 &&
            (unit->name[size] == '\0' || unit->name[size] == '/'))
            return true;
    }
    return false;
}

static size_t unit_count(const struct tn_holding *h)
{
    size_t count = tn_holding_is_library(h) ? 1 : 0;
    for (size_t k = 0; k < h->record_count; k++)
        count += tenon_units_count(h->records[k]);
    return count;
}

/* Without memory for them it is not looked for by what it defines, and all of it is worthless. */
static void fill_entry(struct tn_job *job, struct tn_entry *out, struct tn_holding *h,
                       const tenon_unit *unit)
{
    *out = (struct tn_entry){
        .unit = unit, .holding = h, .reason = h->reason, .state = TENON_PLANNED
    };
    if (!tn_index_all_keys(&job->process->registry.index, &job->arena, unit, &out->keys))
        job->report->no_memory = true;
}

/* The image itself when it is a library, then the units that its record names. */
static size_t fill_entries(struct tn_job *job, struct tn_entry *out, struct tn_holding *h,
                           const tenon_manifest *m)
{
    size_t n = 0;
    if (tn_holding_is_library(h))
        fill_entry(job, &out[n++], h, &h->library);
    for (size_t k = 0; k < h->record_count; k++) {
        size_t count = tenon_units_count(h->records[k]);
        for (size_t i = 0; i < count; i++) {
            const tenon_unit *unit = tenon_units_at(h->records[k], i);
            if (unit->kind == TENON_UNIT_LIBRARY)
                continue;
            fill_entry(job, &out[n], h, unit);
            out[n++].is_private = m && m->private_count && is_private(m, unit);
        }
    }
    return n;
}

/* What the loader would take for that library, and the same build. */
static bool same_build(const struct tn_job *job, struct tn_holding *a, struct tn_holding *b)
{
    return tn_holding_answers(a, b->library.name) && !a->own_name == !b->own_name &&
           tn_holding_same_build(a, b, job->world) == TENON_YES;
}

/* A bundled library of which the process has the same build is not loaded. */
static void find_shared(const struct tn_job *job, struct tn_code *code)
{
    const struct tn_registry *registry = &job->process->registry;
    for (size_t i = 0; i < registry->count && !code->shared; i++)
        code->shared = same_build(job, registry->holdings[i], code->holding);
}

/* The units of what it brings, as far as that is not there. */
static void fill_own(struct tn_job *job, size_t number)
{
    const struct tn_prospect *p = &job->prospects[number];
    struct tn_candidate *c = &job->plan.candidates[number];
    c->count = 0;
    c->has_private = false;
    for (size_t k = 0; k < p->code_count; k++)
        if (!p->codes[k].shared)
            c->count += fill_entries(job, c->entries + c->count, p->codes[k].holding, p->manifest);
    for (size_t i = 0; p->manifest->private_count && i < c->count; i++)
        c->has_private |= c->entries[i].is_private;
}

void tn_job_share_not(struct tn_job *job, size_t number, struct tn_code *code)
{
    code->shared = false;
    fill_own(job, number);
}

/* Names of plugins are the manifest's own, so that they need no escaping. */
bool tn_job_fill_candidate(struct tn_job *job, size_t number)
{
    struct tn_prospect *p = &job->prospects[number];
    struct tn_candidate *c = &job->plan.candidates[number];
    size_t count = 0;
    for (size_t k = 0; k < p->code_count; k++) {
        if (k + 1 < p->code_count)
            find_shared(job, &p->codes[k]);
        count += unit_count(p->codes[k].holding);
    }
    c->name = p->name;
    c->required = p->manifest->required;
    c->required_count = p->manifest->required_count;
    c->cons = p->manifest->cons;
    c->con_count = p->manifest->con_count;
    c->entries = tn_arena_rows(&job->arena, count + 1, sizeof *c->entries);
    if (c->entries)
        fill_own(job, number);
    return c->entries != NULL;
}

/* Does a plugin that loads before this one bring the same build of a library? */
static bool comes_before(const struct tn_job *job, size_t number, struct tn_holding *h)
{
    for (size_t i = 0; i < job->plan.order_count && job->plan.order[i] != number; i++) {
        const struct tn_prospect *p = &job->prospects[job->plan.order[i]];
        for (size_t k = 0; k + 1 < p->code_count; k++)
            if (!job->plan.candidates[job->plan.order[i]].refused &&
                same_build(job, p->codes[k].holding, h))
                return true;
    }
    return false;
}

/* Of one library that several plugins bring, the one that loads first brings it for all. */
static void share_in_order(struct tn_job *job)
{
    for (size_t i = 0; i < job->plan.order_count; i++) {
        const uint32_t number = job->plan.order[i];
        struct tn_prospect *p = &job->prospects[number];
        bool again = false;
        for (size_t k = 0; k + 1 < p->code_count; k++)
            if (!p->codes[k].shared && comes_before(job, number, p->codes[k].holding))
                again = p->codes[k].shared = true;
        if (again)
            fill_own(job, number);
    }
}

/* The one that was to bring a library for it may be refused by now. */
static void share_no_more(void *arg, size_t number)
{
    struct tn_job *job = arg;
    struct tn_prospect *p = &job->prospects[number];
    struct tn_images *images = job->images ? &job->images[number] : NULL;
    bool again = false;
    for (size_t k = 0; k + 1 < p->code_count; k++) {
        struct tn_code *code = &p->codes[k];
        if (!code->shared)
            continue;
        code->shared = false;
        find_shared(job, code);
        code->shared = code->shared || comes_before(job, number, code->holding);
        again |= !code->shared;
        if (images && !code->shared)
            images->at[images->count++] = code->holding;
    }
    if (again)
        fill_own(job, number);
}

void tn_job_share_anew(struct tn_job *job)
{
    for (size_t i = 0; i < job->plan.order_count; i++)
        share_no_more(job, job->plan.order[i]);
}

static void begin_plan(struct tn_job *job)
{
    job->plan.report = job->report;
    job->plan.present = &job->process->registry.index;
    job->plan.count = job->count;
    job->plan.services = job->process->services;
    job->plan.service_count = job->process->service_count;
    job->plan.told_only = job->process->program != NULL;
    job->plan.each = job->flags & TENON_LOAD_EACH;
}

/*
 * Without a place for their code nothing can be loaded into this process. Of a program that does
 * not run nobody knows what it will have.
 */
static void check_place(struct tn_job *job)
{
    if (!job->no_cache.code || job->process->program)
        return;
    for (size_t i = 0; i < job->count; i++) {
        const char *name = job->prospects[i].name;
        job->plan.candidates[i].refused = true;
        tn_report_find(
            job->report,
            (struct tn_about){ .kind = TENON_FINDING_CACHE, .refuses = true, .plugin = name },
            "plugin \"%s\": %s", name, tenon_error_message(&job->no_cache));
    }
}

/* ---- what they bring ------------------------------------------------------------------------ */

static bool fill_brought(struct tn_job *job)
{
    job->plan.brought =
        tn_arena_rows(&job->report->arena, job->brought_count + 1, sizeof *job->plan.brought);
    for (size_t i = 0; job->plan.brought && i < job->brought_count; i++) {
        struct tn_holding *h = job->brought[i];
        struct tn_brought *b = &job->plan.brought[i];
        b->entries = tn_arena_rows(&job->report->arena, unit_count(h) + 1, sizeof *b->entries);
        if (!b->entries)
            return false;
        b->count = fill_entries(job, b->entries, h, NULL);
    }
    job->plan.brought_count = job->brought_count;
    return job->plan.brought != NULL;
}

static bool fill_images(struct tn_job *job)
{
    job->images = calloc(job->count + 1, sizeof *job->images);
    for (size_t i = 0; job->images && i < job->count; i++) {
        const struct tn_prospect *p = &job->prospects[i];
        const struct tn_candidate *c = &job->plan.candidates[i];
        struct tn_images *images = &job->images[i];
        images->at = calloc(p->code_count + c->brought_count + 1, sizeof *images->at);
        if (!images->at)
            return false;
        for (size_t k = 0; k < p->code_count; k++)
            if (!p->codes[k].shared)
                images->at[images->count++] = p->codes[k].holding;
        for (size_t k = 0; k < c->brought_count; k++)
            images->at[images->count++] = job->brought[c->brought[k]];
    }
    return job->images != NULL;
}

static bool judge_doubles(struct tn_job *job, tenon_error *err)
{
    if (!fill_brought(job) || !fill_images(job))
        return tn_no_memory(err);
    job->doubles = (struct tn_doubles){
        .report = job->report,
        .world = job->world,
        .registry = &job->process->registry,
        .candidates = job->plan.candidates,
        .brought = job->plan.brought,
        .repeats = &job->plan.repeats,
        .images = job->images,
        .joins_unique =
            job->process->triple.libc && strcmp(job->process->triple.libc, "glibc") == 0,
    };
    job->plan.judge = (struct tn_plan_judge){ .compare = tn_doubles_compare,
                                              .examine = tn_doubles_examine,
                                              .place = tn_doubles_place,
                                              .arg = &job->doubles };
    job->plan.turn = share_no_more;
    job->plan.turn_arg = job;
    return tn_plan_doubles(&job->plan) || tn_no_memory(err);
}

/* ---- all stages ----------------------------------------------------------------------------- */

/* What is planned, in order: libraries of the system stand before who needs them. */
static void list_steps(struct tn_job *job)
{
    bool *told = calloc(job->brought_count + 1, sizeof *told);
    job->report->no_memory |= !told;
    for (size_t i = 0; told && i < job->plan.order_count; i++) {
        const struct tn_prospect *p = &job->prospects[job->plan.order[i]];
        const struct tn_candidate *c = &job->plan.candidates[job->plan.order[i]];
        for (size_t k = 0; k < c->brought_count; k++) {
            if (!told[c->brought[k]])
                tn_report_step(job->report, tn_arena_string(&job->report->arena,
                                                            job->brought[c->brought[k]]->path));
            told[c->brought[k]] = true;
        }
        for (size_t k = 0; k < p->code_count; k++) {
            if (!p->codes[k].shared)
                tn_report_step(job->report, tn_arena_join(&job->report->arena, p->name, ":",
                                                          p->codes[k].entry, NULL));
        }
    }
    free(told);
}

void tn_job_refuse_rows(struct tn_job *job)
{
    bool all = tn_report_refuses_all(job->report);
    for (size_t i = 0; i < job->count; i++) {
        const struct tn_candidate *c = &job->plan.candidates[i];
        if ((all || c->refused) && job->report->plugins[c->row].status == TENON_PLUGIN_PLANNED)
            job->report->plugins[c->row].status = TENON_PLUGIN_REFUSED;
    }
}

static void settle(struct tn_job *job)
{
    tn_job_refuse_rows(job);
    if (tenon_report_ok(job->report) || (job->plan.each && !tn_report_refuses_all(job->report)))
        list_steps(job);
}

/* What was in the cache and had to be read, and is good, need not be read the next time. */
static void prove_cached(struct tn_job *job)
{
    for (size_t i = 0; i < job->plan.order_count; i++) {
        uint32_t number = job->plan.order[i];
        struct tn_prospect *p = &job->prospects[number];
        if (p->cached && !p->proofs && !job->plan.candidates[number].refused)
            tn_prospect_prove(job, p, p->cached);
    }
    if (job->process->program || !job->process->known)
        return;
    tn_recognise_note(&job->process->registry, job->process->known);
    tn_known_save(job->process->known, false);
}

bool tn_job_open_world(struct tn_job *job, tenon_error *err)
{
    job->world = tenon_world_host(err);
    if (!job->world)
        return false;
    if (!tn_process_give_start(job->process, job->world, err))
        return false;
    if (!job->process->program) /* what the loader of this process leaves out, so do we */
        tenon_world_set_secure(job->world, job->process->secure);
    job->cache_path = tn_process_cache_path(job->process, job->world, &job->no_cache);
    if (job->no_cache.code == TENON_E_MEMORY)
        return tn_no_memory(err);
    if (!job->cache_path) /* without any place, checking still has to put it somewhere */
        job->cache_path = strdup(TN_JOB_NO_CACHE);
    if (!job->cache_path)
        return tn_no_memory(err);
    job->cache_path_size = strlen(job->cache_path);
    return true;
}

bool tn_job_open_cache(struct tn_job *job, tenon_error *err)
{
    if (job->no_cache.code) {
        if (err)
            *err = job->no_cache;
        return false;
    }
    if (!job->cache)
        job->cache = tn_cache_open(job->cache_path, err);
    return job->cache != NULL;
}

static bool take_starved(struct tn_holding *holding)
{
    bool starved = holding->starved;
    holding->starved = false;
    return starved;
}

/* Symbols that could not be read for want of memory: what was said without them is worthless. */
static bool is_starved(struct tn_job *job)
{
    bool starved = job->report->no_memory;
    for (size_t i = 0; i < job->process->registry.count; i++)
        starved |= take_starved(job->process->registry.holdings[i]);
    for (size_t i = 0; i < job->brought_count; i++)
        starved |= take_starved(job->brought[i]);
    for (size_t i = 0; i < job->count; i++)
        for (size_t k = 0; k < job->prospects[i].code_count; k++)
            starved |= take_starved(job->prospects[i].codes[k].holding);
    return starved;
}

/* What an object without a whole record defines, its file says: it may be what a plugin brings. */
static bool sight(struct tn_job *job, tenon_error *err)
{
    const struct tn_holding *unread;
    if (!tn_registry_sight(&job->process->registry, job->world, &unread))
        return tn_no_memory(err);
    if (unread && job->count)
        tn_report_find(job->report,
                       (struct tn_about){ .kind = TENON_FINDING_REFUSED_LIBRARY,
                                          .refuses = true,
                                          .holders = { unread->path } },
                       "the process cannot be judged: %s cannot be read: %s",
                       tn_report_show(job->report, unread->path),
                       unread->fault ? unread->fault : unread->replaced);
    return true;
}

bool tn_job_plan(struct tn_job *job, tenon_error *err)
{
    struct tn_plan *plan = &job->plan;
    if (!tn_job_open_world(job, err) || !tn_process_look(job->process, err) ||
        !tn_registry_read(&job->process->registry, err))
        return false;
    job->adds = job->process->registry.adds;
    job->subs = job->process->registry.subs;
    job->version = job->process->registry.version;
    check_host(job);
    if (!tn_job_gather(job, err))
        return false;
    check_recorded(job);
    tn_job_find_mapped(job);
    begin_plan(job);
    check_place(job);
    if (!tn_plan_requirements(plan) || !tn_native_needs(job, err) || !tn_job_check_mapped(job) ||
        !tn_job_refuse_going(job) || !tn_plan_leave_out(plan) || !tn_plan_order(plan) ||
        !tn_plan_leave_out(plan))
        return tn_no_memory(err);
    share_in_order(job);
    if (job->process->is_static) {
        tn_job_refuse_rows(job);
        return true;
    }
    if (!sight(job, err))
        return false;
    job->is_plain = tn_native_is_plain(job);
    if ((!job->is_plain && !tn_native_check(job, err)) || !tn_plan_leave_out(plan) ||
        !judge_doubles(job, err))
        return false;
    settle(job);
    if (is_starved(job))
        return tn_no_memory(err);
    prove_cached(job);
    return true;
}

bool tn_job_libraries(struct tn_job *job, tenon_error *err)
{
    begin_plan(job);
    return tn_plan_order(&job->plan) ? tn_native_libraries(job, err) : tn_no_memory(err);
}

bool tn_job_judge(struct tn_job *job, tenon_error *err)
{
    return sight(job, err) && judge_doubles(job, err) && (!is_starved(job) || tn_no_memory(err));
}
