/*
 * src/find/flags.c - switches that link with a library, and that make one
 *
 * rules: GNU ld and lld -rpath, -soname; Solaris and NetBSD ld -R, -h; ld64 -install_name; HP-UX
 * ld +b; AIX ld -blibpath
 */
#include "flags.h"

#include <stdio.h>
#include <stdlib.h>

#include "fail.h"
#include "loader_dirs.h"
#include "passed.h"
#include "platforms.h"
#include "quote.h"
#include "text.h"
#include "view.h"

bool tn_add_joined(struct tn_words *words, struct tn_arena *arena, const char *prefix,
                   const char *rest)
{
    const char *word = tn_arena_format(arena, "%s%s", prefix, rest);

    return word && tn_words_add(words, word);
}

bool tn_join_apart(struct tn_words *words, struct tn_arena *arena)
{
    static const char *const switches[] = { "-I", "-L", "-l", "-F", "-D", "-U" };
    size_t kept = 0;

    for (size_t i = 0; i < words->count; i++) {
        const char *word = words->at[i];
        if (i + 1 < words->count && tn_is_among(word, switches, TN_COUNT(switches)))
            word = tn_arena_format(arena, "%s%s", word, words->at[++i]);
        if (!word)
            return false;
        words->at[kept++] = word;
    }
    words->count = kept;
    return true;
}

bool tn_add_run_path(struct tn_words *words, struct tn_arena *arena, const char *flag,
                     const char *dir)
{
    if (!strchr(dir, ',')) {
        const char *word = tn_arena_format(arena, "-Wl,%s,%s", flag, dir);
        return word && tn_words_add(words, word);
    }
    const char *joined =
        tn_arena_format(arena, "%s%s%s", flag, strcmp(flag, "-R") == 0 ? "" : "=", dir);
    return joined && tn_words_add(words, "-Xlinker") && tn_words_add(words, joined);
}

/* rule  GNU ld (ELF, PE, a.out), gold, lld, mold; Solaris ld(1): -B static, -B dynamic */
bool tn_archives_alone(const tenon_platform *platform, const char **begin, const char **end)
{
    *begin = "-Wl,-Bstatic";
    *end = "-Wl,-Bdynamic";
    return platform->recording == TENON_RECORDS_RUN_PATH ||
           tn_list_has("PE a.out NA", platform->shlib_type);
}

static bool is_yes(const tenon_settings *settings, const char *name)
{
    const char *value = tenon_settings_get(settings, name);

    return value && strcmp(value, "yes") == 0;
}

/* The user's LDFLAGS may replace what -L would record: then by a list with `dir` in it. */
static bool add_replacing(struct tn_words *words, struct tn_arena *arena,
                          const tenon_platform *platform, const tenon_settings *settings,
                          const char *dir, bool *replaced)
{
    const char *ldflags = tenon_settings_get(settings, "LDFLAGS");
    struct tn_words own = { 0 }, lists = { 0 };
    bool good = !ldflags || (tn_split_shell(&own, arena, ldflags) &&
                             tn_record_dir(&own, arena, platform, dir, &lists));

    for (size_t i = 0; good && i < lists.count; i++)
        good = tn_add_list(words, arena, platform, lists.at[i]);
    *replaced = lists.count > 0;
    tn_words_free(&own);
    tn_words_free(&lists);
    return good;
}

/* The user's LDFLAGS do not forbid what programs would have recorded. */
static bool check_ldflags(const tenon_platform *platform, const tenon_settings *settings,
                          const char *dir, tenon_error *err)
{
    const char *ldflags = tenon_settings_get(settings, "LDFLAGS");
    struct tn_words own = { 0 };
    struct tn_arena arena = { 0 };
    bool good = !ldflags || tn_split_shell(&own, &arena, ldflags) || tn_no_memory(err);

    good = good && tn_check_ldflags(platform, &own, dir, err);
    tn_words_free(&own);
    tn_arena_free(&arena);
    return good;
}

/*
 * The loader looks into `dir` on its own. On this process's own platform its loader says so, with
 * what it was built for; of others the table.
 */
static bool ask_loader(const tenon_platform *platform, const char *dir, bool *loads,
                       tenon_error *err)
{
    struct tn_arena arena = { 0 };
    struct tn_words dirs = { 0 };
    bool known, good;
    tenon_world *world = tenon_world_host(err);

    if (!world)
        return false;
    tenon_world_clear_env(world);
    good = tn_loader_dirs(world, &arena, platform, "/proc/self/exe", &dirs, &known, err);
    *loads = good && (known ? tn_is_loader_dir(world, &arena, &dirs, dir)
                            : tn_platform_loads_from(platform, dir));
    tn_words_free(&dirs);
    tn_arena_free(&arena);
    tenon_world_free(world);
    return good;
}

/* A run path, or a list of directories. */
static bool has_list(const tenon_platform *platform, const tenon_settings *settings, bool loads)
{
    switch (platform->recording) {
    case TENON_RECORDS_NOTHING:
    case TENON_RECORDS_INSTALL_NAME: return false;
    case TENON_RECORDS_RUN_PATH: return is_yes(settings, "ELF_RPATH") && !loads;
    default: return true;
    }
}

