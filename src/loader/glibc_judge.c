/*
 * src/loader/glibc_judge.c - what ld.so does with a candidate, and the words it has for it
 *
 * rule  glibc 2.36 elf/dl-load.c, open_verify() and _dl_map_object_from_fd()
 */
#include "glibc_judge.h"

#include <errno.h>
#include <string.h>

#include "fail.h"
#include "glibc_private.h"
#include "hwcaps.h"
#include "machines.h"

/* e_flags bits that glibc compares for a machine. rule  sysdeps/ARCH/dl-machine.h */
static const struct {
    uint32_t machine, mask;
} machine_flags[] = { { EM_RISCV, 0x6 | 0x8 }, { EM_MIPS, 0x20 | 0x400 } };

static bool is_sparc32(uint32_t machine)
{
    return machine == EM_SPARC || machine == EM_SPARC32PLUS;
}

/* rule  elf_machine_matches_host() of each port */
static bool matches_host(const struct tn_target *target, const struct tn_elf_header *h)
{
    if (h->e_machine != target->machine &&
        !(is_sparc32(target->machine) && is_sparc32(h->e_machine)))
        return false;
    for (size_t i = 0; i < TN_COUNT(machine_flags); i++)
        if (machine_flags[i].machine == target->machine &&
            (h->e_flags & machine_flags[i].mask) != (target->e_flags & machine_flags[i].mask))
            return false;
    if (target->machine == EM_PPC64) { /* 0: any ABI */
        uint32_t a = h->e_flags & 3, b = target->e_flags & 3;
        return a == 0 || b == 0 || a == b;
    }
    return true;
}

/* LIBC_ABI_MAX: ABI versions of ELFOSABI_GNU that are known. rule  glibc libc-abis */
#define ABI_VERSIONS 4

enum { OSABI_SYSV = 0, OSABI_GNU = 3, ET_EXEC = 2, ET_DYN = 3 };
#define DF_1_PIE 0x08000000u
/* Of version 2.minor. */
#define FIRST_WITH_RELR 36
#define FIRST_TO_PASS_FILES 39

/* The tests of open_verify() on the header, in its order. outcome FOUND: passed. */
static struct tn_judgement judge_header(const struct tn_target *target,
                                        const struct tn_elf_header *h)
{
    static const uint8_t padding[7];
    bool little = target->endian == TN_LITTLE;
    const uint8_t *id = h->e_ident;
    if (memcmp(id, "\177ELF", 4) != 0)
        return tn_judged(TENON_OUTCOME_NOT_ELF, TN_STOP, "invalid ELF header");
    if (id[4] != target->word / 4) /* whatever it is, ld.so calls it the other class */
        return tn_judged(TENON_OUTCOME_WRONG_CLASS, TN_SKIP,
                         target->word == 8 ? "wrong ELF class: ELFCLASS32"
                                           : "wrong ELF class: ELFCLASS64");
    if (id[5] != (little ? 1 : 2))
        return tn_judged(TENON_OUTCOME_WRONG_ENDIAN, TN_STOP,
                         little ? "ELF file data encoding not little-endian"
                                : "ELF file data encoding not big-endian");
    if (id[6] != 1)
        return tn_judged(TENON_OUTCOME_MALFORMED, TN_STOP,
                         "ELF file version ident does not match current one");
    if (id[7] != OSABI_SYSV && id[7] != OSABI_GNU)
        return tn_judged(TENON_OUTCOME_WRONG_ABI, TN_STOP, "ELF file OS ABI invalid");
    if (id[8] != 0 && (id[7] != OSABI_GNU || id[8] >= ABI_VERSIONS))
        return tn_judged(TENON_OUTCOME_WRONG_ABI, TN_STOP, "ELF file ABI version invalid");
    if (memcmp(id + 9, padding, sizeof padding) != 0)
        return tn_judged(TENON_OUTCOME_MALFORMED, TN_STOP, "nonzero padding in e_ident");
    if (h->e_version != 1)
        return tn_judged(TENON_OUTCOME_MALFORMED, TN_STOP,
                         "ELF file version does not match current one");
    if (!matches_host(target, h))
        return tn_judged(TENON_OUTCOME_WRONG_MACHINE, TN_SKIP, NULL);
    if (h->e_type != ET_DYN && h->e_type != ET_EXEC)
        return tn_judged(TENON_OUTCOME_WRONG_TYPE, TN_STOP,
                         "only ET_DYN and ET_EXEC can be loaded");
    if (h->e_phentsize != (target->word == 8 ? 56 : 32))
        return tn_judged(TENON_OUTCOME_MALFORMED, TN_STOP,
                         "ELF file's phentsize not the expected size");
    return tn_judged(TENON_OUTCOME_FOUND, TN_ACCEPT, NULL);
}

