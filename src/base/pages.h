/* src/base/pages.h - memory that will be written soon, asked for at once */
#ifndef TN_PAGES_H
#define TN_PAGES_H

#include <stddef.h>

/*
 * The system gives memory page by page, when each is first touched, and that costs more than to
 * have all of them at once. For blocks that will be written nearly whole. What it does not know
 * how to do, or has no memory for, it leaves for later.
 *
 * rule  madvise(2): MADV_POPULATE_WRITE, since Linux 5.14; an older one says EINVAL
 */
void tn_pages_ahead(void *block, size_t size);

#endif
