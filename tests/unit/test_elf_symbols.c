/* tests/unit/test_elf_symbols.c - dynamic symbols, their versions and uses; names of libraries */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#include <cmocka.h>

#include "deadline.h"
#include "elf_builder.h"
#include "model.h"

static const char *const libc_versions[] = { "GLIBC_2.2.5", "GLIBC_2.34", NULL };
static const char *const own_versions[] = { "liba.so.1", "A_1", "A_2", NULL };
static const struct elf_spec_verneed requirements[] = { { "libc.so.6", libc_versions, false },
                                                        { 0 } };
/* Undefined ones first, as a GNU hash table wants them. */
static const struct elf_spec_symbol symbols[] = {
    { .name = "printf", .bind = 1, .type = 2, .version = "GLIBC_2.2.5", .use = ELF_RELOC_PLT },
    { .name = "stdin", .bind = 1, .type = 1, .version = "GLIBC_2.2.5", .use = ELF_RELOC_COPY },
    { .name = "environ", .bind = 2, .type = 1, .use = ELF_RELOC_DATA },
    { .name = "local", .bind = 0, .type = 2, .defined = true },
    { .name = "old", .bind = 1, .type = 2, .defined = true, .version = "A_1", .hidden = true },
    { .name = "new", .bind = 1, .type = 2, .defined = true, .version = "A_2", .value = 0x40 },
    { .name = "private", .bind = 1, .type = 2, .defined = true, .visibility = 2 },
    { .name = "kept", .bind = 1, .type = 2, .defined = true, .visibility = 3 },
    { .name = "weak", .bind = 2, .type = 2, .defined = true },
    { .name = "one", .bind = 10, .type = 1, .defined = true, .size = 8 },
    { .name = "section", .bind = 1, .type = 3, .defined = true },
    { 0 }
};

static struct elf_spec spec_of(int bits, bool big, bool gnu_hash)
{
    return (struct elf_spec){ .bits = bits,
                              .big = big,
                              .soname = "liba.so.1",
                              .verneed = requirements,
                              .verdef = own_versions,
                              .symbols = symbols,
                              .gnu_hash = gnu_hash };
}

/* ---- for the image --------------------------------------------------------------------------- */

static tenon_image *parse(const struct elf_spec *spec, uint8_t **bytes)
{
    size_t size;
    tenon_error err = TENON_ERROR_INIT;
    *bytes = elf_build(spec, &size);
    tenon_image *image = tenon_image_parse(*bytes, size, "x", &err);
    if (!image)
        fail_msg("%s", err.text);
    return image;
}

static void check_exports(const tenon_image *image)
{
    static const char *const names[] = { "old", "new", "kept", "weak", "one" };
    for (size_t i = 0; i < TN_COUNT(names); i++)
        assert_string_equal(tenon_image_export(image, i)->name, names[i]);
    assert_null(tenon_image_export(image, TN_COUNT(names)));
    const tenon_symbol *old = tenon_image_export(image, 0), *new = tenon_image_export(image, 1);
    assert_string_equal(old->version, "A_1");
    assert_true(old->hidden_version);
    assert_string_equal(new->version, "A_2");
    assert_false(new->hidden_version);
    assert_null(new->library);
    assert_int_equal(new->value, 0x40);
    assert_int_equal(tenon_image_export(image, 3)->binding, TENON_BIND_WEAK);
    assert_int_equal(tenon_image_export(image, 4)->binding, TENON_BIND_UNIQUE);
    assert_int_equal(tenon_image_export(image, 4)->size, 8);
    assert_null(tenon_image_export(image, 4)->version);
}

static void check_imports(const tenon_image *image)
{
    const tenon_symbol *printf_ = tenon_image_import(image, 0);
    assert_string_equal(printf_->name, "printf");
    assert_string_equal(printf_->version, "GLIBC_2.2.5");
    assert_string_equal(printf_->library, "libc.so.6");
    assert_false(printf_->defined);
    assert_string_equal(tenon_image_import(image, 2)->name, "environ");
    assert_int_equal(tenon_image_import(image, 2)->binding, TENON_BIND_WEAK);
    assert_null(tenon_image_import(image, 2)->version);
    assert_null(tenon_image_import(image, 3));
}

