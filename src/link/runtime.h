/* src/link/runtime.h - the compiler's own parts of every program */
#ifndef TN_RUNTIME_H
#define TN_RUNTIME_H

#include <tenon/world.h>

#include "command.h"
#include "report.h"

/*
 * Start files and the helpers that compiled code calls are no units: every linked file has its own,
 * and is made to. They are known by where they are: start files (crt1.o, crtbegin.o, ...) are
 * objects that the driver adds, not the user; helpers are libgcc.a, libgcc_eh.a,
 * libclang_rt.builtins*.a and libc_nonshared.a in a directory of those.
 */
struct tn_runtime {
    const char **directories; /* real paths; in the arena */
    size_t count;
};

/* By the name alone: for objects that the user's command does not name. */
bool tn_runtime_is_start_file(const char *path);

/* The directories of start files in a report. False: no memory. */
bool tn_runtime_find(struct tn_runtime *runtime, tenon_world *world, struct tn_arena *arena,
                     const struct tn_command *command, const struct tn_report *report);

/* True when an archive is one of the helpers. False also without memory (*lost). */
bool tn_runtime_has(const struct tn_runtime *runtime, tenon_world *world, struct tn_arena *arena,
                    const char *archive, bool *lost);

#endif
