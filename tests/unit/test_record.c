/* tests/unit/test_record.c - the notes that name units, written and read back */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "bytes.h"
#include "record.h"

static const tenon_definition definitions[] = {
    { "alpha", TENON_DEFINES_DATA },
    { "beta", TENON_DEFINES_CODE },
    { "gamma", TENON_DEFINES_TLS },
    { "_ZZ1fvE1n", TENON_DEFINES_COMDAT },
};

static tenon_unit sample(void)
{
    tenon_unit unit = { .kind = TENON_UNIT_C,
                        .name = "zlib/inflate",
                        .origin = "libz.a member inflate.o",
                        .interface = { .kind = TENON_DIGEST_EXPORTS, .size = 32 },
                        .implementation = { .kind = TENON_DIGEST_CODE, .size = 32 },
                        .stateful = TENON_YES,
                        .definitions = definitions,
                        .definition_count = TN_COUNT(definitions),
                        .completed = true };
    memset(unit.interface.bytes, 0x11, 32);
    memset(unit.implementation.bytes, 0x22, 32);
    return unit;
}

struct reading {
    struct tn_arena arena;
    struct tn_record record;
    tenon_error err;
    bool ok;
};

static void read_notes(struct reading *r, struct tn_view notes, enum tn_endian endian)
{
    *r = (struct reading){ .err = TENON_ERROR_INIT };
    r->ok = tn_record_read(&r->arena, notes, 4, endian, &r->record, &r->err);
}

static struct tn_view write_unit(struct tn_arena *arena, const tenon_unit *unit,
                                 enum tn_endian endian)
{
    struct tn_view note;
    tenon_error err = TENON_ERROR_INIT;
    if (!tn_record_write_unit(arena, unit, endian, &note, &err))
        fail_msg("%s", err.text);
    assert_int_equal(note.size % 4, 0);
    return note;
}

static void check_equal(const tenon_unit *a, const tenon_unit *b)
{
    assert_string_equal(a->name, b->name);
    assert_string_equal(a->origin ? a->origin : "", b->origin ? b->origin : "");
    assert_int_equal(a->stateful, b->stateful);
    assert_int_equal(a->completed, b->completed);
    assert_int_equal(a->interface.kind, b->interface.kind);
    assert_memory_equal(a->interface.bytes, b->interface.bytes, 32);
    assert_int_equal(a->implementation.kind, b->implementation.kind);
    assert_memory_equal(a->implementation.bytes, b->implementation.bytes, 32);
    assert_int_equal(a->definition_count, b->definition_count);
    for (size_t i = 0; i < a->definition_count; i++) {
        assert_string_equal(a->definitions[i].name, b->definitions[i].name);
        assert_int_equal(a->definitions[i].kind, b->definitions[i].kind);
    }
}

static void a_unit_comes_back_as_it_was(void **state)
{
    (void)state;
    for (enum tn_endian endian = TN_LITTLE; endian <= TN_BIG; endian++) {
        struct tn_arena arena = { 0 };
        struct reading r;
        tenon_unit unit = sample();
        read_notes(&r, write_unit(&arena, &unit, endian), endian);
        assert_true(r.ok);
        assert_int_equal(r.record.count, 1);
        check_equal(&r.record.units[0], &unit);
        assert_true(r.record.units[0].recorded);
        tn_arena_free(&r.arena);
        tn_arena_free(&arena);
    }
}

static void what_is_unknown_stays_so(void **state)
{
    struct tn_arena arena = { 0 };
    struct reading r;
    tenon_unit unit = { .name = "x", .stateful = TENON_UNKNOWN };
    (void)state;
    read_notes(&r, write_unit(&arena, &unit, TN_LITTLE), TN_LITTLE);
    assert_true(r.ok);
    check_equal(&r.record.units[0], &unit);
    assert_null(r.record.units[0].origin);
    assert_int_equal(r.record.units[0].interface.size, 0);
    tn_arena_free(&r.arena);
    tn_arena_free(&arena);
}

static void a_summary_comes_back(void **state)
{
    static const char *const names[] = { "odd.o", "libx.a member y.o" };
    struct tn_record_summary summary = { true, 412, names, 2 };
    struct tn_arena arena = { 0 };
    struct tn_view note;
    struct reading r;
    tenon_error err = TENON_ERROR_INIT;
    (void)state;
    assert_true(tn_record_write_summary(&arena, &summary, TN_BIG, &note, &err));
    read_notes(&r, note, TN_BIG);
    assert_true(r.ok && r.record.has_summary && r.record.summary.complete);
    assert_int_equal(r.record.summary.members, 412);
    assert_int_equal(r.record.summary.unsure_count, 2);
    assert_string_equal(r.record.summary.unsure[1], "libx.a member y.o");
    tn_arena_free(&r.arena);
    tn_arena_free(&arena);
}

