/*
 * src/loader/netbsd_aout.c - NetBSD's ld.so for a.out
 *
 * rule  NetBSD libexec/ld.aout_so/rtld.c 1.69, map_object() and rtfindlib(); shlib.c 1.19,
 *       findshlib()
 */
#include <errno.h>
#include <string.h>

#include "aout_search.h"
#include "dewey.h"
#include "fail.h"
#include "file.h"
#include "names.h"

enum { LOADED, PATH, HINTS_FOR_PATH, ENV, HINTS, DEFAULT, RPATH, HINTS_DIRS, SELF };

#define RTLD "NetBSD libexec/ld.aout_so/rtld.c, "

static const tenon_rule rules[] = {
    [LOADED] = {
        .name = "already loaded",
        .what = "an object of this very path, or the same device and inode",
        .source = RTLD "map_object()",
        .evidence = TENON_EVIDENCE_SOURCE,
    },
    [PATH] = {
        .name = "direct path",
        .what = "an object that was linked by its path, and what dlopen() or LD_PRELOAD name: "
                "opened as it is",
        .source = RTLD "map_object()",
        .evidence = TENON_EVIDENCE_SOURCE,
    },
    [HINTS_FOR_PATH] = {
        .name = "ld.so.hints below a path",
        .what = "an entry of the hints whose path begins with a directory of LD_LIBRARY_PATH or "
                "of ld -R, as text",
        .source = RTLD "rtfindlib()",
        .evidence = TENON_EVIDENCE_SOURCE,
    },
    [ENV] = {
        .name = "LD_LIBRARY_PATH",
        .what = "each directory, then /emul/aout and it, for the highest minor version",
        .source = "NetBSD libexec/ld.aout_so/shlib.c, findshlib()",
        .evidence = TENON_EVIDENCE_SOURCE,
    },
    [HINTS] = {
        .name = "ld.so.hints",
        .what = "the first entry of the name and version that ldconfig(8) wrote",
        .source = RTLD "findhint()",
        .evidence = TENON_EVIDENCE_SOURCE,
        .system = true,
    },
    [DEFAULT] = {
        .name = "default directory",
        .what = "/usr/lib, then /emul/aout/usr/lib, unless LD_NOSTD_PATH is set",
        .source = "NetBSD libexec/ld.aout_so/shlib.c, std_search_path()",
        .evidence = TENON_EVIDENCE_SOURCE,
        .system = true,
    },
    [RPATH] = {
        .name = "path of ld -R",
        .what = "the list of the object that asks, after the default directory; not in a set-id "
                "process",
        .source = RTLD "rtfindlib()",
        .evidence = TENON_EVIDENCE_SOURCE,
    },
    [HINTS_DIRS] = {
        .name = "directories of ld.so.hints",
        .what = "the list that ldconfig(8) searched, when nothing else was found",
        .source = RTLD "rtfindlib()",
        .evidence = TENON_EVIDENCE_SOURCE,
        .system = true,
    },
    [SELF] = {
        .name = "ld.so",
        .what = "the loader is mapped by the program's start-up code",
        .source = "NetBSD lib/csu, crt0",
        .evidence = TENON_EVIDENCE_SOURCE,
        .system = true,
    },
};

struct config {
    struct tn_aout_hints hints;
};

static bool configure(struct tn_target *target, tenon_error *err)
{
    target->config = tn_arena_take(target->arena, sizeof(struct config));
    return target->config || tn_no_memory(err);
}

static bool matches(const struct tn_facts *facts)
{
    return facts->os && strcmp(facts->os, "netbsd") == 0;
}

static const char *environment(const struct tn_target *target, const char *name)
{
    return target->secure ? NULL : tenon_world_env(target->world, name);
}

static const char *preload_list(const struct tn_target *target)
{
    return environment(target, "LD_PRELOAD");
}

/* ---- one search ------------------------------------------------------------------------------ */

struct search {
    struct tn_trial *trial;
    struct tn_aout_wanted wanted;
    const struct tn_sohints *hints; /* NULL: none */
    const char *hint_dirs;          /* their list, which counts also where they do not; NULL */
    const char *env, *own;          /* lists; NULL */
    const char *own_where;
    struct tn_aout_found low; /* the first that would do but for its minor version */
    int low_rule;
};

static struct tn_place place_of(const struct search *s, const char *path, int rule)
{
    return (struct tn_place){
        .source.path = path,
        .rule = &rules[rule],
        .where = rule == RPATH || rule == HINTS_FOR_PATH ? s->own_where : NULL,
    };
}

static bool try_file(struct search *s, const char *path, int rule)
{
    return tn_try_file(s->trial, place_of(s, path, rule)) == TN_ACCEPT || tn_is_over(s->trial);
}

