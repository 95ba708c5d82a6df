/* tests/unit/test_object.c - sections, symbols, groups and relocations of objects */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "elf_object.h"
#include "object_builder.h"

struct reading {
    struct tn_arena arena;
    struct tn_file file;
    struct tn_elf_object object;
    tenon_error err;
    bool ok;
};

static void read_object(struct reading *r, const void *bytes, size_t size)
{
    *r = (struct reading){ .err = TENON_ERROR_INIT };
    tn_file_from_bytes(&r->file, "x.o", bytes, size);
    r->file.arena = &r->arena;
    r->ok = tn_elf_read_object(&r->file, &r->object, &r->err);
}

static const struct object_symbol symbols[] = {
    { "here", 1, 0, 0, 0, 4, 0 },
    { "f", 1, 1, 2, 2, 0, 8 },
    { "n", 3, 2, 1, 0, 16, 4 },
    { "abs", 0xfff1, 1, 0, 0, 7, 0 },
    { "common", 0xfff2, 1, 1, 0, 4, 4 },
    { "away", 0, 1, 0, 0, 0, 0 },
    { 0 },
};

/* .text .rela.text .data.n .group */
static uint8_t *build(int bits, bool big, size_t *size)
{
    static const uint8_t code[16] = { 0x90 }, data[20] = { 1 };
    unsigned word = bits == 32 ? 4 : 8;
    struct elf_out relocs = { .word = word, .big = big }, group = { .word = word, .big = big };
    object_put_rela(&relocs, 4, 6, 2, -4);
    object_put_rela(&relocs, 12, 1, 1, 9);
    elf_number(&group, 1, 4);
    elf_number(&group, 3, 4);
    elf_number(&group, 99, 4); /* no such section */
    const struct elf_spec_section sections[] = {
        { ".text", 1, 6, code, sizeof code, 0, 0 },
        { ".rela.text", 4, 0x40, relocs.at, relocs.size, 5, 1 },
        { ".data.n", 1, 0x203, data, sizeof data, 0, 0 },
        { ".group", 17, 0, group.at, group.size, 5, 3 },
        { 0 },
    };
    struct object_spec spec = { bits, big, sections, symbols };
    uint8_t *bytes = object_build(&spec, size);
    free(relocs.at);
    free(group.at);
    return bytes;
}

static void check_symbols(const struct tn_elf_object *o)
{
    assert_int_equal(o->symbol_count, 7);
    for (size_t i = 0; i < 6; i++) {
        const struct tn_elf_object_symbol *s = &o->symbols[i + 1];
        assert_string_equal(s->name, symbols[i].name);
        assert_int_equal(s->bind, symbols[i].bind);
        assert_int_equal(s->type, symbols[i].type);
        assert_int_equal(s->visibility, symbols[i].visibility);
        assert_int_equal(s->value, symbols[i].value);
        assert_int_equal(s->size, symbols[i].size);
        assert_int_equal(s->section, symbols[i].section < 0xff00 ? symbols[i].section : 0);
        assert_int_equal(s->shndx, symbols[i].section);
    }
}

static void each_class_and_byte_order(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        struct reading r;
        size_t size, count;
        struct tn_elf_object_reloc *relocs;
        struct tn_view bytes;
        uint8_t *file = build(i & 1 ? 32 : 64, i & 2, &size);
        read_object(&r, file, size);
        if (!r.ok)
            fail_msg("%s", r.err.text);
        const struct tn_elf_object *o = &r.object;
        assert_string_equal(o->sections[1].name, ".text");
        assert_false(o->sections[1].comdat);
        assert_true(o->sections[3].comdat);
        check_symbols(o);
        assert_true(tn_elf_object_relocs(o, 1, &relocs, &count, &r.err));
        assert_int_equal(count, 2);
        assert_int_equal(relocs[0].offset, 4);
        assert_int_equal(relocs[0].symbol, 6);
        assert_int_equal(relocs[0].type, 2);
        assert_int_equal(relocs[0].addend, -4);
        assert_true(tn_elf_object_relocs(o, 3, &relocs, &count, &r.err));
        assert_int_equal(count, 0);
        assert_true(tn_elf_object_bytes(o, 3, &bytes, &r.err));
        assert_int_equal(bytes.size, 20);
        tn_arena_free(&r.arena);
        free(file);
    }
}

