/*
 * src/loader/glibc.c - the GNU C library's ld.so
 *
 * rule  glibc 2.36 elf/dl-load.c (_dl_map_object, open_path, open_verify, fillin_rpath),
 * elf/rtld.c, elf/dl-cache.c; later versions differ as noted
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "elf_rules.h"
#include "fail.h"
#include "glibc_judge.h"
#include "glibc_private.h"
#include "hwcaps.h"
#include "machines.h"
#include "names.h"

const tenon_rule tn_glibc_rules[GLIBC_RULES] = {
    [GLIBC_LOADED] = {
        .name = "already loaded",
        .what = "an object of the process has this name, SONAME, or device and inode",
        .source = "glibc elf/dl-load.c, _dl_map_object()",
        .evidence = TENON_EVIDENCE_REAL_LOADER,
    },
    [GLIBC_DIRECT] = {
        .name = "direct path",
        .what = "a name with a slash is opened as it is, nothing is searched",
        .source = "glibc elf/dl-load.c, _dl_map_object()",
        .evidence = TENON_EVIDENCE_REAL_LOADER,
    },
    [GLIBC_RPATH] = {
        .name = "RPATH",
        .what = "DT_RPATH of the object that asks and of those that caused it to be loaded, "
                     "unless it has DT_RUNPATH",
        .source = "glibc elf/dl-load.c, _dl_map_object()",
        .evidence = TENON_EVIDENCE_REAL_LOADER,
    },
    [GLIBC_ENV] = {
        .name = "LD_LIBRARY_PATH",
        .what = "the environment's directories, unless the process is secure",
        .source = "glibc elf/dl-load.c, _dl_init_paths()",
        .evidence = TENON_EVIDENCE_REAL_LOADER,
    },
    [GLIBC_RUNPATH] = {
        .name = "RUNPATH",
        .what = "DT_RUNPATH of the object that asks, never inherited",
        .source = "glibc elf/dl-load.c, _dl_map_object()",
        .evidence = TENON_EVIDENCE_REAL_LOADER,
    },
    [GLIBC_CACHE] = {
        .name = "ld.so.cache",
        .what = "the one path that the cache has for this name",
        .source = "glibc elf/dl-cache.c, _dl_load_cache_lookup()",
        .evidence = TENON_EVIDENCE_REAL_LOADER,
        .system = true,
    },
    [GLIBC_CONF] = {
        .name = "ld.so.conf",
        .what = "stands in for an absent cache, as ldconfig would have made it",
        .source = "glibc elf/ldconfig.c, search_dir()",
        .evidence = TENON_EVIDENCE_REAL_LOADER,
        .system = true,
    },
    [GLIBC_DEFAULT] = {
        .name = "default directory",
        .what = "directories compiled into ld.so, unless the object has DF_1_NODEFLIB",
        .source = "glibc elf/dl-load.c, _dl_map_object()",
        .evidence = TENON_EVIDENCE_REAL_LOADER,
        .system = true,
    },
    [GLIBC_SELF] = {
        .name = "interpreter",
        .what = "the program's interpreter is in the process from the start",
        .source = "glibc elf/rtld.c, dl_main()",
        .evidence = TENON_EVIDENCE_REAL_LOADER,
        .system = true,
    },
};

const struct tn_glibc_build *tn_glibc_build_of(const struct tn_target *target)
{
    struct tn_glibc_config *config = target->config;
    if (!config->build_read &&
        !tn_glibc_build_read(target->world, target->arena, target->interpreter, target->machine,
                             target->word, target->e_flags, &config->build))
        return NULL;
    config->build_read = true;
    return &config->build;
}

static bool configure(struct tn_target *target, tenon_error *err)
{
    struct tn_glibc_config *config = tn_arena_take(target->arena, sizeof *config);
    if (!config)
        return tn_no_memory(err);
    tn_hwcaps_levels(target->machine, target->endian, tenon_world_cpu(target->world),
                     config->levels);
    config->query.id =
        tn_ldcache_id(target->machine, target->word, target->e_flags, &config->query.unmarked);
    config->query.levels = config->levels;
    config->query.isa_level = tn_hwcaps_isa_level(target->machine, tenon_world_cpu(target->world));
    target->config = config;
    return true;
}

/* rule  glibc 2.36 NEWS: "Support for DT_RELR relative relocation format" */
static const char *version_means(const char *version)
{
    return strcmp(version, "GLIBC_ABI_DT_RELR") == 0
               ? "relocations in DT_RELR, which glibc has since 2.36"
               : NULL;
}

