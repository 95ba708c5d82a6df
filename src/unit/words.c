/* src/unit/words.c - the enumerations of unit.h as JSON has them, and digests as text */
#include <string.h>
#include <tenon/unit.h>

#include "fail.h"
#include "text.h"
#include "view.h"

static const char *const unit_kinds[] = { "c", "library", "ocaml" };
static const char *const digest_kinds[] = { "unknown",  "exports-1", "code-1",
                                            "source-1", "build-id",  "ocaml" };
static const char *const records[] = { "none", "assembled", "partial", "complete", "unreadable" };
static const char *const answers[] = { "no", "yes", "unknown" };

static const char *const definition_kinds[] = { "code", "data", "tls", "comdat", "weak" };

static const char *word(const char *const *words, size_t count, unsigned value)
{
    return value < count ? words[value] : "unknown";
}

static bool find_word(const char *const *words, size_t count, const char *name, unsigned *value)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(words[i], name) == 0) {
            *value = (unsigned)i;
            return true;
        }
    }
    return false;
}

const char *tenon_unit_kind_name(enum tenon_unit_kind kind)
{
    return word(unit_kinds, TN_COUNT(unit_kinds), kind);
}

const char *tenon_digest_kind_name(enum tenon_digest_kind kind)
{
    return word(digest_kinds, TN_COUNT(digest_kinds), kind);
}

const char *tenon_record_name(enum tenon_record record)
{
    return word(records, TN_COUNT(records), record);
}

const char *tenon_answer_name(enum tenon_answer answer)
{
    return word(answers, TN_COUNT(answers), answer);
}

const char *tenon_definition_kind_name(enum tenon_definition_kind kind)
{
    return word(definition_kinds, TN_COUNT(definition_kinds), kind);
}

bool tenon_unit_kind_of(const char *name, enum tenon_unit_kind *kind)
{
    unsigned value;
    if (!find_word(unit_kinds, TN_COUNT(unit_kinds), name, &value))
        return false;
    *kind = (enum tenon_unit_kind)value;
    return true;
}

bool tenon_digest_kind_of(const char *name, enum tenon_digest_kind *kind)
{
    unsigned value;
    if (!find_word(digest_kinds, TN_COUNT(digest_kinds), name, &value))
        return false;
    *kind = (enum tenon_digest_kind)value;
    return true;
}

/* ---- digests -------------------------------------------------------------------------------- */

static bool is_known(const tenon_digest *digest)
{
    return digest->kind != TENON_DIGEST_UNKNOWN && digest->size > 0 &&
           digest->size <= TENON_DIGEST_ROOM;
}

enum tenon_answer tenon_digest_equal(const tenon_digest *a, const tenon_digest *b)
{
    if (a->kind != b->kind || !is_known(a) || !is_known(b))
        return TENON_UNKNOWN;
    return a->size == b->size && memcmp(a->bytes, b->bytes, a->size) == 0 ? TENON_YES : TENON_NO;
}

const char *tenon_digest_text(const tenon_digest *digest, char buffer[2 * TENON_DIGEST_ROOM + 1])
{
    return tn_text_hex(buffer, digest->bytes, is_known(digest) ? digest->size : 0);
}

/* A digit's value and one more; 0: it is none. By a table: of branches every third would be wrong.
 */
static const uint8_t values[256] = {
    ['0'] = 1,  ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,  ['6'] = 7,  ['7'] = 8,
    ['8'] = 9,  ['9'] = 10, ['a'] = 11, ['b'] = 12, ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16,
    ['A'] = 11, ['B'] = 12, ['C'] = 13, ['D'] = 14, ['E'] = 15, ['F'] = 16,
};

bool tenon_digest_read(const char *text, enum tenon_digest_kind kind, tenon_digest *out,
                       tenon_error *err)
{
    char quoted[TN_QUOTE_ROOM];
    tenon_digest digest = { .kind = kind };
    size_t length = strlen(text);
    if (kind == TENON_DIGEST_UNKNOWN && length == 0) {
        *out = digest;
        return true;
    }
    if (kind == TENON_DIGEST_UNKNOWN || length == 0 || length % 2 || length > 2 * TENON_DIGEST_ROOM)
        return tn_fail(err, TENON_E_MALFORMED, "digest %s has %zu digits", tn_quote(quoted, text),
                       length);
    for (size_t i = 0; i < length / 2; i++) {
        uint8_t high = values[(unsigned char)text[2 * i]];
        uint8_t low = values[(unsigned char)text[2 * i + 1]];
        if (!high || !low)
            return tn_fail(err, TENON_E_MALFORMED, "digest %s is not hexadecimal",
                           tn_quote(quoted, text));
        digest.bytes[i] = (uint8_t)((high - 1) << 4 | (low - 1));
    }
    digest.size = (uint8_t)(length / 2);
    *out = digest;
    return true;
}
