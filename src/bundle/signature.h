/* src/bundle/signature.h - signatures of bundles, as the other files of this library see them */
#ifndef TN_BUNDLE_SIGNATURE_H
#define TN_BUNDLE_SIGNATURE_H

#include <tenon/signature.h>

#include "arena.h"

tenon_keys *tn_keys_copy(const tenon_keys *keys, tenon_error *err);

/* Forgets the secret key of a builder. */
void tn_builder_unsign(tenon_builder *builder);

/* tenon.sig for this text of tenon.json, by the builder's key; to be freed. */
char *tn_builder_signature(const tenon_builder *builder, const tenon_manifest *manifest,
                           const char *text, struct tn_arena *arena, tenon_error *err);

#endif
