/* src/image/macho_private.h - Mach-O: what its readers share */
#ifndef TN_MACHO_PRIVATE_H
#define TN_MACHO_PRIVATE_H

#include "model.h"

#define TN_MACHO_FAT_ARCH_SIZE 20u
#define TN_MACHO_FAT_ARCH_64_SIZE 32u

#define TN_CPU_64 0x01000000u
#define TN_CPU_ILP32 0x02000000u
enum {
    TN_CPU_M68K = 6,
    TN_CPU_I386 = 7,
    TN_CPU_X86_64 = 0x01000007,
    TN_CPU_HPPA = 11,
    TN_CPU_ARM = 12,
    TN_CPU_ARM64 = 0x0100000c,
    TN_CPU_ARM64_32 = 0x0200000c,
    TN_CPU_SPARC = 14,
    TN_CPU_PPC = 18,
    TN_CPU_PPC64 = 0x01000012,
};

enum {
    TN_MH_OBJECT = 1,
    TN_MH_EXECUTE = 2,
    TN_MH_FVMLIB = 3,
    TN_MH_CORE = 4,
    TN_MH_PRELOAD = 5,
    TN_MH_DYLIB = 6,
    TN_MH_DYLINKER = 7,
    TN_MH_BUNDLE = 8,
    TN_MH_DYLIB_STUB = 9,
    TN_MH_DSYM = 10,
    TN_MH_KEXT_BUNDLE = 11,
    TN_MH_FILESET = 12,
};

#define TN_MH_TWOLEVEL 0x80u
#define TN_MH_PIE 0x200000u
#define TN_MH_DYLIB_IN_CACHE 0x80000000u

enum {
    TN_LC_SEGMENT = 1,
    TN_LC_SYMTAB = 2,
    TN_LC_UNIXTHREAD = 5,
    TN_LC_LOADFVMLIB = 6,
    TN_LC_IDFVMLIB = 7,
    TN_LC_DYSYMTAB = 0xb,
    TN_LC_LOAD_DYLIB = 0xc,
    TN_LC_ID_DYLIB = 0xd,
    TN_LC_LOAD_DYLINKER = 0xe,
    TN_LC_ID_DYLINKER = 0xf,
    TN_LC_SUB_FRAMEWORK = 0x12,
    TN_LC_SUB_UMBRELLA = 0x13,
    TN_LC_SUB_CLIENT = 0x14,
    TN_LC_SUB_LIBRARY = 0x15,
    TN_LC_SEGMENT_64 = 0x19,
    TN_LC_UUID = 0x1b,
    TN_LC_CODE_SIGNATURE = 0x1d,
    TN_LC_LAZY_LOAD_DYLIB = 0x20,
    TN_LC_ENCRYPTION_INFO = 0x21,
    TN_LC_DYLD_INFO = 0x22,
    TN_LC_VERSION_MIN_MACOSX = 0x24,
    TN_LC_VERSION_MIN_IPHONEOS = 0x25,
    TN_LC_DYLD_ENVIRONMENT = 0x27,
    TN_LC_SOURCE_VERSION = 0x2a,
    TN_LC_ENCRYPTION_INFO_64 = 0x2c,
    TN_LC_LINKER_OPTION = 0x2d,
    TN_LC_VERSION_MIN_TVOS = 0x2f,
    TN_LC_VERSION_MIN_WATCHOS = 0x30,
    TN_LC_BUILD_VERSION = 0x32,
};
#define TN_LC_LOAD_WEAK_DYLIB 0x80000018u
#define TN_LC_RPATH 0x8000001cu
#define TN_LC_REEXPORT_DYLIB 0x8000001fu
#define TN_LC_DYLD_INFO_ONLY 0x80000022u
#define TN_LC_LOAD_UPWARD_DYLIB 0x80000023u
#define TN_LC_DYLD_EXPORTS_TRIE 0x80000033u
#define TN_LC_DYLD_CHAINED_FIXUPS 0x80000034u

/* Bytes of __LINKEDIT; size 0: there are none. */
struct tn_macho_range {
    uint32_t offset, size;
};

struct tn_macho_command {
    uint32_t cmd;
    unsigned number;      /* from 0 */
    struct tn_view bytes; /* with cmd and cmdsize */
};

/* One Mach-O file (or slice) under reading. */
struct tn_macho {
    struct tn_file *file;
    tenon_image *image; /* gets warnings and facts for people; NULL when only facts are wanted */
    struct tn_facts *facts;
    struct tn_macho_facts *own; /* facts->more */
    enum tn_endian endian;
    unsigned word; /* bytes of an address */
    uint32_t ncmds;
    struct tn_view commands;
    struct tn_macho_range symbols; /* size: the number of symbols */
    struct tn_macho_range strings;
    bool has_dysymtab;
    uint32_t first_defined, defined_count, first_undefined, undefined_count;
    struct tn_macho_range binds, lazy_binds, exports, chained, signature;
};

