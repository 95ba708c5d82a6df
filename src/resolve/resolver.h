/* src/resolve/resolver.h - what a resolver remembers, and one process while it is being joined */
#ifndef TN_RESOLVER_H
#define TN_RESOLVER_H

#include <tenon/resolve.h>

#include "ahead.h"
#include "rules.h"
#include "shelf.h"
#include "table.h"

/* One need of a file. */
struct tn_node_need {
    uint32_t name;
    enum tenon_flavour flavour;
    uint32_t key, key_target; /* for the target of this number, less one: what it is asked by */
    const tenon_need *more;   /* where more than these two was recorded; NULL */
};

/* One version that a file asks of another. */
struct tn_node_version {
    uint32_t version;
    bool weak;
};

/* A file of which versions are asked: [first, end) of tn_node.versions. */
struct tn_node_asked {
    uint32_t file;
    uint32_t good_with; /* the last node that had all of them; TN_NO_NODE: none yet */
    uint32_t first, end;
};

/*
 * What one image asks, without any context: read once, whoever needs it. An image is a file, by its
 * device and inode, or a slice or member of one.
 */
struct tn_node {
    /* what every process that loads it looks at, close together */
    uint32_t stamp; /* process that has it as `object` */
    int32_t object;
    uint32_t own_name, need_count;
    struct tn_node_need *needs;
    struct tn_node_asked *asked;
    struct tn_node_version *versions;
    uint32_t asked_count;
    bool has_run_paths; /* rpath or runpath */
    bool foreseen;      /* what it needs is read ahead, where anything is */
    bool accepted;      /* some search ended here */

    uint32_t path;                /* by which it was first opened: the file's own */
    const char *slice, *member;   /* NULL: the file itself */
    const struct tn_facts *facts; /* strings live as long as the resolver; lists are here */
    uint32_t *definitions;        /* version names, sorted by number */
    uint32_t definition_count;
    enum tenon_code error; /* TENON_OK: facts are there */
    int system_errno;
    const char *error_text; /* names no file, as `path` is only one of its names */
    tenon_file_info info;
    uint8_t head[TN_HEAD_SIZE]; /* its first bytes */
    uint8_t head_size;
    const tenon_loader *loader; /* it was made for, by its facts alone; NULL: these do not say */
};

/* The answer for one name by one plan: shared by every process that asks the same. */
struct tn_search {
    uint32_t name;
    uint32_t path; /* TN_NO_NAME: not found */
    uint32_t node;
    const tenon_rule *rule;
    const char *where;
    enum tenon_status status; /* FOUND, MISSING, REFUSED */
    const char *reason;
    tenon_attempt *attempts;
    size_t attempt_count;
    uint32_t left;  /* tn_trial.left behind it; 0: nothing */
    bool searched;  /* by lists, not by a path */
    bool fatal;     /* REFUSED: so that nothing starts, whoever asked */
    bool complete;  /* false: memory ran out on the way, it must be done again */
    uint32_t stamp; /* process that has a row for it as `object` */
    int32_t object;
};

/* What is remembered of a name, a path or a directory, by its number. */
struct tn_use {
    uint32_t expected; /* 0: no; else index + 1 in the list of tenon_resolver_expect() */
    uint32_t opened;   /* 0: never; else index + 1 of an opening */
    uint32_t plan;     /* the plan of `search`, both kept ones */
    uint32_t search;   /* 0: none; else its number + 1 */
    uint32_t stamp;    /* process in which `object` answers to it */
    int32_t object;
    uint32_t asked;    /* process in which somebody asked by it, expanded */
    uint32_t plain;    /* target + 1 for which the name alone says which loaded object is meant */
    uint32_t bare;     /* a directory: target + 1 of which it has no hardware subdirectories */
    uint8_t directory; /* enum tn_directory */
    bool is_need;      /* some file needs it, or asks it for versions */
    bool is_inside;    /* a path with a slice or member behind it, see tn_resolver_source() */
};

enum tn_directory {
    TN_DIRECTORY_UNKNOWN,
    TN_DIRECTORY_EXISTS,
    TN_DIRECTORY_ABSENT,
    TN_DIRECTORY_LOOPS,  /* symbolic links in a circle: loaders differ */
    TN_DIRECTORY_BARRED, /* a file, or below one, or no name for a file: loaders differ */
};

