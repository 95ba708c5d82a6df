/*
 * src/unit/units.c - the units of a program, shared library, object or archive
 *
 * Bytes of the file live in an arena of the reading; what is kept is copied. A linked file's notes
 * are copied whole, so that its units borrow from one block.
 */
#include "units.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "ar.h"
#include "fail.h"
#include "limits.h"
#include "native.h"
#include "record.h"
#include "text.h"

/* More remarks than these help nobody. */
#define REMARKS 64u

/* One reading; `world` is NULL for bytes in memory. */
struct reading {
    tenon_world *world;
    tenon_units *units;
    struct tn_arena scratch; /* the file itself */
    const char *path;
    const char *member; /* the only one that is wanted; NULL: all */
    size_t recorded;    /* objects with a record */
    bool found;         /* the wanted member */
};

/* ---- what is kept --------------------------------------------------------------------------- */

void tn_units_remark(tenon_units *units, const char *format, ...)
{
    char text[TENON_ERROR_TEXT];
    va_list values;
    if (units->remark_count == REMARKS)
        return;
    va_start(values, format);
    vsnprintf(text, sizeof text, format, values);
    va_end(values);
    if (!units->remarks)
        units->remarks = tn_arena_rows(&units->arena, REMARKS, sizeof *units->remarks);
    const char *kept = units->remarks ? tn_arena_string(&units->arena, text) : NULL;
    if (kept)
        units->remarks[units->remark_count++] = kept;
}

bool tn_units_add(tenon_units *units, const tenon_unit *unit, tenon_error *err)
{
    if (units->count == TN_LIMIT_UNITS)
        return tn_fail(err, TENON_E_LIMIT, "more than %u units", TN_LIMIT_UNITS);
    if (!tn_elf_room(&units->arena, &units->units, &units->room, units->count,
                     sizeof *units->units))
        return tn_no_memory(err);
    units->units[units->count++] = *unit;
    return true;
}

static bool copy_definitions(struct tn_arena *arena, tenon_unit *unit)
{
    tenon_definition *rows = tn_arena_rows(arena, unit->definition_count, sizeof *rows);
    for (size_t i = 0; rows && i < unit->definition_count; i++) {
        rows[i] = unit->definitions[i];
        rows[i].name = tn_arena_string(arena, rows[i].name);
        if (!rows[i].name)
            return false;
    }
    unit->definitions = rows;
    return rows;
}

bool tn_units_add_copy(tenon_units *units, const tenon_unit *unit, tenon_error *err)
{
    struct tn_arena *arena = &units->arena;
    tenon_unit copy = *unit;
    copy.name = tn_arena_string(arena, unit->name);
    copy.origin = unit->origin ? tn_arena_string(arena, unit->origin) : NULL;
    if (!copy.name || (unit->origin && !copy.origin) || !copy_definitions(arena, &copy))
        return tn_no_memory(err);
    return tn_units_add(units, &copy, err);
}

/* ---- an object ------------------------------------------------------------------------------- */

/* Notes of the object's own sections. False only without memory. */
static bool read_own_record(const struct tn_elf_object *o, struct tn_record *record,
                            tenon_units *units, const char *label, tenon_error *err)
{
    for (size_t i = 1; i < o->section_count; i++) {
        struct tn_view notes;
        tenon_error local = TENON_ERROR_INIT;
        if (strcmp(o->sections[i].name, TN_RECORD_SECTION) != 0)
            continue;
        if (tn_elf_object_bytes(o, i, &notes, &local) &&
            tn_record_read(o->elf.file->arena, notes, 4, o->elf.header.endian, record, &local))
            continue;
        if (local.code == TENON_E_MEMORY)
            return tn_no_memory(err);
        units->record = TENON_RECORD_UNREADABLE;
        tn_units_remark(units, "%s: %s", label, tenon_error_message(&local));
    }
    return true;
}

/* What a record leaves open, the object itself says. */
static void complete_unit(tenon_unit *unit, const tenon_unit *native)
{
    if (unit->interface.kind == TENON_DIGEST_UNKNOWN)
        unit->interface = native->interface;
    if (unit->implementation.kind == TENON_DIGEST_UNKNOWN)
        unit->implementation = native->implementation;
    if (unit->stateful == TENON_UNKNOWN)
        unit->stateful = native->stateful;
    if (!unit->definition_count) {
        unit->definitions = native->definitions;
        unit->definition_count = native->definition_count;
    }
}

