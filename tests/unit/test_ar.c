/* tests/unit/test_ar.c - members of archives of every flavour, and of broken ones */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "ar.h"
#include "archive_builder.h"

struct walk {
    struct tn_arena arena;
    struct tn_file file;
    struct tn_ar ar;
    struct tn_ar_member members[16];
    size_t count;
    tenon_error err;
    bool ok;
};

static void walk(struct walk *w, const void *bytes, size_t size)
{
    *w = (struct walk){ .err = TENON_ERROR_INIT };
    tn_file_from_bytes(&w->file, "a", bytes, size);
    w->file.arena = &w->arena;
    if (!tn_ar_open(&w->file, &w->ar, &w->err))
        return;
    while (w->count < 16 && tn_ar_next(&w->ar, &w->members[w->count], &w->err))
        w->count++;
    w->ok = w->ar.end;
}

static void check(const struct walk *w, size_t i, const char *name, uint64_t offset, uint64_t size,
                  enum tn_ar_role role)
{
    assert_true(i < w->count);
    assert_string_equal(w->members[i].name, name);
    assert_int_equal(w->members[i].offset, offset);
    assert_int_equal(w->members[i].size, size);
    assert_int_equal(w->members[i].role, role);
}

static void gnu_names_short_and_long(void **state)
{
    static const char names[] = "a_name_of_more_than_16_bytes.o/\nanother_name_of_that_kind.o/\n";
    struct elf_out out;
    struct walk w;
    (void)state;
    archive_begin(&out, false);
    archive_member(&out, "/", "\0\0\0\0", 4);
    archive_member(&out, "//", names, sizeof names - 1);
    archive_member(&out, "odd.o/", "abc", 3);
    size_t at = archive_member(&out, "/32", "defg", 4);
    archive_member(&out, "/0", "", 0);
    walk(&w, out.at, out.size);
    assert_true(w.ok);
    assert_int_equal(w.count, 5);
    check(&w, 0, "/", 68, 4, TN_AR_INDEX);
    assert_int_equal(w.members[1].role, TN_AR_LONG_NAMES);
    assert_string_equal(w.members[2].name, "odd.o");
    check(&w, 3, "another_name_of_that_kind.o", at + 60, 4, TN_AR_FILE);
    assert_int_equal(w.members[3].header, at);
    assert_string_equal(w.members[4].name, "a_name_of_more_than_16_bytes.o");
    assert_memory_equal(out.at + w.members[2].offset, "abc", 3);
    tn_arena_free(&w.arena);
    free(out.at);
}

static void bsd_names_stand_before_the_data(void **state)
{
    struct elf_out out;
    struct walk w;
    (void)state;
    archive_begin(&out, false);
    archive_member(&out, "#1/20", "__.SYMDEF SORTED\0\0\0\0index", 25);
    archive_member(&out, "plain.o", "xy", 2);
    archive_member(&out, "#1/12", "long name.o\0data", 16);
    archive_member(&out, "__.SYMDEF", "", 0);
    walk(&w, out.at, out.size);
    assert_true(w.ok);
    check(&w, 0, "__.SYMDEF SORTED", 8 + 60 + 20, 5, TN_AR_INDEX);
    assert_int_equal(w.members[0].skipped, 20);
    assert_string_equal(w.members[1].name, "plain.o");
    assert_string_equal(w.members[2].name, "long name.o");
    assert_int_equal(w.members[2].size, 4);
    assert_memory_equal(out.at + w.members[2].offset, "data", 4);
    assert_int_equal(w.members[3].role, TN_AR_INDEX);
    tn_arena_free(&w.arena);
    free(out.at);
}

static void coff_has_a_second_index_and_names_with_nul(void **state)
{
    struct elf_out out;
    struct walk w;
    (void)state;
    archive_begin(&out, false);
    archive_member(&out, "/", "\0\0\0\0", 4);
    archive_member(&out, "/", "\0\0\0\0\0\0\0\0", 8);
    archive_member(&out, "//", "x\\a long name.obj\0", 18);
    archive_member(&out, "/<ECSYMBOLS>/", "", 0);
    archive_member(&out, "/0", "z", 1);
    walk(&w, out.at, out.size);
    assert_true(w.ok);
    assert_int_equal(w.members[1].role, TN_AR_OTHER);
    assert_int_equal(w.members[3].role, TN_AR_OTHER);
    assert_string_equal(w.members[4].name, "x\\a long name.obj");
    tn_arena_free(&w.arena);
    free(out.at);
}

static void thin_members_have_no_bytes_here(void **state)
{
    static const char names[] = "sub/one.o/\nlib/nested.a/\n";
    struct elf_out out;
    struct walk w;
    (void)state;
    archive_begin(&out, true);
    archive_member(&out, "/SYM64/", "\0\0\0\0\0\0\0\0", 8);
    archive_member(&out, "//", names, sizeof names - 1);
    archive_header(&out, "/0", "123456");
    archive_header(&out, "/11:68", "99");
    walk(&w, out.at, out.size);
    assert_true(w.ok);
    assert_int_equal(w.members[0].role, TN_AR_INDEX_64);
    check(&w, 2, "sub/one.o", 0, 123456, TN_AR_FILE);
    assert_true(w.members[2].external);
    assert_int_equal(w.members[2].nested, 0);
    assert_string_equal(w.members[3].name, "lib/nested.a");
    assert_int_equal(w.members[3].nested, 68);
    tn_arena_free(&w.arena);
    free(out.at);
}

