/*
 * src/cli/build_ocaml.c - a bundle of OCaml code for all of its loaders
 *
 * Everything that compilers and findlib know is asked of them; what they do not say (which units a
 * file has, in which order they must come) is read from the files.
 */
#include "build_ocaml.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "build.h"
#include "builder.h"
#include "entry_name.h"
#include "fail.h"
#include "json.h"
#include "temp.h"
#include "view.h"

bool ob_ends_with(const char *text, const char *suffix)
{
    size_t size = strlen(text), end = strlen(suffix);

    return size > end && strcmp(text + (size - end), suffix) == 0;
}

bool build_is_ocaml(const struct ocaml_options *options, const char *const *files)
{
    static const char *const suffixes[] = {
        ".ml", ".mli", ".cmo", ".cmx", ".cma", ".cmxa", ".cmxs"
    };

    if (options->packages || options->flags)
        return true;
    for (; *files; files++)
        for (size_t i = 0; i < TN_COUNT(suffixes); i++)
            if (ob_ends_with(*files, suffixes[i]))
                return true;
    return false;
}

bool ob_add(struct ocaml_building *b, struct ob_words *words, const char *word)
{
    if (!word || !tn_grow(&words->at, &words->room, words->count + 1, sizeof *words->at))
        return tn_no_memory(b->err);
    words->at[words->count++] = word;
    words->at[words->count] = NULL;
    return true;
}

const char *ob_format(struct ocaml_building *b, const char *format, ...)
{
    va_list arguments;
    char *text = NULL;

    va_start(arguments, format);
    int size = vasprintf(&text, format, arguments);
    va_end(arguments);
    const char *copy = size < 0 ? NULL : tn_arena_string(&b->pack->arena, text);
    if (size >= 0)
        free(text);
    return copy;
}

/* ---- commands ---------------------------------------------------------------------------------
 */

/* Without the directory before the user's paths. */
static const char *as_given(struct ocaml_building *b, const char *said)
{
    char *copy = said && b->untold ? tn_arena_string(&b->pack->arena, said) : NULL, *at = copy;
    size_t size = copy ? strlen(b->untold) : 0;

    while (at && (at = strstr(at, b->untold)))
        memmove(at, at + size, strlen(at + size) + 1);
    return copy ? copy : said;
}

/* An object, as the user knows it: of the plugin's own ones the name is a number. */
static const char *given_name(const struct ocaml_building *b, const char *object)
{
    char *end;
    unsigned long number = strtoul(tn_base_name(object), &end, 10);

    return strcmp(end, ".o") == 0 && end != tn_base_name(object) && number < b->given.count
               ? b->given.at[number]
               : object;
}

/* What a tool said when it failed. */
static bool fail_with_words(struct ocaml_building *b, const struct ob_words *words,
                            const char *said)
{
    const char *what = words->count > 1 ? words->at[1] : "", *member;
    size_t size;

    b->failed = ob_format(b, "ocamlfind %s failed", what);
    said = as_given(b, said);
    if (!said || !b->failed)
        return tn_no_memory(b->err);
    b->said = said;
    member = build_member_not_pic(&b->pack->arena, said);
    if (member)
        return tn_fail(b->err, TENON_E_UNSUPPORTED, "%s: %s " BUILD_NOT_PIC, b->failed,
                       given_name(b, member));
    size = strlen(said);
    while (size && (said[size - 1] == '\n' || said[size - 1] == ' '))
        size--;
    if (!b->pack->cli->json)
        return tn_fail(b->err, TENON_E_UNSUPPORTED, "%s", b->failed);
    if (size > 600)
        size = 600;
    return tn_fail(b->err, TENON_E_UNSUPPORTED, "%s: %.*s", b->failed, (int)size, said);
}