static void exports_and_imports_have_their_versions(void **state)
{
    (void)state;
    for (int i = 0; i < 8; i++) {
        uint8_t *bytes;
        const struct elf_spec spec = spec_of(i & 1 ? 32 : 64, i & 2, i & 4);
        tenon_image *image = parse(&spec, &bytes);
        check_exports(image);
        check_imports(image);
        assert_null(tenon_image_warning(image, 0));
        tenon_image_free(image);
        free(bytes);
    }
}

/* With nothing exported a GNU hash table says nothing: the string table bounds the symbols. */
static void imports_are_counted_without_a_useful_hash_table(void **state)
{
    (void)state;
    static const struct elf_spec_symbol only[] = { { .name = "a", .bind = 1, .use = ELF_RELOC_PLT },
                                                   { .name = "b", .bind = 2 },
                                                   { 0 } };
    uint8_t *bytes;
    const struct elf_spec spec = { .symbols = only, .gnu_hash = true };
    tenon_image *image = parse(&spec, &bytes);
    assert_string_equal(tenon_image_import(image, 0)->name, "a");
    assert_string_equal(tenon_image_import(image, 1)->name, "b");
    tenon_image_free(image);
    free(bytes);
}

/* SHT_SYMTAB of a relocatable object: two symbols of the 64-bit little-endian form. */
static void an_object_has_the_symbols_of_its_sections(void **state)
{
    (void)state;
    uint8_t table[72] = { 0 }, *bytes;
    const char strings[] = "\0wanted\0given";
    elf_store(table + 24, 1, 4, false);
    table[24 + 4] = 0x10;
    elf_store(table + 48, 8, 4, false);
    table[48 + 4] = 0x22;
    elf_store(table + 48 + 6, 1, 2, false);
    const struct elf_spec_section sections[] = {
        { .name = ".symtab", .type = 2, .data = table, .size = sizeof table, .link = 2, .info = 1 },
        { .name = ".strtab", .type = 3, .data = strings, .size = sizeof strings },
        { 0 }
    };
    tenon_image *image = parse(&(struct elf_spec){ .type = 1, .sections = sections }, &bytes);
    assert_string_equal(tenon_image_import(image, 0)->name, "wanted");
    assert_string_equal(tenon_image_export(image, 0)->name, "given");
    assert_int_equal(tenon_image_export(image, 0)->binding, TENON_BIND_WEAK);
    assert_null(tenon_image_export(image, 1));
    tenon_image_free(image);
    free(bytes);
}

/* ---- for binding ----------------------------------------------------------------------------- */

struct table {
    uint8_t *bytes;
    struct tn_arena arena;
    struct tn_elf_symbols symbols;
};

static bool read_table(struct table *t, const struct elf_spec *spec, tenon_error *err)
{
    size_t size;
    struct tn_file file;
    *t = (struct table){ .bytes = elf_build(spec, &size) };
    tn_file_from_bytes(&file, "x", t->bytes, size);
    file.arena = &t->arena;
    return tn_elf_read_symbols(&file, NULL, &t->symbols, err);
}

static void table_end(struct table *t)
{
    tn_arena_free(&t->arena);
    free(t->bytes);
}

static void the_table_keeps_its_order_versions_and_uses(void **state)
{
    (void)state;
    for (int i = 0; i < 8; i++) {
        struct table t;
        struct elf_spec spec = spec_of(i & 1 ? 32 : 64, i & 2, i & 4);
        spec.dt_flags = 2;
        assert_true(read_table(&t, &spec, NULL));
        const struct tn_elf_symbol *s = t.symbols.symbols;
        assert_int_equal(t.symbols.count, TN_COUNT(symbols));
        assert_true(t.symbols.has_versym);
        assert_true(t.symbols.relocations_known);
        assert_true(t.symbols.symbolic);
        assert_string_equal(s[0].name, "");
        assert_string_equal(s[1].name, "printf");
        assert_true(s[1].wants_plt && !s[1].wants_copy && !s[1].wants_data);
        assert_true(!s[2].wants_plt && s[2].wants_copy && !s[2].wants_data);
        assert_true(!s[3].wants_plt && !s[3].wants_copy && s[3].wants_data);
        assert_int_equal(s[3].version, 1);
        assert_int_equal(s[4].version, 0);
        assert_true(s[5].hidden);
        assert_false(s[6].hidden);
        assert_string_equal(t.symbols.versions[s[6].version].name, "A_2");
        assert_null(t.symbols.versions[s[6].version].file);
        assert_string_equal(t.symbols.versions[s[1].version].name, "GLIBC_2.2.5");
        assert_string_equal(t.symbols.versions[s[1].version].file, "libc.so.6");
        assert_true(t.symbols.versions[1].is_base);
        table_end(&t);
    }
}

