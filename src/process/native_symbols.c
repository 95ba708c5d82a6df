/* src/process/native_symbols.c - who sees whose symbols, and which are missing */
#include <string.h>

#include "native_private.h"

/* The row of what answers to a name among objects of the process; -1: none. */
static int32_t row_named(const struct tn_answer *a, const char *name)
{
    for (size_t row = 0; row < a->count; row++) {
        const struct tn_holding *h = a->holding[row];
        if (h && tn_holding_answers(h, name))
            return (int32_t)row;
    }
    return -1;
}

/* ---- what is seen --------------------------------------------------------------------------- */

static void visit(struct tn_answer *a, int32_t row)
{
    if (row < 0 || tn_answer_is_marked(a, (size_t)row))
        return;
    a->stamp[row] = a->closures;
    a->queue[a->queue_count++] = (uint32_t)row;
}

static void begin(struct tn_answer *a)
{
    a->closures++;
    a->queue_count = 0;
}

/* All that is needed by what was visited. */
static void spread(struct tn_answer *a)
{
    for (size_t i = 0; i < a->queue_count; i++) {
        uint32_t row = a->queue[i];
        const tenon_library *library = tenon_graph_library(a->graph, row);
        for (size_t k = 0; k < library->need_count; k++)
            visit(a, library->needs[k]);
        for (size_t k = 0;
             a->owner[row] == TN_NOBODY_HERE && a->holding[row] && k < a->holding[row]->need_count;
             k++)
            visit(a, row_named(a, a->holding[row]->needs[k]));
    }
}

/* The library of that name which was there before the plugin that brings it, too. */
static void visit_shared(struct tn_answer *a, const struct tn_code *code)
{
    if (code->shared)
        visit(a, row_named(a, code->holding->library.name));
}

void tn_answer_mark_plugin(struct tn_answer *a, uint32_t number)
{
    const struct tn_prospect *p = &a->job->prospects[number];
    begin(a);
    for (size_t row = 0; row < a->count; row++)
        if (a->owner[row] == number && a->holding[row])
            visit(a, (int32_t)row);
    for (size_t k = 0; k < p->code_count; k++)
        visit_shared(a, &p->codes[k]);
    spread(a);
}

static const struct tn_holding *own_of(const struct tn_answer *a, uint32_t number)
{
    const struct tn_prospect *p = &a->job->prospects[number];
    return p->codes[p->code_count - 1].holding;
}

static void mark_row(struct tn_answer *a, size_t row)
{
    begin(a);
    visit(a, (int32_t)row);
    spread(a);
}

void tn_answer_mark_own(struct tn_answer *a, uint32_t number)
{
    begin(a);
    for (size_t row = 0; row < a->count; row++)
        if (a->owner[row] == number && a->holding[row] == own_of(a, number))
            visit(a, (int32_t)row);
    spread(a);
}

bool tn_answer_is_bundled(const struct tn_answer *a, size_t row)
{
    return a->holding[row] && a->holding[row] != own_of(a, a->owner[row]);
}

/*
 * Marks what an object sees besides the global scope: what was opened with it, and all that this
 * needs. What was opened with a plugin's own code sees what that sees.
 *
 * rule  glibc elf/dl-open.c, the local scope of a dlopen()ed object; musl treats it alike
 */
static void mark_scope(struct tn_answer *a, size_t row)
{
    uint32_t number = a->owner[row];
    if (!tn_answer_is_bundled(a, row) || a->job->prospects[number].own_first) {
        tn_answer_mark_own(a, number);
        if (tn_answer_is_marked(a, row))
            return;
    }
    mark_row(a, row);
}

/*
 * A plugin that serves everybody does so because another one requires it. That is no promise to
 * those who do not: it would hold only while that other one is loaded before them, and nobody
 * would keep it for them.
 */
