/* tests/unit/test_xcoff.c - XCOFF files and archives of AIX, good ones and broken ones */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "failing_arena.h"
#include "model.h"
#include "xcoff_builder.h"

static const struct xcoff_id ids[] = {
    { .base = "libc.a", .member = "shr.o" },
    { .path = "/opt/x/lib", .base = "libx.so" },
    { .path = "/", .base = "unix" },
    { .base = ".." },
    { 0 },
};

static const struct xcoff_symbol symbols[] = {
    { .name = "puts", .smtype = 0x40, .smclas = 10, .id = 1 },
    { .name = "a_name_of_more_than_eight", .smtype = 0x10, .smclas = 5 },
    { .name = "exactly8", .smtype = 0x18, .smclas = 10 },
    { .name = "passed_on", .smtype = 0x50, .smclas = 10, .id = 2 },
    { .name = "deferred", .smtype = 0x40, .smclas = 10 },
    { 0 },
};

static tenon_image *parse(const struct xcoff_spec *spec, uint8_t **bytes)
{
    size_t size;
    tenon_error err = TENON_ERROR_INIT;
    *bytes = xcoff_build(spec, &size);
    tenon_image *image = tenon_image_parse(*bytes, size, "f", &err);
    if (!image)
        fail_msg("%s", err.text);
    return image;
}

static void check_need(const tenon_image *image, size_t i, const char *name, const char *path,
                       const char *base, const char *member)
{
    const tenon_need *need = tenon_image_need(image, i);
    assert_non_null(need);
    assert_string_equal(need->name, name);
    assert_string_equal(need->path, path);
    assert_string_equal(need->base, base);
    assert_string_equal(need->member, member);
}

static void check_all(int bits, uint32_t version)
{
    uint8_t *bytes;
    const struct xcoff_spec spec = {
        .bits = bits,
        .flags = 0x3002,
        .libpath = "/a:/usr/lib:/lib",
        .ids = ids,
        .symbols = symbols,
        .version = version,
    };
    tenon_image *image = parse(&spec, &bytes);
    assert_int_equal(tenon_image_format(image), TENON_FORMAT_XCOFF);
    assert_int_equal(tenon_image_class(image), bits);
    assert_string_equal(tenon_image_machine(image), bits == 64 ? "ppc64" : "ppc");
    assert_string_equal(tenon_image_os(image), "aix");
    assert_int_equal(tenon_image_kind(image), TENON_KIND_SHARED_LIBRARY);
    assert_string_equal(tenon_image_search_path(image, 0)->kind, "libpath");
    assert_string_equal(tenon_image_search_path(image, 0)->path, "/a:/usr/lib:/lib");
    check_need(image, 0, "libc.a(shr.o)", "", "libc.a", "shr.o");
    check_need(image, 1, "libx.so", "/opt/x/lib", "libx.so", "");
    check_need(image, 2, "unix", "/", "unix", "");
    assert_null(tenon_image_need(image, 3));
    assert_true(image->facts.xcoff.runtime_linking);
    assert_string_equal(tenon_image_import(image, 0)->name, "puts");
    assert_string_equal(tenon_image_import(image, 0)->library, "libc.a(shr.o)");
    assert_string_equal(tenon_image_import(image, 1)->name, "passed_on");
    assert_null(tenon_image_import(image, 2)->library);
    assert_string_equal(tenon_image_export(image, 0)->name, "a_name_of_more_than_eight");
    assert_string_equal(tenon_image_export(image, 1)->name, "exactly8");
    assert_int_equal(tenon_image_export(image, 1)->binding, TENON_BIND_WEAK);
    assert_string_equal(tenon_image_export(image, 2)->forward, "libx.so");
    tenon_image_free(image);
    free(bytes);
}

static void both_classes_whatever_the_version(void **state)
{
    (void)state;
    check_all(32, 1);
    check_all(64, 1);
    check_all(64, 2);
}

static void kinds(void **state)
{
    (void)state;
    static const struct {
        uint16_t flags;
        enum tenon_kind kind;
    } cases[] = { { 0x1002, TENON_KIND_EXECUTABLE },
                  { 0x0002, TENON_KIND_EXECUTABLE },
                  { 0x300f, TENON_KIND_SHARED_LIBRARY },
                  { 0x0004, TENON_KIND_OBJECT } };
    for (size_t i = 0; i < TN_COUNT(cases); i++) {
        uint8_t *bytes;
        tenon_image *image = parse(&(struct xcoff_spec){ .flags = cases[i].flags }, &bytes);
        assert_int_equal(tenon_image_kind(image), cases[i].kind);
        tenon_image_free(image);
        free(bytes);
    }
}

