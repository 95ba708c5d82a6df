/*
 * src/link/command.c - what each word of a compiler's command line is
 *
 * rule: GCC manual, "Overall Options" to "Link Options"; clang's Driver/Options.td. An option that
 * neither table names stands alone, as nearly all do.
 */
#include "command.h"

#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "linker_words.h"
#include "view.h"

/* Options whose value is the next word when nothing is joined to them. */
static const struct {
    const char *name;
    enum tn_word_role role;
} separate[] = {
    { "-o", TN_WORD_OUTPUT },
    { "--output", TN_WORD_OUTPUT },
    { "-x", TN_WORD_LANGUAGE },
    { "--language", TN_WORD_LANGUAGE },
    { "-I", TN_WORD_PREPROCESS },
    { "-D", TN_WORD_PREPROCESS },
    { "-U", TN_WORD_PREPROCESS },
    { "-A", TN_WORD_PREPROCESS },
    { "-F", TN_WORD_PREPROCESS },
    { "-include", TN_WORD_PREPROCESS },
    { "--include", TN_WORD_PREPROCESS },
    { "-imacros", TN_WORD_PREPROCESS },
    { "-isystem", TN_WORD_PREPROCESS },
    { "-iquote", TN_WORD_PREPROCESS },
    { "-idirafter", TN_WORD_PREPROCESS },
    { "-iprefix", TN_WORD_PREPROCESS },
    { "-iwithprefix", TN_WORD_PREPROCESS },
    { "-iwithprefixbefore", TN_WORD_PREPROCESS },
    { "-isysroot", TN_WORD_PREPROCESS },
    { "-imultilib", TN_WORD_PREPROCESS },
    { "-iframework", TN_WORD_PREPROCESS },
    { "-cxx-isystem", TN_WORD_PREPROCESS },
    { "-c-isystem", TN_WORD_PREPROCESS },
    { "-include-pch", TN_WORD_PREPROCESS },
    { "-ivfsoverlay", TN_WORD_PREPROCESS },
    { "--sysroot", TN_WORD_PREPROCESS },
    { "-Xpreprocessor", TN_WORD_PREPROCESS },
    { "-MF", TN_WORD_DEPENDENCY },
    { "-MT", TN_WORD_DEPENDENCY },
    { "-MQ", TN_WORD_DEPENDENCY },
    { "-MJ", TN_WORD_DEPENDENCY },
    { "-dumpbase", TN_WORD_REPORT },
    { "-dumpbase-ext", TN_WORD_REPORT },
    { "-dumpdir", TN_WORD_REPORT },
    { "-aux-info", TN_WORD_REPORT },
    { "-serialize-diagnostics", TN_WORD_REPORT },
    { "--serialize-diagnostics", TN_WORD_REPORT },
    { "-working-directory", TN_WORD_OPTION },
    { "-l", TN_WORD_LINKER },
    { "-L", TN_WORD_LINKER },
    { "-T", TN_WORD_LINKER },
    { "-u", TN_WORD_LINKER },
    { "-z", TN_WORD_LINKER },
    { "-e", TN_WORD_LINKER },
    { "-R", TN_WORD_LINKER },
    { "-h", TN_WORD_LINKER },
    { "-rpath", TN_WORD_LINKER },
    { "-soname", TN_WORD_LINKER },
    { "-framework", TN_WORD_LINKER },
    { "-Xlinker", TN_WORD_LINKER },
    { "-B", TN_WORD_OPTION },
    { "-G", TN_WORD_OPTION },
    { "-wrapper", TN_WORD_OPTION },
    { "-specs", TN_WORD_OPTION },
    { "--param", TN_WORD_OPTION },
    { "-Xassembler", TN_WORD_OPTION },
    { "-Xclang", TN_WORD_OPTION },
    { "-Xanalyzer", TN_WORD_OPTION },
    { "-mllvm", TN_WORD_OPTION },
    { "-target", TN_WORD_OPTION },
    { "--target", TN_WORD_OPTION },
    { "-arch", TN_WORD_OPTION },
    { "-gcc-toolchain", TN_WORD_OPTION },
    { "-resource-dir", TN_WORD_OPTION },
    { "-mthread-model", TN_WORD_OPTION },
    { "-ccc-gcc-name", TN_WORD_OPTION },
};

