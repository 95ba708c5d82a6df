/*
 * src/loader/dyld_paths.c - dyld: what a path with @ stands for, and one candidate
 *
 * rule  dyld-1378 dyld/Loader.cpp, getLoader() and forEachResolvedAtPathVar()
 */
#include <stdlib.h>
#include <string.h>

#include "dyld_search.h"
#include "names.h"

const char *tn_dyld_directory(struct dyld_search *s, const struct tn_paths *image)
{
    int error = 0;
    char *real = tenon_world_realpath(s->target->world, image->path, &error);
    const char *path = real ? real : image->path, *slash = strrchr(path, '/');
    const char *dir = slash ? tn_arena_copy(s->trial->arena, path, (size_t)(slash - path)) : ".";
    free(real);
    return tn_dyld_kept(s, dir);
}

/* rule  PathOverrides::getFrameworkPartialPath(): the last of them, with its own name at the end */
const char *tn_dyld_framework(const struct dyld_search *s, const char *path)
{
    const char *end = NULL, *leaf = tn_base_name(path);
    for (const char *at = path; (at = strstr(at, ".framework/")); at++)
        end = at;
    if (!end)
        return NULL;
    const char *name = end;
    while (name > path && name[-1] != '/')
        name--;
    size_t size = (size_t)(end - name);
    if (name == path + 1 || strncmp(leaf, name, size) != 0)
        return NULL;
    const char *suffix = s->env ? tenon_world_env(s->target->world, "DYLD_IMAGE_SUFFIX") : NULL;
    return !leaf[size] || (suffix && strcmp(leaf + size, suffix) == 0) ? name : NULL;
}

/* ---- one candidate -------------------------------------------------------------------------- */

void tn_dyld_assume(struct dyld_search *s, const char *path)
{
    tn_try_system(s->trial, tn_dyld_place(path, DYLD_CACHE_ASSUMED, NULL),
                  "assumed to be in the shared cache");
}

/*
 * Without a list of the shared cache: a library that a stub stands for is in it, and so is one that
 * the linker found under a path of the system's. Of what a run path of the system's comes to
 * nobody knows that before the rest was tried, but for Swift's own libraries, whose place that is.
 */
static void try_system(struct dyld_search *s, const char *path, int rule, enum dyld_how how)
{
    bool named = how == DYLD_RAW && strcmp(path, s->path) == 0, run_path = rule == DYLD_RPATH;
    if (how == DYLD_ON_DISK || dyld_is_over(s) || !tn_dyld_is_system_path(path) ||
        (!named && !run_path) || s->config->on_disk || tn_dyld_in_cache(s->trial, path) >= 0)
        return;
    const char *stub = tn_dyld_stub(s->trial, path);
    if (stub) {
        const char *reason = dyld_format(s, "in the shared cache, as its stub %s says", stub);
        if (reason)
            tn_try_system(s->trial, tn_dyld_place(path, DYLD_CACHE_STUB, NULL), reason);
    } else if (s->dlopen || s->insert || s->trial->no_memory) {
        return;
    } else if (named || tn_has_prefix(path, "/usr/lib/swift/libswift")) {
        tn_dyld_assume(s, path);
    } else if (!s->assumed) {
        s->assumed = path;
    }
}

static void try_one(struct dyld_search *s, const char *path, int rule, const char *where,
                    enum dyld_how how)
{
    if (dyld_is_over(s))
        return;
    if (*path != '/' && tn_dyld_ignores_environment(s->target)) {
        tn_try_note(s->trial, tn_dyld_place(path, rule, where),
                    tn_judged(TENON_OUTCOME_FORBIDDEN, TN_SKIP,
                              "relative path not allowed in hardened program"));
        return;
    }
    if (how != DYLD_ON_DISK && tn_dyld_is_system_path(path) &&
        tn_dyld_in_cache(s->trial, path) == 1)
        tn_try_system(s->trial, tn_dyld_place(path, DYLD_CACHE, NULL), "in the shared cache");
    else if (tn_try_file(s->trial, tn_dyld_place(path, rule, where)) != TN_ACCEPT)
        try_system(s, path, rule, how);
}

