/* src/find/quote.h - words as each consumer reads them */
#ifndef TN_QUOTE_FOR_H
#define TN_QUOTE_FOR_H

#include "arena.h"
#include "words.h"

/*
 * One word for a shell: as it stands when nothing in it means anything to one, else in single
 * quotes. NULL: no memory.
 */
const char *tn_quote_shell(struct tn_arena *arena, const char *word);

/* Words joined by spaces, each quoted for a shell. */
const char *tn_join_shell(struct tn_arena *arena, const struct tn_words *words);

/* A text for the right side of a make assignment: $ doubled, # escaped. */
const char *tn_quote_make(struct tn_arena *arena, const char *text);

/* The inside of a quoted argument of CMake, and of a string of Meson. */
const char *tn_quote_cmake(struct tn_arena *arena, const char *text);
const char *tn_quote_meson(struct tn_arena *arena, const char *text);

/*
 * One word of Cflags or Libs in a .pc file, without "$", "(" and ")".
 *
 * rule  pkgconf and pkg-config print a word quoted for a shell, but for these, however they are
 *       written: a variable of make goes through
 */
const char *tn_quote_pc(struct tn_arena *arena, const char *word);

/* False: a quote is opened and not closed. */
bool tn_is_balanced(const char *text);

/*
 * The words of a text that a shell would read: separated by white space, ' and " and backslashes
 * taken away. False: no memory.
 */
bool tn_split_shell(struct tn_words *words, struct tn_arena *arena, const char *text);

#endif
