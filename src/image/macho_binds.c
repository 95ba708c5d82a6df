/*
 * src/image/macho_binds.c - Mach-O: what dyld binds, by chained fixups or by bind opcodes
 *
 * rule  mach-o/loader.h, BIND_OPCODE_; mach-o/fixup-chains.h. The chains themselves are not
 *       needed to list what they bind
 */
#include <inttypes.h>
#include <stdlib.h>

#include "fail.h"
#include "limits.h"
#include "macho_private.h"

#define IMPORT_WEAK 1u

uint64_t tn_macho_uleb(struct tn_cursor *c, const char *what)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        uint8_t byte = tn_u8(c, what);
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80))
            return value;
    }
    if (!c->lost) { /* longer than any number */
        c->lost = what;
        c->wanted = 1;
        c->where = c->in.start + c->pos;
    }
    return 0;
}

const char *tn_macho_provider(const struct tn_macho *macho, int64_t ordinal)
{
    const struct tn_facts *f = macho->facts;
    if (ordinal == -1)
        return TN_MACHO_MAIN;
    return ordinal > 0 && (uint64_t)ordinal <= f->need_count ? f->needs[ordinal - 1].name : NULL;
}

static bool add_import(struct tn_macho *macho, struct tn_macho_list *imports, const char *name,
                       int64_t ordinal, bool weak, bool lazy, tenon_error *err)
{
    const tenon_symbol symbol = {
        .name = name,
        .type = TENON_TYPE_NONE,
        .library = tn_macho_provider(macho, ordinal),
        .binding = weak ? TENON_BIND_WEAK : TENON_BIND_GLOBAL,
        .lazy = lazy,
    };
    return tn_macho_list_add(imports, &symbol, err);
}

/* ---- chained fixups ------------------------------------------------------------------------ */

/* Ordinals above 0xf0 (8 bits) or 0xfff0 (16 bits) are negative. */
static int64_t chained_ordinal(uint64_t value, unsigned bits)
{
    return value > (bits == 8 ? 0xf0u : 0xfff0u) ? (int64_t)value - (1 << bits) : (int64_t)value;
}

static bool add_chained(struct tn_macho *macho, struct tn_macho_list *imports, const uint8_t *row,
                        uint32_t format, struct tn_view names, tenon_error *err)
{
    uint64_t word = format == 3 ? tn_load64(row, macho->endian) : tn_load32(row, macho->endian);
    unsigned bits = format == 3 ? 16 : 8;
    uint64_t at = format == 3 ? word >> 32 : word >> 9;
    const char *name = tn_view_string(names, at);
    if (!name)
        return tn_fail(err, TENON_E_MALFORMED,
                       "chained fixups: the name at 0x%" PRIx64 " begins or ends outside",
                       names.start + at);
    return add_import(macho, imports, name, chained_ordinal(word & ((1u << bits) - 1), bits),
                      word >> bits & 1, false, err);
}

static bool read_chained(struct tn_macho *macho, struct tn_macho_list *imports, tenon_error *err)
{
    static const unsigned sizes[] = { [1] = 4, [2] = 8, [3] = 16 };
    struct tn_view all, rows, names;
    if (!tn_file_view(macho->file, macho->chained.offset, macho->chained.size, "chained fixups",
                      &all, err))
        return false;
    struct tn_cursor c = tn_cursor(all, macho->endian);
    tn_skip(&c, 8, "fixups_version and starts_offset");
    uint32_t imports_offset = tn_u32(&c, "imports_offset");
    uint32_t symbols_offset = tn_u32(&c, "symbols_offset");
    uint32_t count = tn_u32(&c, "imports_count");
    uint32_t format = tn_u32(&c, "imports_format");
    uint32_t packed = tn_u32(&c, "symbols_format");
    if (!tn_end(&c, err))
        return tn_context(err, "chained fixups");
    if (count && (packed || format < 1 || format > 3))
        return tn_fail(err, TENON_E_UNSUPPORTED,
                       "chained fixups: imports_format %" PRIu32 ", symbols_format %" PRIu32,
                       format, packed);
    tn_seek(&c, imports_offset, "imports_offset");
    rows = tn_rows(&c, count, count ? sizes[format] : 0, "imports");
    tn_seek(&c, symbols_offset, "symbols_offset");
    names = tn_sub(&c, c.in.size - c.pos, "names");
    if (!tn_end(&c, err))
        return tn_context(err, "chained fixups");
    if (count && format != 1 && macho->image && /* no file with these was at hand */
        !tn_image_doubt(macho->image, "chained imports of this format are known from headers only",
                        err))
        return false;
    for (size_t i = 0; i < count; i++)
        if (!add_chained(macho, imports, rows.at + i * sizes[format], format, names, err))
            return false;
    return true;
}

