/* src/process/ocaml_private.h - what the parts of an OCaml process know of each other */
#ifndef TN_OCAML_PRIVATE_H
#define TN_OCAML_PRIVATE_H

#include <tenon/ocaml_process.h>

#include "cache.h"
#include "findings.h"
#include "plan.h"
#include "process_private.h"
#include "table.h"

/* What is known under one name. */
struct tn_oc_known {
    tenon_digest interface; /* CRC seen under it; unknown: none */
    tenon_digest implementation;
    const char *holder; /* its unit is there, in this; NULL: it is not */
    const char *plugin;
    const char *symbol_holder; /* this symbol prefix is defined there; NULL: nowhere */
    enum tenon_unit_state state;
    enum tenon_reason_kind reason;
    bool prohibited, allowed;
    bool has_started; /* of a unit of the host: its initialiser was seen to have run */
};

/* A plugin that was loaded. */
struct tn_oc_loaded {
    const char *file;
    uint8_t digest[32];
};

struct tenon_ocaml_process {
    enum tenon_ocaml_loader loader;
    char digits[4];
    tenon_process *settings;
    struct tn_arena arena;
    bool is_remembering; /* the index of bundles is open: tn_known_begin() */
    struct tn_names names;
    struct tn_oc_known *known; /* by number of the name */
    size_t known_room;
    uint32_t *order; /* names whose units are there, as they were told */
    size_t order_count, order_room;
    size_t changes;             /* of what plans are made of: units, plugins, restrictions; grows */
    bool only;                  /* plugins use what is allowed, and nothing else */
    bool is_custom;             /* bytecode with a runtime of its own: its primitives are all */
    struct tn_names primitives; /* of the program, as its file has them */
    struct tn_names outside;    /* a program that does not run: what its images export */
    bool outside_read;
    const char *program; /* that does not run; NULL: this process */
    const char **dll_directories;
    size_t dll_directory_count, dll_directory_room;
    struct tn_names host_dlls; /* base names that the program opens itself */
    tenon_ocaml_probe *probe, *start_probe, *run_probe;
    tenon_ocaml_interface_probe *interface_probe;
    tenon_ocaml_dll_search *dll_search; /* NULL: none, or it was asked */
    void *probe_arg, *start_arg, *run_arg, *interface_arg, *dll_arg;
    struct tn_oc_loaded *plugins;
    size_t plugin_count, plugin_room;
    struct tn_names plugin_names; /* by number: the row of `plugins` */
    /* C code that came with plugins: symbols to the label of their file */
    struct tn_names c_symbols;
    const char **c_holders;
    size_t c_holder_room;
    /* C code that came: stubs by name of file, native code by each of its units */
    struct tn_oc_stubs *stubs;
    size_t stub_count, stub_room;
};

struct tn_oc_proofs;

struct tn_oc_stubs {
    const char *name, *label;
    uint8_t digest[32];
};

/* A growing list of names of symbols, borrowed. */
struct tn_oc_symbols {
    const char **at;
    size_t count, room;
};

/* The C side of a file: its symbols without those of OCaml's compiler. */
struct tn_oc_c {
    struct tn_oc_symbols defines; /* strong definitions that others see */
    struct tn_oc_symbols exports; /* all that others may bind to */
    struct tn_oc_symbols wants;   /* what must be there when it is opened */
    struct tn_oc_symbols needs;   /* libraries */
    bool exec_stack;              /* it may make the stack executable: the loader says */
};

/* Numbers of the names that a unit mentions, in the process; lists as the unit has them. */
struct tn_oc_numbers {
    uint32_t own;
    tenon_digest
        implementation; /* of bytecode: that of the same unit's native form in the bundle */
    const uint32_t *required, *interfaces, *defines;
};

/*
 * What the code of a bundle mentions, each once: names, and names with a digest. As the index has
 * it, so that names are numbered, and interfaces compared, once for each bundle.
 */
