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

bool tn_dewey_parse(const char *name, struct tn_dewey *out)
{
    *out = (struct tn_dewey){ .major = -1, .minor = -1 };
    if (strncmp(name, "lib", 3) != 0)
        return false;
    const char *suffix = strstr(name + 3, ".so"), *at;
    if (!suffix)
        return false;
    out->stem = name + 3;
    out->stem_size = (size_t)(suffix - out->stem);
    at = suffix + 1 + strcspn(suffix + 1, ".");
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

/* rule  _dl_find_shlib(): one without numbers goes before any, and ends the directory */
static bool goes_before(const struct tn_dewey *found, const struct tn_dewey *best)
{
    return best->major >= 0 && (found->major < 0 || tn_dewey_compare(found, best) > 0);
}

static int look_at(void *arg, const char *name)
{
    struct choosing *c = arg;
    struct tn_dewey found;
    if (!tn_dewey_parse(name, &found) || !tn_dewey_fits(c->wanted, &found, c->any_minor))
        return 0;
    if (c->best && !goes_before(&found, &c->best_is))
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
