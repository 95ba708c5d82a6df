/*
 * src/ocaml/marshal.c - OCaml's marshal format
 *
 * rule  runtime/caml/intext.h, runtime/extern.c: headers, codes, the numbering of objects. What
 *       intern.c trusts (counts, distances, sizes) is checked here
 *
 * Nothing nests: what is skipped is a number of values still to come, and what is read is as deep
 * as the shape that its reader expects.
 */
#include "marshal.h"

#include <inttypes.h>
#include <stdlib.h>

#include "fail.h"
#include "limits.h"

/* rule  intext.h */
enum {
    CODE_INT8 = 0x00,
    CODE_INT16 = 0x01,
    CODE_INT32 = 0x02,
    CODE_INT64 = 0x03,
    CODE_SHARED8 = 0x04,
    CODE_SHARED16 = 0x05,
    CODE_SHARED32 = 0x06,
    CODE_DOUBLE_ARRAY32_LITTLE = 0x07,
    CODE_BLOCK32 = 0x08,
    CODE_STRING8 = 0x09,
    CODE_STRING32 = 0x0a,
    CODE_DOUBLE_BIG = 0x0b,
    CODE_DOUBLE_LITTLE = 0x0c,
    CODE_DOUBLE_ARRAY8_BIG = 0x0d,
    CODE_DOUBLE_ARRAY8_LITTLE = 0x0e,
    CODE_DOUBLE_ARRAY32_BIG = 0x0f,
    CODE_CODE_POINTER = 0x10,
    CODE_INFIX_POINTER = 0x11,
    CODE_CUSTOM = 0x12,
    CODE_BLOCK64 = 0x13,
    CODE_SHARED64 = 0x14,
    CODE_STRING64 = 0x15,
    CODE_DOUBLE_ARRAY64_BIG = 0x16,
    CODE_DOUBLE_ARRAY64_LITTLE = 0x17,
    CODE_CUSTOM_LENGTH = 0x18,
    CODE_CUSTOM_FIXED = 0x19,
    PREFIX_STRING = 0x20,
    PREFIX_INT = 0x40,
    PREFIX_BLOCK = 0x80,
};

/* ---- what is wrong ----------------------------------------------------------------------------
 */

static bool malformed(struct tn_marshal *m, size_t where, const char *what)
{
    return tn_fail(m->err, TENON_E_MALFORMED, "marshalled value: %s at 0x%" PRIx64, what,
                   m->bytes.start + where);
}

static bool truncated(struct tn_marshal *m, size_t where, const char *what)
{
    return tn_fail(m->err, TENON_E_TRUNCATED,
                   "marshalled value: %s at 0x%" PRIx64 " goes past its end at 0x%" PRIx64, what,
                   m->bytes.start + where, m->bytes.start + m->bytes.size);
}

bool tn_ml_unexpected(struct tn_marshal *m, const struct tn_ml_head *head, const char *what,
                      const char *expected)
{
    static const char *const kinds[] = { "an integer", "a block", "a string", "a number" };
    uint64_t where = m->bytes.start + head->where;
    if (head->kind != TN_ML_BLOCK)
        return tn_fail(m->err, TENON_E_MALFORMED, "%s: %s at 0x%" PRIx64 " where %s was expected",
                       what, kinds[head->kind], where, expected);
    return tn_fail(m->err, TENON_E_MALFORMED,
                   "%s: a block with tag %u and %" PRIu32 " field%s at 0x%" PRIx64
                   " where %s was expected",
                   what, head->tag, head->size, head->size == 1 ? "" : "s", where, expected);
}

/* ---- the parts of codes ----------------------------------------------------------------------
 */

/* The next number, for the object whose code is at `where`. */
static inline bool take_number(struct tn_marshal *m, size_t where)
{
    if (m->count == m->object_count)
        return tn_fail(m->err, TENON_E_MALFORMED,
                       "marshalled value: object at 0x%" PRIx64 ", and its header counts %" PRIu32,
                       m->bytes.start + where, m->object_count);
    m->places[m->count++] = (uint32_t)where;
    return true;
}

