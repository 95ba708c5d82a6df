/* src/loader/elf_rules.h - what the ELF loaders of several systems do alike */
#ifndef TN_ELF_RULES_H
#define TN_ELF_RULES_H

#include "dirs.h"

/* What one of them says of a candidate that it does not take. */
struct tn_elf_words {
    enum tn_action refused; /* TN_SKIP: it goes on with the next; TN_STOP */
    const char *directory, *not_elf, *too_short, *wrong_machine, *wrong_type, *malformed;
    const char *is_32, *is_64;      /* the other class */
    const char *is_little, *is_big; /* the other byte order */
    bool takes_relocatable;         /* ET_REL, too */
    bool (*fits_machine)(const struct tn_target *target, uint32_t machine); /* NULL: the same */
};

/*
 * tenon_loader.judge of most: by magic, class, byte order, machine, type and dynamic section, in
 * this order, in the words of the loader.
 */
void tn_elf_judge(const struct tn_target *target, const struct tn_candidate *candidate,
                  struct tn_judgement *out);

/* Whatever open() says, the next candidate is tried. */
void tn_elf_skip_errno(const struct tn_target *target, int error, struct tn_judgement *out);

/* tenon_loader.secure_variables of most: LD_LIBRARY_PATH and LD_PRELOAD. */
extern const char *const tn_elf_secure_variables[];

/* A list of the environment, split; *out NULL when the variable is not set or empty. */
bool tn_elf_env_list(struct tn_target *target, const char *variable,
                     const struct tn_list_syntax *syntax, const struct tn_dirs **out);

/* What one system calls a machine. */
struct tn_machine_word {
    uint32_t machine;
    unsigned word; /* bytes of an address */
    enum tn_endian endian;
    const char *name;
};

/* What the world says of its machine, else the row for the target; NULL: there is none. */
const char *tn_elf_machine_word(const struct tn_target *target, const struct tn_machine_word *rows,
                                size_t count);

/*
 * The value of a setting of the world that a token stands for ("OSREL"), NULL when nobody said:
 * then the token has no value.
 */
const char *tn_elf_setting(const struct tn_target *target, const char *name);

/* A list without its relative elements, which a secure process does not use. NULL: no memory. */
const struct tn_dirs *tn_elf_drop_relative(struct tn_arena *arena, const struct tn_dirs *dirs);

/* Tries `dirs` for `name`; NULL is no list. `skipped`: why it does not count; NULL when it does. */
void tn_elf_try_list(struct tn_trial *trial, const tenon_rule *rule, const char *where,
                     const struct tn_dirs *dirs, const char *skipped, const char *name);

#endif
