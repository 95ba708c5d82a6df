/* src/bundle/verify.h - what a manifest claims, checked against the code */
#ifndef TN_VERIFY_H
#define TN_VERIFY_H

#include <tenon/bundle.h>

/*
 * Compares what the manifest says of one file of code with the units that the code has: every unit
 * must be claimed and every claim must be true, digests and state included. Claims without code
 * are their author's word; nothing is checked, and nobody may rely on them.
 *
 * errors   TENON_E_MALFORMED: the manifest lies; the message names unit and entry
 */
bool tn_verify_claims(const tenon_manifest *manifest, const tenon_code_entry *code,
                      const tenon_units *units, tenon_error *err);

/* The same of triple, C library and own name, which the manifest repeats. */
bool tn_verify_code(const tenon_code_entry *code, const tenon_image *image, tenon_error *err);

#endif
