/*
 * src/image/pe_facts.c - PE: what the loader looks at besides imports, and facts for people
 *
 * rule  Microsoft "PE Format", Load Configuration Structure and Debug Directory; ECMA-335 II.25.3.3
 *       (CLI header); wine tools/winebuild (the mark behind the DOS header)
 */
#include "fail.h"
#include "line.h"
#include "name_sum.h"
#include "pe_private.h"

#define WINE_BUILTIN "Wine builtin DLL"
#define WINE_PLACEHOLDER "Wine placeholder DLL"

/* ---- load configuration, CLI header -------------------------------------------------------- */

/* What the structure says that it has; of shorter ones the rest is 0. */
static bool read_load_config(struct tn_pe *pe, tenon_error *err)
{
    struct tn_view at;
    uint32_t rva = pe->dirs[TN_PE_DIR_LOAD_CONFIG].rva;
    if (!rva)
        return true;
    if (!tn_pe_bytes(pe, rva, 4, "load configuration", &at, err))
        return false;
    uint32_t size = at.size ? tn_load32(at.at, TN_LITTLE) : 0;
    uint32_t flags = pe->word == 8 ? 0x4e : 0x36, chpe = pe->word == 8 ? 0xc8 : 0x7c;
    uint32_t wanted = size >= chpe + pe->word ? chpe + pe->word : size >= flags + 2 ? flags + 2 : 0;
    if (!wanted)
        return true;
    if (!tn_pe_bytes(pe, rva, wanted, "load configuration", &at, err))
        return false;
    if (!at.size)
        return true;
    pe->facts->pe.dependent_load_flags = tn_load16(at.at + flags, TN_LITTLE);
    if (wanted > chpe)
        pe->facts->pe.hybrid =
            pe->word == 8 ? tn_load64(at.at + chpe, TN_LITTLE) : tn_load32(at.at + chpe, TN_LITTLE);
    return true;
}

static bool read_clr(struct tn_pe *pe, tenon_error *err)
{
    struct tn_view at;
    struct tn_pe_facts *f = &pe->facts->pe;
    uint32_t rva = pe->dirs[TN_PE_DIR_CLR].rva;
    f->clr = rva;
    if (!rva)
        return true;
    if (!tn_pe_bytes(pe, rva, 20, "CLI header", &at, err))
        return false;
    uint32_t flags = at.size ? tn_load32(at.at + 16, TN_LITTLE) : 0;
    f->il_only = flags & 1;
    f->needs_32_bits = flags & 2;
    return true;
}

static bool is_marked(struct tn_view at, const char *mark)
{
    size_t size = strlen(mark) + 1;
    return at.size >= size && memcmp(at.at, mark, size) == 0;
}

static bool read_wine_mark(struct tn_pe *pe, tenon_error *err)
{
    struct tn_view at;
    if (!tn_file_upto(pe->file, 0x40, 32, "DOS stub", &at, err))
        return false;
    pe->facts->pe.wine_builtin = is_marked(at, WINE_BUILTIN);
    pe->facts->pe.wine_placeholder = is_marked(at, WINE_PLACEHOLDER);
    return true;
}

/* What cannot be read among the resources is no manifest to the loader either. */
static bool find_own_manifest(struct tn_pe *pe, tenon_error *err)
{
    tenon_error local = TENON_ERROR_INIT;
    return tn_pe_has_resource(pe, TN_PE_RT_MANIFEST, TN_PE_OWN_MANIFEST,
                              &pe->facts->pe.own_manifest, &local) ||
           local.code != TENON_E_MEMORY || tn_no_memory(err);
}

bool tn_pe_read_loader_facts(struct tn_pe *pe, tenon_error *err)
{
    return read_load_config(pe, err) && read_clr(pe, err) && read_wine_mark(pe, err) &&
           find_own_manifest(pe, err);
}

/* ---- debug directory ----------------------------------------------------------------------- */

