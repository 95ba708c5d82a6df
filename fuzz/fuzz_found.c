/* fuzz/fuzz_found.c - an answer of tenon find as it is kept on disk */
#include <stdint.h>
#include <stdlib.h>

#include "remember.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const formats[] = { "make", "sh", "pc", "cmake", "meson" };
    tenon_found *found = tn_found_new("", NULL);

    if (found && tn_found_unpack(found, tn_view(data, size)))
        for (size_t i = 0; i < TN_COUNT(formats); i++)
            free(tenon_found_write(found, formats[i], NULL));
    tenon_found_free(found);
    return 0;
}
