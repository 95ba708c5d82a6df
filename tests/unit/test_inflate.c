/* tests/unit/test_inflate.c - exactly what was packed, or an error that says which way it is wrong
 */
#include "inflate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <zlib.h>

#include <cmocka.h>

enum { SIZE = 5000 };
static uint8_t plain[SIZE], packed[2 * SIZE];
static size_t packed_size;

static int pack(void **state)
{
    z_stream stream = { 0 };
    (void)state;
    for (size_t i = 0; i < SIZE; i++)
        plain[i] = (uint8_t)(i * i >> 3);
    assert_int_equal(deflateInit2(&stream, 9, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY), Z_OK);
    stream.next_in = plain;
    stream.avail_in = SIZE;
    stream.next_out = packed;
    stream.avail_out = sizeof packed;
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    packed_size = stream.total_out;
    deflateEnd(&stream);
    return 0;
}

static bool take_out(size_t from, size_t to, tenon_error *err)
{
    uint8_t *in = malloc(from ? from : 1), *out = malloc(to ? to : 1);
    assert_non_null(in);
    assert_non_null(out);
    memcpy(in, packed, from < sizeof packed ? from : sizeof packed);
    bool ok = tn_inflate(tn_view(in, from), out, to, err);
    if (ok)
        assert_memory_equal(out, plain, to);
    free(in);
    free(out);
    return ok;
}

static void gives_what_was_packed(void **state)
{
    tenon_error err = TENON_ERROR_INIT;
    (void)state;
    assert_true(take_out(packed_size, SIZE, &err));
}

static void every_prefix_is_truncated(void **state)
{
    (void)state;
    for (size_t n = 0; n < packed_size; n++) {
        tenon_error err = TENON_ERROR_INIT;
        assert_false(take_out(n, SIZE, &err));
        assert_int_equal(err.code, TENON_E_TRUNCATED);
    }
}

static void another_length_is_refused(void **state)
{
    static const size_t others[] = { 0, 1, SIZE - 1, SIZE + 1 };
    (void)state;
    for (size_t i = 0; i < TN_COUNT(others); i++) {
        tenon_error err = TENON_ERROR_INIT;
        assert_false(take_out(packed_size, others[i], &err));
        assert_int_equal(err.code, TENON_E_MALFORMED);
    }
}

static void bytes_behind_the_end_are_refused(void **state)
{
    tenon_error err = TENON_ERROR_INIT;
    (void)state;
    assert_false(take_out(packed_size + 1, SIZE, &err));
    assert_int_equal(err.code, TENON_E_MALFORMED);
}

static void bad_data_is_refused(void **state)
{
    static const struct {
        uint8_t bytes[8];
        size_t size, out;
        enum tenon_code code;
        const char *message;
    } bad[] = {
        { { 0x07 }, 1, 0, TENON_E_MALFORMED, "invalid block type" },
        { { 0x01 }, 1, 0, TENON_E_TRUNCATED, "the data ends after 0 of 0 bytes" },
        { { 0x01, 1, 0, 0, 0 }, 5, 1, TENON_E_MALFORMED, "invalid stored block lengths" },
        { { 0x01, 1, 0, 0xfe, 0xff, 'a' }, 6, 0, TENON_E_MALFORMED, "more than the 0 bytes" },
        { { 0x01, 1, 0, 0xfe, 0xff, 'a' }, 6, 2, TENON_E_MALFORMED, "give 1, not the 2" },
        { { 0x01, 1, 0, 0xfe, 0xff, 'a', 'b' }, 7, 1, TENON_E_MALFORMED, "6 of 7 bytes give 1" },
        { { 0x03, 0x02 }, 2, 3, TENON_E_MALFORMED, "invalid distance too far back" },
        { { 0x05, 0xc0, 0x81, 0, 0, 0, 0, 0 }, 8, 1, TENON_E_TRUNCATED, "ends after 0 of 1" },
    };
    uint8_t out[16];
    (void)state;
    for (size_t i = 0; i < TN_COUNT(bad); i++) {
        tenon_error err = TENON_ERROR_INIT;
        assert_false(tn_inflate(tn_view(bad[i].bytes, bad[i].size), out, bad[i].out, &err));
        if (err.code != bad[i].code || !strstr(err.text, bad[i].message))
            fail_msg("%zu: %s", i, err.text);
    }
}

static void smallest_streams(void **state)
{
    static const uint8_t stored[] = { 0x01, 1, 0, 0xfe, 0xff, 'a' }, empty[] = { 0x03, 0x00 };
    uint8_t out[1];
    (void)state;
    assert_true(tn_inflate(tn_view(stored, sizeof stored), out, 1, NULL));
    assert_int_equal(out[0], 'a');
    assert_true(tn_inflate(tn_view(empty, sizeof empty), out, 0, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_what_was_packed),
        cmocka_unit_test(every_prefix_is_truncated),
        cmocka_unit_test(another_length_is_refused),
        cmocka_unit_test(bytes_behind_the_end_are_refused),
        cmocka_unit_test(bad_data_is_refused),
        cmocka_unit_test(smallest_streams),
    };
    return cmocka_run_group_tests(tests, pack, NULL);
}
