/* src/find/found.c - the account and the result of one search */
#include "found.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "fail.h"
#include "view.h"

tenon_found *tn_found_new(const char *name, tenon_error *err)
{
    tenon_found *found = calloc(1, sizeof *found);

    if (found)
        found->name = tn_arena_string(&found->arena, name);
    if (found && found->name)
        return found;
    tenon_found_free(found);
    tn_no_memory(err);
    return NULL;
}

void tenon_found_free(tenon_found *found)
{
    if (!found)
        return;
    free(found->places);
    tn_words_free(&found->remarks);
    tn_words_free(&found->compile);
    tn_words_free(&found->link);
    tn_words_free(&found->run_dirs);
    tn_words_free(&found->files);
    tn_words_free(&found->dirs);
    tn_arena_free(&found->arena);
    free(found);
}

const char *tenon_found_name(const tenon_found *found)
{
    return found->name;
}

enum tenon_find_verdict tenon_found_verdict(const tenon_found *found)
{
    return found->verdict;
}

const char *tenon_found_reason(const tenon_found *found)
{
    return found->reason;
}

const tenon_find_place *tenon_found_place(const tenon_found *found, size_t i)
{
    return i < found->place_count ? &found->places[i] : NULL;
}

const char *tenon_found_remark(const tenon_found *found, size_t i)
{
    return i < found->remarks.count ? found->remarks.at[i] : NULL;
}

const char *tenon_found_value(const tenon_found *found, size_t i, const char **name)
{
    if (i >= found->value_count)
        return NULL;
    if (name)
        *name = found->values[i].name;
    return found->values[i].value;
}

bool tn_found_set(tenon_found *found, const char *name, const char *value)
{
    const char *copy = value ? tn_arena_string(&found->arena, value) : NULL;

    if (!value)
        return true;
    if (!copy || found->value_count == TN_FOUND_VALUES)
        return false;
    found->values[found->value_count++] = (struct tn_value){ name, copy };
    return true;
}

const char *tn_found_get(const tenon_found *found, const char *name)
{
    for (size_t i = 0; i < found->value_count; i++)
        if (strcmp(found->values[i].name, name) == 0)
            return found->values[i].value;
    return NULL;
}

bool tn_found_remark(tenon_found *found, const char *format, ...)
{
    char text[TENON_ERROR_TEXT];
    va_list arguments;
    const char *copy;

    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    copy = tn_arena_string(&found->arena, text);
    return copy && (tn_is_among(copy, found->remarks.at, found->remarks.count) ||
                    tn_words_add(&found->remarks, copy));
}

const char *tn_variable_name(struct tn_arena *arena, const char *name)
{
    char *copy = tn_arena_string(arena, name);

    for (char *c = copy; c && *c; c++)
        if (!((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9')))
            *c = '_';
    return copy;
}

const char *tenon_find_verdict_name(enum tenon_find_verdict verdict)
{
    static const char *const names[] = { "not-found", "found", "not-startable" };

    return verdict < TN_COUNT(names) ? names[verdict] : names[0];
}

const char *tenon_step_outcome_name(enum tenon_step_outcome outcome)
{
    static const char *const names[] = { "skipped", "passed", "failed" };

    return outcome < TN_COUNT(names) ? names[outcome] : names[0];
}
