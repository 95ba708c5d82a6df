/*
 * src/loader/musl.c - musl's ld-musl-ARCH.so.1, which is also its libc
 *
 * rule  musl 1.2 ldso/dynlink.c: load_library(), path_open(), fixup_rpath(), map_library()
 */
#include <errno.h>
#include <string.h>

#include "dirs.h"
#include "elf_rules.h"
#include "fail.h"
#include "limits.h"
#include "machines.h"
#include "names.h"

enum {
    RULE_SELF,
    RULE_DIRECT,
    RULE_LOADED,
    RULE_ENV,
    RULE_RUNPATH,
    RULE_CONFIG,
    RULE_DEFAULT,
};

static const tenon_rule rules[] = {
    [RULE_SELF] = {
        .name = "built into the loader",
        .what = "libc, libpthread, librt, libm, libdl, libutil and libxnet are the loader "
                    "itself",
        .source = "musl ldso/dynlink.c, load_library()",
        .evidence = TENON_EVIDENCE_REAL_LOADER,
        .system = true,
    },
    [RULE_DIRECT] = {
        .name = "direct path",
        .what = "a name with a slash is opened as it is, nothing is searched",
        .source = "musl ldso/dynlink.c, load_library()",
        .evidence = TENON_EVIDENCE_REAL_LOADER,
    },
    [RULE_LOADED] = {
        .name = "already loaded",
        .what = "a search found an object of this file name before, or the same device and "
                      "inode",
        .source = "musl ldso/dynlink.c, load_library()",
        .evidence = TENON_EVIDENCE_REAL_LOADER,
    },
    [RULE_ENV] = {
        .name = "LD_LIBRARY_PATH",
        .what = "the environment's directories, unless the process is secure",
        .source = "musl ldso/dynlink.c, path_open()",
        .evidence = TENON_EVIDENCE_REAL_LOADER,
    },
    [RULE_RUNPATH] = {
        .name = "RPATH or RUNPATH",
        .what = "the run path of the object that asks, then of those that caused it to be "
                       "loaded",
        .source = "musl ldso/dynlink.c, fixup_rpath()",
        .evidence = TENON_EVIDENCE_REAL_LOADER,
    },
    [RULE_CONFIG] = {
        .name = "ld-musl path file",
        .what = "etc/ld-musl-ARCH.path below the loader's prefix",
        .source = "musl ldso/dynlink.c, load_library()",
        .evidence = TENON_EVIDENCE_REAL_LOADER,
        .system = true,
    },
    [RULE_DEFAULT] = {
        .name = "default directory",
        .what = "without that file: /lib, /usr/local/lib, /usr/lib",
        .source = "musl ldso/dynlink.c, load_library()",
        .evidence = TENON_EVIDENCE_REAL_LOADER,
        .system = true,
    },
};

struct config {
    const struct tn_dirs *system; /* NULL until read */
    bool from_file;
};

static const struct tn_list_syntax plain_list = { .separators = ":\n" };

static bool configure(struct tn_target *target, tenon_error *err)
{
    target->config = tn_arena_take(target->arena, sizeof(struct config));
    return target->config || tn_no_memory(err);
}

static bool is_interpreter(const char *path)
{
    return tn_has_prefix(tn_base_name(path), "ld-musl");
}

static bool matches(const struct tn_facts *facts)
{
    if (facts->interpreter && is_interpreter(facts->interpreter))
        return true;
    if (facts->os && strcmp(facts->os, "linux") != 0)
        return false;
    if (facts->interpreter && tn_loader_of_interpreter(TENON_FORMAT_ELF, facts->interpreter))
        return false;
    for (size_t i = 0; i < facts->need_count; i++)
        if (tn_has_prefix(facts->needs[i].name, "libc.musl-") ||
            tn_has_prefix(facts->needs[i].name, "ld-musl-"))
            return true;
    if (facts->own_name && tn_has_prefix(facts->own_name, "libc.musl-"))
        return true;
    /* "libc.so" alone is musl's: Android's libraries need more, the versions of glibc's say GLIBC
     */
    for (size_t i = 0; i < facts->need_count; i++)
        if (strcmp(facts->needs[i].name, "libc.so") == 0)
            return true;
    return false;
}