static bool add_recorded(struct reading *r, struct tn_record *record, const tenon_unit *native,
                         const char *origin, tenon_error *err)
{
    if (record->count == 1) {
        tenon_unit *unit = &record->units[0];
        if (tenon_digest_equal(&unit->implementation, &native->implementation) == TENON_NO)
            tn_units_remark(r->units, "%s: its code is not what its record says", origin);
        complete_unit(unit, native);
    }
    for (size_t i = 0; i < record->count; i++) {
        if (!record->units[i].origin)
            record->units[i].origin = origin;
        if (!tn_units_add_copy(r->units, &record->units[i], err))
            return false;
    }
    r->recorded++;
    return true;
}

/* One object, whose bytes and facts live in file->arena. */
static bool add_object(struct reading *r, struct tn_file *file, const char *name,
                       const char *origin, tenon_error *err)
{
    struct tn_elf_object object;
    struct tn_record record = { 0 };
    tenon_unit native;
    struct tn_view head;
    bool is_lto;
    if (!tn_file_upto(file, 0, 4, "first bytes", &head, err))
        return false;
    if (tn_native_is_bitcode(head)) {
        if (!tn_native_unit(file, &native, &is_lto, err))
            return false;
    } else if (!tn_elf_read_object(file, &object, err) ||
               !read_own_record(&object, &record, r->units, origin, err) ||
               !tn_native_unit_of(&object, &native, &is_lto, err)) {
        return false;
    }
    if (is_lto)
        tn_units_remark(r->units, "%s: intermediate code, of which only the link makes code",
                        origin);
    if (record.count)
        return add_recorded(r, &record, &native, origin, err);
    native.name = name;
    native.origin = origin;
    return tn_units_add_copy(r->units, &native, err);
}

/* ---- an archive -------------------------------------------------------------------------------
 */

static bool is_object(struct tn_file *file)
{
    struct tn_view head;
    return tn_file_upto(file, 0, 4, "first bytes", &head, NULL) && head.size == 4 &&
           (memcmp(head.at, "\177ELF", 4) == 0 || tn_native_is_bitcode(head));
}

static const char *base_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash && slash[1] ? slash + 1 : path;
}

/* A member as a file of its own in memory. */
static bool member_bytes(struct tn_file *archive, const struct tn_ar_member *m,
                         struct tn_arena *arena, struct tn_file *out, tenon_error *err)
{
    struct tn_view bytes;
    if (!tn_file_view(archive, m->offset, m->size, "member", &bytes, err))
        return false;
    tn_file_from_bytes(out, m->name, bytes.at, bytes.size);
    out->arena = arena;
    return true;
}

/* A member of the archive that a thin archive names together with the offset of its header. */
static bool open_nested(struct tn_file *archive, uint64_t header, struct tn_arena *arena,
                        struct tn_file *out, tenon_error *err)
{
    struct tn_ar ar;
    struct tn_ar_member m;
    if (!tn_ar_open(archive, &ar, err))
        return false;
    while (tn_ar_next(&ar, &m, err))
        if (m.header == header && m.role == TN_AR_FILE && !m.external)
            return member_bytes(archive, &m, arena, out, err);
    return ar.end ? tn_fail(err, TENON_E_MALFORMED, "no member at 0x%" PRIx64, header) : false;
}

/* The file that a thin archive's member stands for; out->arena keeps what is read. */
static bool open_external(struct reading *r, const struct tn_ar_member *m, struct tn_arena *arena,
                          struct tn_file *out, tenon_error *err)
{
    if (!r->world)
        return tn_fail(err, TENON_E_UNSUPPORTED,
                       "a thin archive in memory: its members are other files");
    const char *path = tn_ar_external_path(arena, r->path, m->name);
    if (!path)
        return tn_no_memory(err);
    int number = tn_file_open(r->world, path, arena, out);
    if (number)
        return tn_fail_system(err, number, "cannot be opened");
    if (!m->nested)
        return true;
    struct tn_file inner;
    bool ok = open_nested(out, m->nested, arena, &inner, err);
    tn_file_close(out);
    if (ok)
        *out = inner;
    return ok;
}

