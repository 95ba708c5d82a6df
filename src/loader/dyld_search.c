/*
 * src/loader/dyld_search.c - dyld: the variants of a path, in order
 *
 * rule  dyld-1378 dyld/Loader.cpp, getLoader(); DyldProcessConfig.cpp,
 *       PathOverrides::forEachPathVariant(). Candidates may come more than once, as they do in dyld
 */
#include <stdlib.h>
#include <string.h>

#include "dyld_search.h"
#include "names.h"

/* ---- variants ------------------------------------------------------------------------------- */

static const char *part_of(const struct dyld_search *s)
{
    const char *framework = tn_dyld_framework(s, s->path);
    return framework ? framework : tn_base_name(s->path);
}

static void try_in(struct dyld_search *s, const char *dir, int rule, const char *where)
{
    const char *path = dyld_format(s, "%s/%s", dir, part_of(s));
    if (path)
        tn_dyld_try_variant(s, path, rule, where, DYLD_VARIANT);
}

/* ... unless it is the path itself, which was tried before. */
static void try_fallback_in(struct dyld_search *s, const char *dir, int rule, const char *where)
{
    const char *path = dyld_format(s, "%s/%s", dir, part_of(s));
    if (path && strcmp(path, s->path) != 0)
        tn_dyld_try_variant(s, path, rule, where, DYLD_VARIANT);
}

static bool is_simulator(const struct dyld_search *s)
{
    unsigned platform = tn_dyld_platform(s->target);
    return (platform >= DYLD_IOS_SIMULATOR && platform <= DYLD_WATCHOS_SIMULATOR) ||
           platform == DYLD_VISIONOS_SIMULATOR;
}

static void try_root_in(struct dyld_search *s, const char *dir, int rule, const char *where)
{
    const char *path = dyld_format(s, "%s%s", dir, s->path);
    if (path)
        tn_dyld_try_variant(s, path, rule, where, DYLD_VARIANT);
}

static void try_prefixed(struct dyld_search *s, const char *prefix, const char *more, int rule,
                         enum dyld_how how)
{
    const char *path = dyld_format(s, "%s%s%s", prefix, more, s->path);
    if (path)
        tn_dyld_try_variant(s, path, rule, NULL, how);
}

static void try_prefixes(struct dyld_search *s)
{
    const char *support = "/System/iOSSupport";
    bool catalyst = tn_dyld_platform(s->target) == DYLD_CATALYST && *s->path == '/' &&
                    !tn_has_prefix(s->path, "/System/iOSSupport/");
    if ((is_simulator(s) || s->config->old) && *s->path == '/')
        tn_dyld_walk_variable(s, "DYLD_ROOT_PATH", DYLD_ROOT_PATH, try_root_in);
    if (catalyst && s->config->cryptex) {
        try_prefixed(s, support, "", DYLD_IOS_SUPPORT, DYLD_ON_DISK);
        try_prefixed(s, s->config->cryptex, support, DYLD_CRYPTEX, DYLD_VARIANT);
    }
    if (catalyst)
        try_prefixed(s, support, "", DYLD_IOS_SUPPORT, DYLD_VARIANT);
    if (s->config->cryptex) {
        tn_dyld_try_variant(s, s->path, DYLD_RECORDED, NULL, DYLD_ON_DISK);
        try_prefixed(s, s->config->cryptex, "", DYLD_CRYPTEX, DYLD_VARIANT);
    }
}

/* For each platform the first SDK whose images have no default directories; 0: none has them. */
static const struct {
    unsigned platform, sdk;
} without_defaults[] = {
    { 0, ~0u }, /* it does not say */
    { DYLD_MACOS, 14 },
    { DYLD_IOS, 17 },
    { DYLD_TVOS, 17 },
    { DYLD_CATALYST, 17 },
    { DYLD_WATCHOS, 10 },
    { DYLD_VISIONOS, 2 },
    { DYLD_VISIONOS_SIMULATOR, 2 },
};

/* rule  dyld-1378 common/MachOFile.cpp, enforceFormat(sdkOnOrAfter2022); since dyld-1042 */
static bool has_defaults(const struct dyld_search *s)
{
    const struct tn_macho_facts *own = s->importer ? tn_macho_facts(s->importer->facts) : NULL;
    if (!own || s->config->release < 0xd0000)
        return true;
    for (size_t i = 0; i < TN_COUNT(without_defaults); i++)
        if (without_defaults[i].platform == own->platform)
            return own->sdk >> 16 < without_defaults[i].sdk;
    return false;
}

/* rule  dyld-852.2 src/dyld2.cpp, setContext() and processDyldEnvironmentVariable() */
static const char *old_default_list(struct dyld_search *s, bool framework)
{
    const char *home = tenon_world_env(s->target->world, "HOME");
    if (is_simulator(s) || tn_dyld_platform(s->target) == DYLD_CATALYST)
        return framework ? "/System/Library/Frameworks" : "/usr/local/lib";
    const char *own = !home       ? ""
                      : framework ? dyld_format(s, "%s/Library/Frameworks:", home)
                                  : dyld_format(s, "%s/lib:", home);
    return !own        ? NULL
           : framework ? dyld_format(s,
                                     "%s/Library/Frameworks:/Network/Library/Frameworks:"
                                     "/System/Library/Frameworks",
                                     own)
                       : dyld_format(s, "%s/usr/local/lib:/usr/lib", own);
}

