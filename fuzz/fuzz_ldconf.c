/* fuzz/fuzz_ldconf.c - an ld.so.conf and the files it may include, cut at NULs from the input */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ldconf.h"
#include "limits.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CONF "/etc/ld.so.conf"
#define FILES 12

/* The first part is ld.so.conf, the others are files below ld.so.conf.d and sub. */
static void put_files(tenon_world *world, const uint8_t *data, size_t size)
{
    for (int i = 0; i < FILES; i++) {
        char path[64] = CONF;
        size_t n = size ? strnlen((const char *)data, size) : 0;
        if (i > 0)
            snprintf(path, sizeof path, "/etc/ld.so.conf.d/%s%c.conf", i % 3 ? "" : "sub/",
                     'a' + i);
        if (!tenon_world_put_file(world, path, n ? (const void *)data : "", n, 0644, NULL))
            abort();
        if (n == size)
            return;
        data += n + 1;
        size -= n + 1;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tn_arena arena = { 0 };
    tenon_world *world = tenon_world_empty(NULL);
    if (!world)
        abort();
    put_files(world, data, size);
    if (!tenon_world_put_link(world, "/etc/ld.so.conf.d/loop", ".", NULL) ||
        !tenon_world_put_link(world, "/etc/ld.so.conf.d/up", "..", NULL))
        abort();
    const struct tn_dirs *dirs = tn_ldconf_read(world, &arena, CONF);
    if (!dirs || dirs->count > TN_LIMIT_INCLUDES)
        abort();
    for (size_t i = 0; i < dirs->count; i++)
        if (dirs->at[i].dir[0] != '/')
            abort();
    tn_arena_free(&arena);
    tenon_world_free(world);
    return 0;
}
