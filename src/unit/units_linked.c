/*
 * src/unit/units_linked.c - the units of a program or shared library: what its record names
 *
 * Notes are copied whole, so that the units borrow from one block.
 */
#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "table.h"
#include "units.h"

static bool mentions_us(struct tn_view notes)
{
    return memmem(notes.at, notes.size, TN_RECORD_OWNER, sizeof TN_RECORD_OWNER);
}

bool tn_units_take_notes(tenon_units *units, struct tn_view notes, enum tn_endian endian,
                         struct tn_record *record, tenon_error *err)
{
    if (!mentions_us(notes))
        return true;
    uint8_t *kept = tn_arena_bytes(&units->arena, notes.size);
    if (!kept)
        return tn_no_memory(err);
    memcpy(kept, notes.at, notes.size);
    struct tn_view copy = { kept, notes.size, notes.start };
    return tn_units_borrow_notes(units, copy, endian, record, err);
}

bool tn_units_borrow_notes(tenon_units *units, struct tn_view notes, enum tn_endian endian,
                           struct tn_record *record, tenon_error *err)
{
    tenon_error local = TENON_ERROR_INIT;
    if (tn_record_read(&units->arena, notes, 4, endian, record, &local))
        return true;
    if (local.code == TENON_E_MEMORY)
        return tn_no_memory(err);
    units->record = TENON_RECORD_UNREADABLE;
    tn_units_remark(units, "%s", tenon_error_message(&local));
    return true;
}

static bool take_segments(struct tn_units_reading *r, struct tn_elf *elf, struct tn_record *record,
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
            !tn_units_take_notes(r->units, notes, elf->header.endian, record, err))
            return false;
    }
    return true;
}

/* Put in after the link, where no segment has it. */
static bool take_sections(struct tn_units_reading *r, struct tn_elf *elf, struct tn_record *record,
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
            !tn_units_take_notes(r->units, notes, elf->header.endian, record, err))
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

/* ---- an object that only names itself, and what the linker launcher found it to be ------------
 */

static bool only_names_itself(const tenon_unit *unit)
{
    return !unit->completed && unit->implementation.kind == TENON_DIGEST_UNKNOWN &&
           unit->stateful == TENON_UNKNOWN && !unit->definition_count;
}

/* How many completed units there are of each name. False: no memory. */
static bool count_completed(const struct tn_record *record, struct tn_names *names, size_t *counts)
{
    for (size_t i = 0; i < record->count; i++) {
        const tenon_unit *unit = &record->units[i];
        if (!unit->completed)
            continue;
        uint32_t number = tn_names_add(names, unit->name, strlen(unit->name));
        if (number == TN_NO_NAME)
            return false;
        counts[number]++;
    }
    return true;
}

static void drop_named(struct tn_record *record, const struct tn_names *names, size_t *counts)
{
    size_t kept = 0;
    for (size_t i = 0; i < record->count; i++) {
        const tenon_unit *unit = &record->units[i];
        uint32_t number = only_names_itself(unit)
                              ? tn_names_find(names, unit->name, strlen(unit->name))
                              : TN_NO_NAME;
        if (number != TN_NO_NAME && counts[number] > 0)
            counts[number]--;
        else
            record->units[kept++] = *unit;
    }
    record->count = kept;
}

/* Two notes, one unit: that of <tenon/record.h> gives way. */
static bool join_notes(struct tn_record *record, tenon_error *err)
{
    struct tn_names names;
    size_t i = 0;
    while (i < record->count && !only_names_itself(&record->units[i]))
        i++;
    if (i == record->count)
        return true;
    size_t *counts = calloc(record->count, sizeof *counts);
    bool good = tn_names_init(&names) && counts && count_completed(record, &names, counts);
    if (good)
        drop_named(record, &names, counts);
    tn_names_free(&names);
    free(counts);
    return good || tn_no_memory(err);
}

bool tn_units_add_record(tenon_units *units, struct tn_record *record, tenon_error *err)
{
    if (!join_notes(record, err))
        return false;
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

/* Dynamic symbols that make no sense are remarked on, and none are known then. */
static bool read_dynamic(struct tn_units_reading *r, struct tn_file *file,
                         struct tn_elf_symbols *out, bool *known, tenon_error *err)
{
    tenon_error local = TENON_ERROR_INIT;
    *known = tn_elf_read_symbols(file, NULL, out, &local);
    if (*known)
        return true;
    if (local.code == TENON_E_MEMORY)
        return tn_no_memory(err);
    *out = (struct tn_elf_symbols){ 0 };
    tn_units_remark(r->units, "dynamic symbols: %s", tenon_error_message(&local));
    return true;
}

static bool read_symbols(struct tn_units_reading *r, struct tn_file *file,
                         const struct tn_facts *facts, tenon_error *err)
{
    struct tn_elf_symbols dynamic;
    bool known;
    if (r->names_only)
        return facts->kind != TENON_KIND_SHARED_LIBRARY ||
               tn_library_unit(file->arena, facts, NULL, r->units, err);
    return read_dynamic(r, file, &dynamic, &known, err) &&
           tn_visible_read(file, facts, &dynamic, r->units, err) &&
           (facts->kind != TENON_KIND_SHARED_LIBRARY ||
            tn_library_unit(file->arena, facts, known ? &dynamic : NULL, r->units, err));
}

bool tn_units_read_linked(struct tn_units_reading *r, struct tn_file *file,
                          const struct tn_facts *facts, tenon_error *err)
{
    struct tn_elf elf;
    struct tn_record record = { 0 };
    if (!read_symbols(r, file, facts, err) || !tn_elf_start(&elf, file, NULL, err) ||
        !take_segments(r, &elf, &record, err))
        return false;
    if (!record.count && !record.has_summary && r->units->record == TENON_RECORD_NONE &&
        !take_sections(r, &elf, &record, err))
        return false;
    return tn_units_add_record(r->units, &record, err);
}