static bool add_member_object(struct reading *r, struct tn_file *file, const char *member,
                              struct tn_native_namer *namer, tenon_error *err)
{
    if (!is_object(file))
        return true;
    const char *name = tn_native_namer_next(namer, member);
    const char *origin =
        tn_arena_format(file->arena, "%s member %s", base_of(r->path), base_of(member));
    if (!name || !origin)
        return tn_no_memory(err);
    if (r->member && strcmp(r->member, member) != 0 && strcmp(r->member, base_of(member)) != 0)
        return true;
    r->found = true;
    return add_object(r, file, name, origin, err);
}

/* Its bytes and facts go before the next member comes. */
static bool add_member(struct reading *r, struct tn_file *archive, const struct tn_ar_member *m,
                       struct tn_native_namer *namer, tenon_error *err)
{
    char quoted[TN_QUOTE_ROOM];
    struct tn_arena arena = { 0 };
    struct tn_file file;
    bool open = m->external ? open_external(r, m, &arena, &file, err)
                            : member_bytes(archive, m, &arena, &file, err);
    bool ok = open && add_member_object(r, &file, m->name, namer, err);
    if (open)
        tn_file_close(&file);
    tn_arena_free(&arena);
    return ok || tn_context(err, "member %s", tn_quote(quoted, m->name));
}

static bool read_members(struct reading *r, struct tn_file *file, struct tn_native_namer *namer,
                         tenon_error *err)
{
    struct tn_ar ar;
    struct tn_ar_member m;
    tenon_error local = TENON_ERROR_INIT;
    if (!tn_ar_open(file, &ar, err))
        return false;
    while (tn_ar_next_file(&ar, &m, &local))
        if (!add_member(r, file, &m, namer, err))
            return false;
    if (!ar.end && err)
        *err = local;
    return ar.end;
}

static bool read_archive(struct reading *r, struct tn_file *file, tenon_error *err)
{
    char quoted[TN_QUOTE_ROOM];
    struct tn_native_namer namer;
    const char *owner = r->world ? tn_native_owner(r->world, &r->scratch, r->path) : NULL;
    if (!tn_native_namer_init(&namer, &r->scratch, owner, r->path))
        return tn_no_memory(err);
    bool ok = read_members(r, file, &namer, err);
    tn_native_namer_free(&namer);
    if (ok && r->member && !r->found)
        return tn_fail(err, TENON_E_NOT_FOUND, "no member %s", tn_quote(quoted, r->member));
    return ok;
}

/* ---- a linked file ----------------------------------------------------------------------------
 */

static bool mentions_us(struct tn_view notes)
{
    return memmem(notes.at, notes.size, TN_RECORD_OWNER, sizeof TN_RECORD_OWNER);
}

/* Notes of one segment or section, kept whole. False only without memory. */
static bool take_notes(tenon_units *units, struct tn_view notes, enum tn_endian endian,
                       struct tn_record *record, tenon_error *err)
{
    tenon_error local = TENON_ERROR_INIT;
    if (!mentions_us(notes))
        return true;
    uint8_t *kept = tn_arena_bytes(&units->arena, notes.size);
    if (!kept)
        return tn_no_memory(err);
    memcpy(kept, notes.at, notes.size);
    struct tn_view copy = { kept, notes.size, notes.start };
    if (tn_record_read(&units->arena, copy, 4, endian, record, &local))
        return true;
    if (local.code == TENON_E_MEMORY)
        return tn_no_memory(err);
    units->record = TENON_RECORD_UNREADABLE;
    tn_units_remark(units, "%s", tenon_error_message(&local));
    return true;
}

static bool take_segments(struct reading *r, struct tn_elf *elf, struct tn_record *record,
                          tenon_error *err)
{
    uint64_t left = elf->file->info.size; /* segments that overlap are not read without end */
    for (size_t i = 0; i < elf->segment_count; i++) {
        const struct tn_elf_segment *s = &elf->segments[i];
        struct tn_view notes;
        if (s->p_type != TN_PT_NOTE)
            continue;
        uint64_t size = tn_elf_clamp(elf, s->p_offset, s->p_filesz);
        size = size < left ? size : left;
        left -= size;
        if (!tn_file_view(elf->file, s->p_offset, size, "notes", &notes, err) ||
            !take_notes(r->units, notes, elf->header.endian, record, err))
            return false;
    }
    return true;
}

