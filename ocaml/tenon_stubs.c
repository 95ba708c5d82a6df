/* ocaml/tenon_stubs.c - the process for OCaml: what is there, what may come; values in, values out
 */
#define _GNU_SOURCE /* dl_iterate_phdr() */

#include "tenon_values.h"

#include <dlfcn.h>
#include <limits.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <caml/alloc.h>
#include <caml/callback.h>
#include <caml/fail.h>
#include <caml/intext.h>
#include <caml/memory.h>
#include <caml/printexc.h>

/* ---- the process
 * --------------------------------------------------------------------------------- */

value tenon_ml_process_new(value loader, value digits)
{
    CAMLparam2(loader, digits);
    tenon_error err = TENON_ERROR_INIT;
    tenon_ocaml_process *process = tenon_ocaml_process_new((enum tenon_ocaml_loader)Int_val(loader),
                                                           String_val(digits), NULL, &err);

    ml_check(process != NULL, &err);
    CAMLreturn(ml_box_process(process));
}

value tenon_ml_tell(value process, value name, value interface, value implementation, value others)
{
    CAMLparam5(process, name, interface, implementation, others);
    tenon_error err = TENON_ERROR_INIT;
    const tenon_ocaml_present unit = {
        .name = String_val(name),
        .interface = ml_digest_of_option(interface),
        .implementation = ml_digest_of_option(implementation),
        .state = TENON_INITIALISED,
        .reason = Bool_val(others) ? TENON_BY_OTHERS : TENON_IN_HOST,
        .holder = Bool_val(others) ? "what others loaded" : "the host program",
    };

    ml_check(tenon_ocaml_tell(ml_unbox_process(process), &unit, &err), &err);
    CAMLreturn(Val_unit);
}

value tenon_ml_tell_interface(value process, value name, value crc)
{
    CAMLparam3(process, name, crc);
    tenon_error err = TENON_ERROR_INIT;
    tenon_digest digest = ml_digest_of_option(crc);

    ml_check(tenon_ocaml_tell_interface(ml_unbox_process(process), String_val(name), &digest, &err),
             &err);
    CAMLreturn(Val_unit);
}

value tenon_ml_tell_symbol(value process, value symbol)
{
    CAMLparam2(process, symbol);
    tenon_error err = TENON_ERROR_INIT;

    ml_check(tenon_ocaml_tell_symbol(ml_unbox_process(process), String_val(symbol), &err), &err);
    CAMLreturn(Val_unit);
}

value tenon_ml_tell_mapped(value process, value names)
{
    CAMLparam2(process, names);
    tenon_error err = TENON_ERROR_INIT;
    size_t count;
    char **texts = ml_texts_of_list(names, &count);
    bool good =
        tenon_ocaml_tell_mapped(ml_unbox_process(process), (const char *const *)texts, count, &err);

    ml_free_texts(texts, count);
    ml_check(good, &err);
    CAMLreturn(Val_unit);
}

value tenon_ml_tell_program(value process, value file)
{
    CAMLparam2(process, file);
    tenon_error err = TENON_ERROR_INIT;

    ml_check(tenon_ocaml_tell_program(ml_unbox_process(process), String_val(file), &err), &err);
    CAMLreturn(Val_unit);
}

/*
 * arg: the name of a closure, as a named value: it stays where it is found, whatever the collector
 * moves.
 */
static bool ask_probe(void *arg, const char *unit)
{
    CAMLparam0();
    CAMLlocal2(name, answer);
    const value *probe = caml_named_value(arg);

    if (!probe)
        CAMLreturnT(bool, false);
    name = caml_copy_string(unit);
    answer = caml_callback_exn(*probe, name);
    CAMLreturnT(bool, !Is_exception_result(answer) && Bool_val(answer));
}

value tenon_ml_use_probe(value process)
{
    CAMLparam1(process);
    tenon_ocaml_set_probe(ml_unbox_process(process), ask_probe, "tenon.probe");
    CAMLreturn(Val_unit);
}

value tenon_ml_use_start_probe(value process, value use)
{
    CAMLparam2(process, use);
    tenon_ocaml_set_start_probe(ml_unbox_process(process), Bool_val(use) ? ask_probe : NULL,
                                "tenon.start_probe");
    CAMLreturn(Val_unit);
}

value tenon_ml_use_run_probe(value process)
{
    CAMLparam1(process);
    tenon_ocaml_set_run_probe(ml_unbox_process(process), ask_probe, "tenon.run_probe");
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
    digest = ml_bytes_value(crc->bytes, crc->size);
    answer = caml_callback2_exn(*probe, name, digest);
    CAMLreturnT(enum tenon_answer,
                Is_exception_result(answer) ? TENON_UNKNOWN : (enum tenon_answer)Int_val(answer));
}

value tenon_ml_use_interface_probe(value process)
{
    CAMLparam1(process);
    tenon_ocaml_set_interface_probe(ml_unbox_process(process), ask_interface_probe, NULL);
    CAMLreturn(Val_unit);
}

