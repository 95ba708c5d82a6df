/*
 * src/image/elf.c - ELF: header, program headers and the facts that a loader sees first
 *
 * rule  System V gABI, chapters 4 and 5. Section headers are looked at only for what has no
 *       other witness: kernel modules, relocatable objects, files of debugging information
 */
#include <inttypes.h>

#include "elf_private.h"
#include "fail.h"
#include "limits.h"

#define EHDR_SIZE(word) ((word) == 8 ? 64u : 52u)
#define PHDR_SIZE(word) ((word) == 8 ? 56u : 32u)

static bool elf_matches(struct tn_view head)
{
    return head.size >= 4 && memcmp(head.at, "\177ELF", 4) == 0;
}

/* ---- header -------------------------------------------------------------------------------- */

static void read_ident(struct tn_view head, const struct tn_elf_assume *assume,
                       struct tn_elf_header *h)
{
    size_t have = head.size < sizeof h->e_ident ? head.size : sizeof h->e_ident;
    if (have)
        memcpy(h->e_ident, head.at, have);
    h->word = assume ? assume->word : h->e_ident[TN_EI_CLASS] == 1 ? 4 : 8;
    h->endian = assume ? assume->endian : h->e_ident[TN_EI_DATA] == 2 ? TN_BIG : TN_LITTLE;
}

static uint64_t read_header_fields(struct tn_cursor *c, struct tn_elf_header *h)
{
    tn_skip(c, sizeof h->e_ident, "e_ident");
    h->e_type = tn_u16(c, "e_type");
    h->e_machine = tn_u16(c, "e_machine");
    h->e_version = tn_u32(c, "e_version");
    uint64_t e_entry = tn_word(c, h->word, "e_entry");
    h->e_phoff = tn_word(c, h->word, "e_phoff");
    h->e_shoff = tn_word(c, h->word, "e_shoff");
    h->e_flags = tn_u32(c, "e_flags");
    tn_skip(c, 2, "e_ehsize");
    h->e_phentsize = tn_u16(c, "e_phentsize");
    h->e_phnum = tn_u16(c, "e_phnum");
    h->e_shentsize = tn_u16(c, "e_shentsize");
    h->e_shnum = tn_u16(c, "e_shnum");
    h->e_shstrndx = tn_u16(c, "e_shstrndx");
    return e_entry;
}

/* From the first bytes of a file; false when they are too few. */
static bool parse_header(struct tn_view head, const struct tn_elf_assume *assume,
                         struct tn_elf_header *out, uint64_t *e_entry)
{
    *out = (struct tn_elf_header){ 0 };
    read_ident(head, assume, out);
    if (head.size < EHDR_SIZE(out->word))
        return false;
    struct tn_cursor c = tn_cursor(head, out->endian);
    *e_entry = read_header_fields(&c, out);
    return true;
}

bool tn_elf_parse_header(struct tn_view head, const struct tn_elf_assume *assume,
                         struct tn_elf_header *out)
{
    uint64_t e_entry;
    return parse_header(head, assume, out, &e_entry);
}

static bool read_header(struct tn_file *file, const struct tn_elf_assume *assume,
                        struct tn_elf_header *out, uint64_t *e_entry, tenon_error *err)
{
    struct tn_view head;
    *out = (struct tn_elf_header){ 0 };
    if (!tn_file_upto(file, 0, TN_ELF_HEAD, "ELF header", &head, err))
        return false;
    if (!parse_header(head, assume, out, e_entry))
        return tn_fail(err, TENON_E_TRUNCATED, "ELF header: %u bytes needed at 0x0, %zu left",
                       EHDR_SIZE(out->word), head.size);
    return true;
}

bool tn_elf_read_header(struct tn_file *file, const struct tn_elf_assume *assume,
                        struct tn_elf_header *out, tenon_error *err)
{
    uint64_t e_entry;
    return read_header(file, assume, out, &e_entry, err);
}

/* ---- program headers ----------------------------------------------------------------------- */

static bool check_ident(const uint8_t *e_ident, tenon_error *err)
{
    if (memcmp(e_ident, "\177ELF", 4) != 0)
        return tn_fail(err, TENON_E_FORMAT, "not an ELF file");
    if (e_ident[TN_EI_CLASS] != 1 && e_ident[TN_EI_CLASS] != 2)
        return tn_fail(err, TENON_E_MALFORMED, "ELF header: EI_CLASS is %u, not 1 or 2",
                       e_ident[TN_EI_CLASS]);
    if (e_ident[TN_EI_DATA] != 1 && e_ident[TN_EI_DATA] != 2)
        return tn_fail(err, TENON_E_MALFORMED, "ELF header: EI_DATA is %u, not 1 or 2",
                       e_ident[TN_EI_DATA]);
    return true;
}

