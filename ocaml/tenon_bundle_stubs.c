/* ocaml/tenon_bundle_stubs.c - manifests and bundles for OCaml: values in, values out */
#include "tenon_values.h"

#include <stdlib.h>
#include <string.h>

#include <caml/alloc.h>
#include <caml/fail.h>
#include <caml/memory.h>

/* ---- manifests ---------------------------------------------------------------------------------
 */

/* The units of the plugin's own OCaml code, each once. */
static value provided(const tenon_manifest *m)
{
    CAMLparam0();
    CAMLlocal1(list);
    const char **names = calloc(m->provide_count + 1, sizeof *names);
    size_t count = 0, size = strlen(m->main);

    if (!names)
        caml_raise_out_of_memory();
    for (size_t i = 0; i < m->provide_count; i++) {
        const tenon_claim *claim = &m->provides[i];
        int own = claim->kind == TENON_UNIT_OCAML && claim->code &&
                  strncmp(claim->code, m->main, size) == 0 && claim->code[size] == '.';
        for (size_t k = 0; own && k < count; k++)
            own = strcmp(names[k], claim->name) != 0;
        if (own)
            names[count++] = claim->name;
    }
    list = ml_text_list(names, count);
    free(names);
    CAMLreturn(list);
}

static value manifest_value(const tenon_manifest *m)
{
    CAMLparam0();
    CAMLlocal2(record, v);
    record = caml_alloc(14, 0);
#define PUT(i, expression)                                                                         \
    do {                                                                                           \
        v = (expression);                                                                          \
        Store_field(record, i, v);                                                                 \
    } while (0)
    PUT(0, caml_copy_string(m->name));
    PUT(1, caml_copy_string(m->version));
    PUT(2, caml_copy_string(m->desc ? m->desc : ""));
    PUT(3, caml_copy_string(m->main));
    PUT(4, caml_copy_string(m->author ? m->author : ""));
    PUT(5, caml_copy_double((double)m->date));
    PUT(6, ml_text_list(m->packages, m->package_count));
    PUT(7, provided(m));
    PUT(8, ml_text_option(m->url));
    PUT(9, ml_text_option(m->license));
    PUT(10, ml_text_option(m->copyrights));
    PUT(11, ml_text_list(m->tags, m->tag_count));
    PUT(12, ml_text_list(m->cons, m->con_count));
    PUT(13, ml_text_list(m->argv, m->argv_count));
#undef PUT
    CAMLreturn(record);
}

value tenon_ml_manifest_of_scm(value text)
{
    CAMLparam1(text);
    CAMLlocal1(record);
    tenon_error err = TENON_ERROR_INIT;
    tenon_manifest *m = tenon_manifest_parse_scm(String_val(text), caml_string_length(text), &err);

    ml_check(m != NULL, &err);
    record = manifest_value(m);
    tenon_manifest_free(m);
    CAMLreturn(record);
}

value tenon_ml_manifest_to_scm(value record)
{
    CAMLparam1(record);
    CAMLlocal1(result);
    tenon_error err = TENON_ERROR_INIT;
    tenon_manifest m = { .format = 1 };
    char **lists[4], *text;
    size_t counts[4];
    static const int places[4] = { 6, 11, 12, 7 };

    m.name = String_val(Field(record, 0));
    m.version = String_val(Field(record, 1));
    m.desc = String_val(Field(record, 2));
    m.main = String_val(Field(record, 3));
    m.author = String_val(Field(record, 4));
    m.date = (int64_t)Double_val(Field(record, 5));
    m.url = ml_option_text(Field(record, 8));
    m.license = ml_option_text(Field(record, 9));
    m.copyrights = ml_option_text(Field(record, 10));
    for (int i = 0; i < 4; i++)
        lists[i] = ml_texts_of_list(Field(record, places[i]), &counts[i]);
    m.packages = (const char *const *)lists[0], m.package_count = counts[0];
    m.tags = (const char *const *)lists[1], m.tag_count = counts[1];
    m.cons = (const char *const *)lists[2], m.con_count = counts[2];
    text = tenon_manifest_write_scm(&m, (const char *const *)lists[3], counts[3], &err);
    for (int i = 0; i < 4; i++)
        ml_free_texts(lists[i], counts[i]);
    ml_check(text != NULL, &err);
    result = caml_copy_string(text);
    free(text);
    CAMLreturn(result);
}

/* ---- bundles ------------------------------------------------------------------------------------
 */

value tenon_ml_bundle_open(value path)
{
    CAMLparam1(path);
    tenon_error err = TENON_ERROR_INIT;
    tenon_bundle *bundle = tenon_bundle_open(String_val(path), &err);

    ml_check(bundle != NULL, &err);
    CAMLreturn(ml_box_bundle(bundle));
}

value tenon_ml_process_bundle(value process, value path)
{
    CAMLparam2(process, path);
    tenon_error err = TENON_ERROR_INIT;
    tenon_bundle *bundle =
        tenon_ocaml_open_bundle(ml_unbox_process(process), String_val(path), &err);

    ml_check(bundle != NULL, &err);
    CAMLreturn(ml_box_bundle(bundle));
}

