/* src/cli/cmd_plist.c - packing lists: expanded, and written for a tree */
#include <stdlib.h>
#include <string.h>
#include <tenon/plist.h>

#include "fail.h"
#include "input.h"
#include "limits.h"
#include "query.h"
#include "settings.h"
#include "text.h"

struct plist_run {
    struct cli *cli;
    char *root, *platform, **define;
    int scan;
    tenon_plist_options options;
    tenon_world *world;
    struct cli_json json;
};

static void json_strings(struct cli_json *json, const char *const *strings)
{
    cli_json_open(json, '[');
    for (; strings && *strings; strings++) {
        cli_json_item(json);
        cli_json_name(json, *strings);
    }
    cli_json_close(json, ']');
}

static void json_library(struct cli_json *json, const tenon_plist_library *library)
{
    cli_json_item(json);
    cli_json_open(json, '{');
    CLI_JSON_KEY(json, "dir");
    cli_json_name(json, library->dir);
    CLI_JSON_KEY(json, "name");
    cli_json_name(json, library->name);
    CLI_JSON_KEY(json, "status");
    cli_json_name(json, library->reason ? "missing" : "ok");
    CLI_JSON_KEY(json, "line");
    cli_json_number(json, (int64_t)library->line);
    CLI_JSON_KEY(json, "versions");
    cli_json_number(json, (int64_t)library->versions);
    CLI_JSON_KEY(json, "files");
    json_strings(json, library->files);
    if (library->reason) {
        CLI_JSON_KEY(json, "reason");
        cli_json_sentence(json, library->reason);
    }
    cli_json_close(json, '}');
}

static void json_plist(struct cli_json *json, const tenon_plist *plist)
{
    const tenon_plist_library *library;

    CLI_JSON_KEY(json, "lines");
    cli_json_open(json, '[');
    for (size_t i = 0; tenon_plist_line(plist, i); i++) {
        cli_json_item(json);
        cli_json_name(json, tenon_plist_line(plist, i));
    }
    cli_json_close(json, ']');
    CLI_JSON_KEY(json, "libraries");
    cli_json_open(json, '[');
    for (size_t i = 0; (library = tenon_plist_library_at(plist, i)); i++)
        json_library(json, library);
    cli_json_close(json, ']');
    CLI_JSON_KEY(json, "remarks");
    cli_json_open(json, '[');
    for (size_t i = 0; tenon_plist_remark(plist, i); i++) {
        cli_json_item(json);
        cli_json_sentence(json, tenon_plist_remark(plist, i));
    }
    cli_json_close(json, ']');
}

static int verdict(const tenon_plist *plist)
{
    const tenon_plist_library *library;

    for (size_t i = 0; (library = tenon_plist_library_at(plist, i)); i++)
        if (library->reason)
            return CLI_NO;
    return CLI_YES;
}

/* Lines as they are, for those that read the list; what is wrong on standard error. */
static void print_text(struct plist_run *run, const char *file, const tenon_plist *plist)
{
    const tenon_plist_library *library;
    char shown[CLI_SHOWN_ROOM];

    for (size_t i = 0; tenon_plist_line(plist, i); i++) {
        const char *line = tenon_plist_line(plist, i);
        cli_put(&run->cli->out, line, strlen(line));
        cli_puts(&run->cli->out, "\n");
    }
    for (size_t i = 0; tenon_plist_remark(plist, i); i++)
        cli_complain_of(run->cli, file, tenon_plist_remark(plist, i));
    for (size_t i = 0; (library = tenon_plist_library_at(plist, i)); i++)
        if (library->reason)
            cli_complain(run->cli, "%s: line %zu: %s", cli_shown(shown, file), library->line,
                         library->reason);
}

static tenon_plist *read_list(struct plist_run *run, const char *file, tenon_error *err)
{
    struct tn_arena arena = { 0 };
    struct tn_view text = { 0 };
    char shown[TN_QUOTE_ROOM];
    tenon_plist *plist = NULL;
    int failed = cli_input(run->world, file, TN_LIMIT_CONFIG, &arena, &text);

    if (failed)
        tn_fail_system(err, failed, "%s", tn_quote(shown, file));
    else
        plist = tenon_plist_expand(run->world, &run->options, text.at, text.size, file, err);
    tn_arena_free(&arena);
    return plist;
}

