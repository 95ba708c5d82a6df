/*
 * src/loader/openbsd.c - OpenBSD's ld.so, which reads versions out of file names
 *
 * rule  OpenBSD libexec/ld.so/library_subr.c, _dl_load_shlib(), _dl_find_shlib(); library.c;
 *       path.c; sod.c; ld.so(1), ldconfig(8)
 */
#include <errno.h>
#include <string.h>

#include "dewey.h"
#include "elf_rules.h"
#include "fail.h"
#include "limits.h"
#include "machines.h"
#include "names.h"
#include "sohints.h"

enum {
    RULE_LOADED,
    RULE_DIRECT,
    RULE_ENV,
    RULE_RUNPATH,
    RULE_RPATH,
    RULE_HINTS,
    RULE_DEFAULT,
    RULE_SELF,
};

#define SEARCH "OpenBSD libexec/ld.so/library_subr.c, _dl_load_shlib()"

static const tenon_rule rules[] = {
    [RULE_LOADED] = { "already loaded",
                      "a library of the process has this SONAME, or its file name has the same "
                      "stem and major version, or is the same when it is of another form",
                      "OpenBSD libexec/ld.so/library_subr.c, _dl_lookup_object()",
                      TENON_EVIDENCE_SOURCE, false },
    [RULE_DIRECT] = { "direct path",
                      "the directory of a name with a slash, which may have it in a higher version",
                      SEARCH, TENON_EVIDENCE_SOURCE, false },
    [RULE_ENV] = { "LD_LIBRARY_PATH", "the environment's directories, unless the process is secure",
                   SEARCH, TENON_EVIDENCE_SOURCE, false },
    [RULE_RUNPATH] = { "RUNPATH", "DT_RUNPATH of the object that asks, never inherited", SEARCH,
                       TENON_EVIDENCE_SOURCE, false },
    [RULE_RPATH] = { "RPATH",
                     "DT_RPATH of the object that asks, then of the program, unless the object has "
                     "DT_RUNPATH",
                     SEARCH, TENON_EVIDENCE_SOURCE, false },
    [RULE_HINTS] = { "ld.so.hints", "what ldconfig(8) wrote for this name and version",
                     "OpenBSD libexec/ld.so/sod.c, library_subr.c", TENON_EVIDENCE_SOURCE, true },
    [RULE_DEFAULT] = { "default directory",
                       "the search path that the hints have, or /usr/lib without hints", SEARCH,
                       TENON_EVIDENCE_SOURCE, true },
    [RULE_SELF] = { "interpreter", "the loader is in the process from the start",
                    "OpenBSD libexec/ld.so/loader.c", TENON_EVIDENCE_SOURCE, true },
};

#define HINTS "/var/run/ld.so.hints"

struct config {
    bool hints_read, has_hints;
    struct tn_sohints hints;
    const char *hints_problem;
    const struct tn_dirs *standard;
    const struct tn_dirs *env; /* NULL: none */
};

/* rule  path.c, _dl_split_path(): ':' and ';' separate, an empty element is "." */
static const struct tn_list_syntax plain_list = { .separators = ":;", .empty_is_cwd = true };

/* rule  loader.c, _dl_setup_env(): a list that is set and empty is split, too, which makes it "."
 */
static bool configure(struct tn_target *target, tenon_error *err)
{
    struct config *config = tn_arena_take(target->arena, sizeof *config);
    const char *env = tenon_world_env(target->world, "LD_LIBRARY_PATH");
    target->config = config;
    if (config && env && !target->secure)
        config->env = tn_dirs_split(target->arena, env, &plain_list);
    return (config && (!env || target->secure || config->env)) || tn_no_memory(err);
}

static bool is_interpreter(const char *path)
{
    return strcmp(path, "/usr/libexec/ld.so") == 0;
}

static bool matches(const struct tn_facts *facts)
{
    return facts->os && strcmp(facts->os, "openbsd") == 0;
}

static const struct tn_interpreter interpreters[] = { { .path = "/usr/libexec/ld.so" } };

static const char *preload_list(const struct tn_target *target)
{
    return target->secure ? NULL : tenon_world_env(target->world, "LD_PRELOAD");
}

#define DF_ORIGIN 1u
#define DF_1_ORIGIN 0x80u

/* rule  path.c: only a file that was linked with -z origin */
static bool expands(const struct tn_facts *facts)
{
    return (facts->elf.dt_flags & DF_ORIGIN) || (facts->elf.dt_flags_1 & DF_1_ORIGIN);
}

