/* src/find/guess_headers.c - which headers a library may have by their names, when nobody says */
#include "hunt.h"

/* The name without the version at its end: "png16" "png", "pcre2-8" "pcre2", "gtk-3" "gtk". */
const char *tn_without_version(struct tn_arena *arena, const char *name)
{
    size_t size = strlen(name);

    while (size > 0 && strchr("0123456789.-", name[size - 1]))
        size--;
    return size ? tn_arena_copy(arena, name, size) : tn_arena_string(arena, name);
}

bool tn_headers_like(tenon_world *world, struct tn_arena *arena, const struct tn_words *dirs,
                     const char *name, struct tn_words *headers)
{
    const char *bare = tn_without_version(arena, name);
    const char *const names[] = { name, bare };
    static const char *const shapes[][3] = { { "", NULL, ".h" }, { "lib", NULL, ".h" } };

    for (size_t i = 0; bare && i < dirs->count; i++)
        for (size_t k = 0; k < TN_COUNT(names) * (TN_COUNT(shapes) + 1); k++) {
            const char *word = names[k % 2], *header;
            tenon_file_info info;
            header = k / 2 < TN_COUNT(shapes)
                         ? tn_arena_format(arena, "%s%s.h", shapes[k / 2][0], word)
                         : tn_arena_format(arena, "%s/%s.h", word, word);
            const char *path = header ? tn_arena_format(arena, "%s/%s", dirs->at[i], header) : NULL;
            if (!path)
                return false;
            if (tenon_world_stat(world, path, &info) == 0 && info.type == TENON_FILE_REGULAR &&
                !tn_is_among(header, headers->at, headers->count) && !tn_words_add(headers, header))
                return false;
        }
    return bare;
}
