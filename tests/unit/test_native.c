/* tests/unit/test_native.c - definitions, state and digests worked out from an object */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "native.h"
#include "object_builder.h"

enum { PROGBITS = 1, NOBITS = 8, NOTE = 7, INIT_ARRAY = 14 };
enum { W = 1, A = 2, X = 4, TLS = 0x400 };

struct result {
    struct tn_arena arena;
    tenon_unit unit;
    bool is_lto, ok;
    tenon_error err;
    uint8_t *file;
};

static void work_out(struct result *r, const struct elf_spec_section *sections,
                     const struct object_symbol *symbols)
{
    struct object_spec spec = { .sections = sections, .symbols = symbols };
    struct tn_file file;
    size_t size;
    *r = (struct result){ .err = TENON_ERROR_INIT };
    r->file = object_build(&spec, &size);
    tn_file_from_bytes(&file, "x.o", r->file, size);
    file.arena = &r->arena;
    r->ok = tn_native_unit(&file, &r->unit, &r->is_lto, &r->err);
    if (!r->ok)
        fail_msg("%s", r->err.text);
}

static void drop(struct result *r)
{
    tn_arena_free(&r->arena);
    free(r->file);
}

static void check_definition(const tenon_unit *unit, size_t i, const char *name,
                             enum tenon_definition_kind kind)
{
    assert_true(i < unit->definition_count);
    assert_string_equal(unit->definitions[i].name, name);
    assert_int_equal(unit->definitions[i].kind, kind);
}

/* ---- definitions ----------------------------------------------------------------------------- */

static void strong_ones_then_what_the_linker_joins(void **state)
{
    static const uint8_t group_bytes[12] = { 1, 0, 0, 0, 4, 0, 0, 0, 5, 0, 0, 0 };
    static const struct elf_spec_section sections[] = {
        { ".text", PROGBITS, A | X, "abcdefgh", 8, 0, 0 },
        { ".data", PROGBITS, A | W, "abcdefgh", 8, 0, 0 },
        { ".tbss", NOBITS, A | W | TLS, NULL, 8, 0, 0 },
        { ".bss._ZZ1fvE1n", NOBITS, A | W, NULL, 4, 0, 0 },
        { ".rodata._ZTS1A", PROGBITS, A, "1A", 3, 0, 0 },
        { ".data.rel.ro._ZTV1A", PROGBITS, A | W, "abcdefgh", 8, 0, 0 },
        { ".group", 17, 0, group_bytes, sizeof group_bytes, 8, 1 },
        { 0 },
    };
    static const struct object_symbol symbols[] = {
        { "static_one", 2, 0, 1, 0, 0, 4 },    { "zeta", 1, 1, 2, 0, 0, 1 },
        { "alpha", 2, 1, 1, 0, 0, 4 },         { "tls", 3, 1, 6, 0, 0, 4 },
        { "asm_code", 1, 1, 0, 0, 2, 0 },      { "weak", 1, 2, 2, 0, 4, 1 },
        { "hidden", 1, 1, 2, 2, 5, 1 },        { "common", 0xfff2, 1, 1, 0, 4, 4 },
        { "_ZZ1fvE1n", 4, 10, 1, 0, 0, 4 },    { "_ZTS1A", 5, 2, 1, 0, 0, 3 },
        { "two@V1", 1, 1, 2, 0, 6, 1 },        { "two@@V2", 1, 1, 2, 0, 7, 1 },
        { "constant", 0xfff1, 1, 0, 0, 5, 0 }, { "away", 0, 1, 0, 0, 0, 0 },
        { "DW.ref.x", 4, 2, 1, 2, 0, 8 },      { "level", 2, 2, 1, 0, 4, 4 },
        { "weak_table", 5, 2, 1, 0, 0, 3 },    { 0 },
    };
    struct result r;
    (void)state;
    work_out(&r, sections, symbols);
    const tenon_unit *u = &r.unit;
    check_definition(u, 0, "alpha", TENON_DEFINES_DATA);
    check_definition(u, 1, "asm_code", TENON_DEFINES_CODE);
    check_definition(u, 2, "constant", TENON_DEFINES_DATA);
    check_definition(u, 3, "hidden", TENON_DEFINES_CODE);
    check_definition(u, 4, "tls", TENON_DEFINES_TLS);
    check_definition(u, 5, "two", TENON_DEFINES_CODE);
    check_definition(u, 6, "zeta", TENON_DEFINES_CODE);
    check_definition(u, 7, "_ZZ1fvE1n", TENON_DEFINES_COMDAT);
    check_definition(u, 8, "common", TENON_DEFINES_COMDAT);
    check_definition(u, 9, "level", TENON_DEFINES_COMDAT);
    assert_int_equal(u->definition_count, 10);
    assert_false(r.is_lto);
    drop(&r);
}

