/* src/link/linker_words.h - the words that a linker itself is given */
#ifndef TN_LINKER_WORDS_H
#define TN_LINKER_WORDS_H

#include "command.h"

/* Between two words: the option that waits for its value; start with { 0 }. */
struct tn_linker_reader {
    const char *waiting;
};

/*
 * Reads one more word of ld's command line ("-Wl,-Map,FILE" gives two) into *command. "@FILE" is
 * read as its words.
 *
 * errors   those of tn_words_expand
 */
bool tn_linker_read(struct tn_linker_reader *reader, struct tn_command *command, tenon_world *world,
                    struct tn_arena *arena, const char *word, tenon_error *err);

#endif
