/* include/tenon/image.h - one linked or linkable file, as its linker recorded it */
#ifndef TENON_IMAGE_H
#define TENON_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tenon/error.h>
#include <tenon/world.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * An image is immutable once made; everything its accessors give is borrowed from it. Reading
 * one never executes anything and never opens a second file.
 *
 * threads  one image may be read by many threads at once
 */
typedef struct tenon_image tenon_image;

/* How a file is laid out. Names as in JSON's "format". */
enum tenon_format {
    TENON_FORMAT_NONE,
    TENON_FORMAT_ELF,
    TENON_FORMAT_PE,           /* "pe": images of Windows, EFI and Cygwin */
    TENON_FORMAT_COFF,         /* "coff": objects and import objects of Windows */
    TENON_FORMAT_MACHO,        /* "macho": thin or universal */
    TENON_FORMAT_XCOFF,        /* "xcoff": AIX */
    TENON_FORMAT_SOM,          /* "som": HP-UX on PA-RISC, 32 bits */
    TENON_FORMAT_AOUT,         /* "aout" */
    TENON_FORMAT_ARCHIVE,      /* "ar": any flavour, AIX's too */
    TENON_FORMAT_TBD,          /* "tbd": text stub of a library of macOS */
    TENON_FORMAT_LIBTOOL,      /* "libtool": an .la file */
    TENON_FORMAT_LINKER_SCRIPT /* "linker-script": text that stands for libraries */
};

enum tenon_endian { TENON_ENDIAN_NONE, TENON_ENDIAN_LITTLE, TENON_ENDIAN_BIG };

enum tenon_kind {
    TENON_KIND_UNKNOWN,
    TENON_KIND_EXECUTABLE,     /* "executable", position independent ones too */
    TENON_KIND_SHARED_LIBRARY, /* "shared-library" */
    TENON_KIND_OBJECT,         /* "object": relocatable */
    TENON_KIND_KERNEL_MODULE,  /* "kernel-module" */
    TENON_KIND_CORE,           /* "core" */
    TENON_KIND_DEBUG,          /* "debug": debugging information only */
    TENON_KIND_BUNDLE,         /* "bundle": loaded at run time, never linked with (Mach-O) */
    TENON_KIND_DRIVER,         /* "driver": loaded by a kernel or firmware (PE) */
    TENON_KIND_ARCHIVE,        /* "archive": of objects */
    TENON_KIND_IMPORT_LIBRARY, /* "import-library": stands for a library when linking */
    TENON_KIND_STUB,           /* "stub": no code, stands for a library when linking */
};

/* How firmly a library is asked for. Names as in JSON's "flavour". */
enum tenon_flavour {
    TENON_NEED_NORMAL,
    TENON_NEED_WEAK,
    TENON_NEED_DELAY,
    TENON_NEED_REEXPORT,
    TENON_NEED_UPWARD,
    TENON_NEED_LAZY,
    TENON_NEED_FILTER,
    TENON_NEED_AUXILIARY,
    TENON_NEED_PRELOAD,  /* asked for by the environment or the system's configuration */
    TENON_NEED_DECLARED, /* named by a .note.dlopen */
    TENON_NEED_LIKELY,   /* named by a string literal */
    TENON_NEED_DLOPEN,   /* asked for by a call at run time */
    TENON_NEED_FORWARD,  /* an export of its asker is a forwarder into it (PE) */
};

/*
 * One recorded dependency. ELF records a name alone; PE a base name with symbols, Mach-O a path
 * with a version range, XCOFF path, base and member.
 */
typedef struct tenon_need {
    const char *name;   /* as recorded, or as its loader words it: "libc.a(shr.o)" */
    const char *path;   /* directory part recorded apart from the name; NULL */
    const char *base;   /* file part recorded apart; NULL */
    const char *member; /* archive member; NULL */
    enum tenon_flavour flavour;
    uint64_t current_version; /* 0: none. Mach-O: xxxx.yy.zz as 16.8.8 bits */
    uint64_t compat_version;  /* SOM: the high water mark, months since January 1990 */
    const char *priority;     /* .note.dlopen: required recommended suggested; NULL */
    const char *feature;      /* .note.dlopen: what it is for; NULL */
    const char *how;          /* what else the linker recorded of it, for people; NULL */
    bool counts_symbols;      /* PE: how many symbols are asked of it is recorded too */
    uint32_t symbols;
    const char *description; /* .note.dlopen: the same in words; NULL */
    uint32_t
        entry; /* .note.dlopen: its entry, from 1; names of one entry are alternatives. 0: none */
} tenon_need;

