/* src/resolve/reading.h - what reading one file gave, before it becomes a node */
#ifndef TN_READING_H
#define TN_READING_H

#include "rules.h"

struct tn_reading {
    bool good; /* facts are there; else err says why not */
    uint8_t head_size;
    uint8_t head[TN_HEAD_SIZE]; /* its first bytes, and zeros */
    struct tn_facts facts;      /* borrows from the file's arena */
    const tenon_loader *loader; /* that the facts alone speak for; NULL: none */
    const tenon_error *err;     /* not good: why. Names no file: it may have several names */
};

/*
 * Reads an open file's first bytes and facts. Pure: any thread may do it. What went wrong is put
 * into *err, which the reading then borrows.
 */
void tn_reading_make(struct tn_file *file, struct tn_reading *out, tenon_error *err);

/* Moves the run paths and slices of facts to another arena; false: no memory. */
bool tn_facts_move_lists(struct tn_facts *facts, struct tn_arena *arena);

/*
 * Moves the facts or the error to another arena, close together: the file's own has all that was
 * read around them. Without memory the reading becomes one that failed for it.
 */
void tn_reading_move(struct tn_reading *reading, struct tn_arena *arena);

#endif
