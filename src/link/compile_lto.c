/*
 * src/link/compile_lto.c - notes compiled into intermediate code
 *
 * What such an object will be is known only after the link, so its implementation digest is taken
 * over what it is made from (source-1): the preprocessed text, the options that make code of it,
 * and the compiler's version. What it defines and whether it keeps state a compile to machine code
 * tells. So a source is preprocessed once, compiled twice.
 */
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <unistd.h>

#include "compile.h"
#include "fail.h"
#include "inputs.h"
#include "object.h"
#include "report.h"
#include "temp.h"
#include "text.h"

enum {
    FOR_TEXT =
        1u << TN_WORD_MODE | 1u << TN_WORD_OUTPUT | 1u << TN_WORD_REPORT | 1u << TN_WORD_DATABASE,
    FOR_CODE = 1u << TN_WORD_OUTPUT | 1u << TN_WORD_REPORT | 1u << TN_WORD_DEPENDENCY |
               1u << TN_WORD_DATABASE | 1u << TN_WORD_COUNT | 1u << TN_WORD_LTO,
    FOR_REAL = 1u << TN_WORD_DEPENDENCY | 1u << TN_WORD_DATABASE | 1u << TN_WORD_OUTPUT
};

static bool run_derived(const struct tn_compilation *c, const struct tn_word *source,
                        unsigned dropped, const char *const *last, int out, int err_out,
                        struct tn_exit *exit, tenon_error *err)
{
    struct tn_words words = { 0 };
    bool good = tn_command_derive(&c->command, source, dropped, last, &words)
                    ? tn_run(words.at, out, err_out, c->signals, exit, err)
                    : tn_no_memory(err);

    tn_words_free(&words);
    return good;
}

static bool has_word(const struct tn_compilation *c, const char *prefix)
{
    for (size_t i = 0; i < c->command.count; i++)
        if (c->command.words[i].role == TN_WORD_DEPENDENCY &&
            strncmp(c->command.words[i].text, prefix, strlen(prefix)) == 0)
            return true;
    return false;
}

/* "-Wp,-MD,FILE" and kin: `part` with the comma before it */
static bool has_passed(const struct tn_compilation *c, const char *part)
{
    for (size_t i = 0; i < c->command.count; i++)
        if (c->command.words[i].role == TN_WORD_DEPENDENCY &&
            tn_begins(c->command.words[i].text, "-Wp,") && strstr(c->command.words[i].text, part))
            return true;
    return false;
}

/* rule: GCC manual, -MD: without -MF the output's name with the suffix ".d" */
static const char *dependency_file(const struct tn_compilation *c, const char *output)
{
    const char *slash = strrchr(output, '/'), *dot = strrchr(output, '.');
    size_t size = dot && (!slash || dot > slash) ? (size_t)(dot - output) : strlen(output);

    return tn_arena_format(c->arena, "%.*s.d", (int)size, output);
}

/*
 * Words for dependencies as the real compile would have written them, in `last` from `count` on.
 *
 * rule: clang's Driver::TranslateInputArgs: "-Wp,-MD,FILE" is "-MD -MF FILE". With GCC it goes to
 * the preprocessor, which names the object without directories, whether it compiles or not.
 */
static void name_dependencies(const struct tn_compilation *c, const char *output, bool is_clang,
                              const char **last, size_t count)
{
    bool driver = has_word(c, "-MD") || has_word(c, "-MMD") ||
                  has_word(c, "--write-dependencies") || has_word(c, "--write-user-dependencies");
    bool passed = has_passed(c, ",-MD") || has_passed(c, ",-MMD");

    if (driver && !has_word(c, "-MF") && !has_passed(c, ",-MF")) {
        last[count++] = "-MF";
        last[count++] = dependency_file(c, output);
    }
    if ((driver || (passed && is_clang)) && !has_word(c, "-MT") && !has_word(c, "-MQ") &&
        !has_passed(c, ",-MT") && !has_passed(c, ",-MQ")) {
        last[count++] = "-MQ";
        last[count++] = output;
    }
}

