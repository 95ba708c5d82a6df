/* tests/unit/test_arena.c - what an arena gives out is zeroed, aligned, apart, and can be refused
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "arena.h"
#include "failing_malloc.h"
#include "line.h"

static void everything_is_zeroed_and_aligned(void **state)
{
    (void)state;
    struct tn_arena arena = { 0 };
    for (int round = 0; round < 2; round++) {
        for (size_t size = 0; size < 5000; size += 7) {
            unsigned char *at = tn_arena_take(&arena, size);
            assert_non_null(at);
            assert_int_equal((uintptr_t)at % _Alignof(max_align_t), 0);
            for (size_t i = 0; i < size; i++)
                assert_int_equal(at[i], 0);
            if (size > 0)
                memset(at, 0xAA, size);
            memset(tn_arena_bytes(&arena, 3), 0xBB, 3); /* leaves the next one unaligned */
            assert_int_equal((uintptr_t)tn_arena_room(&arena, size, 3) % _Alignof(max_align_t), 0);
        }
        tn_arena_reset(&arena);
    }
    tn_arena_free(&arena);
}

static void pieces_do_not_overlap(void **state)
{
    (void)state;
    enum { PIECES = 2000 };
    static unsigned char *pieces[PIECES];
    static const size_t sizes[] = { 1, 40, 4096, 300, 2048, 70000, 16 };
    struct tn_arena arena = { 0 };
    for (size_t i = 0; i < PIECES; i++) {
        size_t size = sizes[i % (sizeof sizes / sizeof sizes[0])];
        pieces[i] = i % 2 ? tn_arena_bytes(&arena, size) : tn_arena_take(&arena, size);
        memset(pieces[i], (int)(i % 251), size);
    }
    for (size_t i = 0; i < PIECES; i++) {
        size_t size = sizes[i % (sizeof sizes / sizeof sizes[0])];
        assert_int_equal(pieces[i][0], i % 251);
        assert_int_equal(pieces[i][size - 1], i % 251);
    }
    tn_arena_free(&arena);
}

static void impossible_sizes_are_refused(void **state)
{
    (void)state;
    struct tn_arena arena = { 0 };
    assert_null(tn_arena_rows(&arena, SIZE_MAX / 2, 3));
    assert_null(tn_arena_room(&arena, SIZE_MAX / 2, 3));
    assert_null(tn_arena_bytes(&arena, SIZE_MAX));
    assert_null(tn_arena_copy(&arena, "x", SIZE_MAX));
    assert_non_null(tn_arena_take(&arena, 10));
    assert_null(tn_arena_take(&arena, SIZE_MAX - 4));
    tn_arena_free(&arena);
}

static void copies_end_with_a_nul(void **state)
{
    (void)state;
    struct tn_arena arena = { 0 };
    assert_string_equal(tn_arena_copy(&arena, "abcdef", 3), "abc");
    assert_string_equal(tn_arena_copy(&arena, NULL, 0), "");
    assert_string_equal(tn_arena_string(&arena, "whole"), "whole");
    char *text = tn_arena_format(&arena, "%d-%*s", 42, 9000, "x");
    assert_int_equal(strlen(text), 9003);
    assert_memory_equal(text, "42-", 3);
    tn_arena_free(&arena);
}

static void a_reset_arena_works_without_asking_for_memory(void **state)
{
    (void)state;
    struct tn_arena arena = { 0 };
    for (int i = 0; i < 100; i++)
        assert_non_null(tn_arena_take(&arena, 1000));
    tn_arena_reset(&arena);
    fail_after(0);
    void *again = tn_arena_take(&arena, 1000);
    fail_never();
    assert_non_null(again);
    tn_arena_free(&arena);
}

static void a_huge_block_is_given_back_by_a_reset(void **state)
{
    (void)state;
    struct tn_arena arena = { 0 };
    assert_non_null(tn_arena_bytes(&arena, (1u << 20) + 1));
    tn_arena_reset(&arena);
    fail_after(0);
    void *again = tn_arena_bytes(&arena, 1);
    fail_never();
    assert_null(again);
    tn_arena_free(&arena);
}

