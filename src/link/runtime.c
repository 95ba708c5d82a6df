/* src/link/runtime.c - which files of a link the compiler brought */
#include "runtime.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* By the start of its name: "crt1.o", "Scrt1.o", "crtbeginS.o", "clang_rt.crtbegin-ARCH.o". */
static bool looks_like_start_file(const char *path)
{
    const char *name = tn_base_name(path), *crt = strstr(name, "crt");
    size_t size = strlen(name);

    if (size < 3 || strcmp(name + size - 2, ".o") != 0 || !crt)
        return false;
    return crt - name <= 2 || strncmp(name, "clang_rt.crt", 12) == 0;
}

static bool is_one_of(const char *name, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

static bool is_named(const struct tn_command *command, const char *path)
{
    return tn_is_among(path, command->named.at, command->named.count);
}

/*
 * Whoever runs ld itself names what a driver would add: only the whole names count there.
 *
 * rule: GCC gcc/config/gnu-user.h, GNU_USER_TARGET_STARTFILE_SPEC and _ENDFILE_SPEC
 */
static bool is_start_file_by_name(const char *path)
{
    static const char *const names[] = { "crt1.o",      "Scrt1.o",     "gcrt1.o",  "grcrt1.o",
                                         "rcrt1.o",     "crti.o",      "crtn.o",   "crtbegin.o",
                                         "crtbeginS.o", "crtbeginT.o", "crtend.o", "crtendS.o" };

    return is_one_of(tn_base_name(path), names, sizeof names / sizeof *names);
}

/* All whole names look like one; the command's files, which may be thousands, are asked last. */
bool tn_runtime_is_start_file(const struct tn_command *command, const char *path)
{
    return looks_like_start_file(path) &&
           (!is_named(command, path) || (command->is_linker && is_start_file_by_name(path)));
}

/* What compiled code calls, and what counts, for each file, how often it runs. */
static bool is_helper(const char *path)
{
    static const char *const names[] = { "libgcc.a",         "libgcc_eh.a",
                                         "libgcov.a",        "libssp_nonshared.a",
                                         "libc_nonshared.a", "libpthread_nonshared.a" };

    return is_one_of(tn_base_name(path), names, sizeof names / sizeof *names);
}

/*
 * ... of clang: what else it adds to a shared library is one for the process.
 *
 * rule: LLVM clang/lib/Driver/ToolChains/CommonArgs.cpp, addProfileRTLibs(), and
 *       collectSanitizerRuntimes(): of sanitizers the "helper" runtimes go into shared libraries
 */
static bool is_clang_helper(const char *path)
{
    static const char *const starts[] = { "libclang_rt.builtins", "libclang_rt.profile",
                                          "libclang_rt.asan_static", "libclang_rt.stats_client" };
    const char *name = tn_base_name(path);

    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
        if (strncmp(name, starts[i], strlen(starts[i])) == 0)
            return true;
    return false;
}

/* The real directory of a file, in the arena; NULL: there is none, or no memory (*lost). */
static const char *directory_of(tenon_world *world, struct tn_arena *arena, const char *path,
                                bool *lost)
{
    int failed = 0;
    char *real = tenon_world_realpath(world, path, &failed);
    char *slash = real ? strrchr(real, '/') : NULL;
    const char *directory = slash ? tn_arena_copy(arena, real, (size_t)(slash - real)) : NULL;

    *lost = (slash && !directory) || (!real && failed == ENOMEM);
    free(real);
    return directory;
}

static bool is_in(const struct tn_runtime *runtime, const char *directory)
{
    for (size_t i = 0; i < runtime->count; i++)
        if (strcmp(runtime->directories[i], directory) == 0)
            return true;
    return false;
}

bool tn_runtime_find(struct tn_runtime *runtime, tenon_world *world, struct tn_arena *arena,
                     const struct tn_command *command, const struct tn_report *report)
{
    enum { MOST = 16 }; /* two or three in any toolchain */
    bool lost = false;

    *runtime =
        (struct tn_runtime){ .directories = tn_arena_rows(arena, MOST, sizeof(const char *)) };
    if (!runtime->directories)
        return false;
    for (size_t i = 0; i < report->count && runtime->count < MOST && !lost; i++) {
        const struct tn_report_row *row = &report->rows[i];
        if (row->kind != TN_REPORT_FILE || !tn_runtime_is_start_file(command, row->file))
            continue;
        const char *directory = directory_of(world, arena, row->file, &lost);
        if (directory && !is_in(runtime, directory))
            runtime->directories[runtime->count++] = directory;
    }
    return !lost;
}

/* Clang's lie in a directory of their own, without start files in most links. */
bool tn_runtime_has(const struct tn_runtime *runtime, tenon_world *world, struct tn_arena *arena,
                    const struct tn_command *command, const char *archive, bool *lost)
{
    bool is_clangs = is_clang_helper(archive);

    if (is_clangs && !is_named(command, archive))
        return true;
    const char *directory =
        is_clangs || is_helper(archive) ? directory_of(world, arena, archive, lost) : NULL;
    return directory && is_in(runtime, directory);
}