value tenon_ml_prohibit(value process, value unit)
{
    CAMLparam2(process, unit);
    tenon_error err = TENON_ERROR_INIT;

    ml_check(tenon_ocaml_prohibit(ml_unbox_process(process), String_val(unit), &err), &err);
    CAMLreturn(Val_unit);
}

value tenon_ml_allow_only(value process, value units)
{
    CAMLparam2(process, units);
    tenon_error err = TENON_ERROR_INIT;
    size_t count;
    char **names = ml_texts_of_list(units, &count);
    bool good =
        tenon_ocaml_allow_only(ml_unbox_process(process), (const char *const *)names, count, &err);

    ml_free_texts(names, count);
    ml_check(good, &err);
    CAMLreturn(Val_unit);
}

value tenon_ml_add_dll_directory(value process, value directory)
{
    CAMLparam2(process, directory);
    tenon_error err = TENON_ERROR_INIT;

    ml_check(tenon_ocaml_add_dll_directory(ml_unbox_process(process), String_val(directory), &err),
             &err);
    CAMLreturn(Val_unit);
}

static bool search_raised(tenon_error *err, value exception)
{
    char *text = caml_format_exception(exception);

    err->code = TENON_E_SYSTEM;
    err->system_errno = 0;
    snprintf(err->text, sizeof err->text, "looking for the directories of C stubs: %s",
             text ? text : "it raised");
    free(text);
    return false;
}

/*
 * The closure answers with a list of directories. One that raises, as for want of memory or since
 * the user broke in, is asked again.
 */
static bool ask_dll_search(void *arg, tenon_ocaml_process *process, tenon_error *err)
{
    CAMLparam0();
    CAMLlocal1(list);
    const value *search = caml_named_value("tenon.dll_search");
    bool good = true;

    (void)arg;
    if (search) {
        list = caml_callback_exn(*search, Val_unit);
        if (Is_exception_result(list))
            CAMLreturnT(bool, search_raised(err, Extract_exception(list)));
        for (; good && Is_block(list); list = Field(list, 1))
            good = tenon_ocaml_add_dll_directory(process, String_val(Field(list, 0)), err);
    }
    CAMLreturnT(bool, good);
}

value tenon_ml_use_dll_search(value process)
{
    CAMLparam1(process);
    tenon_ocaml_set_dll_search(ml_unbox_process(process), ask_dll_search, NULL);
    CAMLreturn(Val_unit);
}

/* 0: an added directory, 1: the default one, 2: the cache */
value tenon_ml_set_directory(value process, value which, value directory)
{
    CAMLparam3(process, which, directory);
    tenon_error err = TENON_ERROR_INIT;
    tenon_process *settings = tenon_ocaml_process_settings(ml_unbox_process(process));
    bool (*const set[])(tenon_process *, const char *, tenon_error *) = {
        tenon_process_add_directory,
        tenon_process_set_default_directory,
        tenon_process_set_cache,
    };

    ml_check(set[Int_val(which)](settings, String_val(directory), &err), &err);
    CAMLreturn(Val_unit);
}

value tenon_ml_set_ambiguous(value process, value refuse)
{
    CAMLparam2(process, refuse);
    tenon_process_set_ambiguous(tenon_ocaml_process_settings(ml_unbox_process(process)),
                                Bool_val(refuse));
    CAMLreturn(Val_unit);
}

