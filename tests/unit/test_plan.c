/* tests/unit/test_plan.c - order, requirements, constraints and leaving out, without any code */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "plan.h"
#include "view.h"

#define MOST 8

struct plan_case {
    struct tn_plan plan;
    struct tn_index present;
    struct tn_candidate candidates[MOST];
    tenon_unit units[MOST];
    struct tn_entry entries[MOST];
    tenon_claim claims[MOST];
    size_t claim_count;
};

/* Two entries of one name are a double. */
static bool compare(void *arg, const struct tn_candidate *c, const struct tn_entry *there,
                    const struct tn_entry *comes)
{
    struct plan_case *k = arg;
    if (strcmp(there->unit->name, comes->unit->name) != 0)
        return false;
    tn_report_find(k->plan.report,
                   (struct tn_about){ .kind = TENON_FINDING_DOUBLE,
                                      .refuses = true,
                                      .plugin = c->name,
                                      .unit = comes->unit->name },
                   "%s", comes->unit->name);
    return true;
}

static bool examine(void *arg, const struct tn_candidate *c, struct tn_index *coming)
{
    (void)arg;
    (void)c;
    (void)coming;
    return false;
}

static bool place(void *arg, const struct tn_candidate *c)
{
    (void)arg;
    (void)c;
    return true;
}

static tenon_digest digest(uint8_t first)
{
    tenon_digest out = { .kind = TENON_DIGEST_EXPORTS, .size = 32 };
    out.bytes[0] = first;
    return out;
}

static int setup(void **state)
{
    struct plan_case *k = calloc(1, sizeof *k);
    k->plan.report = tn_report_new(NULL);
    k->plan.present = &k->present;
    k->plan.candidates = k->candidates;
    k->plan.judge = (struct tn_plan_judge){ compare, examine, place, k };
    *state = k;
    return 0;
}

static int teardown(void **state)
{
    struct plan_case *k = *state;
    tn_plan_free(&k->plan);
    tn_index_free(&k->present);
    tenon_report_free(k->plan.report);
    free(k);
    return 0;
}

/* A candidate with one unit of the given name and interface. */
static struct tn_candidate *add(struct plan_case *k, const char *name, const char *unit)
{
    size_t i = k->plan.count++;
    k->units[i] = (tenon_unit){ .kind = TENON_UNIT_C, .name = unit, .interface = digest(1) };
    k->entries[i] = (struct tn_entry){ .unit = &k->units[i] };
    k->candidates[i] =
        (struct tn_candidate){ .name = name, .row = i, .entries = &k->entries[i], .count = 1 };
    return &k->candidates[i];
}

static void need(struct plan_case *k, struct tn_candidate *c, const char *unit, uint8_t interface)
{
    tenon_claim *claim = &k->claims[k->claim_count++];
    *claim = (tenon_claim){ .kind = TENON_UNIT_C, .name = unit, .interface = digest(interface) };
    c->required = claim;
    c->required_count = 1;
}

static void make(struct plan_case *k)
{
    assert_true(tn_plan_requirements(&k->plan));
    assert_true(tn_plan_leave_out(&k->plan));
    assert_true(tn_plan_order(&k->plan));
    assert_true(tn_plan_leave_out(&k->plan));
    assert_true(tn_plan_doubles(&k->plan));
    assert_false(k->plan.report->no_memory);
}

static void expect_order(const struct plan_case *k, const char *wanted)
{
    char text[256] = "";
    for (size_t i = 0; i < k->plan.order_count; i++) {
        strcat(text, i ? " " : "");
        strcat(text, k->candidates[k->plan.order[i]].name);
    }
    assert_string_equal(text, wanted);
}

/* "double cycle ..." of the findings, in order. */
static void expect_findings(const struct plan_case *k, const char *wanted)
{
    char text[256] = "";
    for (size_t i = 0; i < k->plan.report->count; i++) {
        strcat(text, i ? " " : "");
        strcat(text, tenon_finding_name(k->plan.report->findings[i].kind));
    }
    assert_string_equal(text, wanted);
}

static void the_request_breaks_ties(void **state)
{
    struct plan_case *k = *state;
    add(k, "c", "uc"), add(k, "a", "ua"), add(k, "b", "ub");
    make(k);
    expect_order(k, "c a b");
    expect_findings(k, "");
}

static void what_is_needed_comes_first(void **state)
{
    struct plan_case *k = *state;
    need(k, add(k, "a", "ua"), "uz", 1);
    add(k, "b", "ub");
    add(k, "z", "uz");
    make(k);
    expect_order(k, "z a b");
}

