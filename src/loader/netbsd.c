/*
 * src/loader/netbsd.c - NetBSD's ld.elf_so
 *
 * rule  NetBSD libexec/ld.elf_so/search.c, _rtld_load_library(); load.c; paths.c; expand.c;
 *       ld.elf_so(1), ld.so.conf(5)
 */
#include <errno.h>
#include <string.h>

#include "elf_rules.h"
#include "fail.h"
#include "limits.h"
#include "names.h"
#include "netbsd_conf.h"

enum {
    RULE_LOADED,
    RULE_CONF_LIBRARY,
    RULE_DIRECT,
    RULE_ENV,
    RULE_CONF,
    RULE_RPATH,
    RULE_DEFAULT,
    RULE_SELF,
};

#define SEARCH "NetBSD libexec/ld.elf_so/search.c, _rtld_load_library()"

static const tenon_rule rules[] = {
    [RULE_LOADED] = { "already loaded",
                      "a library of the process has this SONAME (not the program), or is this "
                      "path or file",
                      "NetBSD libexec/ld.elf_so/load.c, _rtld_load_object()", TENON_EVIDENCE_SOURCE,
                      false },
    [RULE_CONF_LIBRARY] = { "ld.so.conf library",
                            "libraries that the configuration has instead, by a variable of the "
                            "system",
                            "NetBSD libexec/ld.elf_so/paths.c; ld.so.conf(5)",
                            TENON_EVIDENCE_SOURCE, false },
    [RULE_DIRECT] = { "direct path", "a name with a slash is opened as it is, nothing is searched",
                      SEARCH, TENON_EVIDENCE_SOURCE, false },
    [RULE_ENV] = { "LD_LIBRARY_PATH", "the environment's directories, unless the process is secure",
                   SEARCH, TENON_EVIDENCE_SOURCE, false },
    [RULE_CONF] = { "ld.so.conf", "the directories of /etc/ld.so.conf, before any recorded path",
                    SEARCH, TENON_EVIDENCE_SOURCE, true },
    [RULE_RPATH] = { "RPATH or RUNPATH",
                     "the list of the object that asks, whichever tag it has; never inherited",
                     SEARCH, TENON_EVIDENCE_SOURCE, false },
    [RULE_DEFAULT] = { "default directory", "/usr/lib", SEARCH, TENON_EVIDENCE_SOURCE, true },
    [RULE_SELF] = { "interpreter", "the loader is in the process from the start",
                    "NetBSD libexec/ld.elf_so/rtld.c", TENON_EVIDENCE_SOURCE, true },
};

struct config {
    struct tn_netbsd_conf conf;
    const char *conf_list; /* its directories; NULL: none */
    const struct tn_dirs *defaults;
};

static bool read_conf(struct tn_target *target, struct config *config)
{
    struct tn_view file;
    int error =
        tn_file_whole(target->world, "/etc/ld.so.conf", TN_LIMIT_CONFIG, target->arena, &file);
    if (error)
        return error != ENOMEM;
    if (!tn_netbsd_conf_read(target->arena, file, &config->conf))
        return false;
    size_t size = 1;
    for (size_t i = 0; i < config->conf.dir_count; i++)
        size += strlen(config->conf.dirs[i]) + 1;
    char *list = tn_arena_bytes(target->arena, size), *to = list;
    if (!list)
        return false;
    for (size_t i = 0; i < config->conf.dir_count; i++) {
        if (i)
            *to++ = ':';
        to = stpcpy(to, config->conf.dirs[i]);
    }
    *to = '\0';
    config->conf_list = *list ? list : NULL;
    return true;
}

static const struct tn_list_syntax plain_list = { .separators = ":",
                                                  .drop_duplicates = true,
                                                  .strip_slashes = true };

/* rule  paths.c: 32-bit programs of a 64-bit system look below /usr/lib/ARCH first */
static bool read_defaults(struct tn_target *target, struct config *config)
{
    tenon_file_info info;
    const char *arch = target->word == 4 ? tn_elf_machine_word(target) : NULL;
    const char *dir = arch ? tn_arena_format(target->arena, "/usr/lib/%s", arch) : NULL;
    int error = dir ? tenon_world_stat(target->world, dir, &info) : ENOENT;
    const char *list = "/usr/lib";
    if ((arch && !dir) || error == ENOMEM)
        return false;
    if (!error && info.type == TENON_FILE_DIRECTORY)
        list = tn_arena_format(target->arena, "%s:/usr/lib", dir);
    config->defaults = list ? tn_dirs_split(target->arena, list, &plain_list) : NULL;
    return config->defaults != NULL;
}

