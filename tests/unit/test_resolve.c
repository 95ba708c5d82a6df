/* tests/unit/test_resolve.c - which file each name becomes, in worlds that exist only in memory */
/*
 * "glibc 7" is row 7 of the vectors that were taken from the real loader (tests/vectors/ asks it
 * again); an answer is always compared whole.
 */
#include <errno.h>
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "deadline.h"
#include "world_case.h"

#define X "libx.so.1"
#define A_X "/t/a/libx.so.1"
#define B_X "/t/b/libx.so.1"
#define MISSING X " => missing\n"

enum { NODEFLIB = 0x800 };

/* The layout that most vectors start from. */
static void put_two(struct world_case *c)
{
    PUT(c, A_X, .soname = X);
    PUT(c, B_X, .soname = X);
}

static enum tenon_status status(const struct world_case *c)
{
    return tenon_graph_status(c->graph);
}

/* ---- glibc: the search --------------------------------------------------------------------- */

/* glibc 1, 2 */
static void glibc_environment_beats_runpath_and_rpath_beats_both(void **state)
{
    struct world_case *c = *state;
    put_two(c);
    case_env(c, "LD_LIBRARY_PATH", "/t/b");
    PUT(c, "/t/E", .interp = GLIBC, .runpath = "/t/a", .needed = NAMES(X));
    assert_string_equal(answer(c, "/t/E"), X " => " B_X " [LD_LIBRARY_PATH]\n");
    PUT(c, "/t/E", .interp = GLIBC, .rpath = "/t/a", .needed = NAMES(X));
    assert_string_equal(answer(c, "/t/E"), X " => " A_X " [RPATH]\n");
}

/* glibc 3 */
static void glibc_ignores_rpath_beside_runpath(void **state)
{
    struct world_case *c = *state;
    put_two(c);
    PUT(c, "/t/E", .interp = GLIBC, .rpath = "/t/a", .runpath = "/empty", .needed = NAMES(X));
    assert_string_equal(answer(c, "/t/E"), MISSING);
    assert_int_equal(status(c), TENON_STATUS_MISSING);
    assert_string_equal(tried(c, X), "/t/a: stage-not-consulted\n"
                                     "/empty/libx.so.1: dir-missing\n"
                                     "/etc/ld.so.cache: not-in-cache\n"
                                     "/lib64/libx.so.1: absent\n"
                                     "/usr/lib64/libx.so.1: dir-missing\n");
    case_env(c, "LD_LIBRARY_PATH", "/t/b");
    assert_string_equal(answer(c, "/t/E"), X " => " B_X " [LD_LIBRARY_PATH]\n");
}

/* glibc 4, 5 */
static void glibc_inherits_rpath_but_not_runpath(void **state)
{
    struct world_case *c = *state;
    put_two(c);
    PUT(c, "/t/a/liby.so", .needed = NAMES(X));
    PUT(c, "/t/E", .interp = GLIBC, .runpath = "/t/a", .needed = NAMES("liby.so"));
    assert_string_equal(answer(c, "/t/E"), "liby.so => /t/a/liby.so [RUNPATH]\n" MISSING);
    PUT(c, "/t/E", .interp = GLIBC, .rpath = "/t/a", .needed = NAMES("liby.so"));
    assert_string_equal(answer(c, "/t/E"),
                        "liby.so => /t/a/liby.so [RPATH]\n" X " => " A_X " [RPATH]\n");
}

/* glibc 6, 7 */
static void glibc_runpath_of_the_asker_disables_the_chain(void **state)
{
    struct world_case *c = *state;
    static const char *const runpaths[] = { "/none", "" }; /* the tag counts, not its content */
    put_two(c);
    PUT(c, "/t/E", .interp = GLIBC, .rpath = "/t/c:/t/a", .needed = NAMES("liby.so"));
    for (size_t i = 0; i < 2; i++) {
        PUT(c, "/t/c/liby.so", .runpath = runpaths[i], .needed = NAMES(X));
        assert_string_equal(answer(c, "/t/E"), "liby.so => /t/c/liby.so [RPATH]\n" MISSING);
    }
}

/* glibc 8 */
static void glibc_runpath_between_does_not_cut_the_chain(void **state)
{
    struct world_case *c = *state;
    put_two(c);
    PUT(c, "/t/E", .interp = GLIBC, .rpath = "/t/d:/t/a", .needed = NAMES("liby.so"));
    PUT(c, "/t/d/liby.so", .runpath = "/t/d", .needed = NAMES("libz.so"));
    PUT(c, "/t/d/libz.so", .needed = NAMES(X));
    assert_string_equal(answer(c, "/t/E"),
                        "liby.so => /t/d/liby.so [RPATH]\n"
                        "libz.so => /t/d/libz.so [RUNPATH]\n" X " => " A_X " [RPATH]\n");
}

/* glibc 9 */
static void glibc_loaded_soname_answers_before_any_search(void **state)
{
    struct world_case *c = *state;
    put_two(c);
    PUT(c, "/t/p/weird.so", .soname = X);
    PUT(c, "/lib64/liby.so", .runpath = "/t/b", .needed = NAMES(X));
    PUT(c, "/t/E", .interp = GLIBC, .needed = NAMES("/t/p/weird.so", "liby.so"));
    assert_string_equal(answer(c, "/t/E"), "/t/p/weird.so => /t/p/weird.so [direct path]\n"
                                           "liby.so => /lib64/liby.so [default directory]\n");
    const tenon_library *y = tenon_graph_library(c->graph, 1);
    assert_int_equal(y->need_count, 1);
    assert_int_equal(y->needs[0], 0);
    const tenon_library *weird = tenon_graph_library(c->graph, 0);
    assert_int_equal(weird->needed_by_count, 2);
    assert_int_equal(weird->needed_by[0], TENON_THE_FILE);
    assert_int_equal(weird->needed_by[1], 1);
}

/* glibc 10, 11 */
static void glibc_soname_without_such_a_file_counts_once_it_is_loaded(void **state)
{
    struct world_case *c = *state;
    PUT(c, "/t/m/libx.so.1", .soname = "libq.so.9");
    PUT(c, "/lib64/liby.so", .needed = NAMES("libq.so.9"));
    PUT(c, "/t/E", .interp = GLIBC, .runpath = "/t/m", .needed = NAMES(X, "liby.so"));
    assert_string_equal(answer(c, "/t/E"), X " => /t/m/libx.so.1 [RUNPATH]\n"
                                             "liby.so => /lib64/liby.so [default directory]\n");
    PUT(c, "/t/E", .interp = GLIBC, .runpath = "/t/m", .needed = NAMES("libq.so.9", X));
    assert_string_equal(answer(c, "/t/E"),
                        "libq.so.9 => missing\n" X " => /t/m/libx.so.1 [RUNPATH]\n");
}

/* glibc 12 */
static void glibc_one_inode_is_one_object(void **state)
{
    struct world_case *c = *state;
    PUT(c, "/t/a/libn1.so", .type = 3);
    case_put_link(c, "/t/a/libn2.so", "libn1.so");
    PUT(c, "/t/E", .interp = GLIBC, .runpath = "/t/a", .needed = NAMES("libn2.so", "libn1.so"));
    assert_string_equal(answer(c, "/t/E"), "libn2.so => /t/a/libn2.so [RUNPATH]\n");
    PUT(c, "/t/E", .interp = GLIBC, .runpath = "/t/a", .needed = NAMES("libn1.so", "libn2.so"));
    assert_string_equal(answer(c, "/t/E"), "libn1.so => /t/a/libn1.so [RUNPATH]\n");
}

/* glibc 18, 19, 20 */
static void glibc_empty_elements_and_separators(void **state)
{
    struct world_case *c = *state;
    static const struct {
        const char *environment, *expected;
    } cases[] = {
        { ":/nope", X " => " X " [LD_LIBRARY_PATH]\n" },
        { "/nope:", X " => " X " [LD_LIBRARY_PATH]\n" },
        { ":", X " => " X " [LD_LIBRARY_PATH]\n" },
        { "", MISSING },
        { "/nope;/t/b", X " => " B_X " [LD_LIBRARY_PATH]\n" },
        { ".", X " => ./" X " [LD_LIBRARY_PATH]\n" },
        { "../b/", X " => ../b/" X " [LD_LIBRARY_PATH]\n" },
    };
    put_two(c);
    case_cwd(c, "/t/a");
    PUT(c, "/t/E", .interp = GLIBC, .needed = NAMES(X));
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        case_env(c, "LD_LIBRARY_PATH", cases[i].environment);
        assert_string_equal(answer(c, "/t/E"), cases[i].expected);
    }
    case_env(c, "LD_LIBRARY_PATH", NULL);
    PUT(c, "/t/E", .interp = GLIBC, .runpath = "/nope;/t/a", .needed = NAMES(X));
    assert_string_equal(answer(c, "/t/E"), MISSING);
    PUT(c, "/t/E", .interp = GLIBC, .runpath = ":/nope", .needed = NAMES(X));
    assert_string_equal(answer(c, "/t/E"), X " => " X " [RUNPATH]\n");
    PUT(c, "/t/E", .interp = GLIBC, .rpath = "", .needed = NAMES(X));
    assert_string_equal(answer(c, "/t/E"), MISSING);
}

/* glibc 21, 22: a file without an interpreter is started as `ld.so FILE` */
static void glibc_origin_of_the_program(void **state)
{
    struct world_case *c = *state;
    put_two(c);
    PUT(c, "/t/E", .interp = GLIBC, .runpath = "$ORIGIN/a", .needed = NAMES(X));
    case_put_link(c, "/t/bin/E", "../E");
    assert_string_equal(answer(c, "/t/bin/E"), X " => " A_X " [RUNPATH]\n");
    PUT(c, "/t/E", .runpath = "$ORIGIN/a", .needed = NAMES(X, "libc.so.6"));
    assert_string_equal(answer(c, "/t/bin/E"),
                        MISSING "libc.so.6 => /lib64/libc.so.6 [default directory]\n"
                                "ld-linux-x86-64.so.2 => " GLIBC " [interpreter]\n");
    assert_string_equal(answer(c, "/t/E"), X " => " A_X " [RUNPATH]\n"
                                             "libc.so.6 => /lib64/libc.so.6 [default directory]\n"
                                             "ld-linux-x86-64.so.2 => " GLIBC " [interpreter]\n");
    case_cwd(c, "/t");
    assert_string_equal(answer(c, "E"), X " => " A_X " [RUNPATH]\n"
                                          "libc.so.6 => /lib64/libc.so.6 [default directory]\n"
                                          "ld-linux-x86-64.so.2 => " GLIBC " [interpreter]\n");
}

/* glibc 23 */
static void glibc_origin_of_a_library_is_where_its_link_is(void **state)
{
    struct world_case *c = *state;
    PUT(c, "/t/d2/liby.so", .runpath = "$ORIGIN", .needed = NAMES(X));
    case_put_link(c, "/t/d1/liby.so", "../d2/liby.so");
    PUT(c, "/t/d2/libx.so.1", .soname = X);
    PUT(c, "/t/E", .interp = GLIBC, .runpath = "/t/d1", .needed = NAMES("liby.so"));
    assert_string_equal(answer(c, "/t/E"), "liby.so => /t/d1/liby.so [RUNPATH]\n" MISSING);
    PUT(c, "/t/d1/libx.so.1", .soname = X);
    assert_string_equal(answer(c, "/t/E"),
                        "liby.so => /t/d1/liby.so [RUNPATH]\n" X " => /t/d1/libx.so.1 [RUNPATH]\n");
}

/* glibc 24 */
static void glibc_slash_disables_the_search(void **state)
{
    struct world_case *c = *state;
    PUT(c, "/t/a/sub/libx.so.1", .soname = X);
    PUT(c, "/t/E", .interp = GLIBC, .runpath = "/t/a", .needed = NAMES("sub/libx.so.1"));
    assert_string_equal(answer(c, "/t/E"), "sub/libx.so.1 => missing\n");
    case_cwd(c, "/t/a");
    assert_string_equal(answer(c, "/t/E"), "sub/libx.so.1 => sub/libx.so.1 [direct path]\n");
}

/* glibc 25 */
static void glibc_directories_come_before_capabilities(void **state)
{
    struct world_case *c = *state;
    PUT(c, "/t/h1/libx.so.1", .soname = X);
    PUT(c, "/t/h2/libx.so.1", .soname = X);
    PUT(c, "/t/h2/glibc-hwcaps/x86-64-v3/libx.so.1", .soname = X);
    PUT(c, "/t/E", .interp = GLIBC, .needed = NAMES(X));
    assert_true(tenon_world_set_cpu(c->world, "x86-64-v3", NULL));
    case_env(c, "LD_LIBRARY_PATH", "/t/h1:/t/h2");
    assert_string_equal(answer(c, "/t/E"), X " => /t/h1/libx.so.1 [LD_LIBRARY_PATH]\n");
    case_env(c, "LD_LIBRARY_PATH", "/t/h2:/t/h1");
    assert_string_equal(answer(c, "/t/E"),
                        X " => /t/h2/glibc-hwcaps/x86-64-v3/libx.so.1 [LD_LIBRARY_PATH]\n");
    assert_true(tenon_world_set_cpu(c->world, "x86-64-v2", NULL));
    assert_string_equal(answer(c, "/t/E"), X " => /t/h2/libx.so.1 [LD_LIBRARY_PATH]\n");
}

/* Up to 2.36 the legacy set is tried too. */
static void glibc_legacy_capabilities_by_version(void **state)
{
    struct world_case *c = *state;
    static const char newer[] = "\0/lib64/\0/usr/lib64/\0ld.so release version 2.37.\n";
    PUT(c, "/t/h/tls/libx.so.1", .soname = X);
    PUT(c, "/t/h/x86_64/libx.so.1", .soname = X);
    PUT(c, "/t/h/libx.so.1", .soname = X);
    PUT(c, "/t/E", .interp = GLIBC, .runpath = "/t/h", .needed = NAMES(X));
    assert_string_equal(answer(c, "/t/E"), X " => /t/h/tls/libx.so.1 [RUNPATH]\n");
    case_put_glibc(c, GLIBC, &(struct elf_spec){ .rodata = newer, .rodata_size = sizeof newer });
    assert_string_equal(answer(c, "/t/E"), X " => /t/h/libx.so.1 [RUNPATH]\n");
}

/* glibc 26 */
static void glibc_cache_puts_capabilities_before_directories(void **state)
{
    struct world_case *c = *state;
    static const struct cache_entry entries[] = {
        { .key = X, .value = "/t/h2/glibc-hwcaps/x86-64-v3/" X, .subdir = "x86-64-v3", .isa = 2 },
        { .key = X, .value = "/t/h1/" X },
    };
    PUT(c, "/t/h1/libx.so.1", .soname = X);
    PUT(c, "/t/h2/glibc-hwcaps/x86-64-v3/libx.so.1", .soname = X);
    PUT(c, "/t/E", .interp = GLIBC, .needed = NAMES(X));
    case_put_cache(c, entries, 2);
    assert_true(tenon_world_set_cpu(c->world, "x86-64-v4", NULL));
    assert_string_equal(answer(c, "/t/E"),
                        X " => /t/h2/glibc-hwcaps/x86-64-v3/libx.so.1 [ld.so.cache]\n");
    assert_true(tenon_world_set_cpu(c->world, "", NULL));
    assert_string_equal(answer(c, "/t/E"), X " => /t/h1/libx.so.1 [ld.so.cache]\n");
}

/* glibc 27, 28 */
static void glibc_cache_gives_one_path(void **state)
{
    struct world_case *c = *state;
    static const struct cache_entry entries[] = {
        { .key = X, .value = B_X },
        { .key = X, .value = A_X },
    };
    PUT(c, A_X, .soname = X);
    case_put_cache(c, entries, 2);
    PUT(c, "/t/E", .interp = GLIBC, .needed = NAMES(X));
    assert_string_equal(answer(c, "/t/E"), MISSING);
    assert_string_equal(tried(c, X), B_X ": cache-entry-stale\n"
                                         "/lib64/libx.so.1: absent\n"
                                         "/usr/lib64/libx.so.1: dir-missing\n");
    PUT(c, B_X, .soname = X);
    PUT(c, "/t/E", .interp = GLIBC, .needed = NAMES("libx.so.01"));
    assert_string_equal(answer(c, "/t/E"), "libx.so.01 => " B_X " [ld.so.cache]\n");
}

