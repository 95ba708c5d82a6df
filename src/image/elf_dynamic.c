/*
 * src/image/elf_dynamic.c - ELF: the dynamic section, and the strings it names
 *
 * rule  System V gABI chapter 5 "Dynamic Section"; the segment counts, never the section header
 */
#include <inttypes.h>
#include <string.h>

#include "elf_private.h"
#include "fail.h"
#include "limits.h"

enum {
    DT_NULL = 0,
    DT_NEEDED = 1,
    DT_SUNW_AUXILIARY = 0x6000000d,
    DT_SUNW_FILTER = 0x6000000f,
    DT_POSFLAG_1 = 0x6ffffdfd,
    DT_AUXILIARY = 0x7ffffffd,
    DT_FILTER = 0x7fffffff,
};
#define DF_P1_LAZYLOAD 1u

/* String and version tables that lie within so many bytes are read together. */
#define TOGETHER (64u << 10)

/* Bytes read of a version table when no other table follows it. */
#define VERSION_TABLE_GUESS 1024u

static enum tn_elf_tag tag_of(uint64_t tag)
{
    switch (tag) {
    case 2: return TN_TAG_PLTRELSZ;
    case 4: return TN_TAG_HASH;
    case 5: return TN_TAG_STRTAB;
    case 6: return TN_TAG_SYMTAB;
    case 7: return TN_TAG_RELA;
    case 8: return TN_TAG_RELASZ;
    case 9: return TN_TAG_RELAENT;
    case 10: return TN_TAG_STRSZ;
    case 11: return TN_TAG_SYMENT;
    case 14: return TN_TAG_SONAME;
    case TN_DT_RPATH: return TN_TAG_RPATH;
    case 16: return TN_TAG_SYMBOLIC;
    case 17: return TN_TAG_REL;
    case 18: return TN_TAG_RELSZ;
    case 19: return TN_TAG_RELENT;
    case 20: return TN_TAG_PLTREL;
    case 21: return TN_TAG_DEBUG;
    case 22: return TN_TAG_TEXTREL;
    case 23: return TN_TAG_JMPREL;
    case 24: return TN_TAG_BIND_NOW;
    case TN_DT_RUNPATH: return TN_TAG_RUNPATH;
    case 30: return TN_TAG_FLAGS;
    case 36: return TN_TAG_RELR;
    case 0x60000001: return TN_TAG_HP_DLD_FLAGS;
    case 0x6000000e: /* DT_SUNW_RTLDINF */
    case 0x60000013: /* DT_SUNW_SYMSORT */
    case 0x60000019: /* DT_SUNW_STRPAD */
    case 0x6000001b: /* DT_SUNW_LDMACH */ return TN_TAG_SUNW;
    case 0x6000000f: /* DT_ANDROID_REL; DT_SUNW_FILTER */
    case 0x60000011: /* DT_ANDROID_RELA; DT_SUNW_SYMTAB */ return TN_TAG_ANDROID_PACKED;
    case 0x6ffffdf8: return TN_TAG_CHECKSUM;
    case 0x6ffffdfe: return TN_TAG_SYMINSZ;
    case 0x6ffffdff: return TN_TAG_SYMINENT;
    case 0x6ffffef5: return TN_TAG_GNU_HASH;
    case 0x6ffffefb: return TN_TAG_DEPAUDIT;
    case 0x6ffffefc: return TN_TAG_AUDIT;
    case 0x6ffffff0: return TN_TAG_VERSYM;
    case 0x6ffffffb: return TN_TAG_FLAGS_1;
    case 0x6ffffffc: return TN_TAG_VERDEF;
    case 0x6ffffffd: return TN_TAG_VERDEFNUM;
    case 0x6ffffffe: return TN_TAG_VERNEED;
    case 0x6fffffff: return TN_TAG_VERNEEDNUM;
    case 0x70000011: return TN_TAG_MIPS_SYMTABNO;
    case 0x70000013: return TN_TAG_MIPS_GOTSYM;
    case 0x70000016: /* DT_MIPS_RLD_MAP, where others have DT_DEBUG */
    case 0x70000035: /* DT_MIPS_RLD_MAP_REL */ return TN_TAG_DEBUG;
    default: return TN_TAG_OTHER;
    }
}

static bool is_need(uint64_t tag)
{
    return tag == DT_NEEDED || tag == DT_FILTER || tag == DT_AUXILIARY;
}

/* ---- the section itself -------------------------------------------------------------------- */

static bool is_string(uint64_t tag, enum tn_elf_tag which)
{
    return is_need(tag) || which == TN_TAG_SONAME || which == TN_TAG_RPATH ||
           which == TN_TAG_RUNPATH || which == TN_TAG_AUDIT || which == TN_TAG_DEPAUDIT;
}

