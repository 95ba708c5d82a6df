/* include/tenon/resolve.h - which file each needed library becomes, by which rule, and why not */
#ifndef TENON_RESOLVE_H
#define TENON_RESOLVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tenon/error.h>
#include <tenon/image.h>
#include <tenon/loader.h>
#include <tenon/world.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * A resolver answers many questions about one world and reads each file and each directory once,
 * whoever asks. A graph is the answer about one process; nothing one question loaded is seen by
 * the next.
 *
 * threads  a resolver, its world and its graphs belong to one thread at a time
 */
typedef struct tenon_resolver tenon_resolver;
typedef struct tenon_graph tenon_graph;
typedef struct tenon_state tenon_state;

/* Object index of "the file itself" in a graph. */
#define TENON_THE_FILE (-1)

/* What to find out besides which file each library is. */
enum tenon_resolve_flags {
    TENON_RESOLVE_LATER = 1,      /* candidates that would have come after the one found */
    TENON_RESOLVE_SYMBOLS = 2,    /* who provides each undefined symbol */
    TENON_RESOLVE_DLOPEN = 4,     /* libraries that ldd cannot see: .note.dlopen, string literals */
    TENON_RESOLVE_NO_PRELOAD = 8, /* without LD_PRELOAD and its like, and /etc/ld.so.preload */
};

/*
 * shape    `world` outlives the resolver
 * owner    the caller, until tenon_resolver_free(), which must come after its graphs are freed
 * errors   TENON_E_MEMORY
 */
TENON_API tenon_resolver *tenon_resolver_new(tenon_world *world, tenon_error *err);
TENON_API void tenon_resolver_free(tenon_resolver *resolver);

/*
 * Fixes the loader by name ("glibc", "musl"; NULL: from the image), the executable that loads a
 * library (NULL: the file is started as the program), the interpreter instead of the recorded one
 * (NULL: as recorded). Strings are copied.
 *
 * shape    before the first question, as what was answered is kept. The same holds for the world's
 *          settings (environment, secure mode, cwd, processor): nobody checks those
 * errors   TENON_E_ARGUMENT for an unknown loader, or after a question; TENON_E_MEMORY
 */
TENON_API bool tenon_resolver_set_loader(tenon_resolver *resolver, const char *name,
                                         tenon_error *err);
TENON_API bool tenon_resolver_set_exe(tenon_resolver *resolver, const char *path, tenon_error *err);
TENON_API bool tenon_resolver_set_interpreter(tenon_resolver *resolver, const char *path,
                                              tenon_error *err);

/*
 * Fixes what the next questions find out, at any time: a union of enum tenon_resolve_flags.
 * Graphs that are there stay as they are.
 */
TENON_API void tenon_resolver_set_flags(tenon_resolver *resolver, unsigned flags);

/*
 * Says which files will be asked for, in which order: a hint. On this system the resolver may then
 * read them, and the libraries that they are likely to need, ahead in a thread of its own. Answers
 * are the same with or without.
 *
 * owner    copies the strings
 * errors   TENON_E_MEMORY, TENON_E_ARGUMENT when called twice (unless the resolver shares)
 */
TENON_API bool tenon_resolver_expect(tenon_resolver *resolver, const char *const *paths,
                                     size_t count, tenon_error *err);

/*
 * Lets resolvers, each with a world of its own, read each file of this system only once, whichever
 * comes to it first: one for each thread, when very many files are asked about. `with` NULL makes
 * one that others can share with; where files are not simply those of this system, or `with` does
 * not share, nothing is shared. Answers are the same with or without.
 *
 * threads  `with` may be in use by another thread. They may be freed in any order
 * errors   TENON_E_ARGUMENT when the resolver was asked, expects files or shares; TENON_E_MEMORY
 */
TENON_API bool tenon_resolver_share(tenon_resolver *resolver, const tenon_resolver *with,
                                    tenon_error *err);

/*
 * What would be loaded if `path` were started as a program (a library: as `ld.so path` does, or
 * by the executable of tenon_resolver_set_exe()).
 *
 * owner    the caller, until tenon_graph_free(); borrows from the resolver
 * returns  a graph, also when libraries are missing or refused; NULL when the file itself cannot
 *          be answered for
 * errors   those of tenon_image_open; TENON_E_NOT_LOADABLE for relocatable objects, cores, debug
 *          files, kernel modules; TENON_E_UNSUPPORTED when no loader of ours matches
 */