/* glibc 29, 30 */
static void glibc_nodeflib_forbids_system_directories(void **state)
{
    struct world_case *c = *state;
    static const struct cache_entry entries[] = {
        { .key = X, .value = A_X },
        { .key = "libc.so.6", .value = "/lib64/libc.so.6" },
    };
    put_two(c);
    case_put_cache(c, entries, 2);
    PUT(c, "/t/E", .interp = GLIBC, .dt_flags_1 = NODEFLIB, .runpath = "/t/b",
        .needed = NAMES(X, "libc.so.6"));
    assert_string_equal(answer(c, "/t/E"), X " => " B_X " [RUNPATH]\nlibc.so.6 => missing\n");
    assert_string_equal(tried(c, "libc.so.6"), "/t/b/libc.so.6: absent\n"
                                               "/lib64/libc.so.6: nodeflib\n"
                                               ": stage-not-consulted\n");
    PUT(c, "/t/E", .interp = GLIBC, .dt_flags_1 = NODEFLIB, .needed = NAMES(X));
    assert_string_equal(answer(c, "/t/E"), X " => " A_X " [ld.so.cache]\n");
}

/* glibc 31 */
static void glibc_secure_program(void **state)
{
    struct world_case *c = *state;
    put_two(c);
    tenon_world_set_secure(c->world, true);
    case_cwd(c, "/t");
    case_env(c, "LD_LIBRARY_PATH", "/t/b");
    PUT(c, "/t/E", .interp = GLIBC, .runpath = "$ORIGIN/a", .needed = NAMES(X));
    assert_string_equal(answer(c, "/t/E"), MISSING);
    PUT(c, "/t/E", .interp = GLIBC, .runpath = "/t/a", .needed = NAMES(X));
    assert_string_equal(answer(c, "/t/E"), X " => " A_X " [RUNPATH]\n");
    PUT(c, "/t/E", .interp = GLIBC, .runpath = "a", .needed = NAMES(X));
    assert_string_equal(answer(c, "/t/E"), X " => a/libx.so.1 [RUNPATH]\n");
    PUT(c, "/usr/lib64/p/libx.so.1", .soname = X);
    PUT(c, "/usr/bin/E", .interp = GLIBC, .runpath = "$ORIGIN/../lib64/p", .needed = NAMES(X));
    assert_string_equal(answer(c, "/usr/bin/E"), X " => /usr/bin/../lib64/p/libx.so.1 [RUNPATH]\n");
    PUT(c, "/t/E", .interp = GLIBC, .needed = NAMES("$ORIGIN/a/libx.so.1"));
    assert_string_equal(answer(c, "/t/E"), "$ORIGIN/a/libx.so.1 => refused: "
                                           "DST not allowed in SUID/SGID programs\n");
}

/* An auxiliary object may be missing; a token in its name is refused before that is forgiven. */
static void glibc_secure_program_takes_no_token_of_an_auxiliary(void **state)
{
    struct world_case *c = *state;
    static const char refused[] = "libq.so => /lib64/libq.so [default directory]\n"
                                  "$ORIGIN/libopt.so => refused: "
                                  "DST not allowed in SUID/SGID programs\n";
    PUT(c, "/lib64/libq.so", .auxiliary = "$ORIGIN/libopt.so");
    PUT(c, "/t/E", .interp = GLIBC, .needed = NAMES("libq.so"));
    assert_string_equal(answer(c, "/t/E"), "libq.so => /lib64/libq.so [default directory]\n"
                                           "/lib64/libopt.so => missing\n");
    assert_int_equal(status(c), TENON_STATUS_OK);
    tenon_world_set_secure(c->world, true);
    assert_string_equal(answer(c, "/t/E"), refused);
    assert_false(tenon_graph_library(c->graph, 1)->optional);
    assert_int_equal(status(c), TENON_STATUS_REFUSED);
    /* the same text in LD_PRELOAD is refused, too, but for its slash, and that harms nothing */
    case_env(c, "LD_PRELOAD", "$ORIGIN/libopt.so");
    answer(c, "/t/E");
    assert_true(tenon_graph_library(c->graph, 0)->optional);
    assert_string_equal(tenon_graph_library(c->graph, 2)->reason,
                        "DST not allowed in SUID/SGID programs");
    assert_int_equal(status(c), TENON_STATUS_REFUSED);
}

static void glibc_expands_tokens_of_names_and_of_the_environment(void **state)
{
    struct world_case *c = *state;
    put_two(c);
    PUT(c, "/t/E", .interp = GLIBC, .needed = NAMES("$ORIGIN/a/libx.so.1", X));
    assert_string_equal(answer(c, "/t/E"), A_X " => " A_X " [direct path]\n");
    case_env(c, "LD_LIBRARY_PATH", "$ORIGIN/b:/opt/$LIB/${PLATFORM}");
    PUT(c, "/opt/lib64/x86_64/libz.so", .type = 3);
    PUT(c, "/t/E", .interp = GLIBC, .needed = NAMES(X, "libz.so", "$NO/libx.so"));
    assert_string_equal(answer(c, "/t/E"),
                        X " => " B_X " [LD_LIBRARY_PATH]\n"
                          "libz.so => /opt/lib64/x86_64/libz.so [LD_LIBRARY_PATH]\n"
                          "$NO/libx.so => missing\n");
}

/* Of a preload nothing is expanded that has no slash, and no token is forbidden as such. */
static void glibc_expands_tokens_of_preloads(void **state)
{
    struct world_case *c = *state;
    PUT(c, "/t/x86_64/libq.so", .type = 3);
    PUT(c, "/t/$PLATFORM", .type = 3);
    PUT(c, "/t/E", .interp = GLIBC);
    case_env(c, "LD_LIBRARY_PATH", "/t");
    case_env(c, "LD_PRELOAD", "$ORIGIN/$PLATFORM/libq.so $PLATFORM");
    assert_string_equal(answer(c, "/t/E"),
                        "$ORIGIN/$PLATFORM/libq.so => /t/x86_64/libq.so [direct path]\n"
                        "$PLATFORM => /t/$PLATFORM [LD_LIBRARY_PATH]\n");
    tenon_world_set_secure(c->world, true);
    case_env(c, "LD_PRELOAD", "$ORIGIN/$PLATFORM/libq.so");
    case_put_text(c, "/etc/ld.so.preload", "/t/$PLATFORM/libq.so $ORIGIN/x86_64/libq.so");
    assert_string_equal(answer(c, "/t/E"),
                        "$ORIGIN/$PLATFORM/libq.so => refused: a secure process takes only short "
                        "names without a slash\n"
                        "/t/$PLATFORM/libq.so => /t/x86_64/libq.so [direct path]\n"
                        "$ORIGIN/x86_64/libq.so => refused: cannot open shared object file: No "
                        "such file or directory\n");
    PUT(c, "/usr/lib64/E", .interp = GLIBC);
    PUT(c, "/usr/lib64/x86_64/libq.so", .type = 3);
    case_env(c, "LD_PRELOAD", "");
    case_put_text(c, "/etc/ld.so.preload", "$ORIGIN/x86_64/libq.so");
    assert_string_equal(answer(c, "/usr/lib64/E"),
                        "$ORIGIN/x86_64/libq.so => /usr/lib64/x86_64/libq.so [direct path]\n");
}

/* glibc 33 */
static void glibc_missing_version_is_not_searched_for(void **state)
{
    struct world_case *c = *state;
    const struct elf_spec_verneed v2[] = { { "libv.so.1", NAMES("V2"), false }, { 0 } };
    const struct elf_spec_verneed weak[] = { { "libv.so.1", NAMES("V2"), true }, { 0 } };
    PUT(c, "/t/v1/libv.so.1", .soname = "libv.so.1", .verdef = NAMES("libv.so.1", "V1"));
    PUT(c, "/t/v2/libv.so.1", .soname = "libv.so.1", .verdef = NAMES("libv.so.1", "V1", "V2"));
    PUT(c, "/t/v0/libv.so.1", .soname = "libv.so.1");
    PUT(c, "/t/E", .interp = GLIBC, .needed = NAMES("libv.so.1"), .verneed = v2);
    case_env(c, "LD_LIBRARY_PATH", "/t/v1:/t/v2");
    assert_string_equal(answer(c, "/t/E"), "libv.so.1 => /t/v1/libv.so.1 [LD_LIBRARY_PATH]\n");
    assert_int_equal(status(c), TENON_STATUS_MISSING);
    assert_int_equal(tenon_graph_missing_version_count(c->graph), 1);
    const tenon_missing_version *m = tenon_graph_missing_version(c->graph, 0);
    assert_true(m->fatal);
    assert_int_equal(m->library, 0);
    assert_int_equal(m->needed_by, TENON_THE_FILE);
    assert_string_equal(m->version, "V2");
    assert_string_equal(m->reason, "/t/v1/libv.so.1: version `V2' not found (required by /t/E)");
    case_env(c, "LD_LIBRARY_PATH", "/t/v2:/t/v1");
    answer(c, "/t/E");
    assert_int_equal(status(c), TENON_STATUS_OK);
    assert_int_equal(tenon_graph_missing_version_count(c->graph), 0);
    case_env(c, "LD_LIBRARY_PATH", "/t/v0"); /* without definitions: a warning */
    answer(c, "/t/E");
    assert_int_equal(status(c), TENON_STATUS_OK);
    assert_false(tenon_graph_missing_version(c->graph, 0)->fatal);
    case_env(c, "LD_LIBRARY_PATH", "/t/v1"); /* a weak requirement: a warning */
    PUT(c, "/t/E", .interp = GLIBC, .needed = NAMES("libv.so.1"), .verneed = weak);
    answer(c, "/t/E");
    assert_int_equal(status(c), TENON_STATUS_OK);
    assert_false(tenon_graph_missing_version(c->graph, 0)->fatal);
    assert_null(tenon_graph_missing_version(c->graph, 1));
}

/* A missing preload or auxiliary object says nothing of a version that another object needs. */
static void glibc_needs_versions_of_what_is_there(void **state)
{
    struct world_case *c = *state;
    static const char nobody[] = ", whose version it is, is not in the process: nobody needs it by "
                                 "that name (required by /t/E)";
    const struct elf_spec_verneed v1[] = { { "libv.so.1", NAMES("V1"), false }, { 0 } };
    const struct elf_spec_verneed own[] = { { "ld-linux-x86-64.so.2", NAMES("GLIBC_2.3"), false },
                                            { 0 } };
    case_env(c, "LD_PRELOAD", "libv.so.1");
    PUT(c, "/t/E", .interp = GLIBC, .verneed = v1);
    assert_string_equal(answer(c, "/t/E"), "libv.so.1 => missing\n");
    assert_int_equal(status(c), TENON_STATUS_MISSING);
    assert_int_equal(tenon_graph_missing_version_count(c->graph), 1);
    assert_string_equal(tenon_graph_missing_version(c->graph, 0)->reason + strlen("libv.so.1"),
                        nobody);
    PUT(c, "/t/E", .interp = GLIBC, .verneed = v1, .needed = NAMES("libv.so.1"));
    answer(c, "/t/E"); /* that it is missing is said already */
    assert_int_equal(tenon_graph_missing_version_count(c->graph), 0);
    case_env(c, "LD_PRELOAD", "");
    PUT(c, "/t/E", .interp = GLIBC, .verneed = v1, .auxiliary = "libv.so.1");
    answer(c, "/t/E");
    assert_int_equal(status(c), TENON_STATUS_MISSING);
    /* the loader, which is there, but not where versions are looked for unless somebody needs it */
    case_put_glibc(c, GLIBC,
                   &(struct elf_spec){ .verdef = NAMES("ld-linux-x86-64.so.2", "GLIBC_2.3") });
    PUT(c, "/t/E", .interp = GLIBC, .verneed = own, .needed = NAMES("libc.so.6"));
    answer(c, "/t/E");
    assert_int_equal(status(c), TENON_STATUS_OK);
    PUT(c, "/lib64/libc.so.6", .soname = "libc.so.6");
    answer(c, "/t/E");
    assert_int_equal(status(c), TENON_STATUS_MISSING);
    assert_string_equal(
        tenon_graph_missing_version(c->graph, 0)->reason + strlen("ld-linux-x86-64.so.2"), nobody);
}

static void glibc_needed_nothing_is_the_program(void **state)
{
    struct world_case *c = *state;
    PUT(c, "/t/E", .interp = GLIBC, .needed = NAMES(""));
    assert_string_equal(answer(c, "/t/E"), "");
    size_t count;
    const int32_t *needs = tenon_graph_needs(c->graph, &count);
    assert_int_equal(count, 1);
    assert_int_equal(needs[0], TENON_THE_FILE);
    assert_int_equal(status(c), TENON_STATUS_OK);
}

/* A program is not known by its file, whoever started it: its second copy is refused, or loaded. */
static void glibc_program_is_loaded_again_by_its_path(void **state)
{
    struct world_case *c = *state;
    PUT(c, "/t/E", .interp = GLIBC, .dt_flags_1 = 0x08000000, .needed = NAMES("/t/E"));
    assert_string_equal(answer(c, "/t/E"),
                        "/t/E => refused: /t/E: cannot dynamically load position-independent "
                        "executable\n");
    PUT(c, "/t/liby.so", .needed = NAMES("/t/liby.so", "libc.so.6"));
    assert_string_equal(answer(c, "/t/liby.so"),
                        "/t/liby.so => /t/liby.so [direct path]\n"
                        "libc.so.6 => /lib64/libc.so.6 [default directory]\n"
                        "ld-linux-x86-64.so.2 => " GLIBC " [interpreter]\n");
}

/* ---- glibc: candidates --------------------------------------------------------------------- */

/* Puts a library made by `spec` with one field overwritten at /t/bad/libx.so.1. */
static void put_bad(struct world_case *c, const struct elf_spec *spec, size_t at, uint64_t value,
                    unsigned size)
{
    size_t total;
    uint8_t *bytes = elf_build(spec, &total);
    elf_store(bytes + at, value, size, spec->big);
    assert_true(tenon_world_put_file(c->world, "/t/bad/libx.so.1", bytes, total, 0755, NULL));
    free(bytes);
}

#define BAD "/t/bad/libx.so.1"
#define SKIPPED X " => " A_X " [LD_LIBRARY_PATH]\n"
#define STOPPED(words) X " => refused: " BAD ": " words "\n"

