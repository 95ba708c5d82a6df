/* tests/unit/elf_builder.h - small ELF files made to order, of either class and byte order */
#ifndef TEST_ELF_BUILDER_H
#define TEST_ELF_BUILDER_H

/*
 * Everything lies in one readable PT_LOAD at address 0, so that an address is a file offset
 * (unless `load_at` moves it). The file cannot run; it holds what a loader reads.
 *
 *     struct elf_spec spec = { .soname = "libx.so.1", .needed = (const char *[]){ "liby.so", NULL }
 * }; size_t size; uint8_t *bytes = elf_build(&spec, &size);    the caller frees it
 */
#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum elf_reloc_use { ELF_RELOC_NONE, ELF_RELOC_PLT, ELF_RELOC_COPY, ELF_RELOC_DATA };

/* Versions asked of one file; `names` ends with NULL. A list of these ends with file NULL. */
struct elf_spec_verneed {
    const char *file;
    const char *const *names;
    bool weak;
};

/* One dynamic symbol. A list of these ends with name NULL. */
struct elf_spec_symbol {
    const char *name;
    bool defined;
    unsigned bind;       /* 0 local, 1 global, 2 weak, 10 unique */
    unsigned type;       /* STT_ */
    unsigned visibility; /* STV_ */
    const char *version; /* one of verdef (defined) or of verneed's names; NULL: none */
    bool hidden;         /* NAME@VERSION instead of NAME@@VERSION */
    enum elf_reloc_use use;
    uint64_t value, size;
};

/* A section of a file with section headers. A list of these ends with name NULL. */
struct elf_spec_section {
    const char *name;
    uint32_t type; /* SHT_; SHT_NOBITS takes no room in the file */
    uint64_t flags;
    const void *data;
    size_t size;
    uint32_t link, info; /* section numbers count from 1 in list order */
};

struct elf_spec {
    int bits; /* 32, 64; 0: 64 */
    bool big;
    uint16_t type;    /* 0: ET_DYN */
    uint16_t machine; /* 0: EM_X86_64 for 64 bits, EM_386 for 32 */
    uint32_t e_flags;
    uint8_t osabi, abiversion;
    const char *interp, *soname, *rpath, *runpath;
    const char *const *needed; /* ends with NULL */
    const char *filter, *auxiliary, *audit, *depaudit;
    const char *const *auxiliaries; /* more of them; ends with NULL */
    uint64_t dt_flags, dt_flags_1;  /* 0: no such tag */
    bool symbolic, textrel;
    const uint64_t (*tags)[2]; /* more dynamic entries, tag and value; ends with tag 0 */
    const struct elf_spec_verneed *verneed;
    const char *const *verdef; /* ends with NULL; the first is the base */
    const struct elf_spec_symbol *symbols;
    bool gnu_hash; /* DT_GNU_HASH (all symbols in one chain; undefined first) instead of DT_HASH */
    const void *build_id;
    size_t build_id_size;
    const char *abi_note; /* owner of an OS note of type 1 ("GNU", "FreeBSD"); NULL: none */
    uint32_t abi_words[4];
    uint32_t isa_needed;     /* GNU_PROPERTY_X86_ISA_1_NEEDED; 0: none */
    const char *dlopen_note; /* JSON text of a .note.dlopen; NULL: none */
    const void *rodata;      /* literals */
    size_t rodata_size;
    bool exec_stack, no_stack_header;
    bool no_dynamic, no_load;
    uint64_t load_at; /* address of file offset 0 */
    bool no_debug;    /* no DT_DEBUG, which programs have: interpreter and no name of its own */
    bool no_entry;    /* e_entry 0, also where there is an interpreter or ET_EXEC */
    const struct elf_spec_section *sections;
    size_t padding; /* bytes appended to the file */
};

/* ---- growing buffer ------------------------------------------------------------------------ */

struct elf_out {
    uint8_t *at;
    size_t size, room;
    unsigned word; /* 4 or 8 */
    bool big;
};

