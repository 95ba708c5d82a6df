/*
 * src/image/elf_symbol_list.c - ELF: exports and imports of an image
 */
#include "elf_symbols.h"

#include "fail.h"
#include "name_sum.h"

struct listed {
    tenon_image *image;
    struct tn_elf_numbered versions;
    bool count_only;
    uint64_t version_names, providers;
};

/* Names that no loader binds. */
static bool is_name(const struct tn_elf_symbol *s)
{
    return *s->name && s->type != TN_STT_SECTION && s->type != TN_STT_FILE;
}

/* rule  defined, global, weak or unique, of default or protected visibility */
static bool is_export(const struct tn_elf_symbol *s)
{
    return s->shndx != TN_SHN_UNDEF && is_name(s) &&
           (s->bind == TN_STB_GLOBAL || s->bind == TN_STB_WEAK || s->bind == TN_STB_GNU_UNIQUE) &&
           (s->visibility == TN_STV_DEFAULT || s->visibility == TN_STV_PROTECTED);
}

static bool is_import(const struct tn_elf_symbol *s)
{
    return s->shndx == TN_SHN_UNDEF && s->bind != TN_STB_LOCAL && is_name(s);
}

static enum tenon_binding binding_of(const struct tn_elf_symbol *s)
{
    if (s->bind == TN_STB_WEAK)
        return TENON_BIND_WEAK;
    return s->bind == TN_STB_GNU_UNIQUE ? TENON_BIND_UNIQUE : TENON_BIND_GLOBAL;
}

static tenon_symbol describe(const struct tn_elf_numbered *versions, const struct tn_elf_symbol *s)
{
    tenon_symbol out = { .name = s->name,
                         .value = s->value,
                         .size = s->size,
                         .binding = binding_of(s),
                         .type = s->type,
                         .visibility = s->visibility,
                         .defined = s->shndx != TN_SHN_UNDEF };
    if (s->version > 1 && s->version < versions->count) {
        out.version = versions->rows[s->version].name;
        out.library = out.defined ? NULL : versions->rows[s->version].file;
    }
    /* Data copied into a program: its version is one that another file defines, so no default. */
    bool is_needed = out.version && versions->rows[s->version].file;
    out.hidden_version = out.defined && out.version && (s->hidden || is_needed);
    return out;
}

static bool put_symbol(struct listed *listed, tenon_symbol *row, const struct tn_elf_symbol *s,
                       tenon_error *err)
{
    *row = describe(&listed->versions, s);
    return (!row->version || tn_count_name(&listed->version_names, row->version,
                                           TN_LIMIT_SYMBOL_NAMES, "versions of symbols", err)) &&
           tn_count_provider(&listed->providers, row->library, err);
}

static bool list_symbol(void *arg, size_t index, const struct tn_elf_symbol *s, tenon_error *err)
{
    struct listed *listed = arg;
    tenon_image *image = listed->image;
    bool good = true;
    if (index && is_export(s)) {
        if (!listed->count_only)
            good = put_symbol(listed, &image->exports[image->export_count], s, err);
        image->export_count++;
    } else if (index && is_import(s)) {
        if (!listed->count_only)
            good = put_symbol(listed, &image->imports[image->import_count], s, err);
        image->import_count++;
    }
    return good;
}

/* Counts first: hostile files must not make us hold a table more than once. */
static bool list_symbols(struct tn_elf *elf, struct tn_elf_symtab *table, tenon_error *err)
{
    tenon_image *image = elf->image;
    struct listed listed = { .image = image, .count_only = true };
    if (!tn_elf_number_versions(elf, &listed.versions, err) ||
        !tn_elf_walk_symbols(elf, table, list_symbol, &listed, err))
        return false;
    image->exports = tn_arena_rows(&image->arena, image->export_count, sizeof *image->exports);
    image->imports = tn_arena_rows(&image->arena, image->import_count, sizeof *image->imports);
    if (!image->exports || !image->imports)
        return tn_no_memory(err);
    image->export_count = image->import_count = 0;
    listed.count_only = false;
    return tn_elf_walk_symbols(elf, table, list_symbol, &listed, err);
}

/* SHT_SYMTAB of an object, and the strings it is linked to. */
static bool find_object_symbols(struct tn_elf *elf, struct tn_elf_symtab *table, tenon_error *err)
{
    struct tn_elf_sections sections;
    *table = (struct tn_elf_symtab){ .stride = tn_elf_symbol_size(elf) };
    if (!tn_elf_read_sections(elf, &sections, err))
        return false;
    for (size_t i = 1; i < sections.count; i++) {
        struct tn_elf_section s = tn_elf_section(&sections, i);
        if (s.sh_type != TN_SHT_SYMTAB || s.sh_link >= sections.count)
            continue;
        struct tn_elf_section names = tn_elf_section(&sections, s.sh_link);
        uint64_t size = tn_elf_clamp(elf, names.sh_offset, names.sh_size);
        table->offset = s.sh_offset;
        table->count = tn_elf_clamp(elf, s.sh_offset, s.sh_size) / table->stride;
        table->strings = (struct tn_elf_window){ .file = elf->file,
                                                 .what = "string table of symbols",
                                                 .start = names.sh_offset,
                                                 .end = names.sh_offset + size,
                                                 .declared = names.sh_offset + size };
        break;
    }
    return true;
}

bool tn_elf_read_symbol_part(struct tn_elf *elf, tenon_error *err)
{
    struct tn_elf_symtab table;
    tenon_image *image = elf->image;
    bool found = elf->header.e_type == TN_ET_REL ? find_object_symbols(elf, &table, err)
                                                 : tn_elf_find_symbols(elf, &table, err);
    if (found && list_symbols(elf, &table, err))
        return true;
    image->export_count = image->import_count = 0;
    return false;
}
