/*
 * src/loader/dyld_judge.c - dyld: what it says of a candidate, and of a search without an answer
 *
 * rule  dyld-1378 mach_o/Universal.cpp, Header.cpp; dyld/JustInTimeLoader.cpp. Every bad candidate
 *       is passed over and remembered
 */
#include <errno.h>
#include <string.h>

#include "dyld_private.h"
#include "names.h"

enum { MH_EXECUTE = 2, MH_DYLIB = 6, MH_BUNDLE = 8 };

/* Attempts that a message tells; the tree and JSON have them all. */
#define TOLD 32u

static void pass(struct tn_judgement *out, enum tenon_outcome outcome, const char *detail)
{
    *out = tn_judged(outcome, TN_SKIP, detail ? detail : tenon_outcome_name(outcome));
}

/* "'a' or 'b'" of the slices that a process takes, " or " between; "a,b" of those there are. */
static const char *join(struct tn_arena *arena, const char *const *names, const char *quote,
                        const char *between)
{
    const char *text = "";
    for (; text && names && *names; names++)
        text =
            tn_arena_format(arena, "%s%s%s%s%s", text, *text ? between : "", quote, *names, quote);
    return text;
}

static const char *wrong_slices(const struct tn_target *target, const struct tn_facts *facts)
{
    struct tn_arena *arena = target->arena;
    const char *have = join(arena, facts->slices, "", ",");
    const char *need = join(arena, tn_dyld_slices(target), "'", " or ");
    return have && need ? tn_arena_format(arena,
                                          "fat file, but missing compatible architecture (have "
                                          "'%s', need %s)",
                                          have, need)
                        : NULL;
}

static const char *wrong_arch(const struct tn_target *target, const struct tn_facts *facts)
{
    const char *need = join(target->arena, tn_dyld_slices(target), "'", " or ");
    return need ? tn_arena_format(target->arena,
                                  "mach-o file, but is an incompatible architecture (have '%s', "
                                  "need %s)",
                                  tn_macho_facts(facts)->arch, need)
                : NULL;
}

static bool is_arch_taken(const struct tn_target *target, const struct tn_facts *facts)
{
    for (const char *const *slice = tn_dyld_slices(target); *slice; slice++)
        if (strcmp(*slice, tn_macho_facts(facts)->arch) == 0)
            return true;
    return false;
}

static const char *platform_word(unsigned platform)
{
    static const char *const words[] = {
        [1] = "macOS",
        [2] = "iOS",
        [3] = "tvOS",
        [4] = "watchOS",
        [5] = "bridgeOS",
        [6] = "macCatalyst",
        [7] = "iOS-simulator",
        [8] = "tvOS-simulator",
        [9] = "watchOS-simulator",
        [10] = "driverKit",
        [11] = "visionOS",
        [12] = "visionOS-simulator",
    };
    return platform < TN_COUNT(words) && words[platform] ? words[platform] : "unknown";
}

/* rule  the process's own platform; Catalyst also takes the libraries of macOS itself */
static bool is_platform_taken(const struct tn_target *target, const struct tn_facts *facts,
                              const char *path)
{
    const struct tn_macho_facts *own = tn_macho_facts(facts);
    unsigned platform = tn_dyld_platform(target);
    if (!platform || !own->platform || own->platform == platform || own->platform_too == platform)
        return true;
    return platform == DYLD_CATALYST && own->platform == DYLD_MACOS && tn_dyld_is_system_path(path);
}

/* rule  a need must be a library; dlopen() takes a bundle, too */
static const char *wrong_type(const struct tn_candidate *candidate)
{
    switch (tn_macho_facts(candidate->facts)->filetype) {
    case MH_DYLIB: return NULL;
    case MH_BUNDLE:
        return candidate->request == TN_REQUEST_DLOPEN ? NULL : "cannot link against bundle";
    case MH_EXECUTE:
        return candidate->request == TN_REQUEST_DLOPEN ? "cannot dlopen a main executable"
                                                       : "cannot link against a main executable";
    }
    return "is neither a dylib nor a bundle";
}

bool tn_dyld_is_usable(const struct tn_target *target, const struct tn_facts *facts,
                       const char *path)
{
    return !facts->slices && tn_macho_facts(facts)->filetype == MH_DYLIB &&
           is_arch_taken(target, facts) && is_platform_taken(target, facts, path);
}

