/*
 * src/image/elf_layout.c - ELF: whether ld.so could map the segments, as far as numbers alone say
 *
 * rule  glibc 2.36 elf/dl-load.c, _dl_map_object_from_fd(), and elf/dl-map-segments.h,
 *       _dl_map_segments(); older ones refuse more. What depends on the size of a page or of the
 *       address space is asked for x86-64 only: elsewhere both vary
 */
#include "elf_private.h"

#define PAGE_MASK UINT64_C(4095)                 /* no system has smaller pages */
#define SPACE (UINT64_C(1) << 47)                /* addresses of a process on x86-64 */
#define LARGEST_OFFSET ((UINT64_C(1) << 63) - 1) /* of a file */

/* A segment as ld.so maps it; sums wrap around as they do there. */
struct load {
    uint64_t mapstart, mapend, dataend, allocend, mapoff;
};

static uint64_t page_up(uint64_t value)
{
    return (value + PAGE_MASK) & ~PAGE_MASK;
}

static struct load load_of(const struct tn_elf_segment *s)
{
    return (struct load){
        .mapstart = s->p_vaddr & ~PAGE_MASK,
        .mapend = page_up(s->p_vaddr + s->p_filesz),
        .dataend = s->p_vaddr + s->p_filesz,
        .allocend = s->p_vaddr + s->p_memsz,
        .mapoff = s->p_offset & ~PAGE_MASK,
    };
}

/* No mapping of so many bytes, from there in the file, can be. */
static bool is_impossible(uint64_t size, uint64_t offset)
{
    return size == 0 || size > SPACE || offset > LARGEST_OFFSET - size;
}

/* Wherever an object is, what is so far from its beginning is outside of the address space. */
static bool is_far(uint64_t distance)
{
    return distance + SPACE >= 2 * SPACE;
}

/* What becomes of one segment; `base` is the address of the first. */
static enum tn_elf_layout map_one(const struct load *load, uint64_t base, bool is_first)
{
    if (!is_first && load->mapend > load->mapstart &&
        (is_far(load->mapstart - base) ||
         is_impossible(load->mapend - load->mapstart, load->mapoff)))
        return TN_ELF_LAYOUT_NOT_MAPPED;
    uint64_t zero_page = page_up(load->dataend);
    bool wraps = load->allocend >= -SPACE; /* then nothing is left to fill with zeros */
    if (load->allocend > load->dataend && load->allocend > zero_page && !wraps &&
        (is_far(zero_page - base) || load->allocend - zero_page > SPACE))
        return TN_ELF_LAYOUT_NOT_ZEROED;
    return TN_ELF_LAYOUT_GOOD;
}

/* The loads in file order, which is the order of mapping. */
static enum tn_elf_layout map_all(const struct tn_elf *elf)
{
    struct load first = { 0 }, last = { 0 };
    bool any = false, holes = false;
    for (size_t i = 0; i < elf->segment_count; i++) {
        if (elf->segments[i].p_type != TN_PT_LOAD)
            continue;
        struct load load = load_of(&elf->segments[i]);
        holes |= any && last.mapend != load.mapstart;
        first = any ? first : load;
        last = load;
        any = true;
    }
    if (!any)
        return TN_ELF_LAYOUT_GOOD; /* that is another complaint */
    if (is_impossible(page_up(last.allocend - first.mapstart), first.mapoff))
        return TN_ELF_LAYOUT_NOT_MAPPED;
    if (holes && last.mapstart < first.mapend)
        return TN_ELF_LAYOUT_NOT_ORDERED;
    enum tn_elf_layout layout = TN_ELF_LAYOUT_GOOD;
    bool is_first = true;
    for (size_t i = 0; i < elf->segment_count && layout == TN_ELF_LAYOUT_GOOD; i++) {
        if (elf->segments[i].p_type != TN_PT_LOAD)
            continue;
        struct load load = load_of(&elf->segments[i]);
        layout = map_one(&load, first.mapstart, is_first);
        is_first = false;
    }
    return layout;
}

enum tn_elf_layout tn_elf_layout_of(const struct tn_elf *elf)
{
    for (size_t i = 0; i < elf->segment_count; i++) {
        const struct tn_elf_segment *s = &elf->segments[i];
        if (s->p_type == TN_PT_LOAD && ((s->p_vaddr - s->p_offset) & PAGE_MASK))
            return TN_ELF_LAYOUT_NOT_ALIGNED;
    }
    bool known = elf->header.e_machine == TN_EM_X86_64 && elf->header.word == 8;
    return known ? map_all(elf) : TN_ELF_LAYOUT_GOOD;
}

struct tn_view tn_elf_constants(struct tn_file *file)
{
    struct tn_elf elf;
    struct tn_view view = { 0 };
    tenon_error err;
    if (!tn_elf_start(&elf, file, NULL, &err))
        return view;
    for (size_t i = 0; i < elf.segment_count; i++) {
        const struct tn_elf_segment *segment = &elf.segments[i];
        if (segment->p_type != TN_PT_LOAD ||
            (segment->p_flags & (TN_PF_R | TN_PF_W | TN_PF_X)) != TN_PF_R || segment->p_offset == 0)
            continue;
        if (!tn_file_upto(file, segment->p_offset, segment->p_filesz, "constants", &view, &err))
            view.size = 0;
        break;
    }
    return view;
}
