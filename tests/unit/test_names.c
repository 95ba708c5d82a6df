/* tests/unit/test_names.c - what units are called, and which package an archive belongs to */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "native.h"

static void directories_and_suffixes_go(void **state)
{
    static const struct {
        const char *prefix, *archive, *member;
        unsigned ordinal;
        const char *name;
    } cases[] = {
        { NULL, NULL, "counter.o", 1, "counter" },
        { NULL, NULL, "build/CMakeFiles/x.dir/src/a.c.o", 1, "a" },
        { NULL, NULL, "a.cpp.obj", 1, "a" },
        { NULL, NULL, "dir.d/a", 1, "a" },
        { NULL, NULL, ".o", 1, ".o" },
        { NULL, NULL, "x/.c.o", 1, ".c" },
        { NULL, NULL, "version-1.2.o", 1, "version-1.2" },
        { "stats", NULL, "counter.lo", 1, "stats/counter" },
        { "", "libz.a", "inflate.o", 1, "inflate" },
        { NULL, "/usr/lib/libz.a", "inflate.o", 1, "z/inflate" },
        { NULL, "libcounter.a", "counter.o", 2, "counter/counter#2" },
        { NULL, "libfoo-1.2.3.a", "a.o", 1, "foo/a" },
        { NULL, "libfoo.1.a", "a.o", 1, "foo/a" },
        { NULL, "libsqlite3.a", "a.o", 1, "sqlite3/a" },
        { NULL, "libglib-2.0.a", "a.o", 1, "glib/a" },
        { NULL, "libz_pic.a", "a.o", 1, "z/a" },
        { NULL, "foo.lib", "a.obj", 1, "foo/a" },
        { NULL, "lib.a", "a.o", 1, "lib/a" },
        { NULL, "libz.a", "libz_la-inflate.o", 1, "z/inflate" },
        { NULL, "libz.a", "libz_a-inflate.o", 1, "z/inflate" },
        { NULL, "libz.a", "libz_la-.o", 1, "z/.o" },
    };
    struct tn_arena arena = { 0 };
    (void)state;
    for (size_t i = 0; i < TN_COUNT(cases); i++) {
        const char *name = tn_native_name(&arena, cases[i].prefix, cases[i].archive,
                                          cases[i].member, cases[i].ordinal);
        if (!name || strcmp(name, cases[i].name) != 0)
            fail_msg("case %zu: %s, not %s", i, name, cases[i].name);
    }
    tn_arena_free(&arena);
}

static void equal_names_are_numbered_in_member_order(void **state)
{
    struct tn_arena arena = { 0 };
    struct tn_native_namer namer;
    (void)state;
    assert_true(tn_native_namer_init(&namer, &arena, NULL, "libx.a"));
    assert_string_equal(tn_native_namer_next(&namer, "a.o"), "x/a");
    assert_string_equal(tn_native_namer_next(&namer, "b.o"), "x/b");
    assert_string_equal(tn_native_namer_next(&namer, "sub/a.o"), "x/a#2");
    for (int i = 0; i < 50; i++) {
        char member[16];
        snprintf(member, sizeof member, "m%d.o", i);
        assert_non_null(tn_native_namer_next(&namer, member));
    }
    assert_string_equal(tn_native_namer_next(&namer, "a.c.o"), "x/a#3");
    assert_string_equal(tn_native_namer_next(&namer, "m7.o"), "x/m7#2");
    tn_native_namer_free(&namer);
    tn_arena_free(&arena);
}

struct system {
    tenon_world *world;
    struct tn_arena arena;
};

static void put(struct system *s, const char *path, const char *text)
{
    tenon_error err = TENON_ERROR_INIT;
    if (!tenon_world_put_file(s->world, path, text, strlen(text), 0644, &err))
        fail_msg("%s", err.text);
}

static const char *owner(struct system *s, const char *archive)
{
    const char *name;
    assert_true(tn_native_owner(s->world, &s->arena, archive, &name));
    return name ? name : "";
}