bool tn_answer_sees(const struct tn_answer *a, int32_t row)
{
    if (row == TENON_THE_FILE || tn_answer_is_marked(a, (size_t)row))
        return true;
    const struct tn_holding *h = a->owner[row] == TN_NOBODY_HERE ? a->holding[row] : NULL;
    return h && h->serves_all && h->reason != TENON_BY_PLUGIN;
}

/* ---- which are missing ---------------------------------------------------------------------- */

/* Does the file define the symbol for others, at that version? */
static bool image_exports(const tenon_image *image, const tenon_symbol_binding *binding)
{
    const tenon_symbol *symbol;
    for (size_t i = 0; (symbol = tenon_image_export(image, i)); i++)
        if (strcmp(symbol->name, binding->symbol) == 0 &&
            (!binding->version || !symbol->version ||
             strcmp(symbol->version, binding->version) == 0))
            return true;
    return false;
}

/* Another object that the plugin sees defines it as well. */
static bool has_other_provider(struct tn_answer *a, const tenon_symbol_binding *binding)
{
    bool found = false;
    for (size_t row = 0; !found && row < a->count; row++) {
        const tenon_library *library = tenon_graph_library(a->graph, row);
        if (!tn_answer_is_found(library) || !tn_answer_sees(a, (int32_t)row))
            continue;
        tenon_error why = TENON_ERROR_INIT;
        tenon_image *image =
            tenon_image_open(a->job->world, library->path, TENON_PART_SYMBOLS, &why);
        a->job->report->no_memory |= why.code == TENON_E_MEMORY;
        found = image && image_exports(image, binding);
        tenon_image_free(image);
    }
    return found;
}

/* Is what provides a symbol another plugin of the plan, which this one comes after? */
static bool needs_owner(const struct tn_answer *a, uint32_t number, int32_t provider)
{
    const struct tn_candidate *c = &a->job->plan.candidates[number];
    for (size_t k = 0; a->owner[provider] != TN_NOBODY_HERE && k < c->need_count; k++)
        if (c->needs[k] == a->owner[provider])
            return true;
    return false;
}

static bool requires_unit_of(const struct tn_answer *a, uint32_t number, int32_t provider)
{
    const struct tn_candidate *c = &a->job->plan.candidates[number];
    const struct tn_holding *h = a->holding[provider];
    const tenon_unit *unit;
    for (size_t k = 0; h && k < c->required_count; k++)
        for (size_t i = 0; (unit = tn_holding_unit(h, i)); i++)
            if (unit->kind == c->required[k].kind && strcmp(unit->name, c->required[k].name) == 0)
                return true;
    return false;
}

/* Does the plugin stand on the one that provides a symbol, by what it requires? */
static bool requires_owner(const struct tn_answer *a, uint32_t number, int32_t provider)
{
    return needs_owner(a, number, provider) || requires_unit_of(a, number, provider);
}

static void serve(struct tn_prospect *p)
{
    p->serves_all = true;
    for (size_t i = 0; i < p->code_count; i++)
        if (p->codes[i].holding)
            p->codes[i].holding->must_serve = true;
}

/* What provides it must serve everybody, as the plugin requires it without naming its file. */
static void promote(struct tn_answer *a, int32_t provider)
{
    if (a->owner[provider] != TN_NOBODY_HERE)
        serve(&a->job->prospects[a->owner[provider]]);
    else if (a->holding[provider] && !a->holding[provider]->serves_all)
        a->holding[provider]->must_serve = a->job->process->registry.must_serve = true;
}

/* Somebody else has opened it for everybody. */
static bool is_global(const struct tn_answer *a, const tenon_symbol_binding *binding)
{
    const struct tn_holding *h = a->holding[binding->provider];
    return a->owner[binding->provider] == TN_NOBODY_HERE && h && h->reason == TENON_BY_OTHERS &&
           tn_mapped_is_global(h, binding->symbol);
}

bool tn_answer_is_served(struct tn_answer *a, const tenon_symbol_binding *binding)
{
    return tn_answer_sees(a, binding->provider) || binding->weak || is_global(a, binding) ||
           has_other_provider(a, binding);
}

