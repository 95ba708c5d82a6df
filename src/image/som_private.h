/* src/image/som_private.h - SOM: what its readers share */
#ifndef TN_SOM_PRIVATE_H
#define TN_SOM_PRIVATE_H

#include "model.h"

/* One SOM file under reading; "T" of the specification is relative to dl_header. */
struct tn_som {
    struct tn_file *file;
    struct tn_facts *facts;
    struct tn_som_facts *own; /* facts->more */
    uint32_t aux_location, aux_size;
    uint32_t subspaces, subspace_count, names, names_size;
    uint32_t symbols, symbol_count, symbol_strings, symbol_strings_size;
    uint64_t dl_header; /* where it is in the file; 0: nowhere */
    uint32_t shlibs, shlib_count, imports, import_count, exports, export_count;
    uint32_t strings, strings_size, embedded_path;
};

/* The string at `offset` of the dynamic loader's strings. */
const char *tn_som_string(const struct tn_som *som, uint32_t offset, const char *what,
                          tenon_error *err);

/* Fills image->exports and imports: the loader's lists, or the symbols of an object. */
bool tn_som_read_symbols(const struct tn_som *som, tenon_image *image, tenon_error *err);

#endif
