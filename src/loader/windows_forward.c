/*
 * src/loader/windows_forward.c - libraries that come in because an export is another's
 *
 * rule  an importer's symbol that is bound to a forwarder "LIBRARY.SYMBOL" loads that library; the
 *       text is split at its last dot. Libraries that are loaded on the first call bind nothing at
 *       the start
 */
#include <stdlib.h>
#include <string.h>

#include "windows.h"

struct tn_forward {
    const char *symbol; /* "" when it has an ordinal alone */
    uint32_t ordinal;
    const char *library;
};

/* Of one file. */
struct tn_forwards {
    const char *path;
    struct tn_forward *rows; /* by name, those without one first */
    size_t count, room;
    struct tn_forwards *next;
};

static int by_name(const void *a, const void *b)
{
    const struct tn_forward *x = a, *y = b;
    int order = strcmp(x->symbol, y->symbol);
    return order ? order : (x->ordinal > y->ordinal) - (x->ordinal < y->ordinal);
}

static bool add_forward(struct tn_target *target, struct tn_forwards *to, const tenon_symbol *s)
{
    const char *dot = strrchr(s->forward, '.');
    if (!dot || dot == s->forward)
        return true;
    if (!tn_arena_grow(target->arena, &to->rows, &to->room, to->count, sizeof *to->rows))
        return false;
    struct tn_forward row = {
        .symbol = tn_arena_string(target->arena, s->name),
        .ordinal = s->ordinal,
        .library = tn_arena_copy(target->arena, s->forward, (size_t)(dot - s->forward)),
    };
    to->rows[to->count++] = row;
    return row.symbol && row.library;
}

static bool read_forwards(struct tn_target *target, const tenon_image_source *source,
                          struct tn_forwards *to)
{
    tenon_error err = TENON_ERROR_INIT;
    const tenon_symbol *symbol;
    bool good = true;
    tenon_image *image = tenon_image_open_source(target->world, source, TENON_PART_SYMBOLS, &err);
    for (size_t i = 0; good && image && (symbol = tenon_image_export(image, i)); i++)
        good = !symbol->forward || add_forward(target, to, symbol);
    tenon_image_free(image);
    if (to->count)
        qsort(to->rows, to->count, sizeof *to->rows, by_name);
    return good && err.code != TENON_E_MEMORY;
}

/* The forwarders of a file, read once; NULL: no memory. */
static const struct tn_forwards *forwards_of(struct tn_target *target,
                                             const tenon_image_source *source)
{
    struct tn_windows *windows = target->config;
    for (const struct tn_forwards *f = windows->forwards; f; f = f->next)
        if (strcmp(f->path, source->path) == 0)
            return f;
    struct tn_forwards *forwards = tn_arena_take(target->arena, sizeof *forwards);
    if (!forwards || !(forwards->path = tn_arena_string(target->arena, source->path)) ||
        !read_forwards(target, source, forwards))
        return NULL;
    forwards->next = windows->forwards;
    windows->forwards = forwards;
    return forwards;
}

static const struct tn_forward *find_forward(const struct tn_forwards *in, const tenon_symbol *s)
{
    if (s->has_ordinal) {
        for (size_t i = 0; i < in->count; i++)
            if (in->rows[i].ordinal == s->ordinal)
                return &in->rows[i];
        return NULL;
    }
    size_t low = 0, high = in->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(in->rows[middle].symbol, s->name);
        if (order == 0)
            return &in->rows[middle];
        low = order < 0 ? middle + 1 : low;
        high = order < 0 ? high : middle;
    }
    return NULL;
}

static bool is_delayed(const tenon_image *image, const char *name)
{
    const tenon_need *need;
    for (size_t i = 0; (need = tenon_image_need(image, i)); i++)
        if (strcmp(need->name, name) == 0)
            return need->flavour == TENON_NEED_DELAY;
    return false;
}

/* Gives each library once, in the order of the symbols. */
static bool add_needs(struct tn_target *target, const tenon_image *asker, const char *name,
                      const struct tn_forwards *from, const struct tn_need_sink *out)
{
    const tenon_symbol *symbol;
    const char *last = NULL;
    for (size_t i = 0; (symbol = tenon_image_import(asker, i)); i++) {
        if (strcmp(symbol->library, name) != 0)
            continue;
        const struct tn_forward *forward = find_forward(from, symbol);
        if (!forward || (last && strcmp(last, forward->library) == 0))
            continue;
        last = forward->library;
        const tenon_need need = { .name = last, .flavour = TENON_NEED_FORWARD };
        const tenon_need whole = { .name = tn_windows_key(target, &need),
                                   .flavour = TENON_NEED_FORWARD };
        if (!whole.name || !out->add(out->arg, &whole, false))
            return false;
    }
    return true;
}

bool tn_windows_arising(struct tn_target *target, const struct tn_bound *bound,
                        const struct tn_need_sink *out)
{
    tenon_error err = TENON_ERROR_INIT;
    const struct tn_forwards *forwards = forwards_of(target, &bound->provider);
    if (!forwards || !forwards->count)
        return forwards;
    tenon_image *asker =
        tenon_image_open_source(target->world, &bound->asker, TENON_PART_SYMBOLS, &err);
    bool good = !asker || is_delayed(asker, bound->name) ||
                add_needs(target, asker, bound->name, forwards, out);
    tenon_image_free(asker);
    return good && err.code != TENON_E_MEMORY;
}
