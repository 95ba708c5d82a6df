/*
 * tests/unit/test_som.c - SOM files, and the test vectors of HP-UX' dld.sl
 *
 * Numbers are those of the reference on loaders that are not ELF's, section 6.8.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "model.h"
#include "som_builder.h"
#include "world_case.h"

#define DASH_L(name) ((const struct som_need[]){ { name, true, 0 }, { NULL, false, 0 } })
#define PATH(name) ((const struct som_need[]){ { name, false, 0 }, { NULL, false, 0 } })
#define E "/bin/prog"
#define FOO "/usr/local/lib/libfoo.sl"
enum { SHARE = 0x108, S = 4, B = 8, S_FIRST = 0x10 };

#undef PUT
#define PUT(c, path, ...) put((c), (path), 0755, &(struct som_spec){ __VA_ARGS__ })
#define LIB(c, path) PUT(c, path, .own_name = NULL)

static void put(struct world_case *c, const char *path, uint32_t mode, const struct som_spec *spec)
{
    struct som s;
    som_build(&s, spec);
    assert_true(tenon_world_put_file(c->world, path, s.bytes, s.size, mode, NULL));
}

/* ---- the reader --------------------------------------------------------------------------------
 */

static tenon_image *parse(const struct som *s, size_t size, tenon_error *err)
{
    return tenon_image_parse(s->bytes, size, "f", err);
}

static void a_library_is_read(void **state)
{
    (void)state;
    struct som s;
    tenon_error err = TENON_ERROR_INIT;
    som_build(
        &s, &(struct som_spec){ .own_name = "libx.1",
                                .needs = (const struct som_need[]){ { "/usr/lib/libc.2", true, 70 },
                                                                    { "/x/liby.sl", false, 0 },
                                                                    { NULL, false, 0 } },
                                .embedded = "/a::/b",
                                .flags = B,
                                .highwater = 99,
                                .exports = NAMES("own", "more"),
                                .imports = NAMES("asked") });
    tenon_image *image = parse(&s, s.size, &err);
    if (!image)
        fail_msg("%s", err.text);
    assert_null(tenon_image_warning(image, 0));
    assert_int_equal(tenon_image_format(image), TENON_FORMAT_SOM);
    assert_int_equal(tenon_image_kind(image), TENON_KIND_SHARED_LIBRARY);
    assert_string_equal(tenon_image_machine(image), "hppa");
    assert_string_equal(tenon_image_os(image), "hpux");
    assert_string_equal(tenon_image_own_name(image), "libx.1");
    assert_string_equal(tenon_image_need(image, 0)->name, "/usr/lib/libc.2");
    assert_string_equal(tenon_image_need(image, 0)->how, "-l, deferred, high water mark 70");
    assert_string_equal(tenon_image_need(image, 1)->how, "deferred");
    assert_null(tenon_image_need(image, 2));
    assert_string_equal(tenon_image_search_path(image, 0)->path, "/a::/b");
    assert_string_equal(tenon_image_export(image, 1)->name, "more");
    assert_string_equal(tenon_image_import(image, 0)->name, "asked");
    assert_null(tenon_image_import(image, 1)); /* a slot without a name is none */
    assert_int_equal(tn_som_facts(&image->facts)->highwater_mark, 99);
    tenon_image_free(image);
}

static void entry_0_is_a_need_of_a_library_without_a_name(void **state)
{
    (void)state;
    struct som s;
    som_build(&s, &(struct som_spec){ .needs = DASH_L("/usr/lib/libc.2") });
    tenon_image *image = parse(&s, s.size, NULL);
    assert_non_null(image);
    assert_null(tenon_image_own_name(image));
    assert_string_equal(tenon_image_need(image, 0)->name, "/usr/lib/libc.2");
    tenon_image_free(image);
    som_build(&s, &(struct som_spec){ .magic = SHARE, .no_dl_header = true });
    image = parse(&s, s.size, NULL);
    assert_non_null(image);
    assert_true(tenon_image_is_static(image));
    tenon_image_free(image);
}

static void expect_refused(const struct som *s, enum tenon_code code, const char *text)
{
    tenon_error err = TENON_ERROR_INIT;
    assert_null(parse(s, s->size, &err));
    assert_string_equal(err.text, text);
    assert_int_equal(err.code, code);
}

