/*
 * src/image/aout_dynamic.c - a.out: what _DYNAMIC leads to
 *
 * rule  link_aout.h: _DYNAMIC begins the data and points to a table of 14 words. Up to version 3
 *       (SunOS) these are offsets from the start of the text; in version 8 (the BSDs) addresses
 */
#include <inttypes.h>

#include "aout_private.h"
#include "fail.h"
#include "limits.h"
#include "name_sum.h"

#define DYNAMIC_SIZE 16u
#define TABLE_SIZE 56u
#define VERSION_BSD 8u

static bool by_address(const struct tn_aout *a, uint32_t value, uint64_t *offset)
{
    if (value >= a->text_address && value - a->text_address < a->a_text) {
        *offset = a->text_offset + (value - a->text_address);
        return true;
    }
    if (value >= a->data_address && value - a->data_address < a->a_data) {
        *offset = a->data_offset + (value - a->data_address);
        return true;
    }
    return false;
}

bool tn_aout_place(const struct tn_aout *aout, uint32_t version, uint32_t value, uint64_t *offset)
{
    if (version >= VERSION_BSD && by_address(aout, value, offset))
        return true;
    *offset = value; /* text and header begin the file together */
    return value < aout->file->info.size;
}

/* The place of a table; 0 means that there is none. */
static bool table_at(const struct tn_aout *a, const struct tn_aout_dynamic *d, const uint8_t *word,
                     const char *what, uint64_t *offset, tenon_error *err)
{
    uint32_t value = tn_load32(word, a->endian);
    *offset = 0;
    if (!value || tn_aout_place(a, d->version, value, offset))
        return true;
    return tn_fail(err, TENON_E_MALFORMED, "%s: 0x%" PRIx32 " is nowhere in the file", what, value);
}

bool tn_aout_read_dynamic(struct tn_aout *aout, struct tn_aout_dynamic *out, tenon_error *err)
{
    struct tn_view bytes;
    uint64_t table;
    if (!tn_file_view(aout->file, aout->data_offset, DYNAMIC_SIZE, "_DYNAMIC", &bytes, err))
        return false;
    out->version = tn_load32(bytes.at, aout->endian);
    if (out->version < 2 || (out->version > 3 && out->version != VERSION_BSD))
        return tn_fail(err, TENON_E_MALFORMED,
                       "_DYNAMIC at 0x%" PRIx64 ": version is %" PRIu32 ", not 2, 3 or 8",
                       aout->data_offset, out->version);
    uint32_t pointer = tn_load32(bytes.at + 8, aout->endian);
    if (!by_address(aout, pointer, &table) && !tn_aout_place(aout, out->version, pointer, &table))
        return tn_fail(err, TENON_E_MALFORMED,
                       "_DYNAMIC at 0x%" PRIx64 ": its table at 0x%" PRIx32
                       " is nowhere in the file",
                       aout->data_offset, pointer);
    if (!tn_file_view(aout->file, table, TABLE_SIZE, "table of _DYNAMIC", &bytes, err))
        return false;
    out->strings_size = tn_load32(bytes.at + 44, aout->endian);
    return table_at(aout, out, bytes.at + 4, "list of needed libraries", &out->sods, err) &&
           (out->version < VERSION_BSD ||
            table_at(aout, out, bytes.at + 8, "search path", &out->paths, err)) &&
           table_at(aout, out, bytes.at + 28, "symbols", &out->symbols, err) &&
           table_at(aout, out, bytes.at + 40, "strings", &out->strings, err);
}

/* ---- symbols -------------------------------------------------------------------------------- */

enum { N_EXT = 1, N_TYPE = 0x1e, N_STAB = 0xe0, N_UNDF = 0 };
enum { N_WEAKU = 0x0d, N_WEAKB = 0x11 };

/* STT_ of ELF, which the common model uses */
static uint8_t type_of(uint8_t other)
{
    unsigned low = other & 15;
    return low == 1 || low == 2 ? (uint8_t)low : TENON_TYPE_NONE;
}

