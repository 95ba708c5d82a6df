/* src/cli/build_ocaml_compile.c - compiles and links a plugin's own code, OCaml's and C's */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "build_ocaml.h"
#include "builder.h"
#include "entry_name.h"
#include "fail.h"

/* `before` comes before the bytes of the file. */
static bool copy_behind(struct ocaml_building *b, const char *before, const void *bytes,
                        size_t size, const char *from, const char **to)
{
    FILE *out;
    bool ok;

    *to = ob_format(b, "%s/%s", b->pack->scratch, tn_base_name(from));
    if (!*to)
        return tn_no_memory(b->err);
    out = fopen(*to, "wb");
    ok = out && fputs(before, out) >= 0 && fwrite(bytes, 1, size, out) == size;
    if (out)
        ok = fclose(out) == 0 && ok;
    if (!ok)
        return tn_fail(b->err, TENON_E_SYSTEM, "writing %s", *to);
    return ob_add(b, &b->copies, *to) && ob_add(b, &b->copies, from);
}

bool ob_copy_file(struct ocaml_building *b, const char *from, const char **to)
{
    void *bytes;
    size_t size;
    bool ok;

    if (!tn_read_file(from, &bytes, &size, b->err))
        return false;
    ok = copy_behind(b, "", bytes, size, from, to);
    free(bytes);
    return ok;
}

/*
 * Where a value was defined gets into interfaces and code. That is in the file as it was named, not
 * in its copy, so that equal sources give equal digests.
 *
 * rule  the OCaml manual, "Line number directives": nothing in the name is escaped
 */
static bool copy_source(struct ocaml_building *b, const char *from, const char **to)
{
    void *bytes;
    size_t size;
    bool ok;

    if (!tn_read_file(from, &bytes, &size, b->err))
        return false;
    bool is_script = size >= 2 && memcmp(bytes, "#!", 2) == 0; /* only the first line may be that */
    const char *line =
        is_script || strpbrk(from, "\"\n\r") ? "" : ob_format(b, "# 1 \"%s\"\n", from);
    ok = line ? copy_behind(b, line, bytes, size, from, to) : tn_no_memory(b->err);
    free(bytes);
    return ok;
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
            (!ob_add(b, words, "-I") || !ob_add(b, words, b->libraries[i].directory)))
            return false;
    for (char **flag = b->options->flags; flag && *flag; flag++)
        if (!ob_add(b, words, *flag))
            return false;
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

static bool compile(struct ocaml_building *b, const char *compiler, const char *file)
{
    struct ob_words words = { 0 };
    bool ok = ob_add(b, &words, b->ocamlfind) && ob_add(b, &words, compiler) &&
              ob_add(b, &words, "-I") && ob_add(b, &words, b->pack->scratch) &&
              add_packages(b, &words) && ob_add(b, &words, "-c") &&
              ob_add(b, &words, b->by_base_name ? tn_base_name(file) : file) &&
              (b->by_base_name ? run_in_scratch(b, &words) : ob_run(b, &words, NULL));

    free(words.at);
    return ok;
}

static const char *beside(struct ocaml_building *b, const char *file, const char *suffix)
{
    return ob_format(b, "%.*s%s", (int)(strrchr(file, '.') - file), file, suffix);
}

static bool compile_one(struct ocaml_building *b, const char *file)
{
    if (ob_ends_with(file, ".mli"))
        return compile(b, "ocamlc", file);
    if (!compile(b, "ocamlc", file) || !ob_add(b, &b->units_cmo, beside(b, file, ".cmo")))
        return false;
    return !b->has_native ||
           (compile(b, "ocamlopt", file) && ob_add(b, &b->units_cmx, beside(b, file, ".cmx")));
}

