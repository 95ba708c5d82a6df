/* tests/unit/test_same.c - when two units are the same thing */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "units.h"

#define DEFINES(...)                                                                               \
    .definitions = (const tenon_definition[]){ __VA_ARGS__ },                                      \
    .definition_count =                                                                            \
        sizeof((const tenon_definition[]){ __VA_ARGS__ }) / sizeof(tenon_definition)
#define T(name)                                                                                    \
    {                                                                                              \
        name, TENON_DEFINES_CODE                                                                   \
    }
#define C(name)                                                                                    \
    {                                                                                              \
        name, TENON_DEFINES_COMDAT                                                                 \
    }
#define W(name)                                                                                    \
    {                                                                                              \
        name, TENON_DEFINES_WEAK                                                                   \
    }
#define CODE(byte) .implementation = { .kind = TENON_DIGEST_CODE, .size = 32, .bytes = { byte } }

static void check(const tenon_unit *a, const tenon_unit *b, const char *key)
{
    const char *there = tenon_unit_same(a, b), *back = tenon_unit_same(b, a);
    assert_string_equal(there ? there : "", key ? key : "");
    assert_string_equal(back ? back : "", key ? key : "");
}

static void each_key_is_enough(void **state)
{
    tenon_unit a = { .name = "z/inflate", CODE(1), DEFINES(T("inflate"), T("inflateEnd")) };
    tenon_unit named = { .name = "z/inflate", CODE(2), DEFINES(T("other")) };
    tenon_unit equal = { .name = "copy", CODE(1) };
    tenon_unit renamed = { .name = "x", CODE(3), DEFINES(T("inflate"), T("inflateEnd"), C("n")) };
    tenon_unit another = { .name = "x", CODE(3), DEFINES(T("inflate")) };
    (void)state;
    check(&a, &a, "name");
    check(&a, &named, "name");
    check(&a, &equal, "implementation");
    check(&a, &renamed, "definitions");
    check(&a, &another, NULL);
}

static void unknown_and_empty_are_no_keys(void **state)
{
    tenon_unit a = { .name = "a" }, b = { .name = "b" };
    tenon_unit c = { .name = "c", DEFINES(C("_ZGVx")) }, d = { .name = "d", DEFINES(C("_ZGVx")) };
    (void)state;
    check(&a, &b, NULL);
    check(&c, &d, NULL); /* what the linker joins is nobody's own */
}

static void names_of_every_program_tell_nothing(void **state)
{
    tenon_unit a = { .name = "a", DEFINES(T("main")) }, b = { .name = "b", DEFINES(T("main")) };
    tenon_unit p = { .name = "p", DEFINES(T("tenon_plugin_start"), T("tenon_plugin_stop")) };
    tenon_unit q = { .name = "q", DEFINES(T("tenon_plugin_start"), T("tenon_plugin_stop")) };
    (void)state;
    check(&a, &b, NULL);
    check(&p, &q, NULL);
}

/* Two plugins that are each made from a plugin.c without a project. */
static void a_bare_name_needs_something_in_common(void **state)
{
    tenon_unit a = { .name = "plugin", DEFINES(T("alpha"), T("tenon_plugin_start")) };
    tenon_unit b = { .name = "plugin", DEFINES(T("beta"), T("tenon_plugin_start")) };
    tenon_unit c = { .name = "plugin", DEFINES(T("alpha"), T("more")) };
    tenon_unit bare = { .name = "plugin" };
    tenon_unit x = { .name = "p/plugin", DEFINES(T("alpha")) };
    tenon_unit y = { .name = "p/plugin", DEFINES(T("beta")) };
    (void)state;
    check(&a, &b, NULL);
    check(&a, &c, "name");
    check(&a, &bare, "name"); /* nobody knows what it defines */
    check(&x, &y, "name");
}

/* A default is no copy of what takes its place. */
static void weak_ones_are_compared_with_weak_ones(void **state)
{
    tenon_unit a = { .name = "a", DEFINES(W("hook"), W("value")) };
    tenon_unit b = { .name = "b", DEFINES(W("hook"), W("value")) };
    tenon_unit strong = { .name = "s", DEFINES(T("hook"), T("value")) };
    tenon_unit part = { .name = "p", DEFINES(W("hook")) };
    tenon_unit bare = { .name = "a", DEFINES(T("hook")) };
    (void)state;
    check(&a, &b, "definitions");
    check(&a, &strong, NULL);
    check(&a, &bare, NULL);
    check(&a, &part, NULL);
    assert_true(tn_units_overlap(&a, &part));
    assert_false(tn_units_overlap(&a, &strong));
    assert_null(tn_shared_first(&a, &strong));
    assert_string_equal(tn_met_first(&a, &strong), "hook");
    assert_true(tn_unit_is_weak(&part));
    assert_false(tn_unit_is_weak(&strong));
}

static void kinds_are_apart(void **state)
{
    tenon_unit c = { .kind = TENON_UNIT_C, .name = "x", CODE(1) };
    tenon_unit library = { .kind = TENON_UNIT_LIBRARY, .name = "x", CODE(1) };
    tenon_unit other = { .kind = TENON_UNIT_LIBRARY, .name = "y", DEFINES(T("f")) };
    tenon_unit third = { .kind = TENON_UNIT_LIBRARY, .name = "z", DEFINES(T("f")) };
    tenon_unit m = { .kind = TENON_UNIT_OCAML, .name = "M", CODE(1) };
    tenon_unit n = { .kind = TENON_UNIT_OCAML, .name = "N", CODE(1) };
    (void)state;
    check(&c, &library, NULL);
    check(&other, &third, NULL); /* a library is its name and build */
    check(&m, &n, NULL);
    check(&m, &m, "name");
}

static void the_table_of_generic_names_is_sorted(void **state)
{
    static const char *const some[] = { "_fini", "main",       "xstrdup",  "_GLOBAL_OFFSET_TABLE_",
                                        "usage", "data_start", "completed" };
    (void)state;
    for (size_t i = 0; i < TN_COUNT(some); i++)
        assert_true(tn_is_generic(some[i]));
    assert_false(tn_is_generic("inflate"));
    assert_false(tn_is_generic(""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_key_is_enough),
        cmocka_unit_test(unknown_and_empty_are_no_keys),
        cmocka_unit_test(names_of_every_program_tell_nothing),
        cmocka_unit_test(a_bare_name_needs_something_in_common),
        cmocka_unit_test(weak_ones_are_compared_with_weak_ones),
        cmocka_unit_test(kinds_are_apart),
        cmocka_unit_test(the_table_of_generic_names_is_sorted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
