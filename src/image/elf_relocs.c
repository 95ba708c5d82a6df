/*
 * src/image/elf_relocs.c - ELF: which symbols the dynamic relocations name, and how
 *
 * rule  gABI chapter 4 "Relocation"; numbers from the processor supplements (psABI documents)
 */
#include "elf_private.h"
#include "fail.h"

enum { DT_RELA = 7 };

static const struct tn_elf_reloc_types types[] = {
    { TN_EM_X86_64, 0, { 7, 7 }, 5, { { 16, 18 }, { 36, 36 } } },
    { TN_EM_386, 0, { 7, 7 }, 5, { { 14, 19 }, { 24, 37 }, { 39, 41 } } },
    { TN_EM_AARCH64, 64, { 1026, 1026 }, 1024, { { 1028, 1031 } } },
    { TN_EM_AARCH64, 32, { 182, 182 }, 180, { { 184, 187 } } },
    { TN_EM_ARM, 0, { 22, 22 }, 20, { { 13, 13 }, { 17, 19 } } },
    { TN_EM_PPC, 0, { 21, 21 }, 19, { { 67, 96 } } },
    { TN_EM_PPC64, 0, { 21, 21 }, 19, { { 67, 108 } } },
    { TN_EM_S390, 0, { 11, 11 }, 9, { { 37, 56 } } },
    { TN_EM_RISCV, 0, { 5, 5 }, 4, { { 6, 12 } } },
    { TN_EM_MIPS, 0, { 127, 127 }, 126, { { 38, 50 } } },
    { TN_EM_SPARC, 0, { 21, 21 }, 19, { { 56, 79 } } },
    { TN_EM_SPARC32PLUS, 0, { 21, 21 }, 19, { { 56, 79 } } },
    { TN_EM_SPARCV9, 0, { 21, 21 }, 19, { { 56, 79 } } },
    { TN_EM_LOONGARCH, 0, { 5, 5 }, 4, { { 6, 11 }, { 13, 14 } } },
    { TN_EM_68K, 0, { 21, 21 }, 19, { { 25, 42 } } },
    { TN_EM_ALPHA, 0, { 26, 26 }, 24, { { 29, 41 } } },
    { TN_EM_SH, 0, { 164, 164 }, 162, { { 144, 151 } } },
    { TN_EM_PARISC, 0, { 129, 129 }, 128, { { 0, 0 } } },
    { TN_EM_IA_64, 0, { 0x80, 0x81 }, 0x84, { { 0, 0 } } }, /* IPLTMSB, IPLTLSB */
};

const struct tn_elf_reloc_types *tn_elf_reloc_types(const struct tn_elf_header *header)
{
    for (size_t i = 0; i < TN_COUNT(types); i++)
        if (types[i].machine == header->e_machine &&
            (!types[i].bits || types[i].bits == header->word * 8))
            return &types[i];
    return NULL;
}

bool tn_elf_is_tls_reloc(const struct tn_elf_reloc_types *known, uint32_t type)
{
    for (size_t i = 0; i < TN_COUNT(known->tls); i++)
        if (known->tls[i][1] && type >= known->tls[i][0] && type <= known->tls[i][1])
            return true;
    return false;
}

/* r_info of 64-bit MIPS is a word for the symbol and a byte for each of three types; SPARC V9
 * keeps data in the upper bits of the type. */
void tn_elf_split_info(const struct tn_elf_header *h, const uint8_t *r_info, uint64_t *symbol,
                       uint32_t *type)
{
    if (h->word == 4) {
        uint32_t info = tn_load32(r_info, h->endian);
        *symbol = info >> 8;
        *type = info & 0xff;
    } else if (h->e_machine == TN_EM_MIPS) {
        *symbol = tn_load32(r_info, h->endian);
        *type = r_info[7];
    } else {
        uint64_t info = tn_load64(r_info, h->endian);
        *symbol = info >> 32;
        *type = (uint32_t)info & (h->e_machine == TN_EM_SPARCV9 ? 0xff : 0xffffffff);
    }
}

/* One table: address, size and entry size by their tags (entry size TN_TAG_COUNT: the usual). */
static bool walk_table(struct tn_elf *elf, enum tn_elf_tag table, enum tn_elf_tag size_tag,
                       enum tn_elf_tag entry_tag, bool addend, tn_elf_reloc_each *each, void *arg,
                       tenon_error *err)
{
    const struct tn_elf_dynamic *d = &elf->dynamic;
    uint64_t offset, room, size = d->value[size_tag];
    uint64_t least = (addend ? 3u : 2u) * elf->header.word, stride = least;
    if (!tn_elf_has(d, table) || !size)
        return true;
    if (entry_tag != TN_TAG_COUNT && d->value[entry_tag] > least && d->value[entry_tag] <= 256)
        stride = d->value[entry_tag];
    if (!tn_elf_map(elf, d->value[table], &offset, &room))
        return tn_fail(err, TENON_E_MALFORMED, "relocations: no segment has them in the file");
    struct tn_elf_stream stream = { .file = elf->file,
                                    .what = "relocations",
                                    .offset = offset,
                                    .end = offset + (size < room ? size : room) };
    tenon_error local;
    local.code = TENON_OK;
    const uint8_t *row;
    while ((row = tn_elf_stream_next(&stream, (size_t)stride, &local))) {
        uint64_t symbol;
        uint32_t type;
        tn_elf_split_info(&elf->header, row + elf->header.word, &symbol, &type);
        each(arg, symbol, type);
    }
    tn_elf_stream_end(&stream);
    if (local.code != TENON_OK && err)
        *err = local;
    return local.code == TENON_OK;
}

bool tn_elf_walk_relocs(struct tn_elf *elf, tn_elf_reloc_each *each, void *arg, tenon_error *err)
{
    bool plt_addend = elf->dynamic.value[TN_TAG_PLTREL] == DT_RELA;
    return walk_table(elf, TN_TAG_REL, TN_TAG_RELSZ, TN_TAG_RELENT, false, each, arg, err) &&
           walk_table(elf, TN_TAG_RELA, TN_TAG_RELASZ, TN_TAG_RELAENT, true, each, arg, err) &&
           walk_table(elf, TN_TAG_JMPREL, TN_TAG_PLTRELSZ, TN_TAG_COUNT, plt_addend, each, arg,
                      err);
}