/* Roles of words that stand alone, by how they begin; the first that fits counts. */
static const struct {
    const char *prefix;
    enum tn_word_role role;
} joined[] = {
    { "-o", TN_WORD_OUTPUT },
    { "--output=", TN_WORD_OUTPUT },
    { "-x", TN_WORD_LANGUAGE },
    { "--language=", TN_WORD_LANGUAGE },
    { "-flto", TN_WORD_LTO },
    { "-fno-lto", TN_WORD_LTO },
    { "-ffat-lto-objects", TN_WORD_LTO },
    { "-fno-fat-lto-objects", TN_WORD_LTO },
    { "-fthinlto", TN_WORD_LTO },
    { "-fsplit-lto-unit", TN_WORD_LTO },
    { "-fwhole-program-vtables", TN_WORD_LTO },
    { "-fuse-linker-plugin", TN_WORD_LTO },
    { "-fuse-ld=", TN_WORD_LINKER },
    { "--ld-path=", TN_WORD_LINKER },
    { "-fdiagnostics", TN_WORD_REPORT },
    { "-fmessage-length", TN_WORD_REPORT },
    { "-fcolor-diagnostics", TN_WORD_REPORT },
    { "-fno-color-diagnostics", TN_WORD_REPORT },
    { "-fansi-escape-codes", TN_WORD_REPORT },
    { "-fdebug-prefix-map=", TN_WORD_REPORT },
    { "-ffile-prefix-map=", TN_WORD_REPORT },
    { "-fmacro-prefix-map=", TN_WORD_PREPROCESS },
    { "-fdebug-compilation-dir", TN_WORD_REPORT },
    { "-grecord-gcc-switches", TN_WORD_REPORT },
    { "-gno", TN_WORD_REPORT },
    { "-g", TN_WORD_REPORT },
    { "-Wl,", TN_WORD_LINKER },
    { "-Wa,", TN_WORD_OPTION },
    { "-Wp,", TN_WORD_PREPROCESS },
    { "-W", TN_WORD_REPORT },
    { "-w", TN_WORD_REPORT },
    { "-pedantic", TN_WORD_REPORT },
    { "-pipe", TN_WORD_REPORT },
    { "-save-temps", TN_WORD_REPORT },
    { "--save-temps", TN_WORD_REPORT },
    { "-time", TN_WORD_REPORT },
    { "-v", TN_WORD_REPORT },
    { "-Q", TN_WORD_REPORT },
    { "-MD", TN_WORD_DEPENDENCY },
    { "-MMD", TN_WORD_DEPENDENCY },
    { "-MP", TN_WORD_DEPENDENCY },
    { "-MG", TN_WORD_DEPENDENCY },
    { "-MV", TN_WORD_DEPENDENCY },
    { "-MF", TN_WORD_DEPENDENCY },
    { "-MT", TN_WORD_DEPENDENCY },
    { "-MQ", TN_WORD_DEPENDENCY },
    { "-I", TN_WORD_PREPROCESS },
    { "-D", TN_WORD_PREPROCESS },
    { "-U", TN_WORD_PREPROCESS },
    { "-i", TN_WORD_PREPROCESS },
    { "--sysroot=", TN_WORD_PREPROCESS },
    { "-static", TN_WORD_LINKER },
    { "-shared", TN_WORD_LINKER },
    { "-rdynamic", TN_WORD_LINKER },
    { "-nostdlib", TN_WORD_LINKER },
    { "-nodefaultlibs", TN_WORD_LINKER },
    { "-nostartfiles", TN_WORD_LINKER },
    { "-nolibc", TN_WORD_LINKER },
    { "-no-pie", TN_WORD_LINKER },
    { "-pie", TN_WORD_LINKER },
    { "-l", TN_WORD_LINKER },
    { "-L", TN_WORD_LINKER },
};

