/* src/cli/files_ahead.h - what the FILEs of a command are answered from, made by two threads */
#ifndef CLI_FILES_AHEAD_H
#define CLI_FILES_AHEAD_H

#include <tenon/tenon.h>

/*
 * How one of them is made, from `path` in `world`, which nobody else uses meanwhile. NULL: no
 * memory. `drop` ends what nobody took.
 */
struct files_ahead_way {
    void *(*make)(void *context, tenon_world *world, const char *path);
    void (*drop)(void *made);
    void *context;
};

struct files_ahead;

/*
 * Gets ready to make what the files at `paths` (borrowed until files_ahead_end) are answered from;
 * `world`, this system with nothing over it, is the caller's. NULL: it would not pay, or cannot be.
 */
struct files_ahead *files_ahead_begin(const struct files_ahead_way *way, tenon_world *world,
                                      const char *const *paths);
void files_ahead_end(struct files_ahead *ahead);

/*
 * The one for paths[i], each asked for once and in that order. While another thread makes it, the
 * caller's makes those that come after it. NULL: no memory.
 */
void *files_ahead_take(struct files_ahead *ahead, size_t i);

#endif
