/* src/image/model.h - the common model of an image, shared by readers, rules and resolver */
#ifndef TN_MODEL_H
#define TN_MODEL_H

#include <tenon/image.h>

#include "arena.h"
#include "cursor.h"
#include "file.h"

/*
 * The fields of an ELF header as the file has them, judged by nobody: loaders disagree on which
 * of them matter. Read from the first 64 bytes; what is past the end of the file is 0.
 */
struct tn_elf_header {
    uint8_t e_ident[16];
    uint16_t e_type, e_machine;
    uint32_t e_version, e_flags;
    uint64_t e_phoff, e_shoff;
    uint16_t e_phentsize, e_phnum, e_shentsize, e_shnum, e_shstrndx;
    unsigned word;         /* bytes of an address, 4 or 8: by EI_CLASS, or as assumed */
    enum tn_endian endian; /* by EI_DATA, or as assumed */
};

/* Reads a header with another class or byte order than e_ident says (musl looks at neither). */
struct tn_elf_assume {
    unsigned word; /* 4 or 8 */
    enum tn_endian endian;
};

/* "vn_file of the requirement": its versions are version_needs[first .. first + count). */
struct tn_version_file {
    const char *file;
    size_t first, count;
};

/* What mapping the segments comes to, as far as their numbers tell (elf_layout.c). */
enum tn_elf_layout {
    TN_ELF_LAYOUT_GOOD,
    TN_ELF_LAYOUT_NOT_ALIGNED, /* p_vaddr and p_offset differ by part of a page */
    TN_ELF_LAYOUT_NOT_ORDERED, /* the last begins before the first ends */
    TN_ELF_LAYOUT_NOT_MAPPED,
    TN_ELF_LAYOUT_NOT_ZEROED, /* what has no bytes in the file cannot be there */
};

/* Facts of an ELF image that the common model has no word for. */
struct tn_elf_facts {
    struct tn_elf_header header;
    uint32_t dt_flags, dt_flags_1;
    bool binds_now;        /* DT_BIND_NOW, DF_BIND_NOW or DF_1_NOW */
    uint32_t hp_dld_flags; /* DT_HP_DLD_FLAGS, of HP-UX */
    bool has_dynamic, has_load;
    bool dynamic_at_zero; /* the PT_DYNAMIC that counts is at address 0, as if there were none */
    bool dynamic_empty;   /* one of them has no bytes */
    enum tn_elf_layout layout;
    bool has_verdef;              /* DT_VERDEF is there */
    uint32_t isa_needed;          /* GNU_PROPERTY_X86_ISA_1_NEEDED; 0: none */
    bool relr_unmarked;           /* DT_RELR, and nothing that keeps an old glibc from loading it */
    bool exec_stack;              /* PT_GNU_STACK with PF_X (or none: loaders differ) */
    bool stack_unsaid;            /* no PT_GNU_STACK */
    const char *audit, *depaudit; /* DT_AUDIT, DT_DEPAUDIT; NULL */
    uint32_t abi_os;              /* note "GNU" 1, first word + 1; 0: no such note */
    struct tn_version_file *version_files;
    size_t version_file_count;
};

/* Facts of a PE image that the common model has no word for. */
struct tn_pe_facts {
    uint16_t characteristics, subsystem, dll_characteristics;
    uint16_t dependent_load_flags; /* LOAD_LIBRARY_SEARCH_ bits for its own imports */
    bool hybrid;                   /* ARM64EC or ARM64X: code for two machines */
    bool clr, il_only, needs_32_bits;
    bool wine_builtin, wine_placeholder; /* Wine's mark behind the DOS header */
    bool own_manifest;                   /* of TN_PE_OWN_MANIFEST: for its own imports */
    uint32_t pdb_age;
};

/* Facts of an XCOFF file that the common model has no word for. */
struct tn_xcoff_facts {
    uint16_t flags; /* f_flags */
    bool has_loader;
    bool runtime_linking; /* symbols that whatever is loaded may supply: import id ".." */
};

/* One architecture of a universal file. */
struct tn_macho_slice {
    uint32_t cputype, cpusubtype;
    uint64_t offset, size;
    const char *arch; /* Apple's name of it */
};

/* tn_facts.variant of Mach-O: cpusubtype, PLATFORM_ in 5 bits from 24, what its signature allows.
 */
