/* tests/unit/archive_builder.h - archives made to order, byte by byte */
#ifndef TEST_ARCHIVE_BUILDER_H
#define TEST_ARCHIVE_BUILDER_H

#include <stdio.h>

#include "elf_builder.h"

static inline void archive_begin(struct elf_out *out, bool thin)
{
    *out = (struct elf_out){ .word = 4, .big = true };
    elf_put(out, thin ? "!<thin>\n" : "!<arch>\n", 8);
}

/* A header whose size field is any text; gives its offset. */
static inline size_t archive_header(struct elf_out *out, const char *name, const char *size)
{
    char header[64];
    size_t start = out->size;
    snprintf(header, sizeof header, "%-16.16s%-12s%-6s%-6s%-8s%-10.10s`\n", name, "0", "0", "0",
             "100644", size);
    elf_put(out, header, 60);
    return start;
}

/* A whole member; gives the offset of its header. */
static inline size_t archive_member(struct elf_out *out, const char *name, const void *bytes,
                                    size_t size)
{
    char digits[24];
    snprintf(digits, sizeof digits, "%zu", size);
    size_t start = archive_header(out, name, digits);
    elf_put(out, bytes, size);
    if (out->size & 1)
        elf_put(out, "\n", 1);
    return start;
}

#endif
