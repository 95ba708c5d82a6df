/* src/link/options.h - the options of compilers, as tables */
#ifndef TN_OPTIONS_H
#define TN_OPTIONS_H

#include "command.h"

/* Whether the next word is this one's value, and what both are for. */
bool tn_option_takes_next(const char *word, enum tn_word_role *role);

/* What a word is for that begins with a dash and has no value behind it. */
enum tn_word_role tn_option_role(const char *word);

/* True for words that make the whole command something else than a compile or a link. */
bool tn_option_is_other(const char *word);

/* True for files that a compiler takes for sources, by their suffix. */
bool tn_option_is_source(const char *path);

#endif
