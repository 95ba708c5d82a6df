/* src/find/hunt.h - one search: what is tried, and what came of it */
#ifndef TN_HUNT_H
#define TN_HUNT_H

#include <tenon/resolve.h>

#include "finder.h"
#include "found.h"

/* One set of switches to be tried. */
struct tn_attempt {
    const char *dir;    /* base directory; NULL: the compiler's own, or switches of the user */
    const char *origin; /* as tenon_find_place */
    struct tn_words cflags, libs;
    bool builtin; /* no -I and no -L are needed to look into dir */
    bool by_user; /* --cflags, --libs: wherever they lead */
    bool whole;   /* what all of an archive needs was asked for */
    /* where SHLIB_TYPE is NA: whether the linker was told to take archives alone, and took which */
    enum { TN_ARCHIVES_UNASKED, TN_ARCHIVES_ASKED, TN_ARCHIVES_NAMED } archives;
    const char *pc; /* the .pc file or script that gave the switches; NULL */
    bool is_script;
    const char *version; /* that the .pc file states; NULL */
};

/* What an attempt that passed found out. */
struct tn_outcome {
    const char *header;      /* path of the first header; NULL: there is none */
    const char *header_name; /* as included */
    struct tn_words group;   /* files that the library's switches made the linker open */
    bool is_shared;          /* one of them is a shared library */
    bool is_static;          /* the library's own file is an archive */
    struct tn_words run_dirs;
    bool run_path_in_libs; /* Mach-O: the switch is part of LIBS */
    const char *header_version, *library_version;
    bool not_startable;
};

#define TN_RANK_HEADERS 1

/* State of one search. */
struct tn_hunt {
    const struct tenon_finder *finder;
    const tenon_find_request *request;
    tenon_found *found;
    struct tn_arena *arena; /* the result's */
    const char *dir;        /* of temporary files */
    tenon_world *world;     /* this system or the sysroot, for reading */
    const char *const *headers;
    const char *header_source; /* who said so, for people; NULL: the user */
    const char *function, *version_macro, *version_function, *define;
    const char *compiled; /* the switches and headers that DIR/sample.o is made with; NULL */
    bool facts_by_list;   /* function and macros are from the list, not the user's */
    bool builtin_tried;   /* the headers were in a directory of the compiler's own */
    const char *last_reason;
    int last_rank; /* how far the best failure came; TN_RANK_HEADERS: not even there */
};

/* DIR/NAME, with the suffix that the platform's linkers give to programs. NULL: no memory. */
const char *tn_program_path(const struct tn_hunt *hunt, const char *name);

/* One step of the attempt that is being made. */
bool tn_hunt_step(struct tn_hunt *hunt, const char *step, enum tenon_step_outcome outcome,
                  bool run_path, const char *format, ...) __attribute__((format(printf, 5, 6)));

/* Starts the account of an attempt; tn_hunt_step adds to it. */
bool tn_hunt_begin(struct tn_hunt *hunt, const struct tn_attempt *attempt);

/*
 * Runs the steps of one attempt; switches that it found to be needed are added to it. *passed
 * tells the answer.
 *
 * errors   TENON_E_SYSTEM, TENON_E_MEMORY
 */
bool tn_attempt_run(struct tn_hunt *hunt, struct tn_attempt *attempt, struct tn_outcome *outcome,
                    bool *passed, tenon_error *err);
void tn_outcome_free(struct tn_outcome *outcome);
void tn_attempt_free(struct tn_attempt *attempt);

/* ---- parts of an attempt --------------------------------------------------------------------- */

/* Writes the program of steps b to e. */
bool tn_sample_write(struct tn_hunt *hunt, const char *path, tenon_error *err);

/* The files that a rule of make written by -MD names; none when it was not written. */
bool tn_depfile_read(struct tn_arena *arena, const char *path, struct tn_words *files,
                     tenon_error *err);

