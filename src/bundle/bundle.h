/* src/bundle/bundle.h - a bundle that was opened, as the other files of this layer see it */
#ifndef TN_BUNDLE_H
#define TN_BUNDLE_H

#include <tenon/bundle.h>

#include "file_identity.h"
#include "known.h"
#include "zip_file.h"

struct tenon_bundle {
    char *path; /* of one that is known: behind it */
    int fd;
    struct tn_identity identity; /* of the bundle's file, when it was opened */
    struct tn_zip zip;
    tenon_manifest *manifest;
    struct tn_known_row *row; /* what is known of it; NULL */
    bool is_no_link;          /* the last part of its path was seen to be no symbolic link */
    /* of the manifest, by name: as zip.by_name, without tenon.json; NULL while it rests */
    const tenon_entry **entries;
    size_t entry_count;
    uint8_t *text;     /* tenon.json; NULL until the file is read */
    char *signed_text; /* what the last look at the signature gave for people; NULL */
    size_t text_size;
    bool has_digest; /* it is worked out when somebody asks: lists of bundles do not */
    uint8_t digest[32];
};

/* The name of a file in messages; `fd` is taken over. See tenon_bundle_open. */
tenon_bundle *tn_bundle_open_fd(int fd, const char *path, tenon_error *err);

/*
 * A bundle whose file was looked at before; without a manifest when its row has but a brief one.
 * The file is opened, and all of it checked again, when an entry is read. `is_link`: the last part
 * of the path is a symbolic link.
 */
tenon_bundle *tn_bundle_of(const char *path, struct tn_known_row *row, bool is_link,
                           tenon_error *err);

/* Closes the file; it is opened again when an entry is read. For those who open very many. */
void tn_bundle_rest(tenon_bundle *bundle);

/* Opens the file of a bundle that rests: it must be the same, and is checked like a new one. */
bool tn_bundle_wake(tenon_bundle *bundle, tenon_error *err);

/* The row of the manifest; NULL: no entry of that name. */
const tenon_entry *tn_bundle_entry(const tenon_bundle *bundle, const char *name);

#endif
