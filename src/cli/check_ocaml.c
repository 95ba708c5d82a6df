/* src/cli/check_ocaml.c - the plan of an OCaml program that does not run */
#include "check_ocaml.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "builder.h"
#include "check_offers.h"
#include "fail.h"
#include "findings.h"
#include "process_private.h"

/* What a program's file is; false: nothing of OCaml's. */
static bool look_at(const char *host, enum tenon_ocaml_kind *kind, char digits[4])
{
    tenon_world *world = tenon_world_host(NULL);
    tenon_ocaml *ocaml = world ? tenon_ocaml_open(world, host, NULL) : NULL;
    const char *found = ocaml ? tenon_ocaml_digits(ocaml) : NULL;

    memset(digits, 0, 4);
    if (ocaml)
        *kind = tenon_ocaml_kind_of(ocaml);
    if (found)
        strncpy(digits, found, 3);
    tenon_ocaml_free(ocaml);
    tenon_world_free(world);
    return ocaml != NULL;
}

bool check_ocaml_loader(const char *name, const char *host, enum tenon_ocaml_loader *loader)
{
    enum tenon_ocaml_kind kind;
    char digits[4];

    for (int i = TENON_OCAML_LOADER_NATIVE; name && i <= TENON_OCAML_LOADER_TOPLEVEL; i++) {
        *loader = (enum tenon_ocaml_loader)i;
        if (strcmp(tenon_ocaml_loader_name(*loader), name) == 0)
            return true;
    }
    if (name || !look_at(host, &kind, digits))
        return false;
    *loader =
        kind == TENON_OCAML_BYTECODE ? TENON_OCAML_LOADER_BYTECODE : TENON_OCAML_LOADER_NATIVE;
    return kind == TENON_OCAML_BYTECODE || kind == TENON_OCAML_EXECUTABLE;
}

#define PATH_ROOM 4096

/* ---- where its runtime finds stubs --------------------------------------------------------------
 */

static bool add_list(tenon_ocaml_process *process, char *list, const char *separators,
                     const char *below, tenon_error *err)
{
    char path[PATH_ROOM], *rest = NULL;

    for (char *word = strtok_r(list, separators, &rest); word;
         word = strtok_r(NULL, separators, &rest)) {
        if (*word != '/' && snprintf(path, sizeof path, "%s/%s", below, word) < PATH_ROOM)
            word = path;
        if (!tenon_ocaml_add_dll_directory(process, word, err))
            return false;
    }
    return true;
}

/* rule  runtime/dynlink.c: ld.conf of the standard library, one directory a line */
static bool add_configured(tenon_ocaml_process *process, const char *stdlib, tenon_error *err)
{
    char path[PATH_ROOM];
    size_t size;
    void *bytes;

    if (snprintf(path, sizeof path, "%s/ld.conf", stdlib) >= PATH_ROOM ||
        !tn_read_file(path, &bytes, &size, NULL))
        return true; /* none there */
    char *text = strndup(bytes, size);
    bool ok = text ? add_list(process, text, "\r\n", stdlib, err) : tn_no_memory(err);
    free(text);
    free(bytes);
    return ok;
}

/* The standard library that a runtime's file names: a string with ld.conf below it. */
static bool named_library(const char *runtime, char out[PATH_ROOM])
{
    char path[PATH_ROOM];
    struct stat info;
    bool found = false;
    size_t size;
    void *bytes;

    if (!tn_read_file(runtime, &bytes, &size, NULL))
        return false;
    const char *text = bytes, *end = text + size, *at = text;
    for (; !found && (at = memchr(at, '/', (size_t)(end - at))); at++) {
        size_t length = strnlen(at, (size_t)(end - at));
        if ((at > text && at[-1]) || at + length == end ||
            snprintf(path, sizeof path, "%s/ld.conf", at) >= PATH_ROOM)
            continue;
        found = stat(path, &info) == 0 && S_ISREG(info.st_mode);
        if (found)
            memcpy(out, at, length + 1);
    }
    free(bytes);
    return found;
}

/*
 * rule  runtime/dynlink.c, caml_get_stdlib_location: the environment, or what was compiled in. A
 *       runtime of another machine is taken to be where it was installed to
 */
