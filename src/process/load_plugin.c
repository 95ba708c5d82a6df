/* src/process/load_plugin.c - one plugin: its code taken out, opened, started and registered */
#include <stdlib.h>
#include <string.h>

#include "bundle.h"
#include "fail.h"
#include "load.h"

static bool copy_arguments(struct tn_loaded *loaded, const tenon_request *request, char ***argv)
{
    size_t count = request->argc > 0 ? (size_t)request->argc : 0;
    *argv = tn_arena_rows(&loaded->arena, count + 1, sizeof **argv);
    for (size_t i = 0; *argv && i < count; i++) {
        (*argv)[i] = tn_arena_string(&loaded->arena, request->argv[i]);
        if (!(*argv)[i])
            return false;
    }
    return *argv != NULL;
}

/* The code of the bundle, taken out: exactly what was checked, by the digest of its manifest. */
static struct tn_cached *take_out(struct tn_job *job, struct tn_prospect *p, tenon_error *err)
{
    struct tn_cached *cached = p->cached;
    p->cached = NULL;
    if (cached)
        return cached;
    if (p->proofs)
        return tn_prospect_trust(job, p, err);
    tenon_bundle *bundle = tn_job_open_cache(job, err) ? tenon_bundle_open(p->file, err) : NULL;
    if (bundle && memcmp(tenon_bundle_digest(bundle), p->digest, sizeof p->digest) != 0)
        tn_fail(err, TENON_E_MALFORMED, "%s changed after it was checked", p->file);
    else if (bundle)
        cached = tn_cache_ensure(job->cache, bundle, p->triple, 0, err);
    tenon_bundle_free(bundle);
    return cached;
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* Where the cache has one file of the code. */
static const char *cached_path(const struct tn_cached *cached, const char *entry)
{
    for (size_t i = 0; i < cached->count; i++)
        if (strcmp(base_name(cached->files[i].path), base_name(entry)) == 0)
            return cached->files[i].path;
    return NULL;
}

/* A library of which there should be the same build; whoever was to bring it may be left out. */
static bool is_there(const struct tn_loaded *loaded, const struct tn_code *code)
{
    return code->shared && code->holding->own_name &&
           tn_registry_named(&loaded->process->registry, code->holding->own_name);
}

static bool fill_images(struct tn_loaded *loaded, const struct tn_prospect *p, tenon_error *err)
{
    loaded->images = tn_arena_rows(&loaded->arena, p->code_count, sizeof *loaded->images);
    if (!loaded->images)
        return tn_no_memory(err);
    for (size_t k = 0; k < p->code_count; k++) {
        const char *path = cached_path(loaded->cached, p->codes[k].entry);
        if (!path)
            return tn_fail(err, TENON_E_NOT_FOUND, "%s was not taken out", p->codes[k].entry);
        loaded->images[k] = (struct tn_opened){
            .path = tn_arena_string(&loaded->arena, path),
            .skip = is_there(loaded, &p->codes[k]),
            .global = p->serves_all,
        };
        if (!loaded->images[k].path)
            return tn_no_memory(err);
    }
    loaded->image_count = p->code_count;
    loaded->never_starts = p->proofs && !p->codes[p->code_count - 1].proof->starts;
    return true;
}

/* The real directory of a bundle, with its slash; of the last one it is remembered. NULL: none. */
static const char *real_folder(struct tn_job *job, const char *path, size_t size)
{
    if (size == job->real_of_size && memcmp(job->real_of, path, size) == 0)
        return job->real_folder;
    const char *folder = tn_arena_copy(&job->arena, path, size);
    char *real = folder ? realpath(folder, NULL) : NULL;
    job->real_folder = real ? tn_arena_join(&job->arena, real, real[1] ? "/" : "", NULL) : NULL;
    job->real_of = folder;
    job->real_of_size = folder ? size : 0;
    free(real);
    return job->real_folder;
}

/* As realpath(3), for many files of one directory. To be freed; NULL: it has none. */
static char *real_path(struct tn_job *job, const char *path, bool is_no_link)
{
    size_t size = (size_t)(base_name(path) - path);
    const char *folder = size > 1 && is_no_link ? real_folder(job, path, size) : NULL;
    if (!folder)
        return realpath(path, NULL);
    char *real = malloc(strlen(folder) + strlen(path + size) + 1);
    if (real)
        strcpy(stpcpy(real, folder), path + size);
    return real;
}

static bool fill_plugin(struct tn_job *job, struct tn_loaded *loaded, const struct tn_prospect *p,
                        tenon_error *err)
{
    tenon_plugin *plugin = &loaded->plugin;
    char *real = real_path(job, p->file, p->bundle->is_no_link);
    plugin->name = tn_arena_string(&loaded->arena, p->name);
    plugin->version = tn_arena_string(&loaded->arena, p->manifest->version);
    plugin->bundle = tn_arena_string(&loaded->arena, real ? real : p->file);
    plugin->directory = tn_arena_string(&loaded->arena, loaded->cached->directory);
    free(real);
    memcpy(loaded->digest, p->digest, sizeof loaded->digest);
    tn_plugin_equip(loaded);
    return (plugin->name && plugin->version && plugin->bundle && plugin->directory) ||
           tn_no_memory(err);
}

/* False: no memory. */
static bool add_need(struct tn_loaded *loaded, struct tn_loaded *need)
{
    if (!need || need == loaded)
        return true;
    for (size_t i = 0; i < loaded->need_count; i++)
        if (loaded->needs[i] == need)
            return true;
    if (!tn_grow(&loaded->needs, &loaded->need_room, loaded->need_count, sizeof need))
        return false;
    loaded->needs[loaded->need_count++] = need;
    return true;
}

/* The loaded plugins that this one stands on: by the plan, by units, by names of libraries. */
static bool fill_needs(const struct tn_job *job, struct tn_loaded *loaded, size_t number)
{
    tenon_process *process = job->process;
    struct tn_registry *registry = &process->registry;
    const struct tn_candidate *c = &job->plan.candidates[number];
    const struct tn_prospect *p = &job->prospects[number];
    for (size_t k = 0; k < c->need_count; k++)
        if (!add_need(loaded, tn_process_plugin_named(process, job->prospects[c->needs[k]].name)))
            return false;
    for (size_t k = 0; k < c->require_count; k++) {
        if (!tn_index_named(&registry->index, c->requires[k].kind, c->requires[k].name))
            return false;
        for (size_t i = 0; i < registry->index.found_count; i++) {
            const struct tn_holding *h = registry->index.entries[registry->index.found[i]].holding;
            if (h->plugin && !add_need(loaded, tn_process_plugin_named(process, h->plugin)))
                return false;
        }
    }
    for (size_t k = 0; k < p->code_count; k++)
        for (size_t n = 0; n < p->codes[k].holding->need_count; n++) {
            const struct tn_holding *h = tn_registry_named(registry, p->codes[k].holding->needs[n]);
            if (h && h->plugin && !add_need(loaded, tn_process_plugin_named(process, h->plugin)))
                return false;
        }
    return true;
}

static struct tn_loaded *prepare(struct tn_job *job, size_t number, struct tn_execution *x,
                                 tenon_error *err)
{
    struct tn_prospect *p = &job->prospects[number];
    struct tn_loaded *loaded = calloc(1, sizeof *loaded);
    if (!loaded) {
        tn_no_memory(err);
        return NULL;
    }
    loaded->process = job->process;
    loaded->backend = &tn_backend_dlopen;
    loaded->cached = take_out(job, p, err);
    bool good = loaded->cached && fill_plugin(job, loaded, p, err) && fill_images(loaded, p, err);
    if (good && (!copy_arguments(loaded, p->request, &x->argv) || !fill_needs(job, loaded, number)))
        good = tn_no_memory(err);
    if (!good) {
        tn_loaded_free(loaded);
        return NULL;
    }
    char **argv = x->argv;
    *x = tn_loaded_execution(loaded);
    x->argv = argv;
    x->argc = p->request->argc > 0 ? p->request->argc : 0;
    return loaded;
}

static bool check_cached(void *arg, size_t image, tenon_error *err)
{
    const struct tn_loaded *loaded = arg;
    (void)image;
    return tn_cached_check(loaded->cached, err);
}

static void tell_linking(void *arg, size_t image)
{
    const struct tn_loaded *loaded = arg;
    tn_process_tell(loaded->process, TENON_EVENT_LINKING, loaded->plugin.name,
                    loaded->images[image].path, NULL);
}

/* What others need of the process now must serve everybody: the loader is asked once more for it.
 */
static bool promote(struct tn_registry *registry, const struct tn_backend *backend,
                    tenon_error *err)
{
    for (size_t i = 0; i < registry->count; i++) {
        struct tn_holding *h = registry->holdings[i];
        const char *stays;
        void *handle;
        if (!h->must_serve)
            continue;
        if (!backend->open(NULL, h->path, true, &handle, err))
            return false;
        backend->undo(NULL, handle, h->path, &stays); /* one use less; it stays global */
        h->must_serve = false;
        h->serves_all = true;
    }
    return true;
}

/*
 * What came is what was proven, and nothing else came: then the plan's entries are what the
 * loader's list would give. *took is false when the list must be looked at.
 */
static bool take_proven(struct tn_job *job, size_t number, struct tn_loaded *loaded, bool *took,
                        tenon_error *err)
{
    const struct tn_prospect *p = &job->prospects[number];
    const struct tn_candidate *c = &job->plan.candidates[number];
    struct tn_came *came = tn_arena_rows(&job->arena, loaded->image_count, sizeof *came);
    size_t count = 0;
    *took = false;
    if (!came)
        return tn_no_memory(err);
    for (size_t k = 0; k < loaded->image_count; k++) {
        const struct tn_opened *image = &loaded->images[k];
        uintptr_t base = p->proofs && image->handle && loaded->backend->base
                             ? loaded->backend->base(NULL, image->handle, image->path)
                             : 0;
        if (!base)
            return true;
        came[count++] = (struct tn_came){ .planned = p->codes[k].holding,
                                          .path = image->path,
                                          .base = base,
                                          .serves_all = image->global };
    }
    *took = tn_registry_grew_by(&job->process->registry, count);
    return !*took || tn_registry_take(&job->process->registry, came, count, loaded->plugin.name,
                                      c->entries, c->count, err);
}

/* Registers what came: the plugin's own images are its, the rest was brought for it. */
static bool register_plugin(struct tn_job *job, size_t number, struct tn_loaded *loaded,
                            tenon_error *err)
{
    tenon_process *process = job->process;
    const struct tn_candidate *c = &job->plan.candidates[number];
    bool took;
    if (!tn_grow(&process->plugins, &process->plugin_room, process->plugin_count,
                 sizeof *process->plugins))
        return tn_no_memory(err);
    if (!take_proven(job, number, loaded, &took, err))
        return false;
    if (!took && !tn_registry_look(&process->registry, TENON_FOR_PLUGIN, loaded->plugin.name, err))
        return false;
    for (size_t k = 0; !took && k < loaded->image_count; k++)
        if (!loaded->images[k].skip &&
            !tn_registry_claim(&process->registry, loaded->images[k].path, loaded->plugin.name,
                               loaded->images[k].global, c->entries, c->count))
            return tn_no_memory(err);
    process->plugins[process->plugin_count++] = loaded;
    return true;
}

static void say_failure(struct tn_load *load, size_t number, enum tenon_finding_kind kind,
                        const tenon_error *why)
{
    struct tn_job *job = &load->job;
    const char *name = job->prospects[number].name;
    job->report->plugins[job->plan.candidates[number].row].status = TENON_PLUGIN_FAILED;
    job->plan.candidates[number].refused = true;
    tn_report_find(job->report, (struct tn_about){ .kind = kind, .refuses = true, .plugin = name },
                   "plugin \"%s\": %s", name, tenon_error_message(why));
    tn_process_tell(load->process, TENON_EVENT_ERRORED, name, NULL,
                    job->report->findings[job->report->count - 1].message);
}

void tn_load_say_stays(tenon_report *report, const struct tn_loaded *loaded)
{
    for (size_t k = 0; k < loaded->image_count; k++)
        if (loaded->images[k].stays)
            tn_report_find(report,
                           (struct tn_about){ .kind = TENON_FINDING_STAYS,
                                              .plugin = loaded->plugin.name,
                                              .unit = loaded->images[k].path },
                           "%s of plugin \"%s\" stays mapped: %s", loaded->images[k].path,
                           loaded->plugin.name, loaded->images[k].stays);
}

bool tn_load_one(struct tn_load *load, size_t number)
{
    struct tn_job *job = &load->job;
    enum tenon_finding_kind kind = TENON_FINDING_CACHE;
    struct tn_execution x = { 0 };
    tenon_error why = TENON_ERROR_INIT;
    tn_process_tell(load->process, TENON_EVENT_LOADING, job->prospects[number].name,
                    job->prospects[number].file, NULL);
    struct tn_loaded *loaded = prepare(job, number, &x, &why);
    bool good = loaded != NULL;
    if (good) {
        x.check = check_cached;
        x.linking = tell_linking;
        x.arg = loaded;
        kind = TENON_FINDING_LOADER;
        good =
            promote(&load->process->registry, loaded->backend, &why) && tn_execute(&x, &kind, &why);
        if (good && !register_plugin(job, number, loaded, &why)) {
            kind = TENON_FINDING_LOADER;
            tn_execute_undo(&x);
            good = false;
        }
    }
    if (good) {
        load->counted = true;
        tn_prospect_prove(job, &job->prospects[number], loaded->cached);
        job->report->plugins[job->plan.candidates[number].row].status = TENON_PLUGIN_LOADED;
        tn_process_tell(load->process, TENON_EVENT_LOADED, loaded->plugin.name, NULL, NULL);
        return true;
    }
    say_failure(load, number, kind, &why);
    if (loaded)
        tn_load_say_stays(job->report, loaded);
    tn_loaded_free(loaded);
    tn_process_look(load->process, NULL);
    return false;
}
