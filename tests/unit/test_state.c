/* tests/unit/test_state.c - what a process that is running already would get from dlopen() */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "pe_builder.h"
#include "world_case.h"

#define X "libx.so.1"
#define A_X "/t/a/libx.so.1"
#define B_X "/t/b/libx.so.1"
#define LOADED " [already loaded]\n"

static void put_two(struct world_case *c)
{
    PUT(c, A_X, .soname = X);
    PUT(c, B_X, .soname = X);
}

static tenon_state *new_state(void)
{
    tenon_state *s = tenon_state_new(NULL);
    assert_non_null(s);
    return s;
}

static void add(tenon_state *s, const char *path, const char *name, int32_t by)
{
    tenon_loaded object = { { .path = path }, name, "in the host", NULL, by };
    assert_true(tenon_state_add(s, &object, NULL));
}

static void ask(tenon_state *s, const char *name, int32_t caller)
{
    assert_true(tenon_state_request(s, name, caller, 0, NULL));
}

/* A program with one library of its own, which asks for libx. */
static const char *program_and_library_ask(struct world_case *c)
{
    tenon_state *s = new_state();
    add(s, "/t/E", NULL, TENON_THE_FILE);
    add(s, "/t/l/liby.so", "liby.so", 0);
    ask(s, X, 1);
    const char *text = answer_state(c, s);
    tenon_state_free(s);
    return text;
}

#define LIBY "liby.so => /t/l/liby.so" LOADED

/* glibc 32 */
static void glibc_the_caller_is_the_asker(void **state)
{
    struct world_case *c = *state;
    put_two(c);
    PUT(c, "/t/E", .interp = GLIBC, .runpath = "/t/a");
    PUT(c, "/t/l/liby.so", .runpath = "/t/b");
    assert_string_equal(program_and_library_ask(c), LIBY X " => " B_X " [RUNPATH]\n");
    PUT(c, "/t/l/liby.so", .type = 3);
    assert_string_equal(program_and_library_ask(c), LIBY X " => missing\n");
    PUT(c, "/t/E", .interp = GLIBC, .rpath = "/t/a");
    assert_string_equal(program_and_library_ask(c), LIBY X " => " A_X " [RPATH]\n");
}

/* musl 17 */
static void musl_the_program_is_the_asker(void **state)
{
    struct world_case *c = *state;
    put_two(c);
    PUT(c, "/t/E", .interp = MUSL, .runpath = "/t/a");
    PUT(c, "/t/l/liby.so", .runpath = "/t/b");
    assert_string_equal(program_and_library_ask(c), LIBY X " => " A_X " [RPATH or RUNPATH]\n");
}

/* E caused libl, which caused liby: the chain of a caller goes through who loaded it. */
static void the_chain_follows_loaded_by(void **state)
{
    struct world_case *c = *state;
    put_two(c);
    PUT(c, "/t/E", .interp = GLIBC);
    PUT(c, "/t/l/libl.so", .rpath = "/t/a");
    PUT(c, "/t/l/libm.so", .rpath = "/t/b");
    PUT(c, "/t/l/liby.so", .type = 3);
    static const char *const expected[] = { A_X " [RPATH]\n", B_X " [RPATH]\n" };
    for (int32_t by = 1; by <= 2; by++) {
        tenon_state *s = new_state();
        add(s, "/t/E", NULL, TENON_THE_FILE);
        add(s, "/t/l/libl.so", NULL, 0);
        add(s, "/t/l/libm.so", NULL, 0);
        add(s, "/t/l/liby.so", NULL, by);
        ask(s, X, 3);
        const char *text = answer_state(c, s);
        const char *last = strstr(text, X " => ");
        assert_non_null(last);
        assert_string_equal(last + strlen(X " => "), expected[by - 1]);
        assert_int_equal(tenon_graph_library(c->graph, 2)->parent, by - 1);
        tenon_state_free(s);
    }
}

/* By the name it was asked for, its path, its SONAME, or its inode. */
static void what_is_loaded_already_is_not_loaded_again(void **state)
{
    struct world_case *c = *state;
    put_two(c);
    case_put_link(c, "/t/link.so", A_X);
    PUT(c, "/t/E", .interp = GLIBC, .rpath = "/t/b");
    static const char *const names[] = { "asked.so", A_X, X, "/t/link.so", "/t/a/../a/libx.so.1" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        tenon_state *s = new_state();
        add(s, "/t/E", NULL, TENON_THE_FILE);
        add(s, A_X, "asked.so", 0);
        ask(s, names[i], 0);
        assert_string_equal(answer_state(c, s), "asked.so => " A_X LOADED);
        assert_string_equal(tenon_graph_library(c->graph, 0)->where, "in the host");
        tenon_state_free(s);
    }
}

