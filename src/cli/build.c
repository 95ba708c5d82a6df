/*
 * src/cli/build.c - makes the shared library of a plugin from sources, objects and archives
 *
 * Compiled and linked through `tenon cc` and `tenon link`, so that what is made has a record.
 */
#include "build.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "builder.h"
#include "entry_name.h"
#include "fail.h"
#include "instead.h"
#include "limits.h"
#include "run.h"
#include "temp.h"
#include "view.h"

enum file_kind { KIND_C, KIND_CXX, KIND_OBJECT, KIND_ARCHIVE, KIND_OTHER };

/* A growing list of words, NULL-ended, in malloc's memory. */
struct words {
    const char **at;
    size_t count, room;
};

struct building {
    struct pack *pack;
    const struct build_options *options;
    const char *self; /* this program */
    const char *library;
    bool has_cxx;
    struct words objects, archives, made, left_out;
    struct tn_signals signals;
    tenon_error err;
};

static bool add(struct building *b, struct words *words, const char *word)
{
    if (!word || !tn_grow(&words->at, &words->room, words->count + 1, sizeof *words->at))
        return tn_no_memory(&b->err);
    words->at[words->count++] = word;
    words->at[words->count] = NULL;
    return true;
}

static bool add_all(struct building *b, struct words *words, char *const *list)
{
    for (; list && *list; list++)
        if (!add(b, words, *list))
            return false;
    return true;
}

static enum file_kind kind_of(const char *file)
{
    static const struct {
        const char *suffix;
        enum file_kind kind;
    } suffixes[] = {
        { ".c", KIND_C },   { ".cc", KIND_CXX },  { ".cpp", KIND_CXX },   { ".cxx", KIND_CXX },
        { ".C", KIND_CXX }, { ".c++", KIND_CXX }, { ".o", KIND_OBJECT },  { ".lo", KIND_OBJECT },
        { ".s", KIND_C },   { ".S", KIND_C },     { ".a", KIND_ARCHIVE },
    };
    const char *dot = strrchr(tn_base_name(file), '.');

    for (size_t i = 0; dot && i < sizeof suffixes / sizeof *suffixes; i++)
        if (strcmp(suffixes[i].suffix, dot) == 0)
            return suffixes[i].kind;
    return KIND_OTHER;
}

static const char *compiler(const struct building *b, bool cxx)
{
    return b->options->cc ? b->options->cc : cxx ? "c++" : "cc";
}

