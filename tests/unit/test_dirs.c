/* tests/unit/test_dirs.c - path lists: what is split, expanded, dropped, kept */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dirs.h"
#include "limits.h"

static const struct tn_tokens plain_tokens = {
    .rows = { { "ORIGIN", "/t/o" }, { "PLATFORM", NULL }, { "LIB", "lib/x" } },
    .count = 3,
};

/* As glibc reads a run path. */
static const struct tn_list_syntax run_path = { ":", true, 0, true, true, &plain_tokens };

/* The list split and put together again, "|" between elements; a dropped one is "!OUTCOME". */
static const char *split(struct tn_arena *arena, const char *list,
                         const struct tn_list_syntax *syntax)
{
    const struct tn_dirs *dirs = tn_dirs_split(arena, list, syntax);
    const char *out = "";
    assert_non_null(dirs);
    assert_string_equal(dirs->text, list);
    for (size_t i = 0; i < dirs->count; i++)
        out = tn_arena_format(arena, "%s%s%s%s", out, i ? "|" : "", dirs->at[i].dir ? "" : "!",
                              dirs->at[i].dir ? dirs->at[i].dir
                                              : tenon_outcome_name(dirs->at[i].dropped));
    return out;
}

struct split_case {
    const char *list, *expected;
};

static void check_splits(const struct split_case *cases, size_t count,
                         const struct tn_list_syntax *syntax)
{
    struct tn_arena arena = { 0 };
    for (size_t i = 0; i < count; i++)
        assert_string_equal(split(&arena, cases[i].list, syntax), cases[i].expected);
    tn_arena_free(&arena);
}

static void separators_part_the_elements(void **state)
{
    (void)state;
    static const struct split_case colon[] = { { "/a:/b", "/a|/b" }, { "/a;/b", "/a;/b" } };
    static const struct split_case both[] = { { "/a;/b:/c", "/a|/b|/c" } };
    static const struct split_case newline[] = { { "/a\n/b:/c\n", "/a|/b|/c" },
                                                 { "/a;/b", "/a;/b" } };
    const struct tn_list_syntax environment = { ":;", true, 0, true, true, &plain_tokens };
    const struct tn_list_syntax musl = { .separators = ":\n" };
    check_splits(colon, TN_COUNT(colon), &run_path);
    check_splits(both, TN_COUNT(both), &environment);
    check_splits(newline, TN_COUNT(newline), &musl);
}

static void an_empty_element_is_the_cwd_where_the_syntax_says_so(void **state)
{
    (void)state;
    static const struct split_case cwd[] = {
        { ":/a", "|/a" },
        { "/a:", "/a|" },
        { "/a::/b", "/a||/b" },
        { ":", "" },
    };
    static const struct split_case nothing[] = {
        { ":/a", "/a" }, { "/a:", "/a" }, { "/a::/b", "/a|/b" }, { ":", "" }, { "", "" },
    };
    const struct tn_list_syntax musl = { .separators = ":\n" };
    check_splits(cwd, TN_COUNT(cwd), &run_path);
    check_splits(nothing, TN_COUNT(nothing), &musl);

    struct tn_arena arena = { 0 };
    assert_int_equal(tn_dirs_split(&arena, ":", &run_path)->count, 1); /* and not none */
    assert_int_equal(tn_dirs_split(&arena, ":", &musl)->count, 0);
    tn_arena_free(&arena);
}

static void duplicates_count_once_and_trailing_slashes_not_at_all(void **state)
{
    (void)state;
    static const struct split_case glibc[] = {
        { "/a:/b:/a", "/a|/b" }, { "/a/:/a//:/a", "/a" },       { "/:/a", "/|/a" },
        { "///", "/" },          { "/a/b/:/a/c", "/a/b|/a/c" }, { "/t/o:$ORIGIN", "/t/o" },
    };
    static const struct split_case musl_cases[] = { { "/a:/a/:/a", "/a|/a/|/a" } };
    const struct tn_list_syntax musl = { .separators = ":\n" };
    check_splits(glibc, TN_COUNT(glibc), &run_path);
    check_splits(musl_cases, TN_COUNT(musl_cases), &musl);
}

