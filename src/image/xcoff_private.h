/* src/image/xcoff_private.h - XCOFF: what its readers share */
#ifndef TN_XCOFF_PRIVATE_H
#define TN_XCOFF_PRIVATE_H

#include "model.h"

/* f_flags */
#define TN_XCOFF_EXEC 0x0002u
#define TN_XCOFF_DYNLOAD 0x1000u
#define TN_XCOFF_SHROBJ 0x2000u
#define TN_XCOFF_LOADONLY 0x4000u

struct tn_xcoff {
    struct tn_file *file;
    tenon_image *image; /* gets warnings and facts for people; NULL when only facts are wanted */
    struct tn_facts *facts;
    bool wide; /* 64 bits */
    uint16_t magic, section_count, optional_size, flags;
    uint32_t timestamp;
    uint64_t symbols;
    uint32_t symbol_count;
    char module_type[3]; /* "1L", "RE", "RO"; "" when there is none */
    uint64_t loader_at, loader_size;
    const char **ids; /* all import ids as names, by number */
    size_t id_count;
};

#define tn_xcoff_warn(xcoff, ...)                                                                  \
    do {                                                                                           \
        if ((xcoff)->image)                                                                        \
            tn_image_warn((xcoff)->image, __VA_ARGS__);                                            \
    } while (0)

/* ---- xcoff_loader.c ------------------------------------------------------------------------ */

/* Import ids: facts->needs and facts->rpath, the library path. */
bool tn_xcoff_read_import_ids(struct tn_xcoff *xcoff, tenon_error *err);

/* Symbols of the loader section: image->exports and image->imports. */
bool tn_xcoff_read_loader_symbols(struct tn_xcoff *xcoff, tenon_error *err);

/* ---- xcoff_symbols.c ----------------------------------------------------------------------- */

/* External symbols of an object. */
bool tn_xcoff_read_symbols(struct tn_xcoff *xcoff, tenon_error *err);

#endif
