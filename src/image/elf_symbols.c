/*
 * src/image/elf_symbols.c - ELF: dynamic symbols, their number and their versions
 *
 * rule  gABI chapter 5 "Dynamic Section" and "Hash Table"; GNU hash as glibc and binutils have
 *       it. Nothing stores the number of dynamic symbols: it follows from what must cover them
 */
#include <inttypes.h>

#include "elf_private.h"
#include "fail.h"
#include "limits.h"

enum { SHN_UNDEF = 0, STB_LOCAL = 0, STB_GLOBAL = 1, STB_WEAK = 2, STB_GNU_UNIQUE = 10 };
enum { STT_SECTION = 3, STT_FILE = 4 };
enum { STV_DEFAULT = 0, STV_PROTECTED = 3 };
#define VERSYM_HIDDEN 0x8000u
#define VERSYM_VERSION 0x7fffu

/* All symbol names together, as often as they are named. */
#define LIMIT_NAMES (256u << 20)

/* A symbol table and what belongs to it. */
struct symtab {
    uint64_t offset, stride, count;
    uint64_t versym; /* offset in the file of the first version number; 0: none */
    uint64_t versym_count;
    bool estimated; /* `count` is an upper bound: the table ends where it makes no sense */
    struct tn_elf_window strings;
};

/* ---- how many ------------------------------------------------------------------------------- */

static uint64_t symbol_size(const struct tn_elf *elf)
{
    return elf->header.word == 8 ? 24 : 16;
}

/* A number in the table of `tag`, `at` bytes from its start; false when it is not in the file. */
static bool peek(const struct tn_elf *elf, enum tn_elf_tag tag, uint64_t at, unsigned size,
                 uint64_t *out, uint64_t *room_after)
{
    uint64_t offset, room;
    struct tn_view view;
    if (!tn_elf_has(&elf->dynamic, tag) ||
        !tn_elf_map(elf, elf->dynamic.value[tag], &offset, &room) || at > room ||
        size > room - at || !tn_file_view(elf->file, offset + at, size, "hash table", &view, NULL))
        return false;
    *out =
        size == 8 ? tn_load64(view.at, elf->header.endian) : tn_load32(view.at, elf->header.endian);
    *room_after = room - at - size;
    return true;
}

/* rule  DT_HASH: nchain is the number of symbols; words of 8 bytes on Alpha and s390x */
static bool count_by_hash(const struct tn_elf *elf, uint64_t *count)
{
    const struct tn_elf_header *h = &elf->header;
    bool wide = h->word == 8 && (h->e_machine == TN_EM_ALPHA || h->e_machine == TN_EM_S390);
    unsigned word = wide ? 8 : 4;
    uint64_t nchain, room;
    if (!peek(elf, TN_TAG_HASH, word, word, &nchain, &room) || nchain > room / word)
        return false;
    *count = nchain;
    return true;
}

static bool count_by_system(const struct tn_elf *elf, uint64_t *count)
{
    const struct tn_elf_dynamic *d = &elf->dynamic;
    if (elf->header.e_machine == TN_EM_MIPS && tn_elf_has(d, TN_TAG_MIPS_SYMTABNO)) {
        *count = d->value[TN_TAG_MIPS_SYMTABNO];
        return true;
    }
    if (!tn_elf_has(d, TN_TAG_SYMINSZ) || !d->value[TN_TAG_SYMINENT])
        return false;
    *count = d->value[TN_TAG_SYMINSZ] / d->value[TN_TAG_SYMINENT];
    return true;
}

/* The u32 words of a file range, one after another; false at its end. */
static bool next_word(struct tn_elf_stream *stream, enum tn_endian endian, uint32_t *word)
{
    const uint8_t *at = tn_elf_stream_next(stream, 4, NULL);
    if (at)
        *word = tn_load32(at, endian);
    return at != NULL;
}

/* rule  DT_GNU_HASH: the last symbol ends the chain of the highest bucket. Symbols that are only
 * asked for are not in it: with all buckets empty it says nothing */
