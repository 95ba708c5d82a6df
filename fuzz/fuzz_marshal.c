/* fuzz/fuzz_marshal.c - any bytes as a marshalled value: skipped, and walked by whatever is there
 */
#include <stdint.h>
#include <stdlib.h>

#include "marshal.h"

/* Blocks that are entered inside of each other; and codes read in all, since values may be cyclic.
 */
#define DEPTH 16u
#define CODES 20000u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_head(const struct tn_marshal *m, const struct tn_ml_head *head)
{
    if (m->at > m->bytes.size || m->count > m->object_count || head->where >= m->bytes.size)
        abort();
    if (head->kind == TN_ML_STRING &&
        (head->text > m->bytes.size || head->size > m->bytes.size - head->text ||
         head->object >= m->object_count))
        abort();
}

static bool walk(struct tn_marshal *m, unsigned depth, unsigned *codes)
{
    struct tn_ml_head head;
    if (!(*codes)-- || !tn_ml_read(m, &head))
        return false;
    check_head(m, &head);
    if (head.kind != TN_ML_BLOCK || !head.size)
        return true;
    if (depth == DEPTH) {
        if (!tn_ml_skip(m, head.size))
            return false;
    } else {
        for (uint32_t i = 0; i < head.size; i++)
            if (!walk(m, depth + 1, codes))
                return false;
    }
    tn_ml_leave(m, &head.back);
    return true;
}

static void walk_list(struct tn_marshal *m)
{
    struct tn_ml_list list = { .what = "list" };
    while (tn_ml_next(m, &list) > 0)
        if (!tn_ml_skip(m, 1))
            return;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tn_arena arena = { 0 };
    struct tn_marshal start, m;
    tenon_error err = TENON_ERROR_INIT;
    unsigned codes = CODES;
    if (tn_marshal_start(&arena, tn_view(data, size), &start, &err)) {
        m = start;
        bool skipped = tn_ml_skip(&m, 1) && tn_marshal_end(&m);
        m = start;
        bool walked = walk(&m, 0, &codes) && tn_marshal_end(&m);
        if (codes && codes < CODES && walked != skipped && !walked)
            abort(); /* what can be passed can be walked */
        m = start;
        walk_list(&m);
    } else if (err.code == TENON_OK) {
        abort();
    }
    tn_arena_free(&arena);
    return 0;
}
