/*
 * src/image/elf_versions.c - ELF: version requirements and definitions
 *
 * rule  Linux Standard Base, "Symbol Versioning"; Solaris "Linker and Libraries Guide". Chains
 *       end where `next` is 0, as the loaders have it: the counts of DT_VERNEEDNUM and vn_cnt are
 *       not what they go by. Offsets are unsigned, so every chain runs forward to an end
 */
#include "elf_private.h"
#include "fail.h"
#include "limits.h"

enum { VERDEF_SIZE = 20, VERNEED_SIZE = 16, VERNAUX_SIZE = 16, VERDAUX_SIZE = 8 };
enum { VER_FLG_BASE = 1, VER_FLG_WEAK = 2 };

/* The rest of the segment that has the table of `tag`, keeping what was read of it before. */
static bool open_table(struct tn_elf *elf, enum tn_elf_tag tag, const char *what, uint64_t *at,
                       tenon_error *err)
{
    uint64_t room;
    struct tn_view near = elf->tables.near;
    if (!tn_elf_map(elf, elf->dynamic.value[tag], at, &room))
        return tn_fail(err, TENON_E_MALFORMED, "%s: no segment has them in the file", what);
    elf->tables = (struct tn_elf_window){
        .file = elf->file, .what = what, .start = *at, .end = *at + room, .near = near
    };
    return true;
}

/* One fixed-size row of a version table. */
static const uint8_t *row(struct tn_elf *elf, uint64_t at, uint64_t size, tenon_error *err)
{
    return tn_elf_cover(&elf->tables, at, size, err) ? tn_elf_at(&elf->tables, at) : NULL;
}

static bool too_many(tenon_error *err)
{
    return tn_fail(err, TENON_E_LIMIT, "more than %u versions", TN_LIMIT_VERSIONS);
}

/* The versions asked of one file. `left` bounds the rows of all files together. */
static bool walk_aux(struct tn_elf *elf, uint64_t at, const char *file, unsigned *left,
                     tn_elf_version_each *each, void *arg, tenon_error *err)
{
    enum tn_endian endian = elf->header.endian;
    for (uint64_t next = 1; next; at += next) {
        const uint8_t *p = row(elf, at, VERNAUX_SIZE, err);
        if (!p)
            return false;
        struct tn_elf_version_row out = { .file = file,
                                          .flags = tn_load16(p + 4, endian),
                                          .number = tn_load16(p + 6, endian) & 0x7fff };
        uint32_t name = tn_load32(p + 8, endian);
        next = tn_load32(p + 12, endian);
        if (!(*left)--)
            return too_many(err);
        out.name = tn_elf_string(elf, name, err);
        if (!out.name || !each(arg, &out, err))
            return false;
    }
    return true;
}

bool tn_elf_walk_verneed(struct tn_elf *elf, tn_elf_version_each *each, void *arg, tenon_error *err)
{
    enum tn_endian endian = elf->header.endian;
    unsigned left = TN_LIMIT_VERSIONS, files = TN_LIMIT_VERSIONS;
    uint64_t at;
    if (!tn_elf_has(&elf->dynamic, TN_TAG_VERNEED))
        return true;
    if (!open_table(elf, TN_TAG_VERNEED, "version requirements", &at, err))
        return false;
    for (uint64_t next = 1; next; at += next) {
        const uint8_t *p = row(elf, at, VERNEED_SIZE, err);
        if (!p)
            return false;
        uint32_t name = tn_load32(p + 4, endian), aux = tn_load32(p + 8, endian);
        next = tn_load32(p + 12, endian);
        if (!files--)
            return too_many(err);
        const char *file = tn_elf_string(elf, name, err);
        if (!file || (aux && !walk_aux(elf, at + aux, file, &left, each, arg, err)))
            return false;
    }
    return true;
}

