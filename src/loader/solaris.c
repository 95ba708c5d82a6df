/*
 * src/loader/solaris.c - ld.so.1 of illumos and Solaris
 *
 * rule  illumos usr/src/cmd/sgs/rtld/common/paths.c, analyze.c, elf.c, config_elf.c; ld.so.1(1),
 *       crle(1), Linker and Libraries Guide
 */
#include <errno.h>
#include <string.h>

#include "crle.h"
#include "elf_rules.h"
#include "fail.h"
#include "limits.h"
#include "machines.h"
#include "names.h"

enum {
    RULE_LOADED,
    RULE_DIRECT,
    RULE_ENV,
    RULE_CONFIG,
    RULE_RUNPATH,
    RULE_DEFAULT,
    RULE_SELF,
};

#define SEARCH "illumos usr/src/cmd/sgs/rtld/common/paths.c, get_next_dir()"

static const tenon_rule rules[] = {
    [RULE_LOADED] = { "already loaded",
                      "a search ended at an object of the process, by its path, device and inode; "
                      "when nothing is found, also by the last part of its path",
                      "illumos usr/src/cmd/sgs/rtld/common/analyze.c, load_path(), "
                      "load_one()",
                      TENON_EVIDENCE_SOURCE, false },
    [RULE_DIRECT] = { "direct path", "a name with a slash is opened as it is, nothing is searched",
                      "illumos usr/src/cmd/sgs/rtld/common/analyze.c, load_so()",
                      TENON_EVIDENCE_SOURCE, false },
    [RULE_ENV] = { "LD_LIBRARY_PATH",
                   "the environment's directories (LD_LIBRARY_PATH_32 or _64 in its place), or "
                   "what "
                   "crle(1) has for it; a secure process keeps the secure directories only",
                   SEARCH, TENON_EVIDENCE_SOURCE, false },
    [RULE_CONFIG] = { "permanent LD_LIBRARY_PATH",
                      "directories that crle -E put into the configuration file", SEARCH,
                      TENON_EVIDENCE_SOURCE, false },
    [RULE_RUNPATH] = { "RUNPATH or RPATH",
                       "the list of the object that asks, whichever tag it has; never inherited",
                       SEARCH, TENON_EVIDENCE_SOURCE, false },
    [RULE_DEFAULT] = { "default directory",
                       "/lib and /usr/lib, or /lib/64 and /usr/lib/64, or what crle -l said, "
                       "unless "
                       "the object has DF_1_NODEFLIB",
                       SEARCH, TENON_EVIDENCE_SOURCE, true },
    [RULE_SELF] = { "interpreter", "the loader is in the process from the start",
                    "illumos usr/src/cmd/sgs/rtld/common/setup.c", TENON_EVIDENCE_SOURCE, true },
};

/* The list of a variable; text NULL: there is none. */
struct variable_list {
    const char *text;
    const struct tn_dirs *dirs; /* NULL: it has tokens, and depends on where the program is */
    bool configured;            /* by crle(1), which a secure process trusts */
};

/* A directory that a secure process found a library in, after those of the row before. */
struct recorded {
    uint32_t before; /* its number; 0: none */
    const char *directory;
};

struct config {
    struct tn_crle crle;
    struct variable_list env, permanent;
    const struct tn_dirs *defaults, *secure;
    struct recorded *recorded; /* by their number, from 1 on: each that any process came to */
    size_t recorded_count, recorded_room;
};

/* LD_NAME_64 or LD_NAME_32 stands in the place of LD_NAME. */
static const char *variable(const struct tn_target *target, const char *name)
{
    char full[64] = "LD_";
    strncat(full, name, sizeof full - 8);
    size_t size = strlen(full);
    strcpy(full + size, target->word == 8 ? "_64" : "_32");
    const char *value = tenon_world_env(target->world, full);
    if (value)
        return value;
    full[size] = '\0';
    return tenon_world_env(target->world, full);
}

/* rule  paths.c, expand_paths(): of LD_LIBRARY_PATH and run paths null elements are ".", but for
 * those that a ';' ends; else they are nothing */
static const struct tn_list_syntax env_list = {
    .separators = ":;", .empty_is_cwd = true, .cwd_beside = ':', .drop_duplicates = true
};
static const struct tn_list_syntax plain_list = { .separators = ":" };

