/* src/find/conventions.h - how the files of a library are called, on every platform */
#ifndef TN_CONVENTIONS_H
#define TN_CONVENTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <tenon/find.h>

/* What a file of such a name must be. */
enum tn_role {
    TN_ROLE_SHARED,    /* a shared library, or a text that stands for one */
    TN_ROLE_STATIC,    /* an archive */
    TN_ROLE_EITHER,    /* AIX: archives hold shared objects */
    TN_ROLE_LIBTOOL,   /* .la */
    TN_ROLE_FRAMEWORK, /* a directory */
};

/* Where a version stands in a file name. */
enum tn_version_place {
    TN_VERSION_NONE,
    TN_VERSION_AFTER,  /* libn.so.1.2 */
    TN_VERSION_DOT,    /* libn.1.2.dylib */
    TN_VERSION_DASH,   /* cygn-1.dll */
    TN_VERSION_NUMBER, /* libn.1: the suffix itself */
};

struct tn_convention {
    const char *types; /* of SHLIB_TYPE, separated by spaces; NULL: all */
    const char *prefix, *suffix;
    enum tn_version_place version;
    enum tn_role role;
};

/* The i-th row for a platform (NULL: any); *row is where to go on. NULL: no more. */
const struct tn_convention *tn_convention_next(const tenon_platform *platform, size_t *row);

/* True when `file` is a file of the library `name`. */
bool tn_convention_fits(const struct tn_convention *convention, const char *file, const char *name);

/*
 * The part of a file name that can be a library's name: its size from *start. 0: the file has no
 * such name.
 */
size_t tn_convention_name(const struct tn_convention *convention, const char *file, size_t *start);

/* True when a whole text is a version: it begins with a digit, or is one capital letter. */
bool tn_is_version(const char *text, size_t size);

#endif