/* What is needed moves to the front of those that need it, and nothing else moves. */
static void the_rest_stays_as_asked_for(void **state)
{
    struct plan_case *k = *state;
    add(k, "d", "ud");
    need(k, add(k, "c", "uc"), "uz", 1);
    add(k, "a", "ua");
    need(k, add(k, "z", "uz"), "uy", 1);
    add(k, "b", "ub");
    need(k, add(k, "y", "uy"), "ud", 1);
    make(k);
    expect_order(k, "d y z c a b");
    expect_findings(k, "");
}

/* By whichever of its needs a plugin is reached: they come as asked for. */
static void needs_of_one_come_as_asked_for(void **state)
{
    struct plan_case *k = *state;
    struct tn_candidate *c = add(k, "a", "ua");
    need(k, c, "ub", 1);
    need(k, c, "ud", 1);
    c->required--;
    c->required_count = 2;
    add(k, "d", "ud"), add(k, "b", "ub");
    make(k);
    expect_order(k, "d b a");
}

static void a_need_may_be_there_already(void **state)
{
    struct plan_case *k = *state;
    tenon_unit there = { .kind = TENON_UNIT_C, .name = "there", .interface = digest(1) };
    struct tn_entry entry = { .unit = &there };
    assert_true(tn_index_add(&k->present, &entry, false));
    need(k, add(k, "a", "ua"), "there", 1);
    need(k, add(k, "b", "ub"), "there", 2);
    need(k, add(k, "c", "uc"), "nowhere", 1);
    make(k);
    expect_findings(k, "wrong-interface missing-unit");
    assert_false(k->candidates[0].refused);
}

static void cycles_are_named_all_at_once(void **state)
{
    struct plan_case *k = *state;
    need(k, add(k, "a", "ua"), "ub", 1);
    need(k, add(k, "b", "ub"), "ua", 1);
    need(k, add(k, "c", "uc"), "ud", 1);
    need(k, add(k, "d", "ud"), "uc", 1);
    need(k, add(k, "e", "ue"), "ua", 1);
    make(k);
    expect_findings(k, "cycle cycle");
    assert_string_equal(k->plan.report->findings[0].message,
                        "plugins need each other: a -> b -> a");
    assert_string_equal(k->plan.report->findings[1].message,
                        "plugins need each other: c -> d -> c");
    assert_false(k->candidates[4].refused);
}

static void each_leaves_out_what_stands_on_the_refused(void **state)
{
    struct plan_case *k = *state;
    k->plan.each = true;
    need(k, add(k, "a", "ua"), "nowhere", 1);
    need(k, add(k, "b", "ub"), "ua", 1);
    need(k, add(k, "c", "uc"), "ub", 1);
    add(k, "d", "ud");
    make(k);
    expect_order(k, "d");
    expect_findings(k, "missing-unit needs-refused needs-refused");
}

static void doubles_among_those_that_come(void **state)
{
    struct plan_case *k = *state;
    add(k, "b", "same"), add(k, "a", "same"), add(k, "c", "other");
    make(k);
    expect_findings(k, "double");
    assert_string_equal(k->plan.report->findings[0].plugin, "a");
}

static void each_keeps_the_first_of_a_double(void **state)
{
    struct plan_case *k = *state;
    tenon_unit there = { .kind = TENON_UNIT_C, .name = "there" };
    struct tn_entry entry = { .unit = &there };
    k->plan.each = true;
    assert_true(tn_index_add(&k->present, &entry, false));
    add(k, "a", "there"), add(k, "b", "same"), add(k, "c", "same");
    make(k);
    expect_order(k, "b");
    expect_findings(k, "double double");
}

static void libraries_are_introduced_once(void **state)
{
    struct plan_case *k = *state;
    tenon_unit library = { .kind = TENON_UNIT_LIBRARY, .name = "libx.so.1" };
    struct tn_entry entry = { .unit = &library };
    struct tn_brought brought = { .entries = &entry, .count = 1 };
    const uint32_t list[] = { 0 };
    k->plan.brought = &brought;
    for (int i = 0; i < 2; i++) {
        struct tn_candidate *c = add(k, i ? "b" : "a", i ? "ub" : "ua");
        c->brought = list;
        c->brought_count = 1;
    }
    make(k);
    expect_findings(k, "");
    assert_true(brought.introduced);
}

static void constraints(void **state)
{
    struct plan_case *k = *state;
    static const struct tn_service offered[] = { { "log", 2, NULL }, { "net", 0, NULL } };
    static const char *const good[] = { "log", "log>=2", "net" };
    static const char *const bad[] = { "log>=3", "gui", "log>=x", ">=1", "log>=" };
    k->plan.services = offered;
    k->plan.service_count = TN_COUNT(offered);
    struct tn_candidate *c = add(k, "a", "ua");
    c->cons = good;
    c->con_count = TN_COUNT(good);
    c = add(k, "b", "ub");
    c->cons = bad;
    c->con_count = TN_COUNT(bad);
    make(k);
    assert_false(k->candidates[0].refused);
    expect_findings(k, "constraint constraint constraint constraint constraint");
}