/* The preprocessed text. Dependencies are written here, where they do not hold our header. */
static bool preprocess(const struct tn_compilation *c, const struct tn_word *source,
                       const char *output, bool is_clang, struct tn_view *text,
                       struct tn_exit *exit, tenon_error *err)
{
    const char *last[8] = { "-E", "-P", NULL };
    int out = tn_temp_nameless(err), silent = tn_temp_nameless(err);
    bool good = out >= 0 && silent >= 0;

    name_dependencies(c, output, is_clang, last, 2);
    good = good && run_derived(c, source, FOR_TEXT, last, out, silent, exit, err) &&
           (exit->status != 0 || tn_temp_read(out, c->arena, text, err));
    if (out >= 0)
        close(out);
    if (silent >= 0)
        close(silent);
    return good;
}

/*
 * Of "cc (Debian 12.2.0-14) 12.2.0" the name by which it was called, and the lines below, are no
 * part of a version. Of "Debian clang version 14.0.6" the target below is, the directory is not.
 */
static bool is_version_line(struct tn_view line, size_t number, bool is_clang)
{
    static const char directory[] = "InstalledDir:";
    const size_t size = sizeof directory - 1;

    return number == 0 ||
           (is_clang && !(line.size >= size && memcmp(line.at, directory, size) == 0));
}

static bool name_version(struct tn_arena *arena, struct tn_view said, bool is_clang,
                         struct tn_view *version, tenon_error *err)
{
    char *text = tn_arena_bytes(arena, said.size + 1);
    struct tn_view line;
    size_t pos = 0, used = 0;

    if (!text)
        return tn_no_memory(err);
    for (size_t number = 0; tn_report_line(said, &pos, &line); number++) {
        size_t name = number == 0 ? tn_line_skip_word(line, 0) : 0;
        if (!is_version_line(line, number, is_clang))
            continue;
        memcpy(text + used, line.at + name, line.size - name);
        used += line.size - name;
        text[used++] = '\n';
    }
    *version = tn_view(text, used);
    return true;
}

/* What --version prints. */
static bool ask_version(const struct tn_compilation *c, struct tn_view *text, tenon_error *err)
{
    struct tn_words words = { 0 };
    struct tn_exit exit = { 0 };
    int out = tn_temp_nameless(err);
    bool good = out >= 0;

    for (size_t i = 0; good && i <= c->command.program; i++)
        good = tn_words_add(&words, c->command.words[i].text) || tn_no_memory(err);
    good =
        good && ((tn_words_add(&words, "--version") && tn_words_end(&words)) || tn_no_memory(err));
    good = good && tn_run(words.at, out, out, c->signals, &exit, err) &&
           tn_temp_read(out, c->arena, text, err);
    tn_words_free(&words);
    if (out >= 0)
        close(out);
    return good;
}

/* Each part with its length before it, so that no two lists of parts are one text. */
static void hash_part(crypto_hash_sha256_state *state, const void *bytes, size_t size)
{
    uint64_t length = htole64(size);

    crypto_hash_sha256_update(state, (const unsigned char *)&length, sizeof length);
    crypto_hash_sha256_update(state, bytes, size);
}

static tenon_digest digest_of(const struct tn_compilation *c, struct tn_view version,
                              struct tn_view text)
{
    tenon_digest digest = { .kind = TENON_DIGEST_SOURCE, .size = TENON_DIGEST_ROOM };
    crypto_hash_sha256_state state;

    _Static_assert(crypto_hash_sha256_BYTES == TENON_DIGEST_ROOM, "a digest fits");
    crypto_hash_sha256_init(&state);
    hash_part(&state, "tenon source-1", 14);
    hash_part(&state, version.at, version.size);
    for (size_t i = 0; i < c->command.count; i++) {
        const struct tn_word *word = &c->command.words[i];
        if (word->role == TN_WORD_OPTION || word->role == TN_WORD_LANGUAGE ||
            word->role == TN_WORD_COUNT || word->role == TN_WORD_LTO)
            hash_part(&state, word->text, strlen(word->text));
    }
    hash_part(&state, text.at, text.size);
    crypto_hash_sha256_final(&state, digest.bytes);
    return digest;
}

