/*
 * src/image/pe_imports.c - PE: the libraries an image asks for and the symbols it wants of them
 *
 * rule  Microsoft "PE Format", The .idata Section and Delay-Load Import Tables. The lists end at
 *       the first descriptor without a name, without an address table, or without bytes: sizes in
 *       the data directory are looked at by nobody
 */
#include "fail.h"
#include "limits.h"
#include "name_sum.h"
#include "pe_private.h"

#define IMPORT_SIZE 20u
#define DELAY_SIZE 32u

/* One descriptor of either table. */
struct descriptor {
    const char *name;
    uint64_t thunks; /* address of what names the symbols */
    uint64_t base;   /* subtracted from addresses: tables of Visual C++ 6 are not relative */
    enum tenon_flavour flavour;
};

/* Walks one of the two tables. */
struct walk {
    struct tn_pe *pe;
    enum tenon_flavour flavour;
    uint64_t next; /* address of the next descriptor */
};

static struct walk walk_start(struct tn_pe *pe, enum tenon_flavour flavour)
{
    unsigned number = flavour == TENON_NEED_DELAY ? TN_PE_DIR_DELAY : TN_PE_DIR_IMPORT;
    return (struct walk){ .pe = pe, .flavour = flavour, .next = pe->dirs[number].rva };
}

static bool has_bytes(struct tn_pe *pe, uint64_t rva)
{
    struct tn_pe_place place;
    return rva && tn_pe_map(pe, rva, &place);
}

/* False without an error at the end of the table. */
static bool next_import(struct walk *w, struct descriptor *out, tenon_error *err)
{
    struct tn_view row;
    if (!tn_pe_bytes(w->pe, w->next, IMPORT_SIZE, "import descriptor", &row, err) || !row.size)
        return false;
    uint32_t named = tn_load32(row.at, TN_LITTLE);
    uint32_t name = tn_load32(row.at + 12, TN_LITTLE);
    uint32_t bound = tn_load32(row.at + 16, TN_LITTLE);
    if (!name || !bound)
        return false;
    *out = (struct descriptor){ .flavour = w->flavour };
    out->thunks = has_bytes(w->pe, named) ? named : bound;
    out->name = tn_pe_string(w->pe, name, "name of an imported library", err);
    w->next += IMPORT_SIZE;
    return out->name;
}

static bool next_delay(struct walk *w, struct descriptor *out, tenon_error *err)
{
    struct tn_view row;
    if (!tn_pe_bytes(w->pe, w->next, DELAY_SIZE, "delay import descriptor", &row, err) || !row.size)
        return false;
    uint32_t attributes = tn_load32(row.at, TN_LITTLE);
    uint32_t name = tn_load32(row.at + 4, TN_LITTLE);
    uint32_t thunks = tn_load32(row.at + 16, TN_LITTLE);
    if (!name)
        return false;
    *out = (struct descriptor){ .flavour = w->flavour };
    out->base = attributes & 1 ? 0 : w->pe->image_base;
    out->thunks = thunks ? thunks - out->base : 0;
    out->name = tn_pe_string(w->pe, name - out->base, "name of a delay-loaded library", err);
    w->next += DELAY_SIZE;
    return out->name;
}

/* A table at address 0 is none. */
static bool next_descriptor(struct walk *w, struct descriptor *out, tenon_error *err)
{
    if (!w->next)
        return false;
    return w->flavour == TENON_NEED_DELAY ? next_delay(w, out, err) : next_import(w, out, err);
}

/* ---- thunks -------------------------------------------------------------------------------- */

/* The i-th word that names a symbol; 0 at the end of the list. */
static bool read_thunk(struct tn_pe *pe, const struct descriptor *d, uint64_t i, uint64_t *out,
                       tenon_error *err)
{
    struct tn_view row;
    *out = 0;
    if (!d->thunks)
        return true;
    if (!tn_pe_bytes(pe, d->thunks + i * pe->word, pe->word, "import lookup table", &row, err))
        return false;
    if (row.size)
        *out = pe->word == 8 ? tn_load64(row.at, TN_LITTLE) : tn_load32(row.at, TN_LITTLE);
    return true;
}