static void reading_constraints(void **state)
{
    size_t size;
    unsigned version;
    (void)state;
    assert_true(tn_constraint_read("log>=4294967295", &size, &version));
    assert_int_equal(size, 3);
    assert_int_equal(version, UINT32_MAX);
    assert_false(tn_constraint_read("log>=4294967296", &size, &version));
    assert_false(tn_constraint_read("", &size, &version));
}

static void the_index_forgets_what_is_cut(void **state)
{
    struct plan_case *k = *state;
    add(k, "a", "one"), add(k, "b", "two");
    for (size_t i = 0; i < 2; i++)
        assert_true(tn_index_add(&k->present, &k->entries[i], false));
    assert_true(tn_index_cut(&k->present, 1));
    assert_true(tn_index_named(&k->present, TENON_UNIT_C, "two"));
    assert_int_equal(k->present.found_count, 0);
    assert_true(tn_index_named(&k->present, TENON_UNIT_C, "one"));
    assert_int_equal(k->present.found_count, 1);
}

/* Enough of them that table and filter grow several times. */
static void the_index_finds_all_and_nothing_else(void **state)
{
    enum { UNITS = 3000 };
    struct plan_case *k = *state;
    tenon_unit *units = calloc(UNITS, sizeof *units);
    struct tn_index other = { .entries = NULL };
    char name[32];
    for (size_t i = 0; i < UNITS; i++) {
        snprintf(name, sizeof name, "project/unit%zu", i);
        units[i] = (tenon_unit){ .kind = TENON_UNIT_C, .name = strdup(name) };
        struct tn_entry entry = { .unit = &units[i] };
        assert_true(tn_index_add(&k->present, &entry, false));
    }
    for (size_t i = 0; i < UNITS; i++) {
        assert_true(tn_index_may_same(&k->present, &k->present.entries[i].keys));
        assert_true(tn_index_same(&k->present, &k->present.entries[i].keys));
        assert_true(k->present.found_count >= 1);
        assert_true(tn_index_named(&k->present, TENON_UNIT_OCAML, units[i].name));
        assert_int_equal(k->present.found_count, 0);
    }
    /* another one of the same seed takes the keys as they are */
    tn_index_seed(&other, &k->present);
    for (size_t i = 0; i < UNITS; i++)
        assert_true(tn_index_add(&other, &k->present.entries[i], true));
    assert_true(tn_index_cut(&other, 1));
    for (size_t i = 0; i < UNITS; i++) {
        assert_true(tn_index_same(&other, &k->present.entries[i].keys));
        assert_int_equal(other.found_count, i == 0);
        assert_true(tn_index_add(&other, &k->present.entries[i], true));
        assert_true(tn_index_cut(&other, 1));
    }
    for (size_t i = 0; i < UNITS; i++)
        free((char *)units[i].name);
    tn_index_free(&other);
    free(units);
}

static void the_index_lists_what_it_awaits(void **state)
{
    struct plan_case *k = *state;
    struct tn_index other = { .entries = NULL };
    for (size_t i = 0; i < 5; i++) {
        static const char *const names[] = { "a", "b", "c", "d", "e" };
        add(k, names[i], names[i]);
        tn_index_keys(&k->present, k->entries[i].unit, &k->entries[i].keys);
    }
    tn_index_seed(&other, &k->present);
    assert_true(tn_index_await(&other, k->entries, 2));
    assert_true(tn_index_await(&other, k->entries + 2, 0));
    assert_true(tn_index_await(&other, k->entries + 2, 3));
    assert_int_equal(tn_index_total(&other), 5);
    assert_int_equal(other.count, 0);
    assert_true(tn_index_cut(&other, 4)); /* in the middle of what is awaited */
    assert_int_equal(tn_index_total(&other), 4);
    assert_true(tn_index_named(&other, TENON_UNIT_C, "e"));
    assert_int_equal(other.found_count, 0);
    assert_int_equal(other.count, 4);
    assert_true(tn_index_same(&other, &k->entries[3].keys));
    assert_int_equal(other.found_count, 1);
    assert_true(tn_index_await(&other, k->entries + 4, 1));
    assert_true(tn_index_add(&other, &k->entries[0], true)); /* after it, not before */
    assert_string_equal(other.entries[4].unit->name, "e");
    assert_int_equal(other.count, 6);
    assert_true(tn_index_await(&other, k->entries, 5));
    assert_true(tn_index_cut(&other, 1));
    assert_int_equal(tn_index_total(&other), 1);
    assert_true(tn_index_named(&other, TENON_UNIT_C, "b"));
    assert_int_equal(other.found_count, 0);
    tn_index_free(&other);
}