static void tokens_are_whole_names(void **state)
{
    (void)state;
    static const struct split_case cases[] = {
        { "$ORIGIN/a", "/t/o/a" },
        { "${ORIGIN}/a", "/t/o/a" },
        { "${ORIGIN}a", "/t/oa" },
        { "$ORIGINX/a", "$ORIGINX/a" },
        { "$ORIGIN_/a", "$ORIGIN_/a" },
        { "$ORIGIN1/a", "$ORIGIN1/a" },
        { "$ORIGIN-/a", "/t/o-/a" },
        { "${ORIGIN/a", "${ORIGIN/a" },
        { "${ORIGINX}/a", "${ORIGINX}/a" },
        { "$origin/a", "$origin/a" },
        { "$FOO/a", "$FOO/a" },
        { "$", "$" },
        { "/a$", "/a$" },
        { "$$ORIGIN", "$/t/o" },
        { "${}", "${}" },
        { "/usr/$LIB:$ORIGIN/../$LIB", "/usr/lib/x|/t/o/../lib/x" },
        { "$ORIGIN$LIB", "/t/olib/x" },
        { "$ORIGIN/$ORIGIN", "/t/o//t/o" },
        { "$ORIGIN:X", "/t/o|X" }, /* the name ends with its element */
    };
    check_splits(cases, TN_COUNT(cases), &run_path);
}

static void a_token_without_a_value_drops_its_element_alone(void **state)
{
    (void)state;
    static const struct split_case cases[] = {
        { "/a:/p/$PLATFORM:/b", "/a|!element-not-expandable|/b" },
        { "${PLATFORM}", "!element-not-expandable" },
    };
    check_splits(cases, TN_COUNT(cases), &run_path);
}

static void an_element_that_expands_to_nothing_is_dropped(void **state)
{
    (void)state;
    struct tn_tokens tokens = plain_tokens;
    tokens.rows[0].value = "";
    const struct tn_list_syntax syntax = { ":", true, 0, true, true, &tokens };
    static const struct split_case cases[] = { { "$ORIGIN:/a", "!element-not-expandable|/a" } };
    check_splits(cases, TN_COUNT(cases), &syntax);
}

/* As glibc reads the program's run path in a secure process. */
static void secure_processes_keep_origin_only_at_the_start(void **state)
{
    (void)state;
    struct tn_tokens tokens = plain_tokens;
    tokens.secure = true;
    const struct tn_list_syntax syntax = { ":", true, 0, true, true, &tokens };
    static const struct split_case cases[] = {
        { "$ORIGIN", "/t/o" },
        { "$ORIGIN/a", "/t/o/a" },
        { "${ORIGIN}/a", "/t/o/a" },
        { "${ORIGIN}a", "!element-dropped-secure" },
        { "$ORIGIN-a", "!element-dropped-secure" },
        { "/x/$ORIGIN", "!element-dropped-secure" },
        { "$LIB/$ORIGIN", "!element-dropped-secure" },
        { "$ORIGIN/$ORIGIN", "!element-dropped-secure" },
        { "/x/$LIB", "/x/lib/x" },
        { "/abs:rel/ative", "/abs|rel/ative" },
    };
    check_splits(cases, TN_COUNT(cases), &syntax);
}

static void secure_programs_keep_origin_only_below_trusted_directories(void **state)
{
    (void)state;
    struct tn_arena arena = { 0 };
    const char *const trusted[] = { "/lib", "/usr/lib" };
    struct tn_tokens tokens = plain_tokens;
    tokens.secure = true;
    tokens.trusted = tn_dirs_from(&arena, trusted, TN_COUNT(trusted));
    const struct tn_list_syntax syntax = { ":", true, 0, true, true, &tokens };
    static const struct {
        const char *origin, *list, *expected;
    } cases[] = {
        { "/t/o", "$ORIGIN", "!element-dropped-secure" },
        { "/usr/lib", "$ORIGIN", "/usr/lib" },
        { "/usr/lib/x", "$ORIGIN/y", "/usr/lib/x/y" },
        { "/usr/bin", "$ORIGIN/../lib", "/usr/bin/../lib" },
        { "/usr/bin", "$ORIGIN/.././lib//x", "/usr/bin/.././lib//x" },
        { "/usr/bin", "$ORIGIN/../libexec", "!element-dropped-secure" },
        { "/usr/lib", "$ORIGIN/..", "!element-dropped-secure" },
        { "/usr/lib", "$ORIGIN/../../lib", "/usr/lib/../../lib" },
        { "/lib", "$ORIGIN/../../../lib", "/lib/../../../lib" },
        { "/usr/lib", "$ORIGIN/../../..", "!element-dropped-secure" },
        { "/t", "/t/a", "/t/a" }, /* absolute without a token: honoured */
        { "/t", "a", "a" },       /* relative: honoured too */
    };
    for (size_t i = 0; i < TN_COUNT(cases); i++) {
        tokens.rows[0].value = cases[i].origin;
        assert_string_equal(split(&arena, cases[i].list, &syntax), cases[i].expected);
    }
    tn_arena_free(&arena);
}

