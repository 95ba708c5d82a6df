/* tests/unit/test_find_memory.c - each allocation of tenon find's and plist's parts fails in turn
 */
/*
 * With one allocation failing there is either TENON_E_MEMORY or the whole right answer, never a
 * wrong one; nothing leaks (the sanitizers see to that). What runs compilers is not here: the
 * parts that read, keep, join and write are.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tenon/plist.h>
#include <unistd.h>

#include <cmocka.h>

#include "fail.h"
#include "failing_arena.h"
#include "found.h"
#include "hunt.h"
#include "join.h"
#include "quote.h"
#include "remember.h"
#include "request.h"

/* One question; what it answers is printed. False: no memory, with *err filled. */
typedef bool question(FILE *out, tenon_error *err);

static tenon_world *world;

static void put(const char *path, const void *bytes, size_t size)
{
    assert_true(tenon_world_put_file(world, path, bytes, size, 0644, NULL));
}

static void put_text(const char *path, const char *text)
{
    put(path, text, strlen(text));
}

static int setup(void **state)
{
    (void)state;
    world = tenon_world_empty(NULL);
    if (!world)
        return -1;
    put_text("/pc/a.pc",
             "prefix=/p\nlibdir=\"${prefix}/lib\"\nVersion: 1.2 # no\n"
             "Requires: b >= 1, c\nRequires.private: d none\n"
             "Cflags: -I${prefix}/include -isystem /s\nLibs: -L${libdir} -la \\\n -lm\n");
    put_text("/pc/b.pc", "Requires: c\nLibs: -lb -framework X\nCflags: -I /b\n");
    put_text("/pc/c.pc", "Libs: -L /c -lc1 -lc1\nLibs.private: -lz\n");
    put_text("/pc/d.pc", "Requires: a\nLibs: -ld\n");
    put_text("/var/lib/dpkg/info/foo.list", "/usr/include/foo.h\n/usr/lib/libfoo.so\n");
    put_text("/var/lib/pacman/local/bar-1/files",
             "%FILES%\nusr/include/bar.h\nusr/lib/libbar.so\n");
    put_text("/lib/apk/db/installed",
             "C:1\nP:one\nF:usr/lib\nR:libone.so\nF:usr/include\nR:one.h\n");
    put_text("/var/db/pkg/x/two-1/CONTENTS",
             "obj /usr/include/two.h 1 2\nsym /l/libtwo.so -> x 3\n");
    put_text("/usr/pkg/pkgdb/six/+CONTENTS", "@cwd /usr/pkg\ninclude/six.h\nlib/libsix.so\n");
    put_text("/stage/lib/libfoo.so", "INPUT(libfoo.so.1)\n");
    put_text("/stage/lib/libfoo.so.1", "text");
    put_text("/stage/lib/libfoo.a", "!<arch>\n");
    put_text("/stage/lib/libfoo.la", "# libfoo.la - a libtool library file\n");
    put_text("/stage/lib/foo.framework/Versions/A/foo", "x");
    put_text("/stage/bin/prog", "x");
    put_text("/inc/foo.h", "");
    put_text("/inc/png16/png16.h", "");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    tenon_world_free(world);
    return 0;
}

static void print_words(FILE *out, const struct tn_words *words)
{
    for (size_t i = 0; i < words->count; i++)
        fprintf(out, " %s", words->at[i]);
    fputc('\n', out);
}

/* ---- questions ------------------------------------------------------------------------------- */

static bool read_pc(FILE *out, tenon_error *err)
{
    const char *dir = "/pc";
    struct tn_words dirs = { .at = &dir, .count = 1 };
    struct tn_arena arena = { 0 };
    struct tn_pc pc;
    bool good = tn_pc_read(world, &arena, "/pc/a.pc", &dirs, "/root", &pc, err);

    if (good) {
        fprintf(out, "%s\n", pc.version);
        print_words(out, &pc.cflags);
        print_words(out, &pc.libs);
        print_words(out, &pc.private_libs);
    }
    tn_pc_free(&pc);
    tn_arena_free(&arena);
    return good;
}

