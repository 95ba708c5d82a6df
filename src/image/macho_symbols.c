/*
 * src/image/macho_symbols.c - Mach-O: exports and imports
 *
 * rule  mach-o/nlist.h. Exports are those of the trie where there is one, which is what dyld
 *       sees; imports are the undefined symbols, or what dyld binds where these were stripped or
 *       cannot tell the library (LC_SYMTAB has 8 bits for it)
 */
#include <inttypes.h>

#include "fail.h"
#include "limits.h"
#include "macho_private.h"
#include "name_sum.h"

enum { N_STAB = 0xe0, N_PEXT = 0x10, N_TYPE = 0x0e, N_EXT = 1 };
enum { N_UNDF = 0, N_ABS = 2, N_INDR = 0xa, N_PBUD = 0xc, N_SECT = 0xe };
enum { N_WEAK_REF = 0x40, N_WEAK_DEF = 0x80 };

/* Ordinals of the symbol table that stand for no library in particular. */
enum { ORDINAL_DYNAMIC = 254, ORDINAL_MAIN = 255 };

/* STT_COMMON of ELF, which the common model uses */
enum { TYPE_COMMON = 5 };

bool tn_macho_list_add(struct tn_macho_list *list, const tenon_symbol *symbol, tenon_error *err)
{
    if (list->count == TN_LIMIT_SYMBOLS)
        return tn_fail(err, TENON_E_LIMIT, "more than %u symbols", TN_LIMIT_SYMBOLS);
    if (!tn_count_name(&list->names, symbol->name, TN_LIMIT_SYMBOL_NAMES, "symbol names", err) ||
        (symbol->forward && !tn_count_name(&list->names, symbol->forward, TN_LIMIT_SYMBOL_NAMES,
                                           "symbol names", err)) ||
        !tn_count_provider(&list->providers, symbol->library, err))
        return false;
    if (!tn_arena_grow(list->arena, &list->rows, &list->room, list->count, sizeof *list->rows))
        return tn_no_memory(err);
    list->rows[list->count++] = *symbol;
    return true;
}

struct table {
    struct tn_macho *macho;
    struct tn_macho_list exports, imports;
    struct tn_view strings;
};

struct nlist {
    uint32_t n_strx;
    uint8_t n_type;
    uint16_t n_desc;
    uint64_t n_value;
};

static struct nlist load_nlist(const struct tn_macho *macho, const uint8_t *row)
{
    return (struct nlist){
        .n_strx = tn_load32(row, macho->endian),
        .n_type = row[4],
        .n_desc = tn_load16(row + 6, macho->endian),
        .n_value = macho->word == 8 ? tn_load64(row + 8, macho->endian)
                                    : tn_load32(row + 8, macho->endian),
    };
}

static const char *name_of(const struct table *table, uint32_t offset, tenon_error *err)
{
    const char *name = tn_view_string(table->strings, offset);
    if (!name)
        tn_fail(err, TENON_E_MALFORMED,
                "symbol name at 0x%" PRIx64 " begins or ends outside of the string table",
                table->strings.start + offset);
    return name;
}

static bool add_undefined(struct table *table, const struct nlist *n, const char *name,
                          tenon_error *err)
{
    const struct tn_macho *macho = table->macho;
    int ordinal = n->n_desc >> 8;
    bool two_level = macho->own->flags & TN_MH_TWOLEVEL;
    if (ordinal >= ORDINAL_DYNAMIC)
        ordinal = ordinal == ORDINAL_MAIN ? -1 : -2;
    const tenon_symbol symbol = {
        .name = name,
        .type = TENON_TYPE_NONE,
        .binding = n->n_desc & N_WEAK_REF ? TENON_BIND_WEAK : TENON_BIND_GLOBAL,
        .library = two_level ? tn_macho_provider(macho, ordinal) : NULL,
    };
    return tn_macho_list_add(&table->imports, &symbol, err);
}

