/* src/bundle/known.h - the index of bundles that were opened before, by the identity of their file
 */
#ifndef TN_KNOWN_H
#define TN_KNOWN_H

#include <tenon/bundle.h>

#include "file_identity.h"
#include "view.h"

/*
 * CACHE/bundles remembers the manifests of bundles whose file was opened and found good: whoever
 * meets the same file again (device, inode, size, change time) needs not read it. A file that
 * changed moments ago is not noted: it could change again without its change time telling.
 *
 * The file is a text line "tenon-bundles 2", then rows: u32 length of the rest, u64 device, inode,
 * size, change time, the 32 bytes of the manifest's SHA-256, the packed manifest; all
 * little-endian. It is replaced as a whole, so that two processes that do so at once leave the one
 * or the other; what is missing in it is read from the bundles again. One that makes no sense is
 * none.
 *
 * threads  belongs to one thread at a time
 */
struct tn_known;

/* The rows that a cache directory has; it need not be there. NULL: no memory. */
struct tn_known *tn_known_open(const char *cache);
void tn_known_free(struct tn_known *known);

/*
 * Opens a bundle, by what is known of its file where that is enough: then the file is opened when
 * an entry is read, and must be the same still. What is new is noted. `known` may be NULL.
 *
 * errors   those of tenon_bundle_open
 */
tenon_bundle *tn_known_bundle(struct tn_known *known, const char *path, tenon_error *err);

/*
 * Writes the file when rows were added; that it cannot be is no error. `make`: the directory too,
 * when it is not there. `known` may be NULL.
 */
void tn_known_save(struct tn_known *known, bool make);

/* Parts of it, for tests: rows in memory. False: they make no sense, or there is no memory. */
bool tn_known_read(struct tn_known *known, struct tn_view file);
size_t tn_known_count(const struct tn_known *known);

#endif
