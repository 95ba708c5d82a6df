/* ocaml/tenon_stubs.c - libtenon for OCaml: values across the border, and nothing else */
#define CAML_NAME_SPACE
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <caml/alloc.h>
#include <caml/callback.h>
#include <caml/custom.h>
#include <caml/fail.h>
#include <caml/intext.h>
#include <caml/memory.h>
#include <caml/mlvalues.h>

#include <tenon/tenon.h>

#ifndef Val_none
#define Val_none Val_int(0)
#endif

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

static void fail(const tenon_error *err)
{
    raise_error(err->code, tenon_error_message(err));
}

static void check(int good, const tenon_error *err)
{
    if (!good)
        fail(err);
}

/* ---- small values ------------------------------------------------------------------------------
 */

static value some(value v)
{
    CAMLparam1(v);
    CAMLlocal1(block);
    block = caml_alloc(1, 0);
    Store_field(block, 0, v);
    CAMLreturn(block);
}

static value text_option(const char *text)
{
    CAMLparam0();
    CAMLlocal1(v);
    if (!text)
        CAMLreturn(Val_none);
    v = caml_copy_string(text);
    CAMLreturn(some(v));
}

static value bytes_value(const void *bytes, size_t size)
{
    value v = caml_alloc_string(size);
    if (size)
        memcpy((char *)String_val(v), bytes, size);
    return v;
}

static value digest_option(const tenon_digest *digest)
{
    CAMLparam0();
    CAMLlocal1(v);
    if (digest->kind == TENON_DIGEST_UNKNOWN)
        CAMLreturn(Val_none);
    v = bytes_value(digest->bytes, digest->size);
    CAMLreturn(some(v));
}

static tenon_digest digest_of_option(value v)
{
    tenon_digest digest = { .kind = TENON_DIGEST_UNKNOWN };
    if (Is_block(v) && caml_string_length(Field(v, 0)) <= TENON_DIGEST_ROOM) {
        digest.kind = TENON_DIGEST_OCAML;
        digest.size = (uint8_t)caml_string_length(Field(v, 0));
        memcpy(digest.bytes, String_val(Field(v, 0)), digest.size);
    }
    return digest;
}

static value text_list(const char *const *texts, size_t count)
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
static char **texts_of_list(value list, size_t *count)
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

static void free_texts(char **texts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(texts[i]);
    free(texts);
}

static const char *option_text(value v)
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
    static value box_##name(type *object)                                                          \
    {                                                                                              \
        value v = caml_alloc_custom(&name##_operations, sizeof object, 0, 1);                      \
        *(type **)Data_custom_val(v) = object;                                                     \
        return v;                                                                                  \
    }                                                                                              \
    static type *unbox_##name(value v)                                                             \
    {                                                                                              \
        return *(type **)Data_custom_val(v);                                                       \
    }

BOX(tenon_bundle, bundle, tenon_bundle_free)
BOX(tenon_builder, builder, tenon_builder_free)
BOX(tenon_ocaml_process, process, tenon_ocaml_process_free)
BOX(tenon_ocaml_plan, plan, tenon_ocaml_plan_free)

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
    list = text_list(names, count);
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
    PUT(6, text_list(m->packages, m->package_count));
    PUT(7, provided(m));
    PUT(8, text_option(m->url));
    PUT(9, text_option(m->license));
    PUT(10, text_option(m->copyrights));
    PUT(11, text_list(m->tags, m->tag_count));
    PUT(12, text_list(m->cons, m->con_count));
    PUT(13, text_list(m->argv, m->argv_count));
#undef PUT
    CAMLreturn(record);
}

value tenon_ml_manifest_of_scm(value text)
{
    CAMLparam1(text);
    CAMLlocal1(record);
    tenon_error err = TENON_ERROR_INIT;
    tenon_manifest *m = tenon_manifest_parse_scm(String_val(text), caml_string_length(text), &err);

    check(m != NULL, &err);
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
    m.url = option_text(Field(record, 8));
    m.license = option_text(Field(record, 9));
    m.copyrights = option_text(Field(record, 10));
    for (int i = 0; i < 4; i++)
        lists[i] = texts_of_list(Field(record, places[i]), &counts[i]);
    m.packages = (const char *const *)lists[0], m.package_count = counts[0];
    m.tags = (const char *const *)lists[1], m.tag_count = counts[1];
    m.cons = (const char *const *)lists[2], m.con_count = counts[2];
    text = tenon_manifest_write_scm(&m, (const char *const *)lists[3], counts[3], &err);
    for (int i = 0; i < 4; i++)
        free_texts(lists[i], counts[i]);
    check(text != NULL, &err);
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

    check(bundle != NULL, &err);
    CAMLreturn(box_bundle(bundle));
}

