/* src/find/pc_file.h - one pkg-config file */
#ifndef TN_PC_FILE_H
#define TN_PC_FILE_H

#include <tenon/world.h>

#include "conf.h"

#define TN_PC_FILE (256u << 10) /* bytes that a file may have */

enum tn_pc_field {
    TN_PC_CFLAGS,
    TN_PC_LIBS,
    TN_PC_LIBS_PRIVATE,
    TN_PC_REQUIRES,
    TN_PC_REQUIRES_PRIVATE,
    TN_PC_VERSION,
    TN_PC_FIELDS
};

/* Values are expanded, and in the arena; NULL: not there. */
struct tn_pc_file {
    struct tn_conf variables;
    const char *value[TN_PC_FIELDS];
};

/*
 * Reads one file.
 *
 * errors   TENON_E_SYSTEM, TENON_E_MALFORMED, TENON_E_LIMIT, TENON_E_MEMORY
 */
bool tn_pc_file_read(tenon_world *world, struct tn_arena *arena, const char *path,
                     struct tn_pc_file *out, tenon_error *err);
void tn_pc_file_free(struct tn_pc_file *file);

#endif
