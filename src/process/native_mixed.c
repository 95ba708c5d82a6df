/*
 * src/process/native_mixed.c - two versions of one library, and code that would get some of each
 *
 * libfoo.so.1 and libfoo.so.2 are two libraries to the loader, and their symbols have the same
 * names. Code that was linked with the second gets from the first, which is found before, what both
 * define, and from the second what only that has.
 *
 * rule  gABI chapter 5, "Shared Object Dependencies": a symbol is looked up in the scope, not in
 * the library that it was linked with
 */
#include <stdlib.h>
#include <string.h>

#include "native_private.h"

/* ---- which are versions of one --------------------------------------------------------------- */

/* One library by what its name has before the version: "libgtk" of libgtk-3.so.0. */
struct stem {
    const char *name; /* the whole of it */
    size_t size;
    uint32_t row;
};

/* Rows with libraries that others are versions of. */
struct versions {
    uint32_t *family; /* by row: equal for versions of one; 0: there is no other version */
    struct stem *stems;
    size_t count;
    bool any;
};

static size_t stem_size(const char *name)
{
    const char *at = strstr(name, ".so");
    while (at && at[strlen(".so")] != '\0' && at[strlen(".so")] != '.')
        at = strstr(at + 1, ".so");
    size_t size = at ? (size_t)(at - name) : 0;
    while (size && strchr("0123456789.-_", name[size - 1]))
        size--;
    return size;
}

static int by_stem(const void *a, const void *b)
{
    const struct stem *x = a, *y = b;
    int order = (x->size > y->size) - (x->size < y->size);
    order = order ? order : memcmp(x->name, y->name, x->size);
    order = order ? order : strcmp(x->name, y->name);
    return order ? order : (x->row > y->row) - (x->row < y->row);
}

static bool are_versions(const struct stem *a, const struct stem *b)
{
    return a->size == b->size && memcmp(a->name, b->name, a->size) == 0;
}

static void list_stems(const struct tn_answer *a, struct versions *v)
{
    for (size_t row = 0; row < a->count; row++) {
        const char *name = a->holding[row] ? a->holding[row]->own_name : NULL;
        size_t size = name ? stem_size(name) : 0;
        if (size)
            v->stems[v->count++] = (struct stem){ name, size, (uint32_t)row };
    }
    if (v->count)
        qsort(v->stems, v->count, sizeof *v->stems, by_stem);
}

/* The first and the last of those of one stem have different names when there are two. */
static void list_families(struct versions *v)
{
    for (size_t i = 0, end; i < v->count; i = end) {
        for (end = i + 1; end < v->count && are_versions(&v->stems[i], &v->stems[end]); end++)
            ;
        if (strcmp(v->stems[i].name, v->stems[end - 1].name) == 0)
            continue;
        for (size_t k = i; k < end; k++)
            v->family[v->stems[k].row] = (uint32_t)i + 1;
        v->any = true;
    }
}

/* ---- who gets what --------------------------------------------------------------------------- */

/* For others to bind to, and not made to give way. */
static bool defines(struct tn_answer *a, size_t row, const char *symbol)
{
    const struct tn_sight sight = tn_holding_sight(a->holding[row], a->job->world);
    const tenon_visible *seen = sight.find ? sight.find(sight.of, symbol) : NULL;
    a->job->report->no_memory |= a->holding[row]->starved;
    return seen && seen->exported && seen->strong;
}

/*
 * The version that the code was linked with, where another one answers; -1. What the program was
 * started with is its own matter.
 */
static int32_t other_version(struct tn_answer *a, const struct versions *v,
                             const tenon_symbol_binding *binding)
{
    const tenon_library *asks = tenon_graph_library(a->graph, (size_t)binding->needed_by);
    const size_t from = (size_t)binding->provider;
    for (size_t k = 0; k < asks->need_count; k++) {
        int32_t to = asks->needs[k];
        if (to >= 0 && v->family[to] == v->family[from] &&
            strcmp(a->holding[to]->own_name, a->holding[from]->own_name) != 0 &&
            a->holding[to]->reason != TENON_IN_HOST && defines(a, (size_t)to, binding->symbol) &&
            defines(a, from, binding->symbol))
            return to;
    }
    return -1;
}

/* A symbol that code of the plugin gets from that library; NULL: none. */
static const char *got_from(const struct tn_answer *a, uint32_t number, int32_t row)
{
    const tenon_symbol_binding *binding;
    for (size_t i = 0; (binding = tenon_graph_binding(a->graph, i)); i++)
        if (binding->found && binding->provider == row && binding->needed_by >= 0 &&
            binding->needed_by != row && a->owner[binding->needed_by] == number)
            return binding->symbol;
    return NULL;
}

/* What everybody finds first is certain; among what a plugin brings, how it is opened decides. */
static bool is_first_for_all(const struct tn_answer *a, int32_t row)
{
    return a->owner[row] == TN_NOBODY_HERE && a->holding[row]->serves_all &&
           a->holding[row]->reason != TENON_BY_PLUGIN;
}

/* The pairs that were told of. */
struct told {
    uint32_t number;
    int32_t asked, got;
};

struct telling {
    struct told *at;
    size_t count, room;
};

static bool is_told(const struct telling *t, const struct told *told)
{
    for (size_t i = 0; i < t->count; i++)
        if (t->at[i].number == told->number && t->at[i].asked == told->asked &&
            t->at[i].got == told->got)
            return true;
    return false;
}

static void tell(struct tn_answer *a, struct telling *t, const tenon_symbol_binding *binding,
                 int32_t asked)
{
    const struct told told = { a->owner[binding->needed_by], asked, binding->provider };
    if (is_told(t, &told))
        return;
    if (!tn_grow(&t->at, &t->room, t->count, sizeof *t->at)) {
        a->job->report->no_memory = true;
        return;
    }
    t->at[t->count++] = told;
    const char *own = is_first_for_all(a, told.got) ? got_from(a, told.number, asked) : NULL;
    tn_say_mixed(a->job, told.number, a->graph, binding, asked, own);
}

static void check_bindings(struct tn_answer *a, const struct versions *v)
{
    const tenon_symbol_binding *binding;
    struct telling telling = { 0 };
    int32_t marked = TENON_THE_FILE;
    for (size_t i = 0; (binding = tn_answer_next_binding(a, &i, &marked));) {
        if (!binding->found || binding->provider < 0 || !v->family[binding->provider] ||
            !tn_answer_sees(a, binding->provider))
            continue;
        int32_t asked = other_version(a, v, binding);
        if (asked >= 0)
            tell(a, &telling, binding, asked);
    }
    free(telling.at);
}

void tn_answer_check_mixed(struct tn_answer *a)
{
    struct versions v = { .family = calloc(a->count + 1, sizeof *v.family),
                          .stems = calloc(a->count + 1, sizeof *v.stems) };
    if (v.family && v.stems) {
        list_stems(a, &v);
        list_families(&v);
    } else {
        a->job->report->no_memory = true;
    }
    if (v.any)
        check_bindings(a, &v);
    free(v.family);
    free(v.stems);
}
