/* src/bundle/bundle.c - opens a bundle: its directory and manifest, which must agree */
#include "bundle.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bap_bundle.h"
#include "entry_name.h"
#include "fail.h"
#include "instead.h"
#include "limits.h"
#include "manifest.h"
#include "text.h"

static const struct tn_zip_entry *manifest_entry(const tenon_bundle *bundle, tenon_error *err)
{
    const struct tn_zip_entry *entry = tn_zip_find(&bundle->zip, TN_MANIFEST_ENTRY);

    if (!entry)
        tn_fail(err, TENON_E_FORMAT, "a zip file without " TN_MANIFEST_ENTRY ": no bundle");
    else if (entry != bundle->zip.entries || entry->method != TN_ZIP_STORED)
        tn_fail(err, TENON_E_MALFORMED, TN_MANIFEST_ENTRY " must come first, and not compressed");
    else if (entry->size > TN_LIMIT_MANIFEST)
        tn_fail(err, TENON_E_LIMIT, TN_MANIFEST_ENTRY ": %" PRIu64 " bytes, at most %u",
                entry->size, TN_LIMIT_MANIFEST);
    else
        return entry;
    return NULL;
}

/* The text of tenon.json; of a bundle of BAP's, the text that it would have. */
static uint8_t *read_text(const tenon_bundle *bundle, size_t *size, tenon_error *err)
{
    const struct tn_zip_entry *entry;
    uint8_t *text;

    if (!tn_zip_find(&bundle->zip, TN_MANIFEST_ENTRY) && tn_bap_is_bundle(&bundle->zip)) {
        tenon_manifest *manifest = tn_bap_bundle_manifest(&bundle->zip, err);
        text = manifest ? (uint8_t *)tenon_manifest_write(manifest, err) : NULL;
        tenon_manifest_free(manifest);
        *size = text ? strlen((char *)text) : 0;
        return text;
    }
    entry = manifest_entry(bundle, err);
    text = entry ? malloc((size_t)entry->size + 1) : NULL;
    if (entry && !text)
        tn_no_memory(err);
    if (text && !tn_zip_read(&bundle->zip, entry, text, err)) {
        free(text);
        return NULL;
    }
    *size = entry ? (size_t)entry->size : 0;
    return text;
}

static bool read_manifest(tenon_bundle *bundle, tenon_error *err)
{
    bundle->text = read_text(bundle, &bundle->text_size, err);
    if (!bundle->text)
        return false;
    bundle->manifest = tenon_manifest_parse((const char *)bundle->text, bundle->text_size, err);
    return bundle->manifest || tn_context(err, TN_MANIFEST_ENTRY);
}

static int compare_entries(const void *a, const void *b)
{
    return strcmp((*(const tenon_entry *const *)a)->path, (*(const tenon_entry *const *)b)->path);
}

static bool sort_entries(tenon_bundle *bundle, tenon_error *err)
{
    const tenon_manifest *manifest = bundle->manifest;

    bundle->entry_count = manifest->entry_count;
    bundle->entries = calloc(bundle->entry_count + 1, sizeof *bundle->entries);
    if (!bundle->entries)
        return tn_no_memory(err);
    for (size_t i = 0; i < bundle->entry_count; i++)
        bundle->entries[i] = &manifest->entries[i];
    qsort(bundle->entries, bundle->entry_count, sizeof *bundle->entries, compare_entries);
    return true;
}

static bool is_listed(const struct tn_zip_entry *entry)
{
    return strcmp(entry->name, TN_MANIFEST_ENTRY) != 0 &&
           strcmp(entry->name, TN_SIGNATURE_ENTRY) != 0;
}

/* Both lists are sorted and hold nothing twice: one walk compares them. */
static bool compare_lists(const tenon_bundle *bundle, tenon_error *err)
{
    char shown[TN_QUOTE_ROOM];
    size_t next = 0;

    for (size_t i = 0; i < bundle->zip.count; i++) {
        const struct tn_zip_entry *entry = bundle->zip.by_name[i];
        const tenon_entry *row = next < bundle->entry_count ? bundle->entries[next] : NULL;
        if (!is_listed(entry))
            continue;
        if (!row || strcmp(entry->name, row->path) < 0)
            return tn_fail(err, TENON_E_MALFORMED, "entry %s is not in the manifest",
                           tn_quote(shown, entry->name));
        if (strcmp(entry->name, row->path) > 0)
            break;
        if (entry->size != row->size)
            return tn_fail(err, TENON_E_MALFORMED,
                           "entry %s has %" PRIu64 " bytes, the manifest says %" PRIu64,
                           tn_quote(shown, row->path), entry->size, row->size);
        next++;
    }
    if (next < bundle->entry_count)
        return tn_fail(err, TENON_E_MALFORMED, "entry %s of the manifest is not there",
                       tn_quote(shown, bundle->entries[next]->path));
    return true;
}

