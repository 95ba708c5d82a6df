/* tests/unit/test_units.c - the units of whole files, read where any allocation may fail */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "add_note.h"
#include "archive_builder.h"
#include "failing_arena.h"
#include "native.h"
#include "object_builder.h"
#include "record.h"
#include "units.h"

static const struct elf_spec_section sections[] = { { ".text", 1, 6, "abcdefgh", 8, 0, 0 },
                                                    { ".data", 1, 3, "data", 4, 0, 0 },
                                                    { 0 } };
static const struct object_symbol symbols[] = { { "next", 1, 1, 2, 0, 0, 8 },
                                                { "n", 2, 1, 1, 0, 0, 4 },
                                                { 0 } };
static const tenon_definition defines[] = { { "next", TENON_DEFINES_CODE } };

/* One or more notes for units of these names, and maybe a summary. */
static struct tn_view notes_of(struct tn_arena *arena, const char *const *names, int complete,
                               const char *unsure)
{
    struct tn_view all = { 0 }, note;
    uint8_t *bytes = tn_arena_take(arena, 4096);
    for (size_t i = 0; names[i]; i++) {
        tenon_unit unit = { .name = names[i],
                            .stateful = TENON_UNKNOWN,
                            .definitions = defines,
                            .definition_count = 1 };
        assert_true(tn_record_write_unit(arena, &unit, TN_LITTLE, &note, NULL));
        memcpy(bytes + all.size, note.at, note.size);
        all.size += note.size;
    }
    if (complete >= 0) {
        struct tn_record_summary summary = { complete, 3, &unsure, unsure ? 1 : 0 };
        assert_true(tn_record_write_summary(arena, &summary, TN_LITTLE, &note, NULL));
        memcpy(bytes + all.size, note.at, note.size);
        all.size += note.size;
    }
    all.at = bytes;
    return all;
}

/* A library whose PT_NOTE holds `notes`: a note segment is made of the build id, grown. */
static uint8_t *library_with(struct tn_view notes, size_t *size)
{
    struct elf_spec spec = {
        .soname = "libx.so.1",
        .build_id = "0123456789abcdefghij",
        .build_id_size = 20,
        .padding = notes.size + 3,
        .symbols =
            (const struct elf_spec_symbol[]){
                { .name = "next", .defined = true, .bind = 1, .type = 2 },
                { .name = "inl", .defined = true, .bind = 2, .type = 1, .use = ELF_RELOC_DATA },
                { .name = "alone", .defined = true, .bind = 2, .type = 1 },
                { .name = "kept", .defined = true, .bind = 1, .type = 2, .visibility = 3 },
                { .name = "one", .defined = true, .bind = 10, .type = 1 },
                { 0 } }
    };
    uint8_t *file = elf_build(&spec, size);
    if (!notes.size)
        return file;
    size_t at = *size - notes.size;
    at -= at % 4;
    memcpy(file + at, notes.at, notes.size);
    for (size_t i = 0; i < 5; i++) { /* PT_GNU_STACK becomes another PT_NOTE */
        uint8_t *row = file + 64 + 56 * i;
        if (tn_load32(row, TN_LITTLE) != 0x6474e551)
            continue;
        elf_store(row, 4, 4, false);
        elf_store(row + 8, at, 8, false);
        elf_store(row + 32, notes.size, 8, false);
        elf_store(row + 40, notes.size, 8, false);
    }
    return file;
}

static tenon_units *parse(const void *bytes, size_t size, const char *name)
{
    tenon_error err = TENON_ERROR_INIT;
    tenon_units *units = tenon_units_parse(bytes, size, name, &err);
    if (!units)
        fail_msg("%s", err.text);
    return units;
}

/* ---- linked files -----------------------------------------------------------------------------
 */