TENON_API tenon_graph *tenon_resolve_file(tenon_resolver *resolver, const char *path,
                                          tenon_error *err);
TENON_API void tenon_graph_free(tenon_graph *graph);

/*
 * As tenon_resolve_file, for a slice of a universal file or a member of an archive. Of a universal
 * file without a slice the one is taken that its system would prefer.
 *
 * errors   TENON_E_NOT_FOUND when there is no such slice or member
 */
TENON_API tenon_graph *tenon_resolve_source(tenon_resolver *resolver,
                                            const tenon_image_source *source, tenon_error *err);

/*
 * A process as it is: its objects in load order, the program first, each with the reason it is
 * there. Questions can then be asked of it as a running program would ask dlopen().
 *
 * A build id that differs from the file's says that the file was replaced under the process: the
 * object is then refused, as its facts cannot be known.
 *
 * owner    copies every string
 * threads  a state belongs to one thread while it changes, then any number may resolve it
 */
typedef struct tenon_loaded {
    tenon_image_source source; /* path as the loader reports it; read from the world */
    const char *name;          /* as it was asked for; NULL */
    const char *reason;        /* for people; NULL */
    const char *build_id;      /* hexadecimal, as seen in the process; NULL: not known */
    int32_t loaded_by; /* index of the object that first caused it; TENON_THE_FILE: nobody */
} tenon_loaded;

/* How dlopen() is called. */
enum tenon_open_flags {
    TENON_OPEN_NOLOAD = 1, /* RTLD_NOLOAD: only what is there already answers */
};

TENON_API tenon_state *tenon_state_new(tenon_error *err);
TENON_API void tenon_state_free(tenon_state *state);

/*
 * Adds an object.
 *
 * errors   TENON_E_ARGUMENT for one without path, or loaded by one that is not there yet;
 *          TENON_E_LIMIT, TENON_E_MEMORY
 */
TENON_API bool tenon_state_add(tenon_state *state, const tenon_loaded *object, tenon_error *err);

/*
 * Asks for dlopen(name) as called by code of object `caller` (an index in order of adding);
 * `flags` is a union of enum tenon_open_flags.
 * Several requests are answered one after the other in the same process.
 *
 * errors   TENON_E_ARGUMENT for no name, flags that are not known, or a caller that is not there;
 *          TENON_E_MEMORY
 */
TENON_API bool tenon_state_request(tenon_state *state, const char *name, int32_t caller,
                                   unsigned flags, tenon_error *err);

/* The process after all requests. The state may be freed or used again. */
TENON_API tenon_graph *tenon_resolve_state(tenon_resolver *resolver, const tenon_state *state,
                                           tenon_error *err);

/* Status words are those of JSON. */
enum tenon_status {
    TENON_STATUS_OK,      /* "ok" */
    TENON_STATUS_FOUND,   /* "found": libraries only */
    TENON_STATUS_SYSTEM,  /* "system": supplied by the system itself, not by a file; libraries only
                           */
    TENON_STATUS_MISSING, /* "missing" */
    TENON_STATUS_REFUSED, /* "refused": there, and the loader does not take it */
    TENON_STATUS_ERROR,   /* "error": could not be answered */
};