/* One search path string of an image, unsplit: "rpath", "runpath". */
typedef struct tenon_search_path {
    const char *kind;
    const char *path;
    bool single; /* one directory, whatever it is named (Mach-O); else elements between colons */
} tenon_search_path;

enum tenon_binding { TENON_BIND_LOCAL, TENON_BIND_GLOBAL, TENON_BIND_WEAK, TENON_BIND_UNIQUE };

#define TENON_TYPE_NONE 0xffu

/* One dynamic symbol (or symbol of a relocatable object). */
typedef struct tenon_symbol {
    const char *name;
    const char *version; /* NULL: none */
    const char *library; /* imports: the library its version is recorded for; NULL */
    uint64_t value, size;
    enum tenon_binding binding;
    uint8_t type;       /* STT_ of ELF; TENON_TYPE_NONE where a format has no such thing */
    uint8_t visibility; /* STV_ of ELF */
    bool defined;
    bool hidden_version; /* defined as NAME@VERSION, not NAME@@VERSION */
    bool lazy;           /* import (Mach-O): every bind of it waits for the first call */
    bool has_ordinal;    /* PE; a symbol without a name has "" and an ordinal */
    uint32_t ordinal;
    const char *forward; /* export that stands for another's: "bar.who"; NULL */
} tenon_symbol;

/* A requirement "this version of that library", or a version an image defines. */
typedef struct tenon_version {
    const char *library; /* requirement: the recorded file name; definition: NULL */
    const char *name;
    bool weak;
    bool base; /* definition: names the library itself, not a version */
} tenon_version;

/* What to read of a file besides its core facts; each costs reading. */
enum tenon_parts {
    TENON_PART_CORE = 0,
    TENON_PART_SYMBOLS = 1,  /* exports and imports */
    TENON_PART_SECTIONS = 2, /* section headers: kernel modules, debug files, notes of objects */
    TENON_PART_DLOPEN = 4,   /* .note.dlopen and string literals that name libraries */
    TENON_PART_ALL = 7,
};

/* Which image is meant: a file, and in it a slice of a universal file or a member of an archive. */
typedef struct tenon_image_source {
    const char *path;   /* in the world */
    const char *slice;  /* architecture of a universal file; with a member of an archive, its
                           machine: AIX's have several of one name; NULL */
    const char *member; /* archive member; NULL */
} tenon_image_source;

/*
 * Reads the image at `path` of a world: the usual door. A universal file and an archive are opened
 * as a whole: tenon_image_inside() lists what is in them.
 *
 * shape    any file at all; `parts` is a union of enum tenon_parts
 * owner    the caller, until tenon_image_free(); the world may be freed before
 * returns  an image, or NULL with *err filled
 * errors   TENON_E_SYSTEM (system_errno says), _FORMAT, _TRUNCATED, _MALFORMED, _LIMIT, _MEMORY.
 *          A part that cannot be read is no error: the image then has a warning
 */
TENON_API tenon_image *tenon_image_open(tenon_world *world, const char *path, unsigned parts,
                                        tenon_error *err);

/* As tenon_image_open, for a slice or member too (TENON_E_NOT_FOUND when there is none). */
TENON_API tenon_image *tenon_image_open_source(tenon_world *world, const tenon_image_source *source,
                                               unsigned parts, tenon_error *err);

/*
 * Reads the image held in memory at `bytes`, all parts of it.
 *
 * shape    bytes[size], any content at all; `name` appears in messages only
 * owner    borrows `bytes` until tenon_image_free(); copies `name`
 * returns  an image for the caller to free, or NULL with *err filled
 * errors   as tenon_image_open
 * threads  any
 */
TENON_API tenon_image *tenon_image_parse(const void *bytes, size_t size, const char *name,
                                         tenon_error *err);

TENON_API void tenon_image_free(tenon_image *image);

TENON_API const char *tenon_image_name(const tenon_image *image);
TENON_API enum tenon_format tenon_image_format(const tenon_image *image);
TENON_API enum tenon_kind tenon_image_kind(const tenon_image *image);
TENON_API enum tenon_endian tenon_image_endian(const tenon_image *image);

/* 32 or 64; 0 when the format has no such thing. */
TENON_API unsigned tenon_image_class(const tenon_image *image);