static const struct refusal {
    struct elf_spec spec;
    size_t at; /* what is overwritten */
    uint64_t value;
    unsigned size;
    enum tenon_outcome outcome;
    const char *expected;
} refusals[] = {
    { { 0 }, 0, 0x7f, 1, TENON_OUTCOME_FOUND, X " => " BAD " [LD_LIBRARY_PATH]\n" },
    { { 0 }, 0, 0x7e, 1, TENON_OUTCOME_NOT_ELF, STOPPED("invalid ELF header") },
    { { .bits = 32 }, 0, 0x7f, 1, TENON_OUTCOME_WRONG_CLASS, SKIPPED },
    { { 0 }, 4, 1, 1, TENON_OUTCOME_WRONG_CLASS, SKIPPED },
    { { .big = true },
      0,
      0x7f,
      1,
      TENON_OUTCOME_WRONG_ENDIAN,
      STOPPED("ELF file data encoding not little-endian") },
    { { 0 },
      6,
      0,
      1,
      TENON_OUTCOME_MALFORMED,
      STOPPED("ELF file version ident does not match current one") },
    { { 0 }, 7, 9, 1, TENON_OUTCOME_WRONG_ABI, STOPPED("ELF file OS ABI invalid") },
    { { 0 }, 7, 3, 1, TENON_OUTCOME_FOUND, X " => " BAD " [LD_LIBRARY_PATH]\n" },
    { { 0 }, 8, 1, 1, TENON_OUTCOME_WRONG_ABI, STOPPED("ELF file ABI version invalid") },
    { { .osabi = 3 }, 8, 99, 1, TENON_OUTCOME_WRONG_ABI, STOPPED("ELF file ABI version invalid") },
    { { 0 }, 12, 1, 1, TENON_OUTCOME_MALFORMED, STOPPED("nonzero padding in e_ident") },
    { { 0 },
      20,
      2,
      4,
      TENON_OUTCOME_MALFORMED,
      STOPPED("ELF file version does not match current one") },
    { { .machine = 183 }, 0, 0x7f, 1, TENON_OUTCOME_WRONG_MACHINE, SKIPPED },
    { { 0 }, 16, 1, 2, TENON_OUTCOME_WRONG_TYPE, STOPPED("only ET_DYN and ET_EXEC can be loaded") },
    { { 0 }, 16, 2, 2, TENON_OUTCOME_WRONG_TYPE, STOPPED("cannot dynamically load executable") },
    { { 0 },
      54,
      57,
      2,
      TENON_OUTCOME_MALFORMED,
      STOPPED("ELF file's phentsize not the expected size") },
    { { 0 }, 32, 0x100000, 8, TENON_OUTCOME_TRUNCATED, STOPPED("cannot read file data") },
    { { 0 }, 56, 60000, 2, TENON_OUTCOME_TRUNCATED, STOPPED("cannot read file data") },
    { { .no_load = true },
      0,
      0x7f,
      1,
      TENON_OUTCOME_MALFORMED,
      STOPPED("object file has no loadable segments") },
    { { .no_dynamic = true },
      0,
      0x7f,
      1,
      TENON_OUTCOME_MALFORMED,
      STOPPED("object file has no dynamic section") },
    { { .dt_flags_1 = 0x08000000 },
      0,
      0x7f,
      1,
      TENON_OUTCOME_WRONG_TYPE,
      STOPPED("cannot dynamically load position-independent executable") },
    { { .isa_needed = 8 },
      0,
      0x7f,
      1,
      TENON_OUTCOME_WRONG_CPU,
      STOPPED("CPU ISA level is lower than required") },
    { { .isa_needed = 4 }, 0, 0x7f, 1, TENON_OUTCOME_FOUND, X " => " BAD " [LD_LIBRARY_PATH]\n" },
};

static void check_candidate(struct world_case *c, const char *expected, enum tenon_outcome outcome)
{
    assert_string_equal(answer(c, "/t/E"), expected);
    assert_int_equal(tenon_graph_tried(c->graph, 0, 0)->outcome, outcome);
}

static void prepare_candidates(struct world_case *c)
{
    put_two(c);
    assert_true(tenon_world_set_cpu(c->world, "x86-64-v3", NULL));
    case_env(c, "LD_LIBRARY_PATH", "/t/bad:/t/a");
    PUT(c, "/t/E", .interp = GLIBC, .runpath = "/t/b", .needed = NAMES(X));
}

/* glibc 13 to 16 and the rest of the table */
static void glibc_refuses_candidates_by_their_header(void **state)
{
    struct world_case *c = *state;
    prepare_candidates(c);
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        const struct refusal *r = &refusals[i];
        put_bad(c, &r->spec, r->at, r->value, r->size);
        check_candidate(c, r->expected, r->outcome);
        bool stopped = strstr(r->expected, "refused") != NULL;
        assert_int_equal(status(c), stopped ? TENON_STATUS_REFUSED : TENON_STATUS_OK);
        assert_int_equal(tenon_graph_tried(c->graph, 0, 0)->final, stopped);
    }
}

/* glibc 15, 16, 17 */
static void glibc_refuses_what_is_no_file_of_ours(void **state)
{
    struct world_case *c = *state;
    prepare_candidates(c);
    check_candidate(c, SKIPPED, TENON_OUTCOME_DIR_MISSING);
    case_put_link(c, "/t/bad/other", "x");
    check_candidate(c, SKIPPED, TENON_OUTCOME_ABSENT);
    case_put_link(c, BAD, "nowhere"); /* dangling */
    check_candidate(c, SKIPPED, TENON_OUTCOME_ABSENT);
    case_put_link(c, BAD, "libx.so.1"); /* a loop ends the list */
    check_candidate(c, X " => " B_X " [RUNPATH]\n", TENON_OUTCOME_SYMLINK_LOOP);
    case_put_text(c, BAD, "a text file that is longer than the header of an ELF file of 64 bits");
    check_candidate(c, STOPPED("invalid ELF header"), TENON_OUTCOME_NOT_ELF);
    case_put_text(c, BAD, "short");
    check_candidate(c, STOPPED("file too short"), TENON_OUTCOME_TRUNCATED);
    case_put_text(c, BAD, "");
    check_candidate(c, STOPPED("file too short"), TENON_OUTCOME_TRUNCATED);
    assert_true(tenon_world_put_file(c->world, BAD, "x", 1, 0, NULL));
    check_candidate(c, SKIPPED, TENON_OUTCOME_PERMISSION);
    assert_true(tenon_world_hide(c->world, BAD, NULL));
    assert_true(tenon_world_put_dir(c->world, BAD, NULL));
    check_candidate(c, STOPPED("cannot read file data: Is a directory"),
                    TENON_OUTCOME_IS_DIRECTORY);
    assert_true(tenon_world_hide(c->world, "/t/bad", NULL));
    case_put_text(c, "/t/bad", "a file where a directory is named");
    check_candidate(c, SKIPPED, TENON_OUTCOME_DIR_MISSING);
}

/*
 * An ELF file cut anywhere: an answer, and never a good one unless all that is read is there, or
 * zero like the page behind the end.
 */
static void glibc_refuses_truncated_files(void **state)
{
    struct world_case *c = *state;
    size_t size;
    uint8_t *bytes = elf_build(&(struct elf_spec){ .soname = X }, &size);
    prepare_candidates(c);
    for (size_t n = 0; n < size - 16; n += 7) { /* up to the last row of the dynamic section */
        assert_true(tenon_world_put_file(c->world, BAD, bytes, n, 0755, NULL));
        const char *text = answer(c, "/t/E");
        assert_true(strncmp(text, X " => refused: " BAD ": ", strlen(X " => refused: " BAD)) == 0);
        if (n < 64)
            assert_string_equal(text, STOPPED("file too short"));
        else /* the program headers are ld.so's concern, what is mapped only ours */
            assert_int_equal(tenon_graph_tried(c->graph, 0, 0)->believed, n >= 64 + 3 * 56);
    }
    assert_true(tenon_world_put_file(c->world, BAD, bytes, size - 8, 0755, NULL));
    assert_string_equal(answer(c, "/t/E"), X " => " BAD " [LD_LIBRARY_PATH]\n");
    /* one that may be missing is no harmless miss: its pages are there, and empty */
    assert_true(tenon_world_put_file(c->world, BAD, bytes, size - 17, 0755, NULL));
    case_env(c, "LD_PRELOAD", BAD);
    PUT(c, "/t/E", .interp = GLIBC);
    answer(c, "/t/E");
    assert_int_equal(status(c), TENON_STATUS_REFUSED);
    free(bytes);
}

static void glibc_wrong_class_is_remembered_for_the_message(void **state)
{
    struct world_case *c = *state;
    PUT(c, "/t/bad/libx.so.1", .bits = 32);
    case_env(c, "LD_LIBRARY_PATH", "/t/bad");
    PUT(c, "/t/E", .interp = GLIBC, .needed = NAMES(X));
    assert_string_equal(answer(c, "/t/E"), MISSING);
    assert_string_equal(tenon_graph_library(c->graph, 0)->reason,
                        BAD ": wrong ELF class: ELFCLASS32");
    PUT(c, "/t/bad/libx.so.1", .machine = 183);
    assert_string_equal(answer(c, "/t/E"), MISSING); /* and another machine is not */
    assert_string_equal(tenon_graph_library(c->graph, 0)->reason,
                        "cannot open shared object file: No such file or directory");
}

/* The last file that could not be opened says why, as errno does. */
static void a_miss_has_the_last_error(void **state)
{
    struct world_case *c = *state;
    static const char *const loaders[] = { GLIBC, MUSL };
    static const struct {
        const char *name, *error;
    } cases[] = {
        { "/t/closed.so", "Permission denied" },
        { "/t/loop.so", "Too many levels of symbolic links" },
        { "/t/text/libx.so", "Not a directory" },
        { "/t/none/libx.so", "No such file or directory" },
        { "first.so", "No such file or directory" }, /* after it others were tried */
        { "last.so", "Permission denied" },
    };
    assert_true(tenon_world_put_file(c->world, "/t/closed.so", "x", 1, 0, NULL));
    assert_true(tenon_world_put_file(c->world, "/t/first.so", "x", 1, 0, NULL));
    assert_true(tenon_world_put_file(c->world, "/usr/lib64/last.so", "x", 1, 0, NULL));
    assert_true(tenon_world_put_file(c->world, "/usr/lib/last.so", "x", 1, 0, NULL));
    case_put_text(c, "/usr/lib/other", "x");
    case_put_text(c, "/t/text", "x");
    case_put_link(c, "/t/loop.so", "loop.so");
    case_env(c, "LD_LIBRARY_PATH", "/t");
    for (size_t i = 0; i < 2 * sizeof cases / sizeof cases[0]; i++) {
        const char *name = cases[i / 2].name;
        if (i % 2 && strcmp(name, "/t/loop.so") == 0) /* which musl calls an error of its own */
            continue;
        PUT(c, "/t/E", .interp = loaders[i % 2], .needed = NAMES(name));
        answer(c, "/t/E");
        const char *reason = tenon_graph_library(c->graph, 0)->reason;
        assert_int_equal(tenon_graph_library(c->graph, 0)->status, TENON_STATUS_MISSING);
        assert_non_null(strchr(reason, ':'));
        assert_string_equal(strchr(reason, ':') + 2, cases[i / 2].error);
    }
    /* what the cache has is not opened for DF_1_NODEFLIB, so the error before it is left */
    static const struct cache_entry entries[] = { { .key = "first.so",
                                                    .value = "/usr/lib64/first.so" } };
    case_put_cache(c, entries, 1);
    PUT(c, "/t/E", .interp = GLIBC, .dt_flags_1 = 0x800, .needed = NAMES("first.so"));
    answer(c, "/t/E");
    assert_string_equal(tenon_graph_library(c->graph, 0)->reason,
                        "cannot open shared object file: Permission denied");
}

/* ---- glibc: filters, preloads, order ------------------------------------------------------- */

static void glibc_filtees_stand_before_their_owner(void **state)
{
    struct world_case *c = *state;
    PUT(c, "/lib64/liba.so", .needed = NAMES("libf.so"));
    PUT(c, "/lib64/libb.so", .needed = NAMES("libc.so.6"));
    PUT(c, "/lib64/libf.so", .auxiliary = "libaux.so", .filter = "libfil.so");
    PUT(c, "/lib64/libaux.so", .needed = NAMES("libz.so"));
    PUT(c, "/lib64/libfil.so", .soname = "libfil.so");
    PUT(c, "/lib64/libz.so", .soname = "libz.so");
    PUT(c, "/t/E", .interp = GLIBC, .needed = NAMES("liba.so", "libb.so"));
    assert_string_equal(answer(c, "/t/E"), "liba.so => /lib64/liba.so [default directory]\n"
                                           "libb.so => /lib64/libb.so [default directory]\n"
                                           "libfil.so => /lib64/libfil.so [default directory]\n"
                                           "libaux.so => /lib64/libaux.so [default directory]\n"
                                           "libf.so => /lib64/libf.so [default directory]\n"
                                           "libc.so.6 => /lib64/libc.so.6 [default directory]\n"
                                           "libz.so => /lib64/libz.so [default directory]\n"
                                           "ld-linux-x86-64.so.2 => " GLIBC " [interpreter]\n");
    assert_int_equal(tenon_graph_library(c->graph, 3)->flavour, TENON_NEED_AUXILIARY);
    assert_int_equal(tenon_graph_library(c->graph, 2)->flavour, TENON_NEED_FILTER);
}

/* One that stood later is moved forward, one that stood earlier stays. */
static void glibc_filtee_that_is_loaded_moves_forward_only(void **state)
{
    struct world_case *c = *state;
    PUT(c, "/lib64/libf.so", .auxiliary = "libaux.so");
    PUT(c, "/lib64/libaux.so", .soname = "libaux.so");
    PUT(c, "/t/E", .interp = GLIBC, .needed = NAMES("libf.so", "libaux.so"));
    assert_string_equal(answer(c, "/t/E"), "libaux.so => /lib64/libaux.so [default directory]\n"
                                           "libf.so => /lib64/libf.so [default directory]\n");
    PUT(c, "/t/E", .interp = GLIBC, .needed = NAMES("libaux.so", "libc.so.6", "libf.so"));
    assert_string_equal(answer(c, "/t/E"), "libaux.so => /lib64/libaux.so [default directory]\n"
                                           "libc.so.6 => /lib64/libc.so.6 [default directory]\n"
                                           "libf.so => /lib64/libf.so [default directory]\n"
                                           "ld-linux-x86-64.so.2 => " GLIBC " [interpreter]\n");
}

static void glibc_missing_filter_counts_and_auxiliary_does_not(void **state)
{
    struct world_case *c = *state;
    PUT(c, "/t/E", .interp = GLIBC, .auxiliary = "libnone.so");
    assert_string_equal(answer(c, "/t/E"), "libnone.so => missing\n");
    assert_true(tenon_graph_library(c->graph, 0)->optional);
    assert_int_equal(status(c), TENON_STATUS_OK);
    PUT(c, "/t/E", .interp = GLIBC, .filter = "libnone.so");
    assert_string_equal(answer(c, "/t/E"), "libnone.so => missing\n");
    assert_int_equal(status(c), TENON_STATUS_MISSING);
    PUT(c, "/t/E", .interp = GLIBC, .auxiliary = "libnone.so", .needed = NAMES("libnone.so"));
    assert_string_equal(answer(c, "/t/E"), "libnone.so => missing\n");
    assert_int_equal(status(c), TENON_STATUS_MISSING);
}

static void glibc_preloads_come_first_and_answer_to_their_soname(void **state)
{
    struct world_case *c = *state;
    put_two(c);
    PUT(c, "/t/p/pre1.so", .soname = X);
    PUT(c, "/t/a/pre2.so", .needed = NAMES("libc.so.6"));
    PUT(c, "/t/p/pre3.so", .type = 3);
    PUT(c, "/t/p/pre4.so", .type = 3);
    case_env(c, "LD_PRELOAD", " /t/p/pre1.so:pre2.so :nothing.so");
    case_put_text(c, "/etc/ld.so.preload", "# /t/p/none.so\n/t/p/pre3.so\t:/t/p/pre4.so # not.so");
    PUT(c, "/t/E", .interp = GLIBC, .runpath = "/t/a", .needed = NAMES("liby.so", X));
    PUT(c, "/t/a/liby.so", .type = 3);
    assert_string_equal(answer(c, "/t/E"), "/t/p/pre1.so => /t/p/pre1.so [direct path]\n"
                                           "pre2.so => /t/a/pre2.so [RUNPATH]\n"
                                           "nothing.so => missing\n"
                                           "/t/p/pre3.so => /t/p/pre3.so [direct path]\n"
                                           "/t/p/pre4.so => /t/p/pre4.so [direct path]\n"
                                           "# => missing\n" /* a comment that ld.so overlooks */
                                           "not.so => missing\n"
                                           "liby.so => /t/a/liby.so [RUNPATH]\n"
                                           "libc.so.6 => /lib64/libc.so.6 [default directory]\n"
                                           "ld-linux-x86-64.so.2 => " GLIBC " [interpreter]\n");
    assert_int_equal(status(c), TENON_STATUS_OK); /* a missing preload is a warning */
    assert_int_equal(tenon_graph_library(c->graph, 2)->flavour, TENON_NEED_PRELOAD);
}

