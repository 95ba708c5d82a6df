/* fuzz/fuzz_ar.c - any bytes as an archive: walked, and written anew */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "add_note.h"
#include "record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Members in file order, each inside the file or outside it altogether. */
static size_t walk(struct tn_file *file, size_t size)
{
    struct tn_ar ar;
    struct tn_ar_member m;
    tenon_error err = TENON_ERROR_INIT;
    uint64_t before = 0;
    size_t n = 0;
    if (!tn_ar_open(file, &ar, &err))
        return 0;
    while (tn_ar_next(&ar, &m, &err)) {
        if ((m.header < before && !ar.is_aix) ||
            (!m.external && (m.offset > size || m.size > size - m.offset)))
            abort();
        before = m.header + 1;
        n += strlen(m.name) + 1;
    }
    if (!ar.end && err.code == TENON_OK)
        abort();
    return n;
}

static bool note_for(void *arg, const struct tn_ar_member *member, struct tn_view bytes,
                     struct tn_view *notes, tenon_error *err)
{
    tenon_unit unit = { .name = member->name[0] ? member->name : "x" };
    if (bytes.size < 4 || memcmp(bytes.at, "\177ELF", 4) != 0)
        return true;
    return tn_record_write_unit(arg, &unit, TN_LITTLE, notes, err);
}

/* What was written is an archive of as many members, and writing it again changes nothing. */
static void rewrite(struct tn_arena *arena, struct tn_file *file, size_t size)
{
    struct tn_view once, twice;
    struct tn_file again;
    tenon_error err = TENON_ERROR_INIT;
    if (!tn_archive_rewrite(arena, file, note_for, arena, &once, &err)) {
        if (err.code == TENON_OK)
            abort();
        return;
    }
    tn_file_from_bytes(&again, "again", once.at, once.size);
    again.arena = arena;
    if (walk(file, size) != walk(&again, once.size))
        abort();
    if (!tn_archive_rewrite(arena, &again, note_for, arena, &twice, &err) ||
        once.size != twice.size || memcmp(once.at, twice.at, once.size) != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tn_arena arena = { 0 };
    struct tn_file file;
    tn_file_from_bytes(&file, "fuzz", data, size);
    file.arena = &arena;
    (void)walk(&file, size);
    rewrite(&arena, &file, size);
    tn_arena_free(&arena);
    return 0;
}
