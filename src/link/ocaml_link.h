/* src/link/ocaml_link.h - the linker launcher for OCaml's compilers */
#ifndef TN_OCAML_LINK_H
#define TN_OCAML_LINK_H

#include "launcher.h"

/* Is the command one of OCaml's: ocamlopt, ocamlc, ocamlmktop, by themselves or under ocamlfind? */
bool tn_is_ocaml_command(const struct tn_launch *launch);

/* As tn_link, for such a command. */
bool tn_link_ocaml(const struct tn_launch *launch, struct tn_signals *signals, struct tn_exit *exit,
                   tenon_error *err);

#endif
