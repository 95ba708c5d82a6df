/* src/image/pe_private.h - PE: what its readers share */
#ifndef TN_PE_PRIVATE_H
#define TN_PE_PRIVATE_H

#include "model.h"

#define TN_PE_COFF_SIZE 24u    /* signature and COFF header */
#define TN_PE_SECTION_SIZE 40u /* one row of the section table */
#define TN_PE_DIRECTORIES 16u

#define TN_PE_MAGIC_32 0x10bu
#define TN_PE_MAGIC_64 0x20bu

/* Characteristics */
#define TN_PE_RELOCS_STRIPPED 0x0001u
#define TN_PE_EXECUTABLE_IMAGE 0x0002u
#define TN_PE_SYSTEM 0x1000u
#define TN_PE_DLL 0x2000u

/* DllCharacteristics */
#define TN_PE_DYNAMIC_BASE 0x0040u

/* Characteristics of a section */
#define TN_PE_SCN_CODE 0x00000020u
#define TN_PE_SCN_EXECUTE 0x20000000u

/* Numbers of data directories */
enum {
    TN_PE_DIR_EXPORT = 0,
    TN_PE_DIR_IMPORT = 1,
    TN_PE_DIR_RESOURCE = 2,
    TN_PE_DIR_DEBUG = 6,
    TN_PE_DIR_LOAD_CONFIG = 10,
    TN_PE_DIR_BOUND = 11,
    TN_PE_DIR_DELAY = 13,
    TN_PE_DIR_CLR = 14,
};

/* Subsystem */
enum {
    TN_PE_NATIVE = 1,
    TN_PE_GUI = 2,
    TN_PE_CONSOLE = 3,
    TN_PE_CE = 9,
    TN_PE_EFI_APPLICATION = 10,
    TN_PE_EFI_BOOT_DRIVER = 11,
    TN_PE_EFI_RUNTIME_DRIVER = 12,
    TN_PE_EFI_ROM = 13,
};

/* Bytes of all names of one image that may be looked at. */
#define TN_PE_LIMIT_STRINGS (64u << 20)

/* Rows of a disordered section table that may be looked at in all. */
#define TN_PE_LIMIT_PROBES (1u << 26)

struct tn_pe_directory {
    uint32_t rva, size;
};

/* A section as the loader maps it. */
struct tn_pe_section {
    uint64_t start, end;     /* addresses, whole pages */
    uint64_t offset, stored; /* bytes of the file from `start` on; what follows is zero */
    uint32_t characteristics;
};

struct tn_pe {
    struct tn_file *file;
    tenon_image *image; /* gets warnings and facts for people; NULL when only facts are wanted */
    struct tn_facts *facts;
    uint32_t start; /* e_lfanew */
    uint16_t machine, section_count, optional_size, characteristics;
    uint32_t timestamp;
    unsigned word; /* bytes of a thunk */
    uint8_t linker[2];
    uint16_t os_version[2], image_version[2], subsystem_version[2];
    uint64_t image_base;
    uint32_t section_alignment, file_alignment, headers_size;
    uint16_t subsystem, dll_characteristics;
    struct tn_pe_directory dirs[TN_PE_DIRECTORIES];
    struct tn_pe_section *sections;
    bool ordered; /* sections do not overlap and rise */
    uint64_t string_room, probe_room;
};

/* Where an address is in the file. */
struct tn_pe_place {
    uint64_t offset, room; /* bytes stored from there on, in the same section */
    bool zeros;            /* ... after which zeros follow */
    uint32_t characteristics;
};

#define tn_pe_warn(pe, ...)                                                                        \
    do {                                                                                           \
        if ((pe)->image)                                                                           \
            tn_image_warn((pe)->image, __VA_ARGS__);                                               \
    } while (0)

/* ---- pe.c ---------------------------------------------------------------------------------- */

/* The headers and the section table. */
bool tn_pe_start(struct tn_pe *pe, struct tn_file *file, tenon_error *err);

/* ---- pe_map.c ------------------------------------------------------------------------------ */

/* Makes pe->sections of the section table. */
bool tn_pe_map_sections(struct tn_pe *pe, struct tn_view rows, tenon_error *err);

/* False: no byte of the file is there. */
bool tn_pe_map(struct tn_pe *pe, uint64_t rva, struct tn_pe_place *out);

/*
 * `size` bytes at an address, all of one section. *out is empty where the file has fewer; false
 * only when it cannot be read.
 */
bool tn_pe_bytes(struct tn_pe *pe, uint64_t rva, uint64_t size, const char *what,
                 struct tn_view *out, tenon_error *err);

/*
 * As many rows of `stride` bytes as there are at an address, `count` at most.
 *
 * errors  TENON_E_SYSTEM, _MEMORY
 */
bool tn_pe_rows(struct tn_pe *pe, uint64_t rva, uint64_t count, uint64_t stride, const char *what,
                struct tn_view *out, tenon_error *err);

/* The string at an address; NULL with TENON_E_MALFORMED or _LIMIT. */
const char *tn_pe_string(struct tn_pe *pe, uint64_t rva, const char *what, tenon_error *err);

/* ---- pe_imports.c -------------------------------------------------------------------------- */

/* facts->needs from the import and the delay import directory. */
bool tn_pe_read_needs(struct tn_pe *pe, tenon_error *err);

/* image->imports */
bool tn_pe_read_imports(struct tn_pe *pe, tenon_error *err);

/* ---- pe_exports.c -------------------------------------------------------------------------- */

/* facts->own_name */
bool tn_pe_read_own_name(struct tn_pe *pe, tenon_error *err);

/* image->exports */
bool tn_pe_read_exports(struct tn_pe *pe, tenon_error *err);

/* ---- pe_facts.c ---------------------------------------------------------------------------- */

/* What the loader looks at besides: the load configuration, the CLR header, Wine's mark. */
bool tn_pe_read_loader_facts(struct tn_pe *pe, tenon_error *err);

/* facts->build_id and ->pdb */
bool tn_pe_read_debug(struct tn_pe *pe, tenon_error *err);

/* Facts for people. */
bool tn_pe_read_others(struct tn_pe *pe, tenon_error *err);

/* ---- pe_resources.c ------------------------------------------------------------------------ */

#define TN_PE_RT_VERSION 16u
#define TN_PE_RT_MANIFEST 24u

/*
 * The first language of the resource of a type and a number (0: the first there is). Empty when
 * there is none.
 */
bool tn_pe_resource(struct tn_pe *pe, uint32_t type, uint32_t id, struct tn_view *out,
                    tenon_error *err);

/* Is there one? Its bytes are not read. */
bool tn_pe_has_resource(struct tn_pe *pe, uint32_t type, uint32_t id, bool *has, tenon_error *err);

/* ---- pe_names.c ---------------------------------------------------------------------------- */

/* Of a PE image or a COFF object; NULL when unknown. */
const char *tn_pe_machine_name(uint16_t machine);

/* 32 or 64, for objects, which do not say. */
unsigned tn_pe_machine_bits(uint16_t machine);

/* "windows-cui"; NULL when unknown. */
const char *tn_pe_subsystem_name(uint16_t subsystem);

/* Words of the bits that are set, as objdump and the headers of Windows have them. */
const char *tn_pe_characteristics_words(struct tn_arena *arena, uint16_t characteristics);
const char *tn_pe_dll_words(struct tn_arena *arena, uint16_t dll_characteristics);

#endif
