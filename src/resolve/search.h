/* src/resolve/search.h - a search while it goes on */
#ifndef TN_SEARCH_H
#define TN_SEARCH_H

#include "resolver.h"

/* What was tried so far is in r->tries. */
#define TN_PASSED_MOST 8 /* that are looked into again, for a miss */

struct tn_going {
    tenon_resolver *r;
    struct tn_target *target;
    struct tn_store *store;       /* of the plan and of the answer */
    struct tn_search *search;     /* the answer, filled on the way */
    const struct tn_plan *plan;   /* NULL: no list is searched */
    const struct tn_stage *stage; /* of the next attempt; NULL: none */
    const struct tn_asker *asker;
    const char *name;
    bool found, stopped;

    /* lists that were passed over on the way, by the attempts that say so */
    struct tn_passed {
        const struct tn_dirs *dirs;
        size_t attempt;
    } passed[TN_PASSED_MOST];
    size_t passed_count;
};

/* Adds an attempt. After the answer it is one that the loader would not make. */
void tn_going_record(struct tn_going *g, const char *path, struct tn_judgement judged);

/* The loader gives the name up; `path` is the candidate that it stumbled over, or NULL. */
void tn_going_stop(struct tn_going *g, const char *path, struct tn_judgement judged);

/* True when nothing more is to be tried. */
bool tn_going_is_over(const struct tn_going *g);

static inline struct tn_judgement tn_said(enum tenon_outcome outcome, const char *detail)
{
    return tn_judged(outcome, TN_SKIP, detail);
}

/* Tries one path; `detail` is said of it when it is taken, NULL: nothing. */
enum tn_action tn_going_try(struct tn_going *g, uint32_t path, const char *detail);

/* The facts of the file at a path, for a tn_fact_source whose argument is the resolver. */
const struct tn_facts *tn_facts_at(void *arg, const char *path);

/* ... and of a slice or member. */
const struct tn_facts *tn_facts_inside(void *arg, const tenon_image_source *source);

/* Lets the loader make the candidates of g->stage. */
void tn_going_own(struct tn_going *g);

/* Tries one path. */
enum tn_action tn_going_path(struct tn_going *g, uint32_t path);

/* Tries a stage that is no chain. */
enum tn_action tn_going_one(struct tn_going *g, const struct tn_stage *stage);

/* Tries all that a stage stands for. */
void tn_going_stage(struct tn_going *g, const struct tn_stage *stage);

#endif
