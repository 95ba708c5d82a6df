/*
 * src/resolve/process.c - joins one process: its objects, their order, and the walk over needs
 *
 * rule  breadth-first over the needs in list order: glibc elf/dl-deps.c, _dl_map_object_deps();
 *       musl ldso/dynlink.c, load_deps(). Everything that differs is in the loader's row
 */
#include "process.h"

#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "limits.h"

int32_t tn_process_append(tenon_resolver *r, const struct tn_object *object)
{
    r->too_much |= r->object_count >= TN_LIMIT_OBJECTS;
    if (r->too_much ||
        !tn_grow(&r->objects, &r->object_room, r->object_count, sizeof *r->objects)) {
        r->no_memory = true;
        return TENON_NOBODY;
    }
    r->objects[r->object_count] = *object;
    return (int32_t)r->object_count++;
}

/* What a listed object needs will be asked for when the walk comes to it. */
static void foresee(tenon_resolver *r, uint32_t number)
{
    struct tn_node *node = number == TN_NO_NODE ? NULL : r->nodes[number];
    if (!r->ahead || !node || node->foreseen)
        return;
    node->foreseen = true;
    for (uint32_t i = 0; i < node->need_count; i++)
        tn_ahead_need(r->ahead, tn_text_of(r, node->needs[i].name));
}

void tn_process_list_at(tenon_resolver *r, int32_t object, size_t position)
{
    if (!tn_grow(&r->order, &r->order_room, r->order_count, sizeof *r->order)) {
        r->no_memory = true;
        return;
    }
    memmove(r->order + position + 1, r->order + position,
            (r->order_count - position) * sizeof *r->order);
    r->order[position] = object;
    r->order_count++;
    tn_object_at(r, object)->listed = true;
    foresee(r, tn_object_at(r, object)->node);
}

void tn_process_list(tenon_resolver *r, int32_t object)
{
    tn_process_list_at(r, object, r->order_count);
}

/* Room for so many edges more; false: no memory. */
static bool edge_room(tenon_resolver *r, size_t count)
{
    while (r->edge_room - r->edge_count < count)
        if (!tn_grow(&r->edges, &r->edge_room, r->edge_room, sizeof *r->edges)) {
            r->no_memory = true;
            return false;
        }
    return true;
}

static bool is_filter(enum tenon_flavour flavour)
{
    return flavour == TENON_NEED_FILTER || flavour == TENON_NEED_AUXILIARY;
}

/*
 * A filtee goes right before the object that names it; one that stands there or earlier is left
 * alone. All of one object's wait for list_filtees(), as a file may name very many.
 */
static void note_filtee(tenon_resolver *r, int32_t filtee, int32_t owner)
{
    struct tn_object *o = tn_object_at(r, filtee);
    if (!o->passed && !o->waits && filtee != owner) {
        o->waits = true;
        r->waiting++;
    }
}

/* Takes those that wait out of the order behind `at`, where they stand if they were listed. */
static void unlist_filtees(tenon_resolver *r, size_t at)
{
    size_t kept = at;
    for (size_t i = at; i < r->order_count; i++)
        if (!tn_object_at(r, r->order[i])->waits)
            r->order[kept++] = r->order[i];
    r->order_count = kept;
}

/*
 * Puts those that wait before their owner, which stands at `at`: in the order in which it names
 * them.
 * rule  glibc elf/dl-deps.c, _dl_map_object_deps(), DT_AUXILIARY and DT_FILTER
 */
