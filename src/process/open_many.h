/* src/process/open_many.h - bundles opened on all cores */
#ifndef TN_OPEN_MANY_H
#define TN_OPEN_MANY_H

#include <tenon/bundle.h>

/* One bundle to be opened. */
struct tn_opening {
    const char *path;
    tenon_bundle *bundle; /* NULL: it cannot be */
    tenon_error *why;     /* why not, to be freed; NULL: there was no memory even for that */
    uint8_t *packed;      /* its manifest as the index has it, to be freed; NULL: not packed */
    size_t packed_size;
};

/*
 * Opens them all, with their digests, and packs their manifests. Threads that it makes have ended
 * when it returns; they take no signals.
 */
void tn_open_many(struct tn_opening *rows, size_t count);

#endif