/* An undefined symbol of an object that has a value is common: room of that size. */
static bool add_symbol(struct table *table, const struct nlist *n, tenon_error *err)
{
    unsigned type = n->n_type & N_TYPE;
    bool object = table->macho->facts->kind == TENON_KIND_OBJECT;
    if ((n->n_type & N_STAB) || !(n->n_type & N_EXT) || (n->n_type & N_PEXT))
        return true;
    const char *name = name_of(table, n->n_strx, err);
    if (!name)
        return false;
    bool common = type == N_UNDF && object && n->n_value;
    if ((type == N_UNDF || type == N_PBUD) && !common)
        return add_undefined(table, n, name, err);
    tenon_symbol symbol = {
        .name = name,
        .defined = true,
        .binding = n->n_desc & N_WEAK_DEF ? TENON_BIND_WEAK : TENON_BIND_GLOBAL,
        .type = common ? TYPE_COMMON : TENON_TYPE_NONE,
        .value = common ? 0 : n->n_value,
        .size = common ? n->n_value : 0,
    };
    if (type == N_INDR && n->n_value <= UINT32_MAX &&
        !(symbol.forward = name_of(table, (uint32_t)n->n_value, err)))
        return false;
    return tn_macho_list_add(&table->exports, &symbol, err);
}

static bool read_range(struct table *table, uint32_t first, uint32_t count, tenon_error *err)
{
    struct tn_macho *macho = table->macho;
    struct tn_view rows;
    uint64_t stride = macho->word == 8 ? 16 : 12;
    if (first > macho->symbols.size || count > macho->symbols.size - first)
        return tn_fail(err, TENON_E_MALFORMED,
                       "LC_DYSYMTAB: symbols %" PRIu32 " to %" PRIu64 " of %" PRIu32, first,
                       (uint64_t)first + count, macho->symbols.size);
    if (!tn_file_view(macho->file, macho->symbols.offset + first * stride, count * stride,
                      "symbol table", &rows, err))
        return false;
    for (uint32_t i = 0; i < count; i++) {
        const struct nlist n = load_nlist(macho, rows.at + i * stride);
        if (!add_symbol(table, &n, err))
            return false;
    }
    return true;
}

/* LC_DYSYMTAB says where the external symbols are; objects may do without. */
static bool read_table(struct table *table, tenon_error *err)
{
    struct tn_macho *macho = table->macho;
    if (!macho->symbols.size)
        return true;
    if (!tn_file_view(macho->file, macho->strings.offset, macho->strings.size, "string table",
                      &table->strings, err))
        return false;
    if (!macho->has_dysymtab || !(macho->defined_count || macho->undefined_count))
        return read_range(table, 0, macho->symbols.size, err);
    return read_range(table, macho->first_defined, macho->defined_count, err) &&
           read_range(table, macho->first_undefined, macho->undefined_count, err);
}

/* Names and places of a library that was taken out of a shared cache lie in the cache. */
static bool is_in_cache(const struct tn_macho *macho)
{
    return macho->own->flags & TN_MH_DYLIB_IN_CACHE;
}

/* More libraries than an ordinal of the symbol table can say. */
static bool has_many_needs(const struct tn_macho *macho)
{
    return macho->facts->need_count >= ORDINAL_DYNAMIC;
}

/* The symbol table does not tell which imports wait for their first call: the binds do. */
static bool mark_lazy(struct tn_macho *macho, struct tn_macho_list *imports,
                      struct tn_macho_list *binds, tenon_error *err)
{
    if (!macho->lazy_binds.size)
        return true;
    if (!binds->count && !tn_macho_read_binds(macho, binds, err))
        return false;
    for (size_t i = 0; i < imports->count; i++)
        imports->rows[i].lazy = tn_macho_is_lazy(binds, imports->rows[i].name);
    return true;
}

bool tn_macho_read_symbols(struct tn_macho *macho, tenon_error *err)
{
    tenon_image *image = macho->image;
    struct table table = { .macho = macho,
                           .exports.arena = &image->arena,
                           .imports.arena = &image->arena };
    struct tn_macho_list trie = { .arena = &image->arena }, binds = { .arena = &image->arena };
    if (is_in_cache(macho))
        return tn_fail(err, TENON_E_UNSUPPORTED,
                       "they lie in the shared cache that the file was taken from");
    if (!read_table(&table, err))
        return false;
    if (macho->exports.size) {
        if (!tn_macho_read_trie(macho, &trie, err))
            return false;
        table.exports = trie;
    }
    if (!table.imports.count || has_many_needs(macho)) {
        if (!tn_macho_read_binds(macho, &binds, err))
            return false;
        if (binds.count)
            table.imports = binds;
    }
    image->exports = table.exports.rows;
    image->export_count = table.exports.count;
    image->imports = table.imports.rows;
    image->import_count = table.imports.count;
    return mark_lazy(macho, &table.imports, &binds, err);
}
