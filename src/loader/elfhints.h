/* src/loader/elfhints.h - FreeBSD's ld-elf.so.hints: directories, no libraries */
#ifndef TN_ELFHINTS_H
#define TN_ELFHINTS_H

#include "cursor.h"

/*
 * The ':'-separated list of directories in a hints file, borrowed from its bytes.
 *
 * rule     FreeBSD include/elf-hints.h; libexec/rtld-elf/rtld.c, gethints()
 * errors   TENON_E_TRUNCATED, TENON_E_MALFORMED: the loader goes on as if there were none
 */
bool tn_elfhints_list(struct tn_view file, enum tn_endian endian, const char **list,
                      tenon_error *err);

#endif
