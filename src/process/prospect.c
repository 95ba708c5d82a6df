/* src/process/prospect.c - from the name of a plugin to its bundle, opened and checked */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "bundle.h"
#include "entry_name.h"
#include "fail.h"
#include "job.h"
#include "prospect.h"
#include "recognise.h"
#include "text.h"

void tn_prospect_free(struct tn_prospect *prospect)
{
    for (size_t i = 0; i < prospect->code_count; i++) {
        free(prospect->codes[i].bytes);
        tn_holding_free(prospect->codes[i].holding);
    }
    tn_cached_free(prospect->cached);
    tenon_bundle_free(prospect->bundle);
    *prospect = (struct tn_prospect){ 0 };
}

bool tn_prospect_drop(struct tn_job *job, size_t row, enum tenon_finding_kind kind,
                      const char *unit, const char *message)
{
    tenon_plugin_result *result = &job->report->plugins[row];
    result->status = TENON_PLUGIN_REFUSED;
    tn_report_find(job->report,
                   (struct tn_about){ .kind = kind,
                                      .refuses = true,
                                      .plugin = result->name,
                                      .unit = unit,
                                      .holders = { result->file } },
                   "%s", message);
    return false;
}

bool tn_prospect_drop_error(struct tn_job *job, size_t row, enum tenon_finding_kind kind,
                            const char *unit, const tenon_error *why, tenon_error *err)
{
    if (why->code == TENON_E_MEMORY) {
        job->failed = true;
        return tn_no_memory(err);
    }
    return tn_prospect_drop(job, row, kind, unit, tenon_error_message(why));
}

bool tn_prospect_no_memory(struct tn_job *job, tenon_error *err)
{
    job->failed = true;
    return tn_no_memory(err);
}

/* ---- one plugin ----------------------------------------------------------------------------- */

/* The prospect of that name; NULL: it was not asked for yet. */
static const struct tn_prospect *asked_before(const struct tn_job *job, const char *name,
                                              uint32_t hash)
{
    size_t at = tn_slots_at(&job->names, hash);
    uint32_t number;
    while ((number = tn_slots_next(&job->names, hash, &at)) != UINT32_MAX)
        if (strcmp(job->prospects[number].name, name) == 0)
            return &job->prospects[number];
    return NULL;
}

static uint32_t hash_of(const struct tn_job *job, const char *name)
{
    return tn_hash(job->seed, 0, name, strlen(name));
}

/* Loaded already, or asked for before: nothing is to be done, unless it is another one. */
static bool is_new(struct tn_job *job, size_t row, const struct tn_prospect *p)
{
    const struct tn_loaded *loaded = tn_process_plugin_named(job->process, p->name);
    const struct tn_prospect *before =
        loaded ? NULL : asked_before(job, p->name, hash_of(job, p->name));
    if (!loaded && !before)
        return true;
    if (loaded && loaded->stage != TN_STAGE_UP) {
        const char *busy = tn_arena_format(&job->report->arena, "plugin \"%s\" %s", p->name,
                                           tn_stage_words(loaded->stage));
        job->report->no_memory |= !busy;
        return tn_prospect_drop(job, row, TENON_FINDING_BUSY, NULL, busy ? busy : "");
    }
    if (memcmp(loaded ? loaded->digest : before->digest, p->digest, sizeof p->digest) == 0) {
        job->report->plugins[row].status = TENON_PLUGIN_ALREADY;
        return false;
    }
    const char *text = tn_arena_format(
        &job->report->arena, "plugin \"%s\" is already %s from %s, which is another build", p->name,
        loaded ? "loaded" : "asked for",
        tn_report_show(job->report, loaded ? loaded->plugin.bundle : before->file));
    job->report->no_memory |= !text;
    return tn_prospect_drop(job, row, TENON_FINDING_OTHER_BUILD, NULL, text ? text : "");
}