static bool read_config(struct tn_target *target, struct config *config)
{
    struct tn_view file;
    tenon_error problem = TENON_ERROR_INIT;
    const struct tn_crle_kind kind = { target->word, target->endian, target->machine };
    const char *path = target->secure ? NULL : variable(target, "CONFIG");
    if (!target->secure && variable(target, "NOCONFIG"))
        return true;
    if (!path)
        path = target->word == 8 ? "/var/ld/64/ld.config" : "/var/ld/ld.config";
    int error = tn_file_whole(target->world, path, TN_LIMIT_CONFIG, target->arena, &file);
    if (error)
        return error != ENOMEM;
    if (!tn_crle_read(file, &kind, &config->crle, &problem)) {
        config->crle = (struct tn_crle){ .unified = false };
        target->remark = tn_arena_format(target->arena, "%s is not used: %s", path, problem.text);
        target->remark_rule = &rules[RULE_DEFAULT];
        return target->remark != NULL;
    }
    return true;
}

/* rule  config_elf.c: files from before /lib was searched have /usr/lib stand for both */
static const char *unify(struct tn_target *target, const struct tn_crle *crle)
{
    const char *usr = target->word == 8 ? "/usr/lib/64" : "/usr/lib";
    const char *list = crle->default_dirs, *at = strstr(list, usr);
    size_t size = strlen(usr);
    bool whole = at && (at == list || at[-1] == ':') && (at[size] == '\0' || at[size] == ':');
    if (crle->unified || !whole)
        return list;
    return tn_arena_format(target->arena, "%.*s%s:%s", (int)(at - list), list, usr + 4, at);
}

static bool fill(struct tn_target *target, struct config *config)
{
    bool wide = target->word == 8;
    const char *defaults = wide ? "/lib/64:/usr/lib/64" : "/lib:/usr/lib";
    const char *secure = wide ? "/lib/secure/64:/usr/lib/secure/64" : "/lib/secure:/usr/lib/secure";
    bool no_dirs = !target->secure && variable(target, "NODIRCONFIG");
    bool no_env = !target->secure && variable(target, "NOENVCONFIG");
    if (config->crle.default_dirs && !no_dirs)
        defaults = unify(target, &config->crle);
    if (config->crle.secure_dirs && !no_dirs)
        secure = config->crle.secure_dirs;
    const char *env = variable(target, "LIBRARY_PATH");
    config->env.configured = !env && !no_env;
    if (config->env.configured)
        env = config->crle.library_path;
    config->env.text = env && *env ? env : NULL;
    config->permanent.text = no_env ? NULL : config->crle.permanent_library_path;
    config->permanent.configured = true;
    config->defaults = defaults ? tn_dirs_split(target->arena, defaults, &plain_list) : NULL;
    config->secure = tn_dirs_split(target->arena, secure, &plain_list);
    return config->defaults && config->secure;
}

static bool is_secure_dir(const struct config *config, const char *dir)
{
    for (size_t i = 0; i < config->secure->count; i++)
        if (strcmp(config->secure->at[i].dir, dir) == 0)
            return true;
    return false;
}

/* ---- where libraries were found ---------------------------------------------------------------
 */

#define RECORDED_MAX 4096u

static bool is_recorded(const struct config *config, uint32_t left, const char *directory)
{
    for (; left; left = config->recorded[left - 1].before)
        if (strcmp(config->recorded[left - 1].directory, directory) == 0)
            return true;
    return false;
}

/* One more; where there is no more room it is left out, which takes thousands. */
static bool record(struct tn_target *target, const char *directory, uint32_t *left)
{
    struct config *config = target->config;
    size_t i = *left; /* what follows something has a higher number */
    if (is_recorded(config, *left, directory))
        return true;
    while (i < config->recorded_count && (config->recorded[i].before != *left ||
                                          strcmp(config->recorded[i].directory, directory) != 0))
        i++;
    if (i + 1 == RECORDED_MAX)
        return true;
    if (i == config->recorded_count) {
        const char *kept = tn_arena_copy(target->arena, directory, strlen(directory));
        if (!kept || !tn_arena_grow(target->arena, &config->recorded, &config->recorded_room, i,
                                    sizeof *config->recorded))
            return false;
        config->recorded[config->recorded_count++] = (struct recorded){ *left, kept };
    }
    *left = (uint32_t)i + 1;
    return true;
}

