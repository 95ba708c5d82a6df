/* src/cli/flags_join.h - tenon flags --from */
#ifndef CLI_FLAGS_JOIN_H
#define CLI_FLAGS_JOIN_H

#include "json.h"
#include "settings.h"
#include "words.h"

/* Prints CPPFLAGS, LDFLAGS and LIBS for the libraries `names` from the files in `dir`. */
int cli_flags_join(struct cli *cli, struct cli_settings *settings, const char *dir,
                   const char *format, const char *const *names);

/* An array of words. */
void cli_flags_words(struct cli_json *json, const struct tn_words *words);

#endif
