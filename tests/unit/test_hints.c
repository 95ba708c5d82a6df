/* tests/unit/test_hints.c - hints files, libmap.conf, ld.so.conf of NetBSD, crle's configuration */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "crle.h"
#include "dewey.h"
#include "elfhints.h"
#include "libmap.h"
#include "netbsd_conf.h"
#include "sohints.h"

/* A file under construction. */
struct bytes {
    uint8_t at[1024];
    size_t size;
    bool big;
};

static void put(struct bytes *b, uint64_t value, size_t size)
{
    for (size_t i = 0; i < size; i++)
        b->at[b->size + i] = (uint8_t)(value >> 8 * (b->big ? size - 1 - i : i));
    b->size += size;
}

static void put_text(struct bytes *b, const char *text)
{
    memcpy(b->at + b->size, text, strlen(text) + 1);
    b->size += strlen(text) + 1;
}

static struct tn_view view_of(const struct bytes *b)
{
    return tn_view(b->at, b->size);
}

/* ---- ld-elf.so.hints ----------------------------------------------------------------------- */

static struct bytes elf_hints(const char *list, bool big)
{
    struct bytes b = { .big = big };
    const uint32_t header[] = { 0x746e6845, 1,
                                128,        (uint32_t)strlen(list) + 1,
                                0,          (uint32_t)strlen(list) };
    for (size_t i = 0; i < TN_COUNT(header); i++)
        put(&b, header[i], 4);
    b.size = 128;
    put_text(&b, list);
    return b;
}

static void freebsd_hints_have_a_list(void **state)
{
    (void)state;
    const char *list;
    for (int big = 0; big < 2; big++) {
        enum tn_endian endian = big ? TN_BIG : TN_LITTLE;
        struct bytes b = elf_hints("/lib:/usr/lib", big);
        assert_true(tn_elfhints_list(view_of(&b), endian, &list, NULL));
        assert_string_equal(list, "/lib:/usr/lib");
        tenon_error err = TENON_ERROR_INIT;
        assert_false(tn_elfhints_list(view_of(&b), big ? TN_LITTLE : TN_BIG, &list, &err));
        assert_int_equal(err.code, TENON_E_MALFORMED);
        for (size_t size = 0; size < b.size; size++) /* cut anywhere it is none */
            assert_false(tn_elfhints_list(tn_view(b.at, size), endian, &list, NULL));
    }
}

static void freebsd_hints_stay_in_their_bounds(void **state)
{
    (void)state;
    const char *list;
    static const size_t fields[] = { 8, 12, 16, 20 };
    for (size_t i = 0; i < TN_COUNT(fields); i++) {
        struct bytes b = elf_hints("/lib", false);
        memset(b.at + fields[i], 0xff, 4);
        assert_false(tn_elfhints_list(view_of(&b), TN_LITTLE, &list, NULL));
    }
}

/* ---- ld.so.hints --------------------------------------------------------------------------- */

struct entry {
    const char *name, *path;
    int major, minor;
};

/* One chain from the bucket that the first entry hashes to. */
static struct bytes so_hints(const struct entry *entries, size_t count, unsigned word,
                             uint32_t bucket, uint32_t bucket_count)
{
    struct bytes b = { .size = 8 * word + 48u * bucket_count }, strings = { .size = 1 };
    for (size_t i = 0; i < count; i++) {
        uint32_t at = (bucket + (uint32_t)i) % bucket_count;
        size_t end = b.size;
        b.size = 8 * word + 48u * at;
        put(&b, strings.size, 4);
        put_text(&strings, entries[i].name);
        put(&b, strings.size, 4);
        put_text(&strings, entries[i].path);
        put(&b, (uint32_t)entries[i].major, 4);
        put(&b, (uint32_t)entries[i].minor, 4);
        b.size += 24;
        put(&b, 2, 4);
        put(&b, i + 1 < count ? (at + 1) % bucket_count : UINT32_MAX, 4);
        b.size = end;
    }
    size_t dirs = strings.size, table = b.size;
    put_text(&strings, "/usr/lib");
    memcpy(b.at + b.size, strings.at, strings.size);
    b.size = 0;
    const uint64_t header[] = { 011421044151,         2,     8 * word,
                                bucket_count,         table, strings.size,
                                table + strings.size, dirs };
    for (size_t i = 0; i < TN_COUNT(header); i++)
        put(&b, header[i], word);
    b.size = table + strings.size;
    return b;
}

