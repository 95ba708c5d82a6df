/* src/base/world_private.h - what the parts of a world know of each other */
#ifndef TN_WORLD_PRIVATE_H
#define TN_WORLD_PRIVATE_H

#include <stdatomic.h>
#include <sys/stat.h>
#include <tenon/world.h>

#include "arena.h"
#include "limits.h"
#include "table.h"

/* Devices of files that no system numbered: above every dev_t of Linux. */
#define TN_DEVICE_MADE ((uint64_t)0xFFFFFFFF << 32)

/* --- world_mem.c: the overlay of files that exist only in memory ----------------------------- */

#define TN_NO_NODE UINT32_MAX

enum tn_node_kind {
    TN_NODE_PASSAGE, /* only holds children that are gone: says nothing about its own path */
    TN_NODE_PARENT,  /* a directory that came into being for what is below it */
    TN_NODE_DIR,
    TN_NODE_FILE,
    TN_NODE_LINK,
    TN_NODE_GONE, /* hides what the layers have here */
};

/* The bytes of a file or link: never changed, so that a replaced file can still be read. */
struct tn_mem_bytes {
    const char *at;
    size_t size;
};

struct tn_mem_node {
    enum tn_node_kind kind;
    bool opaque;          /* was gone: a directory that shows nothing of the layers' */
    uint32_t name, mode;  /* name: a number in tn_mem.names */
    uint32_t first, next; /* first child, next sibling; TN_NO_NODE */
    uint32_t tree;        /* what children are found by; a new one leaves the old ones behind */
    uint64_t inode;
    struct tn_mem_bytes *bytes;
};

struct tn_mem {
    struct tn_arena arena;
    struct tn_names names;
    struct tn_map children;    /* { tree, name, exact or folded, 0 } to node */
    struct tn_mem_node *nodes; /* nodes[0] is the root; none until something is put */
    size_t count, capacity;
    uint32_t trees;
    uint64_t inodes;
    enum tenon_case rule;
};

extern const tenon_layer_ops tn_mem_ops; /* read and close; the layer is a struct tn_mem */

void tn_mem_free(struct tn_mem *mem);

/* The child of a directory node by the overlay's case rule, or TN_NO_NODE. */
uint32_t tn_mem_child(const struct tn_mem *mem, uint32_t node, const char *name, size_t size);
const struct tn_name *tn_mem_name(const struct tn_mem *mem, uint32_t node);
void tn_mem_info(const struct tn_mem *mem, uint32_t node, tenon_file_info *info);

/* Puts a thing of `kind` at a canonical path; 0, ENOMEM, ENOTDIR. `bytes` is copied. */
int tn_mem_put(struct tn_mem *mem, const char *path, enum tn_node_kind kind, const void *bytes,
               size_t size, uint32_t mode);

/* --- world_dir.c: directory trees of this system --------------------------------------------- */

extern const tenon_layer_ops tn_dir_ops;

/* The layer for `dir`; NULL: for "/" itself, with nothing opened. 0 or an errno value. */
int tn_dir_layer(const char *dir, void **layer);

/* Files of this system as the kernel resolves their paths. */
int tn_system_open(const char *path, tenon_file_info *info, void **file);
int tn_system_stat(const char *path, tenon_file_info *info);
int tn_system_lstat(const char *path, tenon_file_info *info);
int tn_system_open_dir(const char *path, tenon_file_info *info, int *fd);

/* Every name in the directory; closes `fd`. 0, an errno value, or what `each` returned. */
int tn_system_list(int fd, int (*each)(void *arg, const char *name), void *arg);

/* --- world_host.c: what the running process knows -------------------------------------------- */

/* The maker of this processor. Asking costs: in a virtual machine each question leaves it. */
const char *tn_system_vendor(void);

/* Fills environment, current directory, processor and platform. */
bool tn_host_facts(tenon_world *world, tenon_error *err);

/* --- world_settings.c: environment, directory, processor ------------------------------------- */

void tn_settings_free(tenon_world *world);

/* --- directories, layers, and the world ------------------------------------------------------ */

/* Names in bytewise order, or by their folded form (see tn_fold_compare). */
struct tn_listing {
    size_t count;
    const char *names[];
};

/* A directory as one layer has it. */
struct tn_part {
    const char *native;              /* its path in the layer, "" for the root; NULL: not there */
    const struct tn_listing *folded; /* layers that do not tell case apart: names, once asked */
};

/* A resolved directory of the world. */
struct tn_dir {
    const char *path; /* no symbolic links in it, in the layers' spelling; "" for the root */
    size_t path_size;
    struct tn_dir *parent; /* the root's is the root */
    uint32_t node;         /* in the overlay; TN_NO_NODE */
    bool opaque;           /* the layers' part is hidden */
    tenon_file_info info;
    const struct tn_listing *listing; /* NULL until asked */
    struct tn_part parts[];           /* by layer */
};

/* What was learnt about the path text "directory/name" (or, on a host alone, any path). */
struct tn_known {
    enum { TN_KNOWN_DIR, TN_KNOWN_LINK, TN_KNOWN_ERROR, TN_KNOWN_LISTING } what;
    int error;
    union {
        struct tn_dir *dir;
        const char *link;
        const struct tn_listing *listing;
    } is;
};

/* Dropped as a whole whenever the world changes, or when it grows beyond TN_LIMIT_WORLD_CACHE. */
struct tn_cache {
    bool ready;
    struct tn_arena arena;
    struct tn_names paths;
    struct tn_known *known; /* by number of a path */
    size_t known_capacity;
    struct tn_dir *root;
    struct tn_map listings; /* host alone: { device, inode } to list_rows */
    const struct tn_listing **list_rows;
    size_t list_count, list_capacity;
};

