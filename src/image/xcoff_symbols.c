/*
 * src/image/xcoff_symbols.c - XCOFF: external symbols of objects
 *
 * rule  IBM "XCOFF Object File Format", Symbol Table: the last auxiliary entry of an external
 *       symbol is that of its csect, and x_smtyp there says whether it is defined
 */
#include <inttypes.h>

#include "fail.h"
#include "limits.h"
#include "name_sum.h"
#include "xcoff_private.h"

#define SYMBOL_SIZE 18u
#define NAME_SIZE 8u
#define CLASS_EXTERNAL 2u
#define CLASS_WEAK 111u

/* x_smtyp & 7 */
enum { TYPE_REFERENCE = 0, TYPE_COMMON = 3 };

enum { STT_NOTYPE = 0, STT_OBJECT = 1, STT_FUNC = 2, STT_COMMON = 5 };

struct table {
    struct tn_view rows, strings; /* strings begin with their own size */
    size_t exports_room, imports_room;
    uint64_t names;
};

static bool read_table(struct tn_xcoff *x, struct table *out, tenon_error *err)
{
    struct tn_view size;
    uint64_t bytes = (uint64_t)x->symbol_count * SYMBOL_SIZE;
    *out = (struct table){ .strings = tn_view("", 0) };
    if (x->symbol_count > TN_LIMIT_OBJECT_SYMBOLS)
        return tn_fail(err, TENON_E_LIMIT, "more than %u", TN_LIMIT_OBJECT_SYMBOLS);
    if (!tn_file_view(x->file, x->symbols, bytes, "symbol table", &out->rows, err) ||
        !tn_file_upto(x->file, x->symbols + bytes, 4, "string table", &size, err))
        return false;
    uint32_t length = size.size == 4 ? tn_load32(size.at, TN_BIG) : 0;
    return length < 4 ||
           tn_file_view(x->file, x->symbols + bytes, length, "string table", &out->strings, err);
}

static const char *symbol_name(struct tn_xcoff *x, const struct table *table, const uint8_t *row,
                               tenon_error *err)
{
    uint32_t offset = tn_load32(row + (x->wide ? 8 : 4), TN_BIG);
    const char *name;
    if (!x->wide && tn_load32(row, TN_BIG)) {
        name = tn_arena_copy(x->file->arena, row, strnlen((const char *)row, NAME_SIZE));
        if (!name)
            tn_no_memory(err);
        return name;
    }
    name = tn_view_string(table->strings, offset);
    if (!name)
        tn_fail(err, TENON_E_MALFORMED,
                "symbol name at 0x%" PRIx32 " of the string table, which has 0x%zx bytes", offset,
                table->strings.size);
    return name;
}

/* rule  x_smclas: 0 PR code, 10 DS descriptor of a function */
static uint8_t type_of(uint8_t smtyp, uint8_t smclas)
{
    if (smtyp == TYPE_REFERENCE)
        return STT_NOTYPE;
    if (smtyp == TYPE_COMMON)
        return STT_COMMON;
    return smclas == 0 || smclas == 10 ? STT_FUNC : STT_OBJECT;
}

static bool add_symbol(struct tn_xcoff *x, struct table *table, const uint8_t *row,
                       const uint8_t *csect, tenon_error *err)
{
    tenon_image *image = x->image;
    uint8_t smtyp = csect[10] & 7, storage = row[16];
    const char *name = symbol_name(x, table, row, err);
    if (!name || !tn_count_name(&table->names, name, TN_LIMIT_SYMBOL_NAMES, "symbol names", err))
        return false;
    bool defined = smtyp != TYPE_REFERENCE;
    tenon_symbol symbol = {
        .name = name,
        .value = x->wide ? tn_load64(row, TN_BIG) : tn_load32(row + 8, TN_BIG),
        .binding = storage == CLASS_WEAK ? TENON_BIND_WEAK : TENON_BIND_GLOBAL,
        .type = type_of(smtyp, csect[11]),
        .defined = defined,
    };
    tenon_symbol **rows = defined ? &image->exports : &image->imports;
    size_t *count = defined ? &image->export_count : &image->import_count;
    if (!tn_arena_grow(&image->arena, rows, defined ? &table->exports_room : &table->imports_room,
                       *count, sizeof symbol))
        return tn_no_memory(err);
    (*rows)[(*count)++] = symbol;
    return true;
}

bool tn_xcoff_read_symbols(struct tn_xcoff *x, tenon_error *err)
{
    struct table table;
    if (!x->symbols)
        return true;
    if (!read_table(x, &table, err))
        return false;
    for (uint64_t i = 0; i < x->symbol_count; i++) {
        const uint8_t *row = table.rows.at + i * SYMBOL_SIZE;
        uint8_t storage = row[16], aux = row[17];
        uint64_t last = i + aux;
        if ((storage == CLASS_EXTERNAL || storage == CLASS_WEAK) && aux && last < x->symbol_count &&
            !add_symbol(x, &table, row, table.rows.at + last * SYMBOL_SIZE, err))
            return false;
        i = last;
    }
    return true;
}
