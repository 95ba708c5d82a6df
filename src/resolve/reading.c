/* src/resolve/reading.c - what reading one file gave, before it becomes a node */
#include "reading.h"

#include <errno.h>
#include <string.h>

#include "fail.h"

static bool is_elf(const struct tn_elf_header *header)
{
    return memcmp(header->e_ident, "\177ELF", 4) == 0;
}

void tn_reading_make(struct tn_file *file, struct tn_reading *out)
{
    memset(&out->header, 0, sizeof out->header);
    out->header_read = out->good = false;
    out->err.code = TENON_OK;
    out->err.system_errno = 0;
    out->err.text[0] = '\0';
    if (file->info.type == TENON_FILE_DIRECTORY) {
        tn_fail(&out->err, TENON_E_SYSTEM, "%s", tn_errno_text(EISDIR));
        out->err.system_errno = EISDIR;
        return;
    }
    out->header_read = tn_elf_read_header(file, NULL, &out->header, &out->err);
    if (out->err.code == TENON_E_MEMORY)
        return;
    if (!is_elf(&out->header)) {
        out->err.code = TENON_OK;
        (void)tn_format_of(file, &out->err);
    } else if (out->header_read) {
        out->good = tn_elf_read_facts(file, NULL, &out->facts, &out->err);
    }
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
        facts->needs[i].path = facts->needs[i].base = facts->needs[i].member = NULL;
        facts->needs[i].priority = facts->needs[i].feature = NULL;
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
    return good && move_needs(facts, arena) &&
           move_versions(&facts->version_needs, facts->version_need_count, arena) &&
           move_versions(&facts->version_defs, facts->version_def_count, arena);
}

void tn_reading_move(struct tn_reading *reading, struct tn_arena *arena)
{
    if (reading->good && !move_facts(&reading->facts, arena))
        reading->good = tn_no_memory(&reading->err);
}