/* rule  path.c: uname -m. MIPS has several of a kind */
static const char *machine_word(const struct tn_target *target)
{
    static const struct tn_machine_word rows[] = {
        { EM_X86_64, 8, TN_LITTLE, "amd64" },  { EM_386, 4, TN_LITTLE, "i386" },
        { EM_AARCH64, 8, TN_LITTLE, "arm64" }, { EM_ARM, 4, TN_LITTLE, "armv7" },
        { EM_PPC, 4, TN_BIG, "macppc" },       { EM_PPC64, 8, TN_BIG, "powerpc64" },
        { EM_RISCV, 8, TN_LITTLE, "riscv64" }, { EM_SPARCV9, 8, TN_BIG, "sparc64" },
        { EM_ALPHA, 8, TN_LITTLE, "alpha" },   { EM_PARISC, 4, TN_BIG, "hppa" },
        { EM_SH, 4, TN_LITTLE, "landisk" },
    };
    return tn_elf_machine_word(target, rows, TN_COUNT(rows));
}

static const struct tn_dirs *split(struct tn_target *target, const char *list, const char *origin,
                                   bool is_program)
{
    struct tn_tokens tokens = {
        .rows = { { "ORIGIN", origin },
                  { "OSNAME", "OpenBSD" },
                  { "OSREL", tn_elf_setting(target, "OSREL") },
                  { "PLATFORM", machine_word(target) } },
        .count = 4,
        .end = TN_TOKEN_END_IDENTIFIER,
        .unknown_vanish = true,
    };
    struct tn_list_syntax syntax = plain_list;
    (void)is_program;
    if (origin && !target->secure)
        syntax.tokens = &tokens;
    return tn_dirs_split(target->arena, list, &syntax);
}

static bool claims(struct tn_target *target, const struct tn_loaded_object *object,
                   const struct tn_name_sink *out)
{
    (void)target;
    return object->is_program || ((!object->own_name || out->add(out->arg, object->own_name)) &&
                                  out->add(out->arg, object->key));
}

/*
 * rule  _dl_lookup_object(): a minor version that is not lower is better than any; sod.c,
 *       _dl_set_sod() and library_subr.c, _dl_cmp_sod(): names of another form are compared whole
 */
static unsigned fits(struct tn_target *target, const char *name,
                     const struct tn_loaded_object *object, bool late)
{
    struct tn_dewey wanted, found;
    const char *base = tn_base_name(object->source.path);
    (void)target;
    if (late || object->is_program || tn_has_slash(name))
        return 0;
    if (!tn_dewey_parse(name, &wanted))
        return strcmp(name, base) == 0 ? 2 : 0;
    if (!tn_dewey_parse(base, &found) || !tn_dewey_fits(&wanted, &found, true))
        return 0;
    return tn_dewey_fits(&wanted, &found, false) ? 2 : 1;
}

/* ---- hints ------------------------------------------------------------------------------------
 */

static bool read_hints(struct tn_target *target, struct config *config)
{
    struct tn_view file;
    tenon_error problem = TENON_ERROR_INIT;
    const char *dirs = "/usr/lib";
    if (config->hints_read)
        return true;
    int error = tn_file_whole(target->world, HINTS, TN_LIMIT_CONFIG, target->arena, &file);
    if (error == ENOMEM)
        return false;
    config->has_hints =
        !error && tn_sohints_open(file, target->word, target->endian, &config->hints, &problem);
    if (config->has_hints) {
        dirs = config->hints.dirs ? config->hints.dirs : dirs;
    } else {
        config->hints_problem =
            error ? tn_errno_text(error) : tn_arena_string(target->arena, problem.text);
        target->remark =
            tn_arena_format(target->arena, "%s is not used: %s", HINTS, config->hints_problem);
        target->remark_rule = &rules[RULE_HINTS];
        if (!config->hints_problem || !target->remark)
            return false;
    }
    config->standard = tn_dirs_split(target->arena, dirs, &plain_list);
    config->hints_read = config->standard != NULL;
    return config->hints_read;
}

/* ---- one list ---------------------------------------------------------------------------------
 */

/* A name on its way through the lists. */
struct going {
    struct tn_trial *trial;
    struct tn_dewey wanted;
    bool has_version;   /* the name has the form of a library's */
    bool any_minor;     /* the second pass */
    const char *name;   /* else this very one */
    const char **hints; /* paths that the hints have for it, in their order, once they were read */
    size_t hint_count, hint_room;
    bool hints_read;
};

static const char *lower_minor(struct going *g, const char *name)
{
    struct tn_dewey found;
    if (!g->any_minor || g->wanted.minor < 0 || !tn_dewey_parse(name, &found) ||
        found.minor >= g->wanted.minor)
        return NULL;
    const char *detail = tn_arena_format(
        g->trial->arena, "minor version >= %d expected, using it anyway", g->wanted.minor);
    g->trial->no_memory |= !detail;
    return detail;
}

