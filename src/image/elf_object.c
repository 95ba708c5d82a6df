/*
 * src/image/elf_object.c - ELF: sections, symbols, groups and relocations of relocatable objects
 *
 * rule  gABI chapter 4 "Sections", "Symbol Table", "Relocation", "Section Groups"
 */
#include "elf_object.h"

#include <inttypes.h>

#include "fail.h"
#include "limits.h"
#include "name_sum.h"

#define GRP_COMDAT 1u

/* All names of one table together, as often as they are named. */

#define LINKONCE ".gnu.linkonce." /* what COMDAT was before there were groups */

/* ---- sections ------------------------------------------------------------------------------ */

static bool section_bytes(const struct tn_elf_object *o, const struct tn_elf_section *s,
                          const char *what, struct tn_view *out, tenon_error *err)
{
    if (s->sh_type == TN_SHT_NOBITS) {
        *out = tn_view("", 0);
        return true;
    }
    return tn_file_view(o->elf.file, s->sh_offset, s->sh_size, what, out, err);
}

bool tn_elf_object_bytes(const struct tn_elf_object *object, size_t section, struct tn_view *out,
                         tenon_error *err)
{
    return section_bytes(object, &object->sections[section].header, "section", out, err) ||
           tn_context(err, "section %zu", section);
}

/* A name, "" when it is not in the table. */
static bool take_name(struct tn_elf_object *o, struct tn_view strings, uint32_t offset,
                      uint64_t *used, const char *what, const char **name, tenon_error *err)
{
    const char *found = tn_view_string(strings, offset);
    *name = found ? found : "";
    o->has_bad_names |= !found;
    return tn_count_name(used, *name, TN_LIMIT_SYMBOL_NAMES, what, err);
}

static bool read_section_names(struct tn_elf_object *o, tenon_error *err)
{
    struct tn_elf_window *names = &o->table.names;
    struct tn_view strings = { 0 };
    if (names->file && !tn_file_view(names->file, names->start, names->end - names->start,
                                     "section names", &strings, err))
        return false;
    uint64_t used = 0;
    for (size_t i = 0; i < o->section_count; i++) {
        struct tn_elf_object_section *s = &o->sections[i];
        s->header = tn_elf_section(&o->table, i);
        if (!take_name(o, strings, s->header.sh_name, &used, "section names", &s->name, err))
            return false;
        s->comdat = strncmp(s->name, LINKONCE, sizeof LINKONCE - 1) == 0;
    }
    return true;
}

static bool is_reloc_type(uint32_t type)
{
    return type == TN_SHT_REL || type == TN_SHT_RELA;
}

static bool match_relocs(struct tn_elf_object *o, tenon_error *err)
{
    for (size_t i = 1; i < o->section_count; i++) {
        const struct tn_elf_section *h = &o->sections[i].header;
        if (h->sh_type == TN_SHT_CREL)
            return tn_fail(err, TENON_E_UNSUPPORTED,
                           "section %zu: CREL relocations, which this version cannot read", i);
        if (is_reloc_type(h->sh_type) && h->sh_info && h->sh_info < o->section_count &&
            h->sh_info != i)
            o->sections[h->sh_info].relocs = (uint32_t)i;
    }
    return true;
}

/* Members of a COMDAT group; one named that is not there changes nothing. */
static bool read_group(struct tn_elf_object *o, const struct tn_elf_section *group,
                       tenon_error *err)
{
    struct tn_view bytes;
    if (!section_bytes(o, group, "section group", &bytes, err))
        return false;
    struct tn_cursor c = tn_cursor(bytes, o->elf.header.endian);
    bool comdat = tn_u32(&c, "flags") & GRP_COMDAT;
    while (comdat && c.in.size - c.pos >= 4) {
        uint32_t member = tn_u32(&c, "member");
        if (member < o->section_count)
            o->sections[member].comdat = true;
    }
    return true;
}

/* Groups may overlap in a hostile file: no more is read than the file has. */
static bool read_groups(struct tn_elf_object *o, tenon_error *err)
{
    uint64_t left = o->elf.file->info.size;
    for (size_t i = 1; i < o->section_count; i++) {
        const struct tn_elf_section *h = &o->sections[i].header;
        if (h->sh_type != TN_SHT_GROUP)
            continue;
        if (h->sh_size > left)
            return tn_fail(err, TENON_E_MALFORMED, "section groups overlap");
        left -= h->sh_size;
        if (!read_group(o, h, err))
            return tn_context(err, "section %zu", i);
    }
    return true;
}

