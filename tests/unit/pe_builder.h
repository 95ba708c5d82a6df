/* tests/unit/pe_builder.h - small PE images made to order, of either class */
#ifndef TEST_PE_BUILDER_H
#define TEST_PE_BUILDER_H

/*
 * Headers, and one section at address 0x1000 that holds what a loader reads.
 *
 *     struct pe_spec spec = { .dll = true, .imports = (struct pe_import[]){ { "bar.dll" }, { 0 } }
 * }; size_t size; uint8_t *bytes = pe_build(&spec, &size);    the caller frees it
 */
#include <stdio.h>

#include "elf_builder.h"

/* One imported library. A list of these ends with library NULL. */
struct pe_import {
    const char *library;
    const char *const *names; /* "#7" is an ordinal; ends with NULL; NULL: the symbol "f" */
    bool no_symbols;
    bool absolute; /* delay import as Visual C++ 6 wrote it: addresses with the image's base */
};

/* One exported symbol. A list of these ends with an entry that has neither name nor forward. */
struct pe_export {
    const char *name;    /* NULL: by ordinal alone */
    const char *forward; /* "bar.who" */
};

struct pe_spec {
    int bits;         /* 32, 64; 0: 64 */
    uint16_t machine; /* 0: 0x8664 or 0x14c */
    bool dll;
    uint16_t subsystem; /* 0: 3 */
    const struct pe_import *imports, *delays;
    const char *own_name;
    const struct pe_export *exports;
    const char *pdb;
    uint16_t dependent_load_flags;
    bool hybrid;
    const char *stub;     /* behind the DOS header: Wine's mark */
    const char *manifest; /* RT_MANIFEST, number 1 or of a DLL 2 */
};

#define PE_BASE 0x140000000u
#define PE_SECTION 0x1000u
#define PE_RAW 0x200u

struct pe_build {
    struct elf_out out; /* bytes of the section */
    unsigned word;
    uint32_t dirs[16][2];
};

static inline uint32_t pe_here(const struct pe_build *b)
{
    return PE_SECTION + (uint32_t)b->out.size;
}

static inline void pe_set32(struct pe_build *b, uint32_t rva, uint32_t value)
{
    elf_store(b->out.at + (rva - PE_SECTION), value, 4, false);
}

static inline uint64_t pe_thunk(struct pe_build *b, const char *name, uint64_t base)
{
    if (name[0] == '#')
        return (uint64_t)1 << (b->word * 8 - 1) | (uint64_t)atoi(name + 1);
    elf_align(&b->out, 2);
    uint32_t at = pe_here(b);
    elf_number(&b->out, 0, 2);
    elf_text(&b->out, name);
    return at + base;
}

/* A table of thunks, 0 at its end; gives its address. */
static inline uint32_t pe_thunks(struct pe_build *b, const struct pe_import *import, uint64_t base)
{
    static const char *const one[] = { "f", NULL };
    const char *const *names = import->names ? import->names : one;
    uint64_t thunks[64];
    size_t count = 0;
    for (; !import->no_symbols && names[count]; count++)
        thunks[count] = pe_thunk(b, names[count], base);
    elf_align(&b->out, 8);
    uint32_t at = pe_here(b);
    for (size_t i = 0; i < count; i++)
        elf_number(&b->out, thunks[i], b->word);
    elf_number(&b->out, 0, b->word);
    return at;
}

static inline size_t pe_count(const struct pe_import *imports)
{
    size_t count = 0;
    while (imports && imports[count].library)
        count++;
    return count;
}

static inline void pe_imports(struct pe_build *b, const struct pe_import *imports)
{
    size_t count = pe_count(imports);
    if (!count)
        return;
    elf_align(&b->out, 8);
    uint32_t table = pe_here(b);
    elf_put(&b->out, NULL, (count + 1) * 20);
    for (size_t i = 0; i < count; i++) {
        uint32_t row = table + 20 * (uint32_t)i, name = pe_here(b);
        elf_text(&b->out, imports[i].library);
        uint32_t thunks = pe_thunks(b, &imports[i], 0);
        pe_set32(b, row, thunks);
        pe_set32(b, row + 12, name);
        pe_set32(b, row + 16, thunks);
    }
    b->dirs[1][0] = table;
    b->dirs[1][1] = (uint32_t)(count + 1) * 20;
}