static void weak_ones_where_no_strong_one_tells(void **state)
{
    static const struct elf_spec_section sections[] = {
        { ".text", PROGBITS, A | X, "code", 4, 0, 0 },
        { ".data", PROGBITS, A | W, "abcdefgh", 8, 0, 0 },
        { 0 },
    };
    static const struct object_symbol symbols[] = {
        { "main", 1, 1, 2, 0, 0, 1 },
        { "hook", 1, 2, 2, 0, 1, 1 },
        { "value", 2, 2, 1, 0, 0, 4 },
        { 0 },
    };
    struct result r;
    (void)state;
    work_out(&r, sections, symbols);
    check_definition(&r.unit, 0, "hook", TENON_DEFINES_WEAK);
    check_definition(&r.unit, 1, "main", TENON_DEFINES_CODE);
    check_definition(&r.unit, 2, "value", TENON_DEFINES_COMDAT); /* the linker keeps one */
    assert_int_equal(r.unit.definition_count, 3);
    drop(&r);
}

/* ---- state ------------------------------------------------------------------------------------
 */

static void what_counts_as_state(void **state)
{
    static const struct {
        const char *name;
        uint32_t type;
        uint64_t flags;
        size_t size;
        enum tenon_answer stateful;
    } cases[] = {
        { ".text", PROGBITS, A | X, 8, TENON_NO },
        { ".rodata", PROGBITS, A, 8, TENON_NO },
        { ".data", PROGBITS, A | W, 0, TENON_NO },
        { ".data", PROGBITS, A | W, 8, TENON_YES },
        { ".data.rel.local", PROGBITS, A | W, 8, TENON_YES },
        { ".data.rel.ro", PROGBITS, A | W, 8, TENON_NO },
        { ".data.rel.ro.local", PROGBITS, A | W, 8, TENON_NO },
        { ".data.rel.rodent", PROGBITS, A | W, 8, TENON_YES },
        { ".bss", NOBITS, A | W, 8, TENON_YES },
        { ".tdata", PROGBITS, A | W | TLS, 8, TENON_YES },
        { ".tbss", NOBITS, A | W | TLS, 8, TENON_YES },
        { ".init_array", INIT_ARRAY, A | W, 8, TENON_YES },
        { ".ctors", PROGBITS, A, 8, TENON_YES },
        { ".fini", PROGBITS, A | X, 8, TENON_YES },
        { ".eh_frame", PROGBITS, A | W, 8, TENON_NO },
        { ".debug_info", PROGBITS, 0, 8, TENON_NO },
        { ".gnu.linkonce.d.x", PROGBITS, A | W, 8, TENON_NO },
        { ".note.x", NOTE, A | W, 8, TENON_NO },
    };
    (void)state;
    for (size_t i = 0; i < TN_COUNT(cases); i++) {
        const struct elf_spec_section sections[] = {
            { cases[i].name, cases[i].type, cases[i].flags, "abcdefgh", cases[i].size, 0, 0 }, { 0 }
        };
        struct result r;
        work_out(&r, sections, NULL);
        if (r.unit.stateful != cases[i].stateful)
            fail_msg("%s: %s", cases[i].name, tenon_answer_name(r.unit.stateful));
        drop(&r);
    }
}

static void common_symbols_are_state(void **state)
{
    static const struct object_symbol symbols[] = { { "n", 0xfff2, 1, 1, 0, 4, 4 }, { 0 } };
    struct result r;
    (void)state;
    work_out(&r, NULL, symbols);
    assert_int_equal(r.unit.stateful, TENON_YES);
    drop(&r);
}

/* ---- digests ----------------------------------------------------------------------------------
 */

/* A small object of which each part can be changed. */
struct variant {
    const char *code, *data, *target;
    int64_t addend;
    unsigned long type, visibility, bind;
    bool debug, eh_frame, note, local_target;
};
static const struct variant plain = { "abcdefgh", "data", "away", -4,    2,    0,
                                      1,          false,  false,  false, false };

