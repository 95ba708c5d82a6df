/*
 * src/link/saved.c - objects that -save-temps leaves behind
 *
 * rule: GCC manual, -save-temps, -dumpdir, -dumpbase: of "x.c" linked as "-o d/p" it is "p-x.o", or
 * "d/p-x.o" with =obj, and begins with what -dumpdir says; clang's Driver::GetNamedOutputPath():
 * "x.o", or "d/x.o" with =obj. GCC's lto-wrapper.c: machine code of intermediate code is
 * "p.ltrans0.ltrans.o".
 */
#include "saved.h"

#include "view.h"

static bool saves(const struct tn_command *command)
{
    for (size_t i = 0; i < command->count; i++)
        if (command->words[i].role == TN_WORD_REPORT &&
            (tn_begins(command->words[i].text, "-save-temps") ||
             tn_begins(command->words[i].text, "--save-temps")))
            return true;
    return false;
}

static const char *dump_directory(const struct tn_command *command)
{
    for (size_t i = 0; i + 1 < command->count; i++)
        if (command->words[i].role == TN_WORD_REPORT &&
            strcmp(command->words[i].text, "-dumpdir") == 0)
            return command->words[i + 1].text;
    return NULL;
}

/* What stands before a source's own name in its object's: path[0 .. size). */
static bool is_prefix(const struct tn_command *command, const char *path, size_t size)
{
    const char *dumped = dump_directory(command), *output = command->output;
    size_t base = size, out = output ? (size_t)(tn_base_name(output) - output) : 0;

    if (dumped && tn_begins(path, dumped))
        return true;
    while (base > 0 && path[base - 1] != '/')
        base--;
    if (base > 0 && (base != out || memcmp(path, output, out) != 0))
        return false;
    return base == size || path[size - 1] == '-';
}

static bool ends_with(const char *path, const char *end, size_t *before)
{
    size_t size = strlen(path), end_size = strlen(end);

    *before = size - end_size;
    return size >= end_size && strcmp(path + *before, end) == 0;
}

static bool is_saved(const struct tn_command *command, struct tn_arena *arena, const char *path,
                     bool *lost)
{
    size_t before;

    if (tn_is_among(path, command->named.at, command->named.count))
        return false;
    if (ends_with(path, ".ltrans.o", &before))
        return true;
    for (size_t i = 0; i < command->count; i++) {
        if (command->words[i].role != TN_WORD_SOURCE)
            continue;
        const char *object = tn_command_object(arena, command->words[i].text);
        *lost |= !object;
        if (object && ends_with(path, object, &before) && is_prefix(command, path, before))
            return true;
    }
    return false;
}

bool tn_saved_set_gone(const struct tn_command *command, struct tn_arena *arena,
                       struct tn_report *report)
{
    bool lost = false;

    if (!saves(command))
        return true;
    for (size_t i = 0; i < report->count; i++)
        if (report->rows[i].kind == TN_REPORT_FILE &&
            is_saved(command, arena, report->rows[i].file, &lost))
            report->rows[i].kind = TN_REPORT_GONE;
    return !lost;
}
