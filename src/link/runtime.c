/* src/link/runtime.c - which files of a link the compiler brought */
#include "runtime.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* rule: GCC "crt1.o", "Scrt1.o", "rcrt1.o", "crtbeginS.o"; compiler-rt "clang_rt.crtbegin-ARCH.o"
 */
bool tn_runtime_is_start_file(const char *path)
{
    const char *name = tn_base_name(path), *crt = strstr(name, "crt");
    size_t size = strlen(name);

    if (size < 3 || strcmp(name + size - 2, ".o") != 0 || !crt)
        return false;
    return crt - name <= 2 || strncmp(name, "clang_rt.crt", 12) == 0;
}

static bool is_helper(const char *path)
{
    static const char *const names[] = { "libgcc.a", "libgcc_eh.a", "libc_nonshared.a",
                                         "libpthread_nonshared.a" };
    static const char builtins[] = "libclang_rt.builtins";
    const char *name = tn_base_name(path);

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return strncmp(name, builtins, sizeof builtins - 1) == 0;
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
        if (row->kind != TN_REPORT_FILE || !tn_runtime_is_start_file(row->file) ||
            tn_is_among(row->file, command->named.at, command->named.count))
            continue;
        const char *directory = directory_of(world, arena, row->file, &lost);
        if (directory && !is_in(runtime, directory))
            runtime->directories[runtime->count++] = directory;
    }
    return !lost;
}

bool tn_runtime_has(const struct tn_runtime *runtime, tenon_world *world, struct tn_arena *arena,
                    const char *archive, bool *lost)
{
    const char *directory = is_helper(archive) ? directory_of(world, arena, archive, lost) : NULL;

    return directory && is_in(runtime, directory);
}
