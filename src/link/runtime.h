/* src/link/runtime.h - the compiler's own parts of every program */
#ifndef TN_RUNTIME_H
#define TN_RUNTIME_H

#include <tenon/world.h>

#include "command.h"
#include "report.h"

/*
 * Start files and the helpers of compiled code are no units: every linked file has its own, and is
 * made to. They are known by where they are: start files (crt1.o, crtbegin.o, ...) are objects that
 * the driver adds, not the user, or that are named to ld itself; helpers are libgcc.a, libgcc_eh.a,
 * libgcov.a, libc_nonshared.a and libssp_nonshared.a in a directory of those, and what clang adds
 * of libclang_rt.*.a to every file. The runtime of a sanitizer is one for the process: a unit.
 */
struct tn_runtime {
    const char **directories; /* real paths; in the arena */
    size_t count;
};

/* By its name, and by whether the user's command names it. */
bool tn_runtime_is_start_file(const struct tn_command *command, const char *path);

/* The directories of start files in a report. False: no memory. */
bool tn_runtime_find(struct tn_runtime *runtime, tenon_world *world, struct tn_arena *arena,
                     const struct tn_command *command, const struct tn_report *report);

/* True when an archive is one of the helpers. False also without memory (*lost). */
bool tn_runtime_has(const struct tn_runtime *runtime, tenon_world *world, struct tn_arena *arena,
                    const struct tn_command *command, const char *archive, bool *lost);

#endif
