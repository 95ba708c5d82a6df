/* fuzz/fuzz_manifest.c - any text is a manifest or an error; one that is read can be written, and
 * then reads and writes the same */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <tenon/bundle.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    tenon_error err = TENON_ERROR_INIT;
    tenon_manifest *first = tenon_manifest_parse((const char *)data, size, &err), *second;
    char *text, *again;

    if (!first) {
        if (err.code == TENON_OK)
            abort();
        return 0;
    }
    text = tenon_manifest_write(first, &err);
    if (!text)
        abort();
    second = tenon_manifest_parse(text, strlen(text), &err);
    if (!second || second->provide_count != first->provide_count)
        abort();
    again = tenon_manifest_write(second, &err);
    if (!again || strcmp(text, again) != 0)
        abort();
    free(text);
    free(again);
    tenon_manifest_free(first);
    tenon_manifest_free(second);
    return 0;
}
