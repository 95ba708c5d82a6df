/* tests/unit/test_ldconf.c - ld.so.conf and what it includes give the directories ldconfig sees */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ldconf.h"
#include "limits.h"

#define CONF "/etc/ld.so.conf"

struct fixture {
    tenon_world *world;
    struct tn_arena arena;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    *state = f;
    return f && (f->world = tenon_world_empty(NULL)) ? 0 : -1;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    tn_arena_free(&f->arena);
    tenon_world_free(f->world);
    free(f);
    return 0;
}

static void put(struct fixture *f, const char *path, const char *text)
{
    assert_true(tenon_world_put_file(f->world, path, text, strlen(text), 0644, NULL));
}

/* The directories, "|" between them. */
static const char *directories(struct fixture *f)
{
    const struct tn_dirs *dirs = tn_ldconf_read(f->world, &f->arena, CONF);
    const char *out = "";
    assert_non_null(dirs);
    for (size_t i = 0; i < dirs->count; i++)
        out = tn_arena_format(&f->arena, "%s%s%s", out, i ? "|" : "", dirs->at[i].dir);
    return out;
}

static void directories_keep_their_order_and_count_once(void **state)
{
    struct fixture *f = *state;
    put(f, CONF, "/opt/b\n/opt/a\n/opt/b\n/opt/c/\n/opt/c\n/\n");
    assert_string_equal(directories(f), "/opt/b|/opt/a|/opt/c|/");
}

static void comments_blanks_and_old_words_are_left_out(void **state)
{
    struct fixture *f = *state;
    put(f, CONF,
        "# all of it\n\n   \t\n  /opt/a  \t# why\n/opt/b#c\nhwcap 0 nosegneg\nrelative/dir\n"
        "/opt/old=libc5\n/opt/blank/ \t=libc6\n/opt/last");
    assert_string_equal(directories(f), "/opt/a|/opt/b|/opt/old|/opt/blank|/opt/last");
}

static void an_include_stands_where_it_is_written(void **state)
{
    struct fixture *f = *state;
    put(f, CONF, "/opt/first\ninclude /etc/more.conf\n/opt/last\n");
    put(f, "/etc/more.conf", "/opt/more\n/opt/first\n");
    assert_string_equal(directories(f), "/opt/first|/opt/more|/opt/last");
}

static void an_include_is_relative_to_its_file(void **state)
{
    struct fixture *f = *state;
    put(f, CONF, "include sub/a.conf\n");
    put(f, "/etc/sub/a.conf", "include b.conf\n");
    put(f, "/etc/sub/b.conf", "/opt/b\n");
    put(f, "/etc/b.conf", "/opt/wrong\n");
    assert_string_equal(directories(f), "/opt/b");
}

static void globs_match_in_bytewise_order(void **state)
{
    struct fixture *f = *state;
    put(f, CONF, "include ld.so.conf.d/*.conf\n");
    put(f, "/etc/ld.so.conf.d/b.conf", "/opt/b\n");
    put(f, "/etc/ld.so.conf.d/a.conf", "/opt/a\n");
    put(f, "/etc/ld.so.conf.d/Z.conf", "/opt/z\n");
    put(f, "/etc/ld.so.conf.d/.hidden.conf", "/opt/hidden\n");
    put(f, "/etc/ld.so.conf.d/c.conf.bak", "/opt/bak\n");
    assert_string_equal(directories(f), "/opt/z|/opt/a|/opt/b");
}

static void globs_may_stand_in_any_component(void **state)
{
    struct fixture *f = *state;
    put(f, CONF, "include /etc/*/[ab]/x?.conf\t/etc/none/*.conf  /etc/p/../p/a/x1.conf\n");
    put(f, "/etc/p/a/x1.conf", "/opt/p-a\n");
    put(f, "/etc/q/b/x2.conf", "/opt/q-b\n");
    put(f, "/etc/q/c/x3.conf", "/opt/q-c\n");
    assert_string_equal(directories(f), "/opt/p-a|/opt/q-b");
}

static void what_cannot_be_read_counts_as_empty(void **state)
{
    struct fixture *f = *state;
    assert_string_equal(directories(f), "");
    put(f, CONF, "include /etc/absent.conf\ninclude /etc\ninclude /etc/secret\n/opt/a\ninclude\n");
    assert_true(tenon_world_put_file(f->world, "/etc/secret", "/opt/s\n", 7, 0, NULL));
    assert_string_equal(directories(f), "/opt/a");
}

