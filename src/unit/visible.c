/*
 * src/unit/visible.c - what a linked file defines, and who sees it
 *
 * rule  gABI chapter 5: DT_SYMBOLIC, DF_SYMBOLIC, visibility. A version script or --exclude-libs
 *       shows in that a definition is no dynamic symbol; then it is local in SHT_SYMTAB, where
 *       only GNU ld (behind a file symbol without a name) and the visibility "hidden" tell it from
 *       a static function
 */
#include <stdlib.h>

#include "fail.h"
#include "native.h"
#include "units.h"

/* One row while they are gathered. */
struct row {
    tenon_visible v;
    bool is_copy; /* of another object's data, for a program that is not position independent */
};

struct rows {
    struct row *at;
    size_t count, room;
    struct tn_arena *arena; /* names that are not borrowed */
    bool is_program, symbolic, relocations_known;
    bool shows_locals;
};

static bool add_row(struct rows *rows, const struct row *row, tenon_error *err)
{
    if (!tn_grow(&rows->at, &rows->room, rows->count, sizeof *rows->at))
        return tn_no_memory(err);
    rows->at[rows->count++] = *row;
    return true;
}

/* ---- dynamic symbols ------------------------------------------------------------------------ */

static bool is_shown(uint8_t bind, uint8_t visibility)
{
    return (bind == TN_STB_GLOBAL || bind == TN_STB_WEAK || bind == TN_STB_GNU_UNIQUE) &&
           (visibility == TN_STV_DEFAULT || visibility == TN_STV_PROTECTED);
}

enum tenon_definition_kind tn_visible_kind(uint8_t type, uint64_t section_flags)
{
    if (type == TN_STT_TLS)
        return TENON_DEFINES_TLS;
    if (type == TN_STT_FUNC || type == TN_STT_GNU_IFUNC ||
        (type == TN_STT_NOTYPE && (section_flags & TN_SHF_EXECINSTR)))
        return TENON_DEFINES_CODE;
    return TENON_DEFINES_DATA;
}

/*
 * May another object's definition take this one's place? Not in a program, which is searched
 * first. What a library binds to itself though others see it (-Bsymbolic-functions, a dynamic
 * list) has no relocation; for what the linker joins inside the file, that decides.
 */
static bool is_preemptible(const struct rows *rows, const struct tn_elf_symbol *s)
{
    if (rows->is_program || rows->symbolic || s->visibility != TN_STV_DEFAULT)
        return false;
    bool joined = s->bind != TN_STB_GLOBAL && (s->type == TN_STT_OBJECT || s->type == TN_STT_TLS);
    return !joined || !rows->relocations_known || s->wants_plt || s->wants_copy || s->wants_data;
}

/* What the linker puts in for each version that a file defines is no definition of anything. */
static bool is_version_mark(const struct tn_elf_symbol *s)
{
    return s->shndx == TN_SHN_ABS && s->type == TN_STT_OBJECT && !s->size;
}

bool tn_visible_is_offered(const struct tn_elf_symbol *s)
{
    return s->shndx != TN_SHN_UNDEF && is_shown(s->bind, s->visibility) && s->name[0] &&
           s->type != TN_STT_SECTION && s->type != TN_STT_FILE && !is_version_mark(s);
}

static bool add_dynamic(const struct tn_elf_symbols *symbols, struct rows *rows, tenon_error *err)
{
    for (size_t i = 1; i < symbols->count; i++) {
        const struct tn_elf_symbol *s = &symbols->symbols[i];
        if (!tn_visible_is_offered(s))
            continue;
        struct row row = { .v = { .name = s->name,
                                  .kind = tn_visible_kind(s->type, 0),
                                  .exported = true,
                                  .preemptible = is_preemptible(rows, s),
                                  .strong = s->bind == TN_STB_GLOBAL,
                                  .unique = s->bind == TN_STB_GNU_UNIQUE,
                                  .exportable = true,
                                  .size = s->size },
                           .is_copy = s->wants_copy };
        if (!add_row(rows, &row, err))
            return false;
    }
    return true;
}

/* ---- the full symbol table ------------------------------------------------------------------ */

/* Code the compiler cloned or renamed ("f.constprop.0", "n.1") is nobody's definition. */
static bool is_named_by_people(const char *name)
{
    return name[0] && !strpbrk(name, ".$") && !tn_native_is_noise(name);
}

static bool is_local_definition(const struct tn_elf_object_symbol *s)
{
    return s->bind == TN_STB_LOCAL && is_named_by_people(s->name) &&
           (s->type == TN_STT_FUNC || s->type == TN_STT_OBJECT || s->type == TN_STT_TLS ||
            s->type == TN_STT_GNU_IFUNC);
}

