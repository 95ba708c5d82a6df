/* src/bundle/known.c - the index of bundles that were opened before, by the identity of their file
 */
#include "known.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bundle.h"
#include "cache_private.h"
#include "known_file.h"
#include "limits.h"
#include "manifest.h"
#include "manifest_pack.h"
#include "replace_file.h"

enum { FIRST_SLOTS = 64 };

/* Change times tell changes apart that are further from each other than this; FAT has 2 s. */
#define SETTLED_NANOSECONDS INT64_C(2000000000)

/*
 * Rows met in this process by device and inode: open addressing, at most every second slot in use.
 * One whose file changed gives way in the table, and stays for those who have it.
 */
struct tn_known {
    char *cache;
    struct tn_known_file file;
    struct tn_known_row **rows;
    size_t count, room;
    uint32_t *slots; /* number + 1; 0: empty */
    size_t slot_count;
    size_t noted;                    /* rows that the file does not have */
    struct tn_manifest_store *store; /* rows, manifests, what was noted */
    bool changed;
};

/* ---- rows met -------------------------------------------------------------------------------- */

static size_t slot_of(const struct tn_known *known, const struct tn_identity *identity)
{
    uint64_t hash = (identity->inode ^ identity->device << 32) * UINT64_C(0x9E3779B97F4A7C15);
    size_t slot = (size_t)(hash >> 20) & (known->slot_count - 1);
    while (known->slots[slot]) {
        const struct tn_identity *there = &known->rows[known->slots[slot] - 1]->identity;
        if (there->inode == identity->inode && there->device == identity->device)
            break;
        slot = (slot + 1) & (known->slot_count - 1);
    }
    return slot;
}

static bool make_room(struct tn_known *known)
{
    size_t wanted = known->slot_count ? 2 * known->slot_count : FIRST_SLOTS;
    if (known->count < known->slot_count / 2)
        return true;
    uint32_t *slots = calloc(wanted, sizeof *slots);
    if (!slots)
        return false;
    free(known->slots);
    known->slots = slots;
    known->slot_count = wanted;
    for (size_t i = 0; i < known->count; i++) /* of two of one file the later one stays */
        known->slots[slot_of(known, &known->rows[i]->identity)] = (uint32_t)i + 1;
    return true;
}

/* A new row, which the index holds. NULL: no memory; the manifest is then not held. */
static struct tn_known_row *add(struct tn_known *known, const struct tn_known_row *row)
{
    if (!make_room(known) || !tn_grow(&known->rows, &known->room, known->count, sizeof row))
        return NULL;
    struct tn_known_row *kept = tn_arena_take(&known->store->arena, sizeof *kept);
    if (!kept)
        return NULL;
    *kept = *row;
    known->rows[known->count++] = kept;
    known->slots[slot_of(known, &kept->identity)] = (uint32_t)known->count;
    return kept;
}

static struct tn_known_row *met(const struct tn_known *known, const struct tn_identity *identity)
{
    uint32_t number = known->slot_count ? known->slots[slot_of(known, identity)] : 0;
    return number ? known->rows[number - 1] : NULL;
}

static bool is_bundle(const struct tn_known_row *row)
{
    return row->manifest || row->packed.size;
}

/* The row of a file, with nothing unpacked if it was not met before. */
static struct tn_known_row *identified(struct tn_known *known, const struct tn_identity *identity)
{
    struct tn_known_row *row = met(known, identity), found = { .identity = *identity };
    struct tn_known_entry entry;

    if (row && tn_identity_same(&row->identity, identity))
        return row;
    if (!tn_known_file_find(&known->file, identity, &entry) ||
        !tn_known_file_block(&known->file, &entry, &found.packed, &found.proofs))
        return NULL;
    memcpy(found.digest, entry.digest, sizeof found.digest);
    return add(known, &found);
}

static bool fill(struct tn_known *known, struct tn_known_row *row)
{
    if (is_bundle(row) && !row->manifest)
        row->manifest = tn_manifest_unpack(row->packed, known->store, NULL);
    return row->manifest;
}

struct tn_known_row *tn_known_identified(struct tn_known *known, const struct tn_identity *identity)
{
    struct tn_known_row *row = identified(known, identity);

    return row && (!is_bundle(row) || fill(known, row)) ? row : NULL;
}

bool tn_known_read(struct tn_known *known, struct tn_view file)
{
    return tn_known_file_take(&known->file, file);
}

size_t tn_known_count(const struct tn_known *known)
{
    return tn_known_file_count(&known->file) + known->noted;
}

/* ---- opening and closing --------------------------------------------------------------------- */