int tn_job_folder(struct tn_job *job, const char *path, const char **name)
{
    size_t size = (size_t)(tn_base_name(path) - path);
    *name = path;
    if (size < 2)
        return AT_FDCWD;
    if (size != job->folder_size || memcmp(job->folder, path, size) != 0) {
        const char *folder = tn_arena_copy(&job->arena, path, size);
        tn_job_close_folder(job);
        job->folder_fd = folder ? open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
        if (job->folder_fd < 0)
            return AT_FDCWD;
        job->folder = folder;
        job->folder_size = size;
    }
    *name = path + size;
    return job->folder_fd;
}

/*
 * A bundle of which the index knows enough is not asked for its whole manifest. To ask who signed
 * it takes all of it, and to verify everything is to read everything.
 */
static tenon_bundle *find_bundle(struct tn_job *job, const char *path, tenon_error *why)
{
    const tenon_process *process = job->process;
    struct tn_known *known =
        job->flags & TENON_LOAD_VERIFY ? NULL : tn_process_known(job->process, job->world);
    const char *name;
    int folder = tn_job_folder(job, path, &name);
    tenon_bundle *brief =
        process->program || process->keys ? NULL : tn_known_brief(known, folder, name, path);
    return brief ? brief : tn_known_bundle_at(known, folder, name, path, why);
}

bool tn_prospect_fill(struct tn_job *job, struct tn_prospect *p, tenon_error *why)
{
    if (!tn_known_fill(job->process->known, p->bundle)) {
        tenon_bundle *bundle = tenon_bundle_open(p->file, why);
        if (!bundle)
            return false;
        if (memcmp(tenon_bundle_digest(bundle), p->digest, sizeof p->digest) != 0 ||
            strcmp(tenon_bundle_manifest(bundle)->name, p->name) != 0) {
            char shown[TN_QUOTE_ROOM];
            tenon_bundle_free(bundle);
            return tn_fail(why, TENON_E_MALFORMED, "%s changed while it was looked at",
                           tn_quote(shown, p->file));
        }
        tenon_bundle_free(p->bundle);
        p->bundle = bundle;
    }
    p->manifest = tenon_bundle_manifest(p->bundle);
    return true;
}

static bool open_bundle(struct tn_job *job, size_t row, struct tn_prospect *p, tenon_error *err)
{
    tenon_error why = TENON_ERROR_INIT;
    tenon_plugin_result *result = &job->report->plugins[row];
    tn_process_tell(job->process, TENON_EVENT_OPENING, NULL, p->file, NULL);
    p->bundle = find_bundle(job, p->file, &why);
    if (!p->bundle)
        return tn_prospect_drop_error(job, row, TENON_FINDING_BAD_BUNDLE, NULL, &why, err);
    p->manifest = tenon_bundle_manifest(p->bundle);
    if (!p->manifest)
        p->manifest = tn_known_row(p->bundle)->brief;
    memcpy(p->digest, tenon_bundle_digest(p->bundle), sizeof p->digest);
    p->name = p->manifest->name;
    if (strcmp(result->name, p->name) != 0)
        result->name = tn_arena_string(&job->report->arena, p->name);
    return result->name || tn_prospect_no_memory(job, err);
}

const char *tn_signature_words(struct tn_arena *arena, const char *name,
                               const tenon_signature *signature)
{
    switch (signature->state) {
    case TENON_SIGNATURE_BAD:
        return tn_arena_format(arena, "the signature of plugin \"%s\" is bad: %s", name,
                               signature->why);
    case TENON_SIGNATURE_UNKNOWN:
        return tn_arena_format(arena, "plugin \"%s\" is signed with key %s, which is not trusted",
                               name, signature->key);
    default: return tn_arena_format(arena, "plugin \"%s\" is not signed", name);
    }
}

