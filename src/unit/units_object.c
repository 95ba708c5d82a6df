/*
 * src/unit/units_object.c - the units of objects, each with the record it may have
 */
#include <string.h>

#include "claims.h"
#include "fail.h"
#include "native.h"
#include "record.h"
#include "units.h"

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

static bool check_claims(const struct tn_units_reading *r, const struct tn_record *record,
                         const struct tn_elf_object *object, const tenon_unit *native,
                         const char *origin, tenon_error *err)
{
    bool holds = true;
    if (tn_claims_are_whole(record) && !tn_claims_hold(record, object, native, &holds, err))
        return false;
    if (!holds)
        tn_units_remark(r->units, "%s: its code is not what its record says", origin);
    return true;
}

static bool add_recorded(struct tn_units_reading *r, struct tn_record *record,
                         const tenon_unit *native, const char *origin, tenon_error *err)
{
    if (record->count == 1)
        complete_unit(&record->units[0], native);
    for (size_t i = 0; i < record->count; i++) {
        if (!record->units[i].origin)
            record->units[i].origin = origin;
        if (!tn_units_add_copy(r->units, &record->units[i], err))
            return false;
    }
    r->recorded++;
    return true;
}

bool tn_units_add_object(struct tn_units_reading *r, struct tn_file *file, const char *name,
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
               !tn_native_unit_of(&object, &native, &is_lto, err) ||
               !check_claims(r, &record, &object, &native, origin, err)) {
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
