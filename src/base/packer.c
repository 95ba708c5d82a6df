/* src/base/packer.c - lists and texts in few bytes, and back */
#include "packer.h"

#include <stdlib.h>
#include <string.h>

enum { LEAST_TEXT = 1, FIRST_ROOM = 512 };

void tn_packer_put(struct tn_packer *p, const void *bytes, size_t size)
{
    if (p->failed || !size)
        return;
    if (size > p->room - p->used) {
        size_t twice = 2 * p->room, least = p->used + size + FIRST_ROOM;
        size_t room = twice > least ? twice : least;
        uint8_t *more = realloc(p->at, room);
        if (!more) {
            p->failed = true;
            return;
        }
        p->at = more;
        p->room = room;
    }
    memcpy(p->at + p->used, bytes, size);
    p->used += size;
}

void tn_packer_number(struct tn_packer *p, uint64_t value, unsigned bytes)
{
    uint64_t little = htole64(value);
    tn_packer_put(p, &little, bytes);
}

void tn_packer_text(struct tn_packer *p, const char *text)
{
    tn_packer_put(p, text, strlen(text) + 1);
}

void tn_packer_maybe(struct tn_packer *p, const char *text)
{
    tn_packer_byte(p, text != NULL);
    if (text)
        tn_packer_text(p, text);
}

void tn_packer_texts(struct tn_packer *p, const char *const *texts, size_t count)
{
    tn_packer_number(p, count, 4);
    for (size_t i = 0; i < count; i++)
        tn_packer_text(p, texts[i]);
}

size_t tn_packer_begin(struct tn_packer *p)
{
    tn_packer_number(p, 0, 4);
    return p->used;
}

void tn_packer_end(struct tn_packer *p, size_t begin)
{
    uint32_t little = htole32((uint32_t)(p->used - begin));
    p->failed |= p->used - begin > UINT32_MAX;
    if (!p->failed)
        memcpy(p->at + begin - 4, &little, sizeof little);
}

const char *tn_unpack_text(struct tn_unpacker *u)
{
    const uint8_t *at = u->c.lost ? NULL : u->c.in.at + u->c.pos;
    size_t left = u->c.in.size - u->c.pos;
    const uint8_t *end = at && left ? memchr(at, 0, left) : NULL;
    const uint8_t *text = tn_take(&u->c, end ? (uint64_t)(end - at) + 1 : left + 1, "a text");
    return text ? (const char *)text : "";
}

const char *tn_unpack_maybe(struct tn_unpacker *u)
{
    return tn_u8(&u->c, "is there") ? tn_unpack_text(u) : NULL;
}

struct tn_view tn_unpack_part(struct tn_unpacker *u)
{
    uint32_t size = tn_u32(&u->c, "a size");
    uint64_t start = u->c.in.start + u->c.pos;
    const uint8_t *bytes = tn_take(&u->c, size, "a part");
    return (struct tn_view){ bytes ? bytes : (const uint8_t *)"", bytes ? size : 0, start };
}

void *tn_unpack_rows(struct tn_unpacker *u, size_t least, size_t size, size_t *count)
{
    static char none; /* what an empty list points to */
    uint32_t stated = tn_u32(&u->c, "a count");
    void *rows = NULL;
    *count = 0;
    if (u->c.lost || u->bad || u->no_memory)
        return NULL;
    if (stated > (u->c.in.size - u->c.pos) / least) {
        u->bad = true;
        return NULL;
    }
    rows = stated ? tn_arena_rows(u->arena, stated, size) : &none;
    if (rows)
        *count = stated;
    else
        u->no_memory = true;
    return rows;
}

const char *const *tn_unpack_texts(struct tn_unpacker *u, size_t *count)
{
    const char **rows = tn_unpack_rows(u, LEAST_TEXT, sizeof *rows, count);
    for (size_t i = 0; i < *count; i++)
        rows[i] = tn_unpack_text(u);
    return rows;
}

unsigned tn_unpack_kind(struct tn_unpacker *u, unsigned end)
{
    unsigned kind = tn_u8(&u->c, "a kind");
    u->bad |= kind >= end;
    return kind < end ? kind : 0;
}
