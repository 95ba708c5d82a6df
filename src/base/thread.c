/* src/base/thread.c - threads that help the one that starts them */
#include "thread.h"

#include <signal.h>
#include <stdint.h>

/* All of this is a matter of speed alone: what fails is left to the scheduler. */
#if defined __linux__

#define NOWHERE SIZE_MAX

/* The one that the calling thread is on. */
static size_t processor_of(const struct tn_processors *own)
{
    int here = sched_getcpu();
    return here >= 0 && CPU_ISSET((size_t)here, &own->set) ? (size_t)here : NOWHERE;
}

static void let_use(pthread_t thread, const cpu_set_t *set)
{
    if (CPU_COUNT(set) > 0)
        (void)pthread_setaffinity_np(thread, sizeof *set, set);
}

/*
 * By an attribute, since the new thread could push the caller off its processor before it says
 * anything; where the library has none (musl), afterwards, for a thread that has to wait. It may go
 * anywhere as soon as it has begun: the caller can move as well.
 */
static int create(pthread_t *thread, void *(*run)(void *), void *arg)
{
    struct tn_processors own;
    tn_processors_get(&own);
    size_t here = processor_of(&own);
    if (here == NOWHERE || own.count < 2)
        return pthread_create(thread, NULL, run, arg);
    cpu_set_t others = own.set;
    CPU_CLR(here, &others);
#if defined __GLIBC__
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    (void)pthread_attr_setaffinity_np(&attributes, sizeof others, &others);
    int error = pthread_create(thread, &attributes, run, arg);
    pthread_attr_destroy(&attributes);
#else
    int error = pthread_create(thread, NULL, run, arg);
    if (error == 0)
        let_use(*thread, &others);
#endif
    if (error == 0)
        let_use(*thread, &own.set);
    return error;
}

void tn_processors_get(struct tn_processors *own)
{
    if (sched_getaffinity(0, sizeof own->set, &own->set) != 0)
        CPU_ZERO(&own->set); /* more than fit */
    own->count = (size_t)CPU_COUNT(&own->set);
}

/* Neighbours stay together, as they may share a cache. */
void tn_processors_divide(const struct tn_processors *own, const pthread_t *others, size_t count)
{
    size_t here = processor_of(own), parts = count + 1, taken = 0;
    cpu_set_t part;
    CPU_ZERO(&part);
    if (here == NOWHERE || own->count < parts)
        return;
    for (size_t i = 0; i < CPU_SETSIZE; i++) {
        size_t processor = (here + i) % CPU_SETSIZE;
        if (!CPU_ISSET(processor, &own->set))
            continue;
        CPU_SET(processor, &part);
        size_t number = taken++ * parts / own->count;
        if (taken * parts / own->count == number)
            continue;
        let_use(number == 0 ? pthread_self() : others[number - 1], &part);
        CPU_ZERO(&part);
    }
}

void tn_processors_set(const struct tn_processors *own)
{
    if (own->count)
        let_use(pthread_self(), &own->set);
}

#else

static int create(pthread_t *thread, void *(*run)(void *), void *arg)
{
    return pthread_create(thread, NULL, run, arg);
}

void tn_processors_get(struct tn_processors *own)
{
    own->count = 0;
}

void tn_processors_divide(const struct tn_processors *own, const pthread_t *others, size_t count)
{
    (void)own;
    (void)others;
    (void)count;
}

void tn_processors_set(const struct tn_processors *own)
{
    (void)own;
}

#endif

bool tn_thread_start(pthread_t *thread, void *(*run)(void *), void *arg)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    bool started = create(thread, run, arg) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return started;
}