/* ---- opcodes ------------------------------------------------------------------------------- */

struct binder {
    struct tn_macho *macho;
    struct tn_macho_list *imports;
    struct tn_cursor c;
    const char *symbol;
    unsigned flags;
    int64_t ordinal;
    bool lazy, end;
};

/* A symbol is bound at many places: one entry until the next is named. */
static bool bind(struct binder *b, tenon_error *err)
{
    if (!b->symbol)
        return true;
    bool ok = add_import(b->macho, b->imports, b->symbol, b->ordinal, b->flags & IMPORT_WEAK,
                         b->lazy, err);
    b->symbol = NULL;
    return ok;
}

static void read_symbol(struct binder *b, unsigned flags)
{
    struct tn_cursor *c = &b->c;
    b->flags = flags;
    b->symbol = tn_view_string(c->in, c->pos);
    if (b->symbol)
        tn_skip(c, strlen(b->symbol) + 1, "symbol");
    else
        tn_skip(c, c->in.size - c->pos + 1, "end of a symbol");
}

static bool opcode(struct binder *b, tenon_error *err)
{
    struct tn_cursor *c = &b->c;
    uint8_t byte = tn_u8(c, "opcode"), op = byte & 0xf0, immediate = byte & 15;
    switch (op) {
    case 0x00: b->end = !b->lazy; return true;
    case 0x10: b->ordinal = immediate; return true;
    case 0x20: b->ordinal = (int64_t)(tn_macho_uleb(c, "ordinal") & INT64_MAX); return true;
    case 0x30: b->ordinal = immediate ? (int64_t)immediate - 16 : 0; return true;
    case 0x40: read_symbol(b, immediate); return true;
    case 0x50: return true;
    case 0x60:
    case 0x70:
    case 0x80: tn_macho_uleb(c, "operand"); return true;
    case 0x90:
    case 0xb0: return bind(b, err);
    case 0xa0: tn_macho_uleb(c, "operand"); return bind(b, err);
    case 0xc0:
        tn_macho_uleb(c, "count");
        tn_macho_uleb(c, "operand");
        return bind(b, err);
    case 0xd0:
        if (!immediate)
            tn_macho_uleb(c, "size of the table");
        return true;
    }
    return tn_fail(err, TENON_E_MALFORMED, "bind opcodes: 0x%02x at 0x%" PRIx64 " is none", byte,
                   c->in.start + c->pos - 1);
}

static bool read_opcodes(struct tn_macho *macho, struct tn_macho_list *imports,
                         const struct tn_macho_range *range, bool lazy, tenon_error *err)
{
    struct tn_view bytes;
    if (!range->size)
        return true;
    if (!tn_file_view(macho->file, range->offset, range->size, "bind opcodes", &bytes, err))
        return false;
    struct binder b = { .macho = macho, .imports = imports, .lazy = lazy };
    b.c = tn_cursor(bytes, macho->endian);
    while (!b.end && b.c.pos < b.c.in.size && !b.c.lost)
        if (!opcode(&b, err))
            return false;
    return tn_end(&b.c, err) || tn_context(err, "bind opcodes");
}

/* Of one name those that do not wait first. */
static int by_name(const void *a, const void *b)
{
    const tenon_symbol *x = a, *y = b;
    int order = strcmp(x->name, y->name);
    return order ? order : x->lazy - y->lazy;
}

/* Lazy and other binds of one symbol are one import, and that is lazy only if all of them are. */
static void drop_doubles(struct tn_macho_list *imports)
{
    size_t kept = 0;
    qsort(imports->rows, imports->count, sizeof *imports->rows, by_name);
    for (size_t i = 0; i < imports->count; i++)
        if (!kept || strcmp(imports->rows[kept - 1].name, imports->rows[i].name) != 0)
            imports->rows[kept++] = imports->rows[i];
    imports->count = kept;
}

bool tn_macho_is_lazy(const struct tn_macho_list *binds, const char *name)
{
    const tenon_symbol wanted = { .name = name, .lazy = true };
    return binds->count && bsearch(&wanted, binds->rows, binds->count, sizeof wanted, by_name);
}

/* Symbols of the weak table are looked up in every image: no library is asked for them. */
bool tn_macho_read_binds(struct tn_macho *macho, struct tn_macho_list *imports, tenon_error *err)
{
    if (macho->chained.size)
        return read_chained(macho, imports, err);
    if (!read_opcodes(macho, imports, &macho->binds, false, err) ||
        !read_opcodes(macho, imports, &macho->lazy_binds, true, err))
        return false;
    if (imports->count)
        drop_doubles(imports);
    return true;
}
