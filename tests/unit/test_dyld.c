/*
 * tests/unit/test_dyld.c - the test vectors of dyld's search
 *
 * Numbers are those of the reference on loaders that are not ELF's, section 3.13.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "macho_builder.h"
#include "world_case.h"

#define E "/App/Contents/MacOS/prog"
#define OS "/System/Volumes/Preboot/Cryptexes/OS"
#define ARM64 0x100000cu
#define X86_64 0x1000007u

/* One image; what is 0 is the usual. */
struct spec {
    const char *id;           /* install name: then it is a library */
    const char *const *needs; /* NULL-ended */
    const char *const *weak, *const *rpaths, *const *environment;
    uint32_t cputype, filetype, platform, min_os, sdk, current, compat, need_compat;
    uint32_t signature; /* CS_ flags */
    bool entitled;
    bool no_platform;
};

static void big32(uint8_t *at, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        at[i] = (uint8_t)(value >> 8 * (3 - i));
}

/* A signature of a code directory and, when `entitled`, a property list. */
static size_t make_signature(uint8_t *out, const struct spec *spec)
{
    static const char plist[] =
        "<key>com.apple.security.cs.allow-dyld-environment-variables</key><true/>";
    big32(out, 0xfade0cc0);
    big32(out + 8, 2);
    big32(out + 16, 28);
    big32(out + 24, 44);
    big32(out + 28, 0xfade0c02);
    big32(out + 32, 16);
    big32(out + 40, spec->signature);
    big32(out + 44, 0xfade7171);
    big32(out + 48, 8 + sizeof plist - 1);
    memcpy(out + 52, plist, spec->entitled ? sizeof plist - 1 : 0);
    return 52 + sizeof plist - 1;
}

static void put_strings(struct macho *b, uint32_t cmd, const char *const *strings)
{
    for (; strings && *strings; strings++)
        macho_string(b, cmd, *strings);
}

static void put_needs(struct macho *b, uint32_t cmd, const char *const *names, uint32_t compat)
{
    for (; names && *names; names++)
        macho_dylib(b, cmd, *names, 0x10000, compat ? compat : 0x10000);
}

static void build(struct macho *b, const struct spec *spec)
{
    uint8_t signature[256] = { 0 };
    size_t size = spec->signature ? make_signature(signature, spec) : 0, command = 0;
    uint32_t filetype = spec->filetype ? spec->filetype : spec->id ? 6 : 2;
    macho_begin(b, (struct macho_spec){ .bits = 64,
                                        .cputype = spec->cputype ? spec->cputype : ARM64,
                                        .filetype = filetype,
                                        .flags = 0x85 });
    if (spec->id)
        macho_dylib(b, 0xd, spec->id, spec->current ? spec->current : 0x10000,
                    spec->compat ? spec->compat : 0x10000);
    if (filetype == 2)
        macho_string(b, 0xe, "/usr/lib/dyld");
    if (!spec->no_platform)
        macho_command(b, 0x32,
                      (const uint32_t[]){ spec->platform ? spec->platform : 1,
                                          spec->min_os ? spec->min_os : 0xd0000,
                                          spec->sdk ? spec->sdk : 0xe0000, 0 },
                      4, NULL, 0);
    put_needs(b, 0xc, spec->needs, spec->need_compat);
    put_needs(b, 0x80000018, spec->weak, 0);
    put_strings(b, 0x8000001c, spec->rpaths);
    put_strings(b, 0x27, spec->environment);
    if (size)
        command = macho_command(b, 0x1d, (const uint32_t[]){ 0, (uint32_t)size }, 2, NULL, 0);
    macho_end(b);
    if (size) {
        macho_patch(b, command + 8, (uint32_t)b->size);
        macho_raw(b, signature, size);
    }
}

static void put(struct world_case *c, const char *path, const struct spec *spec)
{
    struct macho b;
    build(&b, spec);
    assert_true(tenon_world_put_file(c->world, path, b.bytes, b.size, 0755, NULL));
}

#undef PUT
#define PUT(c, path, ...) put((c), (path), &(struct spec){ __VA_ARGS__ })
#define LIB(c, path, name, ...) PUT(c, path, .id = name, __VA_ARGS__)

static void release(struct world_case *c, const char *release)
{
    assert_true(tenon_world_set_setting(c->world, "macos-release", release, NULL));
}

/* dlopen(name) by the object at `caller` of the program alone. */
static const char *dlopen_by_program(struct world_case *c, const char *name)
{
    tenon_state *s = tenon_state_new(NULL);
    tenon_loaded program = { { .path = E }, NULL, "the program", NULL, TENON_THE_FILE };
    assert_non_null(s);
    assert_true(tenon_state_add(s, &program, NULL));
    assert_true(tenon_state_request(s, name, 0, 0, NULL));
    const char *text = answer_state(c, s);
    tenon_state_free(s);
    return text;
}

