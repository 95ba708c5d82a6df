/* tests/unit/test_mangled.c - names of C++ */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "mangled.h"
#include "view.h"

static void statics_of_the_library(void **state)
{
    static const struct {
        const char *symbol;
        bool is_library;
    } cases[] = {
        /* as g++ 12 makes them of <regex> and <memory> */
        { "_ZZNKSt7__cxx1112regex_traitsIcE16lookup_classnameIPKcEENS1_10_RegexMaskET_S6_bE12__"
          "classnames",
          true },
        { "_ZZNSt19_Sp_make_shared_tag5_S_tiEvE5__tag", true },
        { "_ZZNSt8__detail9_ExecutorIPKcSaINSt7__cxx119sub_matchIS2_EEENS3_12regex_traitsIcEELb1EE"
          "6_M_dfsENS9_11_Match_modeElE1n",
          true },
        { "_ZZNSt3fooI3KeyE3barEvE1n", false },
        { "_ZZNKSt4hashI3KeyEclERKS0_E4seed", false },
        { "_ZZNKSt4hashIN3cfg3KeyEEclERKS1_E4seed", false },
        { "_ZZNSt3foo3barERK3KeyE1n", false },
        { "_ZZNSt3fooIL3Key3EE3barEvE1n", false },
        { "_ZZNSt3foomIERKS_E1n", true }, /* operator-= */
        { "_ZZNSt3fooB5cxx113barEvE1n", true },
        { "_ZZN3cfg4listEvE1v", false },
        { "_ZNSt3foo3barE", false },
        /* cut off, or of nothing we know */
        { "_ZZNSt", false },
        { "_ZZNSt3", false },
        { "_ZZNSt99999999999999999999foo", false },
        { "_ZZNSt3fooI", false },
        { "_ZZNSt3fooIL", false },
        { "_ZZNSt3fooS", false },
        { "_ZZNSt3fooE", false },
        { "_ZZNSt3foo3barEv", false },
        { "_ZZNSt3foo3barET", false },
        { "_ZZNSt3foo3barEC", false },
        { "", false },
    };
    (void)state;
    for (size_t i = 0; i < TN_COUNT(cases); i++)
        if (tn_mangled_is_library_static(cases[i].symbol) != cases[i].is_library)
            fail_msg("%s", cases[i].symbol);
}

static void no_list_is_too_deep(void **state)
{
    char name[300] = "_ZZNSt3foo";
    size_t used = sizeof "_ZZNSt3foo" - 1;

    (void)state;
    while (used < sizeof name - 1)
        name[used++] = 'I';
    assert_false(tn_mangled_is_library_static(name));
}

static void guards(void **state)
{
    (void)state;
    assert_true(tn_mangled_is_guard("_ZGVN3cfg5tableE"));
    assert_false(tn_mangled_is_guard("_ZN3cfg5tableE"));
    assert_true(tn_mangled_is_guard_of("_ZGVN3cfg5tableE", "_ZN3cfg5tableE"));
    assert_true(tn_mangled_is_guard_of("_ZGVZ1fvE1n", "_ZZ1fvE1n"));
    assert_false(tn_mangled_is_guard_of("_ZGVN3cfg5tableE", "_ZN3cfg5otherE"));
    assert_false(tn_mangled_is_guard_of("_ZGVN3cfg5tableE", "table"));
    assert_false(tn_mangled_is_guard_of("", ""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statics_of_the_library),
        cmocka_unit_test(no_list_is_too_deep),
        cmocka_unit_test(guards),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
