/* src/process/ocaml_gather.c - from the name of a plugin to its OCaml code, read and checked */
#include <fcntl.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "builder.h"
#include "bundle.h"
#include "entry_name.h"
#include "fail.h"
#include "ocaml_private.h"
#include "reading.h"
#include "text.h"
#include "triple.h"
#include "verify.h"

#define PACKAGE "package:"

void tn_oc_free_file(struct tn_oc_file *file)
{
    if (!file->is_proven) {
        tn_oc_c_free(&file->c);
        tenon_ocaml_free(file->code);
    }
    tenon_image_free(file->image);
    free(file->bytes);
    *file = (struct tn_oc_file){ .entry = NULL };
}

void tn_oc_prospect_free(struct tn_oc_prospect *prospect)
{
    for (size_t i = 0; i < prospect->count; i++)
        tn_oc_free_file(prospect->files[i]);
    free(prospect->files);
    free(prospect->name);
    tn_cached_free(prospect->cached);
    tenon_bundle_free(prospect->bundle);
    *prospect = (struct tn_oc_prospect){ 0 };
}

void tn_oc_find_in(tenon_ocaml_plan *plan, struct tn_oc_prospect *p, enum tenon_finding_kind kind,
                   bool refuses, const char *unit, const char *holder, const char *format, ...)
{
    tenon_plugin_result *result = &plan->report->plugins[p->row];
    va_list arguments;
    char *text = NULL;

    va_start(arguments, format);
    int size = vasprintf(&text, format, arguments);
    va_end(arguments);
    if (size < 0) {
        plan->report->no_memory = true;
        return;
    }
    tn_report_find(plan->report,
                   (struct tn_about){ .kind = kind,
                                      .refuses = refuses,
                                      .plugin = result->name,
                                      .unit = unit,
                                      .holders = { holder } },
                   "%s", text);
    if (refuses)
        result->status = TENON_PLUGIN_REFUSED;
    free(text);
}

/* An error keeps one plugin out; only want of memory keeps out everything. */
static bool drop(tenon_ocaml_plan *plan, struct tn_oc_prospect *p, enum tenon_finding_kind kind,
                 const char *unit, const tenon_error *why, tenon_error *err)
{
    if (why->code == TENON_E_MEMORY)
        return tn_no_memory(err);
    tn_oc_find_in(plan, p, kind, true, unit, p->file, "%s", tenon_error_message(why));
    return true;
}

/* ---- one file ---------------------------------------------------------------------------------
 */

struct tn_oc_file *tn_oc_new_file(tenon_ocaml_plan *plan, struct tn_oc_prospect *p)
{
    struct tn_oc_file *file = tn_arena_rows(&plan->arena, 1, sizeof *file);

    if (!file || !tn_grow(&p->files, &p->room, p->count, sizeof *p->files))
        return NULL;
    return p->files[p->count++] = file;
}

static enum tenon_ocaml_kind wanted_kind(const tenon_ocaml_process *process)
{
    return process->loader == TENON_OCAML_LOADER_NATIVE ? TENON_OCAML_CMXS : TENON_OCAML_CMA;
}

/* Reads the code of a file whose bytes are there. False: *why. */
static bool read_code(tenon_ocaml_plan *plan, struct tn_oc_file *file, const char *name,
                      tenon_error *why)
{
    file->code = tenon_ocaml_parse(file->bytes, file->size, name, why);
    if (!file->code)
        return false;
    if (tenon_ocaml_kind_of(file->code) != wanted_kind(plan->process) &&
        !(tenon_ocaml_kind_of(file->code) == TENON_OCAML_CMO &&
          wanted_kind(plan->process) == TENON_OCAML_CMA))
        return tn_fail(why, TENON_E_NOT_LOADABLE,
                       "%s: a file of kind %s, which this loader does not take", name,
                       tenon_ocaml_kind_name(tenon_ocaml_kind_of(file->code)));
    if (plan->process->loader != TENON_OCAML_LOADER_NATIVE)
        return true;
    /* nobody asks for the parts that take longest to read */
    file->image = file->path ? tenon_image_open(plan->world, file->path, TENON_PART_SYMBOLS, why)
                             : tenon_image_parse(file->bytes, file->size, name, why);
    file->has_c = file->image != NULL;
    return file->image && (tn_oc_c_read(file->image, &file->c) || tn_no_memory(why));
}

static const char *release_name(const char *digits)
{
    const struct tn_ocaml_release *release;

    for (size_t i = 0; (release = tn_ocaml_release_at(i)); i++)
        if (strcmp(release->digits, digits) == 0)
            return release->name;
    return "another one";
}

