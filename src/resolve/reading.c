/* src/resolve/reading.c - what reading one file gave, before it becomes a node */
#include "reading.h"

#include <errno.h>
#include <string.h>

#include "fail.h"

static void read_head(struct tn_file *file, struct tn_reading *out, tenon_error *err)
{
    struct tn_view head;
    out->head_size = 0;
    memset(out->head, 0, sizeof out->head);
    if (!tn_file_upto(file, 0, sizeof out->head, "first bytes", &head, err))
        return;
    out->head_size = (uint8_t)head.size;
    if (head.size)
        memcpy(out->head, head.at, head.size);
}

void tn_reading_make(struct tn_file *file, struct tn_reading *out, tenon_error *err)
{
    out->good = false;
    out->err = err;
    err->code = TENON_OK;
    err->system_errno = 0;
    err->text[0] = '\0';
    if (file->info.type == TENON_FILE_DIRECTORY) {
        out->head_size = 0;
        tn_fail(err, TENON_E_SYSTEM, "%s", tn_errno_text(EISDIR));
        err->system_errno = EISDIR;
        return;
    }
    const struct tn_format *format = tn_format_of(file, err);
    read_head(file, out, format ? err : NULL); /* what was said already is why */
    out->good = format && format->read_facts(file, &out->facts, err);
    out->loader = out->good ? tn_loader_by_facts(&out->facts) : NULL;
}

static void move_string(const char **text, struct tn_arena *arena, bool *good)
{
    if (!*text)
        return;
    *text = tn_arena_string(arena, *text);
    *good &= *text != NULL;
}

/* Moves `count` rows at *rows_pointer; false: no memory. */
static bool move_rows(void *rows_pointer, size_t count, size_t size, struct tn_arena *arena)
{
    void *rows, *moved;
    memcpy(&rows, rows_pointer, sizeof rows); /* a pointer of whatever type the caller has */
    if (!count)
        return true;
    moved = tn_arena_room(arena, count, size);
    if (moved)
        memcpy(moved, rows, count * size);
    memcpy(rows_pointer, &moved, sizeof moved);
    return moved != NULL;
}

static bool move_needs(struct tn_facts *facts, struct tn_arena *arena)
{
    bool good = move_rows(&facts->needs, facts->need_count, sizeof *facts->needs, arena);
    for (size_t i = 0; good && i < facts->need_count; i++) {
        move_string(&facts->needs[i].name, arena, &good);
        move_string(&facts->needs[i].path, arena, &good);
        move_string(&facts->needs[i].base, arena, &good);
        move_string(&facts->needs[i].member, arena, &good);
        facts->needs[i].priority = facts->needs[i].feature = NULL;
        facts->needs[i].description = NULL;
    }
    return good;
}

/* Rows of one file share its name, and do so afterwards. */
static bool move_versions(tenon_version **versions, size_t count, struct tn_arena *arena)
{
    bool good = move_rows(versions, count, sizeof **versions, arena);
    const char *from = NULL, *to = NULL;
    for (size_t i = 0; good && i < count; i++) {
        tenon_version *version = &(*versions)[i];
        if (version->library != from) {
            from = to = version->library;
            move_string(&to, arena, &good);
        }
        version->library = to;
        move_string(&version->name, arena, &good);
    }
    return good;
}

static bool move_slices(struct tn_facts *facts, struct tn_arena *arena)
{
    size_t count = 0;
    bool good = true;
    if (!facts->slices)
        return true;
    while (facts->slices[count])
        count++;
    const char **slices = tn_arena_rows(arena, count + 1, sizeof *slices);
    for (size_t i = 0; slices && i < count; i++) {
        slices[i] = facts->slices[i];
        move_string(&slices[i], arena, &good);
    }
    facts->slices = slices;
    return slices && good;
}

bool tn_facts_move_lists(struct tn_facts *facts, struct tn_arena *arena)
{
    bool good =
        move_rows(&facts->run_paths, facts->run_path_count, sizeof *facts->run_paths, arena);
    for (size_t i = 0; good && i < facts->run_path_count; i++) {
        move_string(&facts->run_paths[i].kind, arena, &good);
        move_string(&facts->run_paths[i].path, arena, &good);
    }
    return good && move_slices(facts, arena);
}

static bool move_facts(struct tn_facts *facts, struct tn_arena *arena)
{
    bool good = true;
    move_string(&facts->own_name, arena, &good);
    move_string(&facts->interpreter, arena, &good);
    move_string(&facts->rpath, arena, &good);
    move_string(&facts->runpath, arena, &good);
    move_string(&facts->build_id, arena, &good);
    move_string(&facts->elf.audit, arena, &good);
    move_string(&facts->elf.depaudit, arena, &good);
    facts->elf.version_files = NULL;
    facts->elf.version_file_count = 0;
    move_string(&facts->uuid, arena, &good);
    move_string(&facts->pdb, arena, &good);
    const struct tn_format *format = facts->more ? tn_format_with(facts->format) : NULL;
    if (format && format->move_more && !format->move_more(facts, arena))
        return false;
    return good && tn_facts_move_lists(facts, arena) && move_needs(facts, arena) &&
           move_versions(&facts->version_needs, facts->version_need_count, arena) &&
           move_versions(&facts->version_defs, facts->version_def_count, arena);
}

static const tenon_error no_memory = { TENON_E_MEMORY, 0, "out of memory" };

static const tenon_error *move_error(const tenon_error *err, struct tn_arena *arena)
{
    tenon_error *moved = err->code == TENON_E_MEMORY ? NULL : tn_arena_take(arena, sizeof *moved);
    if (!moved)
        return &no_memory;
    moved->code = err->code;
    moved->system_errno = err->system_errno;
    memcpy(moved->text, err->text, strlen(err->text) + 1);
    return moved;
}

void tn_reading_move(struct tn_reading *reading, struct tn_arena *arena)
{
    if (!reading->good) {
        reading->err = move_error(reading->err, arena);
    } else if (!move_facts(&reading->facts, arena)) {
        reading->good = false;
        reading->err = &no_memory;
    }
}
