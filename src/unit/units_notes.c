/* src/unit/units_notes.c - a linked file's record as notes of its own, and back */
#include "bytes.h"
#include "fail.h"
#include "units.h"

tenon_units *tn_units_of_notes(struct tn_arena *arena, struct tn_view notes, const char *name)
{
    struct tn_record record = { 0 };
    tenon_units *units = tn_arena_take(arena, sizeof *units);
    if (!units || !tn_record_read(arena, notes, 4, TN_LITTLE, &record, NULL))
        return NULL;
    units->name = name;
    return tn_units_add_record(units, &record, NULL) ? units : NULL;
}

/* Units that a note can hold; the library itself is known from elsewhere. */
static bool write_units(const tenon_units *units, struct tn_arena *arena, struct tn_view *rows,
                        size_t *count, size_t *size)
{
    for (size_t i = 0; i < units->count; i++) {
        const tenon_unit *unit = &units->units[i];
        if (unit->kind == TENON_UNIT_LIBRARY)
            continue;
        if (unit->kind != TENON_UNIT_C || !unit->recorded ||
            !tn_record_write_unit(arena, unit, TN_LITTLE, &rows[*count], NULL))
            return false;
        *size += rows[(*count)++].size;
    }
    return true;
}

static bool write_summary(const tenon_units *units, struct tn_arena *arena, struct tn_view *rows,
                          size_t *count, size_t *size)
{
    const struct tn_record_summary summary = { .complete = units->record == TENON_RECORD_COMPLETE,
                                               .members = (uint32_t)units->members,
                                               .unsure = units->unsure,
                                               .unsure_count = (uint32_t)units->unsure_count };
    if (units->record != TENON_RECORD_COMPLETE && units->record != TENON_RECORD_PARTIAL)
        return true;
    if (!tn_record_write_summary(arena, &summary, TN_LITTLE, &rows[*count], NULL))
        return false;
    *size += rows[(*count)++].size;
    return true;
}

bool tn_units_write(const tenon_units *units, struct tn_arena *arena, struct tn_view *notes)
{
    struct tn_view *rows = tn_arena_rows(arena, units->count + 1, sizeof *rows);
    size_t count = 0, size = 0;
    struct tn_bytes out;
    if (!rows || units->record == TENON_RECORD_UNREADABLE ||
        !write_units(units, arena, rows, &count, &size) ||
        !write_summary(units, arena, rows, &count, &size) ||
        !tn_bytes(arena, size, TN_LITTLE, &out))
        return false;
    for (size_t i = 0; i < count; i++)
        tn_put_view(&out, rows[i]);
    *notes = tn_bytes_view(&out);
    return !out.lost;
}
