/*
 * src/image/pe_exports.c - PE: the name an image gives itself, and the symbols it offers
 *
 * rule  Microsoft "PE Format", The .edata Section. Counts may be anything (Windows loads a DLL
 *       that says 0xffffffff twice): a table ends where its section's bytes end
 */
#include "fail.h"
#include "limits.h"
#include "pe_private.h"

#define DIRECTORY_SIZE 40u
#define ORDINALS 65536u /* a name's index has 16 bits */

struct exports {
    uint32_t name, base, function_count, name_count, functions, names, ordinals;
    struct tn_view rows; /* of function addresses */
    bool *named;         /* ORDINALS of them: a name stands for this index */
    size_t room;
};

/* *found is false where there is no export directory. */
static bool read_directory(struct tn_pe *pe, struct exports *out, bool *found, tenon_error *err)
{
    struct tn_view row;
    uint32_t rva = pe->dirs[TN_PE_DIR_EXPORT].rva;
    *found = false;
    if (!rva)
        return true;
    if (!tn_pe_bytes(pe, rva, DIRECTORY_SIZE, "export directory", &row, err))
        return false;
    struct tn_cursor c = tn_cursor(row, TN_LITTLE);
    *found = row.size;
    *out = (struct exports){ 0 };
    tn_skip(&c, 12, "Characteristics");
    out->name = tn_u32(&c, "Name");
    out->base = tn_u32(&c, "OrdinalBase");
    out->function_count = tn_u32(&c, "NumberOfFunctions");
    out->name_count = tn_u32(&c, "NumberOfNames");
    out->functions = tn_u32(&c, "AddressOfFunctions");
    out->names = tn_u32(&c, "AddressOfNames");
    out->ordinals = tn_u32(&c, "AddressOfNameOrdinals");
    return true;
}

/* A name that cannot be read counts as none: no loader looks at it. */
bool tn_pe_read_own_name(struct tn_pe *pe, tenon_error *err)
{
    tenon_error local = TENON_ERROR_INIT;
    struct exports e;
    bool found;
    if (!read_directory(pe, &e, &found, err))
        return false;
    if (!found || !e.name)
        return true;
    pe->facts->own_name = tn_pe_string(pe, e.name, "name in the export directory", &local);
    if (local.code == TENON_E_MEMORY)
        return tn_no_memory(err);
    if (!pe->facts->own_name)
        tn_pe_warn(pe, "%s", tenon_error_message(&local));
    return true;
}

/* ---- symbols ------------------------------------------------------------------------------- */

/* rule  an address inside the export directory is that of a string "LIBRARY.SYMBOL" */
static bool is_forwarder(const struct tn_pe *pe, uint32_t rva)
{
    const struct tn_pe_directory *dir = &pe->dirs[TN_PE_DIR_EXPORT];
    return rva >= dir->rva && rva - dir->rva < dir->size;
}

enum { STT_OBJECT = 1, STT_FUNC = 2 };

static bool add_export(struct tn_pe *pe, struct exports *e, const char *name, uint32_t index,
                       tenon_error *err)
{
    tenon_image *image = pe->image;
    struct tn_pe_place place;
    uint32_t rva = index < e->rows.size / 4 ? tn_load32(e->rows.at + 4u * index, TN_LITTLE) : 0;
    tenon_symbol symbol = {
        .name = name,
        .value = rva,
        .binding = TENON_BIND_GLOBAL,
        .type = TENON_TYPE_NONE,
        .defined = true,
        .has_ordinal = true,
        .ordinal = e->base + index,
    };
    if (is_forwarder(pe, rva)) {
        symbol.forward = tn_pe_string(pe, rva, "forwarder", err);
        if (!symbol.forward)
            return false;
    } else if (rva && tn_pe_map(pe, rva, &place)) {
        bool code = place.characteristics & (TN_PE_SCN_CODE | TN_PE_SCN_EXECUTE);
        symbol.type = code ? STT_FUNC : STT_OBJECT;
    }
    if (image->export_count == TN_LIMIT_SYMBOLS)
        return tn_fail(err, TENON_E_LIMIT, "more than %u", TN_LIMIT_SYMBOLS);
    if (!tn_arena_grow(&image->arena, &image->exports, &e->room, image->export_count,
                       sizeof *image->exports))
        return tn_no_memory(err);
    image->exports[image->export_count++] = symbol;
    return true;
}

static bool add_named(struct tn_pe *pe, struct exports *e, tenon_error *err)
{
    struct tn_view names, ordinals;
    if (!tn_pe_rows(pe, e->names, e->name_count, 4, "export names", &names, err) ||
        !tn_pe_rows(pe, e->ordinals, e->name_count, 2, "export ordinals", &ordinals, err))
        return false;
    for (size_t i = 0; i < names.size / 4 && i < ordinals.size / 2; i++) {
        uint32_t rva = tn_load32(names.at + 4 * i, TN_LITTLE);
        uint16_t index = tn_load16(ordinals.at + 2 * i, TN_LITTLE);
        const char *name = tn_pe_string(pe, rva, "name of an exported symbol", err);
        if (!name || !add_export(pe, e, name, index, err))
            return false;
        e->named[index] = true;
    }
    return true;
}

/* Places without a name; those with address 0 are unused. */
static bool add_unnamed(struct tn_pe *pe, struct exports *e, tenon_error *err)
{
    for (uint32_t i = 0; i < e->rows.size / 4; i++)
        if (!(i < ORDINALS && e->named[i]) && tn_load32(e->rows.at + 4u * i, TN_LITTLE) &&
            !add_export(pe, e, "", i, err))
            return false;
    return true;
}

bool tn_pe_read_exports(struct tn_pe *pe, tenon_error *err)
{
    struct exports e;
    bool found;
    if (!read_directory(pe, &e, &found, err))
        return false;
    if (!found)
        return true;
    uint32_t count = e.function_count < ORDINALS ? e.function_count : ORDINALS;
    e.named = tn_arena_rows(pe->file->arena, ORDINALS, sizeof *e.named);
    if (!e.named)
        return tn_no_memory(err);
    return tn_pe_rows(pe, e.functions, count, 4, "export addresses", &e.rows, err) &&
           add_named(pe, &e, err) && add_unnamed(pe, &e, err);
}
