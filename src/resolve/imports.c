/*
 * src/resolve/imports.c - who provides each imported symbol, where each is asked of one library
 *
 * rule  Microsoft "PE Format", The .idata Section: symbols are listed below the library that shall
 *       have them, by name or by ordinal. Windows refuses to start what asks for one that is not
 *       there (STATUS_ENTRYPOINT_NOT_FOUND, STATUS_ORDINAL_NOT_FOUND); Wine puts a stub in its
 *       place (dlls/ntdll/loader.c, import_dll()), and a library that is loaded on its first call
 *       is asked then.
 *       Apple's dyld binds a symbol of a two-level namespace to the library of its ordinal, or to
 *       one that this re-exports ("Symbol not found: ... Expected in: ..."); a weak one may stay
 *       away, and one that is bound at its first call is then bound to what ends the process:
 *       dyld Loader::resolveSymbol(), missing_symbol_abort(). What is looked up in all images
 *       ("flat") is asked of none.
 *       AIX binds an import to the module that its file id names ("0509-136 Symbol ... is not
 *       exported from dependent module"); deferred ones, and those of "..", are asked of none
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "resolver.h"

/* What an object offers: read when somebody asks for the first symbol of it. */
struct offers {
    tenon_image *image; /* NULL: not read, or it cannot be */
    bool is_read;
    bool is_lossy; /* not all of its symbols can be read */
    const tenon_symbol **by_name, **by_ordinal;
    const tenon_symbol **by_plain; /* NULL until somebody asks for what is not there */
    size_t named, count;
    uint32_t stamp; /* of the last symbol that was looked for here */
};

struct binder {
    tenon_graph *graph;
    struct tn_arena arena;
    struct offers *offers; /* by row + 1: the program first */
    uint32_t stamp;
    size_t lossy;    /* objects */
    const char *why; /* the first of them is */
};

static const struct tn_node *node_of(const tenon_graph *graph, int32_t row)
{
    return row == TENON_THE_FILE ? graph->program : graph->rows[row].node;
}

static int32_t object_of(const tenon_graph *graph, int32_t row)
{
    return row == TENON_THE_FILE ? TN_PROGRAM : graph->rows[row].object;
}

/* Symbols of an object are left out. False: no memory. */
static bool note_loss(struct binder *b, struct offers *of, const char *path, const char *why)
{
    if (!of->is_lossy && !b->lossy++)
        b->why = tn_arena_format(&b->graph->arena, "%s: %s", path, why);
    of->is_lossy = true;
    return b->why;
}

