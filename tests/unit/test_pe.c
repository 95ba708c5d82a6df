/* tests/unit/test_pe.c - PE images, good ones, odd ones and broken ones */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "failing_arena.h"
#include "model.h"
#include "pe_builder.h"

#define NAMES(...) ((const char *const[]){ __VA_ARGS__, NULL })
#define IMPORTS(...) ((struct pe_import[]){ __VA_ARGS__, { 0 } })

static tenon_image *parse(const struct pe_spec *spec, uint8_t **bytes)
{
    size_t size;
    tenon_error err = TENON_ERROR_INIT;
    *bytes = pe_build(spec, &size);
    tenon_image *image = tenon_image_parse(*bytes, size, "f", &err);
    if (!image)
        fail_msg("%s", err.text);
    return image;
}

static void drop(tenon_image *image, uint8_t *bytes)
{
    tenon_image_free(image);
    free(bytes);
}

static const char *fact(const tenon_image *image, const char *name)
{
    const tenon_fact *fact;
    for (size_t i = 0; (fact = tenon_image_fact(image, i)); i++)
        if (strcmp(fact->name, name) == 0)
            return fact->value;
    return NULL;
}

static void check_needs(int bits)
{
    const struct pe_spec spec = {
        .bits = bits,
        .imports = IMPORTS({ .library = "KERNEL32.dll", .names = NAMES("A", "#7", "B") },
                           { .library = "foo.dll" }, { .library = "none.dll", .no_symbols = true }),
        .delays = IMPORTS({ .library = "late.dll", .names = NAMES("x", "y") }),
    };
    uint8_t *bytes;
    tenon_image *image = parse(&spec, &bytes);
    assert_int_equal(tenon_image_format(image), TENON_FORMAT_PE);
    assert_int_equal(tenon_image_class(image), bits);
    assert_string_equal(tenon_image_machine(image), bits == 64 ? "x86_64" : "i386");
    assert_string_equal(tenon_image_os(image), "windows");
    assert_int_equal(tenon_image_kind(image), TENON_KIND_EXECUTABLE);
    assert_true(tenon_image_is_pie(image));
    static const struct {
        const char *name;
        enum tenon_flavour flavour;
        uint32_t symbols;
    } expected[] = { { "KERNEL32.dll", TENON_NEED_NORMAL, 3 },
                     { "foo.dll", TENON_NEED_NORMAL, 1 },
                     { "none.dll", TENON_NEED_NORMAL, 0 },
                     { "late.dll", TENON_NEED_DELAY, 2 } };
    for (size_t i = 0; i < TN_COUNT(expected); i++) {
        const tenon_need *need = tenon_image_need(image, i);
        assert_non_null(need);
        assert_string_equal(need->name, expected[i].name);
        assert_int_equal(need->flavour, expected[i].flavour);
        assert_true(need->counts_symbols);
        assert_int_equal(need->symbols, expected[i].symbols);
    }
    assert_null(tenon_image_need(image, TN_COUNT(expected)));
    const tenon_symbol *seven = tenon_image_import(image, 1);
    assert_true(seven->has_ordinal);
    assert_int_equal(seven->ordinal, 7);
    assert_string_equal(seven->name, "");
    assert_string_equal(seven->library, "KERNEL32.dll");
    assert_string_equal(tenon_image_import(image, 5)->name, "y");
    assert_null(tenon_image_import(image, 6));
    drop(image, bytes);
}

static void imports_and_delay_imports(void **state)
{
    (void)state;
    check_needs(32);
    check_needs(64);
}

static void delay_imports_with_absolute_addresses(void **state)
{
    (void)state;
    const struct pe_spec spec = {
        .bits = 32,
        .delays = IMPORTS({ .library = "old.dll", .names = NAMES("x"), .absolute = true }),
    };
    uint8_t *bytes;
    tenon_image *image = parse(&spec, &bytes);
    assert_string_equal(tenon_image_need(image, 0)->name, "old.dll");
    assert_string_equal(tenon_image_import(image, 0)->name, "x");
    assert_string_equal(tenon_image_import(image, 0)->library, "old.dll");
    drop(image, bytes);
}

static void exports_forwarders_and_ordinals(void **state)
{
    (void)state;
    const struct pe_spec spec = {
        .dll = true,
        .own_name = "f.dll",
        .exports =
            (struct pe_export[]){
                { "alpha", NULL }, { "who", "bar.who" }, { NULL, "baz.x.#3" }, { 0 } },
    };
    uint8_t *bytes;
    tenon_image *image = parse(&spec, &bytes);
    assert_int_equal(tenon_image_kind(image), TENON_KIND_SHARED_LIBRARY);
    assert_string_equal(tenon_image_own_name(image), "f.dll");
    const tenon_symbol *alpha = tenon_image_export(image, 0), *who = tenon_image_export(image, 1);
    assert_string_equal(alpha->name, "alpha");
    assert_int_equal(alpha->ordinal, 1);
    assert_null(alpha->forward);
    assert_string_equal(who->forward, "bar.who");
    assert_string_equal(tenon_image_export(image, 2)->name, "");
    assert_int_equal(tenon_image_export(image, 2)->ordinal, 3);
    assert_string_equal(tenon_image_export(image, 2)->forward, "baz.x.#3");
    assert_null(tenon_image_export(image, 3));
    drop(image, bytes);
}

