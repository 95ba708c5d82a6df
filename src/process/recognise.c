/* src/process/recognise.c - files of this process that were looked at before, maybe by others */
#include "recognise.h"

#include <stdlib.h>
#include <string.h>

#include "packer.h"

/*
 * Packed as packer.h says: u8 layout, the build id that may be missing, u8: is it bare, a list of
 * strong definitions (of a bare one it is empty).
 */
enum { LAYOUT = 1 };

/* ---- looking up ------------------------------------------------------------------------------ */

static bool same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

/* False: it makes no sense, or the file is another one than what is in memory. */
static bool take(struct tn_holding *h, struct tn_view found, struct tn_arena *arena)
{
    struct tn_unpacker u = { .c = tn_cursor(found, TN_LITTLE), .arena = arena };
    bool good = tn_u8(&u.c, "layout") == LAYOUT;
    const char *build_id = tn_unpack_maybe(&u);
    bool is_bare = tn_unpack_kind(&u, 2);
    size_t count = 0;
    const char *const *strong = tn_unpack_texts(&u, &count);
    good = good && strong && !u.bad && !u.c.lost && u.c.pos == found.size;
    for (size_t i = 1; good && i < count; i++)
        good = strcmp(strong[i - 1], strong[i]) < 0;
    if (!good || (h->build_id && !same_text(h->build_id, build_id)) || (is_bare && count))
        return false;
    h->is_bare = is_bare;
    h->strong_known = !is_bare;
    h->strong = strong;
    h->strong_count = count;
    return true;
}

void tn_recognise(struct tn_registry *registry, struct tn_known *known, struct tn_arena *arena)
{
    for (size_t i = 0; known && i < registry->count; i++) {
        struct tn_holding *h = registry->holdings[i];
        struct stat info;
        if (h->checked || !h->base || h->proof || stat(h->path, &info) != 0)
            continue;
        struct tn_identity now = tn_identity(&info);
        struct tn_view found = tn_known_found(known, &now);
        if (!found.size || !take(h, found, arena))
            continue;
        h->identity = now;
        h->checked = h->recognised = true;
    }
}

/* ---- noting ---------------------------------------------------------------------------------- */

static bool pack(struct tn_packer *p, const struct tn_holding *h)
{
    size_t count = h->is_bare || !h->file ? 0 : tenon_units_visible_count(h->file), strong = 0;
    tn_packer_byte(p, LAYOUT);
    tn_packer_maybe(p, h->build_id);
    tn_packer_byte(p, h->is_bare);
    for (size_t i = 0; i < count; i++)
        strong += tenon_units_visible(h->file, i)->strong;
    tn_packer_number(p, strong, 4);
    for (size_t i = 0; i < count; i++)
        if (tenon_units_visible(h->file, i)->strong)
            tn_packer_text(p, tenon_units_visible(h->file, i)->name);
    return !p->failed;
}

/* Everything that is to be noted is known; nothing of it is from the index. */
static bool is_news(const struct tn_holding *h)
{
    return h->checked && !h->recognised && !h->replaced && h->base && !h->proof &&
           h->identity.inode && (h->is_bare || h->file || h->record == TENON_RECORD_COMPLETE);
}

void tn_recognise_note(const struct tn_registry *registry, struct tn_known *known)
{
    for (size_t i = 0; known && i < registry->count; i++) {
        struct tn_holding *h = registry->holdings[i];
        struct tn_packer packer = { .at = NULL };
        if (!is_news(h) || tn_holding_file_changed(h))
            continue;
        if (pack(&packer, h))
            tn_known_note(known, &h->identity, packer.at, packer.used);
        h->recognised = true;
        free(packer.at);
    }
}
