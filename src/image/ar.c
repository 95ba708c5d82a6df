/*
 * src/image/ar.c - archives: GNU, System V, BSD, COFF and thin ones, member by member
 *
 * rule  ar(5) of the BSDs and of System V; GNU binutils' long names and thin archives; Microsoft
 *       "PE Format", Archive (Library) File Format. Numbers are digits, then blanks; an owner may
 *       be blank
 */
#include "ar.h"

#include <inttypes.h>

#include "fail.h"
#include "limits.h"
#include "text.h"

#define NAME_SIZE 16u

/* Names of BSD 4.4 that stand before the data ("#1/len"). */
#define LIMIT_NAME 65536u

bool tn_ar_matches(struct tn_view head)
{
    return head.size >= TN_AR_MAGIC_SIZE &&
           (memcmp(head.at, TN_AR_MAGIC, TN_AR_MAGIC_SIZE) == 0 ||
            memcmp(head.at, TN_AR_THIN_MAGIC, TN_AR_MAGIC_SIZE) == 0);
}

bool tn_ar_is_aix(struct tn_view head)
{
    return head.size >= TN_AR_MAGIC_SIZE &&
           (memcmp(head.at, TN_AR_AIX_BIG_MAGIC, TN_AR_MAGIC_SIZE) == 0 ||
            memcmp(head.at, TN_AR_AIX_SMALL_MAGIC, TN_AR_MAGIC_SIZE) == 0);
}

bool tn_ar_open(struct tn_file *file, struct tn_ar *out, tenon_error *err)
{
    struct tn_view head;
    if (!tn_file_upto(file, 0, TN_AR_MAGIC_SIZE, "archive magic", &head, err))
        return false;
    if (tn_ar_is_aix(head)) {
        *out = (struct tn_ar){ .file = file, .is_aix = true, .long_names = tn_view("", 0) };
        out->aix.big = memcmp(head.at, TN_AR_AIX_BIG_MAGIC, TN_AR_MAGIC_SIZE) == 0;
        return tn_ar_aix_open(out, err);
    }
    if (!tn_ar_matches(head))
        return tn_fail(err, TENON_E_FORMAT, "not an archive");
    *out = (struct tn_ar){ .file = file, .next = TN_AR_MAGIC_SIZE, .long_names = tn_view("", 0) };
    out->thin = memcmp(head.at, TN_AR_THIN_MAGIC, TN_AR_MAGIC_SIZE) == 0;
    return true;
}

/* ---- fields -------------------------------------------------------------------------------- */

/* Digits and nothing but blanks (or NULs, which some writers pad with) behind them. */
static bool read_number(const uint8_t *at, size_t size, uint64_t *out)
{
    size_t i = 0;
    *out = 0;
    for (; i < size && at[i] >= '0' && at[i] <= '9'; i++)
        if (!tn_mul(*out, 10, out) || !tn_add(*out, (uint64_t)(at[i] - '0'), out))
            return false;
    if (i == 0)
        return false;
    for (; i < size; i++)
        if (at[i] != ' ' && at[i] != 0)
            return false;
    return true;
}

static size_t trimmed(const uint8_t *at, size_t size)
{
    while (size > 0 && (at[size - 1] == ' ' || at[size - 1] == 0))
        size--;
    return size;
}

static bool is_field(const uint8_t *at, size_t size, const char *text)
{
    return size == strlen(text) && memcmp(at, text, size) == 0;
}

/* ---- names --------------------------------------------------------------------------------- */

static bool keep_name(struct tn_ar *ar, struct tn_ar_member *m, const uint8_t *at, size_t size,
                      tenon_error *err)
{
    if (memchr(at, 0, size))
        return tn_fail(err, TENON_E_MALFORMED, "member at 0x%" PRIx64 ": a NUL in its name",
                       m->header);
    m->name = tn_arena_copy(ar->file->arena, at, size);
    return m->name || tn_no_memory(err);
}