static inline void elf_put(struct elf_out *out, const void *bytes, size_t size)
{
    if (out->size + size > out->room) {
        out->room = (out->size + size) * 2 + 256;
        out->at = realloc(out->at, out->room);
        assert(out->at);
    }
    if (size && bytes)
        memcpy(out->at + out->size, bytes, size);
    else if (size)
        memset(out->at + out->size, 0, size);
    out->size += size;
}

static inline void elf_store(uint8_t *at, uint64_t value, unsigned size, bool big)
{
    for (unsigned i = 0; i < size; i++)
        at[big ? size - 1 - i : i] = (uint8_t)(value >> 8 * i);
}

static inline void elf_number(struct elf_out *out, uint64_t value, unsigned size)
{
    uint8_t bytes[8];
    if (size > sizeof bytes)
        abort();
    elf_store(bytes, value, size, out->big);
    elf_put(out, bytes, size);
}

static inline void elf_align(struct elf_out *out, size_t to)
{
    elf_put(out, NULL, (to - out->size % to) % to);
}

/* Appends a string with its NUL; gives its offset. */
static inline uint32_t elf_text(struct elf_out *table, const char *text)
{
    uint32_t offset = (uint32_t)table->size;
    elf_put(table, text, strlen(text) + 1);
    return offset;
}

static inline void elf_note(struct elf_out *out, const char *owner, uint32_t type, const void *desc,
                            size_t size)
{
    elf_number(out, strlen(owner) + 1, 4);
    elf_number(out, size, 4);
    elf_number(out, type, 4);
    elf_put(out, owner, strlen(owner) + 1);
    elf_align(out, 4);
    elf_put(out, desc, size);
    elf_align(out, 4);
}

/* ---- the parts ----------------------------------------------------------------------------- */

/* What the parts of a file under construction have told each other. */
struct elf_build {
    const struct elf_spec *spec;
    struct elf_out file, strings, dynamic;
    size_t interp, interp_size, notes, notes_size, dynamic_at;
    size_t phdrs, section_names;
};

static inline void elf_tag(struct elf_build *b, uint64_t tag, uint64_t value)
{
    elf_number(&b->dynamic, tag, b->file.word);
    elf_number(&b->dynamic, value, b->file.word);
}

static inline void elf_string_tag(struct elf_build *b, uint64_t tag, const char *text)
{
    if (text)
        elf_tag(b, tag, elf_text(&b->strings, text));
}

static inline void elf_build_notes(struct elf_build *b)
{
    const struct elf_spec *s = b->spec;
    elf_align(&b->file, 8);
    b->notes = b->file.size;
    if (s->isa_needed) {
        struct elf_out desc = { .word = b->file.word, .big = b->file.big };
        elf_number(&desc, 0xc0008002u, 4);
        elf_number(&desc, 4, 4);
        elf_number(&desc, s->isa_needed, 4);
        elf_align(&desc, b->file.word);
        elf_note(&b->file, "GNU", 5, desc.at, desc.size);
        free(desc.at);
    }
    if (s->abi_note) {
        uint8_t words[16];
        for (unsigned i = 0; i < 4; i++)
            elf_store(words + 4 * i, s->abi_words[i], 4, b->file.big);
        elf_note(&b->file, s->abi_note, 1, words, sizeof words);
    }
    if (s->build_id)
        elf_note(&b->file, "GNU", 3, s->build_id, s->build_id_size);
    if (s->dlopen_note)
        elf_note(&b->file, "FDO", 0x407c0c0au, s->dlopen_note, strlen(s->dlopen_note) + 1);
    b->notes_size = b->file.size - b->notes;
}

