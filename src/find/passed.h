/* src/find/passed.h - the words that a compiler passes on to its linker */
#ifndef TN_PASSED_H
#define TN_PASSED_H

#include <tenon/find.h>

#include "arena.h"
#include "words.h"

/*
 * Adds words for the linker: "-Wl,A,B"; where one has a comma, at which the driver would cut, each
 * behind an -Xlinker. False: no memory.
 */
bool tn_add_passed(struct tn_words *words, struct tn_arena *arena, const char *const *passed,
                   size_t count);

/* What shall stand instead of a linker's word: the word itself, or another. NULL: no memory. */
typedef const char *tn_passed_change(void *arg, const char *word);

/*
 * Has `change` see each word of the linker's, in order: the parts of -Wl, what follows -Xlinker,
 * and words that are the driver's and the linker's alike ("-R"). What has got a comma is passed on
 * in words of its own. False: no memory.
 */
bool tn_passed_map(struct tn_words *words, struct tn_arena *arena, tn_passed_change *change,
                   void *arg);

/* Reads run paths out of a linker's words, one after the other; start with { 0 }. */
struct tn_run_path_reader {
    bool waiting; /* the word before was "-rpath" */
};

/*
 * The list of directories in a linker's word, by its offset; 0 when *is and the whole word is one.
 *
 * rule  GNU ld, lld, gold, ld64: -rpath, --rpath, with "=" or a word of its own; -R
 */
size_t tn_run_path_in(struct tn_run_path_reader *reader, const char *word, bool *is);

/* An element of a run path that means another place wherever a program is started. */
bool tn_is_relative(const char *element, size_t size);

/*
 * The run paths among switches must be the same from everywhere.
 *
 * errors   TENON_E_ARGUMENT, TENON_E_MEMORY
 */
bool tn_check_run_paths(const struct tn_words *words, const tenon_platform *platform,
                        tenon_error *err);

#endif
