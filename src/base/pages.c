/* src/base/pages.c - memory that will be written soon, asked for at once */
#include "pages.h"

#include <errno.h>
#include <stdint.h>
#include <unistd.h>

#if defined __linux__
#include <sys/mman.h>

#if !defined MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

/* Only whole pages: what shares its page with something else is there, or soon will be. */
void tn_pages_ahead(void *block, size_t size)
{
    const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), start = (uintptr_t)block;
    uintptr_t skip = (page - start % page) % page;
    int before = errno;
    if (size < skip || size - skip < 2 * page)
        return;
    (void)madvise((char *)block + skip, (size - skip) / page * page, MADV_POPULATE_WRITE);
    errno = before;
}

#else

void tn_pages_ahead(void *block, size_t size)
{
    (void)block;
    (void)size;
}

#endif
