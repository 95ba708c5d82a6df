/* src/cli/input.h - a text that the user names: a file, a pipe, or standard input */
#ifndef CLI_INPUT_H
#define CLI_INPUT_H

#include "arena.h"
#include "view.h"

#include <tenon/world.h>

/*
 * The whole of a text with a NUL behind it: of a file in the world, of standard input for "-", of a
 * pipe as a shell's <(...) gives.
 *
 * returns  0 or an errno value (EFBIG above `limit` bytes, EISDIR for a directory)
 */
int cli_input(tenon_world *world, const char *file, size_t limit, struct tn_arena *arena,
              struct tn_view *out);

#endif
