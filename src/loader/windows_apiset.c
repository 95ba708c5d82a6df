/*
 * src/loader/windows_apiset.c - contracts of Windows ("api-ms-win-..."), which are no files
 *
 * rule  Microsoft "Windows API sets"; the layout as lucasg/Dependencies (ApiSet.h) and the files of
 *       Windows 7, 8.1 and 10 have it: section .apiset of apisetschema.dll, offsets from its start,
 *       names in UTF-16. Version 6: the last number of a contract does not count; versions 2 to 4:
 *       names are stored without "api-", and are compared whole
 */
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "names.h"
#include "windows.h"

#define LIMIT_SCHEMA (16u << 20)
#define NAME_ROOM 256u

struct tn_apiset {
    struct tn_view at;
    uint32_t version, count;
};

/* ---- the file ------------------------------------------------------------------------------ */

/* The bytes of the section; a schema file is small and read whole. */
static bool find_section(struct tn_view file, struct tn_view *out)
{
    struct tn_cursor c = tn_cursor(file, TN_LITTLE);
    tn_seek(&c, 0x3c, "e_lfanew");
    uint32_t start = tn_u32(&c, "e_lfanew");
    tn_seek(&c, start, "header");
    tn_skip(&c, 6, "Machine");
    uint16_t count = tn_u16(&c, "NumberOfSections");
    tn_skip(&c, 12, "TimeDateStamp");
    uint16_t optional = tn_u16(&c, "SizeOfOptionalHeader");
    tn_skip(&c, 2u + optional, "optional header");
    for (unsigned i = 0; i < count && !c.lost; i++) {
        const uint8_t *row = tn_take(&c, 40, "section");
        if (!row || memcmp(row, ".apiset\0", 8) != 0)
            continue;
        uint32_t size = tn_load32(row + 16, TN_LITTLE), used = tn_load32(row + 8, TN_LITTLE);
        return tn_view_sub(file, tn_load32(row + 20, TN_LITTLE), used && used < size ? used : size,
                           out);
    }
    return false;
}

struct tn_apiset *tn_apiset_read(struct tn_target *target, const char *system)
{
    struct tn_view file, at;
    bool found;
    const char *path = tn_windows_find(target, target->arena, system, "apisetschema.dll", &found);
    if (!path || !found)
        return NULL;
    int error = tn_file_whole(target->world, path, LIMIT_SCHEMA, target->arena, &file);
    tn_windows_note(target, error == ENOMEM);
    if (error || !find_section(file, &at) || at.size < 28)
        return NULL;
    struct tn_apiset *apiset = tn_arena_take(target->arena, sizeof *apiset);
    tn_windows_note(target, !apiset);
    if (!apiset)
        return NULL;
    apiset->at = at;
    apiset->version = tn_load32(at.at, TN_LITTLE);
    apiset->count = tn_load32(at.at + (apiset->version == 2 ? 4 : 12), TN_LITTLE);
    return apiset->version >= 2 && apiset->version <= 6 && apiset->version != 5 ? apiset : NULL;
}

/* ---- looking up ---------------------------------------------------------------------------- */

/* A word of the schema; 0 past its end. */
static uint32_t word(const struct tn_apiset *apiset, uint64_t offset)
{
    struct tn_view at;
    return tn_view_sub(apiset->at, offset, 4, &at) ? tn_load32(at.at, TN_LITTLE) : 0;
}

/* Is the stored text the same as `size` letters of `name`, but for case? */
static bool is_text(const struct tn_apiset *apiset, uint32_t offset, uint32_t bytes,
                    const char *name, size_t size)
{
    struct tn_view at;
    if (bytes != 2 * size || !tn_view_sub(apiset->at, offset, bytes, &at))
        return false;
    for (size_t i = 0; i < size; i++) {
        char c[2] = { (char)at.at[2 * i], 0 }, n[2] = { name[i], 0 };
        if (at.at[2 * i + 1] || strcasecmp(c, n) != 0)
            return false;
    }
    return true;
}

static const char *text_at(const struct tn_apiset *apiset, struct tn_arena *arena, uint32_t offset,
                           uint32_t bytes)
{
    struct tn_view at;
    char name[NAME_ROOM];
    if (bytes / 2 >= sizeof name || !tn_view_sub(apiset->at, offset, bytes, &at))
        return "";
    for (size_t i = 0; i < bytes / 2; i++)
        name[i] = at.at[2 * i + 1] ? '?' : (char)at.at[2 * i];
    return tn_arena_copy(arena, name, bytes / 2);
}

