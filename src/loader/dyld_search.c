/*
 * src/loader/dyld_search.c - dyld: every candidate for a path, in order
 *
 * rule  dyld-1378 dyld/Loader.cpp, getLoader() and forEachResolvedAtPathVar();
 *       DyldProcessConfig.cpp, PathOverrides::forEachPathVariant(). Candidates may come more than
 *       once, as they do in dyld
 */
#include <stdlib.h>
#include <string.h>

#include "dyld_private.h"
#include "names.h"

/* One search. `path` changes when it is done again for the resolved path. */
struct search {
    struct tn_trial *trial;
    const struct tn_target *target;
    const struct dyld_config *config;
    const struct tn_paths *program, *importer; /* program NULL: nobody */
    const char *path;
    bool insert, dlopen; /* how it is asked for; neither: a need */
    bool at_paths, env;  /* allowed */
    bool again;          /* the resolved path */
    const char *assumed; /* the first candidate that may be in the shared cache */
};

static struct tn_place place_of(const char *path, int rule, const char *where)
{
    return (struct tn_place){
        .source.path = path,
        .rule = &tn_dyld_rules[rule],
        .where = where,
    };
}

static const char *kept(struct search *s, const char *text)
{
    s->trial->no_memory |= !text;
    return text;
}

#define format(s, ...) kept(s, tn_arena_format((s)->trial->arena, __VA_ARGS__))

static bool is_over(const struct search *s)
{
    return tn_is_over(s->trial);
}

/* ---- lists ---------------------------------------------------------------------------------- */

/* Calls `each` for the elements of a list, empty ones too. */
typedef void each_dir(struct search *s, const char *dir, int rule, const char *where);

static void walk_list(struct search *s, const char *list, int rule, const char *where,
                      each_dir *each)
{
    for (;;) {
        size_t size = strcspn(list, ":");
        const char *dir = kept(s, tn_arena_copy(s->trial->arena, list, size));
        if (!dir || is_over(s))
            return;
        each(s, dir, rule, where);
        if (!list[size])
            return;
        list += size + 1;
    }
}

static const char *directory_of(struct search *s, const struct tn_paths *image);

/* The value of a variable in an LC_DYLD_ENVIRONMENT of the program; NULL: not this variable. */
static const char *value_in(struct search *s, const char *text, const char *name)
{
    size_t size = strlen(name);
    if (strncmp(text, name, size) != 0 || text[size] != '=')
        return NULL;
    text += size + 1;
    const char *rest = tn_has_prefix(text, "@executable_path/") ? text + 17
                       : tn_has_prefix(text, "@loader_path/")   ? text + 13
                                                                : NULL;
    const char *dir = rest ? directory_of(s, s->program) : NULL;
    return rest && dir ? format(s, "%s/%s", dir, rest) : text;
}

/* True when the variable is set, in the environment or in the program; each directory is tried. */
static bool walk_variable(struct search *s, const char *name, int rule, each_dir *each)
{
    const char *env = s->env ? tenon_world_env(s->target->world, name) : NULL;
    const struct tn_macho_facts *own = s->program ? tn_macho_facts(s->program->facts) : NULL;
    bool set = env;
    if (env)
        walk_list(s, env, rule, name, each);
    for (size_t i = 0; own && i < own->environment_count && !is_over(s); i++) {
        const char *value = value_in(s, own->environment[i], name);
        if (!value)
            continue;
        set = true;
        const char *where = format(s, "%s of LC_DYLD_ENVIRONMENT of %s", name, s->program->path);
        if (where)
            walk_list(s, value, rule, where, each);
    }
    return set;
}

/* ---- images --------------------------------------------------------------------------------- */

/* The directory of an image, its path resolved as the kernel does. */
static const char *directory_of(struct search *s, const struct tn_paths *image)
{
    int error = 0;
    char *real = tenon_world_realpath(s->target->world, image->path, &error);
    const char *path = real ? real : image->path, *slash = strrchr(path, '/');
    const char *dir = slash ? tn_arena_copy(s->trial->arena, path, (size_t)(slash - path)) : ".";
    free(real);
    return kept(s, dir);
}

