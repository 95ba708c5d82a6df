/* src/resolve/alike.h - programs for which a loader does the same */
#ifndef TN_ALIKE_H
#define TN_ALIKE_H

#include <tenon/resolve.h>

/*
 * The number of the kind of process that a file would become, from 1; 0: it is of no kind, or may
 * not be. All files of a kind whose graph tn_alike_learn() took have that graph, but for the file
 * itself, its path and its facts: no library of it is loaded for a reason that another file of the
 * kind has not.
 */
uint32_t tn_alike_kind(tenon_resolver *r, const char *path);

/* Takes the graph of a file of this kind, asked for just now, for all; false: it is its own. */
bool tn_alike_learn(tenon_resolver *r, uint32_t kind, const tenon_graph *graph);

#endif
