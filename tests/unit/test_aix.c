/* tests/unit/test_aix.c - AIX's loader: every vector of its rules, on files of our own making */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "world_case.h"
#include "xcoff_builder.h"

#define IDS(...) ((struct xcoff_id[]){ __VA_ARGS__, { 0 } })
#define XCOFF(c, path, ...) put((c), (path), &(struct xcoff_spec){ __VA_ARGS__ })
#define SHARED 0x3002

static void put(struct world_case *c, const char *path, const struct xcoff_spec *spec)
{
    size_t size;
    uint8_t *bytes = xcoff_build(spec, &size);
    assert_true(tenon_world_put_file(c->world, path, bytes, size, 0755, NULL));
    free(bytes);
}

/* An archive with one shared object of a class. */
static void put_archive(struct world_case *c, const char *path, const char *member, int bits)
{
    size_t size, member_size;
    uint8_t *bytes =
        xcoff_build(&(struct xcoff_spec){ .bits = bits, .flags = SHARED }, &member_size);
    const struct aix_member members[] = { { member, bytes, member_size }, { 0 } };
    uint8_t *archive = aix_archive(true, members, &size);
    assert_true(tenon_world_put_file(c->world, path, archive, size, 0755, NULL));
    free(archive);
    free(bytes);
}

/* ... with one of each class under the same name. */
static void put_both(struct world_case *c, const char *path, const char *member, int first)
{
    size_t sizes[2], size;
    uint8_t *bytes[2];
    for (int i = 0; i < 2; i++)
        bytes[i] = xcoff_build(
            &(struct xcoff_spec){ .bits = i ? 96 - first : first, .flags = SHARED }, &sizes[i]);
    const struct aix_member members[] = { { member, bytes[0], sizes[0] },
                                          { member, bytes[1], sizes[1] },
                                          { 0 } };
    uint8_t *archive = aix_archive(true, members, &size);
    assert_true(tenon_world_put_file(c->world, path, archive, size, 0755, NULL));
    free(archive);
    free(bytes[0]);
    free(bytes[1]);
}

static const char *missing(struct world_case *c, const char *name)
{
    return tenon_graph_library(c->graph, case_index(c, name))->reason;
}

#define LIBC IDS({ .base = "libc.a", .member = "shr_64.o" })

/* A1 */
static void library_path_of_the_program(void **state)
{
    struct world_case *c = *state;
    XCOFF(c, "/t/p", .bits = 64, .ids = LIBC);
    put_archive(c, "/usr/lib/libc.a", "shr_64.o", 64);
    assert_string_equal(answer(c, "/t/p"), "libc.a(shr_64.o) => /usr/lib/libc.a [library path]\n");
    const tenon_library *l = tenon_graph_library(c->graph, 0);
    assert_string_equal(l->member, "shr_64.o");
    assert_string_equal(l->where, "library path of /t/p");
}

/* A2 */
static void libpath_comes_before_the_library_path(void **state)
{
    struct world_case *c = *state;
    XCOFF(c, "/t/p", .bits = 64, .ids = LIBC);
    case_env(c, "LIBPATH", "/projectname/lib");
    answer(c, "/t/p");
    assert_string_equal(tried(c, "libc.a(shr_64.o)"), "/projectname/lib/libc.a: absent\n"
                                                      "/usr/lib/libc.a: absent\n"
                                                      "/lib/libc.a: absent\n");
}

/* A3 */
static void an_archive_without_the_member_ends_the_search(void **state)
{
    struct world_case *c = *state;
    XCOFF(c, "/t/p", .ids = IDS({ .base = "libcrypto.a", .member = "libcrypto.so" }));
    put_archive(c, "/usr/ud/bin/libcrypto.a", "other.o", 32);
    put_archive(c, "/usr/lib/libcrypto.a", "libcrypto.so", 32);
    case_env(c, "LIBPATH", "/usr/ud/bin");
    assert_string_equal(answer(c, "/t/p"),
                        "libcrypto.a(libcrypto.so) => refused: /usr/ud/bin/libcrypto.a: 0509-152 "
                        "The member is not found in the archive\n");
    assert_string_equal(tried(c, "libcrypto.a(libcrypto.so)"),
                        "/usr/ud/bin/libcrypto.a: member-missing\n");
}

/* A4, A5 */
static void a_recorded_path_is_not_searched_for(void **state)
{
    struct world_case *c = *state;
    XCOFF(c, "/t/p", .ids = IDS({ .path = "/opt/x/lib", .base = "libx.so" }));
    XCOFF(c, "/o/libx.so", .flags = SHARED);
    case_env(c, "LIBPATH", "/o");
    answer(c, "/t/p");
    assert_string_equal(tried(c, "libx.so"), "/opt/x/lib/libx.so: absent\n");
    XCOFF(c, "/opt/x/lib/libx.so", .flags = SHARED);
    assert_string_equal(answer(c, "/t/p"), "libx.so => /opt/x/lib/libx.so [recorded path]\n");
}

