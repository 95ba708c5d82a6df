/* src/base/world_host.c - what the running process knows: environment, directory, processor */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#if defined __x86_64__ && __has_include(<sys/platform/x86.h>) /* glibc 2.33 */
#include <sys/platform/x86.h>
#define TN_GLIBC_KNOWS_CPU
#endif

#if defined __x86_64__ || defined __i386__
#include <cpuid.h>
#define TN_HAS_CPUID
#endif

#include "fail.h"
#include "view.h"
#include "world_private.h"

#if defined __x86_64__ && defined TN_GLIBC_KNOWS_CPU

/*
 * rule: x86-64 psABI, "Micro-Architecture Levels"; each level contains the ones before it. Asked
 * is glibc, as its loader does when it chooses directories: it knows what the system supports and
 * what the user switched off, and cpuid itself is slow in a virtual machine.
 */
static const struct {
    const char *name;
    uint8_t count;
    uint16_t features[8];
} levels[] = {
    { "x86-64-v2",
      7,
      { x86_cpu_CMPXCHG16B, x86_cpu_LAHF64_SAHF64, x86_cpu_POPCNT, x86_cpu_SSE3, x86_cpu_SSE4_1,
        x86_cpu_SSE4_2, x86_cpu_SSSE3 } },
    { "x86-64-v3",
      8,
      { x86_cpu_AVX, x86_cpu_AVX2, x86_cpu_BMI1, x86_cpu_BMI2, x86_cpu_F16C, x86_cpu_FMA,
        x86_cpu_LZCNT, x86_cpu_MOVBE } },
    { "x86-64-v4",
      5,
      { x86_cpu_AVX512F, x86_cpu_AVX512BW, x86_cpu_AVX512CD, x86_cpu_AVX512DQ, x86_cpu_AVX512VL } },
};

/* As glibc's x86_cpu_active(), which shifts a 1 into the sign of an int. */
static bool is_active(unsigned feature)
{
    const unsigned leaf_bits = 4 * 32; /* four registers of cpuid */
    const struct cpuid_feature *leaf = __x86_get_cpuid_feature_leaf(feature / leaf_bits);

    return leaf->active_array[feature % leaf_bits / 32] >> feature % 32 & 1;
}

static const char *cpu_level(void)
{
    const char *best = "";

    for (size_t i = 0; i < TN_COUNT(levels); i++) {
        for (size_t k = 0; k < levels[i].count; k++)
            if (!is_active(levels[i].features[k]))
                return best;
        best = levels[i].name;
    }
    return best;
}

#elif defined __s390x__ || (defined __powerpc64__ && defined __LITTLE_ENDIAN__)

/* Here the kernel's platform string has the names of the levels, lowest first. */
static const char *cpu_level(void)
{
    static const char *const levels[] = {
#if defined __s390x__
        "z13",
        "z14",
        "z15",
        "z16",
#else
        "power9",
        "power10",
#endif
    };
    const char *platform = (const char *)getauxval(AT_PLATFORM);

    for (size_t i = 0; platform && i < TN_COUNT(levels); i++)
        if (strcmp(platform, levels[i]) == 0)
            return levels[i];
    return "";
}

#else

/* rule: glibc has no levels for other architectures, and other loaders have none at all */
static const char *cpu_level(void)
{
    return "";
}

#endif

/* rule: Intel and AMD manuals, CPUID leaf 0: twelve letters in EBX, EDX, ECX */
const char *tn_system_vendor(void)
{
#ifdef TN_HAS_CPUID
    static const struct {
        char letters[13];
        const char *name;
    } vendors[] = { { "GenuineIntel", "intel" }, { "AuthenticAMD", "amd" } };
    unsigned most, b = 0, c = 0, d = 0;
    char letters[12];

    if (__get_cpuid(0, &most, &b, &c, &d)) {
        memcpy(letters, &b, 4);
        memcpy(letters + 4, &d, 4);
        memcpy(letters + 8, &c, 4);
        for (size_t i = 0; i < TN_COUNT(vendors); i++)
            if (memcmp(letters, vendors[i].letters, sizeof letters) == 0)
                return vendors[i].name;
    }
#endif
    return "";
}

static bool copy_environment(tenon_world *world)
{
    size_t count = 0;

    while (environ && environ[count])
        count++;
    world->env.at = calloc(count + 1, sizeof *world->env.at);
    if (!world->env.at)
        return false;
    world->env.capacity = count + 1;
    for (size_t i = 0; i < count; i++) {
        size_t size = strlen(environ[i]) + 1;
        char *copy = malloc(size);
        if (!copy)
            return false;
        memcpy(copy, environ[i], size);
        world->env.at[world->env.count++] = copy;
    }
    return true;
}

/* Where there is no path to the current directory (it was removed), "/" stands for it. */
static bool copy_cwd(tenon_world *world)
{
    char path[TN_LIMIT_PATH];

    if (!getcwd(path, sizeof path) || path[0] != '/')
        return true;
    size_t size = strlen(path) + 1;
    world->cwd = malloc(size);
    if (!world->cwd)
        return false;
    memcpy(world->cwd, path, size);
    return true;
}

bool tn_host_facts(tenon_world *world, tenon_error *err)
{
    const char *platform = (const char *)getauxval(AT_PLATFORM);

    if (!copy_environment(world) || !copy_cwd(world))
        return tn_no_memory(err);
    return tenon_world_set_cpu(world, cpu_level(), err) &&
           tenon_world_set_platform(world, platform ? platform : "", err);
}
