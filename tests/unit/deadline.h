/* tests/unit/deadline.h - nothing that hostile input asks for may take long */
#ifndef TEST_DEADLINE_H
#define TEST_DEADLINE_H

#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

/*
 * Did it take less processor time since `start`? Sanitizers are slower, and nothing quadratic hides
 * behind that; valgrind is so much slower that its set-up says by how much (tests/meson.build).
 */
static inline bool ended_within(clock_t start, double seconds)
{
    const char *slower = getenv("TENON_SLOWER");

    return (double)(clock() - start) / CLOCKS_PER_SEC < seconds * (slower ? atof(slower) : 1);
}

#endif