static bool add_full_row(const struct tn_elf_object *o, const struct tn_elf_object_symbol *s,
                         bool made_local, struct rows *rows, tenon_error *err)
{
    bool local = s->bind == TN_STB_LOCAL;
    const char *at = strchr(s->name + 1, '@'), *name = s->name;
    if (at)
        name = tn_arena_copy(rows->arena, s->name, (size_t)(at - s->name));
    if (!name)
        return tn_no_memory(err);
    uint64_t flags = s->section ? o->sections[s->section].header.sh_flags : 0;
    struct row row = { .v = { .name = name,
                              .kind = tn_visible_kind(s->type, flags),
                              .strong = local || s->bind == TN_STB_GLOBAL,
                              .maybe_static =
                                  local && !made_local && s->visibility == TN_STV_DEFAULT,
                              .unique = s->bind == TN_STB_GNU_UNIQUE,
                              .exportable = !local && s->visibility == TN_STV_DEFAULT,
                              .size = s->size } };
    return add_row(rows, &row, err);
}

/*
 * Nobody asks for these to be kept: where they are, local symbols were not taken away.
 *
 * rule  GCC crtstuff.c, glibc crti.S; a link with -x, --retain-symbols-file, or strip(1)
 */
static bool is_of_start_file(const struct tn_elf_object_symbol *s)
{
    static const char *const names[] = { "_init", "__do_global_dtors_aux", "frame_dummy" };
    for (size_t i = 0; i < TN_COUNT(names); i++)
        if (s->bind == TN_STB_LOCAL && s->type == TN_STT_FUNC && strcmp(s->name, names[i]) == 0)
            return true;
    return false;
}

static bool add_full(const struct tn_elf_object *o, struct rows *rows, tenon_error *err)
{
    bool made_local = false; /* behind GNU ld's mark */
    for (size_t i = 1; i < o->symbol_count; i++) {
        const struct tn_elf_object_symbol *s = &o->symbols[i];
        if (s->type == TN_STT_FILE) {
            made_local = !s->name[0];
            continue;
        }
        rows->shows_locals |= is_of_start_file(s);
        bool global = s->bind != TN_STB_LOCAL && s->type != TN_STT_SECTION && s->name[0];
        bool mark = s->shndx == TN_SHN_ABS && s->type == TN_STT_OBJECT && !s->size;
        if (s->shndx == TN_SHN_UNDEF || mark || (!global && !is_local_definition(s)))
            continue;
        if (!add_full_row(o, s, made_local, rows, err))
            return false;
    }
    return true;
}

/* ---- each name once ------------------------------------------------------------------------- */

static int compare_rows(const void *a_row, const void *b_row)
{
    const struct row *a = a_row, *b = b_row;
    int order = strcmp(a->v.name, b->v.name);
    return order ? order : a->v.maybe_static - b->v.maybe_static; /* certain ones first */
}

static void merge_row(struct row *kept, const struct row *other)
{
    kept->is_copy |= other->is_copy;
    if (other->v.maybe_static && !kept->v.maybe_static)
        return; /* a static beside the real one */
    kept->v.exported |= other->v.exported;
    kept->v.preemptible |= other->v.preemptible;
    kept->v.strong |= other->v.strong;
    kept->v.unique |= other->v.unique;
    kept->v.exportable |= other->v.exportable;
    if (other->v.kind == TENON_DEFINES_CODE) /* by its section: dynamic symbols have none here */
        kept->v.kind = other->v.kind;
}

static void merge_rows(struct rows *rows)
{
    size_t kept = 0;
    if (rows->count)
        qsort(rows->at, rows->count, sizeof *rows->at, compare_rows);
    for (size_t i = 0; i < rows->count; i++) {
        if (kept && strcmp(rows->at[kept - 1].v.name, rows->at[i].v.name) == 0)
            merge_row(&rows->at[kept - 1], &rows->at[i]);
        else
            rows->at[kept++] = rows->at[i];
    }
    rows->count = 0;
    for (size_t i = 0; i < kept; i++)
        if (!rows->at[i].is_copy)
            rows->at[rows->count++] = rows->at[i];
}

static bool keep_rows(const struct rows *rows, tenon_units *units, tenon_error *err)
{
    units->visible = tn_arena_rows(&units->arena, rows->count, sizeof *units->visible);
    if (!units->visible)
        return tn_no_memory(err);
    for (size_t i = 0; i < rows->count; i++) {
        units->visible[i] = rows->at[i].v;
        units->visible[i].name = tn_arena_string(&units->arena, rows->at[i].v.name);
        if (!units->visible[i].name)
            return tn_no_memory(err);
    }
    units->visible_count = rows->count;
    units->shows_locals = rows->shows_locals;
    return true;
}

/* A full table that makes no sense is remarked on; what the dynamic one says still counts. */
static bool gather(struct tn_file *file, const struct tn_elf_symbols *dynamic, struct rows *rows,
                   tenon_units *units, tenon_error *err)
{
    struct tn_elf_object object;
    tenon_error local = TENON_ERROR_INIT;
    rows->symbolic = dynamic->symbolic;
    rows->relocations_known = dynamic->relocations_known;
    if (!add_dynamic(dynamic, rows, err))
        return false;
    if (tn_elf_read_object_tables(file, &object, &local))
        return add_full(&object, rows, err);
    if (local.code == TENON_E_MEMORY)
        return tn_no_memory(err);
    tn_units_remark(units, "symbol table: %s", tenon_error_message(&local));
    return true;
}