/* The first directory that has one ends the scan: true, and *found says which. */
static bool scan_dir(struct search *s, const char *dir, int rule, struct tn_aout_found *found)
{
    struct tn_place place = place_of(s, dir, rule);
    *found = tn_aout_scan(s->trial, &s->wanted, dir, &place, true, true);
    return found->path || s->trial->no_memory;
}

/* A directory, then the same below the place for other systems' files. */
static bool scan_both(struct search *s, const char *dir, int rule, struct tn_aout_found *found)
{
    if (*dir && scan_dir(s, dir, rule, found))
        return true;
    const char *other =
        tn_arena_format(s->trial->arena, "/emul/aout%s%s", *dir == '/' || !*dir ? "" : "/", dir);
    s->trial->no_memory |= !other;
    return !other || scan_dir(s, other, rule, found);
}

static bool scan_list(struct search *s, const char *list, int rule, struct tn_aout_found *found)
{
    const char *dir;
    while (tn_aout_next(s->trial, &list, &dir))
        if (scan_both(s, dir, rule, found))
            return true;
    return false;
}

static bool has_default(const struct search *s)
{
    return !tenon_world_env(s->trial->target->world, "LD_NOSTD_PATH");
}

/* LD_LIBRARY_PATH, the default directory, the list of the object: the rule it was found by. */
static int scan(struct search *s, struct tn_aout_found *found)
{
    *found = (struct tn_aout_found){ NULL, -1 };
    if (s->env && scan_list(s, s->env, ENV, found))
        return ENV;
    if (has_default(s) && scan_both(s, "/usr/lib", DEFAULT, found))
        return DEFAULT;
    if (s->own)
        scan_list(s, s->own, RPATH, found);
    return RPATH;
}

static bool begins_with(void *arg, const char *path)
{
    return tn_has_prefix(path, arg);
}

/* rule  rtld.c, map_object(): whatever keeps it from being opened, the search goes on */
static bool can_open(struct search *s, const char *path, int rule)
{
    struct tn_file file;
    struct tn_judgement judged;
    int error = tn_file_open(s->trial->target->world, path, s->trial->arena, &file);
    if (!error) {
        tn_file_close(&file);
        return true;
    }
    s->trial->no_memory |= error == ENOMEM;
    tn_aout_judge_errno(s->trial->target, error, &judged);
    judged.action = TN_SKIP;
    if (!s->trial->no_memory)
        tn_try_note(s->trial, place_of(s, path, rule), judged);
    return false;
}

/* The entry of the hints, below a directory if one is given; false: none, or it is gone. */
static bool try_hint(struct search *s, const char *below, int rule)
{
    const struct tn_sohints_query query = {
        .name = s->wanted.name,
        .major = s->wanted.major,
        .minor = s->wanted.minor,
        .hash_has_minor = true,
        .fits = below ? begins_with : NULL,
        .arg = (void *)below,
    };
    const char *path = tn_sohints_find(s->hints, &query);
    if (!path)
        return false;
    path = tn_arena_string(s->trial->arena, path);
    if (!path) {
        s->trial->no_memory = true;
        return true;
    }
    if (can_open(s, path, rule) && try_file(s, path, rule))
        return true;
    s->hints = NULL; /* what cannot be opened switches them off */
    return s->trial->no_memory;
}

/* rule  the text of each directory of both lists, in their order */
static bool try_hints_below(struct search *s, const char *list)
{
    const char *dir;
    while (list && s->hints && tn_aout_next(s->trial, &list, &dir))
        if (try_hint(s, dir, HINTS_FOR_PATH))
            return true;
    return false;
}

static bool is_good(const struct search *s, const struct tn_aout_found *found)
{
    return found->path && found->minor >= s->wanted.minor;
}

static bool try_hints(struct search *s)
{
    struct tn_aout_found found;
    if (s->env || s->own) {
        if (try_hints_below(s, s->env) || try_hints_below(s, s->own))
            return true;
        int rule = s->hints ? scan(s, &found) : DEFAULT;
        if (s->hints && is_good(s, &found) && !tn_is_over(s->trial))
            return try_file(s, found.path, rule);
    }
    return s->hints && !tn_is_over(s->trial) && try_hint(s, NULL, HINTS);
}

