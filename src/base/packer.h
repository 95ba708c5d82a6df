/* src/base/packer.h - lists and texts in few bytes, and back: for what is read again and again */
#ifndef TN_PACKER_H
#define TN_PACKER_H

#include "arena.h"
#include "cursor.h"

/*
 * Numbers are little-endian, lists begin with a u32 of their length, strings end with a NUL; of
 * those that may be NULL a byte says whether they are there.
 */

/* Bytes that grow. Starts as { 0 }; `at` is malloc()ed, to be freed also when it failed. */
struct tn_packer {
    uint8_t *at;
    size_t used, room;
    bool failed; /* no memory */
};

void tn_packer_put(struct tn_packer *p, const void *bytes, size_t size);
void tn_packer_number(struct tn_packer *p, uint64_t value, unsigned bytes);
void tn_packer_text(struct tn_packer *p, const char *text);
void tn_packer_maybe(struct tn_packer *p, const char *text);
void tn_packer_texts(struct tn_packer *p, const char *const *texts, size_t count);

static inline void tn_packer_byte(struct tn_packer *p, unsigned value)
{
    tn_packer_number(p, value, 1);
}

/* What is written from here to the end of it has its size, a u32, before it. */
size_t tn_packer_begin(struct tn_packer *p);
void tn_packer_end(struct tn_packer *p, size_t begin);

/* Reads any bytes. What is given out is borrowed from them, lists are in the arena. */
struct tn_unpacker {
    struct tn_cursor c;
    struct tn_arena *arena;
    bool bad; /* a value that cannot be */
    bool no_memory;
};

/* "" when there is none. */
const char *tn_unpack_text(struct tn_unpacker *u);
const char *tn_unpack_maybe(struct tn_unpacker *u);

/* What has its size before it. */
struct tn_view tn_unpack_part(struct tn_unpacker *u);

/*
 * Zeroed room for a list of rows of `size` bytes, each of which takes at least `least` of the
 * packed ones: a count is only believed when its rows can be there. *count is 0 when it cannot be.
 * NULL only then; an empty list points to something that must not be touched.
 */
void *tn_unpack_rows(struct tn_unpacker *u, size_t least, size_t size, size_t *count);
const char *const *tn_unpack_texts(struct tn_unpacker *u, size_t *count);

/* One byte, smaller than `end`; else 0, and it is bad. */
unsigned tn_unpack_kind(struct tn_unpacker *u, unsigned end);

#endif
