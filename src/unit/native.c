/*
 * src/unit/native.c - the unit that a relocatable object is
 *
 * rule  gABI chapter 4 for sections and symbols; what counts as state is in docs/design/plugins.md
 */
#include "native.h"

#include <stdlib.h>

#include "digest.h"
#include "fail.h"
#include "units.h"

/* ---- sections ------------------------------------------------------------------------------- */

/*
 * Writable only until relocation is done, or never written by the program: constants that hold
 * addresses, tables of contents, what tools patch. The name, or the name and a dot.
 */
static const char *const constant_names[] = {
    ".data.rel.ro",
    ".eh_frame",
    ".gcc_except_table",
    ".toc",
    ".toc1",
    ".got2",
    ".opd",
    "__patchable_function_entries",
    ".branch_lt",
    ".note",
    ".tm_clone_table",
};

/* Run at start or end of the process, whatever their flags say. */
static const char *const start_names[] = {
    ".init", ".fini", ".ctors", ".dtors", ".init_array", ".fini_array", ".preinit_array",
};

static bool is_named(const char *name, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t size = strlen(names[i]);
        if (strncmp(name, names[i], size) == 0 && (name[size] == 0 || name[size] == '.'))
            return true;
    }
    return false;
}

static bool is_written(const struct tn_elf_object_section *s)
{
    uint64_t both = TN_SHF_ALLOC | TN_SHF_WRITE;
    return (s->header.sh_flags & both) == both &&
           !is_named(s->name, constant_names, TN_COUNT(constant_names));
}

static bool is_start_code(const struct tn_elf_object_section *s)
{
    uint32_t type = s->header.sh_type;
    return type == TN_SHT_INIT_ARRAY || type == TN_SHT_FINI_ARRAY || type == TN_SHT_PREINIT_ARRAY ||
           is_named(s->name, start_names, TN_COUNT(start_names));
}

static bool has_state(const struct tn_elf_object *o)
{
    for (size_t i = 1; i < o->section_count; i++) {
        const struct tn_elf_object_section *s = &o->sections[i];
        if ((s->header.sh_flags & TN_SHF_ALLOC) && s->header.sh_size && !s->comdat &&
            (is_written(s) || is_start_code(s)))
            return true;
    }
    return false;
}

/* ---- intermediate code ---------------------------------------------------------------------- */

bool tn_native_is_bitcode(struct tn_view head)
{
    return head.size >= 4 &&
           (memcmp(head.at, "BC\xc0\xde", 4) == 0 || memcmp(head.at, "\xde\xc0\x17\x0b", 4) == 0);
}

bool tn_native_has_intermediate_code(const struct tn_elf_object *o)
{
    for (size_t i = 1; i < o->section_count; i++)
        if (strncmp(o->sections[i].name, ".gnu.lto_", 9) == 0 ||
            strcmp(o->sections[i].name, ".llvm.lto") == 0)
            return true;
    return false;
}

/* Nothing that runs stands beside it. */
static bool is_slim(const struct tn_elf_object *o)
{
    for (size_t i = 1; i < o->symbol_count; i++)
        if (strcmp(o->symbols[i].name, "__gnu_lto_slim") == 0)
            return true;
    for (size_t i = 1; i < o->section_count; i++) {
        const struct tn_elf_section *h = &o->sections[i].header;
        if ((h->sh_flags & TN_SHF_ALLOC) && h->sh_size && h->sh_type != TN_SHT_NOTE)
            return false;
    }
    return true;
}

/* ---- symbols -------------------------------------------------------------------------------- */

bool tn_native_is_noise(const char *symbol)
{
    return symbol[0] == 0 || strncmp(symbol, "__gnu_lto_", 10) == 0 ||
           strncmp(symbol, "DW.ref.", 7) == 0;
}

static bool is_external(const struct tn_elf_object_symbol *s)
{
    return s->bind != TN_STB_LOCAL && s->shndx != TN_SHN_UNDEF && s->type != TN_STT_SECTION &&
           s->type != TN_STT_FILE && !tn_native_is_noise(s->name);
}

