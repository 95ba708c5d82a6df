/*
 * src/loader/dewey.c - names that hold a version
 *
 * rule  OpenBSD libexec/ld.so/library_subr.c, _dl_build_sod(), _dl_match_file(),
 *       _dl_cmp_sod(), _dl_find_shlib()
 */
#include "dewey.h"

#include <errno.h>
#include <string.h>

#define NUMBER_MOST 99999999

/* Digits to the next dot or the end; false when there are none, or something else. */
static bool read_number(const char **at, int *number)
{
    const char *p = *at;
    long value = 0;
    if (*p < '0' || *p > '9')
        return false;
    for (; *p >= '0' && *p <= '9'; p++)
        if ((value = value * 10 + (*p - '0')) > NUMBER_MOST)
            return false;
    if (*p != '\0' && *p != '.')
        return false;
    *number = (int)value;
    *at = p;
    return true;
}

/* The ".so" that a version or nothing stands behind: the last one. */
static const char *find_suffix(const char *name)
{
    const char *found = NULL;
    for (const char *p = strstr(name, ".so"); p; p = strstr(p + 3, ".so"))
        if (p[3] == '\0' || p[3] == '.')
            found = p;
    return found;
}

bool tn_dewey_parse(const char *name, struct tn_dewey *out)
{
    *out = (struct tn_dewey){ .major = -1, .minor = -1 };
    if (strncmp(name, "lib", 3) != 0)
        return false;
    const char *suffix = find_suffix(name + 3), *at;
    if (!suffix || suffix == name + 3)
        return false;
    out->stem = name + 3;
    out->stem_size = (size_t)(suffix - out->stem);
    at = suffix + 3;
    if (*at == '.' && (at++, !read_number(&at, &out->major)))
        return false;
    if (*at == '.' && (at++, !read_number(&at, &out->minor)))
        return false;
    return *at == '\0';
}

bool tn_dewey_fits(const struct tn_dewey *wanted, const struct tn_dewey *found, bool any_minor)
{
    return wanted->stem_size == found->stem_size &&
           memcmp(wanted->stem, found->stem, wanted->stem_size) == 0 &&
           (wanted->major < 0 || wanted->major == found->major) &&
           (any_minor || wanted->minor < 0 || found->minor >= wanted->minor);
}

int tn_dewey_compare(const struct tn_dewey *a, const struct tn_dewey *b)
{
    if (a->major != b->major)
        return a->major < b->major ? -1 : 1;
    return (a->minor > b->minor) - (a->minor < b->minor);
}

struct choosing {
    struct tn_arena *arena;
    const struct tn_dewey *wanted;
    bool any_minor, no_memory;
    const char *best;
    struct tn_dewey best_is;
};

static int look_at(void *arg, const char *name)
{
    struct choosing *c = arg;
    struct tn_dewey found;
    if (!tn_dewey_parse(name, &found) || !tn_dewey_fits(c->wanted, &found, c->any_minor) ||
        (c->best && tn_dewey_compare(&found, &c->best_is) <= 0))
        return 0;
    c->best = tn_arena_string(c->arena, name);
    c->no_memory = !c->best;
    if (c->best)
        tn_dewey_parse(c->best, &c->best_is);
    return c->no_memory;
}

const char *tn_dewey_best(tenon_world *world, struct tn_arena *arena, const char *dir,
                          const struct tn_dewey *wanted, bool any_minor, int *error)
{
    struct choosing c = { .arena = arena, .wanted = wanted, .any_minor = any_minor };
    *error = tenon_world_list(world, *dir ? dir : ".", look_at, &c);
    if (c.no_memory)
        *error = ENOMEM;
    return *error ? NULL : c.best;
}
