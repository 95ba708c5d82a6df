/* src/process/load_plugin.c - one plugin that is ready: opened, started and registered */
#include <string.h>

#include "fail.h"
#include "load.h"

/* A library of which there should be the same build; whoever was to bring it may be left out. */
static bool is_there(const struct tn_registry *registry, const struct tn_code *code)
{
    return code->shared && tn_registry_named(registry, code->holding->library.name);
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

bool tn_load_stand_on_present(const struct tn_job *job, struct tn_loaded *loaded, size_t number)
{
    tenon_process *process = job->process;
    struct tn_registry *registry = &process->registry;
    const struct tn_candidate *c = &job->plan.candidates[number];
    const struct tn_prospect *p = &job->prospects[number];
    for (size_t k = 0; k < c->required_count; k++) {
        if (!tn_index_named(&registry->index, c->required[k].kind, c->required[k].name))
            return false;
        for (size_t i = 0; i < registry->index.found_count; i++) {
            const struct tn_entry *e = &registry->index.entries[registry->index.found[i]];
            const struct tn_holding *h = e->holding;
            bool is_it = e->unit->kind == c->required[k].kind &&
                         strcmp(e->unit->name, c->required[k].name) == 0;
            if (is_it && h->plugin &&
                !add_need(loaded, tn_process_plugin_named(process, h->plugin)))
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

/*
 * The loaded plugins that this one stands on: by the plan, by units, by names of libraries. Units
 * are those that were there when the plan was made: what comes with it is in the plan's needs.
 */
static bool fill_needs(const struct tn_job *job, const struct tn_ready *ready,
                       struct tn_loaded *loaded)
{
    const struct tn_candidate *c = &job->plan.candidates[ready->number];
    for (size_t k = 0; k < c->need_count; k++)
        if (!add_need(loaded,
                      tn_process_plugin_named(job->process, job->prospects[c->needs[k]].name)))
            return false;
    return ready->stands_alone || tn_load_stand_on_present(job, loaded, ready->number);
}

/*
 * Most stand on nobody who is there. In a plain plan no plugin brings anything that another one
 * could stand on, but by the plan: so this is asked while all of it is at hand. Who does stand on
 * somebody is asked again, as that one may be gone by then.
 */
static bool ask_early(const struct tn_job *job, struct tn_ready *ready)
{
    if (!job->is_plain)
        return true;
    if (!tn_load_stand_on_present(job, ready->loaded, ready->number))
        return false;
    ready->stands_alone = !ready->loaded->need_count;
    ready->loaded->need_count = 0;
    return true;
}

static bool check_cached(void *arg, size_t image, tenon_error *err)
{
    const struct tn_loaded *loaded = arg;
    (void)image;
    return tn_cached_check(loaded->files, loaded->file_count, err);
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
    for (size_t i = 0; registry->must_serve && i < registry->count; i++) {
        struct tn_holding *h = registry->holdings[i];
        const char *stays;
        void *handle;
        if (!h->must_serve)
            continue;
        if (!backend->open(NULL, h->path, true, &handle, err))
            return false;
        backend->undo(NULL, handle, h->path, &stays); /* one use less; it stays global */
        h->must_serve = false;
        if (!tn_registry_serve(registry, h, err))
            return false;
    }
    registry->must_serve = false;
    return true;
}

/*
 * Was none of its images in the process when it was opened? One that the system had kept is in the
 * loader's list already: then something else may have come in its place.
 */
static bool is_all_new(const struct tn_load *load, const struct tn_prospect *p)
{
    bool is_new = load->process->registry.version == load->version;
    for (size_t k = 0; is_new && k < p->code_count; k++)
        is_new = !p->codes[k].mapped;
    return is_new;
}

/*
 * What came is what was proven, and nothing else came: then what was noted is what the loader's
 * list would give. *took is false when the list must be looked at.
 */
static bool take_proven(struct tn_load *load, struct tn_ready *ready,
                        const struct tn_loaded *loaded, bool *took, tenon_error *err)
{
    struct tn_job *job = &load->job;
    const struct tn_candidate *c = &job->plan.candidates[ready->number];
    *took = false;
    if (ready->came_count != loaded->image_count || !loaded->backend->base ||
        !is_all_new(load, &job->prospects[ready->number]))
        return true;
    for (size_t k = 0; k < loaded->image_count; k++) {
        const struct tn_opened *image = &loaded->images[k];
        uintptr_t base =
            image->handle ? loaded->backend->base(NULL, image->handle, image->path) : 0;
        if (!base)
            return true;
        ready->came[k]->base = base;
        ready->came[k]->must_serve = false;
    }
    *took = tn_registry_grew_by(&job->process->registry, ready->came_count);
    return !*took || tn_registry_take(&job->process->registry, ready->came, ready->came_count,
                                      c->entries, c->has_private ? c->count : 0, err);
}

/* What was opened for everybody. */
static bool serve_all(struct tn_registry *registry, const struct tn_loaded *loaded,
                      tenon_error *err)
{
    for (size_t k = 0; k < loaded->image_count; k++) {
        struct tn_holding *h =
            loaded->images[k].global ? tn_registry_at_path(registry, loaded->images[k].path) : NULL;
        if (h && !tn_registry_serve(registry, h, err))
            return false;
    }
    return true;
}

/* Was it in the plan that this comes with the plugin? */
static bool is_planned(const struct tn_job *job, const struct tn_ready *ready,
                       const struct tn_loaded *loaded, const char *path)
{
    const struct tn_candidate *c = &job->plan.candidates[ready->number];
    for (size_t k = 0; k < loaded->image_count; k++)
        if (strcmp(loaded->images[k].path, path) == 0)
            return true;
    for (size_t k = 0; k < c->brought_count; k++)
        if (strcmp(job->brought[c->brought[k]]->path, path) == 0)
            return true;
    return false;
}

/*
 * Looks at what came. What nobody had planned, as a constructor opened it, or something that went,
 * leaves the rest of the plan without ground: it is made anew.
 */
static bool look_at_it(struct tn_load *load, const struct tn_ready *ready,
                       const struct tn_loaded *loaded, tenon_error *err)
{
    struct tn_registry *registry = &load->process->registry;
    const unsigned long long before = registry->version;
    const size_t held = registry->count;
    if (!tn_registry_look(registry, TENON_FOR_PLUGIN, loaded->plugin.name, err))
        return false;
    bool planned = registry->count >= held && registry->version - before == registry->count - held;
    for (size_t i = held; planned && i < registry->count; i++)
        planned = is_planned(&load->job, ready, loaded, registry->holdings[i]->path);
    load->surprised = !planned;
    return true;
}

/* Registers what came: the plugin's own images are its, the rest was brought for it. */
static bool register_plugin(struct tn_load *load, struct tn_ready *ready, struct tn_loaded *loaded,
                            tenon_error *err)
{
    tenon_process *process = load->process;
    const struct tn_candidate *c = &load->job.plan.candidates[ready->number];
    const struct tn_prospect *p = &load->job.prospects[ready->number];
    bool took;
    if (!take_proven(load, ready, loaded, &took, err))
        return false;
    if (!took && !look_at_it(load, ready, loaded, err))
        return false;
    if (!took)
        tn_registry_own_code(&process->registry, loaded->images[loaded->image_count - 1].path);
    for (size_t k = 0; !took && k < loaded->image_count; k++) {
        const struct tn_opened *image = &loaded->images[k];
        const char *name = loaded->plugin.name;
        bool good =
            image->skip
                ? tn_registry_adopt(&process->registry, p->codes[k].holding->library.name, name)
                : tn_registry_claim(&process->registry, image->path, name, c->entries, c->count);
        if (!good)
            return tn_no_memory(err);
    }
    return serve_all(&process->registry, loaded, err);
}

static void say_failure(struct tn_load *load, size_t number, enum tenon_finding_kind kind,
                        bool reached_loader, const tenon_error *why)
{
    struct tn_job *job = &load->job;
    const char *name = job->prospects[number].name;
    job->report->plugins[job->plan.candidates[number].row].status =
        reached_loader ? TENON_PLUGIN_FAILED : TENON_PLUGIN_REFUSED;
    job->plan.candidates[number].refused = true;
    tn_report_find(job->report, (struct tn_about){ .kind = kind, .refuses = true, .plugin = name },
                   "plugin \"%s\": %s", name, tenon_error_message(why));
    tn_process_tell(load->process, TENON_EVENT_ERRORED, name, NULL,
                    job->report->no_memory ? tenon_error_message(why)
                                           : job->report->findings[job->report->count - 1].message);
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

static void tell_loading(struct tn_load *load, size_t number)
{
    const struct tn_prospect *p = &load->job.prospects[number];
    tn_process_tell(load->process, TENON_EVENT_LOADING, p->name, p->file, NULL);
}

bool tn_load_ready(struct tn_load *load, size_t number, struct tn_ready *ready)
{
    tenon_error why = TENON_ERROR_INIT;
    if (tn_ready_make(&load->job, number, ready, &why)) {
        if (ask_early(&load->job, ready))
            return true;
        tn_ready_free(ready);
        tn_no_memory(&why);
    }
    tell_loading(load, number);
    say_failure(load, number, TENON_FINDING_CACHE, false, &why);
    return false;
}

static struct tn_execution execution_of(const struct tn_ready *ready, struct tn_loaded *loaded)
{
    struct tn_execution x = tn_loaded_execution(loaded);
    x.argc = ready->argc;
    x.argv = ready->argv;
    x.check = check_cached;
    x.linking = tell_linking;
    x.arg = loaded;
    return x;
}

/* Opens and registers it. False: it was closed again. */
static bool open_up(struct tn_load *load, struct tn_ready *ready, struct tn_loaded *loaded,
                    struct tn_execution *x, enum tenon_finding_kind *kind, tenon_error *err)
{
    struct tn_job *job = &load->job;
    struct tn_registry *registry = &load->process->registry;
    const struct tn_prospect *p = &job->prospects[ready->number];
    *kind = TENON_FINDING_LOADER;
    for (size_t k = 0; k < loaded->image_count; k++)
        loaded->images[k].skip = is_there(registry, &p->codes[k]);
    load->surprised = false;
    if (!fill_needs(job, ready, loaded))
        return tn_no_memory(err);
    if (!promote(registry, loaded->backend, err) || !tn_execute_open(x, kind, err))
        return false;
    *kind = TENON_FINDING_LOADER;
    if (!register_plugin(load, ready, loaded, err)) {
        tn_execute_close(x);
        return false;
    }
    if (!load->surprised)
        load->version = registry->version;
    loaded->stage = TN_STAGE_LOADING;
    return true;
}

/* It has started: it is one of the plugins, and what its code has loaded came for it. */
static bool stand_up(tenon_process *process, struct tn_loaded *loaded, tenon_error *err)
{
    if (!tn_grow(&process->plugins, &process->plugin_room, process->plugin_count,
                 sizeof *process->plugins))
        return tn_no_memory(err);
    return loaded->never_starts ||
           tn_registry_look(&process->registry, TENON_FOR_PLUGIN, loaded->plugin.name, err);
}

/*
 * All that others may ask of it is known before it starts: that it is being loaded, its units,
 * what it stands on. Until then nobody is let in between. What its code had loaded for itself stays
 * also when it fails, but for what stands on it. False: *kind says what failed, *err why; it was
 * undone.
 */
static bool bring_up(struct tn_load *load, struct tn_ready *ready, struct tn_loaded *loaded,
                     struct tn_execution *x, enum tenon_finding_kind *kind, tenon_error *err)
{
    if (!open_up(load, ready, loaded, x, kind, err))
        return false;
    *kind = TENON_FINDING_START;
    bool started = tn_execute_start(x, err);
    if (started) {
        *kind = TENON_FINDING_LOADER;
        if (stand_up(load->process, loaded, err))
            return true;
    }
    tn_process_clear_users(load->process, loaded, load, load->job.report);
    loaded->stage = TN_STAGE_UNLOADING;
    if (started)
        tn_execute_undo(x);
    else
        tn_execute_close(x);
    return false;
}

static void begin(struct tn_load *load, struct tn_loaded *loaded)
{
    loaded->stage = TN_STAGE_OPENING;
    loaded->request = load;
    loaded->outer = load->process->loading;
    loaded->turn = load->process->turns++;
    load->process->loading = loaded;
}

/* One that an exception left may have come since. */
static void end(struct tn_load *load, struct tn_loaded *loaded)
{
    struct tn_loaded **at = &load->process->loading;
    while (*at != loaded)
        at = &(*at)->outer;
    *at = loaded->outer;
    loaded->stage = TN_STAGE_UP;
}

/* Before those that came while it was started: some may stand on it. There is room. */
static void list(tenon_process *process, struct tn_loaded *loaded)
{
    size_t at = process->plugin_count++;
    for (; at && process->plugins[at - 1]->turn > loaded->turn; at--)
        process->plugins[at] = process->plugins[at - 1];
    process->plugins[at] = loaded;
}

/*
 * One that failed is gone again: before anybody is told, who may load it once more then. When that
 * is all that happened, in one look, the plan is still good for the others.
 */
static void look_after(struct tn_load *load, const struct tn_loaded *loaded, size_t held)
{
    struct tn_registry *registry = &load->process->registry;
    tn_process_look(load->process, NULL);
    tn_process_leave_behind(load->process, loaded);
    tn_registry_disown(registry, loaded->plugin.name);
    if (registry->count == held && registry->version == load->version + 1)
        load->version = registry->version;
}

bool tn_load_one(struct tn_load *load, struct tn_ready *ready)
{
    struct tn_job *job = &load->job;
    struct tn_loaded *loaded = ready->loaded;
    struct tn_execution x = execution_of(ready, loaded);
    const size_t held = load->process->registry.count;
    enum tenon_finding_kind kind;
    tenon_error why = TENON_ERROR_INIT;
    x.own_first = job->prospects[ready->number].own_first;
    ready->loaded = NULL; /* it is the process's */
    begin(load, loaded);
    tell_loading(load, ready->number);
    bool good = bring_up(load, ready, loaded, &x, &kind, &why);
    end(load, loaded);
    if (good) {
        list(load->process, loaded);
        load->counted = true;
        load->plans = 0;
        tn_prospect_prove(job, &job->prospects[ready->number], loaded->cached);
        job->report->plugins[job->plan.candidates[ready->number].row].status = TENON_PLUGIN_LOADED;
        tn_process_tell(load->process, TENON_EVENT_LOADED, loaded->plugin.name, NULL, NULL);
        return true;
    }
    look_after(load, loaded, held);
    say_failure(load, ready->number, kind, x.reached_loader, &why);
    tn_load_say_stays(job->report, loaded);
    ready->loaded = loaded;
    tn_ready_free(ready);
    return false;
}
