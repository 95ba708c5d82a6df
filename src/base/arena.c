/* src/base/arena.c - memory that goes with one free */
#include "arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pages.h"

struct tn_arena_block {
    struct tn_arena_block *next;
    size_t size;    /* of bytes */
    size_t touched; /* bytes that were given out before, or whose pages are there */
    alignas(max_align_t) unsigned char bytes[];
};

#define BLOCK_FIRST ((size_t)1024 - sizeof(struct tn_arena_block))
#define BLOCK_MOST ((size_t)65536)
#define BLOCK_AHEAD ((size_t)32768)  /* from this size on its pages are asked for at once */
#define BLOCK_KEPT ((size_t)1 << 20) /* tn_arena_reset gives bigger ones back */

static size_t next_block_size(const struct tn_arena *arena)
{
    if (!arena->blocks)
        return BLOCK_FIRST;
    if (arena->blocks->size >= BLOCK_MOST / 2)
        return BLOCK_MOST - sizeof(struct tn_arena_block);
    return arena->blocks->size < BLOCK_FIRST ? BLOCK_FIRST : arena->blocks->size * 2;
}

static struct tn_arena_block *new_block(size_t size)
{
    struct tn_arena_block *block = NULL;

    if (size <= SIZE_MAX - sizeof *block)
        block = malloc(sizeof *block + size);
    if (!block)
        return NULL;
    block->size = size;
    block->touched = 0;
    if (size >= BLOCK_AHEAD - sizeof *block && size <= BLOCK_MOST) {
        tn_pages_ahead(block, sizeof *block + size);
        block->touched = size;
    }
    return block;
}

/* The first so many bytes will be written. */
static void touch(struct tn_arena_block *block, size_t end)
{
    if (end - block->touched >= BLOCK_AHEAD && end <= BLOCK_KEPT)
        tn_pages_ahead(block->bytes + block->touched, end - block->touched);
    block->touched = end;
}

/* Space that the newest block does not have. */
static void *take_elsewhere(struct tn_arena *arena, size_t size)
{
    size_t usual = next_block_size(arena);
    bool alone = size > usual / 2; /* else the rest of the newest block would be lost for it */
    struct tn_arena_block *block = new_block(alone ? size : usual);

    if (!block)
        return NULL;
    if (size > block->touched)
        touch(block, size);
    if (alone && arena->blocks) {
        block->next = arena->blocks->next;
        arena->blocks->next = block;
    } else {
        block->next = arena->blocks;
        arena->blocks = block;
        arena->used = size;
    }
    return block->bytes;
}

static void *take(struct tn_arena *arena, size_t size, size_t alignment)
{
    if (arena->blocks) {
        size_t start = (arena->used + alignment - 1) & ~(alignment - 1);
        if (start <= arena->blocks->size && size <= arena->blocks->size - start) {
            arena->used = start + size;
            if (arena->used > arena->blocks->touched)
                touch(arena->blocks, arena->used);
            return arena->blocks->bytes + start;
        }
    }
    return take_elsewhere(arena, size);
}

void *tn_arena_bytes(struct tn_arena *arena, size_t size)
{
    return take(arena, size, 1);
}

void *tn_arena_take(struct tn_arena *arena, size_t size)
{
    void *bytes = take(arena, size, alignof(max_align_t));

    return bytes ? memset(bytes, 0, size) : NULL;
}

void *tn_arena_rows(struct tn_arena *arena, size_t count, size_t size)
{
    size_t bytes;

    return __builtin_mul_overflow(count, size, &bytes) ? NULL : tn_arena_take(arena, bytes);
}

void *tn_arena_room(struct tn_arena *arena, size_t count, size_t size)
{
    size_t bytes;

    return __builtin_mul_overflow(count, size, &bytes) ? NULL
                                                       : take(arena, bytes, alignof(max_align_t));
}

char *tn_arena_copy(struct tn_arena *arena, const void *bytes, size_t size)
{
    char *copy = size < SIZE_MAX ? tn_arena_bytes(arena, size + 1) : NULL;

    if (!copy)
        return NULL;
    if (size > 0) /* bytes may be NULL then */
        memcpy(copy, bytes, size);
    copy[size] = '\0';
    return copy;
}

char *tn_arena_string(struct tn_arena *arena, const char *string)
{
    return tn_arena_copy(arena, string, strlen(string));
}

char *tn_arena_format(struct tn_arena *arena, const char *format, ...)
{
    char *text = NULL;
    va_list arguments, again;

    va_start(arguments, format);
    va_copy(again, arguments);
    int size = vsnprintf(NULL, 0, format, arguments);
    if (size >= 0)
        text = tn_arena_bytes(arena, (size_t)size + 1);
    if (text)
        vsnprintf(text, (size_t)size + 1, format, again);
    va_end(again);
    va_end(arguments);
    return text;
}

bool tn_arena_begin(struct tn_arena *arena, size_t size)
{
    *arena = (struct tn_arena){ .blocks = new_block(size) };
    if (arena->blocks)
        arena->blocks->next = NULL;
    return arena->blocks != NULL;
}

char *tn_arena_join(struct tn_arena *arena, const char *first, ...)
{
    va_list parts, again;
    size_t size = 0, used = 0;

    va_start(parts, first);
    va_copy(again, parts);
    for (const char *part = first; part; part = va_arg(parts, const char *))
        size += strlen(part);
    char *text = tn_arena_bytes(arena, size + 1);
    for (const char *part = first; text && part; part = va_arg(again, const char *)) {
        size_t length = strlen(part);
        memcpy(text + used, part, length);
        used += length;
    }
    if (text)
        text[size] = '\0';
    va_end(again);
    va_end(parts);
    return text;
}

void tn_arena_reset(struct tn_arena *arena)
{
    struct tn_arena_block *kept = NULL;

    for (struct tn_arena_block *block = arena->blocks, *next; block; block = next) {
        next = block->next;
        if (block->size <= BLOCK_KEPT && (!kept || block->size > kept->size)) {
            free(kept);
            kept = block;
        } else {
            free(block);
        }
    }
    if (kept)
        kept->next = NULL;
    arena->blocks = kept;
    arena->used = 0;
}

void tn_arena_free(struct tn_arena *arena)
{
    for (struct tn_arena_block *block = arena->blocks, *next; block; block = next) {
        next = block->next;
        free(block);
    }
    *arena = (struct tn_arena){ 0 };
}

bool tn_grow(void *rows_pointer, size_t *capacity, size_t count, size_t size)
{
    if (count < *capacity)
        return true;
    size_t wanted = *capacity ? *capacity : 8;
    size_t bytes;
    if (*capacity && __builtin_mul_overflow(*capacity, (size_t)2, &wanted))
        return false;
    if (__builtin_mul_overflow(wanted, size, &bytes))
        return false;
    void *rows;
    memcpy(&rows, rows_pointer, sizeof rows); /* a pointer of whatever type the caller has */
    rows = realloc(rows, bytes);
    if (!rows)
        return false;
    memcpy(rows_pointer, &rows, sizeof rows);
    *capacity = wanted;
    return true;
}

bool tn_arena_grow(struct tn_arena *arena, void *rows_pointer, size_t *capacity, size_t count,
                   size_t size)
{
    void **rows = rows_pointer;
    if (count < *capacity)
        return true;
    size_t bigger = *capacity ? *capacity * 2 : 16;
    void *grown = tn_arena_rows(arena, bigger, size);
    if (!grown)
        return false;
    if (count)
        memcpy(grown, *rows, count * size);
    *rows = grown;
    *capacity = bigger;
    return true;
}