value tenon_ml_process_bundle(value process, value path)
{
    CAMLparam2(process, path);
    tenon_error err = TENON_ERROR_INIT;
    tenon_bundle *bundle = tenon_ocaml_open_bundle(unbox_process(process), String_val(path), &err);

    check(bundle != NULL, &err);
    CAMLreturn(box_bundle(bundle));
}

value tenon_ml_bundle_manifest(value bundle)
{
    CAMLparam1(bundle);
    CAMLreturn(manifest_value(tenon_bundle_manifest(unbox_bundle(bundle))));
}

value tenon_ml_bundle_digest(value bundle)
{
    CAMLparam1(bundle);
    CAMLreturn(bytes_value(tenon_bundle_digest(unbox_bundle(bundle)), 32));
}

value tenon_ml_bundle_entries(value bundle)
{
    CAMLparam1(bundle);
    CAMLlocal1(list);
    const tenon_manifest *m = tenon_bundle_manifest(unbox_bundle(bundle));
    const char **names = calloc(m->entry_count + 1, sizeof *names);

    if (!names)
        caml_raise_out_of_memory();
    for (size_t i = 0; i < m->entry_count; i++)
        names[i] = m->entries[i].path;
    list = text_list(names, m->entry_count);
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

    if (!tenon_bundle_read(unbox_bundle(bundle), String_val(entry), &bytes, &size, &err)) {
        if (err.code == TENON_E_NOT_FOUND)
            CAMLreturn(Val_none);
        fail(&err);
    }
    v = bytes_value(bytes, size);
    free(bytes);
    CAMLreturn(some(v));
}

value tenon_ml_bundle_verify(value bundle)
{
    CAMLparam1(bundle);
    tenon_error err = TENON_ERROR_INIT;

    check(tenon_bundle_verify(unbox_bundle(bundle), &err), &err);
    CAMLreturn(Val_unit);
}

/* ---- the builder
 * --------------------------------------------------------------------------------- */

value tenon_ml_builder_new(value unit)
{
    CAMLparam1(unit);
    tenon_error err = TENON_ERROR_INIT;
    tenon_builder *builder = tenon_builder_new(&err);

    check(builder != NULL, &err);
    CAMLreturn(box_builder(builder));
}

value tenon_ml_builder_from(value builder, value bundle)
{
    CAMLparam2(builder, bundle);
    tenon_error err = TENON_ERROR_INIT;

    check(tenon_builder_from(unbox_builder(builder), unbox_bundle(bundle), &err), &err);
    CAMLreturn(Val_unit);
}

value tenon_ml_builder_set(value builder, value key, value text)
{
    CAMLparam3(builder, key, text);
    tenon_error err = TENON_ERROR_INIT;

    check(tenon_builder_set(unbox_builder(builder), String_val(key), option_text(text), &err),
          &err);
    CAMLreturn(Val_unit);
}

value tenon_ml_builder_add_code(value builder, value file, value kind, value name)
{
    CAMLparam4(builder, file, kind, name);
    tenon_error err = TENON_ERROR_INIT;

    check(tenon_builder_add_code_as(unbox_builder(builder), String_val(file),
                                    (enum tenon_code_kind)Int_val(kind), option_text(name), &err),
          &err);
    CAMLreturn(Val_unit);
}

value tenon_ml_builder_add_bytes(value builder, value entry, value bytes)
{
    CAMLparam3(builder, entry, bytes);
    tenon_error err = TENON_ERROR_INIT;

    check(tenon_builder_add_bytes(unbox_builder(builder), String_val(entry), String_val(bytes),
                                  caml_string_length(bytes), &err),
          &err);
    CAMLreturn(Val_unit);
}

value tenon_ml_builder_drop(value builder, value entry)
{
    CAMLparam2(builder, entry);
    tenon_error err = TENON_ERROR_INIT;
    int good = tenon_builder_drop(unbox_builder(builder), String_val(entry), &err);

    if (!good && err.code != TENON_E_NOT_FOUND)
        fail(&err);
    CAMLreturn(Val_bool(good));
}

