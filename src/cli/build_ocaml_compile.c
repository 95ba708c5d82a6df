/* src/cli/build_ocaml_compile.c - compiles and links a plugin's own code, OCaml's and C's */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "build_ocaml.h"
#include "builder.h"
#include "entry_name.h"
#include "fail.h"
#include "view.h"

/* `before` comes before the bytes of the file. */
static bool copy_behind(struct ocaml_building *b, const char *before, const char *from,
                        const char **to)
{
    void *bytes;
    size_t size;
    FILE *out;
    bool ok;

    if (!tn_read_file(from, &bytes, &size, b->err))
        return false;
    bool is_script = size >= 2 && memcmp(bytes, "#!", 2) == 0; /* only the first line may be that */
    *to = ob_format(b, "%s/%s", b->pack->scratch, tn_base_name(from));
    out = *to ? fopen(*to, "wb") : NULL;
    ok = out && fputs(is_script ? "" : before, out) >= 0 && fwrite(bytes, 1, size, out) == size;
    if (out)
        ok = fclose(out) == 0 && ok;
    free(bytes);
    if (!*to)
        return tn_no_memory(b->err);
    return ok || tn_fail(b->err, TENON_E_SYSTEM, "writing %s", *to);
}

bool ob_copy_file(struct ocaml_building *b, const char *from, const char **to)
{
    return copy_behind(b, "", from, to);
}

/*
 * Where a value was defined gets into interfaces and code. That is in the file as it was named, not
 * in its copy, so that equal sources give equal digests.
 *
 * rule  the OCaml manual, "Line number directives": nothing in the name is escaped
 */
static bool copy_source(struct ocaml_building *b, const char *from, const char **to)
{
    const char *line =
        !strchr(from, '/') || strpbrk(from, "\"\n\r") ? "" : ob_format(b, "# 1 \"%s\"\n", from);

    return line ? copy_behind(b, line, from, to) : tn_no_memory(b->err);
}

/* ---- one module
 * ---------------------------------------------------------------------------------- */

/* A path of the user's, for a command that runs in the scratch directory. NULL: no memory. */
static const char *absolute(struct ocaml_building *b, const char *path)
{
    char *here = *path != '/' ? getcwd(NULL, 0) : NULL;
    const char *whole = here ? ob_format(b, "%s/%s", here, path) : path;

    free(here);
    return whole;
}

/* ocamlfind, likewise: a name without a slash is looked for in PATH. */
static const char *absolute_tool(struct ocaml_building *b)
{
    return strchr(b->ocamlfind, '/') ? absolute(b, b->ocamlfind) : b->ocamlfind;
}

/* The same, when it is there that the compiler runs. */
static const char *seen_from(struct ocaml_building *b, const char *path)
{
    return b->by_base_name ? absolute(b, path) : path;
}

/* rule  META of findlib's package threads: it has something to offer with the predicate mt alone */
static bool uses_threads(const struct ocaml_building *b)
{
    for (size_t i = 0; i < b->package_count; i++)
        if (strcmp(b->packages[i], "threads") == 0 ||
            strncmp(b->packages[i], "threads.", strlen("threads.")) == 0)
            return true;
    return false;
}

static bool add_packages(struct ocaml_building *b, struct ob_words *words)
{
    if (uses_threads(b) && !ob_add(b, words, "-thread"))
        return false;
    for (char **list = b->options->packages; list && *list; list++)
        if (!ob_add(b, words, "-package") || !ob_add(b, words, *list))
            return false;
    for (size_t i = 0; i < b->count; i++)
        if (!b->libraries[i].package && !b->libraries[i].is_main &&
            (!ob_add(b, words, "-I") || !ob_add(b, words, seen_from(b, b->libraries[i].directory))))
            return false;
    for (char **flag = b->options->flags; flag && *flag; flag++) {
        bool is_path = flag > b->options->flags ? strcmp(flag[-1], "-I") == 0 : false;
        is_path = ob_is_there(*flag) && (is_path || strchr(*flag, '/'));
        if (!ob_add(b, words, is_path ? seen_from(b, *flag) : *flag))
            return false;
    }
    return true;
}

