/*
 * src/process/native_order.c - what of a plugin is opened first: its libraries, or its own code
 *
 * Libraries of a bundle are opened before its own code, so that they are those that were checked,
 * whatever the search of the loader would find. Opened so, a library sees what it needs and no
 * more. Who opens the plugin alone has its own code before them in the scope: there a library may
 * live on what the plugin defines, and what both define is the plugin's. Where that could make a
 * difference, its own code is opened first, unless the loader would then find other libraries.
 *
 * rule  glibc elf/dl-open.c, the local scope of a dlopen()ed object; ELF gABI chapter 5, "Shared
 *       Object Dependencies": it is searched breadth first; musl treats it alike
 */
#include <stdlib.h>
#include <string.h>

#include "entry_name.h"
#include "native_private.h"

/* ---- what the plugin's own code would bring along -------------------------------------------- */

static bool asks_for(const struct tn_holding *h, const struct tn_holding *library)
{
    for (size_t i = 0; i < h->need_count; i++)
        if (strcmp(tn_base_name(h->needs[i]), library->library.name) == 0)
            return true;
    return false;
}

/* Marks what is needed of the bundle, by names, from its own code on. */
static void reach(const struct tn_prospect *p, bool *reached, size_t *queue)
{
    size_t head = 0, tail = 0;
    queue[tail++] = p->code_count - 1;
    reached[p->code_count - 1] = true;
    while (head < tail) {
        const struct tn_holding *h = p->codes[queue[head++]].holding;
        for (size_t k = 0; k < p->code_count; k++)
            if (!reached[k] && asks_for(h, p->codes[k].holding)) {
                reached[k] = true;
                queue[tail++] = k;
            }
    }
}

/* By code of the bundle: is it the plugin's own, or needed by that? NULL: no memory. To be freed.
 */
static bool *reached_by_own(struct tn_job *job, const struct tn_prospect *p)
{
    bool *reached = calloc(p->code_count, sizeof *reached);
    size_t *queue = calloc(p->code_count, sizeof *queue);
    if (reached && queue) {
        reach(p, reached, queue);
    } else {
        free(reached);
        reached = NULL;
        job->report->no_memory = true;
    }
    free(queue);
    return reached;
}

/* ---- symbols of several files of a bundle -----------------------------------------------------
 */

/*
 * Lists what one file exports. True: some of it is listed already, for another file. Two names of
 * one hash count as one, which does no harm.
 */
static bool meets(struct tn_job *job, struct tn_slots *slots, struct tn_holding *h, uint32_t number)
{
    const tenon_units *file = tn_holding_file(h, job->world);
    const tenon_visible *seen;
    job->report->no_memory |= h->starved;
    for (size_t i = 0; file && (seen = tenon_units_visible(file, i)); i++) {
        if (!seen->exported)
            continue;
        uint32_t hash = tn_hash(job->seed, 0, seen->name, strlen(seen->name)), other;
        size_t at = tn_slots_at(slots, hash);
        while ((other = tn_slots_next(slots, hash, &at)) != UINT32_MAX)
            if (other != number)
                return true;
        job->report->no_memory |= !tn_slots_add(slots, hash, number);
    }
    return false;
}

/* Do two of the files that the plugin brings along export one symbol? */
static bool share_symbols(struct tn_job *job, const struct tn_prospect *p)
{
    struct tn_slots slots = { 0 };
    bool *reached = reached_by_own(job, p), shares = false, alone = true;
    for (size_t k = 0; reached && k + 1 < p->code_count; k++)
        alone = alone && !(reached[k] && !p->codes[k].shared);
    for (size_t k = 0; reached && !alone && !shares && k < p->code_count; k++)
        shares = reached[k] && !p->codes[k].shared &&
                 meets(job, &slots, p->codes[k].holding, (uint32_t)k);
    tn_slots_free(&slots);
    free(reached);
    return shares;
}

void tn_native_order(struct tn_job *job)
{
    for (size_t i = 0; i < job->plan.order_count; i++) {
        struct tn_prospect *p = &job->prospects[job->plan.order[i]];
        if (p->code_count > 1 && !p->own_first && !p->libraries_first)
            p->own_first = share_symbols(job, p);
    }
}