/* The big-endian number of so many bytes behind a code; false when they are not there. */
static bool take_word(struct tn_marshal *m, unsigned bytes, uint64_t *out)
{
    uint64_t value = 0;
    if (bytes > m->bytes.size - m->at)
        return truncated(m, m->at, "number");
    for (unsigned i = 0; i < bytes; i++)
        value = value << 8 | m->bytes.at[m->at + i];
    m->at += bytes;
    *out = value;
    return true;
}

static int64_t extend(uint64_t value, unsigned bytes)
{
    unsigned shift = 64 - 8 * bytes;
    return (int64_t)(value << shift) >> shift;
}

/* rule  a block of no fields is an atom, and has no number; each field takes a byte at least */
static bool take_block(struct tn_marshal *m, struct tn_ml_head *head, uint64_t size, unsigned tag)
{
    if (tag >= TN_ML_TAG_LIMIT)
        return malformed(m, head->where, "block with the tag of another kind of object");
    if (size > m->bytes.size - m->at)
        return tn_fail(m->err, TENON_E_MALFORMED,
                       "marshalled value: block of %" PRIu64 " fields at 0x%" PRIx64
                       ", %zu bytes are left",
                       size, m->bytes.start + head->where, m->bytes.size - m->at);
    head->kind = TN_ML_BLOCK;
    head->tag = (uint8_t)tag;
    head->size = (uint32_t)size;
    head->object = m->count;
    return !size || take_number(m, head->where);
}

static bool take_bytes(struct tn_marshal *m, struct tn_ml_head *head, uint64_t size,
                       enum tn_ml_kind kind)
{
    if (size > m->bytes.size - m->at)
        return truncated(m, head->where, kind == TN_ML_STRING ? "string" : "number");
    head->kind = kind;
    head->text = m->at;
    head->size = (uint32_t)size;
    head->object = m->count;
    m->at += (size_t)size;
    return take_number(m, head->where);
}

static bool take_sized(struct tn_marshal *m, struct tn_ml_head *head, unsigned width,
                       enum tn_ml_kind kind)
{
    uint64_t size = 0;
    if (!take_word(m, width, &size))
        return false;
    if (kind == TN_ML_OTHER && !tn_mul(size, 8, &size)) /* doubles */
        size = UINT64_MAX;
    return take_bytes(m, head, size, kind);
}

static bool take_long_block(struct tn_marshal *m, struct tn_ml_head *head, unsigned width)
{
    uint64_t header = 0;
    return take_word(m, width, &header) && take_block(m, head, header >> 10, header & 0xff);
}

/*
 * rule  runtime/ints.c: "_i" 4 bytes, "_j" 8 bytes, "_n" a byte that says 4 (1) or 8 (2). They
 *       take their number after their data, which makes no difference: they hold no objects
 */
static bool take_custom(struct tn_marshal *m, struct tn_ml_head *head, bool with_length)
{
    const uint8_t *name = m->bytes.at + m->at;
    uint64_t size = 0;
    if (m->bytes.size - m->at < 3)
        return truncated(m, head->where, "custom block");
    if (memcmp(name, "_i", 3) == 0)
        size = 4;
    else if (memcmp(name, "_j", 3) == 0)
        size = 8;
    else if (memcmp(name, "_n", 3) != 0)
        return malformed(m, head->where, "custom block of unknown kind");
    size_t before = 3 + (with_length ? 12u : 0u);
    if (before >= m->bytes.size - m->at)
        return truncated(m, head->where, "custom block");
    m->at += before;
    if (!size && (m->bytes.at[m->at] < 1 || m->bytes.at[m->at] > 2))
        return malformed(m, head->where, "nativeint of unknown size");
    return take_bytes(m, head, size ? size : m->bytes.at[m->at] == 1 ? 5 : 9, TN_ML_OTHER);
}

