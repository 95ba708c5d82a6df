/* src/resolve/lookup.h - symbol lookup as the loader does it, over the scope of one process */
#ifndef TN_LOOKUP_H
#define TN_LOOKUP_H

#include "resolver.h"

enum { TN_SHN_UNDEF = 0 };
enum { TN_BIND_LOCAL = 0, TN_BIND_GLOBAL = 1, TN_BIND_WEAK = 2, TN_BIND_UNIQUE = 10 };
enum { TN_TYPE_TLS = 6 };

/* One object in scope order. */
struct tn_scope_object {
    int32_t row;
    uint32_t object;
    struct tn_elf_symbols table;
};

/* A symbol that could answer; those of one name are chained in scope order. */
struct tn_definition {
    uint32_t scope;
    uint32_t symbol;
    uint32_t next; /* index + 1; 0: last */
};

/* All symbols of a process that somebody looks up, and those that could answer. */
struct tn_lookup {
    tenon_graph *graph;
    struct tn_arena arena;
    struct tn_scope_object *scope;
    size_t scope_count;
    struct tn_names names;  /* only of symbols that someone looks up */
    uint32_t *first, *last; /* by name: index + 1 into definitions */
    uint32_t *unique;       /* ... of the unique one that the process has, once that is known */
    bool several_unique;    /* some name has more than one */
    struct tn_definition *definitions;
    size_t definition_count, definition_room;
    bool versions;    /* the loader looks at them */
    bool unversioned; /* an object that has none at all answers for those wanted of it */
    bool never_lazy;  /* all is bound before anything runs */
    bool weak_yields; /* a weak definition answers only where there is no other */
};

/* How a reference is made: glibc's type classes. */
enum tn_reference { TN_REFERENCE_DATA, TN_REFERENCE_PLT, TN_REFERENCE_COPY };

/*
 * Makes everything ready to be looked up, once the tables of the scope are there; false: no
 * memory.
 */
bool tn_lookup_prepare(struct tn_lookup *b, tenon_error *err);

/*
 * The definition that the loader takes for a name; NULL: none, maybe because of an object that is
 * *inconsistent: its version is wanted, and it has none at all, which this loader cannot bear.
 */
const struct tn_definition *tn_look_up(const struct tn_lookup *b, uint32_t name,
                                       const struct tn_elf_version *wanted, enum tn_reference kind,
                                       const struct tn_scope_object **inconsistent);

/* The version a symbol asks for or defines; NULL: none (local, base). */
const struct tn_elf_version *tn_symbol_version(const struct tn_elf_symbols *table,
                                               const struct tn_elf_symbol *s);

bool tn_symbol_is_hidden(const struct tn_elf_symbol *s);

/*
 * A symbol that its object looks up. What a program copies from a library is defined in it: that
 * is the room for the copy. Hidden symbols are the object's own where the loader looks at that.
 * rule  glibc sysdeps/generic/ldsodefs.h, dl_symbol_visibility_binds_local_p()
 */
bool tn_symbol_is_looked_up(const struct tn_lookup *b, const struct tn_elf_symbol *s);

#endif
