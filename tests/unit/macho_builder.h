/* tests/unit/macho_builder.h - small Mach-O files made to order, of either class and byte order */
#ifndef TEST_MACHO_BUILDER_H
#define TEST_MACHO_BUILDER_H

/*
 * The file cannot run: it holds a header, load commands, and behind them what these point to.
 *
 *     struct macho b;
 *     macho_begin(&b, (struct macho_spec){ .bits = 64, .cputype = 0x100000c, .filetype = 6 });
 *     macho_dylib(&b, 0xc, "/usr/lib/libSystem.B.dylib", 0x05540000, 0x10000);
 *     macho_end(&b);                                  b.bytes, b.size
 */
#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct macho_spec {
    int bits; /* 32 or 64 */
    bool big;
    uint32_t cputype, cpusubtype, filetype, flags;
};

struct macho {
    uint8_t bytes[16384];
    size_t size;
    struct macho_spec spec;
    uint32_t ncmds;
    size_t commands; /* offset of the first */
};

static inline void macho_store32(const struct macho *b, uint8_t *at, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        at[i] = (uint8_t)(value >> 8 * (b->spec.big ? 3 - i : i));
}

static inline void macho_patch(struct macho *b, size_t at, uint32_t value)
{
    assert(at + 4 <= sizeof b->bytes);
    macho_store32(b, b->bytes + at, value);
}

static inline void macho_word(struct macho *b, uint32_t value)
{
    macho_patch(b, b->size, value);
    b->size += 4;
}

static inline void macho_raw(struct macho *b, const void *bytes, size_t size)
{
    assert(b->size + size <= sizeof b->bytes);
    if (size)
        memcpy(b->bytes + b->size, bytes, size);
    b->size += size;
}

static inline void macho_align(struct macho *b)
{
    while (b->size % 8)
        b->bytes[b->size++] = 0;
}

static inline void macho_begin(struct macho *b, struct macho_spec spec)
{
    memset(b, 0, sizeof *b);
    b->spec = spec;
    macho_word(b, spec.bits == 64 ? 0xfeedfacf : 0xfeedface);
    macho_word(b, spec.cputype);
    macho_word(b, spec.cpusubtype);
    macho_word(b, spec.filetype);
    b->size = 24;
    macho_word(b, spec.flags);
    if (spec.bits == 64)
        macho_word(b, 0);
    b->commands = b->size;
}

/* A command of `count` words behind its head, then bytes; returns its offset. */
static inline size_t macho_command(struct macho *b, uint32_t cmd, const uint32_t *words,
                                   size_t count, const void *tail, size_t tail_size)
{
    size_t start = b->size;
    macho_word(b, cmd);
    macho_word(b, 0);
    for (size_t i = 0; i < count; i++)
        macho_word(b, words[i]);
    macho_raw(b, tail, tail_size);
    macho_align(b);
    macho_patch(b, start + 4, (uint32_t)(b->size - start));
    b->ncmds++;
    return start;
}

static inline size_t macho_dylib(struct macho *b, uint32_t cmd, const char *name, uint32_t current,
                                 uint32_t compat)
{
    return macho_command(b, cmd, (const uint32_t[]){ 24, 2, current, compat }, 4, name,
                         strlen(name) + 1);
}

/* LC_RPATH, LC_LOAD_DYLINKER, LC_SUB_, LC_DYLD_ENVIRONMENT */
static inline size_t macho_string(struct macho *b, uint32_t cmd, const char *text)
{
    return macho_command(b, cmd, (const uint32_t[]){ 12 }, 1, text, strlen(text) + 1);
}

/* Ends the load commands: what follows is what they point to. */
static inline void macho_end(struct macho *b)
{
    macho_patch(b, 16, b->ncmds);
    macho_patch(b, 20, (uint32_t)(b->size - b->commands));
}

/* One symbol of an LC_SYMTAB. */
static inline void macho_nlist(struct macho *b, uint32_t strx, uint8_t type, uint16_t desc,
                               uint32_t value)
{
    const uint8_t small[4] = { type, type == 1 ? 0 : 1, (uint8_t)(b->spec.big ? desc >> 8 : desc),
                               (uint8_t)(b->spec.big ? desc : desc >> 8) };
    macho_word(b, strx);
    macho_raw(b, small, sizeof small);
    if (b->spec.bits == 64 && b->spec.big)
        macho_word(b, 0);
    macho_word(b, value);
    if (b->spec.bits == 64 && !b->spec.big)
        macho_word(b, 0);
}

#endif
