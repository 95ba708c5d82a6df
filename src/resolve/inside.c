/* src/resolve/inside.c - slices of universal files and members of archives */
#include <errno.h>
#include <string.h>

#include "fail.h"
#include "nodes.h"

/* The slice and member that stand behind a path; NULL: none. */
static tenon_image_source source_at(const tenon_resolver *r, uint32_t path)
{
    tenon_image_source source = { .path = tn_text_of(r, path) };
    const char *slice = source.path + strlen(source.path) + 1, *member = slice + strlen(slice) + 1;
    source.slice = *slice ? slice : NULL;
    source.member = *member ? member : NULL;
    return source;
}

uint32_t tn_resolver_source(tenon_resolver *r, const tenon_image_source *source)
{
    const char *slice = source->slice ? source->slice : "";
    const char *member = source->member ? source->member : "";
    size_t sizes[] = { strlen(source->path) + 1, strlen(slice) + 1, strlen(member) };
    if (!*slice && !*member)
        return tn_resolver_name(r, source->path);
    char *text = tn_arena_bytes(&r->passing.arena, sizes[0] + sizes[1] + sizes[2]);
    if (!text) {
        r->no_memory = true;
        return TN_NO_NAME;
    }
    memcpy(text, source->path, sizes[0]);
    memcpy(text + sizes[0], slice, sizes[1]);
    memcpy(text + sizes[0] + sizes[1], member, sizes[2]);
    uint32_t number = tn_resolver_bytes(r, text, sizes[0] + sizes[1] + sizes[2]);
    if (number != TN_NO_NAME)
        r->uses[number].is_inside = true;
    return number;
}

/* Reads what is inside an open file. */
static void read_inside(struct tn_file *file, const tenon_image_source *source,
                        struct own_reading *reading)
{
    struct tn_file inside;
    tenon_error *err = &reading->err;
    const struct tn_format *format = tn_format_of(file, err);
    if (format && !format->find_inside)
        tn_fail(err, TENON_E_NOT_FOUND, "has no slices or members");
    if (format && format->find_inside && format->find_inside(file, source, &inside, err)) {
        tn_reading_make(&inside, &reading->is, err);
        return;
    }
    reading->is.good = false;
    reading->is.err = err;
    reading->is.head_size = 0;
    memset(reading->is.head, 0, sizeof reading->is.head);
}

/* The number of the node of what is inside a file that has a node; TN_NO_NODE: no memory. */
static uint32_t open_inside(tenon_resolver *r, uint32_t path, uint32_t outer, int *error)
{
    tenon_image_source source = source_at(r, path);
    size_t skip = strlen(source.path);
    uint32_t inside = tn_resolver_bytes(r, source.path + skip, r->names.rows[path].size - skip);
    uint32_t key[4] = { TN_TAG_INSIDE, outer, inside, 0 };
    uint32_t node = inside == TN_NO_NAME ? TN_NO_NAME : tn_map_find(&r->map, key);
    struct own_reading reading = { .err = TENON_ERROR_INIT };
    struct tn_file file;
    if (inside == TN_NO_NAME || node != TN_NO_NAME)
        return node;
    *error = tn_file_open(r->world, source.path, &r->scratch, &file);
    if (*error)
        return TN_NO_NODE;
    read_inside(&file, &source, &reading);
    node = tn_node_add(r, &r->nodes[outer]->info, &reading.is, path, key);
    tn_file_close(&file);
    tn_arena_reset(&r->scratch);
    if (node != TN_NO_NODE) {
        source = source_at(r, path); /* texts never move, but for tidiness of what is kept */
        r->nodes[node]->slice = source.slice;
        r->nodes[node]->member = source.member;
    }
    return node;
}

struct tn_opening tn_open_inside(tenon_resolver *r, uint32_t path)
{
    struct tn_opening opening = { .node = TN_NO_NODE };
    uint32_t whole = tn_resolver_name(r, tn_text_of(r, path));
    if (whole == TN_NO_NAME || !tn_resolver_open(r, whole, &opening.error)) {
        opening.error = r->no_memory ? ENOMEM : opening.error;
        return opening;
    }
    uint32_t outer = r->openings[r->uses[whole].opened - 1].node;
    opening.node = open_inside(r, path, outer, &opening.error);
    return opening;
}

struct tn_node *tn_resolver_slice(tenon_resolver *r, uint32_t *path, struct tn_node *node,
                                  const char *const *slices)
{
    const char *const *have = node->facts ? node->facts->slices : NULL;
    int error;
    for (; have && slices && *slices; slices++)
        for (const char *const *each = have; *each; each++) {
            if (strcmp(*each, *slices) != 0)
                continue;
            tenon_image_source source = { tn_text_of(r, *path), *slices, NULL };
            *path = tn_resolver_source(r, &source);
            return *path == TN_NO_NAME ? NULL : tn_resolver_open(r, *path, &error);
        }
    return node;
}
