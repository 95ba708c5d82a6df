/* src/cli/build_ocaml_find.c - which findlib packages a plugin needs, and what they ship */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "build_ocaml.h"
#include "entry_name.h"
#include "fail.h"
#include "view.h"

/* Packages that come with the compiler, or with what loads the plugin: never in a bundle. */
static bool is_of_compiler(const char *package)
{
    static const char *const names[] = {
        "stdlib", "unix",  "str",     "threads",        "dynlink",       "bigarray", "bytes",
        "seq",    "tenon", "findlib", "runtime_events", "compiler-libs", "ocamldoc", "stdlib-shims",
    };
    size_t size = strcspn(package, ".");

    for (size_t i = 0; i < TN_COUNT(names); i++)
        if (strlen(names[i]) == size && strncmp(names[i], package, size) == 0)
            return true;
    return false;
}

/* ---- the host
 * ------------------------------------------------------------------------------------- */

/* Units of a library, one that the host has and one that it has not; NULL: there is none. */
struct shares {
    const char *there, *absent;
};

/* Names are copied. False: the file cannot be read. */
static bool compare_with_host(struct ocaml_building *b, const char *file, struct shares *out)
{
    tenon_ocaml *library = ob_open(b, file);
    bool ok = library != NULL;

    *out = (struct shares){ NULL, NULL };
    for (size_t i = 0; ok && i < tenon_ocaml_unit_count(library); i++) {
        const char *name = tenon_ocaml_unit_at(library, i)->name;
        const char **which = ob_host_unit(b, name) ? &out->there : &out->absent;
        if (!*which)
            *which = tn_arena_string(&b->pack->arena, name);
        ok = *which || tn_no_memory(b->err);
    }
    tenon_ocaml_free(library);
    return ok;
}

/* ---- one package
 * ---------------------------------------------------------------------------------- */

static const char *first_line(struct ocaml_building *b, const char *text)
{
    return tn_arena_copy(&b->pack->arena, text, strcspn(text, "\n"));
}

/* What META says of a package under these predicates; "" for nothing. */
static const char *ask(struct ocaml_building *b, const char *package, const char *predicates,
                       const char *format)
{
    const char *said = NULL;

    if (!ob_run_words(b, &said, "query", "-predicates", predicates, "-format", format, package,
                      NULL))
        return NULL;
    return first_line(b, said);
}

/* The base name in the bundle; of two archives with one name the second has its package in front.
 */
static const char *name_in_bundle(struct ocaml_building *b, const char *base, const char *package)
{
    for (size_t i = 0; i < b->count; i++)
        if (strcmp(b->libraries[i].name, base) == 0)
            return ob_format(b, "%s-%s", package, base);
    return base;
}

static const char *in_directory(struct ocaml_building *b, const char *directory, const char *base,
                                const char *suffix)
{
    const char *path = ob_format(b, "%s/%s%s", directory, base, suffix);

    return ob_is_there(path) ? path : NULL;
}

static const char *base_of(struct ocaml_building *b, const char *archive)
{
    const char *base = tn_base_name(archive), *dot = strrchr(base, '.');

    return tn_arena_copy(&b->pack->arena, base, dot ? (size_t)(dot - base) : strlen(base));
}

/* A package without any archive may still have code: modules that lie there by themselves. */
static bool has_loose_code(const char *directory)
{
    DIR *open = opendir(directory);
    const struct dirent *entry;
    bool found = false;

    while (open && !found && (entry = readdir(open))) {
        const char *dot = strrchr(entry->d_name, '.');
        found = dot && (strcmp(dot, ".cmo") == 0 || strcmp(dot, ".cmx") == 0);
    }
    if (open)
        closedir(open);
    return found;
}

/*
 * A rewriter of syntax runs within the compiler: META has its archive for a driver alone, and what
 * it needs when the program runs as requirements.
 *
 * rule  dune's and findlib's convention for META: archive(ppx_driver,byte)
 *
 * returns  false: *b->err
 */