static bool count_by_gnu_hash(const struct tn_elf *elf, uint64_t *count)
{
    enum tn_endian endian = elf->header.endian;
    uint64_t buckets, first, bloom, offset, room;
    uint32_t last = 0, word = 0;
    if (!peek(elf, TN_TAG_GNU_HASH, 0, 4, &buckets, &room) ||
        !peek(elf, TN_TAG_GNU_HASH, 4, 4, &first, &room) ||
        !peek(elf, TN_TAG_GNU_HASH, 8, 4, &bloom, &room) ||
        !tn_elf_map(elf, elf->dynamic.value[TN_TAG_GNU_HASH], &offset, &room))
        return false;
    uint64_t at = 16 + bloom * elf->header.word;
    if (at > room || buckets > (room - at) / 4)
        return false;
    struct tn_elf_stream stream = {
        .file = elf->file, .what = "hash table", .offset = offset + at, .end = offset + room
    };
    for (uint64_t i = 0; i < buckets && next_word(&stream, endian, &word); i++)
        last = word > last ? word : last;
    bool known = last >= first && last;
    if (known)
        tn_elf_stream_skip(&stream, (last - first) * 4);
    for (*count = last; known; ++*count) {
        known = next_word(&stream, endian, &word);
        if (word & 1)
            break;
    }
    ++*count;
    tn_elf_stream_end(&stream);
    return known;
}

static bool count_by_section(struct tn_elf *elf, uint64_t *count)
{
    struct tn_elf_sections sections;
    if (!tn_elf_read_sections(elf, &sections, NULL))
        return false;
    for (size_t i = 1; i < sections.count; i++) {
        struct tn_elf_section s = tn_elf_section(&sections, i);
        if (s.sh_type == TN_SHT_DYNSYM && s.sh_addr == elf->dynamic.value[TN_TAG_SYMTAB]) {
            *count = s.sh_size / symbol_size(elf);
            return true;
        }
    }
    return false;
}

/* The string table mostly follows the symbols: an upper bound, seldom too large. */
static bool count_by_strings(const struct tn_elf *elf, uint64_t *count)
{
    const struct tn_elf_dynamic *d = &elf->dynamic;
    uint64_t symbols = d->value[TN_TAG_SYMTAB], strings = d->value[TN_TAG_STRTAB];
    if (!tn_elf_has(d, TN_TAG_STRTAB) || strings <= symbols)
        return false;
    *count = (strings - symbols) / symbol_size(elf);
    return true;
}

static void take_highest(void *arg, uint64_t symbol, uint32_t type)
{
    uint64_t *highest = arg;
    (void)type;
    *highest = symbol > *highest ? symbol : *highest;
}

/* What relocations name must be there: the last resort. */
static bool count_by_relocs(struct tn_elf *elf, uint64_t *count)
{
    uint64_t highest = 0;
    if (!tn_elf_walk_relocs(elf, take_highest, &highest, NULL))
        return false;
    *count = highest + 1;
    return true;
}

static bool count_symbols(struct tn_elf *elf, struct symtab *table)
{
    if (count_by_hash(elf, &table->count) || count_by_system(elf, &table->count) ||
        count_by_gnu_hash(elf, &table->count) || count_by_section(elf, &table->count))
        return true;
    table->estimated = true;
    return count_by_strings(elf, &table->count) || count_by_relocs(elf, &table->count);
}

/* ---- walking -------------------------------------------------------------------------------- */

/* Symbols name strings all over the table: it is read whole. */
static bool read_names(struct tn_elf_window *strings, tenon_error *err)
{
    return tn_file_view(strings->file, strings->start, strings->declared - strings->start,
                        "string table of symbols", &strings->near, err);
}

