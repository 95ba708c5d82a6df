/* src/cli/cmd_wrap.c - notes for objects and archives that are made already */
#include <stdlib.h>

#include "launch.h"
#include "wrap.h"

/* One file: says what was done with it, in words or JSON; returns the status. */
static int wrap(struct cli *cli, tenon_world *world, const char *file, const char *output,
                const char *prefix)
{
    struct tn_wrapped wrapped;
    tenon_error err = TENON_ERROR_INIT;

    if (!tn_wrap(world, file, output, prefix, &wrapped, &err)) {
        cli_complain(cli, "%s", tenon_error_message(&err));
        return CLI_UNREADABLE;
    }
    if (cli->verbose)
        cli_complain(cli, "%s: %zu of %zu objects recorded now", file, wrapped.recorded,
                     wrapped.objects);
    return CLI_YES;
}

static int wrap_all(struct cli *cli, const char *const *files, const char *output,
                    const char *prefix)
{
    tenon_error err = TENON_ERROR_INIT;
    tenon_world *world = tenon_world_host(&err);
    int status = CLI_YES;

    if (!world) {
        cli_complain(cli, "%s", tenon_error_message(&err));
        return CLI_UNREADABLE;
    }
    for (; *files; files++)
        status = cli_worse(status, wrap(cli, world, *files, output, prefix));
    tenon_world_free(world);
    return status;
}

static int run(struct cli *cli, int argc, const char **argv)
{
    char *output = NULL, *prefix = NULL;
    const char *const *files;
    int status;
    struct poptOption options[] = { { "output", 'o', POPT_ARG_STRING, &output, 0,
                                      "write OUT, leave the file as it is", "OUT" },
                                    { "unit-prefix", 'p', POPT_ARG_STRING, &prefix, 0,
                                      "name units P/... (else by TENON_PROJECT)", "P" },
                                    POPT_TABLEEND };

    if (cli_parse(cli, options, argc, argv, &files, &status)) {
        if (output && files[1])
            status = cli_usage(cli, "--output is for one file");
        else
            status = wrap_all(cli, files, output, cli_project(prefix));
    }
    free(output);
    free(prefix);
    return status;
}

const struct cli_command cmd_wrap = {
    "wrap",
    "FILE...",
    "put notes that name units into ready objects and archives",
    "Gives every object in FILE, an archive or an object, the note that \"tenon cc\" would have\n"
    "given it. Objects that have one keep it. FILE is replaced, atomically, when all went well.\n"
    "Intermediate code (-flto) is refused: linkers drop what is added to it.\n",
    "Examples:\n"
    "  tenon wrap libfoo.a\n"
    "  tenon wrap -o wrapped/libz.a --unit-prefix zlib /usr/lib/x86_64-linux-gnu/libz.a\n\n"
    "Exit status: 0 all is well, 2 wrong usage, 3 a file could not be read, or is one that notes\n"
    "cannot be put into.\n",
    run,
};
