/* tests/unit/test_foreign_memory.c - each allocation of an answer about other formats fails in turn
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "aout_builder.h"
#include "macho_builder.h"
#include "memory_case.h"
#include "pe_builder.h"
#include "som_builder.h"
#include "xcoff_builder.h"

static void put_pe(struct world_case *c, const char *path, const struct pe_spec *spec)
{
    size_t size;
    uint8_t *bytes = pe_build(spec, &size);
    assert_true(tenon_world_put_file(c->world, path, bytes, size, 0755, NULL));
    free(bytes);
}

static void windows_survives_each_failure(void **state)
{
    struct world_case *c = *state;
    const struct pe_import wanted[] = { { .library = "FOO.dll" },
                                        { .library = "api-ms-win-none-l1-1-0.dll" },
                                        { .library = "none.dll" },
                                        { 0 } };
    const struct pe_export exports[] = { { "f", "bar.f" }, { 0 } };
    put_pe(c, "/C:/a/p.exe",
           &(struct pe_spec){ .imports = wanted,
                              .manifest = "<dependentAssembly><assemblyIdentity name='my.asm'/>" });
    put_pe(c, "/C:/a/my.asm/foo.dll", &(struct pe_spec){ .dll = true, .exports = exports });
    put_pe(c, "/C:/p1/Bar.dll", &(struct pe_spec){ .dll = true });
    case_put_text(c, "/C:/a/my.asm/my.asm.manifest", "<file name='foo.dll'/>");
    case_put_text(c, "/C:/Windows/System32/apisetschema.dll", "none");
    case_env(c, "PATH", "C:\\p1");
    fail_each(c, "/C:/a/p.exe", NULL);
    put_pe(c, "/w/drive_c/p.exe", &(struct pe_spec){ .imports = wanted });
    put_pe(c, "/w/drive_c/foo.dll", &(struct pe_spec){ .dll = true });
    put_pe(c, "/w/drive_c/windows/system32/a.dll",
           &(struct pe_spec){ .dll = true, .imports = wanted });
    case_put_text(c, "/w/system.reg",
                  "[System\\\\CurrentControlSet\\\\Control\\\\Session Manager\\\\KnownDLLs]\n"
                  "\"a\"=\"a.dll\"\n\"b\"=\"none.dll\"\n");
    case_put_text(c, "/w/user.reg",
                  "[Software\\\\Wine\\\\AppDefaults\\\\p.exe\\\\DllOverrides]\n"
                  "\"foo\"=\"native\"\n\"x\"=dword:0000000a\n");
    c->loader = "wine";
    fail_each(c, "/w/drive_c/p.exe", NULL);
}

static void aix_survives_each_failure(void **state)
{
    struct world_case *c = *state;
    size_t size, member_size;
    const struct xcoff_id ids[] = { { .base = "libx.a", .member = "shr.o" },
                                    { .path = "/", .base = "unix" },
                                    { .base = "libnone.so" },
                                    { 0 } };
    uint8_t *member = xcoff_build(&(struct xcoff_spec){ .flags = 0x3002 }, &member_size);
    const struct aix_member members[] = { { "shr.o", member, member_size }, { 0 } };
    uint8_t *archive = aix_archive(true, members, &size);
    assert_true(tenon_world_put_file(c->world, "/o/libx.a", archive, size, 0755, NULL));
    free(archive);
    free(member);
    uint8_t *program = xcoff_build(&(struct xcoff_spec){ .ids = ids }, &size);
    assert_true(tenon_world_put_file(c->world, "/t/p", program, size, 0755, NULL));
    free(program);
    case_env(c, "LIBPATH", "/n:/o");
    fail_each(c, "/t/p", NULL);
}

static void put_macho(struct world_case *c, const char *path, const char *id,
                      const char *const *needs, const char *const *rpaths)
{
    struct macho b;
    macho_begin(&b, (struct macho_spec){
                        .bits = 64, .cputype = 0x100000c, .filetype = id ? 6 : 2, .flags = 0x85 });
    if (id)
        macho_dylib(&b, 0xd, id, 0x20000, 0x10000);
    else
        macho_string(&b, 0xe, "/usr/lib/dyld");
    macho_command(&b, 0x32, (const uint32_t[]){ 1, 0xa0900, 0xd0000, 0 }, 4, NULL, 0);
    for (; needs && *needs; needs++)
        macho_dylib(&b, 0xc, *needs, 0x10000, 0x20000);
    for (; rpaths && *rpaths; rpaths++)
        macho_string(&b, 0x8000001c, *rpaths);
    if (!id)
        macho_string(&b, 0x27, "DYLD_FALLBACK_LIBRARY_PATH=@executable_path/../last");
    macho_end(&b);
    assert_true(tenon_world_put_file(c->world, path, b.bytes, b.size, 0755, NULL));
}

/* Run paths, every variable, a stub, a map of the shared cache, and dyld 2's versions. */
static void dyld_survives_each_failure(void **state)
{
    struct world_case *c = *state;
    put_macho(c, "/App/prog", NULL,
              NAMES("@rpath/libx.dylib", "/l/F.framework/F", "/l/libv.dylib", "/none/liby.dylib",
                    "/usr/lib/libSystem.B.dylib", "/usr/lib/libstub.dylib"),
              NAMES("@executable_path/../r", "@loader_path/none", "/r"));
    put_macho(c, "/r/libx.dylib", "@rpath/libx.dylib", NAMES("@loader_path/libz.dylib"), NULL);
    put_macho(c, "/r/libz.dylib", "@rpath/libz.dylib", NULL, NULL);
    put_macho(c, "/f/F.framework/F", "/l/F.framework/F", NULL, NULL);
    put_macho(c, "/v/libv.dylib", "/l/libv.dylib", NULL, NULL);
    put_macho(c, "/i/libi.dylib", "/i/libi.dylib", NULL, NULL);
    case_put_text(c, "/usr/lib/libstub.tbd", "--- !tapi-tbd\n");
    case_put_text(c, "/System/Library/dyld/dyld_shared_cache_arm64e.map",
                  "/usr/lib/libSystem.B.dylib\n");
    case_env(c, "DYLD_LIBRARY_PATH", ":/o");
    case_env(c, "DYLD_FRAMEWORK_PATH", "/f");
    case_env(c, "DYLD_VERSIONED_LIBRARY_PATH", "/v");
    case_env(c, "DYLD_IMAGE_SUFFIX", "_debug");
    case_env(c, "DYLD_INSERT_LIBRARIES", "/i/libi.dylib:@rpath/none.dylib");
    c->flags = TENON_RESOLVE_LATER;
    fail_each(c, "/App/prog", NULL);
    assert_true(tenon_world_set_setting(c->world, "macos-release", "11.0", NULL));
    case_env(c, "HOME", "/home");
    fail_each(c, "/App/prog", NULL);
}