#define DEBUG_SIZE 28u
#define DEBUG_ENTRIES 64u
#define CODEVIEW_TYPE 2u
#define CODEVIEW_ROOM 65536u

/* The path behind a record's fixed part: none when it is empty or has no end. */
static const char *codeview_path(struct tn_view record, size_t fixed)
{
    const char *path = tn_view_string(record, fixed);
    return path && *path ? path : NULL;
}

static bool read_codeview(struct tn_pe *pe, struct tn_view record, tenon_error *err)
{
    struct tn_facts *f = pe->facts;
    struct tn_view guid;
    if (record.size >= 24 && memcmp(record.at, "RSDS", 4) == 0) {
        tn_view_sub(record, 4, 16, &guid);
        f->pe.pdb_age = tn_load32(record.at + 20, TN_LITTLE);
        f->pdb = codeview_path(record, 24);
        f->build_id = tn_image_hex(pe->file->arena, guid);
        return f->build_id || tn_no_memory(err);
    }
    if (record.size >= 16 && memcmp(record.at, "NB10", 4) == 0) {
        f->pe.pdb_age = tn_load32(record.at + 12, TN_LITTLE);
        f->pdb = codeview_path(record, 16);
    }
    return true;
}

/* The first CodeView record: an identity of the build, and the file of its symbols. */
bool tn_pe_read_debug(struct tn_pe *pe, tenon_error *err)
{
    struct tn_view rows, record;
    const struct tn_pe_directory *dir = &pe->dirs[TN_PE_DIR_DEBUG];
    uint32_t count = dir->size / DEBUG_SIZE;
    if (!dir->rva || !count)
        return true;
    if (!tn_pe_rows(pe, dir->rva, count < DEBUG_ENTRIES ? count : DEBUG_ENTRIES, DEBUG_SIZE,
                    "debug directory", &rows, err))
        return false;
    for (size_t i = 0; i < rows.size / DEBUG_SIZE; i++) {
        const uint8_t *row = rows.at + i * DEBUG_SIZE;
        uint32_t size = tn_load32(row + 16, TN_LITTLE), offset = tn_load32(row + 24, TN_LITTLE);
        if (tn_load32(row + 12, TN_LITTLE) != CODEVIEW_TYPE || !offset)
            continue;
        return tn_file_upto(pe->file, offset, size < CODEVIEW_ROOM ? size : CODEVIEW_ROOM,
                            "CodeView record", &record, err) &&
               read_codeview(pe, record, err);
    }
    return true;
}

/* ---- facts for people ---------------------------------------------------------------------- */

static bool add_version(struct tn_pe *pe, const char *name, const uint16_t version[2],
                        tenon_error *err)
{
    if (!version[0] && !version[1])
        return true;
    return tn_image_add_made(
        pe->image, name, tn_arena_format(&pe->image->arena, "%u.%u", version[0], version[1]), err);
}

static bool add_subsystem(struct tn_pe *pe, tenon_error *err)
{
    const char *name = tn_pe_subsystem_name(pe->subsystem);
    if (!name)
        name = tn_arena_format(&pe->image->arena, "%u", pe->subsystem);
    return tn_image_add_made(pe->image, "subsystem", name, err);
}

static bool add_words(struct tn_pe *pe, tenon_error *err)
{
    tenon_image *image = pe->image;
    return tn_image_add_made(image, "characteristics",
                             tn_pe_characteristics_words(&image->arena, pe->characteristics),
                             err) &&
           tn_image_add_made(image, "dll_characteristics",
                             tn_pe_dll_words(&image->arena, pe->dll_characteristics), err);
}

static bool add_clr(struct tn_pe *pe, tenon_error *err)
{
    const struct tn_pe_facts *f = &pe->facts->pe;
    const char *word = !f->clr            ? NULL
                       : f->needs_32_bits ? "32 bits required"
                       : f->il_only       ? "il only"
                                          : "mixed";
    return tn_image_add_fact(pe->image, "clr", word, err);
}

