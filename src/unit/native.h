/* src/unit/native.h - units of relocatable objects, worked out from their sections and symbols */
#ifndef TN_NATIVE_H
#define TN_NATIVE_H

#include <tenon/unit.h>

#include "model.h"

/*
 * Works out the unit that one relocatable ELF object is: definitions, whether it is stateful, its
 * interface digest (exports-1) and implementation digest (code-1). Its own record, if there is one,
 * is not looked at. The name is left NULL. *is_lto says that its code is not there yet (GCC or LLVM
 * intermediate code: nothing else can then be known, both digests are unknown).
 *
 * owner    everything in file->arena
 * errors   TENON_E_NOT_LOADABLE when it is no relocatable object; those of the readers
 */
bool tn_native_unit(struct tn_file *file, tenon_unit *out, bool *is_lto, tenon_error *err);

/*
 * The name of a unit: PREFIX/BASE, without directories and build-tree noise.
 *
 * prefix   as given (--unit-prefix, TENON_PROJECT); NULL: worked out from the archive's name
 *          without "lib", version and suffix; an object alone has none
 * archive  path of the archive; NULL: an object alone
 * member   the object's or member's name; directories and all suffixes of objects and sources go
 *          ("a.c.o" gives "a")
 * ordinal  1 for the first of that name in the archive, 2 gives "#2"
 * returns  in the arena; NULL: no memory
 *
 * design.md's middle step (the pkg-config or Debian package that owns the archive) is
 * tn_native_owner().
 */
const char *tn_native_name(struct tn_arena *arena, const char *prefix, const char *archive,
                           const char *member, unsigned ordinal);

/*
 * The package that owns an archive of this system: by a pkg-config file beside it that names it
 * with -l, else by dpkg's lists. NULL when none does, or no memory.
 */
const char *tn_native_owner(tenon_world *world, struct tn_arena *arena, const char *archive);

#endif
