/*
 * src/image/som.c - SOM, the format of HP-UX on PA-RISC with 32 bits: header, libraries, paths
 *
 * rule  HP "32-bit PA-RISC Run-time Architecture Document"; binutils include/som. All numbers are
 *       big-endian. The loader's own header is where the text begins: the exec auxiliary header
 *       says where, and else the subspace $SHLIB_INFO$
 */
#include <inttypes.h>

#include "fail.h"
#include "limits.h"
#include "name_sum.h"
#include "som_private.h"

#define HEADER_SIZE 128u
#define SUBSPACE_SIZE 40u
#define DL_HEADER_SIZE 112u
#define SHLIB_SIZE 8u
#define AUX_EXEC 4u
#define DL_OLD 89060912u
#define DL_NEW 93092112u

/* Subspaces looked through for the loader's header. */
#define LIMIT_SUBSPACES 4096u
#define LIMIT_AUX (1u << 16)

static bool is_magic(uint16_t magic)
{
    static const uint16_t magics[] = { 0x104, 0x106, 0x107, 0x108, 0x10b, 0x10d, 0x10e };
    for (size_t i = 0; i < TN_COUNT(magics); i++)
        if (magics[i] == magic)
            return true;
    return false;
}

/* The two version numbers are dates in decimal. */
static bool som_matches(struct tn_view head)
{
    if (head.size < 8)
        return false;
    uint16_t system = tn_load16(head.at, TN_BIG);
    uint32_t version = tn_load32(head.at + 4, TN_BIG);
    return (system == 0x20b || system == 0x210 || system == 0x214) &&
           is_magic(tn_load16(head.at + 2, TN_BIG)) && (version == 85082112 || version == 87102412);
}

static enum tenon_kind kind_of(uint16_t magic)
{
    switch (magic) {
    case 0x104: return TENON_KIND_ARCHIVE;
    case 0x106: return TENON_KIND_OBJECT;
    case 0x10d:
    case 0x10e: return TENON_KIND_SHARED_LIBRARY;
    }
    return TENON_KIND_EXECUTABLE;
}

static bool read_header(struct tn_som *som, tenon_error *err)
{
    struct tn_view bytes;
    struct tn_facts *f = som->facts;
    if (!tn_file_view(som->file, 0, HEADER_SIZE, "SOM header", &bytes, err))
        return false;
    const uint8_t *at = bytes.at;
    f->format = TENON_FORMAT_SOM;
    f->class_bits = 32;
    f->endian = TENON_ENDIAN_BIG;
    som->own->system_id = tn_load16(at, TN_BIG);
    som->own->a_magic = tn_load16(at + 2, TN_BIG);
    f->machine_code = som->own->system_id;
    f->machine = "hppa";
    f->os = "hpux";
    f->kind = kind_of(som->own->a_magic);
    som->aux_location = tn_load32(at + 28, TN_BIG);
    som->aux_size = tn_load32(at + 32, TN_BIG);
    som->subspaces = tn_load32(at + 52, TN_BIG);
    som->subspace_count = tn_load32(at + 56, TN_BIG);
    som->names = tn_load32(at + 68, TN_BIG);
    som->names_size = tn_load32(at + 72, TN_BIG);
    som->symbols = tn_load32(at + 92, TN_BIG);
    som->symbol_count = tn_load32(at + 96, TN_BIG);
    som->symbol_strings = tn_load32(at + 108, TN_BIG);
    som->symbol_strings_size = tn_load32(at + 112, TN_BIG);
    return true;
}

/* ---- the loader's header -------------------------------------------------------------------- */

/* True when there is one at `offset`. */
static bool is_dl_header(struct tn_som *som, uint64_t offset)
{
    struct tn_view at;
    if (!offset || !tn_file_view(som->file, offset, 4, "hdr_version", &at, NULL))
        return false;
    uint32_t version = tn_load32(at.at, TN_BIG);
    return version == DL_OLD || version == DL_NEW;
}

