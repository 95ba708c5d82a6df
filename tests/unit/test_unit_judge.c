/* tests/unit/test_unit_judge.c - every row of the table of findings, with units as literals */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "judge.h"
#include "view.h"

/* What an image exports: names, NULL-ended. */
static tenon_visible seen;

static const tenon_visible *find(const void *of, const char *name)
{
    for (const char *const *at = of; *at; at++)
        if (strcmp(*at, name) == 0) {
            seen = (tenon_visible){ .name = name, .exported = true, .strong = true };
            return &seen;
        }
    return NULL;
}

static const tenon_visible *find_unique(const void *of, const char *name)
{
    const tenon_visible *found = find(of, name);
    seen.unique = found != NULL;
    return found;
}

static const char *const nothing[] = { NULL };
static const char *const next_seen[] = { "counter_next", NULL };

static const tenon_definition next_only[] = { { "counter_next", TENON_DEFINES_CODE } };
static const tenon_definition two[] = { { "counter_next", TENON_DEFINES_CODE },
                                        { "counter_reset", TENON_DEFINES_CODE } };

static tenon_digest code(uint8_t first)
{
    tenon_digest digest = { .kind = TENON_DIGEST_CODE, .size = 32 };
    digest.bytes[0] = first;
    return digest;
}

static tenon_unit unit(const char *name, uint8_t digest, enum tenon_answer stateful)
{
    return (tenon_unit){
        .kind = TENON_UNIT_C,
        .name = name,
        .implementation = digest ? code(digest) : (tenon_digest){ 0 },
        .stateful = stateful,
        .definitions = next_only,
        .definition_count = 1,
    };
}

static struct tn_copy copy(const tenon_unit *unit, const char *const *exports)
{
    return (struct tn_copy){ .unit = unit, .sight = { find, exports }, .serves_all = true };
}

static void expect(const struct tn_copy *a, const struct tn_copy *b, enum tenon_finding_kind kind)
{
    struct tn_judgement judged = { .kind = TENON_FINDING_STAYS };
    assert_true(tn_judge_units(a, b, &judged));
    assert_string_equal(tenon_finding_name(judged.kind), tenon_finding_name(kind));
    assert_int_equal(judged.refuses, kind != TENON_FINDING_HARMLESS);
}

static void another_implementation_is_a_conflict(void **state)
{
    (void)state;
    tenon_unit a = unit("counter/counter", 1, TENON_NO), b = unit("counter/counter", 2, TENON_NO);
    struct tn_copy there = copy(&a, nothing), comes = copy(&b, nothing);
    expect(&there, &comes, TENON_FINDING_CONFLICT);
}

static void another_interface_is_a_conflict(void **state)
{
    (void)state;
    tenon_unit a = unit("counter/counter", 0, TENON_NO), b = a;
    a.interface = code(1);
    b.interface = code(2);
    a.interface.kind = b.interface.kind = TENON_DIGEST_EXPORTS;
    struct tn_copy there = copy(&a, nothing), comes = copy(&b, nothing);
    expect(&there, &comes, TENON_FINDING_CONFLICT);
}

static void digests_of_two_kinds_are_no_conflict(void **state)
{
    (void)state;
    tenon_unit a = unit("counter/counter", 1, TENON_YES), b = unit("counter/counter", 2, TENON_YES);
    b.implementation.kind = TENON_DIGEST_SOURCE;
    struct tn_copy there = copy(&a, nothing), comes = copy(&b, nothing);
    expect(&there, &comes, TENON_FINDING_DOUBLE);
}

static void visible_in_both_is_a_clash(void **state)
{
    (void)state;
    tenon_unit a = unit("counter/counter", 1, TENON_YES), b = a;
    struct tn_copy there = copy(&a, next_seen), comes = copy(&b, next_seen);
    expect(&there, &comes, TENON_FINDING_CLASH);
}

static void plugins_apart_are_a_double(void **state)
{
    (void)state;
    tenon_unit a = unit("counter/counter", 1, TENON_YES), b = a;
    struct tn_copy there = copy(&a, next_seen), comes = copy(&b, next_seen);
    there.serves_all = comes.serves_all = false;
    expect(&there, &comes, TENON_FINDING_CLASH); /* libraries: whose scope has both? */
    there.is_apart = comes.is_apart = true;
    expect(&there, &comes, TENON_FINDING_DOUBLE);
    comes.is_apart = false;
    expect(&there, &comes, TENON_FINDING_CLASH);
    /* what the loader joins wherever it is */
    comes.is_apart = true;
    there.sight.find = comes.sight.find = find_unique;
    expect(&there, &comes, TENON_FINDING_CLASH);
}

