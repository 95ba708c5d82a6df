/* tests/unit/som_builder.h - small SOM files made to order */
#ifndef TEST_SOM_BUILDER_H
#define TEST_SOM_BUILDER_H

/*
 * As the real ones of HP-UX lay it out: header, exec auxiliary header, then the text, which begins
 * with the header for the dynamic loader. No linker for SOM is to be had: such files prove only
 * that the reader's arithmetic is what it is for the real ones.
 */
#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* An entry of the list of libraries. A list of these ends with name NULL. */
struct som_need {
    const char *name;
    bool dash_l;
    unsigned highwater;
};

struct som_spec {
    uint16_t magic;       /* 0: 0x10e, a shared library */
    const char *own_name; /* entry 0 of a program; a library's internal name */
    const struct som_need *needs;
    const char *embedded; /* the list of +b; NULL: none */
    uint16_t flags;       /* besides 0x40, "has an internal name" */
    unsigned highwater;
    bool old;                                    /* hdr_version of HP-UX 9 */
    const char *const *exports, *const *imports; /* NULL-ended */
    bool no_dl_header;
};

struct som {
    uint8_t bytes[8192];
    size_t size;
};

enum { SOM_TEXT = 512, SOM_LISTS = SOM_TEXT + 112, SOM_STRINGS = SOM_TEXT + 2048 };

static inline void som_word(struct som *s, size_t at, uint32_t value)
{
    assert(at + 4 <= sizeof s->bytes);
    for (int i = 0; i < 4; i++)
        s->bytes[at + (size_t)i] = (uint8_t)(value >> 8 * (3 - i));
}

static inline void som_half(struct som *s, size_t at, unsigned value)
{
    s->bytes[at] = (uint8_t)(value >> 8);
    s->bytes[at + 1] = (uint8_t)value;
}

/* Appends a string; its offset in the strings. */
static inline uint32_t som_string(struct som *s, const char *text)
{
    size_t at = s->size, size = strlen(text) + 1;
    assert(at + size <= sizeof s->bytes);
    memcpy(s->bytes + at, text, size);
    s->size += size;
    return (uint32_t)(at - SOM_STRINGS);
}

static inline size_t som_library(struct som *s, size_t at, const char *name, unsigned flags,
                                 unsigned highwater)
{
    som_word(s, at, som_string(s, name));
    s->bytes[at + 4] = (uint8_t)flags;
    s->bytes[at + 5] = 1;
    som_half(s, at + 6, highwater);
    return at + 8;
}

static inline size_t som_libraries(struct som *s, size_t at, const struct som_spec *spec)
{
    if (spec->own_name)
        at = som_library(s, at, spec->own_name, 2, 0);
    for (const struct som_need *n = spec->needs; n && n->name; n++)
        at = som_library(s, at, n->name, 0x10u | n->dash_l, n->highwater);
    return at;
}

static inline void som_build(struct som *s, const struct som_spec *spec)
{
    const size_t dl = SOM_TEXT;
    memset(s, 0, sizeof *s);
    s->size = SOM_STRINGS;
    som_half(s, 0, 0x210);
    som_half(s, 2, spec->magic ? spec->magic : 0x10e);
    som_word(s, 4, 85082112);
    som_word(s, 28, 128); /* auxiliary headers */
    som_word(s, 32, 48);
    som_word(s, 128, 4); /* exec */
    som_word(s, 132, 40);
    som_word(s, 144, SOM_TEXT);
    if (spec->no_dl_header)
        return;
    som_string(s, "");
    som_word(s, dl, spec->old ? 89060912 : 93092112);
    size_t end = som_libraries(s, SOM_LISTS, spec);
    som_word(s, dl + 8, SOM_LISTS - SOM_TEXT);
    som_word(s, dl + 12, (uint32_t)(end - SOM_LISTS) / 8);
    size_t imports = end, count = 0;
    for (const char *const *name = spec->imports; name && *name; name++, end += 8, count++) {
        som_word(s, end, som_string(s, *name));
        s->bytes[end + 6] = 3;
    }
    som_word(s, end, 0xffffffff); /* a slot without a name */
    som_word(s, dl + 16, (uint32_t)(imports - SOM_TEXT));
    som_word(s, dl + 20, (uint32_t)count + 1);
    end += 8;
    som_word(s, dl + 32, (uint32_t)(end - SOM_TEXT));
    count = 0;
    for (const char *const *name = spec->exports; name && *name; name++, end += 20, count++) {
        som_word(s, end + 4, som_string(s, *name));
        som_word(s, end + 8, 0x1000 + (uint32_t)count);
        s->bytes[end + 16] = 3;
    }
    som_word(s, dl + 36, (uint32_t)count);
    assert(end <= SOM_STRINGS);
    bool program = spec->magic && spec->magic != 0x10e;
    som_half(s, dl + 72, spec->highwater);
    som_half(s, dl + 74, spec->flags | (spec->own_name && !program ? 0x40u : 0u));
    if (spec->embedded)
        som_word(s, dl + 96, som_string(s, spec->embedded));
    som_word(s, dl + 40, SOM_STRINGS - SOM_TEXT);
    som_word(s, dl + 44, (uint32_t)(s->size - SOM_STRINGS));
}

#endif
