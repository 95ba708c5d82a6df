/* tests/unit/test_hwcaps.c - hardware capability subdirectories in the order glibc tries them */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hwcaps.h"

enum { EM_386 = 3, EM_PPC64 = 21, EM_S390 = 22, EM_X86_64 = 62, EM_AARCH64 = 183 };

static void check_list(const char *const *list, const char *const *expected)
{
    assert_non_null(list);
    for (; *expected; list++, expected++) {
        assert_non_null(*list);
        assert_string_equal(*list, *expected);
    }
    assert_null(*list);
}

static void levels_are_best_first(void **state)
{
    (void)state;
    static const struct {
        uint32_t machine;
        enum tn_endian endian;
        const char *level, *expected[6];
    } cases[] = {
        { EM_X86_64, TN_LITTLE, "x86-64-v4", { "x86-64-v4", "x86-64-v3", "x86-64-v2" } },
        { EM_X86_64, TN_LITTLE, "x86-64-v3", { "x86-64-v3", "x86-64-v2" } },
        { EM_X86_64, TN_LITTLE, "x86-64-v2", { "x86-64-v2" } },
        { EM_X86_64, TN_LITTLE, "", { NULL } },
        { EM_X86_64, TN_LITTLE, "power10", { NULL } },
        { EM_PPC64, TN_LITTLE, "power10", { "power10", "power9" } },
        { EM_PPC64, TN_LITTLE, "power9", { "power9" } },
        { EM_PPC64, TN_BIG, "power10", { NULL } },
        { EM_S390, TN_BIG, "z16", { "z16", "z15", "z14", "z13" } },
        { EM_S390, TN_BIG, "z13", { "z13" } },
        { EM_AARCH64, TN_LITTLE, "x86-64-v3", { NULL } },
        { EM_386, TN_LITTLE, "x86-64-v3", { NULL } },
    };
    for (size_t i = 0; i < TN_COUNT(cases); i++) {
        const char *levels[TN_HWCAPS_LEVELS];
        tn_hwcaps_levels(cases[i].machine, cases[i].endian, cases[i].level, levels);
        check_list(levels, cases[i].expected);
    }
}

static void isa_levels_count_from_the_baseline(void **state)
{
    (void)state;
    assert_int_equal(tn_hwcaps_isa_level(EM_X86_64, ""), 1);
    assert_int_equal(tn_hwcaps_isa_level(EM_X86_64, "x86-64-v2"), 2);
    assert_int_equal(tn_hwcaps_isa_level(EM_X86_64, "x86-64-v3"), 3);
    assert_int_equal(tn_hwcaps_isa_level(EM_X86_64, "x86-64-v4"), 4);
    assert_int_equal(tn_hwcaps_isa_level(EM_AARCH64, ""), 0);
}

/* rule  glibc 2.36: LD_DEBUG=libs shows this list */
static void the_legacy_power_set_follows_the_levels(void **state)
{
    (void)state;
    struct tn_arena arena = { 0 };
    static const char *const old[] = { "glibc-hwcaps/x86-64-v3",
                                       "glibc-hwcaps/x86-64-v2",
                                       "tls/x86_64/x86_64",
                                       "tls/x86_64",
                                       "tls/x86_64",
                                       "tls",
                                       "x86_64/x86_64",
                                       "x86_64",
                                       "x86_64",
                                       NULL };
    static const char *const new[] = { "glibc-hwcaps/x86-64-v3", "glibc-hwcaps/x86-64-v2", NULL };
    check_list(tn_hwcaps_subdirs(&arena, EM_X86_64, TN_LITTLE, "x86-64-v3", "x86_64", true), old);
    check_list(tn_hwcaps_subdirs(&arena, EM_X86_64, TN_LITTLE, "x86-64-v3", "x86_64", false), new);
    static const char *const intel[] = { "tls/haswell/avx512_1/x86_64", "tls/haswell/avx512_1" };
    const char *const *subdirs =
        tn_hwcaps_subdirs(&arena, EM_X86_64, TN_LITTLE, "x86-64-v4", "haswell", true);
    assert_non_null(subdirs);
    for (size_t i = 0; i < TN_COUNT(intel); i++)
        assert_string_equal(subdirs[3 + i], intel[i]);
    tn_arena_free(&arena);
}

static void the_legacy_set_without_a_platform(void **state)
{
    (void)state;
    struct tn_arena arena = { 0 };
    static const char *const only[] = { "tls", NULL };
    static const char *const with[] = { "tls/v7l", "tls", "v7l", NULL };
    check_list(tn_hwcaps_subdirs(&arena, 40, TN_LITTLE, "", NULL, true), only);
    check_list(tn_hwcaps_subdirs(&arena, 40, TN_LITTLE, "", "", true), only);
    check_list(tn_hwcaps_subdirs(&arena, 40, TN_LITTLE, "", "v7l", true), with);
    check_list(tn_hwcaps_subdirs(&arena, 40, TN_LITTLE, "", "v7l", false), only + 1);
    tn_arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(levels_are_best_first),
        cmocka_unit_test(isa_levels_count_from_the_baseline),
        cmocka_unit_test(the_legacy_power_set_follows_the_levels),
        cmocka_unit_test(the_legacy_set_without_a_platform),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
