/*
 * src/image/pe.c - PE: headers, identity and the facts that a loader sees first
 *
 * rule  Microsoft "PE Format". Fields that are past the end of a tiny file are 0, as they are in
 *       memory
 */
#include <inttypes.h>
#include <strings.h>

#include "fail.h"
#include "pe_private.h"

/* Bytes of the optional header up to its data directories, 64-bit, and with them. */
#define OPTIONAL_ROOM (112u + 8u * TN_PE_DIRECTORIES)

/* Up to DllCharacteristics: what no image can do without. */
#define OPTIONAL_LEAST 72u

/* ---- which files --------------------------------------------------------------------------- */

static bool pe_matches(struct tn_view head)
{
    return head.size >= 64 && memcmp(head.at, "MZ", 2) == 0;
}

/* rule  Windows takes "ZM" no more; e_lfanew says where the real header is */
static bool pe_confirms(struct tn_file *file, struct tn_view head)
{
    struct tn_view at;
    uint32_t e_lfanew = tn_load32(head.at + 0x3c, TN_LITTLE);
    return tn_file_upto(file, e_lfanew, 4, "signature", &at, NULL) && at.size == 4 &&
           memcmp(at.at, "PE\0\0", 4) == 0;
}

/* ---- headers ------------------------------------------------------------------------------- */

static bool read_coff_header(struct tn_pe *pe, tenon_error *err)
{
    struct tn_view dos, header;
    if (!tn_file_view(pe->file, 0, 64, "DOS header", &dos, err))
        return false;
    pe->start = tn_load32(dos.at + 0x3c, TN_LITTLE);
    if (!tn_file_view(pe->file, pe->start, TN_PE_COFF_SIZE, "COFF header", &header, err))
        return false;
    if (memcmp(dos.at, "MZ", 2) != 0 || memcmp(header.at, "PE\0\0", 4) != 0)
        return tn_fail(err, TENON_E_FORMAT, "not a PE image");
    struct tn_cursor c = tn_cursor(header, TN_LITTLE);
    tn_skip(&c, 4, "Signature");
    pe->machine = tn_u16(&c, "Machine");
    pe->section_count = tn_u16(&c, "NumberOfSections");
    pe->timestamp = tn_u32(&c, "TimeDateStamp");
    tn_skip(&c, 8, "PointerToSymbolTable");
    pe->optional_size = tn_u16(&c, "SizeOfOptionalHeader");
    pe->characteristics = tn_u16(&c, "Characteristics");
    return tn_end(&c, err);
}

static void read_version(struct tn_cursor *c, uint16_t version[2], const char *what)
{
    version[0] = tn_u16(c, what);
    version[1] = tn_u16(c, what);
}

/* `c` stands at Magic, and all that is read here has room. */
static void read_optional_fields(struct tn_pe *pe, struct tn_cursor *c)
{
    tn_skip(c, 2, "Magic");
    pe->linker[0] = tn_u8(c, "MajorLinkerVersion");
    pe->linker[1] = tn_u8(c, "MinorLinkerVersion");
    tn_skip(c, pe->word == 8 ? 20 : 24, "SizeOfCode");
    pe->image_base = tn_word(c, pe->word, "ImageBase");
    pe->section_alignment = tn_u32(c, "SectionAlignment");
    pe->file_alignment = tn_u32(c, "FileAlignment");
    read_version(c, pe->os_version, "OperatingSystemVersion");
    read_version(c, pe->image_version, "ImageVersion");
    read_version(c, pe->subsystem_version, "SubsystemVersion");
    tn_skip(c, 8, "SizeOfImage");
    pe->headers_size = tn_u32(c, "SizeOfHeaders");
    tn_skip(c, 4, "CheckSum");
    pe->subsystem = tn_u16(c, "Subsystem");
    pe->dll_characteristics = tn_u16(c, "DllCharacteristics");
    tn_skip(c, 4u * pe->word + 4, "SizeOfStackReserve");
    uint32_t count = tn_u32(c, "NumberOfRvaAndSizes");
    for (size_t i = 0; i < TN_PE_DIRECTORIES && i < count; i++) {
        pe->dirs[i].rva = tn_u32(c, "data directory");
        pe->dirs[i].size = tn_u32(c, "data directory");
    }
}

static bool read_optional_header(struct tn_pe *pe, tenon_error *err)
{
    uint8_t whole[OPTIONAL_ROOM] = { 0 };
    struct tn_view at;
    uint64_t offset = (uint64_t)pe->start + TN_PE_COFF_SIZE;
    if (!tn_file_upto(pe->file, offset, OPTIONAL_ROOM, "optional header", &at, err))
        return false;
    if (at.size < OPTIONAL_LEAST)
        return tn_fail(err, TENON_E_TRUNCATED,
                       "optional header: %u bytes needed at 0x%" PRIx64 ", %zu left",
                       OPTIONAL_LEAST, offset, at.size);
    memcpy(whole, at.at, at.size);
    uint16_t magic = tn_load16(whole, TN_LITTLE);
    if (magic != TN_PE_MAGIC_32 && magic != TN_PE_MAGIC_64)
        return tn_fail(err, TENON_E_MALFORMED,
                       "optional header at 0x%" PRIx64 ": Magic is 0x%x, not 0x10b or 0x20b",
                       offset, magic);
    pe->word = magic == TN_PE_MAGIC_64 ? 8 : 4;
    struct tn_cursor c = tn_cursor(tn_view(whole, sizeof whole), TN_LITTLE);
    read_optional_fields(pe, &c);
    return tn_end(&c, err);
}

