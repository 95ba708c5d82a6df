/* src/process/ocaml_proof.c - what was read of OCaml code: written for the index, and read back */
#include "ocaml_proof.h"

#include <string.h>

#include "reading.h"

/* What a row takes at least. */
enum { LEAST_IMPORT = 2, LEAST_UNIT = 20, LEAST_FILE = 37 };

/* ---- writing ----------------------------------------------------------------------------------
 */

static void put_digest(struct tn_packer *p, const tenon_digest *digest)
{
    bool there = digest->kind == TENON_DIGEST_OCAML && digest->size == TN_OCAML_CRC;
    tn_packer_byte(p, there);
    if (there)
        tn_packer_put(p, digest->bytes, TN_OCAML_CRC);
}

static void put_imports(struct tn_packer *p, tenon_ocaml_imports imports)
{
    tn_packer_number(p, imports.count, 4);
    for (size_t i = 0; i < imports.count; i++) {
        tn_packer_text(p, imports.at[i].name);
        put_digest(p, &imports.at[i].crc);
    }
}

static void put_names(struct tn_packer *p, tenon_ocaml_names names)
{
    tn_packer_texts(p, names.at, names.count);
}

static void put_code(struct tn_packer *p, const tenon_ocaml *code)
{
    tn_packer_byte(p, code->kind);
    tn_packer_maybe(p, tenon_ocaml_digits(code));
    put_names(p, code->dlls);
    tn_packer_number(p, code->unit_count, 4);
    for (size_t i = 0; i < code->unit_count; i++) {
        const tenon_ocaml_unit *unit = &code->units[i];
        tn_packer_text(p, unit->name);
        put_digest(p, &unit->interface);
        put_digest(p, &unit->implementation);
        put_imports(p, unit->required);
        put_imports(p, unit->interfaces);
        put_names(p, unit->defines);
        put_names(p, unit->primitives);
    }
}

static void put_symbols(struct tn_packer *p, const struct tn_oc_symbols *symbols)
{
    tn_packer_texts(p, symbols->at, symbols->count);
}

static void put_content(struct tn_packer *p, const struct tn_oc_proof *file)
{
    tn_packer_byte(p, (file->code ? TN_OC_PROOF_CODE : 0) | (file->has_c ? TN_OC_PROOF_C : 0));
    if (file->code)
        put_code(p, file->code);
    if (!file->has_c)
        return;
    put_symbols(p, &file->c.defines);
    put_symbols(p, &file->c.exports);
    put_symbols(p, &file->c.wants);
    put_symbols(p, &file->c.needs);
}

static void put_file(struct tn_packer *p, const struct tn_oc_proof *file)
{
    tn_packer_text(p, file->entry);
    tn_packer_number(p, file->identity.device, 8);
    tn_packer_number(p, file->identity.inode, 8);
    tn_packer_number(p, file->identity.size, 8);
    tn_packer_number(p, (uint64_t)file->identity.changed, 8);
    size_t begin = tn_packer_begin(p);
    if (file->packed.size)
        tn_packer_put(p, file->packed.at, file->packed.size);
    else
        put_content(p, file);
    tn_packer_end(p, begin);
}

void tn_oc_proofs_pack(struct tn_packer *p, const struct tn_oc_proofs *proofs)
{
    tn_packer_byte(p, TN_OC_PROOF_LAYOUT);
    tn_packer_text(p, proofs->triple);
    tn_packer_number(p, proofs->count, 4);
    for (size_t i = 0; i < proofs->count; i++)
        put_file(p, &proofs->files[i]);
}

/* ---- reading ----------------------------------------------------------------------------------
 */

static bool is_over(const struct tn_unpacker *u)
{
    return u->bad || u->c.lost || u->no_memory;
}

static void take_digest(struct tn_unpacker *u, tenon_digest *out)
{
    const uint8_t *bytes = tn_unpack_kind(u, 2) ? tn_take(&u->c, TN_OCAML_CRC, "a digest") : NULL;
    *out = (tenon_digest){ .kind = TENON_DIGEST_UNKNOWN };
    if (bytes)
        tn_shape_take_digest(bytes, out);
}

static tenon_ocaml_imports take_imports(struct tn_unpacker *u)
{
    size_t count;
    tenon_ocaml_import *rows = tn_unpack_rows(u, LEAST_IMPORT, sizeof *rows, &count);
    for (size_t i = 0; i < count; i++) {
        rows[i].name = tn_unpack_text(u);
        take_digest(u, &rows[i].crc);
    }
    return (tenon_ocaml_imports){ rows, count };
}

static tenon_ocaml_names take_names(struct tn_unpacker *u)
{
    size_t count;
    const char *const *rows = tn_unpack_texts(u, &count);
    return (tenon_ocaml_names){ rows, count };
}

