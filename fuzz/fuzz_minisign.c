/* fuzz/fuzz_minisign.c - any text is a key, a signature, or an error; nobody's signature holds */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "minisign.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    struct tn_public_key key = { .key = { 1 } };
    struct tn_secret_key secret;
    struct tn_signature signature;
    tenon_error err = TENON_ERROR_INIT;
    bool is_protected;

    tn_public_key_parse(text, size, &key, NULL);
    tn_secret_key_is_protected(text, size, &is_protected, NULL);
    tn_secret_key_parse(text, size, NULL, &secret, NULL);
    if (!tn_signature_parse(text, size, &signature, &err))
        return err.code == TENON_OK ? (abort(), 0) : 0;
    if (signature.comment_size > size)
        abort();
    memcpy(key.id, signature.id, sizeof key.id);
    if (!tn_signature_fault(&signature, &key, data, size)) /* of a text that holds it: impossible */
        abort();
    return 0;
}
