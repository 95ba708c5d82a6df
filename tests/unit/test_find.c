/* tests/unit/test_find.c - the small parts of tenon find */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <tenon/plist.h>

#include "conf.h"
#include "conventions.h"
#include "flags.h"
#include "hunt.h"
#include "passed.h"
#include "platforms.h"
#include "quote.h"
#include "remember.h"
#include "request.h"

static void versions_are_compared_number_by_number(void **state)
{
    static const struct {
        const char *a, *b;
        int order;
    } rows[] = {
        { "1", "1", 0 },
        { "1.2", "1.10", -1 },
        { "1.2.1", "1.2", 1 },
        { "1.2a", "1.2", 1 },
        { "1.2a", "1.2b", -1 },
        { "1.02", "1.2", 0 },
        { "", "1", -1 },
        { "2", "1.99.99", 1 },
        { "1.2-3", "1.2.3", 0 },
        { "1.rc", "1.1", -1 },
        { "10", "9", 1 },
        { "00000000000000000001", "1", 0 },
        { "1.1.1k", "1.1.1l", -1 },
    };

    (void)state;
    for (size_t i = 0; i < TN_COUNT(rows); i++) {
        assert_int_equal(tn_version_compare(rows[i].a, rows[i].b), rows[i].order);
        assert_int_equal(tn_version_compare(rows[i].b, rows[i].a), -rows[i].order);
    }
}

static void quoted_words_are_split_again(void **state)
{
    static const char *const words[] = { "plain", "a b",    "it's", "\"q\"", "$x", "back\\slash",
                                         "",      "-L/a,b", "#c",   "*",     "'",  "tab\tx" };
    struct tn_arena arena = { 0 };
    struct tn_words in = { 0 }, out = { 0 };

    (void)state;
    for (size_t i = 0; i < TN_COUNT(words); i++)
        assert_true(tn_words_add(&in, words[i]));
    assert_true(tn_split_shell(&out, &arena, tn_join_shell(&arena, &in)));
    assert_int_equal(out.count, in.count);
    for (size_t i = 0; i < in.count; i++)
        assert_string_equal(out.at[i], in.at[i]);
    tn_words_free(&in);
    tn_words_free(&out);
    tn_arena_free(&arena);
}

static void words_are_split_as_a_shell_does(void **state)
{
    static const struct {
        const char *text, *word;
    } rows[] = {
        { "\"a\\nb\"", "a\\nb" },   { "\"\\\\ \\\" \\$ \\`\"", "\\ \" $ `" },
        { "\"it\\'s\"", "it\\'s" }, { "a\\nb", "anb" },
        { "'a\\nb'", "a\\nb" },     { "\"a\\\nb\"", "ab" },
        { "a\\\nb", "ab" },         { "-DX=\"C:\\dir\"", "-DX=C:\\dir" },
    };
    struct tn_arena arena = { 0 };

    (void)state;
    for (size_t i = 0; i < TN_COUNT(rows); i++) {
        struct tn_words out = { 0 };
        assert_true(tn_split_shell(&out, &arena, rows[i].text));
        assert_int_equal(out.count, 1);
        assert_string_equal(out.at[0], rows[i].word);
        tn_words_free(&out);
    }
    tn_arena_free(&arena);
}

