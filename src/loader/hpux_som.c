/*
 * src/loader/hpux_som.c - dld.sl, the loader of HP-UX for 32-bit programs of PA-RISC
 *
 * rule  "HP-UX Linker and Libraries User's Guide" (11.0, 11i); dld.sl(5), ld(1), chatr(1). Its
 *       source was never published: what the manuals leave open is marked as believed
 */
#include <errno.h>
#include <string.h>

#include "fail.h"
#include "names.h"
#include "rules.h"

enum { LOADED, SHLIB_PATH, EMBEDDED, ANCESTORS, RECORDED, OLD_NAME, AS_GIVEN, SELF };

#define GUIDE "HP-UX Linker and Libraries User's Guide, "

static const tenon_rule rules[] = {
    [LOADED] = {
        .name = "already loaded",
        .what = "a library that was opened by this path, or the same device and inode",
        .source = GUIDE "shl_load()",
        .evidence = TENON_EVIDENCE_DOCUMENTATION,
    },
    [SHLIB_PATH] = {
        .name = "SHLIB_PATH",
        .what = "of a library that was linked with -l, its last part in each directory of this "
                "variable, if the program enables it (+s)",
        .source = GUIDE "moving libraries after linking; chatr(1)",
        .evidence = TENON_EVIDENCE_DOCUMENTATION,
    },
    [EMBEDDED] = {
        .name = "embedded path",
        .what = "likewise in each directory of the list that the object that asks was linked with "
                "(+b), if it is enabled",
        .source = GUIDE "moving libraries after linking; chatr(1)",
        .evidence = TENON_EVIDENCE_DOCUMENTATION,
    },
    [ANCESTORS] = {
        .name = "embedded path of an ancestor",
        .what = "the lists of the objects that caused the one that asks to be loaded, behind its "
                "own: that they count is documented, their order is not",
        .source = "HP-UX Linker Toolset Differences Between PA-RISC and Itanium-based Systems",
        .evidence = TENON_EVIDENCE_BELIEVED,
    },
    [RECORDED] = {
        .name = "recorded path",
        .what = "the path at which the linker found the library",
        .source = GUIDE "dld.sl(5)",
        .evidence = TENON_EVIDENCE_REAL_FILE,
    },
    [OLD_NAME] = {
        .name = "first version",
        .what = "for what was linked before HP-UX 10, libX.0 beside libX.sl comes first",
        .source = GUIDE "library-level versioning",
        .evidence = TENON_EVIDENCE_DOCUMENTATION,
    },
    [AS_GIVEN] = {
        .name = "path of shl_load()",
        .what = "a path is opened as it is given, relative to the current directory",
        .source = "shl_load(3X)",
        .evidence = TENON_EVIDENCE_DOCUMENTATION,
    },
    [SELF] = {
        .name = "dld.sl",
        .what = "the loader is mapped by the program's start-up code",
        .source = "dld.sl(5)",
        .evidence = TENON_EVIDENCE_DOCUMENTATION,
        .system = true,
    },
};

static bool configure(struct tn_target *target, tenon_error *err)
{
    (void)target, (void)err;
    return true;
}

static bool matches(const struct tn_facts *facts)
{
    return facts->kind == TENON_KIND_EXECUTABLE || facts->kind == TENON_KIND_SHARED_LIBRARY;
}

/* ---- the key of a need ----------------------------------------------------------------------- */

/*
 * What matters of a need is in its key, before the path: whether it was linked with -l, and how new
 * it must be.
 */
enum { KEY_DASH_L = 'l', KEY_PATH = 'p' };

static const char *key(struct tn_target *target, const tenon_need *need)
{
    return tn_arena_format(target->arena, "%c%u:%s", need->base ? KEY_DASH_L : KEY_PATH,
                           (unsigned)need->compat_version, need->name);
}

struct wanted {
    bool dash_l;
    unsigned highwater_mark;
    const char *path;
};

/* A name without a key's beginning is one that shl_load() was given. */
static struct wanted wanted_of(const char *name)
{
    struct wanted w = { .path = name };
    const char *colon = strchr(name, ':'), *at;
    if (!colon || colon - name < 2 || (name[0] != KEY_DASH_L && name[0] != KEY_PATH))
        return w;
    for (at = name + 1; at < colon && *at >= '0' && *at <= '9'; at++)
        w.highwater_mark = w.highwater_mark * 10 + (unsigned)(*at - '0');
    if (at != colon)
        return (struct wanted){ .path = name };
    w.dash_l = name[0] == KEY_DASH_L;
    w.path = colon + 1;
    return w;
}

