/*
 * tests/unit/test_aout.c - a.out files, and the test vectors of their loaders
 *
 * Numbers are those of the reference on loaders that are not ELF's, section 5.7.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "aout_builder.h"
#include "model.h"
#include "world_case.h"

#define NEED(name, major, minor)                                                                   \
    ((const struct aout_need[]){ { name, false, major, minor }, { NULL, false, 0, 0 } })
#define E "/bin/prog"

#undef PUT
#define PUT(c, path, ...) put((c), (path), &(struct aout_spec){ __VA_ARGS__ })
#define PROGRAM(c, ...) PUT(c, E, .program = true, __VA_ARGS__)
#define LIB(c, path) PUT(c, path, .program = false)
#define FREE_LIB(c, path) PUT(c, path, .flavour = AOUT_FREEBSD)
#define FREE_PROGRAM(c, ...) PROGRAM(c, .flavour = AOUT_FREEBSD, __VA_ARGS__)

static void put(struct world_case *c, const char *path, const struct aout_spec *spec)
{
    struct aout a;
    aout_build(&a, spec);
    assert_true(tenon_world_put_file(c->world, path, a.bytes, a.size, 0755, NULL));
}

static void put_hints(struct world_case *c, const struct hint *hints, const char *dirs)
{
    uint8_t bytes[2048];
    size_t size = hints_build(bytes, sizeof bytes, hints, dirs);
    assert_true(tenon_world_put_file(c->world, "/var/run/ld.so.hints", bytes, size, 0644, NULL));
}

#define HINTS(...) ((const struct hint[]){ __VA_ARGS__, { NULL, NULL, 0, 0 } })

/* ---- the reader --------------------------------------------------------------------------------
 */

static const struct aout_need needs[] = { { "c", false, 12, 5 },
                                          { "/x/y.so", true, 0, 0 },
                                          { NULL, false, 0, 0 } };

/* No file of NetBSD or SunOS with a list of libraries was at hand. */
static bool is_uncertain(const tenon_image *image)
{
    const tenon_fact *row;
    for (size_t i = 0; (row = tenon_image_fact(image, i)); i++)
        if (strcmp(row->name, "uncertain") == 0)
            return true;
    return false;
}

static void check_file(const struct aout_spec *spec)
{
    struct aout a;
    tenon_error err = TENON_ERROR_INIT;
    aout_build(&a, spec);
    tenon_image *image = tenon_image_parse(a.bytes, a.size, "f", &err);
    if (!image)
        fail_msg("%s", err.text);
    assert_null(tenon_image_warning(image, 0));
    assert_int_equal(tenon_image_format(image), TENON_FORMAT_AOUT);
    assert_int_equal(tenon_image_kind(image),
                     spec->program ? TENON_KIND_EXECUTABLE : TENON_KIND_SHARED_LIBRARY);
    assert_int_equal(tenon_image_endian(image), spec->big ? TENON_ENDIAN_BIG : TENON_ENDIAN_LITTLE);
    assert_string_equal(tenon_image_machine(image), spec->big ? "sparc" : "i386");
    static const char *const systems[] = { "netbsd", "freebsd", "sunos" };
    assert_string_equal(tenon_image_os(image), systems[spec->flavour]);
    assert_string_equal(tenon_image_need(image, 0)->name, "-lc.12.5");
    assert_string_equal(tenon_image_need(image, 0)->base, "c");
    assert_string_equal(tenon_image_need(image, 1)->name, "/x/y.so");
    assert_null(tenon_image_need(image, 2));
    if (spec->flavour != AOUT_SUNOS)
        assert_string_equal(tenon_image_search_path(image, 0)->path, "/a:/b");
    assert_string_equal(tenon_image_export(image, 0)->name, "_own");
    assert_null(tenon_image_export(image, 1));
    assert_string_equal(tenon_image_import(image, 0)->name, "_asked");
    assert_null(tenon_image_import(image, 1));
    assert_int_equal(is_uncertain(image), spec->flavour != AOUT_FREEBSD);
    tenon_image_free(image);
}