/* Absolute ones are in no section; the other reserved numbers are kinds of common. */
static bool is_common(const struct tn_elf_object_symbol *s)
{
    return !s->section && s->shndx != TN_SHN_ABS && s->shndx != TN_SHN_XINDEX;
}

static enum tenon_definition_kind kind_of(const struct tn_elf_object *o,
                                          const struct tn_elf_object_symbol *s)
{
    uint64_t flags = s->section ? o->sections[s->section].header.sh_flags : 0;
    if (s->type == TN_STT_TLS || (flags & TN_SHF_TLS))
        return TENON_DEFINES_TLS;
    if (s->type == TN_STT_FUNC || s->type == TN_STT_GNU_IFUNC)
        return TENON_DEFINES_CODE;
    return s->type == TN_STT_NOTYPE && (flags & TN_SHF_EXECINSTR) ? TENON_DEFINES_CODE
                                                                  : TENON_DEFINES_DATA;
}

/* Where the name ends and its version begins: "foo@@V1". */
static size_t name_length(const char *name)
{
    const char *at = strchr(name + 1, '@');
    return at ? (size_t)(at - name) : strlen(name);
}

/*
 * Writable, and the linker keeps one of all that have the name: COMDAT, what glibc joins in the
 * whole process, weak data, common symbols.
 */
static bool is_joined(const struct tn_elf_object *o, const struct tn_elf_object_symbol *s)
{
    const struct tn_elf_object_section *section = &o->sections[s->section];
    if (!s->section)
        return is_common(s);
    return is_written(section) &&
           (section->comdat || s->bind == TN_STB_GNU_UNIQUE || s->bind == TN_STB_WEAK);
}

/*
 * Strong definitions, and writable ones that the linker joins; weak ones where they are `wanted`.
 * False: no definition of the unit.
 */
static bool is_definition(const struct tn_elf_object *o, const struct tn_elf_object_symbol *s,
                          bool wanted, enum tenon_definition_kind *kind)
{
    bool unique = s->bind == TN_STB_GNU_UNIQUE;
    bool joined = is_joined(o, s);
    *kind = joined                   ? TENON_DEFINES_COMDAT
            : s->bind == TN_STB_WEAK ? TENON_DEFINES_WEAK
                                     : kind_of(o, s);
    if (joined)
        return true;
    if (s->section && (o->sections[s->section].comdat || unique))
        return false;
    return s->bind == TN_STB_WEAK ? wanted : s->bind == TN_STB_GLOBAL;
}

/* No strong definition tells what the unit is: then the weak ones have to. */
static bool wants_weak(const struct tn_elf_object *o)
{
    enum tenon_definition_kind kind;
    for (size_t i = 1; i < o->symbol_count; i++)
        if (is_external(&o->symbols[i]) && is_definition(o, &o->symbols[i], false, &kind) &&
            kind != TENON_DEFINES_COMDAT && !tn_is_generic(o->symbols[i].name))
            return false;
    return true;
}

static int compare_definitions(const void *a_row, const void *b_row)
{
    const tenon_definition *a = a_row, *b = b_row;
    bool a_comdat = a->kind == TENON_DEFINES_COMDAT, b_comdat = b->kind == TENON_DEFINES_COMDAT;
    if (a_comdat != b_comdat)
        return a_comdat ? 1 : -1;
    int order = strcmp(a->name, b->name);
    return order ? order : (a->kind > b->kind) - (a->kind < b->kind);
}

/* Several versions of one name are one definition. */
static size_t drop_doubles(tenon_definition *rows, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        bool comdat = rows[i].kind == TENON_DEFINES_COMDAT;
        if (kept && (rows[kept - 1].kind == TENON_DEFINES_COMDAT) == comdat &&
            strcmp(rows[kept - 1].name, rows[i].name) == 0)
            continue;
        rows[kept++] = rows[i];
    }
    return kept;
}

/* A name without its version; most have none and are borrowed. */
static const char *plain_name(struct tn_arena *arena, const char *name)
{
    size_t length = name_length(name);
    return name[length] ? tn_arena_copy(arena, name, length) : name;
}

