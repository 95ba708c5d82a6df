/* tests/unit/test_glibc_build.c - what the file of an ld.so tells of its build */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "glibc_build.h"
#include "limits.h"

#define LOADER "/lib64/ld-linux-x86-64.so.2"

struct fixture {
    tenon_world *world;
    struct tn_arena arena;
    struct tn_glibc_build build;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    *state = f;
    return f && (f->world = tenon_world_empty(NULL)) ? 0 : -1;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    tn_arena_free(&f->arena);
    tenon_world_free(f->world);
    free(f);
    return 0;
}

static void read_build(struct fixture *f, uint32_t machine, unsigned word, uint32_t e_flags)
{
    assert_true(
        tn_glibc_build_read(f->world, &f->arena, LOADER, machine, word, e_flags, &f->build));
}

/* The system directories, "|" between them. */
static const char *directories(struct fixture *f)
{
    const char *out = "";
    for (size_t i = 0; i < f->build.system_dirs->count; i++)
        out = tn_arena_format(&f->arena, "%s%s%s", out, i ? "|" : "",
                              f->build.system_dirs->at[i].dir);
    return out;
}

#define PUT_LOADER(f, literal)                                                                     \
    assert_true(tenon_world_put_file((f)->world, LOADER, literal, sizeof literal, 0755, NULL))

static void debians_loader_tells_everything(void **state)
{
    struct fixture *f = *state;
    PUT_LOADER(f, "\177ELF\0one/\0/single/\0no\0/lib/x86_64-linux-gnu/\0/usr/lib/x86_64-linux-gnu/"
                  "\0/lib/\0/usr/lib/\0/etc/ld.so.cache\0 /etc/ld.so.preload\0/etc/ld.so.preload"
                  "\0ld.so (Debian GLIBC 2.36-9) stable release version 2.36.\n");
    read_build(f, 62, 8, 0);
    assert_string_equal(directories(f),
                        "/lib/x86_64-linux-gnu|/usr/lib/x86_64-linux-gnu|/lib|/usr/lib");
    assert_string_equal(f->build.lib, "lib/x86_64-linux-gnu");
    assert_string_equal(f->build.cache, "/etc/ld.so.cache");
    assert_string_equal(f->build.preload, "/etc/ld.so.preload");
    assert_int_equal(f->build.minor, 36);
}

static void another_prefix_is_believed(void **state)
{
    struct fixture *f = *state;
    PUT_LOADER(f, "x\0/gnu/store/h-glibc/lib/\0/gnu/store/h-glibc/lib64/\0x\0"
                  "/gnu/store/h-glibc/etc/ld.so.cache\0release version 2.39.\n");
    read_build(f, 62, 8, 0);
    assert_string_equal(directories(f), "/gnu/store/h-glibc/lib|/gnu/store/h-glibc/lib64");
    assert_string_equal(f->build.cache, "/gnu/store/h-glibc/etc/ld.so.cache");
    assert_string_equal(f->build.preload, "/etc/ld.so.preload"); /* not said: the usual one */
    assert_int_equal(f->build.minor, 39);
}

static void one_directory_alone_is_no_list(void **state)
{
    struct fixture *f = *state;
    PUT_LOADER(f, "x\0/proc/self/\0x\0/var/\0/etc/ld.so.cache\0");
    read_build(f, 62, 8, 0);
    assert_string_equal(directories(f), "/lib64|/usr/lib64");
    assert_int_equal(f->build.minor, 0);
}

static void a_list_at_the_end_of_the_file_is_read_to_the_end(void **state)
{
    struct fixture *f = *state;
    static const char bytes[] =
        "x\0/ld.so.cache\0x\0/lib/\0/usr/lib/\0/opt"; /* the last one is cut off */
    assert_true(tenon_world_put_file(f->world, LOADER, bytes, sizeof bytes - 1, 0755, NULL));
    read_build(f, 3, 4, 0);
    assert_string_equal(directories(f), "/lib|/usr/lib");
    assert_true(tenon_world_put_file(f->world, LOADER, bytes, 23, 0755, NULL));
    read_build(f, 3, 4, 0);
}