static void paths_are_tidied_and_have_prefixes(void **state)
{
    static const char *const tidy[][2] = {
        { "/a//b/./c/../d", "/a/b/d" },
        { "/..", "/" },
        { "/", "/" },
        { "/usr/lib/gcc/x/12/../../../x/libz.so", "/usr/lib/x/libz.so" },
        { "a/../b", "a/../b" },
        { "/a/", "/a" },
    };
    static const char *const prefix[][2] = {
        { "/usr/include", "/usr" },
        { "/usr/include/libxml2/libxml", "/usr" },
        { "/usr/local/lib", "/usr/local" },
        { "/usr/lib/x86_64-linux-gnu", "/usr" },
        { "/lib/x86_64-linux-gnu", "/usr" },
        { "/usr/lib/gcc/x86_64-linux-gnu/12/include", "/usr" },
        { "/opt/lib/foo/lib64", "/opt/lib/foo" },
        { "/opt/foo", "/opt/foo" },
    };
    struct tn_arena arena = { 0 };

    (void)state;
    for (size_t i = 0; i < TN_COUNT(tidy); i++)
        assert_string_equal(tn_tidy_path(&arena, tidy[i][0]), tidy[i][1]);
    for (size_t i = 0; i < TN_COUNT(prefix); i++)
        assert_string_equal(tn_prefix_of(&arena, prefix[i][0]), prefix[i][1]);
    tn_arena_free(&arena);
}

static void expect_files(const char *text, const char *const *expected, size_t count)
{
    struct tn_arena arena = { 0 };
    struct tn_words files = { 0 };

    assert_true(tn_linker_files(&arena, text, &files));
    assert_int_equal(files.count, count);
    for (size_t i = 0; i < count; i++)
        assert_string_equal(files.at[i], expected[i]);
    tn_words_free(&files);
    tn_arena_free(&arena);
}

static void linkers_tell_what_they_opened(void **state)
{
    static const char *const plain[] = { "/t/a.o", "/usr/lib/libz.so" };
    static const char *const archive[] = { "/opt/libfoo.a" };

    (void)state;
    expect_files("/t/a.o\n/usr/lib/gcc/../libz.so\n/t/a.o\nnoise\n\n", plain, 2);
    expect_files("trace: /t/a.o\ntrace: /usr/lib/libz.so\n", plain, 2);
    expect_files("(/opt/libfoo.a)x.o\n/opt/libfoo.a(y.o)\n-lfoo (/opt/libfoo.a)\n", archive, 1);
    expect_files("", plain, 0);
}

static void the_group_is_what_the_switches_asked_for(void **state)
{
    static const char *const all[] = { "/usr/lib/crt1.o",        "/t/a.o",
                                       "/usr/lib/libncurses.so", "/usr/lib/libtinfo.so",
                                       "/usr/lib/gcc/libgcc.a",  "/usr/lib/libc.so" };
    struct tn_words files = { 0 }, group = { 0 }, libs = { 0 };

    (void)state;
    for (size_t i = 0; i < TN_COUNT(all); i++)
        assert_true(tn_words_add(&files, all[i]));
    assert_true(tn_linker_group(&files, "/t/a.o", &libs, &group));
    assert_int_equal(group.count, 2);
    assert_string_equal(group.at[0], all[2]);
    /* a file of the compiler's name that the user gave by its path is the user's */
    group.count = 0;
    assert_true(tn_words_add(&libs, all[4]));
    assert_true(tn_linker_group(&files, "/t/a.o", &libs, &group));
    assert_int_equal(group.count, 3);
    group.count = 0;
    files.count = 2;
    assert_true(tn_linker_group(&files, "/t/a.o", &libs, &group));
    assert_int_equal(group.count, 0);
    tn_words_free(&files);
    tn_words_free(&group);
    tn_words_free(&libs);
}

static const char *upper_b(void *arg, const char *word)
{
    (void)arg;
    return strcmp(word, "b") == 0 ? "B" : strcmp(word, "comma") == 0 ? "x,y" : word;
}

