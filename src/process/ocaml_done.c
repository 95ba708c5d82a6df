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

bool tn_oc_open_cache(tenon_ocaml_plan *plan, tenon_error *err)
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

    if (!tn_oc_open_cache(plan, err))
        return false;
    if (p->taken)
        return true;
    if (p->proofs)
        return tn_oc_trust(plan, p, err);
    p->cached =
        tn_cache_ensure(plan->cache, p->bundle, plan->process->settings->triple.text, flags, err);
    if (!p->cached)
        return false;
    p->taken = p->cached->files;
    p->taken_count = p->cached->count;
    return true;
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
        for (size_t i = 0; p->files[k]->entry && i < p->taken_count; i++)
            if (strcmp(p->taken[i].code->path, p->files[k]->entry) == 0)
                p->files[k]->path = p->taken[i].path;
    return true;
}

/* The file itself, and the libraries that are found beside it; other code of OCaml's is not opened.
 */
static bool check_taken(const struct tn_oc_prospect *p, const struct tn_oc_file *file,
                        tenon_error *err)
{
    for (size_t i = 0; i < p->taken_count; i++) {
        const tenon_code_entry *code = p->taken[i].code;
        bool is_opened =
            (code->kind != TENON_CODE_OCAML_NATIVE && code->kind != TENON_CODE_OCAML_BYTE) ||
            strcmp(code->path, file->entry) == 0;
        if (is_opened && !tn_cached_check(&p->taken[i], 1, err))
            return false;
    }
    return true;
}

bool tenon_ocaml_plan_check(const tenon_ocaml_plan *plan, size_t i, tenon_error *err)
{
    char shown[TN_QUOTE_ROOM];
    struct stat info;

    if (i >= plan->step_count)
        return tn_fail(err, TENON_E_ARGUMENT, "no step %zu", i);
    const struct tn_oc_file *file = file_of(plan, i);
    if (file->entry)
        return check_taken(&plan->prospects[plan->steps[i].prospect], file, err);
    if (stat(file->path, &info) == 0) {
        struct tn_identity now = tn_identity(&info);
        if (tn_identity_same(&now, &file->identity))
            return true;
    }
    return tn_fail(err, TENON_E_MALFORMED, "%s changed since it was looked at",
                   tn_quote(shown, file->path));
}

bool tenon_ocaml_plan_is_current(const tenon_ocaml_plan *plan, size_t i)
{
    const struct tn_oc_file *file = i < plan->step_count ? file_of(plan, i) : NULL;

    /* the toplevel does not tell what others loaded into it: it is asked */
    for (size_t u = 0; file && file->code && u < tenon_ocaml_unit_count(file->code); u++)
        tn_oc_find(plan->process, file->numbers[u].own);
    return !plan->surprised && plan->seen == plan->process->changes;
}

/* ---- what came of it ----------------------------------------------------------------------------
 */

static size_t unit_count(const struct tn_oc_file *file)
{
    return file->code ? tenon_ocaml_unit_count(file->code) : 0;
}

/* What the unit was compiled against is known as soon as no loader can refuse it any more. */
static void keep_interfaces(tenon_ocaml_process *process, const struct tn_oc_file *file,
                            size_t index)
{
    tenon_ocaml_imports interfaces = tenon_ocaml_unit_at(file->code, index)->interfaces;

    for (size_t i = 0; i < interfaces.count; i++)
        if (interfaces.at[i].crc.kind != TENON_DIGEST_UNKNOWN)
            tn_oc_tell_interface(process, file->numbers[index].interfaces[i],
                                 &interfaces.at[i].crc);
}

static bool keep_unit(tenon_ocaml_process *process, const struct tn_oc_prospect *p,
                      const struct tn_oc_file *file, size_t index, enum tenon_unit_state state,
                      tenon_error *err)
{
    const tenon_ocaml_unit *unit = tenon_ocaml_unit_at(file->code, index);
    const struct tn_oc_numbers *numbers = &file->numbers[index];
    const tenon_ocaml_present present = {
        .name = unit->name,
        .interface = unit->interface,
        .implementation = numbers->implementation,
        .state = state,
        .reason = file->is_main ? TENON_BY_PLUGIN : TENON_FOR_PLUGIN,
        .holder = file->label,
        .plugin = p->name,
    };
    bool native = process->loader == TENON_OCAML_LOADER_NATIVE;

    if (!tn_oc_tell(process, numbers->own, &present, err))
        return false;
    struct tn_oc_known *known = &process->known[numbers->own];
    if (known->state == TENON_MAPPED && state != TENON_MAPPED) {
        known->state = state;
        process->changes++; /* what was refused for want of it may come */
        if (native)         /* which is told when it is mapped */
            return true;
    }
    for (size_t i = 0; native && i < unit->defines.count; i++)
        tn_oc_tell_symbol(process, numbers->defines[i], known->holder);
    if (native || state != TENON_MAPPED)
        keep_interfaces(process, file, index);
    return true;
}

