/*
 * src/image/macho_fat.c - Mach-O: universal files, which hold one image for each architecture
 *
 * rule  mach-o/fat.h: big-endian, 20 bytes for each slice, or 32 with 64-bit offsets (0xcafebabf).
 *       A slice may be an archive
 */
#include <inttypes.h>

#include "fail.h"
#include "macho_private.h"
#include "text.h"

#define FAT_MAGIC 0xcafebabeu
#define FAT_MAGIC_64 0xcafebabfu

/* A Java class has its version where the count is, and those begin at 45. */
#define LIMIT_SLICES 42u

bool tn_macho_is_fat(struct tn_view head)
{
    if (head.size < 8)
        return false;
    uint32_t magic = tn_load32(head.at, TN_BIG);
    return (magic == FAT_MAGIC && tn_load32(head.at + 4, TN_BIG) <= LIMIT_SLICES) ||
           magic == FAT_MAGIC_64;
}

static struct tn_macho_slice load_slice(const uint8_t *row, bool wide)
{
    return (struct tn_macho_slice){
        .cputype = tn_load32(row, TN_BIG),
        .cpusubtype = tn_load32(row + 4, TN_BIG),
        .offset = wide ? tn_load64(row + 8, TN_BIG) : tn_load32(row + 8, TN_BIG),
        .size = wide ? tn_load64(row + 16, TN_BIG) : tn_load32(row + 12, TN_BIG),
    };
}

/* A slice lies in the file, behind the table, and shares no byte with one before it. */
static bool check_slice(const struct tn_file *file, const struct tn_macho_slice *slices, size_t i,
                        uint64_t table_end, tenon_error *err)
{
    const struct tn_macho_slice *s = &slices[i];
    uint64_t end;
    if (s->offset < table_end)
        return tn_fail(err, TENON_E_MALFORMED,
                       "slice %zu (%s) begins at 0x%" PRIx64 ", inside the table of slices", i,
                       s->arch, s->offset);
    if (!tn_add(s->offset, s->size, &end) || end > file->info.size)
        return tn_fail(err, TENON_E_TRUNCATED,
                       "slice %zu (%s): %" PRIu64 " bytes needed at 0x%" PRIx64 ", %" PRIu64
                       " left",
                       i, s->arch, s->size, s->offset,
                       s->offset < file->info.size ? file->info.size - s->offset : 0);
    for (size_t k = 0; k < i; k++)
        if (s->offset < slices[k].offset + slices[k].size && slices[k].offset < end)
            return tn_fail(err, TENON_E_MALFORMED,
                           "slice %zu (%s) at 0x%" PRIx64 " overlaps slice %zu (%s)", i, s->arch,
                           s->offset, k, slices[k].arch);
    return true;
}

static bool read_slices(struct tn_file *file, struct tn_macho_facts *out, tenon_error *err)
{
    struct tn_view rows;
    struct tn_arena *arena = file->arena;
    if (!tn_file_view(file, 0, 8, "universal header", &rows, err))
        return false;
    bool wide = tn_load32(rows.at, TN_BIG) == FAT_MAGIC_64;
    uint32_t count = tn_load32(rows.at + 4, TN_BIG);
    uint64_t stride = wide ? TN_MACHO_FAT_ARCH_64_SIZE : TN_MACHO_FAT_ARCH_SIZE;
    if (count > LIMIT_SLICES)
        return tn_fail(err, TENON_E_LIMIT,
                       "universal header: nfat_arch is %" PRIu32 ", more than %u", count,
                       LIMIT_SLICES);
    if (!tn_file_view(file, 8, count * stride, "table of slices", &rows, err))
        return false;
    struct tn_macho_slice *slices = tn_arena_rows(arena, count, sizeof *slices);
    if (!slices)
        return tn_no_memory(err);
    for (size_t i = 0; i < count; i++) {
        slices[i] = load_slice(rows.at + i * stride, wide);
        slices[i].arch = tn_macho_arch_name(arena, slices[i].cputype, slices[i].cpusubtype);
        if (!slices[i].arch)
            return tn_no_memory(err);
        if (!check_slice(file, slices, i, 8 + count * stride, err))
            return false;
    }
    out->slices = slices;
    out->slice_count = count;
    return true;
}

