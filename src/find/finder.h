/* src/find/finder.h - what all searches of one run share */
#ifndef TN_FINDER_H
#define TN_FINDER_H

#include <signal.h>
#include <tenon/find.h>

#include "arena.h"
#include "child.h"
#include "view.h"
#include "words.h"

/* Made once, then only read: several threads may search at the same time. */
struct tenon_finder {
    struct tn_arena arena;
    const tenon_settings *settings;
    const tenon_platform *platform;
    struct tn_words env; /* of every tool and test program: scrubbed; NULL-ended */
    struct tn_words compiler;
    struct tn_words wrapper;      /* what starts programs of another system; empty: nothing does */
    struct tn_words include_dirs; /* that the compiler looks through on its own */
    struct tn_words library_dirs; /* ... or its linker: those that it names, then likely ones */
    size_t named_dirs;            /* how many of these it names */
    const char *compiler_path;    /* of its file; NULL: not known */
    const char *target;           /* its triple; NULL: not known */
    const char *sysroot;          /* NULL: this system */
    const char *cross_root; /* what is "/" for programs of another machine; NULL: this system's */
    const char *home, *config_home;
    const char *cwd;   /* of the caller; NULL: not known */
    const char *cache; /* directory of kept answers; NULL: none are kept */
    bool elf, run_paths;
    bool no_shared; /* SHLIB_TYPE is NA: archives alone are libraries */
    bool starts;    /* programs that it makes can be started here, or by the wrapper */
    const char *rpath_flag;
    int nothing; /* open on /dev/null */
    sigset_t mask;
};

/* Is the variable (NAME=VALUE) one of `count` names? One that ends in * stands for all that begin
 * so.
 */
bool tn_finder_is_listed(const char *variable, const char *const *list, size_t count);

/* A variable of the environment that tools and test programs have; NULL: not set. */
const char *tn_finder_env(const struct tenon_finder *finder, const char *name);

/* What one tool said. */
struct tn_said {
    struct tn_exit exit;
    bool late;                 /* killed: it took too long */
    const char *out, *err_out; /* in the arena */
    size_t out_size, err_size;
};

/*
 * Runs one tool or test program with the scrubbed environment and no input. One that cannot be
 * started has exit status 127 and says why.
 *
 * errors   TENON_E_SYSTEM (no temporary file), TENON_E_MEMORY
 */
bool tn_tool_run(const struct tenon_finder *finder, struct tn_arena *arena,
                 const struct tn_words *argv, unsigned seconds, struct tn_said *said,
                 tenon_error *err);

/* Seconds after which a tool is killed; a test program is, earlier. */
#define TN_TOOL_SECONDS 600u
#define TN_START_SECONDS 60u

/* Asks the compiler for its target and its directories. */
bool tn_compiler_ask(struct tenon_finder *finder, tenon_error *err);

/*
 * The file that PATH gives for a program's name. NULL: none.
 */
const char *tn_find_program(struct tn_arena *arena, const char *name);

/* The same path from everywhere: a relative one began in the directory where the run began. */
const char *tn_absolute_path(struct tn_arena *arena, const struct tenon_finder *finder,
                             const char *path);

/* A path without "//", "/./" and "x/../", by its text alone. NULL: no memory. */
const char *tn_tidy_path(struct tn_arena *arena, const char *path);

/* The path of a directory after symbolic links, the path itself when it is not there. */
const char *tn_real_path(struct tn_arena *arena, const char *path);

/* The installation that a directory of headers or libraries is part of: "/usr/lib/x" "/usr". */
const char *tn_prefix_of(struct tn_arena *arena, const char *dir);

const char *tn_dir_name(struct tn_arena *arena, const char *path);

#endif
