/* tests/unit/test_cli_out.c - a name is written as the rule of escaping says, wherever it has what
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "out.h"
#include "text.h"
#include "view.h"

/* Names are looked at eight bytes at a time: more than two of these, and what is left over. */
#define LONGEST 17

static struct cli_out *new_out(void)
{
    struct cli_out *out = malloc(sizeof *out);

    assert_non_null(out);
    cli_out_init(out, -1); /* the buffer is never full: nothing is written */
    return out;
}

static void assert_written(struct cli_out *out, const char *expected)
{
    assert_int_equal(out->used, strlen(expected));
    assert_memory_equal(out->buffer, expected, out->used);
    out->used = 0;
}

/* A name inside quotation marks: what is escaped, with \ before each backslash and each mark. */
static void quote(char *quoted, const char *escaped)
{
    for (; *escaped; escaped++) {
        if (*escaped == '\\' || *escaped == '"')
            *quoted++ = '\\';
        *quoted++ = *escaped;
    }
    *quoted = '\0';
}

/* All ways to write one name of `size` bytes, which need not end there. */
static void check_name(struct cli_out *out, const char *name, size_t size)
{
    char escaped[4 * LONGEST + 1], quoted[2 * sizeof escaped], ended[LONGEST + 1];

    tn_text_escape(escaped, sizeof escaped, name, size);
    quote(quoted, escaped);
    memcpy(ended, name, size);
    ended[size] = '\0';
    cli_text_part(out, name, size);
    assert_written(out, escaped);
    cli_text(out, ended);
    assert_written(out, escaped);
    cli_text_part_quoted(out, name, size);
    assert_written(out, quoted);
    cli_text_quoted(out, ended);
    assert_written(out, quoted);
    if (strchr(ended, '\\'))
        return;
    cli_prose(out, ended);
    assert_written(out, escaped);
    cli_prose_quoted(out, ended);
    assert_written(out, quoted);
}

static void any_byte_anywhere_in_a_short_name(void **state)
{
    (void)state;
    /* what stands around it must not matter either: the ends of what is plain */
    static const char around[] = { 'a', ' ', '~' };
    struct cli_out *out = new_out();
    char name[LONGEST + 1];

    for (size_t k = 0; k < TN_COUNT(around); k++) {
        for (size_t size = 0; size <= LONGEST; size++) {
            memset(name, around[k], size);
            name[size] = '\\'; /* not part of it */
            check_name(out, name, size);
            for (size_t at = 0; at < size; at++) {
                for (int byte = 1; byte < 256; byte++) {
                    name[at] = (char)byte;
                    check_name(out, name, size);
                }
                name[at] = around[k];
            }
        }
    }
    free(out);
}

static void a_sentence_keeps_what_was_escaped(void **state)
{
    (void)state;
    struct cli_out *out = new_out();

    cli_prose(out, "no 'a\\x5cb' here\n");
    assert_written(out, "no 'a\\x5cb' here\\x0a");
    cli_prose_quoted(out, "no \"a\\x5cb\" here\n");
    assert_written(out, "no \\\"a\\\\x5cb\\\" here\\\\x0a");
    free(out);
}

/* Long names are escaped in pieces: no character may be cut in two. */
static void characters_of_long_names_stay_whole(void **state)
{
    (void)state;
    struct cli_out *out = new_out();
    static char name[3000], escaped[4 * sizeof name + 1];
    static const char character[] = "\xf0\x9f\x98\x80";

    for (size_t start = 1000; start < 1050; start++) {
        memset(name, 'a', sizeof name);
        memcpy(name + start, character, sizeof character - 1);
        name[0] = '\n';
        tn_text_escape(escaped, sizeof escaped, name, sizeof name);
        cli_text_part(out, name, sizeof name);
        assert_written(out, escaped);
    }
    free(out);
}

/* ... and no backslash from the x after it, wherever the cut would be. */
static void a_backslash_stays_with_what_follows(void **state)
{
    (void)state;
    struct cli_out *out = new_out();
    static char name[3000], escaped[4 * sizeof name + 1];

    for (size_t start = 0; start < 1050; start++) {
        memset(name, 'x', sizeof name);
        for (size_t i = start; i < start + 3; i++)
            name[i] = '\\';
        tn_text_escape(escaped, sizeof escaped, name, sizeof name);
        cli_text_part(out, name, sizeof name);
        assert_written(out, escaped);
    }
    free(out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_byte_anywhere_in_a_short_name),
        cmocka_unit_test(a_sentence_keeps_what_was_escaped),
        cmocka_unit_test(characters_of_long_names_stay_whole),
        cmocka_unit_test(a_backslash_stays_with_what_follows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