static void check_library(struct tn_view notes, enum tenon_record record, size_t count)
{
    size_t size;
    uint8_t *file = library_with(notes, &size);
    tenon_units *units = parse(file, size, "dir/x.so");
    free(file); /* nothing is borrowed */
    assert_int_equal(tenon_units_record(units), record);
    assert_int_equal(tenon_units_count(units), count);
    const tenon_unit *library = tenon_units_at(units, 0);
    assert_int_equal(library->kind, TENON_UNIT_LIBRARY);
    assert_string_equal(library->name, "libx.so.1");
    assert_int_equal(library->implementation.kind, TENON_DIGEST_BUILD_ID);
    assert_memory_equal(library->implementation.bytes, "0123456789abcdefghij", 20);
    assert_int_equal(library->definition_count, 2);
    tenon_units_free(units);
}

/* A note of <tenon/record.h> alone gives way to what the linker launcher added for its object. */
static void a_name_and_what_completes_it_are_one(void **state)
{
    struct tn_arena arena = { 0 };
    const tenon_unit named = { .name = "a/b", .stateful = TENON_UNKNOWN },
                     other = { .name = "a/c", .stateful = TENON_UNKNOWN },
                     added = { .name = "a/b",
                               .stateful = TENON_YES,
                               .completed = true,
                               .definitions = defines,
                               .definition_count = 1 };
    const tenon_unit *const units[] = { &named, &other, &named, &added };
    struct tn_view all = { tn_arena_take(&arena, 4096), 0, 0 }, note;
    (void)state;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        assert_true(tn_record_write_unit(&arena, units[i], TN_LITTLE, &note, NULL));
        memcpy((uint8_t *)all.at + all.size, note.at, note.size);
        all.size += note.size;
    }
    size_t size;
    uint8_t *file = library_with(all, &size);
    tenon_units *read = parse(file, size, "x.so");
    free(file);
    assert_int_equal(tenon_units_count(read), 4); /* as many went as came */
    assert_string_equal(tenon_units_at(read, 1)->name, "a/c");
    assert_string_equal(tenon_units_at(read, 2)->name, "a/b");
    assert_false(tenon_units_at(read, 2)->completed);
    assert_true(tenon_units_at(read, 3)->completed);
    tenon_units_free(read);
    tn_arena_free(&arena);
}

static void states_of_a_record(void **state)
{
    static const char *const two[] = { "a/b", "a/c", NULL }, *const none[] = { NULL };
    struct tn_arena arena = { 0 };
    (void)state;
    check_library((struct tn_view){ 0 }, TENON_RECORD_NONE, 1);
    check_library(notes_of(&arena, two, -1, NULL), TENON_RECORD_ASSEMBLED, 3);
    check_library(notes_of(&arena, two, 1, NULL), TENON_RECORD_COMPLETE, 3);
    check_library(notes_of(&arena, two, 0, NULL), TENON_RECORD_PARTIAL, 3);
    check_library(notes_of(&arena, two, 1, "odd.o"), TENON_RECORD_PARTIAL, 3);
    check_library(notes_of(&arena, none, 1, NULL), TENON_RECORD_COMPLETE, 1);
    struct tn_view bad = notes_of(&arena, two, -1, NULL);
    ((uint8_t *)bad.at)[bad.size - 2] = 'x'; /* the second has no end */
    ((uint8_t *)bad.at)[bad.size - 1] = 'x';
    struct tn_view cut = { bad.at, bad.size - 8, 0 };
    check_library(cut, TENON_RECORD_UNREADABLE, 2);
    tn_arena_free(&arena);
}

static void what_a_summary_says(void **state)
{
    static const char *const names[] = { "a", NULL };
    struct tn_arena arena = { 0 };
    size_t size;
    uint8_t *file = library_with(notes_of(&arena, names, 0, "odd.o"), &size);
    tenon_units *units = parse(file, size, "x.so");
    (void)state;
    assert_int_equal(tenon_units_member_count(units), 3);
    assert_int_equal(tenon_units_unsure_count(units), 1);
    assert_string_equal(tenon_units_unsure(units, 0), "odd.o");
    assert_null(tenon_units_unsure(units, 1));
    tenon_units_free(units);
    tn_arena_free(&arena);
    free(file);
}

