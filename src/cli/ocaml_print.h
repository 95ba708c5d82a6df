/* src/cli/ocaml_print.h - what OCaml's compilers recorded in a file, on its way to the user */
#ifndef CLI_OCAML_PRINT_H
#define CLI_OCAML_PRINT_H

#include <tenon/ocaml.h>

#include "cli.h"
#include "json.h"

/* Facts of the file: release, libraries, runtime; with -v all of them. */
void ocaml_print_facts(struct cli *cli, const tenon_ocaml *ocaml);

/* What one unit requires and calls; with -v also what it imports and defines. */
void ocaml_print_unit(struct cli *cli, const tenon_ocaml_unit *unit);

/* Facts, then each unit with what it requires. */
void ocaml_print_text(struct cli *cli, const tenon_ocaml *ocaml);

/* The value of the key "ocaml": an object, keys as in docs/json.md. */
void ocaml_put_json(const tenon_ocaml *ocaml, struct cli_json *json);

#endif
