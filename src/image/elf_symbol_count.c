/*
 * src/image/elf_symbol_count.c - ELF: how many dynamic symbols there are
 *
 * Nothing stores their number: it follows from what must cover them.
 *
 * rule  gABI chapter 5 "Dynamic Section" and "Hash Table"; GNU hash as glibc and binutils have it
 */
#include "elf_symbols.h"

/* A number in the table of `tag`, `at` bytes from its start; false when it is not in the file. */
static bool peek(const struct tn_elf *elf, enum tn_elf_tag tag, uint64_t at, unsigned size,
                 uint64_t *out, uint64_t *room_after)
{
    uint64_t offset, room;
    struct tn_view view;
    if (!tn_elf_has(&elf->dynamic, tag) ||
        !tn_elf_map(elf, elf->dynamic.value[tag], &offset, &room) || at > room ||
        size > room - at || !tn_file_view(elf->file, offset + at, size, "hash table", &view, NULL))
        return false;
    *out =
        size == 8 ? tn_load64(view.at, elf->header.endian) : tn_load32(view.at, elf->header.endian);
    *room_after = room - at - size;
    return true;
}

/* rule  DT_HASH: nchain is the number of symbols; words of 8 bytes on Alpha and s390x */
static bool count_by_hash(const struct tn_elf *elf, uint64_t *count)
{
    const struct tn_elf_header *h = &elf->header;
    bool wide = h->word == 8 && (h->e_machine == TN_EM_ALPHA || h->e_machine == TN_EM_S390);
    unsigned word = wide ? 8 : 4;
    uint64_t nchain, room;
    if (!peek(elf, TN_TAG_HASH, word, word, &nchain, &room) || nchain > room / word)
        return false;
    *count = nchain;
    return true;
}

static bool count_by_system(const struct tn_elf *elf, uint64_t *count)
{
    const struct tn_elf_dynamic *d = &elf->dynamic;
    if (elf->header.e_machine == TN_EM_MIPS && tn_elf_has(d, TN_TAG_MIPS_SYMTABNO)) {
        *count = d->value[TN_TAG_MIPS_SYMTABNO];
        return true;
    }
    if (!tn_elf_has(d, TN_TAG_SYMINSZ) || !d->value[TN_TAG_SYMINENT])
        return false;
    *count = d->value[TN_TAG_SYMINSZ] / d->value[TN_TAG_SYMINENT];
    return true;
}

/* The u32 words of a file range, one after another; false at its end. */
static bool next_word(struct tn_elf_stream *stream, enum tn_endian endian, uint32_t *word)
{
    const uint8_t *at = tn_elf_stream_next(stream, 4, NULL);
    if (at)
        *word = tn_load32(at, endian);
    return at != NULL;
}

/* rule  DT_GNU_HASH: the last symbol ends the chain of the highest bucket. Symbols that are only
 * asked for are not in it: with all buckets empty it says nothing */
static bool count_by_gnu_hash(const struct tn_elf *elf, uint64_t *count)
{
    enum tn_endian endian = elf->header.endian;
    uint64_t buckets, first, bloom, offset, room;
    uint32_t last = 0, word = 0;
    if (!peek(elf, TN_TAG_GNU_HASH, 0, 4, &buckets, &room) ||
        !peek(elf, TN_TAG_GNU_HASH, 4, 4, &first, &room) ||
        !peek(elf, TN_TAG_GNU_HASH, 8, 4, &bloom, &room) ||
        !tn_elf_map(elf, elf->dynamic.value[TN_TAG_GNU_HASH], &offset, &room))
        return false;
    uint64_t at = 16 + bloom * elf->header.word;
    if (at > room || buckets > (room - at) / 4)
        return false;
    struct tn_elf_stream stream = {
        .file = elf->file, .what = "hash table", .offset = offset + at, .end = offset + room
    };
    for (uint64_t i = 0; i < buckets && next_word(&stream, endian, &word); i++)
        last = word > last ? word : last;
    bool known = last >= first && last;
    if (known)
        tn_elf_stream_skip(&stream, (last - first) * 4);
    for (*count = last; known; ++*count) {
        known = next_word(&stream, endian, &word);
        if (word & 1)
            break;
    }
    ++*count;
    tn_elf_stream_end(&stream);
    return known;
}

static bool count_by_section(struct tn_elf *elf, uint64_t *count)
{
    struct tn_elf_sections sections;
    if (!tn_elf_read_sections(elf, &sections, NULL))
        return false;
    for (size_t i = 1; i < sections.count; i++) {
        struct tn_elf_section s = tn_elf_section(&sections, i);
        if (s.sh_type == TN_SHT_DYNSYM && s.sh_addr == elf->dynamic.value[TN_TAG_SYMTAB]) {
            *count = s.sh_size / tn_elf_symbol_size(elf);
            return true;
        }
    }
    return false;
}

/* The string table mostly follows the symbols: an upper bound, seldom too large. */
static bool count_by_strings(const struct tn_elf *elf, uint64_t *count)
{
    const struct tn_elf_dynamic *d = &elf->dynamic;
    uint64_t symbols = d->value[TN_TAG_SYMTAB], strings = d->value[TN_TAG_STRTAB];
    if (!tn_elf_has(d, TN_TAG_STRTAB) || strings <= symbols)
        return false;
    *count = (strings - symbols) / tn_elf_symbol_size(elf);
    return true;
}

static void take_highest(void *arg, uint64_t symbol, uint32_t type)
{
    uint64_t *highest = arg;
    (void)type;
    *highest = symbol > *highest ? symbol : *highest;
}

/* What relocations name must be there: the last resort. */
static bool count_by_relocs(struct tn_elf *elf, uint64_t *count)
{
    uint64_t highest = 0;
    if (!tn_elf_walk_relocs(elf, take_highest, &highest, NULL))
        return false;
    *count = highest + 1;
    return true;
}

bool tn_elf_count_symbols(struct tn_elf *elf, struct tn_elf_symtab *table)
{
    if (count_by_hash(elf, &table->count) || count_by_system(elf, &table->count) ||
        count_by_gnu_hash(elf, &table->count) || count_by_section(elf, &table->count))
        return true;
    table->estimated = true;
    return count_by_strings(elf, &table->count) || count_by_relocs(elf, &table->count);
}
