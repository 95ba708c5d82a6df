/* src/image/elf_private.h - what the parts of the ELF reader tell each other */
#ifndef TN_ELF_PRIVATE_H
#define TN_ELF_PRIVATE_H

#include "model.h"

/* Numbers of the System V gABI and its GNU, Solaris and processor supplements, by their names. */
enum { TN_ET_REL = 1, TN_ET_EXEC = 2, TN_ET_DYN = 3, TN_ET_CORE = 4 };
enum {
    TN_EI_CLASS = 4,
    TN_EI_DATA = 5,
    TN_EI_OSABI = 7,
    TN_EI_ABIVERSION = 8,
};
enum {
    TN_PT_LOAD = 1,
    TN_PT_DYNAMIC = 2,
    TN_PT_INTERP = 3,
    TN_PT_NOTE = 4,
    TN_PT_GNU_STACK = 0x6474e551,
    TN_PT_GNU_PROPERTY = 0x6474e553,
    TN_PF_X = 1,
    TN_PF_W = 2,
    TN_PF_R = 4,
};
enum {
    TN_SHT_PROGBITS = 1,
    TN_SHT_SYMTAB = 2,
    TN_SHT_STRTAB = 3,
    TN_SHT_RELA = 4,
    TN_SHT_NOTE = 7,
    TN_SHT_NOBITS = 8,
    TN_SHT_REL = 9,
    TN_SHT_DYNSYM = 11,
    TN_SHT_INIT_ARRAY = 14,
    TN_SHT_FINI_ARRAY = 15,
    TN_SHT_PREINIT_ARRAY = 16,
    TN_SHT_GROUP = 17,
    TN_SHT_SYMTAB_SHNDX = 18,
    TN_SHT_CREL = 0x40000014,
    TN_SHF_WRITE = 1,
    TN_SHF_ALLOC = 2,
    TN_SHF_EXECINSTR = 4,
    TN_SHF_GROUP = 0x200,
    TN_SHF_TLS = 0x400,
};
enum {
    TN_SHN_UNDEF = 0,
    TN_SHN_LORESERVE = 0xff00,
    TN_SHN_ABS = 0xfff1,
    TN_SHN_COMMON = 0xfff2,
    TN_SHN_XINDEX = 0xffff,
};
enum { TN_STB_LOCAL = 0, TN_STB_GLOBAL = 1, TN_STB_WEAK = 2, TN_STB_GNU_UNIQUE = 10 };
enum {
    TN_STT_NOTYPE = 0,
    TN_STT_OBJECT = 1,
    TN_STT_FUNC = 2,
    TN_STT_SECTION = 3,
    TN_STT_FILE = 4,
    TN_STT_COMMON = 5,
    TN_STT_TLS = 6,
    TN_STT_GNU_IFUNC = 10,
};
enum { TN_STV_DEFAULT = 0, TN_STV_INTERNAL = 1, TN_STV_HIDDEN = 2, TN_STV_PROTECTED = 3 };
enum {
    TN_EM_SPARC = 2,
    TN_EM_386 = 3,
    TN_EM_68K = 4,
    TN_EM_MIPS = 8,
    TN_EM_PARISC = 15,
    TN_EM_SPARC32PLUS = 18,
    TN_EM_PPC = 20,
    TN_EM_PPC64 = 21,
    TN_EM_S390 = 22,
    TN_EM_ARM = 40,
    TN_EM_SH = 42,
    TN_EM_SPARCV9 = 43,
    TN_EM_IA_64 = 50,
    TN_EM_X86_64 = 62,
    TN_EM_AARCH64 = 183,
    TN_EM_RISCV = 243,
    TN_EM_LOONGARCH = 258,
    TN_EM_ALPHA = 0x9026,
};
enum { TN_DT_RPATH = 15, TN_DT_RUNPATH = 29 };
#define TN_DF_SYMBOLIC 2u
#define TN_DF_1_PIE 0x08000000u
#define TN_NOTE_FDO_DLOPEN 0x407c0c0au

/* Bytes of the first read: the header, the program headers and the notes behind them. */
#define TN_ELF_HEAD 1024u

/* Bytes around a question that nothing better is known of. */
#define TN_ELF_PAGE 4096u

/* All strings of one image's dynamic section and versions together. */
#define TN_ELF_LIMIT_STRINGS (16u << 20)

/* ---- a part of the file read piece by piece (elf_window.c) --------------------------------- */

/*
 * A table whose interesting bytes are few: read a page or two around what is asked for, and all
 * of it once many questions have missed.
 */
struct tn_elf_window {
    struct tn_file *file;
    const char *what;
    uint64_t start, end; /* in the file */
    uint64_t declared;   /* where its header says that it ends, at most `end`; 0: at `end` */
    struct tn_view near;
    unsigned pieces; /* reads that were needed */
};

