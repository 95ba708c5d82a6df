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
 * Makes the settings: from --set, the environment and tenon.conf, not yet from a platform. False:
 * return *status; a message was printed. cli_settings_free() is needed in both cases.
 */
bool cli_settings_read(struct cli *cli, struct cli_settings *settings, int *status);

/* Fills in the platform. */
bool cli_settings_settle(struct cli *cli, struct cli_settings *settings,
                         const tenon_platform *platform, int *status);
void cli_settings_free(struct cli_settings *settings);

/* The platform of a name, or (NULL) of this system; NULL: a message was printed, return usage. */
const tenon_platform *cli_platform(struct cli *cli, const char *name);

#endif
