/* include/tenon/process.h - the units of a process, and plugins loaded with nothing doubled */
#ifndef TENON_PROCESS_H
#define TENON_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tenon/bundle.h>
#include <tenon/error.h>
#include <tenon/plugin.h>
#include <tenon/signature.h>
#include <tenon/unit.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The registry of the units present in a process, each with the reason it is there, and of the
 * plugins loaded through it. A running program has one for itself; `tenon check` has one for a
 * program that does not run.
 *
 * threads  any; every call takes the process's own lock. What a call lends (a unit, a plugin) is
 *          there until another thread loads or unloads: who has other threads holds the lock
 *          meanwhile, by tenon_process_lock(). Plugins' code is called with the lock held, by the
 *          thread that loads; it may call back into the process (the lock is recursive). Handlers
 *          of events must not be left by an exception or by longjmp()
 */
typedef struct tenon_process tenon_process;

/* Why a unit is there. Names as in JSON. */
enum tenon_reason_kind {
    TENON_IN_HOST,    /* "host": in the host program or what it is linked with */
    TENON_BY_PLUGIN,  /* "provided": in plugin P */
    TENON_FOR_PLUGIN, /* "requested": loaded because plugin P requires it */
    TENON_BY_OTHERS,  /* "dlopen": somebody else loaded it */
};

/* How a unit stands. Names "planned" "mapped" "initialised" "failed". */
enum tenon_unit_state { TENON_PLANNED, TENON_MAPPED, TENON_INITIALISED, TENON_FAILED };

typedef struct tenon_present {
    const tenon_unit *unit;
    enum tenon_reason_kind reason;
    enum tenon_unit_state state;
    const char *holder; /* path of the image it is in */
    const char *plugin; /* that provides or required it; NULL */
} tenon_present;

/*
 * This process: the host's record, the records of all mapped objects, the loader's list. One is
 * enough for a program: what another one has loaded, or one that was freed, it takes for something
 * that others have opened, and refuses the same plugin as a "double" while its code is mapped.
 *
 * owner    the caller, until tenon_process_free(). That unloads nothing: plugins that are up are
 *          not stopped, stay in memory, and must not use their `self` any more
 * errors   TENON_E_MEMORY, _SYSTEM, _UNSUPPORTED for a statically linked program, and
 *          for a host that was loaded into a namespace of its own, by dlmopen()
 */
TENON_API tenon_process *tenon_process_new(tenon_error *err);

/* A program that does not run, as it would be started (`tenon check`): it can plan, not load. */
TENON_API tenon_process *tenon_process_of_file(const char *program, tenon_error *err);
TENON_API void tenon_process_free(tenon_process *process);

/*
 * Settings, before the first load. weak: a host without record is answered for from its symbols
 * instead of refused. ambiguous: a plugin name found in two directories is refused, not shadowed.
 * directory: appended to the search path, before the default directory. host data: given to
 * plugins. cache: where code is taken out to, instead of TENON_CACHE or the user's cache directory.
 */
TENON_API void tenon_process_set_weak(tenon_process *process, bool weak);
TENON_API void tenon_process_set_ambiguous(tenon_process *process, bool refuse);
TENON_API bool tenon_process_add_directory(tenon_process *process, const char *dir,
                                           tenon_error *err);
TENON_API bool tenon_process_set_default_directory(tenon_process *process, const char *dir,
                                                   tenon_error *err);
TENON_API bool tenon_process_set_cache(tenon_process *process, const char *dir, tenon_error *err);
TENON_API void tenon_process_set_host_data(tenon_process *process, void *data);

/*
 * Whose plugins are welcome. With `keys`, a bundle whose signature is not what its key would have
 * made is refused, and one that is not signed by any of the keys is remarked on; with `require` it
 * is refused, too. Copies the keys; NULL: none.
 */
TENON_API bool tenon_process_set_trust(tenon_process *process, const tenon_keys *keys, bool require,
                                       tenon_error *err);

/*
 * Offers a service under a name, at a version: what plugins' `cons` can demand and start() gets.
 * Copies the name; the service is the caller's, and must be there as long as a plugin may use it.
 */
TENON_API bool tenon_process_offer(tenon_process *process, const char *name, unsigned version,
                                   const void *service, tenon_error *err);

/*
 * Holds the process's lock over several calls, of which each one takes it again: units and plugins
 * that these lend stay until this thread unlocks, or itself loads, unloads or changes settings.
 * As many unlocks as locks, by the same thread. Other threads' calls wait, loads and unloads too:
 * while it is held, wait for no thread that may make such a call, and do not call dlopen() where
 * other threads' constructors make them, which hold the loader's lock. A thread that a plugin's
 * start or stop, or a handler of events, waits for must not lock. After fork() the child has the
 * lock that its thread had; what another thread held stays locked there, as everything does.
 */
