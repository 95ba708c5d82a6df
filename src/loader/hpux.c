/*
 * src/loader/hpux.c - dld.so of HP-UX: IA-64, 32 and 64 bits, and 64-bit PA-RISC
 *
 * rule  dld.so(5), ld(1), chatr(1), dlopen(3C), HP-UX Linker and Libraries User's Guide. There is
 *       no source to be read; what the manuals leave open is said where it is decided
 */
#include <errno.h>
#include <string.h>

#include "elf_rules.h"
#include "fail.h"
#include "limits.h"
#include "machines.h"
#include "names.h"

enum {
    RULE_LOADED,
    RULE_DIRECT,
    RULE_ENV,
    RULE_SHLIB_PATH,
    RULE_EMBEDDED,
    RULE_DEFAULT,
    RULE_CWD,
    RULE_SELF,
};

static const tenon_rule rules[] = {
    [RULE_LOADED] = { "already loaded",
                      "a library of the process has this internal name, or is the same file",
                      "not said by dld.so(5)", TENON_EVIDENCE_BELIEVED, false },
    [RULE_DIRECT] = { "direct path", "a name with a slash is opened as it is, nothing is searched",
                      "dld.so(5)", TENON_EVIDENCE_DOCUMENTATION, false },
    [RULE_ENV] = { "LD_LIBRARY_PATH",
                   "the environment's directories, unless the program was linked +noenvvar",
                   "dld.so(5), ld(1)", TENON_EVIDENCE_DOCUMENTATION, false },
    [RULE_SHLIB_PATH] = { "SHLIB_PATH", "the same, behind LD_LIBRARY_PATH", "dld.so(5), ld(1)",
                          TENON_EVIDENCE_DOCUMENTATION, false },
    [RULE_EMBEDDED] = { "embedded path",
                        "what ld +b recorded in the object that asks; never inherited",
                        "dld.so(5), ld(1)", TENON_EVIDENCE_DOCUMENTATION, false },
    [RULE_DEFAULT] = { "default directory", "that of the kind of process", "dld.so(5)",
                       TENON_EVIDENCE_DOCUMENTATION, true },
    [RULE_CWD] = { "current directory", "only for a name that a call at run time gives",
                   "dlopen(3C)", TENON_EVIDENCE_DOCUMENTATION, false },
    [RULE_SELF] = { "interpreter", "the loader is in the process from the start", "dld.so(5)",
                    TENON_EVIDENCE_DOCUMENTATION, true },
};

struct config {
    const struct tn_dirs *env, *shlib, *defaults;
    const struct tn_dirs *trusted; /* of a secure process; NULL */
    const char *preloads;          /* NULL: none */
    bool no_dynamic;               /* a secure process without any directory that it may use */
};

/* Empty elements: the manuals say nothing of ELF programs; they are passed over. */
static const struct tn_list_syntax plain_list = { .separators = ":" };

static const struct {
    uint32_t machine;
    unsigned word;
    const char *dirs;
} defaults[] = {
    { EM_IA_64, 4, "/usr/lib/hpux32" },
    { EM_IA_64, 8, "/usr/lib/hpux64" },
    { EM_PARISC, 8, "/usr/lib/pa20_64:/usr/ccs/lib/pa20_64" },
};

static const char *default_list(const struct tn_target *target)
{
    for (size_t i = 0; i < TN_COUNT(defaults); i++)
        if (defaults[i].machine == target->machine && defaults[i].word == target->word)
            return defaults[i].dirs;
    return target->word == 8 ? "/usr/lib/hpux64" : "/usr/lib/hpux32";
}

/* ---- set-id programs --------------------------------------------------------------------------
 */

#define TRUSTED_FILE "/etc/dld.sl.conf"

/*
 * The directories that set-id programs may use: absolute ones, to a ':' or the end of a line; what
 * stands behind a blank or '#' is no part of it. NULL: no memory; *usable false: there is no such
 * file, or others than root may write it.
 */
static const struct tn_dirs *read_trusted(struct tn_target *target, bool *usable)
{
    static const struct tn_list_syntax syntax = { .separators = ":\n" };
    struct tn_view file;
    tenon_file_info info;
    int error = tenon_world_stat(target->world, TRUSTED_FILE, &info);
    *usable = error == 0 && !(info.mode & 022);
    if (*usable)
        error = tn_file_whole(target->world, TRUSTED_FILE, TN_LIMIT_CONFIG, target->arena, &file);
    if (error == ENOMEM)
        return NULL;
    *usable = *usable && error == 0;
    char *text = *usable ? tn_arena_copy(target->arena, file.at, file.size)
                         : tn_arena_string(target->arena, "");
    for (char *p = text; p && *p;) {
        p += strcspn(p, " \t#\n");
        if (*p && *p != '\n')
            memset(p, ':', strcspn(p, "\n"));
        p += *p != '\0';
    }
    const struct tn_dirs *dirs = text ? tn_dirs_split(target->arena, text, &syntax) : NULL;
    return dirs ? tn_elf_drop_relative(target->arena, dirs) : NULL;
}