static bool ask_packages(FILE *out, tenon_error *err)
{
    static const char *const rows[][2] = {
        { "/usr/lib/libfoo.so", "foo" },     { "/lib/libbar.so", "bar" },
        { "/usr/lib/libone.so", "one" },     { "/l/libtwo.so", "two" },
        { "/usr/pkg/lib/libsix.so", "six" }, { "/none/libnone.so", "none" }
    };
    bool good = true;

    for (size_t i = 0; good && i < TN_COUNT(rows); i++) {
        struct tn_arena arena = { 0 };
        struct tn_words headers = { 0 };
        const char *package;
        good = tn_package_headers(world, &arena, rows[i][0], rows[i][1], &headers, &package);
        if (good) {
            fprintf(out, "%s:", package ? package : "-");
            print_words(out, &headers);
        }
        tn_words_free(&headers);
        tn_arena_free(&arena);
    }
    return good || tn_no_memory(err);
}

static bool guess_headers(FILE *out, tenon_error *err)
{
    const char *dir = "/inc";
    struct tn_words dirs = { .at = &dir, .count = 1 }, headers = { 0 };
    struct tn_arena arena = { 0 };
    bool good = tn_headers_like(world, &arena, &dirs, "foo-2", &headers) &&
                tn_headers_like(world, &arena, &dirs, "png16", &headers);

    if (good)
        print_words(out, &headers);
    tn_words_free(&headers);
    tn_arena_free(&arena);
    return good || tn_no_memory(err);
}

static bool read_tools(FILE *out, tenon_error *err)
{
    static const char trace[] = "/usr/bin/ld: mode elf_x86_64\n/lib/crt1.o\n/t/sample.o\n"
                                "/o/lib/libfoo.so\n(/o/lib/libbar.a)a.o\n/lib/libc.so.6\n";
    struct tn_arena arena = { 0 };
    struct tn_words files = { 0 }, group = { 0 }, libs = { 0 };
    bool good = tn_linker_files(&arena, trace, &files) &&
                tn_linker_group(&files, "/t/sample.o", &libs, &group);

    if (good) {
        print_words(out, &files);
        print_words(out, &group);
    }
    tn_words_free(&files);
    tn_words_free(&group);
    tn_arena_free(&arena);
    return good || tn_no_memory(err);
}

static bool settle(FILE *out, tenon_error *err)
{
    static const char conf[] =
        "A = /x\nSEARCH_LIBS += $(A) \\\n ${A}/y\nLDFLAGS = -Wl,+b,/q:/lib\n";
    tenon_settings *settings = tenon_settings_new(err);
    bool good = settings && tenon_settings_read(settings, conf, sizeof conf - 1, "conf", err) &&
                tenon_settings_settle(settings, tenon_platform_named("hpux64"), err);
    char *flags = NULL, *shared = NULL;

    if (good)
        flags = tenon_link_flags(tenon_platform_named("hpux64"), settings, "z", "/z,z", err);
    if (flags)
        shared = tenon_shared_flags(tenon_platform_named("hpux64"), settings, "z", "/z", "1", err);
    good = flags && !shared && (!err || err->code == TENON_E_UNSUPPORTED);
    if (good)
        fprintf(out, "%s %s\n", tenon_settings_get(settings, "SEARCH_LIBS"), flags);
    free(flags);
    tenon_settings_free(settings);
    return good;
}

static bool make_shared(FILE *out, tenon_error *err)
{
    static const char *const names[] = { "linux", "openbsd", "solaris", "darwin", "netbsd-aout" };
    bool good = true;

    for (size_t i = 0; good && i < TN_COUNT(names); i++) {
        const tenon_platform *platform = tenon_platform_named(names[i]);
        tenon_settings *settings = tenon_settings_new(err);
        char *flags = NULL, *link = NULL;
        if (settings && tenon_settings_settle(settings, platform, err) &&
            (flags = tenon_shared_flags(platform, settings, "z", "/z", "1.2.3", err)))
            link = tenon_link_flags(platform, settings, "z", "/z,z", err);
        good = link;
        if (good)
            fprintf(out, "%s\n%s\n", flags, link);
        free(flags);
        free(link);
        tenon_settings_free(settings);
    }
    return good;
}

