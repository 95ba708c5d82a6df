/*
 * src/loader/dyld_versioned.c - dyld: versions of libraries
 *
 * rule  dyld-1378 dyld/DyldProcessConfig.cpp, PathOverrides::checkVersionedPath() and
 *       addPathOverride(); of macOS up to 11 dyld-852.2 src/ImageLoader.cpp, doCompatibilityCheck()
 */
#include <errno.h>
#include <string.h>

#include "dyld_search.h"
#include "names.h"

/* ---- DYLD_VERSIONED_ ------------------------------------------------------------------------ */

/* The library to be loaded in place of the one that is asked for. */
struct dyld_versions {
    const char *path; /* NULL: none so far */
    uint32_t version;
    bool frameworks; /* a directory of X.framework, not of libraries */
    const char *dir; /* that is being listed */
};

static const struct tn_facts *library_at(struct dyld_search *s, const char *path)
{
    const struct tn_facts *facts = s->trial->facts.facts(s->trial->facts.arg, path);
    bool usable = facts && facts->format == TENON_FORMAT_MACHO && facts->own_name &&
                  tn_dyld_is_usable(s->target, facts, path);
    return usable ? facts : NULL;
}

/*
 * A library of such a directory. It stands for the path that the library at its install name says
 * it has; where there is none, for its install name, and the first stays.
 */
static void look_at(struct dyld_search *s, const char *path)
{
    struct dyld_versions *v = s->versions;
    const struct tn_facts *facts = library_at(s, path);
    if (!facts)
        return;
    const struct tn_facts *installed =
        *facts->own_name == '/' ? library_at(s, facts->own_name) : NULL;
    if (strcmp(installed ? installed->own_name : facts->own_name, s->path) != 0)
        return;
    uint32_t version = tn_macho_facts(facts)->current_version;
    bool newer = installed && version > tn_macho_facts(installed)->current_version;
    if (v->path ? newer && version > v->version : newer || !installed) {
        v->path = path;
        v->version = version;
    }
}

static int look_at_entry(void *arg, const char *name)
{
    struct dyld_search *s = arg;
    const struct dyld_versions *v = s->versions;
    size_t size = strlen(name), ending = sizeof ".framework" - 1;
    bool framework = size > ending && strcmp(name + size - ending, ".framework") == 0;
    const char *path = framework != v->frameworks ? NULL
                       : framework
                           ? dyld_format(s, "%s/%s/%.*s", v->dir, name, (int)(size - ending), name)
                           : dyld_format(s, "%s/%s", v->dir, name);
    if (path)
        look_at(s, path);
    return s->trial->no_memory;
}

static void list(struct dyld_search *s, const char *dir, int rule, const char *where)
{
    (void)rule, (void)where;
    s->versions->dir = dir;
    s->trial->no_memory |= tenon_world_list(s->target->world, dir, look_at_entry, s) == ENOMEM;
}

const char *tn_dyld_versioned(struct dyld_search *s)
{
    struct dyld_versions versions = { 0 };
    s->versions = &versions;
    tn_dyld_walk_variable(s, "DYLD_VERSIONED_LIBRARY_PATH", DYLD_VERSIONED, list);
    versions.frameworks = true;
    tn_dyld_walk_variable(s, "DYLD_VERSIONED_FRAMEWORK_PATH", DYLD_VERSIONED, list);
    s->versions = NULL;
    return versions.path;
}

/* ---- compatibility -------------------------------------------------------------------------- */

/*
 * rule  dyld-852.2: a library that offers less than its user was linked with is fatal, unless it
 *       was built for macOS 10.14, iOS and tvOS 12, watchOS 5 or later. dyld 4 does not look
 */
static bool is_compared(const struct tn_target *target, const struct tn_macho_facts *own)
{
    const struct dyld_config *config = target->config;
    unsigned first = own->platform <= DYLD_MACOS     ? 10u << 16 | 14u << 8
                     : own->platform == DYLD_WATCHOS ? 5u << 16
                                                     : 12u << 16;
    return config->old && own->min_os < first;
}

static const char *text_of(struct tn_arena *arena, uint32_t version)
{
    return tn_arena_format(arena, "%u.%u.%u", version >> 16, version >> 8 & 0xff, version & 0xff);
}

bool tn_dyld_compare_versions(const struct tn_target *target, struct tn_arena *arena,
                              const struct tn_answered *answered, struct tn_unsuited *out)
{
    uint32_t wanted = (uint32_t)answered->need->compat_version; /* 16.8.8 bits */
    const struct tn_macho_facts *own = tn_macho_facts(answered->facts);
    *out = (struct tn_unsuited){ 0 };
    if (wanted == UINT32_MAX || own->compat_version >= wanted || !is_compared(target, own))
        return true;
    const char *has = text_of(arena, own->compat_version);
    out->version = text_of(arena, wanted);
    out->reason = has && out->version
                      ? tn_arena_format(arena,
                                        "Incompatible library version: %s requires version %s or "
                                        "later, but %s provides version %s",
                                        tn_base_name(answered->asker), out->version,
                                        tn_base_name(answered->path), has)
                      : NULL;
    return out->reason;
}