/* rule  musl arch/ARCH/reloc.h, LDSO_ARCH */
static const struct tn_interpreter interpreters[] = {
    { EM_X86_64, 64, 0, 0, 0, "/lib/ld-musl-x86_64.so.1" },
    { EM_X86_64, 32, 0, 0, 0, "/lib/ld-musl-x32.so.1" },
    { EM_386, 32, 0, 0, 0, "/lib/ld-musl-i386.so.1" },
    { EM_AARCH64, 64, 0, 0, TENON_ENDIAN_LITTLE, "/lib/ld-musl-aarch64.so.1" },
    { EM_AARCH64, 64, 0, 0, TENON_ENDIAN_BIG, "/lib/ld-musl-aarch64_be.so.1" },
    { EM_ARM, 32, 0x400, 0x400, TENON_ENDIAN_LITTLE, "/lib/ld-musl-armhf.so.1" },
    { EM_ARM, 32, 0x400, 0x400, TENON_ENDIAN_BIG, "/lib/ld-musl-armebhf.so.1" },
    { EM_ARM, 32, 0, 0, TENON_ENDIAN_LITTLE, "/lib/ld-musl-arm.so.1" },
    { EM_ARM, 32, 0, 0, TENON_ENDIAN_BIG, "/lib/ld-musl-armeb.so.1" },
    { EM_PPC64, 64, 0, 0, TENON_ENDIAN_LITTLE, "/lib/ld-musl-powerpc64le.so.1" },
    { EM_PPC64, 64, 0, 0, TENON_ENDIAN_BIG, "/lib/ld-musl-powerpc64.so.1" },
    { EM_PPC, 32, 0, 0, 0, "/lib/ld-musl-powerpc.so.1" },
    { EM_S390, 64, 0, 0, 0, "/lib/ld-musl-s390x.so.1" },
    { EM_RISCV, 64, 6, 4, 0, "/lib/ld-musl-riscv64.so.1" },
    { EM_RISCV, 64, 6, 2, 0, "/lib/ld-musl-riscv64-sp.so.1" },
    { EM_RISCV, 64, 6, 0, 0, "/lib/ld-musl-riscv64-sf.so.1" },
    { EM_RISCV, 32, 6, 4, 0, "/lib/ld-musl-riscv32.so.1" },
    { EM_LOONGARCH, 64, 0, 0, 0, "/lib/ld-musl-loongarch64.so.1" },
    { EM_MIPS, 64, 0, 0, TENON_ENDIAN_BIG, "/lib/ld-musl-mips64.so.1" },
    { EM_MIPS, 64, 0, 0, TENON_ENDIAN_LITTLE, "/lib/ld-musl-mips64el.so.1" },
    { EM_MIPS, 32, 0x20, 0x20, TENON_ENDIAN_BIG, "/lib/ld-musl-mipsn32.so.1" },
    { EM_MIPS, 32, 0x20, 0x20, TENON_ENDIAN_LITTLE, "/lib/ld-musl-mipsn32el.so.1" },
    { EM_MIPS, 32, 0, 0, TENON_ENDIAN_BIG, "/lib/ld-musl-mips.so.1" },
    { EM_MIPS, 32, 0, 0, TENON_ENDIAN_LITTLE, "/lib/ld-musl-mipsel.so.1" },
    { EM_68K, 32, 0, 0, 0, "/lib/ld-musl-m68k.so.1" },
    { EM_OPENRISC, 32, 0, 0, 0, "/lib/ld-musl-or1k.so.1" },
    { EM_SH, 32, 0, 0, TENON_ENDIAN_LITTLE, "/lib/ld-musl-sh.so.1" },
    { EM_SH, 32, 0, 0, TENON_ENDIAN_BIG, "/lib/ld-musl-sheb.so.1" },
    { EM_MICROBLAZE, 32, 0, 0, TENON_ENDIAN_BIG, "/lib/ld-musl-microblaze.so.1" },
    { EM_MICROBLAZE, 32, 0, 0, TENON_ENDIAN_LITTLE, "/lib/ld-musl-microblazeel.so.1" },
};