static bool wrong_distance(struct tn_marshal *m, size_t where, uint64_t distance)
{
    return tn_fail(m->err, TENON_E_MALFORMED,
                   "marshalled value: shared reference at 0x%" PRIx64 " goes back %" PRIu64
                   " objects of %" PRIu32,
                   m->bytes.start + where, distance, m->count);
}

/* rule  object number = count so far - distance */
static bool follow(struct tn_marshal *m, struct tn_ml_head *head, unsigned width)
{
    uint64_t distance = 0;
    if (!take_word(m, width, &distance))
        return false;
    if (!distance || distance > m->count)
        return wrong_distance(m, head->where, distance);
    head->back = (struct tn_ml_back){ true, m->at, m->count };
    m->count -= (uint32_t)distance;
    m->at = m->places[m->count];
    return true;
}

/* ---- one code ---------------------------------------------------------------------------------
 */

static bool take_integer(struct tn_marshal *m, struct tn_ml_head *head, unsigned width)
{
    uint64_t value = 0;
    if (!take_word(m, width, &value))
        return false;
    head->kind = TN_ML_INT;
    head->number = extend(value, width);
    return true;
}

static bool take_rare(struct tn_marshal *m, struct tn_ml_head *head, uint8_t code)
{
    switch (code) {
    case CODE_INT8: return take_integer(m, head, 1);
    case CODE_INT16: return take_integer(m, head, 2);
    case CODE_INT32: return take_integer(m, head, 4);
    case CODE_INT64: return take_integer(m, head, 8);
    case CODE_BLOCK32: return take_long_block(m, head, 4);
    case CODE_BLOCK64: return take_long_block(m, head, 8);
    case CODE_STRING8: return take_sized(m, head, 1, TN_ML_STRING);
    case CODE_STRING32: return take_sized(m, head, 4, TN_ML_STRING);
    case CODE_STRING64: return take_sized(m, head, 8, TN_ML_STRING);
    case CODE_DOUBLE_BIG:
    case CODE_DOUBLE_LITTLE: return take_bytes(m, head, 8, TN_ML_OTHER);
    case CODE_DOUBLE_ARRAY8_BIG:
    case CODE_DOUBLE_ARRAY8_LITTLE: return take_sized(m, head, 1, TN_ML_OTHER);
    case CODE_DOUBLE_ARRAY32_BIG:
    case CODE_DOUBLE_ARRAY32_LITTLE: return take_sized(m, head, 4, TN_ML_OTHER);
    case CODE_DOUBLE_ARRAY64_BIG:
    case CODE_DOUBLE_ARRAY64_LITTLE: return take_sized(m, head, 8, TN_ML_OTHER);
    case CODE_CUSTOM_LENGTH: return take_custom(m, head, true);
    case CODE_CUSTOM_FIXED: return take_custom(m, head, false);
    case CODE_CODE_POINTER:
    case CODE_INFIX_POINTER: return malformed(m, head->where, "function");
    case CODE_CUSTOM:
        return malformed(m, head->where, "custom block as OCaml before 4.08 wrote it");
    default: return malformed(m, head->where, "unknown code");
    }
}

/* Any code but a shared reference. */
static inline bool take_code(struct tn_marshal *m, struct tn_ml_head *head)
{
    if (m->at == m->bytes.size)
        return truncated(m, m->at, "value");
    head->where = m->at;
    uint8_t code = m->bytes.at[m->at++];
    if (code >= PREFIX_BLOCK)
        return take_block(m, head, code >> 4 & 7, code & 0xf);
    if (code >= PREFIX_INT) {
        head->kind = TN_ML_INT;
        head->number = code & 0x3f;
        return true;
    }
    if (code >= PREFIX_STRING)
        return take_bytes(m, head, code & 0x1f, TN_ML_STRING);
    return take_rare(m, head, code);
}