/* As linkers leave them: notes of others, zeros for alignment, ours, more zeros. */
static void others_notes_and_zeros_are_passed_by(void **state)
{
    struct tn_arena arena = { 0 };
    struct tn_bytes out;
    struct reading r;
    tenon_unit unit = sample();
    struct tn_view note = write_unit(&arena, &unit, TN_LITTLE);
    (void)state;
    assert_true(tn_bytes(&arena, 4096, TN_LITTLE, &out));
    tn_put_u32(&out, 4, TN_LITTLE);
    tn_put_u32(&out, 5, TN_LITTLE);
    tn_put_u32(&out, 1, TN_LITTLE);
    tn_put(&out, "GNU\0abcde\0\0\0", 12);
    tn_put(&out, "\0\0\0\0\0\0\0\0", 8);
    tn_put_view(&out, note);
    tn_put(&out, "\0\0\0\0", 4);
    tn_put_view(&out, note);
    tn_put(&out, "\0\0\0\0\0", 5);
    read_notes(&r, tn_bytes_view(&out), TN_LITTLE);
    assert_true(r.ok);
    assert_int_equal(r.record.count, 2);
    check_equal(&r.record.units[1], &unit);
    tn_arena_free(&r.arena);
    tn_arena_free(&arena);
}

/* A whole note around a description. */
static struct tn_view note_of(struct tn_arena *arena, uint32_t type, const void *desc, size_t size)
{
    struct tn_bytes out;
    assert_true(tn_bytes(arena, size + 64, TN_LITTLE, &out));
    tn_put_u32(&out, 6, TN_LITTLE);
    tn_put_u32(&out, (uint32_t)size, TN_LITTLE);
    tn_put_u32(&out, type, TN_LITTLE);
    tn_put(&out, "tenon\0\0\0", 8);
    tn_put(&out, desc, size);
    tn_put_align(&out, 4);
    return tn_bytes_view(&out);
}

static void names_of_sources_lose_their_suffixes(void **state)
{
    struct tn_arena arena = { 0 };
    struct reading r;
    (void)state;
    read_notes(&r, note_of(&arena, 1, "\1\10\0\0stats/counter.c\0\0", 22), TN_LITTLE);
    assert_true(r.ok);
    assert_string_equal(r.record.units[0].name, "stats/counter");
    assert_int_equal(r.record.units[0].stateful, TENON_UNKNOWN);
    tn_arena_free(&r.arena);
    tn_arena_free(&arena);
}

static void what_makes_no_sense_is_refused(void **state)
{
#define CASE(type, desc, code, says)                                                               \
    {                                                                                              \
        type, desc, sizeof(desc) - 1, code, says                                                   \
    }
    static const struct {
        uint32_t type;
        const char *desc;
        size_t size;
        enum tenon_code code;
        const char *says;
    } cases[] = {
        CASE(1, "\2\0\0\0x\0\0\0", TENON_E_UNSUPPORTED, "layout 2"),
        CASE(1, "\1\0\11\0x\0\0\0", TENON_E_MALFORMED, "a digest of kind 9"),
        CASE(1, "\1\0\0\0\0\0\0", TENON_E_MALFORMED, "no name"),
        CASE(1, "\1\0\1\0short", TENON_E_TRUNCATED, "digest"),
        CASE(1, "\1\0\0\0x", TENON_E_TRUNCATED, "name"),
        CASE(1, "\1\0\0\0x\0\0Tabc\0", TENON_E_TRUNCATED, "have no end"),
        CASE(1, "\1\0\0\0x\0\0Qabc\0\0", TENON_E_MALFORMED, "definition 0 is none"),
        CASE(1, "\1\0\0\0x\0\0T\0\0", TENON_E_MALFORMED, "definition 0 is none"),
        CASE(1, "\1\0\0\0x\0\0Tb\0Ta\0\0", TENON_E_MALFORMED, "'a' is out of order"),
        CASE(1, "\1\0\0\0x\0\0Ta\0Ta\0\0", TENON_E_MALFORMED, "'a' is out of order"),
        CASE(1, "\1\0\0\0x\0\0Ca\0Tb\0\0", TENON_E_MALFORMED, "'b' is out of order"),
        CASE(2, "\1\0\1\0\0\0\377\377\377\377", TENON_E_TRUNCATED, "4294967295 names"),
        CASE(2, "\1\0\1\0\0\0\1\0\0\0xy", TENON_E_TRUNCATED, "member's name"),
        CASE(2, "\7\0", TENON_E_UNSUPPORTED, "layout 7"),
    };
#undef CASE
    (void)state;
    for (size_t i = 0; i < TN_COUNT(cases); i++) {
        struct tn_arena arena = { 0 };
        struct reading r;
        read_notes(&r, note_of(&arena, cases[i].type, cases[i].desc, cases[i].size), TN_LITTLE);
        if (r.ok || r.err.code != cases[i].code || !strstr(r.err.text, cases[i].says))
            fail_msg("case %zu: %s", i, r.err.text);
        tn_arena_free(&r.arena);
        tn_arena_free(&arena);
    }
}

