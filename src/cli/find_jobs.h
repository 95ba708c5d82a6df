/* src/cli/find_jobs.h - many searches at once, told in order */
#ifndef CLI_FIND_JOBS_H
#define CLI_FIND_JOBS_H

#include <tenon/find.h>

#include "arena.h"
#include "cli.h"

/* What can be asked of one library, as popt stores it. */
struct find_asked {
    char **headers, **dirs;
    char *function, *program, *cflags, *libs;
    char *version_cmd, *version_macro, *version_function, *min_version;
    int static_link;
};

#define FIND_ASKED_OPTIONS(a)                                                                        \
    { "header", 'H', POPT_ARG_ARGV, &(a).headers, 0, "a header that must be there", "FILE" },        \
        { "function",    'f', POPT_ARG_STRING,                                                       \
          &(a).function, 0,   "a function that a header declares and the library has",               \
          "NAME" },                                                                                  \
        { "program",    0, POPT_ARG_STRING,                                                          \
          &(a).program, 0, "a program that must compile, link, and exit with 0",                     \
          "FILE.c" },                                                                                \
        { "dir", 'd', POPT_ARG_ARGV, &(a).dirs, 0, "search below DIR first (include, lib)", "DIR" }, \
        { "cflags", 0, POPT_ARG_STRING, &(a).cflags, 0, "compile with these: no search", "FLAGS" },  \
        { "libs", 0, POPT_ARG_STRING, &(a).libs, 0, "link with these: no search", "FLAGS" },         \
        { "version-macro",                                                                           \
          0,                                                                                         \
          POPT_ARG_STRING,                                                                           \
          &(a).version_macro,                                                                        \
          0,                                                                                         \
          "the header's version: a string or number",                                                \
          "MACRO" },                                                                                 \
        { "version-function",                                                                        \
          0,                                                                                         \
          POPT_ARG_STRING,                                                                           \
          &(a).version_function,                                                                     \
          0,                                                                                         \
          "the library's version: returns a string",                                                 \
          "NAME" },                                                                                  \
        { "version-cmd", 0, POPT_ARG_STRING, &(a).version_cmd, 0, "a command that prints it",        \
          "COMMAND" },                                                                               \
        { "min-version", 0, POPT_ARG_STRING, &(a).min_version, 0, "refuse lower ones", "VERSION" },  \
    {                                                                                                \
        "static", 0, POPT_ARG_NONE, &(a).static_link, 0,                                             \
            "find also what a static link needs besides", NULL                                       \
    }

void find_asked_free(struct find_asked *asked);

/* One search. */
struct find_job {
    tenon_find_request request;
    struct find_asked own; /* of a line of a batch file */
    tenon_found *found;
    tenon_error err;
    int status;
    bool done;
};

struct find_jobs {
    const tenon_finder *finder;
    void (*tell)(void *arg, struct find_job *job); /* sets job->status; in order, one at a time */
    void *arg;
    struct find_job *rows;
    size_t count, room;
};

/* Adds a search for one name. Strings are borrowed. Returns CLI_YES, else a message was printed. */
int find_jobs_add(struct cli *cli, struct find_jobs *jobs, const char *name,
                  const struct find_asked *asked);

/*
 * Adds a search for each line of a file: NAME and options, as on the command line; # begins a
 * comment. What a line does not ask, `asked` does.
 */
int find_jobs_read(struct cli *cli, struct find_jobs *jobs, const char *file,
                   const struct find_asked *asked, struct tn_arena *arena);

/* Runs all, `threads` at once (0: one a processor). Returns the worst status. */
int find_jobs_run(struct cli *cli, struct find_jobs *jobs, int threads);
void find_jobs_free(struct find_jobs *jobs);

#endif