static void counts_of_exports_may_be_anything(void **state)
{
    (void)state;
    const struct pe_spec spec = {
        .dll = true,
        .own_name = "f.dll",
        .exports = (struct pe_export[]){ { "alpha", NULL }, { 0 } },
    };
    size_t size;
    tenon_error err = TENON_ERROR_INIT;
    uint8_t *bytes = pe_build(&spec, &size);
    uint32_t at = tn_load32(bytes + 0x80 + 24 + 112, TN_LITTLE) - PE_SECTION + PE_RAW;
    elf_store(bytes + at + 20, 0xffffffff, 4, false);
    tenon_image *image = tenon_image_parse(bytes, size, "f", &err);
    assert_non_null(image);
    assert_string_equal(tenon_image_export(image, 0)->name, "alpha");
    drop(image, bytes);
}

static void identity_of_the_build(void **state)
{
    (void)state;
    uint8_t *bytes;
    tenon_image *image = parse(&(struct pe_spec){ .pdb = "C:\\f.pdb" }, &bytes);
    assert_string_equal(tenon_image_build_id(image), "0102030405060708090a0b0c0d0e0f10");
    assert_string_equal(tenon_image_pdb(image), "C:\\f.pdb");
    assert_string_equal(fact(image, "pdb_age"), "2");
    drop(image, bytes);
    image = parse(&(struct pe_spec){ .pdb = "" }, &bytes);
    assert_non_null(tenon_image_build_id(image));
    assert_null(tenon_image_pdb(image));
    drop(image, bytes);
}

static void systems_and_kinds(void **state)
{
    (void)state;
    const struct {
        struct pe_spec spec;
        enum tenon_kind kind;
        const char *os;
    } cases[] = {
        { { .subsystem = 1 }, TENON_KIND_DRIVER, "windows" },
        { { .subsystem = 1, .dll = true }, TENON_KIND_SHARED_LIBRARY, "windows" },
        { { .subsystem = 10 }, TENON_KIND_EXECUTABLE, "efi" },
        { { .subsystem = 12 }, TENON_KIND_DRIVER, "efi" },
        { { .subsystem = 9 }, TENON_KIND_EXECUTABLE, "wince" },
        { { .own_name = "cygwin1.dll", .dll = true }, TENON_KIND_SHARED_LIBRARY, "cygwin" },
        { { .imports = (struct pe_import[]){ { .library = "MSYS-2.0.dll" }, { 0 } } },
          TENON_KIND_EXECUTABLE,
          "msys" },
    };
    for (size_t i = 0; i < TN_COUNT(cases); i++) {
        uint8_t *bytes;
        tenon_image *image = parse(&cases[i].spec, &bytes);
        assert_int_equal(tenon_image_kind(image), cases[i].kind);
        assert_string_equal(tenon_image_os(image), cases[i].os);
        drop(image, bytes);
    }
}

static void hybrid_machines_are_told_by_the_load_configuration(void **state)
{
    (void)state;
    static const struct {
        uint16_t machine;
        bool hybrid;
        const char *name;
    } cases[] = { { 0x8664, true, "arm64ec" },
                  { 0xaa64, true, "arm64x" },
                  { 0x8664, false, "x86_64" },
                  { 0xaa64, false, "aarch64" } };
    for (size_t i = 0; i < TN_COUNT(cases); i++) {
        const struct pe_spec spec = {
            .machine = cases[i].machine,
            .hybrid = cases[i].hybrid,
            .dependent_load_flags = 0x800,
        };
        uint8_t *bytes;
        tenon_image *image = parse(&spec, &bytes);
        assert_string_equal(tenon_image_machine(image), cases[i].name);
        assert_int_equal(image->facts.pe.dependent_load_flags, 0x800);
        drop(image, bytes);
    }
}

static void marks_of_wine(void **state)
{
    (void)state;
    uint8_t *bytes;
    tenon_image *image = parse(&(struct pe_spec){ .stub = "Wine builtin DLL" }, &bytes);
    assert_true(image->facts.pe.wine_builtin);
    assert_string_equal(fact(image, "wine"), "builtin");
    drop(image, bytes);
}

/* An import table in the part of a section that is zero in memory is an empty one. */
static void tables_end_with_their_section(void **state)
{
    (void)state;
    size_t size;
    tenon_error err = TENON_ERROR_INIT;
    const struct pe_spec spec = { .imports = IMPORTS({ .library = "a.dll" }) };
    uint8_t *bytes = pe_build(&spec, &size);
    elf_store(bytes + 0x80 + 24 + 112 + 8, PE_SECTION + 0xe00, 4, false);
    tenon_image *image = tenon_image_parse(bytes, size, "f", &err);
    assert_non_null(image);
    assert_null(tenon_image_need(image, 0));
    drop(image, bytes);
}