/* ---- search ---------------------------------------------------------------------------------- */

static struct tn_place place_of(const char *path, int rule, const char *where)
{
    return (struct tn_place){ .source.path = path, .rule = &rules[rule], .where = where };
}

/* A library whose symbols are older than those that were linked with is refused. */
static bool try_file(struct tn_trial *trial, const struct wanted *w, const char *path, int rule,
                     const char *where)
{
    const struct tn_facts *facts =
        w->highwater_mark ? trial->facts.facts(trial->facts.arg, path) : NULL;
    if (facts && facts->format == TENON_FORMAT_SOM &&
        tn_som_facts(facts)->highwater_mark < w->highwater_mark) {
        tn_try_note(trial, place_of(path, rule, where),
                    tn_judged(TENON_OUTCOME_WRONG_VERSION, TN_STOP,
                              "high water mark too low: its symbols are older than those that were "
                              "linked with"));
        return true;
    }
    return tn_try_file(trial, place_of(path, rule, where)) == TN_ACCEPT || tn_is_over(trial);
}

/* The object that asks was linked before HP-UX 10, when libraries had no names of their own. */
static bool is_old(const struct tn_paths *object)
{
    enum { HDR_VERSION_9 = 89060912 };
    return object && object->facts->more &&
           tn_som_facts(object->facts)->hdr_version == HDR_VERSION_9;
}

/* The recorded path; before HP-UX 10, the first version beside it. */
static bool try_recorded(struct tn_trial *trial, const struct wanted *w)
{
    const char *dot = strrchr(tn_base_name(w->path), '.');
    if (is_old(trial->asker->paths) && dot && strcmp(dot, ".sl") == 0) {
        tenon_file_info info;
        const char *first = tn_arena_format(trial->arena, "%.*s.0", (int)(dot - w->path), w->path);
        if (!first) {
            trial->no_memory = true;
            return true;
        }
        if (tenon_world_stat(trial->target->world, first, &info) == 0)
            return try_file(trial, w, first, OLD_NAME, NULL);
    }
    return try_file(trial, w, w->path, RECORDED, NULL);
}

/* rule  an empty element stands for the recorded path, one that is relative counts from the cwd */
static bool try_list(struct tn_trial *trial, const struct wanted *w, const char *list, int rule,
                     const char *where)
{
    for (bool more = true; more && !tn_is_over(trial);) {
        size_t size = strcspn(list, ":");
        const char *path =
            size ? tn_arena_format(trial->arena, "%.*s/%s", (int)size, list, tn_base_name(w->path))
                 : w->path;
        if (!path) {
            trial->no_memory = true;
            return true;
        }
        if (try_file(trial, w, path, rule, where))
            return true;
        more = list[size];
        list += size + more;
    }
    return tn_is_over(trial);
}

static bool try_environment(struct tn_trial *trial, const struct wanted *w, uint16_t flags)
{
    const char *list = tenon_world_env(trial->target->world, "SHLIB_PATH");
    if (!list)
        return false;
    const char *why = !(flags & TN_SOM_SHLIB_PATH) ? "not enabled (+s)"
                      : trial->target->secure      ? "ignored in a set-id process"
                                                   : NULL;
    if (!why)
        return try_list(trial, w, list, SHLIB_PATH, NULL);
    tn_try_note(trial, place_of(list, SHLIB_PATH, NULL),
                tn_judged(TENON_OUTCOME_NOT_CONSULTED, TN_SKIP, why));
    return false;
}

/* The list of one object of the chain. */
static bool try_embedded_of(struct tn_trial *trial, const struct wanted *w,
                            const struct tn_paths *object, int rule)
{
    const struct tn_facts *facts = object->facts;
    if (!facts->run_path_count)
        return false;
    const char *where = tn_arena_format(trial->arena, "embedded path of %s", object->path);
    if (!where) {
        trial->no_memory = true;
        return true;
    }
    if (tn_som_facts(facts)->flags & TN_SOM_EMBEDDED_PATH)
        return try_list(trial, w, facts->run_paths[0].path, rule, where);
    tn_try_note(trial, place_of(facts->run_paths[0].path, rule, where),
                tn_judged(TENON_OUTCOME_NOT_CONSULTED, TN_SKIP, "not enabled (+b)"));
    return false;
}

static bool try_embedded(struct tn_trial *trial, const struct wanted *w)
{
    int rule = EMBEDDED;
    for (const struct tn_paths *object = trial->asker->paths; object; object = object->parent) {
        if (try_embedded_of(trial, w, object, rule))
            return true;
        rule = ANCESTORS;
    }
    return false;
}

