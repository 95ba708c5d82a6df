/* src/base/file.h - one open file of a world, read by range, each range once */
#ifndef TN_FILE_H
#define TN_FILE_H

#include <tenon/world.h>

#include "arena.h"
#include "view.h"

#define TN_FILE_RANGES 32

/*
 * Ranges that were read stay in `arena` until its owner drops it; views borrow from there. A
 * range inside one already read costs nothing; else it is read, rounded out to whole blocks of 256
 * bytes (of small files the first read is a page or two): copying costs as much as asking, so that
 * callers ask for what they need. When as many
 * bytes as the file has were read, it is read whole: at most twice its size is held.
 */
struct tn_file {
    const char *name; /* for messages; borrowed */
    tenon_file_info info;
    struct tn_arena *arena;
    struct tn_view ranges[TN_FILE_RANGES]; /* .start is the offset in the file */
    size_t range_count;
    size_t oldest; /* of a full table: the next to make room; its bytes stay */
    uint64_t bytes_read;
    uint64_t base; /* where it begins in what the handle reads: a part of another file */
    const tenon_layer_ops *ops; /* NULL: everything is in ranges[0] (bytes in memory) */
    void *layer, *handle;
};

/*
 * An arena for what is read of one file, and its end: the next file of the same world has its
 * largest block, which the system need not fill with pages once more. NULL: no world. May be called
 * in several threads at once.
 */
struct tn_arena tn_file_room(tenon_world *world);
void tn_file_room_end(tenon_world *world, struct tn_arena *room);

/*
 * Opens a file of the world (relative paths start at its cwd). The bytes will live in `arena`.
 *
 * returns  0 or an errno value. Directories do open, as open(2) does; reading one gives EISDIR
 */
int tn_file_open(tenon_world *world, const char *path, struct tn_arena *arena,
                 struct tn_file *file);

/*
 * True when files of this world may be opened and read in several threads at once, because the
 * kernel resolves their paths (this system, with nothing put over it).
 */
bool tn_world_has_threads(const tenon_world *world);

/* Has a file of this system file capabilities? False for files of other systems, which do not tell.
 */
bool tn_world_has_capabilities(tenon_world *world, const char *path);

/* A file that is already in memory. */
void tn_file_from_bytes(struct tn_file *file, const char *name, const void *bytes, size_t size);

/*
 * The bytes [offset, offset + size) of a file as a file of their own: a slice of a universal file,
 * a member of an archive. Offsets in it, also those of messages, count from its own start.
 *
 * owner    reads through `whole`, which must stay open; is itself never closed. `name` is borrowed
 * errors   TENON_E_TRUNCATED when `whole` is shorter, _MEMORY
 */
bool tn_file_part(struct tn_file *whole, uint64_t offset, uint64_t size, const char *name,
                  struct tn_file *part, tenon_error *err);

/* Closes the handle; views stay valid with their arena. Twice is fine. */
void tn_file_close(struct tn_file *file);

/*
 * The bytes [offset, offset + size) as a view.
 *
 * errors   TENON_E_TRUNCATED "WHAT: N bytes needed at 0xOFFSET, M left" when the file is shorter,
 *          TENON_E_LIMIT for more than TN_LIMIT_SEGMENT_READ, TENON_E_SYSTEM, TENON_E_MEMORY
 */
bool tn_file_view(struct tn_file *file, uint64_t offset, uint64_t size, const char *what,
                  struct tn_view *out, tenon_error *err);

/* As much of [offset, offset + size) as the file has; never TENON_E_TRUNCATED. */
bool tn_file_upto(struct tn_file *file, uint64_t offset, uint64_t size, const char *what,
                  struct tn_view *out, tenon_error *err);

/*
 * Copies [offset, offset + size) to `out`, for what outlives the file or is written to; nothing of
 * it is kept. Errors as tn_file_view.
 */
bool tn_file_copy(struct tn_file *file, uint64_t offset, uint64_t size, const char *what,
                  uint8_t *out, tenon_error *err);

/*
 * The string at `offset`, whose NUL must come before `end` (at most the file's size). Reads a piece
 * around it, more only when it is long. NULL with *err filled: TENON_E_MALFORMED when it begins or
 * ends outside, _LIMIT for more than TN_LIMIT_STRING bytes, and as tn_file_view().
 */
const char *tn_file_string(struct tn_file *file, uint64_t offset, uint64_t end, const char *what,
                           tenon_error *err);

/*
 * A whole small file (configuration, cache) in one view with a NUL behind it.
 *
 * returns  0 or an errno value (EFBIG above `limit` bytes, EISDIR for a directory)
 */
int tn_file_whole(tenon_world *world, const char *path, size_t limit, struct tn_arena *arena,
                  struct tn_view *out);

#endif
