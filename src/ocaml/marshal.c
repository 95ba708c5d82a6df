/*
 * src/ocaml/marshal.c - OCaml's marshal format
 *
 * rule  runtime/caml/intext.h, runtime/extern.c: headers, codes, the numbering of objects. What
 *       intern.c trusts (counts, distances, sizes) is checked here
 *
 * Blocks are filled in the order of the file. What is still to be filled is a stack of ranges of
 * `fields`; the last field of a block leaves no range behind, so that a long list nests nowhere.
 */
#include "marshal.h"

#include <inttypes.h>
#include <stdlib.h>

#include "fail.h"
#include "limits.h"

/* rule  intext.h */
enum {
    MAGIC_SMALL = 0x8495a6be,
    MAGIC_BIG = 0x8495a6bf,
    MAGIC_COMPRESSED = 0x8495a6bd,
};
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

/* Fields of a block that are still to be read. */
struct range {
    uint32_t next, end;
};

struct reading {
    struct tn_cursor c; /* over the whole value */
    struct tn_marshal *out;
    struct range *stack;
    size_t depth, room;
    size_t object_limit, field_limit; /* as the header says, and no more than there are bytes */
    size_t object_count, field_count;
    tenon_error *err;
};

/* ---- the header -----------------------------------------------------------------------------
 */

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
    out->words = read_vlq(c, &good);
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
        tn_skip(&c, 4, "marshal header");
        h.words = tn_u32(&c, "marshal header");
        h.size = 20;
        break;
    case MAGIC_BIG:
        tn_skip(&c, 4, "marshal header");
        h.data = tn_u64(&c, "marshal header");
        h.objects = tn_u64(&c, "marshal header");
        h.words = tn_u64(&c, "marshal header");
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

/* ---- places -----------------------------------------------------------------------------------
 */

static bool malformed(struct reading *r, size_t where, const char *what)
{
    return tn_fail(r->err, TENON_E_MALFORMED, "marshalled value: %s at 0x%" PRIx64, what,
                   r->c.in.start + where);
}

/* The next number, for an object whose code is at `where`. */
static struct tn_ml_object *add_object(struct reading *r, size_t where, tn_ml_value *value)
{
    if (r->object_count == r->object_limit) {
        tn_fail(r->err, TENON_E_MALFORMED,
                "marshalled value: object at 0x%" PRIx64 ", and its header counts %zu",
                r->c.in.start + where, r->object_limit);
        return NULL;
    }
    *value = (uint64_t)r->object_count << 2;
    struct tn_ml_object *object = &r->out->objects[r->object_count++];
    object->where = (uint32_t)where;
    return object;
}

static bool push(struct reading *r, size_t where, struct range range)
{
    if (r->depth == TN_LIMIT_MARSHAL_DEPTH)
        return tn_fail(r->err, TENON_E_LIMIT,
                       "marshalled value: block at 0x%" PRIx64 " nested more than %u deep",
                       r->c.in.start + where, TN_LIMIT_MARSHAL_DEPTH);
    if (!tn_grow(&r->stack, &r->room, r->depth, sizeof *r->stack))
        return tn_no_memory(r->err);
    r->stack[r->depth++] = range;
    return true;
}

/* ---- one code ---------------------------------------------------------------------------------
 */

static tn_ml_value integer(int64_t value)
{
    return (uint64_t)value << 1 | 1;
}

/* rule  a block of no fields is an atom, and has no number */
static bool read_block(struct reading *r, size_t where, uint64_t size, unsigned tag,
                       tn_ml_value *value)
{
    if (tag >= TN_ML_TAG_LIMIT)
        return malformed(r, where, "block with the tag of another kind of object");
    if (!size) {
        *value = (uint64_t)tag << 2 | 2;
        return true;
    }
    if (size > r->field_limit - r->field_count)
        return tn_fail(r->err, TENON_E_MALFORMED,
                       "marshalled value: block of %" PRIu64 " fields at 0x%" PRIx64
                       ", room for %zu is left",
                       size, r->c.in.start + where, r->field_limit - r->field_count);
    struct tn_ml_object *object = add_object(r, where, value);
    if (!object)
        return false;
    object->tag = (uint8_t)tag;
    object->at = (uint32_t)r->field_count;
    object->size = (uint32_t)size;
    r->field_count += (size_t)size;
    return push(r, where, (struct range){ object->at, object->at + object->size });
}