static inline bool tn_elf_inside(struct tn_view view, uint64_t offset, uint64_t size)
{
    return offset >= view.start && offset - view.start <= view.size &&
           size <= view.size - (offset - view.start);
}

/* Bytes that window->near has not got, or that are outside the window. */
bool tn_elf_cover_slowly(struct tn_elf_window *window, uint64_t offset, uint64_t size,
                         tenon_error *err);

/* Makes [offset, offset + size) of the file part of window->near. TENON_E_TRUNCATED when outside.
 */
static inline bool tn_elf_cover(struct tn_elf_window *window, uint64_t offset, uint64_t size,
                                tenon_error *err)
{
    return (offset >= window->start && offset <= window->end && size <= window->end - offset &&
            tn_elf_inside(window->near, offset, size)) ||
           tn_elf_cover_slowly(window, offset, size, err);
}

/* The bytes at `offset`, which tn_elf_cover() has shown to be there. */
static inline const uint8_t *tn_elf_at(const struct tn_elf_window *window, uint64_t offset)
{
    return window->near.at + (size_t)(offset - window->near.start);
}

/*
 * The string at `offset` of the window, at most `limit` bytes. NULL when it begins or ends
 * outside (TENON_E_MALFORMED) or is longer (TENON_E_LIMIT); *length then says how far was looked.
 */
const char *tn_elf_window_string(struct tn_elf_window *window, uint64_t offset, uint64_t limit,
                                 size_t *length, tenon_error *err);

/*
 * Walks a range too big to keep: pieces come from one buffer that is used again.
 */
struct tn_elf_stream {
    struct tn_file *file;
    const char *what;
    uint64_t offset, end; /* what is still to come */
    uint8_t *buffer;      /* NULL while the file's own range is used */
    struct tn_view piece;
};

/* The next `size` bytes, borrowed until the next call; NULL at the end or with *err filled. */
const uint8_t *tn_elf_stream_next(struct tn_elf_stream *stream, size_t size, tenon_error *err);
void tn_elf_stream_skip(struct tn_elf_stream *stream, uint64_t size);
void tn_elf_stream_end(struct tn_elf_stream *stream);

/* ---- program headers (elf.c) --------------------------------------------------------------- */

struct tn_elf_segment {
    uint32_t p_type, p_flags;
    uint64_t p_offset, p_vaddr, p_filesz, p_memsz;
};

/* ---- dynamic section (elf_dynamic.c) ------------------------------------------------------- */

/* Tags that mean one value for the whole image. */
enum tn_elf_tag {
    TN_TAG_STRTAB,
    TN_TAG_STRSZ,
    TN_TAG_SYMTAB,
    TN_TAG_SYMENT,
    TN_TAG_HASH,
    TN_TAG_GNU_HASH,
    TN_TAG_RELA,
    TN_TAG_RELASZ,
    TN_TAG_RELAENT,
    TN_TAG_REL,
    TN_TAG_RELSZ,
    TN_TAG_RELENT,
    TN_TAG_RELR,
    TN_TAG_JMPREL,
    TN_TAG_PLTRELSZ,
    TN_TAG_PLTREL,
    TN_TAG_VERSYM,
    TN_TAG_VERDEF,
    TN_TAG_VERDEFNUM,
    TN_TAG_VERNEED,
    TN_TAG_VERNEEDNUM,
    TN_TAG_SONAME,
    TN_TAG_RPATH,
    TN_TAG_RUNPATH,
    TN_TAG_AUDIT,
    TN_TAG_DEPAUDIT,
    TN_TAG_FLAGS,
    TN_TAG_FLAGS_1,
    TN_TAG_SYMBOLIC,
    TN_TAG_TEXTREL,
    TN_TAG_BIND_NOW,
    TN_TAG_DEBUG,
    TN_TAG_SYMINSZ,
    TN_TAG_SYMINENT,
    TN_TAG_MIPS_SYMTABNO,
    TN_TAG_MIPS_GOTSYM,
    TN_TAG_ANDROID_PACKED, /* DT_ANDROID_REL, DT_ANDROID_RELA */
    TN_TAG_SUNW,           /* one that only Solaris writes */
    TN_TAG_CHECKSUM,
    TN_TAG_HP_DLD_FLAGS, /* means something else, if anything, in files of other systems */
    TN_TAG_COUNT,
    TN_TAG_OTHER = TN_TAG_COUNT,
};

