/* src/process/process_private.h - what the parts of a process know of each other */
#ifndef TN_PROCESS_PRIVATE_H
#define TN_PROCESS_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <tenon/process.h>
#include <tenon/resolve.h>

#include "arena.h"
#include "backend.h"
#include "cache.h"
#include "known.h"
#include "plan.h"
#include "registry.h"
#include "triple.h"

/* A recursive lock: the thread that has it may take it again. */
struct tn_process_lock {
    pthread_mutex_t mutex;
    _Atomic uintptr_t owner; /* a pthread_self(); 0: nobody */
    unsigned depth;          /* the owner's */
};

/* Directories where plugins are looked for, in order. */
struct tn_places {
    const char **at;
    size_t count, room;
};

/* Where a plugin is on its way: plugins' and the host's code runs meanwhile, and may ask again. */
enum tn_stage {
    TN_STAGE_UP,
    TN_STAGE_OPENING,   /* from the event "loading" on, until it is registered */
    TN_STAGE_LOADING,   /* started */
    TN_STAGE_UNLOADING, /* stopped and closed */
    TN_STAGE_LEFT,      /* an exception went through its start or stop: it stays as it is */
};

/* A plugin that is loaded, or about to be. */
struct tn_loaded {
    tenon_plugin plugin;   /* first: what its own code sees */
    struct tn_arena arena; /* it is itself in there */
    tenon_process *process;
    uint8_t digest[32]; /* of its manifest */
    struct tn_opened *images;
    size_t image_count;
    struct tn_cached *cached;           /* what was taken out for it; NULL: it is proven */
    const struct tn_cached_file *files; /* all its code in the cache, and what each file must be */
    size_t file_count;
    struct tn_loaded **needs; /* other plugins that it stands on */
    size_t need_count, need_room;
    bool never_starts; /* its code has no entry point */
    const struct tn_backend *backend;
    enum tn_stage stage;
    const void *request;     /* the call that loads or unloads it and is not done; NULL */
    struct tn_loaded *outer; /* that was being loaded when this one came */
    unsigned long long turn; /* who stands on another one has a later turn */
};

enum { TN_START_VARIABLES = 2 }; /* of the environment, that the loader reads once: start_env.c */

struct tenon_process {
    struct tn_process_lock lock;
    struct tn_arena arena;
    char *program;          /* of a program that does not run; NULL: this process */
    bool is_static;         /* a program that no loader joins with anything */
    const char *host_fault; /* why it would not start: "would not start: ..."; NULL */
    bool secure, weak, ambiguous;
    bool start_known;
    const char *start[TN_START_VARIABLES]; /* when this process started; NULL: it was not set */
    struct tn_triple triple;               /* of its program; empty: none of ours */
    struct tn_registry registry;
    tenon_keys *keys; /* whose plugins are welcome; NULL: nobody asks */
    bool require_signature;
    struct tn_places added;
    const char *default_directory, *cache_directory;
    void *host_data;
    pthread_mutex_t services_lock; /* of the next three; to change them takes both locks */
    struct tn_service *services;
    size_t service_count, service_room;
    tenon_event_handler *handler;
    void *handler_arg;
    struct tn_known *known; /* bundles met before; NULL: none are remembered */
    struct tn_arena proofs; /* what was read of it */
    bool known_tried;
    struct tn_kept *kept;       /* the last plan; NULL: none, or not one that is kept */
    struct tn_loaded **plugins; /* by turn */
    size_t plugin_count, plugin_room;
    unsigned long long turns;
    struct tn_loaded *loading; /* those that are not up yet, the last one first */
};

/* A process without units: settings alone. */
tenon_process *tn_process_new_bare(tenon_error *err);

/*
 * start_env.c: what the loader of this process took from its environment is remembered; and given
 * to a world in which it is asked for, unless the process is of a program that does not run.
 */
bool tn_process_take_start(tenon_process *process, tenon_error *err);
bool tn_process_give_start(const tenon_process *process, tenon_world *world, tenon_error *err);

/* Which code the program can load; a machine without a name can load none. */
bool tn_process_take_triple(tenon_process *process, tenon_world *world, const char *program,
                            tenon_error *err);

void tn_process_lock(const tenon_process *process);
void tn_process_unlock(const tenon_process *process);

/* Looks at what changed in this process; nothing for a program that does not run. */
bool tn_process_look(tenon_process *process, tenon_error *err);

/* Also one that is being loaded or unloaded. */
struct tn_loaded *tn_process_plugin_named(const tenon_process *process, const char *name);

void tn_process_tell(tenon_process *process, enum tenon_event_kind kind, const char *plugin,
                     const char *subject, const char *message);

/* ---- cache_use.c ---------------------------------------------------------------------------- */

/*
 * Where the cache is, or would be; to be freed. NULL: the process has none, or there is no
 * memory; *err says which.
 */
char *tn_process_cache_path(const tenon_process *process, const tenon_world *world,
                            tenon_error *err);

/* What is known of bundles, read when first asked for. NULL: nothing can be remembered. */
struct tn_known *tn_process_known(tenon_process *process, const tenon_world *world);

/* ---- prospect.c ----------------------------------------------------------------------------- */

/* What keeps a plugin with this signature out, or is worth a word; NULL: nothing. In the arena. */
const char *tn_signature_words(struct tn_arena *arena, const char *name,
                               const tenon_signature *signature);

/* ---- search.c ------------------------------------------------------------------------------- */

/*
 * The search path: added directories, TENON_PLUGIN_PATH (unless privileged), the default
 * directory. All in the arena. False: no memory.
 */
bool tn_search_path(const tenon_process *process, struct tn_arena *arena, struct tn_places *places);

/* Why a privileged process must not take it: others can change it. NULL: it may. */
const char *tn_search_distrust(const tenon_process *process, const char *path);

/*
 * The bundle that a request means. NULL: none, or not to be taken; the findings are in the report.
 *
 * owner    in the report's arena
 */
const char *tn_search_find(tenon_process *process, const char *wanted, tenon_report *report);

/* ---- stage.c -------------------------------------------------------------------------------- */

/* "is being loaded": what a sentence says of a plugin that is not simply up. */
const char *tn_stage_words(enum tn_stage stage);

/* The plugin that is being opened just now; NULL. Nothing else comes or goes meanwhile. */
const struct tn_loaded *tn_process_opening(const tenon_process *process);

/* One that stands on this plugin: up, or on its way; the last one to come. NULL: nobody. */
struct tn_loaded *tn_process_user_of(const tenon_process *process, const struct tn_loaded *loaded);

/* Stops it, takes it out and forgets it, for that call; it is freed. */
void tn_process_take_out(tenon_process *process, struct tn_loaded *loaded, const void *request,
                         tenon_report *report);

/* What the system keeps of a plugin that went, or failed, is nobody's to stand on. */
void tn_process_leave_behind(tenon_process *process, const struct tn_loaded *loaded);

/* Takes out everything that stands on it, and says so: it is about to go. False: some cannot. */
bool tn_process_clear_users(tenon_process *process, const struct tn_loaded *loaded,
                            const void *request, tenon_report *report);

/*
 * That call is over: nothing is part of it any more. What it had not brought to an end an
 * exception has interrupted.
 */
void tn_process_leave(tenon_process *process, const void *request);

/* ---- plugin.c ------------------------------------------------------------------------------- */

/* Fills what the plugin's own code sees. */
void tn_plugin_equip(struct tn_loaded *loaded);
void tn_loaded_free(struct tn_loaded *loaded);

/* The pieces of a loaded plugin as they are undone. */
struct tn_execution tn_loaded_execution(struct tn_loaded *loaded);

#endif