/* A native program that does not run has no magic number: its interfaces must tell. */
static bool is_of_release(const tenon_ocaml_plan *plan, const struct tn_oc_file *file)
{
    const char *digits = tenon_ocaml_digits(file->code), *here = plan->process->digits;

    return !digits || !*here || strcmp(digits, here) == 0;
}

/* Code of another release of OCaml is told apart from code that makes no sense. */
static void check_release(tenon_ocaml_plan *plan, struct tn_oc_prospect *p,
                          const struct tn_oc_file *file)
{
    if (!is_of_release(plan, file))
        tn_oc_find_in(plan, p, TENON_FINDING_OTHER_OCAML, true, NULL, p->file,
                      "%s was made by OCaml %s, this process is one of OCaml %s", file->label,
                      tenon_ocaml_release(file->code), release_name(plan->process->digits));
}

/* ---- what the manifest claims ------------------------------------------------------------------
 */

/* "words.cmxs" and "words.cma" */
static bool is_same_library(const char *a, const char *b)
{
    const char *a_base = tn_base_name(a), *a_dot = strrchr(a_base, '.');
    const char *b_base = tn_base_name(b), *b_dot = strrchr(b_base, '.');

    return a_dot && b_dot && a_dot - a_base == b_dot - b_base &&
           memcmp(a_base, b_base, (size_t)(a_dot - a_base)) == 0;
}

tenon_digest tn_oc_implementation(const tenon_ocaml_plan *plan, const struct tn_oc_prospect *p,
                                  const struct tn_oc_file *file, const tenon_ocaml_unit *unit)
{
    const char *triple = plan->process->settings->triple.text;
    const tenon_manifest *m = file->entry ? p->manifest : NULL;

    if (unit->implementation.kind != TENON_DIGEST_UNKNOWN)
        return unit->implementation;
    for (size_t i = 0; m && i < m->code_count; i++) {
        const tenon_code_entry *code = &m->code[i];
        if (code->kind != TENON_CODE_OCAML_NATIVE || !code->triple || !*triple ||
            !tn_triple_fits(code->triple, triple) || !is_same_library(code->path, file->entry))
            continue;
        const tenon_claim *claim = tn_ocaml_claim(m, code->path, unit->name);
        if (claim)
            return claim->implementation;
    }
    return unit->implementation;
}

/* ---- the code of one bundle ------------------------------------------------------------------ */

static bool is_for(const tenon_ocaml_plan *plan, const tenon_code_entry *code)
{
    const char *triple = plan->process->settings->triple.text;

    if (plan->process->loader != TENON_OCAML_LOADER_NATIVE)
        return code->kind == TENON_CODE_OCAML_BYTE;
    return code->kind == TENON_CODE_OCAML_NATIVE && code->triple && *triple &&
           tn_triple_fits(code->triple, triple);
}

static bool is_main(const tenon_manifest *m, const char *entry)
{
    const char *base = tn_base_name(entry);
    size_t size = strlen(m->main);

    return strncmp(base, m->main, size) == 0 && base[size] == '.';
}

/* "words.cmxs" and "words.cma" are one library in two forms. */
static const char *library_name(tenon_ocaml_plan *plan, const char *entry)
{
    const char *base = tn_base_name(entry), *dot = strrchr(base, '.');
    const char *name = tn_arena_copy(&plan->arena, base, dot ? (size_t)(dot - base) : strlen(base));

    plan->report->no_memory |= !name;
    return name ? tn_report_show(plan->report, name) : "";
}

/* From the cache, when its code was taken out and verified before; else from the bundle. */
static bool read_entry(const struct tn_oc_prospect *p, struct tn_oc_file *file, tenon_error *why)
{
    for (size_t i = 0; p->cached && i < p->cached->count; i++)
        if (strcmp(p->cached->files[i].code->path, file->entry) == 0) {
            file->path = p->cached->files[i].path;
            return tn_read_file(file->path, &file->bytes, &file->size, why);
        }
    return tenon_bundle_read(p->bundle, file->entry, &file->bytes, &file->size, why);
}

/* Planning takes nothing out: but what is there already need not be inflated again. */
static bool find_cached(tenon_ocaml_plan *plan, struct tn_oc_prospect *p, tenon_error *err)
{
    const char *triple = plan->process->settings->triple.text;
    tenon_error why = TENON_ERROR_INIT;
    struct stat info;

    if (!plan->cache_path || plan->process->program || p->looked_in_cache)
        return true;
    p->looked_in_cache = true;
    const char *name = tn_cache_name(p->digest, triple, &plan->arena);
    const char *directory =
        name ? tn_arena_format(&plan->arena, "%s/%s", plan->cache_path, name) : NULL;
    if (!directory)
        return tn_no_memory(err);
    if (stat(directory, &info) != 0)
        return true;
    if (tn_oc_take(plan, p, &why))
        return true;
    return drop(plan, p, TENON_FINDING_CACHE, NULL, &why, err);
}