/* Runs a command with the scratch directory as the current one. */
static bool run_in_scratch(struct ocaml_building *b, const struct ob_words *words)
{
    char *here = getcwd(NULL, 0);
    bool ok = here && chdir(b->pack->scratch) == 0;

    if (!ok)
        tn_fail(b->err, TENON_E_SYSTEM, "going to %s", b->pack->scratch);
    ok = ok && ob_run(b, words, NULL);
    if (here && chdir(here) != 0)
        ok = tn_fail(b->err, TENON_E_SYSTEM, "going back to %s", here);
    free(here);
    return ok;
}

static const char *in_scratch(struct ocaml_building *b, const char *file, const char *suffix)
{
    const char *base = tn_base_name(file), *dot = strrchr(base, '.');

    return ob_format(b, "%s/%.*s%s", b->pack->scratch, (int)(dot - base), base, suffix);
}

/*
 * Of the host's own unit the interface alone is wanted. No code may be relied on, wherever a .cmx
 * of it lies: the host's may be another.
 *
 * rule  middle_end/compilenv.ml, get_global_info(): of an opaque interface no .cmx is looked for
 */
static bool is_of_host(struct ocaml_building *b, const char *file)
{
    const char *module = b->is_own ? ob_module_of(b, file) : NULL;

    return module && ob_host_unit(b, module);
}

/* What comes of a file is below the scratch directory, wherever the compiler runs. */
static bool compile(struct ocaml_building *b, const char *compiler, const char *file,
                    const char *to)
{
    struct ob_words words = { 0 };
    const char *finder = b->by_base_name ? absolute_tool(b) : b->ocamlfind;
    bool ok = to && ob_add(b, &words, finder) && ob_add(b, &words, compiler) &&
              ob_add(b, &words, "-I") && ob_add(b, &words, b->pack->scratch) &&
              add_packages(b, &words) && (!is_of_host(b, file) || ob_add(b, &words, "-opaque")) &&
              ob_add(b, &words, "-o") && ob_add(b, &words, to) && ob_add(b, &words, "-c") &&
              ob_add(b, &words, b->by_base_name ? tn_base_name(file) : file) &&
              (b->by_base_name ? run_in_scratch(b, &words) : ob_run(b, &words, NULL));

    free(words.at);
    return ok;
}

static bool compile_one(struct ocaml_building *b, const char *file)
{
    const char *cmo = in_scratch(b, file, ".cmo"), *cmx = in_scratch(b, file, ".cmx");

    if (ob_ends_with(file, ".mli"))
        return compile(b, "ocamlc", file, in_scratch(b, file, ".cmi"));
    if (!compile(b, "ocamlc", file, cmo) || !ob_add(b, &b->units_cmo, cmo))
        return false;
    if (!b->has_native || is_of_host(b, file))
        return true;
    return compile(b, "ocamlopt", file, cmx) && ob_add(b, &b->units_cmx, cmx);
}

/* ---- all modules
 * --------------------------------------------------------------------------------- */

static bool differ(struct ocaml_building *b, const char *one, const char *other)
{
    void *first = NULL, *second = NULL;
    size_t size, other_size;
    bool read = tn_read_file(one, &first, &size, b->err) &&
                tn_read_file(other, &second, &other_size, b->err);
    bool same = read && size == other_size && memcmp(first, second, size) == 0;

    if (!read)
        *b->err = (tenon_error)TENON_ERROR_INIT;
    free(first);
    free(second);
    return !same;
}

/*
 * Is something else of that name in the current directory, which compilers look into first?
 *
 * rule  driver/compmisc.ml, init_path(); utils/load_path.ml, find_uncap(): "a.cmi" or "A.cmi"
 */
