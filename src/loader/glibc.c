/*
 * src/loader/glibc.c - the GNU C library's ld.so
 *
 * rule  glibc 2.36 elf/dl-load.c (_dl_map_object, open_path, open_verify, fillin_rpath),
 * elf/rtld.c, elf/dl-cache.c; later versions differ as noted
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "glibc_build.h"
#include "hwcaps.h"
#include "ldcache.h"
#include "ldconf.h"
#include "limits.h"

enum {
    RULE_LOADED,
    RULE_DIRECT,
    RULE_RPATH,
    RULE_ENV,
    RULE_RUNPATH,
    RULE_CACHE,
    RULE_CONF,
    RULE_DEFAULT,
    RULE_SELF,
};

static const tenon_rule rules[] = {
    [RULE_LOADED] = { "already loaded",
                      "an object of the process has this name, SONAME, or device and inode",
                      "glibc elf/dl-load.c, _dl_map_object()", TENON_EVIDENCE_LOADER },
    [RULE_DIRECT] = { "direct path", "a name with a slash is opened as it is, nothing is searched",
                      "glibc elf/dl-load.c, _dl_map_object()", TENON_EVIDENCE_LOADER },
    [RULE_RPATH] = { "RPATH",
                     "DT_RPATH of the object that asks and of those that caused it to be loaded, "
                     "unless it has DT_RUNPATH",
                     "glibc elf/dl-load.c, _dl_map_object()", TENON_EVIDENCE_LOADER },
    [RULE_ENV] = { "LD_LIBRARY_PATH", "the environment's directories, unless the process is secure",
                   "glibc elf/dl-load.c, _dl_init_paths()", TENON_EVIDENCE_LOADER },
    [RULE_RUNPATH] = { "RUNPATH", "DT_RUNPATH of the object that asks, never inherited",
                       "glibc elf/dl-load.c, _dl_map_object()", TENON_EVIDENCE_LOADER },
    [RULE_CACHE] = { "ld.so.cache", "the one path that the cache has for this name",
                     "glibc elf/dl-cache.c, _dl_load_cache_lookup()", TENON_EVIDENCE_LOADER },
    [RULE_CONF] = { "ld.so.conf", "stands in for an absent cache, as ldconfig would have made it",
                    "glibc elf/ldconfig.c, search_dir()", TENON_EVIDENCE_SOURCE },
    [RULE_DEFAULT] = { "default directory",
                       "directories compiled into ld.so, unless the object has DF_1_NODEFLIB",
                       "glibc elf/dl-load.c, _dl_map_object()", TENON_EVIDENCE_LOADER },
    [RULE_SELF] = { "interpreter", "the program's interpreter is in the process from the start",
                    "glibc elf/rtld.c, dl_main()", TENON_EVIDENCE_LOADER },
};

enum cache_state { CACHE_UNREAD, CACHE_GOOD, CACHE_NONE, CACHE_CONF };

struct config {
    bool build_read;
    struct tn_glibc_build build;
    enum cache_state cache_state;
    struct tn_ldcache cache;
    struct tn_ldcache_query query;
    const char *cache_path, *cache_problem;
    const struct tn_dirs *conf_dirs;
    const char *const *subdirs;
    const char *levels[TN_HWCAPS_LEVELS];
};

/* What the loader's own file says of its build; NULL: no memory. */
static const struct tn_glibc_build *build_of(struct tn_target *target)
{
    struct config *config = target->config;
    if (!config->build_read &&
        !tn_glibc_build_read(target->world, target->arena, target->interpreter, target->machine,
                             target->word, target->e_flags, &config->build))
        return NULL;
    config->build_read = true;
    return &config->build;
}

static bool configure(struct tn_target *target, tenon_error *err)
{
    struct config *config = tn_arena_take(target->arena, sizeof *config);
    if (!config)
        return tn_no_memory(err);
    tn_hwcaps_levels(target->machine, target->endian, tenon_world_cpu(target->world),
                     config->levels);
    config->query.id =
        tn_ldcache_id(target->machine, target->word, target->e_flags, &config->query.accept_plain);
    config->query.levels = config->levels;
    config->query.isa_level = tn_hwcaps_isa_level(target->machine, tenon_world_cpu(target->world));
    target->config = config;
    return true;
}

