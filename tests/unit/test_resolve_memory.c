/* tests/unit/test_resolve_memory.c - each allocation of an answer fails in turn */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "memory_case.h"

static const struct elf_spec_symbol symbols[] = {
    { .name = "there", .bind = 1, .type = 2, .use = ELF_RELOC_PLT },
    { .name = "nowhere", .bind = 1, .type = 2, .use = ELF_RELOC_DATA },
    { 0 },
};

static const struct elf_spec_symbol definitions[] = {
    { .name = "there", .bind = 1, .type = 2, .defined = true, .value = 64 },
    { 0 },
};

static const char dlopen_note[] =
    "[{\"feature\":\"f\",\"priority\":\"suggested\",\"soname\":[\"libx.so.1\",\"libq.so.1\"]}]";

/* A world in which every kind of rule has something to do. */
static void put_everything(struct world_case *c, const char *interpreter)
{
    const struct elf_spec_verneed needs[] = { { "libx.so.1", NAMES("V1", "V2"), false }, { 0 } };
    static const struct cache_entry entries[] = {
        { .key = "libz.so.1", .value = "/t/z/libz.so.1" },
        { .key = "libgone.so.1", .value = "/t/z/libgone.so.1" },
    };
    PUT(c, "/t/a/libx.so.1", .soname = "libx.so.1", .verdef = NAMES("libx.so.1", "V1"),
        .symbols = definitions, .rpath = "$ORIGIN/r", .needed = NAMES("liby.so"));
    PUT(c, "/t/a/r/liby.so", .runpath = "/t/$LIB:/none", .needed = NAMES("libz.so.1", "libn.so"));
    PUT(c, "/t/z/libz.so.1", .soname = "libz.so.1", .auxiliary = "libaux.so");
    PUT(c, "/t/a/libaux.so", .type = 3);
    PUT(c, "/t/pre.so", .type = 3);
    case_put_text(c, "/t/bad/libbad.so", "text");
    case_put_text(c, "/etc/ld.so.preload", "/t/pre.so # comment\n");
    case_put_text(c, "/etc/ld.so.conf", "/t/z\ninclude ld.so.conf.d/*.conf\n");
    case_put_text(c, "/etc/ld.so.conf.d/a.conf", "/t/a\n");
    case_put_cache(c, entries, 2);
    case_env(c, "LD_LIBRARY_PATH", "/t/bad:/none:$ORIGIN/a");
    case_env(c, "LD_PRELOAD", "nothing.so");
    assert_true(tenon_world_set_cpu(c->world, "x86-64-v3", NULL));
    PUT(c, "/t/E", .interp = interpreter, .runpath = "$ORIGIN/a:/t/${PLATFORM}",
        .needed = NAMES("libx.so.1", "libbad.so", "libgone.so.1", "libc.so.6", "$ORIGIN/pre.so"),
        .verneed = needs, .symbols = symbols, .dlopen_note = dlopen_note);
    c->flags = ALL_FLAGS;
}

static void glibc_survives_each_failure(void **state)
{
    struct world_case *c = *state;
    put_everything(c, GLIBC);
    fail_each(c, "/t/E", NULL);
}

static void glibc_without_a_cache_survives_each_failure(void **state)
{
    struct world_case *c = *state;
    put_everything(c, GLIBC);
    assert_true(tenon_world_hide(c->world, "/etc/ld.so.cache", NULL));
    c->flags = 0;
    fail_each(c, "/t/E", NULL);
}

static void glibc_without_its_loader_survives_each_failure(void **state)
{
    struct world_case *c = *state;
    put_everything(c, GLIBC);
    assert_true(tenon_world_hide(c->world, GLIBC, NULL));
    assert_true(tenon_world_put_dir(c->world, "/usr/lib/x86_64-linux-gnu", NULL));
    c->flags = 0;
    fail_each(c, "/t/E", NULL);
}

static void a_library_alone_survives_each_failure(void **state)
{
    struct world_case *c = *state;
    put_everything(c, GLIBC);
    c->flags = 0;
    fail_each(c, "/t/a/libx.so.1", NULL);
}

static void a_library_loaded_by_a_program_survives_each_failure(void **state)
{
    struct world_case *c = *state;
    put_everything(c, GLIBC);
    PUT(c, "/t/z/plugin.so", .needed = NAMES("libz.so.1"));
    case_cwd(c, "/t/z");
    c->exe = "/t/E";
    fail_each(c, "plugin.so", NULL);
}

static void musl_survives_each_failure(void **state)
{
    struct world_case *c = *state;
    put_everything(c, MUSL);
    case_put_text(c, "/etc/ld-musl-x86_64.path", "/t/a\n/t/z");
    assert_true(tenon_world_hide(c->world, "/t/bad", NULL));
    fail_each(c, "/t/E", NULL);
}