static bool count_thunks(struct tn_pe *pe, const struct descriptor *d, size_t *total,
                         uint32_t *count, tenon_error *err)
{
    uint64_t thunk;
    for (*count = 0; read_thunk(pe, d, *count, &thunk, err); ++*count) {
        if (!thunk)
            return true;
        if (++*total > TN_LIMIT_SYMBOLS)
            return tn_fail(err, TENON_E_LIMIT, "imports: more than %u symbols", TN_LIMIT_SYMBOLS);
    }
    return false;
}

/* ---- needs --------------------------------------------------------------------------------- */

struct needs {
    size_t room, symbols;
};

static bool add_need(struct tn_pe *pe, struct needs *needs, const struct descriptor *d,
                     tenon_error *err)
{
    struct tn_facts *f = pe->facts;
    uint32_t count;
    if (f->need_count == TN_LIMIT_NEEDS)
        return tn_fail(err, TENON_E_LIMIT, "imports: more than %u libraries", TN_LIMIT_NEEDS);
    if (!count_thunks(pe, d, &needs->symbols, &count, err))
        return false;
    if (!tn_arena_grow(pe->file->arena, &f->needs, &needs->room, f->need_count, sizeof *f->needs))
        return tn_no_memory(err);
    f->needs[f->need_count++] = (tenon_need){
        .name = d->name,
        .flavour = d->flavour,
        .counts_symbols = true,
        .symbols = count,
    };
    return true;
}

static bool read_needs(struct tn_pe *pe, struct needs *needs, enum tenon_flavour flavour,
                       tenon_error *err)
{
    tenon_error local = TENON_ERROR_INIT;
    struct walk w = walk_start(pe, flavour);
    struct descriptor d;
    while (next_descriptor(&w, &d, &local))
        if (!add_need(pe, needs, &d, err))
            return false;
    if (local.code != TENON_OK && err)
        *err = local;
    return local.code == TENON_OK;
}

bool tn_pe_read_needs(struct tn_pe *pe, tenon_error *err)
{
    struct needs needs = { 0 };
    return read_needs(pe, &needs, TENON_NEED_NORMAL, err) &&
           read_needs(pe, &needs, TENON_NEED_DELAY, err);
}

/* ---- symbols ------------------------------------------------------------------------------- */

struct imports {
    size_t room;
    uint64_t providers; /* bytes of the names of libraries, one for each import */
};

static bool add_import(struct tn_pe *pe, struct imports *imports, const struct descriptor *d,
                       uint64_t thunk, tenon_error *err)
{
    tenon_image *image = pe->image;
    tenon_symbol symbol = {
        .library = d->name, .binding = TENON_BIND_GLOBAL, .type = TENON_TYPE_NONE, .name = ""
    };
    if (thunk >> (pe->word * 8 - 1)) {
        symbol.has_ordinal = true;
        symbol.ordinal = thunk & 0xffff;
    } else {
        uint64_t hint = (thunk & 0x7fffffff) - d->base;
        symbol.name = tn_pe_string(pe, hint + 2, "name of an imported symbol", err);
    }
    if (!symbol.name || !tn_count_provider(&imports->providers, d->name, err))
        return false;
    if (!tn_arena_grow(&image->arena, &image->imports, &imports->room, image->import_count,
                       sizeof *image->imports))
        return tn_no_memory(err);
    image->imports[image->import_count++] = symbol;
    return true;
}

static bool read_imports(struct tn_pe *pe, struct imports *imports, enum tenon_flavour flavour,
                         tenon_error *err)
{
    struct walk w = walk_start(pe, flavour);
    struct descriptor d;
    while (next_descriptor(&w, &d, NULL)) {
        uint64_t thunk;
        for (uint64_t i = 0;; i++) {
            if (!read_thunk(pe, &d, i, &thunk, err))
                return false;
            if (!thunk)
                break;
            if (!add_import(pe, imports, &d, thunk, err))
                return false;
        }
    }
    return true;
}

/* The same walk as for the needs, which has shown that the tables are sound and how long. */
bool tn_pe_read_imports(struct tn_pe *pe, tenon_error *err)
{
    struct imports imports = { 0 };
    return read_imports(pe, &imports, TENON_NEED_NORMAL, err) &&
           read_imports(pe, &imports, TENON_NEED_DELAY, err);
}
