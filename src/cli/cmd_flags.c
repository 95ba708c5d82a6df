/* src/cli/cmd_flags.c - link flags for a library in a known place, or for several found before */
#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "flags.h"
#include "flags_join.h"
#include "platforms.h"
#include "quote.h"
#include "settings.h"
#include "text.h"

struct flags_run {
    struct cli *cli;
    char *format, *version, *from;
    int make_shared;
    struct cli_settings settings;
    struct cli_json json;
    const tenon_platform *row; /* whose facts are true with the settings */
    size_t told;
};

static bool is_format(const struct flags_run *run, const char *name)
{
    return run->format && strcmp(run->format, name) == 0;
}

/* The same as arguments: nobody need read the quotes of a shell. */
static void print_words(struct cli_json *json, const char *flags)
{
    struct tn_arena arena = { 0 };
    struct tn_words words = { 0 };

    if (flags && tn_split_shell(&words, &arena, flags)) {
        cli_flags_words(json, &words);
    } else {
        cli_json_name(json, NULL);
    }
    tn_words_free(&words);
    tn_arena_free(&arena);
}

/* The sentence of the platform, unless these flags give no run path. */
static const char *recorded(const struct flags_run *run, const char *flags)
{
    if (run->make_shared || !flags || run->row->recording != TENON_RECORDS_RUN_PATH ||
        strstr(flags, "-Wl,-r") || strstr(flags, "-Wl,-R") || strstr(flags, "-Xlinker"))
        return run->row->recorded;
    return "of the library its SONAME; no run path, since these flags give none; -L is not "
           "recorded";
}

/* The file that the DLL must be; NULL: none is made, or there is no memory. */
static const char *dll_name(const struct flags_run *run, struct tn_arena *arena,
                            const tenon_platform *platform, const char *name, const char *flags)
{
    if (!run->make_shared || !flags || strcmp(platform->shlib_type, "PE") != 0)
        return NULL;
    return tn_dll_name(arena, platform, name, run->version);
}

static void print_json(struct flags_run *run, const tenon_platform *platform, const char *name,
                       const char *flags, const tenon_error *err)
{
    struct cli_json *json = &run->json;
    struct tn_arena arena = { 0 };
    const char *dll = dll_name(run, &arena, platform, name, flags);

    cli_json_item(json);
    cli_json_open(json, '{');
    CLI_JSON_KEY(json, "name");
    cli_json_name(json, name);
    CLI_JSON_KEY(json, "status");
    cli_json_name(json, flags ? "ok" : "refused");
    CLI_JSON_KEY(json, "platform");
    cli_json_name(json, platform->name);
    CLI_JSON_KEY(json, "flags");
    cli_json_name(json, flags);
    CLI_JSON_KEY(json, "words");
    print_words(json, flags);
    if (dll) {
        CLI_JSON_KEY(json, "dll");
        cli_json_name(json, dll);
    }
    if (!flags) {
        CLI_JSON_KEY(json, "reason");
        cli_json_sentence(json, tenon_error_message(err));
    }
    CLI_JSON_KEY(json, "recorded");
    cli_json_name(json, recorded(run, flags));
    cli_json_close(json, '}');
    tn_arena_free(&arena);
}

static void print_text(struct flags_run *run, const tenon_platform *platform, const char *name,
                       const char *flags)
{
    struct cli_out *out = &run->cli->out;
    struct tn_arena arena = { 0 };
    const char *dll = dll_name(run, &arena, platform, name, flags);

    if (is_format(run, "words")) {
        cli_puts(out, flags); /* for a shell, byte by byte */
        cli_puts(out, "\n");
        tn_arena_free(&arena);
        return;
    }
    cli_puts(out, platform->name);
    cli_puts(out, "\n  flags     ");
    cli_prose(out, flags);
    if (dll) {
        cli_puts(out, "\n  DLL       ");
        cli_prose(out, dll);
    }
    cli_puts(out, "\n  recorded  ");
    cli_puts(out, recorded(run, flags));
    if (run->row->print_recorded) {
        cli_puts(out, "\n  shown by  ");
        cli_puts(out, run->row->print_recorded);
    }
    cli_puts(out, "\n");
    tn_arena_free(&arena);
}

/* NULL: *err says why not. */
static char *make_flags(const struct flags_run *run, const tenon_platform *platform,
                        const tenon_settings *settings, const char *name, const char *dir,
                        tenon_error *err)
{
    char shown[TN_QUOTE_ROOM];

    if (strchr(dir, '\n')) {
        tn_fail(err, TENON_E_UNSUPPORTED,
                "no build file can hold the directory %s: a newline ends a line there",
                tn_quote(shown, dir));
        return NULL;
    }
    return run->make_shared ? tenon_shared_flags(platform, settings, name, dir, run->version, err)
                            : tenon_link_flags(platform, settings, name, dir, err);
}

