/* src/find/packages.c - the headers of the package that owns a library */
#include <errno.h>
#include <stdlib.h>

#include "file.h"
#include "hunt.h"
#include "limits.h"
#include "package_lists.h"

#define BEST 6u /* headers that are tried */

/* ---- who owns a file ------------------------------------------------------------------------- */

struct owner {
    tenon_world *world;
    struct tn_arena *arena;
    const char *base;      /* of the file */
    const char *wanted[4]; /* names that the file may have there */
    const char *package;
    struct tn_words paths; /* of that package */
};

/* One package. 0: not the owner, 1: the owner, ENOMEM. */
static int ask_package(struct owner *owner, const char *name, const char *text,
                       tn_parse_package *parse_text)
{
    struct tn_words paths = { 0 };
    bool found = false;

    if (!strstr(text, owner->base))
        return 0;
    if (!parse_text(owner->arena, text, &paths)) {
        tn_words_free(&paths);
        return ENOMEM;
    }
    for (size_t i = 0; !found && i < TN_COUNT(owner->wanted); i++)
        found = tn_is_among(owner->wanted[i], paths.at, paths.count);
    if (!found) {
        tn_words_free(&paths);
        return 0;
    }
    owner->paths = paths;
    owner->package = tn_arena_string(owner->arena, name);
    return owner->package ? 1 : ENOMEM;
}

/* One package by the file that lists what it installed. */
static int ask_file(struct owner *owner, const char *name, const char *path,
                    tn_parse_package *parse_text)
{
    struct tn_arena scratch = { 0 };
    struct tn_view view;
    int failed = tn_file_whole(owner->world, path, TN_LIMIT_CONFIG, &scratch, &view), answer = 0;

    if (!failed)
        answer = ask_package(owner, name, (const char *)view.at, parse_text);
    tn_arena_free(&scratch);
    return failed == ENOMEM ? ENOMEM : answer;
}

/* A file whose name has the package in it, or that lies in the package's directory. */
static const struct database {
    const char *dir;
    const char *suffix; /* of the package's name */
    const char *file;   /* below the package's directory */
    unsigned levels;    /* of directories above the packages */
    tn_parse_package *parse_text;
} databases[] = {
    { "/var/lib/dpkg/info", ".list", "", 1, tn_parse_dpkg },
    { "/var/lib/pacman/local", "", "/files", 1, tn_parse_pacman },
    { "/usr/pkg/pkgdb", "", "/+CONTENTS", 1, tn_parse_contents },
    { "/var/db/pkg", "", "/+CONTENTS", 1, tn_parse_contents },
    { "/var/db/pkg", "", "/CONTENTS", 2, tn_parse_portage },
};

struct walk {
    struct owner *owner;
    const struct database *database;
    const char *dir;
    unsigned level;
    int answer;
};

static int walk_dir(struct owner *owner, const struct database *database, const char *dir,
                    unsigned level);

static int each_entry(void *arg, const char *name)
{
    struct walk *walk = arg;
    const struct database *database = walk->database;
    size_t size = strlen(name), suffix = strlen(database->suffix);
    struct tn_arena scratch = { 0 };
    const char *path;
    int answer = 0;

    if (size <= suffix || strcmp(name + size - suffix, database->suffix) != 0)
        return 0;
    if (walk->level > 1) {
        path = tn_arena_format(&scratch, "%s/%s", walk->dir, name);
        answer = path ? walk_dir(walk->owner, database, path, walk->level - 1) : ENOMEM;
    } else {
        path = tn_arena_format(&scratch, "%s/%s%s", walk->dir, name, database->file);
        const char *package = tn_arena_copy(&scratch, name, size - suffix);
        if (!path || !package)
            answer = ENOMEM;
        else
            answer = ask_file(walk->owner, package, path, database->parse_text);
    }
    tn_arena_free(&scratch);
    walk->answer = answer;
    return answer != 0;
}

static int walk_dir(struct owner *owner, const struct database *database, const char *dir,
                    unsigned level)
{
    struct walk walk = { owner, database, dir, level, 0 };

    return tenon_world_list(owner->world, dir, each_entry, &walk) == ENOMEM ? ENOMEM : walk.answer;
}

