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

/* The list, NULL when nothing is in it, with one more element of an LC_DYLD_ENVIRONMENT. */
static const char *append(struct dyld_search *s, const char *list, const char *item, size_t size)
{
    static const char *const names[] = { "@executable_path/", "@loader_path/" };
    const char *before = list ? list : "", *between = list ? ":" : "";
    if (size && *item == '@' && !s->at_paths)
        return list;
    for (size_t i = 0; i < TN_COUNT(names); i++) {
        size_t begin = strlen(names[i]);
        if (size < begin || strncmp(item, names[i], begin) != 0)
            continue;
        const char *dir = tn_dyld_directory(s, s->program);
        return dir ? dyld_format(s, "%s%s%s/%.*s", before, between, dir, (int)(size - begin),
                                 item + begin)
                   : NULL;
    }
    return dyld_format(s, "%s%s%.*s", before, between, (int)size, item);
}

/*
 * The value of a variable in an LC_DYLD_ENVIRONMENT of the program; NULL: not this variable.
 *
 * rule  PathOverrides::addEnvVar(): what @ stands for at the start of each element; where @ is not
 *       allowed, such an element is not there
 */
static const char *value_in(struct dyld_search *s, const char *text, const char *name)
{
    size_t size = strlen(name);
    if (strncmp(text, name, size) != 0 || text[size] != '=')
        return NULL;
    text += size + 1;
    if (!strchr(text, '@'))
        return text;
    const char *list = NULL, *end;
    do {
        end = text + strcspn(text, ":");
        list = append(s, list, text, (size_t)(end - text));
        text = end + 1;
    } while (*end);
    return list ? list : "";
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