/* What came of opening a path. */
struct tn_opening {
    int error;
    uint32_t node;
};

#define TN_NO_NODE UINT32_MAX

/* Does a file of this mode change whose rights its process has? Set-group-ID counts with x. */
static inline bool tn_is_set_id(uint32_t mode)
{
    return (mode & 04000) || (mode & 02010) == 02010;
}

struct tn_object {
    uint32_t node;       /* TN_NO_NODE: missing */
    uint32_t name, path; /* as first asked for; as the loader reports it or TN_NO_NAME */
    uint32_t key;        /* by which it was asked for; TN_NO_NAME: by nothing */
    int32_t parent;      /* object; TN_NOBODY: the loader itself */
    const struct tn_paths *paths;
    bool own;    /* paths are its own */
    bool done;   /* its needs were walked */
    bool listed; /* stands in the order */
    bool passed; /* ... and the walk is beyond it */
    bool waits;  /* to be put before the object that is walked, whose filtee it is */
    bool optional, is_interpreter;
    bool opens_stack; /* what runs has an executable stack from now on */
    bool has_short;   /* answers to the last part of its path */
    enum tenon_flavour flavour;
    enum tenon_status status;
    const tenon_rule *rule;
    const char *where, *reason;
    struct tn_search *search; /* NULL: not searched for */
    size_t first_edge, edge_count;
    size_t late_count; /* edges among tenon_resolver.late_edges */
};

/* A need that arose when the object's own needs were answered. */
struct tn_late_edge {
    int32_t from, to;
};

#define TN_PROGRAM 0

struct tn_preload {
    const char *name;
    enum tn_request request;
};

struct tn_target_row {
    struct tn_target target;
    bool preloads_read;
    bool wants_origin; /* searches depend on where the program is */
    bool has_audit;
    bool has_variable; /* some variable is set that a secure process does not look at */
    uint32_t no_name, self_path, self_base; /* "", the interpreter and the last part of its path */
    struct tn_preload *preloads;
    size_t preload_count;
    struct tn_target_row *next;
};

/*
 * Chains of run paths, the plans of who searches along them, and what was found by these plans:
 * each knows the others of its store by their numbers in it.
 */
struct tn_store {
    struct tn_arena arena;
    struct tn_map map; /* tagged keys; made when the first is set */
    bool has_map;
    struct tn_plan **plans;
    size_t plan_count, plan_room;
    struct tn_search **searches;
    size_t search_count, search_room;
    const struct tn_paths **paths;
    size_t path_count, path_room;
};

struct tn_kind;

struct tenon_resolver {
    tenon_world *world;
    struct tn_arena arena;                /* lives as long as the resolver */
    struct tn_arena scratch;              /* one file */
    struct tn_arena spare, spare_passing; /* of a graph that is gone, for the next */
    struct tn_names names;
    struct tn_ahead *ahead;   /* NULL: nothing is read ahead */
    struct tn_reader *reader; /* NULL: files are read for this resolver alone */
    struct tn_map map;        /* tagged keys: nodes, variants, directory lists */
    struct tn_use *uses;
    size_t use_room;
    struct tn_node **nodes;
    size_t node_count, node_room;
    struct tn_opening *openings;
    size_t opening_count, opening_room;
    const struct tn_dirs **dirs; /* run paths, split: by list and origin */
    size_t dir_count, dir_room;
    struct tn_store kept;    /* what other processes may meet again */
    struct tn_store passing; /* what only the process at hand has; its graph takes the arena */
    struct tn_target_row *targets;
    size_t target_count;
    struct tn_names kind_keys; /* of tn_alike_kind() */
    struct tn_kind *kinds;
    size_t kind_count, kind_room;
    tenon_attempt *tries; /* of the search going on */
    size_t try_count, try_room;

    const tenon_loader *loader; /* NULL: from the image */
    const char *exe, *interpreter;
    unsigned flags;
    bool asked;      /* the settings above are fixed, but for the flags */
    bool no_memory;  /* something below ran out; the question at hand fails */
    bool too_much;   /* ... and it was a limit on the process, not memory */
    int failed;      /* ... and it was the system (errno), which says nothing of any file */
    bool runs;       /* the process at hand has started: what comes now dlopen() brings */
    size_t attempts; /* made for the process at hand */