/*
 * X.framework/X or X.framework/Versions/V/X: what is behind the slash before X.framework.
 * NULL: no framework.
 */
static const char *framework_part(const char *path)
{
    const char *leaf = tn_base_name(path);
    size_t size = strlen(leaf);
    for (const char *at = path; *leaf && (at = strstr(at, leaf)); at++) {
        bool begins = at == path || at[-1] == '/';
        if (!begins || !tn_has_prefix(at + size, ".framework/"))
            continue;
        const char *rest = at + size + 11;
        if (rest == leaf)
            return at;
        if (tn_has_prefix(rest, "Versions/")) {
            const char *slash = strchr(rest + 9, '/');
            if (slash && slash + 1 == leaf)
                return at;
        }
    }
    return NULL;
}

/* ---- one candidate -------------------------------------------------------------------------- */

enum how { VARIANT, ON_DISK, RAW };

static void assume(struct search *s, const char *path)
{
    tn_try_system(s->trial, place_of(path, DYLD_CACHE_ASSUMED, NULL),
                  "assumed to be in the shared cache");
}

/*
 * Without a list of the shared cache: a library that a stub stands for is in it, and so is one that
 * the linker found under a path of the system's. Of what a run path of the system's comes to
 * nobody knows that before the rest was tried, but for Swift's own libraries, whose place that is.
 */
static void try_system(struct search *s, const char *path, int rule, enum how how)
{
    bool named = how == RAW && strcmp(path, s->path) == 0, run_path = rule == DYLD_RPATH;
    if (how == ON_DISK || is_over(s) || !tn_dyld_is_system_path(path) || (!named && !run_path) ||
        s->config->on_disk || tn_dyld_in_cache(s->trial->target, path) >= 0)
        return;
    const char *stub = tn_dyld_stub(s->trial, path);
    if (stub) {
        const char *reason = format(s, "in the shared cache, as its stub %s says", stub);
        if (reason)
            tn_try_system(s->trial, place_of(path, DYLD_CACHE_STUB, NULL), reason);
    } else if (s->dlopen || s->insert || s->trial->no_memory) {
        return;
    } else if (named || tn_has_prefix(path, "/usr/lib/swift/libswift")) {
        assume(s, path);
    } else if (!s->assumed) {
        s->assumed = path;
    }
}

static void try_one(struct search *s, const char *path, int rule, const char *where, enum how how)
{
    if (is_over(s))
        return;
    if (*path != '/' && tn_dyld_ignores_environment(s->target)) {
        tn_try_note(s->trial, place_of(path, rule, where),
                    tn_judged(TENON_OUTCOME_FORBIDDEN, TN_SKIP,
                              "relative path not allowed in hardened program"));
        return;
    }
    if (how != ON_DISK && tn_dyld_is_system_path(path) &&
        tn_dyld_in_cache(s->trial->target, path) == 1)
        tn_try_system(s->trial, place_of(path, DYLD_CACHE, NULL), "in the shared cache");
    else if (tn_try_file(s->trial, place_of(path, rule, where)) != TN_ACCEPT)
        try_system(s, path, rule, how);
}

/* Each candidate with each suffix first: before the last dot of its last part. */
static void try_candidate(struct search *s, const char *path, int rule, const char *where,
                          enum how how)
{
    const char *list = s->env ? tenon_world_env(s->target->world, "DYLD_IMAGE_SUFFIX") : NULL;
    while (list && *list && !is_over(s)) {
        size_t size = strcspn(list, ":");
        const char *dot = strrchr(tn_base_name(path), '.');
        int before = dot ? (int)(dot - path) : (int)strlen(path);
        const char *with = format(s, "%.*s%.*s%s", before, path, (int)size, list, dot ? dot : "");
        if (with)
            try_one(s, with, rule, where, how);
        list += size + (list[size] == ':');
    }
    try_one(s, path, rule, where, how);
}