/* rule  _dl_load_shlib(): the file that was chosen by its name is loaded, or nothing is */
static void take(struct going *g, const char *path, const tenon_rule *rule, const char *where)
{
    struct tn_place place = { .source.path = path,
                              .rule = rule,
                              .where = where,
                              .detail = lower_minor(g, tn_base_name(path)) };
    if (tn_try_file(g->trial, place) == TN_SKIP && !tn_is_over(g->trial))
        tn_try_note(g->trial, place,
                    tn_judged(TENON_OUTCOME_UNREADABLE, TN_STOP, "cannot be opened"));
}

/* A library is in a few directories; only hostile hints have more for one name. */
#define HINTS_OF_NAME 256

/* Keeps what fits, and asks for more. */
static bool keep_hint(void *arg, const char *path)
{
    struct going *g = arg;
    if (!tn_arena_grow(g->trial->arena, &g->hints, &g->hint_room, g->hint_count, sizeof *g->hints))
        g->trial->no_memory = true;
    else
        g->hints[g->hint_count++] = path;
    return g->trial->no_memory || g->hint_count == HINTS_OF_NAME;
}

/* Walks the chain once, however many directories there are: it may be as long as the file. */
static void collect_hints(struct going *g)
{
    const struct config *config = g->trial->target->config;
    g->hints_read = true;
    if (!config->has_hints || !g->has_version)
        return;
    const char *stem = tn_arena_copy(g->trial->arena, g->wanted.stem, g->wanted.stem_size);
    const struct tn_sohints_query query = { .name = stem,
                                            .major = g->wanted.major,
                                            .minor = g->wanted.minor,
                                            .hash_has_minor = true,
                                            .fits = keep_hint,
                                            .arg = g };
    g->trial->no_memory |= !stem;
    if (stem)
        tn_sohints_find(&config->hints, &query);
}

static bool lies_in(const char *dir, const char *path)
{
    size_t size = strlen(dir);
    return strncmp(path, dir, size) == 0 && path[size] == '/' && !strchr(path + size + 1, '/');
}

/* The hint for a library, in this directory (NULL: any). */
static const char *find_hint(struct going *g, const char *dir)
{
    if (!g->hints_read)
        collect_hints(g);
    for (size_t i = 0; i < g->hint_count; i++)
        if (!dir || lies_in(dir, g->hints[i]))
            return g->hints[i];
    return NULL;
}

static bool exists(struct going *g, const char *path)
{
    tenon_file_info info;
    int error = tenon_world_stat(g->trial->target->world, path, &info);
    g->trial->no_memory |= error == ENOMEM;
    return error == 0;
}

static const char *in_dir(struct going *g, const char *dir, const char *name)
{
    const char *path = tn_arena_format(g->trial->arena, "%s%s%s", dir, *dir ? "/" : "", name);
    g->trial->no_memory |= !path;
    return path;
}

/* The name that one directory has for what is wanted; NULL: none, which is recorded. */
static const char *find_in(struct going *g, const char *dir, const tenon_rule *rule,
                           const char *where)
{
    struct tn_trial *trial = g->trial;
    int error = 0;
    const char *name = g->name;
    if (g->has_version)
        name = tn_dewey_best(trial->target->world, trial->arena, dir, &g->wanted, g->any_minor,
                             &error);
    const char *path = in_dir(g, dir, name ? name : g->name);
    if (error == ENOMEM || !path) {
        trial->no_memory = true;
        return NULL;
    }
    if (name && (g->has_version || exists(g, path)))
        return path;
    struct tn_place place = { .source.path = path, .rule = rule, .where = where };
    tn_try_note(trial, place,
                tn_judged(error            ? TENON_OUTCOME_DIR_MISSING
                          : g->has_version ? TENON_OUTCOME_NO_MATCH
                                           : TENON_OUTCOME_ABSENT,
                          TN_SKIP, NULL));
    return NULL;
}

/*
 * First the hints that lie in one of the directories, then the directories themselves.
 * rule  _dl_find_shlib()
 */
static void try_list(struct going *g, const struct tn_dirs *dirs, const tenon_rule *rule,
                     const char *where, bool standard)
{
    const char *path = NULL;
    bool by_hint = !g->any_minor;
    for (size_t i = 0; dirs && by_hint && !path && i < dirs->count; i++)
        if (dirs->at[i].dir && (path = find_hint(g, dirs->at[i].dir)))
            rule = standard ? &rules[RULE_HINTS] : rule;
    if (dirs && by_hint && standard && !path && (path = find_hint(g, NULL)))
        rule = &rules[RULE_HINTS];
    for (size_t i = 0; dirs && !path && i < dirs->count && !tn_is_over(g->trial); i++) {
        const struct tn_element *e = &dirs->at[i];
        if (e->dir)
            path = find_in(g, e->dir, rule, where);
        else
            tn_try_note(g->trial,
                        (struct tn_place){ .source.path = e->text, .rule = rule, .where = where },
                        tn_judged(e->dropped, TN_SKIP, NULL));
    }
    if (path && !tn_is_over(g->trial))
        take(g, path, rule, where);
}

