/* src/base/arena.h - memory that goes with one free */
#ifndef TN_ARENA_H
#define TN_ARENA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tn_arena_block;

/*
 * Blocks of growing size. Start one with { 0 } or tn_arena_init. Allocation can fail (NULL);
 * everything given out is zeroed and aligned for any type.
 */
struct tn_arena {
    struct tn_arena_block *blocks; /* newest first */
    size_t used;                   /* bytes of the newest block */
};

void *tn_arena_take(struct tn_arena *arena, size_t size);

/* count * size bytes, NULL also when the product does not fit */
void *tn_arena_rows(struct tn_arena *arena, size_t count, size_t size);

/* ... that are not zeroed, for a caller who fills them all. */
void *tn_arena_room(struct tn_arena *arena, size_t count, size_t size);

/* Bytes that need no alignment and are not zeroed. */
void *tn_arena_bytes(struct tn_arena *arena, size_t size);

/* A copy with a NUL behind it. */
char *tn_arena_copy(struct tn_arena *arena, const void *bytes, size_t size);
char *tn_arena_string(struct tn_arena *arena, const char *string);
char *tn_arena_format(struct tn_arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Strings put together; the last argument is NULL. */
char *tn_arena_join(struct tn_arena *arena, const char *first, ...) __attribute__((sentinel));

/*
 * Room for one more row of an array that grows inside an arena (old copies stay until its end):
 * *rows (NULL at first), *capacity rows of `size` bytes, `count` in use. False: no memory.
 */
bool tn_arena_grow(struct tn_arena *arena, void *rows_pointer, size_t *capacity, size_t count,
                   size_t size);

/* Makes the first block of an empty arena, of this many bytes; false: no memory. */
bool tn_arena_begin(struct tn_arena *arena, size_t size);

/* Forgets everything but keeps the largest block for use again. */
void tn_arena_reset(struct tn_arena *arena);
void tn_arena_free(struct tn_arena *arena);

/*
 * Makes room for one more row in a growing array of a plain malloc kind:
 * *rows (NULL at first), *capacity rows of `size` bytes, `count` in use. False: no memory, array
 * unchanged. Freed with free().
 */
bool tn_grow(void *rows_pointer, size_t *capacity, size_t count, size_t size);

#endif
