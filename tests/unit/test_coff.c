/* tests/unit/test_coff.c - objects and import objects of Windows, and import libraries of them */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "archive_builder.h"
#include "model.h"

/* ---- objects made to order ----------------------------------------------------------------- */

struct symbol {
    const char *name;
    uint32_t value;
    int section;
    uint16_t type;
    uint8_t storage;
};

static const struct symbol object_symbols[] = {
    { "main", 0, 1, 0x20, 2 },
    { "a_name_of_more_than_eight", 4, 1, 0, 2 },
    { "shared", 16, 0, 0, 2 },
    { "puts", 0, 0, 0x20, 2 },
    { "maybe", 0, 0, 0, 105 },
    { "local", 0, 1, 0, 3 },
    { 0 },
};

static void put_symbol(struct elf_out *out, struct elf_out *strings, const struct symbol *symbol,
                       bool big)
{
    size_t length = strlen(symbol->name);
    if (length <= 8) {
        elf_put(out, symbol->name, length);
        if (length < 8)
            elf_put(out, NULL, 8 - length);
    } else {
        elf_number(out, 0, 4);
        elf_number(out, 4 + elf_text(strings, symbol->name), 4);
    }
    elf_number(out, symbol->value, 4);
    elf_number(out, (uint64_t)symbol->section, big ? 4 : 2);
    elf_number(out, symbol->type, 2);
    elf_number(out, symbol->storage, 1);
    elf_number(out, 0, 1);
}

static uint8_t *build_object(bool big, size_t *size)
{
    static const char directives[] = "\xef\xbb\xbf  /DEFAULTLIB:\"LIBCMT\" /EXPORT:main ";
    struct elf_out out = { .word = 4 }, table = out, strings = out;
    uint32_t count = 0, header = big ? 56 : 20;
    for (; object_symbols[count].name; count++)
        put_symbol(&table, &strings, &object_symbols[count], big);
    uint32_t data = header + 40, symbols = data + (uint32_t)sizeof directives - 1;
    if (big) {
        elf_put(&out, "\0\0\xff\xff\2\0\x4c\1\0\0\0\0", 12);
        elf_put(&out, "\xc7\xa1\xba\xd1\xee\xba\xa9\x4b\xaf\x20\xfa\xf6\x6a\xa4\xdc\xb8", 16);
        elf_put(&out, NULL, 16);
        elf_number(&out, 1, 4);
        elf_number(&out, symbols, 4);
        elf_number(&out, count, 4);
    } else {
        elf_number(&out, 0x8664, 2);
        elf_number(&out, 1, 2);
        elf_number(&out, 0, 4);
        elf_number(&out, symbols, 4);
        elf_number(&out, count, 4);
        elf_number(&out, 0, 4);
    }
    elf_put(&out, ".drectve", 8);
    elf_put(&out, NULL, 8);
    elf_number(&out, sizeof directives - 1, 4);
    elf_number(&out, data, 4);
    elf_put(&out, NULL, 12);
    elf_number(&out, 0xa00, 4);
    elf_put(&out, directives, sizeof directives - 1);
    elf_put(&out, table.at, table.size);
    elf_number(&out, 4 + strings.size, 4);
    elf_put(&out, strings.at, strings.size);
    free(table.at);
    free(strings.at);
    *size = out.size;
    return out.at;
}

/* type: 0 code, 1 data; name_type: 0 ordinal, 1 name, 2 without prefix, 3 undecorated, 4 given */
static struct elf_out import_object(const char *symbol, const char *library, unsigned type,
                                    unsigned name_type, const char *name)
{
    struct elf_out out = { .word = 4 };
    elf_put(&out, "\0\0\xff\xff\0\0\x64\x86\0\0\0\0", 12);
    elf_number(&out, strlen(symbol) + strlen(library) + 2 + (name ? strlen(name) + 1 : 0), 4);
    elf_number(&out, 9, 2);
    elf_number(&out, type | name_type << 2, 2);
    elf_text(&out, symbol);
    elf_text(&out, library);
    if (name)
        elf_text(&out, name);
    return out;
}

/* ---- tests --------------------------------------------------------------------------------- */

static const tenon_fact *fact(const tenon_image *image, const char *name)
{
    const tenon_fact *fact;
    for (size_t i = 0; (fact = tenon_image_fact(image, i)); i++)
        if (strcmp(fact->name, name) == 0)
            return fact;
    return NULL;
}

static void check_object(bool big)
{
    size_t size;
    tenon_error err = TENON_ERROR_INIT;
    uint8_t *bytes = build_object(big, &size);
    tenon_image *image = tenon_image_parse(bytes, size, "f", &err);
    if (!image)
        fail_msg("%s", err.text);
    assert_int_equal(tenon_image_format(image), TENON_FORMAT_COFF);
    assert_int_equal(tenon_image_kind(image), TENON_KIND_OBJECT);
    assert_string_equal(tenon_image_machine(image), big ? "i386" : "x86_64");
    assert_int_equal(tenon_image_class(image), big ? 32 : 64);
    assert_string_equal(fact(image, "directives")->value, "/DEFAULTLIB:\"LIBCMT\" /EXPORT:main");
    assert_string_equal(tenon_image_export(image, 0)->name, "main");
    assert_string_equal(tenon_image_export(image, 1)->name, "a_name_of_more_than_eight");
    assert_string_equal(tenon_image_export(image, 2)->name, "shared");
    assert_int_equal(tenon_image_export(image, 2)->size, 16);
    assert_null(tenon_image_export(image, 3));
    assert_string_equal(tenon_image_import(image, 0)->name, "puts");
    assert_int_equal(tenon_image_import(image, 1)->binding, TENON_BIND_WEAK);
    assert_null(tenon_image_import(image, 2));
    tenon_image_free(image);
    free(bytes);
}

