/* src/plist/plist.h - what expanding and scanning share */
#ifndef TN_PLIST_H
#define TN_PLIST_H

#include <tenon/plist.h>

#include "arena.h"
#include "words.h"

struct tenon_plist {
    struct tn_arena arena;
    struct tn_words lines, remarks;
    tenon_plist_library *libraries;
    size_t library_count, library_room;
};

/* Work on one list. */
struct tn_plist_work {
    tenon_world *world;
    const tenon_plist_options *options;
    tenon_plist *plist;
    const char *listed_dir; /* the last that was asked for libraries; NULL */
    struct tn_words listed; /* its names; to be freed */
    bool listed_has_dll;
};

tenon_plist *tn_plist_new(const tenon_plist_options *options, tenon_error *err);

/*
 * Finds the files of the library `name` in `dir` (below the root): library->files, ->versions and,
 * when there are none, ->reason. Remarks go into the list with `line` when `line` is not 0.
 *
 * errors   TENON_E_SYSTEM, TENON_E_MEMORY, TENON_E_LIMIT
 */
bool tn_plist_find(struct tn_plist_work *work, const char *dir, const char *name, size_t line,
                   tenon_plist_library *library, tenon_error *err);

/* The path in the world of a path below the root. NULL: no memory. */
const char *tn_plist_path(const struct tn_plist_work *work, const char *below);

/* "DIR/NAME", the name alone in the root itself ("", "."). */
const char *tn_plist_join(const struct tn_plist_work *work, const char *dir, const char *name);

/* Names of a directory, bytewise. Returns 0 or an errno value. */
int tn_plist_names(const struct tn_plist_work *work, const char *dir, struct tn_words *names);

/* The same, kept until another directory is asked: one has many libraries. *names is lent. */
int tn_plist_listing(struct tn_plist_work *work, const char *dir, const struct tn_words **names);

/* Every file and link below `dir`, depth first, bytewise. */
bool tn_plist_walk(const struct tn_plist_work *work, const char *dir, struct tn_words *files,
                   unsigned depth, tenon_error *err);

bool tn_plist_remark(struct tn_plist_work *work, size_t line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