static void check_visible(const tenon_units *units, const char *name, bool preemptible, bool strong,
                          bool unique)
{
    const tenon_visible *v = tenon_units_find_visible(units, name);
    if (!v)
        fail_msg("%s is not visible", name);
    assert_true(v->exported);
    assert_int_equal(v->preemptible, preemptible);
    assert_int_equal(v->strong, strong);
    assert_int_equal(v->unique, unique);
}

static void who_sees_what(void **state)
{
    size_t size;
    uint8_t *file = library_with((struct tn_view){ 0 }, &size);
    tenon_units *units = parse(file, size, "x.so");
    (void)state;
    assert_int_equal(tenon_units_visible_count(units), 5);
    assert_string_equal(tenon_units_visible(units, 0)->name, "alone");
    check_visible(units, "next", true, true, false);
    check_visible(units, "inl", true, false, false);
    check_visible(units, "alone", false, false, false); /* what uses it does not ask the loader */
    check_visible(units, "kept", false, true, false);
    check_visible(units, "one", false, false, true);
    assert_null(tenon_units_find_visible(units, "absent"));
    tenon_units_free(units);
    free(file);
}

static void covering(void **state)
{
    static const tenon_definition both[] = { { "kept", TENON_DEFINES_CODE },
                                             { "next", TENON_DEFINES_CODE },
                                             { "x", TENON_DEFINES_COMDAT } };
    static const tenon_definition more[] = { { "kept", TENON_DEFINES_CODE },
                                             { "other", TENON_DEFINES_CODE } };
    static const tenon_definition strong[] = { { "inl", TENON_DEFINES_DATA } };
    static const tenon_definition weak[] = { { "inl", TENON_DEFINES_WEAK } };
    static const tenon_definition other[] = { { "next", TENON_DEFINES_WEAK } };
    tenon_unit unit = { .name = "u", .definitions = both, .definition_count = 3 };
    size_t size;
    uint8_t *file = library_with((struct tn_view){ 0 }, &size);
    tenon_units *units = parse(file, size, "x.so");
    (void)state;
    assert_true(tenon_units_cover(units, &unit));
    unit.definitions = more;
    unit.definition_count = 2;
    assert_false(tenon_units_cover(units, &unit));
    unit.definitions = strong; /* the file's is weak */
    unit.definition_count = 1;
    assert_false(tenon_units_cover(units, &unit));
    unit.definitions = weak;
    assert_true(tenon_units_cover(units, &unit));
    unit.definitions = other; /* the file's is strong */
    assert_false(tenon_units_cover(units, &unit));
    unit.definition_count = 0;
    assert_false(tenon_units_cover(units, &unit));
    tenon_units_free(units);
    free(file);
}

static void common_definitions_are_strong_and_certain(void **state)
{
    size_t size;
    uint8_t *file = library_with((struct tn_view){ 0 }, &size);
    tenon_units *units = parse(file, size, "x.so");
    const char *names[5];
    (void)state;
    assert_int_equal(tn_units_common(units, units, NULL), 2);
    assert_int_equal(tn_units_common(units, units, names), 2); /* not "inl", which is weak, */
    assert_string_equal(names[0], "kept");                     /* nor "one", which may be static */
    assert_string_equal(names[1], "next");
    tenon_units_free(units);
    free(file);
}

/* ---- objects and archives ---------------------------------------------------------------------
 */

static uint8_t *object_with(struct tn_arena *arena, struct tn_view notes, size_t *size)
{
    struct object_spec spec = { .sections = sections, .symbols = symbols };
    struct tn_view out;
    uint8_t *file = object_build(&spec, size);
    if (!notes.size)
        return file;
    assert_true(tn_add_note(arena, tn_view(file, *size), notes, &out, NULL));
    free(file);
    file = malloc(out.size);
    memcpy(file, out.at, out.size);
    *size = out.size;
    return file;
}

