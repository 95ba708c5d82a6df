/* src/cli/cli.c - what all commands share: options, messages and the terminal */
#include "cli.h"

#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "text.h"

/* Where the descriptions of options start in a help text. */
#define HELP_COLUMN 28

void cli_begin(struct cli *cli, const struct cli_command *command)
{
    cli->command = command;
    cli->json = cli->quiet = cli->verbose = 0;
    cli->color = NULL;
    cli->parser = NULL;
    cli->large_pages = NULL;
    cli_out_init(&cli->out, STDOUT_FILENO);
    cli_out_init(&cli->err, STDERR_FILENO);
}

int cli_end(struct cli *cli, int status)
{
    cli_flush(&cli->out);
    if (cli->out.error) {
        cli_complain(cli, "standard output: %s", strerror(cli->out.error));
        status = CLI_UNREADABLE;
    }
    free(cli->color);
    poptFreeContext(cli->parser);
    return status;
}

static void put_command(struct cli *cli, struct cli_out *out)
{
    cli_puts(out, "tenon");
    if (cli->command) {
        cli_puts(out, " ");
        cli_puts(out, cli->command->name);
    }
}

const char *cli_shown(char buffer[CLI_SHOWN_ROOM], const char *name)
{
    if (*name)
        tn_text_escape(buffer, CLI_SHOWN_ROOM, name, strlen(name));
    else
        memcpy(buffer, "''", sizeof "''");
    return buffer;
}

static void begin_complaint(struct cli *cli)
{
    cli_flush(&cli->out); /* so that a log of both streams is in order */
    put_command(cli, &cli->err);
    cli_puts(&cli->err, ": ");
}

static void end_complaint(struct cli *cli)
{
    cli_puts(&cli->err, "\n");
    cli_flush(&cli->err);
}

static void complain(struct cli *cli, const char *format, va_list arguments)
{
    char text[TENON_ERROR_TEXT + CLI_SHOWN_ROOM + 64];

    begin_complaint(cli);
    vsnprintf(text, sizeof text, format, arguments);
    cli_prose(&cli->err, text);
}

void cli_complain_of(struct cli *cli, const char *name, const char *message)
{
    begin_complaint(cli);
    cli_text(&cli->err, *name ? name : "''");
    cli_puts(&cli->err, ": ");
    cli_prose(&cli->err, message);
    end_complaint(cli);
}

void cli_complain(struct cli *cli, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    complain(cli, format, arguments);
    va_end(arguments);
    end_complaint(cli);
}

int cli_usage(struct cli *cli, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    complain(cli, format, arguments);
    va_end(arguments);
    cli_puts(&cli->err, " (try '");
    put_command(cli, &cli->err);
    cli_puts(&cli->err, " --help')");
    end_complaint(cli);
    return CLI_USAGE;
}

int cli_unknown(struct cli *cli, const char *what, const char *written, const char *dashes,
                const struct cli_guess *guess)
{
    char shown[CLI_SHOWN_ROOM];

    cli_shown(shown, written);
    if (!guess->best)
        return cli_usage(cli, "%s: unknown %s", shown, what);
    cli_complain(cli, "%s: unknown %s (did you mean %s%s?)", shown, what, dashes, guess->best);
    return CLI_USAGE;
}

void cli_print_version(struct cli *cli)
{
    cli_puts(&cli->out, "tenon ");
    cli_puts(&cli->out, tenon_version_string());
    cli_puts(&cli->out, "\n");
}

static void print_option(struct cli_out *out, const struct poptOption *option)
{
    char left[80];
    int width =
        snprintf(left, sizeof left, "  %c%c%s--%s%s%s", option->shortName ? '-' : ' ',
                 option->shortName ? option->shortName : ' ', option->shortName ? ", " : "  ",
                 option->longName, option->argDescrip ? "=" : "",
                 option->argDescrip ? option->argDescrip : "");

    cli_puts(out, left);
    if (width > HELP_COLUMN - 2) {
        cli_puts(out, "\n");
        width = 0;
    }
    for (; width < HELP_COLUMN; width++)
        cli_puts(out, " ");
    cli_puts(out, option->descrip);
    cli_puts(out, "\n");
}

void cli_print_options(struct cli_out *out, const struct poptOption *options)
{
    for (; options->longName; options++)
        print_option(out, options);
}

static bool has_option(const struct poptOption *options, const char *name)
{
    for (; options->longName; options++)
        if (strcmp(options->longName, name) == 0)
            return true;
    return false;
}

/* The common options, without those that mean something else to this command. */
static void print_common(struct cli_out *out, const struct poptOption *common,
                         const struct poptOption *own)
{
    for (; common->longName; common++)
        if (!has_option(own, common->longName))
            print_option(out, common);
}

static void print_help(struct cli *cli, const struct poptOption *options,
                       const struct poptOption *common)
{
    const struct cli_command *command = cli->command;
    struct cli_out *out = &cli->out;
    const char *const text[] = { "usage: tenon ",    command->name, " [OPTION...] ",
                                 command->arguments, "\n\n",        command->about,
                                 "\nOptions:\n" };

    for (size_t i = 0; i < sizeof text / sizeof *text; i++)
        cli_puts(out, text[i]);
    cli_print_options(out, options);
    cli_puts(out, "\nCommon to all commands:\n");
    print_common(out, common, options);
    cli_puts(out, "\n");
    cli_puts(out, command->examples);
}