static void headers_at_their_extremes_are_refused(void **state)
{
    (void)state;
    struct som s;
    const struct som_spec spec = { .own_name = "libx.1",
                                   .needs = DASH_L("/usr/lib/libc.2"),
                                   .embedded = "/a" };
    som_build(&s, &spec);
    som_word(&s, SOM_TEXT + 12, 0xffffffff);
    expect_refused(&s, TENON_E_LIMIT, "f: shlib_list_count is 4294967295, more than 65535");
    som_build(&s, &spec);
    som_word(&s, SOM_TEXT + 8, 0xfffffff0);
    expect_refused(&s, TENON_E_TRUNCATED,
                   "f: list of libraries: 16 bytes needed at 0x1000001f0, 0 left");
    som_build(&s, &spec);
    som_word(&s, SOM_LISTS, 0xffffff);
    expect_refused(&s, TENON_E_MALFORMED,
                   "f: name of a needed library: the string at 0x10009ff begins or ends past "
                   "0xa1b");
    som_build(&s, &spec);
    som_word(&s, SOM_TEXT + 96, 0xffffff);
    expect_refused(&s, TENON_E_MALFORMED,
                   "f: embedded path: the string at 0x10009ff begins or ends past 0xa1b");
}

static void every_prefix_and_every_byte_is_survived(void **state)
{
    (void)state;
    struct som s;
    som_build(&s, &(struct som_spec){ .own_name = "libx.1",
                                      .needs = DASH_L("/usr/lib/libc.2"),
                                      .embedded = "/a",
                                      .exports = NAMES("own"),
                                      .imports = NAMES("asked") });
    for (size_t n = 0; n < s.size; n++) {
        uint8_t *cut = malloc(n ? n : 1);
        tenon_error err = TENON_ERROR_INIT;
        memcpy(cut, s.bytes, n);
        tenon_image_free(tenon_image_parse(cut, n, "f", &err));
        free(cut);
    }
    for (size_t at = 0; at < s.size; at++) {
        s.bytes[at] ^= 0xff;
        tenon_image_free(parse(&s, s.size, NULL));
        s.bytes[at] ^= 0xff;
    }
}

/* ---- vectors -----------------------------------------------------------------------------------
 */

static void h1_and_h2_the_list_then_the_recorded_path(void **state)
{
    struct world_case *c = *state;
    PUT(c, E, .magic = SHARE, .own_name = "prog", .needs = DASH_L(FOO), .flags = B,
        .embedded = "/apps/lib:xyz");
    answer(c, E);
    assert_string_equal(tried(c, FOO),
                        "/apps/lib/libfoo.sl: absent\nxyz/libfoo.sl: absent\n" FOO ": absent\n");
    PUT(c, E, .magic = SHARE, .own_name = "prog", .needs = DASH_L(FOO), .flags = B,
        .embedded = "/apps/lib::xyz");
    answer(c, E);
    assert_string_equal(tried(c, FOO), "/apps/lib/libfoo.sl: absent\n" FOO
                                       ": absent\nxyz/libfoo.sl: absent\n" FOO ": absent\n");
}

static void h3_a_library_that_was_moved(void **state)
{
    struct world_case *c = *state;
    PUT(c, E, .magic = SHARE, .own_name = "prog",
        .needs = (const struct som_need[]){ { "/old/libme.sl", true, 0 },
                                            { "/usr/lib/libc.sl", true, 0 },
                                            { NULL, false, 0 } },
        .flags = B, .embedded = "/var/tmp");
    LIB(c, "/var/tmp/libme.sl");
    LIB(c, "/usr/lib/libc.sl");
    assert_string_equal(answer(c, E), "/old/libme.sl => /var/tmp/libme.sl [embedded path]\n"
                                      "/usr/lib/libc.sl => /usr/lib/libc.sl [recorded path]\n");
    assert_string_equal(tried(c, "/usr/lib/libc.sl"),
                        "/var/tmp/libc.sl: absent\n/usr/lib/libc.sl: found\n");
}