static void list_filtees(tenon_resolver *r, const struct tn_object *owner, size_t at)
{
    const struct tn_node_need *needs = r->nodes[owner->node]->needs;
    unlist_filtees(r, at);
    while (r->order_room - r->order_count < r->waiting)
        if (!tn_grow(&r->order, &r->order_room, r->order_room, sizeof *r->order)) {
            r->no_memory = true;
            return;
        }
    memmove(r->order + at + r->waiting, r->order + at, (r->order_count - at) * sizeof *r->order);
    r->order_count += r->waiting;
    for (size_t k = 0; r->waiting; k++) { /* a loader with filters has an edge for each need */
        int32_t to = r->edges[owner->first_edge + k];
        struct tn_object *filtee = tn_object_at(r, to);
        if (!is_filter(needs[k].flavour) || !filtee->waits)
            continue;
        filtee->waits = false;
        filtee->listed = true;
        r->order[at++] = to;
        r->waiting--;
    }
}

/*
 * Answers one need, for whose edge there is room, and gives the answer its place in the order.
 * false: no memory.
 */
static bool walk_need(tenon_resolver *r, int32_t owner, struct tn_node_need *need)
{
    int32_t to = tn_request_known(r, need->name);
    if (to < 0)
        to = tn_request_need(r, need, owner);
    if (to < 0)
        return false;
    r->edges[r->edge_count++] = to;
    const struct tn_object *o = tn_object_at(r, to);
    if (is_filter(need->flavour) && o->node != TN_NO_NODE)
        note_filtee(r, to, owner);
    else if (!o->listed && !o->waits)
        tn_process_list(r, to);
    return !r->no_memory;
}

static bool is_walked(const tenon_resolver *r, const struct tn_node_need *need)
{
    return r->target->target.loader->has_filters || !is_filter(need->flavour);
}

/* ---- needs that arise when symbols are bound ----------------------------------------------- */

/* One object that answers a name of another. */
struct binding {
    tenon_resolver *r;
    int32_t asker, provider;
    const char *name;
    unsigned depth; /* names that led to this one */
};

/* A name that arises may make another arise; so far down none does outside of tests. */
#define ARISING_DEPTH 64u

static bool add_arising(void *arg, const tenon_need *need, bool of_asker, const void *asked);

/* What it asks for besides; `asked` is the loader's, of the binding that made this one arise. */
static void bind(struct binding *b, const void *asked)
{
    tenon_resolver *r = b->r;
    const struct tn_object *from = tn_object_at(r, b->asker), *to = tn_object_at(r, b->provider);
    if (from->node == TN_NO_NODE || to->node == TN_NO_NODE || b->depth == ARISING_DEPTH)
        return;
    struct tn_bound bound = {
        .asker = tn_node_source(r, r->nodes[from->node]),
        .provider = tn_node_source(r, r->nodes[to->node]),
        .name = b->name,
        .path = tn_text_of(r, to->path),
        .arose = b->depth > 0,
        .asked = asked,
    };
    const struct tn_need_sink sink = { add_arising, b };
    if (!tn_loader_at_hand(r)->arising(&r->target->target, &bound, &sink))
        r->no_memory = true;
}

static void bind_to(tenon_resolver *r, int32_t asker, const char *name, int32_t provider)
{
    bind(&(struct binding){ r, asker, provider, name, 0 }, NULL);
}

/* False: no memory. */
static bool add_late_edge(tenon_resolver *r, int32_t from, int32_t to)
{
    for (size_t i = 0; i < r->late_count; i++)
        if (r->late_edges[i].from == from && r->late_edges[i].to == to)
            return true;
    if (!tn_grow(&r->late_edges, &r->late_room, r->late_count, sizeof *r->late_edges))
        return false;
    r->late_edges[r->late_count++] = (struct tn_late_edge){ from, to };
    tn_object_at(r, from)->late_count++;
    return true;
}

/* One more need of the provider, or of who asked for it, bound in turn. */
static bool add_arising(void *arg, const tenon_need *need, bool of_asker, const void *asked)
{
    const struct binding *by = arg;
    tenon_resolver *r = by->r;
    int32_t owner = of_asker ? by->asker : by->provider;
    int32_t to = tn_request_more(r, need, owner);
    if (to < 0 || !add_late_edge(r, owner, to)) {
        r->no_memory = true;
        return false;
    }
    if (!tn_object_at(r, to)->listed)
        tn_process_list(r, to);
    bind(&(struct binding){ r, owner, to, need->name, by->depth + 1 }, asked);
    return !r->no_memory;
}

