/*
 * src/loader/musl.c - musl's ld-musl-ARCH.so.1, which is also its libc
 *
 * rule  musl 1.2 ldso/dynlink.c: load_library(), path_open(), fixup_rpath(), map_library()
 */
#include <errno.h>
#include <string.h>

#include "dirs.h"
#include "fail.h"
#include "limits.h"

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
    [RULE_SELF] = { "built into the loader",
                    "libc, libpthread, librt, libm, libdl, libutil and libxnet are the loader "
                    "itself",
                    "musl ldso/dynlink.c, load_library()", TENON_EVIDENCE_LOADER },
    [RULE_DIRECT] = { "direct path", "a name with a slash is opened as it is, nothing is searched",
                      "musl ldso/dynlink.c, load_library()", TENON_EVIDENCE_LOADER },
    [RULE_LOADED] = { "already loaded",
                      "a search found an object of this file name before, or the same device and "
                      "inode",
                      "musl ldso/dynlink.c, load_library()", TENON_EVIDENCE_LOADER },
    [RULE_ENV] = { "LD_LIBRARY_PATH", "the environment's directories, unless the process is secure",
                   "musl ldso/dynlink.c, path_open()", TENON_EVIDENCE_LOADER },
    [RULE_RUNPATH] = { "RPATH or RUNPATH",
                       "the run path of the object that asks, then of those that caused it to be "
                       "loaded",
                       "musl ldso/dynlink.c, fixup_rpath()", TENON_EVIDENCE_LOADER },
    [RULE_CONFIG] = { "ld-musl path file", "etc/ld-musl-ARCH.path below the loader's prefix",
                      "musl ldso/dynlink.c, load_library()", TENON_EVIDENCE_LOADER },
    [RULE_DEFAULT] = { "default directory", "without that file: /lib, /usr/local/lib, /usr/lib",
                       "musl ldso/dynlink.c, load_library()", TENON_EVIDENCE_LOADER },
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

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static bool is_prefix(const char *prefix, const char *string)
{
    return string && strncmp(string, prefix, strlen(prefix)) == 0;
}

static bool matches(const struct tn_facts *facts)
{
    if (facts->os && strcmp(facts->os, "linux") != 0)
        return false;
    if (facts->interpreter)
        return is_prefix("ld-musl", base_name(facts->interpreter));
    for (size_t i = 0; i < facts->need_count; i++)
        if (is_prefix("libc.musl-", facts->needs[i].name) ||
            is_prefix("ld-musl-", facts->needs[i].name))
            return true;
    if (facts->own_name && is_prefix("libc.musl-", facts->own_name))
        return true;
    /* "libc.so" without a number is musl's; the versions of glibc's libraries say GLIBC */
    for (size_t i = 0; i < facts->need_count; i++)
        if (strcmp(facts->needs[i].name, "libc.so") == 0)
            return true;
    return false;
}

enum { LITTLE = TENON_ENDIAN_LITTLE, BIG = TENON_ENDIAN_BIG };

/* rule  musl arch/ARCH/reloc.h, LDSO_ARCH */
static const struct {
    uint32_t machine;
    unsigned class_bits;
    uint32_t flags_mask, flags;
    int endian; /* 0: both */
    const char *path;
} interpreters[] = {
    { 62, 64, 0, 0, 0, "/lib/ld-musl-x86_64.so.1" },
    { 62, 32, 0, 0, 0, "/lib/ld-musl-x32.so.1" },
    { 3, 32, 0, 0, 0, "/lib/ld-musl-i386.so.1" },
    { 183, 64, 0, 0, LITTLE, "/lib/ld-musl-aarch64.so.1" },
    { 183, 64, 0, 0, BIG, "/lib/ld-musl-aarch64_be.so.1" },
    { 40, 32, 0x400, 0x400, LITTLE, "/lib/ld-musl-armhf.so.1" },
    { 40, 32, 0x400, 0x400, BIG, "/lib/ld-musl-armebhf.so.1" },
    { 40, 32, 0, 0, LITTLE, "/lib/ld-musl-arm.so.1" },
    { 40, 32, 0, 0, BIG, "/lib/ld-musl-armeb.so.1" },
    { 21, 64, 0, 0, LITTLE, "/lib/ld-musl-powerpc64le.so.1" },
    { 21, 64, 0, 0, BIG, "/lib/ld-musl-powerpc64.so.1" },
    { 20, 32, 0, 0, 0, "/lib/ld-musl-powerpc.so.1" },
    { 22, 64, 0, 0, 0, "/lib/ld-musl-s390x.so.1" },
    { 243, 64, 6, 4, 0, "/lib/ld-musl-riscv64.so.1" },
    { 243, 64, 6, 2, 0, "/lib/ld-musl-riscv64-sp.so.1" },
    { 243, 64, 6, 0, 0, "/lib/ld-musl-riscv64-sf.so.1" },
    { 243, 32, 6, 4, 0, "/lib/ld-musl-riscv32.so.1" },
    { 258, 64, 0, 0, 0, "/lib/ld-musl-loongarch64.so.1" },
    { 8, 64, 0, 0, BIG, "/lib/ld-musl-mips64.so.1" },
    { 8, 64, 0, 0, LITTLE, "/lib/ld-musl-mips64el.so.1" },
    { 8, 32, 0x20, 0x20, BIG, "/lib/ld-musl-mipsn32.so.1" },
    { 8, 32, 0x20, 0x20, LITTLE, "/lib/ld-musl-mipsn32el.so.1" },
    { 8, 32, 0, 0, BIG, "/lib/ld-musl-mips.so.1" },
    { 8, 32, 0, 0, LITTLE, "/lib/ld-musl-mipsel.so.1" },
    { 4, 32, 0, 0, 0, "/lib/ld-musl-m68k.so.1" },
    { 92, 32, 0, 0, 0, "/lib/ld-musl-or1k.so.1" },
    { 42, 32, 0, 0, LITTLE, "/lib/ld-musl-sh.so.1" },
    { 42, 32, 0, 0, BIG, "/lib/ld-musl-sheb.so.1" },
    { 189, 32, 0, 0, BIG, "/lib/ld-musl-microblaze.so.1" },
    { 189, 32, 0, 0, LITTLE, "/lib/ld-musl-microblazeel.so.1" },
};