static void every_flavour_is_read(void **state)
{
    (void)state;
    for (int i = 0; i < 10; i++) {
        enum aout_flavour flavour = i < 4 ? AOUT_NETBSD : i < 6 ? AOUT_FREEBSD : AOUT_SUNOS;
        if (flavour == AOUT_SUNOS && !(i & 2))
            continue;
        check_file(&(struct aout_spec){
            .flavour = flavour,
            .program = i & 1,
            .big = flavour == AOUT_SUNOS || (flavour == AOUT_NETBSD && (i & 2)),
            .needs = needs,
            .paths = flavour == AOUT_SUNOS ? NULL : "/a:/b",
            .exports = NAMES("_own"),
            .imports = NAMES("_asked"),
        });
    }
}

static void expect_refused(const struct aout *a, size_t size, enum tenon_code code,
                           const char *text)
{
    tenon_error err = TENON_ERROR_INIT;
    assert_null(tenon_image_parse(a->bytes, size, "f", &err));
    assert_string_equal(err.text, text);
    assert_int_equal(err.code, code);
}

static void headers_at_their_extremes_are_refused(void **state)
{
    (void)state;
    struct aout a;
    const struct aout_spec spec = { .needs = needs, .paths = "/a" };
    aout_build(&a, &spec);
    aout_word(&a, AOUT_TABLES + 28, AOUT_TABLES); /* the second is followed by the first */
    expect_refused(&a, a.size, TENON_E_MALFORMED,
                   "f: list of needed libraries at 0x40 does not end");
    aout_build(&a, &spec);
    aout_word(&a, AOUT_PAGE, 7);
    expect_refused(&a, a.size, TENON_E_MALFORMED,
                   "f: _DYNAMIC at 0x1000: version is 7, not 2, 3 or 8");
    aout_build(&a, &spec);
    aout_word(&a, AOUT_PAGE + 8, 0xfffffff0);
    expect_refused(&a, a.size, TENON_E_MALFORMED,
                   "f: _DYNAMIC at 0x1000: its table at 0xfffffff0 is nowhere in the file");
    aout_build(&a, &spec);
    aout_word(&a, AOUT_TABLES, 0xffffff);
    expect_refused(&a, a.size, TENON_E_MALFORMED,
                   "f: name of a needed library: 0xffffff is nowhere in the file");
    aout_build(&a, &spec);
    aout_word(&a, 4, 0xfffffff0); /* more text than there is file: no a.out at all */
    tenon_error err = TENON_ERROR_INIT;
    assert_null(tenon_image_parse(a.bytes, a.size, "f", &err));
    assert_int_equal(err.code, TENON_E_FORMAT);
}

static void every_prefix_and_every_byte_is_survived(void **state)
{
    (void)state;
    struct aout a;
    aout_build(&a, &(struct aout_spec){ .needs = needs,
                                        .paths = "/a",
                                        .exports = NAMES("_own"),
                                        .imports = NAMES("_asked") });
    for (size_t n = 0; n < a.size; n += 7)
        tenon_image_free(tenon_image_parse(a.bytes, n, "f", NULL));
    for (size_t at = 0; at < a.size; at++) {
        a.bytes[at] ^= 0xff;
        tenon_image_free(tenon_image_parse(a.bytes, a.size, "f", NULL));
        a.bytes[at] ^= 0xff;
    }
}

/* ---- NetBSD ------------------------------------------------------------------------------------
 */

static void b1_to_b3_versions(void **state)
{
    struct world_case *c = *state;
    PROGRAM(c, .needs = NEED("c", 12, 5));
    LIB(c, "/usr/lib/libc.so.12.3");
    LIB(c, "/usr/lib/libc.so.12.10");
    assert_string_equal(answer(c, E), "-lc.12.5 => /usr/lib/libc.so.12.10 [default directory]\n");
    PROGRAM(c, .needs = NEED("c", 12, 20));
    assert_string_equal(answer(c, E), "-lc.12.20 => /usr/lib/libc.so.12.10 [default directory]\n");
    assert_string_equal(tenon_graph_tried(c->graph, 0, 0)->detail,
                        "warning: minor version >= 20 expected, using it anyway");
    PROGRAM(c, .needs = NEED("c", 13, 5));
    assert_string_equal(answer(c, E), "-lc.13.5 => missing\n");
}

