/*
 * src/unit/owner.c - which package an archive of this system belongs to
 *
 * rule  pkg-config(1): "Libs:" of a file in pkgconfig/ beside the library; dpkg: one path a line
 *       in /var/lib/dpkg/info/PACKAGE.list
 */
#include <errno.h>
#include <stdlib.h>

#include "file.h"
#include "limits.h"
#include "native.h"

#define LIMIT_PC_FILE (64u << 10)
#define LIMIT_LIST_FILE (16u << 20)
#define DPKG_INFO "/var/lib/dpkg/info"

/* How much a .pc file that names the library looks like its own; more is better. */
enum likeness {
    NEEDS_OTHERS, /* it requires other packages: the library may be another one that it needs */
    STANDS_ALONE,
    CALLED_ALIKE, /* "zlib" of -lz, "libpng16" of -lpng16 */
    CALLED_SO,
};

/* One directory looked through, file by file. */
struct search {
    tenon_world *world;
    struct tn_arena *arena; /* for the answer */
    const char *dir, *suffix;
    const char *wanted; /* name of the library, or path of the archive */
    size_t files;
    const char *owner;      /* NULL: none yet */
    enum likeness likeness; /* of the owner */
    bool starved;           /* there was no memory to keep it */
    bool (*owns)(struct search *search, struct tn_view text, const char *name, size_t length);
};

static const char *base_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static int look_at(void *arg, const char *name)
{
    struct search *search = arg;
    size_t length = strlen(name), end = strlen(search->suffix);
    struct tn_arena arena = { 0 };
    struct tn_view text;
    if (length <= end || strcmp(name + length - end, search->suffix) != 0)
        return 0;
    if (search->files++ == TN_LIMIT_PACKAGE_FILES)
        return 1;
    const char *path = tn_arena_format(&arena, "%s/%s", search->dir, name);
    size_t limit = search->suffix[1] == 'p' ? LIMIT_PC_FILE : LIMIT_LIST_FILE;
    int error = path ? tn_file_whole(search->world, path, limit, &arena, &text) : ENOMEM;
    bool done = error == 0 && search->owns(search, text, name, length - end);
    tn_arena_free(&arena);
    return error == ENOMEM || search->starved ? ENOMEM : done;
}

/* A file that cannot be read owns nothing, but without memory there is no answer: false. */
static bool look_through(struct search *search, const char **owner)
{
    bool good = tenon_world_list(search->world, search->dir, look_at, search) != ENOMEM;
    *owner = search->owner;
    return good;
}

/* ---- pkg-config ------------------------------------------------------------------------------ */

/* The value of the line that begins with `key`; empty when there is none. */
static struct tn_view find_line(struct tn_view text, const char *key)
{
    size_t size = strlen(key), pos = 0;
    while (pos < text.size) {
        const uint8_t *line = text.at + pos;
        const uint8_t *end = memchr(line, '\n', text.size - pos);
        size_t length = end ? (size_t)(end - line) : text.size - pos;
        struct tn_view value;
        if (length > size && memcmp(line, key, size) == 0 &&
            tn_view_sub(text, pos + size, length - size, &value))
            return value;
        pos += length + 1;
    }
    return tn_view("", 0);
}

/* A library is owned by the file whose first -l names it: the others are what it needs. */
static bool names_first(struct tn_view libs, const char *library)
{
    size_t pos = 0, size = strlen(library);
    while (pos < libs.size) {
        while (pos < libs.size && strchr(" \t\r", libs.at[pos]))
            pos++;
        size_t start = pos;
        while (pos < libs.size && !strchr(" \t\r", libs.at[pos]))
            pos++;
        if (pos - start > 2 && memcmp(libs.at + start, "-l", 2) == 0)
            return pos - start - 2 == size && memcmp(libs.at + start + 2, library, size) == 0;
    }
    return false;
}

static bool is_blank(struct tn_view line)
{
    for (size_t i = 0; i < line.size; i++)
        if (!strchr(" \t\r", line.at[i]))
            return false;
    return true;
}