/* rule  PathOverrides::forEachDylibFallback(), forEachFrameworkFallback() */
static const char *new_default_list(const struct dyld_search *s, bool framework)
{
    unsigned platform = tn_dyld_platform(s->target);
    if (platform == DYLD_MACOS || !platform)
        return framework ? "/Library/Frameworks:/System/Library/Frameworks"
                         : "/usr/local/lib:/usr/lib";
    if (framework)
        return "/System/Library/Frameworks";
    return is_simulator(s) || platform == DYLD_CATALYST ? "/usr/local/lib"
                                                        : "/usr/local/lib:/usr/lib";
}

/* Directories of libraries or of frameworks; NULL: none. */
static const char *default_list(struct dyld_search *s, bool framework)
{
    unsigned platform = tn_dyld_platform(s->target);
    bool mac = platform == DYLD_MACOS || !platform || s->config->old;
    if (platform == DYLD_DRIVERKIT)
        return NULL;
    if (mac && (tn_dyld_is_restricted(s->target) || tn_dyld_is_hardened(s->target)))
        return framework ? "/System/Library/Frameworks" : "/usr/lib";
    return s->config->old ? old_default_list(s, framework) : new_default_list(s, framework);
}

static void try_fallbacks(struct dyld_search *s)
{
    bool framework = tn_dyld_framework(s, s->path) != NULL;
    const char *name = framework ? "DYLD_FALLBACK_FRAMEWORK_PATH" : "DYLD_FALLBACK_LIBRARY_PATH";
    if (s->dlopen && !framework && tn_has_slash(s->path))
        return;
    if (tn_dyld_walk_variable(s, name, DYLD_FALLBACK, try_fallback_in) || !has_defaults(s))
        return;
    const char *list = default_list(s, framework);
    if (list)
        tn_dyld_walk_list(s, list, DYLD_FALLBACK_DEFAULT, NULL, try_fallback_in);
}

/* ---- the whole ------------------------------------------------------------------------------ */

static void try_path(struct dyld_search *s)
{
    if (tn_dyld_framework(s, s->path))
        tn_dyld_walk_variable(s, "DYLD_FRAMEWORK_PATH", DYLD_FRAMEWORK_PATH, try_in);
    else
        tn_dyld_walk_variable(s, "DYLD_LIBRARY_PATH", DYLD_LIBRARY_PATH, try_in);
    const char *override = dyld_is_over(s) ? NULL : tn_dyld_versioned(s);
    if (override) {
        tn_dyld_try_candidate(s, override, DYLD_VERSIONED, NULL, DYLD_VARIANT);
        return; /* whatever became of it */
    }
    if (*s->path != '@' && !dyld_is_over(s))
        try_prefixes(s);
    tn_dyld_try_variant(s, s->path, s->again ? DYLD_REALPATH : DYLD_RECORDED, NULL, DYLD_RAW);
    if (!dyld_is_over(s))
        try_fallbacks(s);
}

/* The path with its links resolved, also when only its last part is missing; NULL: no other. */
static const char *resolved(struct dyld_search *s)
{
    int error = 0;
    const char *base = tn_base_name(s->path), *dir;
    char *real = tenon_world_realpath(s->target->world, s->path, &error);
    if (!real) {
        dir = base == s->path ? "."
                              : tn_dyld_kept(s, tn_arena_copy(s->trial->arena, s->path,
                                                              (size_t)(base - s->path)));
        char *above = dir ? tenon_world_realpath(s->target->world, dir, &error) : NULL;
        const char *path =
            above ? dyld_format(s, "%s/%s", strcmp(above, "/") == 0 ? "" : above, base) : NULL;
        free(above);
        return path && strcmp(path, s->path) != 0 ? path : NULL;
    }
    const char *path = tn_dyld_kept(s, tn_arena_string(s->trial->arena, real));
    bool same = strncmp(s->path, real, strlen(real)) == 0;
    free(real);
    return same ? NULL : path;
}

void tn_dyld_search(struct tn_trial *trial)
{
    const struct tn_asker *asker = trial->asker;
    struct dyld_search s = {
        .trial = trial,
        .target = trial->target,
        .config = trial->target->config,
        .program = asker->program,
        .importer = asker->paths,
        .path = trial->name,
        .insert = asker->request == TN_REQUEST_PRELOAD,
        .dlopen = asker->request == TN_REQUEST_DLOPEN,
        .at_paths = !tn_dyld_is_restricted(trial->target),
        .env = !tn_dyld_ignores_environment(trial->target),
    };
    try_path(&s);
    if (s.assumed && !dyld_is_over(&s))
        tn_dyld_assume(&s, s.assumed);
    bool leaf = s.dlopen && !tn_has_slash(s.path);
    bool relative = *s.path != '/' && tn_dyld_ignores_environment(trial->target);
    if (dyld_is_over(&s) || s.config->old || *s.path == '@' || leaf || relative)
        return;
    s.path = resolved(&s);
    s.again = true;
    if (s.path)
        try_path(&s);
}
