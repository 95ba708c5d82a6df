/*
 * src/loader/elfhints.c - FreeBSD's ld-elf.so.hints
 *
 * rule  include/elf-hints.h: magic, version, offset and size of the string table, offset in it and
 *       length of the list, 26 spare words; in the machine's byte order
 */
#include "elfhints.h"

#include "fail.h"

#define MAGIC 0x746e6845u
#define HEADER_SIZE 128u

bool tn_elfhints_list(struct tn_view file, enum tn_endian endian, const char **list,
                      tenon_error *err)
{
    struct tn_view strings;
    uint64_t end;
    if (file.size < HEADER_SIZE)
        return tn_fail(err, TENON_E_TRUNCATED, "hints: %u bytes needed, %zu there", HEADER_SIZE,
                       file.size);
    uint32_t magic = tn_load32(file.at, endian), version = tn_load32(file.at + 4, endian);
    uint32_t table = tn_load32(file.at + 8, endian), size = tn_load32(file.at + 12, endian);
    uint32_t at = tn_load32(file.at + 16, endian), length = tn_load32(file.at + 20, endian);
    if (magic != MAGIC || version != 1)
        return tn_fail(err, TENON_E_MALFORMED, "hints: magic 0x%x and version %u, not 0x%x and 1",
                       magic, version, MAGIC);
    if (!tn_view_sub(file, table, size, &strings) || !tn_add(at, length, &end) ||
        end >= strings.size)
        return tn_fail(err, TENON_E_MALFORMED, "hints: the list of directories is not in the file");
    *list = tn_view_string(strings, at);
    if (!*list || strlen(*list) != length)
        return tn_fail(err, TENON_E_MALFORMED, "hints: the list of directories has no end");
    return true;
}
