/*
 * src/resolve/shelf.c - files of this system, read once for resolvers in several threads
 *
 * A row for each path and an entry for each file (device and inode). Whoever comes first makes it
 * and fills it in without the lock; it never changes again, so that others need no lock to find a
 * row that is filled. What is on the shelf is memory of who put it there, which lives as long as
 * the shelf.
 */
#include "shelf.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_SLOTS 4096 /* a power of two, as every number of slots */
#define SPINS 200        /* looks before sleeping: reading a file takes some microseconds */

#if defined __x86_64__ || defined __i386__
#define PAUSE() __builtin_ia32_pause()
#else
#define PAUSE() ((void)0)
#endif

/* NEW: nobody is at it, for the first time or because there was no memory. */
enum state { STATE_NEW, STATE_READING, STATE_READY };

/* Open addressing; NULL: empty. One that became too small stays for those who look in it. */
struct slots {
    struct slots *smaller;
    size_t count; /* of slots */
    _Atomic(struct tn_shelf_row *) at[];
};

struct tn_shelf {
    pthread_mutex_t lock;
    pthread_cond_t filled;
    atomic_size_t sleepers;
    _Atomic(struct slots *) slots;
    size_t row_count;
    struct tn_map files; /* device and inode to entry */
    struct tn_shelf_entry **entries;
    size_t entry_count, entry_room;
    struct tn_reader *readers;
    size_t reader_count;
};

struct tn_reader {
    struct tn_shelf *shelf;
    struct tn_reader *next;
    struct tn_arena arena;        /* rows and entries */
    struct tn_arena nodes, texts; /* of a resolver that is gone */
};

/* ---- places -------------------------------------------------------------------------------- */

static struct slots *new_slots(size_t count)
{
    struct slots *slots = calloc(1, sizeof *slots + count * sizeof *slots->at);
    if (slots)
        slots->count = count;
    return slots;
}

static void free_shelf(struct tn_shelf *shelf)
{
    for (struct tn_reader *reader = shelf->readers, *next; reader; reader = next) {
        next = reader->next;
        tn_arena_free(&reader->arena);
        tn_arena_free(&reader->nodes);
        tn_arena_free(&reader->texts);
        free(reader);
    }
    for (struct slots *slots = shelf->slots, *next; slots; slots = next) {
        next = slots->smaller;
        free(slots);
    }
    pthread_mutex_destroy(&shelf->lock);
    pthread_cond_destroy(&shelf->filled);
    tn_map_free(&shelf->files);
    free(shelf->entries);
    free(shelf);
}

static struct tn_reader *join(struct tn_shelf *shelf)
{
    struct tn_reader *reader = calloc(1, sizeof *reader);
    if (!reader)
        return NULL;
    reader->shelf = shelf;
    pthread_mutex_lock(&shelf->lock);
    reader->next = shelf->readers;
    shelf->readers = reader;
    shelf->reader_count++;
    pthread_mutex_unlock(&shelf->lock);
    return reader;
}

struct tn_reader *tn_shelf_begin(void)
{
    struct tn_shelf *shelf = calloc(1, sizeof *shelf);
    if (!shelf)
        return NULL;
    pthread_mutex_init(&shelf->lock, NULL);
    pthread_cond_init(&shelf->filled, NULL);
    shelf->slots = new_slots(FIRST_SLOTS);
    struct tn_reader *reader = shelf->slots && tn_map_init(&shelf->files) ? join(shelf) : NULL;
    if (!reader)
        free_shelf(shelf);
    return reader;
}

struct tn_reader *tn_shelf_join(struct tn_reader *other)
{
    return join(other->shelf);
}

void tn_shelf_leave(struct tn_reader *reader, struct tn_arena *nodes, struct tn_arena *texts)
{
    if (!reader)
        return;
    struct tn_shelf *shelf = reader->shelf;
    reader->nodes = *nodes;
    reader->texts = *texts;
    *nodes = *texts = (struct tn_arena){ 0 };
    pthread_mutex_lock(&shelf->lock);
    bool last = --shelf->reader_count == 0;
    pthread_mutex_unlock(&shelf->lock);
    if (last)
        free_shelf(shelf);
}

/* ---- waiting ------------------------------------------------------------------------------- */

/* Until somebody is no longer at it. */
static int wait_for(struct tn_shelf *shelf, tn_shelf_state *state)
{
    for (unsigned i = 0; i < SPINS; i++) {
        int now = atomic_load_explicit(state, memory_order_acquire);
        if (now != STATE_READING)
            return now;
        PAUSE();
    }
    pthread_mutex_lock(&shelf->lock);
    atomic_fetch_add(&shelf->sleepers, 1);
    while (atomic_load(state) == STATE_READING)
        pthread_cond_wait(&shelf->filled, &shelf->lock);
    atomic_fetch_sub(&shelf->sleepers, 1);
    pthread_mutex_unlock(&shelf->lock);
    return atomic_load(state);
}

/* Either a sleeper has seen the new state, or we see the sleeper. */
static void finish(struct tn_shelf *shelf, tn_shelf_state *state, enum state now)
{
    atomic_store(state, now);
    if (atomic_load(&shelf->sleepers) == 0)
        return;
    pthread_mutex_lock(&shelf->lock);
    pthread_cond_broadcast(&shelf->filled);
    pthread_mutex_unlock(&shelf->lock);
}

/* True: it is ours to fill. With the lock held. */
static bool take(tn_shelf_state *state)
{
    if (*state != STATE_NEW)
        return false;
    *state = STATE_READING;
    return true;
}

/* ---- files --------------------------------------------------------------------------------- */

