/* src/link/prepared.h - objects that were read while the linker was at work */
#ifndef TN_PREPARED_H
#define TN_PREPARED_H

#include "object.h"
#include "table.h"
#include "words.h"

/* What a command names is mostly what the link takes: it need not wait for the trace. */
struct tn_prepared {
    struct tn_names paths;
    struct tn_prepared_object *objects; /* by number in `paths` */
    size_t room;
    struct tn_arena arena;
    bool has_all; /* every file that was given is in `paths` */
};
struct tn_prepared_object {
    bool known;
    struct tn_object object; /* without the file's bytes */
};

bool tn_prepared_init(struct tn_prepared *prepared);
void tn_prepared_free(struct tn_prepared *prepared);

/*
 * Reads the objects among these files. What cannot be read, and what there is no memory for, is
 * left for later.
 */
void tn_prepared_read(struct tn_prepared *prepared, tenon_world *world,
                      const struct tn_words *files);

/* The object at a path, as it was named; NULL: not prepared. */
const struct tn_object *tn_prepared_find(const struct tn_prepared *prepared, const char *path);

#endif
