/* src/cli/main.c - THE table of commands */
#include <signal.h>
#include <string.h>

#include "cli.h"
#include "heap.h"

static const struct cli_command *const commands[] = {
    &cmd_why,   &cmd_show,  &cmd_units,                /* images */
    &cmd_cc,    &cmd_wrap,  &cmd_link,                 /* recording */
    &cmd_pack,  &cmd_build, &cmd_bundle,   &cmd_cache, /* bundles */
    &cmd_check, &cmd_run,                              /* processes */
    &cmd_find,  &cmd_flags, &cmd_platform, &cmd_plist, /* builds */
};

#define COMMANDS (sizeof commands / sizeof *commands)

static void print_help(struct cli *cli)
{
    static const char before[] =
        "usage: tenon COMMAND [OPTION...] ...\n"
        "       tenon help [COMMAND] | --help | --version\n\n"
        "What will this program really be joined with, and is that right?\n"
        "Programs and libraries are read, not run, but by those commands whose work it is.\n\n"
        "Commands:\n";
    static const char after[] =
        "\n"
        "Options:\n"
        "  -h, --help                print this and exit; after a command: the help of that\n"
        "      --version             print the version and exit\n\n"
        "Examples:\n"
        "  tenon why /usr/bin/ssh                what it loads, from where, by which rule\n"
        "  tenon why --lib libz.so.1 ./prog      who brings in one library\n"
        "  tenon show libfoo.so                  what the linker recorded in a file\n\n"
        "Exit status: 0 all is well, 1 the answer is no (something is missing or refused),\n"
        "2 wrong usage, 3 an input could not be read. The worst of several inputs counts.\n";
    struct cli_out *out = &cli->out;

    cli_puts(out, before);
    for (size_t i = 0; i < COMMANDS; i++) {
        cli_puts(out, "  ");
        cli_puts(out, commands[i]->name);
        for (size_t width = strlen(commands[i]->name); width < 10; width++)
            cli_puts(out, " ");
        cli_puts(out, commands[i]->summary);
        cli_puts(out, "\n");
    }
    cli_puts(out, after);
}

static const struct cli_command *command_named(const char *name)
{
    for (size_t i = 0; i < COMMANDS; i++)
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i];
    return NULL;
}

/* Of every command: who writes one first means it for the command that follows. */
static bool is_common_option(const char *argument)
{
    static const char *const options[] = {
        "--json", "--quiet", "-q", "--verbose", "-v", "--color"
    };
    const size_t size = strcspn(argument, "=");

    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        if (strlen(options[i]) == size && memcmp(options[i], argument, size) == 0)
            return true;
    return false;
}

static int unknown(struct cli *cli, const char *argument)
{
    char shown[CLI_SHOWN_ROOM];
    static const char *const options[] = { "--help", "--version" };
    const bool is_option = argument[0] == '-';
    struct cli_guess guess;

    if (is_common_option(argument))
        return cli_usage(cli, "%s: options come after the command", cli_shown(shown, argument));
    cli_guess_begin(&guess, argument);
    for (size_t i = 0; is_option && i < sizeof options / sizeof *options; i++)
        cli_guess_try(&guess, options[i]);
    for (size_t i = 0; !is_option && i < COMMANDS; i++)
        cli_guess_try(&guess, commands[i]->name);
    return cli_unknown(cli, is_option ? "option" : "command", argument, "", &guess);
}

static bool asks_for_help(const char *argument)
{
    return strcmp(argument, "--help") == 0 || strcmp(argument, "-h") == 0 ||
           strcmp(argument, "help") == 0;
}

/* tenon without a command */
static int run_itself(struct cli *cli, const char *argument)
{
    if (!argument)
        return cli_usage(cli, "no command given");
    if (asks_for_help(argument))
        print_help(cli);
    else if (strcmp(argument, "--version") == 0)
        cli_print_version(cli);
    else
        return unknown(cli, argument);
    return CLI_YES;
}

/* "tenon help COMMAND" is "tenon COMMAND --help". */
static int help_with(struct cli *cli, const char *name)
{
    const char *arguments[] = { name, "--help", NULL };

    if (asks_for_help(name))
        return run_itself(cli, name);
    cli->command = command_named(name);
    if (!cli->command)
        return unknown(cli, name);
    return cli->command->run(cli, 2, arguments);
}

int main(int argc, char **argv)
{
    const char *argument = argc > 1 ? argv[1] : NULL;
    const struct cli_command *command = argument ? command_named(argument) : NULL;
    struct cli cli;
    int status;

    void *large = cli_settle_heap();
    signal(SIGPIPE, SIG_DFL); /* a reader that went away is no error, whoever started us */
    cli_begin(&cli, command);
    cli.large_pages = large;
    if (command)
        status = command->run(&cli, argc - 1, (const char **)argv + 1);
    else if (argc > 2 && strcmp(argument, "help") == 0)
        status = help_with(&cli, argv[2]);
    else
        status = run_itself(&cli, argument);
    return cli_end(&cli, status);
}
