/*
 * src/unit/units_archive.c - the units of an archive: each object in it
 */
#include <inttypes.h>
#include <string.h>

#include "ar.h"
#include "fail.h"
#include "native.h"
#include "text.h"
#include "units.h"

static bool is_object(struct tn_file *file)
{
    struct tn_view head;
    return tn_file_upto(file, 0, 4, "first bytes", &head, NULL) && head.size == 4 &&
           (memcmp(head.at, "\177ELF", 4) == 0 || tn_native_is_bitcode(head));
}

static const char *base_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash && slash[1] ? slash + 1 : path;
}

/* A member as a file of its own in memory. */
static bool member_bytes(struct tn_file *archive, const struct tn_ar_member *m,
                         struct tn_arena *arena, struct tn_file *out, tenon_error *err)
{
    struct tn_view bytes;
    if (!tn_file_view(archive, m->offset, m->size, "member", &bytes, err))
        return false;
    tn_file_from_bytes(out, m->name, bytes.at, bytes.size);
    out->arena = arena;
    return true;
}

/* A member of the archive that a thin archive names together with the offset of its header. */
static bool open_nested(struct tn_file *archive, uint64_t header, struct tn_arena *arena,
                        struct tn_file *out, tenon_error *err)
{
    struct tn_ar ar;
    struct tn_ar_member m;
    if (!tn_ar_open(archive, &ar, err))
        return false;
    while (tn_ar_next(&ar, &m, err))
        if (m.header == header && m.role == TN_AR_FILE && !m.external)
            return member_bytes(archive, &m, arena, out, err);
    return ar.end ? tn_fail(err, TENON_E_MALFORMED, "no member at 0x%" PRIx64, header) : false;
}

/* The file that a thin archive's member stands for; out->arena keeps what is read. */
static bool open_external(struct tn_units_reading *r, const struct tn_ar_member *m,
                          struct tn_arena *arena, struct tn_file *out, tenon_error *err)
{
    if (!r->world)
        return tn_fail(err, TENON_E_UNSUPPORTED,
                       "a thin archive in memory: its members are other files");
    const char *path = tn_ar_external_path(arena, r->path, m->name);
    if (!path)
        return tn_no_memory(err);
    int number = tn_file_open(r->world, path, arena, out);
    if (number)
        return tn_fail_system(err, number, "cannot be opened");
    if (!m->nested)
        return true;
    struct tn_file inner;
    bool ok = open_nested(out, m->nested, arena, &inner, err);
    tn_file_close(out);
    if (ok)
        *out = inner;
    return ok;
}

static bool is_asked_for(const struct tn_units_reading *r, struct tn_file *file, const char *member)
{
    if (r->member && strcmp(r->member, member) != 0 && strcmp(r->member, base_of(member)) != 0)
        return false;
    return !r->slice || tn_archive_is_for(file, r->slice);
}

/* What is no object has no units: an archive may hold any file. */
static bool add_other(struct tn_units_reading *r, struct tn_file *file, const char *member,
                      tenon_error *err)
{
    const struct tn_format *format =
        is_asked_for(r, file, member) ? tn_format_of(file, NULL) : NULL;
    return !format || !tn_units_is_foreign(format->format) || tn_units_refuse(format->format, err);
}

static bool add_member_object(struct tn_units_reading *r, struct tn_file *file, const char *member,
                              struct tn_native_namer *namer, tenon_error *err)
{
    if (r->member && r->found)
        return true; /* of two members of one name the first is meant, as everywhere */
    if (!is_object(file))
        return add_other(r, file, member, err);
    const char *name = tn_native_namer_next(namer, member);
    const char *origin =
        tn_arena_format(file->arena, "%s member %s", base_of(r->path), base_of(member));
    if (!name || !origin)
        return tn_no_memory(err);
    if (!is_asked_for(r, file, member))
        return true;
    r->found = true;
    return tn_units_add_object(r, file, name, origin, err);
}

/* Its bytes and facts go before the next member comes. */
static bool add_member(struct tn_units_reading *r, struct tn_file *archive,
                       const struct tn_ar_member *m, struct tn_native_namer *namer,
                       tenon_error *err)
{
    char quoted[TN_QUOTE_ROOM];
    struct tn_arena arena = { 0 };
    struct tn_file file;
    bool open = m->external ? open_external(r, m, &arena, &file, err)
                            : member_bytes(archive, m, &arena, &file, err);
    /* In a thin archive of an archive m->name is that archive: the file bears the member's name. */
    const char *name = open && m->nested ? file.name : m->name;
    bool ok = open && add_member_object(r, &file, name, namer, err);
    if (open)
        tn_file_close(&file);
    tn_arena_free(&arena);
    return ok || tn_context(err, "member %s", tn_quote(quoted, m->name));
}

static bool read_members(struct tn_units_reading *r, struct tn_file *file,
                         struct tn_native_namer *namer, tenon_error *err)
{
    struct tn_ar ar;
    struct tn_ar_member m;
    tenon_error local = TENON_ERROR_INIT;
    if (!tn_ar_open(file, &ar, err))
        return false;
    while (tn_ar_next_file(&ar, &m, &local))
        if (!add_member(r, file, &m, namer, err))
            return false;
    if (!ar.end && err)
        *err = local;
    return ar.end;
}

bool tn_units_read_archive(struct tn_units_reading *r, struct tn_file *file, tenon_error *err)
{
    char quoted[TN_QUOTE_ROOM];
    struct tn_native_namer namer;
    if (r->slice && !r->member)
        return tn_fail(err, TENON_E_NOT_FOUND, "no slice %s in an archive",
                       tn_quote(quoted, r->slice));
    const char *owner = NULL;
    if ((r->world && !tn_native_owner(r->world, &r->scratch, r->path, &owner)) ||
        !tn_native_namer_init(&namer, &r->scratch, owner, r->path))
        return tn_no_memory(err);
    bool ok = read_members(r, file, &namer, err);
    tn_native_namer_free(&namer);
    if (ok && r->member && !r->found)
        return tn_fail(err, TENON_E_NOT_FOUND, "no member %s", tn_quote(quoted, r->member));
    return ok;
}