struct tn_elf_dynamic {
    struct tn_view rows;
    size_t count;                 /* before DT_NULL */
    uint64_t seen;                /* bit per tag */
    uint64_t value[TN_TAG_COUNT]; /* the last of equal tags counts, as in glibc and musl */
    size_t need_count;
    bool has_strings;                 /* some entry names a string: */
    uint64_t string_low, string_high; /* lowest and highest offset */
};

static inline bool tn_elf_has(const struct tn_elf_dynamic *dynamic, enum tn_elf_tag tag)
{
    return dynamic->seen >> tag & 1;
}

/* ---- notes (elf_notes.c) ------------------------------------------------------------------- */

struct tn_elf_note {
    const char *owner; /* NUL included in owner_size */
    uint32_t owner_size, type;
    struct tn_view desc;
};

struct tn_elf_notes {
    struct tn_view build_id;
    const char *os; /* by note; NULL */
    bool has_abi;
    uint32_t abi[4]; /* note "GNU" 1 */
    uint32_t isa_needed;
    unsigned count;
};

/* The next note of a segment or section; false at its end or where it makes no sense. */
bool tn_elf_note_next(struct tn_cursor *c, struct tn_elf_note *note);

/* True when the note is owner's. */
bool tn_elf_note_is(const struct tn_elf_note *note, const char *owner, uint32_t type);

/* ---- one file under reading ---------------------------------------------------------------- */

struct tn_elf {
    struct tn_file *file;
    tenon_image *image; /* gets the warnings; NULL when only facts are wanted */
    struct tn_elf_header header;
    uint64_t e_entry;
    struct tn_elf_segment *segments; /* none for relocatable objects and core files */
    size_t segment_count;
    struct tn_elf_dynamic dynamic;
    struct tn_elf_window strings, tables; /* DT_STRTAB; the segment of the version tables */
    uint64_t string_room;
    struct tn_elf_notes notes;
};

#define tn_elf_warn(elf, ...)                                                                      \
    do {                                                                                           \
        if ((elf)->image)                                                                          \
            tn_image_warn((elf)->image, __VA_ARGS__);                                              \
    } while (0)

/* Header and program headers, refused where no loader could go on. */
bool tn_elf_start(struct tn_elf *elf, struct tn_file *file, const struct tn_elf_assume *assume,
                  tenon_error *err);

/*
 * Where the address `va` is in the file, and how many bytes of its segment follow in the file.
 * rule  the first PT_LOAD whose file part has it
 */
bool tn_elf_map(const struct tn_elf *elf, uint64_t va, uint64_t *offset, uint64_t *room);

/* rule  ld.so's; a file without PT_LOAD is good */
enum tn_elf_layout tn_elf_layout_of(const struct tn_elf *elf);

/* Bytes of [offset, offset + size) that the file really has. */
uint64_t tn_elf_clamp(const struct tn_elf *elf, uint64_t offset, uint64_t size);

/* True when all facts of elf_dynamic.c can be had: fills elf->dynamic and elf->strings. A file
 * without dynamic section is no error: *found says. */
bool tn_elf_read_dynamic(struct tn_elf *elf, bool *found, tenon_error *err);

/* Needs, own name and the rest of what the dynamic section says, into `facts`. */
bool tn_elf_dynamic_facts(struct tn_elf *elf, struct tn_facts *facts, tenon_error *err);

/* Tag of the i-th entry, and its value. */
static inline uint64_t tn_elf_dynamic_row(const struct tn_elf *elf, size_t i, uint64_t *value)
{
    unsigned word = elf->header.word;
    const uint8_t *at = elf->dynamic.rows.at + i * 2 * word;
    if (word == 8) {
        *value = tn_load64(at + 8, elf->header.endian);
        return tn_load64(at, elf->header.endian);
    }
    *value = tn_load32(at + 4, elf->header.endian);
    return tn_load32(at, elf->header.endian);
}

/* The string at `offset` of DT_STRTAB. */
const char *tn_elf_string(struct tn_elf *elf, uint64_t offset, tenon_error *err);

/* Notes of the program headers; reads at most a page for each that the first read has not got. */
void tn_elf_read_notes(struct tn_elf *elf);
void tn_elf_gather_notes(struct tn_elf *elf, struct tn_view notes);

/* ---- versions (elf_versions.c) ------------------------------------------------------------- */

struct tn_elf_version_row {
    const char *file; /* requirement: vn_file; definition: NULL */
    const char *name;
    uint16_t number, flags;
};

typedef bool tn_elf_version_each(void *arg, const struct tn_elf_version_row *row, tenon_error *err);

/* Calls `each` for the requirements, or the definitions, in file order. */
bool tn_elf_walk_verneed(struct tn_elf *elf, tn_elf_version_each *each, void *arg,
                         tenon_error *err);