/* Why a library is missing, in dyld's words. */
static const char *reason(struct world_case *c, const char *name)
{
    return tenon_graph_library(c->graph, case_index(c, name))->reason;
}

#define X "@rpath/libx.dylib"
#define NO "' (no such file)"

static void m1_rpath_of_the_program(void **state)
{
    struct world_case *c = *state;
    PUT(c, E, .needs = NAMES(X), .rpaths = NAMES("@executable_path/../Frameworks"));
    LIB(c, "/App/Contents/Frameworks/libx.dylib", X);
    assert_string_equal(answer(c, E), X " => /App/Contents/Frameworks/libx.dylib [LC_RPATH]\n");
}

static void m2_frameworks_of_ios(void **state)
{
    struct world_case *c = *state;
    const char *name = "@rpath/dyn.framework/dyn";
    PUT(c, E, .platform = 2, .needs = NAMES(name), .rpaths = NAMES("@executable_path/Frameworks"));
    LIB(c, "/App/Contents/MacOS/Frameworks/dyn.framework/dyn", name, .platform = 2);
    assert_string_equal(answer(c, E), "@rpath/dyn.framework/dyn => "
                                      "/App/Contents/MacOS/Frameworks/dyn.framework/dyn "
                                      "[LC_RPATH]\n");
}

static void put_m3(struct world_case *c, const char *const *rpaths)
{
    PUT(c, E, .needs = NAMES("@rpath/liba.dylib"), .rpaths = NAMES("/r1", "/r2"));
    PUT(c, "/r1/liba.dylib", .id = "@rpath/liba.dylib", .needs = NAMES("@rpath/libb.dylib"),
        .rpaths = rpaths);
    LIB(c, "/r1/libb.dylib", "@rpath/libb.dylib");
    LIB(c, "/r2/libb.dylib", "@rpath/libb.dylib");
    LIB(c, "/r1/sub/libb.dylib", "@rpath/libb.dylib");
}

static void m3_and_m4_the_importer_first_then_the_program(void **state)
{
    struct world_case *c = *state;
    put_m3(c, NAMES("@loader_path/sub"));
    assert_string_equal(answer(c, E), "@rpath/liba.dylib => /r1/liba.dylib [LC_RPATH]\n"
                                      "@rpath/libb.dylib => /r1/sub/libb.dylib [LC_RPATH]\n");
    put_m3(c, NULL);
    assert_string_equal(answer(c, E), "@rpath/liba.dylib => /r1/liba.dylib [LC_RPATH]\n"
                                      "@rpath/libb.dylib => /r1/libb.dylib [LC_RPATH]\n");
}

static void m5_the_chain_of_who_loaded_it_first(void **state)
{
    struct world_case *c = *state;
    PUT(c, "/l/libc.dylib", .id = "/l/libc.dylib", .needs = NAMES("@rpath/libd.dylib"));
    PUT(c, "/l/liba.dylib", .id = "/l/liba.dylib", .needs = NAMES("/l/libc.dylib"),
        .rpaths = NAMES("/q"));
    LIB(c, "/q/libd.dylib", "@rpath/libd.dylib");
    PUT(c, E, .needs = NAMES("/l/liba.dylib"));
    answer(c, E);
    assert_string_equal(tenon_graph_library(c->graph, case_index(c, "@rpath/libd.dylib"))->path,
                        "/q/libd.dylib");
    PUT(c, E, .needs = NAMES("/l/libc.dylib", "/l/liba.dylib"));
    answer(c, E);
    assert_string_equal(reason(c, "@rpath/libd.dylib"), "no LC_RPATH's found");
}

static void m6_and_m7_the_environment_before_any_path(void **state)
{
    struct world_case *c = *state;
    PUT(c, E, .needs = NAMES("/usr/local/lib/libx.dylib"));
    LIB(c, "/usr/local/lib/libx.dylib", "/usr/local/lib/libx.dylib");
    LIB(c, "/o/libx.dylib", "/usr/local/lib/libx.dylib");
    case_env(c, "DYLD_LIBRARY_PATH", "/o");
    assert_string_equal(answer(c, E),
                        "/usr/local/lib/libx.dylib => /o/libx.dylib [DYLD_LIBRARY_PATH]\n");
    PUT(c, E, .needs = NAMES(X), .rpaths = NAMES("/usr/local/lib"));
    assert_string_equal(answer(c, E), X " => /o/libx.dylib [DYLD_LIBRARY_PATH]\n");
}

