/* include/tenon/ocaml_process.h - the OCaml units of a process, and what one of OCaml's loaders may
 * load into it */
#ifndef TENON_OCAML_PROCESS_H
#define TENON_OCAML_PROCESS_H

#include <stdbool.h>
#include <stddef.h>

#include <tenon/error.h>
#include <tenon/ocaml.h>
#include <tenon/process.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Which of OCaml's three loaders will do the loading. Names "native" "bytecode" "toplevel". */
enum tenon_ocaml_loader {
    TENON_OCAML_LOADER_NATIVE,
    TENON_OCAML_LOADER_BYTECODE,
    TENON_OCAML_LOADER_TOPLEVEL,
};

/*
 * The registry of the OCaml units of one process. It knows what it was told: by the runtime,
 * through the OCaml library `tenon`, or by the program's file (`tenon check`). It plans, and takes
 * code out of bundles; the loading itself is done by OCaml code, which then says what came of it.
 *
 * threads  a process belongs to one thread at a time
 */
typedef struct tenon_ocaml_process tenon_ocaml_process;

/*
 * shape    digits: of the magic numbers of the process's OCaml, "030". program: its file, from
 *          which a machine and a system are taken; NULL: this process
 * owner    the caller, until tenon_ocaml_process_free()
 * errors   TENON_E_MEMORY, those of tenon_image_open
 */
TENON_API tenon_ocaml_process *tenon_ocaml_process_new(enum tenon_ocaml_loader loader,
                                                       const char *digits, const char *program,
                                                       tenon_error *err);
TENON_API void tenon_ocaml_process_free(tenon_ocaml_process *process);

/*
 * Where plugins are looked for, services, the cache: settings as of any process. It holds no units,
 * and cannot plan or load. Borrowed.
 */
TENON_API tenon_process *tenon_ocaml_process_settings(tenon_ocaml_process *process);

/*
 * Opens a bundle as tenon_bundle_open() does, by what the process's cache remembers of its file
 * where that is enough.
 */
TENON_API tenon_bundle *tenon_ocaml_open_bundle(tenon_ocaml_process *process, const char *path,
                                                tenon_error *err);

/* ---- what is there ---------------------------------------------------------------------------
 */

/* One unit of the process. A digest may be unknown. */
typedef struct tenon_ocaml_present {
    const char *name;
    tenon_digest interface, implementation;
    enum tenon_unit_state state; /* MAPPED: its initialiser runs; INITIALISED or FAILED */
    enum tenon_reason_kind reason;
    const char *holder; /* for people: "the host program", "words.cma of plugin \"greet\"" */
    const char *plugin; /* that provides or required it; NULL */
} tenon_ocaml_present;

/* Says that a unit is there; strings are copied. What was known of it before is kept. */
TENON_API bool tenon_ocaml_tell(tenon_ocaml_process *process, const tenon_ocaml_present *unit,
                                tenon_error *err);

/* Says that an interface was seen, with this CRC, whether its unit is there or not. */
TENON_API bool tenon_ocaml_tell_interface(tenon_ocaml_process *process, const char *name,
                                          const tenon_digest *crc, tenon_error *err);

/* Says that native code defines this prefix of symbols: a unit, or a member of a pack. */
TENON_API bool tenon_ocaml_tell_symbol(tenon_ocaml_process *process, const char *symbol,
                                       tenon_error *err);

/*
 * Of the units of these names that native Dynlink loaded into this process for others, which knows
 * no more than the names: says that they are there, with what the headers of the mapped plugins say
 * of them. A name that several headers have with different digests stays unsaid: a file that
 * Dynlink refuses stays mapped, too.
 *
 * errors   TENON_E_MEMORY
 */
TENON_API bool tenon_ocaml_tell_mapped(tenon_ocaml_process *process, const char *const *names,
                                       size_t count, tenon_error *err);

/*
 * Takes what a program's file says: its units and interfaces. A native program's come from its
 * table of globals, a bytecode program's from its sections; of a bytecode program the C primitives
 * too.
 *
 * errors   those of tenon_ocaml_open; TENON_E_NOT_FOUND: it has no such tables; TENON_E_ARGUMENT: a
 *          program that does not run, and does not have the loader of this process
 */
TENON_API bool tenon_ocaml_tell_program(tenon_ocaml_process *process, const char *file,
                                        tenon_error *err);

