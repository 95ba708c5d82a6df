/* src/base/cursor.h - walks a view; the first read that does not fit is remembered by name */
#ifndef TN_CURSOR_H
#define TN_CURSOR_H

#include <endian.h>
#include <tenon/error.h>

#include "view.h"

enum tn_endian { TN_LITTLE, TN_BIG };

struct tn_cursor {
    struct tn_view in;
    size_t pos; /* <= in.size, always */
    enum tn_endian endian;
    const char *lost; /* what did not fit; later reads give 0 */
    uint64_t wanted;  /* bytes asked for when it was lost */
    uint64_t where;   /* file offset asked for */
};

static inline struct tn_cursor tn_cursor(struct tn_view in, enum tn_endian endian)
{
    return (struct tn_cursor){ .in = in, .endian = endian };
}

static inline const uint8_t *tn_take(struct tn_cursor *c, uint64_t n, const char *what)
{
    if (c->lost)
        return NULL;
    if (n > c->in.size - c->pos) {
        c->lost = what;
        c->wanted = n;
        c->where = c->in.start + c->pos;
        return NULL;
    }
    c->pos += (size_t)n;
    return c->in.at + (c->pos - (size_t)n);
}

static inline void tn_skip(struct tn_cursor *c, uint64_t n, const char *what)
{
    (void)tn_take(c, n, what);
}

static inline void tn_seek(struct tn_cursor *c, uint64_t pos, const char *what)
{
    if (c->lost)
        return;
    if (pos > c->in.size) {
        c->lost = what;
        c->wanted = 0;
        c->where = c->in.start + pos;
        return;
    }
    c->pos = (size_t)pos;
}

static inline uint8_t tn_u8(struct tn_cursor *c, const char *what)
{
    const uint8_t *p = tn_take(c, 1, what);
    return p ? p[0] : 0;
}

static inline uint16_t tn_load16(const uint8_t *p, enum tn_endian endian)
{
    uint16_t value;
    memcpy(&value, p, sizeof value);
    return endian == TN_LITTLE ? le16toh(value) : be16toh(value);
}

static inline uint32_t tn_load32(const uint8_t *p, enum tn_endian endian)
{
    uint32_t value;
    memcpy(&value, p, sizeof value);
    return endian == TN_LITTLE ? le32toh(value) : be32toh(value);
}

static inline uint64_t tn_load64(const uint8_t *p, enum tn_endian endian)
{
    uint64_t value;
    memcpy(&value, p, sizeof value);
    return endian == TN_LITTLE ? le64toh(value) : be64toh(value);
}

static inline uint16_t tn_u16(struct tn_cursor *c, const char *what)
{
    const uint8_t *p = tn_take(c, 2, what);
    return p ? tn_load16(p, c->endian) : 0;
}

static inline uint32_t tn_u32(struct tn_cursor *c, const char *what)
{
    const uint8_t *p = tn_take(c, 4, what);
    return p ? tn_load32(p, c->endian) : 0;
}

static inline uint64_t tn_u64(struct tn_cursor *c, const char *what)
{
    const uint8_t *p = tn_take(c, 8, what);
    return p ? tn_load64(p, c->endian) : 0;
}

/* A word of 4 or 8 bytes, as formats with two classes have it. */
static inline uint64_t tn_word(struct tn_cursor *c, unsigned bytes, const char *what)
{
    return bytes == 8 ? tn_u64(c, what) : tn_u32(c, what);
}

/* The next n bytes as a view of their own; empty when they do not fit. */
static inline struct tn_view tn_sub(struct tn_cursor *c, uint64_t n, const char *what)
{
    uint64_t start = c->in.start + c->pos;
    const uint8_t *p = tn_take(c, n, what);
    return (struct tn_view){ .at = p, .size = p ? (size_t)n : 0, .start = start };
}

/* A table of `count` rows of `stride` bytes: only after this may `count` be spent. */
static inline struct tn_view tn_rows(struct tn_cursor *c, uint64_t count, uint64_t stride,
                                     const char *what)
{
    uint64_t bytes;
    if (!tn_mul(count, stride, &bytes))
        bytes = UINT64_MAX;
    return tn_sub(c, bytes, what);
}

/*
 * Ends a block of reads: true when all of them fitted, else fills err with
 * "WHAT: N bytes needed at 0xOFFSET, M left" (TENON_E_TRUNCATED).
 */
bool tn_end(const struct tn_cursor *c, tenon_error *err);

#endif
