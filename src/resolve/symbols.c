/*
 * src/resolve/symbols.c - who provides each undefined symbol, by the loader's own scope order
 *
 * rule  glibc elf/dl-lookup.c, do_lookup_x() and check_match(); musl ldso/dynlink.c, find_sym2()
 */
#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "resolver.h"

enum { SHN_UNDEF = 0, SHN_ABS = 0xfff1, STT_TLS = 6 };
enum { BIND_LOCAL = 0, BIND_GLOBAL = 1, BIND_WEAK = 2, BIND_UNIQUE = 10 };
enum { VISIBILITY_INTERNAL = 1, VISIBILITY_HIDDEN = 2 };

/* NOTYPE OBJECT FUNC COMMON TLS GNU_IFUNC. rule  ALLOWED_STT, OK_TYPES */
#define BINDABLE_TYPES (1u << 0 | 1u << 1 | 1u << 2 | 1u << 5 | 1u << 6 | 1u << 10)

/* One object in scope order. */
struct scope_object {
    int32_t row;
    uint32_t object;
    struct tn_elf_symbols table;
};

/* A symbol that could answer; those of one name are chained in scope order. */
struct definition {
    uint32_t scope;
    uint32_t symbol;
    uint32_t next; /* index + 1; 0: last */
};

struct binder {
    tenon_graph *graph;
    struct tn_arena arena;
    struct scope_object *scope;
    size_t scope_count;
    struct tn_names names;  /* only of symbols that someone looks up */
    uint32_t *first, *last; /* by name: index + 1 into definitions */
    uint32_t *unique;       /* ... of the unique one that the process has, once that is known */
    bool several_unique;    /* some name has more than one */
    struct definition *definitions;
    size_t definition_count, definition_room;
    bool versions; /* the loader looks at them */
};

/* How a reference is made: glibc's type classes. */
enum reference { REFERENCE_DATA, REFERENCE_PLT, REFERENCE_COPY };

static bool read_object(struct binder *b, const struct tn_node *node, int32_t row, uint32_t object,
                        tenon_error *err)
{
    struct scope_object *o = &b->scope[b->scope_count];
    struct tn_elf_assume assume = { b->graph->word, b->graph->endian };
    struct tn_file file;
    tenon_error ignored = TENON_ERROR_INIT;
    const char *path = tn_text_of(b->graph->resolver, node->path);
    if (tn_file_open(b->graph->resolver->world, path, &b->arena, &file) != 0)
        return true;
    o->row = row;
    o->object = object;
    if (tn_elf_read_symbols(&file, &assume, &o->table, &ignored))
        b->scope_count++;
    tn_file_close(&file);
    return ignored.code != TENON_E_MEMORY || tn_no_memory(err);
}

/* The scope in which the loader looks: the order of the process. */
static bool read_scope(struct binder *b, tenon_error *err)
{
    tenon_resolver *r = b->graph->resolver;
    b->scope = tn_arena_rows(&b->arena, r->order_count + 1, sizeof *b->scope);
    if (!b->scope)
        return tn_no_memory(err);
    for (size_t i = 0; i < r->order_count; i++) {
        int32_t object = r->order[i];
        if (r->objects[object].node != TN_NO_NODE &&
            !read_object(b, r->nodes[r->objects[object].node], b->graph->row_of[object],
                         (uint32_t)object, err))
            return false;
    }
    return true;
}

static bool is_undefined(const struct tn_elf_symbol *s)
{
    return s->name && *s->name && s->shndx == SHN_UNDEF && s->bind != BIND_LOCAL;
}

/*
 * A symbol that its object looks up. What a program copies from a library is defined in it: that
 * is the room for the copy.
 */
static bool is_looked_up(const struct tn_elf_symbol *s)
{
    return is_undefined(s) || (s->wants_copy && s->name && *s->name);
}

