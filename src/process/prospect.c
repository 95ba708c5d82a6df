/* src/process/prospect.c - from the name of a plugin to its code, opened and checked */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "bundle.h"
#include "fail.h"
#include "job.h"
#include "triple.h"
#include "verify.h"

void tn_prospect_free(struct tn_prospect *prospect)
{
    for (size_t i = 0; i < prospect->code_count; i++) {
        free(prospect->codes[i].bytes);
        tn_holding_free(prospect->codes[i].holding);
    }
    tn_cached_free(prospect->cached);
    tenon_bundle_free(prospect->bundle);
    tn_arena_free(&prospect->arena);
    *prospect = (struct tn_prospect){ 0 };
}

/* What keeps one plugin out: a finding, and its row is refused. False, always. */
static bool drop(struct tn_job *job, size_t row, enum tenon_finding_kind kind, const char *unit,
                 const char *message)
{
    tenon_plugin_result *result = &job->report->plugins[row];
    result->status = TENON_PLUGIN_REFUSED;
    tn_report_find(job->report,
                   (struct tn_about){ .kind = kind,
                                      .refuses = true,
                                      .plugin = result->name,
                                      .unit = unit,
                                      .holders = { result->file } },
                   "%s", message);
    return false;
}

/* The same for an error; running out of memory fails the whole job. */
static bool drop_error(struct tn_job *job, size_t row, enum tenon_finding_kind kind,
                       const char *unit, const tenon_error *why, tenon_error *err)
{
    if (why->code == TENON_E_MEMORY) {
        job->failed = true;
        return tn_no_memory(err);
    }
    return drop(job, row, kind, unit, tenon_error_message(why));
}

static bool no_memory(struct tn_job *job, tenon_error *err)
{
    job->failed = true;
    return tn_no_memory(err);
}

/* ---- which code ----------------------------------------------------------------------------- */

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* Is the entry "MAIN.so"? */
static bool is_main(const tenon_code_entry *code, const char *main)
{
    const char *base = base_name(code->path);
    size_t size = strlen(main);
    return strncmp(base, main, size) == 0 && strcmp(base + size, ".so") == 0;
}

static bool is_for(const struct tn_job *job, const tenon_code_entry *code,
                   enum tenon_code_kind kind)
{
    const char *host = job->process->triple.text;
    if (code->kind != kind || !code->triple || !*host)
        return false;
    /* a static program need not say which C library is in it, and is refused for another reason */
    return tn_triple_fits(code->triple, host) ||
           (job->process->is_static && tn_triple_fits(host, code->triple));
}

static bool add_code(struct tn_job *job, struct tn_prospect *p, const char *directory,
                     const tenon_code_entry *code, tenon_error *err)
{
    struct tn_code *c = &p->codes[p->code_count];
    c->entry = code->path;
    c->path = tn_arena_format(&p->arena, "%s/%s", directory, base_name(code->path));
    if (!c->path)
        return no_memory(job, err);
    p->code_count++;
    return true;
}

/* Which systems the bundle has code for. */
static const char *list_triples(struct tn_job *job, const tenon_manifest *m)
{
    const char *list = "";
    for (size_t i = 0; list && i < m->code_count; i++) {
        const char *triple =
            m->code[i].triple ? m->code[i].triple : tenon_code_kind_name(m->code[i].kind);
        if (!strstr(list, triple))
            list = tn_arena_format(&job->report->arena, "%s%s%s", list, *list ? ", " : "",
                                   tn_report_show(job->report, triple));
    }
    job->report->no_memory |= !list;
    return list && *list ? list : "nothing";
}

static bool no_code(struct tn_job *job, size_t row, const struct tn_prospect *p)
{
    const char *text = tn_arena_format(
        &job->report->arena, "plugin \"%s\" has no code for %s: it has code for %s", p->name,
        job->process->triple.text[0] ? job->process->triple.text : "this host",
        list_triples(job, p->manifest));
    job->report->no_memory |= !text;
    return drop(job, row, TENON_FINDING_NO_CODE, NULL, text ? text : "");
}

