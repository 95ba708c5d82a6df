/* src/process/plan.h - what will be loaded, in which order, or why not; knows no language */
#ifndef TN_PLAN_H
#define TN_PLAN_H

#include "findings.h"
#include "index.h"
#include "repeats.h"

/* A library of the system that plugins bring into the process. */
struct tn_brought {
    struct tn_entry *entries;
    size_t count;
    bool introduced; /* by a plugin that loads */
};

/* One plugin that may be loaded. */
struct tn_candidate {
    const char *name;         /* of its manifest */
    size_t row;               /* of the report */
    struct tn_entry *entries; /* the units of its own images */
    size_t count;
    const uint32_t *brought; /* numbers of tn_plan.brought */
    size_t brought_count;
    const tenon_claim *required;
    size_t required_count;
    const char *const *cons; /* "NAME" or "NAME>=VERSION" */
    size_t con_count;
    uint32_t *needs; /* other candidates that must be loaded before */
    size_t need_count, need_room;
    bool has_private; /* some of its units are declared private copies */
    bool refused;
    bool is_out; /* with `each`: it was refused before the plan was begun */
};

/* A feature that the host offers. */
struct tn_service {
    const char *name;
    unsigned version;
    const void *service;
};

/* What decides about two units, or about one plugin as a whole, in its own language. */
struct tn_plan_judge {
    /* `comes` of plugin `c` beside `there`: says what it finds; true when it refuses. */
    bool (*compare)(void *arg, const struct tn_candidate *c, const struct tn_entry *there,
                    const struct tn_entry *comes);
    /* What is not a matter of two units. `coming` are the units that load before. */
    bool (*examine)(void *arg, const struct tn_candidate *c, struct tn_index *coming);
    /* The plugin stays: it is there for those that come after it. False: no memory. */
    bool (*place)(void *arg, const struct tn_candidate *c);
    void *arg;
};

struct tn_plan {
    tenon_report *report;
    struct tn_index *present;
    struct tn_candidate *candidates;
    size_t count;
    struct tn_brought *brought;
    size_t brought_count;
    const struct tn_service *services;
    size_t service_count;
    bool told_only; /* the host does not run: it may offer more than was told */
    bool each;      /* refused plugins and those that need them are left out */
    struct tn_plan_judge judge;
    /* With `each`, before a candidate is judged: who was refused by then brings it nothing. NULL */
    void (*turn)(void *arg, size_t number);
    void *turn_arg;

    uint32_t *order; /* candidates in load order, without those left out */
    size_t order_count;
    struct tn_index coming;
    struct tn_repeats repeats; /* keys of units that come */
};

/*
 * The stages, in this order; each adds its findings to the report and marks candidates as refused.
 * Between them the caller adds what only it knows: needs that code records, libraries brought.
 *
 * returns  false: no memory
 */

/* What the host must offer, what must be there or come before: fills `needs`. */
bool tn_plan_requirements(struct tn_plan *plan);

/* Candidate `who` must be loaded after `whom`. */
bool tn_plan_need(struct tn_plan *plan, size_t who, size_t whom);

/*
 * Of two candidates that have what another one needs: is `a` the one to take? Not one that is
 * refused, and the first of the request, which stays when the two are doubles.
 */
bool tn_plan_prefers(const struct tn_plan *plan, size_t a, size_t b);

/* Fills `order`: what is needed first, else as asked for; cycles are refused. Sorts `needs`. */
bool tn_plan_order(struct tn_plan *plan);

/* Nothing of what comes may be there already, or come twice. */
bool tn_plan_doubles(struct tn_plan *plan);

/* With `each`: takes the refused, and those that need them, out of the order. */
bool tn_plan_leave_out(struct tn_plan *plan);

void tn_plan_free(struct tn_plan *plan);

/*
 * Reads a constraint: its name (*size bytes of it) and the version it asks for, 0 for any.
 * False: it makes no sense.
 */
bool tn_constraint_read(const char *text, size_t *size, unsigned *version);

#endif
