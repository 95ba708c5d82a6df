/* src/base/file.c - one open file of a world, read by range, each range once */
#include "file.h"

#include <errno.h>
#include <inttypes.h>

#include "fail.h"
#include "limits.h"
#include "world_private.h"

#define BLOCK ((uint64_t)256)
#define ROOM (((size_t)1 << 20) - 64) /* which tn_arena_reset keeps */

struct tn_arena tn_file_room(tenon_world *world)
{
    struct tn_arena room = { .blocks = world ? atomic_exchange(&world->spare, NULL) : NULL };
    if (world && !room.blocks)
        tn_arena_begin(&room, ROOM); /* without it there is less room */
    return room;
}

void tn_file_room_end(tenon_world *world, struct tn_arena *room)
{
    struct tn_arena_block *none = NULL;
    tn_arena_reset(room);
    if (world && atomic_compare_exchange_strong(&world->spare, &none, room->blocks))
        *room = (struct tn_arena){ 0 };
    tn_arena_free(room);
}

int tn_file_open(tenon_world *world, const char *path, struct tn_arena *arena, struct tn_file *file)
{
    file->name = path;
    file->arena = arena;
    file->range_count = file->oldest = 0;
    file->bytes_read = file->base = 0;
    file->ops = NULL;
    return tn_world_open(world, path, &file->info, &file->ops, &file->layer, &file->handle);
}

void tn_file_from_bytes(struct tn_file *file, const char *name, const void *bytes, size_t size)
{
    *file = (struct tn_file){
        .name = name,
        .info = { .size = size, .mode = 0444, .type = TENON_FILE_REGULAR },
        .ranges[0] = { .at = size > 0 ? bytes : (const void *)"", .size = size },
        .range_count = 1,
    };
}

void tn_file_close(struct tn_file *file)
{
    if (file->ops)
        file->ops->close(file->layer, file->handle);
    file->ops = NULL;
}

static bool find_range(const struct tn_file *file, uint64_t offset, uint64_t size,
                       struct tn_view *out)
{
    for (size_t i = 0; i < file->range_count; i++) {
        const struct tn_view *range = &file->ranges[i];
        if (offset >= range->start && tn_view_sub(*range, offset - range->start, size, out))
            return true;
    }
    return false;
}

/* Remembers a range; of a full table the oldest is forgotten, though its bytes stay. */
static void add_range(struct tn_file *file, struct tn_view range)
{
    if (file->range_count < TN_FILE_RANGES) {
        file->ranges[file->range_count++] = range;
        return;
    }
    file->ranges[file->oldest] = range;
    file->oldest = (file->oldest + 1) % TN_FILE_RANGES;
}

/*
 * How much is read first. The tables of small images mostly lie near their beginning, and reading
 * them along saves a call; of larger ones it would be copying for nothing.
 */
static uint64_t first_read(uint64_t file_size)
{
    const uint64_t kib = 1024;
    return file_size <= 32 * kib ? 4 * kib : file_size <= 48 * kib ? 8 * kib : 0;
}

/*
 * Reads the blocks of a range that lies in the file, as far as is known; a file that turns out to
 * be shorter is from now on as long as it turned out.
 */
static bool read_range(struct tn_file *file, uint64_t offset, uint64_t size, const char *what,
                       tenon_error *err)
{
    const uint64_t file_size = file->info.size;
    uint64_t start = offset & ~(BLOCK - 1);
    uint64_t end = file_size - (offset + size) < BLOCK ? file_size
                                                       : (offset + size + BLOCK - 1) & ~(BLOCK - 1);
    size_t got;

    if (start == 0 && !file->bytes_read && end < first_read(file_size))
        end = first_read(file_size) < file_size ? first_read(file_size) : file_size;
    /* Ranges that overlap without end could be asked for: nothing is read a third time. */
    if (file->bytes_read > file_size || end - start > file_size - file->bytes_read) {
        start = 0;
        end = file_size;
    }
    if (end - start > TN_LIMIT_SEGMENT_READ)
        return tn_fail(err, TENON_E_LIMIT,
                       "%s: %" PRIu64 " bytes at 0x%" PRIx64 " are more than tenon reads at once",
                       what, end - start, start);
    if (!file->ops)
        return tn_fail_system(err, EBADF, "%s", what);
    uint8_t *bytes = tn_arena_bytes(file->arena, (size_t)(end - start));
    if (!bytes)
        return tn_no_memory(err);
    int error = tn_read_fully(file->ops, file->layer, file->handle, file->base + start, bytes,
                              (size_t)(end - start), &got);
    if (error)
        return tn_fail_system(err, error, "%s: reading %" PRIu64 " bytes at 0x%" PRIx64, what,
                              end - start, start);
    file->bytes_read += end - start;
    if (got < end - start)
        file->info.size = start + got;
    add_range(file, (struct tn_view){ .at = bytes, .size = got, .start = start });
    return true;
}

