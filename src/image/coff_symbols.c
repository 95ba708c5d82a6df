/*
 * src/image/coff_symbols.c - COFF: sections by name and external symbols
 *
 * rule  Microsoft "PE Format", Section Table and COFF Symbol Table. Names of more than 8 bytes are
 *       in the string table, which follows the symbols and begins with its own size
 */
#include <inttypes.h>
#include <stdlib.h>

#include "coff_private.h"
#include "fail.h"
#include "limits.h"
#include "name_sum.h"

#define NAME_SIZE 8u
#define CLASS_EXTERNAL 2u
#define CLASS_WEAK 105u
#define TYPE_FUNCTION 0x20u

enum { STT_NOTYPE = 0, STT_FUNC = 2, STT_COMMON = 5 };

/* The string table with its size word, so that offsets count from its start. */
static bool read_strings(struct tn_coff *coff, struct tn_view *out, tenon_error *err)
{
    struct tn_view size;
    uint64_t at = coff->symbols + (uint64_t)coff->symbol_count * coff->symbol_size;
    *out = tn_view("", 0);
    if (!coff->symbols)
        return true;
    if (!tn_file_upto(coff->file, at, 4, "string table", &size, err))
        return false;
    uint32_t bytes = size.size == 4 ? tn_load32(size.at, TN_LITTLE) : 0;
    return bytes < 4 || tn_file_view(coff->file, at, bytes, "string table", out, err);
}

/* ---- sections ------------------------------------------------------------------------------ */

static bool is_named(const uint8_t *field, struct tn_view strings, const char *name)
{
    size_t size = strlen(name);
    char digits[NAME_SIZE + 1] = { 0 };
    if (field[0] != '/')
        return size <= NAME_SIZE && memcmp(field, name, size) == 0 &&
               (size == NAME_SIZE || !field[size]);
    memcpy(digits, field + 1, NAME_SIZE - 1);
    const char *text = tn_view_string(strings, strtoul(digits, NULL, 10));
    return text && strcmp(text, name) == 0;
}

bool tn_coff_section(struct tn_coff *coff, const char *name, struct tn_view *out, bool *relocated,
                     tenon_error *err)
{
    struct tn_view rows, strings = tn_view("", 0);
    *out = tn_view("", 0);
    *relocated = false;
    if (!tn_file_view(coff->file, coff->sections,
                      (uint64_t)coff->section_count * TN_COFF_SECTION_SIZE, "section table", &rows,
                      err))
        return false;
    if (strlen(name) > NAME_SIZE && !read_strings(coff, &strings, err))
        return false;
    for (size_t i = 0; i < coff->section_count; i++) {
        const uint8_t *row = rows.at + i * TN_COFF_SECTION_SIZE;
        uint32_t size = tn_load32(row + 16, TN_LITTLE), raw = tn_load32(row + 20, TN_LITTLE);
        if (!is_named(row, strings, name))
            continue;
        *relocated = tn_load16(row + 32, TN_LITTLE) != 0;
        return !raw || tn_file_upto(coff->file, raw, size, name, out, err);
    }
    return true;
}

/* ---- symbols ------------------------------------------------------------------------------- */

/* A symbol's fields, whichever of the two layouts it has. */
struct row {
    const uint8_t *name;
    uint32_t value;
    int32_t section;
    uint16_t type;
    uint8_t storage, aux;
};

static struct row load_row(const struct tn_coff *coff, const uint8_t *at)
{
    struct row row = { .name = at, .value = tn_load32(at + 8, TN_LITTLE) };
    const uint8_t *rest = at + 14;
    if (coff->shape == TN_COFF_BIG) {
        row.section = (int32_t)tn_load32(at + 12, TN_LITTLE);
        rest = at + 16;
    } else {
        row.section = (int16_t)tn_load16(at + 12, TN_LITTLE);
    }
    row.type = tn_load16(rest, TN_LITTLE);
    row.storage = rest[2];
    row.aux = rest[3];
    return row;
}

static const char *name_of(const struct tn_coff *coff, const struct row *row,
                           struct tn_view strings, tenon_error *err)
{
    uint32_t offset = tn_load32(row->name + 4, TN_LITTLE);
    if (tn_load32(row->name, TN_LITTLE)) {
        const char *name = tn_arena_copy(coff->file->arena, row->name,
                                         strnlen((const char *)row->name, NAME_SIZE));
        if (!name)
            tn_no_memory(err);
        return name;
    }
    const char *name = offset >= 4 ? tn_view_string(strings, offset) : NULL;
    if (!name)
        tn_fail(err, TENON_E_MALFORMED,
                "symbol name at offset 0x%" PRIx32 " of the string table, which has 0x%zx bytes",
                offset, strings.size);
    return name;
}

struct lists {
    tenon_image *image;
    size_t exports_room, imports_room;
    uint64_t names;
};

static bool add_symbol(struct lists *lists, const struct tn_coff *coff, const struct row *row,
                       struct tn_view strings, tenon_error *err)
{
    tenon_image *image = lists->image;
    bool weak = row->storage == CLASS_WEAK, common = !weak && !row->section && row->value;
    bool defined = !weak && (row->section || common);
    bool function = (row->type & 0xf0) == TYPE_FUNCTION;
    tenon_symbol symbol = {
        .name = name_of(coff, row, strings, err),
        .value = common ? 0 : row->value,
        .size = common ? row->value : 0,
        .binding = weak ? TENON_BIND_WEAK : TENON_BIND_GLOBAL,
        .type = common     ? STT_COMMON
                : function ? STT_FUNC
                           : STT_NOTYPE,
        .defined = defined,
    };
    if (!symbol.name ||
        !tn_count_name(&lists->names, symbol.name, TN_LIMIT_SYMBOL_NAMES, "symbol names", err))
        return false;
    tenon_symbol **rows = defined ? &image->exports : &image->imports;
    size_t *count = defined ? &image->export_count : &image->import_count;
    if (!tn_arena_grow(&image->arena, rows, defined ? &lists->exports_room : &lists->imports_room,
                       *count, sizeof **rows))
        return tn_no_memory(err);
    (*rows)[(*count)++] = symbol;
    return true;
}

/* rule  section -2 is debugging information, -1 an absolute value */
static bool is_external(const struct row *row)
{
    return (row->storage == CLASS_EXTERNAL || row->storage == CLASS_WEAK) && row->section != -2;
}

bool tn_coff_read_symbols(struct tn_coff *coff, tenon_image *image, tenon_error *err)
{
    struct tn_view rows, strings;
    struct lists lists = { .image = image };
    if (!coff->symbols)
        return true;
    if (coff->symbol_count > TN_LIMIT_OBJECT_SYMBOLS)
        return tn_fail(err, TENON_E_LIMIT, "more than %u", TN_LIMIT_OBJECT_SYMBOLS);
    if (!tn_file_view(coff->file, coff->symbols, (uint64_t)coff->symbol_count * coff->symbol_size,
                      "symbol table", &rows, err) ||
        !read_strings(coff, &strings, err))
        return false;
    for (uint64_t i = 0; i < coff->symbol_count; i++) {
        struct row row = load_row(coff, rows.at + i * coff->symbol_size);
        if (is_external(&row) && !add_symbol(&lists, coff, &row, strings, err))
            return false;
        i += row.aux;
    }
    return true;
}