static void an_object_is_a_unit(void **state)
{
    struct tn_arena arena = { 0 };
    size_t size;
    uint8_t *file = object_with(&arena, (struct tn_view){ 0 }, &size);
    tenon_units *units = parse(file, size, "build/counter.c.o");
    (void)state;
    free(file);
    const tenon_unit *unit = tenon_units_at(units, 0);
    assert_string_equal(unit->name, "counter");
    assert_string_equal(unit->origin, "build/counter.c.o");
    assert_int_equal(unit->stateful, TENON_YES);
    assert_int_equal(unit->definition_count, 2);
    assert_false(unit->recorded);
    assert_int_equal(tenon_units_record(units), TENON_RECORD_NONE);
    tenon_units_free(units);
}

static void what_a_record_leaves_open_the_object_says(void **state)
{
    static const char *const names[] = { "stats/counter", NULL };
    struct tn_arena arena = { 0 };
    size_t size;
    uint8_t *file = object_with(&arena, notes_of(&arena, names, -1, NULL), &size);
    tenon_units *units = parse(file, size, "counter.o");
    const tenon_unit *unit = tenon_units_at(units, 0);
    (void)state;
    assert_string_equal(unit->name, "stats/counter");
    assert_true(unit->recorded);
    assert_int_equal(unit->stateful, TENON_YES);
    assert_int_equal(unit->implementation.kind, TENON_DIGEST_CODE);
    assert_int_equal(unit->definition_count, 1); /* as recorded */
    assert_int_equal(tenon_units_record(units), TENON_RECORD_ASSEMBLED);
    tenon_units_free(units);
    tn_arena_free(&arena);
    free(file);
}

/* What is linked with -r is several units. */
static void an_object_may_hold_several(void **state)
{
    static const char *const names[] = { "a/x", "a/y", NULL };
    struct tn_arena arena = { 0 };
    size_t size;
    uint8_t *file = object_with(&arena, notes_of(&arena, names, -1, NULL), &size);
    tenon_units *units = parse(file, size, "both.o");
    (void)state;
    assert_int_equal(tenon_units_count(units), 2);
    assert_int_equal(tenon_units_at(units, 1)->implementation.kind, TENON_DIGEST_UNKNOWN);
    tenon_units_free(units);
    tn_arena_free(&arena);
    free(file);
}

static void make_archive(struct elf_out *out, bool thin, const uint8_t *object, size_t size)
{
    static const char names[] = "sub/a.o/\nlib.a/\n";
    archive_begin(out, thin);
    if (!thin) {
        archive_member(out, "a.o/", object, size);
        archive_member(out, "readme/", "text", 4);
        archive_member(out, "a.o/", object, size);
        return;
    }
    archive_member(out, "//", names, sizeof names - 1);
    archive_header(out, "/0", "1");
    archive_header(out, "/9:8", "1");
}

static void members_are_units(void **state)
{
    struct tn_arena arena = { 0 };
    struct elf_out out;
    size_t size;
    uint8_t *object = object_with(&arena, (struct tn_view){ 0 }, &size);
    (void)state;
    make_archive(&out, false, object, size);
    tenon_units *units = parse(out.at, out.size, "dir/libx.a");
    assert_int_equal(tenon_units_count(units), 2);
    assert_string_equal(tenon_units_at(units, 0)->name, "x/a");
    assert_string_equal(tenon_units_at(units, 1)->name, "x/a#2");
    assert_string_equal(tenon_units_at(units, 1)->origin, "libx.a member a.o");
    tenon_units_free(units);
    free(out.at);
    free(object);
}

static tenon_units *read_path(tenon_world *world, const char *path, const char *member,
                              tenon_error *err)
{
    const tenon_image_source source = { .path = path, .member = member };
    return tenon_units_read(world, &source, err);
}

