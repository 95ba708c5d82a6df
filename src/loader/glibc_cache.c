/*
 * src/loader/glibc_cache.c - glibc: what its cache says, and what ldconfig would have put there
 *
 * rule  glibc 2.36 elf/dl-cache.c
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "glibc_private.h"
#include "ldconf.h"
#include "ldconfig.h"
#include "limits.h"
#include "names.h"

/* What ldconfig would have gone by, and a remark that says so. */
static bool read_conf(struct tn_target *target, struct tn_glibc_config *config)
{
    tenon_file_info info;
    const char *cache = config->cache_path, *slash = strrchr(cache, '/');
    const char *conf =
        tn_arena_format(target->arena, "%.*s/ld.so.conf", slash ? (int)(slash - cache) : 0, cache);
    int error = conf ? tenon_world_stat(target->world, conf, &info) : ENOMEM;
    if (error == ENOMEM)
        return false;
    target->remark =
        error == ENOENT
            ? tn_arena_format(target->arena, "there is no %s and no %s: only default directories",
                              cache, conf)
            : tn_arena_format(target->arena,
                              "there is no %s: ld.so.conf was read as ldconfig would", cache);
    target->remark_rule = &tn_glibc_rules[GLIBC_CONF];
    config->conf_path = conf;
    config->conf_dirs = tn_ldconf_read(target->world, target->arena, conf);
    if (!target->remark || !config->conf_dirs || !tn_glibc_build_of(target))
        return false;
    config->cache_state = CACHE_CONF;
    return true;
}

/* Reads the cache; without one, a foreign tree is treated as ldconfig would treat it. */
static bool read_cache(struct tn_target *target, struct tn_glibc_config *config)
{
    struct tn_view file;
    tenon_error problem = TENON_ERROR_INIT;
    const char *path = tn_glibc_cache_file(target);
    if (!path)
        return false;
    config->cache_path = path;
    int error = tn_file_whole(target->world, path, TN_LIMIT_CACHE, target->arena, &file);
    if (error == 0 && tn_ldcache_open(file, target->endian, &config->cache, &problem)) {
        /* ld.so is looked into only for caches where its version matters */
        if (config->cache.has_legacy && !tn_glibc_legacy(target, &config->query.legacy))
            return false;
        config->cache_state = CACHE_GOOD;
        return true;
    }
    if (error == ENOMEM)
        return false;
    if (error == ENOENT && !tenon_world_is_host(target->world))
        return read_conf(target, config);
    config->cache_problem =
        error ? tn_errno_text(error) : tn_arena_string(target->arena, problem.text);
    target->remark =
        tn_arena_format(target->arena, "%s is not used: %s", path, config->cache_problem);
    target->remark_rule = &tn_glibc_rules[GLIBC_CACHE];
    if (!config->cache_problem || !target->remark)
        return false;
    config->cache_state = CACHE_NONE;
    return true;
}

static bool load_cache(struct tn_target *target, struct tn_glibc_config *config)
{
    return config->cache_state != CACHE_UNREAD || read_cache(target, config);
}

static bool in_system_dir(const struct tn_glibc_build *build, const char *path)
{
    for (size_t i = 0; i < build->system_dirs->count; i++) {
        const char *dir = build->system_dirs->at[i].dir;
        if (tn_has_prefix(path, dir) && path[strlen(dir)] == '/')
            return true;
    }
    return false;
}

/* Makes the cache that is not there; without memory it is tried again. */
static bool make_cache(struct tn_target *target, const struct tn_fact_source *source,
                       struct tn_glibc_config *config)
{
    const struct tn_glibc_build *build = tn_glibc_build_of(target);
    const struct tn_dirs *lists[] = { config->conf_dirs, build ? build->system_dirs : NULL };
    const struct tn_ldconfig how = {
        .world = target->world,
        .facts = source,
        .lists = lists,
        .list_count = TN_COUNT(lists),
        .machine = target->machine,
        .legacy = build && tn_glibc_has_legacy(build),
    };
    struct tn_view bytes;
    if (!build || !tn_ldconfig_make(&how, target->arena, &bytes) ||
        !tn_ldcache_open(bytes, TN_LITTLE, &config->cache, NULL) ||
        (config->cache.has_legacy && !tn_glibc_legacy(target, &config->query.legacy)))
        return false;
    config->cache_state = CACHE_MADE;
    return true;
}

bool tn_glibc_cached(struct tn_target *target, const struct tn_fact_source *source,
                     const char *name, const struct tn_asker *asker, struct tn_cached *out)
{
    struct tn_glibc_config *config = target->config;
    *out = (struct tn_cached){ .outcome = TENON_OUTCOME_NO_CACHE, .path = "" };
    if (!load_cache(target, config))
        return false;
    if (config->cache_state == CACHE_CONF && !make_cache(target, source, config))
        return false;
    bool is_made = config->cache_state == CACHE_MADE;
    out->path = is_made ? config->conf_path : config->cache_path;
    out->rule = is_made ? &tn_glibc_rules[GLIBC_CONF] : NULL;
    out->detail = config->cache_problem;
    if (config->cache_state != CACHE_NONE) {
        const char *path = tn_ldcache_lookup(&config->cache, name, &config->query);
        out->outcome = path ? TENON_OUTCOME_FOUND : TENON_OUTCOME_NOT_IN_CACHE;
        if (path)
            out->path = path;
    }
    if (out->outcome != TENON_OUTCOME_FOUND || !(asker->flags & GLIBC_NODEFLIB))
        return true;
    const struct tn_glibc_build *build = tn_glibc_build_of(target);
    if (build && in_system_dir(build, out->path)) {
        out->outcome = TENON_OUTCOME_NODEFLIB;
        out->detail = "the object has DF_1_NODEFLIB and this is a system directory";
    }
    return build != NULL;
}

bool tn_glibc_prepare_likely(struct tn_target *target)
{
    return load_cache(target, target->config);
}

const char *tn_glibc_likely(const struct tn_target *target, const char *name)
{
    const struct tn_glibc_config *config = target->config;
    return config->cache_state == CACHE_GOOD
               ? tn_ldcache_lookup(&config->cache, name, &config->query)
               : NULL;
}