/* rule  the names that glibc's ports give their loader; musl's begins with "ld-musl" */
static bool is_interpreter(const char *path)
{
    const char *base = tn_base_name(path);
    if (tn_has_prefix(base, "ld-musl"))
        return false;
    return tn_has_prefix(base, "ld-linux") || tn_has_prefix(base, "ld64.so.") ||
           tn_has_prefix(base, "ld.so.1") || tn_has_prefix(base, "ld-2.");
}

/* No other system calls its loader so: neither the kernel nor this one looks at EI_OSABI. */
static bool is_sure(const char *interpreter)
{
    const char *base = tn_base_name(interpreter);
    return tn_has_prefix(base, "ld-linux") || tn_has_prefix(base, "ld64.so.");
}

/* One under a name that no loader has (a bundled one, say) leaves it to what the file needs. */
static bool matches(const struct tn_facts *facts)
{
    if (facts->interpreter && is_sure(facts->interpreter))
        return true;
    if (facts->os && strcmp(facts->os, "linux") != 0)
        return false;
    if (facts->interpreter && is_interpreter(facts->interpreter))
        return true;
    if (facts->interpreter && tn_loader_of_interpreter(TENON_FORMAT_ELF, facts->interpreter))
        return false;
    for (size_t i = 0; i < facts->version_need_count; i++)
        if (tn_has_prefix(facts->version_needs[i].name, "GLIBC_"))
            return true;
    for (size_t i = 0; i < facts->need_count; i++)
        if (tn_has_prefix(facts->needs[i].name, "libc.so.6") ||
            tn_has_prefix(facts->needs[i].name, "ld-linux"))
            return true;
    for (size_t i = 0; i < facts->version_def_count; i++)
        if (tn_has_prefix(facts->version_defs[i].name, "GLIBC_"))
            return true;
    return false;
}