static bool is_prefix(const char *prefix, const char *string)
{
    return string && strncmp(string, prefix, strlen(prefix)) == 0;
}

/* rule  the names that glibc's ports give their loader; musl's begins with "ld-musl" */
static bool is_glibc_interpreter(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *base = slash ? slash + 1 : path;
    if (is_prefix("ld-musl", base))
        return false;
    return is_prefix("ld-linux", base) || is_prefix("ld64.so.", base) ||
           is_prefix("ld.so.1", base) || is_prefix("ld-2.", base);
}

static bool matches(const struct tn_facts *facts)
{
    if (facts->os && strcmp(facts->os, "linux") != 0)
        return false;
    if (facts->interpreter)
        return is_glibc_interpreter(facts->interpreter);
    for (size_t i = 0; i < facts->version_need_count; i++)
        if (is_prefix("GLIBC_", facts->version_needs[i].name))
            return true;
    for (size_t i = 0; i < facts->need_count; i++)
        if (is_prefix("libc.so.6", facts->needs[i].name) ||
            is_prefix("ld-linux", facts->needs[i].name))
            return true;
    for (size_t i = 0; i < facts->version_def_count; i++)
        if (is_prefix("GLIBC_", facts->version_defs[i].name))
            return true;
    return false;
}

static const struct {
    uint32_t machine;
    unsigned class_bits;
    uint32_t flags_mask, flags;
    enum tenon_endian endian; /* NONE: both */
    const char *path;
} interpreters[] = {
    { 62, 64, 0, 0, 0, "/lib64/ld-linux-x86-64.so.2" },
    { 62, 32, 0, 0, 0, "/libx32/ld-linux-x32.so.2" },
    { 3, 32, 0, 0, 0, "/lib/ld-linux.so.2" },
    { 183, 64, 0, 0, TENON_ENDIAN_LITTLE, "/lib/ld-linux-aarch64.so.1" },
    { 183, 64, 0, 0, TENON_ENDIAN_BIG, "/lib/ld-linux-aarch64_be.so.1" },
    { 40, 32, 0x400, 0x400, 0, "/lib/ld-linux-armhf.so.3" },
    { 40, 32, 0, 0, 0, "/lib/ld-linux.so.3" },
    { 21, 64, 3, 2, 0, "/lib64/ld64.so.2" },
    { 21, 64, 0, 0, TENON_ENDIAN_LITTLE, "/lib64/ld64.so.2" },
    { 21, 64, 0, 0, 0, "/lib64/ld64.so.1" },
    { 20, 32, 0, 0, 0, "/lib/ld.so.1" },
    { 22, 64, 0, 0, 0, "/lib/ld64.so.1" },
    { 22, 32, 0, 0, 0, "/lib/ld.so.1" },
    { 243, 64, 6, 4, 0, "/lib/ld-linux-riscv64-lp64d.so.1" },
    { 243, 64, 6, 0, 0, "/lib/ld-linux-riscv64-lp64.so.1" },
    { 243, 32, 6, 4, 0, "/lib/ld-linux-riscv32-ilp32d.so.1" },
    { 243, 32, 6, 0, 0, "/lib/ld-linux-riscv32-ilp32.so.1" },
    { 258, 64, 7, 3, 0, "/lib64/ld-linux-loongarch-lp64d.so.1" },
    { 258, 64, 7, 1, 0, "/lib64/ld-linux-loongarch-lp64s.so.1" },
    { 43, 64, 0, 0, 0, "/lib64/ld-linux.so.2" },
    { 2, 32, 0, 0, 0, "/lib/ld-linux.so.2" },
    { 18, 32, 0, 0, 0, "/lib/ld-linux.so.2" },
    { 8, 64, 0x400, 0x400, 0, "/lib64/ld-linux-mipsn8.so.1" },
    { 8, 64, 0, 0, 0, "/lib64/ld.so.1" },
    { 8, 32, 0x420, 0x420, 0, "/lib32/ld-linux-mipsn8.so.1" },
    { 8, 32, 0x20, 0x20, 0, "/lib32/ld.so.1" },
    { 8, 32, 0x400, 0x400, 0, "/lib/ld-linux-mipsn8.so.1" },
    { 8, 32, 0, 0, 0, "/lib/ld.so.1" },
    { 4, 32, 0, 0, 0, "/lib/ld.so.1" },
    { 15, 32, 0, 0, 0, "/lib/ld.so.1" },
    { 42, 32, 0, 0, 0, "/lib/ld-linux.so.2" },
    { 0x9026, 64, 0, 0, 0, "/lib/ld-linux.so.2" },
    { 50, 64, 0, 0, 0, "/lib/ld-linux-ia64.so.2" },
};