bool tn_elf_walk_verdef(struct tn_elf *elf, tn_elf_version_each *each, void *arg, tenon_error *err)
{
    enum tn_endian endian = elf->header.endian;
    unsigned left = TN_LIMIT_VERSIONS;
    uint64_t at;
    if (!tn_elf_has(&elf->dynamic, TN_TAG_VERDEF))
        return true;
    if (!open_table(elf, TN_TAG_VERDEF, "version definitions", &at, err))
        return false;
    for (uint64_t next = 1; next; at += next) {
        const uint8_t *p = row(elf, at, VERDEF_SIZE, err);
        if (!p)
            return false;
        struct tn_elf_version_row out = { .flags = tn_load16(p + 2, endian),
                                          .number = tn_load16(p + 4, endian) & 0x7fff };
        uint32_t aux = tn_load32(p + 12, endian);
        next = tn_load32(p + 16, endian);
        if (!left--)
            return too_many(err);
        p = row(elf, at + aux, VERDAUX_SIZE, err);
        if (!p)
            return false;
        out.name = tn_elf_string(elf, tn_load32(p, endian), err);
        if (!out.name || !each(arg, &out, err))
            return false;
    }
    return true;
}

/* ---- facts --------------------------------------------------------------------------------- */

struct collected {
    struct tn_arena *arena;
    struct tn_facts *facts;
    size_t needs_room, defs_room, files_room;
};

static bool start_file(struct collected *c, const char *file, tenon_error *err)
{
    struct tn_elf_facts *elf = &c->facts->elf;
    if (!tn_arena_grow(c->arena, &elf->version_files, &c->files_room, elf->version_file_count,
                       sizeof *elf->version_files))
        return tn_no_memory(err);
    elf->version_files[elf->version_file_count++] =
        (struct tn_version_file){ .file = file, .first = c->facts->version_need_count };
    return true;
}

static bool add_need(void *arg, const struct tn_elf_version_row *row, tenon_error *err)
{
    struct collected *c = arg;
    struct tn_facts *f = c->facts;
    struct tn_elf_facts *elf = &f->elf;
    if ((!elf->version_file_count ||
         elf->version_files[elf->version_file_count - 1].file != row->file) &&
        !start_file(c, row->file, err))
        return false;
    if (!tn_arena_grow(c->arena, &f->version_needs, &c->needs_room, f->version_need_count,
                       sizeof *f->version_needs))
        return tn_no_memory(err);
    f->version_needs[f->version_need_count++] = (tenon_version){
        .library = row->file, .name = row->name, .weak = row->flags & VER_FLG_WEAK
    };
    elf->version_files[elf->version_file_count - 1].count++;
    return true;
}

static bool add_definition(void *arg, const struct tn_elf_version_row *row, tenon_error *err)
{
    struct collected *c = arg;
    struct tn_facts *f = c->facts;
    if (!tn_arena_grow(c->arena, &f->version_defs, &c->defs_room, f->version_def_count,
                       sizeof *f->version_defs))
        return tn_no_memory(err);
    f->version_defs[f->version_def_count++] = (tenon_version){ .name = row->name,
                                                               .weak = row->flags & VER_FLG_WEAK,
                                                               .base = row->flags & VER_FLG_BASE };
    return true;
}

/* A broken table keeps what came before; no memory is the one failure. */
static bool keep_going(struct tn_elf *elf, const char *what, bool ok, const tenon_error *local,
                       tenon_error *err)
{
    return ok || tn_image_warn_of(elf->image, what, local, err);
}

bool tn_elf_read_versions(struct tn_elf *elf, struct tn_facts *facts, tenon_error *err)
{
    struct collected c = { .arena = elf->file->arena, .facts = facts };
    tenon_error local;
    if (!tn_elf_has(&elf->dynamic, TN_TAG_VERDEF) && !tn_elf_has(&elf->dynamic, TN_TAG_VERNEED))
        return true;
    local.code = TENON_OK;
    bool ok = tn_elf_walk_verdef(elf, add_definition, &c, &local);
    if (!keep_going(elf, "version definitions", ok, &local, err))
        return false;
    ok = tn_elf_walk_verneed(elf, add_need, &c, &local);
    return keep_going(elf, "version requirements", ok, &local, err);
}