static void words_for_the_linker_are_changed_where_they_are(void **state)
{
    static const char *const rows[][2] = {
        { "-Lb -Wl,a,b,c -lb", "-Lb -Wl,a,B,c -lb" },
        { "-Wl,+b,", "-Wl,+b," },
        { "-Wl, -Wl", "-Wl, -Wl" },
        { "-Xlinker b -Xlinker -Wl,b -Xlinker", "-Xlinker B -Xlinker -Wl,b -Xlinker" },
        { "-Wl,a,comma -g", "-Xlinker a -Xlinker x,y -g" },
        { "b", "B" },
        { "", "" },
    };
    struct tn_arena arena = { 0 };

    (void)state;
    for (size_t i = 0; i < TN_COUNT(rows); i++) {
        struct tn_words words = { 0 };
        assert_true(tn_split_shell(&words, &arena, rows[i][0]));
        assert_true(tn_passed_map(&words, &arena, upper_b, NULL));
        assert_string_equal(tn_join_shell(&arena, &words), rows[i][1]);
        tn_words_free(&words);
    }
    tn_arena_free(&arena);
}

static void run_paths_are_made_absolute(void **state)
{
    static const char *const rows[][2] = {
        { "-Wl,-rpath,a/lib", "-Wl,-rpath,/here/a/lib" },
        { "-Wl,-rpath=a:/b:$ORIGIN/c::", "'-Wl,-rpath=/here/a:/b:$ORIGIN/c::'" },
        { "-Wl,--rpath -Wl,a", "-Wl,--rpath -Wl,/here/a" },
        { "-Xlinker -rpath -Xlinker a", "-Xlinker -rpath -Xlinker /here/a" },
        { "-Wl,-Ra -R b", "-Wl,-R/here/a -R /here/b" },
        { "-rpath @loader_path/a", "-rpath @loader_path/a" },
        { "-Wl,-rpath-link,a -Wl,-rpath", "-Wl,-rpath-link,a -Wl,-rpath" },
    };
    const struct tenon_finder finder = { .cwd = "/here" };
    struct tn_arena arena = { 0 };

    (void)state;
    for (size_t i = 0; i < TN_COUNT(rows); i++) {
        tenon_find_request request = { .name = "z", .libs = rows[i][0], .cflags = "-Rpass=a" };
        assert_true(tn_request_absolute(&arena, &finder, &request));
        assert_string_equal(request.libs, rows[i][1]);
        assert_string_equal(request.cflags, "-Rpass=a");
    }
    tn_arena_free(&arena);
}

static bool fits_any(const char *file, const char *name)
{
    const struct tn_convention *row;
    size_t at = 0;

    while ((row = tn_convention_next(NULL, &at)))
        if (tn_convention_fits(row, file, name))
            return true;
    return false;
}

static void conventions_know_names(void **state)
{
    static const char *const yes[][2] = {
        { "libz.so", "z" },
        { "libz.so.1.2.13", "z" },
        { "libz.a", "z" },
        { "libz.la", "z" },
        { "libz.dylib", "z" },
        { "libz.1.2.dylib", "z" },
        { "libSystem.B.dylib", "System" },
        { "z.framework", "z" },
        { "libz.dll.a", "z" },
        { "cygz-1.dll", "z" },
        { "z.dll", "z" },
        { "libz-1.dll", "z" },
        { "z.lib", "z" },
        { "libz.sl", "z" },
        { "libz.3", "z" },
        { "libz.o", "z" },
        { "libgtk-3.so.0", "gtk-3" },
        { "libpng16.so", "png16" },
        { "libssl.so.1.0.2k", "ssl" },
    };
    static const char *const no[][2] = {
        { "libfoobar.so", "foo" },   { "libfoo2.so", "foo" },       { "libfoo-bar.so", "foo" },
        { "libfoo.so", "libfoo" },   { "libfoo.so.1", "foo.so" },   { "libfoo.so", "foo.so" },
        { "libfoo.so", "fo" },       { "libfoo.so.x", "foo" },      { "libfoo.so.", "foo" },
        { "foo.so", "foo" },         { "libfoo.txt", "foo" },       { "libfoo.so", "" },
        { "libfoo-bar.dll", "foo" }, { "libfoo.bar.dylib", "foo" },
    };

    (void)state;
    for (size_t i = 0; i < TN_COUNT(yes); i++)
        assert_true(fits_any(yes[i][0], yes[i][1]));
    for (size_t i = 0; i < TN_COUNT(no); i++)
        assert_false(fits_any(no[i][0], no[i][1]));
}

