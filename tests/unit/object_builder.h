/* tests/unit/object_builder.h - small relocatable objects made to order */
#ifndef TEST_OBJECT_BUILDER_H
#define TEST_OBJECT_BUILDER_H

#include "elf_builder.h"

/* One symbol. A list of these ends with name NULL; local ones come first. */
struct object_symbol {
    const char *name;
    unsigned section; /* from 1 in list order; 0xfff1 absolute, 0xfff2 common, 0 undefined */
    unsigned bind, type, visibility;
    uint64_t value, size;
};

struct object_spec {
    int bits; /* 32, 64; 0: 64 */
    bool big;
    const struct elf_spec_section *sections; /* ends with name NULL; at most 32 */
    const struct object_symbol *symbols;
};

static inline void object_put_symbol(struct elf_out *rows, struct elf_out *names,
                                     const struct object_symbol *y)
{
    uint64_t info = (uint64_t)(y->bind << 4 | y->type);
    elf_number(rows, elf_text(names, y->name), 4);
    if (rows->word == 4) {
        elf_number(rows, y->value, 4);
        elf_number(rows, y->size, 4);
    }
    elf_number(rows, info, 1);
    elf_number(rows, y->visibility, 1);
    elf_number(rows, y->section, 2);
    if (rows->word == 8) {
        elf_number(rows, y->value, 8);
        elf_number(rows, y->size, 8);
    }
}

/* Appends one RELA row of x86-64 or i386 kind. */
static inline void object_put_rela(struct elf_out *out, uint64_t offset, uint64_t symbol,
                                   uint64_t type, int64_t addend)
{
    elf_number(out, offset, out->word);
    elf_number(out, out->word == 8 ? symbol << 32 | type : symbol << 8 | type, out->word);
    elf_number(out, (uint64_t)addend, out->word);
}

/* The object: the sections, .symtab, .strtab, .shstrtab. The caller frees it. */
static inline uint8_t *object_build(const struct object_spec *spec, size_t *size)
{
    struct elf_spec_section sections[40] = { { 0 } };
    unsigned word = spec->bits == 32 ? 4 : 8;
    struct elf_out rows = { .word = word, .big = spec->big };
    struct elf_out names = { .word = word, .big = spec->big };
    unsigned count = 0, locals = 1;
    for (; spec->sections && spec->sections[count].name; count++) {
        assert(count < 32);
        sections[count] = spec->sections[count];
    }
    elf_text(&names, "");
    elf_put(&rows, NULL, word == 8 ? 24 : 16);
    for (const struct object_symbol *y = spec->symbols; y && y->name; y++) {
        object_put_symbol(&rows, &names, y);
        locals += y->bind == 0;
    }
    sections[count] =
        (struct elf_spec_section){ ".symtab", 2, 0, rows.at, rows.size, count + 2, locals };
    sections[count + 1] = (struct elf_spec_section){ ".strtab", 3, 0, names.at, names.size, 0, 0 };
    struct elf_spec elf = { .bits = spec->bits, .big = spec->big, .type = 1, .sections = sections };
    uint8_t *bytes = elf_build(&elf, size);
    free(rows.at);
    free(names.at);
    return bytes;
}

#endif