/* The reason names what decides, and nothing that does not. */
static void the_words_are_those_of_the_pair(void **state)
{
    (void)state;
    struct tn_judgement judged;
    tenon_unit a = unit("counter/counter", 1, TENON_YES), b = a;
    struct tn_copy there = copy(&a, next_seen), comes = copy(&b, next_seen);
    comes.serves_all = false;
    comes.is_apart = true;
    assert_true(tn_judge_units(&there, &comes, &judged));
    assert_non_null(strstr(judged.because, "link flags decide"));
    there.serves_all = false;
    assert_true(tn_judge_units(&there, &comes, &judged));
    assert_non_null(strstr(judged.because, "linked and loaded"));
    there.is_apart = true;
    assert_true(tn_judge_units(&there, &comes, &judged));
    assert_non_null(strstr(judged.because, "stays apart"));
    assert_true(tn_judge_covered(&there, &comes, &judged));
    assert_non_null(strstr(judged.because, "stays apart"));
}

static void hidden_in_one_is_a_double(void **state)
{
    (void)state;
    tenon_unit a = unit("counter/counter", 1, TENON_YES), b = a;
    struct tn_copy there = copy(&a, nothing), comes = copy(&b, next_seen);
    expect(&there, &comes, TENON_FINDING_DOUBLE);
    there = copy(&a, next_seen), comes = copy(&b, nothing);
    expect(&there, &comes, TENON_FINDING_DOUBLE);
    a.stateful = b.stateful = TENON_UNKNOWN;
    expect(&there, &comes, TENON_FINDING_DOUBLE);
}

static void an_unknown_image_is_taken_as_hidden(void **state)
{
    (void)state;
    tenon_unit a = unit("counter/counter", 1, TENON_YES), b = a;
    struct tn_copy there = { .unit = &a }, comes = copy(&b, next_seen);
    expect(&there, &comes, TENON_FINDING_DOUBLE);
}

static void an_equal_stateless_copy_is_harmless(void **state)
{
    (void)state;
    tenon_unit a = unit("counter/counter", 1, TENON_NO), b = a;
    struct tn_copy there = copy(&a, next_seen), comes = copy(&b, next_seen);
    expect(&there, &comes, TENON_FINDING_HARMLESS);
}

static void a_stateless_copy_not_proven_equal(void **state)
{
    (void)state;
    tenon_unit a = unit("counter/counter", 0, TENON_NO), b = a;
    struct tn_copy there = copy(&a, nothing), comes = copy(&b, next_seen);
    expect(&there, &comes, TENON_FINDING_HARMLESS);
    there = copy(&a, next_seen);
    expect(&there, &comes, TENON_FINDING_CLASH);
    b.definitions = two;
    b.definition_count = 2;
    there = copy(&a, nothing);
    expect(&there, &comes, TENON_FINDING_DOUBLE);
}

static void a_private_copy_must_be_hidden(void **state)
{
    (void)state;
    struct tn_judgement judged;
    tenon_unit a = unit("counter/counter", 1, TENON_YES), b = unit("counter/counter", 2, TENON_YES);
    struct tn_copy there = copy(&a, next_seen), comes = copy(&b, nothing);
    comes.is_private = true;
    expect(&there, &comes, TENON_FINDING_HARMLESS);
    comes.sight.of = next_seen;
    expect(&there, &comes, TENON_FINDING_CONFLICT);
    assert_true(tn_judge_units(&there, &comes, &judged));
    assert_string_equal(judged.symbol, "counter_next");
    comes.sight.find = NULL; /* nobody knows: the author's word alone is not enough */
    expect(&there, &comes, TENON_FINDING_CONFLICT);
}

static void a_rename_hides_nothing(void **state)
{
    (void)state;
    tenon_unit a = unit("counter/counter", 1, TENON_YES), b = unit("other/name", 1, TENON_YES);
    struct tn_copy there = copy(&a, nothing), comes = copy(&b, nothing);
    expect(&there, &comes, TENON_FINDING_DOUBLE);
    b.implementation = (tenon_digest){ 0 }; /* the set of definitions is left */
    expect(&there, &comes, TENON_FINDING_DOUBLE);
}

static void different_things_are_not_judged(void **state)
{
    (void)state;
    static const tenon_definition other[] = { { "other", TENON_DEFINES_CODE } };
    struct tn_judgement judged;
    tenon_unit a = unit("a/a", 1, TENON_YES), b = unit("b/b", 2, TENON_YES);
    b.definitions = other;
    struct tn_copy there = copy(&a, nothing), comes = copy(&b, nothing);
    assert_false(tn_judge_units(&there, &comes, &judged));
}

