/*
 * src/image/elf_symbols.c - ELF: walking a symbol table, with the names and versions of its symbols
 *
 * rule  gABI chapter 4 "Symbol Table"; versions as glibc and binutils have them
 */
#include "elf_symbols.h"

#include <inttypes.h>

#include "fail.h"
#include "limits.h"
#include "name_sum.h"

#define VERSYM_HIDDEN 0x8000u
#define VERSYM_VERSION 0x7fffu

/* Symbols name strings all over the table: it is read whole. */
static bool read_names(struct tn_elf_window *strings, tenon_error *err)
{
    return tn_file_view(strings->file, strings->start, strings->declared - strings->start,
                        "string table of symbols", &strings->near, err);
}

bool tn_elf_find_symbols(struct tn_elf *elf, struct tn_elf_symtab *table, tenon_error *err)
{
    const struct tn_elf_dynamic *d = &elf->dynamic;
    uint64_t room;
    *table = (struct tn_elf_symtab){ .stride = tn_elf_symbol_size(elf) };
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
    if (!tn_elf_count_symbols(elf, table))
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

/* True where a table whose length is only guessed has ended. */
static bool is_past_end(const struct tn_elf_symtab *table, const struct tn_elf_symbol *symbol,
                        uint32_t st_name)
{
    return table->estimated && (st_name >= table->strings.declared - table->strings.start ||
                                (symbol->bind > TN_STB_WEAK && symbol->bind < TN_STB_GNU_UNIQUE));
}

/* The name, "" when it is not in the string table. What was looked through in vain counts too. */
static bool read_name(struct tn_elf_window *strings, uint32_t st_name, uint64_t *used,
                      const char **name, tenon_error *err)
{
    size_t length;
    *name = tn_elf_window_string(strings, st_name, TN_LIMIT_STRING, &length, NULL);
    if (!*name)
        *name = "";
    return tn_count_bytes(used, length, TN_LIMIT_SYMBOL_NAMES, "symbol names", err);
}

static bool walk_rows(struct tn_elf *elf, struct tn_elf_symtab *table, struct tn_elf_stream *rows,
                      struct tn_elf_stream *versions, tn_elf_symbol_each *each, void *arg,
                      tenon_error *err)
{
    uint64_t used = 0;
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
        if (!read_name(&table->strings, st_name, &used, &symbol.name, err) ||
            !each(arg, (size_t)i, &symbol, err))
            return false;
    }
    return true;
}

bool tn_elf_walk_symbols(struct tn_elf *elf, struct tn_elf_symtab *table, tn_elf_symbol_each *each,
                         void *arg, tenon_error *err)
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

bool tn_elf_open_symbols(struct tn_elf *elf, struct tn_file *file,
                         const struct tn_elf_assume *assume, bool *found,
                         struct tn_elf_symtab *table, tenon_error *err)
{
    *found = false;
    *table = (struct tn_elf_symtab){ 0 };
    if (!tn_elf_start(elf, file, assume, err))
        return false;
    if (elf->header.e_type == TN_ET_REL || elf->header.e_type == TN_ET_CORE)
        return true;
    return tn_elf_read_dynamic(elf, found, err) &&
           (!*found || tn_elf_find_symbols(elf, table, err));
}

/* ---- versions by number --------------------------------------------------------------------- */

static bool put_version(void *arg, const struct tn_elf_version_row *row, tenon_error *err)
{
    struct tn_elf_numbered *n = arg;
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

bool tn_elf_number_versions(struct tn_elf *elf, struct tn_elf_numbered *out, tenon_error *err)
{
    tenon_error local = TENON_ERROR_INIT;
    *out = (struct tn_elf_numbered){ .arena = elf->file->arena };
    elf->string_room = TN_ELF_LIMIT_STRINGS;
    bool ok = tn_elf_walk_verneed(elf, put_version, out, &local) &&
              tn_elf_walk_verdef(elf, put_version, out, &local);
    return ok || !tn_is_failure(&local) || tn_fail_again(err, &local, "versions");
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
    if (symbol->shndx != TN_SHN_UNDEF && symbol->bind != TN_STB_LOCAL) {
        marks->start_main = marks->start_main || strcmp(symbol->name, "__libc_start_main") == 0;
        marks->stdin_found = marks->stdin_found || strcmp(symbol->name, "stdin") == 0;
    }
    return true;
}

bool tn_elf_is_libc(struct tn_file *file, const struct tn_elf_assume *assume, bool *is_libc,
                    tenon_error *err)
{
    struct tn_elf elf;
    struct tn_elf_symtab table;
    struct libc_marks marks = { false, false };
    bool found;
    if (!tn_elf_open_symbols(&elf, file, assume, &found, &table, err) ||
        (found && !tn_elf_walk_symbols(&elf, &table, look_for_marks, &marks, err)))
        return false;
    *is_libc = marks.start_main && marks.stdin_found;
    return true;
}
