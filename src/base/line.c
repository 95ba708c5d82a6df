/* src/base/line.c - words joined by spaces, as they come */
#include "line.h"

#include <string.h>

bool tn_line_add(struct tn_arena *arena, struct tn_line *line, const char *word)
{
    size_t size = strlen(word), need = line->size + 1 + size + 1;
    if (need > line->room) {
        char *grown = tn_arena_bytes(arena, 2 * need);
        if (!grown)
            return false;
        if (line->size)
            memcpy(grown, line->at, line->size);
        line->at = grown;
        line->room = 2 * need;
    }
    if (line->size)
        line->at[line->size++] = ' ';
    memcpy(line->at + line->size, word, size + 1);
    line->size += size;
    return true;
}
