/* main.c - a host for plugins: what it contains, its plugins must not contain again */
#include <stdio.h>

#include "counter.h"

int main(void)
{
    printf("counted to %d\n", counter_next());
    return 0;
}
