/*
 * src/image/ar_aix.c - archives of AIX, big and small: a list of members in both directions
 *
 * rule  IBM "ar File Format (Big)" and "(Small)". Numbers are digits, then blanks. Members follow
 *       each other by their links alone: tables of the archive and free room lie between them
 */
#include <inttypes.h>

#include "ar.h"
#include "fail.h"
#include "limits.h"
#include "text.h"

/* The two layouts: widths of fields; a header's fixed part; offsets in it. */
static const struct layout {
    unsigned width;        /* of an offset or size, in digits */
    unsigned fixed_header; /* of the file */
    unsigned member;       /* of a member, without its name */
    unsigned name_length;  /* where in the member header, 4 digits */
} layouts[] = {
    { .width = 12, .fixed_header = 68, .member = 88, .name_length = 84 },
    { .width = 20, .fixed_header = 128, .member = 112, .name_length = 108 },
};

static const struct layout *layout_of(const struct tn_ar *ar)
{
    return &layouts[ar->aix.big];
}

/* A field of nothing but blanks is 0, as it is where there is no table. */
static bool read_field(const uint8_t *at, unsigned width, uint64_t *out)
{
    unsigned i = 0;
    *out = 0;
    for (; i < width && at[i] >= '0' && at[i] <= '9'; i++)
        if (!tn_mul(*out, 10, out) || !tn_add(*out, (uint64_t)(at[i] - '0'), out))
            return false;
    for (; i < width; i++)
        if (at[i] != ' ' && at[i] != 0)
            return false;
    return true;
}

/* rule  big: members, 32-bit symbols, 64-bit symbols, first, last; small: without the third */
bool tn_ar_aix_open(struct tn_ar *ar, tenon_error *err)
{
    const struct layout *layout = layout_of(ar);
    uint64_t *const big[] = { &ar->aix.members, &ar->aix.index[0], &ar->aix.index[1],
                              &ar->aix.first, &ar->aix.last };
    uint64_t *const small[] = { &ar->aix.members, &ar->aix.index[0], &ar->aix.first,
                                &ar->aix.last };
    struct tn_view head;
    if (!tn_file_view(ar->file, 0, layout->fixed_header, "archive header", &head, err))
        return false;
    size_t count = ar->aix.big ? TN_COUNT(big) : TN_COUNT(small);
    for (size_t i = 0; i < count; i++) {
        size_t at = TN_AR_MAGIC_SIZE + i * layout->width;
        if (!read_field(head.at + at, layout->width, ar->aix.big ? big[i] : small[i]))
            return tn_fail(err, TENON_E_MALFORMED, "archive header: no number at 0x%zx", at);
    }
    ar->next = ar->aix.first;
    return true;
}

static bool check_end(struct tn_ar *ar, const struct tn_ar_member *m, uint64_t end,
                      tenon_error *err)
{
    char quoted[TN_QUOTE_ROOM];
    struct tn_view mark;
    uint64_t file = ar->file->info.size;
    if (!tn_file_view(ar->file, end, 2, "end of a member header", &mark, err))
        return false;
    if (memcmp(mark.at, "`\n", 2) != 0)
        return tn_fail(err, TENON_E_MALFORMED, "no member header at 0x%" PRIx64, m->header);
    if (m->offset > file || m->size > file - m->offset)
        return tn_fail(err, TENON_E_TRUNCATED,
                       "member %s: %" PRIu64 " bytes needed at 0x%" PRIx64 ", %" PRIu64 " left",
                       tn_quote(quoted, m->name), m->size, m->offset,
                       m->offset < file ? file - m->offset : 0);
    return true;
}

bool tn_ar_aix_member(struct tn_ar *ar, uint64_t offset, struct tn_ar_member *member,
                      uint64_t *next, tenon_error *err)
{
    const struct layout *layout = layout_of(ar);
    struct tn_view head, name;
    uint64_t length;
    struct tn_ar_member m = { .header = offset };
    if (!tn_file_view(ar->file, offset, layout->member, "member header", &head, err))
        return false;
    if (!read_field(head.at, layout->width, &m.size) ||
        !read_field(head.at + layout->width, layout->width, next) ||
        !read_field(head.at + layout->name_length, 4, &length))
        return tn_fail(err, TENON_E_MALFORMED, "no member header at 0x%" PRIx64, offset);
    if (!tn_file_view(ar->file, offset + layout->member, length, "member name", &name, err))
        return false;
    if (memchr(name.at, 0, name.size))
        return tn_fail(err, TENON_E_MALFORMED, "member at 0x%" PRIx64 ": a NUL in its name",
                       offset);
    m.name = tn_arena_copy(ar->file->arena, name.at, name.size);
    if (!m.name)
        return tn_no_memory(err);
    uint64_t end = offset + layout->member + length;
    end += end & 1;
    m.offset = end + 2;
    *member = m;
    return check_end(ar, &m, end, err);
}

/* Links may go anywhere, so that a circle ends by counting: no archive has more members than
 * headers fit into it, nor more bytes in them than it has itself. */
bool tn_ar_aix_next(struct tn_ar *ar, struct tn_ar_member *member, tenon_error *err)
{
    ar->end = ar->next == 0;
    if (ar->end)
        return false;
    if (ar->count == TN_LIMIT_MEMBERS)
        return tn_fail(err, TENON_E_LIMIT, "archive: more than %u members", TN_LIMIT_MEMBERS);
    if (ar->count > ar->file->info.size / layout_of(ar)->member)
        return tn_fail(err, TENON_E_MALFORMED, "archive: its members are linked in a circle");
    uint64_t next, at = ar->next;
    if (!tn_ar_aix_member(ar, at, member, &next, err))
        return false;
    ar->bytes += member->size;
    if (ar->bytes > ar->file->info.size)
        return tn_fail(err, TENON_E_MALFORMED, "archive: its members lie one in another");
    ar->count++;
    ar->next = at == ar->aix.last ? 0 : next;
    return true;
}