static void targets_have_platforms(void **state)
{
    static const char *const rows[][2] = {
        { "x86_64-linux-gnu", "linux" },
        { "x86_64-pc-linux-musl", "linux-musl" },
        { "aarch64-linux-android21", "android" },
        { "x86_64-w64-mingw32", "windows" },
        { "i686-pc-cygwin", "cygwin" },
        { "arm64-apple-darwin20", "darwin" },
        { "x86_64-apple-macosx10.13", "darwin" },
        { "powerpc-ibm-aix7.2.0.0", "aix" },
        { "hppa2.0w-hp-hpux11.11", "hpux32" },
        { "hppa64-hp-hpux11.11", "hpux64" },
        { "ia64-hp-hpux11.31", "hpux64" },
        { "x86_64--netbsd", "netbsd" },
        { "amd64-unknown-openbsd7.3", "openbsd" },
        { "i386-pc-solaris2.11", "solaris" },
    };

    (void)state;
    for (size_t i = 0; i < TN_COUNT(rows); i++)
        assert_string_equal(tenon_platform_of_target(rows[i][0])->name, rows[i][1]);
    assert_null(tenon_platform_of_target("vax-dec-vms"));
}

/* Every row keeps what the variables promise of each other. */
static void platforms_fit_together(void **state)
{
    const tenon_platform *row;

    (void)state;
    for (size_t i = 0; (row = tenon_platform_at(i)); i++) {
        tenon_settings *settings = tenon_settings_new(NULL);
        assert_non_null(settings);
        assert_true(tenon_settings_settle(settings, row, NULL));
        assert_true(!row->elf_rpath || strcmp(row->shlib_type, "ELF") == 0);
        assert_true(!row->elf_rpath || row->rpath_flag);
        assert_true(row->shlib_create == !row->no_shared);
        assert_ptr_equal(tenon_platform_named(row->name), row);
        tenon_settings_free(settings);
    }
}

static const char *conf_value(const char *text, const char *name, struct tn_arena *arena)
{
    struct tn_conf conf = { 0 };
    const char *value = NULL;

    if (tn_conf_read(&conf, arena, tn_view(text, strlen(text)), NULL))
        value = tn_conf_get(&conf, name, strlen(name));
    tn_conf_free(&conf);
    return value;
}

static void assignments_are_read_as_make_does(void **state)
{
    struct tn_arena arena = { 0 };

    (void)state;
    assert_string_equal(conf_value("A = x y # c\n", "A", &arena), "x y");
    assert_string_equal(conf_value("A=1\nA:=2", "A", &arena), "2");
    assert_string_equal(conf_value("A ?= 1\nA ?= 2", "A", &arena), "1");
    assert_string_equal(conf_value("A=1\nA+=2\n", "A", &arena), "1 2");
    assert_string_equal(conf_value("A=1\nB=$(A)${A}$$x\n", "B", &arena), "11$x");
    assert_string_equal(conf_value("A=a\\#b\\\n c\n", "A", &arena), "a#b  c");
    assert_string_equal(conf_value("A=$(NONE)x", "A", &arena), "x");
    assert_null(conf_value("A", "A", &arena));
    assert_null(conf_value("A = $(x", "A", &arena));
    assert_null(conf_value("= x", "", &arena));
    tn_arena_free(&arena);
}

/* A value that doubles with each line is stopped. */
static void assignments_are_bounded(void **state)
{
    struct tn_arena arena = { 0 };
    struct tn_conf conf = { 0 };
    tenon_error err = TENON_ERROR_INIT;
    char text[4096] = "A=0123456789\n";

    (void)state;
    for (int i = 0; i < 40; i++)
        strcat(text, "A:=$(A)$(A)$(A)$(A)\n");
    assert_false(tn_conf_read(&conf, &arena, tn_view(text, strlen(text)), &err));
    assert_int_equal(err.code, TENON_E_LIMIT);
    tn_conf_free(&conf);
    tn_arena_free(&arena);
}

