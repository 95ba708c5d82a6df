/* src/base/world_mem.c - the overlay: files, links and directories that exist only in memory */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "world_private.h"

enum { CHILD_EXACT, CHILD_FOLDED };

#define ROOT_INODE 1

void tn_mem_free(struct tn_mem *mem)
{
    tn_arena_free(&mem->arena);
    tn_names_free(&mem->names);
    tn_map_free(&mem->children);
    free(mem->nodes);
    *mem = (struct tn_mem){ 0 };
}

static uint32_t new_node(struct tn_mem *mem, uint32_t name, enum tn_node_kind kind)
{
    if (mem->count >= TN_NO_NODE - 1 ||
        !tn_grow(&mem->nodes, &mem->capacity, mem->count, sizeof *mem->nodes))
        return TN_NO_NODE;
    uint32_t number = (uint32_t)mem->count++;
    mem->nodes[number] = (struct tn_mem_node){
        .kind = kind,
        .name = name,
        .mode = 0755,
        .first = TN_NO_NODE,
        .next = TN_NO_NODE,
        .tree = mem->trees++,
        .inode = ++mem->inodes,
    };
    return number;
}

static bool start(struct tn_mem *mem)
{
    if (mem->count > 0)
        return true;
    if (!mem->names.slots && !tn_names_init(&mem->names))
        return false;
    if (!mem->children.rows && !tn_map_init(&mem->children))
        return false;
    mem->inodes = ROOT_INODE - 1;
    return new_node(mem, TN_NO_NAME, TN_NODE_PARENT) != TN_NO_NODE;
}

/* The number of a name's folded form, TN_NO_NAME when nobody has it. */
static uint32_t find_folded(const struct tn_mem *mem, const char *name, size_t size)
{
    char folded[TN_LIMIT_PATH];

    if (size > sizeof folded)
        return TN_NO_NAME;
    memcpy(folded, name, size);
    tn_fold(folded, size);
    return tn_names_find(&mem->names, folded, size);
}

static uint32_t child_by(const struct tn_mem *mem, uint32_t node, uint32_t name, uint32_t how)
{
    uint32_t key[4] = { mem->nodes[node].tree, name, how, 0 };

    return name == TN_NO_NAME ? TN_NO_NODE : tn_map_find(&mem->children, key);
}

uint32_t tn_mem_child(const struct tn_mem *mem, uint32_t node, const char *name, size_t size)
{
    uint32_t child = child_by(mem, node, tn_names_find(&mem->names, name, size), CHILD_EXACT);

    if (child == TN_NO_NODE && mem->rule == TENON_CASE_INSENSITIVE)
        child = child_by(mem, node, find_folded(mem, name, size), CHILD_FOLDED);
    return child;
}

const struct tn_name *tn_mem_name(const struct tn_mem *mem, uint32_t node)
{
    return &mem->names.rows[mem->nodes[node].name];
}

void tn_mem_info(const struct tn_mem *mem, uint32_t node, tenon_file_info *info)
{
    const struct tn_mem_node *n = &mem->nodes[node];

    *info = (tenon_file_info){
        .device = TN_DEVICE_MADE,
        .inode = n->inode,
        .size = n->bytes ? n->bytes->size : 0,
        .mode = n->mode,
        .type = n->kind == TN_NODE_FILE   ? TENON_FILE_REGULAR
                : n->kind == TN_NODE_LINK ? TENON_FILE_SYMLINK
                                          : TENON_FILE_DIRECTORY,
    };
}

/* Both keys are always kept, so that the case rule may change at any time. */
static uint32_t add_child(struct tn_mem *mem, uint32_t node, const char *name, size_t size,
                          enum tn_node_kind kind)
{
    char folded[TN_LIMIT_PATH]; /* a canonical path is shorter, and so is a part of it */
    memcpy(folded, name, size);
    tn_fold(folded, size);
    uint32_t exact = tn_names_add(&mem->names, name, size);
    uint32_t fold = tn_names_add(&mem->names, folded, size);
    if (exact == TN_NO_NAME || fold == TN_NO_NAME)
        return TN_NO_NODE;

    uint32_t child = new_node(mem, exact, kind);
    if (child == TN_NO_NODE)
        return TN_NO_NODE;
    mem->nodes[child].next = mem->nodes[node].first;
    mem->nodes[node].first = child;
    uint32_t key[4] = { mem->nodes[node].tree, exact, CHILD_EXACT, 0 };
    uint32_t folded_key[4] = { mem->nodes[node].tree, fold, CHILD_FOLDED, 0 };
    bool is_first = tn_map_find(&mem->children, folded_key) == TN_NO_NODE;
    if ((!is_first || tn_map_set(&mem->children, folded_key, child)) &&
        tn_map_set(&mem->children, key, child))
        return child;
    mem->nodes[child].kind = TN_NODE_PASSAGE; /* half known: it must say nothing */
    return TN_NO_NODE;
}

