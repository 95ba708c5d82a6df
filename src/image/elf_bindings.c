/*
 * src/image/elf_bindings.c - ELF: dynamic symbols as a loader binds them, and what refers to each
 */
#include "elf_symbols.h"

#include <inttypes.h>

#include "fail.h"
#include "limits.h"

static bool put_symbol(void *arg, size_t index, const struct tn_elf_symbol *symbol,
                       tenon_error *err)
{
    struct tn_elf_symbols *out = arg;
    (void)err;
    out->symbols[index] = *symbol;
    out->count = index + 1;
    return true;
}

struct reloc_use {
    struct tn_elf_symbols *out;
    const struct tn_elf_reloc_types *types;
};

static void put_use(void *arg, uint64_t symbol, uint32_t type)
{
    struct reloc_use *use = arg;
    if (!symbol || symbol >= use->out->count)
        return;
    struct tn_elf_symbol *s = &use->out->symbols[symbol];
    if (type == use->types->jump_slots[0] || type == use->types->jump_slots[1])
        s->wants_plt = true;
    else if (type == use->types->copy)
        s->wants_copy = true;
    else
        s->wants_data = true;
    if (tn_elf_is_tls_reloc(use->types, type))
        s->wants_tls = true;
    else if (use->types->tls[0][1])
        s->wants_address = true;
}

/* Android's packed tables have numbers that mean something else to Solaris and HP-UX. */
static bool has_packed_relocs(const struct tn_elf *elf)
{
    const char *os = tn_elf_os_of_abi(elf->header.e_ident[TN_EI_OSABI]);
    return tn_elf_has(&elf->dynamic, TN_TAG_ANDROID_PACKED) &&
           !tn_elf_has(&elf->dynamic, TN_TAG_SUNW) && !os;
}

/* rule  MIPS psABI: the symbols from DT_MIPS_GOTSYM on have an entry each in the GOT */
static void put_got_use(const struct tn_elf *elf, struct tn_elf_symbols *out)
{
    const struct tn_elf_dynamic *d = &elf->dynamic;
    if (elf->header.e_machine != TN_EM_MIPS || !tn_elf_has(d, TN_TAG_MIPS_GOTSYM))
        return;
    for (uint64_t i = d->value[TN_TAG_MIPS_GOTSYM]; i < out->count; i++)
        out->symbols[i].wants_data = true;
}

static bool put_uses(struct tn_elf *elf, struct tn_elf_symbols *out, tenon_error *err)
{
    struct reloc_use use = { out, tn_elf_reloc_types(&elf->header) };
    out->relocations_known = use.types && !has_packed_relocs(elf);
    if (!use.types)
        return true;
    put_got_use(elf, out);
    return tn_elf_walk_relocs(elf, put_use, &use, err);
}

bool tn_elf_read_symbols(struct tn_file *file, const struct tn_elf_assume *assume,
                         struct tn_elf_symbols *out, tenon_error *err)
{
    struct tn_elf elf;
    struct tn_elf_symtab table;
    struct tn_elf_numbered versions;
    bool found;
    *out = (struct tn_elf_symbols){ 0 };
    if (!tn_elf_open_symbols(&elf, file, assume, &found, &table, err))
        return false;
    if (!found)
        return true;
    out->has_versym = tn_elf_has(&elf.dynamic, TN_TAG_VERSYM);
    out->symbolic = tn_elf_has(&elf.dynamic, TN_TAG_SYMBOLIC) ||
                    (elf.dynamic.value[TN_TAG_FLAGS] & TN_DF_SYMBOLIC);
    if (table.count > TN_LIMIT_SYMBOLS)
        return tn_fail(err, TENON_E_LIMIT, "symbol table: %" PRIu64 " symbols", table.count);
    out->symbols = tn_arena_rows(file->arena, (size_t)table.count, sizeof *out->symbols);
    if (!out->symbols)
        return tn_no_memory(err);
    if (!tn_elf_walk_symbols(&elf, &table, put_symbol, out, err) ||
        !tn_elf_number_versions(&elf, &versions, err) || !put_uses(&elf, out, err))
        return false;
    out->versions = versions.rows;
    out->version_count = versions.count;
    return true;
}
