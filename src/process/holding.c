/* src/process/holding.c - an image that is, or would be, in a process, with the units it holds */
#include "holding.h"

#include <stdlib.h>
#include <string.h>

#include "fail.h"

struct tn_holding *tn_holding_new(const char *path, tenon_error *err)
{
    struct tn_holding *holding = calloc(1, sizeof *holding);
    if (holding) {
        holding->loaded_by = -1;
        holding->path = tn_arena_string(&holding->arena, path);
        holding->place = holding->path;
    }
    if (!holding || !holding->path) {
        tn_holding_free(holding);
        tn_no_memory(err);
        return NULL;
    }
    return holding;
}

void tn_holding_free(struct tn_holding *holding)
{
    if (!holding)
        return;
    for (size_t i = 0; i < holding->record_count; i++)
        if (holding->records[i] != holding->file)
            tenon_units_free(holding->records[i]);
    tenon_units_free(holding->file);
    tn_arena_free(&holding->arena);
    free(holding);
}

/* The worst of what an image's records say counts; a summary says more than units alone. */
static void note_record(struct tn_holding *holding, enum tenon_record record)
{
    if (record > holding->record)
        holding->record = record;
}

bool tn_holding_add_notes(struct tn_holding *holding, const void *bytes, size_t size,
                          unsigned align, tenon_error *err)
{
    if (holding->record_count == TN_HOLDING_RECORDS)
        return tn_fail(err, TENON_E_LIMIT, "more than %d segments of notes", TN_HOLDING_RECORDS);
    void *copy = tn_arena_take(&holding->arena, size);
    if (!copy)
        return tn_no_memory(err);
    memcpy(copy, bytes, size);
    tenon_units *units = tenon_units_parse_notes(copy, size, align, holding->path, err);
    if (!units)
        return false;
    holding->records[holding->record_count++] = units;
    note_record(holding, tenon_units_record(units));
    return true;
}

static bool copy_needs(struct tn_holding *holding, const tenon_image *image)
{
    size_t count = 0, k = 0;
    const tenon_need *need;
    while (tenon_image_need(image, count))
        count++;
    const char **needs = tn_arena_rows(&holding->arena, count + 1, sizeof *needs);
    for (size_t i = 0; needs && (need = tenon_image_need(image, i)); i++) {
        needs[k] = tn_arena_string(&holding->arena, need->name);
        if (!needs[k++])
            return false;
    }
    holding->needs = needs;
    holding->need_count = k;
    return needs != NULL;
}

static bool copy_text(struct tn_holding *holding, const char **out, const char *text)
{
    if (text)
        *out = tn_arena_string(&holding->arena, text);
    return *out || !text;
}

/* The image itself as a unit: by its own name and build id. Needs neither. */
static void name_library(struct tn_holding *holding)
{
    const char *slash = strrchr(holding->path, '/');
    holding->library = (tenon_unit){
        .kind = TENON_UNIT_LIBRARY,
        .name = holding->own_name ? holding->own_name
                : slash           ? slash + 1
                                  : holding->path,
        .stateful = TENON_UNKNOWN,
    };
    if (holding->build_id)
        tenon_digest_read(holding->build_id, TENON_DIGEST_BUILD_ID,
                          &holding->library.implementation, NULL);
}

bool tn_holding_take_image(struct tn_holding *holding, const tenon_image *image, tenon_error *err)
{
    const char *file_id = tenon_image_build_id(image);
    const tenon_fact *fact;
    if (holding->build_id && (!file_id || strcmp(file_id, holding->build_id) != 0))
        holding->replaced = "the file was replaced after it was loaded";
    if (!copy_text(holding, &holding->own_name, tenon_image_own_name(image)) ||
        (!holding->build_id && !copy_text(holding, &holding->build_id, file_id)) ||
        !copy_needs(holding, image))
        return tn_no_memory(err);
    for (size_t i = 0; (fact = tenon_image_fact(image, i)); i++)
        if (strcmp(fact->name, "static_tls") == 0)
            holding->has_static_tls = true;
    name_library(holding);
    return true;
}

bool tn_holding_read_image(struct tn_holding *holding, tenon_world *world, tenon_error *err)
{
    tenon_error why = TENON_ERROR_INIT;
    tenon_image *image = tenon_image_open(world, holding->path, TENON_PART_CORE, &why);
    if (!image) {
        if (why.code == TENON_E_MEMORY)
            return tn_no_memory(err);
        holding->replaced = tn_arena_string(&holding->arena, tenon_error_message(&why));
        name_library(holding);
        return holding->replaced || tn_no_memory(err);
    }
    bool good = tn_holding_take_image(holding, image, err);
    tenon_image_free(image);
    return good;
}

const tenon_units *tn_holding_file(struct tn_holding *holding, tenon_world *world)
{
    const tenon_image_source source = { .path = holding->path };
    if (!holding->file && !holding->file_tried && !holding->replaced) {
        holding->file_tried = true;
        holding->file = tenon_units_read(world, &source, NULL);
        if (holding->file && !holding->base && !holding->record_count) {
            holding->records[holding->record_count++] = holding->file;
            note_record(holding, tenon_units_record(holding->file));
        }
    }
    return holding->file;
}

bool tn_holding_take_bytes(struct tn_holding *holding, const void *bytes, size_t size,
                           tenon_error *err)
{
    holding->file_tried = true;
    holding->file = tenon_units_parse(bytes, size, holding->path, err);
    if (!holding->file)
        return false;
    holding->records[holding->record_count++] = holding->file;
    note_record(holding, tenon_units_record(holding->file));
    return true;
}

static const tenon_visible *find_visible(const void *of, const char *name)
{
    return tenon_units_find_visible(of, name);
}

struct tn_sight tn_holding_sight(struct tn_holding *holding, tenon_world *world)
{
    const tenon_units *file = tn_holding_file(holding, world);
    return (struct tn_sight){ file ? find_visible : NULL, file };
}

const tenon_unit *tn_holding_unit(const struct tn_holding *holding, size_t i)
{
    for (size_t k = 0; k < holding->record_count; k++) {
        size_t count = tenon_units_count(holding->records[k]);
        if (i < count)
            return tenon_units_at(holding->records[k], i);
        i -= count;
    }
    return NULL;
}
