/* src/link/command.c - reads a compiler's command line, word by word */
#include "command.h"

#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "linker_words.h"
#include "options.h"
#include "program.h"
#include "view.h"

/* Programs that start the compiler named after them. */
static const char *const launchers[] = { "ccache", "sccache", "distcc", "icecc", "env", "nice" };

static bool add(struct tn_command *command, const char *text, enum tn_word_role role,
                const char *language)
{
    if (!tn_grow(&command->words, &command->room, command->count, sizeof *command->words))
        return false;
    command->words[command->count++] =
        (struct tn_word){ .text = text, .role = role, .language = language };
    return true;
}

/* What the driver itself understands of its words for linking. */
static void read_driver_word(struct tn_command *command, const char *word)
{
    if (tn_begins(word, "-fuse-ld=") || tn_begins(word, "--ld-path="))
        command->linker = strchr(word, '=') + 1;
    else if (strcmp(word, "-shared") == 0)
        command->shared = true;
    else if (strcmp(word, "-static") == 0 || strcmp(word, "-static-pie") == 0)
        command->is_static = true;
}

/* "-Wl,a,b" and the word after -Xlinker */
static bool read_linker_words(struct tn_command *command, tenon_world *world,
                              struct tn_arena *arena, struct tn_linker_reader *reader,
                              const char *words, bool commas, tenon_error *err)
{
    char *copy = tn_arena_string(arena, words);

    while (copy) {
        char *comma = commas ? strchr(copy, ',') : NULL;
        if (comma)
            *comma = '\0';
        if (!tn_linker_read(reader, command, world, arena, copy, err))
            return false;
        if (!comma)
            return true;
        copy = comma + 1;
    }
    return tn_no_memory(err);
}

static const char *joined_value(const char *word)
{
    const char *equals = tn_begins(word, "--") ? strchr(word, '=') : NULL;

    return equals ? equals + 1 : word + 2;
}

/* State of one walk over the words. */
struct walk {
    tenon_world *world;
    struct tn_arena *arena;
    struct tn_linker_reader linker;
    const char *language;
    bool compiles, other, has_input;
    bool headers; /* what -fmodule-header says of all sources */
};

bool tn_command_name(struct tn_command *command, const char *path)
{
    return tn_words_add(&command->named, path) &&
           (!command->in_lib || tn_words_add(&command->lazy, path));
}

static bool read_option(struct tn_command *command, struct walk *walk, const char *word,
                        const char *value, enum tn_word_role role, tenon_error *err)
{
    if (role == TN_WORD_MODE && (strcmp(word, "-c") == 0 || strcmp(word, "--compile") == 0))
        walk->compiles = true;
    else if (!value && tn_option_is_other(word))
        walk->other = true;
    else if (role == TN_WORD_OUTPUT)
        command->output = value ? value : joined_value(word);
    else if (role == TN_WORD_LANGUAGE)
        walk->language = value ? value : joined_value(word);
    else if (role == TN_WORD_LTO && tn_begins(word, "-flto"))
        command->lto = strcmp(word, "-flto=none") != 0;
    else if (role == TN_WORD_LTO && strcmp(word, "-fno-lto") == 0)
        command->lto = false;
    else if (tn_begins(word, "-Wl,"))
        return read_linker_words(command, walk->world, walk->arena, &walk->linker, word + 4, true,
                                 err);
    else if (value && strcmp(word, "-Xlinker") == 0)
        return read_linker_words(command, walk->world, walk->arena, &walk->linker, value, false,
                                 err);
    else if (role == TN_WORD_LINKER)
        read_driver_word(command, word);
    if (tn_begins(word, "-l") && role == TN_WORD_LINKER)
        walk->has_input = true;
    walk->headers |= tn_begins(word, "-fmodule-header");
    if (walk->language && strcmp(walk->language, "none") == 0)
        walk->language = NULL;
    return true;
}

static bool read_input(struct tn_command *command, struct walk *walk, const char *word)
{
    bool source = walk->language || strcmp(word, "-") == 0 || tn_option_is_source(word);

    walk->has_input = true;
    if (!source && !tn_command_name(command, word))
        return false;
    return add(command, word, source ? TN_WORD_SOURCE : TN_WORD_OBJECT, walk->language);
}

static bool read_words(struct tn_command *command, struct walk *walk, const struct tn_words *words,
                       size_t i, tenon_error *err)
{
    for (; i < words->count; i++) {
        const char *word = words->at[i], *value = NULL;
        if (word[0] != '-' || !word[1]) {
            if (!read_input(command, walk, word))
                return tn_no_memory(err);
            continue;
        }
        enum tn_word_role role = TN_WORD_OPTION;
        if (!tn_option_takes_next(word, &role))
            role = tn_option_role(word);
        else if (i + 1 < words->count)
            value = words->at[++i];
        if (!add(command, word, role, NULL) || (value && !add(command, value, role, NULL)))
            return tn_no_memory(err);
        if (!read_option(command, walk, word, value, role, err))
            return false;
    }
    return true;
}

