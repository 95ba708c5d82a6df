/*
 * src/image/elf_symbols.h - ELF symbol tables: finding, counting and walking them
 *
 * Private to the ELF reader. Everything that is handed out lives in the arena of the file.
 */
#ifndef TN_ELF_SYMBOLS_H
#define TN_ELF_SYMBOLS_H

#include "elf_private.h"

/* A symbol table and what belongs to it. */
struct tn_elf_symtab {
    uint64_t offset, stride, count;
    uint64_t versym; /* offset in the file of the first version number; 0: none */
    uint64_t versym_count;
    bool estimated; /* `count` is an upper bound: the table ends where it makes no sense */
    struct tn_elf_window strings;
};

/* What the version numbers of a file mean. */
struct tn_elf_numbered {
    struct tn_arena *arena;
    struct tn_elf_version *rows;
    size_t count; /* highest number + 1 */
    size_t room;
};

typedef bool tn_elf_symbol_each(void *arg, size_t index, const struct tn_elf_symbol *symbol,
                                tenon_error *err);

/* Bytes of one symbol. */
static inline uint64_t tn_elf_symbol_size(const struct tn_elf *elf)
{
    return elf->header.word == 8 ? 24 : 16;
}

/* Sets count and estimated of the dynamic symbols; false: nothing says how many there are. */
bool tn_elf_count_symbols(struct tn_elf *elf, struct tn_elf_symtab *table);

/* The table that the dynamic section names; without one it is empty. */
bool tn_elf_find_symbols(struct tn_elf *elf, struct tn_elf_symtab *table, tenon_error *err);

/* Opens a file for its dynamic symbols; *found is false when it has no dynamic section. */
bool tn_elf_open_symbols(struct tn_elf *elf, struct tn_file *file,
                         const struct tn_elf_assume *assume, bool *found,
                         struct tn_elf_symtab *table, tenon_error *err);

/* Calls `each` for every symbol of the table, number 0 included, until it says false. */
bool tn_elf_walk_symbols(struct tn_elf *elf, struct tn_elf_symtab *table, tn_elf_symbol_each *each,
                         void *arg, tenon_error *err);

/* A version table that breaks off keeps what came before, as everywhere. */
bool tn_elf_number_versions(struct tn_elf *elf, struct tn_elf_numbered *out, tenon_error *err);

#endif