static inline void pe_delays(struct pe_build *b, const struct pe_import *delays,
                             uint64_t image_base)
{
    size_t count = pe_count(delays);
    if (!count)
        return;
    elf_align(&b->out, 8);
    uint32_t table = pe_here(b);
    elf_put(&b->out, NULL, (count + 1) * 32);
    for (size_t i = 0; i < count; i++) {
        uint64_t base = delays[i].absolute ? image_base : 0;
        uint32_t row = table + 32 * (uint32_t)i, name = pe_here(b);
        elf_text(&b->out, delays[i].library);
        uint32_t thunks = pe_thunks(b, &delays[i], base);
        pe_set32(b, row, delays[i].absolute ? 0 : 1);
        pe_set32(b, row + 4, (uint32_t)(name + base));
        pe_set32(b, row + 16, (uint32_t)(thunks + base));
    }
    b->dirs[13][0] = table;
    b->dirs[13][1] = (uint32_t)(count + 1) * 32;
}

/* Names first, as they are sorted: the caller gives them in that order. */
static inline void pe_exports(struct pe_build *b, const struct pe_spec *spec)
{
    size_t count = 0, named = 0;
    while (spec->exports && (spec->exports[count].name || spec->exports[count].forward))
        named += spec->exports[count++].name != NULL;
    if (!count && !spec->own_name)
        return;
    elf_align(&b->out, 4);
    uint32_t at = pe_here(b);
    elf_put(&b->out, NULL, 40);
    uint32_t functions = pe_here(b);
    elf_put(&b->out, NULL, 4 * count);
    uint32_t names = pe_here(b);
    elf_put(&b->out, NULL, 4 * named);
    uint32_t ordinals = pe_here(b);
    elf_put(&b->out, NULL, 2 * named);
    if (spec->own_name) {
        pe_set32(b, at + 12, pe_here(b));
        elf_text(&b->out, spec->own_name);
    }
    for (size_t i = 0, n = 0; i < count; i++) {
        if (spec->exports[i].forward) {
            pe_set32(b, functions + 4 * (uint32_t)i, pe_here(b));
            elf_text(&b->out, spec->exports[i].forward);
        } else {
            pe_set32(b, functions + 4 * (uint32_t)i, PE_SECTION);
        }
        if (!spec->exports[i].name)
            continue;
        pe_set32(b, names + 4 * (uint32_t)n, pe_here(b));
        elf_text(&b->out, spec->exports[i].name);
        elf_store(b->out.at + (ordinals - PE_SECTION) + 2 * n++, i, 2, false);
    }
    pe_set32(b, at + 16, 1);
    pe_set32(b, at + 20, (uint32_t)count);
    pe_set32(b, at + 24, (uint32_t)named);
    pe_set32(b, at + 28, functions);
    pe_set32(b, at + 32, names);
    pe_set32(b, at + 36, ordinals);
    b->dirs[0][0] = at;
    b->dirs[0][1] = pe_here(b) - at;
}

static inline void pe_debug(struct pe_build *b, const char *pdb)
{
    if (!pdb)
        return;
    elf_align(&b->out, 4);
    uint32_t record = pe_here(b);
    elf_put(&b->out, "RSDS\1\2\3\4\5\6\7\10\11\12\13\14\15\16\17\20\2\0\0\0", 24);
    elf_text(&b->out, pdb);
    uint32_t size = pe_here(b) - record;
    elf_align(&b->out, 4);
    uint32_t entry = pe_here(b);
    elf_put(&b->out, NULL, 28);
    pe_set32(b, entry + 12, 2);
    pe_set32(b, entry + 16, size);
    pe_set32(b, entry + 20, record);
    pe_set32(b, entry + 24, record - PE_SECTION + PE_RAW);
    b->dirs[6][0] = entry;
    b->dirs[6][1] = 28;
}

static inline void pe_load_config(struct pe_build *b, const struct pe_spec *spec)
{
    if (!spec->dependent_load_flags && !spec->hybrid)
        return;
    uint32_t flags = b->word == 8 ? 0x4e : 0x36, chpe = b->word == 8 ? 0xc8 : 0x7c;
    elf_align(&b->out, 8);
    uint32_t at = pe_here(b);
    elf_put(&b->out, NULL, 0x100);
    pe_set32(b, at, 0x100);
    elf_store(b->out.at + (at - PE_SECTION) + flags, spec->dependent_load_flags, 2, false);
    pe_set32(b, at + chpe, spec->hybrid);
    b->dirs[10][0] = at;
    b->dirs[10][1] = 0x100;
}