struct tn_oc_mentions {
    const char *const *names;
    size_t name_count;
    const tenon_ocaml_import *imports;
    const uint32_t *import_names; /* by import */
    size_t import_count;
};

/* Where a unit mentions them: numbers of names, of imports for `required` and `interfaces`. */
struct tn_oc_listed {
    uint32_t own;
    const uint32_t *required, *interfaces, *defines;
};

/* One file of a plan: code of a bundle, or of the system. */
struct tn_oc_file {
    const char *entry; /* NULL: a file of the system */
    const char *path;  /* where it is, or will be */
    const char *label;
    void *bytes; /* until the plan is made */
    size_t size;
    uint8_t digest[32];                  /* of stubs, and of native code with C code in it */
    tenon_ocaml *code;                   /* NULL: stubs */
    const struct tn_oc_numbers *numbers; /* by unit of the code: tn_oc_note_names() */
    const struct tn_oc_listed *listed;   /* likewise, when it is proven; NULL */
    tenon_image *image;                  /* that `c` borrows from; NULL: bytecode, or proven */
    bool has_c;                          /* native code or stubs */
    struct tn_oc_c c;
    bool is_proven; /* code and c are the index's */
    bool is_main, is_stubs, has_dlls;
    bool is_library;        /* of the system, which the system's loader adds; a path and `c` */
    bool skip;              /* the process has all of it */
    const char *unreadable; /* stubs: why */
    bool placed;
    struct tn_oc_file **stubs; /* that an archive wants opened before it */
    size_t stub_count;
    struct tn_identity identity; /* of a file of the system */
};

/* One plugin on its way. */
struct tn_oc_prospect {
    const tenon_ocaml_request *request; /* while the plan is made */
    size_t row;
    char *name;
    const char *file;
    bool planned;         /* its code was read: it may come */
    tenon_bundle *bundle; /* NULL: an installed package */
    const tenon_manifest *manifest;
    uint8_t digest[32];
    struct tn_oc_file **files; /* in load order once it is planned; in the plan's arena */
    size_t count, room;
    struct tn_cached *cached; /* NULL: not taken out yet, or proven */
    bool looked_in_cache;
    const struct tn_cached_file *taken; /* its code in the cache; NULL: not yet */
    size_t taken_count;
    const struct tn_oc_proofs *proofs; /* its code was loaded before; NULL: it must be looked at */
    const struct tn_oc_mentions *mentions; /* of its proven files; NULL: it has none */
    const uint32_t *noted;                 /* by name of those; NULL: nobody asked yet */
    bool *fits; /* by import of those: the interface is the one that is there, or comes */
    const char *directory; /* ... of it in the cache: a base name */
};

/* What comes with the plan, under one name: as tn_oc_known. */
struct tn_oc_coming {
    const struct tn_oc_file *file; /* that holds its unit; NULL: none that is planned */
    size_t index;                  /* in the file */
    uint32_t owner;                /* candidate that has it, + 1; 0: none */
    const struct tn_oc_file *own;  /* of the plugin that is looked at */
    tenon_digest interface, implementation;
    const struct tn_oc_prospect *seen_by; /* whose code gave `interface` first */
    const struct tn_oc_file *symbol_file;
};

