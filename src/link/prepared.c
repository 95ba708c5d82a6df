/* src/link/prepared.c - reads objects ahead of the trace that names them */
#include "prepared.h"

#include <stdlib.h>

#include "units.h"

#define SMALL (64u << 10)

bool tn_prepared_init(struct tn_prepared *prepared)
{
    *prepared = (struct tn_prepared){ 0 };
    return tn_names_init(&prepared->paths);
}

void tn_prepared_free(struct tn_prepared *prepared)
{
    tn_names_free(&prepared->paths);
    tn_arena_free(&prepared->arena);
    free(prepared->objects);
    *prepared = (struct tn_prepared){ 0 };
}

/* Of the units that an object records itself the names matter, and whether that is all. */
static bool keep_record(struct tn_arena *arena, struct tn_record *record)
{
    tenon_unit *rows = tn_arena_rows(arena, record->count, sizeof *rows);

    for (size_t i = 0; rows && i < record->count; i++) {
        rows[i] = (tenon_unit){ .name = tn_arena_string(arena, record->units[i].name),
                                .implementation = record->units[i].implementation };
        if (!rows[i].name)
            return false;
    }
    *record = (struct tn_record){ .units = rows, .count = record->count };
    return rows != NULL;
}

/* A small file is read at once: nearly all of it will be looked at. */
static bool read_small(struct tn_file *file)
{
    struct tn_view bytes;

    return file->info.size > SMALL ||
           tn_file_view(file, 0, file->info.size, "object", &bytes, NULL);
}

static void read_one(struct tn_prepared *prepared, tenon_world *world, const char *path)
{
    size_t before = prepared->paths.count;
    uint32_t number = tn_names_add(&prepared->paths, path, strlen(path));
    struct tn_arena scratch = { 0 };
    struct tn_prepared_object *row;
    struct tn_file file;

    prepared->has_all &= number != TN_NO_NAME;
    if (number == TN_NO_NAME || number < before ||
        !tn_grow(&prepared->objects, &prepared->room, number, sizeof *prepared->objects))
        return;
    row = &prepared->objects[number];
    row->known = false;
    if (tn_file_open(world, path, &scratch, &file) == 0) {
        row->known = read_small(&file) && tn_object_is_one(&file, NULL) &&
                     tn_object_read(&file, &row->object, NULL) && !row->object.is_lto &&
                     tn_unit_copy_definitions(&prepared->arena, &row->object.unit) &&
                     keep_record(&prepared->arena, &row->object.record);
        tn_file_close(&file);
    }
    tn_arena_free(&scratch);
}

void tn_prepared_read(struct tn_prepared *prepared, tenon_world *world,
                      const struct tn_words *files)
{
    prepared->has_all = true;
    for (size_t i = 0; i < files->count; i++)
        read_one(prepared, world, files->at[i]);
}

const struct tn_object *tn_prepared_find(const struct tn_prepared *prepared, const char *path)
{
    uint32_t number = tn_names_find(&prepared->paths, path, strlen(path));

    if (number == TN_NO_NAME || number >= prepared->room || !prepared->objects[number].known)
        return NULL;
    return &prepared->objects[number].object;
}
