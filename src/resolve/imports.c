/*
 * src/resolve/imports.c - who provides each imported symbol, where each is asked of one library
 *
 * rule  Microsoft "PE Format", The .idata Section: symbols are listed below the library that shall
 *       have them, by name or by ordinal. Windows refuses to start what asks for one that is not
 *       there (STATUS_ENTRYPOINT_NOT_FOUND, STATUS_ORDINAL_NOT_FOUND); Wine puts a stub in its
 *       place (dlls/ntdll/loader.c, import_dll()), and a library that is loaded on its first call
 *       is asked then
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "fail.h"
#include "resolver.h"

/* What an object offers: read when somebody asks for the first symbol of it. */
struct offers {
    tenon_image *image; /* NULL: not read, or it cannot be */
    bool is_read;
    const tenon_symbol **by_name, **by_ordinal;
    const tenon_symbol **by_plain; /* NULL until somebody asks for what is not there */
    size_t named, count;
};

struct binder {
    tenon_graph *graph;
    struct tn_arena arena;
    struct offers *offers; /* by row + 1: the program first */
};

static const struct tn_node *node_of(const tenon_graph *graph, int32_t row)
{
    return row == TENON_THE_FILE ? graph->program : graph->rows[row].node;
}

/* *image stays NULL when the file cannot be read; false: no memory. */
static bool open_row(const tenon_graph *graph, int32_t row, tenon_image **image, tenon_error *err)
{
    const struct tn_node *node = node_of(graph, row);
    tenon_error why = TENON_ERROR_INIT;
    if (!node)
        return true;
    const tenon_image_source source = tn_node_source(graph->resolver, node);
    *image = tenon_image_open_source(graph->resolver->world, &source, TENON_PART_SYMBOLS, &why);
    return *image || why.code != TENON_E_MEMORY || tn_no_memory(err);
}

/* ---- what is offered ------------------------------------------------------------------------ */

static int by_name(const void *a, const void *b)
{
    const tenon_symbol *const *x = a, *const *y = b;
    return strcmp((*x)->name, (*y)->name);
}

static int by_ordinal(const void *a, const void *b)
{
    const tenon_symbol *const *x = a, *const *y = b;
    return ((*x)->ordinal > (*y)->ordinal) - ((*x)->ordinal < (*y)->ordinal);
}

static bool list_offers(struct binder *b, struct offers *of)
{
    const tenon_symbol *symbol;
    while (tenon_image_export(of->image, of->count))
        of->count++;
    of->by_name = tn_arena_rows(&b->arena, of->count + 1, sizeof *of->by_name);
    of->by_ordinal = tn_arena_rows(&b->arena, of->count + 1, sizeof *of->by_ordinal);
    if (!of->by_name || !of->by_ordinal)
        return false;
    for (size_t i = 0; i < of->count && (symbol = tenon_image_export(of->image, i)); i++) {
        of->by_ordinal[i] = symbol;
        if (*symbol->name)
            of->by_name[of->named++] = symbol;
    }
    if (of->count) {
        qsort(of->by_name, of->named, sizeof *of->by_name, by_name);
        qsort(of->by_ordinal, of->count, sizeof *of->by_ordinal, by_ordinal);
    }
    return true;
}

/* False: no memory. */
static bool read_offers(struct binder *b, int32_t row, struct offers **out, tenon_error *err)
{
    struct offers *of = *out = &b->offers[row + 1];
    if (of->is_read)
        return true;
    of->is_read = true;
    if (!open_row(b->graph, row, &of->image, err))
        return false;
    return !of->image || list_offers(b, of) || tn_no_memory(err);
}

static const tenon_symbol *offered(const struct offers *of, const tenon_symbol *wanted)
{
    const tenon_symbol **rows = wanted->has_ordinal ? of->by_ordinal : of->by_name;
    size_t count = wanted->has_ordinal ? of->count : of->named;
    const tenon_symbol **found = count ? bsearch(&wanted, rows, count, sizeof *rows,
                                                 wanted->has_ordinal ? by_ordinal : by_name)
                                       : NULL;
    return found ? *found : NULL;
}

