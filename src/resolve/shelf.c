/*
 * src/resolve/shelf.c - files of this system, read once for resolvers in several threads
 *
 * A row for each path and an entry for each file (device and inode). Whoever comes first makes it
 * and fills it in without the lock; it never changes again, so that others need no lock to find a
 * row that is filled. Memory for what a reader makes comes from its own arena, which lives as long
 * as the shelf.
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

struct entry {
    struct tn_shelf_entry is;
    atomic_int state;
};

/* One path. */
struct row {
    const char *text;
    uint32_t size, hash;
    int error; /* errno of opening */
    const struct entry *entry;
    atomic_int state;
};

/* Open addressing; NULL: empty. One that became too small stays for those who look in it. */
struct slots {
    struct slots *smaller;
    size_t count; /* of slots */
    _Atomic(struct row *) at[];
};

struct tn_shelf {
    pthread_mutex_t lock;
    pthread_cond_t filled;
    atomic_size_t sleepers;
    _Atomic(struct slots *) slots;
    size_t row_count;
    struct tn_map files; /* device and inode to entry */
    struct entry **entries;
    size_t entry_count, entry_room;
    struct tn_reader *readers;
    size_t reader_count;
};

struct tn_reader {
    struct tn_shelf *shelf;
    struct tn_reader *next;
    struct tn_arena arena, scratch;
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

void tn_shelf_leave(struct tn_reader *reader)
{
    if (!reader)
        return;
    struct tn_shelf *shelf = reader->shelf;
    tn_arena_free(&reader->scratch);
    pthread_mutex_lock(&shelf->lock);
    bool last = --shelf->reader_count == 0;
    pthread_mutex_unlock(&shelf->lock);
    if (last)
        free_shelf(shelf);
}

/* ---- waiting ------------------------------------------------------------------------------- */

/* Until somebody is no longer at it. */
static int wait_for(struct tn_shelf *shelf, atomic_int *state)
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
static void finish(struct tn_shelf *shelf, atomic_int *state, enum state now)
{
    atomic_store(state, now);
    if (atomic_load(&shelf->sleepers) == 0)
        return;
    pthread_mutex_lock(&shelf->lock);
    pthread_cond_broadcast(&shelf->filled);
    pthread_mutex_unlock(&shelf->lock);
}

/* True: it is ours to fill. With the lock held. */
static bool take(atomic_int *state)
{
    if (*state != STATE_NEW)
        return false;
    *state = STATE_READING;
    return true;
}

/* ---- files --------------------------------------------------------------------------------- */

static struct entry *known_entry(struct tn_shelf *shelf, const tenon_file_info *info,
                                 uint32_t key[4])
{
    key[0] = (uint32_t)(info->device >> 32);
    key[1] = (uint32_t)info->device;
    key[2] = (uint32_t)(info->inode >> 32);
    key[3] = (uint32_t)info->inode;
    uint32_t known = tn_map_find(&shelf->files, key);
    return known == TN_NO_NAME ? NULL : shelf->entries[known];
}

static struct entry *add_entry(struct tn_reader *reader, const tenon_file_info *info,
                               const uint32_t key[4])
{
    struct tn_shelf *shelf = reader->shelf;
    struct entry *entry = tn_arena_room(&reader->arena, 1, sizeof *entry);
    if (!entry ||
        !tn_grow(&shelf->entries, &shelf->entry_room, shelf->entry_count, sizeof *shelf->entries) ||
        !tn_map_set(&shelf->files, key, (uint32_t)shelf->entry_count))
        return NULL;
    entry->is.info = *info;
    atomic_init(&entry->state, STATE_NEW);
    return shelf->entries[shelf->entry_count++] = entry;
}

/* The entry of a file, made if new; *ours: it is ours to fill. NULL: no memory. */
static struct entry *claim(struct tn_reader *reader, const tenon_file_info *info, bool *ours)
{
    uint32_t key[4];
    pthread_mutex_lock(&reader->shelf->lock);
    struct entry *entry = known_entry(reader->shelf, info, key);
    if (!entry)
        entry = add_entry(reader, info, key);
    *ours = entry && take(&entry->state);
    pthread_mutex_unlock(&reader->shelf->lock);
    return entry;
}

/* Ends the filling of an entry whose reading is made; false: there was no memory for it. */
static bool publish(struct tn_reader *reader, struct entry *entry)
{
    struct tn_reading *reading = &entry->is.reading;
    tn_reading_move(reading, &reader->arena);
    reading->stays = true;
    bool good = reading->good || reading->err->code != TENON_E_MEMORY;
    finish(reader->shelf, &entry->state, good ? STATE_READY : STATE_NEW);
    return good;
}

/* What an open file is; NULL: no memory. */
static const struct entry *read_open(struct tn_reader *reader, struct tn_file *file)
{
    tenon_error err;
    bool ours;
    struct entry *entry = claim(reader, &file->info, &ours);
    while (entry && !ours && wait_for(reader->shelf, &entry->state) != STATE_READY)
        entry = claim(reader, &file->info, &ours);
    if (!entry || !ours)
        return entry;
    tn_reading_make(file, &entry->is.reading, &err);
    return publish(reader, entry) ? entry : NULL;
}

/* Opens a path and reads what is there. */
static int open_path(struct tn_reader *reader, tenon_world *world, const char *path,
                     const struct entry **entry)
{
    struct tn_file file;
    int error = tn_file_open(world, path, &reader->scratch, &file);
    *entry = NULL;
    if (error)
        return error;
    *entry = read_open(reader, &file);
    tn_file_close(&file);
    tn_arena_reset(&reader->scratch);
    return *entry ? 0 : ENOMEM;
}

/* ---- paths --------------------------------------------------------------------------------- */

/* The slot of a path, or the empty one where it belongs. */
static _Atomic(struct row *) *slot_of(struct slots *slots, const struct tn_name *path)
{
    size_t mask = slots->count - 1, i = path->hash & mask;
    struct row *row;
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
        struct row *row = old->at[i];
        if (row)
            *slot_of(slots, &(struct tn_name){ row->text, row->size, row->hash }) = row;
    }
    slots->smaller = old;
    atomic_store_explicit(&shelf->slots, slots, memory_order_release);
    return true;
}

