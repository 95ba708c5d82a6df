/* src/loader/dewey.h - names that hold a version, "libfoo.so.3.7", and the best of a directory */
#ifndef TN_DEWEY_H
#define TN_DEWEY_H

#include "rules.h"

/* A library's name in parts; -1: the number is not there, and any will do. */
struct tn_dewey {
    const char *stem; /* "foo", not NUL-terminated */
    size_t stem_size;
    int major, minor;
};

/*
 * "lib" STEM ".so" [ "." MAJOR [ "." MINOR ] ]; false when a name has another form. The first ".so"
 * counts, and letters between it and a dot do not.
 */
bool tn_dewey_parse(const char *name, struct tn_dewey *out);

/*
 * Does what is found do for what is wanted: the same stem and major, a minor not lower? With
 * `any_minor` a lower one does, too.
 */
bool tn_dewey_fits(const struct tn_dewey *wanted, const struct tn_dewey *found, bool any_minor);

/* The higher of two that fit: <0, 0, >0. */
int tn_dewey_compare(const struct tn_dewey *a, const struct tn_dewey *b);

/*
 * The name in a directory with the highest version that fits, or the one without any version if
 * that does, in the arena; NULL with *error 0:
 * there is none. ENOENT, ENOTDIR, EACCES ...: the directory cannot be listed.
 */
const char *tn_dewey_best(tenon_world *world, struct tn_arena *arena, const char *dir,
                          const struct tn_dewey *wanted, bool any_minor, int *error);

#endif
