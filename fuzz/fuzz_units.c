/* fuzz/fuzz_units.c - the units of any bytes: as a file, as notes in memory, as an object */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "add_note.h"
#include "native.h"
#include "record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Reads every byte, so that a sanitizer sees a dangling one; and what others rely on. */
static void look_at(const tenon_unit *unit)
{
    size_t n = strlen(unit->name) + (unit->origin ? strlen(unit->origin) : 0);
    if (!n || unit->interface.size > TENON_DIGEST_ROOM ||
        unit->implementation.size > TENON_DIGEST_ROOM)
        abort();
    for (size_t i = 0; i < unit->definition_count; i++) {
        const tenon_definition *d = &unit->definitions[i], *before = i ? d - 1 : d;
        bool comdat = d->kind == TENON_DEFINES_COMDAT;
        bool was_comdat = before->kind == TENON_DEFINES_COMDAT;
        if (!d->name[0] || (was_comdat && !comdat) ||
            (i && was_comdat == comdat && strcmp(before->name, d->name) >= 0))
            abort();
    }
}

static void check_units(tenon_units *units, const tenon_error *err)
{
    if (!units) {
        if (err->code == TENON_OK || !err->text[0])
            abort();
        return;
    }
    const tenon_unit *first = tenon_units_at(units, 0);
    for (size_t i = 0; i < tenon_units_count(units); i++) {
        const tenon_unit *unit = tenon_units_at(units, i);
        look_at(unit);
        (void)tenon_units_cover(units, unit);
        if (!tenon_unit_same(unit, unit) ||
            (i < 64 && !tenon_unit_same(unit, first) != !tenon_unit_same(first, unit)))
            abort();
    }
    for (size_t i = 0; i < tenon_units_visible_count(units); i++)
        if (!tenon_units_find_visible(units, tenon_units_visible(units, i)->name))
            abort();
    for (size_t i = 0; tenon_units_remark(units, i); i++)
        (void)strlen(tenon_units_remark(units, i));
    for (size_t i = 0; i < tenon_units_unsure_count(units); i++)
        (void)strlen(tenon_units_unsure(units, i));
    tenon_units_free(units);
}

/* What was read can be written, and read again. */
static void write_again(struct tn_arena *arena, const tenon_unit *unit, enum tn_endian endian)
{
    struct tn_view note;
    struct tn_record again = { 0 };
    tenon_error err = TENON_ERROR_INIT;
    if (!tn_record_write_unit(arena, unit, endian, &note, &err) ||
        !tn_record_read(arena, note, 4, endian, &again, &err) || again.count != 1 ||
        strcmp(again.units[0].name, unit->name) != 0 ||
        again.units[0].definition_count != unit->definition_count)
        abort();
}

static void read_notes(struct tn_view notes)
{
    for (enum tn_endian endian = TN_LITTLE; endian <= TN_BIG; endian++) {
        struct tn_arena arena = { 0 };
        struct tn_record record = { 0 };
        tenon_error err = TENON_ERROR_INIT;
        if (!tn_record_read(&arena, notes, 4, endian, &record, &err) && err.code == TENON_OK)
            abort();
        for (size_t i = 0; i < record.count && i < 64; i++)
            write_again(&arena, &record.units[i], endian);
        tn_arena_free(&arena);
    }
}

/* Notes can be put into what is an object, and it is the same unit then. */
static void add_notes(const uint8_t *data, size_t size)
{
    struct tn_arena arena = { 0 };
    struct tn_file file;
    tenon_unit unit, after;
    struct tn_view note, out;
    bool is_lto;
    tenon_error err = TENON_ERROR_INIT;
    tn_file_from_bytes(&file, "fuzz", data, size);
    file.arena = &arena;
    if (tn_native_unit(&file, &unit, &is_lto, &err) && !is_lto) {
        unit.name = "x";
        if (!tn_record_write_unit(&arena, &unit, TN_LITTLE, &note, &err))
            abort();
        if (tn_add_note(&arena, tn_view(data, size), note, &out, &err)) {
            tn_file_from_bytes(&file, "again", out.at, out.size);
            file.arena = &arena;
            if (tn_native_unit(&file, &after, &is_lto, &err) &&
                after.definition_count != unit.definition_count)
                abort();
        }
    }
    tn_arena_free(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    tenon_error err = TENON_ERROR_INIT, why = TENON_ERROR_INIT;
    check_units(tenon_units_parse(data, size, "libfuzz.a", &err), &err);
    check_units(tenon_units_parse_notes(data, size, 4, "notes", &why), &why);
    read_notes(tn_view(data, size));
    add_notes(data, size);
    return 0;
}