/*
 * Goes on to the directory node for the component name[size], made as `kind` (PARENT, PASSAGE)
 * where there is none. What is hidden comes back if `revive`; else *gone is set: the way ends.
 */
static int enter(struct tn_mem *mem, uint32_t *node, const char *name, size_t size,
                 enum tn_node_kind kind, bool revive, bool *gone)
{
    uint32_t child = tn_mem_child(mem, *node, name, size);

    if (child == TN_NO_NODE) {
        child = add_child(mem, *node, name, size, kind);
        if (child == TN_NO_NODE)
            return ENOMEM;
    }
    struct tn_mem_node *n = &mem->nodes[child];
    if (n->kind == TN_NODE_FILE || n->kind == TN_NODE_LINK)
        return ENOTDIR;
    if (n->kind == TN_NODE_GONE) {
        *gone = !revive;
        n->opaque = revive;
        if (revive)
            n->kind = kind;
    } else if (n->kind == TN_NODE_PASSAGE) {
        n->kind = kind;
    }
    *node = child;
    return 0;
}

/* Makes an existing node what was put there. */
static void become(struct tn_mem *mem, uint32_t node, enum tn_node_kind kind,
                   struct tn_mem_bytes *bytes, uint32_t mode)
{
    struct tn_mem_node *n = &mem->nodes[node];
    bool was_directory = n->kind == TN_NODE_DIR || n->kind == TN_NODE_PARENT;

    if (kind == TN_NODE_DIR) {
        n->opaque = n->opaque || n->kind == TN_NODE_GONE;
    } else { /* what was below is no more */
        n->opaque = false;
        n->first = TN_NO_NODE;
        n->tree = mem->trees++;
    }
    if (!(kind == TN_NODE_DIR && was_directory))
        n->inode = ++mem->inodes;
    n->kind = kind;
    n->bytes = bytes;
    n->mode = mode;
}

static struct tn_mem_bytes *copy_bytes(struct tn_mem *mem, const void *bytes, size_t size)
{
    struct tn_mem_bytes *copy = tn_arena_take(&mem->arena, sizeof *copy);
    char *at = copy ? tn_arena_copy(&mem->arena, bytes, size) : NULL;

    if (!at)
        return NULL;
    *copy = (struct tn_mem_bytes){ .at = at, .size = size };
    return copy;
}

int tn_mem_put(struct tn_mem *mem, const char *path, enum tn_node_kind kind, const void *bytes,
               size_t size, uint32_t mode)
{
    struct tn_mem_bytes *copy = NULL;
    bool has_bytes = kind == TN_NODE_FILE || kind == TN_NODE_LINK;

    if (!start(mem) || (has_bytes && !(copy = copy_bytes(mem, bytes, size))))
        return ENOMEM;
    enum tn_node_kind on_the_way = kind == TN_NODE_GONE ? TN_NODE_PASSAGE : TN_NODE_PARENT;
    bool revive = has_bytes || kind == TN_NODE_DIR;
    bool gone = false;
    uint32_t node = 0;
    const char *name = path + 1;
    for (const char *end; (end = strchr(name, '/')) != NULL; name = end + 1) {
        int error = enter(mem, &node, name, (size_t)(end - name), on_the_way, revive, &gone);
        if (error || gone)
            return error;
    }
    if (kind == TN_NODE_PARENT)
        return enter(mem, &node, name, strlen(name), kind, revive, &gone);
    uint32_t last = tn_mem_child(mem, node, name, strlen(name));
    if (last == TN_NO_NODE)
        last = add_child(mem, node, name, strlen(name), TN_NODE_PASSAGE);
    if (last == TN_NO_NODE)
        return ENOMEM;
    become(mem, last, kind, copy, mode);
    return 0;
}

static int mem_read(void *layer, void *file, uint64_t offset, void *bytes, size_t size, size_t *got)
{
    const struct tn_mem_bytes *content = file;

    (void)layer;
    *got = 0;
    if (offset >= content->size)
        return 0;
    size_t left = content->size - (size_t)offset;
    *got = size < left ? size : left;
    memcpy(bytes, content->at + (size_t)offset, *got);
    return 0;
}

static void mem_close(void *layer, void *file)
{
    (void)layer;
    (void)file;
}

/* The walk looks at nodes directly; only open files pass through the operations. */
const tenon_layer_ops tn_mem_ops = { .read = mem_read, .close = mem_close };