/* Code and constants kept apart, as linkers do today: the words of `code` are no strings. */
static void put_elf(struct fixture *f, const char *code, const char *constants, size_t size)
{
    enum { CODE = 0x100, CONSTANTS = 0x200 };
    uint8_t file[0x400] = { 0 };
    static const uint8_t header[] = { 0x7f,      'E',       'L',       'F',       2,
                                      1,         1,         [16] = 3,  [18] = 62, [20] = 1,
                                      [32] = 64, [52] = 64, [54] = 56, [56] = 2 };
    const uint8_t segments[][4] = { { 5, CODE >> 8 }, { 4, CONSTANTS >> 8 } };
    assert_true(size <= sizeof file - CONSTANTS);
    memcpy(file, header, sizeof header);
    for (size_t i = 0; i < 2; i++) {
        uint8_t *row = file + 64 + i * 56;
        row[0] = 1; /* PT_LOAD */
        row[4] = segments[i][0];
        row[9] = row[17] = row[25] = segments[i][1];
        row[33] = row[41] = 1; /* 0x100 bytes */
    }
    memcpy(file + CODE + 1, code, strlen(code));
    memcpy(file + CONSTANTS + 1, constants, size);
    assert_true(tenon_world_put_file(f->world, LOADER, file, sizeof file, 0755, NULL));
}

static void constants_are_looked_through_first(void **state)
{
    struct fixture *f = *state;
    static const char all[] = "/lib/\0/usr/lib/\0/a/ld.so.cache\0/a/ld.so.preload\0 version 2.36.";
    static const char some[] = "/lib/\0/usr/lib/\0/a/ld.so.preload\0 version 2.36.";
    put_elf(f, "/wrong/ld.so.cache", all, sizeof all);
    read_build(f, 62, 8, 0);
    assert_string_equal(directories(f), "/lib|/usr/lib");
    assert_string_equal(f->build.cache, "/a/ld.so.cache");
    assert_string_equal(f->build.preload, "/a/ld.so.preload");
    put_elf(f, "/elsewhere/ld.so.cache", some, sizeof some);
    read_build(f, 62, 8, 0);
    assert_string_equal(f->build.cache, "/elsewhere/ld.so.cache");
    assert_string_equal(f->build.preload, "/a/ld.so.preload");
    assert_int_equal(f->build.minor, 36);
}

/* musl's libc has directories in a row, too: of time zones, which nothing is loaded from. */
static void a_loader_that_is_not_glibcs_is_not_believed(void **state)
{
    struct fixture *f = *state;
    PUT_LOADER(f, "x\0/usr/share/zoneinfo/\0/share/zoneinfo/\0/etc/zoneinfo/\0"
                  "musl libc (x86_64)\nVersion 1.2.3\n\0/x/ld.so.preload\0");
    read_build(f, 62, 8, 0);
    assert_string_equal(directories(f), "/lib64|/usr/lib64");
    assert_string_equal(f->build.lib, "lib64");
    assert_string_equal(f->build.cache, "/etc/ld.so.cache");
    assert_string_equal(f->build.preload, "/etc/ld.so.preload");
    assert_int_equal(f->build.minor, 0);
}

