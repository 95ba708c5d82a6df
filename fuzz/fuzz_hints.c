/*
 * fuzz/fuzz_hints.c - any bytes as ld-elf.so.hints, ld.so.hints and crle's configuration, of either
 * byte order and word size, and as libmap.conf and NetBSD's ld.so.conf
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "crle.h"
#include "elfhints.h"
#include "libmap.h"
#include "netbsd_conf.h"
#include "sohints.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is found lies in the file, its NUL too. */
static void check_inside(const char *text, struct tn_view file)
{
    const uint8_t *at = (const uint8_t *)text;
    if (text && (at < file.at || at + strlen(text) >= file.at + file.size))
        abort();
}

static bool is_absolute(void *arg, const char *path)
{
    (void)arg;
    return *path == '/';
}

static void try_hints(struct tn_view file, unsigned word, enum tn_endian endian)
{
    static const char *const names[] = { "c", "x", "", "X11" };
    struct tn_sohints hints;
    tenon_error err = TENON_ERROR_INIT;
    if (!tn_sohints_open(file, word, endian, &hints, &err)) {
        if (err.code == TENON_OK)
            abort();
        return;
    }
    check_inside(hints.dirs, file);
    for (size_t i = 0; i < TN_COUNT(names); i++)
        for (int minor = -1; minor < 3; minor++) {
            const struct tn_sohints_query query = {
                names[i], minor, minor, minor > 0, minor > 1 ? is_absolute : NULL, NULL
            };
            check_inside(tn_sohints_find(&hints, &query), file);
        }
}

static void try_crle(struct tn_view file, unsigned word, enum tn_endian endian)
{
    const struct tn_crle_kind kind = { word, endian, word == 4 ? 3 : 62 };
    struct tn_crle crle;
    tenon_error err = TENON_ERROR_INIT;
    if (!tn_crle_read(file, &kind, &crle, &err)) {
        if (err.code == TENON_OK)
            abort();
        return;
    }
    check_inside(crle.default_dirs, file);
    check_inside(crle.secure_dirs, file);
    check_inside(crle.library_path, file);
    check_inside(crle.permanent_library_path, file);
}

static void try_texts(const uint8_t *data, size_t size)
{
    struct tn_arena arena = { 0 };
    struct tn_libmap map = { .arena = &arena };
    struct tn_netbsd_conf conf;
    tenon_world *world = tenon_world_empty(NULL);
    char *text = tn_arena_copy(&arena, data, size);
    if (!world || !text || !tenon_world_put_file(world, "/etc/libmap.conf", data, size, 0644, NULL))
        abort();
    tn_libmap_read(&map, world, "/etc/libmap.conf");
    tn_libmap_read_variable(&map, world, text);
    uint32_t left = 0;
    const char *to = tn_libmap_find(&map, "/bin/E", "libx.so.1", &left);
    const char *again = tn_libmap_find(&map, NULL, "libx.so.1", &left);
    if (left >= TN_LIBMAP_LEFT || (left && (!to || !again || strcmp(to, again) != 0)))
        abort(); /* what a section answers counts for all */
    (void)tn_libmap_find(&map, NULL, text, &left);
    if (!tn_netbsd_conf_read(&arena, tn_view(data, size), &conf))
        abort();
    for (size_t i = 0; i < conf.row_count; i++)
        if (!conf.rows[i].libraries[0] || !*conf.rows[i].value)
            abort();
    tenon_world_free(world);
    tn_arena_free(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tn_view file = tn_view(data, size);
    for (int kind = 0; kind < 4; kind++) {
        enum tn_endian endian = kind & 1 ? TN_BIG : TN_LITTLE;
        unsigned word = kind & 2 ? 8 : 4;
        const char *list;
        tenon_error err = TENON_ERROR_INIT;
        if (tn_elfhints_list(file, endian, &list, &err))
            check_inside(list, file);
        else if (err.code == TENON_OK)
            abort();
        try_hints(file, word, endian);
        try_crle(file, word, endian);
    }
    if (size < 65536)
        try_texts(data, size);
    return 0;
}
