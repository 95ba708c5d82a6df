/* src/process/mapped_symbols.c - the symbols of an object of this process, looked up where they lie
 */
#include "mapped_symbols.h"

#include <string.h>

enum { VERSION_HIDDEN = 0x8000, VERSION_NUMBER = 0x7fff };

/* ---- tables ---------------------------------------------------------------------------------- */

/* From an address to the end of the segment that it is in; empty when it is in none. */
static struct tn_view view_at(const struct dl_phdr_info *info, uintptr_t address)
{
    for (size_t i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *p = &info->dlpi_phdr[i];
        uintptr_t start = info->dlpi_addr + p->p_vaddr;
        if (p->p_type == PT_LOAD && address - start < p->p_filesz)
            return tn_view((const void *)address, p->p_filesz - (address - start));
    }
    return tn_view(NULL, 0);
}

/* Loaders put addresses into the dynamic section, or leave what the file has. */
static struct tn_view table_at(const struct dl_phdr_info *info, uint64_t pointer)
{
    struct tn_view table = view_at(info, (uintptr_t)pointer);
    return table.at ? table : view_at(info, (uintptr_t)(info->dlpi_addr + pointer));
}

/* One entry; false: past the last. */
static bool entry_at(const struct tn_mapped *m, size_t i, ElfW(Dyn) * out)
{
    struct tn_view row;
    if (!tn_view_sub(m->dynamic, i * sizeof *out, sizeof *out, &row))
        return false;
    memcpy(out, row.at, sizeof *out);
    return out->d_tag != DT_NULL;
}

uint64_t tn_mapped_number(const struct tn_mapped *m, intptr_t tag)
{
    ElfW(Dyn) entry;
    for (size_t i = 0; entry_at(m, i, &entry); i++)
        if (entry.d_tag == tag)
            return entry.d_un.d_val;
    return 0;
}

const char *tn_mapped_next_string(const struct tn_mapped *m, intptr_t tag, size_t *at)
{
    ElfW(Dyn) entry;
    while (entry_at(m, *at, &entry)) {
        ++*at;
        if (entry.d_tag == tag)
            return tn_view_string(m->strings, entry.d_un.d_val);
    }
    return NULL;
}

const char *tn_mapped_string(const struct tn_mapped *m, intptr_t tag)
{
    size_t at = 0;
    return tn_mapped_next_string(m, tag, &at);
}

static bool word_at(struct tn_view table, uint64_t i, uint32_t *out)
{
    struct tn_view word;
    if (i > table.size / sizeof *out || !tn_view_sub(table, i * sizeof *out, sizeof *out, &word))
        return false;
    memcpy(out, word.at, sizeof *out);
    return true;
}

/* Header, bloom filter, buckets, chains. */
static bool take_hash(struct tn_mapped *m, struct tn_view table)
{
    uint32_t buckets, bloom;
    if (!word_at(table, 0, &buckets) || !word_at(table, 1, &m->first) ||
        !word_at(table, 2, &bloom) || !word_at(table, 3, &m->shift) || !buckets || !bloom ||
        (bloom & (bloom - 1)) || m->shift > 31)
        return false;
    uint64_t bloom_size = (uint64_t)bloom * sizeof(ElfW(Addr)), size = (uint64_t)buckets * 4;
    return tn_view_sub(table, 16, bloom_size, &m->bloom) &&
           tn_view_sub(table, 16 + bloom_size, size, &m->buckets) &&
           tn_view_sub(table, 16 + bloom_size + size, table.size - 16 - bloom_size - size,
                       &m->chains);
}

static bool take_tables(struct tn_mapped *m, const struct dl_phdr_info *info)
{
    uint64_t hash = tn_mapped_number(m, DT_GNU_HASH), symbols = tn_mapped_number(m, DT_SYMTAB);
    uint64_t versions = tn_mapped_number(m, DT_VERSYM);
    uint64_t definitions = tn_mapped_number(m, DT_VERDEF);
    if (!hash || !symbols || !m->strings.at || !take_hash(m, table_at(info, hash)))
        return false;
    m->symbols = table_at(info, symbols);
    m->versions = versions ? table_at(info, versions) : tn_view(NULL, 0);
    m->definitions = definitions ? table_at(info, definitions) : tn_view(NULL, 0);
    return m->symbols.at && (!versions || m->versions.at) && (!definitions || m->definitions.at);
}