static bool read_bundle(tenon_bundle *bundle, tenon_error *err)
{
    if (!tn_zip_open(&bundle->zip, bundle->fd, err))
        return false;
    bundle->identity = bundle->zip.identity;
    return read_manifest(bundle, err) && sort_entries(bundle, err) && compare_lists(bundle, err);
}

/* A file that is no zip file at all is named by what it is. */
static void say_instead(int fd, tenon_error *err)
{
    char path[sizeof "/proc/self/fd/" + 10];
    const char *instead;

    if (!err || err->code != TENON_E_FORMAT)
        return;
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    instead = tn_instead(path);
    if (instead)
        tn_fail(err, TENON_E_FORMAT, "no bundle, but %s", instead);
}

tenon_bundle *tn_bundle_open_fd(int fd, const char *path, tenon_error *err)
{
    tenon_bundle *bundle = calloc(1, sizeof *bundle);
    char shown[TN_QUOTE_ROOM];

    if (!bundle) {
        close(fd);
        tn_no_memory(err);
        return NULL;
    }
    bundle->fd = fd;
    bundle->zip.fd = -1;
    bundle->path = strdup(path);
    if (bundle->path ? read_bundle(bundle, err) : tn_no_memory(err))
        return bundle;
    say_instead(fd, err);
    tn_context(err, "bundle %s", tn_quote(shown, path));
    tenon_bundle_free(bundle);
    return NULL;
}

tenon_bundle *tenon_bundle_open(const char *path, tenon_error *err)
{
    /* a pipe of that name must not make us wait; it is refused later */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    char shown[TN_QUOTE_ROOM];

    if (fd >= 0)
        return tn_bundle_open_fd(fd, path, err);
    tn_fail_system(err, errno, "bundle %s", tn_quote(shown, path));
    return NULL;
}

void tenon_bundle_free(tenon_bundle *bundle)
{
    if (!bundle)
        return;
    tn_zip_close(&bundle->zip);
    tenon_manifest_free(bundle->manifest);
    free(bundle->entries);
    if (bundle->path != (char *)(bundle + 1))
        free(bundle->path);
    free(bundle->text);
    free(bundle->signed_text);
    if (bundle->fd >= 0)
        close(bundle->fd);
    free(bundle);
}

tenon_bundle *tn_bundle_of(const char *path, struct tn_known_row *row, bool is_link,
                           tenon_error *err)
{
    size_t size = strlen(path) + 1;
    tenon_bundle *bundle = calloc(1, sizeof *bundle + size);

    if (!bundle) {
        tn_no_memory(err);
        return NULL;
    }
    bundle->path = memcpy(bundle + 1, path, size);
    bundle->fd = bundle->zip.fd = -1;
    bundle->row = row;
    bundle->is_no_link = !is_link;
    bundle->identity = row->identity;
    bundle->manifest = row->manifest ? tn_manifest_share(row->manifest) : NULL;
    bundle->has_digest = true;
    memcpy(bundle->digest, row->digest, sizeof bundle->digest);
    return bundle;
}

void tn_bundle_rest(tenon_bundle *bundle)
{
    if (bundle->text) /* by its digest it is known again when it is read again */
        (void)tenon_bundle_digest(bundle);
    free(bundle->text);
    bundle->text = NULL;
    if (bundle->fd >= 0)
        close(bundle->fd);
    bundle->fd = -1;
    tn_zip_close(&bundle->zip);
}

/* Is the manifest in the file the one that this bundle has? Its text is then there again. */
static bool check_text(tenon_bundle *bundle, tenon_error *err)
{
    uint8_t digest[crypto_hash_sha256_BYTES];
    size_t size;
    uint8_t *text = read_text(bundle, &size, err);
    bool ok;

    if (!text)
        return false;
    crypto_hash_sha256(digest, text, size);
    ok = memcmp(digest, tenon_bundle_digest(bundle), sizeof digest) == 0 ||
         tn_fail(err, TENON_E_MALFORMED, "its manifest changed since it was opened");
    if (ok && !bundle->text) {
        bundle->text = text;
        bundle->text_size = size;
        return true;
    }
    free(text);
    return ok;
}