static bool list_definitions(const struct tn_elf_object *o, tenon_unit *out, tenon_error *err)
{
    struct tn_arena *arena = o->elf.file->arena;
    enum tenon_definition_kind kind;
    size_t count = 0;
    bool weak = wants_weak(o);
    for (size_t i = 1; i < o->symbol_count; i++)
        count += is_external(&o->symbols[i]) && is_definition(o, &o->symbols[i], weak, &kind);
    tenon_definition *rows = tn_arena_rows(arena, count, sizeof *rows);
    if (!rows)
        return tn_no_memory(err);
    count = 0;
    for (size_t i = 1; i < o->symbol_count; i++) {
        const struct tn_elf_object_symbol *s = &o->symbols[i];
        if (!is_external(s) || !is_definition(o, s, weak, &kind))
            continue;
        const char *name = plain_name(arena, s->name);
        if (!name)
            return tn_no_memory(err);
        rows[count++] = (tenon_definition){ name, kind };
    }
    if (count)
        qsort(rows, count, sizeof *rows, compare_definitions);
    out->definitions = rows;
    out->definition_count = drop_doubles(rows, count);
    return true;
}

static bool has_common(const struct tn_elf_object *o)
{
    for (size_t i = 1; i < o->symbol_count; i++)
        if (is_external(&o->symbols[i]) && is_common(&o->symbols[i]))
            return true;
    return false;
}

/* ---- digests -------------------------------------------------------------------------------- */

/* What other objects can link with: weak ones too, but nothing that any object may bring. */
static bool is_exported(const struct tn_elf_object *o, const struct tn_elf_object_symbol *s)
{
    return is_external(s) && !(s->section && o->sections[s->section].comdat);
}

static struct tn_export describe(const struct tn_elf_object *o,
                                 const struct tn_elf_object_symbol *s)
{
    struct tn_export e = {
        .name = s->name, .length = name_length(s->name), .kind = kind_of(o, s), .size = s->size
    };
    const char *version = s->name + e.length;
    if (version[0] == '@') {
        e.is_default = version[1] == '@';
        e.version = version + (e.is_default ? 2 : 1);
    }
    return e;
}

static bool digest_exports(const struct tn_elf_object *o, tenon_digest *out, tenon_error *err)
{
    size_t count = 0;
    for (size_t i = 1; i < o->symbol_count; i++)
        count += is_exported(o, &o->symbols[i]);
    struct tn_export *rows = tn_arena_rows(o->elf.file->arena, count, sizeof *rows);
    if (!rows)
        return tn_no_memory(err);
    count = 0;
    for (size_t i = 1; i < o->symbol_count; i++)
        if (is_exported(o, &o->symbols[i]))
            rows[count++] = describe(o, &o->symbols[i]);
    tn_digest_exports(rows, count, out);
    return true;
}

/* ---- the unit ------------------------------------------------------------------------------- */

static tenon_unit unknown_unit(void)
{
    return (tenon_unit){ .kind = TENON_UNIT_C, .stateful = TENON_UNKNOWN };
}

bool tn_native_unit_of(const struct tn_elf_object *object, tenon_unit *out, bool *is_lto,
                       tenon_error *err)
{
    tenon_unit unit = unknown_unit();
    bool lto = tn_native_has_intermediate_code(object);
    if (!lto || !is_slim(object)) {
        unit.stateful = has_state(object) || has_common(object) ? TENON_YES : TENON_NO;
        if (object->symbol_count && !list_definitions(object, &unit, err))
            return false;
    }
    if (!lto && (!digest_exports(object, &unit.interface, err) ||
                 !tn_digest_code(object, &unit.implementation, err)))
        return false;
    *out = unit;
    *is_lto = lto;
    return true;
}

bool tn_native_unit(struct tn_file *file, tenon_unit *out, bool *is_lto, tenon_error *err)
{
    struct tn_elf_object object;
    struct tn_view head;
    if (!tn_file_upto(file, 0, 4, "first bytes", &head, err))
        return false;
    if (tn_native_is_bitcode(head)) {
        *out = unknown_unit();
        *is_lto = true;
        return true;
    }
    return tn_elf_read_object(file, &object, err) && tn_native_unit_of(&object, out, is_lto, err);
}