/* Three directories of one entry each, and the text. */
static inline void pe_manifest(struct pe_build *b, const struct pe_spec *spec)
{
    if (!spec->manifest)
        return;
    uint32_t size = (uint32_t)strlen(spec->manifest), ids[3] = { 24, spec->dll ? 2 : 1, 1033 };
    elf_align(&b->out, 8);
    uint32_t at = pe_here(b);
    for (uint32_t level = 0; level < 3; level++) {
        elf_put(&b->out, NULL, 14);
        elf_number(&b->out, 1, 2);
        elf_number(&b->out, ids[level], 4);
        elf_number(&b->out, level < 2 ? 0x80000000u | (level + 1) * 24 : 72, 4);
    }
    elf_number(&b->out, at + 88, 4);
    elf_number(&b->out, size, 4);
    elf_number(&b->out, 0, 8);
    elf_put(&b->out, spec->manifest, size);
    b->dirs[2][0] = at;
    b->dirs[2][1] = pe_here(b) - at;
}

static inline void pe_pad(struct elf_out *out, size_t to)
{
    assert(out->size <= to);
    if (out->size < to)
        elf_put(out, NULL, to - out->size);
}

static inline void pe_headers(struct elf_out *out, const struct pe_spec *spec,
                              const struct pe_build *b)
{
    bool wide = b->word == 8;
    uint32_t raw = (uint32_t)(b->out.size + 0x1ff) / 0x200 * 0x200;
    elf_put(out, "MZ", 2);
    elf_put(out, NULL, 58);
    elf_number(out, 0x80, 4);
    elf_put(out, spec->stub, spec->stub ? strlen(spec->stub) + 1 : 0);
    pe_pad(out, 0x80);
    elf_put(out, "PE\0\0", 4);
    elf_number(out, spec->machine ? spec->machine : wide ? 0x8664u : 0x14cu, 2);
    elf_number(out, 1, 2);
    elf_put(out, NULL, 12);
    elf_number(out, wide ? 240 : 224, 2);
    elf_number(out, spec->dll ? 0x2022 : 0x22, 2);
    elf_number(out, wide ? 0x20b : 0x10b, 2);
    elf_put(out, NULL, wide ? 22 : 26);
    elf_number(out, PE_BASE & (wide ? UINT64_MAX : 0x7fffffff), b->word);
    elf_number(out, PE_SECTION, 4);
    elf_number(out, 0x200, 4);
    elf_put(out, NULL, 20);
    elf_number(out, PE_RAW, 4);
    elf_put(out, NULL, 4);
    elf_number(out, spec->subsystem ? spec->subsystem : 3, 2);
    elf_number(out, 0x140, 2);
    elf_put(out, NULL, 4u * b->word + 4);
    elf_number(out, 16, 4);
    for (size_t i = 0; i < 16; i++) {
        elf_number(out, b->dirs[i][0], 4);
        elf_number(out, b->dirs[i][1], 4);
    }
    elf_put(out, ".all\0\0\0\0", 8);
    elf_number(out, b->out.size, 4);
    elf_number(out, PE_SECTION, 4);
    elf_number(out, raw, 4);
    elf_number(out, PE_RAW, 4);
    elf_put(out, NULL, 12);
    elf_number(out, 0x60000020, 4);
    pe_pad(out, PE_RAW);
    elf_put(out, b->out.at, b->out.size);
    elf_put(out, NULL, raw - b->out.size);
}

static inline uint8_t *pe_build(const struct pe_spec *spec, size_t *size)
{
    struct pe_build b = { .word = spec->bits == 32 ? 4 : 8 };
    struct elf_out file = { .word = b.word };
    elf_put(&b.out, "\xc3\0\0\0\0\0\0\0", 8);
    pe_imports(&b, spec->imports);
    pe_delays(&b, spec->delays, PE_BASE & (b.word == 8 ? UINT64_MAX : 0x7fffffff));
    pe_exports(&b, spec);
    pe_debug(&b, spec->pdb);
    pe_load_config(&b, spec);
    pe_manifest(&b, spec);
    pe_headers(&file, spec, &b);
    free(b.out.at);
    *size = file.size;
    return file.at;
}

#endif
