/* src/image/coff_private.h - COFF: objects and import objects of Windows */
#ifndef TN_COFF_PRIVATE_H
#define TN_COFF_PRIVATE_H

#include "model.h"

#define TN_COFF_HEADER_SIZE 20u
#define TN_COFF_BIG_HEADER_SIZE 56u
#define TN_COFF_SECTION_SIZE 40u

enum tn_coff_shape {
    TN_COFF_OBJECT, /* the header of Unix */
    TN_COFF_BIG,    /* "bigobj": sections beyond 65279 */
    TN_COFF_IMPORT, /* short import object */
    TN_COFF_LTCG,   /* of Microsoft's compiler, for its linker only */
};

struct tn_coff {
    struct tn_file *file;
    enum tn_coff_shape shape;
    uint16_t machine;
    uint32_t timestamp, section_count, symbol_count;
    uint64_t sections, symbols; /* where they are; 0: nowhere */
    unsigned symbol_size;
};

/* What a short import object says. rule: Microsoft "PE Format", Import Library Format */
struct tn_coff_import {
    uint16_t machine;
    const char *symbol, *library;
    const char *name; /* in the library; NULL: by ordinal */
    uint16_t ordinal; /* ... or a hint */
    unsigned type;    /* 0 code, 1 data, 2 constant */
};

/* Whether the first bytes may be those of an object; tn_coff_confirms() knows. */
bool tn_coff_matches(struct tn_view head);
bool tn_coff_confirms(struct tn_file *file, struct tn_view head);

bool tn_coff_start(struct tn_coff *coff, struct tn_file *file, tenon_error *err);

/* Of a file whose shape is TN_COFF_IMPORT. */
bool tn_coff_read_import(struct tn_file *file, struct tn_coff_import *out, tenon_error *err);

/*
 * The section of that name: its bytes, empty when there is none (or it has none); *relocated when
 * a relocation belongs to it.
 */
bool tn_coff_section(struct tn_coff *coff, const char *name, struct tn_view *out, bool *relocated,
                     tenon_error *err);

/* External symbols: image->exports and image->imports. */
bool tn_coff_read_symbols(struct tn_coff *coff, tenon_image *image, tenon_error *err);

#endif
