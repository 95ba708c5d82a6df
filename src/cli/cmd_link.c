/* src/cli/cmd_link.c - the linker launcher */
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli.h"
#include "launch.h"

static int run(struct cli *cli, int argc, const char **argv)
{
    return cli_launch(cli, argc, argv, tn_link);
}

const struct cli_command cmd_link = {
    "link",
    "-- CC...",
    "link a program with a record of what is in it",
    "Runs the link command CC ... as it stands, and sees to it that the program or shared\n"
    "library it makes has the record of its units: objects and archive members that carry none\n"
    "are completed. Links a second time when the record changed, else only once.\n"
    "For OCaml's compilers (ocamlfind ocamlopt, ocamlc, ocamlmktop) the record is a unit that\n"
    "hands the program's list of units to the library tenon when it is initialised.\n",
    "Examples:\n"
    "  tenon link -- cc -o host main.o -lfoo\n"
    "  tenon link -- ocamlfind ocamlopt -package tenon -linkpkg main.ml -o host\n"
    "  cmake -DCMAKE_C_LINKER_LAUNCHER='tenon;link;--' ...\n\n"
    "Exit status: that of CC, also when the link does not tell what it took, which is said; 3 "
    "when\n"
    "CC succeeded and tenon failed (what CC made is then removed); 2 wrong usage.\n",
    run,
    false,
};
