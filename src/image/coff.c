/*
 * src/image/coff.c - COFF: objects, big objects and import objects of Windows
 *
 * rule  Microsoft "PE Format", COFF File Header, Import Library Format; LLVM BinaryFormat/COFF.h
 *       (bigobj). An object has no magic: its header must make sense as a whole
 */
#include <inttypes.h>

#include "coff_private.h"
#include "fail.h"
#include "pe_private.h"

#define SECTIONS_MOST 0xfeffu
#define SYMBOL_SIZE 18u
#define BIG_SYMBOL_SIZE 20u
#define DRECTVE_ROOM (1u << 20)

static const uint8_t big_class[16] = { 0xc7, 0xa1, 0xba, 0xd1, 0xee, 0xba, 0xa9, 0x4b,
                                       0xaf, 0x20, 0xfa, 0xf6, 0x6a, 0xa4, 0xdc, 0xb8 };
static const uint8_t ltcg_class[16] = { 0x38, 0xfe, 0xb3, 0x0c, 0xa5, 0xd9, 0xab, 0x4d,
                                        0xac, 0x9b, 0xd6, 0xb6, 0x22, 0x26, 0x53, 0xc2 };

/* ---- which files --------------------------------------------------------------------------- */

static bool is_anonymous(struct tn_view head)
{
    return head.size >= 4 && tn_load32(head.at, TN_LITTLE) == 0xffff0000;
}

/* Machine 0 is that of objects with data alone, which only stand in archives. */
bool tn_coff_matches(struct tn_view head)
{
    if (is_anonymous(head))
        return head.size >= TN_COFF_HEADER_SIZE;
    return head.size >= TN_COFF_HEADER_SIZE &&
           tn_pe_machine_name(tn_load16(head.at, TN_LITTLE)) != NULL;
}

static bool fits(uint64_t offset, uint64_t size, uint64_t file)
{
    return offset <= file && size <= file - offset;
}

/* Sections lie in the file, with their bytes. */
static bool sections_fit(struct tn_file *file, uint64_t offset, uint32_t count)
{
    struct tn_view rows;
    if (!tn_file_view(file, offset, (uint64_t)count * TN_COFF_SECTION_SIZE, "section table", &rows,
                      NULL))
        return false;
    for (uint32_t i = 0; i < count; i++) {
        const uint8_t *row = rows.at + i * TN_COFF_SECTION_SIZE;
        uint32_t size = tn_load32(row + 16, TN_LITTLE), raw = tn_load32(row + 20, TN_LITTLE);
        if (raw && !fits(raw, size, file->info.size))
            return false;
    }
    return true;
}

bool tn_coff_confirms(struct tn_file *file, struct tn_view head)
{
    if (is_anonymous(head))
        return true;
    uint16_t count = tn_load16(head.at + 2, TN_LITTLE);
    uint32_t symbols = tn_load32(head.at + 8, TN_LITTLE);
    uint64_t symbol_bytes = (uint64_t)tn_load32(head.at + 12, TN_LITTLE) * SYMBOL_SIZE;
    uint16_t optional = tn_load16(head.at + 16, TN_LITTLE);
    if (count > SECTIONS_MOST || optional || (!count && !symbols))
        return false;
    if (symbols && !fits(symbols, symbol_bytes + 4, file->info.size))
        return false;
    return sections_fit(file, TN_COFF_HEADER_SIZE, count);
}

/* ---- headers ------------------------------------------------------------------------------- */

static bool read_plain(struct tn_coff *coff, struct tn_view head, tenon_error *err)
{
    struct tn_cursor c = tn_cursor(head, TN_LITTLE);
    coff->shape = TN_COFF_OBJECT;
    coff->machine = tn_u16(&c, "Machine");
    coff->section_count = tn_u16(&c, "NumberOfSections");
    coff->timestamp = tn_u32(&c, "TimeDateStamp");
    coff->symbols = tn_u32(&c, "PointerToSymbolTable");
    coff->symbol_count = tn_u32(&c, "NumberOfSymbols");
    coff->sections = TN_COFF_HEADER_SIZE + (uint64_t)tn_u16(&c, "SizeOfOptionalHeader");
    coff->symbol_size = SYMBOL_SIZE;
    return tn_end(&c, err);
}

