/* src/process/ocaml_done.c - a plan that is carried out: files on their way, and what came of them
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "bundle.h"
#include "fail.h"
#include "ocaml_private.h"
#include "text.h"

static struct tn_oc_file *file_of(const tenon_ocaml_plan *plan, size_t i)
{
    const struct tn_step_row *row = &plan->steps[i];

    return plan->prospects[row->prospect].files[row->file];
}

bool tenon_ocaml_plan_step(const tenon_ocaml_plan *plan, size_t i, tenon_ocaml_step *out)
{
    if (i >= plan->step_count)
        return false;
    const struct tn_oc_file *file = file_of(plan, i);
    *out = (tenon_ocaml_step){ .plugin = plan->steps[i].prospect,
                               .path = file->path,
                               .entry = file->entry,
                               .label = file->label,
                               .is_stubs = file->is_stubs,
                               .is_main = file->is_main,
                               .has_dlls = file->has_dlls,
                               .code = file->code };
    return true;
}

static bool open_cache(tenon_ocaml_plan *plan, tenon_error *err)
{
    if (plan->cache)
        return true;
    if (!plan->cache_path) {
        if (err)
            *err = plan->no_cache;
        return false;
    }
    plan->cache = tn_cache_open(plan->cache_path, err);
    return plan->cache != NULL;
}

bool tn_oc_take(tenon_ocaml_plan *plan, struct tn_oc_prospect *p, tenon_error *err)
{
    unsigned flags = plan->flags & TENON_LOAD_VERIFY ? TN_CACHE_VERIFY : 0;

    if (p->cached)
        return true;
    if (!open_cache(plan, err))
        return false;
    p->cached =
        tn_cache_ensure(plan->cache, p->bundle, plan->process->settings->triple.text, flags, err);
    return p->cached != NULL;
}

bool tenon_ocaml_plan_take(tenon_ocaml_plan *plan, size_t request, tenon_error *err)
{
    struct tn_oc_prospect *p = request < plan->count ? &plan->prospects[request] : NULL;

    if (!p || !p->planned)
        return tn_fail(err, TENON_E_ARGUMENT, "no plugin %zu in the plan", request);
    if (!p->bundle)
        return true;
    if (!tn_oc_take(plan, p, err))
        return false;
    for (size_t k = 0; k < p->count; k++)
        for (size_t i = 0; p->files[k]->entry && i < p->cached->count; i++)
            if (strcmp(p->cached->files[i].code->path, p->files[k]->entry) == 0)
                p->files[k]->path = p->cached->files[i].path;
    return true;
}

bool tenon_ocaml_plan_check(const tenon_ocaml_plan *plan, size_t i, tenon_error *err)
{
    char shown[TN_QUOTE_ROOM];
    struct stat info;

    if (i >= plan->step_count)
        return tn_fail(err, TENON_E_ARGUMENT, "no step %zu", i);
    const struct tn_oc_file *file = file_of(plan, i);
    if (file->entry) {
        const struct tn_cached *cached = plan->prospects[plan->steps[i].prospect].cached;
        return tn_cached_check(cached->files, cached->count, err);
    }
    if (stat(file->path, &info) == 0) {
        struct tn_identity now = tn_identity(&info);
        if (tn_identity_same(&now, &file->identity))
            return true;
    }
    return tn_fail(err, TENON_E_MALFORMED, "%s changed since it was looked at",
                   tn_quote(shown, file->path));
}

/* ---- what came of it ----------------------------------------------------------------------------
 */

static bool keep_symbols(tenon_ocaml_process *process, const tenon_ocaml_unit *unit,
                         const char *holder)
{
    for (size_t i = 0; i < unit->defines.count; i++) {
        struct tn_oc_known *known = tn_oc_known(process, unit->defines.at[i]);
        if (!known)
            return false;
        if (!known->symbol_holder)
            known->symbol_holder = holder;
    }
    return true;
}

static bool keep_unit(tenon_ocaml_process *process, const struct tn_oc_prospect *p,
                      const struct tn_oc_file *file, const tenon_ocaml_unit *unit,
                      enum tenon_unit_state state, tenon_error *err)
{
    const tenon_ocaml_present present = {
        .name = unit->name,
        .interface = unit->interface,
        .implementation = unit->implementation,
        .state = state,
        .reason = file->is_main ? TENON_BY_PLUGIN : TENON_FOR_PLUGIN,
        .holder = file->label,
        .plugin = p->name,
    };
    const struct tn_oc_known *known;

    if (!tenon_ocaml_tell(process, &present, err))
        return false;
    known = tn_oc_known(process, unit->name);
    if (known && process->loader == TENON_OCAML_LOADER_NATIVE &&
        !keep_symbols(process, unit, known->holder))
        return tn_no_memory(err);
    for (size_t i = 0; i < unit->interfaces.count; i++)
        if (unit->interfaces.at[i].crc.kind != TENON_DIGEST_UNKNOWN &&
            !tenon_ocaml_tell_interface(process, unit->interfaces.at[i].name,
                                        &unit->interfaces.at[i].crc, err))
            return false;
    return true;
}

bool tenon_ocaml_plan_done(tenon_ocaml_plan *plan, size_t i, size_t initialised, tenon_error *err)
{
    if (i >= plan->step_count)
        return tn_fail(err, TENON_E_ARGUMENT, "no step %zu", i);
    const struct tn_oc_file *file = file_of(plan, i);
    const struct tn_oc_prospect *p = &plan->prospects[plan->steps[i].prospect];
    for (size_t u = 0; file->code && u < tenon_ocaml_unit_count(file->code); u++)
        if (!keep_unit(plan->process, p, file, tenon_ocaml_unit_at(file->code, u),
                       u < initialised ? TENON_INITIALISED : TENON_FAILED, err))
            return false;
    return tn_oc_keep_code(plan->process, file) || tn_no_memory(err);
}

bool tenon_ocaml_plan_loaded(tenon_ocaml_plan *plan, size_t request, tenon_error *err)
{
    tenon_ocaml_process *process = plan->process;
    const struct tn_oc_prospect *p = request < plan->count ? &plan->prospects[request] : NULL;

    if (!p || !p->planned)
        return tn_fail(err, TENON_E_ARGUMENT, "no plugin %zu in the plan", request);
    if (!tn_grow(&process->plugins, &process->plugin_room, process->plugin_count,
                 sizeof *process->plugins))
        return tn_no_memory(err);
    struct tn_oc_loaded *loaded = &process->plugins[process->plugin_count];
    loaded->name = tn_arena_string(&process->arena, p->name);
    loaded->file = tn_arena_string(&process->arena, p->file);
    memcpy(loaded->digest, p->digest, sizeof loaded->digest);
    if (!loaded->name || !loaded->file)
        return tn_no_memory(err);
    process->plugin_count++;
    plan->report->plugins[p->row].status = TENON_PLUGIN_LOADED;
    return true;
}