static bool add_loader_facts(struct tn_pe *pe, tenon_error *err)
{
    tenon_image *image = pe->image;
    const struct tn_pe_facts *f = &pe->facts->pe;
    const char *wine = f->wine_builtin ? "builtin" : f->wine_placeholder ? "placeholder" : NULL;
    return add_clr(pe, err) && tn_image_add_fact(image, "hybrid", f->hybrid ? "yes" : NULL, err) &&
           tn_image_add_fact(image, "wine", wine, err) &&
           (!f->dependent_load_flags ||
            tn_image_add_made(image, "dependent_load_flags",
                              tn_arena_format(&image->arena, "0x%x", f->dependent_load_flags),
                              err)) &&
           (!f->pdb_age ||
            tn_image_add_made(image, "pdb_age", tn_arena_format(&image->arena, "%u", f->pdb_age),
                              err));
}

/* rule  VS_FIXEDFILEINFO of the version resource */
static bool add_file_version(struct tn_pe *pe, tenon_error *err)
{
    static const uint8_t signature[4] = { 0xbd, 0x04, 0xef, 0xfe };
    struct tn_view at;
    if (!tn_pe_resource(pe, TN_PE_RT_VERSION, 0, &at, err))
        return false;
    const uint8_t *info = at.size ? memmem(at.at, at.size, signature, sizeof signature) : NULL;
    if (!info || (size_t)(info - at.at) + 16 > at.size)
        return true;
    return tn_image_add_made(
        pe->image, "file_version",
        tn_arena_format(&pe->image->arena, "%u.%u.%u.%u", tn_load16(info + 10, TN_LITTLE),
                        tn_load16(info + 8, TN_LITTLE), tn_load16(info + 14, TN_LITTLE),
                        tn_load16(info + 12, TN_LITTLE)),
        err);
}

#define BOUND_SIZE 8u
#define BOUND_MODULES 1024u

/*
 * Libraries whose addresses were written into the image when it was bound: a hint, that no loader
 * relies on.
 * rule  Microsoft "PE Format", bound import: names are relative to the directory; forwarder
 *       references follow their module
 */
static bool add_bound(struct tn_pe *pe, tenon_error *err)
{
    struct tn_line names = { 0 };
    struct tn_view row;
    uint64_t used = 0;
    uint64_t start = pe->dirs[TN_PE_DIR_BOUND].rva, at = start;
    for (unsigned i = 0; start && i < BOUND_MODULES; i++, at += BOUND_SIZE) {
        tenon_error local = TENON_ERROR_INIT;
        if (!tn_pe_bytes(pe, at, BOUND_SIZE, "bound import", &row, err))
            return false;
        uint16_t offset = row.size ? tn_load16(row.at + 4, TN_LITTLE) : 0;
        const char *name =
            offset ? tn_pe_string(pe, start + offset, "name of a bound library", &local) : NULL;
        if (local.code == TENON_E_MEMORY)
            return tn_no_memory(err);
        if (!name)
            break;
        if (!tn_count_name(&used, name, TN_LIMIT_NEED_NAMES, "names of bound libraries", err))
            return false;
        if (!tn_line_add(&pe->image->arena, &names, name))
            return tn_no_memory(err);
    }
    return tn_image_add_fact(pe->image, "bound_imports", names.at, err);
}

bool tn_pe_read_others(struct tn_pe *pe, tenon_error *err)
{
    const uint16_t linker[2] = { pe->linker[0], pe->linker[1] };
    return add_subsystem(pe, err) && add_words(pe, err) && add_loader_facts(pe, err) &&
           add_version(pe, "linker_version", linker, err) &&
           add_version(pe, "image_version", pe->image_version, err) &&
           add_version(pe, "subsystem_version", pe->subsystem_version, err) &&
           add_file_version(pe, err) && add_bound(pe, err);
}