static bool read_bytes(struct reading *r, size_t where, uint64_t size, unsigned tag,
                       const char *what, tn_ml_value *value)
{
    size_t at = r->c.pos;
    tn_skip(&r->c, size, what);
    if (r->c.lost)
        return true; /* told by whoever asks the cursor */
    struct tn_ml_object *object = add_object(r, where, value);
    if (!object)
        return false;
    object->tag = (uint8_t)tag;
    object->at = (uint32_t)at;
    object->size = (uint32_t)size;
    return true;
}

static bool read_doubles(struct reading *r, size_t where, uint64_t count, tn_ml_value *value)
{
    uint64_t size;
    if (!tn_mul(count, 8, &size))
        size = UINT64_MAX;
    return read_bytes(r, where, size, TN_ML_DOUBLES, "array of doubles", value);
}

/* rule  object number = count so far - distance */
static bool read_shared(struct reading *r, size_t where, uint64_t distance, tn_ml_value *value)
{
    if (r->c.lost)
        return true;
    if (!distance || distance > r->object_count)
        return tn_fail(r->err, TENON_E_MALFORMED,
                       "marshalled value: shared reference at 0x%" PRIx64 " goes back %" PRIu64
                       " objects of %zu",
                       r->c.in.start + where, distance, r->object_count);
    *value = (r->object_count - distance) << 2;
    return true;
}

/*
 * rule  runtime/ints.c: "_i" 4 bytes, "_j" 8 bytes, "_n" a byte that says 4 (1) or 8 (2). They
 *       take their number after their data, which makes no difference: they hold no objects
 */
static uint64_t custom_size(struct reading *r, const char *name)
{
    struct tn_cursor ahead = r->c;
    if (strcmp(name, "_i") == 0)
        return 4;
    if (strcmp(name, "_j") == 0)
        return 8;
    if (strcmp(name, "_n") != 0)
        return 0;
    switch (tn_u8(&ahead, "custom block")) {
    case 1: return 5;
    case 2: return 9;
    default: return 0;
    }
}

static bool read_custom(struct reading *r, size_t where, bool with_length, tn_ml_value *value)
{
    const struct tn_cursor *c = &r->c;
    char name[4] = "";
    for (size_t i = 0; i < sizeof name; i++) {
        name[i] = (char)tn_u8(&r->c, "custom block");
        if (!name[i])
            break;
        if (i == sizeof name - 1)
            return malformed(r, where, "custom block of unknown kind");
    }
    if (with_length)
        tn_skip(&r->c, 12, "custom block");
    uint64_t size = custom_size(r, name);
    if (!size && !c->lost)
        return malformed(r, where, "custom block of unknown kind");
    return read_bytes(r, where, size, TN_ML_CUSTOM, "custom block", value);
}

static bool read_code(struct reading *r, size_t where, uint8_t code, tn_ml_value *value)
{
    struct tn_cursor *c = &r->c;
    uint64_t header;
    switch (code) {
    case CODE_INT8: *value = integer((int8_t)tn_u8(c, "integer")); return true;
    case CODE_INT16: *value = integer((int16_t)tn_u16(c, "integer")); return true;
    case CODE_INT32: *value = integer((int32_t)tn_u32(c, "integer")); return true;
    case CODE_INT64: *value = integer((int64_t)tn_u64(c, "integer")); return true;
    case CODE_SHARED8: return read_shared(r, where, tn_u8(c, "shared reference"), value);
    case CODE_SHARED16: return read_shared(r, where, tn_u16(c, "shared reference"), value);
    case CODE_SHARED32: return read_shared(r, where, tn_u32(c, "shared reference"), value);
    case CODE_SHARED64: return read_shared(r, where, tn_u64(c, "shared reference"), value);
    case CODE_BLOCK32:
        header = tn_u32(c, "block");
        return read_block(r, where, header >> 10, header & 0xff, value);
    case CODE_BLOCK64:
        header = tn_u64(c, "block");
        return read_block(r, where, header >> 10, header & 0xff, value);
    case CODE_STRING8:
        return read_bytes(r, where, tn_u8(c, "string"), TN_ML_STRING, "string", value);
    case CODE_STRING32:
        return read_bytes(r, where, tn_u32(c, "string"), TN_ML_STRING, "string", value);
    case CODE_STRING64:
        return read_bytes(r, where, tn_u64(c, "string"), TN_ML_STRING, "string", value);
    case CODE_DOUBLE_BIG:
    case CODE_DOUBLE_LITTLE: return read_bytes(r, where, 8, TN_ML_DOUBLE, "double", value);
    case CODE_DOUBLE_ARRAY8_BIG:
    case CODE_DOUBLE_ARRAY8_LITTLE:
        return read_doubles(r, where, tn_u8(c, "array of doubles"), value);
    case CODE_DOUBLE_ARRAY32_BIG:
    case CODE_DOUBLE_ARRAY32_LITTLE:
        return read_doubles(r, where, tn_u32(c, "array of doubles"), value);
    case CODE_DOUBLE_ARRAY64_BIG:
    case CODE_DOUBLE_ARRAY64_LITTLE:
        return read_doubles(r, where, tn_u64(c, "array of doubles"), value);
    case CODE_CUSTOM_LENGTH: return read_custom(r, where, true, value);
    case CODE_CUSTOM_FIXED: return read_custom(r, where, false, value);
    case CODE_CODE_POINTER:
    case CODE_INFIX_POINTER: return malformed(r, where, "function");
    case CODE_CUSTOM: return malformed(r, where, "custom block as OCaml before 4.08 wrote it");
    default: return malformed(r, where, "unknown code");
    }
}