TENON_API void tenon_process_lock(const tenon_process *process);
TENON_API void tenon_process_unlock(const tenon_process *process);

/*
 * Units present, in the order they came. Borrowed until the process changes: with other threads,
 * between tenon_process_lock() and tenon_process_unlock(). The first question reads the records;
 * without memory for that there are none, and the record is unreadable.
 */
TENON_API size_t tenon_process_unit_count(const tenon_process *process);
TENON_API bool tenon_process_unit(const tenon_process *process, size_t i, tenon_present *out);
TENON_API enum tenon_record tenon_process_record(const tenon_process *process);

/* Why something is refused, or worth a word. Names as in JSON's "code". */
enum tenon_finding_kind {
    TENON_FINDING_CONFLICT,          /* "conflict": the same unit with another digest */
    TENON_FINDING_CLASH,             /* "clash": twice, both visible to the dynamic linker */
    TENON_FINDING_DOUBLE,            /* "double": twice, at least one copy hidden, stateful */
    TENON_FINDING_HARMLESS,          /* "harmless": an equal stateless or declared private copy */
    TENON_FINDING_OTHER_BUILD,       /* "other-build": a loaded library's name, another build */
    TENON_FINDING_OTHER_COPY,        /* "other-copy": a loaded library's name at another path */
    TENON_FINDING_MISSING_UNIT,      /* "missing-unit": required, and nowhere */
    TENON_FINDING_WRONG_INTERFACE,   /* "wrong-interface": required with another digest */
    TENON_FINDING_MISSING_LIBRARY,   /* "missing-library" */
    TENON_FINDING_REFUSED_LIBRARY,   /* "refused-library": there, and the loader does not take it */
    TENON_FINDING_MISSING_SYMBOL,    /* "missing-symbol" */
    TENON_FINDING_MISSING_VERSION,   /* "missing-version" */
    TENON_FINDING_STATIC_TLS,        /* "static-tls": needs room in the static TLS block */
    TENON_FINDING_NO_CODE,           /* "no-code": no code for this machine, system and libc */
    TENON_FINDING_CYCLE,             /* "cycle": plugins need each other */
    TENON_FINDING_CONSTRAINT,        /* "constraint": a feature that the host does not offer */
    TENON_FINDING_NOT_FOUND,         /* "not-found": no such plugin, or no looking for it */
    TENON_FINDING_AMBIGUOUS,         /* "ambiguous": the same name in two directories */
    TENON_FINDING_SHADOWED,          /* "shadowed": found in an earlier directory (no refusal) */
    TENON_FINDING_BAD_BUNDLE,        /* "bad-bundle": cannot be read, or its claims are untrue */
    TENON_FINDING_NEEDS_REFUSED,     /* "needs-refused": a plugin it needs is refused */
    TENON_FINDING_NO_RECORD,         /* "no-record": of a plugin no refusal, nor of two
                                        that leave something out */
    TENON_FINDING_BAD_RECORD,        /* "bad-record": the host's record cannot be read */
    TENON_FINDING_STATIC_HOST,       /* "static-host": cannot load soundly */
    TENON_FINDING_CACHE,             /* "cache": code could not be taken out or was tampered with */
    TENON_FINDING_CHANGED,           /* "changed": the process changed between plan and load */
    TENON_FINDING_LOADER,            /* "loader": the system's loader said no */
    TENON_FINDING_START,             /* "start": the plugin's entry point reported failure */
    TENON_FINDING_IN_USE,            /* "in-use": another plugin needs it (unloading) */
    TENON_FINDING_SIGNATURE,         /* "signature": bad, or by nobody who is trusted */
    TENON_FINDING_STAYS,             /* "stays-mapped": the system will not unmap it (no refusal) */
    TENON_FINDING_WRONG_CODE,        /* "wrong-implementation": the compiler relied on other code */
    TENON_FINDING_PART,              /* "part": of a library, the process has some units */
    TENON_FINDING_OTHER_OCAML,       /* "other-ocaml": made by another release of OCaml */
    TENON_FINDING_ORDER,             /* "order": a unit comes before one that it requires */
    TENON_FINDING_FAILED_UNIT,       /* "failed-unit": its initialiser failed, it is half there */
    TENON_FINDING_PROHIBITED,        /* "prohibited": the host does not let plugins use it */
    TENON_FINDING_MISSING_PRIMITIVE, /* "missing-primitive": a C function that OCaml code calls */
    TENON_FINDING_SHARED,            /* "shared": a library that the process has (no refusal) */
    TENON_FINDING_BUSY,              /* "busy": the plugin, or one that matters to it, is being
                                        loaded or unloaded just now */
    TENON_FINDING_EXEC_STACK,        /* "exec-stack": makes the stack executable (no refusal) */
};

