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

/* Marks what a plugin's own code sees. */
void tn_answer_mark_own(struct tn_answer *a, uint32_t number);

/* A row of a plugin: a library of its bundle, or of the system? */
bool tn_answer_is_bundled(const struct tn_answer *a, size_t row);

/* Does what is marked see that row? The global scope is seen by all. */
bool tn_answer_sees(const struct tn_answer *a, int32_t row);

/* Does what is marked get the symbol, from that row or another one, or may it do without? */
bool tn_answer_is_served(struct tn_answer *a, const tenon_symbol_binding *binding);

/*
 * The next binding of a plugin's code, with what that sees marked; NULL: there is none. *marked is
 * the row whose scope is marked: TENON_THE_FILE when that is to be done anew.
 */
const tenon_symbol_binding *tn_answer_next_binding(struct tn_answer *a, size_t *i, int32_t *marked);

/*
 * Notes which plugins get symbols only by coming after another one of the plan, as that has a unit
 * which they require. The process may have that unit, too: then no need was noted. True: now some
 * are, and the order is to be made anew.
 */
bool tn_answer_find_needs(struct tn_answer *a);

/* Symbols that nobody provides, or only somebody that the plugin does not see. */
void tn_answer_check_bindings(struct tn_answer *a);

/*
 * What is needed by one that must serve everybody will serve as well. After
 * tn_answer_take_system().
 *
 * rule  glibc elf/dl-open.c, add_to_global_update(): all that was opened with it is added
 */
void tn_answer_take_along(struct tn_answer *a);

/* ---- native_mixed.c -------------------------------------------------------------------------- */

/*
 * Code that gets some symbols of another version of the library that it was linked with, and the
 * rest from that one. After tn_answer_take_system().
 */
void tn_answer_check_mixed(struct tn_answer *a);

/* ---- native_order.c -------------------------------------------------------------------------- */

/* Before the question: whose own code is to be opened before its libraries, by what they define. */
void tn_native_order(struct tn_job *job);

/*
 * Whose order is another one by the answer: a library lives on what only the plugin's own code
 * sees, or the loader would not find the libraries of the bundle. True: it must be asked again, and
 * nothing else was looked at.
 */
bool tn_answer_reorder(struct tn_answer *a);

#endif