static void external_paths_are_seen_from_the_archive(void **state)
{
    struct tn_arena arena = { 0 };
    (void)state;
    assert_string_equal(tn_ar_external_path(&arena, "dir/lib.a", "x.o"), "dir/x.o");
    assert_string_equal(tn_ar_external_path(&arena, "lib.a", "sub/x.o"), "sub/x.o");
    assert_string_equal(tn_ar_external_path(&arena, "/a/lib.a", "/b/x.o"), "/b/x.o");
    tn_arena_free(&arena);
}

static void files_only(void **state)
{
    struct elf_out out;
    struct tn_arena arena = { 0 };
    struct tn_file file;
    struct tn_ar ar;
    struct tn_ar_member m;
    tenon_error err = TENON_ERROR_INIT;
    (void)state;
    archive_begin(&out, false);
    archive_member(&out, "/", "\0\0\0\0", 4);
    archive_member(&out, "a.o/", "1", 1);
    archive_member(&out, "__.LIBDEP/", "-lm", 3);
    archive_member(&out, "b.o/", "2", 1);
    tn_file_from_bytes(&file, "a", out.at, out.size);
    file.arena = &arena;
    assert_true(tn_ar_open(&file, &ar, &err));
    assert_true(tn_ar_next_file(&ar, &m, &err));
    assert_string_equal(m.name, "a.o");
    assert_true(tn_ar_next_file(&ar, &m, &err));
    assert_string_equal(m.name, "b.o");
    assert_false(tn_ar_next_file(&ar, &m, &err));
    assert_true(ar.end);
    tn_arena_free(&arena);
    free(out.at);
}

static void an_empty_archive_is_good(void **state)
{
    struct walk w;
    (void)state;
    walk(&w, "!<arch>\n", 8);
    assert_true(w.ok);
    assert_int_equal(w.count, 0);
    walk(&w, "!<arch>", 7);
    assert_false(w.ok);
    assert_int_equal(w.err.code, TENON_E_FORMAT);
}

static void what_makes_no_sense_is_refused(void **state)
{
    static const struct {
        const char *name, *size, *says;
        enum tenon_code code;
    } cases[] = {
        { "x.o/", "", "its size is no number", TENON_E_MALFORMED },
        { "x.o/", "-1", "its size is no number", TENON_E_MALFORMED },
        { "x.o/", "1 2", "its size is no number", TENON_E_MALFORMED },
        { "x.o/", "9999999999", "member 'x.o': 9999999999 bytes needed at 0x44, 0 left",
          TENON_E_TRUNCATED },
        { "/99", "0", "long name at 99, the table has 0 bytes", TENON_E_MALFORMED },
        { "/9x", "0", "its long name's offset is no number", TENON_E_MALFORMED },
        { "/18446744073709", "0", "the table has 0 bytes", TENON_E_MALFORMED },
        { "/name", "0", "a name that begins with a slash", TENON_E_MALFORMED },
        { "#1/5", "4", "its name's length is more than its size", TENON_E_MALFORMED },
        { "#1/", "0", "its name's length is more than its size", TENON_E_MALFORMED },
        { "", "0", "no name", TENON_E_MALFORMED },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct elf_out out;
        struct walk w;
        archive_begin(&out, false);
        archive_header(&out, cases[i].name, cases[i].size);
        walk(&w, out.at, out.size);
        if (w.ok || w.err.code != cases[i].code || !strstr(w.err.text, cases[i].says))
            fail_msg("case %zu: %s", i, w.err.text);
        tn_arena_free(&w.arena);
        free(out.at);
    }
}

static void a_header_without_its_mark_is_refused(void **state)
{
    struct elf_out out;
    struct walk w;
    (void)state;
    archive_begin(&out, false);
    archive_member(&out, "x.o/", "ab", 2);
    out.at[8 + 58] = 'x';
    walk(&w, out.at, out.size);
    assert_false(w.ok);
    assert_non_null(strstr(w.err.text, "no member header at 0x8"));
    tn_arena_free(&w.arena);
    free(out.at);
}

/* Cut anywhere, an archive gives the members before the cut and an error, or an end between two. */
static void every_prefix_is_safe(void **state)
{
    struct elf_out out;
    (void)state;
    archive_begin(&out, false);
    archive_member(&out, "//", "a_name_of_more_than_16_bytes.o/\n", 32);
    archive_member(&out, "/0", "abc", 3);
    archive_member(&out, "#1/4", "x.o\0yz", 6);
    for (size_t n = 8; n < out.size; n++) {
        struct walk w;
        uint8_t *cut = malloc(n); /* a sanitizer guards byte n */
        memcpy(cut, out.at, n);
        walk(&w, cut, n);
        assert_true(w.ok || w.err.code == TENON_E_TRUNCATED);
        tn_arena_free(&w.arena);
        free(cut);
    }
    free(out.at);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gnu_names_short_and_long),
        cmocka_unit_test(bsd_names_stand_before_the_data),
        cmocka_unit_test(coff_has_a_second_index_and_names_with_nul),
        cmocka_unit_test(thin_members_have_no_bytes_here),
        cmocka_unit_test(external_paths_are_seen_from_the_archive),
        cmocka_unit_test(files_only),
        cmocka_unit_test(an_empty_archive_is_good),
        cmocka_unit_test(what_makes_no_sense_is_refused),
        cmocka_unit_test(a_header_without_its_mark_is_refused),
        cmocka_unit_test(every_prefix_is_safe),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
