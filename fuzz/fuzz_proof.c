/* fuzz/fuzz_proof.c - any bytes are proofs of code or none; those that are can be walked whole */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "known_file.h"
#include "proof.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t walk(const struct tn_proof *p)
{
    size_t sum = strlen(p->entry) + (p->own_name ? strlen(p->own_name) : 0);
    for (size_t i = 0; i < p->need_count; i++)
        sum += strlen(p->needs[i]);
    for (size_t i = 0; i < p->import_count; i++)
        sum += strlen(p->imports[i].name);
    for (size_t i = 0; i < p->strong_count; i++)
        sum += strlen(p->strong[i]);
    for (size_t i = 0; i < tenon_units_count(p->units); i++)
        sum += strlen(tenon_units_at(p->units, i)->name);
    return sum;
}

/* The same bytes as a file of the index: each row that it has is asked for. */
static void walk_file(const uint8_t *data, size_t size)
{
    struct tn_known_file file = { .fd = -1 };
    if (tn_known_file_take(&file, tn_view(data, size)))
        for (size_t i = 0; i < tn_known_file_count(&file); i++) {
            struct tn_known_entry entry = tn_known_file_entry(&file, i), found;
            struct tn_view packed, proofs;
            if (tn_known_file_find(&file, &entry.identity, &found))
                (void)tn_known_file_block(&file, &found, &packed, &proofs);
        }
    tn_known_file_free(&file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tn_arena arena = { 0 };
    const struct tn_proofs *proofs = tn_proofs_unpack(tn_view(data, size), &arena);
    size_t sum = 0;
    for (size_t i = 0; proofs && i < proofs->count; i++)
        sum += walk(&proofs->codes[i]);
    if (sum == SIZE_MAX) /* nothing that was read may be left out by the compiler */
        abort();
    tn_arena_free(&arena);
    walk_file(data, size);
    return 0;
}
