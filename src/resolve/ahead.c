/*
 * src/resolve/ahead.c - reads files in a thread before they are asked for
 *
 * Opening and reading files is more than half of the work. What will be asked for next is known
 * in two ways: the caller's list says it, and a file that was read names what it needs, for which
 * the loader's cache mostly has the path. The thread reads the needs first, as they are asked for
 * first, then on in the list, as far as it has results to fill. A file belongs to whoever claims
 * its device and inode first, so that each is read once; everything that depends on order, and
 * every answer, stays with the caller: a wrong guess only costs a look at a file. The caller does
 * not wait long: what the thread is at when it loses its processor, the caller reads again.
 */
#include "ahead.h"

#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "table.h"
#include "thread.h"

#define WORTH_IT 8       /* files to read: for fewer a thread costs more than it brings */
#define RESULTS 32       /* that many files the thread may be ahead */
#define RESULTS_MOST 512 /* ... when it has guessed wrong and they lie about */
#define USUAL 2000       /* bytes that the facts of a file take in its arena */
#define SPINS 1000       /* looks before somebody else may have the processor */
#define PATIENCE 50000   /* nanoseconds that the caller waits: reading a file takes some 15000 */
#define CALLERS (TN_NO_NAME - 1)

#if defined __x86_64__ || defined __i386__
#define PAUSE() __builtin_ia32_pause()
#else
#define PAUSE() ((void)0)
#endif

enum row_state {
    ROW_WAITING, /* nobody is at it */
    ROW_READING,
    ROW_LEFT, /* the same, but the result is for nobody: the caller did not wait for it */
    ROW_READY,
    ROW_GIVEN,
};

/* One path. Only its state is looked at without the lock. */
struct row {
    const char *path;
    uint32_t number;
    _Atomic(enum row_state) state;
    struct tn_ahead_result *result;
};

struct tn_ahead {
    pthread_t thread;
    pthread_spinlock_t spin;
    sem_t taken;
    bool started, failed; /* the thread runs; it could not be made */
    bool thread_waits, stop;
    tenon_world *world;
    const struct tn_target *target; /* NULL: no needs are guessed */
    struct tn_arena arena;
    struct tn_arena scratch; /* the caller's, for one file; the thread has its own */
    struct row **rows;       /* those of the list, then the likely needs; they never move */
    size_t row_count, row_room, list_count;
    struct tn_names paths; /* of the likely needs, in the order of their rows */
    struct tn_names needs; /* names whose path was guessed already */
    size_t likely;         /* the first need that the thread has not seen */
    size_t next;           /* ... of the list */
    struct tn_map claims;  /* device and inode to row, or CALLERS */
    bool caller_reads;     /* a file itself: */
    uint32_t its_key[4];   /* ... this one */
    struct tn_ahead_result *unused;
    size_t unused_count, result_count;
    struct tn_ahead_result *returned; /* the caller's: not among the unused ones yet */
    size_t returned_count;
};

/*
 * The lock is held for parts of a microsecond, so that sleeping until it is free would cost far
 * more than looking again; who holds it may have lost its processor, though.
 */
static void lock(struct tn_ahead *ahead)
{
    for (unsigned i = 1; pthread_spin_trylock(&ahead->spin) != 0; i++) {
        if (i % SPINS)
            PAUSE();
        else
            sched_yield();
    }
}

static void unlock(struct tn_ahead *ahead)
{
    pthread_spin_unlock(&ahead->spin);
}

/* The thread's: sleeps without the lock until the caller has seen that it does. */
static void sleep_until_roused(struct tn_ahead *ahead)
{
    ahead->thread_waits = true;
    unlock(ahead);
    while (sem_wait(&ahead->taken) != 0)
        ; /* a signal */
    lock(ahead);
}

static void wake(struct tn_ahead *ahead)
{
    if (ahead->thread_waits)
        sem_post(&ahead->taken);
    ahead->thread_waits = false;
}

/* ---- with the lock held ---- */

static enum row_state state_of(const struct row *row)
{
    return atomic_load_explicit(&row->state, memory_order_acquire);
}

static void set_state(struct row *row, enum row_state state)
{
    atomic_store_explicit(&row->state, state, memory_order_release);
}

static void key_of(const tenon_file_info *info, uint32_t key[4])
{
    key[0] = (uint32_t)(info->device >> 32);
    key[1] = (uint32_t)info->device;
    key[2] = (uint32_t)(info->inode >> 32);
    key[3] = (uint32_t)info->inode;
}