static uint16_t flags_of(const struct tn_paths *object)
{
    return object && object->facts->more ? tn_som_facts(object->facts)->flags : 0;
}

/* rule  the order in which ld was given +s and +b is that of the two lists */
static bool try_lists(struct tn_trial *trial, const struct wanted *w)
{
    uint16_t flags = flags_of(trial->asker->paths);
    if (flags & TN_SOM_SHLIB_PATH_FIRST)
        return try_environment(trial, w, flags) || try_embedded(trial, w);
    return try_embedded(trial, w) || try_environment(trial, w, flags);
}

static void search(struct tn_trial *trial)
{
    struct wanted w = wanted_of(trial->name);
    if (trial->asker->request == TN_REQUEST_DLOPEN)
        tn_try_file(trial, place_of(w.path, AS_GIVEN, NULL));
    else if (!w.dash_l || !try_lists(trial, &w))
        try_recorded(trial, &w);
}

/* ---- candidates ------------------------------------------------------------------------------ */

enum { EXECUTABLE_BITS = 0111 };

/* That a file which is there and no good ends the search is believed: no manual says. */
static void judge(const struct tn_target *target, const struct tn_candidate *candidate,
                  struct tn_judgement *out)
{
    const struct tn_facts *facts = candidate->facts;
    (void)target;
    if (candidate->info->type == TENON_FILE_DIRECTORY)
        *out = tn_believed(TENON_OUTCOME_IS_DIRECTORY, TN_STOP, "Is a directory");
    else if (!(candidate->info->mode & EXECUTABLE_BITS))
        *out = tn_believed(TENON_OUTCOME_PERMISSION, TN_STOP, "has no execute permission");
    else if (!facts && candidate->error == TENON_E_FORMAT)
        *out = tn_believed(TENON_OUTCOME_WRONG_FORMAT, TN_STOP, "Invalid argument");
    else if (!facts)
        *out = tn_believed(candidate->error == TENON_E_TRUNCATED ? TENON_OUTCOME_TRUNCATED
                                                                 : TENON_OUTCOME_MALFORMED,
                           TN_STOP, "Exec format error");
    else if (facts->format != TENON_FORMAT_SOM)
        *out = tn_believed(TENON_OUTCOME_WRONG_FORMAT, TN_STOP, "Exec format error");
    else if (facts->kind != TENON_KIND_SHARED_LIBRARY)
        *out = tn_believed(TENON_OUTCOME_WRONG_TYPE, TN_STOP, "not a shared library");
    else
        *out = tn_judged(TENON_OUTCOME_FOUND, TN_ACCEPT, NULL);
}

static void judge_errno(const struct tn_target *target, int error, struct tn_judgement *out)
{
    (void)target;
    switch (error) {
    case ENOENT:
    case ENOTDIR: *out = tn_judged(TENON_OUTCOME_ABSENT, TN_SKIP, NULL); break;
    case EACCES: *out = tn_judged(TENON_OUTCOME_PERMISSION, TN_STOP, tn_errno_text(error)); break;
    case ELOOP: *out = tn_judged(TENON_OUTCOME_SYMLINK_LOOP, TN_STOP, tn_errno_text(error)); break;
    default: *out = tn_judged(TENON_OUTCOME_UNREADABLE, TN_STOP, tn_errno_text(error));
    }
}

/* rule  dld.sl's own words at start-up */
static const char *why_missing(struct tn_arena *arena, const char *name,
                               const tenon_attempt *attempts, size_t count)
{
    (void)attempts, (void)count;
    return tn_arena_format(arena, "Can't open shared library: %s", wanted_of(name).path);
}

const tenon_loader tn_loader_hpux_som = {
    .name = "hpux-som",
    .describe = "HP-UX' dld.sl for 32-bit programs of PA-RISC (SOM)",
    .format = TENON_FORMAT_SOM,
    .rules = rules,
    .rule_count = TN_COUNT(rules),
    .rule_loaded = LOADED,
    .rule_direct = RECORDED,
    .rule_self = SELF,
    .requests_differ = true,
    .paths_of_all = true,
    .paths_are_searched = true,
    .self_is_system = true,
    .depth_first = true,
    .rpath_word = "embedded path",
    .matches = matches,
    .configure = configure,
    .key = key,
    .search = search,
    .rule_search = RECORDED,
    .judge = judge,
    .judge_errno = judge_errno,
    .why_missing = why_missing,
};
