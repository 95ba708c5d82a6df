/*
 * src/loader/aix.c - AIX's loader, which is in the kernel: exec(), load(), dlopen()
 *
 * rule  IBM AIX documentation: "XCOFF Object File Format", exec, load, dlopen, ld, "Shared objects
 *       and run-time linking"; IBM support pages 11098675 and 7091281 (LIBPATH); a transcript in
 *       llvm-project 94602 (LIBPATH and LD_LIBRARY_PATH). A module is path, base and member; a
 *       file that exists ends the search, whatever is in it
 */
#include <errno.h>
#include <string.h>

#include "dirs.h"
#include "fail.h"
#include "names.h"

enum {
    RULE_KERNEL,
    RULE_LOADED,
    RULE_DIRECT,
    RULE_LIBPATH,
    RULE_LD_LIBRARY_PATH,
    RULE_OWN_PATH,
    RULE_EMPTY_LIBPATH,
};

static const tenon_rule rules[] = {
    [RULE_KERNEL] = {
        .name = "kernel exports",
        .what = "/unix stands for the kernel, which is no file that is searched for",
        .source = "IBM XCOFF Object File Format, import file ids",
        .evidence = TENON_EVIDENCE_DOCUMENTATION,
        .system = true,
    },
    [RULE_LOADED] = {
        .name = "already loaded",
        .what = "the same file and member is one module",
        .source = "IBM AIX, load()",
        .evidence = TENON_EVIDENCE_DOCUMENTATION,
    },
    [RULE_DIRECT] = {
        .name = "recorded path",
        .what = "a module with a path, or a name with a slash, is that file; nothing is searched",
        .source = "IBM AIX, ld (-bipath) and load()",
        .evidence = TENON_EVIDENCE_DOCUMENTATION,
    },
    [RULE_LIBPATH] = {
        .name = "LIBPATH",
        .what = "the environment's directories, unless the program gained privileges",
        .source = "IBM support 11098675; IBM AIX, exec and load()",
        .evidence = TENON_EVIDENCE_DOCUMENTATION,
    },
    [RULE_LD_LIBRARY_PATH] = {
        .name = "LD_LIBRARY_PATH",
        .what = "in place of LIBPATH where that is not set",
        .source = "transcript of AIX in llvm-project 94602",
        .evidence = TENON_EVIDENCE_DOCUMENTATION,
    },
    [RULE_OWN_PATH] = {
        .name = "library path",
        .what = "the path of import id 0 of the module that asks",
        .source = "IBM XCOFF Object File Format; IBM AIX, ld (-blibpath)",
        .evidence = TENON_EVIDENCE_DOCUMENTATION,
    },
    [RULE_EMPTY_LIBPATH] = {
        .name = "empty LIBPATH",
        .what = "LIBPATH set to nothing: the current directory comes last",
        .source = "OpenJDK porting_aix.cpp, which does what AIX does by its own account",
        .evidence = TENON_EVIDENCE_BELIEVED,
    },
};

/* rule  an empty element is the current directory */
static const struct tn_list_syntax path_list = { .separators = ":", .empty_is_cwd = true };

struct config {
    const char *text;          /* LIBPATH or LD_LIBRARY_PATH; NULL: neither */
    const tenon_rule *rule;    /* of that one */
    const struct tn_dirs *env; /* NULL: the list is empty */
};

static bool configure(struct tn_target *target, tenon_error *err)
{
    struct config *config = tn_arena_take(target->arena, sizeof *config);
    if (!config)
        return tn_no_memory(err);
    target->config = config;
    config->rule = &rules[RULE_LIBPATH];
    config->text = tenon_world_env(target->world, "LIBPATH");
    if (!config->text) {
        config->rule = &rules[RULE_LD_LIBRARY_PATH];
        config->text = tenon_world_env(target->world, "LD_LIBRARY_PATH");
    }
    if (!config->text || !*config->text)
        return true;
    config->env = tn_dirs_split(target->arena, config->text, &path_list);
    return config->env || tn_no_memory(err);
}

static bool matches(const struct tn_facts *facts)
{
    return facts->os && strcmp(facts->os, "aix") == 0;
}

/* ---- names --------------------------------------------------------------------------------- */

