/* src/cli/cmd_platform.c - what is known of a platform, for builds on it */
#include <stdlib.h>
#include <string.h>

#include "platforms.h"
#include "quote.h"
#include "settings.h"
#include "text.h"
#include "view.h"

struct platform_run {
    struct cli *cli;
    char *format;
    int list;
    struct cli_json json;
    struct tn_arena arena;
    size_t told;
};

/* A row of what is printed: a variable, or a fact of the platform's row. */
struct fact {
    const char *name, *value;
};

#define FACTS 19

/* The variables that a build uses, then what its people want to know. */
static size_t gather(const tenon_platform *platform, const tenon_settings *settings,
                     struct fact facts[FACTS])
{
    size_t n = 0;
    const tenon_platform *row = tn_platform_in_force(platform, settings);
    const struct fact own[] = {
        { "RUN_VARIABLES", row->run_variables },
        { "LINK_VARIABLES", row->link_variables },
        { "LOADER_DIRS", row->loader_dirs },
        { "FILE_NAMES", row->file_names },
        { "RECORDED", tn_platform_recorded(platform, settings) },
        { "SWITCHES", tn_platform_switches(platform, settings) },
        { "PRINT_RECORDED", row->print_recorded },
    };

    facts[n++] = (struct fact){ "PLATFORM", platform->name };
    for (size_t i = 0; tenon_setting_name(i); i++) {
        const char *value = tenon_settings_get(settings, tenon_setting_name(i));
        if (value)
            facts[n++] = (struct fact){ tenon_setting_name(i), value };
    }
    for (size_t i = 0; i < TN_COUNT(own); i++)
        if (own[i].value)
            facts[n++] = own[i];
    return n;
}

/* The first whose value make cannot have on the right side of an assignment; NULL: none. */
static const char *find_unfit(const struct fact *facts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strchr(facts[i].value, '\n'))
            return facts[i].name;
    return NULL;
}

static bool print_lines(struct platform_run *run, const struct fact *facts, size_t count, bool sh)
{
    struct cli_out *out = &run->cli->out;

    for (size_t i = 0; i < count; i++) {
        const char *value = sh ? tn_quote_shell(&run->arena, facts[i].value)
                               : tn_quote_make(&run->arena, facts[i].value);
        if (!value)
            return false;
        cli_puts(out, facts[i].name);
        cli_puts(out, sh ? "=" : " = ");
        cli_puts(out, value);
        cli_puts(out, "\n");
    }
    return true;
}

static void print_json(struct platform_run *run, const tenon_platform *platform,
                       const struct cli_settings *settings, const struct fact *facts, size_t count)
{
    struct cli_json *json = &run->json;

    cli_json_item(json);
    cli_json_open(json, '{');
    CLI_JSON_KEY(json, "name");
    cli_json_name(json, platform->name);
    CLI_JSON_KEY(json, "status");
    cli_json_name(json, "ok");
    CLI_JSON_KEY(json, "describe");
    cli_json_name(json, platform->describe);
    CLI_JSON_KEY(json, "variables");
    cli_json_open(json, '{');
    for (size_t i = 1; i < count; i++) {
        cli_json_named_key(json, facts[i].name);
        cli_json_name(json, facts[i].value);
    }
    cli_json_close(json, '}');
    CLI_JSON_KEY(json, "origins");
    cli_json_open(json, '{');
    for (size_t i = 0; tenon_setting_name(i); i++) {
        enum tenon_origin origin = tenon_settings_origin(settings->settings, tenon_setting_name(i));
        if (origin == TENON_ORIGIN_NONE)
            continue;
        cli_json_named_key(json, tenon_setting_name(i));
        cli_json_name(json, tenon_origin_name(origin));
    }
    cli_json_close(json, '}');
    cli_json_close(json, '}');
}

static int tell(struct platform_run *run, const char *name, const struct cli_settings *options)
{
    struct cli_settings settings = { .config = options->config, .set = options->set };
    struct fact facts[FACTS];
    tenon_error err = TENON_ERROR_INIT;
    const tenon_platform *platform = cli_find_platform(name, &err);
    int status = CLI_YES;
    bool is_json = strcmp(run->format, "json") == 0;

    if (!platform)
        return cli_settings_fail_row(run->cli, &run->json, name, &err);
    if (!cli_settings_settle(&settings, platform, &err)) {
        status = cli_settings_fail_row(run->cli, &run->json, platform->name, &err);
    } else if (!run->cli->quiet) {
        size_t count = gather(platform, settings.settings, facts);
        const char *unfit = strcmp(run->format, "make") == 0 ? find_unfit(facts, count) : NULL;
        if (unfit) {
            cli_complain(run->cli, "%s has a newline, which no line of make can hold", unfit);
            status = CLI_USAGE;
        } else if (is_json) {
            print_json(run, platform, &settings, facts, count);
        } else {
            cli_puts(&run->cli->out, run->told++ ? "\n" : "");
            if (!print_lines(run, facts, count, strcmp(run->format, "sh") == 0)) {
                cli_complain(run->cli, "out of memory");
                status = CLI_UNREADABLE;
            }
        }
    }
    tenon_settings_free(settings.settings);
    return status;
}