static bool join(FILE *out, tenon_error *err)
{
    static const char text[] = "CONF_z_DEFS = -I /a -I/b '-DX= y'\nCONF_z_LIBS = -L /l -L/m,m -lz\n"
                               "CONF_z_NEED_RPATH = yes\nCONF_b_INCDIR = /b\nCONF_b_LIBDIR = /l\n";
    struct tn_joined elf = { .platform = tenon_platform_named("linux"), .rpath_flag = "-rpath" };
    struct tn_joined xcoff = { .platform = tenon_platform_named("aix") };
    struct tn_arena arena = { 0 };
    struct tn_view view = tn_view(text, sizeof text - 1);
    bool good = (tn_split_shell(&xcoff.ldflags, &arena, "-g -Wl,-blibpath:/usr/lib") ||
                 tn_no_memory(err)) &&
                tn_join_add(&elf, &arena, "z", view, err) &&
                tn_join_add(&elf, &arena, "b", view, err) &&
                tn_join_add(&xcoff, &arena, "b", view, err);
    tenon_world *host = good ? tenon_world_host(err) : NULL;

    good = host && tn_join_end(&elf, &arena, host, err) && tn_join_end(&xcoff, &arena, host, err);
    tenon_world_free(host);
    if (good) {
        print_words(out, &elf.cppflags);
        print_words(out, &elf.ldflags);
        print_words(out, &elf.libs);
        print_words(out, &xcoff.ldflags);
    }
    tn_joined_free(&elf);
    tn_joined_free(&xcoff);
    tn_arena_free(&arena);
    return good;
}

static bool make_absolute(FILE *out, tenon_error *err)
{
    const char *const dirs[] = { "a", "/b/../c", NULL };
    const struct tenon_finder finder = { .cwd = "/here" };
    struct tn_arena arena = { 0 };
    tenon_find_request request = { .name = "z",
                                   .dirs = dirs,
                                   .program = "p.c",
                                   .cflags = "-I x -isystem y -DA=b",
                                   .libs = "-Lx -l z -Wl,-rpath,y" };
    bool good = tn_request_absolute(&arena, &finder, &request);

    if (good)
        fprintf(out, "%s %s %s %s %s\n", request.dirs[0], request.dirs[1], request.program,
                request.cflags, request.libs);
    tn_arena_free(&arena);
    return good || tn_no_memory(err);
}

/* An answer with something in all its fields; NULL: no memory. */
static tenon_found *make_found(void)
{
    static const tenon_find_step steps[] = { { "link", TENON_STEP_PASSED, true, NULL },
                                             { "start", TENON_STEP_FAILED, false, "why" } };
    tenon_found *found = tn_found_new("foo", NULL);

    if (!found)
        return NULL;
    found->verdict = TENON_FIND_FOUND;
    found->rpath_flag = "-rpath";
    found->version = "1.2";
    if (tn_grow(&found->places, &found->place_room, 0, sizeof *found->places) &&
        tn_found_set(found, "INCDIR", "/o/include") && tn_found_set(found, "NEED_RPATH", "yes") &&
        tn_found_set(found, "STATIC_LIBS", "-lfoo -lm") && tn_found_remark(found, "a remark") &&
        tn_words_add(&found->compile, "-I/o #x") && tn_words_add(&found->link, "-L/o,p") &&
        tn_words_add(&found->link, "-lfoo") && tn_words_add(&found->run_dirs, "/o,p") &&
        tn_words_add(&found->files, "/none/at/all") && tn_words_add(&found->dirs, "/none")) {
        found->places[found->place_count++] =
            (tenon_find_place){ "/o", "given", "-lfoo", steps, TN_COUNT(steps), true };
        return found;
    }
    tenon_found_free(found);
    return NULL;
}

static bool print_found(FILE *out, const tenon_found *found, tenon_error *err)
{
    static const char *const formats[] = { "make", "sh", "pc", "cmake", "meson" };
    bool good = true;

    for (size_t i = 0; good && i < TN_COUNT(formats); i++) {
        char *text = tenon_found_write(found, formats[i], err);
        good = text;
        if (good)
            fputs(text, out);
        free(text);
    }
    return good;
}

static bool write_found(FILE *out, tenon_error *err)
{
    tenon_found *found = make_found();
    bool good = found ? print_found(out, found, err) : tn_no_memory(err);

    tenon_found_free(found);
    return good;
}

static char cache[] = "/tmp/tenon-test-XXXXXX";