value tenon_ml_builder_write(value builder, value path)
{
    CAMLparam2(builder, path);
    tenon_error err = TENON_ERROR_INIT;

    check(tenon_builder_write(unbox_builder(builder), String_val(path), &err), &err);
    CAMLreturn(Val_unit);
}

/* ---- the process
 * --------------------------------------------------------------------------------- */

value tenon_ml_process_new(value loader, value digits)
{
    CAMLparam2(loader, digits);
    tenon_error err = TENON_ERROR_INIT;
    tenon_ocaml_process *process = tenon_ocaml_process_new((enum tenon_ocaml_loader)Int_val(loader),
                                                           String_val(digits), NULL, &err);

    check(process != NULL, &err);
    CAMLreturn(box_process(process));
}

value tenon_ml_tell(value process, value name, value interface, value implementation, value others)
{
    CAMLparam5(process, name, interface, implementation, others);
    tenon_error err = TENON_ERROR_INIT;
    const tenon_ocaml_present unit = {
        .name = String_val(name),
        .interface = digest_of_option(interface),
        .implementation = digest_of_option(implementation),
        .state = TENON_INITIALISED,
        .reason = Bool_val(others) ? TENON_BY_OTHERS : TENON_IN_HOST,
        .holder = Bool_val(others) ? "what others loaded" : "the host program",
    };

    check(tenon_ocaml_tell(unbox_process(process), &unit, &err), &err);
    CAMLreturn(Val_unit);
}

value tenon_ml_tell_interface(value process, value name, value crc)
{
    CAMLparam3(process, name, crc);
    tenon_error err = TENON_ERROR_INIT;
    tenon_digest digest = digest_of_option(crc);

    check(tenon_ocaml_tell_interface(unbox_process(process), String_val(name), &digest, &err),
          &err);
    CAMLreturn(Val_unit);
}

value tenon_ml_tell_symbol(value process, value symbol)
{
    CAMLparam2(process, symbol);
    tenon_error err = TENON_ERROR_INIT;

    check(tenon_ocaml_tell_symbol(unbox_process(process), String_val(symbol), &err), &err);
    CAMLreturn(Val_unit);
}

value tenon_ml_tell_program(value process, value file)
{
    CAMLparam2(process, file);
    tenon_error err = TENON_ERROR_INIT;

    check(tenon_ocaml_tell_program(unbox_process(process), String_val(file), &err), &err);
    CAMLreturn(Val_unit);
}

/* The closure is a named value: it stays where it is found, whatever the collector moves. */
static bool ask_probe(void *arg, const char *unit)
{
    CAMLparam0();
    CAMLlocal2(name, answer);
    const value *probe = caml_named_value("tenon.probe");

    (void)arg;
    if (!probe)
        CAMLreturnT(bool, false);
    name = caml_copy_string(unit);
    answer = caml_callback_exn(*probe, name);
    CAMLreturnT(bool, !Is_exception_result(answer) && Bool_val(answer));
}

value tenon_ml_use_probe(value process)
{
    CAMLparam1(process);
    tenon_ocaml_set_probe(unbox_process(process), ask_probe, NULL);
    CAMLreturn(Val_unit);
}

static enum tenon_answer ask_interface_probe(void *arg, const char *unit, const tenon_digest *crc)
{
    CAMLparam0();
    CAMLlocal3(name, digest, answer);
    const value *probe = caml_named_value("tenon.interface_probe");

    (void)arg;
    if (!probe)
        CAMLreturnT(enum tenon_answer, TENON_UNKNOWN);
    name = caml_copy_string(unit);
    digest = bytes_value(crc->bytes, crc->size);
    answer = caml_callback2_exn(*probe, name, digest);
    CAMLreturnT(enum tenon_answer,
                Is_exception_result(answer) ? TENON_UNKNOWN : (enum tenon_answer)Int_val(answer));
}

value tenon_ml_use_interface_probe(value process)
{
    CAMLparam1(process);
    tenon_ocaml_set_interface_probe(unbox_process(process), ask_interface_probe, NULL);
    CAMLreturn(Val_unit);
}

