/* src/loader/loaders.c - THE table of loaders */
#include <errno.h>
#include <string.h>

#include "fail.h"
#include "rules.h"

const tenon_loader *const tn_loaders[] = {
    &tn_loader_glibc,       &tn_loader_musl,         &tn_loader_freebsd,
    &tn_loader_netbsd,      &tn_loader_openbsd,      &tn_loader_solaris,
    &tn_loader_hpux,        &tn_loader_bionic,       &tn_loader_dragonfly,
    &tn_loader_windows,     &tn_loader_wine,         &tn_loader_cygwin,
    &tn_loader_aix,         &tn_loader_dyld,         &tn_loader_hpux_som,
    &tn_loader_netbsd_aout, &tn_loader_freebsd_aout, NULL,
};

/* The loader that the image itself asks for; NULL: it leaves that open, or asks for another. */
const tenon_loader *tn_loader_by_facts(const struct tn_facts *facts)
{
    for (size_t i = 0; tn_loaders[i]; i++)
        if (tn_loaders[i]->format == facts->format && tn_loaders[i]->matches(facts))
            return tn_loaders[i];
    return NULL;
}

/* From the end: those that know whole paths stand behind glibc, which goes by the last part. */
const tenon_loader *tn_loader_of_interpreter(enum tenon_format format, const char *path)
{
    for (size_t i = TN_COUNT(tn_loaders) - 1; i-- > 0;)
        if (tn_loaders[i]->format == format && tn_loaders[i]->is_interpreter &&
            tn_loaders[i]->is_interpreter(path))
            return tn_loaders[i];
    return NULL;
}

const char *tn_loader_interpreter(const tenon_loader *loader, const struct tn_facts *facts)
{
    for (size_t i = 0; i < loader->interpreter_count; i++) {
        const struct tn_interpreter *row = &loader->interpreters[i];
        if ((!row->machine || row->machine == facts->machine_code) &&
            (!row->class_bits || row->class_bits == facts->class_bits) &&
            (facts->elf.header.e_flags & row->flags_mask) == row->flags &&
            (!row->endian || row->endian == facts->endian))
            return row->path;
    }
    return NULL;
}

bool tn_loader_by_world(tenon_world *world, const struct tn_facts *facts,
                        const tenon_loader **loader)
{
    *loader = NULL;
    if (facts->interpreter || (facts->os && strcmp(facts->os, "linux") != 0))
        return true;
    for (size_t i = 0; tn_loaders[i]; i++) {
        tenon_file_info info;
        const char *path = tn_loader_interpreter(tn_loaders[i], facts);
        if (tn_loaders[i]->format != facts->format || !path)
            continue;
        int error = tenon_world_stat(world, path, &info);
        if (error == ENOMEM)
            return false;
        if (error == 0 || !*loader)
            *loader = tn_loaders[i];
        if (error == 0)
            break;
    }
    return true;
}

const tenon_loader *tenon_loader_at(size_t i)
{
    return i < TN_COUNT(tn_loaders) ? tn_loaders[i] : NULL;
}

const tenon_loader *tenon_loader_named(const char *name)
{
    for (size_t i = 0; tn_loaders[i]; i++)
        if (strcmp(tn_loaders[i]->name, name) == 0)
            return tn_loaders[i];
    return NULL;
}

const char *tenon_loader_name(const tenon_loader *loader)
{
    return loader->name;
}

const char *tenon_loader_describe(const tenon_loader *loader)
{
    return loader->describe;
}

enum tenon_format tenon_loader_format(const tenon_loader *loader)
{
    return loader->format;
}

const tenon_rule *tenon_loader_rule(const tenon_loader *loader, size_t i)
{
    return i < loader->rule_count ? &loader->rules[i] : NULL;
}

/*
 * The error that an attempt to open leaves; *is is false when it was none, and leaves the one
 * before. A directory that ld.so has found absent for another name is not tried again there, and
 * leaves it, too: that is not followed, for only DF_1_NODEFLIB lets such a directory be the last.
 */
static const char *error_left(const tenon_attempt *attempt, bool *is)
{
    *is = true;
    switch (attempt->outcome) {
    case TENON_OUTCOME_PERMISSION: return tn_errno_text(EACCES);
    case TENON_OUTCOME_SYMLINK_LOOP: return tn_errno_text(ELOOP);
    case TENON_OUTCOME_TOO_LONG: return tn_errno_text(ENAMETOOLONG);
    case TENON_OUTCOME_ABSENT:
    case TENON_OUTCOME_STALE:
    case TENON_OUTCOME_UNREADABLE: return attempt->detail ? attempt->detail : tn_errno_text(ENOENT);
    case TENON_OUTCOME_NOT_CONSULTED:
    case TENON_OUTCOME_NOT_IN_CACHE:
    case TENON_OUTCOME_NO_CACHE:
    case TENON_OUTCOME_NODEFLIB:
    case TENON_OUTCOME_NOT_EXPANDABLE:
    case TENON_OUTCOME_DROPPED_SECURE: *is = false; return NULL;
    default: return tn_errno_text(ENOENT); /* what is passed over is as if it were not there */
    }
}

/* rule  glibc elf/dl-load.c, _dl_map_object(); musl ldso/dynlink.c, load_deps(): errno is told */
const char *tn_why_missing(struct tn_arena *arena, const char *name, const tenon_attempt *attempts,
                           size_t count)
{
    const char *error = tn_errno_text(ENOENT);
    bool is = false;
    (void)name;
    for (size_t i = 0; i < count; i++)
        if (attempts[i].outcome == TENON_OUTCOME_WRONG_CLASS)
            return tn_arena_format(arena, "%s: %s", attempts[i].path, attempts[i].detail);
    for (size_t i = count; i-- > 0 && !is;) {
        const char *left = error_left(&attempts[i], &is);
        error = is ? left : error;
    }
    return tn_arena_format(arena, "cannot open shared object file: %s", error);
}

const char *tn_loader_missing(const tenon_loader *loader, struct tn_arena *arena, const char *name,
                              const tenon_attempt *attempts, size_t count)
{
    return loader->why_missing
               ? loader->why_missing(arena, name, attempts, count)
               : tn_arena_join(arena, loader->missing[0], name, loader->missing[1], NULL);
}

bool tn_loader_plan(struct tn_target *target, const struct tn_asker *asker, struct tn_plan *out)
{
    const tenon_loader *loader = target->loader;
    if (loader->plan)
        return loader->plan(target, asker, out);
    *out = (struct tn_plan){ .count = 0 };
    tn_plan_add(out, (struct tn_stage){ .kind = TN_STAGE_OWN,
                                        .rule = &loader->rules[loader->rule_search],
                                        .own = loader->search });
    return true;
}

const char *tenon_evidence_name(enum tenon_evidence evidence)
{
    static const char *const names[] = {
        [TENON_EVIDENCE_REAL_LOADER] = "real-loader",     [TENON_EVIDENCE_SOURCE] = "source",
        [TENON_EVIDENCE_REAL_FILE] = "real-file",         [TENON_EVIDENCE_TOOL_MADE] = "tool-made",
        [TENON_EVIDENCE_DOCUMENTATION] = "documentation", [TENON_EVIDENCE_SELF_MADE] = "self-made",
        [TENON_EVIDENCE_BELIEVED] = "believed",
    };
    return (size_t)evidence < TN_COUNT(names) ? names[evidence] : "unknown";
}

bool tenon_evidence_is_uncertain(enum tenon_evidence evidence)
{
    return evidence == TENON_EVIDENCE_SELF_MADE || evidence == TENON_EVIDENCE_BELIEVED;
}
