/* src/find/paths.c - directories by name */
#include <stdlib.h>
#include <unistd.h>

#include "finder.h"

const char *tn_tidy_path(struct tn_arena *arena, const char *path)
{
    size_t size = strlen(path), used = 0;
    char *out = tn_arena_bytes(arena, size + 2);

    if (!out)
        return NULL;
    if (path[0] != '/')
        return tn_arena_string(arena, path);
    while (*path) {
        size_t n;
        while (*path == '/')
            path++;
        n = strcspn(path, "/");
        if (n == 2 && memcmp(path, "..", 2) == 0) {
            while (used > 0 && out[--used] != '/')
                ;
        } else if (n > 0 && !(n == 1 && path[0] == '.')) {
            out[used++] = '/';
            memcpy(out + used, path, n);
            used += n;
        }
        path += n;
    }
    if (used == 0)
        out[used++] = '/';
    out[used] = '\0';
    return out;
}

const char *tn_absolute_path(struct tn_arena *arena, const struct tenon_finder *finder,
                             const char *path)
{
    if (path[0] != '/' && finder->cwd)
        path = tn_arena_format(arena, "%s/%s", finder->cwd, path);
    return path ? tn_tidy_path(arena, path) : NULL;
}

const char *tn_real_path(struct tn_arena *arena, const char *path)
{
    char *real = realpath(path, NULL);
    const char *copy = tn_arena_string(arena, real ? real : path);

    free(real);
    return copy;
}

const char *tn_dir_name(struct tn_arena *arena, const char *path)
{
    const char *slash = strrchr(path, '/');

    if (!slash)
        return tn_arena_string(arena, ".");
    return tn_arena_copy(arena, path, slash == path ? 1 : (size_t)(slash - path));
}

static bool is_component(const char *at, size_t n, const char *word)
{
    return strlen(word) == n && memcmp(at, word, n) == 0;
}

/*
 * The last component called include or lib ends the prefix; the compiler's own directories
 * (PREFIX/lib/gcc/TRIPLE/12/include) are part of where the compiler is. A system without a merged
 * /usr has libraries in /lib whose headers are in /usr.
 */
const char *tn_prefix_of(struct tn_arena *arena, const char *dir)
{
    static const char *const ends[] = { "include", "lib", "lib64", "lib32", "libx32" };
    const char *own = strstr(dir, "/lib/gcc/");
    size_t cut = own ? (size_t)(own - dir) : strlen(dir), at = 0;
    bool found = own;

    while (!own && dir[at]) {
        size_t start = at + (dir[at] == '/'), n = strcspn(dir + start, "/");
        for (size_t i = 0; i < TN_COUNT(ends); i++)
            if (is_component(dir + start, n, ends[i])) {
                cut = at;
                found = true;
            }
        at = start + n;
    }
    if (found && cut == 0)
        return "/usr";
    return tn_arena_copy(arena, dir, cut);
}

const char *tn_find_program(struct tn_arena *arena, const char *name)
{
    const char *path = getenv("PATH");

    if (strchr(name, '/'))
        return name;
    while (path && *path) {
        size_t n = strcspn(path, ":");
        const char *file = tn_arena_format(arena, "%.*s/%s", n ? (int)n : 1, n ? path : ".", name);
        if (!file || access(file, X_OK) == 0)
            return file;
        path += n + (path[n] == ':');
    }
    return NULL;
}
