/*
 * src/link/compile.c - "tenon cc": the compile as it stands, then a note in each object it made
 *
 * Nothing is run beside the compiler. Where it makes intermediate code the note has to be compiled
 * in (compile_lto.c): what is added to such an object later the linkers drop.
 */
#include "compile.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "add_note.h"
#include "fail.h"
#include "limits.h"
#include "native.h"
#include "object.h"
#include "temp.h"
#include "text.h"

const char *tn_compile_output(const struct tn_compilation *c, const struct tn_word *source)
{
    if (c->command.output)
        return c->command.output;
    if (tn_command_is_header(source)) /* rule: GCC manual, Using Precompiled Headers */
        return tn_arena_format(c->arena, "%s.gch", source->text);
    return tn_command_object(c->arena, source->text);
}

const char *tn_compile_name(const struct tn_compilation *c, const struct tn_word *source)
{
    const char *from = strcmp(source->text, "-") == 0 ? tn_compile_output(c, source) : source->text;

    return from ? tn_native_name(c->arena, c->launch->prefix, NULL, from, 1) : NULL;
}

const char *tn_compile_origin(const struct tn_word *source)
{
    const char *slash = source->text[0] == '/' ? strrchr(source->text, '/') : NULL;

    return slash ? slash + 1 : source->text;
}

const char *tn_compile_unit_name(const struct tn_compilation *c, const struct tn_object *object,
                                 const struct tn_word *source)
{
    if (object->record.count == 1 && !c->launch->prefix)
        return object->record.units[0].name;
    return tn_compile_name(c, source);
}

static bool make_note(const struct tn_compilation *c, struct tn_object *object,
                      const struct tn_word *source, struct tn_view *note, tenon_error *err)
{
    tenon_unit *unit = &object->unit;

    unit->name = tn_compile_unit_name(c, object, source);
    unit->origin = tn_compile_origin(source);
    if (!unit->name)
        return tn_no_memory(err);
    return tn_record_write_unit(c->arena, unit, object->header.endian, note, err);
}

static bool record_bytes(const struct tn_compilation *c, const char *path, struct tn_view bytes,
                         const struct tn_word *source, tenon_error *err)
{
    struct tn_file file;
    struct tn_object object;
    struct tn_view note, out;

    tn_file_from_bytes(&file, path, bytes.at, bytes.size);
    file.arena = c->arena;
    if (!tn_object_is_one(&file, NULL)) /* its bytes are there: nothing can fail */
        return true; /* a precompiled header, bitcode in another wrapper: no object */
    if (!tn_object_read(&file, &object, err))
        return false;
    if (object.is_lto) {
        tn_remark(c->launch, TN_REMARK_WARNING,
                  "%s: intermediate code without -flto in its command: not recorded", path);
        return true;
    }
    return make_note(c, &object, source, &note, err) &&
           tn_add_note(c->arena, bytes, note, &out, err) && tn_temp_replace(path, out, err);
}

static bool is_regular(const char *path)
{
    struct stat info;

    return stat(path, &info) == 0 && S_ISREG(info.st_mode);
}

bool tn_compile_record(const struct tn_compilation *c, const struct tn_word *source,
                       tenon_error *err)
{
    char shown[TN_QUOTE_ROOM];
    struct tn_view bytes;
    struct stat info;
    const char *path = tn_compile_output(c, source);

    if (!path)
        return tn_no_memory(err);
    if (stat(path, &info) != 0)
        return errno == ENOENT || tn_fail_system(err, errno, "%s", tn_quote(shown, path));
    if (!S_ISREG(info.st_mode)) /* /dev/null is an output too */
        return true;
    int failed = tn_file_whole(c->launch->world, path, TN_LIMIT_SEGMENT_READ, c->arena, &bytes);
    if (failed)
        return tn_fail_system(err, failed, "%s", tn_quote(shown, path));
    return record_bytes(c, path, bytes, source, err) ||
           tn_context(err, "%s", tn_quote(shown, path));
}

void tn_compile_drop_outputs(const struct tn_compilation *c)
{
    for (size_t i = 0; i < c->command.count; i++) {
        const char *path = NULL;
        if (c->command.words[i].role == TN_WORD_SOURCE)
            path = tn_compile_output(c, &c->command.words[i]);
        if (path && is_regular(path))
            unlink(path);
    }
}

static bool run_as_is(const struct tn_compilation *c, struct tn_exit *exit, tenon_error *err)
{
    struct tn_words words = { 0 };
    bool good = true;

    for (size_t i = 0; good && i < c->launch->argc; i++)
        good = tn_words_add(&words, c->launch->argv[i]);
    good = good && tn_words_end(&words) ? tn_run(words.at, -1, -1, c->signals, exit, err)
                                        : tn_no_memory(err);
    tn_words_free(&words);
    return good;
}

/* Objects of machine code: one compile for all sources. */
static bool compile_native(const struct tn_compilation *c, struct tn_exit *exit, tenon_error *err)
{
    if (!run_as_is(c, exit, err))
        return false;
    for (size_t i = 0; exit->status == 0 && i < c->command.count; i++) {
        const struct tn_word *word = &c->command.words[i];
        if (word->role == TN_WORD_SOURCE && !tn_compile_record(c, word, err))
            return false;
    }
    return true;
}

static bool compile(const struct tn_compilation *c, struct tn_exit *exit, tenon_error *err)
{
    bool good;

    if (c->command.kind == TN_COMMAND_LINK)
        tn_remark(c->launch, TN_REMARK_DETAIL,
                  "this command links: nothing was recorded (see tenon-link(1))");
    if (c->command.kind != TN_COMMAND_COMPILE)
        return run_as_is(c, exit, err);
    good = c->command.lto ? tn_compile_lto(c, exit, err) : compile_native(c, exit, err);
    if (!good && exit->status == 0)
        tn_compile_drop_outputs(c);
    return good;
}

bool tn_compile(const struct tn_launch *launch, struct tn_signals *signals, struct tn_exit *exit,
                tenon_error *err)
{
    struct tn_arena arena = { 0 };
    struct tn_compilation c = { .launch = launch, .signals = signals, .arena = &arena };
    bool good;

    *exit = (struct tn_exit){ 0 };
    tn_signals_hold(signals);
    good = tn_command_read(launch->world, &arena, launch->argv, launch->argc, &c.command, err) &&
           compile(&c, exit, err);
    tn_command_free(&c.command);
    tn_arena_free(&arena);
    tn_signals_release(signals);
    return good;
}