/* Its own table of symbols, when it was not stripped, has it as one that could be exported. */
static bool host_keeps(struct tn_answer *a, const tenon_symbol_binding *binding)
{
    struct tn_holding *host = a->there_count ? a->there[0] : NULL;
    if (!host || !host->is_program || binding->version)
        return false;
    const struct tn_sight sight = tn_holding_sight(host, a->job->world);
    const tenon_visible *seen = sight.find ? sight.find(sight.of, binding->symbol) : NULL;
    a->job->report->no_memory |= host->starved;
    return seen && !seen->exported && seen->exportable;
}

static void check_binding(struct tn_answer *a, uint32_t number, const tenon_symbol_binding *binding)
{
    if (!binding->found) {
        if (binding->weak)
            return;
        if (host_keeps(a, binding))
            tn_say_not_exported(a->job, number, a->graph, binding);
        else
            tn_say_symbol(a->job, number, a->graph, binding, NULL);
        return;
    }
    if (binding->unlike) {
        tn_say_symbol(a->job, number, a->graph, binding, NULL);
        return;
    }
    if (tn_answer_is_served(a, binding))
        return;
    if (requires_owner(a, number, binding->provider))
        promote(a, binding->provider);
    else
        tn_say_symbol(a->job, number, a->graph, binding,
                      tenon_graph_library(a->graph, (size_t)binding->provider)->path);
}

const tenon_symbol_binding *tn_answer_next_binding(struct tn_answer *a, size_t *i, int32_t *marked)
{
    const tenon_symbol_binding *binding;
    while ((binding = tenon_graph_binding(a->graph, (*i)++))) {
        if (binding->needed_by < 0 || a->owner[binding->needed_by] == TN_NOBODY_HERE)
            continue;
        if (binding->needed_by != *marked)
            mark_scope(a, (size_t)binding->needed_by);
        *marked = binding->needed_by;
        return binding;
    }
    return NULL;
}

void tn_answer_check_bindings(struct tn_answer *a)
{
    const tenon_symbol_binding *binding;
    int32_t marked = TENON_THE_FILE;
    for (size_t i = 0; (binding = tn_answer_next_binding(a, &i, &marked));)
        check_binding(a, a->owner[binding->needed_by], binding);
}

/* It names a symbol of another plugin, and would stand on that one, but does not come after it. */
static bool may_follow(const struct tn_answer *a, const tenon_symbol_binding *binding)
{
    if (!binding->found || binding->needed_by < 0 || binding->provider < 0)
        return false;
    const uint32_t number = a->owner[binding->needed_by], other = a->owner[binding->provider];
    return number != TN_NOBODY_HERE && other != TN_NOBODY_HERE && number != other &&
           !needs_owner(a, number, binding->provider) &&
           requires_unit_of(a, number, binding->provider);
}

bool tn_answer_find_needs(struct tn_answer *a)
{
    const tenon_symbol_binding *binding;
    bool any = false;
    for (size_t i = 0; (binding = tenon_graph_binding(a->graph, i)); i++) {
        if (!may_follow(a, binding))
            continue;
        mark_scope(a, (size_t)binding->needed_by);
        if (tn_answer_is_served(a, binding))
            continue;
        any = true;
        a->job->report->no_memory |=
            !tn_plan_need(&a->job->plan, a->owner[binding->needed_by], a->owner[binding->provider]);
    }
    return any && !a->job->report->no_memory;
}

void tn_answer_take_along(struct tn_answer *a)
{
    begin(a);
    for (size_t row = 0; row < a->count; row++)
        if (a->holding[row] && a->holding[row]->must_serve)
            visit(a, (int32_t)row);
    spread(a);
    for (size_t row = 0; row < a->count; row++)
        if (a->holding[row] && tn_answer_is_marked(a, row))
            a->holding[row]->goes_along = true;
}