static bool find_rewriter(struct ocaml_building *b, const char *package, bool *is_one)
{
    const char *byte = ask(b, package, "ppx_driver,byte", "%a");
    const char *native = byte ? ask(b, package, "ppx_driver,native", "%a") : NULL;

    *is_one = native && (*byte || *native);
    return native && (!*is_one ||
                      ob_add(b, &b->left_out, ob_format(b, "%s  for the compiler alone", package)));
}

bool ob_leave_out(struct ocaml_building *b, struct ob_library *library, const char *reason)
{
    library->reason = reason;
    return ob_add(
        b, &b->left_out,
        ob_format(b, "%s  %s", library->package ? library->package : library->name, reason));
}

/* --bundle: auto, none, or a list. */
static bool is_wanted(const struct ocaml_building *b, const char *package)
{
    const char *list = b->pack->options->bundle;
    size_t size = strlen(package);

    if (!list || strcmp(list, "auto") == 0)
        return true;
    for (const char *at = list; *at; at += *at == ',') {
        size_t length = strcspn(at, ",");
        if (length == size && strncmp(at, package, size) == 0)
            return true;
        at += length;
    }
    return false;
}

/* The loader refuses what comes beside a part of itself, and a plugin whose rest is not there. */
static bool fail_for_part(struct ocaml_building *b, const struct ob_library *library,
                          const struct shares *shares)
{
    return tn_fail(b->err, TENON_E_UNSUPPORTED,
                   "the host has unit %s of library %s, and not unit %s: it must have all of it or "
                   "nothing; link the host with -linkall, or leave the library out with --bundle",
                   shares->there, library->name, shares->absent);
}

static bool judge_library(struct ocaml_building *b, struct ob_library *library)
{
    const char *sample = library->cma    ? library->cma
                         : library->cmxa ? library->cmxa
                                         : library->cmxs;
    struct shares shares;

    if (is_of_compiler(library->package))
        return ob_leave_out(b, library, "the compiler's, or what loads it");
    if (!is_wanted(b, library->package))
        return ob_leave_out(b, library, "not asked for");
    if (b->host && sample) {
        if (!compare_with_host(b, sample, &shares))
            return false;
        if (!shares.absent)
            return ob_leave_out(b, library, "the host has it");
        if (shares.there)
            return fail_for_part(b, library, &shares);
    }
    return true;
}

/* In the directory of OCaml itself the modules are those of the compiler, not of a package. */
static bool check_directory(struct ocaml_building *b, const struct ob_library *library)
{
    if (library->cma || library->cmxa || library->cmxs || is_of_compiler(library->package) ||
        !in_directory(b, library->directory, "stdlib", ".cmi"))
        return true;
    return tn_fail(b->err, TENON_E_UNSUPPORTED,
                   "package %s is not whole: no %s.cma, %s.cmxa or %s.cmxs is in %s",
                   library->package, library->name, library->name, library->name,
                   library->directory);
}

static bool add_archive(struct ocaml_building *b, const char *package, const char *directory,
                        const char *base)
{
    const char *name = name_in_bundle(b, base, package);
    struct ob_library *library = name ? ob_new_library(b, name) : NULL;

    if (!library)
        return tn_no_memory(b->err);
    library->package = package;
    library->directory = directory;
    library->cma = in_directory(b, directory, base, ".cma");
    library->cmxa = in_directory(b, directory, base, ".cmxa");
    library->cmxs = in_directory(b, directory, base, ".cmxs");
    return judge_library(b, library) && (library->reason || check_directory(b, library));
}

static bool was_seen(const char *seen, const char *base)
{
    size_t size = strlen(base);

    for (const char *at = seen; (at = strstr(at, base)); at++)
        if ((at == seen || at[-1] == ' ') && (at[size] == ' ' || at[size] == '\0'))
            return true;
    return false;
}

