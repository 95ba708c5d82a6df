/* src/cli/check_offers.h - archives of installed packages that a plugin's requirements may come
 * from
 */
#ifndef CLI_CHECK_OFFERS_H
#define CLI_CHECK_OFFERS_H

#include <tenon/bundle.h>
#include <tenon/ocaml_process.h>

#include "arena.h"

/*
 * What the OCaml library finds through findlib when it loads: the archives of the packages that the
 * manifest of the bundle at `file` names, in the order of their needs, as `loader` takes them. It
 * is asked of the command ocamlfind. Without that command, for a name that is not a file, and for a
 * bundle that cannot be read or names no packages, there are none.
 *
 * owner    in the arena; NULL-ended. NULL: no memory
 */
const char *const *check_offers(struct tn_arena *arena, const char *file,
                                enum tenon_ocaml_loader loader, size_t *count);

#endif
