/*
 * src/loader/ldcache_make.c - writes a cache as ldconfig does
 *
 * The header, the entries, all strings, and behind them the extension with the names of
 * glibc-hwcaps subdirectories. Offsets count from the start of the file.
 *
 * rule  glibc 2.36 elf/cache.c, compare(), save_cache(); sysdeps/generic/dl-cache.h
 */
#include "ldcache_make.h"

#include <stdlib.h>

#include "ldcache.h"
#include "packer.h"
#include "table.h"

enum { HEADER = 48, ENTRY = 24, EXTENSION_HEADER = 24 };
#define EXTENSION_MAGIC 0xEAA42174u
#define HWCAP_EXTENSION (UINT64_C(1) << 62)

/* In descending order of names; of one name, what the loader prefers stands first. */
static int compare(const void *a, const void *b)
{
    const struct tn_ldcache_row *x = a, *y = b;
    int by_key = tn_ldcache_compare(y->key, x->key);
    if (by_key)
        return by_key;
    if (x->flags != y->flags)
        return x->flags < y->flags ? 1 : -1;
    if (!x->subdir != !y->subdir)
        return x->subdir ? -1 : 1;
    int by_subdir = x->subdir ? strcmp(x->subdir, y->subdir) : 0;
    if (by_subdir)
        return by_subdir;
    if (x->capabilities != y->capabilities)
        return x->capabilities < y->capabilities ? 1 : -1;
    return x->number < y->number ? -1 : 1;
}

/* What is written so far. */
struct parts {
    struct tn_names strings; /* their offsets among each other: */
    uint64_t *offsets, size;
    size_t offset_room;
    struct tn_names subdirs;
    bool bad; /* no memory, or too much */
};

/* Where a string will stand, from the first one. */
static uint64_t place_string(struct parts *parts, const char *text)
{
    size_t size = strlen(text), before = parts->strings.count;
    uint32_t number = tn_names_add(&parts->strings, text, size);
    bool is_new = number == before;
    if (number == TN_NO_NAME || (is_new && !tn_grow(&parts->offsets, &parts->offset_room, before,
                                                    sizeof *parts->offsets))) {
        parts->bad = true;
        return 0;
    }
    if (is_new) {
        parts->offsets[number] = parts->size;
        parts->size += size + 1;
    }
    return parts->offsets[number];
}

static uint64_t capabilities_of(struct parts *parts, const struct tn_ldcache_row *row)
{
    if (!row->subdir)
        return row->capabilities;
    uint32_t number = tn_names_add(&parts->subdirs, row->subdir, strlen(row->subdir));
    parts->bad |= number == TN_NO_NAME;
    return HWCAP_EXTENSION | (uint64_t)row->isa << 32 | number;
}

static void put_entries(struct tn_packer *p, struct parts *parts, const struct tn_ldcache_row *rows,
                        size_t count)
{
    const uint64_t strings = HEADER + (uint64_t)count * ENTRY;
    for (size_t i = 0; i < count && !parts->bad; i++) {
        tn_packer_number(p, rows[i].flags, 4);
        tn_packer_number(p, strings + place_string(parts, rows[i].key), 4);
        tn_packer_number(p, strings + place_string(parts, rows[i].value), 4);
        tn_packer_number(p, 0, 4);
        tn_packer_number(p, capabilities_of(parts, &rows[i]), 8);
    }
}

static void put_strings(struct tn_packer *p, const struct parts *parts)
{
    for (uint32_t i = 0; i < parts->strings.count; i++)
        tn_packer_text(p, tn_names_text(&parts->strings, i));
    while (p->used % 4)
        tn_packer_byte(p, 0);
}

static void put_extension(struct tn_packer *p, struct parts *parts, uint64_t strings)
{
    tn_packer_number(p, EXTENSION_MAGIC, 4);
    tn_packer_number(p, 1, 4);
    tn_packer_number(p, 1, 4); /* glibc-hwcaps names */
    tn_packer_number(p, 0, 4);
    tn_packer_number(p, p->used + 8, 4);
    tn_packer_number(p, 4 * parts->subdirs.count, 4);
    for (uint32_t i = 0; i < parts->subdirs.count; i++)
        tn_packer_number(p, strings + place_string(parts, tn_names_text(&parts->subdirs, i)), 4);
}

/* The header, once the sizes are known. */
static void put_header(struct tn_packer *p, size_t count, uint64_t strings_size, uint64_t extension)
{
    tn_packer_put(p, "glibc-ld.so.cache1.1", 20);
    tn_packer_number(p, count, 4);
    tn_packer_number(p, strings_size, 4);
    tn_packer_byte(p, 2); /* little-endian */
    tn_packer_number(p, 0, 3);
    tn_packer_number(p, extension, 4);
    for (int i = 0; i < 3; i++)
        tn_packer_number(p, 0, 4);
}

static void put_all(struct tn_packer *p, struct parts *parts, const struct tn_ldcache_row *rows,
                    size_t count)
{
    struct tn_packer entries = { 0 };
    const uint64_t strings = HEADER + (uint64_t)count * ENTRY;
    put_entries(&entries, parts, rows, count);
    for (uint32_t i = 0; i < parts->subdirs.count && !parts->bad; i++)
        place_string(parts, tn_names_text(&parts->subdirs, i));
    const uint64_t extension = (strings + parts->size + 3) & ~UINT64_C(3);
    parts->bad |= entries.failed || extension + EXTENSION_HEADER > UINT32_MAX;
    if (!parts->bad) {
        put_header(p, count, parts->size, parts->subdirs.count ? extension : 0);
        tn_packer_put(p, entries.at, entries.used);
        put_strings(p, parts);
        if (parts->subdirs.count)
            put_extension(p, parts, strings);
    }
    free(entries.at);
}

bool tn_ldcache_make(struct tn_ldcache_row *rows, size_t count, struct tn_arena *arena,
                     struct tn_view *out)
{
    struct parts parts = { .bad = false };
    struct tn_packer p = { 0 };
    for (size_t i = 0; i < count; i++)
        rows[i].number = i;
    if (count)
        qsort(rows, count, sizeof *rows, compare);
    if (tn_names_init(&parts.strings) && tn_names_init(&parts.subdirs))
        put_all(&p, &parts, rows, count);
    else
        parts.bad = true;
    uint8_t *bytes = parts.bad || p.failed ? NULL : tn_arena_bytes(arena, p.used);
    if (bytes) {
        memcpy(bytes, p.at, p.used);
        *out = tn_view(bytes, p.used);
    }
    free(p.at);
    free(parts.offsets);
    tn_names_free(&parts.strings);
    tn_names_free(&parts.subdirs);
    return bytes != NULL;
}