static const char *interpreter(const struct tn_facts *facts)
{
    for (size_t i = 0; i < TN_COUNT(interpreters); i++)
        if (interpreters[i].machine == facts->machine_code &&
            interpreters[i].class_bits == facts->class_bits &&
            (facts->elf.header.e_flags & interpreters[i].flags_mask) == interpreters[i].flags &&
            (!interpreters[i].endian || interpreters[i].endian == facts->endian))
            return interpreters[i].path;
    return NULL;
}

static bool is_self(const struct tn_target *target, const char *name)
{
    return strcmp(name, target->interpreter) == 0;
}

/* rule  AT_PLATFORM as Linux gives it for programs of that machine */
static const char *platform_of(const struct tn_target *target)
{
    static const struct {
        uint32_t machine;
        const char *platform;
    } platforms[] = { { 62, "x86_64" }, { 3, "i686" }, { 183, "aarch64" } };
    for (size_t i = 0; i < TN_COUNT(platforms); i++)
        if (platforms[i].machine == target->machine)
            return platforms[i].platform;
    const char *given = tenon_world_platform(target->world);
    return given && *given ? given : NULL;
}

/* Fills the token values; `$LIB` costs a look into ld.so, so only when the string has tokens. */
static bool tokens_for(struct tn_target *target, const char *string, const char *origin,
                       struct tn_tokens *out)
{
    *out = (struct tn_tokens){
        .rows = { { "ORIGIN", origin }, { "PLATFORM", platform_of(target) }, { "LIB", NULL } },
        .count = 3,
    };
    if (!strchr(string, '$'))
        return true;
    const struct tn_glibc_build *build = build_of(target);
    if (!build)
        return false;
    out->rows[2].value = build->lib;
    return true;
}

static const char *expand_name(struct tn_target *target, const char *name, const char *origin,
                               enum tenon_outcome *outcome, const char **detail)
{
    struct tn_tokens tokens;
    *outcome = TENON_OUTCOME_FOUND;
    if (!strchr(name, '$'))
        return name;
    if (!tokens_for(target, name, origin, &tokens))
        return NULL;
    if (!tn_tokens_in(name, &tokens))
        return name;
    if (target->secure) {
        *outcome = TENON_OUTCOME_DROPPED_SECURE;
        *detail = "DST not allowed in SUID/SGID programs";
        return NULL;
    }
    const char *expanded = tn_tokens_expand(target->arena, name, strlen(name), &tokens, outcome);
    if (*outcome != TENON_OUTCOME_FOUND || (expanded && !*expanded)) {
        *outcome = TENON_OUTCOME_NOT_EXPANDABLE;
        *detail = "empty dynamic string token substitution";
        return NULL;
    }
    return expanded;
}

static const struct tn_dirs *split_with(struct tn_target *target, const char *list,
                                        const char *separators, const char *origin, bool trusted)
{
    struct tn_tokens tokens;
    if (!tokens_for(target, list, origin, &tokens))
        return NULL;
    tokens.secure = target->secure;
    if (target->secure && trusted) {
        const struct tn_glibc_build *build = build_of(target);
        if (!build)
            return NULL;
        tokens.trusted = build->system_dirs;
    }
    /* An entirely empty string is ignored as a whole; an empty element is the cwd. */
    struct tn_list_syntax syntax = { separators, *list != '\0', true, true, &tokens };
    return tn_dirs_split(target->arena, list, &syntax);
}

