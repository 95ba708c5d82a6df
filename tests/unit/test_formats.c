/* tests/unit/test_formats.c - files that are no image are named for what they are */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "model.h"

static void expect(const void *bytes, size_t size, enum tenon_code code, const char *text)
{
    tenon_error err = TENON_ERROR_INIT;
    assert_null(tenon_image_parse(bytes, size, "f", &err));
    assert_string_equal(err.text, text);
    assert_int_equal(err.code, code);
}

#define EXPECT(literal, code, text) expect(literal, sizeof(literal) - 1, code, text)

static void text_and_scripts_are_named(void **state)
{
    (void)state;
    const enum tenon_code format = TENON_E_FORMAT;
    EXPECT("#!/bin/sh -e\necho\n", format, "f: not an image: a script for /bin/sh");
    EXPECT("#! \t/usr/bin/env python3\n", format, "f: not an image: a script for /usr/bin/env");
    EXPECT("#!/bin/a\x1b[31m\n", format, "f: not an image: a script for /bin/a\\x1b[31m");
    EXPECT("#!\n", format, "f: not an image: a script that names no interpreter");
    EXPECT("#!", format, "f: not an image: a script that names no interpreter");
    EXPECT("hello\n", format, "f: not an image: a text file");
    EXPECT("VZ is text\n", format, "f: not an image: a text file");
    EXPECT("\x7f"
           "EL",
           format, "f: not an image: of no format known");
    EXPECT("\x80\0\0", format, "f: not an image: of no format known");
    EXPECT("PK\x03\x04", format, "f: not an image: a zip archive");
    /* the name of the first entry, of a length that stands before it */
    char zip[40] = "PK\x03\x04";
    memcpy(zip + 30, "tenon.json", 10);
    expect(zip, sizeof zip, format, "f: not an image: a zip archive");
    zip[26] = 10;
    expect(zip, sizeof zip, format, "f: not an image: a bundle (tenon bundle show, tenon units)");
    expect(zip, sizeof zip - 1, format, "f: not an image: a zip archive");
    EXPECT("\xca\xfe\xba\xbe\0\0\0\x34", format, "f: not an image: a Java class");
    EXPECT("", TENON_E_TRUNCATED, "f: is empty");
}

static void other_formats_are_named_and_unsupported(void **state)
{
    (void)state;
    const enum tenon_code code = TENON_E_UNSUPPORTED;
    char pe[128] = "MZ", pdp11[16] = { 7, 1, 16, 9, 66, 1, 16, 4 };
    pe[0x3c] = 64;
    expect(pe, sizeof pe, code, "f: a DOS program, which this version cannot read");
    pe[64] = 'P';
    pe[65] = 'E';
    expect(pe, sizeof pe, TENON_E_TRUNCATED,
           "f: optional header: 72 bytes needed at 0x58, 40 left");
    pe[64] = 'N';
    expect(pe, sizeof pe, code, "f: an NE image, which this version cannot read");
    expect(pdp11, sizeof pdp11, code,
           "f: an a.out file for the PDP-11, or one that was cut short, which this version cannot "
           "read");
    EXPECT("\x01\x60\0\x0b", code, "f: an ECOFF file, which this version cannot read");
    EXPECT("\0\0\x8a\x97", code, "f: a Plan 9 program, which this version cannot read");
    EXPECT("bFLT\0\0\0\4", code, "f: a bFLT file, which this version cannot read");
}

static void an_aout_file_must_hold_what_its_header_promises(void **state)
{
    (void)state;
    uint8_t aout[64] = { 0x07, 0x01, 0x64, 0x00, 16, 0, 0, 0 };
    tenon_error err = TENON_ERROR_INIT;
    tenon_image *image = tenon_image_parse(aout, sizeof aout, "f", &err);
    assert_non_null(image);
    assert_int_equal(tenon_image_format(image), TENON_FORMAT_AOUT);
    tenon_image_free(image);
    aout[7] = 1;
    assert_null(tenon_image_parse(aout, sizeof aout, "f", &err));
    assert_int_equal(err.code, TENON_E_UNSUPPORTED);
}

static void what_cannot_be_read_says_why(void **state)
{
    (void)state;
    tenon_error err = TENON_ERROR_INIT;
    tenon_world *world = tenon_world_empty(&err);
    assert_true(tenon_world_put_dir(world, "/d", &err));
    assert_null(tenon_image_open(world, "/none", TENON_PART_CORE, &err));
    assert_int_equal(err.code, TENON_E_SYSTEM);
    assert_int_equal(err.system_errno, ENOENT);
    assert_int_equal(strncmp(err.text, "/none: ", 7), 0);
    assert_null(tenon_image_open(world, "/d", TENON_PART_CORE, &err));
    assert_int_equal(err.code, TENON_E_SYSTEM);
    assert_int_equal(err.system_errno, EISDIR);
    tenon_world_free(world);
}

static void names_in_messages_are_escaped(void **state)
{
    (void)state;
    tenon_error err = TENON_ERROR_INIT;
    assert_null(tenon_image_parse("x", 1, "a\nb", &err));
    assert_string_equal(err.text, "a\\x0ab: not an image: a text file");
}

/* Exactly one reader says yes to an image, and none to anything else. */
static void readers_answer_yes_or_no(void **state)
{
    (void)state;
    static const char heads[][64] = { "\177ELF", "\xcf\xfa\xed\xfe", "\xfe\xed\xfa\xce",
                                      "\xca\xfe\xba\xbe\0\0\0\2" };
    for (size_t k = 0; k < TN_COUNT(heads); k++) {
        size_t yes = 0;
        for (size_t i = 0; tn_formats[i]; i++)
            yes += tn_formats[i]->matches(tn_view(heads[k], sizeof heads[k]));
        assert_int_equal(yes, 1);
    }
    for (size_t i = 0; tn_formats[i]; i++) {
        assert_false(tn_formats[i]->matches(tn_view(heads[0], 3)));
        assert_false(tn_formats[i]->matches(tn_view("#!/bin/sh", 9)));
        assert_false(tn_formats[i]->matches(tn_view("\xca\xfe\xba\xbe\0\0\0\x34", 8)));
        assert_string_not_equal(tenon_format_name(tn_formats[i]->format), "unknown");
    }
}

static void enumerations_have_stable_words(void **state)
{
    (void)state;
    assert_string_equal(tenon_kind_name(TENON_KIND_KERNEL_MODULE), "kernel-module");
    assert_string_equal(tenon_kind_name(TENON_KIND_DEBUG), "debug");
    assert_string_equal(tenon_endian_name(TENON_ENDIAN_BIG), "big");
    assert_string_equal(tenon_flavour_name(TENON_NEED_NORMAL), "normal");
    assert_string_equal(tenon_flavour_name(TENON_NEED_DLOPEN), "dlopen");
    assert_string_equal(tenon_format_name(TENON_FORMAT_ELF), "elf");
    assert_string_equal(tenon_kind_name((enum tenon_kind)99), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_and_scripts_are_named),
        cmocka_unit_test(other_formats_are_named_and_unsupported),
        cmocka_unit_test(an_aout_file_must_hold_what_its_header_promises),
        cmocka_unit_test(what_cannot_be_read_says_why),
        cmocka_unit_test(names_in_messages_are_escaped),
        cmocka_unit_test(readers_answer_yes_or_no),
        cmocka_unit_test(enumerations_have_stable_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
