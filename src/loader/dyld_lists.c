/*
 * src/loader/dyld_lists.c - dyld: lists of directories, in the environment and baked into the
 * program
 *
 * rule  dyld-1378 dyld/DyldProcessConfig.cpp, PathOverrides
 */
#include <string.h>

#include "dyld_search.h"
#include "names.h"

void tn_dyld_walk_list(struct dyld_search *s, const char *list, int rule, const char *where,
                       dyld_each_dir *each)
{
    for (;;) {
        size_t size = strcspn(list, ":");
        const char *dir = tn_dyld_kept(s, tn_arena_copy(s->trial->arena, list, size));
        if (!dir || dyld_is_over(s))
            return;
        each(s, dir, rule, where);
        if (!list[size])
            return;
        list += size + 1;
    }
}

/* The value of a variable in an LC_DYLD_ENVIRONMENT of the program; NULL: not this variable. */
static const char *value_in(struct dyld_search *s, const char *text, const char *name)
{
    size_t size = strlen(name);
    if (strncmp(text, name, size) != 0 || text[size] != '=')
        return NULL;
    text += size + 1;
    const char *rest = tn_has_prefix(text, "@executable_path/") ? text + 17
                       : tn_has_prefix(text, "@loader_path/")   ? text + 13
                                                                : NULL;
    const char *dir = rest ? tn_dyld_directory(s, s->program) : NULL;
    return rest && dir ? dyld_format(s, "%s/%s", dir, rest) : text;
}

bool tn_dyld_walk_variable(struct dyld_search *s, const char *name, int rule, dyld_each_dir *each)
{
    const char *env = s->env ? tenon_world_env(s->target->world, name) : NULL;
    const struct tn_macho_facts *own = s->program ? tn_macho_facts(s->program->facts) : NULL;
    bool set = env;
    if (env)
        tn_dyld_walk_list(s, env, rule, name, each);
    for (size_t i = 0; own && i < own->environment_count && !dyld_is_over(s); i++) {
        const char *value = value_in(s, own->environment[i], name);
        if (!value)
            continue;
        set = true;
        const char *where =
            dyld_format(s, "%s of LC_DYLD_ENVIRONMENT of %s", name, s->program->path);
        if (where)
            tn_dyld_walk_list(s, value, rule, where, each);
    }
    return set;
}
