/* tests/unit/test_entry_order.c - entries by path; none is another one's folder */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "entry_order.h"
#include "failing_malloc.h"

static void entries_are_found_by_their_numbers(void **state)
{
    (void)state;
    struct tn_entry_order order = { 0 };
    assert_int_equal(tn_entry_order_find(&order, "a"), TN_NO_ENTRY);
    assert_null(tn_entry_order_fault(&order, "a/b"));
    assert_true(tn_entry_order_add(&order, "a/b", 0));
    assert_true(tn_entry_order_add(&order, "a/c/d", 7));
    assert_int_equal(tn_entry_order_find(&order, "a/b"), 0);
    assert_int_equal(tn_entry_order_find(&order, "a/c/d"), 7);
    assert_int_equal(tn_entry_order_find(&order, "a"), TN_NO_ENTRY);
    assert_int_equal(tn_entry_order_find(&order, "a/c"), TN_NO_ENTRY);
    tn_entry_order_set(&order, "a/c/d", 1);
    assert_int_equal(tn_entry_order_find(&order, "a/c/d"), 1);
    tn_entry_order_free(&order);
}

static void an_entry_is_nobodys_folder(void **state)
{
    (void)state;
    struct tn_entry_order order = { 0 };
    assert_true(tn_entry_order_add(&order, "a/b/c", 0));
    assert_non_null(tn_entry_order_fault(&order, "a"));
    assert_non_null(tn_entry_order_fault(&order, "a/b"));
    assert_null(tn_entry_order_fault(&order, "a/b/c")); /* to replace it is no matter of folders */
    assert_non_null(tn_entry_order_fault(&order, "a/b/c/d"));
    assert_non_null(tn_entry_order_fault(&order, "a/b/c/d/e"));
    assert_null(tn_entry_order_fault(&order, "a/b/d"));
    assert_null(tn_entry_order_fault(&order, "a/b/cc"));
    assert_null(tn_entry_order_fault(&order, "a/bb"));
    /* what sorts between them by bytes does not come between them */
    assert_true(tn_entry_order_add(&order, "a/b-c", 1));
    assert_true(tn_entry_order_add(&order, "a/b/d", 2));
    assert_true(tn_entry_order_add(&order, "f", 3));
    assert_true(tn_entry_order_add(&order, "f-", 4));
    assert_non_null(tn_entry_order_fault(&order, "a/b"));
    assert_non_null(tn_entry_order_fault(&order, "f/g"));
    assert_int_equal(tn_entry_order_find(&order, "a/b-c"), 1);
    assert_int_equal(tn_entry_order_find(&order, "f-"), 4);
    tn_entry_order_free(&order);
}

static void what_was_taken_out_is_in_nobodys_way(void **state)
{
    (void)state;
    struct tn_entry_order order = { 0 };
    assert_true(tn_entry_order_add(&order, "a/b", 0));
    assert_true(tn_entry_order_add(&order, "a/c", 1));
    tn_entry_order_remove(&order, "a/b");
    assert_int_equal(tn_entry_order_find(&order, "a/b"), TN_NO_ENTRY);
    assert_non_null(tn_entry_order_fault(&order, "a"));
    assert_null(tn_entry_order_fault(&order, "a/b/d"));
    tn_entry_order_remove(&order, "a/c");
    assert_null(tn_entry_order_fault(&order, "a"));
    assert_true(tn_entry_order_add(&order, "a", 2));
    assert_int_equal(tn_entry_order_find(&order, "a"), 2);
    assert_non_null(tn_entry_order_fault(&order, "a/c"));
    tn_entry_order_free(&order);
}

/* A refusal leaves the order as it was: the same call then works. */
static void each_allocation_may_fail(void **state)
{
    (void)state;
    long n = 0;
    for (bool done = false; !done; n++) {
        struct tn_entry_order order = { 0 };
        fail_after(n);
        done = tn_entry_order_add(&order, "a/b/c", 3);
        fail_never();
        assert_int_equal(done, !allocation_failed);
        assert_int_equal(tn_entry_order_find(&order, "a/b/c"), done ? 3 : TN_NO_ENTRY);
        assert_int_equal(tn_entry_order_fault(&order, "a/b") != NULL, done);
        assert_true(done || tn_entry_order_add(&order, "a/b/c", 3));
        assert_non_null(tn_entry_order_fault(&order, "a/b"));
        tn_entry_order_free(&order);
    }
    assert_true(n > 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entries_are_found_by_their_numbers),
        cmocka_unit_test(an_entry_is_nobodys_folder),
        cmocka_unit_test(what_was_taken_out_is_in_nobodys_way),
        cmocka_unit_test(each_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