static const struct tn_interpreter interpreters[] = {
    { EM_X86_64, 64, 0, 0, 0, "/lib64/ld-linux-x86-64.so.2" },
    { EM_X86_64, 32, 0, 0, 0, "/libx32/ld-linux-x32.so.2" },
    { EM_386, 32, 0, 0, 0, "/lib/ld-linux.so.2" },
    { EM_AARCH64, 64, 0, 0, TENON_ENDIAN_LITTLE, "/lib/ld-linux-aarch64.so.1" },
    { EM_AARCH64, 64, 0, 0, TENON_ENDIAN_BIG, "/lib/ld-linux-aarch64_be.so.1" },
    { EM_ARM, 32, 0x400, 0x400, 0, "/lib/ld-linux-armhf.so.3" },
    { EM_ARM, 32, 0, 0, 0, "/lib/ld-linux.so.3" },
    { EM_PPC64, 64, 3, 2, 0, "/lib64/ld64.so.2" },
    { EM_PPC64, 64, 0, 0, TENON_ENDIAN_LITTLE, "/lib64/ld64.so.2" },
    { EM_PPC64, 64, 0, 0, 0, "/lib64/ld64.so.1" },
    { EM_PPC, 32, 0, 0, 0, "/lib/ld.so.1" },
    { EM_S390, 64, 0, 0, 0, "/lib/ld64.so.1" },
    { EM_S390, 32, 0, 0, 0, "/lib/ld.so.1" },
    { EM_RISCV, 64, 6, 4, 0, "/lib/ld-linux-riscv64-lp64d.so.1" },
    { EM_RISCV, 64, 6, 0, 0, "/lib/ld-linux-riscv64-lp64.so.1" },
    { EM_RISCV, 32, 6, 4, 0, "/lib/ld-linux-riscv32-ilp32d.so.1" },
    { EM_RISCV, 32, 6, 0, 0, "/lib/ld-linux-riscv32-ilp32.so.1" },
    { EM_LOONGARCH, 64, 7, 3, 0, "/lib64/ld-linux-loongarch-lp64d.so.1" },
    { EM_LOONGARCH, 64, 7, 1, 0, "/lib64/ld-linux-loongarch-lp64s.so.1" },
    { EM_SPARCV9, 64, 0, 0, 0, "/lib64/ld-linux.so.2" },
    { EM_SPARC, 32, 0, 0, 0, "/lib/ld-linux.so.2" },
    { EM_SPARC32PLUS, 32, 0, 0, 0, "/lib/ld-linux.so.2" },
    { EM_MIPS, 64, 0x400, 0x400, 0, "/lib64/ld-linux-mipsn8.so.1" },
    { EM_MIPS, 64, 0, 0, 0, "/lib64/ld.so.1" },
    { EM_MIPS, 32, 0x420, 0x420, 0, "/lib32/ld-linux-mipsn8.so.1" },
    { EM_MIPS, 32, 0x20, 0x20, 0, "/lib32/ld.so.1" },
    { EM_MIPS, 32, 0x400, 0x400, 0, "/lib/ld-linux-mipsn8.so.1" },
    { EM_MIPS, 32, 0, 0, 0, "/lib/ld.so.1" },
    { EM_68K, 32, 0, 0, 0, "/lib/ld.so.1" },
    { EM_PARISC, 32, 0, 0, 0, "/lib/ld.so.1" },
    { EM_SH, 32, 0, 0, 0, "/lib/ld-linux.so.2" },
    { EM_ALPHA, 64, 0, 0, 0, "/lib/ld-linux.so.2" },
    { EM_IA_64, 64, 0, 0, 0, "/lib/ld-linux-ia64.so.2" },
};

/*
 * Where a glibc of the usual prefix has its files in /etc is known without a look into ld.so.
 * rule  glibc Makeconfig, sysconfdir: other prefixes (Nix, SDKs) have an etc of their own
 */
static bool has_usual_prefix(const struct tn_target *target)
{
    return tn_has_prefix(target->interpreter, "/lib") ||
           tn_has_prefix(target->interpreter, "/usr/lib");
}

static const char *preload_file(struct tn_target *target)
{
    if (has_usual_prefix(target))
        return "/etc/ld.so.preload";
    const struct tn_glibc_build *build = tn_glibc_build_of(target);
    return build ? build->preload : NULL;
}

const char *tn_glibc_cache_file(struct tn_target *target)
{
    if (has_usual_prefix(target))
        return "/etc/ld.so.cache";
    const struct tn_glibc_build *build = tn_glibc_build_of(target);
    return build ? build->cache : NULL;
}

/* Preloads of a secure process are not dropped here: what becomes of each is shown. */
static const char *preload_list(const struct tn_target *target)
{
    return tenon_world_env(target->world, "LD_PRELOAD");
}

/* rule  glibc elf/rtld.c, dso_name_valid_for_suid() */
static bool refuses(const struct tn_target *target, const char *name, enum tn_request request,
                    struct tn_judgement *out)
{
    if (!target->secure || request != TN_REQUEST_PRELOAD ||
        (!tn_has_slash(name) && strlen(name) <= 255))
        return false;
    *out = tn_judged(TENON_OUTCOME_DROPPED_SECURE, TN_STOP,
                     "a secure process takes only short names without a slash");
    return true;
}

/* $ORIGIN in the environment is the program's. */
static bool wants_program_origin(const struct tn_target *target)
{
    const char *env = tenon_world_env(target->world, "LD_LIBRARY_PATH");
    return env && strchr(env, '$');
}

