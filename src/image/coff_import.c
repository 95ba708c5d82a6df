/*
 * src/image/coff_import.c - COFF: short import objects, one symbol of a DLL each
 *
 * rule  Microsoft "PE Format", Import Library Format; name type 4 is that of ARM64EC
 */
#include "coff_private.h"
#include "fail.h"
#include "limits.h"

enum { BY_ORDINAL, AS_IS, WITHOUT_PREFIX, UNDECORATED, AS_EXPORTED };

static const char *without_prefix(const char *symbol)
{
    return *symbol && strchr("?@_", *symbol) ? symbol + 1 : symbol;
}

static const char *name_in_library(struct tn_arena *arena, const char *symbol, unsigned name_type,
                                   struct tn_view strings, uint64_t rest)
{
    switch (name_type) {
    case WITHOUT_PREFIX: return without_prefix(symbol);
    case UNDECORATED: {
        const char *name = without_prefix(symbol);
        return tn_arena_copy(arena, name, strcspn(name, "@"));
    }
    case AS_EXPORTED: return tn_view_string(strings, rest);
    default: return symbol;
    }
}

bool tn_coff_read_import(struct tn_file *file, struct tn_coff_import *out, tenon_error *err)
{
    struct tn_view head, strings;
    if (!tn_file_view(file, 0, TN_COFF_HEADER_SIZE, "import object header", &head, err))
        return false;
    uint32_t size = tn_load32(head.at + 12, TN_LITTLE);
    uint16_t flags = tn_load16(head.at + 18, TN_LITTLE);
    unsigned name_type = flags >> 2 & 7;
    if (size > TN_LIMIT_STRING)
        return tn_fail(err, TENON_E_LIMIT, "import object: %u bytes of names", size);
    if (!tn_file_view(file, TN_COFF_HEADER_SIZE, size, "import object names", &strings, err))
        return false;
    *out = (struct tn_coff_import){
        .machine = tn_load16(head.at + 6, TN_LITTLE),
        .ordinal = tn_load16(head.at + 16, TN_LITTLE),
        .type = flags & 3,
        .symbol = tn_view_string(strings, 0),
    };
    uint64_t at = out->symbol ? strlen(out->symbol) + 1 : 0;
    out->library = out->symbol ? tn_view_string(strings, at) : NULL;
    if (!out->library)
        return tn_fail(err, TENON_E_MALFORMED,
                       "import object: two strings expected in the %u bytes at 0x14", size);
    if (name_type == BY_ORDINAL)
        return true;
    out->name = name_in_library(file->arena, out->symbol, name_type, strings,
                                at + strlen(out->library) + 1);
    if (out->name)
        return true;
    return name_type == UNDECORATED
               ? tn_no_memory(err)
               : tn_fail(err, TENON_E_MALFORMED, "import object: its export's name is not there");
}
