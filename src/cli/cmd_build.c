/* src/cli/cmd_build.c - a bundle from sources, objects and archives */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "build.h"
#include "build_ocaml.h"
#include "fail.h"
#include "query.h"
#include "text.h"

/* Before anything is compiled: a compiler's failure does not tell what it could not read. */
static bool check_readable(const char *const *files, tenon_error *err)
{
    char shown[TN_QUOTE_ROOM];

    for (; *files; files++)
        if (access(*files, R_OK) != 0)
            return tn_fail_system(err, errno, "%s", tn_quote(shown, *files));
    return true;
}

/*
 * The files as compilers and linkers take them for files: a name with "-" in front would be an
 * option, one with "@" a list of options. NULL: no memory.
 */
static const char *const *as_paths(struct tn_arena *arena, const char *const *files)
{
    size_t count = 0;

    while (files[count])
        count++;
    const char **paths = tn_arena_rows(arena, count + 1, sizeof *paths);
    for (size_t i = 0; paths && i < count; i++) {
        bool is_word = files[i][0] == '-' || files[i][0] == '@';
        paths[i] = is_word ? tn_arena_format(arena, "./%s", files[i]) : files[i];
        if (!paths[i])
            return NULL;
    }
    return paths;
}

static const char *const *take_files(struct pack *pack, const char *const *files, tenon_error *err)
{
    if (!check_readable(files, err))
        return NULL;
    files = as_paths(&pack->arena, files);
    if (!files)
        tn_no_memory(err);
    return files;
}

static int build_files(struct pack *pack, const struct build_options *build,
                       const struct ocaml_options *ocaml, const char *const *files)
{
    tenon_error err = TENON_ERROR_INIT;
    const char *const *paths = take_files(pack, files, &err);
    int status;

    if (!paths)
        return cli_fail_one(pack->cli, pack->options->out ? pack->options->out : files[0], &err);
    if (build_is_ocaml(ocaml, paths))
        return build_ocaml(pack, ocaml, paths);
    const char *library = build_library(pack, build, paths, &status);
    pack->flags = (const char *const *)build->ldflags;
    return library ? pack_all(pack, (const char *const[]){ library, NULL }) : status;
}

/* A list of packages that names none. */
static const char *find_empty(char *const *packages)
{
    for (; packages && *packages; packages++)
        if (!(*packages)[strspn(*packages, ", ")])
            return *packages;
    return NULL;
}

static int run_build(struct cli *cli, int argc, const char **argv)
{
    struct build_options build = { 0 };
    struct ocaml_options ocaml = { 0 };
    struct pack_options options = { .manifest = { 0 } };
    struct pack pack = { .cli = cli, .options = &options };
    const char *const *files;
    int status;
    struct poptOption table[] = {
        { "cc", 0, POPT_ARG_STRING, &build.cc, 0, "the compiler; else cc or c++", "CC" },
        { "cflag", 0, POPT_ARG_ARGV, &build.cflags, 0, "a word for the compiler", "FLAG" },
        { "ldflag", 0, POPT_ARG_ARGV, &build.ldflags, 0, "a word for the link: -lm", "FLAG" },
        { "unit-prefix", 0, POPT_ARG_STRING, &build.prefix, 0, "what the names of units begin with",
          "PREFIX" },
        { "package", 0, POPT_ARG_ARGV, &ocaml.packages, 0, "a findlib package of OCaml code",
          "NAME,..." },
        { "ocamlfind", 0, POPT_ARG_STRING, &ocaml.ocamlfind, 0, "findlib's command", "COMMAND" },
        { "ocamlflag", 0, POPT_ARG_ARGV, &ocaml.flags, 0, "a word for OCaml's compilers", "FLAG" },
        PACK_OPTIONS(options),
        POPT_TABLEEND
    };

    bool good = cli_parse(cli, table, argc, argv, &files, &status);
    if (good && find_empty(ocaml.packages))
        status = cli_usage(cli, "--package names no package");
    else if (good)
        status = *files || ocaml.packages ? build_files(&pack, &build, &ocaml, files)
                                          : cli_usage(cli, "no FILE given");
    pack_end(&pack);
    pack_options_free(&options);
    cli_free_list(build.cflags);
    cli_free_list(build.ldflags);
    cli_free_list(ocaml.packages);
    cli_free_list(ocaml.flags);
    free(ocaml.ocamlfind);
    free(build.cc);
    free(build.prefix);
    return status;
}

const struct cli_command cmd_build = {
    .name = "build",
    .arguments = "[FILE]...",
    .summary = "make a plugin bundle of sources, objects and archives",
    .about =
        "Compiles sources (.c .cc .cpp .cxx .s) with -fPIC, links them with objects (.o) and\n"
        "whole archives (.a) to a shared library that has a record of its units, and packs it\n"
        "as tenon pack does. So a library that is shipped as an archive alone becomes a plugin.\n"
        "OCaml: sources (.ml .mli .c), modules (.cmo .cmx .o), archives (.cma .cmxa .cmxs) and\n"
        "findlib packages become code for native programs and bytecode, with the libraries they\n"
        "need; what a package forgot to ship is made. Packages without a FILE become a plugin.\n"
        "What was made is said; only the bundle is kept.\n",
    .examples =
        "Examples:\n"
        "  tenon build -o stats.plugin stats.c --ldflag=-lm\n"
        "  tenon build -o zip.plugin --cc='ccache gcc' glue.c libfoo.a\n"
        "  tenon build -o greet.plugin --package=str,tenon greet.ml\n"
        "  tenon build --package=zarith\n\n"
        "Exit status: 0 the bundle was written, 1 it was refused (compiling or linking failed, a\n"
        "member is not position independent, a library is missing, --host would refuse it), 2\n"
        "wrong usage, 3 an input could not be read or the bundle not be written.\n",
    .run = run_build,
    .bare = true,
};