/* Put in after the link, where no segment has it. */
static bool take_sections(struct reading *r, struct tn_elf *elf, struct tn_record *record,
                          tenon_error *err)
{
    struct tn_elf_sections sections;
    uint64_t left = elf->file->info.size;
    if (!tn_elf_read_sections(elf, &sections, NULL))
        return true;
    for (size_t i = 1; i < sections.count; i++) {
        struct tn_elf_section s = tn_elf_section(&sections, i);
        struct tn_view notes;
        if (s.sh_type == TN_SHT_NOBITS || !tn_elf_section_is(&sections, &s, TN_RECORD_SECTION))
            continue;
        uint64_t size = tn_elf_clamp(elf, s.sh_offset, s.sh_size);
        size = size < left ? size : left;
        left -= size;
        if (!tn_file_view(elf->file, s.sh_offset, size, "notes", &notes, err) ||
            !take_notes(r->units, notes, elf->header.endian, record, err))
            return false;
    }
    return true;
}

static void take_summary(tenon_units *units, const struct tn_record *record)
{
    const struct tn_record_summary *s = &record->summary;
    units->unsure = s->unsure;
    units->unsure_count = s->unsure_count;
    units->members = s->members;
    if (units->record == TENON_RECORD_UNREADABLE)
        return;
    if (record->has_summary)
        units->record =
            s->complete && !s->unsure_count ? TENON_RECORD_COMPLETE : TENON_RECORD_PARTIAL;
    else if (record->count)
        units->record = TENON_RECORD_ASSEMBLED;
}

static bool add_record(tenon_units *units, const struct tn_record *record, tenon_error *err)
{
    take_summary(units, record);
    if (!units->count) { /* all there are, and in the arena already */
        units->units = record->units;
        units->count = units->room = record->count;
        return true;
    }
    for (size_t i = 0; i < record->count; i++)
        if (!tn_units_add(units, &record->units[i], err))
            return false;
    return true;
}

static bool read_linked(struct reading *r, struct tn_file *file, const struct tn_facts *facts,
                        tenon_error *err)
{
    struct tn_elf elf;
    struct tn_record record = { 0 };
    if (!tn_visible_read(file, facts, r->units, err) ||
        (facts->kind == TENON_KIND_SHARED_LIBRARY &&
         !tn_library_unit(file, facts, r->units, err)) ||
        !tn_elf_start(&elf, file, NULL, err) || !take_segments(r, &elf, &record, err))
        return false;
    if (!record.count && !record.has_summary && r->units->record == TENON_RECORD_NONE &&
        !take_sections(r, &elf, &record, err))
        return false;
    return add_record(r->units, &record, err);
}

/* ---- any file ---------------------------------------------------------------------------------
 */

static bool read_single_object(struct reading *r, struct tn_file *file, tenon_error *err)
{
    const char *name = tn_native_name(&r->scratch, NULL, NULL, r->path, 1);
    return name ? add_object(r, file, name, r->path, err) : tn_no_memory(err);
}

static bool read_elf(struct reading *r, struct tn_file *file, tenon_error *err)
{
    struct tn_facts facts;
    if (!tn_elf_read_facts(file, NULL, &facts, err))
        return false;
    switch (facts.kind) {
    case TENON_KIND_OBJECT:
    case TENON_KIND_KERNEL_MODULE: return read_single_object(r, file, err);
    case TENON_KIND_EXECUTABLE:
    case TENON_KIND_SHARED_LIBRARY: return read_linked(r, file, &facts, err);
    default:
        return tn_fail(err, TENON_E_NOT_LOADABLE, "a file of kind %s has no units",
                       tenon_kind_name(facts.kind));
    }
}