/* apk has all packages in one file. */
static int ask_apk(struct owner *owner)
{
    static const char *const files[] = { "/lib/apk/db/installed", "/usr/lib/apk/db/installed" };
    struct tn_arena scratch = { 0 };
    struct tn_view view;
    int answer = 0;

    for (size_t i = 0; !answer && i < TN_COUNT(files); i++) {
        int failed = tn_file_whole(owner->world, files[i], TN_LIMIT_CONFIG, &scratch, &view);
        if (failed)
            answer = failed == ENOMEM ? ENOMEM : 0;
        if (failed)
            continue;
        for (const char *at = (const char *)view.at; !answer && *at;) {
            const char *end = strstr(at, "\n\n");
            const char *record = tn_arena_copy(&scratch, at, end ? (size_t)(end - at) : strlen(at));
            const char *named = record ? strstr(record, "\nP:") : NULL;
            const char *name =
                named ? tn_arena_copy(&scratch, named + 3, strcspn(named + 3, "\n")) : record;
            answer = name ? ask_package(owner, name, record, tn_parse_apk) : ENOMEM;
            at = end ? end + 2 : at + strlen(at);
        }
    }
    tn_arena_free(&scratch);
    return answer;
}

/* The file, also through links among its directories, with and without /usr. False: no memory. */
static bool name_file(struct owner *owner, const char *file)
{
    const char *dir = tn_dir_name(owner->arena, file);
    const char *real = dir ? tn_real_path(owner->arena, dir) : NULL;
    const char *names[2] = { file, NULL };

    owner->base = tn_base_name(file);
    names[1] = real ? tn_arena_format(owner->arena, "%s/%s", real, owner->base) : NULL;
    for (size_t i = 0; names[1] && i < TN_COUNT(names); i++) {
        owner->wanted[2 * i] = names[i];
        owner->wanted[2 * i + 1] = tn_begins(names[i], "/usr/")
                                       ? names[i] + 4
                                       : tn_arena_format(owner->arena, "/usr%s", names[i]);
    }
    return names[1] && owner->wanted[1] && owner->wanted[3];
}

/* ---- its headers ----------------------------------------------------------------------------- */

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

/* A header as it is included: behind the directory called include, and that of a target. */
static const char *included_as(const char *path)
{
    const char *at = strstr(path, "/include/"), *slash;
    size_t size = strlen(path);

    if (!at || size < 3 || strcmp(path + size - 2, ".h") != 0)
        return NULL;
    at += strlen("/include/");
    slash = strchr(at, '/');
    const char *target = strstr(at, "-linux-gnu/");
    return slash && target && target < slash ? slash + 1 : at;
}

static bool rank(struct tn_arena *arena, const struct tn_words *paths, const char *name,
                 struct tn_words *headers)
{
    const char *bare = tn_without_version(arena, name);
    struct ranked *rows = tn_arena_rows(arena, paths->count + 1, sizeof *rows);
    size_t count = 0;

    if (!bare || !rows)
        return false;
    for (size_t i = 0; i < paths->count; i++) {
        const char *header = included_as(paths->at[i]);
        if (header)
            rows[count++] = (struct ranked){ header, score(header, name, bare) };
    }
    if (count)
        qsort(rows, count, sizeof *rows, compare);
    for (size_t i = 0; i < count && headers->count < BEST; i++)
        if (!tn_words_add(headers, rows[i].header))
            return false;
    return true;
}

bool tn_package_headers(tenon_world *world, struct tn_arena *arena, const char *file,
                        const char *name, struct tn_words *headers, const char **package)
{
    struct owner owner = { .world = world, .arena = arena };
    int answer = 0;
    bool good;

    *package = NULL;
    if (!name_file(&owner, file))
        return false;
    for (size_t i = 0; !answer && i < TN_COUNT(databases); i++)
        answer = walk_dir(&owner, &databases[i], databases[i].dir, databases[i].levels);
    if (!answer)
        answer = ask_apk(&owner);
    *package = owner.package;
    good = answer != ENOMEM && (answer == 0 || rank(arena, &owner.paths, name, headers));
    tn_words_free(&owner.paths);
    return good;
}