static bool ends_in_b(void *arg, const char *path)
{
    (void)arg;
    return strncmp(path, "/b/", 3) == 0;
}

/* rule  reference on other loaders, vector B15: "c", major 12, goes to 3274 */
static void bsd_hints_are_found_by_their_hash(void **state)
{
    (void)state;
    static const struct entry entries[] = { { "c", "/a/libc.so.12.3", 12, 3 },
                                            { "c", "/b/libc.so.12.9", 12, 9 },
                                            { "c", "/a/libc.so.13.0", 13, 0 } };
    for (unsigned word = 4; word <= 8; word += 4) {
        struct bytes b = so_hints(entries, TN_COUNT(entries), word, 3274 % 7, 7);
        struct tn_sohints hints;
        struct tn_sohints_query query = { .name = "c", .major = 12, .minor = 0 };
        assert_true(tn_sohints_open(view_of(&b), word, TN_LITTLE, &hints, NULL));
        assert_string_equal(hints.dirs, "/usr/lib");
        assert_string_equal(tn_sohints_find(&hints, &query), "/a/libc.so.12.3");
        query.minor = 5;
        assert_string_equal(tn_sohints_find(&hints, &query), "/b/libc.so.12.9");
        query.minor = 10;
        assert_null(tn_sohints_find(&hints, &query));
        query.minor = 0;
        query.fits = ends_in_b;
        assert_string_equal(tn_sohints_find(&hints, &query), "/b/libc.so.12.9");
        query.major = 11;
        assert_null(tn_sohints_find(&hints, &query));
    }
}

static void bsd_hints_that_go_round_end(void **state)
{
    (void)state;
    static const struct entry entries[] = { { "x", "/a/libx.so.12.3", 12, 3 },
                                            { "y", "/b/liby.so.12.9", 12, 9 } };
    struct bytes b = so_hints(entries, 2, 4, 0, 2);
    struct tn_sohints hints;
    const struct tn_sohints_query query = { .name = "c", .major = 12 };
    memset(b.at + 32 + 48 + 44, 0, 4); /* the last leads to the first */
    assert_true(tn_sohints_open(view_of(&b), 4, TN_LITTLE, &hints, NULL));
    assert_null(tn_sohints_find(&hints, &query));
}

/* rule  NetBSD libexec/ld.aout_so/rtld.c, findhint() */
static void bsd_hints_end_at_a_bucket_without_strings(void **state)
{
    (void)state;
    static const struct entry entries[] = { { "c", "/a/libc.so.12.3", 12, 3 },
                                            { "c", "/b/libc.so.12.9", 12, 9 } };
    const struct tn_sohints_query query = { .name = "c", .major = 12, .minor = 5 };
    for (size_t field = 0; field < 8; field += 4) {
        struct bytes b = so_hints(entries, TN_COUNT(entries), 4, 3274 % 7, 7);
        struct tn_sohints hints;
        assert_true(tn_sohints_open(view_of(&b), 4, TN_LITTLE, &hints, NULL));
        assert_string_equal(tn_sohints_find(&hints, &query), "/b/libc.so.12.9");
        memset(b.at + 32 + 48 * (3274 % 7) + field, 0x7f, 4);
        assert_null(tn_sohints_find(&hints, &query));
    }
}

static void bsd_hints_stay_in_their_bounds(void **state)
{
    (void)state;
    static const struct entry entries[] = { { "c", "/a/libc.so.12.3", 12, 3 } };
    struct tn_sohints hints;
    for (size_t field = 0; field < 8; field++) {
        struct bytes b = so_hints(entries, 1, 8, 0, 1);
        if (field == 6) /* the end, which nobody needs */
            continue;
        memset(b.at + 8 * field, 0x7f, 8);
        assert_false(tn_sohints_open(view_of(&b), 8, TN_LITTLE, &hints, NULL));
    }
}

/* ---- names with versions -------------------------------------------------------------------- */

