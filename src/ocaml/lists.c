/* src/ocaml/lists.c - lists of names, of imports and of units */
#include <inttypes.h>

#include "fail.h"
#include "reading.h"
#include "text.h"

/* Rows that were gathered, in the file's own memory. NULL: no memory. */
static void *keep_rows(struct tn_ocaml_reading *r, const void *rows, size_t count, size_t size)
{
    void *kept = tn_arena_room(&r->out->arena, count, size);
    if (!kept)
        tn_no_memory(r->err);
    else if (count)
        memcpy(kept, rows, count * size);
    return kept;
}

bool tn_names_keep(struct tn_ocaml_reading *r, size_t count, tenon_ocaml_names *out)
{
    *out = (tenon_ocaml_names){ keep_rows(r, r->names, count, sizeof *r->names), count };
    return out->at;
}

static void reverse(const char **rows, size_t count)
{
    for (size_t i = 0; i < count / 2; i++) {
        const char *row = rows[i];
        rows[i] = rows[count - 1 - i];
        rows[count - 1 - i] = row;
    }
}

bool tn_shape_names(struct tn_ocaml_reading *r, const char *what, bool reversed,
                    tenon_ocaml_names *out)
{
    struct tn_ml_list list = { .what = what };
    size_t count = 0;
    int more;
    for (; (more = tn_ml_next(&r->m, &list)) > 0; count++) {
        if (!tn_grow(&r->names, &r->name_room, count, sizeof *r->names))
            return tn_no_memory(r->err);
        if (!tn_shape_name(r, what, &r->names[count]))
            return false;
    }
    if (more < 0)
        return false;
    if (reversed)
        reverse(r->names, count);
    return tn_names_keep(r, count, out);
}

/*
 * A name with some digest, as nearly all are written: codes 0xa0 (pair), 0x20 to 0x3f (name), 0x90
 * (Some), 0x30 (16 bytes). False: nothing has happened.
 */
static inline bool short_import(struct tn_ocaml_reading *r, struct tn_ocaml_text *name,
                                const uint8_t **digest)
{
    struct tn_marshal *m = &r->m;
    const uint8_t *at = m->bytes.at + m->at;
    uint32_t *places = m->places + m->count, where = (uint32_t)m->at;
    if (m->bytes.size - m->at < 2 + 0x1f + 2 + TN_OCAML_CRC || m->object_count - m->count < 4 ||
        at[0] != 0xa0 || (at[1] & 0xe0) != 0x20)
        return false;
    uint32_t size = at[1] & 0x1f;
    if (at[2 + size] != 0x90 || at[3 + size] != 0x30 || memchr(at + 2, 0, size) ||
        r->end_count == r->end_room)
        return false;
    places[0] = where;
    places[1] = where + 1;
    places[2] = where + 2 + size;
    places[3] = where + 3 + size;
    m->count += 4;
    m->at += 4 + size + TN_OCAML_CRC;
    *name = (struct tn_ocaml_text){ (const char *)at + 2, size };
    *digest = at + 4 + size;
    r->ends[r->end_count++] = (uint8_t *)(uintptr_t)at + 2 + size;
    return true;
}

static bool read_import(struct tn_ocaml_reading *r, const char *what,
                        const struct tn_ocaml_text *own, tenon_ocaml_import *out, tenon_digest *crc)
{
    struct tn_ml_back back = { .jumped = false };
    struct tn_ocaml_text name;
    const uint8_t *digest;
    if (short_import(r, &name, &digest))
        tn_shape_take_digest(digest, &out->crc);
    else if (!tn_shape_enter(r, 0, 2, what, &back) || !tn_shape_text(r, what, &name) ||
             !tn_shape_digest_option(r, what, &out->crc))
        return false;
    out->name = name.at;
    if (own && tn_text_equal(*own, name))
        *crc = out->crc;
    return tn_shape_leave(r, &back);
}

bool tn_shape_imports(struct tn_ocaml_reading *r, const char *what, const struct tn_ocaml_text *own,
                      tenon_ocaml_imports *out, tenon_digest *crc)
{
    struct tn_ml_list list = { .what = what };
    size_t count = 0;
    int more;
    for (; (more = tn_ml_next(&r->m, &list)) > 0; count++) {
        if (!tn_grow(&r->imports, &r->import_room, count, sizeof *r->imports))
            return tn_no_memory(r->err);
        if (!read_import(r, what, own, &r->imports[count], crc))
            return false;
    }
    if (more < 0)
        return false;
    *out = (tenon_ocaml_imports){ keep_rows(r, r->imports, count, sizeof *r->imports), count };
    return out->at;
}

tenon_ocaml_unit *tn_units_next(struct tn_ocaml_reading *r)
{
    if (!tn_grow(&r->units, &r->unit_room, r->unit_count, sizeof *r->units)) {
        tn_no_memory(r->err);
        return NULL;
    }
    tenon_ocaml_unit *unit = &r->units[r->unit_count++];
    *unit = (tenon_ocaml_unit){ 0 };
    return unit;
}

bool tn_units_keep(struct tn_ocaml_reading *r)
{
    r->out->units = keep_rows(r, r->units, r->unit_count, sizeof *r->units);
    r->out->unit_count = r->unit_count;
    return r->out->units;
}

bool tn_in_unit(struct tn_ocaml_reading *r, struct tn_ocaml_text name)
{
    char copy[64], quoted[TN_QUOTE_ROOM];
    size_t size = name.size < sizeof copy - 1 ? name.size : sizeof copy - 1;
    memcpy(copy, name.at, size);
    copy[size] = 0;
    return tn_context(r->err, "unit %s", tn_quote(quoted, copy));
}

static size_t count_ends(struct tn_view bytes)
{
    size_t count = 0;
    for (size_t i = 0; i < bytes.size; i++)
        count += bytes.at[i] == 0;
    return count;
}

bool tn_section_names(struct tn_ocaml_reading *r, struct tn_view bytes, const char *what,
                      tenon_ocaml_names *out)
{
    size_t count = count_ends(bytes);
    if (bytes.size && bytes.at[bytes.size - 1])
        return tn_fail(r->err, TENON_E_MALFORMED, "%s: the last name has no end at 0x%" PRIx64,
                       what, bytes.start + bytes.size);
    const char **rows = tn_arena_room(&r->out->arena, count, sizeof *rows);
    const char *at = (const char *)bytes.at;
    if (!rows)
        return tn_no_memory(r->err);
    for (size_t i = 0; i < count; i++) {
        rows[i] = at;
        at += strlen(at) + 1;
    }
    *out = (tenon_ocaml_names){ rows, count };
    return true;
}