/* "path/base(member)": what a module is looked for by. The path may be missing, and the member. */
static const char *key(struct tn_target *target, const tenon_need *need)
{
    const char *path = need->path ? need->path : "", *base = need->base ? need->base : need->name;
    const char *member = need->member ? need->member : "";
    size_t size = strlen(path);
    const char *slash = size && path[size - 1] != '/' ? "/" : "";
    return *member ? tn_arena_format(target->arena, "%s%s%s(%s)", path, slash, base, member)
                   : tn_arena_format(target->arena, "%s%s%s", path, slash, base);
}

/* A key taken apart. False: no memory. */
static bool split_key(struct tn_arena *arena, const char *name, const char **file,
                      const char **member)
{
    size_t size = strlen(name);
    const char *open = size && name[size - 1] == ')' ? strrchr(name, '(') : NULL;
    *file = name;
    *member = NULL;
    if (!open || open == name)
        return true;
    *file = tn_arena_copy(arena, name, (size_t)(open - name));
    *member = tn_arena_copy(arena, open + 1, (size_t)(name + size - 1 - (open + 1)));
    return *file && *member;
}

/* ---- search -------------------------------------------------------------------------------- */

/*
 * The member of the process's class, where the first of its name is of the other.
 * rule  an archive may hold both under one name, as IBM's and GNU's tools make them
 */
static tenon_image_source source_of(struct tn_trial *trial, const char *path, const char *member)
{
    const struct tn_fact_source *from = &trial->facts;
    tenon_image_source source = { .path = path, .member = member }, other = source;
    const struct tn_facts *facts = member ? from->inside(from->arg, &source) : NULL;
    if (!facts || facts->class_bits == trial->target->word * 8)
        return source;
    other.slice = trial->target->word == 8 ? "ppc64" : "ppc";
    return from->inside(from->arg, &other) ? other : source;
}

/* A directory's file, whatever it is, ends the search; a directory without one does not. */
static void try_list(struct tn_trial *trial, const tenon_rule *rule, const char *where,
                     const struct tn_dirs *dirs, const char *file, const char *member)
{
    for (size_t i = 0; dirs && i < dirs->count && !tn_is_over(trial); i++) {
        const char *dir = dirs->at[i].dir;
        if (!dir)
            continue;
        size_t size = strlen(dir);
        const char *path = *dir ? tn_arena_format(trial->arena, "%s%s%s", dir,
                                                  dir[size - 1] == '/' ? "" : "/", file)
                                : tn_arena_format(trial->arena, "./%s", file);
        if (!path) {
            trial->no_memory = true;
            return;
        }
        tn_try_file(trial, (struct tn_place){
                               .source = source_of(trial, path, member),
                               .rule = rule,
                               .where = where,
                           });
    }
}

static void note_ignored(struct tn_trial *trial, const struct config *config)
{
    tn_try_note(trial, (struct tn_place){ .source.path = config->text, .rule = config->rule },
                tn_judged(TENON_OUTCOME_NOT_CONSULTED, TN_SKIP,
                          "ignored, as the program gained privileges"));
}

static void search_lists(struct tn_trial *trial, const char *file, const char *member)
{
    const struct config *config = trial->target->config;
    const struct tn_asker *asker = trial->asker;
    bool secure = trial->target->secure;
    if (config->text && secure)
        note_ignored(trial, config);
    if (config->env && !secure)
        try_list(trial, config->rule, NULL, config->env, file, member);
    if (asker->own && asker->paths && !tn_is_over(trial))
        try_list(trial, &rules[RULE_OWN_PATH], asker->paths->rpath_where, asker->paths->rpath, file,
                 member);
    if (config->text && !*config->text && !secure && !tn_is_over(trial)) {
        struct tn_element here = { .dir = "", .text = "" };
        const struct tn_dirs cwd = { .text = "", .at = &here, .count = 1 };
        try_list(trial, &rules[RULE_EMPTY_LIBPATH], NULL, &cwd, file, member);
    }
}

static void search(struct tn_trial *trial)
{
    const char *file, *member;
    if (!split_key(trial->arena, trial->name, &file, &member)) {
        trial->no_memory = true;
        return;
    }
    if (strcmp(file, "/unix") == 0)
        tn_try_system(trial,
                      (struct tn_place){ .source.path = "/unix", .rule = &rules[RULE_KERNEL] },
                      "the kernel's own exports");
    else if (tn_has_slash(file))
        tn_try_file(trial, (struct tn_place){ .source = source_of(trial, file, member),
                                              .rule = &rules[RULE_DIRECT] });
    else
        search_lists(trial, file, member);
}

