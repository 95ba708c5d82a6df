/*
 * src/process/static_tls.c - how many bytes of thread-local data an image has, and may have
 *
 * rule  System V gABI, Program Header: PT_TLS, p_memsz
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cursor.h"
#include "fail.h"
#include "holding.h"
#include "model.h"

enum { PT_TLS_TYPE = 7 };

/* p_memsz of the row when it is of type PT_TLS, else 0. */
static uint64_t tls_of(struct tn_cursor row, unsigned word)
{
    uint32_t type = tn_u32(&row, "p_type");
    if (type != PT_TLS_TYPE)
        return 0;
    tn_seek(&row, word == 8 ? 40 : 20, "p_memsz");
    return word == 8 ? tn_u64(&row, "p_memsz") : tn_u32(&row, "p_memsz");
}

static uint64_t find_tls(struct tn_file *file)
{
    struct tn_elf_header h;
    struct tn_view table, row;
    uint64_t size;
    if (!tn_elf_read_header(file, NULL, &h, NULL) || !tn_mul(h.e_phnum, h.e_phentsize, &size) ||
        !tn_file_view(file, h.e_phoff, size, "program headers", &table, NULL))
        return 0;
    for (uint64_t i = 0; i < h.e_phnum; i++) {
        if (!tn_view_sub(table, i * h.e_phentsize, h.e_phentsize, &row))
            return 0;
        uint64_t found = tls_of(tn_cursor(row, h.endian), h.word);
        if (found)
            return found;
    }
    return 0;
}

uint64_t tn_tls_size(tenon_world *world, const char *path)
{
    struct tn_arena arena = { 0 };
    struct tn_file file;
    uint64_t size = 0;
    if (tn_file_open(world, path, &arena, &file) == 0) {
        size = find_tls(&file);
        tn_file_close(&file);
    }
    tn_arena_free(&arena);
    return size;
}

/* The last value that is one: NAME=VALUE, separated by colons. */
static uint64_t tunable(const char *list, const char *name, uint64_t least, uint64_t most,
                        uint64_t value)
{
    size_t length = strlen(name);
    for (const char *at = list; at; at = strchr(at, ':'), at = at ? at + 1 : NULL) {
        char *end;
        if (strncmp(at, name, length) != 0 || at[length] != '=' || at[length + 1] < '0' ||
            at[length + 1] > '9')
            continue;
        errno = 0;
        unsigned long long given = strtoull(at + length + 1, &end, 0);
        if (!errno && (*end == ':' || !*end) && given >= least && given <= most)
            value = given;
    }
    return value;
}

/*
 * rule  glibc elf/dl-tls.c, _dl_tls_static_surplus_init(), LIBC_IE_TLS and OTHER_IE_TLS;
 *       elf/dl-tunables.list: glibc.rtld.nns, .optional_static_tls, and no word for a secure
 * process
 */
uint64_t tn_tls_room(const tenon_world *world)
{
    const char *list = tenon_world_secure(world) ? NULL : tenon_world_env(world, "GLIBC_TUNABLES");
    uint64_t spaces = tunable(list, "glibc.rtld.nns", 1, 16, 4);
    return (spaces - 1) * 192 + spaces * 144 +
           tunable(list, "glibc.rtld.optional_static_tls", 0, UINT32_MAX, 512);
}