/* What binding an object's symbols to those that answer its needs asks for. */
static void bind_object(tenon_resolver *r, int32_t i)
{
    const struct tn_node *node = r->nodes[tn_object_at(r, i)->node];
    size_t edge = tn_object_at(r, i)->first_edge;
    for (uint32_t k = 0; k < node->need_count && !r->no_memory; k++) {
        if (!is_walked(r, &node->needs[k]))
            continue;
        int32_t provider = r->edges[edge++];
        bind_to(r, i, tn_text_of(r, node->needs[k].name), provider);
    }
}

/* Answers one need, and all that arises with it when that comes before the next. false: no more. */
static bool walk_fully(tenon_resolver *r, int32_t owner, struct tn_node_need *need)
{
    if (!is_walked(r, need))
        return true;
    if (!walk_need(r, owner, need))
        return false;
    if (tn_loader_at_hand(r)->arises_at_once)
        bind_to(r, owner, tn_text_of(r, need->name), r->edges[r->edge_count - 1]);
    return !r->no_memory;
}

/* Answers the needs of the object that stands at `at`. */
static void walk_object(tenon_resolver *r, size_t at)
{
    int32_t i = r->order[at];
    size_t first = r->edge_count;
    tn_object_at(r, i)->done = true;
    if (tn_object_at(r, i)->node == TN_NO_NODE)
        return;
    struct tn_node *node = r->nodes[tn_object_at(r, i)->node];
    if (!edge_room(r, node->need_count))
        return;
    for (uint32_t k = 0; k < node->need_count; k++)
        if (!walk_fully(r, i, &node->needs[k]))
            return;
    tn_object_at(r, i)->first_edge = first;
    tn_object_at(r, i)->edge_count = r->edge_count - first;
    if (r->waiting)
        list_filtees(r, tn_object_at(r, i), at);
    if (tn_loader_at_hand(r)->arising && !tn_loader_at_hand(r)->arises_at_once)
        bind_object(r, i);
}

/* ---- depth first --------------------------------------------------------------------------- */

/* An object whose needs are being answered. */
struct level {
    int32_t object;
    uint32_t next; /* need */
};

/* Its edges get their room at once, as those of other objects come between. false: no memory. */
static bool begin_level(tenon_resolver *r, struct level *level, int32_t object)
{
    struct tn_object *o = tn_object_at(r, object);
    uint32_t count = o->node == TN_NO_NODE ? 0 : r->nodes[o->node]->need_count;
    o->done = true;
    o->first_edge = r->edge_count;
    if (edge_room(r, count))
        r->edge_count += count;
    *level = (struct level){ object, 0 };
    return !r->no_memory;
}

/* The next need of the innermost object: the object that answers it, TENON_NOBODY: no more. */
static int32_t next_below(tenon_resolver *r, struct level *level)
{
    struct tn_object *o = tn_object_at(r, level->object);
    struct tn_node *node = o->node == TN_NO_NODE ? NULL : r->nodes[o->node];
    while (node && level->next < node->need_count) {
        struct tn_node_need *need = &node->needs[level->next++];
        if (!is_walked(r, need))
            continue;
        int32_t to = tn_request_need(r, need, level->object);
        if (to < 0)
            return TENON_NOBODY;
        o = tn_object_at(r, level->object);
        r->edges[o->first_edge + o->edge_count++] = to;
        return to;
    }
    return TENON_NOBODY;
}