struct tn_layer {
    tenon_layer_ops ops;
    void *state;
    char *mount; /* "" for the root, else without a slash at its end */
    size_t mount_size;
    enum tenon_case rule;
    bool foreign; /* made by the caller: its devices are numbered anew */
};

/* Names with values; each name once. */
struct tn_variables {
    char **at; /* "NAME=VALUE" */
    size_t count, capacity;
};

struct tenon_world {
    struct tn_layer *layers; /* later ones cover earlier ones, the overlay all of them */
    size_t layer_count, layer_capacity;
    struct tn_mem mem;
    struct tn_cache cache;
    struct tn_map devices; /* foreign devices: { layer, device } to a number */
    unsigned walking;      /* calls of tenon_world_list that have not returned */
    struct tn_variables env, settings;
    char *cwd, *cpu, *platform; /* NULL: "/", "", "" */
    char *vendor;               /* NULL: asked of the processor by the host's world, else "" */
    bool cwd_changed;
    bool secure, is_host;
    bool plain_host; /* this system with nothing over it: the kernel resolves paths */
    bool folds;      /* some layer does not tell case apart */
    _Atomic(struct tn_arena_block *) spare; /* of the file read last; file.c */
};

/* Where a walk ended. */
struct tn_place {
    struct tn_dir *dir; /* the directory, or the one the file is in */
    bool is_dir;
    bool absent; /* TN_WALK_MISSING: nothing is there */
    tenon_file_info info;
    uint32_t node;              /* files of the overlay; TN_NO_NODE: of `layer` */
    size_t layer;               /* files: whose */
    char path[TN_LIMIT_PATH];   /* canonical, "" for the root */
    char native[TN_LIMIT_PATH]; /* files of a layer: the path in it */
};

enum tn_walk_flags {
    TN_WALK_FOLLOW = 1,  /* a symbolic link at the end */
    TN_WALK_MISSING = 2, /* what does not exist is no error: its path is still wanted */
};

/* --- world_walk.c: from a path to a file, through all layers --------------------------------- */

/* Resolves a path; 0 or an errno value. Relative ones start at the world's cwd. */
int tn_walk(tenon_world *world, const char *path, unsigned flags, struct tn_place *out);

/* --- world_cache.c: what was learnt ---------------------------------------------------------- */

/* Makes the cache usable, dropping what grew too big; false: no memory. */
bool tn_cache_start(tenon_world *world);
void tn_cache_drop(struct tn_cache *cache);

/* What is known of a path: find gives NULL for nothing, add for no memory. Valid until the next. */
struct tn_known *tn_cache_find(const struct tn_cache *cache, const char *path, size_t size);
struct tn_known *tn_cache_add(struct tn_cache *cache, const char *path, size_t size);

/* Adds a path with what is known of it; 0 or ENOMEM. */
int tn_cache_remember(struct tn_cache *cache, const char *path, size_t size, struct tn_known what);

/* A directory that no layer has a part of yet; NULL: no memory. */
struct tn_dir *tn_cache_new_dir(tenon_world *world, struct tn_dir *parent, const char *path,
                                size_t size);

/* Numbers the device of a layer that the caller made; 0 or ENOMEM. */
int tn_world_number_device(tenon_world *world, size_t layer, tenon_file_info *info);

/* --- world_look.c: one name in one directory ------------------------------------------------- */

/* "directory/name" into out[TN_LIMIT_PATH]; its size, 0 when it is too long. */
size_t tn_path_join(char *out, const char *directory, size_t directory_size, const char *name,
                    size_t size);

/*
 * The spelling of a name in the topmost layer that has it. Layers may disagree on case; with this
 * spelling all of them are asked, so that every way to write a path gives one answer.
 */
int tn_canonical_name(tenon_world *world, struct tn_dir *dir, const char *name, size_t size,
                      const char **out);

/*
 * Looks up the canonical name whose path is out->path. Fills `out` for a file or link; for a
 * directory gives *made, with the parts of all layers down to the first that has a file there.
 */
int tn_look(tenon_world *world, struct tn_dir *dir, const char *name, size_t size,
            struct tn_place *out, struct tn_dir **made);

/* --- world_list.c: directories --------------------------------------------------------------- */

/* The name in a layer that does not tell case apart: the same, else the first that folds alike. */
int tn_stored_name(tenon_world *world, struct tn_dir *dir, size_t layer, const char *name,
                   size_t size, const char **stored);

/*
 * Compares folded names. Folded are the letters A to Z, and U+00C0 to U+00DE (without U+00D7) in
 * UTF-8, to their small forms; nothing else, so that folding never changes a length.
 */
int tn_fold_compare(const char *a, size_t a_size, const char *b, size_t b_size);
void tn_fold(char *text, size_t size);

/* --- world_files.c: for readers of files ----------------------------------------------------- */

/*
 * Opens the file at `path`. *ops is NULL for what cannot be read (tn_world_readable says why).
 *
 * returns  0 or an errno value
 */
int tn_world_open(tenon_world *world, const char *path, tenon_file_info *info,
                  const tenon_layer_ops **ops, void **layer, void **handle);

/* The path as the kernel has to see it: with the cwd before it where the caller changed that. */
int tn_path_for_system(const tenon_world *world, const char *path, char *buffer, const char **out);

/* 0 for a regular file, EISDIR for a directory, EINVAL for devices, pipes and the like. */
int tn_world_readable(const tenon_file_info *info);

/* Reads until `size` bytes are there or the file ends. */
int tn_read_fully(const tenon_layer_ops *ops, void *layer, void *handle, uint64_t offset,
                  void *bytes, size_t size, size_t *got);

#endif
