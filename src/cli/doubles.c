/*
 * src/cli/doubles.c - what is there twice among files
 *
 * Units that share a key are neighbours when all are sorted by it, so that each list is walked
 * once per key, however many files there are.
 */
#include <stdlib.h>
#include <string.h>

#include <tenon/ocaml.h>

#include "units.h"
#include "units_parts.h"

/* One unit of one file; `group` leads to the first of those that are the same thing. */
struct entry {
    const struct units_part *part;
    const tenon_unit *unit;
    size_t group;
    unsigned keys; /* of enum key: by which it is the same as another one of its group */
};
enum key { BY_NAME = 1, BY_IMPLEMENTATION = 2, BY_DEFINITIONS = 4 };

struct finder {
    const struct units_part *parts;
    size_t part_count;
    struct entry *entries;
    size_t count;
    size_t *order; /* entries by one key after another */
    struct doubles *out;
    size_t room;
};

/* ---- all units --------------------------------------------------------------------------------
 */

/* An interface of OCaml's: a name that stands for no code. */
static bool is_interface(const struct units_part *part)
{
    const tenon_ocaml *ocaml = tenon_units_ocaml(part->units);
    return ocaml && tenon_ocaml_kind_of(ocaml) == TENON_OCAML_CMI;
}

static bool list_entries(struct finder *f)
{
    for (size_t i = 0; i < f->part_count; i++)
        f->count += tenon_units_count(f->parts[i].units);
    f->entries = calloc(f->count + 1, sizeof *f->entries);
    f->order = calloc(f->count + 1, sizeof *f->order);
    if (!f->entries || !f->order)
        return false;
    size_t next = 0;
    for (size_t i = 0; i < f->part_count; i++) {
        const tenon_unit *unit;
        for (size_t k = 0; (unit = tenon_units_at(f->parts[i].units, k)); k++)
            if (!is_interface(&f->parts[i])) {
                f->entries[next] = (struct entry){ &f->parts[i], unit, next, 0 };
                next++;
            }
    }
    f->count = next;
    return true;
}

/* ---- the same key -----------------------------------------------------------------------------
 */

static int by_name(const void *a, const void *b, void *arg)
{
    const struct entry *entries = arg, *x = &entries[*(const size_t *)a],
                       *y = &entries[*(const size_t *)b];
    int order = (x->unit->kind > y->unit->kind) - (x->unit->kind < y->unit->kind);
    order = order ? order : strcmp(x->unit->name, y->unit->name);
    return order ? order : (x > y) - (x < y);
}

static int by_implementation(const void *a, const void *b, void *arg)
{
    const struct entry *entries = arg, *x = &entries[*(const size_t *)a],
                       *y = &entries[*(const size_t *)b];
    const tenon_digest *d = &x->unit->implementation, *e = &y->unit->implementation;
    int order = (x->unit->kind > y->unit->kind) - (x->unit->kind < y->unit->kind);
    order = order ? order : (d->kind > e->kind) - (d->kind < e->kind);
    order = order ? order : memcmp(d->bytes, e->bytes, sizeof d->bytes);
    return order ? order : (x > y) - (x < y);
}

static int by_definitions(const void *a, const void *b, void *arg)
{
    const struct entry *entries = arg, *x = &entries[*(const size_t *)a],
                       *y = &entries[*(const size_t *)b];
    const tenon_unit *u = x->unit, *v = y->unit;
    int order = (u->kind > v->kind) - (u->kind < v->kind);
    for (size_t i = 0; !order; i++) {
        bool u_more = i < u->definition_count && u->definitions[i].kind != TENON_DEFINES_COMDAT;
        bool v_more = i < v->definition_count && v->definitions[i].kind != TENON_DEFINES_COMDAT;
        if (!u_more || !v_more) {
            order = u_more - v_more;
            break;
        }
        order = strcmp(u->definitions[i].name, v->definitions[i].name);
        order = order ? order
                      : (u->definitions[i].kind == TENON_DEFINES_WEAK) -
                            (v->definitions[i].kind == TENON_DEFINES_WEAK);
    }
    return order ? order : (x > y) - (x < y);
}

