/* tests/unit/test_table.c - equal names get equal numbers, different ones different numbers */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "failing_malloc.h"
#include "table.h"

static void names_are_numbered_from_zero(void **state)
{
    (void)state;
    struct tn_names names;
    assert_true(tn_names_init(&names));
    assert_int_equal(tn_names_find(&names, "a", 1), TN_NO_NAME);
    assert_int_equal(tn_names_add(&names, "a", 1), 0);
    assert_int_equal(tn_names_add(&names, "b", 1), 1);
    assert_int_equal(tn_names_add(&names, "a", 1), 0);
    assert_int_equal(tn_names_find(&names, "b", 1), 1);
    assert_int_equal(tn_names_find(&names, "c", 1), TN_NO_NAME);
    assert_int_equal(names.count, 2);
    tn_names_free(&names);
}

static void any_bytes_are_a_name(void **state)
{
    (void)state;
    struct tn_names names;
    assert_true(tn_names_init(&names));
    uint32_t empty = tn_names_add(&names, "", 0);
    uint32_t nul = tn_names_add(&names, "\0", 1);
    uint32_t longer = tn_names_add(&names, "a\0b", 3);
    uint32_t shorter = tn_names_add(&names, "a\0b", 2);
    assert_int_equal(names.count, 4);
    assert_int_equal(tn_names_find(&names, "", 0), empty);
    assert_int_equal(tn_names_find(&names, "\0", 1), nul);
    assert_memory_equal(tn_names_text(&names, longer), "a\0b", 4);
    assert_memory_equal(tn_names_text(&names, shorter), "a\0", 3);
    tn_names_free(&names);
}

static void room_made_before_changes_nothing(void **state)
{
    (void)state;
    struct tn_names names;
    char text[20];
    assert_true(tn_names_init(&names));
    uint32_t a = tn_names_add(&names, "a", 1);
    tn_names_reserve(&names, 500);
    const struct tn_name *rows = names.rows;
    size_t slots = names.slot_count;
    for (uint32_t i = 1; i < 500; i++) {
        int size = snprintf(text, sizeof text, "%u", i);
        assert_int_equal(tn_names_add(&names, text, (size_t)size), i);
    }
    assert_ptr_equal(names.rows, rows); /* they had their room */
    assert_int_equal(names.slot_count, slots);
    assert_int_equal(tn_names_find(&names, "a", 1), a);
    fail_after(0);
    tn_names_reserve(&names, 100000); /* no memory: as before */
    fail_never();
    assert_int_equal(tn_names_find(&names, "a", 1), a);
    tn_names_free(&names);
}

static void texts_stay_where_they_are(void **state)
{
    (void)state;
    enum { COUNT = 100000 };
    struct tn_names names;
    char text[40];
    assert_true(tn_names_init(&names));
    const char *first = tn_names_text(&names, tn_names_add(&names, "first", 5));
    for (uint32_t i = 1; i < COUNT; i++) {
        int size = snprintf(text, sizeof text, "lib%u.so.%u", i, i % 7);
        assert_int_equal(tn_names_add(&names, text, (size_t)size), i);
    }
    for (uint32_t i = 1; i < COUNT; i++) {
        int size = snprintf(text, sizeof text, "lib%u.so.%u", i, i % 7);
        assert_int_equal(tn_names_find(&names, text, (size_t)size), i);
    }
    assert_ptr_equal(tn_names_text(&names, 0), first);
    assert_string_equal(first, "first");
    tn_names_free(&names);
}

static void tables_are_seeded_apart(void **state)
{
    (void)state;
    struct tn_names a, b;
    assert_true(tn_names_init(&a) && tn_names_init(&b));
    assert_memory_not_equal(a.seed, b.seed, sizeof a.seed);
    tn_names_free(&a);
    tn_names_free(&b);
}

static void a_map_holds_what_was_set_last(void **state)
{
    (void)state;
    enum { COUNT = 50000 };
    struct tn_map map;
    assert_true(tn_map_init(&map));
    for (uint32_t i = 0; i < COUNT; i++) {
        const uint32_t key[4] = { i, i / 3, UINT32_MAX, 0 };
        assert_int_equal(tn_map_find(&map, key), TN_NO_NAME);
        assert_true(tn_map_set(&map, key, i));
        if (i % 2)
            assert_true(tn_map_set(&map, key, i + 1));
    }
    assert_int_equal(map.count, COUNT);
    for (uint32_t i = 0; i < COUNT; i++) {
        const uint32_t key[4] = { i, i / 3, UINT32_MAX, 0 };
        const uint32_t other[4] = { i, i / 3, UINT32_MAX, 1 };
        assert_int_equal(tn_map_find(&map, key), i + i % 2);
        assert_int_equal(tn_map_find(&map, other), TN_NO_NAME);
    }
    tn_map_free(&map);
}

/* Emptied once while it is small, once when it has grown so much that its room is given back. */
static void an_emptied_map_is_as_new(void **state)
{
    (void)state;
    static const uint32_t counts[] = { 10, 20000, 10 };
    struct tn_map map;
    assert_true(tn_map_init(&map));
    for (size_t round = 0; round < sizeof counts / sizeof counts[0]; round++) {
        for (uint32_t i = 0; i < counts[round]; i++) {
            const uint32_t key[4] = { i, 0, 0, i };
            assert_int_equal(tn_map_find(&map, key), TN_NO_NAME);
            assert_true(tn_map_set(&map, key, i));
            assert_int_equal(tn_map_find(&map, key), i);
        }
        tn_map_empty(&map);
        assert_int_equal(map.count, 0);
    }
    tn_map_free(&map);
}

static bool fill(struct tn_names *names, struct tn_map *map)
{
    for (uint32_t i = 0; i < 300; i++) {
        const uint32_t key[4] = { i, 0, 0, 0 };
        if (tn_names_add(names, (const char *)key, sizeof key) != i || !tn_map_set(map, key, i))
            return false;
    }
    return true;
}

/* A refusal leaves the tables as they were: the same call then works. */
static void each_allocation_may_fail(void **state)
{
    (void)state;
    long n = 0;
    for (bool done = false; !done; n++) {
        struct tn_names names = { 0 };
        struct tn_map map = { 0 };
        fail_after(n);
        done = tn_names_init(&names) && tn_map_init(&map) && fill(&names, &map);
        fail_never();
        assert_int_equal(done, !allocation_failed);
        if (names.slots && map.rows)
            assert_true(fill(&names, &map));
        tn_names_free(&names);
        tn_map_free(&map);
    }
    assert_true(n > 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_numbered_from_zero),
        cmocka_unit_test(any_bytes_are_a_name),
        cmocka_unit_test(texts_stay_where_they_are),
        cmocka_unit_test(tables_are_seeded_apart),
        cmocka_unit_test(a_map_holds_what_was_set_last),
        cmocka_unit_test(an_emptied_map_is_as_new),
        cmocka_unit_test(each_allocation_may_fail),
        cmocka_unit_test(room_made_before_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