#define DF_1_NODEFLIB 0x800u

static uint32_t asker_flags(const struct tn_facts *facts)
{
    return facts->elf.dt_flags_1 & DF_1_NODEFLIB ? GLIBC_NODEFLIB : 0;
}

static bool is_self(const struct tn_target *target, const char *name)
{
    return strcmp(name, target->interpreter) == 0;
}

/* rule  AT_PLATFORM as Linux gives it for programs of that machine */
static const struct {
    uint32_t machine;
    const char *platform;
} platforms[] = { { EM_X86_64, "x86_64" }, { EM_386, "i686" }, { EM_AARCH64, "aarch64" } };

/* The world's platform, unless it is that of another machine that the same system runs, too. */
static const char *kernel_platform(const struct tn_target *target)
{
    const char *given = tenon_world_platform(target->world), *usual = NULL;
    bool foreign = !*given;
    for (size_t i = 0; i < TN_COUNT(platforms); i++) {
        if (platforms[i].machine == target->machine)
            usual = platforms[i].platform;
        else
            foreign |= strcmp(platforms[i].platform, given) == 0;
    }
    return foreign ? usual : given;
}

/* rule  glibc 2.41 elf/rtld.c, dl_main(), "Insert the link map for the dynamic loader" */
static bool lists_itself(const struct tn_target *target, bool *yes)
{
    const struct tn_glibc_build *build = tn_glibc_build_of(target);
    *yes = build && build->minor >= 41;
    return build;
}

/*
 * rule  glibc 2.40 elf/dl-lookup.c, check_match(): assert (version->filename == NULL ||
 *       !_dl_name_match_p (...)); 2.41: "If there is no version information, accept the symbol"
 */
static bool takes_unversioned(const struct tn_target *target, bool *yes)
{
    const struct tn_glibc_build *build = tn_glibc_build_of(target);
    *yes = build && build->minor >= 41;
    return build;
}

/* rule  glibc sysdeps/, stackinfo.h: DEFAULT_STACK_PERMS with PF_X */
static bool has_exec_stacks(const struct tn_target *target)
{
    static const uint32_t machines[] = { EM_386,      EM_X86_64,     EM_ARM,        EM_PARISC,
                                         EM_68K,      EM_MIPS,       EM_PPC,        EM_S390,
                                         EM_SH,       EM_SPARC,      EM_ALPHA,      EM_SPARCV9,
                                         EM_OPENRISC, EM_MICROBLAZE, EM_SPARC32PLUS };
    for (size_t i = 0; i < TN_COUNT(machines); i++)
        if (machines[i] == target->machine)
            return true;
    return false;
}

static bool wants_exec_stack(const struct tn_target *target, const struct tn_facts *facts)
{
    return facts->elf.stack_unsaid ? has_exec_stacks(target) : facts->elf.exec_stack;
}

/*
 * rule  glibc 2.41 elf/dl-load.c, _dl_map_object_from_fd(): "Only tries to change the stack
 *       protection during process startup"; before, _dl_make_stack_executable() there, which
 *       nothing undoes
 */
static bool keeps_stack(const struct tn_target *target, bool *yes)
{
    const struct tn_glibc_build *build = tn_glibc_build_of(target);
    *yes = build && build->minor >= 41;
    return build;
}

/* Up to 2.36 there were legacy directories. */
bool tn_glibc_has_legacy(const struct tn_glibc_build *build)
{
    return build->minor > 0 && build->minor <= 36;
}

/*
 * rule  glibc 2.36 to 2.42 sysdeps/x86/cpu-features.c: on Intel's processors with AVX2 and kin
 * (level 3) the platform is "haswell"; "xeon_phi", which is no longer made, is left out
 */
static const char *platform_of(struct tn_target *target)
{
    unsigned level = tn_hwcaps_isa_level(target->machine, tenon_world_cpu(target->world));
    if (level >= 3 && strcmp(tenon_world_vendor(target->world), "intel") == 0)
        return "haswell";
    return kernel_platform(target);
}