static bool find_dynamic_symbols(struct tn_elf *elf, struct symtab *table, tenon_error *err)
{
    const struct tn_elf_dynamic *d = &elf->dynamic;
    uint64_t room;
    *table = (struct symtab){ .stride = symbol_size(elf) };
    if (!tn_elf_has(d, TN_TAG_SYMTAB))
        return true;
    if (!elf->strings.file)
        return tn_fail(err, TENON_E_MALFORMED, "symbol table without a string table (DT_STRTAB)");
    if (!tn_elf_map(elf, d->value[TN_TAG_SYMTAB], &table->offset, &room))
        return tn_fail(err, TENON_E_MALFORMED,
                       "symbol table (DT_SYMTAB) at address 0x%" PRIx64
                       ", which no segment has in the file",
                       d->value[TN_TAG_SYMTAB]);
    if (tn_elf_has(d, TN_TAG_SYMENT) && d->value[TN_TAG_SYMENT] != table->stride)
        return tn_fail(err, TENON_E_MALFORMED, "DT_SYMENT is %" PRIu64 ", not %" PRIu64,
                       d->value[TN_TAG_SYMENT], table->stride);
    if (!count_symbols(elf, table))
        return tn_fail(err, TENON_E_MALFORMED, "nothing says how many symbols there are");
    if (table->count > room / table->stride)
        table->count = room / table->stride;
    if (tn_elf_has(d, TN_TAG_VERSYM) &&
        tn_elf_map(elf, d->value[TN_TAG_VERSYM], &table->versym, &room))
        table->versym_count = room / 2;
    table->strings = elf->strings;
    return true;
}

static void parse_symbol(const struct tn_elf *elf, const uint8_t *at, struct tn_elf_symbol *out,
                         uint32_t *st_name)
{
    enum tn_endian endian = elf->header.endian;
    bool wide = elf->header.word == 8;
    uint8_t info = at[wide ? 4 : 12];
    *st_name = tn_load32(at, endian);
    *out = (struct tn_elf_symbol){
        .bind = info >> 4,
        .type = info & 15,
        .visibility = at[wide ? 5 : 13] & 3,
        .shndx = tn_load16(at + (wide ? 6 : 14), endian),
        .value = wide ? tn_load64(at + 8, endian) : tn_load32(at + 4, endian),
        .size = wide ? tn_load64(at + 16, endian) : tn_load32(at + 8, endian),
    };
}

typedef bool symbol_each(void *arg, size_t index, const struct tn_elf_symbol *symbol,
                         tenon_error *err);

/* True where a table whose length is only guessed has ended. */
static bool is_past_end(const struct symtab *table, const struct tn_elf_symbol *symbol,
                        uint32_t st_name)
{
    return table->estimated && (st_name >= table->strings.declared - table->strings.start ||
                                (symbol->bind > STB_WEAK && symbol->bind < STB_GNU_UNIQUE));
}

/* The name, "" when it is not in the string table. What was looked through in vain counts too. */
static bool read_name(struct tn_elf_window *strings, uint32_t st_name, uint64_t *left,
                      const char **name, tenon_error *err)
{
    size_t length;
    *name = tn_elf_window_string(strings, st_name, TN_LIMIT_STRING, &length, NULL);
    if (!*name)
        *name = "";
    if (length >= *left)
        return tn_fail(err, TENON_E_LIMIT, "symbol names: more than %u bytes", LIMIT_NAMES);
    *left -= length + 1;
    return true;
}

static bool walk_rows(struct tn_elf *elf, struct symtab *table, struct tn_elf_stream *rows,
                      struct tn_elf_stream *versions, symbol_each *each, void *arg,
                      tenon_error *err)
{
    uint64_t left = LIMIT_NAMES;
    for (uint64_t i = 0; i < table->count; i++) {
        struct tn_elf_symbol symbol;
        uint32_t st_name;
        const uint8_t *at = tn_elf_stream_next(rows, (size_t)table->stride, err);
        if (!at)
            return tn_context(err, "symbol table");
        parse_symbol(elf, at, &symbol, &st_name);
        if (is_past_end(table, &symbol, st_name))
            return true;
        if (i < table->versym_count) {
            at = tn_elf_stream_next(versions, 2, err);
            if (!at)
                return tn_context(err, "symbol versions");
            uint16_t number = tn_load16(at, elf->header.endian);
            symbol.version = number & VERSYM_VERSION;
            symbol.hidden = number & VERSYM_HIDDEN;
        }
        if (!read_name(&table->strings, st_name, &left, &symbol.name, err) ||
            !each(arg, (size_t)i, &symbol, err))
            return false;
    }
    return true;
}