/* ---- what the loader would find ---------------------------------------------------------------
 */

/* Those of its files that are opened with its own code: they are in one scope. */
static size_t mark_with_own(struct tn_answer *a, uint32_t number)
{
    size_t count = 0;
    tn_answer_mark_own(a, number);
    for (size_t row = 0; row < a->count; row++)
        if (a->owner[row] == number && a->holding[row] && tn_answer_is_marked(a, row)) {
            a->holding[row]->with_own = true;
            count++;
        }
    return count;
}

/* Does its own code bring along the very libraries that it asks for, where they are in the bundle?
 */
static bool finds_its_own(struct tn_answer *a, uint32_t number)
{
    const struct tn_prospect *p = &a->job->prospects[number];
    bool *reached = reached_by_own(a->job, p);
    size_t wanted = 0;
    for (size_t k = 0; reached && k < p->code_count; k++)
        wanted += reached[k] && !p->codes[k].shared;
    free(reached);
    return mark_with_own(a, number) >= wanted;
}

/* True: the loader would find another one for some plugin, the libraries of which are first now. */
static bool turn_back(struct tn_answer *a)
{
    bool any = false;
    for (size_t i = 0; i < a->job->plan.order_count; i++) {
        const uint32_t number = a->job->plan.order[i];
        struct tn_prospect *p = &a->job->prospects[number];
        for (size_t k = 0; k < p->code_count; k++)
            p->codes[k].holding->with_own = false;
        if (!p->own_first || finds_its_own(a, number))
            continue;
        p->own_first = false;
        p->libraries_first = true;
        any = true;
    }
    return any;
}

/* ---- what libraries ask for -------------------------------------------------------------------
 */

static bool exports(struct tn_job *job, struct tn_holding *h, const char *symbol)
{
    const struct tn_sight sight = tn_holding_sight(h, job->world);
    const tenon_visible *seen = sight.find ? sight.find(sight.of, symbol) : NULL;
    job->report->no_memory |= h->starved;
    return seen && seen->exported;
}

/* Does the plugin's own code stand before what a library of it asks for and would get? */
static bool is_taken_over(struct tn_answer *a, const struct tn_prospect *p,
                          const tenon_symbol_binding *binding)
{
    struct tn_holding *own = p->codes[p->code_count - 1].holding;
    const int32_t row = binding->provider;
    if (row < 0 || a->holding[row] == own ||
        (a->owner[row] == TN_NOBODY_HERE && a->holding[row] && a->holding[row]->serves_all))
        return false;
    return exports(a->job, own, binding->symbol);
}

/* Does it get what the answer says? A weak reference may stay empty, and is not asked about. */
static bool gets(struct tn_answer *a, const tenon_symbol_binding *binding)
{
    return binding->weak ? tn_answer_sees(a, binding->provider) : tn_answer_is_served(a, binding);
}

/* Would a library get another answer when the plugin's own code is opened first? */
static bool would_differ(struct tn_answer *a, const struct tn_prospect *p,
                         const tenon_symbol_binding *binding)
{
    const uint32_t number = a->owner[binding->needed_by];
    bool lacks = !gets(a, binding);
    if (!lacks && !is_taken_over(a, p, binding))
        return false;
    tn_answer_mark_own(a, number);
    return tn_answer_is_marked(a, (size_t)binding->needed_by) && (!lacks || gets(a, binding));
}

bool tn_answer_reorder(struct tn_answer *a)
{
    const tenon_symbol_binding *binding;
    int32_t marked = TENON_THE_FILE;
    bool any = turn_back(a);
    for (size_t i = 0; (binding = tn_answer_next_binding(a, &i, &marked));) {
        struct tn_prospect *p = &a->job->prospects[a->owner[binding->needed_by]];
        if (p->own_first || p->libraries_first || !binding->found ||
            !tn_answer_is_bundled(a, (size_t)binding->needed_by))
            continue;
        p->own_first = would_differ(a, p, binding);
        any |= p->own_first;
        marked = TENON_THE_FILE;
    }
    return any;
}
