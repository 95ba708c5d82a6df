/* src/link/wrap.h - notes for objects and archives that are made already */
#ifndef TN_WRAP_H
#define TN_WRAP_H

#include <tenon/world.h>

struct tn_wrapped {
    size_t objects;  /* in the file */
    size_t recorded; /* of them, now for the first time */
    size_t doubtful; /* of them, with notes that are not of their code: left as they are */
};

/*
 * Gives every object in `path`, an archive or an object, the note of its unit. Those that carry one
 * keep it. The result takes the place of `path`, or goes to `output` when that is not NULL;
 * a file in which nothing changes is not written in its own place.
 *
 * errors   TENON_E_UNSUPPORTED for a thin archive and for intermediate code (the message says what
 *          to do instead), TENON_E_FORMAT when it is neither object nor archive; those of the
 *          readers; TENON_E_SYSTEM. Then nothing was written
 */
bool tn_wrap(tenon_world *world, const char *path, const char *output, const char *prefix,
             struct tn_wrapped *wrapped, tenon_error *err);

#endif