static void members_of_an_archive(bool big)
{
    size_t size, shr_size, wide_size;
    tenon_error err = TENON_ERROR_INIT;
    uint8_t *shr = xcoff_build(&(struct xcoff_spec){ .flags = 0x3002, .ids = ids }, &shr_size);
    uint8_t *wide = xcoff_build(&(struct xcoff_spec){ .bits = 64, .flags = 0x3002 }, &wide_size);
    const struct aix_member members[] = { { "shr.o", shr, shr_size },
                                          { "shr_64.o", wide, wide_size },
                                          { "odd", "#! libx.so\n", 11 },
                                          { 0 } };
    uint8_t *bytes = aix_archive(big, members, &size);
    tenon_world *world = tenon_world_empty(&err);
    assert_true(tenon_world_put_file(world, "/libx.a", bytes, size, 0644, &err));
    tenon_image *image = tenon_image_open(world, "/libx.a", TENON_PART_ALL, &err);
    assert_non_null(image);
    assert_int_equal(tenon_image_kind(image), TENON_KIND_ARCHIVE);
    assert_string_equal(tenon_image_os(image), "aix");
    assert_null(tenon_image_machine(image));
    for (size_t i = 0; i < 3; i++)
        assert_string_equal(tenon_image_inside(image, i)->member, members[i].name);
    assert_null(tenon_image_inside(image, 3));
    tenon_image_free(image);
    image = tenon_image_open_source(
        world, &(tenon_image_source){ .path = "/libx.a", .member = "shr_64.o" }, 0, &err);
    assert_non_null(image);
    assert_string_equal(tenon_image_machine(image), "ppc64");
    tenon_image_free(image);
    assert_null(tenon_image_open_source(
        world, &(tenon_image_source){ .path = "/libx.a", .member = "none.o" }, 0, &err));
    assert_int_equal(err.code, TENON_E_NOT_FOUND);
    assert_string_equal(err.text, "/libx.a: no member 'none.o'");
    tenon_world_free(world);
    free(bytes);
    free(shr);
    free(wide);
}

static void archives_big_and_small(void **state)
{
    (void)state;
    members_of_an_archive(true);
    members_of_an_archive(false);
}

static void a_circle_of_members_ends(void **state)
{
    (void)state;
    size_t size;
    const struct aix_member members[] = { { "a", "xx", 2 }, { "b", "yy", 2 }, { 0 } };
    uint8_t *bytes = aix_archive(true, members, &size);
    aix_store(&(struct elf_out){ .at = bytes }, 88, 0, 20);
    aix_store(&(struct elf_out){ .at = bytes }, 128 + 116 + 2 + 20, 128, 20);
    tenon_image *image = tenon_image_parse(bytes, size, "f", NULL);
    assert_non_null(image);
    assert_non_null(tenon_image_warning(image, 0));
    tenon_image_free(image);
    free(bytes);
}

static void refuse(uint8_t *bytes, size_t size, enum tenon_code code, const char *text)
{
    tenon_error err = TENON_ERROR_INIT;
    assert_null(tenon_image_parse(bytes, size, "f", &err));
    assert_string_equal(err.text, text);
    assert_int_equal(err.code, code);
    free(bytes);
}

static void broken_files_are_refused(void **state)
{
    (void)state;
    size_t size;
    const struct xcoff_spec spec = { .ids = ids };
    uint8_t *bytes = xcoff_build(&spec, &size);
    refuse(bytes, size - 1, TENON_E_TRUNCATED,
           "f: .loader section: 95 bytes needed at 0x84, 94 left");
    bytes = xcoff_build(&spec, &size);
    elf_store(bytes + 0x84 + 20, 0x1000, 4, true);
    refuse(bytes, size, TENON_E_MALFORMED,
           "f: import ids: 63 bytes at 0x1000 of the .loader section, which has 0x5f");
    bytes = xcoff_build(&spec, &size);
    elf_store(bytes + 2, 0xffff, 2, true);
    refuse(bytes, size, TENON_E_TRUNCATED,
           "f: section headers: 2621400 bytes needed at 0x5c, 135 left");
}

static void extremes(void **state)
{
    (void)state;
    for (int bits = 32; bits <= 64; bits += 32) {
        size_t size;
        const struct xcoff_spec spec = { .bits = bits, .ids = ids, .symbols = symbols };
        uint8_t *bytes = xcoff_build(&spec, &size);
        for (size_t n = 0; n < size; n++) {
            uint8_t *cut = malloc(n ? n : 1);
            memcpy(cut, bytes, n);
            tenon_error err = TENON_ERROR_INIT;
            tenon_image *image = tenon_image_parse(cut, n, "f", &err);
            assert_true(image || err.code != TENON_OK);
            tenon_image_free(image);
            free(cut);
        }
        for (size_t at = 0; at + 4 <= size; at++)
            for (size_t k = 0; k < 3; k++) {
                static const uint32_t values[] = { 0, 0x7fffffff, 0xffffffff };
                uint32_t old = tn_load32(bytes + at, TN_LITTLE);
                elf_store(bytes + at, values[k], 4, false);
                tenon_image_free(tenon_image_parse(bytes, size, "f", NULL));
                elf_store(bytes + at, old, 4, false);
            }
        free(bytes);
    }
}

static void without_memory_it_says_so(void **state)
{
    (void)state;
    size_t size, member_size;
    uint8_t *member = xcoff_build(
        &(struct xcoff_spec){ .flags = 0x3002, .ids = ids, .symbols = symbols }, &member_size);
    const struct aix_member members[] = { { "shr.o", member, member_size }, { 0 } };
    uint8_t *archive = aix_archive(true, members, &size);
    for (int i = 0; i < 2; i++) {
        const uint8_t *bytes = i ? archive : member;
        tenon_image *image = NULL;
        for (long n = 0; !image; n++) {
            tenon_error err = TENON_ERROR_INIT;
            fail_after(n);
            image = tenon_image_parse(bytes, i ? size : member_size, "f", &err);
            fail_never();
            assert_true(image || err.code == TENON_E_MEMORY);
        }
        tenon_image_free(image);
    }
    free(archive);
    free(member);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_classes_whatever_the_version),
        cmocka_unit_test(kinds),
        cmocka_unit_test(archives_big_and_small),
        cmocka_unit_test(a_circle_of_members_ends),
        cmocka_unit_test(broken_files_are_refused),
        cmocka_unit_test(extremes),
        cmocka_unit_test(without_memory_it_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