static void a_name_without_project_says_nothing(void **state)
{
    (void)state;
    static const tenon_definition entry[] = { { "tenon_plugin_start", TENON_DEFINES_CODE } };
    struct tn_judgement judged;
    tenon_unit a = unit("plugin", 1, TENON_YES), b = unit("plugin", 2, TENON_YES);
    a.definitions = b.definitions = entry;
    struct tn_copy there = copy(&a, nothing), comes = copy(&b, nothing);
    assert_false(tn_judge_units(&there, &comes, &judged));
    b.implementation = a.implementation;
    assert_true(tn_judge_units(&there, &comes, &judged));
    a.definitions = b.definitions = next_only; /* something of their own in common */
    b.implementation = code(2);
    expect(&there, &comes, TENON_FINDING_CONFLICT);
}

static void expect_covered(enum tenon_answer stateful, const char *const *unit_exports,
                           const char *const *image_exports, enum tenon_finding_kind kind)
{
    struct tn_judgement judged;
    tenon_unit a = unit("counter/counter", 1, stateful);
    struct tn_copy c = copy(&a, unit_exports);
    const struct tn_copy image = { .sight = { find, image_exports }, .serves_all = true };
    assert_true(tn_judge_covered(&c, &image, &judged));
    assert_string_equal(tenon_finding_name(judged.kind), tenon_finding_name(kind));
}

static void an_image_without_record_that_covers_a_unit(void **state)
{
    (void)state;
    expect_covered(TENON_YES, nothing, next_seen, TENON_FINDING_DOUBLE);
    expect_covered(TENON_UNKNOWN, nothing, next_seen, TENON_FINDING_DOUBLE);
    expect_covered(TENON_YES, next_seen, next_seen, TENON_FINDING_CLASH);
    expect_covered(TENON_NO, nothing, next_seen, TENON_FINDING_HARMLESS);
    expect_covered(TENON_NO, next_seen, next_seen, TENON_FINDING_CLASH);
}

static void writable_inline_objects(void **state)
{
    (void)state;
    const tenon_visible hidden = { .name = "v" };
    const tenon_visible weak = { .name = "v", .exported = true, .preemptible = true };
    const tenon_visible fixed = { .name = "v", .exported = true };
    tenon_visible unique = weak;
    unique.unique = true;
    assert_true(tn_judge_comdat(&hidden, true, &weak, true));
    assert_true(tn_judge_comdat(&weak, true, &hidden, true));
    assert_false(tn_judge_comdat(&weak, true, &weak, true));
    assert_true(tn_judge_comdat(&weak, false, &weak, true)); /* two plugins, each apart */
    assert_true(tn_judge_comdat(&weak, true, &fixed, true)); /* -Bsymbolic, protected */
    assert_false(tn_judge_comdat(&unique, false, &unique, true));
    assert_true(tn_judge_comdat(&unique, false, &unique, false)); /* musl knows no such thing */
    assert_true(tn_judge_comdat(&unique, false, &weak, true));
}

/* What is bound to itself is not looked up, and only what is looked up can be joined. */
static void unique_objects_that_are_bound_to_themselves(void **state)
{
    (void)state;
    const tenon_visible unique = {
        .name = "v", .exported = true, .preemptible = true, .unique = true
    };
    tenon_visible fixed = unique;
    fixed.preemptible = false;
    assert_true(tn_judge_comdat(&unique, false, &fixed, true));
    assert_true(tn_judge_comdat(&fixed, false, &unique, true));
    assert_true(tn_judge_comdat(&fixed, false, &fixed, true));
    assert_true(tn_judge_comdat(&fixed, true, &fixed, true));   /* fixed there: a program's */
    assert_false(tn_judge_comdat(&fixed, true, &unique, true)); /* it is found first */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(another_implementation_is_a_conflict),
        cmocka_unit_test(another_interface_is_a_conflict),
        cmocka_unit_test(digests_of_two_kinds_are_no_conflict),
        cmocka_unit_test(visible_in_both_is_a_clash),
        cmocka_unit_test(plugins_apart_are_a_double),
        cmocka_unit_test(the_words_are_those_of_the_pair),
        cmocka_unit_test(hidden_in_one_is_a_double),
        cmocka_unit_test(an_unknown_image_is_taken_as_hidden),
        cmocka_unit_test(an_equal_stateless_copy_is_harmless),
        cmocka_unit_test(a_stateless_copy_not_proven_equal),
        cmocka_unit_test(a_private_copy_must_be_hidden),
        cmocka_unit_test(a_rename_hides_nothing),
        cmocka_unit_test(different_things_are_not_judged),
        cmocka_unit_test(a_name_without_project_says_nothing),
        cmocka_unit_test(an_image_without_record_that_covers_a_unit),
        cmocka_unit_test(writable_inline_objects),
        cmocka_unit_test(unique_objects_that_are_bound_to_themselves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