/* A6, A7 */
static void libpath_replaces_ld_library_path(void **state)
{
    struct world_case *c = *state;
    XCOFF(c, "/t/p", .ids = IDS({ .base = "libtest.a", .member = "shr.o" }));
    put_archive(c, "/tmp/libtest.a", "shr.o", 32);
    case_env(c, "LD_LIBRARY_PATH", "/tmp");
    assert_string_equal(answer(c, "/t/p"),
                        "libtest.a(shr.o) => /tmp/libtest.a [LD_LIBRARY_PATH]\n");
    case_env(c, "LIBPATH", "./");
    assert_string_equal(answer(c, "/t/p"), "libtest.a(shr.o) => missing\n");
}

/* A8 */
static void what_no_list_has_is_missing_in_the_loaders_words(void **state)
{
    struct world_case *c = *state;
    XCOFF(c, "/t/p", .libpath = "/gone/build",
          .ids = IDS({ .base = "libstdc++.a", .member = "libstdc++.so.6" }));
    put_archive(c, "/opt/freeware/lib/libstdc++.a", "libstdc++.so.6", 32);
    answer(c, "/t/p");
    assert_string_equal(missing(c, "libstdc++.a(libstdc++.so.6)"),
                        "0509-022 Cannot load module libstdc++.a(libstdc++.so.6). 0509-026 System "
                        "error: A file or directory in the path name does not exist.");
}

/* A9 */
static void the_environment_of_the_privileged_is_ignored(void **state)
{
    struct world_case *c = *state;
    XCOFF(c, "/t/p", .bits = 64, .ids = LIBC);
    put_archive(c, "/o/libc.a", "shr_64.o", 64);
    put_archive(c, "/usr/lib/libc.a", "shr_64.o", 64);
    case_env(c, "LIBPATH", "/o");
    tenon_world_set_secure(c->world, true);
    assert_string_equal(answer(c, "/t/p"), "libc.a(shr_64.o) => /usr/lib/libc.a [library path]\n");
    assert_string_equal(tried(c, "libc.a(shr_64.o)"), "/o: stage-not-consulted\n"
                                                      "/usr/lib/libc.a: found\n");
}

static const char *dlopen_answer(struct world_case *c, const char *name)
{
    tenon_state *process = tenon_state_new(NULL);
    assert_true(
        tenon_state_add(process, &(tenon_loaded){ .source.path = "/t/p", .loaded_by = -1 }, NULL));
    assert_true(tenon_state_request(process, name, 0, 0, NULL));
    const char *text = answer_state(c, process);
    tenon_state_free(process);
    return text;
}

/* A10, A11 */
static void dlopen_of_an_archive_wants_a_member(void **state)
{
    struct world_case *c = *state;
    XCOFF(c, "/t/p", .bits = 64);
    put_archive(c, "/usr/lib/libc.a", "shr_64.o", 64);
    assert_string_equal(dlopen_answer(c, "/usr/lib/libc.a"),
                        "/usr/lib/libc.a => refused: /usr/lib/libc.a: 0509-103 The module has an "
                        "invalid magic number: an archive, of which no member is asked for\n");
    assert_string_equal(dlopen_answer(c, "libc.a(shr_64.o)"),
                        "libc.a(shr_64.o) => /usr/lib/libc.a [library path]\n");
}

/* A12 */
static void the_kernel_is_no_file(void **state)
{
    struct world_case *c = *state;
    XCOFF(c, "/t/p", .ids = IDS({ .path = "/", .base = "unix" }));
    assert_string_equal(answer(c, "/t/p"), "unix => system\n");
    assert_string_equal(tenon_graph_library(c->graph, 0)->rule->name, "kernel exports");
    assert_int_equal(tenon_graph_status(c->graph), TENON_STATUS_OK);
}

/* A13 */
static void an_empty_element_is_the_current_directory(void **state)
{
    struct world_case *c = *state;
    XCOFF(c, "/t/p", .ids = IDS({ .base = "libx.a", .member = "shr.o" }));
    put_archive(c, "/w/libx.a", "shr.o", 32);
    put_archive(c, "/b/libx.a", "shr.o", 32);
    case_cwd(c, "/w");
    case_env(c, "LIBPATH", "/a::/b");
    assert_string_equal(answer(c, "/t/p"), "libx.a(shr.o) => ./libx.a [LIBPATH]\n");
}

