/* src/loader/hwcaps.c - glibc's hardware capability subdirectories */
#include "hwcaps.h"

#include <string.h>

#include "machines.h"

/* rule  glibc sysdeps/ARCH/dl-hwcaps-subdirs.c: best first */
static const struct level_row {
    uint32_t machine;
    const char *levels[TN_HWCAPS_LEVELS];
} level_rows[] = {
    { EM_X86_64, { "x86-64-v4", "x86-64-v3", "x86-64-v2" } },
    { EM_PPC64, { "power10", "power9" } }, /* little-endian only */
    { EM_S390, { "z16", "z15", "z14", "z13" } },
};

/*
 * Legacy capability names with their bits, as far as they do not depend on the processor.
 * rule  glibc 2.36 sysdeps/ARCH/dl-hwcap.h, HWCAP_IMPORTANT
 */
static const struct legacy_row {
    uint32_t machine;
    const char *capability;
    uint64_t bit;
} legacy_rows[] = {
    { EM_X86_64, "x86_64", 1 << 1 },
    { EM_386, "sse2", 1 << 0 },
    { EM_AARCH64, "atomics", 1 << 8 },
};
#define AVX512_1 ((uint64_t)1 << 2)
#define TLS ((uint64_t)1 << 63) /* of every machine */

/* rule  glibc 2.36 sysdeps/x86/dl-procinfo.c, _dl_x86_platforms */
static const struct platform_row {
    uint32_t machine;
    const char *platform;
    uint64_t bit;
} platform_rows[] = {
    { EM_X86_64, "haswell", UINT64_C(4) << 48 },
    { EM_X86_64, "xeon_phi", UINT64_C(8) << 48 },
    { EM_386, "i586", UINT64_C(1) << 48 },
    { EM_386, "i686", UINT64_C(2) << 48 },
};
#define X86_PLATFORMS (UINT64_C(15) << 48)

void tn_hwcaps_levels(uint32_t machine, enum tn_endian endian, const char *level,
                      const char *levels[TN_HWCAPS_LEVELS])
{
    size_t n = 0;
    for (size_t i = 0; i < TN_COUNT(level_rows); i++) {
        if (level_rows[i].machine != machine || (machine == EM_PPC64 && endian == TN_BIG))
            continue;
        bool reached = false;
        for (size_t k = 0; k < TN_HWCAPS_LEVELS && level_rows[i].levels[k]; k++) {
            reached |= strcmp(level_rows[i].levels[k], level) == 0;
            if (reached)
                levels[n++] = level_rows[i].levels[k];
        }
    }
    levels[n] = NULL;
}

unsigned tn_hwcaps_isa_level(uint32_t machine, const char *level)
{
    if (machine != EM_X86_64)
        return 0;
    const char *levels[TN_HWCAPS_LEVELS];
    unsigned n = 1;
    tn_hwcaps_levels(machine, TN_LITTLE, level, levels);
    while (levels[n - 1])
        n++;
    return n;
}

/* Only where the platform is Intel's, too. */
static bool has_avx512_1(uint32_t machine, const char *level, const char *platform)
{
    return platform && strcmp(platform, "haswell") == 0 && tn_hwcaps_isa_level(machine, level) >= 4;
}

#define LEGACY_NAMES 4 /* capability, avx512_1, platform, tls */

/*
 * The power set of `names`, the last name counting most and standing first in each path.
 * rule  glibc 2.36 elf/dl-hwcaps.c, _dl_important_hwcaps()
 */
static bool add_power_set(struct tn_arena *arena, const char *const *names, size_t count,
                          const char **out)
{
    for (unsigned set = (1u << count) - 1; set > 0; set--) {
        char path[64];
        size_t n = 0;
        for (size_t i = count; i-- > 0;) {
            if (!(set >> i & 1))
                continue;
            size_t size = strlen(names[i]);
            if (n + size + 2 > sizeof path)
                return true;
            if (n)
                path[n++] = '/';
            memcpy(path + n, names[i], size);
            n += size;
        }
        if (!(*out++ = tn_arena_copy(arena, path, n)))
            return false;
    }
    return true;
}

const char *const *tn_hwcaps_subdirs(struct tn_arena *arena, uint32_t machine,
                                     enum tn_endian endian, const char *level, const char *platform,
                                     bool legacy)
{
    const char *levels[TN_HWCAPS_LEVELS];
    const char *names[LEGACY_NAMES];
    size_t levels_count = 0, names_count = 0;
    tn_hwcaps_levels(machine, endian, level, levels);
    const char **out = tn_arena_rows(arena, TN_HWCAPS_LEVELS + (1 << LEGACY_NAMES), sizeof *out);
    if (!out)
        return NULL;
    for (; levels[levels_count]; levels_count++)
        if (!(out[levels_count] = tn_arena_format(arena, "glibc-hwcaps/%s", levels[levels_count])))
            return NULL;
    if (!legacy)
        return out;
    for (size_t i = 0; i < TN_COUNT(legacy_rows); i++)
        if (legacy_rows[i].machine == machine)
            names[names_count++] = legacy_rows[i].capability;
    if (has_avx512_1(machine, level, platform))
        names[names_count++] = "avx512_1";
    if (platform && *platform && strlen(platform) < 16)
        names[names_count++] = platform;
    names[names_count++] = "tls";
    return add_power_set(arena, names, names_count, out + levels_count) ? out : NULL;
}

static bool is_word(const char *word, const char *name, size_t size)
{
    return strlen(word) == size && memcmp(word, name, size) == 0;
}

/* rule  glibc 2.36 elf/ldconfig.c, is_hwcap_platform(), path_hwcap() */
uint64_t tn_hwcaps_legacy_bit(uint32_t machine, const char *name, size_t size)
{
    for (size_t i = 0; i < TN_COUNT(legacy_rows); i++)
        if (legacy_rows[i].machine == machine && is_word(legacy_rows[i].capability, name, size))
            return legacy_rows[i].bit;
    for (size_t i = 0; i < TN_COUNT(platform_rows); i++)
        if (platform_rows[i].machine == machine && is_word(platform_rows[i].platform, name, size))
            return platform_rows[i].bit;
    if (machine == EM_X86_64 && is_word("avx512_1", name, size))
        return AVX512_1;
    return is_word("tls", name, size) ? TLS : 0;
}

/* rule  glibc 2.36 elf/dl-cache.c, search_cache() */
struct tn_ldcache_legacy tn_hwcaps_legacy(uint32_t machine, const char *level, const char *platform)
{
    struct tn_ldcache_legacy out = { .capabilities = TLS };
    for (size_t i = 0; i < TN_COUNT(legacy_rows); i++)
        if (legacy_rows[i].machine == machine)
            out.capabilities |= legacy_rows[i].bit;
    if (has_avx512_1(machine, level, platform))
        out.capabilities |= AVX512_1;
    for (size_t i = 0; i < TN_COUNT(platform_rows); i++) {
        if (platform_rows[i].machine != machine)
            continue;
        out.platforms = X86_PLATFORMS;
        if (platform && strcmp(platform, platform_rows[i].platform) == 0)
            out.platform = platform_rows[i].bit;
    }
    return out;
}
