/* src/cli/pack.h - the steps of pack and build: closure, run paths, entries, what was done */
#ifndef CLI_PACK_H
#define CLI_PACK_H

#include <dirent.h>

#include "arena.h"
#include "closure.h"
#include "manifest_options.h"

/* Options of pack and build, as popt stores them. */
struct pack_options {
    struct cli_manifest manifest;
    char *out, *host, *bundle;
    char **library_dirs; /* NULL-ended; NULL: none */
    int set_runpath;
};

/* one row a line */
/* clang-format off */
#define PACK_OPTIONS(p) \
    { "output", 'o', POPT_ARG_STRING, &(p).out, 0, \
      "the bundle to write; else NAME.plugin", "FILE" }, \
    { "bundle", 0, POPT_ARG_STRING, &(p).bundle, 0, \
      "libraries to bring along: auto, none or a list", "WHICH" }, \
    { "host", 0, POPT_ARG_STRING, &(p).host, 0, \
      "leave out what PROG has, require what it must have", "PROG" }, \
    { "library-dir", 'L', POPT_ARG_ARGV, &(p).library_dirs, 0, \
      "where else to look for libraries", "DIR" }, \
    { "resource", 0, POPT_ARG_ARGV, &(p).manifest.resources, 0, \
      "a file as data/NAME", "[NAME=]FILE" }, \
    { "data", 0, POPT_ARG_ARGV, &(p).manifest.resources, 0, \
      "the same as --resource", "[NAME=]FILE" }, \
    { "set-runpath", 0, POPT_ARG_NONE, &(p).set_runpath, 0, \
      "let patchelf write the run path $ORIGIN where it is missing", NULL }, \
    CLI_MANIFEST_OPTIONS((p).manifest)
/* clang-format on */

/* One file of code in the making. */
struct pack_file {
    const char *file;   /* as given */
    const char *name;   /* in the bundle */
    const char *triple; /* "": not known; only looked at when there are several */
    struct tn_closure closure;
    enum tenon_record record;
    size_t unit_count;
};

/* A file that patchelf has changed a copy of. */
struct pack_patched {
    const char *path, *copy;
};

struct pack {
    struct cli *cli;
    const struct pack_options *options;
    const char *const *flags; /* of build's link: its -L count as --library-dir; or NULL */
    /* sentences of build: what it took unasked, made, left out, and could not make; NULL-ended, or
     * NULL */
    const char *const *taken, *const *made, *const *left_out, *const *not_made;
    struct tn_arena arena;
    tenon_world *world;
    tenon_builder *builder;
    char *out;
    const char *main; /* the base name of the plugin's own code */
    struct pack_file *files;
    size_t file_count;
    const char *stray;          /* a library of the bundle that would come from elsewhere; NULL */
    const char *const *refused; /* why the host would not take it; NULL-ended, or NULL */
    bool has_directories;       /* --library-dir */
    bool has_host_record;
    enum tenon_record host_record;
    char *scratch;     /* a directory for files that are not kept; NULL: none was needed */
    DIR *scratch_list; /* ... open from the beginning: it can be emptied without a descriptor */
    struct pack_patched *patched;
    size_t patched_count, patched_room;
};

/*
 * Packs these files of code; returns the exit status, everything was printed. pack_end() is needed
 * in any case.
 */
int pack_all(struct pack *pack, const char *const *files);
void pack_end(struct pack *pack);

/* Was it to be bundled, and is not to be found? */
bool pack_is_missed(const struct tn_needed *row);

void pack_options_free(struct pack_options *options);

/* ---- pack_main.c ----------------------------------------------------------------------------- */

/*
 * Fills pack->main, and by which name each file goes into the bundle: MAIN.so, so that it is found
 * again. With --main, other code may stand beside it under its own name.
 */
bool pack_name_files(struct pack *pack, tenon_error *err);

/* Of two files for one kind of system only one would ever be loaded. TENON_E_ARGUMENT. */
bool pack_check_systems(struct pack *pack, tenon_error *err);

/* ---- pack_run_path.c ------------------------------------------------------------------------- */

/*
 * The file to take for a row that lacks the run path $ORIGIN: a copy that patchelf has changed.
 * NULL with *err: TENON_E_UNSUPPORTED (patchelf is not there), _SYSTEM.
 */
const char *pack_patch(struct pack *pack, const struct tn_needed *row, tenon_error *err);

/* A directory for files that are not kept: pack->scratch. Twice is fine. */
bool pack_make_scratch(struct pack *pack, tenon_error *err);

/* Removes it with the files in it. */
void pack_remove_scratch(struct pack *pack);

/* ---- pack_host.c ----------------------------------------------------------------------------- */

/*
 * Fills pack->refused: why the program of --host would refuse what the builder has, whatever else
 * it loads. Without the option nothing is asked.
 */
bool pack_ask_host(struct pack *pack, tenon_error *err);

/* ---- pack_report.c --------------------------------------------------------------------------- */

/* What was made, from the bundle as it was written. */
void pack_print(struct pack *pack, const tenon_manifest *manifest, uint64_t size);

/* The verdict on what the program of --host would not take. */
#define PACK_REFUSED_BY_HOST "refused-by-host"

/*
 * The answer is no: libraries missing, run paths missing, the host's no. `verdict` is a word for
 * JSON.
 */
void pack_print_refusal(struct pack *pack, const char *verdict);

#endif