/* The number that a version has in this file: definitions from 1, then requirements. */
static inline uint16_t elf_version_number(const struct elf_spec *s, const char *version,
                                          bool defined)
{
    uint16_t number = 1;
    if (!version)
        return 1;
    for (size_t i = 0; s->verdef && s->verdef[i]; i++, number++)
        if (defined && strcmp(s->verdef[i], version) == 0)
            return number;
    if (number == 1)
        number = 2;
    for (size_t i = 0; s->verneed && s->verneed[i].file; i++)
        for (size_t j = 0; s->verneed[i].names[j]; j++, number++)
            if (!defined && strcmp(s->verneed[i].names[j], version) == 0)
                return number;
    return 1;
}

static inline void elf_build_versions(struct elf_build *b)
{
    const struct elf_spec *s = b->spec;
    uint16_t number = 1;
    size_t count = 0;
    elf_align(&b->file, 4);
    size_t start = b->file.size;
    for (; s->verdef && s->verdef[count]; count++, number++) {
        elf_number(&b->file, 1, 2);
        elf_number(&b->file, count == 0, 2);
        elf_number(&b->file, number, 2);
        elf_number(&b->file, 1, 2);
        elf_number(&b->file, 0, 4);
        elf_number(&b->file, 20, 4);
        elf_number(&b->file, s->verdef[count + 1] ? 28 : 0, 4);
        elf_number(&b->file, elf_text(&b->strings, s->verdef[count]), 4);
        elf_number(&b->file, 0, 4);
    }
    if (count) {
        elf_tag(b, 0x6ffffffc, s->load_at + start);
        elf_tag(b, 0x6ffffffd, count);
    }
    if (number == 1)
        number = 2;
    start = b->file.size;
    for (count = 0; s->verneed && s->verneed[count].file; count++) {
        const struct elf_spec_verneed *need = &s->verneed[count];
        size_t names = 0;
        while (need->names[names])
            names++;
        elf_number(&b->file, 1, 2);
        elf_number(&b->file, names, 2);
        elf_number(&b->file, elf_text(&b->strings, need->file), 4);
        elf_number(&b->file, 16, 4);
        elf_number(&b->file, s->verneed[count + 1].file ? 16 + 16 * names : 0, 4);
        for (size_t i = 0; i < names; i++, number++) {
            elf_number(&b->file, 0, 4);
            elf_number(&b->file, need->weak ? 2 : 0, 2);
            elf_number(&b->file, number, 2);
            elf_number(&b->file, elf_text(&b->strings, need->names[i]), 4);
            elf_number(&b->file, i + 1 < names ? 16 : 0, 4);
        }
    }
    if (count) {
        elf_tag(b, 0x6ffffffe, s->load_at + start);
        elf_tag(b, 0x6fffffff, count);
    }
}

static inline void elf_build_symbol(struct elf_build *b, const struct elf_spec_symbol *y)
{
    struct elf_out *f = &b->file;
    uint32_t name = elf_text(&b->strings, y->name);
    uint64_t info = (uint64_t)(y->bind << 4 | y->type), shndx = y->defined ? 1 : 0;
    elf_number(f, name, 4);
    if (f->word == 8) {
        elf_number(f, info, 1);
        elf_number(f, y->visibility, 1);
        elf_number(f, shndx, 2);
        elf_number(f, y->value, 8);
        elf_number(f, y->size, 8);
    } else {
        elf_number(f, y->value, 4);
        elf_number(f, y->size, 4);
        elf_number(f, info, 1);
        elf_number(f, y->visibility, 1);
        elf_number(f, shndx, 2);
    }
}

/* Relocations in Rela form, of the types of x86-64 (64 bits) and i386 (32 bits): 7 5 6 = jump
 * slot, copy, glob_dat in both. */
