/*
 * src/image/xcoff.c - XCOFF: headers, identity and the facts that AIX's loader sees first
 *
 * rule  IBM "XCOFF Object File Format": composite file header, auxiliary header, section headers.
 *       The loader section is found by the auxiliary header, else by its type, compared whole: a
 *       stripped .debug section has all bits set
 */
#include <inttypes.h>

#include "fail.h"
#include "xcoff_private.h"

#define MAGIC_32 0x01dfu
#define MAGIC_64 0x01f7u
#define MAGIC_64_OLD 0x01efu /* AIX 4.3 */
#define STYP_LOADER 0x1000u

/* The two layouts. */
static const struct layout {
    unsigned header, section, size_at, offset_at, flags_at, word;
} layouts[] = {
    { .header = 20, .section = 40, .size_at = 16, .offset_at = 20, .flags_at = 36, .word = 4 },
    { .header = 24, .section = 72, .size_at = 24, .offset_at = 32, .flags_at = 64, .word = 8 },
};

static bool xcoff_matches(struct tn_view head)
{
    uint16_t magic = head.size >= 20 ? tn_load16(head.at, TN_BIG) : 0;
    return magic == MAGIC_32 || magic == MAGIC_64 || magic == MAGIC_64_OLD;
}

/* ---- headers ------------------------------------------------------------------------------- */

static bool read_header(struct tn_xcoff *x, tenon_error *err)
{
    struct tn_view head;
    if (!tn_file_view(x->file, 0, layouts[x->wide].header, "XCOFF header", &head, err))
        return false;
    struct tn_cursor c = tn_cursor(head, TN_BIG);
    x->magic = tn_u16(&c, "f_magic");
    x->section_count = tn_u16(&c, "f_nscns");
    x->timestamp = tn_u32(&c, "f_timdat");
    x->symbols = tn_word(&c, x->wide ? 8 : 4, "f_symptr");
    if (!x->wide)
        x->symbol_count = tn_u32(&c, "f_nsyms");
    x->optional_size = tn_u16(&c, "f_opthdr");
    x->flags = tn_u16(&c, "f_flags");
    if (x->wide)
        x->symbol_count = tn_u32(&c, "f_nsyms");
    return tn_end(&c, err);
}

/* o_snloader and o_modtype; old objects have a shorter header, or none. */
static bool read_auxiliary(struct tn_xcoff *x, uint16_t *loader, tenon_error *err)
{
    struct tn_view at;
    *loader = 0;
    if (!tn_file_upto(x->file, layouts[x->wide].header, x->optional_size, "auxiliary header", &at,
                      err))
        return false;
    if (at.size >= 42)
        *loader = tn_load16(at.at + 40, TN_BIG);
    if (at.size >= 50)
        memcpy(x->module_type, at.at + 48, 2);
    return true;
}

static uint64_t load_word(const uint8_t *at, unsigned word)
{
    return word == 8 ? tn_load64(at, TN_BIG) : tn_load32(at, TN_BIG);
}

static bool is_loader(const struct layout *layout, const uint8_t *row)
{
    return (tn_load32(row + layout->flags_at, TN_BIG) & 0xffff) == STYP_LOADER;
}

static bool find_loader(struct tn_xcoff *x, uint16_t number, tenon_error *err)
{
    const struct layout *layout = &layouts[x->wide];
    struct tn_view rows;
    const uint8_t *found = NULL;
    if (!tn_file_view(x->file, layout->header + (uint64_t)x->optional_size,
                      (uint64_t)x->section_count * layout->section, "section headers", &rows, err))
        return false;
    if (number && number <= x->section_count &&
        is_loader(layout, rows.at + (number - 1u) * layout->section))
        found = rows.at + (number - 1u) * layout->section;
    for (size_t i = 0; !found && i < x->section_count; i++)
        if (is_loader(layout, rows.at + i * layout->section))
            found = rows.at + i * layout->section;
    if (!found)
        return true;
    x->loader_at = load_word(found + layout->offset_at, layout->word);
    x->loader_size = load_word(found + layout->size_at, layout->word);
    if (x->loader_at > x->file->info.size || x->loader_size > x->file->info.size - x->loader_at)
        return tn_fail(err, TENON_E_TRUNCATED,
                       ".loader section: %" PRIu64 " bytes needed at 0x%" PRIx64 ", %" PRIu64
                       " left",
                       x->loader_size, x->loader_at,
                       x->loader_at < x->file->info.size ? x->file->info.size - x->loader_at : 0);
    return true;
}

