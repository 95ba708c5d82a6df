/* src/process/proof.c - what was proven of a plugin's code, read back from the index */
#include "proof.h"

#include <string.h>

#include "proof_private.h"
#include "units.h"

/* What a row takes at least. */
enum { LEAST_VERSION = 2, LEAST_IMPORT = 3, LEAST_PROOF = 64 };

static void take_identity(struct tn_unpacker *u, struct tn_identity *out)
{
    out->device = tn_u64(&u->c, "device");
    out->inode = tn_u64(&u->c, "inode");
    out->size = tn_u64(&u->c, "size");
    out->changed = (int64_t)tn_u64(&u->c, "change time");
}

static void take_flags(struct tn_unpacker *u, struct tn_proof *out)
{
    unsigned flags = tn_unpack_kind(u, TN_PROOF_FLAGS_END);
    out->has_static_tls = flags & TN_PROOF_STATIC_TLS;
    out->is_plain = flags & TN_PROOF_PLAIN;
    out->starts = flags & TN_PROOF_STARTS;
    out->is_bare = flags & TN_PROOF_BARE;
}

static const struct tn_wanted_version *take_versions(struct tn_unpacker *u, size_t *count)
{
    struct tn_wanted_version *rows = tn_unpack_rows(u, LEAST_VERSION, sizeof *rows, count);
    for (size_t i = 0; i < *count; i++) {
        rows[i].file = tn_unpack_text(u);
        rows[i].version = tn_unpack_text(u);
    }
    return rows;
}

static const struct tn_import *take_imports(struct tn_unpacker *u, size_t *count)
{
    struct tn_import *rows = tn_unpack_rows(u, LEAST_IMPORT, sizeof *rows, count);
    for (size_t i = 0; i < *count; i++) {
        rows[i].name = tn_unpack_text(u);
        rows[i].version = tn_unpack_maybe(u);
        rows[i].weak = tn_unpack_kind(u, 2);
    }
    return rows;
}

/* Names in order, each once, as a file's definitions come. */
static const char *const *take_strong(struct tn_unpacker *u, size_t *count)
{
    const char *const *rows = tn_unpack_texts(u, count);
    for (size_t i = 1; i < *count; i++)
        u->bad |= strcmp(rows[i - 1], rows[i]) >= 0;
    return rows;
}

static void take_proof(struct tn_unpacker *u, struct tn_proof *out)
{
    out->entry = tn_unpack_text(u);
    take_identity(u, &out->identity);
    out->own_name = tn_unpack_maybe(u);
    out->build_id = tn_unpack_maybe(u);
    take_flags(u, out);
    out->tls_size = tn_u64(&u->c, "thread-local bytes");
    out->needs = tn_unpack_texts(u, &out->need_count);
    out->versions = take_versions(u, &out->version_count);
    out->imports = take_imports(u, &out->import_count);
    out->strong = take_strong(u, &out->strong_count);
    out->units = u->bad || u->c.lost || u->no_memory ? NULL : tn_units_unpack(u, out->entry);
}

const struct tn_proofs *tn_proofs_unpack(struct tn_view packed, struct tn_arena *arena)
{
    struct tn_unpacker u = { .c = tn_cursor(packed, TN_LITTLE), .arena = arena };
    struct tn_proofs *proofs = tn_arena_take(arena, sizeof *proofs);
    struct tn_proof *codes;
    if (!proofs)
        return NULL;
    u.bad = tn_u8(&u.c, "layout") != TN_PROOF_LAYOUT;
    proofs->triple = tn_unpack_text(&u);
    proofs->codes = codes = tn_unpack_rows(&u, LEAST_PROOF, sizeof *codes, &proofs->count);
    for (size_t i = 0; i < proofs->count && !u.bad && !u.c.lost && !u.no_memory; i++)
        take_proof(&u, &codes[i]);
    return u.bad || u.c.lost || u.no_memory || u.c.pos != packed.size ? NULL : proofs;
}

const struct tn_proof *tn_proofs_find(const struct tn_proofs *proofs, const char *entry)
{
    for (size_t i = 0; proofs && i < proofs->count; i++)
        if (strcmp(proofs->codes[i].entry, entry) == 0)
            return &proofs->codes[i];
    return NULL;
}