/* A14 */
static void another_class_ends_the_search(void **state)
{
    struct world_case *c = *state;
    XCOFF(c, "/t/p", .bits = 64, .libpath = "/a:/b",
          .ids = IDS({ .base = "libx.a", .member = "shr.o" }));
    put_archive(c, "/a/libx.a", "shr.o", 32);
    put_archive(c, "/b/libx.a", "shr.o", 64);
    answer(c, "/t/p");
    assert_string_equal(tried(c, "libx.a(shr.o)"), "/a/libx.a: wrong-class\n");
}

/* A15 */
static void an_empty_libpath_adds_the_current_directory(void **state)
{
    struct world_case *c = *state;
    XCOFF(c, "/t/p", .ids = IDS({ .base = "libx.a", .member = "shr.o" }));
    put_archive(c, "/w/libx.a", "shr.o", 32);
    case_cwd(c, "/w");
    assert_string_equal(answer(c, "/t/p"), "libx.a(shr.o) => missing\n");
    case_env(c, "LIBPATH", "");
    assert_string_equal(answer(c, "/t/p"), "libx.a(shr.o) => ./libx.a [empty LIBPATH]\n");
    const tenon_rule *rule = tenon_graph_library(c->graph, 0)->rule;
    assert_true(tenon_evidence_is_uncertain(rule->evidence));
}

static void a_library_searches_by_its_own_path(void **state)
{
    struct world_case *c = *state;
    XCOFF(c, "/t/p", .libpath = "/a", .ids = IDS({ .base = "liba.so" }));
    XCOFF(c, "/a/liba.so", .flags = SHARED, .libpath = "/b", .ids = IDS({ .base = "libb.so" }));
    XCOFF(c, "/a/libb.so", .flags = SHARED);
    XCOFF(c, "/b/libb.so", .flags = SHARED);
    assert_string_equal(answer(c, "/t/p"), "liba.so => /a/liba.so [library path]\n"
                                           "libb.so => /b/libb.so [library path]\n");
}

static void the_same_member_is_one_module(void **state)
{
    struct world_case *c = *state;
    XCOFF(c, "/t/p", .libpath = "/a",
          .ids = IDS({ .base = "libx.a", .member = "shr.o" },
                     { .path = "/a", .base = "libx.a", .member = "shr.o" }));
    put_archive(c, "/a/libx.a", "shr.o", 32);
    assert_string_equal(answer(c, "/t/p"), "libx.a(shr.o) => /a/libx.a [library path]\n");
}

/* rule  4.1: of two members of one name that of the process's class is used */
static void members_of_both_classes_have_one_name(void **state)
{
    struct world_case *c = *state;
    for (int bits = 32; bits <= 64; bits += 32)
        for (int first = 32; first <= 64; first += 32) {
            XCOFF(c, "/t/p", .bits = bits, .libpath = "/a",
                  .ids = IDS({ .base = "libx.a", .member = "shr.o" }));
            put_both(c, "/a/libx.a", "shr.o", first);
            assert_string_equal(answer(c, "/t/p"), "libx.a(shr.o) => /a/libx.a [library path]\n");
            assert_string_equal(tenon_graph_library(c->graph, 0)->member, "shr.o");
        }
}

static void preloads_of_the_programs_class(void **state)
{
    struct world_case *c = *state;
    XCOFF(c, "/t/p", .libpath = "/a");
    put_archive(c, "/a/libx.a", "shr.o", 32);
    case_env(c, "LDR_PRELOAD64", "libnone.a(shr.o)");
    case_env(c, "LDR_PRELOAD", "libx.a(shr.o)");
    assert_string_equal(answer(c, "/t/p"), "libx.a(shr.o) => /a/libx.a [library path]\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(library_path_of_the_program),
        CASE(libpath_comes_before_the_library_path),
        CASE(an_archive_without_the_member_ends_the_search),
        CASE(a_recorded_path_is_not_searched_for),
        CASE(libpath_replaces_ld_library_path),
        CASE(what_no_list_has_is_missing_in_the_loaders_words),
        CASE(the_environment_of_the_privileged_is_ignored),
        CASE(dlopen_of_an_archive_wants_a_member),
        CASE(the_kernel_is_no_file),
        CASE(an_empty_element_is_the_current_directory),
        CASE(another_class_ends_the_search),
        CASE(an_empty_libpath_adds_the_current_directory),
        CASE(a_library_searches_by_its_own_path),
        CASE(the_same_member_is_one_module),
        CASE(members_of_both_classes_have_one_name),
        CASE(preloads_of_the_programs_class),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