static bool read_bundled(tenon_ocaml_plan *plan, const struct tn_oc_prospect *p,
                         struct tn_oc_file *file, tenon_error *why)
{
    char shown[TN_QUOTE_ROOM];

    if (read_code(plan, file, file->entry, why) &&
        tn_verify_ocaml_claims(p->manifest, file->entry, file->code, why))
        return true;
    return tn_context(why, "bundle %s", tn_quote(shown, p->file));
}

static bool add_code(tenon_ocaml_plan *plan, struct tn_oc_prospect *p, const char *entry,
                     tenon_error *err)
{
    tenon_error why = TENON_ERROR_INIT;
    struct tn_oc_file *file = tn_oc_new_file(plan, p);

    if (!file)
        return tn_no_memory(err);
    file->entry = entry;
    file->is_main = is_main(p->manifest, entry);
    file->label = file->is_main ? tn_arena_join(&plan->arena, "plugin \"", p->name, "\"", NULL)
                                : tn_arena_join(&plan->arena, "library ", library_name(plan, entry),
                                                " of plugin \"", p->name, "\"", NULL);
    if (!file->label)
        return tn_no_memory(err);
    if (!tn_oc_take_proof(plan, p, file)) {
        p->proofs = NULL; /* the rest is read, and all of it noted anew */
        if (!find_cached(plan, p, err))
            return false;
    }
    if (!file->is_proven && !(read_entry(p, file, &why) && read_bundled(plan, p, file, &why)))
        return drop(plan, p,
                    why.code == TENON_E_UNSUPPORTED ? TENON_FINDING_OTHER_OCAML
                                                    : TENON_FINDING_BAD_BUNDLE,
                    entry, &why, err);
    if (file->c.defines.count)
        tn_oc_entry_digest(p, entry, file->digest);
    check_release(plan, p, file);
    return true;
}

/* What the bundle has instead. */
static const char *list_kinds(tenon_ocaml_plan *plan, const tenon_manifest *m)
{
    const char *list = "";
    size_t named = 0;

    for (size_t i = 0; list && i < m->code_count; i++) {
        const char *what = m->code[i].triple ? m->code[i].triple : "any system";
        const char *kind = m->code[i].kind == TENON_CODE_NATIVE
                               ? "a C plugin"
                               : tenon_code_kind_name(m->code[i].kind);
        const char *row =
            tn_arena_format(&plan->arena, "%s for %s", kind, tn_report_show(plan->report, what));
        list = tn_report_list(plan->report, list, &named, row);
    }
    return list && *list ? list : "no code";
}

static const char *host_words(enum tenon_ocaml_loader loader)
{
    static const char *const words[] = { [TENON_OCAML_LOADER_NATIVE] = "a native program",
                                         [TENON_OCAML_LOADER_BYTECODE] = "a bytecode program",
                                         [TENON_OCAML_LOADER_TOPLEVEL] = "a toplevel" };

    return words[loader];
}

/* `other`: code for this loader by another name than the plugin's own; NULL: there is none. */
static void tell_no_code(tenon_ocaml_plan *plan, struct tn_oc_prospect *p, const char *other)
{
    enum tenon_ocaml_loader loader = plan->process->loader;

    if (other)
        tn_oc_find_in(plan, p, TENON_FINDING_NO_CODE, true, NULL, p->file,
                      "plugin \"%s\" has no code for OCaml's %s loader that is called %s, as its "
                      "manifest says: there is %s",
                      p->name, tenon_ocaml_loader_name(loader),
                      tn_report_show(plan->report, p->manifest->main),
                      tn_report_show(plan->report, other));
    else
        tn_oc_find_in(plan, p, TENON_FINDING_NO_CODE, true, NULL, p->file,
                      "plugin \"%s\" has no code for OCaml's %s loader: it has %s; this host is %s",
                      p->name, tenon_ocaml_loader_name(loader), list_kinds(plan, p->manifest),
                      host_words(loader));
}