/* Calls `each` for every symbol of the table, number 0 included. */
static bool walk_symbols(struct tn_elf *elf, struct symtab *table, symbol_each *each, void *arg,
                         tenon_error *err)
{
    struct tn_elf_stream rows = { .file = elf->file,
                                  .what = "symbol table",
                                  .offset = table->offset,
                                  .end = table->offset + table->count * table->stride };
    struct tn_elf_stream versions = { .file = elf->file,
                                      .what = "symbol versions",
                                      .offset = table->versym,
                                      .end = table->versym + 2 * table->versym_count };
    if (table->count > TN_LIMIT_SYMBOLS)
        return tn_fail(err, TENON_E_LIMIT, "symbol table: %" PRIu64 " symbols", table->count);
    if (table->versym_count > table->count) {
        table->versym_count = table->count;
        versions.end = table->versym + 2 * table->count;
    }
    bool ok = (!table->count || read_names(&table->strings, err)) &&
              walk_rows(elf, table, &rows, &versions, each, arg, err);
    tn_elf_stream_end(&rows);
    tn_elf_stream_end(&versions);
    return ok;
}

/* ---- versions by number --------------------------------------------------------------------- */

struct numbered {
    struct tn_arena *arena;
    struct tn_elf_version *rows;
    size_t count; /* highest number + 1 */
    size_t room;
};

static bool put_version(void *arg, const struct tn_elf_version_row *row, tenon_error *err)
{
    struct numbered *n = arg;
    if (row->number >= n->room) {
        size_t room = 2 * ((size_t)row->number + 8);
        struct tn_elf_version *rows = tn_arena_rows(n->arena, room, sizeof *rows);
        if (!rows)
            return tn_no_memory(err);
        if (n->count)
            memcpy(rows, n->rows, n->count * sizeof *rows);
        n->rows = rows;
        n->room = room;
    }
    n->count = row->number >= n->count ? row->number + 1u : n->count;
    n->rows[row->number] = (struct tn_elf_version){ .name = row->name,
                                                    .file = row->file,
                                                    .weak = row->flags & 2,
                                                    .is_base = !row->file && (row->flags & 1) };
    return true;
}

/* A table that breaks off keeps what came before, as everywhere. */
static bool number_versions(struct tn_elf *elf, struct numbered *out, tenon_error *err)
{
    tenon_error local = TENON_ERROR_INIT;
    *out = (struct numbered){ .arena = elf->file->arena };
    elf->string_room = TN_ELF_LIMIT_STRINGS;
    bool ok = tn_elf_walk_verneed(elf, put_version, out, &local) &&
              tn_elf_walk_verdef(elf, put_version, out, &local);
    return ok || local.code != TENON_E_MEMORY || tn_no_memory(err);
}

/* ---- for binding ---------------------------------------------------------------------------- */

static bool put_symbol(void *arg, size_t index, const struct tn_elf_symbol *symbol,
                       tenon_error *err)
{
    struct tn_elf_symbols *out = arg;
    (void)err;
    out->symbols[index] = *symbol;
    out->count = index + 1;
    return true;
}

struct reloc_use {
    struct tn_elf_symbols *out;
    const struct tn_elf_reloc_types *types;
};

static void put_use(void *arg, uint64_t symbol, uint32_t type)
{
    struct reloc_use *use = arg;
    if (!symbol || symbol >= use->out->count)
        return;
    struct tn_elf_symbol *s = &use->out->symbols[symbol];
    if (type == use->types->jump_slots[0] || type == use->types->jump_slots[1])
        s->wants_plt = true;
    else if (type == use->types->copy)
        s->wants_copy = true;
    else
        s->wants_data = true;
}

/* Android's packed tables have numbers that mean something else to Solaris and HP-UX. */
static bool has_packed_relocs(const struct tn_elf *elf)
{
    const char *os = tn_elf_os_of_abi(elf->header.e_ident[TN_EI_OSABI]);
    return tn_elf_has(&elf->dynamic, TN_TAG_ANDROID_PACKED) &&
           !tn_elf_has(&elf->dynamic, TN_TAG_SUNW) && !os;
}

/* rule  MIPS psABI: the symbols from DT_MIPS_GOTSYM on have an entry each in the GOT */
static void put_got_use(const struct tn_elf *elf, struct tn_elf_symbols *out)
{
    const struct tn_elf_dynamic *d = &elf->dynamic;
    if (elf->header.e_machine != TN_EM_MIPS || !tn_elf_has(d, TN_TAG_MIPS_GOTSYM))
        return;
    for (uint64_t i = d->value[TN_TAG_MIPS_GOTSYM]; i < out->count; i++)
        out->symbols[i].wants_data = true;
}

