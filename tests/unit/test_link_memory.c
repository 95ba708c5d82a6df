/* tests/unit/test_link_memory.c - each allocation of a launcher's readers fails in turn */
/*
 * With one allocation failing there is either TENON_E_MEMORY or the whole right answer, never a
 * wrong one; nothing leaks (the sanitizers see to that).
 */
#include <elf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "failing_arena.h"
#include "members.h"
#include "note_object.h"

static const struct tn_elf_header like = {
    .e_ident = { [EI_CLASS] = ELFCLASS64, [EI_DATA] = ELFDATA2LSB },
    .e_machine = EM_X86_64,
    .word = 8,
    .endian = TN_LITTLE,
};

static tenon_world *world;
static struct tn_arena kept;

static void put(const char *path, const void *bytes, size_t size)
{
    assert_true(tenon_world_put_file(world, path, bytes, size, 0644, NULL));
}

static struct tn_view object_of(const char *name)
{
    const tenon_unit unit = { .name = name,
                              .stateful = TENON_YES,
                              .implementation = { .kind = TENON_DIGEST_CODE,
                                                  .size = TENON_DIGEST_ROOM } };
    struct tn_view notes, object;

    assert_true(!name || tn_record_write_unit(&kept, &unit, TN_LITTLE, &notes, NULL));
    assert_true(tn_note_object(&kept, &like, name ? notes : tn_view("", 0), &object, NULL));
    return object;
}

/* An archive of these objects, each called NAME.o; two of one name when `twice`. */
static void put_archive(const char *path, const char *name, bool twice)
{
    struct tn_view object = object_of(NULL);
    size_t one = 60 + object.size + object.size % 2;
    uint8_t *bytes = tn_arena_take(&kept, 8 + 2 * one);
    char header[61];

    memcpy(bytes, "!<arch>\n", 8);
    for (size_t i = 0; i < 2; i++) {
        snprintf(header, sizeof header, "%c.o/%-12s%-12d%-6d%-6d%-8s%-10zu`\n",
                 twice ? name[0] : name[0] + (char)i, "", 0, 0, 0, "644", object.size);
        memcpy(bytes + 8 + i * one, header, 60);
        memcpy(bytes + 8 + i * one + 60, object.at, object.size);
    }
    put(path, bytes, 8 + 2 * one);
}

static int setup(void **state)
{
    (void)state;
    world = tenon_world_empty(NULL);
    if (!world)
        return -1;
    struct tn_view main_object = object_of("demo/main"), other = object_of(NULL);
    put("/main.o", main_object.at, main_object.size);
    put("/crt1.o", other.at, other.size);
    put("/args", "other.o 'a b.o'", 15);
    put("/other.o", other.at, other.size);
    put_archive("/libx.a", "a", false);
    put_archive("/libgcc.a", "a", false);
    put_archive("/libtwice.a", "z", true);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    tenon_world_free(world);
    tn_arena_free(&kept);
    return 0;
}

/* Everything from the command to the notes; their bytes in *notes. */
static bool answer(struct tn_arena *arena, struct tn_view *notes, tenon_error *err)
{
    static const char text[] = "crt1.o\nmain.o\nother.o\nlibx.a\n(libx.a)a.o\nlibgcc.a(b.o)\n"
                               "libtwice.a(z.o)\ngone.o\nabsent.a(q.o)\nhello\n";
    static const char *const argv[] = { "cc", "-o", "prog", "main.o", "-Wl,-Map=m", "@/args" };
    struct tn_command command;
    struct tn_members members;
    struct tn_report trace = { 0 };
    bool good = false;

    if (!tn_command_read(world, arena, argv, TN_COUNT(argv), &command, err))
        return false;
    if (!tn_members_init(&members, world, arena, &command, NULL)) {
        err->code = TENON_E_MEMORY;
    } else {
        const struct tn_report_paths paths = { tn_archives_kind, &members.archives };
        good = tn_trace_read(arena, tn_view(text, sizeof text - 1), &paths, &trace, err) &&
               tn_members_read(&members, &trace, NULL, err) &&
               tn_members_settle(&members, NULL, err) &&
               tn_members_notes(&members, arena, notes, err);
    }
    tn_report_free(&trace);
    tn_members_free(&members);
    tn_command_free(&command);
    return good;
}

static void each_allocation_fails_in_turn(void **state)
{
    struct tn_arena arena = { 0 };
    struct tn_view right;
    tenon_error err = TENON_ERROR_INIT;

    (void)state;
    assert_true(answer(&arena, &right, &err));
    for (long n = 0;; n++) {
        struct tn_arena other = { 0 };
        struct tn_view notes;
        tenon_error failure = TENON_ERROR_INIT;

        fail_after(n);
        bool good = answer(&other, &notes, &failure);
        bool failed = allocation_failed;
        fail_never();
        if (good) {
            assert_int_equal(notes.size, right.size);
            assert_memory_equal(notes.at, right.at, right.size);
        } else {
            assert_int_equal(failure.code, TENON_E_MEMORY);
        }
        tn_arena_free(&other);
        if (!failed)
            break;
    }
    tn_arena_free(&arena);
}

static void the_answer_is_what_the_trace_says(void **state)
{
    struct tn_arena arena = { 0 };
    struct tn_record record = { 0 };
    struct tn_view notes;
    tenon_error err = TENON_ERROR_INIT;

    (void)state;
    assert_true(answer(&arena, &notes, &err));
    assert_true(tn_record_read(&arena, notes, 4, TN_LITTLE, &record, &err));
    assert_int_equal(record.count, 2);
    assert_string_equal(record.units[0].name, "other");
    assert_string_equal(record.units[1].name, "x/a");
    assert_true(record.units[1].completed);
    assert_int_equal(record.summary.members, 4);
    assert_int_equal(record.summary.unsure_count, 1);
    assert_string_equal(record.summary.unsure[0], "libtwice.a(z.o)");
    tn_arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_answer_is_what_the_trace_says, setup, teardown),
        cmocka_unit_test_setup_teardown(each_allocation_fails_in_turn, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
