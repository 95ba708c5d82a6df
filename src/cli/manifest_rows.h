/* src/cli/manifest_rows.h - rows of a manifest for people: a word, and what there is under it */
#ifndef CLI_MANIFEST_ROWS_H
#define CLI_MANIFEST_ROWS_H

#include <tenon/bundle.h>

#include "out.h"

/* Begins a row: "  WORD      ". */
void cli_row(struct cli_out *out, const char *word);

/*
 * A row for each unit. What several files of code have under one name (native code and bytecode) is
 * one row, which names them. `origins`: where each comes from, too.
 */
void cli_claim_rows(struct cli_out *out, const char *word, const tenon_claim *claims, size_t count,
                    bool origins);

#endif