    /* the process at hand */
    uint32_t stamp;
    struct tn_target_row *target;
    struct tn_object *objects;
    size_t object_count, object_room;
    int32_t *order; /* objects in load order, the program first */
    size_t order_count, order_room;
    size_t waiting; /* filtees of the object that is walked */
    int32_t *edges; /* answers to needs, grouped by object */
    size_t edge_count, edge_room;
    struct tn_late_edge *late_edges;
    size_t late_count, late_room;
    int32_t self;            /* the loader's own object, or TN_NOBODY */
    uint32_t program_origin; /* TN_NO_NAME until asked for */
    bool program_started;    /* by the kernel, not by `ld.so FILE` */
    struct tn_store *last_store;
    uint32_t last_plan; /* of that store */
    struct tn_asker last_asker;
    struct tn_asker asker; /* of the object that asked last */
    int32_t asker_object;
    enum tn_request asker_request;
    uint32_t left; /* tn_asker.left of the next search of the process at hand */
};

#define TN_TAG_NODE 1u
#define TN_TAG_PLAN 2u
#define TN_TAG_SEARCH 3u
#define TN_TAG_PATHS 4u
#define TN_TAG_VARIANT 5u
#define TN_TAG_DIRS 6u
#define TN_TAG_INSIDE 7u

/* Sets a key of a store's map; false: no memory. */
bool tn_store_set(struct tn_store *store, const uint32_t key[4], uint32_t value);

/* Forgets all that it has, but for its room. */
void tn_store_empty(struct tn_store *store);

/* Where a chain of run paths is, and what belongs to it. */
static inline struct tn_store *tn_store_of(tenon_resolver *r, const struct tn_paths *paths)
{
    return paths && paths->id & 1 ? &r->passing : &r->kept;
}

/* A name's number, its memory made ready; TN_NO_NAME (and no_memory) when there is none. */
uint32_t tn_resolver_name(tenon_resolver *r, const char *text);
uint32_t tn_resolver_bytes(tenon_resolver *r, const char *text, size_t size);

/* ... of a name that some file needs, or asks for versions. */
uint32_t tn_resolver_need(tenon_resolver *r, const char *text);

static inline const char *tn_text_of(const tenon_resolver *r, uint32_t name)
{
    return name == TN_NO_NAME ? NULL : tn_names_text(&r->names, name);
}

/*
 * The number of a path that the caller asks about. A file that is no image leaves nothing behind,
 * so that whole trees of others cost no memory. TN_NO_NAME with *err filled.
 */
uint32_t tn_resolver_argument(tenon_resolver *r, const tenon_image_source *source,
                              tenon_error *err);

/* Opens and reads the image at a path, once. NULL with *error: could not be opened. */
struct tn_node *tn_resolver_open(tenon_resolver *r, uint32_t path, int *error);

/*
 * The number by which a slice or member of a file is opened; its text reads as the file's path.
 * Without either it is that of the path. TN_NO_NAME: no memory.
 */
uint32_t tn_resolver_source(tenon_resolver *r, const tenon_image_source *source);

/* Which image a node is; borrowed. */
static inline tenon_image_source tn_node_source(const tenon_resolver *r, const struct tn_node *node)
{
    return (tenon_image_source){ tn_names_text(&r->names, node->path), node->slice, node->member };
}

/*
 * The slice of a universal file that is best for a process: *path becomes its number. A path whose
 * file is no such, or has none that fits, stays as it is. NULL: no memory.
 */
struct tn_node *tn_resolver_slice(tenon_resolver *r, uint32_t *path, struct tn_node *node,
                                  const char *const *slices);

/*
 * The number of the same file's node with the facts that the target at hand reads in it, whatever
 * its e_ident says. TN_NO_NODE: no memory.
 */
uint32_t tn_resolver_variant(tenon_resolver *r, uint32_t node, const struct tn_facts *facts);

/* Why the question about `file` failed: TENON_E_LIMIT or _MEMORY. Returns false. */
bool tn_resolver_fail(const tenon_resolver *r, uint32_t file, tenon_error *err);

