/* src/link/launcher.h - the launchers: a compiler's command is run, and what it makes gets a record
 */
#ifndef TN_LAUNCHER_H
#define TN_LAUNCHER_H

#include <tenon/world.h>

#include "run.h"

/* What a launcher may say beside what the compiler prints. */
enum tn_remark {
    TN_REMARK_DETAIL,  /* what was done */
    TN_REMARK_WARNING, /* what could not be done */
};

struct tn_launch {
    tenon_world *world; /* this system */
    const char *const *argv;
    size_t argc;
    const char *prefix; /* of units' names: --unit-prefix, else TENON_PROJECT; NULL */
    void (*remark)(void *arg, enum tn_remark kind, const char *text); /* may be NULL */
    /* what the compiler printed on standard output, where that had to be caught; may be NULL */
    bool (*print)(void *arg, const void *bytes, size_t size);
    void *arg;
};

/*
 * Runs a compiler's command as it stands; when it linked a program or shared library, its output
 * afterwards has the record of all units that the link took. Other commands are only run.
 *
 * returns  true: *exit is how the command ended. False with *err filled: exit->status 126 or 127,
 *          the command could not be started; 0, it succeeded but its output could not be completed
 *          and was removed
 */
bool tn_link(const struct tn_launch *launch, struct tn_signals *signals, struct tn_exit *exit,
             tenon_error *err);

/* The same for commands that compile: each object gets the note of its unit. */
bool tn_compile(const struct tn_launch *launch, struct tn_signals *signals, struct tn_exit *exit,
                tenon_error *err);

/* Makes a remark. */
void tn_remark(const struct tn_launch *launch, enum tn_remark kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
