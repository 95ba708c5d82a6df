/* src/base/thread.h - threads that help the one that starts them */
#ifndef TN_THREAD_H
#define TN_THREAD_H

#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * Starts a thread that shares the caller's work, which the caller goes on with at once. Signals
 * stay with the threads that were there before. It begins on another processor than the caller's,
 * if there is one: a scheduler that takes the idle processors of a virtual machine for busy ones
 * (they look so to Linux when the host has something else to do) lets it wait behind the caller
 * for whole time slices, in which all the work could be done.
 *
 * thread  is to be joined by the caller
 * return  false: it could not be made; the caller does the work alone
 */
bool tn_thread_start(pthread_t *thread, void *(*run)(void *), void *arg);

/* The processors that a thread may use; none: not known. */
struct tn_processors {
#if defined __linux__
    cpu_set_t set;
#endif
    size_t count;
};

/* Those of the calling thread. */
void tn_processors_get(struct tn_processors *own);

/*
 * Divides the caller's processors between it and the threads that help it, for the reason above:
 * each time that one wakes the other it could end up behind it. The caller keeps the one that it
 * is on. Only for a thread that nobody else has a say in (a command's, never a library's), and
 * while no program is started, which would inherit the part.
 *
 * own  what the caller had; to be given back with tn_processors_set() when the others are gone
 */
void tn_processors_divide(const struct tn_processors *own, const pthread_t *others, size_t count);

/* Lets the calling thread use these again. */
void tn_processors_set(const struct tn_processors *own);

#endif