#define NOOPEN 0x40 /* DF_1_NOOPEN */

/* As a need of the program it loads; dlopen() brings it neither itself nor for its needs. */
static void not_for_dlopen(struct world_case *c, const char *interp, const char *refused)
{
    static const char *const libno[] = { "libno.so", NULL };
    char expected[256];
    PUT(c, "/t/E", .interp = interp, .runpath = "/t/l", .needed = libno);
    PUT(c, "/t/l/libno.so", .dt_flags_1 = NOOPEN);
    PUT(c, "/t/l/liby.so", .runpath = "/t/l", .needed = libno);
    tenon_state *s = new_state(); /* it is there */
    add(s, "/t/E", NULL, TENON_THE_FILE);
    add(s, "/t/l/libno.so", "libno.so", 0);
    ask(s, "/t/l/liby.so", 0);
    answer_state(c, s);
    assert_int_equal(tenon_graph_status(c->graph), TENON_STATUS_OK);
    tenon_state_free(s);
    s = new_state();
    add(s, "/t/E", NULL, TENON_THE_FILE);
    ask(s, "/t/l/liby.so", 0);
    answer_state(c, s);
    const tenon_library *library = tenon_graph_library(c->graph, 1);
    assert_string_equal(library->name, "libno.so");
    snprintf(expected, sizeof expected, "/t/l/libno.so: %s", refused ? refused : "");
    assert_int_equal(library->status, refused ? TENON_STATUS_REFUSED : TENON_STATUS_FOUND);
    if (refused)
        assert_string_equal(library->reason, expected);
    tenon_state_free(s);
}

static const tenon_library *opened_on_stack(struct world_case *c, const char *program, unsigned row)
{
    tenon_state *s = new_state();
    add(s, program, NULL, TENON_THE_FILE);
    ask(s, "/t/l/liby.so", 0);
    answer_state(c, s);
    tenon_state_free(s);
    return tenon_graph_library(c->graph, row);
}

/* From 2.41 on a running process keeps its stack: what asks for an executable one is refused. */
static void glibc_2_41_opens_nothing_for_an_executable_stack(void **state)
{
    struct world_case *c = *state;
    static const char strings[] = "\0/lib64/\0/usr/lib64/\0ld.so release version 2.41.\n";
    static const char refused[] =
        "/t/l/libno.so: cannot enable executable stack as shared object requires: Invalid argument";
    PUT(c, "/t/E", .interp = GLIBC);
    PUT(c, "/t/X", .interp = GLIBC, .exec_stack = true);
    PUT(c, "/t/l/liby.so", .runpath = "/t/l", .needed = NAMES("libno.so"));
    PUT(c, "/t/l/libno.so", .exec_stack = true);
    assert_int_equal(opened_on_stack(c, "/t/E", 1)->status, TENON_STATUS_FOUND); /* of 2.36 */
    assert_true(opened_on_stack(c, "/t/E", 1)->opens_stack);
    assert_false(opened_on_stack(c, "/t/E", 0)->opens_stack);
    assert_false(opened_on_stack(c, "/t/X", 1)->opens_stack);
    case_put_glibc(c, GLIBC,
                   &(struct elf_spec){ .rodata = strings, .rodata_size = sizeof strings });
    assert_int_equal(opened_on_stack(c, "/t/E", 1)->status, TENON_STATUS_REFUSED);
    assert_string_equal(opened_on_stack(c, "/t/E", 1)->reason, refused);
    assert_int_equal(opened_on_stack(c, "/t/X", 1)->status, TENON_STATUS_FOUND); /* it has one */
    PUT(c, "/t/l/libno.so", .no_stack_header = true);
    assert_int_equal(opened_on_stack(c, "/t/E", 1)->status, TENON_STATUS_REFUSED);
    PUT(c, "/t/l/libno.so", .soname = "libno.so");
    assert_int_equal(opened_on_stack(c, "/t/E", 1)->status, TENON_STATUS_FOUND);
    PUT(c, "/t/E", .interp = GLIBC, .runpath = "/t/l", .needed = NAMES("libno.so"));
    PUT(c, "/t/l/libno.so", .exec_stack = true);
    answer(c, "/t/E"); /* at its start it is given */
    assert_int_equal(tenon_graph_status(c->graph), TENON_STATUS_OK);
}

/* Where the default is a stack that is not executable, an object without PT_GNU_STACK wants none.
 */
