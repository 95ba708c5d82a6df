/* src/process/repeats.c - of many hashes, those that come more than once */
#include "repeats.h"

#include <stdlib.h>

#include "arena.h"
#include "pages.h"

enum { LEAST_ROWS = 16 };

bool tn_repeats_begin(struct tn_repeats *repeats, size_t hashes)
{
    size_t rows = LEAST_ROWS;
    *repeats = (struct tn_repeats){ 0 };
    while (rows / 2 < hashes)
        rows *= 2;
    repeats->rows = calloc(rows, sizeof *repeats->rows);
    repeats->mask = rows - 1;
    if (repeats->rows)
        tn_pages_ahead(repeats->rows, rows * sizeof *repeats->rows);
    return repeats->rows;
}

void tn_repeats_free(struct tn_repeats *repeats)
{
    free(repeats->rows);
    free(repeats->found);
    *repeats = (struct tn_repeats){ 0 };
}

bool tn_repeats_note(struct tn_repeats *repeats, uint32_t hash)
{
    if (!tn_grow(&repeats->found, &repeats->room, repeats->count, sizeof hash))
        return false;
    repeats->found[repeats->count++] = hash;
    return true;
}

static int by_number(const void *a, const void *b)
{
    const uint32_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

void tn_repeats_end(struct tn_repeats *repeats)
{
    free(repeats->rows);
    repeats->rows = NULL;
    if (repeats->count > 1)
        qsort(repeats->found, repeats->count, sizeof *repeats->found, by_number);
}

bool tn_repeats_find(const struct tn_repeats *repeats, uint32_t hash)
{
    return bsearch(&hash, repeats->found, repeats->count, sizeof hash, by_number);
}
