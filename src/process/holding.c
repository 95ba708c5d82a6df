/* src/process/holding.c - an image that is, or would be, in a process, with the units it holds */
#include "holding.h"

#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "file.h"
#include "model.h"
#include "units.h"

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
        if (holding->records[i] != holding->file && !holding->proof)
            tenon_units_free(holding->records[i]);
    tenon_units_free(holding->file);
    tn_arena_free(&holding->arena);
    if (!holding->in_arena)
        free(holding);
}

/* The worst of what an image's records say counts; a summary says more than units alone. */
static void note_record(struct tn_holding *holding, enum tenon_record record)
{
    if (record > holding->record)
        holding->record = record;
}

static bool take_units(struct tn_holding *holding, tenon_units *units)
{
    if (!units)
        return false;
    holding->records[holding->record_count++] = units;
    note_record(holding, tenon_units_record(units));
    return true;
}

bool tn_holding_add_notes(struct tn_holding *holding, const void *bytes, size_t size,
                          unsigned align, tenon_error *err)
{
    if ((holding->is_program ? holding->note_count : holding->record_count) == TN_HOLDING_RECORDS)
        return tn_fail(err, TENON_E_LIMIT, "more than %d segments of notes", TN_HOLDING_RECORDS);
    if (!holding->is_program)
        return take_units(holding, tenon_units_parse_notes(bytes, size, align, holding->path, err));
    holding->notes[holding->note_count++] = tn_view(bytes, size);
    return true;
}