static void glibc_2_41_knows_the_default_of_a_machine(void **state)
{
    struct world_case *c = *state;
    static const char loader[] = "/lib/ld-linux-aarch64.so.1";
    static const char strings[] = "\0/lib/\0/usr/lib/\0ld.so release version 2.41.\n";
    case_put_glibc(
        c, loader,
        &(struct elf_spec){ .machine = 183, .rodata = strings, .rodata_size = sizeof strings });
    PUT(c, "/t/E", .machine = 183, .interp = loader);
    PUT(c, "/t/l/liby.so", .machine = 183, .no_stack_header = true);
    assert_int_equal(opened_on_stack(c, "/t/E", 0)->status, TENON_STATUS_FOUND);
    PUT(c, "/t/l/liby.so", .machine = 183, .exec_stack = true);
    assert_int_equal(opened_on_stack(c, "/t/E", 0)->status, TENON_STATUS_REFUSED);
}

static void some_loaders_open_not_all(void **state)
{
    not_for_dlopen(*state, GLIBC, "shared object cannot be dlopen()ed");
    not_for_dlopen(*state, MUSL, NULL);
}

/* musl answers by the short name of what a search found, never by SONAME. */
static void musl_knows_loaded_objects_by_their_short_name(void **state)
{
    struct world_case *c = *state;
    PUT(c, "/t/m/libreal.so", .soname = X);
    PUT(c, "/t/E", .interp = MUSL, .runpath = "/t/m");
    tenon_state *s = new_state();
    add(s, "/t/E", NULL, TENON_THE_FILE);
    add(s, "/t/m/libreal.so", "libreal.so", 0);
    ask(s, "libreal.so", 0);
    ask(s, "libc.so.6", 0);
    ask(s, X, 0);
    assert_string_equal(answer_state(c, s),
                        "libreal.so => /t/m/libreal.so" LOADED "libc.so.6 => " MUSL
                        " [built into the loader]\n" X " => missing\n");
    tenon_state_free(s);
}

static void requests_are_answered_one_after_the_other(void **state)
{
    struct world_case *c = *state;
    put_two(c);
    PUT(c, "/t/a/libp.so", .runpath = "/t/b", .needed = NAMES(X, "libc.so.6"));
    PUT(c, "/t/E", .interp = GLIBC, .rpath = "/t/a");
    tenon_state *s = new_state();
    add(s, "/t/E", NULL, TENON_THE_FILE);
    ask(s, "libp.so", 0);
    ask(s, X, 0); /* loaded from /t/b by now */
    ask(s, "libnone.so", 0);
    assert_string_equal(answer_state(c, s),
                        "libp.so => /t/a/libp.so [RPATH]\n" X " => " B_X " [RUNPATH]\n"
                        "libc.so.6 => /lib64/libc.so.6 [default directory]\n"
                        "ld-linux-x86-64.so.2 => " GLIBC " [interpreter]\n"
                        "libnone.so => missing\n");
    assert_int_equal(tenon_graph_library(c->graph, 0)->flavour, TENON_NEED_DLOPEN);
    assert_int_equal(tenon_graph_library(c->graph, 1)->parent, 0);
    assert_int_equal(tenon_graph_status(c->graph), TENON_STATUS_MISSING);
    tenon_state_free(s);
}

/* What the program needs is among what is loaded; nothing is searched for it again. */
static void a_state_is_taken_as_it_is(void **state)
{
    struct world_case *c = *state;
    put_two(c);
    PUT(c, "/t/E", .interp = GLIBC, .runpath = "/t/a", .needed = NAMES(X, "libnone.so"));
    case_env(c, "LD_PRELOAD", "/t/none.so");
    tenon_state *s = new_state();
    add(s, "/t/E", NULL, TENON_THE_FILE);
    add(s, B_X, X, 0);
    assert_string_equal(answer_state(c, s), X " => " B_X LOADED);
    assert_int_equal(tenon_graph_status(c->graph), TENON_STATUS_OK);
    tenon_state_free(s);
}

/* A plugin that is not on disk yet, in a process of files that are. */
static void a_library_may_exist_only_in_memory(void **state)
{
    struct world_case *c = *state;
    tenon_error err = TENON_ERROR_INIT;
    tenon_world *memory = c->world;
    c->world = tenon_world_sysroot("/", &err);
    assert_non_null(c->world);
    PUT(c, "/tenon-test/E", .interp = GLIBC);
    case_put_glibc(c, GLIBC, &(struct elf_spec){ 0 });
    PUT(c, "/tenon-test/plugin.so", .runpath = "$ORIGIN/inner", .needed = NAMES("libinner.so"));
    PUT(c, "/tenon-test/inner/libinner.so", .type = 3);
    tenon_state *s = new_state();
    add(s, "/tenon-test/E", NULL, TENON_THE_FILE);
    ask(s, "/tenon-test/plugin.so", 0);
    assert_string_equal(answer_state(c, s),
                        "/tenon-test/plugin.so => /tenon-test/plugin.so [direct path]\n"
                        "libinner.so => /tenon-test/inner/libinner.so [RUNPATH]\n");
    tenon_state_free(s);
    case_forget(c);
    tenon_world_free(c->world);
    c->world = memory;
}