/* The row of a path, made if new; *ours: it is ours to fill. NULL: no memory. */
static struct row *claim_row(struct tn_reader *reader, const struct tn_name *path, bool *ours)
{
    struct tn_shelf *shelf = reader->shelf;
    struct row *made = NULL;
    pthread_mutex_lock(&shelf->lock);
    struct row *row = *slot_of(shelf->slots, path);
    if (!row && make_room(shelf) && (made = tn_arena_take(&reader->arena, sizeof *made)) &&
        (made->text = tn_arena_copy(&reader->arena, path->text, path->size))) {
        made->size = path->size;
        made->hash = path->hash;
        shelf->row_count++;
        row = made;
    }
    *ours = row && take(&row->state);
    if (row && row == made)
        atomic_store_explicit(slot_of(shelf->slots, path), row, memory_order_release);
    pthread_mutex_unlock(&shelf->lock);
    return row;
}

static void fill(struct tn_reader *reader, tenon_world *world, struct row *row)
{
    row->error = open_path(reader, world, row->text, &row->entry);
    finish(reader->shelf, &row->state, row->error == ENOMEM ? STATE_NEW : STATE_READY);
}

/* A row that is filled, by us or by others; NULL: no memory. */
static const struct row *filled_row(struct tn_reader *reader, tenon_world *world,
                                    const struct tn_name *path)
{
    struct slots *slots = atomic_load_explicit(&reader->shelf->slots, memory_order_acquire);
    struct row *row = *slot_of(slots, path);
    int state = row ? atomic_load_explicit(&row->state, memory_order_acquire) : STATE_NEW;
    while (state != STATE_READY) {
        bool ours = false;
        if (state == STATE_NEW && !(row = claim_row(reader, path, &ours)))
            return NULL;
        if (ours) {
            fill(reader, world, row);
            return atomic_load(&row->state) == STATE_READY ? row : NULL;
        }
        state = wait_for(reader->shelf, &row->state);
    }
    return row;
}

int tn_shelf_open(struct tn_reader *reader, tenon_world *world, const struct tn_name *path,
                  const struct tn_shelf_entry **entry)
{
    const struct entry *found = NULL;
    int error = ENOMEM;
    if (*path->text == '/') {
        const struct row *row = filled_row(reader, world, path);
        if (row) {
            error = row->error;
            found = row->entry;
        }
    } else { /* worlds differ in where such paths begin */
        error = open_path(reader, world, path->text, &found);
    }
    *entry = found ? &found->is : NULL;
    return error;
}

/* ---- what its reader opens itself ---------------------------------------------------------- */

const struct tn_shelf_entry *tn_shelf_find(struct tn_reader *reader, const tenon_file_info *info)
{
    uint32_t key[4];
    pthread_mutex_lock(&reader->shelf->lock);
    struct entry *entry = known_entry(reader->shelf, info, key);
    pthread_mutex_unlock(&reader->shelf->lock);
    return entry && wait_for(reader->shelf, &entry->state) == STATE_READY ? &entry->is : NULL;
}

const struct tn_shelf_entry *tn_shelf_keep(struct tn_reader *reader, const tenon_file_info *info,
                                           const struct tn_reading *reading)
{
    bool ours;
    struct entry *entry = claim(reader, info, &ours);
    if (!entry || !ours)
        return NULL;
    entry->is.reading = *reading;
    return publish(reader, entry) ? &entry->is : NULL;
}