static bool read_big(struct tn_coff *coff, struct tn_view head, tenon_error *err)
{
    struct tn_cursor c = tn_cursor(head, TN_LITTLE);
    coff->shape = TN_COFF_BIG;
    tn_skip(&c, 44, "Sig1 to MetaDataOffset");
    coff->section_count = tn_u32(&c, "NumberOfSections");
    coff->symbols = tn_u32(&c, "PointerToSymbolTable");
    coff->symbol_count = tn_u32(&c, "NumberOfSymbols");
    coff->sections = TN_COFF_BIG_HEADER_SIZE;
    coff->symbol_size = BIG_SYMBOL_SIZE;
    return tn_end(&c, err);
}

static bool read_anonymous(struct tn_coff *coff, struct tn_view head, tenon_error *err)
{
    uint16_t version = tn_load16(head.at + 4, TN_LITTLE);
    coff->machine = tn_load16(head.at + 6, TN_LITTLE);
    coff->timestamp = tn_load32(head.at + 8, TN_LITTLE);
    if (version == 0) {
        coff->shape = TN_COFF_IMPORT;
        return true;
    }
    bool has_class = head.size >= 28;
    if (has_class && version >= 2 && memcmp(head.at + 12, big_class, sizeof big_class) == 0)
        return read_big(coff, head, err);
    if (has_class && memcmp(head.at + 12, ltcg_class, sizeof ltcg_class) == 0) {
        coff->shape = TN_COFF_LTCG;
        return true;
    }
    return tn_fail(err, TENON_E_UNSUPPORTED,
                   "COFF header: an anonymous object of version %u and unknown class", version);
}

bool tn_coff_start(struct tn_coff *coff, struct tn_file *file, tenon_error *err)
{
    struct tn_view head;
    *coff = (struct tn_coff){ .file = file };
    if (!tn_file_upto(file, 0, TN_COFF_BIG_HEADER_SIZE, "COFF header", &head, err))
        return false;
    if (head.size < TN_COFF_HEADER_SIZE)
        return tn_fail(err, TENON_E_TRUNCATED, "COFF header: %u bytes needed at 0x0, %zu left",
                       TN_COFF_HEADER_SIZE, head.size);
    return is_anonymous(head) ? read_anonymous(coff, head, err) : read_plain(coff, head, err);
}

/* ---- facts --------------------------------------------------------------------------------- */

static bool import_facts(struct tn_coff *coff, struct tn_facts *facts, tenon_error *err)
{
    struct tn_coff_import import;
    facts->kind = TENON_KIND_IMPORT_LIBRARY;
    if (!tn_coff_read_import(coff->file, &import, err))
        return false;
    facts->needs = tn_arena_rows(coff->file->arena, 1, sizeof *facts->needs);
    if (!facts->needs)
        return tn_no_memory(err);
    facts->need_count = 1;
    facts->needs[0] = (tenon_need){ .name = import.library, .counts_symbols = true, .symbols = 1 };
    return true;
}

static bool read_facts(struct tn_coff *coff, struct tn_facts *out, tenon_error *err)
{
    struct tn_facts facts = {
        .format = TENON_FORMAT_COFF,
        .class_bits = tn_pe_machine_bits(coff->machine),
        .endian = TENON_ENDIAN_LITTLE,
        .machine_code = coff->machine,
        .machine = tn_pe_machine_name(coff->machine),
        .os = "windows",
        .kind = TENON_KIND_OBJECT,
    };
    if (coff->shape == TN_COFF_IMPORT && !import_facts(coff, &facts, err))
        return false;
    *out = facts;
    return true;
}