static bool is_self(const struct tn_target *target, const char *name)
{
    static const char *const reserved[] = { "libc.",  "libpthread.", "librt.",  "libm.",
                                            "libdl.", "libutil.",    "libxnet." };
    for (size_t i = 0; i < TN_COUNT(reserved); i++)
        if (tn_has_prefix(name, reserved[i]))
            return true;
    return strcmp(name, target->interpreter) == 0;
}

static const char *preload_list(const struct tn_target *target)
{
    return target->secure ? NULL : tenon_world_env(target->world, "LD_PRELOAD");
}

static struct tn_elf_assume assumed(const struct tn_target *target)
{
    return (struct tn_elf_assume){ target->word, target->endian };
}

/* rule  map_library(): neither e_ident nor e_machine is looked at */
static bool is_of_target(const struct tn_target *target, struct tn_view head)
{
    return head.size >= 16 && memcmp(head.at, "\177ELF", 4) == 0 &&
           head.at[4] == target->word / 4 && head.at[5] == (target->endian == TN_LITTLE ? 1 : 2);
}

static bool read_as_target(const struct tn_target *target, struct tn_file *file,
                           struct tn_facts *out, tenon_error *err)
{
    struct tn_elf_assume assume = assumed(target);
    return tn_elf_read_facts(file, &assume, out, err);
}

/* Every libc stands on nothing, or on its own ld.so. */
static bool may_be_own_copy(size_t need_count, const char *first_need)
{
    return need_count == 0 || (need_count == 1 && tn_has_prefix(first_need, "ld-"));
}

/* rule  load_library(): a second libc is unmapped and the loader itself used instead */
static bool is_own_copy(const struct tn_target *target, struct tn_file *file, bool *is,
                        tenon_error *err)
{
    struct tn_elf_assume assume = assumed(target);
    return tn_elf_is_libc(file, &assume, is, err);
}

/* A list that counts for nothing, with the reason for people. */
static const struct tn_dirs *void_list(struct tn_target *target, const char *list,
                                       enum tenon_outcome why)
{
    struct tn_dirs *dirs = tn_arena_take(target->arena, sizeof *dirs);
    struct tn_element *element = tn_arena_take(target->arena, sizeof *element);
    const char *text = tn_arena_string(target->arena, list);
    if (!dirs || !element || !text)
        return NULL;
    *element = (struct tn_element){ NULL, text, why };
    *dirs = (struct tn_dirs){ text, element, 1 };
    return dirs;
}

/* Number of "$ORIGIN" and "${ORIGIN}", or -1 when there is any other '$'. A prefix is enough. */
static long count_origins(const char *list)
{
    long n = 0;
    for (const char *p = strchr(list, '$'); p; p = strchr(p + 1, '$'), n++)
        if (!tn_has_prefix(p + 1, "{ORIGIN}") && !tn_has_prefix(p + 1, "ORIGIN"))
            return -1;
    return n;
}

/* rule  fixup_rpath(): one unknown token, or an origin not to be used, voids the whole list */
static const struct tn_dirs *split(struct tn_target *target, const char *list, const char *origin,
                                   bool is_program)
{
    long origins = count_origins(list);
    if (origins == 0)
        return tn_dirs_split(target->arena, list, &plain_list);
    if (origins < 0 || !origin)
        return void_list(target, list, TENON_OUTCOME_NOT_EXPANDABLE);
    if (target->secure && (is_program || *origin != '/'))
        return void_list(target, list, TENON_OUTCOME_DROPPED_SECURE);
    size_t size = strlen(origin);
    char *out = tn_arena_bytes(target->arena, strlen(list) + size * (size_t)origins + 1);
    if (!out)
        return NULL;
    char *to = out;
    while (*list) {
        size_t plain = strcspn(list, "$");
        memcpy(to, list, plain);
        to += plain;
        list += plain;
        if (!*list)
            break;
        memcpy(to, origin, size);
        to += size;
        list += list[1] == '{' ? 9 : 7;
    }
    *to = '\0';
    return tn_dirs_split(target->arena, out, &plain_list);
}

/*
 * The prefix is the loader's path less its last two components.
 * rule  load_library(): "/lib/ld-musl-x86_64.so.1" gives "", "/opt/m/lib/ld-musl..." gives "/opt/m"
 */