value tenon_ml_offer(value process, value name, value version)
{
    CAMLparam3(process, name, version);
    tenon_error err = TENON_ERROR_INIT;

    ml_check(tenon_process_offer(tenon_ocaml_process_settings(ml_unbox_process(process)),
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
    v = ml_digest_option(&unit->interface);
    Store_field(row, 1, v);
    v = ml_digest_option(&unit->implementation);
    Store_field(row, 2, v);
    Store_field(row, 3,
                Val_int(unit->state == TENON_MAPPED   ? 0
                        : unit->state == TENON_FAILED ? 2
                                                      : 1));
    Store_field(row, 4, Val_int(unit->reason));
    v = caml_copy_string(unit->holder);
    Store_field(row, 5, v);
    v = ml_text_option(unit->plugin);
    Store_field(row, 6, v);
    CAMLreturn(row);
}

value tenon_ml_present(value process)
{
    CAMLparam1(process);
    CAMLlocal2(rows, row);
    tenon_ocaml_process *p = ml_unbox_process(process);
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
value tenon_ml_present_count(value process)
{
    return Val_long(tenon_ocaml_present_count(ml_unbox_process(process)));
}

/* rule: dl_iterate_phdr(3), dlpi_adds: each object tells it, the first is enough */
static int take_adds(struct dl_phdr_info *info, size_t size, void *adds)
{
    if (size >= offsetof(struct dl_phdr_info, dlpi_adds) + sizeof info->dlpi_adds)
        *(long *)adds = (long)info->dlpi_adds;
    return 1;
}

value tenon_ml_mapped_count(value unit)
{
    long adds = 0;

    (void)unit;
    dl_iterate_phdr(take_adds, &adds);
    return Val_long(adds);
}

value tenon_ml_is_present(value process, value name)
{
    return Val_bool(tenon_ocaml_is_present(ml_unbox_process(process), String_val(name)));
}

/*
 * "P.A" is inside of P; the unit that carries a record is the one that the record cannot name;
 * findlib makes one anew for every link.
 */
static bool is_compared(const char *name)
{
    static const char record[] = "Tenon_host_record_", findlib[] = "Findlib_initl";

    return *name && !strchr(name, '.') && strncmp(name, record, sizeof record - 1) != 0 &&
           strncmp(name, findlib, sizeof findlib - 1) != 0;
}

value tenon_ml_is_compared(value name)
{
    return Val_bool(is_compared(String_val(name)));
}

static size_t count_present(const tenon_ocaml_process *process)
{
    size_t count = tenon_ocaml_present_count(process), compared = 0;
    tenon_ocaml_present unit;

    for (size_t i = 0; i < count && tenon_ocaml_present_at(process, i, &unit); i++)
        compared += is_compared(unit.name);
    return compared;
}

/* Neither list has a name twice. Allocates nothing, so that nothing moves. */
value tenon_ml_has_just(value process, value names)
{
    tenon_ocaml_process *p = ml_unbox_process(process);
    size_t compared = 0;
    bool all = true;

    for (; all && Is_block(names); names = Field(names, 1)) {
        const char *name = String_val(Field(names, 0));
        if (!is_compared(name))
            continue;
        compared++;
        all = tenon_ocaml_is_present(p, name);
    }
    return Val_bool(all && compared == count_present(p));
}

/* rule  asmcomp/asmlink.ml: without implementation, an interface that was only imported */
static bool tell_global(tenon_ocaml_process *process, value global, tenon_error *err)
{
    const tenon_ocaml_present unit = {
        .name = String_val(Field(global, 0)),
        .interface = ml_digest_of_option(Field(global, 1)),
        .implementation = ml_digest_of_option(Field(global, 2)),
        .state = TENON_INITIALISED,
        .reason = TENON_IN_HOST,
        .holder = "the host program",
    };
    bool good = tenon_ocaml_tell_interface(process, unit.name, &unit.interface, err);

    if (!Is_block(Field(global, 2)))
        return good;
    good = good && tenon_ocaml_tell(process, &unit, err);
    for (value s = Field(global, 3); good && Is_block(s); s = Field(s, 1))
        good = tenon_ocaml_tell_symbol(process, String_val(Field(s, 0)), err);
    return good;
}

/* Allocates nothing, so that nothing moves. */
value tenon_ml_tell_globals(value process, value globals)
{
    CAMLparam2(process, globals);
    tenon_error err = TENON_ERROR_INIT;
    bool good = true;

    for (value v = globals; good && Is_block(v); v = Field(v, 1))
        good = tell_global(ml_unbox_process(process), Field(v, 0), &err);
    ml_check(good, &err);
    CAMLreturn(Val_unit);
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
    CAMLreturn(ml_some(map));
}

/*
 * Would a plugin find the program's symbols? It looks in the scope of the whole process, which is
 * that of the main program; we may be in a library that was opened for itself.
 *
 * rule  glibc elf/dl-open.c, add_to_global_update: RTLD_GLOBAL adds to the main program's scope
 */
value tenon_ml_is_visible(value unit)
{
    void *scope = dlopen(NULL, RTLD_LAZY);
    bool is_there = !scope || dlsym(scope, "caml_globals_map");

    (void)unit;
    if (scope)
        dlclose(scope);
    return Val_bool(is_there);
}

/* rule  otherlibs/dynlink/native/dynlink.ml, num_globals_inited; runtime/natdynlink.c */
value tenon_ml_globals_inited(value unit)
{
    value (*inited)(value) = NULL;

    *(void **)&inited = dlsym(RTLD_DEFAULT, "caml_natdynlink_globals_inited");
    return inited ? inited(unit) : Val_long(-1);
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
    char **wanted = ml_texts_of_list(tags, &count);
    tenon_listing *listing = tenon_process_list(
        tenon_ocaml_process_settings(ml_unbox_process(process)), (const char *const *)wanted, &err);

    ml_free_texts(wanted, count);
    ml_check(listing != NULL, &err);
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

value tenon_ml_search_path(value process)
{
    CAMLparam1(process);
    CAMLlocal1(list);
    tenon_error err = TENON_ERROR_INIT;
    char **places =
        tenon_process_search_path(tenon_ocaml_process_settings(ml_unbox_process(process)), &err);
    size_t count = 0;

    ml_check(places != NULL, &err);
    while (places[count])
        count++;
    list = ml_text_list((const char *const *)places, count);
    free(places);
    CAMLreturn(list);
}

/* ---- others ---- */

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