/* Own libraries first, the plugin's own code last. */
static bool choose(struct tn_job *job, size_t row, struct tn_prospect *p, tenon_error *err)
{
    const tenon_manifest *m = p->manifest;
    const tenon_code_entry *own = NULL;
    for (size_t i = 0; i < m->code_count; i++)
        if (is_for(job, &m->code[i], TENON_CODE_NATIVE) &&
            (!m->main || is_main(&m->code[i], m->main)))
            own = &m->code[i];
    if (!own)
        return no_code(job, row, p);
    p->triple = job->process->triple.text;
    const char *name = tn_cache_name(p->digest, p->triple, &p->arena);
    const char *directory =
        name ? tn_arena_format(&p->arena, "%s/%s", job->cache_path, name) : NULL;
    p->codes = tn_arena_rows(&p->arena, m->code_count, sizeof *p->codes);
    if (!directory || !p->codes)
        return no_memory(job, err);
    for (size_t i = 0; i < m->code_count; i++)
        if (is_for(job, &m->code[i], TENON_CODE_LIBRARY) &&
            !add_code(job, p, directory, &m->code[i], err))
            return false;
    return add_code(job, p, directory, own, err);
}

/* ---- its bytes ------------------------------------------------------------------------------ */

/* True when the cache has the code already: *p then knows where. */
static bool find_cached(struct tn_job *job, struct tn_prospect *p, tenon_error *why)
{
    struct stat info;
    char *end = strrchr(p->codes[0].path, '/');
    if (!job->cache_path || job->process->program)
        return false;
    char *directory = tn_arena_copy(&p->arena, p->codes[0].path, (size_t)(end - p->codes[0].path));
    if (!directory || stat(directory, &info) != 0)
        return false;
    if (!job->cache)
        job->cache = tn_cache_open(job->cache_path, why);
    if (!job->cache)
        return false;
    p->cached = tn_cache_ensure(job->cache, p->bundle, p->triple,
                                job->flags & TENON_LOAD_VERIFY ? TN_CACHE_VERIFY : 0, why);
    return p->cached != NULL;
}

/* The code as files of the world: those of the cache, or files in memory where they would be. */
static bool place_codes(struct tn_job *job, size_t row, struct tn_prospect *p, tenon_error *err)
{
    tenon_error why = TENON_ERROR_INIT;
    if (find_cached(job, p, &why))
        return true;
    if (why.code)
        return drop_error(job, row, TENON_FINDING_CACHE, NULL, &why, err);
    for (size_t i = 0; i < p->code_count; i++) {
        struct tn_code *c = &p->codes[i];
        if (!tenon_bundle_read(p->bundle, c->entry, &c->bytes, &c->size, &why))
            return drop_error(job, row, TENON_FINDING_BAD_BUNDLE, c->entry, &why, err);
        if (!tenon_world_put_file(job->world, c->path, c->bytes, c->size, 0755, &why))
            return drop_error(job, row, TENON_FINDING_CACHE, c->entry, &why, err);
        free(c->bytes);
        c->bytes = NULL;
    }
    return true;
}

static const tenon_code_entry *manifest_code(const tenon_manifest *m, const char *entry)
{
    for (size_t i = 0; i < m->code_count; i++)
        if (strcmp(m->code[i].path, entry) == 0)
            return &m->code[i];
    return NULL;
}

/* Reads one file of code and holds it against what the manifest says of it. */
static bool read_code(struct tn_job *job, struct tn_prospect *p, struct tn_code *c, bool is_own,
                      tenon_error *why)
{
    const tenon_code_entry *code = manifest_code(p->manifest, c->entry);
    c->holding = tn_holding_new(c->path, why);
    if (!c->holding)
        return false;
    struct tn_holding *h = c->holding;
    h->reason = TENON_BY_PLUGIN;
    h->plugin = p->name;
    h->place =
        is_own ? tn_arena_format(&h->arena, "plugin \"%s\"", p->name)
               : tn_arena_format(&h->arena, "%s of plugin \"%s\"", base_name(c->entry), p->name);
    if (!h->place)
        return tn_no_memory(why);
    tenon_image *image = tenon_image_open(job->world, c->path, TENON_PART_CORE, why);
    bool good = image && tn_verify_code(code, image, why) && tn_holding_take_image(h, image, why);
    tenon_image_free(image);
    if (!good)
        return tn_context(why, "%s", c->entry);
    const tenon_units *units = tn_holding_file(h, job->world);
    if (h->starved)
        return tn_no_memory(why);
    if (!units)
        return tn_fail(why, TENON_E_MALFORMED, "%s: %s", c->entry,
                       h->fault ? h->fault : "its units cannot be read");
    if (tenon_units_record(units) == TENON_RECORD_UNREADABLE)
        return tn_fail(why, TENON_E_MALFORMED, "%s: its record makes no sense: %s", c->entry,
                       tenon_units_remark(units, 0) ? tenon_units_remark(units, 0) : "");
    return tn_verify_claims(p->manifest, code, units, why);
}