value tenon_ml_prohibit(value process, value unit)
{
    CAMLparam2(process, unit);
    tenon_error err = TENON_ERROR_INIT;

    check(tenon_ocaml_prohibit(unbox_process(process), String_val(unit), &err), &err);
    CAMLreturn(Val_unit);
}

value tenon_ml_allow_only(value process, value units)
{
    CAMLparam2(process, units);
    tenon_error err = TENON_ERROR_INIT;
    size_t count;
    char **names = texts_of_list(units, &count);
    bool good =
        tenon_ocaml_allow_only(unbox_process(process), (const char *const *)names, count, &err);

    free_texts(names, count);
    check(good, &err);
    CAMLreturn(Val_unit);
}

value tenon_ml_add_dll_directory(value process, value directory)
{
    CAMLparam2(process, directory);
    tenon_error err = TENON_ERROR_INIT;

    check(tenon_ocaml_add_dll_directory(unbox_process(process), String_val(directory), &err), &err);
    CAMLreturn(Val_unit);
}

/* 0: an added directory, 1: the default one, 2: the cache */
value tenon_ml_set_directory(value process, value which, value directory)
{
    CAMLparam3(process, which, directory);
    tenon_error err = TENON_ERROR_INIT;
    tenon_process *settings = tenon_ocaml_process_settings(unbox_process(process));
    bool (*const set[])(tenon_process *, const char *, tenon_error *) = {
        tenon_process_add_directory,
        tenon_process_set_default_directory,
        tenon_process_set_cache,
    };

    check(set[Int_val(which)](settings, String_val(directory), &err), &err);
    CAMLreturn(Val_unit);
}

value tenon_ml_set_ambiguous(value process, value refuse)
{
    CAMLparam2(process, refuse);
    tenon_process_set_ambiguous(tenon_ocaml_process_settings(unbox_process(process)),
                                Bool_val(refuse));
    CAMLreturn(Val_unit);
}

value tenon_ml_offer(value process, value name, value version)
{
    CAMLparam3(process, name, version);
    tenon_error err = TENON_ERROR_INIT;

    check(tenon_process_offer(tenon_ocaml_process_settings(unbox_process(process)),
                              String_val(name), (unsigned)Long_val(version), NULL, &err),
          &err);
    CAMLreturn(Val_unit);
}

/* (name, interface, implementation, failed, reason, holder, plugin) */
static value present_value(const tenon_ocaml_present *unit)
{
    CAMLparam0();
    CAMLlocal2(row, v);
    row = caml_alloc(7, 0);
    v = caml_copy_string(unit->name);
    Store_field(row, 0, v);
    v = digest_option(&unit->interface);
    Store_field(row, 1, v);
    v = digest_option(&unit->implementation);
    Store_field(row, 2, v);
    Store_field(row, 3, Val_bool(unit->state == TENON_FAILED));
    Store_field(row, 4, Val_int(unit->reason));
    v = caml_copy_string(unit->holder);
    Store_field(row, 5, v);
    v = text_option(unit->plugin);
    Store_field(row, 6, v);
    CAMLreturn(row);
}

value tenon_ml_present(value process)
{
    CAMLparam1(process);
    CAMLlocal2(rows, row);
    tenon_ocaml_process *p = unbox_process(process);
    tenon_ocaml_present unit;
    size_t count = tenon_ocaml_present_count(p);

    rows = count ? caml_alloc(count, 0) : Atom(0);
    for (size_t i = 0; i < count; i++) {
        if (!tenon_ocaml_present_at(p, i, &unit))
            break;
        row = present_value(&unit);
        Store_field(rows, i, row);
    }
    CAMLreturn(rows);
}

/* Allocates nothing, so that nothing moves. */
value tenon_ml_is_present(value process, value name)
{
    return Val_bool(tenon_ocaml_is_present(unbox_process(process), String_val(name)));
}

/* The native program's own table, as Dynlink reads it; None: this process has none. */
value tenon_ml_globals_map(value unit)
{
    CAMLparam1(unit);
    CAMLlocal1(map);
    char *at = dlsym(RTLD_DEFAULT, "caml_globals_map");

    if (!at)
        CAMLreturn(Val_none);
    map = caml_input_value_from_block(at, INT_MAX);
    CAMLreturn(some(map));
}

/* ---- installed bundles
 * ----------------------------------------------------------------------------
 */

