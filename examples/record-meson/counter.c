/* counter.c - counts */
#include "counter.h"

int counter_next(void)
{
    static int n;

    return ++n;
}
