/* src/cli/cmd_cc.c - the compiler launcher */
#include "launch.h"

static int run(struct cli *cli, int argc, const char **argv)
{
    return cli_launch(cli, argc, argv, tn_compile);
}

const struct cli_command cmd_cc = {
    "cc",
    "-- CC...",
    "compile, with a note in each object that names its unit",
    "Runs the compile command CC ... as it stands, and puts into each object it made the note of\n"
    "its unit: name, digests, definitions, whether it keeps state. The linker then assembles the\n"
    "record of a program from the notes of what it takes. Commands that do not compile to\n"
    "objects are run as they are.\n",
    "Examples:\n"
    "  tenon cc -- cc -c counter.c\n"
    "  make CC='tenon cc -- cc'\n"
    "  cmake -DCMAKE_C_COMPILER_LAUNCHER='tenon;cc;--' ...\n\n"
    "Exit status: that of CC; 3 when CC succeeded and the note could not be made (the object is\n"
    "then removed), 2 wrong usage.\n",
    run,
    false,
};
