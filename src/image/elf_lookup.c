/*
 * src/image/elf_lookup.c - one dynamic symbol by its name, without reading the others
 *
 * rule  the table DT_GNU_HASH as GNU ld and ld.so have it: number of buckets, first symbol that is
 *       hashed, words of the Bloom filter, its shift; filter; buckets; chains, whose last word has
 *       bit 0 set. A file without it is read through
 */
#include "elf_private.h"
#include "fail.h"
#include "limits.h"

struct gnu_hash {
    uint32_t bucket_count, first, filter_words;
    uint64_t buckets, chains; /* offsets in the file */
    uint64_t room;            /* bytes of the segment from `chains` on */
};

static uint32_t hash_of(const char *name)
{
    uint32_t hash = 5381;
    for (; *name; name++)
        hash = hash * 33 + (uint8_t)*name;
    return hash;
}

static bool read_table(struct tn_elf *elf, struct gnu_hash *out, tenon_error *err)
{
    static const char what[] = "DT_GNU_HASH";
    struct tn_view head;
    uint64_t offset, room;
    enum tn_endian endian = elf->header.endian;
    if (!tn_elf_map(elf, elf->dynamic.value[TN_TAG_GNU_HASH], &offset, &room))
        return tn_fail(err, TENON_E_MALFORMED, "%s is outside of the file", what);
    if (!tn_file_view(elf->file, offset, 16, what, &head, err))
        return false;
    out->bucket_count = tn_load32(head.at, endian);
    out->first = tn_load32(head.at + 4, endian);
    out->filter_words = tn_load32(head.at + 8, endian);
    uint64_t before = 16 + (uint64_t)out->filter_words * elf->header.word;
    uint64_t buckets = 4 * (uint64_t)out->bucket_count;
    if (!out->bucket_count || before > room || buckets > room - before)
        return tn_fail(err, TENON_E_MALFORMED, "%s: %u buckets do not fit its segment", what,
                       out->bucket_count);
    out->buckets = offset + before;
    out->chains = out->buckets + buckets;
    out->room = room - before - buckets;
    return true;
}

static bool read_word(struct tn_elf *elf, uint64_t offset, uint32_t *out, tenon_error *err)
{
    struct tn_view word;
    if (!tn_file_view(elf->file, offset, 4, "DT_GNU_HASH", &word, err))
        return false;
    *out = tn_load32(word.at, elf->header.endian);
    return true;
}

/* Whether the symbol is a definition of that name. */
static bool judge_symbol(struct tn_elf *elf, uint32_t index, const char *name, uint64_t *value,
                         bool *found, tenon_error *err)
{
    unsigned word = elf->header.word, size = word == 8 ? 24 : 16;
    enum tn_endian endian = elf->header.endian;
    struct tn_view row;
    uint64_t offset, room;
    if (!tn_elf_map(elf, elf->dynamic.value[TN_TAG_SYMTAB], &offset, &room) || index >= room / size)
        return tn_fail(err, TENON_E_MALFORMED, "symbol %u is outside of the file", index);
    if (!tn_file_view(elf->file, offset + (uint64_t)index * size, size, "symbol", &row, err))
        return false;
    const char *text = tn_elf_string(elf, tn_load32(row.at, endian), err);
    if (!text)
        return false;
    uint16_t shndx = tn_load16(row.at + (word == 8 ? 6 : 14), endian);
    *found = shndx != TN_SHN_UNDEF && strcmp(text, name) == 0;
    *value = word == 8 ? tn_load64(row.at + 8, endian) : tn_load32(row.at + 4, endian);
    return true;
}

static bool find_hashed(struct tn_elf *elf, const char *name, uint64_t *value, bool *found,
                        tenon_error *err)
{
    struct gnu_hash table = { 0 };
    uint32_t hash = hash_of(name), index, word;
    if (!read_table(elf, &table, err) ||
        !read_word(elf, table.buckets + 4 * (uint64_t)(hash % table.bucket_count), &index, err))
        return false;
    if (index < table.first)
        return true; /* an empty bucket */
    for (;; index++) {
        uint64_t at = (uint64_t)(index - table.first) * 4;
        if (at >= table.room || table.room - at < 4)
            return tn_fail(err, TENON_E_MALFORMED, "DT_GNU_HASH: a chain without end");
        if (!read_word(elf, table.chains + at, &word, err))
            return false;
        if ((word | 1) == (hash | 1) && !judge_symbol(elf, index, name, value, found, err))
            return false;
        if (*found || (word & 1))
            return true;
    }
}

static bool find_slowly(struct tn_file *file, const char *name, uint64_t *value, bool *found,
                        tenon_error *err)
{
    struct tn_elf_symbols all;
    if (!tn_elf_read_symbols(file, NULL, &all, err))
        return false;
    for (size_t i = 1; i < all.count && !*found; i++) {
        *value = all.symbols[i].value;
        *found = all.symbols[i].shndx != TN_SHN_UNDEF && strcmp(all.symbols[i].name, name) == 0;
    }
    return true;
}

bool tn_elf_find_definition(struct tn_elf *elf, const char *name, uint64_t *value, bool *found,
                            tenon_error *err)
{
    bool dynamic;
    *found = false;
    if (!tn_elf_read_dynamic(elf, &dynamic, err))
        return false;
    if (!dynamic || !tn_elf_has(&elf->dynamic, TN_TAG_SYMTAB))
        return true;
    return tn_elf_has(&elf->dynamic, TN_TAG_GNU_HASH)
               ? find_hashed(elf, name, value, found, err)
               : find_slowly(elf->file, name, value, found, err);
}