static void take_release(struct tn_unpacker *u, tenon_ocaml *out)
{
    const char *digits = tn_unpack_maybe(u);
    const struct tn_ocaml_release *row;
    for (size_t i = 0; digits && !out->release && (row = tn_ocaml_release_at(i)); i++)
        if (strcmp(row->digits, digits) == 0)
            out->release = row;
    u->bad |= digits && !out->release;
}

static void take_unit(struct tn_unpacker *u, tenon_ocaml_unit *out)
{
    out->name = tn_unpack_text(u);
    take_digest(u, &out->interface);
    take_digest(u, &out->implementation);
    out->required = take_imports(u);
    out->interfaces = take_imports(u);
    out->defines = take_names(u);
    out->primitives = take_names(u);
}

static tenon_ocaml *take_code(struct tn_unpacker *u)
{
    tenon_ocaml *code = tn_arena_rows(u->arena, 1, sizeof *code);
    if (!code) {
        u->no_memory = true;
        return NULL;
    }
    unsigned kind = tn_u8(&u->c, "a kind");
    u->bad |= kind != TENON_OCAML_CMO && kind != TENON_OCAML_CMA && kind != TENON_OCAML_CMXS;
    code->kind = (enum tenon_ocaml_kind)kind;
    take_release(u, code);
    code->dlls = take_names(u);
    code->units = tn_unpack_rows(u, LEAST_UNIT, sizeof *code->units, &code->unit_count);
    for (size_t i = 0; i < code->unit_count && !is_over(u); i++)
        take_unit(u, &code->units[i]);
    return code;
}

static struct tn_oc_symbols take_symbols(struct tn_unpacker *u)
{
    struct tn_oc_symbols list = { .at = NULL };
    const char **rows = tn_unpack_rows(u, 1, sizeof *rows, &list.count);
    for (size_t i = 0; i < list.count; i++)
        rows[i] = tn_unpack_text(u);
    list.at = rows;
    return list;
}

static void take_file(struct tn_unpacker *u, struct tn_oc_proof *out)
{
    out->entry = tn_unpack_text(u);
    out->identity.device = tn_u64(&u->c, "device");
    out->identity.inode = tn_u64(&u->c, "inode");
    out->identity.size = tn_u64(&u->c, "size");
    out->identity.changed = (int64_t)tn_u64(&u->c, "change time");
    out->packed = tn_unpack_part(u);
    u->bad |= !out->packed.size;
}

static void take_content(struct tn_unpacker *u, struct tn_oc_proof *out)
{
    unsigned flags = tn_unpack_kind(u, TN_OC_PROOF_FLAGS_END);
    if (flags & TN_OC_PROOF_CODE)
        out->code = take_code(u);
    out->has_c = flags & TN_OC_PROOF_C;
    if (!out->has_c)
        return;
    out->c.defines = take_symbols(u);
    out->c.exports = take_symbols(u);
    out->c.wants = take_symbols(u);
    out->c.needs = take_symbols(u);
}

bool tn_oc_proof_read(struct tn_oc_proof *proof, struct tn_arena *arena)
{
    struct tn_unpacker u = { .c = tn_cursor(proof->packed, TN_LITTLE), .arena = arena };
    struct tn_oc_proof read = *proof;
    if (!proof->packed.size)
        return true;
    take_content(&u, &read);
    if (is_over(&u) || u.c.pos != proof->packed.size)
        return false;
    read.packed = tn_view(NULL, 0);
    *proof = read;
    return true;
}

struct tn_oc_proofs *tn_oc_proofs_unpack(struct tn_view packed, struct tn_arena *arena)
{
    struct tn_unpacker u = { .c = tn_cursor(packed, TN_LITTLE), .arena = arena };
    struct tn_oc_proofs *proofs = tn_arena_rows(arena, 1, sizeof *proofs);
    if (!proofs)
        return NULL;
    u.bad = tn_u8(&u.c, "layout") != TN_OC_PROOF_LAYOUT;
    proofs->triple = tn_unpack_text(&u);
    proofs->files = tn_unpack_rows(&u, LEAST_FILE, sizeof *proofs->files, &proofs->count);
    for (size_t i = 0; i < proofs->count && !is_over(&u); i++)
        take_file(&u, &proofs->files[i]);
    return is_over(&u) || u.c.pos != packed.size ? NULL : proofs;
}

struct tn_oc_proof *tn_oc_proofs_find(const struct tn_oc_proofs *proofs, const char *entry)
{
    for (size_t i = 0; proofs && i < proofs->count; i++)
        if (strcmp(proofs->files[i].entry, entry) == 0)
            return &proofs->files[i];
    return NULL;
}
