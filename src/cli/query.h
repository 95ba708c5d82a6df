/* src/cli/query.h - which system is asked about, and what if it were different */
#ifndef CLI_QUERY_H
#define CLI_QUERY_H

#include "cli.h"

/* Options that select the system, as popt stores them. */
struct cli_query {
    char *sysroot, *loader, *cwd, *exe, *interpreter, *cpu, *platform;
    char **env, **settings; /* NULL-ended; NULL: none */
    int clean_env, setuid;
    unsigned flags; /* enum tenon_resolve_flags */
};

void cli_query_free(struct cli_query *query);

/* Ends a list of strings as popt makes it; NULL is fine. */
void cli_free_list(char **list);

/* A system that can be asked. */
struct cli_side {
    tenon_world *world;
    tenon_resolver *resolver;
    char *exe;           /* the path of --exe in the world; NULL: none given */
    char *start;         /* the directory that a relative FILE starts from */
    const char *sysroot; /* borrowed; NULL: this system */
    bool moved;          /* the world's own cwd is another than `start` */
};

/*
 * The system of the query with the changes of --what-if (a NULL-ended list; NULL: none). False:
 * return *status; the whole answer was printed: a message, or JSON. cli_side_close() is needed in
 * both cases.
 */
bool cli_side_open(struct cli *cli, const struct cli_query *query, char *const *changes,
                   struct cli_side *side, int *status);
void cli_side_close(struct cli_side *side);

/*
 * The path in the world of a FILE as the user gave it: with a sysroot, one that exists in it
 * comes first, then one of this system that lies below the sysroot. To be freed; NULL: no memory.
 */
char *cli_side_path(const struct cli_side *side, const char *file);

#endif