static void m8_a_wrong_architecture_is_passed_over(void **state)
{
    struct world_case *c = *state;
    PUT(c, E, .needs = NAMES("/usr/local/lib/libx.dylib"));
    LIB(c, "/usr/local/lib/libx.dylib", "/usr/local/lib/libx.dylib");
    LIB(c, "/o/libx.dylib", "/usr/local/lib/libx.dylib", .cputype = X86_64);
    case_env(c, "DYLD_LIBRARY_PATH", "/o");
    assert_string_equal(answer(c, E), "/usr/local/lib/libx.dylib => /usr/local/lib/libx.dylib "
                                      "[recorded path]\n");
    const tenon_attempt *first = tenon_graph_tried(c->graph, 0, 0);
    assert_int_equal(first->outcome, TENON_OUTCOME_WRONG_MACHINE);
    assert_string_equal(first->detail, "mach-o file, but is an incompatible architecture (have "
                                       "'x86_64', need 'arm64' or 'arm64v8')");
}

#define GONE "/opt/none/libx.dylib"

static void m9_to_m11_fallbacks_depend_on_the_sdk(void **state)
{
    struct world_case *c = *state;
    LIB(c, "/usr/local/lib/libx.dylib", GONE);
    PUT(c, E, .needs = NAMES(GONE), .sdk = 0xd0000);
    assert_string_equal(answer(c, E), GONE " => /usr/local/lib/libx.dylib [default fallback "
                                           "directory]\n");
    PUT(c, E, .needs = NAMES(GONE), .sdk = 0xe0000);
    assert_string_equal(answer(c, E), GONE " => missing\n");
    assert_string_equal(reason(c, GONE), "tried: '" GONE NO ", '" OS GONE NO ", '" GONE NO);
    case_env(c, "DYLD_FALLBACK_LIBRARY_PATH", "/usr/local/lib");
    assert_string_equal(answer(c, E), GONE " => /usr/local/lib/libx.dylib [DYLD_FALLBACK paths]\n");
}

static void m12_dyld2_looks_in_home_first(void **state)
{
    struct world_case *c = *state;
    PUT(c, E, .needs = NAMES(GONE), .sdk = 0xd0000);
    LIB(c, "/usr/local/lib/libx.dylib", GONE);
    LIB(c, "/home/lib/libx.dylib", GONE);
    case_env(c, "HOME", "/home");
    assert_string_equal(answer(c, E), GONE " => /usr/local/lib/libx.dylib [default fallback "
                                           "directory]\n");
    release(c, "10.15");
    assert_string_equal(answer(c, E), GONE " => /home/lib/libx.dylib [default fallback "
                                           "directory]\n");
}

#define SYSTEM "/usr/lib/libSystem.B.dylib"

static const char *rule_of(struct world_case *c, const char *name)
{
    const tenon_library *library = tenon_graph_library(c->graph, case_index(c, name));
    assert_int_equal(library->status, TENON_STATUS_SYSTEM);
    assert_string_equal(library->path, name);
    return library->rule->name;
}

static void m13_the_shared_cache_is_the_systems(void **state)
{
    struct world_case *c = *state;
    PUT(c, E, .needs = NAMES(SYSTEM));
    answer(c, E);
    assert_string_equal(rule_of(c, SYSTEM), "shared cache, assumed");
    case_put_text(c, "/usr/lib/libSystem.B.tbd", "--- !tapi-tbd\n");
    answer(c, E);
    assert_string_equal(rule_of(c, SYSTEM), "shared cache, by a stub");
    case_put_text(c, "/System/Library/dyld/dyld_shared_cache_arm64e.map",
                  "mapping  EX 1MB 0x0 -> 0x1\n" SYSTEM "\n\t__TEXT 0x0 -> 0x1\n");
    answer(c, E);
    assert_string_equal(rule_of(c, SYSTEM), "shared cache");
    PUT(c, E, .needs = NAMES("/usr/lib/libSystem.B.dyl"));
    assert_string_equal(answer(c, E), "/usr/lib/libSystem.B.dyl => missing\n");
    release(c, "10.15"); /* there the libraries are files */
    assert_true(tenon_world_hide(c->world, "/System", NULL));
    assert_true(tenon_world_hide(c->world, "/usr/lib/libSystem.B.tbd", NULL));
    PUT(c, E, .needs = NAMES(SYSTEM));
    assert_string_equal(answer(c, E), SYSTEM " => missing\n");
}

static void m14_empty_elements_are_the_root(void **state)
{
    struct world_case *c = *state;
    PUT(c, E, .needs = NAMES("/l/libx.dylib"));
    LIB(c, "/o/libx.dylib", "/l/libx.dylib");
    case_env(c, "DYLD_LIBRARY_PATH", ":/o");
    answer(c, E);
    assert_string_equal(tried(c, "/l/libx.dylib"), "/libx.dylib: absent\n/o/libx.dylib: found\n");
}

