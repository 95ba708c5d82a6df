/* src/process/recognise.h - files of this process that were looked at before, maybe by others */
#ifndef TN_RECOGNISE_H
#define TN_RECOGNISE_H

#include "known.h"
#include "registry.h"

/*
 * A plan wants to know of each object of the process whether its file is still what was mapped, and
 * which definitions it has that the loader does not see. Both follow from the file's bytes: they
 * are in the index, under the file's identity.
 *
 * Looks up what was not looked at yet; what is not known will be read. `arena` lives as long as the
 * registry.
 */
void tn_recognise(struct tn_registry *registry, struct tn_known *known, struct tn_arena *arena);

/* Notes what was read of files. */
void tn_recognise_note(const struct tn_registry *registry, struct tn_known *known);

#endif