void tn_mapped_take(struct tn_mapped *m, const struct dl_phdr_info *info)
{
    *m = (struct tn_mapped){ .has_symbols = false };
    for (size_t i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *p = &info->dlpi_phdr[i];
        struct tn_view dynamic;
        if (p->p_type == PT_DYNAMIC &&
            tn_view_sub(view_at(info, info->dlpi_addr + p->p_vaddr), 0, p->p_filesz, &dynamic))
            m->dynamic = dynamic;
    }
    uint64_t strings = tn_mapped_number(m, DT_STRTAB);
    if (strings)
        m->strings = table_at(info, strings);
    m->has_symbols = take_tables(m, info);
}

/* ---- versions -------------------------------------------------------------------------------- */

/* The definition at an offset, with its name; false: there is none. */
static bool definition_at(const struct tn_mapped *m, uint64_t at, ElfW(Verdef) * out,
                          const char **name)
{
    struct tn_view row, aux;
    ElfW(Verdaux) named;
    if (!tn_view_sub(m->definitions, at, sizeof *out, &row))
        return false;
    memcpy(out, row.at, sizeof *out);
    if (!tn_view_sub(m->definitions, at + out->vd_aux, sizeof named, &aux))
        return false;
    memcpy(&named, aux.at, sizeof named);
    *name = tn_view_string(m->strings, named.vda_name);
    return *name != NULL;
}

/* The name of a version by its number; NULL: it has none, or is the object itself. */
static const char *version_name(const struct tn_mapped *m, unsigned number)
{
    ElfW(Verdef) d;
    const char *name;
    for (uint64_t at = 0; number > 1 && definition_at(m, at, &d, &name); at += d.vd_next) {
        if ((d.vd_ndx & VERSION_NUMBER) == number)
            return d.vd_flags & VER_FLG_BASE ? NULL : name;
        if (!d.vd_next)
            break;
    }
    return NULL;
}

bool tn_mapped_defines_version(const struct tn_mapped *m, const char *version)
{
    ElfW(Verdef) d;
    const char *name;
    for (uint64_t at = 0; definition_at(m, at, &d, &name); at += d.vd_next) {
        if (strcmp(name, version) == 0)
            return true;
        if (!d.vd_next)
            break;
    }
    return false;
}

static bool fits_version(const struct tn_mapped *m, uint64_t symbol, const char *wanted)
{
    struct tn_view row;
    uint16_t stored;
    if (!m->versions.at)
        return true;
    if (!tn_view_sub(m->versions, symbol * sizeof stored, sizeof stored, &row))
        return false;
    memcpy(&stored, row.at, sizeof stored);
    unsigned number = stored & VERSION_NUMBER;
    bool hidden = stored & VERSION_HIDDEN;
    if (!wanted)
        return number < 3 || !hidden;
    const char *has = version_name(m, number);
    return has ? strcmp(has, wanted) == 0 : !hidden;
}

/* ---- symbols --------------------------------------------------------------------------------- */

/* rule  dl_new_hash() */
uint32_t tn_mapped_hash(const char *name)
{
    uint32_t hash = 5381;
    for (const unsigned char *c = (const unsigned char *)name; *c; c++)
        hash = hash * 33 + *c;
    return hash;
}

static bool may_have(const struct tn_mapped *m, uint32_t hash)
{
    enum { BITS = 8 * sizeof(ElfW(Addr)) };
    size_t words = m->bloom.size / sizeof(ElfW(Addr));
    ElfW(Addr) word;
    memcpy(&word, m->bloom.at + (hash / BITS & (words - 1)) * sizeof word, sizeof word);
    return word >> hash % BITS & word >> (hash >> m->shift) % BITS & 1;
}