/* ---- the search -------------------------------------------------------------------------------
 */

static void try_lists(struct going *g)
{
    const struct config *config = g->trial->target->config;
    const struct tn_asker *asker = g->trial->asker;
    const struct tn_paths *own = asker->own ? asker->paths : NULL, *program = asker->program;
    try_list(g, config->env, &rules[RULE_ENV], NULL, false);
    if (own && own->runpath) {
        try_list(g, own->runpath, &rules[RULE_RUNPATH], own->runpath_where, false);
    } else {
        if (own && !tn_is_over(g->trial))
            try_list(g, own->rpath, &rules[RULE_RPATH], own->rpath_where, false);
        if (program && program != own && !tn_is_over(g->trial))
            try_list(g, program->rpath, &rules[RULE_RPATH], program->rpath_where, false);
    }
    if (!tn_is_over(g->trial))
        try_list(g, config->standard, &rules[RULE_DEFAULT], NULL, true);
}

/* A name with a slash: its directory alone. */
static void try_path(struct going *g, const char *slash)
{
    const struct tn_trial *trial = g->trial;
    size_t size = (size_t)(slash - trial->name);
    const char *dir = size ? tn_arena_copy(trial->arena, trial->name, size) : "/";
    const struct tn_dirs *dirs = dir ? tn_dirs_from(trial->arena, &dir, 1) : NULL;
    g->trial->no_memory |= !dirs;
    try_list(g, dirs, &rules[RULE_DIRECT], NULL, false);
}

/* What no file of a directory is called. */
static bool refuses(const struct tn_target *target, const char *name, enum tn_request request,
                    struct tn_judgement *out)
{
    (void)target, (void)request;
    if (*name)
        return false;
    *out = tn_judged(TENON_OUTCOME_ABSENT, TN_STOP, "an empty name");
    return true;
}

static void search(struct tn_trial *trial)
{
    struct going g = { .trial = trial, .name = tn_base_name(trial->name) };
    const char *slash = strrchr(trial->name, '/');
    if (!read_hints(trial->target, trial->target->config)) {
        trial->no_memory = true;
        return;
    }
    g.has_version = tn_dewey_parse(g.name, &g.wanted);
    for (int pass = 0; pass < (g.has_version ? 2 : 1) && !tn_is_answered(trial); pass++) {
        g.any_minor = pass == 1;
        if (slash)
            try_path(&g, slash);
        else
            try_lists(&g);
    }
}

/* rule  library.c, _dl_tryload_shlib(): what was chosen is loaded or nothing is */
static const struct tn_elf_words words = {
    .refused = TN_STOP,
    .directory = "not a file",
    .not_elf = "not a loadable object: bad magic",
    .too_short = "not a loadable object: too short",
    .is_32 = "not a loadable object: 32 bits",
    .is_64 = "not a loadable object: 64 bits",
    .is_little = "not a loadable object: little endian",
    .is_big = "not a loadable object: big endian",
    .wrong_machine = "not a loadable object: another machine",
    .wrong_type = "not a loadable object: not ET_DYN",
    .malformed = "not a loadable object: no dynamic section",
};

const tenon_loader tn_loader_openbsd = {
    .name = "openbsd",
    .describe = "OpenBSD's ld.so",
    .format = TENON_FORMAT_ELF,
    .secure_variables = tn_elf_secure_variables,
    .rules = rules,
    .rule_count = TN_COUNT(rules),
    .rule_loaded = RULE_LOADED,
    .rule_direct = RULE_DIRECT,
    .rule_self = RULE_SELF,
    .binds_symbols = true,
    .dlopen_as_program = true,
    .preload_as_program = true,
    .preload_is_fatal = true,
    .paths_of_all = true,
    .paths_are_searched = true,
    .origin_dir_resolved = true, /* rule  path.c, _dl_origin_path() */
    .self_is_system = true,
    .preload_separators = ":",
    .preload_keeps_empty = true, /* rule  loader.c, _dl_dopreload() */
    .preload_empty_list = true,
    .is_interpreter = is_interpreter,
    .matches = matches,
    .interpreters = interpreters,
    .interpreter_count = TN_COUNT(interpreters),
    .configure = configure,
    .preload_list = preload_list,
    .claims = claims,
    .fits = fits,
    .refuses = refuses,
    .expands = expands,
    .split = split,
    .search = search,
    .rule_search = RULE_DEFAULT,
    .judge = tn_elf_judge,
    .elf_words = &words,
    .judge_errno = tn_elf_skip_errno,
    .missing = { "can't load library '", "'" },
};
