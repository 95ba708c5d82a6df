/* tests/unit/test_cursor.c - reads that do not fit give 0, are named, and touch nothing */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cursor.h"

static const uint8_t bytes[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 };

static void words_are_read_in_either_order(void **state)
{
    (void)state;
    struct tn_cursor little = tn_cursor(tn_view(bytes, sizeof bytes), TN_LITTLE);
    assert_int_equal(tn_u8(&little, "a"), 1);
    assert_int_equal(tn_u16(&little, "b"), 0x0302);
    assert_int_equal(tn_u32(&little, "c"), 0x07060504);
    assert_true(tn_u64(&little, "d") == 0x0f0e0d0c0b0a0908u);
    assert_true(tn_end(&little, NULL));

    struct tn_cursor big = tn_cursor(tn_view(bytes, sizeof bytes), TN_BIG);
    assert_int_equal(tn_u8(&big, "a"), 1);
    assert_int_equal(tn_u16(&big, "b"), 0x0203);
    assert_int_equal(tn_word(&big, 4, "c"), 0x04050607);
    assert_true(tn_word(&big, 8, "d") == 0x08090a0b0c0d0e0fu);
    assert_true(tn_end(&big, NULL));
}

static void the_first_read_that_does_not_fit_is_named(void **state)
{
    (void)state;
    struct tn_view in = tn_view(bytes, 5);
    in.start = 0x100;
    struct tn_cursor c = tn_cursor(in, TN_LITTLE);
    tenon_error err = TENON_ERROR_INIT;
    assert_int_equal(tn_u16(&c, "kept"), 0x0201);
    assert_int_equal(tn_u32(&c, "e_lost"), 0);
    assert_int_equal(tn_u8(&c, "later"), 0); /* though this one would fit */
    assert_false(tn_end(&c, &err));
    assert_int_equal(err.code, TENON_E_TRUNCATED);
    assert_string_equal(err.text, "e_lost: 4 bytes needed at 0x102, 3 left");
}

static void every_prefix_is_refused(void **state)
{
    (void)state;
    for (size_t n = 0; n < sizeof bytes; n++) {
        uint8_t *cut = malloc(n + 1); /* a sanitizer guards what is behind */
        assert_non_null(cut);
        memcpy(cut + 1, bytes, n);
        struct tn_cursor c = tn_cursor(tn_view(cut + 1, n), TN_BIG);
        tenon_error err = TENON_ERROR_INIT;
        tn_u8(&c, "a");
        tn_u16(&c, "b");
        tn_u32(&c, "c");
        tn_u64(&c, "d");
        assert_false(tn_end(&c, &err));
        assert_int_equal(err.code, TENON_E_TRUNCATED);
        free(cut);
    }
}

static void seeking_past_the_end_is_refused(void **state)
{
    (void)state;
    struct tn_cursor c = tn_cursor(tn_view(bytes, 4), TN_LITTLE);
    tenon_error err = TENON_ERROR_INIT;
    tn_seek(&c, 4, "end");
    assert_true(tn_end(&c, &err));
    tn_seek(&c, UINT64_MAX, "e_phoff");
    assert_false(tn_end(&c, &err));
    assert_string_equal(err.text, "e_phoff: offset 0xffffffffffffffff is past the end, 0x4");
}

static void a_count_is_worth_only_what_is_there(void **state)
{
    (void)state;
    struct tn_cursor c = tn_cursor(tn_view(bytes, 12), TN_LITTLE);
    struct tn_view rows = tn_rows(&c, 3, 4, "rows");
    assert_int_equal(rows.size, 12);
    assert_true(tn_end(&c, NULL));

    static const uint64_t counts[][2] = {
        { 4, 4 }, { UINT64_MAX, 1 }, { UINT64_MAX, UINT64_MAX }, { UINT64_C(1) << 32, 1u << 31 }
    };
    for (size_t i = 0; i < TN_COUNT(counts); i++) {
        c = tn_cursor(tn_view(bytes, 12), TN_LITTLE);
        rows = tn_rows(&c, counts[i][0], counts[i][1], "rows");
        assert_int_equal(rows.size, 0);
        assert_false(tn_end(&c, NULL));
    }
}

static void a_part_knows_its_place(void **state)
{
    (void)state;
    struct tn_view part;
    assert_true(tn_view_sub(tn_view(bytes, 10), 4, 6, &part));
    assert_int_equal(part.start, 4);
    struct tn_cursor c = tn_cursor(part, TN_LITTLE);
    tn_skip(&c, 2, "skipped");
    part = tn_sub(&c, 3, "inner");
    assert_int_equal(part.start, 6);
    assert_int_equal(part.at[0], 7);
    assert_false(tn_view_sub(tn_view(bytes, 10), 4, 7, &part));
    assert_false(tn_view_sub(tn_view(bytes, 10), 11, 0, &part));
    assert_false(tn_view_sub(tn_view(bytes, 10), 1, UINT64_MAX, &part));
}

static void a_string_must_end_inside(void **state)
{
    (void)state;
    struct tn_view in = tn_view("ab\0cd", 5);
    assert_string_equal(tn_view_string(in, 0), "ab");
    assert_string_equal(tn_view_string(in, 2), "");
    assert_null(tn_view_string(in, 3));
    assert_null(tn_view_string(in, 5));
    assert_null(tn_view_string(in, UINT64_MAX));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_read_in_either_order),
        cmocka_unit_test(the_first_read_that_does_not_fit_is_named),
        cmocka_unit_test(every_prefix_is_refused),
        cmocka_unit_test(seeking_past_the_end_is_refused),
        cmocka_unit_test(a_count_is_worth_only_what_is_there),
        cmocka_unit_test(a_part_knows_its_place),
        cmocka_unit_test(a_string_must_end_inside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