static void settings_have_an_order(void **state)
{
    static const char conf[] = "CC=file\nLOCALBASE=/l\nOTHER=1\n";
    tenon_settings *settings = tenon_settings_new(NULL);

    (void)state;
    assert_true(tenon_settings_set(settings, TENON_ORIGIN_OPTION, "CC", "option", NULL));
    assert_true(tenon_settings_set(settings, TENON_ORIGIN_ENVIRONMENT, "CC", "env", NULL));
    assert_true(tenon_settings_read(settings, conf, sizeof conf - 1, "f", NULL));
    assert_string_equal(tenon_settings_get(settings, "CC"), "option");
    assert_string_equal(tenon_settings_get(settings, "LOCALBASE"), "/l");
    assert_int_equal(tenon_settings_origin(settings, "LOCALBASE"), TENON_ORIGIN_FILE);
    assert_null(tenon_settings_get(settings, "OTHER"));
    assert_false(tenon_settings_set(settings, TENON_ORIGIN_OPTION, "SHLIB_TYPE", "COFF", NULL));
    assert_false(tenon_settings_set(settings, TENON_ORIGIN_OPTION, "NONE", "x", NULL));
    tenon_settings_free(settings);
}

/* Settings that nobody settled give the switches of those that are. */
static void unset_settings_are_the_platforms(void **state)
{
    const tenon_platform *platform;

    (void)state;
    for (size_t i = 0; (platform = tenon_platform_at(i)); i++) {
        tenon_settings *unset = tenon_settings_new(NULL), *settled = tenon_settings_new(NULL);
        assert_true(tenon_settings_settle(settled, platform, NULL));
        char *link = tenon_link_flags(platform, unset, "z", "/opt/z/lib", NULL);
        char *settled_link = tenon_link_flags(platform, settled, "z", "/opt/z/lib", NULL);
        char *shared = tenon_shared_flags(platform, unset, "z", "/z", "1.2", NULL);
        char *settled_shared = tenon_shared_flags(platform, settled, "z", "/z", "1.2", NULL);
        assert_non_null(link);
        assert_string_equal(link, settled_link);
        assert_true(!shared == !settled_shared);
        if (shared)
            assert_string_equal(shared, settled_shared);
        assert_null(tenon_settings_get(unset, "SHLIB_TYPE"));
        free(link);
        free(settled_link);
        free(shared);
        free(settled_shared);
        tenon_settings_free(unset);
        tenon_settings_free(settled);
    }
}

static void null_is_no_value(void **state)
{
    tenon_settings *settings = tenon_settings_new(NULL);
    tenon_error err = TENON_ERROR_INIT;

    (void)state;
    assert_false(tenon_settings_set(settings, TENON_ORIGIN_OPTION, "CC", NULL, &err));
    assert_int_equal(err.code, TENON_E_ARGUMENT);
    assert_false(tenon_settings_set(settings, TENON_ORIGIN_OPTION, NULL, "x", &err));
    tenon_settings_free(settings);
}

static void a_list_has_a_root(void **state)
{
    const tenon_plist_options options = { .root = "" };
    tenon_world *world = tenon_world_empty(NULL);
    tenon_error err = TENON_ERROR_INIT;

    (void)state;
    assert_null(tenon_plist_scan(world, &options, &err));
    assert_int_equal(err.code, TENON_E_ARGUMENT);
    assert_null(tenon_plist_expand(world, &options, "", 0, "l", NULL));
    tenon_world_free(world);
}