struct tenon_ocaml_plan {
    tenon_ocaml_process *process;
    struct tn_arena arena;
    tenon_report *report;
    tenon_world *world;
    unsigned flags;
    struct tn_oc_prospect *prospects; /* by request */
    size_t count;
    struct tn_names names;       /* of prospects */
    uint32_t *named;             /* by number: the first prospect of that name */
    struct tn_plan order;        /* its candidates stand beside `planned` */
    uint32_t *planned;           /* candidate to prospect */
    struct tn_oc_coming *coming; /* by number of the name */
    size_t coming_room;
    struct tn_names c_coming; /* C symbols to c_files */
    struct tn_names c_there;  /* C symbols that the process was found to have */
    const struct tn_oc_file **c_files;
    size_t c_file_room;
    struct tn_step_row {
        uint32_t prospect, file;
    } * steps;
    size_t step_count, step_room;
    size_t c_end; /* steps up to the last that brings C code, once that was looked for */
    bool found_c;
    size_t seen; /* the process's changes that it was made with, and its own since then */
    struct tn_cache *cache;
    char *cache_path;
    tenon_error no_cache;
    tenon_process *native;   /* as the system's loader has it, and what comes; NULL: nobody asked */
    size_t objects;          /* in the loader's list before the step that runs; 0: nobody counted */
    unsigned long long subs; /* likewise: the loader's count of those that went */
    bool surprised;          /* a step opened something that is not of the plan */
    size_t asked;            /* files that the resolver was shown before they are anywhere */
    struct tn_oc_mapped {
        const char *path; /* NULL: nothing was asked yet */
        bool is_known;
        uint8_t digest[32];
    } mapped; /* the file that was asked about last */
};

/* ---- ocaml_process.c --------------------------------------------------------------------------
 */

/* The row of a name, made if new; NULL: no memory. Moves when names are added. */
struct tn_oc_known *tn_oc_known(tenon_ocaml_process *process, const char *name);

/* Asks once where else stubs are. False: *err. */
bool tn_oc_search_dlls(tenon_ocaml_process *process, tenon_error *err);

/* Where the runtime finds the program's own library of that name, without suffix. NULL: nowhere. */
const char *tn_oc_host_dll(const tenon_ocaml_process *process, struct tn_arena *arena,
                           const char *name);

/* What is known under the name of that number, which has a row. Asks the probe. */
const struct tn_oc_known *tn_oc_probe(tenon_ocaml_process *process, uint32_t number);

static inline const struct tn_oc_known *tn_oc_find(tenon_ocaml_process *process, uint32_t number)
{
    return process->known[number].holder || !process->probe ? &process->known[number]
                                                            : tn_oc_probe(process, number);
}

/* tenon_ocaml_tell() of a name that has a row; tenon_ocaml_tell_interface() and _symbol(). */
bool tn_oc_tell(tenon_ocaml_process *process, uint32_t number, const tenon_ocaml_present *unit,
                tenon_error *err);
/* A unit is not there after all. What is known of its interface stays. */
void tn_oc_untell(tenon_ocaml_process *process, uint32_t number);

void tn_oc_tell_interface(tenon_ocaml_process *process, uint32_t number, const tenon_digest *crc);
void tn_oc_tell_symbol(tenon_ocaml_process *process, uint32_t number, const char *holder);

/*
 * Is this the CRC of the interface that is known under that name? Asks the second probe about units
 * that are there, when nobody told theirs.
 */
enum tenon_answer tn_oc_same_interface(tenon_ocaml_process *process, uint32_t number,
                                       const tenon_digest *crc);

/* True when the name is that of a C symbol that this process has. *holder (may be NULL): where. */
bool tn_oc_has_symbol(tenon_ocaml_process *process, tenon_world *world, const char *name,
                      const char **holder);

/* Can bytecode call this primitive? Stubs that come are not asked. */
bool tn_oc_has_primitive(tenon_ocaml_process *process, tenon_world *world, const char *name);

/* ---- ocaml_gather.c ---------------------------------------------------------------------------
 */

/* Opens what was asked for and reads its code. False: *err. */
bool tn_oc_gather(tenon_ocaml_plan *plan, const tenon_ocaml_request *requests, tenon_error *err);

/* A file of the system as part of a plugin. *out stays NULL when it holds nothing for us. */
bool tn_oc_add_offer(tenon_ocaml_plan *plan, struct tn_oc_prospect *p, const char *path,
                     struct tn_oc_file **out, tenon_error *err);
void tn_oc_prospect_free(struct tn_oc_prospect *prospect);