static bool wake_file(tenon_bundle *bundle, int fd, tenon_error *err)
{
    struct tn_identity now;
    struct stat info;

    if (fstat(fd, &info) < 0)
        return tn_fail_system(err, errno, "looking at it");
    now = tn_identity(&info);
    if (!tn_identity_same(&now, &bundle->identity))
        return tn_fail(err, TENON_E_MALFORMED, "it changed since it was opened");
    return tn_zip_open(&bundle->zip, fd, err) && check_text(bundle, err) &&
           (bundle->entries || sort_entries(bundle, err)) && compare_lists(bundle, err);
}

bool tn_bundle_wake(tenon_bundle *bundle, tenon_error *err)
{
    int fd;

    if (bundle->fd >= 0)
        return true;
    fd = open(bundle->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return tn_fail_system(err, errno, "opening it");
    if (wake_file(bundle, fd, err)) {
        bundle->fd = fd;
        return true;
    }
    tn_zip_close(&bundle->zip);
    close(fd);
    return false;
}

const char *tenon_bundle_path(const tenon_bundle *bundle)
{
    return bundle->path;
}

const tenon_manifest *tenon_bundle_manifest(const tenon_bundle *bundle)
{
    return bundle->manifest;
}

const uint8_t *tenon_bundle_digest(tenon_bundle *bundle)
{
    if (!bundle->has_digest)
        crypto_hash_sha256(bundle->digest, bundle->text, bundle->text_size);
    bundle->has_digest = true;
    return bundle->digest;
}

static int compare_path(const void *name, const void *row)
{
    return strcmp(name, (*(const tenon_entry *const *)row)->path);
}

/* One of which only the manifest is known is asked for few entries: they are not sorted for it. */
static const tenon_entry *look_through(const tenon_manifest *manifest, const char *name)
{
    for (size_t i = 0; i < manifest->entry_count; i++)
        if (strcmp(manifest->entries[i].path, name) == 0)
            return &manifest->entries[i];
    return NULL;
}

const tenon_entry *tn_bundle_entry(const tenon_bundle *bundle, const char *name)
{
    const tenon_entry *const *row;

    if (!bundle->entries)
        return look_through(bundle->manifest, name);
    row =
        bsearch(name, bundle->entries, bundle->entry_count, sizeof *bundle->entries, compare_path);
    return row ? *row : NULL;
}

static bool read_checked(const tenon_bundle *bundle, const tenon_entry *row, uint8_t *bytes,
                         tenon_error *err)
{
    uint8_t digest[crypto_hash_sha256_BYTES];
    char shown[TN_QUOTE_ROOM];

    /* sizes were compared when the bundle was opened */
    if (!tn_zip_read(&bundle->zip, tn_zip_find(&bundle->zip, row->path), bytes, err))
        return false;
    crypto_hash_sha256(digest, bytes, row->size);
    if (memcmp(digest, row->sha256, sizeof digest) != 0)
        return tn_fail(err, TENON_E_MALFORMED,
                       "entry %s: its SHA-256 is not the one in the manifest",
                       tn_quote(shown, row->path));
    return true;
}

bool tenon_bundle_read(tenon_bundle *bundle, const char *entry, void **bytes, size_t *size,
                       tenon_error *err)
{
    const tenon_entry *row = tn_bundle_entry(bundle, entry);
    char shown[TN_QUOTE_ROOM];
    uint8_t *content;

    if (!row) {
        tn_fail(err, TENON_E_NOT_FOUND, "no entry %s", tn_quote(shown, entry));
        return tn_context(err, "bundle %s", tn_quote(shown, bundle->path));
    }
    content = malloc((size_t)row->size + 1);
    if (!content)
        return tn_no_memory(err);
    if (!tn_bundle_wake(bundle, err) || !read_checked(bundle, row, content, err)) {
        free(content);
        return tn_context(err, "bundle %s", tn_quote(shown, bundle->path));
    }
    content[row->size] = 0;
    *bytes = content;
    *size = (size_t)row->size;
    return true;
}