/*
 * Asked about each name that a plan meets and that is not known to be there: is a unit of that name
 * linked? For the toplevel, which keeps no list that others may read.
 */
typedef bool tenon_ocaml_probe(void *arg, const char *unit);
TENON_API void tenon_ocaml_set_probe(tenon_ocaml_process *process, tenon_ocaml_probe *probe,
                                     void *arg);

/*
 * Asked about each unit of the host that a plugin requires, until it says yes: has its initialiser
 * run? For hosts that load plugins while they start. NULL: all have.
 */
TENON_API void tenon_ocaml_set_start_probe(tenon_ocaml_process *process, tenon_ocaml_probe *probe,
                                           void *arg);

/*
 * Asked about each unit that a plugin requires and that others loaded, or whose file is being
 * loaded (tenon_ocaml_plan_begin()): has its initialiser run to its end? NULL: what others loaded
 * has, what is being loaded has not.
 */
TENON_API void tenon_ocaml_set_run_probe(tenon_ocaml_process *process, tenon_ocaml_probe *probe,
                                         void *arg);

/*
 * Asked about units that are there and whose interface nobody told: is this its CRC? TENON_UNKNOWN
 * when that cannot be found out. For what others
 * loaded into bytecode or a toplevel, with Dynlink or #load.
 */
typedef enum tenon_answer tenon_ocaml_interface_probe(void *arg, const char *unit,
                                                      const tenon_digest *crc);
TENON_API void tenon_ocaml_set_interface_probe(tenon_ocaml_process *process,
                                               tenon_ocaml_interface_probe *probe, void *arg);

/* Plugins may not use this unit; nothing beside these when `only`. */
TENON_API bool tenon_ocaml_prohibit(tenon_ocaml_process *process, const char *unit,
                                    tenon_error *err);
TENON_API bool tenon_ocaml_allow_only(tenon_ocaml_process *process, const char *const *units,
                                      size_t count, tenon_error *err);

/* A directory in which stubs of bytecode ("dllunix.so") are looked for. */
TENON_API bool tenon_ocaml_add_dll_directory(tenon_ocaml_process *process, const char *directory,
                                             tenon_error *err);

/*
 * Asked until it succeeds once, when stubs are first looked for outside of bundles: adds the
 * directories that nobody added before, since finding them may take longer than all else. False:
 * *err.
 */
typedef bool tenon_ocaml_dll_search(void *arg, tenon_ocaml_process *process, tenon_error *err);
TENON_API void tenon_ocaml_set_dll_search(tenon_ocaml_process *process,
                                          tenon_ocaml_dll_search *search, void *arg);

/* Units that are there, in the order they were told. False: i is past the last. */
TENON_API size_t tenon_ocaml_present_count(const tenon_ocaml_process *process);
TENON_API bool tenon_ocaml_present_at(const tenon_ocaml_process *process, size_t i,
                                      tenon_ocaml_present *out);

/* Was a unit of that name told? The toplevel's probe is not asked. */
TENON_API bool tenon_ocaml_is_present(const tenon_ocaml_process *process, const char *name);

/* ---- what may come ----------------------------------------------------------------------------
 */

/*
 * One plugin asked for. offers: archives of the system (.cma, .cmxs) in the order of their needs,
 * from which a unit may be taken that is required and not in the bundle; and those that programs
 * are linked with alone (.cmxa), which are named when a unit of them is missing.
 */
typedef struct tenon_ocaml_request {
    const char *plugin; /* a path (with '/' or ".plugin"), a name to be searched; "package:NAME": a
                           package, of which `offers` are the archives */
    const char *const *offers;
    size_t offer_count;
} tenon_ocaml_request;

/* One file that the loader is given, in order. */
typedef struct tenon_ocaml_step {
    size_t plugin;     /* number of the request */
    const char *path;  /* absolute; NULL before tenon_ocaml_plan_take() for bundled code */
    const char *entry; /* in the bundle; NULL: a file of the system */
    const char *label; /* for people: "words.cma of plugin \"greet\"" */
    bool is_stubs;     /* a shared library with C code for bytecode, to be opened as one */
    bool is_main;      /* the plugin's own code */
    bool has_dlls;     /* an archive with a list of stubs, which were opened before by path: the
                          list must be taken out of it */
    const tenon_ocaml *code; /* its units; NULL for stubs */
} tenon_ocaml_step;

/*
 * A plan, or a refusal with all its reasons.
 *
 * owner    the caller, until tenon_ocaml_plan_free(), before its process is freed
 */
