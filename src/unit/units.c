/*
 * src/unit/units.c - the units of a program, shared library, object or archive
 *
 * Bytes of the file live in an arena of the reading; what is kept is copied.
 */
#include "units.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "ar.h"
#include "fail.h"
#include "limits.h"
#include "native.h"
#include "ocaml.h"
#include "record.h"
#include "text.h"

/* Bytes that tell what a file is. */
#define HEAD 16u

/* More remarks than these help nobody. */
#define REMARKS 64u

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
    if (!tn_arena_grow(&units->arena, &units->units, &units->room, units->count,
                       sizeof *units->units))
        return tn_no_memory(err);
    units->units[units->count++] = *unit;
    return true;
}

bool tn_unit_copy_definitions(struct tn_arena *arena, tenon_unit *unit)
{
    tenon_definition *rows = tn_arena_rows(arena, unit->definition_count, sizeof *rows);
    for (size_t i = 0; rows && i < unit->definition_count; i++) {
        rows[i] = unit->definitions[i];
        rows[i].name = tn_arena_string(arena, rows[i].name);
        if (!rows[i].name)
            return false;
    }
    unit->definitions = rows;
    return rows != NULL;
}

bool tn_units_add_copy(tenon_units *units, const tenon_unit *unit, tenon_error *err)
{
    struct tn_arena *arena = &units->arena;
    tenon_unit copy = *unit;
    copy.name = tn_arena_string(arena, unit->name);
    copy.origin = unit->origin ? tn_arena_string(arena, unit->origin) : NULL;
    if (!copy.name || (unit->origin && !copy.origin) || !tn_unit_copy_definitions(arena, &copy))
        return tn_no_memory(err);
    return tn_units_add(units, &copy, err);
}

/* ---- any file ---------------------------------------------------------------------------------
 */

static bool read_single_object(struct tn_units_reading *r, struct tn_file *file, tenon_error *err)
{
    const char *name = tn_native_name(&r->scratch, NULL, NULL, r->path, 1);
    return name ? tn_units_add_object(r, file, name, r->path, err) : tn_no_memory(err);
}

static bool read_elf(struct tn_units_reading *r, struct tn_file *file, tenon_error *err)
{
    struct tn_facts facts;
    if (!tn_elf_read_facts(file, NULL, &facts, err))
        return false;
    switch (facts.kind) {
    case TENON_KIND_OBJECT:
    case TENON_KIND_KERNEL_MODULE: return read_single_object(r, file, err);
    case TENON_KIND_EXECUTABLE:
    case TENON_KIND_SHARED_LIBRARY:
        return tn_units_read_linked(r, file, &facts, err) && tn_units_add_ocaml(r, file, err);
    default:
        return tn_fail(err, TENON_E_NOT_LOADABLE, "a file of kind %s has no units",
                       tenon_kind_name(facts.kind));
    }
}

bool tn_units_is_foreign(enum tenon_format format)
{
    switch (format) {
    case TENON_FORMAT_PE:
    case TENON_FORMAT_COFF:
    case TENON_FORMAT_MACHO:
    case TENON_FORMAT_XCOFF:
    case TENON_FORMAT_SOM:
    case TENON_FORMAT_AOUT: return true;
    default: return false;
    }
}

bool tn_units_refuse(enum tenon_format format, tenon_error *err)
{
    if (tn_units_is_foreign(format))
        return tn_fail(err, TENON_E_UNSUPPORTED, "the units of a file of format %s are not read",
                       tenon_format_name(format));
    return tn_fail(err, TENON_E_FORMAT, "a file of format %s has no units",
                   tenon_format_name(format));
}

/* A slice or member of a file that has none which we could read. */
static bool refuse_part(const struct tn_units_reading *r, struct tn_file *file, tenon_error *err)
{
    char quoted[TN_QUOTE_ROOM];
    const struct tn_format *format = tn_format_of(file, NULL);
    if (format && tn_units_is_foreign(format->format))
        return tn_units_refuse(format->format, err);
    if (r->slice)
        return tn_fail(err, TENON_E_NOT_FOUND, "no slice %s", tn_quote(quoted, r->slice));
    return tn_fail(err, TENON_E_NOT_FOUND, "no member %s in what is no archive",
                   tn_quote(quoted, r->member));
}