/* A whole row: PHDR_SIZE(word) bytes. */
static struct tn_elf_segment load_segment(const uint8_t *row, unsigned word, enum tn_endian endian)
{
    if (word == 4)
        return (struct tn_elf_segment){
            .p_type = tn_load32(row, endian),
            .p_offset = tn_load32(row + 4, endian),
            .p_vaddr = tn_load32(row + 8, endian),
            .p_filesz = tn_load32(row + 16, endian),
            .p_memsz = tn_load32(row + 20, endian),
            .p_flags = tn_load32(row + 24, endian),
        };
    return (struct tn_elf_segment){
        .p_type = tn_load32(row, endian),
        .p_flags = tn_load32(row + 4, endian),
        .p_offset = tn_load64(row + 8, endian),
        .p_vaddr = tn_load64(row + 16, endian),
        .p_filesz = tn_load64(row + 32, endian),
        .p_memsz = tn_load64(row + 40, endian),
    };
}

/* Every question about an address walks the program headers: they are decoded once. */
static bool read_program_headers(struct tn_elf *elf, tenon_error *err)
{
    const struct tn_elf_header *h = &elf->header;
    struct tn_view rows;
    if (h->e_phnum == 0)
        return true;
    if (h->e_phentsize < PHDR_SIZE(h->word))
        return tn_fail(err, TENON_E_MALFORMED, "ELF header: e_phentsize is %u, not %u",
                       h->e_phentsize, PHDR_SIZE(h->word));
    if (!tn_file_view(elf->file, h->e_phoff, (uint64_t)h->e_phnum * h->e_phentsize,
                      "program headers", &rows, err))
        return false;
    elf->segments = tn_arena_rows(elf->file->arena, h->e_phnum, sizeof *elf->segments);
    if (!elf->segments)
        return tn_no_memory(err);
    for (size_t i = 0; i < h->e_phnum; i++)
        elf->segments[i] = load_segment(rows.at + i * h->e_phentsize, h->word, h->endian);
    elf->segment_count = h->e_phnum;
    return true;
}

bool tn_elf_start(struct tn_elf *elf, struct tn_file *file, const struct tn_elf_assume *assume,
                  tenon_error *err)
{
    *elf = (struct tn_elf){ .file = file, .string_room = TN_ELF_LIMIT_STRINGS };
    if (!read_header(file, assume, &elf->header, &elf->e_entry, err))
        return false;
    if (!assume && !check_ident(elf->header.e_ident, err))
        return false;
    /* The kernel writes core files with more segments than e_phnum can say; nobody loads them. */
    if (elf->header.e_type == TN_ET_REL || elf->header.e_type == TN_ET_CORE)
        return true;
    return read_program_headers(elf, err);
}

uint64_t tn_elf_clamp(const struct tn_elf *elf, uint64_t offset, uint64_t size)
{
    uint64_t file = elf->file->info.size, left = offset < file ? file - offset : 0;
    return size < left ? size : left;
}

bool tn_elf_map(const struct tn_elf *elf, uint64_t va, uint64_t *offset, uint64_t *room)
{
    for (size_t i = 0; i < elf->segment_count; i++) {
        const struct tn_elf_segment *s = &elf->segments[i];
        if (s->p_type != TN_PT_LOAD || va < s->p_vaddr || va - s->p_vaddr >= s->p_filesz)
            continue;
        uint64_t into = va - s->p_vaddr;
        if (!tn_add(s->p_offset, into, offset))
            return false;
        *room = tn_elf_clamp(elf, *offset, s->p_filesz - into);
        return true;
    }
    return false;
}

/* ---- facts --------------------------------------------------------------------------------- */

/* What the program headers say by being there. */
struct layout {
    bool has_load, has_stack, exec_stack, dynamic_at_zero, dynamic_empty;
    const struct tn_elf_segment *interp; /* NULL: none */
};