bool tn_holding_read_notes(struct tn_holding *holding, tenon_error *err)
{
    for (; holding->notes_read < holding->note_count; holding->notes_read++) {
        struct tn_view notes = holding->notes[holding->notes_read];
        if (!take_units(holding, tn_units_parse_borrowed(notes.at, notes.size, holding->path, err)))
            return false;
    }
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

/*
 * The image itself as a unit: by its own name and build id. Needs neither. Of a plugin's own code
 * the build id alone counts.
 */
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

void tn_holding_set_own_code(struct tn_holding *holding, bool is_own_code)
{
    holding->is_own_code = is_own_code;
}

bool tn_holding_is_library(const struct tn_holding *holding)
{
    return !holding->is_program && (holding->own_name || !holding->is_own_code);
}

bool tn_holding_answers(const struct tn_holding *holding, const char *name)
{
    return (holding->own_name && strcmp(holding->own_name, name) == 0) ||
           (holding->name && strcmp(holding->name, name) == 0);
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

static void take_proof(struct tn_holding *holding, const char *path, const struct tn_proof *proof)
{
    holding->loaded_by = -1;
    holding->path = holding->place = path;
    holding->proof = proof;
    holding->own_name = proof->own_name;
    holding->build_id = proof->build_id;
    holding->needs = proof->needs;
    holding->need_count = proof->need_count;
    holding->has_static_tls = proof->has_static_tls;
    holding->tls_size = proof->tls_size;
    holding->strong_known = true;
    holding->strong = proof->strong;
    holding->strong_count = proof->strong_count;
    holding->records[holding->record_count++] = proof->units;
    note_record(holding, tenon_units_record(proof->units));
    name_library(holding);
}

struct tn_holding *tn_holding_of_proof(struct tn_arena *arena, const char *path,
                                       const struct tn_proof *proof)
{
    struct tn_holding *holding = tn_arena_take(arena, sizeof *holding);
    if (!holding)
        return NULL;
    holding->in_arena = true;
    take_proof(holding, path, proof);
    return holding;
}

struct tn_holding *tn_holding_came(const char *path, const char *plugin,
                                   const struct tn_proof *proof)
{
    size_t path_size = strlen(path) + 1, size = strlen(plugin) + 1;
    static const char before[] = "plugin \"";
    struct tn_holding *holding =
        calloc(1, sizeof *holding + path_size + size + sizeof before + size);
    if (!holding)
        return NULL;
    char *at = (char *)(holding + 1);
    take_proof(holding, memcpy(at, path, path_size), proof);
    holding->plugin = memcpy(at + path_size, plugin, size);
    holding->place = at + path_size + size;
    stpcpy(stpcpy(stpcpy(at + path_size + size, before), plugin), "\"");
    holding->reason = TENON_BY_PLUGIN;
    return holding;
}

bool tn_holding_read_image(struct tn_holding *holding, tenon_world *world, tenon_error *err)
{
    tenon_error why = TENON_ERROR_INIT;
    tenon_image *image = tenon_image_open(world, holding->path, TENON_PART_CORE, &why);
    holding->checked = true;
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

/* ---- an object of this process ----------------------------------------------------------------
 */

static const char *keep(struct tn_holding *holding, const char *text)
{
    return !text || holding->is_program ? text : tn_arena_string(&holding->arena, text);
}

bool tn_holding_take_mapped(struct tn_holding *holding, const struct dl_phdr_info *info)
{
    struct tn_mapped *m = tn_arena_take(&holding->arena, sizeof *m);
    const char *own_name, **needs;
    size_t count = 0, at = 0;
    if (!m)
        return false;
    tn_mapped_take(m, info);
    holding->mapped = m->has_symbols ? m : NULL;
    own_name = tn_mapped_string(m, DT_SONAME);
    holding->own_name = keep(holding, own_name);
    while (tn_mapped_next_string(m, DT_NEEDED, &at))
        count++;
    needs = tn_arena_rows(&holding->arena, count + 1, sizeof *needs);
    bool good = needs && (holding->own_name || !own_name);
    at = 0;
    for (size_t i = 0; good && i < count; i++) {
        needs[i] = keep(holding, tn_mapped_next_string(m, DT_NEEDED, &at));
        good = needs[i] != NULL;
    }
    holding->needs = needs;
    holding->need_count = good ? count : 0;
    holding->has_static_tls = tn_mapped_number(m, DT_FLAGS) & DF_STATIC_TLS;
    name_library(holding);
    return good;
}

static struct tn_identity identity_of(const tenon_file_info *info)
{
    return (struct tn_identity){ .device = info->device,
                                 .inode = info->inode,
                                 .size = info->size,
                                 .changed = (int64_t)info->changed };
}

static void say_replaced(struct tn_holding *holding, const tenon_error *why)
{
    holding->replaced = tn_arena_string(&holding->arena, tenon_error_message(why));
    holding->starved |= !holding->replaced || why->code == TENON_E_MEMORY;
    holding->checked = !tn_is_failure(why);
}

static void check_file(struct tn_holding *holding, struct tn_file *file, tenon_error *why)
{
    struct tn_facts facts;
    if (!tn_elf_read_facts(file, NULL, &facts, why))
        return;
    bool is_other = holding->build_id
                        ? !facts.build_id || strcmp(facts.build_id, holding->build_id) != 0
                        : holding->reason != TENON_BY_PLUGIN && tn_mapped_is_deleted(holding->base);
    if (is_other) {
        tn_fail(why, TENON_E_MALFORMED, "the file was replaced after it was loaded");
        return;
    }
    holding->is_bare = tn_visible_is_dynamic_only(file);
    holding->identity = identity_of(&file->info);
}

bool tn_holding_check_file(struct tn_holding *holding, tenon_world *world)
{
    struct tn_arena arena = { 0 };
    struct tn_file file;
    tenon_error why = TENON_ERROR_INIT;
    if (holding->checked)
        return !holding->replaced;
    holding->replaced = NULL;
    int number = tn_file_open(world, holding->path, &arena, &file);
    holding->checked = true;
    if (number) {
        tn_fail_system(&why, number, "%s", holding->path);
    } else {
        check_file(holding, &file, &why);
        tn_file_close(&file);
    }
    if (why.code)
        say_replaced(holding, &why);
    tn_arena_free(&arena);
    return !why.code;
}

static bool is_stripped(const char *path, tenon_world *world)
{
    struct tn_arena arena = { 0 };
    struct tn_file file;
    bool bare = false;
    if (tn_file_open(world, path, &arena, &file) == 0) {
        bare = tn_visible_is_dynamic_only(&file);
        tn_file_close(&file);
    }
    tn_arena_free(&arena);
    return bare;
}

bool tn_holding_hides(struct tn_holding *holding, tenon_world *world)
{
    if (holding->record != TENON_RECORD_ASSEMBLED && holding->record != TENON_RECORD_PARTIAL)
        return false;
    if (holding->proof)
        return holding->proof->is_bare;
    if (!holding->base)
        return is_stripped(holding->path, world);
    return tn_holding_check_file(holding, world) && holding->is_bare;
}

bool tn_holding_file_changed(const struct tn_holding *holding)
{
    struct stat info;
    if (!holding->checked || !holding->identity.inode || stat(holding->path, &info) != 0)
        return true;
    struct tn_identity now = tn_identity(&info);
    return !tn_identity_same(&now, &holding->identity);
}

/* ---- the file ----------------------------------------------------------------------------------
 */

static void read_file(struct tn_holding *holding, tenon_world *world)
{
    const tenon_image_source source = { .path = holding->path };
    tenon_error why = TENON_ERROR_INIT;
    holding->file = tenon_units_read(world, &source, &why);
    holding->file_tried = !tn_is_failure(&why);
    holding->starved |= why.code == TENON_E_MEMORY;
    holding->fault = NULL;
    if (!holding->file) {
        holding->fault = tn_arena_string(&holding->arena, tenon_error_message(&why));
        holding->fault_code = why.code;
        holding->starved |= !holding->fault;
    } else if (!holding->base && !holding->record_count) {
        holding->records[holding->record_count++] = holding->file;
        note_record(holding, tenon_units_record(holding->file));
    }
}

const tenon_units *tn_holding_file(struct tn_holding *holding, tenon_world *world)
{
    if (holding->file || holding->file_tried)
        return holding->file;
    if (holding->base && !tn_holding_check_file(holding, world))
        return NULL;
    if (!holding->replaced)
        read_file(holding, world);
    return holding->file;
}

size_t tn_holding_strong_count(struct tn_holding *holding, tenon_world *world)
{
    if (holding->strong_known)
        return holding->strong_count;
    const tenon_units *file = tn_holding_file(holding, world);
    return file ? tenon_units_visible_count(file) : 0;
}

const char *tn_holding_strong(const struct tn_holding *holding, size_t i)
{
    if (holding->strong_known)
        return holding->strong[i];
    const tenon_visible *seen = tenon_units_visible(holding->file, i);
    return seen->strong ? seen->name : NULL;
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