static bool add_symbol(const struct tn_aout *a, const uint8_t *row, struct tn_view strings,
                       uint64_t *names, tenon_image *image, tenon_error *err)
{
    uint8_t type = row[4];
    uint32_t offset = tn_load32(row, a->endian), value = tn_load32(row + 8, a->endian);
    bool gnu_weak = type >= N_WEAKU && type <= N_WEAKB;
    if ((type & N_STAB) || !(gnu_weak || (type & N_EXT)))
        return true;
    const char *name = tn_view_string(strings, offset);
    if (!name)
        return tn_fail(err, TENON_E_MALFORMED,
                       "symbol name at 0x%" PRIx64 " begins or ends outside of the string table",
                       strings.start + offset);
    if (!tn_count_name(names, name, TN_LIMIT_SYMBOL_NAMES, "symbol names", err))
        return false;
    bool undefined = gnu_weak ? type == N_WEAKU : (type & N_TYPE) == N_UNDF;
    bool common = undefined && value && !gnu_weak;
    const tenon_symbol symbol = {
        .name = name,
        .value = undefined ? 0 : value,
        .size = common ? value : 0,
        .binding = gnu_weak || row[5] >> 4 == 2 ? TENON_BIND_WEAK : TENON_BIND_GLOBAL,
        .type = common ? 5 : type_of(row[5]),
        .defined = !undefined || common,
    };
    if (symbol.defined)
        image->exports[image->export_count++] = symbol;
    else
        image->imports[image->import_count++] = symbol;
    return true;
}

/* Where the symbols that count are: those for the loader, or of an object the linker's. */
struct table {
    uint64_t symbols, strings, strings_size, count, stride;
};

static bool find_table(const struct tn_aout *a, const struct tn_aout_dynamic *d, struct table *out,
                       tenon_error *err)
{
    struct tn_view size;
    *out = (struct table){ .stride = 12 };
    if (a->own->is_dynamic) {
        out->stride = d->version >= VERSION_BSD ? 16 : 12;
        out->symbols = d->symbols;
        out->strings = d->strings;
        out->strings_size = d->strings_size;
        out->count = d->strings > d->symbols ? (d->strings - d->symbols) / out->stride : 0;
        return true;
    }
    if (a->facts->kind != TENON_KIND_OBJECT || !a->a_syms)
        return true;
    if (!tn_file_view(a->file, a->strings, 4, "size of the string table", &size, err))
        return false;
    out->symbols = a->symbols;
    out->strings = a->strings;
    out->strings_size = tn_load32(size.at, a->endian);
    out->count = a->a_syms / out->stride;
    return true;
}

bool tn_aout_read_symbols(struct tn_aout *aout, const struct tn_aout_dynamic *dynamic,
                          tenon_image *image, tenon_error *err)
{
    struct table t;
    struct tn_view rows, strings;
    uint64_t names = 0;
    if (!find_table(aout, dynamic, &t, err))
        return false;
    if (!t.count)
        return true;
    if (t.count > TN_LIMIT_SYMBOLS)
        return tn_fail(err, TENON_E_LIMIT, "%" PRIu64 " symbols, more than %u", t.count,
                       TN_LIMIT_SYMBOLS);
    if (!tn_file_view(aout->file, t.symbols, t.count * t.stride, "symbols", &rows, err) ||
        !tn_file_view(aout->file, t.strings, t.strings_size, "string table", &strings, err))
        return false;
    image->exports = tn_arena_rows(&image->arena, t.count, sizeof *image->exports);
    image->imports = tn_arena_rows(&image->arena, t.count, sizeof *image->imports);
    if (!image->exports || !image->imports)
        return tn_no_memory(err);
    for (uint64_t i = 0; i < t.count; i++)
        if (!add_symbol(aout, rows.at + i * t.stride, strings, &names, image, err))
            return false;
    return true;
}