typedef struct tenon_finding {
    enum tenon_finding_kind kind;
    bool refuses;
    const char *plugin;         /* whose; NULL: the host's */
    const char *unit;           /* or library, or symbol; NULL */
    const char *const *holders; /* the places it comes from */
    size_t holder_count;
    const char *message; /* a sentence for people */
} tenon_finding;

/* What became of one plugin. Names "planned" "loaded" "already-loaded" "refused" "failed"
 * "unloaded". */
enum tenon_plugin_status {
    TENON_PLUGIN_PLANNED, /* nothing is against it; in a refused request it is not loaded either */
    TENON_PLUGIN_LOADED,
    TENON_PLUGIN_ALREADY,
    TENON_PLUGIN_REFUSED,
    TENON_PLUGIN_FAILED,   /* its code was given to the system's loader, and that or it said no */
    TENON_PLUGIN_UNLOADED, /* by tenon_unload() */
};

typedef struct tenon_plugin_result {
    const char *name; /* of the manifest; as asked for when there is none */
    const char *file; /* the bundle; NULL: not found */
    enum tenon_plugin_status status;
} tenon_plugin_result;

/*
 * The answer to one request: a plan, or the refusal with all its reasons; after loading, what
 * came of it. Owned by the caller until tenon_report_free().
 *
 * threads  a report does not change: any number may read it
 */
typedef struct tenon_report tenon_report;
TENON_API void tenon_report_free(tenon_report *report);

/* True when everything asked for would load (has been loaded). */
TENON_API bool tenon_report_ok(const tenon_report *report);

/* As asked for; then the order in which units and libraries load; then the findings. */
TENON_API size_t tenon_report_plugin_count(const tenon_report *report);
TENON_API const tenon_plugin_result *tenon_report_plugin(const tenon_report *report, size_t i);
TENON_API size_t tenon_report_step_count(const tenon_report *report);
TENON_API const char *tenon_report_step(const tenon_report *report, size_t i);
TENON_API size_t tenon_report_finding_count(const tenon_report *report);
TENON_API const tenon_finding *tenon_report_finding(const tenon_report *report, size_t i);

/*
 * How a request is meant. A plugin needs another one when it requires a unit of it, or a library
 * that is neither in its own bundle nor in the process, and that the other one brings.
 */
enum tenon_load_flags {
    TENON_LOAD_EACH = 1,   /* each on its own: the refused and those that need them are left out */
    TENON_LOAD_VERIFY = 2, /* all digests anew, whatever the cache remembers */
};

/* What happens while plugins load; names as in `tenon run`. */
enum tenon_event_kind {
    TENON_EVENT_OPENING, /* "opening": the bundle at path */
    TENON_EVENT_LOADING, /* "loading": the plugin */
    TENON_EVENT_LINKING, /* "linking": one image */
    TENON_EVENT_LOADED,  /* "loaded": the plugin is up */
    TENON_EVENT_ERRORED, /* "errored": the plugin, with the reason */
};
typedef struct tenon_event { /* with its strings until the handler returns */
    enum tenon_event_kind kind;
    const char *plugin;  /* NULL while it is not known */
    const char *subject; /* path or unit; NULL */
    const char *message; /* errored: why; NULL */
} tenon_event;

/* One handler a process, in place of the one before; NULL: none. `arg` is the caller's. */
typedef void tenon_event_handler(void *arg, const tenon_event *event);
TENON_API void tenon_process_on_event(tenon_process *process, tenon_event_handler *handler,
                                      void *arg);

/*
 * One plugin asked for: a path (with '/' or ".plugin"), or a name to be searched. Borrowed until
 * the call returns: start() gets copies of the arguments, which are there while the plugin is.
 */
typedef struct tenon_request {
    const char *plugin;
    int argc; /* arguments of its entry point, without a name at the front */
    const char *const *argv;
} tenon_request;

/*
 * Says what would happen; changes nothing. Plugins load in the order of the requests, but each
 * behind those that it needs. Of two that cannot both be there the first one stays.
 *
 * returns  a report, also when all is refused; NULL when it could not be answered
 * errors   TENON_E_ARGUMENT for a request without plugin, or with argc and no argv; TENON_E_MEMORY,
 *          _SYSTEM
 */
