/* src/bundle/manifest_pack.c - a manifest in few bytes, for what is read again and again */
#include "manifest_pack.h"

#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "manifest.h"
#include "packer.h"

/* ---- writing -------------------------------------------------------------------------------- */

static void put_digest(struct tn_packer *p, const tenon_digest *digest)
{
    tn_packer_byte(p, digest->kind);
    tn_packer_byte(p, digest->size);
    tn_packer_put(p, digest->bytes, digest->size);
}

static void put_claims(struct tn_packer *p, const tenon_claim *claims, size_t count)
{
    tn_packer_number(p, count, 4);
    for (size_t i = 0; i < count; i++) {
        tn_packer_byte(p, claims[i].kind);
        tn_packer_byte(p, claims[i].stateful);
        tn_packer_text(p, claims[i].name);
        put_digest(p, &claims[i].interface);
        put_digest(p, &claims[i].implementation);
        tn_packer_maybe(p, claims[i].origin);
        tn_packer_maybe(p, claims[i].code);
    }
}

static void put_code(struct tn_packer *p, const tenon_manifest *m)
{
    tn_packer_number(p, m->code_count, 4);
    for (size_t i = 0; i < m->code_count; i++) {
        tn_packer_text(p, m->code[i].path);
        tn_packer_byte(p, m->code[i].kind);
        tn_packer_maybe(p, m->code[i].triple);
        tn_packer_maybe(p, m->code[i].libc);
        tn_packer_maybe(p, m->code[i].own_name);
        tn_packer_maybe(p, m->code[i].ocaml_magic);
        tn_packer_byte(p, m->code[i].flambda);
    }
}

static void put_entries(struct tn_packer *p, const tenon_manifest *m)
{
    tn_packer_number(p, m->entry_count, 4);
    for (size_t i = 0; i < m->entry_count; i++) {
        tn_packer_text(p, m->entries[i].path);
        tn_packer_number(p, m->entries[i].size, 8);
        tn_packer_put(p, m->entries[i].sha256, sizeof m->entries[i].sha256);
    }
}

/* What a plan of proven code asks for. */
static void put_brief(struct tn_packer *p, const tenon_manifest *m)
{
    tn_packer_number(p, m->format, 4);
    tn_packer_number(p, (uint64_t)m->date, 8);
    tn_packer_text(p, m->name);
    tn_packer_text(p, m->version);
    tn_packer_text(p, m->main);
    tn_packer_texts(p, m->cons, m->con_count);
    tn_packer_texts(p, m->private_units, m->private_count);
    put_claims(p, m->required, m->required_count);
    put_code(p, m);
}

static void put_rest(struct tn_packer *p, const tenon_manifest *m)
{
    tn_packer_maybe(p, m->desc);
    tn_packer_maybe(p, m->author);
    tn_packer_maybe(p, m->url);
    tn_packer_maybe(p, m->license);
    tn_packer_maybe(p, m->copyrights);
    tn_packer_texts(p, m->tags, m->tag_count);
    tn_packer_texts(p, m->argv, m->argv_count);
    tn_packer_texts(p, m->packages, m->package_count);
    put_claims(p, m->provides, m->provide_count);
    put_entries(p, m);
}

uint8_t *tn_manifest_pack(const tenon_manifest *m, size_t *size)
{
    struct tn_packer p = { .at = NULL };

    put_brief(&p, m);
    put_rest(&p, m);
    *size = p.used;
    if (!p.failed)
        return p.at;
    free(p.at);
    return NULL;
}

/* ---- reading -------------------------------------------------------------------------------- */

/* What a row takes at least: a count is only believed when its rows can be there. */
enum { LEAST_CLAIM = 9, LEAST_CODE = 7, LEAST_ENTRY = 41 };

static void take_digest(struct tn_unpacker *u, tenon_digest *out)
{
    out->kind = (enum tenon_digest_kind)tn_unpack_kind(u, TENON_DIGEST_OCAML + 1);
    out->size = (uint8_t)tn_unpack_kind(u, TENON_DIGEST_ROOM + 1);
    const uint8_t *bytes = tn_take(&u->c, out->size, "a digest");
    u->bad |= (out->kind == TENON_DIGEST_UNKNOWN) != (out->size == 0);
    if (bytes && out->size == sizeof out->bytes) /* nearly all are: a copy of known size */
        memcpy(out->bytes, bytes, sizeof out->bytes);
    else if (bytes)
        memcpy(out->bytes, bytes, out->size);
}

