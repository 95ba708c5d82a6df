/* src/link/words.h - a command line as words, the ones of response files among them */
#ifndef TN_WORDS_H
#define TN_WORDS_H

#include <string.h>
#include <tenon/world.h>

#include "arena.h"

/* A growing list of strings; rows in malloc memory, strings wherever they came from. */
struct tn_words {
    const char **at;
    size_t count, room;
};

/* False: no memory. NULL is a word too: it ends a list for exec, and is not counted. */
bool tn_words_add(struct tn_words *words, const char *word);
bool tn_words_end(struct tn_words *words);

/* Adds a word unless it is there; adds all words of another list. False: no memory. */
bool tn_words_add_once(struct tn_words *words, const char *word);
bool tn_words_add_all(struct tn_words *words, const struct tn_words *more);
void tn_words_free(struct tn_words *words);

/*
 * Adds a word; "@FILE" is replaced by the words of that file, where it exists, as the driver and
 * the linkers do: separated by white space, quoted by ' or ", a backslash takes the next character
 * as it is. What such a file names is read the same way.
 *
 * owner    new strings are in the arena
 * errors   TENON_E_LIMIT for files that include themselves or hold too much, _MEMORY, _SYSTEM
 */
bool tn_words_expand(struct tn_words *words, tenon_world *world, struct tn_arena *arena,
                     const char *word, tenon_error *err);

static inline const char *tn_base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

static inline bool tn_begins(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

static inline bool tn_is_among(const char *word, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(word, list[i]) == 0)
            return true;
    return false;
}

#endif
