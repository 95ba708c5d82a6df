/* src/cli/cmd_find.c - which switches link a library so that the program also starts */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cache.h"
#include "fail.h"
#include "find_jobs.h"
#include "find_report.h"
#include "manifest_options.h"
#include "query.h"
#include "replace_file.h"
#include "run.h"
#include "settings.h"
#include "text.h"
#include "view.h"
#include "words.h"

extern char **environ;

#define JOBS_MOST 10000 /* more than any machine has use for */

struct find_run {
    struct cli *cli;
    struct cli_settings settings;
    struct find_asked asked; /* on the command line: for every library */
    char *format, *write, *cc, *sysroot, *wrapper, *localbase, *batch;
    char *jobs; /* --jobs, as given */
    int known, no_cache;
    tenon_finder *finder;
    struct tn_arena arena;
    struct cli_json json;
    struct tn_signals signals;
    size_t told;
};

/* Options that are short for --set. */
static bool set_options(struct find_run *run, tenon_error *err)
{
    const struct {
        const char *name, *value;
    } given[] = {
        { "CC", run->cc },
        { "SYSROOT", run->sysroot },
        { "EXE_WRAPPER", run->wrapper },
        { "LOCALBASE", run->localbase },
    };

    for (size_t i = 0; i < TN_COUNT(given); i++)
        if (given[i].value && !tenon_settings_set(run->settings.settings, TENON_ORIGIN_OPTION,
                                                  given[i].name, given[i].value, err))
            return false;
    return true;
}

/* Where answers are kept; NULL: nowhere. */
static const char *cache_place(struct find_run *run)
{
    tenon_world *world = run->no_cache ? NULL : tenon_world_host(NULL);
    const char *place = world ? tn_cache_place(world, &run->arena, NULL) : NULL;

    tenon_world_free(world);
    return place ? tn_arena_format(&run->arena, "%s/find", place) : NULL;
}

static int open_finder(struct find_run *run)
{
    tenon_error err = TENON_ERROR_INIT;
    const tenon_platform *platform = NULL;

    if (run->settings.platform && !(platform = cli_platform(run->cli, run->settings.platform)))
        return CLI_USAGE;
    if (!cli_settings_read(&run->settings, &err))
        return cli_settings_fail(run->cli, &err);
    if (set_options(run, &err))
        run->finder = tenon_finder_new(run->settings.settings, platform,
                                       (const char *const *)environ, cache_place(run), &err);
    if (run->finder)
        return CLI_YES;
    return cli_fail_one(run->cli, NULL, &err);
}

/* ---- writing --------------------------------------------------------------------------------- */

/* The customary name of a file in a format. */
static bool file_name(const struct find_run *run, const char *name, const char *format, char *path,
                      size_t room)
{
    static const struct {
        const char *format, *before, *after;
    } names[] = {
        { "make", "conf-", ".mk" },       { "sh", "conf-", ".sh" },        { "pc", "", ".pc" },
        { "cmake", "", "-config.cmake" }, { "meson", "", "/meson.build" },
    };

    for (size_t i = 0; i < TN_COUNT(names); i++)
        if (strcmp(names[i].format, format) == 0)
            return (size_t)snprintf(path, room, "%s/%s%s%s", run->write, names[i].before, name,
                                    names[i].after) < room;
    return false;
}

static bool write_file(const struct find_run *run, const tenon_found *found, const char *format,
                       tenon_error *err)
{
    char path[4096], *text, *slash;
    bool good;

    if (!file_name(run, tenon_found_name(found), format, path, sizeof path))
        return tn_fail(err, TENON_E_ARGUMENT, "--write: the directory's name is too long");
    text = tenon_found_write(found, format, err);
    if (!text)
        return false;
    mkdir(run->write, 0777); /* what is wrong with it the write below tells */
    slash = strrchr(path, '/');
    *slash = '\0';
    mkdir(path, 0777);
    *slash = '/';
    good = tn_replace_unflushed(AT_FDCWD, path, text, strlen(text), 0666, err);
    free(text);
    return good;
}

static bool write_files(struct find_run *run, const tenon_found *found, tenon_error *err)
{
    if (!run->write || tenon_found_verdict(found) == TENON_FIND_NOT_FOUND)
        return true;
    if (!write_file(run, found, "make", err))
        return false;
    return !run->format || strcmp(run->format, "make") == 0 || strcmp(run->format, "json") == 0 ||
           write_file(run, found, run->format, err);
}

/* ---- telling --------------------------------------------------------------------------------- */

