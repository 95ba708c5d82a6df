/*
 * src/ocaml/program.c - programs of bytecode
 *
 * rule  bytecomp/bytesections.ml, bytecomp/bytelink.ml, runtime/startup_byt.c: at the end of the
 *       file a table of sections (name, size; 32 bits, big-endian), their number, the magic number;
 *       the sections lie end to end before the table
 */
#include <inttypes.h>
#include <stdlib.h>

#include "fail.h"
#include "limits.h"
#include "reading.h"
#include "text.h"

#define TRAILER 16u
#define ROW 8u

/* rule  utils/map.ml, stdlib/map.ml: Node (left, key, slot, right, height) */
#define NODE_FIELDS 5u

bool tn_ocaml_is_program(struct tn_file *file)
{
    struct tn_view magic;
    uint64_t size = file->info.size;
    return size >= TRAILER &&
           tn_file_upto(file, size - TN_OCAML_MAGIC, TN_OCAML_MAGIC, "magic number", &magic,
                        NULL) &&
           magic.size == TN_OCAML_MAGIC && memcmp(magic.at, "Caml1999X", 9) == 0;
}

/* ---- the table of globals ---------------------------------------------------------------------
 */

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
        names[i] = g->at[i].name.at;
        if (unit)
            unit->name = names[i];
        else if (is_unit(&g->at[i]))
            return false;
    }
    o->globals = (tenon_ocaml_names){ names, g->count };
    return true;
}

/* rule  bytecomp/symtable.ml: (next number, tree of globals) */
static bool read_globals(struct tn_ocaml_reading *r)
{
    struct globals g = { .r = r };
    struct tn_ml_back back;
    bool ok = tn_shape_enter(r, 0, 2, "table of globals", &back) && tn_ml_skip(&r->m, 1) &&
              read_tree(&g) && tn_shape_leave(r, &back) && keep_globals(&g);
    free(g.at);
    free(g.nodes);
    return ok;
}

static bool read_interfaces(struct tn_ocaml_reading *r)
{
    return tn_shape_imports(r, "interfaces imported", NULL, &r->out->interfaces, NULL);
}

static int compare_imports(const void *a, const void *b)
{
    return strcmp(((const tenon_ocaml_import *)a)->name, ((const tenon_ocaml_import *)b)->name);
}

/* The interface of each unit, from what CRCS says. */
static bool join_interfaces(struct tn_ocaml_reading *r)
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

/* ---- sections ---------------------------------------------------------------------------------
 */

static bool take_symb(struct tn_ocaml_reading *r, struct tn_view bytes)
{
    return tn_shape_start(r, bytes) && read_globals(r) && tn_shape_finish(r);
}

static bool take_crcs(struct tn_ocaml_reading *r, struct tn_view bytes)
{
    return tn_shape_start(r, bytes) && read_interfaces(r) && tn_shape_finish(r);
}

static bool take_dlls(struct tn_ocaml_reading *r, struct tn_view bytes)
{
    return tn_section_names(r, bytes, "names", &r->out->dlls);
}

static bool take_dlpt(struct tn_ocaml_reading *r, struct tn_view bytes)
{
    return tn_section_names(r, bytes, "names", &r->out->dll_paths);
}

static bool take_prim(struct tn_ocaml_reading *r, struct tn_view bytes)
{
    return tn_section_names(r, bytes, "names", &r->out->primitives);
}

static bool take_rntm(struct tn_ocaml_reading *r, struct tn_view bytes)
{
    r->out->runtime = (const char *)bytes.at; /* with a NUL of its own, or the one behind it */
    return true;
}

/* What is read; the others are nobody's business. */
static const struct {
    char name[5];
    bool (*take)(struct tn_ocaml_reading *r, struct tn_view bytes);
} sections[] = { { "SYMB", take_symb }, { "CRCS", take_crcs }, { "DLLS", take_dlls },
                 { "DLPT", take_dlpt }, { "PRIM", take_prim }, { "RNTM", take_rntm } };

static bool take_section(struct tn_ocaml_reading *r, const uint8_t *name, uint64_t offset,
                         uint32_t size)
{
    struct tn_view bytes;
    for (size_t i = 0; i < TN_COUNT(sections); i++) {
        if (memcmp(sections[i].name, name, 4) != 0)
            continue;
        return (tn_shape_take(r, offset, size, "section", &bytes) && sections[i].take(r, bytes)) ||
               tn_context(r->err, "section %s", sections[i].name);
    }
    return true;
}

static bool read_sections(struct tn_ocaml_reading *r, struct tn_view table)
{
    uint64_t end = table.start;
    for (size_t at = table.size; at; at -= ROW) {
        const uint8_t *row = table.at + at - ROW;
        uint32_t size = tn_load32(row + 4, TN_BIG);
        char shown[4 * 4 + 1];
        if (size > end) {
            tn_text_escape(shown, sizeof shown, (const char *)row, 4);
            return tn_fail(r->err, TENON_E_MALFORMED,
                           "section %s: %" PRIu32 " bytes by the table at 0x%" PRIx64 ", %" PRIu64
                           " are left before it",
                           shown, size, table.start, end);
        }
        end -= size;
        if (!take_section(r, row, end, size))
            return false;
    }
    return true;
}

