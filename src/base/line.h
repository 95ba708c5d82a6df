/* src/base/line.h - words joined by spaces, as they come */
#ifndef TN_LINE_H
#define TN_LINE_H

#include "arena.h"

/* Starts as { 0 }. `at` ends with NUL, and stays valid as long as the arena; NULL: no word yet. */
struct tn_line {
    char *at;
    size_t size, room;
};

/*
 * Adds a word; the text moves to twice the room when it has to, so that many words take time and
 * memory in proportion to their bytes. False: no memory.
 */
bool tn_line_add(struct tn_arena *arena, struct tn_line *line, const char *word);

#endif
