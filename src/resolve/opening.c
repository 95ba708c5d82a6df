/* src/resolve/opening.c - each file is opened and read once, by whoever comes to it first */
#include <errno.h>
#include <string.h>

#include "fail.h"
#include "nodes.h"

/*
 * The node of a file that the thread has looked at; *left: another row of the thread's is to have
 * read it, and has not.
 */
static uint32_t keep_result(tenon_resolver *r, const struct tn_ahead_result *result, uint32_t path,
                            bool *left)
{
    uint32_t key[4];
    struct tn_ahead_result *other = NULL;
    uint32_t node = tn_node_known(r, &result->info, key);
    if (node == TN_NO_NODE && result->known)
        result = other = tn_ahead_claim(r->ahead, &result->info);
    *left = node == TN_NO_NODE && !result;
    if (node == TN_NO_NODE && result)
        node = tn_node_add(r, &result->info, &result->reading, path, key);
    if (node != TN_NO_NODE)
        r->nodes[node]->foreseen = true;
    tn_ahead_done(r->ahead, other);
    return node;
}

/* A file that is read ahead: the thread has it, or will be told that we do. */
static bool open_ahead(tenon_resolver *r, uint32_t path, struct tn_opening *opening)
{
    uint32_t row = r->uses[path].expected;
    struct tn_ahead_result *result = row ? tn_ahead_take_listed(r->ahead, row - 1)
                                         : tn_ahead_take(r->ahead, tn_text_of(r, path));
    bool left = false;
    if (!result)
        return false;
    opening->error = result->error;
    if (!result->error)
        opening->node = keep_result(r, result, path, &left);
    tn_ahead_done(r->ahead, result);
    return !left;
}

/*
 * The reading of a file that we opened ourselves: the thread's (*result is to be given back), or
 * ours in `own`. What is no image need not be remembered where whole trees are asked about.
 */
static const struct tn_reading *read_opened(tenon_resolver *r, struct tn_file *file,
                                            bool only_images, struct own_reading *own,
                                            struct tn_ahead_result **result)
{
    *result = r->ahead ? tn_ahead_claim(r->ahead, &file->info) : NULL;
    if (*result)
        return &(*result)->reading;
    tn_reading_make(file, &own->is, &own->err);
    if (r->ahead)
        tn_ahead_read(r->ahead, &file->info, own->is.good || !only_images);
    return &own->is;
}

/* Reads a file that we opened ourselves, unless the thread has read it under another name. */
static uint32_t read_file(tenon_resolver *r, struct tn_file *file, uint32_t path)
{
    uint32_t key[4];
    struct own_reading own;
    struct tn_ahead_result *result;
    uint32_t node = tn_node_known(r, &file->info, key);
    if (node != TN_NO_NODE)
        return node;
    const struct tn_reading *reading = read_opened(r, file, false, &own, &result);
    node = tn_node_add(r, &file->info, reading, path, key);
    tn_ahead_done(r->ahead, result);
    return node;
}

/* ---- files that are read for several resolvers --------------------------------------------- */

static void put_on_shelf(tenon_resolver *r, struct tn_shelf_entry *entry, uint32_t node)
{
    const struct tn_node *made = node == TN_NO_NODE ? NULL : r->nodes[node];
    const char *const *texts = made ? tn_node_texts(r, made) : NULL;
    tn_shelf_fill(r->reader, entry, texts ? made : NULL, texts);
}

/* The node of an open file; *entry is what others find it by. TN_NO_NODE: no memory. */
static uint32_t read_shared(tenon_resolver *r, struct tn_file *file, uint32_t path,
                            struct tn_shelf_entry **entry)
{
    uint32_t key[4];
    struct own_reading own;
    bool ours;
    *entry = tn_shelf_entry(r->reader, &file->info, &ours);
    if (!*entry || !ours)
        return *entry ? tn_node_adopt(r, *entry, path) : TN_NO_NODE;
    uint32_t node = tn_node_known(r, &file->info, key);
    if (node == TN_NO_NODE) {
        tn_reading_make(file, &own.is, &own.err);
        node = tn_node_add(r, &file->info, &own.is, path, key);
    }
    put_on_shelf(r, *entry, node);
    return node;
}

/* Opens a path without looking for it on the shelf. */
static struct tn_opening open_here(tenon_resolver *r, uint32_t path, struct tn_shelf_entry **entry)
{
    struct tn_opening opening = { .node = TN_NO_NODE };
    struct tn_file file;
    *entry = NULL;
    opening.error = tn_file_open(r->world, tn_text_of(r, path), &r->scratch, &file);
    if (opening.error)
        return opening;
    opening.node = read_shared(r, &file, path, entry);
    tn_file_close(&file);
    tn_arena_reset(&r->scratch);
    return opening;
}

static struct tn_opening open_shared(tenon_resolver *r, uint32_t path)
{
    bool ours;
    struct tn_shelf_entry *entry;
    struct tn_opening opening = { ENOMEM, TN_NO_NODE };
    if (*tn_text_of(r, path) != '/') /* worlds differ in where such paths begin */
        return open_here(r, path, &entry);
    struct tn_shelf_row *row = tn_shelf_row(r->reader, &r->names.rows[path], &ours);
    if (row && ours) {
        opening = open_here(r, path, &entry);
        bool failed = opening.error == 0 && opening.node == TN_NO_NODE;
        tn_shelf_fill_row(r->reader, row, failed ? ENOMEM : opening.error, entry);
    } else if (row) {
        opening.error = row->error;
        opening.node = row->error ? TN_NO_NODE : tn_node_adopt(r, row->entry, path);
    }
    return opening;
}

