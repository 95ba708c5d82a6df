/* fuzz/fuzz_bapmanifest.c - any text is a MANIFEST.scm or an error; one that is read can be
 * written, and then reads and writes the same */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "bap_manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *rewrite(const void *text, size_t size)
{
    struct tn_manifest *m = calloc(1, sizeof *m);
    tenon_error err = TENON_ERROR_INIT;
    char *again = NULL;

    if (!m)
        abort();
    if (tn_bap_manifest_read(tn_view(text, size), m, &err))
        again = tn_bap_manifest_write(&m->is, NULL, 0, &err);
    else if (err.code == TENON_OK)
        abort();
    tenon_manifest_free(&m->is);
    return again;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *first = rewrite(data, size), *second;

    if (!first)
        return 0;
    second = rewrite(first, strlen(first));
    if (!second || strcmp(first, second) != 0)
        abort();
    free(first);
    free(second);
    return 0;
}