/* The name for Intel's processors outlived the directories of that name. */
static void glibc_platform_is_haswell_in_all_releases(void **state)
{
    struct world_case *c = *state;
    static const char strings[] = "\0/lib64/\0/usr/lib64/\0ld.so release version 2.39.\n";
    PUT(c, "/t/haswell/libx.so.1", .soname = X);
    PUT(c, "/t/E", .interp = GLIBC, .runpath = "/t/$PLATFORM", .needed = NAMES(X));
    assert_true(tenon_world_set_cpu(c->world, "x86-64-v3", NULL));
    assert_true(tenon_world_set_vendor(c->world, "intel", NULL));
    assert_string_equal(answer(c, "/t/E"), X " => /t/haswell/" X " [RUNPATH]\n");
    case_put_glibc(c, GLIBC,
                   &(struct elf_spec){ .rodata = strings, .rodata_size = sizeof strings });
    assert_string_equal(answer(c, "/t/E"), X " => /t/haswell/" X " [RUNPATH]\n");
    assert_true(tenon_world_set_vendor(c->world, "amd", NULL));
    assert_string_equal(answer(c, "/t/E"), MISSING);
}

/* From 2.41 on the loader is in the list for itself; missing ones that stand last come after it. */
static void glibc_of_2_41_lists_itself(void **state)
{
    struct world_case *c = *state;
    static const char strings[] = "\0/lib64/\0/usr/lib64/\0\0/etc/ld.so.cache\0"
                                  "ld.so (GNU libc) stable release version 2.41.\n";
    put_two(c);
    PUT(c, "/t/E", .interp = GLIBC, .runpath = "/t/a", .needed = NAMES(X, "libnone.so"));
    assert_string_equal(answer(c, "/t/E"), X " => " A_X " [RUNPATH]\nlibnone.so => missing\n");
    case_put_glibc(c, GLIBC,
                   &(struct elf_spec){ .rodata = strings, .rodata_size = sizeof strings });
    assert_string_equal(answer(c, "/t/E"), X " => " A_X " [RUNPATH]\n" GLIBC " => " GLIBC
                                             " [interpreter]\nlibnone.so => missing\n");
    PUT(c, "/t/E", .interp = GLIBC, .runpath = "/t/a", .needed = NAMES("libc.so.6", X));
    assert_string_equal(answer(c, "/t/E"), "libc.so.6 => /lib64/libc.so.6 [default directory]\n" X
                                           " => " A_X " [RUNPATH]\n"
                                           "ld-linux-x86-64.so.2 => " GLIBC " [interpreter]\n");
}

/* Up to 2.38 an element of the list that leads below a file ends it, when it is relative. */
static void glibc_of_2_39_passes_over_files_in_a_list(void **state)
{
    struct world_case *c = *state;
    static const char before[] = "\0/lib64/\0/usr/lib64/\0ld.so release version 2.38.\n";
    static const char since[] = "\0/lib64/\0/usr/lib64/\0ld.so release version 2.39.\n";
    put_two(c);
    case_put_text(c, "/t/text", "text");
    case_cwd(c, "/t");
    for (int i = 0; i < 2; i++) {
        PUT(c, "/t/E", .interp = GLIBC, .runpath = i ? "text/sub:/t/a" : "text:/t/a",
            .needed = NAMES(X));
        case_put_glibc(c, GLIBC,
                       &(struct elf_spec){ .rodata = before, .rodata_size = sizeof before });
        assert_string_equal(answer(c, "/t/E"), MISSING);
        case_put_glibc(c, GLIBC,
                       &(struct elf_spec){ .rodata = since, .rodata_size = sizeof since });
        assert_string_equal(answer(c, "/t/E"), X " => " A_X " [RUNPATH]\n");
    }
}

/* A glibc of another prefix has its own etc; what its ld.so does not name is not read. */
static void glibc_of_another_prefix_has_its_own_preload_file(void **state)
{
    struct world_case *c = *state;
    static const char strings[] = "\0/gnu/lib/\0/gnu/lib64/\0\0/gnu/etc/ld.so.cache\0"
                                  "/gnu/etc/ld.so.preload\0release version 2.36.\n";
    PUT(c, "/t/own.so", .soname = "own.so");
    PUT(c, "/t/usual.so", .soname = "usual.so");
    case_put_text(c, "/gnu/etc/ld.so.preload", "/t/own.so");
    case_put_text(c, "/etc/ld.so.preload", "/t/usual.so");
    case_put_glibc(c, "/gnu/lib/ld-linux-x86-64.so.2",
                   &(struct elf_spec){ .rodata = strings, .rodata_size = sizeof strings });
    PUT(c, "/t/E", .interp = "/gnu/lib/ld-linux-x86-64.so.2");
    assert_string_equal(answer(c, "/t/E"), "/t/own.so => /t/own.so [direct path]\n");
    PUT(c, "/t/E", .interp = GLIBC);
    assert_string_equal(answer(c, "/t/E"), "/t/usual.so => /t/usual.so [direct path]\n");
}

static void glibc_secure_preloads_need_the_set_uid_bit(void **state)
{
    struct world_case *c = *state;
    size_t size;
    uint8_t *bytes = elf_build(&(struct elf_spec){ 0 }, &size);
    static const struct cache_entry entries[] = { { .key = "cached.so", .value = "/t/cached.so" } };
    PUT(c, "/t/cached.so", .type = 3);
    case_put_cache(c, entries, 1);
    PUT(c, "/t/slash.so", .type = 3);
    PUT(c, "/lib64/plain.so", .type = 3);
    assert_true(tenon_world_put_file(c->world, "/usr/lib64/plain.so", bytes, size, 04755, NULL));
    free(bytes);
    tenon_world_set_secure(c->world, true);
    case_env(c, "LD_PRELOAD", "/t/slash.so plain.so cached.so");
    case_put_text(c, "/etc/ld.so.preload", "/t/slash.so");
    PUT(c, "/t/E", .interp = GLIBC);
    assert_string_equal(answer(c, "/t/E"),
                        "/t/slash.so => refused: a secure process takes only short names without "
                        "a slash\n"
                        "plain.so => /usr/lib64/plain.so [default directory]\n"
                        "cached.so => missing\n"
                        "/t/slash.so => /t/slash.so [direct path]\n");
    assert_string_equal(tried(c, "plain.so"), ": stage-not-consulted\n"
                                              "/lib64/plain.so: not-setuid\n"
                                              "/usr/lib64/plain.so: found\n");
    assert_int_equal(status(c), TENON_STATUS_OK);
}

/* What has to be of use as a library is asked before the set-uid bit, what mapping finds after. */
static void glibc_secure_preloads_are_verified_before_the_bit_is_asked_for(void **state)
{
    struct world_case *c = *state;
    size_t size;
    uint8_t *bytes = elf_build(&(struct elf_spec){ 0 }, &size);
    PUT(c, "/t/E", .interp = GLIBC);
    assert_true(tenon_world_put_file(c->world, "/usr/lib64/pre.so", bytes, size, 04755, NULL));
    tenon_world_set_secure(c->world, true);
    case_env(c, "LD_PRELOAD", "pre.so");
    case_put_text(c, "/lib64/pre.so", "a text that is longer than the header of an ELF file is");
    assert_string_equal(answer(c, "/t/E"), "pre.so => refused: /lib64/pre.so: file too short\n");
    case_put_text(c, "/lib64/pre.so",
                  "a text that is longer than the header of an ELF file of 64 bits is");
    assert_string_equal(answer(c, "/t/E"),
                        "pre.so => refused: /lib64/pre.so: invalid ELF header\n");
    assert_true(tenon_world_put_file(c->world, "/lib64/pre.so", bytes, 100, 0755, NULL));
    assert_string_equal(answer(c, "/t/E"),
                        "pre.so => refused: /lib64/pre.so: cannot read file data\n");
    free(bytes);
    PUT(c, "/lib64/pre.so", .bits = 32);
    assert_string_equal(answer(c, "/t/E"), "pre.so => /usr/lib64/pre.so [default directory]\n");
    PUT(c, "/lib64/pre.so", .dt_flags_1 = 0x08000000); /* a PIE */
    assert_string_equal(answer(c, "/t/E"), "pre.so => /usr/lib64/pre.so [default directory]\n");
    assert_string_equal(tried(c, "pre.so"), ": stage-not-consulted\n"
                                            "/lib64/pre.so: not-setuid\n"
                                            "/usr/lib64/pre.so: found\n");
}

/* It is an object already, so nothing is added; who needs it by name has it where that asks. */
static void glibc_preloading_the_loader_changes_no_order(void **state)
{
    struct world_case *c = *state;
    case_env(c, "LD_PRELOAD", GLIBC);
    PUT(c, "/lib64/liba.so", .needed = NAMES("libc.so.6"));
    PUT(c, "/t/E", .interp = GLIBC, .needed = NAMES("liba.so"));
    assert_string_equal(answer(c, "/t/E"), "liba.so => /lib64/liba.so [default directory]\n"
                                           "libc.so.6 => /lib64/libc.so.6 [default directory]\n"
                                           "ld-linux-x86-64.so.2 => " GLIBC " [interpreter]\n");
    PUT(c, "/lib64/liba.so", .soname = "liba.so");
    assert_string_equal(answer(c, "/t/E"), "liba.so => /lib64/liba.so [default directory]\n");
}

/* The last part of its path is no name of the loader: it has its SONAME. */
static void glibc_knows_its_loader_by_path_and_soname(void **state)
{
    struct world_case *c = *state;
    case_put_glibc(c, "/opt/own/ld.so", &(struct elf_spec){ .soname = "ld-own.so.2" });
    PUT(c, "/t/E", .interp = "/opt/own/ld.so", .needed = NAMES("ld.so"));
    c->loader = "glibc";
    assert_string_equal(answer(c, "/t/E"), "ld.so => missing\n");
    PUT(c, "/t/E", .interp = "/opt/own/ld.so", .needed = NAMES("ld-own.so.2"));
    assert_string_equal(answer(c, "/t/E"), "ld-own.so.2 => /opt/own/ld.so [interpreter]\n");
    PUT(c, "/t/E", .interp = "/opt/own/ld.so", .needed = NAMES("/opt/own/ld.so"));
    assert_string_equal(answer(c, "/t/E"), "/opt/own/ld.so => /opt/own/ld.so [interpreter]\n");
}

static void needs_go_breadth_first_and_in_circles(void **state)
{
    struct world_case *c = *state;
    PUT(c, "/lib64/liba.so", .needed = NAMES("libb.so", "liba.so", "libd.so"));
    PUT(c, "/lib64/libb.so", .needed = NAMES("liba.so", "libe.so"));
    PUT(c, "/lib64/libd.so", .needed = NAMES("libb.so"));
    PUT(c, "/lib64/libe.so", .needed = NAMES("libd.so", "libe.so"));
    PUT(c, "/t/E", .interp = GLIBC, .needed = NAMES("liba.so", "libb.so"));
    assert_string_equal(answer(c, "/t/E"), "liba.so => /lib64/liba.so [default directory]\n"
                                           "libb.so => /lib64/libb.so [default directory]\n"
                                           "libd.so => /lib64/libd.so [default directory]\n"
                                           "libe.so => /lib64/libe.so [default directory]\n");
    const tenon_library *b = tenon_graph_library(c->graph, 1);
    assert_int_equal(b->parent, TENON_THE_FILE);
    assert_int_equal(b->needed_by_count, 3);
    assert_int_equal(tenon_graph_library(c->graph, 3)->parent, 1);
    assert_int_equal(tenon_graph_library(c->graph, 3)->needs[1], 3);
}

/* ---- musl ---------------------------------------------------------------------------------- */

/* musl 1, 5 */
static void musl_environment_beats_all_and_runpath_replaces_rpath(void **state)
{
    struct world_case *c = *state;
    put_two(c);
    PUT(c, "/t/E", .interp = MUSL, .rpath = "/t/a", .needed = NAMES(X));
    assert_string_equal(answer(c, "/t/E"), X " => " A_X " [RPATH or RUNPATH]\n");
    case_env(c, "LD_LIBRARY_PATH", "/t/b");
    assert_string_equal(answer(c, "/t/E"), X " => " B_X " [LD_LIBRARY_PATH]\n");
    case_env(c, "LD_LIBRARY_PATH", NULL);
    PUT(c, "/t/E", .interp = MUSL, .rpath = "/t/a", .runpath = "/empty", .needed = NAMES(X));
    assert_string_equal(answer(c, "/t/E"), MISSING);
}

/* musl 2, 3, 4 */
static void musl_inherits_runpath_nearest_first(void **state)
{
    struct world_case *c = *state;
    static const struct {
        const char *runpath, *expected;
    } cases[] = {
        { NULL,
          "liby.so => /t/c/liby.so [RPATH or RUNPATH]\n" X " => " A_X " [RPATH or RUNPATH]\n" },
        { "/none",
          "liby.so => /t/c/liby.so [RPATH or RUNPATH]\n" X " => " A_X " [RPATH or RUNPATH]\n" },
        { "/t/b",
          "liby.so => /t/c/liby.so [RPATH or RUNPATH]\n" X " => " B_X " [RPATH or RUNPATH]\n" },
    };
    put_two(c);
    PUT(c, "/t/E", .interp = MUSL, .runpath = "/t/c:/t/a", .needed = NAMES("liby.so"));
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        PUT(c, "/t/c/liby.so", .runpath = cases[i].runpath, .needed = NAMES(X));
        assert_string_equal(answer(c, "/t/E"), cases[i].expected);
    }
}

/* musl 6, 7 */
static void musl_never_reads_sonames(void **state)
{
    struct world_case *c = *state;
    put_two(c);
    PUT(c, "/t/p/libweird.so", .soname = X);
    PUT(c, "/lib/liby.so", .runpath = "/t/b", .needed = NAMES(X));
    PUT(c, "/t/E", .interp = MUSL, .needed = NAMES("/t/p/libweird.so", "liby.so"));
    assert_string_equal(answer(c, "/t/E"), "/t/p/libweird.so => /t/p/libweird.so [direct path]\n"
                                           "liby.so => /lib/liby.so [default directory]\n" X
                                           " => " B_X " [RPATH or RUNPATH]\n");
    PUT(c, "/t/m/libx.so.1", .soname = "libq.so.9");
    PUT(c, "/t/E", .interp = MUSL, .runpath = "/t/m", .needed = NAMES(X, "libq.so.9"));
    assert_string_equal(answer(c, "/t/E"), X " => /t/m/libx.so.1 [RPATH or RUNPATH]\n"
                                             "libq.so.9 => missing\n");
}

/* musl 8: and the object then answers to its short name */
static void musl_knows_an_object_by_its_inode(void **state)
{
    struct world_case *c = *state;
    put_two(c);
    PUT(c, "/lib/liby.so", .runpath = "/t/b", .needed = NAMES(X));
    PUT(c, "/lib/libz.so", .runpath = "/t/a", .needed = NAMES(X));
    PUT(c, "/t/E", .interp = MUSL, .needed = NAMES(B_X, "liby.so", "libz.so"));
    assert_string_equal(answer(c, "/t/E"), B_X " => " B_X " [direct path]\n"
                                               "liby.so => /lib/liby.so [default directory]\n"
                                               "libz.so => /lib/libz.so [default directory]\n");
}

/* musl 9, 10, 11 */
static void musl_takes_the_first_file_it_can_open(void **state)
{
    struct world_case *c = *state;
    prepare_candidates(c);
    PUT(c, "/t/E", .interp = MUSL, .runpath = "/t/b", .needed = NAMES(X));
    check_candidate(c, SKIPPED, TENON_OUTCOME_DIR_MISSING);
    case_put_text(c, BAD, "short");
    check_candidate(c, STOPPED("Exec format error"), TENON_OUTCOME_TRUNCATED);
    case_put_text(c, BAD, "a text file that is longer than the header of an ELF file of 64 bits");
    check_candidate(c, STOPPED("Exec format error"), TENON_OUTCOME_NOT_ELF);
    case_put_link(c, BAD, X);
    check_candidate(c, STOPPED("Symbolic link loop"), TENON_OUTCOME_SYMLINK_LOOP);
    assert_true(tenon_world_put_file(c->world, BAD, "x", 1, 0, NULL));
    check_candidate(c, SKIPPED, TENON_OUTCOME_PERMISSION);
    assert_true(tenon_world_hide(c->world, BAD, NULL));
    assert_true(tenon_world_put_dir(c->world, BAD, NULL));
    check_candidate(c, STOPPED("Is a directory"), TENON_OUTCOME_IS_DIRECTORY);
    put_bad(c, &(struct elf_spec){ .no_dynamic = true }, 0, 0x7f, 1);
    assert_true(tenon_world_hide(c->world, BAD, NULL));
    put_bad(c, &(struct elf_spec){ .no_dynamic = true }, 0, 0x7f, 1);
    check_candidate(c, STOPPED("Exec format error"), TENON_OUTCOME_MALFORMED);
}

