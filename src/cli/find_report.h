/* src/cli/find_report.h - the account of a search, for people and as JSON */
#ifndef CLI_FIND_REPORT_H
#define CLI_FIND_REPORT_H

#include <tenon/find.h>

#include "cli.h"

/* Every directory and step, the remarks, the result; without `verbose` each reason once. */
void find_print_text(struct cli_out *out, const tenon_found *found, bool verbose);
void find_print_json(struct cli_json *json, const tenon_found *found);

#endif
