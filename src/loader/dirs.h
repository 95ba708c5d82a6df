/* src/loader/dirs.h - path lists: split, expand tokens, drop what the loader drops */
#ifndef TN_DIRS_H
#define TN_DIRS_H

#include "rules.h"

/* How one loader reads one kind of list. */
struct tn_list_syntax {
    const char *separators;
    bool empty_is_cwd; /* an empty element means the current directory; else it vanishes */
    char cwd_beside;   /* ... only before this separator, or as the last behind it; 0: wherever */
    bool drop_duplicates;
    bool strip_slashes;             /* trailing '/' do not count */
    const struct tn_tokens *tokens; /* NULL: nothing is expanded */
};

/* One token and its value; NULL value: known and without a value, the element is dropped. */
struct tn_token {
    const char *name;
    const char *value;
};

/* What may not follow a token without braces: it would be another word. */
enum tn_token_end {
    TN_TOKEN_END_IDENTIFIER, /* a letter, digit or '_' */
    TN_TOKEN_END_LETTER,
    TN_TOKEN_END_NOTHING, /* all may: "$ORIGINX" is the origin and an X */
};

/* What `$NAME` and `${NAME}` mean in a list. */
struct tn_tokens {
    struct tn_token rows[8];
    size_t count;
    enum tn_token_end end;
    bool no_braces;      /* "${NAME}" is no token */
    bool unknown_vanish; /* a '$' word that is none stands for nothing, not for itself */

    /*
     * glibc's rule for secure processes: an element that uses the first token (ORIGIN) is kept
     * only if it begins with it and, when `trusted` is set, lands below one of these directories.
     */
    bool secure;
    const struct tn_dirs *trusted;
};

/*
 * Splits `list`. The result lives in the arena; NULL: no memory. No more than
 * TN_LIMIT_LIST_ELEMENTS elements are kept.
 */
const struct tn_dirs *tn_dirs_split(struct tn_arena *arena, const char *list,
                                    const struct tn_list_syntax *syntax);

/* A list from ready directories: `count` strings, copied. */
const struct tn_dirs *tn_dirs_from(struct tn_arena *arena, const char *const *dirs, size_t count);

/* True when the string has one of the tokens in it. */
bool tn_tokens_in(const char *string, const struct tn_tokens *tokens);

/*
 * Expands all tokens. NULL with *outcome: one has no value (NOT_EXPANDABLE), the secure rule
 * forbids it (DROPPED_SECURE), or no memory (FOUND).
 */
const char *tn_tokens_expand(struct tn_arena *arena, const char *string, size_t size,
                             const struct tn_tokens *tokens, enum tenon_outcome *outcome);

#endif