static void pkg_config_beside_it_says(void **state)
{
    struct system s = { .world = tenon_world_empty(NULL) };
    (void)state;
    put(&s, "/opt/lib/pkgconfig/zlib.pc", "Name: zlib\nLibs.private: -lm\nLibs: -L${libdir} -lz\n");
    put(&s, "/opt/lib/pkgconfig/libpng.pc", "Libs: -lpng16 -lz\n");
    put(&s, "/opt/lib/pkgconfig/b.pc", "Libs: -lfoo\n");
    put(&s, "/opt/lib/pkgconfig/a.pc", "Libs: -lfoo");
    put(&s, "/opt/lib/pkgconfig/foo.pc", "Libs: -lfoo\n");
    put(&s, "/opt/lib/pkgconfig/two.pc", "Libs: -lshared\n");
    put(&s, "/opt/lib/pkgconfig/one.pc", "Libs: -lshared\n");
    put(&s, "/opt/lib/pkgconfig/cairo-pdf.pc", "Requires: cairo >= 1\nLibs: -lz \n");
    put(&s, "/opt/lib/pkgconfig/first.pc", "Requires: it\nLibs: -lit\n");
    put(&s, "/opt/lib/pkgconfig/last.pc", "Requires: \nLibs: -lit\n");
    put(&s, "/opt/lib/pkgconfig/not", "Libs: -lbar\n");
    put(&s, "/opt/lib/pkgconfig/empty.pc", "");
    assert_string_equal(owner(&s, "/opt/lib/libz.a"), "zlib");
    assert_string_equal(owner(&s, "/opt/lib/libpng16.a"), "libpng");
    assert_string_equal(owner(&s, "/opt/lib/libfoo.a"), "foo");
    assert_string_equal(owner(&s, "/opt/lib/libshared.a"), "one");
    assert_string_equal(owner(&s, "/opt/lib/libit.a"), "last");
    assert_string_equal(owner(&s, "/opt/lib/libbar.a"), "");
    assert_string_equal(owner(&s, "/opt/libz.a"), "");
    assert_string_equal(owner(&s, "libz.a"), "");
    tenon_world_free(s.world);
    tn_arena_free(&s.arena);
}

static void else_dpkg_says(void **state)
{
    struct system s = { .world = tenon_world_empty(NULL) };
    (void)state;
    put(&s, "/var/lib/dpkg/info/libc6-dev:amd64.list", "/.\n/usr\n/usr/lib/x/libc.a\n");
    put(&s, "/var/lib/dpkg/info/old.list", "/lib/y/libold.a\n");
    put(&s, "/var/lib/dpkg/info/old.md5sums", "/usr/lib/x/libnew.a\n");
    put(&s, "/usr/lib/x/libc.a", "!<arch>\n");
    put(&s, "/usr/lib/y/libold.a", "!<arch>\n");
    put(&s, "/usr/lib/x/libnew.a", "!<arch>\n");
    put(&s, "/usr/lib/x/libc.a.b", "!<arch>\n");
    put(&s, "/home/me/libc.a", "!<arch>\n");
    assert_true(tenon_world_put_link(s.world, "/usr/lib/libc.a", "x/libc.a", NULL));
    assert_string_equal(owner(&s, "/usr/lib/x/libc.a"), "libc6-dev");
    assert_string_equal(owner(&s, "/usr/lib/libc.a"), "libc6-dev");
    assert_string_equal(owner(&s, "/usr/lib/y/libold.a"), "old");
    assert_string_equal(owner(&s, "/usr/lib/x/libnew.a"), "");
    assert_string_equal(owner(&s, "/usr/lib/x/libc.a.b"), "");
    assert_string_equal(owner(&s, "/home/me/libc.a"), "");
    tenon_world_free(s.world);
    tn_arena_free(&s.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(directories_and_suffixes_go),
        cmocka_unit_test(equal_names_are_numbered_in_member_order),
        cmocka_unit_test(pkg_config_beside_it_says),
        cmocka_unit_test(else_dpkg_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