static bool start(struct tn_xcoff *x, struct tn_file *file, tenon_error *err)
{
    struct tn_view magic;
    uint16_t loader;
    *x = (struct tn_xcoff){ .file = file };
    if (!tn_file_view(file, 0, 2, "XCOFF header", &magic, err))
        return false;
    x->wide = tn_load16(magic.at, TN_BIG) != MAGIC_32;
    return read_header(x, err) && read_auxiliary(x, &loader, err) && find_loader(x, loader, err);
}

/* ---- facts --------------------------------------------------------------------------------- */

static enum tenon_kind kind_of(const struct tn_xcoff *x)
{
    return x->flags & TN_XCOFF_SHROBJ ? TENON_KIND_SHARED_LIBRARY
           : x->flags & TN_XCOFF_EXEC ? TENON_KIND_EXECUTABLE
                                      : TENON_KIND_OBJECT;
}

static bool read_all_facts(struct tn_xcoff *x, struct tn_facts *out, tenon_error *err)
{
    struct tn_facts facts = {
        .format = TENON_FORMAT_XCOFF,
        .class_bits = x->wide ? 64 : 32,
        .endian = TENON_ENDIAN_BIG,
        .machine_code = x->magic,
        .machine = x->wide ? "ppc64" : "ppc",
        .os = "aix",
        .kind = kind_of(x),
        .xcoff.flags = x->flags,
        .xcoff.has_loader = x->loader_size != 0,
    };
    x->facts = &facts;
    if (x->loader_size && !tn_xcoff_read_import_ids(x, err))
        return false;
    facts.is_static = facts.kind == TENON_KIND_EXECUTABLE && !x->loader_size;
    *out = facts;
    x->facts = out;
    return true;
}

static bool xcoff_read_facts(struct tn_file *file, struct tn_facts *out, tenon_error *err)
{
    struct tn_xcoff x;
    return start(&x, file, err) && read_all_facts(&x, out, err);
}

/* ---- image --------------------------------------------------------------------------------- */

static const char *flag_words(struct tn_arena *arena, uint16_t flags)
{
    static const struct {
        uint16_t bit;
        const char *word;
    } words[] = {
        { 0x0001, "RELFLG" }, { 0x0002, "EXEC" },      { 0x0004, "LNNO" },
        { 0x0008, "LSYMS" },  { 0x0010, "FDPR_PROF" }, { 0x0020, "FDPR_OPTI" },
        { 0x0040, "DSA" },    { 0x0100, "VARPG" },     { 0x1000, "DYNLOAD" },
        { 0x2000, "SHROBJ" }, { 0x4000, "LOADONLY" },  { 0x8000, "NONEXEC" },
    };
    const char *text = "";
    for (size_t i = 0; text && i < TN_COUNT(words); i++)
        if (flags & words[i].bit)
            text = tn_arena_format(arena, "%s%s%s", text, *text ? " " : "", words[i].word);
    return text;
}

static bool add_others(struct tn_xcoff *x, tenon_error *err)
{
    tenon_image *image = x->image;
    const char *type = tn_arena_string(&image->arena, x->module_type);
    return tn_image_add_made(image, "f_flags", flag_words(&image->arena, x->flags), err) &&
           tn_image_add_made(image, "module_type", type, err);
}

static bool list_search_paths(struct tn_xcoff *x, tenon_error *err)
{
    tenon_image *image = x->image;
    const char *libpath = x->facts->rpath;
    if (!libpath || !*libpath)
        return true;
    image->search_paths = tn_arena_rows(&image->arena, 1, sizeof *image->search_paths);
    if (!image->search_paths)
        return tn_no_memory(err);
    image->search_paths[image->search_path_count++] =
        (tenon_search_path){ .kind = "libpath", .path = libpath };
    return true;
}

static bool xcoff_read_image(struct tn_file *file, unsigned parts, tenon_image *image,
                             tenon_error *err)
{
    struct tn_xcoff x;
    tenon_error local = TENON_ERROR_INIT;
    if (!start(&x, file, err))
        return false;
    x.image = image;
    if (!read_all_facts(&x, &image->facts, err) || !list_search_paths(&x, err) ||
        !add_others(&x, err))
        return false;
    if (!(parts & TENON_PART_SYMBOLS))
        return true;
    if (x.loader_size ? tn_xcoff_read_loader_symbols(&x, &local)
                      : tn_xcoff_read_symbols(&x, &local))
        return true;
    return tn_image_lose_symbols(image, "symbols", &local, err);
}

const struct tn_format tn_format_xcoff = {
    .format = TENON_FORMAT_XCOFF,
    .name = "XCOFF",
    .matches = xcoff_matches,
    .read_facts = xcoff_read_facts,
    .read_image = xcoff_read_image,
};
