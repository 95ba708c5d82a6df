/*
 * src/image/aout.c - a.out of the BSDs, SunOS 4 and Linux: header, layout, needs
 *
 * rule  NetBSD sys/exec_aout.h and link_aout.h; FreeBSD sys/imgact_aout.h; binutils include/aout.
 *       Magic, machine and flags share one word, whose byte order is not always that of the rest
 */
#include <inttypes.h>

#include "aout_private.h"
#include "fail.h"
#include "limits.h"
#include "name_sum.h"

enum { OMAGIC = 0407, NMAGIC = 0410, ZMAGIC = 0413, QMAGIC = 0314 };
enum { FLAG_PIC = 0x10, FLAG_DYNAMIC = 0x20 };
enum { MID_LINUX_386 = 100, MID_SUN_68020 = 2 };

#define HEADER_SIZE 32u
#define SOD_SIZE 16u
#define LINUX_LIBRARY 0x60000000u /* where the fixed addresses of Linux' libraries begin */
#define SUN3_SEGMENT 0x20000u

/* ---- machines ------------------------------------------------------------------------------- */

static const struct {
    uint16_t mid, page;
    enum tn_endian endian;
    const char *machine;
} machines[] = {
    { 1, 8192, TN_BIG, "m68k" },         { 2, 8192, TN_BIG, "m68k" },
    { 3, 8192, TN_BIG, "sparc" },        { 100, 4096, TN_LITTLE, "i386" },
    { 134, 4096, TN_LITTLE, "i386" },    { 135, 8192, TN_BIG, "m68k" },
    { 136, 4096, TN_BIG, "m68k" },       { 137, 4096, TN_LITTLE, "ns32k" },
    { 138, 8192, TN_BIG, "sparc" },      { 139, 4096, TN_LITTLE, "mipsel" },
    { 140, 1024, TN_LITTLE, "vax" },     { 141, 8192, TN_LITTLE, "alpha" },
    { 142, 4096, TN_BIG, "mips" },       { 143, 4096, TN_LITTLE, "arm" },
    { 144, 2048, TN_BIG, "m68k" },       { 145, 4096, TN_LITTLE, "sh" },
    { 149, 4096, TN_BIG, "ppc" },        { 150, 4096, TN_LITTLE, "vax" },
    { 151, 4096, TN_BIG, "mips" },       { 152, 4096, TN_BIG, "mips" },
    { 154, 4096, TN_BIG, "hppa" },       { 156, 8192, TN_BIG, "sparcv9" },
    { 157, 4096, TN_LITTLE, "x86_64" },  { 159, 8192, TN_LITTLE, "ia64" },
    { 183, 4096, TN_LITTLE, "aarch64" },
};

const char *tn_aout_machine_name(unsigned mid)
{
    for (size_t i = 0; i < TN_COUNT(machines); i++)
        if (machines[i].mid == mid)
            return machines[i].machine;
    return NULL;
}

/* ---- header --------------------------------------------------------------------------------- */

static bool is_magic(uint32_t word)
{
    switch (word & 0xffff) {
    case OMAGIC:
    case NMAGIC:
    case ZMAGIC:
    case QMAGIC: return true;
    }
    return false;
}

/* Which system wrote the first word, and what it says; false: none did. */
static bool read_midmag(struct tn_aout *a, const uint8_t *head)
{
    uint32_t big = tn_load32(head, TN_BIG), little = tn_load32(head, TN_LITTLE);
    if (is_magic(big) && head[1] <= 3 && (head[0] & 0x7f) <= 2) {
        a->flavour = TN_AOUT_SUN;
        a->mid = head[1] ? head[1] : 1; /* the first SunOS had but one machine */
        a->flags = head[0] & 0x80 ? FLAG_DYNAMIC : 0;
        a->magic = big & 0xffff;
        return true;
    }
    if (!is_magic(big) && !is_magic(little))
        return false;
    bool net = is_magic(big);
    uint32_t word = net ? big : little;
    a->flavour = net ? TN_AOUT_NET : TN_AOUT_HOST;
    a->magic = word & 0xffff;
    a->mid = word >> 16 & 0x3ff;
    a->flags = word >> 26;
    if (!net && (word >> 16 & 0xff) == MID_LINUX_386 && !(a->flags & FLAG_DYNAMIC)) {
        a->flavour = TN_AOUT_LINUX;
        a->mid = MID_LINUX_386;
    }
    a->own->midmag = word;
    return true;
}