/* A directory that is a loop of links: glibc asks about it first, and it counts as absent. */
static void a_directory_in_a_circle_stops_musl_alone(void **state)
{
    struct world_case *c = *state;
    put_two(c);
    case_put_link(c, "/t/loop", "loop");
    case_env(c, "LD_LIBRARY_PATH", "/t/loop:/t/a");
    PUT(c, "/t/E", .interp = MUSL, .needed = NAMES(X));
    assert_string_equal(answer(c, "/t/E"),
                        X " => refused: /t/loop/libx.so.1: Symbolic link loop\n");
    PUT(c, "/t/E", .interp = GLIBC, .needed = NAMES(X));
    assert_string_equal(answer(c, "/t/E"), SKIPPED);
}

/* musl 12 */
static void musl_does_not_look_at_the_identification(void **state)
{
    struct world_case *c = *state;
    static const struct {
        size_t at;
        uint64_t value;
        unsigned size;
    } changes[] = { { 0, 0, 4 }, { 4, 1, 1 }, { 5, 2, 1 }, { 18, 183, 2 }, { 7, 9, 1 } };
    prepare_candidates(c);
    PUT(c, "/t/a/libz.so", .type = 3);
    PUT(c, "/t/E", .interp = MUSL, .needed = NAMES(X));
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        put_bad(c, &(struct elf_spec){ .needed = NAMES("libz.so") }, changes[i].at,
                changes[i].value, changes[i].size);
        assert_string_equal(answer(c, "/t/E"), X " => " BAD " [LD_LIBRARY_PATH]\n"
                                                 "libz.so => /t/a/libz.so [LD_LIBRARY_PATH]\n");
    }
}

/* musl 13, 14, 15 */
static void musl_lists(void **state)
{
    struct world_case *c = *state;
    put_two(c);
    case_cwd(c, "/t/a");
    PUT(c, "/t/E", .interp = MUSL, .runpath = "/t/a:/t/$LIB", .needed = NAMES(X));
    assert_string_equal(answer(c, "/t/E"), MISSING);
    assert_string_equal(tried(c, X), "/t/a:/t/$LIB: element-not-expandable\n"
                                     "/lib/libx.so.1: absent\n"
                                     "/usr/local/lib/libx.so.1: dir-missing\n"
                                     "/usr/lib/libx.so.1: dir-missing\n");
    PUT(c, "/t/E", .interp = MUSL, .runpath = "$ORIGIN/a", .needed = NAMES(X));
    assert_string_equal(answer(c, "/t/E"), X " => " A_X " [RPATH or RUNPATH]\n");
    PUT(c, "/tX/libx.so.1", .type = 3); /* a prefix is enough to be the token */
    PUT(c, "/t/E", .interp = MUSL, .runpath = "$ORIGINX", .needed = NAMES(X));
    assert_string_equal(answer(c, "/t/E"), X " => /tX/libx.so.1 [RPATH or RUNPATH]\n");
    PUT(c, "/t/E", .interp = MUSL, .needed = NAMES(X, "$ORIGIN/a/libx.so.1"));
    case_env(c, "LD_LIBRARY_PATH", ":");
    assert_string_equal(answer(c, "/t/E"), MISSING "$ORIGIN/a/libx.so.1 => missing\n");
    case_env(c, "LD_LIBRARY_PATH", "/nope\n/t/a");
    assert_string_equal(answer(c, "/t/E"), X " => " A_X " [LD_LIBRARY_PATH]\n"
                                             "$ORIGIN/a/libx.so.1 => missing\n");
    case_env(c, "LD_LIBRARY_PATH", "/nope;/t/a");
    assert_string_equal(answer(c, "/t/E"), MISSING "$ORIGIN/a/libx.so.1 => missing\n");
}

/* musl 16: as many names as it has, it is one object */
static void musl_is_its_own_c_library(void **state)
{
    struct world_case *c = *state;
    PUT(c, "/t/E", .interp = MUSL,
        .needed = NAMES("libpthread.so.0", "libm.so.6", "libc.so.6", MUSL));
    assert_string_equal(answer(c, "/t/E"), "libpthread.so.0 => " MUSL " [built into the loader]\n");
    size_t count;
    const int32_t *needs = tenon_graph_needs(c->graph, &count);
    assert_int_equal(count, 4);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(needs[i], 0);
}

static void musl_uses_itself_for_another_c_library(void **state)
{
    struct world_case *c = *state;
    static const struct elf_spec_symbol symbols[] = {
        { .name = "__libc_start_main", .defined = true, .bind = 1, .type = 2, .value = 16 },
        { .name = "stdin", .defined = true, .bind = 1, .type = 1, .value = 32 },
        { 0 },
    };
    PUT(c, "/lib/libother.so", .symbols = symbols);
    PUT(c, "/lib/libhalf.so", .symbols = symbols + 1);
    PUT(c, "/t/E", .interp = MUSL, .needed = NAMES("libother.so", "libhalf.so"));
    assert_string_equal(answer(c, "/t/E"), "libother.so => " MUSL " [built into the loader]\n"
                                           "libhalf.so => /lib/libhalf.so [default directory]\n");
}

/* musl 18, 19 */
/* rule  ldso/dynlink.c: it has its whole path, and the names of the C library; no other */
static void musl_is_not_known_by_the_name_of_its_file(void **state)
{
    struct world_case *c = *state;
    case_put_text(c, "/etc/ld-musl-x86_64.path", "/t/lib");
    PUT(c, "/t/E", .interp = MUSL, .needed = NAMES("ld-musl-x86_64.so.1"));
    assert_string_equal(answer(c, "/t/E"), "ld-musl-x86_64.so.1 => missing\n");
    case_put_link(c, "/t/lib/ld-musl-x86_64.so.1", MUSL);
    assert_string_equal(answer(c, "/t/E"),
                        "ld-musl-x86_64.so.1 => " MUSL " [built into the loader]\n");
}

static void musl_path_file_is_relative_to_the_prefix(void **state)
{
    struct world_case *c = *state;
    PUT(c, "/p/lib/ld-musl-x86_64.so.1", .type = 3);
    PUT(c, "/p/z/libx.so.1", .type = 3);
    PUT(c, "/usr/local/lib/libx.so.1", .type = 3);
    PUT(c, "/t/E", .interp = "/p/lib/ld-musl-x86_64.so.1", .needed = NAMES(X));
    assert_string_equal(answer(c, "/t/E"), X " => /usr/local/lib/libx.so.1 [default directory]\n");
    case_put_text(c, "/p/etc/ld-musl-x86_64.path", "/nope\n/p/z\n");
    assert_string_equal(answer(c, "/t/E"), X " => /p/z/libx.so.1 [ld-musl path file]\n");
    case_put_text(c, "/p/etc/ld-musl-x86_64.path", "");
    assert_string_equal(answer(c, "/t/E"), MISSING);
    assert_true(tenon_world_put_file(c->world, "/p/etc/ld-musl-x86_64.path", "/p/z", 4, 0, NULL));
    assert_string_equal(answer(c, "/t/E"), MISSING); /* unreadable: no defaults either */
    assert_string_equal(tried(c, X), "/p/etc/ld-musl-x86_64.path: unreadable\n");
    case_put_text(c, "/etc/ld-musl-x86_64.path", "/p/z");
    assert_string_equal(answer(c, "/t/E"), MISSING); /* that is another loader's */
}

/* musl 20, and what it does not have at all */
static void musl_knows_no_versions_filters_or_preload_file(void **state)
{
    struct world_case *c = *state;
    const struct elf_spec_verneed v2[] = { { "libv.so.1", NAMES("V2"), false }, { 0 } };
    PUT(c, "/lib/libv.so.1", .verdef = NAMES("libv.so.1", "V1"), .filter = "libf.so");
    case_put_text(c, "/etc/ld.so.preload", "/lib/libf.so");
    PUT(c, "/lib/libf.so", .type = 3);
    PUT(c, "/t/E", .interp = MUSL, .needed = NAMES("libv.so.1"), .verneed = v2,
        .dt_flags_1 = NODEFLIB);
    assert_string_equal(answer(c, "/t/E"), "libv.so.1 => /lib/libv.so.1 [default directory]\n");
    assert_int_equal(tenon_graph_missing_version_count(c->graph), 0);
    assert_int_equal(status(c), TENON_STATUS_OK);
}

static void musl_preloads_do_not_use_the_programs_run_path(void **state)
{
    struct world_case *c = *state;
    put_two(c);
    PUT(c, "/lib/pre.so", .type = 3);
    case_env(c, "LD_PRELOAD", "pre.so:\nnothing.so libx.so.1");
    PUT(c, "/t/E", .interp = MUSL, .runpath = "/t/a");
    assert_string_equal(answer(c, "/t/E"), "pre.so => /lib/pre.so [default directory]\n"
                                           "nothing.so => missing\n" MISSING);
    assert_int_equal(status(c), TENON_STATUS_OK);
    tenon_world_set_secure(c->world, true);
    assert_string_equal(answer(c, "/t/E"), "");
}

static void musl_secure_program(void **state)
{
    struct world_case *c = *state;
    put_two(c);
    tenon_world_set_secure(c->world, true);
    case_env(c, "LD_LIBRARY_PATH", "/t/b");
    case_cwd(c, "/t");
    PUT(c, "/t/E", .interp = MUSL, .runpath = "$ORIGIN/a", .needed = NAMES(X));
    assert_string_equal(answer(c, "/t/E"), MISSING);
    PUT(c, "/t/E", .interp = MUSL, .runpath = "a", .needed = NAMES(X));
    assert_string_equal(answer(c, "/t/E"), X " => a/libx.so.1 [RPATH or RUNPATH]\n");
    PUT(c, "/t/c/liby.so", .runpath = "$ORIGIN/../a", .needed = NAMES(X)); /* a library may */
    PUT(c, "/t/E", .interp = MUSL, .runpath = "/t/c", .needed = NAMES("liby.so"));
    assert_string_equal(answer(c, "/t/E"), "liby.so => /t/c/liby.so [RPATH or RUNPATH]\n" X
                                           " => /t/c/../a/libx.so.1 [RPATH or RUNPATH]\n");
}

static void musl_refuses_impossible_names(void **state)
{
    struct world_case *c = *state;
    char name[300];
    memset(name, 'n', sizeof name);
    name[256] = '\0';
    PUT(c, "/t/E", .interp = MUSL, .needed = NAMES("", name));
    answer(c, "/t/E");
    assert_int_equal(tenon_graph_count(c->graph), 2);
    assert_string_equal(tenon_graph_library(c->graph, 0)->reason, "Invalid argument");
    assert_int_equal(tenon_graph_tried(c->graph, 1, 0)->outcome, TENON_OUTCOME_TOO_LONG);
    name[255] = '\0';
    PUT(c, "/t/E", .interp = MUSL, .needed = NAMES(name));
    answer(c, "/t/E");
    assert_int_equal(tenon_graph_library(c->graph, 0)->status, TENON_STATUS_MISSING);
}

/* ---- other machines ------------------------------------------------------------------------ */

static const struct machine {
    int bits;
    bool big;
    uint16_t machine;
    uint32_t flags;
    const char *glibc, *musl; /* the default interpreters */
} machines[] = {
    { 64, false, 62, 0, "/lib64/ld-linux-x86-64.so.2", "/lib/ld-musl-x86_64.so.1" },
    { 32, false, 62, 0, "/libx32/ld-linux-x32.so.2", "/lib/ld-musl-x32.so.1" },
    { 32, false, 3, 0, "/lib/ld-linux.so.2", "/lib/ld-musl-i386.so.1" },
    { 64, false, 183, 0, "/lib/ld-linux-aarch64.so.1", "/lib/ld-musl-aarch64.so.1" },
    { 32, false, 40, 0x5000400, "/lib/ld-linux-armhf.so.3", "/lib/ld-musl-armhf.so.1" },
    { 32, false, 40, 0x5000200, "/lib/ld-linux.so.3", "/lib/ld-musl-arm.so.1" },
    { 64, true, 22, 0, "/lib/ld64.so.1", "/lib/ld-musl-s390x.so.1" },
    { 32, true, 8, 0x1000, "/lib/ld.so.1", "/lib/ld-musl-mips.so.1" },
    { 64, false, 8, 0, "/lib64/ld.so.1", "/lib/ld-musl-mips64el.so.1" },
    { 64, false, 21, 2, "/lib64/ld64.so.2", "/lib/ld-musl-powerpc64le.so.1" },
    { 64, false, 243, 5, "/lib/ld-linux-riscv64-lp64d.so.1", "/lib/ld-musl-riscv64.so.1" },
};

static struct elf_spec spec_for(const struct machine *m)
{
    return (struct elf_spec){
        .bits = m->bits, .big = m->big, .machine = m->machine, .e_flags = m->flags
    };
}

static void check_machine(struct world_case *c, const struct machine *m, const char *loader,
                          const char *interpreter, const char *expected)
{
    struct elf_spec program = spec_for(m);
    case_put_glibc(
        c, interpreter,
        &(struct elf_spec){
            .bits = m->bits, .big = m->big, .machine = m->machine, .e_flags = m->flags });
    program.rpath = "/t/m";
    program.needed = NAMES(X);
    case_put(c, "/t/E", &program);
    c->loader = loader;
    assert_string_equal(answer(c, "/t/E"), expected);
    assert_string_equal(tenon_graph_interpreter(c->graph), interpreter);
    assert_string_equal(tenon_loader_name(tenon_graph_loader(c->graph)), loader);
}

static void every_machine_has_its_default_interpreter(void **state)
{
    struct world_case *c = *state;
    for (size_t i = 0; i < sizeof machines / sizeof machines[0]; i++) {
        struct elf_spec library = spec_for(&machines[i]);
        case_put(c, "/t/m/libx.so.1", &library);
        check_machine(c, &machines[i], "glibc", machines[i].glibc,
                      X " => /t/m/libx.so.1 [RPATH]\n");
        check_machine(c, &machines[i], "musl", machines[i].musl,
                      X " => /t/m/libx.so.1 [RPATH or RUNPATH]\n");
    }
}

/* A library of every other machine is skipped or refused, never taken. */
static void glibc_takes_no_library_of_another_machine(void **state)
{
    struct world_case *c = *state;
    c->loader = "glibc";
    for (size_t i = 0; i < sizeof machines / sizeof machines[0]; i++) {
        struct elf_spec program = spec_for(&machines[i]);
        program.rpath = "/t/m";
        program.needed = NAMES(X);
        case_put(c, "/t/E", &program);
        for (size_t k = 0; k < sizeof machines / sizeof machines[0]; k++) {
            struct elf_spec library = spec_for(&machines[k]);
            /* the two ARM float ABIs are told apart by ldconfig, not by ld.so */
            if (k == i || (machines[i].machine == 40 && machines[k].machine == 40))
                continue;
            case_put(c, "/t/m/libx.so.1", &library);
            answer(c, "/t/E");
            assert_int_not_equal(tenon_graph_library(c->graph, 0)->status, TENON_STATUS_FOUND);
        }
    }
}

