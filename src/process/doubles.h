/* src/process/doubles.h - says in words what is in a process twice: the judge of native code */
#ifndef TN_DOUBLES_H
#define TN_DOUBLES_H

#include "plan.h"
#include "registry.h"
#include "sightings.h"

/* The images of one candidate, own ones first, then those of the system that it brings. */
struct tn_images {
    struct tn_holding **at;
    size_t count;
};

struct tn_doubles {
    tenon_report *report;
    tenon_world *world;
    struct tn_registry *registry;
    const struct tn_candidate *candidates;
    const struct tn_brought *brought; /* what candidates name by numbers */
    const struct tn_repeats *repeats; /* keys of all units that come */
    const struct tn_images *images;   /* by candidate */
    struct tn_sightings coming;       /* images of plugins that load before */
    bool joins_unique;                /* the loader makes one of STB_GNU_UNIQUE symbols: glibc */
};

/* For tn_plan_judge, with a struct tn_doubles as `arg`. */
bool tn_doubles_compare(void *arg, const struct tn_candidate *c, const struct tn_entry *there,
                        const struct tn_entry *comes);
bool tn_doubles_examine(void *arg, const struct tn_candidate *c, struct tn_index *coming);

/* Told when a plugin stays in the plan: what it brings is then there for the next ones. */
bool tn_doubles_place(void *arg, const struct tn_candidate *c);

#endif