/* ---- @ paths -------------------------------------------------------------------------------- */

/* "/A/Contents/MacOS" and "../Frameworks/x": leading ".." are taken off in the text. */
static const char *below_program(struct search *s, const char *rest)
{
    const char *dir = directory_of(s, s->program);
    if (!dir)
        return NULL;
    size_t size = strlen(dir);
    while (tn_has_prefix(rest, "../")) {
        while (size && dir[size - 1] != '/')
            size--;
        size -= size > 0;
        rest += 3;
    }
    return format(s, "%.*s/%s", (int)size, dir, rest);
}

/* What follows "@name" or "@name/"; NULL: it is another. */
static const char *behind(const char *path, const char *name)
{
    size_t size = strlen(name);
    if (strncmp(path, name, size) != 0 || (path[size] && path[size] != '/'))
        return NULL;
    return path[size] ? path + size + 1 : path + size;
}

/* One run path with the rest of an @rpath. */
static void try_run_path(struct search *s, const struct tn_paths *image, const char *run_path,
                         const char *rest)
{
    const char *where = format(s, "LC_RPATH of %s", image->path), *after, *base = run_path;
    bool main_image = image == s->program;
    if ((after = behind(run_path, "@loader_path"))) {
        if (!s->at_paths && main_image)
            return;
        const char *dir = directory_of(s, image);
        base = !dir ? NULL : main_image ? below_program(s, after) : format(s, "%s/%s", dir, after);
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
    const char *path = format(s, "%.*s/%s", (int)size, base, rest);
    if (!path)
        return;
    if (tn_dyld_platform(s->target) == DYLD_CATALYST && *run_path == '/') {
        const char *support = format(s, "/System/iOSSupport%s", path);
        if (support)
            try_candidate(s, support, DYLD_IOS_SUPPORT, where, VARIANT);
    }
    try_candidate(s, path, DYLD_RPATH, where, VARIANT);
    if (s->config->cryptex && *run_path == '/') {
        const char *cryptex = format(s, "%s%s", s->config->cryptex, path);
        if (cryptex)
            try_candidate(s, cryptex, DYLD_CRYPTEX, where, VARIANT);
    }
}

static size_t try_run_paths(struct search *s, const char *rest)
{
    size_t seen = 0;
    for (const struct tn_paths *image = s->importer; image; image = image->parent)
        for (size_t i = 0; i < image->facts->run_path_count && !is_over(s); i++, seen++)
            try_run_path(s, image, image->facts->run_paths[i].path, rest);
    return seen;
}

/* Nothing an @ path stands for: said once, as there is no candidate to say it of. */
static void note_none(struct search *s, const char *why)
{
    if (!is_over(s))
        tn_try_note(s->trial, place_of("", DYLD_RPATH, NULL),
                    tn_judged(TENON_OUTCOME_NOT_EXPANDABLE, TN_SKIP, why));
}

static void try_rpath(struct search *s, const char *rest)
{
    if (!try_run_paths(s, rest))
        note_none(s, "no LC_RPATH's found");
}

static void try_loader_path(struct search *s, const char *rest, enum how how)
{
    if (s->insert || !s->importer) {
        note_none(s, "@loader_path is not expanded for inserted libraries");
        return;
    }
    if (!s->at_paths && s->importer == s->program) {
        note_none(s, "security policy does not allow @ path expansion");
        return;
    }
    const char *dir = directory_of(s, s->importer);
    const char *path = dir ? format(s, "%s/%s", dir, rest) : NULL;
    if (path)
        try_candidate(s, path, DYLD_LOADER_PATH, NULL, how);
}

static void try_executable_path(struct search *s, const char *rest, enum how how)
{
    if (!s->at_paths || !s->program) {
        note_none(s, "security policy does not allow @ path expansion");
        return;
    }
    const char *path = below_program(s, rest);
    if (path)
        try_candidate(s, path, DYLD_EXECUTABLE_PATH, NULL, how);
}

/* A name that dlopen() was given and that is no absolute path. */
static void try_dlopen_leaf(struct search *s, const char *path)
{
    try_run_paths(s, path);
    const char *usr = format(s, "/usr/lib/%s", path);
    if (usr)
        try_candidate(s, usr, DYLD_LEAF, NULL, VARIANT);
    if (s->at_paths)
        try_candidate(s, path, DYLD_RECORDED, NULL, VARIANT);
}

/* One variant of the path, with what @ stands for. */
static void try_variant(struct search *s, const char *path, int rule, const char *where,
                        enum how how)
{
    const char *rest;
    if (is_over(s))
        return;
    if (how == RAW && s->dlopen && *path != '/' && *path != '@')
        try_dlopen_leaf(s, path);
    else if ((rest = behind(path, "@rpath")) && !s->insert)
        try_rpath(s, rest);
    else if ((rest = behind(path, "@loader_path")))
        try_loader_path(s, rest, how);
    else if ((rest = behind(path, "@executable_path")))
        try_executable_path(s, rest, how);
    else
        try_candidate(s, path, rule, where, how);
}

/* ---- variants ------------------------------------------------------------------------------- */

static const char *part_of(const struct search *s)
{
    const char *framework = framework_part(s->path);
    return framework ? framework : tn_base_name(s->path);
}

static void try_in(struct search *s, const char *dir, int rule, const char *where)
{
    const char *path = format(s, "%s/%s", dir, part_of(s));
    if (path)
        try_variant(s, path, rule, where, VARIANT);
}

/* ... unless it is the path itself, which was tried before. */
static void try_fallback_in(struct search *s, const char *dir, int rule, const char *where)
{
    const char *path = format(s, "%s/%s", dir, part_of(s));
    if (path && strcmp(path, s->path) != 0)
        try_variant(s, path, rule, where, VARIANT);
}

static bool is_simulator(const struct search *s)
{
    unsigned platform = tn_dyld_platform(s->target);
    return (platform >= DYLD_IOS_SIMULATOR && platform <= DYLD_WATCHOS_SIMULATOR) ||
           platform == DYLD_VISIONOS_SIMULATOR;
}

static void try_root_in(struct search *s, const char *dir, int rule, const char *where)
{
    const char *path = format(s, "%s%s", dir, s->path);
    if (path)
        try_variant(s, path, rule, where, VARIANT);
}

static void try_prefixed(struct search *s, const char *prefix, const char *more, int rule,
                         enum how how)
{
    const char *path = format(s, "%s%s%s", prefix, more, s->path);
    if (path)
        try_variant(s, path, rule, NULL, how);
}

static void try_prefixes(struct search *s)
{
    const char *support = "/System/iOSSupport";
    bool catalyst = tn_dyld_platform(s->target) == DYLD_CATALYST && *s->path == '/';
    if ((is_simulator(s) || s->config->old) && *s->path == '/')
        walk_variable(s, "DYLD_ROOT_PATH", DYLD_ROOT_PATH, try_root_in);
    if (catalyst && s->config->cryptex) {
        try_prefixed(s, support, "", DYLD_IOS_SUPPORT, ON_DISK);
        try_prefixed(s, s->config->cryptex, support, DYLD_CRYPTEX, VARIANT);
    }
    if (catalyst)
        try_prefixed(s, support, "", DYLD_IOS_SUPPORT, VARIANT);
    if (s->config->cryptex) {
        try_variant(s, s->path, DYLD_RECORDED, NULL, ON_DISK);
        try_prefixed(s, s->config->cryptex, "", DYLD_CRYPTEX, VARIANT);
    }
}

/*
 * rule  dyld-1042: the default directories are for images built with an SDK before macOS 14, iOS
 *       and tvOS 17, watchOS 10; one that does not say counts as old
 */
static bool has_defaults(const struct search *s)
{
    const struct tn_macho_facts *own = s->importer ? tn_macho_facts(s->importer->facts) : NULL;
    if (!own || !own->sdk || s->config->release < 0xd0000)
        return true;
    switch (own->platform) {
    case DYLD_IOS:
    case DYLD_TVOS:
    case DYLD_CATALYST:
    case DYLD_IOS_SIMULATOR:
    case DYLD_TVOS_SIMULATOR: return own->sdk < 17u << 16;
    case DYLD_WATCHOS:
    case DYLD_WATCHOS_SIMULATOR: return own->sdk < 10u << 16;
    }
    return own->sdk < 14u << 16;
}

/* The lists of each kind of process; {libraries, frameworks}. */
static const char *default_list(struct search *s, bool framework)
{
    unsigned platform = tn_dyld_platform(s->target);
    const char *home = s->config->old ? tenon_world_env(s->target->world, "HOME") : NULL;
    bool short_list = tn_dyld_is_restricted(s->target) || tn_dyld_is_hardened(s->target);
    if (platform == DYLD_DRIVERKIT)
        return NULL;
    if (short_list)
        return framework ? "/System/Library/Frameworks" : "/usr/lib";
    if (is_simulator(s) || platform == DYLD_CATALYST)
        return framework ? "/System/Library/Frameworks" : "/usr/local/lib";
    if (!s->config->old)
        return framework ? "/Library/Frameworks:/System/Library/Frameworks"
                         : "/usr/local/lib:/usr/lib";
    const char *own = !home       ? ""
                      : framework ? format(s, "%s/Library/Frameworks:", home)
                                  : format(s, "%s/lib:", home);
    return !own        ? NULL
           : framework ? format(s,
                                "%s/Library/Frameworks:/Network/Library/Frameworks:"
                                "/System/Library/Frameworks",
                                own)
                       : format(s, "%s/usr/local/lib:/usr/lib", own);
}

static void try_fallbacks(struct search *s)
{
    bool framework = framework_part(s->path) != NULL;
    const char *name = framework ? "DYLD_FALLBACK_FRAMEWORK_PATH" : "DYLD_FALLBACK_LIBRARY_PATH";
    if (s->dlopen && !framework && tn_has_slash(s->path))
        return;
    if (walk_variable(s, name, DYLD_FALLBACK, try_fallback_in) || !has_defaults(s))
        return;
    const char *list = default_list(s, framework);
    if (list)
        walk_list(s, list, DYLD_FALLBACK_DEFAULT, NULL, try_fallback_in);
}

/* ---- overrides by version ------------------------------------------------------------------- */

struct versioned {
    struct search *s;
    const char *dir, *where;
    const char *best; /* that replaces s->path */
    uint32_t version; /* of the best */
    bool has_installed;
    bool registered; /* nothing is installed: the first stays */
};

/* A library of a directory, when its install name is the path that is asked for. */
static int look_at_versioned(void *arg, const char *name)
{
    struct versioned *v = arg;
    struct search *s = v->s;
    const char *path = format(s, "%s/%s", v->dir, name);
    const struct tn_facts *facts = path ? s->trial->facts.facts(s->trial->facts.arg, path) : NULL;
    if (!facts || facts->format != TENON_FORMAT_MACHO || facts->slices || !facts->own_name ||
        strcmp(facts->own_name, s->path) != 0)
        return 0;
    uint32_t version = tn_macho_facts(facts)->current_version;
    if (v->has_installed ? version > v->version : !v->registered) {
        v->best = path;
        v->version = version;
        v->registered = true;
    }
    return 0;
}

static void list_versioned(struct search *s, const char *dir, int rule, const char *where);

/* walk_list() has no argument of its own: this search's, while a variable is walked. */
struct versioned_search {
    struct search s; /* first */
    struct versioned v;
};

static void list_versioned(struct search *s, const char *dir, int rule, const char *where)
{
    struct versioned *v = &((struct versioned_search *)(void *)s)->v;
    (void)rule;
    v->dir = dir;
    v->where = where;
    tenon_world_list(s->target->world, dir, look_at_versioned, v);
}

/* The library that replaces the recorded one; NULL: none does. */
static const char *versioned(struct search *s)
{
    struct versioned_search all = { .s = *s };
    const char *name =
        framework_part(s->path) ? "DYLD_VERSIONED_FRAMEWORK_PATH" : "DYLD_VERSIONED_LIBRARY_PATH";
    const struct tn_facts *installed =
        *s->path == '/' ? s->trial->facts.facts(s->trial->facts.arg, s->path) : NULL;
    all.v.s = &all.s;
    if (installed && installed->format == TENON_FORMAT_MACHO && !installed->slices) {
        all.v.has_installed = true;
        all.v.version = tn_macho_facts(installed)->current_version;
    }
    walk_variable(&all.s, name, DYLD_VERSIONED, list_versioned);
    return all.v.best;
}

/* Nothing asks for them mostly, and looking costs reading. */
static bool wants_versioned(const struct search *s)
{
    const struct tn_macho_facts *own = s->program ? tn_macho_facts(s->program->facts) : NULL;
    if (s->env && (tenon_world_env(s->target->world, "DYLD_VERSIONED_LIBRARY_PATH") ||
                   tenon_world_env(s->target->world, "DYLD_VERSIONED_FRAMEWORK_PATH")))
        return true;
    for (size_t i = 0; own && i < own->environment_count; i++)
        if (tn_has_prefix(own->environment[i], "DYLD_VERSIONED_"))
            return true;
    return false;
}

/* ---- the whole ------------------------------------------------------------------------------ */

static void try_path(struct search *s)
{
    if (framework_part(s->path))
        walk_variable(s, "DYLD_FRAMEWORK_PATH", DYLD_FRAMEWORK_PATH, try_in);
    else
        walk_variable(s, "DYLD_LIBRARY_PATH", DYLD_LIBRARY_PATH, try_in);
    const char *override = wants_versioned(s) && !is_over(s) ? versioned(s) : NULL;
    if (override) {
        try_candidate(s, override, DYLD_VERSIONED, NULL, VARIANT);
        return; /* whatever became of it */
    }
    if (*s->path != '@' && !is_over(s))
        try_prefixes(s);
    try_variant(s, s->path, s->again ? DYLD_REALPATH : DYLD_RECORDED, NULL, RAW);
    if (!is_over(s))
        try_fallbacks(s);
}

/* The path with its links resolved, also when only its last part is missing; NULL: no other. */
static const char *resolved(struct search *s)
{
    int error = 0;
    const char *base = tn_base_name(s->path), *dir;
    char *real = tenon_world_realpath(s->target->world, s->path, &error);
    if (!real) {
        dir = base == s->path
                  ? "."
                  : kept(s, tn_arena_copy(s->trial->arena, s->path, (size_t)(base - s->path)));
        char *above = dir ? tenon_world_realpath(s->target->world, dir, &error) : NULL;
        const char *path =
            above ? format(s, "%s/%s", strcmp(above, "/") == 0 ? "" : above, base) : NULL;
        free(above);
        return path && strcmp(path, s->path) != 0 ? path : NULL;
    }
    const char *path = kept(s, tn_arena_string(s->trial->arena, real));
    bool same = strncmp(s->path, real, strlen(real)) == 0;
    free(real);
    return same ? NULL : path;
}

void tn_dyld_search(struct tn_trial *trial)
{
    const struct tn_asker *asker = trial->asker;
    struct search s = {
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
    if (s.assumed && !is_over(&s))
        assume(&s, s.assumed);
    bool leaf = s.dlopen && !tn_has_slash(s.path);
    bool relative = *s.path != '/' && tn_dyld_ignores_environment(trial->target);
    if (is_over(&s) || s.config->old || *s.path == '@' || leaf || relative)
        return;
    s.path = resolved(&s);
    s.again = true;
    if (s.path)
        try_path(&s);
}