static void note_row(struct tn_elf_dynamic *d, uint64_t tag, uint64_t value)
{
    enum tn_elf_tag which = tag_of(tag);
    if (which != TN_TAG_OTHER) {
        d->seen |= UINT64_C(1) << which;
        d->value[which] = value;
    }
    if (is_need(tag))
        d->need_count++;
    if (is_string(tag, which)) {
        d->string_low = !d->has_strings || value < d->string_low ? value : d->string_low;
        d->string_high = value > d->string_high ? value : d->string_high;
        d->has_strings = true;
    }
}

/* Every entry before DT_NULL. */
static bool scan_rows(struct tn_elf *elf, tenon_error *err)
{
    struct tn_elf_dynamic *d = &elf->dynamic;
    size_t rows = d->rows.size / (2 * elf->header.word);
    for (d->count = 0; d->count < rows; d->count++) {
        uint64_t value, tag = tn_elf_dynamic_row(elf, d->count, &value);
        if (tag == DT_NULL)
            break;
        if (d->count == TN_LIMIT_DYNAMIC)
            return tn_fail(err, TENON_E_LIMIT, "dynamic section: more than %u entries",
                           TN_LIMIT_DYNAMIC);
        note_row(d, tag, value);
    }
    if (d->need_count > TN_LIMIT_NEEDS)
        return tn_fail(err, TENON_E_LIMIT, "dynamic section: more than %u needed libraries",
                       TN_LIMIT_NEEDS);
    return true;
}

/* Where DT_STRSZ says that the string table ends, as far as its segment goes. */
static uint64_t declared_end(struct tn_elf *elf, uint64_t offset, uint64_t room)
{
    const struct tn_elf_dynamic *d = &elf->dynamic;
    uint64_t size = tn_elf_has(d, TN_TAG_STRSZ) ? d->value[TN_TAG_STRSZ] : room;
    if (size <= room)
        return offset + size;
    tn_elf_warn(elf, "string table: DT_STRSZ is 0x%" PRIx64 ", its segment has 0x%" PRIx64 " bytes",
                size, room);
    return offset + room;
}

/*
 * The string table reaches as far as its segment's bytes in the file: no loader looks at
 * DT_STRSZ, and there are files with names behind it.
 */
static bool find_strings(struct tn_elf *elf, tenon_error *err)
{
    const struct tn_elf_dynamic *d = &elf->dynamic;
    uint64_t offset, room;
    if (!tn_elf_has(d, TN_TAG_STRTAB))
        return !d->has_strings ||
               tn_fail(err, TENON_E_MALFORMED, "dynamic section: no string table (DT_STRTAB)");
    if (!tn_elf_map(elf, d->value[TN_TAG_STRTAB], &offset, &room))
        return !d->has_strings ||
               tn_fail(err, TENON_E_MALFORMED,
                       "dynamic section: string table (DT_STRTAB) at address 0x%" PRIx64
                       ", which no segment has in the file",
                       d->value[TN_TAG_STRTAB]);
    elf->strings = (struct tn_elf_window){ .file = elf->file,
                                           .what = "string table",
                                           .start = offset,
                                           .end = offset + room,
                                           .declared = declared_end(elf, offset, room) };
    return true;
}

/* The last PT_DYNAMIC that has bytes in the file: glibc and musl go by the last one. */
static const struct tn_elf_segment *find_dynamic(const struct tn_elf *elf)
{
    for (size_t i = elf->segment_count; i > 0; i--) {
        const struct tn_elf_segment *s = &elf->segments[i - 1];
        if (s->p_type == TN_PT_DYNAMIC && s->p_filesz)
            return s;
    }
    return NULL;
}

/*
 * Where the section's bytes are: loaders read it in memory, at p_vaddr. When no segment brings
 * it there from the file, p_offset is what is left to go by.
 */
static void place_dynamic(const struct tn_elf *elf, const struct tn_elf_segment *s,
                          uint64_t *offset, uint64_t *size)
{
    *offset = s->p_offset;
    *size = s->p_filesz;
    if (s->p_vaddr == 0) /* for loaders there is none */
        return;
    for (size_t i = elf->segment_count; i > 0; i--) { /* a later mapping replaces an earlier one */
        const struct tn_elf_segment *load = &elf->segments[i - 1];
        uint64_t at, into = s->p_vaddr - load->p_vaddr;
        if (load->p_type != TN_PT_LOAD || s->p_vaddr < load->p_vaddr || into >= load->p_filesz ||
            !tn_add(load->p_offset, into, &at))
            continue;
        *offset = at;
        *size = load->p_filesz - into < *size ? load->p_filesz - into : *size;
        return;
    }
}

/*
 * Is of these bytes only a part of the last row behind the end of the file, and in its last page?
 * That page is mapped whole, with zeros behind the end, and the last row is DT_NULL. A section that
 * lacks more has lost what only its maker knows.
 */
