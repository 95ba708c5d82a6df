/* tests/unit/test_name_sum.c - what names of a file have together is bounded */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "name_sum.h"

static void names_count_with_their_ends(void **state)
{
    (void)state;
    tenon_error err = TENON_ERROR_INIT;
    uint64_t used = 0;
    assert_true(tn_count_name(&used, "abc", 10, "names", &err));
    assert_int_equal(used, 4);
    assert_true(tn_count_name(&used, "", 10, "names", &err));
    assert_true(tn_count_bytes(&used, 4, 10, "names", &err));
    assert_int_equal(used, 10);
    assert_int_equal(err.code, TENON_OK);
}

static void one_byte_more_is_said(void **state)
{
    (void)state;
    tenon_error err = TENON_ERROR_INIT;
    uint64_t used = 0;
    assert_true(tn_count_name(&used, "abc", 4, "names of things", &err));
    assert_false(tn_count_name(&used, "", 4, "names of things", &err));
    assert_int_equal(err.code, TENON_E_LIMIT);
    assert_non_null(strstr(err.text, "names of things: more than 4 bytes"));
}

static void a_symbol_of_no_library_has_no_name(void **state)
{
    (void)state;
    tenon_error err = TENON_ERROR_INIT;
    uint64_t used = TN_LIMIT_SYMBOL_NAMES;
    assert_true(tn_count_provider(&used, NULL, &err));
    assert_false(tn_count_provider(&used, "libc.so", &err));
    assert_int_equal(err.code, TENON_E_LIMIT);
    used = 0;
    assert_true(tn_count_provider(&used, "libc.so", &err));
    assert_int_equal(used, 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_count_with_their_ends),
        cmocka_unit_test(one_byte_more_is_said),
        cmocka_unit_test(a_symbol_of_no_library_has_no_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