static int prefix_size(const char *path)
{
    const char *end = *path == '/' ? strrchr(path, '/') : NULL;
    while (end && end > path && *--end != '/')
        ;
    return end ? (int)(end - path) : 0;
}

/* "x86_64" of ".../ld-musl-x86_64.so.1" */
static const char *arch_of(struct tn_target *target)
{
    const char *base = tn_base_name(target->interpreter);
    const char *end = strstr(base, ".so");
    if (!tn_has_prefix(base, "ld-musl-") || !end)
        return "unknown";
    return tn_arena_copy(target->arena, base + 8, (size_t)(end - base) - 8);
}

static bool read_system(struct tn_target *target, struct config *config)
{
    static const char defaults[] = "/lib:/usr/local/lib:/usr/lib";
    struct tn_view bytes;
    const char *arch = arch_of(target);
    const char *path =
        arch ? tn_arena_format(target->arena, "%.*s/etc/ld-musl-%s.path",
                               prefix_size(target->interpreter), target->interpreter, arch)
             : NULL;
    if (!path)
        return false;
    int error = tn_file_whole(target->world, path, TN_LIMIT_CONFIG, target->arena, &bytes);
    if (error == ENOMEM)
        return false;
    config->from_file = error != ENOENT;
    if (error && error != ENOENT) /* an empty list, and no defaults either */
        config->system = void_list(target, path, TENON_OUTCOME_UNREADABLE);
    else
        config->system =
            tn_dirs_split(target->arena, error ? defaults : (const char *)bytes.at, &plain_list);
    return config->system != NULL;
}

static bool late_stage(struct tn_target *target, const struct tn_asker *asker, struct tn_stage *out)
{
    struct config *config = target->config;
    (void)asker;
    if (!config->system && !read_system(target, config))
        return false;
    *out = (struct tn_stage){
        .kind = TN_STAGE_DIRS,
        .rule = &rules[config->from_file ? RULE_CONFIG : RULE_DEFAULT],
        .dirs = config->system,
    };
    return true;
}

/* rule  load_library(): each object's own run path, RUNPATH before RPATH, then its ancestors' */
static void link_paths(const struct tn_asker *asker, const struct tn_paths *paths,
                       struct tn_link *out)
{
    (void)asker;
    const tenon_rule *rule = &rules[RULE_RUNPATH];
    if (paths->runpath && paths->rpath)
        out->stages[out->count++] =
            tn_stage_of(rule, paths->rpath_where, paths->rpath,
                        "an object's RPATH does not count when it has a RUNPATH");
    out->stages[out->count++] = paths->runpath
                                    ? tn_stage_of(rule, paths->runpath_where, paths->runpath, NULL)
                                    : tn_stage_of(rule, paths->rpath_where, paths->rpath, NULL);
    out->next = paths->parent;
}

static bool plan_env(struct tn_target *target, struct tn_plan *plan)
{
    const char *env = tenon_world_env(target->world, "LD_LIBRARY_PATH");
    if (!env || !*env)
        return true;
    const struct tn_dirs *dirs = tn_dirs_split(target->arena, env, &plain_list);
    if (dirs)
        tn_plan_add(plan, tn_stage_of(&rules[RULE_ENV], NULL, dirs,
                                      target->secure ? "ignored in a secure process" : NULL));
    return dirs != NULL;
}

static bool plan(struct tn_target *target, const struct tn_asker *asker, struct tn_plan *out)
{
    (void)asker;
    *out = (struct tn_plan){ .count = 0 };
    if (!plan_env(target, out))
        return false;
    tn_plan_add(out, (struct tn_stage){ .kind = TN_STAGE_CHAIN, .link = link_paths });
    tn_plan_add(out, (struct tn_stage){ .kind = TN_STAGE_LATE });
    return true;
}

enum { ET_EXEC = 2, ET_DYN = 3 };