static void the_word_include_needs_a_blank_behind_it(void **state)
{
    struct fixture *f = *state;
    put(f, CONF, "include/etc/a.conf\nincludes /etc/a.conf\n  include /etc/b.conf\n");
    put(f, "/etc/a.conf", "/opt/a\n");
    put(f, "/etc/b.conf", "/opt/b\n");
    assert_string_equal(directories(f), "/opt/b");
}

static void includes_in_a_circle_end(void **state)
{
    struct fixture *f = *state;
    put(f, CONF, "/opt/a\ninclude " CONF " " CONF " /etc/two.conf\n/opt/z\n");
    put(f, "/etc/two.conf", "include ld.so.conf ld.so.conf\n/opt/two\n");
    assert_string_equal(directories(f), "/opt/a|/opt/z|/opt/two");
}

/* Directories that are links to themselves offer a pattern endless ways that lead to no file. */
static void globs_through_links_in_a_circle_end(void **state)
{
    struct fixture *f = *state;
    put(f, CONF, "include /l/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*.none\n/opt/a\n");
    for (char name[] = "/l/a"; name[3] <= 'h'; name[3]++)
        assert_true(tenon_world_put_link(f->world, name, ".", NULL));
    assert_string_equal(directories(f), "/opt/a");
}

static void bytes_that_are_no_text_do_no_harm(void **state)
{
    struct fixture *f = *state;
    static const char bytes[] = "/opt/a\0/opt/b\n\xff\xfe/opt/c\n/opt/\xff\n\r\n/opt/d\r";
    assert_true(tenon_world_put_file(f->world, CONF, bytes, sizeof bytes - 1, 0644, NULL));
    assert_string_equal(directories(f), "/opt/a|/opt/b|/opt/\xff|/opt/d");
}

/* Of two files that are both below the limit, the second is beyond it. */
static void what_is_read_is_bounded_in_all(void **state)
{
    struct fixture *f = *state;
    size_t size = TN_LIMIT_CONFIG - 100;
    char *text = malloc(size);
    assert_non_null(text);
    memset(text, '\n', size);
    memcpy(text, "/opt/big\n", 9);
    assert_true(tenon_world_put_file(f->world, "/etc/big.conf", text, size, 0644, NULL));
    free(text);
    put(f, "/etc/small.conf", "/opt/small\n");
    put(f, CONF, "include big.conf big.conf\ninclude small.conf\n/opt/a\n");
    assert_string_equal(directories(f), "/opt/big|/opt/small|/opt/a");
    put(f, CONF,
        "#23456789012345678901234567890123456789012345678901234567890123456789012345678\n"
        "/opt/a\ninclude big.conf\n");
    assert_string_equal(directories(f), "/opt/a");
}

static void the_number_of_directories_is_bounded(void **state)
{
    struct fixture *f = *state;
    enum { LINES = 50000, LINE = 12 };
    char *text = malloc((size_t)LINES * LINE + 1);
    assert_non_null(text);
    for (int i = 0; i < LINES; i++)
        snprintf(text + (size_t)i * LINE, LINE + 1, "/opt/%06u\n", (unsigned)i % 1000000);
    put(f, CONF, text);
    free(text);
    const struct tn_dirs *dirs = tn_ldconf_read(f->world, &f->arena, CONF);
    assert_non_null(dirs);
    assert_int_equal(dirs->count, TN_LIMIT_INCLUDES);
    assert_string_equal(dirs->at[1].dir, "/opt/000001");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(directories_keep_their_order_and_count_once),
        TEST(comments_blanks_and_old_words_are_left_out),
        TEST(an_include_stands_where_it_is_written),
        TEST(an_include_is_relative_to_its_file),
        TEST(globs_match_in_bytewise_order),
        TEST(globs_may_stand_in_any_component),
        TEST(what_cannot_be_read_counts_as_empty),
        TEST(the_word_include_needs_a_blank_behind_it),
        TEST(includes_in_a_circle_end),
        TEST(globs_through_links_in_a_circle_end),
        TEST(bytes_that_are_no_text_do_no_harm),
        TEST(what_is_read_is_bounded_in_all),
        TEST(the_number_of_directories_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
