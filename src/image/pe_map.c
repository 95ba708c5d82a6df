/*
 * src/image/pe_map.c - PE: where an address is in the file
 *
 * rule  Microsoft "PE Format", Section Table; what Windows does besides: low-alignment images are
 *       flat, a section's offset counts without its low 9 bits, the first section that covers an
 *       address counts (checked on the Corkami collection of odd images)
 */
#include "fail.h"
#include "limits.h"
#include "pe_private.h"

#define PAGE 4096u
#define SECTOR 512u

static uint64_t round_up(uint64_t value, uint64_t unit)
{
    return unit ? (value + unit - 1) / unit * unit : value;
}

static uint64_t smaller(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* ---- sections ------------------------------------------------------------------------------ */

static struct tn_pe_section load_section(const struct tn_pe *pe, const uint8_t *row)
{
    uint32_t virtual_size = tn_load32(row + 8, TN_LITTLE);
    uint32_t address = tn_load32(row + 12, TN_LITTLE);
    uint32_t raw_size = tn_load32(row + 16, TN_LITTLE);
    uint32_t raw = tn_load32(row + 20, TN_LITTLE);
    uint32_t unit = pe->section_alignment;
    uint64_t extent = round_up(virtual_size ? virtual_size : raw_size, unit);
    uint64_t offset = raw & ~(uint64_t)(SECTOR - 1), file = pe->file->info.size;
    uint64_t stored = smaller(round_up((uint64_t)raw_size + (raw - offset), SECTOR), extent);
    uint64_t start = unit ? address - address % unit : address;
    return (struct tn_pe_section){
        .start = start,
        .end = start + extent,
        .offset = offset,
        .stored = smaller(stored, offset < file ? file - offset : 0),
        .characteristics = tn_load32(row + 36, TN_LITTLE),
    };
}

bool tn_pe_map_sections(struct tn_pe *pe, struct tn_view rows, tenon_error *err)
{
    pe->ordered = true;
    pe->sections = tn_arena_rows(pe->file->arena, pe->section_count, sizeof *pe->sections);
    if (pe->section_count && !pe->sections)
        return tn_no_memory(err);
    for (size_t i = 0; i < pe->section_count; i++) {
        pe->sections[i] = load_section(pe, rows.at + i * TN_PE_SECTION_SIZE);
        if (i && pe->sections[i].start < pe->sections[i - 1].end)
            pe->ordered = false;
    }
    return true;
}

static const struct tn_pe_section *find_ordered(const struct tn_pe *pe, uint64_t rva)
{
    size_t low = 0, high = pe->section_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (pe->sections[middle].end <= rva)
            low = middle + 1;
        else
            high = middle;
    }
    return low < pe->section_count && pe->sections[low].start <= rva ? &pe->sections[low] : NULL;
}

/* Overlapping sections: the first counts. Odd files may not make us look for ever. */
static const struct tn_pe_section *find_disordered(struct tn_pe *pe, uint64_t rva)
{
    for (size_t i = 0; i < pe->section_count && pe->probe_room; i++, pe->probe_room--)
        if (pe->sections[i].start <= rva && rva < pe->sections[i].end)
            return &pe->sections[i];
    return NULL;
}

static bool map_flat(const struct tn_pe *pe, uint64_t rva, uint64_t end, struct tn_pe_place *out)
{
    end = smaller(end, pe->file->info.size);
    *out = (struct tn_pe_place){ .offset = rva, .room = rva < end ? end - rva : 0 };
    return out->room;
}

bool tn_pe_map(struct tn_pe *pe, uint64_t rva, struct tn_pe_place *out)
{
    if (pe->section_alignment < PAGE || pe->section_count == 0)
        return map_flat(pe, rva, UINT64_MAX, out);
    uint64_t headers = smaller(pe->headers_size, pe->sections[0].start);
    if (rva < headers)
        return map_flat(pe, rva, headers, out);
    const struct tn_pe_section *s = pe->ordered ? find_ordered(pe, rva) : find_disordered(pe, rva);
    if (!s || rva - s->start >= s->stored)
        return false;
    *out = (struct tn_pe_place){
        .offset = s->offset + (rva - s->start),
        .room = s->stored - (rva - s->start),
        .zeros = s->stored < s->end - s->start,
        .characteristics = s->characteristics,
    };
    return true;
}

/* ---- reading ------------------------------------------------------------------------------- */

/* A few bytes of a table or name: its page is read, since its neighbours are asked for next. */
static bool read_near(struct tn_pe *pe, uint64_t offset, uint64_t size, const char *what,
                      struct tn_view *out, tenon_error *err)
{
    struct tn_view page;
    uint64_t from = offset - offset % PAGE;
    uint64_t to = smaller(round_up(offset + size, PAGE), pe->file->info.size);
    if (!tn_file_upto(pe->file, from, to - from, what, &page, err))
        return false;
    if (!tn_view_sub(page, offset - from, size, out))
        return tn_fail(err, TENON_E_TRUNCATED, "%s: the file became shorter", what);
    return true;
}

bool tn_pe_rows(struct tn_pe *pe, uint64_t rva, uint64_t count, uint64_t stride, const char *what,
                struct tn_view *out, tenon_error *err)
{
    struct tn_pe_place place;
    *out = tn_view("", 0);
    if (!tn_pe_map(pe, rva, &place))
        return true;
    count = smaller(count, place.room / stride);
    return !count || read_near(pe, place.offset, count * stride, what, out, err);
}

bool tn_pe_bytes(struct tn_pe *pe, uint64_t rva, uint64_t size, const char *what,
                 struct tn_view *out, tenon_error *err)
{
    return tn_pe_rows(pe, rva, 1, size, what, out, err);
}

/* What is left of a name at the end of a section's bytes: zeros follow in memory. */
static const char *string_at_end(struct tn_pe *pe, struct tn_view in, tenon_error *err)
{
    const char *copy = tn_arena_copy(pe->file->arena, in.at, in.size);
    if (!copy)
        tn_no_memory(err);
    return copy;
}

const char *tn_pe_string(struct tn_pe *pe, uint64_t rva, const char *what, tenon_error *err)
{
    struct tn_pe_place place;
    struct tn_view in = { 0 };
    if (!tn_pe_map(pe, rva, &place)) {
        tn_fail(err, TENON_E_MALFORMED, "%s: no byte of the file is at address 0x%llx", what,
                (unsigned long long)rva);
        return NULL;
    }
    for (uint64_t span = 64;; span *= 8) {
        uint64_t size = smaller(smaller(span, place.room), TN_LIMIT_STRING + 1);
        if (!read_near(pe, place.offset, size, what, &in, err))
            return NULL;
        const uint8_t *end = memchr(in.at, 0, in.size);
        uint64_t used = end ? (uint64_t)(end - in.at) : in.size;
        if ((!end && size > TN_LIMIT_STRING) || used > pe->string_room) {
            tn_fail(err, TENON_E_LIMIT, "%s at address 0x%llx is too long", what,
                    (unsigned long long)rva);
            return NULL;
        }
        pe->string_room -= used;
        if (end)
            return (const char *)in.at;
        if (size == place.room && place.zeros)
            return string_at_end(pe, in, err);
        if (size == place.room) {
            tn_fail(err, TENON_E_MALFORMED, "%s at address 0x%llx has no end", what,
                    (unsigned long long)rva);
            return NULL;
        }
    }
}
