/* tests/unit/test_chains.c - rows of one name are found in their order */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "chains.h"
#include "failing_malloc.h"

static const char *name_at(const void *rows, size_t i)
{
    return ((const char *const *)rows)[i];
}

static void rows_of_one_name_come_in_their_order(void **state)
{
    (void)state;
    static const char *const rows[] = { "a", "b", "a", NULL, "", "a" };
    struct tn_chains chains;
    assert_true(tn_chains_make(&chains, 6, name_at, rows));
    uint32_t row = tn_chains_first(&chains, "a");
    assert_int_equal(row, 0);
    assert_int_equal(row = tn_chains_next(&chains, row), 2);
    assert_int_equal(row = tn_chains_next(&chains, row), 5);
    assert_int_equal(tn_chains_next(&chains, row), TN_NO_NAME);
    assert_int_equal(tn_chains_first(&chains, "b"), 1);
    assert_int_equal(tn_chains_next(&chains, 1), TN_NO_NAME);
    assert_int_equal(tn_chains_first(&chains, ""), 4);
    assert_int_equal(tn_chains_next(&chains, 3), TN_NO_NAME);
    assert_int_equal(tn_chains_first(&chains, "c"), TN_NO_NAME);
    tn_chains_free(&chains);
}

static void no_rows_have_no_name(void **state)
{
    (void)state;
    struct tn_chains chains;
    assert_true(tn_chains_make(&chains, 0, name_at, NULL));
    assert_int_equal(tn_chains_first(&chains, "a"), TN_NO_NAME);
    tn_chains_free(&chains);
    tn_chains_free(&chains);
}

static void each_allocation_may_fail(void **state)
{
    (void)state;
    static const char *const rows[] = { "a", "b", "a" };
    long n = 0;
    for (bool done = false; !done; n++) {
        struct tn_chains chains;
        fail_after(n);
        done = tn_chains_make(&chains, 3, name_at, rows);
        fail_never();
        assert_int_equal(done, !allocation_failed);
        tn_chains_free(&chains);
    }
    assert_true(n > 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_of_one_name_come_in_their_order),
        cmocka_unit_test(no_rows_have_no_name),
        cmocka_unit_test(each_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
