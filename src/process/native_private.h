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

/*
 * Marks (with number + 1) what a plugin's code sees besides the global scope: its own images and
 * all that they need.
 *
 * rule  glibc elf/dl-open.c, the local scope of a dlopen()ed object; musl treats it alike
 */
void tn_answer_mark_closure(struct tn_answer *a, uint32_t number);

/* Symbols that nobody provides, or only somebody that the plugin does not see. */
void tn_answer_check_bindings(struct tn_answer *a);

#endif
