/* tests/unit/test_add_note.c - notes put into objects and archives */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "add_note.h"
#include "archive_builder.h"
#include "native.h"
#include "object_builder.h"
#include "record.h"

static const struct elf_spec_section sections[] = { { ".text", 1, 6, "abcdefgh", 8, 0, 0 },
                                                    { ".data", 1, 3, "data", 4, 0, 0 },
                                                    { 0 } };
static const struct object_symbol symbols[] = { { "f", 1, 1, 2, 0, 0, 8 },
                                                { "n", 2, 1, 1, 0, 0, 4 },
                                                { 0 } };

static struct tn_view note_of(struct tn_arena *arena, const char *name, enum tn_endian endian)
{
    tenon_unit unit = { .name = name, .stateful = TENON_UNKNOWN };
    struct tn_view note;
    assert_true(tn_record_write_unit(arena, &unit, endian, &note, NULL));
    return note;
}

static struct tn_view add(struct tn_arena *arena, struct tn_view object, struct tn_view notes)
{
    struct tn_view out;
    tenon_error err = TENON_ERROR_INIT;
    if (!tn_add_note(arena, object, notes, &out, &err))
        fail_msg("%s", err.text);
    return out;
}

static void read_object(struct tn_arena *arena, struct tn_view bytes, struct tn_file *file,
                        struct tn_elf_object *o)
{
    tenon_error err = TENON_ERROR_INIT;
    tn_file_from_bytes(file, "x.o", bytes.at, bytes.size);
    file->arena = arena;
    if (!tn_elf_read_object(file, o, &err))
        fail_msg("%s", err.text);
}

/* The note is the last section; everything else is as it was. */
static void check_added(struct tn_arena *arena, struct tn_view before, struct tn_view after,
                        struct tn_view notes)
{
    struct tn_file was_file, is_file;
    struct tn_elf_object was, is;
    struct tn_view a, b;
    read_object(arena, before, &was_file, &was);
    read_object(arena, after, &is_file, &is);
    assert_int_equal(is.section_count, was.section_count + 1);
    for (size_t i = 1; i < was.section_count; i++) {
        assert_string_equal(is.sections[i].name, was.sections[i].name);
        assert_int_equal(is.sections[i].header.sh_type, was.sections[i].header.sh_type);
        if (strcmp(is.sections[i].name, ".shstrtab") == 0)
            continue;
        assert_true(tn_elf_object_bytes(&was, i, &a, NULL));
        assert_true(tn_elf_object_bytes(&is, i, &b, NULL));
        assert_int_equal(a.size, b.size);
        assert_memory_equal(a.at, b.at, a.size);
    }
    size_t last = was.section_count;
    assert_string_equal(is.sections[last].name, ".note.tenon");
    assert_int_equal(is.sections[last].header.sh_type, 7);
    assert_int_equal(is.sections[last].header.sh_flags, 2);
    assert_int_equal(is.sections[last].header.sh_addralign, 4);
    assert_int_equal(is.sections[last].header.sh_offset % 4, 0);
    assert_true(tn_elf_object_bytes(&is, last, &b, NULL));
    assert_int_equal(b.size, notes.size);
    assert_memory_equal(b.at, notes.at, b.size);
    assert_int_equal(is.symbol_count, was.symbol_count);
}

static void each_class_and_byte_order(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        struct object_spec spec = { i & 1 ? 32 : 64, i & 2, sections, symbols };
        enum tn_endian endian = spec.big ? TN_BIG : TN_LITTLE;
        struct tn_arena arena = { 0 };
        size_t size;
        uint8_t *file = object_build(&spec, &size);
        struct tn_view object = tn_view(file, size), note = note_of(&arena, "a/b", endian);
        struct tn_view first = add(&arena, object, note);
        check_added(&arena, object, first, note);
        struct tn_view longer = note_of(&arena, "another/and longer name", endian);
        check_added(&arena, object, add(&arena, first, longer), longer);
        struct tn_view again = add(&arena, add(&arena, first, longer), note);
        assert_int_equal(again.size, first.size); /* nothing is left behind */
        assert_memory_equal(again.at, first.at, first.size);
        tn_arena_free(&arena);
        free(file);
    }
}

/* clang keeps section names and symbol names in one table. */
static void a_shared_string_table_still_serves_the_symbols(void **state)
{
    struct object_spec spec = { .sections = sections, .symbols = symbols };
    struct tn_arena arena = { 0 };
    struct tn_file file;
    struct tn_elf_object o;
    size_t size;
    uint8_t *bytes = object_build(&spec, &size);
    uint64_t shoff;
    (void)state;
    memcpy(&shoff, bytes + 40, sizeof shoff);
    /* Section names are looked up in .strtab now: "f" becomes the name of all. */
    for (size_t i = 1; i < 6; i++)
        elf_store(bytes + shoff + 64 * i, 1, 4, false);
    elf_store(bytes + 62, 4, 2, false);
    struct tn_view after = add(&arena, tn_view(bytes, size), note_of(&arena, "x", TN_LITTLE));
    read_object(&arena, after, &file, &o);
    assert_string_equal(o.symbols[1].name, "f");
    assert_string_equal(o.symbols[2].name, "n");
    assert_string_equal(o.sections[1].name, "f");
    assert_string_equal(o.sections[6].name, ".note.tenon");
    tn_arena_free(&arena);
    free(bytes);
}