static void old_comdat_is_known_by_its_name(void **state)
{
    static const struct elf_spec_section sections[] = {
        { ".gnu.linkonce.d.x", 1, 3, "abcd", 4, 0, 0 }, { 0 }
    };
    struct object_spec spec = { .sections = sections };
    struct reading r;
    size_t size;
    uint8_t *file = object_build(&spec, &size);
    (void)state;
    read_object(&r, file, size);
    assert_true(r.ok);
    assert_true(r.object.sections[1].comdat);
    tn_arena_free(&r.arena);
    free(file);
}

static void check_refused(const void *bytes, size_t size, enum tenon_code code, const char *says)
{
    struct reading r;
    read_object(&r, bytes, size);
    assert_false(r.ok);
    if (r.err.code != code || !strstr(r.err.text, says))
        fail_msg("%s", r.err.text);
    tn_arena_free(&r.arena);
}

static void crel_is_refused_clearly(void **state)
{
    static const struct elf_spec_section sections[] = {
        { ".text", 1, 6, "abcd", 4, 0, 0 }, { ".crel.text", 0x40000014, 0, "\1", 1, 3, 1 }, { 0 }
    };
    struct object_spec spec = { .sections = sections };
    size_t size;
    uint8_t *file = object_build(&spec, &size);
    (void)state;
    check_refused(file, size, TENON_E_UNSUPPORTED, "CREL");
    free(file);
}

static void programs_are_no_objects(void **state)
{
    struct elf_spec spec = { .soname = "libx.so" };
    size_t size;
    uint8_t *file = elf_build(&spec, &size);
    (void)state;
    check_refused(file, size, TENON_E_NOT_LOADABLE, "not a relocatable object");
    free(file);
}

static void relocations_of_no_symbol_are_refused(void **state)
{
    struct elf_out relocs = { .word = 8 };
    object_put_rela(&relocs, 0, 1000, 2, 0);
    const struct elf_spec_section sections[] = { { ".text", 1, 6, "abcd", 4, 0, 0 },
                                                 { ".rela.text", 4, 0, relocs.at, relocs.size, 3,
                                                   1 },
                                                 { 0 } };
    struct object_spec spec = { .sections = sections, .symbols = symbols };
    struct tn_elf_object_reloc *rows;
    struct reading r;
    size_t size, count;
    uint8_t *file = object_build(&spec, &size);
    (void)state;
    read_object(&r, file, size);
    assert_true(r.ok);
    assert_false(tn_elf_object_relocs(&r.object, 1, &rows, &count, &r.err));
    assert_int_equal(r.err.code, TENON_E_MALFORMED);
    tn_arena_free(&r.arena);
    free(relocs.at);
    free(file);
}

/* Cut anywhere, or with any one byte of its headers turned over, nothing is read outside. */
static void damage_is_safe(void **state)
{
    size_t size;
    uint8_t *file = build(64, false, &size);
    (void)state;
    for (size_t n = 0; n < size; n++) {
        struct reading r;
        uint8_t *cut = malloc(n ? n : 1);
        memcpy(cut, file, n);
        read_object(&r, cut, n);
        assert_false(r.ok); /* the section headers are last */
        tn_arena_free(&r.arena);
        free(cut);
    }
    for (size_t n = 0; n < size; n++) {
        struct reading r;
        struct tn_elf_object_reloc *rows;
        size_t count;
        uint8_t *copy = malloc(size);
        memcpy(copy, file, size);
        copy[n] ^= 0xff;
        read_object(&r, copy, size);
        for (size_t i = 1; r.ok && i < r.object.section_count; i++)
            (void)tn_elf_object_relocs(&r.object, i, &rows, &count, &r.err);
        tn_arena_free(&r.arena);
        free(copy);
    }
    free(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_class_and_byte_order),
        cmocka_unit_test(old_comdat_is_known_by_its_name),
        cmocka_unit_test(crel_is_refused_clearly),
        cmocka_unit_test(programs_are_no_objects),
        cmocka_unit_test(relocations_of_no_symbol_are_refused),
        cmocka_unit_test(damage_is_safe),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
