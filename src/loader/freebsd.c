/*
 * src/loader/freebsd.c - rtld-elf of FreeBSD, and its relative of DragonFly BSD
 *
 * rule  FreeBSD libexec/rtld-elf/rtld.c: find_library(), search_library_path(), gethints();
 *       map_object.c; libmap.c; rtld_paths.h; rtld(1)
 */
#include <errno.h>
#include <string.h>

#include "elf_rules.h"
#include "elfhints.h"
#include "fail.h"
#include "libmap.h"
#include "limits.h"
#include "machines.h"
#include "names.h"

enum {
    RULE_LOADED,
    RULE_LIBMAP,
    RULE_DIRECT,
    RULE_RPATH,
    RULE_ENV,
    RULE_RUNPATH,
    RULE_HINTS,
    RULE_DEFAULT,
    RULE_SELF,
    RULE_COUNT,
};

#define SEARCH "FreeBSD libexec/rtld-elf/rtld.c, find_library()"

#define RULES(level)                                                                               \
    {                                                                                              \
        [RULE_LOADED] = { "already loaded",                                                        \
                          "an object of the process has this SONAME, was asked for by this name, " \
                          "or has the same device and inode",                                      \
                          "FreeBSD libexec/rtld-elf/rtld.c, load_object()", level, false },        \
        [RULE_LIBMAP] = { "libmap.conf", "another name, for this object or for all",               \
                          "FreeBSD libexec/rtld-elf/libmap.c, lm_find()", level, false },          \
        [RULE_DIRECT] = { "direct path",                                                           \
                          "a name with a slash is opened as it is, nothing is searched", SEARCH,   \
                          level, false },                                                          \
        [RULE_RPATH] = { "RPATH",                                                                  \
                         "DT_RPATH of the object that asks, then of the program; none when the "   \
                         "object has DT_RUNPATH",                                                  \
                         SEARCH, level, false },                                                   \
        [RULE_ENV] = { "LD_LIBRARY_PATH",                                                          \
                       "the environment's directories (LD_32_LIBRARY_PATH for 32-bit programs of " \
                       "a 64-bit system), unless the process is secure",                           \
                       SEARCH, level, false },                                                     \
        [RULE_RUNPATH] = { "RUNPATH", "DT_RUNPATH of the object that asks, never inherited",       \
                           SEARCH, level, false },                                                 \
        [RULE_HINTS] = { "ld-elf.so.hints", "the directories that ldconfig(8) wrote into it",      \
                         "FreeBSD libexec/rtld-elf/rtld.c, gethints()", level, true },             \
        [RULE_DEFAULT] = { "default directory",                                                    \
                           "the standard path, unless the object has DF_1_NODEFLIB", SEARCH,       \
                           level, true },                                                          \
        [RULE_SELF] = { "interpreter", "the loader is in the process from the start",              \
                        "FreeBSD libexec/rtld-elf/rtld.c, _rtld()", level, true },                 \
    }

static const tenon_rule freebsd_rules[RULE_COUNT] = RULES(TENON_EVIDENCE_SOURCE);
static const tenon_rule dragonfly_rules[RULE_COUNT] = RULES(TENON_EVIDENCE_BELIEVED);

struct config {
    bool compat; /* a 32-bit program of a 64-bit system */
    const char *lib, *standard_list, *hints_path;
    const struct tn_dirs *env, *standard;
    const struct tn_dirs *hints, *hints_nodeflib; /* NULL until read, or none */
    bool hints_read, rpath_late;
    const char *hints_problem;
    enum tenon_outcome hints_outcome;
    struct tn_libmap map;
    bool map_read;
};

/* rule  rtld.c: ':' and ';' separate, runs of them are one */
static const struct tn_list_syntax plain_list = { .separators = ":;" };

static const char *variable(const struct tn_target *target, const char *name)
{
    const struct config *config = target->config;
    char full[64] = "LD_";
    if (target->secure)
        return NULL;
    strcat(full, config->compat ? "32_" : "");
    strncat(full, name, sizeof full - strlen(full) - 1);
    return tenon_world_env(target->world, full);
}

static bool exists(tenon_world *world, const char *path, bool *no_memory)
{
    tenon_file_info info;
    int error = tenon_world_stat(world, path, &info);
    *no_memory |= error == ENOMEM;
    return error == 0;
}

/* What the two systems differ in. */
struct places {
    const char *standard, *compat_standard, *hints, *compat_hints, *compat_loader;
};