/* Its words for each layout that it cannot map; NULL: it can, as far as is known. */
static const char *const layout_words[] = {
    [TN_ELF_LAYOUT_GOOD] = NULL,
    [TN_ELF_LAYOUT_NOT_ALIGNED] = "ELF load command address/offset not page-aligned",
    [TN_ELF_LAYOUT_NOT_ORDERED] = "ELF load command address/offset not page-aligned",
    [TN_ELF_LAYOUT_NOT_MAPPED] = "failed to map segment from shared object",
    [TN_ELF_LAYOUT_NOT_ZEROED] = "cannot map zero-fill pages",
};

/* Program headers, in its order: each of them, all of them, the type, the mapping. */
static struct tn_judgement judge_segments(const struct tn_elf_facts *elf)
{
    if (elf->layout == TN_ELF_LAYOUT_NOT_ALIGNED)
        return tn_judged(TENON_OUTCOME_MALFORMED, TN_STOP, layout_words[elf->layout]);
    if (!elf->has_load)
        return tn_judged(TENON_OUTCOME_MALFORMED, TN_STOP, "object file has no loadable segments");
    if (elf->header.e_type == ET_EXEC)
        return tn_judged(TENON_OUTCOME_WRONG_TYPE, TN_STOP, "cannot dynamically load executable");
    if (layout_words[elf->layout])
        return tn_judged(TENON_OUTCOME_MALFORMED, TN_STOP, layout_words[elf->layout]);
    if (!elf->has_dynamic || elf->dynamic_at_zero || elf->dynamic_empty)
        return tn_judged(TENON_OUTCOME_MALFORMED, TN_STOP, "object file has no dynamic section");
    return tn_judged(TENON_OUTCOME_FOUND, TN_ACCEPT, NULL);
}

/*
 * An object with DT_RELR that does not say so by a version. Before 2.36 ld.so passes over that tag:
 * then addresses in the object stay as they are in the file, which hardly any code survives.
 */
static struct tn_judgement judge_relr(const struct tn_target *target)
{
    const struct tn_glibc_build *build = tn_glibc_build_of(target);
    if (build && build->minor && build->minor < FIRST_WITH_RELR)
        return tn_believed(TENON_OUTCOME_WRONG_ABI, TN_STOP,
                           "DT_RELR, of which glibc knows nothing before version 2.36");
    return tn_judged(TENON_OUTCOME_WRONG_ABI, TN_STOP,
                     "DT_RELR without GLIBC_ABI_DT_RELR dependency");
}

/*
 * What every object of the process has to pass once all are there, the program and preloads too.
 *
 * rule  glibc 2.36 elf/dl-version.c, _dl_check_map_versions(); sysdeps/x86/dl-prop.h,
 *       dl_isa_level_check()
 */
struct tn_judgement tn_glibc_judge_mapped(const struct tn_target *target,
                                          const struct tn_facts *facts)
{
    struct tn_judgement judged = tn_judged(TENON_OUTCOME_FOUND, TN_ACCEPT, NULL);
    unsigned level = tn_hwcaps_isa_level(target->machine, tenon_world_cpu(target->world));
    if (facts->elf.relr_unmarked)
        judged = judge_relr(target);
    else if (level && facts->elf.isa_needed >> level)
        judged =
            tn_judged(TENON_OUTCOME_WRONG_CPU, TN_STOP, "CPU ISA level is lower than required");
    judged.fatal = judged.action == TN_STOP;
    return judged;
}

/* What mapping the object finds. rule  _dl_map_object_from_fd() */
static struct tn_judgement judge_contents(const struct tn_target *target,
                                          const struct tn_facts *facts)
{
    struct tn_judgement segments = judge_segments(&facts->elf);
    if (segments.outcome != TENON_OUTCOME_FOUND)
        return segments;
    if (facts->elf.dt_flags_1 & DF_1_PIE)
        return tn_judged(TENON_OUTCOME_WRONG_TYPE, TN_STOP,
                         "cannot dynamically load position-independent executable");
    return tn_glibc_judge_mapped(target, facts);
}