static void objects_and_big_objects(void **state)
{
    (void)state;
    check_object(false);
    check_object(true);
}

static void import_objects_name_what_the_library_exports(void **state)
{
    (void)state;
    static const struct {
        const char *symbol, *given;
        unsigned name_type;
        const char *name; /* NULL: ordinal 9 */
    } cases[] = { { "_f@8", NULL, 0, NULL },  { "_f@8", NULL, 1, "_f@8" },
                  { "_f@8", NULL, 2, "f@8" }, { "_f@8", NULL, 3, "f" },
                  { "#f", "f", 4, "f" },      { "?g@@YAXXZ", NULL, 3, "g" } };
    for (size_t i = 0; i < TN_COUNT(cases); i++) {
        struct elf_out out =
            import_object(cases[i].symbol, "a.dll", 0, cases[i].name_type, cases[i].given);
        tenon_image *image = tenon_image_parse(out.at, out.size, "f", NULL);
        assert_non_null(image);
        assert_int_equal(tenon_image_kind(image), TENON_KIND_IMPORT_LIBRARY);
        assert_string_equal(tenon_image_need(image, 0)->name, "a.dll");
        const tenon_symbol *import = tenon_image_import(image, 0);
        assert_string_equal(import->name, cases[i].name ? cases[i].name : "");
        assert_int_equal(import->has_ordinal, !cases[i].name);
        if (!cases[i].name)
            assert_int_equal(import->ordinal, 9);
        assert_int_equal(strncmp(tenon_image_export(image, 0)->name, "__imp_", 6), 0);
        assert_string_equal(tenon_image_export(image, 1)->name, cases[i].symbol);
        tenon_image_free(image);
        free(out.at);
    }
}

static void data_is_imported_by_its_pointer_alone(void **state)
{
    (void)state;
    struct elf_out out = import_object("environ", "a.dll", 1, 1, NULL);
    tenon_image *image = tenon_image_parse(out.at, out.size, "f", NULL);
    assert_string_equal(tenon_image_export(image, 0)->name, "__imp_environ");
    assert_null(tenon_image_export(image, 1));
    tenon_image_free(image);
    free(out.at);
}

static void import_libraries_name_their_libraries(void **state)
{
    (void)state;
    struct elf_out out, a = import_object("f", "a.dll", 0, 1, NULL),
                        b = import_object("g", "a.dll", 0, 1, NULL),
                        c = import_object("h", "b.dll", 0, 1, NULL);
    archive_begin(&out, false);
    archive_member(&out, "/", "\0\0\0\1\0\0\0\0f\0", 10);
    archive_member(&out, "a.dll/", a.at, a.size);
    archive_member(&out, "a.dll/", b.at, b.size);
    archive_member(&out, "b.dll/", c.at, c.size);
    tenon_image *image = tenon_image_parse(out.at, out.size, "f", NULL);
    assert_non_null(image);
    assert_int_equal(tenon_image_kind(image), TENON_KIND_IMPORT_LIBRARY);
    assert_string_equal(tenon_image_machine(image), "x86_64");
    assert_string_equal(tenon_image_need(image, 0)->name, "a.dll");
    assert_string_equal(tenon_image_need(image, 1)->name, "b.dll");
    assert_null(tenon_image_need(image, 2));
    assert_string_equal(tenon_image_export(image, 0)->name, "f");
    assert_string_equal(tenon_image_inside(image, 2)->member, "b.dll");
    tenon_image_free(image);
    free(out.at);
    free(a.at);
    free(b.at);
    free(c.at);
}

static void what_makes_no_sense_is_no_object(void **state)
{
    (void)state;
    size_t size;
    tenon_error err = TENON_ERROR_INIT;
    uint8_t *bytes = build_object(false, &size);
    elf_store(bytes + 40, 0x7fffffff, 4, false); /* a section's bytes are past the end */
    assert_null(tenon_image_parse(bytes, size, "f", &err));
    assert_string_equal(err.text, "f: not an image: of no format known");
    free(bytes);
    bytes = build_object(true, &size);
    bytes[12] = 0;
    assert_null(tenon_image_parse(bytes, size, "f", &err));
    assert_string_equal(err.text,
                        "f: COFF header: an anonymous object of version 2 and unknown class");
    free(bytes);
    struct elf_out out = import_object("f", "a.dll", 0, 1, NULL);
    assert_null(tenon_image_parse(out.at, out.size - 1, "f", &err));
    assert_string_equal(err.text, "f: import object names: 8 bytes needed at 0x14, 7 left");
    out.at[out.size - 1] = 'x';
    assert_null(tenon_image_parse(out.at, out.size, "f", &err));
    assert_string_equal(err.text, "f: import object: two strings expected in the 8 bytes at 0x14");
    free(out.at);
}

static void extremes(void **state)
{
    (void)state;
    for (int big = 0; big <= 1; big++) {
        size_t size;
        uint8_t *bytes = build_object(big, &size);
        for (size_t n = 0; n < size; n++) {
            uint8_t *cut = malloc(n ? n : 1);
            memcpy(cut, bytes, n);
            tenon_image_free(tenon_image_parse(cut, n, "f", NULL));
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(objects_and_big_objects),
        cmocka_unit_test(import_objects_name_what_the_library_exports),
        cmocka_unit_test(data_is_imported_by_its_pointer_alone),
        cmocka_unit_test(import_libraries_name_their_libraries),
        cmocka_unit_test(what_makes_no_sense_is_no_object),
        cmocka_unit_test(extremes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
