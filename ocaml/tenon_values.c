/* ocaml/tenon_values.c - values across the border: errors, texts, digests, and libtenon's objects
 */
#include "tenon_values.h"

#include <stdlib.h>
#include <string.h>

#include <caml/alloc.h>
#include <caml/callback.h>
#include <caml/custom.h>
#include <caml/fail.h>
#include <caml/memory.h>

/* ---- errors ------------------------------------------------------------------------------------
 */

/* rule  Tenon_c.Error of int * string, registered when the library is initialised */
static void raise_error(enum tenon_code code, const char *message)
{
    CAMLparam0();
    CAMLlocal1(text);
    value arguments[2];
    const value *exception = caml_named_value("tenon.error");

    if (!exception)
        caml_failwith(message);
    text = caml_copy_string(message);
    arguments[0] = Val_int(code);
    arguments[1] = text;
    caml_raise_with_args(*exception, 2, arguments);
    CAMLnoreturn;
}

void ml_fail(const tenon_error *err)
{
    raise_error(err->code, tenon_error_message(err));
}

void ml_check(int good, const tenon_error *err)
{
    if (!good)
        ml_fail(err);
}

/* ---- small values ------------------------------------------------------------------------------
 */

value ml_some(value v)
{
    CAMLparam1(v);
    CAMLlocal1(block);
    block = caml_alloc(1, 0);
    Store_field(block, 0, v);
    CAMLreturn(block);
}

value ml_text_option(const char *text)
{
    CAMLparam0();
    CAMLlocal1(v);
    if (!text)
        CAMLreturn(Val_none);
    v = caml_copy_string(text);
    CAMLreturn(ml_some(v));
}

value ml_bytes_value(const void *bytes, size_t size)
{
    value v = caml_alloc_string(size);
    if (size)
        memcpy((char *)String_val(v), bytes, size);
    return v;
}

value ml_digest_option(const tenon_digest *digest)
{
    CAMLparam0();
    CAMLlocal1(v);
    if (digest->kind == TENON_DIGEST_UNKNOWN)
        CAMLreturn(Val_none);
    v = ml_bytes_value(digest->bytes, digest->size);
    CAMLreturn(ml_some(v));
}

tenon_digest ml_digest_of_option(value v)
{
    tenon_digest digest = { .kind = TENON_DIGEST_UNKNOWN };
    if (Is_block(v) && caml_string_length(Field(v, 0)) <= TENON_DIGEST_ROOM) {
        digest.kind = TENON_DIGEST_OCAML;
        digest.size = (uint8_t)caml_string_length(Field(v, 0));
        memcpy(digest.bytes, String_val(Field(v, 0)), digest.size);
    }
    return digest;
}

value ml_text_list(const char *const *texts, size_t count)
{
    CAMLparam0();
    CAMLlocal3(list, cell, text);
    list = Val_emptylist;
    for (size_t i = count; i-- > 0;) {
        text = caml_copy_string(texts[i]);
        cell = caml_alloc(2, 0);
        Store_field(cell, 0, text);
        Store_field(cell, 1, list);
        list = cell;
    }
    CAMLreturn(list);
}

/* Copies of the strings of a list; freed with free_texts. */
char **ml_texts_of_list(value list, size_t *count)
{
    size_t n = 0;
    char **texts;

    for (value v = list; Is_block(v); v = Field(v, 1))
        n++;
    texts = calloc(n + 1, sizeof *texts);
    for (size_t i = 0; texts && i < n; i++, list = Field(list, 1)) {
        texts[i] = strdup(String_val(Field(list, 0)));
        if (!texts[i]) {
            while (i-- > 0)
                free(texts[i]);
            free(texts);
            texts = NULL;
        }
    }
    *count = n;
    if (!texts)
        caml_raise_out_of_memory();
    return texts;
}

void ml_free_texts(char **texts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(texts[i]);
    free(texts);
}

const char *ml_option_text(value v)
{
    return Is_block(v) ? String_val(Field(v, 0)) : NULL;
}

/* ---- boxes: one custom block for each kind of object -------------------------------------------
 */

#define BOX(type, name, release)                                                                   \
    static void name##_finalize(value v)                                                           \
    {                                                                                              \
        release(*(type **)Data_custom_val(v));                                                     \
    }                                                                                              \
    static struct custom_operations name##_operations = {                                          \
        .identifier = "tenon." #name,                                                              \
        .finalize = name##_finalize,                                                               \
        .compare = custom_compare_default,                                                         \
        .hash = custom_hash_default,                                                               \
        .serialize = custom_serialize_default,                                                     \
        .deserialize = custom_deserialize_default,                                                 \
    };                                                                                             \
    value ml_box_##name(type *object)                                                              \
    {                                                                                              \
        value v = caml_alloc_custom(&name##_operations, sizeof object, 0, 1);                      \
        *(type **)Data_custom_val(v) = object;                                                     \
        return v;                                                                                  \
    }                                                                                              \
    type *ml_unbox_##name(value v)                                                                 \
    {                                                                                              \
        return *(type **)Data_custom_val(v);                                                       \
    }

BOX(tenon_bundle, bundle, tenon_bundle_free)
BOX(tenon_builder, builder, tenon_builder_free)
BOX(tenon_ocaml_process, process, tenon_ocaml_process_free)
BOX(tenon_ocaml_plan, plan, tenon_ocaml_plan_free)
