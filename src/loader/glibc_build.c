/*
 * src/loader/glibc_build.c - what one build of glibc was configured with
 *
 * rule  glibc elf/dl-load.c, system_dirs[]: consecutive strings, each a directory with a trailing
 *       '/'; elf/dl-cache.c, LD_SO_CACHE; elf/rtld.c, preload_file; version.c, the banner
 */
#include "glibc_build.h"

#include <errno.h>
#include <string.h>

#include "machines.h"

#define LOADER_SIZE_LIMIT (8u << 20) /* an ld.so is a fifth of a MiB */

static bool is_path_char(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != 0 && strchr("/._+-", c));
}

/* The size of a string "/.../" at `at`, 0 when there is none. */
static size_t directory_at(struct tn_view file, size_t at)
{
    size_t n = 0;
    while (n < file.size - at && is_path_char(file.at[at + n]))
        n++;
    bool ends = n < file.size - at && file.at[at + n] == 0;
    return n > 1 && ends && file.at[at] == '/' && file.at[at + n - 1] == '/' ? n : 0;
}

#define SYSTEM_DIRS_ROOM 16

/*
 * Two or more directories in a row, the first at the start of a string: no other place is so.
 * *out stays NULL when there is none; false: no memory.
 */
static bool find_system_dirs(struct tn_view file, struct tn_arena *arena,
                             const struct tn_dirs **out)
{
    for (size_t i = 1; i < file.size; i++) {
        const uint8_t *slash = memchr(file.at + i, '/', file.size - i);
        if (!slash)
            break;
        i = (size_t)(slash - file.at);
        const char *dirs[SYSTEM_DIRS_ROOM];
        size_t count = 0, at = i, size;
        if (file.at[i - 1] != 0)
            continue;
        while (count < SYSTEM_DIRS_ROOM && at < file.size && (size = directory_at(file, at))) {
            if (!(dirs[count++] = tn_arena_copy(arena, file.at + at, size - 1)))
                return false;
            at += size + 1;
        }
        if (count >= 2)
            return (*out = tn_dirs_from(arena, dirs, count)) != NULL;
    }
    return true;
}

/*
 * Where these bytes stand, at or behind `from`; NULL: nowhere. Programs hold few bytes like the
 * first of ours, so that memchr() passes over most of them at once.
 */
static const uint8_t *find_bytes(struct tn_view file, size_t from, const char *bytes, size_t size)
{
    while (from < file.size && size <= file.size - from) {
        const uint8_t *hit = memchr(file.at + from, bytes[0], file.size - from - size + 1);
        if (!hit || memcmp(hit, bytes, size) == 0)
            return hit;
        from = (size_t)(hit - file.at) + 1;
    }
    return NULL;
}

/* The whole string with this end; *out stays as it is when there is none. false: no memory. */
static bool find_path(struct tn_view file, struct tn_arena *arena, const char *suffix,
                      const char **out)
{
    size_t size = strlen(suffix) + 1;
    for (size_t from = 0; from < file.size;) {
        const uint8_t *hit = find_bytes(file, from, suffix, size);
        if (!hit)
            break;
        size_t start = (size_t)(hit - file.at);
        from = start + 1;
        while (start > 0 && is_path_char(file.at[start - 1]))
            start--;
        if (file.at[start] == '/' && (start == 0 || file.at[start - 1] == 0))
            return (*out = tn_arena_copy(arena, file.at + start,
                                         (size_t)(hit - (file.at + start)) + size - 1)) != NULL;
    }
    return true;
}

static unsigned find_minor(struct tn_view file)
{
    static const char before[] = " version 2.";
    const uint8_t *hit = find_bytes(file, 0, before, sizeof before - 1);
    unsigned minor = 0;
    if (hit)
        for (const uint8_t *p = hit + sizeof before - 1;
             p < file.at + file.size && *p >= '0' && *p <= '9' && minor < 1000; p++)
            minor = minor * 10 + (unsigned)(*p - '0');
    return minor;
}