void tn_known_begin(struct tn_known *known)
{
    int dir;

    if (!known || known->file.memory.at)
        return;
    /* what others could write is not read */
    dir = tn_cache_open_place(known->cache, NULL);
    if (dir < 0)
        return;
    if (tn_known_file_open(&known->file, dir))
        known->noted = 0; /* as far as it is known without comparing */
    close(dir);
}

void tn_known_end(struct tn_known *known)
{
    if (known)
        tn_known_file_close(&known->file);
}

struct tn_known *tn_known_open(const char *cache)
{
    struct tn_known *known = calloc(1, sizeof *known);

    if (!known)
        return NULL;
    known->file.fd = -1;
    known->cache = strdup(cache);
    known->store = tn_manifest_store_new();
    if (known->cache && known->store)
        return known;
    tn_known_free(known);
    return NULL;
}

void tn_known_free(struct tn_known *known)
{
    if (!known)
        return;
    for (size_t i = 0; i < known->count; i++)
        tenon_manifest_free(known->rows[i]->manifest);
    if (known->store) { /* manifests that others still have borrow from it */
        known->store->bytes = known->file.arena;
        known->file.arena = (struct tn_arena){ 0 };
    }
    tn_known_file_free(&known->file);
    tn_manifest_store_drop(known->store);
    free(known->rows);
    free(known->slots);
    free(known->cache);
    free(known);
}

/* ---- saving ---------------------------------------------------------------------------------- */

static bool pack(struct tn_known *known, struct tn_known_row *row)
{
    size_t size = 0;
    uint8_t *packed = row->packed.at ? NULL : tn_manifest_pack(row->manifest, &size);
    uint8_t *kept = packed ? tn_arena_bytes(&known->store->arena, size + 1) : NULL;

    if (kept) {
        memcpy(kept, packed, size);
        row->packed = tn_view(kept, size);
    }
    free(packed);
    return row->packed.at;
}

static int by_offset(const void *a, const void *b)
{
    const struct tn_known_new *x = a, *y = b;
    return (x->offset > y->offset) - (x->offset < y->offset);
}

/*
 * Those met in this process first, in the order they were met, the rest as it lies: what is asked
 * for together stays together. What cannot be had is left out.
 */
static size_t gather_rows(struct tn_known *known, struct tn_known_new *rows)
{
    size_t count = 0, first;

    for (size_t i = 0; i < known->count; i++) {
        struct tn_known_row *row = known->rows[i];
        if (met(known, &row->identity) == row && pack(known, row))
            rows[count++] = (struct tn_known_new){ .identity = row->identity,
                                                   .digest = row->digest,
                                                   .packed = row->packed,
                                                   .proofs = row->proofs };
    }
    first = count;
    for (size_t i = 0; i < tn_known_file_count(&known->file); i++) {
        struct tn_known_entry e = tn_known_file_entry(&known->file, i);
        struct tn_known_new *row = &rows[count];
        if (met(known, &e.identity) ||
            !tn_known_file_block(&known->file, &e, &row->packed, &row->proofs))
            continue;
        row->identity = e.identity;
        row->digest = e.digest;
        row->offset = e.offset;
        count++;
    }
    if (count - first > 1)
        qsort(rows + first, count - first, sizeof *rows, by_offset);
    return count;
}

/* With what the file has by now: another process may have written since. */
static void write_file(struct tn_known *known, int dir)
{
    struct tn_arena arena = { 0 };
    struct tn_known_new *rows;
    struct tn_view bytes;

    tn_known_file_open(&known->file, dir);
    rows = calloc(known->count + tn_known_file_count(&known->file) + 1, sizeof *rows);
    if (rows && tn_known_file_lay(rows, gather_rows(known, rows), &arena, &bytes))
        tn_replace_unflushed(dir, TN_CACHE_KNOWN, bytes.at, bytes.size, 0600, NULL);
    tn_known_file_close(&known->file);
    free(rows);
    tn_arena_free(&arena);
}

void tn_known_save(struct tn_known *known, bool make)
{
    char *place;
    int dir = -1;

    if (!known || !known->changed)
        return;
    known->changed = false;
    place = make ? tn_cache_make_place(known->cache, NULL) : strdup(known->cache);
    if (place)
        dir = tn_cache_open_place(place, NULL);
    if (dir >= 0) {
        write_file(known, dir);
        close(dir);
    }
    free(place);
}

/* ---- bundles --------------------------------------------------------------------------------- */