static bool read_direct(struct tn_command *command, struct walk *walk, const struct tn_words *words,
                        size_t i, tenon_error *err)
{
    for (; i < words->count; i++) {
        if (!add(command, words->at[i], TN_WORD_LINKER, NULL))
            return tn_no_memory(err);
        if (!tn_linker_read(&walk->linker, command, walk->world, walk->arena, words->at[i], err))
            return false;
    }
    walk->has_input = command->named.count > 0;
    return true;
}

/* "tenon link --" before the compiler: the index behind it, else `i`. */
static size_t behind_tenon(const struct tn_words *words, size_t i)
{
    size_t end = i + 1;

    if (strcmp(tn_base_name(words->at[i]), "tenon") != 0)
        return i;
    while (end < words->count && strcmp(words->at[end], "--") != 0)
        end++;
    return end + 1 < words->count ? end + 1 : i;
}

/* The index of the compiler behind launchers; "env" takes NAME=VALUE words too. */
static size_t find_program(const struct tn_words *words)
{
    size_t i = behind_tenon(words, 0);

    while (i + 1 < words->count &&
           (tn_is_among(tn_base_name(words->at[i]), launchers, TN_COUNT(launchers)) ||
            (i > 0 && strchr(words->at[i], '='))))
        i = behind_tenon(words, i + 1);
    return i;
}

/* Words that the driver hands to a linker, and runs one for. */
static bool is_for_linker(const struct tn_word *word)
{
    return word->role == TN_WORD_OBJECT ||
           (word->role == TN_WORD_LINKER &&
            (tn_begins(word->text, "-l") || tn_begins(word->text, "-Wl,") ||
             strcmp(word->text, "-Xlinker") == 0));
}

/* rule: GCC manual, "Using Precompiled Headers": -c is not needed for headers alone */
static bool is_precompile(const struct tn_command *command, const struct walk *walk)
{
    size_t headers = 0;

    for (size_t i = 0; i < command->count; i++) {
        const struct tn_word *word = &command->words[i];
        if (is_for_linker(word) ||
            (word->role == TN_WORD_SOURCE && !walk->headers && !tn_command_is_header(word)))
            return false;
        headers += word->role == TN_WORD_SOURCE;
    }
    return headers > 0;
}

static enum tn_command_kind kind_of(const struct tn_command *command, const struct walk *walk)
{
    if (walk->other || command->relocatable || !walk->has_input)
        return TN_COMMAND_OTHER;
    if (walk->compiles)
        return TN_COMMAND_COMPILE;
    return is_precompile(command, walk) ? TN_COMMAND_OTHER : TN_COMMAND_LINK;
}

static bool read_all(struct tn_command *command, struct walk *walk, const struct tn_words *words,
                     tenon_error *err)
{
    if (words->count == 0 || !words->at[0][0])
        return tn_fail(err, TENON_E_ARGUMENT, "no compiler given");
    command->program = find_program(words);
    command->is_linker = tn_program_is_linker(words->at[command->program]);
    walk->other = tn_program_is_tool(words->at[command->program]);
    if (command->is_linker)
        command->linker = tn_base_name(words->at[command->program]);
    for (size_t i = 0; i <= command->program; i++)
        if (!add(command, words->at[i], TN_WORD_PROGRAM, NULL))
            return tn_no_memory(err);
    if (!(command->is_linker ? read_direct : read_words)(command, walk, words, command->program + 1,
                                                         err))
        return false;
    command->kind = kind_of(command, walk);
    return true;
}

bool tn_command_read(tenon_world *world, struct tn_arena *arena, const char *const *argv,
                     size_t argc, struct tn_command *out, tenon_error *err)
{
    struct tn_command command = { 0 };
    struct walk walk = { .world = world, .arena = arena };
    struct tn_words words = { 0 };
    bool good = true;

    for (size_t i = 0; good && i < argc; i++)
        good = tn_words_expand(&words, world, arena, argv[i], err);
    good = good && read_all(&command, &walk, &words, err);
    tn_words_free(&words);
    if (!good) {
        tn_command_free(&command);
        return false;
    }
    *out = command;
    return true;
}

static bool stays(const struct tn_word *word, const struct tn_word *source, unsigned dropped)
{
    if (word->role == TN_WORD_SOURCE)
        return word == source;
    return !(dropped & 1u << word->role);
}

bool tn_command_derive(const struct tn_command *command, const struct tn_word *source,
                       unsigned dropped, const char *const *last, struct tn_words *out)
{
    for (size_t i = 0; i < command->count; i++) {
        const struct tn_word *word = &command->words[i];
        if (!stays(word, source, dropped))
            continue;
        for (; word == source && *last; last++)
            if (!tn_words_add(out, *last))
                return false;
        if (!tn_words_add(out, word->text))
            return false;
    }
    return tn_words_end(out);
}

void tn_command_free(struct tn_command *command)
{
    free(command->words);
    tn_words_free(&command->named);
    tn_words_free(&command->lazy);
    tn_words_free(&command->symbols_only);
    *command = (struct tn_command){ 0 };
}
