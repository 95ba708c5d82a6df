/* src/process/ocaml_plan.c - what OCaml's loader would be given, or why nothing */
#include <stdlib.h>
#include <string.h>

#include "bundle.h"
#include "fail.h"
#include "ocaml_private.h"

void tenon_ocaml_plan_free(tenon_ocaml_plan *plan)
{
    if (!plan)
        return;
    for (size_t i = 0; i < plan->count; i++)
        tn_oc_prospect_free(&plan->prospects[i]);
    tn_plan_free(&plan->order);
    free(plan->order.candidates);
    free(plan->prospects);
    free(plan->named);
    free(plan->planned);
    free(plan->coming);
    free(plan->c_files);
    free(plan->steps);
    tn_names_free(&plan->c_coming);
    tn_names_free(&plan->c_there);
    tn_names_free(&plan->names);
    tn_cache_close(plan->cache);
    free(plan->cache_path);
    tenon_process_free(plan->native);
    tenon_world_free(plan->world);
    tenon_report_free(plan->report);
    tn_arena_free(&plan->arena);
    free(plan);
}

/* The number of a name, with a row of the process and one of the plan. TN_NO_NAME: no memory. */
static uint32_t note(tenon_ocaml_plan *plan, const char *name)
{
    const struct tn_oc_known *known = tn_oc_known(plan->process, name);
    size_t number = known ? (size_t)(known - plan->process->known) : 0;

    if (!known)
        return TN_NO_NAME;
    if (number >= plan->coming_room) {
        size_t room = plan->process->known_room;
        struct tn_oc_coming *more = realloc(plan->coming, room * sizeof *more);
        if (!more)
            return TN_NO_NAME;
        memset(more + plan->coming_room, 0, (room - plan->coming_room) * sizeof *more);
        plan->coming = more;
        plan->coming_room = room;
    }
    return (uint32_t)number;
}

static bool note_imports(tenon_ocaml_plan *plan, tenon_ocaml_imports imports, uint32_t *out)
{
    for (size_t i = 0; i < imports.count; i++)
        if ((out[i] = note(plan, imports.at[i].name)) == TN_NO_NAME)
            return false;
    return true;
}

static bool note_unit(tenon_ocaml_plan *plan, const tenon_ocaml_unit *unit,
                      struct tn_oc_numbers *out)
{
    size_t imports = unit->required.count + unit->interfaces.count;
    uint32_t *numbers =
        tn_arena_room(&plan->arena, imports + unit->defines.count + 1, sizeof *numbers);

    if (!numbers || (out->own = note(plan, unit->name)) == TN_NO_NAME)
        return false;
    uint32_t *interfaces = numbers + unit->required.count, *defines = numbers + imports;
    out->required = numbers;
    out->interfaces = interfaces;
    out->defines = defines;
    for (size_t i = 0; i < unit->defines.count; i++)
        if ((defines[i] = note(plan, unit->defines.at[i])) == TN_NO_NAME)
            return false;
    return note_imports(plan, unit->required, numbers) &&
           note_imports(plan, unit->interfaces, interfaces);
}

/* Each name that the bundle's code mentions. False: no memory. */
static bool note_mentions(tenon_ocaml_plan *plan, struct tn_oc_prospect *p)
{
    const struct tn_oc_mentions *m = p->mentions;
    uint32_t *noted = tn_arena_room(&plan->arena, m->name_count + 1, sizeof *noted);

    p->fits = tn_arena_rows(&plan->arena, m->import_count + 1, sizeof *p->fits);
    if (!noted || !p->fits)
        return false;
    for (size_t i = 0; i < m->name_count; i++)
        if ((noted[i] = note(plan, m->names[i])) == TN_NO_NAME)
            return false;
    p->noted = noted;
    return true;
}

/* The same as note_unit(), of names that were noted. */
static bool number_unit(tenon_ocaml_plan *plan, const struct tn_oc_prospect *p,
                        const tenon_ocaml_unit *unit, const struct tn_oc_listed *listed,
                        struct tn_oc_numbers *out)
{
    const struct tn_oc_mentions *m = p->mentions;
    size_t required = unit->required.count, interfaces = unit->interfaces.count;
    uint32_t *numbers = tn_arena_room(&plan->arena, required + interfaces + unit->defines.count + 1,
                                      sizeof *numbers);