static bool read_any(struct tn_units_reading *r, struct tn_file *file, tenon_error *err)
{
    struct tn_view head;
    if (file->info.type == TENON_FILE_REGULAR &&
        !tn_file_upto(file, 0, HEAD, "first bytes", &head, err))
        return false;
    if (file->info.type == TENON_FILE_REGULAR && tn_ar_matches(head))
        return tn_units_read_archive(r, file, err);
    if (file->info.type == TENON_FILE_REGULAR && tn_ar_is_aix(head)) /* its objects are XCOFF */
        return tn_fail(err, TENON_E_UNSUPPORTED, "the units of an archive of AIX are not read");
    if (r->member || r->slice)
        return refuse_part(r, file, err);
    if (file->info.type == TENON_FILE_REGULAR && tn_native_is_bitcode(head))
        return read_single_object(r, file, err);
    if (file->info.type == TENON_FILE_REGULAR && tn_ocaml_is_own(file, head))
        return tn_units_read_ocaml(r, file, err);
    const struct tn_format *format = tn_format_of(file, err);
    if (format && format->format != TENON_FORMAT_ELF)
        return tn_units_refuse(format->format, err);
    return format && read_elf(r, file, err);
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

static tenon_units *finish(struct tn_units_reading *r, struct tn_file *file, tenon_error *err)
{
    bool ok = read_any(r, file, err);
    tn_file_close(file);
    tn_file_room_end(r->world, &r->scratch);
    if (!ok)
        return units_refused(r->units, err);
    if (r->recorded && r->units->record == TENON_RECORD_NONE)
        r->units->record = TENON_RECORD_ASSEMBLED;
    return r->units;
}

static tenon_units *read_source(struct tn_units_reading *r, const tenon_image_source *source,
                                tenon_error *err)
{
    struct tn_file file;
    r->path = source->path;
    r->member = source->member;
    r->slice = source->slice;
    r->units = units_new(source->path, err);
    if (!r->units)
        return NULL;
    r->scratch = tn_file_room(r->world);
    int number = tn_file_open(r->world, source->path, &r->scratch, &file);
    if (number) {
        tn_fail_system(err, number, "cannot be opened");
        tn_file_room_end(r->world, &r->scratch);
        return units_refused(r->units, err);
    }
    return finish(r, &file, err);
}

tenon_units *tenon_units_read(tenon_world *world, const tenon_image_source *source,
                              tenon_error *err)
{
    struct tn_units_reading r = { .world = world };
    return read_source(&r, source, err);
}

tenon_units *tn_units_read(tenon_world *world, const tenon_image_source *source,
                           enum tn_units_detail detail, tenon_error *err)
{
    struct tn_units_reading r = {
        .world = world,
        .names_only = detail != TN_UNITS_ALL,
        .ocaml = detail == TN_UNITS_ALL     ? TN_OCAML_ALL
                 : detail == TN_UNITS_SHOWN ? TN_OCAML_NEEDS
                                            : TN_OCAML_UNITS,
    };
    return read_source(&r, source, err);
}

tenon_units *tenon_units_read_names(tenon_world *world, const tenon_image_source *source,
                                    tenon_error *err)
{
    struct tn_units_reading r = { .world = world, .names_only = true };
    return read_source(&r, source, err);
}

tenon_units *tenon_units_parse(const void *bytes, size_t size, const char *name, tenon_error *err)
{
    struct tn_units_reading r = { .path = name };
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
    if (!tn_units_take_notes(units, tn_view(bytes, size), endian, &record, err) ||
        !tn_units_add_record(units, &record, err))
        return units_refused(units, err);
    return units;
}

tenon_units *tn_units_parse_borrowed(const void *bytes, size_t size, const char *name,
                                     tenon_error *err)
{
    enum tn_endian endian = htole16(1) == 1 ? TN_LITTLE : TN_BIG;
    struct tn_record record = { 0 };
    tenon_units *units = units_new(name, err);
    if (!units)
        return NULL;
    if (!tn_units_borrow_notes(units, tn_view(bytes, size), endian, &record, err) ||
        !tn_units_add_record(units, &record, err))
        return units_refused(units, err);
    return units;
}

/* ---- answers -------------------------------------------------------------------------------- */

void tenon_units_free(tenon_units *units)
{
    if (!units)
        return;
    tenon_ocaml_free(units->ocaml);
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
