/*
 * src/image/xcoff_loader.c - XCOFF: what the .loader section asks for and offers
 *
 * rule  IBM "XCOFF Object File Format", Loader Section. The layout goes by the file's magic, never
 *       by l_version: AIX's linker writes 1 in files of 64 bits, GNU ld and Go's linker 2
 */
#include <inttypes.h>

#include "fail.h"
#include "limits.h"
#include "name_sum.h"
#include "xcoff_private.h"

#define SYMBOL_SIZE 24u
#define NAME_SIZE 8u
#define HEADER_SIZE(wide) ((wide) ? 56u : 32u)

/* l_smtype */
#define TYPE_IMPORT 0x40u
#define TYPE_EXPORT 0x10u
#define TYPE_WEAK 0x08u

struct header {
    uint32_t symbol_count, relocation_count, ids_size, id_count, strings_size;
    uint64_t ids, strings, symbols;
};

static bool read_header(struct tn_xcoff *x, struct header *h, tenon_error *err)
{
    struct tn_view at;
    if (x->loader_size < HEADER_SIZE(x->wide))
        return tn_fail(err, TENON_E_TRUNCATED,
                       ".loader section: %u bytes needed at 0x%" PRIx64 ", %" PRIu64 " left",
                       HEADER_SIZE(x->wide), x->loader_at, x->loader_size);
    if (!tn_file_view(x->file, x->loader_at, HEADER_SIZE(x->wide), "loader header", &at, err))
        return false;
    struct tn_cursor c = tn_cursor(at, TN_BIG);
    *h = (struct header){ .symbols = HEADER_SIZE(false) };
    tn_skip(&c, 4, "l_version");
    h->symbol_count = tn_u32(&c, "l_nsyms");
    h->relocation_count = tn_u32(&c, "l_nreloc");
    h->ids_size = tn_u32(&c, "l_istlen");
    h->id_count = tn_u32(&c, "l_nimpid");
    if (x->wide) {
        h->strings_size = tn_u32(&c, "l_stlen");
        h->ids = tn_u64(&c, "l_impoff");
        h->strings = tn_u64(&c, "l_stoff");
        h->symbols = tn_u64(&c, "l_symoff");
    } else {
        h->ids = tn_u32(&c, "l_impoff");
        h->strings_size = tn_u32(&c, "l_stlen");
        h->strings = tn_u32(&c, "l_stoff");
    }
    return tn_end(&c, err);
}

/* Bytes of the section: nothing in it may reach beyond it. */
static bool view(struct tn_xcoff *x, uint64_t offset, uint64_t size, const char *what,
                 struct tn_view *out, tenon_error *err)
{
    if (offset > x->loader_size || size > x->loader_size - offset)
        return tn_fail(err, TENON_E_MALFORMED,
                       "%s: %" PRIu64 " bytes at 0x%" PRIx64
                       " of the .loader section, which has 0x%" PRIx64,
                       what, size, offset, x->loader_size);
    return tn_file_view(x->file, x->loader_at + offset, size, what, out, err);
}

/* ---- import ids ---------------------------------------------------------------------------- */

struct id {
    const char *path, *base, *member;
};

/* Three strings; false without an error when the table has no more of them. */
static bool next_id(struct tn_view ids, uint64_t *at, struct id *out)
{
    const char **parts[] = { &out->path, &out->base, &out->member };
    for (size_t i = 0; i < TN_COUNT(parts); i++) {
        *parts[i] = tn_view_string(ids, *at);
        if (!*parts[i])
            return false;
        *at += strlen(*parts[i]) + 1;
    }
    return true;
}

/* "libc.a(shr.o)", or the base alone. */
static const char *name_of(struct tn_arena *arena, const struct id *id)
{
    return *id->member ? tn_arena_format(arena, "%s(%s)", id->base, id->member) : id->base;
}

/* rule  a base of "." or ".." asks whatever is loaded for a symbol; "" is a deferred import */
static bool is_placeholder(const struct id *id)
{
    return !*id->base || strcmp(id->base, ".") == 0 || strcmp(id->base, "..") == 0;
}

static bool add_need(struct tn_xcoff *x, const struct id *id, tenon_error *err)
{
    struct tn_facts *f = x->facts;
    const char *name = name_of(x->file->arena, id);
    if (!name)
        return tn_no_memory(err);
    if (is_placeholder(id)) {
        f->xcoff.runtime_linking |= strcmp(id->base, "..") == 0;
        return true;
    }
    f->needs[f->need_count++] = (tenon_need){
        .name = name,
        .path = id->path,
        .base = id->base,
        .member = id->member,
    };
    return true;
}

static bool read_ids(struct tn_xcoff *x, const struct header *h, struct tn_view ids,
                     tenon_error *err)
{
    struct tn_facts *f = x->facts;
    struct id id;
    uint64_t at = 0;
    size_t count = h->id_count < ids.size / 3 + 1 ? h->id_count : ids.size / 3 + 1;
    f->needs = tn_arena_rows(x->file->arena, count, sizeof *f->needs);
    x->ids = tn_arena_rows(x->file->arena, count, sizeof *x->ids);
    if (count && (!f->needs || !x->ids))
        return tn_no_memory(err);
    for (size_t i = 0; i < count && next_id(ids, &at, &id); i++) {
        x->ids[x->id_count++] = name_of(x->file->arena, &id);
        if (i == 0)
            f->rpath = id.path;
        else if (!add_need(x, &id, err))
            return false;
    }
    if (x->id_count < h->id_count)
        tn_xcoff_warn(x, "import ids: %" PRIu32 " expected, %zu are there", h->id_count,
                      x->id_count);
    return true;
}