static const char *interpreter(const struct tn_facts *facts)
{
    for (size_t i = 0; i < TN_COUNT(interpreters); i++)
        if (interpreters[i].machine == facts->machine_code &&
            interpreters[i].class_bits == facts->class_bits &&
            (facts->elf.header.e_flags & interpreters[i].flags_mask) == interpreters[i].flags &&
            (!interpreters[i].endian || interpreters[i].endian == (int)facts->endian))
            return interpreters[i].path;
    return NULL;
}

static bool is_self(const struct tn_target *target, const char *name)
{
    static const char *const reserved[] = { "libc.",  "libpthread.", "librt.",  "libm.",
                                            "libdl.", "libutil.",    "libxnet." };
    for (size_t i = 0; i < TN_COUNT(reserved); i++)
        if (is_prefix(reserved[i], name))
            return true;
    return strcmp(name, target->interpreter) == 0;
}

static const char *expand_name(struct tn_target *target, const char *name, const char *origin,
                               enum tenon_outcome *outcome, const char **detail)
{
    (void)target, (void)origin, (void)detail;
    *outcome = TENON_OUTCOME_FOUND;
    return name; /* never expanded */
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
        if (!is_prefix("{ORIGIN}", p + 1) && !is_prefix("ORIGIN", p + 1))
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
    const char *base = base_name(target->interpreter);
    const char *end = strstr(base, ".so");
    if (!is_prefix("ld-musl-", base) || !end)
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

static void add_stage(struct tn_plan *plan, struct tn_stage stage)
{
    if (plan->count < TN_PLAN_ROOM)
        plan->stages[plan->count++] = stage;
}

/* A word about an RPATH that its object's RUNPATH replaces. */
static bool add_replaced(struct tn_target *target, struct tn_plan *plan, const struct tn_paths *p)
{
    const char *where = tn_arena_format(target->arena, "RPATH of %s", p->owner);
    add_stage(plan, (struct tn_stage){
                        .kind = TN_STAGE_SKIPPED,
                        .rule = &rules[RULE_RUNPATH],
                        .where = where,
                        .detail = "an object's RPATH does not count when it has a RUNPATH",
                        .dirs = p->rpath,
                    });
    return where != NULL;
}

static bool plan(struct tn_target *target, const struct tn_asker *asker, struct tn_plan *out)
{
    const char *env = tenon_world_env(target->world, "LD_LIBRARY_PATH");
    *out = (struct tn_plan){ .count = 0 };
    if (env && *env) {
        struct tn_stage stage = { .kind = TN_STAGE_DIRS, .rule = &rules[RULE_ENV] };
        if (target->secure) {
            stage.kind = TN_STAGE_SKIPPED;
            stage.detail = "ignored in a secure process";
        }
        stage.dirs = tn_dirs_split(target->arena, env, &plain_list);
        if (!stage.dirs)
            return false;
        add_stage(out, stage);
    }
    for (const struct tn_paths *p = asker->paths; p; p = p->parent) {
        const char *where =
            tn_arena_format(target->arena, "%s of %s", p->runpath ? "RUNPATH" : "RPATH", p->owner);
        if (!where)
            return false;
        if (out->count >= TN_PLAN_CHAIN) {
            add_stage(out, (struct tn_stage){ .kind = TN_STAGE_SKIPPED,
                                              .rule = &rules[RULE_RUNPATH],
                                              .where = where,
                                              .detail = TN_PLAN_CUT });
            break;
        }
        if (p->runpath && p->rpath && !add_replaced(target, out, p))
            return false;
        add_stage(out, (struct tn_stage){
                           .kind = TN_STAGE_DIRS,
                           .rule = &rules[RULE_RUNPATH],
                           .where = where,
                           .dirs = p->runpath ? p->runpath : p->rpath,
                       });
    }
    add_stage(out, (struct tn_stage){ .kind = TN_STAGE_LATE, .rule = &rules[RULE_CONFIG] });
    return true;
}

static struct tn_judgement judgement(enum tenon_outcome outcome, enum tn_action action,
                                     const char *detail)
{
    return (struct tn_judgement){ outcome, action, detail };
}

enum { ET_EXEC = 2, ET_DYN = 3 };

/* rule  map_library(): the header's size and type and a PT_DYNAMIC; nothing else is looked at */
static void judge(const struct tn_target *target, const struct tn_candidate *candidate,
                  struct tn_judgement *out)
{
    const char *bad = "Exec format error";
    (void)target;
    if (candidate->info->type == TENON_FILE_DIRECTORY)
        *out = judgement(TENON_OUTCOME_IS_DIRECTORY, TN_STOP, "Is a directory");
    else if (!candidate->header_read)
        *out = judgement(TENON_OUTCOME_TRUNCATED, TN_STOP, bad);
    else if (candidate->header->e_type != ET_DYN && candidate->header->e_type != ET_EXEC)
        *out =
            judgement(memcmp(candidate->header->e_ident, "\177ELF", 4) ? TENON_OUTCOME_NOT_ELF
                                                                       : TENON_OUTCOME_WRONG_TYPE,
                      TN_STOP, bad);
    else if (!candidate->facts || !candidate->facts->elf.has_dynamic)
        *out = judgement(TENON_OUTCOME_MALFORMED, TN_STOP, bad);
    else
        *out = judgement(TENON_OUTCOME_FOUND, TN_ACCEPT, NULL);
}

/* rule  path_open(): any other error inhibits all further search */
static void judge_errno(int error, struct tn_judgement *out)
{
    switch (error) {
    case ENOENT:
    case ENOTDIR: *out = judgement(TENON_OUTCOME_ABSENT, TN_SKIP, NULL); break;
    case EACCES: *out = judgement(TENON_OUTCOME_PERMISSION, TN_SKIP, NULL); break;
    case ENAMETOOLONG: *out = judgement(TENON_OUTCOME_TOO_LONG, TN_SKIP, NULL); break;
    case ELOOP: *out = judgement(TENON_OUTCOME_SYMLINK_LOOP, TN_STOP, "Symbolic link loop"); break;
    default: *out = judgement(TENON_OUTCOME_UNREADABLE, TN_STOP, tn_errno_text(error));
    }
}

#define NAME_LIMIT 255 /* NAME_MAX */

static bool name_is_searchable(const char *name, struct tn_judgement *out)
{
    if (!*name) {
        *out = judgement(TENON_OUTCOME_MALFORMED, TN_STOP, "Invalid argument");
        return false;
    }
    if (!strchr(name, '/') && strlen(name) > NAME_LIMIT) {
        *out = judgement(TENON_OUTCOME_TOO_LONG, TN_STOP, "the name has more than 255 bytes");
        return false;
    }
    return true;
}

const tenon_loader tn_loader_musl = {
    .name = "musl",
    .describe = "musl's ld-musl-ARCH.so.1 on Linux",
    .format = TENON_FORMAT_ELF,
    .rules = rules,
    .rule_count = TN_COUNT(rules),
    .rule_loaded = RULE_LOADED,
    .rule_direct = RULE_DIRECT,
    .rule_self = RULE_SELF,
    .matches_short = true,
    .dlopen_as_program = true,
    .ignores_ident = true,
    .joins_verbatim = true,
    .merges_libc = true,
    .path_limit = 512, /* the buffer that path_open() is given: 2 * NAME_MAX + 2 */
    .preload_separators = " \t\n\v\f\r:",
    .matches = matches,
    .interpreter = interpreter,
    .configure = configure,
    .is_self = is_self,
    .expand_name = expand_name,
    .split = split,
    .plan = plan,
    .late_stage = late_stage,
    .judge = judge,
    .judge_errno = judge_errno,
    .name_is_searchable = name_is_searchable,
};
