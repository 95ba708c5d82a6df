/* src/link/predict.c - reads the record of one linked file */
#include "predict.h"

#include <stdlib.h>

#include "elf_private.h"
#include "fail.h"
#include "record.h"
#include "text.h"

/* The notes of a file's segments. */
static bool read_segments(struct tn_elf *elf, struct tn_record *record, tenon_error *err)
{
    uint64_t left = elf->file->info.size; /* segments that overlap are not read without end */

    for (size_t i = 0; i < elf->segment_count; i++) {
        const struct tn_elf_segment *segment = &elf->segments[i];
        struct tn_view notes;
        if (segment->p_type != TN_PT_NOTE)
            continue;
        uint64_t size = tn_elf_clamp(elf, segment->p_offset, segment->p_filesz);
        size = size < left ? size : left;
        left -= size;
        if (!tn_file_view(elf->file, segment->p_offset, size, "notes", &notes, err) ||
            !tn_record_read(elf->file->arena, notes, 4, elf->header.endian, record, err))
            return false;
    }
    return true;
}

static bool read_record(tenon_world *world, struct tn_arena *arena, const char *path,
                        struct tn_elf_header *header, struct tn_record *record, tenon_error *err)
{
    struct tn_file file;
    struct tn_elf elf;
    int failed = tn_file_open(world, path, arena, &file);

    if (failed)
        return tn_fail_system(err, failed, "cannot be opened");
    bool good = tn_elf_start(&elf, &file, NULL, err) && read_segments(&elf, record, err);
    if (good)
        *header = elf.header;
    tn_file_close(&file);
    return good;
}

/* Notes one after the other, in malloc memory that grows. */
struct pile {
    uint8_t *bytes;
    size_t size, room;
};

static bool put(struct pile *pile, struct tn_view note)
{
    for (size_t i = 0; i < note.size; i++) {
        if (!tn_grow(&pile->bytes, &pile->room, pile->size, 1))
            return false;
        pile->bytes[pile->size++] = note.at[i];
    }
    return true;
}

static bool write_again(struct tn_arena *scratch, const struct tn_record *record,
                        enum tn_endian endian, struct pile *pile)
{
    struct tn_view note;

    for (size_t i = 0; i < record->count; i++)
        if (record->units[i].completed &&
            (!tn_record_write_unit(scratch, &record->units[i], endian, &note, NULL) ||
             !put(pile, note)))
            return false;
    return tn_record_write_summary(scratch, &record->summary, endian, &note, NULL) &&
           put(pile, note);
}

bool tn_predict_notes(tenon_world *world, struct tn_arena *arena, const char *output,
                      struct tn_elf_header *like, struct tn_view *notes)
{
    struct tn_arena scratch = { 0 };
    struct tn_record record = { 0 };
    struct pile pile = { 0 };
    bool good = read_record(world, &scratch, output, like, &record, NULL) && record.has_summary &&
                write_again(&scratch, &record, like->endian, &pile);

    if (good) {
        const char *kept = tn_arena_copy(arena, pile.bytes, pile.size);
        good = kept != NULL;
        *notes = tn_view(kept, good ? pile.size : 0);
    }
    free(pile.bytes);
    tn_arena_free(&scratch);
    return good;
}

static size_t count_completed(const struct tn_record *record)
{
    size_t count = 0;

    for (size_t i = 0; i < record->count; i++)
        count += record->units[i].completed;
    return count;
}

bool tn_predict_check(tenon_world *world, const char *output, struct tn_view notes,
                      tenon_error *err)
{
    struct tn_arena scratch = { 0 };
    struct tn_record wanted = { 0 }, found = { 0 };
    struct tn_elf_header header;
    char shown[TN_QUOTE_ROOM];
    bool good = read_record(world, &scratch, output, &header, &found, err) &&
                tn_record_read(&scratch, notes, 4, header.endian, &wanted, err);

    if (good && (!found.has_summary || count_completed(&found) != count_completed(&wanted)))
        good = tn_fail(err, TENON_E_UNSUPPORTED,
                       "the linker dropped its notes (%zu units of %zu are in it): does a linker "
                       "script discard \"" TN_RECORD_SECTION "\"?",
                       count_completed(&found), count_completed(&wanted));
    tn_arena_free(&scratch);
    return good || tn_context(err, "%s", tn_quote(shown, output));
}