static void check_refused(struct tn_view object, enum tenon_code code, const char *says)
{
    struct tn_arena arena = { 0 };
    struct tn_view out;
    tenon_error err = TENON_ERROR_INIT;
    assert_false(tn_add_note(&arena, object, note_of(&arena, "x", TN_LITTLE), &out, &err));
    if (err.code != code || !strstr(err.text, says))
        fail_msg("%s", err.text);
    tn_arena_free(&arena);
}

static void intermediate_code_is_refused(void **state)
{
    static const struct elf_spec_section lto[] = { { ".gnu.lto_.x", 1, 0, "x", 1, 0, 0 }, { 0 } };
    struct object_spec spec = { .sections = lto };
    size_t size;
    uint8_t *file = object_build(&spec, &size);
    (void)state;
    check_refused(tn_view(file, size), TENON_E_UNSUPPORTED, "tenon cc");
    check_refused(tn_view("BC\xc0\xde", 4), TENON_E_UNSUPPORTED, "tenon cc");
    check_refused(tn_view("text", 4), TENON_E_TRUNCATED, "ELF header");
    free(file);
}

static void damage_is_safe(void **state)
{
    struct object_spec spec = { .sections = sections, .symbols = symbols };
    size_t size;
    uint8_t *file = object_build(&spec, &size);
    (void)state;
    for (size_t n = 0; n < 2 * size; n++) {
        struct tn_arena arena = { 0 };
        struct tn_view out;
        size_t length = n < size ? n : size;
        uint8_t *copy = malloc(length ? length : 1);
        memcpy(copy, file, length);
        if (n >= size)
            copy[n - size] ^= 0x81;
        (void)tn_add_note(&arena, tn_view(copy, length), note_of(&arena, "x", TN_LITTLE), &out,
                          NULL);
        tn_arena_free(&arena);
        free(copy);
    }
    free(file);
}

/* ---- archives ---------------------------------------------------------------------------------
 */

struct plan {
    struct tn_arena *arena;
    size_t asked;
};

static bool notes_for(void *arg, const struct tn_ar_member *member, struct tn_view bytes,
                      struct tn_view *notes, tenon_error *err)
{
    struct plan *plan = arg;
    (void)err;
    plan->asked++;
    if (bytes.size >= 4 && memcmp(bytes.at, "\177ELF", 4) == 0)
        *notes = note_of(plan->arena, member->name, TN_LITTLE);
    return true;
}

static bool rewrite(struct tn_arena *arena, const void *bytes, size_t size, struct tn_view *out,
                    size_t *asked, tenon_error *err)
{
    struct tn_file file;
    struct plan plan = { .arena = arena };
    tn_file_from_bytes(&file, "lib.a", bytes, size);
    file.arena = arena;
    bool ok = tn_archive_rewrite(arena, &file, notes_for, &plan, out, err);
    *asked = plan.asked;
    return ok;
}

/* The member whose header an index entry points to. */
static const char *member_at(struct tn_arena *arena, struct tn_view archive, uint64_t header)
{
    struct tn_file file;
    struct tn_ar ar;
    struct tn_ar_member m;
    tn_file_from_bytes(&file, "lib.a", archive.at, archive.size);
    file.arena = arena;
    assert_true(tn_ar_open(&file, &ar, NULL));
    while (tn_ar_next(&ar, &m, NULL))
        if (m.header == header)
            return m.name;
    return "";
}

/* An archive of two objects and a text, with an index of `word` bytes in the given style. */
static void make_archive(struct elf_out *out, unsigned word, bool bsd, const uint8_t *object,
                         size_t size)
{
    struct elf_out index = { .word = word, .big = !bsd };
    const char *name = bsd ? word == 8 ? "__.SYMDEF_64" : "__.SYMDEF" : word == 8 ? "/SYM64/" : "/";
    size_t entries = bsd ? 2 * word : word;
    size_t index_size = bsd ? 2 * word + 2 * entries + 4 : word + 2 * word + 4;
    size_t first = 8 + 60 + index_size + (index_size & 1);
    size_t second = first + 60 + size + (size & 1) + 60 + 4;
    if (bsd) {
        elf_number(&index, 2 * entries, word);
        elf_number(&index, 0, word);
        elf_number(&index, first, word);
        elf_number(&index, 2, word);
        elf_number(&index, second, word);
        elf_number(&index, 4, word);
    } else {
        elf_number(&index, 2, word);
        elf_number(&index, first, word);
        elf_number(&index, second, word);
    }
    elf_put(&index, "f\0g\0", 4);
    archive_begin(out, false);
    archive_member(out, name, index.at, index.size);
    assert_int_equal(archive_member(out, bsd ? "a.o" : "a.o/", object, size), first);
    archive_member(out, bsd ? "t" : "t/", "abc", 3);
    assert_int_equal(bsd ? archive_header(out, "#1/8", "12")
                         : archive_member(out, "b.o/", object, size),
                     second);
    if (bsd) { /* its size is that of name and data together */
        char digits[24];
        out->size = second;
        snprintf(digits, sizeof digits, "%zu", size + 8);
        archive_header(out, "#1/8", digits);
        elf_put(out, "b.o\0\0\0\0\0", 8);
        elf_put(out, object, size);
    }
    free(index.at);
}

