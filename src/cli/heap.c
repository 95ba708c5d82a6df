/* src/cli/heap.c - how the command's own heap grows */
#include "heap.h"

#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#ifdef __GLIBC__ /* no other C library has these */
#include <malloc.h>
#include <sys/mman.h>

/*
 * The first bytes are usual pages, and enough for most commands. What comes then is large pages:
 * each takes about as long as a hundred usual ones where memory is close by, and as ten where each
 * touch of a new page goes to the machine below (virtual machines without page tables of their
 * own), which else is most of what a run over many files waits for. Behind them usual ones again:
 * so a run never holds more than what it needs and one large page.
 */
enum { PAGE = 4096, LARGE = 2 << 20, LARGE_COUNT = 3, FIRST = 192 << 10, STEP = 1 << 20 };

/* Where the large pages begin, once the heap has been made to begin FIRST before; 0: nowhere. */
static uintptr_t place_heap(void)
{
    uintptr_t now = (uintptr_t)sbrk(0);
    uintptr_t large = (now + FIRST + LARGE - 1) / LARGE * LARGE;
    if (sysconf(_SC_PAGESIZE) != PAGE || now == (uintptr_t)-1)
        return 0;
    return sbrk((intptr_t)(large - FIRST - now)) == (void *)-1 ? 0 : large;
}

/*
 * The heap grows by much at once, as each time is a call and most commands need more than one; and
 * our threads have no heap of their own, as a new one costs more than they would wait.
 *
 * rule  mallopt(3): M_TOP_PAD, M_TRIM_THRESHOLD, M_ARENA_MAX; madvise(2): MADV_HUGEPAGE, for pages
 *       that are not there yet: the first allocation, which makes the heap, touches those before
 *       them only
 */
void cli_settle_heap(void)
{
    uintptr_t large = place_heap();
    (void)mallopt(M_ARENA_MAX, 1);
    (void)mallopt(M_TRIM_THRESHOLD, -1); /* nothing goes back before the end */
    (void)mallopt(M_TOP_PAD, FIRST + LARGE_COUNT * LARGE);
    void *volatile first = malloc(1); /* else it would be left out */
    if (first && large)
        (void)madvise((void *)large, (size_t)LARGE_COUNT * LARGE, MADV_HUGEPAGE);
    free(first);
    (void)mallopt(M_TOP_PAD, STEP); /* what is used up comes in steps */
}

#else

void cli_settle_heap(void)
{
}

#endif