static void a_file_without_dynamic_section_has_no_symbols(void **state)
{
    (void)state;
    struct table t;
    assert_true(read_table(&t, &(struct elf_spec){ .type = 2, .no_dynamic = true }, NULL));
    assert_int_equal(t.symbols.count, 0);
    table_end(&t);
    assert_true(read_table(&t, &(struct elf_spec){ .type = 1 }, NULL));
    assert_int_equal(t.symbols.count, 0);
    table_end(&t);
}

static void uses_are_unknown_on_unknown_machines(void **state)
{
    (void)state;
    struct table t;
    struct elf_spec spec = spec_of(64, false, false);
    spec.machine = 105;
    assert_true(read_table(&t, &spec, NULL));
    assert_false(t.symbols.relocations_known);
    assert_int_equal(t.symbols.count, TN_COUNT(symbols));
    assert_false(t.symbols.symbols[1].wants_plt || t.symbols.symbols[1].wants_data);
    table_end(&t);
}

/* Same numbers in the file, another machine's meaning: 5 is RISC-V's jump slot, 7 no slot. */
static void relocation_types_are_the_machine_s(void **state)
{
    (void)state;
    struct table t;
    struct elf_spec spec = spec_of(64, false, false);
    spec.machine = 243;
    assert_true(read_table(&t, &spec, NULL));
    assert_true(t.symbols.symbols[1].wants_data && !t.symbols.symbols[1].wants_plt);
    assert_true(t.symbols.symbols[2].wants_plt && !t.symbols.symbols[2].wants_copy);
    table_end(&t);
}

static void mips_symbols_of_the_got_are_data(void **state)
{
    (void)state;
    static const uint64_t tags[][2] = { { 0x70000011, 4 }, { 0x70000013, 2 }, { 0, 0 } };
    static const struct elf_spec_symbol plain[] = {
        { .name = "a", .bind = 1 }, { .name = "b", .bind = 1 }, { .name = "c", .bind = 1 }, { 0 }
    };
    struct table t;
    const struct elf_spec spec = {
        .bits = 32, .big = true, .machine = 8, .gnu_hash = true, .symbols = plain, .tags = tags
    };
    assert_true(read_table(&t, &spec, NULL));
    assert_int_equal(t.symbols.count, 4);
    assert_false(t.symbols.symbols[1].wants_data);
    assert_true(t.symbols.symbols[2].wants_data);
    assert_true(t.symbols.symbols[3].wants_data);
    table_end(&t);
}

static void another_libc_is_known_by_two_symbols(void **state)
{
    (void)state;
    static const struct elf_spec_symbol both[] = {
        { .name = "__libc_start_main", .bind = 1, .defined = true },
        { .name = "stdin", .bind = 1, .defined = true },
        { 0 }
    };
    static const struct elf_spec_symbol asked[] = {
        { .name = "stdin", .bind = 1 },
        { .name = "__libc_start_main", .bind = 1, .defined = true },
        { 0 }
    };
    for (int i = 0; i < 2; i++) {
        size_t size;
        bool is_libc = false;
        struct tn_file file;
        struct tn_arena arena = { 0 };
        uint8_t *bytes = elf_build(&(struct elf_spec){ .symbols = i ? asked : both }, &size);
        tn_file_from_bytes(&file, "x", bytes, size);
        file.arena = &arena;
        assert_true(tn_elf_is_libc(&file, NULL, &is_libc, NULL));
        assert_int_equal(is_libc, i == 0);
        tn_arena_free(&arena);
        free(bytes);
    }
}

