/* src/cli/heap.h - how the command's own heap grows */
#ifndef CLI_HEAP_H
#define CLI_HEAP_H

/* At the very start of the command. What the system does not offer is done without. */
void cli_settle_heap(void);

#endif
