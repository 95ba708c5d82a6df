/* src/process/prospect.h - one plugin that was asked for, while it is looked at */
#ifndef TN_PROSPECT_H
#define TN_PROSPECT_H

#include "job.h"

/* What keeps one plugin out: a finding, and its row is refused. False, always. */
bool tn_prospect_drop(struct tn_job *job, size_t row, enum tenon_finding_kind kind,
                      const char *unit, const char *message);

/* The same for an error; running out of memory fails the whole job. */
bool tn_prospect_drop_error(struct tn_job *job, size_t row, enum tenon_finding_kind kind,
                            const char *unit, const tenon_error *why, tenon_error *err);

/* Fails the whole job. False, always. */
bool tn_prospect_no_memory(struct tn_job *job, tenon_error *err);

/*
 * Brings the whole manifest of a prospect that has but a brief one; names that were taken from that
 * stay. False: *why.
 */
bool tn_prospect_fill(struct tn_job *job, struct tn_prospect *prospect, tenon_error *why);

/* ---- prospect_code.c ------------------------------------------------------------------------- */

/*
 * Chooses the code for this system, finds or places it, and fills the prospect's `codes`. False: it
 * is not in the plan, and a finding says why; or *err.
 */
bool tn_prospect_fill_codes(struct tn_job *job, size_t row, struct tn_prospect *prospect,
                            tenon_error *err);

#endif
