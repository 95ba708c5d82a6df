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

bool tn_shape_add_name(struct tn_ocaml_reading *r, size_t count, struct tn_ocaml_text name)
{
    if (!tn_grow(&r->names, &r->name_room, count, sizeof *r->names))
        return tn_no_memory(r->err);
    r->names[count] = tn_shape_keep(r, name);
    return r->names[count];
}

bool tn_shape_names(struct tn_ocaml_reading *r, const char *what, bool reversed,
                    tenon_ocaml_names *out)
{
    struct tn_ml_list list = { .what = what };
    struct tn_ocaml_text name;
    size_t count = 0;
    int more;
    for (; (more = tn_ml_next(&r->m, &list)) > 0; count++)
        if (!tn_shape_text(r, what, &name) || (out && !tn_shape_add_name(r, count, name)))
            return false;
    if (more < 0 || !out)
        return more == 0;
    if (reversed)
        reverse(r->names, count);
    return tn_names_keep(r, count, out);
}

/* ---- imports ----------------------------------------------------------------------------------
 */

struct imports {
    const char *what;
    const struct tn_ocaml_text *own; /* whose digest is *crc */
    tenon_digest *crc;
    bool kept;    /* in r->imports */
    size_t count; /* of those */
};

/* May there be a NUL in these bytes, or in up to 7 before them? */
static inline bool may_have_nul(const uint8_t *bytes, size_t size)
{
    const uint64_t ones = UINT64_MAX / 255, tops = ones << 7;
    uint64_t found = 0, word;
    for (const uint8_t *at = bytes + size; at > bytes; at -= sizeof word) {
        memcpy(&word, at - sizeof word, sizeof word);
        found |= (word - ones) & ~word & tops;
    }
    return found;
}

/* There is room for one more. False: no memory for its name. */
static bool keep_import(struct tn_ocaml_reading *r, struct imports *list, struct tn_ocaml_text name,
                        const uint8_t *digest)
{
    tenon_ocaml_import *row = &r->imports[list->count];
    row->name = tn_shape_keep(r, name);
    if (!row->name)
        return false;
    tn_shape_take_digest(digest, &row->crc);
    list->count++;
    return true;
}

/*
 * Passes imports as nearly all are written: codes 0xa0 (cell), 0xa0 (pair), 0x20 to 0x3f (name),
 * 0x90 (Some), 0x30 (16 bytes). Ends before one that is written otherwise, has no room, or may have
 * a NUL in its name. False: no memory.
 */
static bool pass_imports(struct tn_ocaml_reading *r, struct imports *list)
{
    enum { OBJECTS = 5, BYTES = 5 + 0x1f + TN_OCAML_CRC };
    struct tn_marshal *const m = &r->m;
    const struct tn_view bytes = m->bytes;
    const struct tn_ocaml_text own =
        list->own ? *list->own : (struct tn_ocaml_text){ "", SIZE_MAX };
    uint32_t *const places = m->places, most = m->object_count, count = m->count;
    size_t at = m->at;
    uint64_t rows = m->rows_left;
    for (; bytes.size - at >= BYTES && most - count >= OBJECTS && rows; rows--) {
        const uint8_t *const cell = bytes.at + at, *const text = cell + 3;
        const uint32_t size = cell[2] & 0x1f, where = (uint32_t)at;
        const struct tn_ocaml_text name = { (const char *)text, size };
        if (cell[0] != 0xa0 || cell[1] != 0xa0 || (cell[2] & 0xe0) != 0x20 || text[size] != 0x90 ||
            text[size + 1] != 0x30 || may_have_nul(text, size))
            break;
        if (list->kept && list->count == r->import_room)
            break;
        if (list->kept && !keep_import(r, list, name, text + size + 2))
            return false;
        if (tn_text_equal(own, name))
            tn_shape_take_digest(text + size + 2, list->crc);
        places[count] = where;
        places[count + 1] = where + 1;
        places[count + 2] = where + 2;
        places[count + 3] = where + 3 + size;
        places[count + 4] = where + 4 + size;
        count += OBJECTS;
        at += 5 + size + TN_OCAML_CRC;
    }
    m->at = at;
    m->count = count;
    m->rows_left = rows;
    return true;
}

static bool read_import(struct tn_ocaml_reading *r, struct imports *list)
{
    struct tn_ml_back back;
    struct tn_ocaml_text name;
    tenon_digest crc;
    if (!tn_shape_enter(r, 0, 2, list->what, &back) || !tn_shape_text(r, list->what, &name) ||
        !tn_shape_digest_option(r, list->what, &crc))
        return false;
    if (list->own && tn_text_equal(*list->own, name))
        *list->crc = crc;
    if (list->kept) {
        if (!tn_grow(&r->imports, &r->import_room, list->count, sizeof *r->imports))
            return tn_no_memory(r->err);
        const char *kept = tn_shape_keep(r, name);
        if (!kept)
            return false;
        r->imports[list->count++] = (tenon_ocaml_import){ kept, crc };
    }
    return tn_shape_leave(r, &back);
}

bool tn_shape_imports(struct tn_ocaml_reading *r, const char *what, const struct tn_ocaml_text *own,
                      tenon_ocaml_imports *out, tenon_digest *crc)
{
    struct imports list = { .what = what, .own = own, .crc = crc, .kept = out };
    struct tn_ml_list cells = { .what = what };
    int more;
    for (;;) {
        if (!pass_imports(r, &list))
            return false;
        more = tn_ml_next(&r->m, &cells);
        if (more <= 0)
            break;
        if (!read_import(r, &list))
            return false;
    }
    if (more < 0 || !out)
        return more == 0;
    *out = (tenon_ocaml_imports){ keep_rows(r, r->imports, list.count, sizeof *r->imports),
                                  list.count };
    return out->at;
}

/* ---- units ------------------------------------------------------------------------------------
 */

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
    const char *at = tn_arena_copy(&r->out->arena, bytes.at, bytes.size);
    if (!rows || !at)
        return tn_no_memory(r->err);
    for (size_t i = 0; i < count; i++) {
        rows[i] = at;
        at += strlen(at) + 1;
    }
    *out = (tenon_ocaml_names){ rows, count };
    return true;
}
