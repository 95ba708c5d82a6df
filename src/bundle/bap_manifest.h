/* src/bundle/bap_manifest.h - MANIFEST.scm: the manifest as BAP's bundles have it */
#ifndef TN_BAP_MANIFEST_H
#define TN_BAP_MANIFEST_H

#include "manifest.h"
#include "view.h"

#define TN_BAP_MANIFEST_ENTRY "MANIFEST.scm"

/*
 * Reads the values of a MANIFEST.scm into a manifest, whose arena takes copies: name, version,
 * texts, date, main, tags, constraints; what it "requires" becomes the list of packages. What it
 * "provides" is not believed: the code says which units it holds. Entries and code stay empty.
 *
 * errors   TENON_E_MALFORMED ("line 3: ...", "field date: ..."), _LIMIT, _MEMORY
 */
bool tn_bap_manifest_read(struct tn_view text, struct tn_manifest *manifest, tenon_error *err);

/*
 * The text of a MANIFEST.scm that says the same, as far as it can: readers of it want all thirteen
 * fields. provides: NULL: the units that the manifest claims for the plugin's own OCaml code.
 *
 * returns  malloc()ed; NULL: no memory
 */
char *tn_bap_manifest_write(const tenon_manifest *manifest, const char *const *provides,
                            size_t provide_count, tenon_error *err);

#endif