static void pc_files_are_read(void **state)
{
    static const char a[] = "prefix=/p\nlibdir=${prefix}/lib\nName: a\nVersion: 1.2\n"
                            "Requires: b >= 3, c\nRequires.private: gone\n"
                            "Cflags: -I ${prefix}/include\nLibs: -L${libdir} -la \\\n -lm\n"
                            "Libs.private: -lp\n";
    static const char b[] = "Libs: -lb\nCflags: -DB\n", c[] = "Requires: a\nLibs: -lc\n";
    static const char other[] = "Libs: -L/lib-lx -lq -lm\n";
    struct tn_arena arena = { 0 };
    struct tn_words dirs = { 0 };
    struct tn_pc pc;
    tenon_world *world = tenon_world_empty(NULL);

    (void)state;
    assert_true(tenon_world_put_file(world, "/d/a.pc", a, sizeof a - 1, 0644, NULL));
    assert_true(tenon_world_put_file(world, "/d/b.pc", b, sizeof b - 1, 0644, NULL));
    assert_true(tenon_world_put_file(world, "/d/c.pc", c, sizeof c - 1, 0644, NULL));
    assert_true(tn_words_add(&dirs, "/d"));
    assert_true(tn_pc_read(world, &arena, "/d/a.pc", &dirs, NULL, &pc, NULL));
    assert_string_equal(pc.version, "1.2");
    assert_string_equal(tn_join_shell(&arena, &pc.cflags), "-I/p/include -DB");
    assert_string_equal(tn_join_shell(&arena, &pc.libs), "-L/p/lib -la -lm -lb -lc");
    assert_string_equal(tn_join_shell(&arena, &pc.private_libs), "-lp");
    tn_pc_free(&pc);
    assert_string_equal(tn_pc_for(world, &arena, &dirs, "b"), "/d/b.pc");
    assert_null(tn_pc_for(world, &arena, &dirs, "m")); /* a.pc needs it, and is not about it */
    assert_true(tenon_world_put_file(world, "/d/o.pc", other, sizeof other - 1, 0644, NULL));
    assert_string_equal(tn_pc_for(world, &arena, &dirs, "q"), "/d/o.pc");
    assert_true(tenon_world_put_file(world, "/d/qlib-2.pc", other, sizeof other - 1, 0644, NULL));
    assert_string_equal(tn_pc_for(world, &arena, &dirs, "q"), "/d/qlib-2.pc");
    assert_null(tn_pc_for(world, &arena, &dirs, "not"));
    tn_words_free(&dirs);
    tenon_world_free(world);
    tn_arena_free(&arena);
}

static void switches_of_two_words_stay_together(void **state)
{
    static const char a[] = "Cflags: -D A=1 -isystem /i -isystem /j -D B=2 -U C\n"
                            "Libs: -framework X -Wl,-Bstatic -la -Wl,-Bdynamic\n"
                            "Libs.private: -framework Y -Wl,-Bstatic -lp -Wl,-Bdynamic -lX -la\n";
    struct tn_arena arena = { 0 };
    struct tn_words dirs = { 0 };
    struct tn_pc pc;
    tenon_world *world = tenon_world_empty(NULL);

    (void)state;
    assert_true(tenon_world_put_file(world, "/d/a.pc", a, sizeof a - 1, 0644, NULL));
    assert_true(tn_words_add(&dirs, "/d"));
    assert_true(tn_pc_read(world, &arena, "/d/a.pc", &dirs, NULL, &pc, NULL));
    assert_string_equal(tn_join_shell(&arena, &pc.cflags),
                        "-isystem /i -isystem /j -DA=1 -DB=2 -UC");
    assert_string_equal(tn_join_shell(&arena, &pc.libs),
                        "-framework X -Wl,-Bstatic -la -Wl,-Bdynamic");
    assert_string_equal(tn_join_shell(&arena, &pc.private_libs),
                        "-framework Y -Wl,-Bstatic -lp -Wl,-Bdynamic -lX");
    tn_pc_free(&pc);
    tn_words_free(&dirs);
    tenon_world_free(world);
    tn_arena_free(&arena);
}

