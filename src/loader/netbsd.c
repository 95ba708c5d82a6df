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
#include "machines.h"
#include "names.h"
#include "netbsd_conf.h"

#define EF_ARM_ABI_FLOAT_HARD 0x400u

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

/* rule  sys/arch/ARCH/include/param.h and cpu.h, MACHINE_ARCH; which one of ARM's is not known */
static const struct tn_machine_word machine_words[] = {
    { EM_X86_64, 8, TN_LITTLE, "x86_64" },   { EM_386, 4, TN_LITTLE, "i386" },
    { EM_AARCH64, 8, TN_LITTLE, "aarch64" }, { EM_AARCH64, 8, TN_BIG, "aarch64eb" },
    { EM_SPARC, 4, TN_BIG, "sparc" },        { EM_SPARC32PLUS, 4, TN_BIG, "sparc" },
    { EM_SPARCV9, 8, TN_BIG, "sparc64" },    { EM_PPC, 4, TN_BIG, "powerpc" },
    { EM_PPC64, 8, TN_BIG, "powerpc64" },    { EM_MIPS, 4, TN_LITTLE, "mipsel" },
    { EM_MIPS, 4, TN_BIG, "mipseb" },        { EM_MIPS, 8, TN_LITTLE, "mips64el" },
    { EM_MIPS, 8, TN_BIG, "mips64eb" },      { EM_RISCV, 4, TN_LITTLE, "riscv32" },
    { EM_RISCV, 8, TN_LITTLE, "riscv64" },   { EM_68K, 4, TN_BIG, "m68k" },
    { EM_VAX, 4, TN_LITTLE, "vax" },         { EM_ALPHA, 8, TN_LITTLE, "alpha" },
    { EM_PARISC, 4, TN_BIG, "hppa" },        { EM_SH, 4, TN_LITTLE, "sh3el" },
    { EM_SH, 4, TN_BIG, "sh3eb" },           { EM_IA_64, 8, TN_LITTLE, "ia64" },
};

/* rule  expand.c: uname -p, sysctl hw.machine_arch */
static const char *machine_word(const struct tn_target *target)
{
    return tn_elf_machine_word(target, machine_words, TN_COUNT(machine_words));
}

/* rule  Makefile, RTLD_ARCH_SUBDIR: MLIBDIR of the libraries that are built for a 64-bit system */
static const char *compat_directory(const struct tn_target *target)
{
    static const struct {
        uint32_t machine;
        const char *name;
    } rows[] = { { EM_386, "i386" },    { EM_SPARC, "sparc" }, { EM_SPARC32PLUS, "sparc" },
                 { EM_PPC, "powerpc" }, { EM_MIPS, "o32" },    { EM_RISCV, "rv32" } };
    if (target->machine == EM_ARM)
        return target->e_flags & EF_ARM_ABI_FLOAT_HARD ? "eabihf" : "eabi";
    for (size_t i = 0; i < TN_COUNT(rows); i++)
        if (rows[i].machine == target->machine)
            return rows[i].name;
    return NULL;
}