static bool is_listed(const struct tn_dirs *trusted, const char *dir)
{
    for (size_t i = 0; i < trusted->count; i++)
        if (trusted->at[i].dir && strcmp(trusted->at[i].dir, dir) == 0)
            return true;
    return false;
}

/* Only listed elements stay; *any becomes true when one did. */
static const struct tn_dirs *keep_trusted(struct tn_target *target, const struct tn_dirs *dirs,
                                          const struct tn_dirs *trusted, bool *any)
{
    struct tn_dirs *out = tn_arena_take(target->arena, sizeof *out);
    if (!out || !(out->at = tn_arena_rows(target->arena, dirs->count + 1, sizeof *out->at)))
        return NULL;
    out->text = dirs->text;
    out->count = dirs->count;
    for (size_t i = 0; i < dirs->count; i++) {
        out->at[i] = dirs->at[i];
        if (out->at[i].dir && !is_listed(trusted, out->at[i].dir)) {
            out->at[i].dir = NULL;
            out->at[i].dropped = TENON_OUTCOME_DROPPED_SECURE;
        }
        *any |= out->at[i].dir != NULL;
    }
    return out;
}

static bool secure_lists(struct tn_target *target, struct config *config)
{
    bool usable, any = false;
    const struct tn_dirs *trusted = config->trusted = read_trusted(target, &usable);
    if (!trusted)
        return false;
    if (config->env && !(config->env = keep_trusted(target, config->env, trusted, &any)))
        return false;
    if (config->shlib && !(config->shlib = keep_trusted(target, config->shlib, trusted, &any)))
        return false;
    config->no_dynamic = !usable || ((config->env || config->shlib) && !any);
    return true;
}

/* rule  ld(1): the list of LD_PRELOAD_ONCE comes first */
static bool read_preloads(struct tn_target *target, struct config *config)
{
    const char *once = tenon_world_env(target->world, "LD_PRELOAD_ONCE");
    const char *list = tenon_world_env(target->world, "LD_PRELOAD");
    config->preloads = once ? once : list;
    if (once && list)
        config->preloads = tn_arena_format(target->arena, "%s:%s", once, list);
    return config->preloads || !once;
}

static bool configure(struct tn_target *target, tenon_error *err)
{
    struct config *config = tn_arena_take(target->arena, sizeof *config);
    target->config = config;
    if (!config || !tn_elf_env_list(target, "LD_LIBRARY_PATH", &plain_list, &config->env) ||
        !tn_elf_env_list(target, "SHLIB_PATH", &plain_list, &config->shlib) ||
        !(config->defaults = tn_dirs_split(target->arena, default_list(target), &plain_list)) ||
        !read_preloads(target, config) || (target->secure && !secure_lists(target, config)))
        return tn_no_memory(err);
    return true;
}

static bool is_interpreter(const char *path)
{
    return tn_has_prefix(path, "/usr/lib/hpux") || tn_has_prefix(path, "/usr/lib/pa20_64/dld");
}

static bool matches(const struct tn_facts *facts)
{
    return facts->os && strcmp(facts->os, "hpux") == 0;
}

static const struct tn_interpreter interpreters[] = {
    { .machine = EM_PARISC, .path = "/usr/lib/pa20_64/dld.sl" },
    { .machine = EM_IA_64, .class_bits = 32, .path = "/usr/lib/hpux32/dld.so" },
    { .machine = EM_IA_64, .class_bits = 64, .path = "/usr/lib/hpux64/dld.so" },
};

static const char *preload_list(const struct tn_target *target)
{
    const struct config *config = target->config;
    return target->secure ? NULL : config->preloads;
}

/* rule  <elf_hp.h> by binutils include/elf/hppa.h: the program's word counts for the process */
#define DT_HP_NO_ENVVAR 0x8u

/*
 * rule  dld.so(5): a set-id program uses of an embedded path, too, what /etc/dld.sl.conf lists; as
 *       in the environment's lists, what has a token is in no such list
 */
static const struct tn_dirs *split(struct tn_target *target, const char *list, const char *origin,
                                   bool is_program)
{
    struct tn_tokens tokens = { .rows = { { "ORIGIN", origin } }, .count = 1 };
    struct tn_list_syntax syntax = plain_list;
    const struct config *config = target->config;
    bool any = false;
    (void)is_program;
    if (!target->secure)
        syntax.tokens = &tokens;
    const struct tn_dirs *dirs = tn_dirs_split(target->arena, list, &syntax);
    return dirs && target->secure ? keep_trusted(target, dirs, config->trusted, &any) : dirs;
}

static bool claims(struct tn_target *target, const struct tn_loaded_object *object,
                   const struct tn_name_sink *out)
{
    (void)target;
    return object->is_program || !object->own_name || out->add(out->arg, object->own_name);
}

/* ---- the search -------------------------------------------------------------------------------
 */

/*
 * A list of the environment has $ORIGIN of the object that is loading, which is found last.
 * rule  dld.so(5): a set-id program keeps what /etc/dld.sl.conf lists; that is decided already, by
 *       the text of each element, and what has a token is in no such list
 */