static void a_list_ends_at_its_limit(void **state)
{
    (void)state;
    struct tn_arena arena = { 0 };
    size_t size = (size_t)TN_LIMIT_LIST_ELEMENTS * 3 + 100;
    char *list = malloc(size + 1);
    assert_non_null(list);
    for (size_t i = 0; i < size; i++)
        list[i] = i % 2 ? ':' : (char)('a' + i / 2 % 26);
    list[size] = '\0';
    const struct tn_list_syntax syntax = { .separators = ":" };
    const struct tn_dirs *dirs = tn_dirs_split(&arena, list, &syntax);
    assert_non_null(dirs);
    assert_int_equal(dirs->count, TN_LIMIT_LIST_ELEMENTS);
    assert_string_equal(dirs->at[27].dir, "b");
    free(list);
    tn_arena_free(&arena);
}

/* A token that grows a megabyte of text into gigabytes is refused before they are written. */
static void an_expansion_ends_at_its_limit(void **state)
{
    (void)state;
    struct tn_arena arena = { 0 };
    enum { TOKENS = 100000 };
    char *origin = malloc(4096), *list = malloc(TOKENS * 4 + 1);
    assert_non_null(origin);
    assert_non_null(list);
    memset(origin, 'o', 4095);
    origin[0] = '/';
    origin[4095] = '\0';
    for (size_t i = 0; i < TOKENS; i++)
        memcpy(list + i * 4, "$LIB", 4);
    list[TOKENS * 4] = '\0';
    struct tn_tokens tokens = plain_tokens;
    tokens.rows[2].value = origin;
    const struct tn_list_syntax syntax = { ":", true, 0, true, true, &tokens };
    /* "$LIB$LIB": a token ends where the next '$' begins */
    assert_string_equal(split(&arena, list, &syntax), "!too-long");
    free(origin);
    free(list);
    tn_arena_free(&arena);
}

static void a_name_is_searched_for_tokens(void **state)
{
    (void)state;
    assert_true(tn_tokens_in("$ORIGIN/libx.so", &plain_tokens));
    assert_true(tn_tokens_in("a$FOO${LIB}", &plain_tokens));
    assert_false(tn_tokens_in("libx.so", &plain_tokens));
    assert_false(tn_tokens_in("$ORIGINX/libx.so", &plain_tokens));
    assert_false(tn_tokens_in("", &plain_tokens));
    assert_false(tn_tokens_in("$", &plain_tokens));
}

static void expansion_says_why_it_gives_nothing(void **state)
{
    (void)state;
    struct tn_arena arena = { 0 };
    enum tenon_outcome outcome = TENON_OUTCOME_COUNT;
    assert_string_equal(tn_tokens_expand(&arena, "$LIB/abc", 5, &plain_tokens, &outcome),
                        "lib/x/"); /* only the given bytes */
    assert_int_equal(outcome, TENON_OUTCOME_FOUND);
    assert_null(tn_tokens_expand(&arena, "$PLATFORM", 9, &plain_tokens, &outcome));
    assert_int_equal(outcome, TENON_OUTCOME_NOT_EXPANDABLE);
    tn_arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(separators_part_the_elements),
        cmocka_unit_test(an_empty_element_is_the_cwd_where_the_syntax_says_so),
        cmocka_unit_test(duplicates_count_once_and_trailing_slashes_not_at_all),
        cmocka_unit_test(tokens_are_whole_names),
        cmocka_unit_test(a_token_without_a_value_drops_its_element_alone),
        cmocka_unit_test(an_element_that_expands_to_nothing_is_dropped),
        cmocka_unit_test(secure_processes_keep_origin_only_at_the_start),
        cmocka_unit_test(secure_programs_keep_origin_only_below_trusted_directories),
        cmocka_unit_test(a_list_ends_at_its_limit),
        cmocka_unit_test(an_expansion_ends_at_its_limit),
        cmocka_unit_test(a_name_is_searched_for_tokens),
        cmocka_unit_test(expansion_says_why_it_gives_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
