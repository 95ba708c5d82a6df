/*
 * src/loader/freebsd_aout.c - FreeBSD's ld.so for a.out
 *
 * rule  FreeBSD libexec/rtld-aout/rtld.c, shlib.c, support.c: findshlib(), rtfindlib()
 */
#include <errno.h>
#include <string.h>

#include "aout_search.h"
#include "fail.h"
#include "names.h"

enum { LOADED, PATH, ENV, HINTS, RPATH, DEFAULT, HINTS_DIRS, SELF };

#define RTLD "FreeBSD libexec/rtld-aout/rtld.c, "

static const tenon_rule rules[] = {
    [LOADED] = {
        .name = "already loaded",
        .what = "an object of this path, or the same device and inode",
        .source = RTLD "map_object()",
        .evidence = TENON_EVIDENCE_SOURCE,
    },
    [PATH] = {
        .name = "direct path",
        .what = "an object that was linked by its path, and what dlopen() is given: opened as it "
                "is",
        .source = RTLD "map_object()",
        .evidence = TENON_EVIDENCE_SOURCE,
    },
    [ENV] = {
        .name = "LD_LIBRARY_PATH",
        .what = "the first directory with a file of this name and major version, there the highest "
                "minor one",
        .source = "FreeBSD libexec/rtld-aout/shlib.c, search_lib_dir()",
        .evidence = TENON_EVIDENCE_SOURCE,
    },
    [HINTS] = {
        .name = "ld.so.hints",
        .what = "the first entry of the name and major version, if its file is there",
        .source = RTLD "findhint()",
        .evidence = TENON_EVIDENCE_SOURCE,
        .system = true,
    },
    [RPATH] = {
        .name = "path of ld -R",
        .what = "the list of the program, never of a library",
        .source = RTLD "rtld()",
        .evidence = TENON_EVIDENCE_SOURCE,
    },
    [DEFAULT] = {
        .name = "default directory",
        .what = "/usr/lib/aout where there is such a directory, else /usr/lib",
        .source = "FreeBSD libexec/rtld-aout/shlib.c, std_search_path()",
        .evidence = TENON_EVIDENCE_SOURCE,
        .system = true,
    },
    [HINTS_DIRS] = {
        .name = "directories of ld.so.hints",
        .what = "the list that ldconfig(8) searched",
        .source = RTLD "findhint()",
        .evidence = TENON_EVIDENCE_SOURCE,
        .system = true,
    },
    [SELF] = {
        .name = "ld.so",
        .what = "the loader is mapped by the program's start-up code",
        .source = "FreeBSD lib/csu, crt0",
        .evidence = TENON_EVIDENCE_SOURCE,
        .system = true,
    },
};

struct config {
    struct tn_aout_hints hints;
    const char *default_dir;
};

static bool configure(struct tn_target *target, tenon_error *err)
{
    tenon_file_info info;
    struct config *config = tn_arena_take(target->arena, sizeof *config);
    if (!config)
        return tn_no_memory(err);
    int error = tenon_world_stat(target->world, "/usr/lib/aout", &info);
    if (error == ENOMEM)
        return tn_no_memory(err);
    bool moved = !error && info.type == TENON_FILE_DIRECTORY;
    config->default_dir = moved ? "/usr/lib/aout" : "/usr/lib";
    target->config = config;
    return true;
}

static bool matches(const struct tn_facts *facts)
{
    return facts->os && strcmp(facts->os, "freebsd") == 0;
}

/* An empty variable is none. */
static const char *environment(const struct tn_target *target, const char *name)
{
    const char *value = target->secure ? NULL : tenon_world_env(target->world, name);
    return value && *value ? value : NULL;
}

static const char *preload_list(const struct tn_target *target)
{
    return environment(target, "LD_PRELOAD");
}

/* ---- one search ------------------------------------------------------------------------------ */

struct search {
    struct tn_trial *trial;
    struct tn_aout_wanted wanted;
    const char *exact; /* a preload's file name, instead */
};

static struct tn_place place_of(const char *path, int rule, const char *where)
{
    return (struct tn_place){ .source.path = path, .rule = &rules[rule], .where = where };
}

/* What is chosen is taken, whatever is in it: true ends the search. */
static bool try_found(struct search *s, const struct tn_aout_found *found, int rule,
                      const char *where)
{
    struct tn_place place = place_of(found->path, rule, where);
    if (found->minor < s->wanted.minor) {
        place.detail = tn_arena_format(s->trial->arena,
                                       "warning: minor version %d older than expected %d, using it "
                                       "anyway",
                                       found->minor, s->wanted.minor);
        s->trial->no_memory |= !place.detail;
    }
    if (!s->trial->no_memory)
        tn_try_file(s->trial, place);
    return true;
}