/* The files that a linker told with -t says it opened, in order. False: no memory. */
bool tn_linker_files(struct tn_arena *arena, const char *text, struct tn_words *files);

/*
 * Of these files, those that the library's own switches, `libs`, asked for: between our object and
 * what the compiler adds to each program.
 */
bool tn_linker_group(const struct tn_words *files, const char *object, const struct tn_words *libs,
                     struct tn_words *group);

/*
 * Starts the linked program and compares what it loads with what was linked. *passed; *why when
 * not; what the program printed in *out.
 */
bool tn_start(struct tn_hunt *hunt, const char *program, struct tn_outcome *outcome, bool *passed,
              const char **why, const char **out, tenon_error *err);

/*
 * The lines of a tool's complaint that say most, joined, without the directory of temporary files;
 * never empty. NULL: no memory.
 */
const char *tn_first_lines(const struct tn_hunt *hunt, const char *text);

/* -1, 0, 1: versions compared number by number. */
int tn_version_compare(const char *a, const char *b);

/*
 * Step f: versions, and the user's program. `run_dirs` as it was linked, NULL: without a run path;
 * `out` is what the sample printed.
 */
bool tn_further(struct tn_hunt *hunt, const struct tn_attempt *attempt,
                const struct tn_words *run_dirs, const char *out, struct tn_outcome *outcome,
                bool *passed, tenon_error *err);

/* ---- evidence -------------------------------------------------------------------------------- */

/* What a .pc file says of a library. */
struct tn_pc {
    const char *path, *version;
    struct tn_words cflags, libs, private_libs;
    struct tn_words files; /* that were read: those that it required, too */
};

/*
 * Reads a .pc file and those it requires from the directories.
 *
 * errors   TENON_E_NOT_FOUND (a required one), TENON_E_MALFORMED, TENON_E_LIMIT, TENON_E_MEMORY
 */
bool tn_pc_read(tenon_world *world, struct tn_arena *arena, const char *path,
                const struct tn_words *dirs, const char *sysroot, struct tn_pc *out,
                tenon_error *err);
void tn_pc_free(struct tn_pc *pc);

/* The .pc file in one of the directories that is about -lNAME; NULL: none. */
const char *tn_pc_for(tenon_world *world, struct tn_arena *arena, const struct tn_words *dirs,
                      const char *name);

/* Does one begin the other, by letters and digits, as "nspr" does "nspr4" and "png" "libpng16"? */
bool tn_is_alike(const char *a, size_t a_size, const char *b, size_t b_size);

/* A row of the list of known libraries. */
struct tn_known_library {
    const char *const *headers; /* NULL-ended */
    const char *function, *version_macro, *version_function;
    const char *define; /* "MACRO=VALUE" that the headers want; NULL */
    const char *source; /* "the list of known libraries", or a file */
};
bool tn_library_known(const struct tenon_finder *finder, struct tn_arena *arena, tenon_world *world,
                      const char *name, struct tn_known_library *out, bool *found,
                      tenon_error *err);
extern const char tn_known_list[];

/* Searches with a row's headers and facts; what the user asked for goes before. */
void tn_hunt_take(struct tn_hunt *hunt, const struct tn_known_library *known);

/*
 * Headers that the user does not name are to be known or guessed: always, but for a program of the
 * user's alone, which says itself what it includes.
 */
bool tn_needs_headers(const tenon_find_request *request);

/* Headers of the package that owns a file, best first; *package its name. */
bool tn_package_headers(tenon_world *world, struct tn_arena *arena, const char *file,
                        const char *name, struct tn_words *headers, const char **package);

/* The name without the version at its end: "png16" "png", "pcre2-8" "pcre2". NULL: no memory. */
const char *tn_without_version(struct tn_arena *arena, const char *name);

/* Headers called like the library in these directories. */
bool tn_headers_like(tenon_world *world, struct tn_arena *arena, const struct tn_words *dirs,
                     const char *name, struct tn_words *headers);

#endif
