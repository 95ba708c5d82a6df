/* src/unit/native.h - units of relocatable objects, worked out from their sections and symbols */
#ifndef TN_NATIVE_H
#define TN_NATIVE_H

#include <tenon/unit.h>

#include "elf_object.h"
#include "model.h"
#include "table.h"

/*
 * Works out the unit that one relocatable ELF object is: definitions, whether it is stateful, its
 * interface digest (exports-1) and implementation digest (code-1). Its own record, if there is one,
 * is not looked at. The name is left NULL. *is_lto says that the linker will not use its code as it
 * is (GCC or LLVM intermediate code, alone or beside machine code): both digests are then unknown.
 * Intermediate code alone has no definitions either, and whether it is stateful is unknown.
 *
 * shape    an ELF object or LLVM bitcode
 * owner    everything in file->arena
 * errors   TENON_E_NOT_LOADABLE when it is no relocatable object; those of the readers
 */
bool tn_native_unit(struct tn_file *file, tenon_unit *out, bool *is_lto, tenon_error *err);

/* The same, of an object that was read already. */
bool tn_native_unit_of(const struct tn_elf_object *object, tenon_unit *out, bool *is_lto,
                       tenon_error *err);

/* LLVM bitcode, bare or in its wrapper, by its first bytes. */
bool tn_native_is_bitcode(struct tn_view head);

/* Sections of GCC's or LLVM's intermediate code, alone or beside machine code. */
bool tn_native_has_intermediate_code(const struct tn_elf_object *object);

/* True for what only the compiler names: GCC's __gnu_lto_slim, personality references. */
bool tn_native_is_noise(const char *symbol);

/*
 * The name of a unit: PREFIX/BASE, without directories and build-tree noise.
 *
 * prefix   as given (--unit-prefix, TENON_PROJECT); NULL: worked out from the archive's name
 *          without "lib", version and suffix; an object alone has none. "": none
 * archive  path of the archive; NULL: an object alone
 * member   the object's or member's name; directories and all suffixes of objects and sources go
 *          ("a.c.o" gives "a"), and the library that automake puts before ("libz_la-inflate.lo")
 * ordinal  1 for the first of that name in the archive, 2 gives "#2"
 * returns  in the arena; NULL: no memory
 *
 * design.md's middle step (the pkg-config or Debian package that owns the archive) is
 * tn_native_owner().
 */
const char *tn_native_name(struct tn_arena *arena, const char *prefix, const char *archive,
                           const char *member, unsigned ordinal);

/* Names of all objects of one archive, in member order; ordinals are counted. */
struct tn_native_namer {
    struct tn_arena *arena;
    const char *prefix, *archive; /* as for tn_native_name */
    struct tn_names seen;
    unsigned *counts; /* by number in `seen` */
    size_t room;
};

/* False: no memory. */
bool tn_native_namer_init(struct tn_native_namer *namer, struct tn_arena *arena, const char *prefix,
                          const char *archive);
const char *tn_native_namer_next(struct tn_native_namer *namer, const char *member);
void tn_native_namer_free(struct tn_native_namer *namer);

/* A source's or object's name without its suffixes; directories stay. NULL: no memory. */
const char *tn_native_stem(struct tn_arena *arena, const char *name);

/*
 * The package that owns an archive of this system: by a pkg-config file beside it that names it
 * with -l, else by dpkg's lists; NULL when none does. Reads many files: ask once for each archive.
 * False: no memory; to go on then would change the names of units.
 */
bool tn_native_owner(tenon_world *world, struct tn_arena *arena, const char *archive,
                     const char **owner);

#endif