static bool put_uses(struct tn_elf *elf, struct tn_elf_symbols *out, tenon_error *err)
{
    struct reloc_use use = { out, tn_elf_reloc_types(&elf->header) };
    out->relocations_known = use.types && !has_packed_relocs(elf);
    if (!use.types)
        return true;
    put_got_use(elf, out);
    return tn_elf_walk_relocs(elf, put_use, &use, err);
}

/* Opens a file for its dynamic symbols; *found is false when it has no dynamic section. */
static bool open_dynamic(struct tn_elf *elf, struct tn_file *file,
                         const struct tn_elf_assume *assume, bool *found, struct symtab *table,
                         tenon_error *err)
{
    *found = false;
    *table = (struct symtab){ 0 };
    if (!tn_elf_start(elf, file, assume, err))
        return false;
    if (elf->header.e_type == TN_ET_REL || elf->header.e_type == TN_ET_CORE)
        return true;
    return tn_elf_read_dynamic(elf, found, err) &&
           (!*found || find_dynamic_symbols(elf, table, err));
}

bool tn_elf_read_symbols(struct tn_file *file, const struct tn_elf_assume *assume,
                         struct tn_elf_symbols *out, tenon_error *err)
{
    struct tn_elf elf;
    struct symtab table;
    struct numbered versions;
    bool found;
    *out = (struct tn_elf_symbols){ 0 };
    if (!open_dynamic(&elf, file, assume, &found, &table, err))
        return false;
    if (!found)
        return true;
    out->has_versym = tn_elf_has(&elf.dynamic, TN_TAG_VERSYM);
    out->symbolic = tn_elf_has(&elf.dynamic, TN_TAG_SYMBOLIC) ||
                    (elf.dynamic.value[TN_TAG_FLAGS] & TN_DF_SYMBOLIC);
    if (table.count > TN_LIMIT_SYMBOLS)
        return tn_fail(err, TENON_E_LIMIT, "symbol table: %" PRIu64 " symbols", table.count);
    out->symbols = tn_arena_rows(file->arena, (size_t)table.count, sizeof *out->symbols);
    if (!out->symbols)
        return tn_no_memory(err);
    if (!walk_symbols(&elf, &table, put_symbol, out, err) ||
        !number_versions(&elf, &versions, err) || !put_uses(&elf, out, err))
        return false;
    out->versions = versions.rows;
    out->version_count = versions.count;
    return true;
}

/* ---- musl's test for another C library ------------------------------------------------------ */

struct libc_marks {
    bool start_main, stdin_found;
};

static bool look_for_marks(void *arg, size_t index, const struct tn_elf_symbol *symbol,
                           tenon_error *err)
{
    struct libc_marks *marks = arg;
    (void)index;
    (void)err;
    if (symbol->shndx != SHN_UNDEF && symbol->bind != STB_LOCAL) {
        marks->start_main = marks->start_main || strcmp(symbol->name, "__libc_start_main") == 0;
        marks->stdin_found = marks->stdin_found || strcmp(symbol->name, "stdin") == 0;
    }
    return true;
}

bool tn_elf_is_libc(struct tn_file *file, const struct tn_elf_assume *assume, bool *is_libc,
                    tenon_error *err)
{
    struct tn_elf elf;
    struct symtab table;
    struct libc_marks marks = { false, false };
    bool found;
    if (!open_dynamic(&elf, file, assume, &found, &table, err) ||
        (found && !walk_symbols(&elf, &table, look_for_marks, &marks, err)))
        return false;
    *is_libc = marks.start_main && marks.stdin_found;
    return true;
}

/* ---- for the image -------------------------------------------------------------------------- */

struct listed {
    tenon_image *image;
    struct numbered versions;
    bool count_only;
};

/* Names that no loader binds. */
static bool is_name(const struct tn_elf_symbol *s)
{
    return *s->name && s->type != STT_SECTION && s->type != STT_FILE;
}

/* rule  defined, global, weak or unique, of default or protected visibility */
static bool is_export(const struct tn_elf_symbol *s)
{
    return s->shndx != SHN_UNDEF && is_name(s) &&
           (s->bind == STB_GLOBAL || s->bind == STB_WEAK || s->bind == STB_GNU_UNIQUE) &&
           (s->visibility == STV_DEFAULT || s->visibility == STV_PROTECTED);
}