static int tell(struct plist_run *run, const char *file)
{
    tenon_error err = TENON_ERROR_INIT;
    bool is_json = run->cli->json && !run->cli->quiet;
    tenon_plist *plist;
    int status;

    if (run->scan)
        run->options.root = file;
    plist =
        run->scan ? tenon_plist_scan(run->world, &run->options, &err) : read_list(run, file, &err);
    status = plist ? verdict(plist) : CLI_UNREADABLE;
    if (is_json) {
        cli_json_item(&run->json);
        cli_json_open(&run->json, '{');
        CLI_JSON_KEY(&run->json, "file");
        cli_json_name(&run->json, file);
        CLI_JSON_KEY(&run->json, "status");
        cli_json_name(&run->json, !plist ? "error" : status == CLI_YES ? "ok" : "missing");
        if (plist) {
            json_plist(&run->json, plist);
        } else {
            cli_json_error(&run->json, err.code, NULL, tenon_error_message(&err));
        }
        cli_json_close(&run->json, '}');
    } else if (!plist) {
        cli_complain(run->cli, "%s", tenon_error_message(&err));
    } else if (!run->cli->quiet) {
        print_text(run, file, plist);
    }
    tenon_plist_free(plist);
    return status;
}

static int tell_all(struct plist_run *run, const char *const *files)
{
    tenon_error err = TENON_ERROR_INIT;
    bool is_json = run->cli->json && !run->cli->quiet;
    int status = CLI_YES;

    run->world = tenon_world_host(&err);
    if (!run->world) {
        cli_complain(run->cli, "%s", tenon_error_message(&err));
        return CLI_UNREADABLE;
    }
    run->json = (struct cli_json){ .out = &run->cli->out };
    if (is_json) {
        cli_json_begin(&run->json);
    }
    for (; *files; files++)
        status = cli_worse(status, tell(run, *files));
    if (is_json) {
        cli_json_end(&run->json);
    }
    return status;
}

static bool check(struct plist_run *run, int *status)
{
    char shown[TN_QUOTE_ROOM];

    for (char **at = run->define; at && *at; at++)
        if (**at == '=' || !strchr(*at, '=')) {
            *status = cli_usage(run->cli, "--define is NAME=VALUE, not %s", tn_quote(shown, *at));
            return false;
        }
    run->options =
        (tenon_plist_options){ .root = run->root, .variables = (const char *const *)run->define };
    if (!run->platform)
        return true;
    run->options.platform = cli_platform(run->cli, run->platform);
    *status = CLI_USAGE;
    return run->options.platform;
}

static int run_plist(struct cli *cli, int argc, const char **argv)
{
    struct plist_run run = { .cli = cli };
    const char *const *files;
    int status;
    struct poptOption table[] = {
        { "root", 0, POPT_ARG_STRING, &run.root, 0,
          "where the directories of the list are; else the current one", "DIR" },
        { "define", 'D', POPT_ARG_ARGV, &run.define, 0, "what ${NAME} stands for", "NAME=VALUE" },
        { "platform", 0, POPT_ARG_STRING, &run.platform, 0,
          "file names of this platform alone; else of all", "NAME" },
        { "scan", 0, POPT_ARG_NONE, &run.scan, 0, "write a list for the tree below each FILE",
          NULL },
        POPT_TABLEEND
    };

    if (cli_parse(cli, table, argc, argv, &files, &status) && check(&run, &status))
        status = tell_all(&run, files);
    tenon_world_free(run.world);
    free(run.root);
    free(run.platform);
    cli_free_list(run.define);
    return status;
}

const struct cli_command cmd_plist = {
    .name = "plist",
    .arguments = "FILE...",
    .summary = "packing lists: which files are one library",
    .about =
        "Prints the packing list FILE with each line \"@library DIR NAME\" replaced by the files\n"
        "in DIR that belong to the library NAME, the word one gives to -l: shared and static,\n"
        "every version and link, import libraries, DLLs, .la, by the file names of every\n"
        "platform. Each file is read: it counts when it is what its name says. ${NAME} is\n"
        "replaced by its value, other lines pass through. \"-\" is standard input.\n",
    .examples = "Examples:\n"
                "  tenon plist --root=stage PLIST               what the package has\n"
                "  tenon plist -D PLIST_SUB=lib/x PLIST         with a variable\n"
                "  tenon plist --scan stage                     a list for a staged tree\n\n"
                "Exit status: 0 all is well, 1 a library has no file, 2 wrong usage, 3 a file\n"
                "could not be read.\n",
    .run = run_plist,
};