/* ---- own libraries in the order of their needs ---------------------------------------------- */

static bool needs_any(const struct tn_code *code, const struct tn_code *rest, size_t count)
{
    const struct tn_holding *h = code->holding;
    for (size_t i = 0; i < h->need_count; i++)
        for (size_t k = 0; k < count; k++)
            if (&rest[k] != code && rest[k].holding->own_name &&
                strcmp(rest[k].holding->own_name, h->needs[i]) == 0)
                return true;
    return false;
}

/* A cycle among libraries is the system's loader's to join: any order serves. */
static void order_codes(struct tn_prospect *p)
{
    size_t libraries = p->code_count - 1;
    for (size_t placed = 0; placed < libraries; placed++) {
        size_t next = placed;
        while (next < libraries &&
               needs_any(&p->codes[next], p->codes + placed, libraries - placed))
            next++;
        if (next == libraries)
            return;
        struct tn_code code = p->codes[next];
        memmove(p->codes + placed + 1, p->codes + placed, (next - placed) * sizeof code);
        p->codes[placed] = code;
    }
}

/* ---- one plugin ----------------------------------------------------------------------------- */

/* Loaded already, or asked for before: nothing is to be done, unless it is another one. */
static bool is_new(struct tn_job *job, size_t row, const struct tn_prospect *p)
{
    const struct tn_loaded *loaded = tn_process_plugin_named(job->process, p->name);
    const uint8_t *digest = loaded ? loaded->digest : NULL;
    const char *file = loaded ? loaded->plugin.bundle : NULL;
    for (size_t i = 0; !digest && i < job->count; i++)
        if (strcmp(job->prospects[i].name, p->name) == 0) {
            digest = job->prospects[i].digest;
            file = job->prospects[i].file;
        }
    if (!digest)
        return true;
    if (memcmp(digest, p->digest, sizeof p->digest) == 0) {
        job->report->plugins[row].status = TENON_PLUGIN_ALREADY;
        return false;
    }
    const char *text = tn_arena_format(
        &job->report->arena, "plugin \"%s\" is already %s from %s, which is another build", p->name,
        loaded ? "loaded" : "asked for", tn_report_show(job->report, file));
    job->report->no_memory |= !text;
    return drop(job, row, TENON_FINDING_OTHER_BUILD, NULL, text ? text : "");
}

static bool open_bundle(struct tn_job *job, size_t row, struct tn_prospect *p, tenon_error *err)
{
    tenon_error why = TENON_ERROR_INIT;
    tenon_plugin_result *result = &job->report->plugins[row];
    tn_process_tell(job->process, TENON_EVENT_OPENING, NULL, p->file, NULL);
    /* to verify everything is to read everything */
    struct tn_known *known =
        job->flags & TENON_LOAD_VERIFY ? NULL : tn_process_known(job->process, job->world);
    p->bundle = tn_known_bundle(known, p->file, &why);
    if (!p->bundle)
        return drop_error(job, row, TENON_FINDING_BAD_BUNDLE, NULL, &why, err);
    p->manifest = tenon_bundle_manifest(p->bundle);
    memcpy(p->digest, tenon_bundle_digest(p->bundle), sizeof p->digest);
    p->name = tn_arena_string(&p->arena, p->manifest->name);
    result->name = p->name ? tn_arena_string(&job->report->arena, p->name) : NULL;
    return result->name || no_memory(job, err);
}

