/* src/cli/report.h - what `tenon check` and `tenon run` say about plugins */
#ifndef CLI_REPORT_H
#define CLI_REPORT_H

#include <tenon/process.h>

#include "cli.h"

/* One answer about one host. */
struct cli_plugins {
    struct cli *cli;
    const char *host; /* as the user named it */
    enum tenon_record record;
    bool loaded;       /* the plugins were loaded, not only checked */
    bool takes_offers; /* --offer says what the host offers when it runs */
    /* Gets the answer instead of the user, or why there is none: one of the two is NULL. NULL */
    void (*hear)(void *arg, const tenon_report *report, const tenon_error *err);
    void *hear_arg;
};

/* The first name that is empty is wrong usage, which is said. True: there is none. */
bool cli_check_names(struct cli *cli, const char *const *bundles, int *status);

/* The answer as text, or as the one JSON object; returns the exit status. */
int cli_report_plugins(const struct cli_plugins *plugins, const tenon_report *report);

/* The same for a host that cannot be answered for. */
int cli_report_no_host(const struct cli_plugins *plugins, const tenon_error *err);

#endif
