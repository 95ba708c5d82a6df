/* src/cli/build_ocaml.h - a bundle of OCaml code: sources, findlib packages and ready archives */
#ifndef CLI_BUILD_OCAML_H
#define CLI_BUILD_OCAML_H

#include <tenon/ocaml.h>

#include "pack.h"
#include "run.h"

/* Options of build that are OCaml's alone, as popt stores them. */
struct ocaml_options {
    char *ocamlfind;
    char **packages, **flags; /* NULL-ended; NULL: none */
};

/* Is it OCaml's, by a file's suffix or an option? */
bool build_is_ocaml(const struct ocaml_options *options, const char *const *files);

/* Makes the bundle; returns the exit status, everything was said. */
int build_ocaml(struct pack *pack, const struct ocaml_options *options, const char *const *files);

/* ---- between the files of this ------------------------------------------------------------------
 */

/* For linkers: what a loader would have to change in the code is an error, as for plugins of C. */
#define OB_TEXT "-Wl,-z,text"

/* A growing list of words, NULL-ended, in malloc's memory. */
struct ob_words {
    const char **at;
    size_t count, room;
};

/* A library in the making: what its package ships, and what was made of it. */
struct ob_library {
    const char *name;      /* base name in the bundle */
    const char *package;   /* findlib's name of it; NULL: given by hand, or the plugin's own code */
    const char *directory; /* where its files lie */
    const char *cma, *cmxs, *cmxa; /* paths; NULL: there is none */
    const char *reason;            /* why it is left out; NULL: it is bundled */
    bool is_main;
};

struct ocaml_building {
    struct pack *pack;
    const struct ocaml_options *options;
    const char *ocamlfind;
    struct ob_library *libraries; /* in the order of their needs; the plugin's own code last */
    size_t count, room;
    const char **packages; /* the closure, by findlib's names, in that order */
    size_t package_count, package_room;
    struct ob_words taken, made, left_out, missing;
    struct ob_words units_cmo, units_cmx, objects; /* of the plugin's own code */
    struct ob_words given;                         /* what each of the objects is of */
    struct ob_words stubs;                         /* "dllfoo.so" that go along: paths */
    const char *dlls;                              /* of the plugin's own C code; NULL */
    bool has_native;                               /* there is an ocamlopt */
    const char *text;   /* for the C linker: may native code be changed when it is loaded? */
    bool by_base_name;  /* compile copies below the scratch directory, with it as the current one */
    const char *untold; /* "/DIR/" that comes before a path of the user's, where none was given */
    tenon_ocaml *host;  /* of --host; NULL: none was given */
    bool is_own;        /* it is the plugin's own code that is compiled */
    const char *failed, *said; /* the command that failed last, as *err has it; what it printed */
    struct tn_signals signals;
    bool is_unreadable; /* the error is about a file that could not be read: nothing was refused */
    tenon_error *err;
};

/* A file of OCaml's that must be readable, for tenon_ocaml_free(); NULL: *b->err has why. */
tenon_ocaml *ob_open(struct ocaml_building *b, const char *file);

bool ob_add(struct ocaml_building *b, struct ob_words *words, const char *word);
const char *ob_format(struct ocaml_building *b, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * Runs ocamlfind with these words. *said: what it printed, NUL-ended; NULL: not wanted.
 *
 * returns  false: it could not be run, or failed: *b->err has its words
 */
bool ob_run(struct ocaml_building *b, const struct ob_words *words, const char **said);

/* Words of a command, ended by NULL. */
bool ob_run_words(struct ocaml_building *b, const char **said, ...);

bool ob_ends_with(const char *text, const char *suffix);
bool ob_is_there(const char *path); /* NULL is not */

/* The module of a source: "Pa" of "dir/pa.mli". NULL: no memory. */
const char *ob_module_of(struct ocaml_building *b, const char *file);

/* "NAME from WHAT", to be told. */
bool ob_made(struct ocaml_building *b, const char *what, const char *from);

struct ob_library *ob_new_library(struct ocaml_building *b, const char *name);

/* build_ocaml_find.c: the packages that are needed, with their files. */
bool ob_find_packages(struct ocaml_building *b);

/* A library that is not bundled, and why. */
bool ob_leave_out(struct ocaml_building *b, struct ob_library *library, const char *reason);

/* ---- build_ocaml_order.c ---- */

/* How many units a file has; none when it cannot be read. */
size_t ob_units_of(struct ocaml_building *b, const char *file);

/* What was made must hold the very units of what it was made from. */
bool ob_compare_units(struct ocaml_building *b, const char *product, const char *source);

/* Puts modules behind those that they need, and changes no order that is one. */
bool ob_order_modules(struct ocaml_building *b, struct ob_words *modules);

/* The modules of a directory with that suffix, those needed first. */
bool ob_loose_modules(struct ocaml_building *b, const char *directory, const char *suffix,
                      struct ob_words *out);

/* ---- build_ocaml_match.c ---- */

/* Is bytecode and native code of one library the same, and no unit in two of them? */
bool ob_match(struct ocaml_building *b);

/* ---- build_ocaml_beside.c ---- */

/* Adds the modules that lie beside sources, to which these refer, and nobody else has. */
bool ob_take_beside(struct ocaml_building *b, struct ob_words *sources);

/* ---- build_ocaml_host.c ---- */

/* The host's unit of that name; NULL: there is none, or no host. */
const tenon_ocaml_unit *ob_host_unit(const struct ocaml_building *b, const char *name);

/*
 * Takes those out of a list of modules that the host has: it is the host's that will be used.
 *
 * returns  false: one of them cannot be the host's, or *b->err
 */
bool ob_leave_to_host(struct ocaml_building *b, struct ob_words *modules);

/* ---- build_ocaml_make.c: makes what a library forgot to ship. ---- */
bool ob_repair(struct ocaml_building *b, struct ob_library *library);

/* Where a file of the library is made: its name in the scratch directory. */
const char *ob_product(struct ocaml_building *b, const struct ob_library *library,
                       const char *suffix);

/* ---- build_ocaml_compile.c ---- */

/* Compiles and links the plugin's own code; the last of b->libraries. */
bool ob_make_main(struct ocaml_building *b, const char *name, const char *const *files);

/* Copies a file into the scratch directory: *to. */
bool ob_copy_file(struct ocaml_building *b, const char *from, const char **to);

/* ocamldep and how sources are preprocessed: what it is to say of which is for the caller to add.
 */
bool ob_add_ocamldep(struct ocaml_building *b, struct ob_words *words);

/* Compiles sources in the order in which ocamldep says that they can be: into the scratch
 * directory. */
bool ob_compile_sorted(struct ocaml_building *b, const struct ob_words *sources);

/* Links what was compiled: the library's .cmxs or .cma. */
bool ob_link_own(struct ocaml_building *b, struct ob_library *library, bool native);

/* ---- build_ocaml_stubs.c: the stubs that an archive of bytecode names become b->stubs. ---- */
bool ob_find_stubs(struct ocaml_building *b, struct ob_library *library);

#endif
