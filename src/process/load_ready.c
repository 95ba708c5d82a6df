/*
 * src/process/load_ready.c - a plugin made ready: all that loading it takes, before anything is
 * opened
 *
 * The loader keeps what it has loaded in a list, and walks it for each object that comes. What we
 * allocate between two of its entries makes that walk slower, for us and for everybody after us.
 */
#include <stdlib.h>
#include <string.h>

#include "bundle.h"
#include "entry_name.h"
#include "fail.h"
#include "load.h"

/* ---- its code ------------------------------------------------------------------------------- */

/* The code of the bundle, taken out: exactly what was checked, by the digest of its manifest. */
static struct tn_cached *take_out(struct tn_job *job, struct tn_prospect *p, tenon_error *err)
{
    struct tn_cached *cached = p->cached;
    p->cached = NULL;
    if (cached)
        return cached;
    tenon_bundle *bundle = tn_job_open_cache(job, err) ? tenon_bundle_open(p->file, err) : NULL;
    if (bundle && memcmp(tenon_bundle_digest(bundle), p->digest, sizeof p->digest) != 0)
        tn_fail(err, TENON_E_MALFORMED, "%s changed after it was checked", p->file);
    else if (bundle)
        cached = tn_cache_ensure(job->cache, bundle, p->triple, 0, err);
    tenon_bundle_free(bundle);
    return cached;
}

/* Proven code is in the cache: what was noted of it then is what it must be. */
static bool take_proven(struct tn_loaded *loaded, const struct tn_prospect *p, tenon_error *err)
{
    struct tn_cached_file *files =
        tn_arena_rows(&loaded->arena, p->code_count, sizeof *loaded->files);
    if (!files)
        return tn_no_memory(err);
    for (size_t k = 0; k < p->code_count; k++) {
        files[k].identity = p->codes[k].proof->identity;
        files[k].path = tn_arena_string(&loaded->arena, p->codes[k].path);
        if (!files[k].path)
            return tn_no_memory(err);
    }
    loaded->files = files;
    loaded->file_count = p->code_count;
    return true;
}

static bool take_code(struct tn_job *job, struct tn_loaded *loaded, struct tn_prospect *p,
                      tenon_error *err)
{
    if (p->proofs)
        return take_proven(loaded, p, err);
    loaded->cached = take_out(job, p, err);
    if (!loaded->cached)
        return false;
    loaded->files = loaded->cached->files;
    loaded->file_count = loaded->cached->count;
    return true;
}

/* Where the cache has one file of the code. */
static const char *cached_path(const struct tn_loaded *loaded, const char *entry)
{
    for (size_t i = 0; i < loaded->file_count; i++)
        if (strcmp(tn_base_name(loaded->files[i].path), tn_base_name(entry)) == 0)
            return loaded->files[i].path;
    return NULL;
}

static bool fill_images(struct tn_loaded *loaded, const struct tn_prospect *p, tenon_error *err)
{
    loaded->images = tn_arena_rows(&loaded->arena, p->code_count, sizeof *loaded->images);
    if (!loaded->images)
        return tn_no_memory(err);
    for (size_t k = 0; k < p->code_count; k++) {
        const char *path = cached_path(loaded, p->codes[k].entry);
        if (!path)
            return tn_fail(err, TENON_E_NOT_FOUND, "%s was not taken out", p->codes[k].entry);
        loaded->images[k] = (struct tn_opened){ .path = path, .global = p->serves_all };
    }
    loaded->image_count = p->code_count;
    loaded->never_starts = p->proofs && !p->codes[p->code_count - 1].proof->starts;
    return true;
}

/* ---- what its own code sees ----------------------------------------------------------------- */

/* The real directory of a bundle, with its slash; of the last one it is remembered. NULL: none. */
static const char *real_folder(struct tn_job *job, const char *path, size_t size)
{
    if (size == job->real_of_size && memcmp(job->real_of, path, size) == 0)
        return job->real_folder;
    const char *folder = tn_arena_copy(&job->arena, path, size);
    char *real = folder ? realpath(folder, NULL) : NULL;
    job->real_folder = real ? tn_arena_join(&job->arena, real, real[1] ? "/" : "", NULL) : NULL;
    job->real_of = folder;
    job->real_of_size = folder ? size : 0;
    free(real);
    return job->real_folder;
}

/* As realpath(3), for many files of one directory; what has none keeps its name. NULL: no memory */
static const char *real_path(struct tn_job *job, struct tn_arena *arena, const char *path,
                             bool is_no_link)
{
    size_t size = (size_t)(tn_base_name(path) - path);
    const char *folder = size > 1 && is_no_link ? real_folder(job, path, size) : NULL;
    if (folder)
        return tn_arena_join(arena, folder, path + size, NULL);
    char *real = realpath(path, NULL);
    const char *kept = tn_arena_string(arena, real ? real : path);
    free(real);
    return kept;
}

