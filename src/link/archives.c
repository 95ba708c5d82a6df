/* src/link/archives.c - archives by path, members by the names that linkers give them */
#include "archives.h"

#include <errno.h>
#include <stdlib.h>

#include "fail.h"
#include "native.h"
#include "text.h"
#include "words.h"

bool tn_archives_init(struct tn_archives *archives, tenon_world *world, struct tn_arena *arena,
                      const char *prefix)
{
    *archives = (struct tn_archives){ .world = world, .arena = arena, .prefix = prefix };
    return tn_names_init(&archives->paths);
}

static void close_archive(struct tn_archive *archive)
{
    tn_file_close(&archive->file);
    free(archive->members);
    free(archive->claimed);
    tn_chains_free(&archive->bases);
}

void tn_archives_free(struct tn_archives *archives)
{
    for (size_t i = 0; i < archives->paths.count; i++)
        if (i < archives->known_room && archives->known[i].archive)
            close_archive(archives->known[i].archive);
    tn_names_free(&archives->paths);
    free(archives->known);
    *archives = (struct tn_archives){ 0 };
}

void tn_archives_unclaim(struct tn_archives *archives)
{
    for (size_t i = 0; i < archives->paths.count && i < archives->known_room; i++) {
        struct tn_archive *archive = archives->known[i].archive;
        if (archive)
            memset(archive->claimed, 0, archive->count * sizeof *archive->claimed);
    }
}

/* The row of a path; *is_new: nothing is known of it yet. NULL: no memory. */
static struct tn_known_path *row_of(struct tn_archives *archives, const char *path, bool *is_new)
{
    size_t before = archives->paths.count;
    uint32_t number =
        archives->lost ? TN_NO_NAME : tn_names_add(&archives->paths, path, strlen(path));

    *is_new = number != TN_NO_NAME && number >= before;
    if (number == TN_NO_NAME || (*is_new && !tn_grow(&archives->known, &archives->known_room,
                                                     number, sizeof *archives->known))) {
        archives->lost = true;
        return NULL;
    }
    if (*is_new)
        archives->known[number] = (struct tn_known_path){ .kind = TN_PATH_NOTHING };
    return &archives->known[number];
}

static struct tn_known_path *known(struct tn_archives *archives, const char *path)
{
    tenon_file_info info;
    bool is_new;
    struct tn_known_path *row = row_of(archives, path, &is_new);

    if (!row || !is_new)
        return row;
    int failed = tenon_world_stat(archives->world, path, &info);
    archives->lost |= failed == ENOMEM;
    if (!failed && info.type == TENON_FILE_REGULAR)
        row->kind = TN_PATH_FILE;
    return row;
}

void tn_archives_met(struct tn_archives *archives, const char *path)
{
    bool is_new;
    struct tn_known_path *row = row_of(archives, path, &is_new);

    if (row && is_new)
        row->kind = TN_PATH_FILE;
}

static bool add_member(struct tn_archive *archive, const struct tn_ar_member *member)
{
    if (!tn_grow(&archive->members, &archive->room, archive->count, sizeof *archive->members))
        return false;
    archive->members[archive->count++] = *member;
    return true;
}

static bool list_members(struct tn_archive *archive, struct tn_ar *ar, tenon_error *err)
{
    struct tn_ar_member member;

    while (tn_ar_next_file(ar, &member, err))
        if (!add_member(archive, &member))
            return tn_no_memory(err);
    if (!ar->end)
        return false;
    archive->claimed = calloc(archive->count + 1, sizeof *archive->claimed);
    return archive->claimed || tn_no_memory(err);
}

/* Sets row->archive when the file is one. */
static bool look_inside(struct tn_archives *archives, const char *path, struct tn_known_path *row,
                        tenon_error *err)
{
    struct tn_archive *archive = tn_arena_take(archives->arena, sizeof *archive);
    struct tn_ar ar;
    struct tn_view head;
    bool good = false;

    row->looked = true;
    if (!archive || !(archive->path = tn_arena_string(archives->arena, path)))
        return tn_no_memory(err);
    int failed = tn_file_open(archives->world, archive->path, archives->arena, &archive->file);
    if (failed)
        return failed != ENOMEM || tn_no_memory(err);
    tenon_error local = TENON_ERROR_INIT;
    if (!tn_file_upto(&archive->file, 0, TN_AR_MAGIC_SIZE, "archive", &head, &local) ||
        !tn_ar_matches(head)) {
        tn_file_close(&archive->file);
        return local.code != TENON_E_MEMORY || tn_no_memory(err);
    }
    row->kind = TN_PATH_ARCHIVE;
    if (tn_ar_open(&archive->file, &ar, err)) {
        archive->thin = ar.thin;
        good = list_members(archive, &ar, err);
    }
    if (good)
        row->archive = archive;
    else
        close_archive(archive);
    return good;
}