/* What the loaders of other systems are configured with, all at once. */
static void put_configurations(struct world_case *c)
{
    case_put_text(c, "/etc/libmap.conf",
                  "[E]\nlibgone.so.1 /t/z/libz.so.1\n/none /t/z\nincludedir /etc/libmap.d\n");
    case_put_text(c, "/etc/libmap.d/a.conf", "liby.so libx.so.1\n");
    case_put_text(c, "/var/run/ld-elf.so.hints", "no hints");
    case_put_text(c, "/var/run/ld.so.hints", "no hints");
    case_put_text(c, "/var/ld/64/ld.config", "no configuration");
    case_put_text(c, "/etc/ld.so.conf",
                  "/t/$OSNAME\nlibgone.so.1 kern.some 1:libz.so.1,libaux.so\n");
    case_put_text(c, "/etc/dld.sl.conf", "/t/a:/t/z # these\nrelative\n");
    case_env(c, "LD_LIBMAP", "libn.so=libaux.so");
    case_env(c, "SHLIB_PATH", "/t/z:/t/bad");
    case_env(c, "LD_PRELOAD_ONCE", "libaux.so");
    assert_true(tenon_world_set_setting(c->world, "kern.some", "1", NULL));
    assert_true(tenon_world_set_setting(c->world, "OSREL", "1", NULL));
    PUT(c, "/usr/lib/libv.so.3.7", .soname = "libv.so.3.7");
}

static void other_loaders_survive_each_failure(void **state)
{
    static const char *const interpreters[] = {
        "/libexec/ld-elf.so.1", "/usr/libexec/ld-elf.so.2", "/usr/libexec/ld.elf_so",
        "/usr/libexec/ld.so",   "/lib/64/ld.so.1",          "/usr/lib/hpux64/dld.so",
        "/system/bin/linker64",
    };
    struct world_case *c = *state;
    for (size_t i = 0; i < sizeof interpreters / sizeof *interpreters; i++) {
        put_everything(c, interpreters[i]);
        put_configurations(c);
        PUT(c, "/t/E", .interp = interpreters[i], .rpath = "$ORIGIN/a:/t/$ISALIST;/none",
            .dt_flags_1 = 0x80,
            .needed = NAMES("libx.so.1", "libgone.so.1", "libv.so.3.9", "/t/z/libz.so.1"));
        c->flags = i & 1 ? ALL_FLAGS : 0;
        fail_each(c, "/t/E", NULL);
        tenon_world_set_secure(c->world, true);
        fail_each(c, "/t/E", NULL);
        tenon_world_set_secure(c->world, false);
    }
}

static void a_state_survives_each_failure(void **state)
{
    struct world_case *c = *state;
    put_everything(c, GLIBC);
    tenon_state *s = tenon_state_new(NULL);
    assert_non_null(s);
    assert_true(
        tenon_state_add(s, &(tenon_loaded){ { .path = "/t/E" }, NULL, NULL, NULL, -1 }, NULL));
    assert_true(tenon_state_add(
        s, &(tenon_loaded){ { .path = "/t/z/libz.so.1" }, "libz.so.1", "why", NULL, 0 }, NULL));
    assert_true(tenon_state_request(s, "libx.so.1", 0, 0, NULL));
    assert_true(tenon_state_request(s, "$ORIGIN/libnone.so", 1, 0, NULL));
    fail_each(c, NULL, s);
    tenon_state_free(s);
}

static void making_a_state_survives_each_failure(void **state)
{
    (void)state;
    for (long n = 0;; n++) {
        tenon_error err = TENON_ERROR_INIT;
        const tenon_loaded object = { { .path = "/t/E" }, "name", "why", NULL, TENON_THE_FILE };
        fail_after(n);
        tenon_state *s = tenon_state_new(&err);
        bool made = s && tenon_state_add(s, &object, &err) &&
                    tenon_state_request(s, "libx.so.1", 0, 0, &err);
        bool failed = allocation_failed;
        fail_never();
        assert_int_equal(made, !failed);
        if (failed)
            assert_int_equal(err.code, TENON_E_MEMORY);
        tenon_state_free(s);
        if (!failed)
            break;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(glibc_survives_each_failure),
        CASE(glibc_without_a_cache_survives_each_failure),
        CASE(glibc_without_its_loader_survives_each_failure),
        CASE(a_library_alone_survives_each_failure),
        CASE(a_library_loaded_by_a_program_survives_each_failure),
        CASE(musl_survives_each_failure),
        CASE(other_loaders_survive_each_failure),
        CASE(a_state_survives_each_failure),
        cmocka_unit_test(making_a_state_survives_each_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