/* The answer on standard output; with a format for a consumer, what is wrong on standard error. */
static bool print(struct find_run *run, const tenon_found *found, tenon_error *err)
{
    bool is_found = tenon_found_verdict(found) != TENON_FIND_NOT_FOUND;

    if (run->cli->quiet)
        return true;
    if (run->cli->json) {
        find_print_json(&run->json, found);
    } else if (!run->format) {
        cli_puts(&run->cli->out, run->told++ ? "\n" : "");
        find_print_text(&run->cli->out, found, run->cli->verbose);
    } else {
        char *text = is_found ? tenon_found_write(found, run->format, err) : NULL;
        if (is_found && !text)
            return false;
        if (text)
            cli_puts(&run->cli->out, text);
        free(text);
        if (!is_found || run->cli->verbose) {
            cli_flush(&run->cli->out);
            find_print_text(&run->cli->err, found, run->cli->verbose);
            cli_flush(&run->cli->err);
        }
    }
    return true;
}

/* A row of JSON says also whether the files were written. */
static bool give(struct find_run *run, const tenon_found *found, tenon_error *err)
{
    if (run->cli->json)
        return write_files(run, found, err) && print(run, found, err);
    return print(run, found, err) && write_files(run, found, err);
}

static int tell(struct find_run *run, const char *name, const tenon_found *found, tenon_error *err)
{
    if (found && give(run, found, err))
        return tenon_found_verdict(found) == TENON_FIND_NOT_FOUND ? CLI_NO : CLI_YES;
    if (run->cli->json && !run->cli->quiet)
        cli_json_failed(&run->json, name, err);
    else
        cli_complain_of(run->cli, name, tenon_error_message(err));
    return err->code == TENON_E_ARGUMENT ? CLI_USAGE : CLI_UNREADABLE;
}

/* Told in the order asked, as soon as it is their turn. */
static void tell_job(void *arg, struct find_job *job)
{
    struct find_run *run = arg;

    job->status = tell(run, job->request.name, job->found, &job->err);
}

/* 0: not said, or no number from 1 to JOBS_MOST. */
static int jobs_of(const struct find_run *run)
{
    size_t digits = run->jobs ? strspn(run->jobs, "0123456789") : 0;
    unsigned long jobs = digits && !run->jobs[digits] ? strtoul(run->jobs, NULL, 10) : 0;

    return jobs <= JOBS_MOST ? (int)jobs : 0;
}

static int find_all(struct find_run *run, const char *const *names)
{
    struct find_jobs jobs = { .finder = run->finder, .tell = tell_job, .arg = run };
    bool json = run->cli->json && !run->cli->quiet;
    int status = CLI_YES;

    for (; *names && status == CLI_YES; names++)
        status = find_jobs_add(run->cli, &jobs, *names, &run->asked);
    if (status == CLI_YES && run->batch)
        status = find_jobs_read(run->cli, &jobs, run->batch, &run->asked, &run->arena);
    if (status != CLI_YES) {
        find_jobs_free(&jobs);
        return status;
    }
    run->json = (struct cli_json){ .out = &run->cli->out };
    if (json) {
        cli_json_begin(&run->json);
    }
    status = find_jobs_run(run->cli, &jobs, jobs_of(run));
    if (json) {
        cli_json_end(&run->json);
    }
    find_jobs_free(&jobs);
    return status;
}

/* Signals wait until the temporary files are gone. */
static int find_names(struct find_run *run, const char *const *names)
{
    int status = open_finder(run);

    if (status != CLI_YES)
        return status;
    tn_signals_hold(&run->signals);
    status = find_all(run, names);
    tn_signals_release(&run->signals);
    return status;
}

static bool check(struct find_run *run, int *status)
{
    static const char *const formats[] = { "make", "sh", "json", "pc", "cmake", "meson" };
    char shown[TN_QUOTE_ROOM];

    if (run->write && !*run->write) {
        *status = cli_usage(run->cli, "--write needs a directory");
        return false;
    }
    if (run->jobs && !jobs_of(run)) {
        *status = cli_usage(run->cli, "--jobs is a number from 1 to %d, not %s", JOBS_MOST,
                            tn_quote(shown, run->jobs));
        return false;
    }
    if (!run->format || tn_is_among(run->format, formats, TN_COUNT(formats)))
        return true;
    *status = cli_usage(run->cli, "--format is make, sh, json, pc, cmake or meson, not %s",
                        tn_quote(shown, run->format));
    return false;
}

static void end(struct find_run *run)
{
    char *const strings[] = { run->format,  run->write,     run->cc,    run->sysroot,
                              run->wrapper, run->localbase, run->batch, run->jobs };

    for (size_t i = 0; i < TN_COUNT(strings); i++)
        free(strings[i]);
    find_asked_free(&run->asked);
    tenon_finder_free(run->finder);
    cli_settings_free(&run->settings);
    tn_arena_free(&run->arena);
}