/* The part of a name that no calling convention adds: of "_f@8" and "@f@8" it is "f". */
static struct tn_view plain_part(const char *name)
{
    name += *name == '_' || *name == '@';
    return tn_view(name, strcspn(name, "@"));
}

static int by_plain_part(const void *a, const void *b)
{
    const tenon_symbol *const *x = a, *const *y = b;
    struct tn_view one = plain_part((*x)->name), other = plain_part((*y)->name);
    int order = memcmp(one.at, other.at, one.size < other.size ? one.size : other.size);
    return order ? order : (one.size > other.size) - (one.size < other.size);
}

/* A name that is offered and differs from what is wanted in its decoration; NULL: none is. */
static const char *offered_instead(struct binder *b, struct offers *of, const tenon_symbol *wanted)
{
    if (!of->named || !plain_part(wanted->name).size)
        return NULL;
    if (!of->by_plain) {
        of->by_plain = tn_arena_rows(&b->arena, of->named, sizeof *of->by_plain);
        if (!of->by_plain) /* the hint is done without */
            return NULL;
        memcpy(of->by_plain, of->by_name, of->named * sizeof *of->by_plain);
        qsort(of->by_plain, of->named, sizeof *of->by_plain, by_plain_part);
    }
    const tenon_symbol **found =
        bsearch(&wanted, of->by_plain, of->named, sizeof *of->by_plain, by_plain_part);
    return found ? (*found)->name : NULL;
}

/* ---- who has it ----------------------------------------------------------------------------- */

/* A chain of forwarders that is longer leads in a circle. */
#define FORWARDS_MOST 16

/* Where a symbol was looked for last. */
struct sought {
    tenon_symbol wanted;
    int32_t row;
    struct offers *of;   /* its image is NULL: nobody knows */
    const char *through; /* the forwarder that leads there: "bar.who"; NULL */
    bool is_found, circles;
};

/* Can it be asked? What the system has without a file, or Wine in a stand-in, nobody knows. */
static bool is_known(const tenon_graph *graph, int32_t row)
{
    if (row < TENON_THE_FILE || (row >= 0 && graph->libraries[row].status != TENON_STATUS_FOUND))
        return false;
    const struct tn_node *node = node_of(graph, row);
    return node && node->facts && !node->facts->pe.wine_placeholder;
}

/* The library "bar" of "bar.who" among those that the forwarder's own needs; TENON_NOBODY. */
static int32_t library_of(const tenon_graph *graph, int32_t row, const char *forward, size_t size)
{
    size_t count;
    const int32_t *needs = tn_graph_needs(graph, row, &count);
    for (size_t i = 0; i < count; i++) {
        const char *name = needs[i] < 0 ? "" : graph->libraries[needs[i]].name;
        if (strncasecmp(name, forward, size) == 0 &&
            (!name[size] || strcasecmp(name + size, ".dll") == 0))
            return needs[i];
    }
    return TENON_NOBODY;
}

/* One forwarder further; false: it leads to where nobody can look. */
static bool follow(const tenon_graph *graph, struct sought *s, const char *forward)
{
    const char *dot = strrchr(forward, '.');
    int32_t row = dot ? library_of(graph, s->row, forward, (size_t)(dot - forward)) : TENON_NOBODY;
    if (!is_known(graph, row))
        return false;
    s->wanted = (tenon_symbol){ .name = dot + 1, .has_ordinal = dot[1] == '#' };
    s->wanted.ordinal = s->wanted.has_ordinal ? (uint32_t)strtoul(dot + 2, NULL, 10) : 0;
    s->row = row;
    s->through = forward;
    return true;
}

/* False: no memory. */
static bool seek(struct binder *b, struct sought *s, tenon_error *err)
{
    for (unsigned i = 0; i < FORWARDS_MOST; i++) {
        if (!read_offers(b, s->row, &s->of, err))
            return false;
        const tenon_symbol *found = s->of->image ? offered(s->of, &s->wanted) : NULL;
        s->is_found = found != NULL;
        if (!found || !found->forward || !follow(b->graph, s, found->forward))
            return true;
    }
    s->circles = true;
    s->is_found = false;
    return true;
}

