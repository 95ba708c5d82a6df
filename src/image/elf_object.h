/* src/image/elf_object.h - a relocatable object: sections, symbols, groups, relocations */
#ifndef TN_ELF_OBJECT_H
#define TN_ELF_OBJECT_H

#include "elf_private.h"

struct tn_elf_object_section {
    const char *name;
    struct tn_elf_section header;
    bool comdat;     /* the linker keeps one of those with the same signature */
    uint32_t relocs; /* section that holds its relocations; 0: none */
};

struct tn_elf_object_symbol {
    const char *name;
    uint32_t section; /* index; 0 when undefined, absolute or common */
    uint16_t shndx;   /* as stored: TN_SHN_ABS, TN_SHN_COMMON, ... */
    uint8_t bind, type, visibility;
    uint64_t value, size;
};

struct tn_elf_object {
    struct tn_elf elf;
    struct tn_elf_sections table;
    struct tn_elf_object_section *sections; /* by index; number 0 is nothing */
    size_t section_count;
    struct tn_elf_object_symbol *symbols; /* by index; number 0 is nothing */
    size_t symbol_count;
    bool has_bad_names; /* of a section or symbol, outside its table: they read as "" */
};

/* One relocation. REL keeps its addend in the relocated field, where it stays: addend is 0. */
struct tn_elf_object_reloc {
    uint64_t offset;
    uint32_t symbol, type;
    int64_t addend;
};

/*
 * Reads headers, symbols and groups; not the sections' bytes.
 *
 * owner    everything in file->arena
 * errors   TENON_E_NOT_LOADABLE when it is no relocatable object; TENON_E_UNSUPPORTED for CREL;
 *          those of the readers
 */
bool tn_elf_read_object(struct tn_file *file, struct tn_elf_object *out, tenon_error *err);

/* The same tables of any ELF file that has a section table: linked ones with their SHT_SYMTAB. */
bool tn_elf_read_object_tables(struct tn_file *file, struct tn_elf_object *out, tenon_error *err);

/* The bytes of a section; empty for SHT_NOBITS. */
bool tn_elf_object_bytes(const struct tn_elf_object *object, size_t section, struct tn_view *out,
                         tenon_error *err);

/* The relocations of a section, in file order; *count 0 when it has none. */
bool tn_elf_object_relocs(const struct tn_elf_object *object, size_t section,
                          struct tn_elf_object_reloc **relocs, size_t *count, tenon_error *err);

#endif
