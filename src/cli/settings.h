/* src/cli/settings.h - platform and variables, from options, environment and tenon.conf */
#ifndef CLI_SETTINGS_H
#define CLI_SETTINGS_H

#include <tenon/find.h>

#include "cli.h"

struct cli_settings {
    char *config;   /* --config */
    char **set;     /* --set NAME=VALUE, NULL-ended; NULL: none */
    char *platform; /* --platform; NULL: none given */
    tenon_settings *settings;
};

#define CLI_SETTINGS_OPTIONS(s)                                                                    \
    { "config", 0, POPT_ARG_STRING, &(s).config, 0, "read FILE instead of tenon.conf", "FILE" },   \
    {                                                                                              \
        "set", 0, POPT_ARG_ARGV, &(s).set, 0, "give a variable a value", "NAME=VALUE"              \
    }

/*
 * Makes the settings: from --set, the environment and tenon.conf, not yet from a platform.
 * cli_settings_free() is needed in any case.
 */
bool cli_settings_read(struct cli_settings *settings, tenon_error *err);

/* The same, and from a platform what these do not say. */
bool cli_settings_settle(struct cli_settings *settings, const tenon_platform *platform,
                         tenon_error *err);
void cli_settings_free(struct cli_settings *settings);

/* The whole answer when there are none: JSON, or a message. Returns the exit status. */
int cli_settings_fail(struct cli *cli, const tenon_error *err);

/* The same as one row of the results, in JSON that was begun. */
int cli_settings_fail_row(struct cli *cli, struct cli_json *json, const char *name,
                          const tenon_error *err);

/* The platform of a name, or (NULL) of this system. errors  TENON_E_ARGUMENT: there is none */
const tenon_platform *cli_find_platform(const char *name, tenon_error *err);

/* The same; NULL: a message was printed, return usage. */
const tenon_platform *cli_platform(struct cli *cli, const char *name);

#endif