static void thin_archives_lead_to_other_files(void **state)
{
    struct tn_arena arena = { 0 };
    struct elf_out thin, plain;
    tenon_error err = TENON_ERROR_INIT;
    tenon_world *world = tenon_world_empty(NULL);
    size_t size;
    uint8_t *object = object_with(&arena, (struct tn_view){ 0 }, &size);
    (void)state;
    make_archive(&thin, true, object, size);
    make_archive(&plain, false, object, size);
    assert_null(tenon_units_parse(thin.at, thin.size, "thin.a", &err));
    assert_int_equal(err.code, TENON_E_UNSUPPORTED);
    assert_true(tenon_world_put_file(world, "/d/libthin.a", thin.at, thin.size, 0644, NULL));
    assert_null(read_path(world, "/d/libthin.a", NULL, &err));
    assert_string_equal(err.text, "/d/libthin.a: member 'sub/a.o': cannot be opened: "
                                  "No such file or directory");
    assert_true(tenon_world_put_file(world, "/d/sub/a.o", object, size, 0644, NULL));
    assert_true(tenon_world_put_file(world, "/d/lib.a", plain.at, plain.size, 0644, NULL));
    tenon_units *units = read_path(world, "/d/libthin.a", NULL, &err);
    assert_non_null(units);
    assert_int_equal(tenon_units_count(units), 2);
    assert_string_equal(tenon_units_at(units, 0)->name, "thin/a");
    tenon_units_free(units);
    tenon_world_free(world);
    free(thin.at);
    free(plain.at);
    free(object);
}

static void one_member_can_be_asked_for(void **state)
{
    struct tn_arena arena = { 0 };
    struct elf_out out;
    tenon_error err = TENON_ERROR_INIT;
    tenon_world *world = tenon_world_empty(NULL);
    size_t size;
    uint8_t *object = object_with(&arena, (struct tn_view){ 0 }, &size);
    (void)state;
    archive_begin(&out, false);
    archive_member(&out, "a.o/", object, size);
    archive_member(&out, "b.o/", object, size);
    assert_true(tenon_world_put_file(world, "/libx.a", out.at, out.size, 0644, NULL));
    assert_true(tenon_world_put_file(world, "/b.o", object, size, 0644, NULL));
    tenon_units *units = read_path(world, "/libx.a", "b.o", &err);
    assert_non_null(units);
    assert_int_equal(tenon_units_count(units), 1);
    assert_string_equal(tenon_units_at(units, 0)->name, "x/b");
    tenon_units_free(units);
    assert_null(read_path(world, "/libx.a", "c.o", &err));
    assert_int_equal(err.code, TENON_E_NOT_FOUND);
    assert_null(read_path(world, "/b.o", "c.o", &err));
    assert_int_equal(err.code, TENON_E_NOT_FOUND);
    assert_null(read_path(world, "/absent", NULL, &err));
    assert_int_equal(err.code, TENON_E_SYSTEM);
    tenon_world_free(world);
    free(out.at);
    free(object);
}

static void what_has_no_units_is_refused(void **state)
{
    tenon_error err = TENON_ERROR_INIT;
    struct elf_spec spec = { .type = 4, .no_dynamic = true };
    size_t size;
    uint8_t *core = elf_build(&spec, &size);
    (void)state;
    assert_null(tenon_units_parse("#!/bin/sh\n", 10, "x", &err));
    assert_int_equal(err.code, TENON_E_FORMAT);
    assert_null(tenon_units_parse("", 0, "x", &err));
    assert_int_equal(err.code, TENON_E_TRUNCATED);
    assert_null(tenon_units_parse(core, size, "x", &err));
    assert_int_equal(err.code, TENON_E_NOT_LOADABLE);
    free(core);
}

/* ---- memory -----------------------------------------------------------------------------------
 */