static void names_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool good;
        int major, minor;
    } cases[] = {
        { "libx.so.3.10", true, 3, 10 }, { "libx.so.3", true, 3, -1 },
        { "libx.so", true, -1, -1 },     { "libx.so.3.1.2", false, 0, 0 },
        { "x.so.3", false, 0, 0 },       { "libx.a", false, 0, 0 },
        { "lib.so.1", true, 1, -1 },     { "libx.so.", false, 0, 0 },
        { "libx.so.3x", false, 0, 0 },   { "libx.so.999999999", false, 0, 0 },
    };
    struct tn_dewey is;
    for (size_t i = 0; i < TN_COUNT(cases); i++) {
        assert_int_equal(tn_dewey_parse(cases[i].name, &is), cases[i].good);
        if (cases[i].good) {
            assert_int_equal(is.major, cases[i].major);
            assert_int_equal(is.minor, cases[i].minor);
        }
    }
    /* rule  sod.c, _dl_build_sod(): the first ".so", and whatever comes before the next dot */
    assert_false(tn_dewey_parse("libfoo.so.bar.so.1.2", &is));
    assert_false(tn_dewey_parse("libfoo.solver.so.1.2", &is));
    assert_true(tn_dewey_parse("libfoo.solver.1.2", &is));
    assert_int_equal(is.stem_size, strlen("foo"));
    assert_int_equal(is.minor, 2);
}

static void the_best_of_a_directory(void **state)
{
    (void)state;
    static const char *const names[] = { "libx.so.3.2", "libx.so.3.10", "libx.so.4.0",
                                         "liby.so.3.11", "libx.so" };
    tenon_world *world = tenon_world_empty(NULL);
    struct tn_arena arena = { 0 };
    struct tn_dewey wanted;
    int error;
    for (size_t i = 0; i < TN_COUNT(names); i++) {
        char path[64];
        snprintf(path, sizeof path, "/d/%s", names[i]);
        assert_true(tenon_world_put_file(world, path, "", 0, 0644, NULL));
    }
    assert_true(tn_dewey_parse("libx.so.3.0", &wanted));
    assert_string_equal(tn_dewey_best(world, &arena, "/d", &wanted, false, &error), "libx.so.3.10");
    assert_true(tn_dewey_parse("libx.so.3.11", &wanted));
    assert_null(tn_dewey_best(world, &arena, "/d", &wanted, false, &error));
    assert_int_equal(error, 0);
    assert_string_equal(tn_dewey_best(world, &arena, "/d", &wanted, true, &error), "libx.so.3.10");
    assert_true(tn_dewey_parse("libx.so", &wanted));
    assert_string_equal(tn_dewey_best(world, &arena, "/d", &wanted, false, &error), "libx.so");
    assert_true(tenon_world_hide(world, "/d/libx.so", NULL));
    assert_string_equal(tn_dewey_best(world, &arena, "/d", &wanted, false, &error), "libx.so.4.0");
    assert_null(tn_dewey_best(world, &arena, "/none", &wanted, false, &error));
    assert_int_not_equal(error, 0);
    tn_arena_free(&arena);
    tenon_world_free(world);
}

/* ---- text files ------------------------------------------------------------------------------ */

/* ... before any answer has left something. */
static const char *mapped(struct tn_libmap *map, const char *path, const char *name)
{
    uint32_t left = 0;
    return tn_libmap_find(map, path, name, &left);
}

static void libmap_has_sections(void **state)
{
    (void)state;
    static const char text[] = "liba.so first.so # all\n"
                               "liba.so second.so\n"
                               "[ E ]\nliba.so e.so\n[/usr/local/]\nliba.so local.so\n"
                               "[/bin/sh]\nliba.so sh.so\nthree words here\nlone\n";
    tenon_world *world = tenon_world_empty(NULL);
    struct tn_arena arena = { 0 };
    struct tn_libmap map = { .arena = &arena };
    assert_true(tenon_world_put_file(world, "/etc/m", text, sizeof text - 1, 0644, NULL));
    tn_libmap_read(&map, world, "/etc/m");
    tn_libmap_read_variable(&map, world, "libv.so=w.so,,=x,y=,libu.so u.so,[E],libv.so=e.so");
    assert_false(map.no_memory);
    assert_string_equal(mapped(&map, "/t/E", "liba.so"), "e.so");
    assert_string_equal(mapped(&map, "/usr/local/bin/x", "liba.so"), "local.so");
    assert_string_equal(mapped(&map, "/bin/sh", "liba.so"), "sh.so");
    assert_string_equal(mapped(&map, "/usr/bin/sh", "liba.so"), "second.so");
    assert_string_equal(mapped(&map, NULL, "libv.so"), "w.so");
    assert_string_equal(mapped(&map, NULL, "libu.so"), "u.so");
    assert_string_equal(mapped(&map, "/t/E", "libv.so"), "e.so");
    assert_null(mapped(&map, "/t/E", "three"));
    assert_null(mapped(&map, "/t/E", "y"));
    tn_arena_free(&arena);
    tenon_world_free(world);
}