/* A new file, empty; NULL: no memory. */
struct tn_oc_file *tn_oc_new_file(tenon_ocaml_plan *plan, struct tn_oc_prospect *p);
void tn_oc_free_file(struct tn_oc_file *file);

/* Which build a unit of a file is. Bytecode records none: that of its native form beside it tells.
 */
tenon_digest tn_oc_implementation(const tenon_ocaml_plan *plan, const struct tn_oc_prospect *p,
                                  const struct tn_oc_file *file, const tenon_ocaml_unit *unit);

/* A finding about one plugin; its row becomes refused when it refuses. */
void tn_oc_find_in(tenon_ocaml_plan *plan, struct tn_oc_prospect *p, enum tenon_finding_kind kind,
                   bool refuses, const char *unit, const char *holder, const char *format, ...)
    __attribute__((format(printf, 7, 8)));

/* ---- ocaml_done.c -----------------------------------------------------------------------------
 */

bool tn_oc_open_cache(tenon_ocaml_plan *plan, tenon_error *err);

/* Takes the code of a bundle out, or finds it in the cache: p->taken. */
bool tn_oc_take(tenon_ocaml_plan *plan, struct tn_oc_prospect *p, tenon_error *err);

/* ---- ocaml_stubs.c ----------------------------------------------------------------------------
 */

/* Looks for the stubs that an archive of bytecode asks for, and reads them. False: *err. */
bool tn_oc_read_stubs(tenon_ocaml_plan *plan, struct tn_oc_prospect *p, struct tn_oc_file *archive,
                      tenon_error *err);

/*
 * Holds them against what is there; what is missing is a finding. Those of an archive that is there
 * already must be what was opened for it. False: *err.
 */
bool tn_oc_find_stubs(tenon_ocaml_plan *plan, struct tn_oc_prospect *p, struct tn_oc_file *archive,
                      tenon_error *err);

/* The digest that the manifest has of a file of the bundle. False: it has none. */
bool tn_oc_entry_digest(const struct tn_oc_prospect *p, const char *entry, uint8_t digest[32]);

/* The C code that came under that name; NULL: nobody knows of any. */
const struct tn_oc_stubs *tn_oc_kept_code(const tenon_ocaml_process *process, const char *name);

/* C code that would be there twice, symbols and libraries that are not there. False: *err. */
bool tn_oc_check_code(tenon_ocaml_plan *plan, struct tn_oc_prospect *p, struct tn_oc_file *file,
                      tenon_error *err);

/* What the file exports is there for those that come after it. False: no memory. */
bool tn_oc_place_code(tenon_ocaml_plan *plan, const struct tn_oc_file *file);

/* The same in the process, once it is loaded. */
bool tn_oc_keep_code(tenon_ocaml_process *process, const struct tn_oc_file *file);

/* ---- ocaml_libraries.c ------------------------------------------------------------------------
 */

/*
 * Libraries that the file needs and that are not in the process: they are found as the loader would
 * find them after all that comes before, judged as those of C plugins are, and what they export is
 * there from then on. What is wrong becomes findings. False: *err.
 */
bool tn_oc_check_libraries(tenon_ocaml_plan *plan, struct tn_oc_prospect *p,
                           const struct tn_oc_file *file, tenon_error *err);

/* The plugin does not come after all. False: no memory. */
bool tn_oc_forget_libraries(tenon_ocaml_plan *plan, const struct tn_oc_prospect *p);

/* Is the symbol one of the libraries that the file needs? False: no memory. */
bool tn_oc_brings(tenon_ocaml_plan *plan, const struct tn_oc_prospect *p,
                  const struct tn_oc_file *file, const char *symbol, bool *brings);

/* ---- ocaml_mapped.c ---------------------------------------------------------------------------
 */

/*
 * The digest of a mapped file of native code, by the path that the loader has of it. False: that
 * path does not name what is mapped any more, or it cannot be read.
 */
bool tn_oc_mapped_digest(const char *path, uint8_t digest[32]);

