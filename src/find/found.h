/* src/find/found.h - the account and the result of one search */
#ifndef TN_FOUND_H
#define TN_FOUND_H

#include <tenon/find.h>

#include "arena.h"
#include "words.h"

#define TN_FOUND_VALUES 16

struct tn_value {
    const char *name, *value;
};

struct tenon_found {
    struct tn_arena arena;
    const char *name, *reason;
    enum tenon_find_verdict verdict;
    tenon_find_place *places;
    size_t place_count, place_room;
    struct tn_words remarks;
    struct tn_value values[TN_FOUND_VALUES];
    size_t value_count;
    /* what the writers make their text from */
    struct tn_words compile, link; /* words; link without run paths */
    struct tn_words run_dirs;      /* directories that need a run path */
    const char *rpath_flag;        /* NULL: no run path is needed */
    const char *version;           /* NULL: not known */
    struct tn_words files, dirs;   /* that the answer rests on: for the cache */
    bool unsure; /* the system failed while we looked: another time the answer may differ */
};

tenon_found *tn_found_new(const char *name, tenon_error *err);

/* Adds a value to the result; a NULL value is left out. False: no memory. */
bool tn_found_set(tenon_found *found, const char *name, const char *value);
const char *tn_found_get(const tenon_found *found, const char *name);

bool tn_found_remark(tenon_found *found, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A library's name as part of a variable's: what is no letter or digit becomes "_". */
const char *tn_variable_name(struct tn_arena *arena, const char *name);

#endif