/* Where rows are, and their fields: the three layouts. */
static const struct layout {
    uint32_t first, stride, name;      /* entries; offset of {NameOffset, NameLength} */
    uint32_t value_stride, value_name; /* values; offset of their {NameOffset, NameLength} */
    uint32_t data;                     /* in an entry: of its values */
} layouts[] = {
    [2] = { 8, 12, 0, 16, 0, 8 },
    [3] = { 16, 24, 4, 20, 4, 20 },
    [4] = { 16, 24, 4, 20, 4, 20 },
    [6] = { 0, 24, 4, 20, 4, 16 },
};

/* The value for an importer, or the first, which has no name; its text is the host. */
static enum tn_apiset_answer choose(const struct tn_apiset *apiset, uint64_t values, uint32_t count,
                                    const char *importer, struct tn_arena *arena, const char **host)
{
    const struct layout *l = &layouts[apiset->version];
    uint64_t chosen = values;
    for (uint32_t i = 1; i < count && i < apiset->at.size / l->value_stride; i++) {
        uint64_t value = values + (uint64_t)i * l->value_stride + l->value_name;
        if (is_text(apiset, word(apiset, value), word(apiset, value + 4), importer,
                    strlen(importer)))
            chosen = values + (uint64_t)i * l->value_stride;
    }
    uint64_t text = chosen + l->value_name + 8;
    if (!count || !word(apiset, text + 4))
        return TN_APISET_UNIMPLEMENTED;
    *host = text_at(apiset, arena, word(apiset, text), word(apiset, text + 4));
    return TN_APISET_HOST;
}

/* rule  versions 2 to 4: {count} stands before the values, in 3 and 4 behind flags */
static enum tn_apiset_answer find_old(const struct tn_apiset *apiset, const char *name, size_t size,
                                      const char *importer, struct tn_arena *arena,
                                      const char **host)
{
    const struct layout *l = &layouts[apiset->version];
    for (uint32_t i = 0; i < apiset->count && i < apiset->at.size / l->stride; i++) {
        uint64_t entry = l->first + (uint64_t)i * l->stride;
        if (!is_text(apiset, word(apiset, entry + l->name), word(apiset, entry + l->name + 4),
                     name + 4, size - 4))
            continue;
        uint64_t data = word(apiset, entry + l->data), before = apiset->version == 2 ? 4 : 8;
        return choose(apiset, data + before, word(apiset, data + before - 4), importer, arena,
                      host);
    }
    return TN_APISET_UNKNOWN;
}

/* rule  a hash of the name without its last number, lower case, in a sorted table */
static enum tn_apiset_answer find_hashed(const struct tn_apiset *apiset, const char *name,
                                         size_t size, const char *importer, struct tn_arena *arena,
                                         const char **host)
{
    uint32_t entries = word(apiset, 16), hashes = word(apiset, 20), factor = word(apiset, 24);
    uint32_t hash = 0, low = 0, high = apiset->count;
    for (size_t i = 0; i < size; i++)
        hash = hash * factor + (uint8_t)name[i];
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        uint64_t row = hashes + (uint64_t)middle * 8;
        uint32_t found = word(apiset, row);
        if (found != hash) {
            low = found < hash ? middle + 1 : low;
            high = found < hash ? high : middle;
            continue;
        }
        uint64_t entry = entries + (uint64_t)word(apiset, row + 4) * 24;
        if (!is_text(apiset, word(apiset, entry + 4), word(apiset, entry + 12), name, size))
            return TN_APISET_UNKNOWN;
        return choose(apiset, word(apiset, entry + 16), word(apiset, entry + 20), importer, arena,
                      host);
    }
    return TN_APISET_UNKNOWN;
}

enum tn_apiset_answer tn_apiset_find(const struct tn_apiset *apiset, const char *name,
                                     const char *importer, struct tn_arena *arena,
                                     const char **host)
{
    const char *dash = strrchr(name, '-');
    if (!dash || dash - name < 4)
        return TN_APISET_UNKNOWN;
    if (apiset->version == 6)
        return find_hashed(apiset, name, (size_t)(dash - name), importer, arena, host);
    return find_old(apiset, name, (size_t)(dash - name) + strcspn(dash, "."), importer, arena,
                    host);
}

bool tn_apiset_is_contract(const char *name)
{
    return strncasecmp(name, "api-", 4) == 0 || strncasecmp(name, "ext-", 4) == 0;
}
