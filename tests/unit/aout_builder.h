/* tests/unit/aout_builder.h - small dynamic a.out files and hints of ldconfig made to order */
#ifndef TEST_AOUT_BUILDER_H
#define TEST_AOUT_BUILDER_H

/*
 * Header and text are the first page, the data with _DYNAMIC the second; what _DYNAMIC leads to is
 * in the text. No linker for such files is to be had: they prove only that the reader's arithmetic
 * is that of the headers.
 */
#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* A list of these ends with name NULL. */
struct aout_need {
    const char *name;
    bool is_path;
    int major, minor;
};

enum aout_flavour { AOUT_NETBSD, AOUT_FREEBSD, AOUT_SUNOS };

struct aout_spec {
    enum aout_flavour flavour;
    bool program; /* else a shared library */
    bool big;     /* the processor is big-endian: m68k, SPARC */
    const struct aout_need *needs;
    const char *paths;                           /* ld -R */
    const char *const *exports, *const *imports; /* NULL-ended */
};

struct aout {
    uint8_t bytes[8192 + 1024];
    size_t size;
    bool big;
};

enum { AOUT_PAGE = 4096, AOUT_TABLES = 64, AOUT_SYMBOLS = 1024, AOUT_STRINGS = 2048 };

static inline void aout_store(uint8_t *at, uint32_t value, int size, bool big)
{
    for (int i = 0; i < size; i++)
        at[i] = (uint8_t)(value >> 8 * (big ? size - 1 - i : i));
}

static inline void aout_word(struct aout *a, size_t at, uint32_t value)
{
    assert(at + 4 <= sizeof a->bytes);
    aout_store(a->bytes + at, value, 4, a->big);
}

static inline uint32_t aout_string(struct aout *a, size_t *at, const char *text)
{
    size_t start = *at, size = strlen(text) + 1;
    memcpy(a->bytes + start, text, size);
    *at += size;
    return (uint32_t)start;
}

static inline void aout_symbol(struct aout *a, size_t row, uint32_t name, bool defined)
{
    aout_word(a, row, name - AOUT_STRINGS);
    a->bytes[row + 4] = defined ? 5 : 1; /* text or undefined, external */
    a->bytes[row + 5] = 2;               /* function */
    aout_word(a, row + 8, defined ? 0x100 : 0);
}

static inline void aout_header(struct aout *a, const struct aout_spec *spec, uint32_t page)
{
    uint32_t mid = spec->big ? spec->flavour == AOUT_SUNOS ? 3 : 138 : 134;
    if (spec->flavour == AOUT_SUNOS)
        aout_store(a->bytes, 0x80000000u | mid << 16 | 0413, 4, true);
    else
        aout_store(a->bytes, 0x20u << 26 | mid << 16 | 0413, 4, spec->flavour == AOUT_NETBSD);
    aout_word(a, 4, page);
    aout_word(a, 8, 1024);
    aout_word(a, 20, spec->program ? page + 0x20 : 0x20);
}

static inline void aout_build(struct aout *a, const struct aout_spec *spec)
{
    const uint32_t page = spec->big ? 8192 : AOUT_PAGE;
    const bool old = spec->flavour == AOUT_SUNOS;
    memset(a, 0, sizeof *a);
    a->big = spec->big;
    a->size = page + 1024;
    aout_header(a, spec, page);
    /* an address of the text is its offset in a library, and behind a page in a program */
    const uint32_t base = spec->program ? page : 0, table = old ? 0 : base;
    const uint32_t data = page + base, sdt = data + 16;
    aout_word(a, page, old ? 3 : 8);
    aout_word(a, page + 8, sdt);
    size_t strings = AOUT_STRINGS, sods = AOUT_TABLES, row = AOUT_SYMBOLS;
    size_t words = page + 16, stride = old ? 12 : 16;
    for (const struct aout_need *n = spec->needs; n && n->name; n++, sods += 16) {
        aout_word(a, sods, table + aout_string(a, &strings, n->name));
        aout_word(a, sods + 4, n->is_path ? 0 : spec->big ? 0x80000000u : 1);
        aout_store(a->bytes + sods + 8, (uint32_t)n->major, 2, spec->big);
        aout_store(a->bytes + sods + 10, (uint32_t)n->minor, 2, spec->big);
        aout_word(a, sods + 12, n[1].name ? table + (uint32_t)sods + 16 : 0);
    }
    aout_word(a, words + 4, spec->needs ? table + AOUT_TABLES : 0);
    if (spec->paths)
        aout_word(a, words + 8, table + aout_string(a, &strings, spec->paths));
    for (const char *const *name = spec->exports; name && *name; name++, row += stride)
        aout_symbol(a, row, aout_string(a, &strings, *name), true);
    for (const char *const *name = spec->imports; name && *name; name++, row += stride)
        aout_symbol(a, row, aout_string(a, &strings, *name), false);
    /* strings stand right behind the symbols, as their number is the distance */
    memmove(a->bytes + row, a->bytes + AOUT_STRINGS, strings - AOUT_STRINGS);
    uint32_t moved = (uint32_t)(AOUT_STRINGS - row);
    for (size_t sod = AOUT_TABLES; sod < sods; sod += 16) {
        uint32_t at = 0;
        for (int i = 0; i < 4; i++)
            at |= (uint32_t)a->bytes[sod + (size_t)i] << 8 * (spec->big ? 3 - i : i);
        aout_word(a, sod, at - moved);
    }
    if (spec->paths) {
        uint32_t at = 0;
        for (int i = 0; i < 4; i++)
            at |= (uint32_t)a->bytes[words + 8 + (size_t)i] << 8 * (spec->big ? 3 - i : i);
        aout_word(a, words + 8, at - moved);
    }
    aout_word(a, words + 28, table + AOUT_SYMBOLS);
    aout_word(a, words + 40, table + (uint32_t)row);
    aout_word(a, words + 44, (uint32_t)(strings - AOUT_STRINGS));
}

