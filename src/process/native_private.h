/* src/process/native_private.h - one question to the resolver, as its parts see it */
#ifndef TN_NATIVE_PRIVATE_H
#define TN_NATIVE_PRIVATE_H

#include "job.h"
#include "native_words.h"

#define TN_NOBODY_HERE UINT32_MAX

/* One question and its answer. */
struct tn_answer {
    struct tn_job *job;
    const tenon_graph *graph;
    struct tn_holding **there; /* what the resolver was told of, the program first */
    size_t there_count;
    size_t count;    /* rows */
    uint32_t *owner; /* by row: the candidate it was loaded for; TN_NOBODY_HERE: it is there */
    struct tn_holding **holding; /* by row: of the process or of a plugin; NULL: of the system */
    uint32_t *stamp;             /* by row: the last closure it was met in */
    uint32_t closures;           /* that were marked */
    uint32_t *queue;
    size_t queue_count;
};

static inline bool tn_answer_is_found(const tenon_library *library)
{
    return library->status == TENON_STATUS_FOUND;
}

/* ---- native_rows.c --------------------------------------------------------------------------- */

/* Whose each row is: of the process, of a plugin, or of the system. */
void tn_answer_assign(struct tn_answer *a);

/* What does not load, versions that are missing. */
void tn_answer_check_rows(struct tn_answer *a);

/* Libraries that the system adds become the job's. False: *err. */
bool tn_answer_take_system(struct tn_answer *a, tenon_error *err);

/* Static TLS that does not fit. After tn_answer_take_system(). */
void tn_answer_check_tls(struct tn_answer *a);

/* ---- native_symbols.c ------------------------------------------------------------------------ */

/* Marks a plugin's images and all that they need: tn_answer_is_marked(). */
void tn_answer_mark_plugin(struct tn_answer *a, uint32_t number);

static inline bool tn_answer_is_marked(const struct tn_answer *a, size_t row)
{
    return a->stamp[row] == a->closures;
}

/*
 * Libraries of a bundle are opened before its own code, so that they are those that were checked,
 * whatever the search of the loader would find. Opened so, a library sees what it needs and no
 * more. One that lives on what the plugin defines, or on a library that only the plugin names, can
 * be opened with the plugin alone: then its own code comes first. True: that is so of one more
 * plugin, and nothing else was looked at.
 */
bool tn_answer_reorder(struct tn_answer *a);

/* Symbols that nobody provides, or only somebody that the plugin does not see. */
void tn_answer_check_bindings(struct tn_answer *a);

#endif
