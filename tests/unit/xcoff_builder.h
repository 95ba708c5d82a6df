/* tests/unit/xcoff_builder.h - small XCOFF files and archives of AIX made to order */
#ifndef TEST_XCOFF_BUILDER_H
#define TEST_XCOFF_BUILDER_H

/*
 * A header, an auxiliary header and one section, .loader. The file cannot run; it holds what a
 * loader reads.
 */
#include <stdio.h>

#include "elf_builder.h"

/* One import id. A list of these ends with base NULL. */
struct xcoff_id {
    const char *path, *base, *member; /* path and member NULL: "" */
};

/* One loader symbol. A list of these ends with name NULL. */
struct xcoff_symbol {
    const char *name;
    uint8_t smtype, smclas; /* 0x40 import, 0x10 export, 0x08 weak; 10: a function */
    uint32_t id;
};

struct xcoff_spec {
    int bits;       /* 32, 64; 0: 32 */
    uint16_t flags; /* 0: a program, 0x1002; 0x3002: a shared object */
    const char *libpath;
    const struct xcoff_id *ids;
    const struct xcoff_symbol *symbols;
    uint32_t version; /* l_version; 0: 1 */
};

static inline struct elf_out xcoff_ids(const struct xcoff_spec *spec, uint32_t *count)
{
    struct elf_out out = { .word = 4, .big = true };
    elf_text(&out, spec->libpath ? spec->libpath : "/usr/lib:/lib");
    elf_put(&out, NULL, 2);
    for (*count = 1; spec->ids && spec->ids[*count - 1].base; ++*count) {
        const struct xcoff_id *id = &spec->ids[*count - 1];
        elf_text(&out, id->path ? id->path : "");
        elf_text(&out, id->base);
        elf_text(&out, id->member ? id->member : "");
    }
    return out;
}

/* Names stand behind their length, which counts the NUL too. */
static inline uint32_t xcoff_string(struct elf_out *strings, const char *name)
{
    elf_number(strings, strlen(name) + 1, 2);
    return elf_text(strings, name);
}

static inline void xcoff_symbol(struct elf_out *out, struct elf_out *strings, bool wide,
                                const struct xcoff_symbol *symbol)
{
    if (wide) {
        elf_number(out, 0, 8);
        elf_number(out, xcoff_string(strings, symbol->name), 4);
    } else if (strlen(symbol->name) <= 8) {
        elf_put(out, symbol->name, strlen(symbol->name));
        if (strlen(symbol->name) < 8)
            elf_put(out, NULL, 8 - strlen(symbol->name));
        elf_number(out, 0, 4);
    } else {
        elf_number(out, 0, 4);
        elf_number(out, xcoff_string(strings, symbol->name), 4);
        elf_number(out, 0, 4);
    }
    elf_number(out, 2, 2);
    elf_number(out, symbol->smtype, 1);
    elf_number(out, symbol->smclas, 1);
    elf_number(out, symbol->id, 4);
    elf_number(out, 0, 4);
}

static inline struct elf_out xcoff_loader(const struct xcoff_spec *spec, bool wide)
{
    struct elf_out out = { .word = 4, .big = true }, symbols = out, strings = out;
    uint32_t id_count, symbol_count = 0, header = wide ? 56 : 32;
    struct elf_out ids = xcoff_ids(spec, &id_count);
    for (; spec->symbols && spec->symbols[symbol_count].name; symbol_count++)
        xcoff_symbol(&symbols, &strings, wide, &spec->symbols[symbol_count]);
    uint32_t impoff = header + (uint32_t)symbols.size, stoff = impoff + (uint32_t)ids.size;
    elf_number(&out, spec->version ? spec->version : 1, 4);
    elf_number(&out, symbol_count, 4);
    elf_number(&out, 0, 4);
    elf_number(&out, ids.size, 4);
    elf_number(&out, id_count, 4);
    if (!wide)
        elf_number(&out, impoff, 4);
    elf_number(&out, strings.size, 4);
    if (wide)
        elf_number(&out, impoff, 8);
    elf_number(&out, strings.size ? stoff : 0, wide ? 8 : 4);
    if (wide) {
        elf_number(&out, header, 8);
        elf_number(&out, 0, 8);
    }
    elf_put(&out, symbols.at, symbols.size);
    elf_put(&out, ids.at, ids.size);
    elf_put(&out, strings.at, strings.size);
    free(symbols.at);
    free(ids.at);
    free(strings.at);
    return out;
}

