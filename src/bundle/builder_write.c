/* src/bundle/builder_write.c - writes what was gathered: equal input gives equal bytes */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "builder.h"
#include "entry_name.h"
#include "fail.h"
#include "limits.h"
#include "manifest.h"
#include "replace_file.h"
#include "signature.h"
#include "text.h"
#include "triple.h"
#include "zip_file.h"

/* One write: lists made from the builder, which stays as it is. */
struct writing {
    const tenon_builder *builder;
    struct tn_arena arena;
    const struct tn_item **items; /* by path */
    tenon_manifest manifest;
    char *text, *signature;
    struct tn_zip_input *inputs;
    size_t input_count;
};

static int compare_items(const void *a, const void *b)
{
    return strcmp((*(const struct tn_item *const *)a)->path,
                  (*(const struct tn_item *const *)b)->path);
}

static bool sort_items(struct writing *w, tenon_error *err)
{
    size_t count = w->builder->item_count;

    w->items = tn_arena_rows(&w->arena, count + 1, sizeof *w->items);
    if (!w->items)
        return tn_no_memory(err);
    for (size_t i = 0; i < count; i++)
        w->items[i] = &w->builder->items[i];
    qsort(w->items, count, sizeof *w->items, compare_items);
    return true;
}

static bool list_entries(struct writing *w, tenon_error *err)
{
    size_t count = w->builder->item_count;
    tenon_entry *entries = tn_arena_rows(&w->arena, count + 1, sizeof *entries);
    tenon_code_entry *code = tn_arena_rows(&w->arena, count + 1, sizeof *code);

    if (!entries || !code)
        return tn_no_memory(err);
    w->manifest.entries = entries;
    w->manifest.code = code;
    for (size_t i = 0; i < count; i++) {
        const struct tn_item *item = w->items[i];
        tenon_entry *entry = &entries[w->manifest.entry_count++];
        entry->path = item->path;
        entry->size = item->size;
        crypto_hash_sha256(entry->sha256, item->bytes, item->size);
        if (item->is_code)
            code[w->manifest.code_count++] = item->code;
    }
    return true;
}

static const tenon_claim *claimed(const struct tn_claims *list, const tenon_claim *claim)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->rows[i].kind == claim->kind && strcmp(list->rows[i].name, claim->name) == 0)
            return &list->rows[i];
    return NULL;
}

/* What the caller only said, without the code it is in, and some code records. */
static bool is_recorded(const tenon_builder *builder, const tenon_claim *claim)
{
    for (size_t i = 0; !claim->code && i < builder->item_count; i++)
        if (claimed(&builder->items[i].claims, claim))
            return true;
    return false;
}

/* The caller's claims, but for those that a record knows better; the code's about all others. */
static bool list_claims(struct writing *w, tenon_error *err)
{
    const tenon_builder *builder = w->builder;
    size_t most = builder->provides.count;
    const tenon_claim *said;
    tenon_claim *provides;

    for (size_t i = 0; i < builder->item_count; i++)
        most += builder->items[i].claims.count;
    provides = tn_arena_rows(&w->arena, most + 1, sizeof *provides);
    if (!provides)
        return tn_no_memory(err);
    w->manifest.provides = provides;
    for (size_t i = 0; i < builder->provides.count; i++)
        if (!is_recorded(builder, &builder->provides.rows[i]))
            provides[w->manifest.provide_count++] = builder->provides.rows[i];
    for (size_t i = 0; i < builder->item_count; i++)
        for (size_t k = 0; k < w->items[i]->claims.count; k++)
            if (!(said = claimed(&builder->provides, &w->items[i]->claims.rows[k])) || !said->code)
                provides[w->manifest.provide_count++] = w->items[i]->claims.rows[k];
    w->manifest.required = builder->required.rows;
    w->manifest.required_count = builder->required.count;
    return true;
}

static const char *first_own(struct writing *w)
{
    for (size_t i = 0; i < w->manifest.code_count; i++)
        if (w->manifest.code[i].kind != TENON_CODE_LIBRARY)
            return w->manifest.code[i].path;
    return NULL;
}

