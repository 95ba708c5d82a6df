/* src/process/ocaml_proof.c - what was read of OCaml code: written for the index, and read back */
#include "ocaml_proof.h"

#include <stdlib.h>
#include <string.h>

#include "reading.h"
#include "table.h"

/* What a row takes at least. */
enum { LEAST_NUMBER = 4, LEAST_IMPORT = 5, LEAST_UNIT = 22, LEAST_FILE = 37 };

/* ---- writing ----------------------------------------------------------------------------------
 */

/* What is mentioned, each once, and the packer that is told of failures. */
struct mentioned {
    struct tn_packer *p;
    struct tn_names names;
    struct tn_names imports; /* as they are packed */
};

static void put_digest(struct tn_packer *p, const tenon_digest *digest)
{
    bool there = digest->kind == TENON_DIGEST_OCAML && digest->size == TN_OCAML_CRC;
    tn_packer_byte(p, there);
    if (there)
        tn_packer_put(p, digest->bytes, TN_OCAML_CRC);
}

static uint32_t name_number(struct mentioned *m, const char *name)
{
    uint32_t number = tn_names_add(&m->names, name, strlen(name));
    m->p->failed |= number == TN_NO_NAME;
    return number;
}

static uint32_t import_number(struct mentioned *m, const tenon_ocaml_import *import)
{
    struct tn_packer row = { .at = NULL };
    tn_packer_number(&row, name_number(m, import->name), 4);
    put_digest(&row, &import->crc);
    uint32_t number =
        row.failed ? TN_NO_NAME : tn_names_add(&m->imports, (const char *)row.at, row.used);
    m->p->failed |= number == TN_NO_NAME;
    free(row.at);
    return number;
}

/* Files that were not read refer to them by these numbers. */
static void keep_numbers(struct mentioned *m, const struct tn_oc_mentions *before)
{
    for (size_t i = 0; i < before->name_count; i++)
        m->p->failed |= name_number(m, before->names[i]) != i;
    for (size_t i = 0; i < before->import_count; i++)
        m->p->failed |= import_number(m, &before->imports[i]) != i;
}

static void put_imports(struct tn_packer *p, struct mentioned *m, tenon_ocaml_imports imports)
{
    tn_packer_number(p, imports.count, 4);
    for (size_t i = 0; i < imports.count; i++)
        tn_packer_number(p, import_number(m, &imports.at[i]), 4);
}

static void put_unit(struct tn_packer *p, struct mentioned *m, const tenon_ocaml_unit *unit)
{
    tn_packer_number(p, name_number(m, unit->name), 4);
    put_digest(p, &unit->interface);
    put_digest(p, &unit->implementation);
    put_imports(p, m, unit->required);
    put_imports(p, m, unit->interfaces);
    tn_packer_number(p, unit->defines.count, 4);
    for (size_t i = 0; i < unit->defines.count; i++)
        tn_packer_number(p, name_number(m, unit->defines.at[i]), 4);
    tn_packer_texts(p, unit->primitives.at, unit->primitives.count);
}

static void put_code(struct tn_packer *p, struct mentioned *m, const tenon_ocaml *code)
{
    tn_packer_byte(p, code->kind);
    tn_packer_maybe(p, tenon_ocaml_digits(code));
    tn_packer_texts(p, code->dlls.at, code->dlls.count);
    tn_packer_number(p, code->unit_count, 4);
    for (size_t i = 0; i < code->unit_count; i++)
        put_unit(p, m, &code->units[i]);
}

static void put_symbols(struct tn_packer *p, const struct tn_oc_symbols *symbols)
{
    tn_packer_texts(p, symbols->at, symbols->count);
}

static void put_content(struct tn_packer *p, struct mentioned *m, const struct tn_oc_proof *file)
{
    tn_packer_byte(p, (file->code ? TN_OC_PROOF_CODE : 0) | (file->has_c ? TN_OC_PROOF_C : 0));
    if (file->code)
        put_code(p, m, file->code);
    if (!file->has_c)
        return;
    put_symbols(p, &file->c.defines);
    put_symbols(p, &file->c.exports);
    put_symbols(p, &file->c.wants);
    put_symbols(p, &file->c.needs);
}

static void put_file(struct tn_packer *p, struct mentioned *m, const struct tn_oc_proof *file)
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
        put_content(p, m, file);
    tn_packer_end(p, begin);
}

static void put_mentioned(struct tn_packer *p, const struct mentioned *m)
{
    tn_packer_number(p, m->names.count, 4);
    for (uint32_t i = 0; i < m->names.count; i++)
        tn_packer_text(p, tn_names_text(&m->names, i));
    tn_packer_number(p, m->imports.count, 4);
    for (uint32_t i = 0; i < m->imports.count; i++)
        tn_packer_put(p, m->imports.rows[i].text, m->imports.rows[i].size);
}

/* What files mention stands before them, and is known after them. */
static void put_all(struct tn_packer *p, struct mentioned *m, const struct tn_oc_proofs *proofs)
{
    struct tn_packer files = { .at = NULL };
    keep_numbers(m, &proofs->mentions);
    for (size_t i = 0; i < proofs->count; i++)
        put_file(&files, m, &proofs->files[i]);
    put_mentioned(p, m);
    tn_packer_number(p, proofs->count, 4);
    tn_packer_put(p, files.at, files.used);
    p->failed |= files.failed;
    free(files.at);
}

