/* fuzz/fuzz_windows.c - any bytes as a schema of API sets, a manifest, the registry of a Wine
 * prefix, and a library of its list of KnownDLLs */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "windows.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t touch(const char *text)
{
    return text ? strlen(text) : 0;
}

static size_t ask_schema(struct tn_target *target)
{
    static const char *const names[] = { "api-ms-win-core-synch-l1-2-0.dll",
                                         "api-ms-win-core-appinit-l1-1-0.dll",
                                         "ext-ms-windowscore-deviceinfo-l1-1-0.dll", "api-",
                                         "ext" };
    struct tn_apiset *apiset = tn_apiset_read(target, "/s");
    size_t n = 0;
    for (size_t i = 0; apiset && i < TN_COUNT(names); i++) {
        const char *host = NULL;
        if (tn_apiset_find(apiset, names[i], "kernel32.dll", target->arena, &host) ==
            TN_APISET_HOST)
            n += touch(host);
    }
    return n;
}

static size_t ask_manifest(struct tn_target *target)
{
    struct tn_windows_place place = { .root = "", .windows = "/w" };
    const struct tn_sxs *sxs = tn_sxs_of(target, &place, "/a/p.exe", true);
    size_t n = 0;
    for (size_t i = 0; sxs && i < sxs->count; i++)
        n += touch(sxs->files[i].name) + touch(sxs->files[i].directory);
    return n + (sxs ? touch(sxs->missing) : 0);
}

static size_t ask_registry(struct tn_target *target)
{
    struct tn_windows_place place = { .root = "/r/drive_c", .system = "/s" };
    struct tn_windows_registry *registry = &place.registry;
    struct tn_trial trial = { .target = target, .arena = target->arena };
    enum tn_windows_rule rule;
    if (!tn_windows_read_registry(target, place.root, registry))
        abort();
    registry->known = registry->known ? registry->known : "foo.dll";
    return touch(tn_windows_registered(registry, "p.exe", "foo.dll")) + touch(registry->safe_mode) +
           tn_windows_is_known(&trial, &place, "bar.dll", &rule);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tn_arena arena = { 0 };
    tenon_world *world = tenon_world_empty(NULL);
    if (!world || !tenon_world_put_file(world, "/s/apisetschema.dll", data, size, 0644, NULL) ||
        !tenon_world_put_file(world, "/s/foo.dll", data, size, 0644, NULL) ||
        !tenon_world_put_file(world, "/a/p.exe.manifest", data, size, 0644, NULL) ||
        !tenon_world_put_file(world, "/r/system.reg", data, size, 0644, NULL) ||
        !tenon_world_put_file(world, "/r/user.reg", data, size, 0644, NULL) ||
        !tenon_world_put_file(world, "/a/my.asm/my.asm.manifest", data, size, 0644, NULL) ||
        !tenon_world_put_file(world, "/w/WinSxS/Manifests/amd64_my.asm_01_1_2.manifest", data, size,
                              0644, NULL) ||
        !tenon_world_put_dir(world, "/w/WinSxS/amd64_my.asm_01_1_2", NULL))
        abort();
    struct tn_target target = {
        .loader = &tn_loader_windows, .world = world, .arena = &arena, .word = 8, .machine = 0x8664
    };
    if (!tn_windows_configure(&target, NULL))
        abort();
    if (ask_schema(&target) + ask_manifest(&target) + ask_registry(&target) > SIZE_MAX / 2)
        abort();
    tn_arena_free(&arena);
    tenon_world_free(world);
    return 0;
}
