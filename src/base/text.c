/* src/base/text.c - untrusted bytes made safe to show */
/*
 * rule: bytes that are not valid UTF-8 (Unicode 15, table 3-7) and control characters (C0, DEL, C1)
 * become \xHH, byte by byte. So do the characters that steer how a line is laid out and could make
 * it read as another one: U+2028 and U+2029 (separators), U+202A to U+202E and U+2066 to U+2069
 * (direction), U+FEFF (invisible); and a backslash before an x, so that whatever reads \xHH is one
 * of these: replacing each by its byte undoes it, and paths of Windows stay as they are.
 */
#include "text.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "view.h"

/* Sequences of UTF-8 by their first byte: how long, and the bounds of the second byte. */
static const struct sequence {
    uint8_t first, last; /* first byte */
    uint8_t length;
    uint8_t low, high; /* second byte; later ones are 80 to BF */
} sequences[] = {
    { 0xC2, 0xDF, 2, 0x80, 0xBF }, { 0xE0, 0xE0, 3, 0xA0, 0xBF }, { 0xE1, 0xEC, 3, 0x80, 0xBF },
    { 0xED, 0xED, 3, 0x80, 0x9F }, { 0xEE, 0xEF, 3, 0x80, 0xBF }, { 0xF0, 0xF0, 4, 0x90, 0xBF },
    { 0xF1, 0xF3, 4, 0x80, 0xBF }, { 0xF4, 0xF4, 4, 0x80, 0x8F },
};

/* Ranges of characters beyond ASCII that are not shown as they are. */
static const struct {
    uint32_t first, last;
} hidden[] = {
    { 0x80, 0x9F },
    { 0x2028, 0x202E },
    { 0x2066, 0x2069 },
    { 0xFEFF, 0xFEFF },
};

/* Bytes of the well-formed character beyond ASCII at p, 0 when there is none. */
static size_t character_length(const uint8_t *p, size_t size)
{
    for (size_t i = 0; i < TN_COUNT(sequences); i++) {
        const struct sequence *s = &sequences[i];
        if (p[0] < s->first || p[0] > s->last)
            continue;
        if (size < s->length || p[1] < s->low || p[1] > s->high)
            return 0;
        for (size_t k = 2; k < s->length; k++)
            if ((p[k] & 0xC0) != 0x80)
                return 0;
        return s->length;
    }
    return 0;
}

static bool is_hidden(const uint8_t *p, size_t length)
{
    uint32_t character = p[0] & (0x7Fu >> length);

    for (size_t k = 1; k < length; k++)
        character = character << 6 | (p[k] & 0x3Fu);
    for (size_t i = 0; i < TN_COUNT(hidden); i++)
        if (character >= hidden[i].first && character <= hidden[i].last)
            return true;
    return false;
}

static inline bool is_plain_ascii(uint8_t byte)
{
    return byte >= 0x20 && byte < 0x7F;
}

/* The bytes at p that belong together; *plain says whether they are shown as they are. */
static size_t next_piece(const uint8_t *p, size_t size, bool *plain)
{
    if (p[0] < 0x80) {
        *plain = is_plain_ascii(p[0]) && !(p[0] == '\\' && size > 1 && p[1] == 'x');
        return 1;
    }
    size_t length = character_length(p, size);
    *plain = length > 0 && !is_hidden(p, length);
    return length > 0 ? length : 1;
}

static const char digits[] = "0123456789abcdef";

char *tn_text_hex(char *out, const void *bytes, size_t size)
{
    const uint8_t *in = bytes;

    for (size_t i = 0; i < size; i++) {
        out[2 * i] = digits[in[i] >> 4];
        out[2 * i + 1] = digits[in[i] & 15];
    }
    out[2 * size] = '\0';
    return out;
}

/* As tn_text_escape; *taken is how many of the bytes got in. */
static size_t escape(char *out, size_t room, const char *bytes, size_t size, size_t *taken)
{
    const uint8_t *in = (const uint8_t *)bytes;
    size_t used = 0;

    *taken = 0;
    if (room == 0)
        return 0;
    while (*taken < size) {
        bool plain;
        size_t length = next_piece(in + *taken, size - *taken, &plain);
        if ((plain ? length : 4 * length) > room - 1 - used)
            break;
        if (plain) {
            memcpy(out + used, in + *taken, length);
            used += length;
        } else {
            for (size_t k = 0; k < length; k++) {
                uint8_t byte = in[*taken + k];
                const char code[4] = { '\\', 'x', digits[byte >> 4], digits[byte & 15] };
                memcpy(out + used, code, sizeof code);
                used += sizeof code;
            }
        }
        *taken += length;
    }
    out[used] = '\0';
    return used;
}

size_t tn_text_escape(char *out, size_t room, const char *bytes, size_t size)
{
    size_t taken;

    return escape(out, room, bytes, size, &taken);
}

int tn_text_is_plain(const char *bytes, size_t size)
{
    const uint8_t *in = (const uint8_t *)bytes;

    for (size_t i = 0; i < size;) {
        bool plain = is_plain_ascii(in[i]) && in[i] != '\\';
        i += plain ? 1 : next_piece(in + i, size - i, &plain);
        if (!plain)
            return 0;
    }
    return 1;
}

const char *tn_quote(char buffer[TN_QUOTE_ROOM], const char *string)
{
    static const char cut_off[] = "'...";
    size_t size = string ? strnlen(string, TN_QUOTE_ROOM) : 0;
    size_t taken;

    buffer[0] = '\'';
    size_t used = 1 + escape(buffer + 1, TN_QUOTE_ROOM - sizeof cut_off, string, size, &taken);
    if (taken == size)
        memcpy(buffer + used, "'", 2);
    else
        memcpy(buffer + used, cut_off, sizeof cut_off);
    return buffer;
}