static inline uint8_t *xcoff_build(const struct xcoff_spec *spec, size_t *size)
{
    bool wide = spec->bits == 64;
    struct elf_out out = { .word = 4, .big = true }, loader = xcoff_loader(spec, wide);
    uint32_t header = wide ? 24 : 20, aux = wide ? 120 : 72, section = wide ? 72 : 40;
    elf_number(&out, wide ? 0x1f7 : 0x1df, 2);
    elf_number(&out, 1, 2);
    elf_number(&out, 0, wide ? 12 - 0 - 4 : 8);
    if (!wide)
        elf_number(&out, 0, 4);
    elf_put(&out, NULL, wide ? 4 : 0);
    elf_number(&out, aux, 2);
    elf_number(&out, spec->flags ? spec->flags : 0x1002, 2);
    if (wide)
        elf_number(&out, 0, 4);
    elf_put(&out, NULL, 40);
    elf_number(&out, 1, 2);
    elf_put(&out, NULL, 6);
    elf_put(&out, "1L", 2);
    elf_put(&out, NULL, header + aux - out.size);
    elf_put(&out, ".loader\0", 8);
    elf_put(&out, NULL, wide ? 16 : 8);
    elf_number(&out, loader.size, wide ? 8 : 4);
    elf_number(&out, header + aux + section, wide ? 8 : 4);
    elf_put(&out, NULL, wide ? 24 : 12);
    elf_number(&out, 0x1000, 4);
    if (wide)
        elf_put(&out, NULL, 4);
    elf_put(&out, loader.at, loader.size);
    free(loader.at);
    *size = out.size;
    return out.at;
}

/* ---- archives ------------------------------------------------------------------------------ */

struct aix_member {
    const char *name;
    const void *bytes;
    size_t size;
};

static inline void aix_number(struct elf_out *out, uint64_t value, unsigned width)
{
    char digits[24];
    int used = snprintf(digits, sizeof digits, "%-*llu", (int)width, (unsigned long long)value);
    elf_put(out, digits, (size_t)used);
}

static inline void aix_store(struct elf_out *out, size_t at, uint64_t value, unsigned width)
{
    char digits[24];
    int used = snprintf(digits, sizeof digits, "%-*llu", (int)width, (unsigned long long)value);
    memcpy(out->at + at, digits, (size_t)used);
}

/* Each member's header links to the next; a list of members ends with name NULL. */
static inline uint8_t *aix_archive(bool big, const struct aix_member *members, size_t *size)
{
    unsigned width = big ? 20 : 12;
    size_t fields = big ? 6 : 5, first_at = 8 + (big ? 3 : 2) * width, before = 0;
    struct elf_out out = { .word = 4, .big = true };
    elf_put(&out, big ? "<bigaf>\n" : "<aiaff>\n", 8);
    for (size_t i = 0; i < fields; i++)
        aix_number(&out, 0, width);
    for (size_t i = 0; members[i].name; i++) {
        size_t at = out.size, length = strlen(members[i].name);
        aix_number(&out, members[i].size, width);
        aix_number(&out, 0, width);
        aix_number(&out, before, width);
        for (size_t k = 0; k < 4; k++)
            aix_number(&out, 0, 12);
        aix_number(&out, length, 4);
        elf_put(&out, members[i].name, length);
        elf_align(&out, 2);
        elf_put(&out, "`\n", 2);
        elf_put(&out, members[i].bytes, members[i].size);
        elf_align(&out, 2);
        if (before)
            aix_store(&out, before + width, at, width);
        else
            aix_store(&out, first_at, at, width);
        aix_store(&out, first_at + width, at, width);
        before = at;
    }
    *size = out.size;
    return out.at;
}

#endif