static const struct tn_dirs *expanded(struct tn_trial *trial, const struct tn_dirs *dirs)
{
    const char *slash = trial->asker->own ? strrchr(trial->asker->paths->path, '/') : NULL;
    if (!dirs || trial->target->secure || !strchr(dirs->text, '$') || !slash)
        return dirs;
    const char *path = trial->asker->paths->path;
    const char *origin = tn_arena_copy(trial->arena, path, (size_t)(slash - path));
    const struct tn_dirs *out = origin ? split(trial->target, dirs->text, origin, false) : NULL;
    trial->no_memory |= !out;
    return out ? out : dirs;
}

static void try_lists(struct tn_trial *trial, const char *name)
{
    const struct config *config = trial->target->config;
    const struct tn_asker *asker = trial->asker;
    const struct tn_paths *own = asker->own ? asker->paths : NULL, *program = asker->program;
    bool no_env = program && (program->facts->elf.hp_dld_flags & DT_HP_NO_ENVVAR);
    const char *skipped = no_env ? "the program was linked with +noenvvar" : NULL;
    const char *off = config->no_dynamic ? "no directory of the lists is in " TRUSTED_FILE : NULL;
    skipped = off ? off : skipped;
    tn_elf_try_list(trial, &rules[RULE_ENV], NULL, expanded(trial, config->env), skipped, name);
    tn_elf_try_list(trial, &rules[RULE_SHLIB_PATH], NULL, expanded(trial, config->shlib), skipped,
                    name);
    if (own)
        tn_elf_try_list(trial, &rules[RULE_EMBEDDED],
                        own->runpath ? own->runpath_where : own->rpath_where,
                        own->runpath ? own->runpath : own->rpath, off, name);
    tn_elf_try_list(trial, &rules[RULE_DEFAULT], NULL, config->defaults, NULL, name);
    if (asker->request == TN_REQUEST_DLOPEN && !tn_is_over(trial))
        tn_try_file(trial, (struct tn_place){ .source.path = name, .rule = &rules[RULE_CWD] });
}

/* rule  dld.so(5): an entry "$ORIGIN/libname" that is not there is searched for by its name */
static void search(struct tn_trial *trial)
{
    static const char token[] = "$ORIGIN/";
    const char *name = trial->name;
    bool by_origin = tn_has_prefix(name, token);
    if (by_origin && trial->asker->own) {
        const char *path = trial->asker->paths->path, *slash = strrchr(path, '/');
        name = tn_arena_format(trial->arena, "%.*s/%s", slash ? (int)(slash - path) : 1,
                               slash ? path : ".", name + sizeof token - 1);
        if (!name) {
            trial->no_memory = true;
            return;
        }
    }
    if (!tn_has_slash(name)) {
        try_lists(trial, name);
        return;
    }
    tn_try_file(trial, (struct tn_place){ .source.path = name, .rule = &rules[RULE_DIRECT] });
    if (by_origin && !tn_is_answered(trial))
        try_lists(trial, tn_base_name(name));
}

/* What is of the wrong kind is passed over; of what is corrupt the manuals do not tell. */
static const struct tn_elf_words words = {
    .refused = TN_SKIP,
    .directory = "is a directory",
    .not_elf = "not a shared library",
    .too_short = "not a shared library",
    .is_32 = "a 32-bit library",
    .is_64 = "a 64-bit library",
    .is_little = "of another byte order",
    .is_big = "of another byte order",
    .wrong_machine = "of another machine",
    .wrong_type = "not a shared library",
    .malformed = "no dynamic section",
};

/* That the wrong kind is passed over is documented; what becomes of a broken file is not. */
static void judge(const struct tn_target *target, const struct tn_candidate *candidate,
                  struct tn_judgement *out)
{
    tn_elf_judge(target, candidate, out);
    out->believed = out->action != TN_ACCEPT && out->outcome != TENON_OUTCOME_WRONG_CLASS &&
                    out->outcome != TENON_OUTCOME_WRONG_MACHINE;
}

const tenon_loader tn_loader_hpux = {
    .name = "hpux",
    .describe = "dld.so of HP-UX, for ELF programs",
    .format = TENON_FORMAT_ELF,
    .rules = rules,
    .rule_count = TN_COUNT(rules),
    .rule_loaded = RULE_LOADED,
    .rule_direct = RULE_DIRECT,
    .rule_self = RULE_SELF,
    .binds_symbols = true,
    .requests_differ = true,
    .paths_of_all = true,
    .paths_are_searched = true,
    .self_is_system = true,
    .rpath_word = "embedded path",
    .runpath_word = "embedded path",
    .preload_separators = " :",
    .is_interpreter = is_interpreter,
    .matches = matches,
    .interpreters = interpreters,
    .interpreter_count = TN_COUNT(interpreters),
    .configure = configure,
    .preload_list = preload_list,
    .claims = claims,
    .split = split,
    .search = search,
    .rule_search = RULE_DEFAULT,
    .judge = judge,
    .elf_words = &words,
    .judge_errno = tn_elf_skip_errno,
    .missing = { "Unable to find library '", "'." },
};