/* The directory that a path names, in an arena. */
static const char *directory_of(struct tn_arena *arena, const char *path)
{
    const char *slash = strrchr(path, '/');
    return tn_arena_copy(arena, path, slash == path ? 1 : (size_t)(slash - path));
}

/* rule  analyze.c, load_file(): the directory of the name it was found by, and of its real path */
static bool leaves(struct tn_target *target, const char *path, const char *directory,
                   uint32_t *left)
{
    const char *named = *path == '/' ? directory_of(target->arena, path) : directory;
    return named && record(target, named, left) && record(target, directory, left);
}

/* rule  paths.c, is_path_secure(): what $ORIGIN comes to, where a library has been found before */
static bool is_trusted(const struct config *config, uint32_t left, const char *directory)
{
    return is_secure_dir(config, directory) || is_recorded(config, left, directory);
}

static bool has_origin(const struct tn_element *e)
{
    return strstr(e->text, "$ORIGIN") != NULL;
}

/*
 * What of a list a process that gained privileges keeps; of what has $ORIGIN, trust() decides when
 * it is looked through.
 */
static const struct tn_dirs *keep_secure(struct tn_target *target, const struct tn_dirs *dirs,
                                         bool absolute)
{
    const struct config *config = target->config;
    struct tn_dirs *out = tn_arena_take(target->arena, sizeof *out);
    if (!dirs || !out ||
        !(out->at = tn_arena_rows(target->arena, dirs->count + 1, sizeof *out->at)))
        return NULL;
    out->text = dirs->text;
    out->count = dirs->count;
    for (size_t i = 0; i < dirs->count; i++) {
        struct tn_element *e = &out->at[i];
        *e = dirs->at[i];
        bool kept = e->dir && ((absolute && (*e->dir == '/' || has_origin(e))) ||
                               is_secure_dir(config, e->dir));
        if (e->dir && !kept) {
            e->dir = NULL;
            e->dropped = TENON_OUTCOME_DROPPED_SECURE;
        }
    }
    return out;
}

/*
 * The list of an object as it is now. The loader keeps what it has once it keeps anything: that
 * makes a difference only where, after a search, a library comes from such a directory by its path.
 */
static const struct tn_dirs *trust(struct tn_trial *trial, const struct tn_dirs *dirs)
{
    struct tn_dirs *out = tn_arena_take(trial->arena, sizeof *out);
    if (!out || !(out->at = tn_arena_rows(trial->arena, dirs->count + 1, sizeof *out->at)))
        return NULL;
    out->text = dirs->text;
    out->count = dirs->count;
    for (size_t i = 0; i < dirs->count; i++) {
        struct tn_element *e = &out->at[i];
        *e = dirs->at[i];
        if (e->dir && has_origin(e) &&
            !is_trusted(trial->target->config, trial->asker->left, e->dir)) {
            e->dir = NULL;
            e->dropped = TENON_OUTCOME_DROPPED_SECURE;
        }
    }
    return out;
}

static bool is_interpreter(const char *path)
{
    static const char *const paths[] = { "/lib/64/ld.so.1",         "/lib/amd64/ld.so.1",
                                         "/lib/sparcv9/ld.so.1",    "/usr/lib/ld.so.1",
                                         "/usr/lib/64/ld.so.1",     "/usr/lib/amd64/ld.so.1",
                                         "/usr/lib/sparcv9/ld.so.1" };
    for (size_t i = 0; i < TN_COUNT(paths); i++)
        if (strcmp(paths[i], path) == 0)
            return true;
    return false;
}

static bool matches(const struct tn_facts *facts)
{
    return facts->os && strcmp(facts->os, "solaris") == 0;
}

