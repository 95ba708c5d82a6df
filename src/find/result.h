/* src/find/result.h - the values of a result */
#ifndef TN_RESULT_H
#define TN_RESULT_H

#include "hunt.h"

/* Makes the verdict and the values from what was accepted; NULL: nothing was. */
bool tn_result_make(struct tn_hunt *hunt, struct tn_attempt *accepted, struct tn_outcome *outcome,
                    tenon_error *err);

#endif
