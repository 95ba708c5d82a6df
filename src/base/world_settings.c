/* src/base/world_settings.c - environment, settings, current directory and processor of a world */
#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "text.h"
#include "world_private.h"

static bool replace_string(char **where, const char *string, tenon_error *err)
{
    char *copy = strdup(string);

    if (!copy)
        return tn_no_memory(err);
    free(*where);
    *where = copy;
    return true;
}

static void clear_variables(struct tn_variables *variables)
{
    for (size_t i = 0; i < variables->count; i++)
        free(variables->at[i]);
    free(variables->at);
    *variables = (struct tn_variables){ NULL, 0, 0 };
}

void tn_settings_free(tenon_world *world)
{
    clear_variables(&world->env);
    clear_variables(&world->settings);
    free(world->cwd);
    free(world->cpu);
    free(world->platform);
    free(world->vendor);
}

/* The value in "NAME=VALUE" when NAME is name[size]. */
static const char *value_of(const char *entry, const char *name, size_t size)
{
    return strncmp(entry, name, size) == 0 && entry[size] == '=' ? entry + size + 1 : NULL;
}

static const char *find_variable(const struct tn_variables *variables, const char *name)
{
    size_t size = strlen(name);

    for (size_t i = 0; i < variables->count; i++) {
        const char *value = value_of(variables->at[i], name, size);
        if (value)
            return value;
    }
    return NULL;
}

static bool set_variable(struct tn_variables *variables, const char *name, const char *value,
                         tenon_error *err)
{
    char quoted[TN_QUOTE_ROOM];
    char *entry = NULL;
    size_t size = strlen(name);

    if (size == 0 || strchr(name, '='))
        return tn_fail(err, TENON_E_ARGUMENT, "%s cannot be the name of a variable",
                       tn_quote(quoted, name));
    if (value) {
        size_t value_size = strlen(value) + 1;
        if (tn_grow(&variables->at, &variables->capacity, variables->count, sizeof *variables->at))
            entry = malloc(size + 1 + value_size);
        if (!entry)
            return tn_no_memory(err);
        memcpy(entry, name, size);
        entry[size] = '=';
        memcpy(entry + size + 1, value, value_size);
    }
    size_t kept = 0;
    for (size_t i = 0; i < variables->count; i++) { /* an environment may name a thing twice */
        if (value_of(variables->at[i], name, size))
            free(variables->at[i]);
        else
            variables->at[kept++] = variables->at[i];
    }
    if (entry)
        variables->at[kept++] = entry;
    variables->count = kept;
    return true;
}

const char *tenon_world_env(const tenon_world *world, const char *name)
{
    return find_variable(&world->env, name);
}

bool tenon_world_set_env(tenon_world *world, const char *name, const char *value, tenon_error *err)
{
    return set_variable(&world->env, name, value, err);
}

void tenon_world_clear_env(tenon_world *world)
{
    clear_variables(&world->env);
}

const char *tenon_world_setting(const tenon_world *world, const char *name)
{
    return find_variable(&world->settings, name);
}

bool tenon_world_set_setting(tenon_world *world, const char *name, const char *value,
                             tenon_error *err)
{
    return set_variable(&world->settings, name, value, err);
}

bool tenon_world_set_cwd(tenon_world *world, const char *path, tenon_error *err)
{
    char quoted[TN_QUOTE_ROOM];

    if (path[0] != '/')
        return tn_fail(err, TENON_E_ARGUMENT, "current directory %s is no absolute path",
                       tn_quote(quoted, path));
    if (!replace_string(&world->cwd, path, err))
        return false;
    world->cwd_changed = true;
    return true;
}

const char *tenon_world_cwd(const tenon_world *world)
{
    return world->cwd ? world->cwd : "/";
}

void tenon_world_set_secure(tenon_world *world, bool secure)
{
    world->secure = secure;
}

bool tenon_world_secure(const tenon_world *world)
{
    return world->secure;
}

bool tenon_world_set_cpu(tenon_world *world, const char *level, tenon_error *err)
{
    return replace_string(&world->cpu, level, err);
}

const char *tenon_world_cpu(const tenon_world *world)
{
    return world->cpu ? world->cpu : "";
}

bool tenon_world_set_platform(tenon_world *world, const char *platform, tenon_error *err)
{
    return replace_string(&world->platform, platform, err);
}

const char *tenon_world_platform(const tenon_world *world)
{
    return world->platform ? world->platform : "";
}

bool tenon_world_set_vendor(tenon_world *world, const char *vendor, tenon_error *err)
{
    return replace_string(&world->vendor, vendor, err);
}

const char *tenon_world_vendor(const tenon_world *world)
{
    if (world->vendor)
        return world->vendor;
    return world->is_host ? tn_system_vendor() : "";
}
