/* src/process/open_many.c - bundles opened on all cores */
#include "open_many.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "bundle.h"
#include "manifest_pack.h"
#include "pages.h"
#include "thread.h"

enum { THREADS_MOST = 16, WORTH_A_THREAD = 24, AT_ONCE = 8, ROOM_OF_ONE = 8192 };

struct work {
    struct tn_opening *rows;
    size_t count;
    atomic_size_t next;
};

static void open_one(struct tn_opening *row)
{
    tenon_error why = TENON_ERROR_INIT;
    row->bundle = tenon_bundle_open(row->path, &why);
    if (row->bundle) {
        (void)tenon_bundle_digest(row->bundle);
        row->packed = tn_manifest_pack(row->bundle->manifest, &row->packed_size);
        tn_bundle_rest(row->bundle); /* there may be more of them than files may be open */
        return;
    }
    row->why = malloc(sizeof *row->why);
    if (row->why)
        *row->why = why;
}

/*
 * What some bundles will take, asked for in one piece and given back: a thread's own heap grows by
 * single pages otherwise, each with a call to the system that holds up all other threads.
 */
static void make_room(void)
{
    void *volatile room = malloc(AT_ONCE * ROOM_OF_ONE);
    if (room)
        tn_pages_ahead(room, AT_ONCE * ROOM_OF_ONE);
    free(room);
}

static void *open_some(void *arg)
{
    struct work *work = arg;
    size_t start;
    while ((start = atomic_fetch_add(&work->next, AT_ONCE)) < work->count) {
        make_room();
        for (size_t i = start; i < start + AT_ONCE && i < work->count; i++)
            open_one(&work->rows[i]);
    }
    return NULL;
}

/* How many threads are worth their making, besides the one that is there. */
static size_t helpers_for(size_t count)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    size_t most = cores > 1 ? (size_t)cores - 1 : 0;
    most = most < THREADS_MOST ? most : THREADS_MOST;
    return count / WORTH_A_THREAD < most ? count / WORTH_A_THREAD : most;
}

/* Threads that cannot be made are done without. */
void tn_open_many(struct tn_opening *rows, size_t count)
{
    struct work work = { .rows = rows, .count = count };
    size_t wanted = helpers_for(count), made = 0;
    pthread_t helpers[THREADS_MOST];
    while (made < wanted && tn_thread_start(&helpers[made], open_some, &work))
        made++;
    open_some(&work);
    for (size_t i = 0; i < made; i++)
        pthread_join(helpers[i], NULL);
}
