/* src/base/child.h - a child process: started, and what its end means */
#ifndef TN_CHILD_H
#define TN_CHILD_H

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

/* How a program ended: by exit(status), or by a signal (then status is 128 + signal). */
struct tn_exit {
    int status;
    int signal; /* 0: none */
};

/* What wait() said. */
struct tn_exit tn_exit_of(int wait_status);

struct tn_child {
    const char *const *argv; /* NULL-ended; argv[0] is found by this process's PATH */
    const char *const *env;  /* NULL-ended */
    int in, out, err_out;    /* descriptors; -1: this process's own */
    const sigset_t *mask;    /* signals that it blocks; NULL: as this process */
    bool own_group;          /* it leads a process group, which can be ended as a whole */
};

/* A program that was started. */
struct tn_started {
    pid_t pid;
    int told; /* -1: wait() tells how it ends; else a descriptor from which tn_child_wait() has it
               */
};

/*
 * Starts a program. Returns 0 or an errno value. In a process that ignores SIGCHLD the system would
 * tell nobody how it ends: a copy of this process stands between then, which waits for it, and both
 * are a process group of their own. In the program SIGCHLD is not ignored: compilers wait, too.
 */
int tn_child_start(const struct tn_child *child, struct tn_started *started);

/* How long one waits for a child. */
struct tn_patience {
    unsigned seconds;       /* 0: for ever */
    const sigset_t *ending; /* until one of these signals is pending; NULL: whatever is */
    bool group;             /* the child leads a process group */
};

/*
 * Waits until a child ended. When the patience is over it is asked to end (SIGTERM, for compilers
 * have files to remove), then made to; so is its group. Returns 0 or an errno value: ETIMEDOUT or
 * EINTR when it was made to end, for the time or for a signal.
 */
int tn_child_wait(const struct tn_started *started, const struct tn_patience *patience,
                  struct tn_exit *exit);

#endif