static bool is_import(const struct tn_elf_symbol *s)
{
    return s->shndx == SHN_UNDEF && s->bind != STB_LOCAL && is_name(s);
}

static enum tenon_binding binding_of(const struct tn_elf_symbol *s)
{
    if (s->bind == STB_WEAK)
        return TENON_BIND_WEAK;
    return s->bind == STB_GNU_UNIQUE ? TENON_BIND_UNIQUE : TENON_BIND_GLOBAL;
}

static tenon_symbol describe(const struct numbered *versions, const struct tn_elf_symbol *s)
{
    tenon_symbol out = { .name = s->name,
                         .value = s->value,
                         .size = s->size,
                         .binding = binding_of(s),
                         .type = s->type,
                         .visibility = s->visibility,
                         .defined = s->shndx != SHN_UNDEF };
    if (s->version > 1 && s->version < versions->count) {
        out.version = versions->rows[s->version].name;
        out.library = out.defined ? NULL : versions->rows[s->version].file;
    }
    out.hidden_version = out.defined && out.version && s->hidden;
    return out;
}

static bool list_symbol(void *arg, size_t index, const struct tn_elf_symbol *s, tenon_error *err)
{
    struct listed *listed = arg;
    tenon_image *image = listed->image;
    (void)err;
    if (index && is_export(s)) {
        if (!listed->count_only)
            image->exports[image->export_count] = describe(&listed->versions, s);
        image->export_count++;
    } else if (index && is_import(s)) {
        if (!listed->count_only)
            image->imports[image->import_count] = describe(&listed->versions, s);
        image->import_count++;
    }
    return true;
}

/* Counts first: hostile files must not make us hold a table more than once. */
static bool list_symbols(struct tn_elf *elf, struct symtab *table, tenon_error *err)
{
    tenon_image *image = elf->image;
    struct listed listed = { .image = image, .count_only = true };
    if (!number_versions(elf, &listed.versions, err) ||
        !walk_symbols(elf, table, list_symbol, &listed, err))
        return false;
    image->exports = tn_arena_rows(&image->arena, image->export_count, sizeof *image->exports);
    image->imports = tn_arena_rows(&image->arena, image->import_count, sizeof *image->imports);
    if (!image->exports || !image->imports)
        return tn_no_memory(err);
    image->export_count = image->import_count = 0;
    listed.count_only = false;
    return walk_symbols(elf, table, list_symbol, &listed, err);
}

/* SHT_SYMTAB of an object, and the strings it is linked to. */
static bool find_object_symbols(struct tn_elf *elf, struct symtab *table, tenon_error *err)
{
    struct tn_elf_sections sections;
    *table = (struct symtab){ .stride = symbol_size(elf) };
    if (!tn_elf_read_sections(elf, &sections, err))
        return false;
    for (size_t i = 1; i < sections.count; i++) {
        struct tn_elf_section s = tn_elf_section(&sections, i);
        if (s.sh_type != TN_SHT_SYMTAB || s.sh_link >= sections.count)
            continue;
        struct tn_elf_section names = tn_elf_section(&sections, s.sh_link);
        uint64_t size = tn_elf_clamp(elf, names.sh_offset, names.sh_size);
        table->offset = s.sh_offset;
        table->count = tn_elf_clamp(elf, s.sh_offset, s.sh_size) / table->stride;
        table->strings = (struct tn_elf_window){ .file = elf->file,
                                                 .what = "string table of symbols",
                                                 .start = names.sh_offset,
                                                 .end = names.sh_offset + size,
                                                 .declared = names.sh_offset + size };
        break;
    }
    return true;
}

bool tn_elf_read_symbol_part(struct tn_elf *elf, tenon_error *err)
{
    struct symtab table;
    tenon_image *image = elf->image;
    bool found = elf->header.e_type == TN_ET_REL ? find_object_symbols(elf, &table, err)
                                                 : find_dynamic_symbols(elf, &table, err);
    if (found && list_symbols(elf, &table, err))
        return true;
    image->export_count = image->import_count = 0;
    return false;
}
