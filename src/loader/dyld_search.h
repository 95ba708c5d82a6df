/* src/loader/dyld_search.h - dyld: a search while it goes on, to its parts */
#ifndef TN_DYLD_SEARCH_H
#define TN_DYLD_SEARCH_H

#include "dyld_private.h"

/* One search. `path` changes when it is done again for the resolved path. */
struct dyld_search {
    struct tn_trial *trial;
    const struct tn_target *target;
    const struct dyld_config *config;
    const struct tn_paths *program, *importer; /* program NULL: nobody */
    const char *path;
    bool insert, dlopen;            /* how it is asked for; neither: a need */
    bool at_paths, env;             /* allowed */
    bool again;                     /* the resolved path */
    bool noted;                     /* that a path with @ stands for nothing */
    const char *assumed;            /* the first candidate that may be in the shared cache */
    struct dyld_versions *versions; /* while DYLD_VERSIONED_ paths are listed */
};

static inline struct tn_place tn_dyld_place(const char *path, int rule, const char *where)
{
    return (struct tn_place){
        .source.path = path,
        .rule = &tn_dyld_rules[rule],
        .where = where,
    };
}

/* The text, or NULL with the search ended for want of memory. */
static inline const char *tn_dyld_kept(struct dyld_search *s, const char *text)
{
    s->trial->no_memory |= !text;
    return text;
}

#define dyld_format(s, ...) tn_dyld_kept(s, tn_arena_format((s)->trial->arena, __VA_ARGS__))

static inline bool dyld_is_over(const struct dyld_search *s)
{
    return tn_is_over(s->trial);
}

/* ---- dyld_lists.c --------------------------------------------------------------------------- */

/* Calls `each` for the elements of a list, empty ones too. */
typedef void dyld_each_dir(struct dyld_search *s, const char *dir, int rule, const char *where);

void tn_dyld_walk_list(struct dyld_search *s, const char *list, int rule, const char *where,
                       dyld_each_dir *each);

/* True when the variable is set, in the environment or in the program; each directory is tried. */
bool tn_dyld_walk_variable(struct dyld_search *s, const char *name, int rule, dyld_each_dir *each);

/* ---- dyld_paths.c --------------------------------------------------------------------------- */

/* The directory of an image, its path resolved as the kernel does; NULL: no memory. */
const char *tn_dyld_directory(struct dyld_search *s, const struct tn_paths *image);

/*
 * What is behind the slash before the last X.framework/ of a path whose last part is X, alone or
 * with the suffix of DYLD_IMAGE_SUFFIX. NULL: no framework.
 */
const char *tn_dyld_framework(const struct dyld_search *s, const char *path);

/* In which places a candidate is looked for. */
enum dyld_how { DYLD_VARIANT, DYLD_ON_DISK, DYLD_RAW };

/* Gives the library to the system, as nothing says what is in its shared cache. */
void tn_dyld_assume(struct dyld_search *s, const char *path);

/* One candidate; nothing in it stands for something else. */
void tn_dyld_try_candidate(struct dyld_search *s, const char *path, int rule, const char *where,
                           enum dyld_how how);

/* One variant of the path, with each suffix first, and with what @ stands for. */
void tn_dyld_try_variant(struct dyld_search *s, const char *path, int rule, const char *where,
                         enum dyld_how how);

/* ---- dyld_versioned.c ----------------------------------------------------------------------- */

/* The library that replaces the one of this path by its version; NULL: none does. */
const char *tn_dyld_versioned(struct dyld_search *s);

#endif