/* NOTYPE OBJECT FUNC COMMON TLS GNU_IFUNC, defined, for others to see. */
static bool is_offered(const ElfW(Sym) * s)
{
    unsigned bind = ELF64_ST_BIND(s->st_info), type = ELF64_ST_TYPE(s->st_info);
    unsigned visibility = ELF64_ST_VISIBILITY(s->st_other);
    bool bindable = bind == STB_GLOBAL || bind == STB_WEAK || bind == STB_GNU_UNIQUE;
    bool typed = type == STT_NOTYPE || type == STT_OBJECT || type == STT_FUNC ||
                 type == STT_COMMON || type == STT_TLS || type == STT_GNU_IFUNC;
    return s->st_shndx != SHN_UNDEF && bindable && typed &&
           (s->st_value || s->st_shndx == SHN_ABS || type == STT_TLS) &&
           (visibility == STV_DEFAULT || visibility == STV_PROTECTED);
}

static bool symbol_at(const struct tn_mapped *m, uint64_t i, ElfW(Sym) * out, const char **name)
{
    struct tn_view row;
    if (!tn_view_sub(m->symbols, i * sizeof *out, sizeof *out, &row))
        return false;
    memcpy(out, row.at, sizeof *out);
    *name = tn_view_string(m->strings, out->st_name);
    return *name != NULL;
}

/* How one symbol is asked for. */
struct asked {
    const char *name, *version;
    bool strong;        /* only a strong definition, at whatever version */
    ElfW(Addr) * value; /* of the one that answers; NULL: nobody's business */
    bool *is_tls;       /* ... whether it is thread-local data; NULL likewise */
};

static bool answers(const struct tn_mapped *m, uint32_t i, const struct asked *asked)
{
    ElfW(Sym) symbol;
    const char *name;
    if (!symbol_at(m, i, &symbol, &name) || strcmp(name, asked->name) != 0 || !is_offered(&symbol))
        return false;
    if (asked->value)
        *asked->value = symbol.st_value;
    if (asked->is_tls)
        *asked->is_tls = ELF64_ST_TYPE(symbol.st_info) == STT_TLS;
    return asked->strong ? ELF64_ST_BIND(symbol.st_info) == STB_GLOBAL
                         : fits_version(m, i, asked->version);
}

/* A chain ends with the symbol whose hash has its last bit set. */
static bool look_up(const struct tn_mapped *m, uint32_t hash, const struct asked *asked)
{
    uint32_t i, stored = 0;
    if (!m->has_symbols || !may_have(m, hash) ||
        !word_at(m->buckets, hash % (uint32_t)(m->buckets.size / 4), &i) || i < m->first || !i)
        return false;
    for (; !(stored & 1); i++) {
        if (!word_at(m->chains, i - m->first, &stored))
            return false;
        if ((stored | 1) == (hash | 1) && answers(m, i, asked))
            return true;
    }
    return false;
}

void tn_mapped_mark(const struct tn_mapped *m, uint64_t *filter, uint32_t bits)
{
    size_t buckets = m->buckets.size / 4;
    for (uint64_t bucket = 0; bucket < buckets; bucket++) {
        uint32_t i, hash = 0;
        if (!word_at(m->buckets, bucket, &i) || i < m->first || !i)
            continue;
        for (; !(hash & 1) && word_at(m->chains, i - m->first, &hash); i++) {
            uint32_t bit = tn_mapped_bit(hash, bits);
            filter[bit / 64] |= UINT64_C(1) << bit % 64;
        }
    }
}

bool tn_mapped_offers(const struct tn_mapped *m, const char *name, uint32_t hash,
                      const char *version)
{
    return look_up(m, hash, &(struct asked){ .name = name, .version = version });
}

bool tn_mapped_finds(const struct tn_mapped *m, const char *name, uint32_t hash,
                     const char *version, bool *is_tls)
{
    return look_up(m, hash, &(struct asked){ .name = name, .version = version, .is_tls = is_tls });
}

bool tn_mapped_is_strong(const struct tn_mapped *m, const char *name, uint32_t hash)
{
    return look_up(m, hash, &(struct asked){ .name = name, .strong = true });
}

struct tn_view tn_mapped_data(const struct tn_mapped *m, const struct dl_phdr_info *info,
                              const char *name)
{
    ElfW(Addr) value = 0;
    const struct asked asked = { .name = name, .strong = true, .value = &value };
    return look_up(m, tn_mapped_hash(name), &asked) ? view_at(info, info->dlpi_addr + value)
                                                    : tn_view(NULL, 0);
}
