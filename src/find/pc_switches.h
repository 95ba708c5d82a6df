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
void tn_switches_free(struct tn_switches *switches);

#endif
