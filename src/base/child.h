/* src/base/child.h - a child process: started, and what its end means */
#ifndef TN_CHILD_H
#define TN_CHILD_H

#include <signal.h>
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
};

/* Starts a program. Returns 0 or an errno value. */
int tn_child_start(const struct tn_child *child, pid_t *pid);

/*
 * Waits until a child ended, `seconds` at most (0: for ever); then it is killed. Returns 0 or an
 * errno value, ETIMEDOUT when it was killed.
 */
int tn_child_wait(pid_t pid, unsigned seconds, struct tn_exit *exit);

#endif