    if (!numbers)
        return false;
    out->own = p->noted[listed->own];
    out->required = numbers;
    out->interfaces = numbers + required;
    out->defines = numbers + required + interfaces;
    for (size_t i = 0; i < required; i++)
        *numbers++ = p->noted[m->import_names[listed->required[i]]];
    for (size_t i = 0; i < interfaces; i++)
        *numbers++ = p->noted[m->import_names[listed->interfaces[i]]];
    for (size_t i = 0; i < unit->defines.count; i++)
        *numbers++ = p->noted[listed->defines[i]];
    return true;
}

bool tn_oc_note_names(tenon_ocaml_plan *plan, struct tn_oc_prospect *p, struct tn_oc_file *file)
{
    size_t count = file->code ? tenon_ocaml_unit_count(file->code) : 0;
    struct tn_oc_numbers *rows = tn_arena_rows(&plan->arena, count + 1, sizeof *rows);
    const struct tn_oc_listed *listed = file->listed;

    if (!rows || (listed && !p->noted && !note_mentions(plan, p)))
        return false;
    for (size_t i = 0; i < count; i++) {
        const tenon_ocaml_unit *unit = tenon_ocaml_unit_at(file->code, i);
        if (!(listed ? number_unit(plan, p, unit, &listed[i], &rows[i])
                     : note_unit(plan, unit, &rows[i])))
            return false;
        rows[i].implementation = tn_oc_implementation(plan, p, file, unit);
    }
    file->numbers = rows;
    return true;
}

static bool is_archive(const struct tn_oc_file *file)
{
    return file->code && !file->is_stubs;
}

/* ---- candidates and what they need of each other ----------------------------------------------
 */

static bool list_candidates(tenon_ocaml_plan *plan, tenon_error *err)
{
    struct tn_plan *order = &plan->order;

    order->candidates = calloc(plan->count + 1, sizeof *order->candidates);
    plan->planned = calloc(plan->count + 1, sizeof *plan->planned);
    if (!order->candidates || !plan->planned)
        return tn_no_memory(err);
    if (!tn_registry_read(&plan->process->settings->registry, err))
        return false;
    for (size_t i = 0; i < plan->count; i++) {
        struct tn_oc_prospect *p = &plan->prospects[i];
        if (!p->planned)
            continue;
        struct tn_candidate *c = &order->candidates[order->count];
        *c = (struct tn_candidate){ .name = p->name,
                                    .row = i,
                                    .cons = p->manifest ? p->manifest->cons : NULL,
                                    .con_count = p->manifest ? p->manifest->con_count : 0,
                                    .refused =
                                        plan->report->plugins[i].status == TENON_PLUGIN_REFUSED };
        plan->planned[order->count++] = (uint32_t)i;
    }
    order->report = plan->report;
    order->present = &plan->process->settings->registry.index;
    order->services = plan->process->settings->services;
    order->service_count = plan->process->settings->service_count;
    order->told_only = plan->process->program != NULL;
    order->each = plan->flags & TENON_LOAD_EACH;
    return true;
}

static bool own_units(tenon_ocaml_plan *plan, uint32_t candidate)
{
    struct tn_oc_prospect *p = &plan->prospects[plan->planned[candidate]];

    for (size_t k = 0; k < p->count; k++) {
        struct tn_oc_file *file = p->files[k];
        if (!tn_oc_note_names(plan, p, file))
            return false;
        for (size_t u = 0; is_archive(file) && u < tenon_ocaml_unit_count(file->code); u++) {
            struct tn_oc_coming *row = tn_oc_coming(plan, file->numbers[u].own);
            if (!row->owner)
                row->owner = candidate + 1;
        }
    }
    return true;
}

static bool has_unit(const struct tn_oc_prospect *p, uint32_t number)
{
    for (size_t k = 0; k < p->count; k++)
        for (size_t u = 0; is_archive(p->files[k]) && u < tenon_ocaml_unit_count(p->files[k]->code);
             u++)
            if (p->files[k]->numbers[u].own == number)
                return true;
    return false;
}

/*
 * A unit that only another plugin has makes that one come before. Two plugins may bring one
 * library: who has it itself needs nobody for it.
 */
