/* src/cli/cmd_pack.c - a bundle from ready code */
#include "pack.h"

static int run_pack(struct cli *cli, int argc, const char **argv)
{
    struct pack_options options = { .manifest = { 0 } };
    struct pack pack = { .cli = cli, .options = &options };
    const char *const *files;
    int status;
    struct poptOption table[] = { PACK_OPTIONS(options), POPT_TABLEEND };

    if (cli_parse(cli, table, argc, argv, &files, &status))
        status = pack_all(&pack, files);
    pack_end(&pack);
    pack_options_free(&options);
    return status;
}

const struct cli_command cmd_pack = {
    .name = "pack",
    .arguments = "CODE...",
    .summary = "make a plugin bundle of ready code",
    .about = "Makes a bundle of a plugin's shared library: reads which units it has, finds the\n"
             "libraries it needs as its loader would, and brings along those that are not the\n"
             "system's. Several CODE are for several kinds of systems. Equal input gives equal\n"
             "bytes. No code is changed, unless --set-runpath says so.\n",
    .examples =
        "Examples:\n"
        "  tenon pack -o stats.plugin stats.so                     with what it needs\n"
        "  tenon pack --host=app --data=words.txt stats.so         for one host\n"
        "  tenon pack --bundle=none --tags=count,sum stats.so      without libraries\n\n"
        "Exit status: 0 the bundle was written, 1 it was refused (a library is missing, or\n"
        "would not be found in the bundle, or --host would refuse it), 2 wrong usage, 3 an\n"
        "input could not be read or the bundle not be written.\n",
    .run = run_pack,
};