static void versions_may_have_more_numbers(void **state)
{
    struct world_case *c = *state;
    for (int i = 0; i < 2; i++) {
        const enum aout_flavour flavour = i ? AOUT_FREEBSD : AOUT_NETBSD;
        PROGRAM(c, .flavour = flavour, .needs = NEED("c", 12, 5));
        PUT(c, "/usr/lib/libc.so.12.10", .flavour = flavour);
        PUT(c, "/usr/lib/libc.so.12.9.7", .flavour = flavour);
        PUT(c, "/usr/lib/libc.so.12.11-old", .flavour = flavour);
        PUT(c, "/usr/lib/libc.so.12.11.", .flavour = flavour);
        assert_string_equal(answer(c, E),
                            "-lc.12.5 => /usr/lib/libc.so.12.10 [default directory]\n");
        PUT(c, "/usr/lib/libc.so.12.10.1", .flavour = flavour);
        assert_string_equal(answer(c, E),
                            "-lc.12.5 => /usr/lib/libc.so.12.10.1 [default directory]\n");
        assert_true(tenon_world_hide(c->world, "/usr/lib/libc.so.12.10.1", NULL));
    }
}

static void b4_hints_before_a_low_minor(void **state)
{
    struct world_case *c = *state;
    PROGRAM(c, .needs = NEED("x", 1, 3));
    LIB(c, "/a/libx.so.1.1");
    LIB(c, "/usr/lib/libx.so.1.4");
    put_hints(c, HINTS({ "x", "/usr/lib/libx.so.1.4", 1, 4 }), "/usr/lib");
    case_env(c, "LD_LIBRARY_PATH", "/a");
    assert_string_equal(answer(c, E), "-lx.1.3 => /usr/lib/libx.so.1.4 [ld.so.hints]\n");
}

static void hints_that_are_out_of_date_have_directories(void **state)
{
    struct world_case *c = *state;
    PROGRAM(c, .needs = NEED("m", 2, 0));
    LIB(c, "/opt/l/libm.so.2.0");
    put_hints(c, HINTS({ "m", "/usr/lib/libm.so.2.0", 2, 0 }), "/usr/lib:/opt/l");
    assert_string_equal(answer(c, E),
                        "-lm.2.0 => /opt/l/libm.so.2.0 [directories of ld.so.hints]\n");
}

static void hints_that_cannot_be_opened_are_passed_over(void **state)
{
    struct world_case *c = *state;
    PROGRAM(c, .needs = NEED("m", 2, 0));
    case_put_link(c, "/opt/l/libm.so.2.1", "libm.so.2.1");
    LIB(c, "/usr/lib/libm.so.2.0");
    put_hints(c, HINTS({ "m", "/opt/l/libm.so.2.1", 2, 1 }), "/usr/lib");
    assert_string_equal(answer(c, E), "-lm.2.0 => /usr/lib/libm.so.2.0 [default directory]\n");
    assert_int_equal(tenon_graph_tried(c->graph, 0, 0)->outcome, TENON_OUTCOME_SYMLINK_LOOP);
    case_put_text(c, "/opt/l/libm.so.2.1", "it can be opened, and that is all there is to it");
    assert_string_equal(answer(c, E), "-lm.2.0 => refused: /opt/l/libm.so.2.1: bad magic number\n");
}

static void b5_prefixes_are_compared_as_text(void **state)
{
    struct world_case *c = *state;
    PROGRAM(c, .needs = NEED("X11", 6, 0));
    LIB(c, "/usr/X11R6/lib/libX11.so.6.1");
    put_hints(c, HINTS({ "X11", "/usr/X11R6/lib/libX11.so.6.1", 6, 1 }), "/usr/lib");
    case_env(c, "LD_LIBRARY_PATH", "/usr/X");
    assert_string_equal(answer(c, E), "-lX11.6.0 => /usr/X11R6/lib/libX11.so.6.1 [ld.so.hints "
                                      "below a path]\n");
}