static void read_order(struct tn_aout *a)
{
    a->endian = a->flavour == TN_AOUT_SUN ? TN_BIG : TN_LITTLE;
    a->page = 4096;
    for (size_t i = 0; i < TN_COUNT(machines); i++)
        if (machines[i].mid == a->mid) {
            a->endian = machines[i].endian;
            a->page = machines[i].page;
        }
    if (a->flavour == TN_AOUT_SUN && a->mid != 3)
        a->page = 8192;
}

static bool is_library(const struct tn_aout *a)
{
    if (a->flavour == TN_AOUT_LINUX)
        return a->a_entry >= LINUX_LIBRARY;
    return (a->flags & FLAG_DYNAMIC) && a->a_entry < a->page;
}

static uint64_t round_up(uint64_t value, uint64_t unit)
{
    return (value + unit - 1) / unit * unit;
}

/* Where text and data are in the file and, as linked, in memory. */
static void lay_out(struct tn_aout *a)
{
    bool old = a->magic == ZMAGIC &&
               (a->flavour == TN_AOUT_LINUX || (a->flavour == TN_AOUT_HOST && !a->mid));
    if (a->magic == OMAGIC || a->magic == NMAGIC)
        a->text_offset = HEADER_SIZE;
    else if (old)
        a->text_offset = a->flavour == TN_AOUT_LINUX ? 1024 : a->page;
    a->text_address = is_library(a) || old || a->magic == OMAGIC ? 0 : a->page;
    a->data_offset = a->text_offset + a->a_text;
    uint64_t segment =
        a->flavour == TN_AOUT_SUN && a->mid == MID_SUN_68020 ? SUN3_SEGMENT : a->page;
    a->data_address = a->text_address + a->a_text;
    if (!is_library(a) && a->magic != OMAGIC)
        a->data_address = round_up(a->data_address, segment);
    a->symbols = a->data_offset + a->a_data + a->a_trsize + a->a_drsize;
    a->strings = a->symbols + a->a_syms;
}

static void read_sizes(struct tn_aout *a, const uint8_t *head)
{
    a->a_text = tn_load32(head + 4, a->endian);
    a->a_data = tn_load32(head + 8, a->endian);
    a->a_syms = tn_load32(head + 16, a->endian);
    a->a_entry = tn_load32(head + 20, a->endian);
    a->a_trsize = tn_load32(head + 24, a->endian);
    a->a_drsize = tn_load32(head + 28, a->endian);
    lay_out(a);
}

/* Any four bytes may look like a magic word: the file must hold what the header promises. */
static bool is_plausible(const struct tn_aout *a)
{
    return (a->a_text || a->a_data || a->a_syms) && a->strings <= a->file->info.size;
}

static enum tenon_kind kind_of(const struct tn_aout *a)
{
    if (is_library(a))
        return TENON_KIND_SHARED_LIBRARY;
    bool object = a->magic == OMAGIC && !a->a_entry && !(a->flags & FLAG_DYNAMIC) &&
                  (a->a_trsize || a->a_drsize || a->a_syms);
    return object ? TENON_KIND_OBJECT : TENON_KIND_EXECUTABLE;
}

static const char *os_of(const struct tn_aout *a)
{
    switch (a->flavour) {
    case TN_AOUT_SUN: return "sunos";
    case TN_AOUT_NET: return "netbsd";
    case TN_AOUT_LINUX: return "linux";
    case TN_AOUT_HOST: break;
    }
    return a->flags & FLAG_DYNAMIC ? "freebsd" : NULL;
}

static void fill_facts(struct tn_aout *a)
{
    struct tn_facts *f = a->facts;
    f->format = TENON_FORMAT_AOUT;
    f->class_bits = 32;
    f->endian = a->endian == TN_BIG ? TENON_ENDIAN_BIG : TENON_ENDIAN_LITTLE;
    f->machine_code = a->mid;
    f->machine = tn_aout_machine_name(a->mid);
    f->os = os_of(a);
    f->kind = kind_of(a);
    a->own->mid = a->mid;
    a->own->is_dynamic = a->flags & FLAG_DYNAMIC;
    a->own->is_position_independent = a->flags & FLAG_PIC;
    /* Linux names libraries of fixed addresses in a program's code, where no table lists them. */
    f->is_static =
        f->kind == TENON_KIND_EXECUTABLE && !a->own->is_dynamic && a->flavour != TN_AOUT_LINUX;
}

