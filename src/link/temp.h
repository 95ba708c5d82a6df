/* src/link/temp.h - files that go away, and files that take another's place */
#ifndef TN_TEMP_H
#define TN_TEMP_H

#include "arena.h"
#include "view.h"
#include <tenon/error.h>

/*
 * An open file without a name, for reading and writing; it is gone when closed. Returns a
 * descriptor that programs started later do not inherit; -1 with *err filled.
 */
int tn_temp_nameless(tenon_error *err);

/* Writes all bytes. Returns 0 or an errno value. */
int tn_temp_append(int descriptor, struct tn_view bytes);

/*
 * A new file of these bytes in TMPDIR (else /tmp), readable by this user alone, whose name ends in
 * `suffix`. The caller unlinks it.
 *
 * returns  its path, in the arena, or NULL with *err filled
 */
const char *tn_temp_file(struct tn_arena *arena, const char *suffix, struct tn_view bytes,
                         tenon_error *err);

/*
 * A new directory in TMPDIR (else /tmp), for this user alone; tn_temp_remove_directory() takes it
 * away with all that is in it.
 *
 * returns  its path, in the arena, or NULL with *err filled
 */
const char *tn_temp_directory(struct tn_arena *arena, tenon_error *err);

/* ... NULL is fine. What cannot be removed stays. */
void tn_temp_remove_directory(const char *path);

/*
 * A new file of these bytes in a directory of tn_temp_directory().
 *
 * returns  its path, in the arena, or NULL with *err filled
 */
const char *tn_temp_file_in(struct tn_arena *arena, const char *directory, const char *name,
                            struct tn_view bytes, tenon_error *err);

/*
 * Puts a file of these bytes in the place of `path`, atomically, with the old one's permissions.
 * A symbolic link keeps leading to it. Where the directory takes no new file, the old one is
 * written over.
 *
 * errors   TENON_E_SYSTEM, _MEMORY; then `path` is as it was, or empty if it was to be written over
 */
bool tn_temp_replace(const char *path, struct tn_view bytes, tenon_error *err);

/*
 * Puts a file of these bytes at `path`, atomically, with the permissions of the file `like`.
 *
 * shape    what is there must be a regular file or nothing
 * errors   TENON_E_ARGUMENT: something else is there; else as above
 */
bool tn_temp_write(const char *path, const char *like, struct tn_view bytes, tenon_error *err);

/* All that a descriptor has, from its beginning, in the arena, with a NUL behind it. */
bool tn_temp_read(int descriptor, struct tn_arena *arena, struct tn_view *out, tenon_error *err);

#endif
