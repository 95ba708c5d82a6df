/* src/link/program.h - what kind of program a command runs, by its name */
#ifndef TN_PROGRAM_H
#define TN_PROGRAM_H

#include <stdbool.h>

/* ld itself, of whichever project; a target before the name and a version behind it do not count:
 * "x86_64-linux-gnu-ld.gold", "ld.lld-14". */
bool tn_program_is_linker(const char *path);

/* A tool for ready objects and archives, which build systems start by the same launchers (CMake's
 * RULE_LAUNCH_LINK does ar and ranlib): it neither compiles nor links, and knows none of our
 * words. */
bool tn_program_is_tool(const char *path);

#endif
