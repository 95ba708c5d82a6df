/*
 * src/process/ocaml_libraries.c - the C libraries that OCaml code needs: judged like those of C
 * plugins
 *
 * To the system's loader each file with C code is a request of its own, beside the process and all
 * that came before it. So it is asked in the order of the plan, file by file, and what the system
 * adds is judged by the judge of native code. A plan that brings no library, and no wish for an
 * executable stack, asks nothing.
 *
 * rule  otherlibs/dynlink, runtime/unix.c caml_dlopen: RTLD_GLOBAL, so that what is needed serves
 *       everybody, too
 */
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include "cache.h"
#include "entry_name.h"
#include "fail.h"
#include "job.h"
#include "native_words.h"
#include "ocaml_private.h"

/* ---- the process as the system's loader has it ------------------------------------------------
 */

/* The program cannot be judged: nothing that needs a library is then loaded into it. */
static bool cannot_tell(tenon_ocaml_plan *plan, struct tn_oc_prospect *p, const tenon_error *why,
                        tenon_error *err)
{
    if (why->code == TENON_E_MEMORY)
        return tn_no_memory(err);
    tn_oc_find_in(plan, p, TENON_FINDING_REFUSED_LIBRARY, true, NULL, NULL,
                  "the process cannot be judged: %s", tenon_error_message(why));
    return true;
}

/*
 * A module that others loaded, and whose file is not there any more, or another one: nobody needs
 * it by a name, so that the loader's answers are the same without it.
 */
static bool leave_out_gone(tenon_ocaml_plan *plan, struct tn_oc_prospect *p, tenon_error *err)
{
    struct tn_registry *registry = &plan->native->registry;
    bool *stays = calloc(registry->count + 1, sizeof *stays), good = stays;

    for (size_t i = 0; good && i < registry->count; i++) {
        struct tn_holding *h = registry->holdings[i];
        h->is_caller = false; /* it is OCaml's runtime that opens files, not this library */
        stays[i] = h->is_program || h->own_name || tn_holding_check_file(h, plan->world);
        good = !h->starved;
        if (good && !stays[i])
            tn_oc_find_in(plan, p, TENON_FINDING_NO_RECORD, false, NULL, h->path,
                          "what is in %s is not compared with C libraries: %s",
                          tn_report_show(plan->report, h->path),
                          tn_report_show(plan->report, h->replaced));
    }
    good = good && tn_registry_keep(registry, stays);
    free(stays);
    return good || tn_no_memory(err);
}

/* The shared libraries that a program of bytecode names, and opens when it starts. */
static bool add_host_dlls(tenon_ocaml_plan *plan, tenon_error *err)
{
    tenon_ocaml_process *process = plan->process;
    tenon_resolver *resolver =
        process->host_dlls.count ? tenon_resolver_new(plan->world, err) : NULL;
    bool good = resolver || !process->host_dlls.count;

    good = good && (!resolver || tn_oc_search_dlls(process, err));
    for (uint32_t i = 0; good && i < process->host_dlls.count; i++) {
        const char *name = tn_names_text(&process->host_dlls, i);
        const char *path = tn_oc_host_dll(process, &plan->arena, name);
        tenon_error why = TENON_ERROR_INIT;
        tenon_graph *graph = path ? tenon_resolve_file(resolver, path, &why) : NULL;
        if (graph)
            good = tn_registry_take_more(&plan->native->registry, plan->world, graph, err);
        else
            good = why.code != TENON_E_MEMORY || tn_no_memory(err);
        tenon_graph_free(graph);
    }
    tenon_resolver_free(resolver);
    return good;
}

static struct tn_holding *holding_of(const tenon_ocaml_plan *plan, const struct tn_oc_prospect *p,
                                     const struct tn_oc_file *file, const char *path,
                                     tenon_error *err)
{
    struct tn_holding *h = tn_holding_new(path, err);

    if (!h)
        return NULL;
    h->reason = TENON_BY_PLUGIN;
    h->plugin = tn_arena_string(&h->arena, p->name);
    h->place = tn_arena_string(&h->arena, file->label);
    h->must_serve = true;
    if (!h->plugin || !h->place || !tn_holding_read_image(h, plan->world, NULL)) {
        tn_holding_free(h);
        tn_no_memory(err);
        return NULL;
    }
    tn_holding_set_own_code(h, true);
    return h;
}

