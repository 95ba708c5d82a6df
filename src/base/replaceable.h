/* src/base/replaceable.h - may a new file take the place of what has a name? */
#ifndef TN_REPLACEABLE_H
#define TN_REPLACEABLE_H

#include <stdbool.h>
#include <sys/stat.h>
#include <tenon/error.h>

/*
 * Is nothing at `path` (relative to the directory `dir`, or AT_FDCWD), or a regular file? A rename
 * would destroy whatever else is there: a device, a pipe, a symbolic link. *there: a file is, and
 * *info is about it.
 *
 * returns  false, with *err filled
 * errors   TENON_E_ARGUMENT: it is something else; TENON_E_SYSTEM: it cannot be looked at
 * threads  any
 */
bool tn_is_replaceable(int dir, const char *path, struct stat *info, bool *there, tenon_error *err);

#endif