/* What the caller did not say: the plugin is named after its own code. */
static bool set_values(struct writing *w, tenon_error *err)
{
    const tenon_builder *b = w->builder;
    const char *native = first_own(w);
    const char *base = native ? tn_main_name(&w->arena, native) : b->name;
    tenon_manifest *m = &w->manifest;

    if (native && !base)
        return tn_no_memory(err);
    m->format = TN_MANIFEST_FORMAT;
    m->main = b->main ? b->main : base;
    m->name = b->name ? b->name : base;
    m->version = b->version ? b->version : "0";
    m->desc = b->desc, m->author = b->author, m->url = b->url;
    m->license = b->license, m->copyrights = b->copyrights, m->date = b->date;
    m->tags = b->tags.rows, m->tag_count = b->tags.count;
    m->cons = b->cons.rows, m->con_count = b->cons.count;
    m->argv = b->argv.rows, m->argv_count = b->argv.count;
    m->packages = b->packages.rows, m->package_count = b->packages.count;
    m->private_units = b->private_units.rows, m->private_count = b->private_units.count;
    if (!m->name)
        return tn_fail(err, TENON_E_ARGUMENT, "the plugin has no name and no code to take it from");
    return true;
}

/* Is it OCaml code that the plugin is called after, or native code that is found as MAIN.so? */
static bool is_own(const tenon_code_entry *code, const char *main)
{
    const char *base = tn_base_name(code->path);
    size_t size = strlen(main);

    if (code->kind == TENON_CODE_LIBRARY || strncmp(base, main, size) != 0)
        return false;
    return code->kind == TENON_CODE_NATIVE ? strcmp(base + size, ".so") == 0 : base[size] == '.';
}

/* The first native code that no system would come to, as the plugin has no code of its own there.
 */
static const tenon_code_entry *find_orphan(const tenon_manifest *m)
{
    for (size_t i = 0; i < m->code_count; i++) {
        const tenon_code_entry *code = &m->code[i];
        bool has_own = code->kind != TENON_CODE_NATIVE;
        for (size_t k = 0; k < m->code_count && !has_own; k++)
            has_own =
                is_own(&m->code[k], m->main) && tn_triple_meets(m->code[k].triple, code->triple);
        if (!has_own)
            return code;
    }
    return NULL;
}

static bool check_own(const struct writing *w, tenon_error *err)
{
    const tenon_code_entry *orphan = find_orphan(&w->manifest);
    char shown[TN_QUOTE_ROOM], shown_main[TN_QUOTE_ROOM];

    return !orphan || tn_fail(err, TENON_E_ARGUMENT,
                              "main: %s is not the name of any code for %s: it would have to be "
                              "called MAIN.so, as %s is not",
                              tn_quote(shown_main, w->manifest.main), orphan->triple,
                              tn_quote(shown, orphan->path));
}

/* OCaml has one unit of each name in a process: there is no copy of one's own. */
static bool check_private(const struct writing *w, tenon_error *err)
{
    const tenon_manifest *m = &w->manifest;
    char shown[TN_QUOTE_ROOM];

    for (size_t i = 0; i < m->private_count; i++)
        for (size_t k = 0; k < m->provide_count; k++)
            if (m->provides[k].kind == TENON_UNIT_OCAML &&
                strcmp(m->provides[k].name, m->private_units[i]) == 0)
                return tn_fail(err, TENON_E_ARGUMENT,
                               "private: %s is a unit of OCaml, of which a process has one under "
                               "each name",
                               tn_quote(shown, m->private_units[i]));
    return true;
}

static bool list_inputs(struct writing *w, tenon_error *err)
{
    size_t count = w->builder->item_count;

    w->inputs = tn_arena_rows(&w->arena, count + 2, sizeof *w->inputs);
    if (!w->inputs)
        return tn_no_memory(err);
    w->inputs[0] =
        (struct tn_zip_input){ TN_MANIFEST_ENTRY, w->text, strlen(w->text), TN_ZIP_STORED };
    for (size_t i = 0; i < count; i++)
        w->inputs[i + 1] = (struct tn_zip_input){ w->items[i]->path, w->items[i]->bytes,
                                                  w->items[i]->size, TN_ZIP_DEFLATED };
    w->input_count = count + 1;
    if (w->signature)
        w->inputs[w->input_count++] = (struct tn_zip_input){ TN_SIGNATURE_ENTRY, w->signature,
                                                             strlen(w->signature), TN_ZIP_STORED };
    return true;
}

