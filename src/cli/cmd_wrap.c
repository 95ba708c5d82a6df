/* src/cli/cmd_wrap.c - notes for objects and archives that are made already */
#include <stdlib.h>

#include "launch.h"
#include "manifest_options.h"
#include "wrap.h"

/* One run of the command. */
struct wrap_run {
    struct cli *cli;
    tenon_world *world;
    const char *output, *prefix;
    struct cli_json json;
};

static bool has_json(const struct cli *cli)
{
    return cli->json && !cli->quiet;
}

static void put_json(struct wrap_run *run, const char *file, const struct tn_wrapped *wrapped,
                     const tenon_error *err)
{
    struct cli_json *json = &run->json;

    cli_json_item(json);
    cli_json_open(json, '{');
    CLI_JSON_KEY(json, "file");
    cli_json_name(json, file);
    CLI_JSON_KEY(json, "status");
    cli_json_name(json, wrapped ? "ok" : "error");
    if (wrapped) {
        CLI_JSON_KEY(json, "objects");
        cli_json_number(json, (int64_t)wrapped->objects);
        CLI_JSON_KEY(json, "recorded");
        cli_json_number(json, (int64_t)wrapped->recorded);
        CLI_JSON_KEY(json, "doubtful");
        cli_json_number(json, (int64_t)wrapped->doubtful);
    } else {
        cli_json_error(json, err->code, file, tenon_error_message(err));
    }
    cli_json_close(json, '}');
}

/* Counted without a name: "tenon units" names them. */
static void warn(struct cli *cli, const char *file, const struct tn_wrapped *wrapped)
{
    char shown[CLI_SHOWN_ROOM];

    if (wrapped->doubtful && !cli->quiet)
        cli_complain(cli, "%s: %zu of %zu objects with code that is not what its record says",
                     cli_shown(shown, file), wrapped->doubtful, wrapped->objects);
}

static int wrap(struct wrap_run *run, const char *file)
{
    struct cli *cli = run->cli;
    struct tn_wrapped wrapped;
    tenon_error err = TENON_ERROR_INIT;
    char shown[CLI_SHOWN_ROOM];
    bool good = tn_wrap(run->world, file, run->output, run->prefix, &wrapped, &err);

    if (has_json(cli))
        put_json(run, file, good ? &wrapped : NULL, &err);
    else if (!good)
        cli_complain_of(cli, file, tenon_error_message(&err));
    else
        warn(cli, file, &wrapped);
    if (good && !has_json(cli) && cli->verbose)
        cli_complain(cli, "%s: %zu of %zu objects recorded now", cli_shown(shown, file),
                     wrapped.recorded, wrapped.objects);
    return good ? CLI_YES : cli_status_of(&err);
}

static int wrap_all(struct cli *cli, const char *const *files, const char *output,
                    const char *prefix)
{
    struct wrap_run run = {
        .cli = cli, .output = output, .prefix = prefix, .json = { .out = &cli->out }
    };
    tenon_error err = TENON_ERROR_INIT;
    int status = CLI_YES;

    run.world = tenon_world_host(&err);
    if (!run.world) {
        cli_complain(cli, "%s", tenon_error_message(&err));
        return CLI_UNREADABLE;
    }
    if (has_json(cli))
        cli_json_begin(&run.json);
    for (; *files; files++)
        status = cli_worse(status, wrap(&run, *files));
    if (has_json(cli))
        cli_json_end(&run.json);
    tenon_world_free(run.world);
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
    false,
};
