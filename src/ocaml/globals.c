/*
 * src/ocaml/globals.c - the units of a program of bytecode: its table of globals, and their
 * interfaces
 */
#include <inttypes.h>
#include <stdlib.h>

#include "fail.h"
#include "reading.h"

/* rule  utils/map.ml, stdlib/map.ml: Node (left, key, slot, right, height) */
#define NODE_FIELDS 5u

struct global {
    struct tn_ocaml_text name;
    int64_t slot;
    bool predef;
};

/* A node of the tree whose left part is being read, or whose right part is. */
struct node {
    struct tn_ml_back back;
    bool is_right;
};

struct globals {
    struct tn_ocaml_reading *r;
    struct global *at;
    size_t count, room;
    struct node *nodes; /* those that are open */
    size_t depth, node_room;
};

/* rule  to 5.1 an identifier; from 5.2 tag 0: a unit, tag 1: a predefined exception */
static bool read_key(struct tn_ocaml_reading *r, struct global *out)
{
    static const char what[] = "global";
    struct tn_ml_head head;
    if (!r->string_units)
        return tn_shape_unit(r, what, &out->name, &out->predef);
    if (!tn_ml_read(&r->m, &head))
        return false;
    if (head.kind != TN_ML_BLOCK || head.tag > 1 || head.size != 1)
        return tn_ml_unexpected(&r->m, &head, what, "a unit or predefined exception");
    out->predef = head.tag == 1;
    return tn_shape_text(r, what, &out->name) && tn_shape_leave(r, &head.back);
}

/* A subtree begins: *inside is true when it has a node, whose left part then follows. */
static bool enter_tree(struct globals *g, bool *inside)
{
    static const char what[] = "table of globals";
    struct tn_ocaml_reading *r = g->r;
    struct tn_ml_head head;
    if (!tn_ml_read(&r->m, &head))
        return false;
    *inside = head.kind == TN_ML_BLOCK && head.tag == 0 && head.size == NODE_FIELDS;
    if (!*inside)
        return (head.kind == TN_ML_INT && head.number == 0) ||
               tn_ml_unexpected(&r->m, &head, what, "a tree");
    if (!r->m.rows_left)
        return tn_fail(
            r->err, TENON_E_LIMIT,
            "%s: a tree that comes back to itself or repeats others too often at 0x%" PRIx64, what,
            r->m.bytes.start + head.where);
    r->m.rows_left--;
    if (!tn_grow(&g->nodes, &g->node_room, g->depth, sizeof *g->nodes))
        return tn_no_memory(r->err);
    g->nodes[g->depth++] = (struct node){ .back = head.back };
    return true;
}

/* Behind the left part: key and slot, and then the right part. */
static bool read_middle(struct globals *g)
{
    struct tn_ocaml_reading *r = g->r;
    struct global global;
    if (!read_key(r, &global) || !tn_shape_int(r, "slot of a global", &global.slot))
        return false;
    if (!tn_grow(&g->at, &g->room, g->count, sizeof *g->at))
        return tn_no_memory(r->err);
    g->at[g->count++] = global;
    g->nodes[g->depth - 1].is_right = true;
    return true;
}

/* All nodes whose right part has ended: their heights, and back to where they were met. */
static bool leave_trees(struct globals *g)
{
    while (g->depth && g->nodes[g->depth - 1].is_right) {
        if (!tn_ml_skip(&g->r->m, 1))
            return false;
        tn_ml_leave(&g->r->m, &g->nodes[--g->depth].back);
    }
    return true;
}

static bool read_tree(struct globals *g)
{
    bool inside;
    do {
        if (!enter_tree(g, &inside) || (!inside && !leave_trees(g)) ||
            (!inside && g->depth && !read_middle(g)))
            return false;
    } while (g->depth);
    return true;
}

static int compare_slots(const void *a_row, const void *b_row)
{
    const struct global *a = a_row, *b = b_row;
    if (a->slot != b->slot)
        return a->slot > b->slot ? 1 : -1;
    return (a->name.at > b->name.at) - (a->name.at < b->name.at);
}

/* rule  a name with a dot is inside of a pack, and nobody's unit */
static bool is_unit(const struct global *global)
{
    return !global->predef && !memchr(global->name.at, '.', global->name.size);
}

static bool keep_globals(struct globals *g)
{
    tenon_ocaml *o = g->r->out;
    const char **names = tn_arena_room(&o->arena, g->count, sizeof *names);
    if (!names)
        return tn_no_memory(g->r->err);
    if (g->count)
        qsort(g->at, g->count, sizeof *g->at, compare_slots);
    for (size_t i = 0; i < g->count; i++) {
        tenon_ocaml_unit *unit = is_unit(&g->at[i]) ? tn_units_next(g->r) : NULL;
        names[i] = tn_shape_keep(g->r, g->at[i].name);
        if (!names[i] || (!unit && is_unit(&g->at[i])))
            return false;
        if (unit)
            unit->name = names[i];
    }
    o->globals = (tenon_ocaml_names){ names, g->count };
    return true;
}

/* rule  bytecomp/symtable.ml: (next number, tree of globals) */
bool tn_ocaml_read_globals(struct tn_ocaml_reading *r)
{
    struct globals g = { .r = r };
    struct tn_ml_back back;
    bool ok = tn_shape_enter(r, 0, 2, "table of globals", &back) && tn_ml_skip(&r->m, 1) &&
              read_tree(&g) && tn_shape_leave(r, &back) && keep_globals(&g);
    free(g.at);
    free(g.nodes);
    return ok;
}

bool tn_ocaml_read_interfaces(struct tn_ocaml_reading *r)
{
    return tn_shape_imports(r, "interfaces imported", NULL, &r->out->interfaces, NULL);
}

static int compare_imports(const void *a, const void *b)
{
    return strcmp(((const tenon_ocaml_import *)a)->name, ((const tenon_ocaml_import *)b)->name);
}

/* The interface of each unit, from what CRCS says. */
bool tn_ocaml_join_interfaces(struct tn_ocaml_reading *r)
{
    tenon_ocaml *o = r->out;
    size_t count = o->interfaces.count;
    tenon_ocaml_import *sorted = tn_arena_room(r->file->arena, count, sizeof *sorted);
    if (!sorted)
        return tn_no_memory(r->err);
    if (!count)
        return true;
    memcpy(sorted, o->interfaces.at, count * sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, compare_imports);
    for (size_t i = 0; i < r->unit_count; i++) {
        tenon_ocaml_import key = { .name = r->units[i].name };
        const tenon_ocaml_import *found =
            bsearch(&key, sorted, count, sizeof *sorted, compare_imports);
        if (found)
            r->units[i].interface = found->crc;
    }
    return true;
}
