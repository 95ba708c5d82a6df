/* src/bundle/closure.c - the libraries that code needs, and which of them go with it */
#include "closure.h"

#include <stdlib.h>
#include <string.h>

#include "entry_name.h"
#include "fail.h"
#include "text.h"
#include "unread.h"
#include "view.h"

/* One search: the graphs of the file and of its host. */
struct finding {
    const struct tn_closure_request *request;
    tenon_world *world;
    struct tn_arena *arena;
    tenon_resolver *resolver;
    tenon_graph *graph, *host;
    struct tn_closure *out;
    int32_t *row_of; /* by library of the graph; -1: none */
};

static bool begins_with(const char *path, const char *prefix)
{
    return strncmp(path, prefix, strlen(prefix)) == 0;
}

/* "/lib/x", "/usr/lib64/x"; not "/usr/libexec/x". */
static bool in_system_directory(const char *path)
{
    static const char *const suffixes[] = { "/", "32/", "64/", "x32/" };

    if (begins_with(path, "/usr/"))
        path += 4;
    if (!begins_with(path, "/lib"))
        return false;
    for (size_t i = 0; i < TN_COUNT(suffixes); i++)
        if (begins_with(path + 4, suffixes[i]))
            return true;
    return false;
}

static bool is_systems(const tenon_library *library)
{
    static const char *const added[] = { "/usr/local/", "/opt/", "/home/" };

    if (library->status == TENON_STATUS_SYSTEM || in_system_directory(library->path))
        return true;
    for (size_t i = 0; i < TN_COUNT(added); i++)
        if (begins_with(library->path, added[i]))
            return false;
    return library->rule && library->rule->system;
}

static bool host_has(const struct finding *f, const tenon_library *library)
{
    size_t count = f->host ? tenon_graph_count(f->host) : 0;

    for (size_t i = 0; i < count; i++) {
        const tenon_library *other = tenon_graph_library(f->host, i);
        if (strcmp(other->name, library->name) == 0 ||
            (other->path && library->path && strcmp(other->path, library->path) == 0))
            return true;
    }
    return false;
}

static bool same_word(const char *list, size_t size, const char *word)
{
    return word && strlen(word) == size && memcmp(list, word, size) == 0;
}

/* True when the list has the library's name, or the name of its file. */
static bool is_listed(const char *list, const tenon_library *library)
{
    for (;;) {
        size_t size = strcspn(list, ",");
        if (same_word(list, size, library->name) ||
            (library->path && same_word(list, size, tn_base_name(library->path))))
            return true;
        if (!list[size])
            return false;
        list += size + 1;
    }
}

static enum tn_fate fate_of(const struct finding *f, const tenon_library *library)
{
    bool is_auto = strcmp(f->request->bundle, "auto") == 0;
    bool none = strcmp(f->request->bundle, "none") == 0;

    if (library->status != TENON_STATUS_FOUND && library->status != TENON_STATUS_SYSTEM)
        return TN_FATE_MISSING;
    if (!is_auto && !none && is_listed(f->request->bundle, library))
        return TN_FATE_BUNDLED;
    if (host_has(f, library))
        return TN_FATE_HOST;
    if (is_systems(library))
        return TN_FATE_SYSTEM;
    return is_auto ? TN_FATE_BUNDLED : TN_FATE_UNLISTED;
}

static bool is_wanted(const struct finding *f, const tenon_library *library)
{
    const char *bundle = f->request->bundle;
    return strcmp(bundle, "auto") == 0 ||
           (strcmp(bundle, "none") != 0 && is_listed(bundle, library));
}

static const char *why_of(struct finding *f, size_t index)
{
    const tenon_library *library = tenon_graph_library(f->graph, index);
    const tenon_attempt *attempt =
        library->status == TENON_STATUS_MISSING ? tn_tried_unread(f->graph, index) : NULL;

    if (attempt)
        return tn_arena_format(f->arena, "%s: %s", attempt->path,
                               attempt->detail ? attempt->detail
                                               : tenon_outcome_name(attempt->outcome));
    if (library->reason)
        return tn_arena_string(f->arena, library->reason);
    if (library->where)
        return tn_arena_string(f->arena, library->where);
    return library->rule ? tn_arena_string(f->arena, library->rule->name) : "";
}

static const char *name_in_graph(const struct finding *f, int32_t index)
{
    return index == TENON_THE_FILE
               ? tn_base_name(f->request->file)
               : tn_base_name(tenon_graph_library(f->graph, (size_t)index)->name);
}

static bool add_row(struct finding *f, size_t index, tenon_error *err)
{
    const tenon_library *library = tenon_graph_library(f->graph, index);
    struct tn_needed *row = &f->out->rows[f->out->count];

    f->row_of[index] = -1;
    if (library->is_interpreter)
        return true;
    *row = (struct tn_needed){
        .fate = fate_of(f, library),
        .name = tn_arena_string(f->arena, tn_base_name(library->name)),
        .path = library->path ? tn_arena_string(f->arena, library->path) : NULL,
        .why = why_of(f, index),
        .asker = tn_arena_string(f->arena, name_in_graph(f, library->parent)),
        .is_wanted = is_wanted(f, library),
    };
    if (!row->name || !row->why || !row->asker || (library->path && !row->path))
        return tn_no_memory(err);
    f->row_of[index] = (int32_t)f->out->count++;
    return true;
}

static bool asks_for_bundled(const struct finding *f, const int32_t *needs, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (needs[i] >= 0 && f->row_of[needs[i]] >= 0 &&
            f->out->rows[f->row_of[needs[i]]].fate == TN_FATE_BUNDLED)
            return true;
    return false;
}