static bool read_value(struct reading *r, tn_ml_value *value)
{
    size_t where = r->c.pos;
    uint8_t code = tn_u8(&r->c, "value");
    if (code >= PREFIX_BLOCK)
        return read_block(r, where, code >> 4 & 7, code & 0xf, value);
    if (code >= PREFIX_INT) {
        *value = integer(code & 0x3f);
        return true;
    }
    if (code >= PREFIX_STRING)
        return read_bytes(r, where, code & 0x1f, TN_ML_STRING, "string", value);
    return read_code(r, where, code, value);
}

/* ---- all of it --------------------------------------------------------------------------------
 */

static bool read_all(struct reading *r)
{
    tn_ml_value *next = &r->out->root;
    for (;;) {
        if (!read_value(r, next) || !tn_end(&r->c, r->err))
            return false;
        if (!r->depth)
            return true;
        struct range *top = &r->stack[r->depth - 1];
        next = &r->out->fields[top->next++];
        if (top->next == top->end)
            r->depth--;
    }
}

static bool check_end(struct reading *r)
{
    if (r->c.pos != r->c.in.size)
        return tn_fail(r->err, TENON_E_MALFORMED,
                       "marshalled value at 0x%" PRIx64 ": ends %zu bytes before its data",
                       r->c.in.start, r->c.in.size - r->c.pos);
    if (r->object_count != r->object_limit)
        return tn_fail(r->err, TENON_E_MALFORMED,
                       "marshalled value at 0x%" PRIx64 ": has %zu objects, its header counts %zu",
                       r->c.in.start, r->object_count, r->object_limit);
    r->out->object_count = r->object_count;
    return true;
}

/* Counts may be spent once they are known to fit the bytes: each object and field takes one. */
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

bool tn_marshal_read(struct tn_arena *arena, struct tn_view from, struct tn_marshal *out,
                     tenon_error *err)
{
    struct tn_marshal_header h;
    struct tn_marshal read = { 0 };
    if (!tn_marshal_header(from, &h, err) || !check_header(&h, from, err))
        return false;
    size_t fields = (size_t)(h.words < h.data ? h.words : h.data);
    read.bytes = (struct tn_view){ from.at, h.size + (size_t)h.data, from.start };
    struct reading r = { .c = tn_cursor(read.bytes, TN_BIG),
                         .out = &read,
                         .object_limit = (size_t)h.objects,
                         .field_limit = fields,
                         .err = err };
    tn_skip(&r.c, h.size, "marshal header");
    read.objects = tn_arena_room(arena, r.object_limit, sizeof *read.objects);
    read.fields = tn_arena_room(arena, fields, sizeof *read.fields);
    bool ok = (read.objects && read.fields) || tn_no_memory(err);
    ok = ok && read_all(&r) && check_end(&r);
    free(r.stack);
    if (ok)
        *out = read;
    return ok;
}