/* What became of one candidate. */
enum tenon_outcome {
    TENON_OUTCOME_FOUND,          /* "found" */
    TENON_OUTCOME_ALREADY_LOADED, /* "already-loaded" */
    TENON_OUTCOME_SYSTEM,         /* "system" */
    TENON_OUTCOME_ABSENT,         /* "absent" */
    TENON_OUTCOME_DIR_MISSING,    /* "dir-missing": the directory itself is not there */
    TENON_OUTCOME_PERMISSION,     /* "permission" */
    TENON_OUTCOME_SYMLINK_LOOP,   /* "symlink-loop" */
    TENON_OUTCOME_UNREADABLE,     /* "unreadable": another error of the system */
    TENON_OUTCOME_IS_DIRECTORY,   /* "is-directory" */
    TENON_OUTCOME_TRUNCATED,      /* "truncated" */
    TENON_OUTCOME_NOT_ELF,        /* "not-elf" */
    TENON_OUTCOME_WRONG_FORMAT,   /* "wrong-format": not of the format that this loader loads */
    TENON_OUTCOME_WRONG_CLASS,    /* "wrong-class" */
    TENON_OUTCOME_WRONG_ENDIAN,   /* "wrong-endian" */
    TENON_OUTCOME_WRONG_MACHINE,  /* "wrong-machine" */
    TENON_OUTCOME_WRONG_ABI,      /* "wrong-abi": OS ABI or its version */
    TENON_OUTCOME_WRONG_TYPE,     /* "wrong-type": not a shared object */
    TENON_OUTCOME_MALFORMED,      /* "malformed" */
    TENON_OUTCOME_WRONG_CPU,      /* "wrong-cpu": needs a newer processor level */
    TENON_OUTCOME_WRONG_PLATFORM, /* "wrong-platform": made for another system of the family */
    TENON_OUTCOME_WRONG_VERSION,  /* "wrong-version": of the library, lower than asked for */
    TENON_OUTCOME_MEMBER_MISSING, /* "member-missing": an archive without the member asked for */
    TENON_OUTCOME_STALE,          /* "cache-entry-stale": the cache names a file that is gone */
    TENON_OUTCOME_NOT_IN_CACHE,   /* "not-in-cache" */
    TENON_OUTCOME_NO_CACHE,       /* "no-cache": the cache is absent or invalid */
    TENON_OUTCOME_NODEFLIB,       /* "nodeflib": in a system directory, which the object forbids */
    TENON_OUTCOME_NOT_EXPANDABLE, /* "element-not-expandable": a token without a value */
    TENON_OUTCOME_DROPPED_SECURE, /* "element-dropped-secure" */
    TENON_OUTCOME_NOT_CONSULTED,  /* "stage-not-consulted" */
    TENON_OUTCOME_TOO_LONG,       /* "too-long" */
    TENON_OUTCOME_NOT_SETUID,     /* "not-setuid": a secure preload without the set-uid bit */
    TENON_OUTCOME_FORBIDDEN,      /* "forbidden": the loader's policy refuses it */
    TENON_OUTCOME_NO_MATCH,       /* "no-match": no name in the directory fits */
    TENON_OUTCOME_RENAMED,        /* "renamed": the loader looks for another name instead */
    TENON_OUTCOME_LATER,          /* "later": would have been next, and is good */
    TENON_OUTCOME_COUNT
};

/* One candidate of a search. */
typedef struct tenon_attempt {
    const char *path; /* the candidate, or the directory or list element; "" when neither */
    const tenon_rule *rule;
    const char *where; /* whose list it was: "RUNPATH of /usr/bin/x"; NULL when the rule says all */
    enum tenon_outcome outcome;
    const char *detail; /* the loader's words or ours, e.g. "ELFCLASS32"; NULL */
    bool final;         /* the loader gives up here: nothing after it is tried */
    bool later;         /* not tried by the loader: it had found the library before */
    bool believed;      /* what the loader does with such a candidate is not established */
} tenon_attempt;

/* One object of the process. */
typedef struct tenon_library {
    const char *name; /* as first asked for; as `path`, it stays as long as the resolver */
    const char *path; /* as the loader reports it; NULL when none */
    const char *slice, *member; /* of the file at `path`; NULL: the file itself */
    enum tenon_status status;
    const tenon_rule *rule; /* that gave the answer; NULL when none did */
    const char *where;      /* whose list; NULL */
    enum tenon_flavour flavour;
    int32_t parent;           /* who first asked: an index, or TENON_THE_FILE */
    const int32_t *needed_by; /* everyone who asked, in order, each once */
    size_t needed_by_count;
    const int32_t *needs; /* for each of its needs in file order: index, TENON_THE_FILE possible */
    size_t need_count;
    const char *reason; /* missing, refused, system: why, in one line; found: NULL */
    bool optional;      /* its absence does not stop the program */
    bool is_interpreter;
    bool opens_stack; /* it is what makes the stack of the running process executable */
} tenon_library;

/* A version that the chosen file does not define, or a warning about it. */
typedef struct tenon_missing_version {
    int32_t library; /* who should define it; TENON_NOBODY: it is not in the process */
    int32_t needed_by;
    const char *version;
    bool fatal; /* false: the loader only warns */
    const char *reason;
} tenon_missing_version;