/*
 * Where the file is, or the cache will have it: what lies beside it counts, for run paths that
 * begin with `$ORIGIN`. NULL: no memory.
 */
static const char *place_of(tenon_ocaml_plan *plan, const struct tn_oc_prospect *p,
                            const struct tn_oc_file *file)
{
    const char *triple = plan->process->settings->triple.text;

    if (file->path)
        return file->path;
    const char *base = tn_base_name(file->entry);
    return plan->cache_path && *triple
               ? tn_cache_code(plan->cache_path, p->digest, triple, base, &plan->arena)
               : tn_arena_format(&plan->arena, "/tenon-plan/%zu/%s", ++plan->asked, base);
}

/* Where the resolver finds the file. NULL: *err. */
static const char *path_of(tenon_ocaml_plan *plan, const struct tn_oc_prospect *p,
                           const struct tn_oc_file *file, tenon_error *err)
{
    const char *path = place_of(plan, p, file);

    if (!path) {
        tn_no_memory(err);
        return NULL;
    }
    bool put =
        file->path || tenon_world_put_file(plan->world, path, file->bytes, file->size, 0755, err);
    return put ? path : NULL;
}

/* C code that is there from now on; what it has recorded is listed. The holding is the registry's.
 */
static bool add_holding(tenon_ocaml_plan *plan, struct tn_holding *h, tenon_error *err)
{
    struct tn_registry *registry = &plan->native->registry;

    if (!tn_holding_file(h, plan->world) && h->starved) {
        tn_holding_free(h);
        return tn_no_memory(err);
    }
    return tn_registry_add(registry, h, err) && tn_registry_read(registry, err);
}

static bool add_code(tenon_ocaml_plan *plan, const struct tn_oc_prospect *p,
                     const struct tn_oc_file *file, tenon_error *err)
{
    const char *path = path_of(plan, p, file, err);
    struct tn_holding *h = path ? holding_of(plan, p, file, path, err) : NULL;

    return h && add_holding(plan, h, err);
}

/* What was placed while nobody asked. */
static bool add_placed(tenon_ocaml_plan *plan, tenon_error *err)
{
    for (size_t i = 0; i < plan->count; i++)
        for (size_t k = 0; plan->prospects[i].planned && k < plan->prospects[i].count; k++) {
            const struct tn_oc_file *file = plan->prospects[i].files[k];
            if (file->placed && file->has_c && file->c.defines.count &&
                !add_code(plan, &plan->prospects[i], file, err))
                return false;
        }
    return true;
}

/* plan->native stays NULL when the process cannot be judged, which is a finding. False: *err. */
static bool open_native(tenon_ocaml_plan *plan, struct tn_oc_prospect *p, tenon_error *err)
{
    const char *program = plan->process->program;
    tenon_error why = TENON_ERROR_INIT;

    if (plan->native)
        return true;
    plan->native = program ? tenon_process_of_file(program, &why) : tenon_process_new(&why);
    if (!plan->native)
        return cannot_tell(plan, p, &why, err);
    bool good = program ? add_host_dlls(plan, &why) : leave_out_gone(plan, p, &why);
    good = good && tn_registry_read(&plan->native->registry, &why) && add_placed(plan, &why);
    if (good)
        return true;
    tenon_process_free(plan->native);
    plan->native = NULL;
    return cannot_tell(plan, p, &why, err);
}

/* ---- one file ---------------------------------------------------------------------------------
 */

static bool is_mapped(const char *library)
{
    void *handle = dlopen(library, RTLD_LAZY | RTLD_NOLOAD);

    if (handle)
        dlclose(handle);
    return handle != NULL;
}

static bool is_listed(const struct tn_registry *registry, const char *library)
{
    for (size_t i = 0; i < registry->count; i++)
        if (tn_holding_answers(registry->holdings[i], library))
            return true;
    return false;
}