/* What the file has of a range; each turn either has it or learns that the file is shorter. */
static bool view_of(struct tn_file *file, uint64_t offset, uint64_t size, bool all,
                    const char *what, struct tn_view *out, tenon_error *err)
{
    int error = tn_world_readable(&file->info);

    if (error)
        return tn_fail_system(err, error, "%s", what);
    for (;;) {
        const uint64_t file_size = file->info.size;
        const uint64_t left = offset < file_size ? file_size - offset : 0;
        if (all && (size > left || offset > file_size))
            return tn_fail(err, TENON_E_TRUNCATED,
                           "%s: %" PRIu64 " byte%s needed at 0x%" PRIx64 ", %" PRIu64 " left", what,
                           size, size == 1 ? "" : "s", offset, left);
        if (size > left)
            size = left;
        if (size == 0) {
            *out = (struct tn_view){ .at = (const uint8_t *)"", .start = offset };
            return true;
        }
        if (find_range(file, offset, size, out))
            return true;
        if (!read_range(file, offset, size, what, err))
            return false;
    }
}

bool tn_file_view(struct tn_file *file, uint64_t offset, uint64_t size, const char *what,
                  struct tn_view *out, tenon_error *err)
{
    return view_of(file, offset, size, true, what, out, err);
}

bool tn_file_upto(struct tn_file *file, uint64_t offset, uint64_t size, const char *what,
                  struct tn_view *out, tenon_error *err)
{
    return view_of(file, offset, size, false, what, out, err);
}

const char *tn_file_string(struct tn_file *file, uint64_t offset, uint64_t end, const char *what,
                           tenon_error *err)
{
    struct tn_view view = { 0 };
    const char *string;
    end = end < file->info.size ? end : file->info.size;
    for (uint64_t size = 256;; size *= 8) {
        const uint64_t left = offset < end ? end - offset : 0;
        if (!tn_file_upto(file, offset, size < left ? size : left, what, &view, err))
            return NULL;
        if ((string = tn_view_string(view, 0)))
            return string;
        if (size >= left) {
            tn_fail(err, TENON_E_MALFORMED,
                    "%s: the string at 0x%" PRIx64 " begins or ends past 0x%" PRIx64, what, offset,
                    end);
            return NULL;
        }
        if (size > TN_LIMIT_STRING) {
            tn_fail(err, TENON_E_LIMIT, "%s: the string at 0x%" PRIx64 " has more than %u bytes",
                    what, offset, TN_LIMIT_STRING);
            return NULL;
        }
    }
}

bool tn_file_part(struct tn_file *whole, uint64_t offset, uint64_t size, const char *name,
                  struct tn_file *part, tenon_error *err)
{
    const uint64_t left = offset < whole->info.size ? whole->info.size - offset : 0;
    struct tn_view bytes = { 0 };

    if (size > left)
        return tn_fail(err, TENON_E_TRUNCATED,
                       "%s: %" PRIu64 " bytes needed at 0x%" PRIx64 ", %" PRIu64 " left", name,
                       size, offset, left);
    if (!whole->ops) {
        if (!tn_file_view(whole, offset, size, name, &bytes, err))
            return false;
        tn_file_from_bytes(part, name, bytes.at, bytes.size);
        part->arena = whole->arena;
        return true;
    }
    *part = (struct tn_file){
        .name = name,
        .info = whole->info,
        .arena = whole->arena,
        .base = whole->base + offset,
        .ops = whole->ops,
        .layer = whole->layer,
        .handle = whole->handle,
    };
    part->info.size = size;
    return true;
}

/* A range that was not read before is read past the table, unless that would be once too often. */
static bool copy_directly(struct tn_file *file, uint64_t offset, uint64_t size, uint8_t *out)
{
    size_t got = 0;
    if (!file->ops || size > TN_LIMIT_SEGMENT_READ || file->bytes_read > file->info.size ||
        size > file->info.size - file->bytes_read)
        return false;
    file->bytes_read += size;
    return tn_read_fully(file->ops, file->layer, file->handle, file->base + offset, out,
                         (size_t)size, &got) == 0 &&
           got == size;
}

bool tn_file_copy(struct tn_file *file, uint64_t offset, uint64_t size, const char *what,
                  uint8_t *out, tenon_error *err)
{
    struct tn_view view = { 0 };
    bool inside = size && tn_world_readable(&file->info) == 0 && offset <= file->info.size &&
                  size <= file->info.size - offset;
    if (inside && !find_range(file, offset, size, &view) && copy_directly(file, offset, size, out))
        return true;
    if (!tn_file_view(file, offset, size, what, &view, err))
        return false;
    if (size)
        memcpy(out, view.at, (size_t)size);
    return true;
}

int tn_file_whole(tenon_world *world, const char *path, size_t limit, struct tn_arena *arena,
                  struct tn_view *out)
{
    struct tn_file file;
    size_t got = 0;
    int error = tn_file_open(world, path, arena, &file);

    if (error)
        return error;
    error = tn_world_readable(&file.info);
    if (!error && file.info.size > limit)
        error = EFBIG;
    uint8_t *bytes = NULL;
    if (!error) {
        bytes =
            file.info.size < SIZE_MAX ? tn_arena_bytes(arena, (size_t)file.info.size + 1) : NULL;
        error = bytes ? tn_read_fully(file.ops, file.layer, file.handle, 0, bytes,
                                      (size_t)file.info.size, &got)
                      : ENOMEM;
    }
    tn_file_close(&file);
    if (error)
        return error;
    bytes[got] = '\0';
    *out = tn_view(bytes, got);
    return 0;
}