static const struct tn_interpreter interpreters[] = {
    { .class_bits = 64, .path = "/lib/64/ld.so.1" },
    { .class_bits = 32, .path = "/usr/lib/ld.so.1" },
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

/* ---- tokens -----------------------------------------------------------------------------------
 */

/* rule  isalist(5): best first. Settings may say it of another processor */
static const char *isalist(const struct tn_target *target)
{
    static const struct {
        uint32_t machine;
        const char *list;
    } rows[] = {
        { EM_X86_64, "amd64 pentium_pro+mmx pentium_pro pentium+mmx pentium i486 i386 i86" },
        { EM_386, "pentium_pro+mmx pentium_pro pentium+mmx pentium i486 i386 i86" },
        { EM_SPARCV9, "sparcv9+vis2 sparcv9+vis sparcv9" },
        { EM_SPARC32PLUS, "sparcv8plus+vis2 sparcv8plus+vis sparcv8plus sparcv8 sparc" },
        { EM_SPARC, "sparcv8plus+vis2 sparcv8plus+vis sparcv8plus sparcv8 sparc" },
    };
    const char *given = tn_elf_setting(target, "ISALIST");
    for (size_t i = 0; !given && i < TN_COUNT(rows); i++)
        if (rows[i].machine == target->machine)
            given = rows[i].list;
    return given;
}

static const char *machine_word(const struct tn_target *target)
{
    bool x86 = target->machine == EM_X86_64 || target->machine == EM_386;
    const char *given = tn_elf_setting(target, "MACHINE");
    return given ? given : x86 ? "i86pc" : NULL;
}

/* rule  paths.c, expand(): no braces, and whatever follows */
static struct tn_tokens tokens_of(const struct tn_target *target, const char *origin,
                                  const char *isa)
{
    const char *machine = machine_word(target), *platform = tn_elf_setting(target, "PLATFORM");
    return (struct tn_tokens){
        .rows = { { "ORIGIN", origin },
                  { "PLATFORM", platform ? platform : machine },
                  { "MACHINE", machine },
                  { "OSNAME", "SunOS" },
                  { "OSREL", tn_elf_setting(target, "OSREL") },
                  { "ISALIST", isa },
                  { "CAPABILITY", NULL },
                  { "HWCAP", NULL } },
        .count = 8,
        .end = TN_TOKEN_END_NOTHING,
        .no_braces = true,
    };
}

#define ISA_WORDS 32u

/* Appends what one element stands for: with $ISALIST one for each instruction set, best first. */
static bool add_element(struct tn_target *target, struct tn_dirs *dirs, const char *text,
                        const char *origin)
{
    const char *isas = strstr(text, "$ISALIST") ? isalist(target) : "";
    for (size_t n = 0; isas && n < ISA_WORDS; n++) {
        size_t size = strcspn(isas, " ");
        const char *isa = tn_arena_copy(target->arena, isas, size);
        struct tn_tokens tokens = tokens_of(target, origin, isa);
        struct tn_element e = { .text = text };
        if (!isa)
            return false;
        e.dir = tn_tokens_expand(target->arena, text, strlen(text), &tokens, &e.dropped);
        if (!e.dir && e.dropped == TENON_OUTCOME_FOUND)
            return false;
        dirs->at[dirs->count++] = e;
        isas += size;
        if (!*isas++)
            break;
    }
    return true;
}

static const struct tn_dirs *split_list(struct tn_target *target, const char *list,
                                        const char *origin)
{
    const struct tn_dirs *plain = tn_dirs_split(target->arena, list, &env_list);
    struct tn_dirs *dirs = tn_arena_take(target->arena, sizeof *dirs);
    size_t room = plain ? plain->count + 1 : 0;
    for (size_t i = 0; plain && i < plain->count; i++)
        room += strstr(plain->at[i].text, "$ISALIST") ? ISA_WORDS : 0;
    if (!plain || !dirs || !(dirs->at = tn_arena_rows(target->arena, room, sizeof *dirs->at)))
        return NULL;
    dirs->text = plain->text;
    for (size_t i = 0; i < plain->count; i++)
        if (!add_element(target, dirs, plain->at[i].text, origin))
            return NULL;
    return dirs;
}

static const struct tn_dirs *split(struct tn_target *target, const char *list, const char *origin,
                                   bool is_program)
{
    const struct tn_dirs *dirs = split_list(target, list, origin);
    (void)is_program;
    return dirs && target->secure ? keep_secure(target, dirs, true) : dirs;
}

/*
 * rule  paths.c, get_dir_list(): all tokens but CAPABILITY, for the object whose search comes to it
 *       first, which is the program; is_path_secure(): what crle(1) set is
 */
static const struct tn_dirs *split_variable(struct tn_target *target,
                                            const struct variable_list *list, const char *origin)
{
    const struct tn_dirs *dirs = split_list(target, list->text, origin);
    return dirs && target->secure && !list->configured ? keep_secure(target, dirs, false) : dirs;
}

static bool has_tokens(const struct variable_list *list)
{
    return list->text && strchr(list->text, '$');
}

static bool prepare(struct tn_target *target, struct variable_list *list)
{
    return !list->text || has_tokens(list) || (list->dirs = split_variable(target, list, NULL));
}

static bool configure(struct tn_target *target, tenon_error *err)
{
    struct config *config = tn_arena_take(target->arena, sizeof *config);
    target->config = config;
    return (config && read_config(target, config) && fill(target, config) &&
            prepare(target, &config->env) && prepare(target, &config->permanent)) ||
           tn_no_memory(err);
}

static bool wants_program_origin(const struct tn_target *target)
{
    const struct config *config = target->config;
    return has_tokens(&config->env) || has_tokens(&config->permanent);
}

static const char *expand_name(struct tn_target *target, const char *name,
                               const struct tn_namer *by, struct tn_judgement *refused)
{
    const char *isas = isalist(target);
    const char *isa = isas ? tn_arena_copy(target->arena, isas, strcspn(isas, " ")) : NULL;
    struct tn_tokens tokens = tokens_of(target, by->origin, isa);
    if (!tn_tokens_in(name, &tokens))
        return name;
    refused->detail = "a token in the name cannot be expanded";
    const char *path =
        tn_tokens_expand(target->arena, name, strlen(name), &tokens, &refused->outcome);
    if (!path || !target->secure || !strstr(name, "$ORIGIN") || !strchr(path, '/'))
        return path;
    const char *directory = directory_of(target->arena, path);
    if (!directory || is_trusted(target->config, by->left, directory))
        return directory ? path : NULL;
    *refused = tn_judged(TENON_OUTCOME_DROPPED_SECURE, TN_STOP,
                         "what $ORIGIN comes to is not trusted in secure mode");
    return NULL;
}

/* ---- the search -------------------------------------------------------------------------------
 */

static bool refuses(const struct tn_target *target, const char *name, enum tn_request request,
                    struct tn_judgement *out)
{
    const struct config *config = target->config;
    const char *slash = strrchr(name, '/');
    if (!target->secure || !slash)
        return false;
    bool preload = request == TN_REQUEST_PRELOAD, in_secure = false;
    for (size_t i = 0; i < config->secure->count; i++) {
        const char *dir = config->secure->at[i].dir;
        in_secure |= strlen(dir) == (size_t)(slash - name) &&
                     strncmp(dir, name, (size_t)(slash - name)) == 0;
    }
    if (*name == '/' && (!preload || in_secure))
        return false;
    *out = tn_judged(TENON_OUTCOME_DROPPED_SECURE, TN_STOP,
                     preload ? "not in a secure directory" : "a full pathname is required");
    return true;
}

/* rule  analyze.c, load_one(): when all else failed, the name of a file that is loaded */
static unsigned fits(struct tn_target *target, const char *name,
                     const struct tn_loaded_object *object, bool late)
{
    (void)target;
    return late && !object->is_program && strcmp(tn_base_name(object->source.path), name) == 0;
}

static void try_variable(struct tn_trial *trial, size_t rule, const struct variable_list *list)
{
    const struct tn_dirs *dirs = list->dirs;
    if (!list->text || tn_is_over(trial))
        return;
    if (!dirs)
        dirs = split_variable(trial->target, list, trial->asker->program_origin);
    trial->no_memory |= !dirs;
    tn_elf_try_list(trial, &rules[rule], NULL, dirs, NULL, trial->name);
}

static void try_own(struct tn_trial *trial, const char *where, const struct tn_dirs *dirs)
{
    if (tn_is_over(trial))
        return;
    if (trial->target->secure)
        dirs = trust(trial, dirs);
    trial->no_memory |= !dirs;
    tn_elf_try_list(trial, &rules[RULE_RUNPATH], where, dirs, NULL, trial->name);
}

static void search(struct tn_trial *trial)
{
    const struct config *config = trial->target->config;
    const struct tn_asker *asker = trial->asker;
    const struct tn_paths *own = asker->own ? asker->paths : NULL;
    const char *name = trial->name;
    if (asker->request == TN_REQUEST_PRELOAD && trial->target->secure) {
        tn_elf_try_list(trial, &rules[RULE_DEFAULT], NULL, config->secure, NULL, name);
        return;
    }
    try_variable(trial, RULE_ENV, &config->env);
    try_variable(trial, RULE_CONFIG, &config->permanent);
    if (own && own->runpath)
        try_own(trial, own->runpath_where, own->runpath);
    else if (own && own->rpath)
        try_own(trial, own->rpath_where, own->rpath);
    tn_elf_try_list(trial, &rules[RULE_DEFAULT], NULL, config->defaults,
                    asker->flags & NODEFLIB ? "the object has DF_1_NODEFLIB" : NULL, name);
}

/* rule  elf.c, elf_verify(); mediate.c: 32-bit SPARC takes both of its machines */
static bool fits_machine(const struct tn_target *target, uint32_t machine)
{
    bool sparc = target->machine == EM_SPARC || target->machine == EM_SPARC32PLUS;
    return machine == target->machine ||
           (sparc && (machine == EM_SPARC || machine == EM_SPARC32PLUS));
}

static const struct tn_elf_words words = {
    .refused = TN_SKIP,
    .directory = "Is a directory",
    .not_elf = "unknown file type",
    .too_short = "unknown file type",
    .is_32 = "wrong ELF class: ELFCLASS32",
    .is_64 = "wrong ELF class: ELFCLASS64",
    .is_little = "wrong ELF data format: ELFDATA2LSB",
    .is_big = "wrong ELF data format: ELFDATA2MSB",
    .wrong_machine = "wrong machine type",
    .wrong_type = "unknown file type",
    .malformed = "no dynamic section",
    .takes_relocatable = true,
    .fits_machine = fits_machine,
};

/* rule  analyze.c: the first file that was rejected is named, if any was */
static const char *why_missing(struct tn_arena *arena, const char *name,
                               const tenon_attempt *attempts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (attempts[i].outcome > TENON_OUTCOME_UNREADABLE &&
            attempts[i].outcome <= TENON_OUTCOME_MALFORMED && attempts[i].detail)
            return tn_arena_format(arena, "%s: %s", attempts[i].path, attempts[i].detail);
    return tn_arena_format(arena, "%s: open failed: No such file or directory", name);
}

const tenon_loader tn_loader_solaris = {
    .name = "solaris",
    .describe = "ld.so.1 of Solaris and illumos",
    .format = TENON_FORMAT_ELF,
    .rules = rules,
    .rule_count = TN_COUNT(rules),
    .rule_loaded = RULE_LOADED,
    .rule_direct = RULE_DIRECT,
    .rule_self = RULE_SELF,
    .checks_versions = true,
    .binds_symbols = true,
    .symbol_versions = true,
    .requests_differ = true,
    .preload_as_program = true,
    .preload_is_fatal = true,
    .preload_only_warns = true, /* rule  setup.c, preload() */
    .origin_resolved = true,
    .self_is_system = true,
    .preload_separators = " \t\n:",
    .audit_variable = "LD_AUDIT",
    .is_interpreter = is_interpreter,
    .matches = matches,
    .interpreters = interpreters,
    .interpreter_count = TN_COUNT(interpreters),
    .configure = configure,
    .preload_list = preload_list,
    .wants_program_origin = wants_program_origin,
    .asker_flags = asker_flags,
    .fits = fits,
    .refuses = refuses,
    .leaves = leaves,
    .expand_name = expand_name,
    .split = split,
    .search = search,
    .rule_search = RULE_DEFAULT,
    .judge = tn_elf_judge,
    .elf_words = &words,
    .judge_errno = tn_elf_skip_errno,
    .why_missing = why_missing,
};