/*
 * What initialisers and constructors open with dlopen() is no unit of OCaml's, and yet C code that
 * comes later must be judged beside it: the loader's list is looked at before and after a step.
 */
void tn_oc_count_objects(tenon_ocaml_plan *plan);
void tn_oc_see_objects(tenon_ocaml_plan *plan);

/* ---- ocaml_c_needs.c --------------------------------------------------------------------------
 */

/* Who has a C symbol: the first that was added with it. */
struct tn_oc_owners {
    struct tn_names names;
    uint32_t *of;
    size_t room;
};

/* False: no memory; to be freed all the same. */
bool tn_oc_owners_init(struct tn_oc_owners *owners);
bool tn_oc_owners_add(struct tn_oc_owners *owners, const struct tn_oc_file *file, uint32_t owner);
void tn_oc_owners_free(struct tn_oc_owners *owners);

/* TN_NO_NAME: nobody. */
uint32_t tn_oc_owner_of(const struct tn_oc_owners *owners, const char *symbol);

/* The i-th C symbol that the file's code refers to; NULL: no more. */
const char *tn_oc_wanted(const struct tn_oc_file *file, size_t i);

/* Plugins whose C code is called by others come before these. False: no memory. */
bool tn_oc_find_c_needs(tenon_ocaml_plan *plan);

/* ---- ocaml_static.c ---------------------------------------------------------------------------
 */

/*
 * An archive of a package that no loader takes: what it holds must be there. *known: it is one, and
 * what is missing was said. False: no memory.
 */
bool tn_oc_meet_static(tenon_ocaml_plan *plan, struct tn_oc_prospect *p, const char *path,
                       bool *known, tenon_error *err);

/* The one among a plugin's offers that has the unit; NULL. */
const char *tn_oc_static_offer(const tenon_ocaml_plan *plan, const struct tn_oc_prospect *p,
                               const char *unit);

/* ---- ocaml_symbols.c --------------------------------------------------------------------------
 */

/* The C side of an image, from which it borrows. False: no memory; what is there is to be freed. */
bool tn_oc_c_read(const tenon_image *image, struct tn_oc_c *out);
void tn_oc_c_free(struct tn_oc_c *c);

/* ---- ocaml_proven.c ---------------------------------------------------------------------------
 */

/* Has the index notes about this bundle's code that may be used? Then p->proofs is set. */
bool tn_oc_take_proofs(tenon_ocaml_plan *plan, struct tn_oc_prospect *p);

/* Takes what was noted of one file, when the cache still has that file. False: it must be read, and
 * so must what follows it; all of the plugin is noted anew. */
bool tn_oc_take_proof(tenon_ocaml_plan *plan, struct tn_oc_prospect *p, struct tn_oc_file *file);

/* p->taken by what was noted; nothing is looked at. False: *err. */
bool tn_oc_trust(tenon_ocaml_plan *plan, struct tn_oc_prospect *p, tenon_error *err);

/* Notes what was read of a plugin that is loaded. */
void tn_oc_prove(tenon_ocaml_plan *plan, struct tn_oc_prospect *p);

/* ---- ocaml_plan.c -----------------------------------------------------------------------------
 */

/* Numbers every name that a file mentions, and makes rows for them. False: no memory. */
bool tn_oc_note_names(tenon_ocaml_plan *plan, struct tn_oc_prospect *p, struct tn_oc_file *file);

/* The row of a name that was noted. Moves when others are. */
static inline struct tn_oc_coming *tn_oc_coming(const tenon_ocaml_plan *plan, uint32_t number)
{
    return &plan->coming[number];
}

/* ---- ocaml_check.c ----------------------------------------------------------------------------
 */

/*
 * Checks one plugin beside what is there and what comes before it; its files get their order and
 * are placed. What is wrong becomes findings. False: *err.
 */
bool tn_oc_check_plugin(tenon_ocaml_plan *plan, struct tn_oc_prospect *p, tenon_error *err);

#endif
