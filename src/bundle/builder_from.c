/* src/bundle/builder_from.c - a bundle in the making that starts from one that is there */
#include <string.h>

#include "builder.h"
#include "bundle.h"
#include "fail.h"

static bool take_values(tenon_builder *builder, const tenon_manifest *m, tenon_error *err)
{
    const struct {
        const char **to;
        const char *from;
    } values[] = {
        { &builder->name, m->name }, { &builder->version, m->version },
        { &builder->desc, m->desc }, { &builder->author, m->author },
        { &builder->url, m->url },   { &builder->license, m->license },
        { &builder->main, m->main }, { &builder->copyrights, m->copyrights },
    };
    const struct {
        struct tn_strings *to;
        const char *const *from;
        size_t count;
    } lists[] = { { &builder->tags, m->tags, m->tag_count },
                  { &builder->cons, m->cons, m->con_count },
                  { &builder->argv, m->argv, m->argv_count },
                  { &builder->packages, m->packages, m->package_count },
                  { &builder->private_units, m->private_units, m->private_count } };

    builder->date = m->date;
    for (size_t i = 0; i < TN_COUNT(values); i++) {
        *values[i].to = values[i].from;
        if (values[i].from && !tn_builder_keep(builder, values[i].to))
            return tn_no_memory(err);
    }
    for (size_t i = 0; i < TN_COUNT(lists); i++)
        for (size_t k = 0; k < lists[i].count; k++)
            if (!tn_builder_append(builder, lists[i].to, lists[i].from[k], err))
                return false;
    return true;
}

static bool take_code(tenon_builder *builder, const tenon_code_entry *code, tenon_error *err)
{
    struct tn_item *item = tn_builder_item(builder, code->path);

    item->is_code = true;
    item->code = *code;
    item->code.path = item->path;
    if ((code->triple && !tn_builder_keep(builder, &item->code.triple)) ||
        (code->libc && !tn_builder_keep(builder, &item->code.libc)) ||
        (code->own_name && !tn_builder_keep(builder, &item->code.own_name)) ||
        (code->ocaml_magic && !tn_builder_keep(builder, &item->code.ocaml_magic)))
        return tn_no_memory(err);
    return true;
}

/* OCaml code of which the manifest does not say what it provides, as in bundles of BAP's tools. */
static bool is_untold(const tenon_manifest *m, const tenon_code_entry *code)
{
    return !m->provide_count &&
           (code->kind == TENON_CODE_OCAML_NATIVE || code->kind == TENON_CODE_OCAML_BYTE);
}

static const tenon_code_entry *code_at(const tenon_manifest *m, const char *path)
{
    for (size_t i = 0; i < m->code_count; i++)
        if (strcmp(m->code[i].path, path) == 0)
            return &m->code[i];
    return NULL;
}

static bool take_entry(tenon_builder *builder, tenon_bundle *bundle, const char *path,
                       tenon_error *err)
{
    const tenon_code_entry *code = code_at(bundle->manifest, path);
    void *bytes;
    size_t size;

    if (!tenon_bundle_read(bundle, path, &bytes, &size, err))
        return false;
    if (code && is_untold(bundle->manifest, code))
        return tn_builder_add_ocaml(builder, path, bytes, size, code->kind, path, err) ||
               tn_context(err, "%s", path);
    return tn_builder_put(builder, path, bytes, size, false, err);
}

static bool take_entries(tenon_builder *builder, tenon_bundle *bundle, tenon_error *err)
{
    const tenon_manifest *m = bundle->manifest;

    for (size_t i = 0; i < m->entry_count; i++)
        if (!take_entry(builder, bundle, m->entries[i].path, err))
            return false;
    for (size_t i = 0; i < m->code_count; i++)
        if (!is_untold(m, &m->code[i]) && !take_code(builder, &m->code[i], err))
            return false;
    return true;
}

static bool take_claims(tenon_builder *builder, const tenon_manifest *m, tenon_error *err)
{
    for (size_t i = 0; i < m->provide_count; i++) {
        const tenon_claim *claim = &m->provides[i];
        struct tn_item *item = claim->code ? tn_builder_item(builder, claim->code) : NULL;
        if (!tn_builder_claim(builder, item ? &item->claims : &builder->provides, claim, err))
            return false;
    }
    for (size_t i = 0; i < m->required_count; i++)
        if (!tn_builder_claim(builder, &builder->required, &m->required[i], err))
            return false;
    return true;
}

bool tenon_builder_from(tenon_builder *builder, tenon_bundle *bundle, tenon_error *err)
{
    if (builder->item_count)
        return tn_fail(err, TENON_E_ARGUMENT, "entries were added before");
    return take_values(builder, bundle->manifest, err) && take_entries(builder, bundle, err) &&
           take_claims(builder, bundle->manifest, err);
}