static inline void elf_build_relocations(struct elf_build *b, enum elf_reloc_use from,
                                         enum elf_reloc_use to, uint64_t tag, uint64_t size_tag)
{
    static const unsigned types[] = { 0, 7, 5, 6 };
    const struct elf_spec *s = b->spec;
    struct elf_out *f = &b->file;
    elf_align(f, 8);
    size_t start = f->size;
    for (size_t i = 0; s->symbols && s->symbols[i].name; i++) {
        if (s->symbols[i].use < from || s->symbols[i].use > to)
            continue;
        uint64_t type = types[s->symbols[i].use];
        elf_number(f, 0, f->word);
        elf_number(f, f->word == 8 ? (uint64_t)(i + 1) << 32 | type : (i + 1) << 8 | type, f->word);
        elf_number(f, 0, f->word);
    }
    if (f->size == start)
        return;
    elf_tag(b, tag, s->load_at + start);
    elf_tag(b, size_tag, f->size - start);
    if (tag == 23)
        elf_tag(b, 20, 7);
    else
        elf_tag(b, 9, 3 * f->word);
}

static inline void elf_build_hash(struct elf_build *b, size_t count)
{
    const struct elf_spec *s = b->spec;
    struct elf_out *f = &b->file;
    elf_align(f, 8);
    elf_tag(b, s->gnu_hash ? 0x6ffffef5 : 4, s->load_at + f->size);
    if (!s->gnu_hash) { /* one bucket; only nchain is of interest */
        elf_number(f, 1, 4);
        elf_number(f, count, 4);
        elf_put(f, NULL, 4 * (1 + count));
        return;
    }
    size_t first = 1;
    while (first < count && !s->symbols[first - 1].defined)
        first++;
    elf_number(f, 1, 4);
    elf_number(f, first, 4);
    elf_number(f, 1, 4);
    elf_number(f, 0, 4);
    elf_number(f, 0, f->word);
    elf_number(f, first < count ? first : 0, 4);
    for (size_t i = first; i < count; i++)
        elf_number(f, i + 1 == count, 4);
}

static inline void elf_build_symbols(struct elf_build *b)
{
    const struct elf_spec *s = b->spec;
    struct elf_out *f = &b->file;
    size_t count = 1;
    elf_align(f, 8);
    elf_tag(b, 6, s->load_at + f->size);
    elf_tag(b, 11, f->word == 8 ? 24 : 16);
    elf_put(f, NULL, f->word == 8 ? 24 : 16);
    for (const struct elf_spec_symbol *y = s->symbols; y && y->name; y++, count++)
        elf_build_symbol(b, y);
    if (s->verdef || s->verneed) {
        elf_tag(b, 0x6ffffff0, s->load_at + f->size);
        elf_number(f, 0, 2);
        for (const struct elf_spec_symbol *y = s->symbols; y && y->name; y++)
            elf_number(f,
                       y->bind == 0 ? 0
                                    : (uint64_t)elf_version_number(s, y->version, y->defined) |
                                          (y->hidden ? 0x8000u : 0),
                       2);
    }
    elf_build_hash(b, count);
    elf_build_relocations(b, ELF_RELOC_COPY, ELF_RELOC_DATA, 7, 8);
    elf_build_relocations(b, ELF_RELOC_PLT, ELF_RELOC_PLT, 23, 2);
}