static bool fill_plugin(struct tn_job *job, struct tn_loaded *loaded, const struct tn_prospect *p,
                        tenon_error *err)
{
    tenon_plugin *plugin = &loaded->plugin;
    const char *path = loaded->files[0].path;
    plugin->name = tn_arena_string(&loaded->arena, p->name);
    plugin->version = tn_arena_string(&loaded->arena, p->manifest->version);
    plugin->bundle = real_path(job, &loaded->arena, p->file, p->bundle->is_no_link);
    plugin->directory =
        tn_arena_copy(&loaded->arena, path, (size_t)(tn_base_name(path) - 1 - path));
    memcpy(loaded->digest, p->digest, sizeof loaded->digest);
    tn_plugin_equip(loaded);
    return (plugin->name && plugin->version && plugin->bundle && plugin->directory) ||
           tn_no_memory(err);
}

static bool copy_arguments(struct tn_loaded *loaded, const tenon_request *request,
                           struct tn_ready *out, tenon_error *err)
{
    size_t count = request->argc > 0 ? (size_t)request->argc : 0;
    out->argc = (int)count;
    out->argv = tn_arena_rows(&loaded->arena, count + 1, sizeof *out->argv);
    for (size_t i = 0; out->argv && i < count; i++) {
        out->argv[i] = tn_arena_string(&loaded->arena, request->argv[i]);
        if (!out->argv[i])
            return tn_no_memory(err);
    }
    return out->argv || tn_no_memory(err);
}

/* ---- what the registry will have of it ------------------------------------------------------ */

static bool fill_came(struct tn_job *job, const struct tn_loaded *loaded,
                      const struct tn_prospect *p, struct tn_ready *out, tenon_error *err)
{
    if (!p->proofs)
        return true;
    out->came = tn_arena_rows(&job->arena, loaded->image_count, sizeof *out->came);
    if (!out->came)
        return tn_no_memory(err);
    for (size_t k = 0; k < loaded->image_count; k++) {
        out->came[k] =
            tn_holding_came(loaded->images[k].path, loaded->plugin.name, p->codes[k].proof);
        if (!out->came[k])
            return tn_no_memory(err);
        tn_holding_set_own_code(out->came[k], k + 1 == loaded->image_count);
        out->came_count++;
    }
    return true;
}

/* ---- all of it ------------------------------------------------------------------------------ */

/* About what all its strings and rows take, so that they are one block. */
static size_t size_of(const struct tn_prospect *p)
{
    enum { ALIGN = 16, NAMES = 256 };
    size_t size = sizeof(struct tn_loaded) + NAMES + strlen(p->name) + strlen(p->file);
    for (size_t k = 0; k < p->code_count; k++)
        size += sizeof(struct tn_opened) + sizeof(struct tn_cached_file) + 2 * ALIGN +
                2 * strlen(p->codes[k].path);
    return size;
}

/* It is itself part of its arena. NULL: no memory. */
static struct tn_loaded *new_loaded(const struct tn_prospect *p)
{
    struct tn_arena arena;
    if (!tn_arena_begin(&arena, size_of(p)))
        return NULL;
    struct tn_loaded *loaded = tn_arena_take(&arena, sizeof *loaded);
    if (loaded)
        loaded->arena = arena;
    else
        tn_arena_free(&arena);
    return loaded;
}

bool tn_ready_make(struct tn_job *job, size_t number, struct tn_ready *out, tenon_error *err)
{
    struct tn_prospect *p = &job->prospects[number];
    struct tn_loaded *loaded = new_loaded(p);
    *out = (struct tn_ready){ .number = number, .loaded = loaded };
    if (!loaded)
        return tn_no_memory(err);
    loaded->process = job->process;
    loaded->backend = &tn_backend_dlopen;
    if (take_code(job, loaded, p, err) && fill_images(loaded, p, err) &&
        fill_plugin(job, loaded, p, err) && copy_arguments(loaded, p->request, out, err) &&
        fill_came(job, loaded, p, out, err))
        return true;
    tn_ready_free(out);
    return false;
}

void tn_ready_free(struct tn_ready *ready)
{
    for (size_t k = 0; k < ready->came_count; k++)
        tn_holding_free(ready->came[k]);
    ready->came_count = 0;
    tn_loaded_free(ready->loaded);
    ready->loaded = NULL;
}
