/*
 * src/process/exceptions.h - what must be done also when an exception of C++ goes through
 *
 * Plugins' code and handlers must let none out. When one does, and the host catches it, the
 * process must not stay locked. These files are compiled with -fexceptions; whoever can catch an
 * exception has an unwinder in the process already, so that it is only referred to weakly: a
 * program in C needs no more libraries for it than before.
 */
#ifndef TN_EXCEPTIONS_H
#define TN_EXCEPTIONS_H

__asm__(".weak __gcc_personality_v0\n\t.weak _Unwind_Resume");

/* The function gets the variable's address when the variable goes, whatever the way. */
#define TN_WHATEVER_HAPPENS(function) __attribute__((cleanup(function)))

#endif