/* Every byte of the tables at extremes: an answer or an error, and in time. */
static void odd_tables_do_no_harm(void **state)
{
    (void)state;
    static const uint64_t extremes[] = { 0, 1, 0x7fffffff, 0xffffffff, UINT64_MAX };
    for (int i = 0; i < 8; i++) {
        size_t size;
        const struct elf_spec spec = spec_of(i & 1 ? 32 : 64, i & 2, i & 4);
        uint8_t *whole = elf_build(&spec, &size);
        for (size_t at = 0; at + 8 <= size; at += 4)
            for (size_t e = 0; e < TN_COUNT(extremes); e++) {
                struct tn_file file;
                struct tn_arena arena = { 0 };
                struct tn_elf_symbols out;
                tenon_error err = TENON_ERROR_INIT;
                uint8_t *odd = malloc(size);
                memcpy(odd, whole, size);
                elf_store(odd + at, extremes[e], e < 4 ? 4 : 8, spec.big);
                tn_file_from_bytes(&file, "odd", odd, size);
                file.arena = &arena;
                if (!tn_elf_read_symbols(&file, NULL, &out, &err))
                    assert_int_not_equal(err.code, TENON_OK);
                tn_arena_free(&arena);
                free(odd);
            }
        free(whole);
    }
}

/* File offset of the value of a dynamic tag; 64-bit little-endian files only. */
static size_t value_at(const uint8_t *bytes, size_t size, uint64_t tag)
{
    uint64_t found;
    for (size_t at = size; at >= 16; at -= 8) {
        memcpy(&found, bytes + at - 16, 8);
        if (found == tag)
            return at - 8;
    }
    fail_msg("no tag %u", (unsigned)tag);
    return 0;
}

static void symbols_without_names_are_refused(void **state)
{
    (void)state;
    size_t size;
    struct tn_file file;
    struct tn_arena arena = { 0 };
    struct tn_elf_symbols out;
    tenon_error err = TENON_ERROR_INIT;
    uint8_t *bytes = elf_build(&(struct elf_spec){ .symbols = symbols }, &size);
    elf_store(bytes + value_at(bytes, size, 5), 0x12345678, 8, false);
    tn_file_from_bytes(&file, "x", bytes, size);
    file.arena = &arena;
    assert_false(tn_elf_read_symbols(&file, NULL, &out, &err));
    assert_int_equal(err.code, TENON_E_MALFORMED);
    tn_arena_free(&arena);
    free(bytes);
}

static void too_many_symbols_are_a_limit(void **state)
{
    (void)state;
    struct table t;
    tenon_error err = TENON_ERROR_INIT;
    static const uint64_t tags[][2] = { { 0x6ffffdfe, 0x7fffffff }, { 0x6ffffdff, 1 }, { 0, 0 } };
    const struct elf_spec spec = {
        .gnu_hash = true, .tags = tags, .rodata = calloc(1, 30 << 20), .rodata_size = 30 << 20
    };
    /* the symbol table is moved to the start of a segment that has room for more than the limit */
    size_t size;
    uint8_t *bytes = elf_build(&spec, &size);
    free((void *)spec.rodata);
    elf_store(bytes + value_at(bytes, size, 6), 0x40, 8, false);
    struct tn_file file;
    t = (struct table){ .bytes = bytes };
    tn_file_from_bytes(&file, "x", bytes, size);
    file.arena = &t.arena;
    assert_false(tn_elf_read_symbols(&file, NULL, &t.symbols, &err));
    assert_int_equal(err.code, TENON_E_LIMIT);
    table_end(&t);
}