static void b6_to_b8_the_list_of_ld_r(void **state)
{
    struct world_case *c = *state;
    PROGRAM(c, .needs = NEED("x", 1, 0), .paths = "/opt/l");
    LIB(c, "/usr/lib/libx.so.1.0");
    LIB(c, "/opt/l/libx.so.1.0");
    assert_string_equal(answer(c, E), "-lx.1.0 => /usr/lib/libx.so.1.0 [default directory]\n");
    put_hints(c, HINTS({ "x", "/opt/l/libx.so.1.0", 1, 0 }), "/usr/lib");
    assert_string_equal(answer(c, E), "-lx.1.0 => /opt/l/libx.so.1.0 [ld.so.hints below a path]\n");
    assert_true(tenon_world_hide(c->world, "/var/run/ld.so.hints", NULL));
    assert_true(tenon_world_hide(c->world, "/usr/lib/libx.so.1.0", NULL));
    assert_string_equal(answer(c, E), "-lx.1.0 => /opt/l/libx.so.1.0 [path of ld -R]\n");
    tenon_world_set_secure(c->world, true);
    assert_string_equal(answer(c, E), "-lx.1.0 => missing\n");
}

static void b9_elf_files_are_passed_over(void **state)
{
    struct world_case *c = *state;
    PROGRAM(c, .needs = NEED("x", 1, 0));
    case_put(c, "/a/libx.so.1.0", &(struct elf_spec){ .soname = "libx.so.1.0" });
    LIB(c, "/usr/lib/libx.so.1.0");
    case_env(c, "LD_LIBRARY_PATH", "/a");
    assert_string_equal(answer(c, E), "-lx.1.0 => /usr/lib/libx.so.1.0 [default directory]\n");
    assert_int_equal(tenon_graph_tried(c->graph, 0, 0)->outcome, TENON_OUTCOME_WRONG_FORMAT);
}

static void b14_the_place_of_another_system(void **state)
{
    struct world_case *c = *state;
    PROGRAM(c, .needs = NEED("c", 12, 0));
    LIB(c, "/emul/aout/usr/lib/libc.so.12.0");
    assert_string_equal(answer(c, E),
                        "-lc.12.0 => /emul/aout/usr/lib/libc.so.12.0 [default directory]\n");
}

/* What the builder of hints computes, so that the vectors that use them hold. */
static void b15_the_hash_of_the_hints(void **state)
{
    (void)state;
    assert_int_equal(hint_step(0, 'c'), 0x63);
    assert_int_equal(hint_step(0x63, 12 * 257), 3274);
}

static void b15b_dlopen_without_a_version(void **state)
{
    struct world_case *c = *state;
    PROGRAM(c, .needs = NULL);
    LIB(c, "/usr/lib/libm.so.0.1");
    LIB(c, "/usr/lib/libm.so.1.0");
    put_hints(c, HINTS({ "m", "/usr/lib/libm.so.0.1", 0, 1 }), "/usr/lib");
    tenon_state *s = tenon_state_new(NULL);
    tenon_loaded program = { { .path = E }, NULL, "the program", NULL, TENON_THE_FILE };
    assert_true(tenon_state_add(s, &program, NULL));
    assert_true(tenon_state_request(s, "libm.so", 0, 0, NULL));
    assert_string_equal(answer_state(c, s), "libm.so => /usr/lib/libm.so.1.0 [default "
                                            "directory]\n");
    assert_true(tenon_state_request(s, "liby.so", 0, 0, NULL));
    LIB(c, "/opt/l/liby.so.1.0");
    put_hints(c, HINTS({ "m", "/usr/lib/libm.so.0.1", 0, 1 }), "/usr/lib:/opt/l");
    assert_string_equal(answer_state(c, s),
                        "libm.so => /usr/lib/libm.so.1.0 [default directory]\n"
                        "liby.so => /opt/l/liby.so.1.0 [directories of ld.so.hints]\n");
    tenon_state_free(s);
}

static void b15c_preloads_are_paths(void **state)
{
    struct world_case *c = *state;
    PROGRAM(c, .needs = NULL);
    LIB(c, "/usr/lib/libp.so.1.0");
    case_env(c, "LD_PRELOAD", "libp.so.1.0");
    assert_string_equal(answer(c, E), "libp.so.1.0 => missing\n");
    assert_int_equal(tenon_graph_status(c->graph), TENON_STATUS_MISSING);
    case_env(c, "LD_PRELOAD", "/usr/lib/libp.so.1.0");
    assert_string_equal(answer(c, E),
                        "/usr/lib/libp.so.1.0 => /usr/lib/libp.so.1.0 [direct path]\n");
}