static bool is_object_name(const char *path)
{
    size_t size = strlen(path);

    return size > 2 && strcmp(path + size - 2, ".o") == 0;
}

enum tn_path_kind tn_archives_kind(void *arg, const char *path)
{
    struct tn_archives *archives = arg;
    struct tn_known_path *row = known(archives, path);

    if (!row)
        return TN_PATH_NOTHING;
    /* thousands of objects are not opened only to see that they are no archives */
    tenon_error err = TENON_ERROR_INIT;
    if (row->kind == TN_PATH_FILE && !row->looked && !is_object_name(path) &&
        !look_inside(archives, path, row, &err))
        archives->lost |= err.code == TENON_E_MEMORY;
    return row->kind;
}

static struct tn_archive *get(struct tn_archives *archives, const char *path, tenon_error *err)
{
    char shown[TN_QUOTE_ROOM];
    struct tn_known_path *row = known(archives, path);

    if (!row) {
        tn_no_memory(err);
        return NULL;
    }
    if (row->kind == TN_PATH_NOTHING) {
        tn_fail(err, TENON_E_NOT_FOUND, "%s: no such archive", tn_quote(shown, path));
        return NULL;
    }
    if (!row->archive && !look_inside(archives, path, row, err))
        tn_context(err, "%s", tn_quote(shown, path));
    else if (!row->archive)
        tn_fail(err, TENON_E_FORMAT, "%s: not an archive", tn_quote(shown, path));
    return row->archive;
}

struct tn_archive *tn_archives_get(struct tn_archives *archives, const char *path, tenon_error *err)
{
    tenon_error local = TENON_ERROR_INIT;
    struct tn_archive *archive = get(archives, path, &local);

    archives->lost |= local.code == TENON_E_MEMORY;
    if (!archive && err)
        *err = local;
    return archive;
}

bool tn_archive_fits(struct tn_archives *archives, const struct tn_archive *archive, size_t i,
                     const char *name, enum tn_name_match how)
{
    const char *own = archive->members[i].name, *path;

    if (how == TN_MATCH_NAME)
        return strcmp(own, name) == 0;
    if (how == TN_MATCH_BASE)
        return strcmp(tn_base_name(own), tn_base_name(name)) == 0;
    if (how != TN_MATCH_PATH || !archive->members[i].external)
        return false;
    path = tn_ar_external_path(archives->arena, archive->path, own);
    archives->lost |= !path;
    return path && strcmp(path, name) == 0;
}

static const char *member_base(const void *members, size_t i)
{
    return tn_base_name(((const struct tn_ar_member *)members)[i].name);
}

/* Whichever way a name is meant, its base name is the member's. */
size_t tn_archive_find(struct tn_archives *archives, struct tn_archive *archive, const char *name,
                       enum tn_name_match *how, size_t *first)
{
    struct tn_chains *bases = &archive->bases;
    size_t found = 0;

    if (archive->count && !bases->count &&
        !tn_chains_make(bases, archive->count, member_base, archive->members)) {
        tn_chains_free(bases);
        archives->lost = true;
    }
    uint32_t same = bases->count ? tn_chains_first(bases, tn_base_name(name)) : TN_NO_NAME;
    for (*how = TN_MATCH_NAME; *how < TN_MATCH_NONE && found == 0;) {
        for (uint32_t i = same; i != TN_NO_NAME; i = tn_chains_next(bases, i))
            if (tn_archive_fits(archives, archive, i, name, *how) && found++ == 0)
                *first = i;
        if (found == 0)
            ++*how;
    }
    return found;
}

static bool name_units(struct tn_archives *archives, struct tn_archive *archive)
{
    struct tn_native_namer namer;
    const char *prefix;
    const char **names = tn_arena_rows(archives->arena, archive->count + 1, sizeof *names);
    bool good;

    if (!tn_native_owner(archives->world, archives->arena, archive->path, &prefix))
        return false;
    if (!prefix)
        prefix = archives->prefix;
    if (!names || !tn_native_namer_init(&namer, archives->arena, prefix, archive->path))
        return false;
    good = true;
    for (size_t i = 0; good && i < archive->count; i++) {
        names[i] = tn_native_namer_next(&namer, archive->members[i].name);
        good = names[i] != NULL;
    }
    tn_native_namer_free(&namer);
    if (good)
        archive->names = names;
    return good;
}

