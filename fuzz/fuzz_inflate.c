/* fuzz/fuzz_inflate.c - any bytes decode into the room they are given, or not at all. The first two
 * bytes are the room */
#include <stdint.h>
#include <stdlib.h>

#include "inflate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    tenon_error err = TENON_ERROR_INIT;

    if (size < 2)
        return 0;
    size_t room = data[0] | (size_t)data[1] << 8;
    uint8_t *out = malloc(room ? room : 1); /* of exact size: a sanitizer guards its end */
    if (!out)
        abort();
    if (!tn_inflate((struct tn_view){ data + 2, size - 2, 2 }, out, room, &err) &&
        err.code == TENON_OK)
        abort();
    free(out);
    return 0;
}