static bool read_object_sections(struct tn_elf_object *o, tenon_error *err)
{
    if (!tn_elf_read_sections(&o->elf, &o->table, err))
        return false;
    if (o->table.count > TN_LIMIT_OBJECT_SECTIONS)
        return tn_fail(err, TENON_E_LIMIT, "section headers: %zu of them", o->table.count);
    o->section_count = o->table.count;
    o->sections = tn_arena_rows(o->elf.file->arena, o->section_count, sizeof *o->sections);
    if (!o->sections)
        return tn_no_memory(err);
    return read_section_names(o, err) && match_relocs(o, err) && read_groups(o, err);
}

/* ---- symbols ------------------------------------------------------------------------------- */

struct symbol_table {
    struct tn_view rows, names, indices; /* SHT_SYMTAB, its strings, SHT_SYMTAB_SHNDX */
    size_t stride, count;
};

static bool read_symbol_indices(const struct tn_elf_object *o, size_t symtab,
                                struct symbol_table *t, tenon_error *err)
{
    for (size_t i = 1; i < o->section_count; i++) {
        const struct tn_elf_section *h = &o->sections[i].header;
        if (h->sh_type == TN_SHT_SYMTAB_SHNDX && h->sh_link == symtab)
            return section_bytes(o, h, "section indices of symbols", &t->indices, err);
    }
    return true;
}

/* An object has at most one SHT_SYMTAB. */
static bool find_symbol_table(const struct tn_elf_object *o, struct symbol_table *t,
                              tenon_error *err)
{
    *t = (struct symbol_table){ .stride = o->elf.header.word == 8 ? 24 : 16 };
    for (size_t i = 1; i < o->section_count; i++) {
        const struct tn_elf_section *h = &o->sections[i].header;
        if (h->sh_type != TN_SHT_SYMTAB)
            continue;
        if (h->sh_link >= o->section_count)
            return tn_fail(err, TENON_E_MALFORMED, "symbol table: no section %" PRIu32 " of names",
                           h->sh_link);
        if (!section_bytes(o, h, "symbol table", &t->rows, err) ||
            !section_bytes(o, &o->sections[h->sh_link].header, "symbol names", &t->names, err) ||
            !read_symbol_indices(o, i, t, err))
            return false;
        t->count = t->rows.size / t->stride;
        return true;
    }
    return true;
}

/* Where the symbol is: a number that does not fit stands in SHT_SYMTAB_SHNDX. */
static uint32_t section_of(const struct tn_elf_object *o, const struct symbol_table *t, size_t i,
                           uint16_t shndx)
{
    struct tn_view word;
    uint32_t section = shndx;
    if (shndx == TN_SHN_XINDEX)
        section = tn_view_sub(t->indices, (uint64_t)i * 4, 4, &word)
                      ? tn_load32(word.at, o->elf.header.endian)
                      : 0;
    else if (shndx >= TN_SHN_LORESERVE)
        section = 0;
    return section < o->section_count ? section : 0;
}

static struct tn_elf_object_symbol read_symbol(const struct tn_elf_object *o,
                                               const struct symbol_table *t, size_t i,
                                               uint32_t *st_name)
{
    struct tn_view row = { 0 };
    struct tn_elf_object_symbol s = { 0 };
    unsigned word = o->elf.header.word;
    (void)tn_view_sub(t->rows, (uint64_t)i * t->stride, t->stride, &row);
    struct tn_cursor c = tn_cursor(row, o->elf.header.endian);
    *st_name = tn_u32(&c, "st_name");
    if (word == 4) {
        s.value = tn_u32(&c, "st_value");
        s.size = tn_u32(&c, "st_size");
    }
    uint8_t info = tn_u8(&c, "st_info"), other = tn_u8(&c, "st_other");
    s.shndx = tn_u16(&c, "st_shndx");
    if (word == 8) {
        s.value = tn_u64(&c, "st_value");
        s.size = tn_u64(&c, "st_size");
    }
    s.bind = info >> 4;
    s.type = info & 15;
    s.visibility = other & 3;
    s.section = section_of(o, t, i, s.shndx);
    return s;
}