static size_t find_group(struct finder *f, size_t i)
{
    while (f->entries[i].group != i) {
        f->entries[i].group = f->entries[f->entries[i].group].group; /* halves the way */
        i = f->entries[i].group;
    }
    return i;
}

/* The earlier one leads, so that answers come in the order of the files. */
static void join(struct finder *f, size_t a, size_t b)
{
    a = find_group(f, a);
    b = find_group(f, b);
    f->entries[a > b ? a : b].group = a > b ? b : a;
}

/* The keys that two units of one thing have in common. */
static unsigned common_keys(const tenon_unit *a, const tenon_unit *b)
{
    unsigned keys = strcmp(a->name, b->name) == 0 ? BY_NAME : 0;
    if (tenon_digest_equal(&a->implementation, &b->implementation) == TENON_YES)
        keys |= BY_IMPLEMENTATION;
    return keys | (a->kind == TENON_UNIT_C && tn_same_definitions(a, b) ? BY_DEFINITIONS : 0);
}

static void join_if_same(struct finder *f, size_t a, size_t b)
{
    struct entry *x = &f->entries[a], *y = &f->entries[b];
    if (a == b || !tenon_unit_same(x->unit, y->unit))
        return;
    y->keys |= common_keys(x->unit, y->unit);
    join(f, a, b);
}

static void sort_entries(struct finder *f, int (*compare)(const void *, const void *, void *))
{
    for (size_t i = 0; i < f->count; i++)
        f->order[i] = i;
    if (f->count)
        qsort_r(f->order, f->count, sizeof *f->order, compare, f->entries);
}

static void join_neighbours(struct finder *f, int (*compare)(const void *, const void *, void *))
{
    sort_entries(f, compare);
    for (size_t i = 1; i < f->count; i++)
        join_if_same(f, f->order[i - 1], f->order[i]);
}

/*
 * Units of one name. Where one is known by nothing but that, it is the same as all of them. Those
 * that are the same only for what they define in common need not be neighbours: join_overlaps().
 */
static void join_names(struct finder *f)
{
    join_neighbours(f, by_name);
    for (size_t first = 0, end; first < f->count; first = end) {
        const tenon_unit *leader = f->entries[f->order[first]].unit;
        size_t bare = f->count;
        for (end = first; end < f->count; end++) {
            const tenon_unit *unit = f->entries[f->order[end]].unit;
            if (unit->kind != leader->kind || strcmp(unit->name, leader->name) != 0)
                break;
            bare = tn_unit_is_name_only(unit) ? f->order[end] : bare;
        }
        for (size_t i = first; bare < f->count && i < end; i++)
            join_if_same(f, bare, f->order[i]);
    }
}

/* One definition that tells something, and the entry that has it. */
struct defined {
    const char *name, *unit;
    bool weak;
    size_t entry;
};

/* Units of one name stand together: with a definition in common they are the same. */
static int by_defined(const void *a, const void *b)
{
    const struct defined *x = a, *y = b;
    int order = strcmp(x->name, y->name);
    order = order ? order : x->weak - y->weak;
    order = order ? order : strcmp(x->unit, y->unit);
    return order ? order : (x->entry > y->entry) - (x->entry < y->entry);
}

/* All definitions of all entries, those of one name together. NULL: no memory. */
static struct defined *list_defined(const struct finder *f, size_t *count)
{
    size_t room = 0;
    *count = 0;
    for (size_t i = 0; i < f->count; i++)
        room += f->entries[i].unit->kind == TENON_UNIT_C ? tn_unit_set_size(f->entries[i].unit) : 0;
    struct defined *rows = calloc(room + 1, sizeof *rows);
    for (size_t i = 0; rows && i < f->count; i++) {
        const tenon_unit *unit = f->entries[i].unit;
        size_t size = unit->kind == TENON_UNIT_C ? tn_unit_set_size(unit) : 0;
        for (size_t k = 0; k < size; k++)
            if (!tn_is_generic(unit->definitions[k].name))
                rows[(*count)++] =
                    (struct defined){ unit->definitions[k].name, unit->name,
                                      unit->definitions[k].kind == TENON_DEFINES_WEAK, i };
    }
    if (rows && *count)
        qsort(rows, *count, sizeof *rows, by_defined);
    return rows;
}

