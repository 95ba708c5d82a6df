/* fuzz/fuzz_ldcache.c - any bytes as an ld.so.cache of either byte order */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ldcache.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define NAMES 24

static void look_up(const struct tn_ldcache *cache, const char *name)
{
    static const char *const levels[] = { "x86-64-v3", "x86-64-v2", NULL };
    static const struct tn_ldcache_query queries[] = {
        { .id = 0x0303, .levels = levels, .isa_level = 3 },
        { .id = 0x0303, .levels = levels + 2, .isa_level = 1 },
        { .id = 3, .unmarked = 1, .levels = levels, .legacy = { 7, 15, 4 } },
    };
    for (size_t i = 0; i < TN_COUNT(queries); i++) {
        const char *path = tn_ldcache_lookup(cache, name, &queries[i]);
        const uint8_t *at = (const uint8_t *)path;
        if (!path)
            continue;
        if (at < cache->file.at || at + strlen(path) >= cache->file.at + cache->file.size)
            abort(); /* what is found lies in the file, its NUL too */
    }
    if (tn_ldcache_compare(name, name) != 0)
        abort();
}

/* Names as they stand in the input: every string in it is one. */
static void look_up_strings(const struct tn_ldcache *cache, const uint8_t *data, size_t size)
{
    size_t names = 0;
    for (size_t i = 0; i < size && names < NAMES; names++) {
        size_t n = strnlen((const char *)data + i, size - i);
        char *name = malloc(n + 1);
        if (!name)
            abort();
        memcpy(name, data + i, n);
        name[n] = '\0';
        look_up(cache, name);
        free(name);
        for (i += n; i < size && data[i] == 0; i++)
            ;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    for (int big = 0; big < 2; big++) {
        struct tn_ldcache cache;
        tenon_error err = TENON_ERROR_INIT;
        if (tn_ldcache_open(tn_view(data, size), big ? TN_BIG : TN_LITTLE, &cache, &err)) {
            look_up(&cache, "libc.so.6");
            look_up(&cache, "");
            look_up_strings(&cache, data, size);
        } else if (err.code == TENON_OK) {
            abort();
        }
    }
    return 0;
}