/* Lets others have what was read of a file that was met in a directory. */
static void share_image(tenon_resolver *r, uint32_t node)
{
    bool ours;
    struct tn_shelf_entry *entry = tn_shelf_entry(r->reader, &r->nodes[node]->info, &ours);
    if (entry && ours)
        put_on_shelf(r, entry, node);
}

static struct tn_opening open_path(tenon_resolver *r, uint32_t path)
{
    struct tn_opening opening = { .node = TN_NO_NODE };
    struct tn_file file;
    if (r->uses[path].is_inside)
        return tn_open_inside(r, path);
    if (r->reader)
        return open_shared(r, path);
    if (r->ahead && open_ahead(r, path, &opening))
        return opening;
    opening.error = tn_file_open(r->world, tn_text_of(r, path), &r->scratch, &file);
    if (opening.error == 0) {
        opening.node = read_file(r, &file, path);
        tn_file_close(&file);
        tn_arena_reset(&r->scratch);
    }
    return opening;
}

/*
 * Remembers what came of opening a path; false: no memory, or no descriptor. A loader would have
 * one: that the file is not to be had is no answer.
 */
static bool remember(tenon_resolver *r, uint32_t path, struct tn_opening opening)
{
    if (opening.error == EMFILE || opening.error == ENFILE)
        r->failed = opening.error;
    if (r->failed || opening.error == ENOMEM ||
        (opening.error == 0 && opening.node == TN_NO_NODE) ||
        !tn_grow(&r->openings, &r->opening_room, r->opening_count, sizeof *r->openings)) {
        r->no_memory = true;
        return false;
    }
    r->openings[r->opening_count++] = opening;
    r->uses[path].opened = (uint32_t)r->opening_count;
    return true;
}

/* A file read for the first time: an image becomes a node, anything else only an error. */
static uint32_t keep_image(tenon_resolver *r, const struct tn_file *file,
                           const struct tn_reading *reading, tenon_error *err)
{
    uint32_t key[4];
    uint32_t name = tn_resolver_name(r, file->name);
    struct tn_opening opening = { .node = tn_node_known(r, &file->info, key) };
    bool is_new = opening.node == TN_NO_NODE;
    if (name != TN_NO_NAME && is_new)
        opening.node = tn_node_add(r, &file->info, reading, name, key);
    if (r->reader && is_new && opening.node != TN_NO_NODE)
        share_image(r, opening.node);
    if (name != TN_NO_NAME && remember(r, name, opening))
        return name;
    tn_no_memory(err);
    return TN_NO_NAME;
}

/* Why the file that the caller calls `path` was not read. */
static void fail_reading(const struct tn_reading *reading, const char *path, tenon_error *err)
{
    if (!err)
        return;
    *err = *reading->err;
    if (err->code != TENON_E_MEMORY)
        tn_context(err, "%s", path);
}

/* Has another resolver read it? It is ours then, too, unless there is no memory. */
static bool is_on_shelf(tenon_resolver *r, const char *path, const tenon_file_info *info)
{
    const struct tn_shelf_entry *entry = r->reader ? tn_shelf_find(r->reader, info) : NULL;
    uint32_t name = entry ? tn_resolver_name(r, path) : TN_NO_NAME;
    return name != TN_NO_NAME && tn_node_adopt(r, entry, name) != TN_NO_NODE;
}

static uint32_t read_argument(tenon_resolver *r, const char *path, tenon_error *err)
{
    uint32_t key[4], name = TN_NO_NAME;
    struct tn_file file;
    struct own_reading own;
    const struct tn_reading *reading = NULL;
    struct tn_ahead_result *result = NULL;
    int error = tn_file_open(r->world, path, &r->scratch, &file);
    if (error) {
        tn_fail_system(err, error, "%s", path);
        return TN_NO_NAME;
    }
    if (tn_node_known(r, &file.info, key) == TN_NO_NODE && !is_on_shelf(r, path, &file.info))
        reading = read_opened(r, &file, true, &own, &result);
    if (!reading || reading->good)
        name = keep_image(r, &file, reading, err);
    else
        fail_reading(reading, path, err);
    tn_ahead_done(r->ahead, result);
    tn_file_close(&file);
    tn_arena_reset(&r->scratch);
    return name;
}

uint32_t tn_resolver_argument(tenon_resolver *r, const tenon_image_source *source, tenon_error *err)
{
    const char *path = source->path;
    r->no_memory = r->too_much = false;
    r->failed = 0;
    if (source->slice || source->member) {
        uint32_t inside = tn_resolver_source(r, source);
        if (inside == TN_NO_NAME)
            tn_no_memory(err);
        return inside;
    }
    uint32_t name = tn_names_find(&r->names, path, strlen(path));
    bool is_new = name == TN_NO_NAME;
    if (!is_new && name >= r->use_room) /* no room for it yet */
        name = tn_resolver_name(r, path);
    if (is_new || (name != TN_NO_NAME && !r->uses[name].opened && !r->uses[name].expected))
        return read_argument(r, path, err);
    if (name == TN_NO_NAME)
        tn_no_memory(err);
    return name;
}

struct tn_node *tn_resolver_open(tenon_resolver *r, uint32_t path, int *error)
{
    *error = ENOMEM;
    if (!r->uses[path].opened && !remember(r, path, open_path(r, path)))
        return NULL;
    const struct tn_opening *opening = &r->openings[r->uses[path].opened - 1];
    *error = opening->error;
    return opening->error ? NULL : r->nodes[opening->node];
}