static void refuse(uint8_t *bytes, size_t size, enum tenon_code code, const char *text)
{
    tenon_error err = TENON_ERROR_INIT;
    assert_null(tenon_image_parse(bytes, size, "f", &err));
    assert_string_equal(err.text, text);
    assert_int_equal(err.code, code);
    free(bytes);
}

static void broken_headers_are_refused(void **state)
{
    (void)state;
    size_t size;
    const struct pe_spec spec = { .imports = IMPORTS({ .library = "a.dll" }) };
    uint8_t *bytes = pe_build(&spec, &size);
    elf_store(bytes + 0x98, 0x107, 2, false);
    refuse(bytes, size, TENON_E_MALFORMED,
           "f: optional header at 0x98: Magic is 0x107, not 0x10b or 0x20b");
    bytes = pe_build(&spec, &size);
    refuse(bytes, 0x90, TENON_E_TRUNCATED, "f: COFF header: 24 bytes needed at 0x80, 16 left");
    bytes = pe_build(&spec, &size);
    refuse(bytes, 0xa0, TENON_E_TRUNCATED, "f: optional header: 72 bytes needed at 0x98, 8 left");
    bytes = pe_build(&spec, &size);
    elf_store(bytes + 0x86, 0xffff, 2, false);
    refuse(bytes, size, TENON_E_TRUNCATED,
           "f: section table: 2621400 bytes needed at 0x188, 632 left");
    bytes = pe_build(&spec, &size);
    elf_store(bytes + PE_RAW + 8 + 12, 0x7fffffff, 4, false);
    refuse(bytes, size, TENON_E_MALFORMED,
           "f: name of an imported library: no byte of the file is at address 0x7fffffff");
}

/* Every prefix, and every byte set to extremes, is read or refused: ASan watches. */
static void extremes(void **state)
{
    (void)state;
    size_t size;
    const struct pe_spec spec = {
        .dll = true,
        .imports = IMPORTS({ .library = "a.dll", .names = NAMES("x", "#1") }),
        .delays = IMPORTS({ .library = "b.dll" }),
        .own_name = "f.dll",
        .exports = (struct pe_export[]){ { "who", "bar.who" }, { 0 } },
        .pdb = "p",
        .hybrid = true,
        .manifest = "<assembly/>",
    };
    uint8_t *bytes = pe_build(&spec, &size);
    for (size_t n = 0; n < size; n += n < 0x400 ? 1 : 61) {
        uint8_t *cut = malloc(n ? n : 1);
        memcpy(cut, bytes, n);
        tenon_error err = TENON_ERROR_INIT;
        tenon_image *image = tenon_image_parse(cut, n, "f", &err);
        assert_true(image || err.code != TENON_OK);
        tenon_image_free(image);
        free(cut);
    }
    for (size_t at = 0; at + 4 <= size && at < 0x500; at++)
        for (size_t k = 0; k < 3; k++) {
            static const uint32_t values[] = { 0, 0x7fffffff, 0xffffffff };
            uint32_t old = tn_load32(bytes + at, TN_LITTLE);
            elf_store(bytes + at, values[k], 4, false);
            tenon_image_free(tenon_image_parse(bytes, size, "f", NULL));
            elf_store(bytes + at, old, 4, false);
        }
    free(bytes);
}

static void without_memory_it_says_so(void **state)
{
    (void)state;
    size_t size;
    const struct pe_spec spec = {
        .dll = true,
        .imports = IMPORTS({ .library = "a.dll", .names = NAMES("x", "#1") }),
        .delays = IMPORTS({ .library = "b.dll" }),
        .own_name = "f.dll",
        .exports = (struct pe_export[]){ { "who", "bar.who" }, { 0 } },
        .pdb = "p",
        .manifest = "<assembly/>",
    };
    uint8_t *bytes = pe_build(&spec, &size);
    tenon_image *image = NULL;
    for (long n = 0; !image; n++) {
        tenon_error err = TENON_ERROR_INIT;
        fail_after(n);
        image = tenon_image_parse(bytes, size, "f", &err);
        bool failed = allocation_failed;
        fail_never();
        assert_true(image || err.code == TENON_E_MEMORY);
        assert_true(!image || !failed);
    }
    drop(image, bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(imports_and_delay_imports),
        cmocka_unit_test(delay_imports_with_absolute_addresses),
        cmocka_unit_test(exports_forwarders_and_ordinals),
        cmocka_unit_test(counts_of_exports_may_be_anything),
        cmocka_unit_test(identity_of_the_build),
        cmocka_unit_test(systems_and_kinds),
        cmocka_unit_test(hybrid_machines_are_told_by_the_load_configuration),
        cmocka_unit_test(marks_of_wine),
        cmocka_unit_test(tables_end_with_their_section),
        cmocka_unit_test(broken_headers_are_refused),
        cmocka_unit_test(extremes),
        cmocka_unit_test(without_memory_it_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
