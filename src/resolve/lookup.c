/*
 * src/resolve/lookup.c - symbol lookup as the loader does it, over the scope of one process
 *
 * rule  glibc elf/dl-lookup.c, do_lookup_x() and check_match(); musl ldso/dynlink.c, find_sym2()
 */
#include "lookup.h"

#include <string.h>

#include "fail.h"

enum { SHN_ABS = 0xfff1 };
enum { VISIBILITY_INTERNAL = 1, VISIBILITY_HIDDEN = 2 };

/* NOTYPE OBJECT FUNC COMMON TLS GNU_IFUNC. rule  ALLOWED_STT, OK_TYPES */
#define BINDABLE_TYPES (1u << 0 | 1u << 1 | 1u << 2 | 1u << 5 | 1u << 6 | 1u << 10)

/* ---- what is looked up, and what could answer ---- */

static bool is_undefined(const struct tn_elf_symbol *s)
{
    return s->name && *s->name && s->shndx == TN_SHN_UNDEF && s->bind != TN_BIND_LOCAL;
}

bool tn_symbol_is_looked_up(const struct tn_lookup *b, const struct tn_elf_symbol *s)
{
    bool is_copy = s->wants_copy && s->name && *s->name && s->bind != TN_BIND_LOCAL;
    return (is_undefined(s) || is_copy) && !(b->versions && tn_symbol_is_hidden(s));
}

static bool name_wanted(struct tn_lookup *b, tenon_error *err)
{
    for (size_t i = 0; i < b->scope_count; i++) {
        const struct tn_elf_symbols *table = &b->scope[i].table;
        for (size_t k = 1; k < table->count; k++)
            if (tn_symbol_is_looked_up(b, &table->symbols[k]) &&
                tn_names_add(&b->names, table->symbols[k].name, strlen(table->symbols[k].name)) ==
                    TN_NO_NAME)
                return tn_no_memory(err);
    }
    b->first = tn_arena_rows(&b->arena, b->names.count + 1, sizeof *b->first);
    b->last = tn_arena_rows(&b->arena, b->names.count + 1, sizeof *b->last);
    b->unique = tn_arena_rows(&b->arena, b->names.count + 1, sizeof *b->unique);
    return (b->first && b->last && b->unique) || tn_no_memory(err);
}

/* An undefined symbol with a value is the address of a procedure linkage entry: it can answer. */
static bool can_answer(const struct tn_elf_symbol *s)
{
    bool bindable =
        s->bind == TN_BIND_GLOBAL || s->bind == TN_BIND_WEAK || s->bind == TN_BIND_UNIQUE;
    bool has_value = s->value != 0 || s->shndx == SHN_ABS || s->type == TN_TYPE_TLS;
    return s->name && *s->name && bindable && has_value && s->type < 32 &&
           (BINDABLE_TYPES >> s->type & 1) && !(s->shndx == TN_SHN_UNDEF && s->value == 0);
}

static bool is_unique(const struct tn_lookup *b, uint32_t number)
{
    const struct tn_definition *d = &b->definitions[number - 1];
    return b->versions && b->scope[d->scope].table.symbols[d->symbol].bind == TN_BIND_UNIQUE;
}

static bool add_definition(struct tn_lookup *b, uint32_t name, uint32_t scope, uint32_t symbol)
{
    if (!tn_grow(&b->definitions, &b->definition_room, b->definition_count, sizeof *b->definitions))
        return false;
    b->definitions[b->definition_count++] = (struct tn_definition){ scope, symbol, 0 };
    uint32_t number = (uint32_t)b->definition_count;
    for (uint32_t n = b->first[name]; n && is_unique(b, number) && !b->several_unique;
         n = b->definitions[n - 1].next)
        b->several_unique = is_unique(b, n);
    if (b->last[name])
        b->definitions[b->last[name] - 1].next = number;
    else
        b->first[name] = number;
    b->last[name] = number;
    return true;
}

static bool collect_definitions(struct tn_lookup *b, tenon_error *err)
{
    for (uint32_t i = 0; i < b->scope_count; i++) {
        const struct tn_elf_symbols *table = &b->scope[i].table;
        for (uint32_t k = 1; k < table->count; k++) {
            const struct tn_elf_symbol *s = &table->symbols[k];
            if (!can_answer(s))
                continue;
            uint32_t name = tn_names_find(&b->names, s->name, strlen(s->name));
            if (name != TN_NO_NAME && !add_definition(b, name, i, k))
                return tn_no_memory(err);
        }
    }
    return true;
}

/* ---- which one does ---- */

const struct tn_elf_version *tn_symbol_version(const struct tn_elf_symbols *table,
                                               const struct tn_elf_symbol *s)
{
    if (!table->has_versym || s->version < 2 || s->version >= table->version_count)
        return NULL;
    const struct tn_elf_version *v = &table->versions[s->version];
    return v->name && !v->is_base ? v : NULL;
}