/* "/123" or thin "/123:456": a name in the table "//", ended by "/\n" (GNU) or NUL (Microsoft). */
static bool read_long_name(struct tn_ar *ar, struct tn_ar_member *m, const uint8_t *field,
                           size_t size, tenon_error *err)
{
    uint64_t offset;
    struct tn_view rest;
    const uint8_t *colon = memchr(field, ':', size);
    size_t digits = colon ? (size_t)(colon - field) : size;
    if (!read_number(field + 1, digits - 1, &offset) ||
        (colon && !read_number(colon + 1, size - digits - 1, &m->nested)))
        return tn_fail(err, TENON_E_MALFORMED,
                       "member at 0x%" PRIx64 ": its long name's offset is no number", m->header);
    if (!tn_view_sub(ar->long_names, offset, 0, &rest) || offset == ar->long_names.size)
        return tn_fail(err, TENON_E_MALFORMED,
                       "member at 0x%" PRIx64 ": long name at %" PRIu64 ", the table has %zu bytes",
                       m->header, offset, ar->long_names.size);
    const uint8_t *at = rest.at;
    size_t room = ar->long_names.size - (size_t)offset, length = 0;
    while (length < room && at[length] && at[length] != '\n')
        length++;
    if (length == room)
        return tn_fail(err, TENON_E_MALFORMED, "member at 0x%" PRIx64 ": its long name has no end",
                       m->header);
    if (length && at[length] == '\n' && at[length - 1] == '/')
        length--;
    return keep_name(ar, m, at, length, err);
}

/* "#1/len": the name is the first `len` bytes of the data. */
static bool read_bsd_name(struct tn_ar *ar, struct tn_ar_member *m, const uint8_t *field,
                          size_t size, tenon_error *err)
{
    struct tn_view name;
    uint64_t length;
    if (!read_number(field + 3, size - 3, &length) || length > m->size)
        return tn_fail(err, TENON_E_MALFORMED,
                       "member at 0x%" PRIx64 ": its name's length is more than its size",
                       m->header);
    if (length > LIMIT_NAME)
        return tn_fail(err, TENON_E_LIMIT, "member at 0x%" PRIx64 ": a name of %" PRIu64 " bytes",
                       m->header, length);
    if (!tn_file_view(ar->file, m->offset, length, "member name", &name, err))
        return false;
    m->offset += length;
    m->size -= length;
    m->skipped = length;
    return keep_name(ar, m, name.at, trimmed(name.at, name.size), err);
}

/* Which members are the archive's own. A plain name tells, whichever way it was stored. */
static const struct special {
    const char *name;
    enum tn_ar_role role;
} specials[] = {
    { "__.SYMDEF", TN_AR_INDEX },       { "__.SYMDEF SORTED", TN_AR_INDEX },
    { "__.SYMDEF_64", TN_AR_INDEX_64 }, { "__.SYMDEF_64 SORTED", TN_AR_INDEX_64 },
    { "__.LIBDEP", TN_AR_OTHER },
};

static void find_role(struct tn_ar_member *m)
{
    for (size_t i = 0; i < TN_COUNT(specials); i++)
        if (strcmp(m->name, specials[i].name) == 0)
            m->role = specials[i].role;
}

/* "/" "//" "/SYM64/" "/<ECSYMBOLS>/": what GNU, System V and Microsoft keep for themselves. */
static bool read_slash_name(struct tn_ar *ar, struct tn_ar_member *m, const uint8_t *field,
                            size_t size, tenon_error *err)
{
    if (size > 1 && field[1] >= '0' && field[1] <= '9') {
        m->external = ar->thin;
        return read_long_name(ar, m, field, size, err);
    }
    if (is_field(field, size, "/"))
        m->role = ar->count == 0 ? TN_AR_INDEX : TN_AR_OTHER;
    else if (is_field(field, size, "/SYM64/"))
        m->role = TN_AR_INDEX_64;
    else if (is_field(field, size, "//"))
        m->role = TN_AR_LONG_NAMES;
    else if (size > 2 && field[1] == '<')
        m->role = TN_AR_OTHER;
    else
        return tn_fail(err, TENON_E_MALFORMED,
                       "member at 0x%" PRIx64 ": a name that begins with a slash", m->header);
    return keep_name(ar, m, field, size, err);
}