/* The directories of upstream, and Debian's where its directory exists. */
static void without_a_file_the_table_answers(void **state)
{
    struct fixture *f = *state;
    static const struct {
        uint32_t machine;
        unsigned word;
        uint32_t flags;
        const char *lib, *multiarch;
    } cases[] = {
        { 62, 8, 0, "lib64", "x86_64-linux-gnu" },
        { 62, 4, 0, "libx32", "x86_64-linux-gnux32" },
        { 3, 4, 0, "lib", "i386-linux-gnu" },
        { 183, 8, 0, "lib64", "aarch64-linux-gnu" },
        { 40, 4, 0x5000400, "lib", "arm-linux-gnueabihf" },
        { 40, 4, 0x5000200, "lib", "arm-linux-gnueabi" },
        { 21, 8, 2, "lib64", "powerpc64le-linux-gnu" },
        { 22, 8, 0, "lib64", "s390x-linux-gnu" },
        { 243, 8, 5, "lib64/lp64d", "riscv64-linux-gnu" },
        { 9999, 8, 0, "lib64", NULL },
        { 9999, 4, 0, "lib", NULL },
    };
    for (size_t i = 0; i < TN_COUNT(cases); i++) {
        const char *usual = tn_arena_format(&f->arena, "/%s|/usr/%s", cases[i].lib, cases[i].lib);
        read_build(f, cases[i].machine, cases[i].word, cases[i].flags);
        assert_string_equal(directories(f), usual);
        assert_string_equal(f->build.lib, cases[i].lib);
    }
    for (size_t i = 0; cases[i].multiarch; i++) {
        const char *m = cases[i].multiarch;
        assert_true(
            tenon_world_put_dir(f->world, tn_arena_format(&f->arena, "/usr/lib/%s", m), NULL));
        read_build(f, cases[i].machine, cases[i].word, cases[i].flags);
        assert_string_equal(directories(f),
                            tn_arena_format(&f->arena, "/lib/%s|/usr/lib/%s|/lib|/usr/lib", m, m));
        assert_string_equal(f->build.lib, tn_arena_format(&f->arena, "lib/%s", m));
    }
}

static void a_file_that_is_no_loader_does_no_harm(void **state)
{
    struct fixture *f = *state;
    PUT_LOADER(f, "/\0/\0//\0///\0/ld.so.cache\0.../ld.so.cache\0 version 2.99999999999999999999");
    read_build(f, 62, 8, 0);
    assert_string_equal(f->build.cache, "/ld.so.cache");
    assert_true(tenon_world_put_dir(f->world, LOADER "x", NULL));
    assert_true(tn_glibc_build_read(f->world, &f->arena, LOADER "x", 62, 8, 0, &f->build));
    assert_string_equal(directories(f), "/lib64|/usr/lib64");
    assert_string_equal(f->build.cache, "/etc/ld.so.cache");
}

/* This system's own ld.so says itself what it was built with. */
static void this_systems_loader_is_read_as_it_says(void **state)
{
    struct fixture *f = *state;
    FILE *help = popen(LOADER " --help 2>/dev/null", "r");
    char line[4096];
    size_t known = 0, said = 0;
    if (!help)
        skip();
    tenon_world *host = tenon_world_host(NULL);
    assert_non_null(host);
    assert_true(tn_glibc_build_read(host, &f->arena, LOADER, 62, 8, 0, &f->build));
    tenon_world_free(host);
    while (fgets(line, sizeof line, help)) {
        char *end = strstr(line, " (system search path)");
        if (!end)
            continue;
        *end = '\0';
        said++;
        for (size_t i = 0; i < f->build.system_dirs->count; i++)
            known += strcmp(line + strspn(line, " "), f->build.system_dirs->at[i].dir) == 0;
    }
    pclose(help);
    if (!said)
        skip();
    assert_int_equal(known, said);
    assert_int_equal(f->build.system_dirs->count, said);
    assert_true(f->build.minor > 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(debians_loader_tells_everything),
        TEST(another_prefix_is_believed),
        TEST(one_directory_alone_is_no_list),
        TEST(a_list_at_the_end_of_the_file_is_read_to_the_end),
        TEST(constants_are_looked_through_first),
        TEST(a_loader_that_is_not_glibcs_is_not_believed),
        TEST(without_a_file_the_table_answers),
        TEST(a_file_that_is_no_loader_does_no_harm),
        TEST(this_systems_loader_is_read_as_it_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