/* A compiler is heard as if it had been run by hand: before the error that it was. */
static void print_said(const struct ocaml_building *b)
{
    struct cli_out *out = &b->pack->cli->err;
    char *copy, *rest = NULL;

    if (b->pack->cli->json || !b->said || !strstr(tenon_error_message(b->err), b->failed))
        return;
    copy = tn_arena_string(&b->pack->arena, b->said);
    for (char *line = copy ? strtok_r(copy, "\n", &rest) : NULL; line;
         line = strtok_r(NULL, "\n", &rest)) {
        cli_prose(out, line);
        cli_puts(out, "\n");
    }
}

bool ob_run(struct ocaml_building *b, const struct ob_words *words, const char **said)
{
    struct tn_exit result;
    struct tn_view text = { 0 }, wrong = { 0 };
    int out = tn_temp_nameless(b->err), err = out < 0 ? -1 : tn_temp_nameless(b->err);
    bool ok = err >= 0 && tn_run(words->at, out, err, &b->signals, &result, b->err) &&
              tn_temp_read(out, &b->pack->arena, &text, b->err) &&
              tn_temp_read(err, &b->pack->arena, &wrong, b->err);

    if (out >= 0)
        close(out);
    if (err >= 0)
        close(err);
    if (ok && b->signals.asked)
        ok = tn_fail(b->err, TENON_E_SYSTEM, "interrupted");
    if (!ok)
        return false;
    if (said)
        *said = (const char *)text.at;
    return result.status == 0 ||
           fail_with_words(b, words, (const char *)(wrong.size ? wrong.at : text.at));
}

bool ob_run_words(struct ocaml_building *b, const char **said, ...)
{
    struct ob_words words = { 0 };
    va_list arguments;
    const char *word;
    bool ok = ob_add(b, &words, b->ocamlfind);

    va_start(arguments, said);
    while (ok && (word = va_arg(arguments, const char *)))
        ok = ob_add(b, &words, word);
    va_end(arguments);
    ok = ok && ob_run(b, &words, said);
    free(words.at);
    return ok;
}

tenon_ocaml *ob_open(struct ocaml_building *b, const char *file)
{
    tenon_ocaml *ocaml = tenon_ocaml_open(b->pack->world, file, b->err);

    b->is_unreadable |= !ocaml;
    return ocaml;
}

bool ob_is_there(const char *path)
{
    return path && access(path, R_OK) == 0;
}

/* rule  driver/compenv.ml, module_of_filename(): what comes before the first dot, capitalised */
const char *ob_module_of(struct ocaml_building *b, const char *file)
{
    const char *base = tn_base_name(file);
    char *name = tn_arena_copy(&b->pack->arena, base, strcspn(base, "."));

    if (name)
        *name = (char)toupper((unsigned char)*name);
    return name;
}

bool ob_made(struct ocaml_building *b, const char *what, const char *from)
{
    return ob_add(b, &b->made, ob_format(b, "%s from %s", tn_base_name(what), from));
}

struct ob_library *ob_new_library(struct ocaml_building *b, const char *name)
{
    if (!tn_grow(&b->libraries, &b->room, b->count, sizeof *b->libraries)) {
        tn_no_memory(b->err);
        return NULL;
    }
    b->libraries[b->count] = (struct ob_library){ .name = name };
    return &b->libraries[b->count++];
}

/* ---- what the plugin is called ------------------------------------------------------------------
 */

static const char *without_suffix(struct ocaml_building *b, const char *file)
{
    const char *base = tn_base_name(file), *dot = strrchr(base, '.');

    return tn_arena_copy(&b->pack->arena, base,
                         dot && dot > base ? (size_t)(dot - base) : strlen(base));
}

/* Of "--package=a,b --package=c": c. */
static const char *last_package(struct ocaml_building *b)
{
    char **list = b->options->packages;
    const char *last;

    if (!list)
        return NULL;
    while (list[1])
        list++;
    last = strrchr(*list, ',');
    return last ? last + 1 : *list;
}

