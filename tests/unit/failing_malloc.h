/* tests/unit/failing_malloc.h - makes each allocation fail in turn */
/*
 * Needs -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc. Included by one file of a program:
 *
 *     for (long n = 0; fail_after(n), !try_it() || allocation_failed; n++) ...
 */
#ifndef FAILING_MALLOC_H
#define FAILING_MALLOC_H

#include <stdbool.h>
#include <stddef.h>

static long allocations_left = -1; /* negative: any number */
static bool allocation_failed;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);

/* The next n allocations succeed, and only the one after them fails. */
static void fail_after(long n)
{
    allocations_left = n;
    allocation_failed = false;
}

static void fail_never(void)
{
    allocations_left = -1;
}

static bool may_allocate(void)
{
    if (allocations_left < 0)
        return true;
    if (allocations_left-- > 0)
        return true;
    allocation_failed = true;
    return false;
}

void *__wrap_malloc(size_t size)
{
    return may_allocate() ? __real_malloc(size) : NULL;
}

void *__wrap_calloc(size_t count, size_t size)
{
    return may_allocate() ? __real_calloc(count, size) : NULL;
}

void *__wrap_realloc(void *old, size_t size)
{
    return may_allocate() ? __real_realloc(old, size) : NULL;
}

#endif