static void m15_suffixes_come_first(void **state)
{
    struct world_case *c = *state;
    PUT(c, E, .needs = NAMES("/l/libx.1.dylib"));
    LIB(c, "/l/libx.1.dylib", "/l/libx.1.dylib");
    LIB(c, "/l/libx.1_debug.dylib", "/l/libx.1.dylib");
    case_env(c, "DYLD_IMAGE_SUFFIX", "_debug");
    assert_string_equal(answer(c, E), "/l/libx.1.dylib => /l/libx.1_debug.dylib [recorded path]\n");
}

static void m16_a_weak_library_may_be_missing(void **state)
{
    struct world_case *c = *state;
    PUT(c, E, .weak = NAMES(GONE));
    assert_string_equal(answer(c, E), GONE " => missing\n");
    assert_true(tenon_graph_library(c->graph, 0)->optional);
    assert_int_equal(tenon_graph_status(c->graph), TENON_STATUS_OK);
}

static void m17_privileged_and_hardened_programs_ignore_the_environment(void **state)
{
    struct world_case *c = *state;
    const char *const recorded = "/l/libx.dylib => /l/libx.dylib [recorded path]\n";
    const char *const other = "/l/libx.dylib => /o/libx.dylib [DYLD_LIBRARY_PATH]\n";
    PUT(c, E, .needs = NAMES("/l/libx.dylib"));
    LIB(c, "/l/libx.dylib", "/l/libx.dylib");
    LIB(c, "/o/libx.dylib", "/l/libx.dylib");
    case_env(c, "DYLD_LIBRARY_PATH", "/o");
    assert_string_equal(answer(c, E), other);
    tenon_world_set_secure(c->world, true);
    assert_string_equal(answer(c, E), recorded);
    tenon_world_set_secure(c->world, false);
    PUT(c, E, .needs = NAMES("/l/libx.dylib"), .signature = 0x10000);
    assert_string_equal(answer(c, E), recorded);
    PUT(c, E, .needs = NAMES("/l/libx.dylib"), .signature = 0x10000, .entitled = true);
    assert_string_equal(answer(c, E), other);
    PUT(c, E, .needs = NAMES("@executable_path/libx.dylib"), .signature = 0x800);
    LIB(c, "/App/Contents/MacOS/libx.dylib", "@executable_path/libx.dylib");
    assert_string_equal(answer(c, E), "@executable_path/libx.dylib => missing\n");
    PUT(c, E, .needs = NAMES("@executable_path/libx.dylib"), .signature = 0x10000);
    assert_string_equal(answer(c, E), "@executable_path/libx.dylib => "
                                      "/App/Contents/MacOS/libx.dylib [@executable_path]\n");
}

static void m18_and_m18b_a_leaf_of_dlopen(void **state)
{
    struct world_case *c = *state;
    PUT(c, E, .rpaths = NAMES("/r"));
    LIB(c, "/r/libx.dylib", "libx.dylib");
    LIB(c, "/w/libx.dylib", "libx.dylib");
    case_cwd(c, "/w");
    release(c, "12.0");
    assert_string_equal(dlopen_by_program(c, "libx.dylib"), "libx.dylib => /r/libx.dylib "
                                                            "[LC_RPATH]\n");
    release(c, "13.0");
    assert_string_equal(dlopen_by_program(c, "libx.dylib"), "libx.dylib => libx.dylib "
                                                            "[recorded path]\n");
}

/* dlopen("libx.dylib") means "@rpath/libx.dylib" when that is loaded, wherever from. */
static void a_leaf_of_dlopen_is_what_rpath_led_to(void **state)
{
    struct world_case *c = *state;
    tenon_loaded program = { { .path = E }, NULL, "the program", NULL, TENON_THE_FILE };
    tenon_loaded library = { { .path = "/l/libx.dylib" }, X, "the program", NULL, 0 };
    PUT(c, E, .rpaths = NAMES("/r"));
    LIB(c, "/l/libx.dylib", X);
    LIB(c, "/r/libx.dylib", X);
    LIB(c, "/w/libx.dylib", "/w/libx.dylib");
    case_cwd(c, "/w");
    tenon_state *s = tenon_state_new(NULL);
    assert_non_null(s);
    assert_true(tenon_state_add(s, &program, NULL));
    assert_true(tenon_state_add(s, &library, NULL));
    assert_true(tenon_state_request(s, "libx.dylib", 0, 0, NULL));
    assert_string_equal(answer_state(c, s), X " => /l/libx.dylib [already loaded]\n");
    assert_int_equal(tenon_graph_count(c->graph), 1);
    release(c, "11.0");
    assert_string_equal(answer_state(c, s), X " => /l/libx.dylib [already loaded]\n"
                                              "libx.dylib => /r/libx.dylib [LC_RPATH]\n");
    tenon_state_free(s);
}