static bool is_hidden(struct ocaml_building *b, const char *file)
{
    static const char *const suffixes[] = { ".cmi", ".cmx" };

    for (size_t i = 0; !b->by_base_name && i < TN_COUNT(suffixes); i++) {
        const char *mine = in_scratch(b, file, suffixes[i]);
        char *base = mine ? tn_arena_string(&b->pack->arena, tn_base_name(mine)) : NULL;
        if (!base || !ob_is_there(mine))
            continue;
        *base = (char)tolower((unsigned char)*base);
        if (ob_is_there(base) && differ(b, base, mine))
            return true;
        *base = (char)toupper((unsigned char)*base);
        if (ob_is_there(base) && differ(b, base, mine))
            return true;
    }
    return false;
}

/*
 * `ocamldep`, which sees sources as the compilers do: behind the same preprocessors.
 *
 * rule  ocamldep(1); findlib's "ocamlfind ocamldep": -package and -syntax for preprocessors alone
 */
bool ob_add_ocamldep(struct ocaml_building *b, struct ob_words *words)
{
    static const char *const shared[] = { "-pp",    "-ppx",    "-syntax",  "-predicates",
                                          "-ppopt", "-ppxopt", "-package", "-open" };
    bool ok = ob_add(b, words, b->ocamlfind) && ob_add(b, words, "ocamldep");

    for (char **list = b->options->packages; ok && list && *list; list++)
        ok = ob_add(b, words, "-package") && ob_add(b, words, *list);
    for (char **flag = b->options->flags; ok && flag && flag[0] && flag[1]; flag++)
        for (size_t i = 0; ok && i < TN_COUNT(shared); i++)
            if (strcmp(*flag, shared[i]) == 0)
                ok = ob_add(b, words, flag[0]) && ob_add(b, words, flag[1]);
    return ok;
}

/* The source that an answer of `ocamldep -sort` begins with: the longest, names may have spaces. */
static const char *source_at(const struct ob_words *sources, const char *answer)
{
    const char *best = NULL;

    for (size_t i = 0; i < sources->count; i++) {
        size_t size = strlen(sources->at[i]);
        if (strncmp(answer, sources->at[i], size) == 0 &&
            (answer[size] == ' ' || answer[size] == '\n' || !answer[size]) &&
            (!best || size > strlen(best)))
            best = sources->at[i];
    }
    return best;
}

/* Each source once, as ocamldep has put them in order: what it cannot read it leaves out. */
static bool read_order(struct ocaml_building *b, const struct ob_words *sources, const char *said,
                       struct ob_words *sorted)
{
    const char *source;

    for (said += strspn(said, " \n"); *said; said += strspn(said, " \n")) {
        source = source_at(sources, said);
        if (!source)
            return tn_fail(b->err, TENON_E_UNSUPPORTED, "ocamldep -sort: what is %.200s", said);
        if (!ob_add(b, sorted, source))
            return false;
        said += strlen(source);
    }
    return sorted->count == sources->count ||
           tn_fail(b->err, TENON_E_SYSTEM, "ocamldep -sort: %zu of %zu sources came back",
                   sorted->count, sources->count);
}

static bool sort(struct ocaml_building *b, const struct ob_words *sources, struct ob_words *sorted)
{
    struct ob_words words = { 0 };
    const char *said = NULL;
    bool ok = ob_add_ocamldep(b, &words) && ob_add(b, &words, "-sort") && ob_add(b, &words, "-I") &&
              ob_add(b, &words, b->pack->scratch);

    for (size_t i = 0; ok && i < sources->count; i++)
        ok = ob_add(b, &words, sources->at[i]);
    ok = ok && ob_run(b, &words, &said) && read_order(b, sources, said, sorted);
    free(words.at);
    return ok;
}

