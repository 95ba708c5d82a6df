/*
 * src/resolve/ahead.c - reads the files of a long list in a thread before they are asked for
 *
 * Opening and reading files is more than half of the work for a whole tree. The thread keeps a
 * window of files ahead of the resolver; a file belongs to whoever claims its device and inode
 * first, so that each is read once, and everything that depends on order stays with the caller.
 */
#include "ahead.h"

#include <pthread.h>
#include <stdlib.h>

#include "table.h"

#define WORTH_IT 32 /* files: for fewer a thread costs more than it brings */
#define WINDOW 32   /* files ahead of the caller, at most */
#define LEAD 4      /* ... at least: waiting for a file costs more than reading it */
#define CALLERS (TN_NO_NAME - 1)

enum row_state { ROW_WAITING, ROW_READING, ROW_READY, ROW_GIVEN };

struct row {
    const char *path;
    enum row_state state;
    struct tn_ahead_result *result;
};

struct tn_ahead {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t made, taken;
    bool caller_waits, thread_waits, stop;
    tenon_world *world;
    struct row *rows;
    size_t count;
    size_t position;      /* the caller has come so far */
    size_t waits_with;    /* the row that the thread will read next, when it waits */
    struct tn_map claims; /* device and inode to row, or CALLERS */
};

/* ---- with the lock held ---- */

static void key_of(const tenon_file_info *info, uint32_t key[4])
{
    key[0] = (uint32_t)(info->device >> 32);
    key[1] = (uint32_t)info->device;
    key[2] = (uint32_t)(info->inode >> 32);
    key[3] = (uint32_t)info->inode;
}

/* Who reads this file: `owner` if nobody had claimed it. Without memory the claimer reads it. */
static uint32_t claim(struct tn_ahead *ahead, const tenon_file_info *info, uint32_t owner)
{
    uint32_t key[4];
    key_of(info, key);
    uint32_t known = tn_map_find(&ahead->claims, key);
    if (known == TN_NO_NAME)
        (void)tn_map_set(&ahead->claims, key, owner);
    return known == TN_NO_NAME ? owner : known;
}

static void wait_for(struct tn_ahead *ahead, const struct row *row)
{
    while (row->state == ROW_READING) {
        ahead->caller_waits = true;
        pthread_cond_wait(&ahead->made, &ahead->lock);
    }
}

/* Lets the thread go on when the caller has used up half of the window: waking costs, too. */
static void advance(struct tn_ahead *ahead, size_t position)
{
    if (position <= ahead->position)
        return;
    ahead->position = position;
    if (ahead->thread_waits && ahead->waits_with <= position + WINDOW / 2) {
        ahead->thread_waits = false;
        pthread_cond_signal(&ahead->taken);
    }
}

/* ---- the thread ---- */

static struct tn_ahead_result *read_row(struct tn_ahead *ahead, uint32_t i)
{
    struct tn_ahead_result *result = calloc(1, sizeof *result);
    struct tn_file file;
    if (!result)
        return NULL;
    result->error = tn_file_open(ahead->world, ahead->rows[i].path, &result->arena, &file);
    if (result->error)
        return result;
    result->info = file.info;
    pthread_mutex_lock(&ahead->lock);
    result->known = claim(ahead, &file.info, i) != i;
    pthread_mutex_unlock(&ahead->lock);
    if (!result->known)
        tn_reading_make(&file, &result->reading);
    tn_file_close(&file);
    return result;
}

/*
 * The next row to read; `count` when the work is over. Waits while the window is full; leaves rows
 * that the caller is about to reach to the caller.
 */
static size_t next_row(struct tn_ahead *ahead, size_t from)
{
    while (!ahead->stop && from < ahead->count) {
        if (from < ahead->position + LEAD) {
            from = ahead->position + LEAD;
        } else if (ahead->rows[from].state != ROW_WAITING) {
            from++;
        } else if (from >= ahead->position + WINDOW) {
            ahead->thread_waits = true;
            ahead->waits_with = from;
            pthread_cond_wait(&ahead->taken, &ahead->lock);
        } else {
            return from;
        }
    }
    return ahead->count;
}