/* A file that cannot be read, though it begins as one should. */
static bool is_macho(const struct tn_candidate *candidate)
{
    static const char *const magics[] = { "\xfe\xed\xfa\xce", "\xfe\xed\xfa\xcf",
                                          "\xce\xfa\xed\xfe", "\xcf\xfa\xed\xfe",
                                          "\xca\xfe\xba\xbe", "\xca\xfe\xba\xbf" };
    for (size_t i = 0; i < TN_COUNT(magics); i++)
        if (candidate->head.size >= 4 && memcmp(candidate->head.at, magics[i], 4) == 0)
            return true;
    return false;
}

void tn_dyld_judge(const struct tn_target *target, const struct tn_candidate *candidate,
                   struct tn_judgement *out)
{
    const struct tn_facts *facts = candidate->facts;
    const char *wrong;
    if (candidate->info->type != TENON_FILE_REGULAR)
        pass(out, TENON_OUTCOME_IS_DIRECTORY, "not a file");
    else if (!facts && is_macho(candidate))
        pass(out, TENON_OUTCOME_MALFORMED, candidate->error_text);
    else if (!facts)
        pass(out, TENON_OUTCOME_WRONG_FORMAT, "slice is not valid mach-o file");
    else if (facts->format != TENON_FORMAT_MACHO)
        pass(out, TENON_OUTCOME_WRONG_FORMAT, "slice is not valid mach-o file");
    else if (facts->slices)
        pass(out, TENON_OUTCOME_WRONG_MACHINE, wrong_slices(target, facts));
    else if (!is_arch_taken(target, facts))
        pass(out, TENON_OUTCOME_WRONG_MACHINE, wrong_arch(target, facts));
    else if (!is_platform_taken(target, facts, candidate->source.path))
        pass(out, TENON_OUTCOME_WRONG_PLATFORM,
             tn_arena_format(target->arena,
                             "mach-o file (%s), but incompatible platform (have '%s', need '%s')",
                             candidate->source.path, platform_word(tn_macho_facts(facts)->platform),
                             platform_word(tn_dyld_platform(target))));
    else if ((wrong = wrong_type(candidate)))
        pass(out, TENON_OUTCOME_WRONG_TYPE, wrong);
    else
        *out = tn_judged(TENON_OUTCOME_FOUND, TN_ACCEPT, NULL);
}

/* rule  only ENOENT is told in words; the numbers are Darwin's */
void tn_dyld_judge_errno(const struct tn_target *target, int error, struct tn_judgement *out)
{
    (void)target;
    switch (error) {
    case ENOENT: *out = tn_judged(TENON_OUTCOME_ABSENT, TN_SKIP, NULL); break;
    case ENOTDIR: pass(out, TENON_OUTCOME_ABSENT, "errno=20"); break;
    case EACCES: pass(out, TENON_OUTCOME_PERMISSION, "errno=13"); break;
    case ELOOP: pass(out, TENON_OUTCOME_SYMLINK_LOOP, "errno=62"); break;
    case ENAMETOOLONG: pass(out, TENON_OUTCOME_TOO_LONG, "errno=63"); break;
    default: pass(out, TENON_OUTCOME_UNREADABLE, NULL);
    }
}

static const char *reason_of(const tenon_attempt *attempt)
{
    if (attempt->detail)
        return attempt->detail;
    if (attempt->outcome != TENON_OUTCOME_ABSENT)
        return tenon_outcome_name(attempt->outcome);
    return tn_dyld_is_system_path(attempt->path) ? "no such file, not in dyld cache"
                                                 : "no such file";
}

/* rule  Loader::getLoader(): "tried: 'PATH' (REASON), ..." */
const char *tn_dyld_why_missing(struct tn_arena *arena, const char *name,
                                const tenon_attempt *attempts, size_t count)
{
    const char *text = "tried:", *between = " ";
    size_t told = 0;
    (void)name;
    for (size_t i = 0; i < count && text; i++) {
        if (!*attempts[i].path)
            continue;
        if (++told > TOLD)
            return tn_arena_format(arena, "%s, ...", text);
        text = tn_arena_format(arena, "%s%s'%s' (%s)", text, between, attempts[i].path,
                               reason_of(&attempts[i]));
        between = ", ";
    }
    if (told || !text)
        return text;
    return count && attempts[count - 1].detail ? attempts[count - 1].detail : "image not found";
}
