/*
 * src/bundle/inflate.c - takes out what was stored by deflate; the only file that knows zlib
 *
 * Bundles are read inside other people's programs. zlib is linked into libtenon, hidden, instead
 * of being loaded with it: a libz.so.1 (or libzip with its libcrypto, never unmapped again) that
 * tenon brings into the process would itself be one of the doubles that tenon is there to prevent.
 * What is used of it has no state outside the stream.
 */
#include "inflate.h"

#include <inttypes.h>
#include <zlib.h>

#include "fail.h"

#define RAW_DEFLATE (-15) /* windowBits: no zlib header, the largest window */

/* The most bytes that one call can be given. */
static uInt piece(size_t left)
{
    return left < UINT32_MAX ? (uInt)left : (uInt)UINT32_MAX;
}

/* Runs the stream until it ends, fails, or has no input or no room left. */
static int run(z_stream *stream, struct tn_view packed, uint8_t *out, size_t size)
{
    /* zlib compares the two pointers with NULL, even when there are no bytes */
    static uint8_t nothing;
    size_t in_left = packed.size, out_left = size;
    int result = Z_OK;

    stream->next_in = packed.size ? (Bytef *)(uintptr_t)packed.at : &nothing;
    stream->next_out = size ? out : &nothing;
    while (result == Z_OK) {
        uInt in = piece(in_left), room = piece(out_left);
        stream->avail_in = in;
        stream->avail_out = room;
        result = inflate(stream, Z_NO_FLUSH);
        in_left -= in - stream->avail_in;
        out_left -= room - stream->avail_out;
    }
    return result;
}

static bool judge(const z_stream *stream, int result, struct tn_view packed, size_t size,
                  tenon_error *err)
{
    if (result == Z_MEM_ERROR)
        return tn_no_memory(err);
    if (result == Z_DATA_ERROR)
        return tn_fail(err, TENON_E_MALFORMED, "deflate: %s at 0x%" PRIx64,
                       stream->msg ? stream->msg : "bad data",
                       packed.start + (uint64_t)stream->total_in);
    if (result == Z_STREAM_END && stream->total_out == size && stream->total_in == packed.size)
        return true;
    if (result == Z_STREAM_END)
        return tn_fail(err, TENON_E_MALFORMED,
                       "deflate: %lu of %zu bytes give %lu, not the %zu of the directory",
                       stream->total_in, packed.size, stream->total_out, size);
    if (stream->total_in == packed.size)
        return tn_fail(err, TENON_E_TRUNCATED, "deflate: the data ends after %lu of %zu bytes",
                       stream->total_out, size);
    return tn_fail(err, TENON_E_MALFORMED, "deflate: more than the %zu bytes of the directory",
                   size);
}

bool tn_inflate(struct tn_view packed, uint8_t *out, size_t size, tenon_error *err)
{
    z_stream stream = { 0 };

    if (inflateInit2(&stream, RAW_DEFLATE) != Z_OK)
        return tn_no_memory(err);
    int result = run(&stream, packed, out, size);
    bool ok = judge(&stream, result, packed, size, err);
    (void)inflateEnd(&stream);
    return ok;
}

uint32_t tn_crc32(struct tn_view bytes)
{
    return (uint32_t)crc32_z(0, bytes.at, bytes.size);
}