static const char *main_name(struct ocaml_building *b, const char *const *files)
{
    const struct pack_options *options = b->pack->options;

    if (options->manifest.main)
        return options->manifest.main;
    if (options->out && ob_ends_with(options->out, ".plugin"))
        return without_suffix(b, options->out);
    if (options->out || options->manifest.name)
        return tn_base_name(options->out ? options->out : options->manifest.name);
    return *files ? without_suffix(b, *files) : last_package(b);
}

/* ---- archives that were given
 * -------------------------------------------------------------------- */

static const char **slot_of(struct ob_library *library, const char *file)
{
    return ob_ends_with(file, ".cma")    ? &library->cma
           : ob_ends_with(file, ".cmxa") ? &library->cmxa
           : ob_ends_with(file, ".cmxs") ? &library->cmxs
                                         : NULL;
}

static struct ob_library *library_named(struct ocaml_building *b, const char *name)
{
    for (size_t i = 0; i < b->count; i++)
        if (strcmp(b->libraries[i].name, name) == 0)
            return &b->libraries[i];
    return ob_new_library(b, name);
}

static bool take_archive(struct ocaml_building *b, const char *file, const char *main)
{
    const char *name = without_suffix(b, file);
    struct ob_library *library = name ? library_named(b, name) : NULL;
    const char *slash = strrchr(file, '/');

    if (!library)
        return tn_no_memory(b->err);
    library->is_main = strcmp(name, main) == 0;
    library->directory = slash ? tn_arena_copy(&b->pack->arena, file, (size_t)(slash - file)) : ".";
    *slot_of(library, file) = file;
    return library->directory || tn_no_memory(b->err);
}

/* Archives become libraries, or the plugin's own code; what is left is to be compiled. */
static bool sort_files(struct ocaml_building *b, const char *const *files, const char *main,
                       struct ob_words *rest)
{
    struct ob_library probe = { .name = NULL };

    for (; *files; files++)
        if (!(slot_of(&probe, *files) ? take_archive(b, *files, main) : ob_add(b, rest, *files)))
            return false;
    return true;
}

static bool has_main(const struct ocaml_building *b)
{
    for (size_t i = 0; i < b->count; i++)
        if (b->libraries[i].is_main)
            return true;
    return false;
}

/* C code alone is stubs of nothing: no loader of OCaml's would have anything to load. */
static bool check_main(const struct ocaml_building *b)
{
    for (size_t i = 0; i < b->count; i++) {
        const struct ob_library *library = &b->libraries[i];
        if (library->is_main && !library->cma && !library->cmxs)
            return tn_fail(b->err, TENON_E_UNSUPPORTED,
                           "there is no OCaml code in what was given for the plugin \"%s\": C code "
                           "alone is built without --package and --ocamlflag",
                           library->name);
    }
    return true;
}

/* One archive and no other is the plugin, whatever the bundle is called. */
static void choose_main(struct ocaml_building *b, const char **name)
{
    size_t given = 0, which = 0;

    for (size_t i = 0; i < b->count; i++)
        if (!b->libraries[i].package) {
            given++;
            which = i;
        }
    if (given == 1 && !b->pack->options->manifest.main) {
        b->libraries[which].is_main = true;
        *name = b->libraries[which].name;
    }
}

/* Without files the last package that is bundled is the plugin: those it needs stand before it. */
static bool choose_package(struct ocaml_building *b, const char **name)
{
    const char *wanted = b->pack->options->manifest.main, *why = "";

    for (size_t i = b->count; i-- > 0;)
        if (!b->libraries[i].reason && (!wanted || strcmp(b->libraries[i].name, wanted) == 0)) {
            b->libraries[i].is_main = true;
            *name = b->libraries[i].name;
            return true;
        }
    if (wanted)
        return tn_fail(b->err, TENON_E_ARGUMENT, "no package has code \"%s\" to bundle", wanted);
    for (size_t i = 0; why && i < b->count; i++)
        why = ob_format(b, "%s%s%s: %s", why, *why ? "; " : " (", b->libraries[i].package,
                        b->libraries[i].reason);
    return why ? tn_fail(b->err, TENON_E_UNSUPPORTED,
                         "there is no FILE, and no package has code to bundle%s%s", why,
                         *why ? ")" : "")
               : tn_no_memory(b->err);
}