static bool read_bundle(tenon_ocaml_plan *plan, struct tn_oc_prospect *p, tenon_error *err)
{
    const tenon_manifest *m = p->manifest;
    const char *other = NULL;
    bool has_main = false;

    for (size_t i = 0; i < m->code_count; i++) {
        if (!is_for(plan, &m->code[i]))
            continue;
        if (is_main(m, m->code[i].path))
            has_main = true;
        else if (!other)
            other = m->code[i].path;
    }
    if (!has_main) {
        tell_no_code(plan, p, other);
        return true;
    }
    tn_oc_take_proofs(plan, p);
    for (size_t i = 0; i < m->code_count; i++)
        if (is_for(plan, &m->code[i]) && !add_code(plan, p, m->code[i].path, err))
            return false;
    return true;
}

/* ---- from what was asked for ------------------------------------------------------------------
 */

/* The one of that name that is loaded, or was asked for before: its digest. False: no memory. */
static bool find_named(tenon_ocaml_plan *plan, const struct tn_oc_prospect *p,
                       const uint8_t **digest, const char **file)
{
    const tenon_ocaml_process *process = plan->process;
    size_t size = strlen(p->name), before = plan->names.count;
    uint32_t loaded = tn_names_find(&process->plugin_names, p->name, size);
    uint32_t number = tn_names_add(&plan->names, p->name, size);

    *digest = NULL;
    if (number == TN_NO_NAME)
        return false;
    if (number == before)
        plan->named[number] = (uint32_t)p->row;
    if (loaded != TN_NO_NAME) {
        *file = process->plugins[loaded].file;
        *digest = process->plugins[loaded].digest;
    } else if (number != before) {
        *file = plan->prospects[plan->named[number]].file;
        *digest = plan->prospects[plan->named[number]].digest;
    }
    return true;
}

/* Loaded already, or asked for before: nothing is to be done, unless it is another one. */
static bool is_new(tenon_ocaml_plan *plan, struct tn_oc_prospect *p)
{
    const char *file = NULL;
    const uint8_t *digest;

    if (!find_named(plan, p, &digest, &file))
        plan->report->no_memory = true;
    if (!digest)
        return true;
    if (memcmp(digest, p->digest, sizeof p->digest) == 0)
        plan->report->plugins[p->row].status = TENON_PLUGIN_ALREADY;
    else
        tn_oc_find_in(plan, p, TENON_FINDING_OTHER_BUILD, true, NULL, file,
                      "plugin \"%s\" is already there from %s, which is another build", p->name,
                      tn_report_show(plan->report, file));
    return false;
}

static bool open_bundle(tenon_ocaml_plan *plan, struct tn_oc_prospect *p, tenon_error *err)
{
    tenon_plugin_result *result = &plan->report->plugins[p->row];
    tenon_error why = TENON_ERROR_INIT;

    /* to verify everything is to read everything */
    struct tn_known *known = plan->flags & TENON_LOAD_VERIFY
                                 ? NULL
                                 : tn_process_known(plan->process->settings, plan->world);
    p->bundle = tn_known_bundle(known, p->file, &why);
    if (!p->bundle)
        return drop(plan, p, TENON_FINDING_BAD_BUNDLE, NULL, &why, err);
    p->manifest = tenon_bundle_manifest(p->bundle);
    memcpy(p->digest, tenon_bundle_digest(p->bundle), sizeof p->digest);
    p->name = strdup(p->manifest->name);
    result->name = p->name ? tn_arena_string(&plan->report->arena, p->name) : NULL;
    return result->name || tn_no_memory(err);
}

/* An installed package: its archives are all that it is. Which build it is nobody recorded. */
static bool gather_package(tenon_ocaml_plan *plan, struct tn_oc_prospect *p, tenon_error *err)
{
    tenon_plugin_result *result = &plan->report->plugins[p->row];

    p->name = strdup(p->request->plugin + strlen(PACKAGE));
    p->file = tn_arena_string(&plan->arena, p->request->plugin);
    result->name = p->name ? tn_arena_string(&plan->report->arena, p->name) : NULL;
    if (!p->file || !result->name)
        return tn_no_memory(err);
    if (!is_new(plan, p))
        return true;
    p->planned = true;
    for (size_t i = 0; i < p->request->offer_count; i++) {
        struct tn_oc_file *file;
        bool is_static;
        if (!tn_oc_add_offer(plan, p, p->request->offers[i], &file, err) ||
            (!file && !tn_oc_meet_static(plan, p, p->request->offers[i], &is_static, err)))
            return false;
        if (!file && !is_static)
            tn_oc_find_in(plan, p, TENON_FINDING_BAD_BUNDLE, true, NULL, p->request->offers[i],
                          "%s of package %s is no code for OCaml's %s loader",
                          tn_report_show(plan->report, p->request->offers[i]), p->name,
                          tenon_ocaml_loader_name(plan->process->loader));
    }
    if (!p->request->offer_count)
        tn_oc_find_in(plan, p, TENON_FINDING_NO_CODE, true, NULL, NULL,
                      "package %s has no code for OCaml's %s loader", p->name,
                      tenon_ocaml_loader_name(plan->process->loader));
    return true;
}