static bool read_any(struct reading *r, struct tn_file *file, tenon_error *err)
{
    char quoted[TN_QUOTE_ROOM];
    struct tn_view head;
    if (file->info.type == TENON_FILE_REGULAR &&
        !tn_file_upto(file, 0, TN_AR_MAGIC_SIZE, "first bytes", &head, err))
        return false;
    if (file->info.type == TENON_FILE_REGULAR && tn_ar_matches(head))
        return read_archive(r, file, err);
    if (r->member)
        return tn_fail(err, TENON_E_NOT_FOUND, "no member %s in what is no archive",
                       tn_quote(quoted, r->member));
    if (file->info.type == TENON_FILE_REGULAR && tn_native_is_bitcode(head))
        return read_single_object(r, file, err);
    return tn_format_of(file, err) && read_elf(r, file, err);
}

static tenon_units *units_new(const char *name, tenon_error *err)
{
    tenon_units *units = calloc(1, sizeof *units);
    if (units)
        units->name = tn_arena_string(&units->arena, name);
    if (units && units->name)
        return units;
    tenon_units_free(units);
    tn_no_memory(err);
    return NULL;
}

/* The message then begins with the file's name. */
static tenon_units *units_refused(tenon_units *units, tenon_error *err)
{
    char shown[TN_QUOTE_ROOM];
    tn_text_escape(shown, sizeof shown, units->name, strlen(units->name));
    tn_context(err, "%s", shown);
    tenon_units_free(units);
    return NULL;
}

static tenon_units *finish(struct reading *r, struct tn_file *file, tenon_error *err)
{
    bool ok = read_any(r, file, err);
    tn_file_close(file);
    tn_arena_free(&r->scratch);
    if (!ok)
        return units_refused(r->units, err);
    if (r->recorded && r->units->record == TENON_RECORD_NONE)
        r->units->record = TENON_RECORD_ASSEMBLED;
    return r->units;
}

tenon_units *tenon_units_read(tenon_world *world, const tenon_image_source *source,
                              tenon_error *err)
{
    struct reading r = { .world = world, .path = source->path, .member = source->member };
    struct tn_file file;
    char quoted[TN_QUOTE_ROOM];
    r.units = units_new(source->path, err);
    if (!r.units)
        return NULL;
    if (source->slice) {
        tn_fail(err, TENON_E_NOT_FOUND, "no slice %s", tn_quote(quoted, source->slice));
        return units_refused(r.units, err);
    }
    int number = tn_file_open(world, source->path, &r.scratch, &file);
    if (number) {
        tn_fail_system(err, number, "cannot be opened");
        tn_arena_free(&r.scratch);
        return units_refused(r.units, err);
    }
    return finish(&r, &file, err);
}

tenon_units *tenon_units_parse(const void *bytes, size_t size, const char *name, tenon_error *err)
{
    struct reading r = { .path = name };
    struct tn_file file;
    r.units = units_new(name, err);
    if (!r.units)
        return NULL;
    tn_file_from_bytes(&file, name, bytes, size);
    file.arena = &r.scratch;
    return finish(&r, &file, err);
}

tenon_units *tenon_units_parse_notes(const void *bytes, size_t size, unsigned align,
                                     const char *name, tenon_error *err)
{
    enum tn_endian endian = htole16(1) == 1 ? TN_LITTLE : TN_BIG;
    struct tn_record record = { 0 };
    tenon_units *units = units_new(name, err);
    (void)align; /* see tn_record_read */
    if (!units)
        return NULL;
    if (!take_notes(units, tn_view(bytes, size), endian, &record, err) ||
        !add_record(units, &record, err))
        return units_refused(units, err);
    return units;
}

/* ---- answers -------------------------------------------------------------------------------- */

void tenon_units_free(tenon_units *units)
{
    if (!units)
        return;
    tn_arena_free(&units->arena);
    free(units);
}

size_t tenon_units_count(const tenon_units *units)
{
    return units->count;
}

const tenon_unit *tenon_units_at(const tenon_units *units, size_t i)
{
    return i < units->count ? &units->units[i] : NULL;
}

enum tenon_record tenon_units_record(const tenon_units *units)
{
    return units->record;
}

size_t tenon_units_unsure_count(const tenon_units *units)
{
    return units->unsure_count;
}

const char *tenon_units_unsure(const tenon_units *units, size_t i)
{
    return i < units->unsure_count ? units->unsure[i] : NULL;
}

size_t tenon_units_member_count(const tenon_units *units)
{
    return units->members;
}

const char *tenon_units_remark(const tenon_units *units, size_t i)
{
    return i < units->remark_count ? units->remarks[i] : NULL;
}
