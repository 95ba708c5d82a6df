/* src/bundle/builder_ocaml.c - OCaml code in a bundle: at its root, with what its files record */
#include <stdlib.h>
#include <string.h>
#include <tenon/ocaml.h>

#include "bap_manifest.h"
#include "builder.h"
#include "entry_name.h"
#include "fail.h"
#include "triple.h"

/* rule  each bundle has .cma for any system, .cmxs for one machine and C library */
static bool fill_facts(tenon_builder *builder, const tenon_ocaml *ocaml, const void *bytes,
                       size_t size, tenon_code_entry *code, tenon_error *err)
{
    const char *digits = tenon_ocaml_digits(ocaml);
    struct tn_triple triple;
    tenon_image *image;
    bool ok;

    code->ocaml_magic =
        tn_arena_format(&builder->arena, "Caml1999%c%s",
                        code->kind == TENON_CODE_OCAML_NATIVE ? 'D' : 'A', digits ? digits : "");
    if (!code->ocaml_magic)
        return tn_no_memory(err);
    if (code->kind == TENON_CODE_OCAML_BYTE)
        return true;
    image = tenon_image_parse(bytes, size, code->path, err);
    ok = image && tn_triple_of(image, &triple, err);
    tenon_image_free(image);
    if (!ok)
        return false;
    code->libc = triple.libc;
    code->triple = tn_arena_string(&builder->arena, triple.text);
    return code->triple || tn_no_memory(err);
}

static bool check_kind(const tenon_ocaml *ocaml, enum tenon_code_kind kind, tenon_error *err)
{
    enum tenon_ocaml_kind is = tenon_ocaml_kind_of(ocaml);
    bool good = kind == TENON_CODE_OCAML_NATIVE ? is == TENON_OCAML_CMXS
                                                : is == TENON_OCAML_CMA || is == TENON_OCAML_CMO;

    return good || tn_fail(err, TENON_E_NOT_LOADABLE, "%s: no code of kind %s",
                           tenon_ocaml_kind_name(is), tenon_code_kind_name(kind));
}

static bool claim_units(tenon_builder *builder, struct tn_item *item, const tenon_ocaml *ocaml,
                        tenon_error *err)
{
    for (size_t i = 0; i < tenon_ocaml_unit_count(ocaml); i++) {
        const tenon_ocaml_unit *unit = tenon_ocaml_unit_at(ocaml, i);
        const tenon_claim claim = { .kind = TENON_UNIT_OCAML,
                                    .name = unit->name,
                                    .interface = unit->interface,
                                    .implementation = unit->implementation,
                                    .stateful = TENON_UNKNOWN,
                                    .code = item->path };
        if (!tn_builder_claim(builder, &item->claims, &claim, err))
            return false;
    }
    return true;
}

struct tn_item *tn_builder_add_ocaml(tenon_builder *builder, const char *file, void *bytes,
                                     size_t size, enum tenon_code_kind kind, const char *base_name,
                                     tenon_error *err)
{
    const char *path = base_name ? base_name : tn_base_name(file);
    tenon_ocaml *ocaml = tenon_ocaml_parse(bytes, size, path, err);
    tenon_code_entry code = { .path = path, .kind = kind };
    struct tn_item *item = NULL;

    if (ocaml && check_kind(ocaml, kind, err) &&
        fill_facts(builder, ocaml, bytes, size, &code, err)) {
        item = tn_builder_put(builder, path, bytes, size, false, err);
        bytes = NULL;
    }
    if (item) {
        code.path = item->path;
        item->is_code = true;
        item->code = code;
        if (!claim_units(builder, item, ocaml, err))
            item = NULL;
    }
    tenon_ocaml_free(ocaml);
    free(bytes);
    return item;
}

bool tn_builder_put_scm(tenon_builder *builder, const tenon_manifest *manifest, tenon_error *err)
{
    char *text = tn_bap_manifest_write(manifest, NULL, 0, err);

    return text && tn_builder_put(builder, TN_BAP_MANIFEST_ENTRY, text, strlen(text), true, err);
}