static void m19_fallbacks_are_not_for_paths_of_dlopen(void **state)
{
    struct world_case *c = *state;
    PUT(c, E, .sdk = 0xa0000);
    LIB(c, "/f/libx.dylib", "libx.dylib");
    case_env(c, "DYLD_FALLBACK_LIBRARY_PATH", "/f");
    assert_string_equal(dlopen_by_program(c, "sub/libx.dylib"), "sub/libx.dylib => missing\n");
    assert_string_equal(dlopen_by_program(c, "libx.dylib"),
                        "libx.dylib => /f/libx.dylib [DYLD_FALLBACK paths]\n");
}

static void m20_newer_versions_replace(void **state)
{
    struct world_case *c = *state;
    PUT(c, E, .needs = NAMES("/l/libx.dylib"));
    LIB(c, "/l/libx.dylib", "/l/libx.dylib", .current = 0x10500);
    LIB(c, "/v/libx.dylib", "/l/libx.dylib", .current = 0x20000);
    case_env(c, "DYLD_VERSIONED_LIBRARY_PATH", "/v");
    assert_string_equal(answer(c, E), "/l/libx.dylib => /v/libx.dylib [DYLD_VERSIONED paths]\n");
    LIB(c, "/l/libx.dylib", "/l/libx.dylib", .current = 0x20000);
    assert_string_equal(answer(c, E), "/l/libx.dylib => /l/libx.dylib [recorded path]\n");
}

static void versions_replace_as_the_installed_library_is_named(void **state)
{
    struct world_case *c = *state;
    PUT(c, E, .needs = NAMES("/l/libx.dylib", "/l/X.framework/X"));
    LIB(c, "/l/libx.1.dylib", "/l/libx.dylib", .current = 0x10000);
    LIB(c, "/l/libx.dylib", "/l/libx.dylib", .current = 0x10000);
    LIB(c, "/l/X.framework/X", "/l/X.framework/X");
    LIB(c, "/v/X.framework/X", "/l/X.framework/X", .current = 0x20000);
    LIB(c, "/v/a.dylib", "/l/libx.1.dylib", .current = 0x20000); /* installed: says libx.dylib */
    PUT(c, "/v/b.dylib", .id = "/l/libx.dylib", .current = 0x30000, .platform = 2);
    PUT(c, "/v/c.dylib", .id = "/l/libx.dylib", .current = 0x30000, .cputype = X86_64);
    case_env(c, "DYLD_VERSIONED_LIBRARY_PATH", "/v");
    assert_string_equal(answer(c, E), "/l/libx.dylib => /v/a.dylib [DYLD_VERSIONED paths]\n"
                                      "/l/X.framework/X => /l/X.framework/X [recorded path]\n");
    case_env(c, "DYLD_VERSIONED_FRAMEWORK_PATH", "/v");
    assert_string_equal(answer(c, E), "/l/libx.dylib => /v/a.dylib [DYLD_VERSIONED paths]\n"
                                      "/l/X.framework/X => /v/X.framework/X [DYLD_VERSIONED "
                                      "paths]\n");
}

static void m21_loader_path_follows_links(void **state)
{
    struct world_case *c = *state;
    PUT(c, E, .needs = NAMES("/p/liba.dylib"));
    PUT(c, "/q/real/liba.dylib", .id = "/p/liba.dylib", .needs = NAMES("@loader_path/libb.dylib"));
    case_put_link(c, "/p/liba.dylib", "/q/real/liba.dylib");
    LIB(c, "/q/real/libb.dylib", "@loader_path/libb.dylib");
    LIB(c, "/p/libb.dylib", "@loader_path/libb.dylib");
    answer(c, E);
    assert_string_equal(
        tenon_graph_library(c->graph, case_index(c, "@loader_path/libb.dylib"))->path,
        "/q/real/libb.dylib");
}

static void m22_dyld2_compares_versions_of_old_libraries(void **state)
{
    struct world_case *c = *state;
    const char *const loaded = "/l/libx.dylib => /l/libx.dylib [recorded path]\n";
    PUT(c, E, .needs = NAMES("/l/libx.dylib"), .need_compat = 0x30000);
    LIB(c, "/l/libx.dylib", "/l/libx.dylib", .compat = 0x20000, .min_os = 0xa0900);
    assert_string_equal(answer(c, E), loaded);
    assert_int_equal(tenon_graph_status(c->graph), TENON_STATUS_OK);
    release(c, "11.0");
    assert_string_equal(answer(c, E), loaded);
    assert_int_equal(tenon_graph_status(c->graph), TENON_STATUS_MISSING);
    assert_int_equal(tenon_graph_missing_version_count(c->graph), 1);
    assert_string_equal(tenon_graph_missing_version(c->graph, 0)->reason,
                        "Incompatible library version: prog requires version 3.0.0 or later, but "
                        "libx.dylib provides version 2.0.0");
    LIB(c, "/l/libx.dylib", "/l/libx.dylib", .compat = 0x30000, .min_os = 0xa0900);
    answer(c, E);
    assert_int_equal(tenon_graph_status(c->graph), TENON_STATUS_OK);
    LIB(c, "/l/libx.dylib", "/l/libx.dylib", .compat = 0x20000, .min_os = 0xa0e00);
    answer(c, E);
    assert_int_equal(tenon_graph_status(c->graph), TENON_STATUS_OK);
}

