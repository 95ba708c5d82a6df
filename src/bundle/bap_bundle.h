/* src/bundle/bap_bundle.h - a bundle that BAP's tools wrote: no tenon.json, only MANIFEST.scm */
#ifndef TN_BAP_BUNDLE_H
#define TN_BAP_BUNDLE_H

#include <tenon/bundle.h>

#include "zip_file.h"

/* Is it one? */
bool tn_bap_is_bundle(const struct tn_zip *zip);

/*
 * The manifest that such a bundle would have: values from MANIFEST.scm, entries from the directory
 * with their digests, which are worked out now; OCaml code are the .cmxs and .cma that lie at the
 * root.
 *
 * owner    the caller, until tenon_manifest_free()
 * errors   those of tn_bap_manifest_read, tn_zip_read, tenon_image_parse; _MEMORY
 */
tenon_manifest *tn_bap_bundle_manifest(const struct tn_zip *zip, tenon_error *err);

#endif