static bool needs_of_unit(tenon_ocaml_plan *plan, uint32_t candidate, const tenon_ocaml_unit *unit,
                          const struct tn_oc_numbers *numbers)
{
    const struct tn_oc_prospect *p = &plan->prospects[plan->planned[candidate]];

    for (size_t i = 0; i < unit->required.count; i++) {
        uint32_t number = numbers->required[i], owner = tn_oc_coming(plan, number)->owner;
        if (owner && owner - 1 != candidate && !has_unit(p, number) &&
            !tn_oc_find(plan->process, number)->holder &&
            !tn_plan_need(&plan->order, candidate, owner - 1))
            return false;
    }
    return true;
}

/* The C code of bytecode is in files of its own, which archives name. */
static bool read_stubs(tenon_ocaml_plan *plan, tenon_error *err)
{
    bool native = plan->process->loader == TENON_OCAML_LOADER_NATIVE;

    for (uint32_t c = 0; !native && c < plan->order.count; c++) {
        struct tn_oc_prospect *p = &plan->prospects[plan->planned[c]];
        for (size_t k = 0, count = p->count; k < count; k++)
            if (p->files[k]->code && !tn_oc_read_stubs(plan, p, p->files[k], err))
                return false;
    }
    return true;
}

static bool find_needs(tenon_ocaml_plan *plan)
{
    for (uint32_t c = 0; c < plan->order.count; c++)
        if (!own_units(plan, c))
            return false;
    for (uint32_t c = 0; c < plan->order.count; c++) {
        const struct tn_oc_prospect *p = &plan->prospects[plan->planned[c]];
        for (size_t k = 0; k < p->count; k++)
            for (size_t u = 0;
                 is_archive(p->files[k]) && u < tenon_ocaml_unit_count(p->files[k]->code); u++)
                if (!needs_of_unit(plan, c, tenon_ocaml_unit_at(p->files[k]->code, u),
                                   &p->files[k]->numbers[u]))
                    return false;
    }
    return tn_oc_find_c_needs(plan);
}

/* ---- making -----------------------------------------------------------------------------------
 */

/* Refused while it was read, or by a finding since then. */
static void mark_refused(tenon_ocaml_plan *plan)
{
    for (size_t c = 0; c < plan->order.count; c++)
        plan->order.candidates[c].refused |=
            plan->report->plugins[plan->order.candidates[c].row].status == TENON_PLUGIN_REFUSED;
}

static bool leave_out(tenon_ocaml_plan *plan)
{
    mark_refused(plan);
    return tn_plan_leave_out(&plan->order);
}

static void refuse_rows(tenon_ocaml_plan *plan)
{
    for (size_t c = 0; c < plan->order.count; c++) {
        tenon_plugin_result *result = &plan->report->plugins[plan->order.candidates[c].row];
        if (plan->order.candidates[c].refused && result->status == TENON_PLUGIN_PLANNED)
            result->status = TENON_PLUGIN_REFUSED;
    }
}

static bool add_step(tenon_ocaml_plan *plan, size_t prospect, const struct tn_oc_file *file)
{
    const struct tn_oc_prospect *p = &plan->prospects[prospect];

    if (file->skip)
        return true;
    if (!tn_grow(&plan->steps, &plan->step_room, plan->step_count, sizeof *plan->steps))
        return false;
    for (size_t k = 0; k < p->count; k++)
        if (p->files[k] == file)
            plan->steps[plan->step_count++] =
                (struct tn_step_row){ (uint32_t)prospect, (uint32_t)k };
    const char *step = tn_report_show(plan->report, file->entry ? file->entry : file->path);
    if (file->entry)
        step = tn_arena_join(&plan->report->arena, p->name, ":", step, NULL);
    if (step)
        tn_report_step(plan->report, step);
    return step != NULL;
}

/* Libraries of the system stand before who needs them; nobody has to load them. */
static bool tell_libraries(tenon_ocaml_plan *plan, const struct tn_oc_prospect *p)
{
    for (size_t k = 0; k < p->count; k++) {
        const struct tn_oc_file *file = p->files[k];
        if (file->is_library && file->placed)
            tn_report_step(plan->report, tn_report_show(plan->report, file->path));
    }
    return !plan->report->no_memory;
}

