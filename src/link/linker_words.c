/*
 * src/link/linker_words.c - what ld is told
 *
 * rule: GNU ld manual, "Command-line Options": long options begin with one or two dashes and take
 * a value after "=" or as the next word. gold, lld and mold follow it.
 */
#include "linker_words.h"

#include <string.h>

#include "fail.h"
#include "view.h"

/* Options with a value that matters here; `name` without dashes. */
static const char *const valued[] = {
    "Map", "o", "output", "dependency-file", "just-symbols", "R"
};

/* Others whose value is the next word, so that it is not taken for a file. */
static const char *const skipped[] = {
    "z",
    "rpath",
    "rpath-link",
    "soname",
    "h",
    "T",
    "script",
    "e",
    "entry",
    "u",
    "L",
    "library-path",
    "y",
    "dynamic-linker",
    "I",
    "m",
    "plugin",
    "plugin-opt",
    "version-script",
    "dynamic-list",
    "defsym",
    "wrap",
    "F",
    "auxiliary",
    "f",
    "init",
    "fini",
    "exclude-libs",
    "undefined",
    "A",
    "b",
    "format",
    "sysroot",
    "Ttext",
    "Tdata",
    "Tbss",
    "G",
    "a",
    "c",
    "retain-symbols-file",
    "section-start",
    "hash-style",
    "build-id-value",
};

static bool is_name(const char *name, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(name, list[i]) == 0)
            return true;
    return false;
}

/* False: no memory. rule: GNU ld manual, -R: of a directory it is -rpath */
static bool take_value(struct tn_command *command, const char *name, const char *value)
{
    if (strcmp(name, "just-symbols") == 0 || strcmp(name, "R") == 0)
        return tn_words_add(&command->symbols_only, value);
    if (strcmp(name, "Map") == 0)
        command->map = value;
    else if (strcmp(name, "dependency-file") == 0)
        command->depends = value;
    else if (strcmp(name, "icf") == 0)
        command->folds = strcmp(value, "none") != 0;
    else if (strcmp(name, "o") == 0 || strcmp(name, "output") == 0)
        command->output = value;
    return true;
}

static void read_flag(struct tn_command *command, const char *name)
{
    static const char *const printing[] = {
        "t", "trace", "M",    "print-map",          "verbose",           "V",
        "v", "stats", "cref", "print-memory-usage", "print-gc-sections", "print-icf-sections"
    };
    static const char *const relocatable[] = { "r", "i", "relocatable", "Ur" };
    static const char *const shared[] = { "shared", "Bshareable", "G" };
    static const char *const fixed[] = { "static", "Bstatic", "dn", "non_shared" };

    if (is_name(name, printing, TN_COUNT(printing)))
        command->prints = true;
    else if (strcmp(name, "gc-sections") == 0 || strcmp(name, "no-gc-sections") == 0)
        command->collects = name[0] == 'g';
    else if (strcmp(name, "print-map-discarded") == 0 ||
             strcmp(name, "no-print-map-discarded") == 0)
        command->hides_discards = name[0] == 'n';
    else if (strcmp(name, "start-lib") == 0 || strcmp(name, "end-lib") == 0)
        command->in_lib = name[0] == 's';
    else if (strcmp(name, "icf") == 0) /* how, says the next word */
        command->folds = true;
    else if (is_name(name, relocatable, TN_COUNT(relocatable)))
        command->relocatable = true;
    else if (is_name(name, shared, TN_COUNT(shared)))
        command->shared = true;
    else if (command->is_linker && is_name(name, fixed, TN_COUNT(fixed)))
        command->is_static = true;
}

/* "--name=value", "--name" or a flag */
static bool read_option(struct tn_linker_reader *reader, struct tn_command *command,
                        struct tn_arena *arena, const char *word)
{
    const char *name = word + (word[1] == '-' ? 2 : 1);
    const char *equals = strchr(name, '=');

    if (!equals &&
        (is_name(name, valued, TN_COUNT(valued)) || is_name(name, skipped, TN_COUNT(skipped)))) {
        reader->waiting = name;
        return true;
    }
    if (!equals) {
        if (name[0] == 'o' && word[1] != '-' && command->is_linker && name[1])
            command->output = name + 1; /* -oFILE */
        read_flag(command, name);
        return true;
    }
    const char *key = tn_arena_copy(arena, name, (size_t)(equals - name));
    return key && take_value(command, key, equals + 1);
}

static bool read_word(struct tn_linker_reader *reader, struct tn_command *command,
                      struct tn_arena *arena, const char *word)
{
    if (reader->waiting) {
        const char *name = reader->waiting;
        reader->waiting = NULL;
        return take_value(command, name, word);
    }
    if (word[0] == '-' && word[1])
        return read_option(reader, command, arena, word);
    return !word[0] || tn_command_name(command, word);
}

bool tn_linker_read(struct tn_linker_reader *reader, struct tn_command *command, tenon_world *world,
                    struct tn_arena *arena, const char *word, tenon_error *err)
{
    struct tn_words words = { 0 };
    bool good = tn_words_expand(&words, world, arena, word, err);

    for (size_t i = 0; good && i < words.count; i++)
        if (!read_word(reader, command, arena, words.at[i]))
            good = tn_no_memory(err);
    tn_words_free(&words);
    return good;
}