#define NEIGHBOURS 64u /* of one name that are compared with each other */

static void join_shared_names(struct finder *f, const struct defined *rows, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        size_t a = rows[i - 1].entry, b = rows[i].entry;
        if (strcmp(rows[i - 1].name, rows[i].name) == 0 &&
            strcmp(rows[i - 1].unit, rows[i].unit) == 0 &&
            !(f->entries[b].keys & BY_NAME && find_group(f, a) == find_group(f, b)))
            join_if_same(f, a, b);
    }
}

/* Versions and parts of units: what shares a definition may share more. False: no memory. */
static bool join_overlaps(struct finder *f)
{
    size_t count;
    struct defined *rows = list_defined(f, &count);
    join_shared_names(f, rows, rows ? count : 0);
    for (size_t i = 0; rows && i < count; i++)
        for (size_t k = i + 1;
             k < count && k - i < NEIGHBOURS && strcmp(rows[k].name, rows[i].name) == 0; k++) {
            size_t a = rows[i].entry, b = rows[k].entry;
            if (f->entries[a].part != f->entries[b].part && find_group(f, a) != find_group(f, b) &&
                tn_units_overlap(f->entries[a].unit, f->entries[b].unit))
                join(f, a, b);
        }
    free(rows);
    return rows;
}

/* ---- rows -------------------------------------------------------------------------------------
 */

static struct doubles_row *new_row(struct finder *f, const tenon_unit *unit)
{
    struct doubles *out = f->out;
    if (out->count == f->room) {
        size_t room = f->room ? 2 * f->room : 16;
        struct doubles_row *more = reallocarray(out->rows, room, sizeof *more);
        if (!more)
            return NULL;
        out->rows = more;
        f->room = room;
    }
    struct doubles_row *row = &out->rows[out->count];
    *row = (struct doubles_row){ .unit = unit };
    row->holders = calloc(f->part_count + 1, sizeof *row->holders);
    if (!row->holders)
        return NULL;
    out->count++;
    return row;
}

/* Room for `extra` holders besides one for each file. */
static bool make_room(struct finder *f, struct doubles_row *row, size_t extra)
{
    struct doubles_holder *more =
        reallocarray(row->holders, f->part_count + extra + 1, sizeof *more);
    if (more)
        row->holders = more;
    return more;
}

static void note_keys(struct doubles_row *row, unsigned keys)
{
    row->by_name |= (keys & BY_NAME) != 0;
    row->by_implementation |= (keys & BY_IMPLEMENTATION) != 0;
    row->by_definitions |= (keys & BY_DEFINITIONS) != 0;
}

static int by_group(const void *a, const void *b, void *arg)
{
    const struct entry *entries = arg;
    size_t x = *(const size_t *)a, y = *(const size_t *)b;
    if (entries[x].group != entries[y].group)
        return entries[x].group < entries[y].group ? -1 : 1;
    return (x > y) - (x < y);
}

static bool is_held_by(const struct doubles_row *row, const struct units_part *part)
{
    for (size_t i = 0; i < row->holder_count; i++)
        if (row->holders[i].part == part)
            return true;
    return false;
}

/* Files whose symbols have all of the unit, though they do not name it. */
static void add_covering(struct finder *f, struct doubles_row *row)
{
    for (size_t i = 0; i < f->part_count; i++) {
        const struct units_part *part = &f->parts[i];
        if (!is_held_by(row, part) && tenon_units_cover(part->units, row->unit))
            row->holders[row->holder_count++] = (struct doubles_holder){ part, NULL };
    }
}

