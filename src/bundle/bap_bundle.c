/* src/bundle/bap_bundle.c - reads a bundle that BAP's tools wrote as if it had a tenon.json */
#include "bap_bundle.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "bap_manifest.h"
#include "fail.h"
#include "limits.h"
#include "text.h"
#include "triple.h"

bool tn_bap_is_bundle(const struct tn_zip *zip)
{
    return tn_zip_find(zip, TN_BAP_MANIFEST_ENTRY) != NULL;
}

static uint8_t *content(const struct tn_zip *zip, const struct tn_zip_entry *entry,
                        tenon_error *err)
{
    uint8_t *bytes = malloc((size_t)entry->size + 1);

    if (!bytes) {
        tn_no_memory(err);
    } else if (!tn_zip_read(zip, entry, bytes, err)) {
        free(bytes);
        bytes = NULL;
    }
    return bytes;
}

static bool read_values(const struct tn_zip *zip, struct tn_manifest *manifest, tenon_error *err)
{
    const struct tn_zip_entry *entry = tn_zip_find(zip, TN_BAP_MANIFEST_ENTRY);
    uint8_t *text;
    bool ok;

    if (entry->size > TN_LIMIT_MANIFEST)
        return tn_fail(err, TENON_E_LIMIT, TN_BAP_MANIFEST_ENTRY ": too large");
    text = content(zip, entry, err);
    ok = text && tn_bap_manifest_read(tn_view(text, (size_t)entry->size), manifest, err);
    free(text);
    return ok || tn_context(err, TN_BAP_MANIFEST_ENTRY);
}

static bool ends_with(const char *name, const char *suffix)
{
    size_t size = strlen(name), end = strlen(suffix);

    return size > end && strcmp(name + (size - end), suffix) == 0;
}

/* A plugin of another system's format is an entry like any other: nothing here can load it. */
static bool add_native(struct tn_manifest *m, tenon_code_entry *code, const uint8_t *bytes,
                       size_t size, tenon_error *err)
{
    tenon_image *image = tenon_image_parse(bytes, size, code->path, err);
    struct tn_triple triple;
    bool ok = image && tn_triple_of(image, &triple, err);

    tenon_image_free(image);
    if (!ok)
        return false;
    code->triple = tn_arena_string(&m->arena, triple.text);
    code->libc = triple.libc;
    return code->triple || tn_no_memory(err);
}

static bool add_code(struct tn_manifest *m, tenon_code_entry *list, const tenon_entry *entry,
                     const uint8_t *bytes, tenon_error *err)
{
    tenon_code_entry code = { .path = entry->path, .kind = TENON_CODE_OCAML_BYTE };

    if (strchr(entry->path, '/'))
        return true;
    if (ends_with(entry->path, ".cmxs")) {
        code.kind = TENON_CODE_OCAML_NATIVE;
        if (entry->size < 4 || memcmp(bytes, "\177ELF", 4) != 0)
            return true;
        if (!add_native(m, &code, bytes, (size_t)entry->size, err))
            return false;
    } else if (!ends_with(entry->path, ".cma")) {
        return true;
    }
    list[m->is.code_count++] = code;
    return true;
}

static bool add_entry(struct tn_manifest *m, const struct tn_zip *zip,
                      const struct tn_zip_entry *from, tenon_entry *to, tenon_code_entry *code,
                      tenon_error *err)
{
    uint8_t *bytes = content(zip, from, err);
    char shown[TN_QUOTE_ROOM];
    bool ok = bytes != NULL;

    to->size = from->size;
    to->path = tn_arena_string(&m->arena, from->name);
    if (ok && !to->path)
        ok = tn_no_memory(err);
    if (ok) {
        crypto_hash_sha256(to->sha256, bytes, from->size);
        ok = add_code(m, code, to, bytes, err) ||
             tn_context(err, "entry %s", tn_quote(shown, from->name));
    }
    free(bytes);
    return ok;
}

static bool read_entries(const struct tn_zip *zip, struct tn_manifest *m, tenon_error *err)
{
    tenon_entry *entries = tn_arena_rows(&m->arena, zip->count + 1, sizeof *entries);
    tenon_code_entry *code = tn_arena_rows(&m->arena, zip->count + 1, sizeof *code);

    if (!entries || !code)
        return tn_no_memory(err);
    m->is.entries = entries;
    m->is.code = code;
    for (; m->is.entry_count < zip->count; m->is.entry_count++)
        if (!add_entry(m, zip, zip->by_name[m->is.entry_count], &entries[m->is.entry_count], code,
                       err))
            return false;
    return true;
}

tenon_manifest *tn_bap_bundle_manifest(const struct tn_zip *zip, tenon_error *err)
{
    struct tn_manifest *manifest = calloc(1, sizeof *manifest);

    if (!manifest) {
        tn_no_memory(err);
        return NULL;
    }
    if (read_values(zip, manifest, err) && read_entries(zip, manifest, err) &&
        tn_manifest_check(&manifest->is, err))
        return &manifest->is;
    tenon_manifest_free(&manifest->is);
    return NULL;
}