bool tn_glibc_legacy(struct tn_target *target, struct tn_ldcache_legacy *out)
{
    const struct tn_glibc_build *build = tn_glibc_build_of(target);
    if (build && tn_glibc_has_legacy(build))
        *out =
            tn_hwcaps_legacy(target->machine, tenon_world_cpu(target->world), platform_of(target));
    return build != NULL;
}

/* Fills the token values; they cost a look into ld.so, so only when the string has tokens. */
static bool tokens_for(struct tn_target *target, const char *string, const char *origin,
                       struct tn_tokens *out)
{
    *out = (struct tn_tokens){
        .rows = { { "ORIGIN", origin }, { "PLATFORM", NULL }, { "LIB", NULL } },
        .count = 3,
    };
    if (!strchr(string, '$'))
        return true;
    const struct tn_glibc_build *build = tn_glibc_build_of(target);
    if (!build)
        return false;
    out->rows[1].value = platform_of(target);
    out->rows[2].value = build->lib;
    return true;
}

/* The rules of secure processes, those of the program's own lists and names. false: no memory. */
static bool secure_tokens(struct tn_target *target, struct tn_tokens *tokens, bool is_program)
{
    tokens->secure = target->secure;
    if (!target->secure || !is_program)
        return true;
    const struct tn_glibc_build *build = tn_glibc_build_of(target);
    if (build)
        tokens->trusted = build->system_dirs;
    return build != NULL;
}

/*
 * A name that is recorded in a file. A secure process ends at one with a token, a DT_AUXILIARY too:
 * the error that makes a missing one harmless is caught only around its loading.
 * rule  glibc elf/dl-deps.c, expand_dst()
 */
static const char *expand_need(struct tn_target *target, const char *name,
                               const struct tn_tokens *tokens, struct tn_judgement *refused)
{
    if (target->secure) {
        *refused = tn_judged(TENON_OUTCOME_DROPPED_SECURE, TN_STOP,
                             "DST not allowed in SUID/SGID programs");
        refused->fatal = true;
        return NULL;
    }
    const char *expanded =
        tn_tokens_expand(target->arena, name, strlen(name), tokens, &refused->outcome);
    if (refused->outcome != TENON_OUTCOME_FOUND || (expanded && !*expanded)) {
        *refused = tn_judged(TENON_OUTCOME_NOT_EXPANDABLE, TN_STOP,
                             "empty dynamic string token substitution");
        return NULL;
    }
    return expanded;
}

/*
 * The name of a preload or of dlopen(): only one with a slash is expanded, and one that cannot be
 * is the empty path, which is not there.
 * rule  glibc elf/dl-load.c, _dl_map_object(), expand_dynamic_string_token(), _dl_dst_substitute();
 *       elf/rtld.c, do_preload(): what a secure process refuses of LD_PRELOAD it refuses as written
 */
static const char *expand_asked(struct tn_target *target, const char *name,
                                const struct tn_namer *by, struct tn_tokens *tokens,
                                struct tn_judgement *refused)
{
    if (!tn_has_slash(name) || (target->secure && by->request == TN_REQUEST_PRELOAD))
        return name;
    if (!secure_tokens(target, tokens, by->is_program))
        return NULL;
    enum tenon_outcome outcome = TENON_OUTCOME_FOUND;
    const char *expanded = tn_tokens_expand(target->arena, name, strlen(name), tokens, &outcome);
    if (outcome == TENON_OUTCOME_FOUND && expanded && !*expanded)
        outcome = TENON_OUTCOME_NOT_EXPANDABLE;
    if (outcome == TENON_OUTCOME_FOUND)
        return expanded;
    *refused =
        tn_judged(outcome, TN_STOP, "cannot open shared object file: No such file or directory");
    return NULL;
}