value tenon_ml_list(value process, value tags)
{
    CAMLparam2(process, tags);
    CAMLlocal3(list, cell, path);
    tenon_error err = TENON_ERROR_INIT;
    size_t count;
    char **wanted = texts_of_list(tags, &count);
    tenon_listing *listing = tenon_process_list(
        tenon_ocaml_process_settings(unbox_process(process)), (const char *const *)wanted, &err);

    free_texts(wanted, count);
    check(listing != NULL, &err);
    list = Val_emptylist;
    for (size_t i = tenon_listing_count(listing); i-- > 0;) {
        path = caml_copy_string(tenon_listing_path(listing, i));
        cell = caml_alloc(2, 0);
        Store_field(cell, 0, path);
        Store_field(cell, 1, list);
        list = cell;
    }
    tenon_listing_free(listing);
    CAMLreturn(list);
}

/* ---- plans ------------------------------------------------------------------------------------
 */

static void free_requests(tenon_ocaml_request *requests, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free((char *)requests[i].plugin);
        free_texts((char **)requests[i].offers, requests[i].offers ? requests[i].offer_count : 0);
    }
    free(requests);
}

/* requests: (string * string list) array */
value tenon_ml_plan(value process, value requests, value flags)
{
    CAMLparam3(process, requests, flags);
    tenon_error err = TENON_ERROR_INIT;
    size_t count = Wosize_val(requests);
    tenon_ocaml_request *rows = calloc(count + 1, sizeof *rows);
    tenon_ocaml_plan *plan;

    if (!rows)
        caml_raise_out_of_memory();
    for (size_t i = 0; i < count; i++) {
        value row = Field(requests, i);
        rows[i].plugin = strdup(String_val(Field(row, 0)));
        rows[i].offers = (const char *const *)texts_of_list(Field(row, 1), &rows[i].offer_count);
    }
    plan =
        tenon_ocaml_plan_make(unbox_process(process), rows, count, (unsigned)Int_val(flags), &err);
    free_requests(rows, count);
    check(plan != NULL, &err);
    CAMLreturn(box_plan(plan));
}

/* (name, file, status) array */
value tenon_ml_plan_results(value plan)
{
    CAMLparam1(plan);
    CAMLlocal3(rows, row, v);
    const tenon_report *report = tenon_ocaml_plan_report(unbox_plan(plan));
    size_t count = tenon_report_plugin_count(report);

    rows = count ? caml_alloc(count, 0) : Atom(0);
    for (size_t i = 0; i < count; i++) {
        const tenon_plugin_result *result = tenon_report_plugin(report, i);
        row = caml_alloc(3, 0);
        v = caml_copy_string(result->name);
        Store_field(row, 0, v);
        v = text_option(result->file);
        Store_field(row, 1, v);
        Store_field(row, 2, Val_int(result->status));
        Store_field(rows, i, row);
    }
    CAMLreturn(rows);
}

/* (code, refuses, plugin, unit, message) array */
value tenon_ml_plan_findings(value plan)
{
    CAMLparam1(plan);
    CAMLlocal3(rows, row, v);
    const tenon_report *report = tenon_ocaml_plan_report(unbox_plan(plan));
    size_t count = tenon_report_finding_count(report);

    rows = count ? caml_alloc(count, 0) : Atom(0);
    for (size_t i = 0; i < count; i++) {
        const tenon_finding *finding = tenon_report_finding(report, i);
        row = caml_alloc(5, 0);
        v = caml_copy_string(tenon_finding_name(finding->kind));
        Store_field(row, 0, v);
        Store_field(row, 1, Val_bool(finding->refuses));
        v = text_option(finding->plugin);
        Store_field(row, 2, v);
        v = text_option(finding->unit);
        Store_field(row, 3, v);
        v = caml_copy_string(finding->message);
        Store_field(row, 4, v);
        Store_field(rows, i, row);
    }
    CAMLreturn(rows);
}

value tenon_ml_plan_ok(value plan)
{
    return Val_bool(tenon_report_ok(tenon_ocaml_plan_report(unbox_plan(plan))));
}

static value unit_names(const tenon_ocaml *code)
{
    CAMLparam0();
    CAMLlocal1(list);
    size_t count = code ? tenon_ocaml_unit_count(code) : 0;
    const char **names = calloc(count + 1, sizeof *names);

    if (!names)
        caml_raise_out_of_memory();
    for (size_t i = 0; i < count; i++)
        names[i] = tenon_ocaml_unit_at(code, i)->name;
    list = text_list(names, count);
    free(names);
    CAMLreturn(list);
}