/* rule  without RNTM the first line names the runtime, unless the program has its own */
static bool find_runtime(struct tn_ocaml_reading *r)
{
    struct tn_view head;
    if (r->out->runtime)
        return true;
    if (!tn_file_upto(r->file, 0, TN_LIMIT_PATH, "first line", &head, r->err))
        return false;
    if (head.size < 2 || memcmp(head.at, "#!", 2) != 0) {
        r->out->custom = true;
        return true;
    }
    size_t start = 2, end;
    while (start < head.size && (head.at[start] == ' ' || head.at[start] == '\t'))
        start++;
    for (end = start; end < head.size && head.at[end] && !memchr(" \t\r\n", head.at[end], 4);)
        end++;
    r->out->runtime = tn_arena_copy(&r->out->arena, head.at + start, end - start);
    return r->out->runtime || tn_no_memory(r->err);
}

bool tn_ocaml_read_program(struct tn_ocaml_reading *r)
{
    struct tn_view trailer, table;
    uint64_t size = r->file->info.size;
    r->out->kind = TENON_OCAML_BYTECODE;
    if (!tn_file_view(r->file, size - TRAILER, TRAILER, "end of the program", &trailer, r->err))
        return false;
    struct tn_view magic = { trailer.at + 4, TN_OCAML_MAGIC, trailer.start + 4 };
    r->out->release = tn_ocaml_release_of(magic, 'X', r->err);
    if (!r->out->release)
        return false;
    r->string_units = r->out->release->string_units;
    uint32_t count = tn_load32(trailer.at, TN_BIG);
    if (count > TN_LIMIT_OCAML_SECTIONS || count * ROW > trailer.start)
        return tn_fail(r->err, TENON_E_MALFORMED, "number of sections at 0x%" PRIx64 " is %" PRIu32,
                       trailer.start, count);
    return tn_file_view(r->file, trailer.start - count * ROW, count * ROW, "table of sections",
                        &table, r->err) &&
           read_sections(r, table) && join_interfaces(r) && find_runtime(r) && tn_units_keep(r);
}

/* ---- -output-complete-exe ---------------------------------------------------------------------
 */

static bool read_pair(struct tn_ocaml_reading *r)
{
    struct tn_ml_head name;
    struct tn_ml_back back;
    if (!tn_shape_enter(r, 0, 2, "section", &back) || !tn_ml_read(&r->m, &name))
        return false;
    if (name.kind != TN_ML_STRING || name.size != 4)
        return tn_ml_unexpected(&r->m, &name, "name of a section", "a string of 4 bytes");
    const uint8_t *text = r->m.bytes.at + name.text;
    bool ok = memcmp(text, "SYMB", 4) == 0   ? read_globals(r)
              : memcmp(text, "CRCS", 4) == 0 ? read_interfaces(r)
                                             : tn_ml_skip(&r->m, 1);
    return ok && tn_shape_leave(r, &back);
}

static bool read_list(struct tn_ocaml_reading *r)
{
    struct tn_ml_list list = { .what = "sections" };
    int more;
    while ((more = tn_ml_next(&r->m, &list)) > 0)
        if (!read_pair(r))
            return false;
    return more == 0;
}

static bool read_array(struct tn_ocaml_reading *r)
{
    struct tn_ml_head array;
    if (!tn_ml_read(&r->m, &array))
        return false;
    if (array.kind != TN_ML_BLOCK || array.tag)
        return tn_ml_unexpected(&r->m, &array, "sections", "an array");
    for (uint32_t i = 0; i < array.size; i++)
        if (!read_pair(r))
            return false;
    return true;
}

/*
 * An array has pairs in all of its fields, the first cell of a list a pair and then a list: a look
 * at the second field tells.
 */
static bool is_array(struct tn_ocaml_reading *r, bool *answer)
{
    struct tn_marshal start = r->m;
    struct tn_ml_head head;
    *answer = true;
    if (!tn_ml_read(&r->m, &head))
        return false;
    if (head.kind == TN_ML_BLOCK && head.size == 2) {
        if (!tn_ml_skip(&r->m, 1) || !tn_ml_read(&r->m, &head))
            return false;
        *answer = false;
        if (head.kind == TN_ML_BLOCK && head.size) {
            if (!tn_ml_read(&r->m, &head))
                return false;
            *answer = head.kind == TN_ML_STRING;
        }
    }
    r->m = start;
    return true;
}

/* rule  to 5.1 a list of (name, value), from 5.2 an array */
bool tn_ocaml_read_embedded(struct tn_ocaml_reading *r, struct tn_view value)
{
    r->out->kind = TENON_OCAML_BYTECODE;
    r->out->custom = true;
    return tn_shape_start(r, value) && is_array(r, &r->string_units) &&
           (r->string_units ? read_array(r) : read_list(r)) && tn_shape_finish(r) &&
           join_interfaces(r) && tn_units_keep(r);
}