static bool is_origin(const char *element, size_t size)
{
    while (size > 1 && element[size - 1] == '/')
        size--;
    return same_word(element, size, "$ORIGIN") || same_word(element, size, "${ORIGIN}");
}

bool tn_has_origin(const tenon_image *image)
{
    const tenon_search_path *path, *counts = NULL;

    for (size_t i = 0; (path = tenon_image_search_path(image, i)); i++)
        if (!counts || strcmp(path->kind, "runpath") == 0)
            counts = path;
    for (const char *at = counts ? counts->path : NULL; at;) {
        size_t size = strcspn(at, ":");
        if (is_origin(at, size))
            return true;
        at = at[size] ? at + size + 1 : NULL;
    }
    return false;
}

/* What only matters when something is bundled. */
static bool look_at_run_paths(struct finding *f, tenon_error *err)
{
    for (size_t i = 0; i < f->out->count; i++) {
        struct tn_needed *row = &f->out->rows[i];
        tenon_image *image;
        if (!row->needs_bundled)
            continue;
        image = tenon_image_open(f->world, row->path, 0, err);
        if (!image)
            return false;
        row->has_origin = tn_has_origin(image);
        tenon_image_free(image);
    }
    return true;
}

static void mark_askers(struct finding *f)
{
    size_t count;
    const int32_t *needs = tenon_graph_needs(f->graph, &count);

    f->out->rows[0].needs_bundled = asks_for_bundled(f, needs, count);
    for (size_t i = 0; i < tenon_graph_count(f->graph); i++) {
        const tenon_library *library = tenon_graph_library(f->graph, i);
        struct tn_needed *row = f->row_of[i] >= 0 ? &f->out->rows[f->row_of[i]] : NULL;
        if (row && row->fate == TN_FATE_BUNDLED)
            row->needs_bundled = asks_for_bundled(f, library->needs, library->need_count);
    }
}

/* A name that nothing needs is a mistake of the caller's. */
static bool check_list(const struct finding *f, tenon_error *err)
{
    const char *list = f->request->bundle;
    char name[256], shown[TN_QUOTE_ROOM];

    if (strcmp(list, "auto") == 0 || strcmp(list, "none") == 0)
        return true;
    for (;;) {
        size_t size = strcspn(list, ",");
        bool found = false;
        for (size_t i = 0; i < tenon_graph_count(f->graph) && !found; i++) {
            const tenon_library *library = tenon_graph_library(f->graph, i);
            found = same_word(list, size, library->name) ||
                    (library->path && same_word(list, size, tn_base_name(library->path)));
        }
        if (!found) {
            size_t shorter = size < sizeof name ? size : sizeof name - 1;
            memcpy(name, list, shorter);
            name[shorter] = '\0';
            return tn_fail(err, TENON_E_ARGUMENT, "%s: it does not need %s",
                           tn_base_name(f->request->file), tn_quote(shown, name));
        }
        if (!list[size])
            return true;
        list += size + 1;
    }
}

/* The file itself, with room for `more` rows. */
static bool list_file(struct finding *f, size_t more, tenon_error *err)
{
    struct tn_needed *rows = tn_arena_rows(f->arena, more + 1, sizeof *rows);

    if (!rows)
        return tn_no_memory(err);
    rows[0] = (struct tn_needed){
        .fate = TN_FATE_CODE,
        .name = tn_arena_string(f->arena, tn_base_name(f->request->file)),
        .path = tn_arena_string(f->arena, f->request->file),
    };
    f->out->rows = rows;
    f->out->count = 1;
    return (rows[0].name && rows[0].path) || tn_no_memory(err);
}

static bool list_rows(struct finding *f, tenon_error *err)
{
    size_t count = tenon_graph_count(f->graph);

    f->row_of = tn_arena_rows(f->arena, count + 1, sizeof *f->row_of);
    if (!f->row_of)
        return tn_no_memory(err);
    if (!list_file(f, count, err))
        return false;
    for (size_t i = 0; i < count; i++)
        if (!add_row(f, i, err))
            return false;
    mark_askers(f);
    return check_list(f, err) && look_at_run_paths(f, err);
}

bool tn_closure_find(tenon_world *world, const struct tn_closure_request *request,
                     struct tn_arena *arena, struct tn_closure *out, tenon_error *err)
{
    struct finding f = { .request = request, .world = world, .arena = arena, .out = out };
    tenon_error why = TENON_ERROR_INIT;
    bool ok = false;

    *out = (struct tn_closure){ 0 };
    f.resolver = tenon_resolver_new(world, err);
    if (f.resolver) /* what is preloaded here is a matter of this process, not of the file */
        tenon_resolver_set_flags(f.resolver, TENON_RESOLVE_NO_PRELOAD);
    if (f.resolver)
        f.graph = tenon_resolve_file(f.resolver, request->file, &why);
    if (f.resolver && !f.graph && why.code == TENON_E_UNSUPPORTED &&
        strcmp(request->bundle, "none") == 0)
        ok = list_file(&f, 0, err); /* code for a loader that is not known */
    else if (f.resolver && !f.graph && err)
        *err = why;
    if (f.graph && request->host)
        f.host = tenon_resolve_file(f.resolver, request->host, err);
    if (f.graph && (f.host || !request->host))
        ok = list_rows(&f, err);
    tenon_graph_free(f.host);
    tenon_graph_free(f.graph);
    tenon_resolver_free(f.resolver);
    return ok;
}