/* The unit by a compile to machine code. */
static bool work_out(const struct tn_compilation *c, const struct tn_word *source,
                     const char *directory, struct tn_object *object, struct tn_exit *exit,
                     tenon_error *err)
{
    const char *path = tn_arena_format(c->arena, "%s/unit.o", directory);
    const char *const last[] = { "-fno-lto", "-w", "-o", path, NULL };
    int silent = path ? tn_temp_nameless(err) : -1;

    if (!path)
        return tn_no_memory(err);
    struct tn_file file;
    bool good = silent >= 0 && run_derived(c, source, FOR_CODE, last, silent, silent, exit, err);

    if (good && exit->status == 0) {
        int failed = tn_file_open(c->launch->world, path, c->arena, &file);
        good =
            failed ? tn_fail_system(err, failed, "%s", path) : tn_object_read(&file, object, err);
        if (!failed)
            tn_file_close(&file);
    }
    if (silent >= 0)
        close(silent);
    return good;
}

/* C that makes the assembler emit these notes. */
static const char *header_text(struct tn_arena *arena, struct tn_view note)
{
    static const char before[] = "__asm__(\".pushsection .note.tenon,\\\"a\\\",%note\\n\"\n"
                                 "        \".balign 4\\n\"\n";
    static const char after[] = "        \".popsection\\n\");\n";
    size_t room = sizeof before + sizeof after + note.size * 5 + (note.size / 16 + 1) * 32;
    char *text = tn_arena_bytes(arena, room);
    size_t used;

    if (!text)
        return NULL;
    used = (size_t)snprintf(text, room, "%s", before);
    for (size_t i = 0; i < note.size; i++) {
        if (i % 16 == 0)
            used += (size_t)snprintf(text + used, room - used, "        \".byte ");
        used += (size_t)snprintf(text + used, room - used, "%s%u", i % 16 ? "," : "", note.at[i]);
        if (i % 16 == 15 || i + 1 == note.size)
            used += (size_t)snprintf(text + used, room - used, "\\n\"\n");
    }
    snprintf(text + used, room - used, "%s", after);
    return text;
}

static bool write_header(const struct tn_compilation *c, const struct tn_word *source,
                         const char *directory, struct tn_object *object, const char **header,
                         tenon_error *err)
{
    struct tn_view note;

    object->unit.name = tn_compile_unit_name(c, object, source);
    object->unit.origin = tn_compile_origin(source);
    if (!object->unit.name)
        return tn_no_memory(err);
    if (!tn_record_write_unit(c->arena, &object->unit, object->header.endian, &note, err))
        return false;
    const char *text = header_text(c->arena, note);
    if (!text)
        return tn_no_memory(err);
    *header = tn_temp_file_in(c->arena, directory, "record.h", tn_view(text, strlen(text)), err);
    return *header != NULL;
}

/*
 * The command as it was given, with the header, which stands for <tenon/record.h> too. Its
 * directory has another name each time, and debugging information has paths of headers (-g3): it
 * has that one.
 */
static bool compile_with(const struct tn_compilation *c, const struct tn_word *source,
                         const struct tn_object *object, const char *output, const char *directory,
                         const char *header, struct tn_exit *exit, tenon_error *err)
{
    const char *own = object->record.count > 0 ? "-DTENON_NO_RECORD" : NULL;
    const char *map = tn_arena_format(c->arena, "-fdebug-prefix-map=%s=tenon", directory);
    const char *const last[] = { "-include", header, "-o", output, map, own, NULL };

    if (!map)
        return tn_no_memory(err);
    return run_derived(c, source, FOR_REAL, last, -1, -1, exit, err);
}

/* The command as it was given, without a word: its own description (-MJ) must not have ours. */
static bool describe(const struct tn_compilation *c, const struct tn_word *source,
                     const char *output, tenon_error *err)
{
    const char *const last[] = { "-o", output, NULL };
    struct tn_exit exit;
    int silent;
    size_t i = 0;

    while (i < c->command.count && c->command.words[i].role != TN_WORD_DATABASE)
        i++;
    if (i == c->command.count)
        return true;
    silent = tn_temp_nameless(err);
    if (silent < 0)
        return false;
    bool good = run_derived(c, source, 1u << TN_WORD_OUTPUT | 1u << TN_WORD_DEPENDENCY, last,
                            silent, silent, &exit, err);
    close(silent);
    return good;
}

