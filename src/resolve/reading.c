/* src/resolve/reading.c - what reading one file gave, before it becomes a node */
#include "reading.h"

#include <errno.h>
#include <string.h>

#include "fail.h"

static bool is_elf(const struct tn_elf_header *header)
{
    return memcmp(header->e_ident, "\177ELF", 4) == 0;
}

void tn_reading_make(struct tn_file *file, struct tn_reading *out)
{
    memset(&out->header, 0, sizeof out->header);
    out->header_read = out->good = false;
    out->err.code = TENON_OK;
    out->err.system_errno = 0;
    out->err.text[0] = '\0';
    if (file->info.type == TENON_FILE_DIRECTORY) {
        tn_fail(&out->err, TENON_E_SYSTEM, "%s", tn_errno_text(EISDIR));
        out->err.system_errno = EISDIR;
        return;
    }
    out->header_read = tn_elf_read_header(file, NULL, &out->header, &out->err);
    if (out->err.code == TENON_E_MEMORY)
        return;
    if (!is_elf(&out->header)) {
        out->err.code = TENON_OK;
        (void)tn_format_of(file, &out->err);
    } else if (out->header_read) {
        out->good = tn_elf_read_facts(file, NULL, &out->facts, &out->err);
    }
}