/* rule: https://no-color.org; a dumb terminal has no colours */
static bool terminal_has_colors(void)
{
    const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

    return !(no_color && *no_color) && !(term && strcmp(term, "dumb") == 0) &&
           isatty(STDOUT_FILENO);
}

static bool set_color(struct cli *cli)
{
    const char *when = cli->color ? cli->color : "auto";

    if (strcmp(when, "always") == 0)
        cli->out.color = true;
    else if (strcmp(when, "auto") == 0)
        cli->out.color = !cli->json && !cli->quiet && terminal_has_colors();
    else if (strcmp(when, "never") != 0)
        return false;
    return true;
}

/* "--whatif=A" is compared as "whatif". */
static int unknown_option(struct cli *cli, const char *written, const struct poptOption *own,
                          const struct poptOption *common)
{
    const struct poptOption *const tables[] = { own, common };
    char word[CLI_SHOWN_ROOM];
    struct cli_guess guess;

    snprintf(word, sizeof word, "%.*s", (int)strcspn(written, "="), written);
    cli_guess_begin(&guess, word + (strncmp(word, "--", 2) == 0 ? 2 : 0));
    for (size_t i = 0; guess.word > word && i < sizeof tables / sizeof *tables; i++)
        for (const struct poptOption *option = tables[i]; option->longName; option++)
            cli_guess_try(&guess, option->longName);
    return cli_unknown(cli, "option", written, "--", &guess);
}

bool cli_parse(struct cli *cli, struct poptOption *options, int argc, const char **argv,
               const char *const **files, int *status)
{
    static const char *const no_file = NULL;
    char shown[CLI_SHOWN_ROOM];
    int help = 0, version = 0, wrong;
    struct poptOption common[] = {
        { "json", 0, POPT_ARG_NONE, &cli->json, 0, "print one JSON object (doc/tenon/json.md)",
          NULL },
        { "quiet", 'q', POPT_ARG_NONE, &cli->quiet, 0, "no answer, only the exit status", NULL },
        { "verbose", 'v', POPT_ARG_NONE, &cli->verbose, 0, "say more", NULL },
        { "color", 0, POPT_ARG_STRING, &cli->color, 0, "auto, always or never", "WHEN" },
        { "help", 'h', POPT_ARG_NONE, &help, 0, "print this and exit", NULL },
        { "version", 0, POPT_ARG_NONE, &version, 0, "print the version and exit", NULL },
        POPT_TABLEEND
    };
    struct poptOption all[] = { { NULL, 0, POPT_ARG_INCLUDE_TABLE, options, 0, NULL, NULL },
                                { NULL, 0, POPT_ARG_INCLUDE_TABLE, common, 0, NULL, NULL },
                                POPT_TABLEEND };

    errno = 0; /* popt goes on without what it has no memory for: an option would be lost */
    cli->parser = poptGetContext("tenon", argc, argv, all, POPT_CONTEXT_NO_EXEC);
    wrong = cli->parser ? poptGetNextOpt(cli->parser) : -1;
    if (!cli->parser || errno == ENOMEM) {
        cli_complain(cli, "out of memory");
        *status = CLI_UNREADABLE;
        return false;
    }
    *status = CLI_YES;
    *files = (const char *const *)poptGetArgs(cli->parser);
    if (wrong == POPT_ERROR_BADOPT)
        *status = unknown_option(cli, poptBadOption(cli->parser, POPT_BADOPTION_NOALIAS), options,
                                 common);
    else if (wrong == POPT_ERROR_NOARG && has_option(options, "version") &&
             strcmp(poptBadOption(cli->parser, POPT_BADOPTION_NOALIAS), "--version") == 0)
        *status = cli_usage(cli, "--version=VERSION is an option of this command; tenon's own is "
                                 "told by tenon --version");
    else if (wrong < -1)
        *status = cli_usage(cli, "%s: %s",
                            cli_shown(shown, poptBadOption(cli->parser, POPT_BADOPTION_NOALIAS)),
                            poptStrerror(wrong));
    else if (help)
        print_help(cli, options, common);
    else if (version)
        cli_print_version(cli);
    else if (!set_color(cli))
        *status =
            cli_usage(cli, "--color is auto, always or never, not %s", tn_quote(shown, cli->color));
    else if (cli->command->bare && !*files)
        *files = &no_file;
    else if (!*files || !**files)
        *status = cli_usage(cli, "no %.*s given", (int)strcspn(cli->command->arguments, "."),
                            cli->command->arguments);
    else
        return true;
    return *files == &no_file;
}

bool cli_is_utf8(void)
{
    return setlocale(LC_CTYPE, "") && strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

void *cli_room_take(struct cli_room *room, size_t count, size_t size)
{
    size_t bytes;

    if (__builtin_mul_overflow(count, size, &bytes))
        return NULL;
    if (bytes > room->bytes || !room->rows) {
        free(room->rows);
        room->bytes = bytes + bytes / 2 + 64;
        room->rows = malloc(room->bytes);
        if (!room->rows) {
            room->bytes = 0;
            return NULL;
        }
    }
    memset(room->rows, 0, bytes);
    return room->rows;
}