/* Bytes of the distance of a shared reference; 0: the code is another. */
static inline unsigned shared_width(uint8_t code)
{
    switch (code) {
    case CODE_SHARED8: return 1;
    case CODE_SHARED16: return 2;
    case CODE_SHARED32: return 4;
    case CODE_SHARED64: return 8;
    default: return 0;
    }
}

bool tn_ml_read(struct tn_marshal *m, struct tn_ml_head *head)
{
    unsigned width = m->at < m->bytes.size ? shared_width(m->bytes.at[m->at]) : 0;
    head->back.jumped = false;
    if (width) {
        head->where = m->at++;
        if (!follow(m, head, width))
            return false;
    }
    if (!take_code(m, head))
        return false;
    if (head->kind != TN_ML_BLOCK || !head->size)
        tn_ml_leave(m, &head->back);
    return true;
}

/* A code that comes rarely among what is skipped; *values grows by what it holds. */
static bool skip_rare(struct tn_marshal *m, uint64_t *values)
{
    struct tn_ml_head head;
    unsigned width = m->at < m->bytes.size ? shared_width(m->bytes.at[m->at]) : 0;
    uint64_t distance = 0;
    if (!width) {
        if (!take_code(m, &head))
            return false;
        if (head.kind == TN_ML_BLOCK)
            *values += head.size;
        return true;
    }
    head.where = m->at++;
    if (!take_word(m, width, &distance))
        return false;
    return (distance && distance <= m->count) || wrong_distance(m, head.where, distance);
}

/* Bytes of a code below PREFIX_STRING that holds no object and is no reference; 0: another code. */
static const uint8_t short_codes[PREFIX_STRING] = {
    [CODE_INT8] = 2,
    [CODE_INT32] = 5,
};
#define FIRST_FIELDS 0x90u /* codes of blocks from here on have fields: the others are atoms */
#define SHORT_MOST 32u     /* bytes of a code that is passed here */

/*
 * How many bytes may be passed without looking whether a code goes past the end, or an object past
 * those that are counted: no code has more objects than bytes.
 */
static size_t unwatched(const struct tn_marshal *m, size_t at, size_t count)
{
    const size_t left = m->bytes.size - at, objects = m->object_count - count;
    const size_t bytes = left < SHORT_MOST ? 0 : left - SHORT_MOST;
    return bytes < objects ? bytes : objects;
}

/*
 * Passes the usual codes, as long as any of them fits what is left. Answers how many of the values,
 * of which there is one at least, are still to come. This is where most of the time goes: what
 * changes is in registers, the length of a code comes from a branch, which is guessed, where a
 * table would have to be waited for, and what comes most often is asked for first.
 */
static uint64_t skip_usual(struct tn_marshal *m, uint64_t values)
{
    const uint8_t *const bytes = m->bytes.at;
    uint32_t *const places = m->places;
    size_t at = m->at, count = m->count, end;
    while (at < (end = at + unwatched(m, at, count)))
        while (at < end) {
            const unsigned code = bytes[at];
            places[count] = (uint32_t)at; /* for the next object, if this is none */
            if (code >= FIRST_FIELDS) {
                values += (code >> 4) - 9;
                count++;
                at++;
                continue;
            }
            if (code >= PREFIX_INT) {
                at++;
            } else if (code == CODE_INT16) {
                at += 3;
            } else if (code >= PREFIX_STRING) {
                count++;
                at += 1 + (code & 0x1f);
            } else if (code == CODE_SHARED8) {
                if (bytes[at + 1] - 1u >= count)
                    goto rare;
                at += 2;
            } else if (code == CODE_SHARED16) {
                if (((unsigned)bytes[at + 1] << 8 | bytes[at + 2]) - 1u >= count)
                    goto rare;
                at += 3;
            } else {
                if (!short_codes[code])
                    goto rare;
                at += short_codes[code];
            }
            if (!--values)
                goto rare;
        }
rare:
    m->at = at;
    m->count = (uint32_t)count;
    return values;
}