/* ---- into the bundle
 * ------------------------------------------------------------------------------ */

static bool add_file(struct ocaml_building *b, const char *file, enum tenon_code_kind kind,
                     const char *entry)
{
    tenon_error ignored = TENON_ERROR_INIT;

    if (tenon_builder_add_code_as(b->pack->builder, file, kind, entry, b->err))
        return true;
    tenon_ocaml *ocaml = tenon_ocaml_open(b->pack->world, file, &ignored);
    b->is_unreadable |= !ocaml;
    tenon_ocaml_free(ocaml);
    return false;
}

static bool add_code(struct ocaml_building *b, const struct ob_library *library)
{
    const struct {
        const char *file, *suffix;
        enum tenon_code_kind kind;
    } codes[] = { { library->cma, ".cma", TENON_CODE_OCAML_BYTE },
                  { library->cmxs, ".cmxs", TENON_CODE_OCAML_NATIVE } };

    for (size_t i = 0; i < TN_COUNT(codes); i++) {
        const char *entry = ob_format(b, "%s%s", library->name, codes[i].suffix);
        if (!entry)
            return tn_no_memory(b->err);
        if (codes[i].file && !add_file(b, codes[i].file, codes[i].kind, entry))
            return false;
    }
    return true;
}

static bool add_stubs(struct ocaml_building *b)
{
    for (size_t i = 0; i < b->stubs.count; i++) {
        bool again = false;
        for (size_t k = 0; k < i && !again; k++)
            again = strcmp(b->stubs.at[k], b->stubs.at[i]) == 0;
        if (!again &&
            !tenon_builder_add_code_as(b->pack->builder, b->stubs.at[i], TENON_CODE_LIBRARY,
                                       tn_base_name(b->stubs.at[i]), b->err))
            return false;
    }
    return true;
}

static bool fill(struct ocaml_building *b, const char *main)
{
    tenon_builder *builder = b->pack->builder;

    for (size_t i = 0; i < b->count; i++)
        if (!b->libraries[i].reason && !add_code(b, &b->libraries[i]))
            return false;
    for (size_t i = 0; i < b->package_count; i++)
        if (!tenon_builder_set(builder, "packages", b->packages[i], b->err))
            return false;
    return add_stubs(b) && tenon_builder_set(builder, "main", main, b->err) &&
           tenon_builder_set(builder, "name",
                             b->pack->options->out ? without_suffix(b, b->pack->out) : main,
                             b->err) &&
           cli_add_resources(b->pack->options->manifest.resources, false, builder, b->err) &&
           cli_manifest_apply(&b->pack->options->manifest, b->pack->world, builder, b->err) &&
           pack_ask_host(b->pack, b->err) &&
           (b->pack->refused || tenon_builder_write(builder, b->pack->out, b->err));
}

/* ---- all of it
 * ------------------------------------------------------------------------------------ */

static bool open_host(struct ocaml_building *b)
{
    const char *host = b->pack->options->host;

    if (host)
        b->host = ob_open(b, host);
    return b->host || !host;
}

