/* src/cli/cmd_build.c - a bundle from sources, objects and archives */
#include <stdlib.h>

#include "build.h"
#include "build_ocaml.h"
#include "query.h"

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
    if (good && !*files && !ocaml.packages) {
        status = cli_usage(cli, "no FILE given");
    } else if (good && build_is_ocaml(&ocaml, files)) {
        status = build_ocaml(&pack, &ocaml, files);
    } else if (good) {
        const char *library = build_library(&pack, &build, files, &status);
        pack.flags = (const char *const *)build.ldflags;
        if (library)
            status = pack_all(&pack, (const char *const[]){ library, NULL });
    }
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
        "member is not position independent, a library is missing), 2 wrong usage, 3 an input\n"
        "could not be read or the bundle not be written.\n",
    .run = run_build,
    .bare = true,
};