static const struct tn_dirs *split(struct tn_target *target, const char *list, const char *origin,
                                   bool is_program)
{
    return split_with(target, list, ":", origin, is_program);
}

static bool add_stage(struct tn_plan *plan, struct tn_stage stage)
{
    if (plan->count == TN_PLAN_ROOM) /* a chain longer than any: the rest cannot be shown */
        return true;
    plan->stages[plan->count++] = stage;
    return true;
}

/* A stage over (or a word about) one object's run path. */
static bool add_list(struct tn_target *target, struct tn_plan *plan, size_t rule,
                     const struct tn_paths *owner, const struct tn_dirs *dirs, const char *skipped)
{
    const char *where = tn_arena_format(target->arena, "%s of %s", rules[rule].name, owner->owner);
    return where && add_stage(plan, (struct tn_stage){
                                        .kind = skipped ? TN_STAGE_SKIPPED : TN_STAGE_DIRS,
                                        .rule = &rules[rule],
                                        .where = where,
                                        .detail = skipped,
                                        .dirs = dirs,
                                    });
}

static bool plan_rpath(struct tn_target *target, const struct tn_asker *asker, struct tn_plan *plan)
{
    bool cut = asker->own && asker->paths && asker->paths->runpath;
    for (const struct tn_paths *p = asker->paths; p; p = p->parent) {
        const char *skipped = NULL;
        if (!p->rpath)
            continue;
        if (plan->count == TN_PLAN_CHAIN)
            return add_list(target, plan, RULE_RPATH, p, p->rpath, TN_PLAN_CUT);
        if (p->runpath)
            skipped = "an object's RPATH does not count when it has a RUNPATH";
        else if (cut)
            skipped = "no RPATH counts for an object that has a RUNPATH";
        if (!add_list(target, plan, RULE_RPATH, p, p->rpath, skipped))
            return false;
    }
    return true;
}

static bool plan_env(struct tn_target *target, const struct tn_asker *asker, struct tn_plan *plan)
{
    const char *env = tenon_world_env(target->world, "LD_LIBRARY_PATH");
    struct tn_stage stage = { .kind = TN_STAGE_DIRS, .rule = &rules[RULE_ENV] };
    if (!env || !*env)
        return true;
    if (target->secure) {
        stage.kind = TN_STAGE_SKIPPED;
        stage.detail = "ignored in a secure process";
    }
    stage.dirs = split_with(target, env, ":;", asker->program_origin, true);
    return stage.dirs && add_stage(plan, stage);
}

static bool plan_runpath(struct tn_target *target, const struct tn_asker *asker,
                         struct tn_plan *plan)
{
    for (const struct tn_paths *p = asker->paths; p && plan->count < TN_PLAN_ROOM - 2;
         p = p->parent) {
        bool own = p == asker->paths && asker->own;
        if (p->runpath &&
            !add_list(target, plan, RULE_RUNPATH, p, p->runpath,
                      own ? NULL : "a RUNPATH is not inherited by what the object loads"))
            return false;
    }
    return true;
}

static bool plan(struct tn_target *target, const struct tn_asker *asker, struct tn_plan *out)
{
    bool preload =
        asker->request == TN_REQUEST_PRELOAD || asker->request == TN_REQUEST_PRELOAD_CONFIG;
    out->count = 0;
    out->hwcaps = true;
    out->need_setuid = preload && target->secure;
    if (!plan_rpath(target, asker, out) || !plan_env(target, asker, out) ||
        !plan_runpath(target, asker, out))
        return false;
    if (!out->need_setuid)
        add_stage(out, (struct tn_stage){ .kind = TN_STAGE_CACHE, .rule = &rules[RULE_CACHE] });
    else
        add_stage(out, (struct tn_stage){ .kind = TN_STAGE_SKIPPED,
                                          .rule = &rules[RULE_CACHE],
                                          .detail = "not used for preloads of a secure process" });
    return add_stage(out, (struct tn_stage){ .kind = TN_STAGE_LATE, .rule = &rules[RULE_DEFAULT] });
}