/* In the order in which ocamldep says that they can be compiled. */
static bool compile_sorted(struct ocaml_building *b, const struct ob_words *sources, bool *hidden)
{
    struct ob_words sorted = { 0 };
    bool ok = sort(b, sources, &sorted);

    for (size_t i = 0; ok && !*hidden && i < sorted.count; i++) {
        ok = compile_one(b, sorted.at[i]);
        *hidden = ok && i + 1 < sorted.count && is_hidden(b, sorted.at[i]);
    }
    free(sorted.at);
    return ok;
}

bool ob_compile_sorted(struct ocaml_building *b, const struct ob_words *sources)
{
    bool hidden = false;

    return compile_sorted(b, sources, &hidden);
}

/*
 * Sources are compiled where they lie, so that their interfaces are those that the compiler makes
 * by hand; when the current directory has other ones, copies of all, away from there.
 */
static bool compile_own(struct ocaml_building *b, const struct ob_words *sources)
{
    size_t given_cmo = b->units_cmo.count, given_cmx = b->units_cmx.count;
    struct ob_words copies = { 0 };
    bool hidden = false, ok = compile_sorted(b, sources, &hidden);

    if (!ok || !hidden)
        return ok;
    b->units_cmo.count = given_cmo;
    b->units_cmx.count = given_cmx;
    for (size_t i = 0; ok && i < sources->count; i++) {
        const char *copy;
        ok = copy_source(b, sources->at[i], &copy) && ob_add(b, &copies, copy);
    }
    b->by_base_name = true;
    ok = ok && ob_compile_sorted(b, &copies);
    b->by_base_name = false;
    free(copies.at);
    return ok;
}

/*
 * OCaml's own switches for C ask for debugging information, which has the directory in it: as the
 * shell is to read the switch. "": none that a shell would leave alone.
 */
static const char *map_of(struct ocaml_building *b, const char *directory)
{
    return strpbrk(directory, "'=") ? "" : ob_format(b, "'-ffile-prefix-map=%s=.'", directory);
}

static bool add_maps(struct ocaml_building *b, struct ob_words *words, const char *file)
{
    char *here = getcwd(NULL, 0);
    const char *slash = strrchr(file, '/');
    const char *beside = slash ? tn_arena_copy(&b->pack->arena, file, (size_t)(slash - file)) : ".";
    const char *const maps[] = { map_of(b, b->pack->scratch), here ? map_of(b, here) : NULL,
                                 slash && beside ? map_of(b, beside) : "" };
    bool ok = true;

    free(here);
    for (size_t i = 0; ok && i < TN_COUNT(maps); i++)
        ok = maps[i] && (!*maps[i] || (ob_add(b, words, "-ccopt") && ob_add(b, words, maps[i])));
    return ok || tn_no_memory(b->err);
}

/*
 * C sources: their objects go into the .cmxs, and into stubs for bytecode. Each has a number for a
 * name: ocamlc and ocamlmklib give the names of objects to a shell as they are.
 *
 * rule  utils/ccomp.ml, compile_file(): of the words that it makes, the source alone is quoted
 */
static bool compile_c(struct ocaml_building *b, const char *file)
{
    struct ob_words words = { 0 };
    const char *object = ob_format(b, "%zu.o", b->objects.count);
    const char *source = absolute(b, file);
    size_t before = source && source != file ? strlen(source) - strlen(file) : 0;
    bool ok = source && ob_add(b, &words, absolute_tool(b)) && ob_add(b, &words, "ocamlc") &&
              ob_add(b, &words, "-ccopt") && ob_add(b, &words, "-fPIC") &&
              add_maps(b, &words, source) && ob_add(b, &words, "-o") && ob_add(b, &words, object) &&
              ob_add(b, &words, "-c") && ob_add(b, &words, source);

    b->untold = ok && before ? tn_arena_copy(&b->pack->arena, source, before) : NULL;
    ok = ok && run_in_scratch(b, &words);
    b->untold = NULL;
    free(words.at);
    return ok && ob_add(b, &b->given, file) &&
           ob_add(b, &b->objects, ob_format(b, "%s/%s", b->pack->scratch, object));
}