typedef struct tenon_ocaml_plan tenon_ocaml_plan;

/*
 * Decides, from the files alone, what would be loaded: nothing is opened by a loader, nothing is
 * written. Everything that OCaml's loaders check is checked, and what they do not check: units that
 * are there or come twice, digests of interfaces and implementations, missing units and their
 * order, states, primitives, C code of stubs, the release of OCaml, access restrictions.
 *
 * shape    flags: enum tenon_load_flags
 * returns  a plan also when all is refused; NULL when it could not be answered
 * errors   TENON_E_MEMORY, _SYSTEM
 */
TENON_API tenon_ocaml_plan *tenon_ocaml_plan_make(tenon_ocaml_process *process,
                                                  const tenon_ocaml_request *requests, size_t count,
                                                  unsigned flags, tenon_error *err);
TENON_API void tenon_ocaml_plan_free(tenon_ocaml_plan *plan);

/* The answer: plugins, steps, findings. Borrowed from the plan. */
TENON_API const tenon_report *tenon_ocaml_plan_report(const tenon_ocaml_plan *plan);

/*
 * Which bundle a request was planned from: tenon_bundle_digest() of it, 32 bytes. A file may be
 * replaced at any time: who shows its manifest or resources to the code can compare.
 *
 * returns  borrowed from the plan; NULL: a package, none that is planned, i past the last
 */
TENON_API const uint8_t *tenon_ocaml_plan_digest(const tenon_ocaml_plan *plan, size_t i);

/* Files to load, in order; none of what is refused. False: i is past the last. */
TENON_API size_t tenon_ocaml_plan_count(const tenon_ocaml_plan *plan);
TENON_API bool tenon_ocaml_plan_step(const tenon_ocaml_plan *plan, size_t i, tenon_ocaml_step *out);

/* The bundle of a request, open; NULL when it was refused. Borrowed from the plan. */
TENON_API tenon_bundle *tenon_ocaml_plan_bundle(const tenon_ocaml_plan *plan, size_t request);

/* Takes the code of one request's bundle out into the cache, if it is not there. */
TENON_API bool tenon_ocaml_plan_take(tenon_ocaml_plan *plan, size_t request, tenon_error *err);

/* Is the file of a step still what the plan was made from? Asked before and after it is loaded. */
TENON_API bool tenon_ocaml_plan_check(const tenon_ocaml_plan *plan, size_t i, tenon_error *err);

/*
 * Is the process still what the plan was made beside? What the plan's own steps brought counts as
 * known. False, before step i is loaded: something else came meanwhile (an initialiser that loads a
 * plugin), and what remains must be planned anew. What others loaded must have been told. i past
 * the last: the same of no step, when the toplevel's probe is not asked.
 */
TENON_API bool tenon_ocaml_plan_is_current(const tenon_ocaml_plan *plan, size_t i);

/*
 * Says that the file of a step is about to be given to the loader: its units are there, MAPPED, for
 * what its initialisers ask. To be followed by _done() or _withdraw().
 */
TENON_API bool tenon_ocaml_plan_begin(tenon_ocaml_plan *plan, size_t i, tenon_error *err);

/* Says that the loader refused the file before anything of it ran: its units are not there. */
TENON_API void tenon_ocaml_plan_withdraw(tenon_ocaml_plan *plan, size_t i);

/*
 * Says what came of a step: its units are there from now on. `initialised` of them, in the order of
 * the file, ran to their end; the next one failed. SIZE_MAX: all of them.
 */
TENON_API bool tenon_ocaml_plan_done(tenon_ocaml_plan *plan, size_t i, size_t initialised,
                                     tenon_error *err);

/* Says that a plugin is up: it is not loaded again. */
TENON_API bool tenon_ocaml_plan_loaded(tenon_ocaml_plan *plan, size_t request, tenon_error *err);

/*
 * The plan has been carried out, as far as it goes: what was learned of the bundles is written into
 * the cache, so that the next process needs not look at their code. That it cannot be is no error.
 * The cache is left to others, who may empty it: what is taken after that opens it again.
 */
TENON_API void tenon_ocaml_plan_end(tenon_ocaml_plan *plan);

/* "native" "bytecode" "toplevel". A constant. */
TENON_API const char *tenon_ocaml_loader_name(enum tenon_ocaml_loader loader);

#ifdef __cplusplus
}
#endif
#endif