static const struct tn_dirs *split(struct tn_target *target, const char *list, const char *origin,
                                   bool is_program)
{
    (void)origin;
    (void)is_program;
    return tn_dirs_split(target->arena, list, &path_list);
}

/* rule  IBM AIX, LDR_PRELOAD: one variable for each class; blanks or colons between names */
static const char *preload_list(const struct tn_target *target)
{
    const char *name = target->word == 8 ? "LDR_PRELOAD64" : "LDR_PRELOAD";
    return target->secure ? NULL : tenon_world_env(target->world, name);
}

/* ---- candidates ---------------------------------------------------------------------------- */

#define BAD_MAGIC "0509-103 The module has an invalid magic number"

static struct tn_judgement refuse(enum tenon_outcome outcome, const char *detail)
{
    return tn_judged(outcome, TN_STOP, detail);
}

static struct tn_judgement judge_unread(const struct tn_candidate *candidate)
{
    if (candidate->info->type == TENON_FILE_DIRECTORY)
        return refuse(TENON_OUTCOME_IS_DIRECTORY, NULL);
    if (candidate->source.member && candidate->error == TENON_E_NOT_FOUND)
        return refuse(TENON_OUTCOME_MEMBER_MISSING,
                      "0509-152 The member is not found in the archive");
    if (candidate->error == TENON_E_TRUNCATED)
        return refuse(TENON_OUTCOME_TRUNCATED, BAD_MAGIC);
    return refuse(TENON_OUTCOME_WRONG_FORMAT, BAD_MAGIC);
}

static void judge(const struct tn_target *target, const struct tn_candidate *candidate,
                  struct tn_judgement *out)
{
    const struct tn_facts *facts = candidate->facts;
    if (!facts)
        *out = judge_unread(candidate);
    else if (facts->format == TENON_FORMAT_ARCHIVE)
        *out = refuse(TENON_OUTCOME_WRONG_FORMAT,
                      BAD_MAGIC ": an archive, of which no member is asked for");
    else if (facts->format != TENON_FORMAT_XCOFF)
        *out = refuse(TENON_OUTCOME_WRONG_FORMAT, BAD_MAGIC);
    else if (facts->class_bits != target->word * 8)
        *out = refuse(TENON_OUTCOME_WRONG_CLASS, BAD_MAGIC);
    else if (facts->kind == TENON_KIND_OBJECT)
        *out = refuse(TENON_OUTCOME_WRONG_TYPE, "an object that was not linked");
    else
        *out = tn_judged(TENON_OUTCOME_FOUND, TN_ACCEPT, NULL);
}

/* rule  a file that exists ends the search, one that cannot be opened too */
static void judge_errno(const struct tn_target *target, int error, struct tn_judgement *out)
{
    (void)target;
    switch (error) {
    case ENOENT:
    case ENOTDIR: *out = tn_judged(TENON_OUTCOME_ABSENT, TN_SKIP, NULL); break;
    case EACCES: *out = refuse(TENON_OUTCOME_PERMISSION, tn_errno_text(error)); break;
    case ELOOP: *out = refuse(TENON_OUTCOME_SYMLINK_LOOP, tn_errno_text(error)); break;
    default: *out = refuse(TENON_OUTCOME_UNREADABLE, tn_errno_text(error));
    }
}

static const char *why_missing(struct tn_arena *arena, const char *name,
                               const tenon_attempt *attempts, size_t count)
{
    (void)attempts;
    (void)count;
    return tn_arena_format(arena,
                           "0509-022 Cannot load module %s. 0509-026 System error: A file or "
                           "directory in the path name does not exist.",
                           name);
}

const tenon_loader tn_loader_aix = {
    .name = "aix",
    .describe = "the loader in AIX's kernel",
    .format = TENON_FORMAT_XCOFF,
    .rules = rules,
    .rule_count = TN_COUNT(rules),
    .rule_loaded = RULE_LOADED,
    .rule_direct = RULE_DIRECT,
    .rule_self = RULE_KERNEL,
    .dlopen_as_program = true,
    .preload_as_program = true,
    .preload_is_fatal = true,
    .paths_are_searched = true,
    .self_is_system = true,
    .rpath_word = "library path",
    .preload_separators = " :",
    .matches = matches,
    .configure = configure,
    .preload_list = preload_list,
    .key = key,
    .split = split,
    .search = search,
    .rule_search = RULE_OWN_PATH,
    .judge = judge,
    .judge_errno = judge_errno,
    .why_missing = why_missing,
    .binds_imports = true,
};