/* Where the text begins in the file, by the exec auxiliary header; 0: not said. */
static bool text_offset(struct tn_som *som, uint64_t *offset, tenon_error *err)
{
    struct tn_view all;
    uint64_t size = som->aux_size < LIMIT_AUX ? som->aux_size : LIMIT_AUX;
    *offset = 0;
    if (!tn_file_upto(som->file, som->aux_location, size, "auxiliary headers", &all, err))
        return false;
    for (uint64_t at = 0; all.size - at >= 8;) {
        uint32_t type = tn_load32(all.at + at, TN_BIG) & 0xffff;
        uint32_t length = tn_load32(all.at + at + 4, TN_BIG);
        if (length > all.size - at - 8)
            return true;
        if (type == AUX_EXEC && length >= 12) {
            *offset = tn_load32(all.at + at + 16, TN_BIG);
            return true;
        }
        at += 8 + (uint64_t)length;
    }
    return true;
}

/* The subspace $SHLIB_INFO$; 0: there is none. */
static bool subspace_offset(struct tn_som *som, uint64_t *offset, tenon_error *err)
{
    struct tn_view rows;
    uint64_t count = som->subspace_count < LIMIT_SUBSPACES ? som->subspace_count : LIMIT_SUBSPACES;
    *offset = 0;
    if (!tn_file_upto(som->file, som->subspaces, count * SUBSPACE_SIZE, "subspaces", &rows, err))
        return false;
    for (size_t i = 0; i < rows.size / SUBSPACE_SIZE; i++) {
        const uint8_t *row = rows.at + i * SUBSPACE_SIZE;
        uint64_t name = (uint64_t)som->names + tn_load32(row + 28, TN_BIG);
        struct tn_view text;
        if (!tn_file_upto(som->file, name, sizeof "$SHLIB_INFO$", "name of a subspace", &text, err))
            return false;
        if (text.size == sizeof "$SHLIB_INFO$" && !memcmp(text.at, "$SHLIB_INFO$", text.size)) {
            *offset = tn_load32(row + 8, TN_BIG);
            return true;
        }
    }
    return true;
}

static bool find_dl_header(struct tn_som *som, tenon_error *err)
{
    uint64_t offset;
    if (!text_offset(som, &offset, err))
        return false;
    if (!is_dl_header(som, offset) && !subspace_offset(som, &offset, err))
        return false;
    som->dl_header = is_dl_header(som, offset) ? offset : 0;
    return true;
}

static bool read_dl_header(struct tn_som *som, tenon_error *err)
{
    struct tn_view bytes;
    struct tn_som_facts *f = som->own;
    if (!tn_file_view(som->file, som->dl_header, DL_HEADER_SIZE, "header for the dynamic loader",
                      &bytes, err))
        return false;
    const uint8_t *at = bytes.at;
    f->has_dl_header = true;
    f->hdr_version = tn_load32(at, TN_BIG);
    som->shlibs = tn_load32(at + 8, TN_BIG);
    som->shlib_count = tn_load32(at + 12, TN_BIG);
    som->imports = tn_load32(at + 16, TN_BIG);
    som->import_count = tn_load32(at + 20, TN_BIG);
    som->exports = tn_load32(at + 32, TN_BIG);
    som->export_count = tn_load32(at + 36, TN_BIG);
    som->strings = tn_load32(at + 40, TN_BIG);
    som->strings_size = tn_load32(at + 44, TN_BIG);
    f->highwater_mark = tn_load16(at + 72, TN_BIG);
    f->flags = tn_load16(at + 74, TN_BIG);
    som->embedded_path = tn_load32(at + 96, TN_BIG);
    return true;
}

const char *tn_som_string(const struct tn_som *som, uint32_t offset, const char *what,
                          tenon_error *err)
{
    uint64_t start = som->dl_header + som->strings;
    return tn_file_string(som->file, start + offset, start + som->strings_size, what, err);
}

/* ---- libraries ------------------------------------------------------------------------------ */

