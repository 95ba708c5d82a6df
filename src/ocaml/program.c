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
enum { NODE_LEFT, NODE_KEY, NODE_SLOT, NODE_RIGHT };
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
    const char *name;
    int64_t slot;
    bool predef;
};

struct globals {
    struct tn_ocaml_reading *r;
    struct global *at;
    size_t count, room;
    tn_ml_value *todo; /* subtrees */
    size_t todo_count, todo_room;
};

/* rule  to 5.1 an identifier; from 5.2 tag 0: a unit, tag 1: a predefined exception */
static bool read_key(struct tn_ocaml_reading *r, tn_ml_value key, struct global *out)
{
    static const char what[] = "global";
    const struct tn_ml_object *o = tn_ml_object(&r->m, key);
    if (!r->string_units)
        return (out->name = tn_shape_unit(r, key, what, &out->predef));
    if (!o || o->tag > 1 || o->size != 1)
        return tn_shape_fail(r, key, what, "a unit or predefined exception");
    out->predef = o->tag == 1;
    return (out->name = tn_shape_name(r, r->m.fields[o->at], what));
}

static bool push_tree(struct globals *g, tn_ml_value tree)
{
    if (tn_ml_is_int(tree) && tn_ml_int(tree) == 0)
        return true;
    if (!tn_grow(&g->todo, &g->todo_room, g->todo_count, sizeof *g->todo))
        return tn_no_memory(g->r->err);
    g->todo[g->todo_count++] = tree;
    return true;
}

static bool read_node(struct globals *g, tn_ml_value tree)
{
    static const char what[] = "table of globals";
    struct tn_ocaml_reading *r = g->r;
    struct global global = { 0 };
    const tn_ml_value *node = tn_shape_block(r, tree, 0, NODE_FIELDS, what);
    if (!node)
        return false;
    if (!r->rows_left--)
        return tn_fail(
            r->err, TENON_E_LIMIT,
            "%s: a tree that comes back to itself or repeats others too often at 0x%" PRIx64, what,
            r->near);
    if (!read_key(r, node[NODE_KEY], &global) ||
        !tn_shape_int(r, node[NODE_SLOT], "slot of a global", &global.slot))
        return false;
    if (!tn_grow(&g->at, &g->room, g->count, sizeof *g->at))
        return tn_no_memory(r->err);
    g->at[g->count++] = global;
    return push_tree(g, node[NODE_RIGHT]) && push_tree(g, node[NODE_LEFT]);
}

static int compare_slots(const void *a_row, const void *b_row)
{
    const struct global *a = a_row, *b = b_row;
    return a->slot != b->slot ? (a->slot > b->slot) - (a->slot < b->slot)
                              : strcmp(a->name, b->name);
}

/* rule  a name with a dot is inside of a pack, and nobody's unit */
static bool is_unit(const struct global *global)
{
    return !global->predef && !strchr(global->name, '.');
}

static bool keep_globals(struct globals *g)
{
    tenon_ocaml *o = g->r->out;
    const char **names = tn_arena_room(&o->arena, g->count, sizeof *names);
    o->units = tn_arena_rows(&o->arena, g->count, sizeof *o->units);
    if (!names || !o->units)
        return tn_no_memory(g->r->err);
    if (g->count)
        qsort(g->at, g->count, sizeof *g->at, compare_slots);
    for (size_t i = 0; i < g->count; i++) {
        names[i] = g->at[i].name;
        if (is_unit(&g->at[i]))
            o->units[o->unit_count++].name = names[i];
    }
    o->globals = (tenon_ocaml_names){ names, g->count };
    return true;
}

/* rule  bytecomp/symtable.ml: (next number, tree of globals) */
static bool read_globals(struct tn_ocaml_reading *r, tn_ml_value value)
{
    struct globals g = { .r = r };
    const tn_ml_value *table = tn_shape_block(r, value, 0, 2, "table of globals");
    bool ok = table && push_tree(&g, table[1]);
    while (ok && g.todo_count)
        ok = read_node(&g, g.todo[--g.todo_count]);
    ok = ok && keep_globals(&g);
    free(g.at);
    free(g.todo);
    return ok;
}