bool tn_pe_start(struct tn_pe *pe, struct tn_file *file, tenon_error *err)
{
    struct tn_view rows;
    *pe = (struct tn_pe){
        .file = file,
        .string_room = TN_PE_LIMIT_STRINGS,
        .probe_room = TN_PE_LIMIT_PROBES,
    };
    if (!read_coff_header(pe, err) || !read_optional_header(pe, err))
        return false;
    uint64_t table = (uint64_t)pe->start + TN_PE_COFF_SIZE + pe->optional_size;
    return tn_file_view(file, table, (uint64_t)pe->section_count * TN_PE_SECTION_SIZE,
                        "section table", &rows, err) &&
           tn_pe_map_sections(pe, rows, err);
}

/* ---- facts --------------------------------------------------------------------------------- */

/* rule  what the loader of a system asks for: its runtime's DLL, a subsystem of its own */
static const char *find_os(const struct tn_pe *pe)
{
    static const struct {
        const char *library, *os;
    } runtimes[] = { { "cygwin1.dll", "cygwin" }, { "msys-2.0.dll", "msys" } };
    const struct tn_facts *f = pe->facts;
    if (pe->subsystem >= TN_PE_EFI_APPLICATION && pe->subsystem <= TN_PE_EFI_ROM)
        return "efi";
    if (pe->subsystem == TN_PE_CE)
        return "wince";
    for (size_t i = 0; i < TN_COUNT(runtimes); i++) {
        if (f->own_name && strcasecmp(f->own_name, runtimes[i].library) == 0)
            return runtimes[i].os;
        for (size_t k = 0; k < f->need_count; k++)
            if (strcasecmp(f->needs[k].name, runtimes[i].library) == 0)
                return runtimes[i].os;
    }
    return "windows";
}

static enum tenon_kind kind_of(const struct tn_pe *pe)
{
    if (pe->characteristics & TN_PE_DLL)
        return TENON_KIND_SHARED_LIBRARY;
    switch (pe->subsystem) {
    case TN_PE_NATIVE:
    case TN_PE_EFI_BOOT_DRIVER:
    case TN_PE_EFI_RUNTIME_DRIVER:
    case TN_PE_EFI_ROM: return TENON_KIND_DRIVER;
    default: break;
    }
    if (pe->characteristics & TN_PE_SYSTEM)
        return TENON_KIND_DRIVER;
    return pe->characteristics & TN_PE_EXECUTABLE_IMAGE ? TENON_KIND_EXECUTABLE
                                                        : TENON_KIND_UNKNOWN;
}

/* ARM64EC images say x86-64 and ARM64X images ARM64: only their load configuration tells. */
static const char *machine_of(const struct tn_pe *pe)
{
    if (pe->facts->pe.hybrid && pe->machine == 0x8664)
        return "arm64ec";
    if (pe->facts->pe.hybrid && pe->machine == 0xaa64)
        return "arm64x";
    return tn_pe_machine_name(pe->machine);
}

static bool read_all_facts(struct tn_pe *pe, struct tn_facts *out, tenon_error *err)
{
    struct tn_facts facts = {
        .format = TENON_FORMAT_PE,
        .class_bits = pe->word * 8,
        .endian = TENON_ENDIAN_LITTLE,
        .machine_code = pe->machine,
        .pe.characteristics = pe->characteristics,
        .pe.subsystem = pe->subsystem,
        .pe.dll_characteristics = pe->dll_characteristics,
    };
    pe->facts = &facts;
    if (!tn_pe_read_loader_facts(pe, err) || !tn_pe_read_needs(pe, err) ||
        !tn_pe_read_own_name(pe, err) || !tn_pe_read_debug(pe, err))
        return false;
    facts.machine = machine_of(pe);
    facts.os = find_os(pe);
    facts.kind = kind_of(pe);
    facts.pie = facts.kind == TENON_KIND_EXECUTABLE &&
                (pe->dll_characteristics & TN_PE_DYNAMIC_BASE) &&
                !(pe->characteristics & TN_PE_RELOCS_STRIPPED);
    facts.is_static = facts.kind == TENON_KIND_EXECUTABLE && strcmp(facts.os, "efi") == 0;
    *out = facts;
    pe->facts = out;
    return true;
}

static bool pe_read_facts(struct tn_file *file, struct tn_facts *out, tenon_error *err)
{
    struct tn_pe pe;
    return tn_pe_start(&pe, file, err) && read_all_facts(&pe, out, err);
}

/* ---- image --------------------------------------------------------------------------------- */

/* A part that cannot be read is a warning. */
static bool part(struct tn_pe *pe, const char *name, bool (*read)(struct tn_pe *, tenon_error *),
                 tenon_error *err)
{
    tenon_error local = TENON_ERROR_INIT;
    return read(pe, &local) || tn_image_lose_symbols(pe->image, name, &local, err);
}

static bool pe_read_image(struct tn_file *file, unsigned parts, tenon_image *image,
                          tenon_error *err)
{
    struct tn_pe pe;
    if (!tn_pe_start(&pe, file, err))
        return false;
    pe.image = image;
    if (!read_all_facts(&pe, &image->facts, err) || !tn_pe_read_others(&pe, err))
        return false;
    if (!(parts & TENON_PART_SYMBOLS))
        return true;
    return part(&pe, "exports", tn_pe_read_exports, err) &&
           part(&pe, "imports", tn_pe_read_imports, err);
}

const struct tn_format tn_format_pe = {
    .format = TENON_FORMAT_PE,
    .name = "PE",
    .matches = pe_matches,
    .confirms = pe_confirms,
    .read_facts = pe_read_facts,
    .read_image = pe_read_image,
};
