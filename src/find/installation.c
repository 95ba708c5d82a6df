/* src/find/installation.c - which installation a file is part of */
#include "steps.h"

bool tn_is_below(struct tn_arena *arena, const char *path, const char *dir)
{
    size_t size = strlen(dir);

    if (strncmp(path, dir, size) == 0 && (path[size] == '/' || path[size] == '\0'))
        return true;
    const char *real_path = tn_real_path(arena, path), *real_dir = tn_real_path(arena, dir);
    if (!real_path || !real_dir)
        return false;
    size = strlen(real_dir);
    return strncmp(real_path, real_dir, size) == 0 && real_path[size] == '/';
}

bool tn_same_prefix(struct tn_arena *arena, const char *a, const char *b)
{
    if (strcmp(a, b) == 0)
        return true;
    const char *real_a = tn_real_path(arena, a), *real_b = tn_real_path(arena, b);
    return real_a && real_b && strcmp(real_a, real_b) == 0;
}

/* PREFIX of a file among headers or libraries. */
const char *tn_file_prefix(struct tn_arena *arena, const char *path)
{
    const char *dir = tn_dir_name(arena, path);

    return dir ? tn_prefix_of(arena, dir) : NULL;
}

/* A file without its links, where one leads to another installation (/lib is /usr/lib). */
static const char *real_prefix(struct tn_arena *arena, const char *path)
{
    const char *dir = tn_dir_name(arena, path);
    const char *real = dir ? tn_real_path(arena, dir) : NULL;

    return real ? tn_prefix_of(arena, real) : NULL;
}

bool tn_is_of_one(struct tn_arena *arena, const char *header, const char *library)
{
    const char *a = tn_file_prefix(arena, header), *b = tn_file_prefix(arena, library);
    const char *real_a = real_prefix(arena, header), *real_b = real_prefix(arena, library);

    return a && b && real_a && real_b && (strcmp(a, b) == 0 || strcmp(real_a, real_b) == 0);
}
