/*
 * src/image/macho_names.c - Mach-O: numbers to names, for machines, platforms and flags
 *
 * rule  mach/machine.h, mach-o/loader.h; docs/machines.md is the table of machines for people
 */
#include "macho_private.h"

#define SUBTYPE 0x00ffffffu /* above it are capabilities */
#define ANY UINT32_MAX

/* The first row that fits counts. */
static const struct {
    uint32_t cputype, cpusubtype;
    const char *arch, *machine;
} machines[] = {
    { TN_CPU_X86_64, 8, "x86_64h", "x86_64" },
    { TN_CPU_X86_64, ANY, "x86_64", "x86_64" },
    { TN_CPU_I386, ANY, "i386", "i386" },
    { TN_CPU_ARM64, 2, "arm64e", "aarch64" },
    { TN_CPU_ARM64, 1, "arm64v8", "aarch64" },
    { TN_CPU_ARM64, ANY, "arm64", "aarch64" },
    { TN_CPU_ARM64_32, ANY, "arm64_32", "aarch64_ilp32" },
    { TN_CPU_ARM, 5, "armv4t", "arm" },
    { TN_CPU_ARM, 6, "armv6", "arm" },
    { TN_CPU_ARM, 7, "armv5e", "arm" },
    { TN_CPU_ARM, 8, "xscale", "arm" },
    { TN_CPU_ARM, 9, "armv7", "arm" },
    { TN_CPU_ARM, 10, "armv7f", "arm" },
    { TN_CPU_ARM, 11, "armv7s", "arm" },
    { TN_CPU_ARM, 12, "armv7k", "arm" },
    { TN_CPU_ARM, 14, "armv6m", "arm" },
    { TN_CPU_ARM, 15, "armv7m", "arm" },
    { TN_CPU_ARM, 16, "armv7em", "arm" },
    { TN_CPU_ARM, ANY, "arm", "arm" },
    { TN_CPU_PPC, 9, "ppc750", "ppc" },
    { TN_CPU_PPC, 10, "ppc7400", "ppc" },
    { TN_CPU_PPC, 11, "ppc7450", "ppc" },
    { TN_CPU_PPC, 100, "ppc970", "ppc" },
    { TN_CPU_PPC, ANY, "ppc", "ppc" },
    { TN_CPU_PPC64, ANY, "ppc64", "ppc64" },
    { TN_CPU_M68K, ANY, "m68k", "m68k" },
    { TN_CPU_HPPA, ANY, "hppa", "hppa" },
    { TN_CPU_SPARC, ANY, "sparc", "sparc" },
    { 1, ANY, "vax", "vax" },
    { 8, ANY, "mips", NULL },
    { 13, ANY, "m88k", NULL },
    { 15, ANY, "i860", "i860" },
};

const char *tn_macho_arch_name(struct tn_arena *arena, uint32_t cputype, uint32_t cpusubtype)
{
    for (size_t i = 0; i < TN_COUNT(machines); i++)
        if (machines[i].cputype == cputype &&
            (machines[i].cpusubtype == ANY || machines[i].cpusubtype == (cpusubtype & SUBTYPE)))
            return machines[i].arch;
    return tn_arena_format(arena, "cpu%u-%u", cputype, cpusubtype & SUBTYPE);
}

const char *tn_macho_machine_name(uint32_t cputype)
{
    for (size_t i = 0; i < TN_COUNT(machines); i++)
        if (machines[i].cputype == cputype)
            return machines[i].machine;
    return NULL;
}

/* PLATFORM_ of LC_BUILD_VERSION, by number. */
static const struct {
    const char *name, *os;
} platforms[] = {
    [1] = { "macos", "macos" },
    [2] = { "ios", "ios" },
    [3] = { "tvos", "tvos" },
    [4] = { "watchos", "watchos" },
    [5] = { "bridgeos", "bridgeos" },
    [6] = { "maccatalyst", "macos" },
    [7] = { "ios-simulator", "ios" },
    [8] = { "tvos-simulator", "tvos" },
    [9] = { "watchos-simulator", "watchos" },
    [10] = { "driverkit", "macos" },
    [11] = { "visionos", "visionos" },
    [12] = { "visionos-simulator", "visionos" },
    [13] = { "firmware", NULL },
    [14] = { "sepos", NULL },
};

const char *tn_macho_platform_name(uint32_t platform)
{
    return platform < TN_COUNT(platforms) ? platforms[platform].name : NULL;
}

const char *tn_macho_platform_os(uint32_t platform)
{
    return platform < TN_COUNT(platforms) ? platforms[platform].os : NULL;
}

/* MH_ by bit. */
static const char *const flags_by_bit[32] = {
    [0] = "NOUNDEFS",
    [1] = "INCRLINK",
    [2] = "DYLDLINK",
    [3] = "BINDATLOAD",
    [4] = "PREBOUND",
    [5] = "SPLIT_SEGS",
    [6] = "LAZY_INIT",
    [7] = "TWOLEVEL",
    [8] = "FORCE_FLAT",
    [9] = "NOMULTIDEFS",
    [10] = "NOFIXPREBINDING",
    [11] = "PREBINDABLE",
    [12] = "ALLMODSBOUND",
    [13] = "SUBSECTIONS_VIA_SYMBOLS",
    [14] = "CANONICAL",
    [15] = "WEAK_DEFINES",
    [16] = "BINDS_TO_WEAK",
    [17] = "ALLOW_STACK_EXECUTION",
    [18] = "ROOT_SAFE",
    [19] = "SETUID_SAFE",
    [20] = "NO_REEXPORTED_DYLIBS",
    [21] = "PIE",
    [22] = "DEAD_STRIPPABLE_DYLIB",
    [23] = "MH_HAS_TLV_DESCRIPTORS",
    [24] = "MH_NO_HEAP_EXECUTION",
    [25] = "APP_EXTENSION_SAFE",
    [26] = "NLIST_OUTOFSYNC_WITH_DYLDINFO",
    [27] = "SIM_SUPPORT",
    [28] = "IMPLICIT_PAGEZERO",
    [31] = "DYLIB_IN_CACHE",
};

const char *tn_macho_flag_words(struct tn_arena *arena, uint32_t flags)
{
    const char *words = "";
    for (unsigned bit = 0; words && bit < 32; bit++) {
        const char *space = *words ? " " : "";
        if (!(flags >> bit & 1))
            continue;
        words = flags_by_bit[bit]
                    ? tn_arena_format(arena, "%s%s%s", words, space, flags_by_bit[bit])
                    : tn_arena_format(arena, "%s%s0x%x", words, space, 1u << bit);
    }
    return words;
}

const char *tn_macho_version_text(struct tn_arena *arena, uint32_t version)
{
    unsigned x = version >> 16, y = version >> 8 & 0xff, z = version & 0xff;
    return z ? tn_arena_format(arena, "%u.%u.%u", x, y, z) : tn_arena_format(arena, "%u.%u", x, y);
}