bool tn_aout_start(struct tn_aout *aout, struct tn_file *file, struct tn_facts *facts,
                   struct tn_aout_facts *own)
{
    struct tn_view head;
    *own = (struct tn_aout_facts){ 0 };
    *aout = (struct tn_aout){ .file = file, .facts = facts, .own = own };
    *facts = (struct tn_facts){ 0 };
    if (!tn_file_view(file, 0, HEADER_SIZE, "a.out header", &head, NULL) ||
        !read_midmag(aout, head.at))
        return false;
    read_order(aout);
    read_sizes(aout, head.at);
    if (!is_plausible(aout) && aout->flavour == TN_AOUT_NET && !tn_aout_machine_name(aout->mid)) {
        aout->endian = TN_BIG; /* of an unknown processor, the order that fits */
        read_sizes(aout, head.at);
    }
    if (!is_plausible(aout))
        return false;
    fill_facts(aout);
    return true;
}

static bool aout_matches(struct tn_view head)
{
    return head.size >= HEADER_SIZE &&
           (is_magic(tn_load32(head.at, TN_BIG)) || is_magic(tn_load32(head.at, TN_LITTLE)));
}

static bool aout_confirms(struct tn_file *file, struct tn_view head)
{
    struct tn_aout aout;
    struct tn_facts facts;
    struct tn_aout_facts own;
    (void)head;
    return tn_aout_start(&aout, file, &facts, &own);
}

/* ---- needs ---------------------------------------------------------------------------------- */

/* A library is named as its loader words it, "-lc.12.5"; a path as it is. */
static bool add_need(struct tn_aout *a, const struct tn_aout_dynamic *d, const uint8_t *sod,
                     uint64_t *names, tenon_error *err)
{
    struct tn_facts *f = a->facts;
    uint32_t flags = tn_load32(sod + 4, a->endian);
    uint64_t at;
    struct tn_aout_need need = {
        .is_library = a->endian == TN_BIG ? flags >> 31 : flags & 1,
        .major = (int16_t)tn_load16(sod + 8, a->endian),
        .minor = (int16_t)tn_load16(sod + 10, a->endian),
    };
    if (!tn_aout_place(a, d->version, tn_load32(sod, a->endian), &at))
        return tn_fail(err, TENON_E_MALFORMED,
                       "name of a needed library: 0x%" PRIx32 " is nowhere in the file",
                       tn_load32(sod, a->endian));
    const char *name =
        tn_file_string(a->file, at, a->file->info.size, "name of a needed library", err);
    if (!name || !tn_count_name(names, name, TN_LIMIT_NEED_NAMES, "names of needed libraries", err))
        return false;
    const char *told = need.is_library ? tn_arena_format(a->file->arena, "-l%s.%d.%d", name,
                                                         need.major, need.minor)
                                       : name;
    if (!told)
        return tn_no_memory(err);
    f->needs[f->need_count] = (tenon_need){ .name = told, .base = need.is_library ? name : NULL };
    a->own->needs[f->need_count++] = need;
    return true;
}

/* The list is a chain, which a broken file may bend into a loop, of one long name. */
static bool read_needs(struct tn_aout *a, const struct tn_aout_dynamic *d, tenon_error *err)
{
    struct tn_facts *f = a->facts;
    struct tn_arena *arena = a->file->arena;
    struct tn_view sod;
    size_t needs = 0, rows = 0;
    uint64_t names = 0;
    for (uint64_t at = d->sods; at;) {
        if (f->need_count >= TN_LIMIT_NEEDS || f->need_count >= a->file->info.size / SOD_SIZE)
            return tn_fail(err, TENON_E_MALFORMED,
                           "list of needed libraries at 0x%" PRIx64 " does not end", d->sods);
        if (!tn_file_view(a->file, at, SOD_SIZE, "needed library", &sod, err))
            return false;
        if (!tn_arena_grow(arena, &f->needs, &needs, f->need_count, sizeof *f->needs) ||
            !tn_arena_grow(arena, &a->own->needs, &rows, f->need_count, sizeof *a->own->needs))
            return tn_no_memory(err);
        uint32_t next = tn_load32(sod.at + 12, a->endian);
        if (!add_need(a, d, sod.at, &names, err))
            return false;
        if (!next)
            return true;
        if (!tn_aout_place(a, d->version, next, &at))
            return tn_fail(err, TENON_E_MALFORMED,
                           "needed library: the next is at 0x%" PRIx32 ", nowhere in the file",
                           next);
    }
    return true;
}