/* What must stand beside -L so that the program finds the library in `dir`. */
static bool add_recording(struct tn_words *words, struct tn_arena *arena,
                          const tenon_platform *platform, const tenon_settings *settings,
                          const char *dir, bool loads)
{
    bool replaced;

    if (!add_replacing(words, arena, platform, settings, dir, &replaced))
        return false;
    if (replaced)
        return true;
    if (platform->recording == TENON_RECORDS_PLUS_B)
        return tn_add_list(words, arena, platform, dir);
    if (!is_yes(settings, "ELF_RPATH") || loads)
        return true;
    return tn_add_run_path(words, arena, tenon_settings_get(settings, "RPATH_FLAG"), dir);
}

bool tn_check_library_name(const char *name, tenon_error *err)
{
    char shown[TN_QUOTE_ROOM];

    if (name && *name && *name != '-' && !strpbrk(name, "/ \t\n'\"\\$") && strcmp(name, ".") != 0 &&
        strcmp(name, "..") != 0)
        return true;
    return tn_fail(err, TENON_E_ARGUMENT, "%s is no name of a library",
                   tn_quote(shown, name ? name : ""));
}

/* The joined words for the caller to free(); ends words and arena. */
static char *finish(struct tn_words *words, struct tn_arena *arena, bool good, tenon_error *err)
{
    const char *joined = good ? tn_join_shell(arena, words) : NULL;
    char *copy = joined ? strdup(joined) : NULL;

    if (!copy)
        tn_no_memory(err);
    tn_words_free(words);
    tn_arena_free(arena);
    return copy;
}

/* -lNAME; where shared libraries do not count the linker must not take one that lies there. */
static bool add_library(struct tn_words *words, struct tn_arena *arena,
                        const tenon_platform *platform, bool is_static, const char *name)
{
    const char *begin, *end;
    bool wraps = tn_archives_alone(platform, &begin, &end) && is_static;

    return (!wraps || tn_words_add(words, begin)) && tn_add_joined(words, arena, "-l", name) &&
           (!wraps || tn_words_add(words, end));
}

static char *link_flags(const tenon_platform *platform, const tenon_settings *settings,
                        const char *name, const char *dir, tenon_error *err)
{
    const tenon_platform *row = tn_platform_in_force(platform, settings);
    struct tn_words words = { 0 };
    struct tn_arena arena = { 0 };
    bool loads = false;

    if (!tn_check_library_name(name, err) || !tn_check_recorded_dir(row, dir, err) ||
        !check_ldflags(row, settings, dir, err) ||
        (is_yes(settings, "ELF_RPATH") && !ask_loader(platform, dir, &loads, err)) ||
        (has_list(row, settings, loads) && !tn_check_run_path_dir(platform, dir, err)))
        return NULL;
    bool good = tn_add_joined(&words, &arena, "-L", dir) &&
                add_recording(&words, &arena, row, settings, dir, loads) &&
                add_library(&words, &arena, platform, row != platform, name);

    return finish(&words, &arena, good, err);
}

char *tenon_link_flags(const tenon_platform *platform, const tenon_settings *settings,
                       const char *name, const char *dir, tenon_error *err)
{
    tenon_settings *settled = tn_settings_settled(settings, platform, err);
    char *flags = settled ? link_flags(platform, settled, name, dir, err) : NULL;

    tenon_settings_free(settled);
    return flags;
}

/* Up to three numbers separated by dots; the count of them, 0: not such a version. */
static int read_version(const char *version, unsigned long number[3])
{
    int count = 0;

    for (;;) {
        char *end;
        if (*version < '0' || *version > '9' || count == 3)
            return 0;
        number[count++] = strtoul(version, &end, 10);
        if (number[count - 1] > 65535)
            return 0;
        if (*end == '\0')
            return count;
        if (*end != '.')
            return 0;
        version = end + 1;
    }
}

/* The own name has the first number alone: what a program needs is any of the same major. */
static bool add_elf(struct tn_words *words, struct tn_arena *arena, const tenon_platform *platform,
                    const char *name, const unsigned long *version, int count)
{
    /* rule  Android's linker and packages know no versions in file names */
    bool versions = count > 0 && strcmp(platform->name, "android") != 0;
    bool solaris = strcmp(platform->name, "solaris") == 0;
    bool openbsd = strcmp(platform->name, "openbsd") == 0;
    const char *own = !versions ? tn_arena_format(arena, "lib%s.so", name)
                      : openbsd ? tn_arena_format(arena, "lib%s.so.%lu.%lu", name, version[0],
                                                  count > 1 ? version[1] : 0)
                                : tn_arena_format(arena, "lib%s.so.%lu", name, version[0]);

    return own && tn_words_add(words, "-shared") && tn_words_add(words, "-fPIC") &&
           tn_add_joined(words, arena, solaris ? "-Wl,-h," : "-Wl,-soname,", own);
}