/* ---- hints -------------------------------------------------------------------------------------
 */

/* A list of these ends with name NULL. */
struct hint {
    const char *name, *path;
    int major, minor;
};

static inline uint32_t hint_step(uint32_t k, uint32_t value)
{
    return (((k << 1) + (k >> 14)) ^ value) & 0x3fff;
}

/* /var/run/ld.so.hints of version 2 for a little-endian machine of 32 bits; its size. */
static inline size_t hints_build(uint8_t *out, size_t room, const struct hint *hints,
                                 const char *dirs)
{
    enum { BUCKETS = 8, ROW = 48, HEADER = 32 };
    const size_t strings = HEADER + BUCKETS * ROW;
    size_t used = 1, spare = 0;
    const uint32_t header[8] = { 011421044151, 2, HEADER, BUCKETS, (uint32_t)strings };
    memset(out, 0, room);
    for (int i = 0; i < 5; i++)
        aout_store(out + 4 * i, header[i], 4, false);
    for (size_t i = 0; i < BUCKETS; i++)
        aout_store(out + HEADER + i * ROW + 44, UINT32_MAX, 4, false);
    bool taken[BUCKETS] = { false };
    for (int pass = 0; pass < 2; pass++) /* those that stand first in their chain, then the rest */
        for (const struct hint *h = hints; h->name; h++) {
            uint32_t k = 0;
            for (const char *c = h->name; *c; c++)
                k = hint_step(k, (uint8_t)*c);
            size_t at = hint_step(k, (uint32_t)h->major * 257) % BUCKETS;
            bool first = true;
            for (const struct hint *e = hints; e < h; e++) {
                uint32_t j = 0;
                for (const char *c = e->name; *c; c++)
                    j = hint_step(j, (uint8_t)*c);
                first = first && hint_step(j, (uint32_t)e->major * 257) % BUCKETS != at;
            }
            if (first != (pass == 0))
                continue;
            if (!first) { /* chained behind the last of its bucket */
                size_t last = at;
                while (out[HEADER + last * ROW + 44] != 0xff)
                    last = out[HEADER + last * ROW + 44];
                while (taken[spare])
                    spare++;
                aout_store(out + HEADER + last * ROW + 44, (uint32_t)spare, 4, false);
                at = spare;
            }
            taken[at] = true;
            uint8_t *row = out + HEADER + at * ROW;
            aout_store(row, (uint32_t)used, 4, false);
            memcpy(out + strings + used, h->name, strlen(h->name) + 1);
            used += strlen(h->name) + 1;
            aout_store(row + 4, (uint32_t)used, 4, false);
            memcpy(out + strings + used, h->path, strlen(h->path) + 1);
            used += strlen(h->path) + 1;
            aout_store(row + 8, (uint32_t)h->major, 4, false);
            aout_store(row + 12, (uint32_t)h->minor, 4, false);
            aout_store(row + 40, 2, 4, false);
        }
    aout_store(out + 28, (uint32_t)used, 4, false);
    memcpy(out + strings + used, dirs, strlen(dirs) + 1);
    used += strlen(dirs) + 1;
    aout_store(out + 20, (uint32_t)used, 4, false);
    aout_store(out + 24, (uint32_t)(strings + used), 4, false);
    assert(strings + used <= room);
    return strings + used;
}

#endif