TENON_API tenon_report *tenon_plan(tenon_process *process, const tenon_request *requests,
                                   size_t count, unsigned flags, tenon_error *err);

/*
 * Plans and loads. All or nothing, unless TENON_LOAD_EACH. A refused plan leaves the process as
 * it was. What is loaded already is not loaded again, and that is a success.
 *
 * A plugin's start and stop may call this and tenon_unload(). Constructors may not, nor handlers
 * of the events "loading" and "linking": while a plugin is being opened, whatever else would be
 * loaded or unloaded is refused as "busy". A plugin that is being loaded (until its start has
 * returned) or unloaded is then refused as "busy", and so is what would stand on one that goes,
 * and unloading what an unfinished request has loaded. What a start loads so is a request of its
 * own: it stays when that plugin fails, unless it stands on it; then it goes first, with a
 * finding "needs-refused" in the report of the request that failed. The rest of the outer plan
 * is made anew. Where others load and unload things all the time, a request is refused as
 * "changed" after 64 plans.
 *
 * returns  as tenon_plan
 * errors   those of tenon_plan; TENON_E_ARGUMENT for a program that does not run
 */
TENON_API tenon_report *tenon_load(tenon_process *process, const tenon_request *requests,
                                   size_t count, unsigned flags, tenon_error *err);

/*
 * Stops and unloads one plugin; refused while another one needs it (a finding "in-use"), and while
 * it is being loaded or unloaded ("busy"). What the system keeps mapped of it ("stays-mapped") is
 * nothing to stand on until the plugin is loaded again: who requires it is refused, as when it was
 * not there.
 *
 * returns  a report, also when it is refused or no plugin has that name; NULL: no memory
 * errors   TENON_E_MEMORY
 */
TENON_API tenon_report *tenon_unload(tenon_process *process, const char *plugin, tenon_error *err);

/*
 * Plugins loaded, in load order: who needs another one stands behind it. Without those that are
 * not up yet. Borrowed until the process changes: with other threads, between tenon_process_lock()
 * and tenon_process_unlock().
 */
TENON_API size_t tenon_process_plugin_count(const tenon_process *process);
TENON_API const tenon_plugin *tenon_process_plugin(const tenon_process *process, size_t i);

/*
 * The address of a symbol of a loaded plugin's own code; NULL when it has none: what libraries
 * define that the code needs, also those of its bundle, is not its own.
 *
 * threads  any, also one that the plugin's start() waits for. Not while another thread unloads the
 *          plugin: where one may, between tenon_process_lock() and tenon_process_unlock()
 */
TENON_API void *tenon_plugin_symbol(const tenon_plugin *plugin, const char *symbol);

/*
 * Installed bundles along the search path (added directories, TENON_PLUGIN_PATH, the default
 * directory), in search order, by name; selected by wanted tags (all of them; NULL-ended, NULL:
 * any). Shadowed and unreadable ones come with findings.
 *
 * owner    the caller, until tenon_listing_free(); what is asked of it is borrowed from it
 * errors   TENON_E_MEMORY
 * threads  a listing does not change: any number may read it
 */
typedef struct tenon_listing tenon_listing;
TENON_API tenon_listing *tenon_process_list(tenon_process *process, const char *const *tags,
                                            tenon_error *err);
TENON_API void tenon_listing_free(tenon_listing *listing);
TENON_API size_t tenon_listing_count(const tenon_listing *listing);
TENON_API const char *tenon_listing_path(const tenon_listing *listing, size_t i);
TENON_API const tenon_manifest *tenon_listing_manifest(const tenon_listing *listing, size_t i);
TENON_API size_t tenon_listing_finding_count(const tenon_listing *listing);
TENON_API const tenon_finding *tenon_listing_finding(const tenon_listing *listing, size_t i);

/*
 * Where plugins are looked for: added directories, those of TENON_PLUGIN_PATH as it is now, the
 * default directory; each once, whether it is there or not.
 *
 * owner    NULL-ended, one block with its strings, for the caller to free()
 * errors   TENON_E_MEMORY
 * threads  any
 */
TENON_API char **tenon_process_search_path(tenon_process *process, tenon_error *err);

/* Stable words for the enumerations, as JSON has them. Constants. */
TENON_API const char *tenon_finding_name(enum tenon_finding_kind kind);
TENON_API const char *tenon_reason_name(enum tenon_reason_kind kind);
TENON_API const char *tenon_unit_state_name(enum tenon_unit_state state);
TENON_API const char *tenon_plugin_status_name(enum tenon_plugin_status status);
TENON_API const char *tenon_event_name(enum tenon_event_kind kind);

#ifdef __cplusplus
}
#endif
#endif
