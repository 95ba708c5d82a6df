/* src/process/ocaml_proven.c - OCaml code that was loaded before: taken as it was noted, and noted
 */
#include <stdlib.h>
#include <string.h>

#include "bundle.h"
#include "entry_name.h"
#include "fail.h"
#include "ocaml_proof.h"

/* What the index has of the bundle's code; NULL: nothing. */
static const struct tn_oc_proofs *proofs_of(const tenon_ocaml_plan *plan,
                                            const struct tn_oc_prospect *p)
{
    tenon_process *settings = plan->process->settings;
    struct tn_known_row *row = p->bundle ? tn_known_row(p->bundle) : NULL;

    if (!row || !row->proofs.size || row->unproven)
        return NULL;
    if (!row->proven)
        row->proven = tn_oc_proofs_unpack(row->proofs, &settings->proofs);
    row->unproven = !row->proven;
    const struct tn_oc_proofs *proofs = row->proven;
    return proofs && strcmp(proofs->triple, settings->triple.text) == 0 ? proofs : NULL;
}

/* Where the cache has a file. *below (may be NULL): its end, "DIGEST.TRIPLE/NAME". NULL: no memory.
 */
static const char *in_cache(tenon_ocaml_plan *plan, const struct tn_oc_prospect *p,
                            const char *entry, const char **below)
{
    const char *cache = tn_cache_path(plan->cache);
    const char *path =
        tn_arena_join(&plan->arena, cache, "/", p->directory, "/", tn_base_name(entry), NULL);

    if (path && below)
        *below = path + strlen(cache) + 1;
    return path;
}

static bool is_the_same(const tenon_ocaml_plan *plan, const char *below,
                        const struct tn_identity *noted)
{
    struct tn_identity now;

    return tn_cache_look(plan->cache, below, &now) && tn_identity_same(&now, noted);
}

/* The file of the plan that is an entry, when what it holds is known; NULL. */
static const struct tn_oc_file *file_of(const struct tn_oc_prospect *p, const char *entry)
{
    for (size_t k = 0; k < p->count; k++)
        if (p->files[k]->entry && (p->files[k]->code || p->files[k]->has_c) &&
            strcmp(p->files[k]->entry, entry) == 0)
            return p->files[k];
    return NULL;
}

bool tn_oc_take_proofs(tenon_ocaml_plan *plan, struct tn_oc_prospect *p)
{
    bool may = plan->cache_path && !plan->process->program && !(plan->flags & TENON_LOAD_VERIFY);

    p->proofs = may ? proofs_of(plan, p) : NULL;
    p->directory = p->proofs ? tn_cache_name(p->digest, p->proofs->triple, &plan->arena) : NULL;
    if (!p->directory || !tn_oc_open_cache(plan, NULL))
        p->proofs = NULL;
    return p->proofs != NULL;
}

bool tn_oc_take_proof(tenon_ocaml_plan *plan, struct tn_oc_prospect *p, struct tn_oc_file *file)
{
    struct tn_oc_proof *proof = tn_oc_proofs_find(p->proofs, file->entry);
    bool good = proof && tn_oc_proof_read(p->proofs, proof, &plan->process->settings->proofs) &&
                (file->is_stubs ? proof->has_c && !proof->code : proof->code != NULL);
    const char *below, *path = good ? in_cache(plan, p, file->entry, &below) : NULL;

    if (!path || !is_the_same(plan, below, &proof->identity))
        return false;
    file->path = path;
    file->is_proven = true;
    file->code = proof->code;
    file->listed = proof->listed;
    if (file->listed)
        p->mentions = &p->proofs->mentions;
    file->has_c = proof->has_c;
    file->c = proof->c;
    return true;
}

static const tenon_code_entry *entry_of(const struct tn_oc_prospect *p, const char *path)
{
    for (size_t i = 0; i < p->manifest->code_count; i++)
        if (strcmp(p->manifest->code[i].path, path) == 0)
            return &p->manifest->code[i];
    return NULL;
}

bool tn_oc_trust(tenon_ocaml_plan *plan, struct tn_oc_prospect *p, tenon_error *err)
{
    struct tn_cached_file *rows = tn_arena_rows(&plan->arena, p->proofs->count + 1, sizeof *rows);
    size_t count = 0;

    for (size_t i = 0; rows && i < p->proofs->count; i++) {
        const struct tn_oc_proof *proof = &p->proofs->files[i];
        const tenon_code_entry *code = entry_of(p, proof->entry);
        const struct tn_oc_file *file = code ? file_of(p, proof->entry) : NULL;
        /* notes of another bundle, whatever the index says; code that this loader does not open */
        if (!code || (!file && (code->kind == TENON_CODE_OCAML_NATIVE ||
                                code->kind == TENON_CODE_OCAML_BYTE)))
            continue;
        const char *path = file ? file->path : in_cache(plan, p, proof->entry, NULL);
        if (!path)
            return tn_no_memory(err);
        rows[count++] = (struct tn_cached_file){ code, path, proof->identity };
    }
    p->taken = rows;
    p->taken_count = count;
    return rows || tn_no_memory(err);
}

/* ---- noting -----------------------------------------------------------------------------------
 */

/* A row for each file of the cache: what this plan read of it, else what another loader's had. */
static bool gather(const tenon_ocaml_plan *plan, const struct tn_oc_prospect *p,
                   struct tn_oc_proofs *out)
{
    const struct tn_oc_proofs *before = proofs_of(plan, p);

    out->triple = plan->process->settings->triple.text;
    if (before)
        out->mentions = before->mentions;
    out->files = calloc(p->cached->count + 1, sizeof *out->files);
    for (size_t i = 0; out->files && i < p->cached->count; i++) {
        const struct tn_cached_file *cached = &p->cached->files[i];
        const struct tn_oc_proof *old = tn_oc_proofs_find(before, cached->code->path);
        const struct tn_oc_file *file = file_of(p, cached->code->path);
        struct tn_oc_proof *row = &out->files[out->count++];
        if (old && tn_identity_same(&old->identity, &cached->identity))
            *row = *old;
        row->entry = cached->code->path;
        row->identity = cached->identity;
        if (!file)
            continue;
        row->packed = tn_view(NULL, 0);
        row->code = file->code;
        row->listed = NULL;
        row->has_c = file->has_c;
        row->c = file->c;
    }
    return out->files;
}

/* An executable stack is asked of the loader each time: what has one is not noted. */
static bool wants_exec_stack(const struct tn_oc_prospect *p)
{
    for (size_t i = 0; i < p->count; i++)
        if (p->files[i]->c.exec_stack)
            return true;
    return false;
}

/* What cannot be noted is read again the next time. */
void tn_oc_prove(tenon_ocaml_plan *plan, struct tn_oc_prospect *p)
{
    struct tn_known_row *row = p->proofs || !p->bundle ? NULL : tn_known_row(p->bundle);
    struct tn_oc_proofs proofs = { .triple = NULL };
    struct tn_packer packer = { .at = NULL };

    if (!row || !p->cached || wants_exec_stack(p) ||
        !tn_cached_check(p->cached->files, p->cached->count, NULL) || !gather(plan, p, &proofs))
        return;
    tn_oc_proofs_pack(&packer, &proofs);
    if (!packer.failed) {
        tn_known_prove(plan->process->settings->known, row, packer.at, packer.used);
        row->proven = NULL;
        row->unproven = false;
    }
    free(proofs.files);
    free(packer.at);
}