static struct layout read_layout(const struct tn_elf *elf)
{
    struct layout layout = { 0 };
    for (size_t i = 0; i < elf->segment_count; i++) {
        const struct tn_elf_segment *s = &elf->segments[i];
        if (s->p_type == TN_PT_LOAD) {
            layout.has_load = true;
        } else if (s->p_type == TN_PT_INTERP && !layout.interp) {
            layout.interp = s;
        } else if (s->p_type == TN_PT_DYNAMIC) {
            layout.dynamic_empty |= !s->p_filesz;
            layout.dynamic_at_zero = s->p_filesz ? !s->p_vaddr : layout.dynamic_at_zero;
        } else if (s->p_type == TN_PT_GNU_STACK) {
            layout.has_stack = true;
            layout.exec_stack = s->p_flags & TN_PF_X;
        }
    }
    return layout;
}

/* The kernel refuses a program whose interpreter it cannot read; for a library nobody asks. */
static bool read_interpreter(struct tn_elf *elf, const struct tn_elf_segment *interp,
                             struct tn_facts *facts, tenon_error *err)
{
    size_t length;
    if (!interp)
        return true;
    struct tn_elf_window window = {
        .file = elf->file,
        .what = "interpreter (PT_INTERP)",
        .start = interp->p_offset,
        .end = interp->p_offset + tn_elf_clamp(elf, interp->p_offset, interp->p_filesz),
    };
    facts->interpreter = tn_elf_window_string(&window, 0, TN_LIMIT_PATH, &length,
                                              elf->header.e_type == TN_ET_EXEC ? err : NULL);
    if (facts->interpreter)
        return true;
    if (elf->header.e_type == TN_ET_EXEC)
        return false;
    tn_elf_warn(elf, "interpreter (PT_INTERP) at 0x%" PRIx64 " cannot be read", interp->p_offset);
    return true;
}

/* Tags of its own, or what its linker writes and no other: versions for no symbol, a checksum. */
static bool is_solaris(const struct tn_elf_dynamic *d)
{
    return tn_elf_has(d, TN_TAG_SUNW) ||
           (tn_elf_has(d, TN_TAG_CHECKSUM) && tn_elf_has(d, TN_TAG_VERNEED) &&
            !tn_elf_has(d, TN_TAG_VERSYM));
}

/* rule  OS: EI_OSABI, notes, interpreter, tags of one system, needed names: the first that says */
static const char *find_os(const struct tn_elf *elf, const struct tn_facts *facts)
{
    const char *os = tn_elf_os_of_abi(elf->header.e_ident[TN_EI_OSABI]);
    if (!os)
        os = elf->notes.os;
    if (!os && facts->interpreter)
        os = tn_elf_os_of_interpreter(facts->interpreter);
    if (!os && is_solaris(&elf->dynamic))
        os = "solaris";
    return os ? os : tn_elf_os_of_needs(facts->needs, facts->need_count);
}

/*
 * Program or library? DF_1_PIE says it; linkers before 2015 and those of the BSDs do not write
 * it. Then a program has DT_DEBUG, which linkers give to programs only, with an interpreter and an
 * entry point (a library may have both, to say something when it is started), or, linked
 * statically, with no needs.
 */
static bool is_pie(const struct tn_elf *elf, const struct tn_facts *facts, bool has_interp)
{
    const struct tn_elf_dynamic *d = &elf->dynamic;
    if (d->value[TN_TAG_FLAGS_1] & TN_DF_1_PIE)
        return true;
    if (facts->own_name || !tn_elf_has(d, TN_TAG_DEBUG))
        return false;
    return has_interp ? elf->e_entry != 0 : facts->need_count == 0;
}

static void decide_kind(const struct tn_elf *elf, struct tn_facts *facts, bool has_interp)
{
    facts->kind = TENON_KIND_UNKNOWN;
    if (elf->header.e_type == TN_ET_EXEC) {
        facts->kind = TENON_KIND_EXECUTABLE;
    } else if (elf->header.e_type == TN_ET_DYN) {
        facts->pie = is_pie(elf, facts, has_interp);
        facts->kind = facts->pie ? TENON_KIND_EXECUTABLE : TENON_KIND_SHARED_LIBRARY;
    }
    facts->is_static = facts->kind == TENON_KIND_EXECUTABLE && !has_interp && !facts->need_count;
}

/* What EI_CLASS, EI_DATA and e_machine say. */
static void read_identity(const struct tn_elf *elf, struct tn_facts *facts)
{
    const struct tn_elf_header *h = &elf->header;
    *facts = (struct tn_facts){ .format = TENON_FORMAT_ELF, .elf.header = *h };
    facts->class_bits = h->word * 8;
    facts->endian = h->endian == TN_BIG ? TENON_ENDIAN_BIG : TENON_ENDIAN_LITTLE;
    facts->machine_code = h->e_machine;
    facts->machine = tn_elf_machine_name(h->e_machine, facts->class_bits, h->endian, h->e_flags);
}