/* The command as it was given, of this source alone: for what it has to say. */
static bool compile_plainly(const struct tn_compilation *c, const struct tn_word *source,
                            const char *output, struct tn_exit *exit, tenon_error *err)
{
    const char *const last[] = { "-o", output, NULL };

    return run_derived(c, source, 1u << TN_WORD_OUTPUT, last, -1, -1, exit, err);
}

/* A source that was preprocessed before takes no header, standard input is read once only. */
static const char *obstacle(const struct tn_word *source)
{
    const char *dot = strrchr(source->text, '.');

    if (strcmp(source->text, "-") == 0)
        return "it is read from standard input";
    if (tn_inputs_is_once(source->text))
        return "it can be read only once";
    if (source->language ? strstr(source->language, "cpp-output") != NULL
                         : dot && (strcmp(dot, ".i") == 0 || strcmp(dot, ".ii") == 0))
        return "it is preprocessed already";
    if (!tn_command_takes_header(source))
        return "its language takes no header";
    return NULL;
}

/* What makes intermediate code only (-fsanitize=cfi) has a note without definitions. */
static bool work_out_or_not(const struct tn_compilation *c, const struct tn_word *source,
                            const char *directory, struct tn_object *object, tenon_error *err)
{
    struct tn_exit exit = { 0 };

    if (!work_out(c, source, directory, object, &exit, err))
        return false;
    if (exit.status != 0)
        *object = (struct tn_object){ .unit = { .stateful = TENON_UNKNOWN } };
    return true;
}

static void remark_unrecorded(const struct tn_compilation *c, const struct tn_word *source,
                              const char *why)
{
    char shown[TN_QUOTE_ROOM];

    tn_remark(c->launch, TN_REMARK_WARNING, "%s: not recorded: %s", tn_quote(shown, source->text),
              why);
}

/* A source that cannot be preprocessed fails for the user too, and the compiler says why. */
static bool compile_unread(const struct tn_compilation *c, const struct tn_word *source,
                           const char *output, struct tn_exit *exit, tenon_error *err)
{
    if (!compile_plainly(c, source, output, exit, err))
        return false;
    if (exit->status == 0)
        remark_unrecorded(c, source, "it cannot be preprocessed");
    return true;
}

/* With the note of what the text and the options say. */
static bool compile_noted(const struct tn_compilation *c, const struct tn_word *source,
                          const char *output, const char *directory, tenon_digest digest,
                          struct tn_exit *exit, tenon_error *err)
{
    struct tn_object object;
    const char *header = NULL;

    if (!work_out_or_not(c, source, directory, &object, err))
        return false;
    object.unit.implementation = digest;
    return write_header(c, source, directory, &object, &header, err) &&
           describe(c, source, output, err) &&
           compile_with(c, source, &object, output, directory, header, exit, err);
}

static bool compile_recorded(const struct tn_compilation *c, const struct tn_word *source,
                             const char *output, struct tn_exit *exit, tenon_error *err)
{
    struct tn_view text, said, version = { 0 };

    if (!ask_version(c, &said, err))
        return false;
    bool is_clang = memmem(said.at, said.size, "clang", 5) != NULL;
    if (!name_version(c->arena, said, is_clang, &version, err) ||
        !preprocess(c, source, output, is_clang, &text, exit, err))
        return false;
    if (exit->status != 0)
        return compile_unread(c, source, output, exit, err);
    const char *directory = tn_temp_directory(c->arena, err);
    bool good = directory &&
                compile_noted(c, source, output, directory, digest_of(c, version, text), exit, err);
    tn_temp_remove_directory(directory);
    return good;
}

static bool compile_one(const struct tn_compilation *c, const struct tn_word *source,
                        struct tn_exit *exit, tenon_error *err)
{
    const char *output = tn_compile_output(c, source), *why = obstacle(source);