static inline void elf_build_dynamic(struct elf_build *b)
{
    const struct elf_spec *s = b->spec;
    elf_text(&b->strings, "");
    for (size_t i = 0; s->needed && s->needed[i]; i++)
        elf_string_tag(b, 1, s->needed[i]);
    elf_string_tag(b, 14, s->soname);
    elf_string_tag(b, 15, s->rpath);
    elf_string_tag(b, 29, s->runpath);
    elf_string_tag(b, 0x7fffffff, s->filter);
    elf_string_tag(b, 0x7ffffffd, s->auxiliary);
    for (size_t i = 0; s->auxiliaries && s->auxiliaries[i]; i++)
        elf_string_tag(b, 0x7ffffffd, s->auxiliaries[i]);
    elf_string_tag(b, 0x6ffffefc, s->audit);
    elf_string_tag(b, 0x6ffffefb, s->depaudit);
    if (s->symbolic)
        elf_tag(b, 16, 0);
    if (s->textrel)
        elf_tag(b, 22, 0);
    if (s->dt_flags)
        elf_tag(b, 30, s->dt_flags);
    if (s->dt_flags_1)
        elf_tag(b, 0x6ffffffb, s->dt_flags_1);
    if (s->interp && !s->soname && !s->no_debug)
        elf_tag(b, 21, 0);
    for (size_t i = 0; s->tags && s->tags[i][0]; i++)
        elf_tag(b, s->tags[i][0], s->tags[i][1]);
    elf_build_symbols(b);
    elf_build_versions(b);
    elf_tag(b, 5, s->load_at + b->file.size);
    elf_tag(b, 10, b->strings.size);
    elf_put(&b->file, b->strings.at, b->strings.size);
    elf_tag(b, 0, 0);
    elf_align(&b->file, 16);
    b->dynamic_at = b->file.size;
    elf_put(&b->file, b->dynamic.at, b->dynamic.size);
}

/* ---- headers ------------------------------------------------------------------------------- */

static inline void elf_segment(struct elf_build *b, uint32_t type, uint32_t flags, size_t offset,
                               size_t size)
{
    uint8_t *at = b->file.at + b->phdrs;
    bool big = b->file.big;
    uint64_t address = b->spec->load_at + offset;
    elf_store(at, type, 4, big);
    if (b->file.word == 8) {
        elf_store(at + 4, flags, 4, big);
        elf_store(at + 8, offset, 8, big);
        elf_store(at + 16, address, 8, big);
        elf_store(at + 24, address, 8, big);
        elf_store(at + 32, size, 8, big);
        elf_store(at + 40, size, 8, big);
        elf_store(at + 48, type == 4 ? 4 : 8, 8, big);
    } else {
        elf_store(at + 4, offset, 4, big);
        elf_store(at + 8, address, 4, big);
        elf_store(at + 12, address, 4, big);
        elf_store(at + 16, size, 4, big);
        elf_store(at + 20, size, 4, big);
        elf_store(at + 24, flags, 4, big);
        elf_store(at + 28, 4, 4, big);
    }
    b->phdrs += b->file.word == 8 ? 56 : 32;
}

static inline size_t elf_segment_count(const struct elf_build *b)
{
    const struct elf_spec *s = b->spec;
    return (size_t)!s->no_load + !s->no_dynamic + (s->interp != NULL) + (b->notes_size != 0) +
           !s->no_stack_header;
}

/* The section headers, after a null one: those of the spec, then .shstrtab. Gives e_shoff. */
static inline size_t elf_build_sections(struct elf_build *b, size_t *count)
{
    struct elf_out names = { 0 }, *f = &b->file;
    size_t offsets[64], n = 0;
    const struct elf_spec_section *s = b->spec->sections;
    for (; s[n].name; n++) {
        assert(n < 63);
        elf_align(f, 8);
        offsets[n] = f->size;
        if (s[n].type != 8)
            elf_put(f, s[n].data, s[n].size);
    }
    elf_text(&names, "");
    size_t names_at = f->size + (8 - f->size % 8) % 8, name_list_size = 11;
    for (size_t i = 0; i < n; i++)
        name_list_size += strlen(s[i].name) + 1;
    elf_align(f, 8);
    elf_put(f, NULL, name_list_size);
    elf_align(f, 8);
    size_t start = f->size;
    elf_put(f, NULL, f->word == 8 ? 64 : 40);
    for (size_t i = 0; i <= n; i++) {
        bool last = i == n;
        elf_number(f, elf_text(&names, last ? ".shstrtab" : s[i].name), 4);
        elf_number(f, last ? 3 : s[i].type, 4);
        elf_number(f, last ? 0 : s[i].flags, f->word);
        elf_number(f, 0, f->word);
        elf_number(f, last ? names_at : offsets[i], f->word);
        elf_number(f, last ? name_list_size : s[i].size, f->word);
        elf_number(f, last ? 0 : s[i].link, 4);
        elf_number(f, last ? 0 : s[i].info, 4);
        elf_number(f, 4, f->word);
        elf_number(f, !last && s[i].type == 2 ? (f->word == 8 ? 24 : 16) : 0, f->word);
    }
    memcpy(f->at + names_at, names.at, names.size);
    free(names.at);
    *count = n + 2;
    return start;
}

