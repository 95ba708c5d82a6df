/* src/link/inputs.h - what a command reads, and could not read a second time */
#ifndef TN_INPUTS_H
#define TN_INPUTS_H

#include <sys/types.h>

#include "command.h"
#include "limits.h"

/* Standard input, when the command reads it and it can be read again. */
struct tn_inputs {
    bool has_start;
    off_t start; /* where the command begins to read */
};

/*
 * A word of a command may name an open descriptor (/dev/stdin, /dev/fd/63 of a shell's "<(...)").
 * When that is a pipe or terminal, it is read to its end, and a file without a name that holds the
 * same bytes takes the descriptor's place in this process: whoever is started from here reads them,
 * as often as it likes.
 *
 * shape    before signals are held back: it may wait for a user
 * errors   TENON_E_SYSTEM; then some of it may have been read
 */
bool tn_inputs_hold(struct tn_inputs *inputs, const char *word, tenon_error *err);

/* The same for all words of a command, and for the source "-". */
bool tn_inputs_hold_all(struct tn_inputs *inputs, const struct tn_command *command,
                        tenon_error *err);

/* Before each run of the command. */
void tn_inputs_rewind(const struct tn_inputs *inputs);

/* A source that is read from a descriptor: its path says nothing of it. */
bool tn_inputs_is_nameless(const char *source);

/* A path that can be read only once: of a pipe, a socket, a terminal. */
bool tn_inputs_is_once(const char *path);

/* True when the command reads such a path, which is then in `path`. */
bool tn_inputs_once(const struct tn_command *command, char path[TN_LIMIT_PATH]);

#endif
