/* src/loader/glibc_judge.h - what ld.so does with a candidate */
#ifndef TN_GLIBC_JUDGE_H
#define TN_GLIBC_JUDGE_H

#include "rules.h"

/* As tenon_loader.judge, .judge_errno and .judge_program. */
void tn_glibc_judge(const struct tn_target *target, const struct tn_candidate *candidate,
                    struct tn_judgement *out);
void tn_glibc_judge_errno(const struct tn_target *target, int error, struct tn_judgement *out);
struct tn_judgement tn_glibc_judge_mapped(const struct tn_target *target,
                                          const struct tn_facts *facts);

#endif
