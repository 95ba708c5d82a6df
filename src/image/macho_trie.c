/*
 * src/image/macho_trie.c - Mach-O: the names that an export trie holds
 *
 * rule  mach-o/loader.h, EXPORT_SYMBOL_FLAGS_; ld64 writes each node once, so that a node seen
 *       again is a loop
 */
#include <inttypes.h>

#include "fail.h"
#include "limits.h"
#include "macho_private.h"

enum { KIND_MASK = 3, KIND_TLS = 1, KIND_ABSOLUTE = 2, WEAK = 4, REEXPORT = 8, STUB = 0x10 };

/* STT_TLS of ELF, which the common model uses */
enum { TYPE_TLS = 6 };

/* Names share their beginnings; real tries hold names of less than this many times their size. */
#define LIMIT_RATIO 256u

/* A node whose children are being visited. */
struct level {
    size_t next;   /* offset of the next child's edge */
    unsigned left; /* children to come */
    size_t prefix; /* length of the name so far */
};

struct walk {
    struct tn_macho *macho;
    struct tn_macho_list *exports;
    struct tn_view trie;
    uint8_t *seen; /* a bit for each offset */
    struct level *levels;
    size_t depth, room;
    char *name;
    size_t name_room;
    uint64_t budget; /* bytes of names that may still be made */
};

static bool has_seen(struct walk *w, size_t offset)
{
    uint8_t bit = (uint8_t)(1u << (offset & 7));
    bool seen = w->seen[offset >> 3] & bit;
    w->seen[offset >> 3] |= bit;
    return seen;
}

/* What an exported name stands for. */
static bool add_export(struct walk *w, struct tn_cursor *c, size_t length, tenon_error *err)
{
    struct tn_arena *arena = w->macho->file->arena;
    uint64_t flags = tn_macho_uleb(c, "flags of an export"), ordinal = 0;
    tenon_symbol symbol = { .defined = true, .binding = TENON_BIND_GLOBAL };
    const char *forward = NULL;
    if (flags & REEXPORT) {
        ordinal = tn_macho_uleb(c, "library of a re-export");
        forward = tn_view_string(c->in, c->pos);
        if (!c->lost && !forward)
            return tn_fail(err, TENON_E_MALFORMED,
                           "export trie: the name at 0x%" PRIx64 " does not end",
                           c->in.start + c->pos);
    } else {
        symbol.value = tn_macho_uleb(c, "address of an export");
    }
    if (!tn_end(c, err))
        return tn_context(err, "export trie");
    if (length + 1 > w->budget)
        return tn_fail(err, TENON_E_LIMIT, "export trie: its names are longer than it by far");
    w->budget -= length + 1;
    symbol.name = tn_arena_copy(arena, w->name, length);
    if (!symbol.name)
        return tn_no_memory(err);
    symbol.binding = flags & WEAK ? TENON_BIND_WEAK : TENON_BIND_GLOBAL;
    symbol.type = (flags & KIND_MASK) == KIND_TLS ? TYPE_TLS : TENON_TYPE_NONE;
    if (forward)
        symbol.forward = *forward ? forward : symbol.name;
    if (forward && ordinal <= INT64_MAX)
        symbol.library = tn_macho_provider(w->macho, (int64_t)ordinal);
    return tn_macho_list_add(w->exports, &symbol, err);
}

/* Visits a node: its export, then a level for its children. */
static bool enter(struct walk *w, uint64_t offset, size_t prefix, tenon_error *err)
{
    struct tn_view payload;
    if (offset >= w->trie.size || has_seen(w, (size_t)offset))
        return tn_fail(err, TENON_E_MALFORMED,
                       "export trie at 0x%" PRIx64 ": node 0x%" PRIx64 " is %s", w->trie.start,
                       offset, offset >= w->trie.size ? "outside" : "reached twice");
    struct tn_cursor c = tn_cursor(w->trie, TN_LITTLE);
    tn_seek(&c, offset, "node");
    uint64_t size = tn_macho_uleb(&c, "size of an export");
    payload = tn_sub(&c, size, "export");
    unsigned children = tn_u8(&c, "number of children");
    if (!tn_end(&c, err))
        return tn_context(err, "export trie");
    struct tn_cursor inside = tn_cursor(payload, TN_LITTLE);
    if (size && !add_export(w, &inside, prefix, err))
        return false;
    if (!tn_arena_grow(w->macho->file->arena, &w->levels, &w->room, w->depth, sizeof *w->levels))
        return tn_no_memory(err);
    w->levels[w->depth++] = (struct level){ .next = c.pos, .left = children, .prefix = prefix };
    return true;
}

/* Puts an edge's label behind the prefix. */
static bool append(struct walk *w, size_t prefix, const char *label, size_t size, tenon_error *err)
{
    if (prefix + size > TN_LIMIT_STRING)
        return tn_fail(err, TENON_E_LIMIT, "export trie: a name of more than %u bytes",
                       TN_LIMIT_STRING);
    if (prefix + size > w->name_room) {
        size_t room = 2 * (prefix + size) + 256;
        char *bigger = tn_arena_bytes(w->macho->file->arena, room);
        if (!bigger)
            return tn_no_memory(err);
        if (prefix)
            memcpy(bigger, w->name, prefix);
        w->name = bigger;
        w->name_room = room;
    }
    if (size)
        memcpy(w->name + prefix, label, size);
    return true;
}

/* The next child of the innermost level. */
static bool step(struct walk *w, tenon_error *err)
{
    struct level *level = &w->levels[w->depth - 1];
    if (!level->left) {
        w->depth--;
        return true;
    }
    level->left--;
    const char *label = tn_view_string(w->trie, level->next);
    if (!label)
        return tn_fail(err, TENON_E_MALFORMED,
                       "export trie: the label at 0x%" PRIx64 " does not end",
                       w->trie.start + level->next);
    size_t size = strlen(label), prefix = level->prefix;
    struct tn_cursor c = tn_cursor(w->trie, TN_LITTLE);
    tn_seek(&c, level->next + size + 1, "label");
    uint64_t child = tn_macho_uleb(&c, "offset of a child");
    if (!tn_end(&c, err))
        return tn_context(err, "export trie");
    level->next = c.pos;
    return append(w, prefix, label, size, err) && enter(w, child, prefix + size, err);
}

bool tn_macho_read_trie(struct tn_macho *macho, struct tn_macho_list *exports, tenon_error *err)
{
    struct walk w = { .macho = macho, .exports = exports };
    if (!tn_file_view(macho->file, macho->exports.offset, macho->exports.size, "export trie",
                      &w.trie, err))
        return false;
    w.seen = tn_arena_rows(macho->file->arena, w.trie.size / 8 + 1, 1);
    if (!w.seen)
        return tn_no_memory(err);
    w.budget = (uint64_t)w.trie.size * LIMIT_RATIO;
    if (!append(&w, 0, "", 0, err) || !enter(&w, 0, 0, err))
        return false;
    while (w.depth)
        if (!step(&w, err))
            return false;
    return true;
}
