/* src/cli/why_select.c - which objects of a graph are shown, and on whom each hangs */
#include <string.h>

#include "fail.h"
#include "why.h"
#include "windows.h"

const int32_t *why_needs(const struct why_view *view, size_t node, size_t *count)
{
    const tenon_library *library;

    if (node == 0)
        return tenon_graph_needs(view->graph, count);
    library = why_library(view, node);
    *count = library->need_count;
    return library->needs;
}

const char *why_object_name(const struct why_view *view, int32_t object)
{
    const tenon_library *library;

    if (object == TENON_NOBODY)
        return "nobody";
    if (object == TENON_THE_FILE)
        return view->root;
    library = tenon_graph_library(view->graph, (size_t)object);
    return library->path ? library->path : library->name;
}

/* Below /lib or /usr/lib, or those of another class: /lib32, /lib64, /libx32. */
static bool is_system_path(const char *path)
{
    if (strncmp(path, "/usr", 4) == 0)
        path += 4;
    if (strncmp(path, "/lib", 4) != 0)
        return false;
    path += 4 + strspn(path + 4, "x0123456789");
    return *path == '/';
}

static bool is_system_library(const tenon_library *library)
{
    if (library->status == TENON_STATUS_SYSTEM || library->is_interpreter)
        return true;
    return library->status == TENON_STATUS_FOUND && library->rule && library->rule->system &&
           library->path && is_system_path(library->path);
}

/* Is it a name as the graph's loader compares them? To Windows case does not count. */
static bool is_same(const struct why_view *view, const char *a, const char *b)
{
    const tenon_loader *loader = tenon_graph_loader(view->graph);

    if (loader && tenon_loader_format(loader) == TENON_FORMAT_PE)
        return tn_windows_same(a, b);
    return strcmp(a, b) == 0;
}

/* NAME of --lib: a name, a path, or the file part of either. */
static bool is_named(const struct why_view *view, const tenon_library *library)
{
    const char *name = view->why->lib, *in_world = view->why->lib_path;
    const char *slash = library->path ? strrchr(library->path, '/') : NULL;

    if (is_same(view, library->name, name) || (slash && is_same(view, slash + 1, name)))
        return true;
    return library->path && (is_same(view, library->path, name) ||
                             (in_world && is_same(view, library->path, in_world)));
}

/* Shows a node and everyone on the way to the file; stops where that was done before. */
static void show_with_parents(struct why_view *view, size_t node)
{
    while (!view->nodes[node].shown) {
        view->nodes[node].shown = true;
        if (node != 0)
            node = (size_t)view->nodes[node].parent;
    }
}

static void show_chains_to(struct why_view *view, size_t node)
{
    const tenon_library *library = why_library(view, node);

    view->nodes[node].wanted = true;
    view->wanted++;
    show_with_parents(view, node);
    for (size_t i = 0; i < library->needed_by_count; i++)
        show_with_parents(view, why_node_of(library->needed_by[i]));
}

static void choose(struct why_view *view, size_t node)
{
    const tenon_library *library = why_library(view, node);

    if (view->why->lib) {
        if (is_named(view, library))
            show_chains_to(view, node);
    } else if (!view->why->hide_system || !is_system_library(library)) {
        show_with_parents(view, node);
    }
}

/* Hangs the shown nodes on their parents, in load order. */
static void link_children(struct why_view *view)
{
    for (size_t node = view->count; node > 0; node--) {
        struct why_node *child = &view->nodes[node];
        struct why_node *parent = &view->nodes[child->parent];
        if (!child->shown) {
            view->hidden++;
            continue;
        }
        child->next_sibling = parent->first_child;
        parent->first_child = (int32_t)node;
    }
}

/* Nobody in particular, as for what a system configures, is the file itself. */
static int32_t parent_of(const struct why_view *view, size_t node)
{
    int32_t parent = why_library(view, node)->parent;

    return parent < TENON_THE_FILE ? 0 : (int32_t)why_node_of(parent);
}

/* Room for what all nodes need. */
static int32_t *room_elsewhere(struct why_view *view)
{
    size_t total, count;

    why_needs(view, 0, &total);
    for (size_t node = 1; node <= view->count; node++) {
        why_needs(view, node, &count);
        total += count;
    }
    return cli_room_take(&view->why->elsewhere, total + 1, sizeof *view->elsewhere);
}

bool why_select(struct why_view *view, tenon_error *err)
{
    view->count = tenon_graph_count(view->graph);
    view->hidden = view->wanted = 0;
    view->stamp = 0;
    view->nodes = cli_room_take(&view->why->nodes, view->count + 1, sizeof *view->nodes);
    if (!view->nodes)
        return tn_no_memory(err);
    for (size_t node = 0; node <= view->count; node++) {
        struct why_node *each = &view->nodes[node];
        each->library = node == 0 ? NULL : tenon_graph_library(view->graph, node - 1);
        each->parent = node == 0 ? 0 : parent_of(view, node);
        each->first_child = each->next_sibling = WHY_NONE;
    }
    view->elsewhere = room_elsewhere(view);
    if (!view->elsewhere)
        return tn_no_memory(err);
    view->nodes[0].shown = true;
    for (size_t node = 1; node <= view->count; node++)
        choose(view, node);
    link_children(view);
    return true;
}

size_t why_elsewhere(struct why_view *view, size_t node, int32_t *out)
{
    const bool only_wanted = view->why->lib != NULL;
    size_t n = 0, count;
    const int32_t *needs = why_needs(view, node, &count);

    view->stamp++;
    for (size_t i = 0; i < count; i++) {
        struct why_node *other;
        if (needs[i] < TENON_THE_FILE)
            continue;
        other = &view->nodes[why_node_of(needs[i])];
        if (!other->shown || other->stamp == view->stamp || (only_wanted && !other->wanted) ||
            (needs[i] != TENON_THE_FILE && other->parent == (int32_t)node))
            continue;
        other->stamp = view->stamp;
        out[n++] = (int32_t)why_node_of(needs[i]);
    }
    return n;
}

void why_put_symbol(struct cli_out *out, const char *symbol, const char *version)
{
    cli_text(out, symbol);
    if (version) {
        cli_puts(out, "@");
        cli_text(out, version);
    }
}