static void a_foreign_cache_is_read_in_its_byte_order(void **state)
{
    struct world_case *c = *state;
    static const struct cache_entry entries[] = {
        { .key = X, .value = "/t/m/" X, .flags = 0x403 }
    };
    const struct machine *s390x = &machines[6];
    struct elf_spec library = spec_for(s390x);
    struct elf_spec program = spec_for(s390x);
    size_t size;
    program.needed = NAMES(X);
    program.interp = s390x->glibc;
    case_put(c, "/t/m/libx.so.1", &library);
    case_put(c, "/t/E", &program);
    case_put_glibc(c, s390x->glibc, &library);
    for (int big = 0; big < 2; big++) {
        uint8_t *bytes =
            cache_build(&(struct cache_spec){ .big = big, .entries = entries, .count = 1 }, &size);
        assert_true(tenon_world_put_file(c->world, "/etc/ld.so.cache", bytes, size, 0644, NULL));
        free(bytes);
        assert_string_equal(answer(c, "/t/E"), big ? X " => /t/m/" X " [ld.so.cache]\n" : MISSING);
        assert_int_equal(tenon_graph_remark(c->graph, 0) != NULL, !big);
    }
}

/* ---- no cache ------------------------------------------------------------------------------ */

/* As ldconfig would have entered them: by SONAME, or by file name without one. */
static void without_a_cache_ld_so_conf_is_read(void **state)
{
    struct world_case *c = *state;
    assert_true(tenon_world_hide(c->world, "/etc/ld.so.cache", NULL));
    case_put_text(c, "/etc/ld.so.conf", "include ld.so.conf.d/*.conf\n");
    case_put_text(c, "/etc/ld.so.conf.d/t.conf", "/t/c\n/t/a\n/t/b\n");
    put_two(c);
    PUT(c, "/t/a/libother.so.3", .soname = "libelse.so.3");
    PUT(c, "/t/a/libbare.so", .type = 3);
    PUT(c, "/t/a/plugin.so", .type = 3);
    PUT(c, "/t/c/libx.so.1", .machine = 183, .soname = X);
    PUT(c, "/t/E", .interp = GLIBC,
        .needed = NAMES(X, "libother.so.3", "libbare.so", "plugin.so", "libc.so.6"));
    assert_string_equal(answer(c, "/t/E"), X " => " A_X " [ld.so.conf]\n"
                                             "libother.so.3 => missing\n"
                                             "libbare.so => /t/a/libbare.so [ld.so.conf]\n"
                                             "plugin.so => missing\n"
                                             "libc.so.6 => /lib64/libc.so.6 [ld.so.conf]\n"
                                             "ld-linux-x86-64.so.2 => " GLIBC " [interpreter]\n");
    assert_non_null(strstr(tenon_graph_remark(c->graph, 0), "/etc/ld.so.cache"));
    PUT(c, "/t/b/glibc-hwcaps/x86-64-v2/libx.so.1", .soname = X);
    assert_true(tenon_world_set_cpu(c->world, "x86-64-v3", NULL));
    assert_non_null(
        strstr(answer(c, "/t/E"), "/t/b/glibc-hwcaps/x86-64-v2/libx.so.1 [ld.so.conf]"));
}

/* Of glibc-hwcaps the cache names files; of other directories what is called as the SONAME. */
static void ldconfig_names_files_of_hwcaps(void **state)
{
    struct world_case *c = *state;
    assert_true(tenon_world_hide(c->world, "/etc/ld.so.cache", NULL));
    case_put_text(c, "/etc/ld.so.conf", "/t/a\n/t/b\n");
    PUT(c, "/t/b/glibc-hwcaps/x86-64-v2/libx-1.9.so", .soname = X);
    PUT(c, "/t/b/glibc-hwcaps/x86-64-v2/libx-1.10.so", .soname = X);
    PUT(c, "/t/a/libx-1.so", .soname = X);
    PUT(c, "/t/E", .interp = GLIBC, .needed = NAMES(X));
    assert_string_equal(answer(c, "/t/E"), MISSING);
    assert_true(tenon_world_put_link(c->world, "/t/a/" X, "libx-1.so", NULL));
    assert_string_equal(answer(c, "/t/E"), X " => /t/a/" X " [ld.so.conf]\n");
    assert_true(tenon_world_set_cpu(c->world, "x86-64-v2", NULL));
    assert_string_equal(answer(c, "/t/E"),
                        X " => /t/b/glibc-hwcaps/x86-64-v2/libx-1.10.so [ld.so.conf]\n");
}

/* What needs a better processor than the directory's name says is passed over, by the cache. */
static void ldconfig_knows_what_processor_a_file_needs(void **state)
{
    struct world_case *c = *state;
    assert_true(tenon_world_hide(c->world, "/etc/ld.so.cache", NULL));
    case_put_text(c, "/etc/ld.so.conf", "/t/a\n");
    PUT(c, "/t/a/libx.so.1", .soname = X);
    PUT(c, "/t/a/glibc-hwcaps/x86-64-v2/libx.so.1", .soname = X, .isa_needed = 1u << 2);
    PUT(c, "/t/E", .interp = GLIBC, .needed = NAMES(X));
    assert_true(tenon_world_set_cpu(c->world, "x86-64-v2", NULL));
    assert_string_equal(answer(c, "/t/E"), X " => /t/a/" X " [ld.so.conf]\n");
    assert_true(tenon_world_set_cpu(c->world, "x86-64-v3", NULL));
    assert_string_equal(answer(c, "/t/E"),
                        X " => /t/a/glibc-hwcaps/x86-64-v2/" X " [ld.so.conf]\n");
}

/* A link is what its file is, unless it is called as the SONAME or for the linker. */
static void ldconfig_knows_links(void **state)
{
    struct world_case *c = *state;
    assert_true(tenon_world_hide(c->world, "/etc/ld.so.cache", NULL));
    case_put_text(c, "/etc/ld.so.conf", "/t/a\n");
    PUT(c, "/t/o/libx.so.1.2", .soname = X);
    assert_true(tenon_world_put_link(c->world, "/t/a/libx.so", "../o/libx.so.1.2", NULL));
    assert_true(tenon_world_put_link(c->world, "/t/a/libother.so.5", "../o/libx.so.1.2", NULL));
    PUT(c, "/t/E", .interp = GLIBC, .needed = NAMES("libx.so", "libother.so.5", X));
    assert_string_equal(answer(c, "/t/E"), "libx.so => /t/a/libx.so [ld.so.conf]\n"
                                           "libother.so.5 => missing\n");
    assert_true(tenon_world_put_link(c->world, "/t/a/" X, "../o/libx.so.1.2", NULL));
    PUT(c, "/t/E", .interp = GLIBC, .needed = NAMES(X));
    assert_string_equal(answer(c, "/t/E"), X " => /t/a/" X " [ld.so.conf]\n");
}

/* Up to 2.36; directories that lead into themselves are entered once. */
static void ldconfig_enters_legacy_capabilities_by_version(void **state)
{
    struct world_case *c = *state;
    static const char newer[] = "\0/lib64/\0/usr/lib64/\0ld.so release version 2.37.\n";
    assert_true(tenon_world_hide(c->world, "/etc/ld.so.cache", NULL));
    case_put_text(c, "/etc/ld.so.conf", "/t/a\n/t/b\n");
    PUT(c, "/t/a/libx.so.1", .soname = X);
    PUT(c, "/t/b/x86_64/libx.so.1", .soname = X);
    PUT(c, "/t/b/x86_64/tls/libx.so.1", .soname = X);
    PUT(c, "/t/b/haswell/libx.so.1", .soname = X);
    assert_true(tenon_world_put_link(c->world, "/t/a/tls", ".", NULL));
    PUT(c, "/t/E", .interp = GLIBC, .needed = NAMES(X));
    assert_string_equal(answer(c, "/t/E"), X " => /t/b/x86_64/tls/" X " [ld.so.conf]\n");
    assert_true(tenon_world_hide(c->world, "/t/b/x86_64/tls", NULL));
    assert_string_equal(answer(c, "/t/E"), X " => /t/b/x86_64/" X " [ld.so.conf]\n");
    assert_true(tenon_world_set_cpu(c->world, "x86-64-v3", NULL));
    assert_true(tenon_world_set_vendor(c->world, "intel", NULL));
    assert_string_equal(answer(c, "/t/E"), X " => /t/b/haswell/" X " [ld.so.conf]\n");
    case_put_glibc(c, GLIBC, &(struct elf_spec){ .rodata = newer, .rodata_size = sizeof newer });
    assert_string_equal(answer(c, "/t/E"), X " => /t/a/" X " [ld.so.conf]\n");
    case_put_text(c, "/etc/ld.so.conf", "/t/b/tls\n"); /* a directory like any other by now */
    PUT(c, "/t/b/tls/libx.so.1", .soname = X);
    assert_string_equal(answer(c, "/t/E"), X " => /t/b/tls/" X " [ld.so.conf]\n");
}

/* ---- beginnings ---------------------------------------------------------------------------- */

static void a_missing_interpreter_is_missing(void **state)
{
    struct world_case *c = *state;
    put_two(c);
    PUT(c, "/t/E", .interp = "/none/ld-linux.so.2", .runpath = "/t/a", .needed = NAMES(X));
    assert_string_equal(answer(c, "/t/E"),
                        "/none/ld-linux.so.2 => missing\n" X " => " A_X " [RUNPATH]\n");
    assert_int_equal(status(c), TENON_STATUS_MISSING);
    assert_true(tenon_graph_library(c->graph, 0)->is_interpreter);
    assert_non_null(tenon_graph_library(c->graph, 0)->reason);
    assert_true(tenon_graph_tried_count(c->graph, 0) > 0);
    c->interpreter = GLIBC;
    assert_string_equal(answer(c, "/t/E"), X " => " A_X " [RUNPATH]\n");
    assert_int_equal(status(c), TENON_STATUS_OK);
}

static void what_is_not_started_is_an_error(void **state)
{
    struct world_case *c = *state;
    PUT(c, "/t/object", .type = 1);
    case_put_text(c, "/t/text", "#!/bin/sh\n");
    PUT(c, "/t/alien", .interp = "/system/runtime_loader");
    static const struct {
        const char *file;
        enum tenon_code code;
    } cases[] = {
        { "/t/object", TENON_E_NOT_LOADABLE }, { "/t/text", TENON_E_FORMAT },
        { "/t/none", TENON_E_SYSTEM },         { "/t", TENON_E_SYSTEM },
        { "/t/alien", TENON_E_UNSUPPORTED },
    };
    case_resolver(c);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        tenon_error err = TENON_ERROR_INIT;
        assert_null(tenon_resolve_file(c->resolver, cases[i].file, &err));
        assert_int_equal(err.code, cases[i].code);
        assert_non_null(strstr(err.text, cases[i].file));
    }
    tenon_error err = TENON_ERROR_INIT;
    assert_false(tenon_resolver_set_loader(c->resolver, "nothing", &err));
    assert_int_equal(err.code, TENON_E_ARGUMENT);
}

static void a_static_program_needs_nothing(void **state)
{
    struct world_case *c = *state;
    PUT(c, "/t/E", .type = 2, .no_dynamic = true);
    assert_string_equal(answer(c, "/t/E"), "");
    assert_true(tenon_graph_is_static(c->graph));
    assert_int_equal(status(c), TENON_STATUS_OK);
    assert_null(tenon_graph_loader(c->graph));
}

/* --exe: the library is opened by the program, whose RPATH counts and whose RUNPATH does not */
static void a_library_can_be_loaded_by_a_program(void **state)
{
    struct world_case *c = *state;
    put_two(c);
    PUT(c, "/t/liby.so", .needed = NAMES(X));
    PUT(c, "/t/E", .interp = GLIBC, .runpath = "/t/a");
    c->exe = "/t/E";
    assert_string_equal(answer(c, "/t/liby.so"),
                        "/t/liby.so => /t/liby.so [direct path]\n" MISSING);
    PUT(c, "/t/E", .interp = GLIBC, .rpath = "/t/a");
    assert_string_equal(answer(c, "/t/liby.so"),
                        "/t/liby.so => /t/liby.so [direct path]\n" X " => " A_X " [RPATH]\n");
}

/* With a program or without: what is wrong with the file is said of the file. */
static void a_file_that_no_program_can_load_is_its_own_fault(void **state)
{
    struct world_case *c = *state;
    static const struct {
        const char *file, *expected;
    } cases[] = {
        { "/t/none", "error system: /t/none: No such file or directory" },
        { "/t", "error system: /t: Is a directory" },
        { "/t/text", "error not-an-image: /t/text: not an image: a script for /bin/sh" },
        { "/t/object", "error not-loadable: /t/object: cannot be loaded: a relocatable object: it "
                       "must be linked first" },
    };
    PUT(c, "/t/object", .type = 1);
    case_put_text(c, "/t/text", "#!/bin/sh\n");
    PUT(c, "/t/E", .interp = GLIBC);
    for (size_t i = 0; i < 2 * sizeof cases / sizeof cases[0]; i++) {
        c->exe = i % 2 ? "/t/E" : NULL;
        assert_string_equal(answer(c, cases[i / 2].file), cases[i / 2].expected);
    }
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        c->exe = cases[i].file;
        assert_string_equal(answer(c, "/t/E"), cases[i].expected);
    }
}

/* Whichever of its names was met first. */
static void an_error_names_the_file_as_it_was_asked_for(void **state)
{
    struct world_case *c = *state;
    case_put_text(c, "/t/text", "#!/bin/sh\n");
    case_put_link(c, "/t/link", "text");
    PUT(c, "/t/E", .interp = GLIBC, .needed = NAMES("/t/text"));
    for (int met_before = 0; met_before < 2; met_before++) {
        case_resolver(c);
        if (met_before)
            assert_string_equal(answer_again(c, "/t/E"),
                                "/t/text => refused: /t/text: file too short\n");
        assert_string_equal(answer_again(c, "/t/link"),
                            "error not-an-image: /t/link: not an image: a script for /bin/sh");
        assert_string_equal(answer_again(c, "/t/text"),
                            "error not-an-image: /t/text: not an image: a script for /bin/sh");
    }
}

/* ---- symbols ------------------------------------------------------------------------------- */

/* ld.so gives up at once when the very library whose version is wanted has no versions at all. */
static void a_version_of_a_library_without_versions_binds_nothing(void **state)
{
    struct world_case *c = *state;
    const struct elf_spec_verneed v1[] = { { X, NAMES("V1"), false }, { 0 } };
    static const struct elf_spec_symbol uses[][3] = {
        { { .name = "f", .bind = 1, .type = 2, .version = "V1", .use = ELF_RELOC_PLT } },
        { { .name = "f", .bind = 2, .type = 2, .version = "V1", .use = ELF_RELOC_DATA } },
    };
    static const struct elf_spec_symbol plain[] = {
        { .name = "f", .bind = 1, .type = 2, .defined = true, .value = 64 }, { 0 }
    };
    c->flags = TENON_RESOLVE_SYMBOLS;
    PUT(c, A_X, .soname = X, .symbols = plain);
    PUT(c, "/t/a/libother.so", .symbols = plain);
    for (size_t i = 0; i < 2; i++) {
        PUT(c, "/t/E", .interp = GLIBC, .runpath = "/t/a", .needed = NAMES(X), .verneed = v1,
            .symbols = uses[i]);
        answer(c, "/t/E");
        assert_int_equal(status(c), TENON_STATUS_MISSING);
        const tenon_symbol_binding *b = tenon_graph_binding(c->graph, 0);
        assert_false(b->found);
        assert_int_equal(b->provider, TENON_NOBODY);
        assert_string_equal(b->reason, A_X " has no versions, and V1 of it is asked for");
        assert_null(tenon_graph_binding(c->graph, 1));
    }
    PUT(c, "/t/E", .interp = GLIBC, .runpath = "/t/a", .needed = NAMES("libother.so", X),
        .verneed = v1, .symbols = uses[0]); /* one that comes before it answers */
    answer(c, "/t/E");
    assert_int_equal(status(c), TENON_STATUS_OK);
    assert_int_equal(tenon_graph_binding(c->graph, 0)->provider, 0);
    static const char since[] = "\0/lib64/\0/usr/lib64/\0ld.so release version 2.41.\n";
    case_put_glibc(c, GLIBC, &(struct elf_spec){ .rodata = since, .rodata_size = sizeof since });
    PUT(c, "/t/E", .interp = GLIBC, .runpath = "/t/a", .needed = NAMES(X), .verneed = v1,
        .symbols = uses[0]); /* from 2.41 on it answers itself */
    answer(c, "/t/E");
    assert_int_equal(status(c), TENON_STATUS_OK);
    assert_int_equal(tenon_graph_binding(c->graph, 0)->provider, 0);
}