static void digest_variant(const struct variant *v, tenon_unit *out)
{
    struct elf_out relocs = { .word = 8 };
    struct elf_spec_section sections[8] = { { 0 } };
    size_t n = 0;
    unsigned first = v->debug ? 3 : 2; /* debugging information brings symbols before the rest */
    object_put_rela(&relocs, 2, v->local_target ? 1 : first, v->type, v->addend);
    if (v->debug)
        sections[n++] = (struct elf_spec_section){ ".debug_info", PROGBITS, 0, "debug", 5, 0, 0 };
    unsigned text = (unsigned)n + 1;
    sections[n++] = (struct elf_spec_section){ ".text", PROGBITS, A | X, v->code, 8, 0, 0 };
    size_t rela = n;
    sections[n++] =
        (struct elf_spec_section){ ".rela.text", 4, 0, relocs.at, relocs.size, 0, text };
    unsigned data = (unsigned)n + 1;
    sections[n++] =
        (struct elf_spec_section){ ".data", PROGBITS, A | W, v->data, strlen(v->data), 0, 0 };
    if (v->eh_frame)
        sections[n++] = (struct elf_spec_section){ ".eh_frame", PROGBITS, A, "unwind", 6, 0, 0 };
    if (v->note)
        sections[n++] = (struct elf_spec_section){ ".note.x", NOTE, A, "n", 1, 0, 0 };
    sections[rela].link = (uint32_t)n + 1;
    const struct object_symbol with_debug[] = {
        { "s", data, 0, 1, 0, 1, 1 },
        { "debug", 1, 0, 3, 0, 0, 0 },
        { v->target, 0, 1, 0, 0, 0, 0 },
        { "f", text, (unsigned)v->bind, 2, (unsigned)v->visibility, 0, 8 },
        { 0 },
    };
    const struct object_symbol without[] = { with_debug[0], with_debug[2], with_debug[3], { 0 } };
    struct result r;
    work_out(&r, sections, v->debug ? with_debug : without);
    *out = r.unit;
    drop(&r);
    free(relocs.at);
}

static void check_code(const struct variant *v, enum tenon_answer equal)
{
    tenon_unit a, b;
    digest_variant(&plain, &a);
    digest_variant(v, &b);
    assert_int_equal(a.implementation.kind, TENON_DIGEST_CODE);
    assert_int_equal(tenon_digest_equal(&a.implementation, &b.implementation), equal);
}

static void what_changes_no_code_changes_no_digest(void **state)
{
    struct variant debug = plain, unwind = plain, note = plain, hidden = plain;
    (void)state;
    debug.debug = true;
    unwind.eh_frame = true;
    note.note = true;
    hidden.visibility = 2;
    check_code(&plain, TENON_YES);
    check_code(&debug, TENON_YES);
    check_code(&unwind, TENON_YES);
    check_code(&note, TENON_YES);
    check_code(&hidden, TENON_YES);
}

static void every_other_change_is_seen(void **state)
{
    struct variant v[8];
    (void)state;
    for (size_t i = 0; i < TN_COUNT(v); i++)
        v[i] = plain;
    v[0].code = "abcdefgX";
    v[1].data = "dotu";
    v[2].data = "data+";
    v[3].target = "other";
    v[4].addend = -8;
    v[5].type = 4;
    v[6].local_target = true;
    v[7].bind = 2;
    for (size_t i = 0; i < TN_COUNT(v); i++)
        check_code(&v[i], TENON_NO);
}

/* The interface is names, kinds, sizes of data: not code, not what functions measure. */
static void the_interface_is_what_others_see(void **state)
{
    static const struct elf_spec_section sections[] = {
        { ".text", PROGBITS, A | X, "abcdefgh", 8, 0, 0 },
        { ".data", PROGBITS, A | W, "abcdefgh", 8, 0, 0 },
        { 0 },
    };
    struct object_symbol symbols[] = {
        { "f", 1, 1, 2, 0, 0, 4 }, { "n", 2, 1, 1, 0, 0, 4 }, { 0 }, { 0 }
    };
    struct result r;
    tenon_digest first;
    (void)state;
    work_out(&r, sections, symbols);
    first = r.unit.interface;
    assert_int_equal(first.kind, TENON_DIGEST_EXPORTS);
    drop(&r);
    symbols[0].size = 8; /* longer code */
    symbols[0].visibility = 2;
    work_out(&r, sections, symbols);
    assert_int_equal(tenon_digest_equal(&first, &r.unit.interface), TENON_YES);
    drop(&r);
    symbols[1].size = 8; /* a bigger object */
    work_out(&r, sections, symbols);
    assert_int_equal(tenon_digest_equal(&first, &r.unit.interface), TENON_NO);
    drop(&r);
    symbols[1].size = 4;
    symbols[2] = (struct object_symbol){ "g", 1, 2, 2, 0, 4, 4 }; /* one more, weak */
    work_out(&r, sections, symbols);
    assert_int_equal(tenon_digest_equal(&first, &r.unit.interface), TENON_NO);
    drop(&r);
}