/* rule  libmap.c, lm_find(), lmp_find(), lm_add() */
static void libmap_asks_one_section(void **state)
{
    (void)state;
    static const char text[] = "liba.so all.so\nlibb.so b.so\n"
                               "[/usr/local/]\nliba.so local.so\n"
                               "[x]\nlibb.so x.so\n"
                               "[/usr/local/bin/y]\nlibb.so y.so\n"
                               "[x]\nlibb.so newer.so\n";
    tenon_world *world = tenon_world_empty(NULL);
    struct tn_arena arena = { 0 };
    struct tn_libmap map = { .arena = &arena };
    assert_true(tenon_world_put_file(world, "/etc/m", text, sizeof text - 1, 0644, NULL));
    tn_libmap_read(&map, world, "/etc/m");
    assert_string_equal(mapped(&map, "/usr/local/bin/x", "liba.so"), "all.so");
    assert_string_equal(mapped(&map, "/usr/local/bin/x", "libb.so"), "newer.so");
    assert_string_equal(mapped(&map, "/usr/local/bin/z", "liba.so"), "local.so");
    /* a section that one before fits is no new one, but more of that */
    assert_string_equal(mapped(&map, "/usr/local/bin/z", "libb.so"), "y.so");
    tn_arena_free(&arena);
    tenon_world_free(world);
}

/* rule  libmap.c, lm_find() */
static void what_a_section_answers_counts_for_all(void **state)
{
    (void)state;
    static const char text[] = "liba.so all.so\nlibb.so all.so\n"
                               "[E]\nliba.so e.so\nlibb.so all.so\n/d /e\n";
    tenon_world *world = tenon_world_empty(NULL);
    struct tn_arena arena = { 0 };
    struct tn_libmap map = { .arena = &arena };
    uint32_t left = 0, first, other = 0;
    assert_true(tenon_world_put_file(world, "/etc/m", text, sizeof text - 1, 0644, NULL));
    tn_libmap_read(&map, world, "/etc/m");
    assert_null(tn_libmap_find(&map, "/t/liby.so", "/d", &left));
    assert_string_equal(tn_libmap_find(&map, "/t/E", "libb.so", &left), "all.so");
    assert_int_equal(left, 0); /* it is so for all already */
    assert_string_equal(tn_libmap_find(&map, "/t/E", "/d", &left), "/e");
    first = left;
    assert_int_not_equal(first, 0);
    assert_string_equal(tn_libmap_find(&map, "/t/liby.so", "/d", &left), "/e");
    assert_string_equal(tn_libmap_find(&map, NULL, "liba.so", &left), "all.so");
    assert_string_equal(tn_libmap_find(&map, "/t/E", "liba.so", &left), "e.so");
    assert_string_equal(tn_libmap_find(&map, NULL, "liba.so", &left), "e.so");
    assert_string_equal(tn_libmap_find(&map, "/t/liby.so", "/d", &left), "/e");
    assert_string_equal(tn_libmap_find(&map, "/t/E", "/d", &other), "/e"); /* another process */
    assert_int_equal(other, first);
    assert_string_equal(tn_libmap_find(&map, NULL, "liba.so", &other), "all.so");
    tn_arena_free(&arena);
    tenon_world_free(world);
}

static void a_libmap_that_includes_itself_ends(void **state)
{
    (void)state;
    static const char text[] = "include /etc/m\nincludedir /etc\na b\n";
    tenon_world *world = tenon_world_empty(NULL);
    struct tn_arena arena = { 0 };
    struct tn_libmap map = { .arena = &arena };
    assert_true(tenon_world_put_file(world, "/etc/m", text, sizeof text - 1, 0644, NULL));
    assert_true(tenon_world_put_file(world, "/etc/m.conf", text, sizeof text - 1, 0644, NULL));
    tn_libmap_read(&map, world, "/etc/m");
    assert_string_equal(mapped(&map, NULL, "a"), "b");
    tn_arena_free(&arena);
    tenon_world_free(world);
}