/* Has the step C code, or its plugin a library of it? */
static bool has_c(const tenon_ocaml_plan *plan, size_t i)
{
    const struct tn_oc_prospect *p = &plan->prospects[plan->steps[i].prospect];
    bool has = file_of(plan, i)->c.defines.count;

    for (size_t f = 0; !has && plan->native && f < p->count; f++)
        has = p->files[f]->is_library;
    return has;
}

/* Does C code come after that step? What else comes cannot be its double. */
static bool has_c_after(tenon_ocaml_plan *plan, size_t i)
{
    if (!plan->found_c) {
        for (plan->c_end = plan->step_count; plan->c_end && !has_c(plan, plan->c_end - 1);)
            plan->c_end--;
        plan->found_c = true;
    }
    return i + 1 < plan->c_end;
}

bool tenon_ocaml_plan_begin(tenon_ocaml_plan *plan, size_t i, tenon_error *err)
{
    if (i >= plan->step_count)
        return tn_fail(err, TENON_E_ARGUMENT, "no step %zu", i);
    tenon_ocaml_process *process = plan->process;
    const struct tn_oc_file *file = file_of(plan, i);
    const struct tn_oc_prospect *p = &plan->prospects[plan->steps[i].prospect];
    size_t before = process->changes;
    for (size_t u = 0; u < unit_count(file); u++)
        if (!keep_unit(process, p, file, u, TENON_MAPPED, err))
            return false;
    plan->seen += process->changes - before;
    if (has_c_after(plan, i))
        tn_oc_count_objects(plan);
    /* C code of bytecode was opened by a step of its own */
    return process->loader != TENON_OCAML_LOADER_NATIVE || tn_oc_keep_code(process, file) ||
           tn_no_memory(err);
}

void tenon_ocaml_plan_withdraw(tenon_ocaml_plan *plan, size_t i)
{
    const struct tn_oc_file *file = i < plan->step_count ? file_of(plan, i) : NULL;
    size_t before = plan->process->changes;

    for (size_t u = 0; file && u < unit_count(file); u++)
        if (plan->process->known[file->numbers[u].own].state == TENON_MAPPED)
            tn_oc_untell(plan->process, file->numbers[u].own);
    plan->seen += plan->process->changes - before;
}

bool tenon_ocaml_plan_done(tenon_ocaml_plan *plan, size_t i, size_t initialised, tenon_error *err)
{
    if (i >= plan->step_count)
        return tn_fail(err, TENON_E_ARGUMENT, "no step %zu", i);
    const struct tn_oc_file *file = file_of(plan, i);
    const struct tn_oc_prospect *p = &plan->prospects[plan->steps[i].prospect];
    size_t before = plan->process->changes;
    for (size_t u = 0; u < unit_count(file); u++)
        if (!keep_unit(plan->process, p, file, u,
                       u < initialised ? TENON_INITIALISED : TENON_FAILED, err))
            return false;
    plan->seen += plan->process->changes - before;
    tn_oc_see_objects(plan);
    return tn_oc_keep_code(plan->process, file) || tn_no_memory(err);
}

/* False: no memory; nothing has changed then. */
static bool keep_plugin(tenon_ocaml_process *process, const struct tn_oc_prospect *p)
{
    size_t count = process->plugin_count;
    const char *file = tn_arena_string(&process->arena, p->file);

    if (!file ||
        !tn_grow(&process->plugins, &process->plugin_room, count, sizeof *process->plugins))
        return false;
    uint32_t number = tn_names_add(&process->plugin_names, p->name, strlen(p->name));
    if (number != count) /* TN_NO_NAME, or it was told before */
        return number != TN_NO_NAME;
    struct tn_oc_loaded *loaded = &process->plugins[process->plugin_count++];
    loaded->file = file;
    memcpy(loaded->digest, p->digest, sizeof loaded->digest);
    process->changes++;
    return true;
}

bool tenon_ocaml_plan_loaded(tenon_ocaml_plan *plan, size_t request, tenon_error *err)
{
    struct tn_oc_prospect *p = request < plan->count ? &plan->prospects[request] : NULL;

    if (!p || !p->planned)
        return tn_fail(err, TENON_E_ARGUMENT, "no plugin %zu in the plan", request);
    size_t before = plan->process->changes;
    if (!keep_plugin(plan->process, p))
        return tn_no_memory(err);
    plan->seen += plan->process->changes - before;
    plan->report->plugins[p->row].status = TENON_PLUGIN_LOADED;
    tn_oc_prove(plan, p);
    return true;
}

void tenon_ocaml_plan_end(tenon_ocaml_plan *plan)
{
    if (!plan->process->program && !(plan->flags & TENON_LOAD_VERIFY))
        tn_known_save(plan->process->settings->known, false);
    /* the plan itself may live for long: it has nothing to guard in the cache any more */
    tn_cache_close(plan->cache);
    plan->cache = NULL;
}
