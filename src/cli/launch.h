/* src/cli/launch.h - what "tenon cc" and "tenon link" share */
#ifndef CLI_LAUNCH_H
#define CLI_LAUNCH_H

#include "cli.h"
#include "launcher.h"

typedef bool cli_launcher(const struct tn_launch *launch, struct tn_signals *signals,
                          struct tn_exit *exit, tenon_error *err);

/* Reads the options before "--", runs the launcher on what follows, returns the exit status. */
int cli_launch(struct cli *cli, int argc, const char **argv, cli_launcher *launcher);

/* The prefix of units: as given, else by TENON_PROJECT; NULL: none. */
const char *cli_project(const char *given);

#endif
