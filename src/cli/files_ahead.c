/*
 * src/cli/files_ahead.c - what the FILEs of a command are answered from, made by two threads
 *
 * Reading hundreds of files one after the other leaves a processor idle. A second thread makes what
 * comes next, the caller's makes what it needs if nobody has begun it, and what follows while it
 * would have to wait. Answers are given by the caller, in the order of the files.
 */
#include "files_ahead.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#define WORTH_IT 16u /* files: for fewer a thread costs more than it brings */
#define AHEAD 64u    /* that many may lie about */

struct row {
    void *made;
    bool is_done;
};

struct files_ahead {
    struct files_ahead_way way;
    tenon_world *callers, *helpers;
    const char *const *paths;
    struct row *rows;
    size_t count;
    size_t next;   /* nobody has begun this one */
    size_t wanted; /* by the caller; those before it are taken */
    bool stop;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    pthread_t helper;
};

/* With the mutex, which is given back meanwhile: makes the next one. False: none may be begun. */
static bool make_next(struct files_ahead *ahead, tenon_world *world)
{
    if (ahead->next == ahead->count || ahead->next > ahead->wanted + AHEAD)
        return false;
    size_t i = ahead->next++;
    pthread_mutex_unlock(&ahead->mutex);
    void *made = ahead->way.make(ahead->way.context, world, ahead->paths[i]);
    pthread_mutex_lock(&ahead->mutex);
    ahead->rows[i] = (struct row){ made, true };
    return true;
}

static void *help(void *arg)
{
    struct files_ahead *ahead = arg;

    pthread_mutex_lock(&ahead->mutex);
    while (!ahead->stop && ahead->next < ahead->count) {
        if (!make_next(ahead, ahead->helpers))
            pthread_cond_wait(&ahead->changed, &ahead->mutex);
        else if (ahead->rows[ahead->wanted].is_done)
            pthread_cond_signal(&ahead->changed);
    }
    pthread_mutex_unlock(&ahead->mutex);
    return NULL;
}

/* Signals are the caller's. */
static bool start(struct files_ahead *ahead)
{
    sigset_t all, before;

    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    bool good = pthread_create(&ahead->helper, NULL, help, ahead) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return good;
}

struct files_ahead *files_ahead_begin(const struct files_ahead_way *way, tenon_world *world,
                                      const char *const *paths)
{
    size_t count = 0;

    while (paths[count])
        count++;
    if (count < WORTH_IT || sysconf(_SC_NPROCESSORS_ONLN) < 2)
        return NULL;
    struct files_ahead *ahead = calloc(1, sizeof *ahead);
    if (!ahead)
        return NULL;
    ahead->way = *way;
    ahead->callers = world;
    ahead->paths = paths;
    ahead->count = count;
    ahead->rows = calloc(count, sizeof *ahead->rows);
    ahead->helpers = tenon_world_host(NULL);
    pthread_mutex_init(&ahead->mutex, NULL);
    pthread_cond_init(&ahead->changed, NULL);
    if (ahead->rows && ahead->helpers && start(ahead))
        return ahead;
    ahead->count = 0; /* no thread to wait for */
    files_ahead_end(ahead);
    return NULL;
}

void files_ahead_end(struct files_ahead *ahead)
{
    if (!ahead)
        return;
    if (ahead->count) {
        pthread_mutex_lock(&ahead->mutex);
        ahead->stop = true;
        pthread_cond_signal(&ahead->changed);
        pthread_mutex_unlock(&ahead->mutex);
        pthread_join(ahead->helper, NULL);
    }
    for (size_t i = 0; i < ahead->count; i++)
        ahead->way.drop(ahead->rows[i].made);
    pthread_cond_destroy(&ahead->changed);
    pthread_mutex_destroy(&ahead->mutex);
    tenon_world_free(ahead->helpers);
    free(ahead->rows);
    free(ahead);
}

void *files_ahead_take(struct files_ahead *ahead, size_t i)
{
    pthread_mutex_lock(&ahead->mutex);
    ahead->wanted = i;
    pthread_cond_signal(&ahead->changed);
    while (!ahead->rows[i].is_done)
        if (!make_next(ahead, ahead->callers))
            pthread_cond_wait(&ahead->changed, &ahead->mutex);
    void *made = ahead->rows[i].made;
    ahead->rows[i].made = NULL;
    pthread_mutex_unlock(&ahead->mutex);
    return made;
}