static bool build(struct ocaml_building *b, const char *const *files, const char **main)
{
    struct ob_words rest = { 0 };
    bool ok =
        pack_make_scratch(b->pack, b->err) && open_host(b) && sort_files(b, files, *main, &rest);

    if (ok && !has_main(b) && !rest.count)
        choose_main(b, main);
    ok = ok && ob_find_packages(b) && (*files || choose_package(b, main));
    for (size_t i = 0; ok && i < b->count; i++)
        ok = b->libraries[i].reason || ob_repair(b, &b->libraries[i]);
    if (ok && rest.count)
        ok = ob_make_main(b, *main, rest.at);
    for (size_t i = 0; ok && i < b->count; i++)
        ok = b->libraries[i].reason || !b->libraries[i].cma || ob_find_stubs(b, &b->libraries[i]);
    free(rest.at);
    ok = ok && ob_match(b);
    if (ok && !has_main(b))
        ok = tn_fail(b->err, TENON_E_ARGUMENT,
                     "no file is the plugin's own code \"%s\": say which with --main", *main);
    if (!ok || !check_main(b))
        return false;
    b->pack->out =
        cli_bundle_file(b->pack->options->out             ? b->pack->options->out
                        : b->pack->options->manifest.name ? b->pack->options->manifest.name
                                                          : *main);
    return b->pack->out ? fill(b, *main) : tn_no_memory(b->err);
}

static bool keep(struct ocaml_building *b, const struct ob_words *words, const char *const **out)
{
    const char **kept = tn_arena_rows(&b->pack->arena, words->count + 1, sizeof *kept);

    if (kept && words->count)
        memcpy(kept, words->at, words->count * sizeof *kept);
    *out = kept;
    return kept || tn_no_memory(b->err);
}

/* What was taken, made and left out, in the words of pack. */
static bool tell(struct ocaml_building *b)
{
    return keep(b, &b->taken, &b->pack->taken) && keep(b, &b->made, &b->pack->made) &&
           keep(b, &b->left_out, &b->pack->left_out) && keep(b, &b->missing, &b->pack->not_made);
}

static int answer(struct ocaml_building *b)
{
    tenon_bundle *bundle = tenon_bundle_open(b->pack->out, b->err);
    struct stat info;

    if (!bundle)
        return cli_fail_one(b->pack->cli, b->pack->out, b->err);
    if (!b->pack->cli->quiet)
        pack_print(b->pack, tenon_bundle_manifest(bundle),
                   stat(b->pack->out, &info) == 0 ? (uint64_t)info.st_size : 0);
    tenon_bundle_free(bundle);
    return CLI_YES;
}

static int finish(struct ocaml_building *b, bool ok, const char *file)
{
    int status;

    if (ok && b->pack->refused) {
        pack_print_refusal(b->pack, PACK_REFUSED_BY_HOST);
        return CLI_NO;
    }
    if (ok && tell(b))
        return answer(b);
    print_said(b);
    status =
        b->err->code == TENON_E_UNSUPPORTED && !b->is_unreadable ? CLI_NO : cli_status_of(b->err);
    cli_fail_one(b->pack->cli, b->pack->out ? b->pack->out : file, b->err);
    return status;
}

int build_ocaml(struct pack *pack, const struct ocaml_options *options, const char *const *files)
{
    tenon_error err = TENON_ERROR_INIT;
    struct ocaml_building b = {
        .pack = pack,
        .options = options,
        .ocamlfind = options->ocamlfind ? options->ocamlfind : "ocamlfind",
        .err = &err,
    };
    const char *main = main_name(&b, files);
    bool ok = true;
    int status;

    if (!main)
        return cli_usage(pack->cli, "the plugin has no name: say --name or -o");
    pack->world = tenon_world_host(&err);
    pack->builder = pack->world ? tenon_builder_new(&err) : NULL;
    tn_signals_hold(&b.signals);
    ok = pack->builder && build(&b, files, &main);
    status = finish(&b, ok, *files ? *files : main);
    if (b.signals.asked)
        pack_remove_scratch(pack);
    tn_signals_release(&b.signals);
    tenon_ocaml_free(b.host);
    free(b.libraries);
    free(b.packages);
    free(b.taken.at);
    free(b.made.at);
    free(b.left_out.at);
    free(b.missing.at);
    free(b.units_cmo.at);
    free(b.units_cmx.at);
    free(b.objects.at);
    free(b.given.at);
    free(b.stubs.at);
    return status;
}