/* One state can be used for several resolvers, and the strings it was given may go. */
static void a_state_copies_and_can_be_used_again(void **state)
{
    struct world_case *c = *state;
    put_two(c);
    PUT(c, "/t/E", .interp = GLIBC, .rpath = "/t/a");
    tenon_state *s = new_state();
    char path[] = "/t/E", name[] = X;
    add(s, path, NULL, TENON_THE_FILE);
    ask(s, name, 0);
    memset(path, 'z', sizeof path - 1);
    memset(name, 'z', sizeof name - 1);
    for (int i = 0; i < 2; i++)
        assert_string_equal(answer_state(c, s), X " => " A_X " [RPATH]\n");
    assert_string_equal(answer_again(c, "/t/E"), "");
    tenon_state_free(s);
}

static void what_cannot_be_is_refused(void **state)
{
    struct world_case *c = *state;
    tenon_error err = TENON_ERROR_INIT;
    tenon_state *s = new_state();
    tenon_loaded object = { { .path = "/t/E" }, NULL, NULL, NULL, 0 };
    assert_false(tenon_state_add(s, &object, &err)); /* loaded by itself */
    assert_int_equal(err.code, TENON_E_ARGUMENT);
    object.loaded_by = -7;
    assert_false(tenon_state_add(s, &object, &err));
    object.source.path = NULL;
    object.loaded_by = TENON_THE_FILE;
    assert_false(tenon_state_add(s, &object, &err));
    assert_false(tenon_state_request(s, X, 0, 0, &err)); /* by nobody */
    assert_int_equal(err.code, TENON_E_ARGUMENT);
    assert_true(strncmp(answer_state(c, s), "error bad-argument: ", 20) == 0);
    add(s, "/t/gone", NULL, TENON_THE_FILE);
    assert_string_equal(answer_state(c, s), "error system: /t/gone: No such file or directory");
    PUT(c, "/t/gone", .interp = GLIBC);
    add(s, "/t/text", NULL, 0);
    case_put_text(c, "/t/text", "text");
    assert_true(strncmp(answer_state(c, s), "error not-an-image: ", 20) == 0);
    tenon_state_free(s);
    s = new_state();
    PUT(c, "/t/static", .type = 2, .no_dynamic = true);
    add(s, "/t/static", NULL, TENON_THE_FILE);
    assert_true(strncmp(answer_state(c, s), "error unsupported: ", 19) == 0);
    tenon_state_free(s);
    tenon_state_free(NULL);
}

/* RTLD_NOLOAD answers with what is there and brings in nothing. */
static void no_load_loads_nothing(void **state)
{
    struct world_case *c = *state;
    put_two(c);
    PUT(c, "/t/E", .interp = GLIBC, .rpath = "/t/a");
    tenon_state *s = new_state();
    add(s, "/t/E", NULL, TENON_THE_FILE);
    assert_true(tenon_state_request(s, X, 0, TENON_OPEN_NOLOAD, NULL));
    assert_string_equal(answer_state(c, s), X " => missing\n");
    ask(s, X, 0);
    assert_true(tenon_state_request(s, X, 0, TENON_OPEN_NOLOAD, NULL));
    assert_non_null(strstr(answer_state(c, s), X " => " A_X " [RPATH]\n"));
    assert_false(tenon_state_request(s, X, 0, 0x8000, NULL)); /* an unknown flag */
    tenon_state_free(s);
}

/* rule  glibc elf/dl-load.c, _dl_map_object(): tokens are expanded in names with a slash alone */
static void tokens_in_names_of_dlopen(void **state)
{
    struct world_case *c = *state;
    PUT(c, "/t/E", .interp = GLIBC, .runpath = "/t");
    PUT(c, "/t/$PLATFORM", .type = 3);
    PUT(c, "/t/x86_64/libq.so", .type = 3);
    tenon_state *s = new_state();
    add(s, "/t/E", NULL, TENON_THE_FILE);
    ask(s, "$PLATFORM", 0);
    ask(s, "/t/$PLATFORM/libq.so", 0);
    assert_string_equal(answer_state(c, s),
                        "$PLATFORM => /t/$PLATFORM [RUNPATH]\n"
                        "/t/x86_64/libq.so => /t/x86_64/libq.so [direct path]\n");
    tenon_world_set_secure(c->world, true);
    assert_string_equal(answer_state(c, s),
                        "$PLATFORM => /t/$PLATFORM [RUNPATH]\n"
                        "/t/x86_64/libq.so => /t/x86_64/libq.so [direct path]\n");
    tenon_state_free(s);
}