#define UIKIT "/System/Library/Frameworks/UIKit.framework/UIKit"

static void m23_catalyst_looks_in_ios_support_first(void **state)
{
    struct world_case *c = *state;
    PUT(c, E, .platform = 6, .needs = NAMES(UIKIT));
    LIB(c, "/System/iOSSupport" UIKIT, UIKIT, .platform = 6);
    LIB(c, UIKIT, UIKIT);
    assert_string_equal(answer(c, E),
                        UIKIT " => /System/iOSSupport" UIKIT " [/System/iOSSupport]\n");
}

static void m24_frameworks_have_a_variable_of_their_own(void **state)
{
    struct world_case *c = *state;
    const char *const name = "/Library/Frameworks/X.framework/X";
    PUT(c, E, .needs = NAMES(name));
    LIB(c, name, name);
    LIB(c, "/o/X", name);
    LIB(c, "/f/X.framework/X", name);
    case_env(c, "DYLD_LIBRARY_PATH", "/o");
    assert_string_equal(answer(c, E), "/Library/Frameworks/X.framework/X => "
                                      "/Library/Frameworks/X.framework/X [recorded path]\n");
    case_env(c, "DYLD_FRAMEWORK_PATH", "/f");
    assert_string_equal(answer(c, E), "/Library/Frameworks/X.framework/X => /f/X.framework/X "
                                      "[DYLD_FRAMEWORK_PATH]\n");
}

static void m25_inserted_libraries(void **state)
{
    struct world_case *c = *state;
    PUT(c, E, .rpaths = NAMES("/r"));
    LIB(c, "/r/libi.dylib", "@rpath/libi.dylib");
    case_env(c, "DYLD_INSERT_LIBRARIES", "@rpath/libi.dylib");
    assert_string_equal(answer(c, E), "@rpath/libi.dylib => missing\n");
    assert_int_equal(tenon_graph_status(c->graph), TENON_STATUS_MISSING);
    case_env(c, "DYLD_INSERT_LIBRARIES", "@executable_path/libj.dylib:/r/libi.dylib");
    LIB(c, "/App/Contents/MacOS/libj.dylib", "libj.dylib");
    assert_string_equal(answer(c, E), "@executable_path/libj.dylib => "
                                      "/App/Contents/MacOS/libj.dylib [@executable_path]\n"
                                      "/r/libi.dylib => /r/libi.dylib [recorded path]\n");
}

/* A transcript of java on macOS 13, whose runtime is hardened and entitled to the environment. */
static void m26_the_words_of_a_real_miss(void **state)
{
    struct world_case *c = *state;
    PUT(c, E, .sdk = 0xb0000, .rpaths = NAMES("@executable_path/."), .signature = 0x10000,
        .entitled = true);
    release(c, "13.0");
    dlopen_by_program(c, "libfuse.dylib");
    assert_string_equal(reason(c, "libfuse.dylib"),
                        "tried: 'libfuse.dylib" NO ", '" OS "libfuse.dylib" NO
                        ", '/App/Contents/MacOS/./libfuse.dylib" NO
                        ", '/usr/lib/libfuse.dylib' (no such file, not in dyld cache)"
                        ", 'libfuse.dylib" NO
                        ", '/usr/lib/libfuse.dylib' (no such file, not in dyld cache)");
}

static void m27_the_words_of_another(void **state)
{
    struct world_case *c = *state;
    PUT(c, E, .rpaths = NAMES("/opt/homebrew/lib"));
    dlopen_by_program(c, "libtpu.so");
    assert_string_equal(
        reason(c, "libtpu.so"),
        "tried: 'libtpu.so" NO ", '" OS "libtpu.so" NO ", '/opt/homebrew/lib/libtpu.so" NO ", '" OS
        "/opt/homebrew/lib/libtpu.so" NO ", '/usr/lib/libtpu.so' (no such file, not in dyld cache)"
        ", 'libtpu.so" NO);
}

