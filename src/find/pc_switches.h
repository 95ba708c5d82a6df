/* src/find/pc_switches.h - switches with their arguments, each once */
#ifndef TN_PC_SWITCHES_H
#define TN_PC_SWITCHES_H

#include "arena.h"
#include "words.h"

/* Starts as { 0 }. A switch, and its argument where that is a word of its own. */
struct tn_switches {
    struct tn_switch {
        const char *word, *argument;
    } * rows;
    size_t count, room;
};

/* The words of a value; NULL has none. False: no memory. */
bool tn_switches_add(struct tn_switches *switches, struct tn_arena *arena, const char *value);

/* Those that name directories, or the others, without what stands there twice. False: no memory. */
bool tn_switches_put(const struct tn_switches *switches, bool dirs, struct tn_words *out);

/* How many words the switch at `i` has: 2 where its argument is one of its own, else 1. */
size_t tn_switch_size(const struct tn_words *words, size_t i);

/*
 * The directory in which the switch at `i` has headers looked for (-I, -isystem, -idirafter), in
 * its own word or the next. NULL: it has none. Borrowed from `words`.
 */
const char *tn_switch_header_dir(const struct tn_words *words, size_t i);

/*
 * Adds the switches of `all` that `some` has not, in order. Of -L and -l one is enough; of all else
 * there are as many in `all` as there must be: a group of the linker's has its ends. False: no
 * memory.
 */
bool tn_switches_without(const struct tn_words *all, const struct tn_words *some,
                         struct tn_words *out);

void tn_switches_free(struct tn_switches *switches);

#endif
