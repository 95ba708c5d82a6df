/* src/cli/check_ocaml.h - would these plugins load into a program of OCaml's? */
#ifndef CLI_CHECK_OCAML_H
#define CLI_CHECK_OCAML_H

#include <tenon/ocaml_process.h>

#include "report.h"

/*
 * The loader that --loader names, else the one of the program: a program of bytecode has but one,
 * a native program is OCaml's when it has a table of OCaml units. False: none of OCaml's.
 */
bool check_ocaml_loader(const char *name, const char *host, enum tenon_ocaml_loader *loader);

/* What is asked, as cmd_check has read it. */
struct check_ocaml {
    struct cli_plugins *plugins;
    enum tenon_ocaml_loader loader;
    const char *const *bundles; /* NULL-ended */
    unsigned flags;
    bool (*prepare)(void *arg, tenon_process *settings, tenon_error *err);
    void *arg;
};

/* Answers; returns the exit status. */
int check_ocaml(const struct check_ocaml *check);

#endif
