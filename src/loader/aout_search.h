/* src/loader/aout_search.h - libraries of a.out: wanted by name and version, found by file name */
#ifndef TN_AOUT_SEARCH_H
#define TN_AOUT_SEARCH_H

#include "rules.h"
#include "sohints.h"

/* What is asked for. */
struct tn_aout_wanted {
    bool is_library;  /* else `name` is a path */
    const char *name; /* "c" of -lc */
    int major, minor; /* -1: any */
};

/* tenon_loader.key: a need in one string. */
const char *tn_aout_key(struct tn_target *target, const tenon_need *need);

/* What a key stands for; false: no memory. */
bool tn_aout_wanted(struct tn_arena *arena, const char *key, struct tn_aout_wanted *out);

/* The best library of one directory. */
struct tn_aout_found {
    const char *path; /* NULL: none */
    int minor;        /* -1: the name has one number */
};

/*
 * Looks through a directory for lib<name>.so.<major>.<minor> with the highest minor; more numbers
 * may follow, and count. With `checked`, files that are no dynamic a.out are passed over, and said
 * to be; with `one_number`, lib<name>.so.<major> will do, too.
 */
struct tn_aout_found tn_aout_scan(struct tn_trial *trial, const struct tn_aout_wanted *wanted,
                                  const char *dir, const struct tn_place *place, bool checked,
                                  bool one_number);

/* The hints of the system, read once; NULL: there are none that count, or no memory. */
struct tn_aout_hints {
    bool is_read, is_good;
    struct tn_sohints hints;
};
const struct tn_sohints *tn_aout_hints(struct tn_trial *trial, struct tn_aout_hints *hints);

/* A list's next element, in the arena; false at its end. NULL *dir: no memory. */
bool tn_aout_next(struct tn_trial *trial, const char **list, const char **dir);

void tn_aout_judge(const struct tn_target *target, const struct tn_candidate *candidate,
                   struct tn_judgement *out);
void tn_aout_judge_errno(const struct tn_target *target, int error, struct tn_judgement *out);

#endif
