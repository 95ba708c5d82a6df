/* fuzz/fuzz_known.c - any bytes are an index of bundles or none; any packed manifest is one that
 * can be packed again, or an error */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "known.h"
#include "manifest_pack.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tn_known *known = tn_known_open("/nonexistent");
    tenon_error err = TENON_ERROR_INIT;
    struct tn_manifest_store *store = tn_manifest_store_new();
    tenon_manifest *first, *second;

    if (known && !tn_known_read(known, tn_view(data, size)) && tn_known_count(known))
        abort();
    tn_known_free(known);
    if (!store)
        return 0;
    first = tn_manifest_unpack(tn_view(data, size), store, &err);
    if (!first && err.code == TENON_OK)
        abort();
    const tenon_manifest *brief =
        tn_manifest_unpack_brief(tn_view(data, size), &store->arena, NULL);
    if (first &&
        (!brief || strcmp(first->name, brief->name) != 0 || first->code_count != brief->code_count))
        abort();
    if (first) {
        size_t packed_size, again_size;
        uint8_t *packed = tn_manifest_pack(first, &packed_size);
        second = tn_manifest_unpack(tn_view(packed, packed_size), store, &err);
        uint8_t *again = second ? tn_manifest_pack(second, &again_size) : NULL;
        if (!again || again_size != packed_size || memcmp(packed, again, again_size) != 0)
            abort();
        free(again);
        tenon_manifest_free(second);
        free(packed);
    }
    tenon_manifest_free(first);
    tn_manifest_store_drop(store);
    return 0;
}