#define TN_MACHO_SUBTYPE 0x00ffffffu
#define TN_MACHO_NO_ENVIRONMENT 0x20000000u /* DYLD_ variables do not count */
#define TN_MACHO_HARDENED 0x40000000u       /* a hardened runtime */
#define TN_MACHO_RESTRICTED 0x80000000u     /* neither do paths with @ */

/* Facts of a Mach-O image that the common model has no word for. */
struct tn_macho_facts {
    struct tn_macho_slice *slices; /* of a universal file, which has nothing else of these */
    size_t slice_count;
    uint32_t cputype, cpusubtype, filetype, flags;
    const char *arch;                         /* Apple's name: "arm64e" */
    uint32_t platform, platform_too;          /* PLATFORM_; 0: none */
    uint32_t min_os, sdk;                     /* 16.8.8 bits; 0: none */
    uint32_t current_version, compat_version; /* its own */
    const char **environment;                 /* LC_DYLD_ENVIRONMENT: "DYLD_LIBRARY_PATH=..." */
    size_t environment_count;
    bool restricted;          /* a section __RESTRICT,__restrict */
    uint32_t signature_flags; /* CS_ of a program's code signature */
    bool allows_environment;  /* entitled to DYLD_ variables in spite of a hardened runtime */
};

/* What the linker recorded of one need besides its name. */
struct tn_som_need {
    uint8_t flags; /* TN_SOM_DASH_L, TN_SOM_INTERNAL_NAME */
    uint8_t bind;
    uint16_t highwater_mark; /* months since January 1990 */
};
#define TN_SOM_DASH_L 1u
#define TN_SOM_INTERNAL_NAME 2u

/* Of the header for the dynamic loader. */
#define TN_SOM_SHLIB_PATH 4u /* SHLIB_PATH is searched */
#define TN_SOM_EMBEDDED_PATH 8u
#define TN_SOM_SHLIB_PATH_FIRST 0x10u
#define TN_SOM_OWN_NAME 0x40u

/* Facts of a SOM file that the common model has no word for. */
struct tn_som_facts {
    uint16_t system_id, a_magic;
    bool has_dl_header;
    uint32_t hdr_version;      /* 89060912 before HP-UX 10, then 93092112 */
    uint16_t flags;            /* TN_SOM_SHLIB_PATH and so on */
    uint16_t highwater_mark;   /* its own */
    struct tn_som_need *needs; /* as facts.needs */
};

/* Of an a.out need: a library to be searched, or a path. */
struct tn_aout_need {
    bool is_library;
    int16_t major, minor;
};

/* Facts of an a.out file that the common model has no word for. */
struct tn_aout_facts {
    uint32_t midmag; /* in the byte order that it was understood in */
    unsigned mid;
    bool is_dynamic, is_position_independent;
    struct tn_aout_need *needs;
};

/* What one file asks of its loader, without any context: enough to resolve. */
struct tn_facts {
    enum tenon_format format;
    unsigned class_bits;
    enum tenon_endian endian;
    uint32_t machine_code;
    uint32_t variant;    /* tells apart the processes of programs of one machine; 0 for ELF */
    const char *machine; /* NULL: unknown */
    const char *os;      /* NULL: unknown */
    enum tenon_kind kind;
    bool pie, is_static;
    const char *own_name, *interpreter;
    const char *rpath, *runpath; /* NULL: no such tag; "" is a tag with an empty string. XCOFF:
                                  * rpath is the library path, import id 0 */
    const char *build_id;        /* hexadecimal */
    const char *uuid, *pdb;
    tenon_need *needs; /* in dynamic-section order, filters and auxiliaries among them */
    size_t need_count;
    tenon_version *version_needs; /* grouped by file, in file order */
    size_t version_need_count;
    tenon_version *version_defs;
    size_t version_def_count;
    struct tn_elf_facts elf;
    struct tn_pe_facts pe;
    struct tn_xcoff_facts xcoff;

    /* What ELF has not; all of it NULL there. */
    tenon_search_path *run_paths; /* in file order, where there are other than rpath and runpath */
    size_t run_path_count;
    const char *const *slices; /* a universal file, NULL-ended: what counts is inside, not here */
    const void *more;          /* facts of its format alone: a struct of its reader's */
};

/* tn_facts.more of the formats that have such. */
static inline const struct tn_macho_facts *tn_macho_facts(const struct tn_facts *facts)
{
    return facts->more;
}

static inline const struct tn_som_facts *tn_som_facts(const struct tn_facts *facts)
{
    return facts->more;
}