static void m28_a_bare_name_that_is_needed(void **state)
{
    struct world_case *c = *state;
    const char *const name = "libcapstone.5.dylib";
    PUT(c, E, .needs = NAMES(name));
    assert_true(tenon_world_put_dir(c->world, "/w", NULL));
    case_cwd(c, "/w");
    answer(c, E);
    assert_string_equal(reason(c, name),
                        "tried: 'libcapstone.5.dylib" NO ", '" OS "libcapstone.5.dylib" NO
                        ", 'libcapstone.5.dylib" NO ", '/w/libcapstone.5.dylib" NO ", '" OS
                        "/w/libcapstone.5.dylib" NO ", '/w/libcapstone.5.dylib" NO);
}

static void m29_and_m30_bad_candidates_are_passed_over(void **state)
{
    struct world_case *c = *state;
    PUT(c, E, .needs = NAMES("/l/libx.dylib"));
    LIB(c, "/l/libx.dylib", "/l/libx.dylib");
    case_put_text(c, "/p", "a file");
    case_put_text(c, "/t/libx.dylib", "a text");
    case_put_text(c, "/e/libx.dylib", "");
    assert_true(tenon_world_put_dir(c->world, "/d/libx.dylib", NULL));
    PUT(c, "/b/libx.dylib", .filetype = 8);
    LIB(c, "/i/libx.dylib", "/l/libx.dylib", .platform = 2);
    case_env(c, "DYLD_LIBRARY_PATH", "/p:/t:/e:/d:/b:/i");
    assert_string_equal(answer(c, E), "/l/libx.dylib => /l/libx.dylib [recorded path]\n");
    static const char *const details[] = {
        "errno=20",
        "slice is not valid mach-o file",
        "slice is not valid mach-o file",
        "not a file",
        "cannot link against bundle",
        "mach-o file (/i/libx.dylib), but incompatible platform (have 'iOS', need 'macOS')",
    };
    for (size_t i = 0; i < sizeof details / sizeof *details; i++)
        assert_string_equal(tenon_graph_tried(c->graph, 0, i)->detail, details[i]);
}

/* ---- beyond the vectors ------------------------------------------------------------------------
 */

static void a_loaded_image_answers_to_its_install_name(void **state)
{
    struct world_case *c = *state;
    PUT(c, E, .needs = NAMES("/l/liba.dylib", "/l/libb.dylib"));
    PUT(c, "/l/liba.dylib", .id = "/l/liba.dylib", .needs = NAMES(X), .rpaths = NAMES("/r"));
    PUT(c, "/l/libb.dylib", .id = "/l/libb.dylib", .needs = NAMES(X));
    LIB(c, "/r/libx.dylib", X);
    assert_string_equal(answer(c, E), "/l/liba.dylib => /l/liba.dylib [recorded path]\n"
                                      "/l/libb.dylib => /l/libb.dylib [recorded path]\n" X
                                      " => /r/libx.dylib [LC_RPATH]\n");
}

static void variables_can_be_baked_into_a_program(void **state)
{
    struct world_case *c = *state;
    PUT(c, E, .needs = NAMES("/l/libx.dylib"),
        .environment = NAMES("DYLD_LIBRARY_PATH=@executable_path/../lib"));
    LIB(c, "/App/Contents/MacOS/../lib/libx.dylib", "/l/libx.dylib");
    LIB(c, "/App/Contents/lib/libx.dylib", "/l/libx.dylib");
    answer(c, E);
    assert_string_equal(tenon_graph_library(c->graph, 0)->rule->name, "DYLD_LIBRARY_PATH");
}

static void the_release_is_read_of_the_tree(void **state)
{
    struct world_case *c = *state;
    PUT(c, E, .needs = NAMES(GONE), .sdk = 0xd0000);
    case_put_text(c, "/System/Library/CoreServices/SystemVersion.plist",
                  "<key>ProductVersion</key>\n\t<string>12.6.1</string>\n");
    answer(c, E);
    assert_string_equal(reason(c, GONE), "tried: '" GONE NO ", '/usr/local/lib/libx.dylib" NO
                                         ", '/usr/lib/libx.dylib' (no such file, not in dyld "
                                         "cache)");
}

/* A universal file of two slices. */
static void make_fat(uint8_t *fat, size_t size, const struct spec *first, const struct spec *second)
{
    const struct spec *const specs[] = { first, second };
    memset(fat, 0, size);
    big32(fat, 0xcafebabe);
    big32(fat + 4, 2);
    for (size_t i = 0; i < 2; i++) {
        struct macho slice;
        uint8_t *row = fat + 8 + 20 * i;
        build(&slice, specs[i]);
        big32(row, slice.spec.cputype);
        big32(row + 8, (uint32_t)(4096 + 8192 * i));
        big32(row + 12, (uint32_t)slice.size);
        memcpy(fat + 4096 + 8192 * i, slice.bytes, slice.size);
    }
}

