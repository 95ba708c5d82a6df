/* src/cli/trust.h - --trust and --require-signature, alike for all commands that look at bundles */
#ifndef CLI_TRUST_H
#define CLI_TRUST_H

#include <tenon/process.h>

#include "cli.h"

/* As popt stores them. */
struct cli_trust {
    char **keys; /* NULL-ended: key lines or files; NULL: none */
    int require;
};

/* Rows of a table of options; `t` is a struct cli_trust. */
/* clang-format off */
#define CLI_TRUST_OPTIONS(t) \
    { "trust", 0, POPT_ARG_ARGV, &(t).keys, 0, "a public key whose signatures are good", \
      "PUBKEY" }, \
    { "require-signature", 0, POPT_ARG_NONE, &(t).require, 0, \
      "refuse what no trusted key has signed", NULL }
/* clang-format on */

/* The keys that were named; an empty set when none were. errors  those of tenon_keys_add */
tenon_keys *cli_trust_keys(const struct cli_trust *trust, tenon_error *err);

/* Has a process ask for signatures, when an option says so. */
bool cli_trust_apply(const struct cli_trust *trust, tenon_process *process, tenon_error *err);

void cli_trust_free(struct cli_trust *trust);

#endif
