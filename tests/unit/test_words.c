/* tests/unit/test_words.c - stable words of unit.h, and digests as text */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <tenon/unit.h>

static void words_come_back(void **state)
{
    enum tenon_unit_kind unit;
    enum tenon_digest_kind digest;
    (void)state;
    for (unsigned i = 0; i <= TENON_UNIT_OCAML; i++) {
        assert_true(tenon_unit_kind_of(tenon_unit_kind_name((enum tenon_unit_kind)i), &unit));
        assert_int_equal(unit, i);
    }
    for (unsigned i = 0; i <= TENON_DIGEST_OCAML; i++) {
        assert_true(
            tenon_digest_kind_of(tenon_digest_kind_name((enum tenon_digest_kind)i), &digest));
        assert_int_equal(digest, i);
    }
    assert_false(tenon_unit_kind_of("C", &unit));
    assert_false(tenon_digest_kind_of("", &digest));
}

static void words_are_those_of_json(void **state)
{
    (void)state;
    assert_string_equal(tenon_unit_kind_name(TENON_UNIT_LIBRARY), "library");
    assert_string_equal(tenon_digest_kind_name(TENON_DIGEST_CODE), "code-1");
    assert_string_equal(tenon_record_name(TENON_RECORD_ASSEMBLED), "assembled");
    assert_string_equal(tenon_record_name(TENON_RECORD_UNREADABLE), "unreadable");
    assert_string_equal(tenon_answer_name(TENON_YES), "yes");
    assert_string_equal(tenon_answer_name((enum tenon_answer)7), "unknown");
    assert_string_equal(tenon_definition_kind_name(TENON_DEFINES_COMDAT), "comdat");
}

static void digests_are_equal_only_within_a_kind(void **state)
{
    tenon_digest a = { .kind = TENON_DIGEST_CODE, .size = 32 }, b = a, none = { 0 };
    (void)state;
    assert_int_equal(tenon_digest_equal(&a, &b), TENON_YES);
    b.bytes[31] = 1;
    assert_int_equal(tenon_digest_equal(&a, &b), TENON_NO);
    b.kind = TENON_DIGEST_SOURCE;
    assert_int_equal(tenon_digest_equal(&a, &b), TENON_UNKNOWN);
    assert_int_equal(tenon_digest_equal(&none, &none), TENON_UNKNOWN);
    b = a;
    b.size = 20;
    assert_int_equal(tenon_digest_equal(&a, &b), TENON_NO);
}

static void digests_come_back_from_text(void **state)
{
    char text[2 * TENON_DIGEST_ROOM + 1];
    tenon_digest digest, again;
    tenon_error err = TENON_ERROR_INIT;
    (void)state;
    assert_true(tenon_digest_read("00ffA9", TENON_DIGEST_BUILD_ID, &digest, &err));
    assert_int_equal(digest.size, 3);
    assert_string_equal(tenon_digest_text(&digest, text), "00ffa9");
    assert_true(tenon_digest_read(text, TENON_DIGEST_BUILD_ID, &again, &err));
    assert_int_equal(tenon_digest_equal(&digest, &again), TENON_YES);
    assert_true(tenon_digest_read("", TENON_DIGEST_UNKNOWN, &digest, &err));
    assert_string_equal(tenon_digest_text(&digest, text), "");
}

static void what_is_no_digest_is_refused(void **state)
{
    static const char *const texts[] = {
        "", "0", "0g", " 0",
        "0011223344556677889900112233445566778899001122334455667788990011223344"
    };
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        tenon_digest digest;
        tenon_error err = TENON_ERROR_INIT;
        assert_false(tenon_digest_read(texts[i], TENON_DIGEST_CODE, &digest, &err));
        assert_int_equal(err.code, TENON_E_MALFORMED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_come_back),
        cmocka_unit_test(words_are_those_of_json),
        cmocka_unit_test(digests_are_equal_only_within_a_kind),
        cmocka_unit_test(digests_come_back_from_text),
        cmocka_unit_test(what_is_no_digest_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