static const char *expand_name(struct tn_target *target, const char *name,
                               const struct tn_namer *by, struct tn_judgement *refused)
{
    struct tn_tokens tokens;
    if (!strchr(name, '$'))
        return name;
    if (!tokens_for(target, name, by->origin, &tokens))
        return NULL;
    if (!tn_tokens_in(name, &tokens))
        return name;
    return by->request == TN_REQUEST_NEED ? expand_need(target, name, &tokens, refused)
                                          : expand_asked(target, name, by, &tokens, refused);
}

static const struct tn_dirs *split_with(struct tn_target *target, const char *list,
                                        const char *separators, const char *origin, bool trusted)
{
    struct tn_tokens tokens;
    if (!tokens_for(target, list, origin, &tokens) || !secure_tokens(target, &tokens, trusted))
        return NULL;
    /* An entirely empty string is ignored as a whole; an empty element is the cwd. */
    struct tn_list_syntax syntax = { .separators = separators,
                                     .empty_is_cwd = *list != '\0',
                                     .drop_duplicates = true,
                                     .strip_slashes = true,
                                     .tokens = &tokens };
    return tn_dirs_split(target->arena, list, &syntax);
}

static const struct tn_dirs *split(struct tn_target *target, const char *list, const char *origin,
                                   bool is_program)
{
    return split_with(target, list, ":", origin, is_program);
}

/*
 * rule  _dl_map_object(): a DT_RUNPATH makes the same object's DT_RPATH as if absent, and the
 *       asker's own makes it so for the whole chain; one between leaves its ancestors' alone
 */
static void link_rpath(const struct tn_asker *asker, const struct tn_paths *paths,
                       struct tn_link *out)
{
    bool cut = asker->own && asker->paths->runpath;
    const char *skipped = NULL;
    if (paths->runpath)
        skipped = "an object's RPATH does not count when it has a RUNPATH";
    else if (cut)
        skipped = "no RPATH counts for an object that has a RUNPATH";
    if (paths->rpath)
        out->stages[out->count++] =
            tn_stage_of(&tn_glibc_rules[GLIBC_RPATH], paths->rpath_where, paths->rpath, skipped);
    out->next = paths->next_rpath;
    out->futile = cut;
}

/* rule  _dl_map_object(): only the asker's own DT_RUNPATH counts */
static void link_runpath(const struct tn_asker *asker, const struct tn_paths *paths,
                         struct tn_link *out)
{
    bool own = asker->own && paths == asker->paths;
    if (paths->runpath)
        out->stages[out->count++] =
            tn_stage_of(&tn_glibc_rules[GLIBC_RUNPATH], paths->runpath_where, paths->runpath,
                        own ? NULL : "a RUNPATH is not inherited by what the object loads");
    out->next = paths->parent;
    out->futile = true;
}

static bool plan_env(struct tn_target *target, const struct tn_asker *asker, struct tn_plan *plan)
{
    const char *env = tenon_world_env(target->world, "LD_LIBRARY_PATH");
    if (!env || !*env)
        return true;
    const struct tn_dirs *dirs = split_with(target, env, ":;", asker->program_origin, true);
    if (dirs)
        tn_plan_add(plan, tn_stage_of(&tn_glibc_rules[GLIBC_ENV], NULL, dirs,
                                      target->secure ? "ignored in a secure process" : NULL));
    return dirs != NULL;
}

/* rule  _dl_map_object(): no preload of a secure process (__RTLD_SECURE) is looked up there */
static struct tn_stage cache_stage(bool need_setuid)
{
    struct tn_stage stage = { .kind = TN_STAGE_CACHE, .rule = &tn_glibc_rules[GLIBC_CACHE] };
    if (need_setuid) {
        stage.kind = TN_STAGE_SKIPPED;
        stage.detail = "not used for preloads of a secure process";
    }
    return stage;
}