static void put_som(struct world_case *c, const char *path, const struct som_spec *spec)
{
    struct som s;
    som_build(&s, spec);
    assert_true(tenon_world_put_file(c->world, path, s.bytes, s.size, 0755, NULL));
}

static void hpux_som_survives_each_failure(void **state)
{
    struct world_case *c = *state;
    const struct som_need needs[] = { { "/usr/lib/libc.2", true, 70 },
                                      { "/x/libfoo.sl", true, 0 },
                                      { "/x/libgone.sl", false, 0 },
                                      { 0 } };
    const struct som_need old[] = { { "/x/libold.sl", true, 0 }, { 0 } };
    put_som(c, "/bin/prog",
            &(struct som_spec){ .magic = 0x107,
                                .own_name = "prog",
                                .needs = needs,
                                .embedded = "/e::rel",
                                .flags = 0x1c });
    put_som(c, "/s/libc.2", &(struct som_spec){ .own_name = "libc.2", .highwater = 70 });
    put_som(c, "/e/libfoo.sl", &(struct som_spec){ .needs = old, .old = true });
    put_som(c, "/x/libold.0", &(struct som_spec){ .own_name = "libold.0" });
    case_env(c, "SHLIB_PATH", "/none:/s");
    c->flags = TENON_RESOLVE_LATER;
    fail_each(c, "/bin/prog", NULL);
}

static void put_aout(struct world_case *c, const char *path, const struct aout_spec *spec)
{
    struct aout a;
    aout_build(&a, spec);
    assert_true(tenon_world_put_file(c->world, path, a.bytes, a.size, 0755, NULL));
}

static void aout_loaders_survive_each_failure(void **state)
{
    static const enum aout_flavour flavours[] = { AOUT_NETBSD, AOUT_FREEBSD };
    struct world_case *c = *state;
    uint8_t bytes[2048];
    const struct aout_need needs[] = { { "x", false, 1, 2 },
                                       { "h", false, 3, 0 },
                                       { "/l/named.so", true, 0, 0 },
                                       { "gone", false, 1, 0 },
                                       { NULL, false, 0, 0 } };
    const struct hint hints[] = { { "h", "/h/libh.so.3.1", 3, 1 }, { NULL, NULL, 0, 0 } };
    size_t size = hints_build(bytes, sizeof bytes, hints, "/usr/lib:/d");
    assert_true(tenon_world_put_file(c->world, "/var/run/ld.so.hints", bytes, size, 0644, NULL));
    case_env(c, "LD_LIBRARY_PATH", "/none:/a");
    case_env(c, "LD_PRELOAD", "/l/named.so");
    for (size_t i = 0; i < 2; i++) {
        put_aout(c, "/bin/prog",
                 &(struct aout_spec){
                     .flavour = flavours[i], .program = true, .needs = needs, .paths = "/q:/a" });
        const char *const libraries[] = { "/a/libx.so.1.1", "/a/libx.so.1.10", "/h/libh.so.3.1",
                                          "/l/named.so" };
        for (size_t k = 0; k < sizeof libraries / sizeof *libraries; k++)
            put_aout(c, libraries[k], &(struct aout_spec){ .flavour = flavours[i] });
        c->flags = i ? TENON_RESOLVE_LATER : 0;
        fail_each(c, "/bin/prog", NULL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(windows_survives_each_failure),     CASE(aix_survives_each_failure),
        CASE(dyld_survives_each_failure),        CASE(hpux_som_survives_each_failure),
        CASE(aout_loaders_survive_each_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
