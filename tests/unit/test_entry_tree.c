/* tests/unit/test_entry_tree.c - entries by path; none is another one's folder */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "entry_tree.h"
#include "failing_malloc.h"

static void entries_are_found_by_their_numbers(void **state)
{
    (void)state;
    struct tn_entry_tree tree = { 0 };
    assert_int_equal(tn_entry_tree_find(&tree, "a"), TN_NO_NAME);
    assert_null(tn_entry_tree_fault(&tree, "a/b"));
    assert_true(tn_entry_tree_add(&tree, "a/b", 0));
    assert_true(tn_entry_tree_add(&tree, "a/c/d", 7));
    assert_int_equal(tn_entry_tree_find(&tree, "a/b"), 0);
    assert_int_equal(tn_entry_tree_find(&tree, "a/c/d"), 7);
    assert_int_equal(tn_entry_tree_find(&tree, "a"), TN_NO_NAME);
    assert_int_equal(tn_entry_tree_find(&tree, "a/c"), TN_NO_NAME);
    tn_entry_tree_renumber(&tree, "a/c/d", 1);
    assert_int_equal(tn_entry_tree_find(&tree, "a/c/d"), 1);
    tn_entry_tree_free(&tree);
}

static void an_entry_is_nobodys_folder(void **state)
{
    (void)state;
    struct tn_entry_tree tree = { 0 };
    assert_true(tn_entry_tree_add(&tree, "a/b/c", 0));
    assert_non_null(tn_entry_tree_fault(&tree, "a"));
    assert_non_null(tn_entry_tree_fault(&tree, "a/b"));
    assert_null(tn_entry_tree_fault(&tree, "a/b/c")); /* to replace it is no matter of folders */
    assert_non_null(tn_entry_tree_fault(&tree, "a/b/c/d"));
    assert_non_null(tn_entry_tree_fault(&tree, "a/b/c/d/e"));
    assert_null(tn_entry_tree_fault(&tree, "a/b/d"));
    assert_null(tn_entry_tree_fault(&tree, "a/b/cc"));
    assert_null(tn_entry_tree_fault(&tree, "a/bb"));
    tn_entry_tree_free(&tree);
}

static void what_was_taken_out_is_in_nobodys_way(void **state)
{
    (void)state;
    struct tn_entry_tree tree = { 0 };
    assert_true(tn_entry_tree_add(&tree, "a/b", 0));
    assert_true(tn_entry_tree_add(&tree, "a/c", 1));
    tn_entry_tree_remove(&tree, "a/b");
    assert_int_equal(tn_entry_tree_find(&tree, "a/b"), TN_NO_NAME);
    assert_non_null(tn_entry_tree_fault(&tree, "a"));
    assert_null(tn_entry_tree_fault(&tree, "a/b/d"));
    tn_entry_tree_remove(&tree, "a/c");
    assert_null(tn_entry_tree_fault(&tree, "a"));
    assert_true(tn_entry_tree_add(&tree, "a", 2));
    assert_int_equal(tn_entry_tree_find(&tree, "a"), 2);
    assert_non_null(tn_entry_tree_fault(&tree, "a/c"));
    tn_entry_tree_free(&tree);
}

/* A refusal leaves the tree as it was: the same call then works. */
static void each_allocation_may_fail(void **state)
{
    (void)state;
    long n = 0;
    for (bool done = false; !done; n++) {
        struct tn_entry_tree tree = { 0 };
        fail_after(n);
        done = tn_entry_tree_add(&tree, "a/b/c", 3);
        fail_never();
        assert_int_equal(done, !allocation_failed);
        assert_int_equal(tn_entry_tree_find(&tree, "a/b/c"), done ? 3 : TN_NO_NAME);
        assert_int_equal(tn_entry_tree_fault(&tree, "a/b") != NULL, done);
        assert_true(done || tn_entry_tree_add(&tree, "a/b/c", 3));
        assert_non_null(tn_entry_tree_fault(&tree, "a/b"));
        tn_entry_tree_free(&tree);
    }
    assert_true(n > 3);
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