static bool configure(struct tn_target *target, tenon_error *err)
{
    struct config *config = tn_arena_take(target->arena, sizeof *config);
    target->config = config;
    return (config && read_conf(target, config) && read_defaults(target, config)) ||
           tn_no_memory(err);
}

static bool is_interpreter(const char *path)
{
    return tn_has_prefix(tn_base_name(path), "ld.elf_so");
}

static bool matches(const struct tn_facts *facts)
{
    return facts->os && strcmp(facts->os, "netbsd") == 0;
}

static const struct tn_interpreter interpreters[] = { { .path = "/usr/libexec/ld.elf_so" } };

static const char *environment(const struct tn_target *target)
{
    return target->secure ? NULL : tenon_world_env(target->world, "LD_LIBRARY_PATH");
}

static const char *preload_list(const struct tn_target *target)
{
    return target->secure ? NULL : tenon_world_env(target->world, "LD_PRELOAD");
}

static bool wants_program_origin(const struct tn_target *target)
{
    const struct config *config = target->config;
    const char *env = environment(target);
    return (config->conf_list && strchr(config->conf_list, '$')) || (env && strchr(env, '$'));
}

/* rule  expand.c: HWCAP and ISALIST are known and empty */
static struct tn_tokens tokens_of(const struct tn_target *target, const char *origin)
{
    return (struct tn_tokens){
        .rows = { { "ORIGIN", origin },
                  { "OSNAME", "NetBSD" },
                  { "OSREL", tn_elf_setting(target, "OSREL") },
                  { "PLATFORM", tn_elf_machine_word(target) },
                  { "HWCAP", "" },
                  { "ISALIST", "" } },
        .count = 6,
        .end = TN_TOKEN_END_LETTER,
    };
}

static const struct tn_dirs *split_with(struct tn_target *target, const char *list,
                                        const char *origin)
{
    struct tn_tokens tokens = tokens_of(target, origin);
    struct tn_list_syntax syntax = plain_list;
    syntax.tokens = &tokens;
    return tn_dirs_split(target->arena, list, &syntax);
}

/* rule  expand.c: the program's $ORIGIN ends a process that gained privileges */
static const struct tn_dirs *split(struct tn_target *target, const char *list, const char *origin,
                                   bool is_program)
{
    return split_with(target, list, target->secure && is_program ? NULL : origin);
}

static bool refuses(const struct tn_target *target, const char *name, enum tn_request request,
                    struct tn_judgement *out)
{
    (void)request;
    if (!target->secure || !tn_has_slash(name) || *name == '/')
        return false;
    *out = tn_judged(TENON_OUTCOME_DROPPED_SECURE, TN_STOP,
                     "absolute pathname required for shared object");
    return true;
}

static bool claims(struct tn_target *target, const struct tn_loaded_object *object,
                   const struct tn_name_sink *out)
{
    (void)target;
    return object->is_program || !object->own_name || out->add(out->arg, object->own_name);
}

/* ---- the search -------------------------------------------------------------------------------
 */

/* The row of ld.so.conf for a library, by what the settings say of the system; NULL: none. */
static const struct tn_netbsd_row *row_for(const struct tn_target *target, const char *name)
{
    const struct config *config = target->config;
    for (size_t i = 0; i < config->conf.row_count; i++) {
        const struct tn_netbsd_row *row = &config->conf.rows[i];
        const char *value = tenon_world_setting(target->world, row->variable);
        if (strcmp(row->library, name) == 0 && value && strcmp(value, row->value) == 0)
            return row;
    }
    return NULL;
}

static void try_conf(struct tn_trial *trial, const char *name)
{
    const struct config *config = trial->target->config;
    if (!config->conf_list || tn_is_over(trial))
        return;
    const struct tn_dirs *dirs =
        split_with(trial->target, config->conf_list, trial->asker->program_origin);
    trial->no_memory |= !dirs;
    tn_elf_try_list(trial, &rules[RULE_CONF], NULL, dirs, NULL, name);
}

static void try_environment(struct tn_trial *trial, const char *name)
{
    const char *env = environment(trial->target);
    if (!env || !*env)
        return;
    const struct tn_dirs *dirs = split_with(trial->target, env, trial->asker->program_origin);
    trial->no_memory |= !dirs;
    tn_elf_try_list(trial, &rules[RULE_ENV], NULL, dirs, NULL, name);
}