/* The default directories are in ld.so's file, which is read only when a search comes that far. */
static bool late_stage(struct tn_target *target, const struct tn_asker *asker, struct tn_stage *out)
{
    const struct tn_glibc_build *build = build_of(target);
    if (!build)
        return false;
    *out = (struct tn_stage){ .kind = TN_STAGE_DIRS,
                              .rule = &rules[RULE_DEFAULT],
                              .dirs = build->system_dirs };
    if (asker->nodeflib) {
        out->kind = TN_STAGE_SKIPPED;
        out->detail = "the object has DF_1_NODEFLIB";
    }
    return true;
}

static const char *const *subdirs(struct tn_target *target)
{
    struct config *config = target->config;
    const struct tn_glibc_build *build = build_of(target);
    if (build && !config->subdirs)
        config->subdirs = tn_hwcaps_subdirs(target->arena, target->machine, target->endian,
                                            tenon_world_cpu(target->world), platform_of(target),
                                            build->minor > 0 && build->minor <= 36);
    return config->subdirs;
}

/* The usual prefix needs no look into ld.so: /etc/ld.so.cache. */
static bool has_usual_prefix(const char *path)
{
    return is_prefix("/lib", path) || is_prefix("/usr/lib", path);
}

static bool read_conf(struct tn_target *target, struct config *config, const char *cache_path)
{
    const char *slash = strrchr(cache_path, '/');
    const char *conf = tn_arena_format(target->arena, "%.*s/ld.so.conf",
                                       slash ? (int)(slash - cache_path) : 0, cache_path);
    if (!conf || !(config->conf_dirs = tn_ldconf_read(target->world, target->arena, conf)) ||
        !build_of(target))
        return false;
    config->cache_state = CACHE_CONF;
    return true;
}

/* Reads the cache once; without one, a foreign tree is treated as ldconfig would treat it. */
static bool load_cache(struct tn_target *target, struct config *config)
{
    struct tn_view file;
    tenon_error problem = TENON_ERROR_INIT;
    const char *path = "/etc/ld.so.cache";
    if (config->cache_state != CACHE_UNREAD)
        return true;
    if (!has_usual_prefix(target->interpreter)) {
        const struct tn_glibc_build *build = build_of(target);
        if (!build)
            return false;
        path = build->cache;
    }
    config->cache_path = path;
    int error = tn_file_whole(target->world, path, TN_LIMIT_CACHE, target->arena, &file);
    if (error == 0 && tn_ldcache_open(file, target->endian, &config->cache, &problem)) {
        config->cache_state = CACHE_GOOD;
        return true;
    }
    if (error == ENOMEM)
        return false;
    if (error == ENOENT && !tenon_world_is_host(target->world)) {
        target->remark = tn_arena_format(
            target->arena, "there is no %s: ld.so.conf was read as ldconfig would", path);
        target->remark_rule = &rules[RULE_CONF];
        return target->remark && read_conf(target, config, path);
    }
    config->cache_problem =
        error ? tn_errno_text(error) : tn_arena_string(target->arena, problem.text);
    target->remark =
        tn_arena_format(target->arena, "%s is not used: %s", path, config->cache_problem);
    target->remark_rule = &rules[RULE_CACHE];
    if (!config->cache_problem || !target->remark)
        return false;
    config->cache_state = CACHE_NONE;
    return true;
}