static struct tn_shelf_entry *known_entry(const struct tn_shelf *shelf, const tenon_file_info *info,
                                          uint32_t key[4])
{
    key[0] = (uint32_t)(info->device >> 32);
    key[1] = (uint32_t)info->device;
    key[2] = (uint32_t)(info->inode >> 32);
    key[3] = (uint32_t)info->inode;
    uint32_t known = tn_map_find(&shelf->files, key);
    return known == TN_NO_NAME ? NULL : shelf->entries[known];
}

static struct tn_shelf_entry *add_entry(struct tn_reader *reader, const uint32_t key[4])
{
    struct tn_shelf *shelf = reader->shelf;
    struct tn_shelf_entry *entry = tn_arena_take(&reader->arena, sizeof *entry);
    if (!entry ||
        !tn_grow(&shelf->entries, &shelf->entry_room, shelf->entry_count, sizeof *shelf->entries) ||
        !tn_map_set(&shelf->files, key, (uint32_t)shelf->entry_count))
        return NULL;
    return shelf->entries[shelf->entry_count++] = entry;
}

static struct tn_shelf_entry *claim(struct tn_reader *reader, const tenon_file_info *info,
                                    bool *ours)
{
    uint32_t key[4];
    pthread_mutex_lock(&reader->shelf->lock);
    struct tn_shelf_entry *entry = known_entry(reader->shelf, info, key);
    if (!entry)
        entry = add_entry(reader, key);
    *ours = entry && take(&entry->state);
    pthread_mutex_unlock(&reader->shelf->lock);
    return entry;
}

struct tn_shelf_entry *tn_shelf_entry(struct tn_reader *reader, const tenon_file_info *info,
                                      bool *ours)
{
    struct tn_shelf_entry *entry = claim(reader, info, ours);
    while (entry && !*ours && wait_for(reader->shelf, &entry->state) != STATE_READY)
        entry = claim(reader, info, ours);
    return entry;
}

const struct tn_shelf_entry *tn_shelf_find(struct tn_reader *reader, const tenon_file_info *info)
{
    uint32_t key[4];
    pthread_mutex_lock(&reader->shelf->lock);
    struct tn_shelf_entry *entry = known_entry(reader->shelf, info, key);
    pthread_mutex_unlock(&reader->shelf->lock);
    return entry && wait_for(reader->shelf, &entry->state) == STATE_READY ? entry : NULL;
}

void tn_shelf_fill(struct tn_reader *reader, struct tn_shelf_entry *entry,
                   const struct tn_node *node, const char *const *texts)
{
    entry->node = node;
    entry->texts = texts;
    finish(reader->shelf, &entry->state, node ? STATE_READY : STATE_NEW);
}

/* ---- paths --------------------------------------------------------------------------------- */

/* The slot of a path, or the empty one where it belongs. */
static _Atomic(struct tn_shelf_row *) *slot_of(struct slots *slots, const struct tn_name *path)
{
    size_t mask = slots->count - 1, i = path->hash & mask;
    struct tn_shelf_row *row;
    while ((row = atomic_load_explicit(&slots->at[i], memory_order_acquire)) &&
           !(row->hash == path->hash && row->size == path->size &&
             memcmp(row->text, path->text, path->size) == 0))
        i = (i + 1) & mask;
    return &slots->at[i];
}

/* Keeps at most every second slot in use. */
static bool make_room(struct tn_shelf *shelf)
{
    struct slots *old = shelf->slots;
    if ((shelf->row_count + 1) * 2 <= old->count)
        return true;
    struct slots *slots = new_slots(old->count * 2);
    if (!slots)
        return false;
    for (size_t i = 0; i < old->count; i++) {
        struct tn_shelf_row *row = old->at[i];
        if (row)
            *slot_of(slots, &(struct tn_name){ row->text, row->size, row->hash }) = row;
    }
    slots->smaller = old;
    atomic_store_explicit(&shelf->slots, slots, memory_order_release);
    return true;
}

static struct tn_shelf_row *add_row(struct tn_reader *reader, const struct tn_name *path)
{
    struct tn_shelf *shelf = reader->shelf;
    struct tn_shelf_row *row = tn_arena_take(&reader->arena, sizeof *row);
    if (!row || !make_room(shelf) ||
        !(row->text = tn_arena_copy(&reader->arena, path->text, path->size)))
        return NULL;
    row->size = path->size;
    row->hash = path->hash;
    atomic_store_explicit(slot_of(shelf->slots, path), row, memory_order_release);
    shelf->row_count++;
    return row;
}

static struct tn_shelf_row *claim_row(struct tn_reader *reader, const struct tn_name *path,
                                      bool *ours)
{
    pthread_mutex_lock(&reader->shelf->lock);
    struct tn_shelf_row *row = *slot_of(reader->shelf->slots, path);
    if (!row)
        row = add_row(reader, path);
    *ours = row && take(&row->state);
    pthread_mutex_unlock(&reader->shelf->lock);
    return row;
}

struct tn_shelf_row *tn_shelf_row(struct tn_reader *reader, const struct tn_name *path, bool *ours)
{
    struct slots *slots = atomic_load_explicit(&reader->shelf->slots, memory_order_acquire);
    struct tn_shelf_row *row = *slot_of(slots, path);
    *ours = false;
    if (row && atomic_load_explicit(&row->state, memory_order_acquire) == STATE_READY)
        return row;
    row = claim_row(reader, path, ours);
    while (row && !*ours && wait_for(reader->shelf, &row->state) != STATE_READY)
        row = claim_row(reader, path, ours);
    return row;
}

void tn_shelf_fill_row(struct tn_reader *reader, struct tn_shelf_row *row, int error,
                       const struct tn_shelf_entry *entry)
{
    row->error = error;
    row->entry = entry;
    finish(reader->shelf, &row->state, error == ENOMEM ? STATE_NEW : STATE_READY);
}