static bool is_all_there(const tenon_ocaml_plan *plan, const struct tn_oc_file *file)
{
    for (size_t i = 0; i < file->c.needs.count; i++) {
        const char *library = file->c.needs.at[i];
        if (plan->process->program ? !is_listed(&plan->native->registry, library)
                                   : !is_mapped(library))
            return false;
    }
    return true;
}

/* What it exports is there for those that come after. One that cannot be read brings nothing. */
static bool place_library(tenon_ocaml_plan *plan, struct tn_oc_prospect *p, const char *path,
                          tenon_error *err)
{
    tenon_error why = TENON_ERROR_INIT;
    struct tn_oc_file *library = tn_oc_new_file(plan, p);
    const char *copy = tn_arena_string(&plan->arena, path);

    if (!library || !copy)
        return tn_no_memory(err);
    library->path = library->label = copy;
    library->is_library = library->placed = true;
    library->image = tenon_image_open(plan->world, copy, TENON_PART_SYMBOLS, &why);
    if (!library->image)
        return why.code != TENON_E_MEMORY || tn_no_memory(err);
    return (tn_oc_c_read(library->image, &library->c) && tn_oc_place_code(plan, library)) ||
           tn_no_memory(err);
}

/* What the system adds is there from now on, and serves everybody. */
static bool keep_brought(tenon_ocaml_plan *plan, struct tn_oc_prospect *p, struct tn_job *job,
                         struct tn_holding *own, tenon_error *err)
{
    struct tn_registry *registry = &plan->native->registry;

    for (size_t i = 0; i < job->brought_count; i++) {
        struct tn_holding *h = job->brought[i];
        job->brought[i] = NULL;
        if (!tn_registry_add(registry, h, err) || !place_library(plan, p, h->path, err))
            return false;
    }
    return tn_registry_read(registry, err) && tn_registry_serve(registry, own, err);
}

/* One plugin of one file. False: *err. */
static bool fill(struct tn_job *job, const struct tn_oc_prospect *p, const char *path,
                 struct tn_holding *own, tenon_error *err)
{
    struct tn_code *code = tn_arena_rows(&job->arena, 1, sizeof *code);

    job->prospects = calloc(1, sizeof *job->prospects);
    job->plan.candidates = calloc(1, sizeof *job->plan.candidates);
    if (!code || !job->prospects || !job->plan.candidates)
        return tn_no_memory(err);
    *code = (struct tn_code){ .path = path, .holding = own };
    job->prospects[0] =
        (struct tn_prospect){ .name = p->name, .file = p->file, .codes = code, .code_count = 1 };
    job->plan.candidates[0] = (struct tn_candidate){ .name = p->name, .row = p->row };
    job->count = 1;
    return true;
}

/* Would the cache have that file from the plugin's own bundle? */
static bool is_of_bundle(tenon_ocaml_plan *plan, const struct tn_oc_prospect *p, const char *path)
{
    const char *triple = plan->process->settings->triple.text;
    const tenon_manifest *m = p->manifest;

    for (size_t i = 0; m && i < m->code_count; i++) {
        const char *own = tn_cache_code(plan->cache_path, p->digest, triple,
                                        tn_base_name(m->code[i].path), &plan->arena);
        plan->report->no_memory |= !own;
        if (own && strcmp(own, path) == 0)
            return true;
    }
    return false;
}

/* As check_planted() of native_rows.c: somebody laid it in the cache, and it would be opened. */
static void find_planted(tenon_ocaml_plan *plan, struct tn_oc_prospect *p, const struct tn_job *job)
{
    for (size_t i = 0; plan->cache_path && i < job->brought_count; i++) {
        const char *path = job->brought[i]->path;
        if (tn_entry_is_below(path, plan->cache_path) && !is_of_bundle(plan, p, path))
            tn_oc_find_in(plan, p, TENON_FINDING_CACHE, true, tn_base_name(path), path,
                          TN_PLANTED_WORDS, p->name,
                          tn_report_show(plan->report, tn_base_name(path)),
                          tn_report_show(plan->report, path));
    }
}