/* A word that makes the whole command something else than a compile or a link. */
static const char *const others[] = {
    "-S",           "-E",        "-M",    "-MM",          "-fsyntax-only",    "-###",
    "--version",    "--help",    "-help", "-dumpversion", "-dumpfullversion", "-dumpmachine",
    "-dumpspecs",   "--analyze", "-cc1",  "-cc1as",       "--target-help",    "-r",
    "--precompile", "-emit-ast",
};
static const char *const other_prefixes[] = { "-print-", "--print-", "--help=" };

/* Programs that start the compiler named after them. */
static const char *const launchers[] = { "ccache", "sccache", "distcc", "icecc", "env", "nice" };

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

static bool begins(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

static bool is_among(const char *word, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(word, list[i]) == 0)
            return true;
    return false;
}

static bool is_other(const char *word)
{
    for (size_t i = 0; i < TN_COUNT(other_prefixes); i++)
        if (begins(word, other_prefixes[i]))
            return true;
    return is_among(word, others, TN_COUNT(others));
}

/* rule: GCC manual, "Options Controlling the Kind of Output", file name suffixes */
static bool is_source_suffix(const char *path)
{
    static const char *const suffixes[] = {
        ".c",   ".i",   ".ii",  ".m",   ".mi",  ".mm",  ".M",   ".mii",  ".cc",  ".cp",  ".cxx",
        ".cpp", ".CPP", ".c++", ".C",   ".s",   ".S",   ".sx",  ".f",    ".for", ".ftn", ".F",
        ".FOR", ".fpp", ".FPP", ".FTN", ".f90", ".f95", ".f03", ".f08",  ".F90", ".F95", ".F03",
        ".F08", ".d",   ".go",  ".adb", ".ads", ".h",   ".hh",  ".H",    ".hp",  ".hxx", ".hpp",
        ".HPP", ".h++", ".ll",  ".bc",  ".cu",  ".hip", ".cl",  ".cppm",
    };
    const char *dot = strrchr(base_name(path), '.');

    return dot && is_among(dot, suffixes, TN_COUNT(suffixes));
}

bool tn_command_is_assembly(const struct tn_word *source)
{
    static const char *const suffixes[] = { ".s", ".S", ".sx" };
    const char *dot = strrchr(base_name(source->text), '.');

    if (source->language)
        return begins(source->language, "assembler");
    return dot && is_among(dot, suffixes, TN_COUNT(suffixes));
}

const char *tn_command_object(struct tn_arena *arena, const char *source)
{
    const char *name = base_name(source), *dot = strrchr(name, '.');
    size_t size = dot && dot != name ? (size_t)(dot - name) : strlen(name);

    return tn_arena_format(arena, "%.*s.o", (int)size, name);
}

static bool add(struct tn_command *command, const char *text, enum tn_word_role role,
                const char *language)
{
    if (!tn_grow(&command->words, &command->room, command->count, sizeof *command->words))
        return false;
    command->words[command->count++] =
        (struct tn_word){ .text = text, .role = role, .language = language };
    return true;
}

/* Whether the next word is this one's value, and what both are for. */
static bool takes_next(const char *word, enum tn_word_role *role)
{
    for (size_t i = 0; i < TN_COUNT(separate); i++) {
        if (strcmp(word, separate[i].name) == 0) {
            *role = separate[i].role;
            return true;
        }
    }
    return false;
}

static enum tn_word_role role_alone(const char *word)
{
    static const char *const modes[] = { "-c", "--compile", "-S", "-E" };

    if (is_among(word, modes, TN_COUNT(modes)))
        return TN_WORD_MODE;
    for (size_t i = 0; i < TN_COUNT(joined); i++)
        if (begins(word, joined[i].prefix))
            return joined[i].role;
    return TN_WORD_OPTION;
}

