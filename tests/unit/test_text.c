/* tests/unit/test_text.c - escaped text is safe to show, and can be undone */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "text.h"
#include "view.h"

static int digit(char c)
{
    return c <= '9' ? c - '0' : c - 'a' + 10;
}

/* The rule backwards: each \xHH is a byte. */
static size_t undo(char *out, const char *text)
{
    size_t size = 0;
    for (; *text; text++) {
        if (text[0] == '\\' && text[1] == 'x') {
            out[size++] = (char)(digit(text[2]) << 4 | digit(text[3]));
            text += 3;
        } else {
            out[size++] = *text;
        }
    }
    return size;
}

struct example {
    const char *bytes;
    size_t size;
    const char *escaped; /* NULL: as it is */
};
#define BYTES(literal) literal, sizeof(literal) - 1

static const struct example examples[] = {
    { BYTES("libfoo.so.1"), NULL },
    { BYTES("a b~'\"/"), NULL },
    { BYTES("\0"), "\\x00" },
    { BYTES("a\nb\033[1m\177"), "a\\x0ab\\x1b[1m\\x7f" },
    { BYTES("C:\\app\\"), NULL },
    { BYTES("C:\\x"), "C:\\x5cx" }, /* as if it were an escape */
    { BYTES("\\\\x0a"), "\\\\x5cx0a" },
    { BYTES("\\\n"), "\\\\x0a" },
    { BYTES("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"), NULL },
    { BYTES("\xc2\x9b"), "\\xc2\\x9b" }, /* C1: another escape for terminals */
    { BYTES("\xc2\xa0"), NULL },         /* the first after C1 */
    { BYTES("\x80"), "\\x80" },          /* no beginning */
    { BYTES("\xc3"), "\\xc3" },          /* no end */
    { BYTES("\xe2\x82"), "\\xe2\\x82" }, /* no end */
    { BYTES("\xe2\x82z"), "\\xe2\\x82z" },
    { BYTES("\xc0\xaf"), "\\xc0\\xaf" },          /* overlong */
    { BYTES("\xe0\x9f\xbf"), "\\xe0\\x9f\\xbf" }, /* overlong */
    { BYTES("\xf0\x8f\xbf\xbf"), "\\xf0\\x8f\\xbf\\xbf" },
    { BYTES("\xed\xa0\x80"), "\\xed\\xa0\\x80" },          /* a surrogate */
    { BYTES("\xed\x9f\xbf\xee\x80\x80"), NULL },           /* its neighbours */
    { BYTES("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80" }, /* beyond U+10FFFF */
    { BYTES("\xf4\x8f\xbf\xbf"), NULL },
    { BYTES("\xff\xfe"), "\\xff\\xfe" },
    { BYTES("\xe2\x80\xae"), "\\xe2\\x80\\xae" }, /* right-to-left override */
    { BYTES("\xe2\x80\xa8\xe2\x80\xa9"), "\\xe2\\x80\\xa8\\xe2\\x80\\xa9" },
    { BYTES("\xe2\x81\xa5\xe2\x81\xa6"), "\xe2\x81\xa5\\xe2\\x81\\xa6" },
    { BYTES("\xe2\x81\xa9\xe2\x81\xaa"), "\\xe2\\x81\\xa9\xe2\x81\xaa" },
    { BYTES("\xef\xbb\xbf"), "\\xef\\xbb\\xbf" }, /* byte order mark */
};

static void each_example_is_escaped_as_the_rule_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < TN_COUNT(examples); i++) {
        const struct example *e = &examples[i];
        char out[200];
        size_t used = tn_text_escape(out, sizeof out, e->bytes, e->size);
        assert_int_equal(used, strlen(out));
        assert_string_equal(out, e->escaped ? e->escaped : e->bytes);
        assert_int_equal(tn_text_is_plain(e->bytes, e->size), e->escaped == NULL);
    }
}

static void escaping_can_be_undone(void **state)
{
    (void)state;
    char bytes[64], out[4 * sizeof bytes + 1], again[sizeof out];
    uint32_t random = 1;
    for (int round = 0; round < 20000; round++) {
        size_t size = (size_t)round % sizeof bytes;
        for (size_t i = 0; i < size; i++) {
            random = random * 1664525 + 1013904223;
            uint8_t some = (uint8_t)(random >> 24);
            bytes[i] = some % 8 == 0 ? '\\' : some % 8 == 1 ? 'x' : (char)some;
        }
        size_t used = tn_text_escape(out, sizeof out, bytes, size);
        assert_true(tn_text_is_plain(out, 0));
        assert_int_equal(undo(again, out), size);
        assert_memory_equal(again, bytes, size);
        for (size_t i = 0; i < used; i++)
            assert_true((unsigned char)out[i] >= 0x20 && out[i] != 0x7f);
    }
}

static void a_short_buffer_never_ends_inside_a_piece(void **state)
{
    (void)state;
    static const char bytes[] = "ab\xe2\x82\xac\n\xc2\x9b";
    static const char *const prefixes[] = {
        "", "a", "ab", "ab\xe2\x82\xac", "ab\xe2\x82\xac\\x0a", "ab\xe2\x82\xac\\x0a\\xc2\\x9b",
    };
    char out[40];
    assert_int_equal(tn_text_escape(out, 0, "a", 1), 0);
    for (size_t room = 1; room < sizeof out; room++) {
        memset(out, '#', sizeof out);
        size_t used = tn_text_escape(out, room, bytes, sizeof bytes - 1);
        size_t best = 0;
        for (size_t i = 0; i < TN_COUNT(prefixes); i++)
            if (strlen(prefixes[i]) < room)
                best = i;
        assert_string_equal(out, prefixes[best]);
        assert_int_equal(used, strlen(out));
        for (size_t i = room; i < sizeof out; i++)
            assert_int_equal(out[i], '#');
    }
}

static void a_name_is_quoted_whole_or_marked_as_cut(void **state)
{
    (void)state;
    char buffer[TN_QUOTE_ROOM], name[2000];
    assert_string_equal(tn_quote(buffer, "lib\n.so"), "'lib\\x0a.so'");
    assert_string_equal(tn_quote(buffer, ""), "''");
    assert_string_equal(tn_quote(buffer, NULL), "''");
    for (size_t size = 1; size < sizeof name; size++) {
        memset(name, size % 2 ? 'x' : '\1', size);
        name[size] = '\0';
        size_t escaped = size % 2 ? size : 4 * size;
        tn_quote(buffer, name);
        size_t used = strlen(buffer);
        assert_true(used < TN_QUOTE_ROOM);
        if (escaped + 5 < TN_QUOTE_ROOM)
            assert_int_equal(used, escaped + 2);
        else
            assert_string_equal(buffer + used - 4, "'...");
    }
}

static void digits_are_two_for_each_byte(void **state)
{
    char out[9] = "........";
    (void)state;
    assert_string_equal(tn_text_hex(out, "\x00\x9f\xa0\xff", 4), "009fa0ff");
    assert_string_equal(tn_text_hex(out, NULL, 0), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_example_is_escaped_as_the_rule_says),
        cmocka_unit_test(escaping_can_be_undone),
        cmocka_unit_test(a_short_buffer_never_ends_inside_a_piece),
        cmocka_unit_test(a_name_is_quoted_whole_or_marked_as_cut),
        cmocka_unit_test(digits_are_two_for_each_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