/* An object that was given has such a name too, for ocamlmklib. */
static bool take_object(struct ocaml_building *b, const char *file)
{
    const char *from = absolute(b, file);
    const char *to = ob_format(b, "%s/%zu.o", b->pack->scratch, b->objects.count);

    if (!from || !to)
        return tn_no_memory(b->err);
    if (symlink(from, to) != 0)
        return tn_fail_system(b->err, errno, "making %s", to);
    return ob_add(b, &b->given, file) && ob_add(b, &b->objects, to);
}

/*
 * In the scratch directory, where all objects lie, and under a name of ours until it is made: what
 * ocamlmklib is given it gives to a shell as it is.
 *
 * rule  tools/ocamlmklib.ml, build_libs(): nothing is quoted
 */
static bool make_stubs(struct ocaml_building *b, const char *name)
{
    struct ob_words words = { 0 };
    const char *from = ob_format(b, "%s/dllown.so", b->pack->scratch);
    const char *to = ob_format(b, "%s/dll%s_stubs.so", b->pack->scratch, name);
    bool ok = from && to && ob_add(b, &words, absolute_tool(b)) &&
              ob_add(b, &words, "ocamlmklib") && ob_add(b, &words, "-ldopt") &&
              ob_add(b, &words, OB_TEXT) && ob_add(b, &words, "-o") && ob_add(b, &words, "own");

    for (size_t i = 0; ok && i < b->objects.count; i++)
        ok = ob_add(b, &words, tn_base_name(b->objects.at[i]));
    ok = ok && run_in_scratch(b, &words);
    free(words.at);
    if (ok && rename(from, to) != 0)
        ok = tn_fail_system(b->err, errno, "making %s", to);
    b->dlls = ok ? ob_format(b, "-l%s_stubs", name) : NULL;
    return ok && ob_made(b, to, "its C code");
}

/* The C code that a package's archive of bytecode names for static links. */
static bool add_c_code(struct ocaml_building *b, const struct ob_library *library,
                       struct ob_words *words)
{
    tenon_ocaml *archive = ob_open(b, library->cma);
    bool ok = archive && ob_add(b, words, "-ccopt") &&
              ob_add(b, words, ob_format(b, "-L%s", library->directory));

    for (size_t i = 0; ok && i < tenon_ocaml_c_objects(archive).count; i++)
        ok = ob_add(b, words, "-cclib") &&
             ob_add(b, words, ob_format(b, "%s", tenon_ocaml_c_objects(archive).at[i]));
    tenon_ocaml_free(archive);
    return ok;
}

bool ob_link_own(struct ocaml_building *b, struct ob_library *library, bool native)
{
    struct ob_words *units = native ? &b->units_cmx : &b->units_cmo;
    const char *to = ob_product(b, library, native ? ".cmxs" : ".cma");
    struct ob_words words = { 0 };
    bool ok = to && ob_order_modules(b, units) && ob_add(b, &words, b->ocamlfind) &&
              ob_add(b, &words, native ? "ocamlopt" : "ocamlc") &&
              ob_add(b, &words, native ? "-shared" : "-a") && ob_add(b, &words, "-linkall") &&
              (!native || (ob_add(b, &words, "-ccopt") && ob_add(b, &words, b->text))) &&
              ob_add(b, &words, "-o") && ob_add(b, &words, to);

    for (size_t i = 0; ok && i < units->count; i++)
        ok = ob_add(b, &words, units->at[i]);
    for (size_t i = 0; ok && native && i < b->objects.count; i++)
        ok = ob_add(b, &words, b->objects.at[i]);
    if (ok && native && library->package && library->cma)
        ok = add_c_code(b, library, &words);
    if (ok && !native && b->dlls)
        ok = ob_add(b, &words, "-dllib") && ob_add(b, &words, b->dlls);
    ok = ok && ob_run(b, &words, NULL) &&
         ob_made(b, to, ob_format(b, "%zu module%s", units->count, units->count == 1 ? "" : "s"));
    free(words.at);
    *(native ? &library->cmxs : &library->cma) = to;
    return ok;
}