static bool plan(struct tn_target *target, const struct tn_asker *asker, struct tn_plan *out)
{
    bool preload =
        asker->request == TN_REQUEST_PRELOAD || asker->request == TN_REQUEST_PRELOAD_CONFIG;
    *out = (struct tn_plan){ .hwcaps = true, .need_setuid = preload && target->secure };
    tn_plan_add(out, (struct tn_stage){ .kind = TN_STAGE_CHAIN, .link = link_rpath });
    if (!plan_env(target, asker, out))
        return false;
    tn_plan_add(out, (struct tn_stage){ .kind = TN_STAGE_CHAIN, .link = link_runpath });
    tn_plan_add(out, cache_stage(out->need_setuid));
    tn_plan_add(out, (struct tn_stage){ .kind = TN_STAGE_LATE });
    return true;
}

/* The default directories are in ld.so's file, which is read only when a search comes that far. */
static bool late_stage(struct tn_target *target, const struct tn_asker *asker, struct tn_stage *out)
{
    const struct tn_glibc_build *build = tn_glibc_build_of(target);
    if (!build)
        return false;
    *out = (struct tn_stage){ .kind = TN_STAGE_DIRS,
                              .rule = &tn_glibc_rules[GLIBC_DEFAULT],
                              .dirs = build->system_dirs };
    if (asker->flags & GLIBC_NODEFLIB) {
        out->kind = TN_STAGE_SKIPPED;
        out->detail = "the object has DF_1_NODEFLIB";
    }
    return true;
}

static const char *const *subdirs(struct tn_target *target)
{
    struct tn_glibc_config *config = target->config;
    const struct tn_glibc_build *build = tn_glibc_build_of(target);
    if (build && !config->subdirs)
        config->subdirs = tn_hwcaps_subdirs(target->arena, target->machine, target->endian,
                                            tenon_world_cpu(target->world), platform_of(target),
                                            tn_glibc_has_legacy(build));
    return config->subdirs;
}

const tenon_loader tn_loader_glibc = {
    .name = "glibc",
    .describe = "the GNU C library's ld.so on Linux",
    .format = TENON_FORMAT_ELF,
    .rules = tn_glibc_rules,
    .rule_count = GLIBC_RULES,
    .rule_loaded = GLIBC_LOADED,
    .rule_direct = GLIBC_DIRECT,
    .rule_self = GLIBC_SELF,
    .matches_soname = true,
    .checks_versions = true,
    .absent_fatal = true,
    .symbol_versions = true,
    .binds_symbols = true,
    .asks_as_needed = true,
    .weak_variable = "LD_DYNAMIC_WEAK",
    .has_filters = true,
    .preload_as_program = true,
    .preload_is_no_need = true,
    .program_by_name = true,
    .program_is_last = true,
    .stats_directories = true,
    .trusts_relative = true,
    .preload_separators = " :",
    .audit_variable = "LD_AUDIT",
    .secure_variables = tn_elf_secure_variables,
    .is_interpreter = is_interpreter,
    .matches = matches,
    .interpreters = interpreters,
    .interpreter_count = TN_COUNT(interpreters),
    .configure = configure,
    .preload_file = preload_file,
    .preload_list = preload_list,
    .refuses = refuses,
    .wants_program_origin = wants_program_origin,
    .asker_flags = asker_flags,
    .is_self = is_self,
    .lists_itself = lists_itself,
    .expand_name = expand_name,
    .split = split,
    .plan = plan,
    .late_stage = late_stage,
    .subdirs = subdirs,
    .cached = tn_glibc_cached,
    .prepare_likely = tn_glibc_prepare_likely,
    .likely = tn_glibc_likely,
    .judge = tn_glibc_judge,
    .judge_errno = tn_glibc_judge_errno,
    .judge_program = tn_glibc_judge_mapped,
    .takes_unversioned = takes_unversioned,
    .version_means = version_means,
    .not_opened = "shared object cannot be dlopen()ed", /* elf/dl-load.c */
    .wants_exec_stack = wants_exec_stack,
    .keeps_stack = keeps_stack,
    .no_exec_stack = "cannot enable executable stack as shared object requires: Invalid argument",
    .why_missing = tn_why_missing,
};
