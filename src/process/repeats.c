/* src/process/repeats.c - of many hashes, those that come more than once */
#include "repeats.h"

#include <stdlib.h>

#include "pages.h"

/* Bits for each hash: of those that come once, about one in 32 is suspected, or fewer. */
enum { BITS_SEEN = 16, BITS_FILTER = 32, LEAST_ROWS = 16 };

static size_t power_of_two(size_t least, size_t wanted)
{
    while (least < wanted)
        least *= 2;
    return least;
}

bool tn_repeats_begin(struct tn_repeats *repeats, size_t hashes)
{
    size_t bits = power_of_two(TN_REPEATS_WORD, BITS_SEEN * hashes);
    size_t words = bits / TN_REPEATS_WORD;
    *repeats = (struct tn_repeats){ .seen_mask = bits - 1 };
    repeats->seen = calloc(words, sizeof *repeats->seen);
    repeats->suspects = malloc((hashes + 1) * sizeof *repeats->suspects);
    if (!repeats->seen || !repeats->suspects) {
        tn_repeats_free(repeats);
        return false;
    }
    tn_pages_ahead(repeats->seen, words * sizeof *repeats->seen);
    return true;
}

void tn_repeats_free(struct tn_repeats *repeats)
{
    free(repeats->seen);
    free(repeats->suspects);
    free(repeats->rows);
    free(repeats->filter);
    *repeats = (struct tn_repeats){ 0 };
}

/* Where it is, or would be. */
static struct tn_repeat *row_of(const struct tn_repeats *repeats, uint32_t hash)
{
    size_t at = hash & repeats->mask;
    while (repeats->rows[at].hash && repeats->rows[at].hash != hash)
        at = (at + 1) & repeats->mask;
    return &repeats->rows[at];
}

static bool list_suspects(struct tn_repeats *repeats)
{
    size_t rows = power_of_two(LEAST_ROWS, 2 * repeats->suspect_count);
    size_t bits = power_of_two(TN_REPEATS_WORD, BITS_FILTER * repeats->suspect_count);
    repeats->rows = calloc(rows, sizeof *repeats->rows);
    repeats->filter = calloc(bits / TN_REPEATS_WORD, sizeof *repeats->filter);
    repeats->mask = rows - 1;
    repeats->filter_mask = bits - 1;
    if (!repeats->rows || !repeats->filter)
        return false;
    for (size_t i = 0; i < repeats->suspect_count; i++) {
        uint32_t hash = repeats->suspects[i];
        size_t at = hash & repeats->filter_mask;
        repeats->filter[at / TN_REPEATS_WORD] |= UINT64_C(1) << at % TN_REPEATS_WORD;
        row_of(repeats, hash)->hash = hash;
    }
    return true;
}

bool tn_repeats_turn(struct tn_repeats *repeats)
{
    bool good = !repeats->suspect_count || list_suspects(repeats);
    free(repeats->seen);
    free(repeats->suspects);
    repeats->seen = NULL;
    repeats->suspects = NULL;
    return good;
}

void tn_repeats_count_suspect(struct tn_repeats *repeats, uint32_t hash)
{
    struct tn_repeat *row = row_of(repeats, hash);
    if (row->hash && ++row->times == 2)
        repeats->count++;
}

bool tn_repeats_find(const struct tn_repeats *repeats, uint32_t hash)
{
    return row_of(repeats, hash)->times > 1;
}