    if (!output)
        return tn_no_memory(err);
    if (tn_command_is_header(source))
        return compile_plainly(c, source, output, exit, err);
    if (tn_command_is_assembly(source))
        return compile_plainly(c, source, output, exit, err) &&
               (exit->status != 0 || tn_compile_record(c, source, err));
    if (!why)
        return compile_recorded(c, source, output, exit, err);
    remark_unrecorded(c, source, why);
    return compile_plainly(c, source, output, exit, err);
}

/* ---- dependencies on standard output -----------------------------------------------------------
 *
 * It is where the preprocessed text goes: a file of ours is named in its place.
 */

static bool is_stdout(const char *path)
{
    return strcmp(path, "-") == 0 || strcmp(path, "/dev/stdout") == 0;
}

/* The part of a word before the file that it names, which is standard output; 0: it is not. */
static size_t before_stdout(const struct tn_compilation *c, size_t i)
{
    static const char *const starts[] = { "-MF", "-Wp,-MD,", "-Wp,-MMD,", "-Wp,-MF," };
    const struct tn_word *word = &c->command.words[i];

    for (size_t k = 0; word->role == TN_WORD_DEPENDENCY && k < TN_COUNT(starts); k++)
        if (tn_begins(word->text, starts[k]) && is_stdout(word->text + strlen(starts[k])))
            return strlen(starts[k]);
    return 0;
}

static bool is_value(const struct tn_compilation *c, size_t i)
{
    return i > 0 && c->command.words[i].role == TN_WORD_DEPENDENCY &&
           strcmp(c->command.words[i - 1].text, "-MF") == 0 && is_stdout(c->command.words[i].text);
}

/* Names a file in a copy of the command's words; *path stays NULL when none is needed. */
static bool redirect(struct tn_compilation *c, const char **path, tenon_error *err)
{
    struct tn_word *words = tn_arena_rows(c->arena, c->command.count + 1, sizeof *words);

    if (!words)
        return tn_no_memory(err);
    memcpy(words, c->command.words, c->command.count * sizeof *words);
    for (size_t i = 0; i < c->command.count; i++) {
        size_t size = before_stdout(c, i);
        if (!size && !is_value(c, i))
            continue;
        if (!*path && !(*path = tn_temp_file(c->arena, ".d", tn_view("", 0), err)))
            return false;
        if (tn_begins(words[i].text, "-Wp,") && strchr(*path, ',')) /* TMPDIR may have one */
            continue;
        words[i].text = tn_arena_format(c->arena, "%.*s%s", (int)size, words[i].text, *path);
        if (!words[i].text)
            return tn_no_memory(err);
    }
    c->command.words = words;
    return true;
}

/* Prints what a compile wrote there, and empties it for the next. */
static bool show_dependencies(const struct tn_compilation *c, const char *path, tenon_error *err)
{
    int descriptor = open(path, O_RDWR | O_CLOEXEC);
    struct tn_view text;

    if (descriptor < 0)
        return tn_fail_system(err, errno, "%s", path);
    bool good = tn_temp_read(descriptor, c->arena, &text, err);
    if (good && ((c->launch->print && !c->launch->print(c->launch->arg, text.at, text.size)) ||
                 ftruncate(descriptor, 0) != 0))
        good = tn_fail_system(err, errno, "standard output");
    close(descriptor);
    return good;
}

/* ---- all sources ------------------------------------------------------------------------------
 */

/* As the driver does it: all sources are tried, the worst status counts. */
static bool compile_all(const struct tn_compilation *c, const char *shown, struct tn_exit *exit,
                        tenon_error *err)
{
    struct tn_exit one = { 0 };

    for (size_t i = 0; i < c->command.count && !one.signal; i++) {
        if (c->command.words[i].role != TN_WORD_SOURCE)
            continue;
        bool good = compile_one(c, &c->command.words[i], &one, err) &&
                    (!shown || show_dependencies(c, shown, err));
        if (one.status > exit->status)
            *exit = one;
        if (!good)
            return false;
    }
    return true;
}

bool tn_compile_lto(const struct tn_compilation *c, struct tn_exit *exit, tenon_error *err)
{
    struct tn_compilation own = *c;
    const char *path = NULL;
    bool good = redirect(&own, &path, err) && compile_all(&own, path, exit, err);

    if (path)
        unlink(path);
    return good;
}