/* The list as it is: it can be read again. In JSON a result for each of its libraries. */
static void print_known(struct cli *cli)
{
    struct cli_json json = { .out = &cli->out };
    const char *line = tenon_find_known(), *end;

    if (cli->quiet)
        return;
    if (!cli->json) {
        cli_puts(&cli->out, line);
        return;
    }
    cli_json_begin(&json);
    for (; (end = strchr(line, '\n')); line = end + 1) {
        size_t size = (size_t)(end - line), name = strcspn(line, " \n");
        if (*line == '#' || name == 0)
            continue;
        cli_json_item(&json);
        cli_json_open(&json, '{');
        CLI_JSON_KEY(&json, "name");
        cli_json_part(&json, line, name);
        CLI_JSON_KEY(&json, "status");
        cli_json_name(&json, "ok");
        CLI_JSON_KEY(&json, "known");
        cli_json_part(&json, line + name + (name < size), size - name - (name < size));
        cli_json_close(&json, '}');
    }
    cli_json_end(&json);
}

static int run_find(struct cli *cli, int argc, const char **argv)
{
    struct find_run run = { .cli = cli };
    const char *const *names;
    int status;
    struct poptOption table[] = {
        FIND_ASKED_OPTIONS(run.asked),
        { "format", 0, POPT_ARG_STRING, &run.format, 0, "make, sh, json, pc, cmake or meson",
          "FORMAT" },
        { "write", 'w', POPT_ARG_STRING, &run.write, 0, "keep the result in DIR/conf-NAME.mk",
          "DIR" },
        { "batch", 0, POPT_ARG_STRING, &run.batch, 0,
          "NAME and options in each line of FILE, - for input", "FILE" },
        { "jobs", 'j', POPT_ARG_STRING, &run.jobs, 0, "this many at once, else one a processor",
          "N" },
        { "no-cache", 0, POPT_ARG_NONE, &run.no_cache, 0, "neither use kept answers nor keep any",
          NULL },
        { "cc", 0, POPT_ARG_STRING, &run.cc, 0, "the compiler, with switches", "CC" },
        { "sysroot", 0, POPT_ARG_STRING, &run.sysroot, 0, "the tree it compiles for", "DIR" },
        { "exe-wrapper", 0, POPT_ARG_STRING, &run.wrapper, 0,
          "what starts its programs: qemu, wine", "COMMAND" },
        { "localbase", 0, POPT_ARG_STRING, &run.localbase, 0,
          "searched after each --dir (LOCALBASE)", "DIR" },
        { "platform", 0, POPT_ARG_STRING, &run.settings.platform, 0,
          "its platform, instead of what the compiler says", "NAME" },
        { "known", 0, POPT_ARG_NONE, &run.known, 0, "print the list of known libraries", NULL },
        CLI_SETTINGS_OPTIONS(run.settings),
        POPT_TABLEEND
    };

    if (cli_parse(cli, table, argc, argv, &names, &status)) {
        cli->json |= run.format && strcmp(run.format, "json") == 0;
        if (run.known && (*names || run.batch))
            status = cli_usage(cli, "--known prints the list, and looks for no library");
        else if (run.known)
            print_known(cli);
        else if (!*names && !run.batch)
            status = cli_usage(cli, "no NAME given");
        else if (check(&run, &status))
            status = find_names(&run, names);
    }
    end(&run);
    return status;
}

const struct cli_command cmd_find = {
    .name = "find",
    .arguments = "NAME...",
    .summary = "probe for a library: flags with which programs start",
    .about =
        "Searches for the library NAME, the word one gives to -l: for each directory a test\n"
        "compiles with the headers there, links, and starts with the very file that was linked;\n"
        "again with a run path where there is one. File names decide nothing, and neither do\n"
        ".pc files: they are tried like all else. Prints what was tried, and the result.\n",
    .examples =
        "Examples:\n"
        "  tenon find z                                    wherever it is\n"
        "  tenon find --dir=/opt/x --format=make foo       below /opt/x first, for make\n"
        "  tenon find --min-version=1.2.11 --write=conf z  kept for tenon flags --from\n"
        "  tenon find -H foo.h -f foo_init foo             a header, a function\n"
        "  tenon find --batch=LIST --write=conf            many at once\n\n"
        "Exit status: 0 found, 1 not found (the reason is said), 2 wrong usage, 3 it could not\n"
        "be tried.\n",
    .run = run_find,
    .bare = true,
};