static bool try_dir(struct search *s, const char *dir, int rule, const char *where)
{
    if (!*dir || tn_is_over(s->trial))
        return tn_is_over(s->trial);
    struct tn_place place = place_of(dir, rule, where);
    if (s->exact) {
        const char *path = tn_arena_format(s->trial->arena, "%s/%s", dir, s->exact);
        s->trial->no_memory |= !path;
        return !path || tn_try_file(s->trial, place_of(path, rule, where)) != TN_SKIP;
    }
    struct tn_aout_found found = tn_aout_scan(s->trial, &s->wanted, dir, &place, false, false);
    return found.path ? try_found(s, &found, rule, where) : s->trial->no_memory;
}

static bool try_list(struct search *s, const char *list, int rule, const char *where)
{
    const char *dir;
    while (tn_aout_next(s->trial, &list, &dir))
        if (try_dir(s, dir, rule, where))
            return true;
    return tn_is_over(s->trial);
}

/* rule  later revisions ask whether the file is there; without it the hints say nothing */
static bool try_hints(struct search *s, const struct tn_sohints *hints)
{
    const struct tn_sohints_query query = { .name = s->wanted.name,
                                            .major = s->wanted.major,
                                            .minor = -1 };
    const char *path = hints && !s->exact ? tn_sohints_find(hints, &query) : NULL;
    tenon_file_info info;
    if (!path)
        return false;
    path = tn_arena_string(s->trial->arena, path);
    int error = path ? tenon_world_stat(s->trial->target->world, path, &info) : ENOMEM;
    s->trial->no_memory |= error == ENOMEM;
    if (s->trial->no_memory)
        return true;
    if (!error) {
        tn_try_file(s->trial, place_of(path, HINTS, NULL));
        return true;
    }
    tn_try_note(s->trial, place_of(path, HINTS, NULL),
                tn_judged(TENON_OUTCOME_STALE, TN_SKIP, NULL));
    return false;
}

static bool try_program_list(struct search *s)
{
    const struct tn_paths *program = s->trial->asker->program;
    if (!program || !program->facts->run_path_count)
        return false;
    const char *where = tn_arena_format(s->trial->arena, "ld -R of %s", program->path);
    s->trial->no_memory |= !where;
    return !where || try_list(s, program->facts->run_paths[0].path, RPATH, where);
}

static void search_library(struct search *s)
{
    struct config *config = s->trial->target->config;
    const char *env = environment(s->trial->target, "LD_LIBRARY_PATH");
    if (env && try_list(s, env, ENV, NULL))
        return;
    const struct tn_sohints *hints = tn_aout_hints(s->trial, &config->hints);
    if (try_hints(s, hints) || try_program_list(s) ||
        try_dir(s, config->default_dir, DEFAULT, NULL))
        return;
    if (hints && hints->dirs)
        try_list(s, hints->dirs, HINTS_DIRS, NULL);
}

static void try_path(struct tn_trial *trial, const char *path)
{
    if (trial->target->secure && *path != '/')
        tn_try_note(trial, place_of(path, PATH, NULL),
                    tn_judged(TENON_OUTCOME_FORBIDDEN, TN_STOP,
                              "Shared library path must start with \"/\""));
    else
        tn_try_file(trial, place_of(path, PATH, NULL));
}

static void search(struct tn_trial *trial)
{
    struct search s = { .trial = trial };
    if (trial->asker->request == TN_REQUEST_NEED &&
        !tn_aout_wanted(trial->arena, trial->name, &s.wanted)) {
        trial->no_memory = true;
        return;
    }
    if (trial->asker->request == TN_REQUEST_PRELOAD && !tn_has_slash(trial->name))
        s.exact = trial->name;
    if (s.exact || s.wanted.is_library)
        search_library(&s);
    else
        try_path(trial, s.wanted.name ? s.wanted.name : trial->name);
}

/* rule  rtld.c: "Can't find shared library \"libX.so.M.m\"" */
static const char *why_missing(struct tn_arena *arena, const char *name,
                               const tenon_attempt *attempts, size_t count)
{
    struct tn_aout_wanted wanted;
    (void)attempts, (void)count;
    if (!tn_aout_wanted(arena, name, &wanted))
        return NULL;
    return wanted.is_library
               ? tn_arena_format(arena, "Can't find shared library \"lib%s.so.%d.%d\"", wanted.name,
                                 wanted.major, wanted.minor)
               : tn_arena_format(arena, "Can't find shared library \"%s\"", wanted.name);
}

const tenon_loader tn_loader_freebsd_aout = {
    .name = "freebsd-aout",
    .describe = "FreeBSD's ld.so for a.out",
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
    .depth_first = true,
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