bool tn_visible_is_dynamic_only(struct tn_file *file)
{
    struct tn_elf elf;
    struct tn_elf_sections sections;
    if (!tn_elf_start(&elf, file, NULL, NULL) || !tn_elf_read_sections(&elf, &sections, NULL))
        return false;
    for (size_t i = 1; i < sections.count; i++)
        if (tn_elf_section(&sections, i).sh_type == TN_SHT_SYMTAB)
            return false;
    return true;
}

bool tn_visible_read(struct tn_file *file, const struct tn_facts *facts,
                     const struct tn_elf_symbols *dynamic, tenon_units *units, tenon_error *err)
{
    struct rows rows = { .arena = file->arena, .is_program = facts->kind == TENON_KIND_EXECUTABLE };
    bool ok = gather(file, dynamic, &rows, units, err);
    if (ok) {
        merge_rows(&rows);
        ok = keep_rows(&rows, units, err);
    }
    free(rows.at);
    return ok;
}

/* ---- answers -------------------------------------------------------------------------------- */

size_t tenon_units_visible_count(const tenon_units *units)
{
    return units->visible_count;
}

const tenon_visible *tenon_units_visible(const tenon_units *units, size_t i)
{
    return i < units->visible_count ? &units->visible[i] : NULL;
}

static int compare_visible(const void *key, const void *row)
{
    return strcmp(key, ((const tenon_visible *)row)->name);
}

const tenon_visible *tenon_units_find_visible(const tenon_units *units, const char *name)
{
    if (!units->visible_count)
        return NULL;
    return bsearch(name, units->visible, units->visible_count, sizeof *units->visible,
                   compare_visible);
}

bool tn_units_lack(const tenon_units *units, const char *name)
{
    return units->shows_locals && is_named_by_people(name) &&
           !tenon_units_find_visible(units, name);
}

/* Could it be that definition of a unit? What the link made local may have been either. */
static bool is_of_strength(const tenon_visible *v, enum tenon_definition_kind kind)
{
    return kind == TENON_DEFINES_WEAK ? !v->strong || (!v->exported && !v->exportable) : v->strong;
}

/*
 * How many definitions the file has that tell something and are no statics; `most` at most. `weak`:
 * weak ones too.
 */
static size_t count_telling(const tenon_units *units, bool weak, size_t most)
{
    size_t count = 0;
    for (size_t i = 0; i < units->visible_count && count < most; i++) {
        const tenon_visible *v = &units->visible[i];
        count += (weak || v->strong) && !v->maybe_static && !tn_is_generic(v->name);
    }
    return count;
}

/* What a file has of a unit, of the definitions that tell something. */
struct share {
    size_t telling; /* of the unit */
    size_t shared;
    size_t certain; /* of those: no statics */
};

static struct share share_of(const tenon_units *units, const tenon_unit *unit)
{
    struct share share = { .shared = 0 };
    for (size_t i = 0; i < unit->definition_count; i++) {
        const tenon_definition *d = &unit->definitions[i];
        if (d->kind == TENON_DEFINES_COMDAT)
            break;
        const tenon_visible *v = tenon_units_find_visible(units, d->name);
        if (!v || !is_of_strength(v, d->kind) || tn_is_generic(d->name))
            continue;
        share.shared++;
        share.certain += !v->maybe_static;
    }
    if (share.shared) /* most files have nothing of it, and nobody asks then */
        share.telling = tn_telling_count(unit);
    return share;
}

/*
 * Local symbols may be static functions that have the same names by chance: one alone says
 * nothing, two or more that make up a whole unit do.
 */
static bool is_all(const struct share *share)
{
    return share->shared == share->telling && (share->certain || share->shared > 1);
}

bool tn_units_define_all(const tenon_units *units, const tenon_unit *unit)
{
    const struct share share = share_of(units, unit);
    return is_all(&share);
}

bool tenon_units_cover(const tenon_units *units, const tenon_unit *unit)
{
    const struct share share = share_of(units, unit);
    return is_all(&share) ||
           (share.certain &&
            tn_is_overlap(share.certain,
                          count_telling(units, tn_unit_is_weak(unit), share.telling)));
}

/* Not what may be a static function, which has its name by chance. */
static bool is_certain(const tenon_visible *v)
{
    return v && v->strong && !v->maybe_static && !tn_is_generic(v->name);
}

size_t tn_units_common(const tenon_units *a, const tenon_units *b, const char **names)
{
    size_t count = 0;
    for (size_t i = 0; i < a->visible_count; i++) {
        const tenon_visible *v = &a->visible[i];
        if (!is_certain(v) || !is_certain(tenon_units_find_visible(b, v->name)))
            continue;
        if (names)
            names[count] = v->name;
        count++;
    }
    return count;
}