/* With a suffix before the last dot of its last part. */
static const char *suffixed(struct dyld_search *s, const char *path, const char *suffix,
                            size_t size)
{
    const char *dot = strrchr(tn_base_name(path), '.');
    int before = dot ? (int)(dot - path) : (int)strlen(path);
    return dyld_format(s, "%.*s%.*s%s", before, path, (int)size, suffix, dot ? dot : "");
}

typedef void each_suffixed(struct dyld_search *s, const char *path, int rule, const char *where,
                           enum dyld_how how);

/* Calls `each` for the path with each element of DYLD_IMAGE_SUFFIX. */
static void walk_suffixes(struct dyld_search *s, const char *path, int rule, const char *where,
                          enum dyld_how how, each_suffixed *each)
{
    const char *list = s->env ? tenon_world_env(s->target->world, "DYLD_IMAGE_SUFFIX") : NULL;
    while (list && *list && !dyld_is_over(s)) {
        size_t size = strcspn(list, ":");
        const char *with = suffixed(s, path, list, size);
        if (with)
            each(s, with, rule, where, how);
        list += size + (list[size] == ':');
    }
}

/* Up to macOS 11 a suffix is put to what comes of a path with @, since then to the path itself. */
void tn_dyld_try_candidate(struct dyld_search *s, const char *path, int rule, const char *where,
                           enum dyld_how how)
{
    if (s->config->old)
        walk_suffixes(s, path, rule, where, how, try_one);
    try_one(s, path, rule, where, how);
}

/* ---- @ paths -------------------------------------------------------------------------------- */

/* "/A/Contents/MacOS" and "../Frameworks/x": leading ".." are taken off in the text. */
static const char *below_program(struct dyld_search *s, const char *rest)
{
    const char *dir = tn_dyld_directory(s, s->program);
    if (!dir)
        return NULL;
    size_t size = strlen(dir);
    while (tn_has_prefix(rest, "../")) {
        while (size && dir[size - 1] != '/')
            size--;
        size -= size > 0;
        rest += 3;
    }
    return dyld_format(s, "%.*s/%s", (int)size, dir, rest);
}

/* What follows "@name" or "@name/"; NULL: it is another. */
static const char *behind(const char *path, const char *name)
{
    size_t size = strlen(name);
    if (strncmp(path, name, size) != 0 || (path[size] && path[size] != '/'))
        return NULL;
    return path[size] ? path + size + 1 : path + size;
}

/*
 * One run path with the rest of an @rpath.
 *
 * rule  Loader::forEachResolvedAtPathVar(); up to macOS 11 programs of Catalyst had their own
 *       directory in front of each, now those of iOS on a Mac alone have
 */
static void try_run_path(struct dyld_search *s, const struct tn_paths *image, const char *run_path,
                         const char *rest)
{
    const char *where = dyld_format(s, "LC_RPATH of %s", image->path), *after, *base = run_path;
    bool main_image = image == s->program;
    if ((after = behind(run_path, "@loader_path"))) {
        if (!s->at_paths && main_image)
            return;
        const char *dir = tn_dyld_directory(s, image);
        base = !dir         ? NULL
               : main_image ? below_program(s, after)
                            : dyld_format(s, "%s/%s", dir, after);
    } else if ((after = behind(run_path, "@executable_path"))) {
        if (!s->at_paths || !s->program)
            return;
        base = below_program(s, after);
    } else if (*run_path != '/' && !s->at_paths) {
        return;
    }
    if (!base || !where)
        return;
    size_t size = strlen(base);
    while (size > 1 && base[size - 1] == '/')
        size--;
    const char *path = dyld_format(s, "%.*s/%s", (int)size, base, rest);
    if (!path)
        return;
    if (s->config->old && tn_dyld_platform(s->target) == DYLD_CATALYST && *run_path == '/') {
        const char *support = dyld_format(s, "/System/iOSSupport%s", path);
        if (support)
            tn_dyld_try_candidate(s, support, DYLD_IOS_SUPPORT, where, DYLD_VARIANT);
    }
    tn_dyld_try_candidate(s, path, DYLD_RPATH, where, DYLD_VARIANT);
    if (s->config->cryptex && *run_path == '/') {
        const char *cryptex = dyld_format(s, "%s%s", s->config->cryptex, path);
        if (cryptex)
            tn_dyld_try_candidate(s, cryptex, DYLD_CRYPTEX, where, DYLD_VARIANT);
    }
}