/* The compiler's words: --cc may have arguments of its own ("ccache gcc"). */
static bool add_compiler(struct building *b, struct words *words, bool cxx)
{
    char *copy = tn_arena_string(&b->pack->arena, compiler(b, cxx)), *rest = NULL;

    if (!copy)
        return tn_no_memory(&b->err);
    for (char *word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
        if (!add(b, words, word))
            return false;
    return true;
}

static bool begin_command(struct building *b, struct words *words, const char *command, bool cxx)
{
    if (!add(b, words, b->self) || !add(b, words, command))
        return false;
    if (b->options->prefix &&
        (!add(b, words, "--unit-prefix") || !add(b, words, b->options->prefix)))
        return false;
    return add(b, words, "--") && add_compiler(b, words, cxx);
}

static bool run(struct building *b, const struct words *words, int err_out, struct tn_exit *result)
{
    bool ok = tn_run(words->at, -1, err_out, &b->signals, result, &b->err);

    if (b->signals.asked)
        return tn_fail(&b->err, TENON_E_SYSTEM, "interrupted");
    return ok;
}

/* ---- compiling ------------------------------------------------------------------------------- */

static bool compile_words(struct building *b, struct words *words, const char *file,
                          const char *object, bool cxx)
{
    return begin_command(b, words, "cc", cxx) && add(b, words, "-fPIC") &&
           add_all(b, words, b->options->cflags) && add(b, words, "-c") && add(b, words, file) &&
           add(b, words, "-o") && add(b, words, object);
}

/* The object's name is that of its source, with a number where there is one of that name. */
static const char *object_name(struct building *b, const char *file)
{
    const char *base = tn_base_name(file);
    int size = (int)(strrchr(base, '.') - base);
    const char *path = tn_arena_format(&b->pack->arena, "%s/%.*s.o", b->pack->scratch, size, base);

    for (size_t i = b->objects.count; path && access(path, F_OK) == 0; i++)
        path = tn_arena_format(&b->pack->arena, "%s/%.*s-%zu.o", b->pack->scratch, size, base, i);
    return path;
}

static bool compile(struct building *b, const char *file, bool cxx)
{
    const char *object = object_name(b, file);
    struct words words = { 0 };
    struct tn_exit result;
    bool ok = object ? compile_words(b, &words, file, object, cxx) : tn_no_memory(&b->err);

    ok = ok && run(b, &words, -1, &result);
    free(words.at);
    if (ok && result.status != 0)
        ok = tn_fail(&b->err, TENON_E_UNSUPPORTED, "%s: the compiler failed", file);
    b->has_cxx = b->has_cxx || cxx;
    return ok && add(b, &b->objects, object) &&
           add(b, &b->made,
               tn_arena_format(&b->pack->arena, "%s from %s", tn_base_name(object), file));
}

static bool fail_kind(struct building *b, const char *file)
{
    const char *instead = tn_instead(file);
    enum tenon_code code = instead ? TENON_E_UNSUPPORTED : TENON_E_FORMAT;

    return tn_fail(&b->err, code, "%s: neither source, object nor archive%s%s", file,
                   instead ? ", but " : "", instead ? instead : "");
}

static bool take_file(struct building *b, const char *file)
{
    switch (kind_of(file)) {
    case KIND_C: return compile(b, file, false);
    case KIND_CXX: return compile(b, file, true);
    case KIND_OBJECT: return add(b, &b->objects, file);
    case KIND_ARCHIVE: return add(b, &b->archives, file);
    default: return fail_kind(b, file);
    }
}

/* ---- what the host has ----------------------------------------------------------------------- */

static bool leave_files(struct building *b, tenon_world *world, const tenon_units *host,
                        struct words *files)
{
    size_t kept = 0;

    for (size_t i = 0; i < files->count; i++) {
        if (!build_host_has(world, host, files->at[i]))
            files->at[kept++] = files->at[i];
        else if (!add(b, &b->left_out,
                      tn_arena_format(&b->pack->arena, "%s  the host has it",
                                      tn_base_name(files->at[i]))))
            return false;
    }
    files->count = kept;
    if (files->at)
        files->at[kept] = NULL;
    return true;
}

/* It is the host's that will be used: what it has is required of it when the bundle is packed. */
static bool leave_to_host(struct building *b, int *status)
{
    const tenon_image_source source = { .path = b->pack->options->host };
    tenon_world *world = source.path ? tenon_world_host(&b->err) : NULL;
    tenon_units *host = world ? tenon_units_read(world, &source, &b->err) : NULL;
    bool ok = !source.path || (host && leave_files(b, world, host, &b->objects) &&
                               leave_files(b, world, host, &b->archives));

    tenon_units_free(host);
    tenon_world_free(world);
    if (ok && !b->objects.count && !b->archives.count) {
        *status = CLI_NO;
        ok = tn_fail(&b->err, TENON_E_UNSUPPORTED, "%s has all of it: there is nothing to load",
                     b->pack->options->host);
    }
    return ok;
}

/* ---- linking --------------------------------------------------------------------------------- */

static bool add_archives(struct building *b, struct words *words)
{
    if (b->archives.count == 0)
        return true;
    return add(b, words, "-Wl,--whole-archive") &&
           add_all(b, words, (char *const *)b->archives.at) &&
           add(b, words, "-Wl,--no-whole-archive");
}

/* What a loader would have to change in the code is an error: many systems refuse to load that. */
static bool link_words(struct building *b, struct words *words)
{
    return begin_command(b, words, "link", b->has_cxx) && add(b, words, "-shared") &&
           add(b, words, "-o") && add(b, words, b->library) &&
           add_all(b, words, (char *const *)b->objects.at) && add_archives(b, words) &&
           add(b, words, "-Wl,-rpath,$ORIGIN") && add(b, words, "-Wl,-z,text") &&
           add_all(b, words, b->options->ldflags);
}

static const char *pieces(struct building *b)
{
    const char *text = "";

    for (size_t i = 0; text && i < b->objects.count + b->archives.count; i++) {
        bool whole = i >= b->objects.count;
        const char *file = whole ? b->archives.at[i - b->objects.count] : b->objects.at[i];
        text = tn_arena_format(&b->pack->arena, "%s%s%s%s", text, i ? ", " : "", tn_base_name(file),
                               whole ? " (whole)" : "");
    }
    return text;
}

/* The first word of a line that names an object or member: "libx.a(y.o):(.text):" gives
 * "libx.a(y.o)". */
static const char *object_in_line(struct tn_arena *arena, const char *line, size_t size)
{
    for (size_t at = 0; at < size;) {
        const char *word = line + at;
        size_t length = strcspn(word, " \n"), name = strcspn(word, ":\n ");
        bool member = name > 4 && word[name - 1] == ')' && memchr(word, '(', name);
        bool object = name > 2 && memcmp(word + name - 2, ".o", 2) == 0;
        if (member || object)
            return tn_arena_copy(arena, word, name);
        at += length + 1;
    }
    return NULL;
}

/* Where a linker says that a file is not position independent; NULL: it does not. */
static const char *says_not_pic(const char *said)
{
    static const char *const words[] = { "recompile with -fPIC", "' in read-only section" };
    const char *at = NULL;

    for (size_t i = 0; !at && i < TN_COUNT(words); i++)
        at = strstr(said, words[i]);
    return at;
}

/*
 * GNU ld, gold and mold have named the member before "recompile with -fPIC" in that line, lld does
 * so in the line after the one that begins with ">>> referenced by". GNU ld has "relocation against
 * `x' in read-only section" for what a loader could do, and -z text forbids.
 */
const char *build_member_not_pic(struct tn_arena *arena, const char *said)
{
    const char *at = says_not_pic(said), *line = at, *member;

    if (!at)
        return NULL;
    while (line > said && line[-1] != '\n')
        line--;
    member = object_in_line(arena, line, (size_t)(at - line));
    if (member || !(at = strstr(at, ">>> referenced by ")) || !(at = strstr(at, "\n>>> ")))
        return member;
    at += strlen("\n>>> ");
    at += strspn(at, " ");
    return tn_arena_copy(arena, at, strcspn(at, "\n"));
}

static bool judge_link(struct building *b, const struct tn_exit *result, int words, int *status)
{
    struct tn_view said;
    const char *member;

    if (!tn_temp_read(words, &b->pack->arena, &said, &b->err))
        return false;
    cli_flush(&b->pack->cli->out);
    if (said.size && write(STDERR_FILENO, said.at, said.size) < 0)
        return tn_fail_system(&b->err, errno, "standard error");
    if (result->status == 0)
        return true;
    member = build_member_not_pic(&b->pack->arena, (const char *)said.at);
    *status = CLI_NO;
    if (member)
        return tn_fail(&b->err, TENON_E_UNSUPPORTED, "%s " BUILD_NOT_PIC, member);
    return tn_fail(&b->err, TENON_E_UNSUPPORTED, "the linker failed");
}

static bool link_library(struct building *b, int *status)
{
    struct words words = { 0 };
    struct tn_exit result;
    int said = tn_temp_nameless(&b->err);
    bool ok = said >= 0 && link_words(b, &words) && run(b, &words, said, &result) &&
              judge_link(b, &result, said, status);

    free(words.at);
    if (said >= 0)
        close(said);
    return ok &&
           add(b, &b->made,
               tn_arena_format(&b->pack->arena, "%s from %s", tn_base_name(b->library), pieces(b)));
}

/* ---- all of it ------------------------------------------------------------------------------- */

/* --main, --name, the bundle's name, or that of the first file. */
static const char *library_name(struct building *b, const char *first)
{
    const struct pack_options *options = b->pack->options;
    const char *name = options->manifest.main ? options->manifest.main : options->manifest.name;
    const char *base, *dot;

    if (name)
        return tn_arena_format(&b->pack->arena, "%s/%s.so", b->pack->scratch, tn_base_name(name));
    base = tn_base_name(options->out ? options->out : first);
    dot = strrchr(base, '.');
    return tn_arena_format(&b->pack->arena, "%s/%.*s.so", b->pack->scratch,
                           dot && dot > base ? (int)(dot - base) : (int)strlen(base), base);
}

static const char *own_path(struct building *b)
{
    char path[TN_LIMIT_PATH];
    ssize_t size = readlink("/proc/self/exe", path, sizeof path);

    if (size > 0 && (size_t)size < sizeof path)
        return tn_arena_copy(&b->pack->arena, path, (size_t)size);
    tn_fail_system(&b->err, size < 0 ? errno : ENAMETOOLONG, "/proc/self/exe");
    return NULL;
}

static bool build(struct building *b, const char *const *files, int *status)
{
    if (!pack_make_scratch(b->pack, &b->err) || !(b->self = own_path(b)))
        return false;
    b->library = library_name(b, files[0]);
    if (!b->library)
        return tn_no_memory(&b->err);
    for (; *files; files++)
        if (!take_file(b, *files)) {
            bool refused = b->err.code == TENON_E_UNSUPPORTED && kind_of(*files) != KIND_OTHER;
            *status = refused ? CLI_NO : cli_status_of(&b->err);
            return false;
        }
    return leave_to_host(b, status) && link_library(b, status);
}

/* What was made and left out has to live as long as the answer. */
static bool keep(struct building *b, const struct words *words, const char *const **out)
{
    const char **kept = tn_arena_rows(&b->pack->arena, words->count + 1, sizeof *kept);

    if (!kept)
        return tn_no_memory(&b->err);
    if (words->count)
        memcpy(kept, words->at, words->count * sizeof *kept);
    *out = kept;
    return true;
}

const char *build_library(struct pack *pack, const struct build_options *options,
                          const char *const *files, int *status)
{
    struct building b = { .pack = pack, .options = options };
    bool ok;

    *status = CLI_UNREADABLE;
    tn_signals_hold(&b.signals);
    ok = build(&b, files, status) && keep(&b, &b.made, &pack->made) &&
         keep(&b, &b.left_out, &pack->left_out);
    if (b.signals.asked)
        pack_remove_scratch(pack);
    tn_signals_release(&b.signals);
    free(b.objects.at);
    free(b.archives.at);
    free(b.made.at);
    free(b.left_out.at);
    if (ok)
        return b.library;
    int of_error =
        cli_fail_one(pack->cli, pack->options->out ? pack->options->out : files[0], &b.err);
    *status = *status == CLI_NO ? CLI_NO : of_error;
    return NULL;
}