static void a_universal_library_is_its_slice(void **state)
{
    struct world_case *c = *state;
    static uint8_t fat[24576];
    PUT(c, E, .needs = NAMES("/l/libx.dylib"));
    make_fat(fat, sizeof fat, &(struct spec){ .id = "/l/libx.dylib", .cputype = X86_64 },
             &(struct spec){ .id = "/l/libx.dylib" });
    assert_true(tenon_world_put_file(c->world, "/l/libx.dylib", fat, sizeof fat, 0755, NULL));
    assert_string_equal(answer(c, E), "/l/libx.dylib => /l/libx.dylib [recorded path]\n");
    assert_string_equal(tenon_graph_library(c->graph, 0)->slice, "arm64");
    big32(fat + 28, 18); /* the second is for PowerPC now */
    assert_true(tenon_world_put_file(c->world, "/l/libx.dylib", fat, sizeof fat, 0755, NULL));
    assert_string_equal(answer(c, E), "/l/libx.dylib => missing\n");
    assert_string_equal(tenon_graph_tried(c->graph, 0, 0)->detail,
                        "fat file, but missing compatible architecture (have 'x86_64,ppc', need "
                        "'arm64' or 'arm64v8')");
}

static void a_universal_library_has_the_version_of_its_slice(void **state)
{
    struct world_case *c = *state;
    static uint8_t fat[24576];
    PUT(c, E, .needs = NAMES("/l/libx.dylib"));
    LIB(c, "/l/libx.dylib", "/l/libx.dylib", .current = 0x10500);
    make_fat(fat, sizeof fat,
             &(struct spec){ .id = "/l/libx.dylib", .cputype = X86_64, .current = 0x10000 },
             &(struct spec){ .id = "/l/libx.dylib", .current = 0x20000 });
    assert_true(tenon_world_put_file(c->world, "/v/libx.dylib", fat, sizeof fat, 0755, NULL));
    case_env(c, "DYLD_VERSIONED_LIBRARY_PATH", "/v");
    assert_string_equal(answer(c, E), "/l/libx.dylib => /v/libx.dylib [DYLD_VERSIONED paths]\n");
    assert_string_equal(tenon_graph_library(c->graph, 0)->slice, "arm64");
}

static void a_loader_of_another_format_is_refused(void **state)
{
    struct world_case *c = *state;
    case_put(c, "/elf", &(struct elf_spec){ .interp = GLIBC });
    c->loader = "dyld";
    assert_string_equal(answer(c, "/elf"),
                        "error unsupported: /elf: of format elf; dyld loads files of format macho");
    PUT(c, E, .needs = NULL);
    c->loader = "glibc";
    assert_string_equal(answer(c, E), "error unsupported: " E
                                      ": of format macho; glibc loads files of format elf");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, case_setup, case_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(m1_rpath_of_the_program),
        TEST(m2_frameworks_of_ios),
        TEST(m3_and_m4_the_importer_first_then_the_program),
        TEST(m5_the_chain_of_who_loaded_it_first),
        TEST(m6_and_m7_the_environment_before_any_path),
        TEST(m8_a_wrong_architecture_is_passed_over),
        TEST(m9_to_m11_fallbacks_depend_on_the_sdk),
        TEST(m12_dyld2_looks_in_home_first),
        TEST(m13_the_shared_cache_is_the_systems),
        TEST(m14_empty_elements_are_the_root),
        TEST(m15_suffixes_come_first),
        TEST(m16_a_weak_library_may_be_missing),
        TEST(m17_privileged_and_hardened_programs_ignore_the_environment),
        TEST(m18_and_m18b_a_leaf_of_dlopen),
        TEST(a_leaf_of_dlopen_is_what_rpath_led_to),
        TEST(m19_fallbacks_are_not_for_paths_of_dlopen),
        TEST(m20_newer_versions_replace),
        TEST(versions_replace_as_the_installed_library_is_named),
        TEST(m21_loader_path_follows_links),
        TEST(m22_dyld2_compares_versions_of_old_libraries),
        TEST(m23_catalyst_looks_in_ios_support_first),
        TEST(m24_frameworks_have_a_variable_of_their_own),
        TEST(m25_inserted_libraries),
        TEST(m26_the_words_of_a_real_miss),
        TEST(m27_the_words_of_another),
        TEST(m28_a_bare_name_that_is_needed),
        TEST(m29_and_m30_bad_candidates_are_passed_over),
        TEST(a_loaded_image_answers_to_its_install_name),
        TEST(variables_can_be_baked_into_a_program),
        TEST(the_release_is_read_of_the_tree),
        TEST(a_universal_library_is_its_slice),
        TEST(a_universal_library_has_the_version_of_its_slice),
        TEST(a_loader_of_another_format_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