static void list_json(struct cli *cli)
{
    struct cli_json json = { .out = &cli->out };
    const tenon_platform *platform;

    cli_json_begin(&json);
    for (size_t i = 0; (platform = tenon_platform_at(i)); i++) {
        cli_json_item(&json);
        cli_json_open(&json, '{');
        CLI_JSON_KEY(&json, "name");
        cli_json_name(&json, platform->name);
        CLI_JSON_KEY(&json, "status");
        cli_json_name(&json, "ok");
        CLI_JSON_KEY(&json, "describe");
        cli_json_name(&json, platform->describe);
        cli_json_close(&json, '}');
    }
    cli_json_end(&json);
}

static void list_names(struct cli *cli)
{
    const tenon_platform *platform;

    for (size_t i = 0; (platform = tenon_platform_at(i)); i++) {
        cli_puts(&cli->out, platform->name);
        for (size_t width = strlen(platform->name); width < 14; width++)
            cli_puts(&cli->out, " ");
        cli_puts(&cli->out, platform->describe);
        cli_puts(&cli->out, "\n");
    }
}

static int tell_all(struct platform_run *run, const char *const *names,
                    const struct cli_settings *options)
{
    int status = CLI_YES;
    bool is_json = strcmp(run->format, "json") == 0 && !run->cli->quiet;

    run->json = (struct cli_json){ .out = &run->cli->out };
    if (is_json) {
        cli_json_begin(&run->json);
    }
    if (!*names)
        status = tell(run, NULL, options);
    for (; *names; names++)
        status = cli_worse(status, tell(run, *names, options));
    if (is_json) {
        cli_json_end(&run->json);
    }
    return status;
}

static int run_platform(struct cli *cli, int argc, const char **argv)
{
    char shown[TN_QUOTE_ROOM];
    struct platform_run run = { .cli = cli };
    struct cli_settings options = { 0 };
    const char *const *names;
    int status;
    struct poptOption table[] = { { "format", 0, POPT_ARG_STRING, &run.format, 0,
                                    "make (the default), sh or json", "FORMAT" },
                                  { "list", 0, POPT_ARG_NONE, &run.list, 0,
                                    "the names of all platforms", NULL },
                                  CLI_SETTINGS_OPTIONS(options),
                                  POPT_TABLEEND };
    char *make = (char[]){ "make" }, *json = (char[]){ "json" };

    if (cli_parse(cli, table, argc, argv, &names, &status)) {
        char *given = run.format;
        cli->json |= given && strcmp(given, "json") == 0;
        run.format = cli->json ? json : given ? given : make;
        if (given && strcmp(given, "make") != 0 && strcmp(given, "sh") != 0 &&
            strcmp(given, "json") != 0)
            status = cli_usage(cli, "--format is make, sh or json, not %s", tn_quote(shown, given));
        else if (run.list && *names)
            status = cli_usage(cli, "--list takes no NAME");
        else if (run.list && cli->quiet)
            ;
        else if (run.list && strcmp(run.format, "json") == 0)
            list_json(cli);
        else if (run.list)
            list_names(cli);
        else
            status = tell_all(&run, names, &options);
        run.format = given;
    }
    free(run.format);
    tn_arena_free(&run.arena);
    cli_settings_free(&options);
    return status;
}

const struct cli_command cmd_platform = {
    .name = "platform",
    .arguments = "[NAME]...",
    .summary = "what is known of a platform, for builds on it",
    .about =
        "Prints the variables of a platform, of this system's without NAME: what format shared\n"
        "libraries have, whether they may be made, where libraries are looked for, whether and\n"
        "how a run path is given. Options, the environment and tenon.conf change them.\n",
    .examples = "Examples:\n"
                "  tenon platform                       of this system, for make\n"
                "  tenon platform --format=sh aix       for a shell script\n"
                "  tenon platform --list                which there are\n\n"
                "Exit status: 0 all is well, 2 wrong usage or variables that do not fit, 3 a\n"
                "file could not be read.\n",
    .run = run_platform,
    .bare = true,
};