static bool in_system_dir(const struct tn_glibc_build *build, const char *path)
{
    for (size_t i = 0; i < build->system_dirs->count; i++) {
        const char *dir = build->system_dirs->at[i].dir;
        if (is_prefix(dir, path) && path[strlen(dir)] == '/')
            return true;
    }
    return false;
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/*
 * Would ldconfig have entered dir/name under that name? Its key is the SONAME, or the file's own
 * name when it has none; a link counts under its own name when it leads to a file called as the
 * SONAME, or to the development link.
 * rule  glibc elf/ldconfig.c, search_dir()
 */
static bool would_enter(struct tn_target *target, const struct tn_fact_source *source,
                        const char *path, const char *name, bool *no_memory)
{
    const struct tn_facts *facts = source->facts(source->arg, path);
    bool plain;
    if (!facts || facts->class_bits != target->word * 8 ||
        tn_ldcache_id(facts->machine_code, target->word, facts->elf.header.e_flags, &plain) !=
            ((struct config *)target->config)->query.id)
        return false;
    if (!facts->own_name || strcmp(facts->own_name, name) == 0)
        return true;
    int error;
    char *real = tenon_world_realpath(target->world, path, &error);
    const char *base = real ? base_name(real) : name;
    *no_memory |= !real && error == ENOMEM;
    size_t n = strlen(base);
    bool is_link = strcmp(base, name) != 0;
    bool enters =
        is_link &&
        (strcmp(base, facts->own_name) == 0 ||
         (n >= 3 && strcmp(base + n - 3, ".so") == 0 && strncmp(base, facts->own_name, n) == 0));
    free(real);
    return enters;
}

/* The first directory in which ldconfig would have found the name, below `subdir`. */
static const char *find_in(struct tn_target *target, const struct tn_fact_source *source,
                           const struct tn_dirs *dirs, const char *subdir, const char *name,
                           bool *no_memory)
{
    for (size_t i = 0; i < dirs->count && !*no_memory; i++) {
        const char *path = tn_arena_format(target->arena, "%s/%s%s", dirs->at[i].dir, subdir, name);
        *no_memory |= !path;
        if (path && would_enter(target, source, path, name, no_memory))
            return path;
    }
    return NULL;
}

static bool lookup_conf(struct tn_target *target, const struct tn_fact_source *source,
                        const char *name, struct tn_cached *out)
{
    struct config *config = target->config;
    const struct tn_dirs *lists[] = { config->conf_dirs, build_of(target)->system_dirs };
    const char *found = NULL;
    bool no_memory = false;
    out->rule = &rules[RULE_CONF];
    /* ldconfig enters nothing else: rule elf/ldconfig.c, _dl_is_dso() */
    bool is_candidate = (is_prefix("lib", name) || is_prefix("ld-", name)) && strstr(name, ".so");
    for (size_t level = 0; is_candidate && !found && level < TN_HWCAPS_LEVELS; level++) {
        const char *subdir = "";
        if (config->levels[level])
            subdir = tn_arena_format(target->arena, "glibc-hwcaps/%s/", config->levels[level]);
        for (size_t i = 0; subdir && !found && i < TN_COUNT(lists); i++)
            found = find_in(target, source, lists[i], subdir, name, &no_memory);
        no_memory |= !subdir;
        if (!config->levels[level])
            break;
    }
    out->outcome = found ? TENON_OUTCOME_FOUND : TENON_OUTCOME_NOT_IN_CACHE;
    out->path = found ? found : "";
    return !no_memory;
}

static bool cached(struct tn_target *target, const struct tn_fact_source *source, const char *name,
                   bool nodeflib, struct tn_cached *out)
{
    struct config *config = target->config;
    *out = (struct tn_cached){ .outcome = TENON_OUTCOME_NO_CACHE, .path = "" };
    if (!load_cache(target, config))
        return false;
    out->path = config->cache_path;
    out->detail = config->cache_problem;
    if (config->cache_state == CACHE_CONF) {
        if (!lookup_conf(target, source, name, out))
            return false;
    } else if (config->cache_state == CACHE_GOOD) {
        const char *path = tn_ldcache_lookup(&config->cache, name, &config->query);
        out->outcome = path ? TENON_OUTCOME_FOUND : TENON_OUTCOME_NOT_IN_CACHE;
        if (path)
            out->path = path;
    }
    if (out->outcome != TENON_OUTCOME_FOUND || !nodeflib)
        return true;
    const struct tn_glibc_build *build = build_of(target);
    if (build && in_system_dir(build, out->path)) {
        out->outcome = TENON_OUTCOME_NODEFLIB;
        out->detail = "the object has DF_1_NODEFLIB and this is a system directory";
    }
    return build != NULL;
}

static struct tn_judgement judgement(enum tenon_outcome outcome, enum tn_action action,
                                     const char *detail)
{
    return (struct tn_judgement){ outcome, action, detail };
}

/* e_flags bits that glibc compares for a machine. rule  sysdeps/ARCH/dl-machine.h */
static const struct {
    uint32_t machine, mask;
} machine_flags[] = { { 243, 0x6 | 0x8 }, { 8, 0x20 | 0x400 } };

/* rule  elf_machine_matches_host() of each port */
static bool matches_host(const struct tn_target *target, const struct tn_elf_header *h)
{
    bool sparc32 = (target->machine == 2 || target->machine == 18) &&
                   (h->e_machine == 2 || h->e_machine == 18);
    if (h->e_machine != target->machine && !sparc32)
        return false;
    for (size_t i = 0; i < TN_COUNT(machine_flags); i++)
        if (machine_flags[i].machine == target->machine &&
            (h->e_flags & machine_flags[i].mask) != (target->e_flags & machine_flags[i].mask))
            return false;
    if (target->machine == 21) { /* 0: any ABI */
        uint32_t a = h->e_flags & 3, b = target->e_flags & 3;
        return a == 0 || b == 0 || a == b;
    }
    return true;
}

/* LIBC_ABI_MAX: ABI versions of ELFOSABI_GNU that are known. rule  glibc libc-abis */
#define ABI_VERSIONS 4

enum { OSABI_SYSV = 0, OSABI_GNU = 3, ET_EXEC = 2, ET_DYN = 3 };
#define DF_1_PIE 0x08000000u

/* The tests of open_verify() on the header, in its order. outcome FOUND: passed. */
static struct tn_judgement judge_header(const struct tn_target *target,
                                        const struct tn_elf_header *h)
{
    static const uint8_t padding[7];
    bool little = target->endian == TN_LITTLE;
    const uint8_t *id = h->e_ident;
    if (memcmp(id, "\177ELF", 4) != 0)
        return judgement(TENON_OUTCOME_NOT_ELF, TN_STOP, "invalid ELF header");
    if (id[4] != target->word / 4)
        return judgement(TENON_OUTCOME_WRONG_CLASS, TN_SKIP,
                         id[4] == 1   ? "wrong ELF class: ELFCLASS32"
                         : id[4] == 2 ? "wrong ELF class: ELFCLASS64"
                                      : "wrong ELF class");
    if (id[5] != (little ? 1 : 2))
        return judgement(TENON_OUTCOME_WRONG_ENDIAN, TN_STOP,
                         little ? "ELF file data encoding not little-endian"
                                : "ELF file data encoding not big-endian");
    if (id[6] != 1)
        return judgement(TENON_OUTCOME_MALFORMED, TN_STOP,
                         "ELF file version ident does not match current one");
    if (id[7] != OSABI_SYSV && id[7] != OSABI_GNU)
        return judgement(TENON_OUTCOME_WRONG_ABI, TN_STOP, "ELF file OS ABI invalid");
    if (id[8] != 0 && (id[7] != OSABI_GNU || id[8] >= ABI_VERSIONS))
        return judgement(TENON_OUTCOME_WRONG_ABI, TN_STOP, "ELF file ABI version invalid");
    if (memcmp(id + 9, padding, sizeof padding) != 0)
        return judgement(TENON_OUTCOME_MALFORMED, TN_STOP, "nonzero padding in e_ident");
    if (h->e_version != 1)
        return judgement(TENON_OUTCOME_MALFORMED, TN_STOP,
                         "ELF file version does not match current one");
    if (!matches_host(target, h))
        return judgement(TENON_OUTCOME_WRONG_MACHINE, TN_SKIP, NULL);
    if (h->e_type != ET_DYN && h->e_type != ET_EXEC)
        return judgement(TENON_OUTCOME_WRONG_TYPE, TN_STOP,
                         "only ET_DYN and ET_EXEC can be loaded");
    if (h->e_phentsize != (target->word == 8 ? 56 : 32))
        return judgement(TENON_OUTCOME_MALFORMED, TN_STOP,
                         "ELF file's phentsize not the expected size");
    return judgement(TENON_OUTCOME_FOUND, TN_ACCEPT, NULL);
}

/* What mapping the object finds. rule  _dl_map_object_from_fd() */
static struct tn_judgement judge_contents(const struct tn_target *target,
                                          const struct tn_facts *facts)
{
    if (!facts->elf.has_load)
        return judgement(TENON_OUTCOME_MALFORMED, TN_STOP, "object file has no loadable segments");
    if (facts->elf.header.e_type == ET_EXEC)
        return judgement(TENON_OUTCOME_WRONG_TYPE, TN_STOP, "cannot dynamically load executable");
    if (!facts->elf.has_dynamic)
        return judgement(TENON_OUTCOME_MALFORMED, TN_STOP, "object file has no dynamic section");
    if (facts->elf.dt_flags_1 & DF_1_PIE)
        return judgement(TENON_OUTCOME_WRONG_TYPE, TN_STOP,
                         "cannot dynamically load position-independent executable");
    unsigned level = tn_hwcaps_isa_level(target->machine, tenon_world_cpu(target->world));
    if (level && facts->elf.isa_needed >> level)
        return judgement(TENON_OUTCOME_WRONG_CPU, TN_STOP, "CPU ISA level is lower than required");
    return judgement(TENON_OUTCOME_FOUND, TN_ACCEPT, NULL);
}

static void judge(const struct tn_target *target, const struct tn_candidate *candidate,
                  struct tn_judgement *out)
{
    if (candidate->info->type == TENON_FILE_DIRECTORY) {
        *out =
            judgement(TENON_OUTCOME_IS_DIRECTORY, TN_STOP, "cannot read file data: Is a directory");
        return;
    }
    if (!candidate->header_read) {
        *out = judgement(TENON_OUTCOME_TRUNCATED, TN_STOP, "file too short");
        return;
    }
    *out = judge_header(target, candidate->header);
    if (out->outcome != TENON_OUTCOME_FOUND)
        return;
    if (candidate->facts)
        *out = judge_contents(target, candidate->facts);
    else
        *out = judgement(candidate->error == TENON_E_TRUNCATED ? TENON_OUTCOME_TRUNCATED
                                                               : TENON_OUTCOME_MALFORMED,
                         TN_STOP,
                         candidate->error == TENON_E_TRUNCATED ? "cannot read file data"
                                                               : candidate->error_text);
}

/* rule  open_path(): other errors than these leave the loop over the directories */
static void judge_errno(int error, struct tn_judgement *out)
{
    switch (error) {
    case ENOENT:
    case ENOTDIR: *out = judgement(TENON_OUTCOME_ABSENT, TN_SKIP, NULL); break;
    case EACCES: *out = judgement(TENON_OUTCOME_PERMISSION, TN_SKIP, NULL); break;
    case ELOOP: *out = judgement(TENON_OUTCOME_SYMLINK_LOOP, TN_END_STAGE, NULL); break;
    case ENAMETOOLONG: *out = judgement(TENON_OUTCOME_TOO_LONG, TN_END_STAGE, NULL); break;
    default: *out = judgement(TENON_OUTCOME_UNREADABLE, TN_END_STAGE, tn_errno_text(error));
    }
}

static bool name_is_searchable(const char *name, struct tn_judgement *out)
{
    (void)name;
    (void)out;
    return true;
}

const tenon_loader tn_loader_glibc = {
    .name = "glibc",
    .describe = "the GNU C library's ld.so on Linux",
    .format = TENON_FORMAT_ELF,
    .rules = rules,
    .rule_count = TN_COUNT(rules),
    .rule_loaded = RULE_LOADED,
    .rule_direct = RULE_DIRECT,
    .rule_self = RULE_SELF,
    .matches_soname = true,
    .checks_versions = true,
    .symbol_versions = true,
    .has_filters = true,
    .preload_as_program = true,
    .stats_directories = true,
    .missing_is_final = true,
    .preload_separators = " :",
    .preload_file = "/etc/ld.so.preload",
    .matches = matches,
    .interpreter = interpreter,
    .configure = configure,
    .is_self = is_self,
    .expand_name = expand_name,
    .split = split,
    .plan = plan,
    .late_stage = late_stage,
    .subdirs = subdirs,
    .cached = cached,
    .judge = judge,
    .judge_errno = judge_errno,
    .name_is_searchable = name_is_searchable,
};