/* Was it made by somebody who is trusted? */
static bool check_signature(tenon_ocaml_plan *plan, struct tn_oc_prospect *p, tenon_error *err)
{
    const tenon_process *settings = plan->process->settings;
    tenon_signature signature;
    tenon_error why = TENON_ERROR_INIT;

    if (!settings->keys && !settings->require_signature)
        return true;
    if (!tenon_bundle_signature(p->bundle, settings->keys, &signature, &why))
        return drop(plan, p, TENON_FINDING_BAD_BUNDLE, NULL, &why, err);
    const char *words = signature.state == TENON_SIGNATURE_GOOD
                            ? NULL
                            : tn_signature_words(&plan->arena, p->name, &signature);
    if (words)
        tn_oc_find_in(plan, p, TENON_FINDING_SIGNATURE,
                      settings->require_signature || signature.state == TENON_SIGNATURE_BAD, NULL,
                      p->file, "%s", words);
    return true;
}

static bool gather_one(tenon_ocaml_plan *plan, struct tn_oc_prospect *p, tenon_error *err)
{
    tenon_plugin_result *result = &plan->report->plugins[p->row];

    if (strncmp(p->request->plugin, PACKAGE, strlen(PACKAGE)) == 0)
        return gather_package(plan, p, err);
    result->name = tn_arena_string(&plan->report->arena, p->request->plugin);
    if (!result->name)
        return tn_no_memory(err);
    result->file = p->file =
        tn_search_find(plan->process->settings, p->request->plugin, plan->report);
    if (!p->file) {
        result->status = TENON_PLUGIN_REFUSED;
        return true;
    }
    if (!open_bundle(plan, p, err))
        return false;
    if (!p->bundle)
        return true;
    if (!is_new(plan, p)) {
        tenon_bundle_free(p->bundle);
        p->bundle = NULL;
        p->manifest = NULL;
        return true;
    }
    p->planned = true;
    return check_signature(plan, p, err) && read_bundle(plan, p, err);
}

static bool gather_all(tenon_ocaml_plan *plan, const tenon_ocaml_request *requests,
                       tenon_error *err)
{
    for (size_t i = 0; i < plan->count; i++) {
        plan->prospects[i].request = &requests[i];
        plan->prospects[i].row = i;
        if (!gather_one(plan, &plan->prospects[i], err))
            return false;
        if (plan->prospects[i].bundle)
            tn_bundle_rest(plan->prospects[i].bundle);
    }
    return true;
}

bool tn_oc_gather(tenon_ocaml_plan *plan, const tenon_ocaml_request *requests, tenon_error *err)
{
    tenon_process *settings = plan->process->settings;
    bool good;

    if (!settings->program && !plan->process->is_remembering && !(plan->flags & TENON_LOAD_VERIFY))
        tn_known_begin(tn_process_known(settings, plan->world));
    good = gather_all(plan, requests, err);
    tn_known_end(settings->known);
    plan->process->is_remembering = false;
    if (good && !settings->program)
        tn_known_save(settings->known, false);
    return good;
}

/* ---- files of the system ----------------------------------------------------------------------
 */

bool tn_oc_add_offer(tenon_ocaml_plan *plan, struct tn_oc_prospect *p, const char *path,
                     struct tn_oc_file **out, tenon_error *err)
{
    tenon_error why = TENON_ERROR_INIT;
    struct tn_oc_file *file = tn_oc_new_file(plan, p);
    struct stat info;

    *out = NULL;
    if (!file)
        return tn_no_memory(err);
    file->path = tn_arena_string(&plan->arena, path);
    file->label = tn_arena_string(&plan->arena, tn_report_show(plan->report, path));
    if (!file->path || !file->label)
        return tn_no_memory(err);
    if (stat(path, &info) == 0)
        file->identity = tn_identity(&info);
    if (tn_read_file(path, &file->bytes, &file->size, &why) && read_code(plan, file, path, &why) &&
        is_of_release(plan, file)) {
        if (file->c.defines.count)
            crypto_hash_sha256(file->digest, file->bytes, file->size);
        *out = file;
        return true;
    }
    if (why.code == TENON_E_MEMORY)
        return tn_no_memory(err);
    /* nothing to offer: what is missing will be said */
    tn_oc_free_file(file);
    p->count--;
    return true;
}
