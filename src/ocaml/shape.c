/* src/ocaml/shape.c - what a marshalled value is expected to look like, while it is walked */
#include <inttypes.h>
#include <stdio.h>

#include "fail.h"
#include "limits.h"
#include "reading.h"

/* rule  typing/ident.ml: Local and Scoped cannot be met outside of their unit */
enum { IDENT_GLOBAL = 2, IDENT_PREDEF = 3 };

/* ---- a value as a whole -----------------------------------------------------------------------
 */

bool tn_shape_view(struct tn_ocaml_reading *r, uint64_t offset, uint64_t size, const char *what,
                   struct tn_view *out)
{
    if (size > TN_LIMIT_MARSHAL)
        return tn_fail(r->err, TENON_E_LIMIT, "%s: %" PRIu64 " bytes are more than tenon reads",
                       what, size);
    return tn_file_view(r->file, offset, size, what, out, r->err);
}

bool tn_shape_start(struct tn_ocaml_reading *r, struct tn_view from)
{
    return tn_marshal_start(r->file->arena, from, &r->m, r->err);
}

bool tn_shape_finish(struct tn_ocaml_reading *r)
{
    return tn_marshal_end(&r->m);
}

/* ---- its parts --------------------------------------------------------------------------------
 */

bool tn_shape_enter_slowly(struct tn_ocaml_reading *r, unsigned tag, uint32_t size,
                           const char *what, struct tn_ml_back *back)
{
    struct tn_ml_head head;
    if (!tn_ml_read(&r->m, &head))
        return false;
    if (head.kind == TN_ML_BLOCK && head.tag == tag && head.size == size) {
        *back = head.back;
        return true;
    }
    char expected[80];
    snprintf(expected, sizeof expected, "a block with tag %u and %" PRIu32 " field%s", tag, size,
             size == 1 ? "" : "s");
    return tn_ml_unexpected(&r->m, &head, what, expected);
}

/* `size` bytes of the value can be a name. */
static bool take_text(struct tn_ocaml_reading *r, size_t text, uint32_t size, const char *what,
                      struct tn_ocaml_text *out)
{
    const uint8_t *at = r->m.bytes.at + text;
    uint64_t start = r->m.bytes.start + text;
    if (size > TN_LIMIT_STRING)
        return tn_fail(r->err, TENON_E_LIMIT, "%s: a string of %" PRIu32 " bytes at 0x%" PRIx64,
                       what, size, start);
    if (memchr(at, 0, size))
        return tn_fail(r->err, TENON_E_MALFORMED, "%s: the string at 0x%" PRIx64 " has a NUL in it",
                       what, start);
    *out = (struct tn_ocaml_text){ (const char *)at, size };
    return true;
}

static bool take_string(struct tn_ocaml_reading *r, const struct tn_ml_head *head, const char *what,
                        struct tn_ocaml_text *out)
{
    if (head->kind != TN_ML_STRING)
        return tn_ml_unexpected(&r->m, head, what, "a string");
    return take_text(r, head->text, head->size, what, out);
}

bool tn_shape_text(struct tn_ocaml_reading *r, const char *what, struct tn_ocaml_text *out)
{
    struct tn_ml_head head;
    size_t text;
    uint32_t size;
    if (tn_ml_short_text(&r->m, &text, &size))
        return take_text(r, text, size, what, out);
    return tn_ml_read(&r->m, &head) && take_string(r, &head, what, out);
}

const char *tn_shape_keep(struct tn_ocaml_reading *r, struct tn_ocaml_text name)
{
    const char *kept = tn_arena_copy(&r->out->arena, name.at, name.size);
    if (!kept)
        tn_no_memory(r->err);
    return kept;
}

bool tn_shape_name(struct tn_ocaml_reading *r, const char *what, const char **out)
{
    struct tn_ocaml_text text = { 0 };
    return tn_shape_text(r, what, &text) && (*out = tn_shape_keep(r, text));
}

bool tn_shape_bool(struct tn_ocaml_reading *r, const char *what, bool *out)
{
    struct tn_ml_head head;
    if (!tn_ml_read(&r->m, &head))
        return false;
    if (head.kind != TN_ML_INT || head.number < 0 || head.number > 1)
        return tn_ml_unexpected(&r->m, &head, what, "0 or 1");
    *out = head.number;
    return true;
}

