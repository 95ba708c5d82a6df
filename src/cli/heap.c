/* src/cli/heap.c - how the command's own heap grows */
#include "heap.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#ifdef __GLIBC__ /* no other C library has these */
#include <malloc.h>
#include <sys/mman.h>

/*
 * The first bytes are usual pages, and enough for most commands. Work on many files goes on in
 * large pages: each takes about as long as a hundred usual ones where memory is close by, and as
 * ten where each touch of a new page goes to the machine below (virtual machines without page
 * tables of their own), which else is most of what such a run waits for. To ask for them takes a
 * third of a millisecond there, so it is not done for less. Behind them are usual ones again: a run
 * never holds more than what it needs and one large page.
 */
enum { PAGE = 4096, LARGE = 2 << 20, LARGE_COUNT = 3, FIRST = 256 << 10, STEP = 1 << 20 };

/* Where the large pages begin, once the heap has been made to begin FIRST before; NULL: nowhere. */
static void *place_heap(void)
{
    uintptr_t now = (uintptr_t)sbrk(0);
    uintptr_t large = (now + FIRST + LARGE - 1) / LARGE * LARGE;
    if (sysconf(_SC_PAGESIZE) != PAGE || now == (uintptr_t)-1)
        return NULL;
    return sbrk((intptr_t)(large - FIRST - now)) == (void *)-1 ? NULL : (void *)large;
}

/*
 * The heap grows by much at once, as each time is a call and most commands need more than one; and
 * our threads have no heap of their own, as a new one costs more than they would wait.
 *
 * rule  mallopt(3): M_TOP_PAD, M_TRIM_THRESHOLD, M_ARENA_MAX
 */
void *cli_settle_heap(void)
{
    void *large = place_heap();
    (void)mallopt(M_ARENA_MAX, 1);
    (void)mallopt(M_TRIM_THRESHOLD, -1); /* nothing goes back before the end */
    (void)mallopt(M_TOP_PAD, FIRST + LARGE_COUNT * LARGE);
    void *volatile first = malloc(1); /* else it would be left out */
    bool good = first;
    free(first);
    (void)mallopt(M_TOP_PAD, STEP); /* what is used up comes in steps */
    return good ? large : NULL;
}

/* rule  madvise(2): MADV_HUGEPAGE, which is for pages that nothing has touched yet */
void cli_use_large_pages(void *large)
{
    if (large)
        (void)madvise(large, (size_t)LARGE_COUNT * LARGE, MADV_HUGEPAGE);
}

#else

void *cli_settle_heap(void)
{
    return NULL;
}

void cli_use_large_pages(void *large)
{
    (void)large;
}

#endif