static enum likeness likeness_of(struct tn_view text, const char *name, size_t length,
                                 const char *library)
{
    size_t size = strlen(library);
    if (length == size && memcmp(name, library, size) == 0)
        return CALLED_SO;
    if (length == size + 3 &&
        ((memcmp(name, "lib", 3) == 0 && memcmp(name + 3, library, size) == 0) ||
         (memcmp(name, library, size) == 0 && memcmp(name + size, "lib", 3) == 0)))
        return CALLED_ALIKE;
    return is_blank(find_line(text, "Requires:")) ? STANDS_ALONE : NEEDS_OTHERS;
}

/* Of several, the one that is most like the library's own, else the first bytewise. */
static bool owns_by_pc(struct search *search, struct tn_view text, const char *name, size_t length)
{
    if (!names_first(find_line(text, "Libs:"), search->wanted))
        return false;
    enum likeness likeness = likeness_of(text, name, length, search->wanted);
    if (search->owner && (likeness < search->likeness ||
                          (likeness == search->likeness && strcmp(search->owner, name) < 0)))
        return false;
    search->owner = tn_arena_copy(search->arena, name, length);
    search->likeness = likeness;
    search->starved = !search->owner;
    return false;
}

static bool owner_by_pc(tenon_world *world, struct tn_arena *arena, const char *archive,
                        const char **owner)
{
    const char *base = base_of(archive);
    size_t length = strlen(base);
    if (length < 6 || memcmp(base, "lib", 3) != 0 || strcmp(base + length - 2, ".a") != 0)
        return true;
    const char *library = tn_arena_copy(arena, base + 3, length - 5);
    int folder = (int)(base - archive);
    const char *dir = tn_arena_format(arena, "%.*spkgconfig", folder, archive);
    if (!library || !dir)
        return false;
    struct search search = { .world = world,
                             .arena = arena,
                             .dir = dir,
                             .suffix = ".pc",
                             .wanted = library,
                             .owns = owns_by_pc };
    return look_through(&search, owner);
}

/* ---- dpkg -------------------------------------------------------------------------------------
 */

static bool has_line(struct tn_view text, const char *line)
{
    size_t size = strlen(line), pos = 0;
    while (pos < text.size) {
        const uint8_t *at = memmem(text.at + pos, text.size - pos, line, size);
        if (!at)
            return false;
        size_t start = (size_t)(at - text.at), end = start + size;
        if ((start == 0 || text.at[start - 1] == '\n') &&
            (end == text.size || text.at[end] == '\n'))
            return true;
        pos = start + 1;
    }
    return false;
}

/* "zlib1g-dev:amd64.list" is of the package zlib1g-dev. */
static bool owns_by_list(struct search *search, struct tn_view text, const char *name,
                         size_t length)
{
    if (!has_line(text, search->wanted))
        return false;
    const char *colon = memchr(name, ':', length);
    search->owner = tn_arena_copy(search->arena, name, colon ? (size_t)(colon - name) : length);
    search->starved = !search->owner;
    return true;
}

static bool owner_by_list(tenon_world *world, struct tn_arena *arena, const char *path,
                          const char **owner)
{
    struct search search = { .world = world,
                             .arena = arena,
                             .dir = DPKG_INFO,
                             .suffix = ".list",
                             .wanted = path,
                             .owns = owns_by_list };
    return look_through(&search, owner);
}

/* Packages put files there only; /lib is /usr/lib since the merge, and lists say either. */
static bool owner_by_dpkg(tenon_world *world, struct tn_arena *arena, const char *archive,
                          const char **owner)
{
    int error = 0;
    char *real = tenon_world_realpath(world, archive, &error);
    bool good = real || error != ENOMEM;
    if (real &&
        (strncmp(real, "/usr/", 5) == 0 || strncmp(real, "/lib", 4) == 0 ||
         strncmp(real, "/opt/", 5) == 0) &&
        strncmp(real, "/usr/local/", 11) != 0)
        good = owner_by_list(world, arena, real, owner);
    if (good && !*owner && real && strncmp(real, "/usr/lib", 8) == 0)
        good = owner_by_list(world, arena, real + 4, owner);
    free(real);
    return good;
}

bool tn_native_owner(tenon_world *world, struct tn_arena *arena, const char *archive,
                     const char **owner)
{
    *owner = NULL;
    return owner_by_pc(world, arena, archive, owner) &&
           (*owner || owner_by_dpkg(world, arena, archive, owner));
}
