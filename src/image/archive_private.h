/* src/image/archive_private.h - archives as images: what their readers share */
#ifndef TN_ARCHIVE_PRIVATE_H
#define TN_ARCHIVE_PRIVATE_H

#include "ar.h"
#include "model.h"

/* Names of the symbols that an archive's own index has: image->exports. */
bool tn_archive_read_index(struct tn_file *file, tenon_image *image, tenon_error *err);

#endif