/* Was it made by somebody who is trusted? Asked of the file that is there now. */
static bool is_trusted(struct tn_job *job, size_t row, struct tn_prospect *p, tenon_error *err)
{
    const tenon_process *process = job->process;
    tenon_error why = TENON_ERROR_INIT;
    tenon_signature signature;
    if (!process->keys)
        return true;
    if (!tenon_bundle_signature(p->bundle, process->keys, &signature, &why))
        return tn_prospect_drop_error(job, row, TENON_FINDING_BAD_BUNDLE, NULL, &why, err);
    if (signature.state == TENON_SIGNATURE_GOOD)
        return true;
    const char *words = tn_signature_words(&job->report->arena, p->name, &signature);
    if (!words)
        return tn_prospect_no_memory(job, err);
    if (process->require_signature || signature.state == TENON_SIGNATURE_BAD)
        return tn_prospect_drop(job, row, TENON_FINDING_SIGNATURE, NULL, words);
    tn_report_find(job->report,
                   (struct tn_about){ .kind = TENON_FINDING_SIGNATURE,
                                      .plugin = job->report->plugins[row].name,
                                      .holders = { p->file } },
                   "%s", words);
    return true;
}

/* What an earlier plan of this request could not bring up is not tried again: it is said already.
 */
static bool failed_before(struct tn_job *job, size_t row, const struct tn_prospect *p)
{
    const tenon_report *before = job->before;
    for (size_t i = before ? job->before_said : 0; before && i < before->count; i++) {
        const tenon_finding *f = &before->findings[i];
        if (!f->refuses || !f->plugin || strcmp(f->plugin, p->name) != 0)
            continue;
        job->report->plugins[row].status = TENON_PLUGIN_REFUSED;
        for (size_t k = 0; k < before->plugin_count; k++)
            if (strcmp(before->plugins[k].name, p->name) == 0 &&
                before->plugins[k].status == TENON_PLUGIN_FAILED)
                job->report->plugins[row].status = TENON_PLUGIN_FAILED;
        return true;
    }
    return false;
}

/* False: it is not in the plan; a finding says why, or it is there already. */
static bool fill(struct tn_job *job, size_t row, struct tn_prospect *p, tenon_error *err)
{
    return open_bundle(job, row, p, err) && is_trusted(job, row, p, err) && is_new(job, row, p) &&
           !failed_before(job, row, p) && tn_prospect_fill_codes(job, row, p, err);
}

static bool gather_one(struct tn_job *job, size_t row, tenon_error *err)
{
    tenon_plugin_result *result = &job->report->plugins[row];
    struct tn_prospect *p = &job->prospects[job->count];
    p->request = &job->requests[row];
    result->name = tn_arena_string(&job->report->arena, p->request->plugin);
    if (!result->name)
        return tn_prospect_no_memory(job, err);
    result->file = p->file = tn_search_find(job->process, p->request->plugin, job->report);
    if (!p->file) {
        result->status = TENON_PLUGIN_REFUSED;
        return !job->report->no_memory || tn_prospect_no_memory(job, err);
    }
    if (fill(job, row, p, err)) {
        job->plan.candidates[job->count].row = row;
        tn_bundle_rest(p->bundle);
        size_t number = job->count++;
        if (!tn_slots_add(&job->names, hash_of(job, p->name), (uint32_t)number) ||
            !tn_job_fill_candidate(job, number))
            return tn_prospect_no_memory(job, err);
        return true;
    }
    tn_prospect_free(p);
    return !job->failed;
}

bool tn_job_gather(struct tn_job *job, tenon_error *err)
{
    size_t count = job->request_count;
    job->report->plugins = calloc(count + 1, sizeof *job->report->plugins);
    job->prospects = calloc(count + 1, sizeof *job->prospects);
    job->plan.candidates = calloc(count + 1, sizeof *job->plan.candidates);
    if (!job->report->plugins || !job->prospects || !job->plan.candidates)
        return tn_prospect_no_memory(job, err);
    job->report->plugin_count = count;
    tn_hash_seed(job->seed);
    if (!tn_slots_reserve(&job->names, count))
        return tn_prospect_no_memory(job, err);
    if (!job->process->program && !(job->flags & TENON_LOAD_VERIFY))
        tn_known_begin(tn_process_known(job->process, job->world));
    if (!job->process->program)
        tn_recognise(&job->process->registry, job->process->known, &job->process->proofs);
    bool good = true;
    for (size_t i = 0; good && i < count; i++)
        good = gather_one(job, i, err);
    tn_known_end(job->process->known);
    tn_job_close_folder(job);
    return good;
}