static void a_note_of_a_later_type_is_no_unit(void **state)
{
    struct tn_arena arena = { 0 };
    struct reading r;
    (void)state;
    read_notes(&r, note_of(&arena, 3, "whatever", 8), TN_LITTLE);
    assert_true(r.ok);
    assert_int_equal(r.record.count, 0);
    tn_arena_free(&r.arena);
    tn_arena_free(&arena);
}

/* What stood before a bad note is kept; nothing is read past the cut. */
static void every_prefix_is_safe(void **state)
{
    struct tn_arena arena = { 0 };
    tenon_unit unit = sample();
    struct tn_bytes out;
    (void)state;
    assert_true(tn_bytes(&arena, 8192, TN_LITTLE, &out));
    struct tn_view note = write_unit(&arena, &unit, TN_LITTLE);
    tn_put_view(&out, note);
    tn_put_view(&out, note);
    const size_t first = 20 + tn_load32(note.at + 4, TN_LITTLE); /* without padding */
    for (size_t n = 0; n < out.used; n++) {
        struct reading r;
        uint8_t *cut = malloc(n ? n : 1); /* a sanitizer guards byte n */
        memcpy(cut, out.at, n);
        read_notes(&r, tn_view(cut, n), TN_LITTLE);
        assert_int_equal(r.record.count, (n >= first) + (n >= note.size + first));
        assert_true(r.ok || r.err.code == TENON_E_TRUNCATED);
        tn_arena_free(&r.arena);
        free(cut);
    }
    tn_arena_free(&arena);
}

static void memory_of_a_process_gives_its_units(void **state)
{
    struct tn_arena arena = { 0 };
    tenon_unit unit = sample();
    tenon_error err = TENON_ERROR_INIT;
    enum tn_endian mine = htole16(1) == 1 ? TN_LITTLE : TN_BIG;
    struct tn_view note = write_unit(&arena, &unit, mine);
    (void)state;
    tenon_units *units = tenon_units_parse_notes(note.at, note.size, 4, "host", &err);
    assert_non_null(units);
    assert_int_equal(tenon_units_record(units), TENON_RECORD_ASSEMBLED);
    tn_arena_free(&arena); /* nothing is borrowed */
    assert_int_equal(tenon_units_count(units), 1);
    unit = sample();
    check_equal(tenon_units_at(units, 0), &unit);
    assert_null(tenon_units_at(units, 1));
    tenon_units_free(units);
}

static void a_bad_record_is_an_answer(void **state)
{
    struct tn_arena arena = { 0 };
    tenon_error err = TENON_ERROR_INIT;
    struct tn_view note = note_of(&arena, 1, "\2\0\0\0x\0\0\0", 8);
    (void)state;
    tenon_units *units = tenon_units_parse_notes(note.at, note.size, 4, "host", &err);
    assert_non_null(units);
    assert_int_equal(tenon_units_record(units), TENON_RECORD_UNREADABLE);
    assert_non_null(tenon_units_remark(units, 0));
    tenon_units_free(units);
    units = tenon_units_parse_notes("", 0, 8, "host", &err);
    assert_int_equal(tenon_units_record(units), TENON_RECORD_NONE);
    tenon_units_free(units);
    tn_arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_unit_comes_back_as_it_was),
        cmocka_unit_test(what_is_unknown_stays_so),
        cmocka_unit_test(a_summary_comes_back),
        cmocka_unit_test(others_notes_and_zeros_are_passed_by),
        cmocka_unit_test(names_of_sources_lose_their_suffixes),
        cmocka_unit_test(what_makes_no_sense_is_refused),
        cmocka_unit_test(a_note_of_a_later_type_is_no_unit),
        cmocka_unit_test(every_prefix_is_safe),
        cmocka_unit_test(memory_of_a_process_gives_its_units),
        cmocka_unit_test(a_bad_record_is_an_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