/* rule  paths.c: 32-bit programs of a 64-bit system look below /usr/lib/ARCH first */
static bool read_defaults(struct tn_target *target, struct config *config)
{
    tenon_file_info info;
    const char *arch = target->word == 4 ? compat_directory(target) : NULL;
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
                  { "PLATFORM", machine_word(target) },
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

static const struct tn_dirs *split(struct tn_target *target, const char *list, const char *origin,
                                   bool is_program)
{
    return split_with(target, list, target->secure && is_program ? NULL : origin);
}

static bool has_origin(const char *list)
{
    static const struct tn_tokens origin = { .rows = { { "ORIGIN", "" } },
                                             .count = 1,
                                             .end = TN_TOKEN_END_LETTER };
    return list && tn_tokens_in(list, &origin);
}

/*
 * rule  rtld.c, _rtld() and expand.c, expand(): where the program is is not told to a process that
 *       gained privileges, and one that asks for it, in ld.so.conf or in its own list, ends
 */
static struct tn_judgement judge_program(const struct tn_target *target,
                                         const struct tn_facts *facts)
{
    const struct config *config = target->config;
    const char *own = facts->runpath ? facts->runpath : facts->rpath;
    if (target->secure && (has_origin(config->conf_list) || has_origin(own)))
        return tn_judged(TENON_OUTCOME_DROPPED_SECURE, TN_STOP,
                         "$ORIGIN in a set-id program: execname not specified in AUX vector");
    return tn_judged(TENON_OUTCOME_FOUND, TN_ACCEPT, NULL);
}

/* ---- keys -------------------------------------------------------------------------------------
 */

/*
 * A key that begins with the mark says with the next character what it is: a name that begins so
 * itself, or a library that stands in for another, and for which nothing stands in. So no name that
 * a file records is taken for the latter.
 */
enum { KEY_MARK = '=', KEY_NAME = 'n', KEY_STAND_IN = 's' };

static const char *key_of_name(struct tn_arena *arena, const char *name)
{
    return *name == KEY_MARK ? tn_arena_format(arena, "%c%c%s", KEY_MARK, KEY_NAME, name) : name;
}

/* Files record names alone: a need with a base is one that arose. */
static const char *key(struct tn_target *target, const tenon_need *need)
{
    return need->base ? tn_arena_format(target->arena, "%c%c%s", KEY_MARK, KEY_STAND_IN, need->base)
                      : key_of_name(target->arena, need->name);
}

static bool is_stand_in(const char *key)
{
    return key[0] == KEY_MARK && key[1] == KEY_STAND_IN;
}

static const char *name_of(const char *key)
{
    return is_stand_in(key) || (key[0] == KEY_MARK && key[1] == KEY_NAME) ? key + 2 : key;
}

/* What dlopen() and LD_PRELOAD name is no key. */
static const char *name_asked(const char *name, enum tn_request request)
{
    return request == TN_REQUEST_NEED ? name_of(name) : name;
}

static bool is_refused(const struct tn_target *target, const char *name, enum tn_action action,
                       struct tn_judgement *out)
{
    if (!*name) {
        *out = tn_judged(TENON_OUTCOME_ABSENT, action, "Cannot open \"\"");
        return true;
    }
    if (!target->secure || !tn_has_slash(name) || *name == '/')
        return false;
    *out = tn_judged(TENON_OUTCOME_DROPPED_SECURE, action,
                     "absolute pathname required for shared object");
    return true;
}

static bool refuses(const struct tn_target *target, const char *name, enum tn_request request,
                    struct tn_judgement *out)
{
    return is_refused(target, name_asked(name, request), TN_STOP, out);
}

static bool claims(struct tn_target *target, const struct tn_loaded_object *object,
                   const struct tn_name_sink *out)
{
    if (object->is_program || !object->own_name)
        return true;
    const char *name = key_of_name(target->arena, object->own_name);
    return name && out->add(out->arg, name);
}

static const char *why_missing(struct tn_arena *arena, const char *name,
                               const tenon_attempt *attempts, size_t count)
{
    (void)attempts, (void)count;
    return tn_arena_format(arena, "Shared object \"%s\" not found", name_of(name));
}

/* ---- the search -------------------------------------------------------------------------------
 */

static bool is_set(const struct tn_target *target, const struct tn_netbsd_row *row)
{
    const char *value = tenon_world_setting(target->world, row->variable);
    return value && strcmp(value, row->value) == 0;
}

/*
 * The row of ld.so.conf for a library, by what the settings say of the system, in the last line
 * that is before `line`; NULL: none. Of one line the first value that fits counts.
 * rule  paths.c, _rtld_process_mapping(): each line goes before those that were read
 */
static const struct tn_netbsd_row *row_before(const struct tn_target *target, const char *name,
                                              size_t line)
{
    const struct config *config = target->config;
    const struct tn_netbsd_row *found = NULL;
    for (size_t i = 0; i < config->conf.row_count && config->conf.rows[i].line < line; i++) {
        const struct tn_netbsd_row *row = &config->conf.rows[i];
        if (strcmp(row->library, name) == 0 && is_set(target, row) &&
            (!found || found->line != row->line))
            found = row;
    }
    return found;
}

static void try_conf(struct tn_trial *trial, const char *name)
{
    const struct config *config = trial->target->config;
    if (!config->conf_list || tn_is_over(trial))
        return;
    const struct tn_dirs *dirs =
        split(trial->target, config->conf_list, trial->asker->program_origin, true);
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

/* By its path, or through the lists. */
static void try_name(struct tn_trial *trial, const char *name)
{
    const struct tn_place place = { .source.path = name, .rule = &rules[RULE_DIRECT] };
    struct tn_judgement refused;
    if (!tn_has_slash(name))
        try_lists(trial, name);
    else if (is_refused(trial->target, name, TN_SKIP, &refused))
        tn_try_note(trial, place, refused);
    else
        tn_try_file(trial, place);
}

static void try_stand_in(struct tn_trial *trial, const char *name, const struct tn_netbsd_row *row,
                         const char *library)
{
    const struct tn_place place = { .source.path = name, .rule = &rules[RULE_CONF_LIBRARY] };
    const char *detail =
        tn_arena_format(trial->arena, "now %s, as %s is %s", library, row->variable, row->value);
    trial->no_memory |= !detail;
    tn_try_note(trial, place, tn_judged(TENON_OUTCOME_RENAMED, TN_SKIP, detail));
    try_name(trial, library);
}

/*
 * The first library that is there stands for the need, and arising() adds those behind it.
 * rule  load.c, _rtld_load_by_name(): one that is not there is warned of, and the name itself is
 *       searched for when none of them is
 */
static bool try_instead(struct tn_trial *trial, const char *name)
{
    const struct tn_netbsd_row *row = row_before(trial->target, name, SIZE_MAX);
    for (; row; row = row_before(trial->target, name, row->line))
        for (size_t i = 0; row->libraries[i] && !tn_is_answered(trial); i++)
            try_stand_in(trial, name, row, row->libraries[i]);
    return tn_is_answered(trial);
}

/* Is a library that stands in at this path? */
static bool is_at(const char *path, const char *library)
{
    return strcmp(tn_has_slash(library) ? path : tn_base_name(path), library) == 0;
}

/*
 * What is asked for behind the stand-in that was found may be missing. An answer that is none of
 * them is the library itself: then none of them is there.
 */
static bool arising(struct tn_target *target, const struct tn_bound *bound,
                    const struct tn_need_sink *out)
{
    const struct tn_netbsd_row *row =
        bound->arose ? NULL : row_before(target, bound->name, SIZE_MAX);
    bool is_behind = false;
    for (; row; row = row_before(target, bound->name, row->line))
        for (size_t i = 0; row->libraries[i]; i++) {
            const char *library = row->libraries[i];
            const tenon_need need = { .name = library,
                                      .base = library,
                                      .flavour = TENON_NEED_WEAK };
            if (!is_behind)
                is_behind = is_at(bound->path, library);
            else if (!out->add(out->arg, &need, true, NULL))
                return false;
        }
    return true;
}

static void search(struct tn_trial *trial)
{
    enum tn_request request = trial->asker->request;
    const char *name = name_asked(trial->name, request);
    if (request == TN_REQUEST_PRELOAD) /* always a path */
        tn_try_file(trial, (struct tn_place){ .source.path = name, .rule = &rules[RULE_DIRECT] });
    else if (request != TN_REQUEST_NEED || is_stand_in(trial->name) || !try_instead(trial, name))
        try_name(trial, name);
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
    .arises_at_once = true,
    .self_is_system = true,
    .preload_separators = " :",
    .preload_keeps_empty = true, /* rule  load.c, _rtld_preload() */
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
    .judge_program = judge_program,
    .why_missing = why_missing,
};
