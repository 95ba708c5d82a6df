/* src/bundle/manifest.h - what reader and writer of tenon.json share */
#ifndef TN_MANIFEST_H
#define TN_MANIFEST_H

#include <tenon/bundle.h>

#include "arena.h"

#define TN_MANIFEST_FORMAT 1u

/* A manifest that was read; the public part comes first. */
struct tn_manifest {
    tenon_manifest is;
    struct tn_arena arena; /* of every string and list */
};

/* NULL for a good one, else what is wrong: "NAME", or "NAME>=VERSION" with a decimal number. */
const char *tn_constraint_fault(const char *constraint);

/*
 * Checks what the manifest says of itself: names, every code entry listed, every claim's code
 * there, nothing twice. Used when one is read and before one is written.
 *
 * errors   TENON_E_MALFORMED, with the place: "code[1].path: ..."; _MEMORY
 */
bool tn_manifest_check(const tenon_manifest *manifest, tenon_error *err);

#endif