static void a_sysroot_is_before_each_directory(void **state)
{
    static const char a[] = "Cflags: -I/i -isystem /j -idirafter /k -isystem/l -isystem /root/m "
                            "-I rel -include /n\n"
                            "Libs: -L/o -la -L/root/p -Xlinker -L/q\n";
    struct tn_arena arena = { 0 };
    struct tn_words dirs = { 0 };
    struct tn_pc pc;
    tenon_world *world = tenon_world_empty(NULL);

    (void)state;
    assert_true(tenon_world_put_file(world, "/d/a.pc", a, sizeof a - 1, 0644, NULL));
    assert_true(tn_words_add(&dirs, "/d"));
    assert_true(tn_pc_read(world, &arena, "/d/a.pc", &dirs, "/root", &pc, NULL));
    assert_string_equal(tn_join_shell(&arena, &pc.cflags),
                        "-I/root/i -isystem /root/j -idirafter /root/k -isystem/root/l "
                        "-isystem /root/m -Irel -include /n");
    assert_string_equal(tn_join_shell(&arena, &pc.libs), "-L/root/o -L/root/p -la -Xlinker -L/q");
    tn_pc_free(&pc);
    tn_words_free(&dirs);
    tenon_world_free(world);
    tn_arena_free(&arena);
}

static void what_is_kept_is_the_same_again(void **state)
{
    char path[] = "/tmp/tenon-test-XXXXXX";
    int fd = mkstemp(path);
    struct tn_words files = { 0 }, dirs = { 0 };
    struct tn_packer pack = { 0 };
    struct tn_arena arena = { 0 };

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "one", 3), 3);
    assert_true(tn_words_add(&files, path) && tn_words_add(&files, "/tenon/not/there"));
    tn_pack_state(&pack, &files, &dirs, "/other");
    for (int changed = 0; changed < 3; changed++) {
        struct tn_unpacker in = { .c = tn_cursor(tn_view(pack.at, pack.used), TN_LITTLE),
                                  .arena = &arena };
        /* written again with the same bytes: still the same; with others: not */
        assert_int_equal(tn_unpack_state(&in), changed < 2);
        assert_int_equal(pwrite(fd, changed == 0 ? "one" : "two", 3, 0), 3);
    }
    close(fd);
    unlink(path);
    free(pack.at);
    tn_words_free(&files);
    tn_words_free(&dirs);
    tn_arena_free(&arena);
}

/* What each package system keeps, of a package with three headers; none owns libfoo of /opt. */
static const struct {
    const char *path, *text, *library, *package;
} databases[] = {
    { "/var/lib/dpkg/info/libfoo-dev:amd64.list",
      "/.\n/usr/include/x86_64-linux-gnu/foo/sub.h\n/usr/include/foo.h\n/usr/include/foo/a.h\n"
      "/usr/lib/libfoo.so\n",
      "/lib/libfoo.so", "libfoo-dev:amd64" },
    { "/var/lib/pacman/local/foo-1:2.0-1/files",
      "%FILES%\nusr/\nusr/include/\nusr/include/foo.h\nusr/include/foo/a.h\n"
      "usr/include/foo/sub.h\nusr/lib/libfoo.so\n\n%BACKUP%\netc/libfoo.so\n",
      "/usr/lib/libfoo.so", "foo-1:2.0-1" },
    { "/lib/apk/db/installed",
      "C:Q1x=\nP:other\nV:1\nF:usr/lib\nR:libfoobar.so\nZ:Q1\n\nC:Q1y=\nP:foo-dev\nV:2\nF:usr\n"
      "F:usr/include\nR:foo.h\nZ:Q1\nF:usr/include/foo\nR:a.h\nR:sub.h\nF:usr/lib\n"
      "R:libfoo.so\na:0:0:777\n\n",
      "/usr/lib/libfoo.so", "foo-dev" },
    { "/usr/pkg/pkgdb/foo-2.0/+CONTENTS",
      "@comment x\n@name foo-2.0\n@cwd /usr/pkg\ninclude/foo.h\n@comment MD5:1\ninclude/foo/a.h\n"
      "include/foo/sub.h\nlib/libfoo.so\n@cwd .\n@ignore\ninclude/foo-not.h\n",
      "/usr/pkg/lib/libfoo.so", "foo-2.0" },
    { "/var/db/pkg/foo-2.0/+CONTENTS",
      "@name foo-2.0\n@cwd /usr/local\ninclude/foo.h\n@sha x=\n@size 5\ninclude/foo/a.h\n"
      "include/foo/sub.h\n@lib lib/libfoo.so.1.0\n@static-lib lib/libfoo.a\n",
      "/usr/local/lib/libfoo.so.1.0", "foo-2.0" },
    { "/var/db/pkg/dev-libs/foo-2.0/CONTENTS",
      "dir /usr\nobj /usr/include/foo.h 0123 456\nobj /usr/include/foo/a.h 0123 456\n"
      "obj /usr/include/foo/sub.h 0123 456\nobj /usr/lib64/libfoo.so.2 0123 456\n"
      "sym /usr/lib64/libfoo.so -> libfoo.so.2 456\n",
      "/usr/lib64/libfoo.so", "foo-2.0" },
};

