/* src/bundle/manifest_pack.c - a manifest in few bytes, for what is read again and again */
#include "manifest_pack.h"

#include <stdlib.h>
#include <string.h>

#include "cursor.h"
#include "fail.h"
#include "manifest.h"

/* ---- writing -------------------------------------------------------------------------------- */

struct packer {
    uint8_t *at;
    size_t used, room;
    bool failed;
};

static void put(struct packer *p, const void *bytes, size_t size)
{
    if (p->failed || !size)
        return;
    if (size > p->room - p->used) {
        size_t room = 2 * p->room > p->used + size ? 2 * p->room : p->used + size + 512;
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

static void put_byte(struct packer *p, unsigned value)
{
    uint8_t byte = (uint8_t)value;
    put(p, &byte, 1);
}

static void put_number(struct packer *p, uint64_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        put_byte(p, (unsigned)(value >> 8 * i & 255));
}

static void put_text(struct packer *p, const char *text)
{
    put(p, text, strlen(text) + 1);
}

static void put_maybe(struct packer *p, const char *text)
{
    put_byte(p, text != NULL);
    if (text)
        put_text(p, text);
}

static void put_texts(struct packer *p, const char *const *texts, size_t count)
{
    put_number(p, count, 4);
    for (size_t i = 0; i < count; i++)
        put_text(p, texts[i]);
}

static void put_digest(struct packer *p, const tenon_digest *digest)
{
    put_byte(p, digest->kind);
    put_byte(p, digest->size);
    put(p, digest->bytes, digest->size);
}

static void put_claims(struct packer *p, const tenon_claim *claims, size_t count)
{
    put_number(p, count, 4);
    for (size_t i = 0; i < count; i++) {
        put_byte(p, claims[i].kind);
        put_byte(p, claims[i].stateful);
        put_text(p, claims[i].name);
        put_digest(p, &claims[i].interface);
        put_digest(p, &claims[i].implementation);
        put_maybe(p, claims[i].origin);
        put_maybe(p, claims[i].code);
    }
}

static void put_files(struct packer *p, const tenon_manifest *m)
{
    put_number(p, m->code_count, 4);
    for (size_t i = 0; i < m->code_count; i++) {
        put_text(p, m->code[i].path);
        put_byte(p, m->code[i].kind);
        put_maybe(p, m->code[i].triple);
        put_maybe(p, m->code[i].libc);
        put_maybe(p, m->code[i].own_name);
        put_maybe(p, m->code[i].ocaml_magic);
        put_byte(p, m->code[i].flambda);
    }
    put_number(p, m->entry_count, 4);
    for (size_t i = 0; i < m->entry_count; i++) {
        put_text(p, m->entries[i].path);
        put_number(p, m->entries[i].size, 8);
        put(p, m->entries[i].sha256, sizeof m->entries[i].sha256);
    }
}

uint8_t *tn_manifest_pack(const tenon_manifest *m, size_t *size)
{
    struct packer p = { .at = NULL };

    put_number(&p, m->format, 4);
    put_number(&p, (uint64_t)m->date, 8);
    put_text(&p, m->name);
    put_text(&p, m->version);
    put_text(&p, m->main);
    put_maybe(&p, m->desc);
    put_maybe(&p, m->author);
    put_maybe(&p, m->url);
    put_maybe(&p, m->license);
    put_maybe(&p, m->copyrights);
    put_texts(&p, m->tags, m->tag_count);
    put_texts(&p, m->cons, m->con_count);
    put_texts(&p, m->argv, m->argv_count);
    put_texts(&p, m->packages, m->package_count);
    put_texts(&p, m->private_units, m->private_count);
    put_claims(&p, m->provides, m->provide_count);
    put_claims(&p, m->requires, m->require_count);
    put_files(&p, m);
    *size = p.used;
    if (!p.failed)
        return p.at;
    free(p.at);
    return NULL;
}

/* ---- reading -------------------------------------------------------------------------------- */

/* What a row takes at least: a count is only believed when its rows can be there. */
enum { LEAST_TEXT = 1, LEAST_CLAIM = 9, LEAST_CODE = 7, LEAST_ENTRY = 41 };

struct unpacker {
    struct tn_cursor c;
    struct tn_arena *arena;
    bool bad; /* a value that no manifest has */
    bool no_memory;
};

static const char *take_text(struct unpacker *u)
{
    const uint8_t *at = u->c.lost ? NULL : u->c.in.at + u->c.pos;
    size_t left = u->c.in.size - u->c.pos;
    const uint8_t *end = at && left ? memchr(at, 0, left) : NULL;
    const uint8_t *text = tn_take(&u->c, end ? (uint64_t)(end - at) + 1 : left + 1, "a text");
    return text ? (const char *)text : "";
}

static const char *take_maybe(struct unpacker *u)
{
    return tn_u8(&u->c, "is there") ? take_text(u) : NULL;
}

/* Room for a list; its length in *count, 0 when it cannot be. */
static void *take_rows(struct unpacker *u, size_t least, size_t size, size_t *count)
{
    uint32_t stated = tn_u32(&u->c, "a count");
    void *rows = NULL;
    *count = 0;
    if (u->c.lost || u->bad || u->no_memory)
        return NULL;
    if (stated > (u->c.in.size - u->c.pos) / least) {
        u->bad = true;
        return NULL;
    }
    rows = tn_arena_rows(u->arena, (size_t)stated + 1, size);
    if (rows)
        *count = stated;
    else
        u->no_memory = true;
    return rows;
}

static const char *const *take_texts(struct unpacker *u, size_t *count)
{
    const char **rows = take_rows(u, LEAST_TEXT, sizeof *rows, count);
    for (size_t i = 0; i < *count; i++)
        rows[i] = take_text(u);
    return rows;
}

/* One byte, smaller than `end`. */
static unsigned take_kind(struct unpacker *u, unsigned end)
{
    unsigned kind = tn_u8(&u->c, "a kind");
    u->bad |= kind >= end;
    return kind < end ? kind : 0;
}

static void take_digest(struct unpacker *u, tenon_digest *out)
{
    out->kind = (enum tenon_digest_kind)take_kind(u, TENON_DIGEST_OCAML + 1);
    out->size = (uint8_t)take_kind(u, TENON_DIGEST_ROOM + 1);
    const uint8_t *bytes = tn_take(&u->c, out->size, "a digest");
    u->bad |= (out->kind == TENON_DIGEST_UNKNOWN) != (out->size == 0);
    if (bytes)
        memcpy(out->bytes, bytes, out->size);
}

static const tenon_claim *take_claims(struct unpacker *u, size_t *count)
{
    tenon_claim *rows = take_rows(u, LEAST_CLAIM, sizeof *rows, count);
    for (size_t i = 0; i < *count; i++) {
        rows[i].kind = (enum tenon_unit_kind)take_kind(u, TENON_UNIT_OCAML + 1);
        rows[i].stateful = (enum tenon_answer)take_kind(u, TENON_UNKNOWN + 1);
        rows[i].name = take_text(u);
        take_digest(u, &rows[i].interface);
        take_digest(u, &rows[i].implementation);
        rows[i].origin = take_maybe(u);
        rows[i].code = take_maybe(u);
    }
    return rows;
}

static const tenon_code_entry *take_code(struct unpacker *u, size_t *count)
{
    tenon_code_entry *rows = take_rows(u, LEAST_CODE, sizeof *rows, count);
    for (size_t i = 0; i < *count; i++) {
        rows[i].path = take_text(u);
        rows[i].kind = (enum tenon_code_kind)take_kind(u, TENON_CODE_OCAML_BYTE + 1);
        rows[i].triple = take_maybe(u);
        rows[i].libc = take_maybe(u);
        rows[i].own_name = take_maybe(u);
        rows[i].ocaml_magic = take_maybe(u);
        rows[i].flambda = tn_u8(&u->c, "flambda") != 0;
    }
    return rows;
}

static const tenon_entry *take_entries(struct unpacker *u, size_t *count)
{
    tenon_entry *rows = take_rows(u, LEAST_ENTRY, sizeof *rows, count);
    for (size_t i = 0; i < *count; i++) {
        rows[i].path = take_text(u);
        rows[i].size = tn_u64(&u->c, "a size");
        const uint8_t *digest = tn_take(&u->c, sizeof rows[i].sha256, "a digest");
        if (digest)
            memcpy(rows[i].sha256, digest, sizeof rows[i].sha256);
    }
    return rows;
}

static void take_all(struct unpacker *u, tenon_manifest *m)
{
    m->format = tn_u32(&u->c, "format");
    m->date = (int64_t)tn_u64(&u->c, "date");
    m->name = take_text(u);
    m->version = take_text(u);
    m->main = take_text(u);
    m->desc = take_maybe(u);
    m->author = take_maybe(u);
    m->url = take_maybe(u);
    m->license = take_maybe(u);
    m->copyrights = take_maybe(u);
    m->tags = take_texts(u, &m->tag_count);
    m->cons = take_texts(u, &m->con_count);
    m->argv = take_texts(u, &m->argv_count);
    m->packages = take_texts(u, &m->package_count);
    m->private_units = take_texts(u, &m->private_count);
    m->provides = take_claims(u, &m->provide_count);
    m->requires = take_claims(u, &m->require_count);
    m->code = take_code(u, &m->code_count);
    m->entries = take_entries(u, &m->entry_count);
    u->bad |= m->format != TN_MANIFEST_FORMAT || m->date < 0 || u->c.pos != u->c.in.size;
}

static bool unpack(struct tn_view packed, struct tn_manifest *whole, tenon_error *err)
{
    uint8_t *copy = tn_arena_bytes(&whole->arena, packed.size + 1);
    struct unpacker u = { .arena = &whole->arena };

    if (!copy)
        return tn_no_memory(err);
    if (packed.size)
        memcpy(copy, packed.at, packed.size);
    u.c = tn_cursor(tn_view(copy, packed.size), TN_LITTLE);
    take_all(&u, &whole->is);
    if (u.no_memory)
        return tn_no_memory(err);
    if (!tn_end(&u.c, err))
        return false;
    if (u.bad)
        return tn_fail(err, TENON_E_MALFORMED, "a value that no manifest has");
    return tn_manifest_check(&whole->is, err);
}

tenon_manifest *tn_manifest_unpack(struct tn_view packed, tenon_error *err)
{
    struct tn_manifest *whole = calloc(1, sizeof *whole);

    if (!whole) {
        tn_no_memory(err);
        return NULL;
    }
    if (unpack(packed, whole, err))
        return &whole->is;
    tn_context(err, "a packed manifest");
    tenon_manifest_free(&whole->is);
    return NULL;
}
