/* src/unit/claims.c - whether an object is what its own record says */
#include "claims.h"

#include <string.h>

#include "fail.h"
#include "table.h"

bool tn_claims_are_whole(const struct tn_record *record)
{
    for (size_t i = 0; i < record->count; i++)
        if (record->units[i].implementation.kind == TENON_DIGEST_UNKNOWN)
            return false;
    return record->count > 0;
}

/*
 * Source files that compilers named; assembly has none. It shows what defines nothing: code that
 * runs at the start.
 *
 * rule  gABI chapter 4, STT_FILE
 */
static size_t count_sources(const struct tn_elf_object *object)
{
    size_t count = 0;

    for (size_t i = 1; i < object->symbol_count; i++)
        count += object->symbols[i].type == TN_STT_FILE && object->symbols[i].name[0];
    return count;
}

static bool add_definitions(struct tn_names *names, const tenon_unit *unit)
{
    for (size_t i = 0; i < unit->definition_count; i++) {
        const char *name = unit->definitions[i].name;
        if (tn_names_add(names, name, strlen(name)) == TN_NO_NAME)
            return false;
    }
    return true;
}

static bool has_definitions(const struct tn_names *names, const tenon_unit *unit)
{
    for (size_t i = 0; i < unit->definition_count; i++) {
        const char *name = unit->definitions[i].name;
        if (tn_names_find(names, name, strlen(name)) == TN_NO_NAME)
            return false;
    }
    return true;
}

/* By names alone: what a definition is, a strong one beside it may change. */
static bool cover_definitions(const struct tn_record *record, const tenon_unit *native,
                              bool *covered, tenon_error *err)
{
    struct tn_names names;
    bool good = tn_names_init(&names);

    for (size_t i = 0; good && i < record->count; i++)
        good = add_definitions(&names, &record->units[i]);
    *covered = good && has_definitions(&names, native);
    tn_names_free(&names);
    return good || tn_no_memory(err);
}

/* The linker's own compile of intermediate code names files of its own. */
static bool is_of_sources(const struct tn_record *record)
{
    for (size_t i = 0; i < record->count; i++)
        if (record->units[i].implementation.kind == TENON_DIGEST_SOURCE)
            return true;
    return false;
}

bool tn_claims_hold(const struct tn_record *record, const struct tn_elf_object *object,
                    const tenon_unit *native, bool *holds, tenon_error *err)
{
    if (record->count == 1) {
        enum tenon_answer same =
            tenon_digest_equal(&record->units[0].implementation, &native->implementation);
        if (same != TENON_UNKNOWN) {
            *holds = same == TENON_YES;
            return true;
        }
    }
    if (!is_of_sources(record) && count_sources(object) > record->count) {
        *holds = false;
        return true;
    }
    return cover_definitions(record, native, holds, err);
}
