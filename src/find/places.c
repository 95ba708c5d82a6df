/* src/find/places.c - the base directories of a search, in their order */
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "evidence.h"
#include "flags.h"
#include "quote.h"
#include "store.h"

static bool is_dir(struct tn_hunt *hunt, const char *path)
{
    struct stat info;

    if (stat(path, &info) == 0)
        return S_ISDIR(info.st_mode);
    hunt->found->unsure |= !tn_says_absent(errno);
    return false;
}

/* The k-th word of a list; NULL past its end, or no memory. */
static const char *word_of(struct tn_arena *arena, const char *list, size_t k)
{
    struct tn_words words = { 0 };
    const char *word = NULL;

    if (list && tn_split_shell(&words, arena, list) && k < words.count)
        word = words.at[k];
    tn_words_free(&words);
    return word;
}

/* The k-th directory and where it comes from; NULL: past the last. */
static const char *dir_at(struct tn_hunt *hunt, size_t k, const char **origin, bool *user)
{
    const tenon_settings *settings = hunt->finder->settings;
    const char *local = tenon_settings_get(settings, "LOCALBASE"), *dir;
    size_t given = 0;

    *user = true;
    for (; hunt->request->dirs && hunt->request->dirs[given]; given++)
        if (given == k) {
            *origin = "given";
            return hunt->request->dirs[k];
        }
    k -= given;
    if (local && *local && k-- == 0) {
        *origin = "LOCALBASE";
        return local;
    }
    *user = false;
    *origin = "SEARCH_LIBS";
    dir = word_of(hunt->arena, tenon_settings_get(settings, "SEARCH_LIBS"), k);
    if (dir && hunt->finder->sysroot)
        dir = tn_arena_format(hunt->arena, "%s%s", hunt->finder->sysroot, dir);
    return dir;
}

const char *tn_multiarch(struct tn_hunt *hunt)
{
    const char *target = hunt->finder->target;
    const char *pc = target ? strstr(target, "-pc-") : NULL;

    if (!pc)
        return target;
    return tn_arena_format(hunt->arena, "%.*s%s", (int)(pc - target), target, pc + 3);
}

static bool is_builtin(struct tn_hunt *hunt, const char *dir)
{
    const char *include = tn_arena_format(hunt->arena, "%s/include", dir);
    const char *tidy = include ? tn_tidy_path(hunt->arena, include) : NULL;

    return tidy &&
           tn_is_among(tidy, hunt->finder->include_dirs.at, hunt->finder->include_dirs.count);
}

static void add_libdir(struct tn_hunt *hunt, struct tn_place *place, const char *path)
{
    if (!path || !is_dir(hunt, path) || place->variants == TN_PLACE_VARIANTS)
        return;
    /* the linker looks there without being told, whichever it is */
    if (place->builtin &&
        tn_is_among(path, hunt->finder->library_dirs.at, hunt->finder->named_dirs))
        return;
    place->libdirs[place->variants++] = path;
}

static void fill(struct tn_hunt *hunt, struct tn_place *place)
{
    const char *triple = tn_multiarch(hunt);

    if (place->builtin)
        place->libdirs[place->variants++] = NULL;
    if (triple)
        add_libdir(hunt, place, tn_arena_format(hunt->arena, "%s/lib/%s", place->dir, triple));
    add_libdir(hunt, place, tn_arena_format(hunt->arena, "%s/lib64", place->dir));
    add_libdir(hunt, place, tn_arena_format(hunt->arena, "%s/lib", place->dir));
    if (!place->variants)
        place->libdirs[place->variants++] = tn_arena_format(hunt->arena, "%s/lib", place->dir);
}

/* SEARCH_LIBS_OVERRIDE says all that is to be searched. */
static bool has_override(const struct tn_hunt *hunt)
{
    const char *list = tenon_settings_get(hunt->finder->settings, "SEARCH_LIBS_OVERRIDE");

    return list && *list;
}

bool tn_place_next(struct tn_hunt *hunt, size_t *i, struct tn_place *place)
{
    const char *dir, *earlier, *ignored;
    bool unused;

    *place = (struct tn_place){ 0 };
    if (*i == SIZE_MAX)
        return false;
    dir = dir_at(hunt, *i, &place->origin, &place->user);
    if (!dir) {
        *i = SIZE_MAX; /* the last: wherever the compiler looks, unless that was tried by name */
        if (hunt->builtin_tried || has_override(hunt))
            return false;
        *place = (struct tn_place){ .origin = "compiler", .builtin = true, .variants = 1 };
        return true;
    }
    dir = tn_absolute_path(hunt->arena, hunt->finder, dir);
    size_t own = (*i)++;
    if (!dir || (!place->user && !is_dir(hunt, dir)))
        return true;
    for (size_t k = 0; k < own; k++) {
        earlier = dir_at(hunt, k, &ignored, &unused);
        earlier = earlier ? tn_absolute_path(hunt->arena, hunt->finder, earlier) : NULL;
        if (earlier && strcmp(earlier, dir) == 0)
            return true;
    }
    place->dir = dir;
    place->builtin = is_builtin(hunt, dir);
    fill(hunt, place);
    return true;
}

bool tn_place_attempt(struct tn_hunt *hunt, const struct tn_place *place, size_t k,
                      struct tn_attempt *attempt)
{
    const char *triple = tn_multiarch(hunt), *include = NULL;
    const char *libdir = place->libdirs[k];

    *attempt = (struct tn_attempt){ .dir = place->dir,
                                    .origin = place->origin,
                                    .builtin = place->builtin };
    if (!place->builtin) {
        include = triple ? tn_arena_format(hunt->arena, "%s/include/%s", place->dir, triple) : NULL;
        const char *own = tn_arena_format(hunt->arena, "-I%s/include", place->dir);
        if (!own || !tn_words_add(&attempt->cflags, own))
            return false;
        if (include && is_dir(hunt, include) &&
            !tn_add_joined(&attempt->cflags, hunt->arena, "-I", include))
            return false;
    }
    return (!libdir || tn_add_joined(&attempt->libs, hunt->arena, "-L", libdir)) &&
           tn_add_joined(&attempt->libs, hunt->arena, "-l", hunt->request->name);
}

/* ---- directories of .pc files ---------------------------------------------------------------- */

const char *tn_listed_dir(const struct tenon_finder *finder, struct tn_arena *arena,
                          const char *variable, size_t k)
{
    const char *list = tn_finder_env(finder, variable);

    while (list && *list) {
        size_t size = strcspn(list, ":");
        if (size && k-- == 0) {
            const char *dir = tn_arena_copy(arena, list, size);
            return dir ? tn_absolute_path(arena, finder, dir) : NULL;
        }
        list += size + (list[size] == ':');
    }
    return NULL;
}

bool tn_pc_place_next(struct tn_hunt *hunt, size_t *i, struct tn_place *place)
{
    static const char *const variables[] = { "PKG_CONFIG_PATH", "PKG_CONFIG_LIBDIR" };
    size_t before = 0;

    if (has_override(hunt))
        return false;
    for (size_t v = 0; v < TN_COUNT(variables); v++)
        for (size_t k = 0;; k++) {
            const char *dir = tn_listed_dir(hunt->finder, hunt->arena, variables[v], k);
            if (!dir)
                break;
            if (before++ < *i)
                continue;
            ++*i;
            *place = (struct tn_place){ .origin = variables[v], .pc_dir = dir };
            return true;
        }
    return false;
}