static void try_lists(struct tn_trial *trial, const char *name)
{
    const struct config *config = trial->target->config;
    const struct tn_paths *own = trial->asker->own ? trial->asker->paths : NULL;
    try_environment(trial, name);
    try_conf(trial, name);
    if (own && own->runpath)
        tn_elf_try_list(trial, &rules[RULE_RPATH], own->runpath_where, own->runpath, NULL, name);
    else if (own)
        tn_elf_try_list(trial, &rules[RULE_RPATH], own->rpath_where, own->rpath, NULL, name);
    tn_elf_try_list(trial, &rules[RULE_DEFAULT], NULL, config->defaults, NULL, name);
}

/* The first library of the row stands for the need; the others join behind it. */
static bool try_instead(struct tn_trial *trial)
{
    const struct tn_netbsd_row *row =
        trial->asker->request == TN_REQUEST_NEED ? row_for(trial->target, trial->name) : NULL;
    if (!row)
        return false;
    struct tn_place place = { .source.path = trial->name, .rule = &rules[RULE_CONF_LIBRARY] };
    const char *detail = tn_arena_format(trial->arena, "now %s, as %s is %s", row->libraries[0],
                                         row->variable, row->value);
    trial->no_memory |= !detail;
    tn_try_note(trial, place, tn_judged(TENON_OUTCOME_RENAMED, TN_SKIP, detail));
    try_lists(trial, row->libraries[0]);
    return tn_is_answered(trial);
}

#define AS_IT_IS '=' /* before a key: nothing else stands in for this library */

static bool arising(struct tn_target *target, const struct tn_bound *bound,
                    const struct tn_need_sink *out)
{
    const struct tn_netbsd_row *row = row_for(target, bound->name);
    for (size_t i = 1; row && row->libraries[i]; i++) {
        const tenon_need need = { .name = row->libraries[i], .base = row->libraries[i] };
        if (!out->add(out->arg, &need, true))
            return false;
    }
    return true;
}

/* Files record names alone: a need with a base is one that arose. */
static const char *key(struct tn_target *target, const tenon_need *need)
{
    return need->base ? tn_arena_format(target->arena, "%c%s", AS_IT_IS, need->base) : need->name;
}

static void search(struct tn_trial *trial)
{
    bool is_path = tn_has_slash(trial->name) || trial->asker->request == TN_REQUEST_PRELOAD;
    if (*trial->name == AS_IT_IS) {
        try_lists(trial, trial->name + 1);
        return;
    }
    if (!is_path && try_instead(trial))
        return;
    if (is_path)
        tn_try_file(trial,
                    (struct tn_place){ .source.path = trial->name, .rule = &rules[RULE_DIRECT] });
    else
        try_lists(trial, trial->name);
}

/* rule  headers.c, map_object.c: what cannot be mapped is as if it were not there */
static const struct tn_elf_words words = {
    .refused = TN_SKIP,
    .directory = "is a directory",
    .not_elf = "unrecognized file format",
    .too_short = "unrecognized file format",
    .is_32 = "unrecognized file format: 32 bits",
    .is_64 = "unrecognized file format: 64 bits",
    .is_little = "unrecognized file format: little endian",
    .is_big = "unrecognized file format: big endian",
    .wrong_machine = "unsupported machine",
    .wrong_type = "unsupported file type",
    .malformed = "not dynamic or without segments",
};

const tenon_loader tn_loader_netbsd = {
    .name = "netbsd",
    .describe = "NetBSD's ld.elf_so",
    .format = TENON_FORMAT_ELF,
    .secure_variables = tn_elf_secure_variables,
    .rules = rules,
    .rule_count = TN_COUNT(rules),
    .rule_loaded = RULE_LOADED,
    .rule_direct = RULE_DIRECT,
    .rule_self = RULE_SELF,
    .checks_versions = true,
    .binds_symbols = true,
    .symbol_versions = true,
    .dlopen_as_program = true,
    .dlopen_searches = true,
    .requests_differ = true,
    .preload_is_fatal = true,
    .paths_are_searched = true,
    .self_is_system = true,
    .preload_separators = " :",
    .is_interpreter = is_interpreter,
    .matches = matches,
    .interpreters = interpreters,
    .interpreter_count = TN_COUNT(interpreters),
    .configure = configure,
    .preload_list = preload_list,
    .wants_program_origin = wants_program_origin,
    .key = key,
    .claims = claims,
    .arising = arising,
    .refuses = refuses,
    .split = split,
    .search = search,
    .rule_search = RULE_DEFAULT,
    .judge = tn_elf_judge,
    .elf_words = &words,
    .judge_errno = tn_elf_skip_errno,
    .missing = { "Shared object \"", "\" not found" },
};