/* In the order in which ocamldep says that they can be compiled. */
bool ob_compile_sorted(struct ocaml_building *b, const struct ob_words *sources)
{
    struct ob_words words = { 0 };
    const char *said = NULL;
    char *rest = NULL, *text;
    bool ok = ob_add(b, &words, b->ocamlfind) && ob_add(b, &words, "ocamldep") &&
              ob_add(b, &words, "-sort") && ob_add(b, &words, "-I") &&
              ob_add(b, &words, b->pack->scratch);

    for (size_t i = 0; ok && i < sources->count; i++)
        ok = ob_add(b, &words, sources->at[i]);
    ok = ok && ob_run(b, &words, &said);
    free(words.at);
    if (!ok)
        return false;
    text = tn_arena_string(&b->pack->arena, said);
    for (char *word = text ? strtok_r(text, " \n", &rest) : NULL; ok && word;
         word = strtok_r(NULL, " \n", &rest))
        ok = compile_one(b, word);
    return ok;
}

/* C sources: their objects go into the .cmxs, and into stubs for bytecode. */
static bool compile_c(struct ocaml_building *b, const char *file)
{
    const char *copy;

    if (!ob_copy_file(b, file, &copy))
        return false;
    struct ob_words words = { 0 };
    /* OCaml's own switches for C ask for debugging information, which has the directory in it */
    const char *map = ob_format(b, "-ffile-prefix-map=%s=.", b->pack->scratch);
    bool ok = ob_add(b, &words, b->ocamlfind) && ob_add(b, &words, "ocamlc") &&
              ob_add(b, &words, "-ccopt") && ob_add(b, &words, "-fPIC") &&
              ob_add(b, &words, "-ccopt") && map && ob_add(b, &words, map) &&
              ob_add(b, &words, "-c") && ob_add(b, &words, copy) && run_in_scratch(b, &words);

    free(words.at);
    return ok && ob_add(b, &b->objects, beside(b, copy, ".o"));
}

static bool make_stubs(struct ocaml_building *b, const char *name)
{
    struct ob_words words = { 0 };
    const char *stem = ob_format(b, "%s/%s_stubs", b->pack->scratch, name);
    bool ok = stem && ob_add(b, &words, b->ocamlfind) && ob_add(b, &words, "ocamlmklib") &&
              ob_add(b, &words, "-o") && ob_add(b, &words, stem);

    for (size_t i = 0; ok && i < b->objects.count; i++)
        ok = ob_add(b, &words, b->objects.at[i]);
    ok = ok && ob_run(b, &words, NULL);
    free(words.at);
    b->dlls = ok ? ob_format(b, "-l%s_stubs", name) : NULL;
    return ok && ob_made(b, ob_format(b, "dll%s_stubs.so", name), "its C code");
}

bool ob_link_own(struct ocaml_building *b, struct ob_library *library, bool native)
{
    const struct ob_words *units = native ? &b->units_cmx : &b->units_cmo;
    const char *to = ob_product(b, library, native ? ".cmxs" : ".cma");
    struct ob_words words = { 0 };
    bool ok = to && ob_add(b, &words, b->ocamlfind) &&
              ob_add(b, &words, native ? "ocamlopt" : "ocamlc") &&
              ob_add(b, &words, native ? "-shared" : "-a") && ob_add(b, &words, "-linkall") &&
              ob_add(b, &words, "-o") && ob_add(b, &words, to);

    for (size_t i = 0; ok && i < units->count; i++)
        ok = ob_add(b, &words, units->at[i]);
    for (size_t i = 0; ok && native && i < b->objects.count; i++)
        ok = ob_add(b, &words, b->objects.at[i]);
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
    const char *copy;

    if (!names_module(tn_base_name(file)))
        return tn_fail(
            b->err, TENON_E_ARGUMENT,
            "%s: a module cannot be called so: letters, digits, \"_\" and \"'\" alone, a "
            "letter first",
            file);
    return copy_source(b, file, &copy) && ob_add(b, sources, copy);
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
        return ob_add(b, &b->objects, file);
    return tn_fail(b->err, TENON_E_ARGUMENT, "%s: neither OCaml code nor C code", file);
}

bool ob_make_main(struct ocaml_building *b, const char *name, const char *const *files)
{
    struct ob_words sources = { 0 };
    struct ob_library *library;
    bool ok = true;

    for (; ok && *files; files++)
        ok = take_file(b, *files, &sources);
    ok = ok && (!sources.count || ob_compile_sorted(b, &sources)) &&
         (!b->objects.count || make_stubs(b, name));
    free(sources.at);
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
