/* fuzz/fuzz_bundle.c - any bytes are a bundle or an error; what opens has entries that read as the
 * manifest says, or not at all */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bundle.h"

#define ROOM (1u << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_all(tenon_bundle *bundle)
{
    const tenon_manifest *manifest = tenon_bundle_manifest(bundle);

    for (size_t i = 0; i < manifest->entry_count; i++) {
        tenon_error err = TENON_ERROR_INIT;
        void *bytes;
        size_t size;
        if (manifest->entries[i].size > ROOM)
            continue;
        if (tenon_bundle_read(bundle, manifest->entries[i].path, &bytes, &size, &err)) {
            if (size != manifest->entries[i].size || ((char *)bytes)[size] != 0)
                abort();
            free(bytes);
        } else if (err.code == TENON_OK || err.code == TENON_E_NOT_FOUND) {
            abort();
        }
    }
    tenon_bundle_verify(bundle, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    tenon_error err = TENON_ERROR_INIT;
    int fd = memfd_create("bundle", MFD_CLOEXEC);
    tenon_bundle *bundle;

    if (fd < 0 || (size && write(fd, data, size) != (ssize_t)size))
        abort();
    bundle = tn_bundle_open_fd(fd, "bundle", &err);
    if (!bundle && err.code == TENON_OK)
        abort();
    if (bundle)
        read_all(bundle);
    tenon_bundle_free(bundle);
    return 0;
}
