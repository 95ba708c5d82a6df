/* src/cli/heap.h - how the command's own heap grows */
#ifndef CLI_HEAP_H
#define CLI_HEAP_H

/*
 * At the very start of the command. What the system does not offer is done without.
 *
 * returns  where its large pages can be; NULL: nowhere
 */
void *cli_settle_heap(void);

/* Before work on many files; what the system does not offer is done without here, too. */
void cli_use_large_pages(void *large);

#endif