/* Who reads the file of a row: that row if nobody had claimed it. Without memory it does. */
static uint32_t claim(struct tn_ahead *ahead, const tenon_file_info *info, uint32_t row)
{
    uint32_t key[4];
    key_of(info, key);
    uint32_t known = tn_map_find(&ahead->claims, key);
    if (known != TN_NO_NAME)
        return known;
    if (ahead->caller_reads && memcmp(key, ahead->its_key, sizeof key) == 0)
        return CALLERS;
    (void)tn_map_set(&ahead->claims, key, row);
    return row;
}

/* The next row, not counted yet; NULL: no memory. */
static struct row *new_row(struct tn_ahead *ahead, const char *path)
{
    struct row *row = tn_arena_take(&ahead->arena, sizeof *row);
    if (!row || !tn_grow(&ahead->rows, &ahead->row_room, ahead->row_count, sizeof *ahead->rows))
        return NULL;
    row->path = path;
    row->number = (uint32_t)ahead->row_count;
    atomic_init(&row->state, ROW_WAITING);
    ahead->rows[ahead->row_count] = row;
    return row;
}

/* Adds a name to those that are known; false: it was one already, or there is no memory. */
static bool is_new(struct tn_names *names, const char *name)
{
    size_t before = names->count;
    uint32_t number = tn_names_add(names, name, strlen(name));
    return number != TN_NO_NAME && number == before;
}

/* A row for a needed name, by the path that is likely for it. Without memory there is none. */
static void guess(struct tn_ahead *ahead, const char *name)
{
    if (!ahead->target || !is_new(&ahead->needs, name))
        return;
    const char *path = ahead->target->loader->likely(ahead->target, name);
    if (path && new_row(ahead, path) && is_new(&ahead->paths, path))
        ahead->row_count++;
}

/* ... for each need of a file that the target may load. */
static void guess_needs(struct tn_ahead *ahead, const struct tn_facts *facts)
{
    const struct tn_target *target = ahead->target;
    if (!target || facts->machine_code != target->machine || facts->class_bits != 8 * target->word)
        return;
    for (size_t i = 0; i < facts->need_count; i++)
        guess(ahead, facts->needs[i].name);
}

static struct tn_ahead_result *take_unused(struct tn_ahead *ahead)
{
    struct tn_ahead_result *result = ahead->unused;
    ahead->unused = result->next;
    ahead->unused_count--;
    return result;
}

static void put_unused(struct tn_ahead *ahead, struct tn_ahead_result *result)
{
    result->next = ahead->unused;
    ahead->unused = result;
    ahead->unused_count++;
}

/* The next row that nobody reads yet; NULL: none for now. */
static struct row *find_row(struct tn_ahead *ahead)
{
    while (ahead->likely < ahead->row_count) {
        struct row *row = ahead->rows[ahead->likely++];
        if (state_of(row) == ROW_WAITING)
            return row;
    }
    while (ahead->next < ahead->list_count) {
        struct row *row = ahead->rows[ahead->next++];
        if (state_of(row) == ROW_WAITING)
            return row;
    }
    return NULL;
}

/*
 * Fills a row's result; takes the lock only for a moment. What is read goes to memory that only
 * this thread uses, again and again, and the few facts are copied: bytes that another processor
 * has had cost several times as much to write.
 */
static void fill(struct tn_ahead *ahead, const struct row *row, struct tn_arena *scratch)
{
    struct tn_ahead_result *result = row->result;
    struct tn_file file;
    tenon_error err;
    result->known = false;
    result->error = tn_file_open(ahead->world, row->path, scratch, &file);
    if (result->error)
        return;
    result->info = file.info;
    lock(ahead);
    result->known = claim(ahead, &file.info, row->number) != row->number;
    unlock(ahead);
    if (!result->known) {
        tn_reading_make(&file, &result->reading, &err);
        tn_reading_move(&result->reading, &result->arena);
    }
    tn_file_close(&file);
    tn_arena_reset(scratch);
}

/* Reads one row, whoever does it, without the lock; false: there is none, or no result to fill. */
static bool read_one(struct tn_ahead *ahead, struct tn_arena *scratch)
{
    struct row *row = ahead->unused ? find_row(ahead) : NULL;
    if (!row)
        return false;
    struct tn_ahead_result *result = row->result = take_unused(ahead);
    set_state(row, ROW_READING);
    unlock(ahead);
    fill(ahead, row, scratch);
    lock(ahead);
    if (!result->error && !result->known && result->reading.good)
        guess_needs(ahead, &result->reading.facts);
    if (state_of(row) == ROW_LEFT) {
        row->result = NULL;
        tn_arena_reset(&result->arena);
        put_unused(ahead, result);
    }
    set_state(row, row->result ? ROW_READY : ROW_GIVEN);
    return true;
}

