/* src/cli/launch.c - runs a launcher, and ends as the compiler ended */
#include "launch.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>

static void say(void *arg, enum tn_remark kind, const char *text)
{
    struct cli *cli = arg;

    if (kind == TN_REMARK_WARNING ? !cli->quiet : cli->verbose)
        cli_complain(cli, "%s", text);
}

static bool print(void *arg, const void *bytes, size_t size)
{
    struct cli *cli = arg;

    cli_put(&cli->out, bytes, size);
    errno = cli->out.error;
    return !cli->out.error;
}

/* A program that a signal ended leaves that signal to whoever started it. */
static void die_of(int number)
{
    signal(number, SIG_DFL);
    raise(number);
}

static int run_launcher(struct cli *cli, const struct tn_launch *launch, cli_launcher *launcher)
{
    struct tn_signals signals;
    struct tn_exit exit = { 0 };
    tenon_error err = TENON_ERROR_INIT;
    bool good = launcher(launch, &signals, &exit, &err);

    if (!good && !signals.asked)
        cli_complain(cli, "%s", tenon_error_message(&err));
    if (exit.signal || signals.asked) {
        cli_flush(&cli->out);
        die_of(exit.signal ? exit.signal : signals.asked);
    }
    return good || exit.status ? exit.status : CLI_UNREADABLE;
}

const char *cli_project(const char *given)
{
    const char *prefix = given ? given : getenv("TENON_PROJECT");

    return prefix && *prefix ? prefix : NULL;
}

int cli_launch(struct cli *cli, int argc, const char **argv, cli_launcher *launcher)
{
    char *prefix = NULL;
    const char *const *words;
    int status;
    struct poptOption options[] = { { "unit-prefix", 'p', POPT_ARG_STRING, &prefix, 0,
                                      "name units P/... (else by TENON_PROJECT)", "P" },
                                    POPT_TABLEEND };
    tenon_error err = TENON_ERROR_INIT;

    signal(SIGCHLD, SIG_DFL); /* ignored, it would take the compiler's status from us */
    if (!cli_parse(cli, options, argc, argv, &words, &status)) {
        free(prefix);
        return status;
    }
    struct tn_launch launch = {
        .argv = words, .prefix = cli_project(prefix), .remark = say, .print = print, .arg = cli
    };
    while (words[launch.argc])
        launch.argc++;
    launch.world = tenon_world_host(&err);
    if (launch.world) {
        status = run_launcher(cli, &launch, launcher);
    } else {
        cli_complain(cli, "%s", tenon_error_message(&err));
        status = CLI_UNREADABLE;
    }
    tenon_world_free(launch.world);
    free(prefix);
    return status;
}