/* A lower minor version is taken as a last resort, with a warning. */
static void try_scan(struct search *s)
{
    struct tn_aout_found found;
    int rule = scan(s, &found);
    if (!found.path && s->hint_dirs && !s->trial->no_memory) {
        scan_list(s, s->hint_dirs, HINTS_DIRS, &found);
        rule = HINTS_DIRS;
    }
    if (!found.path || tn_is_over(s->trial))
        return;
    struct tn_place place = place_of(s, found.path, rule);
    if (s->wanted.minor >= 0 && found.minor < s->wanted.minor) {
        place.detail = tn_arena_format(s->trial->arena,
                                       "warning: minor version >= %d expected, using it anyway",
                                       s->wanted.minor);
        s->trial->no_memory |= !place.detail;
    }
    if (!s->trial->no_memory)
        tn_try_file(s->trial, place);
}

static const char *own_list(struct tn_trial *trial, const char **where)
{
    const struct tn_paths *asker = trial->asker->paths;
    *where = NULL;
    if (!asker || !asker->facts->run_path_count || trial->target->secure ||
        tenon_world_env(trial->target->world, "LD_NO_INTERN_SEARCH"))
        return NULL;
    *where = tn_arena_format(trial->arena, "ld -R of %s", asker->path);
    trial->no_memory |= !*where;
    return *where ? asker->facts->run_paths[0].path : NULL;
}

/* dlopen() of "libX.so[.M[.m]]" looks for a library, anything else is a path. */
static bool is_dlopened_library(const char *name, struct tn_dewey *dewey)
{
    return !tn_has_slash(name) && tn_dewey_parse(name, dewey);
}

static void try_path(struct tn_trial *trial, const char *path)
{
    const struct tn_place place = { .source.path = path, .rule = &rules[PATH] };
    if (trial->target->secure && *path != '/')
        tn_try_note(trial, place, tn_judged(TENON_OUTCOME_FORBIDDEN, TN_STOP, "Permission denied"));
    else
        tn_try_file(trial, place);
}

static void search_library(struct search *s)
{
    struct config *config = s->trial->target->config;
    s->env = environment(s->trial->target, "LD_LIBRARY_PATH");
    s->own = own_list(s->trial, &s->own_where);
    const struct tn_sohints *hints = tn_aout_hints(s->trial, &config->hints);
    s->hint_dirs = hints ? hints->dirs : NULL;
    s->hints = s->wanted.major >= 0 ? hints : NULL;
    if (s->hints && try_hints(s))
        return;
    if (!tn_is_over(s->trial))
        try_scan(s);
}

/* What dlopen() was given; a missing number stands for any. */
static bool wanted_of_dlopen(struct search *s)
{
    struct tn_dewey dewey;
    const char *name = s->trial->name;
    s->wanted = (struct tn_aout_wanted){ .name = name, .major = -1, .minor = -1 };
    if (!is_dlopened_library(name, &dewey))
        return true;
    s->wanted.is_library = true;
    s->wanted.name = tn_arena_copy(s->trial->arena, dewey.stem, dewey.stem_size);
    s->wanted.major = dewey.major;
    s->wanted.minor = dewey.minor;
    return s->wanted.name;
}

static void search(struct tn_trial *trial)
{
    struct search s = { .trial = trial };
    bool ok = true;
    if (trial->asker->request == TN_REQUEST_NEED)
        ok = tn_aout_wanted(trial->arena, trial->name, &s.wanted);
    else if (trial->asker->request == TN_REQUEST_DLOPEN)
        ok = wanted_of_dlopen(&s);
    else
        s.wanted.name = trial->name;
    trial->no_memory |= !ok;
    if (!ok)
        return;
    if (s.wanted.is_library)
        search_library(&s);
    else
        try_path(trial, s.wanted.name);
}

/* rule  rtld.c: "NAME.MAJOR.MINOR: No such file or directory" */
static const char *why_missing(struct tn_arena *arena, const char *name,
                               const tenon_attempt *attempts, size_t count)
{
    (void)attempts, (void)count;
    return tn_arena_format(arena, "%s: No such file or directory",
                           *name == 'l' || *name == 'p' ? name + 1 : name);
}

const tenon_loader tn_loader_netbsd_aout = {
    .name = "netbsd-aout",
    .describe = "NetBSD's ld.so for a.out",
    .format = TENON_FORMAT_AOUT,
    .rules = rules,
    .rule_count = TN_COUNT(rules),
    .rule_loaded = LOADED,
    .rule_direct = PATH,
    .rule_self = SELF,
    .requests_differ = true,
    .paths_of_all = true,
    .paths_are_searched = true,
    .self_is_system = true,
    .preload_is_fatal = true,
    .preload_separators = ":",
    .matches = matches,
    .configure = configure,
    .preload_list = preload_list,
    .key = tn_aout_key,
    .search = search,
    .rule_search = PATH,
    .judge = tn_aout_judge,
    .judge_errno = tn_aout_judge_errno,
    .why_missing = why_missing,
};