/* ---- macho.c ------------------------------------------------------------------------------- */

/* 0xfeedface and 0xfeedfacf, in either byte order. */
bool tn_macho_is_thin(struct tn_view head);

/* CPU type, subtype and file type of a file that begins with a Mach-O header. */
struct tn_macho_header {
    enum tn_endian endian;
    unsigned word;
    uint32_t cputype, cpusubtype, filetype, ncmds, sizeofcmds, flags;
};
bool tn_macho_read_header(struct tn_file *file, struct tn_macho_header *out, tenon_error *err);

enum tenon_kind tn_macho_kind(uint32_t filetype);

/* The i-th load command, whose place tn_macho_start() has checked. */
bool tn_macho_next(const struct tn_macho *macho, struct tn_macho_command *command);

/* The string whose offset from the command's start is the word at `field`. */
const char *tn_macho_command_string(const struct tn_macho *macho,
                                    const struct tn_macho_command *command, unsigned field,
                                    const char *what, tenon_error *err);

/* ---- macho_facts.c ------------------------------------------------------------------------- */

/* Everything the load commands say: macho->facts, and with macho->image facts for people. */
bool tn_macho_read_commands(struct tn_macho *macho, tenon_error *err);

/* ---- macho_signature.c --------------------------------------------------------------------- */

/* Flags and entitlements of the code signature; what cannot be read counts as none. */
bool tn_macho_read_signature(struct tn_macho *macho, tenon_error *err);

/* ---- macho_fat.c --------------------------------------------------------------------------- */

/* 0xcafebabe with few slices (else it is a Java class), 0xcafebabf. */
bool tn_macho_is_fat(struct tn_view head);

bool tn_macho_fat_facts(struct tn_file *file, struct tn_facts *out, tenon_error *err);
bool tn_macho_fat_image(struct tn_file *file, tenon_image *image, tenon_error *err);
bool tn_macho_find_inside(struct tn_file *file, const tenon_image_source *source,
                          struct tn_file *inside, tenon_error *err);

/* ---- macho_symbols.c, macho_trie.c, macho_binds.c ------------------------------------------ */

/* Fills image->exports and image->imports. */
bool tn_macho_read_symbols(struct tn_macho *macho, tenon_error *err);

/* Room for symbols whose number is not known before. */
struct tn_macho_list {
    struct tn_arena *arena;
    tenon_symbol *rows;
    size_t count, room;
    uint64_t names;     /* bytes of all names */
    uint64_t providers; /* ... of all names of libraries */
};
bool tn_macho_list_add(struct tn_macho_list *list, const tenon_symbol *symbol, tenon_error *err);

/* The names of an export trie, in the order of its nodes. */
bool tn_macho_read_trie(struct tn_macho *macho, struct tn_macho_list *exports, tenon_error *err);

/* What dyld binds: the imports of chained fixups, or those that bind opcodes name, each once. */
bool tn_macho_read_binds(struct tn_macho *macho, struct tn_macho_list *imports, tenon_error *err);

/* Of what was read so: does every bind of that name wait for the first call? */
bool tn_macho_is_lazy(const struct tn_macho_list *binds, const char *name);

/*
 * The library that an ordinal of the two-level namespace stands for: a needed name, or
 * TN_MACHO_MAIN; NULL: none in particular.
 */
#define TN_MACHO_MAIN "main-executable"
const char *tn_macho_provider(const struct tn_macho *macho, int64_t ordinal);

/* A ULEB128 of at most 64 bits. */
uint64_t tn_macho_uleb(struct tn_cursor *c, const char *what);

/* ---- macho_names.c ------------------------------------------------------------------------- */

/* Apple's name of an architecture ("x86_64h"); made in the arena where there is no name. */
const char *tn_macho_arch_name(struct tn_arena *arena, uint32_t cputype, uint32_t cpusubtype);

/* tenon's name of the machine; NULL when unknown. */
const char *tn_macho_machine_name(uint32_t cputype);

/* "macos", "ios-simulator", ...; NULL when unknown. */
const char *tn_macho_platform_name(uint32_t platform);

/* The system of a platform: "ios" of its simulator too; NULL when unknown. */
const char *tn_macho_platform_os(uint32_t platform);

const char *tn_macho_flag_words(struct tn_arena *arena, uint32_t flags);

/* "10.15.7", "11.0" of a version of 16.8.8 bits. */
const char *tn_macho_version_text(struct tn_arena *arena, uint32_t version);

#endif
