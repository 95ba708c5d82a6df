/* include/tenon/plist.h - packing lists: which files of a tree are one library */
#ifndef TENON_PLIST_H
#define TENON_PLIST_H

#include <stddef.h>

#include <tenon/error.h>
#include <tenon/find.h>
#include <tenon/world.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * A packing list after expansion, or one written for a tree.
 *
 * threads  a list belongs to one thread at a time
 */
typedef struct tenon_plist tenon_plist;

typedef struct tenon_plist_options {
    const char *root; /* the tree's directory; relative paths start there; NULL: "." */
    const tenon_platform *platform; /* whose file names count; NULL: those of every platform */
    const char *const *variables;   /* "NAME=VALUE" for ${NAME}, NULL-ended; the last of a name
                                       counts; NULL: none */
} tenon_plist_options;

/* What one @library stands for. */
typedef struct tenon_plist_library {
    const char *dir, *name;
    size_t line;              /* of the list; 0 when it was written for a tree */
    const char *const *files; /* below the root, sorted bytewise, NULL-ended; empty: none found */
    size_t versions;          /* how many versions of it are in the directory */
    const char *reason;       /* nothing was found: why; else NULL */
} tenon_plist_library;

/*
 * Expands a list: each "@library DIR NAME" becomes the files in DIR that belong to the library
 * NAME (as one gives it to -l), in bytewise order; a file counts when the name fits one of the
 * platform's and its content is what the name says. ${NAME} is expanded in all lines; other lines
 * pass through.
 *
 * shape    bytes[size], any content; `name` is for messages; the world is read only
 * owner    the caller, until tenon_plist_free(); nothing is borrowed afterwards
 * returns  a list, also when libraries were not found (their `reason` is set); NULL with *err
 * errors   TENON_E_MALFORMED "NAME: line N: ...", TENON_E_ARGUMENT for an empty root,
 *          TENON_E_LIMIT, TENON_E_SYSTEM, TENON_E_MEMORY
 */
TENON_API tenon_plist *tenon_plist_expand(tenon_world *world, const tenon_plist_options *options,
                                          const void *bytes, size_t size, const char *name,
                                          tenon_error *err);

/*
 * Writes a list for the tree below options->root: a directive for each library, a line for each
 * other file, so that expanding it gives exactly the files of the tree.
 *
 * owner    as above
 * errors   TENON_E_UNSUPPORTED for a file whose name no line of a list can hold (a newline, "${",
 *          "@" at the beginning); TENON_E_ARGUMENT for an empty root; TENON_E_SYSTEM,
 *          TENON_E_LIMIT, TENON_E_MEMORY
 */
TENON_API tenon_plist *tenon_plist_scan(tenon_world *world, const tenon_plist_options *options,
                                        tenon_error *err);
TENON_API void tenon_plist_free(tenon_plist *plist);

/*
 * The i-th line of the list, library, and remark ("line 3: libx.so is no library: ..."); NULL when
 * i is past the last.
 *
 * owner    borrowed from the list
 */
TENON_API const char *tenon_plist_line(const tenon_plist *plist, size_t i);
TENON_API const tenon_plist_library *tenon_plist_library_at(const tenon_plist *plist, size_t i);
TENON_API const char *tenon_plist_remark(const tenon_plist *plist, size_t i);

#ifdef __cplusplus
}
#endif
#endif
