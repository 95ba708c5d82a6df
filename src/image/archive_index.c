/*
 * src/image/archive_index.c - archives: the names in their symbol indexes
 *
 * rule  System V and GNU: big-endian count, offsets, names. BSD: bytes of a table of {name,
 *       member}, bytes of names, in the byte order of the objects. Microsoft: as System V, and
 *       "/<ECSYMBOLS>/" with the symbols of ARM64EC. AIX: 8-byte (big) or 4-byte (small) count
 *       and offsets, names; one table for members of 32 bits and one for those of 64
 */
#include <inttypes.h>

#include "archive_private.h"
#include "fail.h"
#include "limits.h"

struct index {
    tenon_image *image;
    size_t room;
};

static bool add_name(struct index *index, const char *name, tenon_error *err)
{
    tenon_image *image = index->image;
    if (image->export_count == TN_LIMIT_OBJECT_SYMBOLS)
        return tn_fail(err, TENON_E_LIMIT, "more than %u names", TN_LIMIT_OBJECT_SYMBOLS);
    if (!tn_arena_grow(&image->arena, &image->exports, &index->room, image->export_count,
                       sizeof *image->exports))
        return tn_no_memory(err);
    image->exports[image->export_count++] = (tenon_symbol){
        .name = name, .binding = TENON_BIND_GLOBAL, .type = TENON_TYPE_NONE, .defined = true
    };
    return true;
}

/* `count` names, one behind the other. */
static bool add_names(struct index *index, struct tn_view names, uint64_t count, tenon_error *err)
{
    uint64_t at = 0;
    for (uint64_t i = 0; i < count; i++) {
        const char *name = tn_view_string(names, at);
        if (!name)
            return tn_fail(err, TENON_E_MALFORMED,
                           "index at 0x%" PRIx64 ": %" PRIu64 " names expected, %" PRIu64 " there",
                           names.start, count, i);
        if (!add_name(index, name, err))
            return false;
        at += strlen(name) + 1;
    }
    return true;
}

/* A count and offsets of `word` bytes, then names. */
static bool read_counted(struct index *index, struct tn_view at, unsigned word, tenon_error *err)
{
    struct tn_cursor c = tn_cursor(at, TN_BIG);
    uint64_t count = tn_word(&c, word, "number of symbols");
    tn_rows(&c, count, word, "offsets of members");
    struct tn_view names = tn_sub(&c, at.size - c.pos, "names");
    return tn_end(&c, err) && add_names(index, names, count, err);
}

/* A count, member numbers of 2 bytes, names. */
static bool read_ec(struct index *index, struct tn_view at, tenon_error *err)
{
    struct tn_cursor c = tn_cursor(at, TN_LITTLE);
    uint64_t count = tn_u32(&c, "number of symbols");
    tn_rows(&c, count, 2, "numbers of members");
    struct tn_view names = tn_sub(&c, at.size - c.pos, "names");
    return tn_end(&c, err) && add_names(index, names, count, err);
}

/* The byte order in which the two sizes fit the table. */
static bool bsd_order(struct tn_view at, unsigned word, enum tn_endian *endian)
{
    for (*endian = TN_LITTLE; *endian <= TN_BIG; ++*endian) {
        struct tn_cursor c = tn_cursor(at, *endian);
        uint64_t table = tn_word(&c, word, "size of the table");
        tn_skip(&c, table, "table");
        uint64_t names = tn_word(&c, word, "size of the names");
        tn_skip(&c, names, "names");
        if (!c.lost && table % (2u * word) == 0)
            return true;
    }
    return false;
}

static bool read_bsd(struct index *index, struct tn_view at, unsigned word, tenon_error *err)
{
    enum tn_endian endian;
    if (!bsd_order(at, word, &endian))
        return tn_fail(err, TENON_E_MALFORMED,
                       "index at 0x%" PRIx64 ": its sizes fit in neither byte order", at.start);
    struct tn_cursor c = tn_cursor(at, endian);
    struct tn_view table = tn_sub(&c, tn_word(&c, word, "size of the table"), "table");
    struct tn_view names = tn_sub(&c, tn_word(&c, word, "size of the names"), "names");
    struct tn_cursor rows = tn_cursor(table, endian);
    for (uint64_t i = 0; i < table.size / (2u * word); i++) {
        uint64_t offset = tn_word(&rows, word, "name");
        tn_skip(&rows, word, "member");
        const char *name = tn_view_string(names, offset);
        if (!name)
            return tn_fail(err, TENON_E_MALFORMED,
                           "index at 0x%" PRIx64 ": name at 0x%" PRIx64 " of 0x%zx bytes", at.start,
                           offset, names.size);
        if (!add_name(index, name, err))
            return false;
    }
    return true;
}

/* rule  the library symbol table of HP-UX has a SOM system id and 0x0619 */
static bool is_lst(struct tn_view at)
{
    return at.size >= 4 && at.at[0] == 2 && at.at[2] == 6 && at.at[3] == 0x19;
}

static bool read_index_member(struct index *index, struct tn_file *file,
                              const struct tn_ar_member *m, tenon_error *err)
{
    struct tn_view at;
    bool ec = strncmp(m->name, "/<ECSYMBOLS>/", 13) == 0;
    if (m->role != TN_AR_INDEX && m->role != TN_AR_INDEX_64 && !ec)
        return true;
    if (!tn_file_view(file, m->offset, m->size, "index", &at, err))
        return false;
    if (ec)
        return read_ec(index, at, err);
    if (is_lst(at))
        return true;
    unsigned word = m->role == TN_AR_INDEX_64 ? 8 : 4;
    return m->name[0] == '/' ? read_counted(index, at, word, err) : read_bsd(index, at, word, err);
}

static bool read_aix(struct index *index, struct tn_ar *ar, tenon_error *err)
{
    for (size_t i = 0; i < TN_COUNT(ar->aix.index); i++) {
        struct tn_ar_member m;
        struct tn_view at;
        uint64_t next;
        if (!ar->aix.index[i])
            continue;
        if (!tn_ar_aix_member(ar, ar->aix.index[i], &m, &next, err) ||
            !tn_file_view(ar->file, m.offset, m.size, "index", &at, err) ||
            !read_counted(index, at, ar->aix.big ? 8 : 4, err))
            return false;
    }
    return true;
}

/* The indexes stand first: what follows the first member that is a file is not looked at. */
bool tn_archive_read_index(struct tn_file *file, tenon_image *image, tenon_error *err)
{
    struct index index = { .image = image };
    struct tn_ar_member m;
    struct tn_ar ar;
    tenon_error local = TENON_ERROR_INIT;
    if (!tn_ar_open(file, &ar, err))
        return false;
    if (ar.is_aix)
        return read_aix(&index, &ar, err);
    while (tn_ar_next(&ar, &m, &local)) {
        if (m.role == TN_AR_FILE)
            return true;
        if (!read_index_member(&index, file, &m, err))
            return false;
    }
    if (!ar.end && err)
        *err = local;
    return ar.end;
}