/* All that ld.so reads before it maps, besides the header. */
static bool has_program_headers(const struct tn_candidate *candidate, const struct tn_elf_header *h)
{
    uint64_t end;
    return tn_add(h->e_phoff, (uint64_t)h->e_phnum * h->e_phentsize, &end) &&
           end <= candidate->info->size;
}

/*
 * What is mapped and makes no sense. ld.so does not look and has no words for it: it dies where the
 * file ends before a page that it reads, whatever the object is to the program.
 */
static struct tn_judgement judge_unread(const struct tn_candidate *candidate)
{
    bool cut = candidate->error == TENON_E_TRUNCATED;
    struct tn_judgement judged = tn_believed(
        cut ? TENON_OUTCOME_TRUNCATED : TENON_OUTCOME_MALFORMED, TN_STOP, candidate->error_text);
    judged.fatal = cut;
    return judged;
}

#define SET_UID 04000 /* S_ISUID */

/* rule  open_path(): the set-uid bit is asked for when open_verify() has taken the file */
static struct tn_judgement judge_verified(const struct tn_target *target,
                                          const struct tn_candidate *candidate)
{
    if (candidate->need_setuid && !(candidate->info->mode & SET_UID))
        return tn_judged(TENON_OUTCOME_NOT_SETUID, TN_SKIP, NULL);
    return candidate->facts ? judge_contents(target, candidate->facts) : judge_unread(candidate);
}

void tn_glibc_judge(const struct tn_target *target, const struct tn_candidate *candidate,
                    struct tn_judgement *out)
{
    if (candidate->info->type == TENON_FILE_DIRECTORY) {
        *out =
            tn_judged(TENON_OUTCOME_IS_DIRECTORY, TN_STOP, "cannot read file data: Is a directory");
        return;
    }
    struct tn_elf_header header;
    if (tn_candidate_is_unread(candidate)) { /* rule  open_verify(): errno is added */
        *out =
            tn_judged(TENON_OUTCOME_UNREADABLE, TN_STOP,
                      candidate->system_errno == EIO ? "cannot read file data: Input/output error"
                                                     : "cannot read file data");
        return;
    }
    if (!tn_candidate_header(candidate, NULL, &header)) {
        *out = tn_judged(TENON_OUTCOME_TRUNCATED, TN_STOP, "file too short");
        return;
    }
    *out = judge_header(target, &header);
    if (out->outcome == TENON_OUTCOME_WRONG_MACHINE && candidate->facts)
        out->detail =
            candidate->facts->machine; /* of which it is: ld.so passes on without a word */
    if (out->outcome != TENON_OUTCOME_FOUND)
        return;
    *out = has_program_headers(candidate, &header)
               ? judge_verified(target, candidate)
               : tn_judged(TENON_OUTCOME_TRUNCATED, TN_STOP, "cannot read file data");
}

/*
 * rule  glibc 2.39 elf/dl-load.c, open_path(): other errors than these leave the loop over the
 *       directories; up to 2.38 "not a directory" did, too (bug 31035)
 */
void tn_glibc_judge_errno(const struct tn_target *target, int error, struct tn_judgement *out)
{
    const struct tn_glibc_build *build = error == ENOTDIR ? tn_glibc_build_of(target) : NULL;
    enum tn_action below_a_file =
        build && build->minor >= FIRST_TO_PASS_FILES ? TN_SKIP : TN_END_STAGE;

    switch (error) {
    case ENOENT: *out = tn_judged(TENON_OUTCOME_ABSENT, TN_SKIP, NULL); break;
    case ENOTDIR: *out = tn_judged(TENON_OUTCOME_ABSENT, below_a_file, tn_errno_text(error)); break;
    case EACCES: *out = tn_judged(TENON_OUTCOME_PERMISSION, TN_SKIP, NULL); break;
    case ELOOP: *out = tn_judged(TENON_OUTCOME_SYMLINK_LOOP, TN_END_STAGE, NULL); break;
    case ENAMETOOLONG: *out = tn_judged(TENON_OUTCOME_TOO_LONG, TN_END_STAGE, NULL); break;
    default: *out = tn_judged(TENON_OUTCOME_UNREADABLE, TN_END_STAGE, tn_errno_text(error));
    }
}