static size_t count_definitions(const tenon_units *units)
{
    size_t n = tenon_units_count(units) + tenon_units_visible_count(units);
    for (size_t i = 0; i < tenon_units_count(units); i++)
        n += tenon_units_at(units, i)->definition_count;
    return n;
}

/* Either there is no memory, or the answer is whole (remarks apart, which may be lost). */
static void check_each_failure(const uint8_t *bytes, size_t size)
{
    tenon_units *whole = parse(bytes, size, "libx.a");
    size_t expected = count_definitions(whole);
    enum tenon_record record = tenon_units_record(whole);
    tenon_units_free(whole);
    for (long n = 0;; n++) {
        tenon_error err = TENON_ERROR_INIT;
        fail_after(n);
        tenon_units *units = tenon_units_parse(bytes, size, "libx.a", &err);
        bool failed = allocation_failed;
        fail_never();
        if (!units) {
            assert_int_equal(err.code, TENON_E_MEMORY);
        } else {
            assert_int_equal(count_definitions(units), expected);
            assert_int_equal(tenon_units_record(units), record);
        }
        tenon_units_free(units);
        if (!failed)
            return;
    }
}

static void every_allocation_may_fail(void **state)
{
    static const char *const names[] = { "a/x", NULL };
    struct tn_arena arena = { 0 };
    struct elf_out out;
    size_t size;
    struct tn_view notes = notes_of(&arena, names, 0, "odd.o");
    uint8_t *object = object_with(&arena, notes, &size);
    (void)state;
    make_archive(&out, false, object, size);
    check_each_failure(object, size);
    check_each_failure(out.at, out.size);
    free(out.at);
    free(object);
    uint8_t *library = library_with(notes, &size);
    check_each_failure(library, size);
    free(library);
    tn_arena_free(&arena);
}

/* A member's name is that of the package, or none is given: never another one. */
static void names_do_not_depend_on_memory(void **state)
{
    static const char pc[] = "Name: foo\nLibs: -lx\n";
    struct tn_arena arena = { 0 };
    struct elf_out out;
    size_t size;
    uint8_t *object = object_with(&arena, (struct tn_view){ 0 }, &size);
    tenon_units *units = NULL;
    (void)state;
    make_archive(&out, false, object, size);
    for (long n = 0; !units || allocation_failed; n++) {
        tenon_error err = TENON_ERROR_INIT;
        tenon_world *world = tenon_world_empty(NULL);
        assert_true(tenon_world_put_file(world, "/l/libx.a", out.at, out.size, 0644, NULL));
        assert_true(tenon_world_put_file(world, "/l/pkgconfig/foo.pc", pc, strlen(pc), 0644, NULL));
        tenon_units_free(units);
        fail_after(n);
        units = read_path(world, "/l/libx.a", NULL, &err);
        fail_never();
        if (units)
            assert_string_equal(tenon_units_at(units, 0)->name, "foo/a");
        else
            assert_int_equal(err.code, TENON_E_MEMORY);
        tenon_world_free(world);
    }
    tenon_units_free(units);
    free(out.at);
    free(object);
    tn_arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(states_of_a_record),
        cmocka_unit_test(a_name_and_what_completes_it_are_one),
        cmocka_unit_test(what_a_summary_says),
        cmocka_unit_test(who_sees_what),
        cmocka_unit_test(covering),
        cmocka_unit_test(common_definitions_are_strong_and_certain),
        cmocka_unit_test(an_object_is_a_unit),
        cmocka_unit_test(what_a_record_leaves_open_the_object_says),
        cmocka_unit_test(an_object_may_hold_several),
        cmocka_unit_test(members_are_units),
        cmocka_unit_test(thin_archives_lead_to_other_files),
        cmocka_unit_test(one_member_can_be_asked_for),
        cmocka_unit_test(what_has_no_units_is_refused),
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(names_do_not_depend_on_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