bool tn_ml_skip(struct tn_marshal *m, uint64_t values)
{
    for (; values && (values = skip_usual(m, values)); values--)
        if (!skip_rare(m, &values))
            return false;
    return true;
}

int tn_ml_next_slowly(struct tn_marshal *m, struct tn_ml_list *list)
{
    struct tn_ml_head head;
    if (!tn_ml_read(m, &head))
        return -1;
    if (head.back.jumped && head.kind == TN_ML_BLOCK && head.size && !list->back.jumped)
        list->back = head.back;
    if (head.kind == TN_ML_INT && head.number == 0) {
        tn_ml_leave(m, &list->back);
        return 0;
    }
    if (head.kind != TN_ML_BLOCK || head.tag != 0 || head.size != 2) {
        tn_ml_unexpected(m, &head, list->what, "a list");
        return -1;
    }
    if (!m->rows_left) {
        tn_fail(m->err, TENON_E_LIMIT,
                "%s: a list that comes back to itself or repeats others too often at 0x%" PRIx64,
                list->what, m->bytes.start + head.where);
        return -1;
    }
    m->rows_left--;
    return 1;
}

/* ---- all of it --------------------------------------------------------------------------------
 */

bool tn_marshal_end(struct tn_marshal *m)
{
    if (m->at != m->bytes.size)
        return tn_fail(m->err, TENON_E_MALFORMED,
                       "marshalled value at 0x%" PRIx64 ": ends %zu bytes before its data",
                       m->bytes.start, m->bytes.size - m->at);
    if (m->count != m->object_count)
        return tn_fail(m->err, TENON_E_MALFORMED,
                       "marshalled value at 0x%" PRIx64 ": has %" PRIu32
                       " objects, its header counts %" PRIu32,
                       m->bytes.start, m->count, m->object_count);
    return true;
}

/* Counts may be spent once they are known to fit the bytes: each object takes one. */
static bool check_header(const struct tn_marshal_header *h, struct tn_view from, tenon_error *err)
{
    if (h->compressed)
        return tn_fail(err, TENON_E_UNSUPPORTED,
                       "marshalled value at 0x%" PRIx64
                       ": is compressed (zstd), which tenon does not read",
                       from.start);
    if (h->data > from.size - h->size)
        return tn_fail(err, TENON_E_TRUNCATED,
                       "marshalled value at 0x%" PRIx64 ": %" PRIu64 " bytes needed, %zu left",
                       from.start, h->data, from.size - h->size);
    if (h->data > TN_LIMIT_MARSHAL)
        return tn_fail(err, TENON_E_LIMIT,
                       "marshalled value at 0x%" PRIx64 ": %" PRIu64
                       " bytes are more than tenon reads",
                       from.start, h->data);
    if (h->objects > h->data)
        return tn_fail(err, TENON_E_MALFORMED,
                       "marshalled value at 0x%" PRIx64 ": %" PRIu64 " objects in %" PRIu64
                       " bytes",
                       from.start, h->objects, h->data);
    return true;
}

/* What sharing may make of a value: rows for each of its bytes, and some. */
#define ROWS_PER_BYTE 8u
#define ROWS_AT_LEAST 1024u

bool tn_marshal_start(struct tn_arena *arena, struct tn_view from, struct tn_marshal *out,
                      tenon_error *err)
{
    struct tn_marshal_header h;
    if (!tn_marshal_header(from, &h, err) || !check_header(&h, from, err))
        return false;
    size_t size = h.size + (size_t)h.data;
    *out = (struct tn_marshal){ .bytes = { from.at, size, from.start },
                                .at = h.size,
                                .object_count = (uint32_t)h.objects,
                                .places = tn_arena_room(arena, (size_t)h.objects, sizeof(uint32_t)),
                                .rows_left = ROWS_PER_BYTE * (uint64_t)size + ROWS_AT_LEAST,
                                .err = err };
    return out->places || tn_no_memory(err);
}