static bool list_steps(tenon_ocaml_plan *plan)
{
    if (!tenon_report_ok(plan->report) && !plan->order.each)
        return true;
    for (size_t i = 0; i < plan->order.order_count; i++) {
        size_t prospect = plan->planned[plan->order.order[i]];
        const struct tn_oc_prospect *p = &plan->prospects[prospect];
        if (!tell_libraries(plan, p))
            return false;
        for (size_t k = 0; k < p->count; k++) {
            const struct tn_oc_file *file = p->files[k];
            if (!is_archive(file) || !file->placed)
                continue;
            for (size_t s = 0; s < file->stub_count; s++)
                if (!add_step(plan, prospect, file->stubs[s]))
                    return false;
            if (!add_step(plan, prospect, file))
                return false;
        }
    }
    return true;
}

static bool open_world(tenon_ocaml_plan *plan, tenon_error *err)
{
    plan->world = tenon_world_host(err);
    if (!plan->world || !tn_process_give_start(plan->process->settings, plan->world, err))
        return false;
    plan->cache_path = tn_process_cache_path(plan->process->settings, plan->world, &plan->no_cache);
    return plan->no_cache.code != TENON_E_MEMORY || tn_no_memory(err);
}

static bool make(tenon_ocaml_plan *plan, const tenon_ocaml_request *requests, tenon_error *err)
{
    if (!open_world(plan, err) || !tn_oc_gather(plan, requests, err) ||
        !list_candidates(plan, err) || !read_stubs(plan, err))
        return false;
    if (!tn_plan_requirements(&plan->order) || !find_needs(plan) || !leave_out(plan) ||
        !tn_plan_order(&plan->order) || !leave_out(plan))
        return tn_no_memory(err);
    for (size_t i = 0; i < plan->order.order_count; i++) {
        uint32_t c = plan->order.order[i];
        bool waits = false; /* for one that is refused */
        for (size_t k = 0; k < plan->order.candidates[c].need_count; k++)
            waits |= plan->order.candidates[plan->order.candidates[c].needs[k]].refused;
        if (plan->order.each && (waits || plan->order.candidates[c].refused))
            continue;
        if (!tn_oc_check_plugin(plan, &plan->prospects[plan->planned[c]], err))
            return false;
        mark_refused(plan);
    }
    if (!leave_out(plan))
        return tn_no_memory(err);
    refuse_rows(plan);
    return list_steps(plan) || tn_no_memory(err);
}

tenon_ocaml_plan *tenon_ocaml_plan_make(tenon_ocaml_process *process,
                                        const tenon_ocaml_request *requests, size_t count,
                                        unsigned flags, tenon_error *err)
{
    tenon_ocaml_plan *plan = calloc(1, sizeof *plan);
    bool good = plan != NULL;

    if (!plan) {
        tn_no_memory(err);
        return NULL;
    }
    plan->process = process;
    plan->flags = flags;
    plan->count = count;
    plan->report = tn_report_new(err);
    plan->prospects = calloc(count + 1, sizeof *plan->prospects);
    plan->named = calloc(count + 1, sizeof *plan->named);
    good = plan->report && plan->prospects && plan->named && tn_names_init(&plan->c_coming) &&
           tn_names_init(&plan->c_there) && tn_names_init(&plan->names);
    if (good) {
        plan->report->plugins = calloc(count + 1, sizeof *plan->report->plugins);
        plan->report->plugin_count = plan->report->plugins ? count : 0;
        good = plan->report->plugins || tn_no_memory(err);
    } else {
        plan->count = 0;
        tn_no_memory(err);
    }
    good = good && make(plan, requests, err);
    plan->seen = process->changes;
    for (size_t i = 0; i < plan->count; i++)
        plan->prospects[i].request = NULL; /* the caller may drop them */
    if (good && plan->report->no_memory)
        good = tn_no_memory(err);
    if (good)
        return plan;
    tenon_ocaml_plan_free(plan);
    return NULL;
}

const tenon_report *tenon_ocaml_plan_report(const tenon_ocaml_plan *plan)
{
    return plan->report;
}

const uint8_t *tenon_ocaml_plan_digest(const tenon_ocaml_plan *plan, size_t i)
{
    const struct tn_oc_prospect *p = i < plan->count ? &plan->prospects[i] : NULL;

    return p && p->planned && p->bundle ? p->digest : NULL;
}

size_t tenon_ocaml_plan_count(const tenon_ocaml_plan *plan)
{
    return plan->step_count;
}

tenon_bundle *tenon_ocaml_plan_bundle(const tenon_ocaml_plan *plan, size_t request)
{
    return request < plan->count ? plan->prospects[request].bundle : NULL;
}
