/*
 * src/bundle/inflate.c - takes out what was stored by deflate
 *
 * rule  RFC 1951; incomplete codes as zlib takes them: only a single one of length 1
 *
 * Bundles are read inside other people's programs. A library that inflates would become part of
 * such a program (libzip brings libcrypto, which is never unmapped again), and would then itself
 * be one of the doubles that tenon is there to prevent. So this is our own.
 */
#include "inflate.h"

#include "fail.h"

enum { MOST_BITS = 15, FAST_BITS = 9, LITERALS = 288, DISTANCES = 30, LENGTHS = 29, END = 256 };

/* A canonical Huffman code: symbols by length; those of few bits also by their bits. */
struct code {
    uint16_t count[MOST_BITS + 1];
    uint16_t symbol[LITERALS];
    uint16_t fast[1 << FAST_BITS]; /* symbol << 4 | bits; 0: look further */
};

struct stream {
    struct tn_view in;
    size_t pos;
    uint64_t hold; /* bits not yet used, the next one lowest */
    unsigned have;
    uint8_t *out;
    size_t size, used;
    const char *fault; /* the first thing that was wrong */
    bool cut;          /* ... is that the input ended */
};

static bool fault(struct stream *s, const char *what)
{
    if (!s->fault)
        s->fault = what;
    return false;
}

static void fill(struct stream *s)
{
    while (s->have <= 56 && s->pos < s->in.size) {
        s->hold |= (uint64_t)s->in.at[s->pos++] << s->have;
        s->have += 8;
    }
}

static void drop(struct stream *s, unsigned count)
{
    s->hold >>= count;
    s->have -= count;
}

/* The next `count` bits, at most 16; false at the end of the input. */
static bool take(struct stream *s, unsigned count, unsigned *value)
{
    if (s->have < count)
        fill(s);
    if (s->have < count) {
        s->cut = true;
        return fault(s, "the data end too early");
    }
    *value = (unsigned)(s->hold & ((UINT64_C(1) << count) - 1));
    drop(s, count);
    return true;
}

/* How many codes are left unused; negative: more than there can be. */
static int count_codes(struct code *code, const uint8_t *lengths, unsigned symbols)
{
    int left = 1;

    memset(code, 0, sizeof *code);
    for (unsigned i = 0; i < symbols; i++)
        code->count[lengths[i]]++;
    for (unsigned bits = 1; bits <= MOST_BITS && left >= 0; bits++)
        left = left * 2 - code->count[bits];
    return left;
}

static unsigned reversed(unsigned value, unsigned bits)
{
    unsigned result = 0;

    for (unsigned i = 0; i < bits; i++)
        result |= (value >> i & 1) << (bits - 1 - i);
    return result;
}

static void list_fast(struct code *code)
{
    unsigned first = 0, index = 0;

    for (unsigned bits = 1; bits <= FAST_BITS; bits++) {
        first <<= 1;
        for (unsigned i = 0; i < code->count[bits]; i++) {
            unsigned row = code->symbol[index + i];
            for (unsigned at = reversed(first + i, bits); at < 1u << FAST_BITS; at += 1u << bits)
                code->fast[at] = (uint16_t)(row << 4 | bits);
        }
        first += code->count[bits];
        index += code->count[bits];
    }
}

/* False: the lengths are no code that can be used. */
static bool make_code(struct code *code, const uint8_t *lengths, unsigned symbols)
{
    uint16_t next[MOST_BITS + 1] = { 0 };
    int left = count_codes(code, lengths, symbols);

    if (left < 0 || (left > 0 && symbols - code->count[0] > code->count[1]))
        return false;
    for (unsigned bits = 1; bits < MOST_BITS; bits++)
        next[bits + 1] = (uint16_t)(next[bits] + code->count[bits]);
    for (unsigned i = 0; i < symbols; i++)
        if (lengths[i])
            code->symbol[next[lengths[i]]++] = (uint16_t)i;
    list_fast(code);
    return true;
}

static bool decode_slowly(struct stream *s, const struct code *code, unsigned *symbol)
{
    unsigned value = 0, first = 0, index = 0, bit;

    for (unsigned bits = 1; bits <= MOST_BITS; bits++) {
        if (!take(s, 1, &bit))
            return false;
        value |= bit;
        if (value - first < code->count[bits]) {
            *symbol = code->symbol[index + (value - first)];
            return true;
        }
        index += code->count[bits];
        first = (first + code->count[bits]) << 1;
        value <<= 1;
    }
    return fault(s, "bits that are no code");
}

static bool decode(struct stream *s, const struct code *code, unsigned *symbol)
{
    unsigned row;

    if (s->have < MOST_BITS)
        fill(s);
    row = code->fast[s->hold & ((1u << FAST_BITS) - 1)];
    if (row == 0 || (row & 15) > s->have)
        return decode_slowly(s, code, symbol);
    drop(s, row & 15);
    *symbol = row >> 4;
    return true;
}

static bool copy_back(struct stream *s, unsigned length, unsigned distance)
{
    if (distance > s->used)
        return fault(s, "a distance before the beginning");
    if (length > s->size - s->used)
        return fault(s, "more bytes than were promised");
    for (unsigned i = 0; i < length; i++, s->used++)
        s->out[s->used] = s->out[s->used - distance];
    return true;
}