static void a_first_block_may_be_small(void **state)
{
    (void)state;
    struct tn_arena arena = { 0 };
    fail_after(0);
    assert_false(tn_arena_begin(&arena, 100));
    fail_after(1);
    assert_true(tn_arena_begin(&arena, 100));
    assert_non_null(tn_arena_bytes(&arena, 60));
    assert_non_null(tn_arena_bytes(&arena, 40));
    assert_null(tn_arena_bytes(&arena, 1)); /* full, and there is no memory */
    fail_never();
    assert_non_null(tn_arena_bytes(&arena, 1));
    tn_arena_reset(&arena);
    assert_non_null(tn_arena_bytes(&arena, 1000));
    tn_arena_free(&arena);
}

static bool use_everything(struct tn_arena *arena)
{
    bool all = true;
    for (size_t size = 8; size < 100000; size *= 3) {
        all = tn_arena_take(arena, size) && all;
        all = tn_arena_rows(arena, size, 2) && all;
        all = tn_arena_copy(arena, "abc", 3) && all;
        all = tn_arena_format(arena, "%zu", size) && all;
    }
    return all;
}

static void each_allocation_may_fail(void **state)
{
    (void)state;
    long n = 0;
    for (bool done = false; !done; n++) {
        struct tn_arena arena = { 0 };
        fail_after(n);
        bool all = use_everything(&arena);
        fail_never();
        assert_int_equal(all, !allocation_failed);
        done = all;
        assert_true(use_everything(&arena)); /* still good */
        tn_arena_free(&arena);
    }
    assert_true(n > 5);
}

static void an_array_grows_or_stays(void **state)
{
    (void)state;
    int *rows = NULL;
    size_t capacity = 0;
    for (size_t count = 0; count < 1000; count++) {
        if (count == capacity) {
            fail_after(0);
            assert_false(tn_grow(&rows, &capacity, count, sizeof *rows));
            fail_never();
        }
        assert_true(tn_grow(&rows, &capacity, count, sizeof *rows));
        assert_true(count < capacity);
        rows[count] = (int)count;
    }
    for (size_t i = 0; i < 1000; i++)
        assert_int_equal(rows[i], i);
    size_t huge = SIZE_MAX / 2 + 1;
    assert_false(tn_grow(&rows, &huge, huge, 1));
    huge = SIZE_MAX / 8;
    assert_false(tn_grow(&rows, &huge, huge, 8));
    free(rows);
}

static void words_join_to_a_line(void **state)
{
    (void)state;
    struct tn_arena arena = { 0 };
    struct tn_line line = { 0 };
    size_t moves = 0;
    assert_true(tn_line_add(&arena, &line, ""));
    assert_string_equal(line.at, "");
    assert_true(tn_line_add(&arena, &line, "a"));
    assert_string_equal(line.at, "a");
    for (int i = 0; i < 1000; i++) {
        const char *before = line.at;
        assert_true(tn_line_add(&arena, &line, i % 2 ? "longer than that" : "b"));
        moves += line.at != before;
    }
    assert_memory_equal(line.at, "a b longer than that b ", 23);
    assert_int_equal(strlen(line.at), line.size);
    assert_int_equal(line.size, 1 + 500 * (2 + 17));
    assert_true(moves < 20);
    tn_arena_free(&arena);
}

static void a_line_without_memory_stays_as_it_is(void **state)
{
    (void)state;
    char word[5000] = "";
    struct tn_arena arena = { 0 };
    struct tn_line line = { 0 };
    memset(word, 'x', sizeof word - 1);
    fail_after(0);
    assert_false(tn_line_add(&arena, &line, "first"));
    fail_never();
    assert_null(line.at);
    assert_true(tn_line_add(&arena, &line, "first"));
    fail_after(0);
    assert_false(tn_line_add(&arena, &line, word));
    fail_never();
    assert_string_equal(line.at, "first");
    assert_true(tn_line_add(&arena, &line, word));
    assert_int_equal(line.size, 5 + 1 + 4999);
    tn_arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_is_zeroed_and_aligned),
        cmocka_unit_test(pieces_do_not_overlap),
        cmocka_unit_test(impossible_sizes_are_refused),
        cmocka_unit_test(copies_end_with_a_nul),
        cmocka_unit_test(a_reset_arena_works_without_asking_for_memory),
        cmocka_unit_test(a_huge_block_is_given_back_by_a_reset),
        cmocka_unit_test(each_allocation_may_fail),
        cmocka_unit_test(an_array_grows_or_stays),
        cmocka_unit_test(a_first_block_may_be_small),
        cmocka_unit_test(words_join_to_a_line),
        cmocka_unit_test(a_line_without_memory_stays_as_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