static bool read_note_facts(struct tn_elf *elf, struct tn_facts *facts, tenon_error *err)
{
    facts->elf.isa_needed = elf->notes.isa_needed;
    facts->elf.abi_os = elf->notes.has_abi ? elf->notes.abi[0] + 1 : 0;
    if (!elf->notes.build_id.size)
        return true;
    facts->build_id = tn_image_hex(elf->file->arena, elf->notes.build_id);
    return facts->build_id || tn_no_memory(err);
}

/*
 * Relative relocations that only newer loaders know (DT_RELR), without the version by which older
 * ones of glibc see that they do not. It counts where versions are asked for and libc is needed.
 *
 * rule  glibc 2.36 elf/dl-version.c, _dl_check_map_versions(): LIBC_SO by its name, the version of
 *       whatever file
 */
static bool is_relr_unmarked(const struct tn_elf *elf, const struct tn_facts *facts)
{
    bool needs_libc = false;
    if (!tn_elf_has(&elf->dynamic, TN_TAG_RELR) || !tn_elf_has(&elf->dynamic, TN_TAG_VERNEED))
        return false;
    for (size_t i = 0; i < facts->need_count; i++)
        needs_libc |= strcmp(facts->needs[i].name, "libc.so.6") == 0 ||
                      strcmp(facts->needs[i].name, "libc.so.6.1") == 0; /* alpha, ia64 */
    for (size_t i = 0; i < facts->version_need_count; i++)
        if (strcmp(facts->version_needs[i].name, "GLIBC_ABI_DT_RELR") == 0)
            return false;
    return needs_libc;
}

/* Facts of what has program headers that mean something to a loader. */
static bool read_loadable(struct tn_elf *elf, struct tn_facts *facts, tenon_error *err)
{
    struct layout layout = read_layout(elf);
    facts->elf.has_load = layout.has_load;
    facts->elf.dynamic_at_zero = layout.dynamic_at_zero;
    facts->elf.dynamic_empty = layout.dynamic_empty;
    facts->elf.layout = tn_elf_layout_of(elf);
    facts->elf.exec_stack = layout.exec_stack || !layout.has_stack;
    facts->elf.stack_unsaid = !layout.has_stack;
    tn_elf_read_notes(elf);
    if (!read_note_facts(elf, facts, err) || !read_interpreter(elf, layout.interp, facts, err))
        return false;
    facts->os = find_os(elf, facts); /* the dynamic section's tags depend on it */
    if (facts->elf.has_dynamic &&
        (!tn_elf_dynamic_facts(elf, facts, err) || !tn_elf_read_versions(elf, facts, err)))
        return false;
    if (!facts->os)
        facts->os = tn_elf_os_of_needs(facts->needs, facts->need_count);
    facts->elf.relr_unmarked = is_relr_unmarked(elf, facts);
    decide_kind(elf, facts, layout.interp != NULL);
    return true;
}

/*
 * A file of debugging information has the program headers of its original, but their bytes are
 * gone; its notes keep theirs, at an offset that only the sections know.
 */
static bool read_debug_only(struct tn_elf *elf, struct tn_facts *facts)
{
    struct tn_elf_sections sections;
    if (!tn_elf_read_sections(elf, &sections, NULL) ||
        tn_elf_section_kind(&sections) != TENON_KIND_DEBUG)
        return false;
    elf->dynamic = (struct tn_elf_dynamic){ 0 };
    elf->strings = (struct tn_elf_window){ 0 };
    facts->kind = TENON_KIND_DEBUG;
    tn_elf_read_section_notes(&sections);
    facts->os = find_os(elf, facts);
    return true;
}

/* Asking the sections is worth its cost only when the dynamic section makes no sense. */
static bool read_linked(struct tn_elf *elf, struct tn_facts *facts, tenon_error *err)
{
    bool found = false;
    if (!read_layout(elf).has_load) { /* no address means anything: see what is left */
        facts->elf.has_dynamic = false;
        return read_loadable(elf, facts, err);
    }
    bool sound = tn_elf_read_dynamic(elf, &found, err);
    if ((!sound || !found || !elf->strings.end) && read_debug_only(elf, facts)) {
        if (err)
            *err = (tenon_error)TENON_ERROR_INIT;
        return read_note_facts(elf, facts, err);
    }
    if (!sound)
        return false;
    facts->elf.has_dynamic = found;
    return read_loadable(elf, facts, err);
}

