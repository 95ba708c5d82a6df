/* ocaml/tenon_plan_stubs.c - plans for OCaml, step by step: values in, values out */
#include "tenon_values.h"

#include <stdlib.h>
#include <string.h>

#include <caml/alloc.h>
#include <caml/fail.h>
#include <caml/memory.h>

/* ---- plans ------------------------------------------------------------------------------------
 */

static void free_requests(tenon_ocaml_request *requests, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free((char *)requests[i].plugin);
        ml_free_texts((char **)requests[i].offers,
                      requests[i].offers ? requests[i].offer_count : 0);
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
        rows[i].offers = (const char *const *)ml_texts_of_list(Field(row, 1), &rows[i].offer_count);
    }
    plan = tenon_ocaml_plan_make(ml_unbox_process(process), rows, count, (unsigned)Int_val(flags),
                                 &err);
    free_requests(rows, count);
    ml_check(plan != NULL, &err);
    CAMLreturn(ml_box_plan(plan));
}

/* Something of each plugin of a plan, in the order in which they were asked for. */
static value of_each(value plan, long (*of)(const tenon_report *report, size_t i))
{
    CAMLparam1(plan);
    CAMLlocal1(rows);
    const tenon_report *report = tenon_ocaml_plan_report(ml_unbox_plan(plan));
    size_t count = tenon_report_plugin_count(report);

    rows = count ? caml_alloc(count, 0) : Atom(0);
    for (size_t i = 0; i < count; i++)
        Store_field(rows, i, Val_long(of(report, i)));
    CAMLreturn(rows);
}

static long status_of(const tenon_report *report, size_t i)
{
    return tenon_report_plugin(report, i)->status;
}

value tenon_ml_plan_statuses(value plan)
{
    return of_each(plan, status_of);
}

/* What is there already by being asked for twice: the number of the first one. */
static long repeated(const tenon_report *report, size_t i)
{
    const tenon_plugin_result *plugin = tenon_report_plugin(report, i);

    for (size_t k = 0; plugin->status == TENON_PLUGIN_ALREADY && k < i; k++) {
        const tenon_plugin_result *other = tenon_report_plugin(report, k);
        if (other->status != TENON_PLUGIN_ALREADY && strcmp(other->name, plugin->name) == 0)
            return (long)k;
    }
    return -1;
}

value tenon_ml_plan_repeats(value plan)
{
    return of_each(plan, repeated);
}

/* (code, refuses, plugin, unit, message) array */
value tenon_ml_plan_findings(value plan)
{
    CAMLparam1(plan);
    CAMLlocal3(rows, row, v);
    const tenon_report *report = tenon_ocaml_plan_report(ml_unbox_plan(plan));
    size_t count = tenon_report_finding_count(report);

    rows = count ? caml_alloc(count, 0) : Atom(0);
    for (size_t i = 0; i < count; i++) {
        const tenon_finding *finding = tenon_report_finding(report, i);
        row = caml_alloc(5, 0);
        v = caml_copy_string(tenon_finding_name(finding->kind));
        Store_field(row, 0, v);
        Store_field(row, 1, Val_bool(finding->refuses));
        v = ml_text_option(finding->plugin);
        Store_field(row, 2, v);
        v = ml_text_option(finding->unit);
        Store_field(row, 3, v);
        v = caml_copy_string(finding->message);
        Store_field(row, 4, v);
        Store_field(rows, i, row);
    }
    CAMLreturn(rows);
}

value tenon_ml_plan_digest(value plan, value request)
{
    CAMLparam2(plan, request);
    const uint8_t *digest = tenon_ocaml_plan_digest(ml_unbox_plan(plan), (size_t)Long_val(request));

    CAMLreturn(ml_bytes_value(digest, digest ? 32 : 0));
}

value tenon_ml_plan_ok(value plan)
{
    return Val_bool(tenon_report_ok(tenon_ocaml_plan_report(ml_unbox_plan(plan))));
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
    list = ml_text_list(names, count);
    free(names);
    CAMLreturn(list);
}

value tenon_ml_plan_owners(value plan)
{
    CAMLparam1(plan);
    CAMLlocal1(rows);
    tenon_ocaml_plan *p = ml_unbox_plan(plan);
    size_t count = tenon_ocaml_plan_count(p);
    tenon_ocaml_step step;

    rows = count ? caml_alloc(count, 0) : Atom(0);
    for (size_t i = 0; i < count && tenon_ocaml_plan_step(p, i, &step); i++)
        Store_field(rows, i, Val_long(step.plugin));
    CAMLreturn(rows);
}