/* All that an object needs, each with what it needs itself before the next. */
static void walk_deep(tenon_resolver *r, int32_t first)
{
    struct level *levels = NULL;
    size_t depth = 0, room = 0;
    if (!tn_grow(&levels, &room, depth, sizeof *levels) || !begin_level(r, &levels[depth++], first))
        r->no_memory = true;
    while (depth && !r->no_memory) {
        int32_t to = next_below(r, &levels[depth - 1]);
        if (to < 0) {
            depth--;
            continue;
        }
        if (!tn_object_at(r, to)->listed)
            tn_process_list(r, to);
        if (tn_object_at(r, to)->done)
            continue;
        if (!tn_grow(&levels, &room, depth, sizeof *levels) ||
            !begin_level(r, &levels[depth++], to))
            r->no_memory = true;
    }
    free(levels);
}

void tn_process_walk(tenon_resolver *r)
{
    bool deep = tn_loader_at_hand(r)->depth_first;
    for (size_t at = 0; at < r->order_count && !r->no_memory;) {
        struct tn_object *o = tn_object_at(r, r->order[at]);
        if (!o->done && deep) {
            walk_deep(r, r->order[at]);
        } else if (!o->done) {
            walk_object(r, at);
        } else {
            o->passed = true;
            at++;
        }
    }
}

void tn_process_begin(tenon_resolver *r)
{
    r->stamp++;
    r->object_count = r->order_count = r->edge_count = r->late_count = r->waiting = 0;
    r->self = TENON_NOBODY;
    r->program_origin = TN_NO_NAME;
    r->last_plan = UINT32_MAX;
    r->asker_object = TENON_NOBODY;
    r->left = 0;
    r->target = NULL;
    tn_store_empty(&r->passing);
    r->no_memory = r->too_much = r->runs = false;
    r->failed = 0;
    r->attempts = 0;
}

void tn_process_dlopen(tenon_resolver *r, const char *text, int32_t caller)
{
    uint32_t name = tn_resolver_name(r, text);
    r->runs = true;
    int32_t object = name == TN_NO_NAME
                         ? TENON_NOBODY
                         : tn_request(r, name, caller, TENON_NEED_DLOPEN, TN_REQUEST_DLOPEN);
    if (object < 0)
        return;
    if (!tn_object_at(r, object)->listed)
        tn_process_list(r, object);
    tn_process_walk(r);
}

/* The resolver's program opens a file at run time: by a path, as no search is meant. */
static void open_file(tenon_resolver *r, const char *file)
{
    const char *path = tn_has_slash(file) ? file : tn_arena_format(&r->passing.arena, "./%s", file);
    if (path)
        tn_process_dlopen(r, path, TN_PROGRAM);
    else
        r->no_memory = true;
}

/* The loader itself, when nothing asked for it and it lists itself all the same. */
static void list_loader(tenon_resolver *r)
{
    const tenon_loader *loader = tn_loader_at_hand(r);
    bool yes = false;
    if (r->self < 0 || tn_object_at(r, r->self)->listed || !loader->lists_itself || r->no_memory)
        return;
    if (!loader->lists_itself(&r->target->target, &yes))
        r->no_memory = true;
    else if (yes)
        tn_request_self(r, r->target->self_path);
}

bool tn_process_file(tenon_resolver *r, uint32_t path, tenon_error *err)
{
    uint32_t program = r->exe ? tn_resolver_name(r, r->exe) : path;
    tn_process_begin(r);
    if (program == TN_NO_NAME)
        return tn_no_memory(err);
    if (r->exe && !tn_program_check(r, path, err))
        return false; /* the file's own fault, with and without a program */
    if (!tn_program_open(r, program, err))
        return false;
    if (!r->target)
        return !r->exe ||
               tn_fail(err, TENON_E_UNSUPPORTED, "%s: a static program loads no libraries", r->exe);
    tn_program_begin(r);
    tn_process_preload(r);
    tn_process_walk(r);
    list_loader(r);
    if (r->exe)
        open_file(r, tn_text_of(r, path));
    return r->no_memory ? tn_resolver_fail(r, path, err) : true;
}