bool tn_shape_int(struct tn_ocaml_reading *r, const char *what, int64_t *out)
{
    struct tn_ml_head head;
    if (!tn_ml_read(&r->m, &head))
        return false;
    if (head.kind != TN_ML_INT)
        return tn_ml_unexpected(&r->m, &head, what, "an integer");
    *out = head.number;
    return true;
}

bool tn_shape_digest(struct tn_ocaml_reading *r, const char *what, tenon_digest *out)
{
    struct tn_ml_head head;
    if (!tn_ml_read(&r->m, &head))
        return false;
    if (head.kind != TN_ML_STRING)
        return tn_ml_unexpected(&r->m, &head, what, "a digest");
    if (head.size != TN_OCAML_CRC)
        return tn_fail(r->err, TENON_E_MALFORMED,
                       "%s: the digest at 0x%" PRIx64 " has %" PRIu32 " bytes, %u were expected",
                       what, r->m.bytes.start + head.text, head.size, TN_OCAML_CRC);
    tn_shape_take_digest(r->m.bytes.at + head.text, out);
    return true;
}

/* ---- options: integer 0, or a block with tag 0 and one field ------------------------------------
 */

static bool enter_option(struct tn_ocaml_reading *r, const char *what, bool *some,
                         struct tn_ml_back *back)
{
    struct tn_ml_head head;
    if (!tn_ml_read(&r->m, &head))
        return false;
    *some = head.kind == TN_ML_BLOCK && head.tag == 0 && head.size == 1;
    *back = head.back;
    return *some || (head.kind == TN_ML_INT && head.number == 0) ||
           tn_ml_unexpected(&r->m, &head, what, "an option");
}

/* Some digest, as nearly all are written: codes 0x90 (block of one field) and 0x30 (16 bytes). */
static bool take_short_digest(struct tn_marshal *m, tenon_digest *out)
{
    const uint8_t *at = m->bytes.at + m->at;
    if (m->bytes.size - m->at < 2 + TN_OCAML_CRC || at[0] != 0x90 || at[1] != 0x30 ||
        m->object_count - m->count < 2)
        return false;
    m->places[m->count++] = (uint32_t)m->at;
    m->places[m->count++] = (uint32_t)m->at + 1;
    m->at += 2 + TN_OCAML_CRC;
    tn_shape_take_digest(at + 2, out);
    return true;
}

bool tn_shape_digest_option(struct tn_ocaml_reading *r, const char *what, tenon_digest *out)
{
    struct tn_ml_back back;
    bool some;
    if (take_short_digest(&r->m, out))
        return true;
    *out = (tenon_digest){ .kind = TENON_DIGEST_UNKNOWN };
    return enter_option(r, what, &some, &back) &&
           (!some || (tn_shape_digest(r, what, out) && tn_shape_leave(r, &back)));
}

bool tn_shape_name_option(struct tn_ocaml_reading *r, const char *what, const char **out)
{
    struct tn_ml_back back;
    bool some;
    *out = NULL;
    return enter_option(r, what, &some, &back) &&
           (!some || (tn_shape_name(r, what, out) && tn_shape_leave(r, &back)));
}

/* ---- units ------------------------------------------------------------------------------------
 */

bool tn_shape_unit(struct tn_ocaml_reading *r, const char *what, struct tn_ocaml_text *out,
                   bool *predef)
{
    struct tn_ml_head head;
    *predef = false;
    if (!tn_ml_read(&r->m, &head))
        return false;
    if (r->string_units)
        return take_string(r, &head, what, out);
    bool global = head.kind == TN_ML_BLOCK && head.tag == IDENT_GLOBAL && head.size == 1;
    *predef = head.kind == TN_ML_BLOCK && head.tag == IDENT_PREDEF && head.size == 2;
    if (!global && !*predef)
        return tn_ml_unexpected(&r->m, &head, what, "the identifier of a unit");
    return tn_shape_text(r, what, out) && (global || tn_ml_skip(&r->m, 1)) &&
           tn_shape_leave(r, &head.back);
}