const char *tn_signature_words(struct tn_arena *arena, const char *name,
                               const tenon_signature *signature)
{
    switch (signature->state) {
    case TENON_SIGNATURE_BAD:
        return tn_arena_format(arena, "the signature of plugin \"%s\" is bad: %s", name,
                               signature->why);
    case TENON_SIGNATURE_UNKNOWN:
        return tn_arena_format(arena, "plugin \"%s\" is signed with key %s, which is not trusted",
                               name, signature->key);
    default: return tn_arena_format(arena, "plugin \"%s\" is not signed", name);
    }
}

/* Was it made by somebody who is trusted? Asked of the file that is there now. */
static bool is_trusted(struct tn_job *job, size_t row, struct tn_prospect *p, tenon_error *err)
{
    const tenon_process *process = job->process;
    tenon_error why = TENON_ERROR_INIT;
    tenon_signature signature;
    if (!process->keys)
        return true;
    if (!tenon_bundle_signature(p->bundle, process->keys, &signature, &why))
        return drop_error(job, row, TENON_FINDING_BAD_BUNDLE, NULL, &why, err);
    if (signature.state == TENON_SIGNATURE_GOOD)
        return true;
    const char *words = tn_signature_words(&job->report->arena, p->name, &signature);
    if (!words)
        return no_memory(job, err);
    if (process->require_signature || signature.state == TENON_SIGNATURE_BAD)
        return drop(job, row, TENON_FINDING_SIGNATURE, NULL, words);
    tn_report_find(job->report,
                   (struct tn_about){ .kind = TENON_FINDING_SIGNATURE,
                                      .plugin = job->report->plugins[row].name,
                                      .holders = { p->file } },
                   "%s", words);
    return true;
}

static bool read_codes(struct tn_job *job, size_t row, struct tn_prospect *p, tenon_error *err)
{
    for (size_t i = 0; i < p->code_count; i++) {
        tenon_error why = TENON_ERROR_INIT;
        if (!read_code(job, p, &p->codes[i], i + 1 == p->code_count, &why))
            return drop_error(job, row, TENON_FINDING_BAD_BUNDLE, p->codes[i].entry, &why, err);
    }
    order_codes(p);
    return true;
}

/* False: it is not in the plan; a finding says why, or it is there already. */
static bool fill(struct tn_job *job, size_t row, struct tn_prospect *p, tenon_error *err)
{
    return open_bundle(job, row, p, err) && is_trusted(job, row, p, err) && is_new(job, row, p) &&
           choose(job, row, p, err) && place_codes(job, row, p, err) &&
           read_codes(job, row, p, err);
}

static bool gather_one(struct tn_job *job, size_t row, tenon_error *err)
{
    tenon_plugin_result *result = &job->report->plugins[row];
    struct tn_prospect *p = &job->prospects[job->count];
    p->request = &job->requests[row];
    result->name = tn_arena_string(&job->report->arena, p->request->plugin);
    if (!result->name)
        return no_memory(job, err);
    result->file = p->file = tn_search_find(job->process, p->request->plugin, job->report);
    if (!p->file) {
        result->status = TENON_PLUGIN_REFUSED;
        return !job->report->no_memory || no_memory(job, err);
    }
    if (fill(job, row, p, err)) {
        job->plan.candidates[job->count].row = row;
        tn_bundle_rest(p->bundle);
        job->count++;
        return true;
    }
    tn_prospect_free(p);
    return !job->failed;
}

bool tn_job_gather(struct tn_job *job, tenon_error *err)
{
    size_t count = job->request_count;
    job->report->plugins = calloc(count + 1, sizeof *job->report->plugins);
    job->prospects = calloc(count + 1, sizeof *job->prospects);
    job->plan.candidates = calloc(count + 1, sizeof *job->plan.candidates);
    if (!job->report->plugins || !job->prospects || !job->plan.candidates)
        return no_memory(job, err);
    job->report->plugin_count = count;
    for (size_t i = 0; i < count; i++)
        if (!gather_one(job, i, err))
            return false;
    if (!job->process->program)
        tn_known_save(job->process->known, false);
    return true;
}
