/* src/find/diagnose.h - why a link failed, seen from the files that are there */
#ifndef TN_DIAGNOSE_H
#define TN_DIAGNOSE_H

#include "hunt.h"

/*
 * Words to append to a link's failure: " (libx.so.1 is there, ...)", "" when nothing is known.
 * File names are only looked at here, after the answer.
 */
const char *tn_diagnose(struct tn_hunt *hunt, const struct tn_attempt *attempt);

/*
 * A file that a link took, and that is for another machine than our own object: the reason. NULL:
 * there is none, or there was no memory (*lost).
 */
const char *tn_wrong_machine(struct tn_hunt *hunt, const struct tn_outcome *outcome, bool *lost);

#endif
