/*
 * src/unit/library.c - the unit that a shared library is as a whole
 */
#include <string.h>

#include "digest.h"
#include "fail.h"
#include "units.h"

static const char *base_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash && slash[1] ? slash + 1 : path;
}

static bool digest_library(struct tn_arena *arena, const struct tn_elf_symbols *dynamic,
                           tenon_digest *out, tenon_error *err)
{
    struct tn_export *rows = tn_arena_rows(arena, dynamic->count, sizeof *rows);
    size_t count = 0;
    if (!rows)
        return tn_no_memory(err);
    for (size_t i = 1; i < dynamic->count; i++) {
        const struct tn_elf_symbol *s = &dynamic->symbols[i];
        if (!tn_visible_is_offered(s))
            continue;
        rows[count] = (struct tn_export){ .name = s->name,
                                          .length = strlen(s->name),
                                          .kind = tn_visible_kind(s->type, 0),
                                          .size = s->size };
        if (s->version > 1 && s->version < dynamic->version_count) {
            rows[count].version = dynamic->versions[s->version].name;
            rows[count].is_default = !s->hidden;
        }
        count++;
    }
    tn_digest_exports(rows, count, out);
    return true;
}

/* A build id may be longer than a digest has room; then its beginning stands for it. */
static void take_build_id(const char *text, tenon_digest *out)
{
    char cut[2 * TENON_DIGEST_ROOM + 1];
    size_t length = strlen(text);
    length = length < sizeof cut - 1 ? length : sizeof cut - 1;
    memcpy(cut, text, length);
    cut[length] = 0;
    if (!tenon_digest_read(cut, TENON_DIGEST_BUILD_ID, out, NULL))
        *out = (tenon_digest){ .kind = TENON_DIGEST_UNKNOWN };
}

static bool list_exported(tenon_units *units, tenon_unit *unit, tenon_error *err)
{
    size_t count = 0;
    tenon_definition *rows = tn_arena_rows(&units->arena, units->visible_count, sizeof *rows);
    if (!rows)
        return tn_no_memory(err);
    for (size_t i = 0; i < units->visible_count; i++) {
        const tenon_visible *v = &units->visible[i];
        if (v->exported && v->strong)
            rows[count++] = (tenon_definition){ v->name, v->kind };
    }
    unit->definitions = rows;
    unit->definition_count = count;
    return true;
}

bool tn_library_unit(struct tn_arena *scratch, const struct tn_facts *facts,
                     const struct tn_elf_symbols *dynamic, tenon_units *units, tenon_error *err)
{
    tenon_unit unit = { .kind = TENON_UNIT_LIBRARY, .stateful = TENON_UNKNOWN };
    unit.name =
        tn_arena_string(&units->arena, facts->own_name ? facts->own_name : base_of(units->name));
    unit.origin = tn_arena_string(&units->arena, units->name);
    if (!unit.name || !unit.origin)
        return tn_no_memory(err);
    if (facts->build_id)
        take_build_id(facts->build_id, &unit.implementation);
    return (!dynamic || digest_library(scratch, dynamic, &unit.interface, err)) &&
           list_exported(units, &unit, err) && tn_units_add(units, &unit, err);
}
