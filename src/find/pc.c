/*
 * src/find/pc.c - pkg-config files, as evidence
 *
 * rule: pkgconf pc(5): Cflags of everything that is required, Libs of what is required publicly. In
 * which order: a library before those that it requires, each once, as pkgconf 1.8 writes them.
 *
 * libpkgconf reads the machine's files itself and trusts them; here they come from a world, are
 * bounded, and only say what to try.
 */
#include <stdlib.h>

#include "fail.h"
#include "hunt.h"
#include "limits.h"
#include "pc_file.h"
#include "pc_switches.h"
#include "text.h"

/* A file and those that it requires. */
struct module {
    const char *name, *path;
    struct tn_pc_file file;
    size_t *required; /* modules: the public ones first */
    size_t public_count, count, room;
    bool seen; /* by the walk that is being made */
};

struct graph {
    tenon_world *world;
    struct tn_arena *arena;
    const struct tn_words *dirs;
    struct module *modules;
    size_t count, room;
    tenon_error *err;
};

/* ---- which files there are ------------------------------------------------------------------- */

/* *name is NAME of "NAME >= 1.2, OTHER", NULL at the end. False: no memory. */
static bool next_required(struct tn_arena *arena, const char **list, const char **name)
{
    const char *at = *list + strspn(*list, ", \t");
    size_t n = strcspn(at, ", \t<>=!");

    *name = NULL;
    if (n == 0)
        return true;
    *list = at + n;
    const char *after = *list + strspn(*list, " \t");
    if (*after && strchr("<>=!", *after)) {
        after += strspn(after, "<>=! \t");
        *list = after + strcspn(after, ", \t");
    }
    *name = tn_arena_copy(arena, at, n);
    return *name;
}

static bool add_module(struct graph *graph, const char *name, const char *path)
{
    struct module *module;

    if (graph->count == TN_LIMIT_INCLUDES)
        return tn_fail(graph->err, TENON_E_LIMIT, "too many files are required");
    if (!tn_grow(&graph->modules, &graph->room, graph->count, sizeof *graph->modules))
        return tn_no_memory(graph->err);
    module = &graph->modules[graph->count];
    *module = (struct module){ .name = name, .path = path };
    if (tn_pc_file_read(graph->world, graph->arena, path, &module->file, graph->err)) {
        graph->count++;
        return true;
    }
    tn_pc_file_free(&module->file);
    return false;
}

/* The module of a name, read when it is new. */
static bool module_named(struct graph *graph, const char *name, size_t *index)
{
    char shown[TN_QUOTE_ROOM];

    for (*index = 0; *index < graph->count; ++*index)
        if (strcmp(graph->modules[*index].name, name) == 0)
            return true;
    for (size_t i = 0; i < graph->dirs->count; i++) {
        tenon_file_info info;
        const char *path = tn_arena_format(graph->arena, "%s/%s.pc", graph->dirs->at[i], name);
        if (!path)
            return tn_no_memory(graph->err);
        if (tenon_world_stat(graph->world, path, &info) == 0)
            return add_module(graph, name, path);
    }
    return tn_fail(graph->err, TENON_E_NOT_FOUND, "it requires %s, which is not there",
                   tn_quote(shown, name));
}

static bool add_required(struct graph *graph, size_t from, size_t to)
{
    struct module *module = &graph->modules[from];

    if (!tn_grow(&module->required, &module->room, module->count, sizeof *module->required))
        return tn_no_memory(graph->err);
    module->required[module->count++] = to;
    return true;
}

static bool read_required(struct graph *graph, size_t from, enum tn_pc_field field, bool strict)
{
    const char *list = graph->modules[from].file.value[field], *name;
    tenon_error ignored = TENON_ERROR_INIT, *err = graph->err;
    size_t to;

    while (list) {
        if (!next_required(graph->arena, &list, &name))
            return tn_no_memory(err);
        if (!name)
            break;
        graph->err = strict ? err : &ignored;
        bool found = module_named(graph, name, &to);
        graph->err = err;
        if (!found && strict)
            return false;
        if (!found && ignored.code == TENON_E_MEMORY)
            return tn_no_memory(err);
        if (found && !add_required(graph, from, to))
            return false;
    }
    return true;
}

/* What is required publicly must be there, and what that requires. */
static bool read_public(struct graph *graph)
{
    for (size_t i = 0; i < graph->count; i++) {
        if (!read_required(graph, i, TN_PC_REQUIRES, true))
            return false;
        graph->modules[i].public_count = graph->modules[i].count;
    }
    return true;
}

/* What only a static link needs may be left out of an installation. */
static bool read_private(struct graph *graph)
{
    size_t strict = graph->count;

    for (size_t i = 0; i < graph->count; i++) {
        if (i >= strict && !read_required(graph, i, TN_PC_REQUIRES, false))
            return false;
        graph->modules[i].public_count = graph->modules[i].count;
        if (!read_required(graph, i, TN_PC_REQUIRES_PRIVATE, false))
            return false;
    }
    return true;
}

/* ---- in which order -------------------------------------------------------------------------- */

struct order {
    size_t *at, count;
};

/* Whoever requires before what is required, each where it is met first. */
static void walk_down(struct graph *graph, size_t i, bool all, struct order *order)
{
    struct module *module = &graph->modules[i];
    size_t count = all ? module->count : module->public_count;

    if (module->seen)
        return;
    module->seen = true;
    order->at[order->count++] = i;
    for (size_t k = 0; k < count; k++)
        walk_down(graph, module->required[k], all, order);
}

/* What is required before whoever requires it, the last met first. */
static void walk_up(struct graph *graph, size_t i, bool all, struct order *order)
{
    struct module *module = &graph->modules[i];

    if (module->seen)
        return;
    module->seen = true;
    for (size_t k = all ? module->count : module->public_count; k-- > 0;)
        walk_up(graph, module->required[k], all, order);
    order->at[order->count++] = i;
}