static void the_index_points_to_where_members_are(void **state)
{
    struct object_spec spec = { .sections = sections, .symbols = symbols };
    size_t size;
    uint8_t *object = object_build(&spec, &size);
    (void)state;
    for (int i = 0; i < 4; i++) {
        struct tn_arena arena = { 0 };
        struct elf_out out;
        struct tn_view after;
        size_t asked;
        tenon_error err = TENON_ERROR_INIT;
        unsigned word = i & 1 ? 8 : 4;
        bool bsd = i & 2;
        make_archive(&out, word, bsd, object, size);
        if (!rewrite(&arena, out.at, out.size, &after, &asked, &err))
            fail_msg("case %d: %s", i, err.text);
        assert_int_equal(asked, 3);
        assert_true(after.size > out.size);
        const uint8_t *index = after.at + 68;
        enum tn_endian endian = bsd ? TN_LITTLE : TN_BIG;
        size_t at_a = bsd ? 2 * word : word, at_b = bsd ? 4 * word : 2 * word;
        uint64_t a = word == 8 ? tn_load64(index + at_a, endian) : tn_load32(index + at_a, endian);
        uint64_t b = word == 8 ? tn_load64(index + at_b, endian) : tn_load32(index + at_b, endian);
        assert_string_equal(member_at(&arena, after, a), "a.o");
        assert_string_equal(member_at(&arena, after, b), "b.o");
        tenon_units *units = tenon_units_parse(after.at, after.size, "lib.a", &err);
        assert_non_null(units);
        assert_int_equal(tenon_units_count(units), 2);
        assert_string_equal(tenon_units_at(units, 1)->name, "b.o");
        assert_true(tenon_units_at(units, 1)->recorded);
        tenon_units_free(units);
        struct tn_view again;
        assert_true(rewrite(&arena, after.at, after.size, &again, &asked, &err));
        assert_int_equal(again.size, after.size);
        assert_memory_equal(again.at, after.at, after.size);
        tn_arena_free(&arena);
        free(out.at);
    }
    free(object);
}

static void check_archive_refused(const struct elf_out *out, enum tenon_code code, const char *says)
{
    struct tn_arena arena = { 0 };
    struct tn_view after;
    size_t asked;
    tenon_error err = TENON_ERROR_INIT;
    assert_false(rewrite(&arena, out->at, out->size, &after, &asked, &err));
    if (err.code != code || !strstr(err.text, says))
        fail_msg("%s", err.text);
    tn_arena_free(&arena);
}

static void archives_that_cannot_be_rewritten_are_refused(void **state)
{
    static const struct elf_spec_section lto[] = { { ".gnu.lto_.x", 1, 0, "x", 1, 0, 0 }, { 0 } };
    struct object_spec spec = { .sections = lto };
    struct elf_out out;
    size_t size;
    uint8_t *object = object_build(&spec, &size);
    (void)state;
    archive_begin(&out, true);
    check_archive_refused(&out, TENON_E_UNSUPPORTED, "thin archive");
    free(out.at);
    archive_begin(&out, false);
    archive_member(&out, "x.o/", object, size);
    check_archive_refused(&out, TENON_E_UNSUPPORTED, "member 'x.o': intermediate code");
    free(out.at);
    archive_begin(&out, false);
    archive_member(&out, "/", "\0\0\0\1\0\0\0\7f\0", 10);
    check_archive_refused(&out, TENON_E_MALFORMED, "no member at 0x7");
    free(out.at);
    archive_begin(&out, false);
    archive_member(&out, "/", "\377\377\377\377", 4);
    check_archive_refused(&out, TENON_E_TRUNCATED, "symbol index: offsets");
    free(out.at);
    archive_begin(&out, false);
    archive_member(&out, "__.SYMDEF", "\377\377\377\377", 4);
    check_archive_refused(&out, TENON_E_MALFORMED, "its sizes make no sense");
    free(out.at);
    archive_begin(&out, false);
    archive_member(&out, "/", "\0\0\0\0", 4);
    archive_member(&out, "/", "\0\0\0\0\0\0\0\0", 8);
    check_archive_refused(&out, TENON_E_UNSUPPORTED, "Microsoft");
    free(out.at);
    free(object);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_class_and_byte_order),
        cmocka_unit_test(a_shared_string_table_still_serves_the_symbols),
        cmocka_unit_test(intermediate_code_is_refused),
        cmocka_unit_test(damage_is_safe),
        cmocka_unit_test(the_index_points_to_where_members_are),
        cmocka_unit_test(archives_that_cannot_be_rewritten_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