static const struct places freebsd_places = { "/lib/casper:/lib:/usr/lib", "/lib32:/usr/lib32",
                                              "/var/run/ld-elf.so.hints",
                                              "/var/run/ld-elf32.so.hints",
                                              "/libexec/ld-elf32.so.1" };
static const struct places dragonfly_places = { "/lib:/usr/lib", "/lib32:/usr/lib32",
                                                "/var/run/ld-elf.so.hints",
                                                "/var/run/ld-elf32.so.hints",
                                                "/usr/libexec/ld-elf32.so.2" };

static bool configure_with(struct tn_target *target, const struct places *places, tenon_error *err)
{
    struct config *config = tn_arena_take(target->arena, sizeof *config);
    bool no_memory = !config;
    if (no_memory)
        return tn_no_memory(err);
    target->config = config;
    config->compat = target->word == 4 && exists(target->world, places->compat_loader, &no_memory);
    config->lib = config->compat ? "lib32" : "lib";
    config->standard_list = config->compat ? places->compat_standard : places->standard;
    const char *hints = variable(target, "ELF_HINTS_PATH");
    config->hints_path = hints ? hints : config->compat ? places->compat_hints : places->hints;
    const char *late = variable(target, "LIBRARY_PATH_RPATH");
    config->rpath_late = late && *late && strchr("yY1", *late);
    const char *env = variable(target, "LIBRARY_PATH");
    if (env && *env && !(config->env = tn_dirs_split(target->arena, env, &plain_list)))
        no_memory = true;
    config->standard = tn_dirs_split(target->arena, config->standard_list, &plain_list);
    return (config->standard && !no_memory) || tn_no_memory(err);
}

static bool freebsd_configure(struct tn_target *target, tenon_error *err)
{
    return configure_with(target, &freebsd_places, err);
}

static bool dragonfly_configure(struct tn_target *target, tenon_error *err)
{
    return configure_with(target, &dragonfly_places, err);
}

static bool freebsd_is_interpreter(const char *path)
{
    return tn_has_prefix(tn_base_name(path), "ld-elf") && !strstr(path, ".so.2");
}

static bool dragonfly_is_interpreter(const char *path)
{
    return tn_has_prefix(tn_base_name(path), "ld-elf.so.2");
}

static bool freebsd_matches(const struct tn_facts *facts)
{
    return facts->os && strcmp(facts->os, "freebsd") == 0;
}

static bool dragonfly_matches(const struct tn_facts *facts)
{
    return facts->os && strcmp(facts->os, "dragonfly") == 0;
}

static const struct tn_interpreter freebsd_interpreters[] = {
    { .path = "/libexec/ld-elf.so.1" },
};
static const struct tn_interpreter dragonfly_interpreters[] = {
    { .path = "/usr/libexec/ld-elf.so.2" },
};

static const char *preload_list(const struct tn_target *target)
{
    return variable(target, "PRELOAD");
}

#define DF_1_NODEFLIB 0x800u
#define NODEFLIB 1u /* of tn_asker.flags */

static uint32_t asker_flags(const struct tn_facts *facts)
{
    return facts->elf.dt_flags_1 & DF_1_NODEFLIB ? NODEFLIB : 0;
}

/* rule  rtld.c, origin_subst(): uname -m; DragonFly has one machine, under another name */
static const char *machine_word(const struct tn_target *target)
{
    static const struct tn_machine_word freebsd[] = {
        { EM_X86_64, 8, TN_LITTLE, "amd64" },  { EM_386, 4, TN_LITTLE, "i386" },
        { EM_AARCH64, 8, TN_LITTLE, "arm64" }, { EM_ARM, 4, TN_LITTLE, "arm" },
        { EM_ARM, 4, TN_BIG, "arm" },          { EM_PPC, 4, TN_BIG, "powerpc" },
        { EM_PPC64, 8, TN_BIG, "powerpc" },    { EM_PPC64, 8, TN_LITTLE, "powerpc" },
        { EM_RISCV, 8, TN_LITTLE, "riscv" },   { EM_SPARCV9, 8, TN_BIG, "sparc64" },
        { EM_MIPS, 4, TN_LITTLE, "mips" },     { EM_MIPS, 4, TN_BIG, "mips" },
        { EM_MIPS, 8, TN_LITTLE, "mips" },     { EM_MIPS, 8, TN_BIG, "mips" },
        { EM_IA_64, 8, TN_LITTLE, "ia64" },
    };
    static const struct tn_machine_word dragonfly[] = {
        { EM_X86_64, 8, TN_LITTLE, "x86_64" },
        { EM_386, 4, TN_LITTLE, "i386" },
    };
    return target->loader == &tn_loader_dragonfly
               ? tn_elf_machine_word(target, dragonfly, TN_COUNT(dragonfly))
               : tn_elf_machine_word(target, freebsd, TN_COUNT(freebsd));
}

