/* counter.h - a library that keeps state: there must be one of it in a process */
#ifndef COUNTER_H
#define COUNTER_H

int counter_next(void);

#endif