/* Each archive that META names for bytecode or native code, once. */
static bool add_package(struct ocaml_building *b, const char *package, const char *directory)
{
    static const char *const predicates[] = { "byte", "native", "plugin,byte", "plugin,native" };
    const char *seen = "";
    bool is_rewriter;

    for (size_t i = 0; i < TN_COUNT(predicates); i++) {
        const char *archives = ask(b, package, predicates[i], "%a");
        char *rest = NULL, *text = archives ? tn_arena_string(&b->pack->arena, archives) : NULL;
        if (!text)
            return false;
        for (char *word = strtok_r(text, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
            const char *base = base_of(b, word);
            if (!base)
                return tn_no_memory(b->err);
            if (was_seen(seen, base))
                continue;
            seen = ob_format(b, "%s %s", seen, base);
            if (!seen || !add_archive(b, package, directory, base))
                return seen ? false : tn_no_memory(b->err);
        }
    }
    if (!*seen && !find_rewriter(b, package, &is_rewriter))
        return false;
    if (!*seen && is_rewriter)
        return true;
    if (!tn_grow(&b->packages, &b->package_room, b->package_count, sizeof *b->packages))
        return tn_no_memory(b->err);
    b->packages[b->package_count++] = package;
    return *seen || !has_loose_code(directory) || is_of_compiler(package) ||
           add_archive(b, package, directory, package);
}

/* ---- the closure
 * ---------------------------------------------------------------------------------- */

static bool take_lines(struct ocaml_building *b, const char *said)
{
    char *rest = NULL, *text = tn_arena_string(&b->pack->arena, said);

    if (!text)
        return tn_no_memory(b->err);
    for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        char *bar = strchr(line, '|');
        if (!bar) /* a warning of findlib's */
            continue;
        *bar = '\0';
        if (!add_package(b, line, bar + 1))
            return false;
    }
    return true;
}

/* The plugin's own archives stay behind the libraries that they need. */
static void move_given_behind(struct ocaml_building *b, size_t given)
{
    for (size_t i = 0; i < given; i++) {
        struct ob_library first = b->libraries[0];
        memmove(b->libraries, b->libraries + 1, (b->count - 1) * sizeof first);
        b->libraries[b->count - 1] = first;
    }
}

/*
 * What a loader would have to change in the code is an error, as in libraries of C, but where
 * ocamlopt makes no other code.
 *
 * rule  OCaml asmcomp/i386/emit.mlp and arm/emit.mlp: addresses of symbols stand in the code
 */
static const char *text_switch(const char *config)
{
    static const char *const machines[] = { "\narchitecture: i386\n", "\narchitecture: arm\n" };

    for (size_t i = 0; i < TN_COUNT(machines); i++)
        if (strstr(config, machines[i]))
            return "-Wl,-z,notext";
    return OB_TEXT;
}

static bool find_compilers(struct ocaml_building *b)
{
    const char *config = "";

    b->has_native = ob_run_words(b, &config, "ocamlopt", "-config", NULL);
    if (!b->has_native && !ob_run_words(b, NULL, "ocamlc", "-version", NULL))
        return false;
    b->text = text_switch(config);
    *b->err = (tenon_error)TENON_ERROR_INIT;
    return true;
}

bool ob_find_packages(struct ocaml_building *b)
{
    struct ob_words words = { 0 };
    size_t given = b->count;
    const char *said = NULL;
    bool ok = true;

    if (!find_compilers(b))
        return false;
    if (!b->options->packages)
        return true;
    ok = ob_add(b, &words, b->ocamlfind) && ob_add(b, &words, "query") &&
         ob_add(b, &words, "-recursive") && ob_add(b, &words, "-format") &&
         ob_add(b, &words, "%p|%d");
    for (char **list = b->options->packages; ok && *list; list++) {
        char *rest = NULL, *text = tn_arena_string(&b->pack->arena, *list);
        for (char *word = text ? strtok_r(text, ", ", &rest) : NULL; ok && word;
             word = strtok_r(NULL, ", ", &rest))
            ok = ob_add(b, &words, word);
    }
    ok = ok && ob_run(b, &words, &said) && take_lines(b, said);
    free(words.at);
    if (ok)
        move_given_behind(b, given);
    return ok;
}