/* Both rounds over the same hashes, given by number; 0 is no hash. */
static void take_all(struct tn_repeats *r, size_t count, uint32_t hash_of(size_t))
{
    assert_true(tn_repeats_begin(r, count));
    for (size_t i = 0; i < count; i++)
        tn_repeats_see(r, hash_of(i));
    assert_true(tn_repeats_turn(r));
    for (size_t i = 0; i < count; i++)
        tn_repeats_count(r, hash_of(i));
}

enum { REPEATS = 1000 };

/* Alike in their last bits; every tenth comes twice, number 0 not at all. */
static uint32_t alike(size_t i)
{
    uint32_t number = (uint32_t)(i / 2) << 12;
    return i % 2 && i / 2 % 10 != 3 ? number | 1 : number;
}

static uint32_t scattered(size_t i)
{
    return (uint32_t)(i % (REPEATS - 10)) * UINT32_C(0x9E3779B1); /* the first ten come twice */
}

static uint32_t always(size_t i)
{
    return (uint32_t)(7 + 0 * i);
}

static void hashes_that_come_again_are_known(void **state)
{
    struct tn_repeats r;
    (void)state;
    take_all(&r, 0, alike);
    assert_false(tn_repeats_has(&r, 7));
    tn_repeats_free(&r);
    take_all(&r, 2 * REPEATS, alike);
    assert_int_equal(r.count, REPEATS / 10);
    for (uint32_t i = 0; i < REPEATS; i++) {
        assert_int_equal(tn_repeats_has(&r, i << 12), i % 10 == 3);
        assert_false(tn_repeats_has(&r, i << 12 | 1));
    }
    tn_repeats_free(&r);
    take_all(&r, REPEATS, scattered);
    for (uint32_t i = 1; i < REPEATS - 10; i++)
        assert_int_equal(tn_repeats_has(&r, scattered(i)), i < 10);
    tn_repeats_free(&r);
    take_all(&r, REPEATS, always);
    assert_true(tn_repeats_has(&r, 7));
    assert_int_equal(r.count, 1);
    tn_repeats_free(&r);
}

/* Which units are a double, whatever came between, and whoever brings them. */
static void doubles_among_what_comes(void **state)
{
    struct plan_case *k = *state;
    struct tn_candidate *c = add(k, "p", "one");
    add(k, "x", "one"), add(k, "x", "two"); /* further units of the same plugin */
    k->plan.count = 1;
    c->count = 3;
    make(k);
    expect_findings(k, "double");
}

static void what_is_left_out_is_no_double(void **state)
{
    struct plan_case *k = *state;
    add(k, "a", "one"), add(k, "b", "one"), add(k, "c", "two"), add(k, "d", "one");
    k->plan.each = true;
    k->candidates[0].refused = true;
    make(k);
    expect_findings(k, "double"); /* d beside b; a does not count */
    assert_false(k->candidates[1].refused);
    assert_true(k->candidates[3].refused);
}

static void libraries_that_are_brought_count_once(void **state)
{
    struct plan_case *k = *state;
    static const uint32_t number = 0;
    struct tn_brought brought;
    add(k, "a", "one"), add(k, "b", "two"), add(k, "c", "lib"), add(k, "x", "lib");
    brought = (struct tn_brought){ .entries = &k->entries[3], .count = 1 };
    k->plan.count = 3;
    k->plan.brought = &brought;
    k->plan.brought_count = 1;
    for (size_t i = 0; i < 2; i++) {
        k->candidates[i].brought = &number;
        k->candidates[i].brought_count = 1;
    }
    make(k);
    expect_findings(k, "double"); /* of c alone */
    assert_true(k->candidates[2].refused);
    assert_false(k->candidates[1].refused);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(the_index_finds_all_and_nothing_else),
        CASE(the_index_lists_what_it_awaits),
        CASE(hashes_that_come_again_are_known),
        CASE(doubles_among_what_comes),
        CASE(what_is_left_out_is_no_double),
        CASE(libraries_that_are_brought_count_once),
        CASE(the_request_breaks_ties),
        CASE(what_is_needed_comes_first),
        CASE(the_rest_stays_as_asked_for),
        CASE(needs_of_one_come_as_asked_for),
        CASE(a_need_may_be_there_already),
        CASE(cycles_are_named_all_at_once),
        CASE(each_leaves_out_what_stands_on_the_refused),
        CASE(doubles_among_those_that_come),
        CASE(each_keeps_the_first_of_a_double),
        CASE(libraries_are_introduced_once),
        CASE(constraints),
        cmocka_unit_test(reading_constraints),
        CASE(the_index_forgets_what_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