/* What the driver itself understands of its words for linking. */
static void read_driver_word(struct tn_command *command, const char *word)
{
    if (begins(word, "-fuse-ld=") || begins(word, "--ld-path="))
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
    const char *equals = begins(word, "--") ? strchr(word, '=') : NULL;

    return equals ? equals + 1 : word + 2;
}

/* State of one walk over the words. */
struct walk {
    tenon_world *world;
    struct tn_arena *arena;
    struct tn_linker_reader linker;
    const char *language;
    bool compiles, other, has_input;
};

static bool read_option(struct tn_command *command, struct walk *walk, const char *word,
                        const char *value, enum tn_word_role role, tenon_error *err)
{
    if (role == TN_WORD_MODE && (strcmp(word, "-c") == 0 || strcmp(word, "--compile") == 0))
        walk->compiles = true;
    else if (!value && is_other(word))
        walk->other = true;
    else if (role == TN_WORD_OUTPUT)
        command->output = value ? value : joined_value(word);
    else if (role == TN_WORD_LANGUAGE)
        walk->language = value ? value : joined_value(word);
    else if (role == TN_WORD_LTO && begins(word, "-flto"))
        command->lto = strcmp(word, "-flto=none") != 0;
    else if (role == TN_WORD_LTO && strcmp(word, "-fno-lto") == 0)
        command->lto = false;
    else if (begins(word, "-Wl,"))
        return read_linker_words(command, walk->world, walk->arena, &walk->linker, word + 4, true,
                                 err);
    else if (value && strcmp(word, "-Xlinker") == 0)
        return read_linker_words(command, walk->world, walk->arena, &walk->linker, value, false,
                                 err);
    else if (role == TN_WORD_LINKER)
        read_driver_word(command, word);
    if (begins(word, "-l") && role == TN_WORD_LINKER)
        walk->has_input = true;
    if (walk->language && strcmp(walk->language, "none") == 0)
        walk->language = NULL;
    return true;
}

static bool read_input(struct tn_command *command, struct walk *walk, const char *word)
{
    bool source = walk->language || strcmp(word, "-") == 0 || is_source_suffix(word);

    walk->has_input = true;
    if (!source && !tn_words_add(&command->named, word))
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
        if (!takes_next(word, &role))
            role = role_alone(word);
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

static bool is_linker_name(const char *name)
{
    static const char *const names[] = { "ld",     "ld.bfd", "ld.gold", "gold",
                                         "ld.lld", "lld",    "ld.mold", "mold" };
    size_t size = strlen(name);

    return is_among(name, names, TN_COUNT(names)) ||
           (size > 3 && strcmp(name + size - 3, "-ld") == 0) ||
           (size > 7 && strcmp(name + size - 7, "-ld.bfd") == 0);
}

/* "tenon link --" before the compiler: the index behind it, else `i`. */
static size_t behind_tenon(const struct tn_words *words, size_t i)
{
    size_t end = i + 1;

    if (strcmp(base_name(words->at[i]), "tenon") != 0)
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
           (is_among(base_name(words->at[i]), launchers, TN_COUNT(launchers)) ||
            (i > 0 && strchr(words->at[i], '='))))
        i = behind_tenon(words, i + 1);
    return i;
}

static enum tn_command_kind kind_of(const struct tn_command *command, const struct walk *walk)
{
    if (walk->other || command->relocatable || !walk->has_input)
        return TN_COMMAND_OTHER;
    return walk->compiles ? TN_COMMAND_COMPILE : TN_COMMAND_LINK;
}

static bool read_all(struct tn_command *command, struct walk *walk, const struct tn_words *words,
                     tenon_error *err)
{
    if (words->count == 0 || !words->at[0][0])
        return tn_fail(err, TENON_E_ARGUMENT, "no compiler given");
    command->program = find_program(words);
    command->is_linker = is_linker_name(base_name(words->at[command->program]));
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
    *command = (struct tn_command){ 0 };
}
