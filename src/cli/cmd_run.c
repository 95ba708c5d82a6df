/* src/cli/cmd_run.c - loads plugins into a bare host, this very command, and prints what happens */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fail.h"
#include "query.h"
#include "report.h"
#include "text.h"
#include "trust.h"

struct run {
    struct cli *cli;
    char *host; /* of --host; NULL */
    int weak, each;
    char **dirs;
    struct cli_trust trust;
    const char *const *bundles;
    tenon_request *requests;
    size_t count;
    char *at_work; /* the plugin of the last event; NULL */
    bool answered; /* what stands on standard output is whole */
};

/* What atexit() calls gets no argument: the run whose plugins may call exit(). */
static struct {
    struct run *run;
    pid_t pid; /* not a child that a plugin forked */
} under_way;

static void print_event(void *arg, const tenon_event *event)
{
    struct run *run = arg;
    struct cli *cli = run->cli;
    const char *subject = event->subject ? event->subject : event->plugin;
    fflush(stdout); /* what a plugin printed comes before */
    if (event->plugin) {
        free(run->at_work);
        run->at_work = strdup(event->plugin);
    }
    if (cli->json || cli->quiet)
        return;
    cli_puts(&cli->out, tenon_event_name(event->kind));
    cli_puts(&cli->out, "  ");
    if (event->message)
        cli_prose(&cli->out, event->message);
    else if (subject)
        cli_text(&cli->out, subject);
    cli_puts(&cli->out, "\n");
    cli_flush(&cli->out); /* what the plugin prints comes after */
}

static bool fill_requests(struct run *run, int argc, const char **argv)
{
    while (run->bundles[run->count])
        run->count++;
    run->requests = calloc(run->count + 1, sizeof *run->requests);
    for (size_t i = 0; run->requests && i < run->count; i++)
        run->requests[i] = (tenon_request){ .plugin = run->bundles[i], .argc = argc, .argv = argv };
    return run->requests != NULL;
}

static bool add_directories(tenon_process *process, char *const *dirs, tenon_error *err)
{
    for (; dirs && *dirs; dirs++)
        if (!tenon_process_add_directory(process, *dirs, err))
            return false;
    return true;
}

static unsigned flags_of(const struct run *run)
{
    return run->each ? TENON_LOAD_EACH : 0;
}

/* What the program of --host would say. True: go on. */
static bool check_host(const struct run *run, int *status)
{
    struct cli_plugins plugins = { .cli = run->cli, .host = run->host };
    tenon_error err = TENON_ERROR_INIT;
    tenon_process *process = tenon_process_of_file(run->host, &err);
    tenon_report *report = NULL;
    if (process && add_directories(process, run->dirs, &err) &&
        cli_trust_apply(&run->trust, process, &err)) {
        tenon_process_set_weak(process, run->weak);
        plugins.record = tenon_process_record(process);
        report = tenon_plan(process, run->requests, run->count, flags_of(run), &err);
    }
    *status = CLI_YES;
    if (!report)
        *status = cli_report_no_host(&plugins, &err);
    else if (!tenon_report_ok(report))
        *status = cli_report_plugins(&plugins, report);
    tenon_report_free(report);
    tenon_process_free(process);
    return *status == CLI_YES;
}

/* One JSON object is all that stands on standard output: what plugins print goes to the other. */
static void keep_apart(struct cli *cli)
{
    int own = cli->json ? fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1) : -1;
    if (own < 0)
        return;
    if (dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
        close(own);
    else
        cli->out.fd = own;
}

/*
 * A plugin's exit() ends this command before all is done, which is no success. When it comes while
 * plugins are unloaded, the answer stands there already.
 */
static void say_that_it_ended(void)
{
    struct run *run = under_way.run;
    tenon_error err = TENON_ERROR_INIT;
    char shown[TN_QUOTE_ROOM];

    if (!run || under_way.pid != getpid())
        return;
    under_way.run = NULL;
    fflush(NULL);
    tn_fail(&err, TENON_E_UNSUPPORTED, "%s called exit(), which ended this command",
            run->at_work ? tn_quote(shown, run->at_work) : "a plugin");
    if (run->answered)
        cli_complain(run->cli, "%s", tenon_error_message(&err));
    else
        cli_report_no_host(&(struct cli_plugins){ .cli = run->cli, .host = "tenon" }, &err);
    cli_flush(&run->cli->out);
    _exit(CLI_NO);
}