static const tenon_claim *take_claims(struct tn_unpacker *u, size_t *count)
{
    tenon_claim *rows = tn_unpack_rows(u, LEAST_CLAIM, sizeof *rows, count);
    for (size_t i = 0; i < *count; i++) {
        rows[i].kind = (enum tenon_unit_kind)tn_unpack_kind(u, TENON_UNIT_OCAML + 1);
        rows[i].stateful = (enum tenon_answer)tn_unpack_kind(u, TENON_UNKNOWN + 1);
        rows[i].name = tn_unpack_text(u);
        take_digest(u, &rows[i].interface);
        take_digest(u, &rows[i].implementation);
        rows[i].origin = tn_unpack_maybe(u);
        rows[i].code = tn_unpack_maybe(u);
    }
    return rows;
}

static const tenon_code_entry *take_code(struct tn_unpacker *u, size_t *count)
{
    tenon_code_entry *rows = tn_unpack_rows(u, LEAST_CODE, sizeof *rows, count);
    for (size_t i = 0; i < *count; i++) {
        rows[i].path = tn_unpack_text(u);
        rows[i].kind = (enum tenon_code_kind)tn_unpack_kind(u, TENON_CODE_OCAML_BYTE + 1);
        rows[i].triple = tn_unpack_maybe(u);
        rows[i].libc = tn_unpack_maybe(u);
        rows[i].own_name = tn_unpack_maybe(u);
        rows[i].ocaml_magic = tn_unpack_maybe(u);
        rows[i].flambda = tn_u8(&u->c, "flambda") != 0;
    }
    return rows;
}

static const tenon_entry *take_entries(struct tn_unpacker *u, size_t *count)
{
    tenon_entry *rows = tn_unpack_rows(u, LEAST_ENTRY, sizeof *rows, count);
    for (size_t i = 0; i < *count; i++) {
        rows[i].path = tn_unpack_text(u);
        rows[i].size = tn_u64(&u->c, "a size");
        const uint8_t *digest = tn_take(&u->c, sizeof rows[i].sha256, "a digest");
        if (digest)
            memcpy(rows[i].sha256, digest, sizeof rows[i].sha256);
    }
    return rows;
}

static void take_brief(struct tn_unpacker *u, tenon_manifest *m)
{
    m->format = tn_u32(&u->c, "format");
    m->date = (int64_t)tn_u64(&u->c, "date");
    m->name = tn_unpack_text(u);
    m->version = tn_unpack_text(u);
    m->main = tn_unpack_text(u);
    m->cons = tn_unpack_texts(u, &m->con_count);
    m->private_units = tn_unpack_texts(u, &m->private_count);
    m->required = take_claims(u, &m->required_count);
    m->code = take_code(u, &m->code_count);
    u->bad |= m->format != TN_MANIFEST_FORMAT || m->date < 0;
}

static void take_rest(struct tn_unpacker *u, tenon_manifest *m)
{
    m->desc = tn_unpack_maybe(u);
    m->author = tn_unpack_maybe(u);
    m->url = tn_unpack_maybe(u);
    m->license = tn_unpack_maybe(u);
    m->copyrights = tn_unpack_maybe(u);
    m->tags = tn_unpack_texts(u, &m->tag_count);
    m->argv = tn_unpack_texts(u, &m->argv_count);
    m->packages = tn_unpack_texts(u, &m->package_count);
    m->provides = take_claims(u, &m->provide_count);
    m->entries = take_entries(u, &m->entry_count);
    u->bad |= u->c.pos != u->c.in.size;
}

static bool unpack(struct tn_view packed, struct tn_arena *arena, bool brief, tenon_manifest *out,
                   tenon_error *err)
{
    struct tn_unpacker u = { .c = tn_cursor(packed, TN_LITTLE), .arena = arena };

    take_brief(&u, out);
    if (!brief)
        take_rest(&u, out);
    if (u.no_memory)
        return tn_no_memory(err);
    if (!tn_end(&u.c, err))
        return false;
    if (u.bad)
        return tn_fail(err, TENON_E_MALFORMED, "a value that no manifest has");
    return brief ? tn_manifest_check_brief(out, err) : tn_manifest_check(out, err);
}

const tenon_manifest *tn_manifest_unpack_brief(struct tn_view packed, struct tn_arena *arena,
                                               tenon_error *err)
{
    tenon_manifest *brief = tn_arena_take(arena, sizeof *brief);

    if (!brief) {
        tn_no_memory(err);
        return NULL;
    }
    if (unpack(packed, arena, true, brief, err))
        return brief;
    tn_context(err, "a packed manifest");
    return NULL;
}

tenon_manifest *tn_manifest_unpack(struct tn_view packed, struct tn_manifest_store *store,
                                   tenon_error *err)
{
    struct tn_manifest *whole = tn_arena_take(&store->arena, sizeof *whole);

    if (!whole) {
        tn_no_memory(err);
        return NULL;
    }
    whole->store = store;
    if (unpack(packed, &store->arena, false, &whole->is, err))
        return tn_manifest_share(&whole->is);
    tn_context(err, "a packed manifest");
    return NULL;
}