typedef void walk(struct graph *graph, size_t i, bool all, struct order *order);

static void put_in_order(struct graph *graph, walk *how, bool all, struct order *order)
{
    for (size_t i = 0; i < graph->count; i++)
        graph->modules[i].seen = false;
    order->count = 0;
    how(graph, 0, all, order);
}

/* ---- what they say ----------------------------------------------------------------------------
 */

/* What the fields of all files say: the directories, then the other switches. */
static bool gather(struct graph *graph, struct order *order, bool all,
                   const enum tn_pc_field *fields, size_t count, struct tn_words *out)
{
    bool good = true;

    for (int dirs = 1; good && dirs >= 0; dirs--) {
        struct tn_switches switches = { 0 };
        put_in_order(graph, dirs ? walk_down : walk_up, all, order);
        for (size_t i = 0; good && i < order->count; i++) {
            size_t module = order->at[dirs ? i : order->count - 1 - i];
            for (size_t k = 0; good && k < count; k++)
                good = tn_switches_add(&switches, graph->arena,
                                       graph->modules[module].file.value[fields[k]]);
        }
        bool many = switches.count > TN_LIMIT_PC_SWITCHES;
        good = good && !many && tn_switches_put(&switches, dirs, out);
        tn_switches_free(&switches);
        if (many)
            return tn_fail(graph->err, TENON_E_LIMIT, "more than %u switches",
                           TN_LIMIT_PC_SWITCHES);
    }
    return good || tn_no_memory(graph->err);
}

static bool gather_all(struct graph *graph, struct tn_pc *out)
{
    static const enum tn_pc_field cflags[] = { TN_PC_CFLAGS };
    static const enum tn_pc_field libs[] = { TN_PC_LIBS, TN_PC_LIBS_PRIVATE };
    struct order order = { .at = calloc(graph->count, sizeof *order.at) };
    struct tn_words all = { 0 };
    bool good =
        (order.at || tn_no_memory(graph->err)) &&
        gather(graph, &order, true, cflags, 1, &out->cflags) &&
        gather(graph, &order, false, libs, 1, &out->libs) &&
        gather(graph, &order, true, libs, 2, &all) &&
        (tn_switches_without(&all, &out->libs, &out->private_libs) || tn_no_memory(graph->err));

    free(order.at);
    tn_words_free(&all);
    return good;
}

/* Bytes of a switch of directories that a word begins with; 0: it is none. */
static size_t dir_switch(const char *word)
{
    static const char *const switches[] = { "-I", "-L", "-isystem", "-idirafter" };

    for (size_t i = 0; i < TN_COUNT(switches); i++)
        if (tn_begins(word, switches[i]))
            return strlen(switches[i]);
    return 0;
}

/*
 * With a sysroot, directories are below it unless they are already.
 *
 * rule  pkg-config pkg.c and pkgconf fragment.c: -isystem and -idirafter too, apart as they are
 */
static bool move_dirs(struct tn_arena *arena, struct tn_words *words, const char *sysroot)
{
    size_t size = strlen(sysroot);

    for (size_t i = 0, n; i < words->count; i += n) {
        size_t start = dir_switch(words->at[i]);
        n = tn_switch_size(words, i);
        const char **word = &words->at[i + n - 1], *dir = *word + (n == 2 ? 0 : start);
        if (!start || *dir != '/' || strncmp(dir, sysroot, size) == 0)
            continue;
        *word = tn_arena_format(arena, "%.*s%s%s", (int)(dir - *word), *word, sysroot, dir);
        if (!*word)
            return false;
    }
    return true;
}

static bool move_all(struct tn_arena *arena, struct tn_pc *pc, const char *sysroot)
{
    return move_dirs(arena, &pc->cflags, sysroot) && move_dirs(arena, &pc->libs, sysroot) &&
           move_dirs(arena, &pc->private_libs, sysroot);
}

static void free_graph(struct graph *graph)
{
    for (size_t i = 0; i < graph->count; i++) {
        tn_pc_file_free(&graph->modules[i].file);
        free(graph->modules[i].required);
    }
    free(graph->modules);
}

/* The name of a .pc file. NULL: no memory. */
static const char *module_name(struct tn_arena *arena, const char *path)
{
    const char *base = tn_base_name(path), *end = strrchr(base, '.');

    return tn_arena_copy(arena, base, end ? (size_t)(end - base) : strlen(base));
}

bool tn_pc_read(tenon_world *world, struct tn_arena *arena, const char *path,
                const struct tn_words *dirs, const char *sysroot, struct tn_pc *out,
                tenon_error *err)
{
    tenon_error own = TENON_ERROR_INIT;
    struct graph graph = { .world = world, .arena = arena, .dirs = dirs, .err = err ? err : &own };
    const char *name = module_name(arena, path);
    bool good;

    *out = (struct tn_pc){ .path = path };
    good = (name || tn_no_memory(graph.err)) && add_module(&graph, name, path) &&
           read_public(&graph) && read_private(&graph) && gather_all(&graph, out);
    for (size_t i = 0; good && i < graph.count; i++)
        good = tn_words_add(&out->files, graph.modules[i].path) || tn_no_memory(graph.err);
    if (good && sysroot)
        good = move_all(arena, out, sysroot) || tn_no_memory(graph.err);
    if (good)
        out->version = graph.modules[0].file.value[TN_PC_VERSION];
    free_graph(&graph);
    return good;
}

void tn_pc_free(struct tn_pc *pc)
{
    tn_words_free(&pc->cflags);
    tn_words_free(&pc->libs);
    tn_words_free(&pc->private_libs);
    tn_words_free(&pc->files);
}