static void an_empty_object_is_like_no_other(void **state)
{
    struct result r;
    (void)state;
    work_out(&r, NULL, NULL);
    assert_int_equal(r.unit.implementation.kind, TENON_DIGEST_UNKNOWN);
    assert_int_equal(r.unit.stateful, TENON_NO);
    assert_int_equal(r.unit.definition_count, 0);
    drop(&r);
}

static void overlapping_sections_are_refused(void **state)
{
    static const struct elf_spec_section sections[] = {
        { ".text", PROGBITS, A | X, "abcdefgh", 8, 0, 0 }, { 0 }
    };
    struct object_spec spec = { .sections = sections };
    size_t size;
    uint8_t *file = object_build(&spec, &size);
    struct tn_arena arena = { 0 };
    struct tn_file opened;
    tenon_unit unit;
    tenon_error err = TENON_ERROR_INIT;
    bool is_lto;
    (void)state;
    /* every section the whole file: sh_offset 0, sh_size all, PROGBITS allocated */
    uint64_t shoff;
    memcpy(&shoff, file + 40, sizeof shoff);
    for (size_t i = 1; i < 3; i++) {
        elf_store(file + shoff + 64 * i + 24, 0, 8, false);
        elf_store(file + shoff + 64 * i + 32, size, 8, false);
        elf_store(file + shoff + 64 * i + 8, A, 8, false);
        elf_store(file + shoff + 64 * i + 4, PROGBITS, 4, false);
    }
    tn_file_from_bytes(&opened, "x.o", file, size);
    opened.arena = &arena;
    assert_false(tn_native_unit(&opened, &unit, &is_lto, &err));
    assert_string_equal(err.text, "sections overlap");
    tn_arena_free(&arena);
    free(file);
}

/* ---- intermediate code ------------------------------------------------------------------------
 */

static void intermediate_code_is_known(void **state)
{
    static const struct elf_spec_section slim[] = {
        { ".text", PROGBITS, A | X, NULL, 0, 0, 0 },
        { ".gnu.lto_.decls.1", PROGBITS, 0x80000000, "x", 1, 0, 0 },
        { 0 },
    };
    static const struct elf_spec_section fat[] = {
        { ".text", PROGBITS, A | X, "abcd", 4, 0, 0 },
        { ".gnu.lto_.decls.1", PROGBITS, 0x80000000, "x", 1, 0, 0 },
        { 0 },
    };
    static const struct object_symbol mark[] = { { "__gnu_lto_slim", 0xfff2, 1, 1, 0, 1, 1 },
                                                 { 0 } };
    static const struct object_symbol defines[] = { { "f", 1, 1, 2, 0, 0, 4 }, { 0 } };
    struct result r;
    (void)state;
    work_out(&r, slim, mark);
    assert_true(r.is_lto);
    assert_int_equal(r.unit.stateful, TENON_UNKNOWN);
    assert_int_equal(r.unit.definition_count, 0);
    drop(&r);
    work_out(&r, fat, defines);
    assert_true(r.is_lto);
    assert_int_equal(r.unit.stateful, TENON_NO);
    assert_int_equal(r.unit.definition_count, 1);
    assert_int_equal(r.unit.interface.kind, TENON_DIGEST_UNKNOWN);
    assert_int_equal(r.unit.implementation.kind, TENON_DIGEST_UNKNOWN);
    drop(&r);
}

static void bitcode_is_known(void **state)
{
    struct tn_file file;
    tenon_unit unit;
    bool is_lto = false;
    tenon_error err = TENON_ERROR_INIT;
    (void)state;
    tn_file_from_bytes(&file, "x.o", "BC\xc0\xdexxxx", 8);
    assert_true(tn_native_unit(&file, &unit, &is_lto, &err));
    assert_true(is_lto);
    tn_file_from_bytes(&file, "x.o", "BC", 2);
    assert_false(tn_native_unit(&file, &unit, &is_lto, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strong_ones_then_what_the_linker_joins),
        cmocka_unit_test(weak_ones_where_no_strong_one_tells),
        cmocka_unit_test(what_counts_as_state),
        cmocka_unit_test(common_symbols_are_state),
        cmocka_unit_test(what_changes_no_code_changes_no_digest),
        cmocka_unit_test(every_other_change_is_seen),
        cmocka_unit_test(the_interface_is_what_others_see),
        cmocka_unit_test(an_empty_object_is_like_no_other),
        cmocka_unit_test(overlapping_sections_are_refused),
        cmocka_unit_test(intermediate_code_is_known),
        cmocka_unit_test(bitcode_is_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
