/* src/base/bytes.h - bytes written into room that was measured before */
#ifndef TN_BYTES_H
#define TN_BYTES_H

#include "arena.h"
#include "cursor.h"

/*
 * What does not fit is dropped and remembered: a caller that measured wrongly sees it in `lost`
 * instead of writing outside.
 */
struct tn_bytes {
    uint8_t *at;
    size_t used, room;
    enum tn_endian endian;
    bool lost;
};

/* Zeroed room of the arena. False: no memory. */
static inline bool tn_bytes(struct tn_arena *arena, size_t room, enum tn_endian endian,
                            struct tn_bytes *out)
{
    *out = (struct tn_bytes){ .at = tn_arena_take(arena, room), .room = room, .endian = endian };
    return out->at;
}

static inline struct tn_view tn_bytes_view(const struct tn_bytes *bytes)
{
    return tn_view(bytes->at, bytes->used);
}

static inline void tn_put(struct tn_bytes *out, const void *bytes, size_t size)
{
    if (size > out->room - out->used) {
        out->lost = true;
    } else if (size) {
        memcpy(out->at + out->used, bytes, size);
        out->used += size;
    }
}

static inline void tn_put_view(struct tn_bytes *out, struct tn_view view)
{
    tn_put(out, view.at, view.size);
}

/* The string and its NUL. */
static inline void tn_put_string(struct tn_bytes *out, const char *string)
{
    tn_put(out, string, strlen(string) + 1);
}

static inline void tn_store16(uint8_t *at, uint16_t value, enum tn_endian endian)
{
    uint16_t bytes = endian == TN_LITTLE ? htole16(value) : htobe16(value);
    memcpy(at, &bytes, sizeof bytes);
}

static inline void tn_store32(uint8_t *at, uint32_t value, enum tn_endian endian)
{
    uint32_t bytes = endian == TN_LITTLE ? htole32(value) : htobe32(value);
    memcpy(at, &bytes, sizeof bytes);
}

static inline void tn_store64(uint8_t *at, uint64_t value, enum tn_endian endian)
{
    uint64_t bytes = endian == TN_LITTLE ? htole64(value) : htobe64(value);
    memcpy(at, &bytes, sizeof bytes);
}

static inline void tn_put_u8(struct tn_bytes *out, unsigned value)
{
    uint8_t byte = (uint8_t)value;
    tn_put(out, &byte, 1);
}

static inline void tn_put_u32(struct tn_bytes *out, uint32_t value, enum tn_endian endian)
{
    uint8_t bytes[4];
    tn_store32(bytes, value, endian);
    tn_put(out, bytes, sizeof bytes);
}

/* Zeros up to the next multiple of `align`, a power of two. */
static inline void tn_put_align(struct tn_bytes *out, size_t align)
{
    static const uint8_t zeros[16];
    while (out->used & (align - 1) && !out->lost) {
        size_t rest = align - (out->used & (align - 1));
        tn_put(out, zeros, rest < sizeof zeros ? rest : sizeof zeros);
    }
}

/* Words over bytes that were put before; `offset` is from the start. */
static inline void tn_patch16(struct tn_bytes *out, size_t offset, uint16_t value)
{
    if (offset > out->used || out->used - offset < 2)
        out->lost = true;
    else
        tn_store16(out->at + offset, value, out->endian);
}

static inline void tn_patch32(struct tn_bytes *out, size_t offset, uint32_t value)
{
    if (offset > out->used || out->used - offset < 4)
        out->lost = true;
    else
        tn_store32(out->at + offset, value, out->endian);
}

/* A word of 4 or 8 bytes, as formats with two classes have it. */
static inline void tn_patch_word(struct tn_bytes *out, size_t offset, unsigned word, uint64_t value)
{
    if (word == 4)
        tn_patch32(out, offset, (uint32_t)value);
    else if (offset > out->used || out->used - offset < 8)
        out->lost = true;
    else
        tn_store64(out->at + offset, value, out->endian);
}

#endif