static bool is_settled(const struct tn_identity *identity)
{
    struct timespec now;
    if (clock_gettime(CLOCK_REALTIME, &now) != 0)
        return false;
    return identity->changed < (int64_t)now.tv_sec * 1000000000 + now.tv_nsec - SETTLED_NANOSECONDS;
}

/* A copy of bytes, with room for a byte more. NULL: no memory. */
static const uint8_t *keep(struct tn_known *known, const void *bytes, size_t size)
{
    uint8_t *kept = tn_arena_bytes(&known->store->arena, size + 1);
    if (kept && size)
        memcpy(kept, bytes, size);
    return kept;
}

void tn_known_note(struct tn_known *known, const struct tn_identity *identity, const void *found,
                   size_t size)
{
    struct tn_known_row row = { .identity = *identity,
                                .packed = tn_view("", 0),
                                .proofs = { .size = size } };

    if (!is_settled(identity))
        return;
    row.proofs.at = keep(known, found, size);
    if (!row.proofs.at || !add(known, &row))
        return;
    known->noted++;
    known->changed = true;
}

struct tn_view tn_known_found(struct tn_known *known, const struct tn_identity *identity)
{
    const struct tn_known_row *row = tn_known_identified(known, identity);

    return row && !is_bundle(row) ? row->proofs : tn_view(NULL, 0);
}

/* Without memory for it, it is not noted. */
void tn_known_take(struct tn_known *known, tenon_bundle *bundle, struct tn_view packed)
{
    struct tn_known_row row = { .identity = bundle->identity };

    if (!known || !is_settled(&bundle->identity))
        return;
    if (packed.at)
        row.packed = tn_view(keep(known, packed.at, packed.size), packed.size);
    memcpy(row.digest, tenon_bundle_digest(bundle), sizeof row.digest);
    row.manifest = tn_manifest_share(bundle->manifest);
    bundle->row = add(known, &row);
    if (!bundle->row) {
        tenon_manifest_free(row.manifest);
        return;
    }
    known->noted++;
    known->changed = true;
}

/* The row of a bundle's file, as it is now; NULL. */
static struct tn_known_row *look(struct tn_known *known, int dir, const char *name, bool *is_link)
{
    struct tn_known_row *row;
    struct stat info;

    if (!known || fstatat(dir, name, &info, AT_SYMLINK_NOFOLLOW) < 0)
        return NULL;
    *is_link = S_ISLNK(info.st_mode);
    if (*is_link && fstatat(dir, name, &info, 0) < 0)
        return NULL;
    const struct tn_identity identity = tn_identity(&info);
    row = identified(known, &identity);
    return row && is_bundle(row) ? row : NULL;
}

tenon_bundle *tn_known_lookup(struct tn_known *known, int dir, const char *name, const char *path)
{
    bool is_link;
    struct tn_known_row *row = look(known, dir, name, &is_link);

    return row && fill(known, row) ? tn_bundle_of(path, row, is_link, NULL) : NULL;
}

tenon_bundle *tn_known_brief(struct tn_known *known, int dir, const char *name, const char *path)
{
    bool is_link;
    struct tn_known_row *row = look(known, dir, name, &is_link);

    if (!row || !row->proofs.size)
        return NULL;
    if (!row->manifest && !row->brief)
        row->brief = tn_manifest_unpack_brief(row->packed, &known->store->arena, NULL);
    return row->manifest || row->brief ? tn_bundle_of(path, row, is_link, NULL) : NULL;
}

bool tn_known_fill(struct tn_known *known, tenon_bundle *bundle)
{
    if (!bundle->manifest && bundle->row && fill(known, bundle->row))
        bundle->manifest = tn_manifest_share(bundle->row->manifest);
    return bundle->manifest;
}

tenon_bundle *tn_known_bundle_at(struct tn_known *known, int dir, const char *name,
                                 const char *path, tenon_error *err)
{
    tenon_bundle *bundle = tn_known_lookup(known, dir, name, path);

    if (bundle)
        return bundle;
    bundle = tenon_bundle_open(path, err);
    if (bundle)
        tn_known_take(known, bundle, tn_view(NULL, 0));
    return bundle;
}

tenon_bundle *tn_known_bundle(struct tn_known *known, const char *path, tenon_error *err)
{
    return tn_known_bundle_at(known, AT_FDCWD, path, path, err);
}

struct tn_known_row *tn_known_row(const tenon_bundle *bundle)
{
    return bundle->row;
}

void tn_known_prove(struct tn_known *known, struct tn_known_row *row, const void *proofs,
                    size_t size)
{
    const uint8_t *kept = keep(known, proofs, size);

    if (!kept)
        return;
    row->proofs = tn_view(kept, size);
    known->changed = true;
}
