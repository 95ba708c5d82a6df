/*
 * src/image/som_symbols.c - SOM: exports and imports
 *
 * rule  as som.c. Linked files have lists for the loader; an object has symbol records of a scope
 */
#include <inttypes.h>

#include "fail.h"
#include "limits.h"
#include "name_sum.h"
#include "som_private.h"

#define EXPORT_SIZE 20u
#define IMPORT_SIZE 8u
#define SYMBOL_SIZE 20u
#define ANONYMOUS 0xffffffffu

/* Types of a symbol; extension records belong to the symbol before. */
enum { DATA = 2, CODE = 3, PRIMARY = 4, SECONDARY = 5, ENTRY = 6, STORAGE = 7, MILLICODE = 12 };
enum { ARGUMENTS = 10, SYMBOL_EXTENSION = 11, TLS_STORAGE = 16 };
enum { UNSATISFIED = 0, UNIVERSAL = 3 };

/* STT_ of ELF, which the common model uses */
static uint8_t type_of(unsigned type)
{
    switch (type) {
    case DATA: return 1;
    case CODE:
    case PRIMARY:
    case SECONDARY:
    case ENTRY:
    case MILLICODE: return 2;
    case STORAGE: return 5;
    case TLS_STORAGE: return 6;
    }
    return TENON_TYPE_NONE;
}

/* All strings of a table, since most of them are asked for. */
static bool read_strings(const struct tn_som *som, uint64_t offset, uint64_t size,
                         struct tn_view *out, tenon_error *err)
{
    return tn_file_view(som->file, offset, size, "string table", out, err);
}

static const char *name_in(struct tn_view strings, uint32_t offset, uint64_t *used,
                           tenon_error *err)
{
    const char *name = tn_view_string(strings, offset);
    if (!name)
        tn_fail(err, TENON_E_MALFORMED,
                "symbol name at 0x%" PRIx64 " begins or ends outside of the string table",
                strings.start + offset);
    else if (!tn_count_name(used, name, TN_LIMIT_SYMBOL_NAMES, "symbol names", err))
        return NULL;
    return name;
}

static bool make_rows(tenon_image *image, uint32_t count, tenon_symbol **rows, tenon_error *err)
{
    if (count > TN_LIMIT_SYMBOLS)
        return tn_fail(err, TENON_E_LIMIT, "%" PRIu32 " symbols, more than %u", count,
                       TN_LIMIT_SYMBOLS);
    *rows = tn_arena_rows(&image->arena, count, sizeof **rows);
    return *rows || tn_no_memory(err);
}

/* ---- lists for the loader ------------------------------------------------------------------- */

static bool read_exports(const struct tn_som *som, struct tn_view strings, tenon_image *image,
                         tenon_error *err)
{
    struct tn_view rows;
    uint64_t names = 0;
    if (!tn_file_view(som->file, som->dl_header + som->exports,
                      (uint64_t)som->export_count * EXPORT_SIZE, "list of exports", &rows, err) ||
        !make_rows(image, som->export_count, &image->exports, err))
        return false;
    for (size_t i = 0; i < som->export_count; i++) {
        const uint8_t *row = rows.at + i * EXPORT_SIZE;
        const char *name = name_in(strings, tn_load32(row + 4, TN_BIG), &names, err);
        if (!name)
            return false;
        if (!*name)
            continue;
        image->exports[image->export_count++] = (tenon_symbol){
            .name = name,
            .value = tn_load32(row + 8, TN_BIG),
            .size = row[16] == STORAGE ? tn_load32(row + 12, TN_BIG) : 0,
            .binding = row[16] == SECONDARY ? TENON_BIND_WEAK : TENON_BIND_GLOBAL,
            .type = type_of(row[16]),
            .defined = true,
        };
    }
    return true;
}

/* A slot of the linkage tables without a name is the file's own business. */
static bool read_imports(const struct tn_som *som, struct tn_view strings, tenon_image *image,
                         tenon_error *err)
{
    struct tn_view rows;
    uint64_t names = 0;
    if (!tn_file_view(som->file, som->dl_header + som->imports,
                      (uint64_t)som->import_count * IMPORT_SIZE, "list of imports", &rows, err) ||
        !make_rows(image, som->import_count, &image->imports, err))
        return false;
    for (size_t i = 0; i < som->import_count; i++) {
        const uint8_t *row = rows.at + i * IMPORT_SIZE;
        uint32_t offset = tn_load32(row, TN_BIG);
        const char *name = offset == ANONYMOUS ? "" : name_in(strings, offset, &names, err);
        if (!name)
            return false;
        if (!*name)
            continue;
        image->imports[image->import_count++] =
            (tenon_symbol){ .name = name, .binding = TENON_BIND_GLOBAL, .type = type_of(row[6]) };
    }
    return true;
}

/* ---- objects -------------------------------------------------------------------------------- */

static bool read_object(const struct tn_som *som, tenon_image *image, tenon_error *err)
{
    struct tn_view rows, strings;
    uint32_t count = som->symbol_count;
    uint64_t names = 0;
    if (!tn_file_view(som->file, som->symbols, (uint64_t)count * SYMBOL_SIZE, "symbols", &rows,
                      err) ||
        !read_strings(som, som->symbol_strings, som->symbol_strings_size, &strings, err) ||
        !make_rows(image, count, &image->exports, err) ||
        !make_rows(image, count, &image->imports, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        const uint8_t *row = rows.at + i * SYMBOL_SIZE;
        uint32_t flags = tn_load32(row, TN_BIG);
        unsigned type = flags >> 24 & 0x3f, scope = flags >> 20 & 0xf;
        if (type == ARGUMENTS || type == SYMBOL_EXTENSION ||
            (scope != UNSATISFIED && scope != UNIVERSAL))
            continue;
        const char *name = name_in(strings, tn_load32(row + 4, TN_BIG), &names, err);
        if (!name)
            return false;
        const tenon_symbol symbol = {
            .name = name,
            .value = scope == UNIVERSAL ? tn_load32(row + 16, TN_BIG) : 0,
            .binding = flags >> 30 & 1 ? TENON_BIND_WEAK : TENON_BIND_GLOBAL,
            .type = type_of(type),
            .defined = scope == UNIVERSAL,
        };
        if (symbol.defined)
            image->exports[image->export_count++] = symbol;
        else
            image->imports[image->import_count++] = symbol;
    }
    return true;
}

bool tn_som_read_symbols(const struct tn_som *som, tenon_image *image, tenon_error *err)
{
    struct tn_view strings;
    if (som->facts->kind == TENON_KIND_OBJECT)
        return read_object(som, image, err);
    return !som->dl_header ||
           (read_strings(som, som->dl_header + som->strings, som->strings_size, &strings, err) &&
            read_exports(som, strings, image, err) && read_imports(som, strings, image, err));
}
