/*
 * src/ocaml/marshal_header.c - what stands before a marshalled value
 *
 * rule  runtime/caml/intext.h
 */
#include <inttypes.h>

#include "fail.h"
#include "marshal.h"

enum {
    MAGIC_SMALL = 0x8495a6be,
    MAGIC_BIG = 0x8495a6bf,
    MAGIC_COMPRESSED = 0x8495a6bd,
};

/* rule  intext.h: seven bits a byte, most significant first, bit 7: more follow */
static uint64_t read_vlq(struct tn_cursor *c, bool *good)
{
    uint64_t value = 0;
    uint8_t byte;
    do {
        byte = tn_u8(c, "marshal header");
        *good = *good && value <= UINT64_MAX >> 7;
        value = value << 7 | (byte & 0x7f);
    } while (byte & 0x80);
    return value;
}

static bool read_compressed_header(struct tn_cursor *c, struct tn_marshal_header *out,
                                   tenon_error *err)
{
    bool good = true;
    out->size = tn_u8(c, "marshal header") & 0x3f;
    out->compressed = true;
    out->data = read_vlq(c, &good);
    (void)read_vlq(c, &good); /* uncompressed length */
    out->objects = read_vlq(c, &good);
    (void)read_vlq(c, &good); /* words where a word has 32 bits */
    (void)read_vlq(c, &good); /* words where it has 64 */
    if (!tn_end(c, err))
        return false;
    if (!good || out->size != c->pos)
        return tn_fail(err, TENON_E_MALFORMED,
                       "marshal header at 0x%" PRIx64 ": its numbers take %zu bytes, it has %u",
                       c->in.start, c->pos, out->size);
    return true;
}

bool tn_marshal_header(struct tn_view from, struct tn_marshal_header *out, tenon_error *err)
{
    struct tn_cursor c = tn_cursor(from, TN_BIG);
    struct tn_marshal_header h = { 0 };
    uint32_t magic = tn_u32(&c, "marshal header");
    switch (magic) {
    case MAGIC_SMALL:
        h.data = tn_u32(&c, "marshal header");
        h.objects = tn_u32(&c, "marshal header");
        tn_skip(&c, 8, "marshal header"); /* words, where a word has 32 and 64 bits */
        h.size = 20;
        break;
    case MAGIC_BIG:
        tn_skip(&c, 4, "marshal header");
        h.data = tn_u64(&c, "marshal header");
        h.objects = tn_u64(&c, "marshal header");
        tn_skip(&c, 8, "marshal header"); /* words */
        h.size = 32;
        break;
    case MAGIC_COMPRESSED:
        if (!read_compressed_header(&c, &h, err))
            return false;
        break;
    default:
        if (!c.lost)
            return tn_fail(err, TENON_E_MALFORMED,
                           "marshal header at 0x%" PRIx64 ": magic number is 0x%08" PRIx32,
                           from.start, magic);
    }
    if (!tn_end(&c, err))
        return false;
    *out = h;
    return true;
}