/* 300,000 symbols that each begin a name of more than a megabyte: refused, and at once. */
static void endless_names_are_limited(void **state)
{
    (void)state;
    enum { COUNT = 300000, NAMES = 1500000, START = 64 + 5 * 56 };
    static const uint64_t tags[][2] = { { 0x6ffffdfe, COUNT }, { 0x6ffffdff, 1 }, { 0, 0 } };
    const size_t room = (size_t)COUNT * 24 + NAMES;
    uint8_t *data = malloc(room);
    memset(data, 1, room);
    for (size_t i = 0; i < COUNT; i++)
        elf_store(data + i * 24, i, 4, false);
    size_t size;
    tenon_error err = TENON_ERROR_INIT;
    struct tn_arena arena = { 0 };
    struct tn_file file;
    struct tn_elf_symbols out;
    uint8_t *bytes = elf_build(
        &(struct elf_spec){ .gnu_hash = true, .tags = tags, .rodata = data, .rodata_size = room },
        &size);
    free(data);
    elf_store(bytes + value_at(bytes, size, 6), START, 8, false);
    elf_store(bytes + value_at(bytes, size, 5), START + (uint64_t)COUNT * 24, 8, false);
    elf_store(bytes + value_at(bytes, size, 10), NAMES, 8, false);
    tn_file_from_bytes(&file, "x", bytes, size);
    file.arena = &arena;
    clock_t start = clock();
    assert_false(tn_elf_read_symbols(&file, NULL, &out, &err));
    assert_int_equal(err.code, TENON_E_LIMIT);
    assert_true(ended_within(start, 5));
    tn_arena_free(&arena);
    free(bytes);
}

/* ---- libraries asked for at run time --------------------------------------------------------- */

static void declared_libraries_come_from_the_note(void **state)
{
    (void)state;
    uint8_t *bytes;
    const struct elf_spec spec = {
        .dlopen_note = "[{\"soname\":[\"liblzma.so.5\",\"liblzma.so.6\"],\"feature\":\"xz\","
                       "\"priority\":\"suggested\"},{\"soname\":[\"libbpf.so.1\"]}]",
        .rodata = "liblzma.so.5",
        .rodata_size = 13,
    };
    tenon_image *image = parse(&spec, &bytes);
    const tenon_need *first = tenon_image_dlopen(image, 0);
    assert_string_equal(first->name, "liblzma.so.5");
    assert_int_equal(first->flavour, TENON_NEED_DECLARED);
    assert_string_equal(first->priority, "suggested");
    assert_string_equal(first->feature, "xz");
    assert_string_equal(tenon_image_dlopen(image, 1)->name, "liblzma.so.6");
    assert_string_equal(tenon_image_dlopen(image, 2)->name, "libbpf.so.1");
    assert_null(tenon_image_dlopen(image, 2)->priority);
    assert_null(tenon_image_dlopen(image, 3)); /* what is declared is not also likely */
    tenon_image_free(image);
    free(bytes);
}

static void a_bad_declaration_is_a_warning(void **state)
{
    (void)state;
    static const char *const notes[] = { "[{\"soname\":", "{}", "[3, \"x\", {\"soname\":3}]", "" };
    for (size_t i = 0; i < TN_COUNT(notes); i++) {
        uint8_t *bytes;
        tenon_image *image = parse(&(struct elf_spec){ .dlopen_note = notes[i] }, &bytes);
        assert_null(tenon_image_dlopen(image, 0));
        assert_int_equal(tenon_image_warning(image, 0) != NULL, i != 2);
        tenon_image_free(image);
        free(bytes);
    }
}

static void literals_that_name_libraries_are_likely(void **state)
{
    (void)state;
    static const char text[] =
        "\0libq.so.3\0/opt/x/libr.so\0ld-old.so.2\0lib%s.so\0$ORIGIN/libs.so\0"
        "see libt.so.1\0lib.so\0plugin.so\0libq.so.3\0libneed.so.1\0libown.so\0"
        "libu.so.x\0libv.socket\0\x80libw.so.1\0.so.1";
    static const char *const expected[] = { "libq.so.3", "/opt/x/libr.so", "ld-old.so.2",
                                            "$ORIGIN/libs.so" };
    static const char *const needed[] = { "libneed.so.1", NULL };
    uint8_t *bytes;
    const struct elf_spec spec = {
        .soname = "libown.so", .needed = needed, .rodata = text, .rodata_size = sizeof text
    };
    tenon_image *image = parse(&spec, &bytes);
    for (size_t i = 0; i < TN_COUNT(expected); i++) {
        assert_non_null(tenon_image_dlopen(image, i));
        assert_string_equal(tenon_image_dlopen(image, i)->name, expected[i]);
        assert_int_equal(tenon_image_dlopen(image, i)->flavour, TENON_NEED_LIKELY);
    }
    assert_null(tenon_image_dlopen(image, TN_COUNT(expected)));
    tenon_image_free(image);
    free(bytes);
}