static bool read_paths(struct tn_aout *a, const struct tn_aout_dynamic *d, tenon_error *err)
{
    struct tn_facts *f = a->facts;
    if (!d->paths)
        return true;
    const char *paths =
        tn_file_string(a->file, d->paths, a->file->info.size, "search path (ld -R)", err);
    if (!paths)
        return false;
    f->run_paths = tn_arena_rows(a->file->arena, 1, sizeof *f->run_paths);
    if (!f->run_paths)
        return tn_no_memory(err);
    f->run_paths[f->run_path_count++] = (tenon_search_path){ .kind = "rpath", .path = paths };
    return true;
}

static bool read_all(struct tn_aout *a, struct tn_aout_dynamic *d, tenon_error *err)
{
    *d = (struct tn_aout_dynamic){ 0 };
    if (!a->own->is_dynamic)
        return true;
    if (!tn_aout_read_dynamic(a, d, err) || !read_needs(a, d, err))
        return false;
    return read_paths(a, d, err);
}

/* ---- rows ----------------------------------------------------------------------------------- */

/* Header and all that it leads to. */
static bool start(struct tn_aout *a, struct tn_file *file, struct tn_facts *facts,
                  struct tn_aout_dynamic *d, tenon_error *err)
{
    struct tn_aout_facts *own = tn_arena_take(file->arena, sizeof *own);
    if (!own)
        return tn_no_memory(err);
    if (!tn_aout_start(a, file, facts, own))
        return tn_fail(err, TENON_E_MALFORMED, "a.out header: the file is shorter than it says");
    facts->more = own;
    return read_all(a, d, err);
}

static bool aout_read_facts(struct tn_file *file, struct tn_facts *out, tenon_error *err)
{
    struct tn_aout aout;
    struct tn_aout_dynamic dynamic;
    struct tn_facts facts;
    if (!start(&aout, file, &facts, &dynamic, err))
        return false;
    *out = facts;
    return true;
}

static bool add_facts(const struct tn_aout *a, tenon_image *image, tenon_error *err)
{
    const char *magic = a->magic == OMAGIC   ? "OMAGIC"
                        : a->magic == NMAGIC ? "NMAGIC"
                        : a->magic == ZMAGIC ? "ZMAGIC"
                                             : "QMAGIC";
    const char *doubt = a->flavour == TN_AOUT_SUN ? "the layout of SunOS's files is known from "
                                                    "their headers only"
                        : a->flavour == TN_AOUT_NET && (a->flags & FLAG_DYNAMIC)
                            ? "what NetBSD's linker records is known from its headers only"
                            : NULL;
    const char *libraries = a->flavour == TN_AOUT_LINUX ? "named in its code, not listed" : NULL;
    return tn_image_add_fact(image, "a_magic", magic, err) &&
           tn_image_add_made(image, "a_entry",
                             tn_arena_format(&image->arena, "0x%" PRIx32, a->a_entry), err) &&
           tn_image_add_fact(image, "pic", a->own->is_position_independent ? "yes" : NULL, err) &&
           tn_image_add_fact(image, "libraries", libraries, err) &&
           (!doubt || tn_image_doubt(image, doubt, err));
}

static bool aout_read_image(struct tn_file *file, unsigned parts, tenon_image *image,
                            tenon_error *err)
{
    struct tn_aout aout;
    struct tn_aout_dynamic dynamic;
    tenon_error local = TENON_ERROR_INIT;
    if (!start(&aout, file, &image->facts, &dynamic, err) || !add_facts(&aout, image, err))
        return false;
    image->search_paths = image->facts.run_paths;
    image->search_path_count = image->facts.run_path_count;
    if (!(parts & TENON_PART_SYMBOLS) || tn_aout_read_symbols(&aout, &dynamic, image, &local))
        return true;
    return tn_image_lose_symbols(image, "symbols", &local, err);
}

static bool aout_move_more(struct tn_facts *facts, struct tn_arena *arena)
{
    struct tn_aout_facts *own = tn_arena_take(arena, sizeof *own);
    if (!own)
        return false;
    *own = *tn_aout_facts(facts);
    own->needs = tn_arena_rows(arena, facts->need_count, sizeof *own->needs);
    if (!own->needs)
        return false;
    if (facts->need_count)
        memcpy(own->needs, tn_aout_facts(facts)->needs, facts->need_count * sizeof *own->needs);
    facts->more = own;
    return true;
}

const struct tn_format tn_format_aout = {
    .format = TENON_FORMAT_AOUT,
    .name = "a.out",
    .matches = aout_matches,
    .confirms = aout_confirms,
    .read_facts = aout_read_facts,
    .move_more = aout_move_more,
    .read_image = aout_read_image,
};