enum match { MATCH_NO, MATCH_YES, MATCH_MAYBE };

/*
 * Does a definition answer a reference to `wanted`?
 * rule  check_match(): MAYBE is a default version met while no version is asked for: the only one
 *       of its object is taken
 */
static enum match match_version(const struct tn_elf_symbols *table, const struct tn_elf_symbol *s,
                                const struct tn_elf_version *wanted)
{
    if (!table->has_versym)
        return MATCH_YES;
    const struct tn_elf_version *has = tn_symbol_version(table, s);
    if (wanted) {
        if (has && strcmp(has->name, wanted->name) == 0)
            return MATCH_YES;
        return has || s->hidden ? MATCH_NO : MATCH_YES;
    }
    if (s->version < 3)
        return MATCH_YES;
    return s->hidden ? MATCH_NO : MATCH_MAYBE;
}

bool tn_symbol_is_hidden(const struct tn_elf_symbol *s)
{
    return s->visibility == VISIBILITY_HIDDEN || s->visibility == VISIBILITY_INTERNAL;
}

/*
 * Is it the object whose version is wanted, but has no versions at all? The loader then gives up
 * altogether, whatever comes behind it in the scope.
 * rule  see the hook takes_unversioned of a loader
 */
static bool is_inconsistent(const struct tn_lookup *b, const struct tn_scope_object *o,
                            const struct tn_elf_version *wanted)
{
    const tenon_resolver *r = b->graph->resolver;
    if (!b->versions || b->unversioned || !wanted || !wanted->file || o->table.has_versym)
        return false;
    uint32_t file = tn_names_find(&r->names, wanted->file, strlen(wanted->file));
    return file != TN_NO_NAME && file < r->use_room && r->uses[file].stamp == r->stamp &&
           r->uses[file].object == (int32_t)o->object;
}

/* A default version that an object has once, and visible, answers who asks for none. */
static bool is_answer(const struct tn_lookup *b, const struct tn_definition *maybe, uint32_t count)
{
    return maybe && count == 1 &&
           !tn_symbol_is_hidden(&b->scope[maybe->scope].table.symbols[maybe->symbol]);
}

/*
 * Does the search end here? Where weak definitions count less, one is only kept, the first of them.
 * rule  glibc elf/dl-lookup.c, do_lookup_x(), "Use this value if we don't find another"
 */
static bool is_last_word(const struct tn_lookup *b, const struct tn_definition *d,
                         const struct tn_definition **weak)
{
    if (!b->weak_yields || b->scope[d->scope].table.symbols[d->symbol].bind != TN_BIND_WEAK)
        return true;
    if (!*weak)
        *weak = d;
    return false;
}

/*
 * The definition that the loader takes for a name; NULL: none, maybe because of an object that is
 * *inconsistent. One that matches and is hidden ends the search of its object.
 * rule  glibc elf/dl-lookup.c, do_lookup_x(), "Hidden and internal symbols are local"
 */
static const struct tn_definition *look_up(const struct tn_lookup *b, uint32_t name,
                                           const struct tn_elf_version *wanted,
                                           enum tn_reference kind,
                                           const struct tn_scope_object **inconsistent)
{
    const struct tn_definition *maybe = NULL, *weak = NULL;
    uint32_t maybe_count = 0, left = UINT32_MAX;
    for (uint32_t n = b->first[name]; n; n = b->definitions[n - 1].next) {
        const struct tn_definition *d = &b->definitions[n - 1];
        const struct tn_scope_object *o = &b->scope[d->scope];
        const struct tn_elf_symbol *s = &o->table.symbols[d->symbol];
        if (maybe && maybe->scope != d->scope) {
            if (is_answer(b, maybe, maybe_count) && is_last_word(b, maybe, &weak))
                return maybe;
            maybe = NULL;
        }
        if (d->scope == left || (kind == TN_REFERENCE_COPY && o->object == TN_PROGRAM) ||
            (kind == TN_REFERENCE_PLT && s->shndx == TN_SHN_UNDEF))
            continue;
        if (is_inconsistent(b, o, wanted)) {
            *inconsistent = o;
            return NULL;
        }
        enum match match = b->versions ? match_version(&o->table, s, wanted)
                           : s->hidden ? MATCH_NO
                                       : MATCH_YES;
        if (match == MATCH_YES && !(b->versions && tn_symbol_is_hidden(s)) &&
            is_last_word(b, d, &weak))
            return d;
        if (match == MATCH_YES) {
            left = d->scope;
            maybe = NULL;
        } else if (match == MATCH_MAYBE) {
            maybe_count = maybe ? maybe_count + 1 : 1;
            maybe = d;
        }
    }
    return is_answer(b, maybe, maybe_count) && is_last_word(b, maybe, &weak) ? maybe : weak;
}

/*
 * ... or, where that is a unique symbol, the one of its name that the process has already.
 * rule  glibc elf/dl-lookup.c, do_lookup_unique()
 */