/* What does not end is not looked for again and again. */
static bool read_object_symbols(struct tn_elf_object *o, tenon_error *err)
{
    struct symbol_table t;
    if (!find_symbol_table(o, &t, err))
        return false;
    if (t.count > TN_LIMIT_OBJECT_SYMBOLS)
        return tn_fail(err, TENON_E_LIMIT, "symbol table: %zu symbols", t.count);
    if (t.names.size && t.names.at[t.names.size - 1] != 0)
        return tn_fail(err, TENON_E_MALFORMED, "symbol names: the last has no end");
    o->symbols = tn_arena_rows(o->elf.file->arena, t.count, sizeof *o->symbols);
    if (!o->symbols)
        return tn_no_memory(err);
    uint64_t used = 0;
    for (size_t i = 1; i < t.count; i++) {
        uint32_t st_name;
        o->symbols[i] = read_symbol(o, &t, i, &st_name);
        if (!take_name(o, t.names, st_name, &used, "symbol names", &o->symbols[i].name, err))
            return false;
    }
    o->symbol_count = t.count;
    return true;
}

/* ---- the whole ------------------------------------------------------------------------------ */

static bool read_tables(struct tn_elf_object *o, tenon_error *err)
{
    return read_object_sections(o, err) && read_object_symbols(o, err);
}

bool tn_elf_read_object(struct tn_file *file, struct tn_elf_object *out, tenon_error *err)
{
    *out = (struct tn_elf_object){ 0 };
    if (!tn_elf_start(&out->elf, file, NULL, err))
        return false;
    if (out->elf.header.e_type != TN_ET_REL)
        return tn_fail(err, TENON_E_NOT_LOADABLE, "not a relocatable object");
    return read_tables(out, err);
}

bool tn_elf_read_object_tables(struct tn_file *file, struct tn_elf_object *out, tenon_error *err)
{
    *out = (struct tn_elf_object){ 0 };
    return tn_elf_start(&out->elf, file, NULL, err) && read_tables(out, err);
}

/* ---- relocations ---------------------------------------------------------------------------- */

static struct tn_elf_object_reloc read_reloc(const struct tn_elf_object *o, struct tn_view row,
                                             bool addend)
{
    const struct tn_elf_header *h = &o->elf.header;
    struct tn_elf_object_reloc r = { 0 };
    uint64_t symbol;
    struct tn_cursor c = tn_cursor(row, h->endian);
    r.offset = tn_word(&c, h->word, "r_offset");
    tn_elf_split_info(h, tn_take(&c, h->word, "r_info"), &symbol, &r.type);
    r.symbol = (uint32_t)symbol;
    if (addend)
        r.addend = h->word == 8 ? (int64_t)tn_u64(&c, "r_addend") : (int32_t)tn_u32(&c, "r_addend");
    return r;
}

bool tn_elf_object_relocs(const struct tn_elf_object *object, size_t section,
                          struct tn_elf_object_reloc **relocs, size_t *count, tenon_error *err)
{
    struct tn_view rows, row;
    uint32_t from = object->sections[section].relocs;
    *relocs = NULL;
    *count = 0;
    if (!from)
        return true;
    bool addend = object->sections[from].header.sh_type == TN_SHT_RELA;
    size_t stride = (addend ? 3u : 2u) * object->elf.header.word;
    if (!tn_elf_object_bytes(object, from, &rows, err))
        return false;
    size_t number = rows.size / stride;
    *relocs = tn_arena_rows(object->elf.file->arena, number, sizeof **relocs);
    if (!*relocs)
        return tn_no_memory(err);
    for (size_t i = 0; i < number; i++) {
        if (!tn_view_sub(rows, (uint64_t)i * stride, stride, &row))
            break;
        (*relocs)[i] = read_reloc(object, row, addend);
        if ((*relocs)[i].symbol >= object->symbol_count && (*relocs)[i].symbol)
            return tn_fail(err, TENON_E_MALFORMED,
                           "relocations: symbol %" PRIu32 ", the table has %zu",
                           (*relocs)[i].symbol, object->symbol_count);
    }
    *count = number;
    return true;
}
