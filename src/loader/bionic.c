/*
 * src/loader/bionic.c - Android's linker and linker64, without namespaces
 *
 * rule  Android bionic/linker/linker.cpp: load_library(), open_library(), parse_LD_LIBRARY_PATH(),
 *       soinfo::set_dt_runpath(); linker_utils.cpp
 */
#include <string.h>

#include "elf_rules.h"
#include "fail.h"
#include "names.h"

enum {
    RULE_LOADED,
    RULE_DIRECT,
    RULE_ENV,
    RULE_RUNPATH,
    RULE_DEFAULT,
    RULE_SELF,
};

#define SEARCH "Android bionic/linker/linker.cpp, open_library()"

static const tenon_rule rules[] = {
    [RULE_LOADED] = { "already loaded",
                      "a library of the process has this SONAME, or is the same file",
                      "Android bionic/linker/linker.cpp, find_loaded_library_by_soname()",
                      TENON_EVIDENCE_SOURCE, false },
    [RULE_DIRECT] = { "direct path", "a name with a slash is opened as it is, nothing is searched",
                      SEARCH, TENON_EVIDENCE_SOURCE, false },
    [RULE_ENV] = { "LD_LIBRARY_PATH", "the environment's directories, unless the process is secure",
                   SEARCH, TENON_EVIDENCE_SOURCE, false },
    [RULE_RUNPATH] = { "RUNPATH",
                       "DT_RUNPATH of the object that asks, never inherited; DT_RPATH is ignored",
                       SEARCH, TENON_EVIDENCE_SOURCE, false },
    [RULE_DEFAULT] = { "default directory",
                       "those of a system without a configuration of namespaces", SEARCH,
                       TENON_EVIDENCE_SOURCE, true },
    [RULE_SELF] = { "interpreter", "the loader is in the process from the start",
                    "Android bionic/linker/linker_main.cpp", TENON_EVIDENCE_SOURCE, true },
};

struct config {
    const struct tn_dirs *env, *defaults;
};

static const struct tn_list_syntax plain_list = { .separators = ":" };

static bool configure(struct tn_target *target, tenon_error *err)
{
    struct config *config = tn_arena_take(target->arena, sizeof *config);
    const char *list = target->word == 8 ? "/system/lib64:/odm/lib64:/vendor/lib64"
                                         : "/system/lib:/odm/lib:/vendor/lib";
    target->config = config;
    return (config &&
            (target->secure ||
             tn_elf_env_list(target, "LD_LIBRARY_PATH", &plain_list, &config->env)) &&
            (config->defaults = tn_dirs_split(target->arena, list, &plain_list))) ||
           tn_no_memory(err);
}

static bool is_interpreter(const char *path)
{
    const char *base = tn_base_name(path);
    return strcmp(base, "linker") == 0 || strcmp(base, "linker64") == 0;
}

static bool matches(const struct tn_facts *facts)
{
    return facts->os && strcmp(facts->os, "android") == 0;
}

static const struct tn_interpreter interpreters[] = {
    { .class_bits = 64, .path = "/system/bin/linker64" },
    { .class_bits = 32, .path = "/system/bin/linker" },
};

static const char *preload_list(const struct tn_target *target)
{
    return target->secure ? NULL : tenon_world_env(target->world, "LD_PRELOAD");
}

static const struct tn_dirs *split(struct tn_target *target, const char *list, const char *origin,
                                   bool is_program)
{
    struct tn_tokens tokens = {
        .rows = { { "ORIGIN", origin }, { "LIB", target->word == 8 ? "lib64" : "lib" } },
        .count = 2,
    };
    struct tn_list_syntax syntax = plain_list;
    (void)is_program;
    syntax.tokens = &tokens;
    return tn_dirs_split(target->arena, list, &syntax);
}

/* rule  since API 23 the SONAME counts; a library without one answers to its file's name */
static bool claims(struct tn_target *target, const struct tn_loaded_object *object,
                   const struct tn_name_sink *out)
{
    (void)target;
    if (object->is_program)
        return true;
    return out->add(out->arg,
                    object->own_name ? object->own_name : tn_base_name(object->source.path));
}

static void search(struct tn_trial *trial)
{
    const struct config *config = trial->target->config;
    const struct tn_paths *own = trial->asker->own ? trial->asker->paths : NULL;
    tn_elf_try_list(trial, &rules[RULE_ENV], NULL, config->env, NULL, trial->name);
    if (own) {
        tn_elf_try_list(trial, &rules[RULE_RUNPATH], own->rpath_where, own->rpath,
                        "this loader ignores DT_RPATH", trial->name);
        tn_elf_try_list(trial, &rules[RULE_RUNPATH], own->runpath_where, own->runpath, NULL,
                        trial->name);
    }
    tn_elf_try_list(trial, &rules[RULE_DEFAULT], NULL, config->defaults, NULL, trial->name);
}

/* rule  linker_phdr.cpp, ElfReader::VerifyElfHeader(): all of it is fatal */
static const struct tn_elf_words words = {
    .refused = TN_STOP,
    .directory = "is not a regular file",
    .not_elf = "has bad ELF magic",
    .too_short = "is too small to be an ELF executable",
    .is_32 = "is 32-bit instead of 64-bit",
    .is_64 = "is 64-bit instead of 32-bit",
    .is_little = "is little-endian",
    .is_big = "not little-endian",
    .wrong_machine = "is for another machine",
    .wrong_type = "has unexpected e_type",
    .malformed = "has no dynamic section",
};

const tenon_loader tn_loader_bionic = {
    .name = "bionic",
    .describe = "Android's linker, without namespaces",
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
    .preload_as_program = true,
    .preload_is_fatal = true,
    .origin_resolved = true,
    .self_is_system = true,
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
    .judge = tn_elf_judge,
    .elf_words = &words,
    .judge_errno = tn_elf_skip_errno,
    .missing = { "library \"", "\" not found" },
};
