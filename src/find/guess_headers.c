/*
 * src/find/guess_headers.c - which headers a library may have, when nobody says
 *
 * rule: dpkg: one path a line in /var/lib/dpkg/info/PACKAGE.list
 */
#include <errno.h>
#include <stdlib.h>

#include "file.h"
#include "hunt.h"
#include "limits.h"

#define DPKG_INFO "/var/lib/dpkg/info"
#define BEST 6u /* headers that are tried */

/* The name without the version at its end: "png16" "png", "pcre2-8" "pcre2", "gtk-3" "gtk". */
static const char *without_version(struct tn_arena *arena, const char *name)
{
    size_t size = strlen(name);

    while (size > 0 && strchr("0123456789.-", name[size - 1]))
        size--;
    return size ? tn_arena_copy(arena, name, size) : tn_arena_string(arena, name);
}

bool tn_headers_like(tenon_world *world, struct tn_arena *arena, const struct tn_words *dirs,
                     const char *name, struct tn_words *headers)
{
    const char *bare = without_version(arena, name);
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

/* ---- packages -------------------------------------------------------------------------------- */

struct owner {
    tenon_world *world;
    struct tn_arena *arena;
    const char *wanted[2]; /* the path with and without /usr, a newline behind */
    const char *package, *list;
};

static bool has_line(const char *text, const char *line)
{
    const char *at = line ? strstr(text, line) : NULL;

    return at && (at == text || at[-1] == '\n');
}

static int look_at(void *arg, const char *name)
{
    struct owner *owner = arg;
    struct tn_arena scratch = { 0 };
    struct tn_view view;
    size_t size = strlen(name);
    const char *path;
    bool found = false;

    if (size < 6 || strcmp(name + size - 5, ".list") != 0)
        return 0;
    path = tn_arena_format(&scratch, DPKG_INFO "/%s", name);
    if (path && tn_file_whole(owner->world, path, TN_LIMIT_CONFIG, &scratch, &view) == 0) {
        const char *text = (const char *)view.at;
        found = has_line(text, owner->wanted[0]) || has_line(text, owner->wanted[1]);
        if (found) {
            owner->package = tn_arena_copy(owner->arena, name, size - 5);
            owner->list = tn_arena_string(owner->arena, text);
        }
    }
    tn_arena_free(&scratch);
    return found;
}

/* How much a header's name says that it is the main one; smaller is better. */
static unsigned score(const char *header, const char *name, const char *bare)
{
    const char *base = tn_base_name(header);
    size_t size = strlen(base) - 2;
    unsigned depth = 0;

    for (const char *c = header; *c; c++)
        depth += *c == '/';
    if (strlen(name) == size && strncmp(base, name, size) == 0)
        return depth;
    if (strlen(bare) == size && strncmp(base, bare, size) == 0)
        return 10 + depth;
    if (tn_begins(base, "lib") && strncmp(base + 3, bare, strlen(bare)) == 0)
        return 20 + depth;
    if (strstr(base, bare))
        return 30 + depth;
    return 40 + depth;
}

struct ranked {
    const char *header;
    unsigned score;
};

static int compare(const void *a, const void *b)
{
    const struct ranked *one = a, *two = b;

    if (one->score != two->score)
        return one->score < two->score ? -1 : 1;
    return strcmp(one->header, two->header);
}

/* The headers in a package's list, relative to the directory called include. */
static bool rank(struct tn_arena *arena, const char *list, const char *name,
                 struct tn_words *headers)
{
    struct ranked *rows = NULL;
    size_t count = 0, room = 0;
    const char *bare = without_version(arena, name);
    bool good = bare;

    while (good && *list) {
        size_t size = strcspn(list, "\n");
        const char *line = tn_arena_copy(arena, list, size);
        const char *at = line ? strstr(line, "/include/") : NULL;
        good = line;
        if (at && size > 2 && strcmp(line + size - 2, ".h") == 0) {
            const char *header = at + strlen("/include/");
            if (strchr(header, '/') && strstr(header, "-linux-gnu/") &&
                strstr(header, "-linux-gnu/") < strchr(header, '/'))
                header = strchr(header, '/') + 1;
            good = tn_grow(&rows, &room, count, sizeof *rows);
            if (good)
                rows[count++] = (struct ranked){ header, score(header, name, bare) };
        }
        list += size + (list[size] == '\n');
    }
    if (good && count)
        qsort(rows, count, sizeof *rows, compare);
    for (size_t i = 0; good && i < count && headers->count < BEST; i++)
        good = tn_words_add(headers, rows[i].header);
    free(rows);
    return good;
}

bool tn_package_headers(tenon_world *world, struct tn_arena *arena, const char *file,
                        const char *name, struct tn_words *headers, const char **package)
{
    struct owner owner = { .world = world, .arena = arena };
    bool in_usr = tn_begins(file, "/usr/");

    *package = NULL;
    owner.wanted[0] = tn_arena_format(arena, "%s\n", file);
    owner.wanted[1] = in_usr ? tn_arena_format(arena, "%s\n", file + 4)
                             : tn_arena_format(arena, "/usr%s\n", file);
    if (!owner.wanted[0] || !owner.wanted[1])
        return false;
    if (tenon_world_list(world, DPKG_INFO, look_at, &owner) == ENOMEM)
        return false;
    *package = owner.package;
    return !owner.list || rank(arena, owner.list, name, headers);
}
