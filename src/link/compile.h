/* src/link/compile.h - one run of "tenon cc" */
#ifndef TN_COMPILE_H
#define TN_COMPILE_H

#include "command.h"
#include "launcher.h"
#include "object.h"

struct tn_compilation {
    const struct tn_launch *launch;
    struct tn_signals *signals;
    struct tn_arena *arena;
    struct tn_command command;
};

/* Where what becomes of a source goes, an object or a precompiled header; its unit's name; what the
 * note says it is from. NULL: no memory. */
const char *tn_compile_output(const struct tn_compilation *c, const struct tn_word *source);
const char *tn_compile_name(const struct tn_compilation *c, const struct tn_word *source);
const char *tn_compile_origin(const struct tn_word *source);

/* ... and with one that the object gives itself (<tenon/record.h>), when the user gives no prefix.
 */
const char *tn_compile_unit_name(const struct tn_compilation *c, const struct tn_object *object,
                                 const struct tn_word *source);

/* Puts the note into the object that a source became; what is no object stays as it is. */
bool tn_compile_record(const struct tn_compilation *c, const struct tn_word *source,
                       tenon_error *err);

/* Takes away what the command made. */
void tn_compile_drop_outputs(const struct tn_compilation *c);

/* Compiles to intermediate code, each source by a command of its own. */
bool tn_compile_lto(const struct tn_compilation *c, struct tn_exit *exit, tenon_error *err);

#endif