static bool read_name(struct tn_ar *ar, struct tn_ar_member *m, const uint8_t *field,
                      tenon_error *err)
{
    size_t size = trimmed(field, NAME_SIZE);
    if (size == 0)
        return tn_fail(err, TENON_E_MALFORMED, "member at 0x%" PRIx64 ": no name", m->header);
    if (field[0] == '/')
        return read_slash_name(ar, m, field, size, err);
    m->external = ar->thin;
    if (size >= 3 && memcmp(field, "#1/", 3) == 0 && !ar->thin) {
        if (!read_bsd_name(ar, m, field, size, err))
            return false;
    } else if (!keep_name(ar, m, field, field[size - 1] == '/' ? size - 1 : size, err)) {
        return false;
    }
    find_role(m);
    m->external = m->external && m->role == TN_AR_FILE;
    return true;
}

/* ---- walking ------------------------------------------------------------------------------- */

static bool read_header(struct tn_ar *ar, struct tn_ar_member *m, tenon_error *err)
{
    struct tn_view header;
    if (!tn_file_view(ar->file, ar->next, TN_AR_HEADER_SIZE, "member header", &header, err))
        return false;
    struct tn_cursor c = tn_cursor(header, TN_BIG);
    const uint8_t *name = tn_take(&c, NAME_SIZE, "ar_name");
    tn_skip(&c, 32, "ar_date to ar_mode");
    const uint8_t *size = tn_take(&c, 10, "ar_size");
    const uint8_t *end = tn_take(&c, 2, "ar_fmag");
    if (!tn_end(&c, err))
        return false;
    *m = (struct tn_ar_member){ .header = ar->next, .offset = ar->next + TN_AR_HEADER_SIZE };
    if (memcmp(end, "`\n", 2) != 0)
        return tn_fail(err, TENON_E_MALFORMED, "no member header at 0x%" PRIx64, ar->next);
    if (!read_number(size, 10, &m->size))
        return tn_fail(err, TENON_E_MALFORMED, "member at 0x%" PRIx64 ": its size is no number",
                       ar->next);
    return read_name(ar, m, name, err);
}

/* A member's bytes must be in the file; of a thin one's there are none. */
static bool check_bytes(const struct tn_ar *ar, const struct tn_ar_member *m, tenon_error *err)
{
    char quoted[TN_QUOTE_ROOM];
    uint64_t file = ar->file->info.size, left = m->offset < file ? file - m->offset : 0;
    if (m->external || m->size <= left)
        return true;
    return tn_fail(err, TENON_E_TRUNCATED,
                   "member %s: %" PRIu64 " bytes needed at 0x%" PRIx64 ", %" PRIu64 " left",
                   tn_quote(quoted, m->name), m->size, m->offset, left);
}

bool tn_ar_next(struct tn_ar *ar, struct tn_ar_member *member, tenon_error *err)
{
    struct tn_ar_member m;
    if (ar->is_aix)
        return tn_ar_aix_next(ar, member, err);
    ar->end = ar->next >= ar->file->info.size;
    if (ar->end)
        return false;
    if (ar->count == TN_LIMIT_MEMBERS)
        return tn_fail(err, TENON_E_LIMIT, "archive: more than %u members", TN_LIMIT_MEMBERS);
    if (!read_header(ar, &m, err) || !check_bytes(ar, &m, err))
        return false;
    if (m.role == TN_AR_LONG_NAMES &&
        !tn_file_view(ar->file, m.offset, m.size, "long member names", &ar->long_names, err))
        return false;
    ar->count++;
    ar->next = m.external ? m.offset : m.offset + m.size;
    ar->next += ar->next & 1; /* headers stand at even offsets */
    if (m.external)
        m.offset = 0;
    *member = m;
    return true;
}

bool tn_ar_next_file(struct tn_ar *ar, struct tn_ar_member *member, tenon_error *err)
{
    while (tn_ar_next(ar, member, err))
        if (member->role == TN_AR_FILE)
            return true;
    return false;
}

const char *tn_ar_external_path(struct tn_arena *arena, const char *archive, const char *name)
{
    const char *slash = strrchr(archive, '/');
    if (name[0] == '/' || !slash)
        return tn_arena_string(arena, name);
    return tn_arena_format(arena, "%.*s%s", (int)(slash + 1 - archive), archive, name);
}