static void netbsd_configuration(void **state)
{
    (void)state;
    static const char text[] = "# dirs\n/usr/pkg/lib  \n\t/a b # c\n"
                               "libm.so.0 machdep.fpu 1,2:lib1.so,lib2.so 0:lib0.so\nodd\nx y :\n";
    struct tn_arena arena = { 0 };
    struct tn_netbsd_conf conf;
    assert_true(tn_netbsd_conf_read(&arena, tn_view(text, sizeof text - 1), &conf));
    assert_int_equal(conf.dir_count, 2);
    assert_string_equal(conf.dirs[0], "/usr/pkg/lib");
    assert_string_equal(conf.dirs[1], "/a b");
    assert_int_equal(conf.row_count, 3);
    assert_string_equal(conf.rows[1].variable, "machdep.fpu");
    assert_string_equal(conf.rows[1].value, "2");
    assert_string_equal(conf.rows[1].libraries[1], "lib2.so");
    assert_null(conf.rows[1].libraries[2]);
    assert_string_equal(conf.rows[2].libraries[0], "lib0.so");
    tn_arena_free(&arena);
}

/* ---- crle ------------------------------------------------------------------------------------ */

static struct bytes crle_file(uint32_t flags, bool id, unsigned class, const char *dirs)
{
    struct bytes b = { .size = 0 };
    if (id) {
        memcpy(b.at, "\x3fRLC", 4);
        b.at[4] = (uint8_t) class;
        b.at[5] = 1;
        b.size = 16;
    }
    const uint32_t words[13] = { 4, flags, 0, 0, 0, 0, 0, 0, 0, 84 };
    for (size_t i = 0; i < TN_COUNT(words); i++)
        put(&b, words[i], 4);
    b.size += 4 + 16 + 12;
    put_text(&b, dirs);
    return b;
}

static void crle_is_of_one_class(void **state)
{
    (void)state;
    static const struct tn_crle_kind kind = { 8, TN_LITTLE, 62 };
    struct tn_crle crle;
    tenon_error err = TENON_ERROR_INIT;
    struct bytes b = crle_file(4, false, 0, "/a:/b");
    assert_true(tn_crle_read(view_of(&b), &kind, &crle, NULL));
    assert_string_equal(crle.default_dirs, "/a:/b");
    assert_false(crle.unified);
    b = crle_file(4 | 8, true, 2, "/a");
    assert_true(tn_crle_read(view_of(&b), &kind, &crle, NULL));
    assert_true(crle.unified);
    b = crle_file(4, true, 1, "/a");
    assert_false(tn_crle_read(view_of(&b), &kind, &crle, &err));
    assert_int_equal(err.code, TENON_E_UNSUPPORTED);
    b = crle_file(0, false, 0, "/a");
    assert_false(tn_crle_read(view_of(&b), &kind, &crle, NULL));
    b = crle_file(5, false, 0, "/a");
    assert_false(tn_crle_read(view_of(&b), &kind, &crle, NULL));
    b = crle_file(4, false, 0, "/a");
    b.size -= 3; /* the string has no end */
    assert_false(tn_crle_read(view_of(&b), &kind, &crle, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(freebsd_hints_have_a_list),
        cmocka_unit_test(freebsd_hints_stay_in_their_bounds),
        cmocka_unit_test(bsd_hints_are_found_by_their_hash),
        cmocka_unit_test(bsd_hints_that_go_round_end),
        cmocka_unit_test(bsd_hints_end_at_a_bucket_without_strings),
        cmocka_unit_test(bsd_hints_stay_in_their_bounds),
        cmocka_unit_test(names_are_read),
        cmocka_unit_test(the_best_of_a_directory),
        cmocka_unit_test(libmap_has_sections),
        cmocka_unit_test(libmap_asks_one_section),
        cmocka_unit_test(what_a_section_answers_counts_for_all),
        cmocka_unit_test(a_libmap_that_includes_itself_ends),
        cmocka_unit_test(netbsd_configuration),
        cmocka_unit_test(crle_is_of_one_class),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