const char *tn_archive_unit_name(struct tn_archives *archives, struct tn_archive *archive, size_t i)
{
    if (!archive->names && !name_units(archives, archive))
        return NULL;
    return archive->names[i];
}

/* The header offset that an index gives for a symbol; 0: none. rule: formats of ar(5), "/" */
static uint64_t find_in_index(struct tn_view index, unsigned word, const char *symbol)
{
    struct tn_cursor c = tn_cursor(index, TN_BIG);
    uint64_t count = tn_word(&c, word, "count");
    struct tn_view offsets = tn_rows(&c, count, word, "offsets");
    size_t size = strlen(symbol) + 1;

    for (uint64_t i = 0; !c.lost && i < count; i++) {
        struct tn_view rest = { 0 };
        if (!tn_view_sub(index, c.pos, index.size - c.pos, &rest) || !tn_view_string(rest, 0))
            return 0;
        const uint8_t *name = tn_take(&c, strlen((const char *)rest.at) + 1, "name");
        if (name && rest.size >= size && memcmp(name, symbol, size) == 0) {
            struct tn_cursor at = tn_cursor(offsets, TN_BIG);
            tn_seek(&at, i * word, "offset");
            return tn_word(&at, word, "offset");
        }
    }
    return 0;
}

static size_t member_at(const struct tn_archive *archive, uint64_t header)
{
    size_t i = 0;

    while (i < archive->count && archive->members[i].header != header)
        i++;
    return i;
}

size_t tn_archive_definer(struct tn_archives *archives, struct tn_archive *archive,
                          const char *symbol)
{
    struct tn_ar_member member;
    struct tn_view index;
    tenon_error err = TENON_ERROR_INIT;
    size_t found = archive->count;
    struct tn_ar ar;

    if (!tn_ar_open(&archive->file, &ar, &err))
        return found;
    while (tn_ar_next(&ar, &member, &err) && member.role != TN_AR_FILE) {
        if (member.role != TN_AR_INDEX && member.role != TN_AR_INDEX_64)
            continue;
        if (tn_file_view(&archive->file, member.offset, member.size, "index", &index, &err))
            found = member_at(archive,
                              find_in_index(index, member.role == TN_AR_INDEX ? 4 : 8, symbol));
        break;
    }
    archives->lost |= err.code == TENON_E_MEMORY;
    return found;
}

/* A thin archive may name a member of another archive. */
static bool open_nested(struct tn_archives *archives, const char *path, uint64_t header,
                        struct tn_arena *arena, struct tn_file *file, tenon_error *err)
{
    char shown[TN_QUOTE_ROOM];
    struct tn_archive *inner = tn_archives_get(archives, path, err);

    for (size_t i = 0; inner && i < inner->count; i++)
        if (inner->members[i].header == header && !inner->members[i].external)
            return tn_archive_open(archives, inner, i, arena, file, err);
    if (inner)
        tn_fail(err, TENON_E_NOT_FOUND, "%s: no member at 0x%llx", tn_quote(shown, path),
                (unsigned long long)header);
    return false;
}

bool tn_archive_open(struct tn_archives *archives, struct tn_archive *archive, size_t i,
                     struct tn_arena *arena, struct tn_file *file, tenon_error *err)
{
    char shown[TN_QUOTE_ROOM];
    const struct tn_ar_member *member = &archive->members[i];
    struct tn_view bytes;

    if (!member->external) {
        if (!tn_file_view(&archive->file, member->offset, member->size, "member", &bytes, err))
            return tn_context(err, "%s", tn_quote(shown, archive->path));
        tn_file_from_bytes(file, member->name, bytes.at, bytes.size);
        file->arena = arena;
        return true;
    }
    const char *path = tn_ar_external_path(arena, archive->path, member->name);
    if (!path)
        return tn_no_memory(err);
    if (member->nested)
        return open_nested(archives, path, member->nested, arena, file, err);
    int failed = tn_file_open(archives->world, path, arena, file);
    return !failed || tn_fail_system(err, failed, "%s", tn_quote(shown, path));
}
