/* fuzz/fuzz_marshal.c - any bytes as a marshalled value: read, and its tables walked */
#include <stdint.h>
#include <stdlib.h>

#include "marshal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Every value leads to an object there is; every string lies inside. */
static void check_value(const struct tn_marshal *m, tn_ml_value value)
{
    if (!tn_ml_is_int(value) && tn_ml_atom(value) < 0 && value >> 2 >= m->object_count)
        abort();
}

static uint8_t check_object(const struct tn_marshal *m, const struct tn_ml_object *o)
{
    uint8_t sum = 0;
    if (o->where >= m->bytes.size)
        abort();
    if (o->tag < TN_ML_TAG_LIMIT) {
        for (uint32_t i = 0; i < o->size; i++)
            check_value(m, m->fields[o->at + i]);
        return 0;
    }
    if (o->at > m->bytes.size || o->size > m->bytes.size - o->at)
        abort();
    for (uint32_t i = 0; i < o->size; i++)
        sum = (uint8_t)(sum + m->bytes.at[o->at + i]);
    return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tn_arena arena = { 0 };
    struct tn_marshal m;
    tenon_error err = TENON_ERROR_INIT;
    volatile uint8_t sum = 0;
    if (tn_marshal_read(&arena, tn_view(data, size), &m, &err)) {
        check_value(&m, m.root);
        for (size_t i = 0; i < m.object_count; i++)
            sum = check_object(&m, &m.objects[i]);
    } else if (err.code == TENON_OK) {
        abort();
    }
    (void)sum;
    tn_arena_free(&arena);
    return 0;
}