/* rule  map_library(): the header's size and type and a PT_DYNAMIC; nothing else is looked at */
static void judge(const struct tn_target *target, const struct tn_candidate *candidate,
                  struct tn_judgement *out)
{
    const char *bad = "Exec format error";
    struct tn_elf_assume assume = assumed(target);
    struct tn_elf_header header;
    bool whole = tn_candidate_header(candidate, &assume, &header);
    if (candidate->info->type == TENON_FILE_DIRECTORY)
        *out = tn_judged(TENON_OUTCOME_IS_DIRECTORY, TN_STOP, "Is a directory");
    else if (tn_candidate_is_unread(candidate)) /* the errno of read(2) */
        *out = tn_judged(TENON_OUTCOME_UNREADABLE, TN_STOP, candidate->error_text);
    else if (!whole)
        *out = tn_judged(TENON_OUTCOME_TRUNCATED, TN_STOP, bad);
    else if (header.e_type != ET_DYN && header.e_type != ET_EXEC)
        *out = tn_judged(memcmp(header.e_ident, "\177ELF", 4) ? TENON_OUTCOME_NOT_ELF
                                                              : TENON_OUTCOME_WRONG_TYPE,
                         TN_STOP, bad);
    else if (!candidate->facts || !candidate->facts->elf.has_dynamic ||
             candidate->facts->elf.dynamic_at_zero)
        *out = tn_judged(TENON_OUTCOME_MALFORMED, TN_STOP, bad);
    else
        *out = tn_judged(TENON_OUTCOME_FOUND, TN_ACCEPT, NULL);
}

/* rule  path_open(): any other error inhibits all further search */
static void judge_errno(const struct tn_target *target, int error, struct tn_judgement *out)
{
    (void)target;
    switch (error) {
    case ENOENT: *out = tn_judged(TENON_OUTCOME_ABSENT, TN_SKIP, NULL); break;
    case ENOTDIR: *out = tn_judged(TENON_OUTCOME_ABSENT, TN_SKIP, tn_errno_text(error)); break;
    case EACCES: *out = tn_judged(TENON_OUTCOME_PERMISSION, TN_SKIP, NULL); break;
    case ENAMETOOLONG: *out = tn_judged(TENON_OUTCOME_TOO_LONG, TN_SKIP, NULL); break;
    case ELOOP: *out = tn_judged(TENON_OUTCOME_SYMLINK_LOOP, TN_STOP, "Symbolic link loop"); break;
    default: *out = tn_judged(TENON_OUTCOME_UNREADABLE, TN_STOP, tn_errno_text(error));
    }
}

#define NAME_LIMIT 255 /* NAME_MAX */

static bool name_is_searchable(const char *name, struct tn_judgement *out)
{
    if (!*name) {
        *out = tn_judged(TENON_OUTCOME_MALFORMED, TN_STOP, "Invalid argument");
        return false;
    }
    if (!strchr(name, '/') && strlen(name) > NAME_LIMIT) {
        *out = tn_judged(TENON_OUTCOME_TOO_LONG, TN_STOP, "the name has more than 255 bytes");
        return false;
    }
    return true;
}

const tenon_loader tn_loader_musl = {
    .name = "musl",
    .describe = "musl's ld-musl-ARCH.so.1 on Linux",
    .format = TENON_FORMAT_ELF,
    .secure_variables = tn_elf_secure_variables,
    .rules = rules,
    .rule_count = TN_COUNT(rules),
    .rule_loaded = RULE_LOADED,
    .rule_direct = RULE_DIRECT,
    .rule_self = RULE_SELF,
    .matches_short = true,
    .binds_symbols = true,
    .never_lazy = true,
    .dlopen_as_program = true,
    .origin_as_given = true,
    .joins_verbatim = true,
    .path_limit = 512, /* the buffer that path_open() is given: 2 * NAME_MAX + 2 */
    .preload_separators = " \t\n\v\f\r:",
    .is_interpreter = is_interpreter,
    .matches = matches,
    .interpreters = interpreters,
    .interpreter_count = TN_COUNT(interpreters),
    .configure = configure,
    .preload_list = preload_list,
    .is_self = is_self,
    .is_of_target = is_of_target,
    .read_as_target = read_as_target,
    .may_be_own_copy = may_be_own_copy,
    .is_own_copy = is_own_copy,
    .split = split,
    .plan = plan,
    .late_stage = late_stage,
    .judge = judge,
    .judge_errno = judge_errno,
    .name_is_searchable = name_is_searchable,
    .why_missing = tn_why_missing,
};
