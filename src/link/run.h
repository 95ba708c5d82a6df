/* src/link/run.h - runs one program and waits for it */
#ifndef TN_RUN_H
#define TN_RUN_H

#include <signal.h>
#include <stdbool.h>
#include <tenon/error.h>

#include "child.h"

/*
 * Signals that ask this process to end (INT, QUIT, TERM, HUP), held back so that its temporary
 * files go away first. While a program runs they are taken, and passed on when the sender meant
 * this process alone; `asked` is the first of them.
 */
struct tn_signals {
    sigset_t before;
    int asked; /* 0: none; the caller dies of it after tn_signals_release() */
};
void tn_signals_hold(struct tn_signals *signals);
void tn_signals_release(struct tn_signals *signals);

/*
 * Runs argv[0], found by PATH, with this process's environment, standard input, and `out` and
 * `err_out` as standard output and error (-1: this process's own). Waits until it ended.
 *
 * After a signal has asked this process to end, nothing is run any more.
 *
 * A program that cannot be started has the status a shell would give it, 127 or 126, and fills err.
 *
 * errors   TENON_E_SYSTEM, TENON_E_MEMORY
 */
struct tn_meanwhile {
    void (*work)(void *arg); /* done in this process while the program runs; NULL */
    void *arg;
};
bool tn_run_while(const char *const *argv, int out, int err_out, struct tn_signals *signals,
                  const struct tn_meanwhile *meanwhile, struct tn_exit *exit, tenon_error *err);
bool tn_run(const char *const *argv, int out, int err_out, struct tn_signals *signals,
            struct tn_exit *exit, tenon_error *err);

#endif
