/* src/bundle/verify.h - what a manifest claims, checked against the code */
#ifndef TN_VERIFY_H
#define TN_VERIFY_H

#include <tenon/bundle.h>
#include <tenon/ocaml.h>

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

/* Equal, or both unknown. */
bool tn_same_digest(const tenon_digest *a, const tenon_digest *b);

/* ---- verify_ocaml.c ---------------------------------------------------------------------------
 */

/* What the manifest says of a unit in an entry of OCaml code; NULL: nothing. */
const tenon_claim *tn_ocaml_claim(const tenon_manifest *manifest, const char *entry,
                                  const char *unit);

/*
 * tn_verify_claims() of OCaml code. A manifest that provides nothing, as one of BAP's, claims
 * nothing.
 *
 * errors   TENON_E_MALFORMED: the manifest lies; the message names unit and entry
 */
bool tn_verify_ocaml_claims(const tenon_manifest *manifest, const char *entry,
                            const tenon_ocaml *code, tenon_error *err);

#endif