static void read_object(struct tn_elf *elf, struct tn_facts *facts)
{
    struct tn_elf_sections sections;
    facts->kind = TENON_KIND_OBJECT;
    facts->os = find_os(elf, facts);
    if (tn_elf_read_sections(elf, &sections, NULL) &&
        tn_elf_section_kind(&sections) == TENON_KIND_KERNEL_MODULE)
        facts->kind = TENON_KIND_KERNEL_MODULE;
}

static bool read_all_facts(struct tn_elf *elf, struct tn_facts *out, tenon_error *err)
{
    struct tn_facts facts;
    bool ok = true;
    read_identity(elf, &facts);
    switch (elf->header.e_type) {
    case TN_ET_REL: read_object(elf, &facts); break;
    case TN_ET_CORE:
        facts.kind = TENON_KIND_CORE;
        facts.os = find_os(elf, &facts);
        break;
    default: ok = read_linked(elf, &facts, err);
    }
    if (ok)
        *out = facts;
    return ok;
}

bool tn_elf_read_facts(struct tn_file *file, const struct tn_elf_assume *assume,
                       struct tn_facts *out, tenon_error *err)
{
    struct tn_elf elf;
    return tn_elf_start(&elf, file, assume, err) && read_all_facts(&elf, out, err);
}

/* ---- image --------------------------------------------------------------------------------- */

static void add_search_path(tenon_image *image, const char *kind, const char *path)
{
    if (path)
        image->search_paths[image->search_path_count++] =
            (tenon_search_path){ .kind = kind, .path = path };
}

/* In the order of their tags in the file. */
static bool list_search_paths(struct tn_elf *elf, tenon_image *image, tenon_error *err)
{
    const struct tn_facts *f = &image->facts;
    bool runpath_first = false;
    image->search_paths = tn_arena_rows(&image->arena, 2, sizeof *image->search_paths);
    if (!image->search_paths)
        return tn_no_memory(err);
    for (size_t i = 0; i < elf->dynamic.count && !runpath_first; i++) {
        uint64_t value, tag = tn_elf_dynamic_row(elf, i, &value);
        if (tag == TN_DT_RPATH)
            break;
        runpath_first = tag == TN_DT_RUNPATH;
    }
    if (runpath_first)
        add_search_path(image, "runpath", f->runpath);
    add_search_path(image, "rpath", f->rpath);
    if (!runpath_first)
        add_search_path(image, "runpath", f->runpath);
    return true;
}

/* A part that cannot be read is a warning. */
static bool part(struct tn_elf *elf, const char *name, bool (*read)(struct tn_elf *, tenon_error *),
                 tenon_error *err)
{
    tenon_error local = TENON_ERROR_INIT;
    return read(elf, &local) || tn_image_warn_of(elf->image, name, &local, err);
}

static bool read_symbols(struct tn_elf *elf, tenon_error *err)
{
    tenon_error local = TENON_ERROR_INIT;
    return tn_elf_read_symbol_part(elf, &local) ||
           tn_image_lose_symbols(elf->image, "symbols", &local, err);
}

static bool read_dlopen_part(struct tn_elf *elf, tenon_error *err)
{
    return tn_elf_read_dlopens(elf->file, elf->image, err);
}

static bool elf_read_image(struct tn_file *file, unsigned parts, tenon_image *image,
                           tenon_error *err)
{
    struct tn_elf elf;
    if (!tn_elf_start(&elf, file, NULL, err))
        return false;
    elf.image = image;
    if (!read_all_facts(&elf, &image->facts, err) || !list_search_paths(&elf, image, err) ||
        !tn_elf_read_others(&elf, err))
        return false;
    if ((parts & TENON_PART_SECTIONS) && !part(&elf, "sections", tn_elf_read_section_part, err))
        return false;
    if ((parts & TENON_PART_SYMBOLS) && !read_symbols(&elf, err))
        return false;
    return !(parts & TENON_PART_DLOPEN) || part(&elf, "dlopen", read_dlopen_part, err);
}

static bool elf_read_facts(struct tn_file *file, struct tn_facts *out, tenon_error *err)
{
    return tn_elf_read_facts(file, NULL, out, err);
}

const struct tn_format tn_format_elf = {
    .format = TENON_FORMAT_ELF,
    .name = "ELF",
    .matches = elf_matches,
    .read_facts = elf_read_facts,
    .read_image = elf_read_image,
};