static void h4_and_h5_shlib_path_must_be_enabled(void **state)
{
    struct world_case *c = *state;
    LIB(c, "/o/libfoo.sl");
    case_env(c, "SHLIB_PATH", "/o");
    PUT(c, E, .magic = SHARE, .own_name = "prog", .needs = DASH_L(FOO));
    assert_string_equal(answer(c, E), FOO " => missing\n");
    assert_string_equal(tenon_graph_library(c->graph, 0)->reason,
                        "Can't open shared library: " FOO);
    PUT(c, E, .magic = SHARE, .own_name = "prog", .needs = DASH_L(FOO), .flags = S);
    assert_string_equal(answer(c, E), FOO " => /o/libfoo.sl [SHLIB_PATH]\n");
}

static void h6_a_library_given_by_its_path(void **state)
{
    struct world_case *c = *state;
    LIB(c, "/o/libq.sl");
    LIB(c, "/x/libq.sl");
    case_env(c, "SHLIB_PATH", "/o");
    PUT(c, E, .magic = SHARE, .own_name = "prog", .needs = PATH("/x/libq.sl"), .flags = S);
    assert_string_equal(answer(c, E), "/x/libq.sl => /x/libq.sl [recorded path]\n");
}

static void h7_the_first_of_both_lists(void **state)
{
    struct world_case *c = *state;
    LIB(c, "/o/libfoo.sl");
    LIB(c, "/e/libfoo.sl");
    case_env(c, "SHLIB_PATH", "/o");
    PUT(c, E, .magic = SHARE, .own_name = "prog", .needs = DASH_L(FOO), .flags = S | B | S_FIRST,
        .embedded = "/e");
    assert_string_equal(answer(c, E), FOO " => /o/libfoo.sl [SHLIB_PATH]\n");
    PUT(c, E, .magic = SHARE, .own_name = "prog", .needs = DASH_L(FOO), .flags = S | B,
        .embedded = "/e");
    assert_string_equal(answer(c, E), FOO " => /e/libfoo.sl [embedded path]\n");
}

static void h8_and_h9_variables_that_do_not_count(void **state)
{
    struct world_case *c = *state;
    LIB(c, "/o/libfoo.sl");
    LIB(c, FOO);
    PUT(c, E, .magic = SHARE, .own_name = "prog", .needs = DASH_L(FOO), .flags = S);
    case_env(c, "SHLIB_PATH", "/o");
    tenon_world_set_secure(c->world, true);
    assert_string_equal(answer(c, E), FOO " => " FOO " [recorded path]\n");
    tenon_world_set_secure(c->world, false);
    case_env(c, "SHLIB_PATH", NULL);
    case_env(c, "LD_LIBRARY_PATH", "/o");
    assert_string_equal(answer(c, E), FOO " => " FOO " [recorded path]\n");
}

static void h10_the_recorded_name_is_the_librarys_own(void **state)
{
    struct world_case *c = *state;
    PUT(c, "/usr/lib/libfoo.1", .own_name = "libfoo.1");
    PUT(c, "/usr/lib/libfoo.2", .own_name = "libfoo.2");
    case_put_link(c, "/usr/lib/libfoo.sl", "libfoo.2");
    PUT(c, E, .magic = SHARE, .own_name = "prog", .needs = DASH_L("/usr/lib/libfoo.1"));
    assert_string_equal(answer(c, E), "/usr/lib/libfoo.1 => /usr/lib/libfoo.1 [recorded path]\n");
}

static void h11_programs_from_before_hp_ux_10(void **state)
{
    struct world_case *c = *state;
    LIB(c, "/usr/lib/libX.0");
    LIB(c, "/usr/lib/libX.sl");
    PUT(c, E, .magic = SHARE, .own_name = "prog", .needs = DASH_L("/usr/lib/libX.sl"), .old = true);
    assert_string_equal(answer(c, E), "/usr/lib/libX.sl => /usr/lib/libX.0 [first version]\n");
    PUT(c, E, .magic = SHARE, .own_name = "prog", .needs = DASH_L("/usr/lib/libX.sl"));
    assert_string_equal(answer(c, E), "/usr/lib/libX.sl => /usr/lib/libX.sl [recorded path]\n");
}

static void h12_an_old_library_is_refused(void **state)
{
    struct world_case *c = *state;
    const struct som_need needs[] = { { FOO, true, 80 }, { NULL, false, 0 } };
    PUT(c, E, .magic = SHARE, .own_name = "prog", .needs = needs);
    PUT(c, FOO, .highwater = 79);
    answer(c, E);
    assert_int_equal(tenon_graph_library(c->graph, 0)->status, TENON_STATUS_REFUSED);
    assert_int_equal(tenon_graph_tried(c->graph, 0, 0)->outcome, TENON_OUTCOME_WRONG_VERSION);
    PUT(c, FOO, .highwater = 80);
    assert_string_equal(answer(c, E), FOO " => " FOO " [recorded path]\n");
}