/* The file's own code is there before its libraries are judged, and is itself not judged here. */
static bool judge(tenon_ocaml_plan *plan, struct tn_oc_prospect *p, struct tn_job *job,
                  tenon_error *err)
{
    struct tn_code *code = &job->prospects[0].codes[0];
    struct tn_holding *own = code->holding;

    code->holding = NULL;
    job->prospects[0].code_count = 0;
    if (!add_holding(plan, own, err))
        return false;
    return !job->brought_count || (tn_job_judge(job, err) && keep_brought(plan, p, job, own, err));
}

static bool ask(tenon_ocaml_plan *plan, struct tn_oc_prospect *p, const struct tn_oc_file *file,
                tenon_error *err)
{
    const char *path = path_of(plan, p, file, err);
    struct tn_holding *own = path ? holding_of(plan, p, file, path, err) : NULL;
    struct tn_job job = { .process = plan->native, .report = plan->report, .world = plan->world };
    size_t refusals = plan->report->refusals;
    bool good = own && fill(&job, p, path, own, err);

    if (own && !good)
        tn_holding_free(own);
    good = good && tn_job_libraries(&job, err);
    if (good)
        find_planted(plan, p, &job);
    good = good && judge(plan, p, &job, err);
    if (plan->report->refusals > refusals)
        plan->report->plugins[p->row].status = TENON_PLUGIN_REFUSED;
    job.world = NULL; /* the plan's */
    tn_job_free(&job);
    return good;
}

bool tn_oc_check_libraries(tenon_ocaml_plan *plan, struct tn_oc_prospect *p,
                           const struct tn_oc_file *file, tenon_error *err)
{
    const bool needs = file->c.needs.count || file->c.exec_stack;

    if (plan->process->program && needs && !open_native(plan, p, err))
        return false;
    if (plan->process->program && !plan->native) /* which is said */
        return true;
    if (!file->c.exec_stack && is_all_there(plan, file))
        return !plan->native || !file->c.defines.count || add_code(plan, p, file, err);
    return open_native(plan, p, err) && (!plan->native || ask(plan, p, file, err));
}

bool tn_oc_forget_libraries(tenon_ocaml_plan *plan, const struct tn_oc_prospect *p)
{
    struct tn_registry *registry = plan->native ? &plan->native->registry : NULL;
    bool *stays = registry ? calloc(registry->count + 1, sizeof *stays) : NULL;

    for (size_t i = 0; stays && i < registry->count; i++) {
        const char *plugin = registry->holdings[i]->plugin;
        stays[i] = !plugin || strcmp(plugin, p->name) != 0;
    }
    bool good = !registry || (stays && tn_registry_keep(registry, stays));
    free(stays);
    return good;
}

/* ---- before there is an order -----------------------------------------------------------------
 */

static bool exports(tenon_ocaml_plan *plan, const char *path, const char *symbol, bool *found)
{
    tenon_error why = TENON_ERROR_INIT;
    tenon_image *image = tenon_image_open(plan->world, path, TENON_PART_SYMBOLS, &why);
    const tenon_symbol *s;

    for (size_t i = 0; image && !*found && (s = tenon_image_export(image, i)); i++)
        *found = strcmp(s->name, symbol) == 0;
    tenon_image_free(image);
    return why.code != TENON_E_MEMORY;
}

/* One that cannot be read brings nothing: it is looked at again before it is loaded. */
bool tn_oc_brings(tenon_ocaml_plan *plan, const struct tn_oc_prospect *p,
                  const struct tn_oc_file *file, const char *symbol, bool *brings)
{
    tenon_error why = TENON_ERROR_INIT;
    const char *path = path_of(plan, p, file, &why);
    tenon_resolver *resolver = path ? tenon_resolver_new(plan->world, &why) : NULL;
    tenon_graph *graph = resolver ? tenon_resolve_file(resolver, path, &why) : NULL;
    bool good = why.code != TENON_E_MEMORY;

    *brings = false;
    for (size_t i = 0; good && graph && !*brings && i < tenon_graph_count(graph); i++) {
        const tenon_library *library = tenon_graph_library(graph, i);
        good = !library->path || exports(plan, library->path, symbol, brings);
    }
    tenon_graph_free(graph);
    tenon_resolver_free(resolver);
    return good;
}
