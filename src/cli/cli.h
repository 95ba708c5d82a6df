/* src/cli/cli.h - what all commands share: their table row, options, messages and statuses */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <popt.h>
#include <stdbool.h>
#include <tenon/tenon.h>

#include "json.h"
#include "out.h"
#include "suggest.h"

/* Exit statuses, from best to worst. */
enum { CLI_YES = 0, CLI_NO = 1, CLI_USAGE = 2, CLI_UNREADABLE = 3 };

struct cli;

/* One row of the table of commands. */
struct cli_command {
    const char *name;
    const char *arguments; /* "FILE..." */
    const char *summary;   /* one line, for the list of commands */
    const char *about;     /* paragraphs, each line ended */
    const char *examples;  /* after the options: examples and exit statuses */
    int (*run)(struct cli *cli, int argc, const char **argv);
    bool bare; /* it may be used without a FILE: then *files of cli_parse is an empty list */
};

extern const struct cli_command cmd_why, cmd_show, cmd_units, cmd_cc, cmd_wrap, cmd_link;
extern const struct cli_command cmd_build, cmd_bundle, cmd_cache, cmd_pack;
extern const struct cli_command cmd_check, cmd_run;
extern const struct cli_command cmd_find, cmd_flags, cmd_platform, cmd_plist;

/* One run of the command. */
struct cli {
    const struct cli_command *command; /* NULL: tenon itself */
    int json, quiet, verbose;
    char *color;        /* --color, as given */
    poptContext parser; /* owns the FILE strings */
    struct cli_out out, err;
    void *large_pages; /* see heap.h; NULL: none */
};

void cli_begin(struct cli *cli, const struct cli_command *command);

/* Writes what is left; returns the exit status, CLI_UNREADABLE when output was lost. */
int cli_end(struct cli *cli, int status);

/*
 * Reads a command's options (a popt table that stores into the caller's variables) and those
 * common to all. True: go on with *files, a NULL-ended list of at least one string (unless the
 * command may be bare) that lives as long as `cli`. False: return *status; help, version or a
 * message was printed.
 */
bool cli_parse(struct cli *cli, struct poptOption *options, int argc, const char **argv,
               const char *const **files, int *status);

/*
 * A name as it stands in a message: escaped once, '' when it is empty, cut when it is very long.
 * Returns `buffer`.
 */
#define CLI_SHOWN_ROOM 1024
const char *cli_shown(char buffer[CLI_SHOWN_ROOM], const char *name);

/* "tenon why: MESSAGE" on standard error; names in it are escaped already. */
void cli_complain(struct cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* "tenon why: NAME: MESSAGE"; the name, of any length, is escaped here. */
void cli_complain_of(struct cli *cli, const char *name, const char *message);

/* cli_complain with a hint at --help; returns CLI_USAGE. */
int cli_usage(struct cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * "tenon: WORD: unknown command", with the guess (whose name has `dashes` before it) or a hint at
 * --help; returns CLI_USAGE.
 */
int cli_unknown(struct cli *cli, const char *what, const char *written, const char *dashes,
                const struct cli_guess *guess);

/* "tenon 0.1.0" */
void cli_print_version(struct cli *cli);

/* The help of one table of options, a line each. */
void cli_print_options(struct cli_out *out, const struct poptOption *options);

static inline int cli_worse(int a, int b)
{
    return a > b ? a : b;
}

/* True when the user's terminal understands UTF-8, by the locale. */
bool cli_is_utf8(void);

/* A short-lived array that grows to `count` rows and is kept for the next use; zeroed. NULL: no
 * memory. */
struct cli_room {
    void *rows;
    size_t bytes;
};
void *cli_room_take(struct cli_room *room, size_t count, size_t size);

#endif