/* ---- one resolver, many questions ---------------------------------------------------------- */

static void nothing_leaks_from_one_question_to_the_next(void **state)
{
    struct world_case *c = *state;
    put_two(c);
    PUT(c, "/t/p/weird.so", .soname = X);
    PUT(c, "/t/E1", .interp = GLIBC, .rpath = "/t/b", .needed = NAMES("/t/p/weird.so", X));
    PUT(c, "/t/E2", .interp = GLIBC, .rpath = "/t/a", .needed = NAMES(X));
    PUT(c, "/t/E3", .interp = GLIBC, .needed = NAMES(X, "libc.so.6"));
    PUT(c, "/t/E4", .interp = MUSL, .rpath = "/t/b", .needed = NAMES(X, "libc.so.6"));
    PUT(c, "/t/E5", .interp = GLIBC, .rpath = "/t/a", .dt_flags_1 = NODEFLIB,
        .needed = NAMES("libc.so.6", X));
    static const struct {
        const char *file, *expected;
    } cases[] = {
        { "/t/E1", "/t/p/weird.so => /t/p/weird.so [direct path]\n" },
        { "/t/E2", X " => " A_X " [RPATH]\n" },
        { "/t/E3", MISSING "libc.so.6 => /lib64/libc.so.6 [default directory]\n"
                           "ld-linux-x86-64.so.2 => " GLIBC " [interpreter]\n" },
        { "/t/E4", X " => " B_X " [RPATH or RUNPATH]\n"
                     "libc.so.6 => " MUSL " [built into the loader]\n" },
        { "/t/none", NULL },
        { "/t/E5", "libc.so.6 => missing\n" X " => " A_X " [RPATH]\n" },
    };
    case_resolver(c);
    for (size_t round = 0; round < 3; round++) {
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
            const char *text = answer_again(c, cases[i].file);
            if (cases[i].expected)
                assert_string_equal(text, cases[i].expected);
            else
                assert_null(c->graph);
        }
    }
}

/* A graph stays as it is while others are made. */
static void settings_are_fixed_by_the_first_question(void **state)
{
    struct world_case *c = *state;
    put_two(c);
    PUT(c, "/t/E", .interp = GLIBC, .rpath = "/t/a:/t/b", .needed = NAMES(X));
    case_resolver(c);
    answer_again(c, "/t/E");
    tenon_error errors[3] = { TENON_ERROR_INIT, TENON_ERROR_INIT, TENON_ERROR_INIT };
    assert_false(tenon_resolver_set_loader(c->resolver, "musl", &errors[0]));
    assert_false(tenon_resolver_set_exe(c->resolver, "/t/E", &errors[1]));
    assert_false(tenon_resolver_set_interpreter(c->resolver, MUSL, &errors[2]));
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(errors[i].code, TENON_E_ARGUMENT);
    assert_string_equal(answer_again(c, "/t/E"), X " => " A_X " [RPATH]\n");
    tenon_graph_free(c->graph);
    c->graph = NULL;
    tenon_state *process = tenon_state_new(NULL);
    assert_false(tenon_resolve_state(c->resolver, process, NULL));
    tenon_state_free(process);
}

/* What was answered without candidates of later is answered anew with them, and the reverse. */
static void flags_can_change_between_questions(void **state)
{
    struct world_case *c = *state;
    put_two(c);
    PUT(c, "/t/E", .interp = GLIBC, .rpath = "/t/a:/t/b", .needed = NAMES(X));
    case_resolver(c);
    for (int i = 0; i < 4; i++) {
        tenon_resolver_set_flags(c->resolver, i % 2 ? TENON_RESOLVE_LATER : 0);
        answer_again(c, "/t/E");
        const char *text = tried(c, X);
        assert_int_equal(strstr(text, "later " B_X) != NULL, i % 2);
    }
}

static void graphs_live_side_by_side(void **state)
{
    struct world_case *c = *state;
    put_two(c);
    PUT(c, "/t/E1", .interp = GLIBC, .rpath = "/t/a", .needed = NAMES(X));
    PUT(c, "/t/E2", .interp = GLIBC, .rpath = "/t/b", .needed = NAMES(X));
    answer(c, "/t/E1");
    tenon_graph *first = c->graph;
    c->graph = NULL;
    assert_string_equal(answer_again(c, "/t/E2"), X " => " B_X " [RPATH]\n");
    assert_string_equal(tenon_graph_library(first, 0)->path, A_X);
    assert_string_equal(tenon_graph_file(first), "/t/E1");
    tenon_graph_free(first);
}

static void later_candidates_are_shown_when_asked_for(void **state)
{
    struct world_case *c = *state;
    static const struct cache_entry entries[] = { { .key = X, .value = "/t/gone/" X } };
    case_put_cache(c, entries, 1);
    put_two(c);
    PUT(c, "/t/a/glibc-hwcaps/x86-64-v2/libx.so.1", .soname = X);
    PUT(c, "/lib64/libx.so.1", .bits = 32);
    assert_true(tenon_world_set_cpu(c->world, "x86-64-v2", NULL));
    case_env(c, "LD_LIBRARY_PATH", "/t/e:/t/a:/t/b");
    PUT(c, "/t/E", .interp = GLIBC, .needed = NAMES(X));
    c->flags = TENON_RESOLVE_LATER;
    assert_string_equal(answer(c, "/t/E"),
                        X " => /t/a/glibc-hwcaps/x86-64-v2/libx.so.1 [LD_LIBRARY_PATH]\n");
    assert_string_equal(tried(c, X), "/t/e/libx.so.1: dir-missing\n"
                                     "/t/a/glibc-hwcaps/x86-64-v2/libx.so.1: found\n"
                                     "later " A_X ": later\n"
                                     "later " B_X ": later\n"
                                     "later /t/gone/libx.so.1: cache-entry-stale\n"
                                     "later /lib64/libx.so.1: wrong-class\n"
                                     "later /usr/lib64/libx.so.1: dir-missing\n");
    c->flags = 0;
    answer(c, "/t/E");
    assert_string_equal(tried(c, X), "/t/e/libx.so.1: dir-missing\n"
                                     "/t/a/glibc-hwcaps/x86-64-v2/libx.so.1: found\n");
}

static void the_worst_library_decides_the_status(void **state)
{
    struct world_case *c = *state;
    PUT(c, "/t/a/libgood.so", .type = 3);
    case_put_text(c, "/t/a/libbad.so", "text");
    const struct {
        const char *const *needed;
        enum tenon_status expected;
    } cases[] = {
        { NAMES("libgood.so"), TENON_STATUS_OK },
        { NAMES("libgood.so", "libnone.so"), TENON_STATUS_MISSING },
        { NAMES("libnone.so", "libbad.so"), TENON_STATUS_REFUSED },
        { NAMES("libbad.so", "libnone.so"), TENON_STATUS_REFUSED },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        PUT(c, "/t/E", .interp = GLIBC, .runpath = "/t/a", .needed = cases[i].needed);
        answer(c, "/t/E");
        assert_int_equal(status(c), cases[i].expected);
    }
}

/* ---- roots, drives, case ------------------------------------------------------------------- */

/* A layer with a fixed list of files, which knows nothing of case. */
struct shelf {
    const char *const *paths; /* ends with NULL; all hold the same bytes */
    uint8_t *bytes;
    size_t size;
};

/* 1: a file, 2: a directory above one, 0: neither */
static int shelf_kind(const struct shelf *s, const char *path, uint64_t *inode)
{
    size_t n = strcmp(path, "/") == 0 ? 0 : strlen(path);
    for (size_t i = 0; s->paths[i]; i++) {
        if (strncmp(s->paths[i], path, n) != 0)
            continue;
        *inode = i + 1;
        if (!s->paths[i][n])
            return 1;
        if (s->paths[i][n] == '/')
            return 2;
    }
    return 0;
}

static int shelf_lstat(void *layer, const char *path, tenon_file_info *info)
{
    const struct shelf *s = layer;
    uint64_t inode = 0;
    int kind = shelf_kind(s, path, &inode);
    *info = (tenon_file_info){ .device = 77,
                               .inode = inode + (kind == 2 ? 1000 : 0),
                               .size = kind == 1 ? s->size : 0,
                               .mode = 0755,
                               .type = kind == 1 ? TENON_FILE_REGULAR : TENON_FILE_DIRECTORY };
    return kind ? 0 : ENOENT;
}

static int shelf_open(void *layer, const char *path, tenon_file_info *info, void **file)
{
    *file = layer;
    return shelf_lstat(layer, path, info);
}

static int shelf_read(void *layer, void *file, uint64_t offset, void *bytes, size_t size,
                      size_t *got)
{
    const struct shelf *s = layer;
    (void)file;
    *got = offset >= s->size ? 0 : size < s->size - offset ? size : s->size - (size_t)offset;
    if (*got)
        memcpy(bytes, s->bytes + offset, *got);
    return 0;
}

static void shelf_close(void *layer, void *file)
{
    (void)layer;
    (void)file;
}

static int shelf_readlink(void *layer, const char *path, char *target, size_t size, size_t *length)
{
    (void)layer, (void)path, (void)target, (void)size, (void)length;
    return EINVAL;
}

static int shelf_list(void *layer, const char *path, int (*each)(void *arg, const char *name),
                      void *arg)
{
    const struct shelf *s = layer;
    size_t n = strcmp(path, "/") == 0 ? 0 : strlen(path);
    for (size_t i = 0; s->paths[i]; i++) {
        char name[64];
        if (strncmp(s->paths[i], path, n) != 0 || s->paths[i][n] != '/')
            continue;
        size_t size = strcspn(s->paths[i] + n + 1, "/");
        assert_true(size < sizeof name);
        memcpy(name, s->paths[i] + n + 1, size);
        name[size] = '\0';
        int error = each(arg, name);
        if (error)
            return error;
    }
    return 0;
}

static void shelf_free(void *layer)
{
    struct shelf *s = layer;
    free(s->bytes);
    free(s);
}

static void add_shelf(struct world_case *c, const char *mount, const char *const *paths,
                      enum tenon_case names)
{
    static const tenon_layer_ops ops = { shelf_open,     shelf_read, shelf_close, shelf_lstat,
                                         shelf_readlink, shelf_list, shelf_free };
    struct shelf *s = calloc(1, sizeof *s);
    assert_non_null(s);
    s->paths = paths;
    s->bytes = elf_build(&(struct elf_spec){ 0 }, &s->size);
    assert_true(tenon_world_add_layer(c->world, mount, &ops, s, names, NULL));
}

/* Two roots, "/" and "/C:": a library is found by another case where the layer says so. */
static void names_differ_by_case_only_where_the_layer_says_so(void **state)
{
    struct world_case *c = *state;
    static const char *const drive[] = { "/Program Files/Lib/LibDrive.SO", NULL };
    static const char *const root[] = { "/opt/LibRoot.so", "/opt/libdup.so", "/opt/LibDup.so",
                                        NULL };
    add_shelf(c, "/", root, TENON_CASE_SENSITIVE);
    add_shelf(c, "/C:", drive, TENON_CASE_INSENSITIVE);
    case_env(c, "LD_LIBRARY_PATH", "/opt:/C:/program files/LIB");
    PUT(c, "/t/E", .interp = GLIBC, .needed = NAMES("libdrive.so", "libroot.so", "LibRoot.so"));
    assert_string_equal(answer(c, "/t/E"), "libdrive.so => missing\n"
                                           "libroot.so => missing\n"
                                           "LibRoot.so => /opt/LibRoot.so [LD_LIBRARY_PATH]\n");
    case_env(c, "LD_LIBRARY_PATH", "/opt;/c:/program files/LIB");
    PUT(c, "/t/E", .interp = GLIBC, .runpath = "/opt", .needed = NAMES("LIBDRIVE.so"));
    case_cwd(c, "/C:/program files");
    PUT(c, "/t/E", .interp = GLIBC, .runpath = "lib", .needed = NAMES("LIBDRIVE.so", "libroot.so"));
    assert_string_equal(answer(c, "/t/E"), "LIBDRIVE.so => lib/LIBDRIVE.so [RUNPATH]\n"
                                           "libroot.so => missing\n");
}

/* Two spellings of one file are one object. */
static void one_file_under_two_cases_is_one_object(void **state)
{
    struct world_case *c = *state;
    static const char *const drive[] = { "/Lib/LibX.so", NULL };
    add_shelf(c, "/C:", drive, TENON_CASE_INSENSITIVE);
    case_cwd(c, "/C:/LIB");
    PUT(c, "/t/E", .interp = GLIBC, .runpath = ".", .needed = NAMES("LIBX.so", "libx.so"));
    assert_string_equal(answer(c, "/t/E"), "LIBX.so => ./LIBX.so [RUNPATH]\n");
}

static void files_in_memory_can_ignore_case_too(void **state)
{
    struct world_case *c = *state;
    PUT(c, "/Opt/A/LibX.so.1", .type = 3);
    PUT(c, "/t/E", .interp = GLIBC, .runpath = "/opt/a", .needed = NAMES(X));
    assert_string_equal(answer(c, "/t/E"), MISSING);
    tenon_world_set_case(c->world, TENON_CASE_INSENSITIVE);
    assert_string_equal(answer(c, "/t/E"), X " => /opt/a/libx.so.1 [RUNPATH]\n");
}

/* ---- memory -------------------------------------------------------------------------------- */

static char **many_names(size_t count, const char *format)
{
    char **names = calloc(count + 1, sizeof *names);
    assert_non_null(names);
    for (size_t i = 0; i < count; i++)
        assert_true(asprintf(&names[i], format, (unsigned)i) > 0);
    return names;
}

static void free_names(char **names)
{
    for (size_t i = 0; names[i]; i++)
        free(names[i]);
    free(names);
}

enum { RING = 400, ASKED = 200 };

/* Libraries that need each other in circles, and each has run paths of its own. */
static void put_ring(struct world_case *c, char *const *paths)
{
    for (size_t i = 0; i < RING; i++)
        PUT(c, paths[i], .soname = strrchr(paths[i], '/') + 1, .rpath = "$ORIGIN",
            .needed = NAMES(strrchr(paths[(i + 1) % RING], '/') + 1,
                            strrchr(paths[(i * 7 + 3) % RING], '/') + 1));
}

/* Bytes that are allocated. */
static size_t bytes_in_use(void)
{
#if defined __GLIBC__
    struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
#else
    return 0;
#endif
}

/* Chains of run paths belong to one process: what is found along them goes with its graph. */
static void memory_does_not_grow_with_the_files_asked_about(void **state)
{
    struct world_case *c = *state;
    char **paths = many_names(RING, "/t/ring/libn%u.so");
    put_ring(c, paths);
    case_resolver(c);
    answer_again(c, paths[0]);
    assert_int_equal(tenon_graph_count(c->graph), RING - 1);
    for (size_t i = 1; i < ASKED / 10; i++)
        answer_again(c, paths[i]);
    size_t before = bytes_in_use();
    for (size_t i = ASKED / 10; i < ASKED; i++)
        answer_again(c, paths[i]);
    size_t after = bytes_in_use();
    assert_true(after <= before + ((size_t)1 << 18)); /* one process alone takes as much */
    for (size_t i = 0; i < ASKED; i += 67) {
        answer_again(c, paths[i]);
        char *again = strdup(case_text(c));
        assert_non_null(again);
        struct world_case fresh = { .world = c->world };
        assert_string_equal(again, answer(&fresh, paths[i]));
        case_forget(&fresh);
        free(fresh.text);
        free(again);
    }
    free_names(paths);
}