/* How the library was named to the linker, when its symbols are bound, how new it must be. */
static const char *how(struct tn_arena *arena, const struct tn_som_need *need)
{
    static const char *const binds[] = { "immediate", "deferred", "reference" };
    const char *text = tn_arena_format(arena, "%s%s", need->flags & TN_SOM_DASH_L ? "-l, " : "",
                                       need->flags & TN_SOM_INTERNAL_NAME ? "internal name, " : "");
    if (text && need->bind < TN_COUNT(binds))
        text = tn_arena_format(arena, "%s%s", text, binds[need->bind]);
    else if (text)
        text = tn_arena_format(arena, "%sbind 0x%x", text, need->bind);
    if (text && need->highwater_mark)
        text = tn_arena_format(arena, "%s, high water mark %u", text, need->highwater_mark);
    return text;
}

/* A library that was linked with -l is searched for by the last part of its path. */
static const char *base_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/*
 * rule  entry 0 of a program is the program as the linker was told to name it; of a library it is
 *       its internal name when a flag says that it has one, else its first need
 */
static bool is_own_entry(const struct tn_som *som, size_t i)
{
    return i == 0 &&
           (som->facts->kind == TENON_KIND_EXECUTABLE || (som->own->flags & TN_SOM_OWN_NAME));
}

static bool read_libraries(struct tn_som *som, tenon_error *err)
{
    struct tn_view rows;
    struct tn_facts *f = som->facts;
    struct tn_arena *arena = som->file->arena;
    uint64_t names = 0;
    if (som->shlib_count > TN_LIMIT_NEEDS)
        return tn_fail(err, TENON_E_LIMIT, "shlib_list_count is %" PRIu32 ", more than %u",
                       som->shlib_count, TN_LIMIT_NEEDS);
    if (!tn_file_view(som->file, som->dl_header + som->shlibs,
                      (uint64_t)som->shlib_count * SHLIB_SIZE, "list of libraries", &rows, err))
        return false;
    f->needs = tn_arena_rows(arena, som->shlib_count, sizeof *f->needs);
    som->own->needs = tn_arena_rows(arena, som->shlib_count, sizeof *som->own->needs);
    if (!f->needs || !som->own->needs)
        return tn_no_memory(err);
    for (size_t i = 0; i < som->shlib_count; i++) {
        const uint8_t *row = rows.at + i * SHLIB_SIZE;
        const char *name =
            tn_som_string(som, tn_load32(row, TN_BIG), "name of a needed library", err);
        if (!name ||
            !tn_count_name(&names, name, TN_LIMIT_NEED_NAMES, "names of needed libraries", err))
            return false;
        if (is_own_entry(som, i)) {
            f->own_name = name;
            continue;
        }
        struct tn_som_need *need = &som->own->needs[f->need_count];
        *need = (struct tn_som_need){ row[4], row[5], tn_load16(row + 6, TN_BIG) };
        const char *text = how(arena, need);
        if (!text)
            return tn_no_memory(err);
        f->needs[f->need_count++] = (tenon_need){
            .name = name,
            .base = need->flags & TN_SOM_DASH_L ? base_of(name) : NULL,
            .compat_version = need->highwater_mark,
            .how = text,
        };
    }
    return true;
}

static bool read_embedded_path(struct tn_som *som, tenon_error *err)
{
    struct tn_facts *f = som->facts;
    if (!som->embedded_path)
        return true;
    const char *path = tn_som_string(som, som->embedded_path, "embedded path", err);
    if (!path)
        return false;
    f->run_paths = tn_arena_rows(som->file->arena, 1, sizeof *f->run_paths);
    if (!f->run_paths)
        return tn_no_memory(err);
    f->run_paths[f->run_path_count++] =
        (tenon_search_path){ .kind = "embedded-path", .path = path };
    return true;
}

/* ---- one file ------------------------------------------------------------------------------- */

