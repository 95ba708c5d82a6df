/* src/bundle/manifest.h - what reader and writer of tenon.json share */
#ifndef TN_MANIFEST_H
#define TN_MANIFEST_H

#include <stdatomic.h>
#include <tenon/bundle.h>

#include "arena.h"

#define TN_MANIFEST_FORMAT 1u

/* Memory of many manifests. It goes when its maker and the last of them are gone. */
struct tn_manifest_store {
    struct tn_arena arena;
    struct tn_arena bytes; /* what they borrow from, if the maker leaves it here */
    atomic_uint others;    /* who holds it besides the maker */
};

/* NULL: no memory. */
struct tn_manifest_store *tn_manifest_store_new(void);
void tn_manifest_store_drop(struct tn_manifest_store *store);

/* A manifest that was read; the public part comes first. */
struct tn_manifest {
    tenon_manifest is;
    struct tn_manifest_store *store; /* it is in there, and holds it once for each who holds it */
    struct tn_arena arena;           /* else: of every string and list */
    atomic_uint others;              /* likewise: who holds it besides the one that made it */
};

/* One more who will call tenon_manifest_free(): it is never changed once it is read. */
tenon_manifest *tn_manifest_share(tenon_manifest *manifest);

/* NULL for a good one, else what is wrong: "NAME", or "NAME>=VERSION" with a decimal number. */
const char *tn_constraint_fault(const char *constraint);

/*
 * Checks what the manifest says of itself: names, every code entry listed, every claim's code
 * there, nothing twice. Used when one is read and before one is written.
 *
 * errors   TENON_E_MALFORMED, with the place: "code[1].path: ..."; _MEMORY
 */
bool tn_manifest_check(const tenon_manifest *manifest, tenon_error *err);

/* The same for one of which only what tn_manifest_unpack_brief() gives is there. */
bool tn_manifest_check_brief(const tenon_manifest *manifest, tenon_error *err);

#endif
