/* include/tenon/find.h - which switches link a library so that the program also starts */
#ifndef TENON_FIND_H
#define TENON_FIND_H

#include <stdbool.h>
#include <stddef.h>

#include <tenon/error.h>
#include <tenon/world.h>

#ifdef __cplusplus
extern "C" {
#endif

/* How a program comes to know where its libraries are. */
enum tenon_recording {
    TENON_RECORDS_NOTHING,      /* the loader looks where it looks: PE, NetBSD a.out, NA */
    TENON_RECORDS_RUN_PATH,     /* a switch writes a list into whoever needs the library: ELF */
    TENON_RECORDS_INSTALL_NAME, /* the library's own path is copied: Mach-O */
    TENON_RECORDS_LINK_DIRS,    /* the -L directories are written down too: AIX, HP-UX SOM */
    TENON_RECORDS_PLUS_B,       /* +b writes a list, else the -L directories: HP-UX ELF */
};

/*
 * What is known of a platform: one row of the table. Lists are separated by spaces; a thing that
 * the platform does not have is NULL.
 *
 * source   build-lookup facts of each system: docs/design/find.md
 */
typedef struct tenon_platform {
    const char *name;           /* "linux" */
    const char *describe;       /* "GNU/Linux" */
    const char *shlib_type;     /* ELF PE MachO XCOFF SOM a.out NA */
    bool shlib_create;          /* a package system may make shared libraries here */
    bool elf_rpath;             /* run path switches are passed to the linker */
    const char *rpath_flag;     /* "-rpath", "-R" */
    const char *search_libs;    /* base directories; lib and include are appended */
    const char *run_variables;  /* read by the loader */
    const char *link_variables; /* read by the linker or the compiler driver */
    const char *loader_dirs;    /* where the loader looks, or may look (GNU/Linux), on its own;
                                   NULL: nowhere, or PATH */
    enum tenon_recording recording;
    const char *recorded;       /* a sentence: what a program will have recorded */
    const char *switches;       /* that have it recorded; DIR is the directory */
    const char *print_recorded; /* commands that print it */
    const char *file_names;     /* how a library <n> may be called */
    const char *no_shared;      /* why no shared library is to be made; NULL: it may */
} tenon_platform;

/*
 * The i-th platform, the one of a name, and the one that a compiler's target triple
 * ("x86_64-linux-gnu") is for. NULL: none.
 *
 * owner    constants
 * threads  any
 */
TENON_API const tenon_platform *tenon_platform_at(size_t i);
TENON_API const tenon_platform *tenon_platform_named(const char *name);
TENON_API const tenon_platform *tenon_platform_of_target(const char *triple);

/*
 * The variables of a build, each by the strongest who sets it: an option, the environment, the
 * file tenon.conf, the platform. Names are those of tenon_setting_name(): CC, SHLIB_CREATE,
 * SHLIB_TYPE, SEARCH_LIBS, SEARCH_LIBS_OVERRIDE, ELF_RPATH, RPATH_FLAG, LOCALBASE, LDFLAGS, ...
 *
 * threads  settings belong to one thread while they change, then to any
 */
typedef struct tenon_settings tenon_settings;

enum tenon_origin {
    TENON_ORIGIN_NONE,
    TENON_ORIGIN_PLATFORM,
    TENON_ORIGIN_FILE,
    TENON_ORIGIN_ENVIRONMENT,
    TENON_ORIGIN_OPTION,
};

/* The i-th variable, NULL when i is past the last; and "platform", "file", ... Constants. */
TENON_API const char *tenon_setting_name(size_t i);
TENON_API const char *tenon_origin_name(enum tenon_origin origin);

/*
 * Settings without any value.
 *
 * owner    the caller, until tenon_settings_free()
 * errors   TENON_E_MEMORY
 */
TENON_API tenon_settings *tenon_settings_new(tenon_error *err);
TENON_API void tenon_settings_free(tenon_settings *settings);

/*
 * Sets one variable, unless a stronger origin has set it.
 *
 * owner    copies the value
 * errors   TENON_E_ARGUMENT for a name that is none, or a value that the variable cannot have;
 *          TENON_E_MEMORY
 */
TENON_API bool tenon_settings_set(tenon_settings *settings, enum tenon_origin origin,
                                  const char *name, const char *value, tenon_error *err);

/*
 * Reads a tenon.conf: make-style assignments (= := ?= +=), # comments, lines continued by \,
 * $(NAME) and ${NAME}. Variables that are none of ours may be used by others.
 *
 * shape    bytes[size], any content; `name` is for messages
 * errors   TENON_E_MALFORMED "NAME: line N: ...", TENON_E_ARGUMENT, TENON_E_LIMIT, TENON_E_MEMORY
 */
TENON_API bool tenon_settings_read(tenon_settings *settings, const void *bytes, size_t size,
                                   const char *name, tenon_error *err);

/*
 * Fills in what a platform says, and checks that all fits together: ELF_RPATH=yes only where
 * SHLIB_TYPE is ELF, and not without RPATH_FLAG.
 *
 * errors   TENON_E_ARGUMENT, TENON_E_MEMORY
 */
TENON_API bool tenon_settings_settle(tenon_settings *settings, const tenon_platform *platform,
                                     tenon_error *err);

/*
 * A variable's value; NULL when it has none or there is no such variable.
 *
 * owner    borrowed from the settings until they change
 */
TENON_API const char *tenon_settings_get(const tenon_settings *settings, const char *name);
TENON_API enum tenon_origin tenon_settings_origin(const tenon_settings *settings, const char *name);

/*
 * The switches that link -lNAME from the directory `dir` for a platform, quoted for a shell: a run
 * path where the platform has one and `dir` is none of the loader's own directories: of the
 * platform that this process runs on, its own loader's. Where LDFLAGS has a list that replaces what
 * -L would record (AIX -blibpath, HP-UX +b), that list with `dir`. For what the settings leave
 * unset the platform's values count, as tenon_settings_settle() fills them in.
 *
 * owner    a new string for the caller to free(), or NULL with *err filled
 * errors   TENON_E_ARGUMENT for what is no name of a library (struct tenon_find_request) and for a
 *          relative directory that a program would have recorded; TENON_E_UNSUPPORTED for one that
 *          no run path can hold (":", "$LIB"); TENON_E_MEMORY; those of tenon_settings_settle()
 */
TENON_API char *tenon_link_flags(const tenon_platform *platform, const tenon_settings *settings,
                                 const char *name, const char *dir, tenon_error *err);

/*
 * The switches that make a shared library NAME for `dir`: its own name or install name, and its
 * version ("1.2.3"; NULL: none). What the settings leave unset is as with tenon_link_flags().
 *
 * owner    as tenon_link_flags
 * errors   TENON_E_UNSUPPORTED with the reason where none may be made; TENON_E_ARGUMENT for what is
 *          no name of a library, and for a version that the platform cannot express;
 * TENON_E_MEMORY; those of tenon_settings_settle()
 */
TENON_API char *tenon_shared_flags(const tenon_platform *platform, const tenon_settings *settings,
                                   const char *name, const char *dir, const char *version,
                                   tenon_error *err);

/*
 * A compiler, asked once, with which libraries are searched for.
 *
 * threads  made by one thread; then any number may search with it at the same time
 */
typedef struct tenon_finder tenon_finder;

/*
 * Asks the compiler of the settings (CC, SYSROOT) what it compiles for, and settles the settings
 * for that platform, or for the one that is named.
 *
 * shape    `platform` may be NULL; `environment` is the caller's, NULL-ended: test programs and
 *          compilers get it without the variables that change what a loader or linker finds;
 *          `cache` is a directory in which answers are kept, NULL: none are
 * owner    borrows the settings, until tenon_finder_free(); copies the rest
 * errors   TENON_E_NOT_FOUND (no compiler), TENON_E_ARGUMENT, TENON_E_SYSTEM, TENON_E_MEMORY
 */
TENON_API tenon_finder *tenon_finder_new(tenon_settings *settings, const tenon_platform *platform,
                                         const char *const *environment, const char *cache,
                                         tenon_error *err);
TENON_API void tenon_finder_free(tenon_finder *finder);
TENON_API const tenon_platform *tenon_finder_platform(const tenon_finder *finder);

/* The list of known libraries that is built in: a line each, see tenon-find(1). A constant. */
TENON_API const char *tenon_find_known(void);

/*
 * What to search for. Only `name` is needed; lists are NULL-ended; NULL: not given. A name is not
 * "." or "..", begins with no "-" and has neither slash, space, quote, backslash nor "$".
 */
typedef struct tenon_find_request {
    const char *name;             /* as given to -l */
    const char *const *headers;   /* "zlib.h"; not given: known or guessed; none for `program` with
                                     neither function nor version asked of the library */
    const char *function;         /* that a header declares and the library has */
    const char *program;          /* path of a C file that must compile, link, and exit with 0 */
    const char *const *dirs;      /* the user's base directories, searched first */
    const char *cflags, *libs;    /* the user's switches: they replace the search */
    const char *version_macro;    /* of a header: a string or a number */
    const char *version_function; /* of the library: returns a string */
    const char *version_cmd;      /* a command that prints it, run by sh */
    const char *min_version;
    bool static_link; /* find also what a static link needs */
} tenon_find_request;

enum tenon_find_verdict {
    TENON_FIND_NOT_FOUND,     /* "not-found" */
    TENON_FIND_FOUND,         /* "found" */
    TENON_FIND_NOT_STARTABLE, /* "not-startable": found; a DLL is in no directory of PATH (PE) */
};

enum tenon_step_outcome {
    TENON_STEP_SKIPPED, /* "skipped" */
    TENON_STEP_PASSED,  /* "passed" */
    TENON_STEP_FAILED,  /* "failed" */
};

/* One step in one directory: headers object link start further. */
typedef struct tenon_find_step {
    const char *step;
    enum tenon_step_outcome outcome;
    bool run_path;   /* with the run path */
    const char *why; /* one sentence; NULL */
} tenon_find_step;

/* What was tried in one directory with one set of switches. */
typedef struct tenon_find_place {
    const char *dir;    /* base directory; NULL: the compiler's own */
    const char *origin; /* "given", "LOCALBASE", "SEARCH_LIBS", "compiler", "flags", or a file */
    const char *flags;  /* the switches, quoted for a shell */
    const tenon_find_step *steps;
    size_t step_count;
    bool accepted;
} tenon_find_place;

/*
 * The account and the result of one search.
 *
 * threads  it does not change: any number may read it
 */
typedef struct tenon_found tenon_found;

/*
 * Searches for one library: in each directory the headers are there (a), an object compiles (b), a
 * program links (d), starts with the very file that was linked (e), and passes what else is asked
 * (f); (d) to (f) again with a run path where there is one. File names of libraries decide nothing.
 *
 * Tools and test programs take time. Who holds back (blocks) SIGINT, SIGQUIT, SIGTERM or SIGHUP
 * after the finder was made is asked to end by one that is pending: what runs is stopped, temporary
 * files are removed.
 *
 * A process that ignores SIGCHLD (SIG_IGN, SA_NOCLDWAIT) is copied by fork() for each program that
 * is started, here and by tenon_finder_new(): the system tells it nothing of its children.
 *
 * owner    the caller, until tenon_found_free(); nothing is borrowed
 * returns  an account, also when nothing was found; NULL when the question could not be answered
 * errors   TENON_E_ARGUMENT, TENON_E_UNSUPPORTED (a directory with a newline), TENON_E_MEMORY,
 *          TENON_E_SYSTEM ("interrupted" by such a signal; a `program` that cannot be read)
 */
TENON_API tenon_found *tenon_find(const tenon_finder *finder, const tenon_find_request *request,
                                  tenon_error *err);
TENON_API void tenon_found_free(tenon_found *found);

TENON_API const char *tenon_found_name(const tenon_found *found);
TENON_API enum tenon_find_verdict tenon_found_verdict(const tenon_found *found);

/* Why it was not found, in one sentence; NULL when it was. */
TENON_API const char *tenon_found_reason(const tenon_found *found);

/* The i-th place, in the order tried, and remark; NULL when i is past the last. */
TENON_API const tenon_find_place *tenon_found_place(const tenon_found *found, size_t i);
TENON_API const char *tenon_found_remark(const tenon_found *found, size_t i);

/*
 * The i-th value of the result: *name (`name` may be NULL) is "INCDIR", "LIBDIR", "DEFS", "LIBS",
 * "STATIC_LIBS", "NEED_RPATH", "CONFIG", "SYSTEM", ... NULL when i is past the last.
 */
TENON_API const char *tenon_found_value(const tenon_found *found, size_t i, const char **name);

/*
 * The result for a consumer: "make", "sh", "pc", "cmake", "meson".
 *
 * owner    a new string for the caller to free(), or NULL with *err filled
 * errors   TENON_E_ARGUMENT for another format, or when nothing was found; TENON_E_UNSUPPORTED for
 * a switch that the format's tool would hand on as another ("$", "(" and ")" for pc, ...);
 *          TENON_E_MEMORY
 */
TENON_API char *tenon_found_write(const tenon_found *found, const char *format, tenon_error *err);

/* Stable words for the enumerations, as JSON has them. Constants. */
TENON_API const char *tenon_find_verdict_name(enum tenon_find_verdict verdict);
TENON_API const char *tenon_step_outcome_name(enum tenon_step_outcome outcome);

#ifdef __cplusplus
}
#endif
#endif