const struct tn_definition *tn_look_up(const struct tn_lookup *b, uint32_t name,
                                       const struct tn_elf_version *wanted, enum tn_reference kind,
                                       const struct tn_scope_object **inconsistent)
{
    const struct tn_definition *d = look_up(b, name, wanted, kind, inconsistent);
    bool has_owner = d && b->unique[name] && kind != TN_REFERENCE_COPY &&
                     is_unique(b, (uint32_t)(d - b->definitions) + 1);
    return has_owner ? &b->definitions[b->unique[name] - 1] : d;
}

/* Notes whom a reference makes the owner of a unique name, when it is the first to find it. */
static void own_unique(const struct tn_lookup *b, const struct tn_scope_object *o,
                       const struct tn_elf_symbol *s)
{
    const struct tn_scope_object *inconsistent = NULL;
    const enum tn_reference kinds[] = { TN_REFERENCE_DATA, TN_REFERENCE_PLT };
    const bool used[] = { s->wants_data || !o->table.relocations_known, s->wants_plt };
    const struct tn_elf_version *wanted = tn_symbol_version(&o->table, s);
    uint32_t name = tn_names_find(&b->names, s->name, strlen(s->name));
    for (size_t i = 0; i < TN_COUNT(kinds) && !b->unique[name]; i++) {
        const struct tn_definition *d =
            used[i] ? look_up(b, name, wanted, kinds[i], &inconsistent) : NULL;
        uint32_t number = d ? (uint32_t)(d - b->definitions) + 1 : 0;
        b->unique[name] = number && is_unique(b, number) ? number : 0;
    }
}

/* ---- whose a unique name is ---- */

/* One object of a walk behind its needs. */
struct step {
    uint32_t scope;
    size_t next; /* of its needs */
};

struct walk {
    uint32_t *scope_of; /* by row of the graph: index + 1; 0: not in the scope */
    bool *seen;
    struct step *steps;
    size_t depth;
};

static void enter(struct walk *walk, uint32_t scope)
{
    walk->seen[scope] = true;
    walk->steps[walk->depth++] = (struct step){ scope, 0 };
}

/* The next need that was not met yet, to be entered; false: there is none. */
static bool enter_need(const struct tn_lookup *b, struct walk *walk, struct step *step)
{
    int32_t row = b->scope[step->scope].row;
    size_t count = row < 0 ? b->graph->need_count : b->graph->libraries[row].need_count;
    const int32_t *needs = row < 0 ? b->graph->needs : b->graph->libraries[row].needs;
    while (step->next < count) {
        int32_t need = needs[step->next++];
        uint32_t scope = need < 0 ? 0 : walk->scope_of[need];
        if (scope && !walk->seen[scope - 1]) {
            enter(walk, scope - 1);
            return true;
        }
    }
    return false;
}

/* An object owns after all that it needs. The stack is ours: chains of needs may be long. */
static void own_behind_needs(const struct tn_lookup *b, struct walk *walk, uint32_t scope)
{
    if (!walk->seen[scope])
        enter(walk, scope);
    while (walk->depth > 0) {
        struct step *step = &walk->steps[walk->depth - 1];
        if (enter_need(b, walk, step))
            continue;
        const struct tn_scope_object *o = &b->scope[step->scope];
        for (size_t k = 1; k < o->table.count; k++)
            if (is_undefined(&o->table.symbols[k]))
                own_unique(b, o, &o->table.symbols[k]);
        walk->depth--;
    }
}

/*
 * Unique symbols belong to whom the first reference finds, whatever version others ask for.
 * Objects are relocated behind those that they need.
 * rule  glibc elf/rtld.c, dl_main(): l_initfini backwards; elf/dl-sort-maps.c, dfs_traversal()
 */
static bool own_all_unique(struct tn_lookup *b, tenon_error *err)
{
    struct walk walk = { 0 };
    if (!b->several_unique)
        return true;
    walk.scope_of = tn_arena_rows(&b->arena, b->graph->count + 1, sizeof *walk.scope_of);
    walk.seen = tn_arena_rows(&b->arena, b->scope_count, sizeof *walk.seen);
    walk.steps = tn_arena_rows(&b->arena, b->scope_count, sizeof *walk.steps);
    if (!walk.scope_of || !walk.seen || !walk.steps)
        return tn_no_memory(err);
    for (uint32_t i = 0; i < b->scope_count; i++)
        if (b->scope[i].row >= 0)
            walk.scope_of[b->scope[i].row] = i + 1;
    for (uint32_t i = (uint32_t)b->scope_count; i-- > 0;)
        own_behind_needs(b, &walk, i);
    return true;
}

bool tn_lookup_prepare(struct tn_lookup *b, tenon_error *err)
{
    if (!tn_names_init(&b->names))
        return tn_no_memory(err);
    return name_wanted(b, err) && collect_definitions(b, err) && own_all_unique(b, err);
}