static bool has_ocaml(const tenon_builder *builder)
{
    for (size_t i = 0; i < builder->item_count; i++)
        if (builder->items[i].is_code && (builder->items[i].code.kind == TENON_CODE_OCAML_NATIVE ||
                                          builder->items[i].code.kind == TENON_CODE_OCAML_BYTE))
            return true;
    return false;
}

/* It is an entry like any other: made before entries are listed. */
static bool put_scm(tenon_builder *builder, tenon_error *err)
{
    struct writing w = { .builder = builder };
    bool ok = sort_items(&w, err) && list_entries(&w, err) && list_claims(&w, err) &&
              set_values(&w, err) && tn_builder_put_scm(builder, &w.manifest, err);

    tn_arena_free(&w.arena);
    return ok;
}

/* What we write, we can read: a claim may say what no manifest holds. */
static bool check_text(const struct writing *w, tenon_error *err)
{
    tenon_manifest *manifest = tenon_manifest_parse(w->text, strlen(w->text), err);

    tenon_manifest_free(manifest);
    return manifest || tn_context(err, "manifest");
}

static bool prepare(struct writing *w, tenon_error *err)
{
    if (!sort_items(w, err) || !list_entries(w, err) || !list_claims(w, err) ||
        !set_values(w, err) || !check_own(w, err) || !check_private(w, err))
        return false;
    w->text = tenon_manifest_write(&w->manifest, err);
    if (!w->text)
        return tn_context(err, "manifest");
    if (strlen(w->text) > TN_LIMIT_MANIFEST)
        return tn_fail(err, TENON_E_LIMIT, "the manifest would have %zu bytes, at most %u",
                       strlen(w->text), TN_LIMIT_MANIFEST);
    if (!check_text(w, err))
        return false;
    if (w->builder->signer) {
        w->signature = tn_builder_signature(w->builder, &w->manifest, w->text, &w->arena, err);
        if (!w->signature)
            return tn_context(err, "signature");
    }
    return list_inputs(w, err);
}

/* Content that deflate makes vanish looks like a zip bomb to any reader: it is stored instead. */
static bool store_what_vanishes(struct writing *w, tenon_error *err)
{
    for (size_t i = 1; i <= w->builder->item_count; i++) {
        struct tn_zip_input *input = &w->inputs[i];
        uint8_t *bytes;
        size_t size;
        if (input->size < TN_LIMIT_RATIO_FROM)
            continue;
        if (!tn_zip_make(input, 1, &bytes, &size, err))
            return false;
        free(bytes);
        /* `size` has some bytes of headers too: with a margin */
        if (input->size / size > TN_LIMIT_RATIO / 2)
            input->method = TN_ZIP_STORED;
    }
    return true;
}

static bool has_large(const struct writing *w)
{
    for (size_t i = 1; i <= w->builder->item_count; i++)
        if (w->inputs[i].size >= TN_LIMIT_RATIO_FROM)
            return true;
    return false;
}

/* And so of the bundle. */
static bool check_written(int fd, tenon_error *err)
{
    struct tn_zip zip;

    if (!tn_zip_open(&zip, fd, err))
        return tn_context(err, "what was written");
    tn_zip_close(&zip);
    return true;
}

bool tenon_builder_write(tenon_builder *builder, const char *path, tenon_error *err)
{
    struct writing w = { .builder = builder };
    uint8_t *bytes = NULL;
    char shown[TN_QUOTE_ROOM];
    size_t size = 0;
    bool ok = (!has_ocaml(builder) || put_scm(builder, err)) && prepare(&w, err) &&
              (!has_large(&w) || store_what_vanishes(&w, err)) &&
              tn_zip_make(w.inputs, w.input_count, &bytes, &size, err);

    if (!ok)
        tn_context(err, "bundle %s", tn_quote(shown, path));
    else /* a bundle that was nobody else's business stays so */
        ok = tn_replace_kept(path, bytes, size, check_written, err);
    free(bytes);
    free(w.text);
    free(w.signature);
    tn_arena_free(&w.arena);
    return ok;
}