static void h13_libraries_must_be_executable(void **state)
{
    struct world_case *c = *state;
    PUT(c, E, .magic = SHARE, .own_name = "prog", .needs = DASH_L(FOO));
    put(c, FOO, 0644, &(struct som_spec){ 0 });
    answer(c, E);
    assert_int_equal(tenon_graph_library(c->graph, 0)->status, TENON_STATUS_REFUSED);
    assert_int_equal(tenon_graph_tried(c->graph, 0, 0)->outcome, TENON_OUTCOME_PERMISSION);
}

static void h14_shl_load_takes_a_path_as_it_is(void **state)
{
    struct world_case *c = *state;
    PUT(c, E, .magic = SHARE, .own_name = "prog", .flags = S);
    LIB(c, "/w/libp.sl");
    LIB(c, "/o/libp.sl");
    case_cwd(c, "/w");
    case_env(c, "SHLIB_PATH", "/o");
    tenon_state *s = tenon_state_new(NULL);
    tenon_loaded program = { { .path = E }, NULL, "the program", NULL, TENON_THE_FILE };
    assert_true(tenon_state_add(s, &program, NULL));
    assert_true(tenon_state_request(s, "libp.sl", 0, 0, NULL));
    assert_string_equal(answer_state(c, s), "libp.sl => libp.sl [path of shl_load()]\n");
    tenon_state_free(s);
}

/* ---- beyond the vectors ------------------------------------------------------------------------
 */

static void libraries_are_loaded_depth_first(void **state)
{
    struct world_case *c = *state;
    PUT(c, E, .magic = SHARE, .own_name = "prog",
        .needs = (const struct som_need[]){
            { "/l/liba.sl", true, 0 }, { "/l/libb.sl", true, 0 }, { NULL, false, 0 } });
    PUT(c, "/l/liba.sl", .own_name = "liba.sl", .needs = DASH_L("/l/libc.sl"));
    LIB(c, "/l/libb.sl");
    LIB(c, "/l/libc.sl");
    assert_string_equal(answer(c, E), "/l/liba.sl => /l/liba.sl [recorded path]\n"
                                      "/l/libc.sl => /l/libc.sl [recorded path]\n"
                                      "/l/libb.sl => /l/libb.sl [recorded path]\n");
}

static void what_is_no_library_ends_the_search(void **state)
{
    struct world_case *c = *state;
    PUT(c, E, .magic = SHARE, .own_name = "prog", .needs = DASH_L(FOO), .flags = B,
        .embedded = "/a");
    LIB(c, FOO);
    assert_true(tenon_world_put_file(c->world, "/a/libfoo.sl", "text", 4, 0755, NULL));
    answer(c, E);
    assert_int_equal(tenon_graph_library(c->graph, 0)->status, TENON_STATUS_REFUSED);
    assert_true(tenon_graph_tried(c->graph, 0, 0)->final);
    assert_true(tenon_graph_tried(c->graph, 0, 0)->believed); /* no manual says so */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, case_setup, case_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_library_is_read),
        cmocka_unit_test(entry_0_is_a_need_of_a_library_without_a_name),
        cmocka_unit_test(headers_at_their_extremes_are_refused),
        cmocka_unit_test(every_prefix_and_every_byte_is_survived),
        TEST(h1_and_h2_the_list_then_the_recorded_path),
        TEST(h3_a_library_that_was_moved),
        TEST(h4_and_h5_shlib_path_must_be_enabled),
        TEST(h6_a_library_given_by_its_path),
        TEST(h7_the_first_of_both_lists),
        TEST(h8_and_h9_variables_that_do_not_count),
        TEST(h10_the_recorded_name_is_the_librarys_own),
        TEST(h11_programs_from_before_hp_ux_10),
        TEST(h12_an_old_library_is_refused),
        TEST(h13_libraries_must_be_executable),
        TEST(h14_shl_load_takes_a_path_as_it_is),
        TEST(libraries_are_loaded_depth_first),
        TEST(what_is_no_library_ends_the_search),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