/* The search for a name that an object asks for. NULL: no memory. */
struct tn_search *tn_search_for(tenon_resolver *r, uint32_t name, const struct tn_asker *asker);

/* A name with a slash: opened as it is. */
struct tn_search *tn_search_direct(tenon_resolver *r, uint32_t name, const struct tn_asker *asker);

/*
 * A name that is refused before any file is looked at. A target has one `detail` for each outcome
 * of the same name that is fatal, and one for each that is not. NULL: no memory.
 */
struct tn_search *tn_search_refused(tenon_resolver *r, uint32_t name, struct tn_judgement judged);

/* Is this version among those that a file defines? */
bool tn_node_defines(const struct tn_node *node, uint32_t version);

/* A copy that lives as long as the resolver; of NULL it is NULL, and without memory too. */
const char *tn_resolver_keep(tenon_resolver *r, const char *text);

/* Joins a process: the file as program (or by the resolver's exe) and all that it needs. */
bool tn_process_file(tenon_resolver *r, uint32_t path, tenon_error *err);
bool tn_process_state(tenon_resolver *r, const tenon_state *state, tenon_error *err);

/* What a graph knows of a library besides what it shows. */
struct tn_row {
    const struct tn_search *search; /* NULL: not searched for */
    struct tn_node *node;           /* NULL: missing */
    uint32_t number;                /* of that node */
    int32_t object;
};

struct tenon_graph {
    struct tn_arena arena;
    struct tn_arena passing; /* of the process: attempts, reasons, whose list it was */
    tenon_resolver *resolver;
    const char *file, *interpreter, *machine;
    const tenon_loader *loader;
    bool is_static;
    enum tenon_status status;
    const char *reason; /* why the loader refuses the program; NULL: it does not */
    tenon_library *libraries;
    struct tn_row *rows; /* of each library: what is not public */
    size_t count;
    struct tn_node *program;
    int32_t *row_of; /* by object: row, TENON_THE_FILE, or TENON_NOBODY */
    const char *program_path;
    unsigned word; /* of the process */
    enum tn_endian endian;
    const int32_t *needs;
    size_t need_count;
    tenon_missing_version *missing_versions;
    size_t missing_version_count, missing_version_room;
    tenon_symbol_binding *bindings;
    size_t binding_count, binding_room;
    tenon_dlopen_finding *dlopens;
    size_t dlopen_count, dlopen_room;
    const char *remarks[6]; /* NULL after the last */
};

/* The path of a row, or of the file itself. */
const char *tn_graph_path(const tenon_graph *graph, int32_t row);

/* What the object at a row, or the file itself, needs: rows in the order of its file. */
const int32_t *tn_graph_needs(const tenon_graph *graph, int32_t row, size_t *count);

/* One remark more, which lives as long as the graph; there is room for all that there are. */
void tn_graph_remark(tenon_graph *graph, const char *text);

/* False: no memory. */
bool tn_graph_add_binding(tenon_graph *graph, tenon_symbol_binding binding, tenon_error *err);

/*
 * versions.c, symbols.c, imports.c, dlopen.c: each adds its findings to the graph of a process.
 * errors   TENON_E_MEMORY, _SYSTEM; a file that makes no sense is left out
 */
bool tn_graph_check_versions(tenon_graph *graph, tenon_error *err);
bool tn_graph_compare_libraries(tenon_graph *graph, tenon_error *err);
bool tn_graph_bind_symbols(tenon_graph *graph, tenon_error *err);
bool tn_graph_bind_imports(tenon_graph *graph, tenon_error *err);
bool tn_graph_find_dlopens(tenon_graph *graph, tenon_error *err);

/*
 * What the process at hand would get from dlopen(name) called by one of its objects, without
 * loading anything: *loaded is the object that answers already, or TENON_NOBODY; the search is
 * NULL when none was needed (or there was no memory).
 */
struct tn_search *tn_process_ask(tenon_resolver *r, const char *name, int32_t object,
                                 int32_t *loaded);

/*
 * The object of the process at hand that answers a need of one of its objects which no file
 * records, or TENON_NOBODY: nothing is loaded for it. False: no memory.
 */
bool tn_process_answer(tenon_resolver *r, const tenon_need *need, int32_t object, int32_t *loaded);

#endif