/* A process that has another build of a file than the disk cannot be answered for. */
static void a_replaced_file_is_refused(void **state)
{
    struct world_case *c = *state;
    PUT(c, "/t/E", .interp = GLIBC);
    tenon_state *s = new_state();
    const tenon_loaded object = { { .path = "/t/E" }, NULL, NULL, "0123", TENON_THE_FILE };
    assert_true(tenon_state_add(s, &object, NULL));
    assert_string_equal(answer_state(c, s),
                        "error unsupported: /t/E: the file was replaced: its build id is absent, "
                        "the process has 0123");
    tenon_state_free(s);
    s = new_state();
    const tenon_loaded slice = { { .path = "/t/E", .slice = "arm64" }, NULL, NULL, NULL, -1 };
    assert_true(tenon_state_add(s, &slice, NULL));
    assert_string_equal(answer_state(c, s), "error not-found: /t/E: has no slices or members");
    tenon_state_free(s);
}

/* The loader's own object may be listed by the caller too; it is there once. */
static void the_interpreter_is_one_object(void **state)
{
    struct world_case *c = *state;
    PUT(c, "/t/E", .interp = GLIBC);
    tenon_state *s = new_state();
    add(s, "/t/E", NULL, TENON_THE_FILE);
    add(s, "/lib64/libc.so.6", "libc.so.6", 0);
    add(s, GLIBC, "ld-linux-x86-64.so.2", 1);
    ask(s, "ld-linux-x86-64.so.2", 1);
    assert_string_equal(answer_state(c, s), "libc.so.6 => /lib64/libc.so.6" LOADED
                                            "ld-linux-x86-64.so.2 => " GLIBC " [interpreter]\n");
    tenon_state_free(s);
}

/* A process of Windows may have mapped a file of ELF, as Wine does: its run paths mean nothing. */
static void run_paths_of_another_system(void **state)
{
    struct world_case *c = *state;
    size_t size;
    uint8_t *bytes = pe_build(&(struct pe_spec){ .bits = 64 }, &size);
    assert_true(tenon_world_put_file(c->world, "/C:/a/p.exe", bytes, size, 0755, NULL));
    free(bytes);
    PUT(c, "/t/l/liby.so", .runpath = "/t/b");
    tenon_state *s = new_state();
    add(s, "/C:/a/p.exe", NULL, TENON_THE_FILE);
    add(s, "/t/l/liby.so", "liby.so", 0);
    ask(s, "x.dll", 1);
    c->loader = NULL;
    assert_string_equal(answer_state(c, s), "liby.so => /t/l/liby.so" LOADED "x.dll => missing\n");
    tenon_state_free(s);
}

static void a_request_has_a_name(void **state)
{
    tenon_state *s = new_state();
    tenon_error err = TENON_ERROR_INIT;
    (void)state;
    add(s, "/bin/p", NULL, TENON_THE_FILE);
    assert_false(tenon_state_request(s, NULL, 0, 0, &err));
    assert_int_equal(err.code, TENON_E_ARGUMENT);
    tenon_state_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(glibc_the_caller_is_the_asker),
        CASE(musl_the_program_is_the_asker),
        CASE(the_chain_follows_loaded_by),
        CASE(what_is_loaded_already_is_not_loaded_again),
        CASE(some_loaders_open_not_all),
        CASE(glibc_2_41_opens_nothing_for_an_executable_stack),
        CASE(glibc_2_41_knows_the_default_of_a_machine),
        CASE(musl_knows_loaded_objects_by_their_short_name),
        CASE(requests_are_answered_one_after_the_other),
        CASE(a_state_is_taken_as_it_is),
        CASE(a_library_may_exist_only_in_memory),
        CASE(a_state_copies_and_can_be_used_again),
        CASE(what_cannot_be_is_refused),
        CASE(the_interpreter_is_one_object),
        CASE(no_load_loads_nothing),
        CASE(tokens_in_names_of_dlopen),
        CASE(a_replaced_file_is_refused),
        CASE(run_paths_of_another_system),
        cmocka_unit_test(a_request_has_a_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