value tenon_ml_plan_owners(value plan)
{
    CAMLparam1(plan);
    CAMLlocal1(rows);
    tenon_ocaml_plan *p = unbox_plan(plan);
    size_t count = tenon_ocaml_plan_count(p);
    tenon_ocaml_step step;

    rows = count ? caml_alloc(count, 0) : Atom(0);
    for (size_t i = 0; i < count && tenon_ocaml_plan_step(p, i, &step); i++)
        Store_field(rows, i, Val_long(step.plugin));
    CAMLreturn(rows);
}

/* (plugin, path, label, is_stubs, is_main, has_dlls, units); the path after taking out */
value tenon_ml_plan_step(value plan, value number)
{
    CAMLparam2(plan, number);
    CAMLlocal2(row, v);
    tenon_ocaml_step step;

    if (!tenon_ocaml_plan_step(unbox_plan(plan), (size_t)Long_val(number), &step))
        caml_invalid_argument("Tenon: no such step");
    row = caml_alloc(7, 0);
    Store_field(row, 0, Val_long(step.plugin));
    v = text_option(step.path);
    Store_field(row, 1, v);
    v = caml_copy_string(step.label);
    Store_field(row, 2, v);
    Store_field(row, 3, Val_bool(step.is_stubs));
    Store_field(row, 4, Val_bool(step.is_main));
    Store_field(row, 5, Val_bool(step.has_dlls));
    v = unit_names(step.code);
    Store_field(row, 6, v);
    CAMLreturn(row);
}

value tenon_ml_plan_take(value plan, value request)
{
    CAMLparam2(plan, request);
    tenon_error err = TENON_ERROR_INIT;

    check(tenon_ocaml_plan_take(unbox_plan(plan), (size_t)Long_val(request), &err), &err);
    CAMLreturn(Val_unit);
}

value tenon_ml_plan_check(value plan, value step)
{
    CAMLparam2(plan, step);
    tenon_error err = TENON_ERROR_INIT;

    check(tenon_ocaml_plan_check(unbox_plan(plan), (size_t)Long_val(step), &err), &err);
    CAMLreturn(Val_unit);
}

/* initialised: -1 for all */
value tenon_ml_plan_done(value plan, value step, value initialised)
{
    CAMLparam3(plan, step, initialised);
    tenon_error err = TENON_ERROR_INIT;
    size_t count = Long_val(initialised) < 0 ? SIZE_MAX : (size_t)Long_val(initialised);

    check(tenon_ocaml_plan_done(unbox_plan(plan), (size_t)Long_val(step), count, &err), &err);
    CAMLreturn(Val_unit);
}

value tenon_ml_plan_loaded(value plan, value request)
{
    CAMLparam2(plan, request);
    tenon_error err = TENON_ERROR_INIT;

    check(tenon_ocaml_plan_loaded(unbox_plan(plan), (size_t)Long_val(request), &err), &err);
    CAMLreturn(Val_unit);
}

value tenon_ml_plan_end(value plan)
{
    CAMLparam1(plan);
    tenon_ocaml_plan_end(unbox_plan(plan));
    CAMLreturn(Val_unit);
}

value tenon_ml_version(value unit)
{
    CAMLparam1(unit);
    CAMLreturn(caml_copy_string(tenon_version_string()));
}

/* Whole seconds since 1970; so that nobody needs the unix library for it. */
value tenon_ml_time(value unit)
{
    CAMLparam1(unit);
    CAMLreturn(caml_copy_double((double)time(NULL)));
}

/* Sends what is written to stderr nowhere, and back again; for the toplevel's probe alone. */
value tenon_ml_silence_stderr(value silent)
{
    static int kept = -1;
    CAMLparam1(silent);
    if (Bool_val(silent) && kept < 0) {
        int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
        kept = nowhere >= 0 ? fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3) : -1;
        if (kept >= 0)
            dup2(nowhere, STDERR_FILENO);
        if (nowhere >= 0)
            close(nowhere);
    } else if (!Bool_val(silent) && kept >= 0) {
        dup2(kept, STDERR_FILENO);
        close(kept);
        kept = -1;
    }
    CAMLreturn(Val_unit);
}
