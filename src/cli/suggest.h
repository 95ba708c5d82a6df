/* src/cli/suggest.h - what the user may have meant */
#ifndef CLI_SUGGEST_H
#define CLI_SUGGEST_H

#include <stdbool.h>
#include <stddef.h>

/* The closest of the words tried so far. */
struct cli_guess {
    const char *word; /* as it was written */
    const char *best; /* NULL: none is close */
    size_t distance;
};

void cli_guess_begin(struct cli_guess *guess, const char *word);
void cli_guess_try(struct cli_guess *guess, const char *word);

/*
 * The path of the program that a shell would start for `name`, into path[size]; false: none, it
 * does not fit, or `name` is a path already.
 */
bool cli_program_of(const char *name, char *path, size_t size);

#endif
