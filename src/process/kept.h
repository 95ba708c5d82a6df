/* src/process/kept.h - the last plan that was made, for whoever asks for the same again */
#ifndef TN_KEPT_H
#define TN_KEPT_H

#include "job.h"

/*
 * A host that shows its plugins plans them again and again. A plan follows from what is asked for,
 * the settings, what is in the process, and the files: while all of these are what they were, so is
 * the answer. It is kept only when there is nothing to say but "all of it would load", and which
 * plugins have no record: all code is proven, nothing had to be searched, and nobody is told of
 * events. Each file is looked at again: those of the host, the bundles, and their code in the
 * cache.
 */
struct tn_kept;

/* The answer, when it is the kept one's; NULL: plan. */
tenon_report *tn_kept_answer(tenon_process *process, const tenon_request *requests, size_t count,
                             unsigned flags);

/* Keeps what was planned, if it is of that kind. */
void tn_kept_note(struct tn_job *job);

/* Forgets it: settings change, or plugins come and go. */
void tn_kept_drop(tenon_process *process);

#endif