static bool part_of(struct tn_file *file, const struct tn_macho_slice *slice, struct tn_file *out,
                    tenon_error *err)
{
    return tn_file_part(file, slice->offset, slice->size, slice->arch, out, err);
}

/* The kind of a slice by its first bytes. */
static bool slice_kind(struct tn_file *file, const struct tn_macho_slice *slice,
                       enum tenon_kind *kind, tenon_error *err)
{
    struct tn_file inside;
    struct tn_macho_header header;
    struct tn_view head;
    *kind = TENON_KIND_UNKNOWN;
    if (!part_of(file, slice, &inside, err) ||
        !tn_file_upto(&inside, 0, 1024, "first bytes of a slice", &head, err))
        return false;
    if (head.size >= 8 && memcmp(head.at, "!<arch>\n", 8) == 0)
        *kind = TENON_KIND_ARCHIVE;
    else if (tn_macho_read_header(&inside, &header, NULL))
        *kind = tn_macho_kind(header.filetype);
    return true;
}

/* What all slices agree on; the rest is each slice's own. */
bool tn_macho_fat_facts(struct tn_file *file, struct tn_facts *out, tenon_error *err)
{
    struct tn_facts facts = { .format = TENON_FORMAT_MACHO };
    struct tn_macho_facts *own = tn_arena_take(file->arena, sizeof *own);
    if (!own)
        return tn_no_memory(err);
    facts.more = own;
    if (!read_slices(file, own, err))
        return false;
    const char **names = tn_arena_rows(file->arena, own->slice_count + 1, sizeof *names);
    if (!names)
        return tn_no_memory(err);
    facts.slices = names;
    for (size_t i = 0; i < own->slice_count; i++) {
        enum tenon_kind kind;
        if (!slice_kind(file, &own->slices[i], &kind, err))
            return false;
        if (i && kind != facts.kind)
            kind = TENON_KIND_UNKNOWN;
        facts.kind = kind;
        names[i] = own->slices[i].arch;
    }
    *out = facts;
    return true;
}

bool tn_macho_fat_image(struct tn_file *file, tenon_image *image, tenon_error *err)
{
    if (!tn_macho_fat_facts(file, &image->facts, err))
        return false;
    const struct tn_macho_facts *f = tn_macho_facts(&image->facts);
    image->insides = tn_arena_rows(&image->arena, f->slice_count, sizeof *image->insides);
    if (!image->insides)
        return tn_no_memory(err);
    image->inside_count = f->slice_count;
    for (size_t i = 0; i < f->slice_count; i++) {
        image->insides[i] = (tenon_image_source){ .path = image->name, .slice = f->slices[i].arch };
        for (size_t k = 0; k < i; k++)
            if (strcmp(f->slices[k].arch, f->slices[i].arch) == 0)
                tn_image_warn(image, "slice %zu is for %s as slice %zu: only that one is used", i,
                              f->slices[i].arch, k);
    }
    return true;
}

bool tn_macho_find_inside(struct tn_file *file, const tenon_image_source *source,
                          struct tn_file *inside, tenon_error *err)
{
    char quoted[TN_QUOTE_ROOM];
    struct tn_macho_facts facts = { 0 };
    struct tn_macho_header header;
    struct tn_view head;
    const char *wanted = source->slice ? source->slice : source->member;
    if (!tn_file_upto(file, 0, 64, "first bytes", &head, err))
        return false;
    if (tn_macho_is_fat(head)) {
        if (!read_slices(file, &facts, err))
            return false;
    } else if (source->slice && tn_macho_read_header(file, &header, err)) {
        const char *arch = tn_macho_arch_name(file->arena, header.cputype, header.cpusubtype);
        if (!arch)
            return tn_no_memory(err);
        if (strcmp(arch, wanted) == 0)
            return tn_file_part(file, 0, file->info.size, arch, inside, err);
    }
    for (size_t i = 0; source->slice && i < facts.slice_count; i++)
        if (strcmp(facts.slices[i].arch, wanted) == 0)
            return part_of(file, &facts.slices[i], inside, err);
    return tn_fail(err, TENON_E_NOT_FOUND, "no %s %s", source->slice ? "slice" : "member",
                   tn_quote(quoted, wanted));
}