/* rule  rtld.c, origin_subst(): found anywhere in the string, whatever follows */
static struct tn_tokens tokens_of(const struct tn_target *target, const char *origin,
                                  const char *osname)
{
    const struct config *config = target->config;
    return (struct tn_tokens){
        .rows = { { "ORIGIN", origin },
                  { "OSNAME", osname },
                  { "OSREL", tn_elf_setting(target, "OSREL") },
                  { "PLATFORM", machine_word(target) },
                  { "LIB", config->lib } },
        .count = 5,
        .end = TN_TOKEN_END_NOTHING,
    };
}

static const char *osname(const struct tn_target *target)
{
    return target->loader == &tn_loader_dragonfly ? "DragonFly" : "FreeBSD";
}

/* rule  rtld.c: an untrusted process expands nothing, and takes no relative directory */
static const struct tn_dirs *split(struct tn_target *target, const char *list, const char *origin,
                                   bool is_program)
{
    struct tn_tokens tokens = tokens_of(target, origin, osname(target));
    struct tn_list_syntax syntax = plain_list;
    (void)is_program;
    if (!target->secure)
        syntax.tokens = &tokens;
    const struct tn_dirs *dirs = tn_dirs_split(target->arena, list, &syntax);
    return dirs && target->secure ? tn_elf_drop_relative(target->arena, dirs) : dirs;
}

static const char *expand_name(struct tn_target *target, const char *name,
                               const struct tn_namer *by, struct tn_judgement *refused)
{
    struct tn_tokens tokens = tokens_of(target, by->origin, osname(target));
    bool requested = by->request != TN_REQUEST_PRELOAD; /* else there is nobody to expand it for */
    if (target->secure || !requested || !tn_has_slash(name) || !tn_tokens_in(name, &tokens))
        return name;
    refused->detail = "a token in the name has no value";
    return tn_tokens_expand(target->arena, name, strlen(name), &tokens, &refused->outcome);
}

static bool refuses(const struct tn_target *target, const char *name, enum tn_request request,
                    struct tn_judgement *out)
{
    (void)request;
    if (!target->secure || !tn_has_slash(name) || *name == '/')
        return false;
    *out = tn_judged(TENON_OUTCOME_DROPPED_SECURE, TN_STOP,
                     "Absolute pathname required for shared object");
    return true;
}

/* ---- what is read when a search comes that far ---------------------------------------------- */

static bool read_map(struct tn_target *target, struct config *config)
{
    if (config->map_read || variable(target, "LIBMAP_DISABLE"))
        return true;
    config->map = (struct tn_libmap){ .arena = target->arena };
    tn_libmap_read(&config->map, target->world,
                   config->compat ? "/etc/libmap32.conf" : "/etc/libmap.conf");
    const char *more = variable(target, "LIBMAP");
    if (more)
        tn_libmap_read_variable(&config->map, target->world, more);
    config->map_read = !config->map.no_memory;
    return config->map_read;
}

/* Without those that are textually in the standard path, for objects with DF_1_NODEFLIB. */
static const struct tn_dirs *without_standard(struct tn_arena *arena, const struct tn_dirs *dirs,
                                              const struct tn_dirs *standard)
{
    struct tn_dirs *out = tn_arena_take(arena, sizeof *out);
    if (!out || !(out->at = tn_arena_rows(arena, dirs->count + 1, sizeof *out->at)))
        return NULL;
    out->text = dirs->text;
    for (size_t i = 0; i < dirs->count; i++) {
        bool is_standard = false;
        for (size_t k = 0; k < standard->count; k++)
            is_standard |= strcmp(dirs->at[i].text, standard->at[k].text) == 0;
        if (!is_standard)
            out->at[out->count++] = dirs->at[i];
    }
    return out;
}