static bool read_match(struct stream *s, unsigned symbol, const struct code *distances)
{
    static const uint16_t length_base[LENGTHS] = { 3,  4,  5,  6,   7,   8,   9,   10,  11, 13,
                                                   15, 17, 19, 23,  27,  31,  35,  43,  51, 59,
                                                   67, 83, 99, 115, 131, 163, 195, 227, 258 };
    static const uint8_t length_bits[LENGTHS] = { 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2,
                                                  2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0 };
    static const uint16_t distance_base[DISTANCES] = {
        1,   2,   3,   4,   5,   7,    9,    13,   17,   25,   33,   49,   65,    97,    129,
        193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577
    };
    unsigned row = symbol - END - 1, more, length, distance;

    if (row >= LENGTHS)
        return fault(s, "a length that does not exist");
    if (!take(s, length_bits[row], &more))
        return false;
    length = length_base[row] + more;
    if (!decode(s, distances, &row))
        return false;
    if (row >= DISTANCES)
        return fault(s, "a distance that does not exist");
    if (!take(s, row < 2 ? 0 : row / 2 - 1, &more))
        return false;
    distance = distance_base[row] + more;
    return copy_back(s, length, distance);
}

static bool read_symbols(struct stream *s, const struct code *literals,
                         const struct code *distances)
{
    unsigned symbol;

    for (;;) {
        if (!decode(s, literals, &symbol))
            return false;
        if (symbol == END)
            return true;
        if (symbol > END) {
            if (!read_match(s, symbol, distances))
                return false;
            continue;
        }
        if (s->used == s->size)
            return fault(s, "more bytes than were promised");
        s->out[s->used++] = (uint8_t)symbol;
    }
}

static bool read_stored(struct stream *s)
{
    unsigned size, complement, byte;

    drop(s, s->have % 8);
    if (!take(s, 16, &size) || !take(s, 16, &complement))
        return false;
    if (size != (complement ^ 0xFFFF))
        return fault(s, "a stored block whose two lengths differ");
    if (size > s->size - s->used)
        return fault(s, "more bytes than were promised");
    for (unsigned i = 0; i < size; i++) {
        if (!take(s, 8, &byte))
            return false;
        s->out[s->used++] = (uint8_t)byte;
    }
    return true;
}

static bool read_fixed(struct stream *s)
{
    struct code literals, distances;
    uint8_t lengths[LITERALS];

    for (unsigned i = 0; i < LITERALS; i++)
        lengths[i] = i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8;
    make_code(&literals, lengths, LITERALS);
    memset(lengths, 5, 32); /* 30 and 31 are codes, and no distances */
    make_code(&distances, lengths, 32);
    return read_symbols(s, &literals, &distances);
}

/* The lengths of both codes, themselves coded; 16 to 18 repeat. */
static bool read_lengths(struct stream *s, const struct code *code, uint8_t *lengths,
                         unsigned count)
{
    static const struct {
        uint8_t bits, least;
    } repeats[] = { { 2, 3 }, { 3, 3 }, { 7, 11 } };
    unsigned symbol, more;

    for (unsigned i = 0; i < count;) {
        if (!decode(s, code, &symbol))
            return false;
        if (symbol < 16) {
            lengths[i++] = (uint8_t)symbol;
            continue;
        }
        if (symbol == 16 && i == 0)
            return fault(s, "a repeated length before the first");
        if (!take(s, repeats[symbol - 16].bits, &more))
            return false;
        more += repeats[symbol - 16].least;
        if (more > count - i)
            return fault(s, "more lengths than codes");
        memset(lengths + i, symbol == 16 ? lengths[i - 1] : 0, more);
        i += more;
    }
    return true;
}

static bool read_dynamic(struct stream *s)
{
    static const uint8_t order[19] = { 16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
                                       11, 4,  12, 3, 13, 2, 14, 1, 15 };
    struct code literals, distances;
    uint8_t lengths[LITERALS + 32] = { 0 };
    uint8_t small[19] = { 0 };
    unsigned literal_count, distance_count, small_count, value;

    if (!take(s, 5, &literal_count) || !take(s, 5, &distance_count) || !take(s, 4, &small_count))
        return false;
    literal_count += 257;
    distance_count += 1;
    small_count += 4;
    if (literal_count > LITERALS - 2 || distance_count > DISTANCES)
        return fault(s, "too many codes");
    for (unsigned i = 0; i < small_count; i++) {
        if (!take(s, 3, &value))
            return false;
        small[order[i]] = (uint8_t)value;
    }
    if (count_codes(&literals, small, 19) != 0 || !make_code(&literals, small, 19))
        return fault(s, "bad code lengths");
    if (!read_lengths(s, &literals, lengths, literal_count + distance_count))
        return false;
    if (lengths[END] == 0 || !make_code(&literals, lengths, literal_count) ||
        !make_code(&distances, lengths + literal_count, distance_count))
        return fault(s, "bad code lengths");
    return read_symbols(s, &literals, &distances);
}

static bool read_blocks(struct stream *s)
{
    unsigned last, type;
    bool ok;

    do {
        if (!take(s, 1, &last) || !take(s, 2, &type))
            return false;
        switch (type) {
        case 0: ok = read_stored(s); break;
        case 1: ok = read_fixed(s); break;
        case 2: ok = read_dynamic(s); break;
        default: ok = fault(s, "a block of unknown type"); break;
        }
        if (!ok)
            return false;
    } while (!last);
    if (s->used < s->size)
        return fault(s, "fewer bytes than were promised");
    if (s->pos - s->have / 8 != s->in.size)
        return fault(s, "bytes behind the end");
    return true;
}

bool tn_inflate(struct tn_view packed, uint8_t *out, size_t size, tenon_error *err)
{
    struct stream s = { .in = packed, .out = out, .size = size };

    if (read_blocks(&s))
        return true;
    return tn_fail(err, s.cut ? TENON_E_TRUNCATED : TENON_E_MALFORMED, "deflate: %s", s.fault);
}