static void package_databases_name_headers(void **state)
{
    (void)state;
    for (size_t i = 0; i < TN_COUNT(databases); i++) {
        struct tn_arena arena = { 0 };
        struct tn_words headers = { 0 };
        const char *package;
        tenon_world *world = tenon_world_empty(NULL);
        assert_true(tenon_world_put_file(world, databases[i].path, databases[i].text,
                                         strlen(databases[i].text), 0644, NULL));
        assert_true(
            tn_package_headers(world, &arena, "/opt/lib/libfoo.so", "foo", &headers, &package));
        assert_null(package);
        assert_int_equal(headers.count, 0);
        assert_true(
            tn_package_headers(world, &arena, databases[i].library, "foo", &headers, &package));
        assert_non_null(package);
        assert_string_equal(package, databases[i].package);
        assert_int_equal(headers.count, 3);
        assert_string_equal(headers.at[0], "foo.h");
        assert_string_equal(headers.at[1], "foo/a.h");
        assert_string_equal(headers.at[2], "foo/sub.h");
        tn_words_free(&headers);
        tn_arena_free(&arena);
        tenon_world_free(world);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(versions_are_compared_number_by_number),
        cmocka_unit_test(quoted_words_are_split_again),
        cmocka_unit_test(words_are_split_as_a_shell_does),
        cmocka_unit_test(paths_are_tidied_and_have_prefixes),
        cmocka_unit_test(linkers_tell_what_they_opened),
        cmocka_unit_test(the_group_is_what_the_switches_asked_for),
        cmocka_unit_test(words_for_the_linker_are_changed_where_they_are),
        cmocka_unit_test(run_paths_are_made_absolute),
        cmocka_unit_test(conventions_know_names),
        cmocka_unit_test(targets_have_platforms),
        cmocka_unit_test(platforms_fit_together),
        cmocka_unit_test(assignments_are_read_as_make_does),
        cmocka_unit_test(assignments_are_bounded),
        cmocka_unit_test(settings_have_an_order),
        cmocka_unit_test(unset_settings_are_the_platforms),
        cmocka_unit_test(null_is_no_value),
        cmocka_unit_test(a_list_has_a_root),
        cmocka_unit_test(pc_files_are_read),
        cmocka_unit_test(switches_of_two_words_stay_together),
        cmocka_unit_test(a_sysroot_is_before_each_directory),
        cmocka_unit_test(what_is_kept_is_the_same_again),
        cmocka_unit_test(package_databases_name_headers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
