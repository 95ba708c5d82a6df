/* src/bundle/manifest_pack.h - a manifest in few bytes, for what is read again and again */
#ifndef TN_MANIFEST_PACK_H
#define TN_MANIFEST_PACK_H

#include <tenon/bundle.h>

#include "manifest.h"

#include "view.h"

/*
 * Packs a manifest, as packer.h says.
 *
 * returns  malloc()ed bytes, or NULL: no memory
 */
uint8_t *tn_manifest_pack(const tenon_manifest *manifest, size_t *size);

/*
 * Reads one back from any bytes, and checks it like one that was parsed.
 *
 * owner    it is in the store and borrows from the bytes, which must stay as long; the caller's,
 *          until tenon_manifest_free()
 * errors   TENON_E_TRUNCATED, _MALFORMED, _MEMORY
 */
tenon_manifest *tn_manifest_unpack(struct tn_view packed, struct tn_manifest_store *store,
                                   tenon_error *err);

/*
 * Reads of such bytes only what a plan asks for of a bundle whose code is proven: name, version,
 * main, cons, private units, requires, code. The rest of the manifest is empty, and not checked.
 *
 * owner    the arena; borrows from the bytes
 */
const tenon_manifest *tn_manifest_unpack_brief(struct tn_view packed, struct tn_arena *arena,
                                               tenon_error *err);

#endif