/*
 * rule  driver/compenv.ml, is_unit_name(): what comes before the first dot, its first letter
 *       capitalised. Other names are warned of, and no code can say them. Letters beyond ASCII are
 *       left to the compiler.
 */
static bool names_module(const char *base)
{
    if (!isalpha((unsigned char)*base) && (unsigned char)*base < 0x80)
        return false;
    for (; *base != '.'; base++)
        if (!isalnum((unsigned char)*base) && !strchr("_'", *base) && (unsigned char)*base < 0x80)
            return false;
    return true;
}

static bool take_source(struct ocaml_building *b, const char *file, struct ob_words *sources)
{
    if (!names_module(tn_base_name(file)))
        return tn_fail(
            b->err, TENON_E_ARGUMENT,
            "%s: a module cannot be called so: letters, digits, \"_\" and \"'\" alone, a "
            "letter first",
            file);
    return ob_add(b, sources, file);
}

static bool take_file(struct ocaml_building *b, const char *file, struct ob_words *sources)
{
    if (ob_ends_with(file, ".ml") || ob_ends_with(file, ".mli"))
        return take_source(b, file, sources);
    if (ob_ends_with(file, ".c"))
        return compile_c(b, file);
    if (ob_ends_with(file, ".cmo"))
        return ob_add(b, &b->units_cmo, file);
    if (ob_ends_with(file, ".cmx"))
        return ob_add(b, &b->units_cmx, file);
    if (ob_ends_with(file, ".o"))
        return take_object(b, file);
    b->is_unreadable = true;
    return tn_fail(b->err, TENON_E_FORMAT, "%s: neither OCaml code nor C code", file);
}

static bool is_among(const struct ob_words *words, const char *base)
{
    for (size_t i = 0; i < words->count; i++)
        if (strcmp(tn_base_name(words->at[i]), base) == 0)
            return true;
    return false;
}

/* rule  typing/typemod.ml, type_implementation(): an interface that lies beside a module is its */
static bool add_interfaces(struct ocaml_building *b, struct ob_words *sources)
{
    for (size_t i = 0, count = sources->count; i < count; i++) {
        const char *interface = ob_format(b, "%si", sources->at[i]);
        if (!interface)
            return tn_no_memory(b->err);
        if (ob_ends_with(sources->at[i], ".ml") && ob_is_there(interface) &&
            !is_among(sources, tn_base_name(interface)) && !ob_add(b, sources, interface))
            return false;
    }
    return true;
}

bool ob_make_main(struct ocaml_building *b, const char *name, const char *const *files)
{
    struct ob_words sources = { 0 };
    struct ob_library *library;
    bool ok = true;

    for (; ok && *files; files++)
        ok = take_file(b, *files, &sources);
    b->is_own = true;
    ok = ok && ob_take_beside(b, &sources) && add_interfaces(b, &sources) &&
         (!sources.count || compile_own(b, &sources)) && (!b->objects.count || make_stubs(b, name));
    if (ok && sources.count && !b->units_cmo.count && !b->units_cmx.count)
        ok = tn_fail(b->err, TENON_E_ARGUMENT, "%s: interfaces alone: there is no module",
                     sources.at[0]);
    free(sources.at);
    if (b->host)
        ok = ok && ob_leave_to_host(b, &b->units_cmo) && ob_leave_to_host(b, &b->units_cmx);
    library = ok ? ob_new_library(b, name) : NULL;
    if (!library)
        return false;
    library->is_main = true;
    library->directory = b->pack->scratch;
    if (!b->units_cmo.count &&
        !ob_add(b, &b->missing, ob_format(b, "bytecode of %s: no .cmo was given", name)))
        return false;
    return (!b->units_cmo.count || ob_link_own(b, library, false)) &&
           (!b->units_cmx.count || ob_link_own(b, library, true));
}