/* A graph has its own attempts, and the next process has others, whose numbers are the same. */
static void graphs_keep_what_was_found_along_chains(void **state)
{
    struct world_case *c = *state;
    put_two(c);
    PUT(c, "/t/p/liby.so", .soname = "liby.so", .rpath = "/none", .needed = NAMES(X));
    PUT(c, "/t/E1", .interp = GLIBC, .rpath = "/t/a:/t/p", .needed = NAMES("liby.so"));
    PUT(c, "/t/E2", .interp = GLIBC, .rpath = "/t/b:/t/p", .needed = NAMES("liby.so"));
    static const char *const expected[][2] = {
        { "liby.so => /t/p/liby.so [RPATH]\n" X " => " A_X " [RPATH]\n",
          "/none/" X ": dir-missing\n" A_X ": found\n" },
        { "liby.so => /t/p/liby.so [RPATH]\n" X " => " B_X " [RPATH]\n",
          "/none/" X ": dir-missing\n" B_X ": found\n" },
    };
    answer(c, "/t/E1");
    tenon_graph *graphs[2] = { c->graph, NULL };
    c->graph = NULL;
    answer_again(c, "/t/E2");
    graphs[1] = c->graph;
    for (int i = 0; i < 4; i++) {
        c->graph = graphs[i % 2];
        assert_string_equal(case_text(c), expected[i % 2][0]);
        assert_string_equal(tried(c, X), expected[i % 2][1]);
        assert_string_equal(tenon_graph_library(c->graph, 1)->where,
                            i % 2 ? "RPATH of /t/E2" : "RPATH of /t/E1");
    }
    tenon_graph_free(graphs[0]);
}

/* ---- hostile input ------------------------------------------------------------------------- */

#define SECONDS 10.0

enum { MANY = 10000 };

static void ten_thousand_needs_are_answered(void **state)
{
    struct world_case *c = *state;
    char **names = many_names(MANY, "libn%u.so");
    char path[64];
    for (size_t i = 0; i < MANY; i += 2) {
        snprintf(path, sizeof path, "/t/a/%s", names[i]);
        PUT(c, path, .soname = names[i], .needed = NAMES("libn0.so", names[MANY - 2]));
    }
    PUT(c, "/t/E", .interp = GLIBC, .runpath = "/t/b:/t/a", .needed = (const char *const *)names);
    clock_t start = clock();
    answer(c, "/t/E");
    assert_true(ended_within(start, SECONDS));
    assert_int_equal(tenon_graph_count(c->graph), MANY);
    assert_int_equal(tenon_graph_library(c->graph, MANY - 1)->status, TENON_STATUS_MISSING);
    assert_int_equal(tenon_graph_library(c->graph, 0)->needed_by_count, MANY / 2 + 1);
    free_names(names);
}

/* A list of all needs that all share one chain. */
static void a_chain_of_ten_thousand_is_walked(void **state)
{
    struct world_case *c = *state;
    char **names = many_names(MANY, "libn%u.so");
    char path[64];
    for (size_t i = 0; i < MANY; i++) {
        snprintf(path, sizeof path, "/t/a/%s", names[i]);
        PUT(c, path, .rpath = "$ORIGIN", .needed = NAMES(i + 1 < MANY ? names[i + 1] : names[0]));
    }
    PUT(c, "/t/E", .interp = GLIBC, .rpath = "/t/a", .needed = NAMES(names[0]));
    clock_t start = clock();
    answer(c, "/t/E");
    assert_true(ended_within(start, SECONDS));
    assert_int_equal(tenon_graph_count(c->graph), MANY);
    assert_int_equal(status(c), TENON_STATUS_OK);
    free_names(names);
}

/* 100 objects with run paths of their own stand between the program's and who needs it. */
static void the_first_of_a_hundred_run_paths_counts(void **state)
{
    struct world_case *c = *state;
    static const struct {
        const char *interpreter, *rule;
    } loaders[] = { { GLIBC, "RPATH" }, { MUSL, "RPATH or RUNPATH" } };
    enum { LINKS = 100 };
    char **names = many_names(LINKS, "libn%u.so");
    char path[64], own[64];
    PUT(c, "/t/first/" X, .soname = X);
    for (size_t i = 0; i < LINKS; i++) {
        snprintf(path, sizeof path, "/t/a/%s", names[i]);
        snprintf(own, sizeof own, "/t/own%zu:/t/a", i);
        PUT(c, path, .rpath = own, .needed = NAMES(i + 1 < LINKS ? names[i + 1] : X));
    }
    for (size_t i = 0; i < sizeof loaders / sizeof loaders[0]; i++) {
        PUT(c, "/t/E", .interp = loaders[i].interpreter, .rpath = "/t/first:/t/a",
            .needed = NAMES(names[0]));
        answer(c, "/t/E");
        assert_int_equal(tenon_graph_count(c->graph), LINKS + 1);
        const tenon_library *x = tenon_graph_library(c->graph, LINKS);
        assert_string_equal(x->path, "/t/first/" X);
        assert_string_equal(x->rule->name, loaders[i].rule);
        assert_string_equal(x->where, "RPATH of /t/E");
    }
    free_names(names);
}

enum { DEEP = 8000 };

static void put_deep_chain(struct world_case *c, char *const *names, char *const *missing)
{
    char path[64], own[64];
    for (size_t i = 0; i < DEEP; i++) {
        const char *next = i + 1 < DEEP ? names[i + 1] : names[0];
        snprintf(path, sizeof path, "/t/a/%s", names[i]);
        snprintf(own, sizeof own, "/t/a:/t/own%zu", i);
        PUT(c, path, .rpath = own, .runpath = i % 3 ? NULL : own,
            .needed = NAMES(next, missing ? missing[i] : NULL));
    }
    PUT(c, "/t/E", .interp = GLIBC, .rpath = "/t/a", .needed = NAMES(names[0]));
}

/* Each has run paths of its own: what is searched costs, not what could be. */
static void a_chain_of_own_run_paths_is_walked_or_refused(void **state)
{
    struct world_case *c = *state;
    char **names = many_names(DEEP, "libn%u.so"), **missing = many_names(DEEP, "gone%u.so");
    put_deep_chain(c, names, NULL);
    clock_t start = clock();
    answer(c, "/t/E");
    assert_true(ended_within(start, SECONDS));
    assert_int_equal(tenon_graph_count(c->graph), DEEP);
    assert_int_equal(status(c), TENON_STATUS_OK);
    put_deep_chain(c, names, missing); /* now all of each chain is searched */
    start = clock();
    assert_int_equal(strncmp(answer(c, "/t/E"), "error limit: ", 13), 0);
    assert_true(ended_within(start, SECONDS));
    free_names(names);
    free_names(missing);
}

/* All of them go before the file that names them, and that has many others behind it. */
static void very_many_filtees_are_listed(void **state)
{
    struct world_case *c = *state;
    enum { NEEDS = 10000, FILTEES = 30000 };
    char **needs = many_names(NEEDS, "n%u"), **filtees = many_names(FILTEES, "f%u"), path[64];
    for (size_t i = 0; i < FILTEES; i++) {
        snprintf(path, sizeof path, "/t/a/%s", filtees[i]);
        PUT(c, path, .soname = filtees[i]);
        if (i < NEEDS) {
            snprintf(path, sizeof path, "/t/a/%s", needs[i]);
            PUT(c, path, .soname = needs[i]);
        }
    }
    free(needs[0]);
    needs[0] = strdup(filtees[1]); /* stands behind, then before */
    assert_non_null(needs[0]);
    PUT(c, "/t/E", .interp = GLIBC, .runpath = "/t/a", .needed = NAMES("libf.so"));
    PUT(c, "/t/a/libf.so", .runpath = "/t/a", .needed = (const char *const *)needs,
        .auxiliaries = (const char *const *)filtees);
    clock_t start = clock();
    answer(c, "/t/E");
    assert_true(ended_within(start, SECONDS));
    assert_int_equal(tenon_graph_count(c->graph), 1 + FILTEES + NEEDS - 1);
    assert_int_equal(case_index(c, "f1"), 1);
    assert_int_equal(case_index(c, "libf.so"), FILTEES);
    assert_int_equal(case_index(c, "n1"), FILTEES + 1);
    free_names(needs);
    free_names(filtees);
}

static char *repeat(const char *text, size_t times)
{
    size_t n = strlen(text);
    char *out = malloc(n * times + 1);
    assert_non_null(out);
    for (size_t i = 0; i < times; i++)
        memcpy(out + i * n, text, n);
    out[n * times] = '\0';
    return out;
}

enum { MEGABYTE = 1 << 20 };

static void a_megabyte_of_path_is_searched_or_refused(void **state)
{
    struct world_case *c = *state;
    static const char *const parts[] = { "x",        ":",   "/",     "$ORIGIN/",
                                         "$ORIGIN:", "ab:", "/x/y:", "../" };
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        char *list = repeat(parts[i], (MEGABYTE - 10) / strlen(parts[i]));
        static const char *const interpreters[] = { GLIBC, MUSL };
        for (size_t k = 0; k < 2; k++) {
            PUT(c, "/t/E", .interp = interpreters[k], .runpath = list, .rpath = list,
                .needed = NAMES(X));
            case_env(c, "LD_LIBRARY_PATH", list);
            clock_t start = clock();
            const char *text = answer(c, "/t/E");
            assert_true(ended_within(start, SECONDS));
            assert_true(c->graph ? status(c) != TENON_STATUS_OK
                                 : strncmp(text, "error limit: ", 13) == 0);
            PUT(c, "/t/E", .interp = interpreters[k], .soname = list, .needed = NAMES(list));
            case_env(c, "LD_LIBRARY_PATH", NULL);
            answer(c, "/t/E");
            assert_non_null(c->text);
        }
        free(list);
    }
}

/* Different directories without number, for many names: each name costs the loader all of them. */
static void many_names_in_a_long_path_end_with_a_limit(void **state)
{
    struct world_case *c = *state;
    char **names = many_names(MANY, "n%u");
    char **elements = many_names(MEGABYTE / 8, "/%05x:");
    char *list = malloc(MEGABYTE);
    assert_non_null(list);
    size_t size = 0;
    for (size_t i = 0; elements[i] && size + 8 < MEGABYTE; i++) {
        memcpy(list + size, elements[i], strlen(elements[i]) + 1);
        size += strlen(elements[i]);
    }
    PUT(c, "/t/E", .interp = GLIBC, .rpath = list, .needed = (const char *const *)names);
    clock_t start = clock();
    tenon_error err = TENON_ERROR_INIT;
    case_resolver(c);
    c->graph = tenon_resolve_file(c->resolver, "/t/E", &err);
    assert_true(ended_within(start, SECONDS));
    assert_null(c->graph);
    assert_int_equal(err.code, TENON_E_LIMIT);
    assert_true(strncmp(err.text, "/t/E: ", 6) == 0);
    PUT(c, "/t/F", .interp = GLIBC, .needed = NAMES("libc.so.6"));
    assert_non_null(strstr(answer_again(c, "/t/F"), "libc.so.6 => /lib64/libc.so.6"));
    free(list);
    free_names(elements);
    free_names(names);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(glibc_environment_beats_runpath_and_rpath_beats_both),
        CASE(glibc_ignores_rpath_beside_runpath),
        CASE(glibc_inherits_rpath_but_not_runpath),
        CASE(glibc_runpath_of_the_asker_disables_the_chain),
        CASE(glibc_runpath_between_does_not_cut_the_chain),
        CASE(glibc_loaded_soname_answers_before_any_search),
        CASE(glibc_soname_without_such_a_file_counts_once_it_is_loaded),
        CASE(glibc_one_inode_is_one_object),
        CASE(glibc_empty_elements_and_separators),
        CASE(glibc_origin_of_the_program),
        CASE(glibc_origin_of_a_library_is_where_its_link_is),
        CASE(glibc_slash_disables_the_search),
        CASE(glibc_directories_come_before_capabilities),
        CASE(glibc_legacy_capabilities_by_version),
        CASE(glibc_cache_puts_capabilities_before_directories),
        CASE(glibc_cache_gives_one_path),
        CASE(glibc_nodeflib_forbids_system_directories),
        CASE(glibc_secure_program),
        CASE(glibc_secure_program_takes_no_token_of_an_auxiliary),
        CASE(glibc_expands_tokens_of_names_and_of_the_environment),
        CASE(glibc_expands_tokens_of_preloads),
        CASE(glibc_missing_version_is_not_searched_for),
        CASE(glibc_needs_versions_of_what_is_there),
        CASE(glibc_needed_nothing_is_the_program),
        CASE(glibc_program_is_loaded_again_by_its_path),
        CASE(glibc_refuses_candidates_by_their_header),
        CASE(glibc_refuses_what_is_no_file_of_ours),
        CASE(glibc_refuses_truncated_files),
        CASE(glibc_wrong_class_is_remembered_for_the_message),
        CASE(a_miss_has_the_last_error),
        CASE(glibc_filtees_stand_before_their_owner),
        CASE(glibc_filtee_that_is_loaded_moves_forward_only),
        CASE(glibc_missing_filter_counts_and_auxiliary_does_not),
        CASE(glibc_preloads_come_first_and_answer_to_their_soname),
        CASE(glibc_of_another_prefix_has_its_own_preload_file),
        CASE(glibc_platform_is_haswell_in_all_releases),
        CASE(glibc_of_2_41_lists_itself),
        CASE(glibc_of_2_39_passes_over_files_in_a_list),
        CASE(glibc_secure_preloads_need_the_set_uid_bit),
        CASE(glibc_secure_preloads_are_verified_before_the_bit_is_asked_for),
        CASE(glibc_preloading_the_loader_changes_no_order),
        CASE(glibc_knows_its_loader_by_path_and_soname),
        CASE(needs_go_breadth_first_and_in_circles),
        CASE(musl_environment_beats_all_and_runpath_replaces_rpath),
        CASE(musl_inherits_runpath_nearest_first),
        CASE(musl_never_reads_sonames),
        CASE(musl_knows_an_object_by_its_inode),
        CASE(musl_takes_the_first_file_it_can_open),
        CASE(a_directory_in_a_circle_stops_musl_alone),
        CASE(musl_does_not_look_at_the_identification),
        CASE(musl_lists),
        CASE(musl_is_its_own_c_library),
        CASE(musl_uses_itself_for_another_c_library),
        CASE(musl_is_not_known_by_the_name_of_its_file),
        CASE(musl_path_file_is_relative_to_the_prefix),
        CASE(musl_knows_no_versions_filters_or_preload_file),
        CASE(musl_preloads_do_not_use_the_programs_run_path),
        CASE(musl_secure_program),
        CASE(musl_refuses_impossible_names),
        CASE(every_machine_has_its_default_interpreter),
        CASE(glibc_takes_no_library_of_another_machine),
        CASE(a_foreign_cache_is_read_in_its_byte_order),
        CASE(without_a_cache_ld_so_conf_is_read),
        CASE(ldconfig_names_files_of_hwcaps),
        CASE(ldconfig_knows_what_processor_a_file_needs),
        CASE(ldconfig_knows_links),
        CASE(ldconfig_enters_legacy_capabilities_by_version),
        CASE(a_missing_interpreter_is_missing),
        CASE(what_is_not_started_is_an_error),
        CASE(a_static_program_needs_nothing),
        CASE(a_library_can_be_loaded_by_a_program),
        CASE(a_file_that_no_program_can_load_is_its_own_fault),
        CASE(an_error_names_the_file_as_it_was_asked_for),
        CASE(a_version_of_a_library_without_versions_binds_nothing),
        CASE(nothing_leaks_from_one_question_to_the_next),
        CASE(settings_are_fixed_by_the_first_question),
        CASE(flags_can_change_between_questions),
        CASE(graphs_live_side_by_side),
        CASE(graphs_keep_what_was_found_along_chains),
        CASE(memory_does_not_grow_with_the_files_asked_about),
        CASE(later_candidates_are_shown_when_asked_for),
        CASE(the_worst_library_decides_the_status),
        CASE(names_differ_by_case_only_where_the_layer_says_so),
        CASE(one_file_under_two_cases_is_one_object),
        CASE(files_in_memory_can_ignore_case_too),
        CASE(ten_thousand_needs_are_answered),
        CASE(a_chain_of_ten_thousand_is_walked),
        CASE(the_first_of_a_hundred_run_paths_counts),
        CASE(a_chain_of_own_run_paths_is_walked_or_refused),
        CASE(very_many_filtees_are_listed),
        CASE(a_megabyte_of_path_is_searched_or_refused),
        CASE(many_names_in_a_long_path_end_with_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
