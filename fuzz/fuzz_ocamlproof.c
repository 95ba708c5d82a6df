/* fuzz/fuzz_ocamlproof.c - any bytes are notes about OCaml code or none; those that are can be
 * walked, and written again as they were */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ocaml_proof.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tn_arena arena = { 0 };
    struct tn_packer packer = { .at = NULL };
    const struct tn_oc_proofs *proofs = tn_oc_proofs_unpack(tn_view(data, size), &arena);

    for (size_t i = 0; proofs && i < proofs->count; i++) /* some as they are, some read */
        if (i % 3 != 2)
            (void)tn_oc_proof_read(proofs, &proofs->files[i], &arena);
    if (proofs) {
        tn_oc_proofs_pack(&packer, proofs);
        if (!packer.failed && (packer.used > size || (packer.used && packer.at[0] != data[0])))
            abort();
    }
    free(packer.at);
    tn_arena_free(&arena);
    return 0;
}
