/*
 * src/image/elf_window.c - reads the few bytes of a big table that are asked for
 *
 * String tables of megabytes hold a few names that matter, and those mostly lie together: reading
 * is by page around the question. A table that is asked in many places is read whole, so that no
 * file can make us read more than its size again and again.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "elf_private.h"
#include "fail.h"
#include "limits.h"

/* So many pieces of one table may be read apart. */
#define PIECES 24u

/* Bytes of one piece of a stream. */
#define STREAM_PIECE (256u << 10)

/* Ranges up to this size are read at once and stay. */
#define STREAM_WHOLE (1u << 20)

static bool inside_declared(const struct tn_elf_window *window, uint64_t end)
{
    return window->declared && end <= window->declared;
}

bool tn_elf_cover_slowly(struct tn_elf_window *window, uint64_t offset, uint64_t size,
                         tenon_error *err)
{
    if (offset < window->start || offset > window->end || size > window->end - offset)
        return tn_fail(err, TENON_E_TRUNCATED,
                       "%s: %" PRIu64 " bytes needed at 0x%" PRIx64 ", %" PRIu64 " left",
                       window->what, size, offset, offset < window->end ? window->end - offset : 0);
    uint64_t from = window->start, to = window->end;
    if (inside_declared(window, offset + size))
        to = window->declared;
    if (window->pieces < PIECES) {
        uint64_t low = offset - offset % TN_ELF_PAGE, high = offset + size;
        high += (TN_ELF_PAGE - high % TN_ELF_PAGE) % TN_ELF_PAGE;
        from = low > from ? low : from;
        to = high < to ? high : to;
    }
    uint64_t before = window->file->bytes_read;
    if (!tn_file_upto(window->file, from, to - from, window->what, &window->near, err))
        return false;
    window->pieces += window->file->bytes_read != before;
    if (!tn_elf_inside(window->near, offset, size))
        return tn_fail(err, TENON_E_TRUNCATED, "%s: the file became shorter", window->what);
    return true;
}

const char *tn_elf_window_string(struct tn_elf_window *window, uint64_t offset, uint64_t limit,
                                 size_t *length, tenon_error *err)
{
    uint64_t at, left, span = 1;
    *length = 0;
    if (!tn_add(window->start, offset, &at) || at >= window->end) {
        tn_fail(err, TENON_E_MALFORMED,
                "%s: string at offset 0x%" PRIx64 ", the table has 0x%" PRIx64 " bytes",
                window->what, offset, window->end - window->start);
        return NULL;
    }
    left = window->end - at;
    for (;;) {
        if (!tn_elf_cover(window, at, span, err))
            return NULL;
        uint64_t have = window->near.start + window->near.size - at;
        have = have < left ? have : left; /* `near` may reach beyond the table */
        const uint8_t *text = tn_elf_at(window, at);
        const uint8_t *end = memchr(text, 0, (size_t)(have <= limit ? have : limit + 1));
        if (end) {
            *length = (size_t)(end - text);
            return (const char *)text;
        }
        *length = (size_t)(have < limit ? have : limit);
        if (have > limit) {
            tn_fail(err, TENON_E_LIMIT,
                    "%s: string at offset 0x%" PRIx64 " is longer than %" PRIu64 " bytes",
                    window->what, offset, limit);
            return NULL;
        }
        if (have == left) {
            tn_fail(err, TENON_E_MALFORMED, "%s: string at offset 0x%" PRIx64 " has no end",
                    window->what, offset);
            return NULL;
        }
        span = have * 16 < left ? have * 16 : left;
    }
}

/* Reads the next piece of a range that is too big to keep. */
static bool refill(struct tn_elf_stream *s, tenon_error *err)
{
    const struct tn_file *file = s->file;
    uint64_t left = s->end - s->offset;
    size_t want = left < STREAM_PIECE ? (size_t)left : STREAM_PIECE, have = 0, got = 1;
    if (!file->ops || left <= STREAM_WHOLE)
        return tn_file_upto(s->file, s->offset, left, s->what, &s->piece, err);
    if (!s->buffer)
        s->buffer = malloc(STREAM_PIECE);
    if (!s->buffer)
        return tn_no_memory(err);
    for (; have < want && got; have += got) {
        int number = file->ops->read(file->layer, file->handle, s->offset + have, s->buffer + have,
                                     want - have, &got);
        if (number)
            return tn_fail_system(err, number, "%s", s->what);
    }
    s->piece = (struct tn_view){ s->buffer, have, s->offset };
    return true;
}

const uint8_t *tn_elf_stream_next(struct tn_elf_stream *s, size_t size, tenon_error *err)
{
    if (s->offset > s->end || size > s->end - s->offset)
        return NULL;
    if (!tn_elf_inside(s->piece, s->offset, size)) {
        if (!refill(s, err))
            return NULL;
        if (!tn_elf_inside(s->piece, s->offset, size)) {
            tn_fail(err, TENON_E_TRUNCATED, "%s: the file became shorter", s->what);
            return NULL;
        }
    }
    const uint8_t *at = s->piece.at + (size_t)(s->offset - s->piece.start);
    s->offset += size;
    return at;
}

void tn_elf_stream_skip(struct tn_elf_stream *s, uint64_t size)
{
    s->offset = size < s->end - s->offset ? s->offset + size : s->end;
}

void tn_elf_stream_end(struct tn_elf_stream *s)
{
    free(s->buffer);
    s->buffer = NULL;
}
