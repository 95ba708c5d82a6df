/* src/bundle/replace_file.h - writes a file so that there is the old one or the new, never less */
#ifndef TN_REPLACE_FILE_H
#define TN_REPLACE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <tenon/error.h>

/*
 * Writes beside `path` (relative to the directory `dir`, or AT_FDCWD), flushes, renames. `check`,
 * when there is one, looks at the new file before it takes the place of the old. Signals that end
 * a process (SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGXFSZ) wait meanwhile, where this thread would get
 * them.
 *
 * shape    what is there must be a regular file or nothing; `mode` is subject to the umask
 * errors   TENON_E_ARGUMENT: something else is there; TENON_E_SYSTEM; nothing is left behind
 */
bool tn_replace_file(int dir, const char *path, const void *bytes, size_t size, mode_t mode,
                     bool (*check)(int fd, tenon_error *err), tenon_error *err);

/*
 * The same of a file that can be made again and tells when it is only there in part: nothing is
 * flushed, which takes longer than everything else.
 */
bool tn_replace_unflushed(int dir, const char *path, const void *bytes, size_t size, mode_t mode,
                          tenon_error *err);

/*
 * As tn_replace_file, of what is somebody's already: with the mode of the file that was there, and
 * its owner and group as far as the system lets us. Where there was none the mode is 0666, subject
 * to the umask.
 */
bool tn_replace_kept(const char *path, const void *bytes, size_t size,
                     bool (*check)(int fd, tenon_error *err), tenon_error *err);

/*
 * As tn_replace_file, of the first `size` bytes of the open file `from`: a piece at a time. `check`
 * gets `arg`.
 */
bool tn_replace_by_copy(const char *path, int from, uint64_t size, mode_t mode,
                        bool (*check)(void *arg, int fd, tenon_error *err), void *arg,
                        tenon_error *err);

/* Is that the name of a file beside another, which only a killed process leaves? */
bool tn_replace_is_left(const char *name);

/* All bytes to an open file. errors  TENON_E_SYSTEM */
bool tn_write_all(int fd, const void *bytes, size_t size, tenon_error *err);

#endif
