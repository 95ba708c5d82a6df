/* src/bundle/known.c - the index of bundles that were opened before, by the identity of their file
 */
#include "known.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bundle.h"
#include "bytes.h"
#include "cache_private.h"
#include "limits.h"
#include "manifest_pack.h"
#include "replace_file.h"

static const char header[] = "tenon-bundles 2\n";
enum { HEADER_SIZE = sizeof header - 1, ROW_HEAD = 4 * 8 + 32, FIRST_SLOTS = 64 };

/* Change times tell changes apart that are further from each other than this; FAT has 2 s. */
#define SETTLED_NANOSECONDS INT64_C(2000000000)

struct row {
    struct tn_identity identity;
    const uint8_t *digest;
    struct tn_view packed;
    bool met; /* in this process: the last to go when there are too many */
};

/* Rows by device and inode: open addressing, at most every second slot in use. */
struct tn_known {
    char *cache;
    struct row *rows;
    size_t count, room;
    uint32_t *slots; /* number + 1; 0: empty */
    size_t slot_count;
    struct tn_arena arena; /* of the file and of what was noted */
    bool changed;
};

static size_t slot_of(const struct tn_known *known, const struct tn_identity *identity)
{
    uint64_t hash = (identity->inode ^ identity->device << 32) * UINT64_C(0x9E3779B97F4A7C15);
    size_t slot = (size_t)(hash >> 20) & (known->slot_count - 1);
    while (known->slots[slot]) {
        const struct tn_identity *there = &known->rows[known->slots[slot] - 1].identity;
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
    for (size_t i = 0; i < known->count; i++)
        known->slots[slot_of(known, &known->rows[i].identity)] = (uint32_t)i + 1;
    return true;
}

/* A row; one of the same file gives way. */
static bool add(struct tn_known *known, const struct row *row)
{
    if (!make_room(known) || !tn_grow(&known->rows, &known->room, known->count, sizeof *row))
        return false;
    size_t slot = slot_of(known, &row->identity);
    if (!known->slots[slot])
        known->slots[slot] = (uint32_t)++known->count;
    known->rows[known->slots[slot] - 1] = *row;
    return true;
}

static struct row *find(struct tn_known *known, const struct tn_identity *identity)
{
    uint32_t number = known->slot_count ? known->slots[slot_of(known, identity)] : 0;
    struct row *row = number ? &known->rows[number - 1] : NULL;
    return row && tn_identity_same(&row->identity, identity) ? row : NULL;
}

/* ---- the file -------------------------------------------------------------------------------- */

static bool read_row(struct tn_known *known, struct tn_cursor *file)
{
    uint32_t size = tn_u32(file, "length of a row");
    struct tn_cursor c = tn_cursor(tn_sub(file, size, "a row"), TN_LITTLE);
    struct row row = { .identity.device = tn_u64(&c, "device") };

    row.identity.inode = tn_u64(&c, "inode");
    row.identity.size = tn_u64(&c, "size");
    row.identity.changed = (int64_t)tn_u64(&c, "change time");
    row.digest = tn_take(&c, 32, "digest");
    if (file->lost || c.lost)
        return false;
    row.packed = tn_sub(&c, c.in.size - c.pos, "manifest");
    return add(known, &row);
}

static void forget(struct tn_known *known)
{
    known->count = 0;
    if (known->slot_count)
        memset(known->slots, 0, known->slot_count * sizeof *known->slots);
}

bool tn_known_read(struct tn_known *known, struct tn_view file)
{
    struct tn_cursor c = tn_cursor(file, TN_LITTLE);
    const uint8_t *start = tn_take(&c, HEADER_SIZE, "header");
    bool good = start && memcmp(start, header, HEADER_SIZE) == 0;

    while (good && c.pos < file.size)
        good = known->count < TN_LIMIT_KNOWN_ROWS && read_row(known, &c);
    if (!good)
        forget(known);
    return good;
}

size_t tn_known_count(const struct tn_known *known)
{
    return known->count;
}

static void load(struct tn_known *known, int dir)
{
    int fd = openat(dir, TN_CACHE_KNOWN, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    struct stat info;
    uint8_t *bytes = NULL;

    if (fd < 0)
        return;
    if (fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && info.st_size <= TN_LIMIT_KNOWN)
        bytes = tn_arena_bytes(&known->arena, (size_t)info.st_size + 1);
    if (bytes && tn_read_range(fd, 0, bytes, (size_t)info.st_size, NULL))
        tn_known_read(known, tn_view(bytes, (size_t)info.st_size));
    close(fd);
}

struct tn_known *tn_known_open(const char *cache)
{
    struct tn_known *known = calloc(1, sizeof *known);
    int dir;

    if (known)
        known->cache = strdup(cache);
    if (!known || !known->cache) {
        free(known);
        return NULL;
    }
    /* what others could write is not read */
    dir = tn_cache_open_place(cache, NULL);
    if (dir >= 0) {
        load(known, dir);
        close(dir);
    }
    return known;
}

void tn_known_free(struct tn_known *known)
{
    if (!known)
        return;
    tn_arena_free(&known->arena);
    free(known->rows);
    free(known->slots);
    free(known->cache);
    free(known);
}

static size_t row_size(const struct row *row)
{
    return 4 + ROW_HEAD + row->packed.size;
}

static void put_u64(struct tn_bytes *out, uint64_t value)
{
    tn_put_u32(out, (uint32_t)value, TN_LITTLE);
    tn_put_u32(out, (uint32_t)(value >> 32), TN_LITTLE);
}

static void put_row(struct tn_bytes *out, const struct row *row)
{
    tn_put_u32(out, (uint32_t)(ROW_HEAD + row->packed.size), TN_LITTLE);
    put_u64(out, row->identity.device);
    put_u64(out, row->identity.inode);
    put_u64(out, row->identity.size);
    put_u64(out, (uint64_t)row->identity.changed);
    tn_put(out, row->digest, 32);
    tn_put_view(out, row->packed);
}

/* Those met in this process first, then others as far as there is room. */
static bool write_rows(const struct tn_known *known, struct tn_arena *arena, struct tn_bytes *out)
{
    size_t size = HEADER_SIZE, count = 0;
    for (size_t i = 0; i < known->count; i++)
        size += row_size(&known->rows[i]);
    size = size < TN_LIMIT_KNOWN ? size : TN_LIMIT_KNOWN;
    if (!tn_bytes(arena, size, TN_LITTLE, out))
        return false;
    tn_put(out, header, HEADER_SIZE);
    for (unsigned met = 2; met-- > 0;)
        for (size_t i = 0; i < known->count; i++) {
            const struct row *row = &known->rows[i];
            if (row->met != met || count == TN_LIMIT_KNOWN_ROWS ||
                row_size(row) > out->room - out->used)
                continue;
            put_row(out, row);
            count++;
        }
    return true;
}

void tn_known_save(struct tn_known *known, bool make)
{
    struct tn_arena arena = { 0 };
    struct tn_bytes out;
    char *place;
    int dir = -1;

    if (!known || !known->changed)
        return;
    known->changed = false;
    place = make ? tn_cache_make_place(known->cache, NULL) : strdup(known->cache);
    if (place)
        dir = tn_cache_open_place(place, NULL);
    if (dir >= 0 && write_rows(known, &arena, &out))
        tn_replace_file(dir, TN_CACHE_KNOWN, out.at, out.used, 0600, NULL, NULL);
    if (dir >= 0)
        close(dir);
    free(place);
    tn_arena_free(&arena);
}

/* ---- bundles --------------------------------------------------------------------------------- */

static bool is_settled(const struct tn_identity *identity)
{
    struct timespec now;
    if (clock_gettime(CLOCK_REALTIME, &now) != 0)
        return false;
    return identity->changed < (int64_t)now.tv_sec * 1000000000 + now.tv_nsec - SETTLED_NANOSECONDS;
}

/* Without memory for it, it is not noted. */
static void note(struct tn_known *known, tenon_bundle *bundle)
{
    struct row row = { .identity = bundle->identity, .met = true };
    size_t size;
    uint8_t *packed, *kept;

    if (!is_settled(&bundle->identity))
        return;
    packed = tn_manifest_pack(bundle->manifest, &size);
    kept = packed ? tn_arena_bytes(&known->arena, size + 32) : NULL;
    if (kept) {
        memcpy(kept, tenon_bundle_digest(bundle), 32);
        memcpy(kept + 32, packed, size);
        row.digest = kept;
        row.packed = tn_view(kept + 32, size);
        known->changed |= add(known, &row);
    }
    free(packed);
}

tenon_bundle *tn_known_bundle(struct tn_known *known, const char *path, tenon_error *err)
{
    struct stat info;
    struct row *row = NULL;
    tenon_manifest *manifest = NULL;
    tenon_bundle *bundle;

    if (known && stat(path, &info) == 0) {
        const struct tn_identity identity = tn_identity(&info);
        row = find(known, &identity);
    }
    if (row)
        manifest = tn_manifest_unpack(row->packed, NULL);
    if (manifest) {
        row->met = true;
        return tn_bundle_of(path, &row->identity, row->digest, manifest, err);
    }
    bundle = tenon_bundle_open(path, err);
    if (bundle && known)
        note(known, bundle);
    return bundle;
}
