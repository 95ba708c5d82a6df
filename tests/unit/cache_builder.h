/* tests/unit/cache_builder.h - ld.so.cache files made to order, of each format and byte order */
#ifndef TEST_CACHE_BUILDER_H
#define TEST_CACHE_BUILDER_H

/*
 * rule  glibc sysdeps/generic/dl-cache.h. Entries are written in the order given: the caller keeps
 * them in descending order, as ldconfig does (or does not, to see what happens).
 */
#include "elf_builder.h"

#define CACHE_X86_64 0x0303u

struct cache_entry {
    const char *key, *value;
    uint32_t flags;     /* 0: CACHE_X86_64 */
    const char *subdir; /* glibc-hwcaps name; NULL: none */
    unsigned isa;       /* x86 level bits of an entry with one; 0 is the baseline */
    uint64_t raw_hwcap; /* of an entry without one */
};

struct cache_spec {
    bool big;
    bool old;             /* the old format */
    bool old_alone;       /* ... with nothing behind it */
    bool unmarked;        /* byte order left unset */
    bool names_from_file; /* as ld.so reads subdirectory names; else as ldconfig writes them */
    const char *generator;
    const struct cache_entry *entries;
    size_t count;
};

/* The old part: all entries, their strings empty when a new part tells them too. */
static inline void cache_build_old(const struct cache_spec *s, struct elf_out *out)
{
    struct elf_out strings = { .big = s->big };
    elf_put(out, "ld.so-1.7.0", 12);
    elf_number(out, s->count, 4);
    for (size_t i = 0; i < s->count; i++) {
        elf_number(out, s->entries[i].flags ? s->entries[i].flags : CACHE_X86_64, 4);
        elf_number(out, s->old_alone ? elf_text(&strings, s->entries[i].key) : 0, 4);
        elf_number(out, s->old_alone ? elf_text(&strings, s->entries[i].value) : 0, 4);
    }
    elf_put(out, strings.at, strings.size);
    free(strings.at);
}

/* The glibc-hwcaps names of a file, by number. */
struct cache_subdirs {
    const char *names[64];
    size_t count;
};

static inline size_t cache_subdir(struct cache_subdirs *subdirs, const char *name)
{
    for (size_t i = 0; i < subdirs->count; i++)
        if (strcmp(subdirs->names[i], name) == 0)
            return i;
    assert(subdirs->count < 64);
    subdirs->names[subdirs->count] = name;
    return subdirs->count++;
}

static inline void cache_extension_row(struct elf_out *out, uint32_t tag, size_t offset,
                                       size_t size)
{
    elf_number(out, tag, 4);
    elf_number(out, 0, 4);
    elf_number(out, offset, 4);
    elf_number(out, size, 4);
}

/* The extension directory and what it names; `offsets` are those of the subdirectory names. */
static inline void cache_build_extension(const struct cache_spec *s, struct elf_out *out,
                                         const struct elf_out *offsets)
{
    size_t count = (size_t)(offsets->size != 0) + (s->generator != NULL);
    size_t next = out->size + 8 + 16 * count;
    elf_number(out, 0xEAA42174u, 4);
    elf_number(out, count, 4);
    if (offsets->size)
        cache_extension_row(out, 1, next, offsets->size);
    if (s->generator)
        cache_extension_row(out, 0, next + offsets->size, strlen(s->generator));
    elf_put(out, offsets->at, offsets->size);
    if (s->generator)
        elf_put(out, s->generator, strlen(s->generator));
}

static inline void cache_build_new(const struct cache_spec *s, struct elf_out *out)
{
    struct elf_out strings = { .big = s->big }, offsets = { .big = s->big };
    struct cache_subdirs subdirs = { .count = 0 };
    size_t start = out->size, strings_at = 48 + 24 * s->count;
    elf_put(out, "glibc-ld.so.cache1.1", 20);
    elf_number(out, s->count, 4);
    elf_put(out, NULL, 4);
    elf_number(out, s->unmarked ? 0 : s->big ? 3 : 2, 1);
    elf_put(out, NULL, 19);
    for (size_t i = 0; i < s->count; i++) {
        const struct cache_entry *e = &s->entries[i];
        uint64_t hwcap = e->raw_hwcap;
        if (e->subdir)
            hwcap = UINT64_C(1) << 62 | (uint64_t)e->isa << 32 | cache_subdir(&subdirs, e->subdir);
        elf_number(out, e->flags ? e->flags : CACHE_X86_64, 4);
        elf_number(out, strings_at + elf_text(&strings, e->key), 4);
        elf_number(out, strings_at + elf_text(&strings, e->value), 4);
        elf_number(out, 0, 4);
        elf_number(out, hwcap, 8);
    }
    for (size_t i = 0; i < subdirs.count; i++)
        elf_number(&offsets,
                   (s->names_from_file ? start : 0) + strings_at +
                       elf_text(&strings, subdirs.names[i]),
                   4);
    elf_put(out, strings.at, strings.size);
    elf_store(out->at + start + 24, strings.size, 4, s->big);
    if (offsets.size || s->generator) {
        elf_align(out, 4);
        elf_store(out->at + start + 32, out->size, 4, s->big);
        cache_build_extension(s, out, &offsets);
    }
    free(strings.at);
    free(offsets.at);
}

/* Makes the file; the caller frees it. */
static inline uint8_t *cache_build(const struct cache_spec *spec, size_t *size)
{
    struct elf_out out = { .big = spec->big };
    if (spec->old || spec->old_alone)
        cache_build_old(spec, &out);
    if (!spec->old_alone) {
        elf_align(&out, 8);
        cache_build_new(spec, &out);
    }
    *size = out.size;
    return out.at;
}

#endif