/* A list that ends early says so, once. */
static void too_many_literals_are_a_warning(void **state)
{
    (void)state;
    enum { LIMIT = 4096, SIZE = 16 };
    static char text[(LIMIT + 2) * SIZE];
    for (size_t extra = 0; extra < 3; extra++) {
        uint8_t *bytes;
        memset(text, 0, sizeof text);
        for (size_t i = 0; i < LIMIT + extra; i++)
            snprintf(text + i * SIZE, SIZE, "libq%zu.so.1", i);
        tenon_image *image =
            parse(&(struct elf_spec){ .rodata = text, .rodata_size = sizeof text }, &bytes);
        assert_non_null(tenon_image_dlopen(image, LIMIT - 1));
        assert_null(tenon_image_dlopen(image, LIMIT));
        if (extra)
            assert_non_null(strstr(tenon_image_warning(image, 0), "more than 4096"));
        assert_null(tenon_image_warning(image, extra ? 1 : 0));
        tenon_image_free(image);
        free(bytes);
    }
}

/* Read in pieces from a world: names that straddle the pieces, and one too long, at every place. */
static void literals_in_much_data_are_found(void **state)
{
    (void)state;
    enum { SIZE = 3 << 20 };
    char *data = calloc(1, SIZE);
    size_t size, names = 0;
    tenon_error err = TENON_ERROR_INIT;
    for (size_t at = 1000; at + 1000 < SIZE; at += 32749)
        sprintf(data + at, "libnumber%zu.so.1", names++);
    memset(data + 20000, 'l', 300);
    memcpy(data + 20300, "ib.so.1", 8);
    uint8_t *bytes = elf_build(&(struct elf_spec){ .rodata = data, .rodata_size = SIZE }, &size);
    tenon_world *world = tenon_world_empty(&err);
    assert_true(tenon_world_put_file(world, "/x", bytes, size, 0644, &err));
    tenon_image *image = tenon_image_open(world, "/x", TENON_PART_DLOPEN, &err);
    assert_non_null(image);
    for (size_t i = 0; i < names; i++) {
        char name[48];
        snprintf(name, sizeof name, "libnumber%zu.so.1", i);
        assert_non_null(tenon_image_dlopen(image, i));
        assert_string_equal(tenon_image_dlopen(image, i)->name, name);
    }
    assert_null(tenon_image_dlopen(image, names));
    tenon_image_free(image);
    tenon_world_free(world);
    free(bytes);
    free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exports_and_imports_have_their_versions),
        cmocka_unit_test(imports_are_counted_without_a_useful_hash_table),
        cmocka_unit_test(an_object_has_the_symbols_of_its_sections),
        cmocka_unit_test(the_table_keeps_its_order_versions_and_uses),
        cmocka_unit_test(a_file_without_dynamic_section_has_no_symbols),
        cmocka_unit_test(uses_are_unknown_on_unknown_machines),
        cmocka_unit_test(relocation_types_are_the_machine_s),
        cmocka_unit_test(mips_symbols_of_the_got_are_data),
        cmocka_unit_test(another_libc_is_known_by_two_symbols),
        cmocka_unit_test(odd_tables_do_no_harm),
        cmocka_unit_test(symbols_without_names_are_refused),
        cmocka_unit_test(too_many_symbols_are_a_limit),
        cmocka_unit_test(endless_names_are_limited),
        cmocka_unit_test(declared_libraries_come_from_the_note),
        cmocka_unit_test(a_bad_declaration_is_a_warning),
        cmocka_unit_test(literals_that_name_libraries_are_likely),
        cmocka_unit_test(too_many_literals_are_a_warning),
        cmocka_unit_test(literals_in_much_data_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