static bool ends_in_last_row(const struct tn_elf *elf, uint64_t offset, uint64_t size)
{
    uint64_t last, file = elf->file->info.size;
    uint64_t have = tn_elf_clamp(elf, offset, size);
    return have && size - have <= 2 * elf->header.word && tn_add(offset, size - 1, &last) &&
           last / TN_ELF_PAGE == (file - 1) / TN_ELF_PAGE;
}

/* The bytes of the section that are there, and zeros. */
static bool read_padded(struct tn_elf *elf, uint64_t offset, uint64_t size, tenon_error *err)
{
    struct tn_view there;
    uint8_t *bytes = tn_arena_bytes(elf->file->arena, size);
    if (!bytes)
        return tn_no_memory(err);
    if (!tn_file_upto(elf->file, offset, size, "dynamic section", &there, err))
        return false;
    memcpy(bytes, there.at, there.size);
    memset(bytes + there.size, 0, size - there.size);
    elf->dynamic.rows = (struct tn_view){ bytes, size, offset };
    return true;
}

/* DT_NULL ends the section, so that not all need be read. */
static bool read_rows(struct tn_elf *elf, uint64_t offset, uint64_t size, tenon_error *err)
{
    uint64_t most = (TN_LIMIT_DYNAMIC + 1ull) * 2 * elf->header.word;
    uint64_t have = tn_elf_clamp(elf, offset, size);
    if (have == size)
        return tn_file_view(elf->file, offset, size < most ? size : most, "dynamic section",
                            &elf->dynamic.rows, err);
    if (size <= most && ends_in_last_row(elf, offset, size))
        return read_padded(elf, offset, size, err);
    return tn_fail(err, TENON_E_TRUNCATED,
                   "dynamic section: %" PRIu64 " bytes needed at 0x%" PRIx64 ", %" PRIu64 " left",
                   size, offset, have);
}

bool tn_elf_read_dynamic(struct tn_elf *elf, bool *found, tenon_error *err)
{
    const struct tn_elf_segment *s = find_dynamic(elf);
    uint64_t offset, size;
    *found = s != NULL;
    if (!s)
        return true;
    place_dynamic(elf, s, &offset, &size);
    return read_rows(elf, offset, size, err) && scan_rows(elf, err) && find_strings(elf, err);
}

/* ---- strings ------------------------------------------------------------------------------- */

const char *tn_elf_string(struct tn_elf *elf, uint64_t offset, tenon_error *err)
{
    size_t length;
    const char *text = tn_elf_window_string(&elf->strings, offset, TN_LIMIT_STRING, &length, err);
    if (!text)
        return NULL;
    if (length >= elf->string_room) {
        tn_fail(err, TENON_E_LIMIT, "string table: the strings named are more than %u bytes",
                TN_ELF_LIMIT_STRINGS);
        return NULL;
    }
    elf->string_room -= length + 1;
    if (offset + length >= elf->strings.declared - elf->strings.start)
        tn_elf_warn(elf, "string table: the string at offset 0x%" PRIx64 " is behind DT_STRSZ",
                    offset);
    return text;
}

/*
 * How many bytes a version table may have: nothing says it, but the next table that the section
 * names mostly begins where it ends.
 */
static uint64_t table_size(const struct tn_elf_dynamic *d, uint64_t va)
{
    static const enum tn_elf_tag tables[] = { TN_TAG_RELA, TN_TAG_REL, TN_TAG_JMPREL, TN_TAG_VERDEF,
                                              TN_TAG_VERNEED };
    uint64_t size = UINT64_MAX;
    for (size_t i = 0; i < TN_COUNT(tables); i++)
        if (d->value[tables[i]] > va && d->value[tables[i]] - va < size)
            size = d->value[tables[i]] - va;
    return size <= TOGETHER ? size : VERSION_TABLE_GUESS;
}

/* Widens [*low, *high) by a version table. */
static void take_in_table(struct tn_elf *elf, enum tn_elf_tag tag, uint64_t *low, uint64_t *high)
{
    const struct tn_elf_dynamic *d = &elf->dynamic;
    uint64_t offset, room;
    if (!tn_elf_has(d, tag) || !tn_elf_map(elf, d->value[tag], &offset, &room))
        return;
    uint64_t size = table_size(d, d->value[tag]), end = offset + (room < size ? room : size);
    *low = offset < *low ? offset : *low;
    *high = end > *high ? end : *high;
}

/*
 * Linkers put the string and version tables side by side, GNU ld the names that matter last among
 * the strings: mostly one short read has all of them.
 */