static inline const struct tn_aout_facts *tn_aout_facts(const struct tn_facts *facts)
{
    return facts->more;
}

struct tenon_image {
    struct tn_arena arena;
    const char *name;
    const struct tn_format *reader;
    struct tn_facts facts;
    tenon_search_path *search_paths;
    size_t search_path_count;
    tenon_symbol *exports, *imports;
    size_t export_count, import_count;
    tenon_need *dlopens;
    size_t dlopen_count;
    tenon_image_source *insides; /* slices or members, in file order */
    size_t inside_count;
    tenon_member_facts *member_facts; /* of an archive: as many as insides */
    tenon_fact *others;
    size_t other_count, other_room;
    struct tn_joined *joined; /* those of them that are joined of words */
    size_t joined_count, joined_room;
    const char **warnings;
    size_t warning_count;
    const char *symbols_lost; /* why exports or imports may not be all; NULL: they are */
};

/* One row of formats.c: a reader. */
struct tn_format {
    enum tenon_format format;
    const char *name;

    /* Yes or no, from the first bytes (up to 64; fewer when the file is shorter). */
    bool (*matches)(struct tn_view head);

    /* NULL, or: whether a file whose first bytes match is one, as its other bytes tell. */
    bool (*confirms)(struct tn_file *file, struct tn_view head);

    /* Core facts only; strings live in file->arena. Reads as little as it can. */
    bool (*read_facts)(struct tn_file *file, struct tn_facts *out, tenon_error *err);

    /*
     * Copies facts->more, and what it leads to, to another arena; false: no memory. NULL: there
     * never is any.
     */
    bool (*move_more)(struct tn_facts *facts, struct tn_arena *arena);

    /* Everything `parts` asks for, facts included; image->arena == *file->arena. */
    bool (*read_image)(struct tn_file *file, unsigned parts, tenon_image *image, tenon_error *err);

    /*
     * The slice or member that `source` names, as a file of its own that reads through `file`.
     * NULL: a file of this format is one image.
     *
     * errors  TENON_E_NOT_FOUND; _UNSUPPORTED: its bytes are in another file (thin archives)
     */
    bool (*find_inside)(struct tn_file *file, const tenon_image_source *source,
                        struct tn_file *inside, tenon_error *err);
    bool members_have_slices; /* find_inside() heeds both at once */
};

/* THE table of formats; ends with NULL. */
extern const struct tn_format *const tn_formats[];
extern const struct tn_format tn_format_elf;
extern const struct tn_format tn_format_macho;
extern const struct tn_format tn_format_som;
extern const struct tn_format tn_format_aout;
extern const struct tn_format tn_format_tbd;
extern const struct tn_format tn_format_libtool;
extern const struct tn_format tn_format_script;
extern const struct tn_format tn_format_pe;
extern const struct tn_format tn_format_archive;
extern const struct tn_format tn_format_coff;
extern const struct tn_format tn_format_xcoff;

/* The reader of a format; NULL: there is none. */
const struct tn_format *tn_format_with(enum tenon_format format);

/* The reader for a file, or NULL with TENON_E_FORMAT (text is named as text, "#!" with its
 * interpreter, other known formats by name), _TRUNCATED (empty), _SYSTEM. */
const struct tn_format *tn_format_of(struct tn_file *file, tenon_error *err);

/*
 * Is the member of an archive an image for this machine? Whatever else is wrong with it, it is not.
 * What is read of it lives in member->arena.
 */
bool tn_archive_is_for(struct tn_file *member, const char *machine);

/*
 * As tenon_image_open_source, of a file that is open and stays so. What was read of it is in the
 * image's memory: nobody reads on once that is freed.
 */
tenon_image *tn_image_of_file(struct tn_file *file, const tenon_image_source *source,
                              unsigned parts, tenon_error *err);

