/*
 * src/image/pe_resources.c - PE: finds one resource
 *
 * rule  Microsoft "PE Format", The .rsrc Section: directories of three levels, type, name and
 *       language; offsets count from the first. More levels are nobody's, so that a circle ends
 */
#include "pe_private.h"

#define NODE_SIZE 16u
#define ENTRY_SIZE 8u
#define DATA_SIZE 16u
#define SUBDIRECTORY 0x80000000u
#define RESOURCE_ROOM (1u << 20) /* bytes of one resource that are looked at */

/* The entry with this number in the directory at `offset`, or its first; *at 0: there is none. */
static bool find_entry(struct tn_pe *pe, uint32_t offset, uint32_t id, bool any, uint32_t *at,
                       tenon_error *err)
{
    struct tn_view node, entries;
    uint64_t rva = (uint64_t)pe->dirs[TN_PE_DIR_RESOURCE].rva + offset;
    *at = 0;
    if (!tn_pe_bytes(pe, rva, NODE_SIZE, "resource directory", &node, err) || !node.size)
        return !node.size;
    uint32_t count =
        (uint32_t)tn_load16(node.at + 12, TN_LITTLE) + tn_load16(node.at + 14, TN_LITTLE);
    if (!tn_pe_rows(pe, rva + NODE_SIZE, count, ENTRY_SIZE, "resource directory", &entries, err))
        return false;
    for (size_t i = 0; i < entries.size / ENTRY_SIZE; i++) {
        const uint8_t *entry = entries.at + i * ENTRY_SIZE;
        if (!any && tn_load32(entry, TN_LITTLE) != id)
            continue;
        *at = tn_load32(entry + 4, TN_LITTLE);
        return true;
    }
    return true;
}

/* Where the data entry of a resource is; *at 0: there is none. */
static bool find_resource(struct tn_pe *pe, uint32_t type, uint32_t id, uint32_t *at,
                          tenon_error *err)
{
    const uint32_t wanted[3] = { type, id, 0 };
    *at = pe->dirs[TN_PE_DIR_RESOURCE].rva ? SUBDIRECTORY : 0;
    for (size_t level = 0; *at && level < 3; level++) {
        bool any = level == 2 || (level == 1 && !id);
        if (!(*at & SUBDIRECTORY))
            *at = 0;
        else if (!find_entry(pe, *at & ~SUBDIRECTORY, wanted[level], any, at, err))
            return false;
    }
    if (*at & SUBDIRECTORY)
        *at = 0;
    return true;
}

bool tn_pe_has_resource(struct tn_pe *pe, uint32_t type, uint32_t id, bool *has, tenon_error *err)
{
    uint32_t at;
    bool good = find_resource(pe, type, id, &at, err);
    *has = good && at;
    return good;
}

bool tn_pe_resource(struct tn_pe *pe, uint32_t type, uint32_t id, struct tn_view *out,
                    tenon_error *err)
{
    struct tn_view data;
    uint32_t at;
    *out = tn_view("", 0);
    if (!find_resource(pe, type, id, &at, err))
        return false;
    if (!at)
        return true;
    if (!tn_pe_bytes(pe, (uint64_t)pe->dirs[TN_PE_DIR_RESOURCE].rva + at, DATA_SIZE,
                     "resource data entry", &data, err) ||
        !data.size)
        return !data.size;
    uint32_t size = tn_load32(data.at + 4, TN_LITTLE);
    return size > RESOURCE_ROOM ||
           tn_pe_bytes(pe, tn_load32(data.at, TN_LITTLE), size, "resource", out, err);
}

bool tn_pe_read_manifest(struct tn_file *file, uint32_t number, struct tn_view *out,
                         tenon_error *err)
{
    struct tn_pe pe;
    *out = tn_view("", 0);
    return tn_pe_start(&pe, file, err) && tn_pe_resource(&pe, TN_PE_RT_MANIFEST, number, out, err);
}
