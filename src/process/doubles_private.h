/* src/process/doubles_private.h - what the parts of the judge of native code share */
#ifndef TN_DOUBLES_PRIVATE_H
#define TN_DOUBLES_PRIVATE_H

#include "doubles.h"

/* "the host program (libcounter.a member counter.o)", "plugin \"stats\"", "/lib/libz.so.1" */
const char *tn_doubles_place_of(struct tn_doubles *d, const struct tn_holding *holding,
                                const char *origin);

/* Who contains the copy that would come: the plugin, or a library of its bundle or the system. */
const char *tn_doubles_bringer(struct tn_doubles *d, const struct tn_candidate *c,
                               const struct tn_holding *holding);

struct tn_about tn_doubles_about(const struct tn_judgement *judged, const struct tn_candidate *c,
                                 const char *unit, const char *there, const char *comes);

/* A record that says that it is all needs no look at symbols. */
bool tn_doubles_has_unrecorded(const struct tn_holding *holding);

/* The image `there` defines what a unit of the plugin defines, or another version of it. */
bool tn_doubles_covered_there(struct tn_doubles *d, const struct tn_candidate *c,
                              struct tn_holding *there, const struct tn_entry *comes);

/* An image that the plugin brings defines what a unit of the process defines. */
bool tn_doubles_covered_here(struct tn_doubles *d, const struct tn_candidate *c,
                             const struct tn_entry *there, struct tn_holding *comes);

/* The system's C library, whatever part of it. */
bool tn_doubles_is_c_library(const struct tn_holding *image);

/* ---- doubles_probable.c -----------------------------------------------------------------------
 */

/*
 * Tells of images that define much of what a bundled library without a record defines. `index` has
 * the units of what is in `there`.
 */
void tn_doubles_note_probable(struct tn_doubles *d, const struct tn_candidate *c,
                              const struct tn_sightings *there, struct tn_index *index,
                              struct tn_holding *comes);

/* ---- doubles_weak.c; true: something refuses --------------------------------------------------
 */

/* A unit of weak definitions that comes, beside images without a whole record. */
bool tn_doubles_find_weak(struct tn_doubles *d, const struct tn_candidate *c,
                          const struct tn_entry *comes);

/* Such units of an index, beside an image that comes without a whole record. */
bool tn_doubles_find_weak_here(struct tn_doubles *d, const struct tn_candidate *c,
                               struct tn_index *index, struct tn_holding *comes);

/* ---- doubles_inline.c; true: something refuses ------------------------------------------------
 */

/* Objects that units of the candidate define, beside what is there and what comes before. */
bool tn_doubles_find_inline(struct tn_doubles *d, const struct tn_candidate *c,
                            struct tn_index *coming);

/* Those that an image of it shows without a record, beside those of an index. */
bool tn_doubles_find_inline_here(struct tn_doubles *d, const struct tn_candidate *c,
                                 struct tn_index *index, struct tn_holding *comes);

#endif
