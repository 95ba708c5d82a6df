/* tests/unit/failing_arena.h - makes each thing that is taken from an arena fail in turn, too */
/*
 * An arena takes memory in large blocks, so that failing malloc misses most of what can fail.
 * Needs the link arguments `failing_arena` of tests/meson.build, and is used as failing_malloc.h.
 */
#ifndef FAILING_ARENA_H
#define FAILING_ARENA_H

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "failing_malloc.h"

void *__real_tn_arena_take(struct tn_arena *arena, size_t size);
void *__real_tn_arena_rows(struct tn_arena *arena, size_t count, size_t size);
void *__real_tn_arena_room(struct tn_arena *arena, size_t count, size_t size);
void *__real_tn_arena_bytes(struct tn_arena *arena, size_t size);
char *__real_tn_arena_copy(struct tn_arena *arena, const void *bytes, size_t size);
char *__real_tn_arena_string(struct tn_arena *arena, const char *string);
void *__wrap_tn_arena_take(struct tn_arena *arena, size_t size);
void *__wrap_tn_arena_rows(struct tn_arena *arena, size_t count, size_t size);
void *__wrap_tn_arena_room(struct tn_arena *arena, size_t count, size_t size);
void *__wrap_tn_arena_bytes(struct tn_arena *arena, size_t size);
char *__wrap_tn_arena_copy(struct tn_arena *arena, const void *bytes, size_t size);
char *__wrap_tn_arena_string(struct tn_arena *arena, const char *string);
char *__wrap_tn_arena_format(struct tn_arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

char *__wrap_tn_arena_join(struct tn_arena *arena, const char *first, ...)
    __attribute__((sentinel));

void *__wrap_tn_arena_take(struct tn_arena *arena, size_t size)
{
    return may_allocate() ? __real_tn_arena_take(arena, size) : NULL;
}

void *__wrap_tn_arena_rows(struct tn_arena *arena, size_t count, size_t size)
{
    return may_allocate() ? __real_tn_arena_rows(arena, count, size) : NULL;
}

void *__wrap_tn_arena_room(struct tn_arena *arena, size_t count, size_t size)
{
    return may_allocate() ? __real_tn_arena_room(arena, count, size) : NULL;
}

void *__wrap_tn_arena_bytes(struct tn_arena *arena, size_t size)
{
    return may_allocate() ? __real_tn_arena_bytes(arena, size) : NULL;
}

char *__wrap_tn_arena_copy(struct tn_arena *arena, const void *bytes, size_t size)
{
    return may_allocate() ? __real_tn_arena_copy(arena, bytes, size) : NULL;
}

char *__wrap_tn_arena_string(struct tn_arena *arena, const char *string)
{
    return may_allocate() ? __real_tn_arena_string(arena, string) : NULL;
}

char *__wrap_tn_arena_format(struct tn_arena *arena, const char *format, ...)
{
    va_list arguments;
    char *text = NULL, *out = NULL;
    va_start(arguments, format);
    if (may_allocate() && vasprintf(&text, format, arguments) >= 0)
        out = __real_tn_arena_string(arena, text);
    va_end(arguments);
    free(text);
    return out;
}

char *__wrap_tn_arena_join(struct tn_arena *arena, const char *first, ...)
{
    char text[4096] = "";
    va_list parts;
    va_start(parts, first);
    for (const char *part = first; part; part = va_arg(parts, const char *))
        strncat(text, part, sizeof text - 1 - strlen(text));
    va_end(parts);
    return may_allocate() ? __real_tn_arena_string(arena, text) : NULL;
}

#endif
