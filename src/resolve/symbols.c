/* src/resolve/symbols.c - who provides each undefined symbol, by the loader's own scope order */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "lookup.h"

static bool read_object(struct tn_lookup *b, const struct tn_node *node, int32_t row,
                        uint32_t object, tenon_error *err)
{
    struct tn_scope_object *o = &b->scope[b->scope_count];
    struct tn_elf_assume assume = { b->graph->word, b->graph->endian };
    struct tn_file file;
    tenon_error why = TENON_ERROR_INIT;
    const char *path = tn_text_of(b->graph->resolver, node->path);
    int number = tn_file_open(b->graph->resolver->world, path, &b->arena, &file);
    if (number)
        return tn_fail_system(err, number, "%s", path);
    o->row = row;
    o->object = object;
    if (tn_elf_read_symbols(&file, &assume, &o->table, &why))
        b->scope_count++;
    tn_file_close(&file);
    return !tn_is_failure(&why) || tn_fail_again(err, &why, path);
}

/* The scope in which the loader looks: the order of the process. */
static bool read_scope(struct tn_lookup *b, tenon_error *err)
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

/* Why nothing answers: the nearest thing to an answer that there is. */
static const char *why_not(struct tn_lookup *b, uint32_t name, const struct tn_elf_version *wanted,
                           enum tn_reference kind, const struct tn_scope_object *inconsistent)
{
    tenon_graph *graph = b->graph;
    if (inconsistent)
        return tn_arena_format(&graph->arena, "%s has no versions, and %s of it is asked for",
                               tn_graph_path(graph, inconsistent->row), wanted->name);
    for (uint32_t n = b->first[name]; n; n = b->definitions[n - 1].next) {
        const struct tn_scope_object *o = &b->scope[b->definitions[n - 1].scope];
        const struct tn_elf_symbol *s = &o->table.symbols[b->definitions[n - 1].symbol];
        const struct tn_elf_version *has = tn_symbol_version(&o->table, s);
        bool is_room = kind == TN_REFERENCE_COPY && o->object == TN_PROGRAM;
        if (s->shndx == TN_SHN_UNDEF || is_room)
            continue;
        if (tn_symbol_is_hidden(s))
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

bool tn_graph_add_binding(tenon_graph *graph, tenon_symbol_binding binding, tenon_error *err)
{
    if (!tn_grow(&graph->bindings, &graph->binding_room, graph->binding_count, sizeof binding))
        return tn_no_memory(err);
    graph->bindings[graph->binding_count++] = binding;
    return true;
}

/* rule  ld.so(8), LD_BIND_NOW; musl has no other way */
static bool is_never_lazy(const tenon_graph *graph)
{
    const char *asked = tenon_world_env(graph->resolver->world, "LD_BIND_NOW");
    return graph->loader->never_lazy || (asked && *asked);
}

/* rule  ld.so(8), LD_DYNAMIC_WEAK, whatever its value; glibc elf/rtld.c, process_envvars() */
static bool does_weak_yield(const tenon_graph *graph)
{
    const char *variable = graph->loader->weak_variable;
    return variable && !tenon_world_secure(graph->resolver->world) &&
           tenon_world_env(graph->resolver->world, variable);
}

static bool takes_unversioned(const tenon_graph *graph, bool *yes)
{
    *yes = false;
    return !graph->loader->takes_unversioned ||
           graph->loader->takes_unversioned(&graph->resolver->target->target, yes);
}

/* Is all of an object bound before anything of it runs? rule  gABI chapter 5, DF_BIND_NOW */
static bool binds_now(const struct tn_lookup *b, const struct tn_scope_object *o)
{
    const tenon_resolver *r = b->graph->resolver;
    uint32_t number = r->objects[o->object].node;
    const struct tn_facts *facts = number == TN_NO_NODE ? NULL : r->nodes[number]->facts;
    return b->never_lazy || (facts && facts->elf.binds_now);
}

/*
 * A program's copy of a variable has the size that the linker saw. One that has grown since is cut
 * off: what the library keeps behind lies in the program's next variable.
 *
 * rule  glibc sysdeps/ARCH/dl-machine.h, R_ARCH_COPY: "has different size in shared object"
 */
static bool is_cut_off(const struct tn_lookup *b, const struct tn_elf_symbol *s,
                       const struct tn_definition *d, enum tn_reference kind)
{
    return d && kind == TN_REFERENCE_COPY &&
           b->scope[d->scope].table.symbols[d->symbol].size > s->size;
}

static bool is_tls(const struct tn_lookup *b, const struct tn_definition *d)
{
    return b->scope[d->scope].table.symbols[d->symbol].type == TN_TYPE_TLS;
}

/*
 * Is only one of the two thread-local? The loader takes the answer all the same, and what one side
 * has for an address the other one has for an offset. What nothing tells of the reference is well.
 *
 * rule  ELF Handling For Thread-Local Storage, 2 "Data Definitions"; GNU ld refuses to link it
 *       ("TLS reference mismatches non-TLS definition")
 */
static bool is_unlike(const struct tn_lookup *b, const struct tn_elf_symbol *s,
                      const struct tn_definition *d)
{
    bool wants_tls = s->wants_tls || (s->type == TN_TYPE_TLS && !s->wants_address);
    return d && (is_tls(b, d) ? s->wants_address : wants_tls);
}

/* What is wrong with the answer, or with there being none; *good stays when there is memory. */
static const char *reason_of(struct tn_lookup *b, const struct tn_elf_symbol *s,
                             const struct tn_elf_version *wanted, const struct tn_definition *d,
                             enum tn_reference kind, const struct tn_scope_object *inconsistent,
                             bool *good)
{
    const char *reason;
    if (!d)
        reason = why_not(b, tn_names_find(&b->names, s->name, strlen(s->name)), wanted, kind,
                         inconsistent);
    else if (is_cut_off(b, s, d, kind))
        reason = tn_arena_format(&b->graph->arena,
                                 "%" PRIu64 " bytes there, and room for %" PRIu64
                                 " in the program, which was linked against another one",
                                 b->scope[d->scope].table.symbols[d->symbol].size, s->size);
    else if (is_unlike(b, s, d))
        reason = is_tls(b, d) ? "thread-local data there, and an ordinary symbol is asked for"
                              : "an ordinary symbol there, and thread-local data is asked for";
    else
        return NULL;
    *good &= reason != NULL;
    return reason;
}

/* Binds one reference. *provider tells the caller who it was. */
static bool bind(struct tn_lookup *b, const struct tn_scope_object *o,
                 const struct tn_elf_symbol *s, enum tn_reference kind, int32_t *provider,
                 tenon_error *err)
{
    tenon_graph *graph = b->graph;
    const struct tn_elf_version *wanted = b->versions ? tn_symbol_version(&o->table, s) : NULL;
    uint32_t name = tn_names_find(&b->names, s->name, strlen(s->name));
    const struct tn_scope_object *inconsistent = NULL;
    const struct tn_definition *d = tn_look_up(b, name, wanted, kind, &inconsistent);
    int32_t row = d ? b->scope[d->scope].row : TENON_NOBODY;
    if (*provider == row)
        return true; /* the other way of using it gave the same */
    *provider = row;
    bool good = true;
    tenon_symbol_binding binding = {
        /* its strings must outlive the tables */
        .symbol = tn_resolver_keep(graph->resolver, s->name),
        .version = tn_resolver_keep(graph->resolver, wanted ? wanted->name : NULL),
        .needed_by = o->row,
        .provider = row,
        .weak = s->bind == TN_BIND_WEAK && !inconsistent, /* then it may not stay undefined, too */
        .lazy = kind == TN_REFERENCE_PLT && !s->wants_data && !s->wants_copy && !binds_now(b, o),
        .found = d != NULL,
        .unlike = is_unlike(b, s, d),
        .reason = reason_of(b, s, wanted, d, kind, inconsistent, &good),
    };
    if (!binding.symbol || !good)
        return tn_no_memory(err);
    return tn_graph_add_binding(graph, binding, err);
}

/* A symbol that no relocation uses is never looked up, so its absence harms nothing. */
static bool bind_symbol(struct tn_lookup *b, const struct tn_scope_object *o,
                        const struct tn_elf_symbol *s, tenon_error *err)
{
    int32_t provider = TENON_NOBODY - 1;
    bool known = o->table.relocations_known;
    if (s->wants_copy)
        return bind(b, o, s, TN_REFERENCE_COPY, &provider, err);
    if ((s->wants_data || !known) && !bind(b, o, s, TN_REFERENCE_DATA, &provider, err))
        return false;
    return !s->wants_plt || bind(b, o, s, TN_REFERENCE_PLT, &provider, err);
}

static bool bind_all(struct tn_lookup *b, tenon_error *err)
{
    for (size_t i = 0; i < b->scope_count; i++) {
        const struct tn_scope_object *o = &b->scope[i];
        if (o->row >= 0 && b->graph->libraries[o->row].is_interpreter)
            continue; /* it bound itself before anything else was there */
        for (size_t k = 1; k < o->table.count; k++)
            if (tn_symbol_is_looked_up(b, &o->table.symbols[k]) &&
                !bind_symbol(b, o, &o->table.symbols[k], err))
                return false;
    }
    return true;
}

bool tn_graph_bind_symbols(tenon_graph *graph, tenon_error *err)
{
    struct tn_lookup b = { .graph = graph,
                           .versions = graph->loader->symbol_versions,
                           .never_lazy = is_never_lazy(graph),
                           .weak_yields = does_weak_yield(graph) };
    bool good = (takes_unversioned(graph, &b.unversioned) || tn_no_memory(err)) &&
                read_scope(&b, err) && tn_lookup_prepare(&b, err) && bind_all(&b, err);
    free(b.definitions);
    tn_names_free(&b.names);
    tn_arena_free(&b.arena);
    return good;
}