/* Appends a warning; no memory for it is no error. */
void tn_image_warn(tenon_image *image, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * A part of a file makes no sense: a warning "WHAT: why" (`what` NULL: only why), unless it was for
 * want of memory: then false. No image: it is nobody's to be told; false when the file could not be
 * read.
 */
bool tn_image_warn_of(tenon_image *image, const char *what, const tenon_error *why,
                      tenon_error *err);

/* ... a part with symbols, so that not all of them are there. */
bool tn_image_lose_symbols(tenon_image *image, const char *what, const tenon_error *why,
                           tenon_error *err);

/* Appends a fact for people; of an empty value or NULL there is none. */
bool tn_image_add_fact(tenon_image *image, const char *name, const char *value, tenon_error *err);

/* ... whose text had to be made: NULL means that there was no memory. */
bool tn_image_add_made(tenon_image *image, const char *name, const char *value, tenon_error *err);

/* ... behind what the fact of that name says already, after a space. */
bool tn_image_join_fact(tenon_image *image, const char *name, const char *value, tenon_error *err);

/* What is told of the image rests on less than files that were seen: the fact "uncertain". */
bool tn_image_doubt(tenon_image *image, const char *why, tenon_error *err);

/* Lower-case hexadecimal digits; NULL: no memory. */
const char *tn_image_hex(struct tn_arena *arena, struct tn_view bytes);

/*
 * The manifest in a PE image (resource type 24) of this number, 0 for any; empty when it has none.
 * Number 1 is a program's and an assembly's, number 2 a library's for its own imports.
 */
#define TN_PE_OWN_MANIFEST 2u
bool tn_pe_read_manifest(struct tn_file *file, uint32_t number, struct tn_view *out,
                         tenon_error *err);

/*
 * The raw header, tolerant: false only when the file is shorter than the header of its class
 * (out->e_ident holds what there was, zero-filled) or cannot be read. `assume` may be NULL.
 */
bool tn_elf_read_header(struct tn_file *file, const struct tn_elf_assume *assume,
                        struct tn_elf_header *out, tenon_error *err);

/* ... from the first bytes of a file; false when they are fewer than a header has. */
bool tn_elf_parse_header(struct tn_view head, const struct tn_elf_assume *assume,
                         struct tn_elf_header *out);

/*
 * Core facts of an ELF file, as a loader's program headers give them (section headers are looked
 * at only for the kinds that need them: relocatable, core, debug-only). With `assume`, e_ident's
 * magic, class, data and e_machine are not looked at.
 */
bool tn_elf_read_facts(struct tn_file *file, const struct tn_elf_assume *assume,
                       struct tn_facts *out, tenon_error *err);

/* e_machine and class to tenon's short name; NULL when unknown. */
const char *tn_elf_machine_name(uint32_t e_machine, unsigned class_bits, enum tn_endian endian,
                                uint32_t e_flags);

/*
 * The dynamic symbol table for binding: every entry in table order (index = symbol index), with
 * versions, and how relocations use it.
 */
struct tn_elf_symbol {
    const char *name;
    uint32_t version; /* number in versions[]; 0: local or none, 1: unversioned base */
    uint16_t shndx;
    uint8_t bind, type, visibility;
    bool hidden;        /* versym bit 0x8000 */
    bool wants_plt;     /* a jump-slot relocation names it */
    bool wants_copy;    /* a copy relocation names it */
    bool wants_data;    /* any other relocation names it */
    bool wants_tls;     /* one for thread-local data names it */
    bool wants_address; /* one that is not, where the machine's are known */
    uint64_t value, size;
};

struct tn_elf_version {
    const char *name; /* NULL: no such number */
    const char *file; /* requirement: vn_file; definition: NULL */
    bool weak, is_base;
};

struct tn_elf_symbols {
    struct tn_elf_symbol *symbols;
    size_t count;
    struct tn_elf_version *versions; /* by version number */
    size_t version_count;
    bool has_versym;
    bool relocations_known; /* false: the machine's relocation types are not known to us */
    bool symbolic;          /* DT_SYMBOLIC or DF_SYMBOLIC */
};

/* Reads it all into file->arena. A file without dynamic section gives an empty table. */
bool tn_elf_read_symbols(struct tn_file *file, const struct tn_elf_assume *assume,
                         struct tn_elf_symbols *out, tenon_error *err);

/*
 * Whether the file defines both __libc_start_main and stdin: musl then takes it for another C
 * library and uses itself instead.
 */
bool tn_elf_is_libc(struct tn_file *file, const struct tn_elf_assume *assume, bool *is_libc,
                    tenon_error *err);

/*
 * The part of the file that is mapped to be read only and holds no headers: a linker that keeps
 * code and constants apart puts all constants there. Empty when there is none, or no reading it.
 */
struct tn_view tn_elf_constants(struct tn_file *file);

/* String literals and .note.dlopen entries that name libraries (TENON_PART_DLOPEN). */
bool tn_elf_read_dlopens(struct tn_file *file, tenon_image *image, tenon_error *err);

#endif
