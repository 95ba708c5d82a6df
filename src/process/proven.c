/* src/process/proven.c - code that was verified before: taken as it was noted, and noted */
#include <stdlib.h>
#include <string.h>

#include "bundle.h"
#include "fail.h"
#include "job.h"

/* What the index has of the bundle's code for this process; NULL: nothing. */
static const struct tn_proofs *proofs_of(struct tn_job *job, const struct tn_prospect *p)
{
    struct tn_known_row *row = tn_known_row(p->bundle);
    if (!row || !row->proofs.size || row->unproven)
        return NULL;
    if (!row->proven)
        row->proven = tn_proofs_unpack(row->proofs, &job->process->proofs);
    row->unproven = !row->proven;
    const struct tn_proofs *proofs = row->proven;
    return proofs && strcmp(proofs->triple, p->triple) == 0 ? proofs : NULL;
}

/* Is the file in the cache the one that was verified? */
static bool is_the_same(struct tn_job *job, const struct tn_code *code,
                        const struct tn_identity *noted)
{
    struct tn_identity now;
    size_t size = strlen(job->cache_path);
    return strncmp(code->path, job->cache_path, size) == 0 && code->path[size] == '/' &&
           tn_cache_look(job->cache, code->path + size + 1, &now) && tn_identity_same(&now, noted);
}

bool tn_prospect_take_proofs(struct tn_job *job, struct tn_prospect *p, tenon_error *err)
{
    bool may = !job->process->program && !(job->flags & TENON_LOAD_VERIFY);
    const struct tn_proofs *proofs = may ? proofs_of(job, p) : NULL;
    if (!proofs || !tn_job_open_cache(job, NULL))
        return false;
    for (size_t k = 0; k < p->code_count; k++) {
        p->codes[k].proof = tn_proofs_find(proofs, p->codes[k].entry);
        if (!p->codes[k].proof || !is_the_same(job, &p->codes[k], &p->codes[k].proof->identity))
            return false;
    }
    for (size_t k = 0; k < p->code_count; k++) {
        p->codes[k].holding = tn_holding_of_proof(&job->arena, p->codes[k].path, p->codes[k].proof);
        if (!p->codes[k].holding)
            return tn_no_memory(err);
    }
    p->proofs = proofs;
    return true;
}

/* By its path: the bundle that its rows borrow from may be gone. */
static const struct tn_identity *cached_identity(const struct tn_cached *cached, const char *path)
{
    for (size_t i = 0; i < cached->count; i++)
        if (strcmp(cached->files[i].path, path) == 0)
            return &cached->files[i].identity;
    return NULL;
}

/*
 * What cannot be noted is read again the next time. Neither is a bundle with more code for this
 * system than what it loads: the loader may still open the rest, by name.
 */
void tn_prospect_prove(struct tn_job *job, struct tn_prospect *p, const struct tn_cached *cached)
{
    struct tn_known_row *row = p->proofs ? NULL : tn_known_row(p->bundle);
    struct tn_packer packer = { .at = NULL };
    bool good = row && cached->count == p->code_count;
    if (!good)
        return;
    tn_proofs_begin(&packer, p->triple, p->code_count);
    for (size_t k = 0; good && k < p->code_count; k++) {
        const struct tn_code *c = &p->codes[k];
        const struct tn_identity *identity = cached_identity(cached, c->path);
        good = identity && !c->shared && c->holding->file &&
               tn_proof_add(&packer, job->world, c->path, c->entry, identity, c->holding->file) &&
               is_the_same(job, c, identity);
    }
    if (good && !packer.failed) {
        tn_known_prove(job->process->known, row, packer.at, packer.used);
        row->proven = NULL;
        row->unproven = false;
    }
    free(packer.at);
}