static bool add_macho(struct tn_words *words, struct tn_arena *arena, const char *name,
                      const char *dir, const char *version, const unsigned long *number, int count)
{
    const char *path = count ? tn_arena_format(arena, "%s/lib%s.%lu.dylib", dir, name, number[0])
                             : tn_arena_format(arena, "%s/lib%s.dylib", dir, name);
    char major[32];

    if (!path || !tn_words_add(words, "-dynamiclib") || !tn_words_add(words, "-install_name") ||
        !tn_words_add(words, path))
        return false;
    if (!count)
        return true;
    const char *own = tn_arena_string(arena, version);
    snprintf(major, sizeof major, "%lu", number[0]);
    const char *compatible = tn_arena_string(arena, major);
    return own && compatible && tn_words_add(words, "-compatibility_version") &&
           tn_words_add(words, compatible) && tn_words_add(words, "-current_version") &&
           tn_words_add(words, own);
}

/*
 * rule  GNU ld for PE: --out-implib writes the library that others link with, which names the DLL
 * by its file; code is position independent anyway
 */
static bool add_pe(struct tn_words *words, struct tn_arena *arena, const char *name)
{
    const char *const passed[] = { "--out-implib", tn_arena_format(arena, "lib%s.dll.a", name) };

    return passed[1] && tn_words_add(words, "-shared") &&
           tn_add_passed(words, arena, passed, TN_COUNT(passed));
}

const char *tn_dll_name(struct tn_arena *arena, const tenon_platform *platform, const char *name,
                        const char *version)
{
    const char *prefix = strcmp(platform->name, "cygwin") == 0 ? "cyg" : "lib";
    unsigned long number[3];

    if (version && read_version(version, number))
        return tn_arena_format(arena, "%s%s-%lu.dll", prefix, name, number[0]);
    return tn_arena_format(arena, "%s%s.dll", prefix, name);
}

/* Why none may be made; NULL: it may. */
static const char *refusal(const tenon_platform *platform, const tenon_settings *settings)
{
    const char *type = tenon_settings_get(settings, "SHLIB_TYPE");

    if (strcmp(type, "NA") == 0)
        return "SHLIB_TYPE is NA: there are no shared libraries";
    if (strcmp(type, platform->shlib_type) != 0)
        return "SHLIB_TYPE is not the platform's own: how one is made is not known";
    if (is_yes(settings, "SHLIB_CREATE"))
        return NULL;
    return platform->no_shared ? platform->no_shared : "SHLIB_CREATE is no";
}

static char *shared_flags(const tenon_platform *platform, const tenon_settings *settings,
                          const char *name, const char *dir, const char *version, tenon_error *err)
{
    char shown[TN_QUOTE_ROOM];
    struct tn_words words = { 0 };
    struct tn_arena arena = { 0 };
    unsigned long number[3] = { 0 };
    int count = version ? read_version(version, number) : 0;
    const char *why = refusal(platform, settings);
    bool good = false;

    if (!tn_check_library_name(name, err))
        return NULL;
    if (why) {
        tn_fail(err, TENON_E_UNSUPPORTED, "no shared library is to be made on %s: %s",
                platform->describe, why);
        return NULL;
    }
    if (version && !count) {
        tn_fail(err, TENON_E_ARGUMENT,
                "the version is %s; it has one to three numbers up to 65535, separated by dots",
                tn_quote(shown, version));
        return NULL;
    }
    if (strcmp(platform->shlib_type, "MachO") == 0 && dir[0] != '/' && dir[0] != '@') {
        tn_fail(err, TENON_E_ARGUMENT, "the directory is %s; an install name is absolute",
                tn_quote(shown, dir));
        return NULL;
    }
    switch (platform->recording) {
    case TENON_RECORDS_RUN_PATH:
        good = add_elf(&words, &arena, platform, name, number, count);
        break;
    case TENON_RECORDS_INSTALL_NAME:
        good = add_macho(&words, &arena, name, dir, version, number, count);
        break;
    case TENON_RECORDS_NOTHING: /* a.out: the file name alone has the version */
        good = strcmp(platform->shlib_type, "PE") == 0
                   ? add_pe(&words, &arena, name)
                   : tn_words_add(&words, "-shared") && tn_words_add(&words, "-fPIC");
        break;
    default: /* made only where the user says SHLIB_CREATE=yes */
        tn_fail(err, TENON_E_UNSUPPORTED, "how a shared library is made on %s is not known",
                platform->describe);
        tn_words_free(&words);
        return NULL;
    }
    return finish(&words, &arena, good, err);
}

char *tenon_shared_flags(const tenon_platform *platform, const tenon_settings *settings,
                         const char *name, const char *dir, const char *version, tenon_error *err)
{
    tenon_settings *settled = tn_settings_settled(settings, platform, err);
    char *flags = settled ? shared_flags(platform, settled, name, dir, version, err) : NULL;

    tenon_settings_free(settled);
    return flags;
}