static bool name_wanted(struct binder *b, tenon_error *err)
{
    for (size_t i = 0; i < b->scope_count; i++) {
        const struct tn_elf_symbols *table = &b->scope[i].table;
        for (size_t k = 1; k < table->count; k++)
            if (is_looked_up(&table->symbols[k]) &&
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
    bool bindable = s->bind == BIND_GLOBAL || s->bind == BIND_WEAK || s->bind == BIND_UNIQUE;
    bool has_value = s->value != 0 || s->shndx == SHN_ABS || s->type == STT_TLS;
    return s->name && *s->name && bindable && has_value && s->type < 32 &&
           (BINDABLE_TYPES >> s->type & 1) && !(s->shndx == SHN_UNDEF && s->value == 0);
}

static bool is_unique(const struct binder *b, uint32_t number)
{
    const struct definition *d = &b->definitions[number - 1];
    return b->versions && b->scope[d->scope].table.symbols[d->symbol].bind == BIND_UNIQUE;
}

static bool add_definition(struct binder *b, uint32_t name, uint32_t scope, uint32_t symbol)
{
    if (!tn_grow(&b->definitions, &b->definition_room, b->definition_count, sizeof *b->definitions))
        return false;
    b->definitions[b->definition_count++] = (struct definition){ scope, symbol, 0 };
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

static bool collect_definitions(struct binder *b, tenon_error *err)
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

/* The version a symbol asks for or defines; NULL: none (local, base). */
static const struct tn_elf_version *version_of(const struct tn_elf_symbols *table,
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
    const struct tn_elf_version *has = version_of(table, s);
    if (wanted) {
        if (has && strcmp(has->name, wanted->name) == 0)
            return MATCH_YES;
        return has || s->hidden ? MATCH_NO : MATCH_YES;
    }
    if (s->version < 3)
        return MATCH_YES;
    return s->hidden ? MATCH_NO : MATCH_MAYBE;
}

static bool is_hidden(const struct tn_elf_symbol *s)
{
    return s->visibility == VISIBILITY_HIDDEN || s->visibility == VISIBILITY_INTERNAL;
}

/*
 * Is it the object whose version is wanted, but has no versions at all? The loader then gives up
 * altogether, whatever comes behind it in the scope.
 * rule  check_match(): assert (version->filename == NULL || !_dl_name_match_p (...))
 */
static bool is_inconsistent(const struct binder *b, const struct scope_object *o,
                            const struct tn_elf_version *wanted)
{
    const tenon_resolver *r = b->graph->resolver;
    if (!b->versions || !wanted || !wanted->file || o->table.has_versym)
        return false;
    uint32_t file = tn_names_find(&r->names, wanted->file, strlen(wanted->file));
    return file != TN_NO_NAME && file < r->use_room && r->uses[file].stamp == r->stamp &&
           r->uses[file].object == (int32_t)o->object;
}

/* A default version that an object has once, and visible, answers who asks for none. */
static bool is_answer(const struct binder *b, const struct definition *maybe, uint32_t count)
{
    return maybe && count == 1 && !is_hidden(&b->scope[maybe->scope].table.symbols[maybe->symbol]);
}

/*
 * The definition that the loader takes for a name; NULL: none, maybe because of an object that is
 * *inconsistent. One that matches and is hidden ends the search of its object.
 * rule  glibc elf/dl-lookup.c, do_lookup_x(), "Hidden and internal symbols are local"
 */
static const struct definition *look_up(const struct binder *b, uint32_t name,
                                        const struct tn_elf_version *wanted, enum reference kind,
                                        const struct scope_object **inconsistent)
{
    const struct definition *maybe = NULL;
    uint32_t maybe_count = 0, left = UINT32_MAX;
    for (uint32_t n = b->first[name]; n; n = b->definitions[n - 1].next) {
        const struct definition *d = &b->definitions[n - 1];
        const struct scope_object *o = &b->scope[d->scope];
        const struct tn_elf_symbol *s = &o->table.symbols[d->symbol];
        if (maybe && maybe->scope != d->scope) {
            if (is_answer(b, maybe, maybe_count))
                return maybe;
            maybe = NULL;
        }
        if (d->scope == left || (kind == REFERENCE_COPY && o->object == TN_PROGRAM) ||
            (kind == REFERENCE_PLT && s->shndx == SHN_UNDEF))
            continue;
        if (is_inconsistent(b, o, wanted)) {
            *inconsistent = o;
            return NULL;
        }
        enum match match = b->versions ? match_version(&o->table, s, wanted)
                           : s->hidden ? MATCH_NO
                                       : MATCH_YES;
        if (match == MATCH_YES && !(b->versions && is_hidden(s)))
            return d;
        if (match == MATCH_YES) {
            left = d->scope;
            maybe = NULL;
        } else if (match == MATCH_MAYBE) {
            maybe_count = maybe ? maybe_count + 1 : 1;
            maybe = d;
        }
    }
    return is_answer(b, maybe, maybe_count) ? maybe : NULL;
}

/*
 * ... or, where that is a unique symbol, the one of its name that the process has already.
 * rule  glibc elf/dl-lookup.c, do_lookup_unique()
 */
static const struct definition *look_up_unique(const struct binder *b, uint32_t name,
                                               const struct tn_elf_version *wanted,
                                               enum reference kind,
                                               const struct scope_object **inconsistent)
{
    const struct definition *d = look_up(b, name, wanted, kind, inconsistent);
    bool has_owner = d && b->unique[name] && kind != REFERENCE_COPY &&
                     is_unique(b, (uint32_t)(d - b->definitions) + 1);
    return has_owner ? &b->definitions[b->unique[name] - 1] : d;
}

/* Notes whom a reference makes the owner of a unique name, when it is the first to find it. */
static void own_unique(const struct binder *b, const struct scope_object *o,
                       const struct tn_elf_symbol *s)
{
    const struct scope_object *inconsistent = NULL;
    const enum reference kinds[] = { REFERENCE_DATA, REFERENCE_PLT };
    const bool used[] = { s->wants_data || !o->table.relocations_known, s->wants_plt };
    const struct tn_elf_version *wanted = version_of(&o->table, s);
    uint32_t name = tn_names_find(&b->names, s->name, strlen(s->name));
    for (size_t i = 0; i < TN_COUNT(kinds) && !b->unique[name]; i++) {
        const struct definition *d =
            used[i] ? look_up(b, name, wanted, kinds[i], &inconsistent) : NULL;
        uint32_t number = d ? (uint32_t)(d - b->definitions) + 1 : 0;
        b->unique[name] = number && is_unique(b, number) ? number : 0;
    }
}

/*
 * Unique symbols belong to whom the first reference finds, whatever version others ask for.
 * rule  glibc elf/rtld.c, dl_main(): objects are relocated from the last to the first
 */
static void own_all_unique(const struct binder *b)
{
    for (size_t i = b->scope_count; b->several_unique && i-- > 0;)
        for (size_t k = 1; k < b->scope[i].table.count; k++)
            if (is_undefined(&b->scope[i].table.symbols[k]))
                own_unique(b, &b->scope[i], &b->scope[i].table.symbols[k]);
}

/* Why nothing answers: the nearest thing to an answer that there is. */
static const char *why_not(struct binder *b, uint32_t name, const struct tn_elf_version *wanted,
                           const struct scope_object *inconsistent)
{
    tenon_graph *graph = b->graph;
    if (inconsistent)
        return tn_arena_format(&graph->arena, "%s has no versions, and %s of it is asked for",
                               tn_graph_path(graph, inconsistent->row), wanted->name);
    for (uint32_t n = b->first[name]; n; n = b->definitions[n - 1].next) {
        const struct scope_object *o = &b->scope[b->definitions[n - 1].scope];
        const struct tn_elf_symbol *s = &o->table.symbols[b->definitions[n - 1].symbol];
        const struct tn_elf_version *has = version_of(&o->table, s);
        if (s->shndx == SHN_UNDEF)
            continue;
        if (is_hidden(s))
            return tn_arena_format(&graph->arena, "%s defines it, but hidden",
                                   tn_graph_path(graph, o->row));
        if (has)
            return tn_arena_format(&graph->arena, "%s defines it at version %s%s",
                                   tn_graph_path(graph, o->row), has->name,
                                   wanted ? " only" : ", which is not the default");
    }
    if (wanted && wanted->file)
        return tn_arena_format(&graph->arena, "no object defines it; it was linked against %s",
                               wanted->file);
    return "no object of the process defines it";
}

static bool add_binding(tenon_graph *graph, tenon_symbol_binding binding, tenon_error *err)
{
    if (!tn_grow(&graph->bindings, &graph->binding_room, graph->binding_count, sizeof binding))
        return tn_no_memory(err);
    graph->bindings[graph->binding_count++] = binding;
    return true;
}

/* Binds one reference. *provider tells the caller who it was. */
static bool bind(struct binder *b, const struct scope_object *o, const struct tn_elf_symbol *s,
                 enum reference kind, int32_t *provider, tenon_error *err)
{
    tenon_graph *graph = b->graph;
    const struct tn_elf_version *wanted = b->versions ? version_of(&o->table, s) : NULL;
    uint32_t name = tn_names_find(&b->names, s->name, strlen(s->name));
    const struct scope_object *inconsistent = NULL;
    const struct definition *d = look_up_unique(b, name, wanted, kind, &inconsistent);
    int32_t row = d ? b->scope[d->scope].row : TENON_NOBODY;
    if (*provider == row)
        return true; /* the other way of using it gave the same */
    *provider = row;
    tenon_symbol_binding binding = {
        /* its strings must outlive the tables */
        .symbol = tn_resolver_keep(graph->resolver, s->name),
        .version = tn_resolver_keep(graph->resolver, wanted ? wanted->name : NULL),
        .needed_by = o->row,
        .provider = row,
        .weak = s->bind == BIND_WEAK && !inconsistent, /* then it may not stay undefined, too */
        .lazy = kind == REFERENCE_PLT && !s->wants_data && !s->wants_copy,
        .found = d != NULL,
        .reason = d ? NULL : why_not(b, name, wanted, inconsistent),
    };
    if (!binding.symbol || (!d && !binding.reason))
        return tn_no_memory(err);
    return add_binding(graph, binding, err);
}

/* A symbol that no relocation uses is never looked up, so its absence harms nothing. */
static bool bind_symbol(struct binder *b, const struct scope_object *o,
                        const struct tn_elf_symbol *s, tenon_error *err)
{
    int32_t provider = TENON_NOBODY - 1;
    bool known = o->table.relocations_known;
    if (s->wants_copy)
        return bind(b, o, s, REFERENCE_COPY, &provider, err);
    if ((s->wants_data || !known) && !bind(b, o, s, REFERENCE_DATA, &provider, err))
        return false;
    return !s->wants_plt || bind(b, o, s, REFERENCE_PLT, &provider, err);
}

static bool bind_all(struct binder *b, tenon_error *err)
{
    own_all_unique(b);
    for (size_t i = 0; i < b->scope_count; i++) {
        const struct scope_object *o = &b->scope[i];
        if (o->row >= 0 && b->graph->libraries[o->row].is_interpreter)
            continue; /* it bound itself before anything else was there */
        for (size_t k = 1; k < o->table.count; k++)
            if (is_looked_up(&o->table.symbols[k]) && !bind_symbol(b, o, &o->table.symbols[k], err))
                return false;
    }
    return true;
}

bool tn_graph_bind_symbols(tenon_graph *graph, tenon_error *err)
{
    struct binder b = { .graph = graph, .versions = graph->loader->symbol_versions };
    bool good = tn_names_init(&b.names) || tn_no_memory(err);
    good = good && read_scope(&b, err) && name_wanted(&b, err) && collect_definitions(&b, err) &&
           bind_all(&b, err);
    free(b.definitions);
    tn_names_free(&b.names);
    tn_arena_free(&b.arena);
    return good;
}