static inline void elf_build_header(struct elf_build *b, size_t segments, size_t shoff,
                                    size_t sections)
{
    const struct elf_spec *s = b->spec;
    struct elf_out h = { .word = b->file.word, .big = b->file.big };
    bool wide = h.word == 8;
    const uint8_t ident[16] = { 0x7f,           'E', 'L',      'F',          wide ? 2 : 1,
                                s->big ? 2 : 1, 1,   s->osabi, s->abiversion };
    elf_put(&h, ident, sizeof ident);
    elf_number(&h, s->type ? s->type : 3, 2);
    elf_number(&h, s->machine ? s->machine : wide ? 62 : 3, 2);
    elf_number(&h, 1, 4);
    elf_number(&h, (s->interp || s->type == 2) && !s->no_entry ? s->load_at + 64 : 0, h.word);
    elf_number(&h, segments ? (wide ? 64 : 52) : 0, h.word);
    elf_number(&h, shoff, h.word);
    elf_number(&h, s->e_flags, 4);
    elf_number(&h, wide ? 64 : 52, 2);
    elf_number(&h, wide ? 56 : 32, 2);
    elf_number(&h, segments, 2);
    elf_number(&h, wide ? 64 : 40, 2);
    elf_number(&h, sections, 2);
    elf_number(&h, sections ? sections - 1 : 0, 2);
    memcpy(b->file.at, h.at, h.size);
    free(h.at);
}

/* Makes the file; the caller frees it. */
static inline uint8_t *elf_build(const struct elf_spec *spec, size_t *size)
{
    struct elf_build b = { .spec = spec };
    b.file.word = b.strings.word = b.dynamic.word = spec->bits == 32 ? 4 : 8;
    b.file.big = b.strings.big = b.dynamic.big = spec->big;
    bool wide = b.file.word == 8, object = spec->type == 1;
    elf_put(&b.file, NULL, wide ? 64 : 52);
    b.phdrs = b.file.size;
    elf_put(&b.file, NULL, object ? 0 : 5 * (wide ? 56u : 32u));
    if (spec->interp) {
        b.interp = b.file.size;
        elf_put(&b.file, spec->interp, strlen(spec->interp) + 1);
        b.interp_size = b.file.size - b.interp;
    }
    elf_build_notes(&b);
    if (spec->rodata)
        elf_put(&b.file, spec->rodata, spec->rodata_size);
    if (!spec->no_dynamic && !object)
        elf_build_dynamic(&b);
    size_t loaded = b.file.size, shoff = 0, sections = 0;
    if (spec->sections)
        shoff = elf_build_sections(&b, &sections);
    elf_put(&b.file, NULL, spec->padding);
    size_t segments = object ? 0 : elf_segment_count(&b);
    elf_build_header(&b, segments, shoff, sections);
    if (!object) {
        if (spec->interp)
            elf_segment(&b, 3, 4, b.interp, b.interp_size);
        if (!spec->no_load)
            elf_segment(&b, 1, 4, 0, loaded);
        if (!spec->no_dynamic)
            elf_segment(&b, 2, 4, b.dynamic_at, b.dynamic.size);
        if (b.notes_size)
            elf_segment(&b, 4, 4, b.notes, b.notes_size);
        if (!spec->no_stack_header)
            elf_segment(&b, 0x6474e551, spec->exec_stack ? 7 : 6, 0, 0);
    }
    free(b.strings.at);
    free(b.dynamic.at);
    *size = b.file.size;
    return b.file.at;
}

#endif