/* ---- FreeBSD -----------------------------------------------------------------------------------
 */

static void b10_freebsd_takes_what_it_chose(void **state)
{
    struct world_case *c = *state;
    FREE_PROGRAM(c, .needs = NEED("x", 1, 0));
    case_put(c, "/a/libx.so.1.0", &(struct elf_spec){ .soname = "libx.so.1.0" });
    FREE_LIB(c, "/usr/lib/libx.so.1.0");
    case_env(c, "LD_LIBRARY_PATH", "/a");
    assert_string_equal(answer(c, E), "-lx.1.0 => refused: /a/libx.so.1.0: bad magic number\n");
}

static void b11_hints_that_are_out_of_date(void **state)
{
    struct world_case *c = *state;
    FREE_PROGRAM(c, .needs = NEED("m", 2, 0), .paths = "/q");
    FREE_LIB(c, "/q/libm.so.2.0");
    put_hints(c, HINTS({ "m", "/usr/lib/libm.so.2.0", 2, 0 }), "/usr/lib");
    assert_string_equal(answer(c, E), "-lm.2.0 => /q/libm.so.2.0 [path of ld -R]\n");
    assert_int_equal(tenon_graph_tried(c->graph, 0, 0)->outcome, TENON_OUTCOME_STALE);
}

static void b12_only_the_programs_list_counts(void **state)
{
    struct world_case *c = *state;
    FREE_PROGRAM(c, .needs = NEED("a", 1, 0));
    PUT(c, "/usr/lib/liba.so.1.0", .flavour = AOUT_FREEBSD, .needs = NEED("b", 1, 0),
        .paths = "/z");
    FREE_LIB(c, "/z/libb.so.1.0");
    assert_string_equal(answer(c, E), "-la.1.0 => /usr/lib/liba.so.1.0 [default directory]\n"
                                      "-lb.1.0 => missing\n");
}

static void b13_one_number_is_not_enough(void **state)
{
    struct world_case *c = *state;
    FREE_PROGRAM(c, .needs = NEED("foo", 1, 0));
    FREE_LIB(c, "/usr/lib/libfoo.so.1");
    assert_string_equal(answer(c, E), "-lfoo.1.0 => missing\n");
    PROGRAM(c, .needs = NEED("foo", 1, 0)); /* on NetBSD it is the lowest there is */
    LIB(c, "/usr/lib/libfoo.so.1");
    assert_string_equal(answer(c, E), "-lfoo.1.0 => /usr/lib/libfoo.so.1 [default directory]\n");
}

static void freebsd_moved_its_directory(void **state)
{
    struct world_case *c = *state;
    FREE_PROGRAM(c, .needs = NEED("x", 1, 0));
    FREE_LIB(c, "/usr/lib/libx.so.1.0");
    FREE_LIB(c, "/usr/lib/aout/libx.so.1.0");
    assert_string_equal(answer(c, E), "-lx.1.0 => /usr/lib/aout/libx.so.1.0 [default "
                                      "directory]\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, case_setup, case_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_flavour_is_read),
        cmocka_unit_test(headers_at_their_extremes_are_refused),
        cmocka_unit_test(every_prefix_and_every_byte_is_survived),
        TEST(b1_to_b3_versions),
        TEST(versions_may_have_more_numbers),
        TEST(b4_hints_before_a_low_minor),
        TEST(hints_that_are_out_of_date_have_directories),
        TEST(hints_that_cannot_be_opened_are_passed_over),
        TEST(b5_prefixes_are_compared_as_text),
        TEST(b6_to_b8_the_list_of_ld_r),
        TEST(b9_elf_files_are_passed_over),
        TEST(b10_freebsd_takes_what_it_chose),
        TEST(b11_hints_that_are_out_of_date),
        TEST(b12_only_the_programs_list_counts),
        TEST(b13_one_number_is_not_enough),
        TEST(b14_the_place_of_another_system),
        cmocka_unit_test(b15_the_hash_of_the_hints),
        TEST(b15b_dlopen_without_a_version),
        TEST(b15c_preloads_are_paths),
        TEST(freebsd_moved_its_directory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