/* The machine by tenon's name ("x86_64", see docs/machines.md; NULL when unknown) and number. */
TENON_API const char *tenon_image_machine(const tenon_image *image);
TENON_API uint32_t tenon_image_machine_code(const tenon_image *image);

/* "linux", "freebsd", "netbsd", "openbsd", "dragonfly", "solaris", "hpux", "android", ...; NULL. */
TENON_API const char *tenon_image_os(const tenon_image *image);

/* A position-independent executable. */
TENON_API bool tenon_image_is_pie(const tenon_image *image);

/* An executable that no loader joins with anything. */
TENON_API bool tenon_image_is_static(const tenon_image *image);

/* rule  ELF DT_SONAME; Mach-O LC_ID_DYLIB; NULL when none */
TENON_API const char *tenon_image_own_name(const tenon_image *image);

/* rule  ELF PT_INTERP; Mach-O LC_LOAD_DYLINKER; NULL when none */
TENON_API const char *tenon_image_interpreter(const tenon_image *image);

/* Lower-case hexadecimal; NULL when none. rule  ELF note "GNU" 3 */
TENON_API const char *tenon_image_build_id(const tenon_image *image);

/* "4C4C44A1-5555-3144-A1F4-...": upper-case with dashes; NULL when none. rule  Mach-O LC_UUID */
TENON_API const char *tenon_image_uuid(const tenon_image *image);

/* The file of debugging information that was made with it; NULL when none. rule  PE CodeView */
TENON_API const char *tenon_image_pdb(const tenon_image *image);

/*
 * The i-th thing of each kind, in file order; NULL when i is past the last.
 *
 * shape    strings are bytes as in the file, maybe not UTF-8
 * rule     needs: ELF DT_NEEDED, DT_FILTER, DT_AUXILIARY; Mach-O LC_LOAD_DYLIB and kin. search
 *          paths: DT_RPATH, DT_RUNPATH; LC_RPATH.
 *          exports: dynamic symbols defined, global, weak or unique, default or protected.
 *          imports: undefined dynamic symbols that are not local. Mach-O: exports of the trie,
 *          else external symbols; imports: undefined symbols, else what dyld binds
 */
TENON_API const tenon_need *tenon_image_need(const tenon_image *image, size_t i);
TENON_API const tenon_search_path *tenon_image_search_path(const tenon_image *image, size_t i);
TENON_API const tenon_symbol *tenon_image_export(const tenon_image *image, size_t i);
TENON_API const tenon_symbol *tenon_image_import(const tenon_image *image, size_t i);
TENON_API const tenon_version *tenon_image_version_need(const tenon_image *image, size_t i);
TENON_API const tenon_version *tenon_image_version_definition(const tenon_image *image, size_t i);
TENON_API const tenon_need *tenon_image_dlopen(const tenon_image *image, size_t i);
TENON_API const char *tenon_image_warning(const tenon_image *image, size_t i);

/*
 * The i-th slice of a universal file or member of an archive, in file order, as what
 * tenon_image_open_source() takes; NULL when i is past the last.
 */
TENON_API const tenon_image_source *tenon_image_inside(const tenon_image *image, size_t i);

/*
 * What the i-th member of an archive is, by its headers alone. TENON_KIND_UNKNOWN: no reader knows
 * it, or it is a file of its own (thin archives). NULL when i is past the last, and of slices.
 */
typedef struct tenon_member_facts {
    enum tenon_kind kind;
    unsigned class_bits; /* 0: none */
    const char *machine; /* NULL: none */
} tenon_member_facts;
TENON_API const tenon_member_facts *tenon_image_member_facts(const tenon_image *image, size_t i);

/* Other recorded facts by name, for people: "dt_flags_1", "debuglink", "abi_tag", ... */
typedef struct tenon_fact {
    const char *name;
    const char *value;
} tenon_fact;
TENON_API const tenon_fact *tenon_image_fact(const tenon_image *image, size_t i);

/* Stable words for the enumerations, as JSON has them. Constants. */
TENON_API const char *tenon_format_name(enum tenon_format format);
TENON_API const char *tenon_kind_name(enum tenon_kind kind);
TENON_API const char *tenon_endian_name(enum tenon_endian endian);
TENON_API const char *tenon_flavour_name(enum tenon_flavour flavour);

#ifdef __cplusplus
}
#endif
#endif