static bool read_hints(struct tn_target *target, struct config *config)
{
    struct tn_view file;
    const char *list;
    tenon_error problem = TENON_ERROR_INIT;
    if (config->hints_read)
        return true;
    int error =
        tn_file_whole(target->world, config->hints_path, TN_LIMIT_CONFIG, target->arena, &file);
    if (error == ENOMEM)
        return false;
    if (error || !tn_elfhints_list(file, target->endian, &list, &problem)) {
        config->hints_problem =
            error ? tn_errno_text(error) : tn_arena_string(target->arena, problem.text);
        target->remark = tn_arena_format(target->arena, "%s is not used: %s", config->hints_path,
                                         config->hints_problem);
        target->remark_rule = &target->loader->rules[RULE_HINTS];
        config->hints_read = config->hints_problem && target->remark;
        return config->hints_read;
    }
    config->hints = tn_dirs_split(target->arena, list, &plain_list);
    config->hints_nodeflib =
        config->hints ? without_standard(target->arena, config->hints, config->standard) : NULL;
    config->hints_read = config->hints_nodeflib != NULL;
    return config->hints_read;
}

/* ---- the search -------------------------------------------------------------------------------
 */

/* rule  rtld.c, find_library() and path_enumerate(): no object asks for a preload */
static const char *map_of(struct tn_trial *trial, const char *name, uint32_t *left)
{
    struct config *config = trial->target->config;
    const char *path = trial->asker->own ? trial->asker->paths->path : NULL;
    const char *to = tn_libmap_find(&config->map, path, name, left);
    trial->no_memory |= config->map.no_memory;
    config->map.no_memory = false; /* the next search may have some */
    return to;
}

/* Each directory is what libmap.conf makes of it when the search comes to it. */
static void try_mapped(struct tn_trial *trial, const tenon_rule *rule, const char *where,
                       const struct tn_dirs *dirs, const char *name)
{
    for (size_t i = 0; i < dirs->count && !tn_is_over(trial); i++) {
        struct tn_element element = dirs->at[i];
        const struct tn_dirs one = { .text = dirs->text, .at = &element, .count = 1 };
        uint32_t left = trial->left;
        const char *to = element.dir ? map_of(trial, element.dir, &left) : NULL;
        if (!tn_is_answered(trial)) /* else nobody asks any more */
            trial->left = left;
        element.dir = to ? to : element.dir;
        tn_elf_try_list(trial, rule, where, &one, NULL, name);
    }
}

static void try_list(struct tn_trial *trial, size_t rule, const char *where,
                     const struct tn_dirs *dirs, const char *skipped, const char *name)
{
    const struct config *config = trial->target->config;
    const tenon_rule *by = &trial->target->loader->rules[rule];
    if (dirs && !skipped && config->map.count)
        try_mapped(trial, by, where, dirs, name);
    else
        tn_elf_try_list(trial, by, where, dirs, skipped, name);
}

#define CUT "no RPATH counts for an object that has a RUNPATH"

/* DT_RPATH of the asker and of the program; an object between them is not asked. */
static void try_rpaths(struct tn_trial *trial, const char *name)
{
    const struct tn_asker *asker = trial->asker;
    const struct tn_paths *own = asker->own ? asker->paths : NULL, *program = asker->program;
    if (!own)
        return;
    try_list(trial, RULE_RPATH, own->rpath_where, own->rpath, own->runpath ? CUT : NULL, name);
    if (program != own && program && program->rpath)
        try_list(trial, RULE_RPATH, program->rpath_where, program->rpath,
                 own->runpath || program->runpath ? CUT : NULL, name);
}

static void try_hints(struct tn_trial *trial, const char *name, bool nodeflib)
{
    struct config *config = trial->target->config;
    if (tn_is_over(trial))
        return;
    if (!read_hints(trial->target, config)) {
        trial->no_memory = true;
        return;
    }
    struct tn_place place = { .source.path = config->hints_path,
                              .rule = &trial->target->loader->rules[RULE_HINTS] };
    if (!config->hints)
        tn_try_note(trial, place,
                    tn_judged(TENON_OUTCOME_NO_CACHE, TN_SKIP, config->hints_problem));
    else
        try_list(trial, RULE_HINTS, NULL, nodeflib ? config->hints_nodeflib : config->hints, NULL,
                 name);
}

static void try_standard(struct tn_trial *trial, const char *name, bool nodeflib)
{
    const struct config *config = trial->target->config;
    if (trial->asker->own)
        try_list(trial, RULE_DEFAULT, NULL, config->standard,
                 nodeflib ? "the object has DF_1_NODEFLIB" : NULL, name);
}