static void read_together(struct tn_elf *elf)
{
    const struct tn_elf_dynamic *d = &elf->dynamic;
    uint64_t low = elf->strings.declared, high = low;
    if (d->has_strings && d->string_low < low - elf->strings.start)
        low = elf->strings.start + d->string_low;
    take_in_table(elf, TN_TAG_VERDEF, &low, &high);
    take_in_table(elf, TN_TAG_VERNEED, &low, &high);
    if (high <= low || high - low > TOGETHER)
        return;
    if (tn_file_upto(elf->file, low, high - low, "string table", &elf->strings.near, NULL))
        elf->tables.near = elf->strings.near;
}

/* ---- facts --------------------------------------------------------------------------------- */

/* One string of the dynamic section; a tag that is not there leaves *out alone. */
static bool read_string(struct tn_elf *elf, enum tn_elf_tag tag, const char *name, const char **out,
                        tenon_error *err)
{
    if (!tn_elf_has(&elf->dynamic, tag))
        return true;
    *out = tn_elf_string(elf, elf->dynamic.value[tag], err);
    return *out || tn_context(err, "dynamic section: %s", name);
}

/* The Solaris tags have other meanings in HP-UX and Android files. */
static enum tenon_flavour flavour_of(uint64_t tag, bool lazy)
{
    if (tag == DT_FILTER || tag == DT_SUNW_FILTER)
        return TENON_NEED_FILTER;
    if (tag == DT_AUXILIARY || tag == DT_SUNW_AUXILIARY)
        return TENON_NEED_AUXILIARY;
    return lazy ? TENON_NEED_LAZY : TENON_NEED_NORMAL;
}

static bool is_need_of(uint64_t tag, bool solaris)
{
    return is_need(tag) || (solaris && (tag == DT_SUNW_FILTER || tag == DT_SUNW_AUXILIARY));
}

static size_t count_needs(const struct tn_elf *elf, bool solaris)
{
    size_t count = elf->dynamic.need_count;
    for (size_t i = 0; solaris && i < elf->dynamic.count; i++) {
        uint64_t value, tag = tn_elf_dynamic_row(elf, i, &value);
        count += is_need_of(tag, true) && !is_need(tag);
    }
    return count;
}

static bool read_needs(struct tn_elf *elf, struct tn_facts *facts, tenon_error *err)
{
    bool solaris = facts->os && strcmp(facts->os, "solaris") == 0, lazy = false;
    size_t count = count_needs(elf, solaris);
    if (!count)
        return true;
    facts->needs = tn_arena_rows(elf->file->arena, count, sizeof *facts->needs);
    if (!facts->needs)
        return tn_no_memory(err);
    for (size_t i = 0; i < elf->dynamic.count && facts->need_count < count; i++) {
        uint64_t value, tag = tn_elf_dynamic_row(elf, i, &value);
        if (is_need_of(tag, solaris)) {
            tenon_need *need = &facts->needs[facts->need_count];
            need->name = tn_elf_string(elf, value, err);
            if (!need->name)
                return tn_context(err, "dynamic section: entry %zu (needed library)", i);
            need->flavour = flavour_of(tag, lazy);
            facts->need_count++;
        }
        lazy = solaris && tag == DT_POSFLAG_1 && (value & DF_P1_LAZYLOAD);
    }
    return true;
}

/* rule  gABI chapter 5, "Dynamic Section" */
#define DF_BIND_NOW 8u
#define DF_1_NOW 1u

bool tn_elf_dynamic_facts(struct tn_elf *elf, struct tn_facts *facts, tenon_error *err)
{
    const struct tn_elf_dynamic *d = &elf->dynamic;
    facts->elf.dt_flags = (uint32_t)d->value[TN_TAG_FLAGS];
    facts->elf.dt_flags_1 = (uint32_t)d->value[TN_TAG_FLAGS_1];
    facts->elf.binds_now = tn_elf_has(d, TN_TAG_BIND_NOW) || (facts->elf.dt_flags & DF_BIND_NOW) ||
                           (facts->elf.dt_flags_1 & DF_1_NOW);
    facts->elf.has_verdef = tn_elf_has(d, TN_TAG_VERDEF);
    facts->elf.hp_dld_flags = (uint32_t)d->value[TN_TAG_HP_DLD_FLAGS];
    read_together(elf);
    return read_needs(elf, facts, err) &&
           read_string(elf, TN_TAG_SONAME, "DT_SONAME", &facts->own_name, err) &&
           read_string(elf, TN_TAG_RPATH, "DT_RPATH", &facts->rpath, err) &&
           read_string(elf, TN_TAG_RUNPATH, "DT_RUNPATH", &facts->runpath, err) &&
           read_string(elf, TN_TAG_AUDIT, "DT_AUDIT", &facts->elf.audit, err) &&
           read_string(elf, TN_TAG_DEPAUDIT, "DT_DEPAUDIT", &facts->elf.depaudit, err);
}
