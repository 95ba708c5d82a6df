/* tests/unit/test_error.c - an error keeps its fact, whatever is added around it */
#include <errno.h>
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fail.h"

static void a_new_error_says_no_error(void **state)
{
    (void)state;
    tenon_error err = TENON_ERROR_INIT;
    assert_string_equal(tenon_error_message(&err), "no error");
    assert_string_equal(tenon_error_message(NULL), "no error");
}

static void null_is_accepted_everywhere(void **state)
{
    (void)state;
    assert_false(tn_fail(NULL, TENON_E_FORMAT, "x"));
    assert_false(tn_fail_system(NULL, ENOENT, "x"));
    assert_false(tn_context(NULL, "x"));
    assert_false(tn_no_memory(NULL));
}

static void context_goes_outermost_first(void **state)
{
    (void)state;
    tenon_error err = TENON_ERROR_INIT;
    assert_false(tn_fail(&err, TENON_E_TRUNCATED, "entry %d", 3));
    assert_false(tn_context(&err, "section at 0x%x", 16u));
    assert_false(tn_context(&err, "plugin.so"));
    assert_int_equal(err.code, TENON_E_TRUNCATED);
    assert_int_equal(err.system_errno, 0);
    assert_string_equal(tenon_error_message(&err), "plugin.so: section at 0x10: entry 3");
}

static void a_second_failure_replaces_the_first(void **state)
{
    (void)state;
    tenon_error err = TENON_ERROR_INIT;
    tn_fail_system(&err, EACCES, "first");
    tn_fail(&err, TENON_E_LIMIT, "second");
    assert_int_equal(err.system_errno, 0);
    assert_string_equal(tenon_error_message(&err), "second");
}

static void the_system_is_quoted_in_english(void **state)
{
    (void)state;
    tenon_error err = TENON_ERROR_INIT;
    setlocale(LC_ALL, "");
    assert_false(tn_fail_system(&err, ENOENT, "reading '%s'", "x"));
    assert_int_equal(err.code, TENON_E_SYSTEM);
    assert_int_equal(err.system_errno, ENOENT);
    assert_string_equal(tenon_error_message(&err), "reading 'x': No such file or directory");
    assert_string_equal(tn_errno_text(99999), "Unknown error");
}

static void the_meaning_of_errno_survives_a_long_text(void **state)
{
    (void)state;
    char big[3000];
    tenon_error err = TENON_ERROR_INIT;
    memset(big, 'x', sizeof big - 1);
    big[sizeof big - 1] = '\0';
    tn_fail_system(&err, ENOENT, "%s", big);
    assert_int_equal(strlen(err.text), TENON_ERROR_TEXT - 1);
    assert_non_null(strstr(err.text, "x: No such file or directory"));
}

static void too_long_a_chain_loses_outer_frames_and_never_the_fact(void **state)
{
    (void)state;
    char frame[301];
    tenon_error err = TENON_ERROR_INIT;
    memset(frame, 'f', sizeof frame - 1);
    frame[sizeof frame - 1] = '\0';
    tn_fail(&err, TENON_E_MALFORMED, "the fact");
    for (int i = 0; i < 10; i++)
        tn_context(&err, "%d%s", i, frame);
    tn_context(&err, "s"); /* would fit, but stands outside of dropped ones */
    size_t size = strlen(err.text);
    assert_true(size < TENON_ERROR_TEXT);
    assert_string_equal(err.text + size - 10, ": the fact");
    assert_memory_equal(err.text, "...: 2f", 7);
    assert_null(strchr(err.text, 's'));
}

static void a_cut_text_ends_with_a_whole_character(void **state)
{
    (void)state;
    for (size_t ascii = TENON_ERROR_TEXT - 6; ascii < TENON_ERROR_TEXT; ascii++) {
        char text[TENON_ERROR_TEXT + 16];
        tenon_error err = TENON_ERROR_INIT;
        memset(text, 'a', ascii);
        strcpy(text + ascii, "\xf0\x9f\x98\x80"
                             "\xf0\x9f\x98\x80");
        tn_fail(&err, TENON_E_LIMIT, "%s", text);
        size_t whole = (TENON_ERROR_TEXT - 1 - ascii) / 4;
        assert_int_equal(strlen(err.text), ascii + 4 * whole);
    }
}

static void every_code_has_a_name_of_its_own(void **state)
{
    (void)state;
    for (int a = TENON_OK; a <= TENON_E_ARGUMENT; a++) {
        assert_string_not_equal(tenon_code_name((enum tenon_code)a), "unknown");
        for (int b = TENON_OK; b < a; b++)
            assert_string_not_equal(tenon_code_name((enum tenon_code)a),
                                    tenon_code_name((enum tenon_code)b));
    }
    assert_string_equal(tenon_code_name((enum tenon_code)999), "unknown");
    assert_string_equal(tenon_code_name(TENON_E_FORMAT), "not-an-image");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_error_says_no_error),
        cmocka_unit_test(null_is_accepted_everywhere),
        cmocka_unit_test(context_goes_outermost_first),
        cmocka_unit_test(a_second_failure_replaces_the_first),
        cmocka_unit_test(the_system_is_quoted_in_english),
        cmocka_unit_test(the_meaning_of_errno_survives_a_long_text),
        cmocka_unit_test(too_long_a_chain_loses_outer_frames_and_never_the_fact),
        cmocka_unit_test(a_cut_text_ends_with_a_whole_character),
        cmocka_unit_test(every_code_has_a_name_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
