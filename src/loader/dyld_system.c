/*
 * src/loader/dyld_system.c - dyld: the release of the system, its shared cache, the slices it takes
 *
 * rule  dyld-1378 dyld/DyldProcessConfig.cpp; mach_o/GradedArchitectures.cpp
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dyld_private.h"
#include "fail.h"
#include "limits.h"
#include "names.h"

#define RELEASE(x, y) ((unsigned)(x) << 16 | (unsigned)(y) << 8)

/* Of a world that does not say: the newest that the rules were read of. */
#define NEWEST RELEASE(14, 0)

/* The setting that names the release of macOS, "13.1". */
#define SETTING "macos-release"

static unsigned parse_release(const char *text)
{
    unsigned x = 0, y = 0;
    return sscanf(text, "%3u.%2u", &x, &y) >= 1 ? RELEASE(x, y) : 0;
}

/* ProductVersion of SystemVersion.plist; 0: not said. *no_memory otherwise. */
static unsigned read_release(struct tn_target *target, bool *no_memory)
{
    static const char key[] = "<key>ProductVersion</key>", open[] = "<string>";
    struct tn_view bytes;
    int error = tn_file_whole(target->world, "/System/Library/CoreServices/SystemVersion.plist",
                              TN_LIMIT_CONFIG, target->arena, &bytes);
    *no_memory = error == ENOMEM;
    if (error)
        return 0;
    const char *at = strstr((const char *)bytes.at, key);
    at = at ? strstr(at, open) : NULL;
    return at ? parse_release(at + strlen(open)) : 0;
}

static bool is_mac(const struct tn_target *target)
{
    unsigned platform = tn_dyld_platform(target);
    return platform <= DYLD_MACOS || platform == DYLD_CATALYST;
}

bool tn_dyld_configure(struct tn_target *target, tenon_error *err)
{
    struct dyld_config *config = tn_arena_take(target->arena, sizeof *config);
    const char *setting = tenon_world_setting(target->world, SETTING);
    bool no_memory = false;
    if (!config)
        return tn_no_memory(err);
    config->release = setting ? parse_release(setting) : read_release(target, &no_memory);
    if (no_memory)
        return tn_no_memory(err);
    config->is_known = config->release;
    if (!config->release || !is_mac(target))
        config->release = NEWEST; /* another system's numbers say nothing of these rules */
    config->old = is_mac(target) && config->release < RELEASE(12, 0);
    config->on_disk = is_mac(target) && config->release < RELEASE(11, 0);
    if (is_mac(target) && config->release >= RELEASE(13, 0))
        config->cryptex = "/System/Volumes/Preboot/Cryptexes/OS";
    target->config = config;
    return true;
}

/* ---- slices --------------------------------------------------------------------------------- */

static const char *const slices_x86_64[] = { "x86_64h", "x86_64", NULL };
static const char *const slices_i386[] = { "i386", NULL };
static const char *const slices_arm64[] = { "arm64", "arm64v8", NULL };
static const char *const slices_arm64e[] = { "arm64e", "arm64", NULL };
static const char *const slices_arm64_32[] = { "arm64_32", NULL };
static const char *const slices_armv7k[] = { "armv7k", NULL };
static const char *const slices_armv7s[] = { "armv7s", "armv7", NULL };
static const char *const slices_armv7[] = { "armv7", "armv6", NULL };
static const char *const slices_armv6[] = { "armv6", "arm", NULL };
static const char *const slices_ppc[] = { "ppc970", "ppc7450", "ppc7400", "ppc750", "ppc", NULL };
static const char *const slices_ppc64[] = { "ppc64", NULL };