/* *image stays NULL when the file makes no sense; false: no memory, or it cannot be read. */
static bool open_row(struct binder *b, int32_t row, tenon_image **image, tenon_error *err)
{
    const tenon_resolver *r = b->graph->resolver;
    const struct tn_node *node = node_of(b->graph, row);
    tenon_error why = TENON_ERROR_INIT;
    if (!node)
        return true;
    const tenon_image_source source = tn_node_source(r, node);
    *image = tenon_image_open_source(r->world, &source, TENON_PART_SYMBOLS, &why);
    if (!*image && tn_is_failure(&why))
        return tn_fail_again(err, &why, NULL);
    const char *lost = *image ? (*image)->symbols_lost : tenon_error_message(&why);
    return !lost || note_loss(b, &b->offers[row + 1], source.path, lost) || tn_no_memory(err);
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
    if (!open_row(b, row, &of->image, err))
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

enum {
    FORWARDS_MOST = 16, /* a longer chain of forwarders leads in a circle */
    DEPTH_MOST = 100,   /* libraries that re-export each other; no real chain is as long */
};

enum verdict { ABSENT, OFFERED, UNKNOWN };

/* Where a symbol was looked for last. */
struct sought {
    tenon_symbol wanted;
    int32_t row;
    const tenon_symbol *found;
    const char *through; /* the forwarder that leads there: "bar.who"; NULL */
    enum verdict verdict;
    bool circles;
};

/* Can it be asked? What the system has without a file, or behind a stand-in, nobody knows. */
static bool is_known(const tenon_graph *graph, int32_t row)
{
    if (row < TENON_THE_FILE || (row >= 0 && graph->libraries[row].status != TENON_STATUS_FOUND))
        return false;
    const struct tn_node *node = node_of(graph, row);
    return node && node->facts &&
           !(graph->loader->is_stand_in && graph->loader->is_stand_in(node->facts));
}

static bool look_in(struct binder *b, struct sought *s, int32_t row, unsigned depth,
                    tenon_error *err);

/*
 * What it re-exports is asked as if it were its own.
 * rule  dyld, JustInTimeLoader::hasExportedSymbol(): "if not found, search re-exported dylibs"
 */
static bool look_behind(struct binder *b, struct sought *s, int32_t row, const struct offers *of,
                        unsigned depth, tenon_error *err)
{
    const tenon_need *need;
    size_t count;
    const int32_t *needs = tn_graph_needs(b->graph, row, &count);
    for (size_t i = 0; i < count && (need = tenon_image_need(of->image, i)); i++) {
        if (need->flavour != TENON_NEED_REEXPORT)
            continue;
        if (!is_known(b->graph, needs[i]) || depth == DEPTH_MOST)
            s->verdict = UNKNOWN;
        else if (!look_in(b, s, needs[i], depth + 1, err))
            return false;
        if (s->verdict == OFFERED)
            return true;
    }
    return true;
}

/* Each object once for each symbol. False: no memory. */
static bool look_in(struct binder *b, struct sought *s, int32_t row, unsigned depth,
                    tenon_error *err)
{
    struct offers *of;
    if (!read_offers(b, row, &of, err))
        return false;
    if (of->stamp == b->stamp)
        return true;
    of->stamp = b->stamp;
    const tenon_symbol *found = of->image ? offered(of, &s->wanted) : NULL;
    if (found) {
        s->row = row;
        s->found = found;
        s->verdict = OFFERED;
        return true;
    }
    if (!of->image || of->is_lossy)
        s->verdict = UNKNOWN;
    return !of->image || look_behind(b, s, row, of, depth, err);
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

/* Where a forwarder leads: the row that answers the need of that name of its own file. */
static void lead_by_library(const struct binder *b, const struct sought *s, int32_t *row,
                            tenon_symbol *wanted)
{
    size_t count, at = 0;
    const int32_t *needs = tn_graph_needs(b->graph, s->row, &count);
    const tenon_image *image = b->offers[s->row + 1].image;
    *wanted = (tenon_symbol){ .name = s->found->forward };
    if (s->found->library && need_of(image, s->found->library, &at) && at < count)
        *row = needs[at];
}

/* ... or the row that answers the need that the loader makes of it. False: no memory. */
static bool lead_by_loader(const struct binder *b, const struct sought *s, int32_t *row,
                           tenon_symbol *wanted, tenon_error *err)
{
    tenon_resolver *r = b->graph->resolver;
    struct tn_forwarded leads;
    int32_t object = TENON_NOBODY;
    if (!b->graph->loader->forwarded(&r->target->target, s->found, &leads) ||
        (leads.need.name &&
         !tn_process_answer(r, &leads.need, object_of(b->graph, s->row), &object)))
        return tn_no_memory(err);
    *wanted = leads.symbol;
    if (object >= 0)
        *row = object == TN_PROGRAM ? TENON_THE_FILE : b->graph->row_of[object];
    return true;
}

/* One forwarder further; *on false: it leads to where nobody can look. False: no memory. */
static bool follow(struct binder *b, struct sought *s, bool *on, tenon_error *err)
{
    int32_t row = TENON_NOBODY;
    tenon_symbol wanted = { .name = NULL };
    if (!b->graph->loader->forwarded)
        lead_by_library(b, s, &row, &wanted);
    else if (!lead_by_loader(b, s, &row, &wanted, err))
        return false;
    *on = is_known(b->graph, row);
    if (!*on)
        return true;
    s->wanted = wanted;
    s->row = row;
    s->through = s->found->forward;
    return true;
}

/* False: no memory. */
static bool seek(struct binder *b, struct sought *s, tenon_error *err)
{
    bool on = true;
    for (unsigned i = 0; i < FORWARDS_MOST; i++) {
        b->stamp++;
        s->verdict = ABSENT;
        if (!look_in(b, s, s->row, 0, err))
            return false;
        if (s->verdict != OFFERED || !s->found->forward)
            return true;
        if (!follow(b, s, &on, err))
            return false;
        if (!on)
            return true;
    }
    s->circles = true;
    s->verdict = ABSENT;
    return true;
}

/* A path, or "ARCHIVE(MEMBER)"; NULL: no memory. */
static const char *shown_path(struct binder *b, int32_t row)
{
    const char *path = tn_graph_path(b->graph, row);
    const char *member = row < 0 ? NULL : b->graph->libraries[row].member;
    return member ? tn_arena_format(&b->arena, "%s(%s)", path, member) : path;
}

static const char *why_not(struct binder *b, const struct sought *s)
{
    struct tn_arena *arena = &b->graph->arena;
    const char *path = shown_path(b, s->row);
    if (!path)
        return NULL;
    if (s->circles)
        return "its forwarders lead in a circle";
    if (s->through)
        return tn_arena_format(arena, "it is forwarded to %s, which %s does not export", s->through,
                               path);
    if (s->wanted.has_ordinal)
        return tn_arena_format(arena, "%s has no export of that ordinal", path);
    const char *instead = offered_instead(b, &b->offers[s->row + 1], &s->wanted);
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
    if (s.verdict == UNKNOWN)
        return true;
    bool found = s.verdict == OFFERED;
    tenon_symbol_binding binding = {
        .symbol = name_of(b, symbol),
        .needed_by = row,
        .provider = found ? s.row : TENON_NOBODY,
        .weak = symbol->binding == TENON_BIND_WEAK,
        .lazy = is_late || symbol->lazy || (!found && b->graph->loader->stubs_absent_export),
        .found = found,
        .reason = found ? NULL : why_not(b, &s),
    };
    if (!binding.symbol || (!found && !binding.reason))
        return tn_no_memory(err);
    return tn_graph_add_binding(b->graph, binding, err);
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
    bool good = open_row(b, row, &image, err);
    good = good && (!image || bind_all_of(b, row, image, err));
    tenon_image_free(image);
    return good;
}

/* False: no memory. */
static bool remark_loss(const struct binder *b)
{
    const char *text = b->why;
    if (b->lossy > 1)
        text = tn_arena_format(&b->graph->arena, "%s (and %zu more)", text, b->lossy - 1);
    text = !text ? NULL
                 : tn_arena_format(&b->graph->arena, "symbols that cannot be read are left out: %s",
                                   text);
    if (text)
        tn_graph_remark(b->graph, text);
    return text;
}

bool tn_graph_bind_imports(tenon_graph *graph, tenon_error *err)
{
    struct binder b = { .graph = graph };
    b.offers = tn_arena_rows(&b.arena, graph->count + 1, sizeof *b.offers);
    bool good = b.offers || tn_no_memory(err);
    for (int32_t row = TENON_THE_FILE; good && row < (int32_t)graph->count; row++)
        good = bind_row(&b, row, err);
    if (good && b.lossy)
        good = remark_loss(&b) || tn_no_memory(err);
    for (size_t i = 0; b.offers && i <= graph->count; i++)
        tenon_image_free(b.offers[i].image);
    tn_arena_free(&b.arena);
    return good;
}