value tenon_ml_bundle_manifest(value bundle)
{
    CAMLparam1(bundle);
    CAMLreturn(manifest_value(tenon_bundle_manifest(ml_unbox_bundle(bundle))));
}

/* Parts of the manifest, for those who need no more of it. */
value tenon_ml_bundle_name(value bundle)
{
    CAMLparam1(bundle);
    CAMLreturn(caml_copy_string(tenon_bundle_manifest(ml_unbox_bundle(bundle))->name));
}

value tenon_ml_bundle_packages(value bundle)
{
    CAMLparam1(bundle);
    const tenon_manifest *m = tenon_bundle_manifest(ml_unbox_bundle(bundle));
    CAMLreturn(ml_text_list(m->packages, m->package_count));
}

value tenon_ml_bundle_digest(value bundle)
{
    CAMLparam1(bundle);
    CAMLreturn(ml_bytes_value(tenon_bundle_digest(ml_unbox_bundle(bundle)), 32));
}

value tenon_ml_bundle_entries(value bundle)
{
    CAMLparam1(bundle);
    CAMLlocal1(list);
    const tenon_manifest *m = tenon_bundle_manifest(ml_unbox_bundle(bundle));
    const char **names = calloc(m->entry_count + 1, sizeof *names);

    if (!names)
        caml_raise_out_of_memory();
    for (size_t i = 0; i < m->entry_count; i++)
        names[i] = m->entries[i].path;
    list = ml_text_list(names, m->entry_count);
    free(names);
    CAMLreturn(list);
}

value tenon_ml_bundle_read(value bundle, value entry)
{
    CAMLparam2(bundle, entry);
    CAMLlocal1(v);
    tenon_error err = TENON_ERROR_INIT;
    void *bytes;
    size_t size;

    if (!tenon_bundle_read(ml_unbox_bundle(bundle), String_val(entry), &bytes, &size, &err)) {
        if (err.code == TENON_E_NOT_FOUND)
            CAMLreturn(Val_none);
        ml_fail(&err);
    }
    v = ml_bytes_value(bytes, size);
    free(bytes);
    CAMLreturn(ml_some(v));
}

value tenon_ml_bundle_verify(value bundle)
{
    CAMLparam1(bundle);
    tenon_error err = TENON_ERROR_INIT;

    ml_check(tenon_bundle_verify(ml_unbox_bundle(bundle), &err), &err);
    CAMLreturn(Val_unit);
}

/* ---- the builder
 * --------------------------------------------------------------------------------- */

value tenon_ml_builder_new(value unit)
{
    CAMLparam1(unit);
    tenon_error err = TENON_ERROR_INIT;
    tenon_builder *builder = tenon_builder_new(&err);

    ml_check(builder != NULL, &err);
    CAMLreturn(ml_box_builder(builder));
}

value tenon_ml_builder_from(value builder, value bundle)
{
    CAMLparam2(builder, bundle);
    tenon_error err = TENON_ERROR_INIT;

    ml_check(tenon_builder_from(ml_unbox_builder(builder), ml_unbox_bundle(bundle), &err), &err);
    CAMLreturn(Val_unit);
}

value tenon_ml_builder_set(value builder, value key, value text)
{
    CAMLparam3(builder, key, text);
    tenon_error err = TENON_ERROR_INIT;

    ml_check(
        tenon_builder_set(ml_unbox_builder(builder), String_val(key), ml_option_text(text), &err),
        &err);
    CAMLreturn(Val_unit);
}

value tenon_ml_builder_add_code(value builder, value file, value kind, value name)
{
    CAMLparam4(builder, file, kind, name);
    tenon_error err = TENON_ERROR_INIT;

    ml_check(tenon_builder_add_code_as(ml_unbox_builder(builder), String_val(file),
                                       (enum tenon_code_kind)Int_val(kind), ml_option_text(name),
                                       &err),
             &err);
    CAMLreturn(Val_unit);
}

value tenon_ml_builder_add_bytes(value builder, value entry, value bytes)
{
    CAMLparam3(builder, entry, bytes);
    tenon_error err = TENON_ERROR_INIT;

    ml_check(tenon_builder_add_bytes(ml_unbox_builder(builder), String_val(entry),
                                     String_val(bytes), caml_string_length(bytes), &err),
             &err);
    CAMLreturn(Val_unit);
}

value tenon_ml_builder_drop(value builder, value entry)
{
    CAMLparam2(builder, entry);
    tenon_error err = TENON_ERROR_INIT;
    int good = tenon_builder_drop(ml_unbox_builder(builder), String_val(entry), &err);

    if (!good && err.code != TENON_E_NOT_FOUND)
        ml_fail(&err);
    CAMLreturn(Val_bool(good));
}

value tenon_ml_builder_write(value builder, value path)
{
    CAMLparam2(builder, path);
    tenon_error err = TENON_ERROR_INIT;

    ml_check(tenon_builder_write(ml_unbox_builder(builder), String_val(path), &err), &err);
    CAMLreturn(Val_unit);
}