/* One undefined symbol of one object and who provides it (TENON_RESOLVE_SYMBOLS). */
typedef struct tenon_symbol_binding {
    const char *symbol;  /* "#7": asked for by ordinal (PE) */
    const char *version; /* asked for; NULL */
    int32_t needed_by;
    int32_t provider; /* index, TENON_THE_FILE, or TENON_NOBODY */
    bool weak;        /* may stay undefined */
    bool lazy;        /* bound on first call: only called, and nothing asks for it at once */
    bool found;
    bool unlike;        /* found, but only one of the two is thread-local: no code can use it */
    const char *reason; /* not found: why, e.g. "libx.so.1 defines it at version V1 only"; found:
                         * what is wrong all the same, e.g. its size; NULL */
} tenon_symbol_binding;

#define TENON_NOBODY (-2)

TENON_API const char *tenon_graph_file(const tenon_graph *graph);
TENON_API const tenon_loader *tenon_graph_loader(const tenon_graph *graph); /* NULL: static */
TENON_API const char *tenon_graph_interpreter(const tenon_graph *graph);    /* NULL: none */
TENON_API const char *tenon_graph_machine(const tenon_graph *graph);
TENON_API bool tenon_graph_is_static(const tenon_graph *graph);

/* ok missing refused: the worst of the program itself, the libraries, versions (and symbols, if
 * asked for). */
TENON_API enum tenon_status tenon_graph_status(const tenon_graph *graph);

/* Why the loader refuses the program itself, in one line; NULL: it does not. */
TENON_API const char *tenon_graph_reason(const tenon_graph *graph);

/* Libraries in load order, without the file itself. */
TENON_API size_t tenon_graph_count(const tenon_graph *graph);
TENON_API const tenon_library *tenon_graph_library(const tenon_graph *graph, size_t i);

/* Needs of the file itself, as tenon_library.needs. */
TENON_API const int32_t *tenon_graph_needs(const tenon_graph *graph, size_t *count);

/* The search of library i, step by step; its answer is the one with outcome FOUND. */
TENON_API size_t tenon_graph_tried_count(const tenon_graph *graph, size_t i);
TENON_API const tenon_attempt *tenon_graph_tried(const tenon_graph *graph, size_t i, size_t k);

TENON_API size_t tenon_graph_missing_version_count(const tenon_graph *graph);
TENON_API const tenon_missing_version *tenon_graph_missing_version(const tenon_graph *graph,
                                                                   size_t i);
TENON_API size_t tenon_graph_binding_count(const tenon_graph *graph);
TENON_API const tenon_symbol_binding *tenon_graph_binding(const tenon_graph *graph, size_t i);

/* Libraries that a dlopen() may load (TENON_RESOLVE_DLOPEN); never part of the status. The
 * graph's own libraries answer for what is loaded already. */
typedef struct tenon_dlopen_finding {
    const char *name;
    int32_t named_by;
    enum tenon_flavour flavour;                   /* DECLARED or LIKELY */
    const char *priority, *feature, *description; /* declared ones; NULL */
    enum tenon_status status;                     /* FOUND, MISSING, REFUSED */
    const char *path;                             /* NULL: none */
    const tenon_rule *rule;                       /* NULL: none */
    const tenon_attempt *tried;                   /* the search; none for what is loaded already */
    size_t tried_count;
    uint32_t entry;          /* declared: which entry of the file that names it; 0: none */
    const char *alternative; /* not found: a name of the same entry that is, which will do; NULL */
} tenon_dlopen_finding;
TENON_API size_t tenon_graph_dlopen_count(const tenon_graph *graph);
TENON_API const tenon_dlopen_finding *tenon_graph_dlopen(const tenon_graph *graph, size_t i);

/* Things worth saying about the whole answer: "no ld.so.cache: ld.so.conf was used", ... */
TENON_API const char *tenon_graph_remark(const tenon_graph *graph, size_t i);

/* Names of the enumerations, as JSON has them. Constants. */
TENON_API const char *tenon_status_name(enum tenon_status status);
TENON_API const char *tenon_outcome_name(enum tenon_outcome outcome);

#ifdef __cplusplus
}
#endif
#endif