/* ---- the thread ---- */

static void *run(void *arg)
{
    struct tn_ahead *ahead = arg;
    struct tn_arena scratch = { 0 };
    lock(ahead);
    while (!ahead->stop)
        if (!read_one(ahead, &scratch))
            sleep_until_roused(ahead);
    unlock(ahead);
    tn_arena_free(&scratch);
    return NULL;
}

/* ---- the caller ---- */

static int64_t nanoseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

/* Looks at the row's state for as long as reading a file may take. */
static void look_at(const struct row *row)
{
    int64_t end = nanoseconds() + PATIENCE;
    do
        for (unsigned i = 0; i < 16 && state_of(row) == ROW_READING; i++)
            PAUSE();
    while (state_of(row) == ROW_READING && nanoseconds() < end);
}

/* Reads other files as long as the thread is at this one, and has some patience after that. */
static void wait_for(struct tn_ahead *ahead, struct row *row)
{
    while (state_of(row) == ROW_READING && read_one(ahead, &ahead->scratch))
        ;
    unlock(ahead);
    look_at(row);
    lock(ahead);
    if (state_of(row) == ROW_READING)
        set_state(row, ROW_LEFT);
}

/* Takes a row's result away; NULL: it has none, or not soon. */
static struct tn_ahead_result *give(struct tn_ahead *ahead, size_t i)
{
    struct row *row = ahead->rows[i];
    if (state_of(row) == ROW_READING)
        wait_for(ahead, row);
    if (state_of(row) == ROW_LEFT)
        return NULL;
    struct tn_ahead_result *result = row->result;
    row->result = NULL;
    set_state(row, ROW_GIVEN);
    return result;
}

static void free_result(struct tn_ahead_result *result)
{
    if (result)
        tn_arena_free(&result->arena);
    free(result);
}

/*
 * More results to fill. Made by the caller, since memory that the thread asks for itself comes
 * from a heap of its own, which grows by one system call for every page or two.
 */
static void new_results(struct tn_ahead *ahead)
{
    for (size_t i = 0; i < RESULTS && ahead->result_count < RESULTS_MOST; i++) {
        struct tn_ahead_result *result = calloc(1, sizeof *result);
        if (!result || !tn_arena_begin(&result->arena, USUAL)) {
            free_result(result);
            return;
        }
        put_unused(ahead, result);
        ahead->result_count++;
    }
}

/* What the caller has given back can be filled again. Not for each alone: locks and waking cost. */
static void collect_returned(struct tn_ahead *ahead)
{
    while (ahead->returned) {
        struct tn_ahead_result *result = ahead->returned;
        ahead->returned = result->next;
        put_unused(ahead, result);
    }
    ahead->returned_count = 0;
    if (ahead->unused_count >= RESULTS / 2)
        wake(ahead);
}

/* The caller has to read a file itself: the thread should not sleep while there are others. */
static void rouse(struct tn_ahead *ahead)
{
    bool idle = ahead->likely == ahead->row_count && ahead->next == ahead->list_count;
    if (!ahead->thread_waits || idle)
        return;
    if (!ahead->unused) /* wrong guesses hold all that there were */
        new_results(ahead);
    if (ahead->unused)
        wake(ahead);
}

/* Starts the thread when there is enough for it to do. */
static void start(struct tn_ahead *ahead)
{
    if (ahead->started || ahead->failed ||
        ahead->list_count + ahead->row_count - ahead->likely < WORTH_IT)
        return;
    new_results(ahead);
    ahead->started = tn_thread_start(&ahead->thread, run, ahead);
    ahead->failed = !ahead->started;
}

static bool add_list(struct tn_ahead *ahead, const char *const *paths, size_t count)
{
    struct row *rows = tn_arena_rows(&ahead->arena, count, sizeof *rows);
    ahead->rows = calloc(count + WORTH_IT, sizeof *ahead->rows);
    if (!rows || !ahead->rows)
        return false;
    ahead->row_room = count + WORTH_IT;
    for (size_t i = 0; i < count; i++) {
        rows[i].path = paths[i];
        rows[i].number = (uint32_t)i;
        atomic_init(&rows[i].state, ROW_WAITING);
        ahead->rows[i] = &rows[i];
    }
    ahead->row_count = ahead->list_count = ahead->likely = count;
    return true;
}

