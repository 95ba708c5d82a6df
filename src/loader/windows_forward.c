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
    const char *library; /* of "bar.who": "bar.dll", as it is searched for */
    tenon_symbol target; /* ... and "who" */
    uint32_t process;    /* the last one in which it was followed; 0: none */
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

bool tn_windows_forwarded(struct tn_target *target, const tenon_symbol *symbol,
                          struct tn_forwarded *out)
{
    const char *text = symbol->forward, *dot = strrchr(text, '.');
    *out = (struct tn_forwarded){ .need = { .flavour = TENON_NEED_FORWARD } };
    if (!dot || dot == text)
        return true;
    out->need.name = tn_arena_copy(target->arena, text, (size_t)(dot - text));
    out->symbol = (tenon_symbol){ .name = dot + 1, .has_ordinal = dot[1] == '#' };
    if (out->symbol.has_ordinal)
        out->symbol.ordinal = (uint32_t)strtoul(dot + 2, NULL, 10);
    return out->need.name;
}

static bool add_forward(struct tn_target *target, struct tn_forwards *to, const tenon_symbol *s)
{
    struct tn_forwarded leads;
    if (!tn_windows_forwarded(target, s, &leads))
        return false;
    if (!leads.need.name)
        return true;
    if (!tn_arena_grow(target->arena, &to->rows, &to->room, to->count, sizeof *to->rows))
        return false;
    struct tn_forward row = {
        .symbol = tn_arena_string(target->arena, s->name),
        .ordinal = s->ordinal,
        .library = tn_windows_key(target, &leads.need),
        .target = leads.symbol,
    };
    row.target.name = tn_arena_string(target->arena, leads.symbol.name);
    to->rows[to->count++] = row;
    return row.symbol && row.library && row.target.name;
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

/* Where what is known of a file (and of a need of it) is kept. */
static size_t bucket_of(const char *path, const char *name)
{
    uint32_t hash = 2166136261u;
    for (; *path; path++)
        hash = (hash ^ (uint8_t)*path) * 16777619u;
    for (; *name; name++)
        hash = (hash ^ (uint8_t)*name) * 16777619u;
    return hash % TN_FORWARD_BUCKETS;
}

/* The forwarders of a file, read once; NULL: no memory. */
static const struct tn_forwards *forwards_of(struct tn_target *target,
                                             const tenon_image_source *source)
{
    struct tn_windows *windows = target->config;
    struct tn_forwards **bucket = &windows->forwards[bucket_of(source->path, "")];
    for (const struct tn_forwards *f = *bucket; f; f = f->next)
        if (strcmp(f->path, source->path) == 0)
            return f;
    struct tn_forwards *forwards = tn_arena_take(target->arena, sizeof *forwards);
    if (!forwards || !(forwards->path = tn_arena_string(target->arena, source->path)) ||
        !read_forwards(target, source, forwards))
        return NULL;
    forwards->next = *bucket;
    *bucket = forwards;
    return forwards;
}

static struct tn_forward *find_forward(const struct tn_forwards *in, const tenon_symbol *s)
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

/* Forwarders that symbols are bound to, in the order of the symbols. */
struct tn_through {
    struct tn_forward **rows;
    size_t count, room;
};

/* What one need of one file brings in besides, when one file answers it. */
struct tn_arisen {
    const char *asker, *name;
    const struct tn_forwards *provider;
    struct tn_through through; /* in the arena */
    struct tn_arisen *next;
};

static bool add_through(struct tn_target *target, struct tn_through *to, struct tn_forward *forward)
{
    if (!tn_arena_grow(target->arena, &to->rows, &to->room, to->count, sizeof *to->rows))
        return false;
    to->rows[to->count++] = forward;
    return true;
}

static bool list_forwarders(struct tn_target *target, const tenon_image *asker,
                            const struct tn_forwards *from, struct tn_arisen *to)
{
    const tenon_symbol *symbol;
    for (size_t i = 0; (symbol = tenon_image_import(asker, i)); i++) {
        struct tn_forward *forward =
            strcmp(symbol->library, to->name) == 0 ? find_forward(from, symbol) : NULL;
        if (forward && !add_through(target, &to->through, forward))
            return false;
    }
    return true;
}

static bool read_arisen(struct tn_target *target, const struct tn_bound *bound,
                        const struct tn_forwards *forwards, struct tn_arisen *to)
{
    tenon_error err = TENON_ERROR_INIT;
    tenon_image *asker =
        tenon_image_open_source(target->world, &bound->asker, TENON_PART_SYMBOLS, &err);
    bool good =
        !asker || is_delayed(asker, bound->name) || list_forwarders(target, asker, forwards, to);
    tenon_image_free(asker);
    return good && err.code != TENON_E_MEMORY;
}

/* Read once for each need of each file; NULL: no memory. */
static const struct tn_arisen *arisen_of(struct tn_target *target, const struct tn_bound *bound,
                                         const struct tn_forwards *forwards)
{
    struct tn_windows *windows = target->config;
    struct tn_arisen **bucket = &windows->arisen[bucket_of(bound->asker.path, bound->name)];
    for (struct tn_arisen *a = *bucket; a; a = a->next)
        if (a->provider == forwards && strcmp(a->asker, bound->asker.path) == 0 &&
            strcmp(a->name, bound->name) == 0)
            return a;
    struct tn_arisen *arisen = tn_arena_take(target->arena, sizeof *arisen);
    if (!arisen || !(arisen->asker = tn_arena_string(target->arena, bound->asker.path)) ||
        !(arisen->name = tn_arena_string(target->arena, bound->name)) ||
        !read_arisen(target, bound, forwards, arisen))
        return NULL;
    arisen->provider = forwards;
    arisen->next = *bucket;
    *bucket = arisen;
    return arisen;
}

/* ---- what a process follows ---------------------------------------------------------------- */

/*
 * Puts a forwarder into the list unless this process followed it before: whatever it leads to is
 * there then. False: no memory.
 */
static bool follow(struct tn_through *to, struct tn_forward *forward, uint32_t process)
{
    if (forward->process == process)
        return true;
    if (!tn_grow(&to->rows, &to->room, to->count, sizeof *to->rows))
        return false;
    forward->process = process;
    to->rows[to->count++] = forward;
    return true;
}

/* The forwarders of the provider that the asker's own symbols are bound to. */
static bool follow_imports(struct tn_target *target, const struct tn_bound *bound,
                           const struct tn_forwards *forwards, struct tn_through *to)
{
    const struct tn_arisen *arisen = arisen_of(target, bound, forwards);
    bool good = arisen;
    for (size_t i = 0; good && i < arisen->through.count; i++)
        good = follow(to, arisen->through.rows[i], target->process);
    return good;
}

/* ... that the asker's forwarders which were followed lead to: the provider forwards in turn. */
static bool follow_on(const struct tn_target *target, const struct tn_bound *bound,
                      const struct tn_forwards *forwards, struct tn_through *to)
{
    const struct tn_through *asked = bound->asked;
    for (size_t i = 0; i < asked->count; i++) {
        const struct tn_forward *by = asked->rows[i];
        struct tn_forward *forward =
            strcmp(by->library, bound->name) == 0 ? find_forward(forwards, &by->target) : NULL;
        if (forward && !follow(to, forward, target->process))
            return false;
    }
    return true;
}

/* The library of each forwarder, once, and with it all that are asked for there. */
static bool ask_for_libraries(const struct tn_through *through, const struct tn_need_sink *out)
{
    for (size_t i = 0; i < through->count; i++) {
        const tenon_need need = { .name = through->rows[i]->library,
                                  .flavour = TENON_NEED_FORWARD };
        bool given = false;
        for (size_t k = 0; k < i && !given; k++)
            given = strcmp(through->rows[k]->library, need.name) == 0;
        if (!given && !out->add(out->arg, &need, false, through))
            return false;
    }
    return true;
}

bool tn_windows_arising(struct tn_target *target, const struct tn_bound *bound,
                        const struct tn_need_sink *out)
{
    struct tn_through through = { 0 };
    const struct tn_forwards *forwards = forwards_of(target, &bound->provider);
    if (!forwards || !forwards->count)
        return forwards;
    bool good = (bound->arose ? follow_on(target, bound, forwards, &through)
                              : follow_imports(target, bound, forwards, &through)) &&
                ask_for_libraries(&through, out);
    free(through.rows);
    return good;
}
