/* src/cli/units_bundle.c - the units of a bundle: those of each file of code in it */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bundle.h"
#include "fail.h"
#include "file.h"
#include "limits.h"
#include "replace_file.h"
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

/* The file may lie in another world: its bytes go into a file of this system without a name. */
static int copy_of(tenon_world *world, const char *path, tenon_error *err)
{
    struct tn_arena arena = { 0 };
    struct tn_view bytes;
    char shown[TN_QUOTE_ROOM];
    int failed = tn_file_whole(world, path, TN_LIMIT_BUNDLE, &arena, &bytes);
    int fd = failed ? -1 : memfd_create("bundle", MFD_CLOEXEC);

    if (fd < 0) {
        tn_fail_system(err, failed ? failed : errno, "%s", tn_quote(shown, path));
    } else if (!tn_write_all(fd, bytes.at, bytes.size, err)) {
        close(fd);
        fd = -1;
    }
    tn_arena_free(&arena);
    return fd;
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
    int fd, failed;

    (void)detail; /* few bundles are asked about at once */
    *takes = is_zip(world, path, &failed) || failed;
    if (failed)
        return tn_fail_system(err, failed, "%s", tn_quote(shown, path));
    if (!*takes)
        return false;
    fd = copy_of(world, path, err);
    bundle = fd < 0 ? NULL : tn_bundle_open_fd(fd, path, err);
    if (!bundle)
        return false;
    const tenon_manifest *manifest = tenon_bundle_manifest(bundle);
    for (size_t i = 0; ok && i < manifest->code_count; i++)
        ok = add_code(parts, label, bundle, manifest->code[i].path, err);
    tenon_bundle_free(bundle);
    return ok;
}