static size_t try_run_paths(struct dyld_search *s, const char *rest)
{
    size_t seen = 0;
    for (const struct tn_paths *image = s->importer; image; image = image->parent)
        for (size_t i = 0; i < image->facts->run_path_count && !dyld_is_over(s); i++, seen++)
            try_run_path(s, image, image->facts->run_paths[i].path, rest);
    return seen;
}

/* Nothing an @ path stands for: said once, as there is no candidate to say it of. */
static void note_none(struct dyld_search *s, const char *why)
{
    if (!s->noted && !dyld_is_over(s))
        tn_try_note(s->trial, tn_dyld_place("", DYLD_RPATH, NULL),
                    tn_judged(TENON_OUTCOME_NOT_EXPANDABLE, TN_SKIP, why));
    s->noted = true;
}

static void try_rpath(struct dyld_search *s, const char *rest)
{
    if (!try_run_paths(s, rest))
        note_none(s, "no LC_RPATH's found");
}

static void try_loader_path(struct dyld_search *s, const char *rest, enum dyld_how how)
{
    if (s->insert || !s->importer) {
        note_none(s, "@loader_path is not expanded for inserted libraries");
        return;
    }
    /* now a run path of the program may not have it, and what the program needs may */
    if (s->config->old && !s->at_paths && s->importer == s->program) {
        note_none(s, "security policy does not allow @ path expansion");
        return;
    }
    const char *dir = tn_dyld_directory(s, s->importer);
    const char *path = dir ? dyld_format(s, "%s/%s", dir, rest) : NULL;
    if (path)
        tn_dyld_try_candidate(s, path, DYLD_LOADER_PATH, NULL, how);
}

static void try_executable_path(struct dyld_search *s, const char *rest, enum dyld_how how)
{
    if (!s->at_paths || !s->program) {
        note_none(s, "security policy does not allow @ path expansion");
        return;
    }
    const char *path = below_program(s, rest);
    if (path)
        tn_dyld_try_candidate(s, path, DYLD_EXECUTABLE_PATH, NULL, how);
}

/* A name that dlopen() was given and that is no absolute path. */
static void try_dlopen_leaf(struct dyld_search *s, const char *path)
{
    try_run_paths(s, path);
    const char *usr = dyld_format(s, "/usr/lib/%s", path);
    if (usr)
        tn_dyld_try_candidate(s, usr, DYLD_LEAF, NULL, DYLD_VARIANT);
    if (s->at_paths)
        tn_dyld_try_candidate(s, path, DYLD_RECORDED, NULL, DYLD_VARIANT);
}

/* What @ stands for in a path, which may have a suffix. */
static void try_expanded(struct dyld_search *s, const char *path, int rule, const char *where,
                         enum dyld_how how)
{
    const char *rest;
    if (dyld_is_over(s))
        return;
    if ((rest = behind(path, "@rpath")) && !s->insert)
        try_rpath(s, rest);
    else if ((rest = behind(path, "@loader_path")))
        try_loader_path(s, rest, how);
    else if ((rest = behind(path, "@executable_path")))
        try_executable_path(s, rest, how);
    else
        tn_dyld_try_candidate(s, path, rule, where, how);
}

void tn_dyld_try_variant(struct dyld_search *s, const char *path, int rule, const char *where,
                         enum dyld_how how)
{
    if (!s->config->old)
        walk_suffixes(s, path, rule, where, how, try_expanded);
    if (dyld_is_over(s))
        return;
    if (how == DYLD_RAW && s->dlopen && *path != '/' && *path != '@')
        try_dlopen_leaf(s, path);
    else
        try_expanded(s, path, rule, where, how);
}