static bool start(struct tn_som *som, struct tn_file *file, struct tn_facts *facts,
                  tenon_error *err)
{
    *facts = (struct tn_facts){ 0 };
    *som = (struct tn_som){ .file = file, .facts = facts };
    facts->more = som->own = tn_arena_take(file->arena, sizeof *som->own);
    if (!som->own)
        return tn_no_memory(err);
    if (!read_header(som, err))
        return false;
    if (facts->kind == TENON_KIND_OBJECT || facts->kind == TENON_KIND_ARCHIVE)
        return true;
    if (!find_dl_header(som, err))
        return false;
    facts->is_static = facts->kind == TENON_KIND_EXECUTABLE && !som->dl_header;
    if (!som->dl_header)
        return true;
    if (!read_dl_header(som, err) || !read_libraries(som, err))
        return false;
    return read_embedded_path(som, err);
}

static bool som_read_facts(struct tn_file *file, struct tn_facts *out, tenon_error *err)
{
    struct tn_som som;
    struct tn_facts facts;
    if (!start(&som, file, &facts, err))
        return false;
    *out = facts;
    return true;
}

static bool add_facts(tenon_image *image, tenon_error *err)
{
    const struct tn_som_facts *f = tn_som_facts(&image->facts);
    struct tn_arena *arena = &image->arena;
    static const char levels[] = "1.0\0001.1\0002.0";
    const char *level = levels + (f->system_id == 0x20b ? 0 : f->system_id == 0x210 ? 4 : 8);
    if (!tn_image_add_made(image, "cpu", tn_arena_format(arena, "PA-RISC %s", level), err) ||
        !tn_image_add_made(image, "a_magic", tn_arena_format(arena, "0x%x", f->a_magic), err))
        return false;
    if (!f->has_dl_header)
        return true;
    if (f->hdr_version == DL_OLD &&
        !tn_image_doubt(image, "the header of HP-UX before 10 is known from documents only", err))
        return false;
    return tn_image_add_made(image, "dl_version",
                             tn_arena_format(arena, "%" PRIu32, f->hdr_version), err) &&
           tn_image_add_made(image, "dl_flags", tn_arena_format(arena, "0x%x", f->flags), err) &&
           tn_image_add_fact(image, "shlib_path_enabled",
                             f->flags & TN_SOM_SHLIB_PATH ? "yes" : NULL, err) &&
           tn_image_add_fact(image, "embedded_path_enabled",
                             f->flags & TN_SOM_EMBEDDED_PATH ? "yes" : NULL, err) &&
           tn_image_add_fact(image, "shlib_path_first",
                             f->flags & TN_SOM_SHLIB_PATH_FIRST ? "yes" : NULL, err) &&
           (!f->highwater_mark ||
            tn_image_add_made(image, "high_water_mark",
                              tn_arena_format(arena, "%u", f->highwater_mark), err));
}

static bool som_read_image(struct tn_file *file, unsigned parts, tenon_image *image,
                           tenon_error *err)
{
    struct tn_som som;
    tenon_error local = TENON_ERROR_INIT;
    if (!start(&som, file, &image->facts, err) || !add_facts(image, err))
        return false;
    image->search_paths = image->facts.run_paths;
    image->search_path_count = image->facts.run_path_count;
    if (!(parts & TENON_PART_SYMBOLS) || tn_som_read_symbols(&som, image, &local))
        return true;
    return tn_image_lose_symbols(image, "symbols", &local, err);
}

static bool som_move_more(struct tn_facts *facts, struct tn_arena *arena)
{
    struct tn_som_facts *own = tn_arena_take(arena, sizeof *own);
    if (!own)
        return false;
    *own = *tn_som_facts(facts);
    own->needs = tn_arena_rows(arena, facts->need_count, sizeof *own->needs);
    if (!own->needs)
        return false;
    if (facts->need_count)
        memcpy(own->needs, tn_som_facts(facts)->needs, facts->need_count * sizeof *own->needs);
    facts->more = own;
    return true;
}

const struct tn_format tn_format_som = {
    .format = TENON_FORMAT_SOM,
    .name = "SOM",
    .matches = som_matches,
    .read_facts = som_read_facts,
    .move_more = som_move_more,
    .read_image = som_read_image,
};