static bool coff_read_facts(struct tn_file *file, struct tn_facts *out, tenon_error *err)
{
    struct tn_coff coff;
    return tn_coff_start(&coff, file, err) && read_facts(&coff, out, err);
}

/* ---- image --------------------------------------------------------------------------------- */

/* What the compiler tells the linker: libraries that are wanted, symbols that are exported. */
static bool add_directives(struct tn_coff *coff, tenon_image *image, tenon_error *err)
{
    struct tn_view at;
    bool relocated;
    if (!tn_coff_section(coff, ".drectve", &at, &relocated, err))
        return false;
    while (at.size && (at.at[at.size - 1] == ' ' || at.at[at.size - 1] == 0))
        at.size--;
    if (at.size >= 3 && memcmp(at.at, "\xef\xbb\xbf", 3) == 0)
        tn_view_sub(at, 3, at.size - 3, &at);
    while (at.size && *at.at == ' ')
        tn_view_sub(at, 1, at.size - 1, &at);
    if (!at.size || at.size > DRECTVE_ROOM)
        return true;
    return tn_image_add_made(image, "directives", tn_arena_copy(&image->arena, at.at, at.size),
                             err);
}

static bool add_others(struct tn_coff *coff, tenon_image *image, tenon_error *err)
{
    static const char *const shapes[] = { NULL, "bigobj", "short import", "ltcg" };
    if (!tn_image_add_fact(image, "shape", shapes[coff->shape], err))
        return false;
    if (coff->shape > TN_COFF_BIG)
        return true;
    return tn_image_add_made(image, "section_count",
                             tn_arena_format(&image->arena, "%u", coff->section_count), err) &&
           add_directives(coff, image, err);
}

static bool import_symbols(struct tn_coff *coff, tenon_image *image, tenon_error *err)
{
    struct tn_coff_import import;
    struct tn_arena *arena = &image->arena;
    if (!tn_coff_read_import(coff->file, &import, err))
        return false;
    image->exports = tn_arena_rows(arena, 2, sizeof *image->exports);
    image->imports = tn_arena_rows(arena, 1, sizeof *image->imports);
    const char *pointer = tn_arena_format(arena, "__imp_%s", import.symbol);
    if (!image->exports || !image->imports || !pointer)
        return tn_no_memory(err);
    const char *names[2] = { pointer, import.symbol };
    for (size_t i = 0; i < (import.type == 1 ? 1 : 2); i++)
        image->exports[image->export_count++] = (tenon_symbol){
            .name = names[i], .binding = TENON_BIND_GLOBAL, .type = TENON_TYPE_NONE, .defined = true
        };
    image->imports[image->import_count++] = (tenon_symbol){
        .name = import.name ? import.name : "",
        .library = import.library,
        .binding = TENON_BIND_GLOBAL,
        .type = TENON_TYPE_NONE,
        .has_ordinal = !import.name,
        .ordinal = import.ordinal,
    };
    return true;
}

static bool coff_read_image(struct tn_file *file, unsigned parts, tenon_image *image,
                            tenon_error *err)
{
    struct tn_coff coff;
    tenon_error local = TENON_ERROR_INIT;
    if (!tn_coff_start(&coff, file, err) || !read_facts(&coff, &image->facts, err) ||
        !add_others(&coff, image, err))
        return false;
    if (!(parts & TENON_PART_SYMBOLS) || coff.shape == TN_COFF_LTCG)
        return true;
    if (coff.shape == TN_COFF_IMPORT)
        return import_symbols(&coff, image, err);
    if (tn_coff_read_symbols(&coff, image, &local))
        return true;
    return tn_image_lose_symbols(image, "symbols", &local, err);
}

const struct tn_format tn_format_coff = {
    .format = TENON_FORMAT_COFF,
    .name = "COFF",
    .matches = tn_coff_matches,
    .confirms = tn_coff_confirms,
    .read_facts = coff_read_facts,
    .read_image = coff_read_image,
};