static void try_lists(struct tn_trial *trial, const char *name)
{
    const struct config *config = trial->target->config;
    const struct tn_asker *asker = trial->asker;
    const struct tn_paths *own = asker->own ? asker->paths : NULL;
    bool nodeflib = asker->flags & NODEFLIB, late = config->rpath_late && own && own->rpath;
    if (!late)
        try_rpaths(trial, name);
    try_list(trial, RULE_ENV, NULL, config->env, NULL, name);
    if (late)
        try_list(trial, RULE_RPATH, own->rpath_where, own->rpath, NULL, name);
    else if (own)
        try_list(trial, RULE_RUNPATH, own->runpath_where, own->runpath, NULL, name);
    try_hints(trial, name, nodeflib && !late);
    try_standard(trial, name, nodeflib);
}

/* The name by libmap.conf, recorded when it is another. */
static const char *rename_by_map(struct tn_trial *trial)
{
    const char *to = trial->asker->own ? map_of(trial, trial->name, &trial->left) : NULL;
    if (!to)
        return trial->name;
    struct tn_place place = { .source.path = trial->name,
                              .rule = &trial->target->loader->rules[RULE_LIBMAP] };
    const char *detail = tn_arena_format(trial->arena, "now %s", to);
    trial->no_memory |= !detail;
    tn_try_note(trial, place, tn_judged(TENON_OUTCOME_RENAMED, TN_SKIP, detail));
    return to;
}

static void search(struct tn_trial *trial)
{
    trial->no_memory |= !read_map(trial->target, trial->target->config);
    const char *name = rename_by_map(trial);
    if (tn_is_over(trial))
        return;
    if (!tn_has_slash(name)) {
        try_lists(trial, name);
        return;
    }
    struct tn_place place = { .source.path = name,
                              .rule = &trial->target->loader->rules[RULE_DIRECT] };
    tn_try_file(trial, place);
}

/* rule  map_object.c, get_elf_header() and map_object(): all of it is final */
static const struct tn_elf_words words = {
    .refused = TN_STOP,
    .directory = "read error: Is a directory",
    .not_elf = "invalid file format",
    .too_short = "invalid file format",
    .is_32 = "unsupported file layout",
    .is_64 = "unsupported file layout",
    .is_little = "unsupported file layout",
    .is_big = "unsupported file layout",
    .wrong_machine = "unsupported machine",
    .wrong_type = "unsupported file type",
    .malformed = "object is not dynamically-linked",
};

#define COMMON                                                                                     \
    .format = TENON_FORMAT_ELF, .rule_count = RULE_COUNT, .rule_loaded = RULE_LOADED,              \
    .rule_direct = RULE_DIRECT, .rule_self = RULE_SELF, .matches_soname = true,                    \
    .checks_versions = true, .unversioned_fatal = true, .binds_symbols = true,                     \
    .symbol_versions = true, .dlopen_as_program = true, .requests_differ = true,                   \
    .preload_is_fatal = true, .paths_of_all = true, .paths_are_searched = true,                    \
    .origin_resolved = true, .self_is_system = true, .preload_separators = " \t:;",                \
    .preload_list = preload_list, .asker_flags = asker_flags, .expand_name = expand_name,          \
    .refuses = refuses, .split = split, .search = search, .rule_search = RULE_DEFAULT,             \
    .judge = tn_elf_judge, .elf_words = &words, .judge_errno = tn_elf_skip_errno,                  \
    .missing = { "Shared object \"", "\" not found" },                                             \
    .not_opened = "non-loadable" /* rtld.c, do_load_object() */

const tenon_loader tn_loader_freebsd = {
    .name = "freebsd",
    .describe = "FreeBSD's ld-elf.so.1",
    .rules = freebsd_rules,
    .is_interpreter = freebsd_is_interpreter,
    .matches = freebsd_matches,
    .interpreters = freebsd_interpreters,
    .interpreter_count = TN_COUNT(freebsd_interpreters),
    .configure = freebsd_configure,
    COMMON,
};

const tenon_loader tn_loader_dragonfly = {
    .name = "dragonfly",
    .describe = "DragonFly BSD's ld-elf.so.2",
    .rules = dragonfly_rules,
    .is_interpreter = dragonfly_is_interpreter,
    .matches = dragonfly_matches,
    .interpreters = dragonfly_interpreters,
    .interpreter_count = TN_COUNT(dragonfly_interpreters),
    .configure = dragonfly_configure,
    COMMON,
};