static bool find_library(const char *runtime, char out[PATH_ROOM])
{
    const char *set = getenv("OCAMLLIB"), *slash = runtime ? strrchr(runtime, '/') : NULL;

    if (!set)
        set = getenv("CAMLLIB");
    if (set)
        return snprintf(out, PATH_ROOM, "%s", set) < PATH_ROOM;
    return (runtime && named_library(runtime, out)) ||
           (slash && snprintf(out, PATH_ROOM, "%.*s/../lib/ocaml", (int)(slash - runtime),
                              runtime) < PATH_ROOM);
}

/* As the runtime does that starts the program, with the standard library of its installation. */
static bool search_dlls(void *arg, tenon_ocaml_process *process, tenon_error *err)
{
    const char *list = getenv("CAML_LD_LIBRARY_PATH");
    tenon_world *world = tenon_world_host(err);
    tenon_ocaml *program = world ? tenon_ocaml_open(world, arg, err) : NULL;
    char *copy = list ? strdup(list) : NULL, library[PATH_ROOM];
    bool ok = world && (!copy || add_list(process, copy, ":", ".", err));

    if (ok && find_library(program ? tenon_ocaml_runtime(program) : NULL, library))
        ok = add_configured(process, library, err);
    free(copy);
    tenon_ocaml_free(program);
    tenon_world_free(world);
    return ok;
}

/* ---- the plan ---------------------------------------------------------------------------------
 */

/* What findlib has for a plugin, wherever its bundle is found. NULL: no memory. */
static const char *const *offers_for(const struct check_ocaml *check, tenon_process *settings,
                                     const char *wanted, struct tn_arena *arena, size_t *count)
{
    tenon_report *notes = tn_report_new(NULL); /* the plan finds it again, and tells them */
    if (!notes)
        return NULL;
    const char *file = tn_search_find(settings, wanted, notes);
    const char *const *offers = check_offers(arena, file ? file : wanted, check->loader, count);
    tenon_report_free(notes);
    return offers;
}

/* Each plugin with its offers, as when it is loaded. NULL: no memory. */
static tenon_ocaml_request *list_requests(const struct check_ocaml *check, tenon_process *settings,
                                          struct tn_arena *arena, size_t *count)
{
    *count = 0;
    while (check->bundles[*count])
        ++*count;
    tenon_ocaml_request *requests = tn_arena_rows(arena, *count + 1, sizeof *requests);
    for (size_t i = 0; requests && i < *count; i++) {
        requests[i].plugin = check->bundles[i];
        requests[i].offers =
            offers_for(check, settings, check->bundles[i], arena, &requests[i].offer_count);
        if (!requests[i].offers)
            return NULL;
    }
    return requests;
}

static int plan(const struct check_ocaml *check, tenon_ocaml_process *process, tenon_error *err)
{
    struct tn_arena arena = { 0 };
    tenon_ocaml_plan *made = NULL;
    size_t count;
    int status;

    tenon_process *settings = tenon_ocaml_process_settings(process);
    tenon_ocaml_request *requests = list_requests(check, settings, &arena, &count);
    if (!requests)
        tn_no_memory(err);
    else
        made = tenon_ocaml_plan_make(process, requests, count, check->flags, err);
    /* an OCaml program's own table is a full record */
    check->plugins->record = TENON_RECORD_COMPLETE;
    status = made ? cli_report_plugins(check->plugins, tenon_ocaml_plan_report(made))
                  : cli_report_no_host(check->plugins, err);
    tenon_ocaml_plan_free(made);
    tn_arena_free(&arena);
    return status;
}

int check_ocaml(const struct check_ocaml *check)
{
    tenon_error err = TENON_ERROR_INIT;
    const char *host = check->plugins->host;
    tenon_ocaml_process *process = NULL;
    enum tenon_ocaml_kind kind;
    char digits[4];
    int status;

    look_at(host, &kind, digits);
    process = tenon_ocaml_process_new(check->loader, digits, host, &err);
    if (process)
        tenon_ocaml_set_dll_search(process, search_dlls, (void *)(uintptr_t)host);
    if (process && tenon_ocaml_tell_program(process, host, &err) &&
        check->prepare(check->arg, tenon_ocaml_process_settings(process), &err))
        status = plan(check, process, &err);
    else if (err.code == TENON_E_ARGUMENT)
        status = cli_usage(check->plugins->cli, "%s", tenon_error_message(&err));
    else
        status = cli_report_no_host(check->plugins, &err);
    tenon_ocaml_process_free(process);
    return status;
}