static const struct {
    uint32_t cputype, cpusubtype; /* UINT32_MAX: any */
    const char *const *slices;
} grades[] = {
    { 0x01000007, UINT32_MAX, slices_x86_64 },
    { 7, UINT32_MAX, slices_i386 },
    { 0x0100000c, 2, slices_arm64e },
    { 0x0100000c, UINT32_MAX, slices_arm64 },
    { 0x0200000c, UINT32_MAX, slices_arm64_32 },
    { 12, 12, slices_armv7k },
    { 12, 11, slices_armv7s },
    { 12, 9, slices_armv7 },
    { 12, UINT32_MAX, slices_armv6 },
    { 18, UINT32_MAX, slices_ppc },
    { 0x01000012, UINT32_MAX, slices_ppc64 },
};

const char *const *tn_dyld_slices(const struct tn_target *target)
{
    static const char *const none[] = { NULL };
    for (size_t i = 0; i < TN_COUNT(grades); i++)
        if (grades[i].cputype == target->machine &&
            (grades[i].cpusubtype == UINT32_MAX ||
             grades[i].cpusubtype == (target->variant & TN_MACHO_SUBTYPE)))
            return grades[i].slices;
    return none;
}

/* ---- the shared cache ----------------------------------------------------------------------- */

bool tn_dyld_is_system_path(const char *path)
{
    static const char *const prefixes[] = {
        "/usr/lib/",
        "/System/Library/",
        "/System/iOSSupport/usr/lib/",
        "/System/iOSSupport/System/Library/",
        "/System/DriverKit/",
        "/Library/Apple/usr/lib/",
        "/Library/Apple/System/Library/",
    };
    for (size_t i = 0; i < TN_COUNT(prefixes); i++)
        if (tn_has_prefix(path, prefixes[i]))
            return true;
    return false;
}

/* "arm64e" also has the libraries of "arm64" processes. */
static const char *const cache_archs[] = { "arm64e", "arm64",    "x86_64h", "x86_64", "i386",
                                           "armv7k", "arm64_32", "armv7s",  "armv7",  NULL };

/* The map of the first cache that there is one of. false: no memory. */
static bool read_map(struct tn_target *target, struct dyld_config *config)
{
    static const char *const directories[] = {
        "/System/Library/dyld", "/System/Cryptexes/OS/System/Library/dyld",
        "/System/Volumes/Preboot/Cryptexes/OS/System/Library/dyld",
        "/System/Library/Caches/com.apple.dyld", "/private/var/db/dyld"
    };
    for (size_t i = 0; i < TN_COUNT(directories); i++)
        for (const char *const *arch = cache_archs; *arch; arch++) {
            char path[256];
            snprintf(path, sizeof path, "%s/dyld_shared_cache_%s.map", directories[i], *arch);
            int error =
                tn_file_whole(target->world, path, TN_LIMIT_CACHE, target->arena, &config->map);
            if (!error || error == ENOMEM)
                return !error;
        }
    config->map = (struct tn_view){ 0 };
    return true;
}

/* A line of the map that is the path and nothing else. */
static bool lists(struct tn_view map, const char *path)
{
    const char *at = (const char *)map.at;
    size_t size = strlen(path);
    while ((at = strstr(at, path))) {
        bool begins = at == (const char *)map.at || strchr(" \t\n", at[-1]);
        if (begins && (at[size] == '\0' || strchr(" \t\r\n", at[size])))
            return true;
        at += size;
    }
    return false;
}

int tn_dyld_in_cache(struct tn_trial *trial, const char *path)
{
    struct dyld_config *config = trial->target->config;
    if (!config->map_is_read && !read_map(trial->target, config)) {
        trial->no_memory = true;
        return -1;
    }
    config->map_is_read = true;
    return config->map.size ? lists(config->map, path) : -1;
}

const char *tn_dyld_stub(struct tn_trial *trial, const char *path)
{
    tenon_file_info info;
    const char *dot = strrchr(tn_base_name(path), '.');
    bool dylib = dot && strcmp(dot, ".dylib") == 0;
    int size = dylib ? (int)(dot - path) : (int)strlen(path);
    const char *stub = tn_arena_format(trial->arena, "%.*s.tbd", size, path);
    if (!stub) {
        trial->no_memory = true;
        return NULL;
    }
    return tenon_world_stat(trial->target->world, stub, &info) == 0 ? stub : NULL;
}
