/* src/bundle/cache.h - code taken out of bundles, in a directory that only this user can write */
#ifndef TN_CACHE_H
#define TN_CACHE_H

#include <tenon/bundle.h>
#include <tenon/world.h>

#include "arena.h"
#include "file_identity.h"

/*
 * CACHE/DIGEST.TRIPLE/ holds the code of one bundle for one kind of system, all files in one
 * directory, so that a run path of $ORIGIN finds the bundled libraries. DIGEST is the SHA-256 of
 * the manifest, which holds those of the files.
 *
 * CACHE/lock is held, shared, while a cache is open, and by whoever removes things, exclusively.
 *
 * threads  a cache belongs to one thread at a time; any number of processes may have it open
 */
struct tn_cache;

/* One file of code, taken out. */
struct tn_cached_file {
    const tenon_code_entry *code; /* of the bundle's manifest; borrowed from the bundle */
    const char *path;             /* absolute */
    struct tn_identity identity;
};

/* The code of one bundle; owned by the caller until tn_cached_free(), which removes nothing. */
struct tn_cached {
    const char *directory; /* absolute */
    struct tn_cached_file *files;
    size_t count;
    bool made; /* by this call: it was not there before */
    struct tn_arena arena;
};

/*
 * The directory that a user's environment names: TENON_CACHE, else XDG_CACHE_HOME/tenon, else
 * HOME/.cache/tenon. A privileged process (tenon_world_secure) has none.
 *
 * returns  in the arena; NULL with *err: TENON_E_ARGUMENT, _MEMORY
 */
const char *tn_cache_place(const tenon_world *world, struct tn_arena *arena, tenon_error *err);

/*
 * Opens the cache at `directory`, made (mode 0700) if it is not there.
 *
 * errors   TENON_E_SYSTEM: cannot be made, written; TENON_E_ARGUMENT: somebody else could change
 *          what is in it (owner or mode of it or of a directory above), or it is mounted noexec
 */
struct tn_cache *tn_cache_open(const char *directory, tenon_error *err);
void tn_cache_close(struct tn_cache *cache);

/* The absolute path of the cache itself. */
const char *tn_cache_path(const struct tn_cache *cache);

/* The base name of a bundle's directory: "DIGEST.TRIPLE". In the arena; NULL: no memory. */
const char *tn_cache_name(const uint8_t digest[32], const char *triple, struct tn_arena *arena);

/* A file in that directory of a cache. NULL: no memory. */
const char *tn_cache_code(const char *cache, const uint8_t digest[32], const char *triple,
                          const char *name, struct tn_arena *arena);

enum tn_cache_flags { TN_CACHE_VERIFY = 1 }; /* all digests anew, whatever was noted */

/*
 * Takes out the bundle's code for `triple`, if it is not there. What is there is compared with
 * what was noted when it was verified; a file that changed is hashed again.
 *
 * errors   TENON_E_MALFORMED when a file was tampered with (the message names it), or two files
 *          of code would have one name; TENON_E_NOT_FOUND: no code for that triple; _SYSTEM
 *          (no space, read-only, ...), those of tenon_bundle_read. Nothing is left behind
 */
struct tn_cached *tn_cache_ensure(struct tn_cache *cache, tenon_bundle *bundle, const char *triple,
                                  unsigned flags, tenon_error *err);

void tn_cached_free(struct tn_cached *cached);

/*
 * The identity that a file of the cache has now, by its path below the cache: "DIGEST.TRIPLE/NAME".
 * False: it is not there, or no file.
 */
bool tn_cache_look(const struct tn_cache *cache, const char *below, struct tn_identity *out);

/* True while each file is still the one that was verified: for before and after dlopen(). */
bool tn_cached_check(const struct tn_cached_file *files, size_t count, tenon_error *err);

/* ---- for people -------------------------------------------------------------------------------
 */

/* What is in a cache, bytewise by name. */
struct tn_cache_row {
    const char *name;
    const char *plugin;   /* of its bundle; "" when it cannot be told */
    const char *version;  /* likewise */
    uint64_t files, size; /* bytes of its files */
    int64_t used;         /* seconds since 1970: when it was last taken out or verified */
    bool unfinished;      /* left behind when a process was killed */
};
bool tn_cache_list(struct tn_cache *cache, struct tn_arena *arena, struct tn_cache_row **rows,
                   size_t *count, tenon_error *err);

/*
 * Removes what is unfinished, and with `all` everything. `each` is told of what was removed.
 *
 * errors   TENON_E_SYSTEM; EBUSY: a process has the cache open
 */
bool tn_cache_prune(struct tn_cache *cache, bool all,
                    void (*each)(void *arg, const struct tn_cache_row *row), void *arg,
                    tenon_error *err);

#endif
