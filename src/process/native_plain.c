/*
 * src/process/native_plain.c - the plan whose joining needs no search
 *
 * Most plugins need a few libraries that their host was started with, and symbols of them. For
 * these the loader looks into its list and finds everything there: so do we, and the resolver,
 * which reads every file of the process, is not asked. Whatever is not as plain as that is its
 * matter; what is wrong with a plan is always found by it.
 *
 * rule  glibc elf/dl-load.c, _dl_map_object(): a loaded object that answers to a name is taken
 *       before anything is searched; elf/dl-lookup.c: the global scope comes first
 */
#include <string.h>

#include "job.h"

/* What the program was started with. */
struct scope {
    const struct tn_registry *registry;
    size_t count;                  /* of its holdings that may belong to it */
    const struct tn_proof *before; /* code that has all that it asks for; NULL */
};

/*
 * The resolver reads the file of everything that could answer, and judges nothing when one is not
 * what was mapped. Code that is loaded apart, and has no name to be needed by, answers nobody.
 */
bool tn_native_is_whole(struct tn_job *job)
{
    struct tn_registry *registry = &job->process->registry;
    for (size_t i = 0; i < registry->count; i++) {
        struct tn_holding *h = registry->holdings[i];
        if (h->reason == TENON_BY_PLUGIN && !h->serves_all && !h->own_name)
            continue;
        if (!h->checked ? !tn_holding_check_file(h, job->world) : tn_holding_file_changed(h))
            return false;
    }
    return true;
}

/* The first object that answers to the name; NULL unless it stays. */
static const struct tn_holding *answering(const struct scope *scope, const char *name)
{
    for (size_t i = 0; i < scope->registry->count; i++) {
        const struct tn_holding *h = scope->registry->holdings[i];
        if (h->own_name && strcmp(h->own_name, name) == 0)
            return h->stays && h->mapped ? h : NULL;
    }
    return NULL;
}

static bool has_libraries(const struct scope *scope, const struct tn_proof *proof)
{
    for (size_t i = 0; i < proof->need_count; i++)
        if (!answering(scope, proof->needs[i]))
            return false;
    for (size_t i = 0; i < proof->version_count; i++) {
        const struct tn_holding *h = answering(scope, proof->versions[i].file);
        if (!h || !tn_mapped_defines_version(h->mapped, proof->versions[i].version))
            return false;
    }
    return true;
}

/* Plain code takes what it asks for to be no thread-local data; what is weak may be missing. */
static bool is_offered(const struct scope *scope, const struct tn_import *import)
{
    uint32_t hash = tn_mapped_hash(import->name);
    bool is_tls;
    for (size_t i = 0; i < scope->count; i++) {
        const struct tn_holding *h = scope->registry->holdings[i];
        if (h->stays && h->mapped &&
            tn_mapped_finds(h->mapped, import->name, hash, import->version, &is_tls))
            return !is_tls;
    }
    return import->weak;
}

static bool has_imports(const struct scope *scope, const struct tn_proof *proof)
{
    for (size_t i = 0; i < proof->import_count; i++)
        if (!is_offered(scope, &proof->imports[i]))
            return false;
    return true;
}

static bool is_same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

/* Plugins of one host ask for much the same. */
static bool asks_same(const struct tn_proof *a, const struct tn_proof *b)
{
    bool same = a->need_count == b->need_count && a->version_count == b->version_count &&
                a->import_count == b->import_count;
    for (size_t i = 0; same && i < a->need_count; i++)
        same = strcmp(a->needs[i], b->needs[i]) == 0;
    for (size_t i = 0; same && i < a->version_count; i++)
        same = strcmp(a->versions[i].file, b->versions[i].file) == 0 &&
               strcmp(a->versions[i].version, b->versions[i].version) == 0;
    for (size_t i = 0; same && i < a->import_count; i++)
        same = strcmp(a->imports[i].name, b->imports[i].name) == 0 &&
               is_same_text(a->imports[i].version, b->imports[i].version) &&
               a->imports[i].weak == b->imports[i].weak;
    return same;
}

static bool is_code_plain(struct scope *scope, const struct tn_code *code)
{
    const struct tn_proof *proof = code->proof;
    if (!proof || !proof->is_plain || proof->has_static_tls || code->shared)
        return false;
    if (scope->before && asks_same(scope->before, proof))
        return true;
    if (!has_libraries(scope, proof) || !has_imports(scope, proof))
        return false;
    scope->before = proof;
    return true;
}

bool tn_native_is_plain(struct tn_job *job)
{
    struct scope scope = { .registry = &job->process->registry };
    const char *libc = job->process->triple.libc;
    if (job->process->program || !libc || strcmp(libc, "glibc") != 0)
        return false;
    for (size_t i = 0; i < job->plan.order_count; i++)
        if (!job->prospects[job->plan.order[i]].proofs)
            return false;
    for (size_t i = 0; i < scope.registry->count; i++)
        if (scope.registry->holdings[i]->stays)
            scope.count = i + 1;
    if (!tn_native_is_whole(job))
        return false;
    for (size_t i = 0; i < job->plan.order_count; i++) {
        const struct tn_prospect *p = &job->prospects[job->plan.order[i]];
        for (size_t k = 0; k < p->code_count; k++)
            if (!is_code_plain(&scope, &p->codes[k]))
                return false;
    }
    return true;
}