void tn_oc_proofs_pack(struct tn_packer *p, const struct tn_oc_proofs *proofs)
{
    struct mentioned m = { p, { .rows = NULL }, { .rows = NULL } };
    tn_packer_byte(p, TN_OC_PROOF_LAYOUT);
    tn_packer_text(p, proofs->triple);
    if (tn_names_init(&m.names) && tn_names_init(&m.imports))
        put_all(p, &m, proofs);
    else
        p->failed = true;
    tn_names_free(&m.names);
    tn_names_free(&m.imports);
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

/* A number below `end`; else it is bad, and nothing may be looked up by it. */
static uint32_t take_number(struct tn_unpacker *u, size_t end)
{
    uint32_t number = tn_u32(&u->c, "a number");
    u->bad |= number >= end;
    return number;
}

/* Room for a number each, not cleared. */
static uint32_t *number_rows(struct tn_unpacker *u, size_t count)
{
    uint32_t *rows = tn_arena_room(u->arena, count + 1, sizeof *rows);
    u->no_memory |= !rows;
    return rows;
}

static void take_mentions(struct tn_unpacker *u, struct tn_oc_mentions *out)
{
    out->names = tn_unpack_texts(u, &out->name_count);
    tenon_ocaml_import *imports =
        tn_unpack_rows(u, LEAST_IMPORT, sizeof *imports, &out->import_count);
    uint32_t *names = number_rows(u, out->import_count);
    for (size_t i = 0; i < out->import_count && !is_over(u); i++) {
        names[i] = take_number(u, out->name_count);
        imports[i].name = is_over(u) ? "" : out->names[names[i]];
        take_digest(u, &imports[i].crc);
    }
    out->imports = imports;
    out->import_names = names;
}

/* A list of numbers below `end`. */
static const uint32_t *take_numbers(struct tn_unpacker *u, size_t end, size_t *count)
{
    uint32_t stated = tn_u32(&u->c, "a count");
    *count = 0;
    u->bad |= stated > (u->c.in.size - u->c.pos) / LEAST_NUMBER;
    uint32_t *rows = is_over(u) ? NULL : number_rows(u, stated);
    for (size_t i = 0; rows && i < stated && !is_over(u); i++)
        rows[i] = take_number(u, end);
    if (is_over(u))
        return NULL;
    *count = stated;
    return rows;
}

/* Those in a row are where they are; others are copied together. */
static tenon_ocaml_imports take_imports(struct tn_unpacker *u, const struct tn_oc_mentions *m,
                                        const uint32_t **numbers)
{
    size_t count, run = 0;
    const uint32_t *of = *numbers = take_numbers(u, m->import_count, &count);
    while (run < count && of[run] == of[0] + run)
        run++;
    if (run == count)
        return (tenon_ocaml_imports){ count ? m->imports + of[0] : m->imports, count };
    tenon_ocaml_import *rows = tn_arena_room(u->arena, count, sizeof *rows);
    u->no_memory |= !rows;
    for (size_t i = 0; rows && i < count; i++)
        rows[i] = m->imports[of[i]];
    return (tenon_ocaml_imports){ rows, rows ? count : 0 };
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

static tenon_ocaml_names take_defines(struct tn_unpacker *u, const struct tn_oc_mentions *m,
                                      const uint32_t **numbers)
{
    size_t count;
    const uint32_t *of = *numbers = take_numbers(u, m->name_count, &count);
    const char **rows = tn_arena_room(u->arena, count + 1, sizeof *rows);
    u->no_memory |= !rows;
    for (size_t i = 0; rows && i < count; i++)
        rows[i] = m->names[of[i]];
    return (tenon_ocaml_names){ rows, rows ? count : 0 };
}

static void take_unit(struct tn_unpacker *u, const struct tn_oc_mentions *m, tenon_ocaml_unit *out,
                      struct tn_oc_listed *listed)
{
    listed->own = take_number(u, m->name_count);
    if (is_over(u))
        return;
    out->name = m->names[listed->own];
    take_digest(u, &out->interface);
    take_digest(u, &out->implementation);
    out->required = take_imports(u, m, &listed->required);
    out->interfaces = take_imports(u, m, &listed->interfaces);
    out->defines = take_defines(u, m, &listed->defines);
    out->primitives = take_names(u);
}

static tenon_ocaml *take_code(struct tn_unpacker *u, const struct tn_oc_mentions *m,
                              const struct tn_oc_listed **listed)
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
    struct tn_oc_listed *rows = tn_arena_rows(u->arena, code->unit_count + 1, sizeof *rows);
    u->no_memory |= !rows;
    for (size_t i = 0; i < code->unit_count && !is_over(u); i++)
        take_unit(u, m, &code->units[i], &rows[i]);
    *listed = rows;
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

static void take_content(struct tn_unpacker *u, const struct tn_oc_mentions *m,
                         struct tn_oc_proof *out)
{
    unsigned flags = tn_unpack_kind(u, TN_OC_PROOF_FLAGS_END);
    if (flags & TN_OC_PROOF_CODE)
        out->code = take_code(u, m, &out->listed);
    out->has_c = flags & TN_OC_PROOF_C;
    if (!out->has_c)
        return;
    out->c.defines = take_symbols(u);
    out->c.exports = take_symbols(u);
    out->c.wants = take_symbols(u);
    out->c.needs = take_symbols(u);
}

bool tn_oc_proof_read(const struct tn_oc_proofs *proofs, struct tn_oc_proof *proof,
                      struct tn_arena *arena)
{
    struct tn_unpacker u = { .c = tn_cursor(proof->packed, TN_LITTLE), .arena = arena };
    struct tn_oc_proof read = *proof;
    if (!proof->packed.size)
        return true;
    take_content(&u, &proofs->mentions, &read);
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
    take_mentions(&u, &proofs->mentions);
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
