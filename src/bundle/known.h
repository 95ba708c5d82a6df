/* src/bundle/known.h - the index of bundles that were opened before, by the identity of their file
 */
#ifndef TN_KNOWN_H
#define TN_KNOWN_H

#include <tenon/bundle.h>

#include "file_identity.h"
#include "view.h"

/*
 * CACHE/bundles remembers the manifests of bundles whose file was opened and found good, and what
 * others proved of their code, or found in other files (the libraries of a host): whoever meets the
 * same file again (device, inode, size, change time) needs not read it. A file that changed moments
 * ago is not noted: it could change again without its change time telling.
 *
 * The file, all numbers little-endian:
 *
 *     "tenon-bundles 4\n"
 *     u32     rows
 *     rows, ascending by device, then inode:
 *         u64 device, inode, size, change time of the bundle's file
 *         32 bytes: SHA-256 of its manifest
 *         u64 offset of its block, u32 size of the packed manifest, u32 size of the proofs
 *         u64 sum over the block
 *     blocks: the packed manifest (none for another file than a bundle), then the proofs; one of at
 * most a page (TN_KNOWN_PAGE) lies inside a page
 *
 * It is replaced as a whole, with what the file at that moment had besides, so that two processes
 * that do so at once leave the one or the other; what is missing in it is read from the bundles
 * again. One that makes no sense is none. The sum tells a block that a crash of the system left
 * half written; against people it is the directory that protects.
 *
 * threads  belongs to one thread at a time
 */
struct tn_known;

#define TN_KNOWN_PAGE (UINT64_C(1) << 16)

/* What is known of one bundle, or of another file. Stays as long as the index. */
struct tn_known_row {
    struct tn_identity identity;
    uint8_t digest[32];       /* of its manifest's text; of another file: zeros */
    tenon_manifest *manifest; /* the row's own reference; NULL: not unpacked, or it is no bundle */
    const tenon_manifest *brief; /* what a plan asks for of it, when that was unpacked; NULL */
    struct tn_view packed;       /* of it; NULL: not packed yet */
    struct tn_view proofs; /* what others noted of its code, or of the file; size 0: nothing */
    const void *proven;    /* what they made of that; theirs */
    bool unproven;         /* they could not */
};

/* The rows that a cache directory has; it need not be there. NULL: no memory. */
struct tn_known *tn_known_open(const char *cache);
void tn_known_free(struct tn_known *known);

/*
 * Between the two the file stays open, and is looked at again when another process has replaced
 * it: around many calls of tn_known_bundle. `known` may be NULL.
 */
void tn_known_begin(struct tn_known *known);
void tn_known_end(struct tn_known *known);

/*
 * Opens a bundle, by what is known of its file where that is enough: then the file is opened when
 * an entry is read, and must be the same still. What is new is noted. `known` may be NULL.
 *
 * errors   those of tenon_bundle_open
 */
tenon_bundle *tn_known_bundle(struct tn_known *known, const char *path, tenon_error *err);

/*
 * The same of a file that is looked at as `name` below the open directory `dir`; `path` is how it
 * is opened and shown.
 */
tenon_bundle *tn_known_bundle_at(struct tn_known *known, int dir, const char *name,
                                 const char *path, tenon_error *err);

/*
 * The two halves of that, for those who open many at once: the bundle that is known, NULL when it
 * must be opened (or for want of memory); and noting one that was opened. `packed`: its manifest,
 * if that is packed already, to be copied.
 */
tenon_bundle *tn_known_lookup(struct tn_known *known, int dir, const char *name, const char *path);
void tn_known_take(struct tn_known *known, tenon_bundle *bundle, struct tn_view packed);

/*
 * The same for a plan of code that was proven: of the manifest there may only be what
 * tn_manifest_unpack_brief() gives, in the bundle's row; then tn_known_fill() brings the rest. NULL
 * also when nothing was proven of its code.
 */
tenon_bundle *tn_known_brief(struct tn_known *known, int dir, const char *name, const char *path);

/* False: the manifest cannot be had from the index, or there is no memory. */
bool tn_known_fill(struct tn_known *known, tenon_bundle *bundle);

/* What is known of a bundle that came from tn_known_bundle_at(); NULL: it is not noted. */
struct tn_known_row *tn_known_row(const tenon_bundle *bundle);

/* Notes proofs; a copy is kept. Without memory for it, nothing is noted. */
void tn_known_prove(struct tn_known *known, struct tn_known_row *row, const void *proofs,
                    size_t size);

/* Notes what was found in a file that is no bundle; a copy is kept. */
void tn_known_note(struct tn_known *known, const struct tn_identity *identity, const void *found,
                   size_t size);

/* What was found in such a file; size 0: nothing is known. Lives as long as the index. */
struct tn_view tn_known_found(struct tn_known *known, const struct tn_identity *identity);

/*
 * Writes the file when something was noted; that it cannot be is no error. `make`: the directory
 * too, when it is not there. `known` may be NULL.
 */
void tn_known_save(struct tn_known *known, bool make);

/*
 * Parts of it, for tests: a file in memory, which is borrowed. False: it makes no sense, or there
 * is no memory.
 */
bool tn_known_read(struct tn_known *known, struct tn_view file);

/* Rows of the file, and those noted since. */
size_t tn_known_count(const struct tn_known *known);

/* The row of a file; NULL: it is not known. */
struct tn_known_row *tn_known_identified(struct tn_known *known,
                                         const struct tn_identity *identity);

#endif