/* What to believe when ld.so itself is not there. rule  reference manuals; glibc SYSTEM_DIRS */
static const struct {
    uint32_t machine;
    unsigned word;
    uint32_t flags_mask, flags;
    const char *multiarch, *lib;
} tables[] = {
    { EM_X86_64, 8, 0, 0, "x86_64-linux-gnu", "lib64" },
    { EM_X86_64, 4, 0, 0, "x86_64-linux-gnux32", "libx32" },
    { EM_386, 4, 0, 0, "i386-linux-gnu", "lib" },
    { EM_AARCH64, 8, 0, 0, "aarch64-linux-gnu", "lib64" },
    { EM_ARM, 4, 0x400, 0x400, "arm-linux-gnueabihf", "lib" },
    { EM_ARM, 4, 0, 0, "arm-linux-gnueabi", "lib" },
    { EM_PPC64, 8, 3, 2, "powerpc64le-linux-gnu", "lib64" },
    { EM_PPC64, 8, 0, 0, "powerpc64-linux-gnu", "lib64" },
    { EM_PPC, 4, 0, 0, "powerpc-linux-gnu", "lib" },
    { EM_S390, 8, 0, 0, "s390x-linux-gnu", "lib64" },
    { EM_S390, 4, 0, 0, "s390-linux-gnu", "lib" },
    { EM_RISCV, 8, 6, 4, "riscv64-linux-gnu", "lib64/lp64d" },
    { EM_RISCV, 8, 0, 0, "riscv64-linux-gnu", "lib64/lp64" },
    { EM_LOONGARCH, 8, 0, 0, "loongarch64-linux-gnu", "lib64" },
    { EM_SPARCV9, 8, 0, 0, "sparc64-linux-gnu", "lib64" },
    { EM_MIPS, 8, 0, 0, "mips64el-linux-gnuabi64", "lib64" },
    { EM_MIPS, 4, 0x20, 0x20, "mips64el-linux-gnuabin32", "lib32" },
    { EM_MIPS, 4, 0, 0, "mipsel-linux-gnu", "lib" },
    { EM_68K, 4, 0, 0, "m68k-linux-gnu", "lib" },
    { EM_PARISC, 4, 0, 0, "hppa-linux-gnu", "lib" },
    { EM_SH, 4, 0, 0, "sh4-linux-gnu", "lib" },
    { EM_ALPHA, 8, 0, 0, "alpha-linux-gnu", "lib" },
};

static bool from_table(tenon_world *world, struct tn_arena *arena, uint32_t machine, unsigned word,
                       uint32_t e_flags, struct tn_glibc_build *out)
{
    const char *multiarch = NULL, *lib = word == 8 ? "lib64" : "lib";
    for (size_t i = 0; i < TN_COUNT(tables); i++) {
        if (tables[i].machine == machine && tables[i].word == word &&
            (e_flags & tables[i].flags_mask) == tables[i].flags) {
            multiarch = tables[i].multiarch;
            lib = tables[i].lib;
            break;
        }
    }
    const char *dirs[4];
    size_t count = 0;
    tenon_file_info info;
    const char *first = multiarch ? tn_arena_format(arena, "/usr/lib/%s", multiarch) : NULL;
    int error = first ? tenon_world_stat(world, first, &info) : ENOENT;
    if (error == ENOMEM || (multiarch && !first))
        return false;
    if (error == 0) { /* Debian and its children */
        dirs[count++] = first + 4;
        dirs[count++] = first;
        dirs[count++] = "/lib";
        dirs[count++] = "/usr/lib";
        out->lib = first + 5;
    } else {
        const char *usr = tn_arena_format(arena, "/usr/%s", lib);
        if (!usr)
            return false;
        dirs[count++] = usr + 4;
        dirs[count++] = usr;
        out->lib = lib;
    }
    return (out->system_dirs = tn_dirs_from(arena, dirs, count)) != NULL;
}

/* A file that has neither glibc's banner nor the path of a cache is another loader (musl's). */
static bool from_file(struct tn_view file, struct tn_arena *arena, struct tn_glibc_build *out)
{
    const char *cache = NULL;
    out->minor = find_minor(file);
    if (!find_path(file, arena, "/ld.so.cache", &cache))
        return false;
    if (!cache && !out->minor)
        return true;
    if (cache)
        out->cache = cache;
    if (!find_path(file, arena, "/ld.so.preload", &out->preload) ||
        !find_system_dirs(file, arena, &out->system_dirs))
        return false;
    if (out->system_dirs) /* DL_DST_LIB is the last part of the first one: slibdir */
        out->lib = out->system_dirs->at[0].dir + 1;
    return true;
}

static const struct tn_glibc_build usual = { .cache = "/etc/ld.so.cache",
                                             .preload = "/etc/ld.so.preload" };

/*
 * What the constants of the file say, which are a fifth of it: *all when nothing is missing, or
 * nothing can be read. false: no memory.
 */
static bool from_constants(tenon_world *world, const char *path, struct tn_arena *arena,
                           struct tn_glibc_build *out, bool *all)
{
    struct tn_arena scratch = { 0 };
    struct tn_file file;
    int error = tn_file_open(world, path, &scratch, &file);
    bool good = error != ENOMEM;
    *out = usual;
    *all = error != 0;
    if (!error) {
        struct tn_view constants = tn_elf_constants(&file);
        good = !constants.size || from_file(constants, arena, out);
        *all = out->minor && out->system_dirs && out->cache != usual.cache &&
               out->preload != usual.preload;
        tn_file_close(&file);
    }
    tn_arena_free(&scratch);
    return good;
}

bool tn_glibc_build_read(tenon_world *world, struct tn_arena *arena, const char *interpreter,
                         uint32_t machine, unsigned word, uint32_t e_flags,
                         struct tn_glibc_build *out)
{
    struct tn_arena scratch = { 0 };
    struct tn_view file;
    bool all;
    if (!from_constants(world, interpreter, arena, out, &all))
        return false;
    if (!all) {
        *out = usual;
        int error = tn_file_whole(world, interpreter, LOADER_SIZE_LIMIT, &scratch, &file);
        bool good = error == 0 ? from_file(file, arena, out) : error != ENOMEM;
        tn_arena_free(&scratch);
        if (!good)
            return false;
    }
    return out->system_dirs || from_table(world, arena, machine, word, e_flags, out);
}