struct tn_ahead *tn_ahead_begin(tenon_world *world, const char *const *paths, size_t count)
{
    if (count >= CALLERS || !tn_world_has_threads(world))
        return NULL;
    struct tn_ahead *ahead = calloc(1, sizeof *ahead);
    if (!ahead)
        return NULL;
    ahead->world = world;
    pthread_spin_init(&ahead->spin, PTHREAD_PROCESS_PRIVATE);
    sem_init(&ahead->taken, 0, 0);
    if (tn_map_init(&ahead->claims) && tn_names_init(&ahead->paths) &&
        tn_names_init(&ahead->needs) && add_list(ahead, paths, count)) {
        start(ahead);
        return ahead;
    }
    tn_ahead_end(ahead);
    return NULL;
}

static void stop_thread(struct tn_ahead *ahead)
{
    lock(ahead);
    ahead->stop = true;
    wake(ahead);
    unlock(ahead);
    pthread_join(ahead->thread, NULL);
}

void tn_ahead_end(struct tn_ahead *ahead)
{
    if (!ahead)
        return;
    if (ahead->started)
        stop_thread(ahead);
    for (size_t i = 0; i < ahead->row_count; i++)
        free_result(ahead->rows[i]->result);
    collect_returned(ahead);
    for (struct tn_ahead_result *result = ahead->unused, *next; result; result = next) {
        next = result->next;
        free_result(result);
    }
    sem_destroy(&ahead->taken);
    pthread_spin_destroy(&ahead->spin);
    tn_map_free(&ahead->claims);
    tn_names_free(&ahead->paths);
    tn_names_free(&ahead->needs);
    tn_arena_free(&ahead->arena);
    tn_arena_free(&ahead->scratch);
    free(ahead->rows);
    free(ahead);
}

bool tn_ahead_aim(struct tn_ahead *ahead, struct tn_target *target)
{
    bool has_likely = target->loader->likely != NULL;
    if (target == ahead->target)
        return true;
    if (has_likely && !target->loader->prepare_likely(target))
        return false;
    lock(ahead);
    ahead->target = has_likely ? target : NULL;
    unlock(ahead);
    return true;
}

void tn_ahead_need(struct tn_ahead *ahead, const char *name)
{
    lock(ahead);
    guess(ahead, name);
    if (ahead->likely < ahead->row_count)
        wake(ahead);
    unlock(ahead);
    start(ahead);
}

/* With the lock held. */
static struct tn_ahead_result *take(struct tn_ahead *ahead, size_t row)
{
    if (ahead->returned)
        collect_returned(ahead);
    struct tn_ahead_result *result = row < ahead->row_count ? give(ahead, row) : NULL;
    if (!result)
        rouse(ahead);
    return result;
}

struct tn_ahead_result *tn_ahead_take_listed(struct tn_ahead *ahead, size_t i)
{
    lock(ahead);
    struct tn_ahead_result *result = take(ahead, i);
    unlock(ahead);
    return result;
}

struct tn_ahead_result *tn_ahead_take(struct tn_ahead *ahead, const char *path)
{
    lock(ahead);
    uint32_t known = tn_names_find(&ahead->paths, path, strlen(path));
    struct tn_ahead_result *result =
        take(ahead, known == TN_NO_NAME ? SIZE_MAX : ahead->list_count + known);
    unlock(ahead);
    return result;
}

struct tn_ahead_result *tn_ahead_claim(struct tn_ahead *ahead, const tenon_file_info *info)
{
    struct tn_ahead_result *result = NULL;
    lock(ahead);
    key_of(info, ahead->its_key);
    uint32_t owner = tn_map_find(&ahead->claims, ahead->its_key);
    if (owner != TN_NO_NAME && owner != CALLERS)
        result = give(ahead, owner);
    ahead->caller_reads = result == NULL;
    unlock(ahead);
    return result;
}

void tn_ahead_read(struct tn_ahead *ahead, const tenon_file_info *info, bool for_good)
{
    uint32_t key[4];
    key_of(info, key);
    lock(ahead);
    ahead->caller_reads = false;
    if (for_good)
        (void)tn_map_set(&ahead->claims, key, CALLERS);
    unlock(ahead);
}

void tn_ahead_done(struct tn_ahead *ahead, struct tn_ahead_result *result)
{
    if (!result)
        return;
    tn_arena_reset(&result->arena);
    result->next = ahead->returned;
    ahead->returned = result;
    if (++ahead->returned_count < RESULTS / 4)
        return;
    lock(ahead);
    collect_returned(ahead);
    unlock(ahead);
}
