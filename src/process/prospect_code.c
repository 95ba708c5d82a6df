/* src/process/prospect_code.c - a bundle's code: which of it, where it is, and what it holds */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "bundle.h"
#include "entry_name.h"
#include "fail.h"
#include "job.h"
#include "prospect.h"
#include "text.h"
#include "triple.h"
#include "verify.h"

/* ---- which code ----------------------------------------------------------------------------- */

/* Is the entry "MAIN.so"? */
static bool is_main(const tenon_code_entry *code, const char *main)
{
    const char *base = tn_base_name(code->path);
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

static void add_code(struct tn_prospect *p, const tenon_code_entry *code)
{
    p->codes[p->code_count++].entry = code->path;
}

/* Where the cache has each, or would have it. */
static bool place_paths(struct tn_job *job, struct tn_prospect *p, tenon_error *err)
{
    for (size_t k = 0; k < p->code_count; k++) {
        struct tn_code *c = &p->codes[k];
        c->path = tn_cache_code(job->cache_path, p->digest, p->triple, tn_base_name(c->entry),
                                &job->arena);
        if (!c->path)
            return tn_prospect_no_memory(job, err);
    }
    return true;
}

/* Which systems the bundle has code for that is not OCaml's. */
static const char *list_triples(struct tn_job *job, const tenon_manifest *m)
{
    const char *list = "";
    size_t named = 0;
    for (size_t i = 0; list && i < m->code_count; i++) {
        const char *triple = m->code[i].triple;
        if (m->code[i].kind == TENON_CODE_NATIVE && triple)
            list = tn_report_list(job->report, list, &named, tn_report_show(job->report, triple));
    }
    return list && *list ? list : "nothing";
}

/* Code for the host that is not called as the manifest says. NULL: there is none. */
static const tenon_code_entry *misnamed(const struct tn_job *job, const tenon_manifest *m)
{
    for (size_t i = 0; i < m->code_count; i++)
        if (is_for(job, &m->code[i], TENON_CODE_NATIVE))
            return &m->code[i];
    return NULL;
}

static bool is_ocaml_only(const tenon_manifest *m)
{
    bool any = false;
    for (size_t i = 0; i < m->code_count; i++) {
        if (m->code[i].kind == TENON_CODE_NATIVE)
            return false;
        any |= m->code[i].kind != TENON_CODE_LIBRARY;
    }
    return any;
}

/* Of a program that does not run, only its file was asked: stripped, it may be one of OCaml's. */
static bool other_language(struct tn_job *job, size_t row, const struct tn_prospect *p)
{
    const char *text = tn_arena_format(
        &job->report->arena, "plugin \"%s\" has OCaml code only, and this host %s", p->name,
        job->process->program ? "is not known to be one of OCaml's"
                              : "loads C code: an OCaml host loads it, or ocaml with the package "
                                "tenon");
    job->report->no_memory |= !text;
    return tn_prospect_drop(job, row, TENON_FINDING_NO_CODE, NULL, text ? text : "");
}

static bool no_code(struct tn_job *job, size_t row, const struct tn_prospect *p)
{
    const char *host = job->process->triple.text[0] ? job->process->triple.text : "this host";
    const tenon_code_entry *other = misnamed(job, p->manifest);
    const char *text =
        other ? tn_arena_format(&job->report->arena,
                                "plugin \"%s\" has no code for %s that is called %s.so, as its "
                                "manifest says: there is %s",
                                p->name, host, tn_report_show(job->report, p->manifest->main),
                                tn_report_show(job->report, other->path))
              : tn_arena_format(&job->report->arena,
                                "plugin \"%s\" has no code for %s: it has code for %s", p->name,
                                host, list_triples(job, p->manifest));
    job->report->no_memory |= !text;
    return tn_prospect_drop(job, row, TENON_FINDING_NO_CODE, NULL, text ? text : "");
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
        return is_ocaml_only(m) ? other_language(job, row, p) : no_code(job, row, p);
    p->triple = job->process->triple.text;
    p->codes = tn_arena_rows(&job->arena, m->code_count, sizeof *p->codes);
    if (!p->codes)
        return tn_prospect_no_memory(job, err);
    for (size_t i = 0; i < m->code_count; i++)
        if (is_for(job, &m->code[i], TENON_CODE_LIBRARY))
            add_code(p, &m->code[i]);
    add_code(p, own);
    return place_paths(job, p, err);
}

/* ---- its bytes ------------------------------------------------------------------------------ */

/* True when the cache has the code already: *p then knows where. */
static bool find_cached(struct tn_job *job, struct tn_prospect *p, tenon_error *why)
{
    struct stat info;
    char *end = strrchr(p->codes[0].path, '/');
    if (job->no_cache.code || job->process->program)
        return false;
    char *directory =
        tn_arena_copy(&job->arena, p->codes[0].path, (size_t)(end - p->codes[0].path));
    if (!directory || stat(directory, &info) != 0)
        return false;
    if (!tn_job_open_cache(job, why))
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
        return tn_prospect_drop_error(job, row, TENON_FINDING_CACHE, NULL, &why, err);
    for (size_t i = 0; i < p->code_count; i++) {
        struct tn_code *c = &p->codes[i];
        if (!tenon_bundle_read(p->bundle, c->entry, &c->bytes, &c->size, &why))
            return tn_prospect_drop_error(job, row, TENON_FINDING_BAD_BUNDLE, c->entry, &why, err);
        if (!tenon_world_put_file(job->world, c->path, c->bytes, c->size, 0755, &why))
            return tn_prospect_drop_error(job, row, TENON_FINDING_CACHE, c->entry, &why, err);
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

/* False: no memory. */
static bool tell_whose(struct tn_job *job, const struct tn_prospect *p, struct tn_code *c,
                       bool is_own)
{
    struct tn_holding *h = c->holding;
    h->reason = TENON_BY_PLUGIN;
    h->plugin = p->name;
    tn_holding_set_own_code(h, is_own);
    h->place = is_own ? tn_arena_join(&job->arena, "plugin \"", p->name, "\"", NULL)
                      : tn_arena_join(&job->arena, tn_base_name(c->entry), " of plugin \"", p->name,
                                      "\"", NULL);
    return h->place != NULL;
}

/* Reads one file of code and holds it against what the manifest says of it. */
static bool read_code(struct tn_job *job, struct tn_prospect *p, struct tn_code *c, bool is_own,
                      tenon_error *why)
{
    const tenon_code_entry *code = manifest_code(p->manifest, c->entry);
    if (!code) /* it was chosen by what the index had of the manifest */
        return tn_fail(why, TENON_E_MALFORMED, "%s: not among the code of its manifest", c->entry);
    c->holding = tn_holding_new(c->path, why);
    if (!c->holding)
        return false;
    struct tn_holding *h = c->holding;
    if (!tell_whose(job, p, c, is_own))
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

/* ---- all of it ------------------------------------------------------------------------------ */

static bool read_codes(struct tn_job *job, size_t row, struct tn_prospect *p, tenon_error *err)
{
    for (size_t i = 0; i < p->code_count; i++) {
        tenon_error why = TENON_ERROR_INIT;
        char shown[TN_QUOTE_ROOM];
        if (read_code(job, p, &p->codes[i], i + 1 == p->code_count, &why))
            continue;
        tn_context(&why, "bundle %s", tn_quote(shown, p->file));
        return tn_prospect_drop_error(job, row, TENON_FINDING_BAD_BUNDLE, p->codes[i].entry, &why,
                                      err);
    }
    order_codes(p);
    return true;
}

/* Whose each of them is, and in which order they load. */
static bool arrange(struct tn_job *job, struct tn_prospect *p, tenon_error *err)
{
    for (size_t k = 0; k < p->code_count; k++)
        if (!tell_whose(job, p, &p->codes[k], k + 1 == p->code_count))
            return tn_prospect_no_memory(job, err);
    order_codes(p);
    return true;
}

bool tn_prospect_fill_codes(struct tn_job *job, size_t row, struct tn_prospect *p, tenon_error *err)
{
    tenon_error why = TENON_ERROR_INIT;
    if (!choose(job, row, p, err))
        return false;
    if (tn_prospect_take_proofs(job, p, &why))
        return arrange(job, p, err);
    if (why.code)
        return tn_prospect_no_memory(job, err);
    if (!tn_prospect_fill(job, p, &why))
        return tn_prospect_drop_error(job, row, TENON_FINDING_BAD_BUNDLE, NULL, &why, err);
    return place_codes(job, row, p, err) && read_codes(job, row, p, err);
}