/* The flags for one platform. */
static int tell(struct flags_run *run, const tenon_platform *platform, const char *name,
                const char *dir)
{
    tenon_error err = TENON_ERROR_INIT;
    struct cli_settings settings = { .config = run->settings.config, .set = run->settings.set };
    int status = CLI_YES;
    char *flags = NULL;

    if (!cli_settings_settle(&settings, platform, &err)) {
        tenon_settings_free(settings.settings);
        return cli_settings_fail_row(run->cli, &run->json, name, &err);
    }
    run->row = tn_platform_in_force(platform, settings.settings);
    flags = make_flags(run, platform, settings.settings, name, dir, &err);
    tenon_settings_free(settings.settings);
    if (!flags && err.code == TENON_E_ARGUMENT)
        return cli_settings_fail_row(run->cli, &run->json, name, &err);
    if (!flags)
        status = err.code == TENON_E_UNSUPPORTED ? CLI_NO : CLI_UNREADABLE;
    if (run->cli->quiet)
        ;
    else if (run->cli->json)
        print_json(run, platform, name, flags, &err);
    else if (flags)
        print_text(run, platform, name, flags);
    if (!flags && !run->cli->json)
        cli_complain(run->cli, "%s", tenon_error_message(&err));
    free(flags);
    return status;
}

static int tell_platforms(struct flags_run *run, const char *name, const char *dir)
{
    tenon_error err = TENON_ERROR_INIT;
    const tenon_platform *platform;
    int status = CLI_YES;

    if (!run->settings.platform || strcmp(run->settings.platform, "all") != 0) {
        platform = cli_find_platform(run->settings.platform, &err);
        return platform ? tell(run, platform, name, dir)
                        : cli_settings_fail_row(run->cli, &run->json, name, &err);
    }
    for (size_t i = 0; (platform = tenon_platform_at(i)); i++)
        status = cli_worse(status, tell(run, platform, name, dir));
    return status;
}

static int tell_place(struct flags_run *run, const char *const *words)
{
    tenon_error err = TENON_ERROR_INIT;
    int status;
    bool is_json;

    if (!words[0] || !words[1])
        return cli_usage(run->cli, "NAME and DIR are needed, or --from=DIR and names");
    if (words[2])
        return cli_usage(run->cli, "one library and one directory at a time");
    if (!tn_check_library_name(words[0], &err))
        return cli_usage(run->cli, "%s", tenon_error_message(&err));
    is_json = run->cli->json && !run->cli->quiet;
    run->json = (struct cli_json){ .out = &run->cli->out };
    if (is_json) {
        cli_json_begin(&run->json);
    }
    status = tell_platforms(run, words[0], words[1]);
    if (is_json) {
        cli_json_end(&run->json);
    }
    return status;
}

static int run_flags(struct cli *cli, int argc, const char **argv)
{
    char shown[TN_QUOTE_ROOM];
    struct flags_run run = { .cli = cli };
    const char *const *words;
    int status;
    struct poptOption table[] = {
        { "platform", 0, POPT_ARG_STRING, &run.settings.platform, 0,
          "for this platform, or for all (tenon platform --list)", "NAME" },
        { "make-shared", 0, POPT_ARG_NONE, &run.make_shared, 0,
          "the switches that make a shared library there", NULL },
        { "version", 0, POPT_ARG_STRING, &run.version, 0, "with --make-shared: its version",
          "VERSION" },
        { "from", 0, POPT_ARG_STRING, &run.from, 0,
          "join what tenon find --write=DIR wrote for each NAME", "DIR" },
        { "format", 0, POPT_ARG_STRING, &run.format, 0,
          "text, words (the flags alone); with --from: make, sh, json", "FORMAT" },
        CLI_SETTINGS_OPTIONS(run.settings),
        POPT_TABLEEND
    };

    if (cli_parse(cli, table, argc, argv, &words, &status)) {
        if (run.version && !run.make_shared)
            status = cli_usage(cli, "--version is for --make-shared: what is to be made has it");
        else if (run.make_shared && run.from)
            status = cli_usage(cli, "--make-shared is for NAME and DIR, not for --from");
        else if (run.from)
            status = cli_flags_join(cli, &run.settings, run.from, run.format, words);
        else if (run.format && !is_format(&run, "text") && !is_format(&run, "words") &&
                 !is_format(&run, "json"))
            status = cli_usage(cli, "--format is text, words or json, not %s",
                               tn_quote(shown, run.format));
        else {
            cli->json |= is_format(&run, "json");
            status = tell_place(&run, words);
        }
    }
    free(run.format);
    free(run.version);
    free(run.from);
    cli_settings_free(&run.settings);
    return status;
}

const struct cli_command cmd_flags = {
    .name = "flags",
    .arguments = "NAME DIR | --from=DIR NAME...",
    .summary = "link flags for a library in a known place",
    .about =
        "Prints the switches that link -lNAME from the directory DIR, for this system or another\n"
        "platform, and what a program will have recorded. Nothing is looked for or tried: that\n"
        "is tenon find. With --from, the results of several tenon find --write are joined into\n"
        "CPPFLAGS, LDFLAGS and LIBS, each run path once.\n",
    .examples =
        "Examples:\n"
        "  tenon flags z /opt/z/lib                           for this system\n"
        "  tenon flags --platform=all z /opt/z/lib            for each platform\n"
        "  tenon flags --make-shared --version=1.2 z /opt/z/lib\n"
        "  tenon flags --from=conf z png                      all that a build needs\n\n"
        "Exit status: 0 all is well, 1 refused (no shared library may be made there, or what was\n"
        "found does not go together), 2 wrong usage, 3 a file could not be read.\n",
    .run = run_flags,
};