bool tn_xcoff_read_import_ids(struct tn_xcoff *x, tenon_error *err)
{
    struct header h;
    struct tn_view ids;
    if (!read_header(x, &h, err))
        return false;
    if (h.id_count > TN_LIMIT_NEEDS)
        return tn_fail(err, TENON_E_LIMIT, "loader header: more than %u import ids",
                       TN_LIMIT_NEEDS);
    return !h.id_count ||
           (view(x, h.ids, h.ids_size, "import ids", &ids, err) && read_ids(x, &h, ids, err));
}

/* ---- symbols ------------------------------------------------------------------------------- */

enum { STT_OBJECT = 1, STT_FUNC = 2, STT_TLS = 6 };

static uint8_t type_of(uint8_t smclas)
{
    switch (smclas) {
    case 0:                   /* PR: code */
    case 6:                   /* GL: glue */
    case 7:                   /* XO: code at a fixed address */
    case 10: return STT_FUNC; /* DS: descriptor of a function */
    case 20:                  /* TL */
    case 21: return STT_TLS;  /* UL */
    default: return STT_OBJECT;
    }
}

/* Eight bytes in place, or the offset of a string whose length stands before it. */
static const char *symbol_name(struct tn_xcoff *x, const uint8_t *row, struct tn_view strings,
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
    name = tn_view_string(strings, offset);
    if (!name)
        tn_fail(err, TENON_E_MALFORMED,
                "loader symbol: name at 0x%" PRIx32 " of the string table, which has 0x%zx bytes",
                offset, strings.size);
    return name;
}

static tenon_symbol load_symbol(const struct tn_xcoff *x, const uint8_t *row, const char *name)
{
    uint8_t smtype = row[14];
    return (tenon_symbol){
        .name = name,
        .value = x->wide ? tn_load64(row, TN_BIG) : tn_load32(row + 8, TN_BIG),
        .binding = smtype & TYPE_WEAK ? TENON_BIND_WEAK : TENON_BIND_GLOBAL,
        .type = type_of(row[15]),
    };
}

/* The module an import is bound to: two levels of names. NULL: deferred, or nobody in particular.
 */
static const char *provider(const struct tn_xcoff *x, const uint8_t *row)
{
    uint32_t id = tn_load32(row + 16, TN_BIG);
    return id && id < x->id_count ? x->ids[id] : NULL;
}

struct lists {
    size_t exports_room, imports_room;
    uint64_t names, providers;
};

static bool add_symbol(struct tn_xcoff *x, struct lists *lists, const uint8_t *row,
                       struct tn_view strings, tenon_error *err)
{
    tenon_image *image = x->image;
    uint8_t smtype = row[14];
    const char *name = symbol_name(x, row, strings, err);
    if (!name || !tn_count_name(&lists->names, name, TN_LIMIT_SYMBOL_NAMES, "symbol names", err))
        return false;
    const char *library = smtype & TYPE_IMPORT ? provider(x, row) : NULL;
    if (!tn_count_provider(&lists->providers, library, err))
        return false;
    tenon_symbol symbol = load_symbol(x, row, name);
    if (smtype & TYPE_EXPORT) {
        if (!tn_arena_grow(&image->arena, &image->exports, &lists->exports_room,
                           image->export_count, sizeof symbol))
            return tn_no_memory(err);
        symbol.defined = true;
        symbol.forward = library;
        image->exports[image->export_count++] = symbol;
    }
    if (smtype & TYPE_IMPORT) {
        if (!tn_arena_grow(&image->arena, &image->imports, &lists->imports_room,
                           image->import_count, sizeof symbol))
            return tn_no_memory(err);
        symbol.defined = false;
        symbol.forward = NULL;
        symbol.library = library;
        image->imports[image->import_count++] = symbol;
    }
    return true;
}

bool tn_xcoff_read_loader_symbols(struct tn_xcoff *x, tenon_error *err)
{
    struct header h;
    struct tn_view rows, strings = tn_view("", 0);
    struct lists lists = { 0 };
    if (!read_header(x, &h, err))
        return false;
    if (h.symbol_count > TN_LIMIT_SYMBOLS)
        return tn_fail(err, TENON_E_LIMIT, "more than %u", TN_LIMIT_SYMBOLS);
    if (!view(x, h.symbols, (uint64_t)h.symbol_count * SYMBOL_SIZE, "loader symbols", &rows, err))
        return false;
    if (h.strings && !view(x, h.strings, h.strings_size, "loader strings", &strings, err))
        return false;
    for (size_t i = 0; i < h.symbol_count; i++)
        if (!add_symbol(x, &lists, rows.at + i * SYMBOL_SIZE, strings, err))
            return false;
    return true;
}