/* One group: entries order[first .. end). Kept as a row when it is held twice. */
static bool judge_group(struct finder *f, size_t first, size_t end)
{
    const struct entry *leader = &f->entries[f->order[first]];
    struct doubles_row *row = new_row(f, leader->unit);
    if (!row || !make_room(f, row, end - first))
        return false;
    for (size_t i = first; i < end; i++) {
        const struct entry *e = &f->entries[f->order[i]];
        row->holders[row->holder_count++] = (struct doubles_holder){ e->part, e->unit };
        note_keys(row, e->keys);
        if (i > first)
            row->by_overlap |= !tenon_unit_same(leader->unit, e->unit);
    }
    row->recorded = row->holder_count;
    if (leader->unit->kind == TENON_UNIT_C)
        add_covering(f, row);
    if (row->holder_count < 2) {
        free(row->holders);
        f->out->count--;
    }
    return true;
}

static bool judge_groups(struct finder *f)
{
    for (size_t i = 0; i < f->count; i++) {
        f->entries[i].group = find_group(f, i);
        f->order[i] = i;
    }
    if (f->count)
        qsort_r(f->order, f->count, sizeof *f->order, by_group, f->entries);
    for (size_t i = 0, end; i < f->count; i = end) {
        for (end = i + 1; end < f->count; end++)
            if (f->entries[f->order[end]].group != f->entries[f->order[i]].group)
                break;
        if (!judge_group(f, i, end))
            return false;
    }
    return true;
}

/* ---- definitions of files that name no units ----------------------------------------------------
 */

static bool names_units(const struct units_part *part)
{
    const tenon_unit *unit;
    for (size_t i = 0; (unit = tenon_units_at(part->units, i)); i++)
        if (unit->kind != TENON_UNIT_LIBRARY)
            return true;
    return false;
}

static bool compare_files(struct finder *f, const struct units_part *a, const struct units_part *b)
{
    const char **names = calloc(tenon_units_visible_count(a->units) + 1, sizeof *names);
    if (!names)
        return false;
    size_t count = tn_units_common(a->units, b->units, names);
    struct doubles_row *row = count ? new_row(f, NULL) : NULL;
    if (!row) {
        free(names);
        return !count;
    }
    row->holders[row->holder_count++] = (struct doubles_holder){ a, NULL };
    row->holders[row->holder_count++] = (struct doubles_holder){ b, NULL };
    row->names = names;
    row->name_count = count;
    row->by_definitions = true;
    return true;
}

static bool same_library(const struct units_part *a, const struct units_part *b)
{
    const tenon_unit *x = tenon_units_at(a->units, 0), *y = tenon_units_at(b->units, 0);
    return x && y && tenon_unit_same(x, y);
}

static bool compare_unnamed(struct finder *f)
{
    for (size_t i = 0; i < f->part_count; i++) {
        if (names_units(&f->parts[i]))
            continue;
        for (size_t k = i + 1; k < f->part_count; k++)
            if (!names_units(&f->parts[k]) && !same_library(&f->parts[i], &f->parts[k]) &&
                !compare_files(f, &f->parts[i], &f->parts[k]))
                return false;
    }
    return true;
}

/* ---- the answer -------------------------------------------------------------------------------
 */

bool doubles_find(const struct units_part *parts, size_t count, struct doubles *out)
{
    struct finder f = { .parts = parts, .part_count = count, .out = out };
    *out = (struct doubles){ 0 };
    bool ok = list_entries(&f);
    if (ok) {
        join_names(&f);
        join_neighbours(&f, by_implementation);
        join_neighbours(&f, by_definitions);
        ok = join_overlaps(&f) && judge_groups(&f) && compare_unnamed(&f);
    }
    free(f.entries);
    free(f.order);
    if (!ok)
        doubles_free(out);
    return ok;
}

bool doubles_is_certain(const struct doubles_row *row)
{
    return row->recorded > 1 && (row->by_name || row->by_implementation || row->by_definitions);
}

void doubles_free(struct doubles *doubles)
{
    for (size_t i = 0; i < doubles->count; i++) {
        free(doubles->rows[i].holders);
        free(doubles->rows[i].names);
    }
    free(doubles->rows);
    *doubles = (struct doubles){ 0 };
}