bool tn_elf_walk_verdef(struct tn_elf *elf, tn_elf_version_each *each, void *arg, tenon_error *err);

/* Requirements and definitions as far as they make sense; the rest is a warning. */
bool tn_elf_read_versions(struct tn_elf *elf, struct tn_facts *facts, tenon_error *err);

/* ---- sections (elf_sections.c) ------------------------------------------------------------- */

struct tn_elf_section {
    uint32_t sh_name, sh_type, sh_link, sh_info;
    uint64_t sh_flags, sh_addr, sh_offset, sh_size, sh_addralign, sh_entsize;
};

struct tn_elf_sections {
    struct tn_elf *elf;
    struct tn_view rows;
    size_t count, stride;
    struct tn_elf_window names;
};

/* The section header table; count 0 when there is none. */
bool tn_elf_read_sections(struct tn_elf *elf, struct tn_elf_sections *out, tenon_error *err);
struct tn_elf_section tn_elf_section(const struct tn_elf_sections *sections, size_t i);
bool tn_elf_section_is(struct tn_elf_sections *sections, const struct tn_elf_section *section,
                       const char *name);

/* TENON_KIND_KERNEL_MODULE, TENON_KIND_DEBUG, or UNKNOWN when the sections say neither. */
enum tenon_kind tn_elf_section_kind(struct tn_elf_sections *sections);

/* Notes of SHT_NOTE sections, into elf->notes. */
void tn_elf_read_section_notes(struct tn_elf_sections *sections);

/* TENON_PART_SECTIONS: debug links, notes of files without program headers, counts. */
bool tn_elf_read_section_part(struct tn_elf *elf, tenon_error *err);

/* ---- symbols (elf_symbols.c, elf_relocs.c) -------------------------------------------------- */

/* Fills image->exports and imports from the dynamic symbols, or SHT_SYMTAB of an object. */
bool tn_elf_read_symbol_part(struct tn_elf *elf, tenon_error *err);

/* The symbol and type that r_info packs; `r_info` points at a word of the file's class. */
void tn_elf_split_info(const struct tn_elf_header *header, const uint8_t *r_info, uint64_t *symbol,
                       uint32_t *type);

/* What a relocation type means to the binding of its symbol. */
struct tn_elf_reloc_types {
    uint16_t machine;
    uint16_t bits; /* 0: both classes */
    uint32_t jump_slots[2], copy;
    uint32_t tls[3][2]; /* first and last of each range for thread-local data; none: not known */
};

/* NULL when the machine's relocation types are not known to us. */
const struct tn_elf_reloc_types *tn_elf_reloc_types(const struct tn_elf_header *header);

/* Is it for thread-local data? `known` has a row of them. */
bool tn_elf_is_tls_reloc(const struct tn_elf_reloc_types *known, uint32_t type);

/* Calls `each` with the symbol and type of every dynamic relocation. */
typedef void tn_elf_reloc_each(void *arg, uint64_t symbol, uint32_t type);
bool tn_elf_walk_relocs(struct tn_elf *elf, tn_elf_reloc_each *each, void *arg, tenon_error *err);

/* The value of a dynamic symbol that is defined here (elf_lookup.c); *found false: there is none.
 */
bool tn_elf_find_definition(struct tn_elf *elf, const char *name, uint64_t *value, bool *found,
                            tenon_error *err);

/* ---- words (elf_names.c) -------------------------------------------------------------------- */

/*
 * Words of DT_FLAGS and DT_FLAGS_1, "NOW PIE"; bits without a word in hexadecimal. NULL: no
 * memory, here and below.
 */
const char *tn_elf_flag_words(struct tn_arena *arena, uint32_t flags);
const char *tn_elf_flag_1_words(struct tn_arena *arena, uint32_t flags);

/* Levels of GNU_PROPERTY_X86_ISA_1_NEEDED. */
const char *tn_elf_isa_words(struct tn_arena *arena, uint32_t isa);

const char *tn_elf_osabi_name(uint8_t osabi); /* NULL when unknown */
const char *tn_elf_abi_os_name(uint32_t os);  /* word 0 of note "GNU" 1 */

/* What e_flags say of the calling convention and processor level; may be "". */
const char *tn_elf_e_flags_words(struct tn_arena *arena, const struct tn_elf_header *header);

/* OS by EI_OSABI, by interpreter path, by needed names; NULL when they do not say. */
const char *tn_elf_os_of_abi(uint8_t osabi);
const char *tn_elf_os_of_interpreter(const char *interpreter);
const char *tn_elf_os_of_needs(const tenon_need *needs, size_t count);

/* TENON_PART facts for people: image->others (elf_others.c). */
bool tn_elf_read_others(struct tn_elf *elf, tenon_error *err);

#endif