static void *run(void *arg)
{
    struct tn_ahead *ahead = arg;
    pthread_mutex_lock(&ahead->lock);
    for (size_t i = next_row(ahead, 0); i < ahead->count; i = next_row(ahead, i + 1)) {
        ahead->rows[i].state = ROW_READING;
        pthread_mutex_unlock(&ahead->lock);
        struct tn_ahead_result *result = read_row(ahead, (uint32_t)i);
        pthread_mutex_lock(&ahead->lock);
        ahead->rows[i].result = result;
        ahead->rows[i].state = result ? ROW_READY : ROW_GIVEN; /* no memory: the caller's turn */
        if (ahead->caller_waits) {
            ahead->caller_waits = false;
            pthread_cond_signal(&ahead->made);
        }
    }
    pthread_mutex_unlock(&ahead->lock);
    return NULL;
}

/* ---- the caller ---- */

struct tn_ahead *tn_ahead_begin(tenon_world *world, const char *const *paths, size_t count)
{
    if (count < WORTH_IT || count >= CALLERS || !tn_world_has_threads(world))
        return NULL;
    struct tn_ahead *ahead = calloc(1, sizeof *ahead);
    struct row *rows = calloc(count, sizeof *rows);
    if (!ahead || !rows || !tn_map_init(&ahead->claims)) {
        free(ahead);
        free(rows);
        return NULL;
    }
    for (size_t i = 0; i < count; i++)
        rows[i].path = paths[i];
    ahead->world = world;
    ahead->rows = rows;
    ahead->count = count;
    pthread_mutex_init(&ahead->lock, NULL);
    pthread_cond_init(&ahead->made, NULL);
    pthread_cond_init(&ahead->taken, NULL);
    if (pthread_create(&ahead->thread, NULL, run, ahead) == 0)
        return ahead;
    tn_map_free(&ahead->claims);
    free(rows);
    free(ahead);
    return NULL;
}

void tn_ahead_end(struct tn_ahead *ahead)
{
    if (!ahead)
        return;
    pthread_mutex_lock(&ahead->lock);
    ahead->stop = true;
    pthread_cond_signal(&ahead->taken);
    pthread_mutex_unlock(&ahead->lock);
    pthread_join(ahead->thread, NULL);
    for (size_t i = 0; i < ahead->count; i++)
        tn_ahead_free(ahead->rows[i].result);
    pthread_cond_destroy(&ahead->made);
    pthread_cond_destroy(&ahead->taken);
    pthread_mutex_destroy(&ahead->lock);
    tn_map_free(&ahead->claims);
    free(ahead->rows);
    free(ahead);
}

/* Takes a row's result away. With the lock held. */
static struct tn_ahead_result *give(struct tn_ahead *ahead, size_t i)
{
    struct row *row = &ahead->rows[i];
    wait_for(ahead, row);
    struct tn_ahead_result *result = row->result;
    row->result = NULL;
    row->state = ROW_GIVEN;
    return result;
}

struct tn_ahead_result *tn_ahead_take(struct tn_ahead *ahead, size_t i)
{
    pthread_mutex_lock(&ahead->lock);
    advance(ahead, i);
    struct tn_ahead_result *result = give(ahead, i);
    pthread_mutex_unlock(&ahead->lock);
    return result;
}

struct tn_ahead_result *tn_ahead_claim(struct tn_ahead *ahead, const tenon_file_info *info)
{
    struct tn_ahead_result *result = NULL;
    pthread_mutex_lock(&ahead->lock);
    uint32_t owner = claim(ahead, info, CALLERS);
    if (owner != CALLERS)
        result = give(ahead, owner);
    pthread_mutex_unlock(&ahead->lock);
    return result;
}

void tn_ahead_free(struct tn_ahead_result *result)
{
    if (!result)
        return;
    tn_arena_free(&result->arena);
    free(result);
}