/* (path, label, is_stubs, has_dlls); the path after taking out */
value tenon_ml_plan_step(value plan, value number)
{
    CAMLparam2(plan, number);
    CAMLlocal2(row, v);
    tenon_ocaml_step step;

    if (!tenon_ocaml_plan_step(ml_unbox_plan(plan), (size_t)Long_val(number), &step))
        caml_invalid_argument("Tenon: no such step");
    row = caml_alloc(4, 0);
    v = ml_text_option(step.path);
    Store_field(row, 0, v);
    v = caml_copy_string(step.label);
    Store_field(row, 1, v);
    Store_field(row, 2, Val_bool(step.is_stubs));
    Store_field(row, 3, Val_bool(step.has_dlls));
    CAMLreturn(row);
}

value tenon_ml_plan_step_units(value plan, value number)
{
    CAMLparam2(plan, number);
    tenon_ocaml_step step;

    if (!tenon_ocaml_plan_step(ml_unbox_plan(plan), (size_t)Long_val(number), &step))
        caml_invalid_argument("Tenon: no such step");
    CAMLreturn(unit_names(step.code));
}

/* (name, crc) list of all interfaces that a step's units saw */
value tenon_ml_plan_step_interfaces(value plan, value number)
{
    CAMLparam2(plan, number);
    CAMLlocal5(list, cell, row, name, crc);
    tenon_ocaml_step step;

    if (!tenon_ocaml_plan_step(ml_unbox_plan(plan), (size_t)Long_val(number), &step))
        caml_invalid_argument("Tenon: no such step");
    list = Val_emptylist;
    for (size_t u = 0; step.code && u < tenon_ocaml_unit_count(step.code); u++) {
        const tenon_ocaml_unit *unit = tenon_ocaml_unit_at(step.code, u);
        for (size_t i = 0; i < unit->interfaces.count; i++) {
            const tenon_ocaml_import *import = &unit->interfaces.at[i];
            if (import->crc.kind == TENON_DIGEST_UNKNOWN)
                continue;
            name = caml_copy_string(import->name);
            crc = ml_bytes_value(import->crc.bytes, import->crc.size);
            row = caml_alloc_small(2, 0);
            Field(row, 0) = name;
            Field(row, 1) = crc;
            cell = caml_alloc_small(2, 0);
            Field(cell, 0) = row;
            Field(cell, 1) = list;
            list = cell;
        }
    }
    CAMLreturn(list);
}

value tenon_ml_plan_take(value plan, value request)
{
    CAMLparam2(plan, request);
    tenon_error err = TENON_ERROR_INIT;

    ml_check(tenon_ocaml_plan_take(ml_unbox_plan(plan), (size_t)Long_val(request), &err), &err);
    CAMLreturn(Val_unit);
}

value tenon_ml_plan_check(value plan, value step)
{
    CAMLparam2(plan, step);
    tenon_error err = TENON_ERROR_INIT;

    ml_check(tenon_ocaml_plan_check(ml_unbox_plan(plan), (size_t)Long_val(step), &err), &err);
    CAMLreturn(Val_unit);
}

value tenon_ml_plan_is_current(value plan, value step)
{
    CAMLparam2(plan, step);
    /* the probes are OCaml's, and may move what is not a root */
    CAMLreturn(Val_bool(tenon_ocaml_plan_is_current(ml_unbox_plan(plan), (size_t)Long_val(step))));
}

value tenon_ml_plan_begin(value plan, value step)
{
    CAMLparam2(plan, step);
    tenon_error err = TENON_ERROR_INIT;

    ml_check(tenon_ocaml_plan_begin(ml_unbox_plan(plan), (size_t)Long_val(step), &err), &err);
    CAMLreturn(Val_unit);
}

value tenon_ml_plan_withdraw(value plan, value step)
{
    CAMLparam2(plan, step);
    tenon_ocaml_plan_withdraw(ml_unbox_plan(plan), (size_t)Long_val(step));
    CAMLreturn(Val_unit);
}

/* initialised: -1 for all */
value tenon_ml_plan_done(value plan, value step, value initialised)
{
    CAMLparam3(plan, step, initialised);
    tenon_error err = TENON_ERROR_INIT;
    size_t count = Long_val(initialised) < 0 ? SIZE_MAX : (size_t)Long_val(initialised);

    ml_check(tenon_ocaml_plan_done(ml_unbox_plan(plan), (size_t)Long_val(step), count, &err), &err);
    CAMLreturn(Val_unit);
}

value tenon_ml_plan_loaded(value plan, value request)
{
    CAMLparam2(plan, request);
    tenon_error err = TENON_ERROR_INIT;

    ml_check(tenon_ocaml_plan_loaded(ml_unbox_plan(plan), (size_t)Long_val(request), &err), &err);
    CAMLreturn(Val_unit);
}

value tenon_ml_plan_end(value plan)
{
    CAMLparam1(plan);
    tenon_ocaml_plan_end(ml_unbox_plan(plan));
    CAMLreturn(Val_unit);
}
