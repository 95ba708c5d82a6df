/* fuzz/fuzz_plist.c - a packing list, then files of a library: parts cut at NULs */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <tenon/plist.h>

#include "view.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const names[] = { "/r/lib/libz.so",      "/r/lib/libz.so.1",    "/r/lib/libz.a",
                                     "/r/lib/libz.la",      "/r/lib/libz.1.dylib", "/r/lib/z.dll",
                                     "/r/lib/z.framework/z" };

static size_t part(const uint8_t *data, size_t size)
{
    return size ? strnlen((const char *)data, size) : 0;
}

/* The parts after the list become files. */
static void put_files(tenon_world *world, const uint8_t *data, size_t size)
{
    for (size_t i = 0; i < TN_COUNT(names); i++) {
        size_t n = part(data, size);
        if (!tenon_world_put_file(world, names[i], n ? (const void *)data : "", n, 0644, NULL))
            abort();
        n += n < size;
        data += n;
        size -= n;
    }
    if (!tenon_world_put_link(world, "/r/lib/libz.so.2", "libz.so.2", NULL))
        abort();
}

static void use(const tenon_plist *plist)
{
    const tenon_plist_library *library;

    for (size_t i = 0; tenon_plist_line(plist, i); i++)
        ;
    for (size_t i = 0; (library = tenon_plist_library_at(plist, i)); i++)
        if (!library->reason == !(library->files && library->files[0]))
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const variables[] = { "A=lib", "B=z", NULL };
    const tenon_plist_options options = { .root = "/r", .variables = variables };
    tenon_error err = TENON_ERROR_INIT;
    tenon_world *world = tenon_world_empty(NULL);
    tenon_plist *plist;
    size_t n = part(data, size), skip = n + (n < size);

    if (!world)
        abort();
    if (size)
        put_files(world, data + skip, size - skip);
    plist = tenon_plist_expand(world, &options, n ? (const void *)data : "", n, "list", &err);
    if (!plist && err.code == TENON_OK)
        abort();
    if (plist)
        use(plist);
    tenon_plist_free(plist);
    plist = tenon_plist_scan(world, &options, NULL);
    if (plist)
        use(plist);
    tenon_plist_free(plist);
    tenon_world_free(world);
    return 0;
}
