/* src/cli/units_bundle.c - the units of a bundle: those of each file of code in it */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bundle.h"
#include "fail.h"
#include "file.h"
#include "limits.h"
#include "replace_file.h"
#include "temp.h"
#include "text.h"
#include "units_parts.h"

/* rule  APPNOTE 4.3.7: a zip file that begins with an entry begins so */
static bool is_zip(tenon_world *world, const char *path, int *failed)
{
    static const uint8_t signature[4] = { 'P', 'K', 3, 4 };
    struct tn_arena arena = { 0 };
    struct tn_file file = { 0 };
    struct tn_view head = { 0 };
    tenon_error why = TENON_ERROR_INIT;
    bool is = false;

    *failed = tn_file_open(world, path, &arena, &file);
    if (!*failed) {
        if (!tn_file_upto(&file, 0, sizeof signature, "signature", &head, &why))
            *failed = why.code == TENON_E_MEMORY ? ENOMEM : why.system_errno;
        is = head.size == sizeof signature && memcmp(head.at, signature, head.size) == 0;
        tn_file_close(&file);
    }
    tn_arena_free(&arena);
    return is;
}

static bool copy_all(struct tn_file *file, int fd, tenon_error *err)
{
    uint8_t piece[64 << 10];
    bool ok = true;

    for (uint64_t done = 0; ok && done < file->info.size;) {
        uint64_t left = file->info.size - done;
        size_t size = left < sizeof piece ? (size_t)left : sizeof piece;
        ok = tn_file_copy(file, done, size, "bundle", piece, err) &&
             tn_write_all(fd, piece, size, err);
        done += size;
    }
    return ok;
}

/* The bytes of a file that lies in another world, in a file of this system without a name. */
static int copy_of(tenon_world *world, const char *path, tenon_error *err)
{
    struct tn_arena arena = { 0 };
    struct tn_file file = { 0 };
    int failed = tn_file_open(world, path, &arena, &file), fd = -1;

    if (failed)
        tn_fail_system(err, failed, "opening it");
    else if (file.info.size > TN_LIMIT_BUNDLE)
        tn_fail(err, TENON_E_LIMIT, "%" PRIu64 " bytes, at most %" PRIu64, file.info.size,
                TN_LIMIT_BUNDLE);
    else
        fd = tn_temp_nameless(err);
    if (fd >= 0 && !copy_all(&file, fd, err)) {
        close(fd);
        fd = -1;
    }
    if (!failed)
        tn_file_close(&file);
    tn_arena_free(&arena);
    return fd;
}

static tenon_bundle *open_bundle(tenon_world *world, const char *path, tenon_error *err)
{
    char shown[TN_QUOTE_ROOM];

    if (tenon_world_is_host(world))
        return tenon_bundle_open(path, err);
    int fd = copy_of(world, path, err);
    if (fd >= 0)
        return tn_bundle_open_fd(fd, path, err);
    tn_context(err, "bundle %s", tn_quote(shown, path));
    return NULL;
}

static bool add_code(struct units_parts *parts, const char *label, tenon_bundle *bundle,
                     const char *entry, tenon_error *err)
{
    tenon_units *units = NULL;
    char *whole = NULL;
    void *bytes;
    size_t size;
    bool ok = false;

    if (!tenon_bundle_read(bundle, entry, &bytes, &size, err))
        return false;
    units = tenon_units_parse(bytes, size, entry, err);
    free(bytes);
    if (units && asprintf(&whole, "%s: %s", label, entry) < 0) {
        whole = NULL;
        tenon_units_free(units);
        return tn_no_memory(err);
    }
    ok = units && units_add_part(parts, whole, units, err);
    free(whole);
    return ok;
}

bool units_open_bundle(tenon_world *world, const char *label, const char *path,
                       enum tn_units_detail detail, struct units_parts *parts, bool *takes,
                       tenon_error *err)
{
    char shown[TN_QUOTE_ROOM];
    tenon_bundle *bundle;
    bool ok = true;
    int failed;

    (void)detail; /* few bundles are asked about at once */
    *takes = is_zip(world, path, &failed) || failed;
    if (failed)
        return tn_fail_system(err, failed, "%s", tn_quote(shown, path));
    if (!*takes)
        return false;
    bundle = open_bundle(world, path, err);
    if (!bundle)
        return false;
    const tenon_manifest *manifest = tenon_bundle_manifest(bundle);
    for (size_t i = 0; ok && i < manifest->code_count; i++)
        ok = add_code(parts, label, bundle, manifest->code[i].path, err);
    tenon_bundle_free(bundle);
    return ok;
}
