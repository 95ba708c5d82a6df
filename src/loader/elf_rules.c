/* src/loader/elf_rules.c - what the ELF loaders of several systems do alike */
#include "elf_rules.h"

#include <errno.h>
#include <string.h>

#include "fail.h"

/* rule  ld.so(8), ld-elf.so.1(1), ld.elf_so(1), ld.so(1) of OpenBSD; musl ldso/dynlink.c */
const char *const tn_elf_secure_variables[] = { "LD_LIBRARY_PATH", "LD_PRELOAD", NULL };

enum { ET_REL = 1, ET_EXEC = 2, ET_DYN = 3 };

static struct tn_judgement judge_header(const struct tn_target *target,
                                        const struct tn_elf_header *h,
                                        const struct tn_elf_words *words)
{
    const uint8_t *id = h->e_ident;
    bool little = target->endian == TN_LITTLE;
    if (memcmp(id, "\177ELF", 4) != 0)
        return tn_judged(TENON_OUTCOME_NOT_ELF, words->refused, words->not_elf);
    if (id[4] != target->word / 4)
        return tn_judged(TENON_OUTCOME_WRONG_CLASS, words->refused,
                         target->word == 8 ? words->is_32 : words->is_64);
    if (id[5] != (little ? 1 : 2))
        return tn_judged(TENON_OUTCOME_WRONG_ENDIAN, words->refused,
                         little ? words->is_big : words->is_little);
    if (words->fits_machine ? !words->fits_machine(target, h->e_machine)
                            : h->e_machine != target->machine)
        return tn_judged(TENON_OUTCOME_WRONG_MACHINE, words->refused, words->wrong_machine);
    if (h->e_type != ET_DYN && h->e_type != ET_EXEC &&
        !(h->e_type == ET_REL && words->takes_relocatable))
        return tn_judged(TENON_OUTCOME_WRONG_TYPE, words->refused, words->wrong_type);
    return tn_judged(TENON_OUTCOME_FOUND, TN_ACCEPT, NULL);
}

void tn_elf_judge(const struct tn_target *target, const struct tn_candidate *candidate,
                  struct tn_judgement *out)
{
    const struct tn_elf_words *words = target->loader->elf_words;
    struct tn_elf_header header;
    if (candidate->info->type == TENON_FILE_DIRECTORY) {
        *out = tn_judged(TENON_OUTCOME_IS_DIRECTORY, words->refused, words->directory);
        return;
    }
    if (tn_candidate_is_unread(candidate)) {
        *out = tn_judged(TENON_OUTCOME_UNREADABLE, words->refused, candidate->error_text);
        return;
    }
    if (!tn_candidate_header(candidate, NULL, &header)) {
        bool elf = candidate->head.size >= 4 && memcmp(candidate->head.at, "\177ELF", 4) == 0;
        *out = tn_judged(elf ? TENON_OUTCOME_TRUNCATED : TENON_OUTCOME_NOT_ELF, words->refused,
                         elf ? words->too_short : words->not_elf);
        return;
    }
    *out = judge_header(target, &header, words);
    if (out->outcome != TENON_OUTCOME_FOUND || header.e_type == ET_REL)
        return;
    if (!candidate->facts)
        *out = tn_judged(candidate->error == TENON_E_TRUNCATED ? TENON_OUTCOME_TRUNCATED
                                                               : TENON_OUTCOME_MALFORMED,
                         words->refused, candidate->error_text);
    else if (!candidate->facts->elf.has_dynamic || !candidate->facts->elf.has_load)
        *out = tn_judged(TENON_OUTCOME_MALFORMED, words->refused, words->malformed);
}

void tn_elf_skip_errno(const struct tn_target *target, int error, struct tn_judgement *out)
{
    (void)target;
    switch (error) {
    case ENOENT:
    case ENOTDIR: *out = tn_judged(TENON_OUTCOME_ABSENT, TN_SKIP, NULL); break;
    case EACCES: *out = tn_judged(TENON_OUTCOME_PERMISSION, TN_SKIP, NULL); break;
    case ELOOP: *out = tn_judged(TENON_OUTCOME_SYMLINK_LOOP, TN_SKIP, NULL); break;
    case ENAMETOOLONG: *out = tn_judged(TENON_OUTCOME_TOO_LONG, TN_SKIP, NULL); break;
    default: *out = tn_judged(TENON_OUTCOME_UNREADABLE, TN_SKIP, tn_errno_text(error));
    }
}

bool tn_elf_env_list(struct tn_target *target, const char *variable,
                     const struct tn_list_syntax *syntax, const struct tn_dirs **out)
{
    const char *list = tenon_world_env(target->world, variable);
    *out = NULL;
    if (!list || !*list)
        return true;
    *out = tn_dirs_split(target->arena, list, syntax);
    return *out != NULL;
}

const char *tn_elf_machine_word(const struct tn_target *target, const struct tn_machine_word *rows,
                                size_t count)
{
    const char *given = tenon_world_platform(target->world);
    if (*given && !tenon_world_is_host(target->world))
        return given;
    for (size_t i = 0; i < count; i++)
        if (rows[i].machine == target->machine && rows[i].word == target->word &&
            rows[i].endian == target->endian)
            return rows[i].name;
    return NULL;
}

const char *tn_elf_setting(const struct tn_target *target, const char *name)
{
    return tenon_world_setting(target->world, name);
}

const struct tn_dirs *tn_elf_drop_relative(struct tn_arena *arena, const struct tn_dirs *dirs)
{
    struct tn_dirs *out = tn_arena_take(arena, sizeof *out);
    if (!out || !(out->at = tn_arena_rows(arena, dirs->count + 1, sizeof *out->at)))
        return NULL;
    out->text = dirs->text;
    out->count = dirs->count;
    for (size_t i = 0; i < dirs->count; i++) {
        out->at[i] = dirs->at[i];
        if (out->at[i].dir && out->at[i].dir[0] != '/') {
            out->at[i].dir = NULL;
            out->at[i].dropped = TENON_OUTCOME_DROPPED_SECURE;
        }
    }
    return out;
}

void tn_elf_try_list(struct tn_trial *trial, const tenon_rule *rule, const char *where,
                     const struct tn_dirs *dirs, const char *skipped, const char *name)
{
    if (dirs && !tn_is_over(trial))
        tn_try_dirs(trial, tn_stage_of(rule, where, dirs, skipped), name);
}