/* Without memory nothing is kept, and nothing is remembered: that is no error. */
static bool keep_and_remember(FILE *out, tenon_error *err)
{
    const struct tenon_finder finder = { .cache = cache };
    const uint8_t key[TN_STORE_KEY] = { 1 };
    tenon_found *found = make_found(), *again = NULL;
    bool good = true;

    if (found) {
        tn_keep(&finder, key, found, NULL);
        again = tn_remember(&finder, key);
    }
    if (again) {
        fprintf(out, "%s %s %zu\n", again->name, again->places[0].steps[1].why,
                again->remarks.count);
        good = print_found(out, again, err);
    }
    tenon_found_free(found);
    tenon_found_free(again);
    char path[2 * TN_STORE_KEY + sizeof cache + 1];
    snprintf(path, sizeof path, "%s/01%0*d", cache, (int)(2 * TN_STORE_KEY - 2), 0);
    unlink(path);
    return good && (again || tn_no_memory(err));
}

static bool expand_list(FILE *out, tenon_error *err)
{
    static const char list[] = "@library lib foo\n@library ${D} libfoo\n@library lib foo.so\n"
                               "bin/${P}\n@library none x\n@library lib bar\n";
    static const char *const variables[] = { "D=lib", "P=prog", NULL };
    const tenon_plist_options options = { .root = "/stage", .variables = variables };
    tenon_plist *plist = tenon_plist_expand(world, &options, list, sizeof list - 1, "PLIST", err);
    const tenon_plist_library *library;

    for (size_t i = 0; plist && tenon_plist_line(plist, i); i++)
        fprintf(out, "%s\n", tenon_plist_line(plist, i));
    for (size_t i = 0; plist && tenon_plist_remark(plist, i); i++)
        fprintf(out, "%s\n", tenon_plist_remark(plist, i));
    for (size_t i = 0; plist && (library = tenon_plist_library_at(plist, i)); i++)
        fprintf(out, "%s\n", library->reason ? library->reason : "");
    bool good = plist;
    tenon_plist_free(plist);
    return good;
}

static bool scan_tree(FILE *out, tenon_error *err)
{
    const tenon_plist_options options = { .root = "/stage" };
    tenon_plist *plist = tenon_plist_scan(world, &options, err);

    for (size_t i = 0; plist && tenon_plist_line(plist, i); i++)
        fprintf(out, "%s\n", tenon_plist_line(plist, i));
    bool good = plist;
    tenon_plist_free(plist);
    return good;
}

/* ---- the test -------------------------------------------------------------------------------- */

static bool ask(question *one, char **text, tenon_error *err)
{
    size_t size;
    FILE *out = open_memstream(text, &size);
    bool good = one(out, err);

    fclose(out);
    return good;
}

static void fails_in_turn(question *one)
{
    tenon_error err = TENON_ERROR_INIT;
    char *right;

    assert_true(ask(one, &right, &err));
    assert_true(*right);
    for (long n = 0;; n++) {
        tenon_error failure = TENON_ERROR_INIT;
        char *text;

        fail_after(n);
        bool good = ask(one, &text, &failure);
        bool failed = allocation_failed;
        fail_never();
        if (good)
            assert_string_equal(text, right);
        else
            assert_int_equal(failure.code, TENON_E_MEMORY);
        free(text);
        if (!failed)
            break;
    }
    free(right);
}

#define TEST(name)                                                                                 \
    static void test_##name(void **state)                                                          \
    {                                                                                              \
        (void)state;                                                                               \
        fails_in_turn(name);                                                                       \
    }

TEST(read_pc)
TEST(ask_packages)
TEST(guess_headers)
TEST(read_tools)
TEST(settle)
TEST(make_shared)
TEST(join)
TEST(make_absolute)
TEST(write_found)
TEST(expand_list)
TEST(scan_tree)

static void test_keep_and_remember(void **state)
{
    (void)state;
    assert_non_null(mkdtemp(cache));
    fails_in_turn(keep_and_remember);
    assert_int_equal(rmdir(cache), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read_pc),       cmocka_unit_test(test_ask_packages),
        cmocka_unit_test(test_guess_headers), cmocka_unit_test(test_read_tools),
        cmocka_unit_test(test_settle),        cmocka_unit_test(test_make_shared),
        cmocka_unit_test(test_join),          cmocka_unit_test(test_make_absolute),
        cmocka_unit_test(test_write_found),   cmocka_unit_test(test_keep_and_remember),
        cmocka_unit_test(test_expand_list),   cmocka_unit_test(test_scan_tree),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