static const char *why_not(struct binder *b, const struct sought *s)
{
    struct tn_arena *arena = &b->graph->arena;
    const char *path = tn_graph_path(b->graph, s->row);
    if (s->circles)
        return "its forwarders lead in a circle";
    if (s->through)
        return tn_arena_format(arena, "it is forwarded to %s, which %s does not export", s->through,
                               path);
    if (s->wanted.has_ordinal)
        return tn_arena_format(arena, "%s has no export of that ordinal", path);
    const char *instead = offered_instead(b, s->of, &s->wanted);
    return instead ? tn_arena_format(arena, "%s does not export it, but %s", path, instead)
                   : tn_arena_format(arena, "%s does not export it", path);
}

/* ---- who asks ------------------------------------------------------------------------------- */

/* A symbol without a name is known by its number. */
static const char *name_of(struct binder *b, const tenon_symbol *symbol)
{
    if (!symbol->has_ordinal)
        return tn_resolver_keep(b->graph->resolver, symbol->name);
    const char *number = tn_arena_format(&b->arena, "#%" PRIu32, symbol->ordinal);
    return number ? tn_resolver_keep(b->graph->resolver, number) : NULL;
}

static bool bind(struct binder *b, int32_t row, int32_t provider, bool is_late,
                 const tenon_symbol *symbol, tenon_error *err)
{
    struct sought s = { .wanted = *symbol, .row = provider };
    if (!seek(b, &s, err))
        return false;
    if (!s.of->image)
        return true;
    tenon_symbol_binding binding = {
        .symbol = name_of(b, symbol),
        .needed_by = row,
        .provider = s.is_found ? s.row : TENON_NOBODY,
        .lazy = is_late || (!s.is_found && b->graph->loader->stubs_absent_export),
        .found = s.is_found,
        .reason = s.is_found ? NULL : why_not(b, &s),
    };
    if (!binding.symbol || (!s.is_found && !binding.reason))
        return tn_no_memory(err);
    return tn_graph_add_binding(b->graph, binding, err);
}

/* The need that lists a symbol; symbols of one need stand together. NULL: none does. */
static const tenon_need *need_of(const tenon_image *image, const char *library, size_t *at)
{
    const tenon_need *need = tenon_image_need(image, *at);
    if (need && strcmp(need->name, library) == 0)
        return need;
    for (*at = 0; (need = tenon_image_need(image, *at)); ++*at)
        if (strcmp(need->name, library) == 0)
            return need;
    return NULL;
}

static bool bind_all_of(struct binder *b, int32_t row, const tenon_image *image, tenon_error *err)
{
    const tenon_symbol *symbol;
    size_t count, at = 0;
    const int32_t *needs = tn_graph_needs(b->graph, row, &count);
    for (size_t i = 0; (symbol = tenon_image_import(image, i)); i++) {
        const tenon_need *need = symbol->library ? need_of(image, symbol->library, &at) : NULL;
        if (need && at < count && is_known(b->graph, needs[at]) &&
            !bind(b, row, needs[at], need->flavour == TENON_NEED_DELAY, symbol, err))
            return false;
    }
    return true;
}

static bool bind_row(struct binder *b, int32_t row, tenon_error *err)
{
    tenon_image *image = NULL;
    bool good = open_row(b->graph, row, &image, err);
    good = good && (!image || bind_all_of(b, row, image, err));
    tenon_image_free(image);
    return good;
}

bool tn_graph_bind_imports(tenon_graph *graph, tenon_error *err)
{
    struct binder b = { .graph = graph };
    b.offers = tn_arena_rows(&b.arena, graph->count + 1, sizeof *b.offers);
    bool good = b.offers || tn_no_memory(err);
    for (int32_t row = TENON_THE_FILE; good && row < (int32_t)graph->count; row++)
        good = bind_row(&b, row, err);
    for (size_t i = 0; b.offers && i <= graph->count; i++)
        tenon_image_free(b.offers[i].image);
    tn_arena_free(&b.arena);
    return good;
}