static bool read_interfaces(struct tn_ocaml_reading *r, tn_ml_value value)
{
    return tn_shape_imports(r, value, "interfaces imported", &r->out->interfaces);
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
    for (size_t i = 0; i < o->unit_count; i++) {
        tenon_ocaml_import key = { .name = o->units[i].name };
        const tenon_ocaml_import *found =
            bsearch(&key, sorted, count, sizeof *sorted, compare_imports);
        if (found)
            o->units[i].interface = found->crc;
    }
    return true;
}

/* ---- sections ---------------------------------------------------------------------------------
 */

static bool take_symb(struct tn_ocaml_reading *r, struct tn_view bytes)
{
    return tn_shape_start(r, bytes) && read_globals(r, r->m.root);
}

static bool take_crcs(struct tn_ocaml_reading *r, struct tn_view bytes)
{
    return tn_shape_start(r, bytes) && read_interfaces(r, r->m.root);
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
    while (bytes.size && !bytes.at[bytes.size - 1])
        bytes.size--;
    r->out->runtime = tn_keep_name(r, bytes, "path");
    return r->out->runtime;
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
        return (tn_file_view(r->file, offset, size, "section", &bytes, r->err) &&
                sections[i].take(r, bytes)) ||
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
    struct tn_view path = { head.at + start, end - start, start };
    r->out->runtime = tn_keep_name(r, path, "first line");
    return r->out->runtime;
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
           read_sections(r, table) && join_interfaces(r) && find_runtime(r);
}

/* ---- -output-complete-exe ---------------------------------------------------------------------
 */

/* The fields of a pair whose first is a string; NULL: none. */
static const tn_ml_value *pair_of(const struct tn_ocaml_reading *r, tn_ml_value value)
{
    const struct tn_ml_object *o = tn_ml_object(&r->m, value);
    if (!o || o->tag || o->size != 2)
        return NULL;
    const struct tn_ml_object *name = tn_ml_object(&r->m, r->m.fields[o->at]);
    return name && name->tag == TN_ML_STRING ? r->m.fields + o->at : NULL;
}

static bool take_pair(struct tn_ocaml_reading *r, tn_ml_value value)
{
    struct tn_view name;
    const tn_ml_value *pair = tn_shape_block(r, value, 0, 2, "section");
    if (!pair || !tn_shape_bytes(r, pair[0], "name of a section", &name))
        return false;
    if (name.size == 4 && memcmp(name.at, "SYMB", 4) == 0)
        return read_globals(r, pair[1]);
    if (name.size == 4 && memcmp(name.at, "CRCS", 4) == 0)
        return read_interfaces(r, pair[1]);
    return true;
}

/* rule  to 5.1 a list of (name, value), from 5.2 an array */
static bool read_pairs(struct tn_ocaml_reading *r)
{
    const struct tn_ml_object *array = tn_ml_object(&r->m, r->m.root);
    size_t count;
    tn_ml_value list = r->m.root, element;
    r->string_units = array && array->size && pair_of(r, r->m.fields[array->at + array->size - 1]);
    if (r->string_units) {
        for (size_t i = 0; i < array->size; i++)
            if (!take_pair(r, r->m.fields[array->at + i]))
                return false;
        return true;
    }
    if (!tn_shape_count(r, list, "sections", &count))
        return false;
    while (tn_shape_next(r, &list, &element))
        if (!take_pair(r, element))
            return false;
    return true;
}

bool tn_ocaml_read_embedded(struct tn_ocaml_reading *r, struct tn_view value)
{
    r->out->kind = TENON_OCAML_BYTECODE;
    r->out->custom = true;
    return tn_shape_start(r, value) && read_pairs(r) && join_interfaces(r);
}