static bool watch_exit(struct run *run)
{
    under_way.run = run;
    under_way.pid = getpid();
    return atexit(say_that_it_ended) == 0;
}

/* This command has no record of its own: it answers from its symbols. */
static int load(struct run *run)
{
    struct cli_plugins plugins = { .cli = run->cli, .host = "tenon", .loaded = true };
    tenon_error err = TENON_ERROR_INIT;
    tenon_process *process = tenon_process_new(&err);
    tenon_report *report = NULL;
    keep_apart(run->cli);
    if (process && !watch_exit(run))
        tn_no_memory(&err);
    else if (process && add_directories(process, run->dirs, &err) &&
             cli_trust_apply(&run->trust, process, &err)) {
        tenon_process_set_weak(process, true);
        tenon_process_on_event(process, print_event, run);
        plugins.record = tenon_process_record(process);
        report = tenon_load(process, run->requests, run->count, flags_of(run), &err);
    }
    int status = report ? cli_report_plugins(&plugins, report) : cli_report_no_host(&plugins, &err);
    run->answered = true;
    tenon_report_free(report);
    while (process &&
           tenon_process_plugin_count(process)) { /* newest first: nothing stands on it */
        size_t last = tenon_process_plugin_count(process) - 1;
        report = tenon_unload(process, tenon_process_plugin(process, last)->name, NULL);
        bool good = report && tenon_report_ok(report);
        tenon_report_free(report);
        if (!good)
            break;
    }
    tenon_process_free(process);
    under_way.run = NULL;
    return status;
}

/* Where "--" stands, or argc: what comes after is for the plugins. */
static int split(int argc, const char **argv)
{
    for (int i = 0; i < argc; i++)
        if (strcmp(argv[i], "--") == 0)
            return i;
    return argc;
}

static int run_run(struct cli *cli, int argc, const char **argv)
{
    struct run run = { .cli = cli };
    int end = split(argc, argv), status;
    struct poptOption options[] = {
        { "host", 0, POPT_ARG_STRING, &run.host, 0, "first check them against PROG", "PROG" },
        { "weak", 0, POPT_ARG_NONE, &run.weak, 0,
          "answer for a PROG without record, from its symbols", NULL },
        { "each", 0, POPT_ARG_NONE, &run.each, 0, "each plugin on its own: leave out the refused",
          NULL },
        { "directory", 'd', POPT_ARG_ARGV, &run.dirs, 0, "look for plugins in DIR, too", "DIR" },
        CLI_TRUST_OPTIONS(run.trust),
        POPT_TABLEEND
    };
    if (cli_parse(cli, options, end, argv, &run.bundles, &status)) {
        int rest = end < argc ? argc - end - 1 : 0;
        if (run.weak && !run.host)
            status = cli_usage(cli, "--weak is for the PROG of --host");
        else if (!cli_check_names(cli, run.bundles, &status))
            ; /* it was said */
        else if (!fill_requests(&run, rest, argv + argc - rest))
            status = CLI_UNREADABLE;
        else if (!run.host || check_host(&run, &status))
            status = load(&run);
    }
    free(run.requests);
    free(run.at_work);
    free(run.host);
    cli_free_list(run.dirs);
    cli_trust_free(&run.trust);
    return status;
}

const struct cli_command cmd_run = {
    .name = "run",
    .arguments = "BUNDLE... [-- ARGUMENT...]",
    .summary = "load plugins into a bare host, to try them",
    .about =
        "Loads the plugins into this very command, which serves as a bare host, gives each of\n"
        "them the ARGUMENTs, prints what happens, and unloads them. Their code is executed.\n"
        "With --host they are first checked against another program, as tenon check does.\n",
    .examples = "Examples:\n"
                "  tenon run stats.plugin -- --fast     load it and give it an argument\n"
                "  tenon run --host ./host stats.plugin only if it would load into ./host\n\n"
                "Exit status: 0 all were loaded, 1 something is refused or failed, 2 wrong usage,\n"
                "3 PROG or a BUNDLE could not be read, or is not what it says.\n",
    .run = run_run,
};
